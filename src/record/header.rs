//! The header line of an object: its schema.
//!
//! In: the first line of an object, or `--log-format`. Out: a [`Header`], one [`Column`] per token. A flow log's
//! header is the only schema in the file (the `version` value is not one), so nothing is ever guessed by counting.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::schema::{ColumnType, Field, LogType};
use crate::error::Error;
use crate::options::LOG_FORMAT;

/// Most columns that a header may name; AWS knows 54. More is an attack or not a header.
pub const MAX_COLUMNS: usize = 1_000;

/// Most fields that no log type knows, in one object or in the objects of one row group; AWS adds a handful a year.
pub const MAX_UNKNOWN: usize = 100;

/// Names that partition folders use, so that no data column may have them
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-table.html>: a partition column may not repeat a column).
pub const PARTITION_COLUMNS: [&str; 6] = ["aws_account_id", "aws_region", "year", "month", "day", "hour"];

/// A column of the output table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    /// Name in Parquet and Athena.
    pub name: String,
    /// Type in Parquet and Athena.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
}

/// A header line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The tokens as they stand in the line.
    pub names: Vec<String>,
    /// The column of each token.
    pub columns: Vec<Column>,
}

/// Why a line is no header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A token cannot be a field name, or none is known: this is a record or something else.
    #[error("the first line is not a header (it begins {0:?}); give {log_format} for objects without one", log_format = LOG_FORMAT)]
    NotAHeader(String),
    /// A field is named twice.
    #[error("the header names the field {0:?} twice")]
    Repeated(String),
    /// More than [`MAX_COLUMNS`] fields.
    #[error("the header names {0} fields, more than the {MAX_COLUMNS} that are allowed")]
    TooMany(usize),
}

/// Returns the reason for a reject without the text that it quotes: a line of a log is not for everyone who reads events.
pub fn without_text(reason: &str) -> Cow<'_, str> {
    let quoted =
        reason.split_once(" (it begins \"").and_then(|(before, rest)| Some((before, rest.rsplit_once("\")")?.1)));
    quoted.map_or(Cow::Borrowed(reason), |(before, behind)| Cow::Owned(format!("{before}{behind}")))
}

impl Header {
    /// Parses a header line.
    ///
    /// A line is a header if every token can be a field name (letter first, then letters, digits, `-`, `_`) and
    /// a log type knows at least one of them: records begin with digits or hold values that are no field's name.
    /// Only blanks part fields, here as in records; the line end, LF or CR LF, may be there or not.
    ///
    /// # Errors
    /// `HeaderError` if the line is no header, names a field twice or far too many.
    pub fn parse(line: &[u8]) -> Result<Self, HeaderError> {
        let not_a_header = || HeaderError::NotAHeader(beginning(line));
        let text = std::str::from_utf8(line).map_err(|_| not_a_header())?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let tokens = || text.split(' ').filter(|token| !token.is_empty());
        let count = tokens().count();
        if count > MAX_COLUMNS {
            return Err(HeaderError::TooMany(count));
        }
        let names: Vec<&str> = tokens().collect();
        if names.is_empty() || !names.iter().all(|n| is_field_name(n)) || !names.iter().any(|n| LogType::knows(n)) {
            return Err(not_a_header());
        }
        Self::from_names(names.into_iter().map(str::to_owned).collect())
    }

    /// Parses `--log-format`: `${version} ${account-id} ...` as `DescribeFlowLogs` prints it, or bare names.
    ///
    /// # Errors
    /// `HeaderError` as for [`Header::parse`], except that unknown names alone are believed.
    pub fn from_log_format(format: &str) -> Result<Self, HeaderError> {
        let mut names = Vec::new();
        for token in format.split([' ', ',']).filter(|token| !token.is_empty()) {
            let name = token.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(token);
            if !is_field_name(name) {
                return Err(HeaderError::NotAHeader(beginning(format.as_bytes())));
            }
            names.push(name.to_owned());
        }
        match names.len() {
            0 => Err(HeaderError::NotAHeader(String::new())),
            n if n > MAX_COLUMNS => Err(HeaderError::TooMany(n)),
            _ => Self::from_names(names),
        }
    }

    /// Returns the header of an object without any line.
    pub fn none() -> Self {
        Self { names: Vec::new(), columns: Vec::new() }
    }

    /// Reads a format that somebody gives for objects without a header line.
    ///
    /// # Errors
    /// A usage error that says how to write it.
    pub fn from_option(format: &str) -> crate::Result<Self> {
        Self::from_log_format(format).map_err(|e| {
            Error::usage(format!("{LOG_FORMAT} cannot be used: {e}"))
                .help("write it as DescribeFlowLogs prints it: '${version} ${account-id} ${interface-id} ...'")
        })
    }

    fn from_names(names: Vec<String>) -> Result<Self, HeaderError> {
        let mut seen = HashSet::new();
        let mut columns = Vec::with_capacity(names.len());
        for name in &names {
            let column = column_of(name);
            if !seen.insert(column.name.clone()) {
                return Err(HeaderError::Repeated(name.clone()));
            }
            columns.push(column);
        }
        Ok(Self { names, columns })
    }

