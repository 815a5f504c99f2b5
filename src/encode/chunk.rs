//! Pages -> a Parquet column chunk: page headers, definition levels, bounds of each page.
//!
//! In: a column's values, already encoded, a page at a time. Out: an [`EncodedColumn`], bytes that can be put anywhere in a
//! file. v1 data pages, each with its checksum.

use std::ops::Range;

use super::bounds::MinMax;
use super::codec::Codec;
use super::format::{encoding, page};
use super::levels;
use super::thrift::Struct;
use crate::error::{Error, Result};
use crate::record::header::Column;

/// Bytes that the values of a data page take before compression, if there are more than one: parquet-mr's size of a page.
/// A page is what a reader unpacks at once, and must stay below 2 GiB by the format; rows of numbers and addresses fill a
/// third of it at most, so that only long strings have shorter pages than `page_rows` says.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// How the values of data pages are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Ranks in a dictionary, of as many bits as they need.
    Dictionary,
    /// Ranks in a dictionary, of whole bytes: a skewed column compresses better when its codes stay apart.
    WideDictionary,
    /// The values.
    Plain,
    /// Differences to the value before; integers only.
    Delta,
}

impl Coding {
    /// All of them, those that are easiest to read first.
    pub const ALL: [Self; 4] = [Self::Dictionary, Self::WideDictionary, Self::Plain, Self::Delta];

    /// Returns the number that Parquet metadata has for the encoding of its data pages.
    pub fn parquet(self) -> i32 {
        match self {
            Self::Dictionary | Self::WideDictionary => encoding::RLE_DICTIONARY,
            Self::Plain => encoding::PLAIN,
            Self::Delta => encoding::DELTA_BINARY_PACKED,
        }
    }
}

/// A data page of a column chunk.
#[derive(Debug, Clone)]
pub struct EncodedPage {
    /// Where it begins in the chunk.
    pub offset: u64,
    /// Its size with its header.
    pub bytes: u64,
    /// Its first row in the row group.
    pub first_row: u64,
    /// Its rows.
    pub rows: u64,
    /// Its NULL rows.
    pub nulls: u64,
    /// `None` if all rows are NULL, or the values have no bounds.
    pub min_max: Option<MinMax>,
}

impl EncodedPage {
    /// Returns whether there are values without bounds.
    pub fn lacks_bounds(&self) -> bool {
        self.min_max.is_none() && self.nulls < self.rows
    }
}

/// A column chunk.
#[derive(Debug)]
pub struct EncodedColumn {
    /// Name and type.
    pub column: Column,
    /// All pages, the dictionary first.
    pub bytes: Vec<u8>,
    /// Size of all pages before compression.
    pub uncompressed_bytes: u64,
    /// How the values of data pages are encoded.
    pub coding: Coding,
    /// Whether the first page is a dictionary.
    pub has_dictionary: bool,
    /// NULL rows.
    pub nulls: u64,
    /// `None` if all rows are NULL, or the values of a page have no bounds.
    pub min_max: Option<MinMax>,
    /// The data pages.
    pub pages: Vec<EncodedPage>,
    /// A Bloom filter of the values, its header before it.
    pub bloom_filter: Option<Vec<u8>>,
}

/// Bytes that values take in a page before compression, at most.
pub(super) enum ValueBytes<'a> {
    /// So many each.
    Each(usize),
    /// As many as this says of the value at a place among those that are not NULL.
    Of(&'a dyn Fn(usize) -> usize),
}

impl ValueBytes<'_> {
    /// Returns how many of these values fit into a page, at least one.
    fn fitting(&self, values: Range<usize>) -> usize {
        let all = values.len();
        let fitting = match self {
            Self::Each(bytes) => MAX_PAGE_BYTES.checked_div(*bytes).unwrap_or(all),
            Self::Of(bytes) => {
                let mut left = MAX_PAGE_BYTES;
                let takes = |place: &usize| match left.checked_sub(bytes(*place)) {
                    Some(rest) => {
                        left = rest;
                        true
                    }
                    None => false,
                };
                values.take_while(takes).count()
            }
        };
        fitting.max(1).min(all)
    }
}

/// A column chunk in the making.
pub(super) struct Chunk<'a> {
    codec: &'a mut Codec,
    page_rows: usize,
    column: &'a Column,
    rows: usize,
    nulls: &'a [u32],
    out: Vec<u8>,
    uncompressed_bytes: u64,
    has_dictionary: bool,
    pages: Vec<EncodedPage>,
}

