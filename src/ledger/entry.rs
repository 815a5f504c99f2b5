//! The ledger: which inputs became which outputs, per partition, append-only.
//!
//! An entry is one small JSON object `DEST/_flowparquet/ledger/<partition>/00000001.json`, written with
//! create-if-absent, so that numbers give a total order without locks or clocks. This file has the entries and what
//! they add up to ([`PartitionState`]); [`super::table`] has the order in which they are written.
//! Stored entries carry [`VERSION`]; older ones stay readable, newer ones are refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::partition::Partition;
use super::shared_text;
use crate::encode::codec::Compression;
use crate::encode::layout::Layout;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Version of the entries that this program writes. Version 1 knew claim, done and abandon only, version 2 no layouts.
pub const VERSION: u32 = 3;

/// Folder of flowparquet's own objects below DEST. Athena, Spark and Trino pass over names that begin with `_`.
pub const OWN_FOLDER: &str = "_flowparquet";

/// A raw object, as its listing showed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// Key, whole.
    #[serde(with = "shared_text")]
    pub key: Arc<str>,
    /// Size in bytes.
    pub size: u64,
    /// Entity tag.
    #[serde(default, with = "shared_text::option", skip_serializing_if = "Option::is_none")]
    pub etag: Option<Arc<str>>,
}

/// Most text that one object may hold, in bytes: far above AWS's objects (75 MB packed), far below what fills a disk.
pub const DEFAULT_MAX_OBJECT_BYTES: u64 = 64 << 30;

/// Options that decide an output's bytes; a claim is finished with its own, whatever the next run is asked for.
#[non_exhaustive]
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
    /// How rows are laid out.
    #[serde(default = "Layout::arrival")]
    pub layout: Layout,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            compression: Compression::default(),
            dash_as_null: false,
            log_format: None,
            max_object_bytes: DEFAULT_MAX_OBJECT_BYTES,
            layout: Layout::default(),
        }
    }
}

/// These inputs will become this output.
///
/// A claim that [`Claim::replaces`] others takes their place: of raw objects, if it names some (one of them changed, or
/// rejected lines are tried again), or else of the very files it replaces, which it merges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Name of the file in the partition's folder: a hash of everything else here.
    pub output: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// Root of the store that the inputs' keys are relative to; empty if there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// How the output is made.
    pub options: OutputOptions,
    /// The inputs, in the order of their rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// Numbers of the claims whose outputs go when this one is done, in the order of their rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<u64>,
}

impl Claim {
    /// Returns whether the output is made from the files that it replaces.
    pub fn is_merge(&self) -> bool {
        !self.replaces.is_empty() && self.inputs.is_empty()
    }
}

/// An input that gave no row, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Key, whole.
    #[serde(with = "shared_text")]
    pub key: Arc<str>,
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
    /// Whether every engine is known to read all of it ([`crate::encode::misread`]). Unknown of files of older versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sound: bool,
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
    /// Rows whose `log_status` is NODATA: an interface without traffic. Unknown in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata_rows: Option<u64>,
    /// Rows whose `log_status` is SKIPDATA: AWS lost records there. Unknown in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipdata_rows: Option<u64>,
}

impl Outcome {
    /// Adds a count of some of its rows to that of others; unknown of one of them is unknown of all.
    pub fn add_to(&self, others: Option<u64>, own: Option<u64>) -> Option<u64> {
        if self.rows == 0 { others } else { others.zip(own).map(|(a, b)| a + b) }
    }
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

/// How much a verification read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifiedHow {
    /// Every raw object and every row.
    Full,
    /// Some of the files.
    Sample,
    /// Footers and the ledger.
    Footers,
}

