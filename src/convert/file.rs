//! One output file: a claim's inputs -> units -> row groups in order -> upload.
//!
//! The thread that calls here only waits and writes; another one fetches objects and gives them to the workers that make units.
//! Rows are put in order and encoded by other workers: those that make units may wait for them ([`Backlog`]).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::flow::Backlog;
use super::round::Round;
use super::unit::{self, Summary, UNIT_PACKED_BYTES, UnitOptions, UnitPart, listed};
use crate::error::{Error, Result};
use crate::ledger::claim::{Claim, Input};
use crate::ledger::entry::Outcome;
use crate::ledger::files::FooterNote;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::stages::{Claimed, Written};
use crate::plan::{STREAMED_OBJECT_BYTES, packed_size};
use crate::report::MAX_NAMED;
use crate::sort::writer::SortedFile;
use crate::store::upload::Upload;

/// Units for each thread that may be made while an earlier one is not: it has a large object, and what is made after it waits
/// in memory. With this many, an object of AWS's largest keeps nobody waiting.
const UNITS_AHEAD: usize = 4;

/// What a worker sends to the thread that writes the file.
enum Message {
    Part(usize, UnitPart),
    Done(usize, Box<Result<Summary>>),
    /// Nothing more is fetched.
    Failed(Error),
}

/// A file that is being written, and the units that are being made for it.
pub(super) struct OpenFile {
    pub(super) writer: SortedFile<Upload>,
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
    pub(super) fn new(run: &Round<'_>, ledger: &PartitionLedger<'_>, claimed: &Claimed, counted: bool) -> Result<Self> {
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
    pub(super) fn fill(&mut self, run: &Round<'_>, claim: &Claim) -> Result<Summary> {
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
        if self.total.unfinishable(&claim.work, run.source.location()).is_none() && !self.writer.is_late() {
            self.writer.write_runs(run.pool)?;
        }
        let mut summary = std::mem::take(&mut self.total);
        summary.outcome.unknown_fields = std::mem::take(&mut self.unknown).into_iter().collect();
        let doubled = summary.interfaces.doubled().into_keys();
        summary.outcome.doubled = doubled.map(|(one, other)| [one.to_owned(), other.to_owned()]).collect();
        summary.outcome.flow_logs = summary.interfaces.recorded();
        Ok(summary)
    }

    /// Waits for what a worker makes, and takes it.
    fn take_next(&mut self, run: &Round<'_>) -> Result<()> {
        let message = self.receiver.recv().map_err(|e| Error::stopped("a worker died").because(e))?;
        self.take(run, message)
    }

    /// Takes what a worker made; appends whatever is next in order.
    fn take(&mut self, run: &Round<'_>, message: Message) -> Result<()> {
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
            let (objects, rows) = (summary.objects + summary.outcome.left_out_objects(), summary.outcome.rows);
            let counted = u64::from(self.counted);
            run.progress.advance(counted * objects, summary.packed_bytes, counted * rows);
            self.add(summary);
        }
        Ok(())
    }

    fn append(&mut self, run: &Round<'_>, part: UnitPart) -> Result<()> {
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
            no_flow_logs,
            unknown_fields,
            nodata_rows,
            skipdata_rows,
            other_type_rows,
            doubled: _,
            flow_logs: _,
        } = summary.outcome;
        let total = &mut self.total;
        total.outcome.rows += rows;
        total.outcome.rejected_rows += rejected_rows;
        total.outcome.text_bytes += text_bytes;
        total.outcome.other_type_rows += other_type_rows;
        total.objects_mixed += summary.objects_mixed;
        total.mixed.extend(summary.mixed.into_iter().take(MAX_NAMED.saturating_sub(total.mixed.len())));
        total.outcome.rejected_objects.extend(rejected_objects);
        total.outcome.other_type.extend(other_type);
        total.outcome.no_flow_logs.extend(no_flow_logs);
        unit::add_known(&mut total.outcome.nodata_rows, nodata_rows);
        unit::add_known(&mut total.outcome.skipdata_rows, skipdata_rows);
        self.unknown.extend(unknown_fields);
        total.interfaces.add(summary.interfaces);
        total.objects += summary.objects;
        total.packed_bytes += summary.packed_bytes;
        let room = MAX_NAMED.saturating_sub(total.named.len());
        total.named.extend(summary.named.into_iter().take(room));
        total.unread.extend(summary.unread);
    }

    /// Writes the rejects, then the footer, and makes the file visible; no file if there are no rows.
    pub(super) fn finish(self, claimed: Claimed, summary: &Summary) -> Result<Written> {
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

    pub(super) fn give_up(self) {
        self.rejects.abort();
        self.writer.into_inner().abort();
    }
}

/// What fetches the objects of a file and has its units part.
struct Feeder<'a> {
    run: &'a Round<'a>,
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
            Ok(object) => unit::one_stream(recipe, &input, object, emit),
            Err(why) => Ok(Summary::of_unread(&input, why)),
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
