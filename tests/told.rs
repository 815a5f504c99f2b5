//! What a person tells of SOURCE, where keys do not: `--source-layout`, `--assume-day`, `--copy`.

use crate::util::{ACCOUNT, DAY, Layout, REGION, Ran, Work, all_expected, assert_rows, gz, key, name, text};

const EXPORTS: [&str; 2] = ["--source-layout", "exports/{region}/{yyyy}-{MM}-{dd}/"];

/// Exports of two Regions and three days, whose names say nothing; and what else may lie in a bucket.
fn exports() -> Work {
    let work = Work::new();
    for (at, region) in ["us-east-1", "eu-west-1"].iter().enumerate() {
        for day in 14..=16 {
            let first = at as u64 * 100 + day * 10;
            work.object(&format!("exports/{region}/2026-01-{day}/part-0"), text(first, 2));
            work.object(&format!("exports/{region}/2026-01-{day}/more/part-1.gz"), text(first + 5, 1));
        }
    }
    work.write("raw/README.md", "what lies here");
    work.write("raw/results/2026/x.csv", "a,b");
    work
}

#[test]
fn a_layout_says_day_and_region() {
    let work = exports();
    let by_region = ["--day", DAY, "--merge"];
    work.convert(&[&by_region[..], &EXPORTS].concat()).code(0).totals(&[("objects", 4), ("rows_written", 6)]);
    assert_eq!(work.partitions("table"), ["year=2026/month=01/day=15"]);
    let texts = [text(150, 2), text(155, 1), text(250, 2), text(255, 1)];
    assert_rows(&work.rows(), &all_expected(&texts));
    work.convert(&[&by_region[..], &EXPORTS].concat()).nothing_to_do(4);
    for command in ["plan", "verify"] {
        let merge: &[&str] = if command == "plan" { &["--merge"] } else { &[] };
        work.run(&[&[command, "raw", "table", "--day", DAY], &EXPORTS[..], merge].concat()).code(0);
    }
    let ran = work.run(&[&["status", "table", "--source", "raw", "--day", DAY, "--json"], &EXPORTS[..]].concat());
    assert!(ran.code(0).stdout.contains("\"unconverted_objects\": 0"), "{}", ran.stdout);
    assert_eq!(work.ledger()[0]["source_layout"], EXPORTS[1], "it is recorded with the claim");
    // All days, and one Region of them.
    let one = ["--all", "--region", "eu-west-1"];
    work.convert(&[&one[..], &EXPORTS].concat()).code(0).totals(&[("objects", 4)]);
    work.convert(&[&["--all", "--region", "us-west-1"][..], &EXPORTS].concat()).code(2).says(
        "error: SOURCE has no flow logs of Region us-west-1\n  at WORK/raw\n  help: there are eu-west-1, us-east-1\n",
    );
}

#[test]
fn accounts_regions_and_hours_of_a_layout_are_partitions() {
    let work = Work::new();
    for (account, hour) in [("111111111111", "05"), ("222222222222", "17")] {
        work.object(&format!("{account}/r-1/dt=20260115/{hour}/x"), text(hour.parse().unwrap(), 1));
    }
    let layout =
        ["--source-layout", "{account}/{region}/dt={yyyy}{MM}{dd}/{HH}", "--partition-by", "account-region-hour"];
    work.convert(&[&["--day", DAY][..], &layout].concat()).code(0).totals(&[("objects", 2)]);
    assert_eq!(
        work.partitions("table"),
        [
            "aws_account_id=111111111111/aws_region=r-1/year=2026/month=01/day=15/hour=05",
            "aws_account_id=222222222222/aws_region=r-1/year=2026/month=01/day=15/hour=17"
        ]
    );
}

