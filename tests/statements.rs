//! Statements that people have, `tests/statements/*.sql`: what `ddl --like` and `ddl --cutover` make of each, over a DEST of
//! several accounts and Regions. `test_statements.py` has Spark and Trino compare the answers.
//!
//! Comments at the top of a statement say what the tests need: which logs it lies over (`logs`), how DEST is partitioned
//! (`dest`), whose logs the table holds (`holds`: account and Region, `*` for all), options, and whether it is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::golden::{golden, stable};
use crate::util::{Ran, Work};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

struct Statement {
    name: String,
    about: BTreeMap<String, String>,
    text: String,
}

impl Statement {
    fn said<'a>(&'a self, what: &str, usual: &'a str) -> &'a str {
        self.about.get(what).map_or(usual, String::as_str)
    }

    fn source(&self) -> String {
        format!("raw-{}", self.said("logs", "default"))
    }

    fn dest(&self) -> String {
        format!("table-{}-{}", self.said("logs", "default"), self.said("dest", "account-region-day"))
    }
}

fn statements() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statements");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        let about = text.lines().map_while(|line| line.strip_prefix("-- ")).filter_map(|line| line.split_once(": "));
        Statement {
            name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
            about: about.map(|(what, value)| (what.to_owned(), value.to_owned())).collect(),
            text: text.clone(),
        }
    };
    files.iter().map(read).collect()
}

/// Logs of two accounts and Regions in each layout, and tables of them.
fn lake() -> Work {
    let work = Work::new();
    let both: Vec<&str> = ACCOUNTS
        .iter()
        .flat_map(|account| ["--account", account])
        .chain(REGIONS.iter().flat_map(|region| ["--region", region]))
        .chain(["--day", "2025-12-31", "--day", "2026-01-14", "--day", "2026-01-15", "--objects", "1", "--rows", "3"])
        .collect();
    for (name, options) in [
        ("default", ["--layout", "default"]),
        ("hourly", ["--layout", "default-hourly"]),
        ("hive", ["--layout", "hive"]),
        ("tgw", ["--log-type", "tgw"]),
    ] {
        work.run(&[&["generate", &format!("raw-{name}")], &both[..], &options].concat()).code(0);
        let by = if name == "hourly" { "account-region-hour" } else { "account-region-day" };
        let dest = format!("table-{name}-{by}");
        work.run(&["convert", &format!("raw-{name}"), &dest, "--all", "--partition-by", by]).code(0);
    }
    let one = ["--all", "--account", ACCOUNTS[0], "--region", REGIONS[0]];
    work.run(&[&["convert", "raw-default", "table-default-day"], &one[..]].concat()).code(0);
    work
}

fn run(work: &Work, statement: &Statement, more: &[&str]) -> Ran {
    let file = work.write(&format!("{}.sql", statement.name), &statement.text);
    let (dest, source) = (statement.dest(), statement.source());
    let mut args = vec!["ddl", &dest, "--like", &file, "--location", "s3://flow/parquet", "--no-comments"];
    args.extend(statement.said("options", "").split_whitespace());
    if let Some(at) = args.iter().position(|arg| *arg == "--source") {
        args.insert(at + 1, &source);
    } else if more.contains(&"--cutover") {
        args.extend(["--source", &source]);
    }
    args.extend(more);
    work.run(&args)
}

/// What a person has to know of a script: notes, names, keys, folders and conditions; not its columns, which are theirs.
fn in_short(ran: &Ran) -> String {
    let script = ran.stdout.split("-- The way back").next().unwrap_or_default();
    let words =
        ["PARTITION", "LOCATION", "template", ".values", "year.range", "FROM \"", "WHERE", "  AND ", "   OR ", " AS "];
    let kept = script.lines().filter(|line| words.iter().any(|word| line.contains(word)));
    let notes =
        ran.stderr.lines().filter(|line| !line.contains(" is a view over ") && !line.contains("in place of s3://YOUR"));
    let shown: String = notes.map(|line| format!("# {line}\n")).chain(kept.map(|line| format!("{line}\n"))).collect();
    stable(&shown.replace("s3://YOUR-BUCKET/YOUR-LOGS", "s3://logs"))
}

/// Asserts that a script speaks of the accounts and Regions whose logs the table holds, and of no others.
#[track_caller]
fn is_of(ran: &Ran, holds: &str, script: &str) {
    let (account, region) = holds.split_once(' ').unwrap();
    for (held, all) in [(account, ACCOUNTS), (region, REGIONS)] {
        for value in all.iter().filter(|value| held != "*" && **value != held) {
            if script.contains(*value) {
                ran.fail(&format!("{value} is in it, and the table holds {holds}"));
            }
        }
    }
}

#[test]
fn every_statement_is_answered_for_what_it_holds() {
    let work = lake();
    let mut shown = String::new();
    let all = statements();
    assert!(all.iter().filter(|statement| !statement.about.contains_key("refused")).count() >= 60);
    for statement in &all {
        let is_refused = statement.about.contains_key("refused");
        for more in [&[][..], &["--cutover"]] {
            let ran = run(&work, statement, more);
            ran.code(if is_refused { 2 } else { 0 });
            let script = ran.stdout.split("-- The way back").next().unwrap_or_default();
            is_of(&ran, statement.said("holds", "* *"), script);
            if is_refused && more.is_empty() {
                let pointed = format!("\n  at {}.sql, line ", statement.name);
                assert!(ran.stderr.contains(&pointed) && ran.stderr.contains("\n  help: "), "{}", ran.stderr);
            }
            if !is_refused || more.is_empty() {
                let how = if more.is_empty() { "like" } else { "cutover" };
                shown.push_str(&format!("=== {} ({how})\n{}\n", statement.name, in_short(&ran)));
            }
        }
    }
    golden("statements.txt", &shown);
}
