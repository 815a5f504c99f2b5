//! When a table has outgrown the definitions that were printed of it.
//!
//! In: what a table had before a run and has after it. Out: warnings. A value outside of a projection gives zero rows
//! and no error (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html>), so the run that
//! makes a definition too small has to say so.

use jiff::civil::Date;

use super::definition::ends_soon;
use crate::ledger::contents::Reach;

/// Returns what a definition from before does not show of what is there now.
pub fn outgrown(before: &Reach, after: &Reach) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |what: String| {
        warnings.push(format!(
            "{what}; a table definition from before this run does not show it: print it anew with `flowparquet ddl`, or \
             change the live one (docs/definitions.md#growing)"
        ));
    };
    if let (Some(before), Some(after)) = (before.years.first(), after.years.first())
        && after < before
    {
        warn(format!("the table now begins with the year {after}, not {before}"));
    }
    for (what, before, after) in
        [("account", &before.accounts, &after.accounts), ("Region", &before.regions, &after.regions)]
    {
        let new: Vec<&str> = after.difference(before).map(String::as_str).collect();
        if !before.is_empty() && !new.is_empty() {
            warn(format!("the table now has the {what} {}", new.join(", ")));
        }
    }
    let new: Vec<&str> = after.columns.difference(&before.columns).map(String::as_str).collect();
    if !before.columns.is_empty() && !new.is_empty() {
        warn(format!("the table now has the column {}", new.join(", ")));
    }
    warnings
}

/// Returns the warning of the year in which the projected years of a table founded in this year run out.
pub fn running_out(founded: i16, today: Date) -> Option<String> {
    let last = ends_soon(founded, today)?;
    Some(format!(
        "the years that definitions of this table project end with {last}: from {} on their queries find nothing new; \
         print it anew with `flowparquet ddl`, or change the live one (docs/definitions.md#years)",
        last + 1
    ))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn extent(years: &[i16], accounts: &[&str], columns: &[&str]) -> Reach {
        let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Reach {
            years: years.iter().copied().collect(),
            accounts: set(accounts),
            regions: set(&["r"]),
            columns: set(columns),
        }
    }

    #[test]
    fn warns_of_what_is_not_shown() {
        let before = extent(&[2024, 2025], &["1"], &["a"]);
        assert!(
            outgrown(&before, &extent(&[2024, 2025, 2026], &["1"], &["a"])).is_empty(),
            "later years are projected"
        );
        assert!(outgrown(&Reach::default(), &before).is_empty(), "the first conversion outgrows nothing");
        for (after, wanted) in [
            (extent(&[2019, 2024], &["1"], &["a"]), "begins with the year 2019, not 2024"),
            (extent(&[2024], &["1", "2"], &["a"]), "has the account 2;"),
            (extent(&[2024], &["1"], &["a", "b"]), "has the column b;"),
        ] {
            let warnings = outgrown(&before, &after);
            assert!(warnings.len() == 1 && warnings[0].contains(wanted), "{warnings:?}");
        }
        assert_eq!(running_out(2026, date(2035, 12, 31)), None);
        assert!(running_out(2026, date(2036, 1, 1)).unwrap().contains("end with 2036: from 2037 on"));
    }
}
