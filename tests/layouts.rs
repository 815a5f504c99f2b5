//! Where logs lie and which of them are chosen: SOURCE at any height, prefixes, days, accounts, Regions, partitions.

use std::collections::BTreeSet;

use flowparquet::LogType;
use serde_json::Value as Json;

use crate::util::{
    ACCOUNT, DAY, DAY_FOLDER, Layout, REGION, Ran, Work, all_expected, assert_rows, days_ago, folder_of, gz, key, line,
    name, text,
};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

/// Objects at 00:00, 00:05, 05:00 and 23:55 UTC, each with rows of its own.
const NUMBERS: [u32; 4] = [0, 1, 60, 287];

fn text_of(number: u32) -> String {
    text(u64::from(number) * 10, u64::from(number % 3) + 1)
}

fn texts() -> Vec<String> {
    NUMBERS.iter().map(|number| text_of(*number)).collect()
}

/// Writes the four objects below a prefix, and some of the days around that must not be touched.
fn write_day(work: &Work, prefix: &str, layout: Layout) {
    for number in NUMBERS {
        work.object(&format!("{prefix}{}", layout.key(ACCOUNT, REGION, DAY, number)), text_of(number));
    }
    for other in ["2026-01-14", "2026-01-16", "2025-01-15", "2026-02-15"] {
        work.object(&format!("{prefix}{}", layout.key(ACCOUNT, REGION, other, 0)), text(900_000, 1));
    }
}

// ---- Layouts and heights

#[test]
fn every_layout_from_every_height_gives_the_same_rows() {
    for layout in Layout::ALL {
        let work = Work::new();
        write_day(&work, "", layout);
        let day_key = layout.key(ACCOUNT, REGION, DAY, 0);
        let folders: Vec<&str> = day_key.split('/').collect();
        let hourly = matches!(layout, Layout::Hourly | Layout::HiveHourly);
        // From the root of the bucket down to the folder of the day.
        for height in 0..folders.len() - usize::from(hourly) {
            let source = format!("raw/{}", folders[..height].join("/"));
            let dest = format!("table-{height}");
            let ran = work.convert_from(&source, &dest, &ON_THIS_DAY);
            ran.code(0).totals(&[("objects", 4)]);
            assert_eq!(work.partitions(&dest), [DAY_FOLDER], "{layout:?} from {source}");
            assert_rows(&work.rows_of(&dest), &all_expected(&texts()));
            assert_eq!(ran.report()["objects_passed_over"], 0, "{layout:?} from {source}");
        }
    }
}

#[test]
fn a_source_that_is_one_hour_holds_that_hour() {
    for layout in [Layout::Hourly, Layout::HiveHourly] {
        let work = Work::new();
        write_day(&work, "", layout);
        let source = format!("raw/{}", layout.key(ACCOUNT, REGION, DAY, 60).rsplit_once('/').unwrap().0);
        work.convert_from(&source, "table", &ON_THIS_DAY).code(0).totals(&[("objects", 1)]);
        assert_rows(&work.rows(), &all_expected([&text_of(60)]));
    }
}

#[test]
fn prefixes_above_awslogs_mean_nothing() {
    for prefix in ["a/", "111122223333/vpc name/x=y/", "a/b/c/d/e/f/"] {
        prefix_means_nothing(prefix);
    }
}

#[test]
fn prefixes_that_look_like_days_mean_nothing_either() {
    for prefix in ["2026/01/15/", "2026/", "year=2026/", "archive/2025/"] {
        prefix_means_nothing(prefix);
    }
}

#[track_caller]
fn prefix_means_nothing(prefix: &str) {
    let work = Work::new();
    write_day(&work, prefix, Layout::Default);
    let first = prefix.split('/').next().unwrap();
    for (at, source) in ["raw".to_owned(), format!("raw/{first}"), format!("raw/{prefix}AWSLogs")].iter().enumerate() {
        let dest = format!("table-{at}");
        work.convert_from(source, &dest, &ON_THIS_DAY).code(0).totals(&[("objects", 4)]);
        assert_rows(&work.rows_of(&dest), &all_expected(&texts()));
    }
}

#[test]
fn prefixes_side_by_side_are_both_found() {
    let work = Work::new();
    let prefixes = ["", "team-a/logs/", "team-b/", "team-b/deeper/and/deeper/"];
    let mut all = Vec::new();
    for (at, prefix) in prefixes.iter().enumerate() {
        let layout = Layout::ALL[at];
        let content = text(at as u64 * 100, 2);
        work.object(&format!("{prefix}{}", layout.key(ACCOUNT, REGION, DAY, at as u32)), &content);
        all.push(content);
    }
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 4)]);
    assert_rows(&work.rows(), &all_expected(&all));
    work.convert(&ON_THIS_DAY).nothing_to_do(4);
}

#[test]
fn other_services_logs_are_not_looked_at() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    work.object(&format!("AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15/x.json.gz"), "{}");
    work.object(&format!("AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/01/15/x.log.gz"), "x");
    work.object(&format!("AWSLogs/o-abcdef/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15/x.log.gz"), "x");
    work.object("other/2026/01/15.txt", "x");
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).totals(&[("objects", 1)]);
    assert_eq!(ran.report()["objects_passed_over"], 0);
}

#[test]
fn objects_of_no_account_are_named_when_accounts_are_asked_for() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    work.object("x/2026/01/15/own.gz", text(3, 1));
    let asked = ["--day", DAY, "--account", ACCOUNT];
    let ran = work.convert(&asked);
    ran.code(1).totals(&[("objects", 1)]);
    ran.says("passed over: its key tells no account or Region, and only some are asked for");
    ran.says("  at WORK/raw/x/2026/01/15/own.gz\n");
    work.run(&[&["verify", "raw", "table"], &asked[..]].concat()).code(1);
    // Whoever asks for all converts it, and then there is nothing to say.
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1)]);
    work.convert(&asked).code(0);
    work.run(&[&["verify", "raw", "table"], &asked[..]].concat()).code(0);
}

