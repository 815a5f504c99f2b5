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
//! A **replace** entry is a claim whose output takes the place of others: made again of raw objects of which one
//! changed, or merged from the files it replaces. Its steps are the same, and one more:
//!
//! | stopped after | readers see | the next run |
//! |---|---|---|
//! | 1 **replace** | the old rows | finishes it as recorded |
//! | 3 **file** | the rows of old and new files, hence rows twice | finds the file, writes done, goes on with 5 |
//! | 4 **done** | as after 3 | deletes the replaced files and their rejects |
//! | 5 **delete** of what it replaces | the new rows, once | nothing to do |
//!
//! The next run is one of any days: before 1 a note is written, which every run looks for ([`super::replacing`]), and
//! deleted after 5.
//!
//! The output key is a hash of the claim, and bytes follow from the claim alone: two writers that finish the same
//! claim write the same object. Inputs of a claim are never claimed again, so that no row can come from two claims.
//! A claim whose inputs are gone is abandoned by an entry of its own, which frees those that are left. A file that a
//! slow writer puts where it was abandoned or replaced meanwhile is removed by whoever sees it first: its writer, who
//! reads on in the ledger, or the next run that touches the partition, which lists its folder.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::{debug, info};

use super::entry::{
    Claim, Done, Entry, InputState, LeftOut, OWN_FOLDER, Outcome, Output, OutputFile, PartitionState, Record, VERSION,
    Verified, entry_number, entry_path, refuse_gap, refuse_newer,
};
use super::partition::{Partition, PartitionBy};
use crate::days::Days;
use crate::encode::footer::FOOTER_KEY;
use crate::encode::misread::misread;
use crate::encode::pieces::is_placed;
use crate::error::{Error, Result};
use crate::options::SINGLE_WRITER;
use crate::record::header::{Column, without_text};
use crate::record::schema::{ColumnType, LogType};
use crate::store::upload::hex;
use crate::store::{Created, Store, name_of};

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
    pub options: super::entry::OutputOptions,
    /// Header names that no log type knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<String>,
    /// Rows whose `log_status` is NODATA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata_rows: Option<u64>,
    /// Rows whose `log_status` is SKIPDATA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipdata_rows: Option<u64>,
}

impl FooterNote {
    /// Returns the note of a claim's file.
    pub fn new(claim: &Claim, objects: u64, outcome: &Outcome) -> Self {
        Self {
            tool: tool_name(),
            output: claim.output.clone(),
            objects,
            rows: outcome.rows,
            rejected_rows: outcome.rejected_rows,
            text_bytes: outcome.text_bytes,
            left_out_objects: (outcome.rejected_objects.len() + outcome.other_type.len()) as u64,
            options: claim.options.clone(),
            unknown_fields: outcome.unknown_fields.clone(),
            nodata_rows: outcome.nodata_rows,
            skipdata_rows: outcome.skipdata_rows,
        }
    }

    /// Returns the note as it stands in the footer, under [`FOOTER_KEY`].
    ///
    /// # Errors
    /// Never for notes this program makes.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::stopped("cannot make the footer").because(e))
    }
}

