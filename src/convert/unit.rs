//! One unit of work: some whole objects -> row groups, or runs of rows that are still to be put in order.
//!
//! In: the bytes of consecutive objects. Out: encoded row groups or sorted runs, rejects and counts. Everything a worker needs is
//! its own ([`Scratch`]), so that units run side by side without meeting. What comes out depends on the claim alone,
//! never on memory or threads: row groups and runs end at the unit's end, after exactly [`batch_rows`], or before the row that
//! would make the batch too large. Who makes more than its file takes waits in `emit`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufWriter, Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tracing::{debug, info};

use super::interfaces::{Interfaces, Noted};
use crate::encode::column::Encoders;
use crate::encode::layout::Layout;
use crate::error::{Error, Result};
use crate::ledger::claim::{Input, OutputOptions, Work};
use crate::ledger::entry::{LeftOut, Outcome};
use crate::ledger::rejects::{Reject, RejectKind, RejectedLines};
use crate::options::{LOG_FORMAT, LOG_TYPE};
use crate::record::columns::Batch;
use crate::record::decode::{ObjectDecoder, RejectedRow};
use crate::record::header::{Header, without_text};
use crate::record::schema::LogType;
use crate::report::{MAX_NAMED, Named};
use crate::sort::run::batch_rows;
use crate::sort::writer::ReadyRows;
use crate::source::gunzip::TextReader;
use crate::source::layout::FileName;
use crate::source::reader::{ObjectEnded, ObjectReader, Rules, Sink};
use crate::store::fetch::Body;
use crate::store::upload::hex;
use crate::store::{Listed, Location, Unread, name_of};

/// Packed bytes of the objects that make one row group, about 100,000 rows of 14 columns: small enough that two
/// threads finish together and that few megabytes are held, large enough that dictionaries pay.
pub(super) const UNIT_PACKED_BYTES: u64 = 3 << 20;

/// Most text of an object that is held at once.
pub(super) const MAX_TEXT_BYTES: usize = 128 << 20;

/// Packed rejects that are held before they are passed on.
const REJECTS_CHUNK_BYTES: usize = 1 << 20;

/// Bytes of a reject that are packed at once: nearly all have fewer.
const REJECT_PIECE_BYTES: usize = 16 << 10;

/// What a unit gave besides its row groups.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) outcome: Outcome,
    /// Objects whose rows are in the row groups, and their size.
    pub(super) objects: u64,
    pub(super) packed_bytes: u64,
    /// Objects that were read a second time, since their columns turned up when others were written.
    pub(super) objects_read_twice: u64,
    /// The first of the rejects, for the report.
    pub(super) named: Vec<Named>,
    /// Objects with lines of another log type, and the first of them.
    pub(super) objects_mixed: u64,
    pub(super) mixed: Vec<Named>,
    /// Which lines are rejected, if objects are only read.
    pub(super) lines: RejectedLines,
    /// Inputs that cannot be read as they were listed: a claim of them cannot be finished.
    pub(super) unread: Vec<(Input, Unread)>,
    /// The interfaces of each flow log.
    pub(super) interfaces: Interfaces,
}

/// What a unit gives as soon as it is made, in order.
#[derive(Debug)]
pub(super) enum UnitPart {
    /// Rows for the file.
    Rows(ReadyRows),
    /// Lines of the rejects object, packed.
    Rejects(Vec<u8>),
    /// All rejects so far are void: their object turned out to be unreadable.
    NoRejects,
}

impl UnitPart {
    /// Returns the memory it takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.memory(),
            Self::Rejects(packed) => packed.len(),
            Self::NoRejects => 0,
        }
    }
}

