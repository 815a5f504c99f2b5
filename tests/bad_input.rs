//! What cannot be converted: what the program says, its exit code, what is kept, and that the others are converted.

use std::fs;

use crate::util::{ACCOUNT, DAY, Layout, Ran, V2, Work, all_expected, assert_rows, days_ago, gz, key, line, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

const NESTING_HELP: &str = "  help: Athena reads all that lies below a table's location: keep raw logs and Parquet apart, e.g. s3://bucket/AWSLogs and s3://bucket/flow-parquet\n";

// ---- SOURCE, DEST and days

#[test]
fn a_day_without_objects_is_nothing_to_do() {
    let work = Work::new();
    work.object(&Layout::Default.key("123456789012", "ap-northeast-1", "2026-01-14", 0), text(0, 1));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).says_only("nothing to do: no log objects for 2026-01-15 below WORK/raw\n");
    assert!(!work.path("table").exists(), "a run with nothing to do leaves DEST alone");
    let ran = work.convert(&["--from", "2026-01-15", "--to", "2026-01-17"]);
    ran.code(0).says_only("nothing to do: no log objects from 2026-01-15 to 2026-01-17 below WORK/raw\n");
    work.write("raw/other/notes.csv", "a,b");
    let ran = work.convert_from("raw/other", "table", &["--all"]);
    ran.code(0).says_only("nothing to do: no log objects below WORK/raw/other\n");
}

#[test]
fn a_source_below_which_nothing_lies_is_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    // Mistyped, it would otherwise have nothing to do for years.
    for source in ["rwa", "raw/AWSLogs/999999999999"] {
        let ran = work.convert_from(source, "table", &ON_THIS_DAY);
        ran.code(2).says_only(&format!(
            "error: nothing lies below SOURCE\n  at WORK/{source}\n  help: check its spelling; it must be a folder, such as s3://bucket/prefix or s3://bucket/AWSLogs\n"
        ));
    }
}

#[test]
fn source_and_dest_within_each_other_are_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    let before = work.files("");
    let refused = |source: &str, dest: &str, message: &str| {
        for command in ["convert", "plan"] {
            let ran = work.run(&[command, source, dest, "--day", DAY]);
            ran.code(2).says_only(&format!("error: {message}\n{NESTING_HELP}"));
        }
    };
    refused("raw", "raw", "SOURCE and DEST are the same: WORK/raw");
    refused("raw/", "./table/../raw", "SOURCE and DEST are the same: WORK/raw");
    refused("raw", &format!("file://{}", work.arg("raw")), "SOURCE and DEST are the same: WORK/raw");
    refused("raw", "raw/table", "DEST WORK/raw/table lies inside SOURCE WORK/raw");
    refused("raw/AWSLogs", "raw", "SOURCE WORK/raw/AWSLogs lies inside DEST WORK/raw");
    refused("s3://b/logs", "s3://b/logs/t/", "DEST s3://b/logs/t lies inside SOURCE s3://b/logs");
    refused("s3://b", "s3://b/t", "DEST s3://b/t lies inside SOURCE s3://b/");
    assert_eq!(work.files(""), before);
    // A name that another one begins with is no folder above it.
    work.convert_from("raw", "raw2", &ON_THIS_DAY).code(0);
}

#[test]
fn a_day_in_the_future_is_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    let (today, tomorrow, later) = (days_ago(0), days_ago(-1).to_string(), days_ago(-40).to_string());
    let message = |day: &str| {
        format!(
            "error: day {day} is in the future: it is {today} in UTC now\n  help: days are UTC; for a day of your own time zone use --local-day with --tz\n"
        )
    };
    work.convert(&["--day", &later]).code(2).says_only(&message(&later));
    work.convert(&["--from", DAY, "--to", &later]).code(2).says_only(&message(&tomorrow));
    work.convert(&["--day", &today.to_string()]).code(0);
}

