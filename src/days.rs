//! Which UTC days a run is about.
//!
//! In: what a person selects. Out: [`Days`], a set of UTC dates or all of them. The only place that asks the clock.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use crate::error::{Error, Result};
use crate::options::{FROM, LOCAL_DAY, LOOKBACK, TO, TZ};

/// Days that a run looks back when none are named: a missed night and objects that AWS delivered late (it speaks
/// of "more than one day") heal by themselves.
pub const DEFAULT_LOOKBACK_DAYS: u32 = 3;

/// A selection of UTC days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Days {
    /// Every day there is.
    #[default]
    All,
    /// These days, at least one.
    These(BTreeSet<Date>),
}

impl Days {
    /// Returns whether a day is selected.
    pub fn contains(&self, day: Date) -> bool {
        match self {
            Self::All => true,
            Self::These(days) => days.contains(&day),
        }
    }

    /// Returns these days and others.
    pub fn with(&self, others: impl IntoIterator<Item = Date>) -> Self {
        match self {
            Self::All => Self::All,
            Self::These(days) => Self::These(days.iter().copied().chain(others).collect()),
        }
    }

    /// Returns the days before runs of these days, with which they are compared; none if all are selected.
    pub fn before(&self) -> BTreeSet<Date> {
        let Self::These(days) = self else { return BTreeSet::new() };
        days.iter().filter_map(|day| day.yesterday().ok()).filter(|day| !days.contains(day)).collect()
    }

    /// Returns the last `days` complete days before `today`.
    ///
    /// # Errors
    /// A usage error for zero days or beyond the calendar.
    pub fn lookback(today: Date, days: u32) -> Result<Self> {
        let yesterday = today.yesterday().map_err(out_of_calendar)?;
        let first =
            Span::new().try_days(i64::from(days)).and_then(|span| today.checked_sub(span)).map_err(out_of_calendar)?;
        if days == 0 {
            return Err(Error::usage(format!("{LOOKBACK} 0 selects no day")).help("give at least 1"));
        }
        Self::range(first, yesterday)
    }

    /// Returns the days from `first` to `last`, both included.
    ///
    /// # Errors
    /// A usage error if `last` lies before `first`.
    pub fn range(first: Date, last: Date) -> Result<Self> {
        if last < first {
            return Err(Error::usage(format!("{FROM} {first} is after {TO} {last}")).help("both days are included"));
        }
        Ok(Self::These(first.series(1.day()).take_while(|day| *day <= last).collect()))
    }

    /// Returns the UTC days that the day `local` of the time zone `zone` touches.
    ///
    /// # Errors
    /// A usage error for an unknown zone.
    pub fn of_local_day(local: Date, zone: &str) -> Result<Self> {
        LocalDay::new(local, zone)?.days(SignedDuration::ZERO)
    }

    /// Refuses days that have not begun.
    ///
    /// # Errors
    /// A usage error that names the first of them.
    pub fn refuse_future(self, today: Date) -> Result<Self> {
        if let Self::These(days) = &self
            && let Some(future) = days.range(today..).find(|day| **day > today)
        {
            return Err(Error::usage(format!("day {future} is in the future: it is {today} in UTC now"))
                .help(format!("days are UTC; for a day of your own time zone use {LOCAL_DAY} with {TZ}")));
        }
        Ok(self)
    }
}

/// A day of a time zone, as the instants at which it begins and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDay {
    /// The zone's name in the time zone database, such as `Asia/Tokyo`.
    pub zone: String,
    /// First second.
    pub start: Timestamp,
    /// First second of the next day.
    pub end: Timestamp,
}

impl LocalDay {
    /// Returns the day `local` of the time zone `zone`; 23 or 25 hours where clocks are changed.
    ///
    /// # Errors
    /// A usage error for an unknown zone.
    pub fn new(local: Date, zone: &str) -> Result<Self> {
        let begin_of = |day: Date| day.in_tz(zone).map(|begin| begin.timestamp()).map_err(out_of_calendar);
        let zone_name = zone_name(zone).map_err(|e| {
            Error::usage(format!("{TZ} {zone:?} is no time zone"))
                .because(e)
                .help("write it as Asia/Tokyo or Europe/Berlin")
        })?;
        let start = begin_of(local)?;
        let end = begin_of(local.tomorrow().map_err(out_of_calendar)?)?;
        Ok(Self { zone: zone_name, start, end })
    }

