//! Files that every engine reads whole: where chunks lie, columns that come late, and files of older versions, which are
//! found and made anew. What engines really read is judged by them (tests/python/test_zoo.py).
//!
//! `data/misread` has two tables that version 0.1.0 wrote:
//!
//! * `spark`: one file of 6,000 rows with `srcaddr` first and `account-id` last, of which Spark reads none;
//! * `bounds`: one file of 4 row groups, of which one has a tag of 300 bytes: DataFusion (55) finds `zeta` in none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::util::{DAY, DAY_FOLDER, Ran, V2, Work, all_expected, assert_rows, key, read_parquet, text};

const COMPACT: [&str; 2] = ["compact", "table"];
const OLD: [&str; 2] = ["spark", "bounds"];

/// Asserts that each of these texts was printed.
#[track_caller]
fn prints(ran: &Ran, texts: &[&str]) {
    for text in texts {
        if !ran.stdout.contains(text) && !ran.stderr.contains(text) {
            ran.fail(&format!("it should print {text:?}"));
        }
    }
}

fn footer(path: &Path) -> ParquetMetaData {
    SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap().metadata().clone()
}

/// Checks that the chunks of every row group lie in the order of the schema, one row group behind the other or in stripes of
/// several; returns the columns.
fn lies_in_order(path: &Path) -> Vec<String> {
    let footer = footer(path);
    let schema = footer.file_metadata().schema_descr();
    assert_eq!(schema.root_schema().name(), "flow_log");
    let mut before = 0;
    for group in footer.row_groups() {
        let mut end = group.file_offset().unwrap();
        assert!(end > before, "row groups begin one behind the other");
        before = end;
        for chunk in group.columns() {
            let (begin, bytes) = chunk.byte_range();
            assert!(begin as i64 >= end, "{} of {}", chunk.column_path(), path.display());
            end = (begin + bytes) as i64;
        }
    }
    schema.columns().iter().map(|column| column.name().to_owned()).collect()
}

fn only_file(work: &Work) -> std::path::PathBuf {
    let files = work.parquet_files("table");
    assert_eq!(files.len(), 1, "{files:?}");
    work.path("table").join(&files[0])
}

