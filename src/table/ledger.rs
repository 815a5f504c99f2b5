//! The ledger: which inputs became which outputs, per partition, append-only.
//!
//! An entry is one small JSON object `DEST/_flowparquet/ledger/<partition>/00000001.json`, written with
//! create-if-absent, so that numbers give a total order without locks or clocks. This file has the entries and what
//! they add up to ([`PartitionState`]); [`super::commit`] has the order in which they are written.
//! Stored entries carry [`VERSION`]; older ones stay readable, newer ones are refused.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::codec::Compression;
use super::partition::Partition;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Version of the entries that this program writes.
pub const VERSION: u32 = 1;

/// Folder of flowparquet's own objects below DEST. Athena, Spark and Trino pass over names that begin with `_`.
pub const OWN_FOLDER: &str = "_flowparquet";

/// A raw object, as its listing showed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// Key, whole.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Entity tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// Options that decide an output's bytes; a claim is finished with its own, whatever the command line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputOptions {
    /// Page compression.
    pub compression: Compression,
    /// Whether `-` is NULL in string columns too.
    #[serde(default)]
    pub dash_as_null: bool,
    /// The format of objects without a header line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_format: Option<String>,
    /// The most text an object may hold, in bytes.
    pub max_object_bytes: u64,
}

/// These inputs will become this output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Name of the file in the partition's folder: a hash of everything else here.
    pub output: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// Root of the store that the inputs' keys are relative to.
    pub source: String,
    /// How the output is made.
    pub options: OutputOptions,
    /// The inputs, in the order of their rows.
    pub inputs: Vec<Input>,
}

/// An input that gave no row, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Key, whole.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// The file that a claim became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Size in bytes.
    pub bytes: u64,
    /// Row groups.
    pub row_groups: u64,
    /// SHA-256 of the file, in hexadecimal; absent if the file was found complete after a stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Columns in the order of the file.
    pub columns: Vec<Column>,
}

/// What became of a claim's inputs; the part that also stands in the file's footer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows in the output file.
    pub rows: u64,
    /// Rows rejected, kept under `_flowparquet/rejects/`.
    pub rejected_rows: u64,
    /// Bytes of text, unpacked.
    pub text_bytes: u64,
    /// Objects that do not read to their end; they stay unconverted and are tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected_objects: Vec<LeftOut>,
    /// Objects of another log type, left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_type: Vec<LeftOut>,
    /// Header names that no log type knows; they are string columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<String>,
}

/// A claim is finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Number of the claim.
    pub claim: u64,
    /// Rows and rejects.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The file; none if no input gave a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<OutputFile>,
}

/// A claim will never be finished: its inputs are gone or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandon {
    /// Number of the claim.
    pub claim: u64,
    /// Why.
    pub reason: String,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub enum Entry {
    /// Inputs are taken.
    Claim(Claim),
    /// Inputs are converted.
    Done(Done),
    /// Inputs are free again.
    Abandon(Abandon),
}

/// An entry with its frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`] of the writer.
    pub version: u32,
    /// The program that wrote it.
    pub tool: String,
    /// The run that wrote it: tells a writer its own entry from another's of the same content.
    pub run: String,
    /// When, by the writer's clock; for people, nothing is decided by it.
    pub time: String,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Record {
    /// Returns the entry as it is stored.
    ///
    /// # Errors
    /// Never for entries this program makes.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        text.map_err(|e| Error::stopped("cannot write a ledger entry").because(e))
    }

    /// Reads a stored entry.
    ///
    /// # Errors
    /// A usage error for entries of a newer version or that are no entries, naming `place`.
    pub fn from_json(text: &[u8], place: &str) -> Result<Self> {
        refuse_newer(text, place)?;
        serde_json::from_slice(text).map_err(|e| {
            Error::usage("this is not a ledger entry").at(place).because(e).help(
                "nobody but flowparquet may write here: move the object away, or restore it from a version or backup",
            )
        })
    }
}

/// Refuses a stored object of a version that this program does not know, whatever else is in it.
///
/// # Errors
/// A usage error that names `place` and both versions.
pub fn refuse_newer(text: &[u8], place: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    match serde_json::from_slice(text) {
        Ok(Versioned { version }) if version > VERSION => {
            Err(Error::usage(format!("this object has version {version}, this program knows {VERSION}"))
                .at(place)
                .help("a newer flowparquet wrote to this DEST: install that version or a later one"))
        }
        _ => Ok(()),
    }
}

/// Returns the key of an entry, below DEST.
pub fn entry_path(partition: &Partition, number: u64) -> String {
    format!("{OWN_FOLDER}/ledger/{partition}/{number:08}.json")
}

/// Returns the number of an entry from the last part of its key.
pub fn entry_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    let number = (digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())??;
    (number > 0).then_some(number)
}

/// Where an input stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputState {
    /// Claimed, and not yet done.
    Claimed,
    /// Its rows are in the table.
    Converted,
    /// Of another log type.
    OtherType,
    /// It did not read to its end; free to be claimed again.
    Rejected(String),
}

