//! Row groups -> one Parquet file, written from front to back.
//!
//! In: [`EncodedRowGroup`]s in order. Out: bytes into any writer, so that a file need not fit into memory. The schema
//! of a Parquet file stands in its footer, hence it may be found out while writing: a column that first appears in
//! a later row group gets its chunks of NULLs for the earlier ones just before the footer.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{BoundaryOrder, Encoding, Type};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, FileMetaData, KeyValue, OffsetIndexBuilder, ParquetMetaData,
    ParquetMetaDataWriter, RowGroupMetaData, SortingColumn,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::TrackedWrite;
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr};

use super::codec::Compression;
use super::encode::{EncodedColumn, EncodedRowGroup, Encoder, MinMax};
use super::layout::Layout;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::{ColumnType, LogType};

/// What a Parquet file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// Footer key that names the tool, its options and how many objects a file was made of; never a list of keys.
pub const FOOTER_KEY: &str = "flowparquet";

/// Most columns of a file: AWS knows 54, and every row group has all of them, NULL or not.
const MAX_FILE_COLUMNS: usize = 1_000;

/// A chunk whose bytes are already in the file.
struct Placed {
    offset: u64,
    bytes: u64,
    chunk: EncodedColumn,
    /// Where its Bloom filter begins, and its size.
    bloom_filter: Option<(u64, u64)>,
}

struct Group {
    rows: u64,
    sorted_by: Vec<String>,
    chunks: Vec<Placed>,
}

/// A file in the making.
pub struct FileWriter<W: Write> {
    out: W,
    offset: u64,
    groups: Vec<Group>,
    columns: Vec<Column>,
    /// Whether each row group goes on where the one before it ends, if they are sorted.
    in_order: bool,
}

impl<W: Write> std::fmt::Debug for FileWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileWriter").field("row_groups", &self.groups.len()).finish_non_exhaustive()
    }
}

/// What a finished file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// Rows.
    pub rows: u64,
    /// Row groups.
    pub row_groups: u64,
    /// Columns in the order of the file.
    pub columns: Vec<Column>,
}

impl<W: Write> FileWriter<W> {
    /// Begins a file; writes nothing before the first row group.
    pub fn new(out: W) -> Self {
        Self { out, offset: 0, groups: Vec::new(), columns: Vec::new(), in_order: true }
    }

    /// Says that other rows follow, sorted apart from those before. The file will not be called sorted then: the format means
    /// each row group by it, but engines (DataFusion for one) take it for the order of the whole file.
    pub fn begin_anew(&mut self) {
        self.in_order &= self.groups.is_empty();
    }

    /// Returns the rows appended so far.
    pub fn rows(&self) -> u64 {
        self.groups.iter().map(|group| group.rows).sum()
    }