/// Puts a table of an older version in place.
fn old_table(work: &Work, name: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/misread").join(name);
    copy(&from, &work.path("table"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn columns_that_come_late_have_their_place_in_every_row_group() {
    let late = "version srcaddr brand-new account-id\n2 10.9.9.9 x 123456789012\n";
    for order in [&["--sort-by", "none"][..], &[]] {
        for late_one in [0, 3, 5] {
            let work = Work::new();
            let mut texts: Vec<String> = (0..6).map(|number| text(number * 100, 40)).collect();
            texts[1] = format!("srcaddr bytes\n{}", "10.0.0.1 7\n".repeat(50));
            texts[late_one] = late.to_owned();
            for (number, content) in (0..).zip(&texts) {
                work.object(&key(number), content);
            }
            let ran = work.convert(&[&["--day", DAY], order].concat());
            ran.code(0).totals(&[("objects", 6), ("objects_rejected", 0)]);
            ran.check_books();
            let columns = lies_in_order(&only_file(&work));
            assert_eq!((columns[0].as_str(), columns.last().map(String::as_str)), ("version", Some("brand_new")));
            assert_rows(&work.rows(), &all_expected(&texts));
        }
    }
}

/// Objects that are large enough to be units of their own: rows as they came are written unit by unit.
fn large(header: &str, seed: u64, line: impl Fn(u64) -> String) -> String {
    // Random words, so that 40,000 rows take more than half of a unit's 3 MiB.
    let mixed = |i: u64| {
        (i ^ seed << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let mut text = format!("{header}\n");
    (0..40_000).for_each(|i| {
        text.push_str(&format!("{} {:016x}{:016x} {:016x}\n", line(i), mixed(i), mixed(i * 3 + 1), mixed(i * 7)));
    });
    text
}

#[test]
fn objects_are_read_twice_where_a_column_comes_when_others_are_written() {
    let work = Work::new();
    let texts = [
        large("srcaddr interface-id instance-id", 1, |i| format!("10.0.0.{}", i % 250)),
        large("srcaddr interface-id instance-id", 2, |i| format!("10.1.0.{}", i % 250)),
        large("bytes interface-id instance-id", 3, |i| i.to_string()),
        large("bytes brand-new instance-id", 4, |i| i.to_string()),
        large("srcaddr vpc-id instance-id", 5, |i| format!("10.1.0.{}", i % 250)),
    ];
    let junk = format!("{}not a record at all\n", texts[2]);
    for (number, content) in (0..).zip([&texts[0], &texts[1], &junk, &texts[3], &texts[4]]) {
        work.object(&key(number), content);
    }
    let ran = work.convert(&["--day", DAY, "--sort-by", "none"]);
    ran.code(1).totals(&[("objects", 5), ("objects_read_twice", 5), ("rows_rejected", 1), ("rows_written", 200_000)]);
    ran.check_books();
    assert_eq!(work.rejects().len(), 1, "rejects are kept once");
    let file = only_file(&work);
    assert!(footer(&file).num_row_groups() > 1);
    assert_eq!(lies_in_order(&file), ["interface_id", "srcaddr", "bytes", "vpc_id", "instance_id", "brand_new"]);
    assert_rows(&work.rows(), &all_expected(&texts));
    let same = work.convert_from("raw", "other", &["--day", DAY, "--sort-by", "none", "--threads", "1"]);
    same.code(1);
    assert_eq!(fs::read(&file).unwrap(), fs::read(work.path("other").join(&work.parquet_files("other")[0])).unwrap());
    // Sorted rows wait for each other: no column comes too late.
    let sorted = work.convert_from("raw", "sorted", &["--day", DAY]);
    sorted.code(1).totals(&[("objects", 5), ("objects_read_twice", 0)]);
}

#[test]
fn verify_and_status_name_the_files_of_older_versions_that_engines_misread() {
    let said = [
        "Spark, Hive, EMR and Glue read 0 of its 6000 rows",
        "DataFusion misses rows when it is asked for values of interface_tag",
    ];
    for (name, said) in OLD.into_iter().zip(said) {
        let work = Work::new();
        old_table(&work, name);
        work.write("raw/AWSLogs/nothing", "");
        let ran = work.run(&["verify", "raw", "table", "--all", "--footers-only"]);
        ran.code(1);
        prints(&ran, &["1 file misread by some engines", said, "run compact"]);
        let status = work.run(&["status", "table"]);
        status.code(1);
        prints(&status, &["some engines misread 1 file: run compact", "m misread by some engines"]);
        let json = work.run(&["status", "table", "--json"]);
        json.code(1);
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["days"][DAY]["misread_files"], 1);
        assert_eq!(work.ledger().last().unwrap()["misread"], serde_json::json!([1]));
        let entries = work.entries().len();
        work.run(&["verify", "raw", "table", "--all", "--footers-only"]).code(1);
        assert_eq!(work.entries().len(), entries, "it is recorded once");
    }
}

#[test]
fn compact_makes_misread_files_anew_and_loses_nothing() {
    for name in OLD {
        let work = Work::new();
        old_table(&work, name);
        let old = only_file(&work);
        let mut rows = read_parquet(&old);
        rows.sort();
        let ran = work.run(&[&COMPACT[..], &["--dry-run"]].concat());
        ran.code(0);
        prints(&ran, &["1 file that some engines do not read whole will be made anew"]);
        let ran = work.run(&COMPACT);
        ran.code(0);
        prints(&ran, &["1 file that some engines did not read whole made anew"]);
        assert!(!old.exists());
        let new = only_file(&work);
        lies_in_order(&new);
        let mut now = read_parquet(&new);
        now.sort();
        assert_eq!(now, rows);
        work.write("raw/AWSLogs/nothing", "");
        work.run(&["verify", "raw", "table", "--all", "--footers-only"]).code(0);
        work.run(&["status", "table"]).code(0);
        work.run(&COMPACT).code(0).says("nothing to merge");
    }
}

/// Returns every file below the table with its content.
fn snapshot(work: &Work) -> BTreeMap<String, Vec<u8>> {
    let read = |file: String| (file.clone(), fs::read(work.path("table").join(file)).unwrap());
    work.files("table").into_iter().map(read).collect()
}

#[test]
fn a_stop_while_a_file_is_made_anew_loses_nothing_and_doubles_nothing() {
    let work = Work::new();
    old_table(&work, "bounds");
    let mut rows = read_parquet(&only_file(&work));
    rows.sort();
    let before = snapshot(&work);
    work.run(&COMPACT).code(0);
    let after = snapshot(&work);
    let new = |end: &str| {
        let made: Vec<&String> =
            after.keys().filter(|file| !before.contains_key(*file) && file.ends_with(end)).collect();
        made.into_iter().cloned().collect::<Vec<_>>()
    };
    let (file, entries) = (new(".parquet").remove(0), new(".json"));
    assert_eq!(entries.len(), 2, "replace and done: {entries:?}");
    let note = format!("_flowparquet/replacing/{file}.json");
    // What is there after each step, and the old file until the last one.
    let steps: [&[&String]; 4] = [&[], &[&entries[0]], &[&entries[0], &file], &[&entries[0], &file, &entries[1]]];
    for step in steps {
        work.remove("table");
        before.iter().for_each(|(name, content)| drop(work.write(&format!("table/{name}"), content)));
        work.write(&format!("table/{note}"), "{\"version\": 3}");
        step.iter().for_each(|name| drop(work.write(&format!("table/{name}"), &after[*name])));
        work.run(&COMPACT).code(0);
        let mut now = read_parquet(&only_file(&work));
        now.sort();
        assert_eq!(now, rows, "stopped after {step:?}");
        assert!(work.files("table").iter().all(|file| !file.contains("replacing")));
        work.run(&COMPACT).code(0).says("nothing to merge");
    }
}

#[test]
fn what_a_stopped_older_version_left_is_finished_and_then_made_anew() {
    let work = Work::new();
    old_table(&work, "bounds");
    // Its file was written, its end was not.
    let done = work.entry(2);
    fs::remove_file(work.path(&done)).unwrap();
    let mut rows = read_parquet(&only_file(&work));
    rows.sort();
    work.write("raw/AWSLogs/nothing", "");
    work.convert(&["--day", DAY]).code(0).totals(&[("files_recovered", 1)]);
    let ran = work.run(&["verify", "raw", "table", "--all", "--footers-only"]);
    ran.code(1);
    prints(&ran, &["misread"]);
    let ran = work.run(&COMPACT);
    ran.code(0);
    prints(&ran, &["made anew"]);
    let mut now = read_parquet(&only_file(&work));
    now.sort();
    assert_eq!(now, rows);
}

/// Flips one bit in the last page of a file, where no reader looks unless it asks for that page.
fn flip_a_bit(path: &Path) {
    let footer = footer(path);
    let last = footer.row_groups().last().unwrap().columns().last().unwrap().byte_range();
    let mut bytes = fs::read(path).unwrap();
    bytes[(last.0 + last.1) as usize - 1] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_flipped_bit_is_found_by_verify_compact_and_query() {
    let work = Work::new();
    for number in 0..2 {
        work.object(&key(number), text(u64::from(number) * 1_000, 400));
        work.convert(&["--day", DAY, "--compression", "none"]).code(0);
    }
    let damaged = work.path("table").join(&work.parquet_files("table")[0]);
    flip_a_bit(&damaged);
    let name = damaged.file_name().unwrap().to_str().unwrap();
    let ran = work.run(&["verify", "raw", "table", "--day", DAY]);
    ran.code(1);
    prints(&ran, &["CRC", name]);
    let before = snapshot(&work);
    let ran = work.run(&["compact", "table", "--min-age", "0"]);
    ran.code(1);
    prints(&ran, &["not merged", "its SHA-256 is another one", name]);
    assert!(before.keys().all(|file| work.path("table").join(file).exists()), "nothing is deleted");
    if cfg!(feature = "query") {
        let sql = "SELECT count(DISTINCT log_status) FROM vpc_flow_logs WHERE year = '2026'";
        let ran = work.run(&["query", "table", sql]);
        ran.code(2);
        prints(&ran, &["a Parquet file of the table is damaged: Page CRC checksum mismatch", name, "restore it"]);
    }
}

/// Flips a bit of a file, a different one for each number.
fn flip(content: &[u8], number: u64) -> Vec<u8> {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut flipped = content.to_vec();
    flipped[(mixed >> 8) as usize % content.len()] ^= 1 << (mixed % 8);
    flipped
}

/// A file of an older version has no checksums of pages, and no file has one of its footer: the ledger's is what tells.
#[test]
fn a_damaged_file_stops_its_own_merge_and_nothing_else_and_is_never_taken_for_the_truth() {
    for old in [true, false] {
        let work = Work::new();
        if old {
            old_table(&work, "spark");
        } else {
            for number in 0..2 {
                work.object(&key(number), text(u64::from(number) * 1_000, 400));
                work.convert(&["--day", DAY]).code(0);
            }
        }
        let compact = ["compact", "table", "--min-age", "0"];
        let path = work.path("table").join(&work.parquet_files("table")[0]);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let sound = fs::read(&path).unwrap();
        let before = snapshot(&work);
        // In pages, index and footer, wherever it falls; a footer with places below zero once broke the reader off.
        for number in 0..40 {
            fs::write(&path, flip(&sound, number)).unwrap();
            let ran = work.run(&compact);
            // Not an older file whose footer does not say any more that it is one: there is nothing to merge then.
            let left_alone = old && ran.code == Some(0) && ran.stderr.contains("nothing to merge");
            if !left_alone {
                ran.code(1);
                prints(&ran, &["not merged", &name, "restore it from a version or backup"]);
            }
            assert!(before.keys().all(|file| work.path("table").join(file).exists()), "nothing is deleted");
            assert!(work.files("table/_flowparquet").iter().all(|file| !file.contains("replacing")));
        }
        let entries = work.files("table/_flowparquet/ledger").len();
        work.run(&compact);
        assert_eq!(work.files("table/_flowparquet/ledger").len(), entries, "a second refusal is not recorded again");
        // Another day, and the same one.
        let other = key(7).replace("2026/01/15", "2026/01/16").replace("20260115", "20260116");
        work.object(&other, text(9, 9));
        work.run(&["convert", "raw", "table", "--day", "2026-01-16", "--progress", "none"]).code(0);
        fs::write(&path, &sound).unwrap();
        work.run(&compact).code(0);
        assert!(!path.exists(), "merged once it is what it was");
    }
}

/// A stopped merge whose file is damaged before its end is recorded: neither believed nor deleted, and in nobody's way.
#[test]
fn a_stopped_merge_whose_file_is_damaged_is_in_the_way_of_nothing_else() {
    let work = Work::new();
    for number in 0..2 {
        work.object(&key(number), text(u64::from(number) * 1_000, 400));
        work.convert(&["--day", DAY]).code(0);
    }
    let before = snapshot(&work);
    let compact = ["compact", "table", "--min-age", "0"];
    work.run(&compact).code(0);
    let made = only_file(&work);
    let name = made.file_name().unwrap().to_str().unwrap().to_owned();
    // As after a stop: what was replaced is there, the end is not recorded, the note stands; and the file has lost its end.
    fs::remove_file(work.path(&work.entry(6))).unwrap();
    before.iter().for_each(|(file, content)| drop(work.write(&format!("table/{file}"), content)));
    work.write(&format!("table/_flowparquet/replacing/{DAY_FOLDER}/{name}.json"), "{\"version\": 3}");
    let whole = fs::read(&made).unwrap();
    fs::write(&made, &whole[..whole.len() - 9]).unwrap();
    let other = key(7).replace("2026/01/15", "2026/01/16").replace("20260115", "20260116");
    work.object(&other, text(9, 9));
    for args in
        [&["convert", "raw", "table", "--day", "2026-01-16"][..], &["convert", "raw", "table", "--day", DAY], &compact]
    {
        let ran = work.run(args);
        ran.code(1);
        prints(&ran, &["not merged", &name, "move it away"]);
        assert_eq!(fs::read(&made).unwrap().len(), whole.len() - 9, "it is not touched");
    }
    assert!(work.parquet_files("table").iter().any(|file| file.contains("day=16")), "the other day is converted");
    fs::remove_file(&made).unwrap();
    work.run(&compact).code(0);
    let rows: u64 =
        work.parquet_files("table").iter().map(|file| read_parquet(&work.path("table").join(file)).len() as u64).sum();
    assert_eq!(rows, 809, "rows of both days, once");
}

#[test]
fn what_is_made_anew_keeps_its_compression() {
    let work = Work::new();
    for number in 0..2 {
        work.object(&key(number), text(u64::from(number) * 1_000, 400));
        work.convert(&["--day", DAY, "--compression", "snappy"]).code(0);
    }
    let codecs = |work: &Work| -> Vec<String> {
        let footer = footer(&only_file(work));
        footer.row_groups().iter().flat_map(RowGroupMetaData::columns).map(|c| c.compression().to_string()).collect()
    };
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    assert!(codecs(&work).iter().all(|codec| codec == "SNAPPY"), "{:?}", codecs(&work));
}

#[test]
fn files_that_have_more_unknown_columns_together_than_one_may_are_not_put_together() {
    let work = Work::new();
    let mut texts = Vec::new();
    for number in 0..11 {
        let names: Vec<String> = (0..95).map(|field| format!("f{number}x{field}")).collect();
        texts.push(format!("srcaddr bytes {}\na {number} {}\n", names.join(" "), vec!["v"; 95].join(" ")));
        work.object(&key(number), &texts[number as usize]);
        work.convert(&["--day", DAY]).code(0);
    }
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    assert_eq!(work.parquet_files("table").len(), 11, "made again, a file may have no more than 100");
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
}

/// 520 rows that share one value of 4 MiB: a file of kilobytes, and 2.2 GB as Arrow has strings by default.
#[test]
fn a_long_value_that_many_rows_share_is_read_and_merged() {
    let work = Work::new();
    let value = "v".repeat(4 << 20);
    let rows: String = (0..520).map(|i| format!("10.0.0.{} {i} {value}\n", i % 250)).collect();
    work.object(&key(0), format!("srcaddr bytes big-field\n{rows}"));
    work.convert(&["--day", DAY]).code(0);
    work.object(&key(1), text(0, 9));
    work.convert(&["--day", DAY]).code(0);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    assert_eq!(work.parquet_files("table").len(), 1);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
}

/// The format numbers row groups in 16 bits with a sign, and some readers open no file with more.
#[test]
fn a_file_has_no_more_row_groups_than_readers_count() {
    let work = Work::new();
    work.object(&key(0), text(0, 33_000));
    let one_row = ["--day", DAY, "--row-group-rows", "1"];
    for order in [&["--sort-by", "none"][..], &[]] {
        let ran = work.convert(&[&one_row[..], order].concat());
        ran.code(2);
        prints(&ran, &["a file would have more than 32768 row groups", "give a larger --row-group-rows"]);
        assert!(work.parquet_files("table").is_empty());
    }
    work.convert(&["--day", DAY]).code(0).totals(&[("rows_written", 33_000)]);
}

/// What docs/readers.md says: a header that begins with srcaddr and ends with account-id, and one that begins with nothing odd.
#[test]
fn the_order_of_the_header_does_not_matter() {
    let names: Vec<&str> = V2.split(' ').collect();
    let rotated = |by: usize| [&names[by..], &names[..by]].concat().join(" ");
    for by in [0, 3, names.len() - 1] {
        let work = Work::new();
        let header = rotated(by);
        let rows: String = text(0, 900)
            .lines()
            .skip(1)
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                [&words[by..], &words[..by]].concat().join(" ") + "\n"
            })
            .collect();
        let content = format!("{header}\n{rows}");
        work.object(&key(0), &content);
        work.convert(&["--day", DAY]).code(0);
        let columns = lies_in_order(&only_file(&work));
        assert_eq!(columns, names.iter().map(|name| name.replace('-', "_")).collect::<Vec<_>>());
        assert_rows(&work.rows(), &all_expected(&[content]));
        assert!(only_file(&work).to_str().unwrap().contains(DAY_FOLDER));
    }
}
