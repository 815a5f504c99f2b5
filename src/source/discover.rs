//! Finds the raw objects of the asked days.
//!
//! In: a SOURCE at any height, days, accounts, Regions. Out: [`Found`]. Lists level by level with delimiters, a Region's folder and
//! those of the asked years and months too: what people's tools put there is seen. So the number of LIST requests grows with
//! accounts, Regions, and days asked for, never with the archive. Only `--all` lists whole Regions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use tracing::{debug, info};

use super::layout::{FileName, Level, Place, SERVICE, Suffix};
use crate::days::Days;
use crate::error::{Error, Result};
use crate::options::{ACCOUNT, ASSUME_DAY, FOLLOW_LINKS, REGION};
use crate::store::{LinkKind, Listed, Location, OWN_FOLDER, Store, name_of};

/// Folders above `AWSLogs` that are looked into; a SOURCE that needs more is too high up in somebody's bucket.
pub const MAX_OPAQUE_FOLDERS: usize = 2_000;

/// Which raw objects a job is about. All there are, unless fields say less.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Wanted {
    /// UTC days.
    pub days: Days,
    /// Accounts; empty for all.
    pub accounts: Vec<String>,
    /// Regions; empty for all.
    pub regions: Vec<String>,
    /// The day of objects whose key gives none.
    pub assume_day: Option<Date>,
}

impl Wanted {
    /// Returns all objects of these days.
    pub fn of(days: Days) -> Self {
        Self { days, ..Self::default() }
    }

    /// Returns whether a partition of this account and Region is asked for; one that is of neither always is.
    pub fn selects(&self, account_region: Option<&(String, String)>) -> bool {
        let fits = |list: &[String], value: &String| list.is_empty() || list.contains(value);
        account_region.is_none_or(|(account, region)| fits(&self.accounts, account) && fits(&self.regions, region))
    }
}

/// A raw log object, and what its key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceObject {
    /// Key, size and ETag.
    pub object: Listed,
    /// Account of the flow log, from folder or name.
    pub account: Option<Arc<str>>,
    /// Region of the flow log, from folder or name.
    pub region: Option<Arc<str>>,
    /// UTC day, from folder or name.
    pub day: Date,
    /// UTC hour, from folder or name.
    pub hour: Option<i8>,
    /// Whether its key gives no day, so that `day` is one that was assumed.
    pub assumed: bool,
    /// UTC day and hour of its folder, if the name says another day: then the name decides ([`Found::settle_days`]).
    pub folder: Option<(Date, Option<i8>)>,
}

/// Why an object below SOURCE was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Neither folder nor name gives a day.
    NoDate,
    /// AWS's own Parquet delivery.
    AwsParquet,
    /// Parquet that is not called as AWS calls it.
    OtherParquet,
    /// A folder with a table of this program's, whose partitions are not looked into.
    OurTable,
    /// Its name is that of a manifest, a note or the like.
    OtherName,
    /// It lies in a folder of an asked day, and its name says a day that was not asked for.
    OtherDay,
    /// It lies where the folders of Regions lie, and no Region is called so.
    NoRegion,
    /// It is a link to another place.
    LeadsOut,
    /// Its key, or that of a folder, has what no name may have: an empty part, `.`, `..`, control characters, or bytes that
    /// are not UTF-8.
    NoKey,
    /// A symbolic link to what is reached without it: its rows would be there twice.
    Link,
    /// A symbolic link to a folder of which parts are reached without it, and others are not.
    LinkAround,
}

