//! A DEST, an endpoint or a machine that somebody else writes to: a forged ledger must not make the program read, write or delete
//! what it was not sent for, links and names must not lead it elsewhere, and no setting of another program switches off what
//! protects its requests.
//!
//! Every error is shown whole: a person has to act on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::util::{DAY, DAY_FOLDER, Ran, Work, all_expected, assert_rows, key, line, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];
const COMPACT: [&str; 6] = ["compact", "table", "--day", DAY, "--min-age", "0"];
const DAMAGED: &str =
    "  help: restore the folder _flowparquet/ledger from a version or backup; do not delete entries\n";

/// A table of one day with a rejected line, and where that is kept.
fn with_a_reject() -> (Work, String) {
    let work = Work::new();
    work.object(&key(0), format!("{}short\n", text(0, 3)));
    work.convert(&ON_THIS_DAY).code(1);
    let rejects = work.files("table/_flowparquet/rejects").remove(0);
    (work, format!("table/_flowparquet/rejects/{rejects}"))
}

// ---- A forged ledger

/// A table of one day with an object, and a claim that is not finished: the last one, of which `forge` makes something else.
fn forged(work: &Work, forge: impl FnOnce(&mut Json)) {
    work.object(&key(0), text(0, 3));
    work.convert(&ON_THIS_DAY).code(0);
    let mut claim = work.ledger()[0].clone();
    forge(&mut claim);
    work.write(&work.entry(3), claim.to_string());
}

/// Gives a claim the name that it must have: what decides it is no secret.
fn name(claim: &mut Json) {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Json| value.as_u64().unwrap().to_string();
    let (options, layout) = (&claim["options"], &claim["options"]["layout"]);
    add(DAY_FOLDER);
    add(&text(&claim["log_type"]));
    add(&text(&claim["source"]));
    add(&text(&options["compression"]));
    add("-");
    add("");
    add(&number(&options["max_object_bytes"]));
    add(&text(&layout["sort_by"]));
    let layout = ["row_group_rows", "page_rows", "sort_bytes"].map(|key| number(&layout[key]));
    add(&layout.join(" "));
    add("");
    for input in claim["inputs"].as_array().into_iter().flatten() {
        add(&text(&input["key"]));
        add(&number(&input["size"]));
        add(&text(&input["etag"]));
    }
    for replaced in claim["replaces"].as_array().into_iter().flatten() {
        add(&number(replaced));
    }
    let digits: String = hash.finalize()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    claim["output"] = format!("part-{digits}.parquet").into();
}

/// Returns what a listing says of a file.
fn listed(work: &Work, path: &str) -> Json {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(work.path(path)).unwrap();
    let modified = found.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let etag = format!("\"{:x}-{:x}-{:x}\"", found.ino(), modified.as_micros(), found.len());
    json!({"key": work.arg(path).trim_start_matches('/'), "size": found.len(), "etag": etag})
}

/// Asserts that no file of the table has these bytes, packed or not.
fn assert_nowhere(work: &Work, secret: &str) {
    for line in work.rejects() {
        assert!(!line.to_string().contains(secret), "{line}");
    }
    for file in work.files("table") {
        let content = fs::read(work.path("table").join(&file)).unwrap();
        assert!(!content.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{file}");
    }
}

#[test]
fn a_forged_claim_of_a_file_outside_source_is_not_read() {
    let work = Work::new();
    work.write("private/secret.txt", "root:hunter2:x\n");
    forged(&work, |claim| {
        claim["inputs"] = json!([listed(&work, "private/secret.txt")]);
        name(claim);
    });
    for _ in 0..2 {
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).says(&format!(
            "not finished: a claim of {DAY_FOLDER} that is not finished names it, and it does not lie below SOURCE: it is not \
             read; run convert with a SOURCE that holds it, or, if it is none of your logs, find out who wrote to the ledger\n  \
             at WORK/private/secret.txt\n"
        ));
        assert_eq!(ran.report()["claims_elsewhere"].as_array().map(Vec::len), Some(1));
        assert_nowhere(&work, "hunter2");
    }
    assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
    // Others of its day are converted all the same, and it is finished by a run that is sent there.
    work.object(&key(1), text(3, 2));
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects", 1), ("rows_written", 2)]);
}

#[test]
fn the_recount_reads_nothing_outside_source() {
    for (secret, kept) in [("private/secret.txt", json!({})), ("raw2/secret.log", json!({"rejected_rows": 1}))] {
        let work = Work::new();
        work.write(secret, "root:hunter2:x\n");
        forged(&work, |claim| {
            claim["inputs"] = json!([listed(&work, secret)]);
            name(claim);
        });
        let mut done = work.ledger()[1].clone();
        done["claim"] = 3.into();
        ["file", "bytes", "row_groups", "sha256", "columns"].iter().for_each(|name| done[name] = Json::Null);
        done =
            Json::Object(done.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect());
        (done["rows"], done["rejected_rows"]) = (0.into(), kept.get("rejected_rows").cloned().unwrap_or(0.into()));
        work.write(&work.entry(4), done.to_string());
        for more in [&[][..], &["--sample", "100"], &["--json"]] {
            let ran = work.run(&[&["verify", "raw", "table", "--day", DAY], more].concat());
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(
                said.contains(&format!("its raw objects lie elsewhere, not below SOURCE: WORK/{secret}")),
                "{said}"
            );
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert_eq!(work.ledger().iter().filter(|entry| entry["hash"].is_string()).count(), 0);
    }
}

#[test]
fn a_claim_of_what_is_no_key_stops_nobody_else() {
    for key in ["raw/../private/x.log", "raw//x.log", "raw/./x.log", "raw/\u{1b}[31mx.log", ""] {
        let work = Work::new();
        forged(&work, |claim| {
            let whole = format!("{}{key}", work.arg("").trim_start_matches('/'));
            claim["inputs"] = json!([{"key": whole, "size": 9, "etag": "\"1\""}]);
            name(claim);
        });
        work.object(&crate::util::key(1), text(3, 2));
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1).totals(&[("objects", 1), ("rows_written", 2)]);
        assert_eq!(ran.report()["claims_elsewhere"].as_array().map(Vec::len), Some(1), "{key:?}");
        assert_rows(&work.rows(), &all_expected([&text(0, 5)]));
        work.run(&["verify", "raw", "table", "--day", DAY]).code(1).does_not_say("cannot be used");
    }
}

