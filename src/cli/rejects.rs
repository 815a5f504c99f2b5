//! `rejects`: what could not be converted, whole.

use std::process::ExitCode;

use crate::Result;
use crate::days::Days;
use crate::ledger::rejects::{Reject, RejectKind};
use crate::ledger::table::Table;

use super::screen::{push_line, say, to_json_line};
use super::show::plural;
use super::{EXIT_SOME_REJECTED, args, nothing_here, open, print, settings};

/// Runs `flowparquet rejects`.
pub fn run(args: &args::RejectsArgs) -> Result<ExitCode> {
    let io = super::reading_io()?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let dest = Table::new(open(&args.dest, &args.store, &io)?);
    let info = dest.info()?.ok_or_else(|| nothing_here(&args.dest))?;
    let (mut rows, mut objects) = (0, 0);
    for (partition, state) in dest.load(&days, info.partition_by)? {
        // A partition at a time: many may have some, few have many.
        for reject in dest.rejects_now(&partition, state)? {
            match reject.kind {
                RejectKind::Row => rows += 1,
                RejectKind::Object => objects += 1,
                RejectKind::OtherType | RejectKind::NoFlowLog => {}
            }
            print(&if args.json { to_json_line(&reject)? } else { shown(&reject) })?;
        }
    }
    if rows + objects == 0 {
        say!("nothing is rejected");
        return Ok(ExitCode::SUCCESS);
    }
    say!(
        "{} and {} rejected; objects are tried again by every convert, lines by `convert --retry`",
        plural(rows, "line"),
        plural(objects, "object")
    );
    Ok(ExitCode::from(EXIT_SOME_REJECTED))
}

/// Returns a reject: why, where, and the line itself.
fn shown(Reject { kind, object, reason, line, byte, text, hex }: &Reject) -> String {
    let place = line.zip(*byte).map(|(line, byte)| format!(", line {line}, byte {byte}")).unwrap_or_default();
    let what = match kind {
        RejectKind::Row => "line",
        RejectKind::Object => "object",
        RejectKind::OtherType | RejectKind::NoFlowLog => "left alone",
    };
    let mut shown = String::new();
    push_line!(shown, "{what}: {reason}");
    push_line!(shown, "  at {object}{place}");
    match (text, hex) {
        (Some(text), _) => push_line!(shown, "  {}", text.escape_debug()),
        (None, Some(hex)) => push_line!(shown, "  hex {hex}"),
        (None, None) => {}
    }
    shown
}
