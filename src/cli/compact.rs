//! `compact`: merge small files and make misread ones anew, or say what would be done.

use std::process::ExitCode;

use crate::Result;
use crate::compact::{CompactPlan, CompactReport, Compacted, compact, plan};
use crate::ledger::table::Table;

use super::screen::{push_line, tell};
use super::show::{Align, bytes, count, plural, table};
use super::{EXIT_SOME_REJECTED, args, open, print, settings, start_io, to_json};

/// Runs `flowparquet compact`.
pub fn run(args: &args::CompactArgs) -> Result<ExitCode> {
    let options = settings::compact_options(args)?;
    let io = start_io()?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    if args.dry_run {
        let plans = plan(&dest, &options)?;
        print(&if args.json { to_json(&plans)? } else { planned(&plans) })?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = compact(&dest, &options)?;
    if args.json {
        print(&to_json(&report)?)?;
    }
    tell(&summary(&report));
    Ok(if report.not_merged.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SOME_REJECTED) })
}

fn planned(plans: &[CompactPlan]) -> String {
    if plans.is_empty() {
        return "nothing to merge\n".to_owned();
    }
    let mut rows = vec![["partition", "files", "to merge", "into", "size"].map(str::to_owned).to_vec()];
    for plan in plans {
        let merged: usize = plan.merges.iter().map(Vec::len).sum();
        rows.push(vec![
            plan.partition.clone(),
            count(plan.files),
            count(merged as u64),
            count(plan.merges.len() as u64),
            bytes(plan.bytes),
        ]);
    }
    let begun: u64 = plans.iter().map(|plan| plan.unfinished).sum();
    let misread: u64 = plans.iter().map(|plan| plan.misread.len() as u64).sum();
    let mut text = table(&ALIGN, &rows);
    if misread > 0 {
        push_line!(text, "{} that some engines do not read whole will be made anew", plural(misread, "file"));
    }
    if begun > 0 {
        push_line!(text, "{} of a stopped run will be finished", plural(begun, "merge"));
    }
    text
}

const ALIGN: [Align; 5] = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];

fn summary(report: &CompactReport) -> String {
    let mut text = if report.partitions.is_empty() && report.not_merged.is_empty() {
        "nothing to merge\n".to_owned()
    } else {
        shown(&report.partitions)
    };
    for refused in &report.not_merged {
        push_line!(text, "{}", refused.explain());
    }
    for warning in &report.warnings {
        push_line!(text, "warning: {warning}");
    }
    text
}

/// Returns what became of partitions.
pub fn shown(partitions: &[Compacted]) -> String {
    let mut rows = vec![["compacted", "files", "size", "now", "size"].map(str::to_owned).to_vec()];
    for p in partitions {
        rows.push(vec![
            p.partition.clone(),
            count(p.files_before),
            bytes(p.bytes_before),
            count(p.files_after),
            bytes(p.bytes_after),
        ]);
    }
    let removed: u64 = partitions.iter().map(|p| p.leftovers_removed).sum();
    let misread: u64 = partitions.iter().map(|p| p.misread_files).sum();
    let mut text = table(&ALIGN, &rows);
    if misread > 0 {
        push_line!(text, "{} that some engines did not read whole made anew", plural(misread, "file"));
    }
    if removed > 0 {
        push_line!(text, "{} of stopped runs removed", plural(removed, "leftover file"));
    }
    text
}