/// Names that say nothing, in folders that say nothing, beside and above those of AWS: the content says what is a log.
#[test]
fn flow_logs_in_folders_of_peoples_own_are_named() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    for key in ["dump.bin", "dumps/a", "dumps/deep/b.gz", "dumps/headless.log"] {
        work.object(
            key,
            if key.contains("headless") {
                text(3, 1).lines().skip(1).map(|line| format!("{line}\n")).collect()
            } else {
                text(1, 1)
            },
        );
    }
    work.write("raw/dumps/bare/c.txt", text(5, 1));
    for key in ["backups/all.tar.gz", "app/app.log", "app/start.txt", "app/table.json", "other/empty.gz"] {
        work.object(key, "start of something\n");
    }
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 1)]);
    assert_eq!(ran.report()["objects_to_look_at"], 5, "{}", ran.stderr);
    for named in ["dump.bin", "dumps/a", "dumps/deep/b.gz", "dumps/headless.log", "dumps/bare/c.txt"] {
        ran.says(&format!(
            "passed over: its key gives no date (say --assume-day if you know it)\n  at WORK/raw/{named}\n"
        ));
    }
    work.run(&["verify", "raw", "table", "--day", DAY]).code(1);
    work.run(&["plan", "raw/dumps", "table2", "--day", DAY, "--assume-day", DAY]).code(0);
}

#[test]
fn a_flat_folder_of_objects_named_by_aws() {
    let work = Work::new();
    for number in NUMBERS {
        work.object(&format!("flat/{}", name(ACCOUNT, REGION, DAY, number)), text_of(number));
    }
    work.object(&format!("flat/{}", name(ACCOUNT, REGION, "2026-01-14", 0)), text(900_000, 1));
    let args = ["--day", DAY, "--partition-by", "account-region-hour"];
    work.convert_from("raw/flat", "table", &args).code(0).totals(&[("objects", 4)]);
    assert_rows(&work.rows(), &all_expected(&texts()));
    let folder = format!("aws_account_id={ACCOUNT}/aws_region={REGION}/{DAY_FOLDER}");
    assert_eq!(work.partitions("table"), ["00", "05", "23"].map(|hour| format!("{folder}/hour={hour}")));
    // Deeper below SOURCE too, since the names leave no doubt.
    work.convert_from("raw", "table2", &ON_THIS_DAY).code(0).totals(&[("objects", 4)]);
}

/// A copy's folders may say when it was made.
#[test]
fn where_folder_and_name_of_a_copy_disagree_the_name_decides() {
    let work = Work::new();
    let named = |day: &str, number: u32| format!("backup/2026/01/20/{}", name(ACCOUNT, REGION, day, number));
    work.object(&named(DAY, 0), text(0, 5));
    work.object(&named("2026-01-20", 1), text(10, 5));
    // Asked for the folder's day alone: the other one is named.
    let ran = work.convert_from("raw", "one", &["--day", "2026-01-20"]);
    let passed_over =
        "passed over: its folder says another day than its name, and the name decides (ask for both days)\n";
    ran.code(1).says(passed_over).says(&format!("  at WORK/raw/{}\n", named(DAY, 0)));
    assert_rows(&work.rows_of("one"), &all_expected([&text(10, 5)]));
    // Asked for all: it is of its name's day, and that is said.
    let plan = work.run(&["plan", "raw", "table", "--all"]);
    let said = "two days: its folder says 2026-01-20, its name 2026-01-15: the name decides\n";
    assert!(plan.code(0).stdout.contains(said), "{}", plan.stdout);
    let plan = work.run(&["plan", "raw", "table", "--all", "--json"]);
    let plan: Json = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["two_days"].as_array().unwrap().len(), 1);
    let ran = work.convert(&["--all"]);
    ran.code(0).says(said).totals(&[("objects", 2)]);
    let report = ran.report();
    assert_eq!((&report["objects_of_two_days"], report["two_days"].as_array().unwrap().len()), (&Json::from(1), 1));
    assert_eq!(work.partitions("table"), [DAY_FOLDER, "year=2026/month=01/day=20"]);
    assert_rows(&work.rows(), &all_expected([&text(0, 5), &text(10, 5)]));
    assert_eq!(work.run(&["verify", "raw", "table", "--all"]).code, Some(0));
    // In AWS's own folders, the folder decides, as for a table over the raw logs.
    let work = Work::new();
    let folder = Layout::Default.key(ACCOUNT, REGION, "2026-01-20", 0);
    work.object(&format!("{}/{}", folder.rsplit_once('/').unwrap().0, name(ACCOUNT, REGION, DAY, 0)), text(0, 5));
    work.convert(&["--day", "2026-01-20"]).code(0).totals(&[("objects", 1)]).does_not_say("two days");
}

