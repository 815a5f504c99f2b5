//! What the pages of a row group say of themselves before any of them is unpacked: how much memory it takes to read them.
//!
//! In: the packed chunks ([`Pieces`]). Out: how many rows may be decoded at once. Readers unpack a page whole, whatever it says it
//! unpacks to, and a batch of strings holds all pages that its rows lie in: a file of kilobytes that somebody else made may take
//! gigabytes. Files of flowparquet have pages of a megabyte, or of a single value.
//!
//! Headers are read as the format has them
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `PageHeader`), and more strictly than the
//! reference implementation reads them: what it reads in another way is an error here.

use std::io::{Read, sink};

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::format::{encoding, page};
use super::pieces::Pieces;

/// Bytes of what a string is in memory besides its own: length, first bytes, and where the others are.
const VIEW_BYTES: u64 = 16;

/// Bytes that a value of a dictionary takes at least, before it is read: a number, or the length of a string.
const LEAST_VALUE_BYTES: u64 = 4;

/// How often its size a page of gzip may unpack to, by RFC 1951.
const MOST_GZIP_RATIO: u64 = 1_032;

/// Structs within structs that are passed over at most: the format has three.
const MAX_DEPTH: u32 = 16;

/// Returns how many rows of a row group may be decoded at once, `most` at most, for what is unpacked meanwhile to stay within
/// `limit` bytes.
///
/// # Errors
/// In words for a person: when not even single rows may, or when a page's header is damaged or says what no file of ours says.
pub fn rows_within(pieces: &Pieces, group: &RowGroupMetaData, most: usize, limit: u64) -> Result<usize, String> {
    let chunks =
        group.columns().iter().map(|chunk| ChunkPages::of(pieces, chunk, limit)).collect::<Result<Vec<_>, _>>()?;
    let held = |rows: usize| chunks.iter().map(|chunk| chunk.held_bytes(rows as u64)).fold(0, u64::saturating_add);
    // Half of it is enough for as many rows as that allows: the other half is for those that are long.
    let mut rows = most.max(1);
    while rows > 1 && held(rows) > limit / 2 {
        rows /= 2;
    }
    match held(rows) {
        bytes if bytes <= limit => Ok(rows),
        bytes => Err(too_much(bytes, limit)),
    }
}

fn too_much(bytes: u64, limit: u64) -> String {
    format!("unpacked it takes {bytes} bytes at once, more than the {limit} that there are for it")
}

/// The pages of a column chunk.
#[derive(Debug, Default)]
struct ChunkPages {
    /// Bytes of the dictionary, unpacked and read.
    dictionary_bytes: u64,
    /// Rows and bytes, unpacked, of each data page.
    pages: Vec<(u64, u64)>,
}

impl ChunkPages {
    fn of(pieces: &Pieces, chunk: &ColumnChunkMetaData, limit: u64) -> Result<Self, String> {
        let damaged = |e: &dyn std::fmt::Display| format!("a page header is damaged: {e}");
        let (start, length) = chunk.byte_range();
        let length = usize::try_from(length).map_err(|e| damaged(&e))?;
        let bytes = pieces.get_bytes(start, length).map_err(|e| damaged(&e))?;
        let (mut rest, mut this) = (&*bytes, Self::default());
        while !rest.is_empty() {
            let header = PageHeader::read(&mut rest).ok_or_else(|| damaged(&"it does not end"))?;
            let (packed, behind) =
                rest.split_at_checked(header.packed_bytes as usize).ok_or_else(|| damaged(&"the page does not end"))?;
            this.add(&header)?;
            if matches!(chunk.compression(), Compression::GZIP(_)) {
                check_gzip(packed, header.bytes, limit)?;
            }
            rest = behind;
        }
        Ok(this)
    }

    fn add(&mut self, header: &PageHeader) -> Result<(), String> {
        let PageHeader { kind, bytes, values, encoding, .. } = *header;
        // Each string of others may be as long as all of them together.
        let is_ours = [
            encoding::PLAIN,
            encoding::PLAIN_DICTIONARY,
            encoding::RLE,
            encoding::DELTA_BINARY_PACKED,
            encoding::RLE_DICTIONARY,
        ]
        .map(i64::from)
        .contains(&encoding);
        if !is_ours {
            return Err(format!("it has pages of the encoding {encoding}, which flowparquet does not write"));
        }
        if kind == i64::from(page::DICTIONARY_PAGE) {
            if values.saturating_mul(LEAST_VALUE_BYTES) > bytes {
                return Err(format!("a dictionary of {bytes} bytes is said to have {values} values"));
            }
            self.dictionary_bytes += bytes + values * VIEW_BYTES;
        } else {
            self.pages.push((values, bytes));
        }
        Ok(())
    }

