//! Reading without writing: what a claim would refuse is found before it is claimed.
//!
//! An object that was rejected before, or that is to take the place of rows, may not read to its end. Claimed all the same, it
//! would add entries to the ledger at every run, and rows that stand would have to stay. So it is read first, by the same
//! reader and in the same units as for its file, and only what is read to its end is claimed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::info;

use super::file::{listed, units};
use super::round::{PartitionResult, Round};
use super::unit::{self, Summary, UnitOptions};
use crate::error::Result;
use crate::ledger::claim::{Draft, Input};
use crate::ledger::entry::LeftOut;
use crate::plan::{self, PartitionPlan, Remake, STREAMED_OBJECT_BYTES};
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
                Some(object) => self.pool.install(|| unit::one_stream(&recipe, input, object, &mut drop)),
                None => Ok(Summary { vanished: Some(recipe.source.url_of(&input.key)), ..Summary::default() }),
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
            total.vanished = total.vanished.or(read.vanished);
        }
        Ok(total)
    }

    /// Returns those of the objects rejected before that read to their end now; names the others again.
    pub(super) fn readable_now(&self, inputs: &[Input], outcome: &mut PartitionResult) -> Result<Vec<Input>> {
        let mut refused: BTreeSet<&str> = BTreeSet::new();
        let mut rejected: Vec<LeftOut> = Vec::new();
        for draft in plan::drafts(inputs, &self.plan.options) {
            let read = self.trial(&draft)?;
            if read.vanished.is_some() {
                outcome.doubtful.extend(draft.work.inputs().iter().map(|input| input.key.clone()));
                outcome.again = true;
            }
            rejected.extend(read.outcome.rejected_objects);
        }
        for left in &rejected {
            refused.insert(&left.key);
            self.reject_again(left, outcome);
        }
        let (again, readable): (Vec<&Input>, Vec<&Input>) =
            inputs.iter().partition(|input| refused.contains(&*input.key));
        self.progress.advance(again.len() as u64, again.iter().map(|input| input.size).sum(), 0);
        Ok(readable.into_iter().cloned().collect())
    }

    /// Returns what is to be claimed to make an output again; or says why it keeps its old rows.
    pub(super) fn remake(
        &self,
        plan: &PartitionPlan,
        remake: &Remake,
        outcome: &mut PartitionResult,
    ) -> Result<Option<Draft>> {
        let draft = plan::remake(remake, &self.plan.options);
        let read = self.trial(&draft)?;
        if read.vanished.is_some() {
            outcome.doubtful.extend(remake.inputs.iter().map(|input| input.key.clone()));
            outcome.again = true;
            return Ok(None);
        }
        let Some(why) = read.unfinishable(&draft.work) else { return Ok(Some(draft)) };
        info!(partition = %plan.partition, claim = remake.replaces, reason = %without_text(&why), "its old rows are kept");
        let rejected = &read.outcome.rejected_objects;
        rejected.iter().filter(|left| is_changed(remake, left)).for_each(|left| self.reject_again(left, outcome));
        if let Some(name) = &remake.altered {
            let object = self.table.store().location().url_of(&format!("{}/{name}", plan.partition));
            outcome.files_in_doubt.push(Named { object, line: None, byte: None, reason: plan::in_doubt(&why) });
        } else if remake.changed.is_empty() {
            outcome.warnings.push(plan::stuck_rejects(&plan.partition, remake.rejected_rows, &why));
        }
        // Whoever changed and can be read waits for those of its file that cannot.
        for input in &remake.changed {
            let object = self.source.location().url_of(&input.key);
            outcome.changed.push(Named { object, line: None, byte: None, reason: plan::stuck(&why) });
        }
        Ok(None)
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
