//! Types as Athena calls them, and which of them go together.

use arrow::datatypes::DataType;

use crate::functions::{ADDRESS_BYTES, JSON, parts_of};

/// What kind of values a type has: those of one kind can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// NULL without a type: goes with all.
    Null,
    Number,
    Text,
    Boolean,
    Date,
    Time,
    Interval,
    Address,
    Json,
    /// Arrays, maps and whatever else: their parts are not looked at.
    Other,
}

impl Kind {
    /// Returns the kind of a type.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Time,
            DataType::Interval(_) | DataType::Duration(_) => Self::Interval,
            DataType::FixedSizeBinary(ADDRESS_BYTES) => Self::Address,
            json if *json == JSON => Self::Json,
            other if other.is_numeric() => Self::Number,
            DataType::Dictionary(_, values) => Self::of(values),
            _ => Self::Other,
        }
    }

    /// Returns whether Trino compares them: it casts no text to a number or a time by itself.
    pub fn goes_with(self, other: Self) -> bool {
        self == other
            || self == Self::Null
            || other == Self::Null
            || matches!((self, other), (Self::Date, Self::Time) | (Self::Time, Self::Date))
    }
}

/// Returns Athena's name of a type.
pub fn shown_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "unknown".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(p, s) => format!("decimal({p},{s})"),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(..) => "timestamp with time zone".to_owned(),
        DataType::Interval(_) => "interval".to_owned(),
        DataType::FixedSizeBinary(ADDRESS_BYTES) => "ipaddress".to_owned(),
        json if *json == JSON => "json".to_owned(),
        DataType::Binary | DataType::BinaryView => "varbinary".to_owned(),
        DataType::List(of) | DataType::LargeList(of) => format!("array({})", shown_type(of.data_type())),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Dictionary(_, values) => shown_type(values),
        other => match parts_of(other) {
            Some((key, value)) => format!("map({}, {})", shown_type(key), shown_type(value)),
            None => other.to_string().to_lowercase(),
        },
    }
}
