//! SQL over a converted table and over raw logs, by DataFusion in this program: `query`, `compare`, `tune`.
//!
//! In: a [`Table`] or raw objects, statements as they are written for Athena. Out: rows, and what they cost ([`Scan`]).
//! DataFusion, its runtime and its types stay in this folder; it reads through our own [`Store`], where requests are
//! counted. [`sql`] reads statements, `functions` has Athena's functions, `files` and `raw` are the two kinds of table,
//! `prune` chooses partitions, `meter` counts, [`answer`] makes values of columns, [`compare`] and [`tune`] are the jobs.

pub mod answer;
pub mod compare;
mod explain;
mod files;
mod functions;
mod hints;
mod meter;
mod prune;
mod raw;
mod run;
pub mod sql;
pub mod tune;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

use crate::days::Days;
use crate::encode::file::sort_columns;
use crate::error::{Error, Result};
use crate::ledger::claim::Input;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::table::Table;
use crate::options::of_queries::{ALL_DAYS, DAY};
use crate::options::{FROM, LOG_FORMAT, TO};
use crate::plan::partition_of;
use crate::record::header::{Column, Header};
use crate::record::schema::LogType;
use crate::source::discover::{Wanted, discover};
use crate::source::reader::Rules;
use crate::store::{Listed, Store};
use crate::survey::formats;
use files::{FileTable, QueryFile};
use meter::Meter;
pub use meter::{Kept, Scan};
use raw::{MAX_TEXT_BYTES, RawTable};
pub use run::{AnswerRows, Ran};

/// Consumers of memory that are named when there is too little of it.
const MAX_CONSUMERS_NAMED: usize = 3;

/// What a function makes of a batch of rows is a quarter of a thread's memory at most: the next one makes something of it again.
const ANSWERS_IN_MEMORY: u64 = 4;

/// How statements are run.
#[derive(Debug, Clone)]
pub struct QueryOptions {
    /// Name of the table, in lower case and without a database.
    pub table: String,
    /// Threads.
    pub threads: usize,
    /// Memory for what is sorted, grouped and joined; more goes to temporary files.
    pub memory_bytes: u64,
    /// Whether page index and bloom filters are used too. Without, what is read is what Athena surely bills.
    pub page_index: bool,
}

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
}

/// A table that statements can be run over.
pub struct Session {
    context: SessionContext,
    runtime: Arc<Runtime>,
    meter: Arc<Meter>,
    table: String,
    /// Bytes of the table's files; none are known of raw logs.
    file_bytes: u64,
    /// The table's files and where they are; not those of raw logs.
    files: Option<(Store, Vec<QueryFile>)>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("table", &self.table).finish_non_exhaustive()
    }
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
        let file_bytes = live.files.iter().map(|file| file.bytes).sum();
        let files = (table.store().clone(), live.files.clone());
        let session = Self::new(options, |meter| {
            let Live { columns, by, partitions, files, .. } = live;
            let store = table.store().clone();
            Arc::new(FileTable::new((columns, by), (partitions, files), store, meter, options.page_index))
        })?;
        Ok(Self { file_bytes, files: Some(files), ..session })
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
        columns: (Vec<Column>, PartitionBy),
        objects: BTreeMap<Partition, Vec<Listed>>,
        (log_type, raw): (LogType, &RawOptions),
        options: &QueryOptions,
    ) -> Result<Self> {
        Self::new(options, |meter| {
            let rules = Rules {
                log_type,
                log_format: raw.log_format.clone().map(Arc::new),
                // The raw table in Athena has it as it is.
                dash_as_null: false,
                max_object_bytes: raw.max_object_bytes,
                max_held_bytes: MAX_TEXT_BYTES,
            };
            let places = objects.values().enumerate();
            let listed =
                places.flat_map(|(at, objects)| objects.iter().map(move |object| (at, object.clone()))).collect();
            let partitions = objects.keys().cloned().collect();
            Arc::new(RawTable::new(columns, (partitions, listed), (source.clone(), rules), meter))
        })
    }

    fn new(
        options: &QueryOptions,
        table: impl FnOnce(Arc<Meter>) -> Arc<dyn datafusion::catalog::TableProvider>,
    ) -> Result<Self> {
        let broken =
            |e: datafusion::error::DataFusionError| Error::stopped("the query engine does not start").because(e);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads)
            .thread_name("flowparquet-query")
            // Deep expressions are computed on these threads.
            .thread_stack_size(32 << 20)
            .build()
            .map_err(|e| Error::stopped("cannot start the query's threads").because(e))?;
        let mut config = SessionConfig::new().with_target_partitions(options.threads).with_information_schema(false);
        let set = config.options_mut();
        set.sql_parser.collect_spans = true;
        set.execution.parquet.pushdown_filters = false;
        set.optimizer.repartition_file_min_size = 1 << 20;
        // What is read follows from the statement and the table alone, as in Athena, not from which thread was faster.
        // DataFusion 55 besides finds wrong minima and maxima by such filters where a file lacks the column. Set as a text the
        // first one stands for all; set like this it stands for itself alone.
        set.optimizer.enable_dynamic_filter_pushdown = false;
        set.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        set.optimizer.enable_join_dynamic_filter_pushdown = false;
        set.optimizer.enable_topk_dynamic_filter_pushdown = false;
        let memory = usize::try_from(options.memory_bytes).unwrap_or(usize::MAX);
        let named = std::num::NonZero::new(MAX_CONSUMERS_NAMED).unwrap_or(std::num::NonZero::<usize>::MIN);
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), named);
        let environment = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).build_arc().map_err(broken)?;
        let context = SessionContext::new_with_config_rt(config, environment);
        functions::all().into_iter().for_each(|function| context.register_udf(function));
        let answer_bytes = options.memory_bytes / (ANSWERS_IN_MEMORY * options.threads.max(1) as u64);
        let state = context.state();
        let known = |name: &str| state.scalar_functions().get(name).cloned();
        functions::bounded(known, answer_bytes).into_iter().for_each(|function| context.register_udf(function));
        let meter: Arc<Meter> = Arc::default();
        let name = datafusion::common::TableReference::bare(options.table.as_str());
        context.register_table(name, table(Arc::clone(&meter))).map_err(broken)?;
        Ok(Self {
            context,
            runtime: Arc::new(runtime),
            meter,
            table: options.table.clone(),
            file_bytes: 0,
            files: None,
        })
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
