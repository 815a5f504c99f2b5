//! The one reader of raw objects: bytes -> text -> header -> rows in batches, within all limits.
//!
//! In: an object, held packed or as a stream, and the [`Rules`] for it. Out: its text in pieces that end with a line, each
//! with the decoder that fits it, to a [`Sink`], which decodes as much at once as it likes; and how the object [`ObjectEnded`].
//! `convert` and `query` read by it, so that both have the same rows. (`verify` shares nothing with it but [`super::limits`].)

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use super::foreign::of_another_kind;
use super::gunzip::{TextReader, UnpackError, Unpacked, Unpacker};
use super::limits::MAX_LINE_BYTES;
use crate::error::{Error, Result};
use crate::record::decode::ObjectDecoder;
use crate::record::header::{Header, MAX_UNKNOWN};
use crate::record::schema::LogType;

/// Text that is held of an object that is read as a stream.
const PIECE_BYTES: usize = 4 << 20;

/// How objects are read.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Log type of the table; objects of another one are left alone, and so are lines behind a header line of another one.
    pub log_type: LogType,
    /// The format of objects without a header line.
    pub log_format: Option<Arc<Header>>,
    /// Whether `-` is NULL in string columns too.
    pub dash_as_null: bool,
    /// The most text that an object may hold, in bytes.
    pub max_object_bytes: u64,
    /// The most text of an object that is held at once, in bytes; what is larger is read twice, in pieces.
    pub max_held_bytes: usize,
}

/// Who takes the text of objects.
pub trait Sink {
    /// Decodes the text from `from` on, all of it, and returns true; or returns false if no more is wanted.
    ///
    /// # Errors
    /// What keeps the text from being taken: it stops the reading.
    fn text(&mut self, decoder: &mut ObjectDecoder, text: &[u8], from: usize) -> Result<bool>;
}

/// How an object came to its end.
#[derive(Debug)]
pub enum ObjectEnded {
    /// It was read to its end.
    Read {
        /// The decoder, with its counts.
        decoder: Box<ObjectDecoder>,
        /// Bytes of text.
        text_bytes: u64,
    },
    /// It cannot be converted.
    Rejected {
        /// Why.
        reason: String,
        /// Whether some of its text was taken before that was known: only of one that is read as a stream, once.
        taken: bool,
    },
    /// Its headers are all that of another log type.
    OtherType(LogType),
    /// It is surely no flow log: what it is instead.
    NoFlowLog(&'static str),
    /// The sink wanted no more.
    Enough,
}

impl ObjectEnded {
    fn read(decoder: ObjectDecoder, text_bytes: u64) -> Self {
        match decoder.all_of_other_type() {
            Some(other) => Self::OtherType(other),
            None => Self::Read { decoder: Box::new(decoder), text_bytes },
        }
    }

    fn rejected(reason: impl ToString) -> Self {
        Self::Rejected { reason: reason.to_string(), taken: false }
    }
}

/// Reads objects, one after the other: buffers are kept from one to the next.
#[derive(Debug, Default)]
pub struct ObjectReader {
    unpacker: Unpacker,
    text: Vec<u8>,
}

impl ObjectReader {
    /// Reads an object that is held packed. No text of it is taken unless it reads to its end.
    ///
    /// `named_gz` says that its name ends in `.gz`; `unknown` are the unknown fields of the objects before it that belong to
    /// the same rows: with its own they may be [`MAX_UNKNOWN`].
    ///
    /// # Errors
    /// Those of the sink.
    pub fn whole(
        &mut self,
        rules: &Rules,
        (object, named_gz): (&[u8], bool),
        unknown: &BTreeSet<String>,
        sink: &mut dyn Sink,
    ) -> Result<ObjectEnded> {
        match self.unpack(rules, object, named_gz) {
            Ok(true) => {
                let (header, from) = match header_of(rules, &self.text) {
                    Ok(found) => found,
                    Err(ended) => return Ok(ended),
                };
                let mut decoder = match decoder(rules, header, unknown, (0, 0)) {
                    Ok(decoder) => decoder,
                    Err(ended) => return Ok(ended),
                };
                if !sink.text(&mut decoder, &self.text, from)? {
                    return Ok(ObjectEnded::Enough);
                }
                Ok(ObjectEnded::read(decoder, self.text.len() as u64))
            }
            // First to its end, then again for its rows: none may be taken of an object that cannot be read whole.
            Ok(false) => {
                let text = large(rules, object);
                Self::stream(rules, text, unknown, sink)?.map_err(|e| Error::stopped("cannot read").because(e))
            }
            Err(e) => Ok(ObjectEnded::rejected(e)),
        }
    }