#[test]
fn values_that_are_none_are_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    let refused = |args: &[&str], message: &str| {
        let ran = work.run(&[&["convert", "raw", "table"], args].concat());
        ran.code(2);
        if !ran.stderr.starts_with(&format!("error: {message}\n")) {
            ran.fail(&format!("stderr should begin with\nerror: {message}"));
        }
    };
    let day = |flag: &str, text: &str| {
        format!("invalid value '{text}' for '{flag} <DAY>': not a day: write it as 2026-01-15\n")
    };
    for text in ["2026-1-5", "20260115", "2026-02-30", "yesterday", "2026-01-15T00"] {
        refused(&["--day", text], &day("--day", text));
    }
    refused(&["--from", "x"], &day("--from", "x"));
    refused(&["--assume-day", "x"], &day("--assume-day", "x"));
    refused(
        &["--from", "2026-01-02", "--to", "2026-01-01"],
        "--from 2026-01-02 is after --to 2026-01-01\n  help: both days are included",
    );
    refused(&["--to", DAY], "the following required arguments were not provided:\n  --from <DAY>");
    refused(&["--day", DAY, "--all"], "the argument '--day <DAY>' cannot be used with '--all'\n");
    refused(&["--yesterday", "--lookback", "3"], "the argument '--yesterday' cannot be used with '--lookback <N>'\n");
    refused(&["--lookback", "0"], "--lookback 0 selects no day\n  help: give at least 1");
    refused(&["--lookback", "4000000000"], "this day lies outside the calendar");
    refused(&["--local-day", DAY], "the following required arguments were not provided:\n  --tz <ZONE>");
    refused(&["--local-day", DAY, "--tz", "Mars/Olympus"], "--tz \"Mars/Olympus\" is no time zone");
    refused(
        &["--partition-by", "week"],
        "invalid value 'week' for '--partition-by <BY>'\n  [possible values: day, account-region-day, hour, account-region-hour]",
    );
    refused(&["--log-type", "nat"], "invalid value 'nat' for '--log-type <TYPE>'\n  [possible values: vpc, tgw]");
    refused(
        &["--compression", "lz4"],
        "invalid value 'lz4' for '--compression <CODEC>': write zstd, zstd:LEVEL, snappy, gzip or none\n",
    );
    refused(
        &["--compression", "zstd:20"],
        "invalid value 'zstd:20' for '--compression <CODEC>': zstd has levels 1 to 19\n",
    );
    let size = "not a size: write it as 512MiB, 2GB or in bytes";
    refused(&["--memory", "much"], &format!("invalid value 'much' for '--memory <SIZE>': {size}\n"));
    refused(&["--memory", "127MiB"], "--memory must be at least 128MiB");
    refused(
        &["--target-file-size", "0"],
        "invalid value '0' for '--target-file-size <SIZE>': not a size: zero or far too much\n",
    );
    refused(&["--max-object-bytes", "-1"], "unexpected argument '-1' found\n");
    refused(&["--threads", "0"], "--threads must be at least 1");
    refused(&["--threads", "two"], "invalid value 'two' for '--threads <N>': invalid digit found in string\n");
    refused(
        &["--progress", "loud"],
        "invalid value 'loud' for '--progress <KIND>'\n  [possible values: auto, bar, plain, json, none]",
    );
    refused(
        &["--log-format", "${version} ${srcaddr} ${version}"],
        "--log-format cannot be used: the header names the field \"version\" twice\n  help: write it as DescribeFlowLogs prints it: '${version} ${account-id} ${interface-id} ...'",
    );
    refused(&["--no-such-flag"], "unexpected argument '--no-such-flag' found\n");
    assert!(!work.path("table").exists());
}

#[test]
fn locations_that_are_none_are_refused() {
    let work = Work::new();
    let refused = |source: &str, message: &str| {
        work.run(&["convert", source, "table"]).code(2).says_only(&format!("error: {message}\n"));
    };
    refused("s3://", "\"s3://\" names no bucket\n  help: write s3://bucket/prefix");
    refused("gs://b/x", "\"gs://b/x\" is no location\n  help: write s3://bucket/prefix, a local path or file:///path");
    refused("", "\"\" is no location\n  help: write s3://bucket/prefix, a local path or file:///path");
    let ran = work.run(&["convert", "s3://b/x", "table", "--endpoint-url", "http://127.0.0.1:1"]);
    ran.code(2).says_only("error: --endpoint-url http://127.0.0.1:1 is plain HTTP\n  help: add --allow-http if that is meant, or use https://\n");
    let ran = work.run(&["ddl", "table"]);
    ran.code(2).says("error: nothing is converted here yet\n  at table\n  help: run `flowparquet convert SOURCE DEST` first, check DEST, or say with --schema-version what will be\n");
}

// ---- Keys

#[test]
fn an_object_whose_key_gives_no_date_is_reported_not_guessed() {
    let work = Work::new();
    work.object("flat/copy.log.gz", text(0, 3));
    let flat = |args: &[&str]| work.convert_from("raw/flat", "table", args);
    let ran = flat(&ON_THIS_DAY);
    ran.code(1).says_only(
        "nothing to do: no log objects for 2026-01-15 below WORK/raw/flat\npassed over: its key gives no date (say --assume-day if you know it)\n  at WORK/raw/flat/copy.log.gz\n",
    );
    assert_eq!(ran.report()["objects_to_look_at"], 1);
    assert!(!work.path("table").exists());
    flat(&["--assume-day", DAY]).code(0);
    assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
    assert_eq!(work.partitions("table"), [crate::util::DAY_FOLDER]);
    flat(&["--assume-day", DAY]).nothing_to_do(1);
}

#[test]
fn an_assumed_day_does_not_move_objects_that_have_one() {
    let work = Work::new();
    work.object("flat/copy.log.gz", text(0, 3));
    work.object(&format!("flat/{}", crate::util::name("123456789012", "eu-west-1", "2026-01-14", 0)), text(3, 2));
    let ran = work.convert_from("raw/flat", "table", &["--assume-day", DAY]);
    ran.code(0).totals(&[("objects", 1), ("rows_written", 3)]);
}

#[test]
fn a_folder_named_like_an_object_is_a_folder() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    work.object(&format!("{}/inner.log.gz", key(1)), text(2, 2));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 2), ("rows_written", 4)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 2), &text(2, 2)]));
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
}

