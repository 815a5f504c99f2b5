//! `format_datetime` and `parse_datetime`: times by patterns of Joda-Time, such as `yyyy-MM-dd HH:mm:ss`.
//!
//! <https://trino.io/docs/current/functions/datetime.html#java-date-functions>,
//! <https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html>

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::time::{civil, instants, local, time_and, times, zone_in, zoned};
use super::{Fun, Last, is_text, texts};

/// The functions.
pub const FUNS: &[Fun] = &[
    Fun {
        name: "format_datetime",
        usage: "format_datetime(time, 'yyyy-MM-dd HH:mm:ss')",
        takes: |types| time_and(types, &[is_text]),
        gives: |_, _| Ok(DataType::Utf8View),
        run: |columns, _| formatted(columns),
    },
    Fun {
        name: "parse_datetime",
        usage: "parse_datetime(text, 'yyyy-MM-dd HH:mm:ss')",
        takes: |types| matches!(types, [text, pattern] if is_text(text) && is_text(pattern)).then(|| types.to_vec()),
        // Its type has one zone: that of constants, or UTC.
        gives: |_, constants| {
            let constant =
                |at: usize| constants.get(at).copied().flatten().and_then(|value| value.try_as_str().flatten());
            let offset = match (constant(0), constant(1)) {
                (Some(text), Some(pattern)) => read(text, &pieces(pattern)?, pattern)?.1,
                _ => 0,
            };
            Ok(zoned(&shown_zone(offset)))
        },
        run: |columns, gives| {
            let mut last: Last<Vec<Piece>> = Last::new();
            let mut all = Vec::new();
            for (text, pattern) in texts(&columns[0])?.into_iter().zip(texts(&columns[1])?) {
                let Some((text, pattern)) = text.zip(pattern) else {
                    all.push(None);
                    continue;
                };
                all.push(Some(read(text, last.get(pattern, pieces)?, pattern)?.0));
            }
            times(all, gives)
        },
    },
];

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A letter, and how often it stands there.
    Field(char, usize),
    /// What stands for itself.
    Text(String),
}

impl Piece {
    /// Returns whether it is read from digits.
    fn is_number(&self) -> bool {
        match self {
            Self::Field('M', count) => *count < 3,
            Self::Field(letter, _) => "CYxweyDdKhHkmsS".contains(*letter),
            Self::Text(_) => false,
        }
    }
}

fn pieces(pattern: &str) -> Result<Vec<Piece>> {
    let mut all = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            all.push(Piece::Text(quoted(&mut letters)));
        } else if letter.is_ascii_alphabetic() {
            let mut count = 1;
            while letters.next_if_eq(&letter).is_some() {
                count += 1;
            }
            if !"GCYxweEyDMdaKhHkmsSzZ".contains(letter) {
                return Err(exec_datafusion_err!("illegal pattern component: {letter}"));
            }
            all.push(Piece::Field(letter, count));
        } else {
            all.push(Piece::Text(letter.to_string()));
        }
    }
    Ok(all)
}

/// Returns what stands in quotes; two of them are one.
fn quoted(letters: &mut Peekable<Chars<'_>>) -> String {
    if letters.next_if_eq(&'\'').is_some() {
        return "'".to_owned();
    }
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' if letters.next_if_eq(&'\'').is_none() => break,
            letter => text.push(letter),
        }
    }
    text
}

fn formatted(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let zone = zone_in(columns[0].data_type())?;
    let name = match columns[0].data_type() {
        DataType::Timestamp(_, Some(zone)) => zone.to_string(),
        _ => "UTC".to_owned(),
    };
    let mut last: Last<Vec<Piece>> = Last::new();
    let mut builder = StringViewBuilder::new();
    let rows = local(&columns[0])?.into_iter().zip(instants(&columns[0])?).zip(texts(&columns[1])?);
    for ((here, there), pattern) in rows {
        let (Some(here), Some(there), Some(pattern)) = (here, there, pattern) else {
            builder.append_null();
            continue;
        };
        let instant = Timestamp::from_millisecond(there).map_err(|e| exec_datafusion_err!("{e}"))?;
        let seconds = zone.to_offset(instant).seconds();
        let short = zone.to_offset_info(instant).abbreviation().to_owned();
        let (time, mut text) = (civil(here)?, String::new());
        for piece in last.get(pattern, pieces)? {
            match piece {
                Piece::Text(letters) => text.push_str(letters),
                Piece::Field('z', 1..4) => text.push_str(&short),
                Piece::Field('Z', count) => match count {
                    1 => text.push_str(&shown_offset(seconds, "")),
                    2 => text.push_str(&shown_offset(seconds, ":")),
                    _ => text.push_str(&name),
                },
                Piece::Field(letter, count) => write_field(&mut text, time, *letter, *count)?,
            }
        }
        builder.append_value(text);
    }
    Ok(Arc::new(builder.finish()))
}

