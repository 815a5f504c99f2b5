//! Output that must not change unnoticed: help, tables, plans, reports, definitions, and the README's field tables.
//!
//! What a program said once stands in `tests/golden/`. If a change is meant, `BLESS=1 cargo test --release --test
//! tests golden` writes the files and the README's sections anew; look at the difference before it is committed.

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
        "{} differs; if that is meant: BLESS=1 cargo test --release --test tests golden\n{}",
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
    for command in ["convert", "plan", "ddl", "fields", "generate", "demo"] {
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
    work.run(&[&["convert"], &args[..]].concat()).code(1);
    let done = work.run(&["plan", "raw", "table", "--day", "2026-01-16"]);
    golden("plan-done.txt", &done.code(0).stdout);
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
    text.replace(&format!(",{}'", crate::util::days_ago(0).year() + 10), ",THIS YEAR + 10'")
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

#[test]
fn the_readmes_field_tables_are_those_of_the_schema() {
    let work = Work::new();
    let path = root().join("README.md");
    let how = "write it with: BLESS=1 cargo test --release --test tests golden";
    let mut readme = fs::read_to_string(&path).unwrap_or_else(|e| panic!("README.md cannot be read: {e}"));
    for log_type in ["vpc", "tgw"] {
        let (begin, end) = (format!("<!-- fields:{log_type} -->\n"), format!("<!-- /fields:{log_type} -->"));
        let place = readme.find(&begin).map(|at| at + begin.len());
        let place = place.and_then(|from| Some(from..from + readme[from..].find(&end)?));
        let Some(place) = place else {
            panic!(
                "README.md has no section between the lines {:?} and {end:?}: put both in, then {how}",
                begin.trim_end()
            );
        };
        let fields = work.run(&["fields", "--format", "markdown", "--log-type", log_type]);
        let wanted = format!("\n{}\n", fields.code(0).stdout);
        let is = readme[place.clone()].to_owned();
        if blessed() {
            readme.replace_range(place, &wanted);
        } else {
            assert!(
                is.trim() == wanted.trim(),
                "README.md's field table of {log_type} is not that of schemas/: {how}\n{}",
                difference(wanted.trim(), is.trim())
            );
        }
    }
    if blessed() {
        fs::write(path, readme).unwrap();
    }
}
