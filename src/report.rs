//! What a run did, in numbers; and how it tells while it is at it.
//!
//! [`Report`] is the value that everything printed at the end comes from; its JSON form is versioned and documented
//! in `docs/report.md`. The library reports through [`Progress`]; drawing is the command line's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compact::Compacted;
use crate::compact::merge::NotMerged;
use crate::error::Error;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::missing::Missing;
use crate::record::schema::LogType;
use crate::store::Requests;

/// Version of the report's JSON form; it grows when a field changes its meaning or goes.
pub const REPORT_VERSION: u32 = 1;

/// Rejects that a report names one by one; the others are counted, and all of them are kept under DEST.
pub const MAX_NAMED: usize = 100;

/// Where a run tells how far it is. All methods may be called from any thread.
pub trait Progress: Sync {
    /// The run will read this much.
    fn begin(&self, objects: u64, packed_bytes: u64);
    /// Some of it is converted.
    fn advance(&self, objects: u64, packed_bytes: u64, rows: u64);
    /// The run is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _objects: u64, _packed_bytes: u64) {}
    fn advance(&self, _objects: u64, _packed_bytes: u64, _rows: u64) {}
    fn end(&self) {}
}

/// Counters of a partition, and of a run when added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Objects that were read to their end and whose rows are in the table now.
    pub objects: u64,
    /// Objects among these that were read twice: a column turned up in them that the rows written so far do not have.
    pub objects_read_twice: u64,
    /// Their size in the store.
    pub packed_bytes: u64,
    /// Their size as text.
    pub text_bytes: u64,
    /// Rows read: written and rejected.
    pub rows_read: u64,
    /// Rows written.
    pub rows_written: u64,
    /// Rows rejected.
    #[serde(rename = "rows_rejected")]
    pub rejected_rows: u64,
    /// Objects that do not read to their end.
    pub objects_rejected: u64,
    /// Objects among these that have no bytes: they are named this once, and again only if they change.
    pub objects_empty: u64,
    /// Objects of another log type, left alone.
    pub objects_of_other_type: u64,
    /// Lines of another log type, left alone, in objects whose other lines are converted.
    pub rows_of_other_type: u64,
    /// Objects that have such lines.
    pub objects_mixed: u64,
    /// Objects that are no flow logs, left alone.
    #[serde(rename = "objects_no_flow_logs")]
    pub no_flow_logs: u64,
    /// Files written.
    pub files: u64,
    /// Their size.
    pub output_bytes: u64,
    /// Files among these that a stopped run had written completely, but not recorded.
    pub files_recovered: u64,
    /// Files that were replaced: made again because an object changed, or merged.
    pub files_replaced: u64,
    /// Claims that another run finished meanwhile; their rows are counted in none of the above.
    pub finished_by_others: u64,
}

impl Counts {
    /// Adds another's counters.
    pub fn add(&mut self, other: &Self) {
        self.objects += other.objects;
        self.objects_read_twice += other.objects_read_twice;
        self.packed_bytes += other.packed_bytes;
        self.text_bytes += other.text_bytes;
        self.rows_read += other.rows_read;
        self.rows_written += other.rows_written;
        self.rejected_rows += other.rejected_rows;
        self.objects_rejected += other.objects_rejected;
        self.objects_empty += other.objects_empty;
        self.objects_of_other_type += other.objects_of_other_type;
        self.rows_of_other_type += other.rows_of_other_type;
        self.objects_mixed += other.objects_mixed;
        self.no_flow_logs += other.no_flow_logs;
        self.files += other.files;
        self.output_bytes += other.output_bytes;
        self.files_recovered += other.files_recovered;
        self.files_replaced += other.files_replaced;
        self.finished_by_others += other.finished_by_others;
    }
}

