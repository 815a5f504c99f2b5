//! Logs that are missing: flow logs that stop, accounts that are gone, days without any object; and what is no alarm.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value as Json;

use crate::util::{ACCOUNT, REGION, Ran, Work, days_ago, text};

/// Writes the objects of a flow log on a day into its folder, one in half an hour, where `there` says so.
fn deliver(work: &Work, one: (&str, &str, &str), day: Date, there: impl Fn(i64) -> bool) {
    let (account, region, _) = one;
    let folder = day.strftime(&format!("AWSLogs/{account}/vpcflowlogs/{region}/%Y/%m/%d")).to_string();
    deliver_into(work, &folder, one, day, there);
}

/// The same into any folder.
fn deliver_into(
    work: &Work,
    folder: &str,
    (account, region, id): (&str, &str, &str),
    day: Date,
    there: impl Fn(i64) -> bool,
) {
    let date = day.strftime("%Y%m%d");
    for at in (0..1_440).step_by(30).filter(|at| there(*at)) {
        let name = format!("{account}_vpcflowlogs_{region}_{id}_{date}T{:02}{:02}Z_h.log", at / 60, at % 60);
        work.write(&format!("raw/{folder}/{name}"), text(at as u64, 1));
    }
}

const ONE: (&str, &str, &str) = (ACCOUNT, REGION, "fl-0000000000000001");
const TWO: (&str, &str, &str) = (ACCOUNT, REGION, "fl-0000000000000002");
const FAR: (&str, &str, &str) = ("222222222222", "eu-west-1", "fl-0000000000000003");

fn day(number: i8) -> Date {
    "2026-01-10".parse::<Date>().unwrap().checked_add(i64::from(number).days()).unwrap()
}

/// Returns `--from` and `--to`.
fn days(first: i8, last: i8) -> Vec<String> {
    ["--from".into(), day(first).to_string(), "--to".into(), day(last).to_string()].into()
}

fn run(work: &Work, command: &[&str], more: &[String]) -> Ran {
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    work.run(&[command, &more].concat())
}

/// Converts, verifies and asks for the status; all of them, and the plan before, say the same of missing logs.
#[track_caller]
fn all_say(work: &Work, days: &[String], args: &[&str], said: &[String]) {
    let code = i32::from(!said.is_empty());
    let more: Vec<String> = days.iter().cloned().chain(args.iter().map(|arg| (*arg).to_owned())).collect();
    let planned = run(work, &["plan", "raw", "table", "--merge"], &more);
    let converted = run(work, &["convert", "raw", "table", "--merge"], &more);
    let verified = run(work, &["verify", "raw", "table"], &more);
    let status = run(work, &["status", "table"], &more);
    let both = run(work, &["status", "table", "--source", "raw"], &more);
    for (ran, text) in [
        (&planned, &planned.stdout),
        (&converted, &converted.stderr),
        (&verified, &verified.stdout),
        (&status, &status.stdout),
        (&both, &both.stdout),
    ] {
        ran.code(code);
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("missing: ")).collect();
        if lines != said {
            ran.fail(&format!("should be missing: {said:#?}"));
        }
    }
}

fn quiet((account, region, id): (&str, &str, &str), from: &str, to: &str) -> String {
    format!("{account} {region} {id}: no object from {from} to {to}")
}

#[test]
fn who_delivers_all_day_is_no_alarm_and_who_stops_is_one() {
    let work = Work::new();
    for number in 0..3 {
        deliver(&work, ONE, day(number), |_| true);
        // At noon of the second day.
        deliver(&work, TWO, day(number), |at| number == 0 || number == 1 && at < 720);
    }
    all_say(&work, &days(0, 0), &[], &[]);
    all_say(&work, &days(1, 1), &[], &[quiet(TWO, "2026-01-11T12:00Z", "2026-01-12T00:00Z")]);
    all_say(&work, &days(0, 1), &[], &[quiet(TWO, "2026-01-11T12:00Z", "2026-01-12T00:00Z")]);
    all_say(&work, &days(0, 2), &[], &[quiet(TWO, "2026-01-11T12:00Z", "2026-01-13T00:00Z")]);
    // What is meant is quieted.
    for what in [TWO.2, TWO.1, TWO.0] {
        all_say(&work, &days(0, 2), &["--accept-missing", what], &[]);
    }
    all_say(&work, &days(1, 1), &["--accept-missing", "2026-01-11"], &[]);
    all_say(&work, &days(1, 1), &["--accept-missing", FAR.2], &[quiet(TWO, "2026-01-11T12:00Z", "2026-01-12T00:00Z")]);
    // As JSON.
    let json = |args: &[&str]| -> Json { serde_json::from_str(&run(&work, args, &days(1, 1)).code(1).stdout).unwrap() };
    let one = serde_json::json!([{
        "account": ACCOUNT, "region": REGION, "flow_log": TWO.2, "from": "2026-01-11T12:00Z", "to": "2026-01-12T00:00Z"
    }]);
    for json in [
        json(&["convert", "raw", "table", "--report", "-"]),
        json(&["verify", "raw", "table", "--json"]),
        json(&["status", "table", "--json"]),
    ] {
        assert_eq!(
            (&json["silences"], &json["missing"], &json["gaps"]),
            (&one, &Json::Array(vec![]), &Json::Array(vec![]))
        );
    }
}

