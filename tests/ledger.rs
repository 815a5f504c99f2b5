//! Nothing twice, nothing lost: second runs, late objects, runs that were stopped anywhere, races, equal bytes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value as Json;

use crate::util::{ACCOUNT, DAY, DAY_FOLDER, Layout, REGION, Ran, Work, all_expected, assert_rows, gz, key, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

/// Writes objects 0 to 3 and returns their texts.
fn write_day(work: &Work) -> Vec<String> {
    (0..4_u32)
        .map(|number| {
            let content = text(u64::from(number) * 10, 5);
            work.object(&key(number), &content);
            content
        })
        .collect()
}

/// Returns the contents of the table's files by name.
fn contents(work: &Work, table: &str) -> BTreeMap<String, Vec<u8>> {
    let read = |file: String| (file.clone(), fs::read(work.path(table).join(file)).unwrap());
    work.parquet_files(table).into_iter().map(read).collect()
}

/// Returns an entry without what differs from run to run.
fn without_run(entry: &Json) -> Json {
    let mut entry = entry.clone();
    for name in ["run", "time"] {
        entry.as_object_mut().unwrap().remove(name).unwrap();
    }
    entry
}

/// Returns the only file of the table.
fn only_file(work: &Work) -> String {
    let [file] = work.parquet_files("table").try_into().unwrap();
    format!("table/{file}")
}

// ---- Again and late

#[test]
fn a_second_run_has_nothing_to_do_from_anywhere() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let files = work.files("table");
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
    // Keys are whole: how SOURCE is written does not matter.
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    for source in
        ["raw/".to_owned(), "./raw/AWSLogs".to_owned(), format!("raw/{folder}"), format!("file://{}", work.arg("raw"))]
    {
        work.run(&["convert", &source, "table", "--day", DAY]).nothing_to_do(4);
    }
    // Nor do options that decide bytes: what is converted stays.
    work.convert(&["--day", DAY, "--compression", "none", "--target-file-size", "1"]).nothing_to_do(4);
    assert_eq!(work.files("table"), files);
}

#[test]
fn nothing_but_the_table_and_its_own_folder_is_left_behind() {
    let work = Work::new();
    write_day(&work);
    work.write(&format!("raw/{}", key(9)), "broken");
    work.convert(&ON_THIS_DAY).code(1);
    let file = only_file(&work);
    assert!(file.starts_with(&format!("table/{DAY_FOLDER}/part-")), "{file}");
    let stem = file.rsplit('/').next().unwrap().trim_end_matches(".parquet").to_owned();
    assert_eq!(
        work.files("table/_flowparquet"),
        [
            format!("ledger/{DAY_FOLDER}/00000001.json"),
            format!("ledger/{DAY_FOLDER}/00000002.json"),
            format!("rejects/{DAY_FOLDER}/{stem}.jsonl.gz"),
            "table.json".to_owned(),
        ]
    );
}