/// A partition that a run touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionReport {
    /// Its folder below DEST.
    pub partition: String,
    /// Its counters.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Something that was not converted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The object.
    pub object: String,
    /// The line in its text, from 1, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The byte in its text, from 0, if it is about a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// `REPORT_VERSION`.
    pub version: u32,
    /// The program.
    pub tool: String,
    /// SOURCE.
    pub source: String,
    /// DEST.
    pub dest: String,
    /// Log type of the table.
    pub log_type: Option<LogType>,
    /// Partitions of the table.
    pub partition_by: PartitionBy,
    /// When the run began.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// All partitions together.
    pub totals: Counts,
    /// Objects of the asked days that were converted before, and not read again.
    pub objects_converted_before: u64,
    /// Objects of the asked days that were found to be of another log type before, and not read again.
    pub objects_of_other_type_before: u64,
    /// Objects of the asked days that were found to be no flow logs before, and not read again.
    pub objects_no_flow_logs_before: u64,
    /// The partitions that were touched.
    pub partitions: Vec<PartitionReport>,
    /// The partitions whose files were merged (`--auto-compact`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compacted: Vec<Compacted>,
    /// Merges that cannot be made until a person does something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_merged: Vec<NotMerged>,
    /// Rejected lines that were to be tried again and cannot be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_retried: Vec<NotRetried>,
    /// Rejected rows and objects, the first `MAX_NAMED`.
    pub rejects: Vec<Named>,
    /// Objects with lines of another log type, left alone, the first `MAX_NAMED`; their other lines are converted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mixed: Vec<Named>,
    /// Objects that are no flow logs, left alone, and what they are; the first `MAX_NAMED`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_flow_logs: Vec<Named>,
    /// Whether somebody said which log type is wanted: then it is no news that others lie there too.
    #[serde(skip)]
    pub log_type_said: bool,
    /// So many rejected lines that the format is probably wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
    /// Objects passed over because of their key, those that need a person first, the first `MAX_NAMED`.
    pub passed_over: Vec<Named>,
    /// How many objects were passed over in all.
    pub objects_passed_over: u64,
    /// How many of them may be logs that are being missed.
    pub objects_to_look_at: u64,
    /// Objects whose folder says another day than their name, the first `MAX_NAMED`; the name decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub two_days: Vec<Named>,
    /// How many there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub objects_of_two_days: u64,
    /// Logs that are missing.
    #[serde(flatten)]
    pub missing: Missing,
    /// Objects that changed after they were converted, and whose old rows the table keeps.
    pub objects_changed: Vec<Named>,
    /// Objects that were listed, and were gone when they were to be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects_vanished: Vec<Named>,
    /// Objects that are listed and cannot be read, and why, by the store's own code; the first `MAX_NAMED`. They stay unconverted
    /// and are tried again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Named>,
    /// How many there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub objects_unreadable: u64,
    /// Objects that do not lie below SOURCE and that claims name which are not finished, one of each claim: they are not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_elsewhere: Vec<Named>,
    /// Ledgers that are damaged: nothing of their partitions was done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ledgers_damaged: Vec<Named>,
    /// Files that two runs wrote, each with other bytes, and that cannot be made again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_in_doubt: Vec<Named>,
    /// Things a person should know.
    pub warnings: Vec<String>,
    /// Requests to SOURCE's store.
    pub source_requests: Requests,
    /// Requests to DEST's store.
    pub dest_requests: Requests,
}

/// So many rejected lines that the format is probably wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flood {
    /// Rejected lines of the partition, or the run, that has too many.
    pub rows_rejected: u64,
    /// All lines of it.
    pub rows_read: u64,
    /// The object that most of the named ones stand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Its first line: a header line, or not.
    pub first_line: String,
    /// The format that is known: AWS's, or the one that was given for objects without a header line.
    pub known: String,
}

/// Rejected lines that were to be tried again and cannot be; they are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotRetried {
    /// The partition, its folder below DEST.
    pub partition: String,
    /// How many lines of one file.
    pub lines: u64,
    /// Why.
    pub reason: String,
}

impl NotRetried {
    /// Returns a line for people.
    pub fn explain(&self) -> String {
        let Self { partition, lines, reason } = self;
        let lines =
            if *lines == 1 { "1 rejected line is kept".to_owned() } else { format!("{lines} rejected lines are kept") };
        format!("not tried again: {partition}: {lines}: {reason}")
    }
}

/// Returns what is said of two flow logs that recorded the same interfaces on a day.
pub fn doubled_flow_logs((one, other): (&str, &str), day: jiff::civil::Date) -> String {
    format!(
        "flow logs {one} and {other} recorded the same interfaces on {day}: sums count their traffic twice (if that is not meant, \
         delete one of the two; the ready query flows-once counts each flow once)"
    )
}

/// Names ledgers that are damaged.
pub fn damaged_ledgers(damaged: &BTreeMap<Partition, Error>) -> Vec<Named> {
    let named = |(partition, error): (&Partition, &Error)| Named {
        object: error.place().map_or_else(|| partition.path(), str::to_owned),
        line: None,
        byte: None,
        reason: format!("{}; nothing of {partition} is done meanwhile", error.in_a_line()),
    };
    damaged.iter().map(named).collect()
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Report {
    /// Returns whether some input was rejected or skipped (exit code 1).
    pub fn needs_a_person(&self) -> bool {
        let Counts { rejected_rows, objects_rejected, objects_of_other_type, rows_of_other_type, .. } = self.totals;
        let of_other_type = objects_of_other_type + rows_of_other_type + self.objects_of_other_type_before;
        rejected_rows + objects_rejected + self.objects_to_look_at > 0
            || of_other_type > 0 && !self.log_type_said
            || !self.rejects.is_empty()
            || !self.missing.is_empty()
            || !self.objects_changed.is_empty()
            || !self.objects_vanished.is_empty()
            || self.objects_unreadable > 0
            || !self.claims_elsewhere.is_empty()
            || !self.ledgers_damaged.is_empty()
            || !self.files_in_doubt.is_empty()
            || !self.not_merged.is_empty()
            || !self.not_retried.is_empty()
    }

    /// Returns the number of objects and files that are done so far, in whatever way.
    pub(crate) fn all_done(&self) -> u64 {
        let done = |c: &Counts| c.objects + c.objects_rejected + c.files + c.finished_by_others;
        self.partitions.iter().map(|partition| done(&partition.counts)).sum()
    }

    /// Returns whether there was nothing to do.
    pub fn nothing_to_do(&self) -> bool {
        self.partitions.is_empty()
    }
}
