//! Numbers: arithmetic and rounding with Trino's types. Decimals stay decimals, whole numbers that are too large are errors.
//!
//! Types: <https://trino.io/docs/current/functions/decimal.html>, <https://trino.io/docs/current/functions/math.html>. A whole number
//! beside a decimal is one without digits behind the point; a double makes doubles of all.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::compute::cast;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type, i256};
use arrow::error::ArrowError;
use datafusion::common::{Result, exec_datafusion_err, plan_datafusion_err};

use super::{Fun, is_number};

/// Most digits of a decimal.
pub const MAX_PRECISION: u8 = 38;

/// The functions.
pub const FUNS: &[Fun] = &[
    // What crate::guard puts around a condition in a CASE.
    Fun {
        name: "one_if",
        usage: "one_if(condition)",
        takes: |types| (types.len() == 1).then(|| vec![DataType::Boolean]),
        gives: |_, _| Ok(DataType::Int8),
        run: |columns, gives| Ok(cast(&columns[0], gives)?),
    },
    Fun {
        name: "is_one",
        usage: "is_one(number)",
        takes: |types| (types.len() == 1).then(|| vec![DataType::Int8]),
        gives: |_, _| Ok(DataType::Boolean),
        run: |columns, gives| Ok(cast(&columns[0], gives)?),
    },
    Fun {
        name: super::HELD,
        usage: "held(condition, column...)",
        takes: |types| Some(types.to_vec()),
        gives: |_, _| Ok(DataType::Boolean),
        run: |columns, _| Ok(Arc::clone(&columns[0])),
    },
    // What crate::among puts around a subquery that may have no row: the same, but it may be NULL.
    Fun {
        name: super::OR_NULL,
        usage: "or_null(value)",
        takes: |types| (types.len() == 1).then(|| types.to_vec()),
        gives: |types, _| Ok(types[0].clone()),
        run: |columns, _| Ok(Arc::clone(&columns[0])),
    },
    // What crate::apart puts around a subquery.
    Fun {
        name: crate::apart::APART,
        usage: "apart(subquery, number)",
        takes: |types| (types.len() == 2).then(|| types.to_vec()),
        gives: |types, _| Ok(types[0].clone()),
        run: |columns, _| Ok(Arc::clone(&columns[0])),
    },
    // What crate::tried makes something else of, once types are settled.
    Fun {
        name: crate::tried::TRY,
        usage: "try(expression)",
        takes: |types| (types.len() == 1).then(|| types.to_vec()),
        gives: |types, _| Ok(types[0].clone()),
        run: |columns, _| Ok(Arc::clone(&columns[0])),
    },
    operator("plus", "a + b", Operator::Plus),
    operator("minus", "a - b", Operator::Minus),
    operator("times", "a * b", Operator::Times),
    operator("divided", "a / b", Operator::Divided),
    operator("modulo", "a % b or mod(a, b)", Operator::Modulo),
    operator("mod", "mod(a, b)", Operator::Modulo),
    Fun {
        name: "negated",
        usage: "-number",
        takes: one_number,
        gives: |types, _| Ok(types[0].clone()),
        run: |columns, _| numeric::neg(&columns[0]).map_err(overflow),
    },
    Fun {
        name: "sqrt",
        usage: "sqrt(number)",
        takes: |types| one_number(types).map(|_| vec![DataType::Float64]),
        gives: |_, _| Ok(DataType::Float64),
        run: |columns, _| doubles(&columns[0], f64::sqrt),
    },
    Fun {
        name: "abs",
        usage: "abs(number)",
        takes: one_number,
        gives: |types, _| Ok(types[0].clone()),
        run: |columns, _| match columns[0].data_type() {
            DataType::Int32 => checked::<Int32Type>(&columns[0], i32::checked_abs),
            DataType::Int64 => checked::<Int64Type>(&columns[0], i64::checked_abs),
            DataType::Decimal128(..) => decimals(&columns[0], columns[0].data_type(), |value| Ok(value.abs())),
            _ => doubles(&columns[0], f64::abs),
        },
    },
    Fun {
        name: "sign",
        usage: "sign(number)",
        takes: one_number,
        gives: |types, _| match &types[0] {
            DataType::Decimal128(..) => Ok(DataType::Decimal128(1, 0)),
            other => Ok(other.clone()),
        },
        run: |columns, gives| match columns[0].data_type() {
            DataType::Int32 => checked::<Int32Type>(&columns[0], |value| Some(value.signum())),
            DataType::Int64 => checked::<Int64Type>(&columns[0], |value| Some(value.signum())),
            DataType::Decimal128(..) => decimals(&columns[0], gives, |value| Ok(value.signum())),
            _ => doubles(&columns[0], |value| if value == 0.0 || value.is_nan() { value } else { value.signum() }),
        },
    },
    whole("floor", "floor(number)", Rounding::Floor),
    whole("ceil", "ceil(number)", Rounding::Ceiling),
    whole("ceiling", "ceiling(number)", Rounding::Ceiling),
    Fun {
        name: "round",
        usage: "round(number) or round(number, digits)",
        takes: number_and_digits,
        gives: |types, _| match (&types[0], types.len()) {
            (DataType::Decimal128(p, s), 1) => Ok(whole_decimal(*p, *s)),
            (DataType::Decimal128(p, s), _) => Ok(DataType::Decimal128((*p + 1).min(MAX_PRECISION), *s)),
            (other, _) => Ok(other.clone()),
        },
        run: |columns, gives| rounded(columns, gives, Rounding::HalfUp),
    },
    Fun {
        name: "truncate",
        usage: "truncate(number) or truncate(number, digits)",
        takes: number_and_digits,
        gives: |types, _| match (&types[0], types.len()) {
            (DataType::Decimal128(p, s), 1) => Ok(DataType::Decimal128((*p).saturating_sub(scale(*s)).max(1), 0)),
            (other, _) => Ok(other.clone()),
        },
        run: |columns, gives| rounded(columns, gives, Rounding::Down),
    },
];

