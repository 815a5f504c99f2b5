//! What people type after a command's name, and nothing resolved: [`super::settings`] makes options of it. The commands
//! themselves: [`super::command`].

use std::path::PathBuf;

use crate::athena::bridge::parse_key;
use crate::athena::pattern::Pattern;
use crate::athena::queries;
use crate::compact::DEFAULT_MIN_AGE_SECONDS;
use crate::convert::MaxRejects;
use crate::days::{DEFAULT_LOOKBACK_DAYS, parse_day};
use crate::encode::codec::Compression;
use crate::encode::layout::{ARRIVAL_ROW_GROUP_ROWS, DEFAULT_PAGE_ROWS, DEFAULT_ROW_GROUP_ROWS, SortBy};
use crate::generate::{
    DEFAULT_ACCOUNT, DEFAULT_OBJECTS_PER_DAY, DEFAULT_REGION, DEFAULT_ROWS_PER_OBJECT, KeyLayout, TUTORIAL_DAY,
};
use crate::ledger::claim::DEFAULT_MAX_OBJECT_BYTES;
use crate::plan::DEFAULT_TARGET_FILE_BYTES;
use crate::source::layout::is_account;
use crate::source::source_layout::SourceLayout;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::{Span, SpanRelativeTo};

use super::store_args::{StoreArgs, WriteArgs};

/// Most memory that is used if nobody says how much.
pub const MOST_MEMORY_BYTES: u64 = 8 << 30;

#[derive(Debug, Args)]
pub struct ConvertArgs {
    #[command(flatten)]
    pub job: Job,
    /// Merge the files of a partition if there are more than N of them afterwards (see `compact`)
    #[arg(long, value_name = "N", help_heading = "The table")]
    pub auto_compact: Option<usize>,
    /// Only say what would be done (the same as `plan`)
    #[arg(long, help_heading = "What is shown")]
    pub dry_run: bool,
    /// Write the run report as JSON to this file, `-` for standard output (see docs/report.md)
    #[arg(long, value_name = "FILE", help_heading = "What is shown")]
    pub report: Option<PathBuf>,
    /// How to show progress; auto is a bar on a terminal and a line every ten seconds otherwise
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto, value_name = "KIND", help_heading = "What is shown")]
    pub progress: ProgressKind,
}

#[derive(Debug, Args)]
pub struct RejectsArgs {
    /// The converted table
    pub dest: String,
    #[command(flatten)]
    pub days: DayArgs,
    /// Print a JSON object a line, as they are kept
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// The converted table
    pub dest: String,
    #[command(flatten)]
    pub days: DayArgs,
    /// Print the entries as JSON, with the objects of each claim
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
#[command(after_help = COMPACT_READERS)]
pub struct CompactArgs {
    /// The converted table
    pub dest: String,
    #[command(flatten)]
    pub days: DayArgs,
    /// Only this account's partitions, in a table partitioned by account and Region [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account, help_heading = "Which partitions")]
    pub account: Vec<String>,
    /// Only this Region's partitions, in a table partitioned by account and Region [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region, help_heading = "Which partitions")]
    pub region: Vec<String>,
    #[arg(long, value_name = "AGE", value_parser = parse_age, help_heading = "Which partitions", help = format!("Only partitions whose newest file is older than this: 90m, 12h or 2d; until then late objects are likely [default: {}h]", DEFAULT_MIN_AGE_SECONDS / 3600))]
    pub min_age: Option<u64>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "The table", help = format!("Size that a file should have; files of half of it and more are left alone [default: {}]", size(DEFAULT_TARGET_FILE_BYTES)))]
    pub target_file_size: Option<u64>,
    /// zstd, zstd:LEVEL, snappy (old Redshift), gzip or none [default: that of the partition's newest file]
    #[arg(long, value_name = "CODEC", help_heading = "The table")]
    pub compression: Option<Compression>,
    /// Only say what would be done
    #[arg(long, help_heading = "What is shown")]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "Limits", help = memory_help())]
    pub memory: Option<u64>,
    /// Partitions worked on at once [default: one per processor]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub store: StoreArgs,
}

