//! Finds the fields of many lines at once.
//!
//! In: text and a number of fields. Out: a [`TokenTable`], for each whole line with that many fields where each
//! field begins and ends, line by line, and the list of lines that have another number of fields. Owns nothing
//! of the text and knows nothing of types.
//!
//! How it works: 64 bytes at a time are compared with the blank and the line end, which gives a bit for each of them.
//! The places of all these bits are written down as ends and beginnings of tokens before it is known what they are. In
//! a plain line (one blank between fields, `\n` behind them) the last of as many as there are fields is a line end; so
//! only that one is looked at. That none of the others was one is seen from the number of line ends in the text that was
//! read. What is not plain is read once more, line by line; to add a separator, add it in `TokenTable::any_line`.

use std::ops::Range;
use std::slice::ChunksExact;

/// Lines that one [`TokenTable::scan`] takes at most, empty ones aside: with their tokens they stay in a core's first-level cache, or nearly.
pub const LINES_PER_SCAN: usize = 256;

/// Bytes that are compared at once: as many as a mask has bits.
const BLOCK: usize = 64;

/// Places in a block that are written down unasked; lifelike lines have six to eleven.
const PLACES_UNASKED: usize = 12;

/// Most separators of a block, none beside another, and one token that begins behind the last.
const PLACES: usize = BLOCK / 2 + 1;

/// A field: its first byte and the byte behind its last, as offsets in the text.
pub type Token = Range<u32>;

/// A line that does not have the wanted number of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddLine {
    /// The line without its line end.
    pub line: Range<usize>,
    /// How many fields it has.
    pub fields: usize,
}

/// The fields of up to `LINES_PER_SCAN` lines.
#[derive(Debug, Default)]
pub struct TokenTable {
    fields: usize,
    lines: usize,
    // tokens[line * fields + field]; behind the last line is room for those of a block.
    tokens: Vec<Token>,
    odd: Vec<OddLine>,
    blank: u64,
}

impl TokenTable {
    /// Makes an empty table for lines of `fields` fields; if 0, every line that is not empty is an odd one.
    pub fn new(fields: usize) -> Self {
        let mut table = Self::default();
        table.reset(fields);
        table
    }

    /// Empties the table for lines of another number of fields; keeps its memory.
    pub fn reset(&mut self, fields: usize) {
        self.fields = fields;
        self.lines = 0;
        self.tokens.resize((LINES_PER_SCAN + 1) * fields + 2 * PLACES, 0..0);
        self.odd.clear();
        self.blank = 0;
    }

