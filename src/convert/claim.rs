//! One claim, brought to its end: its file is found or made, its end recorded; or it is given up.

use std::collections::BTreeSet;

use tracing::info;

use super::file::OpenFile;
use super::round::{PartitionResult, Round};
use super::unit::Summary;
use crate::compact::merge::{self, Merged};
use crate::encode::file::FileWriter;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::claim::{Draft, Input, Work};
use crate::ledger::entry::Done;
use crate::ledger::files::LeftBehind;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::rejects::Reject;
use crate::ledger::stages::{Claimed, Ended, Written};
use crate::options::LOG_TYPE;
use crate::plan;
use crate::record::schema::LogType;
use crate::report::{MAX_NAMED, Named};
use crate::store::Unread;
use crate::store::upload::Upload;

/// Unknown fields that are warned of one by one; the ledger has them all.
const MAX_WARNED_FIELDS: usize = 20;

/// What became of a claim whose file was to be made.
enum FileMade {
    /// Its file is visible, if it has rows.
    File(Written, Box<Summary>),
    /// It cannot be finished as it is recorded.
    Unfinishable(Claimed, Unfinishable),
}

/// Why a claim cannot be finished as it is recorded.
enum Unfinishable {
    /// Its inputs are no longer what was claimed, or cannot be read.
    Inputs(String, Vec<(Input, Unread)>),
    /// Its file would have more row groups than the format knows.
    RowGroups,
}

