//! The job: prepare -> plan -> run -> report.
//!
//! [`prepare`] looks at SOURCE and DEST and makes the plan; [`convert`] executes it, partition by partition, several
//! at once. `claim` brings one claim to its end, `file` makes one output file, `unit` decodes and encodes the objects of one row group.
//!
//! Memory for `--memory` M and T threads, at most one for each 128 MiB: bytes fetched ahead (M/8, at most 8 MiB * T or T + 1
//! of the largest object, but at least one unit), text and columns of the units in work (at most M/8T of text each, 20 MiB if
//! lines are long, and columns with at most 24 MiB of strings, held twice for a moment: `record/columns.rs`), rows that wait for
//! their turn (M/8), sorted rows that wait for the rest of their files (M/4 for all partitions together, at most
//! 256 MiB each, and about half as much again while they are put in order), and for each of the files being written at most
//! three parts of 8 MiB. A single object of up to 128 MiB packed is held whole, whatever M is; AWS's have 75 MB at most. Of
//! each object of the asked days what is listed and recorded is held too, 0.5 KB, and 1 KB more while its file is made: at
//! most 150 MB for 100,000.

#[cfg(test)]
mod beside_tests;
mod claim;
#[cfg(test)]
mod fault_tests;
mod file;
mod flow;
mod slots;
mod trial;
mod unit;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use rayon::ThreadPool;
use tracing::info;

use crate::athena::outgrown::{outgrown, running_out};
use crate::compact::merge::NotMerged;
use crate::compact::resume::{Resumed, finish_replacing};
use crate::compact::{CompactOptions, compact};
use crate::encode::layout::{SortBy, sort_bytes, sort_share};
use crate::error::{Error, Result};
use crate::ledger::claim::OutputOptions;
use crate::ledger::contents::Reach;
use crate::ledger::entry::VERSION;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::state::PartitionState;
use crate::ledger::table::{Table, TableInfo, tool_name};
use crate::ledger::undated::UndatedDays;
use crate::options::{DASH_AS_NULL, LOG_TYPE, OptionName, PARTITION_BY};
use crate::plan::{self, DEFAULT_TARGET_FILE_BYTES, PartitionPlan, Plan, PlanOptions};
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::report::{Counts, MAX_NAMED, Named, PartitionReport, Progress, REPORT_VERSION, Report};
use crate::sort::workers;
pub use crate::sort::workers::{MIN_MEMORY_BYTES, one_per_processor};
use crate::source::discover::{Found, Wanted, discover};
use crate::source::gunzip;
use crate::store::Store;
use crate::store::fetch::Budget;
use crate::store::parallel::in_parallel;
use crate::survey::{HEAD_BYTES, newest};
use slots::Slots;

/// How often a run plans again when others were faster or inputs changed under its hands.
const MAX_ROUNDS: usize = 5;

/// Partitions that are worked on at once: while one waits for the store, another computes.
const MAX_PARTITIONS_AT_ONCE: usize = 16;

/// Bytes that are fetched ahead for each thread: two units in work or waiting, and some objects on their way.
const FETCH_AHEAD_BYTES_PER_THREAD: u64 = 8 << 20;

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
            auto_compact: None,
            single_writer: false,
            threads: one_per_processor(),
            memory_bytes: workers::DEFAULT_MEMORY_BYTES,
        }
    }
}

/// SOURCE and DEST, looked at.
#[derive(Debug)]
pub struct Prepared {
    /// What will be done.
    pub plan: Plan,
    pub(crate) found: Found,
    info: TableInfo,
    founded: bool,
    states: BTreeMap<Partition, PartitionState>,
    undated: UndatedDays,
}

