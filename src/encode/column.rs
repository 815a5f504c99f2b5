//! Columns of a row group -> Parquet column chunks: dictionaries, encoded values, Bloom filters.
//!
//! In: [`ColumnValues`], a column's values in the order of its rows. Out: [`EncodedColumn`]s. arrow-rs would hash every dictionary
//! value again while encoding; here the codes made while decoding stay codes down to the page. PLAIN, RLE_DICTIONARY and
//! DELTA_BINARY_PACKED: what Athena, Trino, Spark, Redshift Spectrum, DuckDB, DataFusion and pyarrow all read.
//!
//! Dictionaries are written in ascending order: ranks compare as values do, so that minima and maxima of pages and row
//! groups are minima and maxima of codes, and the compressor sees shared prefixes.
//!
//! Which [`Coding`] a column gets is decided from its values, by making some of its pages in every way that there is
//! and looking which are smallest when compressed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use parquet::bloom_filter::Sbbf;

use super::bounds::MinMax;
use super::chunk::{Chunk, Coding, EncodedColumn, ValueBytes};
use super::codec::{Codec, Compression};
use super::dictionary::Dictionary;
use super::layout::Layout;
use super::number::{Number, bounds, sorted};
use super::{delta, levels};
use crate::error::{Error, Result};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::header::Column;
use crate::record::schema::ColumnType;

/// A dictionary is made by counting where values lie so close together that there are no more places to look at than this
/// many times the rows; else by sorting, which costs as much then.
const COUNTED_PLACES_A_ROW: usize = 8;

/// Bytes of the largest dictionary: it is one page, which readers hold as long as they read the chunk. A million addresses fit.
const MAX_DICTIONARY_BYTES: usize = 16 << 20;

/// Bytes of strings that a coding is tried on at most.
const TRIED_BYTES: usize = 4 << 20;

/// Rows that a coding is tried on: a few pages compress about as all of them do.
const TRIED_ROWS: usize = 4 << 10;

/// Rate at which a Bloom filter lets a value pass that is not there: 1 in 100 costs 10 bits a value, and one row group in a
/// hundred read in vain is less than what statistics leave over.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Sizes that a column has in every [`Coding`], in bytes; none where it cannot have it.
pub type Sizes = [Option<u64>; Coding::ALL.len()];

/// Returns the coding of the least size; of equal ones the one that is easiest to read.
pub fn smallest(sizes: &Sizes) -> Coding {
    let sized = Coding::ALL.into_iter().zip(sizes).filter_map(|(coding, size)| Some((size.as_ref()?, coding)));
    // The first of equal ones.
    sized.min_by_key(|(size, _)| **size).map_or(Coding::Dictionary, |(_, coding)| coding)
}

/// Where a row group lies among those of a slab: row groups that follow each other and are often read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InSlab {
    /// It belongs to none.
    Alone,
    /// Another one of the slab follows.
    Inside,
    /// It is the last one.
    Last,
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
    /// Whether its chunks may lie among those of its neighbours.
    pub in_slab: InSlab,
}

/// A column of a row group, in the order of its rows.
#[derive(Debug)]
pub struct ColumnValues<'a> {
    /// Name and type.
    pub column: &'a Column,
    /// Rows, those that are NULL included.
    pub rows: usize,
    /// The rows that are NULL, ascending.
    pub nulls: Vec<u32>,
    /// The values of all other rows.
    pub values: TypedValues<'a>,
}

/// Values without NULLs.
#[derive(Debug)]
pub enum TypedValues<'a> {
    /// Of an `int` or `bigint` column: what each lies above `base`.
    Narrow {
        /// No value lies below it.
        base: i64,
        /// One number for each value.
        above: Vec<u32>,
    },
    /// Of a `bigint` column whose values lie too far apart for that.
    Wide(Vec<i64>),
    /// Ranks in a dictionary that may have more values than these.
    Strings(Vec<u32>, &'a Dictionary),
}

