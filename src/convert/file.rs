//! One output file: a claim's inputs -> units -> row groups in order -> upload -> done.
//!
//! The thread that calls here only waits and writes; another one fetches objects and gives them to the workers that make units.
//! Rows are put in order and encoded by other workers: those that make units may wait for them ([`Backlog`]).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tracing::info;

use super::flow::Backlog;
use super::unit::{self, Summary, UNIT_PACKED_BYTES, UnitOptions, UnitPart};
use super::{PartitionResult, Round as Job};
use crate::compact::merge::{self, Merged};
use crate::encode::file::FileWriter;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::claim::{Claim, Draft, Input, Work};
use crate::ledger::entry::{Done, Outcome};
use crate::ledger::files::{FooterNote, LeftBehind};
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::rejects::{Reject, RejectKind};
use crate::ledger::stages::{Claimed, Ended, Written};
use crate::options::LOG_TYPE;
use crate::plan::{STREAMED_OBJECT_BYTES, packed_size};
use crate::record::schema::LogType;
use crate::report::{MAX_NAMED, Named};
use crate::sort::writer::SortedFile;
use crate::store::Listed;
use crate::store::upload::Upload;

/// Unknown fields that are warned of one by one; the ledger has them all.
const MAX_WARNED_FIELDS: usize = 20;

/// Units for each thread that may be made while an earlier one is not: it has a large object, and what is made after it waits
/// in memory. With this many, an object of AWS's largest keeps nobody waiting.
const UNITS_AHEAD: usize = 4;

/// What became of a claim whose file was to be made.
enum FileMade {
    /// Its file is visible, if it has rows.
    File(Written, Box<Summary>),
    /// It cannot be finished as it is recorded.
    Unfinishable(Claimed, Unfinishable),
}

/// Why a claim cannot be finished as it is recorded.
enum Unfinishable {
    /// Its inputs are no longer what was claimed.
    Inputs(String),
    /// Its file would have more row groups than the format knows.
    RowGroups,
}

/// What a worker sends to the thread that writes the file.
enum Message {
    Part(usize, UnitPart),
    Done(usize, Box<Result<Summary>>),
    /// Nothing more is fetched.
    Failed(Error),
}

