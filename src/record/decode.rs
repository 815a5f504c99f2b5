//! Text of an object -> rows of a [`Batch`], and the lines that did not fit.
//!
//! In: whole lines of one object, in one piece or in several. Out: rows appended to a batch, and a
//! [`RejectedRow`] for every line that does not fit its header. rows read = rows appended + rows rejected.
//! A header line met again is passed over; one of another format counts for the lines behind it. If such a one names
//! too much, what follows has no schema: those lines are rejected, up to the next header line. If it is that of another log type
//! than the table's, they are passed over and counted.

use std::collections::BTreeSet;
use std::ops::Range;
use std::slice::ChunksExact;
use std::sync::{Arc, LazyLock};

use super::columns::{Batch, ColumnData, Values};
use super::header::{Column, Header, MAX_UNKNOWN};
use super::schema::{ColumnType, LogType};
use super::tokens::{LINES_PER_SCAN, Token, TokenTable};

/// Rejected rows that [`ObjectDecoder::decode`] holds before it returns: they are larger than what they are made of.
const MAX_REJECTS_HELD: usize = 1_024;

/// A line that does not fit its header; kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Line number in the object's text, from 1.
    pub line: u64,
    /// Offset of the line's first byte in the object's text, from 0.
    pub byte: u64,
    /// What is wrong with it.
    pub reason: String,
    /// The line without its line end.
    pub text: Vec<u8>,
}

/// Where decoding stands in one object.
#[derive(Debug)]
pub struct ObjectDecoder {
    header: Arc<Header>,
    /// The table's.
    log_type: LogType,
    /// The log type of the lines at hand, if it is another one; and the first such that was met.
    other: Option<LogType>,
    first_other: Option<LogType>,
    /// Whether a header was that of the table's log type, or of none.
    is_ours: bool,
    dash_as_null: bool,
    table: TokenTable,
    /// Lines that the next scan reads: few behind a header line of another format, since the next may be near.
    scan_lines: usize,
    /// Names in header lines that no log type knows, of this object and of those before it in the batch.
    unknown: BTreeSet<String>,
    /// Whether the piece of text at hand is UTF-8, once that is known.
    all_utf8: Option<bool>,
    /// Lines and bytes before the piece of text at hand.
    lines_before: u64,
    bytes_before: u64,
    end: u64,
    /// Up to where in the piece at hand lines were counted, and how many.
    counted: (usize, u64),
    counts: LineCounts,
}

/// Lines of the object, counted twice: by their line ends, and by what became of them.
#[derive(Debug, Default)]
struct LineCounts {
    lines: u64,
    rows: u64,
    rejected: u64,
    blank: u64,
    headers: u64,
    other_type: u64,
}

/// What a call of [`ObjectDecoder::decode`] did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes of the piece that are done with.
    pub bytes: usize,
    /// Rows appended to the batch.
    pub rows: u64,
    /// Rows rejected.
    pub rejected: u64,
}

impl ObjectDecoder {
    /// Makes a decoder for the lines of one object behind its header line.
    ///
    /// `lines_before` and `bytes_before` say where in the object the first piece of text begins; the header line
    /// is part of that piece, and passed over by the first call's `from`. `unknown` are the names unknown to all log
    /// types that the batch has columns of, those of `header` included: see [`MAX_UNKNOWN`]. Lines of another log type than
    /// `log_type` are passed over.
    pub fn new(
        header: Arc<Header>,
        log_type: LogType,
        unknown: BTreeSet<String>,
        dash_as_null: bool,
        lines_before: u64,
        bytes_before: u64,
    ) -> Self {
        let other = other_type(&header, log_type);
        let header = if other.is_some() { Arc::new(Header::none()) } else { header };
        let table = TokenTable::new(header.columns.len());
        Self {
            header,
            log_type,
            other,
            first_other: other,
            is_ours: other.is_none(),
            dash_as_null,
            table,
            scan_lines: LINES_PER_SCAN,
            unknown,
            all_utf8: None,
            lines_before,
            bytes_before,
            end: bytes_before,
            counted: (0, 0),
            counts: LineCounts::default(),
        }
    }

    /// Returns the columns of the rows that come next.
    pub fn columns(&self) -> &[Column] {
        &self.header.columns
    }

    /// Returns the names unknown to all log types, those of further header lines included.
    pub fn into_unknown(self) -> BTreeSet<String> {
        self.unknown
    }

