//! The Parquet side: columns -> row groups -> files -> visible, once.
//!
//! [`partition`] names the folders, [`codec`], [`levels`] and [`encode`] make column chunks, [`mod@file`] puts them
//! together, [`ledger`] records which inputs became which outputs, [`commit`] makes a file visible exactly once, [`merge`]
//! makes one of several, [`replacing`] finds what a stopped run was replacing, [`contents`] says what a table holds.
//! Knows nothing of text.

pub mod codec;
pub mod commit;
pub mod contents;
pub mod encode;
pub mod file;
pub mod ledger;
pub mod levels;
pub mod merge;
pub mod partition;
pub mod replacing;
