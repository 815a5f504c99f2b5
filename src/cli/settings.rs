//! What was typed + the environment -> the library's options. Every default and cross-check happens here.

use crate::compact::{CompactOptions, DEFAULT_MIN_AGE_SECONDS};
use crate::convert::{ConvertOptions, DEFAULT_MAX_OBJECT_BYTES, DEFAULT_MEMORY_BYTES, MIN_MEMORY_BYTES};
use crate::days::{DEFAULT_LOOKBACK_DAYS, Days, today};
use crate::encode::codec::Compression;
use crate::encode::layout::{
    ARRIVAL_ROW_GROUP_ROWS, DEFAULT_PAGE_ROWS, DEFAULT_ROW_GROUP_ROWS, Layout, SortBy, sort_bytes,
};
use crate::ledger::claim::OutputOptions;
use crate::ledger::partition::PartitionBy;
use crate::plan::DEFAULT_TARGET_FILE_BYTES;
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::source::discover::Wanted;
use crate::store::StoreOptions;
use crate::verify::{Extent, VerifyOptions};
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::{Compact, DayArgs, Job, LogTypeArg, PartitionByArg, StoreArgs, Verify};

/// Returns the days that were selected, or what `otherwise` makes of today if none were.
pub fn days(args: &DayArgs, otherwise: impl FnOnce(Date) -> Result<Days>) -> Result<Days> {
    let today = today();
    let days = match args {
        DayArgs { all: true, .. } => Days::All,
        DayArgs { yesterday: true, .. } => Days::lookback(today, 1)?,
        DayArgs { local_day: Some(local), tz: Some(zone), .. } => Days::of_local_day(*local, zone)?,
        DayArgs { from: Some(from), to: Some(to), .. } => Days::range(*from, *to)?,
        DayArgs { from: Some(from), to: None, .. } => {
            Days::range(*from, today.yesterday().map_err(|e| Error::usage("the clock is wrong").because(e))?)?
        }
        DayArgs { day, .. } if !day.is_empty() => Days::These(day.iter().copied().collect()),
        _ => otherwise(today)?,
    };
    days.refuse_future(today)
}

/// Returns the days of a job.
fn job_days(args: &DayArgs, assume_day: Option<Date>, lookback: Option<u32>) -> Result<Days> {
    days(args, |today| match (assume_day, lookback) {
        // A copy of one day with its day said needs no other selection.
        (Some(day), None) => Ok(Days::These([day].into())),
        _ => Days::lookback(today, lookback.unwrap_or(DEFAULT_LOOKBACK_DAYS)),
    })
}

/// Returns how many threads work.
fn threads(asked: Option<usize>) -> Result<usize> {
    match asked {
        Some(0) => Err(Error::usage("--threads must be at least 1")),
        asked => Ok(asked.unwrap_or_else(default_threads)),
    }
}

/// Reads `--log-format`.
pub fn log_format(format: &str) -> Result<Header> {
    Header::from_log_format(format).map_err(|e| {
        Error::usage(format!("--log-format cannot be used: {e}"))
            .help("write it as DescribeFlowLogs prints it: '${version} ${account-id} ${interface-id} ...'")
    })
}

/// Returns how a job is to be done.
pub fn convert_options(job: &Job) -> Result<ConvertOptions> {
    if let Some(format) = &job.log_format {
        log_format(format)?;
    }
    let memory_bytes = job.memory.unwrap_or_else(default_memory);
    if memory_bytes < MIN_MEMORY_BYTES {
        return Err(Error::usage(format!("--memory must be at least {}MiB", MIN_MEMORY_BYTES >> 20)));
    }
    Ok(ConvertOptions {
        wanted: Wanted {
            days: job_days(&job.days, job.assume_day, job.lookback)?,
            accounts: job.account.clone(),
            regions: job.region.clone(),
            assume_day: job.assume_day,
        },
        partition_by: job.partition_by.map(Into::into),
        log_type: job.log_type.map(Into::into),
        merge: job.merge,
        target_file_bytes: job.target_file_size.unwrap_or(DEFAULT_TARGET_FILE_BYTES),
        output: OutputOptions {
            compression: job.compression,
            dash_as_null: job.dash_as_null,
            log_format: job.log_format.clone(),
            max_object_bytes: job.max_object_bytes.unwrap_or(DEFAULT_MAX_OBJECT_BYTES),
            layout: layout(job, memory_bytes)?,
        },
        retry_rejected: job.retry,
        auto_compact: None,
        single_writer: job.single_writer,
        threads: threads(job.threads)?,
        memory_bytes,
    })
}

