//! Notes of replacements under way, so that a stop in the middle of one is put right by the next run of anything.
//!
//! Between the file of a replacement and the deletion of what it replaces readers see rows twice. A run of other days
//! reads nothing of that partition's ledger, and would leave it so for good. Hence a note
//! `_flowparquet/replacing/<partition>/<output>.json`: written after the replace entry and before its file, deleted when the
//! replaced files are gone. Every run that writes lists their folder first, which is one request. A note decides nothing:
//! what is to be done is in the ledger.
//!
//! A note without its entry would tell nobody whether the entry is still to come: whoever deleted it might delete one that is
//! needed a moment later. So the entry comes first, and a note is deleted only by who read the end of its claim. Versions
//! before 0.2 wrote the note first; one that they left without an entry stays, and means nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::Claim;
use super::entry::{OWN_FOLDER, VERSION};
use super::partition::Partition;
use super::partition_ledger::PartitionLedger;
use super::table::{Table, tool_name};
use crate::error::{Error, Result};

impl Table {
    /// Returns the partitions in which files are being replaced, or were when a run was stopped, and the names of the
    /// files that take their place.
    ///
    /// # Errors
    /// When the listing fails.
    pub(crate) fn replacing(&self) -> Result<BTreeMap<Partition, BTreeSet<String>>> {
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
}

impl PartitionLedger<'_> {
    /// Notes that the file of a claim is about to take the place of others.
    pub(super) fn note_replacing(&self, claim: &Claim) -> Result<()> {
        let note = serde_json::json!({ "version": VERSION, "tool": tool_name(), "time": crate::days::now() });
        let text = serde_json::to_string_pretty(&note).map_err(|e| Error::stopped("cannot write").because(e))?;
        self.table().store().put(&self.note_key(&claim.output), text)
    }

    /// Deletes the note: what was replaced is gone, or the claim was given up.
    pub(super) fn forget_replacing(&self, claim: &Claim) -> Result<()> {
        self.forget_note(&claim.output)
    }

    /// Deletes the note of a replacement that is over.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    pub fn forget_note(&self, output: &str) -> Result<()> {
        self.table().store().delete(&self.note_key(output))
    }

    fn note_key(&self, output: &str) -> String {
        let key = format!("{OWN_FOLDER}/replacing/{}/{output}.json", self.partition());
        self.table().store().location().key(&key)
    }
}
