//! `verify`: recount, then say what agrees and what does not.

use std::process::ExitCode;

use crate::Result;
use crate::days::Days;
use crate::ledger::table::Table;
use crate::report::Named;
use crate::verify::outcome::{Difference, FileOutcome, LoneRows, PartitionOutcome, Remarks, Verdict, Verification};
use crate::verify::{self, Extent, VerifyOptions};

use super::args;
use super::job::push_some;
use super::screen::push_line;
use super::show::{Align, count, plural, table};
use super::{EXIT_SOME_REJECTED, open, open_source, print, progress, settings, start_io, to_json};

/// Remarks of one kind that a person is shown; `--json` has more.
const MAX_SHOWN: usize = 5;

/// Characters of a row that are shown.
const MAX_ROW_CHARS: usize = 600;

/// Runs `flowparquet verify`.
pub fn run(args: &args::VerifyArgs) -> Result<ExitCode> {
    let options = settings::verify_options(args)?;
    let io = start_io()?;
    // Whoever asks for hashes only may leave SOURCE away: the one place that is named is DEST then.
    let dest = Table::new(open(args.dest.as_ref().unwrap_or(&args.source), &args.store, &io)?);
    let shown_by = progress::of_kind(args.progress);
    let found = match options.extent {
        Extent::Hashes => verify::verify_hashes(&dest, &options, shown_by.as_ref())?,
        _ => verify::verify(&open_source(&args.source, &args.store, &io)?, &dest, &options, shown_by.as_ref())?,
    };
    print(&if args.json { to_json(&found)? } else { shown(&found, &options) })?;
    Ok(if found.agrees { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SOME_REJECTED) })
}

