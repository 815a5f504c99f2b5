//! Columns of a row group -> Parquet column chunks: pages, statistics, page index, Bloom filters.
//!
//! In: [`Cells`], a column's values in the order of its rows. Out: [`EncodedColumn`]s, bytes that can be put anywhere in
//! a file. arrow-rs would hash every dictionary value again while encoding; here the codes made while decoding stay
//! codes down to the page. v1 data pages; PLAIN, RLE_DICTIONARY and DELTA_BINARY_PACKED: what Athena, Trino, Spark, Redshift
//! Spectrum, DuckDB, DataFusion and pyarrow all read.
//!
//! Dictionaries are written in ascending order: ranks compare as values do, so that minima and maxima of pages and row
//! groups are minima and maxima of codes, and the compressor sees shared prefixes.
//!
//! Which [`Coding`] a column gets is decided from its values, by making some of its pages in every way that there is
//! and looking which are smallest when compressed.

use std::collections::HashMap;
use std::ops::Range;

use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::codec::{Codec, Compression};
use super::dictionary::Dictionary;
use super::layout::Layout;
use super::{delta, levels};
use crate::error::{Error, Result};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// Integers whose values lie this close together get their dictionary by counting, without hashing: 4 MiB of table.
const COUNTING_RANGE: u64 = 1 << 20;

/// Statistics of longer strings are left out: they would weigh more in the footer than they can prune.
const MAX_STATISTICS_BYTES: usize = 256;

/// Rows that a coding is tried on: a few pages compress about as all of them do.
const TRIED_ROWS: usize = 8 << 10;

/// Rate at which a Bloom filter lets a value pass that is not there: 1 in 100 costs 10 bits a value, and one row group in a
/// hundred read in vain is less than what statistics leave over.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

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
    const ALL: [Self; 4] = [Self::Dictionary, Self::WideDictionary, Self::Plain, Self::Delta];

    /// Returns the name that Parquet metadata has for it.
    pub fn parquet(self) -> Encoding {
        match self {
            Self::Dictionary | Self::WideDictionary => Encoding::RLE_DICTIONARY,
            Self::Plain => Encoding::PLAIN,
            Self::Delta => Encoding::DELTA_BINARY_PACKED,
        }
    }
}

/// Sizes that a column has in every [`Coding`], in bytes; none where it cannot have it.
pub type Sizes = [Option<u64>; Coding::ALL.len()];

/// Returns the coding of the least size; of equal ones the one that is easiest to read.
pub fn smallest(sizes: &Sizes) -> Coding {
    let sized = Coding::ALL.into_iter().zip(sizes).filter_map(|(coding, size)| Some((size.as_ref()?, coding)));
    // The first of equal ones.
    sized.min_by_key(|(size, _)| **size).map_or(Coding::Dictionary, |(_, coding)| coding)
}

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
    /// How the values of data pages are encoded.
    pub coding: Coding,
    /// Whether the first page is a dictionary.
    pub has_dictionary: bool,
    /// NULL rows.
    pub nulls: u64,
    /// `None` if all rows are NULL, or values are too long.
    pub min_max: Option<MinMax>,
    /// The data pages.
    pub pages: Vec<EncodedPage>,
    /// A Bloom filter of the values, its header before it.
    pub bloom_filter: Option<Vec<u8>>,
}

/// The column chunks of a row group.
#[derive(Debug)]
pub struct EncodedRowGroup {
    /// Rows of each chunk.
    pub rows: u64,
    /// The chunks, in no particular order.
    pub columns: Vec<EncodedColumn>,
    /// Columns that the rows ascend by, NULL first.
    pub sorted_by: Vec<String>,
}

/// A column of a row group, in the order of its rows.
#[derive(Debug)]
pub struct Cells<'a> {
    /// Name and type.
    pub column: &'a Column,
    /// Rows, those that are NULL included.
    pub rows: usize,
    /// The rows that are NULL, ascending.
    pub nulls: Vec<u32>,
    /// The values of all other rows.
    pub values: CellValues<'a>,
}

/// Values without NULLs.
#[derive(Debug)]
pub enum CellValues<'a> {
    /// Of an `int` or `bigint` column.
    Integers(Vec<i64>),
    /// Ranks in a dictionary that may have more values than these.
    Strings(Vec<u32>, &'a Dictionary),
}

impl CellValues<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Strings(ranks, _) => ranks.len(),
        }
    }
}

/// What encodes row groups; one per thread.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    page_rows: usize,
    bloom_filters: Vec<String>,
    counts: Vec<u32>,
}

