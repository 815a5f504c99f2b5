//! Which rows go into which row group.
//!
//! In: the columns of sorted runs. Out: for each row group the slices of rows that it is made of.
//!
//! The default order makes row groups boxes: each holds the rows whose source address lies in one range and whose destination
//! address lies in another, so that the minima and maxima of both columns rule it out for most addresses. Rows are cut by
//! their source into slabs, as many as a slab will have row groups, and each slab by destination. Ranges are found by halving:
//! the rows in two, each half in two, and so on. Addresses count by their rank as text, because that is how minima and maxima
//! compare. Slabs lie in the order of their sources, row groups of a slab in the order of their destinations: what one source
//! needs lies together, and what one destination needs lies a slab apart, too far for engines to read what is between
//! (docs/layout.md).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use rayon::prelude::*;

use super::column::SortedColumn;
use super::run::Slice;
use crate::encode::column::InSlab;
use crate::encode::layout::{BOX_COLUMNS, Layout, MAX_SORT_COLUMNS, SortBy};
use crate::record::columns::MAX_LONG_BYTES;

/// Fewer rows than these are not split by two threads.
const ROWS_WORTH_A_TASK: u64 = 1 << 17;

/// Values that a look at a dimension tells apart; the one that matters is looked at again, more closely.
const BUCKET_BITS: u32 = 12;

/// Times of the start that are told apart: half a minute in a day.
const TIMES: u64 = 1 << 12;

/// Which rows a row group has.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) slices: Vec<Slice>,
    pub(super) in_slab: InSlab,
}

/// Returns the row groups. `runs` are the rows of each run.
pub(super) fn groups(runs: &[usize], columns: &[SortedColumn], layout: &Layout) -> Vec<Group> {
    let most = u64::from(layout.row_group_rows.max(1));
    let alone = |slices| Group { slices, in_slab: InSlab::Alone };
    match &layout.sort_by {
        SortBy::Addresses => boxes(&mut segments(runs, columns), most),
        SortBy::Columns(names) => cut(merged(runs, columns, names), most).into_iter().map(alone).collect(),
        SortBy::Arrival => {
            let whole = |(run, rows): (u32, &usize)| Slice { run, first: 0, rows: *rows as u32 };
            cut((0..).zip(runs).map(whole).collect(), most).into_iter().map(alone).collect()
        }
    }
}

/// Cuts row groups where their rows have long strings of more than [`MAX_LONG_BYTES`]: in a row group they may be written as
/// often as rows have them.
pub(super) fn bounded(groups: Vec<Group>, columns: &[SortedColumn]) -> Vec<Group> {
    let long: Vec<&SortedColumn> = columns.iter().filter(|column| column.has_long()).collect();
    if long.is_empty() {
        return groups;
    }
    let mut all = Vec::with_capacity(groups.len());
    for Group { slices, in_slab } in groups {
        let before = if in_slab == InSlab::Alone { InSlab::Alone } else { InSlab::Inside };
        let (mut group, mut bytes): (Vec<Slice>, usize) = (Vec::new(), 0);
        for Slice { run, first, rows } in slices {
            let mut begin = first;
            for row in first..first + rows {
                let more: usize = long.iter().map(|column| column.long_bytes(run as usize, row as usize)).sum();
                if bytes + more > MAX_LONG_BYTES && (row > begin || !group.is_empty()) {
                    if row > begin {
                        group.push(Slice { run, first: begin, rows: row - begin });
                    }
                    all.push(Group { slices: std::mem::take(&mut group), in_slab: before });
                    (begin, bytes) = (row, 0);
                }
                bytes += more;
            }
            group.push(Slice { run, first: begin, rows: first + rows - begin });
        }
        all.push(Group { slices: group, in_slab });
    }
    all
}

/// Rows of a run with the same source and destination address.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// Ranks of the addresses, 0 for NULL, and the time of the first row's start.
    at: [u32; 3],
    run: u32,
    first: u32,
    rows: u32,
}

impl Segment {
    /// Returns what segments are sorted by; no two have the same.
    fn key(&self) -> (u64, u64, u32) {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        (pair(self.at[0], self.at[1]), pair(self.at[2], self.run), self.first)
    }
}

/// Returns the segments of all runs.
fn segments(runs: &[usize], columns: &[SortedColumn]) -> Vec<Segment> {
    let column = |name| columns.iter().find(|column| column.column.name == name);
    let [src, dst] = BOX_COLUMNS.map(column);
    let start = column("start");
    let per_time = start.map_or(0, |start| start.most) / TIMES + 1;
    let of_run = |(run, rows): (usize, &usize)| {
        let keys = |column: Option<&SortedColumn>| match column {
            Some(column) => column.keys(run, *rows),
            None => vec![0; *rows],
        };
        let [src, dst, start] = [src, dst, start].map(keys);
        let mut segments: Vec<Segment> = Vec::new();
        for (row, ((src, dst), start)) in (0..).zip(src.into_iter().zip(dst).zip(start)) {
            let (src, dst) = (src as u32, dst as u32);
            match segments.last_mut() {
                Some(last) if last.at[..2] == [src, dst] => last.rows += 1,
                _ => {
                    let time = start.saturating_sub(1) / per_time;
                    segments.push(Segment { at: [src, dst, time as u32], run: run as u32, first: row, rows: 1 });
                }
            }
        }
        segments
    };
    let parts: Vec<Vec<Segment>> = runs.par_iter().enumerate().map(of_run).collect();
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    // One after the other is given back.
    parts.into_iter().for_each(|part| all.extend(part));
    all
}

