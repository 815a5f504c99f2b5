//! `doctor`: whether a run would get what it needs, a line each. `iam-policy`: the least that it needs.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::screen::say;
use super::store_args::{DoctorArgs, NeedArg, PolicyArgs, PolicyForm};
use super::{EXIT_STOPPED, EXIT_USAGE, open, open_source, print, reading_io, to_json};
use crate::doctor::{Finding, State, doctor};
use crate::ledger::table::Table;
use crate::policy::{Need, PolicyOptions, policies};
use crate::store::Location;
use crate::{Error, Result};

#[derive(Serialize)]
struct DoctorJson {
    version: u32,
    findings: Vec<Finding>,
    ready: bool,
}

/// Runs `flowparquet doctor`.
pub fn run(args: &DoctorArgs) -> Result<ExitCode> {
    let io = reading_io()?;
    // Nothing is cut off in the middle: it would be left behind.
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    io.on_signals(move |before| {
        if before > 0 {
            std::process::exit(i32::from(EXIT_STOPPED));
        }
        say!("stopping, and deleting what was written; once more stops at once");
        asked.store(true, Ordering::Relaxed);
    })?;
    let is_to_stop = || stop.load(Ordering::Relaxed);
    let (source, dest) = match &args.dest {
        Some(dest) => (Some(open_source(&args.source, &args.store, &io)?), dest),
        // One place alone is the table.
        None => (None, &args.source),
    };
    let dest = Table::new(open(dest, &args.store, &io)?);
    let findings = doctor(source.as_ref(), &dest, &is_to_stop);
    if is_to_stop() {
        return Err(Error::by_signal());
    }
    let ready = findings.iter().all(|finding| finding.state != State::Bad);
    print(&match args.json {
        true => to_json(&DoctorJson { version: 1, findings, ready })?,
        false => shown(&findings, ready),
    })?;
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::from(EXIT_USAGE) })
}

fn shown(findings: &[Finding], ready: bool) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Finding { side, what, state, said, help } in findings {
        let mark = match state {
            State::Good => '✓',
            State::Note => '!',
            State::Bad => '✗',
        };
        text.push_str(&super::screen::line(&format!("{mark} {side:<6}  {what:<width$}  {said}")));
        if let Some(help) = help {
            text.push_str(&super::screen::line(&format!("{:>width$}  → {help}", "", width = width + 10)));
        }
    }
    text.push_str(match ready {
        true => "everything that a run needs is there\n",
        false => "a run would fail: see what is marked ✗\n",
    });
    text
}

/// Runs `flowparquet iam-policy`.
pub fn policy(args: &PolicyArgs) -> Result<ExitCode> {
    let mut options = PolicyOptions::default();
    if !args.needs.is_empty() {
        options.needs = args.needs.iter().map(|need| Need::from(*need)).collect();
    }
    options.source_kms_key.clone_from(&args.source_kms_key);
    options.dest_kms_key.clone_from(&args.dest_kms_key);
    options.principal.clone_from(&args.principal);
    (options.acl, options.tagging) = (args.acl, args.tagging);
    let of_arn = |arn: &String| arn.split(':').nth(1).map(str::to_owned);
    let arns = [&args.principal, &args.source_kms_key, &args.dest_kms_key];
    if let Some(partition) = args.partition.clone().or_else(|| arns.into_iter().flatten().find_map(of_arn)) {
        options.partition = partition;
    }
    let made = policies(Some(&Location::parse(&args.source)?), &Location::parse(&args.dest)?, &options)?;
    print(&match args.format {
        PolicyForm::Json => to_json(&made)?,
        PolicyForm::Terraform => made.terraform(),
    })?;
    Ok(ExitCode::SUCCESS)
}

impl From<NeedArg> for Need {
    fn from(arg: NeedArg) -> Self {
        match arg {
            NeedArg::Convert => Self::Convert,
            NeedArg::Compact => Self::Compact,
            NeedArg::Verify => Self::Verify,
            NeedArg::Ddl => Self::Ddl,
            NeedArg::Status => Self::Status,
            NeedArg::Query => Self::Query,
            NeedArg::Doctor => Self::Doctor,
        }
    }
}
