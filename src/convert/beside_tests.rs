//! Readers beside writers: files that go while they are read, and listings that pass over entries of the ledger.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::civil::date;

use super::{ConvertOptions, MIN_MEMORY_BYTES, convert};
use crate::compact::{CompactOptions, compact};
use crate::days::Days;
use crate::encode::codec::Compression;
use crate::encode::file::FileContent;
use crate::encode::layout::Layout;
use crate::ledger::claim::{DEFAULT_MAX_OBJECT_BYTES, OutputOptions};
use crate::ledger::entry::Outcome;
use crate::ledger::partition::PartitionBy;
use crate::ledger::stages::Ended;
use crate::ledger::table::Table;
use crate::report::{Report, Silent};
use crate::source::found::Wanted;
use crate::store::beside::Beside;
use crate::store::faults::Backend;
use crate::store::upload::Uploaded;
use crate::store::{Io, Location, Store};
use crate::verify::{Extent, VerifyOptions, verify};

/// A table of one day with three files, each with a rejected line.
#[derive(Clone)]
struct Place {
    io: Io,
    backend: Backend,
    source: Location,
    dest: Location,
}

impl Place {
    fn new() -> Self {
        let location = |text: &str| Location::parse(text).unwrap();
        let place = Self {
            io: Io::start().unwrap(),
            backend: Backend::memory(),
            source: location("s3://bucket/raw"),
            dest: location("s3://bucket/table"),
        };
        (0..3).for_each(|number| place.late(number));
        place
    }

    /// Converts an object more: it becomes a file more.
    fn late(&self, number: u32) {
        self.put(number);
        self.convert(&self.raw());
    }

    fn put(&self, number: u32) {
        self.put_text(number, &format!("version srcaddr bytes\n2 10.0.0.{number} 5\nno record\n"));
    }

    fn put_text(&self, number: u32, text: &str) {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        self.raw().put(&self.key(number), packed.finish().unwrap()).unwrap();
    }

