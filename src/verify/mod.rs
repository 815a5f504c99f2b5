//! The recount: raw objects against Parquet against the ledger, by readers that the conversion does not use.
//!
//! In: SOURCE, DEST, days. Out: a [`Verification`]. What is compared is a unit: a live output file and the raw objects
//! whose rows stand in it. [`raw`] reads the objects, [`mod@file`] the Parquet, both count the same ([`tally`]), and where
//! counts differ a second pass finds the rows (`compare`). `unit` says what is compared, `run` has it counted.
//!
//! ```text
//! list SOURCE, list DEST, read the ledger --> units --> footers --> rows (what is asked for) --> rows that differ
//! ```
//!
//! Memory for T threads, of which there are so few that each has [`MEMORY_PER_THREAD`]: T + 1 objects packed (at most 8 MiB * T
//! together; larger ones are read piece by piece), T lines, T row groups packed and what of them is unpacked at once; and, if a
//! file differs, hashes of its rows. Files are not trusted: what would take more is named and not read.

mod compare;
pub mod file;
pub mod outcome;
pub mod raw;
mod run;
pub mod tally;
mod unit;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use tracing::info;

use self::outcome::{Depth, PartitionOutcome, Remarks, VERIFICATION_VERSION, Verdict, Verification};
use self::run::{Recount, choose, open};
use self::tally::Tally;
use self::unit::{OutputUnit, units};
use crate::copies;
use crate::days::Days;
use crate::error::{Error, Result};
use crate::ledger::entry::{Verified, VerifiedHow};
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::settled::MAX_TURNS;
use crate::ledger::state::{InputState, Output, PartitionState};
use crate::ledger::table::{Ledgers, Table, TableInfo, refuse_other_endpoint, tool_name};
use crate::missing::{Deliveries, Missing, MissingOptions};
use crate::options::PARTITION_BY;
use crate::plan::{leave_out_damaged, partition_of, settle_days};
use crate::report::{Progress, damaged_ledgers};
use crate::source::discover::{discover, refuse_table, set_aside};
use crate::source::found::{Found, Wanted};
use crate::store::{Listed, Location, RealKeys, Store, name_of};

/// Memory for each thread: raw objects that are fetched ahead, lines, and a row group.
const MEMORY_PER_THREAD: u64 = 128 << 20;

/// Memory of a job that is told nothing else: for eight threads.
const DEFAULT_MEMORY_BYTES: u64 = 8 * MEMORY_PER_THREAD;

/// How much is read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Extent {
    /// Every row.
    #[default]
    Full,
    /// Every row of this percentage of the files, at least of one; footers of all.
    Sample(f64),
    /// Footers only.
    Footers,
    /// Footers, and the SHA-256 of every file against the ledger's. No raw log is needed: see [`verify_hashes`].
    Hashes,
}

/// What to verify and how. [`VerifyOptions::default`] compares every row there is, and records what agrees.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which objects.
    pub wanted: Wanted,
    /// How much is read.
    pub extent: Extent,
    /// Who is to deliver, and what may be missing.
    pub missing: MissingOptions,
    /// Whether results are recorded in the ledger.
    pub record: bool,
    /// Threads that read and count: fewer, if there is no memory for them.
    pub threads: usize,
    /// Memory to stay within, in bytes.
    pub memory_bytes: u64,
}

impl VerifyOptions {
    /// Returns how many threads there are, and the memory of each.
    fn threads(&self) -> (usize, u64) {
        let affordable = usize::try_from(self.memory_bytes / MEMORY_PER_THREAD).unwrap_or(usize::MAX);
        let threads = self.threads.min(affordable).max(1);
        (threads, (self.memory_bytes / threads as u64).max(MEMORY_PER_THREAD))
    }
}

impl Default for VerifyOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            wanted: Wanted::default(),
            extent: Extent::default(),
            missing: MissingOptions::default(),
            record: true,
            threads,
            memory_bytes: DEFAULT_MEMORY_BYTES,
        }
    }
}

/// Recounts, compares, and records what agrees and what differs.
///
/// Other runs may go on meanwhile, and delete files that they replace: what differs in a partition whose ledger has new
/// entries is looked at again, as it is then.
///
/// # Errors
/// A usage error if nothing was ever converted to DEST; otherwise when a store fails for good. What differs is no error.
pub fn verify(source: &Store, table: &Table, options: &VerifyOptions, progress: &dyn Progress) -> Result<Verification> {
    verify_settled(Some(source).filter(|_| options.extent != Extent::Hashes), table, options, progress)
}

