//! Turns raw AWS VPC Flow Logs into Hive-partitioned Parquet that makes existing Athena queries fast and cheap.
//!
//! To convert a folder or bucket and print the table's definition:
//!
//! ```
//! use flowparquet::{
//!     ConvertOptions, DefineOptions, GenerateOptions, Io, Location, Silent, Store, StoreOptions, Table, convert, define,
//!     generate_into,
//! };
//!
//! # let folder = std::env::temp_dir().join(format!("flowparquet-doc-{}", std::process::id()));
//! # let (raw, dest) = (folder.join("raw"), folder.join("table"));
//! # let (raw, dest) = (&*raw.to_string_lossy(), &*dest.to_string_lossy());
//! let io = Io::start()?;
//! let open = |place: &str| Store::open(&Location::parse(place)?, &StoreOptions::default(), &io);
//! let (source, table) = (open(raw)?, Table::new(open(dest)?)); // paths, or s3://bucket/prefix
//!
//! // Some sample logs.
//! let mut sample = GenerateOptions::default();
//! (sample.objects_per_day, sample.rows_per_object) = (4, 50);
//! generate_into(&sample, &source)?;
//!
//! let report = convert(&source, &table, &ConvertOptions::default(), &Silent)?;
//! assert_eq!((report.totals.objects, report.totals.rows_written), (4, 200));
//! let again = convert(&source, &table, &ConvertOptions::default(), &Silent)?;
//! assert!(again.nothing_to_do());
//!
//! let mut athena = DefineOptions::default();
//! athena.location = Some("s3://my-table/flow".to_owned());
//! let definition = define(&table, &athena)?.map(|defined| defined.text).unwrap_or_default();
//! assert!(definition.starts_with("CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` ("));
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), flowparquet::Error>(())
//! ```
//!
//! What is done is decided by options, which have defaults and can be set field by field: [`ConvertOptions`],
//! [`CompactOptions`], [`VerifyOptions`]. Jobs return what they did as values that can be serialized: [`Report`],
//! [`CompactReport`], [`Verification`], [`Status`]; their formats are those of `--json`, and described in `docs/`. Input
//! that cannot be read stops nothing and stands in the report; an [`Error`] stops the run.
//!
//! The way of the data, left to right; uses point left and down only:
//!
//! ```text
//! S3 key --list--> plan --> fetch --> gunzip --> parse --> columns --> sort --> Parquet --> commit --> DDL
//!         source/   plan    store/     source/      record/           sort/     encode/    ledger/   athena/
//! ```
//!
//! * `error`, `days`: what things are called when they go wrong, and which days a run is about
//! * `options`: how messages name the options of jobs
//! * `store`: S3 and the local disk behind plain calls; async stops there
//! * `source`: raw objects: key layouts, finding them, gunzip
//! * `record`: one line of text -> typed, dictionary-coded columns; the schema table
//! * `sort`: rows in order: sorted runs, boxes, merge
//! * `encode`: a column's values -> pages, chunks, row groups, a file
//! * `ledger`: exactly once: partitions, entries, the protocol
//! * `athena`: table definitions, queries and prices
//! * `survey`: a look at SOURCE, for the definition of a raw table
//! * `define`: definitions of what was converted, of raw logs, and ahead of the first conversion
//! * `missing`: flow logs that delivered, and then did not
//! * `plan`, `convert`, `report`: the job: plan is a value, execution follows it, a report is what is left
//! * `compact`: small files of a partition become one
//! * `status`: what DEST holds, by its ledger
//! * `expire`: which folders of raw logs are no longer needed
//! * `query`: SQL over tables and raw logs, in the program itself (cargo feature `query`)
//! * `verify`: the recount, by readers that the conversion does not use
//! * `generate`: lifelike sample logs
//! * `cli`: the command line, which uses all of these and which none of them knows

