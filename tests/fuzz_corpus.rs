//! What fuzzing found, and where it begins: every file of `tests/fuzz/corpus` holds in every run of the tests, and so do inputs
//! that are made of these for some seconds. "Fuzzing" in CONTRIBUTING.md says how more are found.
//!
//! `FLOWPARQUET_TEST_FUZZ_SECONDS` is for how long each target looks for more that reads what an attacker may write into DEST (30);
//! the others have an eighth of it. `FLOWPARQUET_TEST_SEED=17` tries the inputs of one seed only.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

#[path = "fuzz/checks.rs"]
mod checks;

/// Targets that read what an attacker may write into DEST.
const OF_DEST: [&str; 3] = ["footer", "table", "claim"];

/// Bytes of an input at most: what is found in longer ones is found in shorter ones sooner.
const MAX_INPUT_BYTES: usize = 64 << 10;

/// Pieces of text that mean something to a target: half of what is put in is one of these.
const WORDS: [&str; 18] = [
    "-",
    "/",
    "..",
    "//",
    "\n",
    "\r",
    "\0",
    "\"",
    "{",
    "}",
    ",",
    ":",
    "null",
    "0",
    "-1",
    "18446744073709551616",
    "@HERE@/secret.log",
    "file:///",
];

#[track_caller]
fn corpus(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut kept = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let held = catch_unwind(|| check(&data));
        assert!(held.is_ok(), "{} does not hold", path.display());
        kept.push(data);
    }
    assert!(!kept.is_empty(), "{} is empty", folder.display());
    kept.sort();
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("FLOWPARQUET_TEST_SEED");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut seed = only.unwrap_or(now.as_micros() as u64);
    let seconds = number("FLOWPARQUET_TEST_FUZZ_SECONDS").unwrap_or(30);
    println!("{target}: from FLOWPARQUET_TEST_SEED={seed}");
    let (begun, time) = (Instant::now(), Duration::from_secs(seconds) / if OF_DEST.contains(&target) { 1 } else { 8 });
    while begun.elapsed() < time {
        let data = Maker(seed).input(&kept);
        if catch_unwind(AssertUnwindSafe(|| check(&data))).is_err() {
            let found = std::env::temp_dir().join(format!("found-{target}-{seed}"));
            fs::write(&found, &data).unwrap();
            panic!("{target} does not hold with FLOWPARQUET_TEST_SEED={seed}; the input is {}", found.display());
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
}

/// Makes inputs; the same ones of the same seed.
struct Maker(u64);

impl Maker {
    /// Returns a number below `end`; SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end.max(1) as u64) as usize
    }

    /// Returns a kept input with some changes.
    fn input(&mut self, kept: &[Vec<u8>]) -> Vec<u8> {
        let mut data = kept[self.below(kept.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            let end = (at + self.below(64)).min(data.len());
            match self.below(6) {
                0 if at < data.len() => data[at] ^= 1 << self.below(8),
                1 if at < data.len() => data[at] = self.below(256) as u8,
                2 => drop(data.drain(at..end)),
                3 => {
                    let again = data[at..end].to_vec();
                    data.splice(at..at, again);
                }
                4 => {
                    let word = WORDS[self.below(WORDS.len())].bytes();
                    drop(data.splice(at..if self.below(2) == 0 { at } else { end }, word));
                }
                _ => {
                    let other = &kept[self.below(kept.len())];
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(256)).min(other.len());
                    drop(data.splice(at..end, other[from..to].iter().copied()));
                }
            }
        }
        data.truncate(MAX_INPUT_BYTES);
        data
    }
}

#[test]
fn layout() {
    corpus("layout", checks::layout);
}

#[test]
fn header() {
    corpus("header", checks::header);
}

#[test]
fn records() {
    corpus("records", checks::records);
}

#[test]
fn like() {
    corpus("like", checks::like);
}

#[test]
fn ledger() {
    corpus("ledger", checks::ledger);
}

#[test]
fn footer() {
    corpus("footer", checks::footer);
}

#[test]
fn table() {
    corpus("table", checks::table);
}

#[test]
fn claim() {
    corpus("claim", checks::claim);
}
