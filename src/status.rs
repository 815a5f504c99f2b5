//! What DEST holds, UTC day by UTC day, as its ledger says: `status`.
//!
//! In: the ledger of the asked days, and what a plan found in SOURCE if that is asked for. Out: a [`Status`]. Reads no logs and
//! no Parquet.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::athena::outgrown::running_out;
use crate::days::Days;
use crate::error::{ErrorKind, Result};
use crate::ledger::claim::Input;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::recorded;
use crate::ledger::state::{InputState, Output, PartitionState};
use crate::ledger::table::{Ledgers, Table};
use crate::missing::{Deliveries, Missing, MissingOptions, Quiet, minute_of, runs_of, shown_minute, usual_step};
use crate::plan::{PartitionPlan, Plan};
use crate::record::schema::LogType;
use crate::report::{Named, damaged_ledgers, doubled_flow_logs};
use crate::source::layout::{FileName, Place};
use crate::store::name_of;

/// Version of the JSON that `status --json` prints; keys may be added without a new one.
pub const STATUS_VERSION: u32 = 1;

/// A UTC day of a table: all of its partitions together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DayStatus {
    /// Partitions with a ledger.
    pub partitions: u64,
    /// Objects whose rows are in the table.
    pub objects: u64,
    /// Objects that were claimed after the first ones had been converted.
    pub late_objects: u64,
    /// Rows in the table.
    pub rows: u64,
    /// Rows that say NODATA; absent if an older version converted some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodata_rows: Option<u64>,
    /// Rows that say SKIPDATA: AWS lost records there. Absent if an older version converted some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipdata_rows: Option<u64>,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Lines that were rejected; they are kept under `_flowparquet/rejects/`.
    pub rejected_rows: u64,
    /// Objects that did not read to their end when they were last tried.
    pub rejected_objects: u64,
    /// Objects without any byte, which were named once.
    pub empty_objects: u64,
    /// Objects of another log type, left alone.
    pub other_type_objects: u64,
    /// Objects that are no flow logs, left alone.
    #[serde(skip_serializing_if = "is_zero")]
    pub no_flow_logs: u64,
    /// Claims that a stopped run left; the next `convert` of the day finishes them.
    pub unfinished: u64,
    /// Whether everything was compared with the raw objects, and nothing changed since.
    pub verified: bool,
    /// Partitions of which the last verification found that something differs.
    pub differing: u64,
    /// Files of which the last verification found that some engines do not read them whole: `compact` makes them anew.
    pub misread_files: u64,
    /// Objects in SOURCE that are not converted; absent if SOURCE was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unconverted_objects: Option<u64>,
    /// Objects in SOURCE that changed after they were converted; absent if SOURCE was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_objects: Option<u64>,
    /// Whether the day goes on, and so what is not converted of it is no news.
    #[serde(skip)]
    pub goes_on: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl DayStatus {
    /// Returns whether a person or another run has something to do.
    pub fn needs_attention(&self) -> bool {
        self.rejected_rows + self.rejected_objects + self.unfinished + self.differing + self.misread_files > 0
            || self.is_behind() && !self.goes_on
    }

    /// Returns whether SOURCE has something that is not in the table.
    pub fn is_behind(&self) -> bool {
        self.unconverted_objects.unwrap_or(0) + self.changed_objects.unwrap_or(0) > 0
    }
}

/// The logs of an account and Region, as the names of their objects say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlaceStatus {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// A letter for each UTC day, by month: see `LEGEND`.
    pub calendar: BTreeMap<String, String>,
    /// Where the five-minute series of a flow log has no object, between its first and its last one.
    pub silences: Vec<Silence>,
}

/// What the letters of a calendar mean, the most urgent first.
pub const LEGEND: &str = "! unfinished  d differs  m misread by some engines  r rejects  n not all converted  s SKIPDATA  g gaps in the five-minute series  \
                          l late objects  c converted  . nothing; capitals: verified";

/// A time without objects of a flow log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Silence {
    /// Id of the flow log.
    pub flow_log: String,
    /// Beginning of the first missing object, UTC.
    pub from: String,
    /// End of the last missing one.
    pub to: String,
}