    /// Appends the rows of `text[from..]` to `batch` until that has `max_rows` rows or is [full](Batch::is_full), other
    /// columns come, a thousand lines were rejected, or the text ends.
    ///
    /// `text` holds whole lines (only the object's last one may lack its line end) and is shorter than 4 GiB;
    /// call again with a `from` advanced by `Decoded::bytes` until it is all done.
    pub fn decode(
        &mut self,
        text: &[u8],
        from: usize,
        batch: &mut Batch,
        max_rows: usize,
        rejects: &mut Vec<RejectedRow>,
    ) -> Decoded {
        if self.other.is_some() {
            return self.pass_over(text, from);
        }
        let all_utf8 = *self.all_utf8.get_or_insert_with(|| std::str::from_utf8(text).is_ok());
        let before = rejects.len();
        let mut done = Decoded::default();
        let mut at = from;
        let places: Vec<usize> = self.header.columns.iter().map(|column| batch.place_of(column)).collect();
        let strings = batch.string_columns();
        let wanted = |batch: &Batch| !batch.is_full() && batch.rows() < max_rows;
        while at < text.len() && wanted(batch) && rejects.len() - before < MAX_REJECTS_HELD {
            // Exactly up to `max_rows`: where row groups end must not depend on the pieces that text comes in.
            let max_lines = self.scan_lines.min(max_rows - batch.rows());
            self.scan_lines = LINES_PER_SCAN.min(self.scan_lines * 2);
            let mut end = self.table.scan(text, at, max_lines);
            if !batch.has_room(end - at, self.table.lines() * strings) {
                // A batch ends before the first row that may not fit, whatever pieces the text comes in.
                end = self.table.scan(text, at, 1);
                let fits = |line: Range<usize>| batch.rows() == 0 || batch.has_room(line.len(), strings);
                if self.table.lines() == 1 && !fits(self.line_of(text, 0)) {
                    batch.set_full();
                    break;
                }
            }
            let mut header_rows = self.header_rows(text);
            let turn = self.other_header(text, &header_rows);
            if let Some(line) = &turn {
                end = self.table.scan(&text[..line.start], at, max_lines);
                header_rows = self.header_rows(text);
            }
            let (rows, rejected) = self.append(text, all_utf8, &header_rows, &places, batch, rejects);
            done.rows += rows;
            done.rejected += rejected;
            self.counts.lines += count_lines(&text[at..end]);
            at = end;
            if let Some(line) = turn {
                if let Ok(header) = Header::parse(&text[line.clone()]) {
                    self.turn_to(header);
                }
                at = next_line(text, line.end);
                self.counts.lines += count_lines(&text[end..at]);
                self.counts.headers += 1;
                break;
            }
        }
        done.bytes = at - from;
        self.counts.rows += done.rows;
        self.counts.rejected += done.rejected;
        self.end = self.bytes_before + at as u64;
        done
    }

    /// Passes over lines of another log type, up to the next header line.
    fn pass_over(&mut self, text: &[u8], from: usize) -> Decoded {
        let mut at = from;
        while at < text.len() {
            let end = next_line(text, at);
            let line = text[at..end].strip_suffix(b"\n").unwrap_or(&text[at..end]);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at = end;
            self.counts.lines += 1;
            if line.iter().all(|b| matches!(b, b' ' | b'\r')) {
                self.counts.blank += 1;
            } else if let Some(header) = Header::repeats(line).then(|| Header::parse(line).ok()).flatten() {
                self.counts.headers += 1;
                self.turn_to(header);
                break;
            } else {
                self.counts.other_type += 1;
            }
        }
        self.end = self.bytes_before + at as u64;
        Decoded { bytes: at - from, ..Decoded::default() }
    }

    /// Returns the log type of an object that has no header of the table's log type.
    pub fn all_of_other_type(&self) -> Option<LogType> {
        self.first_other.filter(|_| !self.is_ours)
    }

    /// Returns how many lines of another log type were passed over, and which it is.
    pub fn other_type_rows(&self) -> Option<(u64, LogType)> {
        self.first_other.map(|other| (self.counts.other_type, other)).filter(|(lines, _)| *lines > 0)
    }

