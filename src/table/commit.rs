//! Making a file visible exactly once, on stores that know nothing but atomic PUT and create-if-absent.
//!
//! Steps of one output, and what a stop after each of them means:
//!
//! | stopped after | readers see | the next run |
//! |---|---|---|
//! | nothing | the old rows | claims |
//! | 1 **claim**: these inputs will become this key | the old rows | finishes the claim as recorded |
//! | 2 **rejects** of these inputs, under `_flowparquet/rejects/` | the old rows | finishes the claim; same key, same bytes |
//! | in the middle of 3 | the old rows (an upload is visible only when complete) | finishes the claim |
//! | 3 **file**, one PUT or completed upload | the new rows, once | finds the file, reads its footer, writes done |
//! | 4 **done** | the new rows, once | nothing to do |
//!
//! The output key is a hash of the claim, and bytes follow from the claim alone: two writers that finish the same
//! claim write the same object. Inputs of a claim are never claimed again, so that no row can come from two claims.
//! A claim whose inputs are gone is abandoned by an entry of its own, which frees those that are left; a file that
//! its slow writer still puts there is removed by whoever sees it first.

use std::collections::BTreeMap;

use jiff::civil::Date;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file::FOOTER_KEY;
use super::ledger::{
    Claim, Done, Entry, LeftOut, OWN_FOLDER, Outcome, OutputFile, PartitionState, Record, VERSION, entry_number,
    entry_path, refuse_newer,
};
use super::partition::{Partition, PartitionBy};
use crate::days::Days;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::{ColumnType, LogType};
use crate::store::upload::hex;
use crate::store::{Created, Store};

/// What a DEST is, decided by its first conversion: `_flowparquet/table.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Version of this object; see [`VERSION`].
    pub version: u32,
    /// The one log type of the table.
    pub log_type: LogType,
    /// Its partitions.
    pub partition_by: PartitionBy,
    /// Whether `-` is NULL in string columns too.
    pub dash_as_null: bool,
    /// Whether the store does not refuse to create an object twice, and the user accepted that
    /// (`--single-writer`): two runs at once may then write rows twice.
    pub single_writer: bool,
    /// The UTC day of its founding; absent in older tables. The years that definitions project are counted from
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub founded: Option<String>,
}

impl TableInfo {
    /// Returns the year in which the table was founded, if that is recorded.
    pub fn founded_year(&self) -> Option<i16> {
        self.founded.as_deref()?.get(..4)?.parse().ok()
    }
}

/// How a claim came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// We recorded that it is done.
    Done,
    /// Another writer had recorded the same.
    DoneByAnother,
    /// Another writer had given it up, because inputs were gone when it looked.
    AbandonedByAnother,
}

/// The ledger and the files of one DEST.
#[derive(Debug, Clone)]
pub struct Table {
    store: Store,
    run: String,
}

/// What a footer says of the claim that a file came from: counts, never lists of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FooterNote {
    /// The program that wrote the file.
    pub tool: String,
    /// Name of the claim's output: this file's name when it was written.
    pub output: String,
    /// Objects that were claimed.
    pub objects: u64,
    /// Rows in the file.
    pub rows: u64,
    /// Rows rejected.
    pub rejected_rows: u64,
    /// Bytes of text, unpacked.
    pub text_bytes: u64,
    /// Objects rejected or of another log type.
    pub left_out_objects: u64,
    /// Options the file was written with.
    pub options: super::ledger::OutputOptions,
    /// Header names that no log type knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<String>,
}

impl Table {
    /// Opens a DEST for one run.
    pub fn new(store: Store) -> Self {
        // Who wrote an entry only matters to its writer: any value that no other run has will do.
        let seed = format!("{}-{:?}-{:p}", std::process::id(), std::time::SystemTime::now(), &raw const store);
        let run = hex(&Sha256::digest(seed.as_bytes())[..8]);
        Self { store, run }
    }

