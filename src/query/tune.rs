//! Which layout serves somebody's statements best, found out by trying: a sample of the raw logs is converted in each, and
//! the statements are run over all of them.
//!
//! In: SOURCE, the days of the sample, statements. Out: a [`Tuning`]. Candidates are orders first: the default, arrival,
//! and those that the statements' own conditions suggest; then sizes of row groups for the best order, and Bloom filters.
//! What counts is what Athena is sure to bill, by statistics of row groups alone; what page index and Bloom filters leave
//! besides is told. Everything is made in a folder of the caller's, which may be deleted afterwards.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{QueryOptions, Session, Statement};
use crate::days::Days;
use crate::encode::layout::{ARRIVAL_ROW_GROUP_ROWS, DEFAULT_ROW_GROUP_ROWS, Layout, MAX_SORT_COLUMNS, SortBy};
use crate::error::{Error, Result};
use crate::ledger::table::Table;
use crate::options::of_queries::{ALL_DAYS, BLOOM_FILTERS, DAY, SORT_BY};
use crate::options::{FROM, ROW_GROUP_ROWS, TO};
use crate::record::header::PARTITION_COLUMNS;
use crate::store::Store;

/// Version of the JSON that `tune --json` prints; keys may be added without a new one.
pub const TUNING_VERSION: u32 = 1;

/// Rows of row groups that are tried for the best order: below, footers and dictionaries eat the gain.
const TRIED_ROW_GROUP_ROWS: [u32; 3] = [16 << 10, 64 << 10, 128 << 10];

/// Columns that statements ask for most by equality, of which orders are made.
const MAX_KEYS: usize = 3;

/// A layout, and what the statements cost in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The options of `convert` that make it.
    pub options: String,
    /// Bytes of the files.
    pub file_bytes: u64,
    /// Bytes that Athena is sure to scan, all statements together.
    pub scanned_bytes: u64,
    /// Bytes that are scanned with page index and Bloom filters.
    pub scanned_bytes_with_index: u64,
    /// GET requests, all statements together.
    pub requests: u64,
    /// Bytes that Athena is sure to scan, by statement.
    pub statements: Vec<u64>,
    /// Whether it is what `convert` does if nothing is said.
    pub is_default: bool,
}

/// What trying gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// [`TUNING_VERSION`].
    pub version: u32,
    /// Days of the sample.
    pub days: Vec<String>,
    /// Raw objects of the sample, and their bytes: what each statement scans of raw logs.
    pub raw_objects: u64,
    /// Their bytes.
    pub raw_bytes: u64,
    /// Names of the statements.
    pub statements: Vec<String>,
    /// Statements that read nothing of the sample, and so say nothing.
    pub idle: Vec<String>,
    /// The layouts, the best first.
    pub candidates: Vec<Candidate>,
}

/// Makes a table of the sample: gets a folder's name and a layout, returns the table with raw objects and bytes.
pub type MakeTable<'a> = dyn FnMut(&str, &Layout) -> Result<(Table, u64, u64)> + 'a;

/// Tries layouts; `make` converts the sample, `begin` is told of each candidate.
///
/// # Errors
/// A usage error if a statement cannot be run; otherwise when converting or reading fails.
pub fn tune(
    (statements, place): (&[Statement], &str),
    days: &[Date],
    options: &QueryOptions,
    make: &mut MakeTable,
    begin: &mut dyn FnMut(&str),
) -> Result<Tuning> {
    let mut tuning = Tuning {
        version: TUNING_VERSION,
        days: days.iter().map(Date::to_string).collect(),
        raw_objects: 0,
        raw_bytes: 0,
        statements: statements.iter().filter(|s| !s.is_view()).map(|s| s.name.clone()).collect(),
        idle: Vec::new(),
        candidates: Vec::new(),
    };
    let keys = keys(statements);
    let mut tried: Vec<(Layout, Candidate)> = Vec::new();
    let mut try_one = |layout: Layout, tuning: &mut Tuning, tried: &mut Vec<(Layout, Candidate)>| -> Result<()> {
        if tried.iter().any(|(known, _)| *known == layout) {
            return Ok(());
        }
        let name = described(&layout);
        begin(&name);
        let (table, objects, bytes) = make(&format!("candidate-{}", tried.len() + 1), &layout)?;
        (tuning.raw_objects, tuning.raw_bytes) = (objects, bytes);
        let (candidate, idle) = measure(
            &table,
            (statements, place),
            options,
            name,
            layout == Layout { sort_bytes: layout.sort_bytes, ..Layout::default() },
        )?;
        tuning.idle = idle;
        tried.push((layout, candidate));
        Ok(())
    };
    for layout in orders(&keys) {
        try_one(layout, &mut tuning, &mut tried)?;
    }
    let best = best(&tried)?;
    for row_group_rows in TRIED_ROW_GROUP_ROWS {
        try_one(Layout { row_group_rows, ..best.clone() }, &mut tuning, &mut tried)?;
    }
    let best = self::best(&tried)?;
    if !keys.is_empty() {
        try_one(Layout { bloom_filters: keys.clone(), ..best }, &mut tuning, &mut tried)?;
    }
    tried.sort_by_key(|(_, c)| (c.scanned_bytes, c.scanned_bytes_with_index, c.file_bytes));
    tuning.candidates = tried.into_iter().map(|(_, candidate)| candidate).collect();
    Ok(tuning)
}

