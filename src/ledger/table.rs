//! A DEST: what it is, and what its ledger says. Reads; what is written to a partition's ledger goes through
//! [`super::partition_ledger`].

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::info;

use super::entry::{OWN_FOLDER, Record, entry_number, entry_path, refuse_newer};
use super::partition::{Partition, PartitionBy};
use super::state::{PartitionState, refuse_gap};
use crate::days::Days;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{ANY_ENDPOINT, SINGLE_WRITER};
use crate::record::schema::LogType;
use crate::store::upload::hex;
use crate::store::{Created, Store, TABLE_OBJECT, WriteOptions};

/// What a DEST is, decided by its first conversion: `_flowparquet/table.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Version of this object; as of the entries of the ledger.
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
    /// How the numbers (`field_id`) of columns that no schema lists come from their names; absent in older tables, whose files
    /// of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_field_ids: Option<String>,
    /// How its objects are written: encryption, owner, storage class, tags. Absent if nobody said anything.
    #[serde(default, skip_serializing_if = "WriteOptions::is_empty")]
    pub write: WriteOptions,
}

impl TableInfo {
    /// Reads the stored description of a table.
    ///
    /// # Errors
    /// A usage error that names `place`, if it is none, or a newer one.
    pub fn from_json(text: &[u8], place: &str) -> Result<Self> {
        refuse_newer(text, place)?;
        let none = |why: Box<dyn std::error::Error + Send + Sync>| {
            Error::usage("this is not the description of a table")
                .at(place)
                .because(why)
                .help("somebody else wrote it: restore it from a version or backup, or choose another DEST")
        };
        let info: Self = serde_json::from_slice(text).map_err(|e| none(e.into()))?;
        // What no command of ours would have recorded, such as an ACL that shows the table to everybody.
        info.write.check().map_err(|e| none(e.what_happened().into()))?;
        Ok(info)
    }

    /// Returns the year in which the table was founded, if that is recorded.
    pub fn founded_year(&self) -> Option<i16> {
        self.founded.as_deref()?.get(..4)?.parse().ok()
    }
}

/// What the ledgers of some partitions say.
#[derive(Debug, Default)]
pub(crate) struct Ledgers {
    pub states: BTreeMap<Partition, PartitionState>,
    /// Partitions whose ledgers are damaged, and how.
    pub damaged: BTreeMap<Partition, Error>,
}

impl Ledgers {
    /// Keeps the partitions that are asked for.
    pub fn retain(&mut self, wanted: impl Fn(&Partition) -> bool) {
        self.states.retain(|partition, _| wanted(partition));
        self.damaged.retain(|partition, _| wanted(partition));
    }

    /// Returns these, unless all are damaged: then there is nothing else to be done.
    ///
    /// # Errors
    /// How the first one is damaged.
    pub fn some_sound(mut self) -> Result<Self> {
        match self.damaged.pop_first() {
            Some((_, damage)) if self.states.is_empty() => return Err(damage),
            Some((partition, damage)) => {
                self.damaged.insert(partition, damage);
            }
            None => {}
        }
        Ok(self)
    }
}

/// The ledger and the files of one DEST.
#[derive(Debug, Clone)]
pub struct Table {
    store: Store,
    run: String,
}

impl Table {
    /// Opens a DEST for one run.
    pub fn new(store: Store) -> Self {
        // Who wrote an entry only matters to its writer: any value that no other run has will do.
        let seed = format!("{}-{:?}-{:p}", std::process::id(), std::time::SystemTime::now(), &raw const store);
        let run = hex(&Sha256::digest(seed.as_bytes())[..8]);
        Self { store, run }
    }

    /// Returns what tells this run from all others.
    pub(super) fn run(&self) -> &str {
        &self.run
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
        let mut text = self.store.get_own(&key)?;
        if text.is_none() && self.has_ledger()? {
            // Another run may have founded DEST and claimed between the two looks; only a second one tells.
            text = self.store.get_own(&key)?;
            if text.is_none() {
                return Err(self.orphaned_ledger());
            }
        }
        let Some(text) = text else { return Ok(None) };
        let info = TableInfo::from_json(&text, &self.store.location().url_of(&key))?;
        self.store.write_as_recorded(&info.write);
        self.store.writes_as().check()?;
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
        info.write.check()?;
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
        self.store.location().key(TABLE_OBJECT)
    }