    fn turn_to(&mut self, mut header: Header) {
        self.other = other_type(&header, self.log_type);
        self.first_other = self.first_other.or(self.other);
        if self.other.is_some() {
            header = Header::none();
        } else {
            self.is_ours = true;
        }
        let unknown: Vec<String> = header.unknown().filter(|n| !self.unknown.contains(*n)).map(str::to_owned).collect();
        if self.unknown.len() + unknown.len() > MAX_UNKNOWN {
            header = Header::none();
        } else {
            self.unknown.extend(unknown);
        }
        self.table.reset(header.columns.len());
        self.header = Arc::new(header);
        self.scan_lines = 1;
    }

    /// Checks that every line decoded so far is a row, a reject, blank or a header line.
    ///
    /// # Errors
    /// The two counts, if they differ: a bug in this program.
    pub fn check(&self) -> Result<(), String> {
        let LineCounts { lines, rows, rejected, blank, headers, other_type } = self.counts;
        if lines == rows + rejected + blank + headers + other_type {
            return Ok(());
        }
        Err(format!(
            "{lines} lines, but {rows} rows, {rejected} rejects, {blank} blank, {headers} header lines and {other_type} of \
             another log type"
        ))
    }

    /// Returns the bytes of text up to where decoding stands, header line included.
    pub fn text_bytes(&self) -> u64 {
        self.end
    }

    /// Says that a piece of text is done with and another one follows it.
    pub fn next_piece(&mut self, text: &[u8]) {
        let (_, lines) = self.count_to(text, text.len());
        self.lines_before += lines;
        self.bytes_before += text.len() as u64;
        self.end = self.bytes_before;
        self.counted = (0, 0);
        self.all_utf8 = None;
    }

