//! The recount: raw objects against Parquet against the ledger, by readers that the conversion does not use.
//!
//! In: SOURCE, DEST, days. Out: a [`Verification`]. What is compared is a unit: a live output file and the raw objects
//! whose rows stand in it. [`raw`] reads the objects, [`mod@file`] the Parquet, both count the same ([`tally`]), and where
//! counts differ a second pass finds the rows (`compare`).
//!
//! ```text
//! list SOURCE, list DEST, read the ledger --> units --> footers --> rows (what is asked for) --> rows that differ
//! ```
//!
//! Memory for T threads: T + 1 objects packed (at most 8 MiB * T together; larger ones are read piece by piece), T lines,
//! T row groups packed; and, if a file differs, hashes of 3.5 million rows.

mod compare;
pub mod file;
pub mod outcome;
pub mod raw;
pub mod tally;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sha2::{Digest, Sha256};
use tracing::{debug, info};

use self::file::TableFile;
use self::outcome::{
    Checksums, Depth, Difference, FileOutcome, LoneRows, PartitionOutcome, Remarks, VERIFICATION_VERSION, Verdict,
    Verification,
};
use self::raw::{Counted, Object, Rules};
use self::tally::{Row, RowHash, Tally};
use crate::days::Days;
use crate::error::{Error, Result};
use crate::ledger::entry::{Input, InputState, Output, PartitionState, Verified, VerifiedHow};
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::table::{Table, TableInfo, tool_name};
use crate::options::PARTITION_BY;
use crate::plan::partition_of;
use crate::record::header::Column;
use crate::report::Progress;
use crate::source::discover::{Found, Wanted, discover};
use crate::store::fetch::{Body, Budget, Fetched};
use crate::store::parallel::in_parallel;
use crate::store::upload::hex;
use crate::store::{Listed, Store, name_of};

/// Bytes of raw objects that are fetched ahead for each thread.
const FETCH_AHEAD_BYTES_PER_THREAD: u64 = 8 << 20;

/// Objects of this size and more are read piece by piece.
const LARGE_OBJECT_BYTES: u64 = 8 << 20;

/// Footers and files that are read at once, whatever the number of threads: they wait for the store.
const REQUESTS_AT_ONCE: usize = 16;

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
}

/// What to verify and how. [`VerifyOptions::default`] compares every row there is, and records what agrees.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which objects.
    pub wanted: Wanted,
    /// How much is read.
    pub extent: Extent,
    /// Whether results are recorded in the ledger.
    pub record: bool,
    /// Threads that read and count.
    pub threads: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { wanted: Wanted::default(), extent: Extent::default(), record: true, threads }
    }
}

/// A live output file and the raw objects whose rows stand in it.
#[derive(Debug, Clone)]
struct Unit {
    partition: Partition,
    claim: u64,
    /// None if the objects gave no row.
    output: Option<RecordedFile>,
    expected: Expected,
    inputs: Vec<UnitInput>,
}

/// The file, by the ledger.
#[derive(Debug, Clone)]
struct RecordedFile {
    key: String,
    name: String,
    bytes: u64,
    row_groups: u64,
    columns: Vec<Column>,
    sha256: Option<String>,
}

/// The numbers, by the ledger.
#[derive(Debug, Clone)]
struct Expected {
    rows: u64,
    rejected_rows: u64,
    text_bytes: u64,
}

/// A raw object, by the ledger.
#[derive(Debug, Clone)]
struct UnitInput {
    source: String,
    input: Input,
    said: Said,
    rules: Rules,
}

/// What the ledger says of a raw object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Converted,
    OtherType,
    Rejected,
}

