//! Logs that are missing: which flow logs delivered, and then did not.
//!
//! In: names of the objects of some days, by listing and ledger. Out: [`Missing`]. Needs no state of its own: a flow log is compared
//! with what it did before, up to the day before the asked ones. An interface without traffic has records too (NODATA), so
//! a flow log with interfaces delivers around the clock. The rule stands in docs/operating.md.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use tracing::info;

use crate::days::{DEFAULT_LOOKBACK_DAYS, Days};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::partition::Partition;
use crate::ledger::state::PartitionState;
use crate::ledger::table::Table;
use crate::options::EXPECT;
use crate::source::found::{DaysBefore, SourceObject, Wanted};
use crate::source::layout::{FileName, Place, is_account};
use crate::store::{Store, lies_below, name_of};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Minutes after which AWS has delivered, nearly always: it speaks of ten and more.
const LATE: i64 = 120;

/// Minutes that an object of a flow log holds, and after which the next one follows.
const MINUTES_PER_OBJECT: i64 = 5;

/// Objects that a flow log must have before anything is said of it.
const MIN_OBJECTS: usize = 12;

/// Usual distances between objects that make a silence.
const STEPS: i64 = 6;

/// Days that are looked at if all there are were asked for, the last one of them the last known.
const LAST_DAYS: i64 = 7;

/// Days for which a run is told every night that nothing came at all. Older tables are of a time that is over.
const LAST_MONTH: i64 = 31;

/// What is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Days without any object between asked days that have some, as first and last of each run of them.
    pub gaps: Vec<(String, String)>,
    /// Flow logs that delivered nothing for hours, but something on each day.
    pub silences: Vec<Quiet>,
    /// Accounts, Regions or flow logs without any object of a whole day.
    pub missing: Vec<Quiet>,
}

/// A time in which somebody delivered nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quiet {
    /// The account.
    pub account: String,
    /// The Region; all of the account's if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The flow log; all of the Region's if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_log: Option<String>,
    /// Beginning of the first object that should be there, UTC.
    pub from: String,
    /// Beginning of the next one that is, or until when nothing is there.
    pub to: String,
    /// How many objects are there all the same, if only some are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    /// How many there were on the day before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects_before: Option<u64>,
}

impl Quiet {
    /// Returns a line for people.
    pub fn explain(&self) -> String {
        let Self { account, region, flow_log, from, to, objects, objects_before } = self;
        let who = [Some(account), region.as_ref(), flow_log.as_ref()].into_iter().flatten();
        let who = who.map(String::as_str).collect::<Vec<_>>().join(" ");
        match objects.zip(*objects_before) {
            None => format!("{who}: no object from {from} to {to}"),
            Some((objects, before)) => {
                format!("{who}: {objects} objects from {from} to {to}, and {before} on the day before")
            }
        }
    }

    fn is_accepted(&self, what: &str) -> bool {
        let is = |name: &Option<String>| name.as_deref() == Some(what);
        self.account == what || is(&self.region) || is(&self.flow_log)
    }
}

impl Missing {
    /// Returns whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.gaps.is_empty() && self.silences.is_empty() && self.missing.is_empty()
    }

    /// Returns a line for people for each.
    pub fn explain(&self) -> Vec<String> {
        let gap = |(first, last): &(String, String)| {
            let days = if first == last { first.clone() } else { format!("{first} to {last}") };
            format!("no object of any flow log on {days}")
        };
        let quiet = self.missing.iter().chain(&self.silences).map(Quiet::explain);
        self.gaps.iter().map(gap).chain(quiet).collect()
    }
}

/// What is expected, and what is meant to be missing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MissingOptions {
    /// Who is to deliver every day.
    pub expect: Vec<Expected>,
    /// Accounts, Regions, ids of flow logs and days of which nothing is said.
    pub accept: Vec<String>,
}

impl MissingOptions {
    /// Returns these without who is not asked for.
    pub(crate) fn select(&self, wanted: &Wanted) -> Self {
        let is_asked = |who: &&Expected| wanted.expects(&who.account, who.region.as_deref());
        Self { expect: self.expect.iter().filter(is_asked).cloned().collect(), accept: self.accept.clone() }
    }

