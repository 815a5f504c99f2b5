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
//! People's tools write others: months, days and hours without a leading zero, a whole date as one folder (`2026-01-15`,
//! `dt=2026-01-15`, `20260115`), `%3D` for `=`, an organisation's folder below `AWSLogs`, further folders below a day, no
//! folder of the service or another name for it. A copy may
//! have lost its upper folders: what a folder does not say, the file name may. To add a layout, teach [`Place::enter`] its
//! folders.

use std::borrow::Cow;

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
    /// Whether it lies in an account's folder that nobody knows: there may be flow logs, or what some service delivers.
    pub strange: bool,
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

    /// Returns the place of a folder of which a person says what it is.
    pub(super) fn told(account: Option<String>, region: Option<String>, day: Option<Date>, hour: Option<i8>) -> Self {
        let place = Self { account, region, ..Self::opaque() };
        match (day, hour) {
            (None, _) => place,
            (Some(day), None) => place.on(day),
            (Some(day), Some(_)) => Self { level: Level::Hour, hour, ..place.on(day) },
        }
    }

    /// Returns a place that nothing is known of.
    pub(super) fn opaque() -> Self {
        Self {
            level: Level::Opaque,
            hive: false,
            strange: false,
            account: None,
            region: None,
            year: 0,
            month: 0,
            day: None,
            hour: None,
        }
    }

    /// Returns the place of a folder in this one, or `None` if what it is cannot be told, or it is another service's.
    ///
    /// Folders between `AWSLogs` and the accounts (an organisation's), and folders below a day or hour, change nothing.
    pub fn enter(&self, folder: &str) -> Option<Self> {
        if folder == AWS_LOGS {
            return Some(Self { level: Level::AwsLogs, ..Self::opaque() });
        }
        if folder.starts_with(['.', '_']) && self.level != Level::Opaque {
            return None;
        }
        let folder = &*decoded(folder);
        let mut next = self.clone();
        match self.level {
            Level::Opaque => return Some(self.date_of_a_copy(folder).unwrap_or(next)),
            Level::AwsLogs => {
                let account = folder.strip_prefix("aws-account-id=");
                let Some(account) = Some(account.unwrap_or(folder)).filter(|a| is_account(a)) else {
                    return Some(self.date_of_a_copy(folder).unwrap_or(next));
                };
                next.hive = folder != account;
                next.account = Some(account.to_owned());
                next.level = Level::Account;
            }
            Level::Account => return self.enter_of_account(folder),
            Level::Service => {
                if let Some(copy) = self.date_of_a_copy(folder) {
                    return Some(copy);
                }
                let region = folder.strip_prefix("aws-region=").unwrap_or(folder);
                next.region = Some(region.to_owned()).filter(|region| is_region(region));
                next.region.as_ref()?;
                next.level = Level::Region;
            }
            Level::Region => match number(folder, "year", 4).filter(|(year, _)| YEARS.contains(year)) {
                Some((year, hive)) => next = Self { level: Level::Year, year, hive, ..next },
                // A folder above the Region's was taken for one, such as `archive/` or `fl-1234abcd/`.
                None if is_awss_region(folder) && self.sure_region().is_none() => next.region = Some(folder.to_owned()),
                None => next = next.on(whole_date(folder)?),
            },
            Level::Year => {
                let (month, hive) = number(folder, "month", 2).filter(|(month, _)| (1..=12).contains(month))?;
                next = Self { level: Level::Month, month: month as i8, hive, ..next };
            }
            Level::Month => {
                let (day, hive) = number(folder, "day", 2)?;
                next = Self { hive, ..next.on(Date::new(self.year, self.month, day as i8).ok()?) };
            }
            // A backup of some day may hold logs of others: of two dates the inner one is theirs.
            Level::Day | Level::Hour => match self.date_of_a_copy(folder) {
                Some(inner) => next = Self { hour: None, ..inner },
                None => {
                    if self.level == Level::Day
                        && let Some((hour, _)) = number(folder, "hour", 2).filter(|(hour, _)| *hour < 24)
                    {
                        next = Self { level: Level::Hour, hour: Some(hour as i8), ..next };
                    }
                }
            },
        }
        Some(next)
    }

    /// Returns a folder of an account's: that of a service, of a Region, or one that nobody knows.
    fn enter_of_account(&self, folder: &str) -> Option<Self> {
        let hive = folder.strip_prefix("aws-service=").or_else(|| folder.strip_prefix("service="));
        let service = hive.unwrap_or(folder);
        let region = folder.strip_prefix("aws-region=").unwrap_or(folder);
        if is_of_flow_logs(service) {
            return Some(Self { level: Level::Service, strange: false, ..self.clone() });
        }
        if is_awss_region(region) {
            // Without the service's folder, as some tools copy.
            return Some(Self { level: Level::Region, region: Some(region.to_owned()), ..self.clone() });
        }
        let copy = self.date_of_a_copy(folder);
        let is_passed = is_another_service(service) || service.starts_with(['.', '_']);
        if copy.is_some() || is_passed { copy } else { Some(Self { strange: true, ..self.clone() }) }
    }

    /// Returns the Region, if its folder is called as AWS calls Regions: people's folders there may be called anything.
    pub fn sure_region(&self) -> Option<&str> {
        self.region.as_deref().filter(|region| is_awss_region(region))
    }

    /// Returns whether a folder that led here from another place has the form that AWS writes.
    fn is_awss(&self, before: &Self, folder: &str) -> bool {
        let digits = folder.rsplit('=').next().unwrap_or_default().len();
        let step = match self.level {
            Level::Service => folder.rsplit('=').next() == Some(SERVICE),
            Level::Region => before.level == Level::Service,
            Level::Year => digits == 4,
            Level::Month => digits == 2,
            Level::Day => digits == 2 && before.level == Level::Month,
            Level::Hour => digits == 2,
            _ => true,
        };
        step && !folder.contains('%')
    }

    /// Returns what a folder above all that AWS writes says: a year, or a whole date.
    fn date_of_a_copy(&self, folder: &str) -> Option<Self> {
        let copy = Self { level: Level::Opaque, ..self.clone() };
        if let Some((year, hive)) = number(folder, "year", 4).filter(|(year, _)| YEARS.contains(year)) {
            return Some(Self { level: Level::Year, year, hive, ..copy });
        }
        whole_date(folder).map(|day| copy.on(day))
    }

    /// Returns a day's folder.
    fn on(self, day: Date) -> Self {
        Self { level: Level::Day, year: day.year(), month: day.month(), day: Some(day), ..self }
    }

    /// Returns year, month, day and hour, as folders write them, as far as the folders say them.
    pub fn date(&self) -> [Option<String>; 4] {
        let depth = [Level::Year, Level::Month, Level::Day, Level::Hour].iter().position(|level| *level == self.level);
        let day = self.day.map_or(0, Date::day);
        let values = [format!("{:04}", self.year), format!("{:02}", self.month), format!("{day:02}")];
        let [year, month, day] = values;
        let hour = self.hour.map(|hour| format!("{hour:02}"));
        let at_least = |level: usize| depth.is_some_and(|depth| depth >= level);
        [
            Some(year).filter(|_| at_least(0)),
            Some(month).filter(|_| at_least(1)),
            Some(day).filter(|_| at_least(2)),
            hour.filter(|_| at_least(3)),
        ]
    }

    /// Returns this place without what it says of days: what a folder that cannot be told is.
    pub fn undated(&self) -> Self {
        let (account, region) = (self.account.clone(), self.region.clone());
        Self { account, region, strange: self.strange, ..Self::opaque() }
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
/// Two objects whose folders are equal differ in values only: one template names both. So only what AWS writes counts, and folders
/// below a day's or hour's, which every reader enters; all else is above.
pub fn folders_of(key: &str) -> (String, Vec<Folder>) {
    let (mut above, mut folders) = (String::new(), Vec::new());
    let mut place = Place::opaque();
    for folder in key.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
        let next = place.enter(folder).filter(|next| next.level != Level::Opaque);
        let same = next.as_ref().is_some_and(|next| next.level == place.level);
        if same && matches!(place.level, Level::Day | Level::Hour) {
            folders.push((None, folder));
            continue;
        }
        let next = next.filter(|next| next.is_awss(&place, folder));
        if next.as_ref().is_none_or(|next| next.level == Level::AwsLogs) {
            // All before it was not the layout yet.
            let before: String =
                folders.drain(..).map(|(_, folder): (Option<Folder>, &str)| format!("{folder}/")).collect();
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
                folders.push((Some(Folder { level: next.level, text: text.to_owned() }), folder));
                place = next;
            }
        }
    }
    (above, folders.into_iter().filter_map(|(folder, _)| folder).collect())
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

