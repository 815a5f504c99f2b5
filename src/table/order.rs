//! Which rows go into which row group.
//!
//! In: sorted [`Run`]s. Out: for each row group the slices of runs that it is made of.
//!
//! The default order makes row groups boxes: each holds the rows whose source address lies in one range and whose
//! destination address lies in another, so that the minima and maxima of both columns rule it out for most addresses.
//! Ranges are found as in a k-d tree: rows are halved where they reach farthest, the halves are halved again, and so on.
//! How far they reach is counted in rows of the whole: a range of addresses that half of all rows have is half as wide as
//! can be. Addresses count by their rank as text, because that is how minima and maxima compare. The time of the start is
//! a third dimension of little weight: it is cut once or twice, so that an hour need not be looked for everywhere.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use rayon::prelude::*;

use super::layout::{BOX_COLUMNS, Layout, MAX_SORT_COLUMNS, SortBy};
use super::region::RegionColumn;
use super::run::Run;

/// Rows of a run that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) run: u32,
    pub(super) first: u32,
    pub(super) rows: u32,
}

/// Fewer rows than these are not split by two threads.
const ROWS_WORTH_A_TASK: u64 = 1 << 17;

/// Values that a look at a dimension tells apart; the one that matters is looked at again, more closely.
const BUCKET_BITS: u32 = 12;

/// How much the width of each dimension counts: source, destination, start. A tenth for the start makes an hour cost a sixth of
/// a day instead of a fifth, and an address a fifth more (docs/layout.md).
const WEIGHTS: [u64; 3] = [10, 10, 1];

/// Times of the start that are told apart: half a minute in a day.
const TIMES: u64 = 1 << 12;

/// Returns the slices of every row group.
pub(super) fn groups(runs: &[Run], columns: &[RegionColumn], layout: &Layout) -> Vec<Vec<Slice>> {
    let most = u64::from(layout.row_group_rows.max(1));
    match &layout.sort_by {
        SortBy::Addresses => {
            let mut segments = segments(runs, columns);
            let before = [0, 1, 2].map(|axis| rows_before(&segments, axis));
            boxes(&mut segments, most, &before)
        }
        SortBy::Columns(names) => cut(merged(runs, columns, names), most),
        SortBy::Arrival => {
            let whole = runs.iter().enumerate().map(|(run, rows)| slice(run, 0, rows.rows()));
            cut(whole.collect(), most)
        }
    }
}

fn slice(run: usize, first: usize, rows: usize) -> Slice {
    Slice { run: run as u32, first: first as u32, rows: rows as u32 }
}

/// Rows of a run with the same source and destination address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    /// Ranks of the addresses, 0 for NULL, and the time of the first row's start.
    at: [u32; 3],
    run: u32,
    first: u32,
    rows: u32,
}

/// Returns the segments of all runs, ascending.
fn segments(runs: &[Run], columns: &[RegionColumn]) -> Vec<Segment> {
    let column = |name| columns.iter().find(|column| column.column.name == name);
    let (axes, start) = (BOX_COLUMNS.map(column), column("start"));
    let keys = |number: usize| axes.map(|axis| Keys::of(&runs[number], number, axis));
    let bounds = runs.par_iter().enumerate().map(|(number, run)| Keys::of(run, number, start).bounds(run.rows()));
    let (least, greatest) = bounds.flatten().reduce(|| (u128::MAX, 0), |a, b| (a.0.min(b.0), a.1.max(b.1)));
    let per_time = (greatest.saturating_sub(least) / u128::from(TIMES)) + 1;
    let of_run = |(number, run): (usize, &Run)| {
        let ([src, dst], start) = (keys(number), Keys::of(run, number, start));
        let mut segments: Vec<Segment> = Vec::new();
        for row in 0..run.rows() {
            let (src, dst) = (src.rank(row), dst.rank(row));
            match segments.last_mut() {
                Some(last) if last.at[..2] == [src, dst] => last.rows += 1,
                _ => {
                    let time = start.key(row).saturating_sub(least) / per_time;
                    segments.push(Segment {
                        at: [src, dst, time as u32],
                        run: number as u32,
                        first: row as u32,
                        rows: 1,
                    });
                }
            }
        }
        segments
    };
    let parts: Vec<Vec<Segment>> = runs.par_iter().enumerate().map(of_run).collect();
    parts.concat()
}

