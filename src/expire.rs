//! Which folders of raw logs are no longer needed: `status --safe-to-expire`.
//!
//! In: the ledger, and SOURCE. Out: a [`RawFolder`] for each folder that the ledger knows. Whoever deletes a folder deletes all
//! that lies below it, whatever its name and day; so each is listed whole, and is safe only if every key in it is in the table as
//! it is now, and verified in full. What was not looked at is not safe.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;

use crate::days::Days;
use crate::error::Result;
use crate::ledger::entry::VerifiedHow;
use crate::ledger::partition::Partition;
use crate::ledger::state::{InputState, PartitionState};
use crate::ledger::table::Table;
use crate::options::SOURCE;
use crate::store::{Listed, RealKeys, Store};

/// A folder of raw logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RawFolder {
    /// Its URL, with a slash at the end.
    pub prefix: String,
    /// Objects in it, and in folders below it, that are in the table as they are now, and verified in full.
    pub objects: u64,
    /// The others.
    pub objects_held_back: u64,
    /// Why it must not be deleted yet; `None` if it may.
    pub why_not: Option<String>,
}

impl RawFolder {
    /// Returns a folder that is kept whatever lies in it.
    fn kept(prefix: String, why_not: String) -> Self {
        Self { prefix, objects: 0, objects_held_back: 0, why_not: Some(why_not) }
    }

    fn hold_back(&mut self, why_not: impl FnOnce() -> String) {
        self.objects_held_back += 1;
        self.why_not.get_or_insert_with(why_not);
    }
}

/// Returns the folders that objects of these days were converted from, and whether all that lies in them is converted and
/// verified in full; `None` if nothing was ever converted. Folders in which nothing lies any more are left out.
///
/// # Errors
/// When the ledger cannot be read, or SOURCE cannot be listed.
pub fn safe_to_expire(table: &Table, source: &Store, days: &Days) -> Result<Option<Vec<RawFolder>>> {
    let Some(info) = table.info()? else { return Ok(None) };
    let mut states = table.load(days, info.partition_by)?;
    let (mut folders, mut to_list) = (Vec::new(), Vec::new());
    for (root, folder) in folders_of(&states) {
        let prefix = if folder.is_empty() { root.clone() } else { format!("{root}{folder}/") };
        if root == source.location().root() && source.location().holds(&folder) {
            to_list.push((prefix, folder));
        } else {
            folders.push(RawFolder::kept(prefix, format!("it lies outside of {SOURCE}, where nobody looked")));
        }
    }
    let keys: Vec<String> = to_list.iter().map(|(_, folder)| folder.clone()).collect();
    let listings = source.list_whole(&keys)?;
    let known = Known::of(&states, source);
    if *days != Days::All && listings.iter().flatten().any(|object| !known.by_key.contains_key(&*object.key)) {
        // A folder may hold objects of days that were not asked for.
        states = table.load(&Days::All, info.partition_by)?;
    }
    let known = Known::of(&states, source);
    let listed = to_list.into_iter().zip(&listings).filter(|(_, objects)| !objects.is_empty());
    folders.extend(listed.map(|((prefix, _), objects)| known.judge(prefix, objects, source)));
    folders.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    Ok(Some(folders))
}

/// Returns the folders of all objects that the ledger knows: roots of their stores, and keys without a slash at the end, by
/// their real names.
fn folders_of(states: &BTreeMap<Partition, PartitionState>) -> BTreeSet<(String, String)> {
    let mut folders = BTreeSet::new();
    for state in states.values() {
        for root in state.sources() {
            let of_root: BTreeSet<&str> =
                state.keys(root).map(|key| key.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
            let mut real = RealKeys::of(root);
            folders.extend(of_root.into_iter().map(|folder| (root.to_owned(), real.folder(folder))));
        }
    }
    folders
}

/// A partition with what it says of its objects.
struct Known<'a> {
    partitions: Vec<(&'a PartitionState, Option<String>)>,
    /// Places of the partitions that know an object by its real name, and how they call it.
    by_key: HashMap<Arc<str>, Vec<(usize, &'a str)>>,
    root: String,
}

impl<'a> Known<'a> {
    fn of(states: &'a BTreeMap<Partition, PartitionState>, source: &Store) -> Self {
        let root = source.location().root();
        let mut real = RealKeys::of(&root);
        let (mut partitions, mut by_key) = (Vec::new(), HashMap::<Arc<str>, Vec<(usize, &str)>>::new());
        for (partition, state) in states {
            for key in state.keys(&root) {
                by_key.entry(real.key(key)).or_default().push((partitions.len(), key));
            }
            partitions.push((state, why_not(state).map(|why| format!("{partition}: {why}"))));
        }
        Self { partitions, by_key, root }
    }

    /// Looks at all that lies in a folder.
    fn judge(&self, prefix: String, objects: &[Listed], source: &Store) -> RawFolder {
        let mut folder = RawFolder { prefix, objects: 0, objects_held_back: 0, why_not: None };
        for object in objects {
            let url = || format!("{}{}", source.location().root(), object.key);
            let known = self.by_key.get(&object.key).map_or(&[][..], Vec::as_slice);
            let of_object = || known.iter().filter_map(|(at, key)| Some((self.partitions.get(*at)?, *key)));
            let in_table = of_object().any(|((state, _), key)| self.is_in_table(state, key, object));
            if let Some(why) = of_object().find_map(|((_, why_not), _)| why_not.as_ref()) {
                folder.hold_back(|| why.clone());
            } else if in_table {
                folder.objects += 1;
            } else {
                folder.hold_back(|| format!("{} is not converted as it is now: run convert, then verify", url()));
            }
        }
        folder
    }

    fn is_in_table(&self, state: &PartitionState, key: &str, object: &Listed) -> bool {
        state.input(&self.root, key).is_some_and(|known| {
            known.state == InputState::Converted && known.etag == object.etag && known.size == object.size
        })
    }
}

/// Returns what keeps a partition's raw objects from being deleted. Rejected lines do not: they are kept whole.
fn why_not(state: &PartitionState) -> Option<String> {
    let rejected = state.inputs().filter(|input| matches!(input, InputState::Rejected(_))).count();
    let other = state.inputs().filter(|input| **input == InputState::OtherType).count();
    let why = match state.verified() {
        _ if state.unfinished().next().is_some() => "a stopped run has to be finished: run convert",
        _ if rejected > 0 => "objects that could not be read are kept nowhere else",
        _ if other > 0 => "objects of another log type are not in this table",
        _ if state.differs() => "the last verify found that something differs: run it again to see what",
        _ if !state.misread().is_empty() => "some engines do not read all of its files: run compact, then verify",
        None => "not verified: run verify",
        Some((_, false)) => "changed since it was verified: run verify",
        Some((verified, true)) if verified.how != VerifiedHow::Full => "not all of it was verified: run verify",
        Some(_) => return None,
    };
    Some(why.to_owned())
}
