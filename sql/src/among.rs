//! `x IN (SELECT ...)` and `EXISTS (SELECT ...)` as values: in the list of a SELECT, in CASE, in an aggregate, below NOT and OR.
//!
//! In: a plan as it follows from the statement. Out: the same, in which DataFusion finds them only where it takes them as
//! conditions and NULL makes no difference. Elsewhere it refuses them, and below OR it takes `x NOT IN` rows with a NULL for true.
//! <https://trino.io/docs/current/functions/comparison.html>: an IN that is not found is NULL if x or one of the rows is.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema, Result, plan_err};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::{Exists, InSubquery, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator, Sort, lit, not, scalar_subquery, when,
};

use crate::apart::together;
use crate::functions::{self, OR_NULL, among};
use crate::said::TIED;

/// Returns a plan that has them as conditions and values only where DataFusion gives Trino's answer. `most_bytes` is what the
/// distinct rows of a subquery may take.
///
/// # Errors
/// When a subquery has no column.
pub fn as_values(plan: LogicalPlan, most_bytes: u64) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let node = together(node)?.data;
        refuse_empty_groups(&node)?;
        let mut has_one = false;
        node.apply_expressions(|expr| {
            has_one |= expr
                .exists(|part| Ok(matches!(part, Expr::InSubquery(_) | Expr::Exists(_) | Expr::ScalarSubquery(_))))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        if !has_one {
            return Ok(Transformed::yes(node));
        }
        let schema = merge_schema(&node.inputs());
        let is_filter = matches!(node, LogicalPlan::Filter(_));
        let is_named = !matches!(node, LogicalPlan::Sort(_));
        let values = Values { schema: &schema, is_filter, most_bytes };
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expr| {
            let name = names.save(&expr);
            let changed = if is_filter { values.condition(expr, true)? } else { values.value(expr)? };
            Ok(changed.update_data(|expr| if is_named { name.restore(expr) } else { expr }))
        })?;
        node.map_data(|node| below(node.recompute_schema()?))
    })
    .data()
}

/// Returns a node that groups, orders or looks around by what is computed below it: subqueries that are tied to rows are joined to
/// these.
fn below(node: LogicalPlan) -> Result<LogicalPlan> {
    let mut lift = Lift { tied: Vec::new(), names: NamePreserver::new_for_projection() };
    match node {
        LogicalPlan::Aggregate(aggregate) => {
            let groups = lift.all(&aggregate.group_expr)?;
            let aggregates = lift.all(&aggregate.aggr_expr)?;
            let Some(input) = lift.above(&aggregate.input)? else { return Ok(LogicalPlan::Aggregate(aggregate)) };
            Aggregate::try_new(Arc::new(input), groups, aggregates).map(LogicalPlan::Aggregate)
        }
        LogicalPlan::Window(window) => {
            let windows = lift.all(&window.window_expr)?;
            let Some(input) = lift.above(&window.input)? else { return Ok(LogicalPlan::Window(window)) };
            let node = LogicalPlanBuilder::from(input).window(windows)?;
            node.project(window.schema.columns().into_iter().map(Expr::Column))?.build()
        }
        LogicalPlan::Sort(mut sort) => {
            let columns = sort.input.schema().columns();
            for by in &mut sort.expr {
                by.expr = lift.one(&by.expr)?;
            }
            let Some(input) = lift.above(&sort.input)? else { return Ok(LogicalPlan::Sort(sort)) };
            let node = LogicalPlanBuilder::from(LogicalPlan::Sort(Sort { input: Arc::new(input), ..sort }));
            node.project(columns.into_iter().map(Expr::Column))?.build()
        }
        other => Ok(other),
    }
}

/// Subqueries that are tied to rows, as columns below a node.
struct Lift {
    tied: Vec<Expr>,
    names: NamePreserver,
}

impl Lift {
    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Expr>> {
        exprs
            .iter()
            .map(|expr| {
                let name = self.names.save(expr);
                Ok(name.restore(self.one(expr)?))
            })
            .collect()
    }

    /// Returns an expression that names columns instead of subqueries.
    fn one(&mut self, expr: &Expr) -> Result<Expr> {
        let lifted = expr.clone().transform_down(|part| match part {
            part if is_tied(&part) => {
                let at = self.tied.iter().position(|known| *known == part).unwrap_or_else(|| {
                    self.tied.push(part);
                    self.tied.len() - 1
                });
                Ok(Transformed::yes(Expr::Column(Column::new_unqualified(tied_name(at)))))
            }
            other => Ok(Transformed::no(other)),
        });
        lifted.data()
    }