/// What lies in a partition's folder and does not belong there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strangers {
    /// URLs of objects and folders that no claim names. Queries read them; they are left alone.
    pub foreign: Vec<String>,
    /// Leftovers that were removed.
    pub removed: u64,
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
    pub(crate) fn info(&self) -> Result<Option<TableInfo>> {
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
    pub(crate) fn found(&self, info: TableInfo) -> Result<TableInfo> {
        // Before the description is there: a run stopped in between must not leave a DEST that was never probed.
        if !info.single_writer {
            self.probe()?;
        }
        let key = self.info_key();
        let text = serde_json::to_string_pretty(&info).map_err(|e| Error::stopped("cannot write").because(e))?;
        match self.store.create(&key, text)? {
            Created::Yes => {
                let TableInfo { log_type, partition_by, single_writer, .. } = &info;
                info!(dest = %self.store.location(), %log_type, %partition_by, single_writer, "table founded");
                Ok(info)
            }
            Created::AlreadyThere => {
                info!(dest = %self.store.location(), "another run founded the table");
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
            .help(format!(
                "two runs at once could write rows twice here; \
                 use another store, or {SINGLE_WRITER} if there is only ever one run"
            )))
    }

    fn info_key(&self) -> String {
        self.store.location().key(&format!("{OWN_FOLDER}/table.json"))
    }

    /// Returns what the ledgers of the partitions of these days add up to; requests as [`Table::entries`].
    ///
    /// # Errors
    /// When one cannot be read, is damaged or newer than this program.
    pub(crate) fn load(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, PartitionState>> {
        let add_up = |(partition, records): (Partition, Vec<Record>)| {
            let mut state = PartitionState::default();
            for (number, record) in (1..).zip(records) {
                let place = self.store.location().url_of(&self.entry_key(&partition, number));
                state.add(number, record, &place)?;
            }
            state.plan_with();
            Ok((partition, state))
        };
        self.entries(days, by)?.into_iter().map(add_up).collect()
    }

    /// Reads the ledgers of the partitions of these days: their entries, by number from 1.
    ///
    /// Lists the folders of accounts and Regions, if the table has them, and then each day's folder: the requests
    /// grow with the days asked for. [`Days::All`] lists the whole ledger.
    ///
    /// # Errors
    /// When one cannot be read, is newer than this program, or a number is missing.
    pub(crate) fn entries(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, Vec<Record>>> {
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
        let mut found: Vec<(Partition, u64)> = Vec::new();
        for object in self.store.list_all(&prefixes)?.into_iter().flatten() {
            let below = object.key.strip_prefix(&root).unwrap_or_default().trim_start_matches('/');
            let Some((folder, name)) = below.rsplit_once('/') else { continue };
            if let (Some(partition), Some(number)) = (Partition::parse(folder), entry_number(name)) {
                found.push((partition, number));
            }
        }
        found.sort();
        let keys: Vec<String> = found.iter().map(|(partition, number)| self.entry_key(partition, *number)).collect();
        let mut entries: BTreeMap<Partition, Vec<Record>> = BTreeMap::new();
        for (((partition, number), key), text) in found.into_iter().zip(&keys).zip(self.store.get_all(&keys)?) {
            let place = location.url_of(key);
            let before = entries.entry(partition).or_default();
            refuse_gap(before.len() as u64, number, &place)?;
            before.push(Record::from_json(&text, &place)?);
        }
        Ok(entries)
    }

    fn entry_key(&self, partition: &Partition, number: u64) -> String {
        self.store.location().key(&entry_path(partition, number))
    }

    /// Claims inputs, and gives the claim the name of its output. Returns the claim's number and the claim, or `None` if
    /// another writer took the number, or took before what the claim needs: `state` may have learnt of that since the
    /// claim was planned.
    ///
    /// If the number was taken, `state` knows the entry that stands there now.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn claim(
        &self,
        partition: &Partition,
        state: &mut PartitionState,
        mut claim: Claim,
    ) -> Result<Option<(u64, Claim)>> {
        if state.conflicts_with(&claim) {
            info!(%partition, "another run claimed the same");
            return Ok(None);
        }
        // A name is never used again: what lies under that of an abandoned or replaced claim can be deleted at any time.
        let names = (0..).map(|attempt| output_name(partition, &claim, attempt));
        claim.output = names.into_iter().find(|name| !state.knows(name)).unwrap_or_default();
        let replaces = !claim.replaces.is_empty();
        let entry = if replaces { Entry::Replace(claim.clone()) } else { Entry::Claim(claim.clone()) };
        if replaces {
            self.note_replacing(partition, &claim)?;
        }
        if self.append(partition, state, entry)? {
            let number = state.last_number();
            let (output, objects) = (&claim.output, claim.inputs.len());
            info!(%partition, claim = number, output, objects, replaces = claim.replaces.len(), "claimed");
            return Ok(Some((number, claim)));
        }
        info!(%partition, "another run took the number of the claim");
        if replaces && !state.knows(&claim.output) {
            self.forget_replacing(partition, &claim)?;
        }
        Ok(None)
    }

    /// Records that a claim is finished, unless another writer recorded its end before.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn done(&self, partition: &Partition, state: &mut PartitionState, done: &Done) -> Result<Ended> {
        loop {
            if state.is_done(done.claim) {
                info!(%partition, claim = done.claim, "another run finished the claim");
                return Ok(Ended::DoneByAnother);
            }
            if state.is_abandoned(done.claim) {
                info!(%partition, claim = done.claim, "another run gave the claim up");
                return Ok(Ended::AbandonedByAnother);
            }
            if self.append(partition, state, Entry::Done(done.clone()))? {
                let Outcome { rows, rejected_rows, .. } = done.outcome;
                let bytes = done.file.as_ref().map(|file| file.bytes);
                info!(%partition, claim = done.claim, rows, rejected_rows, bytes, "done");
                return Ok(Ended::Done);
            }
        }
    }

    /// Records that what is there was found to be right; returns false, and records nothing, if another writer was
    /// faster: then it may have changed.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn verified(
        &self,
        partition: &Partition,
        state: &mut PartitionState,
        verified: Verified,
    ) -> Result<bool> {
        self.append(partition, state, Entry::Verified(verified))
    }

    /// Reads the entries that other writers added since.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn catch_up(&self, partition: &Partition, state: &mut PartitionState) -> Result<()> {
        loop {
            let number = state.last_number() + 1;
            let key = self.entry_key(partition, number);
            let Some(text) = self.store.get(&key)? else { return Ok(()) };
            let place = self.store.location().url_of(&key);
            state.add(number, Record::from_json(&text, &place)?, &place)?;
        }
    }

    /// Clears up behind a claim that came to its end: what it replaces goes, and its own file where other writers went
    /// on meanwhile and it does not belong there any more.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    pub(crate) fn settle(
        &self,
        partition: &Partition,
        state: &mut PartitionState,
        claim: &Claim,
        ended: Ended,
    ) -> Result<()> {
        if ended != Ended::Done {
            self.catch_up(partition, state)?;
            if state.leftovers().any(|left| left.output == claim.output) {
                self.store.delete(&self.rejects_key(partition, claim))?;
                self.store.delete(&self.output_key(partition, claim))?;
            }
        }
        if ended != Ended::AbandonedByAnother {
            self.remove_replaced(partition, state, claim)?;
        }
        if !claim.replaces.is_empty() {
            self.forget_replacing(partition, claim)?;
        }
        Ok(())
    }

    /// Deletes what a finished claim replaces: rejects first, so that none is left of a file that is gone.
    ///
    /// # Errors
    /// When the store fails; the next run goes on.
    fn remove_replaced(&self, partition: &Partition, state: &PartitionState, claim: &Claim) -> Result<()> {
        for Output { number, claim, done, .. } in state.replaced(claim) {
            info!(%partition, claim = number, output = claim.output, "replaced: its file is deleted");
            self.store.delete(&self.rejects_key(partition, claim))?;
            if done.file.is_some() {
                self.store.delete(&self.output_key(partition, claim))?;
            }
        }
        Ok(())
    }

    /// Looks into a partition's folder: removes leftovers, whose rows would be there twice, and names what is not ours.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn tidy(&self, partition: &Partition, state: &PartitionState) -> Result<Strangers> {
        let location = self.store.location();
        let mut strangers = Strangers::default();
        let mut unknown = Vec::new();
        for level in self.store.list_levels(&[location.key(&partition.path())])? {
            for object in level.objects {
                let name = name_of(&object.key);
                if let Some(claim) = state.leftovers().find(|claim| claim.output == name) {
                    info!(%partition, object = %location.url_of(&object.key), "a stopped run left this file: it is deleted");
                    self.store.delete(&self.rejects_key(partition, claim))?;
                    self.store.delete(&object.key)?;
                    strangers.removed += 1;
                } else if !state.is_live(name) {
                    unknown.push(object.key);
                }
            }
            strangers.foreign.extend(level.folders.iter().map(|folder| location.url_of(folder)));
        }
        if !unknown.is_empty() {
            // Other runs may have written them since.
            let mut now = state.clone();
            self.catch_up(partition, &mut now)?;
            unknown.retain(|key| !now.knows(name_of(key)));
            strangers.foreign.extend(unknown.iter().map(|key| location.url_of(key)));
        }
        for object in &strangers.foreign {
            info!(%partition, object, "flowparquet did not write this: it is left alone");
        }
        Ok(strangers)
    }

    /// Records that a claim will never be finished, unless another writer recorded its end before; returns whether it
    /// is abandoned now.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn abandon(
        &self,
        partition: &Partition,
        state: &mut PartitionState,
        claim: u64,
        reason: &str,
    ) -> Result<bool> {
        let entry = Entry::Abandon(super::entry::Abandon { claim, reason: reason.to_owned() });
        let replaced = state.unfinished().find(|(number, open)| *number == claim && !open.replaces.is_empty());
        let replaced = replaced.map(|(_, open)| open.clone());
        while state.unfinished().any(|(number, _)| number == claim) {
            self.append(partition, state, entry.clone())?;
        }
        let abandoned = state.is_abandoned(claim);
        info!(%partition, claim, abandoned, reason = %without_text(reason), "the claim cannot be finished");
        if let (true, Some(replaced)) = (abandoned, replaced) {
            self.forget_replacing(partition, &replaced)?;
        }
        Ok(abandoned)
    }

    /// Writes the next entry; returns false if its number was taken, after adding what stands there to `state`.
    fn append(&self, partition: &Partition, state: &mut PartitionState, entry: Entry) -> Result<bool> {
        let number = state.last_number() + 1;
        let key = self.entry_key(partition, number);
        let place = self.store.location().url_of(&key);
        let tool = tool_name();
        let record = Record { version: VERSION, tool, run: self.run.clone(), time: crate::days::now(), entry };
        match self.store.create(&key, record.to_json()?)? {
            Created::Yes => {
                debug!(object = place, "ledger entry written");
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
    pub(crate) fn output_key(&self, partition: &Partition, claim: &Claim) -> String {
        self.store.location().key(&format!("{partition}/{}", claim.output))
    }

    /// Returns where a claim's file is made before it is put in its place, on the local disk.
    pub(crate) fn staging_key(&self, claim: &Claim) -> String {
        self.store.location().key(&format!("{OWN_FOLDER}/staging/{}-{}", claim.output, self.run))
    }

    /// Returns the key of a claim's rejects.
    pub(crate) fn rejects_key(&self, partition: &Partition, claim: &Claim) -> String {
        let stem = claim.output.trim_end_matches(".parquet");
        self.store.location().key(&format!("{OWN_FOLDER}/rejects/{partition}/{stem}.jsonl.gz"))
    }

    /// Returns what a stopped writer left complete: the file of a claim that has no done yet.
    ///
    /// A file is visible only when complete, so that its footer can be believed.
    ///
    /// # Errors
    /// When the store fails, or the file is not one of ours.
    pub(crate) fn find_complete(
        &self,
        partition: &Partition,
        number: u64,
        claim: &Claim,
    ) -> Result<Option<(Done, Vec<Reject>)>> {
        let key = self.output_key(partition, claim);
        let Some(found) = self.store.head(&key)? else { return Ok(None) };
        info!(%partition, claim = number, output = claim.output, bytes = found.size, "a stopped run left the file complete");
        let (note, metadata) = self.read_footer(&key, found.size, claim)?;
        let mut outcome = Outcome {
            rows: note.rows,
            rejected_rows: note.rejected_rows,
            text_bytes: note.text_bytes,
            unknown_fields: note.unknown_fields,
            nodata_rows: note.nodata_rows,
            skipdata_rows: note.skipdata_rows,
            ..Outcome::default()
        };
        let mut rejects = Vec::new();
        // What a merge takes over was counted where it came from.
        if note.left_out_objects + note.rejected_rows > 0 && !claim.is_merge() {
            rejects = self.read_rejects(partition, claim)?;
        }
        for reject in &rejects {
            let left = || LeftOut { key: reject.object.as_str().into(), reason: reject.reason.clone() };
            match reject.kind {
                RejectKind::Row => {}
                RejectKind::Object => outcome.rejected_objects.push(left()),
                RejectKind::OtherType => outcome.other_type.push(left()),
            }
        }
        let file = OutputFile {
            bytes: found.size,
            row_groups: metadata.num_row_groups() as u64,
            sha256: None,
            columns: Self::columns_of(&metadata),
            sound: misread(&metadata, found.size).is_none(),
        };
        Ok(Some((Done { claim: number, outcome, file: Some(file) }, rejects)))
    }

    fn read_footer(&self, key: &str, size: u64, claim: &Claim) -> Result<(FooterNote, ParquetMetaData)> {
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
        Ok((note, metadata))
    }

    /// Returns the claims of a partition whose files some engine does not read whole. Reads the footers of those that the
    /// ledger does not know to be sound, none in a table that this version wrote. Files that are gone or none are passed
    /// over: that is not what is asked here.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn misread(&self, partition: &Partition, state: &PartitionState) -> Result<Vec<u64>> {
        let mut found = Vec::new();
        for output in state.outputs() {
            if output.done.file.as_ref().is_none_or(|file| file.sound) {
                continue;
            }
            let key = self.output_key(partition, &output.claim);
            let Some(listed) = self.store().head(&key)? else { continue };
            let metadata = self.metadata(&key, listed.size)?;
            if metadata.is_some_and(|metadata| misread(&metadata, listed.size).is_some()) {
                info!(%partition, claim = output.number, object = %self.store.location().url_of(&key), "some engines misread this file");
                found.push(output.number);
            }
        }
        Ok(found)
    }

    /// Returns the columns that a footer describes.
    pub(crate) fn columns_of(metadata: &ParquetMetaData) -> Vec<Column> {
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
    pub(crate) fn metadata(&self, key: &str, size: u64) -> Result<Option<ParquetMetaData>> {
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
        Ok(ParquetMetaDataReader::decode_metadata(&text).ok().filter(is_placed))
    }

    /// Returns the bytes that a query over these days reads of these columns: their chunks in every file.
    ///
    /// # Errors
    /// When the ledger or a footer cannot be read.
    pub(crate) fn scan_bytes(&self, days: &Days, by: PartitionBy, columns: &[&str]) -> Result<u64> {
        let mut bytes = 0;
        for (partition, state) in self.load(days, by)? {
            for Output { claim, done, .. } in state.outputs() {
                let Some(file) = &done.file else { continue };
                let metadata = self.metadata(&self.output_key(&partition, claim), file.bytes)?;
                let chunks = metadata.iter().flat_map(ParquetMetaData::row_groups).flat_map(RowGroupMetaData::columns);
                let wanted = chunks.filter(|chunk| columns.contains(&chunk.column_descr().name()));
                bytes += wanted.map(|chunk| chunk.compressed_size() as u64).sum::<u64>();
            }
        }
        Ok(bytes)
    }

    /// Returns what of a partition is rejected now: lines, and objects that no later try could read; with the whole names of
    /// their objects, where the kept ones have keys.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn rejects(&self, partition: &Partition, state: &PartitionState) -> Result<Vec<Reject>> {
        let mut all = Vec::new();
        for Output { number, claim, done, .. } in state.outputs() {
            let Outcome { rejected_rows, rejected_objects, other_type, .. } = &done.outcome;
            if rejected_rows + rejected_objects.len() as u64 + other_type.len() as u64 == 0 && !claim.is_merge() {
                continue;
            }
            let found = if claim.is_merge() && self.store.head(&self.rejects_key(partition, claim))?.is_none() {
                Vec::new()
            } else {
                self.read_rejects(partition, claim)?
            };
            let sources: BTreeSet<&str> = state.sources_of(*number).into_iter().collect();
            for mut reject in found {
                let known = sources.iter().find_map(|source| Some((*source, state.input(source, &reject.object)?)));
                if reject.kind == RejectKind::Row || known.is_none_or(|(_, now)| now.state != InputState::Converted) {
                    let source = known.map(|(source, _)| source).or(sources.first().copied()).unwrap_or_default();
                    // As `Location::url_of` names it: a path, or s3://bucket/key.
                    reject.object.insert_str(0, source.strip_prefix("file://").unwrap_or(source));
                    all.push(reject);
                }
            }
        }
        Ok(all)
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

/// Returns the name of a claim's file: a hash of all that decides its bytes, and of how often that was claimed before.
fn output_name(partition: &Partition, claim: &Claim, attempt: u32) -> String {
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
    let layout = &claim.options.layout;
    add(&layout.sort_by.to_string());
    add(&format!("{} {} {}", layout.row_group_rows, layout.page_rows, layout.sort_bytes));
    add(&layout.bloom_filters.join(","));
    for input in &claim.inputs {
        add(&input.key);
        add(&input.size.to_string());
        add(input.etag.as_deref().unwrap_or_default());
    }
    claim.replaces.iter().for_each(|number| add(&number.to_string()));
    if attempt > 0 {
        add(&attempt.to_string());
    }
    format!("part-{}.parquet", hex(&hash.finalize()[..12]))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::encode::codec::Compression;
    use crate::ledger::entry::{Input, OutputOptions};

    #[test]
    fn names_follow_from_claims() {
        let partition = Partition { account_region: None, day: date(2026, 1, 15), hour: None };
        let claim = |etag: &str, replaces: &[u64]| Claim {
            output: String::new(),
            log_type: LogType::Vpc,
            source: "s3://b/".to_owned(),
            options: OutputOptions {
                compression: Compression::default(),
                dash_as_null: false,
                log_format: None,
                max_object_bytes: 1 << 30,
                layout: crate::encode::layout::Layout::default(),
            },
            inputs: vec![Input { key: "a.gz".into(), size: 1, etag: Some(etag.into()) }],
            replaces: replaces.to_vec(),
        };
        let name = |claim: Claim, attempt| output_name(&partition, &claim, attempt);
        assert_eq!(name(claim("x", &[]), 0), name(claim("x", &[]), 0));
        assert_ne!(name(claim("x", &[]), 0), name(claim("y", &[]), 0), "another object under the same key");
        assert_ne!(name(claim("x", &[]), 0), name(claim("x", &[1]), 0));
        assert_ne!(name(claim("x", &[]), 0), name(claim("x", &[]), 1), "what was abandoned and is claimed again");
    }
}