/// What DEST holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// `STATUS_VERSION`.
    pub version: u32,
    /// DEST.
    pub dest: String,
    /// Log type of the table.
    pub log_type: LogType,
    /// Partitions of the table.
    pub partition_by: PartitionBy,
    /// Days with a ledger, by date.
    pub days: BTreeMap<String, DayStatus>,
    /// Days without one, as first and last day of each gap: among those asked for, or between the first and the last if
    /// all were.
    pub gaps: Vec<(String, String)>,
    /// The accounts and Regions whose logs these are.
    pub places: Vec<PlaceStatus>,
    /// Flow logs that delivered nothing for hours, but something on each day: see docs/operating.md.
    pub silences: Vec<Quiet>,
    /// Accounts, Regions or flow logs without any object of a whole day.
    pub missing: Vec<Quiet>,
    /// Those days among them of which something is missing: between asked days with objects, or since the last one.
    #[serde(skip)]
    pub(crate) missing_days: Vec<(String, String)>,
    /// Partitions, of any day, in which files are being replaced, or were when a run was stopped: rows may stand there
    /// twice until the next run of `convert` or `compact` is through.
    pub replacing: Vec<String>,
    /// Ledgers that are damaged: what their partitions hold is not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ledgers_damaged: Vec<Named>,
    /// Objects of SOURCE that may be logs and were passed over; absent if SOURCE was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects_passed_over: Option<u64>,
    /// The first hundred of them.
    pub passed_over: Vec<PassedOver>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

/// An object that may be a log, and that no conversion takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Its URL.
    pub object: String,
    /// Why not.
    pub reason: String,
}

/// Objects that are named; the others are counted.
const MAX_NAMED: usize = 100;

impl Status {
    /// Returns whether something needs a person or another run (exit code 1).
    pub fn needs_attention(&self) -> bool {
        !self.replacing.is_empty()
            || !self.ledgers_damaged.is_empty()
            || self.objects_passed_over.is_some_and(|objects| objects > 0)
            || self.days.values().any(DayStatus::needs_attention)
            || !(self.silences.is_empty() && self.missing.is_empty() && self.missing_days.is_empty())
    }
}

/// Returns what DEST holds of these days, or `None` if nothing was ever converted to it. `plan` is of the same days, if
/// SOURCE is to be looked at too.
///
/// # Errors
/// When the ledger cannot be read.
pub fn status(
    table: &Table,
    (days, options): (&Days, &MissingOptions),
    plan: Option<&Plan>,
    now: i64,
) -> Result<Option<Status>> {
    let Some(info) = table.info()? else { return Ok(None) };
    let mut seen: BTreeMap<Date, DayStatus> = BTreeMap::new();
    let mut places: BTreeMap<(String, String), AccountRegion> = BTreeMap::new();
    let Ledgers { states, damaged } = table.load_sound(days, info.partition_by)?.some_sound()?;
    for (partition, state) in &states {
        add_partition(seen.entry(partition.day).or_default(), state);
        add_places(&mut places, partition, state);
    }
    // While ledgers are damaged, whatever they have would be missed.
    let missing = match damaged.is_empty() {
        true => missing(table, (days, options), (&states, plan), now, info.partition_by)?,
        false => Missing::default(),
    };
    for planned in plan.iter().flat_map(|plan| &plan.partitions) {
        let day = seen.entry(planned.partition.day).or_default();
        *day.unconverted_objects.get_or_insert(0) += unconverted(planned, states.get(&planned.partition), plan);
        *day.changed_objects.get_or_insert(0) += planned.changed();
    }
    for (day, status) in &mut seen {
        status.goes_on = minute_of(*day, 0, 0) + 24 * 60 > now;
    }
    Ok(Some(Status {
        version: STATUS_VERSION,
        dest: table.store().location().to_string(),
        log_type: info.log_type,
        partition_by: info.partition_by,
        gaps: gaps(&seen, days),
        missing_days: missing.gaps,
        silences: missing.silences,
        missing: missing.missing,
        replacing: replacing(table)?,
        ledgers_damaged: damaged_ledgers(&damaged),
        places: places.into_iter().map(|(name, place)| place.status(name, &seen)).collect(),
        days: seen.into_iter().map(|(day, status)| (day.to_string(), status)).collect(),
        objects_passed_over: plan.map(|plan| plan.passed_over.len() as u64),
        passed_over: plan.iter().flat_map(|plan| plan.passed_over()).take(MAX_NAMED).collect(),
        warnings: info
            .founded_year()
            .and_then(|year| running_out(year, crate::days::today()))
            .into_iter()
            .chain(doubled(&states))
            .collect(),
    }))
}

/// Returns how many objects of a partition are to be converted, whether the store gave them when they were last tried or
/// not. What was read and rejected is counted as that.
fn unconverted(planned: &PartitionPlan, state: Option<&PartitionState>, plan: Option<&Plan>) -> u64 {
    let source = plan.map_or("", |plan| plan.options.source.as_str());
    let was_rejected = |input: &&Input| {
        let known = state.and_then(|state| state.input(source, &input.key));
        known.is_some_and(|known| matches!(known.state, InputState::Rejected(_)))
    };
    (planned.fresh.len() + planned.retry.iter().filter(|input| !was_rejected(input)).count()) as u64
}

