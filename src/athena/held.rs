//! What of all logs a person's table holds: which accounts, Regions and days.
//!
//! In: the folders that LOCATION or the template name, what the projections of its keys list, and the accounts and Regions
//! that were asked for. Out: [`Held`], which says of a partition whether the table has it, and what a view must add where
//! a table alone shows more. A table of one account must not become one of all accounts because both lie in one DEST.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::definition::{Definition, Key, Partitions, RawContents};
use super::hints::Hints;
use super::like::Theirs;
use super::pattern::{Part, Pattern, parts_of};
use super::view::{Ago, Condition, DayKey};
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::ledger::partition::Partition;
use crate::options::{ACCOUNT, KEY, PARTITION_BY, REGION};

/// Most values of a projected range that are listed one by one; a longer one is that of a number that is no part of a time.
const MAX_VALUES: i64 = 10_000;

/// What of all logs a table holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The only values of these parts.
    only: BTreeMap<Part, BTreeSet<String>>,
    /// Those of them that folders name: nothing else comes.
    fixed: BTreeSet<Part>,
    /// The first day, if not all from the beginning.
    first: Option<Date>,
    /// The last day, if not all that come.
    last: Option<Date>,
    /// The first day, if it moves with the time.
    first_ago: Option<Ago>,
    /// The last day, likewise.
    last_ago: Option<Ago>,
    /// What LOCATION names though a key tells it too: nobody knows what was registered.
    unsure: BTreeMap<Part, String>,
    /// What a person must know.
    notes: Vec<String>,
}

impl Held {
    /// Returns what a table holds whose keys are these.
    ///
    /// # Errors
    /// A usage error if nothing is left: an account that was asked for is not theirs.
    pub fn of(theirs: &Theirs, keys: &[Key], hints: &Hints) -> Result<Self> {
        let mut held = Self::default();
        for (part, value) in &hints.lies.named {
            if is_told(keys, *part) {
                held.unsure.insert(*part, value.clone());
            } else {
                held.fixed.insert(*part);
                held.narrow(*part, [value.clone()].into());
            }
        }
        for (part, values) in &hints.asked {
            held.unsure.remove(part);
            held.narrow(*part, values.clone());
            if held.only.get(part).is_some_and(BTreeSet::is_empty) {
                let asked: Vec<&str> = values.iter().map(String::as_str).collect();
                let (option, what) = if *part == Part::Account { (ACCOUNT, "account") } else { (REGION, "Region") };
                let named = hints.lies.named.get(part).map(String::as_str).unwrap_or_default();
                return Err(Error::usage(format!(
                    "their table holds the {what} {named}, and {option} asks for {}",
                    asked.join(", ")
                ))
                .at(&hints.lies.place)
                .help(format!("leave {option} away, or name that {what}")));
            }
        }
        held.elsewhere(hints, keys)?;
        // One that was made of SOURCE lists what lies there now, and DEST may have logs that are gone from there.
        if theirs.is_projected() && !theirs.is_assumed {
            for key in keys {
                held.projected(theirs, key);
                held.listed(theirs, key, hints)?;
                every_day(theirs, key, hints)?;
            }
        }
        if theirs.location.is_none() && theirs.template().is_none() && hints.asked.is_empty() {
            held.notes.push(format!(
                "the statement has no LOCATION, so that it does not say whose logs its table shows: the new one shows all of DEST; \
                 {ACCOUNT} and {REGION} say whose"
            ));
        }
        Ok(held)
    }

    /// Returns what must be known of what it holds, of all that DEST has.
    pub fn notes(&self, there: &[Partition]) -> Vec<String> {
        let mut notes = self.notes.clone();
        if there.iter().any(|partition| !self.holds(partition)) {
            notes.push(format!("their table holds {}: of DEST the new one shows nothing else", self.words()));
        }
        notes
    }

    /// Returns the values that a part can have, if it cannot have all.
    pub fn values(&self, part: Part) -> Option<&BTreeSet<String>> {
        self.only.get(&part)
    }

    /// Returns the parts that have one value only.
    pub fn constants(&self) -> BTreeMap<Part, String> {
        let one = |(part, values): (&Part, &BTreeSet<String>)| {
            let first = values.first().filter(|_| values.len() == 1)?;
            Some((*part, first.clone()))
        };
        self.only.iter().filter_map(one).collect()
    }

