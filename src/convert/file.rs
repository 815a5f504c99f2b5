//! One output file: a claim's inputs -> units -> row groups in order -> upload -> done.
//!
//! The thread that calls here only waits and writes; decoding and encoding happen on the run's worker pool.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tracing::info;

use super::unit::{self, Made, Recipe, Summary, UNIT_PACKED_BYTES};
use super::{PartitionOutcome, Run as Job};
use crate::compact::merge::Merged;
use crate::encode::column::Encoders;
use crate::encode::file::{FileContent, FileWriter};
use crate::error::{Error, Result};
use crate::ledger::entry::{Claim, Done, Input, Outcome, OutputFile, PartitionState};
use crate::ledger::table::{Ended, FooterNote, Reject, RejectKind};
use crate::options::LOG_TYPE;
use crate::plan::{PartitionPlan, STREAMED_OBJECT_BYTES, packed_size};
use crate::record::header::without_text;
use crate::record::schema::LogType;
use crate::report::{MAX_NAMED, Named};
use crate::sort::writer::SortedFile;
use crate::store::fetch::Body;
use crate::store::upload::{Upload, Uploaded};
use crate::store::{Listed, Store};

/// Unknown fields that are warned of one by one; the ledger has them all.
const MAX_WARNED_FIELDS: usize = 20;

/// Units for each thread that may be made while an earlier one is not: it has a large object, and what is made after it waits
/// in memory. With this many, an object of AWS's largest keeps nobody waiting.
const UNITS_AHEAD: usize = 4;

/// Why a claim cannot be finished as it is recorded.
enum Unfinishable {
    /// Its inputs are no longer what was claimed.
    Inputs(String),
    /// Its file would have more row groups than the format knows.
    RowGroups,
}

/// What a worker sends to the thread that writes the file.
enum Message {
    Made(usize, Made),
    Done(usize, Box<Result<Summary>>),
}

