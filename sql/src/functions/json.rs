//! JSON: `json_extract_scalar`, `json_extract`, `json_array_length`, `json_size`, `json_parse`, `json_format`.
//!
//! A value of Athena's type `json` is a text here, in a type of columns that nothing else has: it is no `varchar`, and nothing takes it
//! for one. <https://trino.io/docs/current/functions/json.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, LargeBinaryArray, LargeBinaryBuilder, ListBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err};
use serde_json::Value;
use serde_json::value::RawValue;

use super::text::{each, shown_by_cast};
use super::{Fun, Last, is_text, texts};
use crate::answer::shown_double;

/// The type of columns of JSON.
pub const JSON: DataType = DataType::LargeBinary;

/// The functions.
pub const FUNS: &[Fun] = &[
    Fun {
        name: "json_extract_scalar",
        usage: "json_extract_scalar(text, '$.name')",
        takes: of_path,
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| each(found(columns, scalar)?.into_iter()),
    },
    Fun {
        name: "json_extract",
        usage: "json_extract(text, '$.name')",
        takes: of_path,
        gives: |_, _| Ok(JSON),
        run: |columns, _| Ok(json(found(columns, |found| Some(written_anew(found)))?)),
    },
    Fun {
        name: "json_size",
        usage: "json_size(text, '$.name')",
        takes: of_path,
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            let size = |found: &str| match serde_json::from_str::<Value>(found) {
                Ok(Value::Array(items)) => Some(items.len() as i64),
                Ok(Value::Object(members)) => Some(members.len() as i64),
                _ => Some(0),
            };
            Ok(Arc::new(found(columns, size)?.into_iter().collect::<Int64Array>()))
        },
    },
    Fun {
        name: "json_array_length",
        usage: "json_array_length('[1, 2]')",
        takes: |types| matches!(types, [one] if is_json(one)).then(|| vec![kept(&types[0])]),
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            let length = |text: &str| serde_json::from_str::<Vec<&RawValue>>(text).ok().map(|items| items.len() as i64);
            Ok(Arc::new(written(&columns[0])?.into_iter().map(|text| text.and_then(length)).collect::<Int64Array>()))
        },
    },
    Fun {
        name: "json_parse",
        usage: "json_parse(text)",
        takes: |types| matches!(types, [one] if is_text(one)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(JSON),
        run: |columns, _| {
            let parse = |text: &str| match serde_json::from_str::<Value>(text) {
                Ok(value) => Ok(written_anew(&value.to_string())),
                Err(_) => Err(exec_datafusion_err!("cannot convert value to JSON: '{text}'")),
            };
            let parsed = texts(&columns[0])?.into_iter().map(|text| text.map(parse).transpose());
            Ok(json(parsed.collect::<Result<Vec<_>>>()?))
        },
    },
    // What a cast to an array is made of: an array as it is, and one of JSON as an array of JSON.
    Fun {
        name: "elements_of",
        usage: "CAST(value AS array(type)), of an array or of JSON",
        takes: |types| match types {
            [JSON] => Some(vec![JSON]),
            [DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) | DataType::Null] => {
                Some(types.to_vec())
            }
            _ => None,
        },
        gives: |types, _| Ok(if types[0] == JSON { DataType::new_list(JSON, true) } else { types[0].clone() }),
        run: |columns, _| match columns[0].data_type() {
            &JSON => elements(&columns[0]),
            _ => Ok(Arc::clone(&columns[0])),
        },
    },
    Fun {
        name: "json_format",
        usage: "json_format(json)",
        takes: |types| matches!(types, [one] if *one == JSON || *one == DataType::Null).then(|| vec![JSON]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| each(written(&columns[0])?.into_iter()),
    },
];

/// Returns the elements of arrays of JSON.
fn elements(column: &ArrayRef) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(LargeBinaryBuilder::new());
    for text in written(column)? {
        let Some(text) = text.filter(|text| *text != "null") else {
            lists.append_null();
            continue;
        };
        let items = serde_json::from_str::<Vec<&RawValue>>(text);
        let items = items.map_err(|_| exec_datafusion_err!("cannot cast '{text}' to an array: it is none"))?;
        items.into_iter().for_each(|item| lists.values().append_value(item.get()));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn is_json(data_type: &DataType) -> bool {
    is_text(data_type) || *data_type == JSON
}

fn kept(data_type: &DataType) -> DataType {
    if *data_type == JSON { JSON } else { DataType::Utf8View }
}

fn of_path(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [of, path] if is_json(of) && is_text(path) => Some(vec![kept(of), DataType::Utf8View]),
        _ => None,
    }
}

fn json(values: Vec<Option<String>>) -> ArrayRef {
    Arc::new(values.iter().map(|value| value.as_ref().map(String::as_bytes)).collect::<LargeBinaryArray>())
}

