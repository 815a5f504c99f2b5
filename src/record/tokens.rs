//! Finds the fields of many lines at once.
//!
//! In: text and a number of fields. Out: a [`TokenTable`], for each whole line with that many fields where each
//! field begins and ends, column by column, and the list of lines that have another number of fields. Owns nothing
//! of the text and knows nothing of types.
//!
//! How it works: eight bytes at a time are compared with the blank in one 64-bit word (every byte of a record is
//! above 0x20 except the separators), which gives a mask of places to look at; only those are looked at one by one.
//! What a byte at such a place means (blank, line end, some other control character) is decided there. To add a
//! separator, add an arm in [`TokenTable::scan`]; it must be a byte of 0x20 or below.

use std::ops::Range;

/// Lines that one [`TokenTable::scan`] takes at most, empty ones aside: their text and tokens stay in a core's second-level cache.
pub const LINES_PER_SCAN: usize = 1_024;

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

/// The fields of up to [`LINES_PER_SCAN`] lines.
#[derive(Debug, Default)]
pub struct TokenTable {
    fields: usize,
    lines: usize,
    // tokens[field * LINES_PER_SCAN + line]
    tokens: Vec<Token>,
    odd: Vec<OddLine>,
    blank: u64,
}

impl TokenTable {
    /// Makes an empty table for lines of `fields` fields; if 0, every line that is not empty is an odd one.
    pub fn new(fields: usize) -> Self {
        // One more row than fields: where the tokens of a line that is too long go, so that the loop need not ask.
        Self { fields, lines: 0, tokens: vec![0..0; (fields + 1) * LINES_PER_SCAN], odd: Vec::new(), blank: 0 }
    }

    /// Empties the table for lines of another number of fields; keeps its memory.
    pub fn reset(&mut self, fields: usize) {
        self.fields = fields;
        self.lines = 0;
        self.tokens.resize((fields + 1) * LINES_PER_SCAN, 0..0);
        self.odd.clear();
        self.blank = 0;
    }

    /// Returns how many whole lines have the wanted number of fields.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Returns one field of every line.
    pub fn field(&self, field: usize) -> &[Token] {
        &self.tokens[field * LINES_PER_SCAN..][..self.lines]
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
        for field in 0..self.fields {
            let column = &mut self.tokens[field * LINES_PER_SCAN..][..self.lines];
            for (kept, (line, _)) in keep.iter().enumerate().filter(|(_, keep)| **keep).enumerate() {
                column.swap(kept, line);
            }
        }
        self.lines = keep.iter().filter(|k| **k).count();
    }

    /// Reads `max_lines` lines that are not empty from `text[from..]`, fewer if the text ends; returns where to go on.
    ///
    /// `max_lines` is at least 1; [`LINES_PER_SCAN`] are read at most, those with another number of fields included:
    /// they may be all there are.
    /// `text` must be shorter than 4 GiB. The last line may lack its line end. Runs of blanks separate as one
    /// does, blanks around a line and a `\r` before its end do not count, empty lines are passed over.
    pub fn scan(&mut self, text: &[u8], from: usize, max_lines: usize) -> usize {
        let max_lines = max_lines.min(LINES_PER_SCAN);
        debug_assert!(u32::try_from(text.len()).is_ok());
        self.lines = 0;
        self.odd.clear();
        self.blank = 0;
        let mut line = Line { begin: from, token: from, fields: 0 };
        let mut at = from;
        while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<64>()) {
            let mut mask = separators(block);
            while mask != 0 {
                let place = at + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                match text[place] {
                    b' ' => self.end_token(&mut line, place),
                    b'\n' => {
                        self.end_line(text, &mut line, place);
                        if self.lines + self.odd.len() == max_lines {
                            return place + 1;
                        }
                    }
                    _ => {}
                }
            }
            at += 64;
        }
        for place in at..text.len() {
            match text[place] {
                b' ' => self.end_token(&mut line, place),
                b'\n' => {
                    self.end_line(text, &mut line, place);
                    if self.lines + self.odd.len() == max_lines {
                        return place + 1;
                    }
                }
                _ => {}
            }
        }
        if line.begin < text.len() {
            self.end_line(text, &mut line, text.len());
        }
        text.len()
    }

    #[inline(always)]
    fn end_token(&mut self, line: &mut Line, place: usize) {
        if place > line.token {
            // The bounds check is the price of safe code; it is predicted perfectly.
            let slot = line.fields.min(self.fields) * LINES_PER_SCAN + self.lines;
            self.tokens[slot] = line.token as u32..place as u32;
            line.fields += 1;
        }
        line.token = place + 1;
    }

    #[inline(always)]
    fn end_line(&mut self, text: &[u8], line: &mut Line, place: usize) {
        let mut end = place;
        if end > line.token && text[end - 1] == b'\r' {
            end -= 1;
        }
        self.end_token(line, end);
        if line.fields == 0 {
            self.blank += 1;
        } else if line.fields == self.fields {
            self.lines += 1;
        } else {
            self.odd.push(OddLine { line: line.begin..end, fields: line.fields });
        }
        *line = Line { begin: place + 1, token: place + 1, fields: 0 };
    }
}

struct Line {
    begin: usize,
    token: usize,
    fields: usize,
}

/// Returns a bit for every byte of 0x20 or below.
#[inline(always)]
fn separators(block: &[u8; 64]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut mask = 0;
    for (index, word) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of a byte is set if its low seven bits exceed 0x20 (no carry leaves a byte), or if it was.
        let above = ((word & !HIGH) + ONES * (0x7f - 0x20)) | word;
        let below = !above & HIGH;
        // Gathers the eight high bits into the top byte: each is moved there by one bit of the factor.
        let bits = (below >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (index * 8);
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
            for line in 0..table.lines() {
                let token = |f: usize| &text[table.field(f)[line].start as usize..table.field(f)[line].end as usize];
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
        let second: Vec<&[u8]> = table.field(1).iter().map(|t| &text[t.start as usize..t.end as usize]).collect();
        assert_eq!(second, [b"1", b"3"]);
    }
}