mod athena;
mod cli;
mod compact;
mod convert;
mod copies;
mod days;
mod define;
mod doctor;
mod encode;
mod error;
mod expire;
mod generate;
mod ledger;
mod located;
mod missing;
mod options;
mod plan;
mod policy;
#[cfg(feature = "query")]
mod query;
mod record;
mod report;
#[cfg(test)]
mod schedules;
mod sort;
mod source;
mod status;
mod store;
mod survey;
mod verify;

pub use jiff::civil::Date;

#[doc(hidden)]
pub use cli::main as program;
pub use compact::{CompactOptions, CompactReport, compact};
pub use convert::{ConvertOptions, convert};
pub use days::{Days, today};
pub use define::{DefineOptions, define};
pub use encode::codec::Compression;
pub use encode::layout::{Layout, SortBy};
pub use error::{Error, ErrorKind, Result};
pub use generate::{GenerateOptions, generate_into};
pub use ledger::claim::OutputOptions;
pub use ledger::partition::PartitionBy;
pub use ledger::table::Table;
pub use record::schema::LogType;
pub use report::{Progress, Report, Silent};
pub use source::found::Wanted;
pub use status::{Status, status};
pub use store::{Io, Location, Store, StoreOptions, WriteOptions};
pub use verify::outcome::Verification;
pub use verify::{VerifyOptions, verify, verify_hashes};

/// What the values above are made of, and plans of jobs that are not executed.
pub mod parts {
    pub use crate::athena::definition::Partitions;
    pub use crate::athena::form::Form;
    pub use crate::compact::merge::NotMerged;
    pub use crate::compact::{CompactPlan, Compacted, plan as plan_compact};
    pub use crate::convert::{MaxRejects, Prepared, prepare};
    pub use crate::define::Defined;
    pub use crate::generate::{Generated, GeneratedObject, KeyLayout, generate};
    pub use crate::ledger::contents::Contents;
    pub use crate::ledger::partition::Partition;
    pub use crate::missing::{Expected, Missing, MissingOptions, Quiet};
    pub use crate::plan::{Estimate, Plan};
    pub use crate::record::header::Column;
    pub use crate::record::schema::{ColumnType, Field, Schema};
    pub use crate::report::{Counts, Flood, Named, PartitionReport};
    pub use crate::source::source_layout::SourceLayout;
    pub use crate::status::{DayStatus, PassedOver, PlaceStatus, Silence};
    pub use crate::store::Requests;
    pub use crate::verify::Extent;
    pub use crate::verify::outcome::{
        Checksums, Depth, Difference, FileOutcome, LoneRow, LoneRows, PartitionOutcome, Remark, Remarks, Verdict,
    };
}

/// What fuzz targets, benchmarks and tests use of the inside. It promises nothing: any of it may be gone tomorrow.
#[doc(hidden)]
pub mod internals {
    pub use crate::athena::bridge::{Hints, bridge};
    pub use crate::athena::hive;
    pub use crate::athena::like::Theirs;
    pub use crate::athena::name::TableName;
    pub use crate::athena::types::Dialect;
    pub use crate::athena::view::create_view;
    pub use crate::encode::column::{Encoder, Encoders};
    pub use crate::ledger::claim::Draft;
    pub use crate::ledger::entry::{Entry, Record, entry_number};
    pub use crate::ledger::state::PartitionState;
    pub use crate::ledger::table::TableInfo;
    pub use crate::record::columns::{Batch, ColumnData, Values};
    pub use crate::record::decode::{ObjectDecoder, RejectedRow};
    pub use crate::record::header::{Header, MAX_COLUMNS, MAX_UNKNOWN};
    pub use crate::record::interner::Interner;
    pub use crate::record::tokens::TokenTable;
    pub use crate::sort::rows::SortedRows;
    pub use crate::sort::run::SortedRun;
    pub use crate::source::gunzip::{Unpacked, Unpacker};
    pub use crate::source::layout::{FileName, Level, Place, Suffix, folders_of};
    pub use crate::verify::file::TableFile;
}
