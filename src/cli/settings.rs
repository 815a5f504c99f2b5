//! What was typed + the machine + the environment -> the library's options. What is not said stays as the library has it.

use std::path::PathBuf;

use crate::athena::definition::Partitions;
use crate::athena::form::Form;
use crate::compact::CompactOptions;
use crate::convert::{ConvertOptions, MIN_MEMORY_BYTES, one_per_processor};
use crate::days::{DEFAULT_LOOKBACK_DAYS, Days, today};
use crate::encode::layout::Layout;
use crate::ledger::claim::OutputOptions;
use crate::ledger::partition::PartitionBy;
use crate::missing::{Expected, MissingOptions};
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::source::found::Wanted;
use crate::source::layout::{is_account, is_awss_region};
use crate::store::{StoreOptions, WriteOptions};
use crate::verify::{Extent, VerifyOptions};
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::{
    CompactArgs, DayArgs, FormArg, Job, LogTypeArg, MOST_MEMORY_BYTES, MissingArgs, PartitionByArg, ProjectionArg,
    VerifyArgs,
};
use super::store_args::{StoreArgs, WriteArgs};

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
        asked => Ok(asked.unwrap_or_else(one_per_processor)),
    }
}

/// Returns the memory to stay within.
fn memory(asked: Option<u64>) -> Result<u64> {
    match asked {
        Some(bytes) if bytes < MIN_MEMORY_BYTES => {
            Err(Error::usage(format!("--memory must be at least {}MiB", MIN_MEMORY_BYTES >> 20)))
        }
        asked => Ok(asked.unwrap_or_else(default_memory)),
    }
}

/// Returns how a job is to be done.
pub fn convert_options(job: &Job) -> Result<ConvertOptions> {
    if let Some(format) = &job.log_format {
        Header::from_option(format)?;
    }
    let memory_bytes = memory(job.memory)?;
    let defaults = defaults(job_days(&job.days, job.assume_day, job.lookback)?);
    Ok(ConvertOptions {
        wanted: Wanted {
            accounts: job.account.clone(),
            regions: job.region.clone(),
            assume_day: job.assume_day,
            source_layout: job.source_layout.clone(),
            ..defaults.wanted
        },
        partition_by: job.partition_by.map(Into::into),
        log_type: job.log_type.map(Into::into),
        merge: job.merge,
        target_file_bytes: job.target_file_size.unwrap_or(defaults.target_file_bytes),
        output: OutputOptions {
            compression: job.compression,
            dash_as_null: job.dash_as_null,
            log_format: job.log_format.clone(),
            max_object_bytes: job.max_object_bytes.unwrap_or(defaults.output.max_object_bytes),
            layout: layout(job)?,
        },
        retry_rejected: job.retry,
        copy: job.copy,
        missing: missing(&job.missing)?,
        max_rejects: job.max_rejects.unwrap_or(defaults.max_rejects),
        single_writer: job.single_writer,
        threads: threads(job.threads)?,
        memory_bytes,
        ..defaults
    })
}

/// Returns how rows are to be laid out.
fn layout(job: &Job) -> Result<Layout> {
    let sort_by = job.sort_by.clone();
    let known = |name: &str| LogType::ALL.iter().any(|t| t.schema().fields.iter().any(|field| field.column == name));
    let bloom_filters: Vec<String> = job.bloom_filters.iter().filter(|name| *name != "none").cloned().collect();
    let named = sort_by.columns().into_iter().map(|name| ("--sort-by", name));
    let named = named.chain(bloom_filters.iter().map(|name| ("--bloom-filters", name.as_str())));
    if let Some((option, name)) = named.into_iter().find(|(_, name)| !known(name)) {
        return Err(Error::usage(format!("{option} names {name:?}, which is no column of flow logs"))
            .help("flowparquet fields lists them"));
    }
    let defaults = Layout::sorted_by(sort_by);
    Ok(Layout {
        row_group_rows: job.row_group_rows.unwrap_or(defaults.row_group_rows),
        page_rows: job.page_rows.unwrap_or(defaults.page_rows),
        bloom_filters,
        ..defaults
    })
}

/// Returns who is to deliver, and what may be missing.
pub fn missing(args: &MissingArgs) -> Result<MissingOptions> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|e| Error::usage("--expect cannot be read").at(path.display()).because(e))?;
        Expected::parse(&text)
    };
    let expect = args.expect.as_ref().map(read).transpose()?.unwrap_or_default();
    if let Some(what) = args.accept_missing.iter().find(|what| !can_be_accepted(what)) {
        return Err(Error::usage(format!("--accept-missing {what:?} is no account, Region, flow log or day"))
            .help("write it as 123456789012, us-east-1, fl-0123456789abcdef0 or 2026-01-15"));
    }
    Ok(MissingOptions { expect, accept: args.accept_missing.clone() })
}

/// Returns whether somebody or a day can be called so.
fn can_be_accepted(what: &str) -> bool {
    let is_flow_log =
        what.strip_prefix("fl-").is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit()));
    is_account(what) || is_awss_region(what) || is_flow_log || what.parse::<Date>().is_ok()
}

