//! Files that take the place of others: changed objects, rejected lines tried again, merges; and stops in between.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::util::{DAY, DAY_FOLDER, V2, Work, all_expected, assert_rows, gz, key, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];
const COMPACT: [&str; 4] = ["compact", "table", "--min-age", "0"];

/// Converts objects one by one, so that each has a file; returns their texts.
fn files_of_one_object(work: &Work, objects: u32) -> Vec<String> {
    (0..objects)
        .map(|number| {
            let content = text(u64::from(number) * 10, 5);
            work.object(&key(number), &content);
            work.convert(&ON_THIS_DAY).code(0);
            content
        })
        .collect()
}

/// Writes an object anew; its ETag on disk has the time in it.
fn change(work: &Work, number: u32, content: impl AsRef<[u8]>) {
    sleep(Duration::from_millis(20));
    work.write(&format!("raw/{}", key(number)), content);
}

/// Returns every file below the table with its content.
fn snapshot(work: &Work) -> BTreeMap<String, Vec<u8>> {
    let read = |file: String| (file.clone(), fs::read(work.path("table").join(file)).unwrap());
    work.files("table").into_iter().map(read).collect()
}

/// Makes the table what it was.
fn restore(work: &Work, snapshot: &BTreeMap<String, Vec<u8>>) {
    work.remove("table");
    for (file, content) in snapshot {
        work.write(&format!("table/{file}"), content);
    }
}

/// Asserts that the table has these rows in this many files, and nothing else lies in it.
#[track_caller]
fn holds(work: &Work, texts: &[String], files: usize) {
    assert_rows(&work.rows(), &all_expected(texts));
    assert_eq!(work.parquet_files("table").len(), files);
}

// ---- Changed objects

#[test]
fn a_changed_object_replaces_what_came_from_it() {
    let work = Work::new();
    let mut texts: Vec<String> = (0..4).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    texts[1] = text(500, 7);
    change(&work, 1, gz(&texts[1]));
    let plan = work.run(&["plan", "raw", "table", "--day", DAY]);
    assert!(plan.code(0).stdout.contains("1 object changed after being converted"), "{}", plan.stdout);
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).says("1 file replaced by new ones\n").totals(&[
        ("objects", 4),
        ("rows_written", 22),
        ("files_replaced", 1),
    ]);
    assert_eq!(work.entries(), ["claim", "done", "replace", "done"]);
    holds(&work, &texts, 1);
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
    // Back to what it was: another file than the first.
    texts[1] = text(10, 5);
    change(&work, 1, gz(&texts[1]));
    work.convert(&ON_THIS_DAY).code(0);
    holds(&work, &texts, 1);
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
}

#[test]
fn a_changed_object_whose_neighbours_are_gone_is_named_and_its_old_rows_stay() {
    let work = Work::new();
    let texts: Vec<String> = (0..4).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&format!("raw/{}", key(2)));
    work.convert(&ON_THIS_DAY).nothing_to_do(3);
    change(&work, 1, gz(text(500, 7)));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).says(&format!(
        "changed: it changed after it was converted, the table keeps its old rows: its rows share a file with those of 1 object that is gone or not asked for\n  at WORK/raw/{}\n",
        key(1)
    ));
    holds(&work, &texts, 1);
}

#[test]
fn a_changed_object_that_does_not_read_to_its_end_does_not_take_its_rows_away() {
    let work = Work::new();
    let mut texts: Vec<String> = (0..2).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    let whole = gz(text(500, 7));
    change(&work, 1, &whole[..whole.len() - 9]);
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects_rejected", 1), ("files_replaced", 0)]);
    holds(&work, &texts, 1);
    texts[1] = text(500, 7);
    change(&work, 1, &whole);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("files_replaced", 1)]);
    holds(&work, &texts, 1);
}

// ---- Rejected lines, tried again

#[test]
fn rejected_lines_are_printed_and_converted_after_a_fix() {
    let work = Work::new();
    // Without a header, and by the format given first, each line has a field too few.
    let lines = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    let texts = [text(0, 3), text(10, 3)];
    work.object(&key(0), &texts[0]);
    work.object(&key(1), lines(&texts[1]));
    let wrong = format!("{V2} vpc-id");
    work.convert(&["--day", DAY, "--log-format", &wrong]).code(1).totals(&[("rows_written", 3), ("rows_rejected", 3)]);
    let ran = work.run(&["rejects", "table"]);
    ran.code(1).says("3 lines and 0 objects rejected; ");
    assert!(ran.stdout.starts_with("line: "), "{}", ran.stdout);
    let named = format!("  at WORK/raw/{}, line 1, byte 0\n", key(1));
    assert!(ran.stdout.contains(&named), "{}", ran.stdout);
    assert_eq!(work.run(&["rejects", "table", "--json"]).stdout.lines().count(), 3);
    // Not by itself: it would read the same objects every night.
    work.convert(&["--day", DAY, "--log-format", V2]).nothing_to_do(2);
    let ran = work.convert(&["--day", DAY, "--log-format", V2, "--retry"]);
    ran.code(0).totals(&[("rows_written", 6), ("rows_rejected", 0), ("files_replaced", 1)]);
    holds(&work, &texts, 1);
    assert!(work.rejects().is_empty(), "what was rejected is converted");
    work.run(&["rejects", "table"]).code(0).says_only("nothing is rejected\n");
    work.convert(&["--day", DAY, "--retry"]).nothing_to_do(2);
}

