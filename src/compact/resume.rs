//! Replacements that stopped runs had begun, finished by the next run of anything.
//!
//! In: the notes that [`Table::replacing`] finds. Out: what became of each, a [`Resumed`].

use std::collections::BTreeSet;

use rayon::ThreadPool;
use tracing::info;

use super::merge::{Merged, NotMerged, contested, finish_merge};
use crate::error::{ErrorKind, Result};
use crate::ledger::files::LeftBehind;
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::stages::{Claimed, Ended};
use crate::ledger::table::Table;

/// What became of the replacements that stopped runs had begun in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The partition.
    pub partition: Partition,
    /// Replacements that are finished now.
    pub finished: u64,
    /// Files that were removed because others had taken their place.
    pub removed: u64,
    /// Merges that were given up, since a file cannot be merged.
    pub not_merged: Vec<NotMerged>,
    /// Replacements that wait for a run that has their raw objects; the old rows stand meanwhile, once.
    pub waiting: u64,
}

impl Resumed {
    /// Returns what a person should know of it, if anything.
    pub fn explain(&self) -> Option<String> {
        let Self { partition, finished, removed, waiting, .. } = self;
        if *waiting > 0 {
            return Some(format!(
                "a stopped run was about to replace a file of {partition}: run convert of that day to finish it"
            ));
        }
        (finished + removed > 0)
            .then(|| format!("a run was stopped while it replaced files of {partition}: this is finished now"))
    }
}

/// Finishes what stopped runs had begun to replace, on any day.
///
/// Merges are finished; a file that is made again from raw objects only if it is there already: else its old rows
/// stand, once, and a `convert` of its day and SOURCE makes it.
///
/// # Errors
/// When the store fails.
pub fn finish_replacing(table: &Table, pool: &ThreadPool) -> Result<Vec<Resumed>> {
    let noted = table.replacing()?.into_iter();
    noted
        .map(|(partition, outputs)| match table.read(partition.clone()) {
            Ok(ledger) => finish_in(ledger, &outputs, pool),
            // It stops its own partition alone.
            Err(e) if e.kind() == ErrorKind::Damaged => {
                let not_merged = vec![NotMerged::new(&partition, &e)];
                Ok(Resumed { partition, finished: 0, removed: 0, not_merged, waiting: 0 })
            }
            Err(e) => Err(e),
        })
        .collect()
}

fn finish_in(mut ledger: PartitionLedger<'_>, outputs: &BTreeSet<String>, pool: &ThreadPool) -> Result<Resumed> {
    let begun: Vec<Claimed> =
        ledger.state().to_finish().filter(|claimed| outputs.contains(&claimed.claim().output)).collect();
    let (mut finished, mut not_merged) = (0, Vec::new());
    for claimed in begun {
        if claimed.claim().work.is_merge() {
            match finish_merge(&mut ledger, claimed, pool)? {
                Merged::ByAnother => {}
                Merged::Refused(refused) => not_merged.push(refused),
                Merged::Done | Merged::Abandoned(_) => finished += 1,
            }
            continue;
        }
        match ledger.find_written(claimed) {
            Ok(LeftBehind::Nothing(_) | LeftBehind::EndedMeanwhile) => {}
            Ok(LeftBehind::File(written, _)) => match ledger.finish(&written)? {
                Ended::Contested => not_merged.push(contested(&ledger, &written)),
                Ended::Done | Ended::DoneByAnother | Ended::AbandonedByAnother => finished += 1,
            },
            // It stops its own partition alone.
            Err(e) if e.kind() == ErrorKind::Usage => not_merged.push(NotMerged::new(ledger.partition(), &e)),
            Err(e) => return Err(e),
        }
    }
    let removed = ledger.tidy()?.removed;
    let open: BTreeSet<&str> = ledger.state().unfinished().map(|(_, claim)| claim.output.as_str()).collect();
    let (waiting, over): (Vec<&String>, Vec<&String>) = outputs.iter().partition(|o| open.contains(o.as_str()));
    // One whose claim is not in the ledger may be of a writer that is about to record it.
    for output in over.into_iter().filter(|output| ledger.state().knows(output)) {
        ledger.forget_note(output)?;
    }
    let (partition, waiting) = (ledger.partition().clone(), waiting.len() as u64);
    info!(%partition, finished, removed, waiting, "took up what a stopped run had begun to replace");
    Ok(Resumed { waiting, partition, finished, removed, not_merged })
}
