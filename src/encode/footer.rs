//! What stands behind the row groups of a Parquet file: column indexes, offset indexes, the footer
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>; field numbers are its own).
//!
//! In: a `Footer`, where every chunk lies and what is in it. Out: the bytes from there to the file's end. The reference
//! implementation could write it, but says of bounds that are not there whether they are exact, and cannot leave that out.

use super::bounds::{Bound, MinMax};
use super::chunk::{EncodedColumn, EncodedPage};
use super::codec::Compression;
use super::field_id::field_ids;
use super::format::{CONVERTED_UTF8, MAGIC, OPTIONAL, encoding, order, page, physical};
use super::thrift::Struct;
use crate::record::header::Column;
use crate::record::schema::{ColumnType, LogType};

/// Footer key that names the tool, its options and how many objects a file was made of; never a list of keys.
pub const FOOTER_KEY: &str = "flowparquet";

/// Pages of a column chunk that are not worth an index.
const MAX_PAGES_WITHOUT_INDEX: usize = 2;

/// Name of the root of the schema.
const ROOT: &[u8] = b"flow_log";

/// A chunk whose bytes are already in the file.
#[derive(Debug)]
pub(super) struct PlacedChunk {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
    /// What is in it, its bytes taken out.
    pub chunk: EncodedColumn,
    /// Where its Bloom filter begins, and its size.
    pub bloom_filter: Option<(u64, u64)>,
}

/// A row group whose chunks are in the file, in the order of the schema.
#[derive(Debug)]
pub(super) struct PlacedGroup {
    pub rows: u64,
    /// Columns that its rows ascend by, NULL first.
    pub sorted_by: Vec<String>,
    pub chunks: Vec<PlacedChunk>,
}

/// What a footer is made from.
#[derive(Debug)]
pub(super) struct Footer<'a> {
    /// Columns in the order of the schema.
    pub columns: &'a [Column],
    /// Whose schema numbers them.
    pub log_type: LogType,
    pub compression: Compression,
    pub groups: &'a [PlacedGroup],
    /// Whether the row groups' orders are the order of the whole file.
    pub in_order: bool,
    /// Goes under [`FOOTER_KEY`].
    pub about: &'a str,
}

/// Where the index of a chunk lies, and its size.
type IndexPlace = (u64, i32);

