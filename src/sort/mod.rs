//! Rows in order: batches -> sorted runs -> boxes of addresses or a merge -> row groups of one file.
//!
//! In: [`crate::record::columns::Batch`]es. Out: row groups for [`mod@crate::encode::file`]. A [`run`] is a batch, sorted and
//! packed narrow; [`rows`] puts the rows of several runs in order, by what `order` decides; [`writer`] makes a file of them,
//! for whoever has rows.
//!
//! Knows how a column is encoded, and nothing of object stores or of the ledger.

mod column;
mod order;
mod packed;
pub mod rows;
pub mod run;
#[cfg(test)]
mod tests;
pub mod workers;
pub mod writer;