/// Returns what is to be compared in a partition: the one place that knows how the ledger ties files to objects.
fn units(table: &Table, info: &TableInfo, partition: &Partition, state: &PartitionState) -> Vec<Unit> {
    let mut units = Vec::new();
    for Output { number, claim, done, .. } in state.outputs() {
        let traced = state.trace(*number).into_iter().filter_map(|(claim, input, stands)| {
            let said = match stands {
                InputState::Converted => Said::Converted,
                InputState::OtherType => Said::OtherType,
                InputState::Rejected(_) => Said::Rejected,
                InputState::Claimed => return None,
            };
            let rules = Rules {
                log_type: claim.log_type,
                dash_as_null: info.dash_as_null,
                log_format: claim.options.log_format.clone(),
                max_object_bytes: claim.options.max_object_bytes,
            };
            Some(UnitInput { source: claim.source.clone(), input: input.clone(), said, rules })
        });
        let inputs = traced.collect();
        let output = done.file.as_ref().map(|file| RecordedFile {
            key: table.output_key(partition, claim),
            name: claim.output.clone(),
            bytes: file.bytes,
            row_groups: file.row_groups,
            columns: file.columns.clone(),
            sha256: file.sha256.clone(),
        });
        let outcome = &done.outcome;
        units.push(Unit {
            partition: partition.clone(),
            claim: done.claim,
            output,
            expected: Expected {
                rows: outcome.rows,
                rejected_rows: outcome.rejected_rows,
                text_bytes: outcome.text_bytes,
            },
            inputs,
        });
    }
    units
}