    /// Appends a row group; one without rows is passed over.
    ///
    /// # Errors
    /// When the writer fails, and a usage error if the file would have more columns than any log has.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<()> {
        if group.rows == 0 {
            return Ok(());
        }
        if self.groups.is_empty() {
            self.write(MAGIC)?;
        }
        for chunk in &group.columns {
            if !self.columns.contains(&chunk.column) {
                self.columns.push(chunk.column.clone());
            }
        }
        if self.columns.len() > MAX_FILE_COLUMNS {
            let last = self.columns.last().map(|column| column.name.as_str()).unwrap_or_default();
            return Err(Error::usage(format!("a file would have more than {MAX_FILE_COLUMNS} columns, {last:?} for one"))
                .help("header lines of its objects name fields that no log has: find out who wrote them, move them away, run again"));
        }
        let mut chunks = group.columns.into_iter().map(|chunk| self.place(chunk)).collect::<Result<Vec<_>>>()?;
        // Behind the row group, where readers that look at filters only find them side by side.
        for placed in &mut chunks {
            if let Some(filter) = placed.chunk.bloom_filter.take() {
                placed.bloom_filter = Some((self.offset, filter.len() as u64));
                self.write(&filter)?;
            }
        }
        self.groups.push(Group { rows: group.rows, sorted_by: group.sorted_by, chunks });
        Ok(())
    }

    /// Writes the footer, and returns the writer and what the file holds.
    ///
    /// `about` goes into the footer under [`FOOTER_KEY`].
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self, log_type: LogType, compression: Compression, about: String) -> Result<(W, FileContent)> {
        sort_columns(&mut self.columns, log_type);
        self.fill_missing(compression)?;
        let content =
            FileContent { rows: self.rows(), row_groups: self.groups.len() as u64, columns: self.columns.clone() };
        let footer = self.footer(compression, about, content.rows);
        let footer = footer.map_err(|e| Error::stopped("cannot make the Parquet footer").because(e))?;
        self.write(&footer)?;
        Ok((self.out, content))
    }

    /// Returns the writer of a file that is given up.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| match e.downcast::<Error>() {
            Ok(error) => error,
            Err(e) => Error::stopped("cannot write").because(e),
        })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn place(&mut self, mut chunk: EncodedColumn) -> Result<Placed> {
        let offset = self.offset;
        let bytes = std::mem::take(&mut chunk.bytes);
        self.write(&bytes)?;
        Ok(Placed { offset, bytes: bytes.len() as u64, chunk, bloom_filter: None })
    }

    /// Brings every group's chunks into the order of the columns, with NULLs for those it lacks.
    fn fill_missing(&mut self, compression: Compression) -> Result<()> {
        let mut encoder = Encoder::new(compression, &Layout::arrival())?;
        let mut groups = std::mem::take(&mut self.groups);
        for group in &mut groups {
            let mut chunks = Vec::with_capacity(self.columns.len());
            for column in self.columns.clone() {
                match group.chunks.iter().position(|placed| placed.chunk.column == column) {
                    Some(at) => chunks.push(group.chunks.swap_remove(at)),
                    None => {
                        let nulls = encoder.null_column(&column, group.rows as usize)?;
                        chunks.push(self.place(nulls)?);
                    }
                }
            }
            group.chunks = chunks;
        }
        self.groups = groups;
        Ok(())
    }

    /// Returns what a row group's rows ascend by, as far as the columns go that the file has.
    fn sorting_columns(&self, group: &Group) -> Option<Vec<SortingColumn>> {
        let place = |name: &String| self.columns.iter().position(|column| column.name == *name);
        let places = group.sorted_by.iter().map_while(place);
        let columns: Vec<SortingColumn> = places
            .map(|place| SortingColumn { column_idx: place as i32, descending: false, nulls_first: true })
            .collect();
        (self.in_order && !columns.is_empty()).then_some(columns)
    }

    fn footer(&self, compression: Compression, about: String, rows: u64) -> Result<Vec<u8>, ParquetError> {
        let schema = parquet_schema(&self.columns)?;
        let mut column_indexes = Vec::with_capacity(self.groups.len());
        let mut offset_indexes = Vec::with_capacity(self.groups.len());
        let mut groups = Vec::with_capacity(self.groups.len());
        for (g, group) in self.groups.iter().enumerate() {
            let mut chunks = Vec::with_capacity(group.chunks.len());
            for (c, placed) in group.chunks.iter().enumerate() {
                chunks.push(chunk_metadata(placed, schema.column(c), compression, group.rows)?);
            }
            column_indexes
                .push(group.chunks.iter().map(|placed| column_index(&placed.chunk)).collect::<Result<_, _>>()?);
            offset_indexes.push(group.chunks.iter().map(offset_index).collect());
            let uncompressed: u64 = group.chunks.iter().map(|placed| placed.chunk.uncompressed_bytes).sum();
            let mut metadata = RowGroupMetaData::builder(Arc::clone(&schema))
                .set_num_rows(group.rows as i64)
                .set_total_byte_size(uncompressed as i64)
                .set_file_offset(group.chunks.first().map_or(0, |placed| placed.offset) as i64)
                .set_sorting_columns(self.sorting_columns(group))
                .set_column_metadata(chunks);
            // Optional in the format, and 16 bits wide.
            if let Ok(ordinal) = i16::try_from(g) {
                metadata = metadata.set_ordinal(ordinal);
            }
            groups.push(metadata.build()?);
        }
        let created_by = format!("flowparquet version {}", env!("CARGO_PKG_VERSION"));
        let keys = vec![KeyValue::new(FOOTER_KEY.to_owned(), about)];
        let file = FileMetaData::new(1, rows as i64, Some(created_by), Some(keys), schema, None);
        let metadata = ParquetMetaData::new(file, groups).into_builder();
        let metadata = metadata.set_column_index(Some(column_indexes)).set_offset_index(Some(offset_indexes)).build();
        let mut footer = Behind { skip: self.offset, bytes: Vec::new() };
        let mut tracked = TrackedWrite::new(&mut footer);
        // Offsets in the metadata count from where the writer began: it is told of the bytes before the footer.
        static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
        let mut before = self.offset;
        while before > 0 {
            let step = before.min(ZEROS.len() as u64);
            tracked.write_all(&ZEROS[..step as usize])?;
            before -= step;
        }
        ParquetMetaDataWriter::new_with_tracked(tracked, &metadata).finish()?;
        Ok(footer.bytes)
    }
}