#[test]
fn an_account_that_is_gone_is_named_once_by_what_the_ledger_has_of_the_day_before() {
    let work = Work::new();
    for number in 0..2 {
        deliver(&work, ONE, day(number), |_| true);
    }
    deliver(&work, FAR, day(0), |_| true);
    deliver(&work, (FAR.0, "us-east-1", "fl-4"), day(0), |_| true);
    all_say(&work, &days(0, 0), &[], &[]);
    all_say(&work, &days(1, 1), &[], &[format!("{}: no object from 2026-01-11T00:00Z to 2026-01-12T00:00Z", FAR.0)]);
    let json: Json =
        serde_json::from_str(&run(&work, &["status", "table", "--json"], &days(1, 1)).code(1).stdout).unwrap();
    assert_eq!(json["missing"].as_array().unwrap().len(), 1);
    assert!(json["missing"][0].get("region").is_none());
    // Of the other account nothing is missing.
    all_say(&work, &days(1, 1), &["--accept-missing", FAR.0], &[]);
    run(&work, &["convert", "raw", "table", "--account", ACCOUNT], &days(1, 1)).code(0);
}

#[test]
fn a_day_without_any_object_between_others_is_missed() {
    let work = Work::new();
    for number in [0, 3] {
        deliver(&work, ONE, day(number), |at| at == 600);
    }
    let said = "no object of any flow log on 2026-01-11 to 2026-01-12".to_owned();
    let ran = run(&work, &["convert", "raw", "table", "--report", "-"], &days(0, 3));
    ran.code(1).says(&format!("missing: {said}\n"));
    assert_eq!(ran.report()["gaps"], serde_json::json!([["2026-01-11", "2026-01-12"]]));
    run(&work, &["status", "table"], &days(0, 3)).code(1);
    let accepted = ["--accept-missing", "2026-01-11", "--accept-missing", "2026-01-12"];
    run(&work, &[&["convert", "raw", "table"], &accepted[..]].concat(), &days(0, 3)).code(0);
    // Before the first and behind the last, nobody knows.
    run(&work, &["convert", "raw", "table"], &days(-2, 0)).code(0);
    run(&work, &["convert", "raw", "table"], &days(3, 5)).code(0);
}