/// Returns a line for each pair of flow logs and day of which files tell that both recorded the same.
fn doubled(states: &BTreeMap<Partition, PartitionState>) -> BTreeSet<String> {
    let of_day = |(partition, state): (&Partition, &PartitionState)| {
        let day = partition.day;
        let pairs = recorded::doubled(state.history().map(|output| output.done.outcome.of_flow_logs()));
        pairs.into_iter().map(|pair| doubled_flow_logs(pair, day)).collect::<Vec<_>>()
    };
    states.iter().flat_map(of_day).collect()
}

/// Returns what is missing of the asked days, by ledger and plan, compared with each other and with the day before.
fn missing(
    table: &Table,
    (days, options): (&Days, &MissingOptions),
    (states, plan): (&BTreeMap<Partition, PartitionState>, Option<&Plan>),
    now: i64,
    by: PartitionBy,
) -> Result<Missing> {
    let mut deliveries = plan.map(|plan| plan.before.clone()).unwrap_or_default();
    deliveries.add_ledger(states, None);
    if plan.is_none() {
        deliveries.only_ledger(states, now);
    }
    for planned in plan.iter().flat_map(|plan| &plan.partitions) {
        planned.to_read().for_each(|input| deliveries.add(&input.key, planned.partition.day));
    }
    let before = days.before();
    if !before.is_empty() {
        deliveries.add_ledger(&table.load_sound(&Days::These(before), by)?.states, None);
    }
    let below = plan.map(|plan| (plan.options.source.as_str(), plan.options.prefix.as_str()));
    deliveries.look_back(table, days, below, now)?;
    Ok(deliveries.missing(days, now, options))
}

/// Returns who delivered on a day, by the ledger: a line for each flow log; `None` if nothing was ever converted.
///
/// # Errors
/// When the ledger cannot be read.
pub fn delivered(table: &Table, day: Date) -> Result<Option<String>> {
    let Some(info) = table.info()? else { return Ok(None) };
    let mut deliveries = Deliveries::default();
    deliveries.add_ledger(&table.load(&Days::These([day].into()), info.partition_by)?, None);
    Ok(Some(deliveries.list(day)))
}

impl Plan {
    /// Returns the objects that were passed over and that a person should look at.
    fn passed_over(&self) -> impl Iterator<Item = PassedOver> {
        let source = &self.options.source;
        self.passed_over
            .iter()
            .map(move |(key, why)| PassedOver { object: format!("{source}{key}"), reason: why.explain() })
    }
}

/// Returns the partitions in which files are being replaced: those with a note whose claim is recorded.
fn replacing(table: &Table) -> Result<Vec<String>> {
    let mut partitions = Vec::new();
    for (partition, outputs) in table.replacing()? {
        let ledger = match table.read(partition) {
            Ok(ledger) => ledger,
            // Whoever asks for its day is told so.
            Err(e) if e.kind() == ErrorKind::Damaged => continue,
            Err(e) => return Err(e),
        };
        if outputs.iter().any(|output| ledger.state().knows(output)) {
            partitions.push(ledger.partition().path());
        }
    }
    Ok(partitions)
}

fn add_partition(day: &mut DayStatus, state: &PartitionState) {
    let first = day.partitions == 0;
    day.partitions += 1;
    day.unfinished += state.unfinished().count() as u64;
    day.differing += u64::from(state.differs());
    day.misread_files += state.misread().len() as u64;
    for input in state.inputs() {
        match input {
            InputState::Claimed => {}
            InputState::Converted => day.objects += 1,
            InputState::OtherType => day.other_type_objects += 1,
            InputState::NoFlowLog => day.no_flow_logs += 1,
            InputState::Rejected(_) => day.rejected_objects += 1,
            InputState::Empty => day.empty_objects += 1,
        }
    }
    day.late_objects += late(state).map(|output| output.claim.work.inputs().len() as u64).sum::<u64>();
    let (mut nodata, mut skipdata) = (Some(0), Some(0));
    for Output { done, .. } in state.outputs() {
        day.rows += done.outcome.rows;
        day.rejected_rows += done.outcome.rejected_rows;
        nodata = done.outcome.add_to(nodata, done.outcome.nodata_rows);
        skipdata = done.outcome.add_to(skipdata, done.outcome.skipdata_rows);
        if let Some(file) = &done.file {
            day.files += 1;
            day.bytes += file.bytes;
        }
    }
    let so_far = |known: Option<u64>| if first { Some(0) } else { known };
    day.nodata_rows = so_far(day.nodata_rows).zip(nodata).map(|(a, b)| a + b);
    day.skipdata_rows = so_far(day.skipdata_rows).zip(skipdata).map(|(a, b)| a + b);
    day.verified = (first || day.verified) && state.is_verified();
}