impl Job<'_> {
    /// Brings a claim to its end: done, or abandoned if its inputs are no longer what was claimed.
    pub(super) fn finish_claim(
        &self,
        plan: &PartitionPlan,
        state: &mut PartitionState,
        number: u64,
        claim: &Claim,
        outcome: &mut PartitionOutcome,
        recovering: bool,
    ) -> Result<()> {
        if claim.is_merge() {
            return self.finish_merge(plan, state, number, claim, outcome, recovering);
        }
        let partition = &plan.partition;
        let found = if recovering { self.table.find_complete(partition, number, claim)? } else { None };
        let recovered = found.is_some();
        let (done, summary) = if let Some((done, rejects)) = found {
            let (objects, bytes) = (claim.inputs.len() as u64, claim.inputs.iter().map(|input| input.size).sum());
            self.progress.advance(objects, bytes, 0);
            let summary = self.recovered(claim, &done, rejects);
            (done, summary)
        } else {
            match self.make(plan, number, claim)? {
                Ok(made) => made,
                Err(Unfinishable::Inputs(reason)) => {
                    self.abandon(plan, state, number, &reason, outcome)?;
                    return Ok(());
                }
                Err(Unfinishable::RowGroups) => {
                    // As recorded it would fail for ever.
                    let error = FileWriter::<Upload>::too_many();
                    self.table.abandon(partition, state, number, &error.in_a_line())?;
                    return Err(error.at(partition));
                }
            }
        };
        let ended = self.table.done(partition, state, &done)?;
        self.table.settle(partition, state, claim, ended)?;
        match ended {
            Ended::Done => {
                outcome.counts.files_recovered += u64::from(recovered);
                outcome.counts.files_replaced += claim.replaces.len() as u64;
                count(outcome, &done, summary);
            }
            Ended::DoneByAnother => outcome.counts.finished_by_others += 1,
            Ended::AbandonedByAnother => outcome.again = true,
        }
        Ok(())
    }

    /// Makes a claim's file; or returns why the claim cannot be finished.
    ///
    /// Reads the objects twice if columns turn up when row groups without them are written: of rows as they came, where
    /// formats differ; of sorted rows, where they do not fit into memory together besides. The alternatives cost all files
    /// something: a request more for each object, or all row groups of a file in memory.
    fn make(&self, plan: &PartitionPlan, number: u64, claim: &Claim) -> Result<Result<(Done, Summary), Unfinishable>> {
        let mut columns = Vec::new();
        let mut first_read = None;
        let (file, mut summary) = loop {
            let mut file = OpenFile::new(self, plan, claim, first_read.is_none());
            let filled = file.writer.declare(&columns).and_then(|()| file.fill(self, claim));
            let summary = match filled {
                Ok(summary) => summary,
                Err(e) => {
                    file.give_up();
                    return Err(e);
                }
            };
            if let Some(reason) = summary.unfinishable(claim) {
                file.give_up();
                return Ok(Err(Unfinishable::Inputs(reason)));
            }
            if file.writer.is_full() {
                file.give_up();
                return Ok(Err(Unfinishable::RowGroups));
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
                partition = %plan.partition,
                claim = number,
                objects = summary.objects,
                columns = columns.len(),
                "a column came late: the objects are read a second time"
            );
            file.give_up();
            self.progress.begin(0, summary.packed_bytes);
            first_read = Some(summary.objects);
        };
        summary.objects_read_twice = first_read.unwrap_or_default();
        let output = file.finish(claim, &summary)?;
        let done = Done { claim: number, outcome: summary.outcome.clone(), file: output };
        Ok(Ok((done, summary)))
    }

    fn finish_merge(
        &self,
        plan: &PartitionPlan,
        state: &mut PartitionState,
        number: u64,
        claim: &Claim,
        outcome: &mut PartitionOutcome,
        recovering: bool,
    ) -> Result<()> {
        match self.table.finish_merge(&plan.partition, state, number, claim, recovering, self.pool)? {
            Merged::Done => outcome.counts.files_replaced += claim.replaces.len() as u64,
            Merged::ByAnother => outcome.counts.finished_by_others += 1,
            Merged::Refused(refused) => outcome.not_merged.push(refused),
            Merged::Abandoned(reason) => {
                outcome.warnings.push(format!("a merge of files of {} was given up: {reason}", plan.partition));
            }
        }
        // What was about to be replaced can be planned with now, if the claim came to its end.
        outcome.again = !state.unfinished().any(|(open, _)| open == number);
        Ok(())
    }

    fn abandon(
        &self,
        plan: &PartitionPlan,
        state: &mut PartitionState,
        number: u64,
        reason: &str,
        outcome: &mut PartitionOutcome,
    ) -> Result<()> {
        let partition = &plan.partition;
        if self.table.abandon(partition, state, number, reason)? {
            outcome
                .warnings
                .push(format!("a claim of {partition} was abandoned and what is left of it planned anew: {reason}"));
        }
        outcome.again = true;
        Ok(())
    }

    /// Returns what the stopped writer of a complete file would have reported.
    fn recovered(&self, claim: &Claim, done: &Done, rejects: Vec<Reject>) -> Summary {
        let left_out = |input: &&Input| {
            let outcome = &done.outcome;
            outcome.rejected_objects.iter().chain(&outcome.other_type).any(|left| left.key == input.key)
        };
        let converted: Vec<&Input> = claim.inputs.iter().filter(|input| !left_out(input)).collect();
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

    /// Returns those of the inputs rejected before that read to their end now; names the others again.
    pub(super) fn readable_now(&self, inputs: &[Input], outcome: &mut PartitionOutcome) -> Result<Vec<Input>> {
        let mut readable = Vec::new();
        let whole: Vec<Input> = inputs.iter().filter(|input| input.size < STREAMED_OBJECT_BYTES).cloned().collect();
        readable.extend(inputs.iter().filter(|input| input.size >= STREAMED_OBJECT_BYTES).cloned());
        let probe = Claim {
            output: String::new(),
            log_type: self.plan.options.log_type,
            source: self.plan.options.source.clone(),
            options: self.plan.options.output.clone(),
            inputs: Vec::new(),
            replaces: Vec::new(),
        };
        let encoders = Arc::new(Encoders::new(probe.options.compression, &probe.options.layout));
        let recipe = Recipe::new(&probe, encoders, self.max_text, self.source.location())?;
        let mut fetches = self.source.fetch(whole.iter().map(|input| vec![listed(input)]).collect(), &self.budget);
        for input in whole {
            let fetched = fetches.wait()?;
            let [Body::Whole(bytes)] = fetched.bodies.as_slice() else { continue };
            let reason = self.pool.install(|| unit::still_unreadable(&recipe, &input, bytes));
            self.progress.advance(u64::from(reason.is_some()), if reason.is_some() { input.size } else { 0 }, 0);
            match reason {
                None => readable.push(input),
                Some(reason) => {
                    outcome.counts.objects_rejected += 1;
                    let object = self.source.location().url_of(&input.key);
                    info!(object, reason = %without_text(&reason), "object rejected again");
                    if outcome.rejects.len() < MAX_NAMED {
                        outcome.rejects.push(Named { object, line: None, byte: None, reason });
                    }
                }
            }
        }
        Ok(readable)
    }
}

