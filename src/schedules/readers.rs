//! What readers of the table may see at any moment of a schedule: docs/reliability.md promises it.
//!
//! After every call that changes DEST:
//! * every file of a `done` that nothing replaced is there, as it was recorded;
//! * rows of one object stand in two files only while a note says that one takes the place of the other, or if a slow writer put
//!   one of them after the end of its claim;
//! * no ledger entry is ever another one than it was.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::world::rows_of;
use crate::ledger::entry::{Record, entry_number};
use crate::ledger::state::PartitionState;
use crate::store::name_of;
use crate::store::turn_store::{Memory, keys, read};

/// A file that readers see.
#[derive(Debug)]
struct Seen {
    bytes: u64,
    /// The objects whose rows stand in it.
    objects: BTreeSet<usize>,
    /// How many calls were through when it was written last.
    written: u64,
}

/// DEST, as it was after the last call.
#[derive(Debug)]
pub struct Readers {
    memory: Arc<Memory>,
    files: BTreeMap<String, Seen>,
    entries: HashMap<String, Vec<u8>>,
    /// By folder of the partition.
    pub states: BTreeMap<String, PartitionState>,
    notes: BTreeSet<String>,
    /// When the end of a claim was recorded that has no file any more, by folder and name.
    ended: HashMap<String, u64>,
    calls: u64,
    /// Whether two runs may make a file differently, since one of them reads what is damaged.
    pub inexact: bool,
    /// What was seen that must not be.
    pub wrong: Vec<String>,
}

impl Readers {
    pub fn new(memory: &Arc<Memory>) -> Self {
        Self {
            memory: Arc::clone(memory),
            files: BTreeMap::new(),
            entries: HashMap::new(),
            states: BTreeMap::new(),
            notes: BTreeSet::new(),
            ended: HashMap::new(),
            calls: 0,
            inexact: false,
            wrong: Vec::new(),
        }
    }

    /// Looks at all that is there.
    pub fn look_at_all(&mut self, when: &str) {
        self.calls += 1;
        let before = self.files.keys().chain(&self.notes).cloned();
        for key in before.chain(keys(&self.memory, "table")).collect::<BTreeSet<String>>() {
            let file = self.files.get(&key).map(|seen| (seen.bytes, seen.written));
            self.take(&key);
            // It was not written again, it is only looked at again.
            if let (Some((bytes, written)), Some(seen)) = (file, self.files.get_mut(&key))
                && bytes == seen.bytes
            {
                seen.written = written;
            }
        }
        self.judge(when);
    }

    /// Looks at all that is there after a run of whatever days: what it found under way is finished.
    pub fn look_after_a_run(&mut self, when: &str) {
        let before = std::mem::take(&mut self.wrong);
        self.look_at_all(when);
        self.notes.clear();
        self.judge(when);
        self.wrong.splice(0..0, before);
    }

    /// Looks at what a call may have changed.
    pub fn look(&mut self, key: &str, when: &str) {
        self.calls += 1;
        if key.starts_with("table/") && self.take(key) {
            self.judge(when);
        }
    }

    /// Takes over an object of DEST; returns whether it is of a kind that matters.
    fn take(&mut self, key: &str) -> bool {
        let content = read(&self.memory, key);
        if key.contains("/_flowparquet/replacing/") {
            match content {
                Some(_) => self.notes.insert(key.to_owned()),
                None => self.notes.remove(key),
            };
        } else if key.contains("/_flowparquet/ledger/") {
            if let Some(content) = content {
                self.take_entry(key, content);
            }
        } else if key.starts_with("table/year=") {
            match content {
                Some(content) => self.take_file(key, content),
                None => drop(self.files.remove(key)),
            }
        } else {
            return false;
        }
        true
    }

    fn take_file(&mut self, key: &str, content: Vec<u8>) {
        let bytes = content.len() as u64;
        match rows_of(content) {
            Ok(rows) => {
                let objects = rows.into_iter().map(|row| row.object).collect();
                self.files.insert(key.to_owned(), Seen { bytes, objects, written: self.calls });
            }
            Err(why) => self.wrong.push(format!("{key} cannot be read: {why}")),
        }
    }

    fn take_entry(&mut self, key: &str, content: Vec<u8>) {
        if let Some(before) = self.entries.get(key) {
            if *before != content {
                self.wrong.push(format!("{key} became another one"));
            }
            return;
        }
        let folder = key.strip_prefix("table/_flowparquet/ledger/").and_then(|below| below.rsplit_once('/'));
        let (folder, name) = folder.unwrap_or_default();
        let state = self.states.entry(folder.to_owned()).or_default();
        let added = Record::from_json(&content, key)
            .and_then(|record| state.add(entry_number(name).unwrap_or_default(), record, key));
        if let Err(why) = added {
            self.wrong.push(format!("{key}: {why}"));
        }
        for left in state.leftovers().chain(state.without_file()) {
            self.ended.entry(format!("table/{folder}/{}", left.output)).or_insert(self.calls);
        }
        self.entries.insert(key.to_owned(), content);
    }

    fn judge(&mut self, when: &str) {
        let mut wrong = Vec::new();
        for (folder, state) in &self.states {
            for output in state.outputs() {
                let Some(file) = &output.done.file else { continue };
                let key = format!("table/{folder}/{}", output.claim.output);
                if self.files.get(&key).is_none_or(|seen| seen.bytes != file.bytes && !self.inexact) {
                    wrong.push(format!("{when}: {key} is done, and not there as it was recorded"));
                }
            }
        }
        let files: Vec<(&String, &Seen)> = self.files.iter().collect();
        for (at, (one, seen)) in files.iter().enumerate() {
            for (other, too) in &files[at + 1..] {
                if seen.objects.is_disjoint(&too.objects) {
                    continue;
                }
                let folder = one.strip_prefix("table/").and_then(|one| one.rsplit_once('/')).map_or("", |(one, _)| one);
                let noted = self.notes.iter().any(|note| note.contains(folder));
                let slow = |key: &String, seen: &Seen| self.ended.get(key).is_some_and(|ended| seen.written > *ended);
                if !noted && !slow(one, seen) && !slow(other, too) {
                    let names = (name_of(one), name_of(other));
                    wrong.push(format!("{when}: rows stand in {names:?} of {folder}, and no note says so"));
                }
            }
        }
        self.wrong.extend(wrong);
    }
}