    /// Returns whether a partition is in the table. What a partition does not tell of itself excludes it from nothing.
    pub fn holds(&self, partition: &Partition) -> bool {
        self.only.iter().all(|(part, values)| part.of(partition).is_none_or(|value| values.contains(&value)))
            && self.first.is_none_or(|first| partition.day >= first)
            && self.last.is_none_or(|last| partition.day <= last)
    }

    fn narrow(&mut self, part: Part, values: BTreeSet<String>) {
        let narrowed = match self.only.get(&part) {
            Some(before) => before.intersection(&values).cloned().collect(),
            None => values,
        };
        self.only.insert(part, narrowed);
    }

    /// Narrows to whose objects lie below LOCATION, if DEST was also made of some that do not.
    fn elsewhere(&mut self, hints: &Hints, keys: &[Key]) -> Result<()> {
        let pairs = |below: bool| -> BTreeSet<[Option<&String>; 2]> {
            let side = hints.origins.iter().filter(|origin| origin.below == below);
            side.map(|origin| [origin.account.as_ref(), origin.region.as_ref()]).collect()
        };
        let (here, others) = (pairs(true), pairs(false));
        if here.is_empty() {
            // The logs have moved since, or the statement is an example: what its folders are called like is all there is.
            for (part, value) in hints.lies.guessed.iter().filter(|(part, _)| !is_told(keys, **part)) {
                self.narrow(*part, [value.clone()].into());
            }
        }
        if here.is_empty() || others.is_empty() {
            return Ok(());
        }
        for (at, part) in [Part::Account, Part::Region].into_iter().enumerate() {
            let values: Option<BTreeSet<String>> = here.iter().map(|pair| pair[at].cloned()).collect();
            let others: BTreeSet<String> = others.iter().filter_map(|pair| pair[at].cloned()).collect();
            if let Some(values) = values.filter(|values| !others.is_subset(values)) {
                self.narrow(part, values);
            }
        }
        let is_left = |pair: &&[Option<&String>; 2]| {
            [Part::Account, Part::Region].into_iter().zip(pair.iter()).all(|(part, value)| {
                value.is_none_or(|value| self.only.get(&part).is_none_or(|values| values.contains(value)))
            })
        };
        let left: Vec<_> = others.iter().filter(is_left).collect();
        if left.iter().all(|pair| here.contains(*pair)) {
            if !left.is_empty() {
                self.notes.push(
                    "DEST also has logs of the same accounts and Regions from elsewhere than their LOCATION; the new table shows these too"
                        .to_owned(),
                );
            }
            return Ok(());
        }
        let names: Vec<String> = left
            .iter()
            .filter(|pair| !here.contains(**pair))
            .map(|pair| pair.iter().flatten().map(|name| name.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        Err(Error::usage(format!(
            "DEST also has logs that do not lie below their LOCATION: those of {}",
            names.join(", ")
        ))
        .at(&hints.lies.place)
        .help(format!("say with {ACCOUNT} and {REGION} whose logs their table shows")))
    }

    /// Narrows to what the projection of a key lists.
    fn projected(&mut self, theirs: &Theirs, key: &Key) {
        let said = |what: &str| theirs.projection(&key.name, what);
        let kind = said("type").unwrap_or_default().to_ascii_lowercase();
        let part = key.pattern.only_part();
        let range = said("range").and_then(|range| range.split_once(','));
        match (kind.as_str(), part, range) {
            ("enum", Some(part), _) => {
                let values = said("values").unwrap_or_default().split(',').map(str::trim);
                self.narrow(part, values.map(|value| padded(part, value)).collect());
            }
            ("integer", Some(part), Some((first, last))) => {
                let (Ok(first), Ok(last)) = (first.trim().parse::<i64>(), last.trim().parse::<i64>()) else { return };
                if last - first > MAX_VALUES {
                    return;
                }
                let step = said("interval").and_then(|step| step.trim().parse().ok()).filter(|step| *step > 0);
                let values = (first..=last).step_by(step.unwrap_or(1));
                self.narrow(part, values.map(|value| padded(part, &value.to_string())).collect());
                if said("digits").is_none() && first < 10 && matches!(part, Part::Month | Part::Day | Part::Hour) {
                    self.notes.push(format!(
                        "their projection of {} has no digits, so that Athena looks for the folder 1 and finds none of 01 to 09; \
                         the new table shows them",
                        key.name
                    ));
                }
            }
            ("date", _, Some((first, last))) => self.dates(&key.name, &key.pattern, first.trim(), last.trim()),
            _ => {}
        }
    }

    /// Narrows to the dates that the projection of a key lists or gives as a number.
    ///
    /// # Errors
    /// A usage error if they are not one after the other: the new table knows a first day and a last one.
    fn listed(&mut self, theirs: &Theirs, key: &Key, hints: &Hints) -> Result<()> {
        let values = theirs.projected_values(&key.name).filter(|_| key.pattern.only_part().is_none());
        let Some(values) = values else { return Ok(()) };
        let is_range = theirs.projection(&key.name, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("integer"));
        let days = |value: &str| Some((key.pattern.first_day(value)?, key.pattern.last_day(value)?));
        let Some(mut spans) = values.split(',').map(|value| days(value.trim())).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        if let (true, [(first, _), (_, last)]) = (is_range, spans.as_slice()) {
            // All numbers from the one to the other.
            spans = vec![(*first, *last)];
        }
        spans.sort_unstable();
        spans.dedup();
        if spans.windows(2).any(|two| two[0].1.tomorrow().ok() != Some(two[1].0)) {
            return Err(Error::usage(format!("the dates of {} are not one after the other: {values}", key.name))
                .at(&hints.lies.place)
                .help("make a table of each stretch of them, or give it all days: 'type' = 'date' with a 'range'"));
        }
        if let (Some((first, _)), Some((_, last))) = (spans.first(), spans.last()) {
            self.first = self.first.max(Some(*first));
            self.last = Some(self.last.map_or(*last, |known| known.min(*last)));
        }
        Ok(())
    }

    /// Narrows to a range of dates.
    fn dates(&mut self, key: &str, pattern: &Pattern, first: &str, last: &str) {
        match (pattern.first_day(first), ago(first)) {
            (Some(day), _) => self.first = self.first.max(Some(day)),
            (None, Some(ago)) => self.first_ago = Some(ago),
            (None, None) => self.notes.push(format!(
                "their projection of {key} begins with {first}: the new table also shows the days before it"
            )),
        }
        let end = pattern.last_day(last);
        self.last = match (self.last, end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if end.is_none() {
            self.last_ago = ago(last).filter(|ago| ago.count > 0);
        }
    }

    /// Returns what is left of DEST.
    ///
    /// # Errors
    /// A usage error if DEST has logs of others that cannot be told from theirs, or none of theirs.
    pub fn of_contents(&self, contents: &Contents, theirs: &Theirs, hints: &Hints) -> Result<Contents> {
        self.refuse_unsure(contents, theirs, hints)?;
        if !contents.partition_by.by_account_region() {
            self.refuse_mixed(hints)?;
        }
        if self.hours().is_some() && !contents.partition_by.by_hour() {
            return Err(Error::usage(
                "their table holds some hours of a day only, and DEST is not partitioned by hour",
            )
            .at(&hints.lies.place)
            .help(format!("convert into another DEST with {PARTITION_BY} hour or account-region-hour")));
        }
        let partitions: Vec<Partition> = contents.partitions.iter().filter(|at| self.holds(at)).cloned().collect();
        if partitions.is_empty() {
            return Err(Error::usage(format!("their table holds {}, of which DEST has nothing", self.words()))
                .at(&hints.lies.place)
                .help(format!(
                    "convert these logs first; if the statement does not say whose they are, name them with {ACCOUNT} and {REGION}"
                )));
        }
        Ok(Contents { partitions, ..contents.clone() })
    }

    /// Returns what is left of the raw logs.
    ///
    /// # Errors
    /// A usage error if nothing is.
    pub fn of_raw(&self, mut raw: RawContents) -> Result<RawContents> {
        raw.partitions.retain(|partition| self.holds(partition));
        if raw.partitions.is_empty() {
            return Err(Error::usage(format!("their table holds {}, of which SOURCE has nothing", self.words()))
                .at(&raw.location)
                .help("point to the raw logs that their table shows"));
        }
        Ok(raw)
    }

    /// Refuses a key for accounts or Regions beside a LOCATION that names one, if DEST has others.
    fn refuse_unsure(&self, contents: &Contents, theirs: &Theirs, hints: &Hints) -> Result<()> {
        let is_other = |part: Part, value: &str| {
            let of_partitions = contents.partitions.iter().filter_map(|at| part.of(at)).any(|other| other != value);
            of_partitions || hints.origins.iter().filter_map(|origin| origin.of(part)).any(|other| other != value)
        };
        for (part, value) in self.unsure.iter().filter(|_| !theirs.is_projected()) {
            let (option, what) = option_of(*part);
            if matches!(part, Part::Account | Part::Region) && is_other(*part, value) {
                return Err(Error::usage(format!(
                    "their LOCATION names the {what} {value}, and a key tells the {what} too: whose partitions are \
                     registered cannot be told, and DEST has others"
                ))
                .at(&hints.lies.place)
                .help(format!("say with {option} whose they are; that may be repeated")));
            }
        }
        for (part, folder) in &hints.lies.unnamed {
            let mut values: BTreeSet<String> = contents.partitions.iter().filter_map(|at| part.of(at)).collect();
            values.extend(hints.origins.iter().filter_map(|origin| origin.of(*part)).cloned());
            let (option, what) = option_of(*part);
            if values.len() > 1 && !hints.asked.contains_key(part) {
                let values: Vec<String> = values.into_iter().collect();
                return Err(Error::usage(format!(
                    "{folder} stands where the {what} should, and DEST has {}",
                    values.join(", ")
                ))
                .at(&hints.lies.place)
                .help(format!("write the {what} there, or say it with {option}")));
            }
        }
        Ok(())
    }

    /// Refuses a DEST that is not partitioned by account and Region and has those of others.
    fn refuse_mixed(&self, hints: &Hints) -> Result<()> {
        for part in [Part::Account, Part::Region] {
            let Some(values) = self.only.get(&part) else { continue };
            let others: BTreeSet<&str> = hints
                .origins
                .iter()
                .filter_map(|origin| origin.of(part))
                .filter(|value| !values.contains(*value))
                .map(String::as_str)
                .collect();
            if !others.is_empty() {
                let (_, what) = option_of(part);
                let others: Vec<&str> = others.into_iter().collect();
                return Err(Error::usage(format!(
                    "their table holds {}, and DEST also has the {what} {} in the same partitions",
                    self.words(),
                    others.join(", ")
                ))
                .at(&hints.lies.place)
                .help(format!(
                    "convert into another DEST with {PARTITION_BY} account-region-day, or these logs alone with {ACCOUNT} and {REGION}"
                )));
            }
        }
        Ok(())
    }

    /// Returns the hours of a day, if they are not all.
    fn hours(&self) -> Option<&BTreeSet<String>> {
        self.only.get(&Part::Hour).filter(|hours| (0..24).any(|hour| !hours.contains(&format!("{hour:02}"))))
    }

    /// Returns in words what it holds.
    fn words(&self) -> String {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        let mut words: Vec<String> = self
            .only
            .iter()
            .map(|(part, values)| match (part, values.len() > 4) {
                (Part::Account, _) => format!("the account {}", list(values)),
                (Part::Region, _) => format!("the Region {}", list(values)),
                (_, false) => format!("the {} {}", part.column(), list(values)),
                (_, true) => format!(
                    "the {} {} to {}",
                    part.column(),
                    values.first().map_or("", String::as_str),
                    values.last().map_or("", String::as_str)
                ),
            })
            .collect();
        words.extend(self.first.map(|first| format!("days from {first}")));
        words.extend(self.last.map(|last| format!("days up to {last}")));
        if words.is_empty() { "all logs".to_owned() } else { words.join(", ") }
    }

    /// Makes a table show no more than this, as far as a table alone can: a folder for a single account and Region that no
    /// key tells, and the years.
    pub fn narrow_table(&self, table: &mut Definition, keys: &[Key], there: &[Partition], today: Date) {
        let mut fixed = self.constants();
        fixed.retain(|part, _| matches!(part, Part::Account | Part::Region) && !is_told(keys, *part));
        // Only what is above all else: what stands between two keys would keep folders from being found by their names.
        if fixed.contains_key(&Part::Account) {
            table.fold(&fixed);
        }
        self.narrow_years(table, there, today);
    }

    /// Makes a projected table list no more years than this, of those that `there` has. Where their list ends before its time
    /// comes, ours goes on.
    pub fn narrow_years(&self, table: &mut Definition, there: &[Partition], today: Date) {
        let newest = there.iter().map(|partition| partition.day.year()).chain([today.year()]).max();
        let is_fixed = self.fixed.contains(&Part::Year);
        let years: Option<BTreeSet<i16>> =
            self.only.get(&Part::Year).map(|years| years.iter().filter_map(|year| year.parse().ok()).collect());
        let bounds = [
            (years.as_ref().and_then(BTreeSet::first).copied(), years.as_ref().and_then(BTreeSet::last).copied()),
            (self.first.map(Date::year), self.last.map(Date::year)),
        ];
        for (first, last) in bounds {
            table.years.0 = table.years.0.max(first.unwrap_or(i16::MIN)).min(table.years.1);
            let last = last.filter(|last| is_fixed || newest.is_some_and(|newest| newest > *last));
            table.years.1 = table.years.1.min(last.unwrap_or(i16::MAX)).max(table.years.0);
        }
    }

    /// Returns the conditions that keep a table from showing more than this. `there` is all that lies where the table does.
    ///
    /// # Errors
    /// A usage error if the table has no key for a condition.
    pub fn conditions(&self, table: &Definition, there: &[Partition], today: Date) -> Result<Vec<Condition>> {
        let mut conditions = Vec::new();
        let is_registered = table.partitioning == Partitions::Registered; // Then nothing else is.
        for (part, values) in self.only.iter().filter(|_| !is_registered) {
            let key = table.keys.iter().find(|key| key.pattern.only_part() == Some(*part));
            let is_place = matches!(part, Part::Account | Part::Region);
            // Accounts and Regions come at any time; days of the past seldom do, and then definitions are printed anew.
            let years = || (table.years.0..=table.years.1).all(|year| values.contains(&format!("{year:04}")));
            let is_needed = if is_place {
                table.partitioning == Partitions::Repaired
            } else if *part == Part::Year && table.partitioning == Partitions::Projected && years() {
                false
            } else {
                let ended =
                    *part == Part::Year && values.last().is_some_and(|last| *last < format!("{:04}", today.year()));
                let is_other = |value| !values.contains(&value);
                ended || self.fixed.contains(part) || there.iter().filter_map(|at| part.of(at)).any(is_other)
            };
            match key {
                Some(key) if is_needed => conditions.push(Condition::Among(key.name.clone(), values.clone())),
                // Folded, or of a table whose folders do not tell it.
                None if is_needed && !is_place => return Err(untold(*part)),
                _ => {}
            }
        }
        let ended = self.last.is_some_and(|last| last < today);
        let is_needed = ended
            || there.iter().any(|at| {
                self.first.is_some_and(|first| at.day < first) || self.last.is_some_and(|last| at.day > last)
            });
        if is_needed && !is_registered {
            let day = DayKey::of(table).ok_or_else(|| untold(Part::Day))?;
            conditions.extend(self.first.map(|first| Condition::From(day.clone(), first)));
            conditions.extend(self.last.map(|last| Condition::Until(day.clone(), last)));
        }
        // Whatever lies there now: days that their table shows today it will not show for ever.
        if (self.first_ago.is_some() || self.last_ago.is_some()) && !is_registered {
            let day = DayKey::of(table).ok_or_else(|| untold(Part::Day))?;
            conditions.extend(self.first_ago.map(|ago| Condition::FromAgo(day.clone(), ago)));
            conditions.extend(self.last_ago.map(|ago| Condition::UntilAgo(day.clone(), ago)));
        }
        Ok(conditions)
    }
}

/// Refuses a projection of dates with gaps: it lists one of several days, and no condition says which.
fn every_day(theirs: &Theirs, key: &Key, hints: &Hints) -> Result<()> {
    let said = |what: &str| theirs.projection(&key.name, what).map(|value| value.trim().to_ascii_uppercase());
    let step = said("interval").and_then(|step| step.parse::<u64>().ok()).unwrap_or(1);
    let unit = said("interval.unit").unwrap_or_default();
    let has = |part: Part| key.pattern.parts().any(|of| of == part);
    // From the finest part that the key tells to the unit: larger units leave gaps.
    let finest = if has(Part::Hour) {
        0
    } else if has(Part::Day) {
        1
    } else if has(Part::Month) {
        2
    } else {
        3
    };
    let size = match unit.trim_end_matches('S') {
        "" => finest,
        "HOUR" => 0,
        "DAY" => 1,
        "WEEK" | "MONTH" => 2,
        "YEAR" => 3,
        _ => return Ok(()),
    };
    // A week is a unit of no key.
    let has_gaps = size > finest || size == finest && step > 1 || unit.starts_with("WEEK") && finest > 1;
    if said("type").as_deref() != Some("DATE") || !has_gaps {
        return Ok(());
    }
    Err(Error::usage(format!("their projection of {} lists one of every {step} {unit}", key.name))
        .at(&hints.lies.place)
        .help(format!("write 'projection.{}.interval' = '1', if the new table may show all days", key.name)))
}

/// Reads how long ago a relative date is: `NOW-90DAYS`; less than a day is none.
fn ago(text: &str) -> Option<Ago> {
    let rest: String = text.strip_prefix("NOW")?.chars().filter(|c| !c.is_whitespace()).collect();
    if rest.is_empty() {
        return Some(Ago { count: 0, unit: "DAY" });
    }
    let (sign, rest) = if let Some(rest) = rest.strip_prefix('-') { (1, rest) } else { (-1, rest.strip_prefix('+')?) };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let count: i32 = rest[..end].parse().ok()?;
    let (unit, times) = match rest[end..].trim_end_matches('S') {
        "YEAR" => ("YEAR", 1),
        "MONTH" => ("MONTH", 1),
        "WEEK" => ("DAY", 7),
        "DAY" => ("DAY", 1),
        _ => return None,
    };
    Some(Ago { count: count.checked_mul(times)?.checked_mul(sign)?, unit })
}

/// Returns whether a key tells a part.
fn is_told(keys: &[Key], part: Part) -> bool {
    keys.iter().any(|key| key.pattern.parts().any(|of| of == part))
}

fn untold(part: Part) -> Error {
    Error::usage(format!("their table holds a part of the logs only, and no folder tells the {}", part.column()))
}

fn option_of(part: Part) -> (crate::options::OptionName, &'static str) {
    match part {
        Part::Account => (ACCOUNT, "account"),
        Part::Region => (REGION, "Region"),
        _ => (KEY, part.column()),
    }
}

/// Returns a value with the zeros in front that folders have.
fn padded(part: Part, value: &str) -> String {
    match (part, value.parse::<u32>()) {
        (Part::Year, Ok(number)) => format!("{number:04}"),
        (Part::Month | Part::Day | Part::Hour, Ok(number)) => format!("{number:02}"),
        _ => value.to_owned(),
    }
}

/// Returns the parts of a time that a table is partitioned by and that neither keys nor folders tell.
pub fn finer_parts(contents: &Contents, keys: &[Key]) -> Vec<Part> {
    parts_of(contents.partition_by)
        .filter(|part| !matches!(part, Part::Account | Part::Region) && !is_told(keys, *part))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_dates() {
        let of = |text: &str| ago(text).map(|Ago { count, unit }| (count, unit));
        assert_eq!(of("NOW-90DAYS"), Some((90, "DAY")));
        assert_eq!(of("NOW - 2 WEEKS"), Some((14, "DAY")));
        assert_eq!(of("NOW-1YEAR"), Some((1, "YEAR")));
        assert_eq!(of("NOW+1MONTH"), Some((-1, "MONTH")));
        assert_eq!(of("NOW"), Some((0, "DAY")));
        for other in ["NOW-3HOURS", "NOW-", "2026/01/01", "NOWDAYS", "NOW-99999999999DAYS"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