    /// Returns the input with these columns; `None` if there are none.
    fn above(self, input: &Arc<LogicalPlan>) -> Result<Option<LogicalPlan>> {
        if self.tied.is_empty() {
            return Ok(None);
        }
        let columns = input.schema().columns().into_iter().map(Expr::Column);
        let tied = self.tied.into_iter().enumerate().map(|(at, part)| part.alias(tied_name(at)));
        let all: Vec<Expr> = columns.chain(tied).collect();
        LogicalPlanBuilder::from(input.as_ref().clone()).project(all)?.build().map(Some)
    }
}

/// Returns whether an expression is a value of a subquery that is tied to the rows around it.
fn is_tied(part: &Expr) -> bool {
    matches!(part, Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty())
}

fn tied_name(at: usize) -> String {
    format!("__tied_{at}")
}

/// The expressions of one node.
struct Values<'a> {
    /// What they are made of.
    schema: &'a DFSchema,
    is_filter: bool,
    most_bytes: u64,
}

impl Values<'_> {
    /// Returns a condition of rows, of which NULL is as good as false; `alone` if it must hold whatever the others say.
    fn condition(&self, expr: Expr, alone: bool) -> Result<Transformed<Expr>> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
                expr.map_children(|part| self.condition(part, alone && op == Operator::And))
            }
            Expr::InSubquery(within) if !within.negated => {
                Expr::InSubquery(within).map_children(|part| self.value(part))
            }
            Expr::InSubquery(within) if alone && within.subquery.outer_ref_columns.is_empty() => {
                Expr::InSubquery(within).map_children(|part| self.value(part))
            }
            other => self.value(other),
        }
    }

    fn value(&self, expr: Expr) -> Result<Transformed<Expr>> {
        expr.transform_up(|part| match part {
            Expr::InSubquery(within) => self.among(within),
            // An aggregate gives a row of nothing, too.
            Expr::Exists(exists) if gives_one_row(&exists.subquery.subquery) => {
                Ok(Transformed::yes(lit(!exists.negated)))
            }
            Expr::Exists(exists) if !self.is_filter => found(&exists).map(Transformed::yes),
            Expr::ScalarSubquery(subquery)
                if !subquery.outer_ref_columns.is_empty() && !gives_one_row(&subquery.subquery) =>
            {
                only(&subquery.subquery).map(Transformed::yes)
            }
            Expr::ScalarSubquery(subquery) if !gives_one_row(&subquery.subquery) => {
                or_null(&subquery.subquery).map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        })
    }

    fn among(&self, within: InSubquery) -> Result<Transformed<Expr>> {
        let InSubquery { expr, subquery, negated } = &within;
        let is_tied = !subquery.outer_ref_columns.is_empty();
        let is_outer = |part: &Expr| Ok(matches!(part, Expr::OuterReferenceColumn(..)));
        if is_tied && expr.exists(is_outer)? {
            return Ok(Transformed::no(Expr::InSubquery(within)));
        }
        let rows = LogicalPlanBuilder::from(subquery.subquery.as_ref().clone());
        let column = Expr::Column(Column::from(rows.schema().qualified_field(0)));
        let found = if is_tied {
            self.counted(expr, rows, column)?
        } else {
            let all = array_agg_udaf().call(vec![column]);
            let array = rows.distinct()?.aggregate(Vec::<Expr>::new(), vec![all])?.build()?;
            let args = vec![expr.as_ref().clone(), scalar_subquery(Arc::new(array))];
            Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(among(self.most_bytes)), args))
        };
        Ok(Transformed::yes(if *negated { not(found) } else { found }))
    }

    /// Returns whether a value is among rows that are tied to it by `=`: what is counted of them can be joined.
    fn counted(&self, expr: &Expr, rows: LogicalPlanBuilder, column: Expr) -> Result<Expr> {
        let outer = expr.clone().transform(|part| match part {
            Expr::Column(column) => {
                let field = self.schema.field_from_column(&column)?;
                Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), column)))
            }
            other => Ok(Transformed::no(other)),
        });
        let equal = rows.clone().filter(column.clone().eq(outer.data()?))?;
        let (all, known) = (count(lit(1)), count(column));
        let kind = rows.aggregate(Vec::<Expr>::new(), vec![all.clone(), known.clone()])?;
        let (all, known) = (as_column(&all), as_column(&known));
        let kind = kind.project(vec![
            when(all.clone().eq(lit(0_i64)), lit(0_i64)).when(all.eq(known), lit(1_i64)).otherwise(lit(2_i64))?,
        ])?;
        let kind = scalar_subquery(Arc::new(kind.build()?));
        let unknown = expr.clone().is_null().or(kind.clone().eq(lit(2_i64)));
        when(counted(equal)?.gt(lit(0_i64)), lit(true))
            .when(kind.clone().is_null().or(kind.eq(lit(0_i64))), lit(false))
            .when(not(unknown), lit(false))
            .end()
    }
}

