//! Times: `from_unixtime` and its kin, with Trino's types and MySQL's patterns.
//!
//! Times have milliseconds, with a zone or without one, as Trino's `timestamp(3)`. The session's zone is UTC.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Builder, Float64Builder, Int64Builder, StringViewBuilder, TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::{Fun, is_number, is_text, texts};

const PLAIN: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

/// The functions.
pub const FUNS: &[Fun] = &[
    Fun {
        name: "from_unixtime",
        usage: "from_unixtime(seconds) or from_unixtime(seconds, 'Asia/Tokyo')",
        takes: |types| {
            let seconds =
                |t: &DataType| if t.is_floating() || t.is_decimal() { DataType::Float64 } else { DataType::Int64 };
            match types {
                [number] if is_number(number) => Some(vec![seconds(number)]),
                // A constant decides the type of the answer, and must not be hidden by a cast.
                [number, hours, minutes] if [number, hours, minutes].into_iter().all(is_number) => {
                    Some(vec![seconds(number), hours.clone(), minutes.clone()])
                }
                [number, zone] if is_number(number) && is_text(zone) => Some(vec![seconds(number), zone.clone()]),
                _ => None,
            }
        },
        gives: |types, constants| match types.len() {
            1 => Ok(zoned("UTC")),
            3 => Ok(zoned(&offset_of(constants)?)),
            _ => Ok(zoned(&zone_of(constants)?)),
        },
        run: |columns, gives| {
            let millis: Vec<Option<i64>> = match columns[0].data_type() {
                DataType::Float64 => columns[0]
                    .as_primitive::<Float64Type>()
                    .iter()
                    .map(|seconds| seconds.map(|seconds| (seconds * 1e3).round() as i64))
                    .collect(),
                _ => {
                    let millis = |seconds: i64| {
                        let millis = seconds.checked_mul(1_000);
                        millis.ok_or_else(|| exec_datafusion_err!("{seconds} seconds are out of range"))
                    };
                    let seconds = columns[0].as_primitive::<Int64Type>().iter();
                    seconds.map(|seconds| seconds.map(millis).transpose()).collect::<Result<_>>()?
                }
            };
            times(millis, gives)
        },
    },
    Fun {
        name: "to_unixtime",
        usage: "to_unixtime(time)",
        takes: |types| time_and(types, &[]),
        gives: |_, _| Ok(DataType::Float64),
        run: |columns, _| {
            let mut builder = Float64Builder::new();
            instants(&columns[0])?.for_each(|millis| builder.append_option(millis.map(|millis| millis as f64 / 1e3)));
            Ok(Arc::new(builder.finish()))
        },
    },
    Fun {
        name: "at_timezone",
        usage: "at_timezone(time, 'Asia/Tokyo') or time AT TIME ZONE 'Asia/Tokyo'",
        takes: |types| time_and(types, &[is_text]),
        gives: |_, constants| Ok(zoned(&zone_of(constants)?)),
        run: |columns, gives| times(instants(&columns[0])?.collect(), gives),
    },
    Fun {
        name: "with_timezone",
        usage: "with_timezone(time, 'Asia/Tokyo'), of a time without a zone",
        takes: |types| match types {
            [DataType::Timestamp(_, Some(_)), _] => None,
            _ => time_and(types, &[is_text]),
        },
        gives: |_, constants| Ok(zoned(&zone_of(constants)?)),
        run: |columns, gives| {
            let zone = zone_in(gives)?;
            let there = |millis: i64| {
                let time = zone.to_ambiguous_timestamp(civil(millis)?).compatible();
                time.map(Timestamp::as_millisecond).map_err(|e| exec_datafusion_err!("with_timezone: {e}"))
            };
            times(
                local(&columns[0])?.into_iter().map(|millis| millis.map(there).transpose()).collect::<Result<_>>()?,
                gives,
            )
        },
    },
    Fun {
        name: "timestamp_of",
        usage: "CAST(text AS timestamp), or from_unixtime(number)",
        takes: |types| match types {
            [text] if is_text(text) => Some(vec![DataType::Utf8View]),
            _ => time_and(types, &[]),
        },
        gives: |_, _| Ok(PLAIN),
        run: |columns, _| match columns[0].data_type() {
            DataType::Utf8View => parsed_times(&columns[0]),
            _ => times(local(&columns[0])?, &PLAIN),
        },
    },
    Fun {
        name: "timestamp_literal",
        usage: "TIMESTAMP '2026-01-15 00:00:00' or TIMESTAMP '2026-01-15 00:00:00 Asia/Tokyo'",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| types.to_vec()),
        gives: |_, constants| match constants {
            [Some(text)] => match text.try_as_str().flatten().map(literal).transpose()? {
                Some((_, Some(zone))) => Ok(zoned(&zone)),
                _ => Ok(PLAIN),
            },
            _ => Ok(PLAIN),
        },
        run: |columns, gives| times(literals(&columns[0])?, gives),
    },
    Fun {
        name: "instant_of",
        usage: "CAST(value AS timestamp with time zone)",
        takes: |types| match types {
            [text] if is_text(text) => Some(types.to_vec()),
            _ => time_and(types, &[]),
        },
        // Its type has one zone: that of a constant or of the time it is made of, or UTC.
        gives: |types, constants| match (types, constants) {
            ([DataType::Timestamp(_, Some(zone))], _) => Ok(zoned(zone)),
            // What is no time fails when it is computed, or is NULL within TRY.
            (_, [Some(text)]) => match text.try_as_str().flatten().map(literal) {
                Some(Ok((_, Some(zone)))) => Ok(zoned(&zone)),
                _ => Ok(zoned("UTC")),
            },
            _ => Ok(zoned("UTC")),
        },
        run: |columns, gives| match is_text(columns[0].data_type()) {
            true => times(literals(&columns[0])?, gives),
            false => times(instants(&columns[0])?.collect(), gives),
        },
    },
    Fun {
        name: "date_of",
        usage: "CAST(text AS date), or date(from_unixtime(number))",
        takes: |types| match types {
            [text] if is_text(text) => Some(vec![DataType::Utf8View]),
            _ => time_and(types, &[]),
        },
        gives: |_, _| Ok(DataType::Date32),
        run: |columns, _| {
            if *columns[0].data_type() == DataType::Utf8View {
                let values = texts(&columns[0])?.into_iter();
                let days = values.map(|text| text.map(day).transpose()).collect::<Result<_>>()?;
                return Ok(cast(&times(days, &PLAIN)?, &DataType::Date32)?);
            }
            let mut builder = Date32Builder::new();
            for millis in local(&columns[0])? {
                builder.append_option(millis.map(|millis| millis.div_euclid(86_400_000) as i32));
            }
            Ok(Arc::new(builder.finish()))
        },
    },
    Fun {
        name: "date_format",
        usage: "date_format(time, '%Y-%m-%d %H:%i:%s')",
        takes: |types| time_and(types, &[is_text]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            let patterns = texts(&columns[1])?;
            let mut builder = StringViewBuilder::new();
            for (millis, pattern) in local(&columns[0])?.into_iter().zip(patterns) {
                match millis.zip(pattern) {
                    Some((millis, pattern)) => builder.append_value(formatted(civil(millis)?, pattern)?),
                    None => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        },
    },
    Fun {
        name: "date_parse",
        usage: "date_parse('2026-01-15 05:00', '%Y-%m-%d %H:%i')",
        takes: |types| match types {
            [text, pattern] if is_text(text) && is_text(pattern) => Some(vec![DataType::Utf8View, DataType::Utf8View]),
            _ => None,
        },
        gives: |_, _| Ok(PLAIN),
        run: |columns, gives| {
            let values = texts(&columns[0])?.into_iter().zip(texts(&columns[1])?);
            let parse = |(text, pattern): (Option<&str>, Option<&str>)| {
                text.zip(pattern).map(|(text, pattern)| read(text, pattern)).transpose()
            };
            times(values.map(parse).collect::<Result<_>>()?, gives)
        },
    },
    Fun {
        name: "date_add",
        usage: "date_add('hour', 1, time)",
        takes: |types| match types {
            [unit, number, DataType::Date32] if is_text(unit) && is_number(number) => {
                Some(vec![DataType::Utf8View, DataType::Int64, DataType::Date32])
            }
            [unit, number, time] if is_text(unit) && is_number(number) => {
                Some([vec![DataType::Utf8View, DataType::Int64], time_and(std::slice::from_ref(time), &[])?].concat())
            }
            _ => None,
        },
        gives: |types, _| Ok(types[2].clone()),
        run: |columns, gives| {
            let (units, numbers) = (texts(&columns[0])?, columns[1].as_primitive::<Int64Type>());
            // Days and months are those of the time's zone, as it is shown.
            let zone = zone_in(columns[2].data_type())?;
            let is_date = *gives == DataType::Date32;
            let from = if is_date { cast(&columns[2], &PLAIN)? } else { Arc::clone(&columns[2]) };
            let mut moved = Vec::with_capacity(units.len());
            for ((unit, number), millis) in units.into_iter().zip(numbers).zip(local(&from)?) {
                let (Some(unit), Some(number), Some(millis)) = (unit, number, millis) else {
                    moved.push(None);
                    continue;
                };
                let wrong = |e: jiff::Error| exec_datafusion_err!("date_add: {e}");
                if is_date && matches!(unit.to_lowercase().as_str(), "hour" | "minute" | "second" | "millisecond") {
                    return Err(exec_datafusion_err!("{unit:?} is no unit of a date: CAST it AS timestamp first"));
                }
                let time = civil(millis)?.checked_add(span(unit, number)?).map_err(wrong)?;
                moved.push(Some(zone.to_ambiguous_timestamp(time).compatible().map_err(wrong)?.as_millisecond()));
            }
            match is_date {
                true => Ok(cast(&times(moved, &PLAIN)?, gives)?),
                false => times(moved, gives),
            }
        },
    },
    Fun {
        name: "date_trunc",
        usage: "date_trunc('hour', time)",
        takes: |types| match types {
            [unit, DataType::Date32] if is_text(unit) => Some(vec![DataType::Utf8View, DataType::Date32]),
            [unit, time] if is_text(unit) => {
                Some([vec![DataType::Utf8View], time_and(std::slice::from_ref(time), &[])?].concat())
            }
            _ => None,
        },
        gives: |types, _| Ok(types[1].clone()),
        run: |columns, gives| {
            let units = texts(&columns[0])?;
            let (is_date, zone) = (*gives == DataType::Date32, zone_in(gives)?);
            let times_of_day = if is_date { cast(&columns[1], &PLAIN)? } else { Arc::clone(&columns[1]) };
            let mut cut = Vec::with_capacity(units.len());
            for (unit, millis) in units.into_iter().zip(local(&times_of_day)?) {
                let (Some(unit), Some(millis)) = (unit, millis) else {
                    cut.push(None);
                    continue;
                };
                let time = truncated(civil(millis)?, unit, is_date)?;
                let wrong = |e: jiff::Error| exec_datafusion_err!("date_trunc: {e}");
                cut.push(Some(zone.to_ambiguous_timestamp(time).compatible().map_err(wrong)?.as_millisecond()));
            }
            let cut = times(cut, if is_date { &PLAIN } else { gives })?;
            Ok(if is_date { cast(&cut, gives)? } else { cut })
        },
    },
    Fun {
        name: "last_day_of_month",
        usage: "last_day_of_month(time)",
        takes: |types| time_and(types, &[]),
        gives: |_, _| Ok(DataType::Date32),
        run: |columns, gives| {
            let last = |millis: i64| millis_of(civil(millis)?.last_of_month());
            let days =
                local(&columns[0])?.into_iter().map(|millis| millis.map(last).transpose()).collect::<Result<_>>()?;
            Ok(cast(&times(days, &PLAIN)?, gives)?)
        },
    },
    Fun {
        name: "to_iso8601",
        usage: "to_iso8601(time)",
        takes: |types| match types {
            [DataType::Date32] => Some(vec![DataType::Date32]),
            _ => time_and(types, &[]),
        },
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| {
            if *columns[0].data_type() == DataType::Date32 {
                return Ok(cast(&columns[0], &DataType::Utf8View)?);
            }
            let zone = match columns[0].data_type() {
                DataType::Timestamp(_, Some(_)) => Some(zone_in(columns[0].data_type())?),
                _ => None,
            };
            let mut builder = StringViewBuilder::new();
            for (here, there) in local(&columns[0])?.into_iter().zip(instants(&columns[0])?) {
                let (Some(here), Some(there)) = (here, there) else {
                    builder.append_null();
                    continue;
                };
                let mut text = civil(here)?.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string();
                if let Some(zone) = &zone {
                    let time = Timestamp::from_millisecond(there).map_err(|e| exec_datafusion_err!("{e}"))?;
                    let minutes = zone.to_offset(time).seconds() / 60;
                    let sign = if minutes < 0 { '-' } else { '+' };
                    // Writing into a String cannot fail.
                    let _ = match minutes.abs() {
                        0 => write!(text, "Z"),
                        minutes => write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60),
                    };
                }
                builder.append_value(text);
            }
            Ok(Arc::new(builder.finish()))
        },
    },
    Fun {
        name: "from_iso8601_timestamp",
        usage: "from_iso8601_timestamp('2026-01-15T05:06:07Z')",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| types.to_vec()),
        // Its type has one zone: that of a constant, or UTC.
        gives: |_, constants| match constants {
            [Some(text)] => match text.try_as_str().flatten().map(iso8601).transpose()? {
                Some((_, Some(zone))) => Ok(zoned(&zone)),
                _ => Ok(zoned("UTC")),
            },
            _ => Ok(zoned("UTC")),
        },
        run: |columns, gives| {
            let values = texts(&columns[0])?.into_iter();
            times(
                values
                    .map(|text| Ok(text.map(iso8601).transpose()?.map(|(millis, _)| millis)))
                    .collect::<Result<_>>()?,
                gives,
            )
        },
    },
    Fun {
        name: "from_iso8601_date",
        usage: "from_iso8601_date('2026-01-15')",
        takes: |types| matches!(types, [text] if is_text(text)).then(|| vec![DataType::Utf8View]),
        gives: |_, _| Ok(DataType::Date32),
        run: |columns, gives| {
            let values = texts(&columns[0])?.into_iter();
            let days = values.map(|text| text.map(iso8601_date).transpose()).collect::<Result<_>>()?;
            Ok(cast(&times(days, &PLAIN)?, gives)?)
        },
    },
    Fun {
        name: "date_diff",
        usage: "date_diff('minute', earlier, later)",
        takes: |types| match types {
            [unit, from, to] if is_text(unit) => {
                let of = |t: &DataType| time_and(std::slice::from_ref(t), &[]);
                Some([vec![DataType::Utf8View], of(from)?, of(to)?].concat())
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Int64),
        run: |columns, _| {
            let units = texts(&columns[0])?;
            let mut builder = Int64Builder::new();
            let clock = instants(&columns[1])?.zip(instants(&columns[2])?);
            // Whole days and months are those of calendars.
            let calendar = local(&columns[1])?.into_iter().zip(local(&columns[2])?);
            for (unit, (clock, calendar)) in units.into_iter().zip(clock.zip(calendar)) {
                let (Some(unit), (Some(from), Some(to)), (Some(first), Some(last))) = (unit, clock, calendar) else {
                    builder.append_null();
                    continue;
                };
                let unit = unit.to_lowercase();
                builder.append_value(match unit.as_str() {
                    "day" | "week" | "month" | "quarter" | "year" => difference(&unit, first, last)?,
                    _ => difference(&unit, from, to)?,
                });
            }
            Ok(Arc::new(builder.finish()))
        },
    },
];

