//! The console output that README and docs print: every command there is run, and what it prints must stand below it.
//!
//! A block stands between the lines `<!-- name -->` and `<!-- /name -->`. `BLESS=1 cargo test --release --test tests`
//! writes those anew that differ in more than seconds, times and names of files.

use std::fs;
use std::path::Path;

use crate::golden::section_like;
use crate::util::{Ran, Work};

/// A block of console output, as it grows.
struct Console(String);

impl Console {
    fn new() -> Self {
        Self("```console\n".to_owned())
    }

    /// Adds a command as a reader types it, and what it printed.
    fn shows(mut self, command: &str, printed: &str) -> Self {
        if self.0.contains("$ ") {
            self.0.push('\n');
        }
        self.0.push_str(&format!("$ {command}\n{}\n", printed.trim_end()));
        self
    }

    /// Compares the block with a page's section.
    #[track_caller]
    fn stands_in(self, page: &str, name: &str) {
        section_like(page, name, &(self.0 + "```"), steady);
    }
}

/// Returns what a terminal shows.
fn printed(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

/// Runs the words of a command as README has them, without `flowparquet`.
fn run(work: &Work, command: &str) -> Ran {
    work.run(&command.split(' ').collect::<Vec<_>>())
}

/// Puts words in place of seconds, rates, times of day and names of files, which differ from run to run.
fn steady(text: &str) -> String {
    text.lines().map(|line| steady_line(line) + "\n").collect()
}

fn steady_line(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| word.trim_end_matches(']').replace(',', "").parse::<f64>().is_ok();
    let word = |at: usize| {
        let next = words.get(at + 1).map_or("", |next| next.trim_end_matches([',', ';']));
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        match words[at] {
            word if is_number(word) && (next == "s" || before == "ms:") => "TIME".to_owned(),
            word if is_number(word) && next == "rows/s" => "RATE".to_owned(),
            word if word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T' => "TIME".to_owned(),
            word => nameless(word),
        }
    };
    (0..words.len()).map(word).collect::<Vec<_>>().join(" ")
}

/// Returns a word with `HASH` in place of a Parquet file's hash: it depends on where the raw objects lie.
fn nameless(word: &str) -> String {
    match word.split_once("part-").and_then(|(before, name)| Some((before, name.split_once('.')?))) {
        Some((before, (_, suffix))) => format!("{before}part-HASH.{suffix}"),
        None => word.to_owned(),
    }
}

/// Returns the lines that begin with one of these words, and `...` in place of others, however many there are.
fn shortened(text: &str, kept: &[&str]) -> String {
    let mut short = String::new();
    for line in text.lines() {
        if kept.iter().any(|word| line.starts_with(word)) {
            short.push_str(line);
            short.push('\n');
        } else if !short.ends_with("...\n") {
            short.push_str(&line[..line.len() - line.trim_start().len()]);
            short.push_str("...\n");
        }
    }
    short
}

#[test]
fn what_differs_from_run_to_run_is_not_compared() {
    let first =
        "1,440,000 rows in 0.4 s, 3,676,914 rows/s; rows read 1,440,000\n-> x/part-be7206db98002cb0fa18dd3a.parquet";
    let second =
        "1,440,000 rows in 11.9 s, 1,440 rows/s; rows read 1,440,000\n-> x/part-935cb3d1989fd6185434b667.parquet";
    assert_eq!(steady(first), steady(second));
    assert_ne!(steady(first), steady(&second.replace("read 1,440,000", "read 1,440,001")));
    assert_eq!(steady("3 rows in 0.02 s; 9.1 kB"), "3 rows in TIME s; 9.1 kB\n");
    assert_eq!(shortened("a 1\n  b\n  c\na 2\nd\n", &["a"]), "a 1\n  ...\na 2\n...\n");
}

/// A few seconds in a release build.
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimisation: cargo test --release")]
#[test]
fn the_first_run() {
    let work = Work::new();
    let generate = "generate raw --day 2026-01-15 --rows 5000";
    let convert = "convert raw parquet --day 2026-01-15";
    let ddl = "ddl parquet --location s3://my-table/flow --no-comments";
    let kept = [
        "CREATE",
        "  `version`",
        "  `account_id`",
        "  `log_status`",
        ")",
        "PARTITIONED",
        "STORED",
        "LOCATION",
        "TBLPROPERTIES",
        "  'classification'",
        "  'projection.enabled'",
        "  'projection.year.type'",
        "  'storage",
    ];
    let mut block = Console::new().shows(&format!("flowparquet {generate}"), &printed(run(&work, generate).code(0)));
    for _ in 0..2 {
        // Without lines of progress, which a slow machine would add.
        let ran = run(&work, &format!("{convert} --progress none"));
        block = block.shows(&format!("flowparquet {convert}"), &printed(ran.code(0)));
    }
    block = block.shows(&format!("flowparquet {ddl}"), &shortened(&printed(run(&work, ddl).code(0)), &kept));
    let files: String = work.files("parquet").iter().map(|file| format!("parquet/{file}\n")).collect();
    block.shows("find parquet -type f | sort", &files).stands_in("README.md", "first-run");

    let verify = "verify raw parquet --day 2026-01-15";
    let ran = run(&work, &format!("{verify} --progress none"));
    Console::new().shows(&format!("flowparquet {verify}"), &printed(ran.code(0))).stands_in("docs/verify.md", "verify");
    if cfg!(feature = "query") {
        queries_of_the_first_day(&work);
    }
}

/// What the queries of README and docs print on the day of the first run.
fn queries_of_the_first_day(work: &Work) {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let statement = readme.split_once("```sql\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    work.write("instance.sql", statement);
    let query = "query parquet --file instance.sql";
    Console::new()
        .shows(&format!("flowparquet {query}"), &printed(run(work, query).code(0)))
        .stands_in("README.md", "first-query");

    let ready = "queries tutorial-nat --day 2026-01-15";
    work.write("nat.sql", &run(work, ready).code(0).stdout);
    Console::new()
        .shows(
            &format!("flowparquet {ready} 2>/dev/null | flowparquet query parquet --file -"),
            &printed(run(work, "query parquet --file nat.sql").code(0)),
        )
        .stands_in("docs/queries.md", "nat-gateway");

    let actions = "SELECT action, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1";
    Console::new()
        .shows(
            &format!("flowparquet query parquet \"{actions}\""),
            &printed(work.run(&["query", "parquet", actions]).code(0)),
        )
        .stands_in("docs/query.md", "actions");

    let sum = "SELECT sum(bytes) FROM vpc_flow_logs WHERE day = '15' AND srcaddr = '172.32.21.19'";
    let kept = ["   ", "partitions", "files", "row groups", "column chunks", "footers", "ProjectionExec"];
    let explained = &work.run(&["query", "parquet", sum, "--explain"]).code(0).stdout.replace("\n  ", "\n- ");
    let explained = shortened(explained, &kept).replace("\n...\nProj", "\n\nProj");
    Console::new()
        .shows(&format!("flowparquet query parquet \"{sum}\" --explain"), &explained)
        .stands_in("docs/query.md", "explain");
}

#[test]
fn a_ready_query() {
    let work = Work::new();
    let command = "queries ssh-rdp-exposure --table logs.vpc_flow_logs --from 2026-01-01 --to 2026-02-10";
    let ran = run(&work, command);
    let said = shortened(&ran.code(0).stderr, &["set: ports"]);
    let kept = ["-- title", "SELECT", "       from_", "FROM", "WHERE", "    OR", "  AND action"];
    Console::new()
        .shows(&format!("flowparquet {command}"), &format!("{said}{}", shortened(&ran.stdout, &kept)))
        .stands_in("docs/queries.md", "ready-query");
}

/// Two days with a late object each; of the second one an object is missing and another one has a line that does not fit.
#[test]
fn days_that_went_wrong() {
    let work = Work::new();
    run(&work, "generate raw --from 2026-01-12 --to 2026-01-13 --rows 50").code(0);
    let raw = work.files("raw");
    let object = |moment: &str| raw.iter().find(|key| key.contains(moment)).unwrap().clone();
    let packed = |moment: &str| fs::read(work.path("raw").join(object(moment))).unwrap();
    let late = ["20260112T2355Z", "20260113T2350Z", "20260113T2355Z"];
    let late: Vec<(String, Vec<u8>)> = late.iter().map(|moment| (object(moment), packed(moment))).collect();
    late.iter().for_each(|(key, _)| work.remove(&format!("raw/{key}")));
    work.remove(&format!("raw/{}", object("20260113T0405Z")));
    let days = "--from 2026-01-12 --to 2026-01-13";
    run(&work, &format!("convert raw parquet {days}")).code(0);
    late.iter().for_each(|(key, bytes)| drop(work.write(&format!("raw/{key}"), bytes)));
    run(&work, &format!("convert raw parquet {days}")).code(0);

    run(&work, "compact parquet --day 2026-01-12 --min-age 0").code(0);
    run(&work, "verify raw parquet --day 2026-01-12").code(0);
    let ledger = "ledger parquet --day 2026-01-12";
    Console::new()
        .shows(&format!("flowparquet {ledger}"), &printed(run(&work, ledger).code(0)))
        .stands_in("docs/ledger.md", "ledger");
    let status = format!("status parquet {days}");
    let shown = printed(&run(&work, &status));
    Console::new()
        .shows(&format!("flowparquet {status}"), shown.split("\n\n!").next().unwrap())
        .stands_in("docs/operating.md", "status");
}

#[test]
fn a_line_that_does_not_fit() {
    let work = Work::new();
    run(&work, "generate raw --day 2026-01-15 --objects 2 --rows 20").code(0);
    let key = work.files("raw")[1].clone();
    let plain = key.replace(".log.gz", ".log");
    let packed = fs::read(work.path("raw").join(&key)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&packed[..]), &mut text).unwrap();
    work.remove(&format!("raw/{key}"));
    // A blank got lost in the fourth record.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[4] = lines[4].replacen(" eni-", "eni-", 1);
    work.write(&format!("raw/{plain}"), lines.join("\n") + "\n");
    run(&work, "convert raw parquet --day 2026-01-15").code(1);
    let rejects = "rejects parquet --day 2026-01-15";
    let shown: String = printed(run(&work, rejects).code(1)).lines().map(|line| abridged(line) + "\n").collect();
    Console::new().shows(&format!("flowparquet {rejects}"), &shown).stands_in("docs/rejects.md", "rejects");
}

/// Returns a line without the folders of an object's key, and a record without its later fields.
fn abridged(line: &str) -> String {
    match (line.strip_prefix("  at ").and_then(|place| place.rsplit_once('/')), line.strip_prefix("  ")) {
        (Some((_, name)), _) => format!("  at …/{name}"),
        (None, Some(record)) => format!("  {} …", record.split(' ').take(3).collect::<Vec<_>>().join(" ")),
        (None, None) => line.to_owned(),
    }
}