#[test]
fn what_a_layout_does_not_match_is_named() {
    for (stranger, asked) in [
        ("exports/us-east-1/2026-1-15/part-0", true),
        ("exports/us-east-1/part-0.gz", true),
        ("exports/us_east/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/x", true),
        (&format!("exports/us_east/{}", name(ACCOUNT, REGION, DAY, 0)), true),
        (&format!("exports/us-east-1/old/{}", name(ACCOUNT, REGION, "2026-01-10", 0)), false),
        ("exports/us-east-1/2026-01-15x/.hidden", false),
        ("exports/us-east-1/_tmp/part-0", false),
        ("exports/us_east/notes/a.txt", true),
        // Beside what is always called the same nobody looks: as if SOURCE were that.
        ("imports/us-east-1/2026-01-15/part-0", false),
    ] {
        let work = exports();
        work.object(stranger, text(900, 1));
        let ran = work.convert(&[&["--day", DAY, "--merge"][..], &EXPORTS].concat());
        ran.code(i32::from(asked)).totals(&[("objects", 4)]);
        let said = format!(
            "passed over: it may be a log, and --source-layout does not match its folders (convert it with another one)\n  at WORK/raw/{stranger}\n"
        );
        if asked {
            ran.says(&said)
        } else {
            ran.does_not_say("it may be a log")
        };
        let ran = work.run(&[&["verify", "raw", "table", "--day", DAY], &EXPORTS[..]].concat());
        ran.code(i32::from(asked));
    }
}

#[test]
fn a_layout_that_matches_nothing_shows_the_first_keys() {
    let work = exports();
    for pattern in ["exprts/{region}/{yyyy}-{MM}-{dd}", "{*}/{region}/{yyyy}{MM}{dd}/", "{account}/{yyyy}/{MM}/{dd}"] {
        for command in
            [&["convert", "raw", "table", "--day", DAY][..], &["plan", "raw", "table"], &["ddl", "--raw", "raw"]]
        {
            let ran = work.run(&[command, &["--source-layout", pattern]].concat());
            ran.code(2).says_only(&format!(
                "error: --source-layout {pattern} matches no folder below SOURCE\n  at WORK/raw\n  help: write it as the folders of these keys are called: README.md, exports/eu-west-1/2026-01-14/part-0, exports/eu-west-1/2026-01-14/more/part-1.gz\n"
            ));
        }
    }
    assert!(!work.path("table").exists());
    // That a day has no logs is no slip.
    let ran = work.convert(&[&["--day", "2026-01-20", "--merge"][..], &EXPORTS].concat());
    ran.code(0).says("nothing to do: no log objects for 2026-01-20 below WORK/raw\n");
    // Nothing at all.
    let empty = Work::new();
    std::fs::create_dir_all(empty.path("raw")).unwrap();
    empty.convert(&EXPORTS).code(2).says("error: nothing lies below SOURCE\n");
}

#[test]
fn a_malformed_layout_is_refused_with_its_place() {
    let work = exports();
    let ran = work.convert(&["--source-layout", "exports/{regoin}/{yyyy}"]);
    ran.code(2).says("error: invalid value 'exports/{regoin}/{yyyy}' for '--source-layout <PATTERN>': {regoin} at character 9 stands for nothing; there are {account} {region} {yyyy} {MM} {M} {dd} {d} {HH} {H} {*}\n");
}

