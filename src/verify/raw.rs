//! Raw objects, read a second time, by a reader that shares nothing with the one that converts.
//!
//! In: bytes of an object and the [`RecountRules`] it was converted by. Out: an [`Object`]: what was counted, or why it gives
//! no rows. Reads line by line: one line is held at a time, so that any object fits. Only the list of fields
//! ([`LogType::schema`]) is common to both readers. It is written to be read, not to be fast; where both differ, one of
//! them is wrong.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::sync::Arc;

use flate2::Crc;
use flate2::bufread::GzDecoder;

use super::tally::{Row, RowHash, Tally};
use crate::ledger::partition::PartitionBy;
use crate::record::schema::{ColumnType, Field, LogType};
use crate::source::limits;

/// Longest line that an object may have.
const MAX_LINE_BYTES: u64 = limits::MAX_LINE_BYTES as u64;

/// Most fields that a header may name, and the longest name.
const MAX_FIELDS: usize = 1_000;
/// Most fields of no schema in a file.
const MAX_UNKNOWN_FIELDS: usize = 100;
const MAX_NAME_BYTES: usize = 255;

/// How an object was converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecountRules {
    /// Log type of the table.
    pub log_type: LogType,
    /// Whether `-` is NULL in string columns too.
    pub dash_as_null: bool,
    /// The format of objects without a header line.
    pub log_format: Option<String>,
    /// The most text an object may hold, in bytes.
    pub max_object_bytes: u64,
    /// Fields of no schema that its file has.
    pub unknown_fields: Arc<BTreeSet<String>>,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// It reads to its end.
    Rows(Box<Counted>),
    /// It does not, and why.
    Unreadable(String),
    /// Its header lines are all that of another log type.
    OtherType(LogType),
    /// It is of another form than flow logs can have.
    NoFlowLog,
}

/// What was counted of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Its rows.
    pub tally: Tally,
    /// Lines that fit no row.
    pub rejected: u64,
    /// Bytes of text.
    pub text_bytes: u64,
}

impl Counted {
    /// Adds another object's.
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.rejected += other.rejected;
        self.text_bytes += other.text_bytes;
    }
}

/// Reads an object to its end; `visit` gets the line number, hash and content of every row.
///
/// `named_gz` says that the object's name ends in `.gz`: then it is gzip or text. Rows are visited before it is known whether the object
/// reads to its end.
///
/// # Errors
/// When the store fails in the middle.
pub fn read(
    mut object: impl Read,
    named_gz: bool,
    rules: &RecountRules,
    visit: &mut dyn FnMut(u64, RowHash, &Row),
) -> io::Result<Object> {
    let mut head = Vec::new();
    object.by_ref().take(3).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(Object::Unreadable("it is empty".to_owned()));
    }
    let gzip = head == [0x1f, 0x8b, 0x08];
    let is_text = head.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace() && *b != 0x0c);
    if named_gz && !gzip && !is_text {
        return Ok(Object::Unreadable("it is named .gz and is not gzip".to_owned()));
    }
    let object = Cursor::new(head).chain(object);
    let text: Box<dyn Read + '_> =
        if gzip { Box::new(Gzip::Header(BufReader::with_capacity(64 << 10, object))) } else { Box::new(object) };
    match lines(BufReader::with_capacity(256 << 10, text), rules, visit) {
        // The store's own failures are of the kind Other.
        Err(e) if gzip && is_damage(e.kind()) => Ok(Object::Unreadable(format!("its gzip data is damaged: {e}"))),
        read => read,
    }
}

/// gzip data: members, and zeros behind the last one, which fill up a block and mean nothing.
///
/// A member's header is passed over byte by byte, however long it is; its checksum, if it has one, has to be right. The rest is
/// unpacked behind a header that says nothing.
enum Gzip<R> {
    Header(R),
    Member(Box<GzDecoder<Chain<Cursor<Vec<u8>>, R>>>),
    Behind(R),
    Over,
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            *self = match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Header(mut rest) => {
                    pass_header(&mut rest)?;
                    let nothing = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
                    Self::Member(Box::new(GzDecoder::new(Cursor::new(nothing).chain(rest))))
                }
                Self::Member(mut member) => match member.read(buffer)? {
                    0 if !buffer.is_empty() => Self::Behind(member.into_inner().into_inner().1),
                    read => {
                        *self = Self::Member(member);
                        return Ok(read);
                    }
                },
                Self::Behind(mut rest) => match rest.fill_buf()?.first().copied() {
                    None => return Ok(0),
                    Some(0) => {
                        let mut left = rest.bytes();
                        match left.find(|byte| !matches!(byte, Ok(0))) {
                            None => return Ok(0),
                            Some(Err(e)) => return Err(e),
                            Some(Ok(_)) => return Err(io::Error::from(io::ErrorKind::InvalidData)),
                        }
                    }
                    Some(_) => Self::Header(rest),
                },
            };
        }
    }
}

