//! SQL as people write it for Athena, run by DataFusion over one partitioned table.
//!
//! In: columns, partitions, and what reads files ([`Files`]) or raw objects ([`Objects`]); statements. Out: rows, and what they
//! cost ([`Scan`]). It knows no ledger, no store and no flow logs; DataFusion, its runtime and its types stay in here.
//! `statement` reads statements: `prepared` and `tokens` before and `names`, `rewrite`, `calls`, `sets` and `unnest` after parsing; `hints` knows names of
//! functions.
//! `planner` and `check` look at types (`types`), `guard` and `tried` at what may fail, `functions` has Athena's functions. `files` and `objects` are
//! the two kinds of table, `partitions` chooses partitions, `meter` counts, `answer` makes values of columns, `run` brings it together.

mod among;
mod answer;
mod apart;
mod calls;
mod check;
mod dependencies;
mod differences;
mod error;
mod explain;
mod files;
mod functions;
mod guard;
mod hints;
mod hold;
mod joins;
mod meter;
mod names;
mod objects;
mod ordered;
mod padded;
mod partitions;
mod planner;
mod prepared;
mod rewrite;
mod run;
mod said;
mod sets;
mod statement;
mod tokens;
mod tried;
mod types;
mod unnest;
mod windows;

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::optimizer::Optimizer;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

pub use answer::Value;
pub use arrow;
pub use error::{Failure, Result, SqlError, SqlErrorKind};
pub use files::{DataFile, Files};
pub use meter::{Kept, Scan};
pub use objects::{DataObject, Emit, LeftOut, ObjectReader, Objects};
pub use partitions::{Partitioned, table_schema};
pub use run::{AnswerRows, Ran, Take};
pub use statement::{Order, Statement, parse};

use dependencies::{Forgetful, forgetting};
use files::FileTable;
use guard::Guard;
use hold::Hold;
use meter::Meter;
use objects::ObjectTable;
use padded::Padding;
use planner::Operators;
use tried::Tries;

/// Consumers of memory that are named when there is too little of it.
const MAX_CONSUMERS_NAMED: usize = 3;

/// What a function makes of a batch of rows is a quarter of a thread's memory at most: the next one makes something of it again.
const ANSWERS_IN_MEMORY: u64 = 4;

/// Bytes of stack of the threads on which deep expressions are computed.
const STACK_BYTES: usize = 32 << 20;

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
    /// Folder for the temporary files, which others may not read; without one a statement that needs some ends with an error.
    pub spill_folder: Option<PathBuf>,
}

/// A table that statements can be run over.
pub struct Engine {
    context: SessionContext,
    runtime: Runtime,
    meter: Arc<Meter>,
    /// What a function may make of a batch, or keep of a subquery.
    answer_bytes: u64,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens a table of Parquet files.
    ///
    /// # Errors
    /// When threads cannot be started, or the table's name is none.
    pub fn over_files(
        table: Partitioned,
        files: Vec<DataFile>,
        reader: Arc<dyn Files>,
        options: &QueryOptions,
    ) -> Result<Self> {
        Self::new(options, |meter| {
            let table = FileTable::new(table, files, reader, meter, options.page_index);
            [Arc::new(table.with_path()), Arc::new(table)]
        })
    }

    /// Opens a table of raw objects.
    ///
    /// # Errors
    /// As [`Engine::over_files`].
    pub fn over_objects(
        table: Partitioned,
        objects: Vec<DataObject>,
        reader: Arc<dyn Objects>,
        options: &QueryOptions,
    ) -> Result<Self> {
        Self::new(options, |meter| {
            let table = ObjectTable::new(table, objects, reader, meter);
            [Arc::new(table.with_path()), Arc::new(table)]
        })
    }