/// What the entries of a partition add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionState {
    last: u64,
    inputs: HashMap<String, (Option<String>, InputState)>,
    claims: BTreeMap<u64, Claim>,
    done: BTreeMap<u64, (Claim, Done)>,
    abandoned: BTreeMap<u64, Claim>,
}

impl PartitionState {
    /// Adds the entry with the next number.
    ///
    /// # Errors
    /// A usage error if a number is missing or an entry speaks of a claim that is not there.
    pub fn add(&mut self, number: u64, record: Record, place: &str) -> Result<()> {
        if number != self.last + 1 {
            return Err(damaged(place, &format!("entry {} is missing before it", self.last + 1)));
        }
        self.last = number;
        match record.entry {
            Entry::Claim(claim) => {
                self.set_all(&claim, &InputState::Claimed);
                self.claims.insert(number, claim);
            }
            Entry::Done(done) => {
                // Two writers finished one claim: the first entry counts. And what was abandoned stays so: its inputs
                // may have been claimed again since.
                if self.done.contains_key(&done.claim) || self.abandoned.contains_key(&done.claim) {
                    return Ok(());
                }
                let claim = self.claims.remove(&done.claim);
                let claim = claim
                    .ok_or_else(|| damaged(place, &format!("it finishes claim {}, which is not there", done.claim)))?;
                self.set_all(&claim, &InputState::Converted);
                for left in &done.outcome.rejected_objects {
                    self.set(&claim, left, InputState::Rejected(left.reason.clone()));
                }
                for left in &done.outcome.other_type {
                    self.set(&claim, left, InputState::OtherType);
                }
                self.done.insert(done.claim, (claim, done));
            }
            Entry::Abandon(abandon) => {
                if let Some(claim) = self.claims.remove(&abandon.claim) {
                    for input in &claim.inputs {
                        self.inputs.remove(&full_key(&claim.source, &input.key));
                    }
                    self.abandoned.insert(abandon.claim, claim);
                }
            }
        }
        Ok(())
    }

    fn set_all(&mut self, claim: &Claim, state: &InputState) {
        for input in &claim.inputs {
            self.inputs.insert(full_key(&claim.source, &input.key), (input.etag.clone(), state.clone()));
        }
    }

    fn set(&mut self, claim: &Claim, left: &LeftOut, state: InputState) {
        if let Some(entry) = self.inputs.get_mut(&full_key(&claim.source, &left.key)) {
            entry.1 = state;
        }
    }

    /// Returns the number of the last entry, 0 if there is none.
    pub fn last_number(&self) -> u64 {
        self.last
    }

    /// Returns where an input stands, and the ETag it was read with.
    pub fn input(&self, source: &str, key: &str) -> Option<(&Option<String>, &InputState)> {
        self.inputs.get(&full_key(source, key)).map(|(etag, state)| (etag, state))
    }

    /// Returns where each input stands, in no order.
    pub fn inputs(&self) -> impl Iterator<Item = &InputState> {
        self.inputs.values().map(|(_, state)| state)
    }

    /// Returns the claims that are neither done nor abandoned, by number.
    pub fn unfinished(&self) -> impl Iterator<Item = (u64, &Claim)> {
        self.claims.iter().map(|(number, claim)| (*number, claim))
    }

    /// Returns the finished claims, by number.
    pub fn finished(&self) -> impl Iterator<Item = (&Claim, &Done)> {
        self.done.values().map(|(claim, done)| (claim, done))
    }

    /// Returns whether this claim was abandoned.
    pub fn is_abandoned(&self, claim: u64) -> bool {
        self.abandoned.contains_key(&claim)
    }

    /// Returns the outputs of abandoned claims that no other claim has: a writer that was thought dead may have
    /// written them after all, and their rows are not counted.
    pub fn stray_outputs(&self) -> impl Iterator<Item = &Claim> {
        let live = |output: &str| {
            let finished = self.done.values().map(|(claim, _)| claim);
            self.claims.values().chain(finished).any(|claim| claim.output == output)
        };
        self.abandoned.values().filter(move |claim| !live(&claim.output))
    }

    /// Returns whether this claim is finished.
    pub fn is_done(&self, claim: u64) -> bool {
        self.done.contains_key(&claim)
    }
}

fn full_key(source: &str, key: &str) -> String {
    format!("{source}{key}")
}