impl Prepared {
    /// Returns the objects whose day is assumed for the first time, by that day.
    fn newly_assumed(&self) -> BTreeMap<Date, Vec<Arc<str>>> {
        let mut new: BTreeMap<Date, Vec<Arc<str>>> = BTreeMap::new();
        for found in self.found.objects.iter().filter(|found| found.assumed) {
            if !self.undated.days.contains_key(&found.object.key) {
                new.entry(found.day).or_default().push(Arc::clone(&found.object.key));
            }
        }
        new
    }
}

/// Lists SOURCE, reads DEST's ledger and makes the plan; writes nothing.
///
/// # Errors
/// A usage error if SOURCE and DEST lie within each other, DEST is something else than asked for, or several
/// accounts or Regions would be mixed; otherwise when a store fails.
pub fn prepare(source: &Store, table: &Table, options: &ConvertOptions) -> Result<Prepared> {
    refuse_nesting(source, table.store())?;
    let info = table.info()?;
    let mut found = discover(source, &options.wanted)?;
    let founded = info.is_some();
    let info = match info {
        Some(info) => info,
        None => TableInfo {
            version: VERSION,
            log_type: options.log_type.map_or_else(|| newest_log_type(source, &found), Ok)?,
            partition_by: options.partition_by.unwrap_or_default(),
            dash_as_null: options.output.dash_as_null,
            single_writer: options.single_writer,
            founded: Some(crate::days::today().to_string()),
        },
    };
    refuse_other_table(&info, options, table.store())?;
    let TableInfo { log_type, partition_by, .. } = &info;
    info!(dest = %table.store().location(), %log_type, %partition_by, founded, "the table");
    let (root, undated) = (source.location().root(), found.undated());
    let undated = match founded && !undated.is_empty() {
        true => table.undated(&root, &undated, info.partition_by)?,
        false => UndatedDays::default(),
    };
    // Whoever assumes a day looks after all objects that give none, on whatever days they are.
    let days = options.wanted.days.with(found.settle_undated(&undated.days, &options.wanted.days));
    let mut states = if founded { table.load(&days, info.partition_by)? } else { BTreeMap::new() };
    states.retain(|partition, _| options.wanted.selects(partition.account_region.as_ref()));
    plan::settle_days(&mut found, &states, info.partition_by, &root);
    for (key, why) in &found.two_days {
        info!(object = %source.location().url_of(key), reason = why, "an object of two days");
    }
    let mut output = options.output.clone();
    output.layout.sort_bytes = output.layout.sort_bytes.min(sort_bytes(options.memory_bytes));
    let plan_options = PlanOptions {
        partition_by: info.partition_by,
        merge: options.merge,
        target_file_bytes: options.target_file_bytes,
        log_type: info.log_type,
        source: root,
        output,
        retry_rejected: options.retry_rejected,
    };
    let plan = plan::plan(&found, &states, plan_options)?;
    tell(&plan, source);
    Ok(Prepared { plan, found, info, founded, states, undated })
}

/// Says what is planned, by events.
fn tell(plan: &Plan, source: &Store) {
    for planned in &plan.partitions {
        let estimate = plan.estimate(planned);
        info!(
            partition = %planned.partition,
            objects = estimate.objects,
            converted = estimate.converted,
            to_convert = estimate.to_convert,
            to_convert_bytes = estimate.to_convert_bytes,
            late = estimate.late,
            changed = estimate.changed,
            unfinished = planned.unfinished.len(),
            retried = planned.retry.len(),
            made_again = planned.remakes.len(),
            files = estimate.files,
            "partition planned"
        );
        for (key, why) in &planned.stuck {
            info!(object = %source.location().url_of(key), reason = why, "the object changed, and keeps its old rows");
        }
    }
}

fn refuse_nesting(source: &Store, dest: &Store) -> Result<()> {
    let (from, to) = (source.location(), dest.location());
    let problem = if from == to {
        format!("SOURCE and DEST are the same: {from}")
    } else if from.contains(to) {
        format!("DEST {to} lies inside SOURCE {from}")
    } else if to.contains(from) {
        format!("SOURCE {from} lies inside DEST {to}")
    } else {
        return Ok(());
    };
    Err(Error::usage(problem).help(
        "Athena reads all that lies below a table's location: keep raw logs and Parquet apart, \
         e.g. s3://bucket/AWSLogs and s3://bucket/flow-parquet",
    ))
}

