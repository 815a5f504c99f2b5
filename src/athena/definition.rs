//! A table as a catalog knows it: the one model that every form of a definition is printed from.
//!
//! In: what a DEST holds ([`Definition::of_table`]) or what a SOURCE looks like ([`Definition::of_raw`]). Out: columns,
//! keys, location, and the partition projection that says where partitions are without registering them
//! (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html>).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::name::TableName;
use super::pattern::{Part, Pattern, Piece, parts_of};
use super::types::SqlType;
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::ledger::partition::Partition;
use crate::options::{ACCOUNT, PROJECTION, REGION};
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Years that a projected range goes on behind the year it was founded in, and by which it grows: values outside a
/// range give zero rows without an error, and a year more costs listings only for queries without a predicate on it.
pub const YEARS_AHEAD: i16 = 10;

/// A column as a catalog knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// Name.
    pub name: String,
    /// Type.
    pub sql_type: SqlType,
    /// What it means.
    pub comment: Option<String>,
}

/// A partition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Name.
    pub name: String,
    /// Type: string, unless a person's own definition has it otherwise.
    pub sql_type: SqlType,
    /// What its values are made of.
    pub pattern: Pattern,
}

impl Key {
    /// Returns our own key for a part.
    pub fn of_part(part: Part) -> Self {
        Self { name: part.column().to_owned(), sql_type: SqlType::String, pattern: Pattern::part(part) }
    }

    /// Returns a partition's value, or `None` if its folders do not tell it. A number has no zeros in front.
    fn value(&self, partition: &Partition) -> Option<String> {
        let text = self.pattern.of(partition)?;
        let number = text.parse::<i64>().ok().filter(|_| self.sql_type.is_integer());
        Some(number.map_or(text, |number| number.to_string()))
    }
}

/// What the objects of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Parquet, columns found by name.
    Parquet,
    /// Raw flow logs: a header line, then records; columns found by position.
    Text,
}

/// How an engine comes to know the partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitions {
    /// Computed from the table's properties; nothing is ever registered.
    Projected,
    /// Registered one by one.
    Registered,
    /// Found by `MSCK REPAIR TABLE`.
    Repaired,
}

/// A table as a catalog knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Database and table.
    pub name: TableName,
    /// Columns of the files.
    pub columns: Vec<TableColumn>,
    /// Partition keys, in the order in which they follow the columns.
    pub keys: Vec<Key>,
    /// What the objects are.
    pub storage: Storage,
    /// Folder of everything, with a `/` behind it.
    pub location: String,
    /// Folders of partitions below `location`, with a `/` behind them.
    pub layout: Pattern,
    /// How partitions become known.
    pub partitioning: Partitions,
    /// The partitions that are there, in order.
    pub partitions: Vec<Partition>,
    /// First and last year that projections list.
    pub years: (i16, i16),
}

/// What a key's values can be, as Athena computes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// Numbers, padded with zeros.
    Integer {
        /// The first.
        first: i64,
        /// The last, which is included.
        last: i64,
        /// Digits of each.
        digits: u8,
    },
    /// These values.
    Enum(Vec<String>),
    /// Dates, from the first to now.
    Date {
        /// Java's date format.
        format: String,
        /// The first, in that format.
        first: String,
        /// Unit of a step.
        unit: &'static str,
    },
}

impl Projection {
    /// End of a range of dates. A day ahead, since clocks differ, and since Trino wants the two ends to differ.
    pub const NOW: &'static str = "NOW+1DAY";

    /// Returns the key's properties, without the `projection.KEY.` before their names.
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Integer { first, last, digits } => vec![
                ("type", "integer".to_owned()),
                ("range", format!("{first},{last}")),
                ("digits", digits.to_string()),
            ],
            Self::Enum(values) => vec![("type", "enum".to_owned()), ("values", values.join(","))],
            Self::Date { format, first, unit } => vec![
                ("type", "date".to_owned()),
                ("format", format.clone()),
                ("range", format!("{first},{}", Self::NOW)),
                ("interval", "1".to_owned()),
                ("interval.unit", (*unit).to_owned()),
            ],
        }
    }
}

