//! Parquet files, read by the reference implementation: footer, then row group by row group.
//!
//! In: a key and a size. Out: a [`TableFile`], and a [`Tally`] of each row group. Holds one row group packed and one batch
//! of its rows, within a bound: anybody may have written the file. A file that cannot be read is no
//! [`Error`](crate::Error): it is what was looked for, and comes back in words.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{Array, Int32Array, Int64Array, RecordBatch, StringViewArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use sha2::{Digest, Sha256};

use super::tally::{Row, RowHash, Tally};
use crate::encode::footer::FOOTER_KEY;
use crate::encode::misread::misread;
use crate::encode::pages::rows_within;
use crate::encode::pieces::{Pieces, is_placed, rows_at_once, with_views};
use crate::error::Result;
use crate::ledger::files::FooterNote;
use crate::options::MEMORY;
use crate::record::header::Column;
use crate::record::schema::ColumnType;
use crate::store::Store;
use crate::store::upload::hex;

/// Bytes that are read first of a file's end: most footers fit.
const TAIL_BYTES: u64 = 64 << 10;

/// Bytes that are read at once to hash a file.
const PIECE_BYTES: u64 = 8 << 20;

/// Rows that are turned to Arrow at once, at most.
const BATCH_ROWS: usize = 4_096;

/// Bytes of the values of a row, at most: a line of text, which no raw object has longer, and the names of its columns.
const MAX_ROW_BYTES: usize = 32 << 20;

/// A footer is a sixteenth of the memory at most: its columns take several times what they take as text. A file of 256 MiB has
/// one of 3 MB.
const FOOTERS_IN_MEMORY: u64 = 16;

/// A Parquet file whose footer was read.
#[derive(Debug)]
pub struct TableFile {
    store: Store,
    key: String,
    size: u64,
    metadata: Arc<ParquetMetaData>,
}

/// What was read, or what is wrong with the file, in words.
pub type Readable<T> = std::result::Result<T, String>;

impl TableFile {
    /// Reads the footer of a file of this size, within so much memory.
    ///
    /// # Errors
    /// When the store fails.
    pub fn open(store: &Store, key: &str, size: u64, memory_bytes: u64) -> Result<Readable<Self>> {
        if size == 0 {
            return Ok(Err("it is empty".to_owned()));
        }
        let tail = store.get_range(key, size.saturating_sub(TAIL_BYTES)..size)?;
        let Some([a, b, c, d, b'P', b'A', b'R', b'1']) = tail.last_chunk::<8>() else {
            return Ok(Err("it is no Parquet file".to_owned()));
        };
        let footer = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if footer + 8 > size {
            return Ok(Err("its footer is damaged".to_owned()));
        }
        if footer > memory_bytes / FOOTERS_IN_MEMORY {
            return Ok(Err(format!(
                "its footer has {footer} bytes: give more {MEMORY}, if flowparquet wrote the file"
            )));
        }
        let footer = size - 8 - footer..size - 8;
        let first = size - tail.len() as u64;
        let text = if footer.start >= first {
            tail.slice((footer.start - first) as usize..(footer.end - first) as usize)
        } else {
            store.get_range(key, footer)?
        };
        Ok(match ParquetMetaDataReader::decode_metadata(&text) {
            Ok(metadata) if !is_placed(&metadata) => Err("its footer is damaged: a column has no place".to_owned()),
            Ok(metadata) => Ok(Self { store: store.clone(), key: key.to_owned(), size, metadata: Arc::new(metadata) }),
            Err(e) => Err(format!("its footer is damaged: {e}")),
        })
    }

    /// Returns how many rows the footer says there are.
    pub fn rows(&self) -> u64 {
        u64::try_from(self.metadata.file_metadata().num_rows()).unwrap_or_default()
    }

    /// Returns how many row groups there are.
    pub fn row_groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Returns the columns in the order of the file.
    pub fn columns(&self) -> Vec<Column> {
        let columns = self.metadata.file_metadata().schema_descr().columns().iter().map(|column| Column {
            name: column.name().to_owned(),
            column_type: match column.physical_type() {
                Type::INT32 => ColumnType::Int,
                Type::INT64 => ColumnType::Bigint,
                _ => ColumnType::String,
            },
        });
        columns.collect()
    }

    /// Returns what the footer says of the claim that the file came from, if it says something.
    pub fn note(&self) -> Option<FooterNote> {
        let notes = self.metadata.file_metadata().key_value_metadata()?;
        let note = notes.iter().find(|note| note.key == FOOTER_KEY)?.value.as_ref()?;
        serde_json::from_str(note).ok()
    }

    /// Returns the number of a row group's first row in the file, from 1.
    pub fn first_row(&self, row_group: usize) -> u64 {
        let before = self.metadata.row_groups().iter().take(row_group);
        1 + before.map(|group| u64::try_from(group.num_rows()).unwrap_or_default()).sum::<u64>()
    }

    /// Returns the packed size of a row group.
    pub fn packed_bytes(&self, row_group: usize) -> u64 {
        let chunks = self.metadata.row_group(row_group).columns().iter();
        // A damaged footer may say anything.
        chunks.map(|chunk| chunk.byte_range().1).fold(0_u64, u64::saturating_add).min(self.size)
    }

