//! One round of a run: every partition with something to do, several at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;
use rayon::ThreadPool;
use tracing::info;

use super::options::ConvertOptions;
use super::slots::Slots;
use super::unit::{self, listed};
use super::{Doubtful, in_doubt, named};
use crate::compact::merge::NotMerged;
use crate::encode::layout::{SortBy, sort_share};
use crate::error::{Error, Result};
use crate::ledger::claim::Input;
use crate::ledger::entry::LeftOut;
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::recorded;
use crate::ledger::state::PartitionState;
use crate::ledger::table::Table;
use crate::plan::{self, PartitionPlan, Plan, Remake};
use crate::report::{Counts, MAX_NAMED, Named, NotRetried, PartitionReport, Progress, Report};
use crate::sort::workers::{self, MIN_MEMORY_BYTES};
use crate::store::fetch::Budget;
use crate::store::parallel::in_parallel;
use crate::store::{Listed, Store, Unread};

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
    /// Whether it was looked if anything of the asked days can be read.
    looked_for_readable: AtomicBool,
}

/// What became of one partition.
#[derive(Debug, Default)]
pub(super) struct PartitionResult {
    pub(super) counts: Counts,
    pub(super) rejects: Vec<Named>,
    /// Objects with lines of another log type.
    pub(super) mixed: Vec<Named>,
    /// Objects that are no flow logs.
    pub(super) no_flow_logs: Vec<LeftOut>,
    pub(super) warnings: Vec<String>,
    pub(super) not_merged: Vec<NotMerged>,
    pub(super) not_retried: Vec<NotRetried>,
    /// Objects that changed, and whose old rows are kept.
    pub(super) changed: Vec<Named>,
    /// Files that two runs wrote differently.
    pub(super) files_in_doubt: Vec<Named>,
    /// Objects of which one was gone or another one when it was to be read.
    pub(super) doubtful: Vec<Input>,
    /// Keys of objects that do not read to their end.
    pub(super) unreadable: Vec<Arc<str>>,
    /// Objects that could not be read as they were listed, and why.
    pub(super) unread: Vec<(Input, Unread)>,
    /// Numbers of claims whose rejected lines were tried again, and are the same.
    pub(super) as_before: Vec<u64>,
    /// Another writer was faster, or inputs changed: plan again.
    pub(super) again: bool,
}

/// How often an object may be listed and not be there, or be another one, when it is read: once somebody may have been faster.
const TIMES_LISTED: u32 = 2;

/// What a run has tried and refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Keys of objects that do not read to their end.
    objects: BTreeSet<Arc<str>>,
    /// Objects that could not be read as they were listed, how often, and why.
    unread: BTreeMap<Arc<str>, (Input, u32, Unread)>,
    /// Keys of those of them that the last round met or left out.
    unread_now: BTreeSet<Arc<str>>,
    /// Claims whose files would reject the same lines again.
    as_before: BTreeSet<(Partition, u64)>,
}

impl Refused {
    /// Leaves out of the plan of a round what was refused already.
    pub(super) fn leave_out_of(&mut self, plan: &mut Plan) {
        let to_read = plan.to_read().filter(|input| self.cannot_read(input));
        self.unread_now = to_read.map(|input| input.key.clone()).collect();
        plan.partitions.iter_mut().for_each(|plan| self.leave_out_of_partition(plan));
    }

    fn leave_out_of_partition(&self, plan: &mut PartitionPlan) {
        let PartitionPlan { partition, fresh, retry, remakes, .. } = plan;
        fresh.retain(|input| !self.cannot_read(input));
        retry.retain(|input| !self.objects.contains(&input.key) && !self.cannot_read(input));
        remakes.retain(|remake| !remake.inputs.iter().any(|input| self.cannot_read(input)));
        let is_as_before = |remake: &Remake| {
            remake.changed.is_empty() && self.as_before.contains(&(partition.clone(), remake.replaces))
        };
        remakes.retain(|remake| !is_as_before(remake));
    }

    /// Takes what a partition met.
    fn add(&mut self, partition: &Partition, outcome: &mut PartitionResult) {
        self.objects.append(&mut outcome.unreadable.drain(..).collect());
        self.as_before.extend(outcome.as_before.drain(..).map(|number| (partition.clone(), number)));
        for (input, why) in outcome.unread.drain(..) {
            let times =
                self.unread.get(&input.key).map_or(0, |(before, times, _)| if *before == input { *times } else { 0 });
            self.unread_now.insert(input.key.clone());
            self.unread.insert(input.key.clone(), (input, times + 1, why));
        }
    }

    /// Returns whether an object, as it is listed now, is not to be read again by this run: the store refuses it, or a new
    /// listing has again what is not there.
    fn cannot_read(&self, input: &Input) -> bool {
        let is_over = |times: u32, why: &Unread| matches!(why, Unread::Refused(_)) || times >= TIMES_LISTED;
        self.unread.get(&input.key).is_some_and(|(as_listed, times, why)| as_listed == input && is_over(*times, why))
    }

