//! Which partitions a query reads: the predicate over the keys `year`, `month` and `day`, which are strings.
//!
//! In: days, accounts and Regions. Out: conditions that select exactly those, in as few words as Athena needs to leave
//! every other partition unread. A condition on `start` alone would read them all.

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::days::{Days, LocalDay};
use crate::error::{Error, Result};
use crate::options::{ACCOUNT, REGION};

use super::name::literal;

/// How much later than a record begins its object may be dated: 10 minutes of the longest aggregation interval, 5 of
/// the file, "typically" 10 of delivery (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>), and
/// then twice as much as that.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// When the rows of a query are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The partitions of these UTC days.
    Days(Days),
    /// The rows that begin on a day of another time zone, wherever their partition.
    Local(LocalDay),
}

/// The rows that a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Their time.
    pub when: When,
    /// Their accounts, for tables partitioned by account and Region; all if empty.
    pub accounts: Vec<String>,
    /// Their Regions, likewise.
    pub regions: Vec<String>,
}

impl Selection {
    /// Returns the conditions; all of them must hold.
    ///
    /// # Errors
    /// A usage error for an account or Region that is none.
    pub fn conditions(&self) -> Result<Vec<String>> {
        let days = match &self.when {
            When::Days(days) => days.clone(),
            When::Local(local) => local.days(LATE)?,
        };
        let mut conditions = vec![of_days(&days)];
        if let When::Local(LocalDay { start, end, .. }) = &self.when {
            conditions.push(format!("start >= {}", start.as_second()));
            conditions.push(format!("start < {}", end.as_second()));
        }
        for account in &self.accounts {
            if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::usage(format!("{ACCOUNT} {account:?} is no account: it has 12 digits")));
            }
        }
        for region in &self.regions {
            let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if region.is_empty() || !region.bytes().all(good) {
                return Err(Error::usage(format!("{REGION} {region:?} is no Region: write it as us-east-1")));
            }
        }
        for (key, values) in [("aws_account_id", &self.accounts), ("aws_region", &self.regions)] {
            if !values.is_empty() {
                let values: Result<Vec<String>> = values.iter().map(|value| literal(value)).collect();
                conditions.push(any_of(key, &values?));
            }
        }
        Ok(conditions)
    }
}

/// Returns the condition for the partitions of these days: whole years and months by their own keys alone.
fn of_days(days: &Days) -> String {
    let days: Vec<Date> = match days {
        Days::All => return "TRUE".to_owned(),
        Days::These(days) => days.iter().copied().collect(),
    };
    // Each with its first day, so that they come out in the order of time.
    let mut parts: Vec<(Date, String)> = Vec::new();
    let is_whole_year = |year: &&[Date]| year.len() == usize::from(year[0].days_in_year().unsigned_abs());
    let (whole, others): (Vec<&[Date]>, Vec<&[Date]>) =
        days.chunk_by(|a, b| a.year() == b.year()).partition(is_whole_year);
    if let Some(first) = whole.first() {
        parts.push((first[0], among("year", whole.iter().map(|year| year[0].year()), 4)));
    }
    for year in others {
        let of_year = among("year", [year[0].year()], 4);
        let is_whole_month = |month: &&[Date]| month.len() == usize::from(month[0].days_in_month().unsigned_abs());
        let (whole, others): (Vec<&[Date]>, Vec<&[Date]>) =
            year.chunk_by(|a, b| a.month() == b.month()).partition(is_whole_month);
        if let Some(first) = whole.first() {
            let months = among("month", whole.iter().map(|month| month[0].month().into()), 2);
            parts.push((first[0], format!("{of_year} AND {months}")));
        }
        for month in others {
            let of_month = among("month", [month[0].month().into()], 2);
            let days = among("day", month.iter().map(|day| day.day().into()), 2);
            parts.push((month[0], format!("{of_year} AND {of_month} AND {days}")));
        }
    }
    parts.sort();
    let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
    if parts.len() == 1 { parts.concat() } else { format!("(({}))", parts.join(")\nOR (")) }
}

/// Returns the condition that a key is one of these ascending numbers, written with so many digits.
fn among(key: &str, numbers: impl IntoIterator<Item = i16>, digits: usize) -> String {
    let numbers: Vec<i16> = numbers.into_iter().collect();
    let values: Vec<String> = numbers.iter().map(|number| format!("'{number:0digits$}'")).collect();
    if numbers.len() > 2 && numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
        return format!("{key} BETWEEN {} AND {}", values[0], values[values.len() - 1]);
    }
    any_of(key, &values)
}