/// What an earlier version converted as of its folder's day stays there.
#[test]
fn a_copy_that_was_converted_by_its_folder_is_not_converted_again() {
    let work = Work::new();
    let folder = "backup/2026/01/20/";
    let object = work.object(&format!("{folder}{}", name(ACCOUNT, REGION, "2026-01-20", 0)), text(0, 5));
    work.convert(&["--all"]).code(0);
    // As if the object had had the other name then, and the version been one that called files otherwise.
    let renamed = format!("{folder}{}", name(ACCOUNT, REGION, DAY, 0));
    std::fs::rename(work.path(&object), work.path(&format!("raw/{renamed}"))).unwrap();
    let entry = "table/_flowparquet/ledger/year=2026/month=01/day=20/00000001.json";
    let before = std::fs::read_to_string(work.path(entry)).unwrap();
    let (old, new) = (name(ACCOUNT, REGION, "2026-01-20", 0), name(ACCOUNT, REGION, DAY, 0));
    assert!(before.contains(&old));
    work.write(entry, before.replace(&old, &new).replace("\"version\": 3", "\"version\": 2"));
    for days in [&["--all"][..], &["--day", "2026-01-20"], &["--day", "2026-01-20", "--day", DAY]] {
        work.convert(days).nothing_to_do(1);
    }
    assert_eq!(work.run(&["verify", "raw", "table", "--all"]).code, Some(0));
}

#[test]
fn copies_without_awss_folders_keep_the_days_of_theirs() {
    let work = Work::new();
    work.object("copy/2026/01/15/a.log.gz", text(0, 2));
    work.object("copy/2026/01/14/a.log.gz", text(2, 2));
    work.object("hive/year=2026/month=01/day=15/b.log.gz", text(4, 2));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 2)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 2), &text(4, 2)]));
}

// ---- Accounts, Regions, partitions

const SOURCES: [(&str, &str); 3] =
    [("111111111111", "eu-west-1"), ("111111111111", "us-east-1"), ("222222222222", "us-east-1")];

fn write_sources(work: &Work) {
    for (at, (account, region)) in SOURCES.iter().enumerate() {
        for number in NUMBERS {
            let content = text(at as u64 * 10_000 + u64::from(number) * 10, 2);
            work.object(&Layout::Default.key(account, region, DAY, number), content);
        }
    }
}

fn texts_of_source(at: usize) -> Vec<String> {
    NUMBERS.iter().map(|number| text(at as u64 * 10_000 + u64::from(*number) * 10, 2)).collect()
}

#[test]
fn several_accounts_and_regions_are_not_mixed_unasked() {
    let work = Work::new();
    write_sources(&work);
    let help = "  help: filter with --account and --region, or use --partition-by account-region-day, or --merge to put them together\n";
    let named = "111111111111 eu-west-1, 111111111111 us-east-1, 222222222222 us-east-1";
    for by in ["day", "hour"] {
        let message = format!("SOURCE holds 3 accounts and Regions, and --partition-by {by} would mix them: {named}");
        let ran = work.convert(&["--day", DAY, "--partition-by", by]);
        ran.code(2).says_only(&format!("error: {message}\n{help}"));
    }
    work.run(&["plan", "raw", "table", "--day", DAY]).code(2).says(help);
    assert!(!work.path("table").exists());

    work.convert(&["--day", DAY, "--merge"]).code(0).totals(&[("objects", 12)]);
    let all: Vec<String> = (0..3).flat_map(texts_of_source).collect();
    assert_rows(&work.rows(), &all_expected(&all));

    work.convert_from("raw", "apart", &["--day", DAY, "--partition-by", "account-region-day"]).code(0);
    assert_rows(&work.rows_of("apart"), &all_expected(&all));
    let folders = SOURCES.map(|(account, region)| format!("aws_account_id={account}/aws_region={region}/{DAY_FOLDER}"));
    assert_eq!(work.partitions("apart"), folders);
    for (at, folder) in folders.iter().enumerate() {
        assert_rows(&work.rows_of(&format!("apart/{folder}")), &all_expected(&texts_of_source(at)));
    }
}

#[test]
fn filters_by_account_and_region() {
    let chosen = |filters: &[&str], expected: &[usize]| {
        let work = Work::new();
        write_sources(&work);
        let ran = work.convert(&[&ON_THIS_DAY[..], &["--merge"], filters].concat());
        ran.code(0);
        let texts: Vec<String> = expected.iter().flat_map(|at| texts_of_source(*at)).collect();
        assert_rows(&work.rows(), &all_expected(&texts));
    };
    chosen(&["--account", "222222222222"], &[2]);
    chosen(&["--account", "111111111111"], &[0, 1]);
    chosen(&["--region", "us-east-1"], &[1, 2]);
    chosen(&["--account", "111111111111", "--region", "us-east-1"], &[1]);
    chosen(&["--account", "111111111111", "--account", "222222222222", "--region", "eu-west-1"], &[0]);
}

#[test]
fn one_account_and_region_is_no_mixture() {
    let work = Work::new();
    write_sources(&work);
    work.convert(&["--day", DAY, "--account", "222222222222"]).code(0).totals(&[("objects", 4)]);
    work.convert_from("raw/AWSLogs/111111111111/vpcflowlogs/eu-west-1", "other", &ON_THIS_DAY).code(0);
}

#[test]
fn more_than_five_accounts_are_named_in_short() {
    let work = Work::new();
    for at in 1..=7_u64 {
        work.object(&Layout::Hive.key(&format!("{at:012}"), "eu-west-1", DAY, 0), text(at, 1));
    }
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(2).says(
        "error: SOURCE holds 7 accounts and Regions, and --partition-by day would mix them: 000000000001 eu-west-1, ",
    );
    ran.says("error: ");
    assert!(ran.stderr.contains("000000000005 eu-west-1 and 2 more\n"), "{}", ran.stderr);
}

