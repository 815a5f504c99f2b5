//! Texts: `CAST(... AS varchar)` as Trino writes values, `url_decode`, `regexp_extract`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};
use regex::Regex;

use super::network::{ADDRESS_BYTES, shown_address};
use super::time::shown_timestamp;
use super::{Fun, Last, is_number, is_text, texts};

/// The functions.
pub const FUNS: &[Fun] = &[
    Fun {
        name: "varchar_of",
        usage: "CAST(value AS varchar)",
        takes: |types| match types {
            [one] => Some(vec![one.clone()]),
            [one, length] if is_number(length) => Some(vec![one.clone(), DataType::Int64]),
            _ => None,
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let whole = varchar(&columns[0])?;
            let Some(lengths) = columns.get(1) else { return Ok(whole) };
            let of_text = is_text(columns[0].data_type());
            let cut = |(text, length): (Option<&str>, Option<i64>)| -> Result<Option<String>> {
                let (Some(text), Some(length)) = (text, length) else { return Ok(None) };
                let short: String = text.chars().take(usize::try_from(length).unwrap_or(0)).collect();
                // Texts are cut, anything else has to fit.
                match of_text || short == text {
                    true => Ok(Some(short)),
                    false => Err(exec_datafusion_err!("{text} is longer than varchar({length})")),
                }
            };
            let values = texts(&whole)?.into_iter().zip(lengths.as_primitive::<Int64Type>());
            each(values.map(cut).collect::<Result<Vec<_>>>()?.into_iter())
        },
    },
    Fun {
        name: "substr",
        usage: "substr(text, start) or substr(text, start, length)",
        takes: |types| match types {
            [text, numbers @ ..]
                if is_text(text) && matches!(numbers.len(), 1 | 2) && numbers.iter().all(is_number) =>
            {
                Some([vec![DataType::Utf8View], vec![DataType::Int64; numbers.len()]].concat())
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let number = |at: usize, row: usize| {
                let column = columns.get(at)?.as_primitive::<Int64Type>();
                column.is_valid(row).then(|| column.value(row))
            };
            let values = texts(&columns[0])?.into_iter().enumerate();
            each(values.map(|(row, text)| {
                let length = if columns.len() == 3 { number(2, row)? } else { i64::MAX };
                text.zip(number(1, row)).map(|(text, start)| part_of(text, start, length))
            }))
        },
    },
    Fun {
        name: "split_part",
        usage: "split_part(text, delimiter, index)",
        takes: |types| match types {
            [text, delimiter, index] if is_text(text) && is_text(delimiter) && is_number(index) => {
                Some(vec![DataType::Utf8View, DataType::Utf8View, DataType::Int64])
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let (values, delimiters) = (texts(&columns[0])?, texts(&columns[1])?);
            let parts = values.into_iter().zip(delimiters).zip(columns[2].as_primitive::<Int64Type>());
            each(
                parts
                    .map(|((text, delimiter), at)| nth_part(text, delimiter, at))
                    .collect::<Result<Vec<_>>>()?
                    .into_iter(),
            )
        },
    },
    Fun {
        name: "url_decode",
        usage: "url_decode(text)",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| each(texts(&columns[0])?.into_iter().map(|text| text.map(url_decoded))),
    },
    Fun {
        name: "regexp_extract",
        usage: "regexp_extract(text, pattern) or regexp_extract(text, pattern, group)",
        takes: |types| match types {
            [text, pattern] if is_text(text) && is_text(pattern) => Some(vec![DataType::Utf8View, DataType::Utf8View]),
            [text, pattern, group] if is_text(text) && is_text(pattern) && is_number(group) => {
                Some(vec![DataType::Utf8View, DataType::Utf8View, DataType::Int64])
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| extracted(columns),
    },
];

/// Returns letters of a text from the `start`th on, counted from its end if that is negative; there is no letter 0.
fn part_of(text: &str, start: i64, length: i64) -> &str {
    let count = || i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let from = match start {
        0 => return "",
        start if start > 0 => start - 1,
        start => match count().saturating_add(start) {
            from if from < 0 => return "",
            from => from,
        },
    };
    let at = |letters: i64| {
        let letters = usize::try_from(letters).unwrap_or(usize::MAX);
        text.char_indices().nth(letters).map_or(text.len(), |(at, _)| at)
    };
    let from_byte = at(from);
    text.get(from_byte..at(from.saturating_add(length.max(0)))).unwrap_or_default()
}

/// Returns a part of a text; `None` beyond its last one.
fn nth_part<'a>(text: Option<&'a str>, delimiter: Option<&str>, at: Option<i64>) -> Result<Option<&'a str>> {
    let (Some(text), Some(delimiter), Some(at)) = (text, delimiter, at) else { return Ok(None) };
    let at = usize::try_from(at).ok().filter(|at| *at > 0);
    let at = at.ok_or_else(|| exec_datafusion_err!("split_part counts from 1"))?;
    if delimiter.is_empty() {
        return Ok(text.char_indices().nth(at - 1).map(|(from, letter)| &text[from..from + letter.len_utf8()]));
    }
    Ok(text.split(delimiter).nth(at - 1))
}

pub(super) fn each<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::new();
    values.for_each(|value| builder.append_option(value));
    Ok(Arc::new(builder.finish()))
}

fn varchar(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::FixedSizeBinary(ADDRESS_BYTES) => {
            each(column.as_fixed_size_binary().iter().map(|bytes| bytes.and_then(shown_address)))
        }
        DataType::Timestamp(..) => {
            each((0..column.len()).map(|row| shown_timestamp(column, row)).collect::<Result<Vec<_>>>()?.into_iter())
        }
        DataType::Float64 => each(column.as_primitive::<Float64Type>().iter().map(|value| value.map(scientific))),
        _ => Ok(cast(column, &DataType::Utf8View)?),
    }
}

/// Writes a double as Trino casts it: `1.5E0`.
fn scientific(value: f64) -> String {
    if !value.is_finite() {
        return crate::answer::shown_double(value);
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// Undoes percent-encoding, a plus sign being a blank; what is no encoding stays.
fn url_decoded(text: &str) -> String {
    let hex = |bytes: &[u8]| u8::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' if bytes.get(at + 1..at + 3).and_then(hex).is_some() => {
                decoded.extend(bytes.get(at + 1..at + 3).and_then(hex));
                at += 2;
            }
            b'+' => decoded.push(b' '),
            other => decoded.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn extracted(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let (values, patterns) = (texts(&columns[0])?, texts(&columns[1])?);
    let mut last: Last<Option<Regex>> = Last::new();
    let mut found = Vec::with_capacity(values.len());
    for (row, (text, pattern)) in values.into_iter().zip(patterns).enumerate() {
        let group = match columns.get(2) {
            Some(groups) if groups.is_null(row) => None,
            Some(groups) => usize::try_from(groups.as_primitive::<Int64Type>().value(row)).ok(),
            None => Some(0),
        };
        let (Some(text), Some(pattern), Some(group)) = (text, pattern, group) else {
            found.push(None);
            continue;
        };
        let compile = |pattern: &str| {
            let compiled = Regex::new(pattern);
            compiled.map(Some).map_err(|e| exec_datafusion_err!("{pattern:?} is no regular expression: {e}"))
        };
        let captures = last.get(pattern, compile)?.as_ref().and_then(|regex| regex.captures(text));
        found.push(captures.and_then(|captures| captures.get(group)).map(|part| part.as_str()));
    }
    each(found.into_iter())
}
