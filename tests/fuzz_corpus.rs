//! What fuzzing found, and where it begins: every file of `tests/fuzz/corpus` holds in every run of the tests.
//! "Fuzzing" in CONTRIBUTING.md says how more are found.

use std::fs;
use std::path::Path;

#[path = "fuzz/checks.rs"]
mod checks;

#[track_caller]
fn corpus(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let held = std::panic::catch_unwind(|| check(&data));
        assert!(held.is_ok(), "{} does not hold", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
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
