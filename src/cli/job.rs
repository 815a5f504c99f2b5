//! `convert` and `plan`: read options, get the plan, show it or execute it, show what came of it.

use std::path::Path;
use std::process::ExitCode;

use crate::athena::cost::{USD_PER_TIB, scan_usd};
use crate::convert::{self, ConvertOptions, Prepared, Waiting};
use crate::days::Days;
use crate::ledger::table::Table;
use crate::missing::Missing;
use crate::plan::Estimate;
use crate::report::{Counts, Flood, Named, NotRetried, Report};
use crate::{Error, Result};
use serde::Serialize;

use super::args::{ConvertArgs, Job, PlanArgs};
use super::compact;
use super::screen::{line, push_line, tell};
use super::show::{Align, bytes, count, dollars, plural, push_missing, table};
use super::{EXIT_SOME_REJECTED, open_source, open_to_write, print, progress, settings, start_io, to_json};

/// Partitions that a table names one by one; more are summed up, `--report` and `--json` have them all.
const MAX_LINES: usize = 40;

/// Runs `flowparquet convert`.
pub fn convert(args: &ConvertArgs) -> Result<ExitCode> {
    if args.dry_run {
        return show_plan(&args.job, false);
    }
    let options = ConvertOptions { auto_compact: args.auto_compact, ..settings::convert_options(&args.job)? };
    let io = start_io()?;
    let source = open_source(&args.job.source, &args.job.store, &io)?;
    let dest = Table::new(open_to_write(&args.job.dest, (&args.job.store, &args.job.write), &io)?);
    let shown = progress::of_kind(args.progress);
    let report = convert::convert(&source, &dest, &options, shown.as_ref())?;
    if let Some(file) = &args.report {
        write_report(file, &report)?;
    }
    tell(&summary(&report, &options.wanted.days));
    Ok(if report.needs_a_person() { ExitCode::from(EXIT_SOME_REJECTED) } else { ExitCode::SUCCESS })
}

/// Runs `flowparquet plan`.
pub fn plan(args: &PlanArgs) -> Result<ExitCode> {
    show_plan(&args.job, args.json)
}

fn show_plan(job: &Job, json: bool) -> Result<ExitCode> {
    let options = settings::convert_options(job)?;
    let io = super::reading_io()?;
    let source = open_source(&job.source, &job.store, &io)?;
    let dest = Table::new(open_to_write(&job.dest, (&job.store, &job.write), &io)?);
    let prepared = convert::prepare(&source, &dest, &options)?;
    let missing = prepared.missing(&dest, &options)?;
    let waiting = prepared.waiting(&source, &dest);
    let needs_a_person = prepared.needs_a_person() || !missing.is_empty() || !waiting.is_empty();
    print(&match json {
        true => plan_json(&prepared, missing, waiting)?,
        false => plan_table(&prepared, (&missing, &waiting), &options.wanted.days, &job.source),
    })?;
    Ok(if needs_a_person { ExitCode::from(EXIT_SOME_REJECTED) } else { ExitCode::SUCCESS })
}

fn write_report(file: &Path, report: &Report) -> Result<()> {
    let text = to_json(report)?;
    if file == Path::new("-") {
        return print(&text);
    }
    std::fs::write(file, text).map_err(|e| {
        Error::stopped("the conversion is done, but its report cannot be written").at(file.display()).because(e)
    })
}

#[derive(Serialize)]
struct PlanJson<'a> {
    version: u32,
    log_type: String,
    partition_by: String,
    total: Estimate,
    raw_scan_usd: f64,
    parquet_scan_usd: f64,
    partitions: Vec<PartitionJson>,
    passed_over: Vec<PassedOver<'a>>,
    objects_of_other_type_before: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    two_days: Vec<PassedOver<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ledgers_damaged: Vec<Named>,
    #[serde(flatten)]
    missing: Missing,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects_changed: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files_in_doubt: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims_elsewhere: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_retried: Vec<NotRetried>,
}