impl Definition {
    /// Returns the table of a DEST with these contents at this location.
    pub fn of_table(name: TableName, location: &str, contents: &Contents, today: Date) -> Self {
        let first = contents.partitions.iter().map(|partition| partition.day.year()).min();
        let founded = contents.founded.or(first).unwrap_or(today.year());
        Self {
            name,
            columns: described(&contents.columns, contents.log_type),
            keys: parts_of(contents.partition_by).map(Key::of_part).collect(),
            storage: Storage::Parquet,
            location: format!("{}/", location.trim_end_matches('/')),
            layout: Pattern::of_table(contents.partition_by),
            partitioning: Partitions::Projected,
            partitions: contents.partitions.clone(),
            years: projected_years(first, founded, today),
        }
    }

    /// Returns the table over raw logs: one key for each part that their folders tell.
    pub fn of_raw(name: TableName, raw: RawContents, today: Date) -> Self {
        let first = raw.partitions.iter().map(|partition| partition.day.year()).min();
        let keys: Vec<Key> = raw.layout.parts().map(Key::of_part).collect();
        Self {
            name,
            columns: described(&raw.columns, raw.log_type),
            // Objects that lie flat have no folders that keys could be told from.
            partitioning: if keys.is_empty() { Partitions::Registered } else { Partitions::Projected },
            partitions: if keys.is_empty() { Vec::new() } else { raw.partitions },
            keys,
            storage: Storage::Text,
            location: raw.location,
            layout: raw.layout,
            years: projected_years(first, today.year(), today),
        }
    }

    /// Returns the table with partitions that become known in this way.
    ///
    /// # Errors
    /// A usage error if they cannot.
    pub fn known_by(mut self, partitioning: Partitions) -> Result<Self> {
        if self.keys.is_empty() && partitioning == Partitions::Projected {
            return Err(Error::usage(format!("{} has no partitions that could be projected", self.name))
                .help(format!("its objects lie in no folders of days; leave {PROJECTION} away")));
        }
        if !self.is_hive_style() && partitioning == Partitions::Repaired {
            return Err(Error::usage(format!("no engine finds the partitions of {} by their folders", self.name))
                .at(format!("{}{}", self.location, self.layout))
                .help(format!(
                    "only folders named after the partition keys, as year=2026/, are found; give {PROJECTION} on or off"
                )));
        }
        self.partitioning = partitioning;
        Ok(self)
    }

    /// Puts the values of some parts in their places: the table then lies in that folder, and has no keys for them.
    pub fn fold(&mut self, values: &BTreeMap<Part, String>) {
        self.layout = self.layout.filled(values);
        self.keys.retain(|key| key.pattern.only_part().is_none_or(|part| !values.contains_key(&part)));
        let Some(Piece::Text(text)) = self.layout.pieces().first() else { return };
        // `year=` of a folder that varies stays with it.
        let cut = text.rfind('/').map_or(0, |at| at + 1);
        let (above, rest) = (text[..cut].to_owned(), text[cut..].to_owned());
        let behind =
            self.layout.pieces()[1..].iter().fold(Pattern::default().text(&rest), |layout, piece| match piece {
                Piece::Text(text) => layout.text(text),
                Piece::Part(part) => layout.then(*part),
            });
        self.location.push_str(&above);
        self.layout = behind;
    }

    /// Takes the columns' comments away.
    pub fn leave_comments_out(&mut self) {
        self.columns.iter_mut().for_each(|column| column.comment = None);
    }

    /// Returns whether the folders tell key and value, as Hive's do: `year=${year}/month=${month}/`.
    pub fn is_hive_style(&self) -> bool {
        let folder =
            |folders: Pattern, key: &Key| folders.text(&key.name).text("=").followed_by(&key.pattern).text("/");
        !self.keys.is_empty() && self.keys.iter().fold(Pattern::default(), folder) == self.layout
    }

