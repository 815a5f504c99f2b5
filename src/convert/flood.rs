//! A flood of rejected lines: not lines are wrong then, but the format they are read by.
//!
//! In: the counters of a run, and what it rejected. Out: a [`Flood`] with the first line of an object that has rejected lines,
//! beside the format that is known.

use std::collections::BTreeMap;

use super::options::{ConvertOptions, MaxRejects};
use crate::options::LOG_FORMAT;
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::report::{Counts, Flood, Report};
use crate::store::Store;
use crate::survey::first_line_of;

/// Most characters of a line that are shown.
const MAX_CHARS: usize = 600;

/// Lines from which on a share of them says something; fewer do if they are all there are.
const MIN_LINES: u64 = 10;

/// Returns whether so many lines were rejected.
fn is_flood(most: MaxRejects, counts: &Counts) -> bool {
    let (rejected, all) = (counts.rejected_rows, counts.rows_read);
    match most {
        MaxRejects::Lines(most) => rejected > most,
        MaxRejects::Share(most) => {
            let enough = rejected >= MIN_LINES || rejected > 0 && rejected == all;
            enough && rejected as f64 > most * all as f64
        }
    }
}

/// Returns the flood of a run, if it met one. What cannot be read of the object any more is left away.
pub(super) fn flood(report: &Report, options: &ConvertOptions, source: &Store) -> Option<Flood> {
    let counts = report.partitions.iter().map(|partition| &partition.counts);
    let counts = counts.chain([&report.totals]).find(|counts| is_flood(options.max_rejects, counts))?;
    let mut objects: BTreeMap<&str, u64> = BTreeMap::new();
    for named in report.rejects.iter().filter(|named| named.line.is_some()) {
        *objects.entry(&named.object).or_default() += 1;
    }
    let object = objects.into_iter().max_by_key(|(_, lines)| *lines).map(|(object, _)| object.to_owned());
    let root = source.location().url_of("");
    let key = object.as_deref().and_then(|object| object.strip_prefix(&root));
    let line = key.and_then(|key| first_line_of(source, key).ok().flatten()).unwrap_or_default();
    let (header, log_format) = (Header::parse(&line).ok(), options.output.log_format.as_deref());
    let known = match (&header, log_format) {
        (None, Some(format)) => format!("{LOG_FORMAT} {format}"),
        _ => known_format(report.log_type.unwrap_or(LogType::Vpc), header.as_ref()),
    };
    let line = String::from_utf8_lossy(&line);
    Some(Flood {
        rows_rejected: counts.rejected_rows,
        rows_read: counts.rows_read,
        object,
        first_line: line.trim_end().chars().take(MAX_CHARS).collect(),
        known,
    })
}

/// Returns the fields that AWS's logs have up to the version of the newest field in a header; those of the default format for
/// lines that are none.
fn known_format(log_type: LogType, header: Option<&Header>) -> String {
    let schema = log_type.schema();
    let versions =
        header.into_iter().flat_map(|header| &header.names).filter_map(|name| Some(schema.field(name)?.version));
    schema.names_up_to(versions.max().unwrap_or(2).max(if log_type == LogType::Tgw { 6 } else { 2 })).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_share_or_a_number_of_lines() {
        let of = |rejected_rows, rows_read| Counts { rejected_rows, rows_read, ..Counts::default() };
        let share = MaxRejects::default();
        for (rejected, all, is) in
            [(0, 0, false), (1, 1, true), (1, 2, false), (9, 10, false), (10, 999, true), (10, 1_000, false)]
        {
            assert_eq!(is_flood(share, &of(rejected, all)), is, "{rejected} of {all}");
        }
        assert!(is_flood(MaxRejects::Lines(0), &of(1, 9)) && !is_flood(MaxRejects::Lines(3), &of(3, 3)));
        assert!(!is_flood(MaxRejects::Share(1.0), &of(50, 50)));
    }
}