/// Refuses, as Trino does, HAVING without GROUP BY in a subquery that is tied to the row: of no rows nothing would be asked.
fn refuse_empty_groups(node: &LogicalPlan) -> Result<()> {
    node.apply_expressions(|expr| {
        expr.apply(|part| {
            let subquery = match part {
                Expr::ScalarSubquery(subquery) => subquery,
                Expr::Exists(exists) => &exists.subquery,
                Expr::InSubquery(within) => &within.subquery,
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            let is_of_total = |plan: &LogicalPlan| match plan {
                LogicalPlan::Filter(filter) => {
                    gives_one_row(&filter.input) && !filter.input.all_out_ref_exprs().is_empty()
                }
                _ => false,
            };
            match !subquery.outer_ref_columns.is_empty() && subquery.subquery.exists(|plan| Ok(is_of_total(plan)))? {
                true => plan_err!("{TIED}"),
                false => Ok(TreeNodeRecursion::Continue),
            }
        })
    })?;
    Ok(())
}

/// Returns whether a subquery gives one row whatever it reads.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => gives_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => gives_one_row(&alias.input),
        LogicalPlan::Sort(sort) => gives_one_row(&sort.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        _ => false,
    }
}

/// Returns the value of a subquery that is tied to the row: NULL of no rows, and an error of several. DataFusion takes no subquery
/// that might give several.
fn only(rows: &LogicalPlan) -> Result<Expr> {
    let rows = LogicalPlanBuilder::from(rows.clone());
    let column = Expr::Column(Column::from(rows.schema().qualified_field(0)));
    let array = rows.aggregate(Vec::<Expr>::new(), vec![array_agg_udaf().call(vec![column])])?.build()?;
    let function = functions::named("only_element")?;
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![scalar_subquery(Arc::new(array))])))
}

/// Returns the value of a subquery that may have no row. DataFusion takes it for one that is never NULL if none of its rows is.
fn or_null(rows: &LogicalPlan) -> Result<Expr> {
    let rows = LogicalPlanBuilder::from(rows.clone());
    let (relation, field) = rows.schema().qualified_field(0);
    let column = Column::new(relation.cloned(), field.name());
    let function = functions::named(OR_NULL)?;
    let value = Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![Expr::Column(column.clone())]));
    let rows = rows.project(vec![value.alias_qualified(column.relation, column.name)])?;
    Ok(scalar_subquery(Arc::new(rows.build()?)))
}

/// Returns whether a subquery has rows.
fn found(exists: &Exists) -> Result<Expr> {
    let rows = LogicalPlanBuilder::from(exists.subquery.subquery.as_ref().clone());
    let is_tied = !exists.subquery.outer_ref_columns.is_empty();
    // One row is enough, but of each value that they are tied to.
    let rows = if is_tied { rows } else { rows.limit(0, Some(1))? };
    let found = counted(rows)?.gt(lit(0_i64));
    Ok(if exists.negated { not(found) } else { found })
}

/// Returns how many rows there are, 0 if there are none.
fn counted(rows: LogicalPlanBuilder) -> Result<Expr> {
    let rows = rows.aggregate(Vec::<Expr>::new(), vec![count(lit(1))])?;
    let number = scalar_subquery(Arc::new(rows.build()?));
    when(number.clone().is_null(), lit(0_i64)).otherwise(number)
}

fn count(of: Expr) -> Expr {
    count_udaf().call(vec![of])
}

/// Returns an aggregate as the plan above names it.
fn as_column(aggregate: &Expr) -> Expr {
    Expr::Column(Column::new_unqualified(aggregate.schema_name().to_string()))
}