#[test]
fn strangers_in_a_days_folder_are_named_and_harmless() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    work.write(&format!("raw/{folder}/notes.csv"), "a,b");
    work.write(&format!("raw/{folder}/delivered.log.parquet"), "PAR1");
    work.write(&format!("raw/{folder}/_SUCCESS"), "");
    work.write(&format!("raw/{folder}/.hidden.log.gz"), gz(text(9, 1)));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).totals(&[("objects", 1)]);
    ran.says(&format!(
        "passed over: it is Parquet, and not called as AWS calls what it delivers\n  at WORK/raw/{folder}/delivered.log.parquet\n"
    ));
    ran.says(&format!("passed over: its name says that it is no log\n  at WORK/raw/{folder}/notes.csv\n"));
    assert_eq!(ran.report()["objects_passed_over"], 2);
    assert_eq!(ran.report()["objects_to_look_at"], 0);
}

#[test]
fn parquet_of_awss_is_named_until_it_is_said_to_be_meant() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    let parquet = key(1).replace(".log.gz", ".log.parquet");
    work.write(&format!("raw/{parquet}"), "PAR1");
    let said = format!(
        "passed over: it is Parquet already, delivered by AWS: its rows are not in this table (query it where it lies, or have the flow \
         log deliver text; --accept-missing with its id says that it is meant)\n  at WORK/raw/{parquet}\n"
    );
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 1)]).says(&said);
    assert_eq!((&ran.report()["objects_passed_over"], &ran.report()["objects_to_look_at"]), (&1.into(), &1.into()));
    for args in [
        &["plan", "raw", "table", "--day", DAY][..],
        &["verify", "raw", "table", "--day", DAY],
        &["status", "table", "--source", "raw", "--day", DAY],
    ] {
        let reason = said.lines().next().unwrap();
        assert!(work.run(args).code(1).stdout.contains(reason), "{args:?}");
        for meant in ["fl-0123456789abcdef0", ACCOUNT] {
            work.run(&[args, &["--accept-missing", meant]].concat()).code(0);
        }
        work.run(&[args, &["--accept-missing", "fl-0000000000000000"]].concat()).code(1);
    }
    work.convert(&["--day", DAY, "--accept-missing", "fl-0123456789abcdef0"]).code(0).totals(&[("objects", 0)]);
}

#[test]
fn what_other_services_deliver_among_logs_is_named_and_harmless() {
    let others = [
        ("waf.log.gz", "{\"timestamp\":1,\"action\":\"BLOCK\"}\n{\"timestamp\":2}\n", "JSON"),
        ("list", "[\n1]", "JSON"),
        ("page.gz", "<?xml version=\"1.0\"?>\n<a/>\n", "XML or HTML"),
        ("cf.gz", "#Version: 1.0\n#Fields: date time\n", "a text with remarks, such as CloudFront's logs"),
        ("answer.txt", "\"id\",\"name\"\n\"1\",\"x\"\n", "a table of quoted values"),
        (
            "alb.log.gz",
            "https 2026-01-15T00:00:00.1Z app/my/50 10.0.0.1:1 10.0.0.2:80 0.0\n",
            "a load balancer's access log",
        ),
        ("s3", "79a5 b [15/Jan/2026:00:00:38 +0000] 192.0.2.3 79a5 3E57 GET - \"GET /x\" 200\n", "an access log of S3"),
        ("list.log", "id,name,size\n1,a,2\n", "a table of values between commas"),
    ];
    let work = Work::new();
    for day in ["x/2026/01/15", "x/2026/01/16"] {
        work.object(&format!("{day}/log.gz"), text(0, 2));
        for (name, content, _) in others {
            work.write(&format!("raw/{day}/{name}"), if name.ends_with(".gz") { gz(content) } else { content.into() });
        }
    }
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).totals(&[("objects", 1), ("rows_written", 2), ("objects_no_flow_logs", 8), ("objects_rejected", 0)]);
    let named = ran.report()["no_flow_logs"].clone();
    for (name, _, kind) in others {
        let said = serde_json::json!({
            "object": format!("WORK/raw/x/2026/01/15/{name}"), "reason": format!("it is no flow log, but {kind}")
        });
        assert!(named.as_array().unwrap().contains(&said), "{name}: {named}");
    }
    ran.says("left alone: it is no flow log, but JSON\n  at WORK/raw/x/2026/01/15/");
    work.convert(&ON_THIS_DAY).nothing_to_do(1);
    for args in [&["verify", "raw", "table", "--day", DAY][..], &["status", "table"], &["rejects", "table"]] {
        work.run(args).code(0);
    }
    // Whoever says a format means any line. Beside nothing else.
    let format = "version account-id interface-id srcaddr";
    work.convert_from("raw", "said", &["--day", DAY, "--log-format", format])
        .code(1)
        .totals(&[("objects", 9), ("objects_no_flow_logs", 0)]);
    work.remove("raw/x/2026/01/16/log.gz");
    work.convert(&["--day", "2026-01-16"]).code(0).totals(&[("objects", 0), ("objects_no_flow_logs", 8)]);
    let ran = work.run(&["status", "table", "--safe-to-expire", "--source", "raw"]);
    assert_eq!(ran.code(1).stdout, "", "not verified yet");
    work.run(&["verify", "raw", "table", "--all"]).code(0);
    let ran = work.run(&["status", "table", "--safe-to-expire", "--source", "raw"]);
    let said = "is no flow log, and in no table: look what it is, and move or delete it";
    assert_eq!((ran.code(1).stdout.as_str(), ran.stderr.matches(said).count()), ("", 2), "{}", ran.stderr);
    // What changed is looked at again; flow logs in JSON are no strangers.
    work.object("x/2026/01/15/waf.log.gz", text(50, 3));
    work.write(
        "raw/x/2026/01/15/list",
        "{\"message\":\"2 111122223333 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\"}\n",
    );
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 1), ("rows_written", 3), ("objects_rejected", 1), ("objects_no_flow_logs", 0)]);
}