/// A verification found that raw objects, files and ledger agree; or that they do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Number of the last entry that it knew.
    pub through: u64,
    /// How much it read.
    pub how: VerifiedHow,
    /// Raw objects whose rows were compared.
    pub objects: u64,
    /// Rows that were compared.
    pub rows: u64,
    /// Order-free hash of these rows, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether something differed: what was verified before holds no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differs: bool,
    /// Numbers of the claims whose files some engines do not read whole ([`crate::encode::misread`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misread: Vec<u64>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub enum Entry {
    /// Inputs are taken.
    Claim(Claim),
    /// Outputs are to be replaced by another one.
    Replace(Claim),
    /// Inputs are converted.
    Done(Done),
    /// Inputs are free again.
    Abandon(Abandon),
    /// What is there was found to be right, or not.
    Verified(Verified),
}

/// An entry with its frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `VERSION` of the writer.
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

/// An input that entries speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// ETag it was read with.
    pub etag: Option<Arc<str>>,
    /// Where it stands.
    pub state: InputState,
    /// Number of the claim that put it there.
    claim: u64,
}

/// A claim that is done, and what became of its output since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Number of the claim.
    pub number: u64,
    /// The claim.
    pub claim: Claim,
    /// Its end.
    pub done: Done,
    /// Number of the entry that recorded its end.
    pub done_number: u64,
    /// When, by the clock of the writer.
    pub done_time: String,
    /// The run that recorded its end.
    pub run: String,
    /// Number of the claim that took its place; its file goes or is gone.
    pub replaced_by: Option<u64>,
}

/// What the entries of a partition add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionState {
    last: u64,
    /// Number of the last entry when it was planned with.
    planned: u64,
    last_change: u64,
    /// By root of their store, then by key.
    inputs: HashMap<String, HashMap<Arc<str>, Known>>,
    open: BTreeMap<u64, Claim>,
    done: BTreeMap<u64, Output>,
    abandoned: BTreeMap<u64, Claim>,
    verified: Option<Verified>,
}

impl PartitionState {
    /// Adds the entry with the next number.
    ///
    /// # Errors
    /// A usage error if a number is missing or an entry speaks of a claim that is not there.
    pub fn add(&mut self, number: u64, record: Record, place: &str) -> Result<()> {
        refuse_gap(self.last, number, place)?;
        match record.entry {
            Entry::Claim(claim) => {
                self.set_all(number, &claim, &InputState::Claimed);
                self.open.insert(number, claim);
            }
            Entry::Replace(claim) => {
                // What it replaces stays what it is until it is done.
                if let Some(other) = claim.replaces.iter().find(|other| !self.can_be_replaced(**other)) {
                    return Err(damaged(place, &format!("it replaces claim {other}, which has no output now")));
                }
                self.open.insert(number, claim);
            }
            Entry::Done(done) => {
                // Two writers finished one claim: the first entry counts. And what was abandoned stays so: its inputs
                // may have been claimed again since.
                if !self.done.contains_key(&done.claim) && !self.abandoned.contains_key(&done.claim) {
                    let claim = self.open.remove(&done.claim);
                    let claim = claim.ok_or_else(|| {
                        damaged(place, &format!("it finishes claim {}, which is not there", done.claim))
                    })?;
                    self.end(number, record.time, record.run, claim, done);
                }
            }
            Entry::Abandon(abandon) => {
                if let Some(claim) = self.open.remove(&abandon.claim) {
                    let abandoned = abandon.claim;
                    if let Some(inputs) = self.inputs.get_mut(&claim.source) {
                        for input in &claim.inputs {
                            if inputs.get(&input.key).is_some_and(|known| known.claim == abandoned) {
                                inputs.remove(&input.key);
                            }
                        }
                    }
                    self.abandoned.insert(abandoned, claim);
                }
            }
            Entry::Verified(verified) => self.verified = Some(verified),
        }
        self.last = number;
        Ok(())
    }