    /// Returns the first line in the table that is a header of another format.
    fn other_header(&self, text: &[u8], header_rows: &[usize]) -> Option<Range<usize>> {
        let header = &self.header;
        let differs = |line: &[u8]| Header::parse(line).map_or(true, |other| other.names != header.names);
        let odd = self.table.odd().iter().map(|odd| odd.line.clone()).find(|line| Header::repeats(&text[line.clone()]));
        let even = header_rows.iter().map(|row| self.line_of(text, *row)).find(|line| differs(&text[line.clone()]));
        match (odd, even) {
            (Some(a), Some(b)) => Some(if a.start < b.start { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// Returns the table's rows that are header lines.
    fn header_rows(&self, text: &[u8]) -> Vec<usize> {
        let value = |token: &Token| &text[token.start as usize..token.end as usize];
        // Records begin with digits nearly always, and no other one consists of words.
        let words = |row: &[Token]| row.iter().all(|token| value(token).first().is_some_and(u8::is_ascii_alphabetic));
        let mut found = Vec::new();
        for (number, row) in self.table.rows().enumerate() {
            if words(row)
                && row.iter().any(|token| NAME_SHAPES.contains(value(token)))
                && Header::repeats(&text[self.line_of(text, number)])
            {
                found.push(number);
            }
        }
        found
    }

    /// Returns the whole line of a row in the table.
    fn line_of(&self, text: &[u8], row: usize) -> Range<usize> {
        let inside = self.table.token(row, 0).start as usize;
        let begin = memchr::memrchr(b'\n', &text[..inside]).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &text[inside..]).map_or(text.len(), |at| inside + at);
        let end = if text[begin..end].ends_with(b"\r") { end - 1 } else { end };
        begin..end
    }

    /// Appends the table's rows; returns how many were appended and how many rejected.
    fn append(
        &mut self,
        text: &[u8],
        all_utf8: bool,
        header_rows: &[usize],
        places: &[usize],
        batch: &mut Batch,
        rejects: &mut Vec<RejectedRow>,
    ) -> (u64, u64) {
        let header = Arc::clone(&self.header);
        self.counts.blank += self.table.blank();
        self.counts.headers += header_rows.len() as u64;
        let mut bad = self.odd_lines();
        if !all_utf8 || !header_rows.is_empty() {
            let mut keep = vec![true; self.table.lines()];
            header_rows.iter().for_each(|row| keep[*row] = false);
            if !all_utf8 {
                self.reject_non_utf8(text, &mut keep, &mut bad);
            }
            self.table.retain(&keep);
        }
        let wrong = self.append_integers(&header, places, text, batch);
        if !wrong.is_empty() {
            let mut keep = vec![true; self.table.lines()];
            for (row, reason) in wrong {
                if std::mem::replace(&mut keep[row], false) {
                    bad.push((self.line_of(text, row), reason));
                }
            }
            for &place in places {
                if !matches!(batch.column_mut(place).values, Values::String { .. }) {
                    let rows = batch.rows();
                    batch.column_mut(place).truncate(rows);
                }
            }
            self.table.retain(&keep);
            let still = self.append_integers(&header, places, text, batch);
            debug_assert!(still.is_empty());
        }
        for (field, &place) in places.iter().enumerate() {
            append_strings(batch.column_mut(place), text, self.table.rows(), field, self.dash_as_null);
            batch.count_long(place, self.table.lines());
        }
        batch.grow(self.table.lines());

        let rejected = bad.len() as u64;
        bad.sort_by_key(|(line, _)| line.start);
        for (line, reason) in bad {
            let (_, lines) = self.count_to(text, line.start);
            rejects.push(RejectedRow {
                line: self.lines_before + lines + 1,
                byte: self.bytes_before + line.start as u64,
                reason,
                text: text[line].to_vec(),
            });
        }
        (self.table.lines() as u64, rejected)
    }

    /// Returns the lines that have not as many fields as the header names, each with the reason.
    fn odd_lines(&self) -> Vec<(Range<usize>, String)> {
        let wanted = self.header.columns.len();
        let reason = |fields: usize| match wanted {
            0 => format!("no usable header: with the one above, there are more than {MAX_UNKNOWN} unknown fields"),
            _ => format!("{fields} field{}, the header names {wanted}", if fields == 1 { "" } else { "s" }),
        };
        self.table.odd().iter().map(|odd| (odd.line.clone(), reason(odd.fields))).collect()
    }

    fn reject_non_utf8(&self, text: &[u8], keep: &mut [bool], bad: &mut Vec<(Range<usize>, String)>) {
        for (row, keep) in keep.iter_mut().enumerate() {
            let line = self.line_of(text, row);
            if let Err(e) = std::str::from_utf8(&text[line.clone()]) {
                *keep = false;
                bad.push((line, format!("not UTF-8 at byte {} of the line", e.valid_up_to())));
            }
        }
    }

    /// Appends the integer columns; returns the rows with values that do not fit, and why.
    fn append_integers(
        &self,
        header: &Header,
        places: &[usize],
        text: &[u8],
        batch: &mut Batch,
    ) -> Vec<(usize, String)> {
        let mut wrong = Vec::new();
        for (field, &place) in places.iter().enumerate() {
            let data = batch.column_mut(place);
            let before = wrong.len();
            let rows = self.table.rows();
            match &mut data.values {
                Values::Int(values) => append_integers(values, &mut data.nulls, text, rows, field, &mut wrong),
                Values::Bigint(values) => append_integers(values, &mut data.nulls, text, rows, field, &mut wrong),
                Values::String { .. } => {}
            }
            for (row, reason) in &mut wrong[before..] {
                let token = self.table.token(*row, field);
                let value = &text[token.start as usize..token.end as usize];
                *reason = explain(&header.names[field], header.columns[field].column_type, value);
            }
        }
        wrong
    }

    /// Returns how many line ends there are before `offset`, counting on from the last call.
    fn count_to(&mut self, text: &[u8], offset: usize) -> (usize, u64) {
        let (from, lines) = self.counted;
        if offset > from {
            let more = memchr::memchr_iter(b'\n', &text[from..offset]).count() as u64;
            self.counted = (offset, lines + more);
        }
        self.counted
    }
}

/// Returns the log type that a header is of, if it is another one.
fn other_type(header: &Header, log_type: LogType) -> Option<LogType> {
    header.log_type().filter(|of| *of != log_type)
}

fn count_lines(text: &[u8]) -> u64 {
    let unfinished = text.last().is_some_and(|last| *last != b'\n');
    memchr::memchr_iter(b'\n', text).count() as u64 + u64::from(unfinished)
}

fn next_line(text: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at + 1)
}

/// The lengths and first letters that field names have: a filter before the question whether a value is one.
struct NameShapes([u32; 256]);

impl NameShapes {
    fn contains(&self, value: &[u8]) -> bool {
        value.first().is_some_and(|first| value.len() < 32 && self.0[*first as usize] >> value.len() & 1 == 1)
    }
}

static NAME_SHAPES: LazyLock<NameShapes> = LazyLock::new(|| {
    let mut shapes = NameShapes([0; 256]);
    for field in LogType::ALL.iter().flat_map(|t| &t.schema().fields) {
        if field.name.len() < 32 {
            shapes.0[field.name.as_bytes()[0] as usize] |= 1 << field.name.len();
        }
    }
    shapes
});

fn append_strings(data: &mut ColumnData, text: &[u8], rows: ChunksExact<'_, Token>, field: usize, dash_as_null: bool) {
    let Values::String { codes, dictionary } = &mut data.values else { return };
    if dash_as_null {
        for row in rows {
            let range = row[field].start as usize..row[field].end as usize;
            if &text[range.clone()] == b"-" {
                data.nulls.push(codes.len() as u32);
                codes.push(0);
            } else {
                codes.push(dictionary.intern(text, range));
            }
        }
    } else {
        dictionary.intern_all(text, rows, field, codes);
    }
}

fn append_integers<T: TryFrom<i64> + Default>(
    values: &mut Vec<T>,
    nulls: &mut Vec<u32>,
    text: &[u8],
    rows: ChunksExact<'_, Token>,
    field: usize,
    wrong: &mut Vec<(usize, String)>,
) {
    let before = values.len();
    values.reserve(rows.len());
    for (number, row) in rows.enumerate() {
        let (start, end) = (row[field].start as usize, row[field].end as usize);
        let value = match digits(text, start, end) {
            None if &text[start..end] == b"-" => {
                nulls.push((before + number) as u32);
                Some(0)
            }
            None => plain_integer(&text[start..end]),
            digits => digits,
        };
        values.push(value.and_then(|value| T::try_from(value).ok()).unwrap_or_else(|| {
            wrong.push((number, String::new()));
            T::default()
        }));
    }
}

/// Parses `text[start..end]` if it is one to sixteen digits; everything else is left to [`plain_integer`].
///
/// Eight digits at a time: the word that *ends* with the token is loaded, bytes before the token are cleared, then
/// three multiplications join digits to pairs, pairs to fours, and these to eight.
#[inline(always)]
fn digits(text: &[u8], start: usize, end: usize) -> Option<i64> {
    match end - start {
        1..=8 => eight_digits(text, start, end),
        9..=16 => Some(eight_digits(text, start, end - 8)? * 100_000_000 + eight_digits(text, end - 8, end)?),
        _ => None,
    }
}

#[inline(always)]
fn eight_digits(text: &[u8], start: usize, end: usize) -> Option<i64> {
    let word = u64::from_le_bytes(*text.get(end.wrapping_sub(8)..end)?.first_chunk::<8>()?);
    // '0'..='9' become 0..=9 and no other byte does; the token's first digit is in the lowest byte that is kept.
    let digits = (word ^ 0x3030_3030_3030_3030) & (u64::MAX << (8 * (8 - (end - start))));
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000 << 32 | 1) >> 32) as i64)
}

