//! `rejects`: what could not be converted, whole.

use std::process::ExitCode;

use flowparquet::days::Days;
use flowparquet::ledger::table::{Reject, RejectKind, Table};
use flowparquet::store::Io;
use flowparquet::{Error, Result};

use super::show::plural;
use super::{EXIT_SOME_REJECTED, args, nothing_here, open, print, settings};

/// Runs `flowparquet rejects`.
pub fn run(args: &args::Rejects) -> Result<ExitCode> {
    let io = Io::start()?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    let info = dest.info()?.ok_or_else(|| nothing_here(&args.dest))?;
    let (mut rows, mut objects) = (0, 0);
    for (partition, state) in dest.load(&days, info.partition_by)? {
        // A partition at a time: many may have some, few have many.
        for reject in dest.rejects(&partition, &state)? {
            match reject.kind {
                RejectKind::Row => rows += 1,
                RejectKind::Object => objects += 1,
                RejectKind::OtherType => {}
            }
            print(&if args.json { json(&reject)? } else { shown(&reject) })?;
        }
    }
    if rows + objects == 0 {
        eprintln!("nothing is rejected");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} and {} rejected; objects are tried again by every convert, lines by `convert --retry`",
        plural(rows, "line"),
        plural(objects, "object")
    );
    Ok(ExitCode::from(EXIT_SOME_REJECTED))
}

fn json(reject: &Reject) -> Result<String> {
    let line = serde_json::to_string(reject).map_err(|e| Error::stopped("cannot make JSON").because(e))?;
    Ok(line + "\n")
}

/// Returns a reject as `object:line:byte: reason` with the line below it.
fn shown(Reject { kind, object, reason, line, byte, text, hex }: &Reject) -> String {
    let place = line.zip(*byte).map(|(line, byte)| format!(", line {line}, byte {byte}")).unwrap_or_default();
    let what = match kind {
        RejectKind::Row => "line",
        RejectKind::Object => "object",
        RejectKind::OtherType => "left alone",
    };
    let content = match (text, hex) {
        (Some(text), _) => format!("  {}\n", text.escape_debug()),
        (None, Some(hex)) => format!("  hex {hex}\n"),
        (None, None) => String::new(),
    };
    format!("{what}: {reason}\n  at {object}{place}\n{content}")
}