/// Holds every file of a table against its ledger, byte by byte, whether its raw logs are still there or not.
///
/// # Errors
/// As [`verify`].
pub fn verify_hashes(table: &Table, options: &VerifyOptions, progress: &dyn Progress) -> Result<Verification> {
    verify_settled(None, table, &VerifyOptions { extent: Extent::Hashes, ..options.clone() }, progress)
}

fn verify_settled(
    source: Option<&Store>,
    table: &Table,
    options: &VerifyOptions,
    progress: &dyn Progress,
) -> Result<Verification> {
    let mut found = verify_once(source, table, options, progress)?;
    for turn in 1..MAX_TURNS {
        let moved = moved_on(table, &found)?;
        if moved.is_empty() {
            break;
        }
        info!(turn, days = moved.len(), "other runs went on meanwhile: what differs is looked at again");
        let wanted = Wanted { days: Days::These(moved.clone()), ..options.wanted.clone() };
        let again = verify_once(source, table, &VerifyOptions { wanted, ..options.clone() }, progress)?;
        found.take_over(again, &moved);
    }
    Ok(found)
}

/// Returns the days of partitions in which something differs, and to which other runs have added since.
fn moved_on(table: &Table, found: &Verification) -> Result<BTreeSet<Date>> {
    let suspects = found.partitions.iter().filter(|outcome| outcome.verdict == Verdict::Differs);
    let suspects: BTreeMap<Partition, u64> =
        suspects.filter_map(|outcome| Some((Partition::parse(&outcome.partition)?, outcome.through))).collect();
    if suspects.is_empty() {
        return Ok(BTreeSet::new());
    }
    let now = table.load(&Days::These(suspects.keys().map(|partition| partition.day).collect()), found.partition_by)?;
    let moved = suspects
        .iter()
        .filter(|(partition, through)| now.get(partition).is_some_and(|state| state.last_change() > **through));
    Ok(moved.map(|(partition, _)| partition.day).collect())
}

fn verify_once(
    source: Option<&Store>,
    table: &Table,
    options: &VerifyOptions,
    progress: &dyn Progress,
) -> Result<Verification> {
    let (begun, started) = (Instant::now(), crate::days::now());
    let Some(info) = table.info()? else {
        source.map(refuse_table).transpose()?;
        return Err(Error::usage("nothing is converted here yet")
            .at(table.store().location())
            .help("run `flowparquet convert SOURCE DEST` first, or check DEST"));
    };
    let mut sides = sides(source, table, options, info.partition_by)?;
    let looked_at = source.map(|source| source.location().to_string()).unwrap_or_default();
    // Where there are no raw logs to be read, nothing is read by it.
    let source = source.unwrap_or(table.store());
    // While ledgers are damaged, whatever they have would be missed.
    let missing = match looked_at.is_empty() || !sides.damaged.is_empty() {
        true => Missing::default(),
        false => missing(source, table, (&mut sides.found, &sides.states), options, info.partition_by)?,
    };
    let Sides { found, files, states, damaged } = sides;
    let run = Recount::new(source, table, options.threads(), progress);
    let (mut partitions, rows_read) = recount(&run, options, &info, (&found, &files), &states)?;
    let passed_over = remark_objects(source, &found, &states, info.partition_by, &mut partitions);
    remark_files((table, &options.wanted), &files, &states, &mut partitions)?;
    conclude(&mut partitions, states, table, options, info.partition_by)?;
    let partitions: Vec<PartitionOutcome> = partitions.into_values().collect();
    Ok(Verification {
        version: VERIFICATION_VERSION,
        tool: tool_name(),
        source: looked_at,
        dest: table.store().location().to_string(),
        log_type: info.log_type,
        partition_by: info.partition_by,
        started,
        seconds: begun.elapsed().as_secs_f64(),
        agrees: damaged.is_empty()
            && passed_over.is_empty()
            && missing.is_empty()
            && partitions.iter().all(|outcome| outcome.verdict == Verdict::Agrees),
        rows_read,
        partitions,
        passed_over,
        ledgers_damaged: damaged_ledgers(&damaged),
        missing,
        source_requests: source.requests(),
        dest_requests: table.store().requests(),
    })
}

