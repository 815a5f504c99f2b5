//! Output that must not change unnoticed: help, tables, plans, reports, definitions, and the tables in `docs/`.
//!
//! What a program said once stands in `tests/golden/`. If a change is meant, `BLESS=1 cargo test --release --test
//! tests` writes the files and the sections of `docs/` anew; look at the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::util::{ACCOUNT, DAY, Layout, REGION, Work, key, text};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blessed() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Compares a text with the golden file of this name.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    let path: PathBuf = root().join("tests/golden").join(name);
    if blessed() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, actual).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        wanted == actual,
        "{} differs; if that is meant: BLESS=1 cargo test --release --test tests\n{}",
        path.display(),
        difference(&wanted, actual)
    );
}

/// Returns the first line that differs, and what follows it.
fn difference(wanted: &str, actual: &str) -> String {
    let same = wanted.lines().zip(actual.lines()).take_while(|(wanted, actual)| wanted == actual).count();
    let rest = |text: &str| text.lines().skip(same).take(12).map(|line| format!("    {line}\n")).collect::<String>();
    format!("from line {} on it should be\n{}but is\n{}", same + 1, rest(wanted), rest(actual))
}

#[test]
fn help() {
    let work = Work::new();
    golden("help.txt", &work.run(&["--help"]).code(0).stdout);
    for command in [
        "convert",
        "plan",
        "ddl",
        "status",
        "verify",
        "queries",
        "query",
        "compare",
        "tune",
        "doctor",
        "iam-policy",
        "fields",
        "generate",
        "demo",
    ] {
        golden(&format!("help-{command}.txt"), &work.run(&[command, "--help"]).code(0).stdout);
    }
}

#[test]
fn fields() {
    let work = Work::new();
    for log_type in ["vpc", "tgw"] {
        for format in ["table", "json", "markdown"] {
            let ran = work.run(&["fields", "--log-type", log_type, "--format", format]);
            golden(&format!("fields-{log_type}.{format}.txt"), &ran.code(0).stdout);
        }
    }
    golden("fields-vpc-version-3.txt", &work.run(&["fields", "--version", "3"]).code(0).stdout);
    let refused = work.run(&["fields", "--version", "12"]);
    refused.code(2).says_only(
        "error: VPC Flow Logs have no version 12\n  help: versions that brought fields: 2, 3, 4, 5, 7, 8, 9, 10, 11\n",
    );
}

/// Three days: one converted with late objects, one claimed by a stopped run, one new; and objects passed over.
///
/// Plain text objects, so that sizes are those of this file and not of a gzip library.
fn three_days(work: &Work) -> [&'static str; 6] {
    let plain = |day: &str, number: u32, rows: u64| {
        let key = Layout::Default.key(ACCOUNT, REGION, day, number).replace(".log.gz", ".log");
        work.write(&format!("raw/{key}"), text(u64::from(number) * 100, rows));
    };
    (0..3).for_each(|number| plain("2026-01-14", number, 100));
    (0..2).for_each(|number| plain("2026-01-15", number, 50));
    work.run(&["convert", "raw", "table", "--from", "2026-01-14", "--to", "2026-01-15"]).code(0);
    work.remove(&work.entry(2));
    plain("2026-01-14", 5, 10);
    (0..4).for_each(|number| plain("2026-01-16", number, 100));
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    work.write(&format!("raw/{folder}/notes.csv"), "a,b");
    work.write(&format!("raw/{folder}/deeper/x.log"), text(0, 1));
    ["raw", "table", "--from", "2026-01-14", "--to", "2026-01-16"]
}

