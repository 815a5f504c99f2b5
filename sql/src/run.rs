//! Running a statement: plan, stream, count.

use std::sync::Arc;
use std::time::Instant;

use datafusion::common::DataFusionError;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement as Planned;
use futures::StreamExt;
use parquet::errors::ParquetError;

use crate::answer::{Value, value};
use crate::check::{check, widened};
use crate::error::{Failure, Given, Result, SqlError, SqlErrorKind, at};
use crate::limits::by_the_whole_order;
use crate::meter::Scan;
use crate::statement::Statement;
use crate::{Engine, explain, hints};

/// Rows of an answer that came together.
#[derive(Debug)]
pub struct AnswerRows<'a> {
    /// Names of the columns.
    pub columns: &'a [String],
    /// Whether the columns hold numbers.
    pub numbers: &'a [bool],
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// What running a statement took.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Rows of the answer.
    pub rows: u64,
    /// Seconds, planning included.
    pub seconds: f64,
    /// What was read.
    pub scan: Scan,
    /// The plan that was followed, with its metrics.
    pub plan: String,
}

/// Gets rows of an answer, piece by piece.
pub type Take<'a> = dyn FnMut(AnswerRows) -> Result<(), Failure> + 'a;

impl Engine {
    /// Runs a statement; `take` gets its rows piece by piece, and at least once, so that it learns the columns. A view is
    /// made and gives no rows.
    ///
    /// `place` says in messages where the statement stands.
    ///
    /// # Errors
    /// A usage error for a statement that cannot be planned or computed; otherwise when reading fails or memory does not
    /// suffice.
    pub fn run(&self, statement: &Statement, place: &str, take: &mut Take<'_>) -> Result<Ran> {
        let begun = Instant::now();
        self.meter.reset();
        let mut rows = 0;
        let parsed = statement.parsed.clone();
        let context = &self.context;
        let planning = async move {
            let plan = context.state().statement_to_plan(Planned::Statement(Box::new(parsed))).await?;
            check(&plan)?;
            let plan = widened(plan)?;
            let frame = context.execute_logical_plan(plan).await?;
            let task = frame.task_ctx();
            Ok::<_, DataFusionError>((by_the_whole_order(frame.create_physical_plan().await?)?, task))
        };
        let failed = |error: DataFusionError| match self.meter.failure() {
            Some(failure) => failure.into(),
            None => said(error, place),
        };
        self.runtime.block_on(self.columns_that_are_named(statement, place))?;
        let (plan, task) = self.runtime.block_on(planning).map_err(failed)?;
        let mut stream = {
            let _inside = self.runtime.enter();
            execute_stream(Arc::clone(&plan), Arc::new(task)).map_err(failed)?
        };
        let schema = stream.schema();
        let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let numbers: Vec<bool> = schema.fields().iter().map(|field| field.data_type().is_numeric()).collect();
        take(AnswerRows { columns: &columns, numbers: &numbers, rows: Vec::new() })?;
        while let Some(batch) = self.runtime.block_on(stream.next()) {
            let batch = batch.map_err(failed)?;
            let row = |row: usize| batch.columns().iter().map(|column| value(column, row)).collect();
            let values = (0..batch.num_rows()).map(row).collect::<Result<Vec<Vec<Value>>, _>>().map_err(failed)?;
            rows += values.len() as u64;
            if !values.is_empty() {
                take(AnswerRows { columns: &columns, numbers: &numbers, rows: values })?;
            }
        }
        drop(stream);
        let mut scan = self.meter.scan();
        explain::add_pruning(plan.as_ref(), &mut scan);
        Ok(Ran { rows, seconds: begun.elapsed().as_secs_f64(), scan, plan: explain::shown(plan.as_ref()) })
    }