#[test]
fn late_objects_become_one_more_file() {
    let work = Work::new();
    let mut texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let first = contents(&work, "table");
    for number in [7, 5] {
        texts.push(text(u64::from(number) * 10, 3));
        work.object(&key(number), texts.last().unwrap());
    }
    let plan: Json = serde_json::from_str(&work.run(&["plan", "raw", "table", "--day", DAY, "--json"]).stdout).unwrap();
    assert_eq!((&plan["total"]["converted"], &plan["total"]["late"]), (&4.into(), &2.into()));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 2), ("rows_written", 6), ("files", 1)]);
    let both = contents(&work, "table");
    assert_eq!(both.len(), 2);
    assert!(first.iter().all(|(name, bytes)| both.get(name) == Some(bytes)), "the first file is what it was");
    assert_rows(&work.rows(), &all_expected(&texts));
    assert_eq!(work.entries(), ["claim", "done", "claim", "done"]);
    let inputs = work.ledger()[2]["inputs"].clone();
    let keys: Vec<&str> = inputs.as_array().unwrap().iter().map(|input| input["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 2, "only the late ones are claimed");
    assert!(keys[0].ends_with(&key(5)) && keys[1].ends_with(&key(7)), "{keys:?}");
    work.convert(&ON_THIS_DAY).nothing_to_do(6);
}

// ---- Stopped runs: what the table in src/ledger/partition_ledger.rs promises

#[test]
fn stopped_after_the_claim_the_file_is_made_again_with_the_same_bytes() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let (before, entries) = (contents(&work, "table"), work.ledger());
    work.remove(&work.entry(2));
    work.remove(&only_file(&work));
    // As recorded, whatever is asked for now; what came late is claimed apart.
    work.object(&key(8), text(80, 2));
    let ran = work.convert(&["--day", DAY, "--compression", "gzip", "--max-object-bytes", "10GiB", "--threads", "1"]);
    ran.code(0).totals(&[("objects", 5), ("rows_written", 22), ("files", 2), ("files_recovered", 0)]);
    let after = contents(&work, "table");
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "same name, same bytes");
    assert_eq!(work.entries(), ["claim", "done", "claim", "done"]);
    assert_eq!(without_run(&work.ledger()[1]), without_run(&entries[1]));
    assert_rows(&work.rows(), &all_expected(texts.iter().chain([&text(80, 2)])));
    work.convert(&ON_THIS_DAY).nothing_to_do(5);
}

/// Removes the raw objects of the day, as a lifecycle rule does.
fn only_another_day_is_left(work: &Work) {
    work.remove("raw");
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2026-01-20", 0), text(0, 1));
}

/// A run that stopped between file and done: its file is found, and nothing is read again.
#[track_caller]
fn recovered(work: &Work, texts: &[String], entries: &[Json]) -> Ran {
    let before = contents(work, "table");
    let ran = work.convert(&ON_THIS_DAY);
    ran.says("1 file of a stopped run found complete and recorded\n");
    ran.totals(&[("files_recovered", 1), ("files", 1), ("rows_read", 20), ("objects", 4)]);
    assert_eq!(ran.report()["source_requests"]["get"], 0, "no log object is read");
    assert_eq!(contents(work, "table"), before);
    assert_rows(&work.rows(), &all_expected(texts));
    let mut before = without_run(&entries[1]);
    // Which interfaces there were only a run that reads the objects knows.
    before.as_object_mut().unwrap().remove("flow_logs").unwrap();
    assert_eq!(without_run(&work.ledger()[1]), before, "its hash too");
    ran
}

#[test]
fn stopped_after_the_file_it_is_found() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let entries = work.ledger();
    work.remove(&work.entry(2));
    recovered(&work, &texts, &entries).code(0);
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
}

#[test]
fn stopped_after_the_file_it_is_found_though_some_raw_objects_are_gone() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let entries = work.ledger();
    work.remove(&work.entry(2));
    work.remove(&format!("raw/{}", key(0)));
    work.remove(&format!("raw/{}", key(2)));
    recovered(&work, &texts, &entries).code(0);
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
}

#[test]
fn stopped_after_the_file_it_is_found_though_all_raw_objects_are_gone() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let entries = work.ledger();
    work.remove(&work.entry(2));
    only_another_day_is_left(&work);
    recovered(&work, &texts, &entries).code(0);
}

#[test]
fn a_found_file_keeps_its_rejects() {
    let work = Work::new();
    let mut texts = write_day(&work);
    work.write(&format!("raw/{}", key(9)), "broken");
    work.object(&key(10), format!("{}not a record\n", text(100, 2)));
    texts.push(text(100, 2));
    work.convert(&ON_THIS_DAY).code(1);
    let (entries, rejects) = (work.ledger(), work.rejects());
    work.remove(&work.entry(2));
    let before = contents(&work, "table");
    let ran = work.convert(&ON_THIS_DAY);
    // Whoever runs this must learn of the rejects: the run that met them was stopped before it could tell.
    ran.code(1).totals(&[("files_recovered", 1)]);
    assert_eq!(contents(&work, "table"), before);
    assert_eq!(work.rejects(), rejects);
    let done = without_run(&work.ledger()[1]);
    for name in ["rejected_rows", "rejected_objects", "rows", "text_bytes"] {
        assert_eq!(done[name], entries[1][name], "{name}");
    }
    // The rejected object is free again.
    work.object(&key(9), text(90, 2));
    texts.push(text(90, 2));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1)]);
    assert_rows(&work.rows(), &all_expected(&texts));
}