#[test]
fn days_that_are_accepted_are_taken_out_of_what_is_missing_for_longer() {
    let work = Work::new();
    for number in 0..6 {
        deliver(&work, FAR, day(number), |at| at == 600);
        if [0, 1, 4].contains(&number) {
            deliver(&work, ONE, day(number), |_| true);
        }
    }
    let accept = |days: &[&'static str]| days.iter().flat_map(|day| ["--accept-missing", day]).collect::<Vec<_>>();
    let said = |from: &str, to: &str| [format!("{ACCOUNT}: no object from {from}T00:00Z to {to}T00:00Z")];
    all_say(&work, &days(1, 4), &[], &said("2026-01-12", "2026-01-14"));
    all_say(&work, &days(1, 4), &accept(&["2026-01-12", "2026-01-13"]), &[]);
    all_say(&work, &days(1, 4), &accept(&["2026-01-12", "2026-01-20"]), &said("2026-01-13", "2026-01-14"));
    all_say(&work, &days(1, 4), &accept(&["2026-01-13"]), &said("2026-01-12", "2026-01-13"));
    // Of a list, with a day between that has objects.
    work.write("expected", ONE.0);
    let expect = ["--expect", "expected"];
    let both = [said("2026-01-12", "2026-01-14"), said("2026-01-15", "2026-01-16")].concat();
    all_say(&work, &days(1, 5), &expect, &both);
    let accepted = accept(&["2026-01-12", "2026-01-13", "2026-01-15"]);
    all_say(&work, &days(1, 5), &[&expect[..], &accepted].concat(), &[]);
}

#[test]
fn what_is_no_alarm() {
    let work = Work::new();
    for number in 0..4 {
        // New in the middle of a day; by day only; rare.
        deliver(&work, ONE, day(number), |at| number > 1 || number == 1 && at > 700);
        deliver(&work, TWO, day(number), |at| (480..1_080).contains(&at));
        deliver(&work, FAR, day(number), |at| at == 600 && number % 2 == 0);
    }
    all_say(&work, &days(0, 3), &[], &[]);
    // A copy without names of AWS's.
    let work = Work::new();
    for number in 0..3 {
        work.write(&format!("raw/copy/2026/01/1{number}/{number}.log"), text(number, 2));
    }
    all_say(&work, &days(0, 3), &[], &[]);
    // Today, as far as it is over.
    let work = Work::new();
    deliver(&work, ONE, days_ago(1), |_| true);
    let range: Vec<String> = ["--from".into(), days_ago(1).to_string(), "--to".into(), days_ago(0).to_string()].into();
    let hours = jiff::Timestamp::now().as_second() / 3_600 % 24;
    deliver(&work, ONE, days_ago(0), |at| at / 60 < hours - 1);
    all_say(&work, &range, &[], &[]);
}

#[test]
fn a_list_of_who_is_expected_makes_it_exact() {
    let work = Work::new();
    for number in 0..2 {
        deliver(&work, ONE, day(number), |at| at == 600);
    }
    deliver(&work, FAR, day(0), |at| at == 600);
    all_say(&work, &days(0, 1), &[], &[]);
    let list = work.run(&["status", "table", "--expect-from", "2026-01-10"]).code(0).stdout.clone();
    assert_eq!(list, format!("{} {} {}\n{} {} {}\n", ONE.0, ONE.1, ONE.2, FAR.0, FAR.1, FAR.2));
    work.write("expected", format!("# of 10 January\n{list}333333333333\n"));
    let expect = ["--expect", "expected"];
    let nobody = "333333333333: no object from 2026-01-10T00:00Z to 2026-01-12T00:00Z".to_owned();
    all_say(&work, &days(0, 1), &expect, &[quiet(FAR, "2026-01-11T00:00Z", "2026-01-12T00:00Z"), nobody]);
    work.write("expected", &list);
    all_say(&work, &days(0, 0), &expect, &[]);
    for typo in ["fl-xyz", "12345678901", "us_east_1", "useast1", "2026-13-01", "all", ""] {
        let ran = work.run(&["convert", "raw", "table", "--all", "--accept-missing", typo]);
        ran.code(2).says_only(&format!(
            "error: --accept-missing {typo:?} is no account, Region, flow log or day\n  help: write it as 123456789012, us-east-1, fl-0123456789abcdef0 or 2026-01-15\n"
        ));
    }
    work.write("expected", "123 us-east-1");
    let ran = work.run(&["convert", "raw", "table", "--all", "--expect", "expected"]);
    ran.code(2).says("error: line 1 of --expect is not ACCOUNT [REGION [FLOW-LOG]]\n");
    work.run(&["convert", "raw", "table", "--all", "--expect", "nothing"])
        .code(2)
        .says("error: --expect cannot be read\n");
}

#[test]
fn a_stop_of_all_flow_logs_is_missed_by_a_status_of_all_days_as_a_nightly_run_misses_it() {
    for (last, is_missed) in [(2, true), (4, true), (5, false), (31, false), (300, false)] {
        let work = Work::new();
        for ago in [last + 1, last] {
            deliver(&work, ONE, days_ago(ago), |_| true);
        }
        let from = days_ago(last + 1).to_string();
        work.run(&["convert", "raw", "table", "--from", &from, "--to", &days_ago(last).to_string()]).code(0);
        // In the first two hours of a day, nobody can tell of the day before.
        let hours = jiff::Timestamp::now().as_second() / 3_600 % 24;
        if hours < 3 && last == 2 {
            continue;
        }
        let said = format!("missing: {ACCOUNT}: no object from {}T00:00Z to ", days_ago(last - 1));
        for args in [&["status", "table"][..], &["status", "table", "--source", "raw"]] {
            let ran = work.run(args);
            ran.code(i32::from(is_missed));
            assert_eq!(format!("{}{}", ran.stdout, ran.stderr).contains(&said), is_missed, "{last}: {args:?}");
        }
        // And so it is by a status of the day before.
        for more in [&[][..], &["--source", "raw"]] {
            let ran = work.run(&[&["status", "table", "--yesterday"], more].concat());
            ran.code(i32::from(last <= 31));
            assert_eq!(ran.stdout.contains("\nmissing: "), last <= 31, "{last}: {more:?} {}", ran.stdout);
        }
        // Whoever runs every night is told for a month.
        for args in [
            &["convert", "raw", "table"][..],
            &["plan", "raw", "table"],
            &["verify", "raw", "table", "--lookback", "2"],
        ] {
            let ran = work.run(args);
            let gap = format!("missing: no object of any flow log on {} to ", days_ago(last - 1));
            let is_gap = !is_missed || args[0] == "verify" && last > 3;
            let said = if is_gap { &gap } else { &said };
            ran.code(i32::from(last <= 31));
            assert_eq!(format!("{}{}", ran.stdout, ran.stderr).contains(said), last <= 31, "{last}: {args:?}");
        }
    }
}

#[test]
fn only_who_is_asked_for_is_expected() {
    let work = Work::new();
    let east = (ONE.0, "eu-west-1", "fl-0000000000000004");
    for one in [ONE, FAR, east] {
        deliver(&work, one, day(0), |at| at == 600);
    }
    deliver(&work, ONE, day(1), |at| at == 600);
    work.write("expected", format!("{}\n{} {}\n{} {} {}\n", FAR.0, ONE.0, ONE.1, east.0, east.1, east.2));
    run(&work, &["convert", "raw", "table", "--partition-by", "account-region-day"], &days(0, 0)).code(0);
    for command in ["convert", "verify"] {
        let code = |args: &[&str], code| {
            run(&work, &[&[command, "raw", "table", "--expect", "expected"], args].concat(), &days(1, 1)).code(code);
        };
        code(&["--account", ONE.0, "--region", ONE.1], 0);
        code(&["--region", ONE.1], 0);
        // The other Region of the account; the other account; all.
        code(&["--account", ONE.0], 1);
        code(&["--account", FAR.0], 1);
        code(&[], 1);
    }
}

#[test]
fn who_is_expected_is_there_under_names_of_peoples_own_too() {
    let work = Work::new();
    work.object(&format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01/10/part-1.gz"), text(0, 1));
    work.write("expected", format!("{ACCOUNT} {REGION}"));
    for args in
        [&["plan", "raw", "table"][..], &["convert", "raw", "table"], &["verify", "raw", "table"], &["status", "table"]]
    {
        work.run(&[args, &["--day", "2026-01-10", "--expect", "expected"]].concat()).code(0);
    }
    work.write("expected", format!("{ACCOUNT} eu-west-3"));
    work.run(&["convert", "raw", "table", "--day", "2026-01-10", "--expect", "expected"]).code(1);
}

#[test]
fn a_day_that_is_thinned_evenly_is_missed() {
    for (thin, said) in [(60, true), (90, true), (30, false)] {
        let work = Work::new();
        deliver(&work, ONE, day(0), |_| true);
        deliver(&work, ONE, day(1), |at| at % thin == 0);
        let there = 1_440 / thin;
        let line = format!(
            "{} {} {}: {there} objects from 2026-01-11T00:00Z to 2026-01-12T00:00Z, and 48 on the day before",
            ONE.0, ONE.1, ONE.2
        );
        all_say(&work, &days(0, 1), &[], &if said { vec![line] } else { Vec::new() });
        all_say(&work, &days(0, 1), &["--accept-missing", ONE.2], &[]);
        all_say(&work, &days(0, 1), &["--accept-missing", "2026-01-11"], &[]);
    }
}

#[test]
fn the_day_before_is_looked_at_in_source_if_it_was_never_converted() {
    let work = Work::new();
    for one in [ONE, FAR] {
        deliver(&work, one, day(0), |_| true);
    }
    deliver(&work, ONE, day(1), |_| true);
    let said = format!("missing: {}: no object from 2026-01-11T00:00Z to 2026-01-12T00:00Z\n", FAR.0);
    for _ in 0..2 {
        let ran = work.run(&["plan", "raw", "table", "--merge", "--day", "2026-01-11"]);
        assert!(ran.code(1).stdout.contains(&said), "{}", ran.stdout);
        let ran = work.convert(&["--day", "2026-01-11", "--merge"]);
        assert!(ran.code(1).stderr.contains(&said), "{}", ran.stderr);
        let ran = work.run(&["status", "table", "--source", "raw", "--day", "2026-01-11"]);
        assert!(ran.code(1).stdout.contains(&said), "{}", ran.stdout);
    }
    assert_eq!(work.partitions("table"), ["year=2026/month=01/day=11"], "only the asked day is converted");
}

#[test]
fn the_day_before_is_looked_at_wherever_it_lies() {
    let first = |month: i8| Date::new(2026, month, 1).unwrap();
    let layout = ["--source-layout", "x/{region}/{yyyy}/{MM}/{dd}"];
    let far = format!("AWSLogs/{}/vpcflowlogs/{}", FAR.0, FAR.1);
    for (asked, folder, options) in [
        // Across the end of a month and of a year, in both of AWS's layouts.
        (first(2), format!("{far}/%Y/%m/%d"), &[][..]),
        (first(1), format!("{far}/%Y/%m/%d"), &[]),
        (
            first(1),
            format!(
                "AWSLogs/aws-account-id={}/aws-service=vpcflowlogs/aws-region={}/year=%Y/month=%m/day=%d",
                FAR.0, FAR.1
            ),
            &[],
        ),
        // Beside the asked ones.
        (first(2), "flat".to_owned(), &[]),
        // As a person says.
        (day(5), format!("x/{}/%Y/%m/%d", FAR.1), &layout),
        (first(2), format!("x/{}/%Y/%m/%d", FAR.1), &layout),
        (first(1), format!("x/{}/%Y/%m/%d", FAR.1), &layout),
    ] {
        let work = Work::new();
        let before = asked.yesterday().unwrap();
        let of = |folder: &str, day: Date| day.strftime(folder).to_string();
        deliver_into(&work, &of(&folder, before), FAR, before, |_| true);
        // Somebody else goes on.
        deliver_into(&work, &of(&folder.replace(FAR.0, ACCOUNT).replace(FAR.1, REGION), asked), ONE, asked, |_| true);
        let asked = asked.to_string();
        let all = ["--merge", "--day", asked.as_str()];
        let ran = work.convert(&[&all, options].concat());
        let said = format!("missing: {}: no object from {asked}T00:00Z to", FAR.0);
        assert!(ran.code(1).stderr.contains(&said), "{folder} {asked}: {}", ran.stderr);
        let ran = work.run(&[&["verify", "raw", "table", "--day", asked.as_str()], options].concat());
        assert!(ran.code(1).stdout.contains(&said), "{folder} {asked}: {}", ran.stdout);
    }
}

#[test]
fn a_region_that_is_gone_is_missed_under_names_of_peoples_own_too() {
    let work = Work::new();
    for (account, region, days) in [(ACCOUNT, REGION, 0..4), (ACCOUNT, "eu-west-1", 0..2), (FAR.0, REGION, 0..1)] {
        for number in days {
            let folder = day(number).strftime(&format!("AWSLogs/{account}/vpcflowlogs/{region}/%Y/%m/%d")).to_string();
            work.object(&format!("{folder}/part-{number}.gz"), text(number as u64, 1));
        }
    }
    let gone = |who: &str, day: &str, end: &str| format!("{who}: no object from {day}T00:00Z to {end}T00:00Z");
    all_say(&work, &days(0, 0), &[], &[]);
    all_say(&work, &days(1, 1), &[], &[gone(FAR.0, "2026-01-11", "2026-01-12")]);
    let region = format!("{ACCOUNT} eu-west-1");
    all_say(&work, &days(2, 2), &[], &[gone(&region, "2026-01-12", "2026-01-13")]);
    all_say(
        &work,
        &days(0, 3),
        &[],
        &[gone(&region, "2026-01-12", "2026-01-14"), gone(FAR.0, "2026-01-11", "2026-01-14")],
    );
    all_say(&work, &days(2, 2), &["--accept-missing", "eu-west-1"], &[]);
    all_say(&work, &days(3, 3), &[], &[]);
}

#[test]
fn who_is_expected_and_gone_is_named_once() {
    let work = Work::new();
    for one in [ONE, FAR] {
        deliver(&work, one, day(0), |_| true);
    }
    deliver(&work, ONE, day(1), |_| true);
    let list = [ONE, FAR].map(|(account, region, id)| format!("{account} {region} {id}\n")).concat();
    work.write("expected", list);
    let said = format!("{}: no object from 2026-01-11T00:00Z to 2026-01-12T00:00Z", FAR.0);
    all_say(&work, &days(0, 0), &["--expect", "expected"], &[]);
    all_say(&work, &days(1, 1), &["--expect", "expected"], &[said]);
}

#[test]
fn a_day_that_goes_on_is_no_news_to_status() {
    let work = Work::new();
    for day in [days_ago(1), days_ago(0)] {
        let folder = day.strftime("%Y/%m/%d");
        work.object(&format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{folder}/part-0.gz"), text(0, 1));
    }
    work.convert(&[]).code(0).totals(&[("objects", 1)]);
    let ran = work.run(&["status", "table", "--source", "raw"]);
    assert!(ran.code(0).stdout.contains("1 object to convert when the day is over"), "{}", ran.stdout);
}