#[test]
fn what_aws_calls_a_flow_log_is_one_whatever_is_in_it() {
    let work = Work::new();
    work.write(&format!("raw/{}", key(0)), gz("# from the old bucket\n2 1 2 3\n"));
    work.write(&format!("raw/{}.zip", key(1)), "PK\u{3}\u{4}");
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects_rejected", 2), ("objects_no_flow_logs", 0)]);
    ran.says("rejected: it is called like a flow log, and is a text with remarks, such as CloudFront's logs\n");
}

// ---- Objects

/// A good object on either side of one that does not read to its end: they are converted; it is named, tried again
/// in every run without a new ledger entry, and converted once it is repaired.
#[track_caller]
fn rejected_object(bad: &[u8], reason: &str) {
    let work = Work::new();
    rejected_object_named(&work, &key(1), bad, reason, &[]);
}

#[track_caller]
fn rejected_object_named(work: &Work, bad_key: &str, bad: &[u8], reason: &str, options: &[&str]) {
    let texts = [text(0, 3), text(3, 4), text(7, 2)];
    work.object(&key(0), &texts[0]);
    let bad_path = work.write(&format!("raw/{bad_key}"), bad);
    work.object(&key(2), &texts[2]);
    let args = [&ON_THIS_DAY[..], options].concat();

    let named = format!(
        "rejected: {reason}\n  at WORK/{bad_path}\nrejected objects stay unconverted and are tried again next time\n"
    );
    let first = work.convert(&args);
    first.code(1).says(&named);
    first.totals(&[("objects", 2), ("objects_rejected", 1), ("rows_written", 5), ("rows_rejected", 0), ("files", 1)]);
    assert_eq!(first.report()["rejects"][0]["reason"], reason);
    assert_rows(&work.rows(), &all_expected([&texts[0], &texts[2]]));
    let kept = work.rejects();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!((&kept[0]["kind"], &kept[0]["reason"]), (&"object".into(), &reason.into()));
    assert!(kept[0]["object"].as_str().unwrap().ends_with(bad_key), "{kept:?}");
    assert_eq!(work.entries(), ["claim", "done"]);

    let files = work.files("table");
    let again = work.convert(&args);
    again.code(1).says(&named).totals(&[("objects", 0), ("objects_rejected", 1), ("rows_read", 0), ("files", 0)]);
    assert_eq!(work.files("table"), files, "an object that is still broken leaves nothing behind");

    let content = if bad_key.ends_with(".gz") { gz(&texts[1]) } else { texts[1].clone().into_bytes() };
    work.write(&bad_path, content);
    let repaired = work.convert(&ON_THIS_DAY);
    repaired.code(0).totals(&[("objects", 1), ("objects_rejected", 0), ("rows_written", 4)]);
    assert_rows(&work.rows(), &all_expected(&texts));
    assert_eq!(work.entries(), ["claim", "done", "claim", "done"]);
    work.convert(&ON_THIS_DAY).nothing_to_do(3);
}

#[test]
fn truncated_gzip() {
    let packed = gz(text(3, 40));
    for cut in [packed.len() - 1, packed.len() - 8, packed.len() / 2, 12, 5, 1] {
        // One byte of gzip's magic number is not recognised as gzip.
        let reason = match cut {
            1 => "the object is named .gz but is not gzip (it begins with 1f)".to_owned(),
            _ => format!("the gzip data is cut off after {cut} bytes"),
        };
        rejected_object(&packed[..cut], &reason);
    }
}

#[test]
fn truncated_second_gzip_member() {
    let (mut packed, second) = (gz(text(3, 40)), gz(line(50) + "\n"));
    packed.extend(&second[..second.len() - 3]);
    rejected_object(&packed, &format!("the gzip data is cut off after {} bytes", packed.len()));
}

#[test]
fn damaged_gzip() {
    let good = gz(text(3, 40));
    let mut checksum = good.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    rejected_object(&checksum, "the gzip data is damaged: corrupt gzip stream does not have a matching checksum");
    let mut behind = good;
    behind.extend(b"something else");
    rejected_object(&behind, "the gzip data is damaged: invalid gzip header");
}

#[test]
fn flipped_bits_in_gzip_never_give_rows() {
    let good = gz(text(3, 40));
    for at in (10..good.len()).step_by(good.len() / 9) {
        let work = Work::new();
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        work.write(&format!("raw/{}", key(1)), &bad);
        work.object(&key(0), text(0, 3));
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).totals(&[("rows_written", 3), ("rows_read", 3), ("objects_rejected", 1)]);
        ran.says("rejected: the gzip data is ");
    }
}

/// A copy that failed, mostly: somebody should know, but not every night.
#[test]
fn whatever_it_is_called_an_object_of_0_bytes_is_named_and_what_stands_for_a_folder_is_not() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    let month = folder.rsplit_once('/').unwrap().0.to_owned();
    for marker in
        [format!("{folder}/05_$folder$"), format!("{folder}/05"), format!("{month}/16"), format!("{month}/day=15")]
    {
        work.write(&format!("raw/{marker}"), "");
    }
    let empty = work.write(&format!("raw/{folder}/part-0"), "");
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).says(&format!("rejected: the object is empty (0 bytes)\n  at WORK/{empty}\n"));
    ran.totals(&[("objects", 1), ("objects_empty", 1), ("rows_written", 3)]);
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
}