const COMPACT_READERS: &str = "\
What queries see: the new file is written first, then the old ones are deleted. In between, for about a second per
partition, a query of these days may count rows twice, or fail because a file that it has listed is gone: run it again,
or compact when nobody queries. A run that is stopped is finished by the next compact or convert, of whatever days.";

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub job: Job,
    /// Print JSON
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
}

/// What `convert` and `plan` share.
#[derive(Debug, Args)]
pub struct Job {
    /// Where the raw logs are
    pub source: String,
    /// Where the table is or will be; must not lie in SOURCE, nor SOURCE in it
    pub dest: String,
    #[command(flatten)]
    pub days: DayArgs,
    /// The last N complete days; what is chosen if nothing else is, so that missed nights and late objects heal
    #[arg(long, value_name = "N", help_heading = "Days (UTC)", conflicts_with_all = ["day", "from", "yesterday", "all", "local_day"], help = format!("The last N complete days; chosen if nothing else is, so that missed nights and late objects heal [default: {DEFAULT_LOOKBACK_DAYS}]"))]
    pub lookback: Option<u32>,
    /// Day of objects whose key gives none; objects that have one keep it
    #[arg(long, value_name = "DAY", value_parser = parse_day, help_heading = "Days (UTC)")]
    pub assume_day: Option<Date>,
    /// Only this account's flow logs [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account, help_heading = "Which logs")]
    pub account: Vec<String>,
    /// Only this Region's flow logs [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region, help_heading = "Which logs")]
    pub region: Vec<String>,
    /// Where day, account and Region stand below SOURCE, if flowparquet cannot know: 'exports/{region}/{yyyy}-{MM}-{dd}/'
    #[arg(long, value_name = "PATTERN", help_heading = "Which logs")]
    pub source_layout: Option<SourceLayout>,
    /// Folders of the table; a DEST keeps those of its first conversion [default: day]
    #[arg(long, value_enum, value_name = "BY", help_heading = "The table")]
    pub partition_by: Option<PartitionByArg>,
    /// Put several accounts and Regions together in one partition, on purpose
    #[arg(long, help_heading = "The table")]
    pub merge: bool,
    /// The one log type of DEST [default: DEST's, or what the newest object's header says]
    #[arg(long, value_enum, value_name = "TYPE", help_heading = "The table")]
    pub log_type: Option<LogTypeArg>,
    /// Format of objects without a header line, as DescribeFlowLogs prints it: '${version} ${account-id} ...'
    #[arg(long, value_name = "FORMAT", help_heading = "Which logs")]
    pub log_format: Option<String>,
    /// Convert once more what shares a file with rejected lines, from the raw objects: after a fix, or with --log-format.
    /// Rejected objects are tried again by every run
    #[arg(long, help_heading = "Which logs")]
    pub retry: bool,
    /// Convert also copies of objects that are converted already, under other keys: their rows are there twice then
    #[arg(long, help_heading = "Which logs")]
    pub copy: bool,
    /// Say that the format is probably wrong if more lines are rejected: a share, of at least ten lines, or a number of lines
    /// [default: 1%]
    #[arg(long, value_name = "SHARE", value_parser = parse_max_rejects, help_heading = "Which logs")]
    pub max_rejects: Option<MaxRejects>,
    /// Make `-` NULL in string columns too; raw tables and AWS's own Parquet keep it, so queries may change
    #[arg(long, help_heading = "The table")]
    pub dash_as_null: bool,
    /// zstd, zstd:LEVEL, snappy (old Redshift), gzip or none
    #[arg(long, value_name = "CODEC", default_value_t = Compression::default(), help_heading = "The table")]
    pub compression: Compression,
    /// Order of a file's rows: addresses lets queries on srcaddr or dstaddr skip most of a file; COLUMN,COLUMN... sorts; none
    /// keeps the order in which they came
    #[arg(long, value_name = "ORDER", default_value_t = SortBy::default(), help_heading = "The table")]
    pub sort_by: SortBy,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20), help_heading = "The table", help = format!("Most rows of a row group, which queries read or skip as a whole [default: {DEFAULT_ROW_GROUP_ROWS}, or {ARRIVAL_ROW_GROUP_ROWS} with --sort-by none]"))]
    pub row_group_rows: Option<u32>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20), help_heading = "The table", help = format!("Most rows of a data page [default: {DEFAULT_PAGE_ROWS}]"))]
    pub page_rows: Option<u32>,
    /// Columns that get Bloom filters, such as instance_id,vpc_id [default: none]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "The table")]
    pub bloom_filters: Vec<String>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "The table", help = format!("Size of a file; a day that is smaller becomes one file [default: {}]", size(DEFAULT_TARGET_FILE_BYTES)))]
    pub target_file_size: Option<u64>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "Limits", help = format!("Most text that one object may unpack to [default: {}]", size(DEFAULT_MAX_OBJECT_BYTES)))]
    pub max_object_bytes: Option<u64>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "Limits", help = memory_help())]
    pub memory: Option<u64>,
    /// Threads that decode and encode, at most one for each 128MiB of memory; the output is the same with any number [default:
    /// one per processor]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Accept a store that lets an object be created twice; then there must only ever be one run at a time
    #[arg(long, help_heading = "Store")]
    pub single_writer: bool,
    #[command(flatten)]
    pub missing: MissingArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Days (UTC)")]
