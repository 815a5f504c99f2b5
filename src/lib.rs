//! Turns raw AWS VPC Flow Logs into Hive-partitioned Parquet that makes existing Athena queries fast and cheap.
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
//! * `sort`: rows in order: sorted runs, k-d partitions, merge
//! * `encode`: a column's values -> pages, chunks, row groups, a file
//! * `ledger`: exactly once: partitions, entries, the protocol
//! * `athena`: table definitions, queries and prices
//! * `survey`: a look at SOURCE, for the definition of a raw table
//! * `plan`, `convert`, `report`: the job: plan is a value, execution follows it, a report is what is left
//! * `compact`: small files of a partition become one
//! * `status`: what DEST holds, by its ledger
//! * `query`: SQL over tables and raw logs, in the program itself (cargo feature `query`)
//! * `verify`: the recount, by readers that the conversion does not use
//! * `generate`: lifelike sample logs
//! * `cli`: the command line, which uses all of these and which none of them knows

mod athena;
mod cli;
mod compact;
mod convert;
mod days;
mod encode;
mod error;
mod generate;
mod ledger;
mod options;
mod plan;
#[cfg(feature = "query")]
mod query;
mod record;
mod report;
mod sort;
mod source;
mod status;
mod store;
mod survey;
mod verify;

pub use jiff::civil::Date;

#[doc(hidden)]
pub use cli::main as program;
pub use compact::{CompactOptions, CompactPlan, CompactReport, compact, plan as plan_compact};
pub use convert::{ConvertOptions, Prepared, convert, prepare};
pub use days::{Days, today};
pub use encode::codec::Compression;
pub use encode::layout::{Layout, SortBy};
pub use error::{Error, ErrorKind, Result};
pub use generate::{GenerateOptions, Generated, GeneratedObject, KeyLayout, generate, generate_into};
pub use ledger::contents::Contents;
pub use ledger::entry::OutputOptions;
pub use ledger::partition::PartitionBy;
pub use ledger::table::Table;
pub use plan::{Estimate, Plan};
pub use record::schema::LogType;
pub use report::{Progress, Report, Silent};
pub use source::discover::Wanted;
pub use status::{Status, status};
pub use store::{Io, Location, Requests, Store, StoreOptions};
pub use verify::outcome::Verification;
pub use verify::{Extent, VerifyOptions, verify};

/// What the values above are made of.
pub mod parts {
    pub use crate::compact::Compacted;
    pub use crate::compact::merge::NotMerged;
    pub use crate::ledger::partition::Partition;
    pub use crate::record::header::Column;
    pub use crate::record::schema::{ColumnType, Field, Schema};
    pub use crate::report::{Counts, Named, PartitionReport};
    pub use crate::status::{DayStatus, PlaceStatus, Silence};
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
    pub use crate::ledger::entry::{PartitionState, Record, entry_number};
    pub use crate::record::columns::{Batch, ColumnData, Values};
    pub use crate::record::decode::{ObjectDecoder, RejectedRow};
    pub use crate::record::header::{Header, MAX_COLUMNS, MAX_UNKNOWN};
    pub use crate::record::interner::Interner;
    pub use crate::record::tokens::TokenTable;
    pub use crate::sort::region::Region;
    pub use crate::sort::run::Run;
    pub use crate::source::gunzip::{Unpacked, Unpacker};
    pub use crate::source::layout::{FileName, Level, Place, Suffix, folders_of};
}
