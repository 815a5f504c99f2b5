//! Runs -> row groups in the order that was asked for.
//!
//! In: the [`SortedRun`]s of a file, or as many of them as fit into memory. Out: row groups, each of them rows of all runs,
//! which are encoded one by one, at any number of threads alike.
//!
//! Runs stay as they are, so that memory holds rows once. For each of them a column knows what its numbers are among all:
//! how far its base lies above the least one, which rank of the whole each of its own ranks is. `order` says which rows a
//! row group has, `column` copies them together.

use rayon::prelude::*;

use super::column::{GroupRows, SortedColumn};
use super::order::{self, Group};
use super::run::{RunColumn, SortedRun};
use crate::encode::chunk::Coding;
use crate::encode::column::{EncodedRowGroup, Encoder, Encoders, Sizes, smallest};
use crate::encode::layout::{Layout, SortBy};
use crate::error::Result;
use crate::record::header::Column;

/// Row groups that codings are tried on: what is best for the first is not always best for the others.
const TRIED_GROUPS: usize = 3;

/// Rows of several runs, in order.
#[derive(Debug)]
pub struct SortedRows {
    runs: usize,
    columns: Vec<SortedColumn>,
    groups: Vec<Group>,
    sorted_by: Vec<String>,
}

impl SortedRows {
    /// Puts the rows of runs in order.
    ///
    /// # Errors
    /// As `Dictionary::union`.
    pub fn new(runs: Vec<SortedRun>, layout: &Layout) -> Result<Self> {
        let rows: Vec<usize> = runs.iter().map(SortedRun::rows).collect();
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
        let columns: Vec<SortedColumn> =
            parts.into_par_iter().map(|(column, parts)| SortedColumn::new(column, parts)).collect::<Result<_>>()?;
        let groups = order::bounded(order::groups(&rows, &columns, layout), &columns);
        // Within a box rows ascend by both addresses, but engines take what all row groups say for the order of the file.
        let sorted_by = match &layout.sort_by {
            SortBy::Addresses | SortBy::Arrival => Vec::new(),
            SortBy::Columns(columns) => columns.clone(),
        };
        Ok(Self { runs: rows.len(), columns, groups, sorted_by })
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
        let tried: Vec<GroupRows> = (0..TRIED_GROUPS.min(self.groups.len()))
            .map(|i| (2 * i + 1) * self.groups.len() / (2 * TRIED_GROUPS.min(self.groups.len())))
            .map(|group| GroupRows::of(&self.groups[group].slices, self.runs))
            .collect();
        let coding = |column: &SortedColumn| {
            encoders.with(|encoder| {
                let mut total: Option<Sizes> = None;
                for rows in &tried {
                    let sizes = encoder.sizes(&column.values(rows))?;
                    total = Some(total.map_or(sizes, |total| add(total, sizes)));
                }
                Ok(total.map_or(Coding::Dictionary, |sizes| smallest(&sizes)))
            })
        };
        self.columns.par_iter().map(coding).collect()
    }

    /// Encodes a row group, `codings` as [`SortedRows::codings`] gave them.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn row_group(&self, group: usize, codings: &[Coding], encoder: &mut Encoder) -> Result<EncodedRowGroup> {
        let rows = GroupRows::of(&self.groups[group].slices, self.runs);
        let encode = |(column, coding): (&SortedColumn, &Coding)| encoder.column(&column.values(&rows), *coding);
        let columns = self.columns.iter().zip(codings).map(encode).collect::<Result<_>>()?;
        let in_slab = self.groups[group].in_slab;
        Ok(EncodedRowGroup { rows: rows.count as u64, columns, sorted_by: self.sorted_by.clone(), in_slab })
    }
}

fn add(mut total: Sizes, sizes: Sizes) -> Sizes {
    // Where one of them cannot have a coding, or none is known to be better, it is not chosen for all.
    for (total, size) in total.iter_mut().zip(sizes) {
        *total = total.zip(size).map(|(a, b)| a + b);
    }
    total
}