    /// Returns what is left of a time without the days that are meant to be empty.
    fn without_accepted(&self, (from, to): (i64, i64)) -> Vec<(i64, i64)> {
        let days: BTreeSet<Date> = self.accept.iter().filter_map(|what| what.parse().ok()).collect();
        let days = days.into_iter().map(|day| minute_of(day, 0, 0));
        let (mut left, mut begin) = (Vec::new(), from);
        for day in days.filter(|day| day + DAY > from && *day < to) {
            left.push((begin, day));
            begin = day + DAY;
        }
        left.push((begin, to));
        // The edge of a day beside one that is accepted is no news: see `whole_day`.
        left.retain(|left| *left == (from, to) || left.1 - left.0 >= LATE);
        left
    }
}

/// Who is to deliver: an account, or a Region or a flow log of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    account: String,
    region: Option<String>,
    flow_log: Option<String>,
}

impl Expected {
    /// Returns whom it is a part of: the Region of a flow log, the account of a Region.
    fn wider(&self) -> impl Iterator<Item = Self> + use<> {
        let Self { account, region, flow_log } = self.clone();
        let of_region = flow_log.and(region.clone()).map(|region| (Some(region), account.clone()));
        let of_account = region.map(|_| (None, account));
        [of_region, of_account].into_iter().flatten().map(|(region, account)| Self { account, region, flow_log: None })
    }

    /// Reads a list of them: a line for each, an account, a Region or none, a flow log or none; `#` begins a remark.
    ///
    /// # Errors
    /// A usage error that names the line which is none.
    pub fn parse(text: &str) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        // Editors of Windows begin a file with a byte order mark.
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let Some((account, rest)) = words.split_first() else { continue };
            if !is_account(account) || rest.len() > 2 {
                return Err(Error::usage(format!(
                    "line {} of {EXPECT} is not ACCOUNT [REGION [FLOW-LOG]]",
                    number + 1
                ))
                .help("write it as: 123456789012 us-east-1 fl-0123456789abcdef0"));
            }
            let word = |at: usize| rest.get(at).map(|word| (*word).to_owned());
            all.push(Self { account: (*account).to_owned(), region: word(0), flow_log: word(1) });
        }
        if all.is_empty() {
            return Err(Error::usage(format!("{EXPECT} names nobody")).help("a line for each account or flow log"));
        }
        Ok(all)
    }
}

/// When flow logs delivered.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    /// Minutes since 1970 at which objects begin.
    flow_logs: BTreeMap<FlowLog, BTreeSet<i64>>,
    /// Days on which an account's Region has objects, by their folders.
    places: BTreeSet<(String, String, Date)>,
    days: BTreeSet<Date>,
    /// Minute since 1970 at which SOURCE was looked at, if that was not now.
    looked: Option<i64>,
    /// The last day of the table, if nothing is there of those at hand.
    last_day: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct FlowLog {
    account: String,
    region: String,
    id: String,
}

impl Deliveries {
    /// Adds an object that was found.
    pub fn add_found(&mut self, found: &SourceObject) {
        if let (Some(account), Some(region)) = (&found.account, &found.region) {
            self.places.insert((account.to_string(), region.to_string(), found.day));
        }
        self.add(&found.object.key, found.day);
    }

    /// Adds an object of a day, by its key. What its name does not tell, nobody can miss.
    pub fn add(&mut self, key: &str, day: Date) {
        self.days.insert(day);
        let FileName { account, region, day: said, hour, minute, flow_log } = FileName::parse(name_of(key));
        if account.is_none() || region.is_none() {
            let place = Place::of_prefix(key.rsplit_once('/').unwrap_or_default().0);
            self.places.extend(place.account.zip(place.region).map(|(account, region)| (account, region, day)));
        }
        let (Some(account), Some(region), Some(id)) = (account, region, flow_log) else { return };
        let (Some(day), Some(hour), Some(minute)) = (said, hour, minute) else { return };
        let flow_log = FlowLog { account, region, id };
        self.flow_logs.entry(flow_log).or_default().insert(minute_of(day, hour, minute));
    }

