//! Texts: `CAST(... AS varchar)` as Trino writes values, `url_decode`, `regexp_extract`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
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
        takes: |types| <[DataType; 1]>::try_from(types.to_vec()).ok().map(|[one]| vec![one]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| varchar(&columns[0]),
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

fn each<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Result<ArrayRef> {
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
        _ => Ok(cast(column, &DataType::Utf8View)?),
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
