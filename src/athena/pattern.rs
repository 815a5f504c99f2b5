//! Patterns of what a partition's folders and keys are made of: text, account, Region, year, month, day, hour.
//!
//! `year=${year}/month=${month}/` is a pattern, and so is the value `2026/01/15` of a key that holds a whole date.
//! From patterns follow folders, partition values, projections and templates, for our layout and for AWS's.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use crate::ledger::partition::{Partition, PartitionBy};

/// A part of a partition's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Account of the flow log, 12 digits.
    Account,
    /// Region of the flow log.
    Region,
    /// UTC year, 4 digits.
    Year,
    /// UTC month, 2 digits.
    Month,
    /// UTC day of the month, 2 digits.
    Day,
    /// UTC hour, 2 digits.
    Hour,
}

impl Part {
    /// Every part, from the outermost.
    pub const ALL: [Self; 6] = [Self::Account, Self::Region, Self::Year, Self::Month, Self::Day, Self::Hour];

    /// Returns the name of our own partition column for this part.
    pub fn column(self) -> &'static str {
        match self {
            Self::Account => "aws_account_id",
            Self::Region => "aws_region",
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    /// Returns the value that a partition has, or `None` if it has none.
    pub fn of(self, partition: &Partition) -> Option<String> {
        let pair = partition.account_region.as_ref();
        match self {
            Self::Account => pair.map(|(account, _)| account.clone()),
            Self::Region => pair.map(|(_, region)| region.clone()),
            Self::Year => Some(format!("{:04}", partition.day.year())),
            Self::Month => Some(format!("{:02}", partition.day.month())),
            Self::Day => Some(format!("{:02}", partition.day.day())),
            Self::Hour => partition.hour.map(|hour| format!("{hour:02}")),
        }
    }

    /// Returns the letters that stand for this part in a Java date format, if it is a part of a time.
    fn java(self) -> Option<&'static str> {
        match self {
            Self::Year => Some("yyyy"),
            Self::Month => Some("MM"),
            Self::Day => Some("dd"),
            Self::Hour => Some("HH"),
            Self::Account | Self::Region => None,
        }
    }
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The value of a part.
    Part(Part),
}

/// Text with parts in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pattern(Vec<Piece>);

impl Pattern {
    /// Returns the pattern that is one part.
    pub fn part(part: Part) -> Self {
        Self(vec![Piece::Part(part)])
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
        self
    }

    /// Puts text before all of it.
    #[must_use]
    pub fn with_text_before(self, text: &str) -> Self {
        Self::default().text(text).followed_by(&self)
    }

    /// Adds all of another pattern.
    #[must_use]
    pub fn followed_by(self, other: &Self) -> Self {
        other.0.iter().fold(self, |pattern, piece| match piece {
            Piece::Text(text) => pattern.text(text),
            Piece::Part(part) => pattern.then(*part),
        })
    }

    /// Adds a part.
    #[must_use]
    pub fn then(mut self, part: Part) -> Self {
        self.0.push(Piece::Part(part));
        self
    }

    /// Returns the pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Returns the folders of a table of ours below DEST: `year=${year}/month=${month}/day=${day}/`.
    pub fn of_table(by: PartitionBy) -> Self {
        parts_of(by).fold(Self::default(), |pattern, part| pattern.text(part.column()).text("=").then(part).text("/"))
    }

