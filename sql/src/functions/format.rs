//! `format('%s:%05d', a, b)`: patterns of Java's `String.format`, as far as people use them.
//!
//! <https://trino.io/docs/current/functions/conversion.html#formatting>

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};

use super::text::each;
use super::texts;

/// What stands behind a `%`: flags, a width, digits behind the point, a letter.
#[derive(Debug, Default)]
struct Piece {
    flags: String,
    width: usize,
    digits: Option<usize>,
    letter: char,
}

/// Formats the values of each row by its pattern.
pub fn run(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let patterns = texts(&columns[0])?;
    let rows = patterns.into_iter().enumerate();
    each(
        rows.map(|(row, pattern)| pattern.map(|pattern| one(pattern, &columns[1..], row)).transpose())
            .collect::<Result<Vec<_>>>()?
            .into_iter(),
    )
}

fn one(pattern: &str, values: &[ArrayRef], row: usize) -> Result<String> {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut letters = pattern.chars().peekable();
    let mut next = 0;
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut piece = Piece::default();
        while let Some(flag) = letters.next_if(|c| "-+0, (#".contains(*c)) {
            piece.flags.push(flag);
        }
        let mut digits = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        piece.width = digits.parse().unwrap_or(0).min(1_000);
        if letters.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            piece.digits = digits.parse().ok().map(|digits: usize| digits.min(100));
        }
        piece.letter = letters.next().ok_or_else(|| wrong(pattern, "it ends with a %"))?;
        match piece.letter {
            '%' => text.push('%'),
            'n' => text.push('\n'),
            _ => {
                let value = values.get(next).ok_or_else(|| wrong(pattern, "there are fewer values than %"))?;
                next += 1;
                text.push_str(&padded(&piece, shown(&piece, value, row, pattern)?));
            }
        }
    }
    Ok(text)
}

fn wrong(pattern: &str, why: &str) -> DataFusionError {
    exec_datafusion_err!("format: {why}: {pattern:?}")
}

fn shown(piece: &Piece, value: &ArrayRef, row: usize, pattern: &str) -> Result<String> {
    if value.is_null(row) || *value.data_type() == DataType::Null {
        return Ok("null".to_owned());
    }
    let of_type = value.data_type();
    let whole = || -> Result<i64> {
        match of_type {
            DataType::Int32 | DataType::Int64 => {
                Ok(cast(&value.slice(row, 1), &DataType::Int64)?.as_primitive::<Int64Type>().value(0))
            }
            _ => Err(wrong(pattern, &format!("%{} wants a whole number", piece.letter))),
        }
    };
    match piece.letter {
        's' | 'S' => {
            let text = match of_type {
                DataType::Float64 => crate::answer::shown_double(value.as_primitive::<Float64Type>().value(row)),
                _ => {
                    let text = cast(&value.slice(row, 1), &DataType::Utf8View)?;
                    text.as_string_view().value(0).to_owned()
                }
            };
            let text: String = text.chars().take(piece.digits.unwrap_or(usize::MAX)).collect();
            Ok(if piece.letter == 'S' { text.to_uppercase() } else { text })
        }
        'd' => signed(piece, whole()? < 0, grouped(piece, &whole()?.unsigned_abs().to_string())),
        'x' => Ok(format!("{:x}", whole()?)),
        'X' => Ok(format!("{:X}", whole()?)),
        'o' => Ok(format!("{:o}", whole()?)),
        'f' => {
            let digits = piece.digits.unwrap_or(6);
            let (negative, text) = match of_type {
                DataType::Float64 => {
                    let number = value.as_primitive::<Float64Type>().value(row);
                    if !number.is_finite() {
                        return Ok(crate::answer::shown_double(number));
                    }
                    (number < 0.0, half_up(&number.abs().to_string(), digits))
                }
                DataType::Decimal128(_, scale) => {
                    let number = value.as_primitive::<Decimal128Type>().value(row);
                    (number < 0, decimal(number.unsigned_abs(), u32::from(scale.unsigned_abs()), digits))
                }
                _ => return Err(wrong(pattern, "%f wants a number with a point: CAST it AS double")),
            };
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let point = if fraction.is_empty() { "" } else { "." };
            signed(piece, negative, format!("{}{point}{fraction}", grouped(piece, whole)))
        }
        other => Err(wrong(pattern, &format!("%{other} is not here"))),
    }
}

/// Writes a decimal with so many digits behind the point, rounded half up.
fn decimal(number: u128, scale: u32, digits: usize) -> String {
    let digits = u32::try_from(digits).unwrap_or(38);
    let number = match scale.checked_sub(digits) {
        Some(lost) => {
            let unit = 10_u128.saturating_pow(lost);
            number / unit + u128::from(number % unit * 2 >= unit && lost > 0)
        }
        None => number.saturating_mul(10_u128.saturating_pow(digits - scale)),
    };
    let text = format!("{number:0>width$}", width = digits as usize + 1);
    let (whole, fraction) = text.split_at(text.len() - digits as usize);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Rounds a number that is written with all its digits as Java does: those that it is written with, half up.
fn half_up(number: &str, digits: usize) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let kept = format!("{fraction:0<digits$}");
    let mut all: Vec<u8> = whole.bytes().chain(kept.bytes().take(digits)).collect();
    let mut carry = fraction.as_bytes().get(digits).is_some_and(|next| *next >= b'5');
    for digit in all.iter_mut().rev() {
        if !carry {
            break;
        }
        carry = *digit == b'9';
        *digit = if carry { b'0' } else { *digit + 1 };
    }
    let mut text: String = all.into_iter().map(char::from).collect();
    if carry {
        text.insert(0, '1');
    }
    if digits > 0 {
        text.insert(text.len() - digits, '.');
    }
    text
}

fn grouped(piece: &Piece, digits: &str) -> String {
    if !piece.flags.contains(',') {
        return digits.to_owned();
    }
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn signed(piece: &Piece, negative: bool, digits: String) -> Result<String> {
    let sign = match negative {
        true => "-",
        false if piece.flags.contains('+') => "+",
        false if piece.flags.contains(' ') => " ",
        false => "",
    };
    let zeros = match piece.flags.contains('0') {
        true => piece.width.saturating_sub(sign.len() + digits.len()),
        false => 0,
    };
    Ok(format!("{sign}{}{digits}", "0".repeat(zeros)))
}

fn padded(piece: &Piece, text: String) -> String {
    let width = piece.width;
    if piece.flags.contains('-') { format!("{text:<width$}") } else { format!("{text:>width$}") }
}
