//! Notes of replacements under way, so that a stop in the middle of one is put right by the next run of anything.
//!
//! Between the file of a replacement and the deletion of what it replaces readers see rows twice. A run of other days
//! reads nothing of that partition's ledger, and would leave it so for good. Hence a note
//! `_flowparquet/replacing/<partition>/<output>.json`: written before the replace entry, deleted when the replaced files
//! are gone. Every run that writes lists their folder first, which is one request. A note decides nothing: what is to
//! be done is in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::{Table, tool_name};
use super::ledger::{Claim, OWN_FOLDER, PartitionState, VERSION};
use super::merge::Merged;
use super::partition::Partition;
use crate::error::{Error, Result};

/// What became of the replacements that stopped runs had begun in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The partition.
    pub partition: Partition,
    /// Replacements that are finished now.
    pub finished: u64,
    /// Files that were removed because others had taken their place.
    pub removed: u64,
    /// Replacements that wait for a run that has their raw objects; the old rows stand meanwhile, once.
    pub waiting: u64,
}

impl Resumed {
    /// Returns what a person should know of it, if anything.
    pub fn explain(&self) -> Option<String> {
        let Self { partition, finished, removed, waiting } = self;
        if *waiting > 0 {
            return Some(format!(
                "a stopped run was about to replace a file of {partition}: run convert of that day to finish it"
            ));
        }
        (finished + removed > 0)
            .then(|| format!("a run was stopped while it replaced files of {partition}: this is finished now"))
    }
}

impl Table {
    /// Notes that a claim is about to replace others.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn note_replacing(&self, partition: &Partition, claim: &Claim) -> Result<()> {
        let note = serde_json::json!({ "version": VERSION, "tool": tool_name(), "time": crate::days::now() });
        let text = serde_json::to_string_pretty(&note).map_err(|e| Error::stopped("cannot write").because(e))?;
        self.store().put(&self.note_key(partition, &claim.output), text)
    }

    /// Deletes the note: what was replaced is gone, or the claim was given up.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    pub(super) fn forget_replacing(&self, partition: &Partition, claim: &Claim) -> Result<()> {
        self.store().delete(&self.note_key(partition, &claim.output))
    }

    /// Returns the partitions in which files are being replaced, or were when a run was stopped, and the names of the
    /// files that take their place.
    ///
    /// # Errors
    /// When the listing fails.
    pub fn replacing(&self) -> Result<BTreeMap<Partition, BTreeSet<String>>> {
        let root = self.store().location().key(&format!("{OWN_FOLDER}/replacing"));
        let mut found: BTreeMap<Partition, BTreeSet<String>> = BTreeMap::new();
        for object in self.store().list_all(std::slice::from_ref(&root))?.into_iter().flatten() {
            let below = object.key.strip_prefix(&root).unwrap_or_default().trim_start_matches('/');
            let Some((folder, name)) = below.rsplit_once('/') else { continue };
            if let (Some(partition), Some(output)) = (Partition::parse(folder), name.strip_suffix(".json")) {
                found.entry(partition).or_default().insert(output.to_owned());
            }
        }
        Ok(found)
    }

    /// Finishes what stopped runs had begun to replace, on any day.
    ///
    /// Merges are finished; a file that is made again from raw objects only if it is there already: else its old rows
    /// stand, once, and a `convert` of its day and SOURCE makes it.
    ///
    /// # Errors
    /// When the store fails or a ledger is damaged.
    pub fn finish_replacing(&self) -> Result<Vec<Resumed>> {
        let noted = self.replacing()?.into_iter();
        noted.map(|(partition, outputs)| self.finish_replacing_in(partition, &outputs)).collect()
    }

    fn finish_replacing_in(&self, partition: Partition, outputs: &BTreeSet<String>) -> Result<Resumed> {
        let mut state = PartitionState::default();
        self.catch_up(&partition, &mut state)?;
        let begun: Vec<(u64, Claim)> = state
            .unfinished()
            .filter(|(_, claim)| outputs.contains(&claim.output))
            .map(|(number, claim)| (number, claim.clone()))
            .collect();
        let mut finished = 0;
        for (number, claim) in begun {
            if claim.is_merge() {
                finished +=
                    u64::from(self.finish_merge(&partition, &mut state, number, &claim, true)? != Merged::ByAnother);
            } else if let Some((done, _)) = self.find_complete(&partition, number, &claim)? {
                let ended = self.done(&partition, &mut state, &done)?;
                self.settle(&partition, &mut state, &claim, ended)?;
                finished += 1;
            }
        }
        let removed = self.tidy(&partition, &state)?.removed;
        let open: BTreeSet<&str> = state.unfinished().map(|(_, claim)| claim.output.as_str()).collect();
        let (waiting, over): (Vec<&String>, Vec<&String>) = outputs.iter().partition(|o| open.contains(o.as_str()));
        for output in over {
            self.store().delete(&self.note_key(&partition, output))?;
        }
        Ok(Resumed { waiting: waiting.len() as u64, partition, finished, removed })
    }

    fn note_key(&self, partition: &Partition, output: &str) -> String {
        self.store().location().key(&format!("{OWN_FOLDER}/replacing/{partition}/{output}.json"))
    }
}
