//! The job: prepare -> plan -> run -> report.
//!
//! [`prepare()`] looks at SOURCE and DEST and makes the plan; [`convert`] executes it, in a `round` or more: several
//! partitions at once. `claim` brings one claim to its end, `file` makes one output file, `unit` decodes and encodes the objects of
//! one row group.
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
mod flood;
mod flow;
mod interfaces;
mod options;
mod prepare;
mod round;
mod slots;
mod told;
mod trial;
mod unit;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use rayon::ThreadPool;
use tracing::info;

pub use self::options::{ConvertOptions, MaxRejects};
pub use self::prepare::{Prepared, prepare, refuse_nesting};
use self::round::{Refused, Round, not_retried, stop_if_none_is_readable};
use crate::athena::outgrown::{outgrown, running_out};
use crate::compact::resume::{Resumed, finish_replacing};
use crate::compact::{CompactOptions, compact};
use crate::error::{Error, Result};
use crate::ledger::claim::Input;
use crate::ledger::contents::Reach;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::state::{InputState, Known, PartitionState};
use crate::ledger::table::{Table, tool_name};
use crate::missing::Missing;
use crate::plan::{self, PartitionPlan, Plan};
use crate::report::{Counts, MAX_NAMED, Named, NotRetried, Progress, REPORT_VERSION, Report, doubled_flow_logs};
use crate::sort::workers;
pub use crate::sort::workers::{MIN_MEMORY_BYTES, one_per_processor};
use crate::store::{Store, Unread};

/// How often in a row a run plans again when others were faster or inputs changed under its hands, and it got nothing done.
const MAX_ROUNDS: usize = 5;

/// Converts: makes every planned partition's rows visible, once.
///
/// # Errors
/// As [`prepare()`]; and when a store fails for good: then nothing is half visible, and another run goes on.
pub fn convert(source: &Store, table: &Table, options: &ConvertOptions, progress: &dyn Progress) -> Result<Report> {
    let begun = Instant::now();
    let mut report = empty_report(source, table);
    report.log_type_said = options.log_type.is_some();
    let pool = workers::start(options.threads, options.memory_bytes)?;
    let mut doubtful = Doubtful::default();
    // Rejected in an earlier round: not to be read and named once more.
    let mut refused = Refused::default();
    let mut waiting = Waiting::default();
    let mut doubled = BTreeSet::new();
    let mut in_vain = 0;
    for round in 0.. {
        let mut prepared = prepare(source, table, options)?;
        if round == 0 {
            prepared = resume(prepared, (source, table), options, &pool, (&mut report, &mut doubtful))?;
        }
        forget_those_there(&mut doubtful, &prepared, source);
        refused.leave_out_of(&mut prepared.plan);
        let assumed = prepared.newly_assumed();
        if round == 0 {
            report.missing = prepared.missing(table, options)?;
        }
        // The plan has what is to be read; there may be a million objects more.
        prepared.found.objects = Vec::new();
        tidy_done(table, &prepared)?;
        // What cannot be done may be seen in a later round only: whose output was about to be replaced is planned with then.
        waiting = Waiting::of(&prepared.plan, source, table);
        if round == 0 {
            describe(&mut report, &prepared, source);
        }
        if prepared.plan.partitions.iter().all(PartitionPlan::is_done) {
            info!(round, "nothing is left to do");
            break;
        }
        let before = if prepared.founded { extent(table, &prepared)? } else { Reach::default() };
        if !record_what_it_is(&mut prepared, source, table, assumed)? {
            info!(round, "another run was faster, and recorded something else: planned again");
            in_vain = one_more(in_vain, table)?;
            continue;
        }
        let (plan, total) = (&prepared.plan, prepared.plan.total());
        info!(round, objects = total.to_convert, bytes = total.to_convert_bytes, files = total.files, "round begins");
        progress.begin(total.to_convert, total.to_convert_bytes);
        let before_it = report.all_done();
        let run = Round::new(source, table, options, plan, (&pool, progress))?;
        let again = run.all(&mut prepared.states, &mut report, (&mut doubtful, &mut refused), &mut doubled);
        progress.end();
        let again = again?;
        report.warnings.extend(outgrown(&before, &grown(&before, &prepared.states)));
        info!(round, again, "round ends");
        if !again {
            break;
        }
        // What was planned and not claimed may be gone before it is listed again.
        doubtful.extend(prepared.plan.to_read().map(in_doubt));
        in_vain = if report.all_done() > before_it { 0 } else { one_more(in_vain, table)? };
    }
    name_what_was_not_done(&mut report, source, waiting, (doubtful, &refused))?;
    auto_compact(table, options, &mut report)?;
    report.warnings.extend(doubled.iter().map(|(day, one, other)| doubled_flow_logs((one, other), *day)));
    finish(&mut report, source, table, begun);
    report.flood = flood::flood(&report, options, source);
    Ok(report)
}