impl Summary {
    /// Returns why the claim cannot be finished, if so: an input is gone or changed, or what is to take the place of
    /// rows does not read to its end.
    pub(super) fn unfinishable(&self, work: &Work, source: &Location) -> Option<String> {
        let unreadable = self.outcome.rejected_objects.first().filter(|_| !work.replaces().is_empty());
        let unreadable =
            unreadable.map(|left| format!("{} does not read to its end: {}", source.url_of(&left.key), left.reason));
        let unread = self.unread.first().map(|(input, why)| match why {
            Unread::Gone | Unread::Changed => format!("{} is gone or changed", source.url_of(&input.key)),
            Unread::Refused(why) => format!("{} cannot be read: {why}", source.url_of(&input.key)),
        });
        unread.or(unreadable)
    }

    /// Returns what a unit gave of an object that cannot be read.
    pub(super) fn of_unread(input: &Input, why: Unread) -> Self {
        Self { unread: vec![(input.clone(), why)], ..Self::default() }
    }

    /// Returns whether an input is gone or another one: only a new listing tells what there is.
    pub(super) fn is_outdated(&self) -> bool {
        self.unread.iter().any(|(_, why)| matches!(why, Unread::Gone | Unread::Changed))
    }
}

/// Returns an input as it was listed.
pub(super) fn listed(input: &Input) -> Listed {
    Listed { key: input.key.clone(), size: input.size, etag: input.etag.clone(), archived: false }
}

/// Adds a count that is unknown where a format lacks the column.
pub(super) fn add_known(total: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0) + more);
    }
}

/// What every unit of a file has in common.
#[derive(Debug)]
pub(super) struct UnitOptions {
    rules: Rules,
    layout: Layout,
    /// None if objects are only read, to see whether they can be.
    encoders: Option<Arc<Encoders>>,
    pub(super) source: Location,
}

impl UnitOptions {
    /// Returns how units are made with a claim's options; without encoders rows are read, and nothing is made of them.
    ///
    /// # Errors
    /// A usage error if the recorded log format is none.
    pub(super) fn new(
        log_type: LogType,
        options: &OutputOptions,
        encoders: Option<Arc<Encoders>>,
        max_text: usize,
        source: &Location,
    ) -> Result<Self> {
        let format = options.log_format.as_deref().map(Header::from_log_format).transpose();
        let fallback = format.map_err(|e| Error::usage(format!("{LOG_FORMAT} cannot be used")).because(e))?;
        let rules = Rules {
            log_type,
            log_format: fallback.map(Arc::new),
            dash_as_null: options.dash_as_null,
            max_object_bytes: options.max_object_bytes,
            max_held_bytes: max_text,
        };
        Ok(Self { rules, layout: options.layout.clone(), encoders, source: source.clone() })
    }
}

/// What a worker keeps from unit to unit.
#[derive(Debug, Default)]
struct Scratch {
    reader: ObjectReader,
    batch: Batch,
}

