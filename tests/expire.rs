//! `status --safe-to-expire`: that no folder is named in which anything is not converted as it is now and verified in full,
//! whatever it is called, and that what is held back is said.

use std::os::unix::fs::symlink;

use serde_json::Value as Json;

use crate::util::{ACCOUNT, DAY, Layout, REGION, Ran, Work, gz, key, text};

/// The day after.
const NEXT: &str = "2026-01-16";

/// Returns the name that AWS gives an object of a day.
fn aws_name(day: &str, number: u32) -> String {
    Layout::Default.key(ACCOUNT, REGION, day, number).rsplit_once('/').unwrap().1.to_owned()
}

/// Returns the folder of the usual day.
fn day_folder() -> String {
    key(0).rsplit_once('/').unwrap().0.to_owned()
}

/// Converts and verifies.
fn settle(work: &Work, args: &[&str]) {
    work.convert(args).code(0);
    let days = if args.contains(&"--all") { &["--all"][..] } else { args };
    work.run(&[&["verify", "raw", "table"], days].concat()).code(0);
}

fn expire(work: &Work, args: &[&str]) -> Ran {
    work.run(&[&["status", "table", "--safe-to-expire", "--source", "raw"], args].concat())
}

#[track_caller]
fn held_back(work: &Work, args: &[&str], folder: &str, why: &str) {
    let ran = expire(work, args);
    ran.code(1)
        .says_only(&format!("not yet: file://WORK/raw/{folder}\n  {why}\n0 of 1 folder are converted and verified\n"));
    assert_eq!(ran.stdout, "", "nothing else is named");
    let ran = expire(work, &[args, &["--json"]].concat());
    let folders: Json = serde_json::from_str(&ran.code(1).stdout).unwrap();
    assert_eq!(folders[0]["why_not"].as_str(), Some(why));
}

#[track_caller]
fn safe(work: &Work, args: &[&str], folder: &str) {
    let ran = expire(work, args);
    ran.code(0).says_only("1 of 1 folder are converted and verified\n");
    assert_eq!(ran.stdout, format!("file://WORK/raw/{folder}\n"));
}

fn not_converted(key: &str) -> String {
    format!("file://WORK/raw/{key} is not converted as it is now: run convert, then verify")
}

#[test]
fn without_a_look_at_source_nothing_is_named() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    settle(&work, &["--all"]);
    let ran = work.run(&["status", "table", "--safe-to-expire"]);
    ran.code(2).says_only(
        "error: --safe-to-expire needs --source: only a look at the raw logs tells what lies in their folders now\n  \
         help: add --source SOURCE, as it is given to convert, or a folder below it\n",
    );
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_flat_folder_of_two_days_of_which_one_is_converted() {
    let work = Work::new();
    let (first, second) = (format!("flat/{}", aws_name(DAY, 3)), format!("flat/{}", aws_name(NEXT, 3)));
    work.object(&first, text(0, 5));
    work.object(&second, text(10, 5));
    settle(&work, &["--day", DAY]);
    held_back(&work, &["--day", DAY], "flat/", &not_converted(&second));
    held_back(&work, &["--all"], "flat/", &not_converted(&second));
    // Converted is not verified, whichever day is asked for.
    work.convert(&["--day", NEXT]).code(0);
    held_back(&work, &["--day", DAY], "flat/", "year=2026/month=01/day=16: not verified: run verify");
    settle(&work, &["--all"]);
    safe(&work, &["--day", DAY], "flat/");
    safe(&work, &["--all"], "flat/");
}

#[test]
fn the_root_of_source_with_something_new_in_it_or_below() {
    let work = Work::new();
    work.object("f1.log.gz", text(0, 5));
    work.convert(&["--all", "--assume-day", "2026-01-10"]).code(0);
    work.run(&["verify", "raw", "table", "--all"]).code(0);
    safe(&work, &["--all"], "");
    work.object("f2.log.gz", text(10, 5));
    held_back(&work, &["--all"], "", &not_converted("f2.log.gz"));
    // `status` says so too, as convert does.
    let ran = work.run(&["status", "table", "--all", "--source", "raw"]);
    let said = "passed over: its key gives no date (say --assume-day if you know it)\n  at file://WORK/raw/f2.log.gz\n";
    assert!(ran.code(1).stdout.contains(said), "{}", ran.stdout);
    let ran = work.run(&["status", "table", "--all", "--source", "raw", "--json"]);
    assert_eq!(ran.code(1).report()["objects_passed_over"], 1);
    assert_eq!(ran.report()["passed_over"][0]["object"], "file://WORK/raw/f2.log.gz");
    work.remove("raw/f2.log.gz");
    let below = Layout::Default.key(ACCOUNT, REGION, NEXT, 0);
    work.object(&below, text(10, 5));
    held_back(&work, &["--day", "2026-01-10"], "", &not_converted(&below));
}