/// Returns how rows are to be laid out.
fn layout(job: &Job, memory_bytes: u64) -> Result<Layout> {
    let sort_by = job.sort_by.clone();
    let known = |name: &str| LogType::ALL.iter().any(|t| t.schema().fields.iter().any(|field| field.column == name));
    let bloom_filters: Vec<String> = job.bloom_filters.iter().filter(|name| *name != "none").cloned().collect();
    let named = sort_by.columns().into_iter().map(|name| ("--sort-by", name));
    let named = named.chain(bloom_filters.iter().map(|name| ("--bloom-filters", name.as_str())));
    if let Some((option, name)) = named.into_iter().find(|(_, name)| !known(name)) {
        return Err(Error::usage(format!("{option} names {name:?}, which is no column of flow logs"))
            .help("flowparquet fields lists them"));
    }
    let row_group_rows = match sort_by {
        SortBy::Arrival => ARRIVAL_ROW_GROUP_ROWS,
        SortBy::Addresses | SortBy::Columns(_) => DEFAULT_ROW_GROUP_ROWS,
    };
    Ok(Layout {
        sort_by,
        row_group_rows: job.row_group_rows.unwrap_or(row_group_rows),
        page_rows: job.page_rows.unwrap_or(DEFAULT_PAGE_ROWS),
        bloom_filters,
        sort_bytes: sort_bytes(memory_bytes),
    })
}

/// Returns what is to be verified and how.
pub fn verify_options(args: &Verify) -> Result<VerifyOptions> {
    let extent = match args.sample {
        Some(percent) => Extent::Sample(percent),
        None if args.footers_only => Extent::Footers,
        None => Extent::Full,
    };
    Ok(VerifyOptions {
        wanted: Wanted {
            days: job_days(&args.days, args.assume_day, args.lookback)?,
            accounts: args.account.clone(),
            regions: args.region.clone(),
            assume_day: args.assume_day,
        },
        extent,
        record: !args.no_record,
        threads: threads(args.threads)?,
    })
}

/// Returns how a job over these days is done if nothing else is said.
pub fn defaults(days: Days) -> ConvertOptions {
    ConvertOptions {
        wanted: Wanted { days, accounts: Vec::new(), regions: Vec::new(), assume_day: None },
        partition_by: None,
        log_type: None,
        merge: false,
        target_file_bytes: DEFAULT_TARGET_FILE_BYTES,
        output: OutputOptions {
            compression: Compression::default(),
            dash_as_null: false,
            log_format: None,
            max_object_bytes: DEFAULT_MAX_OBJECT_BYTES,
            layout: Layout { sort_bytes: sort_bytes(default_memory()), ..Layout::default() },
        },
        retry_rejected: false,
        auto_compact: None,
        single_writer: false,
        threads: default_threads(),
        memory_bytes: default_memory(),
    }
}

/// Returns how files are to be merged.
pub fn compact_options(args: &Compact) -> Result<CompactOptions> {
    if args.threads == Some(0) {
        return Err(Error::usage("--threads must be at least 1"));
    }
    Ok(CompactOptions {
        wanted: Wanted {
            days: days(&args.days, |_| Ok(Days::All))?,
            accounts: args.account.clone(),
            regions: args.region.clone(),
            assume_day: None,
        },
        more_than: 1,
        min_age_seconds: args.min_age.unwrap_or(DEFAULT_MIN_AGE_SECONDS),
        target_file_bytes: args.target_file_size.unwrap_or(DEFAULT_TARGET_FILE_BYTES),
        compression: args.compression,
        threads: args.threads.unwrap_or_else(default_threads),
        memory_bytes: args.memory.unwrap_or_else(default_memory),
    })
}

/// Returns how stores are reached.
pub fn store_options(args: &StoreArgs) -> StoreOptions {
    StoreOptions {
        endpoint_url: args.endpoint_url.clone(),
        s3_region: args.s3_region.clone(),
        allow_http: args.allow_http,
        virtual_hosted: args.virtual_hosted,
        anonymous: args.anonymous,
    }
}

/// Returns one thread per processor that this process may use.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Returns half of the machine's or the container's memory, at most [`DEFAULT_MEMORY_BYTES`].
pub fn default_memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    });
    // cgroup v2: "max" if there is no limit.
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let total = machine.into_iter().chain(container).min().unwrap_or(DEFAULT_MEMORY_BYTES);
    (total / 2).clamp(MIN_MEMORY_BYTES, DEFAULT_MEMORY_BYTES)
}

impl From<LogTypeArg> for LogType {
    fn from(arg: LogTypeArg) -> Self {
        match arg {
            LogTypeArg::Vpc => Self::Vpc,
            LogTypeArg::Tgw => Self::Tgw,
        }
    }
}

impl From<PartitionByArg> for PartitionBy {
    fn from(arg: PartitionByArg) -> Self {
        match arg {
            PartitionByArg::Day => Self::Day,
            PartitionByArg::AccountRegionDay => Self::AccountRegionDay,
            PartitionByArg::Hour => Self::Hour,
            PartitionByArg::AccountRegionHour => Self::AccountRegionHour,
        }
    }
}