impl Job<'_> {
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
            LeftBehind::File(written, rejects) => {
                let inputs = written.claim().work.inputs();
                self.progress.advance(inputs.len() as u64, inputs.iter().map(|input| input.size).sum(), 0);
                let summary = self.recovered(&written, rejects);
                (written, summary, true)
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
                count(outcome, written.done(), summary);
            }
            Ended::DoneByAnother => outcome.counts.finished_by_others += 1,
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
        let refused = self.trial(&draft)?.unfinishable(&draft.work);
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
            if let Some(reason) = summary.unfinishable(&claimed.claim().work) {
                file.give_up();
                return Ok(FileMade::Unfinishable(claimed, Unfinishable::Inputs(reason)));
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
            outcome.rejected_objects.iter().chain(&outcome.other_type).any(|left| left.key == input.key)
        };
        let inputs = written.claim().work.inputs();
        let converted: Vec<&Input> = inputs.iter().filter(|input| !left_out(input)).collect();
        let rejects = rejects.into_iter().filter(|reject| reject.kind != RejectKind::OtherType).take(MAX_NAMED);
        let place = |key: &str| self.source.location().url_of(key);
        Summary {
            objects: converted.len() as u64,
            packed_bytes: converted.iter().map(|input| input.size).sum(),
            named: rejects
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
        Unfinishable::Inputs(reason) => {
            outcome.doubtful.extend(claimed.claim().work.inputs().iter().map(|input| input.key.clone()));
            if ledger.abandon(claimed, &reason)? {
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

fn count(outcome: &mut PartitionResult, done: &Done, summary: Summary) {
    let counts = &mut outcome.counts;
    counts.objects += summary.objects;
    counts.objects_read_twice += summary.objects_read_twice;
    counts.packed_bytes += summary.packed_bytes;
    counts.text_bytes += done.outcome.text_bytes;
    counts.rows_read += done.outcome.rows + done.outcome.rejected_rows;
    counts.rows_written += done.outcome.rows;
    counts.rejected_rows += done.outcome.rejected_rows;
    counts.objects_rejected += done.outcome.rejected_objects.len() as u64;
    outcome.unreadable.extend(done.outcome.rejected_objects.iter().map(|left| left.key.clone()));
    counts.objects_of_other_type += done.outcome.other_type.len() as u64;
    counts.files += u64::from(done.file.is_some());
    counts.output_bytes += done.file.as_ref().map_or(0, |file| file.bytes);
    let room = MAX_NAMED.saturating_sub(outcome.rejects.len());
    outcome.rejects.extend(summary.named.into_iter().take(room));
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

/// A file that is being written, and the units that are being made for it.
struct OpenFile {
    writer: SortedFile<Upload>,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    flow: Arc<Backlog>,
    waiting: BTreeMap<usize, (Vec<UnitPart>, Option<Summary>)>,
    /// Written while units are made, as the file is: there may be more of them than memory.
    rejects: Upload,
    next: usize,
    total: Summary,
    unknown: BTreeSet<String>,
    /// Whether its objects and rows are counted in the progress, and not only their bytes.
    counted: bool,
}

impl OpenFile {
    fn new(run: &Job<'_>, ledger: &PartitionLedger<'_>, claimed: &Claimed, counted: bool) -> Result<Self> {
        let (sender, receiver) = channel();
        let claim = claimed.claim();
        Ok(Self {
            writer: SortedFile::new(
                ledger.begin_file(claimed)?,
                claim.log_type,
                claim.options.compression,
                &claim.options.layout,
            ),
            rejects: ledger.begin_rejects(claimed),
            sender,
            receiver,
            flow: Arc::new(Backlog::new(run.waiting_bytes)),
            waiting: BTreeMap::new(),
            next: 0,
            total: Summary::default(),
            unknown: BTreeSet::new(),
            counted,
        })
    }

    /// Makes every unit and appends its row groups in order.
    fn fill(&mut self, run: &Job<'_>, claim: &Claim) -> Result<Summary> {
        let encoders = Arc::clone(self.writer.encoders());
        let recipe =
            UnitOptions::new(claim.log_type, &claim.options, Some(encoders), run.max_text, run.source.location())?;
        let feeder =
            Feeder { run, recipe: Arc::new(recipe), flow: Arc::clone(&self.flow), sender: self.sender.clone() };
        let inputs = claim.work.inputs();
        let streamed = match inputs {
            [input] if input.size >= STREAMED_OBJECT_BYTES => Some(input),
            _ => None,
        };
        let units = if streamed.is_some() { Vec::new() } else { units(inputs) };
        let count = if streamed.is_some() { 1 } else { units.len() };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let fed = match streamed {
                    Some(input) => feeder.stream(input),
                    None => feeder.units(units),
                };
                if let Err(e) = fed {
                    drop(feeder.sender.send(Message::Failed(e)));
                }
            });
            let mut taken = Ok(());
            while taken.is_ok() && self.next < count {
                taken = self.take_next(run);
            }
            self.flow.close();
            taken
        })?;
        if self.total.unfinishable(&claim.work).is_none() && !self.writer.is_late() {
            self.writer.write_runs(run.pool)?;
        }
        let mut summary = std::mem::take(&mut self.total);
        summary.outcome.unknown_fields = std::mem::take(&mut self.unknown).into_iter().collect();
        Ok(summary)
    }

    /// Waits for what a worker makes, and takes it.
    fn take_next(&mut self, run: &Job<'_>) -> Result<()> {
        let message = self.receiver.recv().map_err(|e| Error::stopped("a worker died").because(e))?;
        self.take(run, message)
    }

    /// Takes what a worker made; appends whatever is next in order.
    fn take(&mut self, run: &Job<'_>, message: Message) -> Result<()> {
        match message {
            Message::Part(unit, part) => self.waiting.entry(unit).or_default().0.push(part),
            Message::Done(unit, summary) => self.waiting.entry(unit).or_default().1 = Some((*summary)?),
            Message::Failed(e) => return Err(e),
        }
        while let Some((parts, summary)) = self.waiting.get_mut(&self.next) {
            let parts = std::mem::take(parts);
            let summary = summary.take();
            for part in parts {
                let bytes = part.memory() as u64;
                self.append(run, part)?;
                self.flow.written(self.next, bytes);
            }
            let Some(summary) = summary else { break };
            self.waiting.remove(&self.next);
            self.next += 1;
            self.flow.proceed_to(self.next);
            let left_out = summary.outcome.rejected_objects.len() + summary.outcome.other_type.len();
            let (objects, rows) = (summary.objects + left_out as u64, summary.outcome.rows);
            let counted = u64::from(self.counted);
            run.progress.advance(counted * objects, summary.packed_bytes, counted * rows);
            self.add(summary);
        }
        Ok(())
    }

    fn append(&mut self, run: &Job<'_>, part: UnitPart) -> Result<()> {
        match part {
            UnitPart::Rows(rows) => self.writer.append(rows, run.pool),
            UnitPart::Rejects(packed) => {
                self.rejects.write_all(&packed).map_err(|e| Error::stopped("cannot keep rejects").because(e))
            }
            UnitPart::NoRejects => {
                self.writer.forget_runs();
                self.rejects.restart();
                Ok(())
            }
        }
    }

    fn add(&mut self, summary: Summary) {
        let Outcome {
            rows,
            rejected_rows,
            text_bytes,
            rejected_objects,
            other_type,
            unknown_fields,
            nodata_rows,
            skipdata_rows,
        } = summary.outcome;
        let total = &mut self.total;
        total.outcome.rows += rows;
        total.outcome.rejected_rows += rejected_rows;
        total.outcome.text_bytes += text_bytes;
        total.outcome.rejected_objects.extend(rejected_objects);
        total.outcome.other_type.extend(other_type);
        unit::add_known(&mut total.outcome.nodata_rows, nodata_rows);
        unit::add_known(&mut total.outcome.skipdata_rows, skipdata_rows);
        self.unknown.extend(unknown_fields);
        total.objects += summary.objects;
        total.packed_bytes += summary.packed_bytes;
        let room = MAX_NAMED.saturating_sub(total.named.len());
        total.named.extend(summary.named.into_iter().take(room));
        total.vanished = total.vanished.take().or(summary.vanished);
    }

    /// Writes the rejects, then the footer, and makes the file visible; no file if there are no rows.
    fn finish(self, claimed: Claimed, summary: &Summary) -> Result<Written> {
        let outcome = &summary.outcome;
        // A stream that turned out not to read to its end leaves row groups behind that nobody counts.
        let given_up = summary.objects == 0 && !outcome.rejected_objects.is_empty();
        let no_file = self.writer.rows() == 0 || given_up;
        if !no_file && self.writer.rows() != outcome.rows {
            let (has, counted) = (self.writer.rows(), outcome.rows);
            self.give_up();
            return Err(Error::stopped(format!("a file has {has} rows, its objects have {counted}"))
                .help("this is a bug in flowparquet: nothing of this file was written; please report it"));
        }
        if self.rejects.bytes() > 0 {
            self.rejects.finish()?;
        }
        if no_file {
            self.writer.into_inner().abort();
            return Ok(claimed.without_file(outcome.clone()));
        }
        let about = FooterNote::new(claimed.claim(), claimed.claim().work.inputs().len() as u64, outcome).to_json()?;
        let (upload, content) = self.writer.finish(&about)?;
        Ok(claimed.with_file(outcome.clone(), upload.finish()?, content))
    }

    fn give_up(self) {
        self.rejects.abort();
        self.writer.into_inner().abort();
    }
}

