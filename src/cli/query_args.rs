//! What people type for `query`, `compare` and `tune`.

use std::path::PathBuf;

use crate::athena::cost::USD_PER_TIB;
use crate::days::parse_day;
use crate::ledger::claim::DEFAULT_MAX_OBJECT_BYTES;
use crate::query::trino::TrinoPlace;
use crate::source::source_layout::SourceLayout;
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::args::{DayArgs, MOST_MEMORY_BYTES, PartitionByArg, parse_account, parse_bytes, parse_region, size};
use super::store_args::StoreArgs;

const QUERY_EXIT_CODES: &str = "\
Exit codes:
  0  the rows are printed
  1  the rows are printed; of the raw logs, lines or objects were unreadable and left out. With --check: a file is not the
     ledger's, and nothing was asked
  2  wrong usage, or a statement that cannot be run; the message says where in it
  3  stopped: store, network, disk or memory

What of Athena's SQL there is, and what is counted: docs/query.md.";

#[derive(Debug, Args)]
#[command(after_help = QUERY_EXIT_CODES)]
pub struct QueryArgs {
    /// The converted table; with --raw, raw logs
    pub dest: String,
    #[command(flatten)]
    pub statements: StatementArgs,
    /// How to print the rows; json is an object a line
    #[arg(long, value_enum, value_name = "FORM", default_value_t = RowFormat::Table, help_heading = "What is shown")]
    pub output: RowFormat,
    /// Run the statement, and print what was read and what could be left instead of its rows
    #[arg(long, help_heading = "What is shown")]
    pub explain: bool,
    /// Use page index and bloom filters too; Athena is only sure to use the statistics of row groups
    #[arg(long, help_heading = "What is read", conflicts_with = "raw")]
    pub page_index: bool,
    /// Before anything is asked, compare the SHA-256 of every file of the chosen days with the ledger's
    #[arg(long, help_heading = "What is read", conflicts_with = "raw")]
    pub check: bool,
    /// Query raw logs as they are, without converting them
    #[arg(long, help_heading = "What is read")]
    pub raw: bool,
    #[command(flatten)]
    pub logs: RawLogArgs,
    #[command(flatten)]
    pub days: DayArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

const COMPARE_EXIT_CODES: &str = "\
Exit codes:
  0  every answer is the same
  1  an answer differs, or cannot be compared
  2  wrong usage, or a statement that cannot be run
  3  stopped: store, network, disk, memory, or a Trino server that does not answer

Only days that are converted are compared. How rows are compared: docs/query.md.";

#[derive(Debug, Args)]
#[command(after_help = COMPARE_EXIT_CODES)]
pub struct CompareArgs {
    /// Where the raw logs are
    pub source: String,
    /// The converted table
    pub dest: String,
    #[command(flatten)]
    pub statements: StatementArgs,
    /// Also have a Trino server that has the table answer, and compare: trino://[USER@]HOST[:PORT]/CATALOG/SCHEMA
    #[arg(long, value_name = "TRINO", value_parser = TrinoPlace::parse)]
    pub with: Option<TrinoPlace>,
    /// How often a day each statement is run, for the costs of a month of 30 days
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = parse_runs, help_heading = "What is shown")]
    pub runs_per_day: f64,
    /// Write a page with charts to this file
    #[arg(long, value_name = "FILE", help_heading = "What is shown")]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    #[command(flatten)]
    pub days: DayArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct TuneArgs {
    /// Where the raw logs are
    pub source: String,
    #[command(flatten)]
    pub statements: StatementArgs,
    /// Newest days that are converted for the trial
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=31), help_heading = "Days (UTC)")]
    pub sample_days: u32,
    /// The last N complete days, of which the sample is taken if no others are chosen
    #[arg(long, value_name = "N", default_value_t = 7, help_heading = "Days (UTC)", conflicts_with_all = ["day", "from", "yesterday", "all", "local_day"])]
    pub lookback: u32,
    /// How often a day each statement is run, for the costs of a month of 30 days
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = parse_runs, help_heading = "What is shown")]
    pub runs_per_day: f64,
    /// Print JSON
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    /// Folder for the trial tables, about the size of the sample for each of a dozen layouts; removed at the end [default:
    /// the temporary directory]
    #[arg(long, value_name = "DIR", help_heading = "Limits")]
    pub dir: Option<PathBuf>,
    #[command(flatten)]
    pub days: DayArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// The statements.
#[derive(Debug, Args)]
pub struct StatementArgs {
    /// The statement, as for Athena; several are parted by semicolons
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub sql: Option<String>,
    /// Read statements from this file, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Name of the table in the statements
    #[arg(long, value_name = "NAME", default_value = "vpc_flow_logs")]
    pub table: String,
}

/// Which raw logs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Raw logs")]
pub struct RawLogArgs {
    /// Only this account's flow logs [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account, requires = "raw")]
    pub account: Vec<String>,
    /// Only this Region's flow logs [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region, requires = "raw")]
    pub region: Vec<String>,
    /// Day of objects whose key gives none; objects that have one keep it
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "raw")]
    pub assume_day: Option<Date>,
    /// Where day, account and Region stand below SOURCE, if flowparquet cannot know: 'exports/{region}/{yyyy}-{MM}-{dd}/'
    #[arg(long, value_name = "PATTERN", requires = "raw")]
    pub source_layout: Option<SourceLayout>,
    /// Format of objects without a header line: '${version} ${account-id} ...'
    #[arg(long, value_name = "FORMAT", requires = "raw")]
    pub log_format: Option<String>,
    /// Partition columns that there are [default: day]
    #[arg(long, value_enum, value_name = "BY", requires = "raw")]
    pub partition_by: Option<PartitionByArg>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, requires = "raw", help = format!("Most text that one object may unpack to [default: {}]", size(DEFAULT_MAX_OBJECT_BYTES)))]
    pub max_object_bytes: Option<u64>,
}

/// How statements are run and what they cost.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// Dollars that Athena charges for a terabyte scanned, in your Region
    #[arg(long, value_name = "USD", default_value_t = USD_PER_TIB, value_parser = parse_price, help_heading = "What is shown")]
    pub price_per_tb: f64,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "Limits", help = format!("Memory for sorting, grouping and joining; more goes to temporary files [default: half of the machine's, at most {}]", size(MOST_MEMORY_BYTES)))]
    pub memory: Option<u64>,
    /// Threads [default: one per processor]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<usize>,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    Table,
    Csv,
    Json,
}

fn parse_price(text: &str) -> Result<f64, String> {
    let price: Option<f64> = text.strip_prefix('$').unwrap_or(text).parse().ok();
    price.filter(|p| p.is_finite() && *p >= 0.0).ok_or_else(|| "not a price: dollars, such as 5 or 6.75".to_owned())
}

fn parse_runs(text: &str) -> Result<f64, String> {
    let runs: Option<f64> = text.parse().ok();
    runs.filter(|runs| runs.is_finite() && *runs > 0.0).ok_or_else(|| "not a number of runs: above 0".to_owned())
}
