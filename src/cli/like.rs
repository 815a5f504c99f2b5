//! `ddl --like` and `ddl --cutover`: a table that answers today's queries, and the way to put it in today's place.

use std::path::Path;
use std::process::ExitCode;

use crate::athena::bridge::{Hints, bridge};
use crate::athena::cutover::{Cutover, ranges, script};
use crate::athena::definition::Definition;
use crate::athena::form::Form;
use crate::athena::like::Theirs;
use crate::athena::view::create_view;
use crate::days::today;
use crate::define::{DEFAULT_TABLE, DefineOptions, converted_days, hints, on_s3, with_survey};
use crate::ledger::contents::Contents;
use crate::ledger::table::Table;
use crate::located::{lies, narrowed, origins};
use crate::record::header::Header;
use crate::source::found::Wanted;
use crate::store::Store;
use crate::survey::Survey;
use crate::{Error, ErrorKind, Result};

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
    let theirs = args.like.like.as_ref().map(|path| read(path)).transpose()?;
    let options = ddl::options(args);
    let said = said(args, theirs.as_ref(), &contents, &options)?;
    let source = args.like.source.as_ref().map(|source| open_source(source, &args.store, &io)).transpose()?;
    let seen = source.as_ref().map(|source| look_at(args, theirs.as_ref(), &said, source)).transpose()?;
    let (wanted, seen) = seen.map_or((ddl::all_days(args), None), |(wanted, seen)| (wanted, Some(seen)));
    if let Some(seen) = seen.as_ref().filter(|seen| seen.raw.log_type != contents.log_type) {
        return Err(Error::usage(format!(
            "the newest logs of SOURCE are of type {}, those of DEST {}",
            seen.raw.log_type, contents.log_type
        ))
        .help("point --source at the logs that DEST was converted from"));
    }
    let mut notes = Vec::new();
    let location = options.location(Some(table.store().location()), &mut notes)?;
    let hints = with_survey(said, seen.as_ref());
    if let (Some(how), Some(source), Some(seen)) = (args.like.cutover, &source, seen) {
        return cut_over((args, how), (source, &wanted, seen), (&table, &contents, &location), theirs, hints, &options);
    }
    let Some(theirs) = theirs else {
        return Err(Error::usage("--cutover needs --source SOURCE"));
    };
    let name = args.table.clone().unwrap_or_else(|| format!("{}_parquet", theirs.name.table()));
    let name = theirs.name.beside(args.database.as_deref(), &name)?;
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

/// Returns what helps to understand their statement before SOURCE is looked at.
fn said(args: &DdlArgs, theirs: Option<&Theirs>, contents: &Contents, options: &DefineOptions) -> Result<Hints> {
    let header = args.raw.log_format.as_deref().map(Header::from_option).transpose()?;
    let keys = args.like.key.iter().cloned().collect();
    let mut hints = hints(header, &ddl::all_days(args), keys, options);
    if let Some(theirs) = theirs {
        hints.lies = lies(theirs);
        hints.origins = origins(theirs, contents);
    }
    Ok(hints)
}

/// Looks at the raw logs that their table shows: those of others may have another format. Returns what they are, too.
fn look_at(args: &DdlArgs, theirs: Option<&Theirs>, said: &Hints, source: &Store) -> Result<(Wanted, Survey)> {
    let all = ddl::all_days(args);
    let narrowed = theirs.map(|theirs| narrowed(theirs, said, &all)).transpose()?.flatten();
    if let Some(wanted) = narrowed.filter(|wanted| (&wanted.accounts, &wanted.regions) != (&all.accounts, &all.regions))
    {
        match ddl::look_at(args, source, &wanted) {
            // Keys of a copy may name no account at all.
            Err(e) if e.kind() == ErrorKind::Usage => {}
            seen => return seen.map(|seen| (wanted, seen)),
        }
    }
    ddl::look_at(args, source, &all).map(|seen| (all, seen))
}

/// Prints the steps that put the converted table in the place of theirs.
fn cut_over(
    (args, how): (&DdlArgs, CutoverArg),
    (source, wanted, seen): (&Store, &Wanted, Survey),
    (table, contents, location): (&Table, &Contents, &str),
    theirs: Option<Theirs>,
    mut hints: Hints,
    options: &DefineOptions,
) -> Result<ExitCode> {
    if options.form != Form::Athena {
        return Err(Error::usage("--cutover prints statements for Athena").help("leave --format away"));
    }
    // With keys for account and Region even if there is one of each: later there may be more.
    let mut notes = Vec::new();
    let raw = on_s3(seen.raw, source.location(), &mut notes);
    ddl::say_notes(&notes);
    let is_given = theirs.is_some();
    let theirs = match theirs {
        Some(theirs) => theirs,
        None => {
            let name = options.name(DEFAULT_TABLE)?;
            let mut theirs = Theirs::of_raw(&Definition::of_raw(name, raw.clone().folded(), today()))?;
            // It shows the logs of SOURCE, those too that are gone from there, and DEST may have others.
            let there = source.location();
            theirs.location = Some(format!("{}{}/", there.root(), there.prefix()));
            (hints.lies, hints.origins) = (lies(&theirs), origins(&theirs, contents));
            theirs
        }
    };
    let log_format = args.raw.log_format.as_deref();
    let converted = ranges(converted_days((source, wanted, log_format), table, contents)?);
    let new = args.table.clone().filter(|_| is_given);
    let cutover =
        Cutover { theirs: &theirs, contents, location, raw, converted, hints: &hints, table: new, today: today() };
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
