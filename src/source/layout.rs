//! Key layouts of raw log objects: pure functions on keys.
//!
//! AWS writes four (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>), all below an opaque
//! prefix `P` that may have several levels, and Transit Gateway documents `service=` for `aws-service=`:
//!
//! ```text
//! P/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/15/[05/]NAME
//! P/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=15/[hour=05/]NAME
//! NAME = 111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_fe123456.log.gz
//! ```
//!
//! A copy may have lost its upper folders: what a folder does not say, the file name may. To add a layout, teach
//! [`Place::enter`] its folders.

use jiff::civil::Date;

/// The folder below which AWS's part of a key begins; reserved by AWS.
pub const AWS_LOGS: &str = "AWSLogs";

/// The folder of flow logs among an account's folders.
pub const SERVICE: &str = "vpcflowlogs";

/// How deep in a layout a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Above `AWSLogs`, or in a tree without one.
    Opaque,
    /// `AWSLogs` itself.
    AwsLogs,
    /// An account's folder.
    Account,
    /// The flow logs among an account's folders.
    Service,
    /// A Region's folder: days are next.
    Region,
    /// A year's folder.
    Year,
    /// A month's folder.
    Month,
    /// A day's folder.
    Day,
    /// An hour's folder.
    Hour,
}

/// What the folders of a key say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How deep the folder is.
    pub level: Level,
    /// Whether folders are of the form `name=value`.
    pub hive: bool,
    /// The account whose flow log it is.
    pub account: Option<String>,
    /// The Region of the flow log.
    pub region: Option<String>,
    year: i16,
    month: i8,
    /// The UTC day, from [`Level::Day`] on.
    pub day: Option<Date>,
    /// The UTC hour, at [`Level::Hour`].
    pub hour: Option<i8>,
}

impl Place {
    /// Returns the place of a prefix, which may end anywhere in a layout.
    ///
    /// Folders that fit no layout are opaque; a later `AWSLogs` begins anew.
    pub fn of_prefix(prefix: &str) -> Self {
        let mut place = Self::opaque();
        for folder in prefix.split('/').filter(|folder| !folder.is_empty()) {
            place = place.enter(folder).unwrap_or_else(Self::opaque);
        }
        place
    }

    /// Returns a place that nothing is known of.
    pub(super) fn opaque() -> Self {
        Self {
            level: Level::Opaque,
            hive: false,
            account: None,
            region: None,
            year: 0,
            month: 0,
            day: None,
            hour: None,
        }
    }

    /// Returns the place of a folder in this one, or `None` if no flow logs can be below it.
    pub fn enter(&self, folder: &str) -> Option<Self> {
        if folder == AWS_LOGS {
            return Some(Self { level: Level::AwsLogs, ..Self::opaque() });
        }
        let mut next = self.clone();
        match self.level {
            Level::Opaque => {
                if let Some((year, hive)) = number(folder, "year", 4).filter(|(year, _)| (2000..2200).contains(year)) {
                    next.year = year;
                    next.hive = hive;
                    next.level = Level::Year;
                }
            }
            Level::AwsLogs => {
                let account = folder.strip_prefix("aws-account-id=");
                next.hive = account.is_some();
                next.account = Some(account.unwrap_or(folder).to_owned()).filter(|a| is_account(a));
                next.account.as_ref()?;
                next.level = Level::Account;
            }
            Level::Account => {
                let service = if self.hive {
                    folder.strip_prefix("aws-service=").or_else(|| folder.strip_prefix("service="))?
                } else {
                    folder
                };
                if service != SERVICE {
                    return None;
                }
                next.level = Level::Service;
            }
            Level::Service => {
                let region = if self.hive { folder.strip_prefix("aws-region=")? } else { folder };
                next.region = Some(region.to_owned()).filter(|region| is_region(region));
                next.region.as_ref()?;
                next.level = Level::Region;
            }
            Level::Region => {
                next.year = number(folder, "year", 4).filter(|(_, hive)| *hive == self.hive)?.0;
                next.level = Level::Year;
            }
            Level::Year => {
                next.month = number(folder, "month", 2).filter(|(_, hive)| *hive == self.hive)?.0 as i8;
                next.level = Level::Month;
            }
            Level::Month => {
                let day = number(folder, "day", 2).filter(|(_, hive)| *hive == self.hive)?.0 as i8;
                next.day = Some(Date::new(self.year, self.month, day).ok()?);
                next.level = Level::Day;
            }
            Level::Day => {
                let hour = number(folder, "hour", 2).filter(|(_, hive)| *hive == self.hive)?.0 as i8;
                next.hour = Some(hour).filter(|hour| *hour < 24);
                next.hour?;
                next.level = Level::Hour;
            }
            Level::Hour => return None,
        }
        Some(next)
    }