pub fn zoned(zone: &str) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some(zone.into()))
}

/// Returns the types of a time, and of what stands beside it.
pub fn time_and(types: &[DataType], others: &[fn(&DataType) -> bool]) -> Option<Vec<DataType>> {
    let (first, rest) = types.split_first()?;
    let time = match first {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        DataType::Date32 | DataType::Date64 | DataType::Null => PLAIN,
        _ => return None,
    };
    let fits = rest.len() == others.len() && rest.iter().zip(others).all(|(data_type, is)| is(data_type));
    fits.then(|| [vec![time], rest.to_vec()].concat())
}

/// Returns the zone that the second argument names; it decides a type, so it must be a constant.
fn zone_of(constants: &[Option<&ScalarValue>]) -> Result<String> {
    let zone = constants.get(1).copied().flatten().and_then(|zone| zone.try_as_str().flatten());
    let zone = zone.ok_or_else(|| plan_datafusion_err!("a time zone must be a text, such as 'Asia/Tokyo'"))?;
    zone_named(zone)?;
    Ok(zone.to_owned())
}

/// Returns the zone that hours and minutes as second and third argument name.
fn offset_of(constants: &[Option<&ScalarValue>]) -> Result<String> {
    let number = |at: usize| match constants.get(at).copied().flatten() {
        Some(ScalarValue::Int64(Some(number))) => Ok(*number),
        Some(ScalarValue::Int32(Some(number))) => Ok(i64::from(*number)),
        _ => Err(plan_datafusion_err!("hours and minutes of a zone must be numbers, such as 5, 30")),
    };
    let minutes = number(1)? * 60 + number(2)?;
    let sign = if minutes < 0 { '-' } else { '+' };
    let zone = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    zone_named(&zone)?;
    Ok(zone)
}

