//! Making a file visible exactly once, on stores that know nothing but atomic PUT and create-if-absent.
//!
//! Steps of one output, and what a stop after each of them means:
//!
//! | stopped after | readers see | the next run |
//! |---|---|---|
//! | nothing | the old rows | claims |
//! | 1 **claim**: these inputs will become this key | the old rows | finishes the claim as recorded |
//! | 2 **rejects** of these inputs, under `_flowparquet/rejects/` | the old rows | finishes the claim; same key, same bytes |
//! | in the middle of 3 | the old rows (an upload is visible only when complete) | finishes the claim |
//! | 3 **file**, one PUT or completed upload | the new rows, once | finds the file, reads its footer, writes done |
//! | 4 **done** | the new rows, once | nothing to do |
//!
//! A **replace** entry is a claim whose output takes the place of others: made again of raw objects of which one
//! changed, or merged from the files it replaces. Its steps are the same, and one more:
//!
//! | stopped after | readers see | the next run |
//! |---|---|---|
//! | 1 **replace** | the old rows | finishes it as recorded |
//! | 2 **note** that it is under way, then rejects | the old rows | finishes it as recorded |
//! | 3 **file** | the rows of old and new files, hence rows twice | finds the file, writes done, goes on with 5 |
//! | 4 **done** | as after 3 | deletes the replaced files and their rejects |
//! | 5 **delete** of what it replaces | the new rows, once | deletes the note |
//!
//! From 3 on the next run may be one of any days: it finds the note ([`super::replacing`]). Before that rows stand once,
//! and the next run of the day goes on.
//!
//! The output key is a hash of the claim, and bytes follow from the claim alone: two writers that finish the same
//! claim write the same object. Inputs of a claim are never claimed again, so that no row can come from two claims.
//! A claim whose inputs are gone is abandoned by an entry of its own, which frees those that are left. A file that a
//! slow writer puts where it was abandoned or replaced meanwhile is removed by whoever sees it first: its writer, who
//! reads on in the ledger, or the next run that touches the partition, which lists its folder.
//!
//! [`PartitionLedger`] has these steps, and [`super::stages`] a type for each stage between them.

use std::collections::{BTreeSet, HashMap};

use tracing::{debug, info};

use super::claim::{Claim, Draft};
use super::entry::{Abandon, Done, Entry, Outcome, OutputFile, Record, VERSION, Verified};
use super::files::LeftBehind;
use super::partition::Partition;
use super::stages::{Claimed, Ended, Written};
use super::state::{Output, PartitionState};
use super::table::{Table, tool_name};
use crate::error::{Error, Result};
use crate::record::header::without_text;
use crate::store::upload::Upload;
use crate::store::{Created, name_of};

/// The ledger of one partition, and the only way to write to it.
#[derive(Debug)]
pub struct PartitionLedger<'t> {
    table: &'t Table,
    partition: Partition,
    state: PartitionState,
}

/// What lay in a partition's folder and does not belong there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tidied {
    /// URLs of objects and folders that no claim names. Queries read them; they are left alone.
    pub foreign: Vec<String>,
    /// Leftovers that were removed.
    pub removed: u64,
    /// Claims whose files do not lie there, or with another size than they were written with.
    pub doubtful: BTreeSet<u64>,
}

/// Returns whether two writers of a claim put the same file, or the second one none: then it left the first one's alone.
/// Those of older versions have no hash where they were found complete.
fn same_file(recorded: Option<&OutputFile>, ours: Option<&OutputFile>) -> bool {
    match (recorded, ours) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(a), Some(b)) => {
            let hashes = a.sha256.as_ref().zip(b.sha256.as_ref());
            a.bytes == b.bytes && hashes.is_none_or(|(a, b)| a == b)
        }
    }
}

/// Returns whether the second writer of a claim, if it put no file, left the rejects of the first one alone: both have the same name.
fn left_rejects_alone(recorded: &Done, ours: &Done) -> bool {
    let (recorded_outcome, outcome) = (&recorded.outcome, &ours.outcome);
    let same = outcome.rejected_rows == recorded_outcome.rejected_rows
        && outcome.rejected_objects == recorded_outcome.rejected_objects
        && outcome.other_type == recorded_outcome.other_type
        && outcome.no_flow_logs == recorded_outcome.no_flow_logs;
    let has_none = outcome.rejected_rows + outcome.left_out_objects() == 0;
    ours.file.is_some() || recorded.file.is_none() || has_none || same
}