#[test]
fn rejected_lines_whose_objects_are_gone_are_kept() {
    let work = Work::new();
    work.object(&key(0), format!("{}not a record\n", text(0, 3)));
    work.object(&key(1), text(10, 3));
    work.convert(&ON_THIS_DAY).code(1);
    work.remove(&format!("raw/{}", key(0)));
    let ran = work.convert(&["--day", DAY, "--retry"]);
    let why = "its rows share a file with those of 1 object that is gone or not asked for";
    ran.code(1).says(&format!("not tried again: {DAY_FOLDER}: 1 rejected line is kept: {why}\n"));
    let expected = serde_json::json!([{ "partition": DAY_FOLDER, "lines": 1, "reason": why }]);
    assert_eq!(ran.report()["not_retried"], expected);
    assert_eq!(work.rejects().len(), 1);
    assert_eq!(work.entries(), ["claim", "done"]);
}

/// Made again, the file would be the same: each run would add two entries.
#[test]
fn lines_that_are_rejected_again_when_they_are_tried_again_add_no_entry() {
    let work = Work::new();
    work.object(&key(0), format!("{}not a record\n", text(0, 3)));
    work.object(&key(1), text(10, 3));
    work.convert(&ON_THIS_DAY).code(1);
    let retried_in_vain = |lines: u64| {
        let before = snapshot(&work);
        for _ in 0..2 {
            let ran = work.convert(&["--day", DAY, "--retry"]);
            ran.code(1).totals(&[("rows_read", lines), ("rows_rejected", lines), ("files", 0), ("files_replaced", 0)]);
            ran.says("rejected: 3 fields, the header names 14\n")
                .says(&format!("  at WORK/raw/{}, line 5, byte ", key(0)));
            assert_eq!(snapshot(&work), before, "nothing is written");
        }
    };
    retried_in_vain(1);
    // Nor those of a merged file.
    work.object(&key(2), format!("{}nothing of a record\n", text(20, 2)));
    work.object(&key(3), format!("{}nor this\n", text(30, 2)));
    work.convert(&ON_THIS_DAY).code(1);
    work.run(&COMPACT).code(0);
    assert_eq!(work.parquet_files("table").len(), 1);
    let rejected = work.rejects().iter().filter(|reject| reject["kind"] == "row").count() as u64;
    retried_in_vain(rejected);
    // Read by another format, it is tried: other rows may come of the lines that are none of these.
    let ran = work.convert(&["--day", DAY, "--retry", "--log-format", V2]);
    ran.code(1).totals(&[("files_replaced", 1)]);
    // And one that is mended is converted.
    change(&work, 0, gz(text(0, 4)));
    work.convert(&["--day", DAY, "--retry", "--log-format", V2]).code(1).totals(&[("files_replaced", 1)]);
    assert_eq!(work.rejects().iter().filter(|reject| reject["kind"] == "row").count() as u64, rejected - 1);
}

// ---- Merges

#[test]
fn small_files_become_one() {
    let work = Work::new();
    let mut texts = files_of_one_object(&work, 5);
    let planned = work.run(&[&COMPACT[..], &["--dry-run"]].concat());
    assert!(planned.code(0).stdout.contains("year=2026/month=01/day=15"), "{}", planned.stdout);
    let before = snapshot(&work);
    assert_eq!(snapshot(&work), before, "a dry run writes nothing");
    work.run(&["compact", "table"]).code(0).says_only("nothing to merge\n"); // too young
    assert_eq!(snapshot(&work), before);
    work.run(&COMPACT).code(0);
    holds(&work, &texts, 1);
    assert_eq!(work.entries()[10..], ["replace", "done"]);
    work.run(&COMPACT).code(0).says_only("nothing to merge\n");
    work.convert(&ON_THIS_DAY).nothing_to_do(5);
    // What comes late is a file more, and merged with the others again.
    texts.push(text(90, 4));
    work.object(&key(9), &texts[5]);
    work.convert(&ON_THIS_DAY).code(0);
    holds(&work, &texts, 2);
    work.run(&COMPACT).code(0);
    holds(&work, &texts, 1);
    // And what changes is known to stand in the merged file.
    texts[2] = text(800, 2);
    change(&work, 2, gz(&texts[2]));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 6), ("files_replaced", 1)]);
    holds(&work, &texts, 1);
    work.convert(&ON_THIS_DAY).nothing_to_do(6);
}

