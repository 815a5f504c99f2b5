//! Which rows go into which row group.
//!
//! In: the columns of sorted runs, one run behind the other. Out: for each row group the slices of rows that it is made of.
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
use std::ops::Range;

use rayon::prelude::*;

use super::layout::{BOX_COLUMNS, Layout, MAX_SORT_COLUMNS, SortBy};
use super::packed::Packed;
use super::region::RegionColumn;

/// Rows that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
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

/// Returns the slices of every row group. `runs` are the rows of each run.
pub(super) fn groups(runs: &[usize], columns: &[RegionColumn], layout: &Layout) -> Vec<Vec<Slice>> {
    let most = u64::from(layout.row_group_rows.max(1));
    match &layout.sort_by {
        SortBy::Addresses => {
            let mut segments = segments(runs, columns);
            let before = [0, 1, 2].map(|axis| rows_before(&segments, axis));
            boxes(&mut segments, most, &before)
        }
        SortBy::Columns(names) => cut(merged(runs, columns, names), most),
        SortBy::Arrival => cut(vec![Slice { first: 0, rows: runs.iter().sum::<usize>() as u32 }], most),
    }
}

/// Returns the rows of each run, as numbers of all rows.
fn ranges(runs: &[usize]) -> Vec<Range<usize>> {
    let ends = runs.iter().scan(0, |end, rows| {
        *end += rows;
        Some(*end)
    });
    ends.zip(runs).map(|(end, rows)| end - rows..end).collect()
}

/// Rows of a run with the same source and destination address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    /// Ranks of the addresses, 0 for NULL, and the time of the first row's start.
    at: [u32; 3],
    first: u32,
    rows: u32,
}

/// Returns the segments of all runs.
fn segments(runs: &[usize], columns: &[RegionColumn]) -> Vec<Segment> {
    let column = |name| Keys(columns.iter().find(|column| column.column.name == name).map(|column| &column.values));
    let ([src, dst], start) = (BOX_COLUMNS.map(column), column("start"));
    let per_time = start.0.map_or(0, |start| start.most) / TIMES + 1;
    let of_run = |rows: Range<usize>| {
        let mut segments: Vec<Segment> = Vec::new();
        for row in rows {
            let (src, dst) = (src.rank(row), dst.rank(row));
            match segments.last_mut() {
                Some(last) if last.at[..2] == [src, dst] => last.rows += 1,
                _ => {
                    let time = start.0.map_or(0, |start| start.number(row)) / per_time;
                    segments.push(Segment { at: [src, dst, time as u32], first: row as u32, rows: 1 });
                }
            }
        }
        segments
    };
    let parts: Vec<Vec<Segment>> = ranges(runs).into_par_iter().map(of_run).collect();
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

/// What rows compare by in a column, if there is one.
#[derive(Clone, Copy)]
struct Keys<'a>(Option<&'a Packed>);

impl Keys<'_> {
    /// Returns the rank of a row's string, from 1; 0 for NULL.
    fn rank(&self, row: usize) -> u32 {
        self.key(row) as u32
    }

    /// Returns a number that orders as the row's value does, from 1; 0 for NULL.
    fn key(&self, row: usize) -> u128 {
        match self.0 {
            Some(column) if !column.nulls.contains(row) => u128::from(column.number(row)) + 1,
            _ => 0,
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
            Some(last) if last.first + last.rows == segment.first => last.rows += segment.rows,
            _ => slices.push(Slice { first: segment.first, rows: segment.rows }),
        }
    }
    slices
}

/// Merges runs that are sorted by these columns; of equal rows those of the first run come first.
fn merged(runs: &[usize], columns: &[RegionColumn], names: &[String]) -> Vec<Slice> {
    let column = |name: &String| columns.iter().find(|column| column.column.name == *name);
    let keys: Vec<Keys<'_>> = names.iter().map(|name| Keys(column(name).map(|column| &column.values))).collect();
    let key = |row: usize| {
        let mut all = [0; MAX_SORT_COLUMNS];
        all.iter_mut().zip(&keys).for_each(|(all, keys)| *all = keys.key(row));
        all
    };
    // Rows are numbered run by run, so that the lower number comes first.
    let heads = ranges(runs).into_iter().filter(|rows| !rows.is_empty());
    let mut heads: BinaryHeap<_> = heads.map(|rows| Reverse((key(rows.start), rows.start, rows.end))).collect();
    let mut slices: Vec<Slice> = Vec::new();
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((_, row, end)) = *head;
        match slices.last_mut() {
            Some(last) if (last.first + last.rows) as usize == row => last.rows += 1,
            _ => slices.push(Slice { first: row as u32, rows: 1 }),
        }
        if row + 1 < end {
            *head = Reverse((key(row + 1), row + 1, end));
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
