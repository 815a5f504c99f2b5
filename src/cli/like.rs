//! `ddl --like` and `ddl --cutover`: a table that answers today's queries, and the way to put it in today's place.

use std::path::Path;
use std::process::ExitCode;

use crate::athena::bridge::{Hints, bridge};
use crate::athena::cutover::{Cutover, ranges, script};
use crate::athena::definition::Definition;
use crate::athena::form::Form;
use crate::athena::like::Theirs;
use crate::athena::name::TableName;
use crate::athena::view::create_view;
use crate::days::today;
use crate::define::{DEFAULT_TABLE, DefineOptions, converted_days, hints, on_s3};
use crate::ledger::contents::Contents;
use crate::ledger::table::Table;
use crate::record::header::Header;
use crate::store::Store;
use crate::survey::Survey;
use crate::{Error, Result};

use super::args::{CutoverArg, DdlArgs};
use super::screen::print_statements;
use super::{ddl, open, open_source};

/// Largest file that is read as a table definition; a statement of Athena has 256 KiB at most.
const MAX_SQL_BYTES: u64 = 1 << 20;

/// Runs `flowparquet ddl --like` and `flowparquet ddl --cutover`.
pub fn run(args: &DdlArgs) -> Result<ExitCode> {
    let io = super::reading_io()?;
    let Some(dest) = &args.dest else {
        return Err(Error::usage("--like and --cutover need DEST").help("flowparquet ddl DEST --like FILE.sql"));
    };
    let table = Table::new(open(dest, &args.store, &io)?);
    let Some(contents) = table.contents()? else { return Err(ddl::nothing_converted(args, Some(&table))?) };
    let source = args.like.source.as_ref().map(|source| open_source(source, &args.store, &io)).transpose()?;
    let seen = source.as_ref().map(|source| ddl::look_at(args, source)).transpose()?;
    if let Some(seen) = seen.as_ref().filter(|seen| seen.raw.log_type != contents.log_type) {
        return Err(Error::usage(format!(
            "the newest logs of SOURCE are of type {}, those of DEST {}",
            seen.raw.log_type, contents.log_type
        ))
        .help("point --source at the logs that DEST was converted from"));
    }
    let options = ddl::options(args);
    let mut notes = Vec::new();
    let location = options.location(Some(table.store().location()), &mut notes)?;
    let theirs = args.like.like.as_ref().map(|path| read(path)).transpose()?;
    let log_format = args.raw.log_format.as_deref();
    let header = log_format.map(Header::from_option).transpose()?;
    let (wanted, keys) = (ddl::all_days(args), args.like.key.iter().cloned().collect());
    let hints = hints(seen.as_ref(), header, &wanted, keys, &options);
    if let (Some(how), Some(source), Some(seen)) = (args.like.cutover, &source, seen) {
        return cut_over((args, how), (source, seen), (&table, &contents, &location), theirs, &hints, &options);
    }
    let Some(theirs) = theirs else {
        return Err(Error::usage("--cutover needs --source SOURCE"));
    };
    let name = TableName::new(
        args.database.as_deref().or(theirs.name.database()),
        &args.table.clone().unwrap_or_else(|| format!("{}_parquet", theirs.name.table())),
    )?;
    let mut made = bridge(&theirs, &contents, &location, name, &hints, today())?;
    if args.no_comments {
        made.table.leave_comments_out();
    }
    let defined = options.print(&made.table, notes)?;
    ddl::say_notes(&defined.notes);
    let mut text = ddl::text(&options, defined);
    if let Some((name, select)) = &made.view {
        text = format!("{text}\n{}", create_view(name, std::slice::from_ref(select), options.form.view_dialect()?)?);
    }
    ddl::say_notes(&made.notes);
    print_statements(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the steps that put the converted table in the place of theirs.
fn cut_over(
    (args, how): (&DdlArgs, CutoverArg),
    (source, seen): (&Store, Survey),
    (table, contents, location): (&Table, &Contents, &str),
    theirs: Option<Theirs>,
    hints: &Hints,
    options: &DefineOptions,
) -> Result<ExitCode> {
    if options.form != Form::Athena {
        return Err(Error::usage("--cutover prints statements for Athena").help("leave --format away"));
    }
    // With keys for account and Region even if there is one of each: later there may be more.
    let mut notes = Vec::new();
    let raw = on_s3(seen.raw, source.location(), &mut notes);
    ddl::say_notes(&notes);
    let theirs = match theirs {
        Some(theirs) => theirs,
        None => {
            let name = options.name(DEFAULT_TABLE)?;
            Theirs::of_raw(&Definition::of_raw(name, raw.clone().folded(), today()))?
        }
    };
    let (wanted, log_format) = (ddl::all_days(args), args.raw.log_format.as_deref());
    let converted = ranges(converted_days((source, &wanted, log_format), table, contents)?);
    let cutover = Cutover { theirs: &theirs, contents, location, raw, converted, hints, today: today() };
    let (steps, notes) = match how {
        CutoverArg::Hybrid => cutover.hybrid()?,
        CutoverArg::View => cutover.view()?,
        CutoverArg::Replace => cutover.replace()?,
    };
    ddl::say_notes(&notes);
    print_statements(&script(&steps))?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Theirs> {
    let place = path.display().to_string();
    let failed = |e: std::io::Error| Error::usage("cannot read this file").at(&place).because(e);
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_SQL_BYTES {
        return Err(Error::usage("this file is too large for a table definition").at(&place));
    }
    Theirs::parse(&std::fs::read_to_string(path).map_err(failed)?, &place)
}
