//! What was asked for, and what was found of it: objects of asked days, objects passed over and why, the accounts and
//! Regions that are there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::layout::FileName;
use super::source_layout::SourceLayout;
use crate::days::Days;
use crate::error::{Error, Result};
use crate::options::{ACCEPT_MISSING, ACCOUNT, ASSUME_DAY, COPY, FOLLOW_LINKS, REGION, SOURCE_LAYOUT};
use crate::store::{Listed, Location, name_of};

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
    /// Whether of some of these accounts and Regions there may be nothing: a table's definition lists them, nobody typed them.
    pub(crate) some_may_lack: bool,
    /// The day of objects whose key gives none.
    pub assume_day: Option<Date>,
    /// Where day, account and Region stand below SOURCE, if no rule is to tell it.
    pub source_layout: Option<SourceLayout>,
}

impl Wanted {
    /// Returns all objects of these days.
    pub fn of(days: Days) -> Self {
        Self { days, ..Self::default() }
    }

    /// Returns whether somebody is asked for who is to deliver: an account whose Regions are not told is not, if only some
    /// Regions are.
    pub fn expects(&self, account: &str, region: Option<&str>) -> bool {
        let fits = |list: &[String], name: Option<&str>| {
            list.is_empty() || name.is_some_and(|name| list.iter().any(|wanted| wanted == name))
        };
        fits(&self.accounts, Some(account)) && fits(&self.regions, region)
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
    /// AWS's own Parquet delivery: a flow log of which no row is in the table.
    AwsParquet,
    /// The same, of a flow log of which somebody said that it is meant.
    MeantParquet,
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
    /// It lies where the layout that was given has no place for it.
    OtherLayout,
    /// It is converted already, under another key.
    Copy,
    /// Neither folder nor name tells its account or Region, and only some are asked for.
    NoAccount,
    /// Its key does not tell what the partitions of the table need.
    NoPartition,
    /// Its content is no flow log, and its key does not tell what the partitions need.
    NoFlowLog,
    /// A folder that lies too deep among others that nobody knows to be looked into.
    TooDeep,
    /// A folder whose name begins with `.` or `_`: engines over raw logs pass it over too.
    Hidden,
    /// Only its content would say whether it is a flow log, and the store does not give it: its code.
    Unseen(&'static str),
}

impl Why {
    /// Returns whether a person should look at it: it may be a log that is being missed.
    pub fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::NoDate
                | Self::AwsParquet
                | Self::NoKey
                | Self::OtherDay
                | Self::NoRegion
                | Self::LinkAround
                | Self::LeadsOut
                | Self::OtherLayout
                | Self::Copy
                | Self::NoAccount
                | Self::NoPartition
                | Self::Unseen(_)
        )
    }

