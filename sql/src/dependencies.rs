//! Forgets which columns decide others.
//!
//! DataFusion 55 remembers of a grouped or distinct subquery that its keys decide all of its columns, and believes so of what is made of
//! it: of the rows of an UNNEST, and of a join in which each of its rows comes several times. By that it leaves out of ORDER BY, GROUP BY
//! and DISTINCT what it takes for decided, adds columns to GROUP BY, and cuts windows otherwise: other rows, in another order. So nothing
//! is remembered beyond the subquery, neither when a statement is planned nor before rules that ask for it.

use std::cell::Cell;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchemaRef, FunctionalDependencies, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::logical_plan::Distinct;
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use sqlparser::ast::TableFactor;

/// Rules that ask which columns decide others.
const ASKING: [&str; 4] =
    ["replace_distinct_aggregate", "eliminate_join", "eliminate_duplicated_expr", "optimize_projections"];

/// Has each of the rules that asks stand behind one that forgets.
pub fn forgetting(rules: Vec<Arc<dyn OptimizerRule + Send + Sync>>) -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let forgets = |rule: Arc<dyn OptimizerRule + Send + Sync>| {
        let before: Option<Arc<dyn OptimizerRule + Send + Sync>> =
            if ASKING.contains(&rule.name()) { Some(Arc::new(Forget)) } else { None };
        before.into_iter().chain([rule])
    };
    rules.into_iter().flat_map(forgets).collect()
}

#[derive(Debug)]
struct Forget;

impl OptimizerRule for Forget {
    fn name(&self) -> &str {
        "forget_dependencies"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.transform_up_with_subqueries(forgotten)
    }
}

/// Returns one node that says nothing of what decides what.
fn forgotten(mut plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = match &mut plan {
        LogicalPlan::Projection(node) => &mut node.schema,
        LogicalPlan::SubqueryAlias(node) => &mut node.schema,
        LogicalPlan::Join(node) => &mut node.schema,
        LogicalPlan::Aggregate(node) => &mut node.schema,
        LogicalPlan::Window(node) => &mut node.schema,
        LogicalPlan::Unnest(node) => &mut node.schema,
        LogicalPlan::Union(node) => &mut node.schema,
        LogicalPlan::Distinct(Distinct::On(node)) => &mut node.schema,
        // Others have the schema of what is below.
        _ => return Ok(Transformed::no(plan)),
    };
    let changed = forget(schema)?;
    Ok(Transformed::new_transformed(plan, changed))
}

/// Forgets in a schema; returns whether there was something.
fn forget(schema: &mut DFSchemaRef) -> Result<bool> {
    if schema.functional_dependencies().is_empty() {
        return Ok(false);
    }
    let bare = schema.as_ref().clone().with_functional_dependencies(FunctionalDependencies::empty())?;
    *schema = Arc::new(bare);
    Ok(true)
}

thread_local! {
    /// Whether the relation that is asked for next comes from [`Forgetful`], and is for DataFusion. It is asked for at once, by the
    /// thread that plans.
    static HANDED_ON: Cell<bool> = const { Cell::new(false) };
}

/// Plans what stands in FROM as DataFusion does, and forgets.
#[derive(Debug)]
pub struct Forgetful;

impl RelationPlanner for Forgetful {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        if HANDED_ON.replace(false) {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        }
        HANDED_ON.set(true);
        let plan = forgotten(context.plan(relation)?)?.data;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, None))))
    }
}