/// Fewest characters of the random number that ends AWS's names.
const HASH_CHARS: usize = 8;

/// Returns what AWS called an object, up to its ending, whatever people made of the name since: `Copy of NAME`, `NAME (1).log.gz`,
/// `NAME.log` unpacked. AWS ends each name with a random number, so that no two objects share it
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
pub fn delivery(name: &str) -> Option<&str> {
    let service = name.find("_vpcflowlogs_")?;
    let begin = service.checked_sub(12).filter(|begin| name.get(*begin..service).is_some_and(is_account))?;
    let hash = name.get(service + 1..)?.match_indices('_').nth(3)?.0 + service + 2;
    let chars = name.get(hash..)?.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let whole = name.get(begin..hash + chars).filter(|_| chars >= HASH_CHARS)?;
    let said = FileName::parse(whole);
    (said.account.is_some() && said.region.is_some() && said.day.is_some()).then_some(whole)
}

/// Returns whether a Region can be called so: its name becomes part of partitions, definitions and statements.
pub(super) fn is_region(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Returns whether an account's folder is that of flow logs: AWS's, or what people made of its name.
fn is_of_flow_logs(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
    letters.to_ascii_lowercase().contains("flowlog")
}

/// What other services call their folders beside those of flow logs, in small letters and without hyphens: these are not entered.
const OTHER_SERVICES: [&str; 28] = [
    "accesslogs",
    "apigateway",
    "bedrockmodelinvocationlogs",
    "cloudfront",
    "cloudtrail",
    "cloudtraildigest",
    "cloudtrailinsight",
    "cloudtrailnetworkactivity",
    "config",
    "configuration",
    "eksauditlogs",
    "elasticloadbalancing",
    "emr",
    "globalaccelerator",
    "guardduty",
    "inspector",
    "macie",
    "mskconnect",
    "networkfirewall",
    "redshift",
    "route53resolver",
    "s3serveraccesslogs",
    "securityhub",
    "securitylake",
    "verifiedaccess",
    "vpcdnsquerylogs",
    "vpclattice",
    "waflogs",
];

/// Returns whether an account's folder is known to be that of another service.
fn is_another_service(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
    OTHER_SERVICES.contains(&&*letters.to_ascii_lowercase())
}

/// Returns whether a folder is called as AWS calls Regions: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
pub fn is_awss_region(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split('-').collect();
    let ends = parts.pop().is_some_and(|last| matches!(last.len(), 1 | 2) && last.bytes().all(|b| b.is_ascii_digit()));
    let begins = parts.first().is_some_and(|first| (2..=4).contains(&first.len()));
    ends && begins
        && (2..=3).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
}

/// What an object can be, by its name. Whether it is a log, its content decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// A log, packed or not: whatever is not one of the others.
    Log,
    /// `.parquet`: AWS's own Parquet delivery.
    Parquet,
    /// Hidden: `.` or `_` before the name.
    Hidden,
    /// What people and tools put beside logs: manifests, notes, checksums, tables.
    Other,
}