fn best(tried: &[(Layout, Candidate)]) -> Result<Layout> {
    let best = tried.iter().min_by_key(|(_, c)| (c.scanned_bytes, c.file_bytes));
    best.map(|(layout, _)| layout.clone()).ok_or_else(|| Error::stopped("no layout was tried"))
}

/// Returns the orders that are worth a try for statements that ask for these columns.
fn orders(keys: &[String]) -> Vec<Layout> {
    let sorted = |columns: &[&str]| {
        let mut columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        columns.dedup();
        columns.truncate(MAX_SORT_COLUMNS);
        Layout { sort_by: SortBy::Columns(columns), row_group_rows: DEFAULT_ROW_GROUP_ROWS, ..Layout::default() }
    };
    let arrival = Layout { sort_by: SortBy::Arrival, row_group_rows: ARRIVAL_ROW_GROUP_ROWS, ..Layout::default() };
    let mut orders = vec![Layout::default(), arrival];
    // Each of them alone, with the time behind it, and all of them together.
    orders.extend(keys.iter().map(|key| sorted(&if key == "start" { vec!["start"] } else { vec![key, "start"] })));
    if keys.len() > 1 {
        orders.push(sorted(&keys.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    orders
}

/// Returns the columns that the statements compare with values, the most frequent first; partition columns are not
/// in the files.
fn keys(statements: &[Statement]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let names = statements.iter().flat_map(Statement::compared_with_values);
    for name in names.filter(|name| !PARTITION_COLUMNS.contains(&name.as_str())) {
        *counts.entry(name).or_default() += 1;
    }
    let known = |name: &String| {
        crate::record::schema::LogType::ALL.iter().any(|t| t.schema().fields.iter().any(|f| f.column == *name))
    };
    let mut counts: Vec<(String, usize)> = counts.into_iter().filter(|(name, _)| known(name)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(name, _)| name).take(MAX_KEYS).collect()
}

/// Returns the options of `convert` that make a layout.
pub fn described(layout: &Layout) -> String {
    let mut options = format!("{SORT_BY} {} {ROW_GROUP_ROWS} {}", layout.sort_by, layout.row_group_rows);
    if !layout.bloom_filters.is_empty() {
        options.push_str(&format!(" {BLOOM_FILTERS} {}", layout.bloom_filters.join(",")));
    }
    options
}

/// Runs the statements over a table, as Athena is sure to read and with all indexes.
fn measure(
    table: &Table,
    (statements, place): (&[Statement], &str),
    options: &QueryOptions,
    name: String,
    is_default: bool,
) -> Result<(Candidate, Vec<String>)> {
    let surely = Session::over_table(table, &Days::All, &QueryOptions { page_index: false, ..options.clone() })?;
    let indexed = Session::over_table(table, &Days::All, &QueryOptions { page_index: true, ..options.clone() })?;
    let mut candidate = Candidate {
        options: name,
        file_bytes: surely.file_bytes,
        scanned_bytes: 0,
        scanned_bytes_with_index: 0,
        requests: 0,
        statements: Vec::new(),
        is_default,
    };
    let mut idle = Vec::new();
    for statement in statements {
        let ran = surely.run(statement, place, &mut |_| Ok(()))?;
        let with_index = indexed.run(statement, place, &mut |_| Ok(()))?;
        if statement.is_view() {
            continue;
        }
        if ran.scan.files.kept == 0 {
            idle.push(statement.name.clone());
        }
        candidate.scanned_bytes += ran.scan.bytes;
        candidate.scanned_bytes_with_index += with_index.scan.bytes;
        candidate.requests += ran.scan.requests;
        candidate.statements.push(ran.scan.bytes);
    }
    Ok((candidate, idle))
}

/// Returns the newest days of SOURCE that have objects, at most `number`, of those that are selected.
///
/// # Errors
/// A usage error if there are none; otherwise when a listing fails.
pub fn newest_days(source: &Store, wanted: &crate::source::found::Wanted, number: usize) -> Result<Vec<Date>> {
    let found = crate::source::discover::discover(source, wanted)?;
    let mut days: Vec<Date> = found.objects.iter().map(|object| object.day).collect();
    days.sort();
    days.dedup();
    if days.is_empty() {
        return Err(Error::usage("there are no raw logs of these days")
            .at(source.location())
            .help(format!("choose days with {DAY}, {FROM} and {TO}, or {ALL_DAYS}")));
    }
    Ok(days.split_off(days.len().saturating_sub(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_asked_for_make_orders() {
        let sql = "SELECT count(*) FROM t WHERE day = '15' AND dstport = 443 AND t.srcaddr IN ('a', 'b') AND x = 1;\n\
                   SELECT count(*) FROM t WHERE srcaddr = 'c' AND start BETWEEN 1 AND 2 AND dstaddr = srcaddr";
        let keys = keys(&super::super::parse(sql, "t", "SQL").unwrap());
        assert_eq!(keys[0], "srcaddr");
        assert_eq!(
            keys.iter().skip(1).map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
            ["dstport", "start"].into()
        );
        let orders: Vec<String> = orders(&keys).iter().map(|layout| layout.sort_by.to_string()).collect();
        assert_eq!(orders[..3], ["addresses", "none", "srcaddr,start"]);
        assert_eq!(orders.len(), 6);
    }
}