#[test]
fn every_partitioning() {
    let account = format!("aws_account_id={ACCOUNT}/aws_region={REGION}");
    for layout in [Layout::Default, Layout::HiveHourly] {
        for (by, folder, hourly) in [
            ("day", DAY_FOLDER.to_owned(), false),
            ("account-region-day", format!("{account}/{DAY_FOLDER}"), false),
            ("hour", DAY_FOLDER.to_owned(), true),
            ("account-region-hour", format!("{account}/{DAY_FOLDER}"), true),
        ] {
            let work = Work::new();
            write_day(&work, "", layout);
            let ran = work.convert(&["--day", DAY, "--partition-by", by]);
            ran.code(0).totals(&[("objects", 4), ("files", if hourly { 3 } else { 1 })]);
            assert_eq!(ran.report()["partition_by"], by);
            assert_rows(&work.rows(), &all_expected(&texts()));
            if hourly {
                assert_eq!(work.partitions("table"), ["00", "05", "23"].map(|hour| format!("{folder}/hour={hour}")));
                assert_rows(&work.rows_of(&format!("table/{folder}/hour=00")), &all_expected(&texts()[..2]));
            } else {
                assert_eq!(work.partitions("table"), [folder]);
            }
            // What DEST is need not be said again.
            work.convert(&ON_THIS_DAY).nothing_to_do(4);
        }
    }
}

/// Folders as people's tools write them, and where their objects belong.
#[test]
fn layouts_that_aws_does_not_write_are_converted_too() {
    let region = "AWSLogs/123456789012/vpcflowlogs/us-east-1";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1";
    let plain = key(0);
    let name = plain.rsplit('/').next().unwrap();
    for folder in [
        &format!("{region}/2026/1/15"),
        &format!("{region}/2026-01-15"),
        &format!("{region}/year=2026/month=1/day=15"),
        &format!("{region}/dt=2026-01-15"),
        &format!("{region}/2026/01/15/part-1/x"),
        &format!("{region}/moved/2026/01/15"),
        &format!("{hive}/year=2026/month=1/day=15"),
        &hive.replace('=', "%3D"),
        &format!("{}/year%3D2026/month%3D01/day%3D15", hive.replace('=', "%3D")),
        &format!("{hive}/2026/01/15"),
        &region.replace("AWSLogs", "AWSLogs/o-a1b2c3d4e5"),
        &region.replace("AWSLogs", "a/AWSLogs/prod/team-1"),
        region,
        &format!("{region}/2026"),
        &format!("{region}/2026/old"),
        "AWSLogs/copies/2026/01/15",
        "AWSLogs/123456789012",
        "AWSLogs/123456789012/2026/01/15",
        "AWSLogs/123456789012/us-east-1/2026/01/15",
        "AWSLogs/123456789012/VPCFlowLogs/us-east-1/2026/01/15",
        "AWSLogs/123456789012/vpc-flow-logs/us-east-1/2026/01/15",
        "AWSLogs/123456789012/vpcflowlogs-old/us-east-1/2026/01/15",
        "copy/dt=20260115",
    ] {
        for days in [&["--day", DAY][..], &["--all"]] {
            let work = Work::new();
            work.object(&format!("{folder}/{name}"), text(0, 3));
            let ran = work.convert(days);
            ran.code(0).totals(&[("objects", 1), ("rows_written", 3)]);
            assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
            assert_eq!(work.partitions("table"), ["year=2026/month=01/day=15"], "{folder}");
            work.convert(days).nothing_to_do(1);
            work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
            work.convert(&["--day", "2026-01-16"]).code(0);
        }
    }
}

#[test]
fn a_day_without_leading_zeros_and_names_without_dates() {
    let region = "AWSLogs/123456789012/vpcflowlogs/us-east-1";
    for folder in ["2026/2/5", "2026/02/5", "2026/2/05", "year=2026/month=2/day=5", "2026-02-05", "dt=20260205"] {
        let work = Work::new();
        work.object(&format!("{region}/{folder}/part-0"), text(0, 3));
        work.object(&format!("{region}/2026/02/15/part-0"), text(3, 2));
        work.convert(&["--day", "2026-02-05"]).code(0).totals(&[("objects", 1), ("rows_written", 3)]);
        assert_eq!(work.partitions("table"), ["year=2026/month=02/day=05"], "{folder}");
    }
}

/// What has no day is named where flow logs lie, whatever days are asked for.
#[test]
fn what_gives_no_day_among_flow_logs_is_named() {
    let region = "AWSLogs/123456789012/vpcflowlogs/us-east-1";
    for place in [format!("{region}/x.log.gz"), format!("{region}/old/x"), format!("{region}/2026/01/odd/x.log.gz")] {
        let work = Work::new();
        work.object(&key(0), text(0, 2));
        work.object(&place, text(2, 2));
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).totals(&[("objects", 1)]);
        ran.says(&format!(
            "passed over: its key gives no date (say --assume-day if you know it)\n  at WORK/raw/{place}\n"
        ));
    }
}

#[test]
fn no_raw_table_is_defined_over_folders_that_no_template_names() {
    let work = Work::new();
    work.object("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/1/5/x.log.gz", text(0, 2));
    let ran = work.run(&["ddl", "--raw", "raw"]);
    ran.code(2).says("error: no table can be defined over raw objects whose folders have not AWS's form\n");
}

#[test]
fn what_a_key_does_not_say_cannot_be_a_partition() {
    let work = Work::new();
    work.object("copy/2026/01/15/a.log.gz", text(0, 2));
    for (by, what) in [("hour", "hour"), ("account-region-day", "account")] {
        let ran = work.convert(&["--day", DAY, "--partition-by", by]);
        ran.code(2).says_only(&format!(
            "error: --partition-by {by} needs the {what}, and an object's key gives none\n  at WORK/raw/copy/2026/01/15/a.log.gz\n  help: choose another --partition-by, or leave the object out with a lower SOURCE\n"
        ));
    }
}