fn damaged(place: &str, why: &str) -> Error {
    Error::usage(format!("the ledger is damaged: {why}"))
        .at(place)
        .help("restore the folder _flowparquet/ledger from a version or backup; do not delete entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(key: &str) -> Input {
        Input { key: key.to_owned(), size: 1, etag: Some(format!("\"{key}\"")) }
    }

    fn record(entry: Entry) -> Record {
        Record { version: VERSION, tool: "flowparquet 0".into(), run: "r".into(), time: "t".into(), entry }
    }

    fn claim(keys: &[&str]) -> Entry {
        Entry::Claim(Claim {
            output: "part-1.parquet".into(),
            log_type: LogType::Vpc,
            source: "s3://b/".into(),
            options: OutputOptions {
                compression: Compression::Zstd(3),
                dash_as_null: false,
                log_format: None,
                max_object_bytes: 9,
            },
            inputs: keys.iter().map(|key| input(key)).collect(),
        })
    }

    fn done(claim: u64, rejected: &[&str]) -> Entry {
        let left = |key: &&str| LeftOut { key: (*key).to_owned(), reason: "cut off".into() };
        let outcome = Outcome { rows: 5, rejected_objects: rejected.iter().map(left).collect(), ..Outcome::default() };
        Entry::Done(Done { claim, outcome, file: None })
    }

    fn state(entries: Vec<Entry>) -> Result<PartitionState> {
        let mut state = PartitionState::default();
        for (at, entry) in entries.into_iter().enumerate() {
            state.add(at as u64 + 1, record(entry), "here")?;
        }
        Ok(state)
    }

    fn of<'a>(state: &'a PartitionState, key: &str) -> Option<&'a InputState> {
        state.input("s3://b/", key).map(|(_, state)| state)
    }

    #[test]
    fn inputs_are_claimed_then_converted_or_free_again() {
        let claimed = state(vec![claim(&["a", "b"])]).unwrap();
        assert_eq!(of(&claimed, "a"), Some(&InputState::Claimed));
        assert_eq!(claimed.unfinished().map(|(number, _)| number).collect::<Vec<_>>(), [1]);

        let finished = state(vec![claim(&["a", "b"]), done(1, &["b"])]).unwrap();
        assert_eq!(of(&finished, "a"), Some(&InputState::Converted));
        assert_eq!(of(&finished, "b"), Some(&InputState::Rejected("cut off".into())));
        assert_eq!((finished.finished().count(), finished.unfinished().count()), (1, 0));

        let given_up = || Entry::Abandon(Abandon { claim: 1, reason: "gone".into() });
        let freed = state(vec![claim(&["a"]), given_up()]).unwrap();
        assert_eq!((of(&freed, "a"), freed.unfinished().count()), (None, 0));
        let late = state(vec![claim(&["a"]), given_up(), done(1, &[])]).unwrap();
        assert_eq!(of(&late, "a"), None, "what was abandoned stays so, whoever comes late");
        assert_eq!(late.stray_outputs().count(), 1, "and what was written for it is to be removed");
        let again = state(vec![claim(&["a"]), given_up(), claim(&["a"])]).unwrap();
        assert_eq!(again.stray_outputs().count(), 0, "the same claim again owns the same output");
    }

    #[test]
    fn two_dones_count_once() {
        let twice = state(vec![claim(&["a"]), done(1, &[]), done(1, &[])]).unwrap();
        assert_eq!((twice.finished().count(), twice.last_number()), (1, 3));
    }

    #[test]
    fn refuses_gaps_strangers_and_newer_versions() {
        let mut gap = PartitionState::default();
        assert!(gap.add(2, record(claim(&["a"])), "here").unwrap_err().to_string().contains("entry 1 is missing"));
        assert!(state(vec![done(7, &[])]).unwrap_err().to_string().contains("claim 7"));
        let newer = Record::from_json(br#"{"version": 99, "entry": "teleport"}"#, "s3://b/x").unwrap_err();
        assert!(newer.to_string().contains("version 99"), "{newer}");
        assert!(Record::from_json(b"{}", "s3://b/x").unwrap_err().to_string().contains("not a ledger entry"));
    }

    #[test]
    fn json_goes_both_ways_and_version_1_stays_readable() {
        for entry in [claim(&["a"]), done(1, &["b"])] {
            let record = record(entry);
            assert_eq!(Record::from_json(record.to_json().unwrap().as_bytes(), "x").unwrap(), record);
        }
        let stored = include_bytes!("../../tests/data/ledger/claim-v1.json");
        let Entry::Claim(claim) = Record::from_json(stored, "fixture").unwrap().entry else { panic!("a claim") };
        assert_eq!((claim.inputs.len(), claim.options.compression), (2, Compression::Zstd(3)));
        let stored = include_bytes!("../../tests/data/ledger/done-v1.json");
        let Entry::Done(done) = Record::from_json(stored, "fixture").unwrap().entry else { panic!("a done") };
        assert_eq!((done.outcome.rows, done.file.map(|f| f.columns.len())), (40_000, Some(2)));
    }

    #[test]
    fn entry_names() {
        let day = Partition::parse("year=2026/month=01/day=15").unwrap();
        assert_eq!(entry_path(&day, 7), "_flowparquet/ledger/year=2026/month=01/day=15/00000007.json");
        assert_eq!(entry_number("00000007.json"), Some(7));
        for bad in ["7.json", "00000000.json", "0000000a.json", "00000007", "00000007.json#1"] {
            assert_eq!(entry_number(bad), None, "{bad}");
        }
    }
}