    /// Adds the objects that a ledger knows; of those below a place only, if one is given by its root and prefix.
    pub fn add_ledger(&mut self, states: &BTreeMap<Partition, PartitionState>, below: Option<(&str, &str)>) {
        for (partition, state) in states {
            let place = partition.account_region.clone().map(|(account, region)| (account, region, partition.day));
            let claims = state.history().map(|output| &output.claim).chain(state.unfinished().map(|(_, claim)| claim));
            for work in claims.map(|claim| &claim.work) {
                let fits = |key: &str| below.is_none_or(|(root, top)| work.source() == root && lies_below(top, key));
                for input in work.inputs().iter().filter(|input| fits(&input.key)) {
                    self.add(&input.key, partition.day);
                    self.places.extend(place.clone());
                }
            }
        }
    }

    /// Adds what SOURCE has of days of which nothing else is known.
    ///
    /// # Errors
    /// When a listing fails.
    pub fn add_listed(&mut self, source: &Store, before: &DaysBefore) -> Result<()> {
        let known = self.days.clone();
        let objects = before.objects.iter().filter(|(_, day)| !known.contains(day));
        objects.for_each(|(key, day)| self.add(key, *day));
        let (folders, days): (Vec<String>, Vec<Date>) =
            before.folders.iter().filter(|(_, day)| !known.contains(day)).cloned().unzip();
        // Whoever may not look at the day before is told nothing of it.
        let listed = match source.list_all(&folders) {
            Err(e) if e.kind() == ErrorKind::Refused => {
                info!(reason = e.what_happened(), "the days before the asked ones cannot be looked at");
                return Ok(());
            }
            listed => listed?,
        };
        for (objects, day) in listed.iter().zip(days) {
            objects.iter().for_each(|object| self.add(&object.key, day));
        }
        Ok(())
    }