/// Returns the claims that were made of new objects when the first run over the partition had finished one.
fn late(state: &PartitionState) -> impl Iterator<Item = &Output> {
    let first = state.history().next().map_or("", |output| output.run.as_str());
    state.history().filter(move |output| output.claim.work.replaces().is_empty() && output.run != first)
}

/// An account and Region: its days with what they need, and the objects of its flow logs by time.
#[derive(Debug, Default)]
struct AccountRegion {
    days: BTreeMap<Date, Needs>,
    /// Minutes since 1970 at which objects begin, by flow log.
    flow_logs: BTreeMap<String, BTreeSet<i64>>,
}

#[derive(Debug, Default)]
struct Needs {
    unfinished: bool,
    differs: bool,
    misread: bool,
    rejects: bool,
    late: bool,
    skipdata: bool,
    unverified: bool,
}

impl Needs {
    fn add(&mut self, other: &Self) {
        self.unfinished |= other.unfinished;
        self.differs |= other.differs;
        self.misread |= other.misread;
        self.rejects |= other.rejects;
        self.late |= other.late;
        self.skipdata |= other.skipdata;
        self.unverified |= other.unverified;
    }
}

fn add_places(places: &mut BTreeMap<(String, String), AccountRegion>, partition: &Partition, state: &PartitionState) {
    let late: BTreeSet<&str> = late(state).flat_map(|o| o.claim.work.inputs()).map(|input| &*input.key).collect();
    let inputs = state.history().flat_map(|output| output.claim.work.inputs());
    // Once, not for each object: a day may have hundreds of thousands.
    let of_partition = Needs {
        unfinished: state.unfinished().next().is_some(),
        differs: state.differs(),
        misread: !state.misread().is_empty(),
        rejects: state.outputs().any(|output| output.done.outcome.rejected_rows > 0)
            || state.inputs().any(|input| matches!(input, InputState::Rejected(_))),
        late: false,
        skipdata: state.outputs().any(|output| output.done.outcome.skipdata_rows.unwrap_or(0) > 0),
        unverified: !state.is_verified(),
    };
    for input in inputs.chain(state.unfinished().flat_map(|(_, claim)| claim.work.inputs())) {
        let name = FileName::parse(name_of(&input.key));
        let (account, region) = partition.account_region.clone().unzip();
        let (mut account, mut region) = (account.or(name.account), region.or(name.region));
        if account.is_none() || region.is_none() {
            // Its name is not AWS's.
            let place = Place::of_prefix(input.key.rsplit_once('/').unwrap_or_default().0);
            (account, region) = (account.or(place.account), region.or(place.region));
        }
        let unknown = || "unknown".to_owned();
        let (account, region) = (account.unwrap_or_else(unknown), region.unwrap_or_else(unknown));
        let place = places.entry((account, region)).or_default();
        let needs = place.days.entry(partition.day).or_default();
        needs.late |= late.contains(&*input.key);
        needs.add(&of_partition);
        if let (Some(flow_log), Some(day), Some(hour), Some(minute)) = (name.flow_log, name.day, name.hour, name.minute)
        {
            place.flow_logs.entry(flow_log).or_default().insert(minute_of(day, hour, minute));
        }
    }
}

impl AccountRegion {
    fn status(self, (account, region): (String, String), days: &BTreeMap<Date, DayStatus>) -> PlaceStatus {
        let silences = self.silences();
        let mut silent: BTreeSet<String> = BTreeSet::new();
        for silence in &silences {
            silent.extend([&silence.from, &silence.to].map(|time| time[..10.min(time.len())].to_owned()));
        }
        let letter = |day: Date| {
            let behind = days.get(&day).is_some_and(DayStatus::is_behind);
            let Some(needs) = self.days.get(&day) else { return if behind { 'n' } else { '.' } };
            let letter = match needs {
                Needs { unfinished: true, .. } => '!',
                Needs { differs: true, .. } => 'd',
                Needs { misread: true, .. } => 'm',
                Needs { rejects: true, .. } => 'r',
                _ if behind => 'n',
                Needs { skipdata: true, .. } => 's',
                _ if silent.contains(&day.to_string()) => 'g',
                Needs { late: true, .. } => 'l',
                _ => 'c',
            };
            if needs.unverified { letter } else { letter.to_ascii_uppercase() }
        };
        let mut calendar = BTreeMap::new();
        let months: BTreeSet<Date> = self.days.keys().map(|day| day.first_of_month()).collect();
        for month in months {
            let days = (1..=month.days_in_month()).filter_map(|day| Date::new(month.year(), month.month(), day).ok());
            let name = format!("{:04}-{:02}", month.year(), month.month());
            calendar.insert(name, days.map(letter).collect());
        }
        PlaceStatus { account, region, calendar, silences }
    }

