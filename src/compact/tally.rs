//! What a file's rows come to, whatever their order: count, sums and a hash. A merge is held against what it was made of by it,
//! before anything is deleted.
//!
//! In: batches of rows as the reader gives them. Out: a [`Tally`], the same for the same rows in any order and in any number of
//! files; a column that a file lacks is one of NULLs.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, cast::AsArray};

use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// Rows, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    rows: u64,
    /// Sum of the hashes of all rows.
    hash: u64,
    /// Values that are not NULL and the sum of the numbers among them, by column; none of a column that is all NULL.
    columns: BTreeMap<String, (u64, i128)>,
}

impl Tally {
    /// Adds rows of these columns.
    pub fn add(&mut self, batch: &RecordBatch, columns: &[Column]) {
        let mut by_name: Vec<(&Column, &dyn Array)> =
            columns.iter().zip(batch.columns()).map(|(column, values)| (column, values.as_ref())).collect();
        by_name.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        let mut hashes = vec![DefaultHasher::new(); batch.num_rows()];
        for (column, values) in by_name {
            let (mut there, mut sum) = (0, 0_i128);
            let name = column.name.as_str();
            match column.column_type {
                ColumnType::Int => {
                    for (value, hash) in values.as_primitive::<Int32Type>().iter().zip(&mut hashes) {
                        let Some(value) = value else { continue };
                        (name, value).hash(hash);
                        (there, sum) = (there + 1, sum + i128::from(value));
                    }
                }
                ColumnType::Bigint => {
                    for (value, hash) in values.as_primitive::<Int64Type>().iter().zip(&mut hashes) {
                        let Some(value) = value else { continue };
                        (name, value).hash(hash);
                        (there, sum) = (there + 1, sum + i128::from(value));
                    }
                }
                ColumnType::String => {
                    for (value, hash) in values.as_string_view().iter().zip(&mut hashes) {
                        let Some(value) = value else { continue };
                        (name, value).hash(hash);
                        there += 1;
                    }
                }
            }
            if there > 0 {
                let total = self.columns.entry(name.to_owned()).or_default();
                *total = (total.0 + there, total.1 + sum);
            }
        }
        self.rows += batch.num_rows() as u64;
        self.hash = hashes.iter().fold(self.hash, |total, hash| total.wrapping_add(hash.finish()));
    }

    /// Returns what differs, in words, if something does.
    pub fn differs_from(&self, other: &Self) -> Option<String> {
        if self.rows != other.rows {
            return Some(format!("{} rows instead of {}", self.rows, other.rows));
        }
        let names = self.columns.keys().chain(other.columns.keys());
        if let Some(name) = names.into_iter().find(|name| self.columns.get(*name) != other.columns.get(*name)) {
            return Some(format!("other values of {name}"));
        }
        (self.hash != other.hash).then(|| "other rows of the same sums".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int32Array, Int64Array, StringViewArray};

    use super::*;

    fn column(name: &str, column_type: ColumnType) -> Column {
        Column { name: name.to_owned(), column_type }
    }

    fn tally(rows: &[(Option<&str>, Option<i32>, Option<i64>)]) -> Tally {
        let columns = [column("b", ColumnType::String), column("a", ColumnType::Int), column("c", ColumnType::Bigint)];
        let values: [ArrayRef; 3] = [
            Arc::new(rows.iter().map(|row| row.0).collect::<StringViewArray>()),
            Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>()),
            Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        ];
        let names = ["b", "a", "c"];
        let mut tally = Tally::default();
        tally.add(&RecordBatch::try_from_iter(names.into_iter().zip(values)).unwrap(), &columns);
        tally
    }

    #[test]
    fn order_does_not_count_and_every_value_does() {
        let rows = [(Some("x"), Some(1), Some(i64::MAX)), (None, Some(-1), None), (Some(""), None, Some(2))];
        let whole = tally(&rows);
        assert_eq!(whole.differs_from(&tally(&[rows[2], rows[0], rows[1]])), None);
        let mut parts = tally(&rows[..1]);
        let without = [column("a", ColumnType::Int)];
        let values: ArrayRef = Arc::new(Int32Array::from(vec![-1]));
        parts.add(&RecordBatch::try_from_iter([("a", values)]).unwrap(), &without);
        assert_ne!(parts.differs_from(&whole), None);
        let last = tally(&rows[2..]);
        parts.rows += last.rows;
        parts.hash = parts.hash.wrapping_add(last.hash);
        last.columns.iter().for_each(|(name, (there, sum))| {
            let total = parts.columns.entry(name.clone()).or_default();
            *total = (total.0 + there, total.1 + sum);
        });
        assert_eq!(parts.differs_from(&whole), None, "a column that is not there is one of NULLs");
        for (at, other, why) in [
            (0, (Some("y"), Some(1), Some(i64::MAX)), "other rows of the same sums"),
            (0, (Some("x"), Some(2), Some(i64::MAX)), "other values of a"),
            (2, (None, None, Some(2)), "other values of b"),
        ] {
            let mut changed = rows;
            changed[at] = other;
            assert_eq!(tally(&changed).differs_from(&whole).as_deref(), Some(why));
        }
        assert_eq!(tally(&rows[1..]).differs_from(&whole).as_deref(), Some("2 rows instead of 3"));
    }
}