    fn end(&mut self, done_number: u64, done_time: String, run: String, claim: Claim, done: Done) {
        let number = done.claim;
        self.set_all(number, &claim, &InputState::Converted);
        for left in &done.outcome.rejected_objects {
            self.set(&claim, left, InputState::Rejected(left.reason.clone()));
        }
        for left in &done.outcome.other_type {
            self.set(&claim, left, InputState::OtherType);
        }
        for replaced in &claim.replaces {
            if let Some(output) = self.done.get_mut(replaced) {
                output.replaced_by = Some(number);
            }
        }
        self.last_change = done_number;
        self.done.insert(number, Output { number, claim, done, done_number, done_time, run, replaced_by: None });
    }

    fn set_all(&mut self, number: u64, claim: &Claim, state: &InputState) {
        let inputs = self.inputs.entry(claim.source.clone()).or_default();
        for input in &claim.inputs {
            let known = Known { etag: input.etag.clone(), state: state.clone(), claim: number };
            inputs.insert(Arc::clone(&input.key), known);
        }
    }

    fn set(&mut self, claim: &Claim, left: &LeftOut, state: InputState) {
        let inputs = self.inputs.get_mut(&claim.source);
        if let Some(known) = inputs.and_then(|inputs| inputs.get_mut(&left.key)) {
            known.state = state;
        }
    }

    /// Notes that what is known now is what claims are planned with: see [`PartitionState::conflicts_with`].
    pub fn plan_with(&mut self) {
        self.planned = self.last;
    }

    /// Returns the number of the last entry, 0 if there is none.
    pub fn last_number(&self) -> u64 {
        self.last
    }

    /// Returns the number of the last entry that changed what the table holds, 0 if there is none.
    pub fn last_change(&self) -> u64 {
        self.last_change
    }

    /// Returns the last verification, and whether it found that all is right and nothing changed since.
    pub fn verified(&self) -> Option<(&Verified, bool)> {
        self.verified.as_ref().map(|verified| (verified, !verified.differs && verified.through >= self.last_change))
    }

