//! Nothing twice, nothing lost: which inputs became which files.
//!
//! In: claims of a plan, and the bytes that were made of them. Out: files that are visible exactly once. [`partition`] names
//! the folders, [`entry`] is what is recorded and what it adds up to, [`table`] the protocol by which files become visible,
//! [`replacing`] the notes of replacements under way, [`settled`] how it is read while others write, [`contents`] what a table holds.
//!
//! Knows a file by its footer alone, and nothing of text.

pub mod contents;
pub mod entry;
pub mod partition;
pub mod replacing;
pub mod settled;
mod shared_text;
pub mod table;
