//! Runs -> row groups in the order that was asked for.
//!
//! In: the [`Run`]s of a file, or as many of them as fit into memory. Out: row groups, each of them rows of all runs,
//! which are encoded one by one, at any number of threads alike.
//!
//! Runs stay as they are, so that memory holds rows once. For each of them a column knows what its numbers are among all:
//! how far its base lies above the least one, which rank of the whole each of its own ranks is. `order` says which rows a
//! row group has; here they are copied together.

use rayon::prelude::*;

use super::order::{self, Slice};
use super::packed::Packed;
use super::run::{Run, RunColumn};
use crate::encode::column::{CellValues, Cells, Coding, EncodedRowGroup, Encoder, Encoders, Sizes, smallest};
use crate::encode::dictionary::Dictionary;
use crate::encode::layout::{Layout, SortBy};
use crate::error::Result;
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// Row groups that codings are tried on: what is best for the first is not always best for the others.
const TRIED_GROUPS: usize = 3;

/// Rows of several runs, in order.
#[derive(Debug)]
pub struct Region {
    runs: usize,
    columns: Vec<RegionColumn>,
    groups: Vec<Vec<Slice>>,
    sorted_by: Vec<String>,
}

/// A column of any of the runs.
#[derive(Debug)]
pub(super) struct RegionColumn {
    pub(super) column: Column,
    /// What each run has of it; one that lacks it has NULLs.
    parts: Vec<Option<Part>>,
    /// No integer lies below it; 0 for ranks.
    base: i64,
    /// Nothing lies farther above that.
    pub(super) most: u64,
    /// What the numbers of a `string` column are ranks in.
    dictionary: Dictionary,
}

/// A column of one run.
#[derive(Debug)]
struct Part {
    values: Packed,
    whole: Whole,
}

/// What a run's numbers are in all of its column.
#[derive(Debug)]
enum Whole {
    /// They lie so far above the column's base, besides.
    Above(u64),
    /// Ranks of the whole, for the ranks that they are.
    Ranks(Vec<u32>),
}

impl Region {
    /// Puts the rows of runs in order.
    pub fn new(runs: Vec<Run>, layout: &Layout) -> Self {
        let rows: Vec<usize> = runs.iter().map(Run::rows).collect();
        let mut parts: Vec<(Column, Vec<Option<RunColumn>>)> = Vec::new();
        for (number, run) in runs.into_iter().enumerate() {
            for column in run.into_columns() {
                let place = parts.iter().position(|(known, _)| *known == column.column).unwrap_or_else(|| {
                    parts.push((column.column.clone(), rows.iter().map(|_| None).collect()));
                    parts.len() - 1
                });
                parts[place].1[number] = Some(column);
            }
        }
        let columns: Vec<RegionColumn> =
            parts.into_par_iter().map(|(column, parts)| RegionColumn::new(column, parts)).collect();
        let groups = order::groups(&rows, &columns, layout);
        // Within a box rows ascend by both addresses, but engines take what all row groups say for the order of the file.
        let sorted_by = match &layout.sort_by {
            SortBy::Addresses | SortBy::Arrival => Vec::new(),
            SortBy::Columns(columns) => columns.clone(),
        };
        Self { runs: rows.len(), columns, groups, sorted_by }
    }

    /// Returns the number of row groups.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Returns how each column is best encoded.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn codings(&self, encoders: &Encoders) -> Result<Vec<Coding>> {
        let tried: Vec<Rows> = (0..TRIED_GROUPS.min(self.groups.len()))
            .map(|i| (2 * i + 1) * self.groups.len() / (2 * TRIED_GROUPS.min(self.groups.len())))
            .map(|group| Rows::of(&self.groups[group], self.runs))
            .collect();
        let coding = |column: &RegionColumn| {
            encoders.with(|encoder| {
                let mut total: Option<Sizes> = None;
                for rows in &tried {
                    let sizes = encoder.sizes(&column.cells(rows))?;
                    total = Some(total.map_or(sizes, |total| add(total, sizes)));
                }
                Ok(total.map_or(Coding::Dictionary, |sizes| smallest(&sizes)))
            })
        };
        self.columns.par_iter().map(coding).collect()
    }

    /// Encodes a row group, `codings` as [`Region::codings`] gave them.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn row_group(&self, group: usize, codings: &[Coding], encoder: &mut Encoder) -> Result<EncodedRowGroup> {
        let rows = Rows::of(&self.groups[group], self.runs);
        let encode = |(column, coding): (&RegionColumn, &Coding)| encoder.column(&column.cells(&rows), *coding);
        let columns = self.columns.iter().zip(codings).map(encode).collect::<Result<_>>()?;
        Ok(EncodedRowGroup { rows: rows.count as u64, columns, sorted_by: self.sorted_by.clone() })
    }
}

/// Where the rows of a row group come from, run by run: rows of a run lie in memory as they are read, and a column asks
/// once a run how wide its numbers are there.
struct Rows {
    count: usize,
    /// Rows of a run, ascending, and their places in the row group; those of the first run first.
    moves: Vec<(u32, u32)>,
    /// Where each run's moves end.
    ends: Vec<usize>,
}

impl Rows {
    fn of(slices: &[Slice], runs: usize) -> Self {
        let mut next = vec![0; runs + 1];
        slices.iter().for_each(|slice| next[slice.run as usize + 1] += slice.rows as usize);
        for run in 0..runs {
            next[run + 1] += next[run];
        }
        let mut moves = vec![(0, 0); next[runs]];
        let mut place = 0;
        for slice in slices {
            let at = &mut next[slice.run as usize];
            for (row, to) in (slice.first..slice.first + slice.rows).zip(&mut moves[*at..]) {
                *to = (row, place);
                place += 1;
            }
            *at += slice.rows as usize;
        }
        // What was the beginning of each run is now its end.
        next.truncate(runs);
        Self { count: moves.len(), moves, ends: next }
    }

