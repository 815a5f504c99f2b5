//! `status`: what DEST holds, day by day.

use std::process::ExitCode;

use flowparquet::days::{Days, today};
use flowparquet::error::printable;
use flowparquet::status::{DayStatus, Status, status};
use flowparquet::store::Io;
use flowparquet::table::commit::Table;
use flowparquet::{Error, Result};

use super::args;
use super::show::{Align, bytes, count, table};
use super::{EXIT_SOME_REJECTED, open, print, settings, to_json};

/// Runs `flowparquet status`.
pub fn run(args: &args::Status) -> Result<ExitCode> {
    let io = Io::start()?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    let status = status(&dest, &days, today())?.ok_or_else(|| {
        Error::usage("nothing is converted here yet")
            .at(&args.dest)
            .help("run `flowparquet convert SOURCE DEST` first, or check DEST")
    })?;
    print(&if args.json { to_json(&status)? } else { shown(&status) })?;
    for warning in &status.warnings {
        eprintln!("warning: {}", printable(warning));
    }
    Ok(if status.needs_attention() { ExitCode::from(EXIT_SOME_REJECTED) } else { ExitCode::SUCCESS })
}

fn shown(status: &Status) -> String {
    if status.days.is_empty() {
        return "no day of these is converted\n".to_owned();
    }
    let head = ["day", "objects", "rows", "files", "size", "rejected rows", "rejected objects", "state"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (day, of) in &status.days {
        rows.push(vec![
            day.clone(),
            count(of.objects),
            count(of.rows),
            count(of.files),
            bytes(of.bytes),
            count(of.rejected_rows),
            count(of.rejected_objects),
            state(of).to_owned(),
        ]);
    }
    let mut align = [Align::Right; 8];
    (align[0], align[7]) = (Align::Left, Align::Left);
    let mut text = table(&align, &rows);
    for (first, last) in &status.gaps {
        let days = if first == last { first.clone() } else { format!("{first} to {last}") };
        text.push_str(&format!("nothing converted of {days}\n"));
    }
    text
}

/// Returns what is to be done about a day, if anything.
fn state(day: &DayStatus) -> &'static str {
    if day.unfinished > 0 {
        "a run was stopped: run convert again"
    } else if day.rejected_objects > 0 {
        "objects are unreadable: they are tried again"
    } else if day.rejected_rows > 0 {
        "lines were rejected: see _flowparquet/rejects/"
    } else {
        "converted"
    }
}
