//! What the objects of a person's table are, by its ROW FORMAT and STORED AS.
//!
//! In: what these clauses say, whatever class they name. Out: [`Rows`]. A class that shows flow logs in another way than field
//! by field is an error that says what to write instead.

use std::collections::BTreeMap;

use super::definition::Storage;
use super::place::At;
use crate::error::{Error, Result};

/// What ROW FORMAT and STORED AS say, as they stand in a statement.
#[derive(Debug, Clone, Default)]
pub struct RowFormat {
    /// Class that reads rows.
    pub serde: Option<(String, At)>,
    /// Its properties, names in lower case.
    pub serde_properties: BTreeMap<String, String>,
    /// FIELDS TERMINATED BY.
    pub delimiter: Option<(String, At)>,
    /// NULL DEFINED AS.
    pub null: Option<(String, At)>,
    /// What STORED AS names; the class of INPUTFORMAT.
    pub format: Option<(String, At)>,
}

/// What the objects of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Text or Parquet.
    pub storage: Storage,
    /// Whether columns are found by position.
    pub by_position: bool,
    /// Whether `-` is NULL in text columns.
    pub dash_is_null: bool,
    /// What a person must know of how rows are read today.
    pub notes: Vec<String>,
}

/// What reads rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Parquet,
    Delimited,
    Csv,
    Regex,
}

impl Class {
    fn of(name: &str) -> Option<Self> {
        let last = name.rsplit('.').next().unwrap_or(name);
        match last {
            "ParquetHiveSerDe" | "MapredParquetInputFormat" | "PARQUET" => Some(Self::Parquet),
            "LazySimpleSerDe" | "TextInputFormat" | "TEXTFILE" => Some(Self::Delimited),
            "OpenCSVSerde" | "CSVSerde" => Some(Self::Csv),
            "RegexSerDe" => Some(Self::Regex),
            _ => None,
        }
    }
}

/// What to write in place of a row format that is not understood.
const INSTEAD: &str = "write ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ', with a column for each field in the order of the logs; or STORED AS PARQUET";

impl RowFormat {
    /// Returns what the objects are of a table with so many columns and these properties; `place` is what errors call the
    /// statement.
    ///
    /// # Errors
    /// A usage error that points at the clause that shows flow logs otherwise.
    pub fn rows(&self, columns: usize, properties: &BTreeMap<String, String>, place: &str) -> Result<Rows> {
        let refuse = |at: At, wrong: String| Error::usage(wrong).at(format!("{place}, {at}")).help(INSTEAD);
        let mut class = None;
        for (name, at) in self.serde.iter().chain(&self.format) {
            let this = Class::of(name).ok_or_else(|| refuse(*at, format!("{name} cannot be carried over")))?;
            class = class.or(Some(this));
        }
        let class = class.unwrap_or(Class::Delimited);
        let property = |name: &str| self.serde_properties.get(name).or_else(|| properties.get(name));
        let mut notes = Vec::new();
        let at = self.serde.as_ref().map_or(At { line: 1, column: 1 }, |(_, at)| *at);
        match class {
            Class::Parquet => {}
            Class::Delimited => self.refuse_other_delimiters(place)?,
            Class::Csv => {
                if property("separatorchar").is_none_or(|separator| !is_blank(separator)) {
                    let wrong =
                        "the fields of flow logs are separated by blanks, those of this table are not".to_owned();
                    return Err(
                        refuse(at, wrong).help("OpenCSVSerde needs WITH SERDEPROPERTIES ('separatorChar' = ' ')")
                    );
                }
            }
            Class::Regex => {
                let regex = property("input.regex").map(|text| unescaped(text)).unwrap_or_default();
                let groups = groups_of(&regex).ok_or_else(|| {
                    refuse(at, "its input.regex is not a group for each field with blanks between them".to_owned())
                })?;
                if groups.len() != columns {
                    let wrong = format!("its input.regex has {} groups, and the table {columns} columns", groups.len());
                    return Err(refuse(at, wrong));
                }
                if groups.iter().any(|group| !may_be_dash(group)) {
                    notes.push(
                        "a row that their input.regex does not match, such as one with `-` in the place of a number, is NULL in \
                         every column today; the new table shows it as it is"
                            .to_owned(),
                    );
                }
            }
        }
        let null = self.null.as_ref().map(|(text, at)| (text, *at));
        let null = null.or_else(|| property("serialization.null.format").map(|text| (text, at)));
        let is_text = class != Class::Parquet;
        if let Some((text, at)) =
            null.filter(|(text, _)| is_text && !["-", "", "\\N", "\\\\N"].contains(&text.as_str()))
        {
            return Err(Error::usage(format!("NULL is written {text:?} in their table, and a flow log writes it `-`"))
                .at(format!("{place}, {at}"))
                .help("write NULL DEFINED AS '-', or leave it away"));
        }
        let is_by_position = property("parquet.column.index.access").is_some_and(|is| is.eq_ignore_ascii_case("true"));
        Ok(Rows {
            storage: if is_text { Storage::Text } else { Storage::Parquet },
            by_position: is_text || is_by_position,
            dash_is_null: class == Class::Delimited && null.is_some_and(|(text, _)| text == "-"),
            notes,
        })
    }

    fn refuse_other_delimiters(&self, place: &str) -> Result<()> {
        let names = ["field.delim", "serialization.format"];
        let in_serde = names.into_iter().find_map(|name| self.serde_properties.get(name));
        let delimiter = self.delimiter.as_ref().map(|(delimiter, _)| delimiter).or(in_serde);
        if delimiter.is_some_and(|delimiter| is_blank(delimiter)) {
            return Ok(());
        }
        let at = self.delimiter.as_ref().or(self.serde.as_ref()).map(|(_, at)| *at);
        Err(Error::usage("the fields of flow logs are separated by blanks, those of this table are not")
            .at(at.map_or(place.to_owned(), |at| format!("{place}, {at}")))
            .help("its ROW FORMAT must say DELIMITED FIELDS TERMINATED BY ' '"))
    }
}

