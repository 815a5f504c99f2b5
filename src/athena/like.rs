//! Reads the `CREATE EXTERNAL TABLE` that a person has today.
//!
//! In: the text of a statement in Hive's SQL, as AWS documents it and people copied it: with or without backticks,
//! quotes of either kind, comments, clauses in any order. Out: a [`Theirs`]. What cannot be understood is an error that
//! names line and column; nothing is passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sqlparser::dialect::HiveDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location as SqlLocation, Token, TokenWithSpan, Tokenizer, TokenizerError};

use super::definition::Storage;
use super::name::TableName;
pub use super::place::At;
use super::row_format::{RowFormat, is_backslash};
use super::types::SqlType;
use crate::error::{Error, Result};

/// A column or key of their table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirColumn {
    /// Name, in lower case as Athena keeps it.
    pub name: String,
    /// Type.
    pub sql_type: SqlType,
    /// Comment.
    pub comment: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// The table that a person has today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    /// Database and table.
    pub name: TableName,
    /// Columns.
    pub columns: Vec<TheirColumn>,
    /// Partition keys.
    pub keys: Vec<TheirColumn>,
    /// What its objects are.
    pub storage: Storage,
    /// Whether its columns are found by position.
    pub by_position: bool,
    /// Whether `-` is NULL in its text columns.
    pub dash_is_null: bool,
    /// LOCATION.
    pub location: Option<String>,
    /// Table properties, names in lower case.
    pub properties: BTreeMap<String, String>,
    /// Whether nobody gave it: it is the table that our own definition of SOURCE makes.
    pub is_assumed: bool,
    /// Where LOCATION and the table properties stand, by `LOCATION` and by their names.
    pub places: BTreeMap<String, At>,
    /// What a person must know of how it was read.
    pub notes: Vec<String>,
    /// The statement as it was read, without what stands around it.
    pub text: String,
    /// What errors call the text that it was read from.
    pub place: String,
}

impl Theirs {
    /// Returns whether Athena computes its partitions.
    pub fn is_projected(&self) -> bool {
        self.properties.get("projection.enabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns whether the header line of each object is skipped.
    pub fn skips_header(&self) -> bool {
        self.skipped_lines() != Some(0)
    }

    /// Returns how many lines of each object it skips; `None` for what is no number.
    pub fn skipped_lines(&self) -> Option<u64> {
        self.properties.get("skip.header.line.count").map_or(Some(0), |count| count.trim().parse().ok())
    }

    /// Returns where a column stands, for errors.
    pub fn place_of(&self, column: &TheirColumn) -> String {
        format!("{}, {}", self.place, column.at)
    }

    /// Returns what the projection of a key says: `type`, `values`, `range`, `format` and so on.
    pub fn projection(&self, key: &str, what: &str) -> Option<&str> {
        self.properties.get(&format!("projection.{key}.{what}")).map(String::as_str)
    }

    /// Returns what the projection of a key lists, or the first and the last of its numbers, with commas between.
    pub fn projected_values(&self, key: &str) -> Option<&str> {
        match self.projection(key, "type")?.to_ascii_lowercase().as_str() {
            "enum" => self.projection(key, "values"),
            "integer" => self.projection(key, "range"),
            _ => None,
        }
    }

    /// Returns the template of its partitions' locations, if they are projected by one.
    pub fn template(&self) -> Option<&str> {
        let template = self.properties.get("storage.location.template").filter(|_| self.is_projected());
        template.map(String::as_str)
    }

    /// Returns where LOCATION or a property stands, for errors.
    pub fn place_of_clause(&self, name: &str) -> String {
        self.places.get(name).map_or(self.place.clone(), |at| format!("{}, {at}", self.place))
    }

    /// Reads a statement; `place` is what errors call its text.
    ///
    /// # Errors
    /// A usage error with line and column for what is no `CREATE EXTERNAL TABLE`, cannot be understood or has no
    /// meaning for flow logs.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let dialect = HiveDialect {};
        let text = &*without_frame(text);
        let plain = plain_quotes(text);
        let tokens = Tokenizer::new(&dialect, &plain).tokenize_with_location();
        let tokens = tokens.map_err(|e| broken(&e, place))?;
        let parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
        ClauseReader { parser, place, end: end(text), notes: Vec::new() }.statement(text)
    }
}

/// Returns a statement without what programs put around it that print the result of SHOW CREATE TABLE: a heading, borders,
/// quotes around each line. Blanks take their places, so that lines and columns stay what they are.
fn without_frame(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let heading =
        |line: &str| line.trim_matches(['"', '|', ' ', '\r', '\n', '\t']).eq_ignore_ascii_case("createtab_stmt");
    let Some(at) = text.lines().position(heading) else { return Cow::Borrowed(text) };
    let is_quoted = text.lines().nth(at).is_some_and(|line| line.trim_start().starts_with('"'));
    let bare = |(number, line): (usize, &str)| {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let trimmed = body.trim_end();
        if number == at || trimmed.starts_with("+-") {
            return end.to_owned();
        }
        let inside = |edge: char| trimmed.strip_prefix(edge).and_then(|line| line.strip_suffix(edge));
        let line = match (inside('|'), inside('"').filter(|_| is_quoted)) {
            (Some(line), _) => format!(" {line}"),
            (None, Some(line)) => format!(" {}", line.replace("\"\"", "\"")),
            (None, None) => body.to_owned(),
        };
        line + end
    };
    Cow::Owned(text.split_inclusive('\n').enumerate().map(bare).collect())
}

/// Returns a statement whose texts have a quote as two: Hive also writes `\'`, and so does SHOW CREATE TABLE.
fn plain_quotes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut letters, mut is_text) = (text.chars().peekable(), false);
    while let Some(letter) = letters.next() {
        is_text ^= letter == '\'';
        match letters.peek() {
            Some('\'') if is_text && letter == '\\' => plain.push_str("''"),
            Some(next) if is_text && letter == '\\' => plain.extend([letter, *next]),
            _ => {
                plain.push(letter);
                continue;
            }
        }
        letters.next();
    }
    plain
}