/// What is to be compared.
struct Sides {
    /// The raw objects of the asked days; none if SOURCE is not looked at.
    found: Found,
    /// The files of the table, by key.
    files: HashMap<Arc<str>, Listed>,
    /// What the ledgers say of the asked partitions.
    states: BTreeMap<Partition, PartitionState>,
    /// Ledgers that cannot be read; what lies in their partitions is in neither of the above.
    damaged: BTreeMap<Partition, Error>,
}

/// Lists both sides and reads the ledgers.
fn sides(source: Option<&Store>, table: &Table, options: &VerifyOptions, by: PartitionBy) -> Result<Sides> {
    let wanted = &options.wanted;
    // In this order: what the listings show, the ledger knows, unless something is wrong.
    let mut found = match source {
        Some(source) => discover_settled(source, table, wanted, by)?,
        None => Found::default(),
    };
    let mut files = list_files(table.store(), wanted, by)?;
    let mut ledgers = table.load_sound(&wanted.days, by)?;
    ledgers.retain(|partition| wanted.selects(partition.account_region.as_ref()));
    let Ledgers { states, damaged } = ledgers.some_sound()?;
    if let Some(source) = source {
        set_aside(source, &mut found, |object| partition_of(object, by).is_ok())?;
    }
    leave_out_damaged(&mut found, &damaged, by);
    files
        .retain(|key, _| !partition_of_file(table.store().location(), key).is_some_and(|of| damaged.contains_key(&of)));
    if let Some(source) = source {
        refuse_other_endpoint(source, &states)?;
        // What a damaged ledger names nobody knows.
        if damaged.is_empty() {
            let recorded = states.values().flat_map(PartitionState::known).map(|(key, _)| &**key);
            found.met.add_recorded(recorded, wanted);
            found.met.refuse_others(wanted, source.location())?;
        }
        let root = source.location().root();
        found.accept_parquet(&options.missing.accept);
        settle_days(&mut found, &states, by, &root);
        found.forget_converted(|key| states.values().any(|state| state.input(&root, key).is_some()));
        let others = copies::other_days(&found, &options.wanted.days);
        let others = match others.is_empty() {
            true => BTreeMap::new(),
            false => table.load_sound(&Days::These(others), by)?.states,
        };
        copies::leave_out(&mut found, (&states, &others), by, source);
    }
    Ok(Sides { found, files, states, damaged })
}

/// Says what each partition turned out to be, and records it in its ledger if that is asked for.
fn conclude(
    partitions: &mut BTreeMap<Partition, PartitionOutcome>,
    mut states: BTreeMap<Partition, PartitionState>,
    table: &Table,
    options: &VerifyOptions,
    by: PartitionBy,
) -> Result<()> {
    let filtered = !options.wanted.accounts.is_empty() || !options.wanted.regions.is_empty();
    // Filters may have hidden objects of a partition that is not partitioned by them.
    let whole = !filtered || by.by_account_region();
    for (partition, outcome) in partitions {
        outcome.verdict = outcome.judge();
        if let Some(state) = states.remove(partition)
            && options.record
            && whole
        {
            outcome.recorded = record(table.open(partition.clone(), state), outcome, options.extent)?;
        }
        info!(
            %partition,
            verdict = ?outcome.verdict,
            files = outcome.files,
            files_compared = outcome.files_compared,
            objects = outcome.objects,
            rows = outcome.rows,
            differing = outcome.differing.len(),
            misread = outcome.misread.count,
            recorded = outcome.recorded,
            "partition verified"
        );
    }
    Ok(())
}

/// Returns what is missing of the asked days, compared with each other and with what the ledger has of the day before.
fn missing(
    source: &Store,
    table: &Table,
    (found, states): (&mut Found, &BTreeMap<Partition, PartitionState>),
    options: &VerifyOptions,
    by: PartitionBy,
) -> Result<Missing> {
    let (root, wanted) = (source.location().root(), &options.wanted);
    let (below, now) = ((root.as_str(), source.location().prefix()), crate::days::minute_now());
    let mut deliveries = Deliveries::default();
    let before = wanted.days.before();
    if !before.is_empty() {
        let before = table.load_sound(&Days::These(before), by)?.states;
        deliveries.add_ledger(&before, Some(below));
        found.forget_of_other_days(|key| before.values().any(|state| state.input(&root, key).is_some()));
        deliveries.add_listed(source, &found.before)?;
    }
    found.objects.iter().chain(&found.copies).for_each(|found| deliveries.add_found(found));
    deliveries.add_ledger(states, Some(below));
    if wanted.accounts.is_empty() && wanted.regions.is_empty() {
        deliveries.look_back(table, &wanted.days, Some(below), now)?;
    }
    deliveries.select(wanted);
    Ok(deliveries.missing(&wanted.days, now, &options.missing.select(wanted)))
}

