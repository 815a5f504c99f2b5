//! `ddl --like` and `ddl --cutover`: a table that answers today's queries, and the way to put it in today's place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use crate::athena::bridge::{Hints, bridge, constants};
use crate::athena::cutover::{Cutover, ranges, script};
use crate::athena::definition::{Definition, Partitions};
use crate::athena::like::Theirs;
use crate::athena::name::TableName;
use crate::athena::pattern::Part;
use crate::athena::types::Dialect;
use crate::athena::view::create_view;
use crate::convert::prepare;
use crate::days::{Days, today};
use crate::ledger::contents::Contents;
use crate::ledger::table::Table;
use crate::plan::PartitionPlan;
use crate::record::header::Header;
use crate::store::{Io, Store};
use crate::survey::Survey;
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::{CutoverArg, Ddl, Form};
use super::screen::{print_statements, say};
use super::{ddl, open, settings};

/// Largest file that is read as a table definition; a statement of Athena has 256 KiB at most.
const MAX_SQL_BYTES: u64 = 1 << 20;

/// Location that is printed for raw logs on the local disk.
const PLACEHOLDER: &str = "s3://YOUR-BUCKET/YOUR-LOGS";

/// Runs `flowparquet ddl --like` and `flowparquet ddl --cutover`.
pub fn run(args: &Ddl, io: &Io) -> Result<ExitCode> {
    let Some(dest) = &args.dest else {
        return Err(Error::usage("--like and --cutover need DEST").help("flowparquet ddl DEST --like FILE.sql"));
    };
    let table = Table::new(open(dest, &args.store, io)?);
    let Some(contents) = table.contents()? else { return Err(ddl::nothing_converted(args, Some(&table))?) };
    let source = args.like.source.as_ref().map(|source| open(source, &args.store, io)).transpose()?;
    let seen = source.as_ref().map(|source| ddl::look_at(args, source)).transpose()?;
    if let Some(seen) = seen.as_ref().filter(|seen| seen.raw.log_type != contents.log_type) {
        return Err(Error::usage(format!(
            "the newest logs of SOURCE are of type {}, those of DEST {}",
            seen.raw.log_type, contents.log_type
        ))
        .help("point --source at the logs that DEST was converted from"));
    }
    let location = ddl::location(args, Some(table.store().location()))?;
    let theirs = args.like.like.as_ref().map(|path| read(path)).transpose()?;
    let hints = hints(args, seen.as_ref())?;
    if let (Some(how), Some(source), Some(seen)) = (args.like.cutover, &source, seen) {
        if args.format != Form::Athena {
            return Err(Error::usage("--cutover prints statements for Athena").help("leave --format away"));
        }
        // With keys for account and Region even if there is one of each: later there may be more.
        let mut raw = seen.raw;
        if source.location().is_local() {
            say!("note: put the raw logs' s3:// location in place of {PLACEHOLDER}");
            raw.location = format!("{PLACEHOLDER}/{}", ddl::below(&raw.location, source.location()));
        }
        let theirs = match theirs {
            Some(theirs) => theirs,
            None => {
                let name = TableName::new(args.database.as_deref(), args.table.as_deref().unwrap_or("vpc_flow_logs"))?;
                Theirs::of_raw(&Definition::of_raw(name, raw.clone().folded(), today()))?
            }
        };
        let converted = ranges(converted_days(args, source, &table, &contents)?);
        let cutover = Cutover {
            theirs: &theirs,
            contents: &contents,
            location: &location,
            raw,
            converted,
            hints: &hints,
            today: today(),
        };
        let (steps, notes) = match how {
            CutoverArg::Hybrid => cutover.hybrid()?,
            CutoverArg::View => cutover.view()?,
            CutoverArg::Replace => cutover.replace()?,
        };
        say(&notes);
        print_statements(&script(&steps))?;
        return Ok(ExitCode::SUCCESS);
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
        made.table.columns.iter_mut().for_each(|column| column.comment = None);
    }
    let mut text = ddl::form(args, &made.table)?;
    if let Some((name, select)) = &made.view {
        text = format!("{text}\n{}", create_view(name, std::slice::from_ref(select), dialect(args)?)?);
    }
    say(&made.notes);
    print_statements(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the SQL that a view is to be printed in.
fn dialect(args: &Ddl) -> Result<Dialect> {
    match args.format {
        Form::Athena | Form::Trino => Ok(Dialect::Trino),
        Form::Spark => Ok(Dialect::Spark),
        Form::GlueJson | Form::Cloudformation | Form::Terraform | Form::Duckdb => Err(Error::usage(
            "a table alone cannot answer for theirs: it needs a view in front, which this form cannot say",
        )
        .help("print it with --format athena, trino or spark")),
    }
}

fn say(notes: &[String]) {
    for note in notes {
        say!("note: {note}");
    }
}

fn read(path: &Path) -> Result<Theirs> {
    let place = path.display().to_string();
    let failed = |e: std::io::Error| Error::usage("cannot read this file").at(&place).because(e);
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_SQL_BYTES {
        return Err(Error::usage("this file is too large for a table definition").at(&place));
    }
    Theirs::parse(&std::fs::read_to_string(path).map_err(failed)?, &place)
}

/// Returns what helps to understand their definition.
fn hints(args: &Ddl, seen: Option<&Survey>) -> Result<Hints> {
    let header = args.raw.log_format.as_deref().map(Header::from_option).transpose()?;
    let fields = seen.map(|seen| seen.raw.columns.clone()).or(header.map(|header| header.columns));
    let mut same: BTreeMap<Part, String> = seen.map(|seen| constants(&seen.raw.partitions)).unwrap_or_default();
    for (part, values) in [(Part::Account, &args.raw.account), (Part::Region, &args.raw.region)] {
        if let [only] = values.as_slice() {
            same.insert(part, only.clone());
        }
    }
    let keys = args.like.key.iter().cloned().collect();
    // Spark knows no projection; it finds folders by their names.
    let usual = (args.format == Form::Spark).then_some(Partitions::Repaired);
    let partitioning = args.projection.map(Into::into).or(usual);
    Ok(Hints { fields, constants: same, keys, partitioning })
}

/// Returns the complete days that DEST has and of which no object of SOURCE is left to convert.
fn converted_days(args: &Ddl, source: &Store, table: &Table, contents: &Contents) -> Result<BTreeSet<Date>> {
    let mut options = settings::defaults(Days::All);
    options.wanted = ddl::all_days(args);
    options.merge = true;
    options.output.dash_as_null = contents.dash_as_null;
    options.output.log_format.clone_from(&args.raw.log_format);
    let plan = prepare(source, table, &options)?.plan;
    let open: BTreeSet<Date> =
        plan.partitions.iter().filter(|plan| !plan.is_done()).map(|plan: &PartitionPlan| plan.partition.day).collect();
    let days = contents.partitions.iter().map(|partition| partition.day);
    Ok(days.filter(|day| *day < today() && !open.contains(day)).collect())
}