/// Names objects and files of which a run could do nothing.
fn name_what_was_not_done(
    report: &mut Report,
    source: &Store,
    waiting: Waiting,
    (mut doubtful, refused): (Doubtful, &Refused),
) -> Result<()> {
    report.objects_changed.extend(waiting.changed);
    report.files_in_doubt.extend(waiting.in_doubt);
    report.claims_elsewhere = waiting.elsewhere;
    report.not_retried.extend(waiting.not_retried);
    let unreadable: BTreeMap<&Arc<str>, &Unread> = refused.unreadable().collect();
    doubtful.retain(|key, _| !unreadable.contains_key(key));
    report.objects_unreadable = unreadable.len() as u64;
    let unreadable = unreadable.into_iter().take(MAX_NAMED);
    report.unreadable = unreadable.map(|(key, why)| named(source, key, &why.to_string())).collect();
    report.objects_vanished = vanished(source, &doubtful)?;
    Ok(())
}

/// Counts a round that got nothing done.
fn one_more(in_vain: usize, table: &Table) -> Result<usize> {
    if in_vain + 1 == MAX_ROUNDS {
        return Err(Error::stopped("other runs or changes of the inputs were faster five times in a row")
            .at(table.store().location())
            .help("wait until they are through, then run again"));
    }
    Ok(in_vain + 1)
}

/// Ends the replacements that earlier runs left; returns a plan for what DEST is after that.
fn resume(
    prepared: Prepared,
    (source, table): (&Store, &Table),
    options: &ConvertOptions,
    pool: &ThreadPool,
    (report, doubtful): (&mut Report, &mut Doubtful),
) -> Result<Prepared> {
    let resumed = finish_replacing(table, pool)?;
    if resumed.is_empty() {
        return Ok(prepared);
    }
    report.warnings.extend(resumed.iter().filter_map(Resumed::explain));
    report.not_merged.extend(resumed.into_iter().flat_map(|resumed| resumed.not_merged));
    // What was listed may be gone before it is listed again.
    doubtful.extend(prepared.plan.to_read().map(in_doubt));
    prepare(source, table, options)
}

/// Records what the plan supposes, before the first claim: what the table is, and the days of objects whose keys give none.
/// Returns false if another run recorded something else.
fn record_what_it_is(
    prepared: &mut Prepared,
    source: &Store,
    table: &Table,
    assumed: BTreeMap<Date, Vec<Arc<str>>>,
) -> Result<bool> {
    if prepared.guessed {
        stop_if_none_is_readable(source, &prepared.plan)?;
    }
    let same = prepared.founded || table.found(prepared.info.clone())? == prepared.info;
    let (root, prefix) = (source.location().root(), &prepared.plan.options.prefix);
    let layout = prepared.plan.options.source_layout.as_deref();
    let told = |undated| layout.map_or(Ok(true), |layout| table.tell_layout(&root, undated, (prefix, layout)));
    Ok(same
        && told(&mut prepared.undated)?
        && (assumed.is_empty() || table.assume(&root, &mut prepared.undated, assumed)?))
}

/// Objects that were listed or claimed, and may be gone by now, as they were then; by key.
type Doubtful = BTreeMap<Arc<str>, Input>;

/// Returns an object as one that may be gone.
fn in_doubt(input: &Input) -> (Arc<str>, Input) {
    (input.key.clone(), input.clone())
}

/// Forgets those of the objects that are listed again, to be claimed as they are now, or that another run has read: as they were
/// listed, or so that it found rows.
fn forget_those_there(doubtful: &mut Doubtful, prepared: &Prepared, source: &Store) {
    if doubtful.is_empty() {
        return;
    }
    let there: HashSet<&str> = prepared.found.objects.iter().map(|found| &*found.object.key).collect();
    let root = source.location().root();
    let is_read = |known: &Known, input: &Input| known.etag == input.etag || known.state == InputState::Converted;
    let known = |input: &Input| {
        prepared.states.values().filter_map(|state| state.input(&root, &input.key)).any(|known| is_read(known, input))
    };
    doubtful.retain(|key, input| !there.contains(&**key) && !known(input));
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
        objects_no_flow_logs_before: 0,
        partitions: Vec::new(),
        compacted: Vec::new(),
        not_merged: Vec::new(),
        not_retried: Vec::new(),
        rejects: Vec::new(),
        mixed: Vec::new(),
        no_flow_logs: Vec::new(),
        log_type_said: false,
        flood: None,
        passed_over: Vec::new(),
        objects_passed_over: 0,
        objects_to_look_at: 0,
        two_days: Vec::new(),
        objects_of_two_days: 0,
        missing: Missing::default(),
        objects_changed: Vec::new(),
        objects_vanished: Vec::new(),
        unreadable: Vec::new(),
        objects_unreadable: 0,
        claims_elsewhere: Vec::new(),
        ledgers_damaged: Vec::new(),
        files_in_doubt: Vec::new(),
        warnings: Vec::new(),
        source_requests: source.requests(),
        dest_requests: table.store().requests(),
    }
}

