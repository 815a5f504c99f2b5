//! Column types as SQL names them: those that flow log files have, and those that people declared over raw text.

use std::fmt;

use crate::record::schema::ColumnType;

/// A column type of a table definition.
///
/// Our own tables know `int`, `bigint` and `string` only. The others stand in definitions that people wrote over raw
/// text, where any of them "works"; a view can give them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// 8 bits.
    Tinyint,
    /// 16 bits.
    Smallint,
    /// 32 bits.
    Int,
    /// 64 bits.
    Bigint,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// Decimal of so many digits, so many of them behind the point.
    Decimal(u8, u8),
    /// Text.
    String,
    /// Text of at most so many characters.
    Varchar(u32),
    /// A calendar date; of partition keys only.
    Date,
}

/// The SQL of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Hive's, in which Athena takes definitions.
    Hive,
    /// Trino's, in which Athena takes queries and views.
    Trino,
    /// Spark SQL.
    Spark,
    /// DuckDB.
    DuckDb,
}

impl Dialect {
    /// Returns the character around identifiers.
    pub fn quote(self) -> char {
        match self {
            Self::Hive | Self::Spark => '`',
            Self::Trino | Self::DuckDb => '"',
        }
    }
}

impl SqlType {
    /// Returns whether it is text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Varchar(_))
    }

    /// Returns whether it is a whole number.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Tinyint | Self::Smallint | Self::Int | Self::Bigint)
    }

    /// Returns the type's name in a dialect.
    ///
    /// Hive and Athena DDL say `int` and `string` where Trino says `integer` and `varchar`
    /// (<https://docs.aws.amazon.com/athena/latest/ug/data-types.html>).
    pub fn name(self, dialect: Dialect) -> String {
        let trino = matches!(dialect, Dialect::Trino | Dialect::DuckDb);
        match self {
            Self::Tinyint => "tinyint".to_owned(),
            Self::Smallint => "smallint".to_owned(),
            Self::Int if trino => "integer".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Bigint => "bigint".to_owned(),
            Self::Float if trino => "real".to_owned(),
            Self::Float => "float".to_owned(),
            Self::Double => "double".to_owned(),
            Self::Decimal(digits, scale) => format!("decimal({digits},{scale})"),
            Self::String if trino => "varchar".to_owned(),
            // Spark lets varchar stand in a table definition, but not in a CAST that keeps the length.
            Self::String => "string".to_owned(),
            Self::Varchar(length) => format!("varchar({length})"),
            Self::Date => "date".to_owned(),
        }
    }
}

impl From<ColumnType> for SqlType {
    fn from(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Int => Self::Int,
            ColumnType::Bigint => Self::Bigint,
            ColumnType::String => Self::String,
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name(Dialect::Hive))
    }
}