fn shown_offset(seconds: i32, between: &str) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60)
}

fn shown_zone(seconds: i32) -> String {
    if seconds == 0 { "UTC".to_owned() } else { shown_offset(seconds, ":") }
}

fn write_field(text: &mut String, time: DateTime, letter: char, count: usize) -> Result<()> {
    let week = || time.date().iso_week_date();
    let year = |year: i16| if count == 2 { i64::from(year).rem_euclid(100) } else { i64::from(year) };
    let number = match letter {
        'G' => {
            text.push_str(if time.year() > 0 { "AD" } else { "BC" });
            return Ok(());
        }
        'E' => {
            text.push_str(&time.strftime(if count < 4 { "%a" } else { "%A" }).to_string());
            return Ok(());
        }
        'M' if count > 2 => {
            text.push_str(&time.strftime(if count == 3 { "%b" } else { "%B" }).to_string());
            return Ok(());
        }
        'a' => {
            text.push_str(if time.hour() < 12 { "AM" } else { "PM" });
            return Ok(());
        }
        'S' => {
            let digits: String = format!("{:09}", time.subsec_nanosecond()).chars().take(count).collect();
            // Writing into a String cannot fail.
            let _ = write!(text, "{digits:0<count$}", count = count.min(MAX_DIGITS));
            return Ok(());
        }
        'C' => i64::from(time.year()) / 100,
        'Y' | 'y' => year(time.year()),
        'x' => year(week().year()),
        'w' => i64::from(week().week()),
        'e' => i64::from(time.date().weekday().to_monday_one_offset()),
        'D' => i64::from(time.day_of_year()),
        'M' => i64::from(time.month()),
        'd' => i64::from(time.day()),
        'K' => i64::from(time.hour() % 12),
        'h' => i64::from((time.hour() + 11) % 12 + 1),
        'H' => i64::from(time.hour()),
        'k' => i64::from((time.hour() + 23) % 24 + 1),
        'm' => i64::from(time.minute()),
        's' => i64::from(time.second()),
        other => return Err(exec_datafusion_err!("{other} is not here, {count} times, in patterns of times")),
    };
    let _ = write!(text, "{number:0count$}", count = count.min(MAX_DIGITS));
    Ok(())
}

/// Most digits of a field: no pattern is to write more than a little.
const MAX_DIGITS: usize = 100;

/// What was read of a time.
#[derive(Debug)]
struct Read {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    half: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
    offset: i32,
}

/// Reads a time by a pattern: milliseconds in UTC, and the seconds of its zone's offset.
fn read(text: &str, pieces: &[Piece], pattern: &str) -> Result<(i64, i32)> {
    let wrong = || exec_datafusion_err!("invalid format: \"{text}\" does not fit {pattern}");
    let mut found = Read {
        year: 1970,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        half: None,
        minute: 0,
        second: 0,
        nanos: 0,
        offset: 0,
    };
    let mut rest = text;
    for (at, piece) in pieces.iter().enumerate() {
        rest = match piece {
            Piece::Text(letters) => {
                let (head, tail) = rest.split_at_checked(letters.len()).ok_or_else(wrong)?;
                if head.eq_ignore_ascii_case(letters) { tail } else { return Err(wrong()) }
            }
            Piece::Field(letter, count) if piece.is_number() => {
                let fixed = pieces.get(at + 1).is_some_and(Piece::is_number);
                found.number(rest, (*letter, *count), fixed, pattern)?.ok_or_else(wrong)?
            }
            // ZZZ is a zone by its name.
            Piece::Field('Z', 1 | 2) if rest.starts_with(['Z', 'z']) => &rest[1..],
            Piece::Field(letter, _) => found.word(rest, *letter, pattern)?.ok_or_else(wrong)?,
        };
    }
    if !rest.is_empty() {
        return Err(wrong());
    }
    Ok((found.millis().ok_or_else(wrong)?, found.offset))
}

fn unread(letter: char, pattern: &str) -> DataFusionError {
    exec_datafusion_err!("parse_datetime reads no {letter}: {pattern}")
}