#[derive(Serialize)]
struct PartitionJson {
    partition: String,
    #[serde(flatten)]
    estimate: Estimate,
}

#[derive(Serialize)]
struct PassedOver<'a> {
    object: &'a str,
    reason: String,
}

fn plan_json(prepared: &Prepared, missing: Missing, waiting: Waiting) -> Result<String> {
    let plan = &prepared.plan;
    let total = plan.total();
    to_json(&PlanJson {
        version: 1,
        log_type: plan.options.log_type.to_string(),
        partition_by: plan.options.partition_by.to_string(),
        raw_scan_usd: scan_usd(total.to_convert_bytes, USD_PER_TIB),
        parquet_scan_usd: scan_usd(total.output_bytes, USD_PER_TIB),
        total,
        partitions: plan.estimates().map(|(partition, estimate)| PartitionJson { partition, estimate }).collect(),
        passed_over: prepared
            .found
            .passed_over
            .iter()
            .map(|(object, why)| PassedOver { object, reason: why.explain() })
            .collect(),
        objects_of_other_type_before: prepared.of_other_type(),
        ledgers_damaged: prepared.damaged(),
        missing,
        objects_changed: waiting.changed,
        files_in_doubt: waiting.in_doubt,
        claims_elsewhere: waiting.elsewhere,
        not_retried: waiting.not_retried,
        two_days: prepared
            .found
            .two_days
            .iter()
            .map(|(object, reason)| PassedOver { object, reason: reason.clone() })
            .collect(),
    })
}