impl Encoder {
    /// Makes an encoder.
    ///
    /// # Errors
    /// When the compressor gets no memory.
    pub fn new(compression: Compression, layout: &Layout) -> Result<Self> {
        let codec = Codec::new(compression).map_err(|e| Error::stopped("cannot start the compressor").because(e))?;
        let page_rows = (layout.page_rows as usize).max(1);
        Ok(Self { codec, page_rows, bloom_filters: layout.bloom_filters.clone(), counts: Vec::new() })
    }

    /// Encodes a batch, its rows in the order in which they stand, as one row group.
    ///
    /// # Errors
    /// When the compressor or the page writer fails, which no content can cause.
    pub fn row_group(&mut self, batch: &Batch) -> Result<EncodedRowGroup> {
        let columns = batch.columns().iter().map(|data| self.batch_column(data)).collect::<Result<_>>()?;
        Ok(EncodedRowGroup { rows: batch.rows() as u64, columns, sorted_by: Vec::new() })
    }

    fn batch_column(&mut self, data: &ColumnData) -> Result<EncodedColumn> {
        let (column, rows, nulls) = (&data.column, data.values.len(), data.nulls.clone());
        let dictionary;
        let values = match &data.values {
            Values::Int(values) => CellValues::Integers(present(data, values).map(i64::from).collect()),
            Values::Bigint(values) => CellValues::Integers(present(data, values).collect()),
            Values::String { codes, dictionary: interner } => {
                let (sorted, ranks) = Dictionary::of(interner);
                dictionary = sorted;
                let codes = present(data, codes);
                CellValues::Strings(codes.map(|code| ranks[code as usize]).collect(), &dictionary)
            }
        };
        let cells = Cells { column, rows, nulls, values };
        let coding = smallest(&self.sizes(&cells)?);
        self.column(&cells, coding)
    }