/// Of another layout, or of none, the same objects would be of other days, and their rows there twice.
#[test]
fn an_object_stays_in_the_partition_that_it_was_said_to_be_of() {
    let convert = |work: &Work, days: &[&str], layout: &str| -> Ran {
        let layout = if layout.is_empty() { vec![] } else { vec!["--source-layout", layout] };
        work.convert(&[days, &layout].concat())
    };
    let refused = |ran: &Ran, now: &str, before: &str, say: &str| {
        ran.code(2).says_only(&format!(
            "error: an object of year=2026/{now} was one of year=2026/{before} before: its rows would be there twice\n  at WORK/raw/x/2026-02-01/a\n  help: say {say}, as before, or convert into another DEST\n"
        ));
    };
    let (day_last, month_last) = ("{*}/{yyyy}-{MM}-{dd}/", "{*}/{yyyy}-{dd}-{MM}/");
    let (february, january) = ("month=02/day=01", "month=01/day=02");
    let logs = || {
        let work = Work::new();
        work.object("x/2026-02-01/a", text(0, 2));
        work
    };
    let work = logs();
    convert(&work, &["--day", "2026-01-02"], month_last).code(0).totals(&[("rows_written", 2)]);
    let said = "--source-layout '{*}/{yyyy}-{dd}-{MM}/'";
    refused(&convert(&work, &["--day", "2026-02-01"], day_last), february, january, said);
    refused(&convert(&work, &["--day", "2026-02-01"], ""), february, january, said);
    convert(&work, &["--all"], month_last).nothing_to_do(1);
    // From a lower SOURCE too.
    let ran = work.convert_from("raw/x", "table", &["--all", "--source-layout", "{yyyy}-{MM}-{dd}"]);
    refused(&ran, february, january, said);
    assert_eq!(work.rows().len(), 2);

    // Without a layout first.
    let work = logs();
    convert(&work, &["--all"], "").code(0).totals(&[("rows_written", 2)]);
    refused(&convert(&work, &["--day", "2026-01-02"], month_last), january, february, "no --source-layout");
    convert(&work, &["--all"], day_last).nothing_to_do(1);

    // An assumed day first.
    let work = Work::new();
    work.object("x/of-5/a", text(0, 2));
    work.convert_from("raw/x/of-5", "table", &["--assume-day", "2026-01-07"]).code(0);
    let ran = work.convert(&["--all", "--source-layout", "{*}/of-{d}/"]);
    ran.code(2).says("error: invalid value '{*}/of-{d}/' for '--source-layout <PATTERN>': it says a part of the time, and not {yyyy}\n");
    work.object("x/2026of0105/a", text(9, 2));
    work.convert_from("raw/x/2026of0105", "table", &["--assume-day", "2026-01-07"]).code(0);
    let ran = work.convert(&["--all", "--source-layout", "{*}/{yyyy}of{MM}{dd}/"]);
    ran.code(2).says("  help: say --assume-day 2026-01-07, as before, or convert into another DEST\n");
}

#[test]
fn where_folder_and_name_disagree_the_name_decides_under_a_layout_too() {
    let work = Work::new();
    work.object(&format!("us-east-1/2026_01_16/{}", name(ACCOUNT, "us-east-1", DAY, 0)), text(0, 2));
    let args = ["--all", "--source-layout", "{region}/{yyyy}_{MM}_{dd}"];
    let ran = work.convert(&args);
    ran.code(0).says("two days: its folder says 2026-01-16, its name 2026-01-15: the name decides\n");
    assert_eq!(work.partitions("table"), ["year=2026/month=01/day=15"]);
}

#[test]
fn what_lies_beside_the_last_folder_of_a_day_is_named() {
    let work = Work::new();
    for (number, place) in ["vpc/a.gz", "b.gz", "vpc2/c.gz"].iter().enumerate() {
        work.object(&format!("logs/2026/01/15/{place}"), text(number as u64 * 10, 1));
        work.object(&format!("logs/2026/01/16/{place}"), text(number as u64 * 10 + 100, 1));
    }
    let ran = work.convert(&["--day", DAY, "--source-layout", "logs/{yyyy}/{MM}/{dd}/vpc/"]);
    ran.code(1).totals(&[("objects", 1), ("rows_written", 1)]);
    for place in ["b.gz", "vpc2/c.gz"] {
        ran.says(&format!("  at WORK/raw/logs/2026/01/15/{place}\n"));
    }
    assert_eq!(ran.report()["objects_passed_over"], 2);
}

