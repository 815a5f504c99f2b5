//! What may fail is computed only for rows that joins leave, as in Trino: `CAST(a.srcaddr AS ipaddress)` of rows whose address
//! another table has, or a subquery names.
//!
//! DataFusion computes the conditions of a side before it joins, so that `-` is read though no row is joined to it. Here a
//! condition that may fail also names columns of the other side, which keeps it above.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, JoinType, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan, Projection, SubqueryAlias};
use datafusion::optimizer::push_down_filter::replace_cols_by_name;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::functions::{self, HELD};

/// Functions that read texts, and fail for some of them. Those by which partitions are chosen are not here.
const READING: [&str; 7] =
    ["ip_address", "contains", "from_hex", "subscript", "element_at", "json_parse", "url_decode"];

/// Holds conditions that may fail above joins.
#[derive(Debug)]
pub struct Hold;

impl OptimizerRule for Hold {
    fn name(&self) -> &str {
        "hold_above_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(Transformed::no(plan)) };
        if !is_over_join(&filter.input) {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        }
        let (held, others): (Vec<Expr>, Vec<Expr>) =
            split_conjunction_owned(filter.predicate.clone()).into_iter().partition(is_to_be_held);
        if held.is_empty() {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        }
        hold(Arc::unwrap_or_clone(filter.input), others, held).map(Transformed::yes)
    }
}

/// Returns whether nothing but names stands between a plan and a join.
fn is_over_join(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => is_over_join(&alias.input),
        LogicalPlan::Projection(projection) => is_over_join(&projection.input),
        LogicalPlan::Filter(filter) => is_over_join(&filter.input),
        LogicalPlan::Join(join) => !keys(join).is_empty(),
        _ => false,
    }
}

/// Returns a plan with conditions, of which those to be held stand where a join decides on them.
fn hold(plan: LogicalPlan, others: Vec<Expr>, held: Vec<Expr>) -> Result<LogicalPlan> {
    let below = |named: HashMap<String, Expr>, conditions: Vec<Expr>| -> Result<Vec<Expr>> {
        conditions.into_iter().map(|condition| replace_cols_by_name(condition, &named)).collect()
    };
    match plan {
        LogicalPlan::SubqueryAlias(alias) => {
            let named =
                columns(alias.schema.as_ref()).zip(alias.input.schema().columns().into_iter().map(Expr::Column));
            let named: HashMap<String, Expr> = named.collect();
            let input = Arc::unwrap_or_clone(alias.input);
            let input = hold(input, below(named.clone(), others)?, below(named, held)?)?;
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?))
        }
        LogicalPlan::Projection(projection) => {
            let named = columns(projection.schema.as_ref()).zip(projection.expr.iter().cloned().map(Expr::unalias));
            let named: HashMap<String, Expr> = named.collect();
            let input = Arc::unwrap_or_clone(projection.input);
            let input = hold(input, below(named.clone(), others)?, below(named, held)?)?;
            Projection::try_new_with_schema(projection.expr, Arc::new(input), projection.schema)
                .map(LogicalPlan::Projection)
        }
        LogicalPlan::Filter(filter) => {
            let (more, before): (Vec<Expr>, Vec<Expr>) =
                split_conjunction_owned(filter.predicate).into_iter().partition(is_to_be_held);
            hold(Arc::unwrap_or_clone(filter.input), [before, others].concat(), [more, held].concat())
        }
        LogicalPlan::Join(join) => {
            let keys = keys(&join);
            let function = functions::named(HELD)?;
            let held = held.into_iter().map(|condition| {
                let args = std::iter::once(condition).chain(keys.iter().cloned().map(Expr::Column)).collect();
                Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&function), args))
            });
            if join.join_type == JoinType::LeftSemi {
                // Its rows are of one side: only within it both are known.
                let filter = conjunction(join.filter.iter().cloned().chain(held));
                return filtered(LogicalPlan::Join(Join { filter, ..join }), others);
            }
            filtered(LogicalPlan::Join(join), others.into_iter().chain(held).collect())
        }
        other => filtered(other, others.into_iter().chain(held).collect()),
    }
}

fn filtered(plan: LogicalPlan, conditions: Vec<Expr>) -> Result<LogicalPlan> {
    match conjunction(conditions) {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?)),
        None => Ok(plan),
    }
}

/// Returns the full names of columns.
fn columns(schema: &DFSchema) -> impl Iterator<Item = String> + '_ {
    schema.columns().into_iter().map(|column| column.flat_name())
}

/// Returns columns by which tables are joined, of both sides of each join; none if one side alone decides.
fn keys(join: &Join) -> Vec<Column> {
    let is_semi = join.join_type == JoinType::LeftSemi;
    if !is_semi && !has_both_sides(join) {
        return Vec::new();
    }
    let pairs = join.on.iter().flat_map(|(left, right)| [left, right]).chain(&join.filter);
    let named: Vec<&Column> = pairs.flat_map(|expr| expr.column_refs()).collect();
    let of = |side: &LogicalPlan| named.iter().find(|column| side.schema().has_column(column)).copied().cloned();
    let sides = [&join.left, &join.right];
    let mut keys: Vec<Column> = sides.iter().filter_map(|side| of(side)).collect();
    if is_semi {
        return if keys.len() == sides.len() { keys } else { Vec::new() };
    }
    for side in sides {
        if let LogicalPlan::Join(within) = side.as_ref()
            && has_both_sides(within)
        {
            keys.extend(self::keys(within));
        }
    }
    keys
}

/// Returns whether the rows of a join have the columns of both sides.
fn has_both_sides(join: &Join) -> bool {
    matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full)
}

/// Returns whether a condition reads texts and is not held yet.
fn is_to_be_held(expr: &Expr) -> bool {
    let is_held = matches!(expr, Expr::ScalarFunction(function) if function.name() == HELD);
    let reads = |part: &Expr| Ok(matches!(part, Expr::ScalarFunction(function) if READING.contains(&function.name())));
    !is_held && expr.exists(reads).unwrap_or(true)
}