#[test]
fn a_merge_keeps_nulls_columns_and_rejects() {
    let work = Work::new();
    work.object(&key(0), format!("{}not a record\n", text(0, 3)));
    work.convert(&ON_THIS_DAY).code(1);
    work.object(&key(1), "srcaddr bytes vpc-id new-field\n10.0.0.1 - vpc-1 x\n- 7 - -\n");
    work.convert(&ON_THIS_DAY).code(0);
    work.object(&key(2), format!("{}not a record either\n", text(20, 2)));
    work.convert(&ON_THIS_DAY).code(1);
    let sorted = || {
        let mut rejects: Vec<String> = work.rejects().iter().map(ToString::to_string).collect();
        rejects.sort();
        rejects
    };
    let (rows, rejects) = (work.rows(), sorted());
    assert_eq!((rows.len(), rejects.len()), (7, 2));
    work.run(&COMPACT).code(0);
    assert_eq!(work.rows(), rows);
    assert_eq!(sorted(), rejects);
    assert_eq!(work.files("table/_flowparquet/rejects").len(), 1);
    let done = work.ledger().pop().unwrap();
    assert_eq!((&done["rows"], &done["rejected_rows"]), (&7.into(), &2.into()));
    let ran = work.run(&["rejects", "table"]);
    ran.code(1).says("2 lines and 0 objects rejected; ");
}

#[test]
fn files_are_merged_up_to_the_target_and_large_ones_left_alone() {
    let work = Work::new();
    let texts = files_of_one_object(&work, 6);
    let size = fs::metadata(work.path("table").join(&work.parquet_files("table")[0])).unwrap().len();
    let target = (size * 5 / 2).to_string();
    work.run(&[&COMPACT[..], &["--target-file-size", &target]].concat()).code(0);
    holds(&work, &texts, 3);
    let target = size.to_string();
    work.run(&[&COMPACT[..], &["--target-file-size", &target]].concat()).code(0).says_only("nothing to merge\n");
}

#[test]
fn convert_merges_by_itself_when_asked() {
    let work = Work::new();
    let mut texts = files_of_one_object(&work, 3);
    work.object(&key(3), text(30, 5));
    texts.push(text(30, 5));
    let ran = work.convert(&["--day", DAY, "--auto-compact", "4"]);
    ran.code(0);
    holds(&work, &texts, 4);
    let ran = work.convert(&["--day", DAY, "--auto-compact", "3"]);
    ran.code(0).says("compacted");
    assert_eq!(ran.report()["compacted"][0]["files_after"], 1);
    holds(&work, &texts, 1);
}

/// The note that a run leaves while it replaces files by another one.
fn note(file: &str) -> String {
    format!("_flowparquet/replacing/{}.json", file.strip_prefix("table/").unwrap_or(file))
}

/// A merge that was stopped after each of its steps is finished by the next compact, and by the next convert, of
/// whatever days.
#[test]
fn a_stopped_merge_is_finished_by_the_next_run_of_anything() {
    let work = Work::new();
    let texts = files_of_one_object(&work, 3);
    let before = snapshot(&work);
    work.run(&COMPACT).code(0);
    let after = snapshot(&work);
    let new = |file: &&String| !before.contains_key(*file);
    let entry = |number: u32| work.entry(number).strip_prefix("table/").unwrap().to_owned();
    let (replace, done) = (entry(7), entry(8));
    let merged = after.keys().filter(new).find(|file| file.ends_with(".parquet")).unwrap().clone();
    let steps: [&[&String]; 3] = [&[&replace], &[&replace, &merged], &[&replace, &merged, &done]];
    for files in steps {
        for command in [
            &COMPACT[..],
            &["convert", "raw", "table", "--day", DAY],
            &["convert", "raw", "table", "--day", "2026-01-14"],
            &["compact", "table"],
            &["compact", "table", "--day", "2026-01-14"],
        ] {
            let mut stopped = before.clone();
            stopped.extend(files.iter().map(|file| ((*file).clone(), after[*file].clone())));
            stopped.insert(note(&merged), b"{}".to_vec());
            restore(&work, &stopped);
            let ran = work.run(&["status", "table", "--day", "2026-01-14"]);
            let said = format!("files of {DAY_FOLDER} are being replaced, or a run that did was stopped: ");
            assert!(ran.code(1).stdout.contains(&said), "{}", ran.stdout);
            let ran = work.run(command);
            ran.code(0).says(&format!(
                "warning: a run was stopped while it replaced files of {DAY_FOLDER}: this is finished now\n"
            ));
            work.run(&["status", "table"]).code(0);
            let here: Vec<String> = snapshot(&work).into_keys().collect();
            if here != after.keys().cloned().collect::<Vec<_>>() {
                ran.fail(&format!("stopped with {files:?}: {here:#?}"));
            }
            holds(&work, &texts, 1);
            assert_eq!(snapshot(&work)[&merged], after[&merged], "the same bytes");
            work.run(&COMPACT).code(0).says_only("nothing to merge\n");
            work.convert(&ON_THIS_DAY).nothing_to_do(3);
        }
    }
    // In the middle of deleting.
    let mut stopped = after.clone();
    let old = before.keys().find(|file| file.ends_with(".parquet")).unwrap();
    stopped.insert(old.clone(), before[old].clone());
    restore(&work, &stopped);
    work.convert(&ON_THIS_DAY).code(0);
    holds(&work, &texts, 1);
}