/// An operator between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
}

/// How a number loses digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Away from zero from 5 on.
    HalfUp,
    /// Towards zero.
    Down,
    Floor,
    Ceiling,
}

const fn operator(name: &'static str, usage: &'static str, operator: Operator) -> Fun {
    macro_rules! of {
        ($operator:expr) => {
            Fun {
                name,
                usage,
                takes: |types| two_numbers(types),
                gives: |types, _| gives($operator, types),
                run: |columns, gives| run($operator, columns, gives),
            }
        };
    }
    match operator {
        Operator::Plus => of!(Operator::Plus),
        Operator::Minus => of!(Operator::Minus),
        Operator::Times => of!(Operator::Times),
        Operator::Divided => of!(Operator::Divided),
        Operator::Modulo => of!(Operator::Modulo),
    }
}

const fn whole(name: &'static str, usage: &'static str, rounding: Rounding) -> Fun {
    macro_rules! of {
        ($rounding:expr) => {
            Fun {
                name,
                usage,
                takes: one_number,
                gives: |types, _| match &types[0] {
                    DataType::Decimal128(p, s) => Ok(whole_decimal(*p, *s)),
                    other => Ok(other.clone()),
                },
                run: |columns, gives| rounded(columns, gives, $rounding),
            }
        };
    }
    match rounding {
        Rounding::Floor => of!(Rounding::Floor),
        _ => of!(Rounding::Ceiling),
    }
}

/// Returns the type of a decimal that loses what stands behind the point, and may grow by one digit.
fn whole_decimal(p: u8, s: i8) -> DataType {
    let s = scale(s);
    DataType::Decimal128((p - s.min(p) + s.min(1)).clamp(1, MAX_PRECISION), 0)
}

fn scale(s: i8) -> u8 {
    u8::try_from(s).unwrap_or(0)
}

/// Returns the type in which numbers of a type are reckoned with; `None` if it is no number.
pub fn number(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 | DataType::Int32 => DataType::Int32,
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => DataType::Int64,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
            DataType::Decimal128(*p, *s)
        }
        DataType::Decimal256(_, s) => DataType::Decimal128(MAX_PRECISION, *s),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => DataType::Float64,
        _ => return None,
    })
}

