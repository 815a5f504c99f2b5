//! Names and values that speak to the terminal of the person who looks: every command is run over them, and prints nothing
//! that a terminal obeys, on standard output or on standard error.
//!
//! Who may write into a bucket of logs chooses keys and values; a line end in one must not begin a line, a direction of
//! writing must not turn the rest of it.

use std::fs;

use serde_json::Value as Json;

use crate::util::{DAY, REGION, Ran, V2, Work, gz, key, line, text};
use crate::verify::rewrite;

/// What no object that is read may have in its key on a local disk: control characters of ASCII.
const EVIL: &str = "\u{1b}[2J\u{7}\u{7f}\r\nerror: all is lost\n\t";
/// What it may.
const QUIET: &str = "\u{ad}\u{34f}\u{200b}\u{2060}\u{3164}\u{fe0f}\u{e0041}\u{9b}31m\u{85}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}";

/// Asserts that nothing was printed that a terminal would obey, and no line that somebody else wrote.
#[track_caller]
fn harmless(ran: &Ran) -> &Ran {
    for text in [&ran.stdout, &ran.stderr] {
        let obeyed = |c: char| c != '\n' && (c.is_control() || (!c.is_ascii() && QUIET.contains(c)));
        if let Some(c) = text.chars().find(|c| obeyed(*c)) {
            ran.fail(&format!("{c:?} was printed"));
        }
        if format!("\n{text}").contains("\nerror: all is lost") {
            ran.fail("a name began a line");
        }
    }
    ran
}

/// Runs a command and returns what it gave, which is harmless.
#[track_caller]
fn run(work: &Work, code: i32, args: &[&str]) -> Ran {
    let ran = work.run(args);
    harmless(ran.code(code));
    ran
}

/// Returns all texts in a JSON value, as one.
fn texts(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone() + "\0",
        Json::Array(values) => values.iter().map(texts).collect(),
        Json::Object(values) => values.iter().map(|(name, value)| name.clone() + "\0" + &texts(value)).collect(),
        _ => String::new(),
    }
}

/// Logs of two Regions, with hostile keys, values, headers and lines, a folder of a hostile name among the Regions, and one of
/// other people's. A series of five minutes has a gap, so that its flow log is named.
fn hostile_source() -> Work {
    let work = Work::new();
    let odd = |number| key(number).replace(REGION, "odd").replace("fl-", &format!("fl-{QUIET}"));
    work.object(&key(0).replace(REGION, &format!("r{QUIET}")), text(60, 1));
    work.object(&key(0), text(0, 3));
    for number in [1, 2, 9] {
        let value = line(u64::from(number)).replace("ACCEPT", &format!("ACCEPT{QUIET}\u{1b}[2J\u{7}"));
        work.object(&odd(number), format!("{V2}\n{value}\n{}\n", line(90 + u64::from(number))));
    }
    let folder = odd(0).rsplit_once('/').unwrap().0.to_owned();
    work.object(&format!("{folder}/line{QUIET}.log.gz"), format!("{}bad {QUIET}\u{1b}[2J\n", text(20, 2)));
    work.object(&format!("{folder}/header{QUIET}.log.gz"), format!("\u{1b}[2J{QUIET} {V2}\n"));
    work.write(&format!("raw/{folder}/damaged{QUIET}.log.gz"), &gz(text(30, 3))[..40]);
    for name in [&format!("{folder}/key{EVIL}{QUIET}.log.gz"), &format!("account{EVIL}/x.log.gz")] {
        work.object(name, text(40, 1));
    }
    work.object(&format!("AWSLogs/1{EVIL}/vpcflowlogs/r/2026/01/15/x.log.gz"), text(50, 1));
    work
}

/// Runs every command that reads a table, of which there is one.
fn look(work: &Work, verified: i32) {
    for more in [&[][..], &["--json"]] {
        run(work, 1, &[&["status", "table"], more].concat());
        run(work, 1, &[&["status", "table", "--source", "raw"], more].concat());
        run(work, 1, &[&["status", "table", "--source", "raw", "--safe-to-expire"], more].concat());
        run(work, 0, &[&["ledger", "table"], more].concat());
        run(work, 0, &[&["doctor", "raw", "table"], more].concat());
        run(work, 1, &[&["rejects", "table"], more].concat());
        run(work, 0, &[&["compact", "table", "--dry-run", "--min-age", "0h"], more].concat());
        run(work, verified, &[&["verify", "raw", "table", "--all"], more].concat());
        run(work, 1, &[&["plan", "raw", "table", "--all", "--partition-by", "account-region-day"], more].concat());
    }
}

