//! Notes of replacements under way, so that a stop in the middle of one is put right by the next run of anything.
//!
//! Between the file of a replacement and the deletion of what it replaces readers see rows twice. A run of other days
//! reads nothing of that partition's ledger, and would leave it so for good. Hence a note
//! `_flowparquet/replacing/<partition>/<output>.json`: written before the replace entry, deleted when the replaced files
//! are gone. Every run that writes lists their folder first, which is one request. A note decides nothing: what is to
//! be done is in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Claim, OWN_FOLDER, VERSION};
use super::partition::Partition;
use super::table::{Table, tool_name};
use crate::error::{Error, Result};

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
        self.forget_note(partition, &claim.output)
    }

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

    /// Deletes the note of a replacement that is over.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    pub(crate) fn forget_note(&self, partition: &Partition, output: &str) -> Result<()> {
        self.store().delete(&self.note_key(partition, output))
    }

    fn note_key(&self, partition: &Partition, output: &str) -> String {
        self.store().location().key(&format!("{OWN_FOLDER}/replacing/{partition}/{output}.json"))
    }
}
