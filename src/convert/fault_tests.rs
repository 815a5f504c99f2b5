//! A fault at every store call: after each, a plain run ends as if nothing had happened.
//!
//! For every call of a small but complete run and every [`Fault`]: the run meets it and ends as it can, then another
//! one runs undisturbed. What it leaves must be what one undisturbed run leaves: the same files with the same bytes,
//! the same rejects, nothing else in the partitions' folders, every object converted once. In memory and on the local
//! disk; `tests/python/test_fire.py` does the like over HTTP.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ConvertOptions, MIN_MEMORY_BYTES, convert};
use crate::compact::{CompactOptions, compact};
use crate::days::Days;
use crate::encode::codec::Compression;
use crate::error::{ErrorKind, Result};
use crate::ledger::claim::OutputOptions;
use crate::ledger::entry::OWN_FOLDER;
use crate::ledger::partition::PartitionBy;
use crate::ledger::table::Table;
use crate::report::{Report, Silent};
use crate::source::found::Wanted;
use crate::store::faults::{Backend, Fault, Faults};
use crate::store::{Io, Location, Store};

/// Bytes of output that a file should have: two objects each.
const TARGET_FILE_BYTES: u64 = 1_000;

/// Where a scenario plays.
struct Place {
    io: Io,
    backend: Backend,
    source: Location,
    dest: Location,
    folder: Option<PathBuf>,
}

impl Place {
    fn in_memory() -> Self {
        let location = |text: &str| Location::parse(text).unwrap();
        Self {
            io: Io::start().unwrap(),
            backend: Backend::memory(),
            source: location("s3://bucket/raw"),
            dest: location("s3://bucket/table"),
            folder: None,
        }
    }

    fn on_disk(name: &str) -> Self {
        // In memory where Linux has it: these tests stop runs, not the machine, and would wait for a disk to sync most of their time.
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("flowparquet-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let location = |name: &str| Location::parse(&folder.join(name).to_string_lossy()).unwrap();
        Self {
            io: Io::start().unwrap(),
            backend: Backend::disk(),
            source: location("raw"),
            dest: location("table"),
            folder: Some(folder),
        }
    }

    fn store(&self, location: &Location) -> Store {
        self.backend.store(location, &self.io)
    }

    fn faulty(&self, location: &Location, faults: &Arc<Faults>) -> Store {
        self.backend.faulty(location, &self.io, faults)
    }

    fn convert(&self) -> Report {
        convert(&self.store(&self.source), &Table::new(self.store(&self.dest)), &options(), &Silent).unwrap()
    }

    /// Writes a raw object of one of three days.
    fn object(&self, day: u32, number: u32, text: &str) {
        let name = format!("123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_202601{day:02}T{number:02}00Z");
        let key = format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/{day:02}/{name}_{number:08x}.log.gz");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let store = self.store(&self.source);
        store.put(&store.location().key(&key), packed.finish().unwrap()).unwrap();
    }

    /// Returns everything below DEST.
    fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        if let Some(folder) = &self.folder {
            // Not through the store, which goes to another thread for each file: that took most of the time of these tests.
            return files_below(&folder.join("table"));
        }
        let store = self.store(&self.dest);
        let listed = store.list_all(&[store.location().prefix().to_owned()]).unwrap().remove(0);
        let read = |key: &str| (key.to_owned(), store.get_own(key).unwrap().unwrap().to_vec());
        listed.into_iter().map(|object| read(&object.key)).collect()
    }

    /// Makes DEST what it was.
    fn restore(&self, snapshot: &BTreeMap<String, Vec<u8>>) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder.join("table"));
            for (key, content) in snapshot {
                let path = PathBuf::from(format!("/{key}"));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            return;
        }
        let store = self.store(&self.dest);
        for object in store.list_all(&[store.location().prefix().to_owned()]).unwrap().remove(0) {
            store.delete(&object.key).unwrap();
        }
        snapshot.iter().for_each(|(key, content)| store.put(key, content.clone()).unwrap());
    }

    /// Returns what of a snapshot must not depend on how it came about: files and rejects, with their content.
    fn outcome(&self, snapshot: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
        let own = self.dest.key(OWN_FOLDER);
        let counts = |key: &str| !key.starts_with(&own) || key.starts_with(&format!("{own}/rejects"));
        snapshot.iter().filter(|(key, _)| counts(key)).map(|(key, content)| (key.clone(), content.clone())).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Returns the files below a folder by their keys, those aside that a listing of the store leaves out: they were begun and not finished.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if !name.contains('#') {
            files.insert(name.trim_start_matches('/').to_owned(), std::fs::read(&path).unwrap());
        }
    }
    files
}

