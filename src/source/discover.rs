//! Finds the raw objects of the asked days.
//!
//! In: a SOURCE at any height, days, accounts, Regions. Out: what is [`Found`]. Lists level by level with delimiters, a Region's folder and
//! those of the asked years and months too: what people's tools put there is seen. So the number of LIST requests grows with
//! accounts, Regions, and days asked for, never with the archive. Only `--all` lists whole Regions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use tracing::{debug, info};

use super::found::{Found, SourceObject, Undated, Wanted, Why};
use super::layout::{FileName, Level, Place, Suffix};
use super::loose::{ByFolder, LooseObjects, by_content};
use crate::days::Days;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{LinkKind, Listed, Location, OWN_FOLDER, Store, TABLE_OBJECT, name_of};

/// Folders above `AWSLogs` that are looked into; a SOURCE that needs more is too high up in somebody's bucket.
pub const MAX_OPAQUE_FOLDERS: usize = 2_000;

/// Folders within folders of an account that nobody knows which are looked into: flow logs that people moved lie in few, and a
/// service that nobody knows may have thousands.
const MAX_DEEP_FOLDERS: usize = 300;

/// Hidden folders that programs make: this one, Spark, Delta Lake, Hive, and what keeps files.
const OF_PROGRAMS: [&str; 9] = [
    OWN_FOLDER,
    "_temporary",
    "_spark_metadata",
    "_delta_log",
    "_symlink_format_manifest",
    ".hive-staging",
    ".git",
    ".Trash",
    ".snapshot",
];

/// Finds the objects.
///
/// # Errors
/// When a listing fails, or SOURCE is so high up that looking for logs would walk a whole bucket.
pub fn discover(store: &Store, wanted: &Wanted) -> Result<Found> {
    let top = Node::at(store.location().prefix());
    let mut search = Search::new(wanted);
    search.found.met.place(top.place.account.as_deref(), top.place.region.as_deref());
    let matches = match &wanted.source_layout {
        Some(layout) => search.by_layout(store, layout)?,
        None if search.walk(store, vec![top])? => Matches::Yes,
        None => {
            return Err(Error::usage(format!(
                "looked into {MAX_OPAQUE_FOLDERS} folders above the accounts' and there are more"
            ))
            .at(store.location())
            .help("point SOURCE at the folder that holds AWSLogs, or below it"));
        }
    };
    let listed = search.list_whole(store)?;
    search.settle_by_content(store)?;
    let matched = matches == Matches::Yes || matches == Matches::IfObjects && listed > 0;
    let mut found = search.found;
    found.passed_over.extend(links(store));
    for objects in [&mut found.objects, &mut found.other_days] {
        objects.sort_by(|a, b| a.object.key.cmp(&b.object.key));
        objects.dedup_by(|a, b| a.object.key == b.object.key);
    }
    found.passed_over.sort();
    found.passed_over.dedup();
    tell(&found, store.location());
    if found.objects.is_empty() && found.passed_over.iter().any(|(_, why)| *why == Why::OtherParquet) {
        refuse_part_of_table(store)?;
    }
    if found.objects.is_empty() && found.passed_over.is_empty() && found.other_days.is_empty() {
        refuse_empty(store)?;
    }
    if let (Some(layout), false) = (&wanted.source_layout, matched) {
        refuse_empty(store)?;
        return Err(layout.matches_nothing(store)?);
    }
    Ok(found)
}

/// Returns the links that may have led to logs and were not followed.
fn links(store: &Store) -> impl Iterator<Item = (Arc<str>, Why)> {
    store.links_passed_over().into_iter().filter_map(|(link, why)| {
        let why = match why {
            LinkKind::Twice => Why::Link,
            LinkKind::Around => Why::LinkAround,
            LinkKind::OutToFolder => Why::LeadsOut,
            // One of another name would not have been a log.
            LinkKind::OutToFile if Suffix::of(name_of(&link)) == Suffix::Log => Why::LeadsOut,
            LinkKind::OutToFile => return None,
        };
        Some((link.into(), why))
    })
}