#[test]
fn a_claim_whose_inputs_are_gone_is_abandoned_and_frees_the_others() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(2));
    work.remove(&only_file(&work));
    work.remove(&format!("raw/{}", key(1)));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 3), ("rows_written", 15)]).says(&format!(
        "vanished: it is gone, and was not read before: its rows are not in the table\n  at WORK/raw/{}\n",
        key(1)
    ));
    assert_eq!(ran.report()["objects_vanished"].as_array().unwrap().len(), 1, "the others are there");
    assert_eq!(work.entries(), ["claim", "abandon", "claim", "done"]);
    let reason = work.ledger()[1]["reason"].as_str().unwrap().to_owned();
    assert!(reason.ends_with(&format!("{} is gone or changed", key(1))), "{reason}");
    assert_rows(&work.rows(), &all_expected([&texts[0], &texts[2], &texts[3]]));
    work.convert(&ON_THIS_DAY).nothing_to_do(3);
}

#[test]
fn a_claim_whose_inputs_changed_is_abandoned_and_their_new_content_is_converted() {
    let work = Work::new();
    let mut texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(2));
    work.remove(&only_file(&work));
    texts[1] = text(700, 9);
    work.object(&key(1), &texts[1]);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 4), ("rows_written", 24)]);
    assert_eq!(work.entries(), ["claim", "abandon", "claim", "done"]);
    assert_rows(&work.rows(), &all_expected(&texts));
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
}

#[test]
fn a_claim_whose_inputs_are_all_gone_is_abandoned() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(2));
    work.remove(&only_file(&work));
    only_another_day_is_left(&work);
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1);
    assert_eq!(ran.report()["objects_vanished"].as_array().unwrap().len(), 4);
    assert_eq!(work.entries(), ["claim", "abandon"]);
    work.convert(&ON_THIS_DAY).code(0);
    assert_eq!(work.parquet_files("table"), [""; 0]);
}

#[test]
fn plan_shows_what_a_stopped_run_claimed() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(2));
    let files = work.files("table");
    let plan = work.run(&["plan", "raw", "table", "--day", DAY, "--json"]);
    let plan: Json = serde_json::from_str(&plan.code(0).stdout).unwrap();
    let total = &plan["total"];
    assert_eq!((&total["claimed"], &total["to_convert"], &total["converted"]), (&4.into(), &4.into(), &0.into()));
    assert_eq!(work.files("table"), files, "plan writes nothing");
}

