//! ORDER BY with LIMIT over several partitions of rows, as the statement has it.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;

/// Returns a plan whose partitions are cut by the whole order in which they are merged.
///
/// DataFusion 55 leaves out of each partition's sort what is one value in that partition, such as the column that tells the halves
/// of a UNION apart. But the partitions tell each other from which row on the others need not look, and by an order that lacks a
/// column a row goes that comes first by it.
pub fn by_the_whole_order(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(merge) = node.downcast_ref::<SortPreservingMergeExec>() else { return Ok(Transformed::no(node)) };
        let Some(sort) = merge.input().downcast_ref::<SortExec>() else { return Ok(Transformed::no(node)) };
        if sort.fetch().is_none() || sort.expr() == merge.expr() {
            return Ok(Transformed::no(node));
        }
        let whole = SortExec::new(merge.expr().clone(), Arc::clone(sort.input()))
            .with_fetch(sort.fetch())
            .with_preserve_partitioning(sort.preserve_partitioning());
        let merge = SortPreservingMergeExec::new(merge.expr().clone(), Arc::new(whole)).with_fetch(merge.fetch());
        Ok(Transformed::yes(Arc::new(merge)))
    })
    .data()
}
