//! Partitions of the output table: which folder a row's object belongs to.
//!
//! Folder names are Hive-style and cannot collide with a field of a flow log, hence `aws_account_id`, not
//! `account_id` (<https://docs.aws.amazon.com/athena/latest/ug/create-table.html>). Values are zero-padded strings.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How the table is partitioned (`--partition-by`); fixed by a DEST's first conversion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionBy {
    /// `year=/month=/day=`: fewest folders, what tutorials use.
    #[default]
    Day,
    /// `aws_account_id=/aws_region=/year=/month=/day=`.
    AccountRegionDay,
    /// `year=/month=/day=/hour=`.
    Hour,
    /// `aws_account_id=/aws_region=/year=/month=/day=/hour=`.
    AccountRegionHour,
}

impl PartitionBy {
    /// Every way, with the name it has on the command line.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Day, "day"),
        (Self::AccountRegionDay, "account-region-day"),
        (Self::Hour, "hour"),
        (Self::AccountRegionHour, "account-region-hour"),
    ];

    /// Returns whether account and Region are partitions.
    pub fn by_account_region(self) -> bool {
        matches!(self, Self::AccountRegionDay | Self::AccountRegionHour)
    }

    /// Returns whether the hour is a partition.
    pub fn by_hour(self) -> bool {
        matches!(self, Self::Hour | Self::AccountRegionHour)
    }

    /// Returns the partition columns from the outermost.
    pub fn columns(self) -> Vec<&'static str> {
        let mut columns = Vec::new();
        if self.by_account_region() {
            columns.extend(["aws_account_id", "aws_region"]);
        }
        columns.extend(["year", "month", "day"]);
        if self.by_hour() {
            columns.push("hour");
        }
        columns
    }
}

impl fmt::Display for PartitionBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(by, _)| by == self).map_or("", |(_, name)| name))
    }
}

/// A partition: the values of its folders. Orders by account, Region, day, hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Account and Region, where the table is partitioned by them.
    pub account_region: Option<(String, String)>,
    /// UTC day.
    pub day: Date,
    /// UTC hour, where the table is partitioned by it.
    pub hour: Option<i8>,
}

impl Partition {
    /// Returns the folder below DEST, without slashes around it.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads a folder that [`Partition::path`] made.
    pub fn parse(path: &str) -> Option<Self> {
        let mut values = path.split('/').map(|folder| folder.split_once('='));
        let mut next = || values.next().flatten();
        let mut first = next()?;
        let mut account_region = None;
        if let ("aws_account_id", account) = first {
            let ("aws_region", region) = next()? else { return None };
            account_region = Some((account.to_owned(), region.to_owned()));
            first = next()?;
        }
        let (("year", year), ("month", month), ("day", day)) = (first, next()?, next()?) else { return None };
        let day = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        let hour = match next() {
            Some(("hour", hour)) => Some(hour.parse().ok()?),
            Some(_) => return None,
            None => None,
        };
        let partition = Self { account_region, day, hour };
        (partition.path() == path).then_some(partition)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((account, region)) = &self.account_region {
            write!(f, "aws_account_id={account}/aws_region={region}/")?;
        }
        write!(f, "year={:04}/month={:02}/day={:02}", self.day.year(), self.day.month(), self.day.day())?;
        if let Some(hour) = self.hour {
            write!(f, "/hour={hour:02}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn path_and_back() {
        for account_region in [None, Some(("111122223333".to_owned(), "us-east-1".to_owned()))] {
            for hour in [None, Some(0), Some(23)] {
                let partition = Partition { account_region: account_region.clone(), day: date(2026, 1, 5), hour };
                assert_eq!(Partition::parse(&partition.path()), Some(partition));
            }
        }
        let day = Partition { account_region: None, day: date(2026, 1, 5), hour: None };
        assert_eq!(day.path(), "year=2026/month=01/day=05");
        for bad in
            ["", "year=2026", "year=2026/month=1/day=5", "year=2026/month=01/day=05/x=1", "month=01/year=2026/day=05"]
        {
            assert_eq!(Partition::parse(bad), None, "{bad}");
        }
    }
}
