//! The counting: files and raw objects are read, whatever of them is asked for, and what is found is judged.
//!
//! In: [`OutputUnit`]s. Out: what they are in the [`PartitionOutcome`] of their partition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tracing::debug;

use super::file::{Readable, TableFile};
use super::outcome::{Checksums, Depth, Difference, FileOutcome, LoneRows, PartitionOutcome};
use super::raw::{self, Counted, Object};
use super::tally::{Row, RowHash, Tally};
use super::unit::{LedgerSays, OutputUnit, RecordedFile, UnitInput};
use super::{Extent, compare};
use crate::error::{Error, Result};
use crate::ledger::claim::Input;
use crate::ledger::table::Table;
use crate::report::Progress;
use crate::store::fetch::{Budget, Fetched};
use crate::store::parallel::{in_parallel, into_inner, lock};
use crate::store::upload::hex;
use crate::store::{Listed, RealKeys, Store, Unread};

/// Bytes of raw objects that are fetched ahead for each thread.
const FETCH_AHEAD_BYTES_PER_THREAD: u64 = 8 << 20;

/// Objects of this size and more are read piece by piece.
const LARGE_OBJECT_BYTES: u64 = 8 << 20;

/// Footers and files that are read at once, whatever the number of threads: they wait for the store.
const REQUESTS_AT_ONCE: usize = 16;

/// A unit, and what is found out about it.
pub struct UnitWork {
    pub unit: OutputUnit,
    pub depth: Depth,
    /// The file, if it is there and its footer can be read.
    file: Option<TableFile>,
    /// What is wrong with the file for some engines.
    misread: Option<String>,
    /// Raw objects that are gone or changed.
    gone: Vec<String>,
    changed: Vec<String>,
    /// Raw objects that cannot be read, and why.
    unreadable: Mutex<Vec<(String, String)>>,
    /// Why it cannot be compared with raw objects.
    not_compared: Mutex<Option<String>>,
    differences: Mutex<Vec<Difference>>,
    raw: Mutex<Counted>,
    parquet: Mutex<Tally>,
}

impl UnitWork {
    fn differs(&self, what: impl Into<String>, raw: Option<&str>, parquet: Option<&str>, ledger: Option<&str>) {
        let text = |said: Option<&str>| said.map(str::to_owned);
        let (raw, parquet, ledger) = (text(raw), text(parquet), text(ledger));
        lock(&self.differences).push(Difference { what: what.into(), raw, parquet, ledger });
    }

    fn objects(&self) -> u64 {
        self.unit.inputs.iter().filter(|input| input.said == LedgerSays::Converted).count() as u64
    }
}