#[test]
fn entries_and_descriptions_that_are_too_large_are_not_read() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.convert(&ON_THIS_DAY).code(0);
    let large = |path: &str| fs::File::options().write(true).open(work.path(path)).unwrap().set_len(3 << 30).unwrap();
    let said = |path: &str| {
        format!(
            "this object has 3221225472 bytes: more than 134217728, so flowparquet did not write it\n  at WORK/{path}\n"
        )
    };
    let entry = work.entry(2);
    let kept = fs::read(work.path(&entry)).unwrap();
    large(&entry);
    work.object(&key(1).replace("2026/01/15", "2026/01/16").replace("20260115", "20260116"), text(3, 2));
    let ran = work.convert(&["--all"]);
    ran.code(1).totals(&[("rows_written", 2)]);
    assert!(ran.stderr.contains("this object has 3221225472 bytes: more than 134217728"), "{}", ran.stderr);
    for args in [&["status", "table"][..], &["verify", "raw", "table", "--all"]] {
        let ran = work.run(args);
        assert!(matches!(ran.code, Some(1 | 2)), "{}", ran.stderr);
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains("3221225472"), "{}", ran.stderr);
    }
    work.write(&entry, kept);
    let info = "table/_flowparquet/table.json";
    large(info);
    work.run(&["status", "table"]).code(2).says(&format!("error: {}", said(info)));
}

#[test]
fn more_rejects_than_memory_are_an_error() {
    let (work, path) = with_a_reject();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let line = json!({"kind": "row", "object": "x", "reason": "r", "line": 1, "byte": 0, "text": "t".repeat(1 << 20)});
    (0..600).for_each(|_| writeln!(encoder, "{line}").unwrap());
    work.write(&path, encoder.finish().unwrap());
    work.run(&["rejects", "table", "--day", DAY]).code(2).says_only(&format!(
        "error: there are more rejects than 512 MiB of memory hold\n  at WORK/{path}\n  help: read the object itself: it is gzip, with \
         a JSON object on each line\n"
    ));
}

