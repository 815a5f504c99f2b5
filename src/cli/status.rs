//! `status`: what DEST holds, day by day; and which raw logs are no longer needed.

use std::process::ExitCode;

use crate::Result;
use crate::convert::{ConvertOptions, prepare};
use crate::days::{Days, minute_now};
use crate::error::{Error, printable};
use crate::expire::{RawFolder, safe_to_expire};
use crate::ledger::table::Table;
use crate::missing::Missing;
use crate::report::Named;
use crate::status::{DayStatus, LEGEND, PassedOver, PlaceStatus, Silence, Status, delivered, status};
use crate::store::Store;

use super::args;
use super::screen::{line, push_line, say};
use super::show::{Align, bytes, count, plural, push_missing, table};
use super::{EXIT_SOME_REJECTED, nothing_here, open, open_raw, open_source, print, settings, to_json};

/// Silences that are shown for each account and Region; `--json` has them all.
const MAX_SILENCES: usize = 5;

/// Objects that are named as passed over.
const MAX_NAMED: usize = 5;

/// Runs `flowparquet status`.
pub fn run(args: &args::StatusArgs) -> Result<ExitCode> {
    let io = super::reading_io()?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    if let Some(day) = args.expect_from {
        print(&delivered(&dest, day)?.ok_or_else(|| nothing_here(&args.dest))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.safe_to_expire {
        let source = args.source.as_ref().ok_or_else(|| {
            Error::usage(
                "--safe-to-expire needs --source: only a look at the raw logs tells what lies in their folders now",
            )
            .help("add --source SOURCE, as it is given to convert, or a folder below it")
        })?;
        return expirable(args, &dest, &open_raw(source, &args.store, &io)?, &days);
    }
    let mut missing = settings::missing(&args.missing)?;
    let prepared = match &args.source {
        None => None,
        Some(source) => {
            let info = dest.info()?.ok_or_else(|| nothing_here(&args.dest))?;
            // As the table is: nothing is refused that was converted.
            let mut options = ConvertOptions { merge: true, ..settings::defaults(days.clone()) };
            options.output.dash_as_null = info.dash_as_null;
            options.wanted.source_layout.clone_from(&args.source_layout);
            options.wanted.accounts.clone_from(&args.account);
            options.wanted.regions.clone_from(&args.region);
            missing = missing.select(&options.wanted);
            options.missing.clone_from(&missing);
            Some(prepare(&open_source(source, &args.store, &io)?, &dest, &options)?)
        }
    };
    let plan = prepared.as_ref().map(|prepared| &prepared.plan);
    let status = status(&dest, (&days, &missing), plan, minute_now())?.ok_or_else(|| nothing_here(&args.dest))?;
    print(&if args.json { to_json(&status)? } else { shown(&status) })?;
    for warning in &status.warnings {
        say!("warning: {warning}");
    }
    Ok(if status.needs_attention() { ExitCode::from(EXIT_SOME_REJECTED) } else { ExitCode::SUCCESS })
}

/// Prints the folders that may be deleted, one a line, and says why the others may not.
fn expirable(args: &args::StatusArgs, dest: &Table, source: &Store, days: &Days) -> Result<ExitCode> {
    let folders = safe_to_expire(dest, source, days)?.ok_or_else(|| nothing_here(&args.dest))?;
    if args.json {
        print(&to_json(&folders)?)?;
    } else {
        let safe = folders.iter().filter(|folder| why_kept(folder).is_none());
        print(&safe.map(|folder| line(&folder.prefix)).collect::<String>())?;
    }
    let kept: Vec<_> = folders.iter().filter_map(|folder| Some((&folder.prefix, why_kept(folder)?))).collect();
    for (prefix, why) in kept.iter().take(MAX_SILENCES) {
        say!("not yet: {prefix}");
        say!("  {why}");
    }
    if kept.len() > MAX_SILENCES {
        say!("not yet: and {} more (--json names them)", kept.len() - MAX_SILENCES);
    }
    say!(
        "{} of {} are converted and verified",
        count((folders.len() - kept.len()) as u64),
        plural(folders.len() as u64, "folder")
    );
    Ok(if kept.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SOME_REJECTED) })
}

/// Returns why a folder may not be deleted, or not by a list with one on each line.
fn why_kept(folder: &RawFolder) -> Option<&str> {
    let no_line = printable(&folder.prefix) != folder.prefix;
    folder.why_not.as_deref().or(no_line.then_some("its name has characters that are escaped here: delete it by hand"))
}