fn options() -> ConvertOptions {
    ConvertOptions {
        partition_by: Some(PartitionBy::Day),
        target_file_bytes: TARGET_FILE_BYTES,
        output: OutputOptions { compression: Compression::None, ..OutputOptions::default() },
        threads: 2,
        memory_bytes: 2 * MIN_MEMORY_BYTES,
        ..ConvertOptions::default()
    }
}

/// Returns the text of an object: `rows` records that no other object has.
fn text(day: u32, number: u32, rows: u32) -> String {
    let mut text = "version srcaddr dstaddr srcport bytes log-status\n".to_owned();
    for row in 0..rows {
        // Different enough that a file takes several parts.
        let port = (row * 7919 + number * 104_729) % 65_536;
        text.push_str(&format!(
            "2 10.{day}.{number}.{row} 172.16.{}.{} {port} {} OK\n",
            port >> 8,
            port & 255,
            row * row + 1
        ));
    }
    text
}

/// Three days of objects, one of them broken, one with a line that is no record.
fn three_days(place: &Place) {
    for day in 10..13 {
        (0..4).for_each(|number| place.object(day, number, &text(day, number, 60)));
    }
    place.object(11, 4, &format!("{}no record\n", text(11, 4, 3)));
    place.object(12, 5, "no header either\n");
}

/// Runs `run` on stores with every fault at every call; returns how many cases there were.
fn everywhere(place: &Place, run: impl Fn(&Store, &Table) -> Result<()>) -> u64 {
    let before = place.snapshot();
    run(&place.store(&place.source), &Table::new(place.store(&place.dest))).unwrap();
    let wanted = place.outcome(&place.snapshot());
    let mut cases = 0;
    for fault in Fault::ALL {
        for at in 1.. {
            place.restore(&before);
            let faults = Faults::new(fault, at);
            let (source, dest) = (place.faulty(&place.source, &faults), place.faulty(&place.dest, &faults));
            let met = run(&source, &Table::new(dest));
            if !faults.happened() {
                met.unwrap();
                break;
            }
            cases += 1;
            let case = format!("{fault:?} at call {at}: {met:?}");
            // A usage error would tell a person to change what is right; a refused probe is the exception.
            let about_probe = |e: &crate::Error| e.to_string().contains("create-if-absent");
            assert!(met.as_ref().err().is_none_or(|e| e.kind() == ErrorKind::Stopped || about_probe(e)), "{case}");
            let between = place.snapshot();
            run(&place.store(&place.source), &Table::new(place.store(&place.dest)))
                .unwrap_or_else(|e| panic!("{case}: the next run: {e}"));
            // What was still under way arrives, and whatever it left is found by a run as plain as the last.
            faults.deliver(&place.io);
            run(&place.store(&place.source), &Table::new(place.store(&place.dest))).unwrap();
            let after = place.snapshot();
            assert!(!after.keys().any(|key| key.contains("/replacing/")), "{case}: a note is left");
            let (keys, wanted_keys): (Vec<_>, Vec<_>) =
                (place.outcome(&after).into_keys().collect(), wanted.keys().cloned().collect());
            assert_eq!(keys, wanted_keys, "{case}\nbetween: {:#?}", between.keys());
            assert!(place.outcome(&after) == wanted, "{case}: other bytes");
            let report = place.convert();
            assert!(report.nothing_to_do() || report.totals.rows_read == 0, "{case}: {report:#?}");
            assert_eq!(place.outcome(&place.snapshot()), wanted, "{case}: a further run");
        }
    }
    cases
}

fn converted(source: &Store, table: &Table) -> Result<()> {
    convert(source, table, &options(), &Silent).map(drop)
}

fn compacted(_: &Store, table: &Table) -> Result<()> {
    let options = CompactOptions {
        min_age_seconds: 0,
        target_file_bytes: 1 << 20,
        compression: Some(Compression::None),
        threads: 2,
        memory_bytes: 2 * MIN_MEMORY_BYTES,
        ..CompactOptions::default()
    };
    compact(table, &options).map(drop)
}