    /// Returns the most bytes that any batch of so many rows holds: its pages, and the one before that is read to its end.
    fn held_bytes(&self, rows: u64) -> u64 {
        let rows = rows.max(2);
        let (mut most, mut bytes, mut between, mut from) = (0, 0, 0, 0);
        for (at, page) in self.pages.iter().enumerate() {
            bytes += page.1;
            // The last row of the first page and the first of this one are in one batch if so few rows lie between them.
            while from < at && between > rows - 2 {
                bytes -= self.pages[from].1;
                from += 1;
                between -= if from < at { self.pages[from].0 } else { 0 };
            }
            most = most.max(bytes);
            between += if from < at { page.0 } else { 0 };
        }
        self.dictionary_bytes.saturating_add(most).saturating_add(rows * VIEW_BYTES)
    }
}

/// Asserts that a page of gzip is as long as it says: its reader unpacks it to its end, however far that is.
fn check_gzip(packed: &[u8], bytes: u64, limit: u64) -> Result<(), String> {
    if (packed.len() as u64).saturating_mul(MOST_GZIP_RATIO) <= limit / 2 || bytes > limit {
        return Ok(());
    }
    // What is damaged says its reader.
    let unpacked = std::io::copy(&mut MultiGzDecoder::new(packed).take(bytes + 1), &mut sink()).unwrap_or_default();
    if unpacked > bytes { Err(format!("a page unpacks to more than the {bytes} bytes that it says")) } else { Ok(()) }
}

/// What the header of a page says.
#[derive(Debug, Default, PartialEq, Eq)]
struct PageHeader {
    kind: i64,
    /// Unpacked.
    bytes: u64,
    packed_bytes: u64,
    /// Values, NULLs included; of a dictionary, those that are different.
    values: u64,
    encoding: i64,
}

impl PageHeader {
    /// Reads a header, and passes over it.
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let mut header = Self { kind: -1, encoding: -1, ..Self::default() };
        each_field(rest, |id, kind, rest| {
            match (id, kind) {
                (1, I32) => header.kind = zigzag(rest)?,
                (2, I32) => header.bytes = zigzag(rest)?.try_into().ok()?,
                (3, I32) => header.packed_bytes = zigzag(rest)?.try_into().ok()?,
                // Of data pages, of a dictionary, of data pages of version 2: where their encoding stands.
                (5 | 7, STRUCT) => header.values_and_encoding(rest, 2)?,
                (8, STRUCT) => header.values_and_encoding(rest, 4)?,
                (4, I32) => skip(kind, rest, 0)?,
                (1..=8, _) => return None,
                _ => skip(kind, rest, 0)?,
            }
            Some(())
        })?;
        Some(header)
    }

    fn values_and_encoding(&mut self, rest: &mut &[u8], encoding: i64) -> Option<()> {
        each_field(rest, |id, kind, rest| {
            match (id, kind) {
                (1, I32) => self.values = zigzag(rest)?.try_into().ok()?,
                (id, I32) if id == encoding => self.encoding = zigzag(rest)?,
                (1, _) => return None,
                (id, _) if id == encoding => return None,
                _ => skip(kind, rest, 0)?,
            }
            Some(())
        })
    }
}

// Thrift's compact protocol: see `thrift`, which writes it.

const I32: u8 = 5;
const STRUCT: u8 = 12;

/// Has the fields of a struct visited, which reads or passes over them: id and kind of each.
fn each_field(rest: &mut &[u8], mut visit: impl FnMut(i64, u8, &mut &[u8]) -> Option<()>) -> Option<()> {
    let mut id = 0_i64;
    loop {
        let head = byte(rest)?;
        if head == 0 {
            return Some(());
        }
        id = if head >> 4 == 0 { zigzag(rest)? } else { id + i64::from(head >> 4) };
        visit(id, head & 15, rest)?;
    }
}

