//! Claims: what is planned to become a file ([`Draft`]), and what is recorded of that ([`Claim`]).

use std::fmt;
use std::sync::Arc;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::partition::Partition;
use super::shared_text;
use crate::encode::codec::Compression;
use crate::encode::layout::Layout;
use crate::record::schema::LogType;
use crate::store::upload::hex;

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

/// Most objects that an entry names: the largest one must be far smaller than what is refused as too large to be one
/// (`MAX_OWN_BYTES`). AWS's keys have up to 200 bytes, the longest ones of S3 1,024.
pub const MAX_OBJECTS: usize = 32 << 10;

/// Most claims that an entry names: a partition has some for each day that logs come late, or for each run.
const MAX_NUMBERS: usize = 1 << 20;

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

/// Raw objects of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObjects {
    /// Root of the store that their keys are relative to.
    pub source: String,
    /// What tells that store from another one with the same root ([`Store::endpoint`](crate::store::Store::endpoint)). Not
    /// known of claims of versions before 0.2, on the local disk, and if all of them are the same.
    pub endpoint: Option<Arc<str>>,
    /// The layout that told their days, accounts and Regions, if one was given.
    pub source_layout: Option<Arc<str>>,
    /// The objects, in the order of their rows.
    pub inputs: Vec<Input>,
}

/// What a file is made of, and whose place it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Raw objects.
    Convert(RawObjects),
    /// Raw objects again, one of which changed or had lines rejected. The file takes the place of those of these claims.
    Remake(RawObjects, Vec<u64>),
    /// The files of these claims, in the order of their rows, whose place it takes.
    Merge(Vec<u64>),
}

impl Work {
    /// Returns the raw objects, if it is made of some.
    pub fn objects(&self) -> Option<&RawObjects> {
        match self {
            Self::Convert(objects) | Self::Remake(objects, _) => Some(objects),
            Self::Merge(_) => None,
        }
    }

    /// Returns the raw objects that are read, in the order of their rows; none for a merge.
    pub fn inputs(&self) -> &[Input] {
        self.objects().map_or(&[], |objects| &objects.inputs)
    }

    /// Returns the root of the store that the raw objects lie in; empty for a merge.
    pub fn source(&self) -> &str {
        self.objects().map_or("", |objects| &objects.source)
    }

    /// Returns what tells that store from another one with the same root, if that is known.
    pub fn endpoint(&self) -> Option<&Arc<str>> {
        self.objects().and_then(|objects| objects.endpoint.as_ref())
    }

    /// Returns the layout that told the raw objects' days, accounts and Regions, if one was given.
    pub fn source_layout(&self) -> Option<&str> {
        self.objects().and_then(|objects| objects.source_layout.as_deref())
    }

    /// Returns the numbers of the claims whose outputs go when this is done, in the order of their rows.
    pub fn replaces(&self) -> &[u64] {
        match self {
            Self::Convert(_) => &[],
            Self::Remake(_, replaces) | Self::Merge(replaces) => replaces,
        }
    }

    /// Returns whether the file is made of the files that it replaces.
    pub fn is_merge(&self) -> bool {
        matches!(self, Self::Merge(_))
    }
}

/// What is to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Log type of the table.
    pub log_type: LogType,
    /// How the output is made.
    pub options: OutputOptions,
    /// What it is made of.
    pub work: Work,
}

impl Draft {
    /// Returns the name of its file: a hash of all that decides its bytes, and of how often that was claimed before.
    pub fn output_name(&self, partition: &Partition, attempt: u64) -> String {
        output_name(self.log_type, &self.options, &self.work, partition, attempt)
    }

    /// Returns the claim with the name of its output.
    pub(super) fn named(self, output: String) -> Claim {
        let Self { log_type, options, work } = self;
        Claim { output, log_type, options, work }
    }
}

/// Returns the name of the file that is made of all this.
fn output_name(log_type: LogType, options: &OutputOptions, work: &Work, partition: &Partition, attempt: u64) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(&partition.path());
    add(&log_type.to_string());
    add(work.source());
    add(&options.compression.to_string());
    add(if options.dash_as_null { "null" } else { "-" });
    add(options.log_format.as_deref().unwrap_or_default());
    add(&options.max_object_bytes.to_string());
    let layout = &options.layout;
    add(&layout.sort_by.to_string());
    add(&format!("{} {} {}", layout.row_group_rows, layout.page_rows, layout.sort_bytes));
    add(&layout.bloom_filters.join(","));
    for input in work.inputs() {
        add(&input.key);
        add(&input.size.to_string());
        add(input.etag.as_deref().unwrap_or_default());
    }
    work.replaces().iter().for_each(|number| add(&number.to_string()));
    if attempt > 0 {
        add(&attempt.to_string());
    }
    format!("part-{}.parquet", hex(&hash.finalize()[..12]))
}