impl Round<'_> {
    /// Brings a claim to its end: done, or abandoned if its inputs are no longer what was claimed.
    pub(super) fn finish_claim(
        &self,
        ledger: &mut PartitionLedger<'_>,
        claimed: Claimed,
        outcome: &mut PartitionResult,
    ) -> Result<()> {
        if claimed.claim().work.is_merge() {
            return self.finish_merge(ledger, claimed, outcome);
        }
        let left = match ledger.find_written(claimed) {
            // Something else lies under its name. It stops its own claim alone.
            Err(e) if e.kind() == ErrorKind::Usage => {
                let object = e.place().unwrap_or_default().to_owned();
                info!(object, reason = %e.in_a_line(), "a claim cannot be finished");
                outcome.files_in_doubt.push(Named { object, line: None, byte: None, reason: e.in_a_line() });
                return Ok(());
            }
            left => left?,
        };
        let (written, summary, recovered) = match left {
            LeftBehind::EndedMeanwhile => {
                outcome.again = true;
                return Ok(());
            }
            LeftBehind::File(written, rejects) => {
                let inputs = written.claim().work.inputs();
                self.progress.advance(inputs.len() as u64, inputs.iter().map(|input| input.size).sum(), 0);
                let summary = self.recovered(&written, rejects);
                (written, summary, true)
            }
            // Its file was there a moment ago, and what it is made of is not ours to read.
            LeftBehind::Nothing(claimed) if plan::elsewhere(&claimed.claim().work, &self.plan.options).is_some() => {
                outcome.again = true;
                return Ok(());
            }
            LeftBehind::Nothing(claimed) => match self.make(ledger, claimed)? {
                FileMade::File(written, summary) => (written, *summary, false),
                FileMade::Unfinishable(claimed, why) => return give_up(ledger, &claimed, why, outcome),
            },
        };
        match ledger.finish(&written)? {
            Ended::Done => {
                // Objects of it may have changed since it was claimed: only what is planned now sees that.
                outcome.again |= recovered;
                outcome.counts.files_recovered += u64::from(recovered);
                outcome.counts.files_replaced += written.claim().work.replaces().len() as u64;
                count(outcome, &written, summary);
            }
            Ended::DoneByAnother => {
                outcome.counts.finished_by_others += 1;
                name_rejects(outcome, written.done(), summary.named);
            }
            Ended::Contested => {
                outcome.counts.finished_by_others += 1;
                return self.settle_contest(ledger, &written, outcome);
            }
            Ended::AbandonedByAnother => outcome.again = true,
        }
        Ok(())
    }

    /// Makes a file again that two runs wrote differently: whose bytes lie there now nobody knows. If it cannot be made, a
    /// person has to look.
    fn settle_contest(
        &self,
        ledger: &mut PartitionLedger<'_>,
        written: &Written,
        outcome: &mut PartitionResult,
    ) -> Result<()> {
        let (claim, number) = (written.claim(), written.done().claim);
        let Some(objects) = claim.work.objects() else { return Ok(()) };
        let work = Work::Remake(objects.clone(), vec![number]);
        let draft = Draft { log_type: claim.log_type, options: claim.options.clone(), work };
        let refused = self.trial(&draft)?.unfinishable(&draft.work, self.source.location());
        let object = self.table.store().location().url_of(&self.table.output_key(ledger.partition(), claim));
        info!(object, refused, "two runs wrote this file differently: it is made again");
        let Some(why) = refused else {
            match ledger.claim(draft)? {
                Some(claimed) => return self.finish_claim(ledger, claimed, outcome),
                // It may be the other run that makes it again.
                None => outcome.again = true,
            }
            return Ok(());
        };
        let reason = format!(
            "two runs wrote this file, each with other bytes, so one of them read or wrote damaged ones; it cannot be made \
             again ({why}): run verify, which says whether what lies there is right"
        );
        outcome.files_in_doubt.push(Named { object, line: None, byte: None, reason });
        Ok(())
    }

    /// Makes a claim's file; or returns why the claim cannot be finished.
    ///
    /// Reads the objects twice if columns turn up when row groups without them are written: of rows as they came, where
    /// formats differ; of sorted rows, where they do not fit into memory together besides. The alternatives cost all files
    /// something: a request more for each object, or all row groups of a file in memory.
    fn make(&self, ledger: &PartitionLedger<'_>, claimed: Claimed) -> Result<FileMade> {
        let mut columns = Vec::new();
        let mut first_read = None;
        let (file, mut summary) = loop {
            let mut file = OpenFile::new(self, ledger, &claimed, first_read.is_none())?;
            let filled = file.writer.declare(&columns).and_then(|()| file.fill(self, claimed.claim()));
            let summary = match filled {
                Ok(summary) => summary,
                Err(e) => {
                    file.give_up();
                    return Err(e);
                }
            };
            if let Some(reason) = summary.unfinishable(&claimed.claim().work, self.source.location()) {
                file.give_up();
                self.stop_if_nothing_is_readable(&summary.unread)?;
                return Ok(FileMade::Unfinishable(claimed, Unfinishable::Inputs(reason, summary.unread)));
            }
            if file.writer.is_full() {
                file.give_up();
                return Ok(FileMade::Unfinishable(claimed, Unfinishable::RowGroups));
            }
            if !file.writer.is_late() {
                break (file, summary);
            }
            if first_read.is_some() {
                file.give_up();
                return Err(Error::stopped("objects gave other columns when they were read a second time")
                    .help("somebody writes to SOURCE just now; it is safe to run again"));
            }
            columns = file.writer.columns().to_vec();
            info!(
                partition = %ledger.partition(),
                claim = claimed.number(),
                objects = summary.objects,
                columns = columns.len(),
                "a column came late: the objects are read a second time"
            );
            file.give_up();
            self.progress.begin(0, summary.packed_bytes);
            first_read = Some(summary.objects);
        };
        summary.objects_read_twice = first_read.unwrap_or_default();
        Ok(FileMade::File(file.finish(claimed, &summary)?, Box::new(summary)))
    }

    fn finish_merge(
        &self,
        ledger: &mut PartitionLedger<'_>,
        claimed: Claimed,
        outcome: &mut PartitionResult,
    ) -> Result<()> {
        let (number, replaces) = (claimed.number(), claimed.claim().work.replaces().len());
        match merge::finish_merge(ledger, claimed, self.pool)? {
            Merged::Done => outcome.counts.files_replaced += replaces as u64,
            Merged::ByAnother => outcome.counts.finished_by_others += 1,
            Merged::Refused(refused) => outcome.not_merged.push(refused),
            Merged::Abandoned(reason) => {
                outcome.warnings.push(format!("a merge of files of {} was given up: {reason}", ledger.partition()));
            }
        }
        // What was about to be replaced can be planned with now, if the claim came to its end.
        outcome.again |= !ledger.state().unfinished().any(|(open, _)| open == number);
        Ok(())
    }

    /// Returns what the stopped writer of a complete file would have reported.
    fn recovered(&self, written: &Written, rejects: Vec<Reject>) -> Summary {
        let left_out = |input: &&Input| {
            let outcome = &written.done().outcome;
            let left_out = outcome.rejected_objects.iter().chain(&outcome.other_type).chain(&outcome.no_flow_logs);
            left_out.into_iter().any(|left| left.key == input.key)
        };
        let inputs = written.claim().work.inputs();
        let converted: Vec<&Input> = inputs.iter().filter(|input| !left_out(input)).collect();
        let place = |key: &str| self.source.location().url_of(key);
        Summary {
            objects: converted.len() as u64,
            packed_bytes: converted.iter().map(|input| input.size).sum(),
            named: rejects
                .into_iter()
                .map(|Reject { object, line, byte, reason, .. }| Named { object: place(&object), line, byte, reason })
                .collect(),
            ..Summary::default()
        }
    }
}