    /// Returns the parts in it, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Part(part) => Some(*part),
            Piece::Text(_) => None,
        })
    }

    /// Returns the part if the pattern is nothing but one.
    pub fn only_part(&self) -> Option<Part> {
        match self.0.as_slice() {
            [Piece::Part(part)] => Some(*part),
            _ => None,
        }
    }

    /// Returns the pattern's text for a partition, or `None` if the partition does not have one of the parts.
    pub fn of(&self, partition: &Partition) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Part(part) => part.of(partition),
            })
            .collect()
    }

    /// Returns the date format of a pattern that is made of parts of a time and of text that needs no quotes in one
    /// (<https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html>).
    pub fn java_format(&self) -> Option<String> {
        let plain = |text: &String| text.chars().all(|c| "/-_.: ".contains(c));
        let letters = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()).filter(|_| plain(text)),
            Piece::Part(part) => part.java(),
        });
        letters.collect()
    }

    /// Reads a date format such as `yyyy/MM/dd`.
    pub fn from_java(format: &str) -> Option<Self> {
        let mut pattern = Self::default();
        let mut rest = format;
        while let Some(c) = rest.chars().next() {
            let part = Part::ALL
                .into_iter()
                .find_map(|part| Some((part, part.java()?)).filter(|(_, letters)| rest.starts_with(letters)));
            if let Some((part, letters)) = part {
                pattern = pattern.then(part);
                rest = &rest[letters.len()..];
            } else if c.is_ascii_alphabetic() || c == '\'' {
                return None;
            } else {
                pattern = pattern.text(&rest[..c.len_utf8()]);
                rest = &rest[c.len_utf8()..];
            }
        }
        (!pattern.0.is_empty()).then_some(pattern)
    }

    /// Returns the first day that a value of this pattern stands for: `2026/02` is the first of February.
    pub fn first_day(&self, value: &str) -> Option<Date> {
        let [year, month, day] = self.read(value)?;
        Date::new(year?, month.unwrap_or(1).try_into().ok()?, day.unwrap_or(1).try_into().ok()?).ok()
    }

    /// Returns the last day that a value of this pattern stands for: `2026/02` is the last of February.
    pub fn last_day(&self, value: &str) -> Option<Date> {
        let [year, month, day] = self.read(value)?;
        let month = Date::new(year?, month.unwrap_or(12).try_into().ok()?, 1).ok()?;
        match day {
            Some(day) => Date::new(month.year(), month.month(), day.try_into().ok()?).ok(),
            None => Some(month.last_of_month()),
        }
    }

    /// Reads year, month and day out of a value, those that are in the pattern.
    fn read(&self, value: &str) -> Option<[Option<i16>; 3]> {
        let (mut read, mut rest) = ([None; 3], value);
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Part(Part::Account | Part::Region) => return None,
                Piece::Part(part) => {
                    let digits = rest.get(..if *part == Part::Year { 4 } else { 2 })?;
                    rest = &rest[digits.len()..];
                    let number = Some(digits.parse().ok()?);
                    match part {
                        Part::Year => read[0] = number,
                        Part::Month => read[1] = number,
                        Part::Day => read[2] = number,
                        _ => {}
                    }
                }
            }
        }
        rest.is_empty().then_some(read)
    }

    /// Returns the pattern with the values of some parts in their places.
    #[must_use]
    pub fn filled(&self, values: &BTreeMap<Part, String>) -> Self {
        self.0.iter().fold(Self::default(), |filled, piece| match piece {
            Piece::Text(text) => filled.text(text),
            Piece::Part(part) => match values.get(part) {
                Some(value) => filled.text(value),
                None => filled.then(*part),
            },
        })
    }

    /// Returns the pattern with every key's own pattern replaced by `${key}`, or `None` if a key's pattern does not
    /// stand in it or a part is left over: then no template can say where the partitions are.
    pub fn template<'a>(&self, keys: impl Iterator<Item = (&'a str, &'a Self)>) -> Option<String> {
        let mut pieces = self.0.clone();
        let mut keys: Vec<_> = keys.collect();
        // Long ones first: a key for the whole date before one for the year alone.
        keys.sort_by_key(|(_, pattern)| std::cmp::Reverse(pattern.0.len()));
        for (name, pattern) in keys {
            let length = pattern.0.len();
            let mut found = false;
            let mut at = 0;
            while length > 0 && at + length <= pieces.len() {
                if pieces[at..at + length] == pattern.0[..] {
                    pieces.splice(at..at + length, [Piece::Text(format!("${{{name}}}"))]);
                    found = true;
                }
                at += 1;
            }
            if !found {
                return None;
            }
        }
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text),
                Piece::Part(_) => None,
            })
            .collect()
    }
}