    /// Returns the names that no log type knows; they become string columns.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| field_of(name).is_none())
    }

    /// Returns the log type the header belongs to, or `None` if it fits several equally well.
    pub fn log_type(&self) -> Option<LogType> {
        LogType::of_header(self.names.iter().map(String::as_str))
    }

    /// Returns whether a line among records is a header line again, of whatever format: by the rule for first lines.
    ///
    /// Cheap for records: most begin with a digit, and hardly any consists of words.
    pub fn repeats(line: &[u8]) -> bool {
        let mut tokens = line.split(|b| *b == b' ').filter(|token| !token.is_empty());
        tokens.all(|token| token[0].is_ascii_alphabetic() || token == b"\r") && Self::parse(line).is_ok()
    }
}

/// Returns the field that a header token means: of its name, or of its name in other letters, which would have the same
/// column. A column has one type, whoever wrote the header.
fn field_of(name: &str) -> Option<&'static Field> {
    let by_name = |name: &str| LogType::ALL.iter().find_map(|log_type| log_type.schema().field(name));
    by_name(name).or_else(|| by_name(&name.to_ascii_lowercase().replace('_', "-")))
}

/// Returns the column of a header token: the schema's, or for an unknown name a string column.
///
/// Athena lower-cases names; a name that a partition folder uses gets an underscore behind it.
fn column_of(name: &str) -> Column {
    if let Some(field) = field_of(name) {
        return Column { name: field.column.clone(), column_type: field.column_type };
    }
    let mut column = name.to_ascii_lowercase().replace('-', "_");
    if PARTITION_COLUMNS.contains(&column.as_str()) {
        column.push('_');
    }
    Column { name: column, column_type: ColumnType::String }
}

/// Longest field name; Glue allows 255 bytes for a column.
const MAX_NAME_BYTES: usize = 255;

fn is_field_name(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.len() <= MAX_NAME_BYTES
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn beginning(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
    let text = text.trim_end();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_names_to_columns() {
        let header = Header::parse(b"version  account-id end New-Field day\r\n").unwrap();
        let columns: Vec<(&str, ColumnType)> =
            header.columns.iter().map(|c| (c.name.as_str(), c.column_type)).collect();
        assert_eq!(
            columns,
            [
                ("version", ColumnType::Int),
                ("account_id", ColumnType::String),
                ("end", ColumnType::Bigint),
                ("new_field", ColumnType::String),
                ("day_", ColumnType::String),
            ]
        );
        assert_eq!(header.unknown().collect::<Vec<_>>(), ["New-Field", "day"]);
    }

    #[test]
    fn names_in_other_letters_mean_the_same_column_of_the_same_type() {
        let header = Header::parse(b"version srcPort Account_Id").unwrap();
        assert_eq!(header.columns, Header::parse(b"version srcport account-id").unwrap().columns);
        assert_eq!(header.unknown().count(), 0);
        assert_eq!(Header::parse(b"srcport SRCPORT"), Err(HeaderError::Repeated("SRCPORT".into())));
    }

    #[test]
    fn a_record_is_no_header() {
        for line in [&b"2 123456789012 eni-1 10.0.0.1"[..], b"eni-1 ACCEPT OK", b"", b"   ", b"\xff\xfe", b"- - -"] {
            assert!(matches!(Header::parse(line), Err(HeaderError::NotAHeader(_))), "{line:?}");
        }
    }

    #[test]
    fn refuses_repeated_and_far_too_many_names() {
        assert_eq!(Header::parse(b"version end end"), Err(HeaderError::Repeated("end".into())));
        assert_eq!(
            Header::parse(b"version a-b a_b"),
            Err(HeaderError::Repeated("a_b".into())),
            "one column of two names"
        );
        let many = "x ".repeat(MAX_COLUMNS + 1);
        assert_eq!(Header::parse(many.as_bytes()), Err(HeaderError::TooMany(MAX_COLUMNS + 1)));
    }

    #[test]
    fn reads_log_format_as_aws_prints_it() {
        let expected = Header::parse(b"version vpc-id").unwrap();
        assert_eq!(Header::from_log_format("${version} ${vpc-id}"), Ok(expected.clone()));
        assert_eq!(Header::from_log_format("version vpc-id"), Ok(expected));
        assert!(Header::from_log_format("").is_err());
        assert!(Header::from_log_format("2 eni-1 10.0.0.1").is_err());
    }

    #[test]
    fn finds_repeated_header_lines() {
        assert!(Header::repeats(b"srcaddr dstaddr\r"));
        assert!(!Header::repeats(b"srcaddr\r\r dstaddr"), "CR parts no fields");
        assert!(Header::repeats(b"version action"), "of another format");
        assert!(Header::repeats(b" new-field  x action"), "that begins with names which nobody knows");
        for record in ["10.0.0.1 10.0.0.2", "type 10.0.0.2", "eni-1 ACCEPT OK", "ACCEPT OK", "", " ", "action -"] {
            assert!(!Header::repeats(record.as_bytes()), "{record:?}");
        }
    }
}
