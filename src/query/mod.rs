//! SQL over a converted table and over raw logs: `query`, `compare`, `tune`.
//!
//! In: a [`Table`] or raw objects, statements as they are written for Athena. Out: rows, and what they cost ([`Scan`]).
//! Statements are run by the package `flowparquet-sql`, which reads through our own [`Store`], where requests are counted.
//! `files` and `raw` are the two kinds of table, [`compare`] and [`tune`] are the jobs; `answers` holds answers against each other,
//! `witness` those of a Trino server.

pub mod answers;
pub mod compare;
mod files;
mod raw;
pub mod trino;
pub mod tune;
pub mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use flowparquet_sql::{AnswerRows, Kept, Order, QueryOptions, Ran, Scan, Statement, Value};
use flowparquet_sql::{DataFile, DataObject, Engine, Failure, Partitioned, SqlError, SqlErrorKind};

use crate::days::Days;
use crate::encode::file::sort_columns;
use crate::error::{Error, Result};
use crate::ledger::claim::Input;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::table::Table;
use crate::options::of_queries::{ALL_DAYS, DAY};
use crate::options::{FROM, LOG_FORMAT, MEMORY, TABLE, TO};
use crate::plan::partition_of;
use crate::record::header::{Column, Header};
use crate::record::schema::LogType;
use crate::source::discover::discover;
use crate::source::found::Wanted;
use crate::source::reader::Rules;
use crate::store::{Listed, Store};
use crate::survey::formats;
use files::{QueryFile, StoreFiles, damaged};
use raw::{MAX_TEXT_BYTES, RawObjects};

/// Bytes of stack for what walks deep expressions; only what is used of it costs memory.
const STACK_BYTES: usize = 256 << 20;

/// Which raw logs, and how they are read.
#[derive(Debug, Clone)]
pub struct RawOptions {
    /// Which objects.
    pub wanted: Wanted,
    /// Which partition columns there are.
    pub partition_by: PartitionBy,
    /// The format of objects without a header line.
    pub log_format: Option<Header>,
    /// The most text that an object may hold, in bytes.
    pub max_object_bytes: u64,
    /// Whether an object that the store does not give ends the statement, where it is else counted and left out.
    pub all: bool,
}

/// A table that statements can be run over.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    /// Bytes of the table's files; none are known of raw logs.
    file_bytes: u64,
    /// The table's files and where they are; not those of raw logs.
    files: Option<(Store, Vec<QueryFile>)>,
}

/// The live files of a table, and what is in them.
struct Live {
    columns: Vec<Column>,
    by: PartitionBy,
    log_type: LogType,
    partitions: Vec<Partition>,
    files: Vec<QueryFile>,
    /// Raw objects whose rows are in the files, with their partition and the root of their store.
    objects: Vec<(Partition, String, Input)>,
    /// How the newest of them were read.
    log_format: Option<String>,
    max_object_bytes: u64,
    dash_as_null: bool,
}

impl Session {
    /// Opens a converted table: the files of these days that its ledger names.
    ///
    /// Reads the ledger of the days. Columns are those of the files.
    ///
    /// # Errors
    /// A usage error if nothing of these days is converted; otherwise when the store fails.
    pub fn over_table(table: &Table, days: &Days, options: &QueryOptions) -> Result<Self> {
        Self::over_live(table, live(table, days)?, options)
    }

    /// Opens the table again, if its ledger names other files by now: another run has replaced some, and what could not be
    /// read for that reason can be.
    ///
    /// # Errors
    /// As [`Session::over_table`].
    pub fn reopened(&self, table: &Table, days: &Days, options: &QueryOptions) -> Result<Option<Self>> {
        let live = live(table, days)?;
        let known = self.files.iter().flat_map(|(_, files)| files).map(|file| &file.key);
        if known.eq(live.files.iter().map(|file| &file.key)) {
            return Ok(None);
        }
        Self::over_live(table, live, options).map(Some)
    }

    fn over_live(table: &Table, live: Live, options: &QueryOptions) -> Result<Self> {
        let Live { columns, by, partitions, files, .. } = live;
        let data =
            files.iter().map(|file| DataFile { partition: file.partition, key: file.key.clone(), bytes: file.bytes });
        let store = table.store().clone();
        let reader = Arc::new(StoreFiles(store.clone()));
        let engine = Engine::over_files(partitioned(&columns, by, &partitions), data.collect(), reader, options);
        let file_bytes = files.iter().map(|file| file.bytes).sum();
        Ok(Self { engine: engine.map_err(said)?, file_bytes, files: Some((store, files)) })
    }