    /// Returns what the ledgers of the partitions of these days add up to; requests as [`Table::entries`].
    ///
    /// # Errors
    /// When one cannot be read, is damaged or newer than this program.
    pub(crate) fn load(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, PartitionState>> {
        let Ledgers { states, damaged } = self.load_sound(days, by)?;
        damaged.into_values().next().map_or(Ok(states), Err)
    }

    /// Returns what [`Table::load`] does, with the damaged ledgers apart: they stop what is done in their partitions, and
    /// nothing else.
    ///
    /// # Errors
    /// When a ledger cannot be read or is newer than this program.
    pub(crate) fn load_sound(&self, days: &Days, by: PartitionBy) -> Result<Ledgers> {
        self.add_up(self.records(days, by)?)
    }

    /// Returns what a partition's ledger adds up to.
    ///
    /// # Errors
    /// As [`Table::load`].
    pub(super) fn load_one(&self, partition: &Partition) -> Result<PartitionState> {
        let folder = self.store.location().key(&format!("{OWN_FOLDER}/ledger/{partition}"));
        let Ledgers { mut states, mut damaged } = self.add_up(self.records_below(&[folder])?)?;
        damaged.remove(partition).map_or_else(|| Ok(states.remove(partition).unwrap_or_default()), Err)
    }

    fn add_up(&self, ledgers_of: BTreeMap<Partition, Result<Vec<Record>>>) -> Result<Ledgers> {
        let add_up = |partition: &Partition, records: Vec<Record>| {
            let mut state = PartitionState::default();
            for (number, record) in (1..).zip(records) {
                let place = self.store.location().url_of(&self.entry_key(partition, number));
                state.add(number, record, &place)?;
            }
            state.plan_with();
            Ok(state)
        };
        let mut ledgers = Ledgers::default();
        for (partition, records) in ledgers_of {
            match records.and_then(|records| add_up(&partition, records)) {
                Ok(state) => {
                    ledgers.states.insert(partition, state);
                }
                Err(e) if e.kind() == ErrorKind::Damaged => {
                    info!(%partition, reason = %e.in_a_line(), "a ledger is damaged");
                    ledgers.damaged.insert(partition, e);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(ledgers)
    }

    /// Reads the ledgers of the partitions of these days: their entries, by number from 1.
    ///
    /// Lists the folders of accounts and Regions, if the table has them, and then each day's folder: the requests
    /// grow with the days asked for. [`Days::All`] lists the whole ledger.
    ///
    /// # Errors
    /// When one cannot be read, is newer than this program, or a number is missing.
    pub(crate) fn entries(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, Vec<Record>>> {
        self.records(days, by)?.into_iter().map(|(partition, records)| Ok((partition, records?))).collect()
    }

    fn records(&self, days: &Days, by: PartitionBy) -> Result<BTreeMap<Partition, Result<Vec<Record>>>> {
        let root = self.store.location().key(&format!("{OWN_FOLDER}/ledger"));
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
        self.records_below(&prefixes)
    }

    /// Reads the entries in these folders; what is wrong with those of a partition stands in its place.
    fn records_below(&self, prefixes: &[String]) -> Result<BTreeMap<Partition, Result<Vec<Record>>>> {
        let location = self.store.location();
        let root = location.key(&format!("{OWN_FOLDER}/ledger"));
        let mut found: Vec<(Partition, u64)> = Vec::new();
        for object in self.store.list_all(prefixes)?.into_iter().flatten() {
            let below = object.key.strip_prefix(&root).unwrap_or_default().trim_start_matches('/');
            let Some((folder, name)) = below.rsplit_once('/') else { continue };
            if let (Some(partition), Some(number)) = (Partition::parse(folder), entry_number(name)) {
                found.push((partition, number));
            }
        }
        found.sort();
        self.ask_for_missing(&mut found)?;
        let keys: Vec<String> = found.iter().map(|(partition, number)| self.entry_key(partition, *number)).collect();
        let mut entries: BTreeMap<Partition, Result<Vec<Record>>> = BTreeMap::new();
        for (((partition, number), key), text) in found.into_iter().zip(&keys).zip(self.store.get_all_own(&keys)?) {
            let place = location.url_of(key);
            let of_partition = entries.entry(partition.clone()).or_insert_with(|| Ok(Vec::new()));
            let Ok(before) = of_partition else { continue };
            let record = refuse_gap(before.len() as u64, number, &place)
                .and_then(|()| Record::of(&partition, number, &text?, &place));
            match record {
                Ok(record) => before.push(record),
                Err(e) => *of_partition = Err(e),
            }
        }
        Ok(entries)
    }

    pub(super) fn entry_key(&self, partition: &Partition, number: u64) -> String {
        self.store.location().key(&entry_path(partition, number))
    }
}

/// Refuses objects of a store that has the name of another one: that they are new, or changed, or converted, would be a guess,
/// and rows might be there twice or not at all.
///
/// # Errors
/// A usage error that names both endpoints.
pub(crate) fn refuse_other_endpoint(source: &Store, states: &BTreeMap<Partition, PartitionState>) -> Result<()> {
    let (root, ours) = (source.location().root(), source.endpoint());
    let other = states.iter().find_map(|(partition, state)| Some((partition, state.other_endpoint(&root, ours)?)));
    let (Some((partition, theirs)), Some(ours)) = (other, ours) else { return Ok(()) };
    Err(Error::usage(format!(
        "objects of {root} were converted from another endpoint: {theirs} in {partition}, this run asks {ours}"
    ))
    .at(source.location())
    .help(format!(
        "if it is the same store by another name, add {ANY_ENDPOINT}; if it is another store, convert into another DEST"
    )))
}

/// Returns the name and version that entries and footers carry.
pub fn tool_name() -> String {
    concat!("flowparquet ", env!("CARGO_PKG_VERSION")).to_owned()
}