/// Writes events of what was found.
fn tell(found: &Found, source: &Location) {
    for found in &found.objects {
        debug!(object = %source.url_of(&found.object.key), bytes = found.object.size, day = %found.day, "listed");
    }
    for (key, why) in &found.passed_over {
        info!(object = %source.url_of(key), reason = why.explain(), "object passed over");
    }
    info!(
        source = %source,
        objects = found.objects.len(),
        bytes = found.objects.iter().map(|found| found.object.size).sum::<u64>(),
        passed_over = found.passed_over.len(),
        "objects of the asked days"
    );
}

/// Sets objects aside whose keys do not tell what the partitions of a table need, unless all are such: what of them is a flow log
/// is named, and what is none too.
///
/// # Errors
/// When the store fails.
pub fn set_aside(store: &Store, found: &mut Found, has_place: impl Fn(&SourceObject) -> bool) -> Result<()> {
    if found.objects.iter().all(&has_place) || !found.objects.iter().any(&has_place) {
        return Ok(());
    }
    let (placed, unplaced) = std::mem::take(&mut found.objects).into_iter().partition(has_place);
    found.objects = placed;
    let mut by_folder = ByFolder::default();
    for SourceObject { object, .. } in unplaced {
        by_folder.add(object, &Place::opaque());
    }
    let told = by_content(store, by_folder)?;
    let unseen = told.unseen.into_iter().map(|(unseen, _)| (unseen, Why::NoPartition));
    let logs = told.logs.into_iter().map(|logs| (logs, Why::NoPartition));
    let others = told.others.into_iter().map(|others| (others, Why::NoFlowLog));
    for (objects, why) in unseen.chain(logs).chain(others) {
        found.passed_over.extend(objects.objects.into_iter().map(|object| (object.key, why)));
    }
    found.passed_over.sort();
    Ok(())
}

/// Refuses a SOURCE that is a table of ours.
///
/// # Errors
/// A usage error if it is; otherwise when the store fails.
pub fn refuse_table(store: &Store) -> Result<()> {
    match store.head(&join(store.location().prefix(), TABLE_OBJECT))? {
        Some(_) => Err(is_a_table(store.location())),
        None => Ok(()),
    }
}

fn is_a_table(source: &Location) -> Error {
    Error::usage("SOURCE is a table that flowparquet made")
        .at(source)
        .help("SOURCE is where the raw logs are, and comes first; DEST is the table, and comes second")
}

/// Returns whether an object outside of SOURCE is there, as far as one may know: who may read SOURCE alone learns nothing of it.
fn is_there(store: &Store, key: &str) -> Result<bool> {
    match store.head(key) {
        Err(e) if e.kind() == ErrorKind::Refused => Ok(false),
        found => Ok(found?.is_some()),
    }
}

/// Refuses a SOURCE that is a folder of a table of ours.
fn refuse_part_of_table(store: &Store) -> Result<()> {
    let mut above = store.location().prefix();
    while !above.is_empty() {
        let folder = above.rsplit_once('/').map_or("", |(folder, _)| folder);
        if is_there(store, &join(folder, TABLE_OBJECT))? {
            return Err(Error::usage("SOURCE lies in a table that flowparquet made")
                .at(store.location())
                .help(format!("SOURCE is where the raw logs are; the table is {}", store.location().url_of(folder))));
        }
        above = folder;
    }
    Ok(())
}

