//! The job of `compact`: small files of a partition become one, and files that an engine misreads are made anew. Plan is a
//! value, execution follows it.
//!
//! In: the ledger of the asked days. Out: fewer files with the same rows, and a [`CompactReport`]. How a merge is
//! made and recorded is [`crate::compact::merge`]'s and [`crate::ledger::partition_ledger`]'s.

pub mod merge;
pub mod resume;
mod tally;

use std::collections::HashSet;
use std::time::Instant;

use rayon::ThreadPool;
use serde::Serialize;
use tracing::info;

use crate::days::seconds_since;
use crate::encode::codec::Compression;
use crate::encode::file::MAX_FILE_COLUMNS;
use crate::encode::layout::{Layout, sort_bytes};
use crate::error::{Error, Result};
use crate::ledger::claim::{Draft, OutputOptions, Work};
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::stages::Claimed;
use crate::ledger::state::{Output, PartitionState};
use crate::ledger::table::{Ledgers, Table, TableInfo};
use crate::plan::{DEFAULT_TARGET_FILE_BYTES, STREAMED_OBJECT_BYTES};
use crate::record::header::{Column, MAX_UNKNOWN};
use crate::sort::workers;
use crate::source::found::Wanted;
use crate::store::Requests;
use crate::store::parallel::in_parallel;
use merge::{Merged, NotMerged, finish_merge, first_damaged};
use resume::{Resumed, finish_replacing};

/// Version of the JSON that `compact --json` prints; keys may be added without a new one.
pub const COMPACT_VERSION: u32 = 1;

/// Age that a partition's newest file must have if `--min-age` is not given: until then late objects are likely, and
/// every merge is read and written again by the next one.
pub const DEFAULT_MIN_AGE_SECONDS: u64 = 24 * 60 * 60;

/// Memory that a merge may need: a file of less than half the usual size, rows to be sorted, and parts on their way.
const MEMORY_PER_MERGE: u64 = 512 << 20;

/// Partitions whose footers are looked at at once: they wait for the store.
const REQUESTS_AT_ONCE: usize = 16;

/// What to merge and how, resolved. [`CompactOptions::default`] merges what has lain for a day, in every partition.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompactOptions {
    /// Which partitions.
    pub wanted: Wanted,
    /// Only partitions with more files than this.
    pub more_than: usize,
    /// Only partitions whose newest file is older than this, in seconds.
    pub min_age_seconds: u64,
    /// Size that a file should have, in bytes; files of half of it and more are left alone.
    pub target_file_bytes: u64,
    /// Page compression; `None` for that of the partition's newest file.
    pub compression: Option<Compression>,
    /// Partitions worked on at once, and threads that encode.
    pub threads: usize,
    /// Memory to stay within, in bytes.
    pub memory_bytes: u64,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            wanted: Wanted::default(),
            more_than: 1,
            min_age_seconds: DEFAULT_MIN_AGE_SECONDS,
            target_file_bytes: DEFAULT_TARGET_FILE_BYTES,
            compression: None,
            threads: workers::one_per_processor(),
            memory_bytes: workers::DEFAULT_MEMORY_BYTES,
        }
    }
}

/// What is to be merged in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompactPlan {
    /// Its folder below DEST.
    pub partition: String,
    /// Files in it.
    pub files: u64,
    /// Claims whose files become one, for each merge; of one claim alone if its file is made anew.
    pub merges: Vec<Vec<u64>>,
    /// Claims among these whose files some engines do not read whole.
    pub misread: Vec<u64>,
    /// Bytes that are read.
    pub bytes: u64,
    /// Merges that a stopped run began.
    pub unfinished: u64,
}