/// Returns where a text ends, blanks aside.
fn end(text: &str) -> SqlLocation {
    let text = text.trim_end();
    let last = text.lines().last().unwrap_or_default();
    SqlLocation::new(text.lines().count().max(1) as u64, last.chars().count() as u64 + 1)
}

/// What a statement must be, for whoever gave something else.
const WANTED: &str =
    "give the statement as Athena has it, CREATE EXTERNAL TABLE …; in Athena, SHOW CREATE TABLE prints it so";

fn broken(error: &TokenizerError, place: &str) -> Error {
    let at = At::from(error.location);
    Error::usage(format!("this is no SQL: {}", error.message)).at(format!("{place}, {at}")).help(WANTED)
}

struct ClauseReader<'a> {
    parser: Parser<'a>,
    place: &'a str,
    /// Where the text ends, blanks aside.
    end: SqlLocation,
    notes: Vec<String>,
}

/// What the clauses behind the columns say.
struct Clauses {
    keys: Vec<TheirColumn>,
    properties: BTreeMap<String, String>,
    rows: RowFormat,
    location: Option<String>,
    places: BTreeMap<String, At>,
    end: SqlLocation,
}

impl ClauseReader<'_> {
    fn statement(mut self, text: &str) -> Result<Theirs> {
        let begin = self.peek().span.start;
        self.words(&["CREATE", "EXTERNAL", "TABLE"])?;
        if self.is_word("IF") {
            for word in ["IF", "NOT", "EXISTS"] {
                self.word(word)?;
            }
        }
        let name = self.table_name()?;
        let columns = self.columns()?;
        let clauses = self.clauses()?;
        let rows = clauses.rows.rows(columns.len(), &clauses.properties, self.place)?;
        self.notes.extend(rows.notes);
        let mut seen: Vec<&str> = Vec::new();
        for column in columns.iter().chain(&clauses.keys) {
            if seen.contains(&column.name.as_str()) {
                return Err(self.refuse(column.at, format!("the column {} stands twice", column.name)));
            }
            seen.push(&column.name);
        }
        let text = between(text, begin, clauses.end).to_owned();
        Ok(Theirs {
            name,
            columns,
            keys: clauses.keys,
            storage: rows.storage,
            by_position: rows.by_position,
            dash_is_null: rows.dash_is_null,
            location: clauses.location,
            is_assumed: false,
            properties: clauses.properties,
            places: clauses.places,
            notes: self.notes,
            text,
            place: self.place.to_owned(),
        })
    }

    fn clauses(&mut self) -> Result<Clauses> {
        let mut clauses = Clauses {
            keys: Vec::new(),
            properties: BTreeMap::new(),
            rows: RowFormat::default(),
            location: None,
            places: BTreeMap::new(),
            end: SqlLocation::empty(),
        };
        loop {
            let token = self.peek();
            let at = At::from(token.span.start);
            clauses.end = self.parser.get_current_token().span.end;
            match &token.token {
                Token::EOF => return Ok(clauses),
                Token::SemiColon => {
                    self.parser.next_token();
                    let rest = self.peek();
                    if rest.token != Token::EOF {
                        let help = "give one CREATE EXTERNAL TABLE statement alone";
                        return Err(self.refuse(rest.span.start.into(), "a second statement begins here").help(help));
                    }
                    return Ok(clauses);
                }
                _ => {}
            }
            match self.any_word()?.as_str() {
                "COMMENT" => {
                    self.string()?;
                }
                "PARTITIONED" => {
                    self.word("BY")?;
                    clauses.keys = self.columns()?;
                }
                "ROW" => self.row_format(at, &mut clauses)?,
                "STORED" => clauses.rows.format = Some((self.stored_as()?, at)),
                "LOCATION" => {
                    clauses.places.insert("LOCATION".to_owned(), self.peek().span.start.into());
                    clauses.location = Some(self.string()?);
                }
                "TBLPROPERTIES" => clauses.properties = self.properties(&mut clauses.places)?,
                word => {
                    let help = "known are COMMENT, PARTITIONED BY, ROW FORMAT, STORED AS, LOCATION and TBLPROPERTIES";
                    return Err(self.refuse(at, format!("{word} cannot be carried over")).help(help));
                }
            }
        }
    }

    /// Reads what follows `STORED`: what objects are, or the class that reads them.
    fn stored_as(&mut self) -> Result<String> {
        self.word("AS")?;
        let format = self.any_word()?;
        if format != "INPUTFORMAT" {
            return Ok(format);
        }
        let class = self.string()?;
        self.word("OUTPUTFORMAT")?;
        self.string()?;
        Ok(class)
    }

    /// Reads what follows `ROW`, which stands at a place.
    fn row_format(&mut self, at: At, clauses: &mut Clauses) -> Result<()> {
        self.word("FORMAT")?;
        match self.any_word()?.as_str() {
            "DELIMITED" => self.delimiters(&mut clauses.rows)?,
            "SERDE" => {
                clauses.rows.serde = Some((self.string()?, at));
                if self.is_word("WITH") {
                    self.word("WITH")?;
                    self.word("SERDEPROPERTIES")?;
                    clauses.rows.serde_properties = self.properties(&mut BTreeMap::new())?;
                }
            }
            _ => return Err(self.refuse(at, "ROW FORMAT must be DELIMITED or SERDE")),
        }
        Ok(())
    }

    /// Reads what follows `ROW FORMAT DELIMITED`.
    fn delimiters(&mut self, rows: &mut RowFormat) -> Result<()> {
        loop {
            let at = At::from(self.peek().span.start);
            if self.is_word("FIELDS") {
                self.words(&["FIELDS", "TERMINATED", "BY"])?;
                rows.delimiter = Some((self.string()?, at));
            } else if self.is_word("ESCAPED") {
                self.words(&["ESCAPED", "BY"])?;
                // Flow logs have none.
                if !is_backslash(&self.string()?) {
                    return Err(self
                        .refuse(at, "flow logs escape nothing, and what stands here may be in them")
                        .help("write ESCAPED BY '\\\\', or leave it away"));
                }
            } else if self.is_word("COLLECTION") || self.is_word("MAP") {
                // Flow logs have neither lists nor maps.
                self.parser.next_token();
                self.parser.next_token();
                self.words(&["TERMINATED", "BY"])?;
                self.string()?;
            } else if self.is_word("LINES") {
                self.words(&["LINES", "TERMINATED", "BY"])?;
                let ends = self.string()?;
                if !["\\n", "\n", "10", "\\012"].contains(&ends.as_str()) {
                    return Err(self
                        .refuse(at, "lines of flow logs end with \\n")
                        .help("write LINES TERMINATED BY '\\n'"));
                }
            } else if self.is_word("NULL") {
                self.words(&["NULL", "DEFINED", "AS"])?;
                rows.null = Some((self.string()?, at));
            } else {
                return Ok(());
            }
        }
    }

    fn words(&mut self, wanted: &[&str]) -> Result<()> {
        wanted.iter().try_for_each(|word| self.word(word))
    }

    /// Reads names and values in parentheses, and where each stands.
    fn properties(&mut self, places: &mut BTreeMap<String, At>) -> Result<BTreeMap<String, String>> {
        self.token(&Token::LParen)?;
        let mut properties = BTreeMap::new();
        while self.peek().token != Token::RParen {
            let at = At::from(self.peek().span.start);
            let name = self.string()?.to_ascii_lowercase();
            self.token(&Token::Eq)?;
            places.insert(name.clone(), at);
            properties.insert(name, self.string()?);
            if !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        self.token(&Token::RParen)?;
        Ok(properties)
    }

    fn table_name(&mut self) -> Result<TableName> {
        let at = At::from(self.peek().span.start);
        let mut name = self.name()?;
        while self.parser.consume_token(&Token::Period) {
            name = format!("{name}.{}", self.name()?);
        }
        // SHOW CREATE TABLE puts all in one pair of backticks.
        let mut parts = name.rsplit('.');
        let (table, database, catalog) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        if let Some(catalog) = catalog.filter(|name| !["awsdatacatalog", "spark_catalog"].contains(name)) {
            self.notes.push(format!("the catalog {catalog} is left away: run what is printed in that catalog"));
        }
        let is_too_long = parts.next().is_some().then(|| Error::usage(format!("{name:?} is no name of a table")));
        let found = is_too_long.map_or_else(|| TableName::of_theirs(database, table), Err);
        found.map_err(|e| e.at(format!("{}, {at}", self.place)))
    }

    fn columns(&mut self) -> Result<Vec<TheirColumn>> {
        self.token(&Token::LParen)?;
        let mut columns = Vec::new();
        loop {
            let at = At::from(self.peek().span.start);
            let name = self.name()?;
            super::name::column(&name, '`').map_err(|e| e.at(format!("{}, {at}", self.place)))?;
            let sql_type = self.sql_type(&name)?;
            let mut comment = None;
            if self.is_word("COMMENT") {
                self.word("COMMENT")?;
                // SHOW CREATE TABLE prints an empty one, or these words, where there is none.
                comment = Some(self.string()?).filter(|text| !["", "from deserializer"].contains(&text.as_str()));
            }
            columns.push(TheirColumn { name, sql_type, comment, at });
            if !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        self.token(&Token::RParen)?;
        Ok(columns)
    }

    fn sql_type(&mut self, column: &str) -> Result<SqlType> {
        let at = At::from(self.peek().span.start);
        let word = self.any_word()?;
        Ok(match word.as_str() {
            "TINYINT" => SqlType::Tinyint,
            "SMALLINT" => SqlType::Smallint,
            "INT" | "INTEGER" => SqlType::Int,
            "BIGINT" => SqlType::Bigint,
            "FLOAT" => SqlType::Float,
            "DOUBLE" => SqlType::Double,
            "STRING" => SqlType::String,
            "DATE" => SqlType::Date,
            "VARCHAR" => match self.numbers()?.as_slice() {
                [length] => SqlType::Varchar(*length),
                _ => return Err(self.refuse(at, "varchar needs a length: varchar(40)")),
            },
            "DECIMAL" | "DEC" | "NUMERIC" => match self.numbers()?.as_slice() {
                [] => SqlType::Decimal(10, 0),
                [digits @ 1..=38] => SqlType::Decimal(*digits as u8, 0),
                [digits @ 1..=38, scale] if scale <= digits => SqlType::Decimal(*digits as u8, *scale as u8),
                _ => return Err(self.refuse(at, "decimal has 1 to 38 digits: decimal(20,0)")),
            },
            _ => {
                let wrong = format!("the type {} of {column} cannot be carried over", word.to_ascii_lowercase());
                return Err(self.refuse(at, wrong).help(
                    "values of flow logs are numbers and strings; a raw table shows them as NULL under other types: \
                     declare it as int, bigint or string",
                ));
            }
        })
    }

    /// Reads numbers in parentheses, if there are any.
    fn numbers(&mut self) -> Result<Vec<u32>> {
        let mut numbers = Vec::new();
        if self.parser.consume_token(&Token::LParen) {
            loop {
                let token = self.parser.next_token();
                let number = match &token.token {
                    Token::Number(digits, _) => digits.parse().ok(),
                    _ => None,
                };
                numbers.push(number.ok_or_else(|| self.expected("a number", &token))?);
                if !self.parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            self.token(&Token::RParen)?;
        }
        Ok(numbers)
    }

    fn peek(&self) -> TokenWithSpan {
        self.parser.peek_token()
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(&self.parser.peek_token_ref().token,
            Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
    }

    fn word(&mut self, wanted: &str) -> Result<()> {
        if !self.is_word(wanted) {
            return Err(self.wrong(wanted));
        }
        self.parser.next_token();
        Ok(())
    }

    /// Reads a word without quotes, in upper case.
    fn any_word(&mut self) -> Result<String> {
        let token = self.parser.next_token();
        match &token.token {
            Token::Word(word) if word.quote_style.is_none() => Ok(word.value.to_ascii_uppercase()),
            _ => Err(self.expected("a keyword", &token)),
        }
    }

    /// Reads a name with or without quotes, in lower case as Athena keeps it.
    fn name(&mut self) -> Result<String> {
        let token = self.parser.next_token();
        match &token.token {
            Token::Word(word) if word.quote_style.is_none_or(|quote| ['`', '"'].contains(&quote)) => {
                Ok(word.value.to_lowercase())
            }
            _ => Err(self.expected("a name", &token)),
        }
    }

    /// Reads a text in quotes of either kind.
    fn string(&mut self) -> Result<String> {
        let token = self.parser.next_token();
        match &token.token {
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => Ok(text.clone()),
            Token::Word(word) if word.quote_style == Some('"') => Ok(word.value.clone()),
            _ => Err(self.expected("a text in quotes", &token)),
        }
    }

    fn token(&mut self, wanted: &Token) -> Result<()> {
        let token = self.parser.next_token();
        if token.token == *wanted { Ok(()) } else { Err(self.expected(&wanted.to_string(), &token)) }
    }

    fn wrong(&self, wanted: &str) -> Error {
        self.expected(wanted, &self.peek())
    }

    fn expected(&self, wanted: &str, found: &TokenWithSpan) -> Error {
        let what = match &found.token {
            Token::EOF => "the text ends here".to_owned(),
            token => format!("{token} stands here"),
        };
        let at = match found.token {
            Token::EOF => self.end,
            _ => found.span.start,
        };
        self.refuse(at.into(), format!("{what}, wanted is {wanted}")).help(WANTED)
    }

    fn refuse(&self, at: At, message: impl Into<String>) -> Error {
        // What was typed has lines; a token that is made up has none.
        if at.line == 0 {
            Error::usage(message).at(self.place)
        } else {
            Error::usage(message).at(format!("{}, {at}", self.place))
        }
    }
}

/// Returns the text between two places; to its end if `end` has none.
fn between(text: &str, begin: SqlLocation, end: SqlLocation) -> &str {
    let offset = |at: SqlLocation| {
        let line_start: usize = text.split_inclusive('\n').take(at.line.saturating_sub(1) as usize).map(str::len).sum();
        let line = text.get(line_start..).unwrap_or_default();
        line_start + line.chars().take(at.column.saturating_sub(1) as usize).map(char::len_utf8).sum::<usize>()
    };
    text.get(offset(begin)..offset(end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let text = "-- copied from the tutorial\nCREATE EXTERNAL TABLE IF NOT EXISTS Logs.`VPC` ( /* columns */\n\
            version INT COMMENT 'it is; the version',\n  start bigint, `end` bigint -- reserved\n)\nCOMMENT \"flow logs\"\n\
            PARTITIONED BY (`date` date)\nROW FORMAT DELIMITED\nFIELDS TERMINATED BY ' '\n\
            LOCATION 's3://b/{account_id}/'\nTBLPROPERTIES (\"skip.header.line.count\"=\"1\");\n-- the end\n";
        let theirs = Theirs::parse(text, "old.sql").unwrap();
        assert_eq!(theirs.name.to_string(), "logs.vpc");
        let shown: Vec<String> = theirs.columns.iter().map(|c| format!("{} {} {}", c.name, c.sql_type, c.at)).collect();
        assert_eq!(
            shown,
            ["version int line 3, column 1", "start bigint line 4, column 3", "end bigint line 4, column 17"]
        );
        assert_eq!(theirs.columns[0].comment.as_deref(), Some("it is; the version"));
        assert_eq!((theirs.keys[0].name.as_str(), theirs.keys[0].sql_type), ("date", SqlType::Date));
        assert!(theirs.skips_header() && !theirs.is_projected() && theirs.storage == Storage::Text);
        assert!(theirs.text.starts_with("CREATE EXTERNAL") && theirs.text.ends_with("\"1\")"), "{}", theirs.text);
    }

    #[test]
    fn quotes_within_comments() {
        let text = "CREATE EXTERNAL TABLE t (`a` int COMMENT 'it\\'s \\\\', `b` int COMMENT 'it''s') ROW FORMAT DELIMITED \
                    FIELDS TERMINATED BY '\\040' LOCATION 's3://b/x'";
        let theirs = Theirs::parse(text, "old.sql").unwrap();
        let comments: Vec<_> = theirs.columns.iter().map(|column| column.comment.as_deref()).collect();
        assert_eq!((comments, theirs.text.as_str()), (vec![Some("it's \\\\"), Some("it's")], text));
        assert_eq!(theirs.columns[1].at.to_string(), "line 1, column 54");
    }

    #[test]
    fn reads_what_show_create_table_prints() {
        let text = "CREATE EXTERNAL TABLE `default.flow`(\n  `version` int COMMENT '', \n  `end` bigint COMMENT 'from deserializer')\n\
            PARTITIONED BY ( \n  `date` date COMMENT '')\nROW FORMAT SERDE \n  'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' \n\
            WITH SERDEPROPERTIES ( \n  'field.delim'=' ', \n  'serialization.format'=' ') \nSTORED AS INPUTFORMAT \n  \
            'org.apache.hadoop.mapred.TextInputFormat' \nOUTPUTFORMAT \n  \
            'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\nLOCATION\n  's3://b/x'\nTBLPROPERTIES (\n  \
            'skip.header.line.count'='1', \n  'transient_lastDdlTime'='1600000000')";
        let theirs = Theirs::parse(text, "old.sql").unwrap();
        assert_eq!((theirs.name.database(), theirs.name.table()), (Some("default"), "flow"));
        assert!(theirs.columns.iter().chain(&theirs.keys).all(|column| column.comment.is_none()));
        assert!(theirs.skips_header() && theirs.storage == Storage::Text);
    }

    #[test]
    fn reads_what_programs_print_around_it() {
        let statement = "CREATE EXTERNAL TABLE `t`(\n  `a` int)\nROW FORMAT DELIMITED\n  FIELDS TERMINATED BY ' '";
        let lines = |edge: &str| statement.lines().map(|line| format!("{edge}{line}{edge}\n")).collect::<String>();
        for text in [
            format!("createtab_stmt\n{statement}\n"),
            format!("\u{feff}createtab_stmt\n{statement}\n"),
            format!("\"createtab_stmt\"\n{}", lines("\"")),
            format!("+----+\n| createtab_stmt |\n+----+\n{}+----+\n", lines("|")),
        ] {
            let theirs = Theirs::parse(&text, "old.sql").unwrap_or_else(|e| panic!("{e}\n{text}"));
            assert_eq!((theirs.columns[0].name.as_str(), theirs.storage), ("a", Storage::Text), "{text}");
            assert_eq!(Theirs::parse(&theirs.text, "old.sql").unwrap().columns.len(), 1, "{text}");
        }
        let e = Theirs::parse("createtab_stmt\nCREATE EXTERNAL TABLE t (\n  a blob)", "old.sql").unwrap_err();
        assert!(e.to_string().contains("old.sql, line 3, column 5"), "{e}");
    }

    #[test]
    fn knows_names() {
        let name = |text: &str| {
            let blank = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '";
            let theirs = Theirs::parse(&format!("CREATE EXTERNAL TABLE {text} (\"end\" int) {blank}"), "f").unwrap();
            (theirs.name.to_string(), theirs.columns[0].name.clone(), theirs.notes.len())
        };
        let end = || "end".to_owned();
        assert_eq!(name("t"), ("t".into(), end(), 0));
        assert_eq!(name("`AwsDataCatalog`.`logs`.`t`"), ("logs.t".into(), end(), 0));
        assert_eq!(name("spark_catalog.logs.t"), ("logs.t".into(), end(), 0));
        assert_eq!(name("other.logs.t"), ("logs.t".into(), end(), 1));
        assert_eq!(name("`my-logs`.`vpc-flow-logs`"), ("my-logs.vpc-flow-logs".into(), end(), 0));
        for bad in ["a.b.c.d", "`a b`", "`a.b;c`", "a-b"] {
            assert!(Theirs::parse(&format!("CREATE EXTERNAL TABLE {bad} (a int)"), "f").is_err(), "{bad}");
        }
    }

    #[test]
    fn knows_storages() {
        let with = |clauses: &str| Theirs::parse(&format!("CREATE EXTERNAL TABLE t (a int) {clauses}"), "f");
        let lazy = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' WITH SERDEPROPERTIES";
        for (clauses, storage) in [
            (
                "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LINES TERMINATED BY '\\n' STORED AS TEXTFILE",
                Storage::Text,
            ),
            (&format!("{lazy} ('field.delim'=' ', 'serialization.format'=' ')"), Storage::Text),
            ("STORED AS PARQUET LOCATION 's3://b/'", Storage::Parquet),
            ("ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\040' ESCAPED BY '\\\\' NULL DEFINED AS '-'", Storage::Text),
            (
                "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'=' ')",
                Storage::Text,
            ),
            (
                "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES (\"input.regex\" = \"^([^ ]+)$\")",
                Storage::Text,
            ),
            (
                "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' STORED AS INPUTFORMAT \
                 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' OUTPUTFORMAT 'x'",
                Storage::Parquet,
            ),
        ] {
            assert_eq!(with(clauses).unwrap().storage, storage, "{clauses}");
        }
        for clauses in ["", "ROW FORMAT DELIMITED", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','", "STORED AS ORC"] {
            assert!(with(clauses).is_err(), "{clauses}");
        }
    }

    #[test]
    fn points_at_what_it_does_not_understand() {
        let says = |text: &str| Theirs::parse(text, "old.sql").unwrap_err().to_string();
        let blank = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '";
        for (text, wanted) in [
            ("CREATE TABLE t (a int)", "EXTERNAL"),
            ("CREATE EXTERNAL TABLE t (\n  a int\n  b int)", "old.sql, line 3, column 3"),
            ("CREATE EXTERNAL TABLE t (a-b int)", "old.sql, line 1, column 27"),
            ("CREATE EXTERNAL TABLE t (a timestamp)", "the type timestamp of a cannot be carried over"),
            ("CREATE EXTERNAL TABLE t (a array<string>)", "old.sql, line 1, column 28"),
            (&format!("CREATE EXTERNAL TABLE t (a int) {blank} CLUSTERED BY (a) INTO 4 BUCKETS"), "CLUSTERED"),
            (&format!("CREATE EXTERNAL TABLE t (a int, a string) {blank}"), "the column a stands twice"),
            (&format!("CREATE EXTERNAL TABLE t (a int) {blank}; DROP TABLE t"), "a second statement"),
            ("CREATE EXTERNAL TABLE t (a int", "the text ends here"),
            ("CREATE EXTERNAL TABLE `t; DROP` (a int)", "is no name"),
            (
                "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'",
                "input.regex",
            ),
            (
                "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'com.amazonaws.glue.serde.GrokSerDe'",
                "com.amazonaws.glue.serde.GrokSerDe cannot be carried over",
            ),
            ("CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b", "no SQL"),
            ("SELECT 1", "CREATE"),
            ("", "the text ends here"),
        ] {
            let said = says(text);
            assert!(said.contains(wanted), "{text}\n{said}");
        }
    }
}
