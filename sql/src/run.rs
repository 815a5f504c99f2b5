//! Running a statement: plan, stream, count.

use std::sync::Arc;
use std::time::Instant;

use datafusion::common::DataFusionError;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement as Planned;
use futures::StreamExt;

use crate::among::as_values;
use crate::answer::{Value, value};
use crate::check::{check, widened};
use crate::error::{Failure, Result, SqlError, at};
use crate::meter::Scan;
use crate::said::said;
use crate::statement::Statement;
use crate::{Engine, explain};

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
            let plan = as_values(widened(plan)?, self.answer_bytes)?;
            let frame = context.execute_logical_plan(plan).await?;
            let task = frame.task_ctx();
            Ok::<_, DataFusionError>((frame.create_physical_plan().await?, task))
        };
        let failed = |error: DataFusionError| match self.meter.failure() {
            Some(failure) => failure.into(),
            None => said(error, place, statement.executed.as_deref().unwrap_or(&statement.text)),
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
