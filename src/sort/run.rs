//! Rows of some objects, sorted among themselves and packed narrow: what waits in memory until all rows of a file are
//! there to be put in order.
//!
//! In: a [`Batch`]. Out: a [`SortedRun`], a third of its size: a column takes one, two, four or eight bytes a row, as its
//! values need, and none at all if they are all the same.

use super::packed::{Nulls, Packed};
use crate::encode::dictionary::Dictionary;
use crate::encode::layout::{BOX_COLUMNS, Layout, SortBy};
use crate::encode::number::{Number, bounds};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::header::Column;

/// Parts of about equal size that an address has in a run's buckets. A row group, a box of the whole, takes some rows of
/// each run: there are about a dozen boxes along each address, so those rows make out most of some buckets, and are
/// copied from memory that was fetched for the ones before them.
const BUCKETS: usize = 32;

/// Most rows of a row group of rows as they came, reached only by units with an object of tens of megabytes.
pub const MAX_BATCH_ROWS: usize = 256 << 10;

/// Most rows of a run, about those of a unit of small objects. Runs of twice as many took 18 to 35 MiB more for two threads with
/// large objects, in the same time.
pub const MAX_RUN_ROWS: usize = 128 << 10;

/// Most values that are held decoded, NULLs included, at 4 to 12 bytes each: rows of more than 32 columns come in smaller
/// batches, so that a header of a thousand does not take gigabytes.
const MAX_BATCH_VALUES: usize = 32 * MAX_BATCH_ROWS;

/// Returns the most rows that a batch of so many columns may have on its way into a file of this layout. Of sorted rows, row
/// groups are made later.
pub fn batch_rows(layout: &Layout, columns: usize) -> usize {
    let most = match layout.sort_by {
        SortBy::Arrival => MAX_BATCH_ROWS.min(layout.row_group_rows as usize).max(1),
        SortBy::Addresses | SortBy::Columns(_) => MAX_RUN_ROWS,
    };
    (MAX_BATCH_VALUES / columns.max(1)).clamp(1, most)
}

/// Rows of a run that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) run: u32,
    pub(super) first: u32,
    pub(super) rows: u32,
}

/// Sorted rows: by the columns that were asked for; for boxes, by bucket and then so.
#[derive(Debug)]
pub struct SortedRun {
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

impl SortedRun {
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
        if *sort_by == SortBy::Addresses {
            let mut buckets = vec![0; batch.rows()];
            for name in BOX_COLUMNS {
                let found = columns().find(|(data, _)| data.column.name == name);
                if let Some((data, Some((_, ranks)))) = found {
                    add_buckets(&mut buckets, data, ranks);
                }
            }
            order = by_counting(&order, &buckets, BUCKETS * BUCKETS);
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

    /// Returns the names and types of its columns.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|column| &column.column)
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
                let ranks = order.iter().map(|row| rank(&ranks, codes[*row as usize]).into());
                Packed::new(0, dictionary.len().saturating_sub(1) as u64, ranks, nulls)
            }
        };
        Self { column: data.column.clone(), values, dictionary }
    }
}

/// Packs integers as what they lie above the least of them.
fn integers<N: Number>(order: &[u32], values: &[N], nulls: Nulls) -> Packed {
    // The values of NULL rows are 0 and count too: they may cost a byte or two, no more.
    let (low, high) = bounds(values).unwrap_or_default();
    Packed::new(low.value(0), high.above(low), order.iter().map(|row| values[*row as usize].above(low)), nulls)
}

/// Sorts rows by a column, NULL first; `ranks` are those of a string column's codes.
fn sort(order: &mut Vec<u32>, data: &ColumnData, ranks: Option<&[u32]>) {
    match (&data.values, ranks) {
        (Values::String { codes, .. }, Some(ranks)) => {
            let numbers: Vec<u32> = codes.iter().map(|code| rank(ranks, *code)).collect();
            sort_by_numbers(order, &numbers, &data.nulls);
        }
        (Values::Int(numbers), _) => sort_by_numbers(order, numbers, &data.nulls),
        (Values::Bigint(numbers), _) => sort_by_numbers(order, numbers, &data.nulls),
        (Values::String { .. }, None) => {}
    }
}

/// Returns the rank of a code; a column that is NULL in every row has codes, but no values.
fn rank(ranks: &[u32], code: u32) -> u32 {
    ranks.get(code as usize).copied().unwrap_or_default()
}

fn sort_by_numbers<N: Number>(order: &mut Vec<u32>, numbers: &[N], nulls: &[u32]) {
    let (low, high) = bounds(numbers).unwrap_or_default();
    match usize::try_from(high.above(low)) {
        Ok(range) if range < 4 * numbers.len() => {
            let mut keys: Vec<u32> = numbers.iter().map(|number| number.above(low) as u32 + 1).collect();
            nulls.iter().for_each(|row| keys[*row as usize] = 0);
            *order = by_counting(order, &keys, range + 2);
        }
        _ => {
            let mut null = vec![false; numbers.len()];
            nulls.iter().for_each(|row| null[*row as usize] = true);
            order.sort_by_key(|row| (!null[*row as usize], numbers[*row as usize]));
        }
    }
}

/// Appends the part of an address that each row lies in to its bucket, as a digit to a number.
fn add_buckets(buckets: &mut [u32], data: &ColumnData, ranks: &[u32]) {
    let Values::String { codes, .. } = &data.values else { return };
    let mut parts = vec![0; ranks.len().max(1)];
    codes.iter().for_each(|code| parts[rank(ranks, *code) as usize] += 1);
    let mut before = 0;
    for part in &mut parts {
        before += std::mem::replace(part, before * BUCKETS / codes.len().max(1));
    }
    let part = |code: &u32| parts[rank(ranks, *code) as usize] as u32;
    buckets.iter_mut().zip(codes).for_each(|(bucket, code)| *bucket = *bucket * BUCKETS as u32 + part(code));
}

/// Sorts by keys below `range`: rows of a key are counted, then put where they belong.
fn by_counting(order: &[u32], keys: &[u32], range: usize) -> Vec<u32> {
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