    /// Returns the store of DEST.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns what DEST is, or `None` before its first conversion.
    ///
    /// # Errors
    /// When it cannot be read or was written by a newer version.
    pub fn info(&self) -> Result<Option<TableInfo>> {
        let key = self.info_key();
        let mut text = self.store.get(&key)?;
        if text.is_none() && self.has_ledger()? {
            // Another run may have founded DEST and claimed between the two looks; only a second one tells.
            text = self.store.get(&key)?;
            if text.is_none() {
                return Err(self.orphaned_ledger());
            }
        }
        let Some(text) = text else { return Ok(None) };
        let place = self.store.location().url_of(&key);
        refuse_newer(&text, &place)?;
        let info = serde_json::from_slice(&text).map_err(|e| {
            Error::usage("this is not the description of a table")
                .at(&place)
                .because(e)
                .help("somebody else wrote it: restore it from a version or backup, or choose another DEST")
        })?;
        Ok(Some(info))
    }

    fn has_ledger(&self) -> Result<bool> {
        let own = self.store.location().key(OWN_FOLDER);
        let levels = self.store.list_levels(&[own])?;
        Ok(levels.iter().flat_map(|level| &level.folders).any(|folder| folder.ends_with("/ledger")))
    }

    /// Returns the error of a DEST with a ledger but without a description: taken for a new one, all would be converted
    /// twice.
    fn orphaned_ledger(&self) -> Error {
        let own = self.store.location().key(OWN_FOLDER);
        Error::usage("DEST has a ledger, but _flowparquet/table.json is missing")
            .at(self.store.location().url_of(&own))
            .help("restore table.json from a version or backup; docs/ledger.md has its form")
    }

    /// Makes DEST what `info` says, after probing that the store refuses to create an object twice.
    ///
    /// Returns what DEST is now: another run may have been faster.
    ///
    /// # Errors
    /// A usage error if the store does not honour create-if-absent and `info.single_writer` is not set.
    pub fn found(&self, info: TableInfo) -> Result<TableInfo> {
        // Before the description is there: a run stopped in between must not leave a DEST that was never probed.
        if !info.single_writer {
            self.probe()?;
        }
        let key = self.info_key();
        let text = serde_json::to_string_pretty(&info).map_err(|e| Error::stopped("cannot write").because(e))?;
        match self.store.create(&key, text)? {
            Created::Yes => Ok(info),
            Created::AlreadyThere => {
                self.info()?.ok_or_else(|| Error::stopped("the description of the table vanished").at(&key))
            }
        }
    }

    /// Creates an object twice: a store that lets the second one through would let two runs claim the same inputs.
    fn probe(&self) -> Result<()> {
        let key = self.store.location().key(&format!("{OWN_FOLDER}/probe-{}", self.run));
        let first = self.store.create(&key, "first")?;
        let second = self.store.create(&key, "second")?;
        self.store.delete(&key)?;
        if second == Created::AlreadyThere {
            return Ok(());
        }
        if first == Created::AlreadyThere {
            return Err(Error::stopped("the store said that an object is there, and then let it be created")
                .at(self.store.location().url_of(&key))
                .help("nothing is converted yet; it is safe to run again"));
        }
        Err(Error::usage("the store of DEST does not honour create-if-absent (If-None-Match: *)")
            .at(self.store.location())
            .help(
                "two runs at once could write rows twice here; \
                 use another store, or --single-writer if there is only ever one run",
            ))
    }

    fn info_key(&self) -> String {
        self.store.location().key(&format!("{OWN_FOLDER}/table.json"))
    }

