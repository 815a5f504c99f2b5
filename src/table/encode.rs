//! Columns of a row group -> Parquet column chunks: pages, statistics, page index.
//!
//! In: a [`Batch`]. Out: an [`EncodedRowGroup`], bytes that can be put anywhere in a file. arrow-rs would hash every
//! dictionary value again while encoding; here the codes made while decoding stay codes down to the page. v1 data
//! pages, PLAIN and RLE_DICTIONARY only: what every reader down to Redshift Spectrum knows.
//!
//! Dictionaries are written in ascending order: it costs one small sort per column, gives page and row group
//! minima and maxima as minima and maxima of codes, and lets the compressor see shared prefixes.

use std::collections::HashMap;

use parquet::basic::Encoding;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::codec::{Codec, Compression};
use super::levels;
use crate::error::{Error, Result};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::header::Column;
use crate::record::interner::Interner;

/// Rows of a data page; the limit that parquet-mr and arrow-rs use, at which page pruning is worth its index.
pub const PAGE_ROWS: usize = 20_000;

/// Integers whose values lie this close together get their dictionary by counting, without hashing: 4 MiB of table.
const COUNTING_RANGE: u64 = 1 << 20;

/// Statistics of longer strings are left out: they would weigh more in the footer than they can prune.
const MAX_STATISTICS_BYTES: usize = 256;

/// The least and the greatest value of a page or chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MinMax {
    /// Of an `int` column.
    Int(i32, i32),
    /// Of a `bigint` column.
    Bigint(i64, i64),
    /// Of a `string` column.
    String(Vec<u8>, Vec<u8>),
}

impl MinMax {
    /// Returns whether neither bound lies above the other's; false for different types.
    pub fn not_above(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a, b), Self::Int(c, d)) => a <= c && b <= d,
            (Self::Bigint(a, b), Self::Bigint(c, d)) => a <= c && b <= d,
            (Self::String(a, b), Self::String(c, d)) => a <= c && b <= d,
            _ => false,
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
    /// `None` if all rows are NULL, or the chunk has no statistics.
    pub min_max: Option<MinMax>,
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
    /// Whether the first page is a dictionary.
    pub has_dictionary: bool,
    /// NULL rows.
    pub nulls: u64,
    /// `None` if all rows are NULL, or values are too long.
    pub min_max: Option<MinMax>,
    /// The data pages.
    pub pages: Vec<EncodedPage>,
}

/// The column chunks of a row group.
#[derive(Debug)]
pub struct EncodedRowGroup {
    /// Rows of each chunk.
    pub rows: u64,
    /// The chunks, in no particular order.
    pub columns: Vec<EncodedColumn>,
}

/// What encodes row groups; one per thread.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    counts: Vec<u32>,
}

impl Encoder {
    /// Makes an encoder.
    ///
    /// # Errors
    /// When the compressor gets no memory.
    pub fn new(compression: Compression) -> Result<Self> {
        let codec = Codec::new(compression).map_err(|e| Error::stopped("cannot start the compressor").because(e))?;
        Ok(Self { codec, counts: Vec::new() })
    }

    /// Encodes a batch as one row group.
    ///
    /// # Errors
    /// When the compressor or the page writer fails, which no content can cause.
    pub fn row_group(&mut self, batch: &Batch) -> Result<EncodedRowGroup> {
        let columns = batch.columns().iter().map(|data| self.column(data)).collect::<Result<_>>()?;
        Ok(EncodedRowGroup { rows: batch.rows() as u64, columns })
    }

