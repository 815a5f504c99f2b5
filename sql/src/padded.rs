//! Columns that are one value below, and not above: of an outer join, of ROLLUP, CUBE and GROUPING SETS, of UNION.
//!
//! DataFusion 55 goes on believing what WHERE or a literal said below them, that `action` is `REJECT`: also of rows that such a join or
//! set pads with NULL. It then leaves `action` out of ORDER BY and windows, and rows come in another order, with LIMIT other rows. Of a
//! UNION it leaves out what is one value in each half, though the halves tell each other from which row on nobody need look. Ordered by a
//! literal that an inner join compares, it makes a plan that it refuses itself. So nothing that was known below is handed on; sorting a
//! little more is the price.

use std::fmt::Formatter;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};

/// Puts what forgets above joins, sets and unions; the first rule, before any looks for sorts that are not needed.
#[derive(Debug)]
pub struct Padding;

impl PhysicalOptimizerRule for Padding {
    fn name(&self) -> &str {
        "padding"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(if pads(&node) { Transformed::yes(Arc::new(Padded::new(node)) as _) } else { Transformed::no(node) })
        })
        .data()
    }
}

fn pads(node: &Arc<dyn ExecutionPlan>) -> bool {
    let is_join = node.is::<HashJoinExec>() || node.is::<SortMergeJoinExec>() || node.is::<NestedLoopJoinExec>();
    let of_sets = node.downcast_ref::<AggregateExec>().is_some_and(|aggregate| !aggregate.group_expr().is_single());
    is_join || of_sets || node.is::<UnionExec>()
}

/// Hands rows on, and nothing that is known of them.
#[derive(Debug)]
struct Padded {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl Padded {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self { input, properties: Arc::new(properties) }
    }
}

impl DisplayAs for Padded {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaddedExec")
    }
}

impl ExecutionPlan for Padded {
    fn name(&self) -> &str {
        "PaddedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children).or_else(|_| internal_err!("PaddedExec has one input"))?;
        Ok(Arc::new(Self::new(input)))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::clone(input)),
            _ => internal_err!("PaddedExec has one input"),
        }
    }
}
