//! `tune`: tries layouts on a sample of raw logs against somebody's statements, and says which serves them best.

use std::process::ExitCode;

use crate::convert::{ConvertOptions, convert};
use crate::days::Days;
use crate::encode::layout::Layout;
use crate::ledger::table::Table;
use crate::query::tune::{Candidate, Tuning, newest_days, tune};
use crate::query::{on_large_stack, parse};
use crate::report::Silent;
use crate::source::found::Wanted;
use crate::store::{Location, Store, StoreOptions};
use crate::{Error, Result};

use super::costs::{Costs, DAYS_PER_MONTH, less};
use super::query::{options, statements};
use super::query_args::TuneArgs;
use super::screen::say;
use super::show::{Align, bytes, count, dollars, plural, table};
use super::{folder, open_source, print, settings, start_io, to_json};

/// Runs `flowparquet tune`.
pub fn run(args: &TuneArgs) -> Result<ExitCode> {
    on_large_stack(|| tuned(args))?
}

fn tuned(args: &TuneArgs) -> Result<ExitCode> {
    let io = start_io()?;
    let (text, place) = statements(&args.statements)?;
    let spilled = folder::for_a_query();
    let options = options(&args.statements, &args.engine, false, spilled.as_ref())?;
    let statements = parse(&text, &options.table, &place)?;
    let source = open_source(&args.source, &args.store, &io)?;
    let days = settings::days(&args.days, |today| Days::lookback(today, args.lookback))?;
    let wanted = Wanted::of(days);
    let days = newest_days(&source, &wanted, usize::try_from(args.sample_days).unwrap_or(usize::MAX))?;
    let folder = folder::temporary("flowparquet-tune-", args.dir.as_deref())?;
    let how = ConvertOptions { merge: true, ..settings::defaults(Days::These(days.iter().copied().collect())) };
    let mut make = |name: &str, layout: &Layout| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(&path)
            .map_err(|e| Error::stopped("cannot make a folder for the sample").at(path.display()).because(e))?;
        let location = Location::parse(&path.to_string_lossy())?;
        let dest = Table::new(Store::open(&location, &StoreOptions::default(), &io)?);
        let mut how = how.clone();
        how.output.layout = Layout { sort_bytes: how.output.layout.sort_bytes, ..layout.clone() };
        let report = convert(&source, &dest, &how, &Silent)?;
        Ok((dest, report.totals.objects, report.totals.packed_bytes))
    };
    let mut begin = |name: &str| say!("trying: {name}");
    let tuning = tune((&statements, &place), &days, &options, &mut make, &mut begin)?;
    let costs = Costs { usd_per_tib: args.engine.price_per_tb, runs_per_day: args.runs_per_day };
    print(&if args.json { to_json(&tuning)? } else { shown(&tuning, costs) })?;
    for name in &tuning.idle {
        say!(
            "warning: {} reads nothing of the sample ({}): choose days that it asks for with --day",
            name,
            tuning.days.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(tuning: &Tuning, costs: Costs) -> String {
    let raw = tuning.raw_bytes * tuning.statements.len() as u64;
    let head = ["layout", "files", "scanned", "less than raw", "with indexes", "requests", "a month"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let month = |statements: &[u64]| statements.iter().map(|bytes| costs.month(*bytes)).sum::<f64>();
    let raw_month = month(&vec![tuning.raw_bytes; tuning.statements.len()]);
    for of in &tuning.candidates {
        let default = if of.is_default { " (default)" } else { "" };
        rows.push(vec![
            format!("{}{default}", of.options),
            bytes(of.file_bytes),
            bytes(of.scanned_bytes),
            less(raw, of.scanned_bytes),
            bytes(of.scanned_bytes_with_index),
            count(of.requests),
            dollars(month(&of.statements)),
        ]);
    }
    rows.push(vec![
        "raw logs".to_owned(),
        bytes(tuning.raw_bytes),
        bytes(raw),
        less(raw, raw),
        String::new(),
        count(tuning.raw_objects * tuning.statements.len() as u64),
        dollars(raw_month),
    ]);
    let mut align = [Align::Right; 7];
    align[0] = Align::Left;
    format!(
        "{}\nsample: {}, {} of {}; {} statements, {} runs of each a day for {DAYS_PER_MONTH} days; 10 MB is the least that \
         Athena charges for\n{}",
        table(&align, &rows),
        tuning.days.join(", "),
        plural(tuning.raw_objects, "raw object"),
        bytes(tuning.raw_bytes),
        tuning.statements.len(),
        costs.runs_per_day,
        advice(&tuning.candidates),
    )
}

/// Percent that another layout must save before it is worth an option: a sample is a sample.
const WORTH_PERCENT: f64 = 5.0;

/// Returns what to do, in a sentence.
fn advice(candidates: &[Candidate]) -> String {
    let Some(best) = candidates.first() else { return String::new() };
    let default = candidates.iter().find(|candidate| candidate.is_default);
    let saved = |default: &Candidate| 100.0 * (1.0 - best.scanned_bytes as f64 / default.scanned_bytes.max(1) as f64);
    let Some(default) = default.filter(|default| saved(default) >= WORTH_PERCENT) else {
        return "the default layout is the best of these, or nearly so: leave it\n".to_owned();
    };
    let saved = saved(default);
    let grown = 100.0 * (best.file_bytes as f64 / default.file_bytes.max(1) as f64 - 1.0);
    format!(
        "best for these statements: convert {}\nit scans {saved:.0} % less than the default; its files are {:.0} % {}\n",
        best.options,
        grown.abs(),
        if grown < 0.0 { "smaller" } else { "larger" }
    )
}
