//! Events on standard error: silent unless asked, what `-v` and `-vv` say, text and JSON, and no secret in any of them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::util::{DAY, Ran, V2, Work, key, line, text};

const JSON: [&str; 2] = ["--log-output", "json"];
const CONVERT: [&str; 7] = ["convert", "raw", "table", "--day", DAY, "--progress", "none"];

/// Runs the program with variables of the environment.
fn run(work: &Work, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
    command.args(args).current_dir(work.path("")).env_clear().envs(variables.iter().copied());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    work.wait(args, child)
}

/// Returns the events of a run with `--log-output json`: every line that begins like one must be one.
#[track_caller]
fn events(ran: &Ran) -> Vec<Json> {
    let lines = ran.stderr.lines().filter(|line| line.starts_with('{'));
    let parse =
        |line: &str| -> Json { serde_json::from_str(line).unwrap_or_else(|e| ran.fail(&format!("{line}: {e}"))) };
    lines.map(parse).collect()
}

/// Returns the events of this message, their fields only.
fn of<'a>(events: &'a [Json], message: &str) -> Vec<&'a Json> {
    events.iter().map(|event| &event["fields"]).filter(|fields| fields["message"] == message).collect()
}

/// Asserts that these messages stand among the events in this order.
#[track_caller]
fn in_order(ran: &Ran, wanted: &[&str]) {
    let events = events(ran);
    let messages: Vec<&str> = events.iter().map(|event| event["fields"]["message"].as_str().unwrap()).collect();
    let mut rest = messages.iter();
    for message in wanted {
        if !rest.any(|found| found == message) {
            ran.fail(&format!("{message:?} is missing, or stands elsewhere"));
        }
    }
}

fn objects(work: &Work, numbers: std::ops::Range<u32>) {
    for number in numbers {
        work.object(&key(number), text(u64::from(number) * 100, 7));
    }
}

#[test]
fn silent_by_default() {
    let work = Work::new();
    objects(&work, 0..2);
    let compact = ["compact", "table", "--min-age", "0"];
    let verify = ["verify", "raw", "table", "--day", DAY, "--progress", "none"];
    for args in [&CONVERT[..], &compact, &verify, &["status", "table"], &["ledger", "table"]] {
        for variables in [&[][..], &[("RUST_LOG", "")], &[("FLOWPARQUET_LOG", "off"), ("RUST_LOG", "trace")]] {
            let ran = run(&work, variables, args);
            for word in ["INFO", "DEBUG", "TRACE", "flowparquet::"] {
                ran.does_not_say(word);
            }
        }
    }
    // Events come beside what is printed anyway, and change none of it.
    let silent = run(&work, &[], &CONVERT);
    let loud = run(&work, &[], &[&CONVERT[..], &["-vv"]].concat());
    silent.nothing_to_do(2);
    assert_eq!(loud.code(0).stdout, silent.stdout);
    let others: Vec<&str> = loud.stderr.lines().filter(|line| !line.contains(" flowparquet::")).collect();
    assert_eq!(others, silent.stderr.lines().collect::<Vec<_>>());
}

