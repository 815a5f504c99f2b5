//! Running a statement: plan, stream, count.

use std::time::Instant;

use datafusion::common::DataFusionError;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement as Planned;
use futures::StreamExt;

use super::answer::{Value, value};
use super::files::damaged;
use super::meter::Scan;
use super::sql::{Statement, at};
use super::{Session, explain};
use crate::error::{Error, Result};
use crate::options::MEMORY;

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

impl Session {
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
        let begun = Instant::now();
        self.meter.reset();
        let mut rows = 0;
        let parsed = statement.parsed.clone();
        let context = &self.context;
        let planning = async move {
            let plan = context.state().statement_to_plan(Planned::Statement(Box::new(parsed))).await?;
            let frame = context.execute_logical_plan(plan).await?;
            let task = frame.task_ctx();
            Ok::<_, DataFusionError>((frame.create_physical_plan().await?, task))
        };
        let failed = |error: DataFusionError| self.named(said(error, place));
        let (plan, task) = self.runtime.block_on(planning).map_err(failed)?;
        let mut stream = {
            let _inside = self.runtime.enter();
            execute_stream(std::sync::Arc::clone(&plan), std::sync::Arc::new(task)).map_err(failed)?
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
}

impl Session {
    /// Hashes all files; returns the URLs of those that are not the ledger's, and the number of those whose hash it does not know.
    ///
    /// # Errors
    /// When the store fails.
    pub fn check(&self) -> Result<(Vec<String>, u64)> {
        let Some((store, files)) = &self.files else { return Ok((Vec::new(), 0)) };
        let unknown = files.iter().filter(|file| file.sha256.is_none()).count() as u64;
        Ok((damaged(store, files.iter())?, unknown))
    }

    /// Says which file is damaged, if that is why a statement failed: the engine does not.
    fn named(&self, (error, damage): (Error, bool)) -> Error {
        let Some((store, files)) = self.files.as_ref().filter(|_| damage) else { return error };
        // Only those that the statement opened: a table may have terabytes.
        let opened = files.iter().filter(|file| self.meter.opened(&file.key));
        match damaged(store, opened) {
            Ok(urls) if !urls.is_empty() => error.at(urls.join(", ")),
            _ => error,
        }
    }
}

/// Returns a failure in words, and whether a damaged file is the cause; with our own error if it is one.
fn said(error: DataFusionError, place: &str) -> (Error, bool) {
    let position =
        error.diagnostic().and_then(|diagnostic| diagnostic.span).map(|span| (span.start.line, span.start.column));
    let (line, column) = position.unwrap_or((0, 0));
    let place = at(place, line, column);
    match own(error) {
        Ok(own) => (own, false),
        Err(error) => {
            let root = error.find_root();
            let text = root.strip_backtrace();
            let damage = match root {
                // Damage is found by the checksums of pages, or where they do not decode.
                DataFusionError::ParquetError(_) | DataFusionError::ArrowError(..) => {
                    text.contains("Parquet error").then(|| text.rsplit("Parquet error: ").next().unwrap_or_default())
                }
                _ => None,
            };
            if let Some(why) = damage {
                let error = Error::usage(format!("a Parquet file of the table is damaged: {why}"));
                return (error.help("restore it from a version or backup (docs/operating.md, A damaged file)"), true);
            }
            let error = match root {
                DataFusionError::ResourcesExhausted(_) => {
                    Error::stopped(format!("the query needs more memory than {MEMORY} allows"))
                        .at(place)
                        .because(text)
                        .help(
                            "give it more, ask for fewer days, or let it group and sort less; what can be is kept in \
                         temporary files already",
                        )
                }
                DataFusionError::Internal(_) | DataFusionError::IoError(_) | DataFusionError::ExecutionJoin(_) => {
                    Error::stopped("the query failed").at(place).because(text)
                }
                DataFusionError::NotImplemented(_) => Error::usage(format!("this is not there: {}", message(&text)))
                    .at(place)
                    .help("docs/query.md says what of Athena's SQL is"),
                _ => Error::usage(format!("the statement cannot be run: {}", message(&text))).at(place),
            };
            (error, false)
        }
    }
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

/// Digs out an error of our own: what a store said.
fn own(error: DataFusionError) -> std::result::Result<Error, DataFusionError> {
    let mut error = error;
    loop {
        error = match error {
            DataFusionError::External(inner) => match inner.downcast::<Error>() {
                Ok(own) => return Ok(*own),
                Err(other) => match other.downcast::<parquet::errors::ParquetError>() {
                    Ok(parquet) => DataFusionError::ParquetError(parquet),
                    Err(other) => match other.downcast::<DataFusionError>() {
                        Ok(inner) => *inner,
                        Err(other) => return Err(DataFusionError::External(other)),
                    },
                },
            },
            DataFusionError::ParquetError(inner) => match *inner {
                parquet::errors::ParquetError::External(inner) => match inner.downcast::<Error>() {
                    Ok(own) => return Ok(*own),
                    Err(other) => return Err(DataFusionError::External(other)),
                },
                other => return Err(DataFusionError::ParquetError(Box::new(other))),
            },
            DataFusionError::ArrowError(inner, backtrace) => match *inner {
                arrow::error::ArrowError::ExternalError(inner) => DataFusionError::External(inner),
                other => return Err(DataFusionError::ArrowError(Box::new(other), backtrace)),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => *inner,
            DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
                Ok(inner) => inner,
                Err(shared) => return Err(DataFusionError::Shared(shared)),
            },
            other => return Err(other),
        };
    }
}