#[test]
fn killed_anywhere_the_next_run_brings_every_row_once() {
    let work = Work::new();
    let (objects, rows) = (24, 8_000);
    let sample = ["generate", "raw", "--objects", &objects.to_string(), "--rows", &rows.to_string()];
    work.run(&sample).code(0);
    let args = ["convert", "raw", "table", "--day", DAY, "--target-file-size", "500kB", "--report", "-"];
    for milliseconds in [5, 30, 60, 100, 150, 220] {
        let mut child = work.start(&args);
        sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    work.run(&args).code(0);
    let count = |file: &String| {
        let file = fs::File::open(work.path("table").join(file)).unwrap();
        SerializedFileReader::new(file).unwrap().metadata().file_metadata().num_rows()
    };
    let files = work.parquet_files("table");
    assert!(files.len() > 2, "{files:?}");
    assert_eq!(files.iter().map(count).sum::<i64>(), objects * rows);
    let ledger = work.ledger();
    let of = |kind: &str| ledger.iter().filter(|entry| entry["entry"] == kind).count();
    assert_eq!((of("claim"), of("done"), of("abandon")), (files.len(), files.len(), 0));
    work.run(&args).nothing_to_do(objects as u64);
}

// ---- Damage and strangers

#[test]
fn a_foreign_object_under_an_outputs_name_is_not_touched() {
    let parquet_of_another = {
        use arrow_array::{ArrayRef, Int32Array, RecordBatch};
        let column: ArrayRef = std::sync::Arc::new(Int32Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    };
    let long_text = "this is not Parquet ".repeat(100);
    let foreign = [b"".as_slice(), b"hello", b"PAR1", long_text.as_bytes(), &parquet_of_another];
    for content in foreign {
        let work = Work::new();
        let texts = write_day(&work);
        work.convert(&ON_THIS_DAY).code(0);
        work.remove(&work.entry(2));
        let file = only_file(&work);
        work.write(&file, content);
        let message = format!(
            "in doubt: an object that flowparquet did not write has the name of an output; move it away; it is not touched\n  at WORK/{file}\n"
        );
        work.convert(&ON_THIS_DAY).code(1).says(&message);
        assert_eq!(fs::read(work.path(&file)).unwrap(), content);
        work.remove(&file);
        work.convert(&ON_THIS_DAY).code(0);
        assert_rows(&work.rows(), &all_expected(&texts));
    }
}

#[test]
fn a_gap_in_the_ledger_is_refused() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(1));
    let files = work.files("table");
    let message = format!(
        "error: the ledger is damaged: entry 1 is missing before it\n  at WORK/{}\n  help: restore the folder _flowparquet/ledger from a version or backup; do not delete entries\n",
        work.entry(2)
    );
    work.convert(&ON_THIS_DAY).code(2).says_only(&message);
    work.run(&["plan", "raw", "table", "--day", DAY]).code(2).says_only(&message);
    work.run(&["ddl", "table"]).code(2).says(&message);
    assert_eq!(work.files("table"), files);
}

/// One ledger that somebody cut, overwrote or deleted entries of stops nothing but its own partition.
#[test]
fn a_damaged_ledger_stops_its_own_partition_alone() {
    let on = |day: &str, number| Layout::Default.key(ACCOUNT, REGION, day, number);
    let other = "2026-01-16";
    for (damage, why) in [
        (Some(""), "this is not a ledger entry; "),
        (Some("{\"version\": 1, \"claim\""), "this is not a ledger entry; "),
        (Some("[1, 2, 3]"), "this is not a ledger entry; "),
        (None, "the ledger is damaged: entry 1 is missing before it; "),
    ] {
        let work = Work::new();
        let texts: Vec<String> = (0..5).map(|at| text(at * 10, 3)).collect();
        work.object(&on(DAY, 0), &texts[0]);
        work.object(&on(other, 0), &texts[1]);
        work.convert(&["--all"]).code(0);
        let entry = work.entry(1);
        let whole = fs::read(work.path(&entry)).unwrap();
        let place = match damage {
            Some(text) => {
                work.write(&entry, text);
                entry.clone()
            }
            None => {
                work.remove(&entry);
                work.entry(2)
            }
        };
        work.object(&on(DAY, 1), &texts[2]);
        work.object(&on(other, 1), &texts[3]);
        let (left_out, at) = (format!("left out: {why}"), format!("  at WORK/{place}\n"));
        let named = |ran: &Ran| {
            ran.code(1);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(why) && said.contains(&format!("WORK/{place}")), "{said}");
        };
        let ran = work.convert(&["--all"]);
        ran.code(1).totals(&[("objects", 1), ("rows_written", 3)]).says(&at);
        assert!(ran.stderr.contains(&left_out), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("; nothing of {DAY_FOLDER} is done meanwhile\n")), "{}", ran.stderr);
        assert_eq!(ran.report()["ledgers_damaged"][0]["object"], format!("WORK/{place}"));
        let plan = work.run(&["plan", "raw", "table", "--all"]);
        assert!(plan.code(1).stdout.contains(&left_out), "{}", plan.stdout);
        named(&work.run(&["status", "table"]));
        named(&work.run(&["status", "table", "--source", "raw", "--json"]));
        named(&work.run(&["verify", "raw", "table", "--all"]));
        named(&work.run(&["compact", "table", "--all", "--min-age", "0m"]));
        named(&work.run(&["convert", "raw", "table", "--all", "--auto-compact", "1"]));
        // Whoever asks for another day is not bothered; whoever asks for this one alone gets nothing.
        for args in [&["status", "table"][..], &["verify", "raw", "table"], &["convert", "raw", "table"]] {
            work.run(&[args, &["--day", other]].concat()).code(0);
            work.run(&[args, &["--day", DAY]].concat()).code(2).says(&at);
        }
        // A note of a replacement makes every run look at its partition.
        let file = work.parquet_files("table").into_iter().find(|file| file.contains("day=15")).unwrap();
        let note = format!("table/_flowparquet/replacing/{file}.json");
        work.write(&note, "{\"version\": 3}");
        work.object(&on(other, 2), &texts[4]);
        let ran = work.convert(&["--day", other]);
        ran.code(1).totals(&[("objects", 1)]);
        assert!(ran.stderr.contains(&format!("not merged: WORK/{place}: {why}")), "{}", ran.stderr);
        work.run(&["compact", "table", "--day", other, "--min-age", "0m"]).code(1);
        // Restored, it goes on where it was.
        work.write(&entry, &whole);
        work.convert(&["--all"]).code(0).totals(&[("objects", 1)]);
        assert_rows(&work.rows(), &all_expected(&texts));
        work.run(&["verify", "raw", "table", "--all"]).code(0);
    }
}