    /// Opens a table in two forms: with the URLs of files as a column, which only statements get that name it, and without.
    fn new(options: &QueryOptions, tables: impl FnOnce(Arc<Meter>) -> [Arc<dyn TableProvider>; 2]) -> Result<Self> {
        let broken =
            |what: &str, e: &dyn std::error::Error| SqlError::new(SqlErrorKind::Stopped, what).because(e.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads)
            .thread_name("flowparquet-query")
            .thread_stack_size(STACK_BYTES)
            .build()
            .map_err(|e| broken("cannot start the query's threads", &e))?;
        let broken = |e| broken("the query engine does not start", &e);
        let memory = usize::try_from(options.memory_bytes).unwrap_or(usize::MAX);
        let named = std::num::NonZero::new(MAX_CONSUMERS_NAMED).unwrap_or(std::num::NonZero::<usize>::MIN);
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), named);
        let files = DiskManagerBuilder::default().with_mode(match &options.spill_folder {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::Disabled,
        });
        let environment = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).with_disk_manager_builder(files);
        let environment = environment.build_arc().map_err(broken)?;
        let state = SessionStateBuilder::new()
            .with_config(config(options.threads))
            .with_runtime_env(environment)
            .with_default_features()
            .with_optimizer_rules(rules())
            .with_physical_optimizer_rules(physical_rules());
        let context = SessionContext::new_with_state(state.build());
        context.register_relation_planner(Arc::new(Forgetful)).map_err(broken)?;
        functions::all().into_iter().for_each(|function| context.register_udf(function));
        functions::aggregates().into_iter().for_each(|function| context.register_udaf(function));
        context.state_ref().write().register_expr_planner(Arc::new(Operators)).map_err(broken)?;
        let answer_bytes = options.memory_bytes / (ANSWERS_IN_MEMORY * options.threads.max(1) as u64);
        let state = context.state();
        let known = |name: &str| state.scalar_functions().get(name).cloned();
        functions::bounded(known, answer_bytes).into_iter().for_each(|function| context.register_udf(function));
        context.register_higher_order_function(Arc::new(functions::reduce(answer_bytes)));
        context.add_analyzer_rule(Arc::new(Tries));
        context.add_optimizer_rule(Arc::new(Guard));
        let meter: Arc<Meter> = Arc::default();
        let [with_path, table] = tables(Arc::clone(&meter));
        context.register_table(TableReference::bare(options.table.as_str()), table).map_err(broken)?;
        context.register_table(TableReference::bare(names::with_path(&options.table)), with_path).map_err(broken)?;
        Ok(Self { context, runtime, meter, answer_bytes })
    }
}

/// Returns DataFusion's rules with ours among them, but for the last one.
fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = forgetting(Optimizer::new().rules);
    let pushes = rules.iter().position(|rule| rule.name() == "push_down_filter");
    rules.insert(pushes.unwrap_or_default(), Arc::new(Hold));
    rules
}

/// Returns DataFusion's rules of how a plan is run, behind ours.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let first: Arc<dyn PhysicalOptimizerRule + Send + Sync> = Arc::new(Padding);
    std::iter::once(first).chain(PhysicalOptimizer::new().rules).collect()
}

fn config(threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(threads).with_information_schema(false);
    let set = config.options_mut();
    set.sql_parser.collect_spans = true;
    // As in Trino: NULL comes last in both directions, and a number with a point is a decimal.
    "nulls_last".clone_into(&mut set.sql_parser.default_null_ordering);
    set.sql_parser.parse_float_as_decimal = true;
    set.execution.parquet.pushdown_filters = false;
    set.optimizer.repartition_file_min_size = 1 << 20;
    // What is read follows from the statement and the table alone, as in Athena, not from which thread was faster.
    // DataFusion 55 besides finds wrong minima and maxima by such filters where a file lacks the column. Set as a text the
    // first one stands for all; set like this it stands for itself alone.
    set.optimizer.enable_dynamic_filter_pushdown = false;
    set.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    set.optimizer.enable_join_dynamic_filter_pushdown = false;
    set.optimizer.enable_topk_dynamic_filter_pushdown = false;
    config
}
