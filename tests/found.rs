//! Random trees of folders and names: whatever lies below SOURCE is found, named, or known to be no log of the asked days.
//!
//! A tree is made of the pieces that `docs/input.md` lists. What must become of an object is said by the pieces that it is made of,
//! in a few lines that share nothing with the program. `FLOWPARQUET_TEST_SEED=17` makes one tree, `FLOWPARQUET_TEST_CASES` is another
//! number than 150.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::util::{ACCOUNT, DAY, REGION, V2, Work, name};

/// The day before the asked one, and the one behind it.
const OTHER_DAYS: [&str; 2] = ["2026-01-14", "2026-02-15"];

/// A fate that is not "found".
const NAMED: &str = "named";
const OF_OTHERS: &str = "no log of the asked days";
const FOUND: &str = "found";

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// The asked day, or another one.
    fn day(&mut self) -> &'static str {
        if self.below(2) == 0 { DAY } else { OTHER_DAYS[self.below(2)] }
    }
}

/// Where a folder lies.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Below a Region of an account's flow logs.
    Region,
    /// A copy's, with a day.
    Copy,
    /// What nobody knows.
    Strange,
    /// SOURCE itself.
    Top,
    /// Another service's, or hidden.
    Others,
}

/// A folder, the day that it says, and where it lies.
fn folder(random: &mut Random) -> (String, Option<&'static str>, Place) {
    let day = random.day();
    let (y, m, d) = (&day[..4], &day[5..7], &day[8..]);
    let short = (m.trim_start_matches('0'), d.trim_start_matches('0'));
    let dated = match random.below(7) {
        0 => format!("{y}/{m}/{d}"),
        1 => format!("{y}/{}/{}", short.0, short.1),
        2 => format!("year={y}/month={m}/day={d}"),
        3 => format!("year%3D{y}/month%3D{}/day%3D{d}", short.0),
        4 => day.to_owned(),
        5 => format!("dt={day}"),
        _ => format!("{y}{m}{d}"),
    } + random.one_of(&["", "", "/05", "/hour=5", "/part-1/x"]);
    let top = random.one_of(&["", "", "logs/", "a b/c=d/"]);
    let account = match random.below(3) {
        0 => format!("AWSLogs/{ACCOUNT}"),
        1 => format!("AWSLogs/o-a1b2/{ACCOUNT}"),
        _ => format!("AWSLogs/aws-account-id={ACCOUNT}"),
    };
    let region = match account.contains('=') {
        true => format!("{account}/{}=vpcflowlogs/aws-region={REGION}", random.one_of(&["aws-service", "service"])),
        false => format!("{account}/vpcflowlogs/{REGION}"),
    };
    match random.below(10) {
        0..=4 => (format!("{top}{region}/{dated}"), Some(day), Place::Region),
        5 => {
            let undated = ["", "/old", "/2026", "/2026/01", "/2026/odd", "/2026/01/odd/x"];
            (format!("{top}{region}{}", random.one_of(&undated)), None, Place::Region)
        }
        6 => (format!("{top}{}{dated}", random.one_of(&["", "copy/", "AWSLogs/"])), Some(day), Place::Copy),
        7 => {
            let service = random.one_of(&["CloudTrail", "elasticloadbalancing", "_flowparquet"]);
            let name = if account.contains('=') { format!("aws-service={service}") } else { service.to_owned() };
            (format!("{top}{account}/{name}/{REGION}/{y}/{m}/{d}"), Some(day), Place::Others)
        }
        8 => match random.below(3) {
            0 => (format!("{top}.trash/{day}"), Some(day), Place::Others),
            1 => (format!("{top}{region}/_tmp/{dated}"), Some(day), Place::Others),
            _ => (format!("{top}{}", random.one_of(&["stuff", "AWSLogs", "stuff/x"])), None, Place::Strange),
        },
        _ => (String::new(), None, Place::Top),
    }
}

/// What is known of all objects of a tree.
#[derive(Clone, Copy)]
struct MayBe {
    /// Whether the folder AWSLogs lies in SOURCE itself.
    beside_logs: bool,
    /// Whether objects hold flow logs.
    logs: bool,
}

