//! One unit of work: some whole objects -> row groups, or runs of rows that are still to be put in order.
//!
//! In: the bytes of consecutive objects. Out: encoded row groups or sorted runs, rejects and counts. Everything a worker needs is
//! its own ([`Scratch`]), so that units run side by side without meeting. What comes out depends on the claim alone,
//! never on memory or threads: row groups and runs end at the unit's end, or after exactly [`batch_rows`].

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::encode::column::Encoders;
use crate::encode::layout::Layout;
use crate::error::{Error, Result};
use crate::ledger::entry::{Claim, Input, LeftOut, Outcome};
use crate::ledger::table::{Reject, RejectKind};
use crate::record::columns::Batch;
use crate::record::decode::{ObjectDecoder, RejectedRow};
use crate::record::header::{Header, MAX_UNKNOWN};
use crate::record::schema::LogType;
use crate::report::{MAX_NAMED, Named};
use crate::sort::run::batch_rows;
use crate::sort::writer::Rows;
use crate::source::gunzip::{TextReader, UnpackError, Unpacked, Unpacker};
use crate::store::Location;
use crate::store::fetch::Body;
use crate::store::upload::hex;

/// Packed bytes of the objects that make one row group, about 100,000 rows of 14 columns: small enough that two
/// threads finish together and that few megabytes are held, large enough that dictionaries pay.
pub(super) const UNIT_PACKED_BYTES: u64 = 3 << 20;

/// Longest line that is read: an object with a longer one does not read to its end. Records have some hundred bytes.
const MAX_LINE_BYTES: usize = 16 << 20;

/// Most text of an object that is held at once.
pub(super) const MAX_TEXT_BYTES: usize = 128 << 20;

/// Packed rejects that are held before they are passed on.
const REJECTS_CHUNK_BYTES: usize = 1 << 20;

/// Text that is held of an object that is read as a stream.
const PIECE_BYTES: usize = 4 << 20;

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
    /// An input is not what was claimed: this claim cannot be finished.
    pub(super) vanished: Option<String>,
}

/// What a unit gives as soon as it is made, in order.
#[derive(Debug)]
pub(super) enum Made {
    /// Rows for the file.
    Rows(Rows),
    /// Lines of the rejects object, packed.
    Rejects(Vec<u8>),
    /// All rejects so far are void: their object turned out to be unreadable.
    NoRejects,
}

impl Summary {
    /// Returns why the claim cannot be finished, if so: an input is gone or changed, or what is to take the place of
    /// rows does not read to its end.
    pub(super) fn unfinishable(&self, claim: &Claim) -> Option<String> {
        let unreadable = self.outcome.rejected_objects.first().filter(|_| !claim.replaces.is_empty());
        let unreadable = unreadable.map(|left| format!("{} does not read to its end: {}", left.key, left.reason));
        self.vanished.clone().or(unreadable)
    }
}

/// Adds a count that is unknown where a format lacks the column.
pub(super) fn add_known(total: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0) + more);
    }
}

/// What every unit of a file has in common.
#[derive(Debug)]
pub(super) struct Recipe {
    log_type: LogType,
    dash_as_null: bool,
    max_object_bytes: u64,
    layout: Layout,
    encoders: Arc<Encoders>,
    fallback: Option<Arc<Header>>,
    max_text: usize,
    pub(super) source: Location,
}

impl Recipe {
    /// Returns how a claim's units are made.
    ///
    /// # Errors
    /// A usage error if the recorded log format is none.
    pub(super) fn new(claim: &Claim, encoders: Arc<Encoders>, max_text: usize, source: &Location) -> Result<Self> {
        let format = claim.options.log_format.as_deref().map(Header::from_log_format).transpose();
        let fallback = format.map_err(|e| Error::usage("--log-format cannot be used").because(e))?;
        Ok(Self {
            log_type: claim.log_type,
            dash_as_null: claim.options.dash_as_null,
            max_object_bytes: claim.options.max_object_bytes,
            layout: claim.options.layout.clone(),
            encoders,
            fallback: fallback.map(Arc::new),
            max_text,
            source: source.clone(),
        })
    }
}