#[test]
fn an_object_of_0_bytes_is_named_once() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let empty = work.write(&format!("raw/{}", key(1)), "");
    let named = format!(
        "rejected: the object is empty (0 bytes)\n  at WORK/{empty}\n1 object of 0 bytes: named this once, and read when there is \
         something to read\n"
    );
    let first = work.convert(&ON_THIS_DAY);
    first.code(1).says(&named).does_not_say("tried again next time");
    first.totals(&[("objects", 1), ("objects_rejected", 1), ("objects_empty", 1), ("rows_written", 3)]);
    let files = work.files("table");
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
    assert_eq!(work.files("table"), files);
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    work.run(&["rejects", "table"]).code(0);
    let status = work.run(&["status", "table", "--source", "raw", "--day", DAY, "--json"]);
    let day = &serde_json::from_str::<serde_json::Value>(&status.code(0).stdout).unwrap()["days"][DAY];
    assert_eq!((&day["empty_objects"], &day["rejected_objects"]), (&1.into(), &0.into()));
    // Its logs come after all; and what is broken besides is named every time.
    work.write(&empty, gz(text(3, 4)));
    work.write(&format!("raw/{}", key(2)), &gz(text(9, 9))[..20]);
    let status = work.run(&["status", "table", "--source", "raw", "--day", DAY]);
    assert!(status.code(1).stdout.contains("2 objects to convert: run convert"), "{}", status.stdout);
    let verified = work.run(&["verify", "raw", "table", "--day", DAY]);
    assert!(verified.code(1).stdout.contains("it had no bytes and changed since: run convert"), "{}", verified.stdout);
    let repaired = work.convert(&ON_THIS_DAY);
    repaired.code(1).says("rejected objects stay unconverted and are tried again next time\n");
    repaired.totals(&[("objects", 1), ("objects_rejected", 1), ("objects_empty", 0), ("rows_written", 4)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 3), &text(3, 4)]));
    // What was converted is not given up for nothing.
    work.write(&empty, "");
    work.convert(&ON_THIS_DAY).code(1).totals(&[("rows_written", 0)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 3), &text(3, 4)]));
}

#[test]
fn objects_with_nothing_to_read_are_converted() {
    let header = format!("{V2}\n");
    for nothing in [gz(""), gz("\n \r\n\n"), gz(&header), header.into_bytes(), [gz(""), gz("")].concat()] {
        let work = Work::new();
        work.object(&key(0), text(0, 3));
        work.write(&format!("raw/{}", key(1)), &nothing);
        work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 2), ("rows_read", 3), ("objects_rejected", 0)]);
        work.convert(&ON_THIS_DAY).nothing_to_do(2);
        let verified = work.run(&["verify", "raw", "table", "--day", DAY]);
        assert!(verified.code(0).stdout.contains("everything agrees"), "{}", verified.stdout);
        work.run(&["status", "table", "--source", "raw"]).code(0);
        assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
        // Alone, there is nothing but an entry in the ledger; and rows that come later take its place.
        let work = Work::new();
        let object = work.write(&format!("raw/{}", key(1)), &nothing);
        work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1), ("files", 0)]);
        work.convert(&ON_THIS_DAY).nothing_to_do(1);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
        work.write(&object, gz(text(0, 7)));
        work.convert(&ON_THIS_DAY).code(0).totals(&[("rows_written", 7)]);
    }
}

/// Not the lines are wrong then, but the format that they are read by.
#[test]
fn a_flood_of_rejects_says_that_the_format_is_probably_wrong() {
    let work = Work::new();
    // Fields in another order than the header names them.
    let swapped = text(0, 40).replacen("srcaddr dstaddr srcport", "srcport srcaddr dstaddr", 1);
    let first = swapped.lines().next().unwrap().to_owned();
    work.object(&key(0), &swapped);
    work.object(&key(1), text(40, 40));
    let ran = work.convert(&ON_THIS_DAY);
    let object = format!("WORK/raw/{}", key(0));
    ran.code(1).says(&format!(
        "the format is probably wrong: 40 of 80 rows do not fit\n  at {object}\n  its first line: {first}\n  known format:   {V2}\n"
    ));
    ran.says("rejected: ");
    let flood = &ran.report()["flood"];
    assert_eq!((&flood["rows_rejected"], &flood["rows_read"]), (&40.into(), &80.into()));
    assert_eq!((flood["first_line"].as_str(), flood["known"].as_str()), (Some(&*first), Some(V2)));
    assert!(work.convert(&ON_THIS_DAY).report().get("flood").is_none());
    let limited = |dest: &str, limit: &str| work.convert_from("raw", dest, &["--day", DAY, "--max-rejects", limit]);
    limited("half", "50%").code(1).does_not_say("probably wrong");
    limited("less", "49.9%").code(1).says("the format is probably wrong: ");
    limited("forty", "40").code(1).does_not_say("probably wrong");
    limited("fewer", "39").code(1).says("the format is probably wrong: ");

    // A line or two are no flood, however few others there are.
    let work = Work::new();
    work.object(&key(0), format!("{}a line\nanother one\n", text(0, 3)));
    work.convert(&ON_THIS_DAY).code(1).does_not_say("probably wrong");
    // A wrong --log-format.
    let work = Work::new();
    work.object(&key(0), text(0, 3).split_once('\n').unwrap().1);
    let ran = work.convert(&["--day", DAY, "--log-format", "${version} ${srcaddr}"]);
    let known = format!("  its first line: {}\n  known format:   --log-format ${{version}} ${{srcaddr}}\n", line(0));
    ran.code(1).says("the format is probably wrong: 3 of 3 rows do not fit\n").says(&known);
    for bad in ["2", "1%"].map(|good| format!("-{good}")).iter().chain(&["much".into(), "101%".into(), "1.5".into()]) {
        let ran = work.run(&["convert", "raw", "table", &format!("--max-rejects={bad}")]);
        ran.code(2).says(&format!("error: invalid value '{bad}' for '--max-rejects <SHARE>': not a share or number of lines: write it as 1% or 1000\n"));
    }
}

