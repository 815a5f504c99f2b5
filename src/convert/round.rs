//! One round of a run: every partition with something to do, several at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use rayon::ThreadPool;
use tracing::info;

use super::interfaces::Interfaces;
use super::options::ConvertOptions;
use super::slots::Slots;
use super::unit;
use crate::compact::merge::NotMerged;
use crate::encode::layout::{SortBy, sort_share};
use crate::error::Result;
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::state::PartitionState;
use crate::ledger::table::Table;
use crate::plan::{self, PartitionPlan, Plan, Remake};
use crate::report::{Counts, Named, NotRetried, PartitionReport, Progress, Report};
use crate::sort::workers::{self, MIN_MEMORY_BYTES};
use crate::store::Store;
use crate::store::fetch::Budget;
use crate::store::parallel::in_parallel;

/// Partitions that are worked on at once: while one waits for the store, another computes.
const MAX_PARTITIONS_AT_ONCE: usize = 16;

/// Bytes that are fetched ahead for each thread: two units in work or waiting, and some objects on their way.
const FETCH_AHEAD_BYTES_PER_THREAD: u64 = 8 << 20;

/// What all partitions of a run share.
pub(super) struct Round<'a> {
    pub(super) source: &'a Store,
    pub(super) table: &'a Table,
    pub(super) plan: &'a Plan,
    pub(super) progress: &'a dyn Progress,
    /// Workers that put rows in order and encode them.
    pub(super) pool: &'a ThreadPool,
    /// Workers that make units: these may wait until their files take what they made.
    pub(super) makers: ThreadPool,
    pub(super) slots: Slots,
    pub(super) budget: Budget,
    pub(super) max_text: usize,
    /// Bytes that may wait to be written, for each file.
    pub(super) waiting_bytes: u64,
    pub(super) partitions_at_once: usize,
}

/// What became of one partition.
#[derive(Debug, Default)]
pub(super) struct PartitionResult {
    pub(super) counts: Counts,
    pub(super) rejects: Vec<Named>,
    pub(super) warnings: Vec<String>,
    pub(super) not_merged: Vec<NotMerged>,
    pub(super) not_retried: Vec<NotRetried>,
    /// Objects that changed, and whose old rows are kept.
    pub(super) changed: Vec<Named>,
    /// Files that two runs wrote differently.
    pub(super) files_in_doubt: Vec<Named>,
    /// Keys of objects of which one was gone or another one when it was to be read.
    pub(super) doubtful: Vec<Arc<str>>,
    /// Keys of objects that do not read to their end.
    pub(super) unreadable: Vec<Arc<str>>,
    /// Numbers of claims whose rejected lines were tried again, and are the same.
    pub(super) as_before: Vec<u64>,
    /// The interfaces of each flow log.
    pub(super) interfaces: Interfaces,
    /// Another writer was faster, or inputs changed: plan again.
    pub(super) again: bool,
}

/// What a run has tried and refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Keys of objects that do not read to their end.
    objects: BTreeSet<Arc<str>>,
    /// Claims whose files would reject the same lines again.
    as_before: BTreeSet<(Partition, u64)>,
}

impl Refused {
    /// Leaves out of a plan what was refused already.
    pub(super) fn leave_out_of(&self, plan: &mut PartitionPlan) {
        let PartitionPlan { partition, retry, remakes, .. } = plan;
        retry.retain(|input| !self.objects.contains(&input.key));
        let is_as_before = |remake: &Remake| {
            remake.changed.is_empty() && self.as_before.contains(&(partition.clone(), remake.replaces))
        };
        remakes.retain(|remake| !is_as_before(remake));
    }
}

/// Returns what is said of rejected lines that were to be tried again and cannot be.
pub(super) fn not_retried(partition: &Partition, lines: u64, why: &str) -> NotRetried {
    NotRetried { partition: partition.path(), lines, reason: why.to_owned() }
}