#[test]
fn no_command_prints_what_a_terminal_obeys() {
    let work = hostile_source();
    let by = ["--all", "--partition-by", "account-region-day"];
    run(&work, 2, &["convert", "raw", "table", "--all"]).says("error: SOURCE holds 2 accounts and Regions");
    run(&work, 1, &[&["convert", "raw", "table", "--dry-run"], &by[..]].concat());
    let ran = run(&work, 1, &[&["convert", "raw", "table", "--report", "-"], &by[..]].concat());
    for name in [EVIL, QUIET] {
        assert!(texts(&ran.report()).contains(name), "a program that reads JSON gets the name itself");
    }
    run(&work, 1, &[&["convert", "raw", "table", "--progress", "plain"], &by[..]].concat());
    run(&work, 1, &[&["convert", "raw", "table", "--progress", "json", "--retry"], &by[..]].concat());
    for output in ["text", "json"] {
        let events = ["-vv", "--log-output", output];
        run(&work, 1, &[&["convert", "raw", output], &by[..], &events].concat());
    }
    look(&work, 1);
    let rejects = run(&work, 1, &["rejects", "table", "--json"]);
    let lines: Vec<Json> = rejects.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(texts(&Json::Array(lines)).contains(&format!("\0bad {QUIET}\u{1b}[2J\0")));
    // Escaping would make a statement mean another folder; JSON can escape and mean the same.
    let location = format!("s3://bucket/table{QUIET}");
    for form in ["athena", "trino", "terraform"] {
        let refused = run(&work, 2, &["ddl", "table", "--location", &location, "--format", form]);
        assert_eq!(refused.stdout, "");
    }
    for form in ["glue-json", "cloudformation"] {
        let made = run(&work, 0, &["ddl", "table", "--location", &location, "--format", form]).stdout;
        assert!(texts(&serde_json::from_str(&made).unwrap()).contains(QUIET));
    }
    run(&work, 0, &["ddl", "--raw", "raw", "--location", "s3://bucket/raw"]);
    #[cfg(feature = "query")]
    sql(&work);
    // A table that somebody tampered with: files and rows are named.
    let files = work.parquet_files("table");
    for file in &files {
        rewrite(&work.path(&format!("table/{file}")), |batch| batch.slice(0, 1));
    }
    let folder = files.last().unwrap().rsplit_once('/').unwrap().0;
    fs::write(work.path(&format!("table/{folder}/part-{QUIET}.parquet")), "x").unwrap();
    look(&work, 1);
    let names_rows = run(&work, 1, &["verify", "raw", "table", "--all"]);
    assert!(
        names_rows
            .stdout
            .contains("action=ACCEPT\\u{ad}\\u{34f}\\u{200b}\\u{2060}\\u{3164}\\u{fe0f}\\u{e0041}\\u{9b}31m"),
        "the row is shown, escaped"
    );
    run(&work, 0, &["compact", "table", "--min-age", "0h"]);
}

/// Queries over hostile values and objects.
#[cfg(feature = "query")]
fn sql(work: &Work) {
    let sql = "SELECT action, count(*) AS n FROM vpc_flow_logs GROUP BY action ORDER BY n";
    for output in ["table", "json"] {
        run(work, 0, &["query", "table", sql, "--output", output]);
        harmless(&work.run(&["query", "raw", sql, "--raw", "--output", output]));
    }
    run(work, 0, &["query", "table", sql, "--explain"]);
    // What reads CSV shows it on a screen sooner or later.
    harmless(&work.run(&["query", "table", sql, "--output", "csv"])).code(0);
    for more in [&[][..], &["--json"]] {
        harmless(&work.run(&[&["compare", "raw", "table", sql], more].concat()));
        harmless(&work.run(&[&["tune", "raw", sql, "--day", DAY], more].concat()));
    }
    run(work, 2, &["query", "table", &format!("SELECT '{EVIL}{QUIET}")]);
}

#[test]
fn what_a_person_typed_is_escaped_too() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.convert(&["--day", DAY]).code(0);
    // Line ends are the person's own.
    let evil = format!("x{EVIL}{QUIET}").replace('\n', "");
    let quiet = format!("x{QUIET}");
    for args in [
        &[evil.as_str()][..],
        &["convert", "raw", "table", "--day", &evil],
        &["status", &evil],
        &["queries", &evil],
        &["queries", "top-talkers", "--table", &evil],
        &["queries", "top-talkers", "--set", &evil],
        &["fields", "--log-type", &evil],
        &["generate", "made", "--log-format", &evil],
        &["ddl", "table", "--location", &format!("s3://{evil}")],
        &["ddl", "table", "--location", &format!("s3://{quiet}")],
        &["ddl", "table", "--database", &evil],
        &["ledger", &quiet],
        &["rejects", &quiet],
        &["doctor", &quiet, &quiet],
        &["iam-policy", &format!("s3://logs/{evil}"), &format!("s3://logs/{quiet}")],
        &["iam-policy", &format!("s3://logs/{evil}"), "s3://logs/x", "--format", "terraform", "--principal", &quiet],
        &["verify", &quiet, &quiet],
        &["compact", &quiet, "--region", &evil],
        &["ddl", &quiet],
        &["demo", &evil, "--objects", "1", "--rows", "1"],
    ] {
        harmless(&work.run(args));
    }
    run(&work, 2, &["plan", &quiet, "table"])
        .says("error: nothing lies below SOURCE\n  at WORK/x\\u{ad}\\u{34f}\\u{200b}");
    run(&work, 0, &["generate", &quiet, "--objects", "1", "--rows", "1"]).says("1 object, ");
    run(&work, 0, &["convert", "raw", &quiet, "--day", DAY]);
    run(&work, 0, &["queries"]);
    run(&work, 0, &["queries", "--json"]);
    run(&work, 0, &["fields"]);
    run(&work, 0, &["fields", "--format", "json"]);
}

#[test]
fn a_folder_whose_name_makes_two_lines_is_not_safe_to_expire() {
    let work = Work::new();
    work.object(&format!("copy{QUIET}/{}", key(0)), text(0, 3));
    work.convert(&["--all"]).code(0);
    run(&work, 0, &["verify", "raw", "table", "--all"]);
    let ran = run(&work, 1, &["status", "table", "--source", "raw", "--safe-to-expire"]);
    assert_eq!(ran.stdout, "", "a list of what to delete has no name but true ones");
    ran.says("not yet: file://WORK/raw/copy")
        .says("  its name has characters that are escaped here: delete it by hand\n");
}

#[test]
fn every_command_is_looked_at() {
    let tests = include_str!("screen.rs");
    let help = Work::new().run(&["--help"]).code(0).stdout.clone();
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    for name in names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help") {
        assert!(tests.contains(&format!("\"{name}\"")), "add {name} to tests/screen.rs");
    }
}
