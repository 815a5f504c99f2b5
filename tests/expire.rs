//! `status --safe-to-expire`: that no folder is named in which anything is not converted as it is now and verified in full,
//! whatever it is called, and that what is held back is said.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread::sleep;
use std::time::Duration;

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

const EMPTY: &str = "has 0 bytes: delete it, or fetch it again if it is a log that was cut off";
const PARQUET: &str = "is Parquet, and convert takes raw logs only: move it elsewhere if you need it, or delete it";
const OTHER: &str = "is called as no log is, and convert passes over it: look what it is, and move or delete it";
const HIDDEN: &str =
    "is hidden (`.` or `_` before a name), and convert passes over it: look what it is, and move or delete it";

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
    let new = "is not converted as it is now: run convert, then verify";
    for (name, what) in [
        ("sub/z.log.gz", new),
        ("05/z.log.gz", new),
        ("x.zst", new),
        ("x.parquet", PARQUET),
        (".hidden.log.gz", HIDDEN),
        ("_x", HIDDEN),
        ("empty.log.gz", EMPTY),
        ("SUCCESS", new),
        ("x#1", new),
        (".d/.e/f", HIDDEN),
        ("manifest.json", OTHER),
    ] {
        let key = format!("{folder}/{name}");
        work.write(&format!("raw/{key}"), if key.contains("empty") { Vec::new() } else { gz(text(10, 5)) });
        held_back(&work, &["--day", DAY], &format!("{folder}/"), &format!("file://WORK/raw/{key} {what}"));
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

// ---- Lines that are in no table

/// Asserts why the usual day's folder is held back, FILE being that of the first claim.
#[track_caller]
fn held_back_because(work: &Work, why: &str) {
    let file = work.ledger()[0]["output"].as_str().unwrap().to_owned();
    let why = format!("year=2026/month=01/day=15: {}", why.replace("FILE", &file));
    held_back(work, &["--all"], &format!("{}/", day_folder()), &why);
}

/// Converts with exit code 1, and verifies.
fn settle_rejects(work: &Work, args: &[&str]) {
    work.convert(&[&["--day", DAY], args].concat()).code(1);
    work.run(&["verify", "raw", "table", "--all"]).code(0);
}

const REJECTED: &str = "of the objects of FILE LINES rejected and in no table: run `rejects` to see them, then \
                        `convert` with --retry and the right --log-format; if you need them no more, delete the folder by hand";

#[test]
fn a_rejected_line_holds_back_its_folder() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.object(&key(1), format!("{}one line\n", text(10, 5)));
    settle_rejects(&work, &[]);
    held_back_because(&work, &format!("1 line {}", REJECTED.replace("LINES", "is")));
    // Tried again, and rejected again.
    work.convert(&["--day", DAY, "--retry"]).code(1);
    held_back_because(&work, &format!("1 line {}", REJECTED.replace("LINES", "is")));
    // Whoever mends the object has it in the table.
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(10, 6));
    settle(&work, &["--day", DAY]);
    safe(&work, &["--all"], &format!("{}/", day_folder()));
}

#[test]
fn an_object_of_rejected_lines_only_until_they_are_read() {
    let work = Work::new();
    let records: String = text(0, 3).lines().skip(1).map(|line| format!("{line}\n")).collect();
    work.object(&key(0), &records);
    settle_rejects(&work, &["--log-format", "${version} ${account-id} ${interface-id} ${srcaddr}"]);
    held_back_because(&work, &format!("3 lines {}", REJECTED.replace("LINES", "are")));
    let header = text(0, 0);
    let format: Vec<String> = header.split_whitespace().map(|name| format!("${{{name}}}")).collect();
    work.convert(&["--day", DAY, "--retry", "--log-format", &format.join(" ")]).code(0);
    work.run(&["verify", "raw", "table", "--all"]).code(0);
    safe(&work, &["--all"], &format!("{}/", day_folder()));
}