fn zone_named(name: &str) -> Result<TimeZone> {
    if let Some(zone) = offset(name) {
        return Ok(zone);
    }
    TimeZone::get(name)
        .map_err(|_| plan_datafusion_err!("{name:?} is no time zone such as 'Asia/Tokyo', 'UTC' or '+09:00'"))
}

/// Reads `+09:00`, as Arrow and Trino write zones without a name.
fn offset(name: &str) -> Option<TimeZone> {
    let (sign, rest) = match name.as_bytes().first()? {
        b'+' => (1, &name[1..]),
        b'-' => (-1, &name[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = sign * (hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60);
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

pub fn zone_in(data_type: &DataType) -> Result<TimeZone> {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => zone_named(zone),
        _ => Ok(TimeZone::UTC),
    }
}

pub fn times(millis: Vec<Option<i64>>, data_type: &DataType) -> Result<ArrayRef> {
    Ok(Arc::new(TimestampMillisecondArray::from(millis).with_data_type(data_type.clone())))
}

/// Returns milliseconds since 1970 in UTC; a time without a zone is UTC.
pub fn instants(column: &ArrayRef) -> Result<impl Iterator<Item = Option<i64>> + '_> {
    let column = column.as_primitive_opt::<TimestampMillisecondType>();
    Ok(column.ok_or_else(|| exec_datafusion_err!("this is no time"))?.iter())
}

/// Returns what clocks of the column's zone show, as if it were UTC.
pub fn local(column: &ArrayRef) -> Result<Vec<Option<i64>>> {
    let zone = zone_in(column.data_type())?;
    let here = |millis: i64| {
        let time = Timestamp::from_millisecond(millis).map_err(|e| exec_datafusion_err!("{e}"))?;
        Ok(millis + i64::from(zone.to_offset(time).seconds()) * 1_000)
    };
    instants(column)?.map(|millis| millis.map(here).transpose()).collect()
}

pub fn civil(millis: i64) -> Result<DateTime> {
    let time = Timestamp::from_millisecond(millis).map_err(|e| exec_datafusion_err!("{e}"))?;
    Ok(TimeZone::UTC.to_datetime(time))
}

fn millis_of(time: DateTime) -> Result<i64> {
    let time = TimeZone::UTC.to_timestamp(time).map_err(|e| exec_datafusion_err!("{e}"))?;
    Ok(time.as_millisecond())
}

/// Returns a time of any unit as Athena shows it: `2026-01-15 00:00:00.000 UTC`; `None` for NULL.
///
/// # Errors
/// When it is no time, or its zone is unknown.
pub fn shown_timestamp(column: &ArrayRef, row: usize) -> Result<Option<String>> {
    let DataType::Timestamp(_, zone) = column.data_type() else {
        return Err(exec_datafusion_err!("this is no time"));
    };
    let one = cast(&column.slice(row, 1), &DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))?;
    let Some(Some(millis)) = local(&one)?.first().copied() else { return Ok(None) };
    let mut text = civil(millis)?.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string();
    if let Some(zone) = zone {
        text.push(' ');
        text.push_str(if &**zone == "+00:00" { "UTC" } else { zone });
    }
    Ok(Some(text))
}

fn parsed_times(column: &ArrayRef) -> Result<ArrayRef> {
    let values = texts(column)?.into_iter();
    // What a zone's clock showed is kept, as Trino does.
    let shown = |text: &str| -> Result<i64> {
        let (millis, zone) = literal(text)?;
        let Some(zone) = zone else { return Ok(millis) };
        let time = Timestamp::from_millisecond(millis).map_err(|e| exec_datafusion_err!("{e}"))?;
        Ok(millis + i64::from(zone_named(&zone)?.to_offset(time).seconds()) * 1_000)
    };
    times(values.map(|text| text.map(shown).transpose()).collect::<Result<_>>()?, &PLAIN)
}

/// Returns the instants that texts name as times are written in statements.
fn literals(column: &ArrayRef) -> Result<Vec<Option<i64>>> {
    let instant = |text: Option<&str>| Ok(text.map(literal).transpose()?.map(|(millis, _)| millis));
    texts(column)?.into_iter().map(instant).collect()
}

/// Reads `2026-01-15[ 05:00[:00[.000]]][ zone]`: milliseconds in UTC, and the zone.
fn literal(text: &str) -> Result<(i64, Option<String>)> {
    let wrong = || {
        exec_datafusion_err!("{text:?} is no time such as '2026-01-15 05:00:00' or '2026-01-15 05:00:00 Asia/Tokyo'")
    };
    let text = text.trim();
    let (date, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (clock, zone) = match rest.trim().split_once(' ') {
        Some((clock, zone)) => (clock, Some(zone.trim())),
        None => (rest.trim(), None),
    };
    let clock = match clock.matches(':').count() {
        0 if clock.is_empty() => "00:00:00".to_owned(),
        1 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let time: DateTime = format!("{date}T{clock}").parse().map_err(|_| wrong())?;
    match zone {
        None => Ok((millis_of(time)?, None)),
        Some(zone) => {
            let zoned = zone_named(zone)?.to_ambiguous_timestamp(time).compatible().map_err(|_| wrong())?;
            Ok((zoned.as_millisecond(), Some(zone.to_owned())))
        }
    }
}

/// Writes a time by a pattern of MySQL's (<https://trino.io/docs/current/functions/datetime.html>).
fn formatted(time: DateTime, pattern: &str) -> Result<String> {
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let hour12 = (time.hour() + 11) % 12 + 1;
        let half = if time.hour() < 12 { "AM" } else { "PM" };
        // Writing into a String cannot fail.
        let _ = match letters.next() {
            Some('Y') => write!(text, "{:04}", time.year()),
            Some('y') => write!(text, "{:02}", time.year().rem_euclid(100)),
            Some('m') => write!(text, "{:02}", time.month()),
            Some('c') => write!(text, "{}", time.month()),
            Some('d') => write!(text, "{:02}", time.day()),
            Some('e') => write!(text, "{}", time.day()),
            Some('H') => write!(text, "{:02}", time.hour()),
            Some('k') => write!(text, "{}", time.hour()),
            Some('h' | 'I') => write!(text, "{hour12:02}"),
            Some('l') => write!(text, "{hour12}"),
            Some('i') => write!(text, "{:02}", time.minute()),
            Some('s' | 'S') => write!(text, "{:02}", time.second()),
            Some('f') => write!(text, "{:06}", time.subsec_nanosecond() / 1_000),
            Some('p') => write!(text, "{half}"),
            Some('T') => write!(text, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()),
            Some('r') => write!(text, "{hour12:02}:{:02}:{:02} {half}", time.minute(), time.second()),
            Some('j') => write!(text, "{:03}", time.day_of_year()),
            Some('v') => write!(text, "{:02}", time.date().iso_week_date().week()),
            Some('x') => write!(text, "{:04}", time.date().iso_week_date().year()),
            Some('M') => write!(text, "{}", time.strftime("%B")),
            Some('b') => write!(text, "{}", time.strftime("%b")),
            Some('W') => write!(text, "{}", time.strftime("%A")),
            Some('a') => write!(text, "{}", time.strftime("%a")),
            Some(other) if !other.is_ascii_alphabetic() => write!(text, "{other}"),
            other => {
                let letter = other.map(String::from).unwrap_or_default();
                return Err(exec_datafusion_err!(
                    "date_format knows no %{letter}: Athena does not either, or write it otherwise"
                ));
            }
        };
    }
    Ok(text)
}

/// Reads a time by a pattern of MySQL's.
fn read(text: &str, pattern: &str) -> Result<i64> {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            translated.push(letter);
            continue;
        }
        translated.push_str(match letters.next() {
            Some('Y') => "%Y",
            Some('y') => "%y",
            Some('m' | 'c') => "%m",
            Some('d' | 'e') => "%d",
            Some('H' | 'k') => "%H",
            Some('h' | 'I' | 'l') => "%I",
            Some('i') => "%M",
            Some('s' | 'S') => "%S",
            Some('f') => "%f",
            Some('p') => "%p",
            Some('T') => "%H:%M:%S",
            Some('M') => "%B",
            Some('b') => "%b",
            Some('j') => "%j",
            Some('%') => "%%",
            other => {
                let letter = other.map(String::from).unwrap_or_default();
                return Err(exec_datafusion_err!("date_parse knows no %{letter}"));
            }
        });
    }
    let wrong = |e: jiff::Error| exec_datafusion_err!("date_parse: {text:?} does not fit {pattern:?}: {e}");
    let mut broken = jiff::fmt::strtime::parse(&translated, text).map_err(wrong)?;
    // What a pattern does not name is that of the first millisecond of 1970.
    let first = |part: Option<i8>, least: i8| Some(part.unwrap_or(least));
    broken.set_year(Some(broken.year().unwrap_or(1970))).map_err(wrong)?;
    if broken.day_of_year().is_none() {
        broken.set_month(first(broken.month(), 1)).map_err(wrong)?;
        broken.set_day(first(broken.day(), 1)).map_err(wrong)?;
    }
    broken.set_hour(first(broken.hour(), 0)).map_err(wrong)?;
    broken.set_minute(first(broken.minute(), 0)).map_err(wrong)?;
    broken.set_second(first(broken.second(), 0)).map_err(wrong)?;
    millis_of(broken.to_datetime().map_err(wrong)?)
}