/// Returns for each value of a dimension how many rows have a smaller one; the last says how many there are.
fn rows_before(segments: &[Segment], axis: usize) -> Vec<u64> {
    let values = segments.iter().map(|segment| segment.at[axis] as usize + 1).max().unwrap_or_default();
    let mut before = vec![0; values + 1];
    for segment in segments {
        before[segment.at[axis] as usize + 1] += u64::from(segment.rows);
    }
    for value in 1..before.len() {
        before[value] += before[value - 1];
    }
    before
}

/// A column of a run, by the ranks of the region.
struct Keys<'a> {
    column: Option<(&'a super::run::RunColumn, &'a [u32])>,
}

impl<'a> Keys<'a> {
    fn of(run: &'a Run, number: usize, column: Option<&'a RegionColumn>) -> Self {
        let found = column.and_then(|column| {
            let place = column.places[number]?;
            Some((&run.columns()[place], column.ranks[number].as_slice()))
        });
        Self { column: found }
    }

    /// Returns the rank of a row's string, from 1; 0 for NULL.
    fn rank(&self, row: usize) -> u32 {
        match self.column {
            Some((column, ranks)) if !column.is_null(row) => {
                ranks.get(column.values.get(row) as usize).map_or(0, |rank| rank + 1)
            }
            _ => 0,
        }
    }

    /// Returns the least and the greatest key of the rows that are not NULL.
    fn bounds(&self, rows: usize) -> Option<(u128, u128)> {
        let keys = || (0..rows).map(|row| self.key(row)).filter(|key| *key > 0);
        Some((keys().min()?, keys().max()?))
    }

    /// Returns a number that orders as the row's value does, NULL first.
    fn key(&self, row: usize) -> u128 {
        match self.column {
            Some((column, _)) if column.is_null(row) => 0,
            Some((column, [])) => {
                let value = column.base.wrapping_add(column.values.get(row) as i64);
                u128::from((value as u64) ^ 1 << 63) + 1
            }
            Some(_) => self.rank(row).into(),
            None => 0,
        }
    }
}

/// Splits segments into row groups of at most `most` rows; `before` are the [`rows_before`] of each dimension.
fn boxes(segments: &mut [Segment], most: u64, before: &[Vec<u64>; 3]) -> Vec<Vec<Slice>> {
    let rows: u64 = segments.iter().map(|segment| u64::from(segment.rows)).sum();
    if rows <= most {
        segments.sort_unstable();
        return if segments.is_empty() { Vec::new() } else { vec![joined(segments)] };
    }
    // The left side gets as many whole row groups as the right one, or one less.
    let groups = rows.div_ceil(most);
    let left_rows = rows * (groups / 2) / groups;
    let mut axes = [0, 1, 2].map(|axis| (Reverse(width(segments, axis, &before[axis]) * WEIGHTS[axis]), axis));
    axes.sort_unstable();
    let Some((axis, value)) = axes.iter().find_map(|(_, axis)| Some((*axis, middle(segments, *axis, left_rows)?)))
    else {
        // One address to one other, more often than a row group has rows.
        segments.sort_unstable();
        return cut(joined(segments), most);
    };
    let at = partition(segments, |segment| segment.at[axis] < value);
    let (left, right) = segments.split_at_mut(at);
    let (mut left, right) = if rows >= ROWS_WORTH_A_TASK {
        rayon::join(|| boxes(left, most, before), || boxes(right, most, before))
    } else {
        (boxes(left, most, before), boxes(right, most, before))
    };
    left.extend(right);
    left
}

/// Returns how many rows of the whole have a value within the segments' bounds.
fn width(segments: &[Segment], axis: usize, before: &[u64]) -> u64 {
    let values = || segments.iter().map(|segment| segment.at[axis] as usize);
    values().max().zip(values().min()).map_or(0, |(high, low)| before[high + 1] - before[low])
}