/// Returns whether a text in a statement is a blank: as it is, as Hive's escapes write it, or as the number of its byte.
fn is_blank(text: &str) -> bool {
    [" ", "32"].contains(&unescaped(text).as_str())
}

/// Returns whether a text in a statement is a backslash, with one that escapes it or without.
pub fn is_backslash(text: &str) -> bool {
    ["\\", "\\\\", "92", "\\134"].contains(&text)
}

/// Returns a text without Hive's escapes: `\040` and `\u0020` are blanks, `\\` is one backslash. Others stay as they are.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        let number = |digits: Option<&str>, base| digits.and_then(|digits| u32::from_str_radix(digits, base).ok());
        let octal = number(behind.get(..3), 8).and_then(char::from_u32);
        let hex = behind.strip_prefix('u').and_then(|hex| number(hex.get(..4), 16)).and_then(char::from_u32);
        let (shown, length) = match (c, octal, hex, behind.starts_with('\\')) {
            ('\\', Some(shown), ..) => (shown, 4),
            ('\\', _, Some(shown), _) => (shown, 6),
            ('\\', _, _, true) => ('\\', 2),
            _ => (c, c.len_utf8()),
        };
        plain.push(shown);
        rest = &rest[length..];
    }
    plain
}

/// Returns the groups of a regular expression that is a group for each field, with blanks between them; `None` for any other.
fn groups_of(regex: &str) -> Option<Vec<&str>> {
    let mut rest = regex.strip_prefix('^').unwrap_or(regex);
    // What must not stand at the beginning, such as a header line or a comment.
    while let Some(ahead) = rest.strip_prefix("(?!") {
        rest = &ahead[end_of_group(ahead)? + 1..];
    }
    let mut groups = Vec::new();
    loop {
        let group = rest.strip_prefix('(').filter(|group| !group.starts_with('?'))?;
        let end = end_of_group(group)?;
        if !is_of_a_field(&group[..end]) {
            return None;
        }
        groups.push(&group[..end]);
        rest = &group[end + 1..];
        rest = rest.strip_prefix('?').unwrap_or(rest);
        let blanks = blanks(rest);
        let tail = &rest[blanks..];
        if ["", "$", ".*", ".*$"].contains(&tail) {
            return Some(groups);
        }
        if blanks == 0 {
            return None;
        }
        rest = tail;
    }
}

/// Returns whether a group matches a field and no more: none that takes blanks, or has a group in it, which would be a column
/// more.
fn is_of_a_field(group: &str) -> bool {
    let mut outside = String::new();
    let mut rest = group;
    while let Some((before, class)) = rest.split_once("[^") {
        outside.push_str(before);
        let Some((_, behind)) = class.split_once(']') else { return false };
        rest = behind;
    }
    outside.push_str(rest);
    !outside.contains([' ', '(']) && !outside.contains("\\s")
}

/// Returns where the `)` of a group stands that has begun before a text.
fn end_of_group(text: &str) -> Option<usize> {
    let (mut depth, mut in_class, mut is_escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 0 => return Some(at),
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns how many bytes of a regular expression stand for blanks at its beginning.
fn blanks(regex: &str) -> usize {
    let mut rest = regex;
    while let Some(behind) = ["[ \\t]", "[ ]", "\\s", "\\t", " ", "+", "*", "?"].iter().find_map(|blank| {
        let is_first = rest.len() == regex.len();
        rest.strip_prefix(blank).filter(|_| !(is_first && ["+", "*", "?"].contains(blank)))
    }) {
        rest = behind;
    }
    regex.len() - rest.len()
}

/// Returns whether a group may match `-`, which stands in flow logs where there is no value.
fn may_be_dash(group: &str) -> bool {
    let mut group = group.to_owned();
    for range in ["0-9", "a-z", "A-Z", "a-f", "A-F"] {
        group = group.replace(range, "");
    }
    group.contains(['-', '.']) || group.contains("\\S") || group.contains("[^") || group.contains("\\D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for blank in [" ", "\\040", "\\u0020", "32"] {
            assert!(is_blank(blank), "{blank}");
        }
        for other in ["", ",", "\\t", "\\001", "\\", "\\04", "é"] {
            assert!(!is_blank(other), "{other}");
        }
        assert_eq!(unescaped("^([^ ]+)\\\\s+"), "^([^ ]+)\\s+");
    }

    #[test]
    fn a_group_for_each_field() {
        for (regex, groups) in [
            ("^([^ ]+)\\s+([0-9]+)\\s+([^ ]+)$", 3),
            ("([^ ]*) ([^ ]*) (.*)", 3),
            ("^(?!version)(\\S+) +(\\d+|-) (ACCEPT|REJECT|-)?$", 3),
            ("^(\\S+)[ ]+(\\S+).*$", 2),
        ] {
            assert_eq!(groups_of(regex).map(|groups| groups.len()), Some(groups), "{regex}");
        }
        for regex in ["", "^a (b)", "(a)(b)", "((a) b)", "([^ ]+), ([^ ]+)", "(a b)", "(a", "(?:a) (b)", "([0-9]+ )"] {
            assert_eq!(groups_of(regex), None, "{regex}");
        }
        assert!(may_be_dash("[^ ]+") && may_be_dash("\\S+") && may_be_dash("[0-9-]+") && may_be_dash("\\d+|-"));
        assert!(!may_be_dash("[0-9]+") && !may_be_dash("\\d+") && !may_be_dash("[a-zA-Z0-9]+"));
    }
}