#[test]
fn a_dated_folder_of_names_of_other_days() {
    let work = Work::new();
    let in_backup = |day, number| format!("backup/2026/01/20/{}", aws_name(day, number));
    work.object(&in_backup(DAY, 3), text(0, 5));
    settle(&work, &["--day", DAY, "--day", "2026-01-20"]);
    safe(&work, &["--day", DAY], "backup/2026/01/20/");
    work.object(&in_backup("2026-01-18", 4), text(10, 5));
    held_back(&work, &["--day", DAY], "backup/2026/01/20/", &not_converted(&in_backup("2026-01-18", 4)));
}

#[test]
fn whatever_lies_in_a_folder_or_below_it_holds_it_back() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    settle(&work, &["--day", DAY]);
    let folder = day_folder();
    safe(&work, &["--day", DAY], &format!("{folder}/"));
    let below: Vec<String> = [
        "sub/z.log.gz",
        "05/z.log.gz",
        "x.zst",
        "x.parquet",
        ".hidden.log.gz",
        "_x",
        "empty.log.gz",
        "SUCCESS",
        "x#1",
        ".d/.e/f",
    ]
    .iter()
    .map(|name| format!("{folder}/{name}"))
    .collect();
    for key in &below {
        work.write(&format!("raw/{key}"), if key.contains("empty") { Vec::new() } else { gz(text(10, 5)) });
        held_back(&work, &["--day", DAY], &format!("{folder}/"), &not_converted(key));
        work.remove(&format!("raw/{key}"));
    }
    // A link to what lies elsewhere.
    work.write("elsewhere/z.log.gz", gz(text(10, 5)));
    symlink(work.path("elsewhere"), work.path(&format!("raw/{folder}/link"))).unwrap();
    held_back(&work, &["--day", DAY], &format!("{folder}/"), &not_converted(&format!("{folder}/link")));
    work.remove(&format!("raw/{folder}/link"));
    safe(&work, &["--day", DAY], &format!("{folder}/"));
    // Where nothing lies any more there is nothing to be named.
    work.remove(&format!("raw/{}", key(0)));
    expire(&work, &["--all"]).code(0).says_only("0 of 0 folders are converted and verified\n");
}

#[test]
fn a_folder_outside_of_source_is_never_named() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.object(&Layout::Default.key(ACCOUNT, "eu-west-1", DAY, 0), text(10, 5));
    settle(&work, &["--all", "--merge"]);
    let eu = Layout::Default.key(ACCOUNT, "eu-west-1", DAY, 0).rsplit_once('/').unwrap().0.to_owned();
    let from = |source: &str| work.run(&["status", "table", "--safe-to-expire", "--source", source]);
    let outside = |folder: &str| {
        format!("not yet: file://WORK/raw/{folder}/\n  it lies outside of --source, where nobody looked\n")
    };
    let ran = from(&format!("raw/AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1"));
    ran.code(1).says_only(&format!("{}1 of 2 folders are converted and verified\n", outside(&day_folder())));
    assert_eq!(ran.stdout, format!("file://WORK/raw/{eu}/\n"));
    // A folder itself, and one that is called nearly so.
    let ran = from(&format!("raw/{eu}"));
    assert_eq!(ran.code(1).stdout, format!("file://WORK/raw/{eu}/\n"));
    for elsewhere in ["raw/other", "nowhere", &format!("raw/{}", eu.trim_end_matches('5'))] {
        let ran = from(elsewhere);
        ran.code(1).says_only(&format!(
            "{}{}0 of 2 folders are converted and verified\n",
            outside(&day_folder()),
            outside(&eu)
        ));
        assert_eq!(ran.stdout, "");
    }
}