/// Returns what is to be verified and how.
pub fn verify_options(args: &VerifyArgs) -> Result<VerifyOptions> {
    let extent = match args.sample {
        Some(percent) => Extent::Sample(percent),
        None if args.footers_only => Extent::Footers,
        None if args.hashes => Extent::Hashes,
        None => Extent::Full,
    };
    Ok(VerifyOptions {
        wanted: Wanted {
            accounts: args.account.clone(),
            regions: args.region.clone(),
            assume_day: args.assume_day,
            source_layout: args.source_layout.clone(),
            ..Wanted::of(job_days(&args.days, args.assume_day, args.lookback)?)
        },
        extent,
        missing: missing(&args.missing)?,
        record: !args.no_record,
        threads: threads(args.threads)?,
        memory_bytes: memory(args.memory)?,
    })
}

/// Returns how a job over these days is done on this machine if nothing else is said.
pub fn defaults(days: Days) -> ConvertOptions {
    ConvertOptions { wanted: Wanted::of(days), memory_bytes: default_memory(), ..ConvertOptions::default() }
}

/// Returns how files are to be merged.
pub fn compact_options(args: &CompactArgs) -> Result<CompactOptions> {
    let defaults = CompactOptions::default();
    Ok(CompactOptions {
        wanted: Wanted {
            accounts: args.account.clone(),
            regions: args.region.clone(),
            ..Wanted::of(days(&args.days, |_| Ok(Days::All))?)
        },
        min_age_seconds: args.min_age.unwrap_or(defaults.min_age_seconds),
        target_file_bytes: args.target_file_size.unwrap_or(defaults.target_file_bytes),
        compression: args.compression,
        threads: threads(args.threads)?,
        memory_bytes: args.memory.unwrap_or_else(default_memory),
        ..defaults
    })
}

/// Returns how objects are written.
pub fn write_options(args: &WriteArgs) -> WriteOptions {
    let mut options = WriteOptions::default();
    options.sse.clone_from(&args.sse);
    options.sse_kms_key_id.clone_from(&args.sse_kms_key_id);
    options.bucket_key_enabled = args.bucket_key_enabled;
    options.acl.clone_from(&args.acl);
    options.storage_class.clone_from(&args.storage_class);
    options.tagging.clone_from(&args.tagging);
    options
}

/// Which side of a job a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Raw logs.
    Source,
    /// The table.
    Dest,
}

/// Returns how the store of a side is reached.
pub fn store_options(args: &StoreArgs, side: Side) -> StoreOptions {
    let (profile, role, endpoint, owner) = match side {
        Side::Source => (&args.source_profile, &args.source_role, &args.source_endpoint_url, &args.source_bucket_owner),
        Side::Dest => (&args.dest_profile, &args.dest_role, &args.dest_endpoint_url, &args.dest_bucket_owner),
    };
    StoreOptions {
        profile: profile.as_ref().or(args.profile.as_ref()).cloned(),
        role: role.clone(),
        external_id: args.external_id.clone(),
        endpoint_url: endpoint.as_ref().or(args.endpoint_url.as_ref()).cloned(),
        s3_region: args.s3_region.clone(),
        use_fips_endpoint: args.use_fips_endpoint,
        use_dualstack_endpoint: args.use_dualstack_endpoint,
        ca_bundle: args.ca_bundle.clone(),
        request_payer: args.request_payer.is_some(),
        expected_bucket_owner: owner.clone(),
        write: WriteOptions::default(),
        allow_http: args.allow_http,
        virtual_hosted: args.virtual_hosted,
        anonymous: args.anonymous,
        any_endpoint: args.any_endpoint,
        follow_links: args.follow_links,
        max_objects: args.max_objects,
    }
}

/// Returns half of the machine's or the container's memory, at most [`MOST_MEMORY_BYTES`].
pub fn default_memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    });
    // cgroup v2: "max" if there is no limit.
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let total = machine.into_iter().chain(container).min().unwrap_or(MOST_MEMORY_BYTES);
    (total / 2).clamp(MIN_MEMORY_BYTES, MOST_MEMORY_BYTES)
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

impl From<FormArg> for Form {
    fn from(arg: FormArg) -> Self {
        match arg {
            FormArg::Athena => Self::Athena,
            FormArg::GlueJson => Self::GlueJson,
            FormArg::Cloudformation => Self::Cloudformation,
            FormArg::Terraform => Self::Terraform,
            FormArg::Trino => Self::Trino,
            FormArg::Spark => Self::Spark,
            FormArg::Duckdb => Self::Duckdb,
        }
    }
}

impl From<ProjectionArg> for Partitions {
    fn from(arg: ProjectionArg) -> Self {
        match arg {
            ProjectionArg::On => Self::Projected,
            ProjectionArg::Off => Self::Registered,
            ProjectionArg::Msck => Self::Repaired,
        }
    }
}