/// A run that finds a note before its claim leaves it: the writer may be about to record the claim. Deleted, a stop of that
/// writer between its file and its deletes would leave rows twice, and no run of other days would see it.
#[test]
fn a_note_whose_claim_is_not_recorded_is_left_alone() {
    let work = Work::new();
    let texts = files_of_one_object(&work, 3);
    let before = snapshot(&work);
    work.run(&COMPACT).code(0);
    let after = snapshot(&work);
    let merged = after.keys().find(|file| file.ends_with(".parquet") && !before.contains_key(*file)).unwrap().clone();
    let mut noted = before.clone();
    noted.insert(note(&merged), b"{}".to_vec());
    restore(&work, &noted);
    let other_day = ["convert", "raw", "table", "--day", "2026-01-14"];
    for command in [&other_day[..], &["status", "table"], &["convert", "raw", "table", "--day", DAY]] {
        work.run(command).code(0);
        assert!(snapshot(&work).contains_key(&note(&merged)), "{command:?} deleted the note");
    }
    // The writer goes on, and is stopped between its file and its deletes.
    let mut stopped = snapshot(&work);
    stopped.extend(after.iter().filter(|(file, _)| !before.contains_key(*file)).map(|(k, v)| (k.clone(), v.clone())));
    restore(&work, &stopped);
    assert_eq!(work.parquet_files("table").len(), 4, "rows are there twice");
    work.run(&other_day).code(0);
    holds(&work, &texts, 1);
    assert!(!snapshot(&work).contains_key(&note(&merged)));
}

#[test]
fn a_file_that_was_being_made_again_is_finished_by_runs_of_other_days_if_it_is_there() {
    let work = Work::new();
    let mut texts: Vec<String> = (0..2).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    let before = snapshot(&work);
    let old_texts = texts.clone();
    texts[1] = text(500, 7);
    change(&work, 1, gz(&texts[1]));
    work.convert(&ON_THIS_DAY).code(0);
    let after = snapshot(&work);
    let made = after.keys().find(|file| file.ends_with(".parquet")).unwrap().clone();
    let entry = |number: u32| work.entry(number).strip_prefix("table/").unwrap().to_owned();
    let stopped_with = |files: &[String]| {
        let mut stopped = before.clone();
        stopped.extend(files.iter().map(|file| (file.clone(), after[file].clone())));
        stopped.insert(note(&made), b"{}".to_vec());
        restore(&work, &stopped);
    };
    let other_day = ["--day", "2026-01-14"];
    for files in [&[entry(3), made.clone()][..], &[entry(3), made.clone(), entry(4)]] {
        stopped_with(files);
        assert_eq!(work.parquet_files("table").len(), 2, "rows are there twice");
        work.convert(&other_day).code(0);
        holds(&work, &texts, 1);
    }
    // Of nothing but the entry: it takes raw objects of a day that this run is not about. The old rows stand, once.
    stopped_with(&[entry(3)]);
    work.convert(&other_day).code(0).says(&format!(
        "warning: a stopped run was about to replace a file of {DAY_FOLDER}: run convert of that day to finish it\n"
    ));
    holds(&work, &old_texts, 1);
    work.run(&["status", "table"]).code(1);
    work.convert(&ON_THIS_DAY).code(0);
    holds(&work, &texts, 1);
    work.run(&["status", "table"]).code(0);
}

#[test]
fn a_merge_of_a_file_that_is_gone_is_named_and_claims_nothing() {
    let work = Work::new();
    let texts = files_of_one_object(&work, 3);
    let file = format!("table/{}", work.parquet_files("table").remove(1));
    let sound = fs::read(work.path(&file)).unwrap();
    let gone = "this file is gone, and with it rows that the ledger counts; somebody deleted it: restore it from a version or \
                backup; if there is none and the raw logs are there, docs/operating.md says how to make it again";
    let short = format!(
        "this file is not the one that the ledger speaks of: it has {} bytes, not {}; ",
        sound.len() - 9,
        sound.len()
    );
    let other = |number: u32| key(number).replace("2026/01/15", "2026/01/16").replace("20260115", "20260116");
    for (content, why) in [(None, gone), (Some(&sound[..sound.len() - 9]), &short)] {
        let _ = fs::remove_file(work.path(&file));
        content.into_iter().for_each(|content| drop(work.write(&file, content)));
        let said = format!("not merged: WORK/{file}: {why}");
        for _ in 0..2 {
            work.run(&COMPACT).code(1).says(&said).does_not_say("given up");
            if content.is_some() {
                continue; // A plain run would make a file of another size again.
            }
            let ran = work.convert(&["--day", DAY, "--auto-compact", "1"]);
            ran.code(1).says(&said);
            let refused = &ran.report()["not_merged"][0];
            assert_eq!((&refused["partition"], &refused["file"]), (&DAY_FOLDER.into(), &format!("WORK/{file}").into()));
            assert_eq!(work.entries().len(), 6, "nothing is claimed");
        }
    }
    // Other days are in nobody's way.
    for number in 0..2 {
        work.object(&other(number), text(u64::from(number) * 10, 5));
        work.convert(&["--day", "2026-01-16"]).code(0);
    }
    work.run(&COMPACT).code(1);
    assert_eq!(work.parquet_files("table").iter().filter(|file| file.contains("day=16")).count(), 1);
    work.run(&["compact", "table", "--min-age", "0", "--day", "2026-01-16"]).code(0);
    work.write(&file, &sound);
    work.run(&[&COMPACT[..], &ON_THIS_DAY].concat()).code(0);
    assert_eq!(work.entries()[6..], ["replace", "done"]);
    assert_eq!(work.rows().len(), texts.len() * 5 + 10);
}

