//! What a table holds, for its definition: columns and partitions by the ledger, checked against real footers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::days::Days;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::LogType;
use crate::store::name_of;

use super::partition::{Partition, PartitionBy};
use super::state::{InputState, Output, PartitionState};
use super::table::{Table, TableInfo};
use crate::encode::file::sort_columns;

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
    /// Where its raw objects lay, without days: each folder above them, and what names begin with up to the flow log.
    pub objects: BTreeSet<String>,
}

/// Returns the folders of a key or URL above the first that is called like a year or a date.
pub fn above_days(folders: &str) -> &str {
    let is_date = |folder: &str| {
        let value = folder.rsplit(['=', 'D']).next().unwrap_or(folder);
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        value.starts_with("20") && [4, 8].contains(&digits) && value.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    let mut end = 0;
    for folder in folders.split_inclusive('/') {
        if is_date(folder.trim_end_matches('/')) {
            return &folders[..end];
        }
        end += folder.len();
    }
    folders
}

/// Adds where the raw objects of a partition lay.
fn add_objects(objects: &mut BTreeSet<String>, state: &PartitionState) {
    for source in state.sources() {
        let keys = state
            .keys(source)
            .filter(|key| state.input(source, key).is_some_and(|known| known.state == InputState::Converted));
        for key in keys {
            let (folders, name) = key.split_at(key.len() - name_of(key).len());
            let begin = name.match_indices('_').nth(2).map_or("", |(at, _)| &name[..at]);
            let object = format!("{source}{}{begin}", above_days(folders));
            if !objects.contains(&object) {
                objects.insert(object);
            }
        }
    }
}

/// How far a table reaches, as its folders and some of its files show: what a definition has to cover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Years with folders.
    pub years: BTreeSet<i16>,
    /// Accounts with folders.
    pub accounts: BTreeSet<String>,
    /// Regions with folders.
    pub regions: BTreeSet<String>,
    /// Columns of the files that were looked at.
    pub columns: BTreeSet<String>,
}

impl Reach {
    /// Adds a partition.
    pub fn add(&mut self, partition: &Partition) {
        self.years.insert(partition.day.year());
        if let Some((account, region)) = &partition.account_region {
            self.accounts.insert(account.clone());
            self.regions.insert(region.clone());
        }
    }

    /// Adds the columns of a partition's files.
    pub fn add_columns(&mut self, state: &PartitionState) {
        let files = state.outputs().filter_map(|output| output.done.file.as_ref());
        self.columns.extend(files.flat_map(|file| &file.columns).map(|column| column.name.clone()));
    }
}

impl Table {
    /// Returns the years, accounts and Regions that the table's folders name. Lists folders of accounts, Regions and
    /// years, not of days.
    ///
    /// # Errors
    /// When a listing fails.
    pub(crate) fn extent(&self, by: PartitionBy) -> Result<Reach> {
        let mut extent = Reach::default();
        let mut tops = vec![self.store().location().prefix().to_owned()];
        let levels = by.columns().into_iter().take_while(|column| *column != "month");
        for column in levels {
            let folders = self.store().list_levels(&tops)?.into_iter().flat_map(|level| level.folders);
            tops = folders.filter(|folder| name_of(folder).starts_with(&format!("{column}="))).collect();
            let values =
                tops.iter().filter_map(|folder| name_of(folder).split_once('=')).map(|(_, value)| value.to_owned());
            match column {
                "aws_account_id" => extent.accounts.extend(values),
                "aws_region" => extent.regions.extend(values),
                _ => extent.years.extend(values.filter_map(|year| year.parse::<i16>().ok())),
            }
        }
        Ok(extent)
    }

    /// Returns the last day of which the table has a folder. Lists folders of accounts and Regions, and of one year and month.
    ///
    /// # Errors
    /// When a listing fails.
    pub(crate) fn last_day(&self, by: PartitionBy) -> Result<Option<Date>> {
        let (mut tops, mut last) = (vec![self.store().location().prefix().to_owned()], [0_i16; 3]);
        for column in by.columns().into_iter().take_while(|column| *column != "hour") {
            let folders = self.store().list_levels(&tops)?.into_iter().flat_map(|level| level.folders);
            let value = |folder: &str| name_of(folder).strip_prefix(column)?.strip_prefix('=').map(str::to_owned);
            let mut found: Vec<(String, String)> =
                folders.filter_map(|folder| value(&folder).map(|value| (folder, value))).collect();
            if let Some(at) = ["year", "month", "day"].iter().position(|part| *part == column) {
                let newest = found.iter().filter_map(|(_, value)| value.parse::<i16>().ok()).max();
                let Some(newest) = newest else { return Ok(None) };
                found.retain(|(_, value)| value.parse() == Ok(newest));
                last[at] = newest;
            }
            tops = found.into_iter().map(|(folder, _)| folder).collect();
        }
        let [year, month, day] = last;
        Ok(i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(month, day)| Date::new(year, month, day).ok()))
    }

    /// Returns what the table holds, or `None` if nothing is converted yet.
    ///
    /// Reads the whole ledger, and one footer for each set of columns that files have.
    ///
    /// # Errors
    /// When the ledger cannot be read, and a usage error for a file whose footer is not what the ledger says: a
    /// definition made from the ledger would not fit it.
    pub fn contents(&self) -> Result<Option<Contents>> {
        let Some(info) = self.info()? else { return Ok(None) };
        self.settled(&Days::All, info.partition_by, |states| self.contents_of(&info, states))
    }

    fn contents_of(&self, info: &TableInfo, states: &BTreeMap<Partition, PartitionState>) -> Result<Option<Contents>> {
        let mut partitions: Vec<Partition> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        // The newest file of each set of columns; a table has a handful of them in years.
        let mut sets: Vec<(Vec<Column>, String, u64)> = Vec::new();
        let mut objects = BTreeSet::new();
        for (partition, state) in states {
            add_objects(&mut objects, state);
            for Output { claim, done, .. } in state.outputs() {
                let Some(file) = &done.file else { continue };
                let newest = (self.output_key(partition, claim), file.bytes);
                match sets.iter_mut().find(|(set, ..)| *set == file.columns) {
                    Some(known) => (known.1, known.2) = newest,
                    None => sets.push((file.columns.clone(), newest.0, newest.1)),
                }
                if partitions.last() != Some(partition) {
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
        Ok(Some(Contents {
            log_type: info.log_type,
            partition_by: info.partition_by,
            columns,
            partitions,
            dash_as_null: info.dash_as_null,
            founded: info.founded_year(),
            objects,
        }))
    }

    /// Refuses a file whose footer does not have these columns.
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