    /// Encodes a column of `rows` NULLs.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn null_column(&mut self, column: &Column, rows: usize) -> Result<EncodedColumn> {
        let nothing = Dictionary::default();
        let values = match column.column_type {
            ColumnType::Int | ColumnType::Bigint => CellValues::Integers(Vec::new()),
            ColumnType::String => CellValues::Strings(Vec::new(), &nothing),
        };
        self.column(&Cells { column, rows, nulls: (0..rows as u32).collect(), values }, Coding::Plain)
    }

    /// Encodes a column.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn column(&mut self, cells: &Cells<'_>, coding: Coding) -> Result<EncodedColumn> {
        match &cells.values {
            values if values.len() == 0 => self.all_null(cells),
            CellValues::Integers(values) => match cells.column.column_type {
                ColumnType::Int => self.integers::<i32>(cells, values, coding),
                ColumnType::Bigint | ColumnType::String => self.integers::<i64>(cells, values, coding),
            },
            CellValues::Strings(ranks, dictionary) => self.strings(cells, ranks, dictionary, coding),
        }
    }

    /// Returns what a column would take in each coding, by trying some of its rows.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn sizes(&mut self, cells: &Cells<'_>) -> Result<Sizes> {
        match &cells.values {
            CellValues::Integers(values) => match cells.column.column_type {
                ColumnType::Int => self.integer_sizes::<i32>(values),
                ColumnType::Bigint | ColumnType::String => self.integer_sizes::<i64>(values),
            },
            CellValues::Strings(ranks, dictionary) => self.string_sizes(ranks, dictionary),
        }
    }

    fn all_null(&mut self, cells: &Cells<'_>) -> Result<EncodedColumn> {
        let mut chunk = Chunk::new(self, cells);
        chunk.data_pages(Coding::Plain, |_, _| {}, |_| None)?;
        chunk.finish(Coding::Plain, None, None)
    }

    fn strings(
        &mut self,
        cells: &Cells<'_>,
        ranks: &[u32],
        dictionary: &Dictionary,
        coding: Coding,
    ) -> Result<EncodedColumn> {
        let Coded { distinct, codes } = self.compact(ranks, dictionary);
        let value = |code: u32| dictionary.value(distinct[code as usize]);
        let longest = distinct.iter().map(|rank| dictionary.value(*rank).len()).max().unwrap_or_default();
        let min_max = |(low, high): (u32, u32)| {
            (longest <= MAX_STATISTICS_BYTES).then(|| MinMax::String(value(low).to_vec(), value(high).to_vec()))
        };
        let all = extremes(&codes).and_then(min_max);
        let bloom = self.bloom_filter(cells.column, distinct.len(), (0..distinct.len() as u32).map(value))?;
        let page_min_max = |rows: Range<usize>| extremes(&codes[rows]).and_then(min_max);
        let mut chunk = Chunk::new(self, cells);
        if coding == Coding::Plain {
            let put = |rows: Range<usize>, body: &mut Vec<u8>| {
                codes[rows].iter().for_each(|code| put_string(value(*code), body));
            };
            chunk.data_pages(coding, put, page_min_max)?;
        } else {
            chunk.dictionary(&string_page(&distinct, dictionary), distinct.len())?;
            let width = width(distinct.len(), coding);
            chunk.data_pages(coding, |rows, body| put_codes(&codes[rows], width, body), page_min_max)?;
        }
        chunk.finish(coding, all, bloom)
    }

    fn string_sizes(&mut self, ranks: &[u32], dictionary: &Dictionary) -> Result<Sizes> {
        let Coded { distinct, codes } = self.compact(ranks, dictionary);
        let mut plain = Vec::new();
        let tried = &codes[..codes.len().min(TRIED_ROWS)];
        // A dictionary that is small beside the column always wins: each value once instead of many times.
        if distinct.len() * 4 > codes.len() && distinct.len() > 256 {
            tried.iter().for_each(|code| put_string(dictionary.value(distinct[*code as usize]), &mut plain));
        }
        let page = string_page(&distinct, dictionary);
        self.tried(&codes, distinct.len(), &page, (!plain.is_empty()).then_some(plain), None)
    }

    /// Returns the ranks that are used, ascending, and for each row the place of its rank among them.
    fn compact(&mut self, ranks: &[u32], dictionary: &Dictionary) -> Coded<u32> {
        let low = ranks.iter().copied().min().unwrap_or_default();
        let high = ranks.iter().copied().max().unwrap_or_default();
        let range = if dictionary.is_empty() { 0 } else { (high - low) as usize + 1 };
        self.counted(range, ranks, |rank| (rank - low) as usize, |offset| low + offset as u32)
    }

    /// Returns the distinct values and each row's place among them, for values whose offsets lie below `range`.
    fn counted<T: Copy, V>(
        &mut self,
        range: usize,
        values: &[T],
        offset: impl Fn(T) -> usize,
        value: impl Fn(usize) -> V,
    ) -> Coded<V> {
        self.counts.clear();
        self.counts.resize(range, 0);
        for value in values {
            self.counts[offset(*value)] = 1;
        }
        let mut distinct = Vec::new();
        for (offset, count) in self.counts.iter_mut().enumerate() {
            if *count != 0 {
                *count = distinct.len() as u32;
                distinct.push(value(offset));
            }
        }
        let codes = values.iter().map(|value| self.counts[offset(*value)]).collect();
        Coded { distinct, codes }
    }

    fn integers<T: Integer>(&mut self, cells: &Cells<'_>, values: &[i64], coding: Coding) -> Result<EncodedColumn> {
        let min_max = |rows: Range<usize>| {
            let wider = |(low, high): (i64, i64), value: &i64| (low.min(*value), high.max(*value));
            let (low, high) = values[rows].iter().fold((i64::MAX, i64::MIN), wider);
            (low <= high).then(|| T::min_max(low, high))
        };
        let bloom = if self.bloom_filters.contains(&cells.column.name) {
            let distinct = self.integer_dictionary(values).distinct;
            let bytes = |value: &i64| {
                let mut bytes = Vec::new();
                T::put_all(std::slice::from_ref(value), &mut bytes);
                bytes
            };
            self.bloom_filter(cells.column, distinct.len(), distinct.iter().map(bytes))?
        } else {
            None
        };
        match coding {
            Coding::Dictionary | Coding::WideDictionary => {
                let Coded { distinct, codes } = self.integer_dictionary(values);
                let mut page = Vec::new();
                T::put_all(&distinct, &mut page);
                let width = width(distinct.len(), coding);
                let value = |code: u32| distinct[code as usize];
                let page_min_max =
                    |rows: Range<usize>| extremes(&codes[rows]).map(|(a, b)| T::min_max(value(a), value(b)));
                let mut chunk = Chunk::new(self, cells);
                chunk.dictionary(&page, distinct.len())?;
                chunk.data_pages(coding, |rows, body| put_codes(&codes[rows], width, body), page_min_max)?;
                chunk.finish(coding, page_min_max(0..codes.len()), bloom)
            }
            Coding::Plain => {
                let mut chunk = Chunk::new(self, cells);
                chunk.data_pages(coding, |rows, body| T::put_all(&values[rows], body), min_max)?;
                chunk.finish(coding, min_max(0..values.len()), bloom)
            }
            Coding::Delta => {
                let mut chunk = Chunk::new(self, cells);
                chunk.data_pages(coding, |rows, body| delta::encode(&values[rows], T::BITS, body), min_max)?;
                chunk.finish(coding, min_max(0..values.len()), bloom)
            }
        }
    }

    fn integer_sizes<T: Integer>(&mut self, values: &[i64]) -> Result<Sizes> {
        let tried = &values[..values.len().min(TRIED_ROWS)];
        let Coded { distinct, codes } = self.integer_dictionary(values);
        let mut delta = Vec::new();
        delta::encode(tried, T::BITS, &mut delta);
        let mut plain = Vec::new();
        // A dictionary that is small beside the column always wins over the values: its codes have fewer bits.
        if distinct.len() * 16 > values.len() && distinct.len() > 256 {
            T::put_all(tried, &mut plain);
        }
        let mut page = Vec::new();
        T::put_all(&distinct, &mut page);
        self.tried(&codes, distinct.len(), &page, (!plain.is_empty()).then_some(plain), Some(delta))
    }

    /// Compresses what some rows are in each coding; `plain` and `delta` are of the first [`TRIED_ROWS`] of `codes`.
    fn tried(
        &mut self,
        codes: &[u32],
        distinct: usize,
        dictionary: &[u8],
        plain: Option<Vec<u8>>,
        delta: Option<Vec<u8>>,
    ) -> Result<Sizes> {
        let mut sizes: Sizes = [None; Coding::ALL.len()];
        let tried = codes.len().min(TRIED_ROWS);
        if distinct <= 1 {
            sizes[0] = Some(0);
            return Ok(sizes);
        }
        let scale = |bytes: usize, all: usize, some: usize| (bytes as u128 * all as u128 / some.max(1) as u128) as u64;
        let mut compressed = |bytes: &[u8]| {
            self.codec
                .compress(bytes)
                .map(|packed| packed.len())
                .map_err(|e| Error::stopped("cannot compress").because(e))
        };
        // As much of the dictionary as the rows' values would take.
        let part = &dictionary[..dictionary.len().min(tried * 16)];
        let dictionary = scale(compressed(part)?, dictionary.len(), part.len());
        for (size, coding) in sizes.iter_mut().zip([Coding::Dictionary, Coding::WideDictionary]) {
            let mut body = Vec::new();
            levels::encode(&codes[..tried], width(distinct, coding), &mut body);
            *size = Some(scale(compressed(&body)?, codes.len(), tried) + dictionary);
        }
        for (size, body) in sizes[2..].iter_mut().zip([plain, delta]) {
            if let Some(body) = body {
                *size = Some(scale(compressed(&body)?, codes.len(), tried));
            }
        }
        Ok(sizes)
    }

    /// Returns the distinct values, ascending, and for each value its place among them.
    fn integer_dictionary(&mut self, values: &[i64]) -> Coded<i64> {
        let low = values.iter().copied().min().unwrap_or_default();
        let high = values.iter().copied().max().unwrap_or_default();
        let range = high.abs_diff(low);
        if range < COUNTING_RANGE {
            let range = if values.is_empty() { 0 } else { range as usize + 1 };
            return self.counted(range, values, |v| v.wrapping_sub(low) as usize, |offset| low + offset as i64);
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
        Coded { distinct, codes }
    }

    /// Returns the Bloom filter of a column that is to have one.
    fn bloom_filter<B: AsRef<[u8]>>(
        &self,
        column: &Column,
        distinct: usize,
        values: impl Iterator<Item = B>,
    ) -> Result<Option<Vec<u8>>> {
        if !self.bloom_filters.contains(&column.name) {
            return Ok(None);
        }
        let failed = |e: parquet::errors::ParquetError| Error::stopped("cannot make a Bloom filter").because(e);
        let mut filter = Sbbf::new_with_ndv_fpp(distinct as u64, BLOOM_FALSE_POSITIVES).map_err(failed)?;
        values.for_each(|value| filter.insert(value.as_ref()));
        let mut bytes = Vec::new();
        filter.write(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }
}

/// The distinct values of a column, ascending, and for each row the place of its value among them.
struct Coded<V> {
    distinct: Vec<V>,
    codes: Vec<u32>,
}

fn width(distinct: usize, coding: Coding) -> u8 {
    let width = levels::bit_width(distinct);
    if coding == Coding::WideDictionary { width.next_multiple_of(8) } else { width }
}

fn put_codes(codes: &[u32], width: u8, body: &mut Vec<u8>) {
    body.push(width);
    levels::encode(codes, width, body);
}

fn string_page(ranks: &[u32], dictionary: &Dictionary) -> Vec<u8> {
    let mut page = Vec::with_capacity(ranks.len() * 20);
    ranks.iter().for_each(|rank| put_string(dictionary.value(*rank), &mut page));
    page
}

/// A column chunk in the making.
struct Chunk<'a> {
    encoder: &'a mut Encoder,
    cells: &'a Cells<'a>,
    out: TrackedWrite<Vec<u8>>,
    uncompressed_bytes: u64,
    has_dictionary: bool,
    pages: Vec<EncodedPage>,
}