#[test]
fn a_begun_merge_whose_files_are_gone_is_given_up_and_named() {
    let work = Work::new();
    files_of_one_object(&work, 3);
    work.run(&COMPACT).code(0);
    let merged = work.parquet_files("table").remove(0);
    work.remove(&work.entry(8));
    work.remove(&format!("table/{merged}"));
    for _ in 0..2 {
        let ran = work.run(&COMPACT);
        ran.code(1).says("not merged: WORK/table/");
        assert!(
            ran.stderr.contains(": this file is gone, and with it rows that the ledger counts; "),
            "{}",
            ran.stderr
        );
        assert_eq!(work.entries()[6..], ["replace", "abandon"]);
    }
}

/// Returns an object with a line, and as many fields that this version does not know.
fn with_unknown(name: &str, fields: usize) -> String {
    let names: Vec<String> = (0..fields).map(|field| format!("{name}-{field}")).collect();
    format!("srcaddr bytes {}\n1.2.3.4 5{}\n", names.join(" "), " x".repeat(fields))
}

/// What is merged can be made again: else a change of one object would be refused for ever.
#[test]
fn files_with_more_unknown_fields_together_than_one_may_have_are_not_merged() {
    let work = Work::new();
    for (number, name) in (0..).zip(["p", "q"]) {
        work.object(&key(number), with_unknown(name, 60));
        work.convert(&ON_THIS_DAY).code(0);
    }
    work.run(&COMPACT).code(0).says_only("nothing to merge\n");
    change(&work, 0, gz(with_unknown("p", 62)));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("files_replaced", 1)]);
    // 38 more are within the limit of 100.
    work.object(&key(2), with_unknown("r", 38));
    work.convert(&ON_THIS_DAY).code(0);
    work.object(&key(3), with_unknown("p", 61));
    work.convert(&ON_THIS_DAY).code(0);
    work.run(&COMPACT).code(0);
    assert_eq!((work.parquet_files("table").len(), work.rows().len()), (2, 4));
}

/// As an older version merged them.
#[test]
fn a_changed_object_of_a_file_with_too_many_unknown_fields_is_named_with_what_to_do() {
    let work = Work::new();
    for (number, name) in (0..).zip(["p", "q"]) {
        work.object(&key(number), with_unknown(name, 60));
        work.convert(&ON_THIS_DAY).code(0);
    }
    for entry in [2, 4] {
        let mut done: serde_json::Value =
            serde_json::from_slice(&fs::read(work.path(&work.entry(entry))).unwrap()).unwrap();
        done.as_object_mut().unwrap().remove("unknown_fields").unwrap();
        work.write(&work.entry(entry), done.to_string());
    }
    work.run(&COMPACT).code(0);
    assert_eq!(work.parquet_files("table").len(), 1);
    for changed in [0, 1] {
        change(&work, changed, gz(with_unknown(["p", "q"][changed as usize], 62)));
        for _ in 0..2 {
            let ran = work.convert(&ON_THIS_DAY);
            ran.code(1).says(&format!(
                "changed: it changed after it was converted, the table keeps its old rows: the objects of its file are readable \
                 one by one, but not in one file (WORK/raw/{}: its header names {} unknown fields (\"q-0\" and so on), with \
                 those of the objects before it more than the 100 that are allowed): make the partition again, as \
                 docs/operating.md says of a damaged file\n  at WORK/raw/{}\n",
                key(1),
                if changed == 0 { 60 } else { 62 },
                key(0)
            ));
            assert_eq!((work.entries().len(), work.rows().len()), (6, 2));
        }
    }
    // Done as it says, all of it is converted, one object a run.
    for folder in ["", "_flowparquet/ledger/"] {
        work.remove(&format!("table/{folder}{DAY_FOLDER}"));
    }
    work.convert(&ON_THIS_DAY).code(1);
    work.convert(&ON_THIS_DAY).code(0);
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
    assert_eq!(work.rows().len(), 2);
}

// ---- What cannot be made is not claimed

