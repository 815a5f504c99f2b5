//! The Glue catalog's own words for a table and its partitions, as JSON for the AWS CLI.
//!
//! In: a [`Definition`]. Out: the [`TableInput`] of `aws glue create-table`, or the lists that `aws glue
//! batch-create-partition` takes. What Athena's DDL makes of the same definition is the same
//! (<https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html>).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::definition::{Definition, Storage};
use super::hive::harmless;
use super::name::{folder, plain_column};
use super::types::{Dialect, SqlType};
use crate::error::{Error, Result};

/// Partitions that one call of BatchCreatePartition takes
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html>).
const PARTITIONS_PER_CALL: usize = 100;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableInput {
    /// Name.
    pub name: String,
    /// Without it, `SHOW CREATE TABLE` and `MSCK REPAIR TABLE` fail.
    pub table_type: &'static str,
    /// Properties.
    pub parameters: BTreeMap<String, String>,
    /// Partition keys.
    pub partition_keys: Vec<GlueColumn>,
    /// Columns and files.
    pub storage_descriptor: StorageDescriptor,
}

/// A column or partition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GlueColumn {
    /// Name.
    pub name: String,
    /// Type, in Hive's words.
    #[serde(rename = "Type")]
    pub sql_type: String,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Where files are, and how to read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StorageDescriptor {
    /// Columns of the files.
    pub columns: Vec<GlueColumn>,
    /// Folder.
    pub location: String,
    /// Class that reads.
    pub input_format: &'static str,
    /// Class that writes.
    pub output_format: &'static str,
    /// False: of gzip text the names of objects tell.
    pub compressed: bool,
    /// -1: there are none.
    pub number_of_buckets: i8,
    /// What makes columns of bytes.
    pub serde_info: SerdeInfo,
    /// False.
    pub stored_as_sub_directories: bool,
}

/// What makes columns of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SerdeInfo {
    /// Class.
    pub serialization_library: &'static str,
    /// Its parameters.
    pub parameters: BTreeMap<&'static str, &'static str>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PartitionInput {
    /// Values of the keys, in their order.
    pub values: Vec<String>,
    /// Columns and files.
    pub storage_descriptor: StorageDescriptor,
}

/// Returns the table as `aws glue create-table --table-input` takes it.
///
/// With `since`, the table is taken to be there: returns its partitions from that day on, a line for each call of
/// `aws glue batch-create-partition --partition-input-list`.
///
/// # Errors
/// A usage error for names that are none and for keys that cannot do what is asked of them.
pub fn json(definition: &Definition, since: Option<Date>) -> Result<String> {
    if since.is_none() {
        return pretty(&TableInput::of(definition)?);
    }
    let partitions = partitions(definition, since)?;
    let lines: Result<Vec<String>> = partitions
        .chunks(PARTITIONS_PER_CALL)
        .map(|call| serde_json::to_string(call).map(|line| line + "\n").map_err(no_json))
        .collect();
    Ok(lines?.concat())
}

impl TableInput {
    /// Returns the table of a definition.
    ///
    /// # Errors
    /// As [`json`].
    pub fn of(definition: &Definition) -> Result<Self> {
        let keys = definition.keys.iter().map(|key| GlueColumn::of(&key.name, key.sql_type, None));
        let external = [("EXTERNAL".to_owned(), "TRUE".to_owned())];
        Ok(Self {
            name: definition.name.table().to_owned(),
            table_type: "EXTERNAL_TABLE",
            parameters: external.into_iter().chain(definition.properties()?).collect(),
            partition_keys: keys.collect::<Result<_>>()?,
            storage_descriptor: StorageDescriptor::of(definition)?,
        })
    }
}

/// Returns the partitions from a day on.
fn partitions(definition: &Definition, since: Option<Date>) -> Result<Vec<PartitionInput>> {
    let mut table = StorageDescriptor::of(definition)?;
    // The table has them.
    table.columns.iter_mut().for_each(|column| column.comment = None);
    let partition = |(values, location)| PartitionInput {
        values,
        storage_descriptor: StorageDescriptor { location, ..table.clone() },
    };
    Ok(definition.registered(since)?.into_iter().map(partition).collect())
}

impl StorageDescriptor {
    fn of(definition: &Definition) -> Result<Self> {
        let columns = definition.columns.iter().map(|at| GlueColumn::of(&at.name, at.sql_type, at.comment.as_deref()));
        let (input_format, output_format, serialization_library) = match definition.storage {
            Storage::Parquet => (
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            ),
            Storage::Text => (
                "org.apache.hadoop.mapred.TextInputFormat",
                "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            ),
        };
        let parameters = match definition.storage {
            Storage::Parquet => BTreeMap::from([("serialization.format", "1")]),
            Storage::Text => BTreeMap::from([("field.delim", " "), ("serialization.format", " ")]),
        };
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            location: folder(&definition.location)?.to_owned(),
            input_format,
            output_format,
            compressed: false,
            number_of_buckets: -1,
            serde_info: SerdeInfo { serialization_library, parameters },
            stored_as_sub_directories: false,
        })
    }
}

impl GlueColumn {
    fn of(name: &str, sql_type: SqlType, comment: Option<&str>) -> Result<Self> {
        let name = plain_column(name)?.to_owned();
        Ok(Self { name, sql_type: sql_type.name(Dialect::Hive), comment: comment.map(harmless) })
    }
}

/// Returns a value as JSON over several lines.
///
/// # Errors
/// If it cannot be JSON.
pub(super) fn pretty(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(no_json)
}

fn no_json(cause: serde_json::Error) -> Error {
    Error::stopped("cannot make JSON").because(cause)
}