#[test]
fn a_raw_table_is_defined_over_a_layout() {
    let work = Work::new();
    for (place, day) in [("a", "20260115"), ("a", "20260116"), ("b", "20260114")] {
        work.object(&format!("{place}/us-east-1/dt={day}/x.gz"), text(0, 1));
        work.object(&format!("{place}/eu-west-1/dt={day}/x.gz"), text(0, 1));
    }
    let ddl = |source: &str, layout: &str| {
        work.run(&["ddl", "--raw", source, "--source-layout", layout, "--location", "s3://logs/x"])
    };
    let ran = ddl("raw", "{*}/{region}/dt={yyyy}{MM}{dd}/");
    let said = &ran.code(0).stdout;
    assert!(said.contains("LOCATION 's3://logs/x/a/'"), "{said}");
    assert!(
        said.contains("'storage.location.template' = 's3://logs/x/a/${aws_region}/dt=${year}${month}${day}/'"),
        "{said}"
    );
    ran.says("warning: objects of 2026-01-14 lie in another layout and are not shown: file://WORK/raw/b/${aws_region}/dt=${year}${month}${day}/\n");
    let ran = work.run(&["ddl", "--raw", "raw", "--source-layout", "{*}/{region}/dt={yyyy}{M}{d}/"]);
    ran.code(2).says("error: no table can be defined over raw objects whose folders have not AWS's form\n");
}

/// Folders of other days are not entered, nor what lies beside the first folder that is always called the same.
#[test]
fn finding_by_a_layout_costs_days_not_the_archive() {
    let requests = |years: std::ops::Range<i16>| {
        let work = Work::new();
        for year in years {
            for month in 1..=12 {
                work.object(&format!("exports/r/{year}-{month:02}-15/x"), text(0, 1));
                work.object(&format!("other/{year}/{month:02}/x"), text(0, 1));
            }
        }
        let ran = work.run(&["plan", "raw", "table", "--day", DAY, "--source-layout", EXPORTS[1], "-v", "--json"]);
        ran.code(0);
        let ran = work.convert(&[&["--day", DAY][..], &EXPORTS].concat());
        ran.code(0).totals(&[("objects", 1)]);
        ran.report()["source_requests"]["list"].as_u64().unwrap()
    };
    let few = requests(2026..2027);
    assert_eq!(few, requests(2016..2027));
    // The Regions, the days of one, and the day's folder, once more for the second look.
    assert!(few <= 6, "{few}");
}

#[test]
fn an_assumed_day_is_that_of_objects_in_folders_below_too() {
    let work = Work::new();
    let places = [
        "a",
        "x/b.log",
        "x/y/c.log.gz",
        "AWSLogs/d",
        "x/2026/e.gz",
        &format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/f"),
    ];
    for (at, place) in places.iter().enumerate() {
        work.object(place, text(at as u64 * 10, 1));
    }
    work.object("x/2026/01/16/other.gz", text(900, 1));
    work.convert(&["--assume-day", DAY]).code(0).totals(&[("objects", 6), ("rows_written", 6)]);
    assert_eq!(work.partitions("table"), ["year=2026/month=01/day=15"]);
    work.convert(&["--assume-day", DAY]).nothing_to_do(6);
}

// ---- Copies

fn said_of_a_copy(place: &str) -> String {
    format!(
        "passed over: it is a copy of an object that is converted already, or of another one here: the same name and size, or the same number in a name of AWS's (add --copy if its rows are meant to be there twice)\n  at WORK/{place}\n"
    )
}

#[test]
fn a_copy_side_by_side_is_converted_once() {
    let work = Work::new();
    let texts: Vec<String> = (0..3).map(|number| text(number * 10, 4)).collect();
    for layout in [Layout::Default, Layout::Hive] {
        for (number, text) in texts.iter().enumerate() {
            work.object(&layout.key(ACCOUNT, REGION, DAY, number as u32), text);
        }
    }
    let ran = work.convert(&["--day", DAY]);
    ran.code(1).totals(&[("objects", 3), ("rows_written", 12)]);
    // By key, the first of the two is converted.
    ran.says(&said_of_a_copy(&format!("raw/{}", Layout::Hive.key(ACCOUNT, REGION, DAY, 0))));
    assert_eq!(ran.report()["objects_passed_over"], 3);
    assert_eq!(ran.report()["missing"], serde_json::json!([]));
    assert_rows(&work.rows(), &all_expected(&texts));
    work.convert(&["--day", DAY]).code(1).totals(&[("objects", 0)]);
    work.run(&["plan", "raw", "table", "--day", DAY]).code(1);
    let ran = work.run(&["verify", "raw", "table", "--day", DAY]);
    assert!(ran.code(1).stdout.contains("3 objects passed over"), "{}", ran.stdout);
}

