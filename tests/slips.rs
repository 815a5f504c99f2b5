//! Slips of the keyboard: what is said of a SOURCE, DEST, account or Region that cannot be meant, and what was meant.

use crate::util::{ACCOUNT, DAY, Layout, REGION, Work, gz, key, name, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

/// One account with two Regions, another one that has no flow logs, and a day that nobody asks for.
fn logs() -> Work {
    let work = Work::new();
    for region in [REGION, "eu-west-1"] {
        work.object(&Layout::Default.key(ACCOUNT, region, DAY, 0), text(0, 3));
    }
    work.object(&Layout::Hive.key("222222222222", "us-east-1", "2026-01-10", 0), text(3, 3));
    work.object(&format!("AWSLogs/333333333333/CloudTrail/{REGION}/2026/01/15/x.json.gz"), "{}");
    work
}

#[test]
fn an_account_or_region_that_source_does_not_have_is_refused_and_those_there_are_named() {
    let work = logs();
    let refused = |args: &[&str], said: &str| {
        for command in ["convert", "plan"] {
            work.run(&[&[command, "raw", "table", "--merge"], &ON_THIS_DAY[..], args].concat()).code(2).says_only(said);
        }
        assert!(!work.path("table").exists());
    };
    let account = |asked: &str, there: &str| {
        format!("error: SOURCE has no flow logs of account {asked}\n  at WORK/raw\n  help: there are {there}\n")
    };
    refused(&["--account", "123456789013"], &account("123456789013", "123456789012, 222222222222, 333333333333"));
    // It has folders, and none of flow logs.
    refused(&["--account", "333333333333"], &account("333333333333", "123456789012, 222222222222"));
    refused(
        &["--account", ACCOUNT, "--account", "000000000000"],
        &account("000000000000", "123456789012, 222222222222, 333333333333"),
    );
    let region = "error: SOURCE has no flow logs of Region us-east-2\n  at WORK/raw\n  help: there are ap-northeast-1, eu-west-1, us-east-1\n";
    refused(&["--region", "us-east-2"], region);
    // Of the asked accounts.
    refused(
        &["--region", "us-east-1", "--account", ACCOUNT],
        "error: SOURCE has no flow logs of Region us-east-1\n  at WORK/raw\n  help: there are ap-northeast-1, eu-west-1\n",
    );
    work.run(&["ddl", "--raw", "raw", "--account", "123456789013"]).code(2).says("error: SOURCE has no flow logs of");

    // Which has logs, and none of this day, is no slip.
    let ran = work.convert(&["--day", DAY, "--account", "222222222222"]);
    ran.code(0).says_only("nothing to do: no log objects for 2026-01-15 below WORK/raw\n");
    work.convert(&["--day", DAY, "--account", ACCOUNT, "--region", REGION]).code(0).totals(&[("objects", 1)]);
    // Where SOURCE lies within an account.
    let below = format!("raw/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}");
    work.convert_from(&below, "other", &["--day", DAY, "--account", ACCOUNT]).code(0).totals(&[("objects", 1)]);
    work.convert_from(&below, "other", &["--day", DAY, "--account", "222222222222"]).code(2);
}

#[test]
fn an_account_of_copies_is_refused_only_where_all_names_were_seen() {
    let work = Work::new();
    work.object(&format!("flat/{}", name(ACCOUNT, REGION, DAY, 0)), text(0, 3));
    work.object(&format!("days/2026/01/15/{}", name(ACCOUNT, REGION, DAY, 0)), text(0, 3));
    work.object(&format!("days/2026/02/15/{}", name("222222222222", REGION, "2026-02-15", 0)), text(0, 3));
    let other = ["--day", DAY, "--account", "222222222222"];
    work.convert_from("raw/flat", "table", &other).code(2).says(
        "error: SOURCE has no flow logs of account 222222222222\n  at WORK/raw/flat\n  help: there are 123456789012\n",
    );
    work.convert_from("raw/days", "table", &other).code(0);
    work.convert_from("raw/days", "table", &["--all", "--account", "222222222222"]).code(0).totals(&[("objects", 1)]);
}

#[test]
fn what_is_in_the_table_is_verified_when_its_raw_logs_are_gone() {
    let work = logs();
    let parted = ["--partition-by", "account-region-day", "--all"];
    work.convert(&parted).code(0);
    work.remove("raw/AWSLogs/aws-account-id=222222222222");
    let ran = work.run(&["verify", "raw", "table", "--all", "--account", "222222222222"]);
    assert!(ran.code(0).stdout.contains("1 raw object gone"), "{}", ran.stdout);
    // Of accounts that were not asked for, nothing is said.
    work.run(&["verify", "raw", "table", "--all", "--account", ACCOUNT]).code(0);
    work.run(&["verify", "raw", "table", "--all", "--account", "444444444444"])
        .code(2)
        .says("error: SOURCE has no flow logs of account 444444444444\n");
}

#[test]
fn verify_refuses_accounts_and_regions_that_nothing_has() {
    for by in ["day", "account-region-day"] {
        let work = logs();
        work.convert(&["--all", "--merge", "--partition-by", by]).code(0);
        let verify = |args: &[&str]| work.run(&[&["verify", "raw", "table"], args].concat());
        for days in [&["--all"][..], &ON_THIS_DAY[..], &["--day", "2026-05-05"]] {
            for (option, what, name) in [("--account", "account", "999999999999"), ("--region", "Region", "us-west-2")]
            {
                let ran = verify(&[days, &[option, name]].concat());
                ran.code(2).says(&format!("error: SOURCE has no flow logs of {what} {name}\n"));
                assert_eq!(ran.stdout, "", "{by}");
            }
            // Who is asked for has none there, another account has.
            verify(&[days, &["--account", ACCOUNT, "--region", "us-east-1"]].concat()).code(2);
            verify(&[days, &["--account", ACCOUNT]].concat()).code(0);
        }
        // What the table has is verified without its raw logs.
        work.remove("raw/AWSLogs/aws-account-id=222222222222");
        verify(&["--all", "--account", "222222222222"]).code(0);
        verify(&["--all", "--account", "222222222222", "--region", "us-west-2"]).code(2);
    }
}

#[test]
fn status_looks_at_the_accounts_and_regions_that_are_converted() {
    let work = logs();
    work.object(&Layout::Hive.key("222222222222", "us-east-1", DAY, 0), text(3, 3));
    work.convert(&["--day", DAY, "--account", ACCOUNT, "--region", REGION]).code(0);
    let status = |args: &[&str]| work.run(&[&["status", "table", "--source", "raw", "--day", DAY], args].concat());
    status(&[]).code(1);
    status(&["--account", ACCOUNT]).code(1);
    status(&["--region", REGION]).code(0);
    status(&["--account", ACCOUNT, "--region", REGION]).code(0);
    status(&["--account", "222222222222"]).code(1);
    status(&["--account", "999999999999"]).code(2).says("error: SOURCE has no flow logs of account 999999999999\n");
}

#[test]
fn accounts_and_regions_that_cannot_be() {
    let work = logs();
    for account in ["12345678901", "1234-5678-9012", "prod", "1234567890123", ""] {
        let said = format!(
            "error: invalid value '{account}' for '--account <ID>': not an account: it has 12 digits, zeros before it too, and no \
             hyphens\n"
        );
        for command in [&["convert", "raw", "table"][..], &["verify", "raw", "table"], &["compact", "table"]] {
            // The program for an empty value has words of its own.
            let ran = work.run(&[command, &[&format!("--account={account}")]].concat());
            if account.is_empty() {
                ran.code(2)
            } else {
                ran.code(2).says(&said)
            };
        }
    }
    let said = "error: invalid value 'eu west 1' for '--region <REGION>': not a Region: write it as us-east-1\n";
    work.run(&["plan", "raw", "table", "--region", "eu west 1"]).code(2).says(said);
}

#[test]
fn a_table_as_source_is_refused() {
    let work = logs();
    for by in ["day", "account-region-day"] {
        work.convert_from("raw", by, &["--all", "--merge", "--partition-by", by]).code(0);
        let said = format!(
            "error: SOURCE is a table that flowparquet made\n  at WORK/{by}\n  help: SOURCE is where the raw logs are, and comes \
             first; DEST is the table, and comes second\n"
        );
        for command in ["convert", "plan"] {
            work.run(&[command, by, "raw", "--day", DAY]).code(2).says_only(&said);
        }
        work.run(&["verify", by, by]).code(2).says_only(&said);
        work.run(&["verify", by, "raw"]).code(2).says_only(&said);
        work.run(&["ddl", "--raw", by]).code(2).says_only(&said);
        // A folder of it.
        let top = work.partitions(by)[0].split('/').next().unwrap().to_owned();
        let said = format!(
            "error: SOURCE lies in a table that flowparquet made\n  at WORK/{by}/{top}\n  help: SOURCE is where the raw logs are; the \
             table is WORK/{by}\n"
        );
        work.run(&["convert", &format!("{by}/{top}"), "new", "--day", DAY]).code(2).says_only(&said);
    }
}

#[test]
fn a_table_beside_the_raw_logs_is_no_delivery_of_aws() {
    let work = logs();
    work.convert_from("raw", "made", &["--all", "--merge"]).code(0);
    let copy = |place: &str| {
        for file in work.files("made") {
            work.write(&format!("{place}/{file}"), std::fs::read(work.path(&format!("made/{file}"))).unwrap());
        }
    };
    // Beside, and in the same folder.
    for (place, dest) in [("raw/flow-parquet", "one"), ("raw", "two")] {
        copy(place);
        let ran = work.convert_from("raw", dest, &["--day", DAY, "--merge"]);
        ran.code(0).totals(&[("objects", 2)]).does_not_say("AWS");
        let said = "passed over: it is a table that flowparquet made, and holds no raw logs\n";
        ran.says(&format!("{said}  at WORK/{place}\n"));
        assert_eq!((&ran.report()["objects_to_look_at"], &ran.report()["objects_passed_over"]), (&0.into(), &1.into()));
        if place != "raw" {
            work.remove(place);
        }
    }
    // Parquet of somebody else's, and AWS's.
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    work.write(&format!("raw/{folder}/part-0.snappy.parquet"), "PAR1");
    let ran = work.convert_from("raw", "three", &["--day", DAY, "--merge"]);
    ran.code(0).says("passed over: it is Parquet, and not called as AWS calls what it delivers\n");
}

#[test]
fn one_object_as_source_is_refused_and_its_folder_is_said() {
    let work = logs();
    let object = format!("raw/{}", key(0));
    let folder = object.rsplit_once('/').unwrap().0.to_owned();
    for command in ["convert", "plan"] {
        work.run(&[command, &object, "table", "--day", DAY]).code(2).says_only(&format!(
            "error: SOURCE is one object, and must be a folder\n  at WORK/{object}\n  help: give its folder, WORK/{folder}, and its day\n"
        ));
    }
    work.convert_from(&folder, "table", &ON_THIS_DAY).code(0).totals(&[("objects", 1)]);
}

#[test]
fn other_spellings_of_a_place() {
    let work = logs();
    let refused = |place: &str, said: &str| {
        for args in [&["convert", place, "table"][..], &["convert", "raw", place], &["status", place]] {
            work.run(args).code(2).says_only(&format!("error: {said}\n"));
        }
    };
    let no_location =
        |place: &str, meant: &str| refused(place, &format!("{place:?} is no location\n  help: write {meant}"));
    no_location("S3://logs/AWSLogs/", "s3://logs/AWSLogs/");
    no_location("s3n://logs", "s3://logs");
    no_location("s3:/logs/x", "s3://logs/x");
    no_location("arn:aws:s3:::logs/AWSLogs/*", "s3://logs/AWSLogs/");
    no_location("https://logs.s3.eu-west-1.amazonaws.com/AWSLogs/", "s3://logs/AWSLogs/");
    no_location("https://s3.amazonaws.com/logs/AWSLogs", "s3://logs/AWSLogs");
    no_location(
        "https://minio.example:9000/logs",
        "s3://bucket/prefix; the server of an S3-compatible store is given by --endpoint-url",
    );
    refused(
        "~/logs",
        "\"~/logs\" begins with ~, which is the shell's word for your home folder\n  help: write it without quotes; a folder \
         that is called ~ is ./~",
    );
    // Nobody's signature is printed.
    let signed = "https://logs.s3.amazonaws.com/x?X-Amz-Signature=0123456789abcdef";
    work.run(&["convert", signed, "table"]).code(2).does_not_say("0123456789abcdef");
    work.run(&["convert", "https://me:secret@logs.example/x", "table"]).code(2).does_not_say("secret");
    assert_eq!(work.files("table"), Vec::<String>::new());
}

#[test]
fn a_bucket_without_its_scheme() {
    let work = logs();
    let said = "error: there is no such folder\n  at my-logs/AWSLogs\n  help: if it is a bucket, write s3://my-logs/AWSLogs; else check its spelling\n";
    for args in [
        &["convert", "my-logs/AWSLogs", "table"][..],
        &["plan", "my-logs/AWSLogs", "table"],
        &["verify", "my-logs/AWSLogs", "raw"],
        &["ddl", "--raw", "my-logs/AWSLogs"],
    ] {
        work.run(args).code(2).says_only(said);
    }
    work.run(&["status", "my-table"]).code(2).says_only(
        "error: nothing is converted here yet\n  at my-table\n  help: there is no such folder; if it is a bucket, write s3://my-table\n",
    );
    // A folder that is there is one.
    work.write("my-logs/x.log.gz", gz(text(0, 1)));
    work.run(&["convert", "my-logs", "table", "--assume-day", DAY]).code(0);
}

#[test]
fn doctor_of_the_local_disk_finds_what_is_wrong_and_leaves_nothing() {
    let work = logs();
    let ran = work.run(&["doctor", "raw", "table"]);
    assert!(ran.code(0).stdout.ends_with("everything that a run needs is there\n"), "{}", ran.stdout);
    assert!(!work.path("table").exists());
    work.convert(&["--day", DAY, "--merge"]).code(0);
    let before = work.files("table");
    let ran = work.run(&["doctor", "table"]);
    assert!(ran.code(0).stdout.contains("table             vpc by day"), "{}", ran.stdout);
    assert_eq!(work.files("table"), before);
    work.write("file", "x");
    let ran = work.run(&["doctor", "raw", "file/table", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&ran.code(2).stdout).unwrap();
    assert_eq!(found["ready"], false, "{found}");
}
