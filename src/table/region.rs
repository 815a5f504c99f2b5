//! Runs -> row groups in the order that was asked for.
//!
//! In: the [`Run`]s of a file, or as many of them as fit into memory. Out: row groups, each of them rows of all runs,
//! which are encoded one by one, at any number of threads alike.
//!
//! [`super::order`] says which rows a row group has, as slices of runs; here they are copied together column by column.
//! Runs are sorted, so slices are long and copying walks through memory in order.

use rayon::prelude::*;

use super::codec::Compression;
use super::dictionary::Dictionary;
use super::encode::{CellValues, Cells, Coding, EncodedRowGroup, Encoder, Sizes, smallest};
use super::layout::{Layout, SortBy};
use super::order::{self, Slice};
use super::run::Run;
use crate::error::Result;
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// Row groups that codings are tried on: what is best for the first is not always best for the others.
const TRIED_GROUPS: usize = 3;

/// Rows of several runs, in order.
#[derive(Debug)]
pub struct Region {
    runs: Vec<Run>,
    columns: Vec<RegionColumn>,
    groups: Vec<Vec<Slice>>,
    sorted_by: Vec<String>,
}

/// A column of any of the runs.
#[derive(Debug)]
pub(super) struct RegionColumn {
    pub(super) column: Column,
    /// Its place in each run.
    pub(super) places: Vec<Option<usize>>,
    /// All values of a `string` column.
    dictionary: Dictionary,
    /// For each run, the rank in `dictionary` of each of its own ranks.
    pub(super) ranks: Vec<Vec<u32>>,
}

impl Region {
    /// Puts the rows of runs in order.
    pub fn new(runs: Vec<Run>, layout: &Layout) -> Self {
        let mut names: Vec<&Column> = Vec::new();
        for column in runs.iter().flat_map(Run::columns) {
            if !names.contains(&&column.column) {
                names.push(&column.column);
            }
        }
        let columns: Vec<RegionColumn> = names.into_par_iter().map(|column| RegionColumn::new(column, &runs)).collect();
        let groups = order::groups(&runs, &columns, layout);
        let sorted_by = match &layout.sort_by {
            SortBy::Addresses | SortBy::Arrival => Vec::new(),
            SortBy::Columns(columns) => columns.clone(),
        };
        Self { runs, columns, groups, sorted_by }
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
                let sizes = encoder.sizes(&self.cells(column, slices))?;
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
        let slices = &self.groups[group];
        let encode = |(column, coding): (&RegionColumn, &Coding)| encoder.column(&self.cells(column, slices), *coding);
        let columns = self.columns.iter().zip(codings).map(encode).collect::<Result<_>>()?;
        let rows = slices.iter().map(|slice| u64::from(slice.rows)).sum();
        Ok(EncodedRowGroup { rows, columns, sorted_by: self.sorted_by.clone() })
    }

    /// Copies a column's values out of the runs.
    fn cells<'a>(&'a self, column: &'a RegionColumn, slices: &[Slice]) -> Cells<'a> {
        let rows = slices.iter().map(|slice| slice.rows as usize).sum();
        let mut nulls = Vec::new();
        let (mut integers, mut ranks) = (Vec::new(), Vec::new());
        let is_string = column.column.column_type == ColumnType::String;
        if is_string {
            ranks.reserve(rows);
        } else {
            integers.reserve(rows);
        }
        let mut row = 0_u32;
        for slice in slices {
            let (run, from) = (slice.run as usize, slice.first as usize);
            let range = from..from + slice.rows as usize;
            let Some(place) = column.places[run] else {
                nulls.extend(row..row + slice.rows);
                row += slice.rows;
                continue;
            };
            let own = &self.runs[run].columns()[place];
            let map = &column.ranks[run];
            let mut take = |value: u64| {
                if is_string {
                    ranks.push(map[value as usize]);
                } else {
                    integers.push(own.base.wrapping_add(value as i64));
                }
            };
            if own.has_nulls() {
                for at in range {
                    if own.is_null(at) {
                        nulls.push(row + (at - from) as u32);
                    } else {
                        take(own.values.get(at));
                    }
                }
            } else {
                own.values.each(range, take);
            }
            row += slice.rows;
        }
        let values = match column.column.column_type {
            ColumnType::Int | ColumnType::Bigint => CellValues::Integers(integers),
            ColumnType::String => CellValues::Strings(ranks, &column.dictionary),
        };
        Cells { column: &column.column, rows, nulls, values }
    }
}

impl RegionColumn {
    fn new(column: &Column, runs: &[Run]) -> Self {
        let places: Vec<Option<usize>> = runs.iter().map(|run| run.position(column)).collect();
        let nothing = Dictionary::default();
        let parts: Vec<&Dictionary> = runs
            .iter()
            .zip(&places)
            .map(|(run, place)| place.map_or(&nothing, |place| &run.columns()[place].dictionary))
            .collect();
        let (dictionary, ranks) = Dictionary::union(&parts);
        Self { column: column.clone(), places, dictionary, ranks }
    }
}

fn add(mut total: Sizes, sizes: Sizes) -> Sizes {
    // Where one of them cannot have a coding, or none is known to be better, it is not chosen for all.
    for (total, size) in total.iter_mut().zip(sizes) {
        *total = total.zip(size).map(|(a, b)| a + b);
    }
    total
}