fn refuse_other_table(info: &TableInfo, options: &ConvertOptions, dest: &Store) -> Result<()> {
    let differ = |what: OptionName, is: String, asked: String| {
        Err(Error::usage(format!("DEST was begun with {what} {is}, not {asked}"))
            .at(dest.location())
            .help(format!("leave {what} away, or convert into another DEST")))
    };
    match (options.partition_by, options.log_type) {
        (Some(by), _) if by != info.partition_by => differ(PARTITION_BY, info.partition_by.to_string(), by.to_string()),
        (_, Some(log_type)) if log_type != info.log_type => {
            differ(LOG_TYPE, info.log_type.to_string(), log_type.to_string())
        }
        _ if options.output.dash_as_null != info.dash_as_null => {
            let shown = |on: bool| if on { "on" } else { "off" }.to_owned();
            differ(DASH_AS_NULL, shown(info.dash_as_null), shown(options.output.dash_as_null))
        }
        _ => Ok(()),
    }
}

/// Returns the log type that the newest object's header says; VPC if it says none.
fn newest_log_type(source: &Store, found: &Found) -> Result<LogType> {
    let Some(newest) = newest(&found.objects) else { return Ok(LogType::Vpc) };
    if newest.object.size == 0 {
        return Ok(LogType::Vpc);
    }
    let head = source.get_range(&newest.object.key, 0..newest.object.size.min(HEAD_BYTES))?;
    let line = gunzip::first_line(&head);
    let log_type = Header::parse(&line).ok().and_then(|header| header.log_type());
    let object = source.location().url_of(&newest.object.key);
    info!(object, log_type = log_type.map(tracing::field::display), "log type by the newest object's header");
    Ok(log_type.unwrap_or(LogType::Vpc))
}

/// Converts: makes every planned partition's rows visible, once.
///
/// # Errors
/// As [`prepare`]; and when a store fails for good: then nothing is half visible, and another run goes on.
pub fn convert(source: &Store, table: &Table, options: &ConvertOptions, progress: &dyn Progress) -> Result<Report> {
    let begun = Instant::now();
    let mut report = empty_report(source, table);
    let pool = workers::start(options.threads, options.memory_bytes)?;
    let mut doubtful: BTreeSet<Arc<str>> = BTreeSet::new();
    // Rejected in an earlier round: not to be read and named once more.
    let mut unreadable: BTreeSet<Arc<str>> = BTreeSet::new();
    for round in 0..MAX_ROUNDS {
        let mut prepared = prepare(source, table, options)?;
        if round == 0 {
            let resumed = finish_replacing(table, &pool)?;
            if !resumed.is_empty() {
                report.warnings.extend(resumed.iter().filter_map(Resumed::explain));
                report.not_merged.extend(resumed.iter().flat_map(|resumed| resumed.not_merged.clone()));
                prepared = prepare(source, table, options)?;
            }
        }
        forget_those_there(&mut doubtful, &prepared, source);
        prepared
            .plan
            .partitions
            .iter_mut()
            .for_each(|plan| plan.retry.retain(|input| !unreadable.contains(&input.key)));
        let assumed = prepared.newly_assumed();
        // The plan has what is to be read; there may be a million objects more.
        prepared.found.objects = Vec::new();
        let plan = &prepared.plan;
        tidy_done(table, &prepared)?;
        if round == 0 {
            describe(&mut report, &prepared, source);
            report
                .warnings
                .extend(prepared.info.founded_year().and_then(|year| running_out(year, crate::days::today())));
        }
        if plan.partitions.iter().all(PartitionPlan::is_done) {
            info!(round, "nothing is left to do");
            break;
        }
        if !prepared.founded {
            let info = table.found(prepared.info.clone())?;
            if info != prepared.info {
                info!(round, "another run founded the table, as something else: planned again");
                continue; // Another run was faster and made it something else: plan for what it is.
            }
        }
        if !assumed.is_empty() && !table.assume(&source.location().root(), &mut prepared.undated, assumed)? {
            continue; // Another run was faster, perhaps with other days: plan with what it recorded.
        }
        let before = if prepared.founded { extent(table, &prepared)? } else { Reach::default() };
        let total = plan.total();
        info!(round, objects = total.to_convert, bytes = total.to_convert_bytes, files = total.files, "round begins");
        progress.begin(total.to_convert, total.to_convert_bytes);
        let run = Round::new(source, table, options, plan, (&pool, progress))?;
        let again = run.all(&mut prepared.states, &mut report, (&mut doubtful, &mut unreadable));
        progress.end();
        let again = again?;
        report.warnings.extend(outgrown(&before, &grown(&before, &prepared.states)));
        info!(round, again, "round ends");
        if !again {
            break;
        }
        // What was planned and not claimed may be gone before it is listed again.
        let planned = prepared.plan.partitions.iter().flat_map(PartitionPlan::to_read);
        doubtful.extend(planned.map(|input| input.key.clone()));
        if round + 1 == MAX_ROUNDS {
            return Err(Error::stopped("other runs or changes of the inputs were faster five times in a row")
                .at(table.store().location())
                .help("wait until they are through, then run again"));
        }
    }
    report.objects_vanished = vanished(source, &doubtful)?;
    auto_compact(table, options, &mut report)?;
    finish(&mut report, source, table, begun);
    Ok(report)
}

