//! What was rejected, kept whole: `_flowparquet/rejects/<partition>/<output>.jsonl.gz`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::claim::Claim;
use super::entry::LeftOut;
use super::partition::Partition;
use super::state::{InputState, Output, PartitionState};
use super::table::Table;
use crate::error::{Error, Result};
use crate::record::schema::LogType;

/// Longest line of a rejects object, in bytes: a line of text of 16 MiB, each byte of it written as six, beside its object.
const MAX_LINE_BYTES: u64 = (16 << 20) * 6 + (64 << 10);

/// Most memory that the rejects of a partition may take, in bytes: a million lines of AWS's.
const MAX_HELD_BYTES: usize = 512 << 20;

/// What a line of a rejects object is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectKind {
    /// One line of an object.
    Row,
    /// A whole object.
    Object,
    /// An object of another log type.
    OtherType,
    /// An object that is surely no flow log.
    NoFlowLog,
}

/// A line of a rejects object, `_flowparquet/rejects/<partition>/<output>.jsonl.gz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// What it is about.
    pub kind: RejectKind,
    /// Key of the raw object.
    pub object: String,
    /// What is wrong.
    pub reason: String,
    /// Line number in the object's text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Offset of the line in the object's text, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// The line, whole, if it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The line, whole, in hexadecimal, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
}

impl Reject {
    /// Returns the memory that it takes, in bytes.
    fn memory(&self) -> usize {
        let texts = [&self.text, &self.hex].into_iter().flatten().chain([&self.object, &self.reason]);
        size_of::<Self>() + texts.map(String::len).sum::<usize>()
    }
}

/// Which lines of a file are rejected, whatever is said of them: how many, and a sum of their hashes that does not depend on
/// their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RejectedLines {
    count: u64,
    sum: u128,
}

impl RejectedLines {
    /// Adds a line: the key of its object, its number, and where it begins.
    pub fn add(&mut self, object: &str, line: u64, byte: u64) {
        let mut hash = Sha256::new();
        hash.update(line.to_le_bytes());
        hash.update(byte.to_le_bytes());
        hash.update(object.as_bytes());
        let half = hash.finalize().first_chunk().map_or(0, |half| u128::from_le_bytes(*half));
        self.count += 1;
        self.sum = self.sum.wrapping_add(half);
    }

    /// Adds those of other objects.
    pub fn add_all(&mut self, others: Self) {
        self.count += others.count;
        self.sum = self.sum.wrapping_add(others.sum);
    }
}

/// Of a line of a rejects object, what tells which line of which object it is.
#[derive(Deserialize)]
struct RejectedLine {
    kind: RejectKind,
    object: String,
    #[serde(default)]
    line: u64,
    #[serde(default)]
    byte: u64,
}