    /// Returns how many whole lines have the wanted number of fields.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Returns the fields of every line.
    #[inline]
    pub fn rows(&self) -> ChunksExact<'_, Token> {
        self.tokens[..self.lines * self.fields].chunks_exact(self.fields.max(1))
    }

    /// Returns one field of one line.
    pub fn token(&self, line: usize, field: usize) -> &Token {
        &self.tokens[line * self.fields + field]
    }

    /// Returns the lines with another number of fields, none of them empty, in the order of the text.
    pub fn odd(&self) -> &[OddLine] {
        &self.odd
    }

    /// Returns how many lines were passed over because nothing is in them.
    pub fn blank(&self) -> u64 {
        self.blank
    }

    /// Keeps only the lines for which `keep` is true.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut kept = 0;
        for (line, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            for field in 0..self.fields {
                self.tokens.swap(kept * self.fields + field, line * self.fields + field);
            }
            kept += 1;
        }
        self.lines = kept;
    }

    /// Reads `max_lines` lines that are not empty from `text[from..]`, fewer if the text ends; returns where to go on.
    ///
    /// `max_lines` is at least 1; `LINES_PER_SCAN` are read at most, those with another number of fields included:
    /// they may be all there are.
    /// `text` must be shorter than 4 GiB. The last line may lack its line end. Runs of blanks separate as one
    /// does, blanks around a line and a `\r` before its end do not count, empty lines are passed over.
    pub fn scan(&mut self, text: &[u8], from: usize, max_lines: usize) -> usize {
        let max_lines = max_lines.min(LINES_PER_SCAN);
        debug_assert!(u32::try_from(text.len()).is_ok());
        self.lines = 0;
        self.odd.clear();
        self.blank = 0;
        let mut at = from;
        loop {
            if self.fields > 0 {
                let (begin, lines) = (at, self.lines);
                at = self.plain_lines(text, at, max_lines);
                if memchr::memchr_iter(b'\n', &text[begin..at]).count() != self.lines - lines {
                    // Lines that are too short were taken for one: all of them again, so that each is read twice at most.
                    let end = at;
                    (at, self.lines) = (begin, lines);
                    while at < end && self.lines + self.odd.len() < max_lines {
                        at = self.any_line(text, at);
                    }
                }
            }
            if at >= text.len() || self.lines + self.odd.len() == max_lines {
                return at;
            }
            at = self.any_line(text, at);
            if self.lines + self.odd.len() == max_lines {
                return at; // Or the plain line behind it would be one too many.
            }
        }
    }

    /// Reads plain lines from where one begins; returns where the first begins that is none, or lies too near the
    /// end of the text, or is one too many.
    fn plain_lines(&mut self, text: &[u8], from: usize, max_lines: usize) -> usize {
        let fields = self.fields;
        let max_lines = max_lines - self.odd.len();
        // The line at hand: where it begins in the text and in the table. The next token to be written.
        let (mut line, mut first) = (from, self.lines * fields);
        let mut next = first;
        // Whether the byte before the block is a separator, as its lowest bit.
        let mut before = 1;
        let mut at = from;
        self.tokens[next].start = from as u32;
        while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
            let places = separators(block);
            // An empty token: a run of blanks, blanks around a line, an empty line.
            if places & (places << 1 | before) != 0 {
                break;
            }
            before = places >> (BLOCK - 1);
            let Some(out) = self.tokens.get_mut(next..).and_then(|rest| rest.first_chunk_mut::<PLACES>()) else {
                break;
            };
            let count = places.count_ones() as usize;
            write_places(out, places, at as u32, count);
            next += count;
            while next - first >= fields {
                let place = self.tokens[first + fields - 1].end as usize;
                if text[place] != b'\n' || text[place - 1] == b'\r' {
                    return line;
                }
                (line, first) = (place + 1, first + fields);
                self.lines += 1;
                if self.lines == max_lines {
                    return line;
                }
            }
            at += BLOCK;
        }
        line
    }

    /// Reads one line of any shape; returns where the next begins.
    fn any_line(&mut self, text: &[u8], begin: usize) -> usize {
        let end = memchr::memchr(b'\n', &text[begin..]).map_or(text.len(), |length| begin + length);
        let line = text[begin..end].strip_suffix(b"\r").unwrap_or(&text[begin..end]);
        let mut found = 0;
        let mut token = begin;
        for place in memchr::memchr_iter(b' ', line).chain([line.len()]).map(|place| begin + place) {
            if place > token {
                if found < self.fields {
                    self.tokens[self.lines * self.fields + found] = token as u32..place as u32;
                }
                found += 1;
            }
            token = place + 1;
        }
        if found == 0 {
            self.blank += 1;
        } else if found == self.fields {
            self.lines += 1;
        } else {
            self.odd.push(OddLine { line: begin..begin + line.len(), fields: found });
        }
        text.len().min(end + 1)
    }
}

/// Writes the places of a mask's `count` bits as ends of tokens, and the places behind them as beginnings of the next.
#[inline(always)]
fn write_places(out: &mut [Token; PLACES], mut mask: u64, at: u32, count: usize) {
    let mut write = |out: &mut [Token; PLACES], index: usize| {
        // The highest bit makes the mask a number other than 0, which is cheaper; what is written for it is not used.
        let place = at + (mask | 1 << (BLOCK - 1)).trailing_zeros();
        out[index].end = place;
        out[index + 1].start = place + 1;
        mask &= mask.wrapping_sub(1);
    };
    // Whether there are seven or nine cannot be predicted; that there are no more than a dozen can.
    for index in 0..PLACES_UNASKED {
        write(out, index);
    }
    for index in PLACES_UNASKED..count.min(PLACES - 1) {
        write(out, index);
    }
}