impl Why {
    /// Returns whether a person should look at it: it may be a log that is being missed.
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::NoDate | Self::NoKey | Self::OtherDay | Self::NoRegion | Self::LinkAround | Self::LeadsOut)
    }

    /// Returns the reason in words.
    pub fn explain(self) -> String {
        let why = match self {
            Self::NoDate => return format!("its key gives no date (say {ASSUME_DAY} if you know it)"),
            Self::AwsParquet => "it is Parquet already, delivered by AWS",
            Self::OtherParquet => "it is Parquet, and not called as AWS calls what it delivers",
            Self::OurTable => "it is a table that flowparquet made, and holds no raw logs",
            Self::OtherDay => "its folder says another day than its name, and the name decides (ask for both days)",
            Self::NoRegion => {
                "no Region is called so: only letters, digits and hyphens (rename the folder if it holds logs)"
            }
            Self::Link => "it is a link to what is reached without it",
            Self::LinkAround => {
                "it is a link to a folder of which parts are reached without it (link to the other parts, each by itself)"
            }
            Self::LeadsOut => {
                return format!("it is a link that leads out of SOURCE (add {FOLLOW_LINKS} if its logs are meant)");
            }
            Self::OtherName => "its name says that it is no log",
            Self::NoKey => {
                "its key has an empty folder (//), `.`, `..`, control characters, or is not UTF-8 (rename it)"
            }
        };
        why.to_owned()
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Log objects of the asked days, by key.
    pub objects: Vec<SourceObject>,
    /// Objects passed over, by key.
    pub passed_over: Vec<(Arc<str>, Why)>,
    /// Log objects in folders of asked days whose names say days that were not asked for.
    pub other_days: Vec<SourceObject>,
    /// Those of the objects whose folder says another day than their name, and why they are of the one they are of.
    pub two_days: Vec<(Arc<str>, String)>,
    /// Log objects whose key gives no day, and for which none was to be assumed; passed over too.
    pub(crate) undated: Vec<Undated>,
    /// Which accounts and Regions there are.
    pub(crate) met: Met,
}

/// The accounts and Regions that were met on the way to the objects, whether they were asked for or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Met {
    /// Accounts with folders or objects.
    accounts: BTreeSet<String>,
    /// Those of them with flow logs, and the asked ones' Regions.
    with_logs: BTreeSet<String>,
    regions: BTreeSet<String>,
    /// Whether folders of other days were left out whose objects' names may have told others.
    more: bool,
}

impl Met {
    fn place(&mut self, account: Option<&str>, region: Option<&str>) {
        let add = |names: &mut BTreeSet<String>, name: Option<&str>| {
            if let Some(name) = name.filter(|name| !names.contains(*name)) {
                names.insert(name.to_owned());
            }
        };
        add(&mut self.accounts, account);
        add(&mut self.regions, region);
        if region.is_some() {
            add(&mut self.with_logs, account);
        }
    }

    /// Refuses accounts and Regions of which there is nothing: mistyped, they would have nothing to do for years.
    ///
    /// # Errors
    /// A usage error that says which there are.
    pub(crate) fn refuse_others(&self, wanted: &Wanted, source: &Location) -> Result<()> {
        let asked = [
            ("account", ACCOUNT, &wanted.accounts, &self.with_logs, &self.accounts),
            ("Region", REGION, &wanted.regions, &self.regions, &self.regions),
        ];
        for (what, option, wanted, with_logs, there) in asked {
            let Some(stranger) = wanted.iter().find(|name| !with_logs.contains(*name)).filter(|_| !self.more) else {
                continue;
            };
            let others: Vec<&str> = there.iter().filter(|name| *name != stranger).map(String::as_str).collect();
            let more = if others.len() > 10 { format!(" and {} more", others.len() - 10) } else { String::new() };
            let help = match others.is_empty() {
                true => format!("no key below SOURCE tells of one: leave {option} away, or check SOURCE"),
                false => format!("there are {}{more}", others[..others.len().min(10)].join(", ")),
            };
            return Err(Error::usage(format!("SOURCE has no flow logs of {what} {stranger}")).at(source).help(help));
        }
        Ok(())
    }
}

/// A log object whose key gives no day.
#[derive(Debug, Clone)]
pub(crate) struct Undated {
    object: Listed,
    account: Option<Arc<str>>,
    region: Option<Arc<str>>,
}

impl Found {
    /// Returns the keys of objects that give no day, whether one is assumed or not.
    pub fn undated(&self) -> Vec<Arc<str>> {
        let assumed = self.objects.iter().filter(|found| found.assumed).map(|found| &found.object.key);
        assumed.chain(self.undated.iter().map(|undated| &undated.object.key)).cloned().collect()
    }

