//! Bugs that are put in on purpose (`scripts/planted_bugs.py`): each still has its place in the sources.

use std::fs;
use std::path::Path;

/// Returns what a patch replaces: the file, and the lines that must stand there, once.
fn hunks(patch: &str) -> Vec<(String, String)> {
    let (mut found, mut file, mut old) = (Vec::new(), String::new(), String::new());
    for line in patch.lines().chain(["@@"]) {
        if ["---", "+++", "@@", "#"].iter().any(|begin| line.starts_with(begin)) {
            if !old.is_empty() {
                found.push((file.clone(), std::mem::take(&mut old)));
            }
            if let Some(name) = line.strip_prefix("+++ b/") {
                name.clone_into(&mut file);
            }
        } else if let Some(stands) = line.strip_prefix([' ', '-']) {
            old.push_str(stands);
            old.push('\n');
        }
    }
    found
}

#[test]
fn every_bug_can_be_put_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bugs = 0;
    for entry in fs::read_dir(root.join("tests/planted")).unwrap() {
        let path = entry.unwrap().path();
        let patch = fs::read_to_string(&path).unwrap();
        assert!(patch.starts_with("# "), "{}: its first line says what it breaks", path.display());
        let hunks = hunks(&patch);
        assert!(!hunks.is_empty(), "{}", path.display());
        for (file, old) in hunks {
            let text = fs::read_to_string(root.join(&file)).unwrap();
            let places = text.matches(&old).count();
            assert_eq!(places, 1, "{}: in {file} there must be one place that reads\n{old}", path.display());
        }
        bugs += 1;
    }
    assert!(bugs >= 10, "{bugs} bugs");
}