/// Shows the pattern with our own names for parts: `year=${year}/`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Part(part) => write!(f, "${{{}}}", part.column()),
        })
    }
}

/// Returns the parts that a table of ours is partitioned by, from the outermost.
pub fn parts_of(by: PartitionBy) -> impl Iterator<Item = Part> {
    let columns = by.columns();
    Part::ALL.into_iter().filter(move |part| columns.contains(&part.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::parse("aws_account_id=111122223333/aws_region=us-east-1/year=2026/month=01/day=05/hour=07").unwrap()
    }

    #[test]
    fn our_layout_is_that_of_the_partition_folders() {
        for (by, _) in PartitionBy::ALL {
            let mut partition = partition();
            if !by.by_account_region() {
                partition.account_region = None;
            }
            if !by.by_hour() {
                partition.hour = None;
            }
            assert_eq!(Pattern::of_table(by).of(&partition), Some(partition.path() + "/"));
        }
        let by_day = Partition { hour: None, ..partition() };
        assert_eq!(Pattern::of_table(PartitionBy::Hour).of(&by_day), None, "it has no hour");
    }

    #[test]
    fn date_formats_and_back() {
        for format in ["yyyy/MM/dd", "yyyy-MM-dd", "yyyyMMdd", "yyyy/MM/dd/HH"] {
            assert_eq!(Pattern::from_java(format).unwrap().java_format().as_deref(), Some(format));
        }
        assert_eq!(Pattern::from_java("yyyy/MM/dd").unwrap().of(&partition()).as_deref(), Some("2026/01/05"));
        for bad in ["", "yy/MM/dd", "yyyy'T'", "DD"] {
            assert_eq!(Pattern::from_java(bad), None, "{bad}");
        }
        assert_eq!(Pattern::part(Part::Region).java_format(), None);
        assert_eq!(Pattern::of_table(PartitionBy::Day).java_format(), None, "letters would be read as fields");
    }

    #[test]
    fn values_of_dates_are_days() {
        let first = |format: &str, value: &str| Pattern::from_java(format).unwrap().first_day(value);
        let last = |format: &str, value: &str| Pattern::from_java(format).unwrap().last_day(value);
        assert_eq!(first("yyyy/MM/dd", "2026/01/05"), Some(Date::constant(2026, 1, 5)));
        assert_eq!(first("yyyy-MM", "2024-02"), Some(Date::constant(2024, 2, 1)));
        assert_eq!(last("yyyy-MM", "2024-02"), Some(Date::constant(2024, 2, 29)));
        assert_eq!(last("yyyy/MM/dd/HH", "2026/01/05/07"), Some(Date::constant(2026, 1, 5)));
        assert_eq!(last("yyyy", "2026"), Some(Date::constant(2026, 12, 31)));
        for bad in ["NOW", "2026/13/01", "2026/01", "2026/01/05/", "", "\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(first("yyyy/MM/dd", bad), None, "{bad}");
        }
        assert_eq!(Pattern::part(Part::Region).first_day("us-east-1"), None);
    }

    #[test]
    fn templates_name_every_key() {
        let aws = Pattern::default().text("AWSLogs/").then(Part::Account).text("/vpcflowlogs/").then(Part::Region);
        let aws = aws.text("/").then(Part::Year).text("/").then(Part::Month).text("/").then(Part::Day).text("/");
        let (account, region) = (Pattern::part(Part::Account), Pattern::part(Part::Region));
        let day = Pattern::from_java("yyyy/MM/dd").unwrap();
        let keys = [("accid", &account), ("region", &region), ("day", &day)];
        assert_eq!(aws.template(keys.into_iter()).as_deref(), Some("AWSLogs/${accid}/vpcflowlogs/${region}/${day}/"));
        assert_eq!(aws.template(keys[..2].iter().copied()), None, "the day is left over");
        let ours = Pattern::of_table(PartitionBy::AccountRegionDay);
        assert_eq!(ours.template(keys.into_iter()), None, "no folder of ours holds a whole date");
    }
}