    /// Returns the moves of each run.
    fn by_run(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.moves[begin..*end])
    }
}

impl RegionColumn {
    fn new(column: Column, parts: Vec<Option<RunColumn>>) -> Self {
        let nothing = Dictionary::default();
        let dictionaries: Vec<&Dictionary> =
            parts.iter().map(|part| part.as_ref().map_or(&nothing, |part| &part.dictionary)).collect();
        let (dictionary, ranks) = Dictionary::union(&dictionaries);
        let known = || parts.iter().flatten().map(|part| &part.values);
        let (base, most) = match column.column_type {
            ColumnType::String => (0, dictionary.len().saturating_sub(1) as u64),
            ColumnType::Int | ColumnType::Bigint => {
                let base = known().map(|part| part.base).min().unwrap_or_default();
                (base, known().map(|part| part.base.abs_diff(base) + part.most).max().unwrap_or_default())
            }
        };
        let part = |(part, ranks): (RunColumn, Vec<u32>)| {
            // Without ranks: integers, or strings that are NULL all of them.
            let above = part.values.base.abs_diff(base);
            let whole = if ranks.is_empty() { Whole::Above(above) } else { Whole::Ranks(ranks) };
            Part { values: part.values, whole }
        };
        let parts = parts.into_iter().zip(ranks).map(|(run, ranks)| Some(part((run?, ranks)))).collect();
        Self { column, parts, base, most, dictionary }
    }

    /// Returns a number that orders as a row's value does among those of all runs, from 1; 0 for NULL.
    pub(super) fn key(&self, run: usize, row: usize) -> u128 {
        match &self.parts[run] {
            Some(part) if !part.values.nulls.contains(row) => {
                let number = part.values.number(row);
                let above = match &part.whole {
                    Whole::Above(above) => number + above,
                    Whole::Ranks(ranks) => ranks[number as usize].into(),
                };
                u128::from(above) + 1
            }
            _ => 0,
        }
    }

    /// Returns the [`RegionColumn::key`] of every row of a run, the two greatest integers alike.
    pub(super) fn keys(&self, run: usize, rows: usize) -> Vec<u64> {
        let mut keys = vec![0; rows];
        let Some(part) = &self.parts[run] else { return keys };
        match &part.whole {
            Whole::Above(above) => part.values.copy(&mut keys, |number| (number + above).saturating_add(1)),
            Whole::Ranks(ranks) => part.values.copy(&mut keys, |rank| u64::from(ranks[rank as usize]) + 1),
        }
        if !part.values.nulls.is_empty() {
            (0..rows).filter(|row| part.values.nulls.contains(*row)).for_each(|row| keys[row] = 0);
        }
        keys
    }

    /// Copies the values of these rows.
    fn cells(&self, rows: &Rows) -> Cells<'_> {
        let (values, nulls) = match self.column.column_type {
            ColumnType::String => {
                let (ranks, nulls) = self.gather(rows, |number| number as u32);
                (CellValues::Strings(ranks, &self.dictionary), nulls)
            }
            ColumnType::Int | ColumnType::Bigint if self.most <= u64::from(u32::MAX) => {
                let (above, nulls) = self.gather(rows, |number| number as u32);
                (CellValues::Narrow { base: self.base, above }, nulls)
            }
            ColumnType::Int | ColumnType::Bigint => {
                let (values, nulls) = self.gather(rows, |number| self.base.wrapping_add(number as i64));
                (CellValues::Wide(values), nulls)
            }
        };
        Cells { column: &self.column, rows: rows.count, nulls, values }
    }

    /// Returns what `value` makes of the numbers of these rows, those that are NULL left out, and the places of these.
    fn gather<V: Copy + Default>(&self, rows: &Rows, value: impl Fn(u64) -> V) -> (Vec<V>, Vec<u32>) {
        let no_nulls = |part: &Option<Part>| part.as_ref().is_some_and(|part| part.values.nulls.is_empty());
        if self.most == 0 && self.parts.iter().all(no_nulls) {
            return (vec![value(0); rows.count], Vec::new()); // All rows of the file have the same.
        }
        let mut values = vec![V::default(); rows.count];
        let mut nulls: Vec<u32> = Vec::new();
        for (part, moves) in self.parts.iter().zip(rows.by_run()) {
            let Some(Part { values: packed, whole }) = part else {
                nulls.extend(moves.iter().map(|(_, place)| *place));
                continue;
            };
            match whole {
                Whole::Above(0) => packed.gather(moves, &mut values, &value),
                Whole::Above(above) => packed.gather(moves, &mut values, |number| value(number + above)),
                Whole::Ranks(ranks) => packed.gather(moves, &mut values, |rank| value(ranks[rank as usize].into())),
            }
            if !packed.nulls.is_empty() {
                let null = moves.iter().filter(|(row, _)| packed.nulls.contains(*row as usize));
                nulls.extend(null.map(|(_, place)| *place));
            }
        }
        if !nulls.is_empty() {
            nulls.sort_unstable();
            let (mut at, mut next) = (0, nulls.iter().peekable());
            values.retain(|_| {
                at += 1;
                next.next_if(|null| **null + 1 == at).is_none()
            });
        }
        (values, nulls)
    }
}

fn add(mut total: Sizes, sizes: Sizes) -> Sizes {
    // Where one of them cannot have a coding, or none is known to be better, it is not chosen for all.
    for (total, size) in total.iter_mut().zip(sizes) {
        *total = total.zip(size).map(|(a, b)| a + b);
    }
    total
}