#[test]
fn a_dest_keeps_what_it_was_begun_with() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    work.convert(&ON_THIS_DAY).code(0);
    work.object(&key(1), text(2, 2));
    let before = work.files("table");
    let refused = |option: &[&str], what: &str, is: &str, asked: &str| {
        let ran = work.convert(&[&ON_THIS_DAY[..], option].concat());
        ran.code(2).says_only(&format!(
            "error: DEST was begun with {what} {is}, not {asked}\n  at WORK/table\n  help: leave {what} away, or convert into another DEST\n"
        ));
    };
    refused(&["--partition-by", "hour"], "--partition-by", "day", "hour");
    refused(&["--log-type", "tgw"], "--log-type", "vpc", "tgw");
    let ran = work.convert(&["--day", DAY, "--dash-as-null"]);
    ran.code(2).says("error: DEST was begun with --dash-as-null off, not on\n  at WORK/table\n");
    assert_eq!(work.files("table"), before);
    work.convert(&["--day", DAY, "--partition-by", "day", "--log-type", "vpc"]).code(0).totals(&[("objects", 1)]);
}

// ---- Days

/// Returns the days that a run converted.
fn days_of(ran: &Ran) -> BTreeSet<String> {
    let report = ran.report();
    let partitions = report["partitions"].as_array().unwrap();
    partitions.iter().map(|partition| partition["partition"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_selection_of_days() {
    let work = Work::new();
    for back in -1..=6_i64 {
        let day = days_ago(back).to_string();
        work.object(&Layout::Default.key(ACCOUNT, REGION, &day, 0), text((back + 1) as u64 * 10, 1));
        work.object(&Layout::Hive.key(ACCOUNT, REGION, &day, 1), text((back + 1) as u64 * 10 + 5, 1));
    }
    let number = std::cell::Cell::new(0);
    let selected = |args: &[&str], back: &[i64]| {
        number.set(number.get() + 1);
        let ran = work.convert_from("raw", &format!("table-{}", number.get()), args);
        ran.code(0);
        let expected: BTreeSet<String> = back.iter().map(|back| folder_of(days_ago(*back))).collect();
        if days_of(&ran) != expected {
            ran.fail(&format!("the days should be {expected:?}"));
        }
        ran.totals(&[("objects", 2 * back.len() as u64)]);
    };
    let day = |back: i64| days_ago(back).to_string();
    selected(&[], &[1, 2, 3]);
    selected(&["--lookback", "1"], &[1]);
    selected(&["--lookback", "5"], &[1, 2, 3, 4, 5]);
    selected(&["--yesterday"], &[1]);
    selected(&["--day", &day(2)], &[2]);
    selected(&["--day", &day(2), "--day", &day(5), "--day", &day(2)], &[2, 5]);
    selected(&["--day", &day(0)], &[0]);
    selected(&["--from", &day(4), "--to", &day(2)], &[2, 3, 4]);
    selected(&["--from", &day(4), "--to", &day(4)], &[4]);
    selected(&["--from", &day(2)], &[1, 2]);
    selected(&["--all"], &[-1, 0, 1, 2, 3, 4, 5, 6]);
    // A day in Tokyo begins nine hours before the UTC day of the same date; one in Honolulu ends ten hours after it.
    selected(&["--local-day", &day(3), "--tz", "Asia/Tokyo"], &[3, 4]);
    selected(&["--local-day", &day(3), "--tz", "Pacific/Honolulu"], &[2, 3]);
    selected(&["--local-day", &day(3), "--tz", "UTC"], &[3]);
}

#[test]
fn days_of_a_zone_with_daylight_saving() {
    let work = Work::new();
    for day in ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"] {
        work.object(&Layout::Default.key(ACCOUNT, REGION, day, 0), text(0, 1));
    }
    // Clocks go forward in the night to the 29th: this day has 23 hours, from 23:00 to 22:00 UTC.
    let ran = work.convert(&["--local-day", "2026-03-29", "--tz", "Europe/Berlin"]);
    let expected = ["year=2026/month=03/day=28", "year=2026/month=03/day=29"].map(str::to_owned);
    assert_eq!(days_of(&ran), BTreeSet::from(expected));
}

#[test]
fn a_missed_night_heals() {
    let work = Work::new();
    for back in [3, 1] {
        work.object(&Layout::Default.key(ACCOUNT, REGION, &days_ago(back).to_string(), 0), text(back as u64, 1));
    }
    // The night between them is missed.
    let ran = work.convert(&[]);
    ran.code(1).totals(&[("objects", 2)]).says(&format!("missing: no object of any flow log on {}\n", days_ago(2)));
    work.object(&Layout::Default.key(ACCOUNT, REGION, &days_ago(2).to_string(), 0), text(2, 1));
    work.object(&Layout::Default.key(ACCOUNT, REGION, &days_ago(3).to_string(), 1), text(4, 1));
    let ran = work.convert(&[]);
    ran.code(0).totals(&[("objects", 2)]);
    assert_eq!(days_of(&ran), BTreeSet::from([folder_of(days_ago(2)), folder_of(days_ago(3))]));
    assert_rows(&work.rows(), &all_expected(&[1, 2, 3, 4].map(|first| text(first, 1))));
}

// ---- VPC and Transit Gateway logs side by side

/// Returns a Transit Gateway object's text of two records.
fn tgw_text() -> String {
    let names = LogType::Tgw.schema().names_up_to(u8::MAX);
    let value = |name: &String| match LogType::Tgw.schema().field(name).unwrap().column_type.athena() {
        "string" => format!("{name}-value"),
        _ => name.len().to_string(),
    };
    let record: Vec<String> = names.iter().map(value).collect();
    format!("{}\n{}\n{}\n", names.join(" "), record.join(" "), record.join(" ").replace("value", "-"))
}

const LEFT_ALONE: &str = "lie among these logs and were left alone: convert them with --log-type";

#[test]
fn logs_of_the_other_type_are_counted_and_left_alone() {
    let work = Work::new();
    work.object(&key(0), tgw_text());
    work.object(&key(1), text(0, 3));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).says(&format!("warning: Transit Gateway Flow Logs {LEFT_ALONE} tgw into another DEST\n"));
    ran.totals(&[("objects", 1), ("rows_read", 3), ("objects_of_other_type", 1), ("objects_rejected", 0)]);
    assert_eq!(ran.report()["log_type"], "vpc", "that of the newest object");
    assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
    assert!(work.ledger()[1]["other_type"][0]["key"].as_str().unwrap().ends_with(&key(0)));
    let kept = work.rejects();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["kind"], "other_type");
    assert_eq!(kept[0]["reason"], "its header is that of Transit Gateway Flow Logs");
    // They are known now, and not read again.
    let entries = work.entries();
    let again = work.convert(&ON_THIS_DAY);
    again.says("nothing to do: ").totals(&[("rows_read", 0)]);
    // As long as nobody says that it is meant, they are missed.
    let said = "1 object of Transit Gateway Flow Logs left alone, as by an earlier run: convert them with --log-type tgw into another \
                DEST; --log-type vpc says that this table is meant to be without them\n";
    again.code(1).says(&format!("warning: {said}"));
    assert!(work.run(&["plan", "raw", "table", "--day", DAY]).code(1).stdout.contains(said));
    let meant = [&ON_THIS_DAY[..], &["--log-type", "vpc"]].concat();
    work.convert(&meant).code(0).does_not_say("left alone");
    work.run(&[&["plan", "raw", "table"], &meant[..]].concat()).code(0);
    assert_eq!(work.entries(), entries);
    let verified = work.run(&["verify", "raw", "table", "--day", DAY]);
    let said = "everything of the table's log type agrees, 1 object of the other one left alone: ";
    assert!(verified.code(0).stdout.contains(said), "{}", verified.stdout);

    // The same folder into another DEST: the other way round.
    let ran = work.convert_from("raw", "tgw", &["--day", DAY, "--log-type", "tgw"]);
    ran.code(0).says(&format!("warning: VPC Flow Logs {LEFT_ALONE} vpc into another DEST\n"));
    assert_rows(&work.rows_of("tgw"), &crate::util::expected(&tgw_text()));
}