    /// Returns the names of columns and keys, as `SELECT *` shows them.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str()).chain(self.keys.iter().map(|key| key.name.as_str()))
    }

    /// Returns the template of the partitions' locations, or `None` if the keys cannot tell them.
    pub fn template(&self) -> Option<String> {
        let below = self.layout.template(self.keys.iter().map(|key| (key.name.as_str(), &key.pattern)))?;
        Some(format!("{}{below}", self.location))
    }

    /// Returns the template of the partitions' locations.
    ///
    /// # Errors
    /// A usage error if the keys cannot tell them.
    pub fn location_template(&self) -> Result<String> {
        self.template().ok_or_else(|| {
            Error::usage("the partition keys do not tell where partitions are, so they cannot be projected")
        })
    }

    /// Returns what each key's values can be.
    ///
    /// # Errors
    /// A usage error for keys that have no projection, and for accounts and Regions of which none is known or one has a
    /// comma.
    pub fn projections(&self) -> Result<Vec<(&Key, Projection)>> {
        self.keys.iter().map(|key| Ok((key, self.projection(key)?))).collect()
    }

    /// Returns how many partitions are projected, whether they are there or not.
    ///
    /// # Errors
    /// As [`Definition::projections`].
    pub fn projected_partitions(&self) -> Result<u64> {
        let days = u64::try_from((i64::from(self.years.1) - i64::from(self.years.0) + 1) * 366).unwrap_or(0);
        let values = |projection: &Projection| match projection {
            Projection::Integer { first, last, .. } => u64::try_from(last - first + 1).unwrap_or(0),
            Projection::Enum(values) => values.len() as u64,
            Projection::Date { unit, .. } => days * if *unit == "HOURS" { 24 } else { 1 },
        };
        Ok(self.projections()?.iter().map(|(_, projection)| values(projection)).product())
    }

    fn projection(&self, key: &Key) -> Result<Projection> {
        let integer =
            |first: i16, last: i16, digits| Projection::Integer { first: first.into(), last: last.into(), digits };
        match key.pattern.only_part() {
            Some(Part::Year) => Ok(integer(self.years.0, self.years.1, 4)),
            Some(Part::Month) => Ok(integer(1, 12, 2)),
            Some(Part::Day) => Ok(integer(1, 31, 2)),
            Some(Part::Hour) => Ok(integer(0, 23, 2)),
            Some(part @ (Part::Account | Part::Region)) => {
                let values: BTreeSet<String> = self.partitions.iter().filter_map(|at| part.of(at)).collect();
                if values.is_empty() {
                    return Err(Error::usage(format!("the values of {} are not known yet", key.name))
                        .help(format!("convert a day first, or name them with {ACCOUNT} and {REGION}")));
                }
                if let Some(value) = values.iter().find(|value| value.contains(',')) {
                    return Err(Error::usage(format!("{value:?} cannot be a projected value of {}", key.name))
                        .help(format!("a comma separates values there; register partitions with {PROJECTION} off")));
                }
                Ok(Projection::Enum(values.into_iter().collect()))
            }
            None => {
                let unknown = || Error::usage(format!("the partition key {} cannot be projected", key.name));
                let format = key.pattern.java_format().ok_or_else(unknown)?;
                let unit = if key.pattern.parts().any(|part| part == Part::Hour) { "HOURS" } else { "DAYS" };
                let first = Partition { account_region: None, day: self.first_day(), hour: Some(0) };
                Ok(Projection::Date { format, first: key.pattern.of(&first).ok_or_else(unknown)?, unit })
            }
        }
    }

    /// Returns the first day there is; the first of the projected years if there is none.
    fn first_day(&self) -> Date {
        let first = self.partitions.iter().map(|partition| partition.day).min();
        first.unwrap_or_else(|| Date::constant(self.years.0.clamp(1, 9999), 1, 1))
    }

    /// Returns the table's properties, in the order in which they are printed.
    ///
    /// # Errors
    /// As [`Definition::projections`].
    pub fn properties(&self) -> Result<Vec<(String, String)>> {
        let mut properties: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: String| properties.push((name.to_owned(), value));
        match self.storage {
            // Glue's ETL jobs look for it.
            Storage::Parquet => put("classification", "parquet".to_owned()),
            Storage::Text => put("skip.header.line.count", "1".to_owned()),
        }
        if self.partitioning == Partitions::Projected {
            put("projection.enabled", "true".to_owned());
            for (key, projection) in self.projections()? {
                for (what, value) in projection.properties() {
                    put(&format!("projection.{}.{what}", key.name), value);
                }
            }
            put("storage.location.template", self.location_template()?);
        }
        Ok(properties)
    }

    /// Returns the partitions from a day on: the values of the keys, and the folder.
    ///
    /// # Errors
    /// A usage error if two folders have the same values: one partition has one location.
    pub fn registered(&self, since: Option<Date>) -> Result<Vec<(Vec<String>, String)>> {
        let mut seen = BTreeSet::new();
        let mut registered = Vec::new();
        for partition in self.partitions.iter().filter(|partition| since.is_none_or(|since| partition.day >= since)) {
            let values: Option<Vec<String>> = self.keys.iter().map(|key| key.value(partition)).collect();
            let (Some(values), Some(folder)) = (values, self.layout.of(partition)) else {
                return Err(Error::usage(format!("the keys of {} cannot be told from {partition}", self.name)));
            };
            if !seen.insert(values.clone()) {
                return Err(Error::usage(format!(
                    "the keys of {} tell {partition} not from another folder, and a partition has one location",
                    self.name
                )));
            }
            registered.push((values, format!("{}{folder}", self.location)));
        }
        Ok(registered)
    }
}

