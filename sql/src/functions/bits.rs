//! Bits, bases, buckets, and what a double may be besides a number.
//!
//! <https://trino.io/docs/current/functions/bitwise.html>, <https://trino.io/docs/current/functions/math.html>

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};

use super::number::number;
use super::text::each;
use super::{Fun, is_text, texts};

macro_rules! is {
    ($name:literal, $test:expr) => {
        Fun {
            name: $name,
            usage: concat!($name, "(number)"),
            takes: |types| matches!(types, [one] if number(one).is_some()).then(|| vec![DataType::Float64]),
            gives: |_, _| Ok(DataType::Boolean),
            run: |columns, _| {
                let values = columns[0].as_primitive::<Float64Type>().iter();
                Ok(Arc::new(values.map(|value| value.map($test)).collect::<BooleanArray>()))
            },
        }
    };
}

/// What crate::planner puts around a double that is compared: NaN gets this place among all, and zero one sign.
macro_rules! placed {
    ($name:literal, $bits:expr, $bits_of_real:expr) => {
        Fun {
            name: $name,
            usage: concat!($name, "(number)"),
            takes: |types| match types {
                [DataType::Float32] => Some(vec![DataType::Float32]),
                [one] => number(one).map(|_| vec![DataType::Float64]),
                _ => None,
            },
            gives: |types, _| Ok(types[0].clone()),
            run: |columns, gives| match gives {
                DataType::Float32 => {
                    let place = |value: f32| if value.is_nan() { f32::from_bits($bits_of_real) } else { value + 0.0 };
                    Ok(Arc::new(columns[0].as_primitive::<Float32Type>().unary::<_, Float32Type>(place)))
                }
                _ => {
                    let place = |value: f64| if value.is_nan() { f64::from_bits($bits) } else { value + 0.0 };
                    Ok(Arc::new(columns[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(place)))
                }
            },
        }
    };
}

/// A shift of a number by bits, of 32 or 64.
macro_rules! shift {
    ($name:literal, $shift:expr) => {
        Fun {
            name: $name,
            usage: concat!($name, "(number, bits)"),
            takes: |types| Some(vec![whole_numbers(types, 2)?[0].clone(), DataType::Int64]),
            gives: |types, _| Ok(types[0].clone()),
            run: |columns, gives| {
                let bits = if *gives == DataType::Int32 { 32 } else { 64 };
                let wide = vec![cast(&columns[0], &DataType::Int64)?, Arc::clone(&columns[1])];
                let shifted = both(&wide, |value, by| {
                    let by = u32::try_from(by)
                        .map_err(|_| exec_datafusion_err!("bits are shifted by 0 or more, not by {by}"))?;
                    Ok($shift(value, by, bits))
                })?;
                if bits == 64 {
                    return Ok(shifted);
                }
                let narrow = shifted.as_primitive::<Int64Type>().iter().map(|value| value.map(|value| value as i32));
                Ok(Arc::new(narrow.collect::<Int32Array>()))
            },
        }
    };
}

/// The functions.
pub const FUNS: &[Fun] = &[
    placed!("nan_above", u64::MAX >> 1, u32::MAX >> 1),
    placed!("nan_below", u64::MAX, u32::MAX),
    Fun {
        name: "bitwise_not",
        usage: "bitwise_not(number)",
        takes: |types| whole_numbers(types, 1).map(|_| vec![DataType::Int64]),
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| Ok(Arc::new(columns[0].as_primitive::<Int64Type>().unary::<_, Int64Type>(|value| !value))),
    },
    shift!("bitwise_left_shift", |value: i64, by: u32, bits: u32| if by >= bits { 0 } else { value.wrapping_shl(by) }),
    shift!("bitwise_right_shift", |value: i64, by: u32, bits: u32| match (by >= bits, bits) {
        (true, _) => 0,
        (_, 32) => i64::from((value as u32).wrapping_shr(by) as i32),
        _ => (value as u64).wrapping_shr(by) as i64,
    }),
    shift!("bitwise_right_shift_arithmetic", |value: i64, by: u32, _| value >> by.min(63)),
    Fun {
        name: "bit_count",
        usage: "bit_count(number, bits), of 2 to 64 bits",
        takes: |types| whole_numbers(types, 2).map(|_| vec![DataType::Int64; 2]),
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            both(columns, |value, bits| {
                let width = u32::try_from(bits).ok().filter(|bits| (2..=64).contains(bits));
                let width =
                    width.ok_or_else(|| exec_datafusion_err!("bit_count: there are 2 to 64 bits, not {bits}"))?;
                let least = -(1_i128 << (width - 1));
                if i128::from(value) < least || i128::from(value) > -least - 1 {
                    return Err(exec_datafusion_err!("bit_count: {value} does not fit {bits} bits"));
                }
                let mask = u64::MAX >> (64 - width);
                Ok(i64::from((value as u64 & mask).count_ones()))
            })
        },
    },
    Fun {
        name: "to_base",
        usage: "to_base(number, base)",
        takes: |types| whole_numbers(types, 2).map(|_| vec![DataType::Int64; 2]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let (values, bases) = (columns[0].as_primitive::<Int64Type>(), columns[1].as_primitive::<Int64Type>());
            let one = |(value, base): (Option<i64>, Option<i64>)| {
                value.zip(base).map(|(value, base)| Ok(in_base(value, base_of(base)?))).transpose()
            };
            each(values.iter().zip(bases).map(one).collect::<Result<Vec<_>>>()?.into_iter())
        },
    },
    Fun {
        name: "from_base",
        usage: "from_base(text, base)",
        takes: |types| match types {
            [text, base] if is_text(text) => {
                whole_numbers(std::slice::from_ref(base), 1).map(|_| vec![DataType::Utf8View, DataType::Int64])
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            let one = |(text, base): (Option<&str>, Option<i64>)| {
                let read = |(text, base): (&str, i64)| {
                    i64::from_str_radix(text, base_of(base)?)
                        .map_err(|_| exec_datafusion_err!("from_base: {text:?} is no number of base {base}"))
                };
                text.zip(base).map(read).transpose()
            };
            let values = texts(&columns[0])?.into_iter().zip(columns[1].as_primitive::<Int64Type>());
            Ok(Arc::new(values.map(one).collect::<Result<Int64Array>>()?))
        },
    },
    Fun {
        name: "width_bucket",
        usage: "width_bucket(number, low, high, buckets) or width_bucket(number, ARRAY[...])",
        takes: |types| match types {
            [value, low, high, buckets] if [value, low, high, buckets].into_iter().all(|t| number(t).is_some()) => {
                Some(vec![DataType::Float64, DataType::Float64, DataType::Float64, DataType::Int64])
            }
            [value, list @ DataType::List(_)] if number(value).is_some() => Some(vec![DataType::Float64, list.clone()]),
            _ => None,
        },
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| if columns.len() == 2 { bucket_of(columns) } else { bucket(columns) },
    },
    is!("is_finite", f64::is_finite),
    is!("is_infinite", f64::is_infinite),
    is!("is_nan", f64::is_nan),
];

/// Returns the types of whole numbers; `None` for anything else.
fn whole_numbers(types: &[DataType], count: usize) -> Option<Vec<DataType>> {
    let whole = |t: &DataType| number(t).filter(|t| matches!(t, DataType::Int32 | DataType::Int64));
    (types.len() == count).then(|| types.iter().map(whole).collect())?
}

fn both(columns: &[ArrayRef], one: impl Fn(i64, i64) -> Result<i64>) -> Result<ArrayRef> {
    let pairs = columns[0].as_primitive::<Int64Type>().iter().zip(columns[1].as_primitive::<Int64Type>());
    let values = pairs.map(|(a, b)| a.zip(b).map(|(a, b)| one(a, b)).transpose());
    Ok(Arc::new(values.collect::<Result<Int64Array>>()?))
}

fn base_of(base: i64) -> Result<u32> {
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    base.ok_or_else(|| exec_datafusion_err!("a base is 2 to 36"))
}

fn in_base(value: i64, base: u32) -> String {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit((rest % u64::from(base)) as u32, base));
        rest /= u64::from(base);
        if rest == 0 {
            break;
        }
    }
    digits.extend((value < 0).then_some('-'));
    digits.into_iter().rev().collect()
}