/// Returns precision and scale of a number as a decimal; `None` of a double.
fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Int32 => Some((10, 0)),
        DataType::Int64 => Some((19, 0)),
        DataType::Decimal128(p, s) => Some((*p, *s)),
        _ => None,
    }
}

fn one_number(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [DataType::Null] => Some(vec![DataType::Int32]),
        [DataType::Float32] => Some(vec![DataType::Float32]),
        [one] => Some(vec![number(one)?]),
        _ => None,
    }
}

fn number_and_digits(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [_] => one_number(types),
        [one, digits] if is_number(digits) && !digits.is_floating() && !digits.is_decimal() => {
            Some([one_number(std::slice::from_ref(one))?, vec![DataType::Int64]].concat())
        }
        _ => None,
    }
}

/// Returns the types in which two numbers are reckoned with: the same two whole numbers or doubles, or decimals of their own.
pub fn two_numbers(types: &[DataType]) -> Option<Vec<DataType>> {
    let [a, b] = types else { return None };
    // A real makes reals of all but doubles.
    match (a, b) {
        (DataType::Float32, DataType::Float64) | (DataType::Float64, DataType::Float32) => {}
        (DataType::Float32, other) | (other, DataType::Float32) if is_number(other) => {
            return Some(vec![DataType::Float32; 2]);
        }
        _ => {}
    }
    let known = |data_type: &DataType| match data_type {
        DataType::Null => Some(None),
        other => number(other).map(Some),
    };
    let (a, b) = (known(a)?, known(b)?);
    let (a, b) = match (a, b) {
        (None, None) => (DataType::Int32, DataType::Int32),
        (Some(a), None) => (a.clone(), a),
        (None, Some(b)) => (b.clone(), b),
        (Some(a), Some(b)) => (a, b),
    };
    Some(match (digits(&a), digits(&b)) {
        (Some((pa, sa)), Some((pb, sb))) if a.is_decimal() || b.is_decimal() => {
            vec![DataType::Decimal128(pa, sa), DataType::Decimal128(pb, sb)]
        }
        (Some(_), Some(_)) => {
            let wide = if a == DataType::Int64 { a } else { b };
            vec![wide.clone(), wide]
        }
        _ => vec![DataType::Float64, DataType::Float64],
    })
}

fn gives(operator: Operator, types: &[DataType]) -> Result<DataType> {
    let (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) = (&types[0], &types[1]) else {
        return Ok(types[0].clone());
    };
    let (p1, s1, p2, s2) = (i16::from(*p1), i16::from(*s1), i16::from(*p2), i16::from(*s2));
    let both = s1.max(s2);
    let (p, s) = match operator {
        Operator::Plus | Operator::Minus => ((p1 - s1).max(p2 - s2) + both + 1, both),
        Operator::Times => (p1 + p2, s1 + s2),
        Operator::Divided => (p1 + s2 + (s2 - s1).max(0), both),
        Operator::Modulo => ((p1 - s1).min(p2 - s2) + both, both),
    };
    let max = i16::from(MAX_PRECISION);
    if s > max {
        return Err(plan_datafusion_err!(
            "the product of decimals has {s} digits behind the point, and {MAX_PRECISION} is the most: CAST one of them AS double"
        ));
    }
    let p = p.min(max).max(s).max(1);
    Ok(DataType::Decimal128(p as u8, s as i8))
}

fn overflow(error: ArrowError) -> datafusion::common::DataFusionError {
    match error {
        ArrowError::DivideByZero => exec_datafusion_err!("division by zero: NULLIF(divisor, 0) gives NULL instead"),
        ArrowError::ArithmeticOverflow(what) => too_large(&what),
        other => other.into(),
    }
}

fn too_large(what: &str) -> datafusion::common::DataFusionError {
    exec_datafusion_err!("a number is too large for its type ({what}): CAST to bigint, decimal(38, 0) or double first")
}