#[test]
fn credentials_that_no_request_can_carry_are_an_error() {
    let work = Work::new();
    work.write("token", "secret-of-the-file\n");
    let file = work.arg("token");
    let status = ["status", "s3://logs/table", "--endpoint-url", "http://127.0.0.1:9", "--allow-http"];
    for (name, value) in [
        ("AWS_SESSION_TOKEN", "secret-token\n"),
        ("AWS_ACCESS_KEY_ID", "secret-id\r"),
        ("AWS_SECRET_ACCESS_KEY", "sec\u{1b}ret"),
    ] {
        let ran = with(&work, &[(name, value)], &status);
        ran.code(2).says(&format!("error: {name} has a line end or another character that no request can carry\n"));
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
    for (what, name, value) in [
        ("", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret-auth\n"),
        ("the file of ", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
        command.args(status).env_clear().env("AWS_REGION", "us-east-1").env(name, value);
        command
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let ran = work.wait(&status, child);
        ran.code(2)
            .says(&format!("error: {what}{name} has a line end or another character that no request can carry\n"));
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_claim_of_a_wider_source_waits_for_it() {
    let work = Work::new();
    let other = key(1).replace("ap-northeast-1", "eu-west-1");
    forged(&work, |claim| {
        work.object(&other, text(3, 2));
        claim["inputs"] = json!([listed(&work, &format!("raw/{other}"))]);
        name(claim);
    });
    let narrow = format!("raw/AWSLogs/{}/vpcflowlogs/ap-northeast-1", crate::util::ACCOUNT);
    work.convert_from(&narrow, "table", &ON_THIS_DAY).code(1).totals(&[("rows_written", 0)]);
    work.convert(&["--day", DAY, "--merge"]).code(0).totals(&[("rows_written", 2)]);
    assert_rows(&work.rows(), &all_expected([&text(0, 5)]));
}

#[test]
fn a_claim_of_what_is_no_plain_file_is_given_up() {
    for link in [false, true] {
        let work = Work::new();
        work.write("private/secret.log", "root:hunter2:x\n");
        let path = format!("raw/{}", key(1));
        forged(&work, |claim| {
            let mut input = listed(&work, "private/secret.log");
            if link {
                symlink(work.path("private/secret.log"), work.path(&path)).unwrap();
            } else {
                assert!(Command::new("mkfifo").arg(work.path(&path)).status().unwrap().success());
            }
            input["key"] = work.arg(&path).trim_start_matches('/').into();
            claim["inputs"] = json!([input]);
            name(claim);
        });
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(1);
        ran.says(&format!("warning: a claim of {DAY_FOLDER} was abandoned and what is left of it planned anew: "));
        assert_nowhere(&work, "hunter2");
        assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
    }
}

#[test]
fn a_claim_with_a_name_of_its_own_choice_is_refused() {
    let names = ["../../../../victim", "part-000000000000000000000000.parquet", "/etc/passwd", "", "part-.parquet"];
    for (version, names) in [(3, &names[..]), (2, &[names[0], names[2], names[3], names[4]])] {
        for name in names {
            let work = Work::new();
            work.write("victim", "precious");
            forged(&work, |claim| {
                claim["version"] = version.into();
                claim["output"] = (*name).into();
            });
            let before = work.files("");
            for command in
                [&["convert", "raw", "table", "--day", DAY][..], &COMPACT, &["verify", "raw", "table", "--day", DAY]]
            {
                work.run(command).code(2).says_only(&format!(
                    "error: the ledger is damaged: its file is called {name:?}, which is not the name of what it claims\n  \
                     at WORK/{}\n{DAMAGED}",
                    work.entry(3)
                ));
            }
            assert_eq!(work.files(""), before);
        }
    }
}

#[test]
fn a_claim_that_no_run_makes_is_refused() {
    type Forge = fn(&mut Json);
    let forgeries: [(Forge, &str); 5] = [
        (|claim| claim["replaces"] = json!([3]), "a claim of new objects replaces others"),
        (|claim| claim["entry"] = "replace".into(), "a replacement names nothing that it replaces"),
        (
            |claim| {
                claim["entry"] = "replace".into();
                claim["replaces"] = json!([3]);
            },
            "it replaces claim 3, which has no output now",
        ),
        (
            |claim| {
                claim["entry"] = "replace".into();
                claim["inputs"] = json!([]);
                claim["source"] = "".into();
                claim["replaces"] = json!([1, 1]);
            },
            "it replaces a claim twice",
        ),
        (
            |claim| {
                let input = claim["inputs"][0].clone();
                claim["inputs"] = json!([input, input]);
            },
            "it claims an object twice",
        ),
    ];
    for (forge, why) in forgeries {
        let work = Work::new();
        forged(&work, |claim| {
            forge(claim);
            name(claim);
        });
        // Its end, so that nobody would follow it for ever.
        let mut done = work.ledger()[1].clone();
        done["claim"] = 3.into();
        work.write(&work.entry(4), done.to_string());
        for command in [
            &["convert", "raw", "table", "--day", DAY][..],
            &["verify", "raw", "table", "--day", DAY],
            &["status", "table"],
        ] {
            work.run(command)
                .code(2)
                .says_only(&format!("error: the ledger is damaged: {why}\n  at WORK/{}\n{DAMAGED}", work.entry(3)));
        }
    }
}

// ---- Endpoints

/// Runs the program with variables of the environment, beside credentials of nobody.
fn with(work: &Work, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let nobody = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_REGION", "us-east-1")];
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
    command.args(args).current_dir(work.path("")).env_clear().envs(nobody).envs(variables.iter().copied());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    work.wait(args, child)
}

/// Answers every request on loopback as `answer` says, by its first line; returns the endpoint and the heads of requests that came.
fn served(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while stream.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let answer = answer(head.lines().next().unwrap_or_default());
            heads.lock().unwrap().push(head);
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    (endpoint, asked)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A listing with these objects.
fn listing(keys: &[&str]) -> String {
    let object = |key: &&str| {
        format!(
            "<Contents><Key>{key}</Key><Size>9</Size><LastModified>2026-01-15T00:00:00Z</LastModified><ETag>&quot;1&quot;</ETag></Contents>"
        )
    };
    let objects: String = keys.iter().map(object).collect();
    answer(
        "200 OK",
        "",
        &format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated>{objects}</ListBucketResult>"
        ),
    )
}

#[test]
fn a_bucket_of_the_same_name_elsewhere_is_another_source() {
    let work = Work::new();
    forged(&work, |claim| {
        claim["source"] = "s3://logs/".into();
        claim["endpoint"] = "minio.example.org:9000".into();
        name(claim);
    });
    let (endpoint, _) = served(|_| listing(&[&key(5)]));
    let here = endpoint.trim_start_matches("http://");
    let options = ["--day", DAY, "--endpoint-url", &endpoint, "--allow-http"];
    for command in ["convert", "verify"] {
        let ran = with(&work, &[], &[&[command, "s3://logs/AWSLogs", "table"], &options[..]].concat());
        ran.code(2).says_only(&format!(
            "error: objects of s3://logs/ were converted from another endpoint: minio.example.org:9000 in {DAY_FOLDER}, this run \
             asks {here}\n  at s3://logs/AWSLogs\n  help: if it is the same store by another name, add --any-endpoint; if it is \
             another store, convert into another DEST\n"
        ));
    }
    let status = ["status", "table", "--source", "s3://logs/AWSLogs", "--safe-to-expire"];
    with(&work, &[], &[&status, &options[..]].concat()).code(1).says("0 of 2 folders are converted and verified\n");
    let plan = ["plan", "s3://logs/AWSLogs", "table", "--any-endpoint"];
    with(&work, &[], &[&plan, &options[..]].concat()).code(1);
}

#[test]
fn names_that_would_lead_to_another_host_are_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    for bucket in ["evil.com#", "a b", "a:b", "user@host", "a\\b", "..", "b\u{1b}[2J"] {
        let source = format!("s3://{bucket}/x");
        for args in [["plan", &source, "table"], ["plan", "raw", &source], ["verify", &source, "table"]] {
            let ran = with(&work, &[], &args);
            ran.code(2).says(&format!("error: {bucket:?} is no name of a bucket\n"));
            ran.says("  help: write s3://bucket/prefix; a bucket's name has letters, digits, dots, hyphens and underscores only\n");
        }
    }
    for region in ["evil.com/#", "a b", "", "eu-west-1.evil.com"] {
        let said = format!(
            "error: {region:?} is no name of a Region\n  help: set --s3-region or AWS_REGION to one such as eu-west-1\n"
        );
        // An empty variable is none, as for AWS's own tools.
        if !region.is_empty() {
            with(&work, &[("AWS_REGION", region)], &["plan", "s3://b/x", "table"]).code(2).says_only(&said);
        }
        with(&work, &[], &["plan", "s3://b/x", "table", "--s3-region", region]).code(2).says_only(&said);
    }
    let help = "  help: write https://HOST or https://HOST:PORT, with a path behind it if the server wants one; in a user or \
                password write characters such as / # ? @ as %2F %23 %3F %40\n";
    for (url, shown) in [
        ("localhost:9000", "\"localhost:9000\""),
        ("ftp://host", "\"ftp://host\""),
        ("https://a b", "\"https://a b\""),
        ("https://host:port", "\"https://host:port\""),
        ("https://", "\"https://\""),
        ("https://me:pass word@host", "***"),
        ("https://me:pass#word@host", "***"),
    ] {
        let said = format!("error: --endpoint-url {shown} is no URL of a server\n{help}");
        with(&work, &[], &["plan", "s3://b/x", "table", "--endpoint-url", url]).code(2).says_only(&said);
        for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
            with(&work, &[(variable, url)], &["plan", "s3://b/x", "table"]).code(2).says_only(&said);
        }
    }
}

#[test]
fn no_variable_switches_off_what_protects_requests() {
    let work = Work::new();
    let (endpoint, asked) = served(|_| listing(&[]));
    let said = format!(
        "error: --endpoint-url {endpoint} is plain HTTP\n  help: add --allow-http if that is meant, or use https://\n"
    );
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let variables = [("AWS_ALLOW_HTTP", "true"), (variable, &endpoint)];
        with(&work, &variables, &["plan", "s3://b/x", "table"]).code(2).says_only(&said);
    }
    let masked = endpoint.replace("http://", "http://me:password@");
    let ran = with(&work, &[("AWS_ALLOW_HTTP", "true")], &["plan", "s3://b/x", "table", "--endpoint-url", &masked]);
    ran.code(2).says_only(&said.replace("http://127", "http://***@127"));
    assert!(asked.lock().unwrap().is_empty());
    // The option goes before the variable, whatever it is called.
    let (other, others) = served(|_| listing(&[]));
    let variables = [("AWS_ENDPOINT_URL_S3", other.as_str())];
    with(&work, &variables, &["plan", "s3://b/x", "table", "--allow-http", "--endpoint-url", &endpoint]).code(2);
    assert!(others.lock().unwrap().is_empty() && !asked.lock().unwrap().is_empty());
    // A server with a certificate of its own making: see `test_s3.py`. Here, that the variable is said to be passed over.
    for variable in
        [("AWS_ALLOW_INVALID_CERTIFICATES", "true"), ("AWS_PROXY_CA_CERTIFICATE", "-----BEGIN CERTIFICATE-----")]
    {
        let args = ["plan", "s3://b/x", "table", "-v", "--allow-http", "--endpoint-url", &endpoint];
        let ran = with(&work, &[variable], &args);
        assert!(ran.stderr.contains("this variable is passed over"), "{}", ran.stderr);
    }
    // An apostrophe is a letter of a password like others.
    let quoted = endpoint.replace("http://", "http://me:S3'CR'3T@");
    let ran = with(&work, &[], &["plan", "s3://b/x", "table", "-vv", "--allow-http", "--endpoint-url", &quoted]);
    assert!(ran.stderr.contains("http://***@127") && !ran.stderr.contains("CR'3T"), "{}", ran.stderr);
}

#[test]
fn of_a_refusal_without_end_the_beginning_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head = String::new();
                while stream.read_line(&mut head).is_ok_and(|read| read > 2) {}
                let begin =
                    b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n<Error><Code>AccessDenied</Code><Message>";
                let mut sent = stream.get_mut().write_all(begin);
                while sent.is_ok() {
                    sent = stream.get_mut().write_all(&[b'x'; 1 << 16]);
                }
            });
        }
    });
    let work = Work::new();
    let ran = with(&work, &[], &["status", "s3://b/d", "--all", "--allow-http", "--endpoint-url", &endpoint]);
    ran.code(2).says("error: cannot ");
    assert!(ran.stderr.contains("AccessDenied") && ran.stderr.len() < 10_000, "{} bytes", ran.stderr.len());
}