/// What would be refused when it is made is refused before it is claimed: else it would add entries at every run.
#[test]
fn a_changed_object_that_cannot_be_converted_is_named_and_claims_nothing() {
    let many: Vec<String> = (0..101).map(|field| format!("new-{field}")).collect();
    let names = format!("srcaddr bytes {}\n1.2.3.4 5{}\n", many.join(" "), " x".repeat(101));
    let long = format!("{V2}\n{}", "x".repeat(17 << 20));
    for (content, why) in [
        (
            gz(names),
            "its header names 101 unknown fields (\"new-0\" and so on), with those of the objects before it more than the 100 that are allowed",
        ),
        (gz(long), "line 2 is longer than 16777216 bytes"),
        (gz(text(0, 9))[..30].to_vec(), "the gzip data is cut off after 30 bytes"),
    ] {
        let work = Work::new();
        let texts: Vec<String> = (0..3).map(|number| text(number * 10, 5)).collect();
        (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
        work.convert(&ON_THIS_DAY).code(0);
        change(&work, 1, content);
        for _ in 0..2 {
            let ran = work.convert(&ON_THIS_DAY);
            let rejects = ran.code(1).totals(&[("objects_rejected", 1), ("rows_read", 0)]).report()["rejects"].clone();
            assert_eq!(rejects[0]["reason"], why);
            assert!(rejects[0]["object"].as_str().unwrap().ends_with(&key(1)), "{rejects}");
            assert_eq!(work.entries(), ["claim", "done"], "nothing is claimed");
            holds(&work, &texts, 1);
        }
        // Other days are in nobody's way.
        let other = key(7).replace("2026/01/15", "2026/01/16").replace("20260115", "20260116");
        work.object(&other, text(70, 2));
        work.convert(&["--from", DAY, "--to", "2026-01-16"]).code(1).totals(&[("rows_written", 2)]);
    }
}

/// Lines tried again without the format that they were read with: nothing would be left of the file.
#[test]
fn retry_without_the_log_format_keeps_the_rows_and_claims_nothing() {
    let work = Work::new();
    let lines = "2 123456789012 eni-1 1.2.3.4 5.6.7.8 1 2 6 1 40 1700000000 1700000060 ACCEPT OK\nno record\n";
    work.object(&key(0), lines);
    work.convert(&["--day", DAY, "--log-format", V2]).code(1).totals(&[("rows_written", 1), ("rows_rejected", 1)]);
    for _ in 0..2 {
        let ran = work.convert(&["--day", DAY, "--retry"]);
        ran.code(1).says(&format!(
            "not tried again: {DAY_FOLDER}: 1 rejected line is kept: WORK/raw/{} does not read to its end: ",
            key(0)
        ));
        assert_eq!(work.entries(), ["claim", "done"]);
        assert_eq!(work.rows().len(), 1);
    }
}

/// A file is made again without the objects of its claim that gave no row: they still give none, and are named.
#[test]
fn what_gave_no_row_is_named_after_its_file_was_made_again() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.write(&format!("raw/{}", key(1)), &gz(text(10, 5))[..30]);
    work.object(&key(2), "version resource-type tgw-id\n6 TransitGateway tgw-1\n");
    let rejects = || {
        let ran = work.run(&["rejects", "table", "--day", DAY]);
        ran.code(1);
        ran.stdout
    };
    work.convert(&["--day", DAY, "--log-type", "vpc"]).code(1);
    let before = rejects();
    assert!(before.contains(&key(1)) && before.contains(&key(2)), "{before}");
    change(&work, 0, gz(text(0, 7)));
    work.convert(&ON_THIS_DAY).code(1).totals(&[("files_replaced", 1), ("objects_rejected", 1)]);
    assert_eq!(rejects(), before);
}

/// A rejected object that has not changed is read again, in case that the damage was on its way; it adds no entry.
#[test]
fn a_rejected_object_that_is_still_unreadable_adds_no_entry() {
    for content in [gz(format!("{V2}\n{}", "x".repeat(17 << 20))), gz(text(0, 9))[..30].to_vec()] {
        let work = Work::new();
        work.object(&key(0), text(0, 5));
        work.write(&format!("raw/{}", key(1)), content);
        work.convert(&ON_THIS_DAY).code(1).totals(&[("objects_rejected", 1), ("objects", 1)]);
        for _ in 0..2 {
            work.convert(&ON_THIS_DAY).code(1).totals(&[("objects_rejected", 1), ("rows_read", 0)]);
            assert_eq!(work.entries(), ["claim", "done"]);
        }
    }
}

/// Objects of which each is readable, but not all in one file: one a night, and no entry for those that have to wait.
#[test]
fn objects_with_too_many_unknown_fields_together_are_converted_one_after_the_other() {
    let work = Work::new();
    for number in 0..3 {
        let names: Vec<String> = (0..60).map(|field| format!("new-{number}-{field}")).collect();
        let text = format!("srcaddr bytes {}\n1.2.3.4 {number}{}\n", names.join(" "), " x".repeat(60));
        work.object(&key(number), text);
    }
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects", 1), ("objects_rejected", 2)]);
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects", 1), ("objects_rejected", 1)]);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1), ("objects_rejected", 0)]);
    work.convert(&ON_THIS_DAY).nothing_to_do(3);
    assert_eq!(work.entries().len(), 6);
}

// ---- Two writers of one claim, one of which read other bytes

/// The first done says that the object is no readable one, the second writer's file has its rows: it goes, and the object is
/// converted, once.
#[test]
fn a_file_of_a_claim_that_has_none_by_the_ledger_is_removed() {
    let work = Work::new();
    let rows = text(0, 5);
    work.object(&key(0), &rows);
    work.convert(&ON_THIS_DAY).code(0);
    let file = work.parquet_files("table").remove(0);
    let mut done: serde_json::Value = serde_json::from_slice(&fs::read(work.path(&work.entry(2))).unwrap()).unwrap();
    let entry = done.as_object_mut().unwrap();
    entry.remove("file");
    entry.insert("rows".to_owned(), 0.into());
    entry.insert("text_bytes".to_owned(), 0.into());
    let raw = work.ledger()[0]["inputs"][0]["key"].clone();
    entry.insert(
        "rejected_objects".to_owned(),
        serde_json::json!([{ "key": raw, "reason": "the gzip data is damaged" }]),
    );
    work.write(&work.entry(2), serde_json::to_string(&done).unwrap());
    let ran = work.run(&["verify", "raw", "table", "--day", DAY]);
    ran.code(1);
    assert!(ran.stdout.contains("its claim gave no row"), "{}", ran.stdout);
    work.convert(&ON_THIS_DAY).code(0);
    holds(&work, &[rows], 1);
    assert_ne!(work.parquet_files("table").remove(0), file);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
}