    /// Returns where objects are missing between the first and the last of a flow log.
    fn silences(&self) -> Vec<Silence> {
        let mut silences = Vec::new();
        for (flow_log, minutes) in &self.flow_logs {
            let usual = usual_step(minutes);
            for (before, after) in minutes.iter().zip(minutes.iter().skip(1)) {
                // A few minutes off is what AWS's clock may be; a missing object is as many more as lie between two.
                if after - before >= 2 * usual {
                    silences.push(Silence {
                        flow_log: flow_log.clone(),
                        from: shown_minute(before + usual),
                        to: shown_minute(*after),
                    });
                }
            }
        }
        silences.sort();
        silences
    }
}

/// Returns the days without a ledger, as the first and last of each run of them.
fn gaps<T>(seen: &BTreeMap<Date, T>, asked: &Days) -> Vec<(String, String)> {
    let asked: Vec<Date> = match (asked, seen.keys().next(), seen.keys().next_back()) {
        (Days::These(days), ..) => days.iter().copied().collect(),
        (Days::All, Some(first), Some(last)) => first.series(1.day()).take_while(|day| day <= last).collect(),
        (Days::All, ..) => Vec::new(),
    };
    runs_of(asked.into_iter().filter(|day| !seen.contains_key(day)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::encode::codec::Compression;
    use crate::ledger::claim::{Claim, Input, OutputOptions, RawObjects, Work};
    use crate::ledger::entry::{Done, Entry, Outcome, Record};

    #[test]
    fn a_day_of_many_objects_takes_no_time_for_each_pair_of_them() {
        let key = |number: usize| {
            let (hour, minute) = (number / 60 % 24, number % 60);
            format!(
                "raw/111122223333_vpcflowlogs_us-east-1_fl-{number:08x}_20260115T{hour:02}{minute:02}Z_{number:08x}.log.gz"
            )
        };
        let inputs = (0..60_000).map(|number| Input { key: key(number).into(), size: 1, etag: None });
        let claim = Claim {
            output: "part-1.parquet".into(),
            log_type: LogType::Vpc,
            options: OutputOptions {
                compression: Compression::None,
                dash_as_null: false,
                log_format: None,
                max_object_bytes: 1,
                layout: crate::encode::layout::Layout::default(),
            },
            work: Work::Convert(RawObjects {
                source: "s3://b/".into(),
                endpoint: None,
                source_layout: None,
                inputs: inputs.collect(),
            }),
        };
        let done = Done { claim: 1, outcome: Outcome { rows: 5, ..Outcome::default() }, file: None };
        let mut state = PartitionState::default();
        for (number, entry) in (1..).zip([Entry::Claim(claim), Entry::Done(done)]) {
            let (tool, run, time) = (String::new(), String::new(), String::new());
            state.add(number, Record { version: 3, tool, run, time, entry }, "here").unwrap();
        }
        let begun = std::time::Instant::now();
        let (mut day, mut places) = (DayStatus::default(), BTreeMap::new());
        add_partition(&mut day, &state);
        let partition = Partition { account_region: None, day: date(2026, 1, 15), hour: None };
        add_places(&mut places, &partition, &state);
        assert_eq!((day.objects, places.len()), (60_000, 1));
        // Every pair of them: minutes.
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn gaps_lie_between_days_or_among_those_asked_for() {
        let seen: BTreeMap<Date, ()> =
            [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 10)].map(|day| (day, ())).into();
        let of = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(gaps(&seen, &Days::All), [of("2026-01-01", "2026-01-01"), of("2026-01-03", "2026-01-09")]);
        let asked = Days::range(date(2025, 12, 28), date(2026, 1, 3)).unwrap();
        assert_eq!(
            gaps(&seen, &asked),
            [of("2025-12-28", "2025-12-29"), of("2026-01-01", "2026-01-01"), of("2026-01-03", "2026-01-03")]
        );
        assert_eq!(gaps(&BTreeMap::<Date, ()>::new(), &Days::All), []);
    }
}