/// What became of a partition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Its folder below DEST.
    pub partition: String,
    /// Files before.
    pub files_before: u64,
    /// Their bytes.
    pub bytes_before: u64,
    /// Files after.
    pub files_after: u64,
    /// Their bytes.
    pub bytes_after: u64,
    /// Rows, the same before and after.
    pub rows: u64,
    /// Files that some engines did not read whole, and that are made anew now.
    pub misread_files: u64,
    /// Files that a stopped run had replaced and not deleted, or whose claim was given up.
    pub leftovers_removed: u64,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompactReport {
    /// `COMPACT_VERSION`.
    pub version: u32,
    /// DEST.
    pub dest: String,
    /// The partitions that were touched.
    pub partitions: Vec<Compacted>,
    /// Merges that cannot be made until a person does something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_merged: Vec<NotMerged>,
    /// Things a person should know.
    pub warnings: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// Requests to DEST's store.
    pub requests: Requests,
}

/// Returns what a run would do.
///
/// # Errors
/// When the ledger cannot be read, and a usage error if nothing is converted yet.
pub fn plan(table: &Table, options: &CompactOptions) -> Result<Vec<CompactPlan>> {
    let (_, Ledgers { states, .. }) = load(table, options)?;
    let plans = in_parallel(REQUESTS_AT_ONCE, states.iter().collect(), |(partition, state)| {
        Ok(plan_partition(partition, state, &table.misread(partition, state)?, options))
    })?;
    Ok(plans.into_iter().flatten().collect())
}

/// Merges.
///
/// # Errors
/// As [`plan`], and when the store fails: then another run goes on.
pub fn compact(table: &Table, options: &CompactOptions) -> Result<CompactReport> {
    let begun = Instant::now();
    let (info, mut ledgers) = load(table, options)?;
    let pool = workers::start(options.threads, options.memory_bytes)?;
    let resumed = finish_replacing(table, &pool)?;
    if !resumed.is_empty() {
        ledgers = load(table, options)?.1;
    }
    let Ledgers { states, damaged } = ledgers;
    let damaged = damaged.iter().map(|(partition, error)| NotMerged::new(partition, error));
    let planned = in_parallel(REQUESTS_AT_ONCE, states.into_iter().collect(), |(partition, state)| {
        let plan = plan_partition(&partition, &state, &table.misread(&partition, &state)?, options);
        // Nothing to merge, but perhaps something to clear up.
        let plan = plan.or_else(|| state.leftovers().next().map(|_| empty_plan(&partition, &state)));
        Ok(plan.map(|plan| (partition, state, plan)))
    })?;
    for (partition, _, CompactPlan { files, merges, misread, bytes, unfinished, .. }) in planned.iter().flatten() {
        let (merges, misread) = (merges.len(), misread.len());
        info!(%partition, files, merges, misread, bytes, unfinished, "merge planned");
    }
    let at_once = options.threads.min(usize::try_from(options.memory_bytes / MEMORY_PER_MERGE).unwrap_or(1)).max(1);
    let work = planned.into_iter().flatten().collect();
    let results = in_parallel(at_once, work, |(partition, state, plan)| {
        run_partition(&info, table.open(partition, state), &plan, options, &pool)
    })?;
    let mut report = CompactReport {
        version: COMPACT_VERSION,
        dest: table.store().location().to_string(),
        partitions: Vec::new(),
        not_merged: resumed.iter().flat_map(|resumed| resumed.not_merged.clone()).chain(damaged).collect(),
        warnings: resumed.iter().filter_map(Resumed::explain).collect(),
        seconds: 0.0,
        requests: table.store().requests(),
    };
    for (compacted, not_merged, warnings) in results {
        report.not_merged.extend(not_merged);
        let Compacted { files_before, files_after, misread_files, leftovers_removed, .. } = compacted;
        if files_before != files_after || misread_files + leftovers_removed > 0 {
            report.partitions.push(compacted);
        }
        report.warnings.extend(warnings);
    }
    report.seconds = begun.elapsed().as_secs_f64();
    report.requests = table.store().requests();
    Ok(report)
}

/// What became of a partition, what could not be merged, and what a person should know of it.
type PartitionEnd = (Compacted, Vec<NotMerged>, Vec<String>);