/// Cuts what is smaller than a unit off a time.
fn truncated(time: DateTime, unit: &str, is_date: bool) -> Result<DateTime> {
    let date = time.date();
    let first =
        |month: i8| jiff::civil::Date::new(date.year(), month, 1).map_err(|e| exec_datafusion_err!("date_trunc: {e}"));
    let clock = |hour, minute, second| date.at(hour, minute, second, 0);
    Ok(match unit.to_lowercase().as_str() {
        "millisecond" if !is_date => time,
        "second" if !is_date => clock(time.hour(), time.minute(), time.second()),
        "minute" if !is_date => clock(time.hour(), time.minute(), 0),
        "hour" if !is_date => clock(time.hour(), 0, 0),
        "day" => clock(0, 0, 0),
        "week" => {
            let days = i64::from(date.weekday().to_monday_zero_offset());
            let monday =
                date.checked_sub(Span::new().days(days)).map_err(|e| exec_datafusion_err!("date_trunc: {e}"))?;
            monday.at(0, 0, 0, 0)
        }
        "month" => first(date.month())?.at(0, 0, 0, 0),
        "quarter" => first((date.month() - 1) / 3 * 3 + 1)?.at(0, 0, 0, 0),
        "year" => first(1)?.at(0, 0, 0, 0),
        other if is_date => {
            return Err(exec_datafusion_err!("{other:?} is no unit of a date such as 'day' or 'month'"));
        }
        other => return Err(exec_datafusion_err!("{other:?} is no unit such as 'hour' or 'day'")),
    })
}