    /// Refuses names in GROUP BY and HAVING that only SELECT gives: DataFusion would take them.
    async fn columns_that_are_named(&self, statement: &Statement, place: &str) -> Result<()> {
        for alias in &statement.aliases {
            let asked = Planned::Statement(Box::new(alias.columns.clone()));
            // What cannot be planned alone, such as a subquery that uses columns from outside, is not looked at.
            let Ok(plan) = self.context.state().statement_to_plan(asked).await else { continue };
            if !plan.schema().fields().iter().any(|field| *field.name() == alias.name) {
                let (name, clause, start) = (&alias.name, alias.clause, alias.span.start);
                return Err(SqlError::usage(format!(
                    "column {name} cannot be resolved: {clause} knows no names of SELECT"
                ))
                .at(at(place, start.line, start.column))
                .help(match clause {
                    "GROUP BY" => "repeat its expression, or write its place: GROUP BY 1",
                    _ => "repeat its expression, or put the SELECT into a subquery",
                }));
            }
        }
        Ok(())
    }

    /// Returns whether the last statement opened a file.
    pub fn opened(&self, key: &str) -> bool {
        self.meter.opened(key)
    }
}

/// What the engine puts before what a function says of its arguments.
const COERCED: &str = "user-defined coercion failed with: ";

/// What the engine says of functions that are given no array.
const NO_LIST: &str = " expected a list as first argument";

/// Returns a failure in words; that of a reader as it is, if it is one.
fn said(error: DataFusionError, place: &str) -> SqlError {
    let position =
        error.diagnostic().and_then(|diagnostic| diagnostic.span).map(|span| (span.start.line, span.start.column));
    let help = error.diagnostic().and_then(|diagnostic| diagnostic.helps.first()).map(|help| help.message.clone());
    let (line, column) = position.unwrap_or((0, 0));
    let place = at(place, line, column);
    let error = match given(error) {
        Ok(failure) => return failure.into(),
        Err(error) => error,
    };
    let root = error.find_root();
    let text = root.strip_backtrace();
    match root {
        // Damage is found by the checksums of pages, or where they do not decode.
        DataFusionError::ParquetError(_) | DataFusionError::ArrowError(..) if text.contains("Parquet error") => {
            let why = text.rsplit("Parquet error: ").next().unwrap_or_default();
            SqlError::new(SqlErrorKind::Damaged, format!("a Parquet file of the table is damaged: {why}"))
                .help("restore it from a version or backup (docs/operating.md, A damaged file)")
        }
        DataFusionError::ResourcesExhausted(_) => SqlError::memory().at(place).because(text),
        // Such a window asks which values lie between two others.
        _ if text.contains("Cannot run range queries") => SqlError::usage("a window is ordered by addresses or bytes")
            .at(place)
            .help("write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW in it"),
        DataFusionError::Internal(_) | DataFusionError::IoError(_) | DataFusionError::ExecutionJoin(_) => {
            SqlError::new(SqlErrorKind::Stopped, "the query failed").at(place).because(text)
        }
        _ if let Some(error) = of_function(&text) => error.at(place),
        DataFusionError::NotImplemented(_) => SqlError::usage(format!("this is not there: {}", message(&text)))
            .at(place)
            .help("docs/query.md says what of Athena's SQL is"),
        _ => {
            let error = SqlError::usage(format!("the statement cannot be run: {}", message(&text))).at(place);
            help.into_iter().fold(error, SqlError::help)
        }
    }
}