#[test]
fn a_ledger_that_is_lost_is_written_again_with_the_same_file() {
    let work = Work::new();
    let texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let before = contents(&work, "table");
    work.remove("table/_flowparquet");
    work.convert(&ON_THIS_DAY).code(0);
    assert_eq!(contents(&work, "table"), before);
    assert_rows(&work.rows(), &all_expected(&texts));
}

#[test]
fn what_a_newer_version_wrote_is_refused() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let newer = |path: &str| {
        let text = fs::read_to_string(work.path(path)).unwrap();
        work.write(path, text.replace("\"version\": 3", "\"version\": 4"));
        text
    };
    let entry = work.entry(2);
    let old = newer(&entry);
    work.convert(&ON_THIS_DAY).code(2).says_only(&format!(
        "error: this object has version 4, this program knows 3\n  at WORK/{entry}\n  help: a newer flowparquet wrote to this DEST: install that version or a later one\n"
    ));
    work.write(&entry, old);
    newer("table/_flowparquet/table.json");
    work.convert(&ON_THIS_DAY).code(2).says_only(
        "error: this object has version 4, this program knows 3\n  at WORK/table/_flowparquet/table.json\n  help: a newer flowparquet wrote to this DEST: install that version or a later one\n",
    );
}

#[test]
fn a_table_description_of_a_newer_version_with_other_fields_is_refused_as_newer() {
    let work = Work::new();
    write_day(&work);
    work.write("table/_flowparquet/table.json", "{\"version\": 7, \"shape\": \"other\"}");
    work.convert(&ON_THIS_DAY).code(2).says("error: this object has version 7, this program knows 3\n");
}

#[test]
fn what_is_no_ledger_entry_is_refused() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    let entry = work.entry(2);
    for content in ["", "{", "{\"version\": 1}", "[]"] {
        work.write(&entry, content);
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(2).says(&format!("error: this is not a ledger entry\n  at WORK/{entry}\n  cause: "));
        ran.says("  help: nobody but flowparquet may write here: move the object away, or restore it from a version or backup\n");
    }
    work.write("table/_flowparquet/table.json", "{}");
    work.convert(&ON_THIS_DAY)
        .code(2)
        .says("error: this is not the description of a table\n  at WORK/table/_flowparquet/table.json\n");
}