/// Puts columns in AWS's order, unknown ones behind by name: the same for every file and for the DDL.
pub fn sort_columns(columns: &mut [Column], log_type: LogType) {
    let fields = &log_type.schema().fields;
    columns.sort_by_cached_key(|column| {
        let place = fields.iter().position(|field| field.column == column.name);
        (place.unwrap_or(usize::MAX), column.name.clone())
    });
}

/// Returns the Parquet schema of these columns, all of them nullable.
///
/// # Errors
/// When a name repeats.
pub fn parquet_schema(columns: &[Column]) -> Result<SchemaDescPtr, ParquetError> {
    let fields: Vec<ArrowField> =
        columns.iter().map(|column| ArrowField::new(&column.name, column.column_type.arrow(), true)).collect();
    Ok(Arc::new(ArrowSchemaConverter::new().convert(&ArrowSchema::new(fields))?))
}

/// A writer that forgets what lies before the footer.
struct Behind {
    skip: u64,
    bytes: Vec<u8>,
}

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        self.bytes.extend_from_slice(&bytes[skipped as usize..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn chunk_metadata(
    placed: &Placed,
    descriptor: ColumnDescPtr,
    compression: Compression,
    rows: u64,
) -> Result<ColumnChunkMetaData, ParquetError> {
    let chunk = &placed.chunk;
    let first_data_page = chunk.pages.first().map_or(0, |page| page.offset);
    // Definition levels are RLE, a dictionary page is PLAIN.
    let mut encodings = vec![Encoding::RLE, chunk.coding.parquet()];
    if chunk.has_dictionary {
        encodings.insert(0, Encoding::PLAIN);
    }
    let (filter_offset, filter_bytes) = placed.bloom_filter.unzip();
    ColumnChunkMetaData::builder(descriptor)
        .set_encodings(encodings)
        .set_compression(compression.parquet())
        .set_num_values(rows as i64)
        .set_total_compressed_size(placed.bytes as i64)
        .set_total_uncompressed_size(chunk.uncompressed_bytes as i64)
        .set_data_page_offset((placed.offset + first_data_page) as i64)
        .set_dictionary_page_offset(chunk.has_dictionary.then_some(placed.offset as i64))
        .set_statistics(statistics(chunk))
        .set_bloom_filter_offset(filter_offset.map(|offset| offset as i64))
        .set_bloom_filter_length(filter_bytes.map(|bytes| bytes as i32))
        .build()
}

fn statistics(chunk: &EncodedColumn) -> Statistics {
    let nulls = Some(chunk.nulls);
    match (&chunk.min_max, chunk.column.column_type) {
        (Some(MinMax::Int(low, high)), _) => Statistics::new(Some(*low), Some(*high), None, nulls, false),
        (Some(MinMax::Bigint(low, high)), _) => Statistics::new(Some(*low), Some(*high), None, nulls, false),
        (Some(MinMax::String(low, high)), _) => {
            let value = |bytes: &Vec<u8>| Some(ByteArray::from(bytes.clone()));
            Statistics::new(value(low), value(high), None, nulls, false)
        }
        (None, ColumnType::Int) => Statistics::new::<i32>(None, None, None, nulls, false),
        (None, ColumnType::Bigint) => Statistics::new::<i64>(None, None, None, nulls, false),
        (None, ColumnType::String) => Statistics::new::<ByteArray>(None, None, None, nulls, false),
    }
}

/// Returns the column index, none if a page with values has no statistics.
fn column_index(chunk: &EncodedColumn) -> Result<ColumnIndexMetaData, ParquetError> {
    if chunk.pages.iter().any(|page| page.min_max.is_none() && page.nulls < page.rows) {
        return Ok(ColumnIndexMetaData::NONE);
    }
    let mut index = ColumnIndexBuilder::new(match chunk.column.column_type {
        ColumnType::Int => Type::INT32,
        ColumnType::Bigint => Type::INT64,
        ColumnType::String => Type::BYTE_ARRAY,
    });
    for page in &chunk.pages {
        let (low, high) = match &page.min_max {
            Some(MinMax::Int(low, high)) => (low.to_le_bytes().to_vec(), high.to_le_bytes().to_vec()),
            Some(MinMax::Bigint(low, high)) => (low.to_le_bytes().to_vec(), high.to_le_bytes().to_vec()),
            Some(MinMax::String(low, high)) => (low.clone(), high.clone()),
            None => (Vec::new(), Vec::new()),
        };
        index.append(page.min_max.is_none(), low, high, page.nulls as i64);
    }
    index.set_boundary_order(boundary_order(chunk));
    index.build()
}

fn boundary_order(chunk: &EncodedColumn) -> BoundaryOrder {
    let pages: Vec<&MinMax> = chunk.pages.iter().filter_map(|page| page.min_max.as_ref()).collect();
    if pages.is_sorted_by(|a, b| a.not_above(b)) {
        BoundaryOrder::ASCENDING
    } else if pages.is_sorted_by(|a, b| b.not_above(a)) {
        BoundaryOrder::DESCENDING
    } else {
        BoundaryOrder::UNORDERED
    }
}

fn offset_index(placed: &Placed) -> OffsetIndexMetaData {
    let mut index = OffsetIndexBuilder::new();
    for page in &placed.chunk.pages {
        index.append_row_count(page.rows as i64);
        index.append_offset_and_size((placed.offset + page.offset) as i64, page.bytes as i32);
    }
    index.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, AsArray, RecordBatch};
    use arrow::datatypes::{Int32Type, Int64Type};
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use parquet::bloom_filter::Sbbf;
    use proptest::prelude::*;

    use super::*;
    use crate::record::columns::Batch;
    use crate::record::decode::ObjectDecoder;
    use crate::record::header::Header;
    use crate::table::encode::Encoders;
    use crate::table::layout::SortBy;
    use crate::table::region::Region;
    use crate::table::run::Run;

    fn batch(header: &str, text: &str) -> Batch {
        let header = Arc::new(Header::parse(header.as_bytes()).unwrap());
        let mut batch = Batch::default();
        let mut decoder = ObjectDecoder::new(header, std::collections::BTreeSet::new(), false, 1, 0);
        let mut rejects = Vec::new();
        let done = decoder.decode(text.as_bytes(), 0, &mut batch, usize::MAX, &mut rejects);
        assert_eq!((done.bytes, rejects.len()), (text.len(), 0), "{rejects:?}");
        batch
    }

    fn write(batches: &[Batch], compression: Compression) -> (Vec<u8>, FileContent) {
        let mut encoder = Encoder::new(compression, &Layout::arrival()).unwrap();
        let mut file = FileWriter::new(Vec::new());
        for batch in batches {
            file.append(encoder.row_group(batch).unwrap()).unwrap();
        }
        file.finish(LogType::Vpc, compression, "{}".to_owned()).unwrap()
    }

    /// Reads every cell back as text by arrow-rs, which wrote none of the pages.
    fn read(file: Vec<u8>) -> Vec<Vec<Option<String>>> {
        let options =
            ArrowReaderOptions::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes::Bytes::from(file), options).unwrap();
        let mut rows = Vec::new();
        for batch in reader.with_batch_size(1000).build().unwrap() {
            let batch: RecordBatch = batch.unwrap();
            for row in 0..batch.num_rows() {
                rows.push(batch.columns().iter().map(|column| cell(column, row)).collect());
            }
        }
        rows
    }

    fn cell(column: &dyn Array, row: usize) -> Option<String> {
        if column.is_null(row) {
            return None;
        }
        Some(match column.data_type() {
            arrow::datatypes::DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
            arrow::datatypes::DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
            _ => column.as_string::<i32>().value(row).to_owned(),
        })
    }

    const CODECS: [Compression; 4] = [Compression::Zstd(3), Compression::Snappy, Compression::Gzip, Compression::None];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(("[a-c]{1,2}|-", "-|[0-9]{1,3}|-[1-9]", "-|[0-9]{1,18}"), 1..300),
            times in 1_usize..120,
            codec in 0_usize..4,
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for i in 0..times {
                for (a, b, c) in &rows {
                    let unique = if i % 3 == 0 { format!("{a}{i}x{b}") } else { a.clone() };
                    text.push_str(&format!("{unique} {b} {c}\n"));
                    let number = |n: &str| n.parse::<i64>().ok().map(|n| n.to_string());
                    expected.push(vec![Some(unique), number(b), number(c)]);
                }
            }
            let (file, content) = write(&[batch("srcaddr srcport bytes", &text)], CODECS[codec]);
            prop_assert_eq!(content.rows, expected.len() as u64);
            prop_assert_eq!(read(file), expected);
        }
    }

    /// Writes batches as runs that are put in order.
    fn write_sorted(batches: &[Batch], layout: &Layout) -> Vec<u8> {
        write_regions(&[batches], layout)
    }

    /// Writes batches that are put in order apart from each other.
    fn write_regions(regions: &[&[Batch]], layout: &Layout) -> Vec<u8> {
        let compression = Compression::default();
        let (mut file, encoders) = (FileWriter::new(Vec::new()), Encoders::new(compression, layout));
        for batches in regions {
            let region = Region::new(batches.iter().map(|batch| Run::of(batch, &layout.sort_by)).collect(), layout);
            let codings = region.codings(&encoders).unwrap();
            file.begin_anew();
            for group in 0..region.groups() {
                file.append(encoders.with(|encoder| region.row_group(group, &codings, encoder)).unwrap()).unwrap();
            }
        }
        file.finish(LogType::Vpc, compression, "{}".to_owned()).unwrap().0
    }

    const ORDERS: [&str; 4] = ["addresses", "srcaddr,dstaddr,start", "bytes", "start,action"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn whatever_the_order_no_row_is_lost_or_changed(
            parts in prop::collection::vec(
                prop::collection::vec(("[1-3]{1,2}|-", "[1-2]{1,2}|-", "-|[0-9]{1,3}", "-|[0-9]{1,18}|-[0-9]{1,18}"), 1..80),
                1..5,
            ),
            times in 1_usize..40,
            order in 0_usize..ORDERS.len(),
            row_group_rows in 1_u32..400,
        ) {
            let (mut batches, mut expected) = (Vec::new(), Vec::new());
            for (part, rows) in parts.iter().enumerate() {
                let mut text = String::new();
                for i in 0..times {
                    for (a, b, c, d) in rows {
                        text.push_str(&format!("{a} {b}{i} {c} {d}\n"));
                        let number = |n: &str| n.parse::<i64>().ok().map(|n| n.to_string());
                        let start = number(c).filter(|_| part != 1);
                        expected.push(vec![Some(a.clone()), Some(format!("{b}{i}")), number(d), start]);
                    }
                }
                // One of the formats lacks the start.
                batches.push(if part == 1 {
                    let cut = |line: &str| {
                        let fields: Vec<&str> = line.split(' ').collect();
                        format!("{} {} {}\n", fields[0], fields[1], fields[3])
                    };
                    batch("srcaddr dstaddr bytes", &text.lines().map(cut).collect::<String>())
                } else {
                    batch("srcaddr dstaddr start bytes", &text)
                });
            }
            let sort_by: SortBy = ORDERS[order].parse().unwrap();
            let layout = Layout { sort_by: sort_by.clone(), row_group_rows, page_rows: 50, ..Layout::default() };
            let file = write_sorted(&batches, &layout);
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.clone())).unwrap();
            for group in reader.metadata().row_groups() {
                prop_assert!(group.num_rows() <= i64::from(row_group_rows), "{}", group.num_rows());
            }
            let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
            let mut rows = read(file);
            if let SortBy::Columns(columns) = &sort_by {
                let places: Vec<Option<usize>> = columns.iter().map(|c| names.iter().position(|n| n == c)).collect();
                let key = |row: &Vec<Option<String>>| -> Vec<(Option<i64>, Option<String>)> {
                    places.iter().flatten().map(|place| match names[*place].as_str() {
                        "srcaddr" | "dstaddr" => (None, row[*place].clone()),
                        _ => (row[*place].as_ref().map(|value| value.parse().unwrap()), None),
                    }).collect()
                };
                prop_assert!(rows.is_sorted_by_key(key), "sorted by {columns:?}");
            }
            // A file has the columns that its rows have.
            if !names.iter().any(|name| name == "start") {
                expected.iter_mut().for_each(|row| row.truncate(3));
            }
            rows.sort();
            expected.sort();
            prop_assert_eq!(rows, expected);
        }
    }

    /// Rows of 40 hosts that talk to 200 others, at any time of a day.
    fn conversations() -> Batch {
        let line = |i: u64| {
            let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (host, peer, time) = (mixed >> 40 & 31, mixed >> 20 & 127, mixed >> 3 & 0xffff);
            format!("10.0.0.{host} 52.1.{peer}.9 {} {}\n", 1_768_435_200 + time, i % 7 * 1000)
        };
        batch("srcaddr dstaddr start bytes", &(0..60_000).map(line).collect::<String>())
    }

    #[test]
    fn an_address_lies_in_few_row_groups() {
        let layout = Layout { row_group_rows: 1_000, ..Layout::default() };
        let file = write_sorted(&[conversations(), conversations()], &layout);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap();
        let groups = reader.metadata().row_groups();
        assert!((120..=240).contains(&groups.len()), "{}", groups.len());
        let with = |column: usize, value: &str| {
            let holds = |group: &&RowGroupMetaData| {
                let statistics = group.column(column).statistics().unwrap();
                let (low, high) = (statistics.min_bytes_opt().unwrap(), statistics.max_bytes_opt().unwrap());
                (low..=high).contains(&value.as_bytes())
            };
            groups.iter().filter(holds).count() * 100 / groups.len()
        };
        for (column, value) in [(0, "10.0.0.7"), (0, "10.0.0.31"), (1, "52.1.77.9"), (1, "52.1.0.9")] {
            assert!(with(column, value) <= 12, "{value} in {} % of all row groups", with(column, value));
        }
    }

    #[test]
    fn columns_are_encoded_as_their_values_ask_for_it() {
        let layout = Layout { bloom_filters: vec!["srcaddr".to_owned()], ..Layout::default() };
        let file = write_sorted(&[conversations()], &layout);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.clone())).unwrap();
        let group = reader.metadata().row_group(0);
        let encodings = |column: usize| group.column(column).encodings().collect::<Vec<_>>();
        assert!(encodings(0).contains(&Encoding::RLE_DICTIONARY), "{:?}", encodings(0));
        assert!(encodings(2).contains(&Encoding::RLE_DICTIONARY), "few sizes: {:?}", encodings(2));
        assert!(!encodings(3).contains(&Encoding::RLE_DICTIONARY), "times far apart: {:?}", encodings(3));
        let filter = |column: usize| Sbbf::read_from_column_chunk(group.column(column), &file_reader(&file)).unwrap();
        let addresses = filter(0).unwrap();
        let least = group.column(0).statistics().unwrap().min_bytes_opt().unwrap().to_vec();
        assert!(addresses.check(least.as_slice()) && !addresses.check("10.9.9.9"));
        assert!(filter(1).is_none(), "only where it was asked for");
        assert_eq!(group.sorting_columns(), None, "boxes are no order of a column");
        let layout = Layout { sort_by: "start".parse().unwrap(), ..Layout::default() };
        let reader = write_sorted(&[conversations()], &layout);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(reader)).unwrap();
        let group = reader.metadata().row_group(0);
        let sorted = SortingColumn { column_idx: 3, descending: false, nulls_first: true };
        assert_eq!(group.sorting_columns(), Some(&vec![sorted]));
        assert!(group.column(3).encodings().any(|e| e == Encoding::DELTA_BINARY_PACKED), "times that ascend");
        let twice = write_regions(&[&[conversations()], &[conversations()]], &layout);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(twice)).unwrap();
        assert_eq!(reader.metadata().row_group(0).sorting_columns(), None, "the file is not sorted as a whole");
    }

    fn file_reader(file: &[u8]) -> bytes::Bytes {
        bytes::Bytes::from(file.to_vec())
    }

    #[test]
    fn a_late_column_is_null_before() {
        let batches =
            [batch("srcaddr srcport", "a 1\nb 2\n"), batch("action srcaddr", "ACCEPT c\n"), batch("bytes", "7\n")];
        let (file, content) = write(&batches, Compression::default());
        let names: Vec<&str> = content.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["srcaddr", "srcport", "bytes", "action"], "AWS's order");
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(
            read(file),
            [
                vec![text("a"), text("1"), None, None],
                vec![text("b"), text("2"), None, None],
                vec![text("c"), None, None, text("ACCEPT")],
                vec![None, None, text("7"), None],
            ]
        );
    }

    #[test]
    fn statistics_are_those_of_the_values() {
        let text: String = (0..50_000).map(|i| format!("10.0.{}.{} {i} {}\n", i / 250 % 200, i % 250, i * 7)).collect();
        let (file, _) = write(&[batch("srcaddr srcport bytes", &text)], Compression::default());
        let options =
            ArrowReaderOptions::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes::Bytes::from(file), options).unwrap();
        let metadata = reader.metadata();
        let group = metadata.row_group(0);
        let stats = |c: usize| group.column(c).statistics().unwrap().clone();
        assert_eq!(stats(0).min_bytes_opt(), Some(b"10.0.0.0".as_slice()));
        assert_eq!(stats(0).max_bytes_opt(), Some(b"10.0.99.99".as_slice()));
        assert_eq!(stats(1).max_bytes_opt(), Some(49_999_i32.to_le_bytes().as_slice()));
        assert_eq!(stats(2).max_bytes_opt(), Some((49_999_i64 * 7).to_le_bytes().as_slice()));
        assert_eq!(stats(2).null_count_opt(), Some(0));
        let columns = &metadata.column_index().unwrap()[0];
        let ColumnIndexMetaData::INT32(ports) = &columns[1] else { panic!("an int column has an int index") };
        assert_eq!(
            (ports.min_values(), ports.max_values()),
            ([0, 20_000, 40_000].as_slice(), [19_999, 39_999, 49_999].as_slice())
        );
        assert_eq!(columns[1].get_boundary_order(), Some(BoundaryOrder::ASCENDING));
        assert_eq!(metadata.offset_index().unwrap()[0][1].page_locations().len(), 3);
    }
}