impl Read {
    /// Reads a number, and returns what follows; only so many digits as there are letters if another number follows.
    fn number<'a>(
        &mut self,
        text: &'a str,
        (letter, count): (char, usize),
        fixed: bool,
        pattern: &str,
    ) -> Result<Option<&'a str>> {
        let usual = match letter {
            'y' | 'Y' => 9,
            'D' => 3,
            'S' => count,
            _ => 2,
        };
        let most = if fixed { count } else { usual.max(count) }.min(18);
        let end = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at(end);
        let Ok(number) = digits.parse::<i64>() else { return Ok(None) };
        match letter {
            'y' | 'Y' if count == 2 && end == 2 => self.year = near(number),
            'y' | 'Y' => self.year = number,
            'M' => self.month = number,
            'd' => self.day = number,
            'D' => self.day_of_year = Some(number),
            'H' | 'K' => self.hour = number,
            'h' | 'k' if number == if letter == 'h' { 12 } else { 24 } => self.hour = 0,
            'h' | 'k' => self.hour = number,
            'm' => self.minute = number,
            's' => self.second = number,
            'S' => {
                let places = u32::try_from(end.min(9)).unwrap_or(9);
                let kept: i64 = digits.get(..end.min(9)).and_then(|kept| kept.parse().ok()).unwrap_or(0);
                self.nanos = kept * 10_i64.pow(9 - places);
            }
            other => return Err(unread(other, pattern)),
        }
        Ok(Some(rest))
    }

    /// Reads a word, and returns what follows.
    fn word<'a>(&mut self, text: &'a str, letter: char, pattern: &str) -> Result<Option<&'a str>> {
        Ok(match letter {
            'M' => named(text, &MONTHS).map(|(at, rest)| {
                self.month = at as i64 + 1;
                rest
            }),
            'E' => named(text, &DAYS).map(|(_, rest)| rest),
            'a' => named(text, &["AM", "PM"]).map(|(at, rest)| {
                self.half = Some(at == 1);
                rest
            }),
            'Z' => offset(text).map(|(seconds, rest)| {
                self.offset = seconds;
                rest
            }),
            other => return Err(unread(other, pattern)),
        })
    }

    fn millis(&self) -> Option<i64> {
        let year = i16::try_from(self.year).ok()?;
        let date = match self.day_of_year {
            Some(day) => {
                let date = Date::new(year, 1, 1).ok()?.checked_add(Span::new().days(day.checked_sub(1)?)).ok()?;
                (day > 0 && date.year() == year).then_some(date)?
            }
            None => Date::new(year, i8::try_from(self.month).ok()?, i8::try_from(self.day).ok()?).ok()?,
        };
        let hour = match self.half {
            Some(_) if self.hour > 11 => return None,
            Some(true) => self.hour + 12,
            _ => self.hour,
        };
        let part = |number: i64| i8::try_from(number).ok();
        let clock = jiff::civil::Time::new(
            part(hour)?,
            part(self.minute)?,
            part(self.second)?,
            i32::try_from(self.nanos).ok()?,
        );
        let zone = TimeZone::fixed(Offset::from_seconds(self.offset).ok()?);
        Some(zone.to_timestamp(date.to_datetime(clock.ok()?)).ok()?.as_millisecond())
    }
}

/// Returns the year of two digits: one of the fifty before that of thirty years ago, or after it.
fn near(digits: i64) -> i64 {
    let pivot = i64::from(TimeZone::UTC.to_datetime(Timestamp::now()).year()) - 30;
    let first = pivot - 50;
    first + (digits - first).rem_euclid(100)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Returns which of these names a text begins with, whole or its first three letters, and what follows.
fn named<'a>(text: &'a str, names: &[&str]) -> Option<(usize, &'a str)> {
    let begins = |name: &str| {
        let (head, rest) = text.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name).then_some(rest)
    };
    let whole = names.iter().enumerate().find_map(|(at, name)| begins(name).map(|rest| (at, rest)));
    whole.or_else(|| names.iter().enumerate().find_map(|(at, name)| begins(name.get(..3)?).map(|rest| (at, rest))))
}

/// Reads `+09:00` or `+0900`: seconds, and what follows.
fn offset(text: &str) -> Option<(i32, &str)> {
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = text[1..].split_at_checked(2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = rest.split_at_checked(2)?;
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok())?;
    let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
    Some((sign * (number(hours)? * 3_600 + minutes * 60), rest))
}