#[test]
fn decisions() {
    let work = Work::new();
    objects(&work, 0..2);
    work.object(&key(2), "hush, this is no header\n");
    let ran = run(&work, &[], &[&CONVERT[..], &["-v"], &JSON].concat());
    in_order(
        ran.code(1),
        &[
            "the store is the local disk",
            "worker threads",
            "objects of the asked days",
            "log type by the newest object's header",
            "the table",
            "partition planned",
            "table founded",
            "round begins",
            "limits of the round",
            "claimed",
            "object rejected",
            "done",
            "round ends",
            "converted",
        ],
    );
    let said = events(&ran);
    assert!(said.iter().all(|event| event["level"] == "INFO"));
    let planned = of(&said, "partition planned")[0];
    assert_eq!(planned["partition"], "year=2026/month=01/day=15");
    assert_eq!((&planned["objects"], &planned["to_convert"], &planned["files"]), (&3.into(), &3.into(), &1.into()));
    let done = of(&said, "done")[0];
    assert_eq!((&done["claim"], &done["rows"], &done["rejected_rows"]), (&1.into(), &14.into(), &0.into()));

    objects(&work, 2..4);
    run(&work, &[], &CONVERT).code(0);
    let ran = run(&work, &[], &[&["compact", "table", "--min-age", "0", "-v"], &JSON[..]].concat());
    let wanted = ["worker threads", "merge planned", "claimed", "done", "replaced: its file is deleted", "merged"];
    in_order(ran.code(0), &wanted);
    let said = events(&ran);
    assert_eq!(of(&said, "replaced: its file is deleted").len(), 2);
    let merged = of(&said, "merged")[0];
    assert_eq!((&merged["files_before"], &merged["files_after"], &merged["rows"]), (&2.into(), &1.into(), &28.into()));

    let ran = run(&work, &[], &[&["verify", "raw", "table", "--day", DAY, "-v"], &JSON[..]].concat());
    in_order(ran.code(0), &["objects of the asked days", "files to compare", "partition verified"]);
    let said = events(&ran);
    let verified = of(&said, "partition verified")[0];
    assert_eq!((&verified["verdict"], &verified["rows"]), (&"Agrees".into(), &28.into()));

    // What is there already is a decision too.
    let ran = run(&work, &[], &[&CONVERT[..], &["-v"], &JSON].concat());
    in_order(ran.code(0), &["the table", "partition planned", "nothing is left to do"]);
}

#[test]
fn one_event_per_object_and_file() {
    let work = Work::new();
    objects(&work, 0..5);
    work.object(&key(5), format!("{V2}\n{}\nno record\n", line(1)));
    work.object(&key(6), "hush, this is no header\n");
    let ran = run(&work, &[], &[&CONVERT[..], &["-vv"], &JSON].concat());
    let said = events(ran.code(1));
    let count = |message| of(&said, message).len();
    assert_eq!([count("listed"), count("fetched"), count("decoded"), count("object rejected")], [7, 7, 6, 1]);
    let rows: u64 = of(&said, "decoded").iter().map(|event| event["rows"].as_u64().unwrap()).sum();
    let rejected: u64 = of(&said, "decoded").iter().map(|event| event["rejected_rows"].as_u64().unwrap()).sum();
    assert_eq!((rows, rejected), (36, 1));
    let objects: Vec<&str> = of(&said, "fetched").iter().map(|event| event["object"].as_str().unwrap()).collect();
    assert!((0..7).all(|number| objects.contains(&&*format!("WORK/raw/{}", key(number)))), "{objects:?}");

    // The file and its rejects, each once, and the two ledger entries.
    let files = work.parquet_files("table");
    let written = of(&said, "written");
    assert_eq!((files.len(), written.len(), count("ledger entry written")), (1, 2, 2));
    let file = written.iter().find(|event| event["object"].as_str().unwrap().ends_with(&files[0])).unwrap();
    let content = fs::read(work.path("table").join(&files[0])).unwrap();
    let hash: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&file["bytes"], &file["sha256"]), (&content.len().into(), &hash.into()));

    let ran = run(&work, &[], &[&["verify", "raw", "table", "--day", DAY, "-vv"], &JSON[..]].concat());
    let said = events(&ran);
    let count = |message| of(&said, message).len();
    assert_eq!([count("recounted"), count("footer read"), count("file hashed")], [7, 1, 1]);

    work.object(&key(7), text(700, 7));
    run(&work, &[], &CONVERT);
    let ran = run(&work, &[], &[&["compact", "table", "--min-age", "0", "-vv"], &JSON[..]].concat());
    let said = events(ran.code(0));
    let deleted = of(&said, "deleted");
    let deleted = |end: &str| deleted.iter().filter(|event| event["object"].as_str().unwrap().ends_with(end)).count();
    assert_eq!((deleted(".parquet"), deleted(".json")), (2, 1));
    // File, rejects, and the note that they replace others.
    assert_eq!(of(&said, "written").len(), 3);
}