/// A merge that a fault stopped is finished by a run of other days: no row is there twice, and none is missing.
fn finished_by_runs_of_other_days(place: &Place) -> u64 {
    let before = place.snapshot();
    let other_day =
        ConvertOptions { wanted: Wanted::of(Days::These([jiff::civil::date(2026, 1, 9)].into())), ..options() };
    let mut cases = 0;
    for fault in Fault::ALL {
        for at in 1.. {
            place.restore(&before);
            let faults = Faults::new(fault, at);
            let met = compacted(&place.faulty(&place.source, &faults), &Table::new(place.faulty(&place.dest, &faults)));
            if !faults.happened() {
                break;
            }
            cases += 1;
            let table = Table::new(place.store(&place.dest));
            convert(&place.store(&place.source), &table, &other_day, &Silent).unwrap();
            let case = format!("{fault:?} at call {at}: {met:?}");
            let mut wanted: Vec<String> = Vec::new();
            for (partition, state) in table.load(&Days::All, PartitionBy::Day).unwrap() {
                // One that was stopped before its note waits for a run of its day: its file is not there, the old rows stand.
                let files = state.outputs().filter(|output| output.done.file.is_some());
                wanted.extend(files.map(|output| table.output_key(&partition, &output.claim)));
            }
            let own = place.dest.key(OWN_FOLDER);
            let files: Vec<String> = place.snapshot().into_keys().filter(|key| !key.starts_with(&own)).collect();
            assert_eq!(
                files,
                {
                    wanted.sort();
                    wanted
                },
                "{case}"
            );
            assert_eq!(table.replacing().unwrap().len(), 0, "{case}");
        }
    }
    cases
}

/// Says how many cases were tried, past the test harness, which shows nothing of what passes.
fn say(what: &str, place: &Place, cases: u64) {
    assert!(cases > 100, "{what}: only {cases} cases");
    let place = if place.folder.is_some() { "on disk" } else { "in memory" };
    let _ = writeln!(std::io::stderr(), "faults: {what}, {place}: {cases} cases");
}

fn first_conversion(place: &Place) {
    three_days(place);
    say("a first conversion of three days", place, everywhere(place, converted));
}

/// A stopped run's claims, with and without their files, late objects, and one that changed.
fn recovery(place: &Place) {
    three_days(place);
    place.convert();
    let ledger = |day: u32, number: u32| {
        place.dest.key(&format!("{OWN_FOLDER}/ledger/year=2026/month=01/day={day}/{number:08}.json"))
    };
    let store = place.store(&place.dest);
    // Day 10: the last done is missing, its file is there. Day 11: the file is missing too.
    let mut last = BTreeMap::new();
    for day in [10, 11] {
        let number = (1..).take_while(|number| store.head(&ledger(day, *number)).unwrap().is_some()).last().unwrap();
        last.insert(day, number);
        store.delete(&ledger(day, number)).unwrap();
    }
    let claim = store.get_own(&ledger(11, last[&11] - 1)).unwrap().unwrap();
    let claim: serde_json::Value = serde_json::from_slice(&claim).unwrap();
    let output = claim["output"].as_str().unwrap();
    store.delete(&place.dest.key(&format!("year=2026/month=01/day=11/{output}"))).unwrap();
    place.object(10, 7, &text(10, 7, 50));
    place.object(11, 7, &text(11, 7, 50));
    std::thread::sleep(std::time::Duration::from_millis(20)); // ETags of the local disk have the time in them.
    place.object(12, 1, &text(12, 9, 55));
    say("a run after a stopped one, with late and changed objects", place, everywhere(place, converted));
}

/// Three days of several files each.
fn files_to_merge(place: &Place) {
    three_days(place);
    place.convert();
    for day in 10..13 {
        place.object(day, 8, &text(day, 8, 40));
        place.convert();
    }
}

fn merges(place: &Place) {
    files_to_merge(place);
    say("merges of three days", place, everywhere(place, compacted));
}

#[test]
fn merges_are_finished_by_runs_of_other_days() {
    let place = Place::in_memory();
    files_to_merge(&place);
    say("merges, then a run of other days", &place, finished_by_runs_of_other_days(&place));
}

#[test]
fn a_first_conversion_in_memory() {
    first_conversion(&Place::in_memory());
}

#[test]
fn a_first_conversion_on_disk() {
    first_conversion(&Place::on_disk("first"));
}

#[test]
fn recovery_in_memory() {
    recovery(&Place::in_memory());
}

#[test]
fn recovery_on_disk() {
    recovery(&Place::on_disk("recovery"));
}

#[test]
fn merges_in_memory() {
    merges(&Place::in_memory());
}

#[test]
fn merges_on_disk() {
    merges(&Place::on_disk("merges"));
}