fn bucket(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let double = |at: usize| columns[at].as_primitive::<Float64Type>();
    let (values, lows, highs) = (double(0), double(1), double(2));
    let counts = columns[3].as_primitive::<Int64Type>();
    let one = |row: usize| -> Result<Option<i64>> {
        if columns.iter().any(|column| column.is_null(row)) {
            return Ok(None);
        }
        let (value, low, high, count) = (values.value(row), lows.value(row), highs.value(row), counts.value(row));
        if count <= 0 || low == high || !low.is_finite() || !high.is_finite() || value.is_nan() {
            return Err(exec_datafusion_err!("width_bucket wants numbers, two bounds that differ, and buckets"));
        }
        let (from, to) = if low < high { (value - low, high - low) } else { (low - value, low - high) };
        Ok(Some(match from {
            from if from < 0.0 => 0,
            from if from >= to => {
                count.checked_add(1).ok_or_else(|| exec_datafusion_err!("width_bucket: too many buckets"))?
            }
            from => (count as f64 * from / to) as i64 + 1,
        }))
    };
    Ok(Arc::new((0..values.len()).map(one).collect::<Result<Int64Array>>()?))
}

fn bucket_of(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let (values, lists) = (columns[0].as_primitive::<Float64Type>(), columns[1].as_list::<i32>());
    let one = |row: usize| -> Result<Option<i64>> {
        if values.is_null(row) || lists.is_null(row) {
            return Ok(None);
        }
        let bounds = cast(&lists.value(row), &DataType::Float64)?;
        let bounds: Vec<f64> =
            bounds.as_primitive::<Float64Type>().iter().map(|bound| bound.unwrap_or(f64::NAN)).collect();
        if bounds.is_empty()
            || bounds.windows(2).any(|pair| pair[0] >= pair[1])
            || bounds.iter().any(|bound| !bound.is_finite())
        {
            return Err(exec_datafusion_err!("width_bucket wants bounds in ascending order"));
        }
        Ok(Some(bounds.partition_point(|bound| *bound <= values.value(row)) as i64))
    };
    Ok(Arc::new((0..values.len()).map(one).collect::<Result<Int64Array>>()?))
}