#[test]
fn a_day_of_nothing_but_the_other_type() {
    let work = Work::new();
    work.object(&key(0), tgw_text());
    let args = ["--day", DAY, "--log-type", "vpc"];
    work.convert(&args).code(0).totals(&[("files", 0), ("objects_of_other_type", 1)]);
    let again = work.convert(&args);
    again.does_not_say("no log objects");
    assert_eq!(work.parquet_files("table"), [""; 0]);
}

#[test]
fn the_first_conversion_fixes_the_log_type() {
    let work = Work::new();
    work.object(&Layout::ServiceHive.key(ACCOUNT, REGION, DAY, 0), tgw_text());
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0);
    assert_eq!(ran.report()["log_type"], "tgw");
    assert_rows(&work.rows(), &crate::util::expected(&tgw_text()));
    // A newer object of the other type does not change it.
    work.object(&Layout::ServiceHive.key(ACCOUNT, REGION, DAY, 1), text(0, 3));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 0), ("objects_of_other_type", 1)]);
    assert_eq!(ran.report()["log_type"], "tgw");
    work.convert(&["--day", DAY, "--log-type", "vpc"])
        .code(2)
        .says("error: DEST was begun with --log-type tgw, not vpc\n");
}

#[test]
fn a_format_that_fits_both_types_is_taken_by_either() {
    let work = Work::new();
    let both = "version account-id srcaddr dstaddr bytes\n2 123456789012 10.0.0.1 10.0.0.2 7\n".to_owned();
    work.object(&key(0), &both);
    for log_type in ["vpc", "tgw"] {
        work.convert_from("raw", log_type, &["--day", DAY, "--log-type", log_type]).code(0);
        assert_rows(&work.rows_of(log_type), &all_expected([&both]));
    }
}

// ---- Cost of finding

#[test]
fn listing_costs_days_asked_for_not_the_archive() {
    let requests = |years: i16| -> Json {
        let work = Work::new();
        for year in 2026 - years..2026 {
            for month in 1..=12 {
                let day = format!("{year}-{month:02}-15");
                work.object(&Layout::Default.key(ACCOUNT, REGION, &day, 0), format!("{}\n", line(1)));
            }
        }
        work.object(&key(0), text(0, 1));
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(0).totals(&[("objects", 1)]);
        ran.report()["source_requests"].clone()
    };
    let few = requests(1);
    assert_eq!(few, requests(5), "requests for one day of a longer archive");
    // One per level down to the Region, the day's folder (once more for the second look), nothing else.
    assert!(few["list"].as_u64().unwrap() <= 12, "{few}");
}

#[test]
fn a_second_run_reads_no_log_object() {
    let work = Work::new();
    write_day(&work, "", Layout::Default);
    work.convert(&ON_THIS_DAY).code(0);
    let ran = work.convert(&ON_THIS_DAY);
    assert_eq!(ran.report()["source_requests"]["get"], 0);
    assert_eq!(ran.report()["dest_requests"]["put"], 0);
}