    /// Returns the key of a raw object, whole.
    fn key(&self, number: u32) -> String {
        let name = format!("123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260115T{number:02}00Z");
        self.source.key(&format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/{name}_{number:08x}.log.gz"))
    }

    fn convert(&self, raw: &Store) -> Report {
        let options = ConvertOptions {
            wanted: wanted(),
            partition_by: Some(PartitionBy::Day),
            log_type: None,
            merge: false,
            target_file_bytes: 1 << 20,
            output: OutputOptions {
                compression: Compression::None,
                dash_as_null: false,
                log_format: None,
                max_object_bytes: DEFAULT_MAX_OBJECT_BYTES,
                layout: Layout::default(),
            },
            retry_rejected: false,
            auto_compact: None,
            single_writer: false,
            threads: 1,
            memory_bytes: MIN_MEMORY_BYTES,
            ..ConvertOptions::default()
        };
        convert(raw, &self.table(), &options, &Silent).unwrap()
    }

    /// Merges all files.
    fn compact(&self) {
        compact(&self.table(), &Self::merging()).unwrap();
    }

    fn merging() -> CompactOptions {
        CompactOptions {
            wanted: wanted(),
            more_than: 1,
            min_age_seconds: 0,
            target_file_bytes: 1 << 20,
            compression: Some(Compression::None),
            threads: 1,
            memory_bytes: MIN_MEMORY_BYTES,
        }
    }

    fn raw(&self) -> Store {
        self.backend.store(&self.source, &self.io)
    }

    fn table(&self) -> Table {
        Table::new(self.backend.store(&self.dest, &self.io))
    }

    /// Returns the table beside which all files are merged before an object is read whose key has `before` in it.
    fn merged_before(&self, before: &'static str) -> Table {
        let others = self.clone();
        Table::new(Beside::store(self.backend.inner(), (&self.dest, &self.io), before, move || others.compact()))
    }

    /// Returns everything below DEST.
    fn below_dest(&self) -> BTreeMap<String, Vec<u8>> {
        let store = self.table().store().clone();
        let listed = store.list_all(&[self.dest.prefix().to_owned()]).unwrap().concat();
        let read = |key: &str| (key.to_owned(), store.get_own(key).unwrap().unwrap().to_vec());
        listed.into_iter().map(|object| read(&object.key)).collect()
    }

    /// Returns the files of the day.
    fn files(&self) -> Vec<String> {
        let table = self.table();
        let states = table.load(&Days::All, PartitionBy::Day).unwrap();
        let outputs = states.iter().flat_map(|(partition, state)| state.outputs().map(move |o| (partition, o)));
        outputs.map(|(partition, output)| table.output_key(partition, &output.claim)).collect()
    }
}

fn wanted() -> Wanted {
    Wanted { days: Days::All, accounts: Vec::new(), regions: Vec::new(), ..Wanted::default() }
}

fn verified(place: &Place, table: &Table, extent: Extent) -> crate::verify::outcome::Verification {
    let options = VerifyOptions { wanted: wanted(), extent, record: true, threads: 1, ..VerifyOptions::default() };
    verify(&place.raw(), table, &options, &Silent).unwrap()
}

#[test]
fn verify_finds_the_files_that_took_the_place_of_those_that_went() {
    for (extent, compared) in [(Extent::Full, 1), (Extent::Footers, 0)] {
        // Before a footer is read, and before a raw object is: then some files are open already.
        for before in ["/part-", "vpcflowlogs"] {
            let place = Place::new();
            let (raw, table) = match before {
                "/part-" => (place.raw(), place.merged_before(before)),
                _ => {
                    let others = place.clone();
                    let beside = (&place.source, &place.io);
                    (Beside::store(place.backend.inner(), beside, before, move || others.compact()), place.table())
                }
            };
            let options =
                VerifyOptions { wanted: wanted(), extent, record: true, threads: 1, ..VerifyOptions::default() };
            let found = verify(&raw, &table, &options, &Silent).unwrap();
            assert!(found.agrees, "{found:#?}");
            // When rows are read, the files may have been read already, and agreed as they were.
            if before == "/part-" {
                assert_eq!((found.partitions[0].files, found.partitions[0].files_compared), (1, compared));
                assert!(found.partitions[0].recorded);
            }
        }
    }
}

#[test]
fn a_file_that_the_ledger_still_names_is_missing() {
    let place = Place::new();
    let gone = place.files().remove(1);
    let (others, name) = (place.clone(), gone.clone());
    let delete = move || others.table().store().delete(&name).unwrap();
    let table = Table::new(Beside::store(place.backend.inner(), (&place.dest, &place.io), "/part-", delete));
    let found = verified(&place, &table, Extent::Full);
    let [differing] = &found.partitions[0].differing[..] else { panic!("{found:#?}") };
    assert!(differing.file.as_ref().unwrap().ends_with(&gone), "{differing:?}");
    assert_eq!(differing.differences.len(), 1);
    assert_eq!(differing.differences[0].parquet.as_deref(), Some("missing"));
}

#[test]
fn rejects_are_those_of_the_files_that_took_the_place_of_others() {
    let place = Place::new();
    let rejected = |table: &Table| {
        let state = table.load(&Days::All, PartitionBy::Day).unwrap();
        let read = |(partition, state)| table.rejects_now(&partition, state).unwrap();
        let mut objects: Vec<String> = state.into_iter().flat_map(read).map(|reject| reject.object).collect();
        objects.sort();
        objects
    };
    let before = rejected(&place.table());
    assert_eq!(before.len(), 3);
    // Some of the three are read when all of them go.
    assert_eq!(rejected(&place.merged_before("/rejects/")), before);
    // What was merged is merged again, with one more: its rejects go while they are looked at.
    place.late(3);
    let more = rejected(&place.table());
    assert_eq!(more.len(), 4);
    assert_eq!(rejected(&place.merged_before("/rejects/")), more);
}

/// Of two runs that finish one merge the slower one comes to rejects that the faster one has deleted; the files are there yet.
#[test]
fn rejects_that_another_run_merged_meanwhile_are_not_written_over() {
    let place = Place::new();
    let before = place.below_dest();
    let (partition, state) = place.table().load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap();
    let last = place.table().rejects_key(&partition, &state.outputs().last().unwrap().claim);
    let others = place.clone();
    let finish_first = move || {
        others.compact();
        let not_deleted_yet = before.iter().filter(|(key, _)| key.contains("/part-") && !key.contains("/rejects/"));
        not_deleted_yet.for_each(|(key, content)| others.raw().put(key, content.clone()).unwrap());
    };
    let beside = (&place.dest, &place.io);
    let slower = Table::new(Beside::store(place.backend.inner(), beside, last.leak(), finish_first));
    compact(&slower, &Place::merging()).unwrap();
    let (partition, state) = place.table().load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap();
    assert_eq!(place.table().rejects_now(&partition, state).unwrap().len(), 3);
    place.convert(&place.raw());
    assert_eq!(place.files().len(), 1);
    assert!(verified(&place, &place.table(), Extent::Full).agrees);
}

#[test]
fn a_definition_reads_the_footer_of_a_file_that_is_there() {
    let place = Place::new();
    let before = place.table().contents().unwrap();
    assert_eq!(place.merged_before("/part-").contents().unwrap(), before);
    let gone = place.files().remove(0);
    place.table().store().delete(&gone).unwrap();
    let failed = place.table().contents().unwrap_err().to_string();
    assert!(failed.contains(&gone), "{failed}");
}

#[test]
fn an_entry_that_a_listing_passes_over_is_asked_for() {
    let place = Place::new();
    let all = place.table().load(&Days::All, PartitionBy::Day).unwrap();
    for unlisted in ["00000001.json", "00000003.json", "0000000"] {
        let store = Beside::passing_over(place.backend.inner(), &place.dest, &place.io, unlisted);
        let read = Table::new(store).load(&Days::All, PartitionBy::Day).unwrap();
        // Of a ledger that is not listed at all, nobody knows.
        assert!(read == all || unlisted == "0000000" && read.is_empty(), "{unlisted}");
    }
    let partition = all.keys().next().unwrap();
    assert_eq!(partition.day, date(2026, 1, 15));
    let key = place.dest.key(&crate::ledger::entry::entry_path(partition, 3));
    place.table().store().delete(&key).unwrap();
    let refused = place.table().load(&Days::All, PartitionBy::Day).unwrap_err().to_string();
    assert!(refused.contains("entry 3 is missing before it"), "{refused}");
}

/// While a claim's object is read another run finishes the claim: with other bytes, or without any, since it read damaged ones.
/// Whose lie there nobody knows, so the file is made again under a new name, and rows are there once.
#[test]
fn a_claim_that_two_runs_finished_differently_is_made_again() {
    for has_file in [true, false] {
        let place = Place::new();
        place.put(3);
        let (others, before) = (place.clone(), place.files());
        let damaged = move || {
            let table = others.table();
            let (partition, _) = table.load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap();
            let mut ledger = table.read(partition).unwrap();
            let claimed = ledger.state().to_finish().next().unwrap();
            let uploaded = Uploaded { bytes: 1, sha256: "00".to_owned() };
            let content = FileContent { rows: 1, row_groups: 1, columns: Vec::new() };
            let written = if has_file {
                claimed.with_file(Outcome { rows: 1, ..Outcome::default() }, uploaded, content)
            } else {
                claimed.without_file(Outcome::default())
            };
            assert_eq!(ledger.finish(&written).unwrap(), Ended::Done);
        };
        let beside = (&place.source, &place.io);
        let report = place.convert(&Beside::store(place.backend.inner(), beside, "_00000003", damaged));
        assert_eq!(report.totals.finished_by_others, 1, "{report:#?}");
        assert_eq!((report.totals.files_replaced, report.totals.rows_written), (1, 1), "{report:#?}");
        assert!(report.files_in_doubt.is_empty() && report.not_merged.is_empty(), "{report:#?}");
        let files = place.files();
        assert_eq!(files.len(), before.len() + 1);
        let listed = place.table().store().list_all(&["table/year=2026".to_owned()]).unwrap().concat();
        let mut listed: Vec<String> = listed.into_iter().map(|object| object.key.to_string()).collect();
        listed.sort();
        let mut wanted = files;
        wanted.sort();
        assert_eq!(listed, wanted, "nothing is left of the one that was finished twice");
        assert!(verified(&place, &place.table(), Extent::Full).agrees);
    }
}

/// The objects that a report names as changed, by the numbers at the end of their keys.
fn named_as_changed(report: &Report) -> Vec<&str> {
    report.objects_changed.iter().map(|named| &named.object[named.object.len() - 15..named.object.len() - 7]).collect()
}

#[test]
fn a_changed_object_is_named_that_waits_for_a_neighbour_that_changed_and_is_broken() {
    let place = Place::new();
    place.put(3);
    place.put(4);
    place.convert(&place.raw());
    place.put(3);
    place.put_text(4, "no header\n");
    let report = place.convert(&place.raw());
    assert_eq!(
        (named_as_changed(&report), report.totals.objects_rejected),
        (vec!["00000003", "00000004"], 1),
        "{report:#?}"
    );
    assert!(report.rejects[0].object.ends_with(&place.key(4)), "{report:#?}");
}

/// A stopped merge is in its way when the run plans first. Once that is finished, it shares a file with one that is gone.
#[test]
fn a_changed_object_is_named_that_only_a_later_round_finds_to_be_stuck() {
    let place = Place::new();
    let before = place.below_dest();
    place.compact();
    let (store, claimed) = (place.table().store().clone(), "/00000007.json");
    for (key, _) in place.below_dest().iter().filter(|(key, _)| !before.contains_key(*key) && !key.ends_with(claimed)) {
        store.delete(key).unwrap();
    }
    before.iter().for_each(|(key, content)| store.put(key, content.clone()).unwrap());
    place.put(0);
    place.raw().delete(&place.key(1)).unwrap();
    let report = place.convert(&place.raw());
    assert_eq!((place.files().len(), named_as_changed(&report)), (1, vec!["00000000"]), "{report:#?}");
}

/// A stopped merge is taken up between the first listing and the second one, and meanwhile an object goes.
#[test]
fn an_object_is_named_that_goes_while_a_stopped_merge_is_finished() {
    let place = Place::new();
    let before = place.below_dest();
    place.compact();
    let (store, claimed) = (place.table().store().clone(), "/00000007.json");
    let merged = place.files().remove(0);
    for (key, _) in place.below_dest().iter().filter(|(key, _)| !before.contains_key(*key) && !key.ends_with(claimed)) {
        store.delete(key).unwrap();
    }
    before.iter().for_each(|(key, content)| store.put(key, content.clone()).unwrap());
    let note = merged.replacen("table/", "table/_flowparquet/replacing/", 1) + ".json";
    store.put(&note, "{}").unwrap();
    place.put(3);
    let (others, gone) = (place.clone(), place.key(3));
    let goes = move || others.raw().delete(&gone).unwrap();
    let table = Table::new(Beside::store(place.backend.inner(), (&place.dest, &place.io), "/part-", goes));
    let options = ConvertOptions { threads: 1, ..ConvertOptions::default() };
    let report = convert(&place.raw(), &table, &options, &Silent).unwrap();
    assert_eq!((place.files().len(), report.objects_vanished.len()), (1, 1), "{report:#?}");
}

#[test]
fn a_first_conversion_goes_on_when_the_newest_object_goes() {
    let mut place = Place::new();
    place.dest = Location::parse("s3://bucket/other").unwrap();
    let (others, newest) = (place.clone(), place.key(2));
    let gone = move || others.raw().delete(&newest).unwrap();
    let beside = (&place.source, &place.io);
    let report = place.convert(&Beside::store(place.backend.inner(), beside, "_00000002", gone));
    assert_eq!((report.totals.objects, report.objects_vanished.len()), (2, 1), "{report:#?}");
}

/// The file of a stopped claim is being looked at, and another run finishes the claim and replaces the file.
#[test]
fn a_claim_that_another_run_ends_stops_nobody() {
    let place = Place::new();
    let store = place.table().store().clone();
    let partition = place.table().load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap().0;
    store.delete(&place.dest.key(&crate::ledger::entry::entry_path(&partition, 6))).unwrap();
    let others = place.clone();
    let go_on = move || {
        others.convert(&others.raw());
        others.compact();
    };
    let table = Table::new(Beside::store(place.backend.inner(), (&place.dest, &place.io), "/part-", go_on));
    let report = convert(&place.raw(), &table, &ConvertOptions { threads: 1, ..ConvertOptions::default() }, &Silent);
    assert_eq!(report.unwrap().totals.files, 0);
    assert_eq!(place.files().len(), 1);
    assert!(verified(&place, &place.table(), Extent::Full).agrees);
}

#[test]
fn a_file_that_another_run_puts_again_while_it_is_read_stops_nobody() {
    let place = Place::new();
    let store = place.table().store().clone();
    let partition = place.table().load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap().0;
    store.delete(&place.dest.key(&crate::ledger::entry::entry_path(&partition, 6))).unwrap();
    let others = place.clone();
    let put_again = move || {
        let store = others.table().store().clone();
        let files = others.below_dest().into_iter().filter(|(key, _)| key.ends_with(".parquet"));
        files.for_each(|(key, content)| store.put(&key, content).unwrap());
    };
    let table = Table::new(Beside::store(place.backend.inner(), (&place.dest, &place.io), "/part-", put_again));
    let report = convert(&place.raw(), &table, &ConvertOptions { threads: 1, ..ConvertOptions::default() }, &Silent);
    assert_eq!(report.unwrap().totals.files_recovered, 1);
    assert!(verified(&place, &place.table(), Extent::Full).agrees);
}

/// Between `done` and the deletion of what is replaced, or when a run was stopped there.
#[test]
fn verify_records_no_difference_that_the_next_run_removes() {
    let place = Place::new();
    let before = place.below_dest();
    place.compact();
    let replaced = before.iter().find(|(key, _)| key.contains("/part-") && key.ends_with(".parquet")).unwrap();
    place.table().store().put(replaced.0, replaced.1.clone()).unwrap();
    let found = verified(&place, &place.table(), Extent::Full);
    assert!(!found.agrees && !found.partitions[0].recorded, "{found:#?}");
    place.convert(&place.raw());
    assert!(verified(&place, &place.table(), Extent::Full).agrees);
    let state = place.table().load(&Days::All, PartitionBy::Day).unwrap().pop_first().unwrap().1;
    assert!(!state.differs() && state.verified().unwrap().1);
}