#[test]
fn plan() {
    let work = Work::new();
    let args = three_days(&work);
    let before = work.files("");
    let plan = work.run(&[&["plan"], &args[..]].concat());
    golden("plan.txt", &plan.code(0).stdout);
    let dry_run = work.run(&[&["convert", "--dry-run"], &args[..]].concat());
    assert_eq!((&dry_run.stdout, &dry_run.stderr, dry_run.code), (&plan.stdout, &plan.stderr, plan.code));
    golden("plan.json", &work.run(&[&["plan", "--json"], &args[..]].concat()).code(0).stdout);
    assert_eq!(work.files(""), before, "plan and --dry-run write nothing");
    let nothing = work.run(&["plan", "raw", "table", "--day", "2026-01-20"]);
    assert_eq!(nothing.code(0).stdout, "nothing to do: no log objects for 2026-01-20 below raw\n");
    work.run(&[&["convert"], &args[..]].concat()).code(0);
    let done = work.run(&["plan", "raw", "table", "--day", "2026-01-16"]);
    golden("plan-done.txt", &done.code(0).stdout);
}

#[test]
fn status() {
    let work = Work::new();
    work.run(&["status", "table"]).code(2).says("error: nothing is converted here yet\n");
    let args = three_days(&work);
    let stopped = work.run(&["status", "table"]);
    assert!(stopped.code(1).stdout.contains("a run was stopped: run convert again"), "{}", stopped.stdout);
    work.write(&format!("raw/{}", key(20)), "broken");
    let plain = Layout::Default.key(ACCOUNT, REGION, "2026-01-16", 21).replace(".log.gz", ".log");
    work.write(&format!("raw/{plain}"), format!("{}not a record\n", text(0, 2)));
    work.write(
        &format!("raw/{}", Layout::Default.key(ACCOUNT, REGION, "2026-01-19", 0).replace(".gz", "")),
        text(0, 2),
    );
    work.run(&[&["convert"], &args[..4], &["--to", "2026-01-19"]].concat()).code(1);
    // Sizes of Parquet files are those of this version.
    let sizeless = |text: &str| text.lines().map(|line| redact_size(line) + "\n").collect::<String>();
    golden("status.txt", &sizeless(&work.run(&["status", "table"]).code(1).stdout));
    let mut json: Json = serde_json::from_str(&work.run(&["status", "table", "--json"]).code(1).stdout).unwrap();
    for day in json["days"].as_object_mut().unwrap().values_mut() {
        assert!(day["bytes"].as_u64().unwrap() > 0);
        day["bytes"] = 0.into();
    }
    golden("status.json", &(serde_json::to_string_pretty(&json).unwrap() + "\n"));
    let one = work.run(&["status", "table", "--day", "2026-01-14"]);
    assert!(one.code(0).stdout.contains("2026-01-14") && !one.stdout.contains("2026-01-15"), "{}", one.stdout);
    assert_eq!(work.run(&["status", "table", "--day", "2026-01-01"]).code(0).stdout, "no day of these is converted\n");
}

/// Puts `SIZE` in place of a size such as `4.1 kB`.
fn redact_size(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.iter().position(|word| ["B", "kB"].contains(word)) {
        Some(unit) => [&words[..unit - 1], &["SIZE"], &words[unit + 1..]].concat().join(" "),
        None => words.join(" "),
    }
}

#[test]
fn report() {
    let work = Work::new();
    let args = three_days(&work);
    work.write(&format!("raw/{}", key(20)), "broken");
    let plain = key(21).replace(".log.gz", ".log");
    work.write(
        &format!("raw/{plain}"),
        format!("{}not a record\n", text(0, 2).replacen(" bytes", " bytes new-field", 1)),
    );
    let ran = work.run(&[&["convert", "--report", "report.json"], &args[..]].concat());
    ran.code(1);
    let mut report: Json = serde_json::from_slice(&fs::read(work.path("report.json")).unwrap()).unwrap();
    // Numbers and paths are those of this machine; which keys there are is what programs rely on.
    redact(&mut report);
    report["started"] = "TIME".into();
    report["tool"] = "flowparquet VERSION".into();
    golden("report.json", &(serde_json::to_string_pretty(&report).unwrap() + "\n"));
    let shown = ran.stderr.lines().map(no_digits).collect::<Vec<_>>().join("\n") + "\n";
    golden("summary.txt", &shown);
}