    /// Opens raw logs. Lists them, and reads the head of the newest object of each flow log for its columns.
    ///
    /// # Errors
    /// A usage error if there are none, or their formats are not known; otherwise when the store fails.
    pub fn over_raw(source: &Store, raw: &RawOptions, options: &QueryOptions) -> Result<Self> {
        let found = discover(source, &raw.wanted)?;
        found.met.refuse_others(&raw.wanted, source.location())?;
        if found.objects.is_empty() {
            return Err(Error::usage("there are no raw logs of these days").at(source.location()).help(format!(
                "choose days with {DAY}, {FROM} and {TO}, or {ALL_DAYS}; `flowparquet plan` lists what is there"
            )));
        }
        let formats = formats(source, &found.objects, raw.log_format.as_ref())?;
        // Objects that cannot be read say nothing of the others; they are left out and counted as they are met.
        let mut readable = formats.iter().filter_map(|format| format.header.as_ref().ok());
        let log_type = readable.next().and_then(Header::log_type).unwrap_or(LogType::Vpc);
        let mut columns: Vec<Column> = Vec::new();
        let headers = formats.iter().filter_map(|format| format.header.as_ref().ok());
        for header in headers.filter(|header| header.log_type().is_none_or(|of| of == log_type)) {
            columns
                .extend(header.columns.iter().filter(|column| !columns.contains(column)).cloned().collect::<Vec<_>>());
        }
        if columns.is_empty() {
            return Err(Error::usage("the raw logs have no header line that tells their columns")
                .at(source.location())
                .help(format!("give {LOG_FORMAT} '${{version}} ${{account-id}} ...', as DescribeFlowLogs prints it")));
        }
        sort_columns(&mut columns, log_type);
        let mut objects: BTreeMap<Partition, Vec<Listed>> = BTreeMap::new();
        for object in &found.objects {
            objects.entry(partition_of(object, raw.partition_by)?).or_default().push(object.object.clone());
        }
        Self::over_objects(source, (columns, raw.partition_by), objects, (log_type, raw), options)
    }

    fn over_objects(
        source: &Store,
        (columns, by): (Vec<Column>, PartitionBy),
        objects: BTreeMap<Partition, Vec<Listed>>,
        (log_type, raw): (LogType, &RawOptions),
        options: &QueryOptions,
    ) -> Result<Self> {
        let rules = Rules {
            log_type,
            log_format: raw.log_format.clone().map(Arc::new),
            // The raw table in Athena has it as it is.
            dash_as_null: false,
            max_object_bytes: raw.max_object_bytes,
            max_held_bytes: MAX_TEXT_BYTES,
        };
        let partitions: Vec<Partition> = objects.keys().cloned().collect();
        let table = partitioned(&columns, by, &partitions);
        let objects: Vec<(usize, Listed)> = objects
            .into_values()
            .enumerate()
            .flat_map(|(at, of)| of.into_iter().map(move |object| (at, object)))
            .collect();
        let data = objects.iter().map(|(partition, object)| DataObject { partition: *partition, bytes: object.size });
        let (data, values) = (data.collect(), table.partitions.clone());
        let reader = Arc::new(RawObjects { store: source.clone(), rules, columns, values, objects, all: raw.all });
        let engine = Engine::over_objects(table, data, reader, options).map_err(said)?;
        Ok(Self { engine, file_bytes: 0, files: None })
    }

    /// Runs a statement; `take` gets its rows piece by piece, and at least once, so that it learns the columns. A view is
    /// made and gives no rows.
    ///
    /// `place` says in messages where the statement stands.
    ///
    /// # Errors
    /// A usage error for a statement that cannot be planned or computed; otherwise when reading fails or memory does not
    /// suffice.
    pub fn run(
        &self,
        statement: &Statement,
        place: &str,
        take: &mut dyn FnMut(AnswerRows) -> Result<()>,
    ) -> Result<Ran> {
        let ran = self.engine.run(statement, place, &mut |rows| take(rows).map_err(Failure::from));
        ran.map_err(|error| {
            let is_damage = matches!(error.kind, SqlErrorKind::Damaged);
            self.named(said(error), is_damage)
        })
    }

    /// Hashes all files; returns the URLs of those that are not the ledger's, and the number of those whose hash it does not
    /// know.
    ///
    /// # Errors
    /// When the store fails.
    pub fn check(&self) -> Result<(Vec<String>, u64)> {
        let Some((store, files)) = &self.files else { return Ok((Vec::new(), 0)) };
        let unknown = files.iter().filter(|file| file.sha256.is_none()).count() as u64;
        Ok((damaged(store, files.iter())?, unknown))
    }