impl<'a> Round<'a> {
    pub(super) fn new(
        source: &'a Store,
        table: &'a Table,
        options: &ConvertOptions,
        plan: &'a Plan,
        (pool, progress): (&'a ThreadPool, &'a dyn Progress),
    ) -> Result<Self> {
        let memory = options.memory_bytes.max(MIN_MEMORY_BYTES);
        let threads = pool.current_num_threads();
        let per_thread = usize::try_from(memory / 8 / threads as u64).unwrap_or(usize::MAX);
        let largest =
            plan.partitions.iter().map(|p| plan.estimate(p)).max_by_key(|e| e.output_bytes).unwrap_or_default();
        let upload = largest.output_bytes.clamp(1 << 20, 64 << 20);
        let layout = &options.output.layout;
        let sorted = match layout.sort_by {
            SortBy::Arrival => 1 << 20,
            SortBy::Addresses | SortBy::Columns(_) => sort_share(largest.to_convert_bytes, layout.sort_bytes),
        };
        let at_once = (memory / 8 / upload).min(memory / 4 / sorted);
        let objects = plan.partitions.iter().flat_map(PartitionPlan::to_read).map(|input| input.size);
        // A share is held until its objects are decoded: one large object must not keep all others from being fetched.
        let largest_object = objects.filter(|size| *size < plan::STREAMED_OBJECT_BYTES).max().unwrap_or_default();
        let ahead = (threads as u64 * FETCH_AHEAD_BYTES_PER_THREAD).max((threads as u64 + 1) * largest_object);
        let ahead = (memory / 8).min(ahead);
        let max_text = per_thread.min(unit::MAX_TEXT_BYTES);
        let partitions_at_once = usize::try_from(at_once).unwrap_or(1).clamp(1, MAX_PARTITIONS_AT_ONCE);
        let at_work = plan.partitions.iter().filter(|plan| !plan.is_done()).count().clamp(1, partitions_at_once);
        info!(threads, fetched_ahead_bytes = ahead, text_bytes = max_text, partitions_at_once, "limits of the round");
        Ok(Self {
            source,
            table,
            plan,
            progress,
            pool,
            makers: workers::makers(threads)?,
            // One more than threads, so that none waits while the next unit's objects are put together.
            slots: Slots::new(threads + 1),
            budget: Budget::new(ahead),
            max_text,
            waiting_bytes: memory / 8 / at_work as u64,
            partitions_at_once,
        })
    }

    /// Runs every partition that has something to do; returns whether to plan again.
    pub(super) fn all(
        &self,
        states: &mut BTreeMap<Partition, PartitionState>,
        report: &mut Report,
        (doubtful, refused): (&mut BTreeSet<Arc<str>>, &mut Refused),
        interfaces: &mut BTreeMap<Date, Interfaces>,
    ) -> Result<bool> {
        let to_do = self.plan.partitions.iter().filter(|plan| !plan.is_done());
        let work = to_do.map(|plan| (plan, states.remove(&plan.partition).unwrap_or_default())).collect();
        let done = in_parallel(self.partitions_at_once, work, |(plan, state)| {
            let mut ledger = self.table.open(plan.partition.clone(), state);
            let outcome = self.partition(plan, &mut ledger)?;
            Ok((plan, ledger.into_state(), outcome))
        })?;
        let mut again = false;
        for (plan, state, outcome) in done {
            states.insert(plan.partition.clone(), state);
            again |= outcome.again;
            report.rejects.extend(outcome.rejects);
            report.warnings.extend(outcome.warnings);
            report.not_merged.extend(outcome.not_merged);
            report.not_retried.extend(outcome.not_retried);
            report.objects_changed.extend(outcome.changed);
            report.files_in_doubt.extend(outcome.files_in_doubt);
            interfaces.entry(plan.partition.day).or_default().add(outcome.interfaces);
            doubtful.extend(outcome.doubtful);
            refused.objects.extend(outcome.unreadable);
            refused.as_before.extend(outcome.as_before.into_iter().map(|number| (plan.partition.clone(), number)));
            let partition = plan.partition.path();
            match report.partitions.iter_mut().find(|p| p.partition == partition) {
                Some(before) => before.counts.add(&outcome.counts),
                None => report.partitions.push(PartitionReport { partition, counts: outcome.counts }),
            }
        }
        Ok(again)
    }

    /// Finishes what was begun in a partition, then claims and converts what is new.
    fn partition(&self, plan: &PartitionPlan, ledger: &mut PartitionLedger<'_>) -> Result<PartitionResult> {
        let mut outcome = PartitionResult::default();
        outcome.warnings.extend(foreign(&plan.partition, &ledger.tidy()?.foreign));
        for claimed in &plan.unfinished {
            self.finish_claim(ledger, claimed.clone(), &mut outcome)?;
        }
        for remake in &plan.remakes {
            let Some(draft) = self.remake(ledger, remake, &mut outcome)? else {
                continue; // The old rows are better than none.
            };
            let Some(claimed) = ledger.claim(draft)? else {
                outcome.again = true;
                return Ok(outcome);
            };
            self.finish_claim(ledger, claimed, &mut outcome)?;
            if let Some(name) = &remake.altered {
                outcome.warnings.push(format!(
                    "{}/{name} was not the file that was recorded (another run put damaged bytes there and was stopped, or \
                     somebody changed it): it was made again",
                    plan.partition
                ));
            }
        }
        // What was rejected before goes to files of its own, as it was tried: beside others it might be rejected again.
        let readable = self.readable_now(&plan.retry, &mut outcome)?;
        let drafts = [&plan.fresh, &readable].map(|inputs| plan::drafts(inputs, &self.plan.options));
        for draft in drafts.into_iter().flatten() {
            let Some(claimed) = ledger.claim(draft)? else {
                outcome.again = true;
                break;
            };
            self.finish_claim(ledger, claimed, &mut outcome)?;
        }
        Ok(outcome)
    }
}

/// Returns what a person should know of objects in a partition that are not ours.
fn foreign(partition: &Partition, objects: &[String]) -> Option<String> {
    let first = objects.first()?;
    let count = objects.len();
    Some(format!(
        "{partition} holds {count} objects or folders that flowparquet did not write, and that queries read too; \
         they are left alone. The first is {first}"
    ))
}