/// An object without a date of its own belongs to the day that was assumed first, whatever later runs assume.
#[test]
fn an_assumed_day_is_for_good() {
    let work = Work::new();
    let flat = |name: &str, text: &str| drop(work.write(&format!("raw/flat/{name}.log.gz"), gz(text)));
    flat("a", &text(0, 5));
    let convert = |args: &[&str]| work.convert_from("raw/flat", "table", args);
    convert(&["--assume-day", "2026-01-14"]).code(0).totals(&[("rows_written", 5)]);
    for args in [&["--assume-day", "2026-01-15"][..], &["--day", "2026-01-16", "--assume-day", "2026-01-16"]] {
        convert(args).nothing_to_do(1);
    }
    // Its day is known now, so nothing needs to be assumed.
    convert(&["--day", "2026-01-14"]).nothing_to_do(1);
    work.run(&["verify", "raw/flat", "table", "--day", "2026-01-14"]).code(0);
    // A new one is of the day that is assumed when it comes; one that changed stays where it was.
    flat("b", &text(10, 3));
    std::thread::sleep(std::time::Duration::from_millis(20));
    flat("a", &text(20, 7));
    convert(&["--assume-day", "2026-01-15"]).code(0).totals(&[("rows_written", 10), ("files_replaced", 1)]);
    let mut days: Vec<String> = work
        .parquet_files("table")
        .iter()
        .map(|file| file.split('/').next_back().map_or("", |_| file).to_owned())
        .collect();
    days.sort();
    assert!(days.len() == 2 && days[0].contains("day=14") && days[1].contains("day=15"), "{days:?}");
    assert_eq!(work.rows().len(), 10);
    // A table of a version that recorded no days.
    work.remove("table/_flowparquet/undated");
    convert(&["--assume-day", "2026-01-16"]).nothing_to_do(2);
    flat("c", &text(40, 1));
    convert(&["--assume-day", "2026-01-16"]).code(0).totals(&[("rows_written", 1)]);
    convert(&["--assume-day", "2026-01-17"]).nothing_to_do(3);
    assert_eq!(work.rows().len(), 11);
}

#[test]
fn folders_of_an_account_that_nobody_knows_are_looked_into() {
    let work = Work::new();
    let name = |number| name(ACCOUNT, REGION, DAY, number);
    let day = DAY.replace('-', "/");
    for (number, folder) in [
        format!("archive/vpcflowlogs/{REGION}/{day}"),
        format!("old/{REGION}/{day}"),
        format!("{ACCOUNT}/vpcflowlogs/{REGION}/{day}"),
        format!("aws-service=archive/aws-region={REGION}/year=2026/month=01/day=15"),
        format!("vpcflowlogs/{day}"),
        format!("restore/job1/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{day}"),
        format!("team-a/prod/vpcflowlogs/{REGION}/{day}"),
        format!("logs/network/vpc/{REGION}/{day}"),
        "misc/deep/deeper".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        work.object(&format!("AWSLogs/{ACCOUNT}/{folder}/{}", name(number as u32)), text(number as u64 * 10, 1));
    }
    let broker =
        format!("AWSLogs/{ACCOUNT}/KafkaBrokerLogs/us-east-1/demo-1234/2024-03-15-05/Broker-1_05-00_abc.log.gz");
    work.object(&broker, "[2024-03-15 05:00:00,123] INFO [Broker id=1] started (kafka.server.KafkaServer)\n");
    // By the content, whatever they are called; and what a service delivers that nobody knows.
    work.object(&format!("AWSLogs/{ACCOUNT}/old/{REGION}/{day}/part-0"), text(90, 1));
    work.write(&format!("raw/AWSLogs/{ACCOUNT}/newservice/{REGION}/{day}/x.json.gz"), gz("{\"a\": 1}\n"));
    work.write(&format!("raw/AWSLogs/{ACCOUNT}/newservice/{REGION}/{day}/x.log"), "an event\n");
    work.convert(&["--day", DAY]).code(0).totals(&[("objects", 10), ("rows_written", 10)]);
    work.convert(&["--all"]).nothing_to_do(10);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    // Flow logs without a date among them are named.
    work.object(&format!("AWSLogs/{ACCOUNT}/misc/deep/part-0"), text(100, 1));
    work.convert(&["--day", DAY])
        .code(1)
        .says("passed over: its key gives no date (say --assume-day if you know it)\n");
}

#[test]
fn of_folders_within_folders_that_nobody_knows_so_many_are_looked_into() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    for number in 0..310 {
        work.write(&format!("raw/AWSLogs/{ACCOUNT}/newservice/{number}/deeper/x.json.gz"), gz("{}\n"));
    }
    let ran = work.convert(&["--day", DAY]);
    ran.code(0).says("passed over: it lies deep in a folder of an account that is no service's known here, and is one of too many to be \
                      looked into (if it holds flow logs, convert it as a SOURCE of its own)\n");
    assert_eq!(ran.report()["objects_to_look_at"], 0);
}

#[test]
fn a_folder_among_regions_that_is_none_says_no_region() {
    let day = DAY.replace('-', "/");
    for folder in
        [day.clone(), DAY.to_owned(), format!("prod/{day}"), format!("{REGION}-old/{day}"), format!("old/x/{day}")]
    {
        let work = Work::new();
        work.object(&key(0), text(0, 1));
        let place = format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{folder}");
        work.object(&format!("{place}/{}", name(ACCOUNT, REGION, DAY, 1)), text(10, 1));
        work.object(&format!("{place}/{}", name(ACCOUNT, "eu-west-3", DAY, 2)), text(20, 1));
        work.object(&format!("{place}/part-0"), text(30, 1));
        let args = ["--day", DAY, "--region", REGION];
        let ran = work.convert(&args);
        ran.code(1).totals(&[("objects", 2), ("rows_written", 2)]);
        ran.says(&format!("  at WORK/raw/{place}/part-0\n"));
        assert_eq!(ran.report()["objects_to_look_at"], 1);
        work.run(&[&["verify", "raw", "table"], &args[..]].concat()).code(1);
    }
}

