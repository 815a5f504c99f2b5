//! The schema table: `schemas/*.toml`, embedded and checked. The only list of fields anywhere.
//!
//! In: the two TOML files. Out: [`LogType`] with its [`Field`]s. Knows nothing of text, stores or Parquet.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use arrow_schema::DataType;
use serde::{Deserialize, Serialize};

/// The kinds of log that flowparquet knows; one file in `schemas/` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogType {
    /// VPC Flow Logs.
    Vpc,
    /// Transit Gateway Flow Logs, which share folders and file names with VPC Flow Logs.
    Tgw,
}

/// The type of a column, the same in text, Parquet and Athena.
///
/// AWS's own Parquet delivery knows these three only, all signed
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Signed 32-bit integer: Parquet `INT32`, Athena `int`.
    Int,
    /// Signed 64-bit integer: Parquet `INT64`, Athena `bigint`.
    Bigint,
    /// UTF-8 text: Parquet `BYTE_ARRAY (STRING)`, Athena `string`.
    String,
}

impl ColumnType {
    /// Returns the type's name in Athena DDL, which is also its name in `schemas/*.toml`.
    pub fn athena(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::String => "string",
        }
    }

    /// Returns the Arrow type, from which the Parquet type follows.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Int => DataType::Int32,
            Self::Bigint => DataType::Int64,
            Self::String => DataType::Utf8,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.athena())
    }
}

/// A field of a log type: one entry of a schema file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Number of the column in Parquet (`field_id`), which it keeps for good.
    pub id: i32,
    /// Token in the header line, such as `pkt-srcaddr`.
    pub name: String,
    /// Column in Parquet and Athena, such as `pkt_srcaddr`.
    pub column: String,
    /// Type of the column.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Flow log version that introduced the field.
    pub version: u8,
    /// Meaning, and when the value is `-`.
    pub description: String,
}

/// Below it are the ids of fields that a schema file lists, from it on those of unknown fields.
pub const FIRST_UNKNOWN_ID: i32 = 1 << 10;

/// All fields of a log type, in AWS's order.
#[derive(Debug)]
pub struct Schema {
    /// The log type's full name.
    pub title: String,
    /// The fields in AWS's order.
    pub fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    log_type: LogType,
    title: String,
    field: Vec<Field>,
}

impl Schema {
    fn parse(text: &str, log_type: LogType) -> Result<Self, String> {
        let file: SchemaFile = toml::from_str(text).map_err(|e| e.to_string())?;
        if file.log_type != log_type {
            return Err(format!("log_type is {}, not {log_type}", file.log_type));
        }
        let mut by_name = HashMap::new();
        let mut ids = HashSet::new();
        for (index, field) in file.field.iter().enumerate() {
            if !(1..FIRST_UNKNOWN_ID).contains(&field.id) || !ids.insert(field.id) {
                return Err(format!(
                    "field {} has the id {}, which is another's or out of range",
                    field.name, field.id
                ));
            }
            if by_name.insert(field.name.clone(), index).is_some() {
                return Err(format!("field {} stands twice", field.name));
            }
        }
        Ok(Self { title: file.title, fields: file.field, by_name })
    }

    /// Returns the field with this header token.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name).map(|index| &self.fields[index])
    }

    /// Returns the place of a header token in AWS's order.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Returns the header tokens of a format that holds every field up to `version`, in AWS's order.
    pub fn names_up_to(&self, version: u8) -> Vec<String> {
        self.fields.iter().filter(|f| f.version <= version).map(|f| f.name.clone()).collect()
    }

    /// Returns the versions that introduced fields, ascending.
    pub fn versions(&self) -> Vec<u8> {
        let mut versions: Vec<u8> = self.fields.iter().map(|f| f.version).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }
}

static VPC: LazyLock<Schema> = LazyLock::new(|| embedded(include_str!("../../schemas/vpc_flow.toml"), LogType::Vpc));
static TGW: LazyLock<Schema> =
    LazyLock::new(|| embedded(include_str!("../../schemas/transit_gateway_flow.toml"), LogType::Tgw));

#[expect(clippy::panic, reason = "the text is part of the binary and a test reads it: this cannot depend on input")]
fn embedded(text: &str, log_type: LogType) -> Schema {
    Schema::parse(text, log_type).unwrap_or_else(|e| panic!("embedded schema of {log_type}: {e}"))
}

impl LogType {
    /// Every log type, in the order in which a header that fits several is decided.
    pub const ALL: [Self; 2] = [Self::Vpc, Self::Tgw];

