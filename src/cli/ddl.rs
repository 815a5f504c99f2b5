//! `ddl`: definitions of a converted table or of raw logs, for Athena and its neighbours.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::athena::cutover;
use crate::define::{DefineOptions, Defined, define, define_ahead, define_raw};
use crate::ledger::contents::Contents;
use crate::ledger::table::Table;
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::source::found::Wanted;
use crate::store::{Io, Store};
use crate::survey::{Survey, survey};
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::DdlArgs;
use super::screen::{harmless_json, print_statements, say};
use super::{open, open_source};

/// Runs `flowparquet ddl`.
pub fn run(args: &DdlArgs) -> Result<ExitCode> {
    let io = super::reading_io()?;
    let options = options(args);
    let defined = match &args.raw.raw {
        Some(source) => {
            let store = open_source(source, &args.store, &io)?;
            define_raw(look_at(args, &store, &all_days(args))?.raw, store.location(), &options)?
        }
        None => converted(args, &options, &io)?,
    };
    say_notes(&defined.notes);
    print_statements(&text(&options, defined))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns how the table is to be defined.
pub fn options(args: &DdlArgs) -> DefineOptions {
    DefineOptions {
        form: args.format.into(),
        database: args.database.clone(),
        table: args.table.clone(),
        location: args.location.clone(),
        partitions: args.projection.map(Into::into),
        since: args.since,
        no_comments: args.no_comments,
    }
}

/// Returns a definition as it may be printed.
pub fn text(options: &DefineOptions, defined: Defined) -> String {
    if options.form.is_json() { harmless_json(&defined.text).into_owned() } else { defined.text }
}

/// Says what has to be known beside a definition.
pub fn say_notes(notes: &[String]) {
    for note in notes {
        say!("note: {note}");
    }
}

/// Returns the definition of DEST: as its ledger and footers have it, or as it will be.
fn converted(args: &DdlArgs, options: &DefineOptions, io: &Io) -> Result<Defined> {
    let ahead = args.ahead.schema_version.is_some() || args.raw.log_format.is_some();
    let table = args.dest.as_ref().map(|dest| open(dest, &args.store, io).map(Table::new)).transpose()?;
    if !ahead {
        let defined = table.as_ref().map(|table| define(table, options)).transpose()?.flatten();
        return defined.map_or_else(|| Err(nothing_converted(args, table.as_ref())?), Ok);
    }
    if table.as_ref().map(Table::contents).transpose()?.flatten().is_some() {
        return Err(Error::usage("DEST has data, so its columns are those of its files")
            .help("leave --schema-version and --log-format away"));
    }
    define_ahead(&contents_ahead(args)?, table.as_ref().map(|table| table.store().location()), options)
}

/// Returns the error of a DEST without data.
pub fn nothing_converted(args: &DdlArgs, table: Option<&Table>) -> Result<Error> {
    let e = Error::usage("nothing is converted here yet").at(args.dest.as_deref().unwrap_or_default());
    let was_tried = table.map(Table::info).transpose()?.flatten().is_some();
    Ok(e.help(if was_tried {
        "`flowparquet status DEST` tells what became of the objects so far, `flowparquet rejects DEST` why"
    } else {
        "run `flowparquet convert SOURCE DEST` first, check DEST, or say with --schema-version what will be"
    }))
}

/// Returns what a table will hold, by what was typed.
fn contents_ahead(args: &DdlArgs) -> Result<Contents> {
    let log_type = args.ahead.log_type.map(LogType::from);
    let header = match &args.raw.log_format {
        Some(format) => Header::from_option(format)?,
        None => {
            let schema = log_type.unwrap_or(LogType::Vpc).schema();
            let names = schema.names_up_to(args.ahead.schema_version.unwrap_or(u8::MAX));
            if names.is_empty() {
                return Err(Error::usage("no field is as old as that").help("the oldest version is 2"));
            }
            Header::from_option(&names.join(" "))?
        }
    };
    let partition_by = args.ahead.partition_by.map(Into::into).unwrap_or_default();
    Ok(Contents::ahead(header, log_type, partition_by, &args.raw.account, &args.raw.region))
}

/// Returns all objects of the accounts and Regions that were named.
pub fn all_days(args: &DdlArgs) -> Wanted {
    Wanted {
        accounts: args.raw.account.clone(),
        regions: args.raw.region.clone(),
        source_layout: args.raw.source_layout.clone(),
        ..Wanted::default()
    }
}

/// Looks at the raw logs of SOURCE that are wanted.
pub fn look_at(args: &DdlArgs, source: &Store, wanted: &Wanted) -> Result<Survey> {
    let format = args.raw.log_format.as_deref().map(Header::from_option).transpose()?;
    let seen = survey(source, wanted, format.as_ref())?;
    warn(&seen);
    Ok(seen)
}

/// Says which objects a table over the newest format and layout shows wrongly or not at all.
fn warn(seen: &Survey) {
    if seen.formats.len() > 1 {
        say!("warning: the logs have {} formats, and a raw table finds columns by position:", seen.formats.len());
        for (at, format) in seen.formats.iter().enumerate() {
            let fields = match &format.header {
                Ok(header) => header.names.join(" "),
                Err(e) => e.to_string(),
            };
            let verdict = if at == 0 { "this definition fits" } else { "columns are WRONG here" };
            say!("  {} ({verdict}): {fields}", ranges(&format.days));
        }
        say!("  help: give each format a prefix of its own, or query the converted table, which knows them all");
    }
    for (layout, days) in &seen.other_layouts {
        say!("warning: objects of {} lie in another layout and are not shown: {}", ranges(days), layout);
    }
}

/// Returns days as people write them: `2026-01-01 to 2026-01-05, 2026-01-09`.
pub fn ranges(days: &BTreeSet<Date>) -> String {
    let shown = cutover::ranges(days.iter().copied())
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") });
    shown.collect::<Vec<_>>().join(", ")
}
