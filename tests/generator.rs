//! `generate` and `demo`: the same seed gives the same bytes, and whatever is generated converts without rejects.

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::util::{DAY, Value, Work, all_expected, assert_rows};

/// Returns the texts of all objects below a folder.
fn texts(work: &Work, folder: &str) -> Vec<String> {
    let read = |file: &String| {
        let mut text = String::new();
        GzDecoder::new(fs::File::open(work.path(folder).join(file)).unwrap()).read_to_string(&mut text).unwrap();
        text
    };
    work.files(folder).iter().map(read).collect()
}

fn generate(work: &Work, folder: &str, options: &[&str]) {
    let ran = work.run(&[&["generate", folder, "--objects", "6", "--rows", "500"], options].concat());
    ran.code(0).says("6 objects, 3,000 rows, ");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let work = Work::new();
    for (folder, seed) in [("a", "7"), ("b", "7"), ("c", "8")] {
        generate(&work, folder, &["--seed", seed]);
    }
    let all = |folder: &str| -> Vec<(String, Vec<u8>)> {
        let read = |file: String| (file.clone(), fs::read(work.path(folder).join(file)).unwrap());
        work.files(folder).into_iter().map(read).collect()
    };
    assert_eq!(all("a").len(), 6);
    assert!(all("a") == all("b"), "the same seed, other bytes");
    assert!(all("a") != all("c"), "another seed, the same bytes");
}

#[test]
fn every_format_converts_without_rejects() {
    let custom = "${srcaddr} ${dstaddr} ${bytes} ${start} ${end} ${tcp-flags} ${traffic-path} ${log-status}";
    let formats: [(&[&str], usize); 5] = [
        (&["--schema-version", "2"], 14),
        (&["--schema-version", "5"], 29),
        (&["--schema-version", "11"], 54),
        (&["--log-type", "tgw"], 36),
        (&["--log-format", custom], 8),
    ];
    for (options, columns) in formats {
        let work = Work::new();
        generate(&work, "raw", options);
        let texts = texts(&work, "raw");
        assert!(texts.iter().all(|text| text.lines().next().unwrap().split(' ').count() == columns), "{options:?}");
        let ran = work.convert(&["--day", DAY]);
        ran.code(0).totals(&[("objects", 6), ("rows_written", 3_000), ("rows_rejected", 0)]);
        assert_eq!(work.ledger()[1]["file"]["columns"].as_array().unwrap().len(), columns, "{options:?}");
        assert_rows(&work.rows(), &all_expected(&texts));
    }
}

#[test]
fn every_layout_converts_to_the_same_rows() {
    let mut rows = Vec::new();
    for layout in ["default", "default-hourly", "hive", "hive-hourly"] {
        let work = Work::new();
        generate(&work, "raw", &["--layout", layout]);
        work.convert(&["--day", DAY]).code(0).totals(&[("objects", 6), ("rows_written", 3_000)]);
        rows.push(work.rows());
    }
    assert!(rows.iter().all(|other| *other == rows[0]));
}

#[test]
fn days_accounts_and_regions_multiply() {
    let work = Work::new();
    let args = [
        "generate",
        "raw",
        "--objects",
        "2",
        "--rows",
        "50",
        "--from",
        "2026-02-27",
        "--to",
        "2026-03-02",
        "--account",
        "111111111111",
        "--account",
        "222222222222",
        "--region",
        "eu-west-1",
        "--region",
        "us-east-1",
    ];
    work.run(&args).code(0).says("32 objects, 1,600 rows, ");
    let ran = work.convert(&["--all", "--partition-by", "account-region-day"]);
    ran.code(0).totals(&[("objects", 32), ("rows_written", 1_600), ("files", 16)]);
}

#[test]
fn the_tutorials_flows_are_there() {
    let work = Work::new();
    work.run(&["generate", "raw", "--objects", "24", "--rows", "500"]).code(0);
    work.convert(&["--day", DAY]).code(0);
    let rows = work.rows();
    let text = |text: &str| Value::Text(text.to_owned());
    for peer in ["34.160.111.145", "104.18.26.120"] {
        let flows = |source: &str| {
            rows.iter().filter(|row| row["srcaddr"] == text(source) && row["dstaddr"] == text(peer)).count()
        };
        assert!(flows("172.32.21.19") > 0, "no flow from the instance to {peer}");
    }
}

#[test]
fn options_that_are_none_are_refused() {
    let work = Work::new();
    let refused = |options: &[&str], message: &str| {
        let ran = work.run(&[&["generate", "raw"], options].concat());
        ran.code(2).says(&format!("error: {message}\n"));
    };
    refused(
        &["--layout", "flat"],
        "invalid value 'flat' for '--layout <LAYOUT>': unknown key layout \"flat\", expected one of: default, default-hourly, hive, hive-hourly",
    );
    refused(&["--schema-version", "1"], "there is no flow log version 1\n  help: versions are 2 to 11");
    refused(&["--schema-version", "99"], "there is no flow log version 99\n  help: versions are 2 to 11");
    refused(&["--from", "2026-01-02"], "the following required arguments were not provided:\n  --to <DAY>");
    assert!(!work.path("raw").exists());
}

#[test]
fn the_demo_tells_its_story() {
    let work = Work::new();
    let ran = work.run(&["demo", "here", "--objects", "12", "--rows", "300"]);
    ran.code(0);
    for heading in [
        "1. A day of flow logs",
        "2. flowparquet convert",
        "3. The same again",
        "4. flowparquet ddl",
        "5. What was gained",
    ] {
        assert!(ran.stderr.contains(&format!("== {heading}")), "{heading}\n{}", ran.stderr);
    }
    for part in [
        "12 objects, 3,600 rows, ",
        "3,600 rows in ",
        "nothing to do, found out in ",
        "CREATE EXTERNAL TABLE",
        "raw text",
    ] {
        if !ran.stdout.contains(part) {
            ran.fail(&format!("stdout should have {part:?}"));
        }
    }
    assert_rows(&work.rows_of("here/parquet"), &all_expected(&texts(&work, "here/raw")));
    let again = work.run(&["demo", "here"]);
    again.code(2).says("error: the demo's folder is not empty\n");
}