impl<'a> Chunk<'a> {
    /// Begins a chunk of so many rows, of which `nulls` are NULL, in pages of at most `page_rows`.
    pub fn new(
        (codec, page_rows): (&'a mut Codec, usize),
        column: &'a Column,
        (rows, nulls): (usize, &'a [u32]),
    ) -> Self {
        Self {
            codec,
            page_rows,
            column,
            rows,
            nulls,
            out: Vec::new(),
            uncompressed_bytes: 0,
            has_dictionary: false,
            pages: Vec::new(),
        }
    }

    /// Writes the page of the dictionary, whose values ascend.
    ///
    /// # Errors
    /// When the compressor fails, which no content can cause.
    pub fn dictionary(&mut self, body: &[u8], distinct: usize) -> Result<()> {
        self.has_dictionary = true;
        self.page(page::DICTIONARY_PAGE, body, |header| {
            header.structure(7, |dictionary| {
                dictionary.i32(1, distinct as i32);
                dictionary.i32(2, encoding::PLAIN);
                dictionary.bool(3, true); // Values ascend.
            });
        })?;
        Ok(())
    }

    /// Writes the data pages. `put` appends the values of a range of those that are not NULL, which take `bytes`.
    ///
    /// # Errors
    /// As [`Chunk::dictionary`].
    pub fn data_pages(
        &mut self,
        coding: Coding,
        bytes: &ValueBytes<'_>,
        mut put: impl FnMut(Range<usize>, &mut Vec<u8>),
        min_max: impl Fn(Range<usize>) -> Option<MinMax>,
    ) -> Result<()> {
        let mut body = Vec::new();
        let (mut first_row, mut null, mut value) = (0, 0, 0);
        while first_row < self.rows {
            let (rows, nulls) = self.rows_of_page(first_row, &self.nulls[null..], value, bytes);
            let values = value..value + rows - nulls;
            body.clear();
            put_definition_levels(&self.nulls[null..][..nulls], first_row as u32, rows, &mut body);
            put(values.clone(), &mut body);
            let placed = self.page(page::DATA_PAGE, &body, |header| {
                header.structure(5, |data| {
                    data.i32(1, rows as i32);
                    data.i32(2, coding.parquet());
                    data.i32(3, encoding::RLE); // of definition levels
                    data.i32(4, encoding::RLE); // of repetition levels, which flat columns have none of
                });
            })?;
            self.pages.push(EncodedPage {
                offset: placed.start as u64,
                bytes: placed.len() as u64,
                first_row: first_row as u64,
                rows: rows as u64,
                nulls: nulls as u64,
                min_max: min_max(values.clone()),
            });
            first_row += rows;
            null += nulls;
            value = values.end;
        }
        Ok(())
    }

    /// Returns how many rows the page has that begins at a row, and how many of them are NULL. `nulls` are the NULL rows from
    /// there on, `value` is the place of the next value among those that are not NULL.
    fn rows_of_page(&self, first_row: usize, nulls: &[u32], value: usize, bytes: &ValueBytes<'_>) -> (usize, usize) {
        let rows = self.page_rows.min(self.rows - first_row);
        let end = (first_row + rows) as u32;
        let before_end = nulls.iter().take_while(|row| **row < end).count();
        let values = rows - before_end;
        let fitting = bytes.fitting(value..value + values);
        if fitting == values {
            return (rows, before_end);
        }
        // The page ends before the row of the first value that does not fit.
        let mut rows = fitting;
        for null in nulls {
            if *null as usize - first_row > rows {
                break;
            }
            rows += 1;
        }
        (rows, rows - fitting)
    }

    /// Compresses and appends a page, `kind` and the fields of `header` in front; returns where it lies in the chunk.
    fn page(&mut self, kind: i32, body: &[u8], header: impl FnOnce(&mut Struct<'_>)) -> Result<Range<usize>> {
        let packed = self.codec.compress(body).map_err(|e| Error::stopped("cannot compress").because(e))?;
        let sizes = i32::try_from(body.len()).ok().zip(i32::try_from(packed.len()).ok());
        let Some((unpacked_bytes, packed_bytes)) = sizes else {
            // Only a single value can be so large, and lines are shorter.
            return Err(Error::stopped(format!("a page of {} would have {} bytes", self.column.name, body.len()))
                .help("this is a bug in flowparquet: please report it"));
        };
        let begin = self.out.len();
        Struct::write(&mut self.out, |page| {
            page.i32(1, kind);
            page.i32(2, unpacked_bytes);
            page.i32(3, packed_bytes);
            page.i32(4, libdeflater::crc32(&packed) as i32);
            header(page);
        });
        self.uncompressed_bytes += (self.out.len() - begin + body.len()) as u64;
        self.out.extend_from_slice(&packed);
        Ok(begin..self.out.len())
    }

    /// Returns the chunk.
    pub fn finish(self, coding: Coding, bloom_filter: Option<Vec<u8>>) -> EncodedColumn {
        let bounded = !self.pages.iter().any(EncodedPage::lacks_bounds);
        let bounds = self.pages.iter().filter(|_| bounded).filter_map(|page| page.min_max.clone());
        EncodedColumn {
            column: self.column.clone(),
            bytes: self.out,
            uncompressed_bytes: self.uncompressed_bytes,
            coding,
            has_dictionary: self.has_dictionary,
            nulls: self.nulls.len() as u64,
            min_max: bounds.reduce(MinMax::union),
            pages: self.pages,
            bloom_filter,
        }
    }
}

/// Appends the definition levels of a page, 0 for NULL and 1 for a value, with their length before them.
fn put_definition_levels(nulls: &[u32], first_row: u32, rows: usize, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    if nulls.is_empty() || nulls.len() == rows {
        levels::encode_run(u32::from(nulls.is_empty()), rows, 1, out);
    } else {
        let mut defined = vec![1; rows];
        nulls.iter().for_each(|row| defined[(row - first_row) as usize] = 0);
        levels::encode(&defined, 1, out);
    }
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
}