/// What the names of flow logs do not end with; what is called so all the same, its content tells.
const OTHERS: [&str; 34] = [
    "asc", "avro", "bak", "crc", "csv", "db", "htm", "html", "ini", "json", "jsonl", "lnk", "manifest", "md", "md5",
    "metadata", "orc", "pdf", "png", "sha1", "sha256", "sha512", "sig", "sql", "svg", "tar", "tgz", "toml", "tsv",
    "xml", "xz", "yaml", "yml", "zip",
];

/// What lies beside files of all kinds, and by what services of AWS's try whether they may deliver.
const NOTES: [&str; 11] = [
    "CHECKSUMS",
    "CONFIGWRITABILITYCHECKFILE",
    "ELBACCESSLOGTESTFILE",
    "LICENSE",
    "MANIFEST",
    "MD5SUMS",
    "NOTICE",
    "README",
    "SHA1SUMS",
    "SHA256SUMS",
    "SHA512SUMS",
];

impl Suffix {
    /// Returns what the name of an object promises.
    pub fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            _ if name.starts_with(['.', '_']) => Self::Hidden,
            // A log that somebody packed or wrote otherwise: if nobody can read it, everybody should know.
            "csv" | "jsonl" | "tar" | "tgz" | "tsv" | "xz" | "zip" if delivery(name).is_some() => Self::Log,
            "parquet" => Self::Parquet,
            _ if OTHERS.contains(&ending) || NOTES.contains(&&*name.to_ascii_uppercase()) => Self::Other,
            _ => Self::Log,
        }
    }
}

/// Returns whether an account can be called so.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Years that a folder may be one of.
const YEARS: std::ops::Range<i16> = 2000..2200;

