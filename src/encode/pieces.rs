//! Parts of a Parquet file in memory, for the reference implementation to read: the chunks of one row group, or a small file
//! whole.
//!
//! The chunks of a row group may lie far apart in files of older versions: what lies between them is not fetched.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Schema};
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

/// Parts of a file, where they begin in it.
#[derive(Debug, Clone)]
pub struct Pieces {
    pieces: Vec<(u64, Bytes)>,
    file_bytes: u64,
}

impl Pieces {
    /// Returns a file that is all there.
    pub fn whole(content: Bytes) -> Self {
        Self { file_bytes: content.len() as u64, pieces: vec![(0, content)] }
    }

    /// Fetches the chunks of a row group: `get` gets the parts of the file that it asks for.
    ///
    /// # Errors
    /// What `get` says.
    pub fn of_row_group<E>(
        file_bytes: u64,
        group: &RowGroupMetaData,
        get: impl FnOnce(&[Range<u64>]) -> Result<Vec<Bytes>, E>,
    ) -> Result<Self, E> {
        let ranges = ranges(file_bytes, group);
        let pieces = get(&ranges)?;
        Ok(Self { pieces: ranges.iter().map(|range| range.start).zip(pieces).collect(), file_bytes })
    }
}

/// Returns where the chunks of a row group lie; nothing beyond the file.
fn ranges(file_bytes: u64, group: &RowGroupMetaData) -> Vec<Range<u64>> {
    let chunks = group.columns().iter().map(ColumnChunkMetaData::byte_range);
    let within = chunks.map(|(start, bytes)| start.min(file_bytes)..start.saturating_add(bytes).min(file_bytes));
    within.filter(|chunk| !chunk.is_empty()).collect()
}

/// Returns whether every chunk says where it lies; readers rely on that, and break off where a damaged footer does not.
pub fn is_placed(metadata: &ParquetMetaData) -> bool {
    let placed = |chunk: &ColumnChunkMetaData| {
        chunk.dictionary_page_offset().unwrap_or_default() >= 0
            && chunk.data_page_offset() >= 0
            && chunk.compressed_size() >= 0
    };
    metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).all(placed)
}

/// Returns what a reader is to make of a file's columns: strings as views, which a long value that many rows share costs once,
/// and which have no end at 2 GiB.
///
/// # Errors
/// When the columns are none that Arrow has.
pub fn with_views(metadata: Arc<ParquetMetaData>) -> ParquetResult<ArrowReaderMetadata> {
    let options = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::try_new(Arc::clone(&metadata), options())?;
    let view = |field: &FieldRef| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    };
    let schema = Schema::new(plain.schema().fields().iter().map(view).collect::<Vec<_>>());
    ArrowReaderMetadata::try_new(metadata, options().with_schema(Arc::new(schema)))
}

/// Returns how many rows of a row group are to be decoded at once, `most` at most: fewer of long strings.
pub fn rows_at_once(group: &RowGroupMetaData, most: usize) -> usize {
    /// Bytes of all columns, on average: rows of AWS's fields have a quarter of it in 8,192.
    const BYTES_AT_ONCE: u64 = 16 << 20;
    let all = group.columns().iter().map(ColumnChunkMetaData::uncompressed_size).fold(0, i64::saturating_add);
    let a_row = u64::try_from(all / group.num_rows().max(1)).unwrap_or_default().max(1);
    usize::try_from(BYTES_AT_ONCE / a_row).unwrap_or(most).clamp(1, most)
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.file_bytes
    }
}

impl ChunkReader for Pieces {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let (begin, piece) = self.piece(start, 0)?;
        Ok(piece.slice((start - begin) as usize..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let (begin, piece) = self.piece(start, length)?;
        let at = (start - begin) as usize;
        Ok(piece.slice(at..at + length))
    }
}

impl Pieces {
    /// Returns the piece in which these bytes lie, and where it begins.
    fn piece(&self, start: u64, length: usize) -> ParquetResult<(u64, &Bytes)> {
        let holds = |(begin, piece): &&(u64, Bytes)| {
            *begin <= start && start.saturating_add(length as u64) <= begin + piece.len() as u64
        };
        let found = self.pieces.iter().rfind(holds).map(|(begin, piece)| (*begin, piece));
        found.ok_or_else(|| ParquetError::EOF(format!("{length} bytes at {start} lie outside of the row group")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_read() {
        let piece = |text: &'static [u8]| Bytes::from_static(text);
        let pieces = Pieces { pieces: vec![(4, piece(b"abcd")), (100, piece(b"wxyz"))], file_bytes: 200 };
        assert_eq!(pieces.get_bytes(5, 2).unwrap(), "bc");
        assert_eq!(pieces.get_bytes(100, 4).unwrap(), "wxyz");
        assert_eq!(pieces.get_bytes(8, 0).unwrap(), "");
        for (start, length) in [(3, 1), (6, 3), (8, 1), (99, 2), (102, 3), (u64::MAX, 1), (5, usize::MAX)] {
            assert!(pieces.get_bytes(start, length).is_err(), "{length} at {start}");
        }
    }
}
