//! `ledger`: what the ledger says, for people or as it is stored.

use std::process::ExitCode;

use crate::Result;
use crate::days::Days;
use crate::ledger::claim::Claim;
use crate::ledger::entry::{Entry, Record};
use crate::ledger::table::Table;

use super::screen::push_line;
use super::show::{bytes, plural};
use super::{args, nothing_here, open, print, settings, to_json};

/// Runs `flowparquet ledger`.
pub fn run(args: &args::LedgerArgs) -> Result<ExitCode> {
    let io = super::reading_io()?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    let info = dest.info()?.ok_or_else(|| nothing_here(&args.dest))?;
    let partitions = dest.entries(&days, info.partition_by)?;
    if args.json {
        let all: Vec<_> = partitions
            .iter()
            .flat_map(|(partition, records)| {
                records.iter().enumerate().map(|(at, record)| {
                    serde_json::json!({ "partition": partition.path(), "number": at + 1, "record": record })
                })
            })
            .collect();
        print(&to_json(&all)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for (partition, records) in &partitions {
        push_line!(text, "{partition}");
        for (at, record) in records.iter().enumerate() {
            push_line!(text, "  {:>4}  {}  {}", at + 1, record.time, said(record));
        }
    }
    if text.is_empty() {
        text.push_str("no entry for these days\n");
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn said(record: &Record) -> String {
    match &record.entry {
        Entry::Claim(claim) => format!("claim    {} -> {}", objects(claim), claim.output),
        Entry::Replace(claim) if claim.work.is_merge() => {
            format!("replace  the files of {} merged -> {}", numbers(claim.work.replaces()), claim.output)
        }
        Entry::Replace(claim) => {
            format!("replace  {} again, for {} -> {}", objects(claim), numbers(claim.work.replaces()), claim.output)
        }
        Entry::Done(done) => {
            let outcome = &done.outcome;
            let mut text = format!("done     of {}: {}", done.claim, plural(outcome.rows, "row"));
            if let Some(file) = &done.file {
                text.push_str(&format!(", {}", bytes(file.bytes)));
            }
            for (many, noun, more) in [
                (outcome.rejected_rows, "rejected line", ""),
                (outcome.rejected_objects.len() as u64, "rejected object", ""),
                (outcome.other_type.len() as u64, "object", " of another log type"),
                (outcome.no_flow_logs.len() as u64, "object", " that is no flow log"),
            ] {
                if many > 0 {
                    text.push_str(&format!(", {}{more}", plural(many, noun)));
                }
            }
            text
        }
        Entry::Abandon(abandon) => format!("abandon  of {}: {}", abandon.claim, abandon.reason),
        Entry::Verified(verified) => {
            let how = serde_json::to_string(&verified.how).unwrap_or_default();
            let (how, what) = (how.trim_matches('"'), if verified.differs { ", something differs" } else { "" });
            format!("verified {how} through {}: {}{what}", verified.through, plural(verified.rows, "row"))
        }
    }
}

fn objects(claim: &Claim) -> String {
    let inputs = claim.work.inputs();
    let packed: u64 = inputs.iter().map(|input| input.size).sum();
    format!("{} ({})", plural(inputs.len() as u64, "object"), bytes(packed))
}

fn numbers(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