impl Table {
    /// Opens a partition's ledger with what [`Table::load`] read of it.
    pub(crate) fn open(&self, partition: Partition, state: PartitionState) -> PartitionLedger<'_> {
        PartitionLedger { table: self, partition, state }
    }

    /// Opens a partition's ledger and reads it.
    ///
    /// # Errors
    /// When it cannot be read, is damaged or newer than this program.
    pub(crate) fn read(&self, partition: Partition) -> Result<PartitionLedger<'_>> {
        let state = self.load_one(&partition)?;
        let mut ledger = self.open(partition, state);
        ledger.catch_up()?;
        Ok(ledger)
    }
}

impl PartitionLedger<'_> {
    /// Returns the table that it is a partition of.
    pub fn table(&self) -> &Table {
        self.table
    }

    /// Returns the partition.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Returns what its entries add up to, as far as they were read.
    pub fn state(&self) -> &PartitionState {
        &self.state
    }

    /// Gives back what its entries add up to.
    pub fn into_state(self) -> PartitionState {
        self.state
    }

    /// Claims what is planned, and gives it the name of its output. Returns `None` if another writer took the number, or took
    /// before what the claim needs: the state may have learnt of that since the claim was planned.
    ///
    /// If the number was taken, the state knows the entry that stands there now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn claim(&mut self, draft: Draft) -> Result<Option<Claimed>> {
        let partition = &self.partition;
        if self.state.conflicts_with(&draft) {
            info!(%partition, "another run claimed the same");
            return Ok(None);
        }
        // A name is never used again: what lies under that of an abandoned or replaced claim can be deleted at any time.
        let names = (0..).map(|attempt| draft.output_name(partition, attempt));
        let output = names.into_iter().find(|name| !self.state.knows(name)).unwrap_or_default();
        let claim = draft.named(output);
        let replaces = claim.work.replaces().len();
        let entry = if replaces > 0 { Entry::Replace(claim.clone()) } else { Entry::Claim(claim.clone()) };
        if self.append(entry)? {
            let (partition, number) = (&self.partition, self.state.last_number());
            let (output, objects) = (&claim.output, claim.work.inputs().len());
            info!(%partition, claim = number, output, objects, replaces, "claimed");
            return Ok(Some(Claimed::new(number, claim, false)));
        }
        info!(partition = %self.partition, "another run took the number of the claim");
        Ok(None)
    }

    /// Begins to write a claim's file. If it takes the place of others, a note says so from here on: see [`super::replacing`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn begin_file(&self, claimed: &Claimed) -> Result<Upload> {
        let claim = claimed.claim();
        if !claim.work.replaces().is_empty() {
            self.note_replacing(claim)?;
        }
        let (key, staging) = (self.table.output_key(&self.partition, claim), self.table.staging_key(claim));
        Ok(self.table.store().upload(&key, &staging))
    }

    /// Begins to write what a claim rejects. To be finished before its file is, so that no rows are visible without their rejects.
    pub fn begin_rejects(&self, claimed: &Claimed) -> Upload {
        let claim = claimed.claim();
        let staging = format!("{}-rejects", self.table.staging_key(claim));
        self.table.store().upload(&self.table.rejects_key(&self.partition, claim), &staging)
    }

    /// Looks for what another run left of a claim; of one that is new there is nothing to be found.
    ///
    /// # Errors
    /// When the store fails, and a usage error if something else lies under the name of its file.
    pub fn find_written(&mut self, claimed: Claimed) -> Result<LeftBehind> {
        if !claimed.is_begun_before() {
            return Ok(LeftBehind::Nothing(claimed));
        }
        let number = claimed.number();
        self.table.find_written(&self.partition, claimed).or_else(|failed| {
            // Whoever ended the claim meanwhile may have deleted what was about to be read.
            let open = |state: &PartitionState| state.unfinished().any(|(open, _)| open == number);
            if self.catch_up().is_err() || open(&self.state) {
                return Err(failed);
            }
            info!(partition = %self.partition, claim = number, "another run ended the claim meanwhile");
            Ok(LeftBehind::EndedMeanwhile)
        })
    }

    /// Records that a claim is done, unless another writer recorded its end before, and clears up behind it.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    pub fn finish(&mut self, written: &Written) -> Result<Ended> {
        let ended = self.done(written)?;
        self.settle(written.claim(), ended)?;
        Ok(ended)
    }

    fn done(&mut self, written: &Written) -> Result<Ended> {
        let done = written.done();
        loop {
            let partition = &self.partition;
            if let Some(recorded) = self.state.done(done.claim) {
                let same = same_file(recorded.file.as_ref(), done.file.as_ref()) && left_rejects_alone(recorded, done);
                info!(%partition, claim = done.claim, same, "another run finished the claim");
                return Ok(if same { Ended::DoneByAnother } else { Ended::Contested });
            }
            if self.state.is_abandoned(done.claim) {
                info!(%partition, claim = done.claim, "another run gave the claim up");
                return Ok(Ended::AbandonedByAnother);
            }
            if self.append(Entry::Done(done.clone()))? {
                let Outcome { rows, rejected_rows, .. } = done.outcome;
                let bytes = done.file.as_ref().map(|file| file.bytes);
                info!(partition = %self.partition, claim = done.claim, rows, rejected_rows, bytes, "done");
                return Ok(Ended::Done);
            }
        }
    }

    /// Clears up behind a claim that came to its end: what it replaces goes, and its own file where other writers went
    /// on meanwhile and it does not belong there any more.
    fn settle(&mut self, claim: &Claim, ended: Ended) -> Result<()> {
        if ended != Ended::Done {
            self.catch_up()?;
            self.delete_leftover(claim)?;
        }
        if ended != Ended::AbandonedByAnother {
            self.remove_replaced(claim)?;
        }
        if !claim.work.replaces().is_empty() {
            self.forget_replacing(claim)?;
        }
        Ok(())
    }

    /// Deletes what a finished claim replaces.
    fn remove_replaced(&self, claim: &Claim) -> Result<()> {
        for Output { number, claim, done, .. } in self.state.replaced(claim) {
            info!(partition = %self.partition, claim = number, output = claim.output, "replaced: its file is deleted");
            let store = self.table.store();
            store.delete(&self.table.rejects_key(&self.partition, claim))?;
            if done.file.is_some() {
                store.delete(&self.table.output_key(&self.partition, claim))?;
            }
        }
        Ok(())
    }

    /// Deletes a claim's file if it does not belong there any more: another writer may have put it.
    fn delete_leftover(&self, claim: &Claim) -> Result<()> {
        if self.state.leftovers().any(|left| left.output == claim.output) {
            self.delete(claim)
        } else if self.state.has_no_file(&claim.output) {
            self.table.store().delete(&self.table.output_key(&self.partition, claim))
        } else {
            Ok(())
        }
    }

    /// Deletes a claim's file: rejects first, so that none is left of a file that is gone.
    fn delete(&self, claim: &Claim) -> Result<()> {
        self.table.store().delete(&self.table.rejects_key(&self.partition, claim))?;
        self.table.store().delete(&self.table.output_key(&self.partition, claim))
    }

    /// Looks into the partition's folder: removes leftovers, whose rows would be there twice, and names what is not ours.
    ///
    /// # Errors
    /// When the store fails.
    pub fn tidy(&self) -> Result<Tidied> {
        let Self { table, partition, state } = self;
        let location = table.store().location();
        let mut tidied = Tidied::default();
        let mut unknown = Vec::new();
        let file_of =
            |output: &Output| Some((output.claim.output.clone(), (output.number, output.done.file.as_ref()?.bytes)));
        let mut absent: HashMap<String, (u64, u64)> = state.outputs().filter_map(file_of).collect();
        for level in table.store().list_levels(&[location.key(&partition.path())])? {
            for object in level.objects {
                let name = name_of(&object.key);
                if absent.get(name).is_some_and(|(_, bytes)| *bytes == object.size) {
                    absent.remove(name);
                }
                if let Some(claim) = state.leftovers().find(|claim| claim.output == name) {
                    info!(%partition, object = %location.url_of(&object.key), "a stopped run left this file: it is deleted");
                    self.delete(claim)?;
                    tidied.removed += 1;
                } else if state.has_no_file(name) {
                    info!(%partition, object = %location.url_of(&object.key), "the ledger says that there is no such file: it is deleted");
                    table.store().delete(&object.key)?;
                    tidied.removed += 1;
                } else if !state.is_live(name) {
                    unknown.push(object.key);
                }
            }
            tidied.foreign.extend(level.folders.iter().map(|folder| location.url_of(folder)));
        }
        // Readers may follow links that we do not.
        let folder = format!("{}/", location.key(&partition.path()));
        let links = table.store().links_passed_over().into_iter().filter(|(key, _)| key.starts_with(&folder));
        tidied.foreign.extend(links.map(|(key, _)| location.url_of(&key)));
        tidied.doubtful = absent.into_values().map(|(number, _)| number).collect();
        if !unknown.is_empty() {
            // Other runs may have written them since.
            let mut now = table.open(partition.clone(), state.clone());
            now.catch_up()?;
            unknown.retain(|key| !now.state.knows(name_of(key)));
            tidied.foreign.extend(unknown.iter().map(|key| location.url_of(key)));
        }
        for object in &tidied.foreign {
            info!(%partition, object, "flowparquet did not write this: it is left alone");
        }
        Ok(tidied)
    }

    /// Returns whether a claim's file still belongs to the table, by what stands in the ledger now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_still_live(&self, claim: &Claim) -> Result<bool> {
        let mut now = self.table.open(self.partition.clone(), self.state.clone());
        now.catch_up()?;
        Ok(now.state.is_live(&claim.output))
    }

    /// Records that a claim will never be finished, unless another writer recorded its end before, and clears up behind it;
    /// returns whether it is abandoned now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn abandon(&mut self, claimed: &Claimed, reason: &str) -> Result<bool> {
        self.abandon_unreadable(claimed, reason, Vec::new())
    }

    /// As [`PartitionLedger::abandon`], and records which of its objects could not be read.
    ///
    /// # Errors
    /// As there.
    pub fn abandon_unreadable(&mut self, claimed: &Claimed, reason: &str, unreadable: Vec<String>) -> Result<bool> {
        let (number, claim) = (claimed.number(), claimed.claim());
        let entry = Entry::Abandon(Abandon { claim: number, reason: reason.to_owned(), unreadable });
        while self.state.unfinished().any(|(open, _)| open == number) {
            self.append(entry.clone())?;
        }
        let abandoned = self.state.is_abandoned(number);
        let partition = &self.partition;
        info!(%partition, claim = number, abandoned, reason = %without_text(reason), "the claim cannot be finished");
        // Whoever else worked at it may have been stopped before it cleared up.
        self.settle(claim, if abandoned { Ended::AbandonedByAnother } else { Ended::DoneByAnother })?;
        Ok(abandoned)
    }

    /// Records that what is there was found to be right; returns false, and records nothing, if another writer was
    /// faster: then it may have changed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn verified(&mut self, verified: Verified) -> Result<bool> {
        self.append(Entry::Verified(verified))
    }

    /// Reads the entries that other writers added since.
    pub(super) fn catch_up(&mut self) -> Result<()> {
        let store = self.table.store();
        loop {
            let number = self.state.last_number() + 1;
            let key = self.table.entry_key(&self.partition, number);
            let Some(text) = store.get_own(&key)? else { return Ok(()) };
            let place = store.location().url_of(&key);
            self.state.add(number, Record::of(&self.partition, number, &text, &place)?, &place)?;
        }
    }

    /// Writes the next entry; returns false if its number was taken, after adding what stands there to the state.
    fn append(&mut self, entry: Entry) -> Result<bool> {
        let store = self.table.store();
        let number = self.state.last_number() + 1;
        let key = self.table.entry_key(&self.partition, number);
        let place = store.location().url_of(&key);
        let (tool, run, time) = (tool_name(), self.table.run().to_owned(), crate::days::now());
        let record = Record { version: VERSION, tool, run, time, entry };
        match store.create(&key, record.to_json()?)? {
            Created::Yes => {
                debug!(object = place, "ledger entry written");
                self.state.add(number, record, &place)?;
                Ok(true)
            }
            Created::AlreadyThere => {
                let there = store.get_own(&key)?.ok_or_else(|| Error::stopped("a ledger entry vanished").at(&place))?;
                let there = Record::of(&self.partition, number, &there, &place)?;
                // The answer to our own create may have been lost, and the retry found our own entry.
                let ours = there == record;
                self.state.add(number, there, &place)?;
                Ok(ours)
            }
        }
    }
}
