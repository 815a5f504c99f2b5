//! Typed columns of many rows: what decoding fills and encoding reads.
//!
//! A [`Batch`] has the union of the columns of the objects that were appended to it; a row whose object lacks a
//! column is NULL there. Strings are dictionary-coded from the start ([`Interner`]); integers stay integers,
//! because encoding can build their dictionaries by counting, without hashing.

use std::collections::HashMap;

use super::header::Column;
use super::interner::Interner;
use super::schema::ColumnType;

/// Most bytes of the distinct strings of a batch, all columns together, unless a single row has more. A dictionary of them
/// is held two times while rows are put in order. 262,144 rows whose four addresses all differ have 16 MB.
pub const MAX_VALUE_BYTES: usize = 24 << 20;

/// What a distinct string takes besides its own bytes, while rows are put in order.
const VALUE_BYTES: usize = 48;

/// Most distinct strings of a batch, all columns together: each takes [`VALUE_BYTES`] besides its own. As many as those rows have.
const MAX_VALUES: usize = 1 << 20;

/// Longer strings count as often as rows have them: a page may have to repeat them. The longest that AWS writes are ARNs of some
/// hundred bytes.
pub const LONG_VALUE_BYTES: usize = 256;

/// Most bytes of long strings in the rows of a batch, and of a row group, unless a single row has more.
pub const MAX_LONG_BYTES: usize = 16 << 20;

/// The values of a column, one per row; those of NULL rows have no meaning.
#[derive(Debug)]
pub enum Values {
    /// Values of an `int` column.
    Int(Vec<i32>),
    /// Values of a `bigint` column.
    Bigint(Vec<i64>),
    /// Codes of a `string` column and what they stand for.
    String {
        /// One code per row.
        codes: Vec<u32>,
        /// The distinct values; every one of them is used by a row.
        dictionary: Interner,
    },
}

impl Values {
    fn new(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Int => Self::Int(Vec::new()),
            ColumnType::Bigint => Self::Bigint(Vec::new()),
            ColumnType::String => Self::String { codes: Vec::new(), dictionary: Interner::default() },
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Bigint(values) => values.len(),
            Self::String { codes, .. } => codes.len(),
        }
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn reserve(&mut self, rows: usize) {
        match self {
            Self::Int(values) => values.reserve(rows),
            Self::Bigint(values) => values.reserve(rows),
            Self::String { codes, .. } => codes.reserve(rows),
        }
    }

    fn resize(&mut self, rows: usize) {
        match self {
            Self::Int(values) => values.resize(rows, 0),
            Self::Bigint(values) => values.resize(rows, 0),
            Self::String { codes, .. } => codes.resize(rows, 0),
        }
    }
}

/// A column: its name and type, its values, and which of them are NULL.
#[derive(Debug)]
pub struct ColumnData {
    /// Name and type.
    pub column: Column,
    /// One value per row.
    pub values: Values,
    /// The rows that are NULL, ascending.
    pub nulls: Vec<u32>,
}

impl ColumnData {
    /// Makes a column without rows.
    pub fn new(column: Column) -> Self {
        let values = Values::new(column.column_type);
        Self { column, values, nulls: Vec::new() }
    }

    /// Appends NULL rows until there are `rows` of them.
    pub fn pad(&mut self, rows: usize) {
        let have = self.values.len();
        if have < rows {
            self.nulls.extend(have as u32..rows as u32);
            self.values.resize(rows);
        }
    }

    fn clear(&mut self) {
        self.nulls.clear();
        match &mut self.values {
            Values::Int(values) => values.clear(),
            Values::Bigint(values) => values.clear(),
            Values::String { codes, dictionary } => {
                codes.clear();
                dictionary.clear();
            }
        }
    }

    /// Drops the rows from `rows` on. Only for integer columns: a string's dictionary would keep unused values.
    pub(super) fn truncate(&mut self, rows: usize) {
        debug_assert!(!matches!(self.values, Values::String { .. }));
        self.values.resize(rows);
        while self.nulls.last().is_some_and(|row| *row as usize >= rows) {
            self.nulls.pop();
        }
    }
}

/// Rows of several objects, column by column.
#[derive(Debug, Default)]
pub struct Batch {
    rows: usize,
    columns: Vec<ColumnData>,
    by_name: HashMap<String, usize>,
    /// Bytes of long strings in all rows.
    long_bytes: usize,
    /// Whether a row is left for the next batch.
    full: bool,
    /// Columns of an earlier use, empty but with their memory.
    spare: Vec<ColumnData>,
}