fn load(table: &Table, options: &CompactOptions) -> Result<(TableInfo, Ledgers)> {
    let info = table
        .info()?
        .ok_or_else(|| Error::usage("nothing is converted here yet").at(table.store().location()).help("check DEST"))?;
    let mut ledgers = table.load_sound(&options.wanted.days, info.partition_by)?;
    ledgers.retain(|partition| options.wanted.selects(partition.account_region.as_ref()));
    Ok((info, ledgers.some_sound()?))
}

fn empty_plan(partition: &Partition, state: &PartitionState) -> CompactPlan {
    CompactPlan {
        partition: partition.path(),
        files: files(state).count() as u64,
        merges: Vec::new(),
        misread: Vec::new(),
        bytes: 0,
        unfinished: state.unfinished().filter(|(_, claim)| claim.work.is_merge()).count() as u64,
    }
}

/// Returns a partition's outputs with files, and the sizes of these.
fn files(state: &PartitionState) -> impl Iterator<Item = (&Output, u64)> {
    state.outputs().filter_map(|output| Some((output, output.done.file.as_ref()?.bytes)))
}

/// Returns what is to be merged in a partition, or `None` if nothing is to be done. Files that are `misread` are made anew,
/// however many, young or large they are: nobody who asks such an engine sees all of their rows.
fn plan_partition(
    partition: &Partition,
    state: &PartitionState,
    misread: &[u64],
    options: &CompactOptions,
) -> Option<CompactPlan> {
    let mut plan = empty_plan(partition, state);
    let young = |output: &Output| {
        // A time that lies ahead or is none says nothing.
        let age = seconds_since(&output.done_time);
        age.is_some_and(|age| (0.0..options.min_age_seconds as f64).contains(&age))
    };
    let settled = !files(state).any(|(output, _)| young(output));
    if plan.files > options.more_than as u64 && settled {
        let small = |(output, bytes): &(&Output, u64)| {
            *bytes < options.target_file_bytes / 2
                && state.can_be_replaced(output.number)
                // Made again after a change, its objects are to be held one at a time.
                && !state.inputs_of(output.number).iter().any(|(_, input)| input.size >= STREAMED_OBJECT_BYTES)
        };
        let (mut merge, mut bytes, mut columns, mut unknown) = (Vec::new(), 0, HashSet::new(), HashSet::new());
        for (output, size) in files(state).filter(small) {
            let more: Vec<&Column> = output.done.file.iter().flat_map(|file| &file.columns).collect();
            let new = more.iter().filter(|column| !columns.contains(*column)).count();
            // Made of raw objects again after a change, the file may have no more.
            let names = &output.done.outcome.unknown_fields;
            let new_names = names.iter().filter(|name| !unknown.contains(*name)).count();
            if bytes + size > options.target_file_bytes
                || columns.len() + new > MAX_FILE_COLUMNS
                || unknown.len() + new_names > MAX_UNKNOWN
            {
                plan.add(std::mem::take(&mut merge), std::mem::take(&mut bytes));
                columns.clear();
                unknown.clear();
            }
            unknown.extend(names);
            merge.push(output.number);
            bytes += size;
            columns.extend(more);
        }
        plan.add(merge, bytes);
    }
    for (output, bytes) in files(state).filter(|(output, _)| misread.contains(&output.number)) {
        plan.misread.push(output.number);
        let merged = plan.merges.iter().any(|merge| merge.contains(&output.number));
        if !merged && state.can_be_replaced(output.number) {
            plan.merges.push(vec![output.number]);
            plan.bytes += bytes;
        }
    }
    (!plan.merges.is_empty() || plan.unfinished > 0).then_some(plan)
}

impl CompactPlan {
    fn add(&mut self, merge: Vec<u64>, bytes: u64) {
        if merge.len() > 1 {
            self.merges.push(merge);
            self.bytes += bytes;
        }
    }
}

