//! A column's values -> pages, chunks, row groups, a Parquet file.
//!
//! In: values as numbers and dictionaries. Out: bytes of a file that every engine reads whole, written from front to back.
//! [`layout`] says how rows are to lie; [`dictionary`], [`codec`], `delta`, `levels` and [`mod@column`] make values into
//! pages, [`chunk`] pages into column chunks, `bounds` their statistics, [`mod@file`] puts row groups together, [`footer`]
//! describes them in the words of the format (`format`, `thrift`), columns by number too ([`field_id`]). The other way round: [`pieces`] holds parts of a file for
//! a reader, [`pages`] says what it takes to read them, [`misread`] tells files that an engine would not read whole.
//!
//! Knows nothing of text, of the order of rows, of object stores or of the ledger.

mod bounds;
pub mod chunk;
pub mod codec;
pub mod column;
mod delta;
pub mod dictionary;
pub mod field_id;
pub mod file;
pub mod footer;
mod format;
pub mod layout;
mod levels;
pub mod misread;
pub mod number;
pub mod pages;
pub mod pieces;
#[cfg(test)]
pub(crate) mod testing;
mod thrift;