impl<'a> Chunk<'a> {
    fn new(encoder: &'a mut Encoder, cells: &'a Cells<'a>) -> Self {
        let out = TrackedWrite::new(Vec::new());
        Self { encoder, cells, out, uncompressed_bytes: 0, has_dictionary: false, pages: Vec::new() }
    }

    fn dictionary(&mut self, page: &[u8], distinct: usize) -> Result<()> {
        self.has_dictionary = true;
        let num_values = distinct as u32;
        let made = |buf| Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: true };
        self.page(page, made).map(|_| ())
    }

    /// Writes the data pages. `put` appends the values of a range of those that are not NULL.
    fn data_pages(
        &mut self,
        coding: Coding,
        mut put: impl FnMut(Range<usize>, &mut Vec<u8>),
        min_max: impl Fn(Range<usize>) -> Option<MinMax>,
    ) -> Result<()> {
        let (rows, page_rows) = (self.cells.rows, self.encoder.page_rows);
        let mut body = Vec::new();
        let (mut null, mut value) = (0, 0);
        for first_row in (0..rows).step_by(page_rows) {
            let page_rows = page_rows.min(rows - first_row);
            let end = (first_row + page_rows) as u32;
            let nulls = self.cells.nulls[null..].iter().take_while(|row| **row < end).count();
            let values = value..value + page_rows - nulls;
            body.clear();
            put_definition_levels(&self.cells.nulls[null..][..nulls], first_row as u32, page_rows, &mut body);
            put(values.clone(), &mut body);
            let (offset, bytes) = self.page(&body, |buf| Page::DataPage {
                buf,
                num_values: page_rows as u32,
                encoding: coding.parquet(),
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
                min_max: min_max(values.clone()),
            });
            null += nulls;
            value = values.end;
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

    fn finish(self, coding: Coding, min_max: Option<MinMax>, bloom_filter: Option<Vec<u8>>) -> Result<EncodedColumn> {
        let bytes = self.out.into_inner().map_err(|e| Error::stopped("cannot write a page").because(e))?;
        Ok(EncodedColumn {
            column: self.cells.column.clone(),
            bytes,
            uncompressed_bytes: self.uncompressed_bytes,
            coding,
            has_dictionary: self.has_dictionary,
            nulls: self.cells.nulls.len() as u64,
            min_max,
            pages: self.pages,
            bloom_filter,
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
trait Integer {
    /// Width of the type.
    const BITS: u32;

    fn put_all(values: &[i64], out: &mut Vec<u8>);

    fn min_max(low: i64, high: i64) -> MinMax;
}

impl Integer for i32 {
    const BITS: u32 = 32;

    fn put_all(values: &[i64], out: &mut Vec<u8>) {
        let at = out.len();
        out.resize(at + values.len() * Self::BITS as usize / 8, 0);
        let places = out[at..].as_chunks_mut().0.iter_mut();
        places.zip(values).for_each(|(place, value)| *place = (*value as Self).to_le_bytes());
    }

    fn min_max(low: i64, high: i64) -> MinMax {
        MinMax::Int(low as Self, high as Self)
    }
}

impl Integer for i64 {
    const BITS: u32 = 64;

    fn put_all(values: &[i64], out: &mut Vec<u8>) {
        let at = out.len();
        out.resize(at + values.len() * Self::BITS as usize / 8, 0);
        let places = out[at..].as_chunks_mut().0.iter_mut();
        places.zip(values).for_each(|(place, value)| *place = value.to_le_bytes());
    }

    fn min_max(low: i64, high: i64) -> MinMax {
        MinMax::Bigint(low, high)
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
        // The upper bits that do not fit are let go.
        let mixed = u128::from((value as u64) ^ self.0);
        let product = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