fn named(store: &Store, key: &str, reason: &str) -> Named {
    Named { object: store.location().url_of(key), line: None, byte: None, reason: reason.to_owned() }
}

fn describe(report: &mut Report, prepared: &Prepared, source: &Store) {
    let named = |object: &str, reason: &str| named(source, object, reason);
    let mut passed_over = prepared.found.passed_over.clone();
    report.objects_passed_over = passed_over.len() as u64;
    report.objects_to_look_at = passed_over.iter().filter(|(_, why)| why.needs_a_person()).count() as u64;
    passed_over.sort_by_key(|(key, why)| (!why.needs_a_person(), key.clone()));
    report.passed_over = passed_over.iter().take(MAX_NAMED).map(|(key, why)| named(key, &why.explain())).collect();
    report.objects_of_two_days = prepared.found.two_days.len() as u64;
    report.two_days = prepared.found.two_days.iter().take(MAX_NAMED).map(|(key, why)| named(key, why)).collect();
    report.ledgers_damaged = prepared.damaged();
    report.log_type = Some(prepared.info.log_type);
    report.partition_by = prepared.info.partition_by;
    report.objects_converted_before = prepared.plan.total().converted;
    report.objects_of_other_type_before = prepared.of_other_type();
    report.objects_no_flow_logs_before = prepared.plan.partitions.iter().map(|plan| plan.no_flow_logs).sum();
    report.warnings.extend(prepared.other_type_left_alone().filter(|_| !report.log_type_said));
    let year = prepared.info.founded_year();
    report.warnings.extend(year.and_then(|year| running_out(year, crate::days::today())));
}

/// What a plan cannot do, and a person should know.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Objects that changed and cannot take the place of what they were.
    pub(crate) changed: Vec<Named>,
    /// Files that are not the ones that were recorded, and cannot be made again.
    pub(crate) in_doubt: Vec<Named>,
    /// Objects of unfinished claims that do not lie below SOURCE.
    pub(crate) elsewhere: Vec<Named>,
    /// Rejected lines that were to be tried again and cannot be.
    pub(crate) not_retried: Vec<NotRetried>,
}

impl Waiting {
    fn of(plan: &Plan, source: &Store, table: &Table) -> Self {
        let mut waiting = Self::default();
        for plan in &plan.partitions {
            waiting.changed.extend(plan.stuck.iter().map(|(key, why)| named(source, key, &plan::stuck(why))));
            let key = |name: &str| table.store().location().key(&format!("{}/{name}", plan.partition));
            let in_doubt = plan.in_doubt.iter();
            waiting.in_doubt.extend(in_doubt.map(|(name, why)| named(table.store(), &key(name), &plan::in_doubt(why))));
            let stuck = plan.stuck_rejects.iter();
            waiting.not_retried.extend(stuck.map(|(lines, why)| not_retried(&plan.partition, *lines, why)));
            waiting.elsewhere.extend(plan.unfinished_elsewhere.iter().map(|object| Named {
                object: object.clone(),
                line: None,
                byte: None,
                reason: plan::claimed_elsewhere(&plan.partition),
            }));
        }
        waiting
    }

    /// Returns whether there is nothing.
    pub fn is_empty(&self) -> bool {
        let named = [&self.changed, &self.in_doubt, &self.elsewhere];
        named.iter().all(|named| named.is_empty()) && self.not_retried.is_empty()
    }
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
    report.mixed.truncate(MAX_NAMED);
    for named in [&mut report.objects_changed, &mut report.files_in_doubt] {
        named.sort_by(|a, b| a.object.cmp(&b.object));
        named.dedup();
    }
    report.not_retried.sort();
    report.not_retried.dedup();
    report.warnings.sort();
    report.warnings.dedup();
    report.seconds = begun.elapsed().as_secs_f64();
    report.source_requests = source.requests();
    report.dest_requests = table.store().requests();
}

/// Names those objects that are gone: they were listed or claimed, and nothing has read their rows. Filters may keep others
/// from being listed again.
fn vanished(source: &Store, doubtful: &Doubtful) -> Result<Vec<Named>> {
    let reason = "it is gone, and was not read before: its rows are not in the table";
    let mut gone = Vec::new();
    for key in doubtful.keys() {
        if source.head(key)?.is_none() {
            let object = source.location().url_of(key);
            info!(object, reason, "object vanished");
            gone.push(Named { object, line: None, byte: None, reason: reason.to_owned() });
        }
    }
    Ok(gone)
}