/// Gives up a claim that would fail for ever as it is recorded.
fn give_up(
    ledger: &mut PartitionLedger<'_>,
    claimed: &Claimed,
    why: Unfinishable,
    outcome: &mut PartitionResult,
) -> Result<()> {
    match why {
        Unfinishable::Inputs(reason, unread) => {
            let inputs = claimed.claim().work.inputs();
            outcome.doubtful.extend_from_slice(inputs);
            // Objects that are refused are named as such.
            let is_told = unread.iter().any(|(_, why)| matches!(why, Unread::Refused(_)));
            let not_given = unread.iter().filter(|(_, why)| *why != Unread::Changed);
            let not_given = not_given.map(|(input, _)| input.key.to_string()).collect();
            outcome.unread.extend(unread);
            if ledger.abandon_unreadable(claimed, &reason, not_given)? && !is_told {
                let partition = ledger.partition();
                outcome.warnings.push(format!(
                    "a claim of {partition} was abandoned and what is left of it planned anew: {reason}"
                ));
            }
            outcome.again = true;
            Ok(())
        }
        Unfinishable::RowGroups => {
            let error = FileWriter::<Upload>::too_many();
            ledger.abandon(claimed, &error.in_a_line())?;
            Err(error.at(ledger.partition()))
        }
    }
}

/// Names what a claim rejected. A run does so too where another one was faster, and counts it: somebody asked both for these
/// objects.
fn name_rejects(outcome: &mut PartitionResult, done: &Done, named: Vec<Named>) {
    outcome.unreadable.extend(done.outcome.rejected_objects.iter().map(|left| left.key.clone()));
    let room = MAX_NAMED.saturating_sub(outcome.rejects.len());
    outcome.rejects.extend(named.into_iter().take(room));
}

fn count(outcome: &mut PartitionResult, written: &Written, summary: Summary) {
    let done = written.done();
    let counts = &mut outcome.counts;
    counts.objects += summary.objects;
    counts.objects_read_twice += summary.objects_read_twice;
    counts.packed_bytes += summary.packed_bytes;
    counts.text_bytes += done.outcome.text_bytes;
    counts.rows_read += done.outcome.rows + done.outcome.rejected_rows;
    counts.rows_written += done.outcome.rows;
    counts.objects_of_other_type += done.outcome.other_type.len() as u64;
    counts.rows_of_other_type += done.outcome.other_type_rows;
    counts.objects_mixed += summary.objects_mixed;
    counts.no_flow_logs += done.outcome.no_flow_logs.len() as u64;
    outcome.no_flow_logs.extend_from_slice(&done.outcome.no_flow_logs);
    outcome.mixed.extend(summary.mixed.into_iter().take(MAX_NAMED.saturating_sub(outcome.mixed.len())));
    counts.files += u64::from(done.file.is_some());
    counts.output_bytes += done.file.as_ref().map_or(0, |file| file.bytes);
    let empty: BTreeSet<&str> =
        written.claim().work.inputs().iter().filter(|input| input.size == 0).map(|input| &*input.key).collect();
    let rejected = done.outcome.rejected_objects.iter();
    counts.objects_empty += rejected.filter(|left| empty.contains(&*left.key)).count() as u64;
    counts.rejected_rows += done.outcome.rejected_rows;
    counts.objects_rejected += done.outcome.rejected_objects.len() as u64;
    name_rejects(outcome, done, summary.named);
    let unknown = &done.outcome.unknown_fields;
    outcome.warnings.extend(
        unknown
            .iter()
            .take(MAX_WARNED_FIELDS)
            .map(|name| format!("field {name:?} is unknown to this version: it became a string column")),
    );
    if unknown.len() > MAX_WARNED_FIELDS {
        let more = unknown.len() - MAX_WARNED_FIELDS;
        outcome.warnings.push(format!("{more} more unknown fields became string columns: check who writes these logs"));
    }
    let others: BTreeSet<&str> = done.outcome.other_type.iter().map(|left| left.reason.as_str()).collect();
    outcome.warnings.extend(LogType::ALL.iter().filter(|t| others.contains(t.to_string().as_str())).map(|other| {
        let title = &other.schema().title;
        format!(
            "{title} lie among these logs and were left alone: convert them with {LOG_TYPE} {other} into another DEST"
        )
    }));
}