impl TypedValues<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Narrow { above, .. } => above.len(),
            Self::Wide(values) => values.len(),
            Self::Strings(ranks, _) => ranks.len(),
        }
    }

    /// Returns integers in the narrowest form that they have.
    fn integers<T: Number>(values: &[T]) -> Self {
        let Some((low, high)) = bounds(values) else { return Self::Wide(Vec::new()) };
        if high.above(low) <= u64::from(u32::MAX) {
            let above = values.iter().map(|value| value.above(low) as u32).collect();
            Self::Narrow { base: low.value(0), above }
        } else {
            Self::Wide(values.iter().map(|value| value.value(0)).collect())
        }
    }
}

/// Encoders for a file, as many as are at work at once. A compressor touches a megabyte of memory when it is first used: it
/// is used again.
#[derive(Debug)]
pub struct Encoders {
    compression: Compression,
    layout: Layout,
    spare: Mutex<Vec<Encoder>>,
}

impl Encoders {
    /// Returns none yet.
    pub fn new(compression: Compression, layout: &Layout) -> Self {
        Self { compression, layout: layout.clone(), spare: Mutex::default() }
    }

    /// Lends an encoder.
    ///
    /// # Errors
    /// As [`Encoder::new`], and those of `work`.
    pub fn with<R>(&self, work: impl FnOnce(&mut Encoder) -> Result<R>) -> Result<R> {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let spared = spare().pop();
        let mut encoder = spared.map_or_else(|| Encoder::new(self.compression, &self.layout), Ok)?;
        let done = work(&mut encoder);
        spare().push(encoder);
        done
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
        Ok(EncodedRowGroup { rows: batch.rows() as u64, columns, sorted_by: Vec::new(), in_slab: InSlab::Alone })
    }

    fn batch_column(&mut self, data: &ColumnData) -> Result<EncodedColumn> {
        let (column, rows, nulls) = (&data.column, data.values.len(), data.nulls.clone());
        let dictionary;
        let values = match &data.values {
            Values::Int(values) => TypedValues::integers(&present(data, values)),
            Values::Bigint(values) => TypedValues::integers(&present(data, values)),
            Values::String { codes, dictionary: interner } => {
                let (sorted, ranks) = Dictionary::of(interner);
                dictionary = sorted;
                let ranks = present(data, codes).iter().map(|code| ranks[*code as usize]).collect();
                TypedValues::Strings(ranks, &dictionary)
            }
        };
        let data = ColumnValues { column, rows, nulls, values };
        match &data.values {
            values if values.len() == 0 => self.all_null(&data),
            TypedValues::Narrow { base, above } => {
                let coded = self.integer_dictionary(above);
                let coding = smallest(&self.integer_sizes(column.column_type, *base, above, &coded)?);
                self.integers(&data, *base, above, Some(coded), coding)
            }
            TypedValues::Wide(values) => {
                let coded = self.integer_dictionary(values);
                let coding = smallest(&self.integer_sizes(column.column_type, 0, values, &coded)?);
                self.integers(&data, 0, values, Some(coded), coding)
            }
            TypedValues::Strings(ranks, dictionary) => {
                // Every value of a batch's dictionary is that of a row.
                let coded = Coded { distinct: (0..dictionary.len() as u32).collect(), codes: ranks.clone() };
                let coding = smallest(&self.string_sizes(&coded, dictionary)?);
                self.strings(&data, coded, dictionary, coding)
            }
        }
    }

