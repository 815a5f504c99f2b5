//! Rows of an answer: values that can be shown, written as CSV or JSON, and compared.

use std::cmp::Ordering;
use std::fmt;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, TimeUnit, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};
use serde::{Serialize, Serializer};

use crate::functions::{ADDRESS_BYTES, JSON, shown_address, shown_timestamp, written};

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A decimal, with as many digits behind the point as its type has.
    Decimal(String),
    /// A text, or what is shown as one: times, addresses.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// A map: keys and values.
    Map(Vec<(Value, Value)>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&shown_double(*value)),
            Self::Decimal(value) | Self::Text(value) => f.write_str(value),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}={value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            // JSON has no word for these.
            Self::Float(value) => serializer.serialize_str(&shown_double(*value)),
            // Digit by digit: a double has fewer.
            Self::Decimal(value) => match serde_json::value::RawValue::from_string(value.clone()) {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(value),
            },
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => values.serialize(serializer),
            // As in Trino's answers, whatever kind of keys it has.
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key.to_string(), value))),
        }
    }
}

impl Value {
    /// Returns a value that equals another's if both mean the same answer: sums of fractions may differ in their last
    /// digits, depending on the order of adding, and arrays in theirs.
    #[must_use]
    pub fn comparable(&self) -> Self {
        match self {
            // Zero has two signs.
            Self::Float(value) if *value == 0.0 => Self::Float(0.0),
            Self::Float(value) => Self::Text(format!("{value:.11e}")),
            Self::List(values) => {
                let mut values: Vec<Self> = values.iter().map(Self::comparable).collect();
                values.sort_by(Self::compare);
                Self::List(values)
            }
            Self::Map(entries) => {
                let parts = |(key, value): &(Self, Self)| (key.comparable(), value.comparable());
                let mut entries: Vec<(Self, Self)> = entries.iter().map(parts).collect();
                entries.sort_by(|a, b| a.0.compare(&b.0));
                Self::Map(entries)
            }
            other => other.clone(),
        }
    }

    /// Orders values of any kinds, for sorting what is to be compared.
    pub fn compare(&self, other: &Self) -> Ordering {
        let kind = |value: &Self| match value {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Decimal(_) => 4,
            Self::Text(_) => 5,
            Self::List(_) => 6,
            Self::Map(_) => 7,
        };
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) | (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => {
                let unequal = a.iter().zip(b).map(|(a, b)| a.compare(b)).find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Map(a), Self::Map(b)) => {
                let order = |((k, v), (l, w)): (&(Self, Self), &(Self, Self))| k.compare(l).then_with(|| v.compare(w));
                let unequal = a.iter().zip(b).map(order).find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (a, b) => kind(a).cmp(&kind(b)),
        }
    }
}

/// Returns the value of a row of a column.
pub(crate) fn value(column: &ArrayRef, row: usize) -> Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(column.as_boolean().value(row)),
        DataType::Int8 => Value::Int(column.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(column.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Int(column.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Int(column.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Int(column.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => {
            let value = column.as_primitive::<UInt64Type>().value(row);
            i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int)
        }
        DataType::Float32 => Value::Float(as_double(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Value::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8View => Value::Text(column.as_string_view().value(row).to_owned()),
        DataType::Utf8 => Value::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Value::Text(column.as_string::<i64>().value(row).to_owned()),
        DataType::Timestamp(..) => shown_timestamp(column, row)?.map_or(Value::Null, Value::Text),
        DataType::Duration(_) | DataType::Interval(_) => Value::Text(shown_interval(column, row)?),
        DataType::FixedSizeBinary(ADDRESS_BYTES) => {
            shown_address(column.as_fixed_size_binary().value(row)).map_or(Value::Null, Value::Text)
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(row);
            let parts = |at| Ok((value(entries.column(0), at)?, value(entries.column(1), at)?));
            Value::Map((0..entries.len()).map(parts).collect::<Result<_>>()?)
        }
        json if *json == JSON => {
            let text = written(&column.slice(row, 1))?.into_iter().next().flatten().map(str::to_owned);
            text.map_or(Value::Null, Value::Text)
        }
        DataType::List(_) => list(&column.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&column.as_list::<i64>().value(row))?,
        DataType::FixedSizeList(..) => list(&column.as_fixed_size_list().value(row))?,
        _ => {
            let options = FormatOptions::default();
            let shown = ArrayFormatter::try_new(column, &options).map_err(DataFusionError::from)?;
            let text = shown.value(row).try_to_string().map_err(DataFusionError::from)?;
            if column.data_type().is_decimal() { Value::Decimal(text) } else { Value::Text(text) }
        }
    })
}

/// Returns a double as Java writes it, and so Athena: `0.5`, `1.0E7`, `Infinity`.
pub(crate) fn shown_double(value: f64) -> String {
    let size = value.abs();
    if value.is_infinite() {
        return if value < 0.0 { "-Infinity" } else { "Infinity" }.to_owned();
    }
    if value.is_nan() || size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    scientific(value)
}

/// Returns the double that has the same digits as a real: 0.1 and not 0.10000000149011612.
pub(crate) fn as_double(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// Returns a double with an exponent, and a digit behind the point: `1.5E0`.
pub(crate) fn scientific(value: f64) -> String {
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// Returns an interval as Athena shows it: `1-2` for years and months, `1 02:03:04.000` for days and less.
fn shown_interval(column: &ArrayRef, row: usize) -> Result<String> {
    const DAY: i64 = 86_400_000;
    let one = column.slice(row, 1);
    let (months, millis) = match column.data_type() {
        DataType::Duration(_) => {
            let millis = cast(&one, &DataType::Duration(TimeUnit::Millisecond))?;
            (0, millis.as_primitive::<DurationMillisecondType>().value(0))
        }
        _ => {
            let interval = cast(&one, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let interval = interval.as_primitive::<IntervalMonthDayNanoType>().value(0);
            (interval.months, i64::from(interval.days) * DAY + interval.nanoseconds / 1_000_000)
        }
    };
    let sign = if months < 0 || millis < 0 { "-" } else { "" };
    if months != 0 {
        let months = months.unsigned_abs();
        return Ok(format!("{sign}{}-{}", months / 12, months % 12));
    }
    let millis = millis.unsigned_abs();
    let (days, rest) = (millis / DAY.unsigned_abs(), millis % DAY.unsigned_abs());
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    Ok(format!("{sign}{days} {hours:02}:{minutes:02}:{seconds:02}.{:03}", rest % 1_000))
}

fn list(items: &ArrayRef) -> Result<Value> {
    (0..items.len()).map(|row| value(items, row)).collect::<Result<_>>().map(Value::List)
}
