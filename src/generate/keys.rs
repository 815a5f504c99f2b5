//! Names objects as AWS does: `AWSLogs/` folders in any of the four layouts, then the file name.
//!
//! In: account, Region, flow log, time, number of the object. Out: the key, without bucket and prefix. Pure text.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::random::{combine, hash_text, mix};

/// The folder layout of the delivered objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyLayout {
    /// `AWSLogs/<account>/vpcflowlogs/<region>/YYYY/MM/DD/`
    #[default]
    Default,
    /// As `Default`, then `HH/`
    DefaultHourly,
    /// `AWSLogs/aws-account-id=<account>/aws-service=vpcflowlogs/aws-region=<region>/year=YYYY/month=MM/day=DD/`
    Hive,
    /// As `Hive`, then `hour=HH/`
    HiveHourly,
}

impl KeyLayout {
    /// Every layout, in the order help texts list them.
    pub const ALL: [Self; 4] = [Self::Default, Self::DefaultHourly, Self::Hive, Self::HiveHourly];

    /// Returns the name users type: `default`, `default-hourly`, `hive` or `hive-hourly`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::DefaultHourly => "default-hourly",
            Self::Hive => "hive",
            Self::HiveHourly => "hive-hourly",
        }
    }
}

impl fmt::Display for KeyLayout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for KeyLayout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let unknown = || format!("unknown key layout {name:?}, expected one of: {}", names());
        Self::ALL.into_iter().find(|layout| layout.name() == name).ok_or_else(unknown)
    }
}

/// One flow log: what all its object names share.
#[derive(Debug)]
pub(super) struct FlowLog {
    pub(super) layout: KeyLayout,
    pub(super) account: String,
    pub(super) region: String,
    /// The value of `service` in Hive folders: `aws-service` for VPC, `service` for Transit Gateway (as their pages say).
    pub(super) service_folder: &'static str,
    /// `fl-` and 17 hex digits.
    pub(super) id: String,
}

/// Returns the id of the flow log of this account, Region and format; AWS too makes a new one for another format.
pub(super) fn flow_log_id(account: &str, region: &str, format: &str) -> String {
    let number = combine(&[hash_text(account), hash_text(region), hash_text(format)]);
    // AWS's long ids start with 0, so that 64 bits fill the other 16 digits.
    format!("fl-0{number:016x}")
}

impl FlowLog {
    /// Returns the key of object `number` of `day`, whose five minutes start `seconds` after midnight.
    ///
    /// Objects of one day differ in the hash even where they share the five minutes.
    pub(super) fn key(&self, seed: u64, day: Date, seconds: u32, number: u32) -> String {
        let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
        let Self { account, region, id, .. } = self;
        let folder = self.folder(day, hour);
        let date = format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
        let hash = scatter(number, combine(&[seed, hash_text(id), hash_text(&date)]));
        format!("{folder}{account}_vpcflowlogs_{region}_{id}_{date}T{hour:02}{minute:02}Z_{hash:08x}.log.gz")
    }

    fn folder(&self, day: Date, hour: u32) -> String {
        let (year, month, day) = (day.year(), day.month(), day.day());
        let Self { account, region, service_folder, .. } = self;
        let plain = || format!("AWSLogs/{account}/vpcflowlogs/{region}/{year:04}/{month:02}/{day:02}/");
        let hive = || {
            let account_and_region =
                format!("aws-account-id={account}/{service_folder}=vpcflowlogs/aws-region={region}");
            format!("AWSLogs/{account_and_region}/year={year:04}/month={month:02}/day={day:02}/")
        };
        match self.layout {
            KeyLayout::Default => plain(),
            KeyLayout::DefaultHourly => format!("{}{hour:02}/", plain()),
            KeyLayout::Hive => hive(),
            KeyLayout::HiveHourly => format!("{}hour={hour:02}/", hive()),
        }
    }
}

/// Maps `number` to another number, one to one for a given `salt`: no two objects get the same hash.
fn scatter(number: u32, salt: u64) -> u32 {
    let [odd, offset] = [mix(salt), mix(salt ^ 1)].map(|word| (word >> 32) as u32);
    let spread = number.wrapping_add(offset).wrapping_mul(odd | 1);
    (spread ^ (spread >> 15)).wrapping_mul(0x2c1b_3c6d)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;

    fn key(layout: KeyLayout) -> String {
        let id = flow_log_id("123456789012", "us-east-1", "version");
        let (account, region) = ("123456789012".to_owned(), "us-east-1".to_owned());
        let flow_log = FlowLog { layout, account, region, service_folder: "aws-service", id };
        flow_log.key(1, date(2026, 1, 5), 7 * 3600 + 300, 85)
    }

    #[test]
    fn every_layout_has_its_folders() {
        let file = key(KeyLayout::Default).rsplit('/').next().unwrap().to_owned();
        let plain = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/05/";
        let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=05/";
        assert_eq!(key(KeyLayout::Default), format!("{plain}{file}"));
        assert_eq!(key(KeyLayout::DefaultHourly), format!("{plain}07/{file}"));
        assert_eq!(key(KeyLayout::Hive), format!("{hive}{file}"));
        assert_eq!(key(KeyLayout::HiveHourly), format!("{hive}hour=07/{file}"));
    }

    #[test]
    fn the_file_name_has_all_parts() {
        let key = key(KeyLayout::Default);
        let parts: Vec<&str> = key.rsplit('/').next().unwrap().split('_').collect();
        assert_eq!(parts[..3], ["123456789012", "vpcflowlogs", "us-east-1"]);
        assert_eq!(parts[4], "20260105T0705Z");
        let id = parts[3].strip_prefix("fl-").unwrap();
        let hash = parts[5].strip_suffix(".log.gz").unwrap();
        assert_eq!((id.len(), hash.len()), (17, 8));
        assert!(id.chars().chain(hash.chars()).all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase()));
    }

    #[test]
    fn hashes_of_one_day_are_distinct() {
        let hashes: HashSet<u32> = (0..100_000).map(|number| scatter(number, 99)).collect();
        assert_eq!(hashes.len(), 100_000);
    }

    #[test]
    fn names_are_parsed_back() {
        for layout in KeyLayout::ALL {
            assert_eq!(layout.to_string().parse(), Ok(layout));
        }
        let error = "hourly".parse::<KeyLayout>().unwrap_err();
        assert_eq!(error, "unknown key layout \"hourly\", expected one of: default, default-hourly, hive, hive-hourly");
    }
}
