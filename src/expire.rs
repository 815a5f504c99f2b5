//! Which folders of raw logs are no longer needed: `status --safe-to-expire`.
//!
//! In: the ledger, and SOURCE. Out: a [`RawFolder`] for each folder that the ledger knows. Whoever deletes a folder deletes all
//! that lies below it, whatever its name and day; so each is listed whole, and is safe only if every key in it is in the table as
//! it is now, line by line, and verified in full, and if the files it became are there. What was not looked at is not safe.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter;
use std::sync::Arc;

use serde::Serialize;

use crate::days::Days;
use crate::error::Result;
use crate::ledger::entry::{Outcome, VerifiedHow};
use crate::ledger::partition::Partition;
use crate::ledger::state::{InputState, Output, PartitionState};
use crate::ledger::table::Table;
use crate::options::{LOG_FORMAT, RETRY, SOURCE};
use crate::source::layout::Suffix;
use crate::store::{Listed, RealKeys, Store, name_of};

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
    keep_those_of(&mut states, &listings, source);
    table.look_at_files(&mut states)?;
    let known = Known::of(&states, source);
    let listed = to_list.into_iter().zip(&listings).filter(|(_, objects)| !objects.is_empty());
    folders.extend(listed.map(|((prefix, _), objects)| known.judge(prefix, objects, source)));
    folders.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    Ok(Some(folders))
}

/// Keeps the partitions that know any of these objects: of others no file is looked for.
fn keep_those_of(states: &mut BTreeMap<Partition, PartitionState>, listings: &[Vec<Listed>], source: &Store) {
    let by_key = Known::of(states, source).by_key;
    let of_objects = listings.iter().flatten().filter_map(|object| by_key.get(&object.key));
    let used: BTreeSet<usize> = of_objects.flatten().map(|(at, _)| *at).collect();
    drop(by_key);
    let mut at = 0..;
    states.retain(|_, _| at.next().is_some_and(|at| used.contains(&at)));
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

/// A partition, and what keeps its objects from being deleted.
struct Judged<'a> {
    state: &'a PartitionState,
    /// What keeps all of them.
    why_not: Option<String>,
    /// What keeps those of a claim, by its number.
    of_claims: HashMap<u64, String>,
}

/// What the ledger knows of the objects of one store.
struct Known<'a> {
    partitions: Vec<Judged<'a>>,
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
            let of_claim =
                |output: &Output| Some((output.number, format!("{partition}: {}", why_not_of(state, output)?)));
            partitions.push(Judged {
                state,
                why_not: why_not(state).map(|why| format!("{partition}: {why}")),
                of_claims: state.outputs().filter_map(of_claim).collect(),
            });
        }
        Self { partitions, by_key, root }
    }

    /// Looks at all that lies in a folder.
    fn judge(&self, prefix: String, objects: &[Listed], source: &Store) -> RawFolder {
        let mut folder = RawFolder { prefix, objects: 0, objects_held_back: 0, why_not: None };
        for object in objects {
            match self.why_kept(object, source) {
                None => folder.objects += 1,
                Some(why) => folder.hold_back(|| why.into_owned()),
            }
        }
        folder
    }

    /// Returns what keeps an object; `None` if it may be deleted.
    fn why_kept(&self, object: &Listed, source: &Store) -> Option<Cow<'_, str>> {
        let known = self.by_key.get(&object.key).map_or(&[][..], Vec::as_slice);
        let of_object = || known.iter().filter_map(|(at, key)| Some((self.partitions.get(*at)?, *key)));
        if let Some(why) = of_object().find_map(|(judged, _)| judged.why_not.as_deref()) {
            return Some(why.into());
        }
        let mut converted =
            of_object().filter_map(|(judged, key)| Some((judged, self.output_of(judged, key, object)?)));
        let Some(first) = converted.next() else {
            if of_object().any(|(judged, key)| {
                judged.state.input(&self.root, key).is_some_and(|known| known.state == InputState::NoFlowLog)
            }) {
                let what = "is no flow log, and in no table: look what it is, and move or delete it";
                return Some(format!("{}{} {what}", self.root, object.key).into());
            }
            return Some(format!("{}{} {}", self.root, object.key, not_converted(object, source)).into());
        };
        let mut all = iter::once(first).chain(converted);
        all.find_map(|(judged, output)| judged.of_claims.get(&output.number)).map(|why| why.as_str().into())
    }

    /// Returns the output that an object's rows are in, if they are, and it is as it was then.
    fn output_of(&self, judged: &Judged<'a>, key: &str, object: &Listed) -> Option<&'a Output> {
        let known = judged.state.input(&self.root, key).filter(|known| {
            known.state == InputState::Converted && known.etag == object.etag && known.size == object.size
        })?;
        judged.state.output_of(known)
    }
}

/// Returns what an object is that is not in the table as it is now, and what to do.
fn not_converted(object: &Listed, source: &Store) -> &'static str {
    let below = object.key.strip_prefix(source.location().prefix()).unwrap_or(&object.key);
    let is_hidden = below.split('/').any(|name| Suffix::of(name) == Suffix::Hidden);
    match Suffix::of(name_of(&object.key)) {
        _ if object.size == 0 => "has 0 bytes: delete it, or fetch it again if it is a log that was cut off",
        _ if is_hidden => {
            "is hidden (`.` or `_` before a name), and convert passes over it: look what it is, and move or delete it"
        }
        Suffix::Parquet => {
            "is Parquet, and convert takes raw logs only: move it elsewhere if you need it, or delete it"
        }
        Suffix::Other => "is called as no log is, and convert passes over it: look what it is, and move or delete it",
        Suffix::Log | Suffix::Hidden => "is not converted as it is now: run convert, then verify",
    }
}

/// Returns what keeps the raw objects of a claim: whatever of them is not in the table, or not any more. A claim counts its lines, and
/// does not say of which objects they are: so it keeps all of them.
fn why_not_of(state: &PartitionState, output: &Output) -> Option<String> {
    let Outcome { rejected_rows, other_type_rows, .. } = output.done.outcome;
    let file = &output.claim.output;
    if !state.has_file(output) {
        return Some(format!("{file} is gone, or has another size than the ledger says: run verify"));
    }
    let lines = |count: u64| {
        let lines_are = |line: &str, are: &str| format!("{count} {line} of the objects of {file} {are}");
        if count == 1 { lines_are("line", "is") } else { lines_are("lines", "are") }
    };
    if rejected_rows > 0 {
        return Some(format!(
            "{} rejected and in no table: run `rejects` to see them, then `convert` with {RETRY} and the right \
             {LOG_FORMAT}; if you need them no more, delete the folder by hand",
            lines(rejected_rows)
        ));
    }
    (other_type_rows > 0).then(|| {
        format!(
            "{} of another log type and not in this table: convert them into another DEST; then, or if \
             you need them no more, delete the folder by hand",
            lines(other_type_rows)
        )
    })
}

/// Returns what keeps all raw objects of a partition from being deleted.
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