#[test]
fn a_copy_in_awss_folder_of_another_day_is_named() {
    for in_one_run in [true, false] {
        let work = Work::new();
        let texts = [text(0, 4), text(10, 4)];
        for (number, text) in texts.iter().enumerate() {
            work.object(&key(number as u32), text);
        }
        if !in_one_run {
            work.convert(&["--day", DAY]).code(0);
        }
        let copy = |number: u32| key(number).replace("2026/01/15/", "2026/01/16/");
        for (number, text) in texts.iter().enumerate() {
            work.object(&copy(number as u32), text);
        }
        // AWS's own, which hold other records, and a name that says the day before.
        let own = copy(2);
        work.object(&own, text(20, 4));
        let days = if in_one_run { &["--from", DAY, "--to", "2026-01-16"][..] } else { &["--day", "2026-01-16"] };
        let ran = work.convert(days);
        ran.code(1).says(&said_of_a_copy(&format!("raw/{}", copy(0))));
        assert_eq!(ran.report()["objects_passed_over"], 2, "{}", ran.stderr);
        assert_rows(&work.rows(), &all_expected(&[text(0, 4), text(10, 4), text(20, 4)]));
        let ran = work.run(&[&["verify", "raw", "table"], days].concat());
        assert!(ran.code(1).stdout.contains("2 objects passed over"), "{}", ran.stdout);
        work.convert(&[days, &["--copy"]].concat()).totals(&[("objects", 2)]);
    }
}

#[test]
fn a_copy_in_another_place_is_refused_unless_it_is_meant() {
    let work = Work::new();
    let texts = [text(0, 4), text(10, 4)];
    for (number, text) in texts.iter().enumerate() {
        work.object(&key(number as u32), text);
    }
    work.convert(&["--day", DAY]).code(0);
    let requests = |ran: &Ran| (ran.report()["source_requests"].clone(), ran.report()["dest_requests"].clone());
    let before = requests(&work.convert(&["--day", DAY]));
    // A moved bucket: the same names and sizes.
    for number in 0..2 {
        let place = key(number);
        let content = std::fs::read(work.path(&format!("raw/{place}"))).unwrap();
        work.write(&format!("moved/{place}"), content);
    }
    let ran = work.convert_from("moved", "table", &["--day", DAY]);
    ran.code(1).totals(&[("objects", 0)]).says(&said_of_a_copy(&format!("moved/{}", key(0))));
    assert_eq!(requests(&ran), before, "it costs no request");
    assert_rows(&work.rows(), &all_expected(&texts));
    // What comes new there is converted.
    work.write(&format!("moved/{}", key(2)), gz(text(20, 4)));
    work.convert_from("moved", "table", &["--day", DAY]).code(1).totals(&[("objects", 1), ("rows_written", 4)]);
    // The same name with other content is no copy.
    work.write(&format!("other/{}", key(0)), gz(text(90, 40)));
    work.convert_from("other", "table", &["--day", DAY]).code(0).totals(&[("rows_written", 40)]);
    assert_eq!(work.rows().len(), 52);
    work.convert_from("moved", "table", &["--day", DAY, "--copy"]).code(0).totals(&[("rows_written", 8)]);
    assert_eq!(work.rows().len(), 60);
    // Once meant, it is known.
    work.convert_from("moved", "table", &["--day", DAY]).nothing_to_do(3);
    work.run(&["verify", "moved", "table", "--day", DAY]).code(0);
}

