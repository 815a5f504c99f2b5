//! Intervals: so many times one, `parse_duration`, `human_readable_seconds`, `to_milliseconds`.
//!
//! <https://trino.io/docs/current/functions/datetime.html>

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::{Result, exec_datafusion_err};

use super::number::number;
use super::text::each;
use super::{Fun, is_text, texts};

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

const DAY_MILLIS: i64 = 86_400_000;

/// The functions.
pub const FUNS: &[Fun] = &[
    // What `INTERVAL '2' DAY * 3` is written as.
    Fun {
        name: "interval_times",
        usage: "INTERVAL '2' DAY * 3",
        takes: |types| match types {
            [DataType::Interval(_), count] if number(count).is_some() => Some(vec![INTERVAL, DataType::Float64]),
            _ => None,
        },
        gives: |_, _| Ok(INTERVAL),
        run: |columns, _| {
            let intervals = columns[0].as_primitive::<IntervalMonthDayNanoType>().iter();
            let pairs = intervals.zip(columns[1].as_primitive::<Float64Type>().iter());
            let times = pairs.map(|(interval, times)| match (interval, times) {
                (Some(interval), Some(times)) => multiplied(interval, times).map(Some),
                _ => Ok(None),
            });
            Ok(Arc::new(times.collect::<Result<IntervalMonthDayNanoArray>>()?))
        },
    },
    Fun {
        name: "parse_duration",
        usage: "parse_duration('42.5m')",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(INTERVAL),
        run: |columns, _| {
            let parsed = texts(&columns[0])?.into_iter().map(|text| text.map(duration).transpose());
            Ok(Arc::new(parsed.collect::<Result<IntervalMonthDayNanoArray>>()?))
        },
    },
    Fun {
        name: "to_milliseconds",
        usage: "to_milliseconds(interval)",
        takes: |types| matches!(types, [DataType::Interval(_)]).then(|| vec![INTERVAL]),
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            let millis = columns[0].as_primitive::<IntervalMonthDayNanoType>().iter();
            Ok(Arc::new(millis.map(|interval| interval.map(millis_of)).collect::<Int64Array>()))
        },
    },
    Fun {
        name: "human_readable_seconds",
        usage: "human_readable_seconds(number)",
        takes: |types| matches!(types, [one] if number(one).is_some()).then(|| vec![DataType::Float64]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let shown =
                columns[0].as_primitive::<Float64Type>().iter().map(|seconds| seconds.map(readable).transpose());
            each(shown.collect::<Result<Vec<_>>>()?.into_iter())
        },
    },
];

fn millis_of(interval: IntervalMonthDayNano) -> i64 {
    i64::from(interval.days) * DAY_MILLIS + interval.nanoseconds / 1_000_000
}

/// Returns days and the rest of milliseconds.
fn of_millis(months: i32, millis: i64) -> Result<IntervalMonthDayNano> {
    let days = i32::try_from(millis / DAY_MILLIS).map_err(|_| exec_datafusion_err!("an interval is out of range"))?;
    Ok(IntervalMonthDayNano::new(months, days, millis % DAY_MILLIS * 1_000_000))
}

fn multiplied(interval: IntervalMonthDayNano, times: f64) -> Result<IntervalMonthDayNano> {
    let (months, millis) = (f64::from(interval.months) * times, millis_of(interval) as f64 * times);
    let fits = months.abs() <= f64::from(i32::MAX) && millis.abs() < i64::MAX as f64;
    match fits {
        // What is no whole month or millisecond is cut, as Java does.
        true => of_millis(months as i32, millis as i64),
        false => Err(exec_datafusion_err!("an interval is out of range")),
    }
}

/// Reads `42.5m`: a number and its unit, of nanoseconds to days.
fn duration(text: &str) -> Result<IntervalMonthDayNano> {
    let wrong = || exec_datafusion_err!("duration is not a valid data duration string: {text}");
    let trimmed = text.trim();
    let at = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (digits, unit) = trimmed.split_at(at);
    let count: f64 = digits.parse().map_err(|_| wrong())?;
    let millis = match unit.trim() {
        "ns" => 1e-6,
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 6e4,
        "h" => 36e5,
        "d" => 864e5,
        _ => return Err(wrong()),
    };
    let millis = (count * millis).round();
    if millis < i64::MAX as f64 { of_millis(0, millis as i64) } else { Err(wrong()) }
}

/// Writes seconds as weeks to seconds: `1 minute, 36 seconds`.
fn readable(seconds: f64) -> Result<String> {
    if !seconds.is_finite() || seconds.abs() >= i64::MAX as f64 {
        return Err(exec_datafusion_err!("invalid argument found: {}", crate::answer::shown_double(seconds)));
    }
    let mut rest = seconds.round().abs() as i64;
    let mut parts = Vec::new();
    for (unit, length) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
        let count = rest / length;
        rest %= length;
        if count > 0 || unit == "second" && parts.is_empty() {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    Ok(parts.join(", "))
}