impl Batch {
    /// Takes all rows and columns out; their memory serves the next rows.
    pub fn clear(&mut self) {
        self.rows = 0;
        (self.long_bytes, self.full) = (0, false);
        self.by_name.clear();
        // Not put back at once: a batch has the columns of its own objects only.
        self.spare = std::mem::take(&mut self.columns);
        self.spare.iter_mut().for_each(ColumnData::clear);
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns about how much memory its rows take, in bytes, also while they are put in order.
    pub fn memory(&self) -> usize {
        let column = |data: &ColumnData| match &data.values {
            Values::Int(values) => 4 * values.len(),
            Values::Bigint(values) => 8 * values.len(),
            Values::String { codes, dictionary } => {
                4 * codes.len() + VALUE_BYTES * dictionary.len() + 2 * dictionary.value_bytes()
            }
        };
        self.columns.iter().map(column).sum()
    }

    /// Returns the columns in the order in which they were first seen, all of [`Batch::rows`] rows.
    pub fn columns(&self) -> &[ColumnData] {
        &self.columns
    }

    /// Returns whether more rows of these bytes and strings certainly fit: all bounds of a batch are in bytes, and none of
    /// its offsets, of 32 bits, can wrap. A batch without rows takes any row.
    ///
    /// Whoever cuts batches by it asks for single rows where he may be told no, so that the cut follows from the rows alone.
    pub fn has_room(&self, bytes: usize, strings: usize) -> bool {
        let (mut values, mut value_bytes) = (strings, bytes);
        for column in &self.columns {
            if let Values::String { dictionary, .. } = &column.values {
                values += dictionary.len();
                value_bytes += dictionary.value_bytes();
            }
        }
        values <= MAX_VALUES && value_bytes <= MAX_VALUE_BYTES && self.long_bytes + bytes <= MAX_LONG_BYTES
    }

    /// Returns whether a row was left for the next batch.
    pub fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn set_full(&mut self) {
        self.full = true;
    }

    /// Returns how many columns hold strings.
    pub(super) fn string_columns(&self) -> usize {
        self.columns.iter().filter(|data| data.column.column_type == ColumnType::String).count()
    }

    /// Counts the long strings among the last `rows` of a column.
    pub(super) fn count_long(&mut self, place: usize, rows: usize) {
        let Values::String { codes, dictionary } = &self.columns[place].values else { return };
        if dictionary.longest() > LONG_VALUE_BYTES {
            let lengths = codes[codes.len() - rows..].iter().map(|code| long(dictionary.value_length(*code)));
            self.long_bytes += lengths.sum::<usize>();
        }
    }

    /// Returns how many columns there would be with these.
    pub fn columns_with(&self, more: &[Column]) -> usize {
        self.columns.len() + more.iter().filter(|column| !self.by_name.contains_key(&column.name)).count()
    }

    /// Returns a column that rows can be appended to, and its place for [`Batch::column_mut`].
    pub(super) fn place_of(&mut self, column: &Column) -> usize {
        if let Some(place) = self.by_name.get(&column.name) {
            return *place;
        }
        let spare = self.spare.iter().position(|spare| spare.column == *column);
        let mut data = spare.map_or_else(|| ColumnData::new(column.clone()), |at| self.spare.swap_remove(at));
        data.pad(self.rows);
        self.columns.push(data);
        self.by_name.insert(column.name.clone(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    pub(super) fn column_mut(&mut self, place: usize) -> &mut ColumnData {
        &mut self.columns[place]
    }

    /// Appends values of an `int` column; [`Batch::grow`] says when all columns have theirs.
    pub fn append_ints(&mut self, column: &Column, values: impl Iterator<Item = Option<i32>>) {
        let place = self.place_of(column);
        let ColumnData { values: Values::Int(all), nulls, .. } = &mut self.columns[place] else { return };
        append_numbers(all, nulls, values);
    }

    /// Appends values of a `bigint` column, as [`Batch::append_ints`].
    pub fn append_bigints(&mut self, column: &Column, values: impl Iterator<Item = Option<i64>>) {
        let place = self.place_of(column);
        let ColumnData { values: Values::Bigint(all), nulls, .. } = &mut self.columns[place] else { return };
        append_numbers(all, nulls, values);
    }

    /// Appends values of a `string` column, as [`Batch::append_ints`].
    pub fn append_strings<'a>(&mut self, column: &Column, values: impl Iterator<Item = Option<&'a [u8]>>) {
        let place = self.place_of(column);
        let ColumnData { values: Values::String { codes, dictionary }, nulls, .. } = &mut self.columns[place] else {
            return;
        };
        for value in values {
            if value.is_none() {
                nulls.push(codes.len() as u32);
            }
            self.long_bytes += value.map_or(0, |value| long(value.len()));
            codes.push(value.map_or(0, |value| dictionary.intern(value, 0..value.len())));
        }
    }

    /// Makes room for so many more rows of the columns that there are.
    pub fn reserve(&mut self, rows: usize) {
        self.columns.iter_mut().for_each(|column| column.values.reserve(rows));
    }

    /// Returns how many rows have this value in a `string` column, or `None` if there is no such column.
    pub fn count(&self, column: &str, value: &[u8]) -> Option<u64> {
        let ColumnData { values, nulls, .. } = &self.columns[*self.by_name.get(column)?];
        let Values::String { codes, dictionary } = values else { return None };
        let Some(code) = (0..dictionary.len() as u32).find(|code| dictionary.value(*code) == value) else {
            return Some(0);
        };
        let with_code = codes.iter().filter(|c| **c == code).count();
        let null = nulls.iter().filter(|row| codes[**row as usize] == code).count();
        Some((with_code - null) as u64)
    }

    /// Says that `rows` more rows are complete: columns that did not get them are NULL there.
    pub fn grow(&mut self, rows: usize) {
        self.rows += rows;
        for column in &mut self.columns {
            column.pad(self.rows);
        }
    }
}

/// Returns a string's length if it is a long one, else 0.
pub fn long(bytes: usize) -> usize {
    if bytes > LONG_VALUE_BYTES { bytes } else { 0 }
}

fn append_numbers<T: Copy + Default>(all: &mut Vec<T>, nulls: &mut Vec<u32>, values: impl Iterator<Item = Option<T>>) {
    for value in values {
        if value.is_none() {
            nulls.push(all.len() as u32);
        }
        all.push(value.unwrap_or_default());
    }
}