    /// Returns whether a day could be below this place.
    pub fn may_hold(&self, day: Date) -> bool {
        match self.level {
            Level::Year => self.year == day.year(),
            Level::Month => self.year == day.year() && self.month == day.month(),
            Level::Day | Level::Hour => self.day == Some(day),
            _ => true,
        }
    }

    /// Returns the folders that lead from here to a day, from the levels where they are known.
    pub fn folders_to(&self, day: Date) -> Option<String> {
        let (year, month, date) = (day.year(), day.month(), day.day());
        Some(match (self.level, self.hive) {
            (Level::Region, false) => format!("{year:04}/{month:02}/{date:02}"),
            (Level::Region, true) => format!("year={year:04}/month={month:02}/day={date:02}"),
            (Level::Year, false) => format!("{month:02}/{date:02}"),
            (Level::Year, true) => format!("month={month:02}/day={date:02}"),
            (Level::Month, false) => format!("{date:02}"),
            (Level::Month, true) => format!("day={date:02}"),
            _ => return None,
        })
    }
}

/// A folder of a key: what stands before its value, and what the value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// What the folder says; [`Level::AwsLogs`] and [`Level::Service`] say nothing.
    pub level: Level,
    /// The folder without its value: `year=`, or nothing, or all of `vpcflowlogs`.
    pub text: String,
}

/// Splits a key into what lies above its layout, ending in `/` unless empty, and the folders of its layout.
///
/// Two objects whose folders are equal differ in values only: one template names both.
pub fn folders_of(key: &str) -> (String, Vec<Folder>) {
    let (mut above, mut folders) = (String::new(), Vec::new());
    let mut place = Place::opaque();
    for folder in key.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
        let next = place.enter(folder).filter(|next| next.level != Level::Opaque);
        if next.as_ref().is_none_or(|next| next.level == Level::AwsLogs) {
            // All before it was not the layout yet.
            let before: String = folders.drain(..).map(|(_, folder): (Folder, &str)| format!("{folder}/")).collect();
            above.push_str(&before);
        }
        match next {
            None => {
                above.push_str(folder);
                above.push('/');
                place = Place::opaque();
            }
            Some(next) => {
                let text = match next.level {
                    Level::Opaque | Level::AwsLogs | Level::Service => folder,
                    _ => folder.split_inclusive('=').next().filter(|text| text.ends_with('=')).unwrap_or_default(),
                };
                folders.push((Folder { level: next.level, text: text.to_owned() }, folder));
                place = next;
            }
        }
    }
    (above, folders.into_iter().map(|(folder, _)| folder).collect())
}

/// What the name of a log object says; every part is optional, since people rename copies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileName {
    /// The account whose flow log it is.
    pub account: Option<String>,
    /// The Region of the flow log.
    pub region: Option<String>,
    /// The UTC day of the five minutes that the object holds.
    pub day: Option<Date>,
    /// The UTC hour of these five minutes.
    pub hour: Option<i8>,
    /// The minute of the hour in which they begin.
    pub minute: Option<i8>,
    /// The flow log's id, such as `fl-1234abcd`; its format never changes.
    pub flow_log: Option<String>,
}

impl FileName {
    /// Reads a file name, from the right: Regions contain `-` but no `_`, and ids and hashes vary in length.
    pub fn parse(name: &str) -> Self {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let mut parts = stem.rsplitn(6, '_');
        let (Some(_hash), Some(time), Some(flow_log), Some(region), Some("vpcflowlogs"), Some(account)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Self::default();
        };
        let time = parse_time(time);
        Self {
            account: Some(account.to_owned()).filter(|a| is_account(a)),
            region: Some(region.to_owned()).filter(|region| is_region(region)),
            day: time.map(|(day, ..)| day),
            hour: time.map(|(_, hour, _)| hour),
            minute: time.map(|(.., minute)| minute),
            flow_log: Some(flow_log.to_owned()),
        }
    }
}

/// Returns whether a Region can be called so: its name becomes part of partitions, definitions and statements.
fn is_region(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether an object can be a text log, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// `.log.gz`, `.gz`, `.log`, `.txt`: text, packed or not.
    Text,
    /// `.parquet`: AWS's own Parquet delivery.
    Parquet,
    /// Hidden (`.` or `_` before the name) or anything else.
    Other,
}

impl Suffix {
    /// Returns what the name of an object promises.
    pub fn of(name: &str) -> Self {
        if name.starts_with(['.', '_']) {
            Self::Other
        } else if name.ends_with(".parquet") {
            Self::Parquet
        } else if name.ends_with(".gz") || name.ends_with(".log") || name.ends_with(".txt") {
            Self::Text
        } else {
            Self::Other
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads `NNNN` or `name=NNNN`, and says which of the two it was.
fn number(folder: &str, name: &str, digits: usize) -> Option<(i16, bool)> {
    let value = folder.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
    let text = value.unwrap_or(folder);
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok().map(|number| (number, value.is_some()))).flatten()
}

/// Reads `20260115T0505Z`.
fn parse_time(text: &str) -> Option<(Date, i8, i8)> {
    let bytes = text.as_bytes();
    if bytes.len() != 14 || bytes[8] != b'T' || bytes[13] != b'Z' || !text.is_ascii() {
        return None;
    }
    let day = Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..8].parse().ok()?).ok()?;
    let hour: i8 = text[9..11].parse().ok()?;
    let minute: i8 = text[11..13].parse().ok()?;
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((day, hour, minute))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const NAME: &str = "111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_fe123456.log.gz";

