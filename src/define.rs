//! Definitions of tables: over what was converted, over raw logs, or ahead of the first conversion.
//!
//! In: a DEST or a SOURCE, and [`DefineOptions`]. Out: [`Defined`], the statement and what has to be known beside it. What
//! a definition is and how it is printed is `athena`'s; here it meets stores. Reads listings, the ledger and headers, and
//! writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::athena::bridge::{Hints, constants};
use crate::athena::definition::{Definition, Partitions, RawContents, Storage};
use crate::athena::form::Form;
use crate::athena::name::TableName;
use crate::athena::pattern::{Part, Pattern};
use crate::convert::{ConvertOptions, prepare};
use crate::days::today;
use crate::encode::file::sort_columns;
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::table::Table;
use crate::located::asked;
use crate::options::LOCATION;
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::source::found::Wanted;
use crate::store::{Location, Store};
use crate::survey::Survey;

/// Name of a table over Parquet, if nothing else is said.
pub const DEFAULT_TABLE: &str = "vpc_flow_logs";

/// Name of a table over raw logs, if nothing else is said.
pub const DEFAULT_RAW_TABLE: &str = "vpc_flow_logs_raw";

/// Location that is printed for a table on the local disk.
const PLACEHOLDER: &str = "s3://YOUR-BUCKET/YOUR-PREFIX";

/// Location that is printed for raw logs on the local disk.
const RAW_PLACEHOLDER: &str = "s3://YOUR-BUCKET/YOUR-LOGS";

/// How a table is to be defined. [`DefineOptions::default`] is for Athena, under the name `vpc_flow_logs`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DefineOptions {
    /// What it is printed for.
    pub form: Form,
    /// The table's database; `None` for the one at hand.
    pub database: Option<String>,
    /// The table's name; `None` for `vpc_flow_logs`, of raw logs `vpc_flow_logs_raw`.
    pub table: Option<String>,
    /// Where the table will lie; `None` for where it lies.
    pub location: Option<String>,
    /// How partitions become known; `None` as is usual where the form is read.
    pub partitions: Option<Partitions>,
    /// Only register the partitions from this day on; the table is there already.
    pub since: Option<Date>,
    /// Whether columns come without their comments.
    pub no_comments: bool,
}

/// A definition as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defined {
    /// The statements, or the file.
    pub text: String,
    /// What has to be done or known beside it.
    pub notes: Vec<String>,
}

impl DefineOptions {
    /// Returns the table's name, `default` if it was given none.
    pub(crate) fn name(&self, default: &str) -> Result<TableName> {
        TableName::new(self.database.as_deref(), self.table.as_deref().unwrap_or(default))
    }

    /// Returns where a table is, as its definition will say it; adds to the notes what is to be put in its place.
    pub(crate) fn location(&self, dest: Option<&Location>, notes: &mut Vec<String>) -> Result<String> {
        match (&self.location, dest) {
            (Some(location), _) => self.form.location(location),
            (None, Some(dest)) if !dest.is_local() || self.form.reads_local_disks() => {
                Ok(format!("{}{}", dest.root(), dest.prefix()))
            }
            (None, _) => {
                notes.push(format!("put the table's s3:// location in place of {PLACEHOLDER}, or give {LOCATION}"));
                Ok(PLACEHOLDER.to_owned())
            }
        }
    }

    /// Prints a definition, and adds to the notes what the form wants said.
    pub(crate) fn print(&self, definition: &Definition, notes: Vec<String>) -> Result<Defined> {
        let mut defined = Defined { text: self.form.print(definition, self.since)?, notes };
        defined.notes.extend(self.form.note(definition, self.since));
        Ok(defined)
    }

    /// Returns a definition with comments and partitions as asked for.
    fn finished(&self, mut definition: Definition) -> Result<Definition> {
        if self.no_comments {
            definition.leave_comments_out();
        }
        self.form.partitioned(definition, self.partitions)
    }
}

/// Defines the table over what was converted; `None` if nothing was.
///
/// # Errors
/// A usage error for names or options that the form cannot say; otherwise when the ledger or a file cannot be read.
pub fn define(table: &Table, options: &DefineOptions) -> Result<Option<Defined>> {
    let Some(contents) = table.contents()? else { return Ok(None) };
    let mut notes = Vec::new();
    let location = options.location(Some(table.store().location()), &mut notes)?;
    let definition = Definition::of_table(options.name(DEFAULT_TABLE)?, &location, &contents, today());
    options.print(&options.finished(definition)?, notes).map(Some)
}

/// Defines a table before its first conversion: `contents` say what it will hold, `dest` where, if that is known.
///
/// # Errors
/// A usage error for names or options that the form cannot say.
pub fn define_ahead(contents: &Contents, dest: Option<&Location>, options: &DefineOptions) -> Result<Defined> {
    let mut notes = Vec::new();
    let location = options.location(dest, &mut notes)?;
    let definition = Definition::of_table(options.name(DEFAULT_TABLE)?, &location, contents, today());
    let mut definition = options.finished(definition)?;
    if definition.partitioning == Partitions::Registered {
        definition.partitions.clear(); // None is there yet.
    }
    options.print(&definition, notes)
}