/// Finds the objects of the asked days; those whose keys give no day are of the one that was recorded for them.
fn discover_settled(source: &Store, table: &Table, wanted: &Wanted, by: PartitionBy) -> Result<Found> {
    let mut found = discover(source, wanted)?;
    let undated = found.undated();
    if !undated.is_empty() {
        let undated = table.undated(&source.location().root(), &undated, by)?;
        found.settle_undated(&undated.days, &wanted.days);
        found.objects.retain(|found| !found.assumed || wanted.days.contains(found.day));
    }
    Ok(found)
}

/// Counts what is asked for; returns what that says of each partition, and how many rows were read.
fn recount(
    run: &Recount<'_>,
    options: &VerifyOptions,
    info: &TableInfo,
    (found, files): (&Found, &HashMap<Arc<str>, Listed>),
    states: &BTreeMap<Partition, PartitionState>,
) -> Result<(BTreeMap<Partition, PartitionOutcome>, u64)> {
    let units: Vec<OutputUnit> =
        states.iter().flat_map(|(partition, state)| units(run.table, info, partition, state)).collect();
    let objects = match options.extent {
        Extent::Hashes => None,
        _ => Some(list_objects(run.source, found, &units)?),
    };
    let mut work = open(run, units, objects.as_ref(), files)?;
    choose(&mut work, options.extent);
    let chosen = work.iter().filter(|work| work.depth == Depth::Rows).count();
    info!(files = work.len(), of_which_all_rows = chosen, extent = ?options.extent, "files to compare");
    run.all(&work)?;

    let mut partitions: BTreeMap<Partition, PartitionOutcome> =
        states.iter().map(|(partition, state)| (partition.clone(), begin(partition, state))).collect();
    let mut totals: BTreeMap<Partition, Tally> = BTreeMap::new();
    for work in work {
        if let Some(outcome) = partitions.get_mut(&work.unit.partition) {
            let total = totals.entry(work.unit.partition.clone()).or_default();
            run.judge(work, outcome, total)?;
        }
    }
    Ok((partitions, totals.values().map(|total| total.rows).sum()))
}

/// Records that a partition agreed, or that it did not, and which of its files engines misread; returns whether that is
/// recorded: it may be none of this, and another run may have added to the partition meanwhile.
fn record(mut ledger: PartitionLedger<'_>, outcome: &PartitionOutcome, extent: Extent) -> Result<bool> {
    let state = ledger.state();
    let how = match extent {
        Extent::Full => VerifiedHow::Full,
        Extent::Sample(_) => VerifiedHow::Sample,
        // Of the rows it says no more than footers do.
        Extent::Footers | Extent::Hashes => VerifiedHow::Footers,
    };
    let differs = outcome.differs_for_good();
    let compared = differs || outcome.judge_rows() == Verdict::Agrees && outcome.not_compared.is_empty();
    let before = state.verified().filter(|(_, holds)| *holds).map(|(before, _)| before.clone());
    // A verification every night is not to make the ledger longer every night, nor hide one that read more.
    if state.misread() == outcome.misread_claims {
        let known = |before: &Verified| before.how == how || before.how == VerifiedHow::Full;
        if !compared {
            return Ok(false);
        }
        if if differs { state.differs() } else { before.as_ref().is_some_and(known) } {
            return Ok(true);
        }
    }
    let misread = outcome.misread_claims.clone();
    let stronger = before.filter(|before| !differs && (!compared || before.how == VerifiedHow::Full));
    let verified = stronger.map_or_else(
        || {
            let counted = outcome.counted.as_ref();
            Verified {
                through: outcome.through,
                // Footers of all files were looked at, whatever else could not be.
                how: if compared { how } else { VerifiedHow::Footers },
                objects: outcome.objects,
                rows: counted.map_or(outcome.rows, |counted| counted.rows),
                hash: counted.map(|counted| counted.hash.to_string()),
                differs,
                misread: misread.clone(),
            }
        },
        |before| Verified { through: outcome.through, misread: misread.clone(), ..before },
    );
    ledger.verified(verified)
}

