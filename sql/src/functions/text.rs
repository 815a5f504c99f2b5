//! Texts: `CAST(... AS varchar)` as Trino writes values, `url_decode`, `regexp_extract`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};
use regex::Regex;

use super::network::{ADDRESS_BYTES, shown_address};
use super::pattern::of_ascii;
use super::time::shown_timestamp;
use super::{Fun, JSON, Last, is_number, is_text, texts};
use crate::answer::{scientific, shown_double};

/// Most letters of a `char(n)`; Trino has as many, which here were too many for a batch of rows.
const MAX_CHAR: usize = 1_000;

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
        name: "char_of",
        usage: "CAST(value AS char(4))",
        takes: |types| match types {
            [one, length] if is_number(length) => Some(vec![one.clone(), DataType::Int64]),
            _ => None,
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let whole = varchar(&columns[0])?;
            let padded = |(text, length): (Option<&str>, Option<i64>)| -> Result<Option<String>> {
                let (Some(text), Some(length)) = (text, length) else { return Ok(None) };
                let length = usize::try_from(length).ok().filter(|length| *length <= MAX_CHAR);
                let length = length.ok_or_else(|| exec_datafusion_err!("char has {MAX_CHAR} letters at most"))?;
                let short: String = text.chars().take(length).collect();
                Ok(Some(format!("{short:<length$}")))
            };
            let values = texts(&whole)?.into_iter().zip(columns[1].as_primitive::<Int64Type>());
            each(values.map(padded).collect::<Result<Vec<_>>>()?.into_iter())
        },
    },
    Fun {
        name: "regexp_extract_all",
        usage: "regexp_extract_all(text, pattern) or regexp_extract_all(text, pattern, group)",
        takes: of_pattern,
        gives: |_, _| Ok(list_of_texts()),
        run: |columns, _| {
            lists(columns, |regex, text, group| {
                let found = regex.captures_iter(text).map(|captures| captures.get(group).map(|part| part.as_str()));
                found.collect()
            })
        },
    },
    Fun {
        name: "regexp_split",
        usage: "regexp_split(text, pattern)",
        takes: |types| of_pattern(types).filter(|types| types.len() == 2),
        gives: |_, _| Ok(list_of_texts()),
        run: |columns, _| lists(columns, |regex, text, _| regex.split(text).map(Some).collect()),
    },
    Fun {
        name: "regexp_position",
        usage: "regexp_position(text, pattern)",
        takes: |types| of_pattern(types).filter(|types| types.len() == 2),
        gives: |_, _| Ok(DataType::Int32),
        run: |columns, _| {
            let mut last: Last<Option<Regex>> = Last::new();
            let mut places = arrow::array::Int32Builder::new();
            for (text, pattern) in texts(&columns[0])?.into_iter().zip(texts(&columns[1])?) {
                let (Some(text), Some(pattern)) = (text, pattern) else {
                    places.append_null();
                    continue;
                };
                let found = last.get(pattern, compiled)?.as_ref().and_then(|regex| regex.find(text));
                places.append_value(found.map_or(-1, |found| text[..found.start()].chars().count() as i32 + 1));
            }
            Ok(Arc::new(places.finish()))
        },
    },
    Fun {
        name: "format",
        usage: "format('%s -> %s', a, b)",
        takes: |types| {
            let (pattern, rest) = types.split_first()?;
            let shown = |of: &DataType| match of {
                of if is_number(of) => super::number::number(of).unwrap_or(DataType::Utf8View),
                _ => DataType::Utf8View,
            };
            is_text(pattern).then(|| std::iter::once(DataType::Utf8View).chain(rest.iter().map(shown)).collect())
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| super::format::run(columns),
    },
    Fun {
        name: "substr",
        usage: "substr(text, start) or substr(text, start, length)",
        takes: |types| match types {
            [text, numbers @ ..]
                // A text or bytes: of NULL alone nobody knows.
                if is_text(text)
                    && *text != DataType::Null
                    && matches!(numbers.len(), 1 | 2)
                    && numbers.iter().all(is_number) =>
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
        name: "split",
        usage: "split(text, delimiter) or split(text, delimiter, limit)",
        takes: |types| match types {
            [text, delimiter] if is_text(text) && is_text(delimiter) => {
                Some(vec![DataType::Utf8View, DataType::Utf8View])
            }
            [text, delimiter, limit] if is_text(text) && is_text(delimiter) && is_number(limit) => {
                Some(vec![DataType::Utf8View, DataType::Utf8View, DataType::Int64])
            }
            _ => None,
        },
        gives: |_, _| Ok(list_of_texts()),
        run: |columns, _| pieces(columns),
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
        name: "replace",
        usage: "replace(text, part) or replace(text, part, other)",
        takes: |types| matches!(types, [_, _, _] if types.iter().all(is_text)).then(|| vec![DataType::Utf8View; 3]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let (values, parts, others) = (texts(&columns[0])?, texts(&columns[1])?, texts(&columns[2])?);
            let replaced = |((text, part), other): ((Option<&str>, Option<&str>), Option<&str>)| {
                // An empty part stands between all letters.
                text.zip(part).zip(other).map(|((text, part), other)| text.replace(part, other))
            };
            each(values.into_iter().zip(parts).zip(others).map(replaced))
        },
    },
    Fun {
        name: "upper",
        usage: "upper(text)",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            each(
                texts(&columns[0])?.into_iter().map(|text| text.map(|text| letters(text, |c| alone(c.to_uppercase())))),
            )
        },
    },
    Fun {
        name: "lower",
        usage: "lower(text)",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            each(
                texts(&columns[0])?.into_iter().map(|text| text.map(|text| letters(text, |c| c.to_lowercase().next()))),
            )
        },
    },
    Fun {
        name: "url_decode",
        usage: "url_decode(text)",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let decoded = texts(&columns[0])?.into_iter().map(|text| text.map(url_decoded).transpose());
            each(decoded.collect::<Result<Vec<_>>>()?.into_iter())
        },
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