#[test]
fn entries_of_older_versions_stay_readable() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    // Entries that were stored once, under other days: `status` reads the whole ledger.
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ledger");
    for (number, name) in [(1, "claim-v1.json"), (2, "done-v1.json")] {
        let folder = "table/_flowparquet/ledger/year=2024/month=02/day=29";
        work.write(&format!("{folder}/{number:08}.json"), fs::read(stored.join(name)).unwrap());
    }
    // Version 2: a claim, one that is abandoned, a replacement for a changed object, a merge, and a verification.
    // Version 3: claims with two layouts, a replacement for an object that changed, one that came late, lines that do not
    // fit, and a verification.
    for (version, day) in [("v2", 28), ("v3", 27)] {
        for entry in fs::read_dir(stored.join(version)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("table/_flowparquet/ledger/year=2024/month=02/day={day}/{name}");
            work.write(&path, fs::read(entry.path()).unwrap());
        }
    }
    let ran = work.run(&["status", "table", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["days"]["2024-02-29"]["rows"], 40_000, "{}", ran.stdout);
    let day = &status["days"]["2024-02-28"];
    assert_eq!((&day["rows"], &day["files"]), (&12.into(), &1.into()), "{}", ran.stdout);
    let day = &status["days"]["2024-02-27"];
    assert_eq!(
        (&day["rows"], &day["files"], &day["late_objects"]),
        (&78.into(), &2.into(), &1.into()),
        "{}",
        ran.stdout
    );
    let ran = work.run(&["ledger", "table", "--day", "2024-02-27"]);
    assert!(ran.code(0).stdout.contains("replace"), "{}", ran.stdout);
    let ran = work.run(&["ledger", "table", "--day", "2024-02-28"]);
    ran.code(0);
    for said in ["1  2024-02-29T03:00:01Z  claim", "replace", "abandon", "verified"] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
}

// ---- The same bytes, and two at once

#[test]
fn bytes_do_not_depend_on_threads_and_memory() {
    let work = Work::new();
    work.run(&["generate", "raw", "--objects", "40", "--rows", "9000", "--schema-version", "5"]).code(0);
    work.write(&format!("raw/{}", key(300)), "broken");
    let options: [&[&str]; 5] = [
        &["--threads", "1"],
        &["--threads", "2"],
        &["--threads", "8"],
        &["--threads", "8", "--memory", "1GiB"],
        &["--memory", "4GiB"],
    ];
    let made: Vec<_> = options
        .iter()
        .enumerate()
        .map(|(at, options)| {
            let table = format!("table-{at}");
            let args = [&ON_THIS_DAY[..], &["--target-file-size", "6MB"], options].concat();
            work.convert_from("raw", &table, &args).code(1).totals(&[("rows_written", 360_000)]);
            contents(&work, &table)
        })
        .collect();
    assert!(made[0].len() > 1, "several files");
    for (other, options) in made.iter().zip(options).skip(1) {
        assert!(made[0] == *other, "{options:?} gives other bytes than {:?}", options[0]);
    }
}

#[test]
fn two_runs_at_once_write_every_row_once() {
    for round in 0..5_u32 {
        let work = Work::new();
        let texts: Vec<String> = (0..60).map(|number| text(number * 100, 60)).collect();
        for (number, content) in texts.iter().enumerate() {
            work.object(&key(number as u32), content);
        }
        if round % 2 == 1 {
            // A DEST that is there already, and a stopped run's claim that both want to finish.
            work.convert(&ON_THIS_DAY).code(0);
            work.remove(&only_file(&work));
            work.remove(&work.entry(2));
        }
        let args = ["convert", "raw", "table", "--day", DAY, "--report", "-", "--target-file-size", "20kB"];
        let runs = [0, 1, 2].map(|_| work.start(&args));
        let rans = runs.map(|child| work.wait(&args, child));
        let written: u64 = rans.iter().map(|ran| ran.code(0).total("rows_written")).sum();
        assert_rows(&work.rows(), &all_expected(&texts));
        // A file that one run wrote and another one recorded is reported by neither.
        assert!(written <= 3_600, "rows are reported twice: {written}");
        work.convert(&ON_THIS_DAY).nothing_to_do(60);
        assert!(
            !work.path("table/_flowparquet/staging").exists() || work.files("table/_flowparquet/staging").is_empty()
        );
    }
}