/// What fetches the objects of a file and has its units part.
struct Feeder<'a> {
    run: &'a Job<'a>,
    recipe: Arc<UnitOptions>,
    flow: Arc<Backlog>,
    sender: Sender<Message>,
}

impl Feeder<'_> {
    fn units(&self, units: Vec<&[Input]>) -> Result<()> {
        let run = self.run;
        let groups = units.iter().map(|unit| unit.iter().map(listed).collect()).collect();
        let mut fetches = run.source.fetch(groups, &run.budget);
        let ahead = UNITS_AHEAD * run.makers.current_num_threads();
        for (number, inputs) in units.into_iter().enumerate() {
            if !self.flow.wait_for(number.saturating_sub(ahead)) {
                return Ok(());
            }
            let mut fetched = fetches.wait()?;
            let inputs = inputs.to_vec();
            self.make(number, move |recipe, emit| {
                let objects = inputs.into_iter().zip(fetched.bodies.drain(..)).collect();
                let done = unit::whole_objects(recipe, objects, emit);
                drop(fetched);
                done
            });
        }
        Ok(())
    }

    fn stream(&self, input: &Input) -> Result<()> {
        let object = self.run.source.read_in_pieces(&listed(input))?;
        let input = input.clone();
        self.make(0, move |recipe, emit| match object {
            None => Ok(Summary { vanished: Some(recipe.source.url_of(&input.key)), ..Summary::default() }),
            Some(object) => unit::one_stream(recipe, &input, object, emit),
        });
        Ok(())
    }

    /// Has a unit part by a worker, as soon as one more may be in work.
    fn make(
        &self,
        number: usize,
        work: impl FnOnce(&UnitOptions, &mut dyn FnMut(UnitPart)) -> Result<Summary> + Send + 'static,
    ) {
        let slot = self.run.slots.take();
        let (recipe, flow, sender) = (Arc::clone(&self.recipe), Arc::clone(&self.flow), self.sender.clone());
        self.run.makers.spawn(move || {
            let mut emit = |part: UnitPart| {
                flow.make_way(number, part.memory() as u64);
                drop(sender.send(Message::Part(number, part)));
            };
            let done = work(&recipe, &mut emit);
            drop(slot);
            drop(sender.send(Message::Done(number, Box::new(done))));
        });
    }
}

/// Cuts a claim's inputs into units: a pure function of the claim, so that row groups are too.
pub(super) fn units(inputs: &[Input]) -> Vec<&[Input]> {
    let mut bytes = 0;
    let mut last = 0;
    // An object belongs to the unit in which its middle lies.
    let mut number = |input: &Input| {
        let size = packed_size(input);
        let unit = (bytes + size / 2) / UNIT_PACKED_BYTES;
        bytes += size;
        last = unit.max(last);
        last
    };
    let numbers: Vec<u64> = inputs.iter().map(&mut number).collect();
    let mut units = Vec::new();
    let mut begin = 0;
    for at in 1..=inputs.len() {
        if at == inputs.len() || numbers[at] != numbers[begin] {
            units.push(&inputs[begin..at]);
            begin = at;
        }
    }
    units
}

pub(super) fn listed(input: &Input) -> Listed {
    Listed { key: input.key.clone(), size: input.size, etag: input.etag.clone() }
}