fn skip(kind: u8, rest: &mut &[u8], depth: u32) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match kind {
        // A truth value is its kind.
        1 | 2 => {}
        3 => pass(rest, 1)?,
        4..=6 => drop(varint(rest)?),
        7 => pass(rest, 8)?,
        8 => {
            let length = varint(rest)?;
            pass(rest, length)?;
        }
        9 | 10 => {
            let head = byte(rest)?;
            let count = if head >> 4 == 15 { varint(rest)? } else { u64::from(head >> 4) };
            for _ in 0..count {
                skip_element(head & 15, rest, depth)?;
            }
        }
        11 => {
            let count = varint(rest)?;
            let kinds = if count > 0 { byte(rest)? } else { 0 };
            for _ in 0..count {
                skip_element(kinds >> 4, rest, depth)?;
                skip_element(kinds & 15, rest, depth)?;
            }
        }
        STRUCT => each_field(rest, |_, kind, rest| skip(kind, rest, depth + 1))?,
        _ => return None,
    }
    Some(())
}

/// Passes over an element of a list or map, in which a truth value is a byte.
fn skip_element(kind: u8, rest: &mut &[u8], depth: u32) -> Option<()> {
    if matches!(kind, 1 | 2) { pass(rest, 1) } else { skip(kind, rest, depth + 1) }
}

fn pass(rest: &mut &[u8], bytes: u64) -> Option<()> {
    *rest = rest.get(usize::try_from(bytes).ok()?..)?;
    Some(())
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(*first)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(rest)?;
        value |= u64::from(next & 0x7f) << shift;
        if next < 0x80 {
            return Some(value);
        }
    }
    None
}

fn zigzag(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::super::thrift::Struct;
    use super::*;

    fn header(bytes: i32, packed: i32, values: i32, encoding: i32) -> Vec<u8> {
        let mut out = Vec::new();
        Struct::write(&mut out, |header| {
            header.i32(1, page::DATA_PAGE);
            header.i32(2, bytes);
            header.i32(3, packed);
            header.i32(4, -7);
            header.structure(5, |data| {
                data.i32(1, values);
                data.i32(2, encoding);
                data.i32(3, 3);
                data.i32(4, 3);
                data.structure(5, |statistics| {
                    statistics.binary(5, b"max");
                    statistics.bool(7, true);
                });
            });
        });
        out
    }

    #[test]
    fn a_header_is_read_to_its_end_and_no_further() {
        let mut text = header(70_000, 5, 300, encoding::PLAIN);
        text.extend(b"value");
        let mut rest = text.as_slice();
        let said = PageHeader::read(&mut rest).unwrap();
        assert_eq!(said, PageHeader { kind: 0, bytes: 70_000, packed_bytes: 5, values: 300, encoding: 0 });
        assert_eq!(rest, b"value");
        for end in 0..text.len() - 5 {
            assert_eq!(PageHeader::read(&mut &text[..end]), None, "{end}");
        }
        // A negative size; a size that is a string; a list of 2^60 lists.
        assert_eq!(PageHeader::read(&mut header(-1, 5, 1, 0).as_slice()), None);
        assert_eq!(PageHeader::read(&mut [0x15, 0, 0x18, 1, b'x', 0].as_slice()), None);
        let endless = [0x15, 0, 0x99, 0xf9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xf9, 0];
        assert_eq!(PageHeader::read(&mut endless.as_slice()), None);
    }

    #[test]
    fn a_batch_holds_all_pages_that_its_rows_lie_in() {
        let of = |pages: &[(u64, u64)], rows| {
            let chunk = ChunkPages { dictionary_bytes: 1_000, pages: pages.to_vec() };
            chunk.held_bytes(rows) - 1_000 - rows.max(2) * VIEW_BYTES
        };
        let pages = [(10, 5), (1, 70), (1, 80), (1, 90), (10, 6)];
        assert_eq!(of(&pages, 1), 170);
        assert_eq!(of(&pages, 2), 170);
        assert_eq!(of(&pages, 3), 240);
        assert_eq!(of(&pages, 4), 246);
        assert_eq!(of(&pages, 5), 251);
        assert_eq!(of(&pages, 10_000), 251);
        assert_eq!(of(&[(10, 5)], 1), 5);
        assert_eq!(of(&[], 1), 0);
    }

    #[test]
    fn gzip_is_no_longer_than_it_says() {
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&[0; 100_000]).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(check_gzip(&packed, 100_000, 200_000), Ok(()));
        assert!(check_gzip(&packed, 99_999, 200_000).is_err());
        assert!(check_gzip(&packed.repeat(2), 100_000, 300_000).is_err());
    }
}