/// Defines a table over raw logs that were looked at; `there` is SOURCE.
///
/// # Errors
/// A usage error for names or options that the form cannot say.
pub fn define_raw(raw: RawContents, there: &Location, options: &DefineOptions) -> Result<Defined> {
    let mut raw = raw.folded();
    let mut notes = Vec::new();
    if options.location.is_some() || (there.is_local() && !options.form.reads_local_disks()) {
        if options.location.is_some() && !raw.location.starts_with(&format!("{}{}", there.root(), there.prefix())) {
            return Err(Error::usage(format!(
                "{LOCATION} cannot stand for SOURCE, since the table's folders begin above it"
            ))
            .at(&raw.location)
            .help(format!("give that folder as SOURCE, and its place on S3 as {LOCATION}")));
        }
        let location = options.location(Some(there), &mut notes)?;
        raw.location = format!("{}/{}", location.trim_end_matches('/'), below(&raw.location, there));
    }
    let definition = Definition::of_raw(options.name(DEFAULT_RAW_TABLE)?, raw, today());
    options.print(&options.finished(definition)?, notes)
}

/// Returns raw logs of the local disk as they will lie on S3, with a note on it.
pub(crate) fn on_s3(mut raw: RawContents, there: &Location, notes: &mut Vec<String>) -> RawContents {
    if there.is_local() {
        notes.push(format!("put the raw logs' s3:// location in place of {RAW_PLACEHOLDER}"));
        raw.location = format!("{RAW_PLACEHOLDER}/{}", below(&raw.location, there));
    }
    raw
}

/// Returns what lies below SOURCE in a location.
fn below(location: &str, source: &Location) -> String {
    let root = format!("{}{}", source.root(), source.prefix());
    location.strip_prefix(&root).unwrap_or_default().trim_start_matches('/').to_owned()
}

impl Contents {
    /// Returns what a table will hold whose logs have this format. Of its partitions, `accounts` and `regions` are all that
    /// is known.
    pub(crate) fn ahead(
        header: Header,
        log_type: Option<LogType>,
        partition_by: PartitionBy,
        accounts: &[String],
        regions: &[String],
    ) -> Self {
        let log_type = log_type.or(header.log_type()).unwrap_or(LogType::Vpc);
        let mut columns = header.columns;
        sort_columns(&mut columns, log_type);
        let pairs = accounts.iter().flat_map(|account| regions.iter().map(move |region| (account, region)));
        let partitions = pairs.map(|(account, region)| Partition {
            account_region: Some((account.clone(), region.clone())),
            day: today(),
            hour: None,
        });
        let partitions = partitions.collect();
        Self {
            log_type,
            partition_by,
            columns,
            partitions,
            dash_as_null: false,
            founded: None,
            objects: BTreeSet::new(),
        }
    }
}

/// Returns what helps to understand somebody's definition: the fields of their logs by `log_format`, the accounts and Regions
/// that were named, and what they say of their `keys`.
pub(crate) fn hints(
    log_format: Option<Header>,
    wanted: &Wanted,
    keys: BTreeMap<String, Pattern>,
    options: &DefineOptions,
) -> Hints {
    let asked = asked(wanted);
    let one = |(part, values): (&Part, &BTreeSet<String>)| {
        values.first().filter(|_| values.len() == 1).map(|value| (*part, value.clone()))
    };
    Hints {
        fields: log_format.map(|header| header.columns),
        constants: asked.iter().filter_map(one).collect(),
        keys,
        // Spark knows no projection; it finds folders by their names.
        partitioning: options.partitions.or(options.form.usual(Storage::Parquet)),
        asked,
        ..Hints::default()
    }
}

/// Returns the same with what SOURCE shows of the raw logs.
pub(crate) fn with_survey(mut hints: Hints, seen: Option<&Survey>) -> Hints {
    if let Some(seen) = seen {
        hints.fields = Some(seen.raw.columns.clone());
        hints.in_source = Some(seen.raw.partitions.clone());
        let named = std::mem::replace(&mut hints.constants, constants(&seen.raw.partitions));
        hints.constants.extend(named);
    }
    hints
}

/// Returns the complete days that DEST has and of which no object of SOURCE is left to convert.
///
/// # Errors
/// When SOURCE or DEST cannot be read.
pub(crate) fn converted_days(
    (source, wanted, log_format): (&Store, &Wanted, Option<&str>),
    table: &Table,
    contents: &Contents,
) -> Result<BTreeSet<Date>> {
    let mut options = ConvertOptions { wanted: wanted.clone(), merge: true, ..ConvertOptions::default() };
    options.output.dash_as_null = contents.dash_as_null;
    options.output.log_format = log_format.map(str::to_owned);
    let plan = prepare(source, table, &options)?.plan;
    let open: BTreeSet<Date> =
        plan.partitions.iter().filter(|plan| !plan.is_done()).map(|plan| plan.partition.day).collect();
    let days = contents.partitions.iter().map(|partition| partition.day);
    Ok(days.filter(|day| *day < today() && !open.contains(day)).collect())
}
