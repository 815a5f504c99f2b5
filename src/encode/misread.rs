//! Files of which an engine does not read all rows, found by their footers. Files of older versions may be such; those that
//! are written today are not, and tests hold them against the rules here.
//!
//! Engines read a file in parts, and a part reads the row groups that it takes for its own, by a point of each. Most take a
//! page of the first column of the schema, which lies in the file whatever its layout. parquet-mr adds half of the row group's
//! size to it (`ParquetMetadataConverter.filterFileMetaDataByMidpoint`): where the first column lies late in the file, that
//! point may lie behind its end, in no part. docs/readers.md has the rules of all engines.

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

/// Returns what is wrong with a file of this size, in words for a person; nothing if every engine reads all of it.
pub fn misread(metadata: &ParquetMetaData, file_bytes: u64) -> Option<String> {
    let groups = metadata.row_groups();
    let rows =
        |groups: &mut dyn Iterator<Item = &RowGroupMetaData>| groups.map(RowGroupMetaData::num_rows).sum::<i64>();
    let unread = rows(&mut groups.iter().filter(|group| midpoint(group).is_none_or(|point| point >= file_bytes)));
    if unread > 0 {
        let all = rows(&mut groups.iter());
        return Some(format!("Spark, Hive, EMR and Glue read {} of its {all} rows", all - unread));
    }
    let columns = metadata.file_metadata().schema_descr().num_columns();
    let partial = (0..columns).find(|column| has_partial_bounds(groups, *column))?;
    let name = metadata.file_metadata().schema_descr().column(partial).name().to_owned();
    Some(format!(
        "DataFusion misses rows when it is asked for values of {name}: some row groups do not say between which they lie"
    ))
}

/// Returns the point by which parquet-mr gives a row group to a part of the file.
fn midpoint(group: &RowGroupMetaData) -> Option<u64> {
    let first = group.columns().first()?;
    let data = first.data_page_offset();
    let begin = first.dictionary_page_offset().filter(|dictionary| *dictionary < data).unwrap_or(data);
    u64::try_from(begin.checked_add(group.compressed_size() / 2)?).ok()
}

/// Returns whether some row groups have bounds of a column, and others have values without. DataFusion (55) takes the bounds
/// that there are for those of the whole file.
fn has_partial_bounds(groups: &[RowGroupMetaData], column: usize) -> bool {
    let bounded = |chunk: &ColumnChunkMetaData| chunk.statistics().is_some_and(|s| s.min_bytes_opt().is_some());
    let has_values = |chunk: &ColumnChunkMetaData| {
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        nulls != u64::try_from(chunk.num_values()).ok()
    };
    let chunks = || groups.iter().map(|group| group.column(column));
    chunks().any(bounded) && chunks().any(|chunk| !bounded(chunk) && has_values(chunk))
}