#[test]
fn another_spelling_of_source_finds_everything_converted() {
    let work = Work::new();
    work.object(&key(0), text(0, 4));
    work.convert(&["--day", DAY]).code(0);
    std::os::unix::fs::symlink(work.path("raw"), work.path("link")).unwrap();
    work.convert_from("link", "table", &["--day", DAY]).nothing_to_do(1);
    std::fs::create_dir_all(work.path("hard").join(key(0)).parent().unwrap()).unwrap();
    std::fs::hard_link(work.path(&format!("raw/{}", key(0))), work.path(&format!("hard/{}", key(0)))).unwrap();
    work.convert_from("hard", "table", &["--day", DAY]).code(1).says(&said_of_a_copy(&format!("hard/{}", key(0))));
}

/// What people call the same is not the same: only equal ETags say so, and a header alone is equal everywhere.
#[test]
fn the_same_name_and_size_under_names_of_peoples_own_is_no_copy() {
    let work = Work::new();
    for folder in ["a", "b"] {
        work.object(&format!("{folder}/2026-01-15/part-0"), text(0, 4));
    }
    work.convert(&["--day", DAY]).code(0).totals(&[("rows_written", 8)]);
}

// ---- The same traffic twice

/// Returns an object's text, all of one interface.
fn of_interface(number: u32, interface: &str) -> String {
    let records = text(u64::from(number) * 10, 3);
    let mut lines = records.lines();
    let mut all = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let mut words: Vec<&str> = line.split(' ').collect();
        words[2] = interface;
        all += &format!("{}\n", words.join(" "));
    }
    all
}

/// Two flow logs: twelve objects of the first one, and some of the second one.
fn two_flow_logs(work: &Work, second: std::ops::Range<u32>, text_of: impl Fn(u32) -> String) {
    for number in 0..12 {
        work.object(&key(number), of_interface(number, "eni-1"));
    }
    for number in second {
        work.object(&key(number).replace(FIRST, SECOND), text_of(number));
    }
}

const FIRST: &str = "fl-0123456789abcdef0";
const SECOND: &str = "fl-0fedcba9876543210";
const TWICE: &str = "warning: flow logs fl-0123456789abcdef0 and fl-0fedcba9876543210 recorded the same interfaces on 2026-01-15: sums count their traffic twice (if that is not meant, delete one of the two; the ready query flows-once counts each flow once)\n";

#[test]
fn two_flow_logs_over_one_interface_are_said_once() {
    let work = Work::new();
    two_flow_logs(&work, 0..12, |number| of_interface(number, "eni-1"));
    let ran = work.convert(&["--day", DAY]);
    ran.code(0).totals(&[("objects", 24), ("rows_written", 72)]).says(TWICE);
    assert_eq!(ran.stderr.matches("recorded the same").count(), 1, "{}", ran.stderr);
    assert_eq!(ran.report()["warnings"].as_array().unwrap().len(), 1);
    // Once per run that reads them; what a file of both tells is known later too.
    work.convert(&["--day", DAY]).nothing_to_do(24);
    work.run(&["status", "table"]).says(TWICE);
    // In files of their own, and in partitions of hours.
    let ran = work.convert_from("raw", "hours", &["--day", DAY, "--partition-by", "hour", "--target-file-size", "1"]);
    ran.code(0).says(TWICE);
    assert_eq!(ran.stderr.matches("recorded the same").count(), 1, "{}", ran.stderr);
    work.run(&["status", "hours"]).says(TWICE);
    let query = work.run(&["queries", "flows-once", "--day", DAY]);
    assert!(query.code(0).stdout.contains("count(*) AS records"), "{}", query.stdout);
}

#[test]
fn two_flow_logs_are_said_though_the_second_came_later() {
    let work = Work::new();
    two_flow_logs(&work, 0..0, |_| String::new());
    work.convert(&["--day", DAY]).code(0).does_not_say("recorded the same");
    for number in 0..12 {
        work.object(&key(number).replace(FIRST, SECOND), of_interface(number, "eni-1"));
    }
    work.convert(&["--day", DAY]).code(0).totals(&[("objects", 12)]).says(TWICE);
    work.run(&["status", "table"]).says(TWICE);
    // What took the place of files is no further flow log, and merged files are known as before.
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    let ran = work.run(&["status", "table"]);
    ran.says(TWICE);
    assert_eq!(ran.stderr.matches("recorded the same").count(), 1, "{}", ran.stderr);
}