/// Returns what is written in a column of texts or of JSON.
pub fn written(column: &ArrayRef) -> Result<Vec<Option<&str>>> {
    match column.as_binary_opt::<i64>() {
        Some(column) => column
            .iter()
            .map(|value| {
                value.map(std::str::from_utf8).transpose().map_err(|_| exec_datafusion_err!("this is no JSON"))
            })
            .collect(),
        None => texts(column),
    }
}

/// Returns the texts of JSON values, as casts read them; `None` for NULL.
///
/// # Errors
/// For arrays and objects.
pub fn scalars(column: &ArrayRef) -> Result<Vec<Option<String>>> {
    let one = |text: &str| match text {
        "null" => Ok(None),
        number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && number.contains(['.', 'e', 'E']) => {
            Ok(number.parse().ok().map(shown_by_cast))
        }
        text => scalar(text).map(Some).ok_or_else(|| exec_datafusion_err!("cannot cast '{text}' to varchar")),
    };
    written(column)?.into_iter().map(|text| text.map_or(Ok(None), one)).collect()
}

/// Returns what is made of the parts of texts to which paths lead; NULL where there is no such part, or no JSON.
fn found<T>(columns: &[ArrayRef], of: impl Fn(&str) -> Option<T>) -> Result<Vec<Option<T>>> {
    let mut last: Last<Vec<Step>> = Last::new();
    let mut all = Vec::new();
    for (text, path) in written(&columns[0])?.into_iter().zip(texts(&columns[1])?) {
        let (Some(text), Some(path)) = (text, path) else {
            all.push(None);
            continue;
        };
        let steps = last.get(path, steps)?;
        all.push(part(text, steps).and_then(&of));
    }
    Ok(all)
}

/// Returns a scalar without quotes; nothing for null, arrays and objects.
fn scalar(found: &str) -> Option<String> {
    match found.bytes().next()? {
        b'"' => serde_json::from_str(found).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(found.to_owned()),
    }
}

/// Returns JSON as Trino writes it: without blanks between its parts, numbers with a point as doubles, escapes where they must be.
fn written_anew(found: &str) -> String {
    let mut text = String::with_capacity(found.len());
    let mut rest = found;
    while let Some(letter) = rest.chars().next() {
        let end = match letter {
            '"' => end_of_text(rest),
            '-' | '0'..='9' => rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        match letter {
            '"' => match serde_json::from_str::<String>(piece).and_then(|plain| serde_json::to_string(&plain)) {
                Ok(plain) => text.push_str(&plain),
                Err(_) => text.push_str(piece),
            },
            '-' | '0'..='9' if piece.contains(['.', 'e', 'E']) => match piece.parse::<f64>() {
                Ok(number) => text.push_str(&shown_double(number)),
                Err(_) => text.push_str(piece),
            },
            letter if letter.is_ascii_whitespace() => {}
            _ => text.push_str(piece),
        }
    }
    text
}

/// Returns where a text in double quotes ends that something begins with.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// A step of a path: the member of an object, or the element of an array.
#[derive(Debug)]
struct Step {
    name: String,
    index: Option<usize>,
}

/// Returns the part of a text to which steps lead.
fn part<'a>(text: &'a str, steps: &[Step]) -> Option<&'a str> {
    let mut found: &RawValue = serde_json::from_str(text).ok()?;
    for step in steps {
        found = match found.get().bytes().next()? {
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(found.get()).ok()?;
                items.get(step.index?).copied()?
            }
            b'{' => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(found.get()).ok()?;
                members.get(&step.name).copied()?
            }
            _ => return None,
        };
    }
    Some(found.get())
}

/// Reads a path such as `$.name['other'][0]`.
fn steps(path: &str) -> Result<Vec<Step>> {
    let wrong = || exec_datafusion_err!("invalid JSON path: '{path}'");
    let mut rest = path.strip_prefix('$').ok_or_else(wrong)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix('.') {
            Some(named) => {
                let is_part = |c: char| c.is_alphanumeric() || "_:$-/@|".contains(c);
                let end = named.find(|c| !is_part(c)).unwrap_or(named.len());
                let (name, after) = named.split_at(end);
                (name.to_owned(), after)
            }
            None => in_brackets(rest.strip_prefix('[').ok_or_else(wrong)?).ok_or_else(wrong)?,
        };
        if name.is_empty() {
            return Err(wrong());
        }
        steps.push(Step { index: name.parse().ok(), name });
        rest = after;
    }
    Ok(steps)
}

/// Reads what stands behind a bracket: a number, or a name in quotes; returns what follows, too.
fn in_brackets(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let (number, after) = text.split_once(']')?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        return digits.then(|| (number.to_owned(), after));
    };
    let mut name = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.push(letters.next()?.1),
            letter if letter == quote => return Some((name, text[at + 1..].strip_prefix(']')?)),
            letter => name.push(letter),
        }
    }
    None
}