/// Returns what must become of an object.
fn fate(place: Place, day: Option<&str>, said: Option<&str>, name: &str, may_be: MayBe) -> &'static str {
    let asked = |day: Option<&str>| day == Some(DAY);
    let is_log = (may_be.logs || !name.ends_with(".csv")) && !name.ends_with(".parquet");
    if place == Place::Others || name.starts_with(['.', '_']) || name.ends_with("$folder$") {
        return OF_OTHERS;
    }
    let of = match place {
        // AWS's own folders decide, of others the name.
        Place::Region => day.or(said),
        _ => said.or(day),
    };
    match of {
        // Folders of other days are not entered: who makes such copies asks for both days.
        Some(_) if place == Place::Copy && !asked(day) => OF_OTHERS,
        Some(of) if of == DAY => {
            if is_log {
                FOUND
            } else {
                NAMED
            }
        }
        // A copy of an asked day's folder.
        Some(_) if place == Place::Copy && asked(day) => NAMED,
        Some(_) => OF_OTHERS,
        // Whether it is one of the asked days, nobody knows.
        None if place == Place::Region && is_log => NAMED,
        // Beside AWSLogs and above it lies what people put into a bucket: the content tells.
        None if place == Place::Top && is_log && (!may_be.beside_logs || may_be.logs) => NAMED,
        None if place == Place::Strange && is_log && may_be.logs => NAMED,
        None => OF_OTHERS,
    }
}

/// A tree: what must become of each of its objects.
fn tree(random: &mut Random, logs: bool) -> BTreeMap<String, &'static str> {
    let mut objects = Vec::new();
    for number in 0..1 + random.below(12) as u32 {
        let (folder, day, place) = folder(random);
        let said = (random.below(3) == 0).then(|| random.day());
        let own = [
            "part-0",
            "x.log",
            "x.gz",
            "x.log.gz",
            "notes.csv",
            "x.parquet",
            "x.log.parquet",
            ".hidden",
            "_SUCCESS",
            "x_$folder$",
        ];
        let name = match said {
            Some(day) => name(ACCOUNT, REGION, day, number),
            None => random.one_of(&own).to_owned(),
        };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        objects.push((path, (place, day, said, name)));
    }
    let may_be = MayBe { beside_logs: objects.iter().any(|(path, _)| path.starts_with("AWSLogs/")), logs };
    let fates =
        objects.into_iter().map(|(path, (place, day, said, name))| (path, fate(place, day, said, &name, may_be)));
    fates.collect()
}

/// What is said of hidden folders.
const HIDDEN: &str = "its name begins with . or _, which Athena passes over too (if it holds flow logs, convert it as a SOURCE of its own)";

/// Returns the hidden folder that a path leads through, unless it is one of this program's.
fn hidden_folder(path: &str) -> Option<&str> {
    let (folders, _) = path.rsplit_once('/')?;
    let mut end = 0;
    for folder in folders.split('/') {
        end += folder.len() + 1;
        if folder.starts_with(['.', '_']) {
            return (folder != "_flowparquet").then(|| &path[..end - 1]);
        }
    }
    None
}

/// Returns the paths that a plan names, and how many objects it found.
fn planned(work: &Work, days: &[&str], paths: &BTreeMap<String, &str>) -> (u64, BTreeSet<String>) {
    let ran = work.run(&[&["plan", "raw", "table", "--json", "--merge", "--log-type", "vpc"], days].concat());
    let plan: Json = serde_json::from_str(&ran.stdout).unwrap();
    let said: Vec<&str> =
        plan["passed_over"].as_array().unwrap().iter().map(|o| o["object"].as_str().unwrap()).collect();
    // Parquet, notes and hidden folders are named and need nobody.
    let harmless =
        ["it is Parquet, and not called as AWS calls what it delivers", "its name says that it is no log", HIDDEN];
    let reasons = plan["passed_over"].as_array().unwrap().iter().map(|o| o["reason"].as_str().unwrap());
    // Who delivered on the day before and then did not is missed.
    let is_missed = !plan["missing"].as_array().unwrap().is_empty();
    ran.code(i32::from(is_missed || reasons.into_iter().any(|reason| !harmless.contains(&reason))));
    for folder in paths.keys().filter_map(|path| hidden_folder(path)) {
        assert!(said.iter().any(|said| *said == format!("WORK/raw/{folder}")), "{folder} is not named: {said:#?}");
    }
    let named =
        paths.keys().filter(|path| said.iter().any(|said| *said == format!("WORK/raw/{path}"))).cloned().collect();
    (plan["total"]["objects"].as_u64().unwrap(), named)
}