#[test]
fn what_people_made_of_awss_names_is_a_copy() {
    let texts = [text(0, 4), text(10, 4)];
    for (renamed, packed) in [
        ("X (1).log.gz", true),
        ("Copy of X.log.gz", true),
        ("X.log", false),
        ("X.log.gz.1", true),
        ("X.log.gz.bak2", true),
    ] {
        let work = Work::new();
        for (number, text) in texts.iter().enumerate() {
            work.object(&key(number as u32), text);
        }
        let place = key(0);
        let (folder, name) = place.rsplit_once('/').unwrap();
        let twin = format!("raw/{folder}/{}", renamed.replace('X', name.strip_suffix(".log.gz").unwrap()));
        work.write(&twin, if packed { gz(&texts[0]) } else { texts[0].clone().into() });
        let ran = work.convert(&["--day", DAY]);
        ran.code(1).totals(&[("objects", 2), ("rows_written", 8)]).says(&said_of_a_copy(&twin));
        assert_rows(&work.rows(), &all_expected(&texts));
        work.convert(&["--day", DAY]).code(1).totals(&[("objects", 0)]);
        // Alone it is the log itself.
        work.remove("table");
        work.remove(&format!("raw/{place}"));
        work.convert(&["--day", DAY]).code(0).totals(&[("objects", 2), ("rows_written", 8)]);
        work.write(&format!("raw/{place}"), gz(&texts[0]));
        work.convert(&["--day", DAY]).code(1).totals(&[("objects", 0)]);
        work.convert(&["--day", DAY, "--copy"]).code(0).totals(&[("objects", 1), ("rows_written", 4)]);
    }
}

#[test]
fn what_is_not_the_same_traffic() {
    let same = |number: u32| of_interface(number, "eni-1");
    let quiet = |second: std::ops::Range<u32>, text_of: &dyn Fn(u32) -> String| {
        let work = Work::new();
        two_flow_logs(&work, second, text_of);
        work.convert(&["--day", DAY]).code(0).does_not_say("recorded the same");
        work.run(&["status", "table"]).does_not_say("recorded the same");
    };
    // One takes the place of the other.
    quiet(12..24, &same);
    quiet(11..24, &same);
    // Other interfaces, and one that is none.
    quiet(0..12, &|number| of_interface(number, "eni-2"));
    quiet(0..12, &|number| of_interface(number, "-"));
    // What was rejected, and what was accepted.
    quiet(0..12, &|number| same(number).replace("ACCEPT", "REJECT"));
    // Without the column.
    quiet(0..12, &|_| "version srcaddr bytes\n2 10.0.0.1 7\n".to_owned());
}

#[test]
fn a_copy_in_awss_folder_of_another_place_is_named() {
    let other = ("222222222222", "eu-west-1");
    for (by, copy) in [
        ("account-region-day", Layout::Default.key(other.0, REGION, DAY, 0)),
        ("account-region-day", Layout::Default.key(ACCOUNT, other.1, DAY, 0)),
        ("hour", "x/2026/01/15/09/x".to_owned()),
    ] {
        let work = Work::new();
        let name = key(0).rsplit_once('/').unwrap().1.to_owned();
        work.object(&key(0), text(0, 3));
        let copy = format!("{}/{name}", copy.rsplit_once('/').unwrap().0);
        work.object(&copy, text(0, 3));
        let ran = work.convert(&["--day", DAY, "--partition-by", by]);
        ran.code(1).says(&said_of_a_copy(&format!("raw/{copy}"))).totals(&[("objects", 1), ("rows_written", 3)]);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(1);
    }
}