#[test]
fn not_gzip_under_a_gz_name() {
    rejected_object(
        b"BZh91AY&SY\x01",
        "the first line is not a header (it begins \"BZh91AY&SY\\u{1}\"); give --log-format for objects without one",
    );
    rejected_object(b"(\xb5/\xfd", "the object is named .gz but is not gzip (it begins with 28 b5 2f fd)");
}

/// Whatever the name says: the first bytes tell gzip from text.
#[test]
fn the_content_decides_what_an_object_is() {
    let work = Work::new();
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    let texts: Vec<String> = (0..7).map(|i| text(i * 10, 3)).collect();
    for (i, name) in ["a.log.gz", "b", "c.log", "d.log.gz.1"].iter().enumerate() {
        work.write(&format!("raw/{folder}/{name}"), gz(&texts[i]));
    }
    work.write(&format!("raw/{folder}/e.log.gz"), &texts[4]);
    work.write(&format!("raw/{folder}/f"), &texts[5]);
    work.write(&format!("raw/{folder}/g.csv"), &texts[6]);
    for note in ["README", "SHA256SUMS", "a.log.gz.sha1", "a.log.gz.sig", "Thumbs.db", "logs.zip"] {
        work.write(&format!("raw/{folder}/{note}"), "of no flow log\n");
    }
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 7), ("rows_written", 21)]);
    assert_rows(&work.rows(), &all_expected(&texts));
    work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
}

#[test]
fn object_without_a_header_line() {
    let headless = text(3, 4).split_once('\n').unwrap().1.to_owned();
    let reason = "the first line is not a header (it begins \"2 123456789012 eni-00000000000000003 10....\"); give --log-format for objects without one";
    rejected_object(&gz(&headless), reason);
}

#[test]
fn log_format_reads_objects_without_a_header_line() {
    let work = Work::new();
    let headless = text(3, 4).split_once('\n').unwrap().1.to_owned();
    work.object(&key(0), text(0, 3));
    work.object(&key(1), &headless);
    work.convert(&ON_THIS_DAY).code(1);
    let described: Vec<String> = V2.split(' ').map(|name| format!("${{{name}}}")).collect();
    // Tried again because it was rejected, with the format that is said now.
    let ran = work.convert(&["--day", DAY, "--log-format", &described.join(" ")]);
    ran.code(0).totals(&[("objects", 1), ("rows_written", 4)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 3), &text(3, 4)]));

    // Bare names do as well; an object that has a header keeps to it.
    let other = "raw2/".to_owned() + &key(0);
    work.write(&other, gz(&headless));
    work.write(&("raw2/".to_owned() + &key(1)), gz("srcaddr bytes\n10.0.0.1 7\n"));
    work.convert_from("raw2", "table2", &["--day", DAY, "--log-format", V2]).code(0).totals(&[("rows_written", 5)]);
    let mut rows = all_expected([&text(3, 4), &"srcaddr bytes\n10.0.0.1 7\n".to_owned()]);
    rows.sort();
    assert_rows(&work.rows_of("table2"), &rows);
}

#[test]
fn header_with_a_field_twice() {
    let twice = "version srcaddr dstaddr srcaddr\n2 10.0.0.1 10.0.0.2 10.0.0.3\n";
    rejected_object(&gz(twice), "the header names the field \"srcaddr\" twice");
    let alike = "version new-field new_field\n2 a b\n";
    rejected_object(&gz(alike), "the header names the field \"new_field\" twice");
}

#[test]
fn header_that_is_not_utf_8() {
    rejected_object(
        &gz(b"version srcaddr\xff\n2 10.0.0.1\n"),
        "the first line is not a header (it begins \"version srcaddr\u{fffd}\"); give --log-format for objects without one",
    );
}

#[test]
fn object_over_the_limit() {
    let work = Work::new();
    let limit = ["--max-object-bytes", "1000"];
    let bad = gz(text(3, 40));
    rejected_object_named(&work, &key(1), &bad, "the object unpacks to more than --max-object-bytes 1000", &limit);
    let work = Work::new();
    let plain = key(1).replace(".gz", "");
    let text = text(3, 40);
    rejected_object_named(
        &work,
        &plain,
        text.as_bytes(),
        "the object unpacks to more than --max-object-bytes 1000",
        &limit,
    );
}