    /// Says which file is damaged, if that is why a statement failed: the engine does not.
    fn named(&self, error: Error, is_damage: bool) -> Error {
        let Some((store, files)) = self.files.as_ref().filter(|_| is_damage) else { return error };
        // Only those that the statement opened: a table may have terabytes.
        let opened = files.iter().filter(|file| self.engine.opened(&file.key));
        match damaged(store, opened) {
            Ok(urls) if !urls.is_empty() => error.at(urls.join(", ")),
            _ => error,
        }
    }
}

/// Reads statements for a run that has the table `table`; `place` says where they stand.
///
/// # Errors
/// A usage error with line and column for what is no statement that reads, or names another table.
pub fn parse(sql: &str, table: &str, place: &str) -> Result<Vec<Statement>> {
    flowparquet_sql::parse(sql, table, place).map_err(said)
}

/// Runs something on a thread whose stack suffices for the deepest expressions that are let through. Statements that others
/// wrote must be read, run and dropped in here.
///
/// # Errors
/// When the operating system gives no thread, or the call panics.
pub fn on_large_stack<T: Send>(call: impl FnOnce() -> T + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("flowparquet-sql".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, call);
        let thread = thread.map_err(|e| Error::stopped("cannot start a thread for the statement").because(e))?;
        let died =
            |_| Error::stopped("the statement could not be read").help("this is a bug: please report the statement");
        thread.join().map_err(died)
    })
}

/// Returns the error of a query that needs more memory than it may use.
pub fn needs_more_memory() -> Error {
    said(SqlError::memory())
}

/// Makes our own error of one of the engine's.
fn said(error: SqlError) -> Error {
    let SqlError { kind, mut message, place, mut help, because } = error;
    let error = match kind {
        SqlErrorKind::Failed(failure) => {
            return match failure.downcast::<Error>() {
                Ok(own) => *own,
                Err(other) => Error::stopped("the query failed").because(other),
            };
        }
        SqlErrorKind::Stopped => Error::stopped(message),
        SqlErrorKind::Memory => Error::stopped(format!("the query needs more memory than {MEMORY} allows")),
        SqlErrorKind::UnknownTable => {
            help = help.map(|help| format!("{help}; {TABLE} gives it another name"));
            Error::usage(message)
        }
        SqlErrorKind::Usage | SqlErrorKind::Damaged => Error::usage(std::mem::take(&mut message)),
    };
    let error = place.into_iter().fold(error, Error::at);
    let error = because.into_iter().fold(error, Error::because);
    help.into_iter().fold(error, Error::help)
}

/// Returns columns and partitions as the engine takes them.
fn partitioned(columns: &[Column], by: PartitionBy, partitions: &[Partition]) -> Partitioned {
    let values = |partition: &Partition| {
        let path = partition.path();
        path.split('/').filter_map(|folder| folder.split_once('=')).map(|(_, value)| value.to_owned()).collect()
    };
    Partitioned {
        columns: columns.iter().map(|column| (column.name.clone(), column.column_type.arrow())).collect(),
        keys: by.columns(),
        partitions: partitions.iter().map(values).collect(),
    }
}

/// Reads which files are live.
fn live(table: &Table, days: &Days) -> Result<Live> {
    let location = table.store().location();
    let nothing = || {
        Error::usage("nothing of these days is converted here").at(location).help(format!(
            "run `flowparquet convert SOURCE DEST` first, or check DEST and the days; {ALL_DAYS} takes all there are"
        ))
    };
    let info = table.info()?.ok_or_else(nothing)?;
    let mut live = Live {
        columns: Vec::new(),
        by: info.partition_by,
        log_type: info.log_type,
        partitions: Vec::new(),
        files: Vec::new(),
        objects: Vec::new(),
        log_format: None,
        max_object_bytes: 0,
        dash_as_null: info.dash_as_null,
    };
    for (partition, state) in table.load(days, info.partition_by)? {
        for output in state.outputs() {
            let Some(file) = &output.done.file else { continue };
            if live.partitions.last() != Some(&partition) {
                live.partitions.push(partition.clone());
            }
            let key = table.output_key(&partition, &output.claim);
            let sha256 = file.sha256.clone();
            live.files.push(QueryFile { partition: live.partitions.len() - 1, key, bytes: file.bytes, sha256 });
            for column in &file.columns {
                if !live.columns.contains(column) {
                    live.columns.push(column.clone());
                }
            }
        }
        for output in state.outputs() {
            let inputs = state.inputs_of(output.number).into_iter();
            let inputs = inputs.map(|(root, input)| (partition.clone(), root.to_owned(), input.clone()));
            live.objects.extend(inputs);
            live.log_format = output.claim.options.log_format.clone().or(live.log_format);
            live.max_object_bytes = live.max_object_bytes.max(output.claim.options.max_object_bytes);
        }
    }
    if live.files.is_empty() {
        return Err(nothing());
    }
    sort_columns(&mut live.columns, live.log_type);
    Ok(live)
}