/// Lists what lies in the folders of the asked days, hidden names left out: Athena and others pass over these too.
fn list_files(dest: &Store, wanted: &Wanted, by: PartitionBy) -> Result<HashMap<Arc<str>, Listed>> {
    let mut tops = vec![dest.location().prefix().to_owned()];
    let columns = by.columns();
    let down = |tops: &[String], column: &str| -> Result<Vec<String>> {
        let folders = dest.list_levels(tops)?.into_iter().flat_map(|level| level.folders);
        Ok(folders.filter(|folder| name_of(folder).starts_with(&format!("{column}="))).collect())
    };
    match &wanted.days {
        Days::All => tops = down(&tops, columns[0])?,
        Days::These(days) => {
            for column in columns.iter().take_while(|column| **column != "year") {
                tops = down(&tops, column)?;
            }
            let day = |day| Partition { account_region: None, day, hour: None }.path();
            let join = |top: &String, day: String| if top.is_empty() { day } else { format!("{top}/{day}") };
            tops = tops.iter().flat_map(|top| days.iter().map(move |d| join(top, day(*d)))).collect();
        }
    }
    let files = dest.list_all(&tops)?.into_iter().flatten();
    Ok(files.filter(|file| !name_of(&file.key).starts_with(['_', '.'])).map(|file| (file.key.clone(), file)).collect())
}

/// Returns SOURCE's objects by key: those that were found, and the neighbours of those that the ledger has besides.
///
/// An object may be there and not be found: SOURCE may point at one folder today and at another one tomorrow.
fn list_objects(source: &Store, found: &Found, units: &[OutputUnit]) -> Result<HashMap<Arc<str>, Listed>> {
    let mut objects: HashMap<Arc<str>, Listed> =
        found.objects.iter().map(|found| (found.object.key.clone(), found.object.clone())).collect();
    let root = source.location().root();
    let inputs = units.iter().flat_map(|unit| &unit.inputs);
    let (mut real, below) = (RealKeys::of(&root), source.location().prefix());
    let inputs = inputs.filter(|input| input.source == root && real.lies_below(below, &input.input.key));
    let missing = inputs.map(|input| &input.input.key).filter(|key| !objects.contains_key(*key));
    let folders: BTreeSet<String> =
        missing.map(|key| key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()).collect();
    let folders: Vec<String> = folders.into_iter().collect();
    for level in source.list_levels(&folders)? {
        objects.extend(level.objects.into_iter().map(|object| (object.key.clone(), object)));
    }
    Ok(objects)
}

/// Returns what the ledger says of a partition.
fn begin(partition: &Partition, state: &PartitionState) -> PartitionOutcome {
    let count = |of: fn(&InputState) -> bool| state.inputs().filter(|input| of(input)).count() as u64;
    let mut outcome = PartitionOutcome {
        partition: partition.path(),
        verdict: Verdict::Agrees,
        through: state.last_number(),
        objects: count(|input| *input == InputState::Converted),
        rows: 0,
        rejected_rows: 0,
        other_type_objects: count(|input| *input == InputState::OtherType),
        other_type_rows: 0,
        files: 0,
        files_compared: 0,
        counted: None,
        differing: Vec::new(),
        misread: Remarks::default(),
        misread_claims: Vec::new(),
        unknown_files: Remarks::default(),
        passing_files: 0,
        not_converted: Remarks::default(),
        changed: Remarks::default(),
        unfinished: Remarks::default(),
        gone: Remarks::default(),
        unreadable: Remarks::default(),
        not_compared: Remarks::default(),
        recorded: false,
    };
    for Output { done, .. } in state.outputs() {
        outcome.rows += done.outcome.rows;
        outcome.rejected_rows += done.outcome.rejected_rows;
        outcome.other_type_rows += done.outcome.other_type_rows;
        outcome.files += u64::from(done.file.is_some());
    }
    for (number, claim) in state.unfinished() {
        let reason = if claim.work.is_merge() {
            let files = claim.work.replaces().len();
            format!("the merge {number} of {files} files is not finished: run compact or convert")
        } else {
            format!("claim {number} on {} objects is not finished: run convert", claim.work.inputs().len())
        };
        outcome.unfinished.push(claim.output.clone(), reason);
    }
    outcome
}