pub struct DayArgs {
    /// This day, such as 2026-01-15 [repeatable]
    #[arg(long, value_name = "DAY", value_parser = parse_day, conflicts_with_all = ["from", "yesterday", "all", "local_day"])]
    pub day: Vec<Date>,
    /// From this day on
    #[arg(long, value_name = "DAY", value_parser = parse_day, conflicts_with_all = ["yesterday", "all", "local_day"])]
    pub from: Option<Date>,
    /// To this day, which is included [default: yesterday]
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "from")]
    pub to: Option<Date>,
    /// The last complete day
    #[arg(long, conflicts_with_all = ["all", "local_day"])]
    pub yesterday: bool,
    /// Every day there is
    #[arg(long, conflicts_with = "local_day")]
    pub all: bool,
    /// The UTC days that this day of --tz touches
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "tz")]
    pub local_day: Option<Date>,
    /// Time zone of --local-day, such as Asia/Tokyo
    #[arg(long, value_name = "ZONE", requires = "local_day")]
    pub tz: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Missing logs")]
pub struct MissingArgs {
    /// Who is to deliver on every day: a file with a line ACCOUNT [REGION [FLOW-LOG]] for each; `status --expect-from` writes it
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// Say nothing of missing logs of this account, Region, flow log or day [repeatable]
    #[arg(long, value_name = "WHAT")]
    pub accept_missing: Vec<String>,
}

