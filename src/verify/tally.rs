//! What is counted of rows, the same on both sides: rows, sums, values that are there, and a hash that knows no order.
//!
//! In: a [`Row`], filled by a reader column by column in the order of their names. Out: a [`Tally`]. Tallies add up, so
//! that objects, row groups and files can be counted apart. NULL is the absence of a column: a file that lacks a
//! column and one where it is NULL throughout give the same tally.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Hash of one row, or of many: a number modulo 2^128.
///
/// Of a row it is the first half of the SHA-256 of its canonical form, of many rows the sum. So order does not matter,
/// a row that stands twice counts twice, and two tables that differ have the same hash by chance only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowHash(pub u128);

impl RowHash {
    fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:032x}", self.0))
    }
}

impl Serialize for RowHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes of a value that are shown of it: of rows that differ, some are held with all of their values.
const MAX_SHOWN_BYTES: usize = 4 << 10;

const NUMBER: u8 = b'n';
const TEXT: u8 = b't';

/// One row in its canonical form: each value that is not NULL, as length and name of its column, its kind, and itself.
///
/// Reused from row to row. Readers add columns in the order of their names.
#[derive(Debug, Default)]
pub struct Row {
    canonical: Vec<u8>,
    bytes: i64,
    packets: i64,
}

impl Row {
    /// Forgets the last row.
    pub fn clear(&mut self) {
        self.canonical.clear();
        (self.bytes, self.packets) = (0, 0);
    }

    /// Adds a number, of whatever width.
    pub fn number(&mut self, column: &str, value: i64) {
        match column {
            "bytes" => self.bytes = value,
            "packets" => self.packets = value,
            _ => {}
        }
        self.begin(column, NUMBER);
        self.canonical.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds a text.
    pub fn text(&mut self, column: &str, value: &[u8]) {
        self.begin(column, TEXT);
        self.canonical.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.canonical.extend_from_slice(value);
    }

    fn begin(&mut self, column: &str, kind: u8) {
        self.canonical.extend_from_slice(&(column.len() as u16).to_le_bytes());
        self.canonical.extend_from_slice(column.as_bytes());
        self.canonical.push(kind);
    }

    /// Returns the row's hash.
    pub fn hash(&self) -> RowHash {
        let digest = Sha256::digest(&self.canonical);
        RowHash(digest.iter().take(16).fold(0, |hash, byte| hash << 8 | u128::from(*byte)))
    }

    /// Returns how long the row is, in bytes.
    pub fn bytes(&self) -> usize {
        self.canonical.len()
    }

    /// Returns the values by column, as text; of long ones the beginning.
    pub fn values(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut rest = self.canonical.as_slice();
        while let Some((column, value, behind)) = next_value(rest) {
            values.insert(column, value);
            rest = behind;
        }
        values
    }
}

fn next_value(canonical: &[u8]) -> Option<(String, String, &[u8])> {
    let (length, rest) = canonical.split_first_chunk::<2>()?;
    let (column, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let (kind, rest) = rest.split_first()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let column = String::from_utf8_lossy(column).into_owned();
    if *kind == NUMBER {
        return Some((column, i64::from_le_bytes(*number).to_string(), rest));
    }
    let (text, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*number)).ok()?)?;
    let shown = match text.get(..MAX_SHOWN_BYTES) {
        Some(begin) if text.len() > MAX_SHOWN_BYTES => String::from_utf8_lossy(begin) + "...",
        _ => String::from_utf8_lossy(text),
    };
    Some((column, shown.into_owned(), rest))
}

/// What was counted of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Sum of the column `bytes`, NULL as 0.
    pub bytes: i128,
    /// Sum of the column `packets`, NULL as 0.
    pub packets: i128,
    /// For each column how many rows have a value there; columns without any are left out.
    pub values: BTreeMap<String, u64>,
    /// Sum of the rows' hashes.
    pub hash: RowHash,
}

impl Tally {
    /// Counts a row, but for its columns: these are added by [`Tally::column`] when there are no more rows of their kind.
    pub fn row(&mut self, row: &Row, hash: RowHash) {
        self.rows += 1;
        self.bytes += i128::from(row.bytes);
        self.packets += i128::from(row.packets);
        self.hash.add(hash);
    }

    /// Adds how many rows have a value in a column.
    pub fn column(&mut self, name: &str, values: u64) {
        if values > 0 {
            *self.values.entry(name.to_owned()).or_default() += values;
        }
    }

    /// Adds another's rows.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.packets += other.packets;
        self.hash.add(other.hash);
        for (name, values) in &other.values {
            self.column(name, *values);
        }
    }

    /// Returns in how many rows a column is NULL.
    pub fn nulls(&self, column: &str) -> u64 {
        self.rows - self.values.get(column).copied().unwrap_or_default().min(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rows: &[&[(&str, &str)]]) -> Tally {
        let mut tally = Tally::default();
        for values in rows {
            let mut row = Row::default();
            for (column, value) in *values {
                match value.parse() {
                    Ok(number) => row.number(column, number),
                    Err(_) => row.text(column, value.as_bytes()),
                }
                tally.column(column, 1);
            }
            tally.row(&row, row.hash());
        }
        tally
    }

    #[test]
    fn order_does_not_matter_but_everything_else_does() {
        let (a, b): (&[_], &[_]) = (&[("action", "ACCEPT"), ("bytes", "7")], &[("action", "-"), ("bytes", "-7")]);
        assert_eq!(tally(&[a, b]), tally(&[b, a]));
        let hashes = [
            tally(&[a, b]).hash,
            tally(&[a]).hash,
            tally(&[a, a]).hash,
            tally(&[a, b, b]).hash,
            tally(&[&[("action", "ACCEP"), ("bytes", "7")], b]).hash,
            // The same bytes one after the other, cut elsewhere.
            tally(&[&[("actio", "nACCEPT"), ("bytes", "7")], b]).hash,
            tally(&[&[("action", "ACCEPT")], b]).hash,
        ];
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "hash {at} was there before");
        }
    }

    #[test]
    fn a_number_is_not_its_text() {
        let (mut number, mut text) = (Row::default(), Row::default());
        number.number("srcport", 443);
        text.text("srcport", b"443");
        assert_ne!(number.hash(), text.hash());
        assert_eq!(number.values(), text.values());
    }

    #[test]
    fn sums_and_nulls() {
        let mut both = tally(&[&[("bytes", "9223372036854775807")], &[("bytes", "9223372036854775807")]]);
        both.add(&tally(&[&[("action", "x")]]));
        assert_eq!((both.rows, both.bytes, both.packets), (3, 2 * i128::from(i64::MAX), 0));
        assert_eq!((both.nulls("bytes"), both.nulls("action"), both.nulls("start")), (1, 2, 3));
    }
}