/// Parses any whole number of 64 bits, signed or not; `None` if it is none.
fn plain_integer(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn explain(name: &str, column_type: ColumnType, value: &[u8]) -> String {
    let shown = String::from_utf8_lossy(value);
    let shown: String = match shown.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &shown[..end]),
        None => shown.into_owned(),
    };
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        format!("field '{name}' is out of range for {column_type}: {shown:?}")
    } else {
        format!("field '{name}' is not a number ({column_type}): {shown:?}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &[u8] = b"srcaddr srcport bytes";

    fn decode(header: &[u8], text: &str, max_rows: usize) -> (Batch, Vec<RejectedRow>, u64) {
        let header = Arc::new(Header::parse(header).unwrap());
        let mut decoder = ObjectDecoder::new(header, LogType::Vpc, BTreeSet::new(), false, 1, 100);
        let (mut batch, mut rejects, mut read) = (Batch::default(), Vec::new(), 0);
        let mut at = 0;
        while at < text.len() {
            let max = batch.rows() + max_rows;
            let done = decoder.decode(text.as_bytes(), at, &mut batch, max, &mut rejects);
            at += done.bytes;
            read += done.rows + done.rejected;
        }
        assert_eq!(decoder.check(), Ok(()));
        assert_eq!(decoder.text_bytes(), 100 + text.len() as u64);
        (batch, rejects, read)
    }

    fn shown(batch: &Batch, column: &str) -> Vec<String> {
        let data = batch.columns().iter().find(|c| c.column.name == column).unwrap();
        (0..batch.rows())
            .map(|row| match &data.values {
                _ if data.nulls.contains(&(row as u32)) => "NULL".to_owned(),
                Values::Int(values) => values[row].to_string(),
                Values::Bigint(values) => values[row].to_string(),
                Values::String { codes, dictionary } => {
                    String::from_utf8(dictionary.value(codes[row]).to_vec()).unwrap()
                }
            })
            .collect()
    }

    #[test]
    fn formats_that_alternate_are_accounted_for_line_by_line() {
        let text = "protocol\nsrcaddr version bytes\n\x0e\nsrcaddr version bytes\nprotocol\nprotocol\n0 0\n00000000000000266\n-\n";
        for end in (10..=text.len()).filter(|end| text[..*end].ends_with('\n')) {
            let header = Arc::new(Header::parse(b"protocol").unwrap());
            let mut decoder = ObjectDecoder::new(header, LogType::Vpc, BTreeSet::new(), false, 0, 0);
            let (mut batch, mut rejects, mut at) = (Batch::default(), Vec::new(), 9);
            while at < end {
                let done = decoder.decode(&text.as_bytes()[..end], at, &mut batch, 1 << 18, &mut rejects);
                at += done.bytes;
            }
            let headers = text[9..end].lines().filter(|line| line.contains('r')).count();
            assert_eq!(batch.rows() + rejects.len() + headers, text[9..end].lines().count(), "{:?}", &text[..end]);
            assert_eq!(decoder.check(), Ok(()), "{:?}", &text[..end]);
        }
    }

    #[test]
    fn keeps_dashes_in_strings_and_makes_them_null_in_numbers() {
        let (batch, rejects, _) = decode(HEADER, "10.0.0.1 80 9223372036854775807\n- - -\n::1 -5 0\n", 100);
        assert_eq!(shown(&batch, "srcaddr"), ["10.0.0.1", "-", "::1"]);
        assert_eq!(shown(&batch, "srcport"), ["80", "NULL", "-5"]);
        assert_eq!(shown(&batch, "bytes"), ["9223372036854775807", "NULL", "0"]);
        assert!(rejects.is_empty());
    }

    #[test]
    fn rejects_name_line_byte_and_reason() {
        let text = "a 1 1\na 1\nb 2 2\nc 65543x 3\nd 4 9223372036854775808\ne 2147483648 5\nf 1 2 3\ng 6 6";
        let (batch, rejects, read) = decode(HEADER, text, 100);
        assert_eq!(shown(&batch, "srcaddr"), ["a", "b", "g"]);
        assert_eq!(read, 8);
        let found: Vec<(u64, u64, &str, &str)> = rejects
            .iter()
            .map(|r| (r.line, r.byte, r.reason.as_str(), std::str::from_utf8(&r.text).unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                (3, 106, "2 fields, the header names 3", "a 1"),
                (5, 116, "field 'srcport' is not a number (int): \"65543x\"", "c 65543x 3"),
                (
                    6,
                    127,
                    "field 'bytes' is out of range for bigint: \"9223372036854775808\"",
                    "d 4 9223372036854775808"
                ),
                (7, 151, "field 'srcport' is out of range for int: \"2147483648\"", "e 2147483648 5"),
                (8, 166, "4 fields, the header names 3", "f 1 2 3"),
            ]
        );
    }

    #[test]
    fn passes_over_repeated_headers_and_turns_to_other_ones() {
        let text =
            "a 1 1\nsrcaddr srcport bytes\nb 2 2\naction srcaddr\nACCEPT c\nREJECT d\nsrcaddr srcport bytes\ne 3 3\n";
        let (batch, rejects, read) = decode(HEADER, text, 100);
        assert_eq!(rejects, []);
        assert_eq!(read, 5);
        assert_eq!(shown(&batch, "srcaddr"), ["a", "b", "c", "d", "e"]);
        assert_eq!(shown(&batch, "action"), ["NULL", "NULL", "ACCEPT", "REJECT", "NULL"]);
        assert_eq!(shown(&batch, "srcport"), ["1", "2", "NULL", "NULL", "3"]);
    }

    #[test]
    fn rejects_only_the_line_that_is_not_utf8() {
        let header = Arc::new(Header::parse(HEADER).unwrap());
        let mut decoder = ObjectDecoder::new(header, LogType::Vpc, BTreeSet::new(), false, 1, 0);
        let (mut batch, mut rejects) = (Batch::default(), Vec::new());
        decoder.decode(b"a 1 1\nb\xff 2 2\nc 3 3\n", 0, &mut batch, 100, &mut rejects);
        assert_eq!(shown(&batch, "srcaddr"), ["a", "c"]);
        assert_eq!(
            (rejects[0].line, rejects[0].byte, rejects[0].reason.as_str()),
            (3, 6, "not UTF-8 at byte 1 of the line")
        );
    }

    /// Decodes text in pieces of whole lines; returns how many rows each batch has.
    fn cut(text: &str, lines_a_piece: usize) -> Vec<usize> {
        let header = Arc::new(Header::parse(b"brand-new srcaddr bytes").unwrap());
        let mut decoder = ObjectDecoder::new(header, LogType::Vpc, BTreeSet::new(), false, 1, 0);
        let (mut batch, mut rejects, mut sizes) = (Batch::default(), Vec::new(), Vec::new());
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for piece in lines.chunks(lines_a_piece).map(<[&str]>::concat) {
            let mut at = 0;
            while at < piece.len() {
                if batch.is_full() {
                    sizes.push(batch.rows());
                    batch.clear();
                }
                at += decoder.decode(piece.as_bytes(), at, &mut batch, usize::MAX / 2, &mut rejects).bytes;
            }
            decoder.next_piece(piece.as_bytes());
        }
        decoder.check().unwrap();
        sizes.push(batch.rows());
        sizes
    }

    #[test]
    fn batches_end_before_they_have_too_many_bytes_whatever_the_pieces() {
        let line = |row: usize, bytes: usize| format!("{}{row} 10.0.0.{} {row}\n", "x".repeat(bytes), row % 9);
        let different: String = (0..60).map(|row| line(row, 1_000_000)).collect();
        let shared: String = (0..60).map(|row| line(row / 30, 1_000_000)).collect();
        let mixed: String = (0..90).map(|row| line(row, [10, 20_000_000, 200_000][row / 30])).step_by(7).collect();
        let bad = different.replace("5 10.0.0.5", "\n\n5 bad");
        for (text, wanted) in [
            // 16 MiB of long strings.
            (&different, vec![16, 16, 16, 12]),
            (&shared, vec![16, 16, 16, 12]),
            // A row that is too long for any batch has one of its own.
            (&mixed, vec![5, 1, 1, 1, 1, 4]),
            (&bad, vec![17, 16, 16, 11]),
        ] {
            let whole = cut(text, usize::MAX);
            assert_eq!(whole, wanted);
            for lines_a_piece in [1, 3, 40] {
                assert_eq!(cut(text, lines_a_piece), whole, "{lines_a_piece} lines a piece");
            }
        }
        // Short strings count as often as they differ: 24 MiB of them.
        let short: String = (0..150_000).map(|row| line(row, 245)).collect();
        let sizes = cut(&short, usize::MAX);
        assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (2, 150_000));
        assert!((97_000..101_000).contains(&sizes[0]), "{sizes:?}");
        assert_eq!(cut(&short, 997), sizes);
    }

    proptest! {
        #[test]
        fn digits_agree_with_parse(value in any::<i64>(), text in "[-+0-9a./: ]{1,20}") {
            for (prefix, token) in [("", value.to_string()), (" 99", text.clone()), ("0123456789", text)] {
                let all = format!("{prefix}{token}");
                if let Some(fast) = digits(all.as_bytes(), prefix.len(), all.len()) {
                    prop_assert_eq!(Some(fast), token.parse::<i64>().ok());
                }
                let plain = plain_integer(token.as_bytes());
                prop_assert_eq!(plain, if token.starts_with('+') { None } else { token.parse().ok() });
            }
        }

        #[test]
        fn any_cut_gives_the_same_rows(
            lines in prop::collection::vec("[a-z0-9]{1,3} (-|[0-9]{1,12}) (-|[0-9]{1,20}|x)", 1..60),
            max_rows in 1_usize..20,
        ) {
            let text = lines.join("\n");
            let (whole, whole_rejects, _) = decode(HEADER, &text, usize::MAX / 2);
            let (cut, cut_rejects, _) = decode(HEADER, &text, max_rows);
            for column in ["srcaddr", "srcport", "bytes"] {
                prop_assert_eq!(shown(&whole, column), shown(&cut, column));
            }
            prop_assert_eq!(whole_rejects, cut_rejects);
        }
    }
}