/// Forgets those of the objects that are listed again, to be claimed as they are now, or that another run has read.
fn forget_those_there(doubtful: &mut BTreeSet<Arc<str>>, prepared: &Prepared, source: &Store) {
    if doubtful.is_empty() {
        return;
    }
    let there: HashSet<&str> = prepared.found.objects.iter().map(|found| &*found.object.key).collect();
    let root = source.location().root();
    let known = |key: &str| prepared.states.values().any(|state| state.input(&root, key).is_some());
    doubtful.retain(|key| !there.contains(&**key) && !known(key));
}

/// Removes leftovers in partitions without anything to do; the others are looked at when it is done.
fn tidy_done(table: &Table, prepared: &Prepared) -> Result<()> {
    for done in prepared.plan.partitions.iter().filter(|plan| plan.is_done()) {
        if let Some(state) = prepared.states.get(&done.partition)
            && state.leftovers().next().is_some()
        {
            table.open(done.partition.clone(), state.clone()).tidy()?;
        }
    }
    Ok(())
}

/// Merges files where there are more than asked for.
fn auto_compact(table: &Table, options: &ConvertOptions, report: &mut Report) -> Result<()> {
    let Some(more_than) = options.auto_compact else { return Ok(()) };
    if table.info()?.is_none() {
        return Ok(()); // Nothing was ever converted.
    }
    let compacted = compact(
        table,
        &CompactOptions {
            wanted: options.wanted.clone(),
            more_than,
            min_age_seconds: 0,
            target_file_bytes: options.target_file_bytes,
            compression: Some(options.output.compression),
            threads: options.threads,
            memory_bytes: options.memory_bytes,
        },
    )?;
    report.not_merged.extend(compacted.not_merged);
    report.warnings.extend(compacted.warnings);
    report.compacted = compacted.partitions;
    Ok(())
}

/// Returns how far a table reaches before a run: its folders, and the columns of the files in the partitions at hand.
fn extent(table: &Table, prepared: &Prepared) -> Result<Reach> {
    let mut extent = table.extent(prepared.info.partition_by)?;
    prepared.states.values().for_each(|state| extent.add_columns(state));
    Ok(extent)
}