    /// Reads the ledgers of the partitions of these days.
    ///
    /// Lists the folders of accounts and Regions, if the table has them, and then each day's folder: the requests
    /// grow with the days asked for. [`Days::All`] lists the whole ledger.
    ///
    /// # Errors
    /// When one cannot be read, is damaged or newer than this program.
    pub fn load(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, PartitionState>> {
        let location = self.store.location();
        let root = location.key(&format!("{OWN_FOLDER}/ledger"));
        let prefixes = match days {
            Days::All => vec![root.clone()],
            Days::These(days) => {
                let mut tops = vec![root.clone()];
                for _ in 0..if by.by_account_region() { 2 } else { 0 } {
                    tops = self.store.list_levels(&tops)?.into_iter().flat_map(|level| level.folders).collect();
                }
                let day = |day: &Date| Partition { account_region: None, day: *day, hour: None }.path();
                tops.iter().flat_map(|top| days.iter().map(move |d| format!("{top}/{}", day(d)))).collect()
            }
        };
        let mut entries: Vec<(Partition, u64)> = Vec::new();
        for object in self.store.list_all(&prefixes)?.into_iter().flatten() {
            let below = object.key.strip_prefix(&root).unwrap_or_default().trim_start_matches('/');
            let Some((folder, name)) = below.rsplit_once('/') else { continue };
            if let (Some(partition), Some(number)) = (Partition::parse(folder), entry_number(name)) {
                entries.push((partition, number));
            }
        }
        entries.sort();
        let keys: Vec<String> = entries.iter().map(|(p, number)| location.key(&entry_path(p, *number))).collect();
        let mut states: BTreeMap<Partition, PartitionState> = BTreeMap::new();
        for (((partition, number), key), text) in entries.into_iter().zip(&keys).zip(self.store.get_all(&keys)?) {
            let place = location.url_of(key);
            states.entry(partition).or_default().add(number, Record::from_json(&text, &place)?, &place)?;
        }
        Ok(states)
    }

    /// Claims inputs: returns the claim's number, or `None` if another writer took the number.
    ///
    /// Either way `state` knows the entry that stands there now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn claim(&self, partition: &Partition, state: &mut PartitionState, claim: Claim) -> Result<Option<u64>> {
        let ours = self.append(partition, state, Entry::Claim(claim))?;
        Ok(ours.then(|| state.last_number()))
    }