/// Returns the condition that a column is one of these values, which are quoted already.
fn any_of(column: &str, values: &[String]) -> String {
    match values {
        [only] => format!("{column} = {only}"),
        _ => format!("{column} IN ({})", values.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn range(first: Date, last: Date) -> String {
        of_days(&Days::range(first, last).unwrap())
    }

    #[test]
    fn is_as_short_as_can_be() {
        assert_eq!(range(date(2026, 1, 5), date(2026, 1, 5)), "year = '2026' AND month = '01' AND day = '05'");
        assert_eq!(
            range(date(2026, 1, 8), date(2026, 1, 20)),
            "year = '2026' AND month = '01' AND day BETWEEN '08' AND '20'"
        );
        assert_eq!(range(date(2026, 2, 1), date(2026, 2, 28)), "year = '2026' AND month = '02'");
        assert_eq!(range(date(2026, 2, 1), date(2026, 6, 30)), "year = '2026' AND month BETWEEN '02' AND '06'");
        assert_eq!(range(date(2024, 1, 1), date(2025, 12, 31)), "year IN ('2024', '2025')");
        assert_eq!(
            range(date(2023, 12, 30), date(2026, 2, 1)),
            "((year = '2023' AND month = '12' AND day IN ('30', '31'))\nOR (year IN ('2024', '2025'))\n\
             OR (year = '2026' AND month = '01')\nOR (year = '2026' AND month = '02' AND day = '01'))"
        );
        let scattered = [date(2026, 1, 1), date(2026, 1, 9), date(2026, 1, 10)];
        assert_eq!(
            of_days(&Days::These(scattered.into())),
            "year = '2026' AND month = '01' AND day IN ('01', '09', '10')"
        );
        assert_eq!(of_days(&Days::All), "TRUE");
    }

    /// Evaluates such a condition for a day's partition, knowing nothing of how it was made.
    fn selects(sql: &str, day: Date) -> bool {
        let key = |name: &str| match name {
            "year" => format!("{:04}", day.year()),
            "month" => format!("{:02}", day.month()),
            "day" => format!("{:02}", day.day()),
            _ => panic!("{name} is no key of {sql}"),
        };
        let sql = sql.strip_prefix("((").and_then(|sql| sql.strip_suffix("))")).unwrap_or(sql);
        sql.split(")\nOR (").any(|part| {
            // The AND of a BETWEEN is the one that no key follows.
            let part = part.replace("' AND '", "' TO '");
            part.split(" AND ").all(|condition| {
                let (name, rest) = condition.split_once(' ').unwrap();
                let (operator, rest) = rest.split_once(' ').unwrap();
                let mut values = rest.split('\'').skip(1).step_by(2);
                let is = key(name);
                match operator {
                    "BETWEEN" => (values.next().unwrap()..=values.next().unwrap()).contains(&is.as_str()),
                    "=" | "IN" => values.any(|value| value == is),
                    _ => panic!("{operator}"),
                }
            })
        })
    }

    proptest! {
        #[test]
        fn selects_exactly_the_days_of_a_range(from in 0_i64..4000, length in 0_i64..1200) {
            let first = date(2019, 1, 1).checked_add(from.days()).unwrap();
            let last = first.checked_add(length.days()).unwrap();
            let sql = range(first, last);
            let around = first.checked_sub(500.days()).unwrap().series(1.day()).take(usize::try_from(length).unwrap() + 1000);
            for day in around {
                prop_assert_eq!(selects(&sql, day), (first..=last).contains(&day), "{} in {}", day, sql);
            }
        }

        #[test]
        fn selects_exactly_the_days_of_any_set(days in proptest::collection::btree_set(0_i64..800, 1..120)) {
            let day = |number: i64| date(2023, 11, 1).checked_add(number.days()).unwrap();
            let chosen: BTreeSet<Date> = days.iter().map(|number| day(*number)).collect();
            let sql = of_days(&Days::These(chosen.clone()));
            for number in -40..840 {
                prop_assert_eq!(selects(&sql, day(number)), chosen.contains(&day(number)), "{} in {}", day(number), sql);
            }
        }
    }

    fn conditions(when: When, accounts: &[&str], regions: &[&str]) -> Result<Vec<String>> {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Selection { when, accounts: owned(accounts), regions: owned(regions) }.conditions()
    }

    #[test]
    fn a_local_day_reads_the_partitions_that_its_rows_can_lie_in() {
        let of = |day, zone| conditions(When::Local(LocalDay::new(day, zone).unwrap()), &[], &[]).unwrap();
        assert_eq!(
            of(date(2026, 1, 15), "Asia/Tokyo"),
            ["year = '2026' AND month = '01' AND day IN ('14', '15')", "start >= 1768402800", "start < 1768489200"]
        );
        // What begins in the last minutes of a UTC day lies in the partition of the next.
        assert_eq!(of(date(2026, 1, 15), "UTC")[0], "year = '2026' AND month = '01' AND day IN ('15', '16')");
        assert_eq!(of(date(2026, 1, 15), "Europe/Berlin")[0], "year = '2026' AND month = '01' AND day IN ('14', '15')");
    }

    #[test]
    fn accounts_and_regions() {
        let all = || When::Days(Days::All);
        assert_eq!(
            conditions(all(), &["111122223333"], &["us-east-1", "eu-west-1"]).unwrap(),
            ["TRUE", "aws_account_id = '111122223333'", "aws_region IN ('us-east-1', 'eu-west-1')"]
        );
        for bad in ["", "1", "11112222333x", "111122223333' OR '1'='1"] {
            assert!(conditions(all(), &[bad], &[]).is_err(), "{bad}");
        }
        for bad in ["", "us-east-1'", "US-EAST-1", "us east"] {
            assert!(conditions(all(), &[], &[bad]).is_err(), "{bad}");
        }
    }
}
