//! What a plan read and what it could leave: row groups and pages, by DataFusion's own metrics.

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};

use crate::meter::{Kept, Scan};

/// Adds the row groups and pages that the plan's scans kept of all.
pub fn add_pruning(plan: &dyn ExecutionPlan, scan: &mut Scan) {
    if let Some(metrics) = plan.metrics() {
        let by_statistics = kept(&metrics, "row_groups_pruned_statistics");
        let by_bloom = kept(&metrics, "row_groups_pruned_bloom_filter");
        scan.row_groups.all += by_statistics.all;
        // Bloom filters are asked of what statistics leave, if they are asked.
        scan.row_groups.kept += if by_bloom.all > 0 { by_bloom.kept } else { by_statistics.kept };
        let pages = kept(&metrics, "page_index_pages_pruned");
        scan.pages.all += pages.all;
        scan.pages.kept += pages.kept;
    }
    for child in plan.children() {
        add_pruning(child.as_ref(), scan);
    }
}

fn kept(metrics: &MetricsSet, name: &str) -> Kept {
    let mut sum = Kept::default();
    for metric in metrics.iter() {
        if let MetricValue::PruningMetrics { name: of, pruning_metrics } = metric.value()
            && of == name
        {
            let matched = pruning_metrics.matched() as u64;
            sum.kept += matched;
            sum.all += matched + pruning_metrics.pruned() as u64;
        }
    }
    sum
}

/// Returns a plan as lines: each step behind those that it feeds, with the rows that it gave and the time it took.
pub fn shown(plan: &dyn ExecutionPlan) -> String {
    let mut text = String::new();
    push(plan, 0, &mut text);
    text
}

fn push(plan: &dyn ExecutionPlan, depth: usize, text: &mut String) {
    let line = DisplayableExecutionPlan::new(plan).one_line().to_string();
    text.push_str(&format!("{:1$}{2}", "", depth * 2, line.trim()));
    if let Some(metrics) = plan.metrics() {
        let rows = metrics.output_rows().map(|rows| format!("rows: {rows}"));
        let time = metrics.elapsed_compute().map(|nanos| format!("ms: {:.1}", nanos as f64 / 1e6));
        let spilled = metrics.spilled_bytes().filter(|bytes| *bytes > 0).map(|bytes| format!("spilled bytes: {bytes}"));
        let counted: Vec<String> = [rows, time, spilled].into_iter().flatten().collect();
        if !counted.is_empty() {
            text.push_str(&format!("  [{}]", counted.join(", ")));
        }
    }
    text.push('\n');
    for child in plan.children() {
        push(child.as_ref(), depth + 1, text);
    }
}