/// Looks at the inputs of all units, and opens their files.
pub fn open(
    run: &Recount<'_>,
    units: Vec<OutputUnit>,
    objects: Option<&HashMap<Arc<str>, Listed>>,
    files: &HashMap<Arc<str>, Listed>,
) -> Result<Vec<UnitWork>> {
    let (root, below, dest) = (run.source.location().root(), run.source.location().prefix(), run.table.store());
    in_parallel(REQUESTS_AT_ONCE, units, |unit| {
        let mut work = UnitWork {
            depth: Depth::Footer,
            file: None,
            misread: None,
            gone: Vec::new(),
            changed: Vec::new(),
            unreadable: Mutex::default(),
            not_compared: Mutex::new(None),
            differences: Mutex::new(Vec::new()),
            raw: Mutex::default(),
            parquet: Mutex::default(),
            unit,
        };
        let (mut elsewhere, mut real) = (None, RealKeys::of(&root));
        for (UnitInput { source, input, said, .. }, objects) in
            work.unit.inputs.iter().filter_map(|input| Some((input, objects?)))
        {
            match objects.get(&input.key) {
                _ if *source != root => elsewhere = Some(source.clone()),
                // Nothing else is read, whoever wrote the ledger.
                _ if !real.lies_below(below, &input.key) => elsewhere = Some(run.source.location().url_of(&input.key)),
                _ if *said != LedgerSays::Converted => {}
                None => work.gone.push(input.key.to_string()),
                Some(now) if now.etag != input.etag || now.size != input.size => {
                    work.changed.push(input.key.to_string());
                }
                Some(_) => {}
            }
        }
        *lock(&work.not_compared) = match (work.gone.len(), work.changed.len(), elsewhere) {
            (_, _, Some(place)) => Some(format!("its raw objects lie elsewhere, not below SOURCE: {place}")),
            (0, 0, None) => None,
            (gone, changed, None) => {
                Some(format!("{} of its {} raw objects are gone or changed", gone + changed, work.objects()))
            }
        };
        if objects.is_none() && work.unit.output.as_ref().is_some_and(|output| output.sha256.is_none()) {
            let why = "the ledger has no SHA-256 of it: run compact, or verify it against its raw logs";
            *lock(&work.not_compared) = Some(why.to_owned());
        }
        if let Some(output) = work.unit.output.clone() {
            // It may have been put there since the listing.
            let listed = files.get(output.key.as_str()).cloned();
            match listed.map_or_else(|| dest.head(&output.key), |listed| Ok(Some(listed)))? {
                None => work.differs("file", None, Some("missing"), Some(&format!("{} bytes", output.bytes))),
                Some(listed) => match or_gone(dest, &output.key, run.open(&output.key, listed.size))? {
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
pub fn choose(work: &mut [UnitWork], extent: Extent) {
    let percent = match extent {
        Extent::Full => 100.0,
        Extent::Sample(percent) => percent,
        Extent::Footers => return,
        Extent::Hashes => return work.iter_mut().for_each(|work| work.depth = Depth::Hash),
    };
    let comparable = |work: &&mut UnitWork| lock(&work.not_compared).is_none();
    let (mut candidates, others): (Vec<&mut UnitWork>, Vec<&mut UnitWork>) = work.iter_mut().partition(comparable);
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
pub struct Recount<'a> {
    pub source: &'a Store,
    pub table: &'a Table,
    threads: usize,
    /// Memory of each thread, in bytes.
    memory_bytes: u64,
    progress: &'a dyn Progress,
    failed: Mutex<Option<Error>>,
}

impl<'a> Recount<'a> {
    /// Begins a run of so many threads, each with so many bytes of memory; reads nothing yet.
    pub fn new(
        source: &'a Store,
        table: &'a Table,
        (threads, memory_bytes): (usize, u64),
        progress: &'a dyn Progress,
    ) -> Self {
        Self { source, table, threads, memory_bytes, progress, failed: Mutex::new(None) }
    }

    fn open(&self, key: &str, size: u64) -> Result<Readable<TableFile>> {
        TableFile::open(self.table.store(), key, size, self.memory_bytes)
    }

    /// Counts the rows of the chosen units, on both sides.
    pub fn all(&self, work: &[UnitWork]) -> Result<()> {
        let chosen: Vec<&UnitWork> = work.iter().filter(|work| work.depth == Depth::Rows).collect();
        let inputs: Vec<(&UnitWork, &UnitInput)> =
            chosen.iter().flat_map(|work| work.unit.inputs.iter().map(move |input| (*work, input))).collect();
        let files = chosen.iter().filter_map(|work| Some((*work, work.file.as_ref()?)));
        let groups: Vec<(&UnitWork, &TableFile, usize)> =
            files.flat_map(|(work, file)| (0..file.row_groups()).map(move |group| (work, file, group))).collect();
        let hashed = work.iter().filter(|work| work.depth != Depth::Footer).filter_map(|work| {
            let (output, file) = (work.unit.output.as_ref()?, work.file.as_ref()?);
            Some((work, file, output.sha256.as_ref()?))
        });
        let raw_bytes: u64 = inputs.iter().map(|(_, input)| input.input.size).sum();
        let file_bytes: u64 = groups.iter().map(|(_, file, group)| file.packed_bytes(*group)).sum();
        self.progress.begin(inputs.len() as u64, raw_bytes + file_bytes);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .thread_name(|index| format!("flowparquet-{index}"))
            .build()
            .map_err(|e| Error::stopped("cannot start the worker threads").because(e))?;
        let (large, small): (Vec<_>, Vec<_>) =
            inputs.into_iter().partition(|(_, input)| input.input.size >= LARGE_OBJECT_BYTES);
        let budget = Budget::new(self.threads as u64 * FETCH_AHEAD_BYTES_PER_THREAD);
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
    fn hash(&self, work: &UnitWork, file: &TableFile, kept: &str) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        let hash = match self.or_gone(work, file.sha256().map(Ok))? {
            Ok(hash) => hash,
            Err(why) => {
                work.differs("file", None, Some(&why), None);
                return Ok(());
            }
        };
        let agrees = hash == kept;
        let object = work.unit.output.as_ref().map(|output| self.table.store().location().url_of(&output.key));
        debug!(object, sha256 = hash, agrees, "file hashed");
        if hash != kept {
            work.differs("SHA-256 of the file", None, Some(&hash), Some(kept));
        }
        Ok(())
    }

    /// As [`or_gone`], of a unit's file.
    fn or_gone<T>(&self, work: &UnitWork, read: Result<Readable<T>>) -> Result<Readable<T>> {
        match &work.unit.output {
            Some(output) => or_gone(self.table.store(), &output.key, read),
            None => read,
        }
    }

    fn row_group(&self, work: &UnitWork, file: &TableFile, group: usize) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        match self.or_gone(work, file.read(group, self.memory_bytes, &mut |_, _, _| {}))? {
            Ok(tally) => lock(&work.parquet).add(&tally),
            Err(why) => work.differs("file", None, Some(&why), None),
        }
        self.progress.advance(0, file.packed_bytes(group), 0);
        Ok(())
    }

    /// Counts an object that was read ahead; takes it whole, since its share of the budget is held as long as it is.
    fn fetched(&self, work: &UnitWork, input: &UnitInput, fetched: Fetched) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        let bytes = match fetched.bodies.as_slice() {
            [Ok(bytes)] => bytes,
            [Err(why)] => {
                self.unread(work, input, why);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let named_gz = input.input.key.ends_with(".gz");
        let read = raw::read(bytes.as_ref(), named_gz, &input.rules, &mut |_, _, _| {});
        self.count(work, input, read.map_err(|e| self.cannot_read(input, e))?);
        Ok(())
    }

    fn large(&self, work: &UnitWork, input: &UnitInput) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        match self.object(input, &mut |_, _, _| {})? {
            Ok(object) => self.count(work, input, object),
            Err(why) => self.unread(work, input, &why),
        }
        Ok(())
    }

    /// Reads an object piece by piece; or returns why it cannot be read.
    fn object(
        &self,
        input: &UnitInput,
        visit: &mut dyn FnMut(u64, RowHash, &Row),
    ) -> Result<std::result::Result<Object, Unread>> {
        let pieces = match self.source.read_in_pieces(&listed(&input.input))? {
            Ok(pieces) => pieces,
            Err(why) => return Ok(Err(why)),
        };
        match raw::read(pieces, input.input.key.ends_with(".gz"), &input.rules, visit) {
            Ok(object) => Ok(Ok(object)),
            Err(e) => Unread::of(&e).map(Err).ok_or_else(|| self.cannot_read(input, e)),
        }
    }

    fn cannot_read(&self, input: &UnitInput, e: std::io::Error) -> Error {
        Error::stopped("cannot read").at(self.source.location().url_of(&input.input.key)).because(e)
    }

    /// Notes that a raw object cannot be read: its file cannot be compared with it, and the others can.
    fn unread(&self, work: &UnitWork, input: &UnitInput, why: &Unread) {
        self.progress.advance(1, input.input.size, 0);
        if input.said != LedgerSays::Converted {
            return;
        }
        let said = match why {
            Unread::Gone | Unread::Changed => "a raw object vanished or changed meanwhile",
            Unread::Refused(_) => {
                lock(&work.unreadable).push((input.input.key.to_string(), why.to_string()));
                "not all of its raw objects can be read"
            }
        };
        *lock(&work.not_compared) = Some(said.to_owned());
    }

    /// Counts an object, and says so if it is not what the ledger takes it for.
    fn count(&self, work: &UnitWork, input: &UnitInput, object: Object) {
        let rows = if let Object::Rows(counted) = &object { counted.tally.rows } else { 0 };
        debug!(object = %self.source.location().url_of(&input.input.key), rows, "recounted");
        self.progress.advance(1, input.input.size, rows);
        let (is, agrees) = match object {
            Object::Rows(counted) => {
                let is = format!("reads to its end: {rows} rows");
                if input.said == LedgerSays::Converted {
                    lock(&work.raw).add(&counted);
                }
                // A rejected object may read to its end and be over a limit of the conversion; it is named as not converted.
                (is, matches!(input.said, LedgerSays::Converted | LedgerSays::Rejected))
            }
            Object::OtherType(of) => (format!("of the log type {of}"), input.said == LedgerSays::OtherType),
            // Versions before 0.2 rejected it.
            Object::NoFlowLog => {
                ("no flow log".to_owned(), matches!(input.said, LedgerSays::NoFlowLog | LedgerSays::Rejected))
            }
            Object::Unreadable(why) => (format!("does not read to its end: {why}"), input.said == LedgerSays::Rejected),
        };
        if !agrees {
            let said = match input.said {
                LedgerSays::Converted => "converted",
                LedgerSays::OtherType => "of another log type",
                LedgerSays::NoFlowLog => "no flow log",
                LedgerSays::Rejected => "does not read to its end",
            };
            let what = format!("object {}", self.source.location().url_of(&input.input.key));
            work.differs(what, Some(&is), None, Some(said));
        }
    }

    /// Draws the conclusions of a unit, and finds the rows that differ.
    pub fn judge(&self, work: UnitWork, outcome: &mut PartitionOutcome, total: &mut Tally) -> Result<()> {
        let objects = work.objects();
        let UnitWork { unit, mut depth, file, misread, gone, changed, unreadable, .. } = work;
        let UnitWork { not_compared, differences, raw, parquet, .. } = work;
        let mut differences = into_inner(differences);
        differences.sort_by(|a, b| (&a.what, &a.parquet).cmp(&(&b.what, &b.parquet)));
        differences.dedup();
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
        let mut unreadable = into_inner(unreadable);
        unreadable.sort();
        unreadable.into_iter().for_each(|(key, why)| outcome.unreadable.push(raw_url(&key), why));
        changed.iter().for_each(|key| outcome.changed.push(raw_url(key), "it changed after it was converted"));
        if let Some(why) = into_inner(not_compared) {
            if depth == Depth::Rows {
                depth = Depth::Footer;
                differences.retain(|difference| difference.raw.is_none());
            }
            let place = name.clone().unwrap_or_else(|| format!("claim {}, which has no file", unit.claim));
            outcome.not_compared.push(place, why);
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
                let name = name.as_deref().unwrap_or_default();
                let found = compare::lone_rows(&unit, file.as_ref(), name, self.memory_bytes, |unit, visit| {
                    self.each_raw_row(unit, visit)
                });
                let key = unit.output.as_ref().map_or("", |output| output.key.as_str());
                match or_gone(self.table.store(), key, found)? {
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
    fn each_raw_row(&self, unit: &OutputUnit, visit: &mut dyn FnMut(&str, u64, RowHash, &Row)) -> Result<()> {
        for input in unit.inputs.iter().filter(|input| input.said == LedgerSays::Converted) {
            let url = self.source.location().url_of(&input.input.key);
            // Whoever cannot be read any more has no rows to show.
            let _shown = self.object(input, &mut |line, hash, row| visit(&url, line, hash, row))?;
        }
        Ok(())
    }
}

/// Returns what was read of a file; that it is missing, if that is why it could not be.
fn or_gone<T>(dest: &Store, key: &str, read: Result<Readable<T>>) -> Result<Readable<T>> {
    match read {
        Err(_) if dest.head(key)?.is_none() => Ok(Err("missing".to_owned())),
        read => read,
    }
}

fn damaged(why: String) -> Difference {
    Difference { what: "file".to_owned(), raw: None, parquet: Some(why), ledger: None }
}

fn listed(input: &Input) -> Listed {
    Listed { key: input.key.clone(), size: input.size, etag: input.etag.clone(), archived: false }
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
