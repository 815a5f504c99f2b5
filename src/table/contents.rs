//! What a table holds, for its definition: columns and partitions by the ledger, checked against real footers.

use crate::days::Days;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::LogType;

use super::commit::Table;
use super::file::sort_columns;
use super::partition::{Partition, PartitionBy};

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its log type.
    pub log_type: LogType,
    /// How it is partitioned.
    pub partition_by: PartitionBy,
    /// Columns of all files together, in AWS's order, unknown ones behind.
    pub columns: Vec<Column>,
    /// Partitions with at least one file, in order.
    pub partitions: Vec<Partition>,
    /// Whether `-` is NULL in string columns too.
    pub dash_as_null: bool,
    /// Year in which it was founded, if its description says so.
    pub founded: Option<i16>,
}

impl Table {
    /// Returns what the table holds, or `None` if nothing is converted yet.
    ///
    /// Reads the whole ledger, and one footer for each set of columns that files have.
    ///
    /// # Errors
    /// When the ledger cannot be read, and a usage error for a file whose footer is not what the ledger says: a
    /// definition made from the ledger would not fit it.
    pub fn contents(&self) -> Result<Option<Contents>> {
        let Some(info) = self.info()? else { return Ok(None) };
        let mut partitions: Vec<Partition> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        // The newest file of each set of columns; a table has a handful of them in years.
        let mut sets: Vec<(Vec<Column>, String, u64)> = Vec::new();
        for (partition, state) in self.load(&Days::All, info.partition_by)? {
            for (claim, done) in state.finished() {
                let Some(file) = &done.file else { continue };
                let newest = (self.output_key(&partition, claim), file.bytes);
                match sets.iter_mut().find(|(set, ..)| *set == file.columns) {
                    Some(known) => (known.1, known.2) = newest,
                    None => sets.push((file.columns.clone(), newest.0, newest.1)),
                }
                if partitions.last() != Some(&partition) {
                    partitions.push(partition.clone());
                }
            }
        }
        for (set, key, bytes) in sets {
            self.check_footer(&key, bytes, &set)?;
            for column in set {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        if partitions.is_empty() {
            return Ok(None);
        }
        sort_columns(&mut columns, info.log_type);
        let founded = info.founded.as_deref().and_then(|day| day.get(..4)?.parse().ok());
        Ok(Some(Contents {
            log_type: info.log_type,
            partition_by: info.partition_by,
            columns,
            partitions,
            dash_as_null: info.dash_as_null,
            founded,
        }))
    }

    fn check_footer(&self, key: &str, bytes: u64, columns: &[Column]) -> Result<()> {
        let found = self.metadata(key, bytes)?.map(|metadata| Self::columns_of(&metadata));
        if found.as_deref() == Some(columns) {
            return Ok(());
        }
        Err(Error::usage("this file is not the one that the ledger speaks of: its footer has other columns or is none")
            .at(self.store().location().url_of(key))
            .help("somebody replaced it: restore it from a version or backup, then run again"))
    }
}