fn count(outcome: &mut PartitionOutcome, done: &Done, summary: Summary) {
    let counts = &mut outcome.counts;
    counts.objects += summary.objects;
    counts.objects_read_twice += summary.objects_read_twice;
    counts.packed_bytes += summary.packed_bytes;
    counts.text_bytes += done.outcome.text_bytes;
    counts.rows_read += done.outcome.rows + done.outcome.rejected_rows;
    counts.rows_written += done.outcome.rows;
    counts.rows_rejected += done.outcome.rejected_rows;
    counts.objects_rejected += done.outcome.rejected_objects.len() as u64;
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
    waiting: BTreeMap<usize, (Vec<Made>, Option<Summary>)>,
    /// Written while units are made, as the file is: there may be more of them than memory.
    rejects: Rejects,
    next: usize,
    total: Summary,
    unknown: BTreeSet<String>,
    /// Whether its objects and rows are counted in the progress, and not only their bytes.
    counted: bool,
}

impl OpenFile {
    fn new(run: &Job<'_>, plan: &PartitionPlan, claim: &Claim, counted: bool) -> Self {
        let (sender, receiver) = channel();
        let upload =
            run.table.store().upload(&run.table.output_key(&plan.partition, claim), &run.table.staging_key(claim));
        let rejects = Rejects {
            store: run.table.store().clone(),
            key: run.table.rejects_key(&plan.partition, claim),
            staging: format!("{}-rejects", run.table.staging_key(claim)),
            upload: None,
        };
        Self {
            writer: SortedFile::new(upload, claim.log_type, claim.options.compression, &claim.options.layout),
            rejects,
            sender,
            receiver,
            waiting: BTreeMap::new(),
            next: 0,
            total: Summary::default(),
            unknown: BTreeSet::new(),
            counted,
        }
    }

    /// Makes every unit and appends its row groups in order.
    fn fill(&mut self, run: &Job<'_>, claim: &Claim) -> Result<Summary> {
        let recipe =
            Arc::new(Recipe::new(claim, Arc::clone(self.writer.encoders()), run.max_text, run.source.location())?);
        let units = if let [input] = claim.inputs.as_slice()
            && input.size >= STREAMED_OBJECT_BYTES
        {
            self.start_stream(run, &recipe, input)?;
            1
        } else {
            let units = units(&claim.inputs);
            let count = units.len();
            let groups = units.iter().map(|unit| unit.iter().map(listed).collect()).collect();
            let mut fetches = run.source.fetch(groups, &run.budget);
            let ahead = UNITS_AHEAD * run.pool.current_num_threads();
            for (number, inputs) in units.into_iter().enumerate() {
                while self.next + ahead < number {
                    self.take_next(run)?;
                }
                let mut fetched = fetches.wait()?;
                let inputs = inputs.to_vec();
                let slot = run.slots.take();
                let (unit_recipe, sender) = (Arc::clone(&recipe), self.sender.clone());
                run.pool.spawn(move || {
                    let mut emit = |made| drop(sender.send(Message::Made(number, made)));
                    let objects = inputs.into_iter().zip(fetched.bodies.drain(..)).collect();
                    let done = unit::whole_objects(&unit_recipe, objects, &mut emit);
                    drop((fetched, slot));
                    drop(sender.send(Message::Done(number, Box::new(done))));
                });
                while let Ok(message) = self.receiver.try_recv() {
                    self.take(run, message)?;
                }
            }
            count
        };
        while self.next < units {
            self.take_next(run)?;
        }
        if self.total.unfinishable(claim).is_none() && !self.writer.is_late() {
            self.writer.write_runs(run.pool)?;
        }
        let mut summary = std::mem::take(&mut self.total);
        summary.outcome.unknown_fields = std::mem::take(&mut self.unknown).into_iter().collect();
        Ok(summary)
    }

