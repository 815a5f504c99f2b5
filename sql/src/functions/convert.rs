//! `CAST` and `TRY_CAST` to numbers and booleans by Trino's rules: rounded, not cut; what does not fit is an error, or NULL.
//!
//! <https://trino.io/docs/current/functions/conversion.html>

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};

use super::number::{MAX_PRECISION, Rounding, number, ten_to, without_digits};
use super::{Fun, JSON, is_text, texts};
use crate::types::shown_type;

macro_rules! both {
    ($name:literal, $try_name:literal, $usage:literal, $gives:expr) => {
        [
            Fun {
                name: $name,
                usage: $usage,
                takes,
                gives: |_, constants| $gives(constants),
                run: |columns, gives| converted(columns, gives, true),
            },
            Fun {
                name: $try_name,
                usage: $usage,
                takes,
                gives: |_, constants| $gives(constants),
                run: |columns, gives| converted(columns, gives, false),
            },
        ]
    };
}

/// The functions, those of CAST and of TRY_CAST side by side.
pub const FUNS: &[[Fun; 2]] = &[
    both!("cast_tinyint", "try_cast_tinyint", "CAST(value AS tinyint)", |_| Ok(DataType::Int8)),
    both!("cast_smallint", "try_cast_smallint", "CAST(value AS smallint)", |_| Ok(DataType::Int16)),
    both!("cast_integer", "try_cast_integer", "CAST(value AS integer)", |_| Ok(DataType::Int32)),
    both!("cast_bigint", "try_cast_bigint", "CAST(value AS bigint)", |_| Ok(DataType::Int64)),
    both!("cast_real", "try_cast_real", "CAST(value AS real)", |_| Ok(DataType::Float32)),
    both!("cast_double", "try_cast_double", "CAST(value AS double)", |_| Ok(DataType::Float64)),
    both!("cast_decimal", "try_cast_decimal", "CAST(value AS decimal(precision, scale))", decimal),
    both!("cast_boolean", "try_cast_boolean", "CAST(value AS boolean)", |_| Ok(DataType::Boolean)),
];

/// Takes a number, a text or a boolean; of a decimal precision and scale stand behind it.
fn takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let (value, rest) = types.split_first()?;
    let value = match value {
        DataType::Null | DataType::Boolean => DataType::Boolean,
        text if is_text(text) => DataType::Utf8View,
        json if *json == JSON => JSON,
        other => number(other)?,
    };
    Some([vec![value], rest.to_vec()].concat())
}

fn decimal(constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    let number = |at: usize| match constants.get(at).copied().flatten() {
        Some(ScalarValue::Int64(Some(number))) => Some(*number),
        _ => None,
    };
    let (precision, scale) = (number(1).unwrap_or(i64::from(MAX_PRECISION)), number(2).unwrap_or(0));
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(p @ 1..=MAX_PRECISION), Ok(s)) if s >= 0 && i64::from(s) <= precision => Ok(DataType::Decimal128(p, s)),
        _ => Err(plan_datafusion_err!(
            "decimal({precision}, {scale}) is none: 38 digits at most, and no more behind the point"
        )),
    }
}

fn converted(columns: &[ArrayRef], gives: &DataType, strict: bool) -> Result<ArrayRef> {
    if *columns[0].data_type() == JSON {
        // A number with a point is rounded, as others are.
        let whole = |text: String| match text.parse::<f64>() {
            Ok(number) if gives.is_integer() && text.contains(['.', 'E']) => number.round().to_string(),
            _ => text,
        };
        let scalars = super::json::scalars(&columns[0])?.into_iter();
        let scalars = super::text::each(scalars.map(|text| text.map(whole)))?;
        return converted(&[scalars], gives, strict);
    }
    let column = &columns[0];
    if column.data_type() == gives {
        return Ok(Arc::clone(column));
    }
    let given = Given { column, gives, strict };
    match gives {
        DataType::Boolean => given.booleans(),
        DataType::Float32 => Ok(cast(&given.doubles()?, gives)?),
        DataType::Float64 => given.doubles(),
        DataType::Decimal128(p, s) => given.decimals(*p, *s),
        _ => given.whole_numbers(),
    }
}

/// A column, what is to be made of it, and whether what does not fit is an error.
struct Given<'a> {
    column: &'a ArrayRef,
    gives: &'a DataType,
    strict: bool,
}

