//! Rows of some objects, sorted among themselves and packed narrow: what waits in memory until all rows of a file are
//! there to be put in order.
//!
//! In: a [`Batch`]. Out: a [`Run`], a third of its size: a column takes one, two, four or eight bytes a row, as its
//! values need, and none at all if they are all the same.

use super::dictionary::Dictionary;
use super::layout::SortBy;
use super::packed::{Nulls, Packed};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::header::Column;

/// Sorted rows.
#[derive(Debug)]
pub struct Run {
    rows: usize,
    columns: Vec<RunColumn>,
}

/// A column of a run.
#[derive(Debug)]
pub(super) struct RunColumn {
    pub(super) column: Column,
    pub(super) values: Packed,
    /// What the numbers of a `string` column are ranks in; empty for integers.
    pub(super) dictionary: Dictionary,
}

impl Run {
    /// Sorts and packs the rows of a batch. Rows that are equal in what they are sorted by stay in their order.
    pub fn of(batch: &Batch, sort_by: &SortBy) -> Self {
        let dictionaries: Vec<Option<(Dictionary, Vec<u32>)>> = batch
            .columns()
            .iter()
            .map(|data| match &data.values {
                Values::String { dictionary, .. } => Some(Dictionary::of(dictionary)),
                Values::Int(_) | Values::Bigint(_) => None,
            })
            .collect();
        let columns = || batch.columns().iter().zip(&dictionaries);
        let mut order: Vec<u32> = (0..batch.rows() as u32).collect();
        // The last column first: every sort is stable.
        for name in sort_by.columns().iter().rev() {
            if let Some((data, dictionary)) = columns().find(|(data, _)| data.column.name == *name) {
                sort(&mut order, data, dictionary.as_ref().map(|(_, ranks)| ranks.as_slice()));
            }
        }
        let columns = batch.columns().iter().zip(dictionaries);
        let columns = columns.map(|(data, dictionary)| RunColumn::of(data, dictionary, &order)).collect();
        Self { rows: batch.rows(), columns }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the memory it takes, in bytes; four more for each row, for its place among the others.
    pub fn memory(&self) -> usize {
        let column = |c: &RunColumn| c.values.memory() + c.dictionary.memory();
        4 * self.rows + self.columns.iter().map(|c| size_of::<RunColumn>() + column(c)).sum::<usize>()
    }

    pub(super) fn into_columns(self) -> Vec<RunColumn> {
        self.columns
    }
}

impl RunColumn {
    fn of(data: &ColumnData, dictionary: Option<(Dictionary, Vec<u32>)>, order: &[u32]) -> Self {
        let mut nulls = Nulls::default();
        if !data.nulls.is_empty() {
            let mut by_row = vec![false; order.len()];
            data.nulls.iter().for_each(|row| by_row[*row as usize] = true);
            let places = order.iter().enumerate().filter(|(_, row)| by_row[**row as usize]);
            nulls = Nulls::at(places.map(|(place, _)| place), order.len());
        }
        let (dictionary, ranks) = dictionary.unwrap_or_default();
        let values = match &data.values {
            Values::Int(values) => integers(order, values, nulls),
            Values::Bigint(values) => integers(order, values, nulls),
            Values::String { codes, .. } => {
                let rank = |row: &u32| u64::from(ranks.get(codes[*row as usize] as usize).copied().unwrap_or_default());
                Packed::new(0, dictionary.len().saturating_sub(1) as u64, order.iter().map(rank), nulls)
            }
        };
        Self { column: data.column.clone(), values, dictionary }
    }
}

/// Packs integers as what they lie above the least of them.
fn integers<T: Copy + Into<i64>>(order: &[u32], values: &[T], nulls: Nulls) -> Packed {
    // The values of NULL rows are 0 and count too: they may cost a byte or two, no more.
    let all = || values.iter().map(|value| (*value).into());
    let low: i64 = all().min().unwrap_or_default();
    let range = all().max().unwrap_or_default().abs_diff(low);
    Packed::new(low, range, order.iter().map(|row| values[*row as usize].into().abs_diff(low)), nulls)
}

/// Sorts rows by a column, NULL first; `ranks` are those of a string column's codes.
fn sort(order: &mut Vec<u32>, data: &ColumnData, ranks: Option<&[u32]>) {
    let mut keys: Vec<u64> = match (&data.values, ranks) {
        (Values::String { codes, .. }, Some(ranks)) => {
            codes.iter().map(|code| u64::from(ranks.get(*code as usize).copied().unwrap_or_default())).collect()
        }
        (Values::Int(values), _) => above_least(values),
        (Values::Bigint(values), _) => above_least(values),
        (Values::String { .. }, None) => return,
    };
    let most = keys.iter().copied().max().unwrap_or_default();
    if most < 4 * keys.len() as u64 {
        keys.iter_mut().for_each(|key| *key += 1);
        data.nulls.iter().for_each(|row| keys[*row as usize] = 0);
        *order = by_counting(order, &keys, most as usize + 2);
    } else {
        let mut null = vec![false; keys.len()];
        data.nulls.iter().for_each(|row| null[*row as usize] = true);
        order.sort_by_key(|row| (!null[*row as usize], keys[*row as usize]));
    }
}

fn above_least<T: Copy + Into<i64>>(values: &[T]) -> Vec<u64> {
    let low = values.iter().map(|value| (*value).into()).min().unwrap_or_default();
    values.iter().map(|value| (*value).into().abs_diff(low)).collect()
}

/// Sorts by keys below `range`: rows of a key are counted, then put where they belong.
fn by_counting(order: &[u32], keys: &[u64], range: usize) -> Vec<u32> {
    let mut places = vec![0_u32; range + 1];
    keys.iter().for_each(|key| places[*key as usize + 1] += 1);
    for key in 0..range {
        places[key + 1] += places[key];
    }
    let mut sorted = vec![0; order.len()];
    for row in order {
        let place = &mut places[keys[*row as usize] as usize];
        sorted[*place as usize] = *row;
        *place += 1;
    }
    sorted
}
