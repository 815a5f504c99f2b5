//! How the rows of a file are laid out: their order, row groups, pages and Bloom filters.
//!
//! Why the defaults are what they are, with measurements: docs/layout.md.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Rows of a row group if nothing else is said and rows are sorted: an engine skips or reads a row group as a
/// whole, so smaller ones skip more; each costs dictionaries and a place in the footer.
pub const DEFAULT_ROW_GROUP_ROWS: u32 = 32 << 10;

/// The same for rows in the order in which they came: no row group can be skipped, so they may be large.
pub const ARRIVAL_ROW_GROUP_ROWS: u32 = 256 << 10;

/// Rows of a data page if nothing else is said: the limit that parquet-mr and arrow-rs use.
pub const DEFAULT_PAGE_ROWS: u32 = 20_000;

/// Memory for the rows that are sorted together, in bytes, unless `--memory` is too small for it. About twelve million
/// rows of version 2: more than a file of the usual size has.
pub const SORT_BYTES: u64 = 256 << 20;

/// Columns of `--sort-by`.
pub const MAX_SORT_COLUMNS: usize = 4;

/// The columns whose boxes the default order makes.
pub const BOX_COLUMNS: [&str; 2] = ["srcaddr", "dstaddr"];

/// What rows are sorted by (`--sort-by`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SortBy {
    /// Row groups are boxes of source and destination addresses, so that a query on either skips most of them.
    #[default]
    Addresses,
    /// Rows ascend by these columns, NULL first.
    Columns(Vec<String>),
    /// Rows stay in the order in which they came.
    Arrival,
}

impl SortBy {
    /// Returns the columns that are looked at.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Addresses => BOX_COLUMNS.to_vec(),
            Self::Columns(columns) => columns.iter().map(String::as_str).collect(),
            Self::Arrival => Vec::new(),
        }
    }
}

impl fmt::Display for SortBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses => f.write_str("addresses"),
            Self::Columns(columns) => f.write_str(&columns.join(",")),
            Self::Arrival => f.write_str("none"),
        }
    }
}

impl FromStr for SortBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "addresses" => Ok(Self::Addresses),
            "none" => Ok(Self::Arrival),
            columns => {
                let columns: Vec<String> = columns.split(',').map(|name| name.trim().to_owned()).collect();
                if columns.len() > MAX_SORT_COLUMNS {
                    return Err(format!("rows are sorted by at most {MAX_SORT_COLUMNS} columns"));
                }
                if columns.iter().any(String::is_empty) {
                    return Err("write addresses, none, or columns such as interface_id,start".to_owned());
                }
                Ok(Self::Columns(columns))
            }
        }
    }
}

impl TryFrom<String> for SortBy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SortBy> for String {
    fn from(sort_by: SortBy) -> Self {
        sort_by.to_string()
    }
}

/// How the rows of a file are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Layout {
    /// Their order.
    pub sort_by: SortBy,
    /// Most rows of a row group.
    pub row_group_rows: u32,
    /// Most rows of a data page.
    pub page_rows: u32,
    /// Columns with Bloom filters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bloom_filters: Vec<String>,
    /// Memory for the rows that are sorted together, in bytes: what does not fit is sorted apart, in the same file.
    pub sort_bytes: u64,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            sort_by: SortBy::default(),
            row_group_rows: DEFAULT_ROW_GROUP_ROWS,
            page_rows: DEFAULT_PAGE_ROWS,
            bloom_filters: Vec::new(),
            sort_bytes: SORT_BYTES,
        }
    }
}

/// Returns how much of the memory that a run was given is for rows that are sorted together, in bytes: a quarter.
pub fn sort_bytes(memory_bytes: u64) -> u64 {
    (memory_bytes / 4).min(SORT_BYTES)
}

/// Returns how much of `most` a file of so many packed bytes may take, in bytes. Rows take about as much as they did packed;
/// objects that pack a thousand to one are sorted in portions, so that many files can be in work at once.
pub fn sort_share(packed_bytes: u64, most: u64) -> u64 {
    (4 * packed_bytes).max(16 << 20).min(most)
}

impl Layout {
    /// Returns the layout that is the default for rows in this order.
    pub fn sorted_by(sort_by: SortBy) -> Self {
        let row_group_rows = match sort_by {
            SortBy::Arrival => ARRIVAL_ROW_GROUP_ROWS,
            SortBy::Addresses | SortBy::Columns(_) => DEFAULT_ROW_GROUP_ROWS,
        };
        Self { sort_by, row_group_rows, ..Self::default() }
    }

    /// Returns the layout of files whose claims name none: those of ledger versions 1 and 2.
    pub fn arrival() -> Self {
        Self::sorted_by(SortBy::Arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_as_they_are_written() {
        for text in ["addresses", "none", "interface_id,start"] {
            assert_eq!(text.parse::<SortBy>().map(|sort_by| sort_by.to_string()).as_deref(), Ok(text));
        }
        assert!("a,b,c,d,e".parse::<SortBy>().is_err_and(|e| e.contains("at most 4")));
        assert!("srcaddr,,start".parse::<SortBy>().is_err());
    }
}