thread_local! {
    // Buffers live as long as their thread: a unit finds them grown to the size that units have here.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Decodes and encodes whole objects; gives rows and rejects to `emit` as soon as they are made.
///
/// # Errors
/// When encoding fails, or the books do not balance.
pub(super) fn whole_objects(
    recipe: &UnitOptions,
    objects: Vec<(Input, Body)>,
    emit: &mut dyn FnMut(UnitPart),
) -> Result<Summary> {
    SCRATCH.with_borrow_mut(|Scratch { reader, batch }| {
        let mut unit = UnitMaker::new(recipe, batch, emit);
        let mut packed_bytes: u64 = objects.iter().map(|(input, _)| input.size).sum();
        for (input, body) in objects {
            // All of them are found at once: what is left is claimed anew.
            let bytes = match body {
                Ok(bytes) => bytes,
                Err(why) => {
                    packed_bytes -= input.size;
                    unit.summary.unread.push((input, why));
                    continue;
                }
            };
            let unknown = std::mem::take(&mut unit.unknown);
            let object = (bytes.as_ref(), input.key.ends_with(".gz"));
            let ended = reader.whole(&recipe.rules, object, &unknown, &mut unit.rows_of(&input));
            unit.unknown = unknown;
            unit.end(&input, ended?)?;
            packed_bytes -= input.size;
            unit.make_room(packed_bytes);
        }
        unit.finish()
    })
}

/// Decodes and encodes one object from a stream; its file must be given up if it turns out to be rejected.
///
/// # Errors
/// When reading or encoding fails, or the books do not balance.
pub(super) fn one_stream(
    recipe: &UnitOptions,
    input: &Input,
    object: impl Read,
    emit: &mut dyn FnMut(UnitPart),
) -> Result<Summary> {
    SCRATCH.with_borrow_mut(|Scratch { batch, .. }| {
        let mut unit = UnitMaker::new(recipe, batch, emit);
        let text = TextReader::of_object(object, input.key.ends_with(".gz"), recipe.rules.max_object_bytes);
        let ended = match text {
            Ok(text) => ObjectReader::stream(&recipe.rules, text, &BTreeSet::new(), &mut unit.rows_of(input))?,
            Err(e) => Err(e),
        };
        match ended {
            Ok(ended) => unit.end(input, ended)?,
            Err(e) => match Unread::of(&e) {
                Some(why) => {
                    unit.forget();
                    unit.summary.unread.push((input.clone(), why));
                }
                None => return Err(Error::stopped("cannot read").at(unit.place(input)).because(e)),
            },
        }
        unit.finish()
    })
}

struct UnitMaker<'a> {
    recipe: &'a UnitOptions,
    batch: &'a mut Batch,
    summary: Summary,
    /// Rows and rejected rows of the objects that are over.
    counted: (u64, u64),
    unknown: BTreeSet<String>,
    noted: Noted,
    rejects: GzEncoder<Vec<u8>>,
    emit: &'a mut dyn FnMut(UnitPart),
}

/// Takes the rows of an object into its unit.
struct RowsOf<'u, 'a> {
    unit: &'u mut UnitMaker<'a>,
    input: &'u Input,
}

impl Sink for RowsOf<'_, '_> {
    fn text(&mut self, decoder: &mut ObjectDecoder, text: &[u8], from: usize) -> Result<bool> {
        let Self { unit, input } = self;
        let mut rejects = Vec::new();
        let mut at = from;
        // Once at least: text that is nothing but a header line is text that was read.
        loop {
            let max_rows = batch_rows(&unit.recipe.layout, unit.batch.columns_with(decoder.columns()));
            if unit.batch.rows() >= max_rows || unit.batch.is_full() {
                unit.note(input);
                unit.end_batch()?;
            }
            let done = decoder.decode(text, at, unit.batch, max_rows, &mut rejects);
            at += done.bytes;
            unit.summary.outcome.rows += done.rows;
            unit.summary.outcome.rejected_rows += done.rejected;
            for reject in rejects.drain(..) {
                unit.reject_row(input, reject)?;
            }
            if at >= text.len() {
                return Ok(true);
            }
        }
    }
}

impl<'a> UnitMaker<'a> {
    fn new(recipe: &'a UnitOptions, batch: &'a mut Batch, emit: &'a mut dyn FnMut(UnitPart)) -> Self {
        // A unit that failed may have left rows behind.
        batch.clear();
        Self {
            recipe,
            batch,
            summary: Summary::default(),
            counted: (0, 0),
            unknown: BTreeSet::new(),
            noted: Noted::default(),
            rejects: GzEncoder::new(Vec::new(), Compression::fast()),
            emit,
        }
    }