    /// Reads an object from a stream, once: if it does not read to its end, text of it was taken.
    ///
    /// # Errors
    /// Those of the sink; inside, what the store says.
    pub fn stream<R: Read>(
        rules: &Rules,
        mut reader: TextReader<R>,
        unknown: &BTreeSet<String>,
        sink: &mut dyn Sink,
    ) -> Result<Result<ObjectEnded, std::io::Error>> {
        let mut buffer = Vec::new();
        let mut current: Option<ObjectDecoder> = None;
        let (mut lines, mut blank) = (LongLines::default(), (0, 0));
        loop {
            let before = buffer.len();
            let filled = fill(&mut reader, &mut buffer);
            let last = match filled.and_then(|last| lines.add(&buffer[before..]).map(|()| last)) {
                Ok(last) => last,
                Err(UnpackError::Io(e)) => return Ok(Err(e)),
                Err(e) => return Ok(Ok(ObjectEnded::Rejected { reason: e.to_string(), taken: true })),
            };
            let whole = if last { buffer.len() } else { memchr::memrchr(b'\n', &buffer).map_or(0, |at| at + 1) };
            let piece = &buffer[..whole];
            let mut from = 0;
            if current.is_none() && !last && is_blank(piece) {
                // The header line is still to come.
                blank = (blank.0 + memchr::memchr_iter(b'\n', piece).count() as u64, blank.1 + piece.len() as u64);
            } else if current.is_none() {
                let (header, end) = match header_of(rules, piece) {
                    Ok(found) => found,
                    Err(ended) => return Ok(Ok(ended)),
                };
                from = end;
                current = match decoder(rules, header, unknown, blank) {
                    Ok(decoder) => Some(decoder),
                    Err(ended) => return Ok(Ok(ended)),
                };
            }
            if let Some(decoder) = &mut current {
                if !sink.text(decoder, piece, from)? {
                    return Ok(Ok(ObjectEnded::Enough));
                }
                decoder.next_piece(piece);
            }
            buffer.drain(..whole);
            if last {
                break;
            }
        }
        Ok(Ok(match current {
            Some(decoder) => {
                let text_bytes = decoder.text_bytes();
                ObjectEnded::read(decoder, text_bytes)
            }
            None => ObjectEnded::rejected(UnpackError::Empty),
        }))
    }

    /// Unpacks an object to its end, and looks for lines that are too long; returns false if its text is too much to be held.
    fn unpack(&mut self, rules: &Rules, object: &[u8], named_gz: bool) -> Result<bool, UnpackError> {
        let (held, most) = (rules.max_held_bytes, rules.max_object_bytes);
        match self.unpacker.unpack(object, named_gz, &mut self.text, held, most)? {
            Unpacked::Whole => LongLines::default().bound(&self.text).map(|_| true),
            Unpacked::Large => check_lines(&mut large(rules, object)).map(|()| false),
        }
    }
}

fn large<'a>(rules: &Rules, object: &'a [u8]) -> TextReader<&'a [u8]> {
    TextReader::new(object, object.starts_with(&[0x1f, 0x8b]), rules.max_object_bytes)
}

/// Returns a decoder for the lines behind the header, unless it names too much.
/// `before` says how many lines and bytes lie before the text at hand.
fn decoder(
    rules: &Rules,
    header: Arc<Header>,
    unknown: &BTreeSet<String>,
    before: (u64, u64),
) -> Result<ObjectDecoder, ObjectEnded> {
    let is_other = header.log_type().is_some_and(|log_type| log_type != rules.log_type);
    let new = header.unknown().filter(|_| !is_other);
    let new: Vec<&str> = new.filter(|name| !unknown.contains(*name)).collect();
    if unknown.len() + new.len() > MAX_UNKNOWN {
        let (count, first) = (new.len(), new.first().copied().unwrap_or_default());
        return Err(ObjectEnded::rejected(format!(
            "its header names {count} unknown field{} ({first:?}{}), with those of the objects before it more than the {MAX_UNKNOWN} that are allowed",
            if count == 1 { "" } else { "s" },
            if count == 1 { "" } else { " and so on" },
        )));
    }
    let unknown = unknown.iter().cloned().chain(new.into_iter().map(str::to_owned)).collect();
    Ok(ObjectDecoder::new(header, rules.log_type, unknown, rules.dash_as_null, before.0, before.1))
}

/// Returns an object's header and the bytes of its line; none of it if the header comes from `--log-format`. What has no line at
/// all needs none.
fn header_of(rules: &Rules, text: &[u8]) -> Result<(Arc<Header>, usize), ObjectEnded> {
    let blank = text.iter().take_while(|b| matches!(b, b'\n' | b'\r' | b' ')).count();
    // Blank lines before the header are passed over, line by line.
    let begin = memchr::memrchr(b'\n', &text[..blank]).map_or(0, |at| at + 1);
    let line = &text[begin..];
    let end = memchr::memchr(b'\n', line).map_or(text.len(), |at| begin + at + 1);
    let no_header = match Header::parse(&text[begin..end]) {
        Ok(header) => return Ok((Arc::new(header), end)),
        Err(no_header) => no_header,
    };
    match (&rules.log_format, of_another_kind(&text[begin..end])) {
        // Whoever says the format of lines without a header means any line.
        (Some(format), _) => Ok((Arc::clone(format), 0)),
        (None, Some(kind)) => Err(ObjectEnded::NoFlowLog(kind)),
        (None, None) if text.len() == blank => Ok((Arc::new(Header::none()), 0)),
        (None, None) => Err(ObjectEnded::rejected(no_header)),
    }
}

fn check_lines<R: Read>(reader: &mut TextReader<R>) -> Result<(), UnpackError> {
    let mut piece = vec![0; 1 << 20];
    let mut lines = LongLines::default();
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
struct LongLines {
    before: u64,
    /// Bytes of the line that has not ended.
    length: usize,
}

impl LongLines {
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
        // No more than a line may have, and what was read anyway.
        wanted = (buffer.len() * 2).min(MAX_LINE_BYTES + PIECE_BYTES);
    }
}
