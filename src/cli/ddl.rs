//! `ddl`: definitions of a converted table or of raw logs, for Athena and its neighbours.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::athena::cutover;
use crate::athena::definition::{Definition, Partitions};
use crate::athena::name::TableName;
use crate::days::today;
use crate::encode::file::sort_columns;
use crate::ledger::contents::Contents;
use crate::ledger::partition::Partition;
use crate::ledger::table::Table;
use crate::record::header::{Column, Header};
use crate::record::schema::LogType;
use crate::source::discover::Wanted;
use crate::store::{Io, Location, Store};
use crate::survey::{Survey, survey};
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::Ddl;
use super::screen::{print_statements, say};
use super::{like, open};

/// Location that is printed for a table on the local disk.
const PLACEHOLDER: &str = "s3://YOUR-BUCKET/YOUR-PREFIX";

/// Runs `flowparquet ddl`.
pub fn run(args: &Ddl) -> Result<ExitCode> {
    let io = Io::start()?;
    if args.like.cutover.is_some() || args.like.like.is_some() {
        return like::run(args, &io);
    }
    let mut definition = match &args.raw.raw {
        Some(source) => raw(args, source, &io)?,
        None => converted(args, &io)?,
    };
    if args.no_comments {
        definition.columns.iter_mut().for_each(|column| column.comment = None);
    }
    definition = args.format.partitioned(definition, args.projection)?;
    if ahead(args) && definition.partitioning == Partitions::Registered {
        definition.partitions.clear(); // None is there yet.
    }
    print_statements(&form(args, &definition)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns a definition as it was asked for, and says what has to be known beside it.
pub fn form(args: &Ddl, definition: &Definition) -> Result<String> {
    let text = args.format.print(definition, args.since)?;
    if let Some(note) = args.format.note(definition, args.since) {
        say!("note: {note}");
    }
    Ok(text)
}

fn name(args: &Ddl, default: &str) -> Result<TableName> {
    TableName::new(args.database.as_deref(), args.table.as_deref().unwrap_or(default))
}

/// Returns whether the definition is of a table before its first conversion.
fn ahead(args: &Ddl) -> bool {
    args.raw.raw.is_none()
        && args.like.like.is_none()
        && (args.ahead.schema_version.is_some() || args.raw.log_format.is_some())
}

/// Returns the definition of DEST: as its ledger and footers have it, or as it will be.
fn converted(args: &Ddl, io: &Io) -> Result<Definition> {
    let ahead = ahead(args);
    let table = args.dest.as_ref().map(|dest| open(dest, &args.store, io).map(Table::new)).transpose()?;
    let contents = match table.as_ref().map(Table::contents).transpose()?.flatten() {
        Some(_) if ahead => {
            return Err(Error::usage("DEST has data, so its columns are those of its files")
                .help("leave --schema-version and --log-format away"));
        }
        Some(contents) => contents,
        None if ahead => contents_ahead(args)?,
        None => return Err(nothing_converted(args, table.as_ref())?),
    };
    let location = location(args, table.as_ref().map(|table| table.store().location()))?;
    Ok(Definition::of_table(name(args, "vpc_flow_logs")?, &location, &contents, today()))
}

/// Returns the error of a DEST without data.
pub fn nothing_converted(args: &Ddl, table: Option<&Table>) -> Result<Error> {
    let e = Error::usage("nothing is converted here yet").at(args.dest.as_deref().unwrap_or_default());
    let was_tried = table.map(Table::info).transpose()?.flatten().is_some();
    Ok(e.help(if was_tried {
        "`flowparquet status DEST` tells what became of the objects so far, `flowparquet rejects DEST` why"
    } else {
        "run `flowparquet convert SOURCE DEST` first, check DEST, or say with --schema-version what will be"
    }))
}

/// Returns what a table will hold, by what was typed.
fn contents_ahead(args: &Ddl) -> Result<Contents> {
    let header = match (&args.raw.log_format, args.ahead.schema_version) {
        (Some(format), _) => Header::from_option(format)?,
        (None, version) => {
            let log_type: LogType = args.ahead.log_type.map_or(LogType::Vpc, Into::into);
            let names = log_type.schema().names_up_to(version.unwrap_or(u8::MAX));
            if names.is_empty() {
                return Err(Error::usage("no field is as old as that").help("the oldest version is 2"));
            }
            Header::from_option(&names.join(" "))?
        }
    };
    let log_type = args.ahead.log_type.map(Into::into).or(header.log_type()).unwrap_or(LogType::Vpc);
    let partition_by = args.ahead.partition_by.map(Into::into).unwrap_or_default();
    let mut columns: Vec<Column> = header.columns;
    sort_columns(&mut columns, log_type);
    // Accounts and Regions are all that is known of its partitions.
    let pairs = args.raw.account.iter().flat_map(|account| args.raw.region.iter().map(move |region| (account, region)));
    let known = pairs.map(|(account, region)| Partition {
        account_region: Some((account.clone(), region.clone())),
        day: today(),
        hour: None,
    });
    Ok(Contents { log_type, partition_by, columns, partitions: known.collect(), dash_as_null: false, founded: None })
}

/// Returns where the table is, as the definition will say it.
pub fn location(args: &Ddl, dest: Option<&Location>) -> Result<String> {
    match (&args.location, dest) {
        (Some(location), _) => args.format.location(location),
        (None, Some(dest)) if !dest.is_local() || args.format.reads_local_disks() => {
            Ok(format!("{}{}", dest.root(), dest.prefix()))
        }
        (None, _) => {
            say!("note: put the table's s3:// location in place of {PLACEHOLDER}, or give --location");
            Ok(PLACEHOLDER.to_owned())
        }
    }
}

/// Returns the definition over the raw logs of SOURCE, and says what one table cannot show.
fn raw(args: &Ddl, source: &str, io: &Io) -> Result<Definition> {
    let store = open(source, &args.store, io)?;
    let mut raw = look_at(args, &store)?.raw.folded();
    let there = store.location();
    if args.location.is_some() || (there.is_local() && !args.format.reads_local_disks()) {
        if args.location.is_some() && !raw.location.starts_with(&format!("{}{}", there.root(), there.prefix())) {
            return Err(Error::usage("--location cannot stand for SOURCE, since the table's folders begin above it")
                .at(&raw.location)
                .help("give that folder as SOURCE, and its place on S3 as --location"));
        }
        let location = location(args, Some(there))?;
        raw.location = format!("{}/{}", location.trim_end_matches('/'), below(&raw.location, there));
    }
    Ok(Definition::of_raw(name(args, "vpc_flow_logs_raw")?, raw, today()))
}

/// Returns all objects of the accounts and Regions that were named.
pub fn all_days(args: &Ddl) -> Wanted {
    let (accounts, regions) = (args.raw.account.clone(), args.raw.region.clone());
    Wanted { accounts, regions, ..Wanted::default() }
}

/// Looks at the raw logs of SOURCE.
pub fn look_at(args: &Ddl, source: &Store) -> Result<Survey> {
    let format = args.raw.log_format.as_deref().map(Header::from_option).transpose()?;
    let seen = survey(source, &all_days(args), format.as_ref())?;
    warn(&seen);
    Ok(seen)
}

/// Returns what lies below SOURCE in a location.
pub fn below(location: &str, source: &Location) -> String {
    let root = format!("{}{}", source.root(), source.prefix());
    location.strip_prefix(&root).unwrap_or_default().trim_start_matches('/').to_owned()
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
