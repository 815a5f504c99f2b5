//! Turns raw AWS VPC Flow Logs into Hive-partitioned Parquet that makes existing Athena queries fast and cheap.
//!
//! The way of the data, left to right; uses point left and down only:
//!
//! ```text
//! S3 key --list--> plan --> fetch --> gunzip --> parse --> columns --> sort --> Parquet --> commit --> DDL
//!         source/   plan    store/     source/      record/           sort/     encode/    ledger/   athena/
//! ```
//!
//! * [`error`], [`days`]: what things are called when they go wrong, and which days a run is about
//! * [`store`]: S3 and the local disk behind plain calls; async stops there
//! * [`source`]: raw objects: key layouts, finding them, gunzip
//! * [`record`]: one line of text -> typed, dictionary-coded columns; the schema table
//! * [`sort`]: rows in order: sorted runs, k-d partitions, merge
//! * [`encode`]: a column's values -> pages, chunks, row groups, a file
//! * [`ledger`]: exactly once: partitions, entries, the protocol
//! * [`athena`]: table definitions, queries and prices
//! * [`survey`]: a look at SOURCE, for the definition of a raw table
//! * [`plan`], [`convert`], [`report`]: the job: plan is a value, execution follows it, a report is what is left
//! * [`compact`]: small files of a partition become one
//! * [`status`]: what DEST holds, by its ledger
//! * `query`: SQL over tables and raw logs, in the program itself (cargo feature `query`)
//! * [`verify`]: the recount, by readers that the conversion does not use
//! * [`generate`]: lifelike sample logs
//! * `cli`: the command line, which uses all of these and which none of them knows

pub mod athena;
mod cli;
pub mod compact;
pub mod convert;
pub mod days;
pub mod encode;
pub mod error;
pub mod generate;
pub mod ledger;
pub mod plan;
#[cfg(feature = "query")]
pub mod query;
pub mod record;
pub mod report;
pub mod sort;
pub mod source;
pub mod status;
pub mod store;
pub mod survey;
pub mod verify;

#[doc(hidden)]
pub use cli::main as program;
pub use error::{Error, ErrorKind, Result};
