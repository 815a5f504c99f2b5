//! Reading without writing: what a claim would refuse is found before it is claimed.
//!
//! An object that was rejected before, or that is to take the place of rows, may not read to its end. Claimed all the same, it
//! would add entries to the ledger at every run, and rows that stand would have to stay. So it is read first, by the same
//! reader and in the same units as for its file, and only what is read to its end is claimed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::info;

use super::file::units;
use super::round::{PartitionResult, Round, not_retried};
use super::unit::{self, Summary, UnitOptions, listed};
use crate::error::Result;
use crate::ledger::claim::{Draft, Input, RawObjects, Work};
use crate::ledger::entry::LeftOut;
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::plan::{self, Remake, STREAMED_OBJECT_BYTES};
use crate::record::header::without_text;
use crate::report::{MAX_NAMED, Named};

impl Round<'_> {
    /// Reads what is to be claimed, and makes nothing of it.
    ///
    /// # Errors
    /// When SOURCE's store fails.
    pub(super) fn trial(&self, draft: &Draft) -> Result<Summary> {
        let recipe = UnitOptions::new(draft.log_type, &draft.options, None, self.max_text, self.source.location())?;
        let inputs = draft.work.inputs();
        if let [input] = inputs
            && input.size >= STREAMED_OBJECT_BYTES
        {
            return match self.source.read_in_pieces(&listed(input))? {
                Ok(object) => self.pool.install(|| unit::one_stream(&recipe, input, object, &mut drop)),
                Err(why) => Ok(Summary::of_unread(input, why)),
            };
        }
        let mut total = Summary::default();
        let units = units(inputs);
        let groups = units.iter().map(|unit| unit.iter().map(listed).collect()).collect();
        let mut fetches = self.source.fetch(groups, &self.budget);
        for unit in units {
            let mut fetched = fetches.wait()?;
            let objects = unit.iter().cloned().zip(fetched.bodies.drain(..)).collect();
            let read = self.pool.install(|| unit::whole_objects(&recipe, objects, &mut drop))?;
            total.outcome.rejected_objects.extend(read.outcome.rejected_objects);
            total.outcome.rejected_rows += read.outcome.rejected_rows;
            total.lines.add_all(read.lines);
            total.named.extend(read.named.into_iter().take(MAX_NAMED.saturating_sub(total.named.len())));
            total.unread.extend(read.unread);
        }
        Ok(total)
    }

    /// Returns those of the objects, rejected before or hard to read, that read to their end now; names the others.
    pub(super) fn readable_now(&self, inputs: &[Input], outcome: &mut PartitionResult) -> Result<Vec<Input>> {
        let mut refused: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut rejected: Vec<LeftOut> = Vec::new();
        for draft in plan::drafts(inputs, &self.plan.options) {
            let read = self.trial(&draft)?;
            if read.is_outdated() {
                outcome.doubtful.extend_from_slice(draft.work.inputs());
                outcome.again = true;
            }
            self.stop_if_nothing_is_readable(&read.unread)?;
            refused.extend(read.unread.iter().map(|(input, _)| input.key.clone()));
            outcome.unread.extend(read.unread);
            rejected.extend(read.outcome.rejected_objects);
        }
        for left in &rejected {
            refused.insert(left.key.clone());
            self.reject_again(left, outcome);
        }
        let (again, readable): (Vec<&Input>, Vec<&Input>) =
            inputs.iter().partition(|input| refused.contains(&input.key));
        self.progress.advance(again.len() as u64, again.iter().map(|input| input.size).sum(), 0);
        Ok(readable.into_iter().cloned().collect())
    }

    /// Returns what is to be claimed to make an output again; or says why it keeps its old rows, or the same rejects.
    pub(super) fn remake(
        &self,
        ledger: &PartitionLedger<'_>,
        remake: &Remake,
        outcome: &mut PartitionResult,
    ) -> Result<Option<Draft>> {
        let draft = plan::remake(remake, &self.plan.options);
        let read = self.trial(&draft)?;
        if read.is_outdated() {
            outcome.doubtful.extend_from_slice(&remake.inputs);
            outcome.unread.extend(read.unread);
            outcome.again = true;
            return Ok(None);
        }
        let partition = ledger.partition();
        let Some(why) = read.unfinishable(&draft.work, self.source.location()) else {
            let as_it_was = remake.changed.is_empty() && remake.altered.is_none();
            if as_it_was && self.rejects_the_same(ledger, remake, &draft, &read)? {
                info!(%partition, claim = remake.replaces, lines = remake.rejected_rows, "the same lines are rejected again");
                self.reject_lines_again(remake, read, outcome);
                return Ok(None);
            }
            return Ok(Some(draft));
        };
        info!(%partition, claim = remake.replaces, reason = %without_text(&why), "its old rows are kept");
        if read.unread.is_empty()
            && let Some(left) = self.readable_alone(&draft, &read)?
        {
            let why = plan::no_longer_together(&self.source.location().url_of(&left.key), &left.reason);
            self.keep_old(partition, remake, &why, outcome);
            return Ok(None);
        }
        let rejected = &read.outcome.rejected_objects;
        rejected.iter().filter(|left| is_changed(remake, left)).for_each(|left| self.reject_again(left, outcome));
        self.keep_old(partition, remake, &why, outcome);
        Ok(None)
    }

    /// Names what keeps its old rows, or its rejected lines, since its file cannot be made again.
    fn keep_old(&self, partition: &Partition, remake: &Remake, why: &str, outcome: &mut PartitionResult) {
        if let Some(name) = &remake.altered {
            let location = self.table.store().location();
            let object = location.url_of(&location.key(&format!("{partition}/{name}")));
            outcome.files_in_doubt.push(Named { object, line: None, byte: None, reason: plan::in_doubt(why) });
        } else if remake.changed.is_empty() {
            outcome.not_retried.push(not_retried(partition, remake.rejected_rows, why));
        }
        // Whoever changed and can be read waits for those of its file that cannot.
        for input in &remake.changed {
            let object = self.source.location().url_of(&input.key);
            outcome.changed.push(Named { object, line: None, byte: None, reason: plan::stuck(why) });
        }
    }

    /// Returns the first of the objects that do not read to their end, if each of them does when nothing is read before it: they
    /// have more unknown fields together than one file may have.
    fn readable_alone<'r>(&self, draft: &Draft, read: &'r Summary) -> Result<Option<&'r LeftOut>> {
        if draft.work.inputs().len() < 2 {
            return Ok(None);
        }
        for left in &read.outcome.rejected_objects {
            let Some(input) = draft.work.inputs().iter().find(|input| input.key == left.key) else { return Ok(None) };
            let Some(objects) = draft.work.objects() else { return Ok(None) };
            let objects = RawObjects { inputs: vec![input.clone()], ..objects.clone() };
            let alone = self.trial(&Draft { work: Work::Convert(objects), ..draft.clone() })?;
            if !alone.unread.is_empty() || !alone.outcome.rejected_objects.is_empty() {
                return Ok(None);
            }
        }
        Ok(read.outcome.rejected_objects.first())
    }

    /// Returns whether a file made again would reject the very lines that it does now, read in the same way.
    fn rejects_the_same(
        &self,
        ledger: &PartitionLedger<'_>,
        remake: &Remake,
        draft: &Draft,
        read: &Summary,
    ) -> Result<bool> {
        let state = ledger.state();
        let read_before = state.trace(remake.replaces);
        let Some(output) = state.outputs().find(|output| output.number == remake.replaces) else { return Ok(false) };
        if read_before.iter().any(|(claim, ..)| claim.options.log_format != draft.options.log_format) {
            return Ok(false);
        }
        let kept = self.table.rejected_lines(ledger.partition(), &output.claim)?;
        Ok(kept.is_some_and(|kept| kept == read.lines))
    }

    /// Names lines that were tried again and are rejected again; the file that was made without them stands.
    fn reject_lines_again(&self, remake: &Remake, read: Summary, outcome: &mut PartitionResult) {
        let lines = read.outcome.rejected_rows;
        outcome.counts.rows_read += lines;
        outcome.counts.rejected_rows += lines;
        outcome.rejects.extend(read.named.into_iter().take(MAX_NAMED.saturating_sub(outcome.rejects.len())));
        outcome.as_before.push(remake.replaces);
        let bytes = remake.inputs.iter().map(|input| input.size).sum();
        self.progress.advance(remake.inputs.len() as u64, bytes, 0);
    }

    /// Names an object that does not read to its end; its entry, if it has one, stands.
    fn reject_again(&self, LeftOut { key, reason }: &LeftOut, outcome: &mut PartitionResult) {
        let object = self.source.location().url_of(key);
        info!(object, reason = %without_text(reason), "object rejected");
        outcome.counts.objects_rejected += 1;
        outcome.unreadable.push(Arc::clone(key));
        if outcome.rejects.len() < MAX_NAMED {
            outcome.rejects.push(Named { object, line: None, byte: None, reason: reason.clone() });
        }
    }
}

fn is_changed(remake: &Remake, left: &LeftOut) -> bool {
    remake.changed.iter().any(|input| input.key == left.key)
}