    /// Returns whether the last verification found a difference, and nothing changed since.
    pub fn differs(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.differs && verified.through >= self.last_change)
    }

    /// Returns the claims whose files some engines do not read whole, as the last verification found them, and that are still
    /// there.
    pub fn misread(&self) -> Vec<u64> {
        let found = self.verified.iter().flat_map(|verified| &verified.misread);
        found.copied().filter(|number| self.outputs().any(|output| output.number == *number)).collect()
    }

    /// Returns what is known of an input.
    pub fn input(&self, source: &str, key: &str) -> Option<&Known> {
        self.inputs.get(source)?.get(key)
    }

    /// Returns where each input stands, in no order.
    pub fn inputs(&self) -> impl Iterator<Item = &InputState> {
        self.inputs.values().flat_map(HashMap::values).map(|known| &known.state)
    }

    /// Returns the claims that are neither done nor abandoned, by number.
    pub fn unfinished(&self) -> impl Iterator<Item = (u64, &Claim)> {
        self.open.iter().map(|(number, claim)| (*number, claim))
    }

    /// Returns the outputs that make up the partition now, by number of their claims. Those without rows have no file.
    pub fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.done.values().filter(|output| output.replaced_by.is_none())
    }

    /// Returns every output there ever was, replaced ones included.
    pub fn history(&self) -> impl Iterator<Item = &Output> {
        self.done.values()
    }

    /// Returns the output of the claim that put an input's rows where they are, or of what took its place since.
    pub fn output_of(&self, known: &Known) -> Option<&Output> {
        let mut output = self.done.get(&known.claim)?;
        while let Some(by) = output.replaced_by {
            output = self.done.get(&by)?;
        }
        Some(output)
    }

    /// Returns the raw objects whose rows stand in an output, with the roots of their stores, in the order of the rows:
    /// those of its own claim, and those that it took over from the outputs it replaced.
    pub fn inputs_of(&self, number: u64) -> Vec<(&str, &Input)> {
        let traced = self.trace(number).into_iter();
        let converted = traced.filter(|(.., state)| **state == InputState::Converted);
        converted.map(|(claim, input, _)| (claim.source.as_str(), input)).collect()
    }

    /// Returns all raw objects that an output answers for, with the claims that read them and where they stand: also
    /// those that gave no row. An object that was claimed again since belongs to that claim.
    pub fn trace(&self, number: u64) -> Vec<(&Claim, &Input, &InputState)> {
        let mut found = Vec::new();
        let mut claims = vec![number];
        while let Some(number) = claims.pop() {
            let Some(Output { claim, .. }) = self.done.get(&number) else { continue };
            claims.extend(claim.replaces.iter().rev());
            found.extend(claim.inputs.iter().filter_map(|input| {
                let known = self.input(&claim.source, &input.key).filter(|known| known.claim == number)?;
                Some((claim, input, &known.state))
            }));
        }
        found
    }

    /// Returns the roots of the stores that an output's objects lie in, those of outputs it replaced included.
    pub fn sources_of(&self, number: u64) -> Vec<&str> {
        let mut found = Vec::new();
        let mut claims = vec![number];
        while let Some(Output { claim, .. }) = claims.pop().and_then(|number| self.done.get(&number)) {
            claims.extend(&claim.replaces);
            found.extend(Some(claim.source.as_str()).filter(|source| !source.is_empty()));
        }
        found
    }

    /// Returns whether a claim has an output that no other claim has replaced or is about to replace.
    pub fn can_be_replaced(&self, number: u64) -> bool {
        self.done.get(&number).is_some_and(|output| output.replaced_by.is_none())
            && !self.open.values().any(|claim| claim.replaces.contains(&number))
    }

    /// Returns whether a claim that is planned cannot be made any more: another writer's entries took what it needs.
    pub fn conflicts_with(&self, claim: &Claim) -> bool {
        let taken = |input: &Input| {
            self.input(&claim.source, &input.key).is_some_and(|known| match known.state {
                InputState::Claimed | InputState::Converted => true,
                // By another run, since this claim was planned: it is not to be rejected twice.
                InputState::Rejected(_) => known.claim > self.planned && known.etag == input.etag,
                InputState::OtherType => known.etag == input.etag,
            })
        };
        if claim.replaces.is_empty() {
            claim.inputs.iter().any(taken)
        } else {
            !claim.replaces.iter().all(|number| self.can_be_replaced(*number))
        }
    }

    /// Returns the outputs that a claim replaces.
    pub fn replaced(&self, claim: &Claim) -> impl Iterator<Item = &Output> {
        claim.replaces.iter().filter_map(|number| self.done.get(number))
    }

    /// Returns whether this claim was abandoned.
    pub fn is_abandoned(&self, claim: u64) -> bool {
        self.abandoned.contains_key(&claim)
    }

    /// Returns whether a replacement of this claim's output was given up once.
    pub fn was_given_up(&self, claim: u64) -> bool {
        self.abandoned.values().any(|abandoned| abandoned.replaces.contains(&claim))
    }

    /// Returns whether this claim is finished.
    pub fn is_done(&self, claim: u64) -> bool {
        self.done.contains_key(&claim)
    }

    /// Returns whether an object of this name may lie in the partition's folder: the output of a claim that is begun,
    /// or done and not replaced.
    pub fn is_live(&self, name: &str) -> bool {
        self.open.values().chain(self.outputs().map(|output| &output.claim)).any(|claim| claim.output == name)
    }

    /// Returns whether an object of this name is or was the output of a claim.
    pub fn knows(&self, name: &str) -> bool {
        let done = self.done.values().map(|output| &output.claim);
        self.open.values().chain(self.abandoned.values()).chain(done).any(|claim| claim.output == name)
    }

    /// Returns the claims whose outputs do not belong there any more: abandoned ones, whose writer may have been slow
    /// and not dead, and replaced ones. Their rows would be there twice.
    pub fn leftovers(&self) -> impl Iterator<Item = &Claim> {
        let replaced = self.done.values().filter(|output| output.replaced_by.is_some()).map(|output| &output.claim);
        self.abandoned.values().chain(replaced).filter(|claim| !self.is_live(&claim.output))
    }
}

