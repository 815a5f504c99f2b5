//! The Parquet side: columns -> row groups -> files -> visible, once.
//!
//! [`partition`] names the folders, [`layout`] says how rows lie in a file; [`run`] and [`region`] put them in order;
//! [`dictionary`], [`codec`], [`levels`], [`delta`] and [`encode`] make column chunks, [`mod@file`] puts them together,
//! [`ledger`] records which inputs became which outputs, [`commit`] makes a file visible exactly once, [`merge`] makes one of
//! several, [`replacing`] finds what a stopped run was replacing, [`contents`] says what a table holds.
//! Knows nothing of text.

mod bounds;
pub mod codec;
pub mod commit;
pub mod contents;
pub mod delta;
pub mod dictionary;
pub mod encode;
pub mod file;
pub mod footer;
mod format;
pub mod layout;
pub mod ledger;
pub mod levels;
pub mod merge;
pub mod misread;
mod number;
mod order;
mod packed;
pub mod partition;
pub mod pieces;
pub mod region;
pub mod replacing;
pub mod run;
mod shared_text;
mod thrift;