fn plan_table(prepared: &Prepared, (missing, waiting): (&Missing, &Waiting), days: &Days, source: &str) -> String {
    let plan = &prepared.plan;
    let mut text = String::new();
    if plan.partitions.is_empty() {
        text.push_str(&nothing_found(days, source));
    } else {
        let head =
            ["partition", "objects", "raw", "converted", "claimed", "late", "to convert", "files", "output (est.)"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let line = |name: String, e: &Estimate| {
            vec![
                name,
                count(e.objects),
                bytes(e.packed_bytes),
                count(e.converted),
                count(e.claimed),
                count(e.late),
                count(e.to_convert),
                count(e.files),
                bytes(e.output_bytes),
            ]
        };
        let lines: Vec<_> = plan.partitions.iter().map(|p| line(p.partition.path(), &plan.estimate(p))).collect();
        push_some(&mut rows, lines);
        let total = plan.total();
        rows.push(line("total".to_owned(), &total));
        let mut align = vec![Align::Right; head.len()];
        align[0] = Align::Left;
        text.push_str(&table(&align, &rows));
        text.push('\n');
        if total.to_convert == 0 {
            text.push_str("nothing to do: everything is converted\n");
        } else {
            push_line!(
                text,
                "requests: about {}; a query that reads all of it costs {} in Athena on the raw logs, about {} on Parquet, and less the fewer columns it reads",
                count(total.requests),
                dollars(scan_usd(total.to_convert_bytes, USD_PER_TIB)),
                dollars(scan_usd(total.output_bytes, USD_PER_TIB)),
            );
        }
        if total.changed > 0 {
            push_line!(
                text,
                "{} changed after being converted: their files are made again, if all objects of these are still there",
                plural(total.changed, "object")
            );
        }
    }
    text.push_str(&archived(&plan.total()));
    if let Some(others) = prepared.other_type_left_alone().filter(|_| !prepared.log_type_said) {
        push_line!(text, "{others}");
    }
    let named = |object: &str, reason: String| Named { object: object.to_owned(), line: None, byte: None, reason };
    let found = &prepared.found;
    let passed_over: Vec<Named> = found.passed_over.iter().map(|(key, why)| named(key, why.explain())).collect();
    let two_days: Vec<Named> = found.two_days.iter().map(|(key, why)| named(key, why.clone())).collect();
    push_named(&mut text, "passed over", &passed_over, passed_over.len() as u64);
    push_named(&mut text, "two days", &two_days, two_days.len() as u64);
    let damaged = prepared.damaged();
    push_named(&mut text, "left out", &damaged, damaged.len() as u64);
    push_waiting(&mut text, waiting);
    push_missing(&mut text, missing);
    text
}

/// Names what a plan cannot do.
fn push_waiting(text: &mut String, Waiting { changed, in_doubt, elsewhere, not_retried }: &Waiting) {
    not_retried.iter().for_each(|kept| push_line!(text, "{}", kept.explain()));
    for (what, named) in [("changed", changed), ("not finished", elsewhere), ("in doubt", in_doubt)] {
        push_named(text, what, named, named.len() as u64);
    }
}

/// Returns what is said of archived objects.
fn archived(total: &Estimate) -> String {
    if total.archived == 0 {
        return String::new();
    }
    line(&format!(
        "{} of those to convert archived (GLACIER or DEEP_ARCHIVE): they are left out unless they are restored; a restore \
         (S3 RestoreObject, or Batch Operations for many) takes minutes to 48 hours and is billed by the GB, and the copies must \
         last until they are converted",
        plural(total.archived, "object"),
    ))
}

fn nothing_found(days: &Days, source: &str) -> String {
    let which = match days {
        Days::All => String::new(),
        Days::These(days) if days.len() == 1 => days.first().map(|day| format!(" for {day}")).unwrap_or_default(),
        Days::These(days) => {
            let (first, last) = (days.first(), days.last());
            first.zip(last).map(|(first, last)| format!(" from {first} to {last}")).unwrap_or_default()
        }
    };
    line(&format!("nothing to do: no log objects{which} below {source}"))
}

/// Returns why a run did nothing.
fn nothing_done(report: &Report, days: &Days) -> String {
    if report.objects_converted_before > 0 {
        let before = plural(report.objects_converted_before, "object");
        line(&format!("nothing to do: {before} converted before, none new"))
    } else if report.objects_of_other_type_before + report.objects_no_flow_logs_before > 0 {
        let others = plural(report.objects_of_other_type_before + report.objects_no_flow_logs_before, "object");
        line(&format!("nothing to do: {others} of another kind left alone, none new"))
    } else {
        nothing_found(days, &report.source)
    }
}

/// Returns what a run did to each partition, and to all of them.
fn done(report: &Report) -> String {
    let mut text = String::new();
    let totals = &report.totals;
    let head = ["partition", "objects", "rows", "gz in", "parquet out", "ratio", "rejected", "files"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let line = |name: String, c: &Counts| {
        let ratio = if c.packed_bytes > 0 { c.output_bytes as f64 / c.packed_bytes as f64 } else { 0.0 };
        vec![
            name,
            count(c.objects),
            count(c.rows_written),
            bytes(c.packed_bytes),
            bytes(c.output_bytes),
            format!("{ratio:.2}"),
            count(c.rejected_rows),
            count(c.files),
        ]
    };
    push_some(&mut rows, report.partitions.iter().map(|p| line(p.partition.clone(), &p.counts)).collect());
    if report.partitions.len() > 1 {
        rows.push(line("total".to_owned(), totals));
    }
    let mut align = vec![Align::Right; head.len()];
    align[0] = Align::Left;
    text.push_str(&table(&align, &rows));
    let rate = totals.rows_written as f64 / report.seconds.max(1e-9);
    text.push('\n');
    push_line!(
        text,
        "{} in {:.1} s, {} rows/s; rows read {} = written {} + rejected {}",
        plural(totals.rows_written, "row"),
        report.seconds,
        count(rate as u64),
        count(totals.rows_read),
        count(totals.rows_written),
        count(totals.rejected_rows)
    );
    if totals.files_recovered > 0 {
        push_line!(text, "{} of a stopped run found complete and recorded", plural(totals.files_recovered, "file"));
    }
    if totals.files_replaced > 0 {
        push_line!(text, "{} replaced by new ones", plural(totals.files_replaced, "file"));
    }
    if totals.finished_by_others > 0 {
        push_line!(text, "{} finished by another run meanwhile", plural(totals.finished_by_others, "claim"));
    }
    text
}

/// Returns what a run did, for a person.
fn summary(report: &Report, days: &Days) -> String {
    let mut text = String::new();
    let totals = &report.totals;
    text.push_str(&if report.nothing_to_do() { nothing_done(report, days) } else { done(report) });
    if !report.compacted.is_empty() {
        text.push_str(&compact::shown(&report.compacted));
    }
    for refused in &report.not_merged {
        push_line!(text, "{}", refused.explain());
    }
    for kept in &report.not_retried {
        push_line!(text, "{}", kept.explain());
    }
    for warning in &report.warnings {
        push_line!(text, "warning: {warning}");
    }
    if let Some(flood) = &report.flood {
        push_flood(&mut text, flood);
    }
    let rejected = totals.rejected_rows + totals.objects_rejected;
    push_named(&mut text, "rejected", &report.rejects, rejected);
    if totals.rejected_rows > 0 {
        push_line!(text, "rejected rows are kept whole below {}/_flowparquet/rejects/", report.dest);
    }
    if totals.objects_rejected > totals.objects_empty {
        text.push_str("rejected objects stay unconverted and are tried again next time\n");
    }
    if totals.objects_empty > 0 {
        let those = plural(totals.objects_empty, "object");
        push_line!(text, "{those} of 0 bytes: named this once, and read when there is something to read");
    }
    push_named(&mut text, "mixed", &report.mixed, totals.objects_mixed);
    push_named(&mut text, "left alone", &report.no_flow_logs, totals.no_flow_logs);
    push_named(&mut text, "changed", &report.objects_changed, report.objects_changed.len() as u64);
    push_named(&mut text, "vanished", &report.objects_vanished, report.objects_vanished.len() as u64);
    push_named(&mut text, "unreadable", &report.unreadable, report.objects_unreadable);
    if report.objects_unreadable > 0 {
        text.push_str("unreadable objects stay unconverted and are tried again next time\n");
    }
    push_named(&mut text, "not finished", &report.claims_elsewhere, report.claims_elsewhere.len() as u64);
    push_named(&mut text, "left out", &report.ledgers_damaged, report.ledgers_damaged.len() as u64);
    push_named(&mut text, "in doubt", &report.files_in_doubt, report.files_in_doubt.len() as u64);
    push_named(&mut text, "passed over", &report.passed_over, report.objects_passed_over);
    push_named(&mut text, "two days", &report.two_days, report.objects_of_two_days);
    push_missing(&mut text, &report.missing);
    text
}

fn push_flood(text: &mut String, Flood { rows_rejected, rows_read, object, first_line, known }: &Flood) {
    push_line!(
        text,
        "the format is probably wrong: {} of {} rows do not fit",
        count(*rows_rejected),
        count(*rows_read)
    );
    if let Some(object) = object {
        push_line!(text, "  at {object}");
        push_line!(text, "  its first line: {first_line}");
    }
    push_line!(text, "  known format:   {known}");
}

/// Names that a person is shown; the report and the rejects have more.
const MAX_SHOWN: usize = 5;

fn push_named(text: &mut String, what: &str, named: &[Named], all: u64) {
    for Named { object, line, byte, reason } in named.iter().take(MAX_SHOWN) {
        let place = line.zip(*byte).map(|(line, byte)| format!(", line {line}, byte {byte}")).unwrap_or_default();
        push_line!(text, "{what}: {reason}");
        push_line!(text, "  at {object}{place}");
    }
    let shown = named.len().min(MAX_SHOWN) as u64;
    if all > shown {
        push_line!(text, "{what}: and {} more (--report names the first 100)", count(all - shown));
    }
}

pub(super) fn push_some(rows: &mut Vec<Vec<String>>, lines: Vec<Vec<String>>) {
    let hidden = lines.len().saturating_sub(MAX_LINES);
    rows.extend(lines.into_iter().take(MAX_LINES));
    if hidden > 0 {
        rows.push(vec![format!("... and {hidden} more")]);
    }
}