#[test]
fn rejected_lines_hold_back_their_own_folder_also_after_a_merge() {
    let work = Work::new();
    let flat = |number| format!("flat/{}", aws_name(DAY, number));
    work.object(&key(0), text(0, 5));
    work.convert(&["--day", DAY]).code(0);
    work.object(&flat(1), format!("{}one line\n", text(10, 5)));
    settle_rejects(&work, &[]);
    let ran = expire(&work, &["--all"]);
    assert_eq!(ran.code(1).stdout, format!("file://WORK/raw/{}/\n", day_folder()));
    ran.says("not yet: file://WORK/raw/flat/\n");
    assert!(ran.stderr.contains(": 1 line of the objects of part-"), "{}", ran.stderr);
    // One file of both: of which objects its rejects are, the ledger does not say.
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    work.run(&["verify", "raw", "table", "--all"]).code(0);
    let ran = expire(&work, &["--all"]);
    assert_eq!(ran.code(1).stdout, "");
    ran.says("0 of 2 folders are converted and verified\n");
}

#[test]
fn lines_of_another_log_type_hold_back_their_folder() {
    let tgw = "version resource-type account-id tgw-id srcaddr dstaddr bytes start end\n\
               6 TransitGateway 123456789012 tgw-1 10.0.0.1 10.0.0.2 5 1768435200 1768435260\n";
    for (args, code) in [(&["--day", DAY][..], 1), (&["--day", DAY, "--log-type", "vpc"], 0)] {
        let work = Work::new();
        work.object(&key(0), format!("{}{tgw}", text(0, 5)));
        work.convert(args).code(code);
        work.run(&["verify", "raw", "table", "--all"]).code(0);
        held_back_because(
            &work,
            "1 line of the objects of FILE is of another log type and not in this table: convert them into another DEST; \
             then, or if you need them no more, delete the folder by hand",
        );
    }
}

// ---- Files of the table

#[test]
fn a_file_of_the_table_that_is_gone_or_cut_off_holds_back_its_folder() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    let next = Layout::Default.key(ACCOUNT, REGION, NEXT, 0);
    work.object(&next, text(10, 5));
    settle(&work, &["--all"]);
    let of_next = format!("file://WORK/raw/{}/\n", next.rsplit_once('/').unwrap().0);
    let file = work.path("table").join(work.parquet_files("table").remove(0));
    let whole = fs::read(&file).unwrap();
    let changes: [&dyn Fn(); 2] =
        [&|| fs::remove_file(&file).unwrap(), &|| fs::write(&file, &whole[..whole.len() - 9]).unwrap()];
    for change in changes {
        change();
        let ran = expire(&work, &[]);
        assert_eq!(ran.code(1).stdout, of_next, "the other day's is there");
        ran.says(&format!("not yet: file://WORK/raw/{}/\n", day_folder()));
        assert!(
            ran.stderr.contains(" is gone, or has another size than the ledger says: run verify\n"),
            "{}",
            ran.stderr
        );
        fs::write(&file, &whole).unwrap();
        assert_eq!(expire(&work, &[]).code(0).stdout.lines().count(), 2);
    }
}

// ---- What is no log

#[test]
fn what_is_no_log_is_called_what_it_is() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    let empty = key(1);
    work.write(&format!("raw/{empty}"), "");
    settle_rejects(&work, &[]);
    work.convert(&["--day", DAY]).code(0);
    let folder = format!("{}/", day_folder());
    let of = |key: &str, what: &str| format!("file://WORK/raw/{key} {what}");
    held_back(&work, &["--all"], &folder, &of(&empty, EMPTY));
    work.remove(&format!("raw/{empty}"));
    safe(&work, &["--all"], &folder);
    for (name, what) in [("x.log.parquet", PARQUET), ("manifest.json", OTHER), ("_SUCCESS", HIDDEN)] {
        let key = format!("{folder}{name}");
        work.write(&format!("raw/{key}"), "PAR1");
        held_back(&work, &["--all"], &folder, &of(&key, what));
        work.remove(&format!("raw/{key}"));
    }
}