    fn rows_of<'u>(&'u mut self, input: &'u Input) -> RowsOf<'u, 'a> {
        RowsOf { unit: self, input }
    }

    /// Makes room for the rows of the objects that are to come, of so many packed bytes: columns that grow by and by are
    /// copied again and again.
    fn make_room(&mut self, packed_bytes: u64) {
        let rows = self.batch.rows() as u128 * u128::from(packed_bytes) / u128::from(self.summary.packed_bytes.max(1));
        let most = batch_rows(&self.recipe.layout, self.batch.columns().len()).saturating_sub(self.batch.rows());
        self.batch.reserve(usize::try_from(rows + rows / 8).map_or(most, |rows| rows.min(most)));
    }

    /// Closes an object's books: every line of it is a row, a reject, blank, or a header.
    fn end(&mut self, input: &Input, ended: ObjectEnded) -> Result<()> {
        match ended {
            ObjectEnded::Read { decoder, text_bytes } => {
                decoder.check().map_err(|why| {
                    Error::stopped(format!("the rows of an object do not add up: {why}"))
                        .at(self.place(input))
                        .help("this is a bug in flowparquet: nothing of this file was written; please report it")
                })?;
                self.note(input);
                self.summary.objects += 1;
                self.summary.packed_bytes += input.size;
                self.summary.outcome.text_bytes += text_bytes;
                if let Some((lines, other)) = decoder.other_type_rows() {
                    self.leave_lines(input, lines, other);
                }
                self.unknown = decoder.into_unknown();
                let (rows, rejected) = self.counted;
                let Outcome { rows: all, rejected_rows: all_rejected, .. } = &self.summary.outcome;
                self.counted = (*all, *all_rejected);
                debug!(
                    object = %self.place(input),
                    rows = all - rows,
                    rejected_rows = all_rejected - rejected,
                    text_bytes,
                    "decoded"
                );
            }
            ObjectEnded::Rejected { reason, taken } => {
                if taken {
                    self.forget();
                }
                self.reject_object(input, reason);
            }
            ObjectEnded::OtherType(other) => {
                info!(object = %self.place(input), log_type = %other, "object of another log type left alone");
                let reason = format!("its header is that of {}", other.schema().title);
                self.leave_out(input, RejectKind::OtherType, &reason);
                self.summary.outcome.other_type.push(LeftOut { key: input.key.clone(), reason: other.to_string() });
            }
            // What AWS calls a flow log is one, whatever somebody has put there.
            ObjectEnded::NoFlowLog(kind) if FileName::parse(name_of(&input.key)).flow_log.is_some() => {
                self.reject_object(input, format!("it is called like a flow log, and is {kind}"));
            }
            ObjectEnded::NoFlowLog(kind) => {
                info!(object = %self.place(input), kind, "what is no flow log is left alone");
                let reason = format!("it is no flow log, but {kind}");
                self.leave_out(input, RejectKind::NoFlowLog, &reason);
                self.summary.outcome.no_flow_logs.push(LeftOut { key: input.key.clone(), reason });
            }
            ObjectEnded::Enough => {}
        }
        Ok(())
    }

    /// Counts and names the lines of an object that are of another log type than the others.
    fn leave_lines(&mut self, input: &Input, lines: u64, other: LogType) {
        let object = self.place(input);
        info!(object, lines, log_type = %other, "lines of another log type left alone");
        self.summary.outcome.other_type_rows += lines;
        self.summary.objects_mixed += 1;
        if self.summary.mixed.len() < MAX_NAMED {
            let title = &other.schema().title;
            let reason = format!(
                "{lines} line{} behind a header line of {title} left alone: convert with {LOG_TYPE} {other} into another DEST",
                if lines == 1 { "" } else { "s" }
            );
            self.summary.mixed.push(Named { object, line: None, byte: None, reason });
        }
    }

    /// Notes which interfaces the rows are of that an object has added to the batch.
    fn note(&mut self, input: &Input) {
        if self.recipe.encoders.is_some() {
            self.noted.object(&input.key, self.batch, &mut self.summary.interfaces);
        }
    }

    fn end_batch(&mut self) -> Result<()> {
        if self.batch.rows() > 0 {
            self.noted.end_batch(self.batch, &mut self.summary.interfaces);
            let outcome = &mut self.summary.outcome;
            add_known(&mut outcome.nodata_rows, self.batch.count("log_status", b"NODATA"));
            add_known(&mut outcome.skipdata_rows, self.batch.count("log_status", b"SKIPDATA"));
            let rows = self.recipe.encoders.as_ref();
            let rows = rows.map(|encoders| ReadyRows::of(self.batch, &self.recipe.layout, encoders)).transpose()?;
            // Before they are given away, which may have to wait.
            self.batch.clear();
            if let Some(rows) = rows {
                (self.emit)(UnitPart::Rows(rows));
            }
        }
        Ok(())
    }

    /// Forgets the rows of an object that did not read to its end; the file they went to is given up.
    fn forget(&mut self) {
        self.batch.clear();
        self.summary = Summary::default();
        self.counted = (0, 0);
        self.noted = Noted::default();
        self.unknown.clear();
        self.rejects = GzEncoder::new(Vec::new(), Compression::fast());
        (self.emit)(UnitPart::NoRejects);
    }

    fn reject_object(&mut self, input: &Input, reason: String) {
        info!(object = %self.place(input), reason = %without_text(&reason), "object rejected");
        self.leave_out(input, RejectKind::Object, &reason);
        self.name(Named { object: self.place(input), line: None, byte: None, reason: reason.clone() });
        self.summary.outcome.rejected_objects.push(LeftOut { key: input.key.clone(), reason });
    }

    fn leave_out(&mut self, input: &Input, kind: RejectKind, reason: &str) {
        let (object, reason) = (input.key.to_string(), reason.to_owned());
        // Into memory: cannot fail.
        let _ = self.put(&Reject { kind, object, reason, line: None, byte: None, text: None, hex: None });
    }

    fn reject_row(&mut self, input: &Input, row: RejectedRow) -> Result<()> {
        if self.recipe.encoders.is_none() {
            self.summary.lines.add(&input.key, row.line, row.byte);
        }
        if self.summary.named.len() < MAX_NAMED {
            let (line, byte, reason) = (Some(row.line), Some(row.byte), row.reason.clone());
            self.name(Named { object: self.place(input), line, byte, reason });
        }
        let (text, hex) = match String::from_utf8(row.text) {
            Ok(text) => (Some(text), None),
            Err(e) => (None, Some(hex(e.as_bytes()))),
        };
        let (line, byte) = (Some(row.line), Some(row.byte));
        self.put(&Reject {
            kind: RejectKind::Row,
            object: input.key.to_string(),
            reason: row.reason,
            line,
            byte,
            text,
            hex,
        })
    }

    fn put(&mut self, reject: &Reject) -> Result<()> {
        let failed = |e: std::io::Error| Error::stopped("cannot keep a reject").because(e);
        // In large pieces: the compressor is slow with many small ones. Not whole, since a line of megabytes may take six times
        // as much when it is escaped.
        let mut line = BufWriter::with_capacity(REJECT_PIECE_BYTES, &mut self.rejects);
        serde_json::to_writer(&mut line, reject).map_err(|e| failed(e.into()))?;
        line.write_all(b"\n").and_then(|()| line.flush()).map_err(failed)?;
        drop(line);
        if self.rejects.get_ref().len() >= REJECTS_CHUNK_BYTES {
            (self.emit)(UnitPart::Rejects(std::mem::take(self.rejects.get_mut())));
        }
        Ok(())
    }

    /// Returns an object's URL, for people; what is stored has its key.
    fn place(&self, input: &Input) -> String {
        self.recipe.source.url_of(&input.key)
    }

    fn name(&mut self, named: Named) {
        if self.summary.named.len() < MAX_NAMED {
            self.summary.named.push(named);
        }
    }

    fn finish(mut self) -> Result<Summary> {
        self.end_batch()?;
        let outcome = &mut self.summary.outcome;
        outcome.unknown_fields = self.unknown.into_iter().collect();
        if outcome.rejected_rows > 0 || outcome.left_out_objects() > 0 {
            let packed = self.rejects.finish().map_err(|e| Error::stopped("cannot keep rejects").because(e))?;
            (self.emit)(UnitPart::Rejects(packed));
        }
        Ok(self.summary)
    }
}