/// Returns how far it reaches when these partitions have become what they are.
fn grown(before: &Reach, states: &BTreeMap<Partition, PartitionState>) -> Reach {
    let mut after = before.clone();
    for (partition, state) in states {
        if state.outputs().any(|output| output.done.file.is_some()) {
            after.add(partition);
            after.add_columns(state);
        }
    }
    after
}

fn empty_report(source: &Store, table: &Table) -> Report {
    Report {
        version: REPORT_VERSION,
        tool: tool_name(),
        source: source.location().to_string(),
        dest: table.store().location().to_string(),
        log_type: None,
        partition_by: PartitionBy::default(),
        started: crate::days::now(),
        seconds: 0.0,
        totals: Counts::default(),
        objects_converted_before: 0,
        objects_of_other_type_before: 0,
        partitions: Vec::new(),
        compacted: Vec::new(),
        not_merged: Vec::new(),
        rejects: Vec::new(),
        passed_over: Vec::new(),
        objects_passed_over: 0,
        objects_to_look_at: 0,
        two_days: Vec::new(),
        objects_of_two_days: 0,
        objects_changed: Vec::new(),
        objects_vanished: Vec::new(),
        files_in_doubt: Vec::new(),
        warnings: Vec::new(),
        source_requests: source.requests(),
        dest_requests: table.store().requests(),
    }
}

fn describe(report: &mut Report, prepared: &Prepared, source: &Store) {
    let named = |object: &str, reason: &str| Named {
        object: source.location().url_of(object),
        line: None,
        byte: None,
        reason: reason.to_owned(),
    };
    let mut passed_over = prepared.found.passed_over.clone();
    report.objects_passed_over = passed_over.len() as u64;
    report.objects_to_look_at = passed_over.iter().filter(|(_, why)| why.needs_a_person()).count() as u64;
    passed_over.sort_by_key(|(key, why)| (!why.needs_a_person(), key.clone()));
    report.passed_over = passed_over.iter().take(MAX_NAMED).map(|(key, why)| named(key, &why.explain())).collect();
    report.objects_of_two_days = prepared.found.two_days.len() as u64;
    report.two_days = prepared.found.two_days.iter().take(MAX_NAMED).map(|(key, why)| named(key, why)).collect();
    report.log_type = Some(prepared.info.log_type);
    report.partition_by = prepared.info.partition_by;
    report.objects_converted_before = prepared.plan.total().converted;
    report.objects_of_other_type_before = prepared.plan.partitions.iter().map(|plan| plan.other_type).sum();
    let stuck = prepared.plan.partitions.iter().flat_map(|plan| &plan.stuck);
    report.objects_changed = stuck.map(|(key, why)| named(key, &plan::stuck(why))).collect();
    report.warnings.extend(prepared.plan.partitions.iter().flat_map(|plan| {
        plan.stuck_rejects.iter().map(|(rows, why)| plan::stuck_rejects(&plan.partition, *rows, why))
    }));
    report.warnings.extend(prepared.plan.partitions.iter().flat_map(|plan| {
        plan.unfinished_elsewhere.iter().map(|source| {
            format!("{} has an unfinished claim on objects of {source}: run convert with that SOURCE", plan.partition)
        })
    }));
}

fn finish(report: &mut Report, source: &Store, table: &Table, begun: Instant) {
    let mut totals = Counts::default();
    report.partitions.iter().for_each(|partition| totals.add(&partition.counts));
    info!(
        objects = totals.objects,
        rows = totals.rows_written,
        rejected_rows = totals.rejected_rows,
        rejected_objects = totals.objects_rejected,
        files = totals.files,
        bytes = totals.output_bytes,
        seconds = begun.elapsed().as_secs_f64(),
        "converted"
    );
    report.totals = totals;
    report.rejects.truncate(MAX_NAMED);
    for named in [&mut report.objects_changed, &mut report.files_in_doubt] {
        named.sort_by(|a, b| a.object.cmp(&b.object));
        named.dedup();
    }
    report.warnings.sort();
    report.warnings.dedup();
    report.seconds = begun.elapsed().as_secs_f64();
    report.source_requests = source.requests();
    report.dest_requests = table.store().requests();
}