impl Footer<'_> {
    /// Returns everything from `at`, the end of the last row group, to the end of the file.
    pub fn to_bytes(&self, at: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let indexed = |out: &mut Vec<u8>, write: &dyn Fn(&PlacedChunk, &mut Vec<u8>)| -> Vec<Vec<Option<IndexPlace>>> {
            let mut place = |chunk| {
                let begin = out.len();
                write(chunk, out);
                (out.len() > begin).then(|| (at + begin as u64, (out.len() - begin) as i32))
            };
            self.groups.iter().map(|group| group.chunks.iter().map(&mut place).collect()).collect()
        };
        let wanted = self.wants_page_index();
        let column_indexes = indexed(&mut out, &|placed, out| {
            if wanted {
                column_index(&placed.chunk, out);
            }
        });
        let offset_indexes = indexed(&mut out, &|placed, out| {
            if wanted {
                offset_index(placed, out);
            }
        });
        let begin = out.len();
        Struct::write(&mut out, |file| self.file(file, &column_indexes, &offset_indexes));
        let bytes = (out.len() - begin) as u32;
        out.extend_from_slice(&bytes.to_le_bytes());
        out.extend_from_slice(MAGIC);
        out
    }

    /// Returns whether the file is to have a page index. One or two pages are hardly ever passed over, and where the index lies
    /// stands in the footer, which every question reads. All row groups have it or none: readers may want it of all.
    fn wants_page_index(&self) -> bool {
        self.groups
            .iter()
            .flat_map(|group| &group.chunks)
            .any(|placed| placed.chunk.pages.len() > MAX_PAGES_WITHOUT_INDEX)
    }

    /// Writes `FileMetaData`.
    fn file(
        &self,
        file: &mut Struct<'_>,
        column_indexes: &[Vec<Option<IndexPlace>>],
        offset_indexes: &[Vec<Option<IndexPlace>>],
    ) {
        file.i32(1, 1); // Version 1: data pages are those of version 1.
        let root = [None].into_iter();
        let leaves = self.columns.iter().zip(field_ids(self.columns, self.log_type));
        let elements: Vec<Option<(&Column, Option<i32>)>> = root.chain(leaves.map(Some)).collect();
        file.structs(2, elements.into_iter(), |column, element| match column {
            None => {
                element.binary(4, ROOT);
                element.i32(5, self.columns.len() as i32);
            }
            Some((column, id)) => schema_element(column, id, element),
        });
        file.i64(3, self.groups.iter().map(|group| group.rows).sum());
        let groups = self.groups.iter().zip(column_indexes).zip(offset_indexes).enumerate();
        file.structs(4, groups, |(number, ((group, columns), offsets)), out| {
            self.row_group(number, group, columns, offsets, out);
        });
        file.structs(5, [(FOOTER_KEY, self.about)].into_iter(), |(key, value), pair| {
            pair.binary(1, key.as_bytes());
            pair.binary(2, value.as_bytes());
        });
        file.binary(6, format!("flowparquet version {}", env!("CARGO_PKG_VERSION")).as_bytes());
        // Bounds compare as their types do: without it readers must not trust those of strings.
        file.structs(7, self.columns.iter(), |_, order| order.structure(1, |_| {}));
    }

    fn row_group(
        &self,
        number: usize,
        group: &PlacedGroup,
        column_indexes: &[Option<IndexPlace>],
        offset_indexes: &[Option<IndexPlace>],
        out: &mut Struct<'_>,
    ) {
        let chunks = group.chunks.iter().zip(column_indexes).zip(offset_indexes);
        out.structs(1, chunks, |((placed, column_index), offset_index), out| {
            out.i64(2, 0); // Deprecated, and 0 by the format's own word.
            out.structure(3, |out| self.column(placed, group.rows, out));
            if let Some((offset, bytes)) = offset_index {
                out.i64(4, *offset);
                out.i32(5, *bytes);
            }
            if let Some((offset, bytes)) = column_index {
                out.i64(6, *offset);
                out.i32(7, *bytes);
            }
        });
        out.i64(2, group.chunks.iter().map(|placed| placed.chunk.uncompressed_bytes).sum());
        out.i64(3, group.rows);
        let sorted_by = self.sorting_columns(group);
        if !sorted_by.is_empty() {
            out.structs(4, sorted_by.into_iter(), |column, sorting| {
                sorting.i32(1, column as i32);
                sorting.bool(2, false); // descending
                sorting.bool(3, true); // NULL first
            });
        }
        out.i64(5, group.chunks.first().map_or(0, |placed| placed.offset));
        out.i64(6, group.chunks.iter().map(|placed| placed.bytes).sum());
        // Optional in the format, and 16 bits wide.
        if let Ok(number) = i16::try_from(number) {
            out.i16(7, number);
        }
    }

    /// Returns the places of the columns that a row group's rows ascend by, as far as the file has them.
    fn sorting_columns(&self, group: &PlacedGroup) -> Vec<usize> {
        let place = |name: &String| self.columns.iter().position(|column| column.name == *name);
        if self.in_order { group.sorted_by.iter().map_while(place).collect() } else { Vec::new() }
    }

    /// Writes `ColumnMetaData`.
    fn column(&self, placed: &PlacedChunk, rows: u64, out: &mut Struct<'_>) {
        let chunk = &placed.chunk;
        out.i32(1, physical_type(chunk.column.column_type));
        // Definition levels are RLE, a dictionary page is PLAIN.
        let dictionary = chunk.has_dictionary.then_some(encoding::PLAIN);
        let encodings: Vec<i32> = dictionary.into_iter().chain([encoding::RLE, chunk.coding.parquet()]).collect();
        out.i32s(2, encodings.into_iter());
        out.binaries(3, [chunk.column.name.as_bytes()].into_iter());
        out.i32(4, self.compression.parquet());
        out.i64(5, rows);
        out.i64(6, chunk.uncompressed_bytes);
        out.i64(7, placed.bytes);
        out.i64(9, placed.offset + chunk.pages.first().map_or(0, |page| page.offset));
        if chunk.has_dictionary {
            out.i64(11, placed.offset);
        }
        out.structure(12, |out| statistics(chunk, out));
        // Without these a reader cannot know that all values are in the dictionary, and must not prune by it.
        let dictionary = chunk.has_dictionary.then_some((page::DICTIONARY_PAGE, encoding::PLAIN, 1));
        let pages = (page::DATA_PAGE, chunk.coding.parquet(), chunk.pages.len() as i32);
        let stats: Vec<(i32, i32, i32)> = dictionary.into_iter().chain([pages]).collect();
        out.structs(13, stats.into_iter(), |(kind, encoding, count), out| {
            out.i32(1, kind);
            out.i32(2, encoding);
            out.i32(3, count);
        });
        if let Some((offset, bytes)) = placed.bloom_filter {
            out.i64(14, offset);
            out.i32(15, bytes as i32);
        }
    }
}