#[test]
fn lines_of_json_have_one_form() {
    let work = Work::new();
    objects(&work, 0..2);
    let ran = run(&work, &[("FLOWPARQUET_LOG", "trace")], &[&JSON[..], &CONVERT].concat());
    let said = events(ran.code(0));
    assert!(said.len() > 15, "{}", ran.stderr);
    for event in &said {
        let keys: Vec<&String> = event.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["fields", "level", "target", "timestamp"]);
        assert!(["INFO", "DEBUG", "TRACE"].contains(&event["level"].as_str().unwrap()), "{event}");
        assert!(event["target"].as_str().unwrap().starts_with("flowparquet::"), "{event}");
        let time: jiff::Timestamp = event["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(time.duration_since(jiff::Timestamp::now()).as_secs().abs() < 600, "{event}");
        assert!(event["fields"]["message"].is_string(), "{event}");
    }
    let mut times: Vec<&str> = said.iter().map(|event| event["timestamp"].as_str().unwrap()).collect();
    times.dedup();
    assert!(times.len() > 1);

    // As text: a time, a level, where it comes from, what it says, fields.
    let text = run(&work, &[], &[&CONVERT[..], &["--verbose"]].concat());
    let (begin, rest) = text.stderr.lines().next().unwrap().split_once("Z  INFO flowparquet::store: ").unwrap();
    assert_eq!((begin.len(), rest), (26, "the store is the local disk location=WORK/raw"));
}

#[test]
fn the_filter_of_the_environment() {
    let work = Work::new();
    objects(&work, 0..2);
    let targets = |variables: &[(&str, &str)], args: &[&str]| -> Vec<String> {
        let ran = run(&work, variables, &[&CONVERT[..], &JSON, args].concat());
        let said = events(ran.code(0));
        said.iter().map(|e| format!("{} {}", e["target"].as_str().unwrap(), e["level"].as_str().unwrap())).collect()
    };
    let has = |said: &[String], text: &str| said.iter().any(|said| said.contains(text));
    let said = targets(&[("FLOWPARQUET_LOG", "flowparquet::store=debug")], &[]);
    assert!(!said.is_empty() && said.iter().all(|said| said.starts_with("flowparquet::store")), "{said:?}");
    let said = targets(&[("RUST_LOG", "info")], &[]);
    assert!(has(&said, "flowparquet::convert INFO") && !has(&said, "DEBUG"), "{said:?}");
    let said = targets(&[("RUST_LOG", "trace"), ("FLOWPARQUET_LOG", "warn")], &["-v"]);
    assert!(has(&said, "flowparquet::convert INFO") && !has(&said, "DEBUG"), "{said:?}");
    // RUST_LOG may have been written for other programs.
    assert!(targets(&[("RUST_LOG", "my[span{x=1}]=debug,/x/")], &[]).is_empty());
    let wrong = run(&work, &[("FLOWPARQUET_LOG", "a=b=c")], &CONVERT);
    wrong.code(2).says("error: FLOWPARQUET_LOG is no filter of events: \"a=b=c\"\n");
}

#[test]
fn text_of_logs_is_in_no_event() {
    let work = Work::new();
    work.object(&key(0), format!("{V2}\n{}\nhush1 hush2 hush3\n{}\n", line(1), line(2).replace("OK", "hush4 hush5")));
    work.object(&key(1), "hush6 hush7\n");
    work.object(&key(2), text(5, 2));
    for format in [&JSON[..], &[]] {
        let _ = fs::remove_dir_all(work.path("table"));
        let ran = run(&work, &[("FLOWPARQUET_LOG", "trace")], &[&CONVERT[..], format].concat());
        let said: Vec<&str> = ran.code(1).stderr.lines().filter(|line| line.contains("flowparquet::")).collect();
        assert!(said.iter().any(|line| line.contains("the first line is not a header; give --log-format")));
        assert!(!said.iter().any(|line| line.contains("hush")), "{said:#?}");
    }
}