    /// Records that a claim is finished, unless another writer recorded its end before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn done(&self, partition: &Partition, state: &mut PartitionState, done: &Done) -> Result<Ended> {
        loop {
            if state.is_done(done.claim) {
                return Ok(Ended::DoneByAnother);
            }
            if state.is_abandoned(done.claim) {
                return Ok(Ended::AbandonedByAnother);
            }
            if self.append(partition, state, Entry::Done(done.clone()))? {
                return Ok(Ended::Done);
            }
        }
    }

    /// Removes files that were written for claims which had been abandoned meanwhile: their inputs are claimed anew,
    /// and their rows would be there twice.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove_strays(&self, partition: &Partition, state: &PartitionState) -> Result<()> {
        for claim in state.stray_outputs() {
            let key = self.output_key(partition, claim);
            if self.store.head(&key)?.is_some() {
                self.store.delete(&key)?;
            }
        }
        Ok(())
    }

    /// Records that a claim will never be finished.
    ///
    /// # Errors
    /// When the store fails.
    pub fn abandon(&self, partition: &Partition, state: &mut PartitionState, claim: u64, reason: &str) -> Result<()> {
        let entry = Entry::Abandon(super::ledger::Abandon { claim, reason: reason.to_owned() });
        while state.unfinished().any(|(number, _)| number == claim) {
            self.append(partition, state, entry.clone())?;
        }
        Ok(())
    }

    /// Writes the next entry; returns false if its number was taken, after adding what stands there to `state`.
    fn append(&self, partition: &Partition, state: &mut PartitionState, entry: Entry) -> Result<bool> {
        let number = state.last_number() + 1;
        let key = self.store.location().key(&entry_path(partition, number));
        let place = self.store.location().url_of(&key);
        let tool = tool_name();
        let record = Record { version: VERSION, tool, run: self.run.clone(), time: crate::days::now(), entry };
        match self.store.create(&key, record.to_json()?)? {
            Created::Yes => {
                state.add(number, record, &place)?;
                Ok(true)
            }
            Created::AlreadyThere => {
                let there =
                    self.store.get(&key)?.ok_or_else(|| Error::stopped("a ledger entry vanished").at(&place))?;
                let there = Record::from_json(&there, &place)?;
                // The answer to our own create may have been lost, and the retry found our own entry.
                let ours = there == record;
                state.add(number, there, &place)?;
                Ok(ours)
            }
        }
    }

    /// Returns the key of a claim's file.
    pub fn output_key(&self, partition: &Partition, claim: &Claim) -> String {
        self.store.location().key(&format!("{partition}/{}", claim.output))
    }

    /// Returns where a claim's file is made before it is put in its place, on the local disk.
    pub fn staging_key(&self, claim: &Claim) -> String {
        self.store.location().key(&format!("{OWN_FOLDER}/staging/{}-{}", claim.output, self.run))
    }

    /// Returns the key of a claim's rejects.
    pub fn rejects_key(&self, partition: &Partition, claim: &Claim) -> String {
        let stem = claim.output.trim_end_matches(".parquet");
        self.store.location().key(&format!("{OWN_FOLDER}/rejects/{partition}/{stem}.jsonl.gz"))
    }

    /// Returns what a stopped writer left complete: the file of a claim that has no done yet.
    ///
    /// A file is visible only when complete, so that its footer can be believed.
    ///
    /// # Errors
    /// When the store fails, or the file is not one of ours.
    pub fn find_complete(
        &self,
        partition: &Partition,
        number: u64,
        claim: &Claim,
    ) -> Result<Option<(Done, Vec<Reject>)>> {
        let key = self.output_key(partition, claim);
        let Some(found) = self.store.head(&key)? else { return Ok(None) };
        let (note, row_groups, columns) = self.read_footer(&key, found.size, claim)?;
        let mut outcome = Outcome {
            rows: note.rows,
            rejected_rows: note.rejected_rows,
            text_bytes: note.text_bytes,
            unknown_fields: note.unknown_fields,
            ..Outcome::default()
        };
        let mut rejects = Vec::new();
        if note.left_out_objects + note.rejected_rows > 0 {
            rejects = self.read_rejects(partition, claim)?;
        }
        for reject in &rejects {
            let left = || LeftOut { key: reject.object.clone(), reason: reject.reason.clone() };
            match reject.kind {
                RejectKind::Row => {}
                RejectKind::Object => outcome.rejected_objects.push(left()),
                RejectKind::OtherType => outcome.other_type.push(left()),
            }
        }
        let file = OutputFile { bytes: found.size, row_groups, sha256: None, columns };
        Ok(Some((Done { claim: number, outcome, file: Some(file) }, rejects)))
    }

    fn read_footer(&self, key: &str, size: u64, claim: &Claim) -> Result<(FooterNote, u64, Vec<Column>)> {
        let foreign = || {
            Error::usage("an object that flowparquet did not write has the name of an output")
                .at(self.store.location().url_of(key))
                .help("move it away; it is not touched")
        };
        let metadata = self.metadata(key, size)?.ok_or_else(foreign)?;
        let keys = metadata.file_metadata().key_value_metadata();
        let note = keys.and_then(|keys| keys.iter().find(|kv| kv.key == FOOTER_KEY)?.value.clone());
        let note: FooterNote = serde_json::from_str(&note.ok_or_else(foreign)?).map_err(|_| foreign())?;
        if note.output != claim.output {
            return Err(foreign());
        }
        Ok((note, metadata.num_row_groups() as u64, Self::columns_of(&metadata)))
    }

    /// Returns the columns that a footer describes.
    pub(super) fn columns_of(metadata: &ParquetMetaData) -> Vec<Column> {
        let columns = metadata.file_metadata().schema_descr().columns().iter().map(|column| Column {
            name: column.name().to_owned(),
            column_type: match column.physical_type() {
                parquet::basic::Type::INT32 => ColumnType::Int,
                parquet::basic::Type::INT64 => ColumnType::Bigint,
                _ => ColumnType::String,
            },
        });
        columns.collect()
    }

    /// Reads the metadata of a Parquet file of this size, or returns `None` if it is none.
    pub(super) fn metadata(&self, key: &str, size: u64) -> Result<Option<ParquetMetaData>> {
        /// What stands behind the metadata: its length and the magic bytes.
        const TAIL_BYTES: u64 = 8;
        if size < TAIL_BYTES {
            return Ok(None);
        }
        let tail = self.store.get_range(key, size - TAIL_BYTES..size)?;
        let Some([a, b, c, d, b'P', b'A', b'R', b'1']) = tail.first_chunk() else { return Ok(None) };
        let bytes = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if bytes == 0 || bytes + TAIL_BYTES > size {
            return Ok(None);
        }
        let text = self.store.get_range(key, size - TAIL_BYTES - bytes..size - TAIL_BYTES)?;
        Ok(ParquetMetaDataReader::decode_metadata(&text).ok())
    }

    /// Returns the bytes that a query over these days reads of these columns: their chunks in every file.
    ///
    /// # Errors
    /// When the ledger or a footer cannot be read.
    pub fn scan_bytes(&self, days: &Days, by: PartitionBy, columns: &[&str]) -> Result<u64> {
        let mut bytes = 0;
        for (partition, state) in self.load(days, by)? {
            for (claim, done) in state.finished() {
                let Some(file) = &done.file else { continue };
                let metadata = self.metadata(&self.output_key(&partition, claim), file.bytes)?;
                let chunks = metadata.iter().flat_map(ParquetMetaData::row_groups).flat_map(RowGroupMetaData::columns);
                let wanted = chunks.filter(|chunk| columns.contains(&chunk.column_descr().name()));
                bytes += wanted.map(|chunk| chunk.compressed_size() as u64).sum::<u64>();
            }
        }
        Ok(bytes)
    }

    /// Reads back what a claim rejected and left out.
    fn read_rejects(&self, partition: &Partition, claim: &Claim) -> Result<Vec<Reject>> {
        let key = self.rejects_key(partition, claim);
        let place = self.store.location().url_of(&key);
        let packed =
            self.store.get(&key)?.ok_or_else(|| Error::stopped("the rejects of a file are missing").at(&place))?;
        let failed = |e: std::io::Error| Error::stopped("cannot read rejects").at(&place).because(e);
        let lines = std::io::BufReader::new(flate2::read::MultiGzDecoder::new(packed.as_ref()));
        std::io::BufRead::lines(lines)
            .map(|line| serde_json::from_str(&line.map_err(failed)?).map_err(|e| failed(e.into())))
            .collect()
    }
}

/// What a line of a rejects object is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectKind {
    /// One line of an object.
    Row,
    /// A whole object.
    Object,
    /// An object of another log type.
    OtherType,
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

/// Returns the name and version that entries and footers carry.
pub fn tool_name() -> String {
    concat!("flowparquet ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Returns the name of a claim's file: a hash of all that decides its bytes.
pub fn output_name(partition: &Partition, claim: &Claim) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(&partition.path());
    add(&claim.log_type.to_string());
    add(&claim.source);
    add(&claim.options.compression.to_string());
    add(if claim.options.dash_as_null { "null" } else { "-" });
    add(claim.options.log_format.as_deref().unwrap_or_default());
    add(&claim.options.max_object_bytes.to_string());
    for input in &claim.inputs {
        add(&input.key);
        add(&input.size.to_string());
        add(input.etag.as_deref().unwrap_or_default());
    }
    format!("part-{}.parquet", hex(&hash.finalize()[..12]))
}
