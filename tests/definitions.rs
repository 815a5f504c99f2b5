//! Forms of a definition: `ddl --format`, over a converted table and over raw logs, projected and registered.
//!
//! What other people's parsers and engines make of them is judged in `tests/python`.

use serde_json::Value as Json;

use crate::golden::{golden, stable};
use crate::util::{ACCOUNT, DAY, Layout, REGION, Ran, Work, days_ago, gz, text};

/// Every form with the suffix of its files.
const FORMS: [(&str, &str); 7] = [
    ("athena", "sql"),
    ("glue-json", "json"),
    ("cloudformation", "json"),
    ("terraform", "tf"),
    ("trino", "sql"),
    ("spark", "sql"),
    ("duckdb", "sql"),
];

const OTHER: (&str, &str) = ("444455556666", "eu-west-1");

/// Raw logs of one account in AWS's plain layout, and of two in its Hive-style one, hourly; a table of each.
fn logs() -> Work {
    let work = Work::new();
    work.object(&Layout::Default.key(ACCOUNT, REGION, DAY, 0), text(0, 3));
    for (account, region) in [(ACCOUNT, REGION), OTHER] {
        work.write(&format!("hive/{}", Layout::HiveHourly.key(account, region, DAY, 30)), gz(text(0, 3)));
    }
    work.convert(&["--day", DAY]).code(0);
    work.convert_from("hive", "parted", &["--day", DAY, "--partition-by", "account-region-hour"]).code(0);
    work
}

/// What is defined: its name in goldens, and how `ddl` is told of it.
const TABLES: [(&str, &[&str]); 4] = [
    ("day", &["table", "--location", "s3://bucket/flow"]),
    ("account-region-hour", &["parted", "--location", "s3://bucket/flow", "--database", "logs", "--no-comments"]),
    ("raw", &["--raw", "raw", "--location", "s3://bucket/logs", "--no-comments"]),
    ("raw-hive", &["--raw", "hive", "--location", "s3://bucket/logs", "--database", "logs", "--no-comments"]),
];

fn ddl(work: &Work, args: &[&str], more: &[&str]) -> Ran {
    work.run(&[&["ddl"], args, more].concat())
}

#[test]
fn every_form() {
    let work = logs();
    for (form, suffix) in FORMS.into_iter().filter(|(form, _)| *form != "athena") {
        for (table, args) in TABLES {
            let ran = ddl(&work, args, &["--format", form]);
            golden(&format!("definitions/{form}/{table}.{suffix}"), &stable(&ran.code(0).stdout));
            let headers = "note: Spark shows the first line of each object as a row of field names, whose numbers are NULL: \
                           put WHERE version IS NOT NULL into queries\n";
            ran.says_only(if form == "spark" && args[0] == "--raw" { headers } else { "" });
        }
    }
    golden("definitions/athena/raw.sql", &stable(&ddl(&work, TABLES[2].1, &[]).code(0).stdout));
    golden("definitions/athena/raw-hive.sql", &stable(&ddl(&work, TABLES[3].1, &[]).code(0).stdout));
}

#[test]
fn registered_partitions() {
    let work = logs();
    let off = ["--projection", "off"];
    for (form, suffix) in [("athena", "sql"), ("glue-json", "json"), ("trino", "sql"), ("spark", "sql")] {
        for (table, args) in [TABLES[1], TABLES[3]] {
            let ran = ddl(&work, args, &[&off[..], &["--format", form]].concat());
            golden(&format!("definitions/{form}/{table}-registered.{suffix}"), &ran.code(0).stdout);
            let ran = ddl(&work, args, &[&off[..], &["--format", form, "--since", DAY]].concat());
            golden(&format!("definitions/{form}/{table}-since.{suffix}"), &ran.code(0).stdout);
            // A day behind all others: nothing to do, and nothing said.
            let nothing = ddl(&work, args, &[&off[..], &["--format", form, "--since", "2026-01-16"]].concat());
            let call = if form == "trino" && table != "raw-hive" { "CALL system.sync_partition_metadata(" } else { "" };
            assert!(
                nothing.code(0).stdout.starts_with(call) && nothing.stdout.lines().count() <= 1,
                "{}",
                nothing.stdout
            );
        }
    }
    let note = "note: this is the table without partitions: ";
    for form in ["glue-json", "cloudformation", "terraform"] {
        let ran = ddl(&work, TABLES[0].1, &["--format", form, "--projection", "off"]);
        ran.code(0).says_only(&format!("{note}print them with --since DAY, and --format athena or glue-json\n"));
        assert!(!ran.stdout.contains("projection."), "{}", ran.stdout);
        let ran = ddl(&work, TABLES[1].1, &["--format", form, "--projection", "msck"]);
        ran.code(0).says_only(&format!("{note}run MSCK REPAIR TABLE `logs`.`vpc_flow_logs`; in Athena\n"));
    }
    let ran = ddl(&work, TABLES[3].1, &["--format", "trino", "--projection", "off"]);
    ran.code(0).says_only("note: Trino's catalog has to allow it: hive.allow-register-partition-procedure=true\n");
}