/// Refuses a SOURCE below which nothing lies at all: a mistyped one would otherwise have nothing to do for years.
fn refuse_empty(store: &Store) -> Result<()> {
    let prefix = store.location().prefix();
    let levels = store.list_levels(&[prefix.to_owned()])?;
    if levels.iter().all(|level| level.folders.is_empty() && level.objects.is_empty()) {
        if !prefix.is_empty() && is_there(store, prefix)? {
            let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Err(Error::usage("SOURCE is one object, and must be a folder")
                .at(store.location())
                .help(format!("give its folder, {}, and its day", store.location().url_of(folder))));
        }
        return Err(Error::usage("nothing lies below SOURCE").at(store.location()).help(
            match prefix.trim_end_matches('/').ends_with('*') {
                true => "SOURCE is a folder, and all below it is looked at: leave the * away",
                false => "check its spelling; it must be a folder, such as s3://bucket/prefix or s3://bucket/AWSLogs",
            },
        ));
    }
    Ok(())
}

/// Whether there are folders that fit a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matches {
    Yes,
    No,
    /// If objects are found below them: they were entered unseen.
    IfObjects,
}

/// A folder to look into.
pub(super) struct Node {
    pub(super) prefix: String,
    pub(super) place: Place,
    pub(super) depth: u32,
    /// For a folder that may be a year's or just be called like one: what it is as a year's.
    pub(super) year: Option<Place>,
}

impl Node {
    /// Returns a folder to begin with.
    pub(super) fn at(prefix: &str) -> Self {
        Self { place: Place::of_prefix(prefix), prefix: prefix.to_owned(), depth: 0, year: None }
    }
}