/// What was claimed, as entries record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Name of the file in the partition's folder: a hash of everything else here.
    pub output: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// How the output is made.
    pub options: OutputOptions,
    /// What it is made of.
    pub work: Work,
}

impl Claim {
    /// Returns whether its file is called as a claim like this one is, that was recorded under a number: what was abandoned
    /// and is claimed again has another name each time.
    pub(super) fn is_named_by_its_work(&self, partition: &Partition, number: u64) -> bool {
        let Self { output, log_type, options, work } = self;
        (0..number).any(|attempt| output_name(*log_type, options, work, partition, attempt) == *output)
    }

    /// Returns whether its file has a name that some claim could have.
    pub(super) fn has_a_claims_name(&self) -> bool {
        let hash = self.output.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet"));
        hash.is_some_and(|hash| hash.len() == 24 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    }
}

/// A claim as it is stored: its kind shows in what it has.
#[derive(Deserialize)]
struct StoredClaim {
    output: String,
    log_type: LogType,
    #[serde(default)]
    source: String,
    #[serde(default, with = "shared_text::option")]
    endpoint: Option<Arc<str>>,
    #[serde(default, with = "shared_text::option")]
    source_layout: Option<Arc<str>>,
    options: OutputOptions,
    #[serde(default)]
    inputs: Vec<Input>,
    #[serde(default, deserialize_with = "numbers")]
    replaces: Vec<u64>,
}

/// Reads numbers of claims, as many as an entry may name: in text each may take two bytes, in memory eight.
///
/// # Errors
/// When there are more.
pub(super) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    struct Numbers;
    impl<'de> Visitor<'de> for Numbers {
        type Value = Vec<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MAX_NUMBERS} numbers of claims")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u64>, A::Error> {
            let mut numbers = Vec::new();
            while let Some(number) = seq.next_element()? {
                if numbers.len() == MAX_NUMBERS {
                    return Err(Error::invalid_length(MAX_NUMBERS + 1, &self));
                }
                numbers.push(number);
            }
            Ok(numbers)
        }
    }
    deserializer.deserialize_seq(Numbers)
}

/// The same, to be written.
#[derive(Serialize)]
struct ClaimToStore<'a> {
    output: &'a str,
    log_type: LogType,
    #[serde(skip_serializing_if = "str::is_empty")]
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_layout: Option<&'a str>,
    options: &'a OutputOptions,
    #[serde(skip_serializing_if = "<[Input]>::is_empty")]
    inputs: &'a [Input],
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    replaces: &'a [u64],
}

impl Serialize for Claim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { output, log_type, options, work } = self;
        let (source, inputs, replaces) = (work.source(), work.inputs(), work.replaces());
        let endpoint = work.endpoint().map(|endpoint| &**endpoint);
        let (log_type, source_layout) = (*log_type, work.source_layout());
        ClaimToStore { output, log_type, source, endpoint, source_layout, options, inputs, replaces }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let StoredClaim { output, log_type, source, endpoint, source_layout, options, inputs, replaces } =
            StoredClaim::deserialize(deserializer)?;
        let no_inputs = inputs.is_empty();
        let objects = RawObjects { source, endpoint, source_layout, inputs };
        let work = match (no_inputs, replaces.is_empty()) {
            (true, false) => Work::Merge(replaces),
            (false, false) => Work::Remake(objects, replaces),
            (_, true) => Work::Convert(objects),
        };
        Ok(Self { output, log_type, options, work })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_follow_from_claims() {
        let partition = Partition { account_region: None, day: date(2026, 1, 15), hour: None };
        let draft = |etag: &str, replaces: &[u64]| {
            let inputs = vec![Input { key: "a.gz".into(), size: 1, etag: Some(etag.into()) }];
            let objects = RawObjects { source: "s3://b/".to_owned(), endpoint: None, source_layout: None, inputs };
            Draft {
                log_type: LogType::Vpc,
                options: OutputOptions {
                    compression: Compression::default(),
                    dash_as_null: false,
                    log_format: None,
                    max_object_bytes: 1 << 30,
                    layout: Layout::default(),
                },
                work: if replaces.is_empty() {
                    Work::Convert(objects)
                } else {
                    Work::Remake(objects, replaces.to_vec())
                },
            }
        };
        let name = |draft: Draft, attempt| draft.output_name(&partition, attempt);
        assert_eq!(name(draft("x", &[]), 0), name(draft("x", &[]), 0));
        assert_ne!(name(draft("x", &[]), 0), name(draft("y", &[]), 0), "another object under the same key");
        assert_ne!(name(draft("x", &[]), 0), name(draft("x", &[1]), 0));
        assert_ne!(name(draft("x", &[]), 0), name(draft("x", &[]), 1), "what was abandoned and is claimed again");
    }
}