#[test]
fn requests_are_not_sent_on_to_another_host() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let (elsewhere, stolen) = served(|_| listing(&[]));
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("location: {elsewhere}/logs?list-type=2\r\n");
        let (endpoint, _) = served(move |_| answer(status, &location, ""));
        let options = ["--day", DAY, "--endpoint-url", &endpoint, "--allow-http"];
        let variables = [("AWS_SESSION_TOKEN", "hush2")];
        for places in [["s3://logs/x", "table"], ["raw", "s3://logs/table"]] {
            let ran = with(&work, &variables, &[&["convert"], &places[..], &options].concat());
            ran.code(2).says("error: cannot ");
            assert!(ran.stderr.contains(": the server sends requests on to another host\n"), "{}", ran.stderr);
            ran.says(
                "  help: requests carry credentials and are not sent there: check --endpoint-url and --s3-region\n",
            );
        }
    }
    assert_eq!(*stolen.lock().unwrap(), Vec::<String>::new());
}

// ---- Links on the local disk

#[test]
fn links_that_lead_out_of_source_are_named_and_not_followed() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let folder = format!("raw/{}", key(0).rsplit_once('/').unwrap().0);
    work.write("elsewhere/other.log.gz", crate::util::gz(text(3, 2)));
    work.write("elsewhere/notes.md", "x");
    symlink(work.path("elsewhere/other.log.gz"), work.path(&format!("{folder}/linked.log.gz"))).unwrap();
    symlink(work.path("elsewhere/notes.md"), work.path(&format!("{folder}/notes.md"))).unwrap();
    symlink(work.path(&format!("raw/{}", key(0))), work.path(&format!("{folder}/z-within.log.gz"))).unwrap();
    let said = |path: &str| {
        format!(
            "passed over: it is a link that leads out of SOURCE (add --follow-links if its logs are meant)\n  at WORK/{path}\n"
        )
    };
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 1), ("rows_written", 3)]);
    ran.says(&said(&format!("{folder}/linked.log.gz"))).does_not_say("notes.md");
    ran.says(&format!("passed over: it is a link to what is reached without it\n  at WORK/{folder}/z-within.log.gz\n"));
    assert_eq!(ran.report()["objects_to_look_at"], 1);
    work.convert(&["--day", DAY, "--follow-links"]).code(0).totals(&[("objects", 1), ("rows_written", 2)]);
    // A folder on the way to the day, which no listing looks at.
    work.remove("table");
    let month = folder.rsplit_once('/').unwrap().0;
    fs::rename(work.path(month), work.path("month")).unwrap();
    symlink(work.path("month"), work.path(month)).unwrap();
    for days in [&ON_THIS_DAY[..], &["--all"]] {
        let ran = work.convert(days);
        ran.code(1).totals(&[("objects", 0)]);
        assert!(ran.stderr.contains(&said(month).replace('\n', "")[..60]), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("  at WORK/{month}")), "{}", ran.stderr);
    }
    work.convert(&["--day", DAY, "--follow-links"]).code(0).totals(&[("objects", 2)]);
}