#[test]
fn partitions_are_registered_in_batches() {
    let work = Work::new();
    for day in 1..=230 {
        work.object(&Layout::Default.key(ACCOUNT, REGION, &days_ago(day).to_string(), 0), text(0, 1));
    }
    let args = ["--raw", "raw", "--location", "s3://b/logs", "--format", "glue-json", "--projection", "off"];
    let ran = ddl(&work, &args, &["--since", &days_ago(225).to_string()]);
    let calls: Vec<Json> = ran.code(0).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sizes: Vec<usize> = calls.iter().map(|call| call.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 25]);
    let day = days_ago(225);
    assert_eq!(
        calls[0][0]["Values"],
        serde_json::json!([format!("{:04}", day.year()), format!("{:02}", day.month()), format!("{:02}", day.day())])
    );
    let folder = format!("s3://b/logs/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{}/", day.strftime("%Y/%m/%d"));
    assert_eq!(calls[0][0]["StorageDescriptor"]["Location"], folder.as_str());
    let ran = ddl(&work, &[&args[..4], &args[6..]].concat(), &["--since", &days_ago(225).to_string()]);
    let statements: Vec<&str> = ran.code(0).stdout.split_inclusive(";\n").collect();
    assert_eq!(statements.len(), 3);
    for (statement, size) in statements.iter().zip(sizes) {
        assert_eq!(statement.matches("\n  PARTITION (").count(), size);
        assert!(statement.len() < 262_144, "Athena takes no longer one");
    }
}

#[test]
fn where_tables_are() {
    let work = logs();
    let said = |args: &[&str]| work.run(&[&["ddl"], args].concat()).code(0).stdout.clone();
    for (form, wanted) in [
        ("trino", "external_location = 'file:///WORK/table/'"),
        ("spark", "LOCATION 'file:///WORK/table/'"),
        ("duckdb", "'/WORK/table/year=*/month=*/day=*/*.parquet'"),
    ] {
        let text = said(&["table", "--format", form]);
        // `WORK` has come into the place of a path with or without its first slash.
        let text = text.replace("file://WORK", "file:///WORK").replace("'WORK", "'/WORK");
        assert!(text.contains(wanted), "{text}");
        for location in ["s3://b/x", "s3a://b/x", "file:///data/x"] {
            let text = said(&["table", "--format", form, "--location", location]);
            let shown = if form == "duckdb" { location.trim_start_matches("file://") } else { location };
            assert!(text.contains(&format!("'{shown}/")), "{text}");
        }
        work.run(&["ddl", "table", "--format", form, "--location", "/x"])
            .code(2)
            .says_only("error: --location /x is not s3://bucket/prefix or file:///path\n");
        let text = said(&["--raw", "raw", "--format", form]);
        assert!(text.contains(&format!("WORK/raw/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/")), "{text}");
    }
    for form in ["glue-json", "cloudformation", "terraform"] {
        work.run(&["ddl", "table", "--format", form, "--location", "file:///x"])
            .code(2)
            .says_only("error: --location file:///x is not s3://bucket/prefix\n");
        let ran = work.run(&["ddl", "table", "--format", form]);
        ran.code(0).says("note: put the table's s3:// location in place of s3://YOUR-BUCKET/YOUR-PREFIX, ");
        assert!(ran.stdout.contains("\"s3://YOUR-BUCKET/YOUR-PREFIX/\""), "{}", ran.stdout);
    }
    for (form, _) in FORMS {
        for location in ["s3://", "s3:///x"] {
            let said = format!("error: --location {location} is not s3://bucket/prefix");
            work.run(&["ddl", "table", "--format", form, "--location", location]).code(2).says(&said);
        }
        // What stands for other letters in a pattern or template, and folders without a name; DuckDB can spell them.
        for location in ["s3://b//x", "s3://b/*", "s3://b/{account_id}", "s3://b/${year}/x", "s3://b/[x]"] {
            let code = if form == "duckdb" { 0 } else { 2 };
            for source in [&["table"][..], &["--raw", "raw"]] {
                let ran = work.run(&[&["ddl", "--format", form, "--location", location], source].concat());
                if ran.code(code).code == Some(2) {
                    ran.says(&format!("error: \"{location}"));
                }
            }
        }
    }
    // SOURCE may lie deeper than the folder of the table, if its place need not be translated.
    let deep = format!("raw/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01");
    let text = said(&["--raw", &deep, "--format", "duckdb"]);
    assert!(text.contains(&format!("/{REGION}/[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/[!._]*'")), "{text}");
    work.run(&["ddl", "--raw", &deep, "--location", "s3://b/x"])
        .code(2)
        .says("error: --location cannot stand for SOURCE, since the table's folders begin above it\n");
}