/// Returns a bit for every blank and every line end.
#[inline(always)]
fn separators(block: &[u8; BLOCK]) -> u64 {
    let mut found = [0; BLOCK];
    for (found, byte) in found.iter_mut().zip(block) {
        *found = u8::from((*byte == b' ') | (*byte == b'\n'));
    }
    let mut mask = 0;
    for (index, word) in found.as_chunks::<8>().0.iter().enumerate() {
        // Gathers eight bits in the top byte: each is moved there by one bit of the factor.
        mask |= u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56 << (index * 8);
    }
    mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fields of the lines that have the wanted number, and where the others begin and how many they have.
    type Lines<'a> = (Vec<Vec<&'a [u8]>>, Vec<(usize, usize)>);

    /// The plain twin: what `scan` must find.
    fn plain(text: &[u8], fields: usize) -> Lines<'_> {
        let (mut lines, mut odd) = (Vec::new(), Vec::new());
        let mut begin = 0;
        for line in text.split(|b| *b == b'\n') {
            let trimmed = line.strip_suffix(b"\r").unwrap_or(line);
            let tokens: Vec<&[u8]> = trimmed.split(|b| *b == b' ').filter(|t| !t.is_empty()).collect();
            if tokens.len() == fields {
                lines.push(tokens);
            } else if !tokens.is_empty() {
                odd.push((begin, tokens.len()));
            }
            begin += line.len() + 1;
        }
        (lines, odd)
    }

    fn fast(text: &[u8], fields: usize, max_lines: usize) -> Lines<'_> {
        let (mut lines, mut odd) = (Vec::new(), Vec::new());
        let mut table = TokenTable::new(fields);
        let mut at = 0;
        while at < text.len() {
            at = table.scan(text, at, max_lines);
            assert!(table.lines() + table.odd().len() <= max_lines, "no more than asked for");
            for line in 0..table.lines() {
                let token = |f: usize| &text[table.token(line, f).start as usize..table.token(line, f).end as usize];
                lines.push((0..fields).map(token).collect());
            }
            odd.extend(table.odd().iter().map(|o| (o.line.start, o.fields)));
        }
        (lines, odd)
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_twin(text in "[ab0\\- \\n\\r\\t\u{e9}]{0,400}", fields in 1_usize..5, max_lines in 1_usize..9) {
            prop_assert_eq!(fast(text.as_bytes(), fields, max_lines), plain(text.as_bytes(), fields));
        }

        /// Lifelike text: most lines are plain, so that the fast way is taken, left and taken again.
        #[test]
        fn agrees_on_lines_that_are_mostly_plain(
            lines in prop::collection::vec((
                prop::collection::vec("[a-z0-9.:-]{1,30}", 3..=3),
                prop_oneof![8 => Just(" "), 1 => Just("  "), 1 => Just("\t"), 1 => Just(" x ")],
                prop_oneof![12 => Just("\n"), 1 => Just("\r\n"), 1 => Just(" \n"), 1 => Just("\n\n"), 1 => Just("\r"), 1 => Just(" ")],
            ), 0..40),
            rest in prop_oneof![4 => Just(""), 1 => Just("a b c"), 1 => Just("a b"), 1 => Just(" ")],
            max_lines in prop_oneof![Just(LINES_PER_SCAN), 1_usize..20],
        ) {
            let text: String = lines.iter().map(|(fields, blank, end)| fields.join(blank) + end).collect();
            let text = text + rest;
            prop_assert_eq!(fast(text.as_bytes(), 3, max_lines), plain(text.as_bytes(), 3));
        }

        #[test]
        fn masks_say_where_bytes_are(block in prop::array::uniform32(prop_oneof![any::<u8>(), Just(b' '), Just(b'\n')])) {
            let mut twice = [0; BLOCK];
            twice[..32].copy_from_slice(&block);
            twice[32..].copy_from_slice(&block);
            let found = (0..BLOCK).filter(|at| matches!(twice[*at], b' ' | b'\n'));
            prop_assert_eq!(separators(&twice), found.fold(0, |mask, at| mask | 1_u64 << at));
        }

        #[test]
        fn agrees_on_any_bytes(text in prop::collection::vec(any::<u8>(), 0..300), fields in 1_usize..4) {
            prop_assert_eq!(fast(&text, fields, LINES_PER_SCAN), plain(&text, fields));
        }
    }

    #[test]
    fn goes_on_after_a_full_table() {
        let text = "a b\n".repeat(LINES_PER_SCAN * 2 + 7);
        assert_eq!(fast(text.as_bytes(), 2, LINES_PER_SCAN).0.len(), LINES_PER_SCAN * 2 + 7);
        let mixed = "a b\nc\n\n".repeat(LINES_PER_SCAN + 3);
        assert_eq!(fast(mixed.as_bytes(), 2, LINES_PER_SCAN), plain(mixed.as_bytes(), 2));
    }

    #[test]
    fn retain_drops_lines() {
        let text = b"a 1\nb 2\nc 3\n";
        let mut table = TokenTable::new(2);
        table.scan(text, 0, 10);
        table.retain(&[true, false, true]);
        let second: Vec<&[u8]> = table.rows().map(|r| &text[r[1].start as usize..r[1].end as usize]).collect();
        assert_eq!(second, [b"1", b"3"]);
    }
}