#[test]
fn two_runs_at_once_over_several_days_and_a_broken_object() {
    let work = Work::new();
    let mut texts = Vec::new();
    for (at, day) in ["2026-01-14", "2026-01-15", "2026-01-16"].iter().enumerate() {
        for number in 0..20 {
            let content = text(at as u64 * 10_000 + u64::from(number) * 100, 30);
            work.object(&Layout::Hive.key(ACCOUNT, REGION, day, number), &content);
            texts.push(content);
        }
    }
    work.write(&format!("raw/{}", key(100)), &gz("x")[..9]);
    let args = ["convert", "raw", "table", "--from", "2026-01-14", "--to", "2026-01-16", "--report", "-"];
    let runs = [0, 1].map(|_| work.start(&args));
    for child in runs {
        let ran = work.wait(&args, child);
        if ![Some(0), Some(1)].contains(&ran.code) {
            ran.fail("a run that was overtaken is no failure");
        }
    }
    assert_rows(&work.rows(), &all_expected(&texts));
    work.run(&args).code(1).totals(&[("objects_rejected", 1), ("rows_read", 0)]);
}

#[test]
fn a_file_whose_claim_was_abandoned_is_removed() {
    let work = Work::new();
    let mut texts = write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    // Another run saw inputs missing and gave the claim up; its slow writer put the file there all the same, and died.
    let stray = work.parquet_files("table");
    let abandon =
        r#"{"version": 1, "tool": "t", "run": "r", "time": "t", "entry": "abandon", "claim": 1, "reason": "gone"}"#;
    work.write(&work.entry(2), abandon);
    texts.push(text(70, 3));
    work.object(&key(7), &texts[4]);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 5), ("files", 1), ("rows_written", 23)]);
    assert!(!work.parquet_files("table").contains(&stray[0]), "the stray file is gone");
    assert_rows(&work.rows(), &all_expected(&texts));
    assert_eq!(work.entries(), ["claim", "abandon", "claim", "done"]);
    work.convert(&ON_THIS_DAY).nothing_to_do(5);
}

#[test]
fn a_ledger_without_its_table_description_is_refused() {
    let work = Work::new();
    write_day(&work);
    work.convert(&ON_THIS_DAY).code(0);
    work.remove("table/_flowparquet/table.json");
    let before = contents(&work, "table");
    work.convert(&ON_THIS_DAY).code(2).says("error: DEST has a ledger, but _flowparquet/table.json is missing\n");
    assert_eq!(contents(&work, "table"), before);
}

// ---- Links

/// Has a table made by an earlier version, which recorded paths as they were typed.
fn spell_differently(work: &Work, from: &str, to: &str) {
    let folder = format!("table/_flowparquet/ledger/{DAY_FOLDER}");
    for name in work.files(&folder) {
        let path = work.path(&folder).join(name);
        let entry = fs::read_to_string(&path).unwrap();
        let key = |folder: &str| format!("\"{}/AWSLogs", work.arg(folder).trim_start_matches('/'));
        // Versions from 3 on also hold the file's name against the keys.
        let mut entry: Json = serde_json::from_str(&entry.replace(&key(from), &key(to))).unwrap();
        entry["version"] = 2.into();
        fs::write(path, entry.to_string()).unwrap();
    }
}