/// Passes over a member's header, as RFC 1952 has it in 2.3: ten bytes, of which the fourth says what follows.
fn pass_header(member: &mut impl BufRead) -> io::Result<()> {
    let mut crc = Crc::new();
    let mut next = || -> io::Result<u8> {
        let mut byte = [0];
        member.read_exact(&mut byte)?;
        crc.update(&byte);
        Ok(byte[0])
    };
    let mut fixed = [0; 10];
    for byte in &mut fixed {
        *byte = next()?;
    }
    let [0x1f, 0x8b, 8, says, ..] = fixed else { return Err(io::ErrorKind::InvalidData.into()) };
    let has = |bit: u8| says >> bit & 1 == 1;
    if has(5) || has(6) || has(7) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if has(2) {
        let (low, high) = (next()?, next()?);
        for _ in 0..u16::from_le_bytes([low, high]) {
            next()?;
        }
    }
    for _ in 0..u8::from(has(3)) + u8::from(has(4)) {
        while next()? != 0 {}
    }
    if has(1) {
        let [low, high, ..] = crc.sum().to_le_bytes();
        let mut said = [0; 2];
        member.read_exact(&mut said)?;
        if said != [low, high] {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(())
}

fn is_damage(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
}

fn lines(
    mut text: impl BufRead,
    rules: &RecountRules,
    visit: &mut dyn FnMut(u64, RowHash, &Row),
) -> io::Result<Object> {
    let fallback = match rules.log_format.as_deref().map(HeaderLine::of_log_format).transpose() {
        Ok(fallback) => fallback,
        Err(why) => return Ok(Object::Unreadable(why)),
    };
    let mut header: Option<HeaderLine> = None;
    let mut counted = Counted::default();
    // The log type of the lines at hand, if it is not the table's; the first such; and whether any header line was the table's.
    let (mut other, mut first_other, mut ours) = (None, None, false);
    let (mut line, mut number, mut row) = (Vec::new(), 0, Row::default());
    let mut record = |header: &mut HeaderLine, number, line: &[u8], counted: &mut Counted| match header.row(
        line,
        rules.dash_as_null,
        &mut row,
    ) {
        Line::Empty => {}
        Line::Misfit => counted.rejected += 1,
        Line::Row => {
            let hash = row.hash();
            counted.tally.row(&row, hash);
            visit(number, hash, &row);
        }
    };
    // Lines above the first that are no record, for they hold a CR: passed over, unless there is no header line.
    let mut odd = 0;
    while let Some(read) = next_line(&mut text, &mut line)? {
        number += 1;
        counted.text_bytes += read;
        if let Some(why) = over(rules, counted.text_bytes, number, &line) {
            return Ok(Object::Unreadable(why));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(current) = &mut header else {
            if line.iter().all(|b| matches!(b, b' ' | b'\r')) {
                odd += u64::from(line.contains(&b'\r'));
                continue;
            }
            if fallback.is_none() && HeaderLine::again(line).is_none() && is_of_another_form(line) {
                return Ok(Object::NoFlowLog);
            }
            let (first, is_line) = match HeaderLine::first(line, fallback.as_ref()) {
                Ok(first) => first,
                Err(why) => return Ok(Object::Unreadable(why)),
            };
            other = first.other_type(rules.log_type);
            (first_other, ours) = (other, other.is_none());
            let current = header.insert(first);
            if !is_line && ours {
                counted.rejected += odd;
                record(current, number, line, &mut counted);
            }
            continue;
        };
        match HeaderLine::again(line) {
            Some(next) => {
                other = next.other_type(rules.log_type);
                first_other = first_other.or(other);
                ours |= other.is_none();
                let next = if next.has_too_many(&rules.unknown_fields) { HeaderLine::unusable() } else { next };
                std::mem::replace(current, next).close(&mut counted.tally);
            }
            // They are left alone, where the header line is that of another log type.
            None if other.is_some() => {}
            None => record(current, number, line, &mut counted),
        }
    }
    // Whether an object of the other type reads to its end counts first.
    if let Some(of) = first_other.filter(|_| !ours) {
        return Ok(Object::OtherType(of));
    }
    if header.is_none() {
        counted.rejected += odd;
    }
    // Without a line there is nothing to read by a header.
    if let Some(mut header) = header.or(fallback) {
        header.close(&mut counted.tally);
    }
    Ok(Object::Rows(Box::new(counted)))
}

/// Returns whether a first line, which is no header line, is that of something else: JSON, XML, a table of commas or quotes, or an access
/// log. Whatever has the words of flow logs in it may be one.
fn is_of_another_form(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(&line[..line.len().min(4096)]).replace('\u{feff}', "");
    let line = line.trim();
    let words = "srcaddr;src_addr;interface-id;interface_id; OK\"; ACCEPT ; REJECT ; NODATA; SKIPDATA";
    if words.split(';').any(|words| line.contains(words)) {
        return false;
    }
    let tokens: Vec<&str> = line.split(' ').collect();
    let quotes = line.bytes().filter(|b| *b == b'"').count();
    let commas = line.bytes().filter(|b| *b == b',').count();
    line.starts_with(['{', '[', '<', '#', '"'])
        || tokens.len() > 1 && ["http", "https", "h2", "grpcs", "ws", "wss", "tls"].contains(&tokens[0])
        || tokens.len() > 2 && tokens[2].starts_with('[') && quotes > 1
        || commas > 1 && commas >= tokens.len()
}

/// Returns why an object is not read on, if this line or the text so far is longer than is allowed.
fn over(rules: &RecountRules, text_bytes: u64, number: u64, line: &[u8]) -> Option<String> {
    if text_bytes > rules.max_object_bytes {
        return Some(format!("it has more than {} bytes of text", rules.max_object_bytes));
    }
    let long = line.len() as u64 > MAX_LINE_BYTES && !line.ends_with(b"\n");
    long.then(|| format!("line {number} is longer than {MAX_LINE_BYTES} bytes"))
}

/// Reads a line, with its end, but no more than is allowed and a byte; returns its bytes, or none at the end of the text.
fn next_line(text: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<u64>> {
    line.clear();
    let read = text.take(MAX_LINE_BYTES + 1).read_until(b'\n', line)? as u64;
    Ok((read > 0).then_some(read))
}

/// What a line is.
enum Line {
    Row,
    Misfit,
    Empty,
}

/// A header line, and what was counted of the lines behind it.
#[derive(Debug, Clone)]
struct HeaderLine {
    names: Vec<String>,
    /// The columns in the order of their names.
    columns: Vec<HeaderColumn>,
    rows: u64,
    /// Where the row at hand is NULL.
    nulls: Vec<usize>,
}

#[derive(Debug, Clone)]
struct HeaderColumn {
    name: String,
    kind: ColumnType,
    /// Place of its token in the line.
    place: usize,
    nulls: u64,
}

impl HeaderLine {
    fn parse(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "its first line is not UTF-8".to_owned())?;
        let names: Vec<String> = text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let fields = names.iter().all(|name| is_name(name)) && names.iter().any(|name| LogType::knows(name));
        if !fields {
            return Err("its first line is not a header".to_owned());
        }
        Self::of_names(names)
    }

    /// Reads `${version} ${account-id} ...`, or the names alone, with blanks or commas between them.
    fn of_log_format(format: &str) -> Result<Self, String> {
        let bare = |token: &str| token.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(token).to_owned();
        let names: Vec<String> = format.split([' ', ',']).filter(|token| !token.is_empty()).map(bare).collect();
        if names.is_empty() || !names.iter().all(|name| is_name(name)) {
            return Err(format!("its recorded log format is none: {format:?}"));
        }
        Self::of_names(names)
    }

    fn of_names(names: Vec<String>) -> Result<Self, String> {
        if names.len() > MAX_FIELDS {
            return Err(format!("its header names {} fields", names.len()));
        }
        let mut columns: Vec<HeaderColumn> = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let (name, kind) = field_of(name).map_or_else(
                || (column_of_unknown(name), ColumnType::String),
                |field| (field.column.clone(), field.column_type),
            );
            columns.push(HeaderColumn { name, kind, place, nulls: 0 });
        }
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(twice) = columns.windows(2).find(|two| two[0].name == two[1].name) {
            return Err(format!("its header names {} twice", twice[0].name));
        }
        Ok(Self { names, columns, rows: 0, nulls: Vec::new() })
    }

    /// Returns the log type that knows more of the names than any other.
    fn log_type(&self) -> Option<LogType> {
        let known =
            |log_type: LogType| self.names.iter().filter(|name| log_type.schema().field(name).is_some()).count();
        let most = LogType::ALL.into_iter().max_by_key(|log_type| known(*log_type))?;
        let others = LogType::ALL.into_iter().filter(|log_type| *log_type != most);
        others.map(known).all(|fewer| fewer < known(most)).then_some(most)
    }

    /// Returns the log type, if it is another one than the table's.
    fn other_type(&self, table: LogType) -> Option<LogType> {
        self.log_type().filter(|of| *of != table)
    }

    /// Returns the header of the first line that is not empty, and whether it is that line; if not, records are as said.
    fn first(line: &[u8], said: Option<&Self>) -> Result<(Self, bool), String> {
        match (Self::parse(line), said) {
            (Ok(first), _) => Ok((first, true)),
            (Err(_), Some(said)) => Ok((said.clone(), false)),
            (Err(why), None) => Err(why),
        }
    }

    /// Returns the header that a line among records is, if it is one again: as the first line is one.
    fn again(line: &[u8]) -> Option<Self> {
        let first = line.split(|b| *b == b' ').find(|token| !token.is_empty())?;
        // Records begin with digits nearly always.
        if first[0].is_ascii_alphabetic() { Self::parse(line).ok() } else { None }
    }

    /// Returns whether the file could not have the fields of this header line besides those that it has: records behind it are
    /// rejected.
    fn has_too_many(&self, in_file: &BTreeSet<String>) -> bool {
        let unknown = |name: &&String| field_of(name).is_none();
        let more = self.names.iter().filter(unknown).filter(|name| !in_file.contains(*name)).count();
        more > 0 && in_file.len() + more > MAX_UNKNOWN_FIELDS
    }

    /// Returns a header line that no record fits.
    fn unusable() -> Self {
        Self { names: Vec::new(), columns: Vec::new(), rows: 0, nulls: Vec::new() }
    }

    /// Reads a record.
    fn row(&mut self, line: &[u8], dash_as_null: bool, row: &mut Row) -> Line {
        let tokens: Vec<&[u8]> = line.split(|b| *b == b' ').filter(|token| !token.is_empty()).collect();
        if tokens.is_empty() {
            return Line::Empty;
        }
        if tokens.len() != self.columns.len() || std::str::from_utf8(line).is_err() {
            return Line::Misfit;
        }
        row.clear();
        self.nulls.clear();
        for (at, column) in self.columns.iter().enumerate() {
            let token = tokens[column.place];
            let is_number = column.kind != ColumnType::String;
            if token == b"-" && (is_number || dash_as_null) {
                self.nulls.push(at);
            } else if is_number {
                let Some(value) = number(token, column.kind) else { return Line::Misfit };
                row.number(&column.name, value);
            } else {
                row.text(&column.name, token);
            }
        }
        self.rows += 1;
        for at in &self.nulls {
            self.columns[*at].nulls += 1;
        }
        Line::Row
    }

    /// Adds what was counted by column.
    fn close(&mut self, tally: &mut Tally) {
        for column in &self.columns {
            tally.column(&column.name, self.rows - column.nulls);
        }
    }
}

/// Returns the field that a name of a header means. In other letters it would be the same column.
fn field_of(name: &str) -> Option<&'static Field> {
    let plain = name.to_lowercase().replace('_', "-");
    let fields = LogType::ALL.iter().map(|log_type| log_type.schema());
    fields.clone().find_map(|schema| schema.field(name)).or_else(|| fields.clone().find_map(|s| s.field(&plain)))
}

/// Reads a whole number: digits, with a minus sign before them or not, that fit the column.
fn number(token: &[u8], kind: ColumnType) -> Option<i64> {
    let text = std::str::from_utf8(token).ok()?;
    if text.starts_with('+') {
        return None;
    }
    let value: i64 = text.parse().ok()?;
    (kind == ColumnType::Bigint || i32::try_from(value).is_ok()).then_some(value)
}

fn is_name(token: &str) -> bool {
    token.len() <= MAX_NAME_BYTES
        && token.starts_with(|c: char| c.is_ascii_alphabetic())
        && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Returns the column of a field that no log type knows: lower case, underscores, and not a partition's name.
fn column_of_unknown(name: &str) -> String {
    let column = name.to_lowercase().replace('-', "_");
    let taken = PartitionBy::AccountRegionHour.columns();
    if taken.contains(&column.as_str()) { column + "_" } else { column }
}
