//! Reading a ledger, and the files that it names, while other runs go on.
//!
//! In: what a listing showed, or a state that was read a moment ago. Out: the same with what was added since. Other runs
//! add entries, and then delete files that these entries replace; so a reader that misses something asks the ledger again,
//! and only what the ledger still names is really missing.

use std::collections::BTreeMap;

use tracing::info;

use super::partition::{Partition, PartitionBy};
use super::rejects::Reject;
use super::state::PartitionState;
use super::table::Table;
use crate::days::Days;
use crate::error::Result;

/// How often something is read again because other runs went on meanwhile.
pub const MAX_TURNS: usize = 5;

impl Table {
    /// Adds the entries that are there and that a listing does not show. `found` is sorted, and stays so.
    ///
    /// A folder of the local disk that others write to is not listed in one moment: of more than a thousand entries, one
    /// may be passed over that was there before. What is really missing stays missing.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn ask_for_missing(&self, found: &mut Vec<(Partition, u64)>) -> Result<()> {
        let mut missing = Vec::new();
        let mut last: Option<&(Partition, u64)> = None;
        for entry in found.iter() {
            let (partition, number) = entry;
            let before = last.filter(|(of, _)| of == partition).map_or(0, |(_, number)| *number);
            for number in before + 1..*number {
                if self.store().head(&self.entry_key(partition, number))?.is_none() {
                    break;
                }
                missing.push((partition.clone(), number));
            }
            last = Some(entry);
        }
        if !missing.is_empty() {
            info!(entries = missing.len(), "the listing passed over entries of the ledger");
            found.append(&mut missing);
            found.sort();
        }
        Ok(())
    }

    /// Reads the ledgers of these days, and what `read` reads of their files; again, if that fails and other runs added
    /// entries meanwhile.
    ///
    /// # Errors
    /// When it fails though nobody went on, or other runs went on for too long.
    pub fn settled<T>(
        &self,
        days: &Days,
        by: PartitionBy,
        mut read: impl FnMut(&BTreeMap<Partition, PartitionState>) -> Result<T>,
    ) -> Result<T> {
        let mut states = self.load(days, by)?;
        for turn in 1.. {
            let failed = match read(&states) {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            let now = self.load(days, by)?;
            if now == states || turn == MAX_TURNS {
                return Err(failed);
            }
            info!(turn, %failed, "other runs went on meanwhile: read again");
            states = now;
        }
        read(&states)
    }

    /// Returns what `Table::rejects` does, of the partition as it is when all of it is read.
    ///
    /// # Errors
    /// As `Table::rejects`.
    pub fn rejects_now(&self, partition: &Partition, state: PartitionState) -> Result<Vec<Reject>> {
        let mut ledger = self.open(partition.clone(), state);
        for turn in 1.. {
            let state = ledger.state();
            let read = self.rejects(partition, state);
            // A merge that took over nothing has no rejects, and neither has one that was replaced meanwhile.
            let merged = state.outputs().any(|output| output.claim.work.is_merge());
            if read.is_ok() && !merged || turn == MAX_TURNS {
                return read;
            }
            let before = state.last_change();
            ledger.catch_up()?;
            if ledger.state().last_change() == before {
                return read;
            }
            info!(turn, %partition, "other runs went on meanwhile: its rejects are read again");
        }
        self.rejects(partition, ledger.state())
    }
}