impl Table {
    /// Returns which lines a claim's rejects object holds; `None` if it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn rejected_lines(&self, partition: &Partition, claim: &Claim) -> Result<Option<RejectedLines>> {
        let key = self.rejects_key(partition, claim);
        let Some(listed) = self.store().head(&key)? else { return Ok(None) };
        let Some(packed) = self.store().read_own_in_pieces(&listed)? else { return Ok(None) };
        let text = BufReader::new(MultiGzDecoder::new(packed));
        let mut lines = RejectedLines::default();
        // A line may be of megabytes: none is held.
        for line in serde_json::Deserializer::from_reader(text).into_iter::<RejectedLine>() {
            let place = || self.store().location().url_of(&key);
            let line = line.map_err(|e| Error::stopped("cannot read rejects").at(place()).because(e))?;
            if line.kind == RejectKind::Row {
                lines.add(&line.object, line.line, line.byte);
            }
        }
        Ok(Some(lines))
    }

    /// Returns what of a partition is rejected now: lines, and objects that no later try could read; with the whole names of
    /// their objects, where the kept ones have keys.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn rejects(&self, partition: &Partition, state: &PartitionState) -> Result<Vec<Reject>> {
        let (mut all, mut held) = (Vec::new(), 0);
        for Output { number, claim, done, .. } in state.outputs() {
            if done.outcome.rejected_rows + done.outcome.left_out_objects() == 0 && !claim.work.is_merge() {
                continue;
            }
            let key = self.rejects_key(partition, claim);
            if claim.work.is_merge() && self.store().head(&key)?.is_none() {
                continue;
            }
            let sources: BTreeSet<&str> = state.sources_of(*number).into_iter().collect();
            self.read_rejects(partition, claim, &mut |mut reject| {
                let known = sources.iter().find_map(|source| Some((*source, state.input(source, &reject.object)?)));
                if reject.kind == RejectKind::Row
                    || known.is_none_or(|(_, now)| !matches!(now.state, InputState::Converted | InputState::Empty))
                {
                    let source = known.map(|(source, _)| source).or(sources.first().copied()).unwrap_or_default();
                    reject.object.insert_str(0, shown(source));
                    held += reject.memory();
                    all.push(reject);
                }
                if held > MAX_HELD_BYTES {
                    return Err(Error::usage(format!(
                        "there are more rejects than {} MiB of memory hold",
                        MAX_HELD_BYTES >> 20
                    ))
                    .at(self.store().location().url_of(&key))
                    .help("read the object itself: it is gzip, with a JSON object on each line"));
                }
                Ok(())
            })?;
        }
        // Of an object whose claim was made again without it nothing is kept but what the ledger says.
        let named: BTreeSet<String> = all.iter().map(|reject| reject.object.clone()).collect();
        for (source, key, kind, reason) in left_out(state) {
            let object = format!("{}{key}", shown(source));
            if !named.contains(&object) {
                all.push(Reject { kind, object, reason, line: None, byte: None, text: None, hex: None });
            }
        }
        Ok(all)
    }

    /// Has all that a claim rejected and left out visited, in order.
    pub(super) fn read_rejects(
        &self,
        partition: &Partition,
        claim: &Claim,
        visit: &mut dyn FnMut(Reject) -> Result<()>,
    ) -> Result<()> {
        let key = self.rejects_key(partition, claim);
        let place = self.store().location().url_of(&key);
        let missing = || Error::stopped("the rejects of a file are missing").at(&place);
        let listed = self.store().head(&key)?.ok_or_else(missing)?;
        let packed = self.store().read_own_in_pieces(&listed)?.ok_or_else(missing)?;
        let failed = |e: std::io::Error| Error::stopped("cannot read rejects").at(&place).because(e);
        let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(packed)));
        let (mut number, mut line) = (0_u64, Vec::new());
        loop {
            line.clear();
            let read = lines.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line).map_err(failed)?;
            if read as u64 > MAX_LINE_BYTES {
                return Err(Error::usage(format!(
                    "line {} of these rejects is longer than any that is kept ({MAX_LINE_BYTES} bytes)",
                    number + 1
                ))
                .at(&place)
                .help("flowparquet did not write this: restore it from a version or backup"));
            }
            if read == 0 {
                return Ok(());
            }
            visit(serde_json::from_slice(&line).map_err(|e| failed(e.into()))?)?;
            number += 1;
        }
    }
}

/// Returns the objects that gave no row and still give none: the roots of their stores, their keys, and why.
fn left_out(state: &PartitionState) -> Vec<(&str, &str, RejectKind, String)> {
    let mut found = Vec::new();
    for Output { claim, done, .. } in state.history() {
        let source = claim.work.source();
        let stands = |left: &LeftOut| state.input(source, &left.key).map(|known| &known.state);
        for left in &done.outcome.rejected_objects {
            if matches!(stands(left), Some(InputState::Rejected(_))) {
                found.push((source, &*left.key, RejectKind::Object, left.reason.clone()));
            }
        }
        for left in done.outcome.other_type.iter().filter(|left| stands(left) == Some(&InputState::OtherType)) {
            found.push((source, &*left.key, RejectKind::OtherType, other_type(&left.reason)));
        }
    }
    for Output { claim, done, .. } in state.history() {
        let source = claim.work.source();
        let stands = |left: &&LeftOut| state.input(source, &left.key).map(|known| &known.state);
        let others = done.outcome.no_flow_logs.iter().filter(|left| stands(left) == Some(&InputState::NoFlowLog));
        found.extend(others.map(|left| (source, &*left.key, RejectKind::NoFlowLog, left.reason.clone())));
    }
    found.sort();
    found.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
    found
}

/// Returns why an object is left alone that has this log type, by the ledger.
fn other_type(log_type: &str) -> String {
    let known = LogType::ALL.iter().find(|known| known.to_string() == log_type);
    format!("its header is that of {}", known.map_or(log_type, |known| &known.schema().title))
}

/// Returns the root of a store as `Location::url_of` names it: a path, or s3://bucket/key.
fn shown(source: &str) -> &str {
    source.strip_prefix("file://").unwrap_or(source)
}