fn shown(status: &Status) -> String {
    let mut text = if status.days.is_empty() { "no day of these is converted\n".to_owned() } else { of_days(status) };
    let (silences, missing) = (status.silences.clone(), status.missing.clone());
    // Where there are days, their table has the gaps.
    let gaps = if status.days.is_empty() { status.missing_days.clone() } else { Vec::new() };
    push_missing(&mut text, &Missing { gaps, silences, missing });
    for partition in &status.replacing {
        push_line!(
            text,
            "files of {partition} are being replaced, or a run that did was stopped: its rows may be there twice until the \
             next convert or compact is through"
        );
    }
    for Named { object, reason, .. } in &status.ledgers_damaged {
        push_line!(text, "left out: {reason}");
        push_line!(text, "  at {object}");
    }
    for PassedOver { object, reason } in status.passed_over.iter().take(MAX_NAMED) {
        push_line!(text, "passed over: {reason}");
        push_line!(text, "  at {object}");
    }
    let more = status.objects_passed_over.unwrap_or(0).saturating_sub(MAX_NAMED as u64);
    if more > 0 {
        push_line!(text, "passed over: and {} more (--json names the first 100)", count(more));
    }
    text
}

fn of_days(status: &Status) -> String {
    let head = ["day", "objects", "late", "rows", "SKIPDATA", "files", "size", "rejected rows", "objects", "state"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (day, of) in &status.days {
        rows.push(vec![
            day.clone(),
            count(of.objects),
            count(of.late_objects),
            count(of.rows),
            share(of.skipdata_rows, of.rows),
            count(of.files),
            bytes(of.bytes),
            count(of.rejected_rows),
            count(of.rejected_objects),
            state(of),
        ]);
    }
    let mut align = [Align::Right; 10];
    (align[0], align[9]) = (Align::Left, Align::Left);
    let mut text = table(&align, &rows);
    for (first, last) in &status.gaps {
        let days = if first == last { first.clone() } else { format!("{first} to {last}") };
        push_line!(text, "nothing converted of {days}");
    }
    for place in &status.places {
        text.push_str(&calendar(place));
    }
    if !status.places.is_empty() {
        text.push('\n');
        push_line!(text, "{LEGEND}");
    }
    text
}

fn share(part: Option<u64>, all: u64) -> String {
    match part {
        None => "?".to_owned(),
        Some(0) => "0".to_owned(),
        Some(part) => format!("{:.3} %", part as f64 * 100.0 / all.max(1) as f64),
    }
}

/// Returns a line for each month of an account and Region, and where its series of objects has gaps.
fn calendar(PlaceStatus { account, region, calendar, silences }: &PlaceStatus) -> String {
    let mut text = "\n".to_owned();
    push_line!(text, "{account} {region}");
    for (month, days) in calendar {
        push_line!(text, "  {month}  {days}");
    }
    for Silence { flow_log, from, to } in silences.iter().take(MAX_SILENCES) {
        push_line!(text, "  no object of {flow_log} from {from} to {to}");
    }
    if silences.len() > MAX_SILENCES {
        push_line!(text, "  and {} more such gaps (--json names them)", silences.len() - MAX_SILENCES);
    }
    text
}

/// Returns what is to be done about a day, if anything.
fn state(day: &DayStatus) -> String {
    let state = if day.unfinished > 0 {
        "a run was stopped: run convert again"
    } else if day.differing > 0 {
        "verify found a difference: run it again to see it"
    } else if day.misread_files > 0 {
        return format!("some engines misread {}: run compact", plural(day.misread_files, "file"));
    } else if day.rejected_objects > 0 {
        "objects are unreadable: they are tried again"
    } else if day.rejected_rows > 0 {
        "lines were rejected: see `flowparquet rejects`"
    } else if day.is_behind() {
        let waiting = day.unconverted_objects.unwrap_or(0) + day.changed_objects.unwrap_or(0);
        let waiting = plural(waiting, "object");
        return match day.goes_on {
            true => format!("{waiting} to convert when the day is over"),
            false => format!("{waiting} to convert: run convert"),
        };
    } else if day.verified {
        "converted and verified"
    } else {
        "converted"
    };
    state.to_owned()
}
