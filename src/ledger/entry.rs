//! The entries of the ledger: what is recorded, one small JSON object each.
//!
//! `DEST/_flowparquet/ledger/<partition>/00000001.json` is written with create-if-absent, so that numbers give a total order
//! without locks or clocks. What entries add up to is [`super::state`]'s, the order in which they are written
//! [`super::partition_ledger`]'s. Stored entries carry [`VERSION`]; older ones stay readable, newer ones are refused.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::claim::{Claim, numbers};
use super::partition::Partition;
use super::recorded::{OfClaim, Recorded};
use super::shared_text;
use crate::error::{Error, Result};
use crate::record::header::Column;
pub use crate::store::OWN_FOLDER;

/// Version of the entries that this program writes. Version 1 knew claim, done and abandon only, version 2 no layouts.
pub const VERSION: u32 = 3;

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
    /// SHA-256 of the file, in hexadecimal; versions before 0.2 left it out if the file was found complete after a stop.
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
    #[serde(alias = "rows_rejected")]
    pub rejected_rows: u64,
    /// Bytes of text, unpacked.
    pub text_bytes: u64,
    /// Objects that do not read to their end; they stay unconverted and are tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected_objects: Vec<LeftOut>,
    /// Objects of another log type, left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_type: Vec<LeftOut>,
    /// Objects that are surely no flow logs, left alone. Unknown of versions before 0.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_flow_logs: Vec<LeftOut>,
    /// Lines behind a header line of another log type, left alone; the other rows of these objects are in the file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other_type_rows: u64,
    /// Header names that no log type knows; they are string columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<String>,
    /// Rows whose `log_status` is NODATA: an interface without traffic. Unknown in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata_rows: Option<u64>,
    /// Rows whose `log_status` is SKIPDATA: AWS lost records there. Unknown in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipdata_rows: Option<u64>,
    /// Pairs of flow logs whose objects recorded the same interfaces at the same time, as far as one file tells. Unknown of
    /// versions before 0.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubled: Vec<[String; 2]>,
    /// What each flow log recorded, as far as names of objects tell the flow log. Unknown of versions before 0.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_logs: Vec<Recorded>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Outcome {
    /// Returns what is recorded of flow logs.
    pub fn of_flow_logs(&self) -> OfClaim<'_> {
        (&self.doubled, &self.flow_logs)
    }

    /// Returns how many objects gave no row, for whatever reason.
    pub fn left_out_objects(&self) -> u64 {
        (self.rejected_objects.len() + self.other_type.len() + self.no_flow_logs.len()) as u64
    }

    /// Adds a count of some of its rows to that of others; unknown of one of them is unknown of all.
    pub fn add_to(&self, others: Option<u64>, own: Option<u64>) -> Option<u64> {
        if self.rows == 0 { others } else { others.zip(own).map(|(a, b)| a + b) }
    }
}

/// A claim is finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// A claim will never be finished: its inputs are gone or changed, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandon {
    /// Number of the claim.
    pub claim: u64,
    /// Why.
    pub reason: String,
    /// Keys of the inputs that the store did not give: they are read before they are claimed again. Unknown before 0.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "numbers")]
    pub misread: Vec<u64>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// A usage error for entries of a newer version, and one of a damaged ledger for what is no entry, naming `place`.
    pub fn from_json(text: &[u8], place: &str) -> Result<Self> {
        refuse_newer(text, place)?;
        Self::parse(text).map_err(|e| {
            Error::damaged("this is not a ledger entry").at(place).because(e).help(
                "nobody but flowparquet may write here: move the object away, or restore it from a version or backup",
            )
        })
    }
}

/// What all entries have.
#[derive(Deserialize)]
struct Frame {
    version: u32,
    tool: String,
    run: String,
    time: String,
    entry: Kind,
}

/// What an entry is.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Claim,
    Replace,
    Done,
    Abandon,
    Verified,
}

impl Record {
    /// Reads the frame and then what its kind has, each by itself: in one go all values would be held as they are parsed, those that
    /// nobody asks for too, at thirty times the memory of the text.
    fn parse(text: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Finished {
            claim: u64,
            #[serde(default)]
            file: Option<OutputFile>,
        }
        let Frame { version, tool, run, time, entry } = serde_json::from_slice(text)?;
        let entry = match entry {
            Kind::Claim => Entry::Claim(serde_json::from_slice(text)?),
            Kind::Replace => Entry::Replace(serde_json::from_slice(text)?),
            Kind::Done => {
                let Finished { claim, file } = serde_json::from_slice(text)?;
                Entry::Done(Done { claim, outcome: serde_json::from_slice(text)?, file })
            }
            Kind::Abandon => Entry::Abandon(serde_json::from_slice(text)?),
            Kind::Verified => Entry::Verified(serde_json::from_slice(text)?),
        };
        Ok(Self { version, tool, run, time, entry })
    }
}