#[derive(Debug, Args)]
pub struct DdlArgs {
    /// The converted table
    #[arg(required_unless_present_any = ["raw", "schema_version", "log_format"])]
    pub dest: Option<String>,
    /// Name of the table [default: vpc_flow_logs, or vpc_flow_logs_raw with --raw]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Name of the database
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// s3:// location to print, if DEST is on the local disk and will be copied there; Trino, Spark and DuckDB also read
    /// file:///
    #[arg(long, value_name = "URL")]
    pub location: Option<String>,
    /// What to print it for
    #[arg(long, value_enum, value_name = "FORM", default_value_t = FormArg::Athena)]
    pub format: FormArg,
    /// How partitions become known: on computes them, off registers each converted one, msck looks for their folders
    /// [default: on; for Spark msck, and off with --raw]
    #[arg(long, value_enum, value_name = "HOW")]
    pub projection: Option<ProjectionArg>,
    /// Only register the partitions from this day on; the table is there already
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    pub since: Option<Date>,
    /// Leave the column comments out
    #[arg(long)]
    pub no_comments: bool,
    #[command(flatten)]
    pub like: LikeArgs,
    #[command(flatten)]
    pub raw: RawArgs,
    #[command(flatten)]
    pub ahead: AheadArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The table of today")]
pub struct LikeArgs {
    /// Make a table that answers the queries of this one: a file with its CREATE EXTERNAL TABLE statement
    #[arg(long, value_name = "FILE", conflicts_with_all = ["raw", "schema_version"])]
    pub like: Option<PathBuf>,
    /// What a partition key of theirs holds, if its name does not tell: account, region, service or yyyy/MM/dd [repeatable]
    #[arg(long, value_name = "NAME=WHAT", value_parser = parse_key, requires = "like")]
    pub key: Vec<(String, Pattern)>,
    /// Print the steps that put the converted table in the place of this one: hybrid takes converted days from Parquet
    /// and all others from the raw logs, view prints what is to be run when more days are converted; replace shows
    /// converted days only
    #[arg(long, value_enum, value_name = "HOW", requires = "source", num_args = 0..=1, default_missing_value = "hybrid", require_equals = true)]
    pub cutover: Option<CutoverArg>,
    /// Where the raw logs are
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
}

impl LikeArgs {
    /// Returns whether a table of today is to be answered for, or to be replaced.
    pub fn is_asked(&self) -> bool {
        self.like.is_some() || self.cutover.is_some()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Raw logs")]
pub struct RawArgs {
    /// Define the table over these raw logs instead of DEST
    #[arg(long, value_name = "SOURCE", conflicts_with = "dest")]
    pub raw: Option<String>,
    /// Only this account's flow logs [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account)]
    pub account: Vec<String>,
    /// Only this Region's flow logs [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region)]
    pub region: Vec<String>,
    /// Where day, account and Region stand below SOURCE, if flowparquet cannot know: 'exports/{region}/{yyyy}-{MM}-{dd}/'
    #[arg(long, value_name = "PATTERN")]
    pub source_layout: Option<SourceLayout>,
    /// Format of objects without a header line, or of a table before its first conversion: '${version} ...'
    #[arg(long, value_name = "FORMAT", conflicts_with = "schema_version")]
    pub log_format: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Before anything is converted")]
pub struct AheadArgs {
    /// All fields up to this flow log version
    #[arg(long, value_name = "N", conflicts_with = "raw")]
    pub schema_version: Option<u8>,
    /// Log type
    #[arg(long, value_enum, value_name = "TYPE", conflicts_with = "raw")]
    pub log_type: Option<LogTypeArg>,
    /// Folders of the table [default: day]
    #[arg(long, value_enum, value_name = "BY", conflicts_with = "raw")]
    pub partition_by: Option<PartitionByArg>,
}

/// What a definition is printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormArg {
    /// CREATE EXTERNAL TABLE, as Athena and Hive take it
    Athena,
    /// TableInput of `aws glue create-table`; with --since, a line for each call of `aws glue batch-create-partition`
    GlueJson,
    /// Template with an AWS::Glue::Table
    Cloudformation,
    /// aws_glue_catalog_table
    Terraform,
    /// CREATE TABLE of Trino's Hive connector
    Trino,
    /// CREATE TABLE of Spark SQL
    Spark,
    /// View over the files
    Duckdb,
}

/// What comes into the place of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CutoverArg {
    Hybrid,
    View,
    Replace,
}

/// How partitions become known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProjectionArg {
    On,
    Off,
    Msck,
}

#[derive(Debug, Args)]
pub struct QueriesArgs {
    /// Query to print; without it, they are listed
    #[arg(value_parser = PossibleValuesParser::new(query_names()), hide_possible_values = true)]
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Table to query, after its database and a dot if that is to be named
    #[arg(long, value_name = "TABLE", default_value = "vpc_flow_logs")]
    pub table: String,
    /// Value of a parameter of the query [repeatable]
    #[arg(long, value_name = "NAME=VALUE", requires = "name", value_parser = parse_setting)]
    pub set: Vec<(String, String)>,
    /// Only this account, in a table partitioned by account and Region [repeatable]
    #[arg(long, value_name = "ID", requires = "name")]
    pub account: Vec<String>,
    /// Only this Region, in a table partitioned by account and Region [repeatable]
    #[arg(long, value_name = "REGION", requires = "name")]
    pub region: Vec<String>,
    /// Check that this converted table has the columns that the query needs
    #[arg(long, value_name = "DEST", requires = "name", help_heading = "Columns", conflicts_with_all = ["schema_version", "log_format"])]
    pub dest: Option<String>,
    /// The same for a table with all fields up to this flow log version
    #[arg(long, value_name = "N", requires = "name", help_heading = "Columns", conflicts_with = "log_format")]
    pub schema_version: Option<u8>,
    /// The same for a table with these fields: '${version} ${account-id} ...'
    #[arg(long, value_name = "FORMAT", requires = "name", help_heading = "Columns")]
    pub log_format: Option<String>,
    #[command(flatten)]
    pub days: DayArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The converted table
    pub dest: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Look also at these raw logs: which of them are not converted, and which changed
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Where day, account and Region stand below --source, as it was given to convert
    #[arg(long, value_name = "PATTERN", requires = "source")]
    pub source_layout: Option<SourceLayout>,
    /// Of --source only this account's flow logs, as it was given to convert [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account, requires = "source", conflicts_with = "safe_to_expire")]
    pub account: Vec<String>,
    /// Of --source only this Region's flow logs, as it was given to convert [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region, requires = "source", conflicts_with = "safe_to_expire")]
    pub region: Vec<String>,
    /// Print the folders below --source in which everything is converted and verified, which may be deleted whole
    #[arg(long)]
    pub safe_to_expire: bool,
    /// Print who delivered on this day, for --expect
    #[arg(long, value_name = "DAY", value_parser = parse_day, help_heading = "Missing logs")]
    pub expect_from: Option<Date>,
    #[command(flatten)]
    pub missing: MissingArgs,
    #[command(flatten)]
    pub days: DayArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

const VERIFY_EXIT_CODES: &str = "\
Exit codes:
  0  everything agrees
  1  something differs, is not converted, or needs a person
  2  wrong usage, or nothing was ever converted to DEST
  3  stopped; it is safe to run again";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXIT_CODES)]
pub struct VerifyArgs {
    /// Where the raw logs are; may be left away with --hashes
    pub source: String,
    /// The converted table
    #[arg(required_unless_present = "hashes")]
    pub dest: Option<String>,
    /// Compare every row of P percent of the files, always the same ones; footers of all
    #[arg(long, value_name = "P", value_parser = parse_percent, help_heading = "How much", conflicts_with = "footers_only")]
    pub sample: Option<f64>,
    /// Read listings, ledger and footers only: rows, columns, sizes
    #[arg(long, help_heading = "How much")]
    pub footers_only: bool,
    /// Read every file of the table and compare its SHA-256 with the ledger's; needs no raw logs
    #[arg(long, help_heading = "How much", conflicts_with_all = ["sample", "footers_only"])]
    pub hashes: bool,
    /// Do not record in the ledger what agrees; DEST is only read
    #[arg(long, help_heading = "How much")]
    pub no_record: bool,
    #[command(flatten)]
    pub days: DayArgs,
    #[arg(long, value_name = "N", help_heading = "Days (UTC)", conflicts_with_all = ["day", "from", "yesterday", "all", "local_day"], help = format!("The last N complete days; chosen if nothing else is [default: {DEFAULT_LOOKBACK_DAYS}]"))]
    pub lookback: Option<u32>,
    /// Day of objects whose key gives none, as it was given to convert
    #[arg(long, value_name = "DAY", value_parser = parse_day, help_heading = "Days (UTC)")]
    pub assume_day: Option<Date>,
    /// Only this account's flow logs [repeatable]
    #[arg(long, value_name = "ID", value_parser = parse_account, help_heading = "Which logs")]
    pub account: Vec<String>,
    /// Only this Region's flow logs [repeatable]
    #[arg(long, value_name = "REGION", value_parser = parse_region, help_heading = "Which logs")]
    pub region: Vec<String>,
    /// Where day, account and Region stand below SOURCE, if flowparquet cannot know: 'exports/{region}/{yyyy}-{MM}-{dd}/'
    #[arg(long, value_name = "PATTERN", help_heading = "Which logs")]
    pub source_layout: Option<SourceLayout>,
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "Limits", help = memory_help())]
    pub memory: Option<u64>,
    /// Threads that read and count, at most one for each 128MiB of memory [default: one per processor]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Print JSON (see docs/verify.md)
    #[arg(long, help_heading = "What is shown")]
    pub json: bool,
    /// How to show progress; auto is a bar on a terminal and a line every ten seconds otherwise
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto, value_name = "KIND", help_heading = "What is shown")]
    pub progress: ProgressKind,
    #[command(flatten)]
    pub missing: MissingArgs,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct FieldsArgs {
    /// Only fields up to this flow log version
    #[arg(long, value_name = "N")]
    pub version: Option<u8>,
    /// Log type
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = LogTypeArg::Vpc)]
    pub log_type: LogTypeArg,
    /// How to print them
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = FieldFormat::Table)]
    pub format: FieldFormat,
}