/// What raw logs look like, for a definition over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawContents {
    /// Log type, whose descriptions become comments.
    pub log_type: LogType,
    /// Columns in the order of the records' fields.
    pub columns: Vec<Column>,
    /// What lies above the folders of the layout, with a `/` behind it.
    pub location: String,
    /// Folders below `location`, with a `/` behind them; empty if objects lie flat.
    pub layout: Pattern,
    /// Folders of that layout with objects, in order.
    pub partitions: Vec<Partition>,
}

impl RawContents {
    /// Moves accounts and Regions that have one value only from the layout into the location, so that a table over
    /// the logs of one account and Region has days for keys and no more.
    #[must_use]
    pub fn folded(mut self) -> Self {
        let parts = [Part::Account, Part::Region];
        let one = |part: Part| {
            let values: BTreeSet<_> = self.partitions.iter().map(|partition| part.of(partition)).collect();
            values
                .into_iter()
                .next()
                .flatten()
                .filter(|first| self.partitions.iter().all(|partition| part.of(partition).as_ref() == Some(first)))
        };
        let values: Option<Vec<String>> = parts.into_iter().map(one).collect();
        let Some(values) = values else { return self };
        let above = self.layout.pieces().iter().position(|piece| matches!(piece, Piece::Part(Part::Year)));
        let Some(above) = above else { return self };
        let (above, below) = self.layout.pieces().split_at(above);
        for piece in above {
            match piece {
                Piece::Text(text) => self.location.push_str(text),
                Piece::Part(part) => {
                    self.location.extend(
                        parts.iter().zip(&values).filter(|(of, _)| *of == part).map(|(_, value)| value.as_str()),
                    );
                }
            }
        }
        let mut rest = Pattern::default();
        for piece in below {
            rest = match piece {
                Piece::Text(text) => rest.text(text),
                Piece::Part(part) => rest.then(*part),
            };
        }
        // `year=` of a Hive-style folder stands before the part: it belongs to the folder, not to the location.
        let cut = self.location.rfind('/').map_or(0, |at| at + 1);
        let head = self.location.split_off(cut);
        self.layout = rest.with_text_before(&head);
        for partition in &mut self.partitions {
            partition.account_region = None;
        }
        self
    }
}

/// Returns columns with the schema's descriptions as comments.
pub fn described(columns: &[Column], log_type: LogType) -> Vec<TableColumn> {
    let fields = &log_type.schema().fields;
    let comment = |name: &str| fields.iter().find(|field| field.column == name).map(|field| field.description.clone());
    columns
        .iter()
        .map(|column| TableColumn {
            name: column.name.clone(),
            sql_type: column.column_type.into(),
            comment: comment(&column.name),
        })
        .collect()
}

/// Returns the first and last year to project.
///
/// The first is that of the first data. The last is the year of founding and [`YEARS_AHEAD`], and when the last year
/// of such a range has begun, as many more: so what a definition printed at any time says follows from DEST and the
/// calendar alone, and [`ends_soon`] can warn of it.
pub fn projected_years(first_data: Option<i16>, founded: i16, today: Date) -> (i16, i16) {
    let now = today.year();
    let mut last = founded.saturating_add(YEARS_AHEAD);
    while last <= now {
        last += YEARS_AHEAD;
    }
    (first_data.unwrap_or(now).min(now), last)
}