fn run_partition(
    info: &TableInfo,
    mut ledger: PartitionLedger<'_>,
    plan: &CompactPlan,
    options: &CompactOptions,
    pool: &ThreadPool,
) -> Result<PartitionEnd> {
    let (mut not_merged, mut warnings) = (Vec::new(), Vec::new());
    let mut compacted = Compacted { partition: ledger.partition().path(), ..Compacted::default() };
    compacted.files_before = plan.files;
    compacted.bytes_before = files(ledger.state()).map(|(_, bytes)| bytes).sum();
    let tidied = ledger.tidy()?;
    compacted.leftovers_removed = tidied.removed;
    let begun: Vec<Claimed> = ledger.state().to_finish().filter(|claimed| claimed.claim().work.is_merge()).collect();
    for claimed in begun {
        match finish_merge(&mut ledger, claimed, pool)? {
            Merged::Refused(refused) => not_merged.push(refused),
            merged => warnings.extend(given_up(ledger.partition(), &merged)),
        }
    }
    for merge in &plan.merges {
        // What would be refused, or was before, is looked at first, so that it does not add two entries at every run.
        let in_doubt = |number: &u64| tidied.doubtful.contains(number) || ledger.state().was_given_up(*number);
        if merge.iter().any(in_doubt) {
            let outputs = ledger.state().outputs().filter(|output| merge.contains(&output.number));
            if let Some(refused) = first_damaged(&ledger, &outputs.collect::<Vec<_>>())? {
                not_merged.push(refused);
                continue;
            }
        }
        let Some(claimed) = ledger.claim(draft(info, ledger.state(), merge, options))? else {
            let partition = ledger.partition();
            warnings.push(format!("another run is at work in {partition}: the rest of it is left for the next time"));
            break;
        };
        match finish_merge(&mut ledger, claimed, pool)? {
            Merged::Refused(refused) => not_merged.push(refused),
            Merged::Done => {
                compacted.misread_files += merge.iter().filter(|number| plan.misread.contains(number)).count() as u64;
            }
            merged => warnings.extend(given_up(ledger.partition(), &merged)),
        }
    }
    let state = ledger.state();
    compacted.files_after = files(state).count() as u64;
    compacted.bytes_after = files(state).map(|(_, bytes)| bytes).sum();
    compacted.rows = state.outputs().map(|output| output.done.outcome.rows).sum();
    let partition = ledger.partition();
    for NotMerged { file, reason, .. } in &not_merged {
        info!(%partition, object = file.as_deref(), reason, "merge refused");
    }
    let Compacted { files_before, files_after, bytes_before, bytes_after, rows, .. } = &compacted;
    info!(%partition, files_before, files_after, bytes_before, bytes_after, rows, "merged");
    Ok((compacted, not_merged, warnings))
}

fn given_up(partition: &Partition, merged: &Merged) -> Option<String> {
    let Merged::Abandoned(why) = merged else { return None };
    info!(%partition, reason = why, "merge given up");
    Some(format!("a merge of files of {partition} was given up: {why}"))
}

/// Returns what a merge claims. Its file is laid out and compressed as the partition's newest file is, however those that are
/// merged were.
fn draft(info: &TableInfo, state: &PartitionState, replaces: &[u64], options: &CompactOptions) -> Draft {
    let newest = files(state).last();
    let as_newest = newest.map(|(output, _)| &output.claim.options);
    let mut layout = as_newest.map_or_else(Layout::default, |options| options.layout.clone());
    layout.sort_bytes = layout.sort_bytes.min(sort_bytes(options.memory_bytes));
    Draft {
        log_type: info.log_type,
        options: OutputOptions {
            compression: options.compression.or(as_newest.map(|options| options.compression)).unwrap_or_default(),
            dash_as_null: info.dash_as_null,
            log_format: None,
            max_object_bytes: 0,
            layout,
        },
        work: Work::Merge(replaces.to_vec()),
    }
}