/// Reads `2026-01-15[T05:06[:07[.123]][Z or +09:00]]`: milliseconds in UTC, and the zone.
fn iso8601(text: &str) -> Result<(i64, Option<String>)> {
    let wrong = || exec_datafusion_err!("{text:?} is no time such as '2026-01-15T05:06:07Z'");
    let (date, rest) = text.split_once('T').unwrap_or((text, ""));
    let at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(at);
    let clock = match clock.matches(':').count() {
        0 if clock.is_empty() => "00:00:00".to_owned(),
        0 => format!("{clock}:00:00"),
        1 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let date = match date.matches('-').count() {
        0 => format!("{date}-01-01"),
        1 if !date.contains('W') => format!("{date}-01"),
        _ => date.to_owned(),
    };
    let zone = match zone {
        "" | "Z" => None,
        zone if zone.contains(':') => Some(zone.to_owned()),
        zone => Some(format!(
            "{}:{}",
            zone.get(..3).ok_or_else(wrong)?,
            zone.get(3..).filter(|m| !m.is_empty()).unwrap_or("00")
        )),
    };
    let time: DateTime = format!("{date}T{clock}").parse().map_err(|_| wrong())?;
    let offset = match &zone {
        Some(zone) => offset(zone).ok_or_else(wrong)?,
        None => TimeZone::UTC,
    };
    let there = offset.to_ambiguous_timestamp(time).compatible().map_err(|_| wrong())?;
    Ok((there.as_millisecond(), zone))
}

/// Reads `2026-01-15`, as a cast does.
fn day(text: &str) -> Result<i64> {
    let wrong = || exec_datafusion_err!("{text:?} is no date such as '2026-01-15': TRY_CAST makes NULL of it");
    let parts: Vec<&str> = text.trim().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return Err(wrong()) };
    let (year, month, day) = (year.parse().ok(), month.parse().ok(), day.parse().ok());
    let date =
        year.zip(month).zip(day).and_then(|((y, m), d)| jiff::civil::Date::new(y, m, d).ok()).ok_or_else(wrong)?;
    millis_of(date.at(0, 0, 0, 0))
}