fn run(operator: Operator, columns: &[ArrayRef], gives: &DataType) -> Result<ArrayRef> {
    let (a, b) = (&columns[0], &columns[1]);
    if let DataType::Decimal128(..) = gives {
        return on_decimals(operator, a, b, gives);
    }
    let done = match operator {
        Operator::Plus => numeric::add(a, b),
        Operator::Minus => numeric::sub(a, b),
        Operator::Times => numeric::mul(a, b),
        Operator::Divided => numeric::div(a, b),
        Operator::Modulo => numeric::rem(a, b),
    };
    done.map_err(overflow)
}

fn on_decimals(operator: Operator, a: &ArrayRef, b: &ArrayRef, gives: &DataType) -> Result<ArrayRef> {
    let (DataType::Decimal128(_, s1), DataType::Decimal128(_, s2), DataType::Decimal128(p, s)) =
        (a.data_type(), b.data_type(), gives)
    else {
        return Err(exec_datafusion_err!("these are no decimals"));
    };
    let limit = ten_to(*p);
    let to_scale = |value: i128, from: i8| value.checked_mul(ten_to(scale(*s - from)));
    let one = |a: i128, b: i128| -> Result<i128> {
        let both = || to_scale(a, *s1).zip(to_scale(b, *s2));
        let value = match operator {
            Operator::Plus => both().and_then(|(a, b)| a.checked_add(b)),
            Operator::Minus => both().and_then(|(a, b)| a.checked_sub(b)),
            Operator::Times => a.checked_mul(b),
            Operator::Divided | Operator::Modulo if b == 0 => return Err(overflow(ArrowError::DivideByZero)),
            Operator::Modulo => both().map(|(a, b)| a % b),
            Operator::Divided => {
                let more = i256::from_i128(10).checked_pow(u32::from(scale(*s2 + *s - *s1)));
                more.and_then(|more| i256::from_i128(a).checked_mul(more)).and_then(|a| half_up(a, i256::from_i128(b)))
            }
        };
        let value = value.filter(|value| value.unsigned_abs() < limit.unsigned_abs());
        value.ok_or_else(|| too_large("a decimal has 38 digits at most"))
    };
    let (a, b) = (a.as_primitive::<Decimal128Type>(), b.as_primitive::<Decimal128Type>());
    let values = a.iter().zip(b).map(|(a, b)| a.zip(b).map(|(a, b)| one(a, b)).transpose());
    Ok(Arc::new(values.collect::<Result<Decimal128Array>>()?.with_data_type(gives.clone())))
}

/// Divides, away from zero from a half on.
fn half_up(a: i256, b: i256) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    let rest = a.checked_sub(quotient.checked_mul(b)?)?.checked_abs()?;
    let up = rest.checked_mul(i256::from_i128(2))? >= b.checked_abs()?;
    let away = if (a < i256::ZERO) == (b < i256::ZERO) { i256::ONE } else { i256::MINUS_ONE };
    (if up { quotient.checked_add(away)? } else { quotient }).to_i128()
}

/// Returns a power of ten; the largest that there is for more than 38.
pub fn ten_to(digits: u8) -> i128 {
    10_i128.checked_pow(u32::from(digits)).unwrap_or(i128::MAX)
}

/// Divides by a power of ten.
pub fn without_digits(value: i128, digits: u8, rounding: Rounding) -> i128 {
    if digits > MAX_PRECISION {
        return 0;
    }
    let unit = ten_to(digits);
    let (quotient, rest) = (value / unit, value % unit);
    match rounding {
        Rounding::Down => quotient,
        Rounding::Floor if rest < 0 => quotient - 1,
        Rounding::Ceiling if rest > 0 => quotient + 1,
        Rounding::HalfUp if rest.abs() >= unit - rest.abs() && rest != 0 => quotient + value.signum(),
        _ => quotient,
    }
}

fn checked<T>(column: &ArrayRef, one: impl Fn(T::Native) -> Option<T::Native>) -> Result<ArrayRef>
where
    T: arrow::datatypes::ArrowPrimitiveType,
{
    let large = || too_large("the smallest number has no positive one");
    let done = column.as_primitive::<T>().try_unary::<_, T, _>(|value| one(value).ok_or_else(large))?;
    Ok(Arc::new(done))
}