    /// Returns what is wrong with the file for some engines, if they do not read all of its rows.
    pub fn misread(&self) -> Option<String> {
        misread(&self.metadata, self.size)
    }

    /// Returns the SHA-256 of the whole file, in hexadecimal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sha256(&self) -> Result<String> {
        let mut hash = Sha256::new();
        let mut at = 0;
        while at < self.size {
            let end = self.size.min(at + PIECE_BYTES);
            hash.update(self.store.get_range(&self.key, at..end)?);
            at = end;
        }
        Ok(hex(&hash.finalize()))
    }

    /// Reads a row group within so much memory; `visit` gets the number in the file, hash and content of every row.
    ///
    /// # Errors
    /// When the store fails.
    pub fn read(
        &self,
        row_group: usize,
        memory_bytes: u64,
        visit: &mut dyn FnMut(u64, RowHash, &Row),
    ) -> Result<Readable<Tally>> {
        let (pieces, rows) = match self.pieces(row_group, memory_bytes)? {
            Ok(fit) => fit,
            Err(why) => return Ok(Err(why)),
        };
        // On some damage the reader does not return, it breaks off.
        let read = catch_unwind(AssertUnwindSafe(|| self.decode(pieces, (row_group, rows), visit)));
        Ok(match read {
            Ok(read) => read.map_err(|e| format!("row group {row_group} is damaged: {e}")),
            Err(_) => Err(format!("row group {row_group} is damaged: it cannot be decoded")),
        })
    }

    /// Returns how many rows of a row group are decoded at once within so much memory.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rows_at_once(&self, row_group: usize, memory_bytes: u64) -> Result<Readable<usize>> {
        Ok(self.pieces(row_group, memory_bytes)?.map(|(_, rows)| rows))
    }

    /// Fetches the chunks of a row group, and says how many rows of it are to be decoded at once.
    fn pieces(&self, row_group: usize, memory_bytes: u64) -> Result<Readable<(Pieces, usize)>> {
        let group = self.metadata.row_group(row_group);
        let refused = |why| {
            format!("row group {row_group} is not read: {why}; give more {MEMORY}, if flowparquet wrote the file")
        };
        let packed_bytes = self.packed_bytes(row_group);
        if packed_bytes > memory_bytes {
            let why = format!("it has {packed_bytes} bytes, more than the {memory_bytes} that there are for it");
            return Ok(Err(refused(why)));
        }
        let pieces = Pieces::of_row_group(self.size, group, |ranges| self.store.get_ranges(&self.key, ranges))?;
        let rows = rows_within(&pieces, group, rows_at_once(group, BATCH_ROWS), memory_bytes - packed_bytes);
        Ok(rows.map(|rows| (pieces, rows)).map_err(refused))
    }

    fn decode(
        &self,
        pieces: Pieces,
        (row_group, rows): (usize, usize),
        visit: &mut dyn FnMut(u64, RowHash, &Row),
    ) -> std::result::Result<Tally, ParquetError> {
        let metadata = with_views(Arc::clone(&self.metadata))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(pieces, metadata);
        let reader = reader.with_row_groups(vec![row_group]).with_batch_size(rows).build()?;
        let (mut tally, mut number) = (Tally::default(), self.first_row(row_group));
        for batch in reader {
            let batch = batch.map_err(|e| ParquetError::General(e.to_string()))?;
            count(&batch, &mut number, &mut tally, visit)?;
        }
        Ok(tally)
    }
}

/// A column of a batch.
enum BatchColumn<'a> {
    Int(&'a Int32Array),
    Bigint(&'a Int64Array),
    String(&'a StringViewArray),
}

fn count(
    batch: &RecordBatch,
    number: &mut u64,
    tally: &mut Tally,
    visit: &mut dyn FnMut(u64, RowHash, &Row),
) -> std::result::Result<(), ParquetError> {
    let mut columns = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let any = array.as_any();
        let int = any.downcast_ref().map(BatchColumn::Int);
        let bigint = || any.downcast_ref().map(BatchColumn::Bigint);
        let values = int.or_else(bigint).or_else(|| any.downcast_ref().map(BatchColumn::String));
        let Some(values) = values else {
            return Err(ParquetError::General(format!("column {} has type {}", field.name(), field.data_type())));
        };
        tally.column(field.name(), (array.len() - array.null_count()) as u64);
        columns.push((field.name(), array, values));
    }
    columns.sort_by_key(|(name, ..)| *name);
    let mut row = Row::default();
    for at in 0..batch.num_rows() {
        row.clear();
        for (name, array, values) in &columns {
            match values {
                BatchColumn::String(values) if values.value(at).len() + row.bytes() > MAX_ROW_BYTES => {
                    return Err(ParquetError::General(format!("row {number} is longer than {MAX_ROW_BYTES} bytes")));
                }
                _ if array.is_null(at) => {}
                BatchColumn::Int(values) => row.number(name, values.value(at).into()),
                BatchColumn::Bigint(values) => row.number(name, values.value(at)),
                BatchColumn::String(values) => row.text(name, values.value(at).as_bytes()),
            }
        }
        let hash = row.hash();
        tally.row(&row, hash);
        visit(*number, hash, &row);
        *number += 1;
    }
    Ok(())
}