    /// Looks for the last day of a table, if nothing is there of recent days: who stopped altogether is missed for a month.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn look_back(&mut self, table: &Table, asked: &Days, below: Option<(&str, &str)>, now: i64) -> Result<()> {
        let Days::These(days) = asked else { return Ok(()) };
        let is_recent = |day: &Date| now - minute_of(*day, 0, 0) <= DAY * (1 + i64::from(DEFAULT_LOOKBACK_DAYS));
        if !self.days.is_empty() || !days.last().is_some_and(is_recent) {
            return Ok(());
        }
        let Some(info) = table.info()? else { return Ok(()) };
        let Some(last) = table.last_day(info.partition_by)? else { return Ok(()) };
        let mut there = Self::default();
        there.add_ledger(&table.load_sound(&Days::These([last].into()), info.partition_by)?.states, below);
        let is_over = now - minute_of(last, 0, 0) > DAY * (1 + LAST_MONTH);
        self.last_day = Some(last).filter(|last| there.days.contains(last) && !is_over);
        Ok(())
    }

    /// Notes that only the ledger is known: SOURCE was looked at by the last run that recorded something, and by one since
    /// yesterday, as runs are scheduled.
    pub fn only_ledger(&mut self, states: &BTreeMap<Partition, PartitionState>, now: i64) {
        let ends = states.values().flat_map(PartitionState::history).map(|output| &output.done_time);
        let last = ends.filter_map(|time| time.parse::<jiff::Timestamp>().ok()).max();
        self.looked = Some(last.map_or(now - DAY, |last| (last.as_second() / 60).max(now - DAY)));
    }

    /// Leaves out accounts and Regions that were not asked for.
    pub fn select(&mut self, wanted: &Wanted) {
        self.flow_logs.retain(|of, _| wanted.selects(Some(&(of.account.clone(), of.region.clone()))));
        self.places.retain(|(account, region, _)| wanted.selects(Some(&(account.clone(), region.clone()))));
    }

    /// Returns who delivered on a day, as [`Expected::parse`] reads it.
    pub fn list(&self, day: Date) -> String {
        let of_day = minute_of(day, 0, 0)..minute_of(day, 0, 0) + DAY;
        let there = self.flow_logs.iter().filter(|(_, minutes)| minutes.range(of_day.clone()).next().is_some());
        there.map(|(FlowLog { account, region, id }, _)| format!("{account} {region} {id}\n")).collect()
    }

    /// Returns what is missing of the asked days, at a minute since 1970 at which one looks.
    pub fn missing(&self, asked: &Days, now: i64, options: &MissingOptions) -> Missing {
        let mut found: BTreeMap<Expected, Vec<(i64, i64)>> = BTreeMap::new();
        let mut silences = BTreeSet::new();
        for (first, last) in self.runs(asked, now) {
            let horizon = (minute_of(last, 0, 0) + DAY).min(now - LATE);
            let begin = minute_of(first, 0, 0);
            for (flow_log, minutes) in &self.flow_logs {
                for (from, to) in silences_of(minutes, begin, horizon) {
                    match self.whole_day(from.max(begin), to) {
                        Some(day) => found.entry(self.widest(flow_log, day)).or_default().push((from, to)),
                        None if delivers_then(minutes, (from, to)) => {
                            let left = options.without_accepted((from, to));
                            silences.extend(left.into_iter().map(|when| quiet(&flow_log.clone().into(), when)));
                        }
                        None => {}
                    }
                }
            }
            let all_days = || first.series(1.day()).take_while(|day| *day <= last);
            for (flow_log, minutes) in &self.flow_logs {
                let thin = all_days().filter(|day| minute_of(*day, 0, 0) + DAY <= horizon);
                silences.extend(thin.filter_map(|day| thinned(flow_log, minutes, day, options)));
            }
            for (who, day) in self.gone_places((first, last), horizon) {
                found.entry(who).or_default().push((day, day + DAY));
            }
            for day in all_days().map(|day| minute_of(day, 0, 0)) {
                let absent = options.expect.iter().filter(|expected| day + DAY <= horizon && !self.has(expected, day));
                absent.for_each(|expected| found.entry(expected.clone()).or_default().push((day, day + DAY)));
            }
        }
        let accepted = |quiet: &Quiet| options.accept.iter().any(|what| quiet.is_accepted(what));
        let left = |times| joined(times).into_iter().flat_map(|when| options.without_accepted(when));
        let found: BTreeMap<Expected, Vec<(i64, i64)>> =
            found.into_iter().map(|(who, times)| (who, joined(times))).collect();
        let is_told_of_all = |who: &Expected, (from, to): (i64, i64)| {
            let times = who.wider().filter_map(|wider| found.get(&wider)).flatten();
            times.into_iter().any(|(begin, end)| *begin <= from && to <= *end)
        };
        let missing = found.iter().flat_map(|(who, times)| {
            let own = times.iter().copied().filter(|when| !is_told_of_all(who, *when)).collect();
            left(own).map(move |when| quiet(who, when))
        });
        Missing {
            gaps: runs_of(
                [self.days_between(asked, &options.accept), self.days_since(asked, &options.accept, now)].concat(),
            ),
            silences: silences.into_iter().filter(|quiet| !accepted(quiet)).collect(),
            missing: missing.filter(|quiet| !accepted(quiet)).collect(),
        }
    }

    /// Returns runs of days that follow each other, as first and last.
    fn runs(&self, asked: &Days, now: i64) -> Vec<(Date, Date)> {
        match (asked, self.days.last()) {
            (Days::These(days), _) => runs(days.iter().copied()),
            (Days::All, Some(last)) => {
                // Who delivered up to the day before those that a nightly `convert` looks at is missed as it does; older
                // tables are of a time that is over.
                let over = minute_of(*last, 0, 0) + DAY;
                let silent = (self.looked.unwrap_or(now).div_euclid(DAY) * DAY - over) / DAY;
                let goes_on = (1..=i64::from(DEFAULT_LOOKBACK_DAYS)).contains(&silent);
                let last = if goes_on { last.checked_add(silent.days()).unwrap_or(*last) } else { *last };
                let first = last.checked_sub((LAST_DAYS - 1).days()).unwrap_or(last);
                // Nobody was to deliver before the first day that there is.
                let first = self.days.first().map_or(first, |there| first.max(*there));
                vec![(first, last)]
            }
            (Days::All, None) => Vec::new(),
        }
    }

    /// Returns asked days without any object that lie between days with some.
    fn days_between(&self, asked: &Days, accepted: &[String]) -> Vec<Date> {
        let Days::These(days) = asked else { return Vec::new() };
        let with: BTreeSet<Date> = days.intersection(&self.days).copied().collect();
        let inside = |day: &Date| with.range(..*day).next().is_some() && with.range(*day..).next().is_some();
        let is_accepted = |day: &Date| accepted.iter().any(|what| *what == day.to_string());
        days.iter().filter(|day| !with.contains(*day) && inside(day) && !is_accepted(day)).copied().collect()
    }

    /// Returns the days since the last one of the table, if nothing came since.
    fn days_since(&self, asked: &Days, accepted: &[String], now: i64) -> Vec<Date> {
        let (Some(last), Days::These(days)) = (self.last_day, asked) else { return Vec::new() };
        let now = self.looked.unwrap_or(now);
        let is_over = |day: &Date| minute_of(*day, 0, 0) + DAY <= now - LATE;
        let is_accepted = |day: &Date| accepted.iter().any(|what| *what == day.to_string());
        let since = last.series(1.day()).skip(1).take_while(|day| days.last().is_some_and(|last| day <= last));
        since.filter(|day| is_over(day) && !is_accepted(day)).collect()
    }

    /// Returns on which days there is nothing of accounts' Regions that had objects on a day before, with the first minute of each.
    /// Of those only whose objects have names that do not tell their flow logs: these are missed by their flow logs.
    fn gone_places(&self, (first, last): (Date, Date), horizon: i64) -> Vec<(Expected, i64)> {
        let told: BTreeSet<(&str, &str)> =
            self.flow_logs.keys().map(|flow_log| (&*flow_log.account, &*flow_log.region)).collect();
        let places: BTreeSet<(&String, &String)> =
            self.places.iter().map(|(account, region, _)| (account, region)).collect();
        let mut gone = Vec::new();
        for (account, region) in places.into_iter().filter(|(account, region)| !told.contains(&(&**account, &**region)))
        {
            let has = |day: &Date| self.places.contains(&(account.clone(), region.clone(), *day));
            let mut delivered = first.yesterday().is_ok_and(|day| has(&day));
            for day in first.series(1.day()).take_while(|day| *day <= last) {
                let begin = minute_of(day, 0, 0);
                if delivered && !has(&day) && begin + DAY <= horizon {
                    let region = Expected { account: account.clone(), region: Some(region.clone()), flow_log: None };
                    let whole = Expected { region: None, ..region.clone() };
                    gone.push((if self.has(&whole, begin) { region } else { whole }, begin));
                }
                delivered |= has(&day);
            }
        }
        gone
    }

    /// Returns the first minute of a UTC day that lies between two minutes whole.
    fn whole_day(&self, from: i64, to: i64) -> Option<i64> {
        // An object of 23:55 or 00:05 that is not there is no news of the day beside it.
        let day = (from - LATE / 2).div_euclid(DAY) * DAY + DAY;
        (day + DAY - LATE / 2 <= to).then_some(day)
    }

    /// Returns of whom there is nothing on a day: of the flow log's account, its Region, or only of itself.
    fn widest(&self, flow_log: &FlowLog, day: i64) -> Expected {
        let own: Expected = flow_log.clone().into();
        let region = Expected { flow_log: None, ..own.clone() };
        let account = Expected { region: None, ..region.clone() };
        [account, region].into_iter().find(|who| !self.has(who, day)).unwrap_or(own)
    }

    fn has(&self, who: &Expected, day: i64) -> bool {
        let fits = |wanted: &Option<String>, name: &String| wanted.as_ref().is_none_or(|wanted| wanted == name);
        let date = jiff::Timestamp::from_second(day * 60).map(|time| TimeZone::UTC.to_datetime(time).date());
        let is_there = |(account, region, day): &(String, String, Date)| {
            *account == who.account && fits(&who.region, region) && date.as_ref().is_ok_and(|date| date == day)
        };
        who.flow_log.is_none() && self.places.iter().any(is_there)
            || self.flow_logs.iter().any(|(FlowLog { account, region, id }, minutes)| {
                *account == who.account
                    && fits(&who.region, region)
                    && fits(&who.flow_log, id)
                    && minutes.range(day..day + DAY).next().is_some()
            })
    }
}