/// What all partitions of a run share.
struct Round<'a> {
    source: &'a Store,
    table: &'a Table,
    plan: &'a Plan,
    progress: &'a dyn Progress,
    /// Workers that put rows in order and encode them.
    pool: &'a ThreadPool,
    /// Workers that make units: these may wait until their files take what they made.
    makers: ThreadPool,
    slots: Slots,
    budget: Budget,
    max_text: usize,
    /// Bytes that may wait to be written, for each file.
    waiting_bytes: u64,
    partitions_at_once: usize,
}

/// What became of one partition.
#[derive(Debug, Default)]
struct PartitionResult {
    counts: Counts,
    rejects: Vec<Named>,
    warnings: Vec<String>,
    not_merged: Vec<NotMerged>,
    /// Objects that changed, and whose old rows are kept.
    changed: Vec<Named>,
    /// Files that two runs wrote differently.
    files_in_doubt: Vec<Named>,
    /// Keys of objects of which one was gone or another one when it was to be read.
    doubtful: Vec<Arc<str>>,
    /// Keys of objects that do not read to their end.
    unreadable: Vec<Arc<str>>,
    /// Another writer was faster, or inputs changed: plan again.
    again: bool,
}

impl<'a> Round<'a> {
    fn new(
        source: &'a Store,
        table: &'a Table,
        options: &ConvertOptions,
        plan: &'a Plan,
        (pool, progress): (&'a ThreadPool, &'a dyn Progress),
    ) -> Result<Self> {
        let memory = options.memory_bytes.max(MIN_MEMORY_BYTES);
        let threads = pool.current_num_threads();
        let per_thread = usize::try_from(memory / 8 / threads as u64).unwrap_or(usize::MAX);
        let largest =
            plan.partitions.iter().map(|p| plan.estimate(p)).max_by_key(|e| e.output_bytes).unwrap_or_default();
        let upload = largest.output_bytes.clamp(1 << 20, 64 << 20);
        let layout = &options.output.layout;
        let sorted = match layout.sort_by {
            SortBy::Arrival => 1 << 20,
            SortBy::Addresses | SortBy::Columns(_) => sort_share(largest.to_convert_bytes, layout.sort_bytes),
        };
        let at_once = (memory / 8 / upload).min(memory / 4 / sorted);
        let objects = plan.partitions.iter().flat_map(PartitionPlan::to_read).map(|input| input.size);
        // A share is held until its objects are decoded: one large object must not keep all others from being fetched.
        let largest_object = objects.filter(|size| *size < plan::STREAMED_OBJECT_BYTES).max().unwrap_or_default();
        let ahead = (threads as u64 * FETCH_AHEAD_BYTES_PER_THREAD).max((threads as u64 + 1) * largest_object);
        let ahead = (memory / 8).min(ahead);
        let max_text = per_thread.min(unit::MAX_TEXT_BYTES);
        let partitions_at_once = usize::try_from(at_once).unwrap_or(1).clamp(1, MAX_PARTITIONS_AT_ONCE);
        let at_work = plan.partitions.iter().filter(|plan| !plan.is_done()).count().clamp(1, partitions_at_once);
        info!(threads, fetched_ahead_bytes = ahead, text_bytes = max_text, partitions_at_once, "limits of the round");
        Ok(Self {
            source,
            table,
            plan,
            progress,
            pool,
            makers: workers::makers(threads)?,
            // One more than threads, so that none waits while the next unit's objects are put together.
            slots: Slots::new(threads + 1),
            budget: Budget::new(ahead),
            max_text,
            waiting_bytes: memory / 8 / at_work as u64,
            partitions_at_once,
        })
    }

