//! Bytes of texts, and what is made of them: hashes, hexadecimal digits, base 64.
//!
//! <https://trino.io/docs/current/functions/binary.html>

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryBuilder};
use arrow::datatypes::DataType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use datafusion::common::{Result, exec_datafusion_err};
use sha1::Digest as _;
use sha2::Digest as _;

use super::text::each;
use super::{Fun, is_text, texts};

/// A function of bytes that gives bytes.
macro_rules! hash {
    ($name:literal, $of:expr) => {
        Fun {
            name: $name,
            usage: concat!($name, "(to_utf8(text))"),
            takes: of_bytes,
            gives: |_, _| Ok(DataType::Binary),
            run: |columns, _| made(columns[0].as_binary::<i32>().iter().map(|bytes| Ok(bytes.map($of)))),
        }
    };
}

/// The functions.
pub const FUNS: &[Fun] = &[
    hash!("md5", |bytes| md5::Md5::digest(bytes).to_vec()),
    hash!("sha1", |bytes| sha1::Sha1::digest(bytes).to_vec()),
    hash!("sha256", |bytes| sha2::Sha256::digest(bytes).to_vec()),
    hash!("sha512", |bytes| sha2::Sha512::digest(bytes).to_vec()),
    Fun {
        name: "to_utf8",
        usage: "to_utf8(text)",
        takes: of_text,
        gives: |_, _| Ok(DataType::Binary),
        run: |columns, _| {
            made(texts(&columns[0])?.into_iter().map(|text| Ok(text.map(|text| text.as_bytes().to_vec()))))
        },
    },
    Fun {
        name: "from_utf8",
        usage: "from_utf8(bytes)",
        takes: of_bytes,
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| each(columns[0].as_binary::<i32>().iter().map(|bytes| bytes.map(String::from_utf8_lossy))),
    },
    Fun {
        name: "to_hex",
        usage: "to_hex(bytes)",
        takes: of_bytes,
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| each(columns[0].as_binary::<i32>().iter().map(|bytes| bytes.map(hexadecimal))),
    },
    Fun {
        name: "from_hex",
        usage: "from_hex(text)",
        takes: of_text,
        gives: |_, _| Ok(DataType::Binary),
        run: |columns, _| made(texts(&columns[0])?.into_iter().map(|text| text.map(from_hexadecimal).transpose())),
    },
    Fun {
        name: "to_base64",
        usage: "to_base64(bytes)",
        takes: of_bytes,
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            each(columns[0].as_binary::<i32>().iter().map(|bytes| bytes.map(|bytes| STANDARD.encode(bytes))))
        },
    },
    Fun {
        name: "from_base64",
        usage: "from_base64(text)",
        takes: of_text,
        gives: |_, _| Ok(DataType::Binary),
        run: |columns, _| {
            let read = |text: &str| STANDARD.decode(text).map_err(|_| exec_datafusion_err!("{text:?} is not base 64"));
            made(texts(&columns[0])?.into_iter().map(|text| text.map(read).transpose()))
        },
    },
];

fn of_text(types: &[DataType]) -> Option<Vec<DataType>> {
    matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View])
}

fn of_bytes(types: &[DataType]) -> Option<Vec<DataType>> {
    let bytes = matches!(types, [DataType::Binary | DataType::BinaryView | DataType::LargeBinary | DataType::Null]);
    bytes.then(|| vec![DataType::Binary])
}

fn made(values: impl Iterator<Item = Result<Option<Vec<u8>>>>) -> Result<ArrayRef> {
    let mut builder = BinaryBuilder::new();
    for value in values {
        builder.append_option(value?);
    }
    Ok(Arc::new(builder.finish()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn from_hexadecimal(text: &str) -> Result<Vec<u8>> {
    let wrong = || exec_datafusion_err!("{text:?} are no hexadecimal digits");
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(wrong());
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())).collect()
}
