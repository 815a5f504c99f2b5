//! Runs -> row groups in the order that was asked for.
//!
//! In: the [`Run`]s of a file, or as many of them as fit into memory. Out: row groups, each of them rows of all runs,
//! which are encoded one by one, at any number of threads alike.
//!
//! Runs are put one behind the other, column by column: what was narrow stays narrow, ranks in many dictionaries become
//! ranks in one. `order` says which rows a row group has; here they are copied together.

use rayon::prelude::*;

use super::codec::Compression;
use super::dictionary::Dictionary;
use super::encode::{CellValues, Cells, Coding, EncodedRowGroup, Encoder, Sizes, smallest};
use super::layout::{Layout, SortBy};
use super::order::{self, Slice};
use super::packed::{Narrow, Nulls, Packed};
use super::run::{Run, RunColumn};
use crate::error::Result;
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// Row groups that codings are tried on: what is best for the first is not always best for the others.
const TRIED_GROUPS: usize = 3;

/// Rows of several runs, in order.
#[derive(Debug)]
pub struct Region {
    columns: Vec<RegionColumn>,
    groups: Vec<Vec<Slice>>,
    sorted_by: Vec<String>,
}

/// A column of any of the runs; its rows are those of the first run, then those of the second, and so on.
#[derive(Debug)]
pub(super) struct RegionColumn {
    pub(super) column: Column,
    pub(super) values: Packed,
    /// What the numbers of a `string` column are ranks in.
    dictionary: Dictionary,
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
            parts.into_par_iter().map(|(column, parts)| RegionColumn::new(column, parts, &rows)).collect();
        let groups = order::groups(&rows, &columns, layout);
        // Within a box rows ascend by both addresses, but engines take what all row groups say for the order of the file.
        let sorted_by = match &layout.sort_by {
            SortBy::Addresses | SortBy::Arrival => Vec::new(),
            SortBy::Columns(columns) => columns.clone(),
        };
        Self { columns, groups, sorted_by }
    }

    /// Returns the number of row groups.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Returns how each column is best encoded.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn codings(&self, compression: Compression, layout: &Layout) -> Result<Vec<Coding>> {
        let tried: Vec<&[Slice]> = (0..TRIED_GROUPS.min(self.groups.len()))
            .map(|i| (2 * i + 1) * self.groups.len() / (2 * TRIED_GROUPS.min(self.groups.len())))
            .map(|group| self.groups[group].as_slice())
            .collect();
        let coding = |column: &RegionColumn| {
            let mut encoder = Encoder::new(compression, layout)?;
            let mut total: Option<Sizes> = None;
            for slices in &tried {
                let sizes = encoder.sizes(&column.cells(&rows_of(slices)))?;
                total = Some(total.map_or(sizes, |total| add(total, sizes)));
            }
            Ok(total.map_or(Coding::Dictionary, |sizes| smallest(&sizes)))
        };
        self.columns.par_iter().map(coding).collect()
    }

    /// Encodes a row group, `codings` as [`Region::codings`] gave them.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn row_group(&self, group: usize, codings: &[Coding], encoder: &mut Encoder) -> Result<EncodedRowGroup> {
        let rows = rows_of(&self.groups[group]);
        let encode = |(column, coding): (&RegionColumn, &Coding)| encoder.column(&column.cells(&rows), *coding);
        let columns = self.columns.iter().zip(codings).map(encode).collect::<Result<_>>()?;
        Ok(EncodedRowGroup { rows: rows.len() as u64, columns, sorted_by: self.sorted_by.clone() })
    }
}

fn rows_of(slices: &[Slice]) -> Vec<u32> {
    slices.iter().flat_map(|slice| slice.first..slice.first + slice.rows).collect()
}

impl RegionColumn {
    /// Puts the parts of a column one behind the other; a run that lacks it has NULLs.
    fn new(column: Column, parts: Vec<Option<RunColumn>>, rows: &[usize]) -> Self {
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
        let total = rows.iter().sum();
        let mut numbers = Narrow::with_room(most, total);
        for ((part, ranks), rows) in parts.iter().zip(&ranks).zip(rows) {
            match part {
                Some(part) if !ranks.is_empty() => {
                    part.values.append_to(&mut numbers, |rank| ranks[rank as usize].into());
                }
                // Integers, or strings that are NULL all of them.
                Some(part) => {
                    let above = part.values.base.abs_diff(base);
                    part.values.append_to(&mut numbers, |number| number + above);
                }
                None => numbers.extend(std::iter::repeat_n(0, *rows)),
            }
        }
        let mut nulls = Nulls::default();
        if parts.iter().any(|part| part.as_ref().is_none_or(|part| !part.values.nulls.is_empty())) {
            let first_rows = rows.iter().scan(0, |next, rows| Some(std::mem::replace(next, *next + rows)));
            let places = parts.iter().zip(rows).zip(first_rows).flat_map(|((part, rows), first)| {
                let is_null = move |row: &usize| part.as_ref().is_none_or(|part| part.values.nulls.contains(*row));
                (0..*rows).filter(is_null).map(move |row| first + row)
            });
            nulls = Nulls::at(places, total);
        }
        Self { column, values: Packed { base, most, numbers, nulls }, dictionary }
    }

    /// Copies the values of these rows.
    fn cells(&self, rows: &[u32]) -> Cells<'_> {
        let base = self.values.base;
        let (values, nulls) = match self.column.column_type {
            ColumnType::Int | ColumnType::Bigint => {
                let (values, nulls) = self.values.gather(rows, |number| base.wrapping_add(number as i64));
                (CellValues::Integers(values), nulls)
            }
            ColumnType::String => {
                let (ranks, nulls) = self.values.gather(rows, |number| number as u32);
                (CellValues::Strings(ranks, &self.dictionary), nulls)
            }
        };
        Cells { column: &self.column, rows: rows.len(), nulls, values }
    }
}

fn add(mut total: Sizes, sizes: Sizes) -> Sizes {
    // Where one of them cannot have a coding, or none is known to be better, it is not chosen for all.
    for (total, size) in total.iter_mut().zip(sizes) {
        *total = total.zip(size).map(|(a, b)| a + b);
    }
    total
}