    /// Encodes a column of `rows` NULLs.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn null_column(&mut self, column: &Column, rows: usize) -> Result<EncodedColumn> {
        let nothing = Dictionary::default();
        let values = match column.column_type {
            ColumnType::Int | ColumnType::Bigint => TypedValues::Wide(Vec::new()),
            ColumnType::String => TypedValues::Strings(Vec::new(), &nothing),
        };
        self.column(&ColumnValues { column, rows, nulls: (0..rows as u32).collect(), values }, Coding::Plain)
    }

    /// Encodes a column.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn column(&mut self, data: &ColumnValues<'_>, coding: Coding) -> Result<EncodedColumn> {
        match &data.values {
            values if values.len() == 0 => self.all_null(data),
            TypedValues::Narrow { base, above } => self.integers(data, *base, above, None, coding),
            TypedValues::Wide(values) => self.integers(data, 0, values, None, coding),
            TypedValues::Strings(ranks, dictionary) => {
                let coded = self.string_dictionary(ranks, dictionary);
                self.strings(data, coded, dictionary, coding)
            }
        }
    }

    /// Returns what a column would take in each coding, by trying some of its rows.
    ///
    /// # Errors
    /// As [`Encoder::row_group`].
    pub fn sizes(&mut self, data: &ColumnValues<'_>) -> Result<Sizes> {
        let column_type = data.column.column_type;
        match &data.values {
            TypedValues::Narrow { base, above } => {
                let coded = self.integer_dictionary(above);
                self.integer_sizes(column_type, *base, above, &coded)
            }
            TypedValues::Wide(values) => {
                let coded = self.integer_dictionary(values);
                self.integer_sizes(column_type, 0, values, &coded)
            }
            TypedValues::Strings(ranks, dictionary) => {
                let coded = self.string_dictionary(ranks, dictionary);
                self.string_sizes(&coded, dictionary)
            }
        }
    }

    fn chunk<'a>(&'a mut self, data: &'a ColumnValues<'_>) -> Chunk<'a> {
        Chunk::new((&mut self.codec, self.page_rows), data.column, (data.rows, &data.nulls))
    }

    fn all_null(&mut self, data: &ColumnValues<'_>) -> Result<EncodedColumn> {
        let mut chunk = self.chunk(data);
        chunk.data_pages(Coding::Plain, &ValueBytes::Each(0), |_, _| {}, |_| None)?;
        Ok(chunk.finish(Coding::Plain, None))
    }

    fn strings(
        &mut self,
        data: &ColumnValues<'_>,
        Coded { distinct, codes }: Coded<u32>,
        dictionary: &Dictionary,
        coding: Coding,
    ) -> Result<EncodedColumn> {
        let value = |code: u32| dictionary.value(distinct[code as usize]);
        let bloom = self.bloom_filter(data.column, distinct.len(), (0..distinct.len() as u32).map(value))?;
        let min_max = |rows: Range<usize>| {
            let (low, high) = bounds(&codes[rows])?;
            MinMax::of_strings(value(low), value(high))
        };
        let mut chunk = self.chunk(data);
        // How a column is coded was decided by other row groups: this one may have a dictionary that is too large.
        if coding == Coding::Plain || page_bytes(&distinct, dictionary) > MAX_DICTIONARY_BYTES {
            let put = |rows: Range<usize>, body: &mut Vec<u8>| {
                codes[rows].iter().for_each(|code| put_string(value(*code), body));
            };
            let bytes = |row: usize| STRING_LENGTH_BYTES + value(codes[row]).len();
            chunk.data_pages(Coding::Plain, &ValueBytes::Of(&bytes), put, min_max)?;
            return Ok(chunk.finish(Coding::Plain, bloom));
        }
        chunk.dictionary(&string_page(&distinct, dictionary), distinct.len())?;
        let width = width(distinct.len(), coding);
        let put = |rows: Range<usize>, body: &mut Vec<u8>| put_codes(&codes[rows], width, body);
        chunk.data_pages(coding, &ValueBytes::Each(size_of::<u32>()), put, min_max)?;
        Ok(chunk.finish(coding, bloom))
    }

    fn string_sizes(&mut self, Coded { distinct, codes }: &Coded<u32>, dictionary: &Dictionary) -> Result<Sizes> {
        if page_bytes(distinct, dictionary) > MAX_DICTIONARY_BYTES {
            let mut sizes: Sizes = [None; Coding::ALL.len()];
            sizes[Coding::Plain as usize] = Some(0);
            return Ok(sizes);
        }
        let mut plain = Vec::new();
        let mut tried = codes.len().min(TRIED_ROWS);
        // A dictionary that is small beside the column always wins: each value once instead of many times.
        if distinct.len() * 4 > codes.len() && distinct.len() > 256 {
            for (row, code) in codes[..tried].iter().enumerate() {
                put_string(dictionary.value(distinct[*code as usize]), &mut plain);
                if plain.len() > TRIED_BYTES {
                    tried = row + 1;
                    break;
                }
            }
        }
        let page = string_page(distinct, dictionary);
        self.tried(codes, tried, distinct.len(), &page, (!plain.is_empty()).then_some(plain), None)
    }

    /// Returns the ranks that are used, ascending, and for each row the place of its rank among them.
    fn string_dictionary(&mut self, ranks: &[u32], dictionary: &Dictionary) -> Coded<u32> {
        let Some((low, high)) = bounds(ranks).filter(|_| !dictionary.is_empty()) else { return Coded::default() };
        self.counted((high - low) as usize + 1, ranks, low)
    }

    /// Returns the distinct values, ascending, and for each value its place among them.
    fn integer_dictionary<N: Number>(&mut self, values: &[N]) -> Coded<N> {
        let Some((low, high)) = bounds(values) else { return Coded::default() };
        match usize::try_from(high.above(low)) {
            Ok(range) if range / COUNTED_PLACES_A_ROW < values.len() => self.counted(range + 1, values, low),
            _ => {
                let (distinct, codes) = sorted(values);
                Coded { distinct, codes }
            }
        }
    }

    /// Returns the distinct values and each one's place among them, of values that lie less than `range` above `low`.
    fn counted<N: Number>(&mut self, range: usize, values: &[N], low: N) -> Coded<N> {
        if range == 1 {
            return Coded { distinct: vec![low], codes: vec![0; values.len()] };
        }
        self.counts.clear();
        self.counts.resize(range, 0);
        for value in values {
            self.counts[value.above(low) as usize] = 1;
        }
        let mut distinct = Vec::new();
        for (above, count) in self.counts.iter_mut().enumerate() {
            if *count != 0 {
                *count = distinct.len() as u32;
                distinct.push(low.plus(above as u32));
            }
        }
        let codes = values.iter().map(|value| self.counts[value.above(low) as usize]).collect();
        Coded { distinct, codes }
    }

    /// Encodes integers, each `base` more than a number; `coded` is the dictionary of the numbers if that is at hand.
    fn integers<N: Number>(
        &mut self,
        data: &ColumnValues<'_>,
        base: i64,
        numbers: &[N],
        coded: Option<Coded<N>>,
        coding: Coding,
    ) -> Result<EncodedColumn> {
        let column_type = data.column.column_type;
        let by_dictionary = matches!(coding, Coding::Dictionary | Coding::WideDictionary);
        let with_bloom = self.bloom_filters.contains(&data.column.name);
        let Coded { distinct, codes } = match coded {
            Some(coded) => coded,
            None if by_dictionary || with_bloom => self.integer_dictionary(numbers),
            None => Coded::default(),
        };
        let bytes = |number: &N| {
            let mut bytes = Vec::new();
            put_integers(column_type, base, std::slice::from_ref(number), &mut bytes);
            bytes
        };
        let bloom = self.bloom_filter(data.column, distinct.len(), distinct.iter().map(bytes))?;
        let min_max = |rows: Range<usize>| Some(MinMax::of_integers(column_type, base, bounds(&numbers[rows])?));
        let mut chunk = self.chunk(data);
        let too_large = distinct.len() * size_of::<i64>() > MAX_DICTIONARY_BYTES;
        let coding = if by_dictionary && too_large { Coding::Plain } else { coding };
        // Codes take four bytes at most.
        let bytes = ValueBytes::Each(size_of::<i64>());
        match coding {
            Coding::Dictionary | Coding::WideDictionary => {
                let mut page = Vec::new();
                put_integers(column_type, base, &distinct, &mut page);
                let width = width(distinct.len(), coding);
                chunk.dictionary(&page, distinct.len())?;
                chunk.data_pages(coding, &bytes, |rows, body| put_codes(&codes[rows], width, body), min_max)?;
            }
            Coding::Plain => {
                let put = |rows: Range<usize>, body: &mut Vec<u8>| {
                    put_integers(column_type, base, &numbers[rows], body);
                };
                chunk.data_pages(coding, &bytes, put, min_max)?;
            }
            Coding::Delta => {
                let put = |rows: Range<usize>, body: &mut Vec<u8>| put_delta(column_type, base, &numbers[rows], body);
                chunk.data_pages(coding, &bytes, put, min_max)?;
            }
        }
        Ok(chunk.finish(coding, bloom))
    }

    fn integer_sizes<N: Number>(
        &mut self,
        column_type: ColumnType,
        base: i64,
        numbers: &[N],
        Coded { distinct, codes }: &Coded<N>,
    ) -> Result<Sizes> {
        let rows = numbers.len().min(TRIED_ROWS);
        let tried = &numbers[..rows];
        let mut delta = Vec::new();
        put_delta(column_type, base, tried, &mut delta);
        let mut plain = Vec::new();
        put_integers(column_type, base, tried, &mut plain);
        let mut page = Vec::new();
        put_integers(column_type, base, distinct, &mut page);
        self.tried(codes, rows, distinct.len(), &page, Some(plain), Some(delta))
    }

    /// Compresses what some rows are in each coding; `plain` and `delta` are of the first `tried` of `codes`.
    fn tried(
        &mut self,
        codes: &[u32],
        tried: usize,
        distinct: usize,
        dictionary: &[u8],
        plain: Option<Vec<u8>>,
        delta: Option<Vec<u8>>,
    ) -> Result<Sizes> {
        if distinct <= 1 {
            // Nothing in any coding: what the column is like elsewhere decides.
            return Ok([Some(0); Coding::ALL.len()]);
        }
        let mut sizes: Sizes = [None; Coding::ALL.len()];
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
        for coding in [Coding::Dictionary, Coding::WideDictionary] {
            if coding == Coding::WideDictionary && width(distinct, coding) == width(distinct, Coding::Dictionary) {
                sizes[coding as usize] = sizes[Coding::Dictionary as usize]; // The same bytes.
                continue;
            }
            let mut body = Vec::new();
            levels::encode(&codes[..tried], width(distinct, coding), &mut body);
            sizes[coding as usize] = Some(scale(compressed(&body)?, codes.len(), tried) + dictionary);
        }
        for (size, body) in sizes[2..].iter_mut().zip([plain, delta]) {
            if let Some(body) = body {
                *size = Some(scale(compressed(&body)?, codes.len(), tried));
            }
        }
        Ok(sizes)
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
#[derive(Default)]
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

/// Bytes of the length before each string of a PLAIN page.
const STRING_LENGTH_BYTES: usize = size_of::<u32>();

/// Returns the size of the dictionary page of these values, before compression.
fn page_bytes(ranks: &[u32], dictionary: &Dictionary) -> usize {
    ranks.iter().map(|rank| STRING_LENGTH_BYTES + dictionary.value(*rank).len()).sum()
}

fn string_page(ranks: &[u32], dictionary: &Dictionary) -> Vec<u8> {
    let mut page = Vec::with_capacity(ranks.len() * 20);
    ranks.iter().for_each(|rank| put_string(dictionary.value(*rank), &mut page));
    page
}

/// Returns the values of the rows that are not NULL.
fn present<'a, T: Copy>(data: &ColumnData, values: &'a [T]) -> Cow<'a, [T]> {
    if data.nulls.is_empty() {
        return Cow::Borrowed(values);
    }
    // Between two NULLs lies a slice without one.
    let ends = data.nulls.iter().map(|row| *row as usize).chain([values.len()]);
    let mut present = Vec::with_capacity(values.len());
    let mut from = 0;
    for end in ends {
        present.extend_from_slice(&values[from..end]);
        from = end + 1;
    }
    Cow::Owned(present)
}