    /// Returns the log type's fields.
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::Vpc => &VPC,
            Self::Tgw => &TGW,
        }
    }

    /// Returns the log type that knows the most of these header tokens, or `None` if two know equally many.
    ///
    /// VPC and Transit Gateway objects lie in the same folders under the same names; only the header tells.
    pub fn of_header<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let known = |t: Self| names.clone().filter(|n| t.schema().position(n).is_some()).count();
        match known(Self::Vpc).cmp(&known(Self::Tgw)) {
            std::cmp::Ordering::Greater => Some(Self::Vpc),
            std::cmp::Ordering::Less => Some(Self::Tgw),
            std::cmp::Ordering::Equal => None,
        }
    }

    /// Returns whether any log type knows this header token.
    pub fn knows(name: &str) -> bool {
        Self::ALL.iter().any(|t| t.schema().position(name).is_some())
    }
}

impl fmt::Display for LogType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Vpc => "vpc",
            Self::Tgw => "tgw",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_field_once_with_a_lawful_column() {
        for (log_type, fields) in [(LogType::Vpc, 54), (LogType::Tgw, 36)] {
            let schema = log_type.schema();
            assert_eq!(schema.fields.len(), fields, "{log_type}");
            for field in &schema.fields {
                assert_eq!(field.column, field.name.replace('-', "_"), "AWS's rule for column names");
                assert!(field.column.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
                assert!(!field.description.is_empty() && !field.description.ends_with('.'), "{}", field.name);
                assert!((2..=11).contains(&field.version));
            }
        }
        // The counts per version that AWS documents.
        for (version, fields) in [(2, 14), (3, 21), (4, 25), (5, 29), (7, 39), (8, 40), (9, 41), (10, 42), (11, 54)] {
            assert_eq!(LogType::Vpc.schema().names_up_to(version).len(), fields, "version {version}");
        }
    }

    /// Files that are written stand by these numbers: a field may come, none may change.
    #[test]
    fn fields_keep_their_ids() {
        let ids =
            |log_type: LogType| log_type.schema().fields.iter().map(|f| (f.id, f.name.as_str())).collect::<Vec<_>>();
        let (vpc, tgw) = (ids(LogType::Vpc), ids(LogType::Tgw));
        for (place, known) in [
            (0, (1, "version")),
            (3, (4, "srcaddr")),
            (13, (14, "log-status")),
            (14, (15, "vpc-id")),
            (28, (29, "traffic-path")),
        ] {
            assert_eq!(vpc[place], known);
        }
        assert_eq!((tgw[0], tgw[3]), ((1, "version"), (4, "tgw-id")));
        for ids in [vpc, tgw] {
            assert!(ids.iter().map(|(id, _)| *id).eq(1..=ids.len() as i32), "a new field takes the next number");
        }
    }

    #[test]
    fn shared_fields_have_one_type() {
        for field in &LogType::Tgw.schema().fields {
            if let Some(vpc) = LogType::Vpc.schema().field(&field.name) {
                assert_eq!((vpc.column_type, vpc.version), (field.column_type, field.version), "{}", field.name);
            }
        }
    }

    #[test]
    fn header_tells_the_log_type() {
        for log_type in LogType::ALL {
            let names = log_type.schema().names_up_to(11);
            assert_eq!(LogType::of_header(names.iter().map(String::as_str)), Some(log_type));
        }
        assert_eq!(LogType::of_header(["version", "srcaddr", "bytes"].into_iter()), None);
    }

    #[test]
    fn refuses_a_broken_schema_file() {
        let head = "log_type = \"vpc\"\ntitle = \"t\"\n";
        let field = "[[field]]\nid=1\nname='a'\ncolumn='a'\ntype='int'\nversion=2\ndescription='d'\n";
        let other = field.replace("'a'", "'b'");
        assert!(Schema::parse(&format!("{head}{field}"), LogType::Vpc).is_ok());
        assert!(Schema::parse(&format!("{head}{field}{field}"), LogType::Vpc).is_err(), "twice");
        assert!(Schema::parse(&format!("{head}{field}x=1\n"), LogType::Vpc).is_err(), "unknown key");
        assert!(Schema::parse(&format!("{head}{field}{other}"), LogType::Vpc).is_err(), "an id twice");
        let other = other.replace("id=1", "id=2");
        assert!(Schema::parse(&format!("{head}{field}{other}"), LogType::Vpc).is_ok());
        assert!(Schema::parse(&format!("{head}{field}{}", other.replace("id=2", "id=1024")), LogType::Vpc).is_err());
        assert!(Schema::parse(&format!("{head}{field}"), LogType::Tgw).is_err(), "wrong log type");
    }
}