/// Versions from this one on call files as this program does.
const NAMED_AS_TODAY: u32 = 3;

impl Record {
    /// Reads a stored entry of a partition, by its number.
    ///
    /// # Errors
    /// As [`Record::from_json`]; and if a claim's file is not called as it must be: by its name the file is read, written and
    /// deleted.
    pub fn of(partition: &Partition, number: u64, text: &[u8], place: &str) -> Result<Self> {
        let record = Self::from_json(text, place)?;
        let (Entry::Claim(claim) | Entry::Replace(claim)) = &record.entry else { return Ok(record) };
        let is_its_name = match record.version >= NAMED_AS_TODAY {
            true => claim.is_named_by_its_work(partition, number),
            false => claim.has_a_claims_name(),
        };
        if is_its_name {
            return Ok(record);
        }
        let why = format!("its file is called {:?}, which is not the name of what it claims", claim.output);
        Err(damaged(place, &why))
    }
}

/// Returns the error of a ledger that this program, or one like it, did not write so.
pub(super) fn damaged(place: &str, why: &str) -> Error {
    Error::damaged(format!("the ledger is damaged: {why}"))
        .at(place)
        .help("restore the folder _flowparquet/ledger from a version or backup; do not delete entries")
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::encode::codec::Compression;
    use crate::encode::layout::Layout;
    use crate::ledger::claim::{Input, OutputOptions, RawObjects, Work};
    use crate::record::schema::LogType;

    fn input(key: &str) -> Input {
        Input { key: key.into(), size: 1, etag: Some(format!("\"{key}\"").into()) }
    }

    pub(in super::super) fn record(entry: Entry) -> Record {
        Record { version: VERSION, tool: "flowparquet 0".into(), run: "r".into(), time: "t".into(), entry }
    }

    pub(in super::super) fn claim(keys: &[&str]) -> Entry {
        Entry::Claim(Claim {
            output: format!("part-{}.parquet", keys.join("-")),
            log_type: LogType::Vpc,
            options: OutputOptions {
                compression: Compression::Zstd(3),
                dash_as_null: false,
                log_format: None,
                max_object_bytes: 9,
                layout: Layout::default(),
            },
            work: Work::Convert(objects(keys)),
        })
    }

    pub(in super::super) fn objects(keys: &[&str]) -> RawObjects {
        let inputs = keys.iter().map(|key| input(key)).collect();
        RawObjects { source: "s3://b/".into(), endpoint: None, source_layout: None, inputs }
    }

    pub(in super::super) fn done(claim: u64, rejected: &[&str]) -> Entry {
        let left = |key: &&str| LeftOut { key: (*key).into(), reason: "cut off".into() };
        let outcome = Outcome { rows: 5, rejected_objects: rejected.iter().map(left).collect(), ..Outcome::default() };
        Entry::Done(Done { claim, outcome, file: None })
    }

    #[test]
    fn an_entry_of_numbers_without_end_is_none() {
        let said = |numbers: usize| {
            let text = format!(
                r#"{{"version": 3, "tool": "t", "run": "r", "time": "t", "entry": "verified", "through": 1, "how": "full", "objects": 1, "rows": 1, "misread": [{}1]}}"#,
                "1,".repeat(numbers)
            );
            Record::from_json(text.as_bytes(), "x").err().map(|e| e.in_a_line())
        };
        assert_eq!(said(1_000), None);
        assert!(said(1 << 20).unwrap().contains("not a ledger entry"));
    }

    #[test]
    fn json_goes_both_ways_and_version_1_stays_readable() {
        for entry in [claim(&["a"]), done(1, &["b"])] {
            let record = record(entry);
            assert_eq!(Record::from_json(record.to_json().unwrap().as_bytes(), "x").unwrap(), record);
        }
        let stored = include_bytes!("../../tests/data/ledger/claim-v1.json");
        let Entry::Claim(claim) = Record::from_json(stored, "fixture").unwrap().entry else { panic!("a claim") };
        assert_eq!((claim.work.inputs().len(), claim.options.compression), (2, Compression::Zstd(3)));
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
