//! `TRY(expression)`: NULL in rows for which the expression fails.
//!
//! In: a plan whose types are settled, in which TRY is a function that gives what it gets. Out: the same with a function that holds the
//! expression within itself and computes it, for ever fewer rows where it fails, so that nobody else computes parts of it.
//! <https://trino.io/docs/current/functions/conditional.html#try>

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DataFusionError, ExprSchema, Result, TableReference, plan_datafusion_err};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility, lit,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use crate::planner::said;

/// Most TRY within each other: each computes what fails within it some times again.
const MAX_DEPTH: usize = 4;

/// The function that the plan has for TRY.
pub const TRY: &str = "try";

/// Puts expressions within TRY into functions of their own, once types are settled and before anything else looks at them.
#[derive(Debug)]
pub struct Tries;

impl AnalyzerRule for Tries {
    fn name(&self) -> &str {
        TRY
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let done = plan.transform_up_with_subqueries(|node| {
            let schema = match node.inputs().as_slice() {
                [] => return Ok(Transformed::no(node)),
                inputs => merge_schema(inputs),
            };
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                Ok(expr.transform_up(|part| tried(part, &schema))?.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(done.data)
    }
}

fn tried(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::ScalarFunction(call) if call.name() == TRY && call.func.inner().downcast_ref::<Tried>().is_none() => {
            let within = call.args.into_iter().next().unwrap_or_else(|| lit(true));
            held(within, schema).map(Transformed::yes)
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Returns a function that computes an expression of its arguments: the columns that it names.
fn held(within: Expr, schema: &DFSchema) -> Result<Expr> {
    let mut known: Vec<String> = Vec::new();
    within.apply(|part| {
        if let Expr::Lambda(lambda) = part {
            known.extend(lambda.params.iter().cloned());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let needs_more = |part: &Expr| match part {
        Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..) => true,
        Expr::LambdaVariable(variable) => !known.contains(&variable.name),
        _ => false,
    };
    if within.exists(|part| Ok(needs_more(part)))? {
        let help = "put the subquery into WITH or a JOIN, and TRY around what is computed of it".to_owned();
        return Err(said("TRY around subqueries and within lambdas is not here".to_owned(), &[&within], help));
    }
    let mut depth = 0;
    within.apply(|part| {
        if let Expr::ScalarFunction(call) = part {
            depth = depth.max(call.func.inner().downcast_ref::<Tried>().map_or(0, |tried| tried.depth));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if depth >= MAX_DEPTH {
        let help = "what TRY has around it gives NULL already".to_owned();
        return Err(said(format!("TRY stands within more than {MAX_DEPTH} others"), &[&within], help));
    }
    let data_type = within.get_type(schema)?;
    let mut columns: Vec<Column> = within.column_refs().into_iter().cloned().collect();
    columns.sort();
    let mut args: Vec<Expr> = columns.iter().cloned().map(Expr::Column).collect();
    let mut fields: Vec<(Option<TableReference>, FieldRef)> = Vec::new();
    for column in &columns {
        fields.push((column.relation.clone(), Arc::new(schema.field_from_column(column)?.as_ref().clone())));
    }
    // The time of the statement is known to the statement alone.
    let within = within.transform_up(|part| match part {
        Expr::ScalarFunction(call)
            if call.args.is_empty() && call.func.signature().volatility == Volatility::Stable =>
        {
            let call = Expr::ScalarFunction(call);
            let name = format!("{TRY} {}", args.len());
            fields.push((None, Arc::new(Field::new(&name, call.get_type(schema)?, true))));
            args.push(call);
            Ok(Transformed::yes(Expr::Column(Column::new_unqualified(name))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    // A function has arguments.
    args.push(lit(true));
    let volatile = within.data.is_volatile();
    let schema = DFSchema::new_with_metadata(fields, std::collections::HashMap::new())?;
    let compiled =
        create_physical_expr(&within.data, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
    let volatility = if volatile { Volatility::Volatile } else { Volatility::Immutable };
    let signature = Signature::user_defined(volatility);
    let tried = Tried { within: within.data, compiled, schema, data_type, signature, depth: depth + 1 };
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(tried)), args)))
}

struct Tried {
    within: Expr,
    compiled: Arc<dyn PhysicalExpr>,
    schema: DFSchema,
    data_type: DataType,
    signature: Signature,
    /// How many TRY there are within each other, this one included.
    depth: usize,
}

impl std::fmt::Debug for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{TRY}({})", self.within)
    }
}

impl PartialEq for Tried {
    fn eq(&self, other: &Self) -> bool {
        self.within == other.within && self.schema == other.schema
    }
}

impl Eq for Tried {}

impl Hash for Tried {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.within.hash(state);
    }
}

impl ScalarUDFImpl for Tried {
    fn name(&self) -> &str {
        TRY
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(TRY, self.data_type.clone(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (_, given) = args.args.split_last().ok_or_else(|| plan_datafusion_err!("TRY of nothing"))?;
        let columns = given.iter().map(|arg| arg.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(args.number_rows));
        let rows = RecordBatch::try_new_with_options(Arc::clone(self.schema.inner()), columns, &options)?;
        Ok(ColumnarValue::Array(self.computed(&rows)?))
    }
}

impl Tried {
    /// Computes rows; if one of them fails, each half of them for itself.
    fn computed(&self, rows: &RecordBatch) -> Result<ArrayRef> {
        let count = rows.num_rows();
        match self.compiled.evaluate(rows).and_then(|value| value.into_array(count)) {
            Err(error) if is_of_values(&error) && count <= 1 => Ok(new_null_array(&self.data_type, count)),
            Err(error) if is_of_values(&error) => {
                let half = count / 2;
                let (one, other) = (rows.slice(0, half), rows.slice(half, count - half));
                let (one, other) = (self.computed(&one)?, self.computed(&other)?);
                Ok(concat(&[&one as &dyn Array, &other])?)
            }
            computed => computed,
        }
    }
}

/// Returns whether the values are why something failed, and not the machine or the program.
fn is_of_values(error: &DataFusionError) -> bool {
    matches!(
        error.find_root(),
        DataFusionError::Execution(_) | DataFusionError::Plan(_) | DataFusionError::ArrowError(..)
    )
}