/// Returns a text with other letters, one for each, as Trino does: `ß` stays, since its capital would be two.
fn letters(text: &str, other: impl Fn(char) -> Option<char>) -> String {
    text.chars().map(|letter| other(letter).unwrap_or(letter)).collect()
}

/// Returns a letter that is the only one.
fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next();
    if letters.next().is_none() { first } else { None }
}

/// Returns the parts of texts between delimiters, as many as a third column says at most.
fn pieces(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    let values = texts(&columns[0])?.into_iter().zip(texts(&columns[1])?).enumerate();
    for (row, (text, delimiter)) in values {
        let limit = match columns.get(2) {
            Some(limits) if limits.is_null(row) => None,
            Some(limits) => Some(limits.as_primitive::<Int64Type>().value(row)),
            None => Some(i64::MAX),
        };
        let (Some(text), Some(delimiter), Some(limit)) = (text, delimiter, limit) else {
            lists.append_null();
            continue;
        };
        let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0 && !delimiter.is_empty());
        let limit = limit.ok_or_else(|| exec_datafusion_err!("split wants a delimiter, and a limit above 0"))?;
        text.splitn(limit, delimiter).for_each(|part| lists.values().append_value(part));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

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
        json if *json == JSON => each(super::json::scalars(column)?.into_iter()),
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().iter();
            each(values.map(|value| value.map(|value| shown_by_cast(of_seven_digits(value)))))
        }
        DataType::Float64 => each(column.as_primitive::<Float64Type>().iter().map(|value| value.map(shown_by_cast))),
        _ => Ok(cast(column, &DataType::Utf8View)?),
    }
}

/// Rounds a `real` to the seven digits that Trino casts it with.
fn of_seven_digits(value: f32) -> f64 {
    format!("{:.6e}", f64::from(value)).parse().unwrap_or(f64::from(value))
}

/// Writes a double as Trino casts it: `1.5E0`.
pub fn shown_by_cast(value: f64) -> String {
    match value {
        value if !value.is_finite() => shown_double(value),
        0.0 if value.is_sign_negative() => "-0E0".to_owned(),
        0.0 => "0E0".to_owned(),
        value => scientific(value),
    }
}

/// Undoes percent-encoding, a plus sign being a blank.
fn url_decoded(text: &str) -> Result<String> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let (Some(high), Some(low)) = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) else {
                    return Err(exec_datafusion_err!(
                        "url_decode: in {text:?} a % has no two hexadecimal digits behind it; TRY(url_decode(...)) makes NULL of it"
                    ));
                };
                decoded.extend(u8::try_from(high * 16 + low));
                at += 2;
            }
            b'+' => decoded.push(b' '),
            other => decoded.push(other),
        }
        at += 1;
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

fn of_pattern(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [text, pattern] if is_text(text) && is_text(pattern) => Some(vec![DataType::Utf8View, DataType::Utf8View]),
        [text, pattern, group] if is_text(text) && is_text(pattern) && is_number(group) => {
            Some(vec![DataType::Utf8View, DataType::Utf8View, DataType::Int64])
        }
        _ => None,
    }
}

fn list_of_texts() -> DataType {
    DataType::new_list(DataType::Utf8View, true)
}

fn compiled(pattern: &str) -> Result<Option<Regex>> {
    Regex::new(&of_ascii(pattern))
        .map(Some)
        .map_err(|e| exec_datafusion_err!("{pattern:?} is no regular expression: {e}"))
}

/// Returns a list of texts for each row, of a text, a pattern and a group.
fn lists(
    columns: &[ArrayRef],
    one: impl for<'a> Fn(&Regex, &'a str, usize) -> Vec<Option<&'a str>>,
) -> Result<ArrayRef> {
    let mut last: Last<Option<Regex>> = Last::new();
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for (row, (text, pattern)) in texts(&columns[0])?.into_iter().zip(texts(&columns[1])?).enumerate() {
        let group = match columns.get(2) {
            Some(groups) if groups.is_null(row) => None,
            Some(groups) => Some(groups.as_primitive::<Int64Type>().value(row)),
            None => Some(0),
        };
        let (Some(text), Some(pattern), Some(group)) = (text, pattern, group) else {
            lists.append_null();
            continue;
        };
        let Some(regex) = last.get(pattern, compiled)?.as_ref() else { continue };
        let group = usize::try_from(group).ok().filter(|group| *group < regex.captures_len());
        let group = group.ok_or_else(|| exec_datafusion_err!("{pattern:?} has no such group"))?;
        one(regex, text, group).into_iter().for_each(|part| lists.values().append_option(part));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
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
        let regex = last.get(pattern, compiled)?.as_ref();
        if regex.is_some_and(|regex| group >= regex.captures_len()) {
            return Err(exec_datafusion_err!("{pattern:?} has no group {group}"));
        }
        let captures = regex.and_then(|regex| regex.captures(text));
        found.push(captures.and_then(|captures| captures.get(group)).map(|part| part.as_str()));
    }
    each(found.into_iter())
}