    /// Gives objects whose keys give no day the one that was recorded when they were first converted: there they belong for
    /// good, whatever day is assumed now. Returns the days that they are of.
    pub fn settle_undated(&mut self, recorded: &HashMap<Arc<str>, Date>, days: &Days) -> BTreeSet<Date> {
        for found in self.objects.iter_mut().filter(|found| found.assumed) {
            found.day = recorded.get(&found.object.key).copied().unwrap_or(found.day);
        }
        let mut no_longer = HashSet::new();
        for Undated { object, account, region } in std::mem::take(&mut self.undated) {
            let Some(day) = recorded.get(&object.key).copied() else { continue };
            no_longer.insert(Arc::clone(&object.key));
            if days.contains(day) {
                self.objects.push(SourceObject {
                    object,
                    account,
                    region,
                    day,
                    hour: None,
                    assumed: true,
                    folder: None,
                });
            }
        }
        self.passed_over.retain(|(key, why)| *why != Why::NoDate || !no_longer.contains(key));
        self.objects.sort_by(|a, b| a.object.key.cmp(&b.object.key));
        self.objects.iter().filter(|found| found.assumed).map(|found| found.day).collect()
    }

    /// Leaves out objects of which a day cannot be looked at, by their folder or their name: whether they are converted nobody
    /// knows.
    pub fn leave_out(&mut self, unknown: impl Fn(&SourceObject) -> bool) {
        let known = |found: &SourceObject| {
            let by_folder =
                found.folder.map(|(day, hour)| SourceObject { day, hour: hour.or(found.hour), ..found.clone() });
            !unknown(found) && !by_folder.is_some_and(|moved| unknown(&moved))
        };
        self.objects.retain(&known);
        self.other_days.retain(&known);
    }

    /// Settles the day of objects whose folder says another one than their name. `is_known` tells of an object whether it
    /// was converted as one of its folder's day, as earlier versions did: there it stays, or its rows would be there
    /// twice. The others are of the name's day, and passed over if that was not asked for.
    ///
    /// Copies only: in AWS's own folders both are the same day, and were they not, the folder would decide, as it does for a
    /// table over the raw logs.
    pub fn settle_days(&mut self, is_known: impl Fn(&SourceObject) -> bool) {
        let by_folder = |found: &SourceObject| {
            let (day, hour) = found.folder?;
            let moved = SourceObject { day, hour: hour.or(found.hour), folder: None, ..found.clone() };
            is_known(&moved).then_some(moved)
        };
        for found in &mut self.objects {
            if let Some(moved) = by_folder(found) {
                *found = moved;
            }
        }
        for found in std::mem::take(&mut self.other_days) {
            match by_folder(&found) {
                Some(moved) => self.objects.push(moved),
                None => self.passed_over.push((found.object.key, Why::OtherDay)),
            }
        }
        self.objects.sort_by(|a, b| a.object.key.cmp(&b.object.key));
        self.passed_over.sort();
        let two_days = self.objects.iter().filter_map(|found| {
            let why = format!("its folder says {}, its name {}: the name decides", found.folder?.0, found.day);
            Some((found.object.key.clone(), why))
        });
        self.two_days = two_days.collect();
    }
}