impl From<FlowLog> for Expected {
    fn from(FlowLog { account, region, id }: FlowLog) -> Self {
        Self { account, region: Some(region), flow_log: Some(id) }
    }
}

/// Returns times in order, those that meet or overlap as one.
fn joined(mut times: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    times.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in times {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn quiet(Expected { account, region, flow_log }: &Expected, (from, to): (i64, i64)) -> Quiet {
    let (account, region, flow_log) = (account.clone(), region.clone(), flow_log.clone());
    let (from, to) = (shown_minute(from), shown_minute(to));
    Quiet { account, region, flow_log, from, to, objects: None, objects_before: None }
}

/// Returns a day of a flow log that has far fewer objects than the day before, if that was full: objects are missing here and there, and
/// no hole is long enough to be a silence.
fn thinned(flow_log: &FlowLog, minutes: &BTreeSet<i64>, day: Date, options: &MissingOptions) -> Option<Quiet> {
    let begin = minute_of(day, 0, 0);
    let before: BTreeSet<i64> = minutes.range(begin - DAY..begin).copied().collect();
    let step = steady_step(&before)?;
    // Several objects of one step count once: a busy flow log has more of them, at minutes that vary.
    let steps_with_some = |from: i64| minutes.range(from..from + DAY).map(|minute| (minute - from) / step).collect();
    let (was, is): (BTreeSet<i64>, BTreeSet<i64>) = (steps_with_some(begin - DAY), steps_with_some(begin));
    let count = |steps: &BTreeSet<i64>| i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let silent: i64 = silences_of(minutes, begin, begin + DAY).iter().map(|(from, to)| (to - from) / step).sum();
    let is_full = count(&was) * step * 10 >= DAY * 9;
    let is_thin = (count(&is) + silent) * 4 < count(&was) * 3 && !is.is_empty();
    let accepted = options.accept.iter().any(|what| *what == day.to_string());
    (is_full && is_thin && !accepted).then(|| Quiet {
        objects: Some(is.len() as u64),
        objects_before: Some(was.len() as u64),
        ..quiet(&flow_log.clone().into(), (begin, begin + DAY))
    })
}

/// Returns the usual distance between objects, in minutes, if they come steadily: with an aggregation of ten minutes a small flow log
/// delivers every ten.
fn steady_step(minutes: &BTreeSet<i64>) -> Option<i64> {
    let mut steps: Vec<i64> = minutes.iter().zip(minutes.iter().skip(1)).map(|(a, b)| b - a).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied()?.max(MINUTES_PER_OBJECT);
    let regular = steps.iter().filter(|step| **step <= usual + usual / 2).count();
    (minutes.len() >= MIN_OBJECTS && regular * 10 >= steps.len() * 9).then_some(usual)
}

/// Returns the usual distance between objects, in minutes; that of AWS, if these do not tell
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html>).
pub fn usual_step(minutes: &BTreeSet<i64>) -> i64 {
    steady_step(minutes).unwrap_or(MINUTES_PER_OBJECT)
}

/// Returns where a flow log that delivers steadily was silent, after `begin` and up to `horizon`.
fn silences_of(minutes: &BTreeSet<i64>, begin: i64, horizon: i64) -> Vec<(i64, i64)> {
    let known: BTreeSet<i64> = minutes.range(begin - DAY..horizon.max(begin - DAY)).copied().collect();
    let (Some(usual), Some(last)) = (steady_step(&known), known.last().copied()) else { return Vec::new() };
    let steps = || known.iter().zip(known.iter().skip(1)).map(|(a, b)| (*a, *b));
    let most = LATE.max(STEPS * usual);
    let holes: Vec<(i64, i64)> = steps()
        .chain([(last, horizon)])
        .map(|(before, after)| (before + usual, after))
        .filter(|(from, to)| to - from >= most)
        .collect();
    // What ends at the same hour on another day too is a habit: interfaces that are there by day only.
    let at = |minute: i64| minute.rem_euclid(DAY);
    let near = |a: i64, b: i64| (at(a) - at(b)).rem_euclid(DAY).min((at(b) - at(a)).rem_euclid(DAY)) <= 60;
    let is_habit = |hole: &(i64, i64)| holes.iter().any(|other| other != hole && near(other.0, hole.0));
    holes.iter().filter(|hole| hole.1 > begin && !is_habit(hole)).copied().collect()
}

/// Returns whether a flow log had objects at these hours on another day, for half of the time at least: one of which only a
/// few hours are known, as of a copy, has no habits.
fn delivers_then(minutes: &BTreeSet<i64>, (from, to): (i64, i64)) -> bool {
    let step = usual_step(minutes);
    let near = |minute: i64| minutes.range(minute - step..=minute + step).next().is_some();
    let on_another_day =
        |minute: &i64| (1..LAST_DAYS).any(|days| near(minute - days * DAY) || near(minute + days * DAY));
    let all = (from..to).step_by(usize::try_from(step).unwrap_or(1));
    let (count, shown) = (all.clone().count(), all.filter(on_another_day).count());
    shown * 2 >= count
}

/// Returns the minutes since 1970.
pub fn minute_of(day: Date, hour: i8, minute: i8) -> i64 {
    let days = day.since(Date::constant(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
    (days * 24 + i64::from(hour)) * 60 + i64::from(minute)
}

/// Returns a minute since 1970 as `2026-01-15T05:05Z`.
pub fn shown_minute(minute: i64) -> String {
    jiff::Timestamp::from_second(minute * 60)
        .map(|time| time.strftime("%Y-%m-%dT%H:%MZ").to_string())
        .unwrap_or_default()
}

/// Returns days in order as the first and last of each run of them.
fn runs(days: impl IntoIterator<Item = Date>) -> Vec<(Date, Date)> {
    let mut runs: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if last.tomorrow().is_ok_and(|next| next == day) => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

/// Returns days in order as texts of the first and last of each run of them.
pub fn runs_of(days: impl IntoIterator<Item = Date>) -> Vec<(String, String)> {
    runs(days).into_iter().map(|(first, last)| (first.to_string(), last.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAYS: [Date; 3] = [date(2026, 1, 14), date(2026, 1, 15), date(2026, 1, 16)];

    /// Returns objects of a flow log every `step` minutes of three days, where `there` says so.
    fn flow_log(all: &mut Deliveries, id: &str, step: i64, there: impl Fn(usize, i64) -> bool) {
        for (at, day) in DAYS.into_iter().enumerate() {
            for minute in (0..DAY).step_by(step as usize).filter(|minute| there(at, *minute)) {
                let time = format!("{}T{:02}{:02}Z", day.to_string().replace('-', ""), minute / 60, minute % 60);
                all.add(&format!("x/111122223333_vpcflowlogs_us-east-1_{id}_{time}_h.log.gz"), day);
            }
        }
    }

    fn said(all: &Deliveries, now: i64, options: &MissingOptions) -> Vec<String> {
        all.missing(&Days::These(DAYS[1..].iter().copied().collect()), now, options).explain()
    }

    #[test]
    fn what_stops_is_missed_and_what_is_a_habit_or_new_is_not() {
        let later = minute_of(date(2026, 1, 20), 0, 0);
        let none = MissingOptions::default();
        let of = |step, there: &dyn Fn(usize, i64) -> bool| {
            let mut all = Deliveries::default();
            flow_log(&mut all, "fl-1", step, there);
            flow_log(&mut all, "fl-2", 5, |_, _| true);
            said(&all, later, &none)
        };
        for step in [1, 5, 10, 60] {
            assert_eq!(of(step, &|_, _| true), [""; 0], "all there, every {step} minutes");
        }
        let who = "111122223333 us-east-1 fl-1: no object from";
        assert_eq!(of(5, &|day, at| day < 2 || at < 720), [format!("{who} 2026-01-16T12:00Z to 2026-01-17T00:00Z")]);
        assert_eq!(of(10, &|day, at| day != 1 || at < 720), [format!("{who} 2026-01-15T12:00Z to 2026-01-16T00:00Z")]);
        assert_eq!(of(5, &|day, at| day != 1 || at >= 720), [format!("{who} 2026-01-15T00:00Z to 2026-01-15T12:00Z")]);
        assert_eq!(of(5, &|day, _| day == 0), [format!("{who} 2026-01-15T00:00Z to 2026-01-17T00:00Z")]);
        assert_eq!(of(5, &|day, _| day != 1), [format!("{who} 2026-01-15T00:00Z to 2026-01-16T00:00Z")]);
        // Thinned evenly, or by the hour; and not by a few.
        let fewer = "111122223333 us-east-1 fl-1: 144 objects from 2026-01-15T00:00Z to 2026-01-16T00:00Z, and 288 on the day before";
        assert_eq!(of(5, &|day, at| day != 1 || at % 10 == 0), [fewer]);
        assert_eq!(of(5, &|day, at| day != 1 || at / 60 % 2 == 0), [fewer]);
        assert_eq!(of(5, &|day, at| day != 1 || at / 5 % 6 != 0), [""; 0]);
        // Half a day of each, and of the last one a few hours less or more: nobody knows when it is to deliver.
        assert_eq!(of(5, &|day, at| day == 2 && at < 720), [""; 0]);
        assert_eq!(of(5, &|day, at| day > 0 && at < 200 - 60 * day as i64), [""; 0]);
        // New, by day only, rare, one object late or gone.
        assert_eq!(of(5, &|day, at| day > 1 || day == 1 && at > 600), [""; 0]);
        assert_eq!(of(5, &|_, at| (480..1_080).contains(&at)), [""; 0]);
        assert_eq!(of(480, &|day, _| day == 0), [""; 0]);
        assert_eq!(of(5, &|day, at| day != 1 || at != 600), [""; 0]);
    }

    #[test]
    fn a_day_that_is_not_over_is_missed_up_to_two_hours_ago() {
        let mut all = Deliveries::default();
        flow_log(&mut all, "fl-1", 5, |day, at| day < 2 || at < 300);
        let at = |hour| said(&all, minute_of(DAYS[2], hour, 0), &MissingOptions::default());
        assert_eq!(at(8), [""; 0]);
        assert_eq!(at(10), ["111122223333 us-east-1 fl-1: no object from 2026-01-16T05:00Z to 2026-01-16T08:00Z"]);
    }

    #[test]
    fn expected_ones_are_missed_without_a_day_before() {
        let mut all = Deliveries::default();
        flow_log(&mut all, "fl-1", 60, |_, _| true);
        let expect =
            Expected::parse(&format!("\u{feff}# who\n{}\n444455556666 eu-west-1 # all\n", all.list(DAYS[0]))).unwrap();
        assert_eq!(expect.len(), 2);
        let mut options = MissingOptions { expect, accept: Vec::new() };
        let later = minute_of(date(2026, 1, 20), 0, 0);
        assert_eq!(
            said(&all, later, &options),
            ["444455556666 eu-west-1: no object from 2026-01-15T00:00Z to 2026-01-17T00:00Z"]
        );
        options.accept.push("eu-west-1".to_owned());
        assert_eq!(said(&all, later, &options), [""; 0]);
        for bad in ["", "# nobody", "1234 us-east-1", "111122223333 a b c"] {
            assert!(Expected::parse(bad).is_err(), "{bad}");
        }
    }
}