/// Returns the last year of the range that earlier definitions of this table say, if it is this year.
pub fn ends_soon(founded: i16, today: Date) -> Option<i16> {
    let age = today.year() - founded;
    (age > 0 && age % YEARS_AHEAD == 0).then_some(today.year())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn one_account_and_region_become_part_of_the_location() {
        let raw = |regions: &[&str], hive: bool| {
            let text = |plain: &str, key: &str| if hive { format!("{plain}{key}=") } else { plain.to_owned() };
            let layout = Pattern::default().text(&text("AWSLogs/", "aws-account-id")).then(Part::Account);
            let layout = layout.text(&text("/vpcflowlogs/", "aws-region")).then(Part::Region);
            let layout = layout.text(&text("/", "year")).then(Part::Year).text("/");
            let at = |region: &&str| Partition {
                account_region: Some(("111122223333".into(), (*region).into())),
                day: date(2026, 1, 15),
                hour: None,
            };
            let partitions = regions.iter().map(at).collect();
            RawContents {
                log_type: LogType::Vpc,
                columns: Vec::new(),
                location: "s3://b/p/".into(),
                layout,
                partitions,
            }
        };
        let folded = raw(&["r"], false).folded();
        assert_eq!(folded.location, "s3://b/p/AWSLogs/111122223333/vpcflowlogs/r/");
        assert_eq!(folded.layout.to_string(), "${year}/");
        let folded = raw(&["r"], true).folded();
        assert_eq!(folded.location, "s3://b/p/AWSLogs/aws-account-id=111122223333/vpcflowlogs/aws-region=r/");
        assert_eq!(folded.layout.to_string(), "year=${year}/");
        let two = raw(&["r", "s"], false);
        assert_eq!(two.clone().folded(), two);
    }

    #[test]
    fn a_value_with_a_comma_is_two() {
        let at = |region: &str| Partition {
            account_region: Some(("111122223333".into(), region.into())),
            day: date(2026, 1, 15),
            hour: None,
        };
        let raw = |region: &str| RawContents {
            log_type: LogType::Vpc,
            columns: Vec::new(),
            location: "s3://b/".into(),
            layout: Pattern::default().then(Part::Region).text("/").then(Part::Year).text("/"),
            partitions: vec![at("a"), at(region)],
        };
        let table = |region| Definition::of_raw(TableName::parse("t").unwrap(), raw(region), date(2026, 1, 15));
        assert!(table("b").properties().is_ok());
        assert!(table("b,c").properties().is_err());
    }

    #[test]
    fn only_folders_named_after_the_keys_are_found_by_their_names() {
        let raw = |layout: Pattern| RawContents {
            log_type: LogType::Vpc,
            columns: Vec::new(),
            location: "s3://b/".into(),
            layout,
            partitions: Vec::new(),
        };
        let table = |layout| Definition::of_raw(TableName::parse("t").unwrap(), raw(layout), date(2026, 1, 15));
        let month = |before: &str, between: &str| {
            Pattern::default().text(before).then(Part::Year).text(between).then(Part::Month).text("/")
        };
        for (layout, found) in [
            (month("year=", "/month="), true),
            (month("", "/"), false),
            (month("y=", "/month="), false),
            (month("x/year=", "/month="), false),
            (month("year=", "-month="), false),
            (Pattern::default(), false),
        ] {
            assert_eq!(table(layout.clone()).is_hive_style(), found, "{layout}");
            assert_eq!(table(layout.clone()).known_by(Partitions::Repaired).is_ok(), found, "{layout}");
            let projected = table(layout.clone()).known_by(Partitions::Projected);
            assert_eq!(projected.is_ok(), layout != Pattern::default(), "{layout}");
        }
    }

    #[test]
    fn a_range_grows_when_its_last_year_begins_and_that_year_warns() {
        assert_eq!(projected_years(Some(2024), 2026, date(2026, 3, 1)), (2024, 2036));
        assert_eq!(projected_years(Some(2024), 2026, date(2035, 12, 31)), (2024, 2036));
        assert_eq!(projected_years(Some(2024), 2026, date(2036, 1, 1)), (2024, 2046));
        assert_eq!(projected_years(None, 2026, date(2026, 1, 1)), (2026, 2036));
        for (year, warns) in [(2026, false), (2035, false), (2036, true), (2037, false), (2046, true)] {
            assert_eq!(ends_soon(2026, date(year, 6, 1)).is_some(), warns, "{year}");
        }
        // Whatever was printed before the year that warns ends with it.
        for year in 2026..2080 {
            let printed = projected_years(None, 2026, date(year, 5, 5)).1;
            assert!(printed > year, "a new definition has room");
            assert_eq!(ends_soon(2026, date(printed, 1, 1)), Some(printed), "and warns a year before its end");
        }
    }
}