#[test]
fn nothing_is_written_behind_a_link() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    fs::create_dir_all(work.path("victim")).unwrap();
    let folder = DAY_FOLDER.rsplit_once('/').unwrap().0;
    for link in
        [DAY_FOLDER, folder, "_flowparquet", "_flowparquet/ledger", "_flowparquet/rejects", "_flowparquet/staging"]
    {
        work.write("table/x", "");
        work.remove("table");
        let path = work.path(&format!("table/{link}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(work.path("victim"), &path).unwrap();
        if link.ends_with("rejects") {
            work.object(&key(1), "no header\n");
        }
        let ran = work.convert(&ON_THIS_DAY);
        ran.code(2).says("error: cannot ");
        assert!(
            ran.stderr.contains(&format!(
                ": WORK/table/{link} is a link, and nothing is changed behind a link\n  at WORK/table/"
            )) || ran
                .stderr
                .contains(&format!(": /WORK/table/{link} is a link, and nothing is changed behind a link\n")),
            "{link}: {}",
            ran.stderr
        );
        ran.says("  help: put a folder in its place, or name the place that it leads to as DEST\n");
        assert_eq!(work.files("victim"), Vec::<String>::new(), "{link}");
    }
}

#[test]
fn new_files_have_the_permissions_of_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    work.object(&key(0), format!("{}{}\n", text(0, 3), line(4).replace(" 443 ", " x ")));
    for (umask, mode) in [("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        let run = format!("umask {umask}; exec {} convert raw table --day {DAY}", env!("CARGO_BIN_EXE_flowparquet"));
        let status = Command::new("sh").args(["-c", &run]).current_dir(work.path("")).stderr(Stdio::null()).status();
        assert_eq!(status.unwrap().code(), Some(1));
        for file in work.files("table") {
            let found = fs::metadata(work.path("table").join(&file)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{file} with umask {umask}");
        }
        work.remove("table");
    }
}

// ---- Temporary folders

#[test]
fn temporary_folders_are_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    fs::create_dir_all(work.path("tmp")).unwrap();
    let names = |work: &Work| -> Vec<String> {
        let names = fs::read_dir(work.path("tmp")).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let tmp = work.arg("tmp");
    let demo = ["demo", "--objects", "2", "--rows", "20"];
    // What the demo made it leaves there, to be looked at; by a name that nobody could have made before.
    let run = |options: &str| {
        let run = format!("umask 000; echo $$; {options}exec {} {}", env!("CARGO_BIN_EXE_flowparquet"), demo.join(" "));
        let mut command = Command::new("sh");
        command.args(["-c", &run]).env_clear().env("TMPDIR", &tmp).env("PATH", "/usr/bin:/bin").output().unwrap()
    };
    let ran = run(&format!("mkdir -m 777 {tmp}/flowparquet-demo-$$; "));
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let process = String::from_utf8(ran.stdout).unwrap().lines().next().unwrap().to_owned();
    let guessed = format!("flowparquet-demo-{process}");
    assert!(names(&work).contains(&guessed) && work.files(&format!("tmp/{guessed}")).is_empty());
    let made: Vec<String> = names(&work).into_iter().filter(|name| *name != guessed).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let mode = fs::metadata(work.path("tmp").join(&made[0])).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    // It is removed where the demo fails, here for want of room for its files.
    work.remove("tmp");
    fs::create_dir_all(work.path("tmp")).unwrap();
    let ran = run("ulimit -f 1; trap '' XFSZ; ");
    assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(names(&work), Vec::<String>::new());
    // And where there is no room for it at all.
    let ran = with(&work, &[("TMPDIR", "/dev/null/x")], &demo);
    ran.code(2).says("error: cannot make a temporary folder\n  at /dev/null/x\n  cause: ");
    ran.says("  help: name a folder that you may write to, by TMPDIR or as an argument\n");
}

/// Starts the program with a folder for temporary files, waits until it has made one there, and sends it a signal; returns its exit
/// code and the folder's permissions.
fn signalled(work: &Work, args: &[&str], signal: &str) -> (Option<i32>, u32) {
    use std::os::unix::fs::PermissionsExt;
    let tmp = work.path("tmp");
    fs::create_dir_all(&tmp).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
    command.args(args).current_dir(work.path("")).env_clear().env("TMPDIR", &tmp).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mode = loop {
        match fs::read_dir(&tmp).unwrap().next() {
            Some(made) => break made.unwrap().metadata().unwrap().permissions().mode() & 0o777,
            None => std::thread::sleep(std::time::Duration::from_millis(2)),
        }
    };
    // Until it listens for signals, one would end it as it ends any process.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let kill = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    (child.wait().unwrap().code(), mode)
}

#[test]
fn temporary_folders_go_whatever_ends_the_process() {
    let work = Work::new();
    let demo = ["demo", "--objects", "300", "--rows", "3000"];
    for signal in ["HUP", "INT", "TERM"] {
        assert_eq!(signalled(&work, &demo, signal), (Some(3), 0o700), "{signal}");
        assert_eq!(work.files("tmp"), [""; 0], "{signal}");
    }
    // Nobody reads what it prints.
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
    command.args(["demo", "--objects", "2", "--rows", "20"]).env_clear().env("TMPDIR", work.path("tmp"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(work.path("tmp")).unwrap().count(), 0);
    // By `nohup` it goes on.
    let run = format!("trap '' HUP; exec {} demo DIR --objects 30 --rows 3000", env!("CARGO_BIN_EXE_flowparquet"));
    let mut command = Command::new("sh");
    command
        .args(["-c", &run])
        .current_dir(work.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !work.path("DIR").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(feature = "query")]
#[test]
fn what_a_query_holds_in_files_is_nobody_elses_and_goes() {
    let work = Work::new();
    work.object(&key(0), text(0, 1000));
    work.convert(&ON_THIS_DAY).code(0);
    let endless = "SELECT count(*) FROM vpc_flow_logs a, vpc_flow_logs b, vpc_flow_logs c, vpc_flow_logs d WHERE a.bytes + b.bytes < c.bytes + d.bytes";
    for signal in ["HUP", "INT", "TERM"] {
        assert_eq!(signalled(&work, &["query", "table", endless], signal), (Some(3), 0o700), "{signal}");
        assert_eq!(fs::read_dir(work.path("tmp")).unwrap().count(), 0, "{signal}");
    }
    work.run(&["query", "table", "SELECT count(*) FROM vpc_flow_logs"]).code(0);
}

#[cfg(feature = "query")]
#[test]
fn tune_leaves_nothing_behind() {
    let work = Work::new();
    work.object(&key(0), text(0, 50));
    let tmp = work.arg("tmp");
    fs::create_dir_all(&tmp).unwrap();
    let tune = ["tune", "raw", "SELECT count(*) FROM vpc_flow_logs", "--day", DAY];
    with(&work, &[("TMPDIR", &tmp)], &tune).code(0);
    with(&work, &[("TMPDIR", &tmp)], &["tune", "raw", "SELECT nothing FROM vpc_flow_logs", "--day", DAY]).code(2);
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
}

// ---- What has no end

#[test]
fn a_listing_that_goes_round_or_never_ends_is_an_error() {
    let work = Work::new();
    let page = |next: &str| {
        let objects: String = (0..3)
            .map(|n| format!("<Contents><Key>a/{next}{n}</Key><Size>9</Size><LastModified>2026-01-15T00:00:00Z</LastModified><ETag>&quot;1&quot;</ETag></Contents>"))
            .collect();
        answer(
            "200 OK",
            "",
            &format!(
                "<?xml version=\"1.0\"?><ListBucketResult><Name>logs</Name><IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>{objects}</ListBucketResult>"
            ),
        )
    };
    let (round, _) = served(move |_| page("again=="));
    let args = ["plan", "s3://logs/a", "table", "--allow-http", "--endpoint-url"];
    let ran = with(&work, &[], &[&args[..], &[&round]].concat());
    ran.code(2).says(
        "error: cannot list: the listing goes round: the server sends us back to a page that it gave before\n  at s3://logs/a\n  \
         cause: ",
    );
    ran.says("  help: the server, or something before it, answers wrongly: nothing is half visible, ask who runs it\n");
    let number = std::sync::atomic::AtomicU64::new(0);
    let (endless, asked) =
        served(move |_| page(&format!("t{}", number.fetch_add(1, std::sync::atomic::Ordering::SeqCst))));
    let ran = with(&work, &[], &[&args[..], &[&endless, "--max-objects", "1000"]].concat());
    ran.code(2).says("error: cannot list: there are more objects than a listing may have\n  at s3://logs/a\n  cause: ");
    ran.says("  help: name a place further down or fewer days, or raise --max-objects\n");
    assert_eq!(asked.lock().unwrap().len(), 1_000 / 3 + 1);
    for (objects, wrong) in [
        (String::new(), "the listing goes on and on, with nothing on its pages"),
        (
            format!("<Contents><Key>a/{}</Key></Contents>", "k".repeat(8_000)),
            "the listing has a key, or a token to go on with, that is longer than S3 has any",
        ),
        ("<Contents><Key>a/b</Key></Contents>".repeat(2), "the listing has the same key twice on a page"),
    ] {
        let number = std::sync::atomic::AtomicU64::new(0);
        let (endless, _) = served(move |_| {
            let next = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let page = format!(
                "<?xml version=\"1.0\"?><ListBucketResult><Name>logs</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t{next}</NextContinuationToken>{objects}</ListBucketResult>"
            );
            answer("200 OK", "", &page)
        });
        let ran = with(&work, &[], &[&args[..], &[&endless]].concat());
        ran.code(2).says(&format!("error: cannot list: {wrong}\n  at s3://logs/a\n  cause: "));
    }
    // The same on the local disk.
    (0..5).for_each(|number| drop(work.object(&key(number), text(0, 1))));
    work.convert(&["--all", "--max-objects", "4"])
        .code(2)
        .says("error: cannot list: there are more objects than a listing may");
    work.convert(&["--all", "--max-objects", "5"]).code(0);
}

#[test]
fn a_line_of_rejects_that_no_run_keeps_is_an_error() {
    let (work, path) = with_a_reject();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..97).for_each(|_| encoder.write_all(&[b' '; 1 << 20]).unwrap());
    work.write(&path, encoder.finish().unwrap());
    work.run(&["rejects", "table", "--day", DAY]).code(2).says_only(&format!(
        "error: line 1 of these rejects is longer than any that is kept (100728832 bytes)\n  at WORK/{path}\n  help: flowparquet did \
         not write this: restore it from a version or backup\n"
    ));
}

// ---- Names

#[test]
fn a_folder_that_no_region_is_called_like_is_named() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let evil = ["x'; DROP TABLE t; --", "eu\u{202e}west", "a b", "%2e%2e%2f"];
    for name in evil {
        work.object(&key(1).replace("/ap-northeast-1/", &format!("/{name}/")), text(3, 1));
    }
    for args in [&["--day", DAY, "--partition-by", "account-region-day"][..], &["--all"]] {
        let ran = work.convert(args);
        ran.code(1).says("passed over: no Region is called so: only letters, digits and hyphens (rename the folder if it holds logs)\n");
        assert_eq!(ran.report()["objects_to_look_at"], evil.len());
        assert!(!ran.stderr.contains('\u{202e}'));
    }
    assert_rows(&work.rows(), &all_expected([&text(0, 3)]));
}

// ---- Bits that flip

/// Flips a bit in the middle of a file.
fn flip(work: &Work, path: &str) {
    let mut content = fs::read(work.path(path)).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 8;
    work.write(path, content);
}

#[test]
fn hashes_need_no_raw_logs() {
    let work = Work::new();
    work.object(&key(0), text(0, 300));
    work.convert(&ON_THIS_DAY).code(0);
    work.remove("raw");
    for args in
        [&["verify", "table", "--hashes", "--day", DAY][..], &["verify", "raw", "table", "--hashes", "--day", DAY]]
    {
        let ran = work.run(args);
        let said = ran.code(0).stdout.lines().last().unwrap_or_default();
        assert!(
            said.starts_with("everything agrees: SHA-256 of 1 file compared with the ledger, no raw log read, in "),
            "{said}"
        );
    }
    let file = format!("table/{}", work.parquet_files("table")[0]);
    flip(&work, &file);
    let ran = work.run(&["verify", "table", "--hashes", "--day", DAY]);
    ran.code(1);
    assert!(ran.stdout.contains("1 partition differs: SHA-256 of 1 file compared with the ledger"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("SHA-256") && ran.stdout.contains(&file.replace("table/", "WORK/table/")),
        "{}",
        ran.stdout
    );
    work.run(&["status", "table"]).code(1);
    work.run(&["verify", "table", "--day", DAY]).code(2);
}

#[test]
fn a_merge_that_has_other_rows_deletes_nothing() {
    // Two tables with files of the same sizes, and merges of them whose names differ.
    let merged = |first: u64| {
        let work = Work::new();
        work.object(&key(0), text(first, 3));
        work.convert(&ON_THIS_DAY).code(0);
        work.object(&key(1), text(first + 3, 2));
        work.convert(&ON_THIS_DAY).code(0);
        let before: Vec<(String, Vec<u8>)> = work
            .parquet_files("table")
            .into_iter()
            .map(|file| (format!("table/{file}"), fs::read(work.path(&format!("table/{file}"))).unwrap()))
            .collect();
        work.run(&COMPACT).code(0);
        let file = format!("table/{}", work.parquet_files("table").remove(0));
        let content = fs::read(work.path(&file)).unwrap();
        (work, before, file, content)
    };
    let (_, _, other, mut content) = merged(700);
    let (work, before, file, _) = merged(100);
    let [from, to] = [&other, &file].map(|path| path.rsplit_once("part-").unwrap().1.as_bytes());
    for at in 0..content.len() - from.len() {
        if content[at..].starts_with(from) {
            content[at..at + to.len()].copy_from_slice(to);
        }
    }
    // As if the run had been stopped behind the file, which something damaged before it was written.
    work.remove(&work.entry(6));
    work.write(&file, content);
    before.iter().for_each(|(path, content)| drop(work.write(path, content)));
    let ran = work.run(&COMPACT);
    ran.code(1);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains(&format!("not merged: WORK/{file}: the merged file is not what it was made of: other values of bytes; it is deleted, and the files that it was made of stay; if it happens again, check memory and disk of this machine")), "{said}");
    assert_eq!(work.entries().last().map(String::as_str), Some("abandon"));
    assert_rows(&work.rows(), &all_expected([&text(100, 5)]));
}

/// A table of one day whose two files are merged, and what they were.
fn merged() -> (Work, Vec<(String, Vec<u8>)>) {
    let work = Work::new();
    for number in 0..2 {
        work.object(&key(number), text(100 + 300 * u64::from(number), 300));
        work.convert(&ON_THIS_DAY).code(0);
    }
    let files = work.parquet_files("table").into_iter().map(|file| format!("table/{file}"));
    let files = files.map(|file| (file.clone(), fs::read(work.path(&file)).unwrap())).collect();
    work.run(&COMPACT).code(0);
    (work, files)
}

#[test]
fn a_stopped_merge_of_what_is_damaged_now_deletes_nothing() {
    let (work, sources) = merged();
    let merged = work.parquet_files("table").remove(0);
    // As if the run had been stopped behind its file.
    work.remove(&work.entry(6));
    work.write(&format!("table/_flowparquet/replacing/{merged}.json"), "{}");
    for (damaged, _) in &sources {
        sources.iter().for_each(|(path, content)| drop(work.write(path, content)));
        flip(&work, damaged);
        let (files, entries) = (work.parquet_files("table"), work.entries());
        assert_eq!(files.len(), 3);
        for args in [&COMPACT[..], &["convert", "raw", "table", "--day", "2026-01-16"]] {
            let ran = work.run(args);
            ran.code(1);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(
                said.contains(&format!(
                    "not merged: WORK/{damaged}: this file is not the one that the ledger speaks of: "
                )),
                "{said}"
            );
            assert_eq!((work.parquet_files("table"), work.entries()), (files.clone(), entries.clone()));
        }
    }
    // Restored, it goes on.
    sources.iter().for_each(|(path, content)| drop(work.write(path, content)));
    work.run(&COMPACT).code(0);
    assert_eq!(work.parquet_files("table"), [merged]);
    assert_rows(&work.rows(), &all_expected([&text(100, 600)]));
}

#[test]
fn a_forged_end_of_a_merge_deletes_nothing() {
    for forge in [
        (|done: &mut Json| {
            done["rows"] = 0.into();
            done.as_object_mut().unwrap().remove("file");
        }) as fn(&mut Json),
        |done| drop(done.as_object_mut().unwrap().remove("file")),
        |done| done["rows"] = 599.into(),
        |done| done["rows"] = u64::MAX.into(),
    ] {
        let (work, sources) = merged();
        let mut done = work.ledger()[5].clone();
        forge(&mut done);
        work.write(&work.entry(6), done.to_string());
        sources.iter().for_each(|(path, content)| drop(work.write(path, content)));
        for args in [&COMPACT[..], &["convert", "raw", "table", "--day", DAY], &["status", "table"]] {
            let ran = work.run(args);
            assert!(matches!(ran.code, Some(1 | 2)), "{:?} {}", ran.code, ran.stderr);
            assert!(format!("{}{}", ran.stdout, ran.stderr).contains("the ledger is damaged: it "), "{}", ran.stderr);
        }
        sources.iter().for_each(|(path, content)| assert_eq!(fs::read(work.path(path)).unwrap(), *content));
    }
}

#[cfg(feature = "query")]
#[test]
fn a_query_that_checks_asks_no_damaged_file() {
    let work = Work::new();
    work.object(&key(0), text(0, 300));
    work.convert(&ON_THIS_DAY).code(0);
    let query = ["query", "table", "SELECT count(*) AS n FROM vpc_flow_logs", "--check", "--output", "csv"];
    assert_eq!(work.run(&query).code(0).stdout, "n\n300\n");
    let file = format!("table/{}", work.parquet_files("table")[0]);
    flip(&work, &file);
    let ran = work.run(&query);
    ran.code(1).says_only(&format!(
        "damaged: its SHA-256 is not that of the ledger: somebody replaced it or its bytes are damaged\n  at WORK/{file}\nnothing \
         was asked: restore it from a version or backup; docs/operating.md says how to make it again\n"
    ));
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_table_that_is_to_be_written_for_everybody_is_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.convert(&["--day", DAY]).code(0);
    let path = work.path("table/_flowparquet/table.json");
    let before = fs::read_to_string(&path).unwrap();
    for write in [
        "{\"acl\": \"public-read\"}",
        "{\"sse\": \"aws:kms\\r\\nx-amz-acl: public-read\"}",
        "{\"tagging\": \"a b\"}",
        "1",
    ] {
        let mut forged: serde_json::Value = serde_json::from_str(&before).unwrap();
        forged["write"] = serde_json::from_str(write).unwrap();
        fs::write(&path, forged.to_string()).unwrap();
        for args in [&["convert", "raw", "table", "--day", DAY][..], &["status", "table"], &["doctor", "table"]] {
            let ran = work.run(args);
            let said = format!("{}{}", ran.code(2).stdout, ran.stderr);
            assert!(said.contains("this is not the description of a table"), "{said}");
        }
    }
    fs::write(&path, before).unwrap();
    work.convert(&["--day", DAY]).code(0);
}