#[test]
fn what_is_refused() {
    let work = logs();
    let refused = |args: &[&str], said: &str| {
        work.run(&[&["ddl"], args].concat()).code(2).says(&format!("error: {said}"));
    };
    refused(&["table", "--format", "spark", "--projection", "on"], "Spark knows no partition projection\n");
    refused(&["table", "--format", "duckdb", "--projection", "off"], "DuckDB knows of no partitions: ");
    refused(&["table", "--format", "duckdb", "--since", DAY], "--since registers partitions, but this table's are not");
    refused(&["table", "--format", "spark", "--since", DAY], "--since registers partitions, but this table's are not");
    for form in ["cloudformation", "terraform"] {
        let args = ["table", "--format", form, "--projection", "off", "--since", DAY];
        refused(&args, "--since registers partitions, but this form has the table only\n");
    }
    refused(
        &["table", "--format", "trino", "--projection", "msck"],
        "a procedure of Trino has to be told the schema of the table\n",
    );
    // Folders that do not name the keys are found by no engine: the table would be empty.
    for (form, _) in FORMS.into_iter().filter(|(form, _)| *form != "duckdb") {
        for source in ["raw", "hive"] {
            let args = ["--raw", source, "--format", form, "--projection", "msck"];
            refused(&args, "no engine finds the partitions of vpc_flow_logs_raw by their folders\n");
        }
    }
    // Those of one account do name them.
    work.write(&format!("one/{}", Layout::Hive.key(ACCOUNT, REGION, DAY, 0)), gz(text(0, 3)));
    for (form, _) in FORMS.into_iter().filter(|(form, _)| *form != "duckdb") {
        work.run(&["ddl", "--raw", "one", "--format", form, "--projection", "msck", "--database", "d"]).code(0);
    }
}

#[test]
fn logs_that_lie_flat_have_no_partitions() {
    let work = Work::new();
    let key = Layout::Default.key(ACCOUNT, REGION, DAY, 0);
    work.write(&format!("flat/{}", key.rsplit('/').next().unwrap()), gz(text(0, 3)));
    for (form, suffix) in FORMS {
        let ran = work.run(&["ddl", "--raw", "flat", "--format", form, "--no-comments"]);
        let text = ran.code(0).stdout.replace("file://WORK", "file:///WORK").replace("'WORK", "'/WORK");
        golden(&format!("definitions/{form}/flat.{suffix}"), &text);
        if form != "duckdb" {
            for how in ["on", "msck"] {
                work.run(&["ddl", "--raw", "flat", "--format", form, "--projection", how]).code(2);
            }
        }
    }
}

/// Texts that mean something to one of the languages.
const BAD: [&str; 14] =
    ["'", "\"", "`", ";", "\n", "\\", "*/", "--", "${x}", "%{x}", "{{resolve:ssm:x}}", "[a]", "*", "?"];