/// Finds the objects.
///
/// # Errors
/// When a listing fails, or SOURCE is so high up that looking for logs would walk a whole bucket.
pub fn discover(store: &Store, wanted: &Wanted) -> Result<Found> {
    let prefix = store.location().prefix().to_owned();
    let mut search = Search { wanted, found: Found::default(), whole: BTreeMap::new(), names: BTreeSet::new() };
    let top = Place::of_prefix(&prefix);
    search.found.met.place(top.account.as_deref(), top.region.as_deref());
    let mut frontier = vec![Node { place: top, prefix, depth: 0, year: None }];
    let mut opaque = 0;
    while !frontier.is_empty() {
        let levels: Vec<Node> = frontier.drain(..).flat_map(|node| search.route(node)).collect();
        opaque += levels.iter().filter(|node| matches!(node.place.level, Level::Opaque | Level::AwsLogs)).count();
        if opaque > MAX_OPAQUE_FOLDERS {
            return Err(Error::usage(format!(
                "looked into {MAX_OPAQUE_FOLDERS} folders above the accounts' and there are more"
            ))
            .at(store.location())
            .help("point SOURCE at the folder that holds AWSLogs, or below it"));
        }
        let prefixes: Vec<String> = levels.iter().map(|node| node.prefix.clone()).collect();
        for (node, mut level) in levels.iter().zip(store.list_levels(&prefixes)?) {
            search.leave_table(node, &mut level.folders, store.location())?;
            search.loose_objects(node, level.objects, &level.folders);
            frontier.extend(level.folders.into_iter().filter_map(|folder| search.enter(node, folder)));
        }
    }
    let (whole, places): (Vec<String>, Vec<Place>) = std::mem::take(&mut search.whole).into_iter().unzip();
    for ((prefix, place), objects) in whole.iter().zip(&places).zip(store.list_all(&whole)?) {
        for object in objects {
            search.object_below(prefix, place, object);
        }
    }
    let mut found = search.found;
    found.passed_over.extend(store.links_passed_over().into_iter().filter_map(|(link, why)| {
        let why = match why {
            LinkKind::Twice => Why::Link,
            LinkKind::Around => Why::LinkAround,
            LinkKind::OutToFolder => Why::LeadsOut,
            // One of another name would not have been a log.
            LinkKind::OutToFile if Suffix::of(name_of(&link)) == Suffix::Log => Why::LeadsOut,
            LinkKind::OutToFile => return None,
        };
        Some((link.into(), why))
    }));
    found.objects.sort_by(|a, b| a.object.key.cmp(&b.object.key));
    found.objects.dedup_by(|a, b| a.object.key == b.object.key);
    found.passed_over.sort();
    found.passed_over.dedup();
    for found in &found.objects {
        debug!(object = %store.location().url_of(&found.object.key), bytes = found.object.size, day = %found.day, "listed");
    }
    for (key, why) in &found.passed_over {
        info!(object = %store.location().url_of(key), reason = why.explain(), "object passed over");
    }
    info!(
        source = %store.location(),
        objects = found.objects.len(),
        bytes = found.objects.iter().map(|found| found.object.size).sum::<u64>(),
        passed_over = found.passed_over.len(),
        "objects of the asked days"
    );
    found.other_days.sort_by(|a, b| a.object.key.cmp(&b.object.key));
    found.other_days.dedup_by(|a, b| a.object.key == b.object.key);
    if found.objects.is_empty() && found.passed_over.is_empty() && found.other_days.is_empty() {
        refuse_empty(store)?;
    }
    Ok(found)
}

/// Refuses a SOURCE below which nothing lies at all: a mistyped one would otherwise have nothing to do for years.
fn refuse_empty(store: &Store) -> Result<()> {
    let prefix = store.location().prefix();
    let levels = store.list_levels(&[prefix.to_owned()])?;
    if levels.iter().all(|level| level.folders.is_empty() && level.objects.is_empty()) {
        if !prefix.is_empty() && store.head(prefix)?.is_some() {
            let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Err(Error::usage("SOURCE is one object, and must be a folder")
                .at(store.location())
                .help(format!("give its folder, {}, and its day", store.location().url_of(folder))));
        }
        return Err(Error::usage("nothing lies below SOURCE")
            .at(store.location())
            .help("check its spelling; it must be a folder, such as s3://bucket/prefix or s3://bucket/AWSLogs"));
    }
    Ok(())
}

/// A folder to look into.
struct Node {
    prefix: String,
    place: Place,
    depth: u32,
    /// For a folder that may be a year's or just be called like one: what it is as a year's.
    year: Option<Place>,
}

struct Search<'a> {
    wanted: &'a Wanted,
    found: Found,
    /// Prefixes to list with everything below them, and what they are.
    whole: BTreeMap<String, Place>,
    /// Names of accounts and Regions.
    names: BTreeSet<Arc<str>>,
}