fn decimals(column: &ArrayRef, gives: &DataType, one: impl Fn(i128) -> Result<i128>) -> Result<ArrayRef> {
    let values = column.as_primitive::<Decimal128Type>().try_unary::<_, Decimal128Type, _>(one)?;
    Ok(Arc::new(values.with_data_type(gives.clone())))
}

fn doubles(column: &ArrayRef, one: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    if *column.data_type() == DataType::Float32 {
        return Ok(cast(&doubles(&cast(column, &DataType::Float64)?, one)?, &DataType::Float32)?);
    }
    Ok(Arc::new(column.as_primitive::<Float64Type>().unary::<_, Float64Type>(one)))
}

/// Rounds to whole numbers, or to as many digits as the second column says.
fn rounded(columns: &[ArrayRef], gives: &DataType, rounding: Rounding) -> Result<ArrayRef> {
    let column = &columns[0];
    if *column.data_type() == DataType::Float32 {
        let wide = [&[cast(column, &DataType::Float64)?], &columns[1..]].concat();
        return Ok(cast(&rounded(&wide, &DataType::Float64, rounding)?, gives)?);
    }
    let Some(digits) = columns.get(1) else {
        return match column.data_type() {
            DataType::Decimal128(_, s) => {
                decimals(column, gives, |value| Ok(without_digits(value, scale(*s), rounding)))
            }
            DataType::Float64 => doubles(column, |value| whole_double(value, rounding)),
            _ => Ok(Arc::clone(column)),
        };
    };
    let digits = digits.as_primitive::<Int64Type>();
    match column.data_type() {
        DataType::Decimal128(_, s) => {
            let limit = self::digits(gives).map_or(i128::MAX, |(p, _)| ten_to(p));
            let one = |value: i128, digits: i64| -> Result<i128> {
                let lost = i64::from(*s) - digits;
                let Some(lost) = u8::try_from(lost.min(200)).ok().filter(|lost| *lost > 0) else { return Ok(value) };
                let kept = without_digits(value, lost, rounding);
                let value = if kept == 0 { Some(0) } else { kept.checked_mul(ten_to(lost)) };
                value.filter(|value| value.abs() < limit).ok_or_else(|| too_large("a decimal has 38 digits at most"))
            };
            let values = column.as_primitive::<Decimal128Type>().iter().zip(digits);
            let values = values.map(|(value, digits)| value.zip(digits).map(|(v, d)| one(v, d)).transpose());
            Ok(Arc::new(values.collect::<Result<Decimal128Array>>()?.with_data_type(gives.clone())))
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().iter().zip(digits);
            let values = values.map(|(value, digits)| value.zip(digits).map(|(v, d)| double_to(v, d, rounding)));
            Ok(Arc::new(values.collect::<Float64Array>()))
        }
        _ => {
            let one = |value: i64, digits: i64| -> Result<i128> {
                let Some(lost) = u8::try_from(digits.saturating_neg().min(30)).ok().filter(|lost| *lost > 0) else {
                    return Ok(value.into());
                };
                Ok(without_digits(value.into(), lost, rounding) * ten_to(lost))
            };
            let wide = cast(column, &DataType::Int64)?;
            let values = wide.as_primitive::<Int64Type>().iter().zip(digits);
            let values = values.map(|(value, digits)| value.zip(digits).map(|(v, d)| one(v, d)).transpose());
            let values: ArrayRef =
                Arc::new(values.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(38, 0)?);
            let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
            arrow::compute::cast_with_options(&values, gives, &options).map_err(|_| too_large("round"))
        }
    }
}

fn whole_double(value: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Floor => value.floor(),
        Rounding::Ceiling => value.ceil(),
        Rounding::Down => value.trunc(),
        Rounding::HalfUp => value.round(),
    }
}

/// Rounds a double to digits behind the point, as Trino does: by a factor, not by its decimal form.
fn double_to(value: f64, digits: i64, rounding: Rounding) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let factor = 10_f64.powi(digits.clamp(-400, 400) as i32);
    let scaled = value * factor;
    if !scaled.is_finite() || factor == 0.0 {
        return if factor == 0.0 { 0.0 } else { value };
    }
    whole_double(scaled, rounding) / factor
}