    /// Encodes a column of `rows` NULLs.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn null_column(&mut self, column: &Column, rows: usize) -> Result<EncodedColumn> {
        let mut data = ColumnData::new(column.clone());
        data.pad(rows);
        self.column(&data)
    }

    fn column(&mut self, data: &ColumnData) -> Result<EncodedColumn> {
        let rows = data.values.len();
        if data.nulls.len() == rows {
            let none: &[u32] = &[];
            return Chunk::new(self, data).write(&Coded { codes: none, distinct: 0 }, &[], |_, _| None);
        }
        match &data.values {
            Values::Int(values) => self.integers(data, values, |low, high| MinMax::Int(low as i32, high as i32)),
            Values::Bigint(values) => self.integers(data, values, MinMax::Bigint),
            Values::String { codes, dictionary } => self.strings(data, codes, dictionary),
        }
    }

    fn strings(&mut self, data: &ColumnData, codes: &[u32], dictionary: &Interner) -> Result<EncodedColumn> {
        let mut order: Vec<u32> = (0..dictionary.len() as u32).collect();
        order.sort_unstable_by(|a, b| {
            let prefixes = dictionary.prefix(*a).cmp(&dictionary.prefix(*b));
            prefixes.then_with(|| dictionary.value(*a).cmp(dictionary.value(*b)))
        });
        let mut rank = vec![0; order.len()];
        let mut plain = Vec::with_capacity(dictionary.value_bytes() + 4 * dictionary.len());
        for (place, code) in order.iter().enumerate() {
            rank[*code as usize] = place as u32;
            put_string(dictionary.value(*code), &mut plain);
        }
        let longest = order.iter().map(|code| dictionary.value(*code).len()).max().unwrap_or_default();
        let min_max = |low: u32, high: u32| {
            let value = |place: u32| dictionary.value(order[place as usize]).to_vec();
            (longest <= MAX_STATISTICS_BYTES).then(|| MinMax::String(value(low), value(high)))
        };
        let ranks: Vec<u32> = present(data, codes).map(|code| rank[code as usize]).collect();
        let coded = Coded { codes: &ranks, distinct: order.len() };
        // Nearly every value its own: a dictionary would only be one more copy of the column.
        if order.len() > 1_024 && order.len() * 4 > ranks.len() * 3 {
            let put = |rank: u32, out: &mut Vec<u8>| put_string(dictionary.value(order[rank as usize]), out);
            return Chunk::new(self, data).write_plain(&coded, put, min_max);
        }
        Chunk::new(self, data).write(&coded, &plain, min_max)
    }

    fn integers<T: Copy + Into<i64> + ToLe>(
        &mut self,
        data: &ColumnData,
        values: &[T],
        min_max: fn(i64, i64) -> MinMax,
    ) -> Result<EncodedColumn> {
        let present: Vec<i64> = present(data, values).map(Into::into).collect();
        let (distinct, codes) = self.integer_dictionary(&present);
        let coded = Coded { codes: &codes, distinct: distinct.len() };
        let value = |code: u32| distinct[code as usize];
        let min_max = |low: u32, high: u32| Some(min_max(value(low), value(high)));
        let mut plain = Vec::with_capacity(distinct.len() * size_of::<T>());
        distinct.iter().for_each(|value| T::put(*value, &mut plain));
        if self.plain_is_smaller::<T>(&present, &coded, &plain)? {
            return Chunk::new(self, data).write_plain(&coded, |code, out| T::put(value(code), out), min_max);
        }
        Chunk::new(self, data).write(&coded, &plain, min_max)
    }

    /// Returns the distinct values, ascending, and for each value its place among them.
    fn integer_dictionary(&mut self, values: &[i64]) -> (Vec<i64>, Vec<u32>) {
        let low = values.iter().copied().min().unwrap_or_default();
        let high = values.iter().copied().max().unwrap_or_default();
        let range = high.abs_diff(low);
        if range < COUNTING_RANGE {
            self.counts.clear();
            self.counts.resize(range as usize + 1, 0);
            for value in values {
                self.counts[value.wrapping_sub(low) as usize] = 1;
            }
            let mut distinct = Vec::new();
            for (offset, count) in self.counts.iter_mut().enumerate() {
                if *count != 0 {
                    *count = distinct.len() as u32;
                    distinct.push(low + offset as i64);
                }
            }
            let codes = values.iter().map(|value| self.counts[value.wrapping_sub(low) as usize]).collect();
            return (distinct, codes);
        }
        let mut first_seen = HashMap::with_capacity_and_hasher(1 << 12, Multiply);
        let mut distinct = Vec::new();
        let mut codes: Vec<u32> = Vec::with_capacity(values.len());
        for value in values {
            codes.push(*first_seen.entry(*value).or_insert_with(|| {
                distinct.push(*value);
                distinct.len() as u32 - 1
            }));
        }
        let mut order: Vec<u32> = (0..distinct.len() as u32).collect();
        order.sort_unstable_by_key(|code| distinct[*code as usize]);
        let mut rank = vec![0; order.len()];
        for (place, code) in order.iter().enumerate() {
            rank[*code as usize] = place as u32;
        }
        codes.iter_mut().for_each(|code| *code = rank[*code as usize]);
        distinct.sort_unstable();
        (distinct, codes)
    }

    /// Decides from the first page whether the values themselves compress to less than codes and dictionary.
    fn plain_is_smaller<T: ToLe>(&mut self, values: &[i64], coded: &Coded<'_>, dictionary: &[u8]) -> Result<bool> {
        // A dictionary that is small beside the column always wins: codes have at most as many bits as values.
        if coded.distinct * 16 <= values.len() || coded.distinct <= 256 {
            return Ok(false);
        }
        let sample = values.len().min(PAGE_ROWS);
        let mut plain = Vec::with_capacity(sample * size_of::<T>());
        values[..sample].iter().for_each(|value| T::put(*value, &mut plain));
        let mut codes = Vec::new();
        levels::encode(&coded.codes[..sample], levels::bit_width(coded.distinct), &mut codes);
        let dictionary_sample = &dictionary[..dictionary.len().min(plain.len())];
        let [plain, codes, part] =
            [&plain, &codes, dictionary_sample].map(|bytes| self.codec.compress(bytes).map(|c| c.len()));
        let scale = |bytes: usize, all: usize, some: usize| bytes as u128 * all as u128 / some.max(1) as u128;
        let failed = |e| Error::stopped("cannot compress").because(e);
        let (plain, codes, part) = (plain.map_err(failed)?, codes.map_err(failed)?, part.map_err(failed)?);
        let by_values = scale(plain, values.len(), sample);
        let by_codes = scale(codes, values.len(), sample) + scale(part, dictionary.len(), dictionary_sample.len());
        Ok(by_values < by_codes)
    }
}

