//! What to convert and how.

use crate::ledger::claim::OutputOptions;
use crate::ledger::partition::PartitionBy;
use crate::missing::MissingOptions;
use crate::plan::DEFAULT_TARGET_FILE_BYTES;
use crate::record::schema::LogType;
use crate::sort::workers::{self, one_per_processor};
use crate::source::found::Wanted;

/// How many rejected lines are too many for single ones to be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// This share of the lines of a partition, or of all: 0.01 is one in a hundred.
    Share(f64),
    /// So many lines.
    Lines(u64),
}

impl Default for MaxRejects {
    fn default() -> Self {
        Self::Share(0.01)
    }
}

/// What to convert and how, resolved: nothing in here asks the terminal or the environment.
///
/// [`ConvertOptions::default`] takes every object there is, into files as docs/layout.md recommends them, with one thread
/// per processor and 1 GiB of memory. Fields can be set afterwards:
///
/// ```
/// use flowparquet::{ConvertOptions, Days, PartitionBy, Wanted};
///
/// let mut options = ConvertOptions::default();
/// options.wanted = Wanted::of(Days::lookback(flowparquet::today(), 3)?);
/// options.partition_by = Some(PartitionBy::AccountRegionDay);
/// options.output.layout.bloom_filters = vec!["instance_id".to_owned()];
/// # Ok::<(), flowparquet::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// Which objects.
    pub wanted: Wanted,
    /// Partitions of the table; `None` for those DEST has, or days.
    pub partition_by: Option<PartitionBy>,
    /// Log type of the table; `None` for the one DEST has, or the newest object's.
    pub log_type: Option<LogType>,
    /// Whether several accounts and Regions may share a partition.
    pub merge: bool,
    /// Size that an output file should have, in bytes.
    pub target_file_bytes: u64,
    /// How outputs are made.
    pub output: OutputOptions,
    /// Whether to make outputs with rejected lines again.
    pub retry_rejected: bool,
    /// Whether copies of converted objects are converted too.
    pub copy: bool,
    /// Who is to deliver, and what may be missing.
    pub missing: MissingOptions,
    /// Rejected lines that are so many that the format is probably wrong.
    pub max_rejects: MaxRejects,
    /// Files that a partition may have before they are merged; `None` never merges.
    pub auto_compact: Option<usize>,
    /// Whether to accept a store without create-if-absent.
    pub single_writer: bool,
    /// Threads that decode and encode, if there is memory for them (128 MiB each).
    pub threads: usize,
    /// Memory to stay within, in bytes; rows that are sorted together get a quarter of it at most, whatever
    /// `output.layout.sort_bytes` says.
    pub memory_bytes: u64,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            wanted: Wanted::default(),
            partition_by: None,
            log_type: None,
            merge: false,
            target_file_bytes: DEFAULT_TARGET_FILE_BYTES,
            output: OutputOptions::default(),
            retry_rejected: false,
            copy: false,
            missing: MissingOptions::default(),
            max_rejects: MaxRejects::default(),
            auto_compact: None,
            single_writer: false,
            threads: one_per_processor(),
            memory_bytes: workers::DEFAULT_MEMORY_BYTES,
        }
    }
}