/// Puts 0 in place of numbers and WORK in place of the folders above `raw` and `table`.
fn redact(value: &mut Json) {
    match value {
        Json::Number(_) => *value = 0.into(),
        Json::String(text) => {
            for folder in ["/raw", "/table"] {
                if let Some((before, below)) = text.split_once(folder)
                    && before.contains(env!("CARGO_TARGET_TMPDIR").trim_start_matches('/'))
                {
                    *text = format!("WORK{folder}{below}");
                }
            }
        }
        Json::Array(values) => values.iter_mut().for_each(redact),
        Json::Object(values) => values.values_mut().for_each(redact),
        _ => {}
    }
}

/// Returns a line with `#` in place of numbers and sizes, unless it is about an object.
fn no_digits(line: &str) -> String {
    if line.starts_with("  at ")
        || line.starts_with("rejected: ")
        || line.starts_with("partition") && line.contains("objects")
    {
        return line.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let words = line.split_whitespace().map(|word| {
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        if number { "#" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").replace("# B", "# bytes").replace("# kB", "# bytes")
}

/// Returns a definition without the year in which it was printed: projected years go on behind it.
pub fn stable(text: &str) -> String {
    let last = crate::util::days_ago(0).year() + 10;
    let quoted = |text: String, quote| text.replace(&format!(",{last}{quote}"), &format!(",THIS YEAR + 10{quote}"));
    quoted(quoted(text.to_owned(), '\''), '"').replace(&format!("'{last}']"), "'THIS YEAR + 10']")
}

#[test]
fn ddl() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.convert(&["--day", DAY]).code(0);
    let ran = work.run(&["ddl", "table"]);
    ran.code(0).says_only(
        "note: put the table's s3:// location in place of s3://YOUR-BUCKET/YOUR-PREFIX, or give --location\n",
    );
    golden("ddl.sql", &stable(&ran.stdout));
    let options = ["--table", "flows", "--database", "logs", "--location", "s3://bucket/a/b/", "--no-comments"];
    let ran = work.run(&[&["ddl", "table"], &options[..]].concat());
    ran.code(0).says_only("");
    golden("ddl-options.sql", &stable(&ran.stdout));
    let ran = work.run(&["ddl", "table", "--table", "My Table"]);
    ran.code(2).says("error: \"My Table\" is no name for a table, database or column in Athena\n");
    work.run(&["ddl", "table", "--location", "/x"]).code(2).says("error: --location /x is not s3://bucket/prefix\n");

    work.convert_from("raw", "parted", &["--day", DAY, "--partition-by", "account-region-hour"]).code(0);
    golden("ddl-account-region-hour.sql", &stable(&work.run(&["ddl", "parted", "--no-comments"]).code(0).stdout));

    for (log_type, name) in [("vpc", "ddl-v11.sql"), ("tgw", "ddl-tgw.sql")] {
        let args = ["--objects", "1", "--rows", "50", "--schema-version", "11", "--log-type", log_type];
        work.run(&[&["generate", log_type], &args[..]].concat()).code(0);
        work.convert_from(log_type, name, &["--day", DAY]).code(0);
        golden(name, &stable(&work.run(&["ddl", name]).code(0).stdout));
    }
}

/// Returns every ready query as `queries --json` has it.
fn ready_queries(work: &Work) -> Vec<Json> {
    serde_json::from_str(&work.run(&["queries", "--json"]).code(0).stdout).unwrap()
}

#[test]
fn queries() {
    let work = Work::new();
    golden("queries.txt", &work.run(&["queries"]).code(0).stdout);
    for query in ready_queries(&work) {
        let name = query["name"].as_str().unwrap();
        let required = query["parameters"].as_array().unwrap().iter().filter(|p| p.get("default").is_none());
        let set: Vec<String> = required
            .map(|p| format!("--set={}={}", p["name"].as_str().unwrap(), p["example"].as_str().unwrap()))
            .collect();
        let days: &[&str] = match name {
            "local-time-view" => &[],
            "local-day" => &["--local-day", DAY, "--tz", "Asia/Tokyo"],
            _ => &["--day", DAY],
        };
        let args = [&["queries", name], days, &set.iter().map(String::as_str).collect::<Vec<_>>()].concat();
        golden(&format!("queries/{name}.sql"), &work.run(&args).code(0).stdout);
    }
    let options = ["--table", "logs.flow_1", "--from", "2025-12-30", "--to", "2026-02-01", "--set", "limit=3"];
    let places = ["--account", "123456789012", "--region", "us-east-1", "--region", "eu-west-1"];
    let ran = work.run(&[&["queries", "rejected"], &options[..], &places].concat());
    ran.code(0).says_only("set: limit=3 (rows of the answer)\n");
    golden("queries-options.sql", &ran.stdout);
    golden("queries.json", &work.run(&["queries", "top-pairs", "--json", "--day", DAY]).code(0).stdout);
    let by_aws_name = work.run(&["queries", "VpcFlowLogsTopTalkers", "--day", DAY]);
    golden("queries/top-talkers.sql", &by_aws_name.code(0).stdout);
    by_aws_name.says("note: The same bytes are logged at every interface they pass");
    // Nothing said: the last complete day.
    let yesterday = crate::util::days_ago(1);
    let of = |args: &[&str]| work.run(&[&["queries", "rejected"], args].concat()).code(0).stdout.clone();
    assert_eq!(of(&[]), of(&["--day", &yesterday.to_string()]));
}

#[test]
fn what_queries_refuse() {
    let work = Work::new();
    let said = |args: &[&str]| work.run(&[&["queries"], args].concat()).code(2).stderr.clone();
    let mut all = String::new();
    let mut refused =
        |args: &[&str]| all.push_str(&format!("$ flowparquet queries {}\n{}\n", args.join(" "), said(args)));
    let day = ["--day", DAY];
    refused(&["top-talker"]);
    refused(&["--set", "limit=1"]);
    refused(&["nat-trace"]);
    refused(&["nat-trace", "--set", "address=172.32.21.19"]);
    refused(&["egress-cost"]);
    refused(&["local-day", "--day", DAY]);
    refused(&["local-time-view", "--set", "zone=Asia/Tokyo", "--day", DAY]);
    refused(&["local-time-view", "--set", "zone=Mars/Olympus"]);
    refused(&["rejected", "--set", "limit"]);
    refused(&["rejected", "--set", "limit=0"]);
    refused(&["rejected", "--set", "ports=22"]);
    refused(&["rejected", "--set", "limit=1", "--set", "limit=2"]);
    refused(&["from-address", "--set", "address=172.32.21"]);
    refused(&["rejected", "--account", "1"]);
    refused(&["rejected", "--region", "Tokyo"]);
    refused(&["egress-by-path", "--schema-version", "2"]);
    refused(&["egress-by-path", "--log-format", "${version} ${srcaddr} ${bytes}"]);
    refused(&["rejected", "--log-format", "(version)"]);
    refused(&["rejected", "--log-format", "${version} ${tgw-id} ${srcaddr}"]);
    refused(&[
        "ipv4-bytes",
        "--log-format",
        "${srcaddr} ${packets} ${bytes}",
        "--local-day",
        DAY,
        "--tz",
        "Asia/Tokyo",
    ]);
    golden("queries-errors.txt", &all);
    // Nothing typed leaves its place.
    for bad in ["a\"b", "a`b", "a\nb", "a*/b", "a--b", "a;b", "a b", "A", "a.b.c", "", "a'b"] {
        work.run(&[&["queries", "rejected", "--table", bad], &day[..]].concat()).code(2).says("error: \"");
        let view = format!("view={bad}");
        work.run(&["queries", "local-time-view", "--set", "zone=UTC", "--set", &view])
            .code(2)
            .says("error: --set view=");
        let address = format!("address={bad}");
        work.run(&["queries", "from-address", "--set", &address]).code(2).says("error: --set address=");
    }
}

#[test]
fn queries_know_the_columns_of_a_table() {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.convert(&["--day", DAY]).code(0);
    work.run(&["queries", "rejected", "--dest", "table"]).code(0);
    work.run(&["queries", "top-instances", "--dest", "table"]).code(2).says_only(
        "error: query top-instances needs columns that the table table does not have: instance_id\n  help: flow log \
         version 3 brings them; the fields of a flow log cannot be changed, so create a new one whose --log-format has \
         ${instance-id} too, and convert its objects into the same table\n",
    );
    work.run(&["queries", "rejected", "--dest", "table", "--account", ACCOUNT]).code(2).says_only(
        "error: --account needs a table partitioned by aws_account_id\n  at table\n  help: this one is partitioned by \
         year, month, day\n",
    );
    work.run(&["queries", "rejected", "--dest", "nothing"]).code(2).says("error: nothing is converted here yet\n");
    work.convert_from("raw", "parted", &["--day", DAY, "--partition-by", "account-region-day"]).code(0);
    let ran = work.run(&["queries", "rejected", "--dest", "parted", "--account", ACCOUNT, "--region", REGION]);
    assert!(
        ran.code(0).stdout.contains(&format!("  AND aws_account_id = '{ACCOUNT}'\n  AND aws_region = '{REGION}'\n"))
    );
}

#[test]
fn the_list_of_queries_in_docs_is_that_of_the_program() {
    let work = Work::new();
    let mut list = "| Query | Since | What it answers | Can be set |\n|---|---|---|---|\n".to_owned();
    for query in ready_queries(&work) {
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        let parameters = query["parameters"].as_array().unwrap();
        let settable: Vec<String> = parameters.iter().map(|p| format!("`{}`", text(&p["name"]))).collect();
        list.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            text(&query["name"]),
            query["version"],
            text(&query["answers"]),
            settable.join(", ")
        ));
    }
    section("docs/queries.md", "queries", &list);
}

#[test]
fn the_field_tables_in_docs_are_those_of_the_schema() {
    let work = Work::new();
    for log_type in ["vpc", "tgw"] {
        let fields = work.run(&["fields", "--format", "markdown", "--log-type", log_type]);
        section("docs/fields.md", &format!("fields:{log_type}"), &fields.code(0).stdout);
    }
}

/// Held by who reads or writes a page, of which several tests may have a section.
static PAGES: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Compares a page's section between the lines `<!-- name -->` and `<!-- /name -->`.
#[track_caller]
pub fn section(page: &str, name: &str, wanted: &str) {
    section_like(page, name, wanted, str::to_owned);
}

/// The same, by what `steady` leaves of both texts: what differs from run to run is not compared, and a section that
/// differs in nothing else is not written anew.
#[track_caller]
pub fn section_like(page: &str, name: &str, wanted: &str, steady: impl Fn(&str) -> String) {
    let _held = PAGES.lock();
    let path = root().join(page);
    let how = "write it with: BLESS=1 cargo test --release --test tests";
    let mut whole = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{page} cannot be read: {e}"));
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let place = whole.find(&begin).map(|at| at + begin.len());
    let place = place.and_then(|from| Some(from..from + whole[from..].find(&end)?));
    let Some(place) = place else {
        panic!("{page} has no section between the lines {:?} and {end:?}: put both in, then {how}", begin.trim_end());
    };
    let (is, wanted_steady) = (steady(whole[place.clone()].trim()), steady(wanted.trim()));
    if is == wanted_steady {
        return;
    }
    if blessed() {
        whole.replace_range(place, &format!("\n{}\n\n", wanted.trim()));
        return fs::write(path, whole).unwrap();
    }
    panic!("{page}'s section {name} is not what the program says: {how}\n{}", difference(&wanted_steady, &is));
}
