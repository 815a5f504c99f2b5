//! Names and texts that stand in SQL: checked, then quoted, so that nothing typed can leave its place in a statement.

use std::fmt;

use super::types::Dialect;
use crate::error::{Error, Result};
use crate::options::TABLE;

/// Longest name of a table or database in the Glue catalog.
const MAX_NAME_BYTES: usize = 255;

/// A table, and its database if that is to be named; both are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    database: Option<String>,
    table: String,
}

impl TableName {
    /// Returns a table of a database, or of the database that is current where the statement runs.
    ///
    /// # Errors
    /// A usage error for names that are none.
    pub fn new(database: Option<&str>, table: &str) -> Result<Self> {
        for name in database.iter().chain([&table]) {
            check(name)?;
        }
        Ok(Self { database: database.map(str::to_owned), table: table.to_owned() })
    }

    /// Returns a table that a person has. The Glue catalog lets names have hyphens, where Athena's DDL does not.
    ///
    /// # Errors
    /// A usage error for names that are none.
    pub fn of_theirs(database: Option<&str>, table: &str) -> Result<Self> {
        database.iter().chain([&table]).try_for_each(|name| plain_column(name).map(|_| ()))?;
        Ok(Self { database: database.map(str::to_owned), table: table.to_owned() })
    }

    /// Parses `table` or `database.table`.
    ///
    /// # Errors
    /// A usage error for names that are none.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('.') {
            Some((database, table)) => Self::new(Some(database), table),
            None => Self::new(None, text),
        }
    }

    /// Returns the database, if it is named.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Returns the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Returns a table beside this one, with `suffix` behind its name.
    ///
    /// # Errors
    /// A usage error if the name becomes too long.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self> {
        self.beside(None, &format!("{}{suffix}", self.table))
    }

    /// Returns a new table in the same database, or in another one.
    ///
    /// # Errors
    /// A usage error for names that are none.
    pub fn beside(&self, database: Option<&str>, table: &str) -> Result<Self> {
        if let Some(database) = database {
            return Self::new(Some(database), table);
        }
        let named = Self::new(None, table).map_err(|e| {
            if table.contains('-') { e.help(format!("name the new table with {TABLE}, without hyphens")) } else { e }
        })?;
        Ok(Self { database: self.database.clone(), ..named })
    }

    /// Returns it as a dialect quotes it.
    pub fn quoted_for(&self, dialect: Dialect) -> String {
        self.quoted(dialect.quote())
    }

    /// Returns it as `SELECT` and `CREATE VIEW` have it: in double quotes.
    pub fn for_select(&self) -> String {
        self.quoted('"')
    }

    /// Returns it as `CREATE EXTERNAL TABLE` and its relatives have it: in backticks.
    pub fn for_ddl(&self) -> String {
        self.quoted('`')
    }

    fn quoted(&self, quote: char) -> String {
        let names: Vec<String> =
            self.database.iter().chain([&self.table]).map(|name| format!("{quote}{name}{quote}")).collect();
        names.join(".")
    }
}

/// Returns a name in `quote`: a backtick for DDL, a double quote for `SELECT`
/// (<https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html>).
///
/// # Errors
/// A usage error for a name that is none.
pub fn identifier(name: &str, quote: char) -> Result<String> {
    check(name)?;
    Ok(format!("{quote}{name}{quote}"))
}

/// Returns a column or partition key in `quote`; people's own may have hyphens, as AWS's `aws-account-id` has.
///
/// # Errors
/// A usage error for a name that is none.
pub fn column(name: &str, quote: char) -> Result<String> {
    plain_column(name).map(|name| format!("{quote}{name}{quote}"))
}

/// Returns a column or partition key as it stands where nothing is quoted: in JSON and in other texts.
///
/// # Errors
/// As [`column()`].
pub fn plain_column(name: &str) -> Result<&str> {
    check(&name.replace('-', "_")).map(|()| name)
}

/// Returns a text in single quotes.
///
/// # Errors
/// A usage error for a text with quotes, backslashes, semicolons or control characters.
pub fn literal(text: &str) -> Result<String> {
    if text.contains(['\'', '\\', ';']) || text.contains(char::is_control) {
        return Err(Error::usage(format!("{text:?} cannot stand in a table definition"))
            .help("choose a location without quotes, backslashes, semicolons and control characters"));
    }
    Ok(format!("'{text}'"))
}

/// Returns a location as it is, if Athena takes it for one folder.
///
/// # Errors
/// A usage error for a location without a bucket, with an empty folder name, or with what stands for other letters in
/// patterns and templates (<https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html>).
pub fn folder(location: &str) -> Result<&str> {
    let below = location.split_once("://").map_or(location, |(_, below)| below);
    let no_bucket = location.starts_with("s3") && below.trim_start_matches('/').len() != below.len();
    if no_bucket || below.is_empty() || below.contains("//") || below.contains(['*', '?', '[', ']', '{', '}']) {
        return Err(Error::usage(format!("{location:?} is no folder that a table can lie in"))
            .help("write it as s3://bucket/prefix, without `//`, wildcards and braces"));
    }
    Ok(location)
}

/// Refuses a name of a table, database or column that is none.
///
/// Glue allows lower-case letters, digits and underscores that every engine agrees on
/// (<https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html>); nothing else is let through.
fn check(name: &str) -> Result<()> {
    let good = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if good {
        return Ok(());
    }
    Err(Error::usage(format!("{name:?} is no name for a table, database or column in Athena"))
        .help("use lower-case letters, digits and underscores"))
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.database.iter().try_for_each(|database| write!(f, "{database}."))?;
        f.write_str(&self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_and_without_database() {
        let table = TableName::parse("logs.flow_1").unwrap();
        assert_eq!((table.database(), table.table()), (Some("logs"), "flow_1"));
        assert_eq!((table.for_select(), table.for_ddl()), ("\"logs\".\"flow_1\"".into(), "`logs`.`flow_1`".into()));
        let table = TableName::parse("flow").unwrap();
        assert_eq!((table.for_select(), table.for_ddl()), ("\"flow\"".into(), "`flow`".into()));
        assert_eq!(identifier("end", '"').unwrap(), "\"end\"");
        assert_eq!(literal("s3://b/x/").unwrap(), "'s3://b/x/'");
    }

    #[test]
    fn folders() {
        for good in ["s3://b/", "s3://b/x y/", "s3a://b/x/", "file:///x/y/"] {
            assert_eq!(folder(good).unwrap(), good);
        }
        for bad in
            ["s3://", "s3:///", "s3:///x/", "s3://b//x/", "s3://b/*/", "s3://b/${year}/", "s3://b/{x}/", "s3://b/?/"]
        {
            assert!(folder(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_leaves_its_place() {
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for bad in ["a`b", "a\"b", "a b", "a;b", "a\nb", "A", "", "a*/", "a'b", "é", "a-b", "a\0", &long] {
            assert!(identifier(bad, '`').is_err(), "{bad:?}");
            assert!(TableName::parse(bad).is_err(), "{bad:?}");
            assert!(TableName::parse(&format!("db.{bad}")).is_err(), "{bad:?}");
            assert!(TableName::parse(&format!("{bad}.table")).is_err(), "{bad:?}");
        }
        assert!(TableName::parse("catalog.db.table").is_err());
        for bad in ["s3://b/'x", "s3://b/x\n", "s3://b/;x", "s3://b/\\"] {
            assert!(literal(bad).is_err(), "{bad:?}");
        }
    }
}