/// Returns the least value of the right side, if the left one is to have about `left_rows`; `None` if all are the same.
fn middle(segments: &[Segment], axis: usize, left_rows: u64) -> Option<u32> {
    let low = segments.iter().map(|segment| segment.at[axis]).min()?;
    let high = segments.iter().map(|segment| segment.at[axis]).max()?;
    if low == high {
        return None;
    }
    let (mut from, mut to, mut before) = (low, high, 0);
    loop {
        let shift = (u32::BITS - (to - from).leading_zeros()).saturating_sub(BUCKET_BITS);
        let mut rows = vec![0_u64; ((to - from) >> shift) as usize + 1];
        for segment in segments {
            let value = segment.at[axis];
            if (from..=to).contains(&value) {
                rows[((value - from) >> shift) as usize] += u64::from(segment.rows);
            }
        }
        let mut bucket = 0;
        while bucket + 1 < rows.len() && before + rows[bucket] <= left_rows {
            before += rows[bucket];
            bucket += 1;
        }
        let begin = from + ((bucket as u32) << shift);
        if shift == 0 {
            // Before this value or behind it, whichever is nearer.
            let behind = before + rows[bucket] - left_rows.min(before + rows[bucket]);
            let value = if left_rows - before <= behind { begin } else { begin + 1 };
            return Some(value.clamp(low + 1, high));
        }
        to = to.min(begin + ((1 << shift) - 1));
        from = begin;
    }
}

/// Moves what belongs to the left to the front; returns how much that is.
fn partition(segments: &mut [Segment], left: impl Fn(&Segment) -> bool) -> usize {
    let mut at = 0;
    for index in 0..segments.len() {
        if left(&segments[index]) {
            segments.swap(at, index);
            at += 1;
        }
    }
    at
}

/// Returns the slices of segments; neighbours become one.
fn joined(segments: &[Segment]) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::with_capacity(segments.len());
    for segment in segments {
        match slices.last_mut() {
            Some(last) if last.run == segment.run && last.first + last.rows == segment.first => {
                last.rows += segment.rows;
            }
            _ => slices.push(Slice { run: segment.run, first: segment.first, rows: segment.rows }),
        }
    }
    slices
}

/// Merges runs that are sorted by these columns; of equal rows those of the first run come first.
fn merged(runs: &[Run], columns: &[RegionColumn], names: &[String]) -> Vec<Slice> {
    let axis = |name: &String| columns.iter().find(|column| column.column.name == *name);
    let axes: Vec<Option<&RegionColumn>> = names.iter().map(axis).collect();
    let keys: Vec<Vec<Keys<'_>>> = runs
        .iter()
        .enumerate()
        .map(|(number, run)| axes.iter().map(|axis| Keys::of(run, number, *axis)).collect())
        .collect();
    let key = |run: usize, row: usize| {
        let mut all = [0; MAX_SORT_COLUMNS];
        all.iter_mut().zip(&keys[run]).for_each(|(all, keys)| *all = keys.key(row));
        all
    };
    let heads = runs.iter().enumerate().filter(|(_, run)| run.rows() > 0);
    let mut heads: BinaryHeap<_> = heads.map(|(run, _)| Reverse((key(run, 0), run, 0))).collect();
    let mut slices: Vec<Slice> = Vec::new();
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((_, run, row)) = *head;
        match slices.last_mut() {
            Some(last) if last.run as usize == run && (last.first + last.rows) as usize == row => last.rows += 1,
            _ => slices.push(slice(run, row, 1)),
        }
        if row + 1 < runs[run].rows() {
            *head = Reverse((key(run, row + 1), run, row + 1));
        } else {
            PeekMut::pop(head);
        }
    }
    slices
}

/// Cuts slices, in their order, into row groups of about equal size, none above `most` rows.
fn cut(slices: Vec<Slice>, most: u64) -> Vec<Vec<Slice>> {
    let mut left: u64 = slices.iter().map(|slice| u64::from(slice.rows)).sum();
    let mut groups = Vec::new();
    let mut group = Vec::new();
    let mut room = share(left, most);
    for mut slice in slices {
        while slice.rows > 0 {
            let rows = u64::from(slice.rows).min(room) as u32;
            group.push(Slice { rows, ..slice });
            slice.first += rows;
            slice.rows -= rows;
            room -= u64::from(rows);
            left -= u64::from(rows);
            if room == 0 {
                groups.push(std::mem::take(&mut group));
                room = share(left, most);
            }
        }
    }
    groups
}

fn share(rows: u64, most: u64) -> u64 {
    rows.div_ceil(rows.div_ceil(most).max(1))
}