    /// Returns the objects that cannot be read, with the reasons.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = (&Arc<str>, &Unread)> {
        let is_now = |key: &Arc<str>, input: &Input| self.unread_now.contains(key) && self.cannot_read(input);
        let unread = self.unread.iter().filter(move |(key, (input, ..))| is_now(key, input));
        unread.map(|(key, (.., why))| (key, why))
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
            looked_for_readable: AtomicBool::new(false),
        })
    }

    /// Runs every partition that has something to do; returns whether to plan again.
    pub(super) fn all(
        &self,
        states: &mut BTreeMap<Partition, PartitionState>,
        report: &mut Report,
        (doubtful, refused): (&mut Doubtful, &mut Refused),
        doubled: &mut BTreeSet<(Date, String, String)>,
    ) -> Result<bool> {
        let to_do = self.plan.partitions.iter().filter(|plan| !plan.is_done());
        let work = to_do.map(|plan| (plan, states.remove(&plan.partition).unwrap_or_default())).collect();
        let done = in_parallel(self.partitions_at_once, work, |(plan, state)| {
            let mut ledger = self.table.open(plan.partition.clone(), state);
            let outcome = self.partition(plan, &mut ledger)?;
            Ok((plan, ledger.into_state(), outcome))
        })?;
        let mut again = false;
        for (plan, state, mut outcome) in done {
            refused.add(&plan.partition, &mut outcome);
            again |= outcome.again;
            report.rejects.extend(outcome.rejects);
            report.mixed.extend(outcome.mixed);
            let room = MAX_NAMED.saturating_sub(report.no_flow_logs.len());
            let no_flow_logs = outcome.no_flow_logs.iter().take(room);
            report.no_flow_logs.extend(no_flow_logs.map(|left| named(self.source, &left.key, &left.reason)));
            report.warnings.extend(outcome.warnings);
            report.not_merged.extend(outcome.not_merged);
            report.not_retried.extend(outcome.not_retried);
            report.objects_changed.extend(outcome.changed);
            report.files_in_doubt.extend(outcome.files_in_doubt);
            let pairs = recorded::doubled(state.history().map(|output| output.done.outcome.of_flow_logs()));
            doubled
                .extend(pairs.into_iter().map(|(one, other)| (plan.partition.day, one.to_owned(), other.to_owned())));
            states.insert(plan.partition.clone(), state);
            doubtful.extend(outcome.doubtful.iter().map(in_doubt));
            let partition = plan.partition.path();
            match report.partitions.iter_mut().find(|p| p.partition == partition) {
                Some(before) => before.counts.add(&outcome.counts),
                None => report.partitions.push(PartitionReport { partition, counts: outcome.counts }),
            }
        }
        Ok(again)
    }

    /// Stops the run if the store refuses all objects of the asked days: then it is not about this one or that.
    pub(super) fn stop_if_nothing_is_readable(&self, unread: &[(Input, Unread)]) -> Result<()> {
        if !unread.iter().any(|(_, why)| matches!(why, Unread::Refused(_))) || self.plan.total().converted > 0 {
            return Ok(());
        }
        let looked = self.looked_for_readable.swap(true, Ordering::Relaxed);
        if looked { Ok(()) } else { stop_if_none_is_readable(self.source, self.plan) }
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
        let [fresh, retry] = [&plan.fresh, &plan.retry].map(|inputs| self.without_doubt(inputs, ledger));
        // What was rejected before goes to files of its own, as it was tried: beside others it might be rejected again.
        let readable = self.readable_now(&retry, &mut outcome)?;
        let drafts = [&*fresh, &readable].map(|inputs| plan::drafts(inputs, &self.plan.options));
        for draft in drafts.into_iter().flatten() {
            let Some(claimed) = ledger.claim(draft)? else {
                outcome.again = true;
                break;
            };
            self.finish_claim(ledger, claimed, &mut outcome)?;
        }
        Ok(outcome)
    }

    /// Leaves out the objects that were rejected by a claim whose file is still not the recorded one: whoever put that file may have
    /// read their rows. They are claimed when it is made again; until then it is named.
    fn without_doubt<'i>(&self, inputs: &'i [Input], ledger: &PartitionLedger<'_>) -> Cow<'i, [Input]> {
        let source = &self.plan.options.source;
        let in_doubt = |input: &&Input| ledger.state().may_stand_in_altered(source, &input.key);
        if !inputs.iter().any(|input| in_doubt(&input)) {
            return Cow::Borrowed(inputs);
        }
        for input in inputs.iter().filter(in_doubt) {
            info!(object = %self.source.location().url_of(&input.key), "it waits: its rows may stand in a file that is not the recorded one");
            self.progress.advance(1, input.size, 0);
        }
        Cow::Owned(inputs.iter().filter(|input| !in_doubt(input)).cloned().collect())
    }
}

/// Stops a run whose every object is refused.
///
/// # Errors
/// Then, with the reason for the newest of them; and when the store fails.
pub(super) fn stop_if_none_is_readable(source: &Store, plan: &Plan) -> Result<()> {
    let mut to_read: Vec<Listed> = plan.to_read().filter(|input| input.size > 0).map(listed).collect();
    to_read.reverse();
    let Some((object, why)) = source.refused_all(&to_read)? else { return Ok(()) };
    let count = to_read.len();
    Err(Error::refused(format!("nothing can be read: none of the {count} objects of the asked days is given to us"))
        .at(source.location().url_of(&object.key))
        .because(why)
        .help("check credentials and policies, or restore what is archived; what can be read is converted when something can"))
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
