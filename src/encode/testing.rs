//! What tests of files share: batches of text, files of them, and what a reader of another make finds in these.

use std::sync::Arc;

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, cast::AsArray};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::codec::Compression;
use super::column::Encoder;
use super::file::{FileContent, FileWriter};
use super::format::MAGIC;
use super::layout::Layout;
use super::misread::misread;
use crate::record::columns::Batch;
use crate::record::decode::ObjectDecoder;
use crate::record::header::Header;
use crate::record::schema::LogType;

/// All kinds of compression.
pub const CODECS: [Compression; 4] = [Compression::Zstd(3), Compression::Snappy, Compression::Gzip, Compression::None];

/// Returns the rows of a text.
pub fn batch(header: &str, text: &str) -> Batch {
    decoded(header, text, false)
}

/// The same, `-` being NULL in columns of strings too if that is wanted.
pub fn decoded(header: &str, text: &str, dash_as_null: bool) -> Batch {
    let header = Arc::new(Header::parse(header.as_bytes()).unwrap());
    let mut batch = Batch::default();
    let mut decoder = ObjectDecoder::new(header, LogType::Vpc, std::collections::BTreeSet::new(), dash_as_null, 1, 0);
    let mut rejects = Vec::new();
    let done = decoder.decode(text.as_bytes(), 0, &mut batch, usize::MAX, &mut rejects);
    assert_eq!((done.bytes, rejects.len()), (text.len(), 0), "{rejects:?}");
    batch
}

/// Writes batches as they are, each as a row group.
pub fn write(batches: &[Batch], compression: Compression) -> (Vec<u8>, FileContent) {
    let mut encoder = Encoder::new(compression, &Layout::arrival()).unwrap();
    let mut file = FileWriter::new(Vec::new(), LogType::Vpc, compression);
    file.declare(batches.iter().flat_map(Batch::columns).map(|data| &data.column)).unwrap();
    for batch in batches {
        file.append(encoder.row_group(batch).unwrap()).unwrap();
    }
    file.finish("{}").unwrap()
}

/// Reads every cell back as text by arrow-rs, which wrote none of the pages.
pub fn read(file: Vec<u8>) -> Vec<Vec<Option<String>>> {
    let options = ArrowReaderOptions::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Optional);
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
        arrow_schema::DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        arrow_schema::DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        _ => column.as_string::<i32>().value(row).to_owned(),
    })
}

/// Reads a number as the specification tells it, seven bits a byte, and goes on behind it.
pub fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

/// Returns the metadata of a file, by arrow-rs.
pub fn opened(file: &[u8]) -> ParquetRecordBatchReaderBuilder<bytes::Bytes> {
    ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.to_vec())).unwrap()
}

/// The points by which engines give a row group to the part of the file in which they lie, as their sources have them.
fn points(group: &RowGroupMetaData) -> [(&'static str, i64); 5] {
    let (first, last) = (group.column(0), group.column(group.num_columns() - 1));
    let begin = |chunk: &ColumnChunkMetaData| {
        // parquet-mr: `ParquetMetadataConverter.getOffset`.
        chunk.dictionary_page_offset().map_or(chunk.data_page_offset(), |d| d.min(chunk.data_page_offset()))
    };
    [
        // parquet-mr (Spark, Hive, EMR, Glue): `ParquetMetadataConverter.filterFileMetaDataByMidpoint`.
        ("parquet-mr", begin(first) + group.compressed_size() / 2),
        // Presto and older Trino: `BlockMetaData.getFirstDataPageOffset`.
        ("Presto", first.data_page_offset()),
        // DataFusion: `RowGroupAccessPlanFilter::prune_by_range`.
        ("DataFusion", first.dictionary_page_offset().unwrap_or(first.data_page_offset())),
        // Impala: `HdfsParquetScanner::NextRowGroup`, half way from the first column to the last one's end.
        ("Impala", (begin(first) + begin(last) + last.compressed_size()) / 2),
        // Drill and others: parquet-mr's `BlockMetaData.getStartingPos`.
        ("starting position", begin(first)),
    ]
}

/// Returns header lines of one to four formats, of which some have fields that nobody knows.
pub fn any_headers() -> impl Strategy<Value = Vec<String>> {
    let names = ["version", "account-id", "srcaddr", "dstaddr", "bytes", "action", "later-field", "brand-new"];
    let some = Just(names)
        .prop_shuffle()
        .prop_flat_map(|names| (1..=names.len()).prop_map(move |count| names[..count].join(" ")));
    let is_known = |name: &str| !name.contains("new") && name != "later-field";
    prop::collection::vec(some.prop_filter("a header line", move |header| header.split(' ').any(is_known)), 1..5)
}

/// Returns a batch of so many rows for each of the header lines.
pub fn batches_of(headers: &[String], rows: usize) -> Vec<Batch> {
    let batch_of = |(number, header): (usize, &String)| {
        let value = |row: usize, name: &str| match name {
            "version" | "bytes" => (row * 7 % 50).to_string(),
            _ => format!("{name}-{}", row * (number + 1) % 97),
        };
        let line = |row| header.split(' ').map(|name| value(row, name)).collect::<Vec<_>>().join(" ") + "\n";
        batch(header, &(0..rows).map(line).collect::<String>())
    };
    headers.iter().enumerate().map(batch_of).collect()
}

/// Wants every row group of a file to belong to one part of it, whoever reads the file in parts; and every byte before the
/// end of the last chunk to be that of one chunk or of a Bloom filter.
pub fn check_row_groups(file: &[u8]) -> Result<(), TestCaseError> {
    let size = file.len() as i64;
    let reader = opened(file);
    prop_assert_eq!(misread(reader.metadata(), size as u64), None);
    let mut regions = Vec::new();
    let mut before = 0;
    for group in reader.metadata().row_groups() {
        let begin = group.file_offset().unwrap();
        prop_assert!(begin > before, "row groups begin one behind the other");
        before = begin;
        let mut at = begin as u64;
        for chunk in group.columns() {
            let (offset, bytes) = chunk.byte_range();
            prop_assert!(offset >= at, "chunks lie in the order of the schema");
            at = offset + bytes;
            regions.push(offset..at);
            prop_assert!(chunk.page_encoding_stats_mask().is_some());
            if let (Some(offset), Some(bytes)) = (chunk.bloom_filter_offset(), chunk.bloom_filter_length()) {
                regions.push(offset as u64..offset as u64 + bytes as u64);
            }
        }
        prop_assert_eq!(begin as u64, group.column(0).byte_range().0);
    }
    regions.sort_by_key(|region| region.start);
    let mut end = MAGIC.len() as u64;
    for region in regions {
        prop_assert_eq!(region.start, end, "nothing lies between chunks, and none upon another");
        end = region.end;
    }
    for group in reader.metadata().row_groups() {
        for (engine, point) in points(group) {
            let begin = group.file_offset().unwrap();
            prop_assert!((begin..end as i64).contains(&point), "{engine}: {point} is not in {begin}..{end} of {size}");
        }
    }
    prop_assert!((end as i64) < size);
    Ok(())
}