impl Search<'_> {
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
            (Level::Opaque | Level::AwsLogs | Level::Service, _) => to_list.push(node),
            // Which of the two names the service's folder has, only a listing tells.
            (Level::Account, _) if node.place.hive => to_list.push(node),
            (Level::Account, _) => {
                let prefix = join(&node.prefix, SERVICE);
                let next = node.place.enter(SERVICE);
                to_list.extend(next.map(|place| Node { prefix, place, depth: node.depth + 1, year: None }));
            }
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
    fn leave_table(&mut self, node: &Node, folders: &mut Vec<String>, source: &Location) -> Result<()> {
        if !folders.iter().any(|folder| name_of(folder) == OWN_FOLDER) {
            return Ok(());
        }
        let has_logs = folders.iter().any(|folder| name_of(folder) == super::layout::AWS_LOGS);
        if node.prefix == source.prefix() && !has_logs {
            return Err(Error::usage("SOURCE is a table that flowparquet made")
                .at(source)
                .help("SOURCE is where the raw logs are, and comes first; DEST is the table, and comes second"));
        }
        let before = folders.len();
        folders.retain(|folder| !["year=", "aws_account_id="].iter().any(|part| name_of(folder).starts_with(part)));
        if folders.len() < before {
            self.found.passed_over.push((node.prefix.as_str().into(), Why::OurTable));
        }
        Ok(())
    }

    /// Returns the folder as a place to look into, if asked-for logs can be there.
    fn enter(&mut self, node: &Node, folder: String) -> Option<Node> {
        if !Store::is_key(&folder) {
            self.found.passed_over.push((folder.into(), Why::NoKey));
            return None;
        }
        let name = name_of(&folder);
        // flowparquet's own and other hidden folders hold no raw logs.
        if name.starts_with(['.', '_']) {
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
        self.found.met.place(place.account.as_deref(), place.region.as_deref());
        let of_asked_days =
            place.region.is_none() && place.level == Level::Year || place.may_hold_any(&self.wanted.days);
        self.found.met.more |= !of_asked_days && (place.account.is_none() || place.region.is_none());
        let wanted = self.matches(place.account.as_deref(), place.region.as_deref(), true) && of_asked_days;
        wanted.then_some(Node { prefix: folder, place, depth: node.depth + 1, year: None })
    }

    fn matches(&self, account: Option<&str>, region: Option<&str>, unknown: bool) -> bool {
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
            } else if top && !name.is_empty() && Suffix::of(name) == Suffix::Log {
                self.found.passed_over.push((object.key, Why::OtherName));
            }
        }
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
        // What stands for a folder has no content; a log without any was cut off.
        let is_marker = object.size == 0 && !is_called_log(name);
        let said = FileName::parse(name);
        let account = place.account.clone().or(said.account);
        let region = place.region.clone().or(said.region);
        if place.account.is_none() || place.region.is_none() {
            self.found.met.place(account.as_deref(), region.as_deref());
        }
        // A copy's folders are people's, and may say when it was made.
        let folder = place.day.filter(|day| place.region.is_none() && said.day.is_some_and(|said| said != *day));
        let folder = folder.map(|day| (day, place.hour));
        let Some(day) = place.day.filter(|_| folder.is_none()).or(said.day).or(self.wanted.assume_day) else {
            if suffix == Suffix::Log && !is_marker {
                self.found.passed_over.push((object.key.clone(), Why::NoDate));
                if self.matches(account.as_deref(), region.as_deref(), false) && Store::is_key(&object.key) {
                    let [account, region] = [account, region].map(|name| name.map(|name| self.shared(name)));
                    self.found.undated.push(Undated { object, account, region });
                }
            }
            return;
        };
        let assumed = place.day.is_none() && said.day.is_none();
        let asked = self.wanted.assume_day == Some(day) || self.wanted.days.contains(day);
        let asked_by_folder = folder.is_some_and(|(day, _)| self.wanted.days.contains(day));
        if !(asked || asked_by_folder) || !self.matches(account.as_deref(), region.as_deref(), false) {
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
                let is_awss = name.ends_with(".log.parquet");
                let why = if is_awss { Why::AwsParquet } else { Why::OtherParquet };
                self.found.passed_over.push((object.key, why));
            }
            Suffix::Other => self.found.passed_over.push((object.key, Why::OtherName)),
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
fn is_called_log(name: &str) -> bool {
    [".gz", ".log", ".txt"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with(['.', '_'])
}

fn join(prefix: &str, below: &str) -> String {
    if prefix.is_empty() { below.to_owned() } else { format!("{prefix}/{below}") }
}