fn schema_element(column: &Column, id: Option<i32>, out: &mut Struct<'_>) {
    out.i32(1, physical_type(column.column_type));
    out.i32(3, OPTIONAL);
    out.binary(4, column.name.as_bytes());
    if column.column_type == ColumnType::String {
        out.i32(6, CONVERTED_UTF8);
    }
    if let Some(id) = id {
        out.i32(9, id);
    }
    if column.column_type == ColumnType::String {
        out.structure(10, |logical| logical.structure(1, |_| {})); // LogicalType.STRING
    }
}

/// Writes `Statistics`. Whether a bound is exact is said only where there is one.
fn statistics(chunk: &EncodedColumn, out: &mut Struct<'_>) {
    out.i64(3, chunk.nulls);
    if let Some((low, high)) = chunk.min_max.as_ref().map(MinMax::to_bytes) {
        out.binary(5, &high.bytes);
        out.binary(6, &low.bytes);
        out.bool(7, high.exact);
        out.bool(8, low.exact);
    }
}

/// Writes `ColumnIndex`; nothing if a page with values has no bounds.
fn column_index(chunk: &EncodedColumn, out: &mut Vec<u8>) {
    if chunk.pages.iter().any(EncodedPage::lacks_bounds) {
        return;
    }
    // A page of NULLs has empty bounds.
    let empty = || Bound { bytes: Vec::new(), exact: false };
    let bounds = |page: &EncodedPage| page.min_max.as_ref().map_or((empty(), empty()), MinMax::to_bytes);
    let bounds: Vec<(Bound, Bound)> = chunk.pages.iter().map(bounds).collect();
    Struct::write(out, |index| {
        index.bools(1, chunk.pages.iter().map(|page| page.min_max.is_none()));
        index.binaries(2, bounds.iter().map(|(low, _)| low.bytes.as_slice()));
        index.binaries(3, bounds.iter().map(|(_, high)| high.bytes.as_slice()));
        index.i32(4, boundary_order(chunk));
        index.i64s(5, chunk.pages.iter().map(|page| page.nulls));
    });
}

/// Returns the `BoundaryOrder` of a chunk's pages, those without values left out.
fn boundary_order(chunk: &EncodedColumn) -> i32 {
    let pages: Vec<&MinMax> = chunk.pages.iter().filter_map(|page| page.min_max.as_ref()).collect();
    if pages.is_sorted_by(|a, b| a.not_above(b)) {
        order::ASCENDING
    } else if pages.is_sorted_by(|a, b| b.not_above(a)) {
        order::DESCENDING
    } else {
        order::UNORDERED
    }
}

/// Writes `OffsetIndex`.
fn offset_index(placed: &PlacedChunk, out: &mut Vec<u8>) {
    Struct::write(out, |index| {
        index.structs(1, placed.chunk.pages.iter(), |page, location| {
            location.i64(1, placed.offset + page.offset);
            location.i32(2, page.bytes as i32);
            location.i64(3, page.first_row);
        });
    });
}

/// Returns the `Type` of a column.
fn physical_type(column_type: ColumnType) -> i32 {
    match column_type {
        ColumnType::Int => physical::INT32,
        ColumnType::Bigint => physical::INT64,
        ColumnType::String => physical::BYTE_ARRAY,
    }
}