/// Recounts, compares, and records what agrees and what differs.
///
/// # Errors
/// A usage error if nothing was ever converted to DEST; otherwise when a store fails for good. What differs is no error.
pub fn verify(source: &Store, table: &Table, options: &VerifyOptions, progress: &dyn Progress) -> Result<Verification> {
    let (begun, started) = (Instant::now(), crate::days::now());
    let info = table.info()?.ok_or_else(|| {
        Error::usage("nothing is converted here yet")
            .at(table.store().location())
            .help("run `flowparquet convert SOURCE DEST` first, or check DEST")
    })?;
    // In this order: what the listings show, the ledger knows, unless something is wrong.
    let found = discover(source, &options.wanted)?;
    let files = list_files(table.store(), &options.wanted, info.partition_by)?;
    let mut states = table.load(&options.wanted.days, info.partition_by)?;
    states.retain(|partition, _| options.wanted.selects(partition.account_region.as_ref()));

    let units: Vec<Unit> = states.iter().flat_map(|(partition, state)| units(table, &info, partition, state)).collect();
    let objects = list_objects(source, &found, &units)?;
    let mut work = open(source, table.store(), units, &objects, &files)?;
    choose(&mut work, options.extent);
    let chosen = work.iter().filter(|work| work.depth == Depth::Rows).count();
    info!(files = work.len(), of_which_all_rows = chosen, extent = ?options.extent, "files to compare");
    let run = Run { source, table, progress, failed: Mutex::new(None) };
    run.all(&work, options)?;

    let mut partitions: BTreeMap<Partition, PartitionOutcome> =
        states.iter().map(|(partition, state)| (partition.clone(), begin(partition, state))).collect();
    let mut totals: BTreeMap<Partition, Tally> = BTreeMap::new();
    for work in work {
        if let Some(outcome) = partitions.get_mut(&work.unit.partition) {
            let total = totals.entry(work.unit.partition.clone()).or_default();
            run.judge(work, outcome, total)?;
        }
    }
    let rows_read = totals.values().map(|total| total.rows).sum();
    let passed_over = remark_objects(source, &found, &states, info.partition_by, &mut partitions);
    remark_files(table, &files, &states, &mut partitions)?;
    for (partition, outcome) in &mut partitions {
        outcome.verdict = outcome.judge();
        let filtered = !options.wanted.accounts.is_empty() || !options.wanted.regions.is_empty();
        // Filters may have hidden objects of a partition that is not partitioned by them.
        let whole = !filtered || info.partition_by.by_account_region();
        if let Some(state) = states.get_mut(partition)
            && options.record
            && whole
        {
            outcome.recorded = record(table, partition, state, outcome, options.extent)?;
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
    let partitions: Vec<PartitionOutcome> = partitions.into_values().collect();
    Ok(Verification {
        version: VERIFICATION_VERSION,
        tool: tool_name(),
        source: source.location().to_string(),
        dest: table.store().location().to_string(),
        log_type: info.log_type,
        partition_by: info.partition_by,
        started,
        seconds: begun.elapsed().as_secs_f64(),
        agrees: passed_over.is_empty() && partitions.iter().all(|outcome| outcome.verdict == Verdict::Agrees),
        rows_read,
        partitions,
        passed_over,
        source_requests: source.requests(),
        dest_requests: table.store().requests(),
    })
}

/// Records that a partition agreed, or that it did not, and which of its files engines misread; returns whether that is
/// recorded: it may be none of this, and another run may have added to the partition meanwhile.
fn record(
    table: &Table,
    partition: &Partition,
    state: &mut PartitionState,
    outcome: &PartitionOutcome,
    extent: Extent,
) -> Result<bool> {
    let how = match extent {
        Extent::Full => VerifiedHow::Full,
        Extent::Sample(_) => VerifiedHow::Sample,
        Extent::Footers => VerifiedHow::Footers,
    };
    let differs = outcome.judge_rows() == Verdict::Differs;
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
    table.verified(partition, state, verified)
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
fn list_objects(source: &Store, found: &Found, units: &[Unit]) -> Result<HashMap<Arc<str>, Listed>> {
    let mut objects: HashMap<Arc<str>, Listed> =
        found.objects.iter().map(|found| (found.object.key.clone(), found.object.clone())).collect();
    let root = source.location().root();
    let inputs = units.iter().flat_map(|unit| &unit.inputs).filter(|input| input.source == root);
    let missing = inputs.map(|input| &input.input.key).filter(|key| !objects.contains_key(*key));
    let folders: BTreeSet<String> =
        missing.map(|key| key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()).collect();
    let folders: Vec<String> = folders.into_iter().collect();
    for level in source.list_levels(&folders)? {
        objects.extend(level.objects.into_iter().map(|object| (object.key.clone(), object)));
    }
    Ok(objects)
}

/// A unit, and what is found out about it.
struct Work {
    unit: Unit,
    depth: Depth,
    /// The file, if it is there and its footer can be read.
    file: Option<TableFile>,
    /// What is wrong with the file for some engines.
    misread: Option<String>,
    /// Raw objects that are gone or changed.
    gone: Vec<String>,
    changed: Vec<String>,
    /// Why it cannot be compared with raw objects.
    not_compared: Mutex<Option<String>>,
    differences: Mutex<Vec<Difference>>,
    raw: Mutex<Counted>,
    parquet: Mutex<Tally>,
}

impl Work {
    fn differs(&self, what: impl Into<String>, raw: Option<&str>, parquet: Option<&str>, ledger: Option<&str>) {
        let text = |said: Option<&str>| said.map(str::to_owned);
        let (raw, parquet, ledger) = (text(raw), text(parquet), text(ledger));
        lock(&self.differences).push(Difference { what: what.into(), raw, parquet, ledger });
    }

    fn objects(&self) -> u64 {
        self.unit.inputs.iter().filter(|input| input.said == Said::Converted).count() as u64
    }
}

/// Looks at the inputs of all units, and opens their files.
fn open(
    source: &Store,
    dest: &Store,
    units: Vec<Unit>,
    objects: &HashMap<Arc<str>, Listed>,
    files: &HashMap<Arc<str>, Listed>,
) -> Result<Vec<Work>> {
    let root = source.location().root();
    in_parallel(REQUESTS_AT_ONCE, units, |unit| {
        let mut work = Work {
            depth: Depth::Footer,
            file: None,
            misread: None,
            gone: Vec::new(),
            changed: Vec::new(),
            not_compared: Mutex::new(None),
            differences: Mutex::new(Vec::new()),
            raw: Mutex::default(),
            parquet: Mutex::default(),
            unit,
        };
        let mut elsewhere = None;
        for UnitInput { source, input, .. } in work.unit.inputs.iter().filter(|input| input.said == Said::Converted) {
            match objects.get(&input.key) {
                _ if *source != root => elsewhere = Some(source.clone()),
                None => work.gone.push(input.key.to_string()),
                Some(now) if now.etag != input.etag || now.size != input.size => {
                    work.changed.push(input.key.to_string());
                }
                Some(_) => {}
            }
        }
        *lock(&work.not_compared) = match (work.gone.len(), work.changed.len(), elsewhere) {
            (_, _, Some(source)) => Some(format!("its raw objects lie in {source}, not in SOURCE")),
            (0, 0, None) => None,
            (gone, changed, None) => {
                Some(format!("{} of its {} raw objects are gone or changed", gone + changed, work.objects()))
            }
        };
        if let Some(output) = work.unit.output.clone() {
            // It may have been put there since the listing.
            let listed = files.get(output.key.as_str()).cloned();
            match listed.map_or_else(|| dest.head(&output.key), |listed| Ok(Some(listed)))? {
                None => work.differs("file", None, Some("missing"), Some(&format!("{} bytes", output.bytes))),
                Some(listed) => match TableFile::open(dest, &output.key, listed.size)? {
                    Ok(file) => {
                        debug!(object = %dest.location().url_of(&output.key), bytes = listed.size, "footer read");
                        let found = compare::footer(&file, listed.size, &work.unit.expected, &output);
                        lock(&work.differences).extend(found);
                        work.misread = file.misread();
                        work.file = Some(file);
                    }
                    Err(why) => work.differs("file", None, Some(&why), Some(&format!("{} bytes", output.bytes))),
                },
            }
        }
        Ok(work)
    })
}

/// Chooses the files whose rows are counted: by a hash of their names, so that the same ones are chosen again.
fn choose(work: &mut [Work], extent: Extent) {
    let percent = match extent {
        Extent::Full => 100.0,
        Extent::Sample(percent) => percent,
        Extent::Footers => return,
    };
    let comparable = |work: &&mut Work| lock(&work.not_compared).is_none();
    let (mut candidates, others): (Vec<&mut Work>, Vec<&mut Work>) = work.iter_mut().partition(comparable);
    if extent == Extent::Full {
        others.into_iter().for_each(|work| work.depth = Depth::Hash);
    }
    candidates.sort_by_cached_key(|work| {
        let name = work.unit.output.as_ref().map_or("", |output| output.name.as_str());
        hex(&Sha256::digest(name.as_bytes()))
    });
    let wanted = (candidates.len() as f64 * percent / 100.0).ceil() as usize;
    candidates.into_iter().take(wanted).for_each(|work| work.depth = Depth::Rows);
}

/// What all threads share.
struct Run<'a> {
    source: &'a Store,
    table: &'a Table,
    progress: &'a dyn Progress,
    failed: Mutex<Option<Error>>,
}

impl Run<'_> {
    /// Counts the rows of the chosen units, on both sides.
    fn all(&self, work: &[Work], options: &VerifyOptions) -> Result<()> {
        let chosen: Vec<&Work> = work.iter().filter(|work| work.depth == Depth::Rows).collect();
        let inputs: Vec<(&Work, &UnitInput)> =
            chosen.iter().flat_map(|work| work.unit.inputs.iter().map(move |input| (*work, input))).collect();
        let files = chosen.iter().filter_map(|work| Some((*work, work.file.as_ref()?)));
        let groups: Vec<(&Work, &TableFile, usize)> =
            files.flat_map(|(work, file)| (0..file.row_groups()).map(move |group| (work, file, group))).collect();
        let hashed = work.iter().filter(|work| work.depth != Depth::Footer).filter_map(|work| {
            let (output, file) = (work.unit.output.as_ref()?, work.file.as_ref()?);
            Some((work, file, output.sha256.as_ref()?))
        });
        let raw_bytes: u64 = inputs.iter().map(|(_, input)| input.input.size).sum();
        let file_bytes: u64 = groups.iter().map(|(_, file, group)| file.packed_bytes(*group)).sum();
        self.progress.begin(inputs.len() as u64, raw_bytes + file_bytes);
        let threads = options.threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("flowparquet-{index}"))
            .build()
            .map_err(|e| Error::stopped("cannot start the worker threads").because(e))?;
        let (large, small): (Vec<_>, Vec<_>) =
            inputs.into_iter().partition(|(_, input)| input.input.size >= LARGE_OBJECT_BYTES);
        let budget = Budget::new(threads as u64 * FETCH_AHEAD_BYTES_PER_THREAD);
        let listed = small.iter().map(|(_, input)| vec![listed(&input.input)]).collect();
        let mut fetches = self.source.fetch(listed, &budget);
        pool.in_place_scope(|scope| {
            for (work, input) in large {
                scope.spawn(move |_| self.keep(self.large(work, input)));
            }
            for (work, file, kept) in hashed {
                scope.spawn(move |_| self.keep(self.hash(work, file, kept)));
            }
            for (work, file, group) in groups {
                scope.spawn(move |_| self.keep(self.row_group(work, file, group)));
            }
            for (work, input) in small {
                match fetches.wait() {
                    Ok(fetched) => scope.spawn(move |_| self.keep(self.fetched(work, input, fetched))),
                    Err(e) => return self.keep(Err(e)),
                }
            }
        });
        self.progress.end();
        lock(&self.failed).take().map_or(Ok(()), Err)
    }

    /// Keeps the first error; what comes behind it is passed over.
    fn keep(&self, result: Result<()>) {
        if let Err(e) = result {
            lock(&self.failed).get_or_insert(e);
        }
    }

    fn has_failed(&self) -> bool {
        lock(&self.failed).is_some()
    }

    /// Compares the bytes of a file: statistics and indexes, which queries rely on, are in no row.
    fn hash(&self, work: &Work, file: &TableFile, kept: &str) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        let hash = file.sha256()?;
        let agrees = hash == kept;
        let object = work.unit.output.as_ref().map(|output| self.table.store().location().url_of(&output.key));
        debug!(object, sha256 = hash, agrees, "file hashed");
        if hash != kept {
            work.differs("SHA-256 of the file", None, Some(&hash), Some(kept));
        }
        Ok(())
    }

    fn row_group(&self, work: &Work, file: &TableFile, group: usize) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        match file.read(group, &mut |_, _, _| {})? {
            Ok(tally) => lock(&work.parquet).add(&tally),
            Err(why) => work.differs("file", None, Some(&why), None),
        }
        self.progress.advance(0, file.packed_bytes(group), 0);
        Ok(())
    }

    /// Counts an object that was read ahead; takes it whole, since its share of the budget is held as long as it is.
    fn fetched(&self, work: &Work, input: &UnitInput, fetched: Fetched) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        let [Body::Whole(bytes)] = fetched.bodies.as_slice() else {
            self.vanished(work, input);
            return Ok(());
        };
        let named_gz = input.input.key.ends_with(".gz");
        let read = raw::read(bytes.as_ref(), named_gz, &input.rules, &mut |_, _, _| {});
        self.count(work, input, read.map_err(|e| self.cannot_read(input, e))?);
        Ok(())
    }

    fn large(&self, work: &Work, input: &UnitInput) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        match self.object(input, &mut |_, _, _| {})? {
            Some(object) => self.count(work, input, object),
            None => self.vanished(work, input),
        }
        Ok(())
    }

    /// Reads an object piece by piece; `None` if it is gone or changed.
    fn object(&self, input: &UnitInput, visit: &mut dyn FnMut(u64, RowHash, &Row)) -> Result<Option<Object>> {
        let Some(pieces) = self.source.read_in_pieces(&listed(&input.input))? else { return Ok(None) };
        let read = raw::read(pieces, input.input.key.ends_with(".gz"), &input.rules, visit);
        read.map(Some).map_err(|e| self.cannot_read(input, e))
    }

    fn cannot_read(&self, input: &UnitInput, e: std::io::Error) -> Error {
        Error::stopped("cannot read").at(self.source.location().url_of(&input.input.key)).because(e)
    }

    fn vanished(&self, work: &Work, input: &UnitInput) {
        self.progress.advance(1, input.input.size, 0);
        if input.said == Said::Converted {
            *lock(&work.not_compared) = Some("a raw object vanished or changed meanwhile".to_owned());
        }
    }

    /// Counts an object, and says so if it is not what the ledger takes it for.
    fn count(&self, work: &Work, input: &UnitInput, object: Object) {
        let rows = if let Object::Rows(counted) = &object { counted.tally.rows } else { 0 };
        debug!(object = %self.source.location().url_of(&input.input.key), rows, "recounted");
        self.progress.advance(1, input.input.size, rows);
        let (is, agrees) = match object {
            Object::Rows(counted) => {
                let is = format!("reads to its end: {rows} rows");
                if input.said == Said::Converted {
                    lock(&work.raw).add(&counted);
                }
                // A rejected object may read to its end and be over a limit of the conversion; it is named as not converted.
                (is, matches!(input.said, Said::Converted | Said::Rejected))
            }
            Object::OtherType(of) => (format!("of the log type {of}"), input.said == Said::OtherType),
            Object::Unreadable(why) => (format!("does not read to its end: {why}"), input.said == Said::Rejected),
        };
        if !agrees {
            let said = match input.said {
                Said::Converted => "converted",
                Said::OtherType => "of another log type",
                Said::Rejected => "does not read to its end",
            };
            let what = format!("object {}", self.source.location().url_of(&input.input.key));
            work.differs(what, Some(&is), None, Some(said));
        }
    }

    /// Draws the conclusions of a unit, and finds the rows that differ.
    fn judge(&self, work: Work, outcome: &mut PartitionOutcome, total: &mut Tally) -> Result<()> {
        let objects = work.objects();
        let Work { unit, mut depth, file, misread, gone, changed, not_compared, differences, raw, parquet } = work;
        let mut differences = into_inner(differences);
        differences.sort_by(|a, b| (&a.what, &a.parquet).cmp(&(&b.what, &b.parquet)));
        let (raw, parquet) = (into_inner(raw), into_inner(parquet));
        let url = |output: &RecordedFile| self.table.store().location().url_of(&output.key);
        let name = unit.output.as_ref().map(url);
        let raw_url = |key: &String| self.source.location().url_of(key);
        if let Some(why) = misread {
            outcome
                .misread
                .push(name.clone().unwrap_or_default(), format!("{why}: run compact, it makes the file anew"));
            outcome.misread_claims.push(unit.claim);
        }
        gone.iter().for_each(|key| outcome.gone.push(raw_url(key), "not there any more"));
        changed.iter().for_each(|key| outcome.changed.push(raw_url(key), "it changed after it was converted"));
        if let Some(why) = into_inner(not_compared) {
            if depth == Depth::Rows {
                depth = Depth::Footer;
                differences.retain(|difference| difference.raw.is_none());
            }
            outcome.not_compared.push(name.clone().unwrap_or_default(), why);
        }
        let (mut missing, mut extra) = (LoneRows::default(), LoneRows::default());
        let readable = unit.output.is_none() || (file.is_some() && differences.iter().all(|d| d.what != "file"));
        if depth == Depth::Rows {
            if readable {
                differences.extend(compare::numbers(&raw, &parquet, &unit.expected));
            }
            outcome.files_compared += u64::from(unit.output.is_some());
            total.add(&raw.tally);
            outcome.counted = Some(counts(total));
            if readable && raw.tally != parquet {
                let found =
                    compare::lone_rows(&unit, file.as_ref(), name.as_deref().unwrap_or_default(), |unit, visit| {
                        self.each_raw_row(unit, visit)
                    })?;
                match found {
                    Ok(found) => (missing, extra) = found,
                    Err(why) => differences.push(damaged(why)),
                }
            }
        }
        if !differences.is_empty() {
            outcome.differing.push(FileOutcome {
                file: name,
                claim: unit.claim,
                depth,
                objects,
                rows: unit.expected.rows,
                bytes: unit.output.as_ref().map_or(0, |output| output.bytes),
                differences,
                missing,
                extra,
            });
        }
        Ok(())
    }

    /// Reads the rows of a unit's objects that read to their end, in order.
    fn each_raw_row(&self, unit: &Unit, visit: &mut dyn FnMut(&str, u64, RowHash, &Row)) -> Result<()> {
        for input in unit.inputs.iter().filter(|input| input.said == Said::Converted) {
            let url = self.source.location().url_of(&input.input.key);
            self.object(input, &mut |line, hash, row| visit(&url, line, hash, row))?;
        }
        Ok(())
    }
}