/// Returns in Athena's words what the engine says of a function and its arguments.
fn of_function(text: &str) -> Option<SqlError> {
    let quoted = text.split('\'').nth(1).unwrap_or_default();
    Some(if text.contains("Invalid function '") {
        let name = text.split("Invalid function '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        SqlError::usage(format!("the function {name} is not here")).help("docs/query.md says which are")
    } else if let Some((_, why)) = text.split_once(COERCED) {
        // A function of ours says itself what to write.
        let why = why.split(" No function matches").next().unwrap_or_default();
        SqlError::usage(format!("the statement cannot be run: {}", message(why)))
    } else if text.contains("failed to match any signature") || text.contains("No function matches the given name") {
        let name = hints::athenas(quoted);
        SqlError::usage(format!("the function {name} takes no such arguments")).help("CAST them to what it takes")
    } else if let Some((before, _)) = text.split_once(NO_LIST) {
        let name = hints::athenas(before.split_whitespace().last().unwrap_or_default());
        SqlError::usage(format!("the function {name} takes an array first"))
            .help(format!("write {name}(ARRAY[...], x -> ...)"))
    } else if text.contains("unnest() can only be applied") {
        SqlError::usage("UNNEST takes arrays here").help(
            "of a map write UNNEST(map_keys(map), map_values(map)) AS t (key, value); of anything else ARRAY[...]",
        )
    } else if text.contains("logical expression InSubquery") || text.contains("logical expression Exists") {
        SqlError::usage(
            "IN (SELECT ...) and EXISTS are there in WHERE and HAVING only, and tied to what is around them by =",
        )
        .help("write a LEFT JOIN with SELECT DISTINCT, and test its column for NULL")
    } else if text.contains("logical expression ScalarSubquery") || text.contains("OuterReferenceColumn") {
        SqlError::usage("a subquery is tied to what is around it by something else than =")
            .help("write a JOIN with that condition, and GROUP BY")
    } else if text.contains("regex parse error") {
        let why = text.rsplit("error: ").next().unwrap_or_default().trim();
        SqlError::usage(format!("this is no regular expression here: {}", why.lines().next().unwrap_or_default()))
            .help("there is no look-around and no back reference")
    } else if text.contains("Unsupported ast node in sqltorel: Lambda") {
        SqlError::usage("a lambda stands where none is taken")
            .help("transform, filter, any_match, all_match, none_match and reduce take one")
    } else if text.contains("Unsupported ast node in sqltorel") {
        SqlError::usage("an expression is not here").help("docs/query.md says what of Athena's SQL is")
    } else {
        return None;
    })
}

/// Cuts what DataFusion puts before its messages, and all but their first line.
fn message(text: &str) -> String {
    let prefixes = [
        "Error during planning: ",
        "Schema error: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "Optimizer rule ",
    ];
    let mut text = text.lines().next().unwrap_or_default();
    while let Some(rest) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    let text = text.trim_end_matches('.');
    // An end of a statement that comes too early is mostly the column of that name.
    text.to_owned()
}

/// Digs out what the reader of files or objects failed with.
fn given(error: DataFusionError) -> Result<Failure, DataFusionError> {
    let mut error = error;
    loop {
        error = match error {
            DataFusionError::External(inner) => match inner.downcast::<Given>() {
                Ok(given) => return Ok(given.0),
                Err(other) => match other.downcast::<ParquetError>() {
                    Ok(parquet) => DataFusionError::ParquetError(parquet),
                    Err(other) => match other.downcast::<DataFusionError>() {
                        Ok(inner) => *inner,
                        Err(other) => return Err(DataFusionError::External(other)),
                    },
                },
            },
            DataFusionError::ParquetError(inner) => match *inner {
                ParquetError::External(inner) => match inner.downcast::<Given>() {
                    Ok(given) => return Ok(given.0),
                    Err(other) => return Err(DataFusionError::External(other)),
                },
                other => return Err(DataFusionError::ParquetError(Box::new(other))),
            },
            DataFusionError::ArrowError(inner, backtrace) => match *inner {
                arrow::error::ArrowError::ExternalError(inner) => DataFusionError::External(inner),
                other => return Err(DataFusionError::ArrowError(Box::new(other), backtrace)),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => *inner,
            DataFusionError::Shared(shared) => match Arc::try_unwrap(shared) {
                Ok(inner) => inner,
                Err(shared) => return Err(DataFusionError::Shared(shared)),
            },
            other => return Err(other),
        };
    }
}