    /// Runs every partition that has something to do; returns whether to plan again.
    fn all(
        &self,
        states: &mut BTreeMap<Partition, PartitionState>,
        report: &mut Report,
        (doubtful, unreadable): (&mut BTreeSet<Arc<str>>, &mut BTreeSet<Arc<str>>),
    ) -> Result<bool> {
        let to_do = self.plan.partitions.iter().filter(|plan| !plan.is_done());
        let work = to_do.map(|plan| (plan, states.remove(&plan.partition).unwrap_or_default())).collect();
        let done = in_parallel(self.partitions_at_once, work, |(plan, state)| {
            let mut ledger = self.table.open(plan.partition.clone(), state);
            let outcome = self.partition(plan, &mut ledger)?;
            Ok((plan, ledger.into_state(), outcome))
        })?;
        let mut again = false;
        for (plan, state, outcome) in done {
            states.insert(plan.partition.clone(), state);
            again |= outcome.again;
            report.rejects.extend(outcome.rejects);
            report.warnings.extend(outcome.warnings);
            report.not_merged.extend(outcome.not_merged);
            report.objects_changed.extend(outcome.changed);
            report.files_in_doubt.extend(outcome.files_in_doubt);
            doubtful.extend(outcome.doubtful);
            unreadable.extend(outcome.unreadable);
            let partition = plan.partition.path();
            match report.partitions.iter_mut().find(|p| p.partition == partition) {
                Some(before) => before.counts.add(&outcome.counts),
                None => report.partitions.push(PartitionReport { partition, counts: outcome.counts }),
            }
        }
        Ok(again)
    }

    /// Finishes what was begun in a partition, then claims and converts what is new.
    fn partition(&self, plan: &PartitionPlan, ledger: &mut PartitionLedger<'_>) -> Result<PartitionResult> {
        let mut outcome = PartitionResult::default();
        outcome.warnings.extend(foreign(&plan.partition, &ledger.tidy()?.foreign));
        for claimed in &plan.unfinished {
            self.finish_claim(ledger, claimed.clone(), &mut outcome)?;
        }
        for remake in &plan.remakes {
            let Some(draft) = self.remake(plan, remake, &mut outcome)? else {
                continue; // The old rows are better than none.
            };
            let Some(claimed) = ledger.claim(draft)? else {
                outcome.again = true;
                return Ok(outcome);
            };
            self.finish_claim(ledger, claimed, &mut outcome)?;
        }
        // What was rejected before goes to files of its own, as it was tried: beside others it might be rejected again.
        let readable = self.readable_now(&plan.retry, &mut outcome)?;
        let drafts = [&plan.fresh, &readable].map(|inputs| plan::drafts(inputs, &self.plan.options));
        for draft in drafts.into_iter().flatten() {
            let Some(claimed) = ledger.claim(draft)? else {
                outcome.again = true;
                break;
            };
            self.finish_claim(ledger, claimed, &mut outcome)?;
        }
        Ok(outcome)
    }
}

/// Names those objects that are gone: they were listed or claimed, and nothing has read their rows. Filters may keep others
/// from being listed again.
fn vanished(source: &Store, doubtful: &BTreeSet<Arc<str>>) -> Result<Vec<Named>> {
    let reason = "it is gone, and was not read before: its rows are not in the table";
    let mut gone = Vec::new();
    for key in doubtful {
        if source.head(key)?.is_none() {
            let object = source.location().url_of(key);
            info!(object, reason, "object vanished");
            gone.push(Named { object, line: None, byte: None, reason: reason.to_owned() });
        }
    }
    Ok(gone)
}

/// Returns what a person should know of objects in a partition that are not ours.
fn foreign(partition: &Partition, objects: &[String]) -> Option<String> {
    let first = objects.first()?;
    let count = objects.len();
    Some(format!(
        "{partition} holds {count} objects or folders that flowparquet did not write, and that queries read too; \
         they are left alone. The first is {first}"
    ))
}