// ---- Files that are not the recorded ones

/// Puts the file of other rows under the name of the table's first file: what a second writer of its claim leaves that read
/// damaged bytes and was killed behind its PUT. Returns the file's path below the table.
fn put_another_file(work: &Work) -> String {
    let _ = fs::remove_dir_all(work.path("other"));
    work.write(&format!("other/raw/{}", key(0)), gz(text(900, 2)));
    work.run(&["convert", "other/raw", "other/table", "--day", DAY]).code(0);
    let [file] = work.parquet_files("other/table").try_into().unwrap();
    let ours = work.parquet_files("table").remove(0);
    fs::copy(work.path("other/table").join(file), work.path("table").join(&ours)).unwrap();
    ours
}

#[test]
fn a_file_that_is_not_the_recorded_one_is_made_again_by_a_plain_run() {
    for merged in [false, true] {
        let work = Work::new();
        let texts = files_of_one_object(&work, 3);
        if merged {
            work.run(&COMPACT).code(0);
        }
        let files = if merged { 1 } else { 3 };
        let ours = put_another_file(&work);
        let plan = work.run(&["plan", "raw", "table", "--day", DAY]);
        plan.code(0);
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(0).totals(&[("files_replaced", 1)]);
        ran.says(&format!(
            "warning: {ours} was not the file that was recorded (another run put damaged bytes there and was stopped, or somebody changed it): it was made again\n"
        ));
        holds(&work, &texts, files);
        work.convert(&ON_THIS_DAY).nothing_to_do(3);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    }
}

#[test]
fn a_file_that_is_not_the_recorded_one_and_cannot_be_made_again_is_in_doubt() {
    let work = Work::new();
    for number in 0..2 {
        work.object(&key(number), text(u64::from(number) * 10, 5));
    }
    work.convert(&ON_THIS_DAY).code(0);
    let ours = put_another_file(&work);
    let before = snapshot(&work);
    for gone in [true, false] {
        if gone {
            work.remove(&format!("raw/{}", key(1)));
        } else {
            change(&work, 1, &gz(text(10, 5))[..30]);
        }
        for _ in 0..2 {
            let ran = work.convert(&ON_THIS_DAY);
            ran.code(1)
                .says("in doubt: this is not the file that was recorded: ")
                .says(&format!("  at WORK/table/{ours}\n"));
            assert_eq!(snapshot(&work), before, "nothing is claimed");
        }
    }
}

#[test]
fn changed_objects_of_one_file_are_all_named_if_one_does_not_read_to_its_end() {
    let work = Work::new();
    let texts: Vec<String> = (0..3).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    change(&work, 0, gz(text(700, 7)));
    change(&work, 1, &gz(text(500, 7))[..40]);
    for _ in 0..2 {
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).totals(&[("objects_rejected", 1)]);
        let changed = ran.report()["objects_changed"].as_array().unwrap().len();
        assert_eq!(changed, 2, "{}", ran.stderr);
        holds(&work, &texts, 1);
    }
}

/// What only the plan after a recovery sees is said by the same run.
#[test]
fn a_changed_object_of_a_found_file_whose_neighbour_is_gone_is_named_at_once() {
    let work = Work::new();
    let texts: Vec<String> = (0..3).map(|number| text(number * 10, 5)).collect();
    (0..).zip(&texts).for_each(|(number, text)| drop(work.object(&key(number), text)));
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(2));
    change(&work, 0, gz(text(700, 7)));
    work.remove(&format!("raw/{}", key(1)));
    for _ in 0..2 {
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).says("changed: it changed after it was converted, the table keeps its old rows: ");
        holds(&work, &texts, 1);
    }
}

// ---- Files that are not ours

#[test]
fn files_of_others_in_a_partition_are_named_and_left_alone() {
    let work = Work::new();
    let foreign = [format!("table/{DAY_FOLDER}/000000_0"), format!("table/{DAY_FOLDER}/part-other.parquet")];
    foreign.iter().for_each(|file| drop(work.write(file, "not ours")));
    work.object(&key(0), text(0, 3));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).says(&format!(
        "warning: {DAY_FOLDER} holds 2 objects or folders that flowparquet did not write, and that queries read too; they are left alone. The first is WORK/{}\n",
        foreign[0]
    ));
    work.object(&key(1), text(10, 3));
    work.convert(&ON_THIS_DAY).code(0);
    work.run(&COMPACT).code(0);
    for file in foreign {
        assert_eq!(fs::read(work.path(&file)).unwrap(), b"not ours", "{file}");
    }
}

// ---- The ledger, printed