    /// Returns the reason in words.
    pub fn explain(self) -> String {
        let why = match self {
            Self::NoDate => return format!("its key gives no date (say {ASSUME_DAY} if you know it)"),
            Self::AwsParquet => {
                return format!(
                    "it is Parquet already, delivered by AWS: its rows are not in this table (query it where it lies, or have the flow \
                     log deliver text; {ACCEPT_MISSING} with its id says that it is meant)"
                );
            }
            Self::MeantParquet => "it is Parquet already, delivered by AWS, and that is meant",
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
            Self::Copy => {
                return format!(
                    "it is a copy of an object that is converted already, or of another one here: the same name and size, or the same \
                     number in a name of AWS's (add {COPY} if its rows are meant to be there twice)"
                );
            }
            Self::OtherLayout => {
                return format!(
                    "it may be a log, and {SOURCE_LAYOUT} does not match its folders (convert it with another one)"
                );
            }
            Self::NoAccount => {
                return format!(
                    "its key tells no account or Region, and only some are asked for (leave {ACCOUNT} and {REGION} away, or say where they \
                     stand with {SOURCE_LAYOUT})"
                );
            }
            Self::NoPartition => {
                return format!(
                    "its key tells no account, Region or hour, which the partitions of this table need (say where they stand with \
                     {SOURCE_LAYOUT}, or convert it into another DEST)"
                );
            }
            Self::NoFlowLog => "its content is no flow log",
            Self::TooDeep => {
                "it lies deep in a folder of an account that is no service's known here, and is one of too many to be looked \
                 into (if it holds flow logs, convert it as a SOURCE of its own)"
            }
            Self::Unseen(code) => {
                return format!(
                    "only its content would say whether it is a flow log, and it cannot be read: {code} (let it be read, or restore \
                     it; if it is none, point SOURCE past it)"
                );
            }
            Self::Hidden => {
                "its name begins with . or _, which Athena passes over too (if it holds flow logs, convert it as a SOURCE of its own)"
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
    /// Objects that are converted already, under other keys; passed over too.
    pub(crate) copies: Vec<SourceObject>,
    /// Log objects in folders of asked days whose names say days that were not asked for.
    pub other_days: Vec<SourceObject>,
    /// Those of the objects whose folder says another day than their name, and why they are of the one they are of.
    pub two_days: Vec<(Arc<str>, String)>,
    /// Log objects whose key gives no day, and for which none was to be assumed; passed over too.
    pub(crate) undated: Vec<Undated>,
    /// Which accounts and Regions there are.
    pub(crate) met: Met,
    /// What was seen of the days before asked ones, which tell who delivered.
    pub(crate) before: DaysBefore,
}

/// What was seen of the days before asked ones on the way to these.
#[derive(Debug, Clone, Default)]
pub(crate) struct DaysBefore {
    /// Their folders, not looked into; some may not be there.
    pub(crate) folders: Vec<(String, Date)>,
    /// Keys of their objects that lie beside asked ones.
    pub(crate) objects: Vec<(Arc<str>, Date)>,
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
    pub(super) more: bool,
}

impl Met {
    pub(super) fn place(&mut self, account: Option<&str>, region: Option<&str>) {
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

    /// Adds the asked accounts and Regions that keys of the ledger name in their folders or names: what is in the table may be
    /// verified when its raw logs have gone.
    pub(crate) fn add_recorded<'a>(&mut self, keys: impl Iterator<Item = &'a str>, wanted: &Wanted) {
        if wanted.accounts.is_empty() && wanted.regions.is_empty() {
            return;
        }
        for key in keys {
            let named = |asked: &[String]| {
                let words = || key.split(['/', '_', '=']);
                asked.iter().find(|asked| words().any(|word| word == *asked)).cloned()
            };
            let (account, region) = (named(&wanted.accounts), named(&wanted.regions));
            if account.is_none() && !wanted.accounts.is_empty() {
                continue;
            }
            self.place(account.as_deref(), region.as_deref());
            self.with_logs.extend(account);
        }
    }

    /// Refuses accounts and Regions of which there is nothing: mistyped, they would have nothing to do for years.
    ///
    /// # Errors
    /// A usage error that says which there are.
    pub(crate) fn refuse_others(&self, wanted: &Wanted, source: &Location) -> Result<()> {
        let may_lack = wanted.some_may_lack;
        let asked = [
            ("account", ACCOUNT, &wanted.accounts, &self.with_logs, &self.accounts),
            ("Region", REGION, &wanted.regions, &self.regions, &self.regions),
        ];
        for (what, option, wanted, with_logs, there) in asked {
            let is_there = |name: &String| with_logs.contains(name);
            let is_enough = self.more || may_lack && wanted.iter().any(is_there);
            let Some(stranger) = wanted.iter().find(|name| !is_there(name)).filter(|_| !is_enough) else { continue };
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
    pub(super) object: Listed,
    pub(super) account: Option<Arc<str>>,
    pub(super) region: Option<Arc<str>>,
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

    /// Takes Parquet of accounts, Regions and flow logs for meant of which somebody said so.
    pub fn accept_parquet(&mut self, accept: &[String]) {
        let is_meant = |key: &str| {
            let FileName { account, region, flow_log, .. } = FileName::parse(name_of(key));
            [account, region, flow_log].into_iter().flatten().any(|name| accept.contains(&name))
        };
        for (key, why) in &mut self.passed_over {
            if *why == Why::AwsParquet && is_meant(key) {
                *why = Why::MeantParquet;
            }
        }
    }

    /// Says nothing of objects whose names say a day before the asked ones, as of which they are converted.
    pub fn forget_of_other_days(&mut self, is_known: impl Fn(&str) -> bool) {
        self.passed_over.retain(|(key, why)| *why != Why::OtherDay || !is_known(key));
    }

    /// Says nothing of objects without an account or Region that are converted already, by a run that asked for all.
    pub fn forget_converted(&mut self, is_known: impl Fn(&str) -> bool) {
        self.passed_over.retain(|(key, why)| *why != Why::NoAccount || !is_known(key));
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