#[test]
fn an_object_over_the_limit_is_converted_when_the_limit_is_raised() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    work.object(&key(1), text(2, 40));
    work.convert(&["--day", DAY, "--max-object-bytes", "1000"]).code(1).totals(&[("rows_written", 2)]);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("rows_written", 40)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 2), &text(2, 40)]));
}

#[test]
fn a_day_of_nothing_but_rejected_objects_gives_no_file() {
    let work = Work::new();
    work.write(&format!("raw/{}", key(0)), &gz(text(0, 9))[..20]);
    work.convert(&ON_THIS_DAY).code(1).totals(&[("files", 0), ("objects_rejected", 1), ("objects", 0)]);
    assert_eq!(work.parquet_files("table"), [""; 0]);
    let files = work.files("table");
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects_rejected", 1)]);
    assert_eq!(work.files("table"), files);
    work.object(&key(0), text(0, 2));
    work.convert(&ON_THIS_DAY).code(0);
    assert_rows(&work.rows(), &all_expected([&text(0, 2)]));
}

#[test]
fn a_header_and_nothing_else_is_converted() {
    let work = Work::new();
    work.object(&key(0), format!("{V2}\n"));
    work.object(&key(1), V2);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 2), ("rows_read", 0), ("files", 0)]);
    assert_eq!(work.parquet_files("table"), [""; 0]);
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
    // Beside one with rows it changes nothing.
    work.object(&key(2), text(0, 2));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1), ("rows_written", 2)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 2)]));
}

// ---- Lines

/// A line that does not fit, between lines that do: it is kept whole with its place, they are converted.
#[track_caller]
fn rejected_line(bad: &[u8], reason: &str) {
    let work = Work::new();
    let first = format!("{V2}\n{}\n", line(0));
    let mut content = first.clone().into_bytes();
    content.extend(bad);
    content.push(b'\n');
    content.extend(format!("{}\n", line(1)).bytes());
    work.object(&key(0), &content);
    work.object(&key(1), text(2, 3));

    let ran: Ran = work.convert(&ON_THIS_DAY);
    ran.code(1);
    ran.totals(&[("objects", 2), ("rows_read", 6), ("rows_written", 5), ("rows_rejected", 1), ("objects_rejected", 0)]);
    ran.says(&format!(
        "rejected: {reason}\n  at WORK/raw/{}, line 3, byte {}\nrejected rows are kept whole below WORK/table/_flowparquet/rejects/\n",
        key(0),
        first.len()
    ));
    assert_rows(&work.rows(), &all_expected([&text(0, 2), &text(2, 3)]));

    let kept = work.rejects();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let kept = &kept[0];
    assert_eq!((&kept["kind"], &kept["reason"]), (&"row".into(), &reason.into()));
    assert_eq!((&kept["line"], &kept["byte"]), (&3.into(), &first.len().into()));
    assert!(kept["object"].as_str().unwrap().ends_with(&key(0)), "{kept}");
    match std::str::from_utf8(bad) {
        Ok(text) => assert_eq!((&kept["text"], kept.get("hex")), (&text.into(), None)),
        Err(_) => {
            let hex: String = bad.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!((&kept["hex"], kept.get("text")), (&hex.into(), None));
        }
    }
    work.convert(&ON_THIS_DAY).nothing_to_do(2);
}

/// Returns a record with one field replaced.
fn with(field: &str, value: &str) -> String {
    let place = V2.split(' ').position(|name| name == field).unwrap();
    let line = line(9);
    let mut values: Vec<&str> = line.split(' ').collect();
    values[place] = value;
    values.join(" ")
}

#[test]
fn line_with_a_field_too_few() {
    let line = line(9);
    rejected_line(line.rsplit_once(' ').unwrap().0.as_bytes(), "13 fields, the header names 14");
    rejected_line(b"2", "1 field, the header names 14");
}

#[test]
fn line_with_a_field_too_many() {
    rejected_line(format!("{} more", line(9)).as_bytes(), "15 fields, the header names 14");
}

#[test]
fn port_that_is_no_number() {
    rejected_line(with("srcport", "65543x").as_bytes(), "field 'srcport' is not a number (int): \"65543x\"");
    rejected_line(with("dstport", "+1").as_bytes(), "field 'dstport' is not a number (int): \"+1\"");
    rejected_line(with("packets", "1.5").as_bytes(), "field 'packets' is not a number (bigint): \"1.5\"");
    rejected_line(with("end", "--1").as_bytes(), "field 'end' is not a number (bigint): \"--1\"");
    rejected_line(with("start", "0x10").as_bytes(), "field 'start' is not a number (bigint): \"0x10\"");
    rejected_line(with("start", "\u{663}").as_bytes(), "field 'start' is not a number (bigint): \"\u{663}\"");
}

#[test]
fn number_out_of_range() {
    rejected_line(
        with("bytes", "9223372036854775808").as_bytes(),
        "field 'bytes' is out of range for bigint: \"9223372036854775808\"",
    );
    rejected_line(
        with("protocol", "2147483648").as_bytes(),
        "field 'protocol' is out of range for int: \"2147483648\"",
    );
    let long = "9".repeat(100);
    let reason = format!("field 'packets' is out of range for bigint: \"{}...\"", "9".repeat(60));
    rejected_line(with("packets", &long).as_bytes(), &reason);
}