#[test]
fn a_folder_above_a_regions_is_none() {
    let work = Work::new();
    let day = DAY.replace('-', "/");
    for (number, above) in ["", "archive/", "fl-1234abcd/", "2025-old/"].into_iter().enumerate() {
        let place = format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{above}{REGION}/{day}");
        work.object(&format!("{place}/part-{number}"), text(number as u64 * 10, 1));
    }
    let ran = work.convert(&["--day", DAY, "--partition-by", "account-region-day"]);
    ran.code(0).totals(&[("objects", 4), ("rows_written", 4)]);
    assert_eq!(work.partitions("table").len(), 1);
}

#[test]
fn what_came_a_day_late_and_is_converted_is_no_news() {
    let work = Work::new();
    for day in ["2026-01-14", "2026-01-15", "2026-01-16"] {
        let folder = day.replace('-', "/");
        work.object(&format!("x/{folder}/{}", name(ACCOUNT, REGION, day, 1)), text(0, 1));
        let before = day.parse::<jiff::civil::Date>().unwrap().yesterday().unwrap().to_string();
        work.object(&format!("x/{folder}/{}", name(ACCOUNT, REGION, &before, 287)), text(10, 1));
    }
    work.convert(&["--from", "2026-01-13", "--to", "2026-01-15"]).code(0).totals(&[("objects", 4)]);
    // The folder of the 15th has an object of the 14th.
    let args = ["--from", "2026-01-15", "--to", "2026-01-16"];
    work.convert(&args).code(0).totals(&[("objects", 2)]);
    for command in ["plan", "verify"] {
        work.run(&[&[command, "raw", "table"], &args[..]].concat()).code(0);
    }
}

#[test]
fn of_two_dates_the_inner_one_is_that_of_the_logs() {
    for above in ["backup/2026-01-20/vpc", "2026/01/20", "restore/20251231", "vol/20110515/x", "dt=2026-01-20/05"] {
        let work = Work::new();
        for (number, day) in ["2026/01/15", "2026/01/16", "dt=2026-01-17/03"].into_iter().enumerate() {
            work.object(&format!("{above}/{day}/part-{number}.gz"), text(number as u64 * 10, 2));
        }
        let source = format!("raw/{above}");
        work.convert_from(&source, "one", &ON_THIS_DAY).code(0).totals(&[("objects", 1), ("rows_written", 2)]);
        work.run(&["verify", &source, "one", "--day", DAY]).code(0);
        for (source, dest) in [(source.as_str(), "all"), ("raw", "higher")] {
            work.convert_from(source, dest, &["--all"]).code(0).totals(&[("objects", 3)]);
            let days = ["15", "16", "17"].map(|day| format!("year=2026/month=01/day={day}"));
            assert_eq!(work.partitions(dest), days, "{above} from {source}");
        }
    }
}

#[test]
fn with_accounts_asked_for_only_flow_logs_of_nobody_are_news() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    let dated = DAY.replace('-', "/");
    work.write(&format!("raw/waf/{dated}/aws-waf-logs-1"), "{\"timestamp\": 1, \"action\": \"ALLOW\"}\n");
    work.write(
        &format!("raw/access/{dated}/2026-01-15-05-00-00-ABCDEF"),
        "79a5 bucket [15/Jan/2026:00:00:00 +0000] 1.2.3.4 -\n",
    );
    let args = ["--day", DAY, "--account", ACCOUNT];
    work.convert(&args).code(0).totals(&[("objects", 1)]);
    for command in ["plan", "verify"] {
        work.run(&[&[command, "raw", "table"], &args[..]].concat()).code(0);
    }
    // A flow log is, whatever it is called.
    for name in ["365.csv", "part-0"] {
        let work = Work::new();
        work.object(&key(0), text(0, 1));
        let log = work.write(&format!("raw/team/{dated}/{name}"), text(10, 1));
        let ran = work.convert(&args);
        ran.code(1).says(&format!("  at WORK/{log}\n"));
        for command in ["plan", "verify"] {
            work.run(&[&[command, "raw", "table"], &args[..]].concat()).code(1);
        }
    }
}

#[test]
fn a_dated_stranger_stops_no_table_by_account_or_hour() {
    for (by, stranger) in [("account-region-day", "waf/2026/01/15/05/aws-waf-logs-1"), ("hour", "waf/2026/01/15/notes")]
    {
        let work = Work::new();
        work.object(&key(0), text(0, 1));
        let place = work.write(&format!("raw/{stranger}"), "{\"timestamp\": 1}\n");
        let args = ["--day", DAY, "--partition-by", by];
        let ran = work.convert(&args);
        ran.code(0)
            .says(&format!("passed over: its content is no flow log\n  at WORK/{place}\n"))
            .totals(&[("objects", 1)]);
        for command in ["plan", "verify"] {
            work.run(&[command, "raw", "table", "--day", DAY]).code(0);
        }
        work.run(&["status", "table", "--source", "raw"]).code(0);
        // What is one is named, and the others are converted.
        work.write(&format!("raw/{stranger}"), text(20, 1));
        work.object(&key(1), text(10, 1));
        let ran = work.convert(&args);
        ran.code(1).says(&format!("  at WORK/{place}\n")).totals(&[("objects", 1)]);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(1);
    }
}

#[test]
fn what_aws_named_is_read_whatever_it_ends_with() {
    let work = Work::new();
    let name = name(ACCOUNT, REGION, DAY, 3).replace(".log.gz", ".csv");
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    work.write(&format!("raw/{folder}/{name}"), text(0, 2));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1), ("rows_written", 2)]);
}