/// The values of a column as places in its ascending dictionary, without NULLs.
struct Coded<'a> {
    codes: &'a [u32],
    distinct: usize,
}

/// A column chunk in the making.
struct Chunk<'a> {
    encoder: &'a mut Encoder,
    data: &'a ColumnData,
    out: TrackedWrite<Vec<u8>>,
    uncompressed_bytes: u64,
    pages: Vec<EncodedPage>,
}

impl<'a> Chunk<'a> {
    fn new(encoder: &'a mut Encoder, data: &'a ColumnData) -> Self {
        Self { encoder, data, out: TrackedWrite::new(Vec::new()), uncompressed_bytes: 0, pages: Vec::new() }
    }

    /// Writes a dictionary page and pages of codes.
    fn write(
        mut self,
        coded: &Coded<'_>,
        dictionary: &[u8],
        min_max: impl Fn(u32, u32) -> Option<MinMax>,
    ) -> Result<EncodedColumn> {
        let has_dictionary = coded.distinct > 0;
        let width = levels::bit_width(coded.distinct);
        if has_dictionary {
            let num_values = coded.distinct as u32;
            self.page(dictionary, |buf| Page::DictionaryPage {
                buf,
                num_values,
                encoding: Encoding::PLAIN,
                is_sorted: true,
            })?;
        }
        let encoding = if has_dictionary { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN };
        self.data_pages(coded, encoding, &min_max, |codes, body| {
            if has_dictionary {
                body.push(width);
                levels::encode(codes, width, body);
            }
        })?;
        self.finish(has_dictionary, coded, &min_max)
    }

    /// Writes pages of values.
    fn write_plain(
        mut self,
        coded: &Coded<'_>,
        put: impl Fn(u32, &mut Vec<u8>),
        min_max: impl Fn(u32, u32) -> Option<MinMax>,
    ) -> Result<EncodedColumn> {
        self.data_pages(coded, Encoding::PLAIN, &min_max, |codes, body| {
            codes.iter().for_each(|code| put(*code, body));
        })?;
        self.finish(false, coded, &min_max)
    }