impl Given<'_> {
    /// Returns what was made, or says of which value nothing can be.
    fn or_said<T>(&self, made: Option<T>, value: impl FnOnce() -> String) -> Result<Option<T>> {
        match made {
            None if self.strict => {
                Err(exec_datafusion_err!("{} is no {}: TRY_CAST makes NULL of it", value(), shown_type(self.gives)))
            }
            made => Ok(made),
        }
    }

    fn texts<T>(&self, one: impl Fn(&str) -> Option<T>) -> Result<impl Iterator<Item = Result<Option<T>>>> {
        let all = texts(self.column)?.into_iter();
        let all = all.map(|text| match text {
            Some(text) => self.or_said(one(text), || format!("{text:?}")),
            None => Ok(None),
        });
        Ok(all.collect::<Vec<_>>().into_iter())
    }

    fn booleans(&self) -> Result<ArrayRef> {
        let of_text = |text: &str| match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" => Some(true),
            "f" | "false" | "0" => Some(false),
            _ => None,
        };
        Ok(match self.column.data_type() {
            DataType::Utf8View => Arc::new(self.texts(of_text)?.collect::<Result<BooleanArray>>()?),
            DataType::Decimal128(..) => Arc::new(
                self.column
                    .as_primitive::<Decimal128Type>()
                    .iter()
                    .map(|v| v.map(|v| v != 0))
                    .collect::<BooleanArray>(),
            ),
            _ => cast(self.column, &DataType::Boolean)?,
        })
    }

    fn doubles(&self) -> Result<ArrayRef> {
        Ok(match self.column.data_type() {
            DataType::Utf8View => Arc::new(self.texts(double)?.collect::<Result<Float64Array>>()?),
            _ => cast(self.column, &DataType::Float64)?,
        })
    }

    fn decimals(&self, p: u8, s: i8) -> Result<ArrayRef> {
        let limit = ten_to(p);
        let digits = u8::try_from(s).unwrap_or(0);
        let fits = |value: Option<i128>| value.filter(|value| value.unsigned_abs() < limit.unsigned_abs());
        let values: Decimal128Array = match self.column.data_type() {
            DataType::Utf8View => self.texts(|text| fits(decimal_of(text, digits)))?.collect::<Result<_>>()?,
            DataType::Decimal128(_, from) => {
                let from = u8::try_from(*from).unwrap_or(0);
                let one = |value: i128| match from > digits {
                    true => Some(without_digits(value, from - digits, Rounding::HalfUp)),
                    false => value.checked_mul(ten_to(digits - from)),
                };
                self.each(self.column.as_primitive::<Decimal128Type>().iter(), |value| fits(one(value)))?
            }
            DataType::Float64 => {
                let one = |value: f64| value.is_finite().then(|| decimal_of(&value.to_string(), digits)).flatten();
                self.each(self.column.as_primitive::<Float64Type>().iter(), |value| fits(one(value)))?
            }
            _ => {
                let whole = cast(self.column, &DataType::Int64)?;
                let one = |value: i64| i128::from(value).checked_mul(ten_to(digits));
                self.each(whole.as_primitive::<Int64Type>().iter(), |value| fits(one(value)))?
            }
        };
        Ok(Arc::new(values.with_data_type(self.gives.clone())))
    }

    fn whole_numbers(&self) -> Result<ArrayRef> {
        let narrow = |value: i128| i64::try_from(value).ok();
        let wide: ArrayRef = match self.column.data_type() {
            DataType::Utf8View => Arc::new(
                self.texts(|text| text.trim().parse::<i64>().ok())?.collect::<Result<arrow::array::Int64Array>>()?,
            ),
            DataType::Decimal128(_, from) => {
                let digits = u8::try_from(*from).unwrap_or(0);
                let one = |value: i128| narrow(without_digits(value, digits, Rounding::HalfUp));
                Arc::new(
                    self.each::<_, _, arrow::array::Int64Array>(
                        self.column.as_primitive::<Decimal128Type>().iter(),
                        one,
                    )?,
                )
            }
            DataType::Float64 => {
                let one = |value: f64| {
                    let whole = value.round();
                    // The largest i64 is no double: 2^63 is the first that is too large.
                    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole).then_some(whole as i64)
                };
                Arc::new(
                    self.each::<_, _, arrow::array::Int64Array>(self.column.as_primitive::<Float64Type>().iter(), one)?,
                )
            }
            _ => cast(self.column, &DataType::Int64)?,
        };
        if *self.gives == DataType::Int64 {
            return Ok(wide);
        }
        let options = CastOptions { safe: !self.strict, ..Default::default() };
        cast_with_options(&wide, self.gives, &options).map_err(|_| {
            exec_datafusion_err!("a number is too large for {}: CAST it AS bigint", shown_type(self.gives))
        })
    }

    fn each<T: ToString + Copy, U, A: FromIterator<Option<U>>>(
        &self,
        values: impl Iterator<Item = Option<T>>,
        one: impl Fn(T) -> Option<U>,
    ) -> Result<A> {
        let made = values.map(|value| match value {
            Some(value) => self.or_said(one(value), || value.to_string()),
            None => Ok(None),
        });
        made.collect()
    }
}

/// Reads a double as Java does, which Trino asks.
fn double(text: &str) -> Option<f64> {
    let text = text.trim();
    let text = text
        .strip_suffix(['d', 'D', 'f', 'F'])
        .filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
        .unwrap_or(text);
    match text.trim_start_matches(['+', '-']) {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        digits if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

/// Reads a number such as `-12.5` or `1e3` as a decimal with so many digits behind the point, rounded.
fn decimal_of(text: &str, digits: u8) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The number is all * 10^-lost at the wanted scale.
    let lost = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?.checked_sub(i32::from(digits))?;
    let all = all.trim_start_matches('0');
    let value = match lost {
        lost if lost <= 0 => {
            let value: i128 = if all.is_empty() { 0 } else { all.parse().ok()? };
            if value == 0 { 0 } else { value.checked_mul(10_i128.checked_pow(lost.unsigned_abs())?)? }
        }
        lost => {
            let lost = usize::try_from(lost).ok()?;
            let kept = all.len().checked_sub(lost).map_or("", |kept| &all[..kept]);
            let next = all.len().checked_sub(lost).and_then(|at| all.as_bytes().get(at));
            let kept: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
            kept + i128::from(next.is_some_and(|digit| *digit >= b'5'))
        }
    };
    Some(if negative { -value } else { value })
}
