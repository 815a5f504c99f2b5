//! What a statement costs: requests, bytes, partitions, files, row groups.
//!
//! Everything that a statement reads goes through here, so that there is one place that counts. Bytes are counted as
//! Athena bills them: of Parquet the column chunks that are read, of raw logs whole objects. Footers and indexes are
//! counted apart.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::file::metadata::ParquetMetaData;
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::error::Failure;
use crate::objects::LeftOut;

/// Some of a number of things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Those that are read.
    pub kept: u64,
    /// All there are.
    pub all: u64,
}

/// What a statement has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Bytes as Athena bills them: column chunks of Parquet, whole raw objects.
    pub bytes: u64,
    /// Bytes of footers and indexes.
    pub footer_bytes: u64,
    /// GET requests.
    pub requests: u64,
    /// Partitions.
    pub partitions: Kept,
    /// Files, or raw objects.
    pub files: Kept,
    /// Row groups of the files that were opened.
    pub row_groups: Kept,
    /// Pages of the row groups that were opened, if the page index was used.
    pub pages: Kept,
    /// Raw lines that fit no row and were left out.
    pub rejected_rows: u64,
    /// Raw objects that did not read to their end, or are of another log type, and were left out.
    pub rejected_objects: u64,
    /// Raw objects that are no flow logs, left alone.
    pub no_flow_logs: u64,
}

/// A footer that is read once by whoever comes first.
pub type SharedFooter = Arc<OnceCell<Arc<ParquetMetaData>>>;

/// Counts what one statement reads.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: AtomicU64,
    footer_bytes: AtomicU64,
    requests: AtomicU64,
    rejected_rows: AtomicU64,
    rejected_objects: AtomicU64,
    no_flow_logs: AtomicU64,
    kept: Mutex<(Kept, Kept)>,
    footers: Mutex<HashMap<String, SharedFooter>>,
    /// What the reader of files failed with, first: on its way through the engine an error becomes a text.
    failure: Mutex<Option<Failure>>,
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

impl Meter {
    /// Begins anew, for another statement.
    pub fn reset(&self) {
        let Self {
            bytes,
            footer_bytes,
            requests,
            rejected_rows,
            rejected_objects,
            no_flow_logs,
            kept,
            footers,
            failure,
        } = self;
        for counter in [bytes, footer_bytes, requests, rejected_rows, rejected_objects, no_flow_logs] {
            counter.store(0, Ordering::Relaxed);
        }
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = (Kept::default(), Kept::default());
        footers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *failure.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps what the reader of files failed with; returns what goes through the engine in its place.
    pub fn fail(&self, failure: Failure) -> Failure {
        let text = failure.to_string();
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        text.into()
    }

    /// Returns what the reader of files failed with, if it did.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Counts data that is read by `requests` requests.
    pub fn data(&self, bytes: u64, requests: u64) {
        add(&self.bytes, bytes);
        add(&self.requests, requests);
    }

    /// Counts a piece of a footer.
    pub fn footer_piece(&self, bytes: u64) {
        add(&self.footer_bytes, bytes);
        add(&self.requests, 1);
    }

    /// Counts what of a raw object was left out.
    pub fn left_out(&self, left_out: LeftOut) {
        let LeftOut { rows, objects, no_flow_logs } = left_out;
        add(&self.rejected_rows, rows);
        add(&self.rejected_objects, objects);
        add(&self.no_flow_logs, no_flow_logs);
    }

    /// Counts a table's partitions and files; one that is named twice is read twice.
    pub fn scanned(&self, partitions: Kept, files: Kept) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let all = &mut *all;
        for (sum, more) in [(&mut all.0, partitions), (&mut all.1, files)] {
            sum.kept += more.kept;
            sum.all += more.all;
        }
    }

    /// Returns the footer of a file, which may not be read yet.
    pub fn footer(&self, key: &str) -> SharedFooter {
        let mut footers = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(footers.entry(key.to_owned()).or_default())
    }

    /// Returns whether the statement asked for a file's footer.
    pub fn opened(&self, key: &str) -> bool {
        self.footers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    /// Returns what was counted.
    pub fn scan(&self) -> Scan {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (partitions, files) = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Scan {
            bytes: read(&self.bytes),
            footer_bytes: read(&self.footer_bytes),
            requests: read(&self.requests),
            partitions,
            files,
            rejected_rows: read(&self.rejected_rows),
            rejected_objects: read(&self.rejected_objects),
            no_flow_logs: read(&self.no_flow_logs),
            ..Scan::default()
        }
    }
}