#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Folder or s3:// prefix that AWSLogs/ is made in
    pub dir: String,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[arg(long, value_name = "DAY", value_parser = parse_day, conflicts_with = "from", help = format!("This day [repeatable] [default: {TUTORIAL_DAY}, the tutorial's]"))]
    pub day: Vec<Date>,
    /// From this day on
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "to")]
    pub from: Option<Date>,
    /// To this day, which is included
    #[arg(long, value_name = "DAY", value_parser = parse_day, requires = "from")]
    pub to: Option<Date>,
    /// Objects a day; AWS publishes one every five minutes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_OBJECTS_PER_DAY)]
    pub objects: u32,
    /// Rows of each object
    #[arg(long, value_name = "N", default_value_t = DEFAULT_ROWS_PER_OBJECT)]
    pub rows: u32,
    /// All fields up to this flow log version
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "log_format")]
    pub schema_version: u8,
    /// These fields: '${version} ${account-id} ...'
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Log type
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = LogTypeArg::Vpc)]
    pub log_type: LogTypeArg,
    /// Layout of the keys: default, default-hourly, hive or hive-hourly
    #[arg(long, value_name = "LAYOUT", default_value_t = KeyLayout::Default)]
    pub layout: KeyLayout,
    /// Account [repeatable]
    #[arg(long, value_name = "ID", default_value = DEFAULT_ACCOUNT)]
    pub account: Vec<String>,
    /// Region [repeatable]
    #[arg(long, value_name = "REGION", default_value = DEFAULT_REGION)]
    pub region: Vec<String>,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder to work in; must be empty or not there [default: a folder in the temporary directory]
    pub dir: Option<PathBuf>,
    /// Objects of the day
    #[arg(long, value_name = "N", default_value_t = DEFAULT_OBJECTS_PER_DAY)]
    pub objects: u32,
    /// Rows of each object
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    pub rows: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    Auto,
    Bar,
    Plain,
    Json,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogOutput {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FieldFormat {
    Table,
    Json,
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogTypeArg {
    Vpc,
    Tgw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartitionByArg {
    Day,
    AccountRegionDay,
    Hour,
    AccountRegionHour,
}

/// Returns what a query may be called, AWS's names too.
fn query_names() -> impl Iterator<Item = PossibleValue> {
    queries::all().iter().map(|query| PossibleValue::new(query.name).aliases(query.aws))
}

/// Parses `name=value`.
fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses `90m`, `12h`, `2d`, `1h30m` or `0` into seconds.
pub fn parse_age(text: &str) -> Result<u64, String> {
    let text = if text == "0" { "0s" } else { text };
    let age = text.parse::<Span>().and_then(|age| age.to_duration(SpanRelativeTo::days_are_24_hours()));
    let seconds = age.ok().filter(|age| !age.is_negative()).map(|age| age.as_secs().unsigned_abs());
    seconds.ok_or_else(|| "not an age: write it as 90m, 12h or 2d".to_owned())
}

/// Parses an account's id.
pub fn parse_account(text: &str) -> Result<String, String> {
    let what = "not an account: it has 12 digits, zeros before it too, and no hyphens";
    if is_account(text) { Ok(text.to_owned()) } else { Err(what.to_owned()) }
}

/// Parses a Region's name: in which of them there are logs, SOURCE says.
pub fn parse_region(text: &str) -> Result<String, String> {
    let is_region = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_region { Ok(text.to_owned()) } else { Err("not a Region: write it as us-east-1".to_owned()) }
}

/// Parses `1%` or `1000`.
pub fn parse_max_rejects(text: &str) -> Result<MaxRejects, String> {
    let wrong = || "not a share or number of lines: write it as 1% or 1000".to_owned();
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: Option<f64> = percent.trim().parse().ok();
            let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(wrong)?;
            Ok(MaxRejects::Share(percent / 100.0))
        }
        None => text.parse().map(MaxRejects::Lines).map_err(|_| wrong()),
    }
}

/// Parses `10`, `0.5`.
fn parse_percent(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.strip_suffix('%').unwrap_or(text).parse().ok();
    percent.filter(|p| *p > 0.0 && *p <= 100.0).ok_or_else(|| "not a percentage: above 0, at most 100".to_owned())
}

/// Returns the help of `--memory`.
pub fn memory_help() -> String {
    format!("Memory to stay within [default: half of the machine's, at most {}]", size(MOST_MEMORY_BYTES))
}

/// Returns a size as [`parse_bytes`] reads it.
pub fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let exact = units.into_iter().find(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    exact.map_or_else(|| bytes.to_string(), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

/// Parses `512MiB`, `2GB`, `1000`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        "TiB" | "T" => 1 << 40,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err("not a size: write it as 512MiB, 2GB or in bytes".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "not a size: write it as 512MiB, 2GB or in bytes".to_owned())?;
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(|| "not a size: zero or far too much".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (age, seconds) in
            [("0", 0), ("30s", 30), ("90m", 5_400), ("12h", 43_200), ("2d", 172_800), ("1h30m", 5_400)]
        {
            assert_eq!(parse_age(age), Ok(seconds), "{age}");
        }
        for bad in ["", "1", "-1h", "2 parsecs", "99999999999999999d", "1mo"] {
            assert!(parse_age(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_bytes("512MiB"), Ok(512 << 20));
        assert_eq!(parse_bytes("2 GB"), Ok(2_000_000_000));
        assert_eq!(parse_bytes("1000"), Ok(1000));
        for (bytes, text) in [(192 << 20, "192MiB"), (8 << 30, "8GiB"), (1000, "1000"), (1536 << 20, "1536MiB")] {
            assert_eq!((size(bytes).as_str(), parse_bytes(text)), (text, Ok(bytes)));
        }
        for bad in ["", "0", "-1", "1.5GiB", "MiB", "99999999999TiB", "1 parsec"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }
}