fn iso8601_date(text: &str) -> Result<i64> {
    let date: std::result::Result<jiff::civil::Date, _> = text.parse();
    let date = date.map_err(|_| exec_datafusion_err!("{text:?} is no date such as '2026-01-15'"))?;
    millis_of(date.at(0, 0, 0, 0))
}

fn span(unit: &str, number: i64) -> Result<Span> {
    let span = Span::new();
    let span = match unit.to_lowercase().as_str() {
        "millisecond" => span.try_milliseconds(number),
        "second" => span.try_seconds(number),
        "minute" => span.try_minutes(number),
        "hour" => span.try_hours(number),
        "day" => span.try_days(number),
        "week" => span.try_weeks(number),
        "month" => span.try_months(number),
        "quarter" => span.try_months(number.saturating_mul(3)),
        "year" => span.try_years(number),
        other => return Err(exec_datafusion_err!("{other:?} is no unit such as 'hour' or 'day'")),
    };
    span.map_err(|e| exec_datafusion_err!("date_add: {e}"))
}

/// Returns how many whole units lie between two times.
fn difference(unit: &str, from: i64, to: i64) -> Result<i64> {
    let whole = |millis: i64| Ok((to - from) / millis);
    // As many months as can be added: from the last day of January to that of February it is one.
    let months = || {
        let (from, to) = (civil(from)?, civil(to)?);
        let wrong = |e: jiff::Error| exec_datafusion_err!("date_diff: {e}");
        let whole = i64::from(from.until((jiff::Unit::Month, to)).map_err(wrong)?.get_months());
        let next = whole + if to >= from { 1 } else { -1 };
        let there = from.checked_add(Span::new().try_months(next).map_err(wrong)?).map_err(wrong)?;
        Ok(if (to >= from && there <= to) || (to < from && there >= to) { next } else { whole })
    };
    match unit {
        "millisecond" => whole(1),
        "second" => whole(1_000),
        "minute" => whole(60_000),
        "hour" => whole(3_600_000),
        "day" => whole(86_400_000),
        "week" => whole(7 * 86_400_000),
        "month" => months(),
        "quarter" => Ok(months()? / 3),
        "year" => Ok(months()? / 12),
        other => Err(exec_datafusion_err!("{other:?} is no unit such as 'hour' or 'day'")),
    }
}
