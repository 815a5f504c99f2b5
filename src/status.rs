//! What DEST holds, UTC day by UTC day, as its ledger says: `status`.
//!
//! In: the ledger of the asked days. Out: a [`Status`]. Reads no logs and no Parquet.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::athena::outgrown::running_out;
use crate::days::Days;
use crate::error::Result;
use crate::record::schema::LogType;
use crate::table::commit::Table;
use crate::table::ledger::{InputState, Output};
use crate::table::partition::PartitionBy;

/// Version of the JSON that `status --json` prints; keys may be added without a new one.
pub const STATUS_VERSION: u32 = 1;

/// A UTC day of a table: all of its partitions together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DayStatus {
    /// Partitions with a ledger.
    pub partitions: u64,
    /// Objects whose rows are in the table.
    pub objects: u64,
    /// Rows in the table.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Lines that were rejected; they are kept under `_flowparquet/rejects/`.
    pub rejected_rows: u64,
    /// Objects that did not read to their end when they were last tried.
    pub rejected_objects: u64,
    /// Objects of another log type, left alone.
    pub other_type_objects: u64,
    /// Claims that a stopped run left; the next `convert` of the day finishes them.
    pub unfinished: u64,
}

impl DayStatus {
    /// Returns whether a person or another run has something to do.
    pub fn needs_attention(&self) -> bool {
        self.rejected_rows + self.rejected_objects + self.unfinished > 0
    }
}

/// What DEST holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// [`STATUS_VERSION`].
    pub version: u32,
    /// DEST.
    pub dest: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// Partitions of the table.
    pub partition_by: PartitionBy,
    /// Days with a ledger, by date.
    pub days: BTreeMap<String, DayStatus>,
    /// Days without one between the first and the last, as first and last day of each gap.
    pub gaps: Vec<(String, String)>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

impl Status {
    /// Returns whether something needs a person or another run (exit code 1).
    pub fn needs_attention(&self) -> bool {
        self.days.values().any(DayStatus::needs_attention)
    }
}

/// Returns what DEST holds of these days, or `None` if nothing was ever converted to it.
///
/// # Errors
/// When the ledger cannot be read.
pub fn status(table: &Table, days: &Days, today: Date) -> Result<Option<Status>> {
    let Some(info) = table.info()? else { return Ok(None) };
    let mut seen: BTreeMap<Date, DayStatus> = BTreeMap::new();
    for (partition, state) in table.load(days, info.partition_by)? {
        let day = seen.entry(partition.day).or_default();
        day.partitions += 1;
        day.unfinished += state.unfinished().count() as u64;
        for input in state.inputs() {
            match input {
                InputState::Claimed => {}
                InputState::Converted => day.objects += 1,
                InputState::OtherType => day.other_type_objects += 1,
                InputState::Rejected(_) => day.rejected_objects += 1,
            }
        }
        for Output { done, .. } in state.outputs() {
            day.rows += done.outcome.rows;
            day.rejected_rows += done.outcome.rejected_rows;
            if let Some(file) = &done.file {
                day.files += 1;
                day.bytes += file.bytes;
            }
        }
    }
    Ok(Some(Status {
        version: STATUS_VERSION,
        dest: table.store().location().to_string(),
        log_type: info.log_type,
        partition_by: info.partition_by,
        gaps: gaps(seen.keys().copied()),
        days: seen.into_iter().map(|(day, status)| (day.to_string(), status)).collect(),
        warnings: info.founded_year().and_then(|year| running_out(year, today)).into_iter().collect(),
    }))
}

/// Returns the days that are missing between others.
fn gaps(days: impl Iterator<Item = Date>) -> Vec<(String, String)> {
    let mut gaps = Vec::new();
    let mut before: Option<Date> = None;
    for day in days {
        if let Some((first, last)) = before.and_then(|before| Some((before.tomorrow().ok()?, day.yesterday().ok()?)))
            && first <= last
        {
            gaps.push((first.to_string(), last.to_string()));
        }
        before = Some(day);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn gaps_lie_between_days() {
        let days = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 10)];
        let of = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(gaps(days.into_iter()), [of("2026-01-01", "2026-01-01"), of("2026-01-03", "2026-01-09")]);
        assert_eq!(gaps(days.into_iter().take(2)), []);
    }
}
