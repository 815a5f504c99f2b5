//! Somebody else who answers the same statements over the same table: a Trino server.

use jiff::civil::Date;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::answers::{Answer, AnswerRow, CompareSide, CompareVerdict, MAX_ROWS_COMPARED, judge};
use super::trino::{Trino, TrinoRows, alike};
use super::{Scan, Statement};
use crate::error::Result;

/// What somebody else answers to a statement, held against the table's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Rows of the answer.
    pub rows: u64,
    /// Seconds until it was there.
    pub seconds: f64,
    /// What the answers are to each other; `only_raw` are rows that the witness alone has.
    pub verdict: CompareVerdict,
}

impl Serialize for Witness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rows", &self.rows)?;
        map.serialize_entry("seconds", &self.seconds)?;
        match &self.verdict {
            CompareVerdict::Different { only_raw, only_parquet, counts } => {
                map.serialize_entry("answers", "different")?;
                map.serialize_entry("only_trino", only_raw)?;
                map.serialize_entry("only_parquet", only_parquet)?;
                map.serialize_entry("counts", counts)?;
            }
            CompareVerdict::Equal => map.serialize_entry("answers", "equal")?,
            CompareVerdict::EqualButTies { ties } => {
                map.serialize_entry("answers", "equal_but_ties")?;
                map.serialize_entry("ties", ties)?;
            }
            CompareVerdict::OtherOrder => map.serialize_entry("answers", "other_order")?,
            CompareVerdict::NotComparable { why } => {
                map.serialize_entry("answers", "not_comparable")?;
                map.serialize_entry("why", why)?;
            }
        }
        map.end()
    }
}

/// What stands around a statement where the table has more days, and no views of ours.
pub struct Around {
    /// Name of the table.
    pub table: String,
    /// The days that are compared, if they are not all.
    pub days: Option<Vec<Date>>,
    /// Names and queries of the views before it.
    pub views: Vec<(String, String)>,
}

impl Around {
    /// Returns the statement for Trino, or why there is none.
    fn statement(&self, sql: &str) -> Result<String, String> {
        let mut named: Vec<String> = Vec::new();
        if let Some(days) = &self.days {
            let table = &self.table;
            let lower = sql.to_lowercase();
            if [format!(".{table}"), format!(".\"{table}\"")].iter().any(|name| lower.contains(name)) {
                return Err(
                    "it names the table with its database: Trino would answer for all days. Write only the table's \
                            name, or compare all days"
                        .to_owned(),
                );
            }
            let days: Vec<String> = days.iter().map(|day| format!("'{}'", day.strftime("%Y%m%d"))).collect();
            named.push(format!(
                "\"{table}\" AS (SELECT * FROM \"{table}\" WHERE concat(year, month, day) IN ({}))",
                days.join(", ")
            ));
        }
        named.extend(self.views.iter().map(|(name, query)| format!("{name} AS ({query}\n)")));
        if named.is_empty() {
            return Ok(sql.to_owned());
        }
        let own = sql.get(..4).filter(|word| word.eq_ignore_ascii_case("with")).and_then(|_| sql.get(4..));
        match own.filter(|rest| rest.starts_with(char::is_whitespace)) {
            Some(rest) => Ok(format!("WITH {},{rest}", named.join(", "))),
            None => Ok(format!("WITH {} {sql}", named.join(", "))),
        }
    }
}

/// Asks Trino, and holds its answer against the table's.
///
/// # Errors
/// When the server does not answer. What it refuses is part of the answer.
pub fn witness(trino: &Trino, around: &Around, statement: &Statement, parquet: &Answer) -> Result<Witness> {
    let unknown = |why: String| Witness { rows: 0, seconds: 0.0, verdict: CompareVerdict::NotComparable { why } };
    let sql = match around.statement(statement.executed.as_deref().unwrap_or(&statement.text)) {
        Ok(sql) => sql,
        Err(why) => return Ok(unknown(why)),
    };
    Ok(match trino.ask(&sql, MAX_ROWS_COMPARED)? {
        Err(words) => unknown(format!("Trino refuses it: {words}")),
        Ok(TrinoRows { columns, types, rows, too_many, seconds }) => {
            let side = CompareSide { rows: rows.len() as u64, seconds, scan: Scan::default() };
            let in_form = |rows: &[AnswerRow]| -> Vec<AnswerRow> {
                let one = |row: &AnswerRow| types.iter().zip(row).map(|(of, value)| alike(of, value.clone())).collect();
                rows.iter().map(one).collect()
            };
            if !rows.is_empty() && types.len() != parquet.columns.len() {
                return Ok(unknown(format!("Trino answers {} columns, not {}", types.len(), parquet.columns.len())));
            }
            let theirs = Answer { columns, rows: in_form(&rows), side, too_many };
            let columns = parquet.columns.clone();
            let ours = Answer { columns, rows: in_form(&parquet.rows), side: parquet.side, too_many: parquet.too_many };
            let verdict = judge(&theirs, &ours, &statement.order);
            Witness { rows: side.rows, seconds, verdict }
        }
    })
}
