//! A column of several runs: what its numbers are among those of all, and how rows of it are copied together.

use super::packed::Packed;
use super::run::{RunColumn, Slice};
use crate::encode::column::{ColumnValues, TypedValues};
use crate::encode::dictionary::Dictionary;
use crate::error::Result;
use crate::record::columns::{LONG_VALUE_BYTES, long};
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// A column of any of the runs.
#[derive(Debug)]
pub(super) struct SortedColumn {
    pub(super) column: Column,
    /// What each run has of it; one that lacks it has NULLs.
    parts: Vec<Option<ColumnPart>>,
    /// No integer lies below it; 0 for ranks.
    base: i64,
    /// Nothing lies farther above that.
    pub(super) most: u64,
    /// What the numbers of a `string` column are ranks in.
    dictionary: Dictionary,
    /// Whether a value of it is a long string.
    has_long: bool,
}

/// A column of one run.
#[derive(Debug)]
struct ColumnPart {
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

/// Where the rows of a row group come from, run by run: rows of a run lie in memory as they are read, and a column asks
/// once a run how wide its numbers are there.
pub(super) struct GroupRows {
    pub(super) count: usize,
    /// Rows of a run, ascending, and their places in the row group; those of the first run first.
    moves: Vec<(u32, u32)>,
    /// Where each run's moves end.
    ends: Vec<usize>,
}

impl GroupRows {
    pub(super) fn of(slices: &[Slice], runs: usize) -> Self {
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

/// Returns the dictionary of all runs, and for each of them the ranks that its own become: none if they stay what they are.
/// That of a single run is taken, not copied, since it may be most of what is held.
fn whole_dictionary(parts: &mut [Option<RunColumn>]) -> Result<(Dictionary, Vec<Vec<u32>>)> {
    let mut with_values = parts.iter_mut().flatten().filter(|part| !part.dictionary.is_empty());
    if let (Some(part), None) = (with_values.next(), with_values.next()) {
        let dictionary = std::mem::take(&mut part.dictionary);
        return Ok((dictionary, vec![Vec::new(); parts.len()]));
    }
    let nothing = Dictionary::default();
    let dictionaries: Vec<&Dictionary> =
        parts.iter().map(|part| part.as_ref().map_or(&nothing, |part| &part.dictionary)).collect();
    Dictionary::union(&dictionaries)
}

impl SortedColumn {
    pub(super) fn new(column: Column, mut parts: Vec<Option<RunColumn>>) -> Result<Self> {
        let (dictionary, ranks) = whole_dictionary(&mut parts)?;
        let known = || parts.iter().flatten().map(|part| &part.values);
        let (base, most) = match column.column_type {
            ColumnType::String => (0, dictionary.len().saturating_sub(1) as u64),
            ColumnType::Int | ColumnType::Bigint => {
                let base = known().map(|part| part.base).min().unwrap_or_default();
                (base, known().map(|part| part.base.abs_diff(base) + part.most).max().unwrap_or_default())
            }
        };
        let part = |(part, ranks): (RunColumn, Vec<u32>)| {
            // Without ranks: integers, or strings whose numbers are ranks of the whole, or that are NULL all of them.
            let above = part.values.base.abs_diff(base);
            let whole = if ranks.is_empty() { Whole::Above(above) } else { Whole::Ranks(ranks) };
            ColumnPart { values: part.values, whole }
        };
        let parts = parts.into_iter().zip(ranks).map(|(run, ranks)| Some(part((run?, ranks)))).collect();
        let has_long = dictionary.longest() > LONG_VALUE_BYTES;
        Ok(Self { column, parts, base, most, dictionary, has_long })
    }

    /// Returns whether some values are long strings.
    pub(super) fn has_long(&self) -> bool {
        self.has_long
    }

    /// Returns the bytes of a row's value if that is a long string, else 0.
    pub(super) fn long_bytes(&self, run: usize, row: usize) -> usize {
        match self.key(run, row) {
            0 => 0,
            above => long(self.dictionary.value(above as u32 - 1).len()),
        }
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

    /// Returns the [`SortedColumn::key`] of every row of a run, the two greatest integers alike.
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
    pub(super) fn values(&self, rows: &GroupRows) -> ColumnValues<'_> {
        let (values, nulls) = match self.column.column_type {
            ColumnType::String => {
                let (ranks, nulls) = self.gather(rows, |number| number as u32);
                (TypedValues::Strings(ranks, &self.dictionary), nulls)
            }
            ColumnType::Int | ColumnType::Bigint if self.most <= u64::from(u32::MAX) => {
                let (above, nulls) = self.gather(rows, |number| number as u32);
                (TypedValues::Narrow { base: self.base, above }, nulls)
            }
            ColumnType::Int | ColumnType::Bigint => {
                let (values, nulls) = self.gather(rows, |number| self.base.wrapping_add(number as i64));
                (TypedValues::Wide(values), nulls)
            }
        };
        ColumnValues { column: &self.column, rows: rows.count, nulls, values }
    }

    /// Returns what `value` makes of the numbers of these rows, those that are NULL left out, and the places of these.
    fn gather<V: Copy + Default>(&self, rows: &GroupRows, value: impl Fn(u64) -> V) -> (Vec<V>, Vec<u32>) {
        let no_nulls = |part: &Option<ColumnPart>| part.as_ref().is_some_and(|part| part.values.nulls.is_empty());
        if self.most == 0 && self.parts.iter().all(no_nulls) {
            return (vec![value(0); rows.count], Vec::new()); // All rows of the file have the same.
        }
        let mut values = vec![V::default(); rows.count];
        let mut nulls: Vec<u32> = Vec::new();
        for (part, moves) in self.parts.iter().zip(rows.by_run()) {
            let Some(ColumnPart { values: packed, whole }) = part else {
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