#[test]
fn a_source_by_another_path_is_the_same_source() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.object(&key(1), text(10, 3));
    symlink("raw", work.path("link")).unwrap();
    symlink("link", work.path("other")).unwrap();
    work.convert(&ON_THIS_DAY).code(0);
    for source in ["link", "other", "raw/AWSLogs", "link/AWSLogs"] {
        work.convert_from(source, "table", &ON_THIS_DAY).nothing_to_do(2);
        work.run(&["verify", source, "table", "--day", DAY]).code(0);
    }
    // As it was recorded by earlier versions.
    spell_differently(&work, "raw", "link");
    assert!(work.ledger()[0].to_string().contains("link/AWSLogs"));
    for source in ["raw", "link", "other", "link/AWSLogs"] {
        work.convert_from(source, "table", &ON_THIS_DAY).nothing_to_do(2);
        work.run(&["verify", source, "table", "--day", DAY]).code(0);
        let ran = work.run(&["status", "table", "--safe-to-expire", "--source", source]);
        let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
        assert_eq!(ran.code(0).stdout, format!("file://WORK/raw/{folder}/\n"));
    }
    // A late object joins those, a changed one takes the place of what it was.
    work.object(&key(2), text(20, 3));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1)]);
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(50, 3));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("files_replaced", 1)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 3), &text(50, 3), &text(20, 3)]));
    work.convert_from("link", "table", &ON_THIS_DAY).nothing_to_do(3);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
}

#[test]
fn what_several_links_lead_to_is_converted_once() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    symlink("AWSLogs", work.path("raw/copy")).unwrap();
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    symlink(key(0).rsplit_once('/').unwrap().1, work.path(&format!("raw/{folder}/again.log.gz"))).unwrap();
    // Two links to what lies elsewhere: the first one is followed.
    work.write("elsewhere/2026/01/15/x.log.gz", gz(text(10, 3)));
    symlink("../elsewhere", work.path("raw/one")).unwrap();
    symlink("../elsewhere", work.path("raw/two")).unwrap();
    let passed =
        |link: &str| format!("passed over: it is a link to what is reached without it\n  at WORK/raw/{link}\n");
    for days in [&["--all"][..], &ON_THIS_DAY] {
        let args = &[days, &["--follow-links"]].concat();
        let ran = work.convert(args);
        ran.code(0).totals(&[("objects", 2), ("rows_written", 6)]);
        ran.says(&passed(&format!("{folder}/again.log.gz"))).says(&passed("copy")).says(&passed("two"));
        assert_rows(&work.rows(), &all_expected([&text(0, 3), &text(10, 3)]));
        work.convert(args).code(0).says("nothing to do: 2 objects converted before, none new\n");
        work.run(&[&["verify", "raw", "table"][..], args].concat()).code(0);
        // By its own name it is the same.
        work.convert_from("elsewhere", "table", days).nothing_to_do(1);
        work.remove("table");
    }
    // A link around one of them leads to more than is reached otherwise: a person has to say what is meant.
    symlink("..", work.path("elsewhere/up")).unwrap();
    work.write("around/here/2026/01/15/y.log.gz", gz(text(20, 3)));
    symlink("../around/here", work.path("raw/a")).unwrap();
    symlink("../around", work.path("raw/b")).unwrap();
    let ran = work.convert(&["--all", "--follow-links"]);
    ran.code(1).totals(&[("objects", 3)]).says(
        "passed over: it is a link to a folder of which parts are reached without it (link to the other parts, each by itself)\n  \
         at WORK/raw/b\n",
    );
}

#[test]
fn a_dest_inside_source_is_noticed_through_links() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    symlink("raw/AWSLogs", work.path("door")).unwrap();
    let ran = work.run(&["convert", "raw", "door/table", "--day", DAY]);
    ran.code(2).says("error: DEST WORK/raw/AWSLogs/table lies inside SOURCE WORK/raw\n");
    symlink("raw", work.path("link")).unwrap();
    work.run(&["convert", "link", "raw", "--day", DAY]).code(2).says("error: SOURCE and DEST are the same: WORK/raw\n");
}
