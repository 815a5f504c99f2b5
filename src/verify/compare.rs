//! Two sides that should agree: numbers against numbers, and, where they differ, which rows it is.
//!
//! In: what was counted of raw objects, of a file, and what the ledger says. Out: [`Difference`]s and [`LoneRows`].

use std::collections::{BTreeSet, HashMap};

use super::file::{Readable, TableFile};
use super::outcome::{Difference, LoneRow, LoneRows, MAX_ROWS_SHOWN};
use super::raw::Counted;
use super::tally::{Row, RowHash, Tally};
use super::unit::{Expected, OutputUnit, RecordedFile};
use crate::error::Result;

/// Rows of a file whose hashes are held at once, at most, to find those that differ: 140 MB. A larger file takes several turns.
const MAX_ROWS_AT_ONCE: u64 = 3_500_000;

/// Bytes of memory for each of them: twice what its hash takes, for a table of hashes that grows is there twice.
const MEMORY_PER_ROW: u64 = 160;

/// Returns what a footer says that the ledger does not.
pub(super) fn footer(file: &TableFile, size: u64, expected: &Expected, output: &RecordedFile) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut check = |what: &str, parquet: String, ledger: String| {
        if parquet != ledger {
            let (parquet, ledger) = (Some(parquet), Some(ledger));
            differences.push(Difference { what: what.to_owned(), raw: None, parquet, ledger });
        }
    };
    check("size in bytes", size.to_string(), output.bytes.to_string());
    check("rows by the footer", file.rows().to_string(), expected.rows.to_string());
    check("row groups", file.row_groups().to_string(), output.row_groups.to_string());
    let shown = |columns: &[crate::record::header::Column]| {
        let shown: Vec<String> = columns.iter().map(|c| format!("{} {}", c.name, c.column_type)).collect();
        shown.join(", ")
    };
    check("columns", shown(&file.columns()), shown(&output.columns));
    let name = |name: Option<String>| name.unwrap_or_else(|| "nothing".to_owned());
    let note = file.note();
    check("name in the footer", name(note.as_ref().map(|note| note.output.clone())), output.name.clone());
    if let Some(note) = note {
        check("rows in the footer's note", note.rows.to_string(), expected.rows.to_string());
        check("rejected rows in the footer's note", note.rejected_rows.to_string(), expected.rejected_rows.to_string());
    }
    differences
}

/// Returns what differs between raw objects, file and ledger.
pub(super) fn numbers(raw: &Counted, parquet: &Tally, expected: &Expected) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut check = |what: &str, raw: String, parquet: Option<String>, ledger: Option<String>| {
        let same = |other: &Option<String>| other.as_ref().is_none_or(|other| *other == raw);
        if !same(&parquet) || !same(&ledger) {
            differences.push(Difference { what: what.to_owned(), raw: Some(raw), parquet, ledger });
        }
    };
    let rows = &raw.tally;
    check("rows", rows.rows.to_string(), Some(parquet.rows.to_string()), Some(expected.rows.to_string()));
    check("rejected rows", raw.rejected.to_string(), None, Some(expected.rejected_rows.to_string()));
    check("bytes of text", raw.text_bytes.to_string(), None, Some(expected.text_bytes.to_string()));
    check("sum of bytes", rows.bytes.to_string(), Some(parquet.bytes.to_string()), None);
    check("sum of packets", rows.packets.to_string(), Some(parquet.packets.to_string()), None);
    for column in rows.values.keys().chain(parquet.values.keys()).collect::<BTreeSet<_>>() {
        let nulls = |tally: &Tally| tally.nulls(column).to_string();
        check(&format!("NULLs of {column}"), nulls(rows), Some(nulls(parquet)), None);
    }
    check("hash of the rows", rows.hash.to_string(), Some(parquet.hash.to_string()), None);
    differences
}

/// Finds the raw rows that a file has not, and the rows of the file that no raw object has.
///
/// Reads the file twice and the raw objects once, and again for every further [`MAX_ROWS_AT_ONCE`] rows, or fewer where there
/// is little memory. `each_raw` reads the unit's objects and gives it every row with its object and line.
///
/// # Errors
/// When a store fails.
pub(super) fn lone_rows(
    unit: &OutputUnit,
    file: Option<&TableFile>,
    name: &str,
    memory_bytes: u64,
    mut each_raw: impl FnMut(&OutputUnit, &mut dyn FnMut(&str, u64, RowHash, &Row)) -> Result<()>,
) -> Result<Readable<(LoneRows, LoneRows)>> {
    let (mut missing, mut extra) = (LoneRows::default(), LoneRows::default());
    let rows_at_once = (memory_bytes / MEMORY_PER_ROW).clamp(1, MAX_ROWS_AT_ONCE);
    let turns = u128::from(file.map_or(0, TableFile::rows).div_ceil(rows_at_once).max(1));
    for turn in 0..turns {
        let mine = |hash: RowHash| hash.0 % turns == turn;
        // How often the file has each row that no raw row was found for yet.
        let mut unmatched: HashMap<RowHash, u32> = HashMap::new();
        if let Err(why) = each_row(file, memory_bytes, &mut |_, hash, _| {
            if mine(hash) {
                *unmatched.entry(hash).or_default() += 1;
            }
        })? {
            return Ok(Err(why));
        }
        let mut found = Lone::default();
        each_raw(unit, &mut |object, line, hash, row| {
            if mine(hash) && !take(&mut unmatched, hash) {
                found.push(object, line, row);
            }
        })?;
        missing.add(found);
        if unmatched.is_empty() {
            continue;
        }
        let mut found = Lone::default();
        if let Err(why) = each_row(file, memory_bytes, &mut |number, hash, row| {
            if mine(hash) && take(&mut unmatched, hash) {
                found.push(name, number, row);
            }
        })? {
            return Ok(Err(why));
        }
        extra.add(found);
    }
    Ok(Ok((missing, extra)))
}

/// Takes one of the rows of this hash, if there is one.
fn take(rows: &mut HashMap<RowHash, u32>, hash: RowHash) -> bool {
    match rows.get_mut(&hash) {
        None => false,
        Some(1) => rows.remove(&hash).is_some(),
        Some(left) => {
            *left -= 1;
            true
        }
    }
}

fn each_row(
    file: Option<&TableFile>,
    memory_bytes: u64,
    visit: &mut dyn FnMut(u64, RowHash, &Row),
) -> Result<Readable<()>> {
    let Some(file) = file else { return Ok(Ok(())) };
    for row_group in 0..file.row_groups() {
        if let Err(why) = file.read(row_group, memory_bytes, visit)? {
            return Ok(Err(why));
        }
    }
    Ok(Ok(()))
}

/// Rows of one turn, in the order in which they were met.
#[derive(Default)]
struct Lone(LoneRows);

impl Lone {
    fn push(&mut self, object: &str, number: u64, row: &Row) {
        self.0.count += 1;
        if self.0.first.len() < MAX_ROWS_SHOWN {
            self.0.first.push(LoneRow { object: object.to_owned(), number, row: row.values() });
        }
    }
}

impl LoneRows {
    /// Adds those of another turn, and keeps the first.
    fn add(&mut self, turn: Lone) {
        self.count += turn.0.count;
        self.first.extend(turn.0.first);
        self.first.sort_by(|a, b| (&a.object, a.number).cmp(&(&b.object, b.number)));
        self.first.truncate(MAX_ROWS_SHOWN);
    }
}