#[test]
fn the_ledger_is_printed_for_people() {
    let work = Work::new();
    files_of_one_object(&work, 2);
    work.run(&COMPACT).code(0);
    let ran = work.run(&["ledger", "table", "--day", DAY]);
    let lines: Vec<&str> = ran.code(0).stdout.lines().collect();
    assert_eq!(lines[0], DAY_FOLDER);
    let kinds: Vec<&str> = lines[1..].iter().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(kinds, ["claim", "done", "claim", "done", "replace", "done"]);
    assert!(lines[5].contains("the files of 1, 3 merged -> part-"), "{}", lines[5]);
    let json: serde_json::Value =
        serde_json::from_str(&work.run(&["ledger", "table", "--json"]).code(0).stdout).unwrap();
    assert_eq!(json[4]["record"]["replaces"], serde_json::json!([1, 3]));
    work.run(&["ledger", "table", "--day", "2026-01-14"]).code(0);
}

// ---- Signals

#[test]
fn a_signal_stops_a_run_cleanly() {
    let work = Work::new();
    work.run(&["generate", "raw", "--objects", "60", "--rows", "9000"]).code(0);
    for signal in ["TERM", "INT"] {
        for milliseconds in [20, 80, 160] {
            let args = ["convert", "raw", "table", "--day", DAY, "--target-file-size", "500kB", "--threads", "1"];
            let child = work.start(&args);
            sleep(Duration::from_millis(milliseconds));
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            let ran = work.wait(&args, child);
            // Before the handler stands, or after the work is done.
            if matches!(ran.code, None | Some(0)) {
                continue;
            }
            ran.code(3).says("error: stopped by a signal\n  help: nothing is half visible; it is safe to run again\n");
            assert!(work.files("table").iter().all(|file| !file.contains("/staging/")), "{:?}", work.files("table"));
        }
    }
    work.convert(&["--day", DAY, "--target-file-size", "500kB"]).code(0);
    let rows: u64 = work.ledger().iter().filter_map(|entry| entry["rows"].as_u64()).sum();
    assert_eq!(rows, 60 * 9000);
}

// ---- Status

#[test]
fn status_tells_late_changed_and_missing_objects_and_lost_records() {
    let work = Work::new();
    let mut lost = text(0, 9);
    lost.push_str("2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1768435200 1768435260 - SKIPDATA\n");
    work.object(&key(0), &lost);
    work.object(&key(1), text(10, 5));
    work.object(&key(4), text(40, 5));
    work.convert(&ON_THIS_DAY).code(0);
    work.object(&key(2), text(20, 5));
    work.convert(&ON_THIS_DAY).code(0);
    let json = |args: &[&str], code| -> serde_json::Value {
        serde_json::from_str(&work.run(&[&["status", "table", "--json"], args].concat()).code(code).stdout).unwrap()
    };
    let status = json(&[], 0);
    let day = &status["days"][DAY];
    assert_eq!((&day["objects"], &day["late_objects"]), (&4.into(), &1.into()));
    assert_eq!((&day["skipdata_rows"], &day["nodata_rows"]), (&1.into(), &0.into()));
    let place = &status["places"][0];
    assert_eq!(place["calendar"]["2026-01"], format!("{}s{}", ".".repeat(14), ".".repeat(16)));
    let silence = serde_json::json!([{ "flow_log": "fl-0123456789abcdef0", "from": "2026-01-15T00:15Z", "to": "2026-01-15T00:20Z" }]);
    assert_eq!(place["silences"], silence);
    assert!(work.run(&["status", "table"]).stdout.contains("4.000 %"), "1 of 25 rows");
    // SOURCE looked at: what is not converted, what changed, and a day of which nothing is.
    work.object(&key(3), text(30, 5));
    change(&work, 4, gz(text(40, 6)));
    work.object(&key(0).replace("/15/", "/16/").replace("20260115", "20260116"), text(50, 1));
    let status = json(&["--source", "raw"], 1);
    let of = |day: &str| {
        (status["days"][day]["unconverted_objects"].clone(), status["days"][day]["changed_objects"].clone())
    };
    assert_eq!((of(DAY), of("2026-01-16")), ((1.into(), 1.into()), (1.into(), 0.into())));
    assert_eq!(status["places"][0]["calendar"]["2026-01"].as_str().unwrap()[14..16], *"nn");
    work.convert(&["--from", DAY, "--to", "2026-01-16"]).code(0);
    json(&["--source", "raw"], 0);
    // Days without any, also at the ends of those asked for.
    let gaps = |args: &[&str]| json(args, 0)["gaps"].clone();
    assert_eq!(gaps(&[]), serde_json::json!([]));
    let asked = gaps(&["--from", "2026-01-13", "--to", "2026-01-18"]);
    assert_eq!(asked, serde_json::json!([["2026-01-13", "2026-01-14"], ["2026-01-17", "2026-01-18"]]));
    // Nothing is verified yet.
    let ran = work.run(&["status", "table", "--safe-to-expire", "--source", "raw"]);
    ran.code(1).says("0 of 2 folders are converted and verified\n");
    assert!(ran.stdout.is_empty() && ran.stderr.contains("not verified: run verify"), "{}", ran.stderr);
}