/// Looks for objects, and keeps what it found.
pub(super) struct Search<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) found: Found,
    /// Prefixes to list with everything below them, and what they are.
    pub(super) whole: BTreeMap<String, Place>,
    /// Objects of which no folder or name says a day, nor that they are flow logs.
    loose: ByFolder,
    /// Objects in folders of asked days that are called like something else.
    others: ByFolder,
    /// Objects in folders of asked days of which nobody knows whether a service delivers them.
    strange: ByFolder,
    /// Objects of asked days of which nobody knows whether they are of an asked account.
    unplaced: ByFolder,
    /// Objects that a layout has no place for, called like something else.
    pub(super) strangers: ByFolder,
    /// Names of accounts and Regions.
    names: BTreeSet<Arc<str>>,
    /// The days before asked ones.
    pub(super) days_before: BTreeSet<Date>,
    /// Folders within folders of an account that nobody knows, as many as were looked into.
    deep: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(wanted: &'a Wanted) -> Self {
        Self {
            wanted,
            found: Found::default(),
            whole: BTreeMap::new(),
            loose: ByFolder::default(),
            others: ByFolder::default(),
            strange: ByFolder::default(),
            unplaced: ByFolder::default(),
            strangers: ByFolder::default(),
            names: BTreeSet::new(),
            days_before: wanted.days.before(),
            deep: 0,
        }
    }

    /// Looks into these folders, level by level; returns false if there is no end of them.
    pub(super) fn walk(&mut self, store: &Store, mut frontier: Vec<Node>) -> Result<bool> {
        let mut opaque = 0;
        while !frontier.is_empty() {
            let levels: Vec<Node> = frontier.drain(..).flat_map(|node| self.route(node)).collect();
            opaque += levels.iter().filter(|node| matches!(node.place.level, Level::Opaque | Level::AwsLogs)).count();
            if opaque > MAX_OPAQUE_FOLDERS {
                return Ok(false);
            }
            let prefixes: Vec<String> = levels.iter().map(|node| node.prefix.clone()).collect();
            for (node, mut level) in levels.iter().zip(store.list_levels(&prefixes)?) {
                self.leave_table(node, &mut level.folders, store.location())?;
                self.loose_objects(node, level.objects, &level.folders);
                frontier.extend(level.folders.into_iter().filter_map(|folder| self.enter(node, folder)));
            }
        }
        Ok(true)
    }

    /// Lists what is to be listed with everything below it; returns how many objects lie there.
    pub(super) fn list_whole(&mut self, store: &Store) -> Result<usize> {
        let mut listed = 0;
        let (whole, places): (Vec<String>, Vec<Place>) = std::mem::take(&mut self.whole).into_iter().unzip();
        for ((prefix, place), objects) in whole.iter().zip(&places).zip(store.list_all(&whole)?) {
            listed += objects.len();
            for object in objects {
                self.object_below(prefix, place, object);
            }
        }
        Ok(listed)
    }

    /// Returns the folders that must be listed to get on, and notes those that are to be listed whole.
    fn route(&mut self, node: Node) -> Vec<Node> {
        let mut to_list = Vec::new();
        if node.place.level == Level::Year && node.place.region.is_none() {
            // A copy without upper folders, or an opaque folder called like a year with `AWSLogs` in it? Both, then.
            let (prefix, year) = (node.prefix, Some(node.place));
            to_list.push(Node { prefix, place: Place::opaque(), depth: node.depth + 1, year });
            return to_list;
        }
        match (node.place.level, &self.wanted.days) {
            // What the service's folder is called, and whether there is one, only a listing tells.
            (Level::Opaque | Level::AwsLogs | Level::Account | Level::Service, _) => to_list.push(node),
            (_, Days::All) | (Level::Day | Level::Hour, _) => {
                self.whole.insert(node.prefix, node.place);
            }
            (Level::Region | Level::Year | Level::Month, _) => to_list.push(node),
        }
        to_list
    }

    /// Leaves the partitions of a table of ours out of the folders of a place, and names the table.
    ///
    /// # Errors
    /// A usage error if SOURCE itself is the table, and no raw logs lie beside it.
    pub(super) fn leave_table(&mut self, node: &Node, folders: &mut Vec<String>, source: &Location) -> Result<()> {
        if !folders.iter().any(|folder| name_of(folder) == OWN_FOLDER) {
            return Ok(());
        }
        let has_logs = folders.iter().any(|folder| name_of(folder) == super::layout::AWS_LOGS);
        if node.prefix == source.prefix() && !has_logs {
            return Err(is_a_table(source));
        }
        let before = folders.len();
        folders.retain(|folder| !["year=", "aws_account_id="].iter().any(|part| name_of(folder).starts_with(part)));
        if folders.len() < before {
            self.found.passed_over.push((node.prefix.as_str().into(), Why::OurTable));
        }
        Ok(())
    }

    /// Names a hidden folder, unless programs are known to put it there.
    pub(super) fn take_hidden(&mut self, folder: Arc<str>) {
        // Objects are listed in order: those of one folder follow each other.
        let is_named = self.found.passed_over.last().is_some_and(|(last, _)| *last == folder);
        if !is_named && !OF_PROGRAMS.contains(&name_of(&folder)) {
            self.found.passed_over.push((folder, Why::Hidden));
        }
    }

    /// Returns the folder as a place to look into, if asked-for logs can be there.
    fn enter(&mut self, node: &Node, folder: String) -> Option<Node> {
        if !Store::is_key(&folder) {
            self.found.passed_over.push((folder.into(), Why::NoKey));
            return None;
        }
        let name = name_of(&folder);
        if name.starts_with(['.', '_']) {
            self.take_hidden(folder.into());
            return None;
        }
        let month = node.year.as_ref().and_then(|year| year.enter(name)).filter(|place| place.level == Level::Month);
        let Some(place) = month.or_else(|| node.place.enter(name)) else {
            match node.place.level {
                // Another service.
                Level::Account => {}
                Level::Service => self.found.passed_over.push((folder.into(), Why::NoRegion)),
                // Among years, months and days: it may hold anything.
                _ => {
                    self.whole.insert(folder, node.place.undated());
                }
            }
            return None;
        };
        if place.strange && node.place.strange && place.level == Level::Account {
            self.deep += 1;
            if self.deep > MAX_DEEP_FOLDERS {
                self.found.passed_over.push((folder.into(), Why::TooDeep));
                return None;
            }
        }
        self.found.met.place(place.account.as_deref(), place.region.as_deref());
        let of_asked_days =
            place.region.is_none() && place.level == Level::Year || place.may_hold_any(&self.wanted.days);
        self.found.met.more |= !of_asked_days && (place.account.is_none() || place.region.is_none());
        let is_selected = self.matches(place.account.as_deref(), place.sure_region(), true);
        if is_selected && !of_asked_days {
            self.note_day_before(&folder, &place);
        }
        (is_selected && of_asked_days).then_some(Node { prefix: folder, place, depth: node.depth + 1, year: None })
    }

    /// Notes a folder of a day before the asked ones. Across the end of a month or year only that month's or year's folder
    /// was seen: its last day is called as AWS calls it.
    fn note_day_before(&mut self, folder: &str, place: &Place) {
        for day in self.days_before.iter().filter(|day| place.may_hold(**day)) {
            let is = if folder.contains("%3D") { "%3D" } else { "=" };
            let [month, day_of_month] = match place.hive {
                true => [format!("month{is}{:02}", day.month()), format!("day{is}{:02}", day.day())],
                false => [format!("{:02}", day.month()), format!("{:02}", day.day())],
            };
            let folder = match place.level {
                Level::Day => folder.to_owned(),
                Level::Month => join(folder, &day_of_month),
                Level::Year => join(&join(folder, &month), &day_of_month),
                _ => continue,
            };
            self.found.before.folders.push((folder, *day));
        }
    }

    pub(super) fn matches(&self, account: Option<&str>, region: Option<&str>, unknown: bool) -> bool {
        let fits = |list: &[String], value: Option<&str>| match value {
            _ if list.is_empty() => true,
            Some(value) => list.iter().any(|wanted| wanted == value),
            None => unknown,
        };
        fits(&self.wanted.accounts, account) && fits(&self.wanted.regions, region)
    }

    /// Looks at objects that lie above the folders of days: flat copies, and strangers in a bucket.
    fn loose_objects(&mut self, node: &Node, objects: Vec<Listed>, folders: &[String]) {
        let in_region = node.place.level == Level::Service || node.place.region.is_some();
        let beside_logs = folders.iter().any(|folder| folder.ends_with(super::layout::AWS_LOGS));
        let top = node.depth == 0 && !beside_logs;
        for object in objects {
            let name = name_of(&object.key);
            let named_by_aws = FileName::parse(name).day.is_some();
            // Beside AWS's folder lies what people put into a bucket; whoever assumes a day says that it is logs.
            if in_region || named_by_aws || self.wanted.assume_day.is_some() || (top && is_called_log(name)) {
                self.take(object, &node.place);
                continue;
            }
            if top && !name.is_empty() && object.size > 0 && Suffix::of(name) == Suffix::Log {
                self.found.passed_over.push((object.key.clone(), Why::OtherName));
            }
            self.loose.add(object, &node.place);
        }
    }

    /// Takes what holds flow logs, whatever it is called, and names of the rest what lies in folders of asked days.
    pub(super) fn settle_by_content(&mut self, store: &Store) -> Result<()> {
        let loose = by_content(store, std::mem::take(&mut self.loose))?;
        let named = by_content(store, std::mem::take(&mut self.others))?;
        // What is none is some service's.
        let strange = by_content(store, std::mem::take(&mut self.strange))?;
        let unseen = loose.unseen.into_iter().chain(strange.unseen);
        let unseen = unseen.flat_map(|(unseen, code)| unseen.objects.into_iter().map(move |object| (object.key, code)));
        // What is called like no log is taken for none as long as nobody can look into it.
        let unseen: Vec<(Arc<str>, Why)> = unseen
            .filter(|(key, _)| Suffix::of(name_of(key)) == Suffix::Log)
            .map(|(key, code)| (key, Why::Unseen(code)))
            .collect();
        let of_logs = loose.logs.iter().flat_map(|logs| &logs.objects).map(|object| &*object.key);
        let keys: HashSet<&str> = of_logs.chain(unseen.iter().map(|(key, _)| &**key)).collect();
        self.found.passed_over.retain(|(key, _)| !keys.contains(&**key));
        self.found.passed_over.extend(unseen);
        for LooseObjects { place, objects } in loose.logs.into_iter().chain(named.logs).chain(strange.logs) {
            objects.into_iter().for_each(|object| self.take_as(object, &place, Suffix::Log));
        }
        // Of the asked days, and nobody knows whether of the asked accounts: only flow logs are news.
        let unplaced = by_content(store, std::mem::take(&mut self.unplaced))?;
        let of_nobody =
            unplaced.logs.into_iter().flat_map(|logs| logs.objects).map(|object| (object.key, Why::NoAccount));
        self.found.passed_over.extend(of_nobody);
        let unseen = unplaced
            .unseen
            .into_iter()
            .flat_map(|(unseen, code)| unseen.objects.into_iter().map(move |object| (object, code)));
        self.found.passed_over.extend(
            unseen
                .filter(|(object, _)| Suffix::of(name_of(&object.key)) == Suffix::Log)
                .map(|(object, code)| (object.key, Why::Unseen(code))),
        );
        // Among what a layout has no place for.
        let strangers = by_content(store, std::mem::take(&mut self.strangers))?;
        let strangers = strangers.logs.into_iter().flat_map(|logs| logs.objects);
        self.found.passed_over.extend(strangers.map(|object| (object.key, Why::OtherLayout)));
        let unread = named.unseen.into_iter().map(|(unseen, _)| unseen);
        let others = named.others.into_iter().chain(unread).flat_map(|others| others.objects);
        self.found.passed_over.extend(others.map(|object| (object.key, Why::OtherName)));
        Ok(())
    }

    fn object_below(&mut self, prefix: &str, place: &Place, object: Listed) {
        let below = object.key.strip_prefix(prefix).unwrap_or(&object.key).trim_start_matches('/');
        let folders = below.rsplit_once('/').map_or("", |(folders, _)| folders);
        let mut place = Cow::Borrowed(place);
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            // No key that can be read: it is named as that, of the day of its other folders.
            if !Store::is_key(folder) {
                continue;
            }
            if folder.starts_with(['.', '_']) {
                let end = folder.as_ptr() as usize - object.key.as_ptr() as usize + folder.len();
                self.take_hidden(object.key[..end].into());
                return;
            }
            place = Cow::Owned(place.enter(folder).unwrap_or_else(|| place.undated()));
        }
        self.take(object, &place);
    }

    /// Returns the one copy of an account's or Region's name.
    fn shared(&mut self, name: String) -> Arc<str> {
        if let Some(name) = self.names.get(name.as_str()) {
            return Arc::clone(name);
        }
        let name = Arc::from(name);
        self.names.insert(Arc::clone(&name));
        name
    }

    fn take(&mut self, object: Listed, place: &Place) {
        let name = name_of(&object.key);
        let suffix = Suffix::of(name);
        if place.strange && FileName::parse(name).flow_log.is_none() {
            match place.day {
                Some(day) if self.wanted.days.contains(day) => self.strange.add(object, place),
                Some(_) => {}
                None => self.loose.add(object, place),
            }
            return;
        }
        self.take_as(object, place, suffix);
    }

    /// Names a log of which nobody knows the day, unless the ledger does.
    fn take_undated(&mut self, object: Listed, account: Option<String>, region: Option<String>) {
        self.found.passed_over.push((object.key.clone(), Why::NoDate));
        if self.matches(account.as_deref(), region.as_deref(), false) && Store::is_key(&object.key) {
            let [account, region] = [account, region].map(|name| name.map(|name| self.shared(name)));
            self.found.undated.push(Undated { object, account, region });
        }
    }

    fn take_as(&mut self, object: Listed, place: &Place, suffix: Suffix) {
        let name = name_of(&object.key);
        // What stands for a folder has no content; a log without any was cut off.
        let is_marker = object.size == 0 && !is_called_log(name) && stands_for_folder(name, place);
        let said = FileName::parse(name);
        let account = place.account.clone().or(said.account);
        let is_told = place.sure_region().is_some() || said.region.is_some() || self.wanted.source_layout.is_some();
        let region = match place.sure_region() {
            Some(region) => Some(region.to_owned()),
            None => said.region.or_else(|| place.region.clone()),
        };
        if place.account.is_none() || place.region.is_none() {
            self.found.met.place(account.as_deref(), region.as_deref());
        }
        // A copy's folders are people's, and may say when it was made.
        let folder = place.day.filter(|day| {
            let is_a_copys = place.region.is_none() || self.wanted.source_layout.is_some();
            is_a_copys && said.day.is_some_and(|said| said != *day)
        });
        let folder = folder.map(|day| (day, place.hour));
        let Some(day) = place.day.filter(|_| folder.is_none()).or(said.day).or(self.wanted.assume_day) else {
            match suffix {
                Suffix::Log if !is_marker => self.take_undated(object, account, region),
                Suffix::Other => self.loose.add(object, place),
                _ => {}
            }
            return;
        };
        let assumed = place.day.is_none() && said.day.is_none();
        let asked = self.wanted.assume_day == Some(day) || self.wanted.days.contains(day);
        let asked_by_folder = folder.is_some_and(|(day, _)| self.wanted.days.contains(day));
        if !(asked || asked_by_folder) {
            if self.days_before.contains(&day) && suffix == Suffix::Log {
                self.found.before.objects.push((object.key, day));
            }
            return;
        }
        if !self.matches(account.as_deref(), region.as_deref(), false) {
            let region = region.as_deref().filter(|_| is_told);
            if matches!(suffix, Suffix::Log | Suffix::Other)
                && !is_marker
                && self.matches(account.as_deref(), region, true)
            {
                self.unplaced.add(object, place);
            }
            return;
        }
        match suffix {
            Suffix::Hidden => {}
            _ if is_marker => {}
            Suffix::Log if !Store::is_key(&object.key) => self.found.passed_over.push((object.key, Why::NoKey)),
            Suffix::Log => {
                let hour = place.hour.filter(|_| folder.is_none()).or(said.hour);
                let [account, region] = [account, region].map(|name| name.map(|name| self.shared(name)));
                let found = SourceObject { object, account, region, day, hour, assumed, folder };
                if asked { self.found.objects.push(found) } else { self.found.other_days.push(found) }
            }
            Suffix::Parquet => {
                let is_awss = said.flow_log.is_some() && said.day.is_some();
                let why = if is_awss { Why::AwsParquet } else { Why::OtherParquet };
                self.found.passed_over.push((object.key, why));
            }
            Suffix::Other => self.others.add(object, place),
        }
    }
}

impl Place {
    fn may_hold_any(&self, days: &Days) -> bool {
        match days {
            Days::All => true,
            Days::These(days) => days.iter().any(|day| self.may_hold(*day)),
        }
    }
}

/// Returns whether an object has the name of a log, as AWS and people give it.
pub(super) fn is_called_log(name: &str) -> bool {
    [".gz", ".log", ".txt"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with(['.', '_'])
}

/// Returns whether an object without bytes is called like a folder that may lie beside it.
fn stands_for_folder(name: &str, place: &Place) -> bool {
    let is_of_layout = || place.enter(name).is_some_and(|folder| folder.level != place.level);
    name.is_empty() || name.ends_with("_$folder$") || is_of_layout()
}

pub(super) fn join(prefix: &str, below: &str) -> String {
    if prefix.is_empty() { below.to_owned() } else { format!("{prefix}/{below}") }
}