    fn data_pages(
        &mut self,
        coded: &Coded<'_>,
        encoding: Encoding,
        min_max: &impl Fn(u32, u32) -> Option<MinMax>,
        mut put_values: impl FnMut(&[u32], &mut Vec<u8>),
    ) -> Result<()> {
        let rows = self.data.values.len();
        let mut body = Vec::new();
        let (mut null, mut value) = (0, 0);
        for first_row in (0..rows).step_by(PAGE_ROWS) {
            let page_rows = PAGE_ROWS.min(rows - first_row);
            let end = (first_row + page_rows) as u32;
            let nulls = self.data.nulls[null..].iter().take_while(|row| **row < end).count();
            let codes = &coded.codes[value..][..page_rows - nulls];
            body.clear();
            put_definition_levels(&self.data.nulls[null..][..nulls], first_row as u32, page_rows, &mut body);
            put_values(codes, &mut body);
            let (offset, bytes) = self.page(&body, |buf| Page::DataPage {
                buf,
                num_values: page_rows as u32,
                encoding,
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            })?;
            self.pages.push(EncodedPage {
                offset,
                bytes,
                first_row: first_row as u64,
                rows: page_rows as u64,
                nulls: nulls as u64,
                min_max: extremes(codes).and_then(|(low, high)| min_max(low, high)),
            });
            null += nulls;
            value += page_rows - nulls;
        }
        Ok(())
    }

    /// Compresses and appends a page; returns its offset and size.
    fn page(&mut self, body: &[u8], page: impl FnOnce(bytes::Bytes) -> Page) -> Result<(u64, u64)> {
        let failed = |e: parquet::errors::ParquetError| Error::stopped("cannot write a page").because(e);
        let packed = self.encoder.codec.compress(body).map_err(|e| Error::stopped("cannot compress").because(e))?;
        let page = CompressedPage::new(page(packed.into()), body.len());
        let spec = SerializedPageWriter::new(&mut self.out).write_page(page).map_err(failed)?;
        self.uncompressed_bytes += spec.uncompressed_size as u64;
        Ok((spec.offset, spec.bytes_written))
    }

    fn finish(
        self,
        has_dictionary: bool,
        coded: &Coded<'_>,
        min_max: &impl Fn(u32, u32) -> Option<MinMax>,
    ) -> Result<EncodedColumn> {
        let bytes = self.out.into_inner().map_err(|e| Error::stopped("cannot write a page").because(e))?;
        // Every value of the dictionary is used, so the first and the last are the least and the greatest.
        let last = coded.distinct.checked_sub(1);
        Ok(EncodedColumn {
            column: self.data.column.clone(),
            bytes,
            uncompressed_bytes: self.uncompressed_bytes,
            has_dictionary,
            nulls: self.data.nulls.len() as u64,
            min_max: last.and_then(|last| min_max(0, last as u32)),
            pages: self.pages,
        })
    }
}

/// Returns the values of the rows that are not NULL.
fn present<'a, T: Copy>(data: &'a ColumnData, values: &'a [T]) -> impl Iterator<Item = T> + 'a {
    // Between two NULLs lies a slice without one: slices are copied fast, rows asked one by one are not.
    let ends = data.nulls.iter().map(|row| *row as usize).chain([values.len()]);
    let mut from = 0;
    ends.flat_map(move |end| {
        let slice = &values[from..end];
        from = end + 1;
        slice.iter().copied()
    })
}

fn extremes(codes: &[u32]) -> Option<(u32, u32)> {
    Some((codes.iter().copied().min()?, codes.iter().copied().max()?))
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

fn put_string(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

/// Integers as Parquet's PLAIN encoding has them.
trait ToLe {
    fn put(value: i64, out: &mut Vec<u8>);
}

impl ToLe for i32 {
    fn put(value: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&(value as Self).to_le_bytes());
    }
}

impl ToLe for i64 {
    fn put(value: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A hash of one multiplication, for integers that nobody chose to collide in a table this short-lived.
#[derive(Debug, Clone, Copy, Default)]
struct Multiply;

impl std::hash::BuildHasher for Multiply {
    type Hasher = MultiplyHasher;

    fn build_hasher(&self) -> MultiplyHasher {
        MultiplyHasher(0)
    }
}

#[derive(Debug)]
struct MultiplyHasher(u64);

impl std::hash::Hasher for MultiplyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_i64(i64::from(*byte));
        }
    }

    fn write_i64(&mut self, value: i64) {
        let product = u128::from((value as u64) ^ self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