/// Returns the seeds of the trees.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("FLOWPARQUET_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FLOWPARQUET_TEST_CASES").unwrap_or(150),
    }
}

/// Holds a plan of the asked day over a tree against what must become of its objects.
fn hold(seed: u64, objects: &BTreeMap<String, &str>, content: &str, options: &[&str]) {
    let work = Work::new();
    for path in objects.keys() {
        work.write(&format!("raw/{path}"), if path.ends_with("$folder$") { "" } else { content });
    }
    let (found, named) = planned(&work, &[&["--day", DAY], options].concat(), objects);
    let of = |fate: &str| objects.iter().filter(|(_, is)| **is == fate).map(|(path, _)| path.clone()).collect();
    let (to_name, to_find): (BTreeSet<String>, BTreeSet<String>) = (of(NAMED), of(FOUND));
    let shown = format!("FLOWPARQUET_TEST_SEED={seed}: {objects:#?}");
    assert_eq!(named, to_name, "what is named of {shown}");
    assert_eq!(found, to_find.len() as u64, "what is found of {shown}");
}

#[test]
fn found_and_named_and_of_others_is_all_there_is() {
    for seed in seeds() {
        let logs = seed % 2 == 0;
        let content = if logs { format!("{V2}\n") } else { "x".to_owned() };
        hold(seed, &tree(&mut Random(seed), logs), &content, &[]);
    }
}

/// A path under a layout of exports, and what must become of it.
fn exported(random: &mut Random, number: u32) -> (String, &'static str) {
    let day = random.day();
    let said = (random.below(3) == 0).then(|| random.day());
    let name = match said {
        Some(day) => name(ACCOUNT, REGION, day, number),
        None => random.one_of(&["part-0", "x.log.gz", "notes.csv", "_SUCCESS"]).to_owned(),
    };
    let is_log = !name.starts_with('_') && !name.ends_with(".csv");
    let may_be_asked = said.is_none_or(|said| said == DAY);
    let named_if = |may_be: bool| if may_be { NAMED } else { OF_OTHERS };
    let (folder, fate) = match random.below(6) {
        // Where the pattern says. Of a name's day another than the folder's, as of copies.
        0 | 1 => {
            let fate = match said.unwrap_or(day) == DAY {
                true if day == DAY => {
                    if is_log {
                        FOUND
                    } else {
                        NAMED
                    }
                }
                false if day == DAY => NAMED,
                _ => OF_OTHERS,
            };
            (format!("exports/us-east-1/{day}{}", random.one_of(&["", "/x", "/05/y"])), fate)
        }
        // Among the days.
        2 => (
            format!("exports/us-east-1/{}", random.one_of(&["2026-1-15", "old", "2026-02-30/x"])),
            named_if(is_log && may_be_asked),
        ),
        3 => ("exports/us-east-1".to_owned(), named_if(is_log && may_be_asked)),
        // Among the Regions: what would be found without a layout.
        4 => {
            (format!("exports/us_east/AWSLogs/{ACCOUNT}/vpcflowlogs/r/{}", day.replace('-', "/")), named_if(day == DAY))
        }
        _ => (
            random
                .one_of(&["imports/us-east-1/2026-01-15", "exports/us-east-1/_tmp", "exports/.x/2026-01-15"])
                .to_owned(),
            OF_OTHERS,
        ),
    };
    let fate = if name.starts_with('_') { OF_OTHERS } else { fate };
    (format!("{folder}/{name}"), fate)
}

#[test]
fn under_a_layout_too_found_and_named_and_of_others_is_all_there_is() {
    for seed in seeds() {
        let mut random = Random(seed);
        let mut objects: BTreeMap<String, &str> =
            (0..1 + random.below(12) as u32).map(|number| exported(&mut random, number)).collect();
        // Without any folder that fits, the layout is an error.
        objects.insert("exports/us-east-1/2026-01-10/x".to_owned(), OF_OTHERS);
        hold(seed, &objects, "x", &["--source-layout", "exports/{region}/{yyyy}-{MM}-{dd}/"]);
    }
}
