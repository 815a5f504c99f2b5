//! `compare`: the same statements over raw logs and the table: equal answers, and what either costs.

use std::process::ExitCode;

use crate::days::Days;
use crate::error::printable;
use crate::ledger::table::Table;
use crate::query::answers::CompareVerdict;
use crate::query::compare::{Compared, Comparison, compare};
use crate::query::trino::Trino;
use crate::query::{Statement, needs_more_memory, on_large_stack, parse};
use crate::{Error, Result};

use super::compare_page::page;
use super::costs::{Costs, DAYS_PER_MONTH, answers, less, span};
use super::query::{options, otherwise, statements};
use super::query_args::CompareArgs;
use super::screen::{push_line, say};
use super::show::{Align, bytes, count, dollars, plural, table};
use super::{EXIT_SOME_REJECTED, folder, open, open_source, print, settings, to_json, watch};

/// Runs `flowparquet compare`.
pub fn run(args: &CompareArgs) -> Result<ExitCode> {
    on_large_stack(|| both(args))?
}

fn both(args: &CompareArgs) -> Result<ExitCode> {
    let io = super::asking_io()?;
    let (text, place) = statements(&args.statements)?;
    let spilled = folder::for_a_query();
    let options = options(&args.statements, &args.engine, false, spilled.as_ref())?;
    let statements = parse(&text, &options.table, &place)?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let (source, dest) =
        (open_source(&args.source, &args.store, &io)?, Table::new(open(&args.dest, &args.store, &io)?));
    watch::memory(options.memory_bytes, options.threads, &needs_more_memory());
    let mut begin = |statement: &Statement| say!("running: {}", statement.name);
    let trino = args.with.clone().map(|place| Trino::new(place, &io)).transpose()?;
    let comparison = compare((&source, &dest), (&statements, &place), &days, &options, trino.as_ref(), &mut begin)?;
    let costs = Costs { usd_per_tib: args.engine.price_per_tb, runs_per_day: args.runs_per_day };
    print(&if args.json { to_json(&comparison)? } else { shown(&comparison, costs) })?;
    if let Some(file) = &args.html {
        let failed = |e| Error::stopped("cannot write the page").at(file.display()).because(e);
        std::fs::write(file, page(&comparison, costs)).map_err(failed)?;
        say!("the page with charts is {}", file.display());
    }
    Ok(if comparison.agrees() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SOME_REJECTED) })
}

/// Returns the comparison as a person reads it: where answers differ, the table, what was compared.
pub fn shown(comparison: &Comparison, costs: Costs) -> String {
    let mut text = String::new();
    for compared in &comparison.statements {
        text.push_str(&difference(compared));
    }
    let head = [
        "query", "rows", "answer", "raw", "Parquet", "less", "requests", "", "seconds", "", "a run", "", "a month", "",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.push(
        ["", "", "", "", "", "", "raw", "Parquet", "raw", "Parquet", "raw", "Parquet", "raw", "Parquet"]
            .map(str::to_owned)
            .to_vec(),
    );
    let (mut raw_bytes, mut parquet_bytes, mut sums) = (0, 0, [0.0; 6]);
    let mut requests = (0, 0);
    for compared in &comparison.statements {
        let Compared { name, raw, parquet, .. } = compared;
        let (a, b) = (raw.scan, parquet.scan);
        raw_bytes += a.bytes;
        parquet_bytes += b.bytes;
        requests = (requests.0 + a.requests, requests.1 + b.requests);
        let numbers = [
            raw.seconds,
            parquet.seconds,
            costs.run(a.bytes),
            costs.run(b.bytes),
            costs.month(a.bytes),
            costs.month(b.bytes),
        ];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        let head = [short(name), count(raw.rows), answers(compared), bytes(a.bytes), bytes(b.bytes)];
        rows.push(line(head, less(a.bytes, b.bytes), (a.requests, b.requests), numbers));
    }
    if comparison.statements.len() > 1 {
        let head = ["all".to_owned(), String::new(), String::new(), bytes(raw_bytes), bytes(parquet_bytes)];
        rows.push(line(head, less(raw_bytes, parquet_bytes), requests, sums));
    }
    let mut align = [Align::Right; 14];
    (align[0], align[2]) = (Align::Left, Align::Left);
    text.push_str(&table(&align, &rows));
    text.push('\n');
    push_line!(
        text,
        "{} of {} compared, the days that are converted: {}",
        plural(comparison.objects, "raw object"),
        plural(comparison.days.len() as u64, "day"),
        span(&comparison.days)
    );
    push_line!(
        text,
        "a month: {} a day for {DAYS_PER_MONTH} days; Athena charges {} for a terabyte, and for 10 MB at least",
        runs(costs.runs_per_day),
        dollars(costs.usd_per_tib),
    );
    for note in &comparison.notes {
        push_line!(text, "note: {note}");
    }
    for compared in &comparison.statements {
        for difference in &compared.differences {
            push_line!(text, "note: {}: {}", printable(&compared.name), otherwise(difference));
        }
    }
    text
}

fn line(head: [String; 5], less: String, (raw, parquet): (u64, u64), numbers: [f64; 6]) -> Vec<String> {
    let [a, b, c, d, e, f] = numbers;
    let rest = [less, count(raw), count(parquet), format!("{a:.2}"), format!("{b:.2}")];
    head.into_iter().chain(rest).chain([c, d, e, f].map(dollars)).collect()
}

fn runs(number: f64) -> String {
    if (number - 1.0).abs() < f64::EPSILON { "1 run".to_owned() } else { format!("{number} runs") }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

/// Returns how the answers of a statement differ, row by row; nothing if they do not.
fn difference(compared: &Compared) -> String {
    let raw = differing(compared, &compared.verdict, "raw", "the answers differ");
    let trino = compared.trino.as_ref();
    raw + &trino
        .map_or_else(String::new, |trino| differing(compared, &trino.verdict, "Trino", "Trino answers otherwise"))
}

/// Returns how one other side's answer differs from the table's.
fn differing(compared: &Compared, verdict: &CompareVerdict, other: &str, what: &str) -> String {
    let name = printable(&compared.name);
    match verdict {
        CompareVerdict::Equal => String::new(),
        CompareVerdict::EqualButTies { ties } => {
            format!("{name}: {} tie at the LIMIT, and either choice of them is right\n\n", plural(*ties, "row"))
        }
        CompareVerdict::OtherOrder => {
            format!("{name}: {other} and Parquet have the same rows, in another order than ORDER BY asks for\n\n")
        }
        CompareVerdict::NotComparable { why } => {
            format!("{name}: {other} and Parquet cannot be compared: {}\n\n", printable(why))
        }
        CompareVerdict::Different { only_raw, only_parquet, counts: (raw, parquet) } => {
            let head = [vec!["only in".to_owned()], compared.columns.clone()].concat();
            let align = vec![Align::Left; head.len()];
            let mut rows = vec![head];
            for (side, only) in [(other, only_raw), ("Parquet", only_parquet)] {
                rows.extend(only.iter().map(|row| {
                    [side.to_owned()].into_iter().chain(row.iter().map(ToString::to_string)).collect::<Vec<_>>()
                }));
            }
            let shown = (only_raw.len() + only_parquet.len()) as u64;
            let more = raw + parquet - shown;
            let more = if more > 0 { format!("... and {} more\n", count(more)) } else { String::new() };
            format!("{name}: {what}\n{}{more}\n", table(&align, &rows))
        }
    }
}
