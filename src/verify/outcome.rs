//! What `verify` found, as a value: everything that is printed comes from it. Its JSON form is versioned and documented
//! in `docs/verify.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::tally::RowHash;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::missing::Missing;
use crate::record::schema::LogType;
use crate::report::Named;
use crate::store::Requests;

/// Version of the JSON form; it grows when a key changes its meaning or goes.
pub const VERIFICATION_VERSION: u32 = 1;

/// Rows of each side that are shown of a file that differs; all of them are counted.
pub const MAX_ROWS_SHOWN: usize = 20;

/// How a file was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Its size, footer and place in the ledger.
    Footer,
    /// Also its SHA-256 against the ledger's: raw objects of it are gone or changed.
    Hash,
    /// Every row, against the raw objects; also its SHA-256.
    Rows,
}

/// What a file or a partition turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All that was compared agrees.
    Agrees,
    /// Nothing differs; but something is not converted, is misread by an engine, or waits for a run or a person.
    Incomplete,
    /// Something differs.
    Differs,
}

/// A number or word that is not the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What was compared.
    pub what: String,
    /// By the raw objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// By the Parquet file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parquet: Option<String>,
    /// By the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
}

/// A row that one side has and the other has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoneRow {
    /// The raw object, or the file.
    pub object: String,
    /// Line of the raw object, or row of the file, from 1.
    pub number: u64,
    /// Its values that are not NULL, by column.
    pub row: BTreeMap<String, String>,
}

/// Rows that one side has and the other has not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoneRows {
    /// How many.
    pub count: u64,
    /// The first `MAX_ROWS_SHOWN` of them.
    pub first: Vec<LoneRow>,
}

/// An object or file that something is to be said of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Where it is.
    pub object: String,
    /// What is to be said.
    pub reason: String,
}

/// Remarks of one kind: all are counted, the first ones are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Remarks {
    /// How many.
    pub count: u64,
    /// The first `MAX_REMARKS` of them.
    pub first: Vec<Remark>,
}

/// Remarks of one kind that are kept of a partition.
pub const MAX_REMARKS: usize = 100;

impl Remarks {
    /// Adds a remark.
    pub fn push(&mut self, object: String, reason: impl Into<String>) {
        self.count += 1;
        if self.first.len() < MAX_REMARKS {
            self.first.push(Remark { object, reason: reason.into() });
        }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A file, and what it was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileOutcome {
    /// The file; none if the objects of a claim gave no row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Number of its claim.
    pub claim: u64,
    /// How it was looked at.
    pub depth: Depth,
    /// Raw objects whose rows stand in it.
    pub objects: u64,
    /// Rows, by the ledger.
    pub rows: u64,
    /// Bytes, by the ledger.
    pub bytes: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Raw rows that the file has not.
    pub missing: LoneRows,
    /// Rows of the file that no raw object has.
    pub extra: LoneRows,
}

/// What was counted of the rows of a partition that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checksums {
    /// Rows.
    pub rows: u64,
    /// Sum of the column `bytes`.
    pub sum_bytes: i128,
    /// Sum of the column `packets`.
    pub sum_packets: i128,
    /// NULLs by column; columns that no row has a value in are left out.
    pub nulls: BTreeMap<String, u64>,
    /// The hash of all rows, which knows no order.
    pub hash: RowHash,
}

/// A partition, and all that is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionOutcome {
    /// Its folder below DEST.
    pub partition: String,
    /// What it turned out to be.
    pub verdict: Verdict,
    /// Last ledger entry that was looked at.
    pub through: u64,
    /// Raw objects whose rows are in the table, by the ledger.
    pub objects: u64,
    /// Rows in the table, by the ledger.
    pub rows: u64,
    /// Rejected rows, by the ledger.
    pub rejected_rows: u64,
    /// Objects of another log type, left alone.
    pub other_type_objects: u64,
    /// Lines of another log type in objects of the table's type, left alone.
    pub other_type_rows: u64,
    /// Files, by the ledger.
    pub files: u64,
    /// Files whose every row was compared with the raw objects.
    pub files_compared: u64,
    /// What was counted of the files whose every row was compared, by their raw objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Checksums>,
    /// Files that differ.
    pub differing: Vec<FileOutcome>,
    /// Files of which an engine does not read all rows, though they are there: `compact` makes them anew.
    pub misread: Remarks,
    /// Numbers of their claims.
    #[serde(skip)]
    pub misread_claims: Vec<u64>,
    /// Files that no live claim names.
    pub unknown_files: Remarks,
    /// How many of these the next run removes. No entry of the ledger says when they went.
    #[serde(skip)]
    pub(super) passing_files: u64,
    /// Objects of SOURCE that the ledger does not have, or has as rejected.
    pub not_converted: Remarks,
    /// Objects that are others now than those that were converted.
    pub changed: Remarks,
    /// Claims that a stopped run left.
    pub unfinished: Remarks,
    /// Raw objects that are not there any more: no error, but their files cannot be recounted.
    pub gone: Remarks,
    /// Raw objects that are there and cannot be read, and why: their files cannot be recounted.
    #[serde(skip_serializing_if = "Remarks::is_empty")]
    pub unreadable: Remarks,
    /// Files that could not be compared with raw objects, and why.
    pub not_compared: Remarks,
    /// Whether this result was recorded in the ledger.
    pub recorded: bool,
}