fn damaged(why: String) -> Difference {
    Difference { what: "file".to_owned(), raw: None, parquet: Some(why), ledger: None }
}

fn listed(input: &Input) -> Listed {
    Listed { key: input.key.clone(), size: input.size, etag: input.etag.clone() }
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
        files: 0,
        files_compared: 0,
        counted: None,
        differing: Vec::new(),
        misread: Remarks::default(),
        misread_claims: Vec::new(),
        unknown_files: Remarks::default(),
        not_converted: Remarks::default(),
        changed: Remarks::default(),
        unfinished: Remarks::default(),
        gone: Remarks::default(),
        not_compared: Remarks::default(),
        recorded: false,
    };
    for Output { done, .. } in state.outputs() {
        outcome.rows += done.outcome.rows;
        outcome.rejected_rows += done.outcome.rejected_rows;
        outcome.files += u64::from(done.file.is_some());
    }
    for (number, claim) in state.unfinished() {
        let reason = if claim.is_merge() {
            format!("the merge {number} of {} files is not finished: run compact or convert", claim.replaces.len())
        } else {
            format!("claim {number} on {} objects is not finished: run convert", claim.inputs.len())
        };
        outcome.unfinished.push(claim.output.clone(), reason);
    }
    outcome
}

fn counts(tally: &Tally) -> Checksums {
    Checksums {
        rows: tally.rows,
        sum_bytes: tally.bytes,
        sum_packets: tally.packets,
        nulls: tally.values.keys().map(|column| (column.clone(), tally.nulls(column))).collect(),
        hash: tally.hash,
    }
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
            Some(InputState::OtherType) if changed => "it was of another log type and changed since: run convert",
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

/// Says which files lie in the table that no claim names: queries read them.
fn remark_files(
    table: &Table,
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
        let below = key.strip_prefix(location.prefix()).unwrap_or(key).trim_start_matches('/');
        let mut folders = below;
        let partition = loop {
            let Some((folder, _)) = folders.rsplit_once('/') else { break None };
            folders = folder;
            if let Some(partition) = Partition::parse(folder) {
                break Some(partition);
            }
        };
        // It may have been removed since the listing.
        let (Some(partition), true) = (partition, table.store().head(key)?.is_some()) else { continue };
        let reason = if leftovers.contains(&**key) {
            "a claim that was given up or replaced left it, its rows may be there twice: the next convert removes it"
        } else {
            "no entry of the ledger names it, and queries read it: move it away"
        };
        let empty = PartitionState::default();
        let outcome = partitions.entry(partition.clone()).or_insert_with(|| begin(&partition, &empty));
        outcome.unknown_files.push(location.url_of(key), reason);
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere does not make the value wrong: it is only replaced or added to.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
