//! One line of text -> typed columns.
//!
//! [`schema`] is the list of fields, [`header`] maps a header line to columns, [`tokens`] finds the fields of many
//! lines at once, [`interner`] and [`columns`] turn them into typed, dictionary-coded columns, [`decode`] ties
//! them together and sets aside every line that does not fit. Knows nothing of object stores or of Parquet files.

pub mod columns;
pub mod decode;
pub mod header;
pub mod interner;
pub mod schema;
pub mod tokens;