/// Returns a folder with `=` for `%3D`, which some tools write.
pub(super) fn decoded(folder: &str) -> Cow<'_, str> {
    if folder.contains('%') { folder.replace("%3D", "=").replace("%3d", "=").into() } else { folder.into() }
}

/// Reads `NN` or `name=NN`, of four digits if it is a year, else of one or two, and says which of the two forms it was.
fn number(folder: &str, name: &str, digits: usize) -> Option<(i16, bool)> {
    let value = folder.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
    let text = value.unwrap_or(folder);
    let good = (text.len() == digits || digits == 2 && text.len() == 1) && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok().map(|number| (number, value.is_some()))).flatten()
}

/// Reads `2026-01-15`, `2026_01_15` or `20260115`, also behind a name and `=`.
fn whole_date(folder: &str) -> Option<Date> {
    let text = folder.split_once('=').map_or(folder, |(_, value)| value);
    let (year, month, day) = match text.len() {
        8 => (text.get(..4)?, text.get(4..6)?, text.get(6..)?),
        10 if matches!(
            text.as_bytes(),
            [_, _, _, _, b'-', _, _, b'-', _, _] | [_, _, _, _, b'_', _, _, b'_', _, _]
        ) =>
        {
            (text.get(..4)?, text.get(5..7)?, text.get(8..)?)
        }
        _ => return None,
    };
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    YEARS.contains(&date.year()).then_some(date)
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

    #[test]
    fn what_aws_called_an_object_is_told_from_what_people_made_of_it() {
        let aws = "111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_fe123456";
        for name in
            ["X", "X.log.gz", "X.log", "X (1).log.gz", "Copy of X.log.gz", "X.log.gz.1", "X-copy.log.gz", "2026-X~"]
        {
            assert_eq!(delivery(&name.replace('X', aws)), Some(aws), "{name}");
        }
        for name in [
            "",
            "part-0",
            "_vpcflowlogs_",
            "1_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_fe123456",
            "111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_a.log.gz",
            "111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115_fe123456.log.gz",
            "é11122223333_vpcflowlogs_é_é_é_éééééééé",
        ] {
            assert_eq!(delivery(name), None, "{name}");
        }
    }

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
        let organisation = Place::of_prefix("AWSLogs/o-abc").enter("111122223333");
        assert_eq!(organisation, Place::of_prefix("AWSLogs").enter("111122223333"));
        let region = account.enter("vpcflowlogs").and_then(|p| p.enter("eu-west-1")).unwrap();
        assert_eq!(region.enter("2026").and_then(|p| p.enter("02")).and_then(|p| p.enter("30")), None, "no such day");
        assert_eq!(region.enter("2026").and_then(|p| p.enter("13")), None, "no such month");
        assert_eq!(region.enter("old"), None, "it may hold anything");
    }

    #[test]
    fn reads_what_peoples_tools_write() {
        let region = "AWSLogs/111122223333/vpcflowlogs/r";
        let is = |folders: &str| {
            let place = Place::of_prefix(folders);
            (place.day, place.hour, place.region.is_some())
        };
        for way in [
            "2026/1/5",
            "2026/01/5",
            "year=2026/month=1/day=5",
            "year%3D2026/month%3d01/day%3D05",
            "2026/month=1/05",
            "2026-01-05",
            "20260105",
            "dt=2026-01-05",
            "day=20260105",
            "2026/01/05/part-3",
        ] {
            assert_eq!(is(&format!("{region}/{way}")), (Some(date(2026, 1, 5)), None, true), "{way}");
            assert_eq!(is(&format!("{region}/{way}/7")).1, Some(7), "{way}");
        }
        assert_eq!(is("copy/dt=2026-01-05/3"), (Some(date(2026, 1, 5)), Some(3), false));
        for none in ["2026-13-05", "2026-1-5", "19990101", "20260230", "fl=12345678", "2026", "é2026-01-0"] {
            assert_eq!(is(&format!("{region}/{none}")).0, None, "{none}");
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
        assert_eq!(
            shown("AWSLogs/o-abc/111122223333/vpcflowlogs/r/2026/01/15/part-1/x.gz"),
            is("AWSLogs/", "o-abc/Account/vpcflowlogs/Region/Year/Month/Day")
        );
        let odd = "AWSLogs/111122223333/vpcflowlogs/r/2026/1/5/";
        assert_eq!(shown(&format!("{odd}x.gz")), is(odd, ""), "no template names it");
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
