//! What may fail is computed only where it is needed, as in Trino: `srcaddr <> '-' AND contains(..., CAST(srcaddr AS ipaddress))`.
//!
//! DataFusion computes both sides of AND for whole batches, and puts conditions of a subquery beside those around it. Here the
//! side that may fail is put into a CASE, of which only the rows are computed that get there.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::split_binary_owned;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, binary_expr, lit, when};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::functions;

/// Functions that fail for some values. Those that fail only when numbers are too large are left out: a CASE has its price.
const FAILING: [&str; 24] = [
    "ip_address",
    "contains",
    "divided",
    "modulo",
    "mod",
    "cast_tinyint",
    "cast_smallint",
    "cast_integer",
    "cast_bigint",
    "cast_real",
    "cast_double",
    "cast_decimal",
    "cast_boolean",
    "date_of",
    "timestamp_of",
    "date_parse",
    "from_iso8601_timestamp",
    "from_iso8601_date",
    "from_base",
    "from_hex",
    "subscript",
    "element_at",
    "json_parse",
    "url_decode",
];

/// Returns whether computing an expression may fail for some rows.
pub fn may_fail(expr: &Expr) -> bool {
    expr.exists(|part| Ok(matches!(part, Expr::ScalarFunction(function) if FAILING.contains(&function.name()))))
        .unwrap_or(true)
}

/// Most conditions beside each other that are guarded: each of them has the others within.
const MAX_GUARDED: usize = 32;

/// Returns an expression of which every AND and OR computes what may fail only where the other conditions do not decide.
fn lazy(expr: Expr) -> Result<Transformed<Expr>> {
    if is_guard(&expr) {
        return Ok(Transformed::no(expr));
    }
    let Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) = &expr else {
        return expr.map_children(lazy);
    };
    let op = *op;
    let mut changed = false;
    let mut parts = Vec::new();
    for part in split_binary_owned(expr, op) {
        let part = lazy(part)?;
        changed |= part.transformed;
        parts.push(part.data);
    }
    let (failing, sure): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(|part| may_fail(part) && !is_guard(part));
    let join = |parts: Vec<Expr>| parts.into_iter().reduce(|a, b| binary_expr(a, op, b));
    let guards = (1..=MAX_GUARDED).contains(&failing.len()) && !sure.is_empty();
    let mut all = sure;
    match join(all.clone()).filter(|_| guards) {
        Some(sure) => {
            for part in failing {
                all.push(match op {
                    Operator::And => within(sure.clone().is_not_false(), part, true)?,
                    _ => within(sure.clone().is_not_true(), part, false)?,
                });
            }
            changed = true;
        }
        None => all.extend(failing),
    }
    Ok(Transformed::new_transformed(join(all).unwrap_or_else(|| lit(true)), changed))
}

/// Returns a condition that is computed only where another one holds. As a CASE of numbers: DataFusion makes AND and OR of one
/// whose results are booleans.
fn within(condition: Expr, then: Expr, otherwise: bool) -> Result<Expr> {
    let call = |name, arg| {
        Ok::<_, DataFusionError>(Expr::ScalarFunction(ScalarFunction::new_udf(functions::named(name)?, vec![arg])))
    };
    call("is_one", when(condition, call("one_if", then)?).otherwise(lit(i8::from(otherwise)))?)
}

/// Returns whether this was guarded before: rules run several times.
fn is_guard(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(function) if function.name() == "is_one")
}

/// Guards all expressions of a plan; the last rule, since others take it apart.
#[derive(Debug)]
pub struct Guard;

impl OptimizerRule for Guard {
    fn name(&self) -> &str {
        "guard"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(lazy(expr)?.update_data(|expr| name.restore(expr)))
        })
    }
}