    fn start_stream(&mut self, run: &Job<'_>, recipe: &Arc<Recipe>, input: &Input) -> Result<()> {
        let slot = run.slots.take();
        let (recipe, sender, input) = (Arc::clone(recipe), self.sender.clone(), input.clone());
        let object = run.source.read_in_pieces(&listed(&input))?;
        run.pool.spawn(move || {
            let done = match object {
                None => Ok(Summary {
                    vanished: Some(format!("{} is gone or changed", recipe.source.url_of(&input.key))),
                    ..Summary::default()
                }),
                Some(object) => {
                    let mut emit = |made| drop(sender.send(Message::Made(0, made)));
                    unit::one_stream(&recipe, &input, object, &mut emit)
                }
            };
            drop(slot);
            drop(sender.send(Message::Done(0, Box::new(done))));
        });
        Ok(())
    }

    /// Waits for what a worker makes, and takes it.
    fn take_next(&mut self, run: &Job<'_>) -> Result<()> {
        let message = self.receiver.recv().map_err(|e| Error::stopped("a worker died").because(e))?;
        self.take(run, message)
    }

    /// Takes what a worker made; appends whatever is next in order.
    fn take(&mut self, run: &Job<'_>, message: Message) -> Result<()> {
        match message {
            Message::Made(unit, made) => self.waiting.entry(unit).or_default().0.push(made),
            Message::Done(unit, summary) => self.waiting.entry(unit).or_default().1 = Some((*summary)?),
        }
        while let Some((made, summary)) = self.waiting.get_mut(&self.next) {
            let made = std::mem::take(made);
            let summary = summary.take();
            for made in made {
                self.append(run, made)?;
            }
            let Some(summary) = summary else { break };
            self.waiting.remove(&self.next);
            self.next += 1;
            let left_out = summary.outcome.rejected_objects.len() + summary.outcome.other_type.len();
            let (objects, rows) = (summary.objects + left_out as u64, summary.outcome.rows);
            let counted = u64::from(self.counted);
            run.progress.advance(counted * objects, summary.packed_bytes, counted * rows);
            self.add(summary);
        }
        Ok(())
    }

    fn append(&mut self, run: &Job<'_>, made: Made) -> Result<()> {
        match made {
            Made::Rows(rows) => self.writer.append(rows, run.pool),
            Made::Rejects(packed) => self.rejects.write(&packed),
            Made::NoRejects => {
                self.writer.forget_runs();
                self.rejects.abort();
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
    fn finish(mut self, claim: &Claim, summary: &Summary) -> Result<Option<OutputFile>> {
        let outcome = &summary.outcome;
        if let Some(rejects) = self.rejects.upload.take() {
            rejects.finish()?;
        }
        // A stream that turned out not to read to its end leaves row groups behind that nobody counts.
        let given_up = summary.objects == 0 && !outcome.rejected_objects.is_empty();
        if self.writer.rows() == 0 || given_up {
            self.give_up();
            return Ok(None);
        }
        if self.writer.rows() != outcome.rows {
            let (has, counted) = (self.writer.rows(), outcome.rows);
            self.give_up();
            return Err(Error::stopped(format!("a file has {has} rows, its objects have {counted}"))
                .help("this is a bug in flowparquet: nothing of this file was written; please report it"));
        }
        let about = FooterNote::new(claim, claim.inputs.len() as u64, outcome).to_json()?;
        let (upload, content) = self.writer.finish(&about)?;
        let Uploaded { bytes, sha256 } = upload.finish()?;
        let FileContent { row_groups, columns, .. } = content;
        Ok(Some(OutputFile { bytes, row_groups, sha256: Some(sha256), columns, sound: true }))
    }

    fn give_up(mut self) {
        self.rejects.abort();
        self.writer.into_inner().abort();
    }
}

/// The rejects object of a file, begun with the first reject.
struct Rejects {
    store: Store,
    key: String,
    staging: String,
    upload: Option<Upload>,
}

impl Rejects {
    fn write(&mut self, packed: &[u8]) -> Result<()> {
        let upload = self.upload.get_or_insert_with(|| self.store.upload(&self.key, &self.staging));
        upload.write_all(packed).map_err(|e| Error::stopped("cannot keep rejects").because(e))
    }

    fn abort(&mut self) {
        if let Some(upload) = self.upload.take() {
            upload.abort();
        }
    }
}

/// Cuts a claim's inputs into units: a pure function of the claim, so that row groups are too.
fn units(inputs: &[Input]) -> Vec<&[Input]> {
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

fn listed(input: &Input) -> Listed {
    Listed { key: input.key.clone(), size: input.size, etag: input.etag.clone() }
}