fn put_string(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

/// Appends integers, each `base` more than a number, as Parquet's PLAIN encoding has them.
fn put_integers<N: Number>(column_type: ColumnType, base: i64, numbers: &[N], out: &mut Vec<u8>) {
    match column_type {
        ColumnType::Int => put_plain(numbers, out, |number| (number.value(base) as i32).to_le_bytes()),
        ColumnType::Bigint | ColumnType::String => put_plain(numbers, out, |number| number.value(base).to_le_bytes()),
    }
}

fn put_plain<N: Number, const BYTES: usize>(numbers: &[N], out: &mut Vec<u8>, bytes: impl Fn(N) -> [u8; BYTES]) {
    let at = out.len();
    out.resize(at + numbers.len() * BYTES, 0);
    let places = out[at..].as_chunks_mut().0.iter_mut();
    places.zip(numbers).for_each(|(place, number)| *place = bytes(*number));
}

fn put_delta<N: Number>(column_type: ColumnType, base: i64, numbers: &[N], out: &mut Vec<u8>) {
    let bits = if column_type == ColumnType::Int { i32::BITS } else { i64::BITS };
    delta::encode(numbers.iter().map(|number| number.value(base)), bits, out);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn encoder() -> Encoder {
        Encoder::new(Compression::None, &Layout::arrival()).unwrap()
    }

    /// The plain twin of a dictionary: a sorted set, and a look at it for each value.
    fn check<N: Number + std::fmt::Debug>(numbers: &[N], Coded { distinct, codes }: &Coded<N>) {
        let plain: BTreeSet<N> = numbers.iter().copied().collect();
        assert_eq!(*distinct, plain.into_iter().collect::<Vec<_>>());
        assert_eq!(codes.iter().map(|code| distinct[*code as usize]).collect::<Vec<_>>(), numbers);
    }

    proptest! {
        #[test]
        fn dictionaries_are_sorted_sets(
            wide in prop::collection::vec(prop_oneof![any::<i64>(), -9_i64..9, Just(i64::MIN), Just(i64::MAX)], 0..200),
            narrow in prop::collection::vec(prop_oneof![any::<u32>(), 0_u32..9, 4_000_u32..4_100], 0..200),
            close in prop::collection::vec(1_000_u32..1_300, 1..200),
        ) {
            check(&wide, &encoder().integer_dictionary(&wide));
            check(&narrow, &encoder().integer_dictionary(&narrow));
            check(&close, &encoder().integer_dictionary(&close));
        }

        #[test]
        fn integers_keep_their_values_in_their_narrowest_form(
            values in prop::collection::vec(prop_oneof![any::<i64>(), -9_i64..9, Just(i64::MIN), Just(i64::MAX)], 1..40),
            ints in prop::collection::vec(any::<i32>(), 1..40),
        ) {
            for (values, form) in [
                (values.clone(), TypedValues::integers(&values)),
                (ints.iter().map(|value| i64::from(*value)).collect(), TypedValues::integers(&ints)),
            ] {
                let back = match form {
                    TypedValues::Narrow { base, above } => above.iter().map(|number| number.value(base)).collect(),
                    TypedValues::Wide(values) => values,
                    TypedValues::Strings(..) => unreachable!(),
                };
                prop_assert_eq!(back, values);
            }
        }
    }
}