#[test]
fn nothing_leaves_its_place() {
    let work = logs();
    for (form, _) in FORMS {
        for bad in BAD {
            for flag in ["--table", "--database"] {
                let args = ["table", "--location", "s3://b/x", "--format", form, flag, &format!("a{bad}b")];
                ddl(&work, &args, &[]).code(2).says("error: \"a");
            }
            let location = format!("s3://b/a{bad}b");
            let args = ["--location", &location, "--format", form, "--no-comments"];
            for source in [&["table"][..], &["--raw", "raw"]] {
                let ran = ddl(&work, source, &args);
                if ran.code == Some(2) {
                    ran.says("error: ");
                    assert_eq!(ran.stdout, "");
                    continue;
                }
                let at = match form {
                    "glue-json" | "cloudformation" => {
                        let json: Json = serde_json::from_str(&ran.code(0).stdout).unwrap();
                        let table = json.get("Resources").map_or(&json, |resources| {
                            &resources.as_object().unwrap().values().next().unwrap()["Properties"]["TableInput"]
                        });
                        table["StorageDescriptor"]["Location"].as_str().unwrap().to_owned()
                    }
                    "terraform" => hcl_text(&ran, "location"),
                    "duckdb" => unspelled(&sql_text(&ran, "  '")),
                    "trino" => sql_text(&ran, "  external_location = '"),
                    _ => sql_text(&ran, "LOCATION '"),
                };
                assert!(at.starts_with(&format!("{location}/")), "{at}\n{}", ran.stdout);
            }
        }
    }
    // What stands in the place of a Region in keys is anybody's text: what no Region is called is passed over.
    for bad in ["'", "\"", ";", "${x}", "*", "\\"] {
        let (good, region) = (Layout::Default.key(ACCOUNT, REGION, DAY, 0), format!("r{bad}"));
        let key = Layout::Default.key(ACCOUNT, &region, DAY, 0);
        work.write(&format!("odd{}/{good}", bad.len()), gz(text(0, 1)));
        work.write(&format!("odd{}/{key}", bad.len()), gz(text(0, 1)));
        for (form, _) in FORMS {
            let ran =
                ddl(&work, &["--raw", &format!("odd{}", bad.len()), "--format", form, "--location", "s3://b/x"], &[]);
            if ran.code == Some(0) && ["glue-json", "cloudformation"].contains(&form) {
                let json: Json = serde_json::from_str(&ran.stdout).unwrap();
                assert!(!json["Parameters"].to_string().contains(&format!("/{region}")), "{json}");
            } else if ran.code != Some(0) {
                ran.code(2).says("error: ");
            }
        }
        work.remove(&format!("odd{}", bad.len()));
    }
}

/// Returns the text in single quotes that begins in a line that begins so; it ends at the line's last quote but commas.
fn sql_text(ran: &Ran, before: &str) -> String {
    let line = ran.stdout.lines().find_map(|line| line.strip_prefix(before));
    let line = line.unwrap_or_else(|| ran.fail(before)).trim_end_matches([',', ';']);
    let text = line.strip_suffix('\'').unwrap_or_else(|| ran.fail("no quote at the end"));
    assert!(!text.contains(['\'', '\n', ';', '\\']), "{text}");
    text.to_owned()
}

/// Returns the pattern as the text that it fits.
fn unspelled(pattern: &str) -> String {
    ["*", "?", "["].iter().fold(pattern.to_owned(), |text, c| text.replace(&format!("[{c}]"), c))
}

/// Returns the value of an argument in Terraform's language.
fn hcl_text(ran: &Ran, name: &str) -> String {
    let line = ran.stdout.lines().map(str::trim).find(|line| line.starts_with(&format!("{name} ")));
    let text = line.and_then(|line| line.split_once("= ")).unwrap_or_else(|| ran.fail(name)).1;
    let plain = text.replace("$${", "\u{1}").replace("%%{", "\u{2}");
    assert!(!plain.contains("${") && !plain.contains("%{"), "{text} would be evaluated");
    let json = plain.replace('\u{1}', "${").replace('\u{2}', "%{");
    serde_json::from_str(&json).unwrap_or_else(|e| ran.fail(&format!("{json}: {e}")))
}