#[test]
fn numbers_at_the_edge_of_their_range_are_fine() {
    let work = Work::new();
    let lines = [
        with("bytes", "9223372036854775807"),
        with("bytes", "-9223372036854775808"),
        with("protocol", "2147483647"),
        with("protocol", "-2147483648"),
        with("srcport", "00000000000000000000443"),
    ];
    let text = format!("{V2}\n{}\n", lines.join("\n"));
    work.object(&key(0), &text);
    work.convert(&ON_THIS_DAY).code(0);
    assert_rows(&work.rows(), &all_expected([&text]));
}

#[test]
fn line_that_is_not_utf_8() {
    let mut bad = line(9).into_bytes();
    let at = bad.len() - 1;
    bad[at] = 0xff;
    rejected_line(&bad, &format!("not UTF-8 at byte {at} of the line"));
    bad.extend(b" one more");
    rejected_line(&bad, "16 fields, the header names 14");
}

#[test]
fn line_with_several_faults_is_rejected_once() {
    rejected_line(with("srcport", "x").replace("443", "y").as_bytes(), "field 'srcport' is not a number (int): \"x\"");
}

#[test]
fn rejected_lines_of_a_stopped_run_are_kept_once() {
    let work = Work::new();
    work.object(&key(0), format!("{}{}\n", text(0, 3), with("srcport", "x")));
    work.convert(&ON_THIS_DAY).code(1);
    let kept = work.rejects();
    work.remove(&work.entry(2));
    work.convert(&ON_THIS_DAY);
    assert_eq!(work.rejects(), kept);
    assert_eq!(work.ledger()[1]["rejected_rows"], 1);
}

#[test]
fn many_rejects_are_counted_and_the_first_named() {
    let work = Work::new();
    let bad: String = (0..250).map(|_| "not a record\n").collect();
    work.object(&key(0), format!("{}{bad}", text(0, 3)));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("rows_read", 253), ("rows_written", 3), ("rows_rejected", 250)]);
    assert_eq!(ran.report()["rejects"].as_array().unwrap().len(), 100);
    ran.says("rejected: and 245 more (--report names the first 100)\n");
    assert_eq!(ran.stderr.matches("rejected: 3 fields, the header names 14\n").count(), 5, "{}", ran.stderr);
    assert_eq!(work.rejects().len(), 250);
}

#[test]
fn an_object_of_rejected_lines_only_is_converted_without_a_file() {
    let work = Work::new();
    work.object(&key(0), format!("{V2}\nnot a record\n"));
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects", 1), ("rows_rejected", 1), ("files", 0)]);
    assert_eq!(work.parquet_files("table"), [""; 0]);
    work.convert(&ON_THIS_DAY).nothing_to_do(1);
}

#[test]
fn a_report_that_cannot_be_written_says_so() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    let ran = work.run(&["convert", "raw", "table", "--day", DAY, "--report", "no/such/folder/report.json"]);
    ran.code(3)
        .says("error: the conversion is done, but its report cannot be written\n  at no/such/folder/report.json\n");
    assert_rows(&work.rows(), &all_expected([&text(0, 2)]));
    work.convert(&ON_THIS_DAY).nothing_to_do(1);
}

#[test]
fn an_object_that_cannot_be_read_stops_the_run_and_loses_nothing() {
    let work = Work::new();
    work.object(&key(0), text(0, 2));
    let path = work.object(&key(1), text(2, 2));
    // A link to nowhere is listed by no store; a folder without permission is what a disk can do, unless we are root.
    fs::remove_file(work.path(&path)).unwrap();
    std::os::unix::fs::symlink("/nowhere", work.path(&path)).unwrap();
    let ran = work.convert(&ON_THIS_DAY);
    if ran.code == Some(0) {
        assert_rows(&work.rows(), &all_expected([&text(0, 2)]));
    }
    fs::remove_file(work.path(&path)).unwrap();
    work.object(&key(1), text(2, 2));
    work.convert(&ON_THIS_DAY).code(0);
    assert_rows(&work.rows(), &all_expected([&text(0, 2), &text(2, 2)]));
}

/// Objects that cannot be read, for whom others speak.
fn unreadable() -> [(&'static str, Vec<u8>); 5] {
    let whole = gz(text(0, 50));
    [
        ("not gzip", b"\x80hello".to_vec()),
        ("empty", Vec::new()),
        ("cut off early", whole[..12].to_vec()),
        ("byte order mark", gz(format!("\u{feff}{}", text(0, 2)))),
        ("no header", gz(format!("{}\n", line(1)))),
    ]
}

#[test]
fn the_newest_readable_object_tells_the_log_type_and_the_columns() {
    for (what, content) in unreadable() {
        let work = Work::new();
        let tgw =
            "version resource-type account-id tgw-id tgw-attachment-id\n6 TransitGateway 123456789012 tgw-1 a-1\n";
        work.object(&key(3), tgw);
        for number in [5, 6, 7] {
            work.write(&format!("raw/{}", key(number)), &content);
        }
        let ran = work.run(&["ddl", "--raw", "raw", "--location", "s3://bucket/raw"]);
        assert!(ran.code(0).stdout.contains("tgw_attachment_id"), "{what}: {}", ran.stdout);
        // Founded as a table of VPC logs, it would take none of these for ever.
        work.convert(&ON_THIS_DAY).code(1).totals(&[("rows_written", 1), ("objects_rejected", 3)]);
    }
}