fn shown(found: &Verification, options: &VerifyOptions) -> String {
    let mut text = String::new();
    if !found.partitions.is_empty() {
        let head = ["partition", "objects", "rows", "rejected", "files", "compared", "result"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        push_some(&mut rows, found.partitions.iter().map(line).collect());
        let mut align = [Align::Right; 7];
        (align[0], align[6]) = (Align::Left, Align::Left);
        text.push_str(&table(&align, &rows));
        text.push('\n');
    }
    for file in found.partitions.iter().flat_map(|partition| &partition.differing) {
        push_file(&mut text, file);
    }
    for partition in &found.partitions {
        push_remarks(&mut text, "misread", &partition.misread);
        push_remarks(&mut text, "unknown file", &partition.unknown_files);
        push_remarks(&mut text, "not converted", &partition.not_converted);
        push_remarks(&mut text, "changed", &partition.changed);
        push_remarks(&mut text, "unreadable", &partition.unreadable);
        push_remarks(&mut text, "unfinished", &partition.unfinished);
        push_remarks(&mut text, "not compared", &partition.not_compared);
    }
    push_remarks(&mut text, "passed over", &found.passed_over);
    for Named { object, reason, .. } in &found.ledgers_damaged {
        push_line!(text, "not compared: {reason}");
        push_line!(text, "  at {object}");
    }
    super::show::push_missing(&mut text, &found.missing);
    text.push_str(&conclusion(found, options));
    text
}

fn line(partition: &PartitionOutcome) -> Vec<String> {
    vec![
        partition.partition.clone(),
        count(partition.objects),
        count(partition.rows),
        count(partition.rejected_rows),
        count(partition.files),
        count(partition.files_compared),
        result(partition),
    ]
}

/// Returns a partition's result in words.
fn result(partition: &PartitionOutcome) -> String {
    let PartitionOutcome { misread, not_converted, changed, unreadable, unfinished, unknown_files, gone, .. } =
        partition;
    let PartitionOutcome { other_type_objects, other_type_rows, .. } = *partition;
    let mut parts = Vec::new();
    let mut part = |number: u64, noun: &str, what: &str| {
        if number > 0 {
            parts.push(format!("{}{what}", plural(number, noun)));
        }
    };
    part(partition.differing.iter().filter(|of| of.file.is_some()).count() as u64, "file", " differs");
    part(partition.differing.iter().filter(|of| of.file.is_none()).count() as u64, "claim", " differs");
    part(misread.count, "file", " misread by some engines");
    part(unknown_files.count, "unknown file", "");
    part(not_converted.count, "object", " not converted");
    part(changed.count, "object", " changed");
    part(unreadable.count, "raw object", " unreadable");
    part(unfinished.count, "unfinished claim", "");
    part(gone.count, "raw object", " gone");
    part(other_type_objects, "object", " of the other log type");
    part(other_type_rows, "line", " of the other log type");
    if parts.is_empty() && !partition.not_compared.is_empty() {
        parts.push("not compared".to_owned());
    }
    if partition.verdict == Verdict::Agrees {
        parts.insert(0, "ok".to_owned());
    }
    parts.join(", ").replace("files differs", "files differ").replace("claims differs", "claims differ")
}

/// Returns how much of the other log type lies in SOURCE, if anything does.
fn left_alone(objects: u64, rows: u64) -> Option<String> {
    match (objects, rows) {
        (0, 0) => None,
        (objects, 0) => Some(plural(objects, "object")),
        (0, rows) => Some(plural(rows, "line")),
        (objects, rows) => Some(format!("{} and {}", plural(objects, "object"), plural(rows, "line"))),
    }
}

fn push_file(text: &mut String, file: &FileOutcome) {
    let name = file.file.clone().unwrap_or_else(|| format!("claim {}, which has no file", file.claim));
    push_line!(text, "differs: {name}");
    for Difference { what, raw, parquet, ledger } in &file.differences {
        let sides = [("raw", raw), ("Parquet", parquet), ("ledger", ledger)];
        let said = sides.iter().filter_map(|(side, value)| Some(format!("{side} {}", value.as_ref()?)));
        push_line!(text, "  {what}: {}", said.collect::<Vec<_>>().join(", "));
    }
    push_rows(text, &file.missing, "line", "of the raw objects that the file does not have");
    push_rows(text, &file.extra, "row", "of the file that no raw object has");
}

fn push_rows(text: &mut String, rows: &LoneRows, unit: &str, what: &str) {
    if rows.count == 0 {
        return;
    }
    let first = if rows.count > rows.first.len() as u64 {
        format!("; the first {}", count(rows.first.len() as u64))
    } else {
        String::new()
    };
    push_line!(text, "  {} {what}{first}:", plural(rows.count, "row"));
    for row in &rows.first {
        let values: Vec<String> = row.row.iter().map(|(column, value)| format!("{column}={value}")).collect();
        let values = values.join(" ");
        let shown: String = match values.char_indices().nth(MAX_ROW_CHARS) {
            Some((end, _)) => format!("{}...", &values[..end]),
            None => values,
        };
        push_line!(text, "    {}, {unit} {}", row.object, count(row.number));
        push_line!(text, "      {shown}");
    }
}

fn push_remarks(text: &mut String, what: &str, remarks: &Remarks) {
    for remark in remarks.first.iter().take(MAX_SHOWN) {
        push_line!(text, "{what}: {}", remark.reason);
        push_line!(text, "  at {}", remark.object);
    }
    let shown = remarks.first.len().min(MAX_SHOWN) as u64;
    if remarks.count > shown {
        push_line!(text, "{what}: and {} more (--json names the first 100)", count(remarks.count - shown));
    }
}

/// Returns the sentence that sums up.
fn conclusion(found: &Verification, options: &VerifyOptions) -> String {
    let sum = |of: fn(&PartitionOutcome) -> u64| found.partitions.iter().map(of).sum::<u64>();
    let (files, compared) = (sum(|partition| partition.files), sum(|partition| partition.files_compared));
    if found.partitions.is_empty() && found.passed_over.is_empty() {
        let which = if options.wanted.days == Days::All { "" } else { " of these days" };
        return format!("nothing to compare: neither raw objects nor Parquet{which}\n");
    }
    let how = match options.extent {
        Extent::Footers => format!("footers of {} compared with the ledger, no row read", plural(files, "file")),
        Extent::Hashes => {
            format!("SHA-256 of {} compared with the ledger, no raw log read", plural(files, "file"))
        }
        _ if compared == files => {
            format!("every row of {} compared: {}", plural(files, "file"), plural(found.rows_read, "raw row"))
        }
        Extent::Full | Extent::Sample(_) => {
            let rows = plural(found.rows_read, "raw row");
            format!("every row of {} of {} compared: {rows}; footers of all", count(compared), plural(files, "file"))
        }
    };
    let rate = match found.rows_read {
        0 => String::new(),
        rows => format!(", {} rows/s", count((rows as f64 / found.seconds.max(1e-9)) as u64)),
    };
    let of = |verdict| found.partitions.iter().filter(|partition| partition.verdict == verdict).count() as u64;
    let differing = of(Verdict::Differs);
    let misread = sum(|partition| partition.misread.count);
    let waits = |partition: &&PartitionOutcome| {
        [&partition.not_converted, &partition.changed, &partition.unfinished].iter().any(|remarks| !remarks.is_empty())
    };
    let incomplete = found.partitions.iter().filter(|partition| partition.verdict == Verdict::Incomplete);
    let waiting = incomplete.filter(waits).count() as u64;
    let mut verdict = Vec::new();
    if differing > 0 {
        verdict.push(format!("{} differ{}", plural(differing, "partition"), if differing == 1 { "s" } else { "" }));
    }
    if misread > 0 {
        let are = if misread == 1 { "is" } else { "are" };
        verdict.push(format!("{} {are} misread by some engines", plural(misread, "file")));
    }
    if waiting > 0 {
        let are = if waiting == 1 { "is" } else { "are" };
        verdict.push(format!("{} {are} not all converted", plural(waiting, "partition")));
    }
    let unreadable = sum(|partition| partition.unreadable.count);
    verdict.extend((unreadable > 0).then(|| format!("{} cannot be read", plural(unreadable, "raw object"))));
    if !found.ledgers_damaged.is_empty() {
        let ledgers = found.ledgers_damaged.len() as u64;
        verdict.push(format!("{} {} damaged", plural(ledgers, "ledger"), if ledgers == 1 { "is" } else { "are" }));
    }
    if !found.missing.is_empty() {
        verdict.push("logs are missing".to_owned());
    }
    if !found.passed_over.is_empty() {
        verdict.push(format!("{} passed over", plural(found.passed_over.count, "object")));
    }
    let verdict =
        match left_alone(sum(|partition| partition.other_type_objects), sum(|partition| partition.other_type_rows)) {
            _ if !verdict.is_empty() => verdict.join(", "),
            None => "everything agrees".to_owned(),
            Some(left) => format!("everything of the table's log type agrees, {left} of the other one left alone"),
        };
    format!("{verdict}: {how}, in {:.1} s{rate}\n", found.seconds)
}