impl PartitionOutcome {
    /// Returns what the partition turned out to be.
    pub(super) fn judge(&self) -> Verdict {
        let misread = if self.misread.is_empty() { Verdict::Agrees } else { Verdict::Incomplete };
        self.judge_rows().max(misread)
    }

    /// Returns whether something differs and will until somebody mends it: what the next run removes is no word for the ledger,
    /// which would go on saying it.
    pub(super) fn differs_for_good(&self) -> bool {
        !self.differing.is_empty() || self.unknown_files.count > self.passing_files
    }

    /// Returns the same, whatever engines make of the files.
    pub(super) fn judge_rows(&self) -> Verdict {
        let waiting = [&self.not_converted, &self.changed, &self.unreadable, &self.unfinished];
        if !self.differing.is_empty() || !self.unknown_files.is_empty() {
            Verdict::Differs
        } else if waiting.iter().any(|remarks| !remarks.is_empty()) {
            Verdict::Incomplete
        } else {
            Verdict::Agrees
        }
    }
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// `VERIFICATION_VERSION`.
    pub version: u32,
    /// The program.
    pub tool: String,
    /// SOURCE.
    pub source: String,
    /// DEST.
    pub dest: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// Partitions of the table.
    pub partition_by: PartitionBy,
    /// When the run began.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Whether everything agrees and nothing waits: exit code 0.
    pub agrees: bool,
    /// Raw rows that were read.
    pub rows_read: u64,
    /// The partitions of the asked days.
    pub partitions: Vec<PartitionOutcome>,
    /// Objects of SOURCE that may be logs, but give no day.
    pub passed_over: Remarks,
    /// Ledgers that are damaged: nothing of their partitions was compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ledgers_damaged: Vec<Named>,
    /// Logs that are missing.
    #[serde(flatten)]
    pub missing: Missing,
    /// Requests to SOURCE's store.
    pub source_requests: Requests,
    /// Requests to DEST's store.
    pub dest_requests: Requests,
}

impl Verification {
    /// Takes what was found of these days when they were looked at again.
    pub(super) fn take_over(&mut self, again: Self, days: &BTreeSet<Date>) {
        let is_of = |outcome: &PartitionOutcome| {
            Partition::parse(&outcome.partition).is_some_and(|partition| days.contains(&partition.day))
        };
        self.partitions.retain(|outcome| !is_of(outcome));
        self.partitions.extend(again.partitions.into_iter().filter(is_of));
        self.partitions.sort_by(|a, b| a.partition.cmp(&b.partition));
        self.agrees = self.ledgers_damaged.is_empty()
            && self.passed_over.is_empty()
            && self.missing.is_empty()
            && self.partitions.iter().all(|outcome| outcome.verdict == Verdict::Agrees);
        self.seconds += again.seconds;
        self.rows_read += again.rows_read;
        (self.source_requests, self.dest_requests) = (again.source_requests, again.dest_requests);
    }
}