    /// Returns the UTC days that it touches, if it went on for `longer`.
    ///
    /// # Errors
    /// A usage error at the end of the calendar.
    pub fn days(&self, longer: SignedDuration) -> Result<Days> {
        let last_second = self.end.checked_add(longer).and_then(|end| end.checked_sub(1.second()));
        Days::range(utc_date(self.start), utc_date(last_second.map_err(out_of_calendar)?))
    }
}

/// Returns the name of a time zone as the time zone database writes it.
///
/// # Errors
/// A message if there is none of this name.
pub fn zone_name(zone: &str) -> Result<String, jiff::Error> {
    Ok(TimeZone::get(zone)?.iana_name().unwrap_or(zone).to_owned())
}

/// Returns the UTC date now.
pub fn today() -> Date {
    utc_date(Timestamp::now())
}

/// Returns the time now as `2026-01-15T06:00:00Z`.
pub fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// Returns the minutes since 1970.
pub fn minute_now() -> i64 {
    Timestamp::now().as_second().div_euclid(60)
}

/// Returns how long ago a time of [`now`] was; negative if it lies ahead, `None` if it is none.
pub fn seconds_since(time: &str) -> Option<f64> {
    let time: Timestamp = time.parse().ok()?;
    Some(Timestamp::now().duration_since(time).as_secs_f64())
}

/// Parses a UTC day such as `2026-01-15`.
///
/// # Errors
/// A message for the person who typed it.
pub fn parse_day(text: &str) -> Result<Date, String> {
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    match text.parse() {
        Ok(day) if well_formed => Ok(day),
        _ => Err("not a day: write it as 2026-01-15".to_owned()),
    }
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

fn out_of_calendar(e: jiff::Error) -> Error {
    Error::usage("this day lies outside the calendar").because(e)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn these(days: &Days) -> Vec<String> {
        match days {
            Days::All => vec!["all".to_owned()],
            Days::These(days) => days.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn looks_back_over_complete_days() {
        assert_eq!(these(&Days::lookback(date(2026, 1, 2), 3).unwrap()), ["2025-12-30", "2025-12-31", "2026-01-01"]);
        assert!(Days::lookback(date(2026, 1, 2), 0).is_err());
        assert!(Days::lookback(date(2026, 1, 2), u32::MAX).is_err());
    }

    #[test]
    fn a_day_in_tokyo_touches_two_utc_days() {
        let days = Days::of_local_day(date(2026, 1, 15), "Asia/Tokyo").unwrap();
        assert_eq!(these(&days), ["2026-01-14", "2026-01-15"]);
        assert_eq!(these(&Days::of_local_day(date(2026, 1, 15), "UTC").unwrap()), ["2026-01-15"]);
        assert!(Days::of_local_day(date(2026, 1, 15), "Mars/Olympus").is_err());
    }

    #[test]
    fn a_local_day_has_as_many_hours_as_its_zone_says() {
        let hours = |day, zone| {
            let local = LocalDay::new(day, zone).unwrap();
            (local.end.duration_since(local.start).as_hours(), local.zone)
        };
        assert_eq!(hours(date(2026, 1, 15), "asia/tokyo"), (24, "Asia/Tokyo".to_owned()));
        assert_eq!(hours(date(2026, 3, 29), "Europe/Berlin").0, 23);
        assert_eq!(hours(date(2026, 10, 25), "Europe/Berlin").0, 25);
        let utc = LocalDay::new(date(2026, 1, 15), "UTC").unwrap();
        assert_eq!(these(&utc.days(SignedDuration::from_secs(1)).unwrap()), ["2026-01-15", "2026-01-16"]);
    }

    #[test]
    fn refuses_what_cannot_be() {
        assert!(Days::range(date(2026, 1, 2), date(2026, 1, 1)).is_err());
        let days = Days::range(date(2026, 1, 1), date(2026, 1, 3)).unwrap();
        assert!(days.clone().refuse_future(date(2026, 1, 3)).is_ok());
        assert!(days.refuse_future(date(2026, 1, 2)).unwrap_err().to_string().contains("2026-01-03 is in the future"));
        for bad in ["2026-1-5", "2026-02-30", "20260115", "yesterday", "2026-01-15T00"] {
            assert!(parse_day(bad).is_err(), "{bad}");
        }
    }
}
