//! Nothing twice, nothing lost: which inputs became which files.
//!
//! In: drafts of a plan, and the bytes that were made of them. Out: files that are visible exactly once. [`partition`] names
//! the folders; [`claim`] is what is to become a file, [`stages`] how far it is, [`entry`] what is recorded, [`state`] what that adds up to;
//! [`partition_ledger`] is the protocol by which files become visible, [`replacing`] the notes of replacements under way,
//! [`settled`] how it is read while others write;
//! [`table`] is a DEST as a whole, [`files`] and [`rejects`] what lies in it, [`contents`] what its definition must cover;
//! [`undated`] has the days of objects whose keys give none, [`recorded`] which flow logs recorded the same.
//!
//! Knows a file by its footer alone, and nothing of text.

pub mod claim;
pub mod contents;
pub mod entry;
pub mod files;
pub mod partition;
pub mod partition_ledger;
pub mod recorded;
pub mod rejects;
mod replacing;
pub mod settled;
mod shared_text;
pub mod stages;
pub mod state;
pub mod table;
pub mod undated;