/// What a worker keeps from unit to unit.
#[derive(Debug, Default)]
struct Scratch {
    unpacker: Unpacker,
    text: Vec<u8>,
    batch: Batch,
}

thread_local! {
    // Buffers live as long as their thread: a unit finds them grown to the size that units have here.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Decodes and encodes whole objects; gives row groups and rejects to `emit` as soon as they are made.
///
/// # Errors
/// When encoding fails, or the books do not balance.
pub(super) fn whole_objects(
    recipe: &Recipe,
    objects: Vec<(Input, Body)>,
    emit: &mut dyn FnMut(Made),
) -> Result<Summary> {
    SCRATCH.with_borrow_mut(|Scratch { unpacker, text, batch }| {
        let mut unit = Unit::new(recipe, batch, emit);
        let mut packed_bytes: u64 = objects.iter().map(|(input, _)| input.size).sum();
        for (input, body) in objects {
            let Body::Whole(bytes) = body else {
                unit.summary.vanished = Some(format!("{} is gone or changed", recipe.source.url_of(&input.key)));
                break;
            };
            let packed_name = input.key.ends_with(".gz");
            match unpacker.unpack(&bytes, packed_name, text, recipe.max_text, recipe.max_object_bytes) {
                Ok(Unpacked::Whole) => unit.text(&input, text)?,
                Ok(Unpacked::Large) => {
                    let gzip = bytes.starts_with(&[0x1f, 0x8b]);
                    // First to its end for its line lengths, then again for its rows: none of them may be written
                    // of an object that cannot be read whole.
                    let mut check = TextReader::new(bytes.as_ref(), gzip, recipe.max_object_bytes);
                    match check_lines(&mut check) {
                        Ok(()) => {
                            unit.stream(&input, TextReader::new(bytes.as_ref(), gzip, recipe.max_object_bytes))?;
                        }
                        Err(e) => unit.reject_object(&input, e.to_string()),
                    }
                }
                Err(e) => unit.reject_object(&input, e.to_string()),
            }
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
    recipe: &Recipe,
    input: &Input,
    object: impl Read,
    emit: &mut dyn FnMut(Made),
) -> Result<Summary> {
    SCRATCH.with_borrow_mut(|Scratch { batch, .. }| {
        let mut unit = Unit::new(recipe, batch, emit);
        let gzip = input.key.ends_with(".gz");
        unit.stream(input, TextReader::new(object, gzip, recipe.max_object_bytes))?;
        unit.finish()
    })
}

/// Returns why an object that was rejected before still does not read to its end, if so.
pub(super) fn still_unreadable(recipe: &Recipe, input: &Input, object: &[u8]) -> Option<String> {
    SCRATCH.with_borrow_mut(|Scratch { unpacker, text, .. }| {
        let packed_name = input.key.ends_with(".gz");
        match unpacker.unpack(object, packed_name, text, recipe.max_text, recipe.max_object_bytes) {
            Ok(Unpacked::Whole) => header_of(recipe, text).err(),
            Ok(Unpacked::Large) => None,
            Err(e) => Some(e.to_string()),
        }
    })
}

fn check_lines<R: Read>(reader: &mut TextReader<R>) -> Result<(), UnpackError> {
    let mut piece = vec![0; 1 << 20];
    let mut lines = Lines::default();
    loop {
        let read = reader.read_some(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        lines.add(&piece[..read])?;
    }
}

/// Finds lines that are too long in text that comes piece by piece.
#[derive(Default)]
struct Lines {
    before: u64,
    /// Bytes of the line that has not ended.
    length: usize,
}

impl Lines {
    /// Takes a piece of text that others follow.
    fn add(&mut self, text: &[u8]) -> Result<(), UnpackError> {
        let rest = self.bound(text)?;
        self.before += memchr::memchr_iter(b'\n', rest).count() as u64;
        self.length = memchr::memrchr(b'\n', rest).map_or(self.length + rest.len(), |end| rest.len() - end - 1);
        Ok(())
    }

    /// Looks for a line that is too long; returns the end of the text, in which there cannot be one.
    fn bound<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], UnpackError> {
        // From the farthest place that is allowed back to the line end before it: most lines are not looked at.
        while self.length + rest.len() > MAX_LINE_BYTES {
            let reach = (MAX_LINE_BYTES + 1 - self.length).min(rest.len());
            let Some(end) = memchr::memrchr(b'\n', &rest[..reach]) else {
                return Err(UnpackError::LineTooLong { line: self.before + 1, limit: MAX_LINE_BYTES });
            };
            self.before += memchr::memchr_iter(b'\n', &rest[..=end]).count() as u64;
            (self.length, rest) = (0, &rest[end + 1..]);
        }
        Ok(rest)
    }
}

/// Returns an object's header and the bytes of its line; none of it if the header comes from `--log-format`.
fn header_of(recipe: &Recipe, text: &[u8]) -> Result<(Arc<Header>, usize), String> {
    let blank = text.iter().take_while(|b| matches!(b, b'\n' | b'\r' | b' ')).count();
    // Blank lines before the header are passed over, line by line.
    let begin = memchr::memrchr(b'\n', &text[..blank]).map_or(0, |at| at + 1);
    let line = &text[begin..];
    let end = memchr::memchr(b'\n', line).map_or(text.len(), |at| begin + at + 1);
    match (Header::parse(&text[begin..end]), &recipe.fallback) {
        (Ok(header), _) => Ok((Arc::new(header), end)),
        (Err(_), Some(fallback)) => Ok((Arc::clone(fallback), 0)),
        (Err(_), None) if text.len() == blank => Err("the object has no text".to_owned()),
        (Err(e), None) => Err(e.to_string()),
    }
}

struct Unit<'a> {
    recipe: &'a Recipe,
    batch: &'a mut Batch,
    summary: Summary,
    unknown: BTreeSet<String>,
    rejects: GzEncoder<Vec<u8>>,
    emit: &'a mut dyn FnMut(Made),
}

impl<'a> Unit<'a> {
    fn new(recipe: &'a Recipe, batch: &'a mut Batch, emit: &'a mut dyn FnMut(Made)) -> Self {
        // A unit that failed may have left rows behind.
        batch.clear();
        Self {
            recipe,
            batch,
            summary: Summary::default(),
            unknown: BTreeSet::new(),
            rejects: GzEncoder::new(Vec::new(), Compression::fast()),
            emit,
        }
    }

    /// Appends the rows of an object whose whole text is at hand.
    fn text(&mut self, input: &Input, text: &[u8]) -> Result<()> {
        if let Err(e) = Lines::default().bound(text) {
            self.reject_object(input, e.to_string());
            return Ok(());
        }
        let (header, begin) = match header_of(self.recipe, text) {
            Ok(found) => found,
            Err(reason) => {
                self.reject_object(input, reason);
                return Ok(());
            }
        };
        let Some(mut decoder) = self.begin(input, header, (0, 0)) else { return Ok(()) };
        self.piece(input, &mut decoder, text, begin)?;
        self.end(input, decoder, text.len() as u64)
    }

    /// Makes room for the rows of the objects that are to come, of so many packed bytes: columns that grow by and by are
    /// copied again and again.
    fn make_room(&mut self, packed_bytes: u64) {
        let rows = self.batch.rows() as u128 * u128::from(packed_bytes) / u128::from(self.summary.packed_bytes.max(1));
        let most = batch_rows(&self.recipe.layout, self.batch.columns().len()).saturating_sub(self.batch.rows());
        self.batch.reserve(usize::try_from(rows + rows / 8).map_or(most, |rows| rows.min(most)));
    }

    /// Appends the rows of an object that is read piece by piece.
    fn stream<R: Read>(&mut self, input: &Input, mut reader: TextReader<R>) -> Result<()> {
        let mut buffer = Vec::new();
        let mut decoder = None;
        let (mut lines, mut blank) = (Lines::default(), (0, 0));
        loop {
            let before = buffer.len();
            let filled = fill(&mut reader, &mut buffer);
            let last = match filled.and_then(|last| lines.add(&buffer[before..]).map(|()| last)) {
                Ok(last) => last,
                Err(UnpackError::Io(e)) => return Err(Error::stopped("cannot read").at(self.place(input)).because(e)),
                Err(e) => {
                    // Only an object that has its file to itself is read without having been read before.
                    self.forget();
                    self.reject_object(input, e.to_string());
                    return Ok(());
                }
            };
            let whole = if last { buffer.len() } else { memchr::memrchr(b'\n', &buffer).map_or(0, |at| at + 1) };
            let piece = &buffer[..whole];
            let mut begin = 0;
            if decoder.is_none() && !last && is_blank(piece) {
                // The header line is still to come.
                blank = (blank.0 + memchr::memchr_iter(b'\n', piece).count() as u64, blank.1 + piece.len() as u64);
            } else if decoder.is_none() {
                match header_of(self.recipe, piece) {
                    Ok((header, end)) => {
                        begin = end;
                        decoder = self.begin(input, header, blank);
                        if decoder.is_none() {
                            return Ok(());
                        }
                    }
                    Err(reason) => {
                        self.reject_object(input, reason);
                        return Ok(());
                    }
                }
            }
            if let Some(decoder) = &mut decoder {
                self.piece(input, decoder, piece, begin)?;
                decoder.next_piece(piece);
            }
            buffer.drain(..whole);
            if last {
                break;
            }
        }
        decoder.map_or(Ok(()), |decoder| {
            let text_bytes = decoder.text_bytes();
            self.end(input, decoder, text_bytes)
        })
    }

    /// Returns a decoder for the lines behind the header, unless the object is of another log type or names too much.
    /// `before` says how many lines and bytes lie before the text at hand.
    fn begin(&mut self, input: &Input, header: Arc<Header>, before: (u64, u64)) -> Option<ObjectDecoder> {
        if let Some(other) = header.log_type().filter(|log_type| *log_type != self.recipe.log_type) {
            let reason = format!("its header is that of {}", other.schema().title);
            self.leave_out(input, RejectKind::OtherType, &reason);
            self.summary.outcome.other_type.push(LeftOut { key: input.key.clone(), reason: other.to_string() });
            return None;
        }
        let new: Vec<&str> = header.unknown().filter(|name| !self.unknown.contains(*name)).collect();
        if self.unknown.len() + new.len() > MAX_UNKNOWN {
            let (count, first) = (new.len(), new.first().copied().unwrap_or_default());
            let reason = format!(
                "its header names {count} unknown field{} ({first:?}{}), with those of the objects before it more than the {MAX_UNKNOWN} that are allowed",
                if count == 1 { "" } else { "s" },
                if count == 1 { "" } else { " and so on" },
            );
            self.reject_object(input, reason);
            return None;
        }
        let mut unknown = std::mem::take(&mut self.unknown);
        unknown.extend(new.into_iter().map(str::to_owned));
        Some(ObjectDecoder::new(header, unknown, self.recipe.dash_as_null, before.0, before.1))
    }

    fn piece(&mut self, input: &Input, decoder: &mut ObjectDecoder, text: &[u8], from: usize) -> Result<()> {
        let mut rejects = Vec::new();
        let mut at = from;
        // Once at least: text that is nothing but a header line is text that was read.
        loop {
            let max_rows = batch_rows(&self.recipe.layout, self.batch.columns_with(decoder.columns()));
            if self.batch.rows() >= max_rows {
                self.end_batch()?;
            }
            let done = decoder.decode(text, at, self.batch, max_rows, &mut rejects);
            at += done.bytes;
            self.summary.outcome.rows += done.rows;
            self.summary.outcome.rejected_rows += done.rejected;
            for reject in rejects.drain(..) {
                self.reject_row(input, reject)?;
            }
            if at >= text.len() {
                return Ok(());
            }
        }
    }

    /// Closes an object's books: every line of it is a row, a reject, blank, or a header.
    fn end(&mut self, input: &Input, decoder: ObjectDecoder, text_bytes: u64) -> Result<()> {
        decoder.check().map_err(|why| {
            Error::stopped(format!("the rows of an object do not add up: {why}"))
                .at(self.place(input))
                .help("this is a bug in flowparquet: nothing of this file was written; please report it")
        })?;
        self.summary.objects += 1;
        self.summary.packed_bytes += input.size;
        self.summary.outcome.text_bytes += text_bytes;
        self.unknown = decoder.into_unknown();
        Ok(())
    }

    fn end_batch(&mut self) -> Result<()> {
        if self.batch.rows() > 0 {
            let outcome = &mut self.summary.outcome;
            add_known(&mut outcome.nodata_rows, self.batch.count("log_status", b"NODATA"));
            add_known(&mut outcome.skipdata_rows, self.batch.count("log_status", b"SKIPDATA"));
            (self.emit)(Made::Rows(Rows::of(self.batch, &self.recipe.layout, &self.recipe.encoders)?));
            self.batch.clear();
        }
        Ok(())
    }

    /// Forgets the rows of an object that did not read to its end; the file they went to is given up.
    fn forget(&mut self) {
        self.batch.clear();
        self.summary = Summary::default();
        self.unknown.clear();
        self.rejects = GzEncoder::new(Vec::new(), Compression::fast());
        (self.emit)(Made::NoRejects);
    }

    fn reject_object(&mut self, input: &Input, reason: String) {
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
        // Line by line: the compressor is slow with many small pieces.
        let mut line = serde_json::to_vec(reject).map_err(|e| failed(e.into()))?;
        line.push(b'\n');
        self.rejects.write_all(&line).map_err(failed)?;
        if self.rejects.get_ref().len() >= REJECTS_CHUNK_BYTES {
            (self.emit)(Made::Rejects(std::mem::take(self.rejects.get_mut())));
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
        if outcome.rejected_rows > 0 || !outcome.rejected_objects.is_empty() || !outcome.other_type.is_empty() {
            let packed = self.rejects.finish().map_err(|e| Error::stopped("cannot keep rejects").because(e))?;
            (self.emit)(Made::Rejects(packed));
        }
        Ok(self.summary)
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|b| matches!(b, b'\n' | b'\r' | b' '))
}

/// Fills the buffer with at least a whole line, unless that is too long; returns true at the end of the text.
fn fill<R: Read>(reader: &mut TextReader<R>, buffer: &mut Vec<u8>) -> Result<bool, UnpackError> {
    let mut wanted = PIECE_BYTES.max(buffer.len() + PIECE_BYTES);
    loop {
        let mut filled = buffer.len();
        buffer.resize(wanted, 0);
        while filled < wanted {
            match reader.read_some(&mut buffer[filled..]) {
                Ok(0) => {
                    buffer.truncate(filled);
                    return Ok(true);
                }
                Ok(read) => filled += read,
                Err(e) => {
                    buffer.truncate(filled);
                    return Err(e);
                }
            }
        }
        if buffer.len() > MAX_LINE_BYTES || memchr::memrchr(b'\n', buffer).is_some() {
            return Ok(false);
        }
        wanted = buffer.len() * 2;
    }
}