/// Refuses an entry that does not follow the last one.
///
/// # Errors
/// A usage error that names `place` and the missing number.
pub fn refuse_gap(last: u64, number: u64, place: &str) -> Result<()> {
    if number == last + 1 {
        return Ok(());
    }
    Err(damaged(place, &format!("entry {} is missing before it", last + 1)))
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
        Input { key: key.into(), size: 1, etag: Some(format!("\"{key}\"").into()) }
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
                layout: Layout::default(),
            },
            inputs: keys.iter().map(|key| input(key)).collect(),
            replaces: Vec::new(),
        })
    }

    /// An entry that replaces claims: made again of raw objects, or a merge if there are none.
    fn replace(replaces: &[u64], keys: &[&str]) -> Entry {
        let Entry::Claim(claim) = claim(keys) else { panic!("a claim") };
        let output = format!("part-{replaces:?}.parquet");
        Entry::Replace(Claim { output, replaces: replaces.to_vec(), ..claim })
    }

    fn done(claim: u64, rejected: &[&str]) -> Entry {
        let left = |key: &&str| LeftOut { key: (*key).into(), reason: "cut off".into() };
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
        state.input("s3://b/", key).map(|known| &known.state)
    }

    #[test]
    fn inputs_are_claimed_then_converted_or_free_again() {
        let claimed = state(vec![claim(&["a", "b"])]).unwrap();
        assert_eq!(of(&claimed, "a"), Some(&InputState::Claimed));
        assert_eq!(claimed.unfinished().map(|(number, _)| number).collect::<Vec<_>>(), [1]);

        let finished = state(vec![claim(&["a", "b"]), done(1, &["b"])]).unwrap();
        assert_eq!(of(&finished, "a"), Some(&InputState::Converted));
        assert_eq!(of(&finished, "b"), Some(&InputState::Rejected("cut off".into())));
        assert_eq!((finished.outputs().count(), finished.unfinished().count()), (1, 0));

        let given_up = || Entry::Abandon(Abandon { claim: 1, reason: "gone".into() });
        let freed = state(vec![claim(&["a"]), given_up()]).unwrap();
        assert_eq!((of(&freed, "a"), freed.unfinished().count()), (None, 0));
        let late = state(vec![claim(&["a"]), given_up(), done(1, &[])]).unwrap();
        assert_eq!(of(&late, "a"), None, "what was abandoned stays so, whoever comes late");
        assert_eq!(late.leftovers().count(), 1, "and what was written for it is to be removed");
        let again = state(vec![claim(&["a"]), given_up(), claim(&["a"])]).unwrap();
        assert_eq!(again.leftovers().count(), 0, "the same claim again owns the same output");
    }

    #[test]
    fn two_dones_count_once() {
        let twice = state(vec![claim(&["a"]), done(1, &[]), done(1, &[])]).unwrap();
        assert_eq!((twice.outputs().count(), twice.last_number()), (1, 3));
    }

    fn numbers(state: &PartitionState) -> Vec<u64> {
        state.outputs().map(|output| output.number).collect()
    }

    fn keys_of(state: &PartitionState, number: u64) -> Vec<&str> {
        state.inputs_of(number).into_iter().map(|(_, input)| &*input.key).collect()
    }

    #[test]
    fn a_merge_takes_over_outputs_and_their_inputs() {
        let begun = vec![claim(&["a", "x"]), done(1, &["x"]), claim(&["b"]), done(3, &[]), replace(&[1, 3], &[])];
        let open = state(begun.clone()).unwrap();
        assert_eq!((numbers(&open), open.leftovers().count()), (vec![1, 3], 0), "nothing goes before it is done");
        assert!(!open.can_be_replaced(1), "another one is about to replace it");
        let merged = state([begun.clone(), vec![done(5, &[])]].concat()).unwrap();
        assert_eq!((numbers(&merged), keys_of(&merged, 5)), (vec![5], vec!["a", "b"]));
        assert_eq!(merged.output_of(merged.input("s3://b/", "a").unwrap()).unwrap().number, 5);
        assert_eq!(of(&merged, "x"), Some(&InputState::Rejected("cut off".into())));
        let twice = state(
            [begun.clone(), vec![done(5, &[]), claim(&["x"]), done(7, &[]), replace(&[5, 7], &[]), done(9, &[])]]
                .concat(),
        );
        assert_eq!(keys_of(&twice.unwrap(), 9), ["a", "b", "x"]);
        let given_up =
            state([begun, vec![Entry::Abandon(Abandon { claim: 5, reason: "gone".into() })]].concat()).unwrap();
        assert_eq!((numbers(&given_up), keys_of(&given_up, 1)), (vec![1, 3], vec!["a"]));
        assert!(given_up.can_be_replaced(1));
    }

    #[test]
    fn a_replacement_of_raw_objects_owns_them() {
        let begun = vec![claim(&["a", "b"]), done(1, &[]), replace(&[1], &["a", "b"])];
        let given_up =
            state([begun.clone(), vec![Entry::Abandon(Abandon { claim: 3, reason: "gone".into() })]].concat());
        assert_eq!(keys_of(&given_up.unwrap(), 1), ["a", "b"], "an abandoned replacement leaves all as it was");
        let made = state([begun, vec![done(3, &[])]].concat()).unwrap();
        assert_eq!((numbers(&made), keys_of(&made, 3), keys_of(&made, 1).len()), (vec![3], vec!["a", "b"], 0));
        assert_eq!(made.leftovers().map(|claim| claim.output.as_str()).collect::<Vec<_>>(), ["part-1.parquet"]);
        let absent = state(vec![replace(&[7], &[])]).unwrap_err().to_string();
        assert!(absent.contains("replaces claim 7"), "{absent}");
    }

    #[test]
    fn a_planned_claim_conflicts_with_what_others_did_since() {
        let planned = |entry: Entry| match entry {
            Entry::Claim(claim) | Entry::Replace(claim) => claim,
            _ => panic!("a claim"),
        };
        let now = state(vec![claim(&["a", "x"]), done(1, &["x"]), claim(&["b"])]).unwrap();
        for (keys, conflicts) in
            [(&["a"][..], true), (&["b"], true), (&["c", "b"], true), (&["x"], true), (&["c"], false)]
        {
            assert_eq!(now.conflicts_with(&planned(claim(keys))), conflicts, "{keys:?}");
        }
        // What was rejected when the claim was planned is tried again.
        let mut known = now.clone();
        known.plan_with();
        assert!(!known.conflicts_with(&planned(claim(&["x"]))));
        assert!(!now.conflicts_with(&planned(replace(&[1], &[]))));
        assert!(now.conflicts_with(&planned(replace(&[1, 3], &[]))), "claim 3 has no output yet");
    }

    #[test]
    fn a_verification_holds_until_something_changes() {
        let verified = Verified {
            through: 2,
            how: VerifiedHow::Full,
            objects: 1,
            rows: 5,
            hash: Some("00".into()),
            differs: false,
            misread: Vec::new(),
        };
        let differs = Entry::Verified(Verified { differs: true, ..verified.clone() });
        let begun = vec![claim(&["a"]), done(1, &[]), Entry::Verified(verified.clone()), claim(&["b"])];
        assert!(state(begun.clone()).unwrap().verified().unwrap().1);
        let doubted = state([begun.clone(), vec![differs.clone()]].concat()).unwrap();
        assert_eq!((doubted.differs(), doubted.verified().unwrap().1), (true, false));
        let mended = state([begun.clone(), vec![differs, Entry::Verified(verified)]].concat()).unwrap();
        assert_eq!((mended.differs(), mended.verified().unwrap().1), (false, true));
        assert!(!state([begun, vec![done(4, &[])]].concat()).unwrap().verified().unwrap().1);
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