#[test]
fn hostile_keys_are_escaped() {
    let work = Work::new();
    let hostile = key(0).replace(".log.gz", "\u{202e}\u{9b}2J rows=9 \"x\".log.gz");
    work.object(&hostile, text(0, 7));
    work.object(&key(1).replace(".log.gz", "\u{1b}[2J\n.log.gz"), text(0, 7));
    for (format, shown) in [
        (&JSON[..], r#"\u202e\u009b2J rows=9 \"x\".log.gz""#),
        (&["--log-output", "text"], r#"\u{202e}\u{9b}2J rows=9 \"x\".log.gz""#),
    ] {
        let _ = fs::remove_dir_all(work.path("table"));
        let ran = run(&work, &[("FLOWPARQUET_LOG", "trace")], &[&CONVERT[..], format].concat());
        assert!(!ran.stderr.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{:?}", ran.stderr);
        let said: Vec<&str> =
            ran.code(1).stderr.lines().filter(|line| line.contains("DEBUG") && line.contains("store::fetch")).collect();
        assert!(said.len() == 1 && said[0].contains(shown), "{said:?}");
        assert!(ran.stderr.lines().any(|line| line.contains("object passed over")), "{}", ran.stderr);
    }
}

/// Answers every request with a status: the first with 503, those behind it with 403.
fn refusing_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut request = [0; 16 << 10];
            let _ = stream.read(&mut request);
            let status = if number == 0 { "503 Slow Down" } else { "403 Forbidden" };
            let _ = stream
                .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
        }
    });
    port
}

#[test]
fn secrets_are_in_no_event() {
    let work = Work::new();
    let endpoint = format!("http://me:pass%77ord@127.0.0.1:{}/", refusing_server());
    let secrets = [("AWS_SECRET_ACCESS_KEY", "SecretOfTests/1"), ("AWS_SESSION_TOKEN", "TokenOfTests/2")];
    let others =
        [("AWS_ACCESS_KEY_ID", "AKIATEST"), ("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let all = "trace,object_store=trace,reqwest=trace,hyper=trace,hyper_util=trace,h2=trace,rustls=trace,tower=trace";
    let convert =
        ["convert", "s3://bucket/raw", "s3://bucket/table", "--day", DAY, "--allow-http", "--progress", "none"];
    for (filter, by_option, format) in [("trace", true, "json"), (all, true, "text"), (all, false, "json")] {
        let mut variables = [&secrets[..], &others, &[("FLOWPARQUET_LOG", filter)]].concat();
        let mut args = [&convert[..], &["-vv", "--log-output", format]].concat();
        if by_option {
            args.extend(["--endpoint-url", &endpoint]);
        } else {
            variables.push(("AWS_ENDPOINT_URL", &endpoint));
        }
        let ran = run(&work, &variables, &args);
        ran.code(2);
        for secret in [secrets[0].1, secrets[1].1, "pass%77ord", "password", "me:", "bWU6"] {
            ran.does_not_say(secret);
        }
        let said: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("flowparquet::")).collect();
        assert!(said.iter().any(|line| line.contains("http://***@127.0.0.1:")), "{}", ran.stderr);
        assert!(
            said.iter().any(|line| line.contains("request was answered") && line.contains("403")),
            "{}",
            ran.stderr
        );
        assert_eq!(filter == all, ran.stderr.contains("object_store::") || ran.stderr.contains("hyper_util::"));
    }
    // Not in an error either.
    let wrong = run(&work, &[], &["plan", "s3://bucket/raw", "table", "--endpoint-url", "http://me:password@host/"]);
    wrong.code(2).does_not_say("password");
}

#[test]
fn requests_that_are_sent_again_are_named() {
    let work = Work::new();
    let endpoint = format!("http://127.0.0.1:{}", refusing_server());
    let args =
        ["status", "s3://bucket/table", "--allow-http", "--endpoint-url", &endpoint, "-v", "--log-output", "json"];
    let ran = run(&work, &[("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "r")], &args);
    let said = events(ran.code(2));
    let failed = of(&said, "a request failed, and is sent again unless it was the last try");
    assert_eq!(failed.len(), 1, "{}", ran.stderr);
    assert_eq!((&failed[0]["status"], &failed[0]["method"]), (&503.into(), &"GET".into()));
    assert_eq!(failed[0]["path"], "/bucket/table/_flowparquet/table.json");
}