/// Says which of SOURCE's objects are not in the table; returns those of which nobody knows the day.
fn remark_objects(
    source: &Store,
    found: &Found,
    states: &BTreeMap<Partition, PartitionState>,
    by: PartitionBy,
    partitions: &mut BTreeMap<Partition, PartitionOutcome>,
) -> Remarks {
    let (root, empty) = (source.location().root(), PartitionState::default());
    let mut nowhere = Remarks::default();
    for object in &found.objects {
        let url = source.location().url_of(&object.object.key);
        let Ok(partition) = partition_of(object, by) else {
            nowhere.push(url, format!("its key does not tell its partition ({PARTITION_BY} {by})"));
            continue;
        };
        let state = states.get(&partition).unwrap_or(&empty);
        let known = state.input(&root, &object.object.key);
        let changed = known.is_some_and(|known| known.etag != object.object.etag);
        let reason = match known.map(|known| &known.state) {
            None => "it is not converted: run convert",
            Some(InputState::Rejected(_)) if changed => "it was rejected and changed since: run convert",
            Some(InputState::Rejected(why)) => why,
            // Those whose rows are in the table were looked at with their file.
            Some(InputState::Empty) if changed => "it had no bytes and changed since: run convert",
            Some(InputState::OtherType) if changed => "it was of another log type and changed since: run convert",
            Some(InputState::NoFlowLog) if changed => "it was no flow log and changed since: run convert",
            Some(_) => continue,
        };
        let outcome = partitions.entry(partition.clone()).or_insert_with(|| begin(&partition, &empty));
        outcome.not_converted.push(url, reason);
    }
    let known = |key: &str| states.values().any(|state| state.input(&root, key).is_some());
    for (key, why) in found.passed_over.iter().filter(|(key, why)| why.needs_a_person() && !known(key)) {
        nowhere.push(source.location().url_of(key), why.explain());
    }
    nowhere
}

/// Returns the partition in whose folder a file lies, or below it.
fn partition_of_file(dest: &Location, key: &str) -> Option<Partition> {
    let mut folders = key.strip_prefix(dest.prefix()).unwrap_or(key).trim_start_matches('/');
    loop {
        folders = folders.rsplit_once('/')?.0;
        if let Some(partition) = Partition::parse(folders) {
            return Some(partition);
        }
    }
}

/// Says which files lie in the table that no claim names: queries read them.
fn remark_files(
    (table, wanted): (&Table, &Wanted),
    files: &HashMap<Arc<str>, Listed>,
    states: &BTreeMap<Partition, PartitionState>,
    partitions: &mut BTreeMap<Partition, PartitionOutcome>,
) -> Result<()> {
    let mut known = HashSet::new();
    let mut leftovers = HashSet::new();
    for (partition, state) in states {
        let claims = state.outputs().filter(|output| output.done.file.is_some()).map(|output| &output.claim);
        known.extend(claims.chain(state.unfinished().map(|(_, claim)| claim)).map(|c| table.output_key(partition, c)));
        leftovers.extend(state.leftovers().map(|claim| table.output_key(partition, claim)));
    }
    let location = table.store().location();
    let mut unknown: Vec<&Arc<str>> = files.keys().filter(|key| !known.contains(&***key)).collect();
    unknown.sort();
    for key in unknown {
        // Those of accounts and Regions that were not asked for are named in ledgers that were not read.
        let partition = partition_of_file(location, key).filter(|p| wanted.selects(p.account_region.as_ref()));
        let Some(partition) = partition else { continue };
        // It may have been removed since the listing.
        if table.store().head(key)?.is_none() {
            continue;
        }
        let has_no_file = states.get(&partition).is_some_and(|state| state.has_no_file(name_of(key)));
        let reason = if has_no_file {
            "by the ledger its claim gave no row, another run read other bytes: the next convert of that day removes it"
        } else if leftovers.contains(&**key) {
            "a claim that was given up or replaced left it, its rows may be there twice: the next convert removes it"
        } else {
            "no entry of the ledger names it, and queries read it: move it away"
        };
        let empty = PartitionState::default();
        let outcome = partitions.entry(partition.clone()).or_insert_with(|| begin(&partition, &empty));
        outcome.unknown_files.push(location.url_of(key), reason);
        outcome.passing_files += u64::from(has_no_file || leftovers.contains(&**key));
    }
    Ok(())
}