/// The dimensions of a segment.
const SOURCE: usize = 0;
const DESTINATION: usize = 1;
const START: usize = 2;

/// Puts segments into boxes of at most `most` rows, slab by slab.
fn boxes(segments: &mut [Segment], most: u64) -> Vec<Group> {
    let groups = rows_of(segments).div_ceil(most);
    // As many slabs as a slab has row groups: an address at either end is in as few.
    let slabs = (groups as f64).sqrt().round() as u64;
    let slabs = halved(segments, slabs.max(1), SOURCE);
    let of_slab = |slab: &mut [Segment]| {
        let mut groups: Vec<Group> = parts_of(slab, most, &[DESTINATION, SOURCE, START])
            .into_iter()
            .map(|slices| Group { slices, in_slab: InSlab::Inside })
            .collect();
        if let Some(last) = groups.last_mut() {
            last.in_slab = InSlab::Last;
        }
        groups
    };
    slabs.into_par_iter().flat_map_iter(of_slab).collect()
}

fn rows_of(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.rows)).sum()
}

/// Cuts segments along a dimension into about `parts` of about equal size, in its order: fewer where many rows have one value.
fn halved(segments: &mut [Segment], parts: u64, axis: usize) -> Vec<&mut [Segment]> {
    let rows = rows_of(segments);
    let at = if parts > 1 { split(segments, axis, rows * (parts / 2) / parts) } else { None };
    let Some(at) = at else { return vec![segments] };
    let (left, right) = segments.split_at_mut(at);
    // Where a value has many rows, halves are not of one size: each is cut into as many parts as it has rows for.
    let of_left = ((rows_of(left) * parts + rows / 2) / rows).clamp(1, parts - 1);
    let (mut left, right) = (halved(left, of_left, axis), halved(right, parts - of_left, axis));
    left.extend(right);
    left
}

/// Cuts segments along the first of these dimensions that has two values, and each half again, until none has more than
/// `most` rows.
fn parts_of(segments: &mut [Segment], most: u64, axes: &[usize]) -> Vec<Vec<Slice>> {
    let rows = rows_of(segments);
    if rows <= most {
        segments.sort_unstable_by_key(Segment::key);
        return if segments.is_empty() { Vec::new() } else { vec![joined(segments)] };
    }
    // The left side gets as many whole row groups as the right one, or one less.
    let groups = rows.div_ceil(most);
    let Some(at) = axes.iter().find_map(|axis| split(segments, *axis, rows * (groups / 2) / groups)) else {
        // One address to one other, more often than a row group has rows.
        segments.sort_unstable_by_key(Segment::key);
        return cut(joined(segments), most);
    };
    let (left, right) = segments.split_at_mut(at);
    let (mut left, right) = if rows >= ROWS_WORTH_A_TASK {
        rayon::join(|| parts_of(left, most, axes), || parts_of(right, most, axes))
    } else {
        (parts_of(left, most, axes), parts_of(right, most, axes))
    };
    left.extend(right);
    left
}

/// Moves the segments with the lesser values of a dimension to the front, those of about `left_rows` rows; returns how many
/// there are, `None` if all have the same value.
fn split(segments: &mut [Segment], axis: usize, left_rows: u64) -> Option<usize> {
    let values = segments.iter().map(|segment| segment.at[axis]);
    let bounds = (values.clone().min()?, values.max()?);
    let value = middle(segments, axis, bounds, left_rows)?;
    Some(partition(segments, |segment| segment.at[axis] < value))
}

/// Returns the least value of the right side, if the left one is to have about `left_rows`; `None` if all are the same.
/// `low` and `high` are the dimension's bounds.
fn middle(segments: &[Segment], axis: usize, (low, high): (u32, u32), left_rows: u64) -> Option<u32> {
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
fn merged(runs: &[usize], columns: &[SortedColumn], names: &[String]) -> Vec<Slice> {
    let columns: Vec<Option<&SortedColumn>> =
        names.iter().map(|name| columns.iter().find(|column| column.column.name == *name)).collect();
    let key = |run: usize, row: usize| {
        let mut all = [0; MAX_SORT_COLUMNS];
        let keys = columns.iter().map(|column| column.map_or(0, |column| column.key(run, row)));
        all.iter_mut().zip(keys).for_each(|(all, key)| *all = key);
        all
    };
    let heads = (0..runs.len()).filter(|run| runs[*run] > 0);
    let mut heads: BinaryHeap<_> = heads.map(|run| Reverse((key(run, 0), run, 0))).collect();
    let mut slices: Vec<Slice> = Vec::new();
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((_, run, row)) = *head;
        match slices.last_mut() {
            Some(last) if last.run as usize == run && (last.first + last.rows) as usize == row => last.rows += 1,
            _ => slices.push(Slice { run: run as u32, first: row as u32, rows: 1 }),
        }
        if row + 1 < runs[run] {
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