    #[test]
    fn reads_every_layout() {
        let plain = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/15";
        let hive = "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=15";
        let tgw = hive.replace("aws-service", "service");
        for prefix in ["", "a/", "111122223333/vpc name/", "AWSLogs/x/"] {
            for (layout, hour) in [(plain, "05"), (hive, "hour=05"), (&tgw, "hour=05")] {
                let place = Place::of_prefix(&format!("{prefix}{layout}"));
                assert_eq!(place.level, Level::Day, "{prefix}{layout}");
                assert_eq!(place.account.as_deref(), Some("111122223333"));
                assert_eq!(place.region.as_deref(), Some("us-east-1"));
                assert_eq!(place.day, Some(date(2026, 1, 15)));
                assert_eq!(place.enter(hour).and_then(|p| p.hour), Some(5));
            }
        }
        let copy = Place::of_prefix("my logs/2026/01/15");
        assert_eq!((copy.day, copy.account), (Some(date(2026, 1, 15)), None));
    }

    #[test]
    fn does_not_enter_what_holds_no_flow_logs() {
        let account = Place::of_prefix("AWSLogs/111122223333");
        assert_eq!(account.enter("CloudTrail"), None);
        assert_eq!(account.enter("elasticloadbalancing"), None);
        assert_eq!(Place::of_prefix("AWSLogs").enter("o-abc"), None);
        let region = account.enter("vpcflowlogs").and_then(|p| p.enter("eu-west-1")).unwrap();
        assert_eq!(region.enter("year=2026"), None, "a Hive folder in a plain layout");
        assert_eq!(region.enter("2026").and_then(|p| p.enter("02")).and_then(|p| p.enter("30")), None, "no such day");
        assert_eq!(region.enter("2026").and_then(|p| p.enter("1")), None, "without its zero");
    }

    #[test]
    fn knows_the_way_to_a_day() {
        let day = date(2026, 3, 5);
        for prefix in [
            "AWSLogs/111122223333/vpcflowlogs/r",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=r",
        ] {
            let region = Place::of_prefix(prefix);
            let way = region.folders_to(day).unwrap();
            assert_eq!(Place::of_prefix(&format!("{prefix}/{way}")).day, Some(day));
            let year = Place::of_prefix(&format!("{prefix}/{}", way.split('/').next().unwrap()));
            assert!(year.may_hold(day) && !year.may_hold(date(2025, 3, 5)));
            assert!(way.ends_with(&year.folders_to(day).unwrap()));
        }
    }

    #[test]
    fn splits_keys_into_what_is_above_and_folders() {
        let shown = |key: &str| {
            let (above, folders) = folders_of(key);
            let level = |f: Folder| {
                if f.level == Level::AwsLogs || f.level == Level::Service {
                    f.text
                } else {
                    format!("{}{:?}", f.text, f.level)
                }
            };
            (above, folders.into_iter().map(level).collect::<Vec<_>>().join("/"))
        };
        let is = |above: &str, folders: &str| (above.to_owned(), folders.to_owned());
        let aws = "AWSLogs/Account/vpcflowlogs/Region/Year/Month/Day";
        assert_eq!(shown("AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/15/x.gz"), is("", aws));
        assert_eq!(shown("a/2026/b/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/15/x.gz"), is("a/2026/b/", aws));
        assert_eq!(
            shown(
                "p/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=r/year=2026/month=01/day=15/hour=05/x"
            ),
            is(
                "p/",
                "AWSLogs/aws-account-id=Account/aws-service=vpcflowlogs/aws-region=Region/year=Year/month=Month/day=Day/hour=Hour"
            )
        );
        assert_eq!(shown("copy/2026/01/15/x.gz"), is("copy/", "Year/Month/Day"));
        assert_eq!(shown("x.gz"), is("", ""));
    }

    #[test]
    fn reads_file_names_from_the_right() {
        let name = FileName::parse(NAME);
        assert_eq!(name.account.as_deref(), Some("111122223333"));
        assert_eq!(name.region.as_deref(), Some("us-east-1"));
        assert_eq!((name.day, name.hour), (Some(date(2026, 1, 15)), Some(5)));
        for odd in [
            "x.log.gz",
            "",
            "_____",
            "a_vpcflowlogs_r_fl_20261315T0505Z_h.log.gz",
            "é_vpcflowlogs_r_fl_2026011éT050Z_h.log",
        ] {
            assert_eq!(FileName::parse(odd).day, None, "{odd}");
        }
    }
}
