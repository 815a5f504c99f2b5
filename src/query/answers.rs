//! Answers to one statement, held against each other.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Order, Ran, Scan, Session, Statement, Value};
use crate::error::Result;

/// Most rows of an answer that are compared; both answers are held.
pub const MAX_ROWS_COMPARED: usize = 1_000_000;

/// Rows that differ which are kept, of each side.
const MAX_DIFFERENCES: usize = 10;

/// What a statement took on one side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CompareSide {
    /// Rows of the answer.
    pub rows: u64,
    /// Seconds, in this program.
    pub seconds: f64,
    /// What was read.
    #[serde(flatten)]
    pub scan: Scan,
}

/// What two answers are to each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "answers", rename_all = "snake_case")]
pub enum CompareVerdict {
    /// The same rows, in the order that was asked for.
    Equal,
    /// The same rows, but for those that tie at the LIMIT: either choice is right.
    EqualButTies {
        /// Rows that tie at the end.
        ties: u64,
    },
    /// Other rows.
    Different {
        /// Rows of the raw answer alone, the first ones.
        only_raw: Vec<Vec<Value>>,
        /// Rows of the table's answer alone, the first ones.
        only_parquet: Vec<Vec<Value>>,
        /// How many there are of each.
        counts: (u64, u64),
    },
    /// The same rows in another order than was asked for.
    OtherOrder,
    /// It cannot be told, and why.
    NotComparable {
        /// Why.
        why: String,
    },
}

impl CompareVerdict {
    /// Returns whether it is the same answer.
    pub fn is_equal(&self) -> bool {
        matches!(self, Self::Equal | Self::EqualButTies { .. })
    }
}

/// An answer, as far as it is compared.
pub struct Answer {
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows; the first ones where there are too many.
    pub rows: Vec<AnswerRow>,
    /// What it took.
    pub side: CompareSide,
    /// Whether there are more than are compared.
    pub too_many: bool,
}

impl Answer {
    /// Runs a statement.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn of(session: &Session, statement: &Statement, place: &str) -> Result<Self> {
        let (mut columns, mut rows, mut too_many) = (Vec::new(), Vec::new(), false);
        let ran: Ran = session.run(statement, place, &mut |more| {
            columns = more.columns.to_vec();
            too_many |= rows.len() + more.rows.len() > MAX_ROWS_COMPARED;
            if !too_many {
                rows.extend(more.rows);
            }
            Ok(())
        })?;
        let side = CompareSide { rows: ran.rows, seconds: ran.seconds, scan: ran.scan };
        Ok(Self { columns, rows, side, too_many })
    }
}

/// The values of a row.
pub type AnswerRow = Vec<Value>;

fn compare_rows(a: &AnswerRow, b: &AnswerRow) -> Ordering {
    let unequal = a.iter().zip(b).map(|(a, b)| a.compare(b)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// Returns what an answer over raw logs, or of somebody else, and that over the table are to each other.
pub fn judge(raw: &Answer, parquet: &Answer, order: &Order) -> CompareVerdict {
    if raw.too_many || parquet.too_many {
        let why = format!("the answer has more than {MAX_ROWS_COMPARED} rows: ask for fewer, or for sums");
        return CompareVerdict::NotComparable { why };
    }
    let comparable = |rows: &[AnswerRow]| -> Vec<AnswerRow> {
        rows.iter().map(|row| row.iter().map(Value::comparable).collect()).collect()
    };
    let (raw_rows, parquet_rows) = (comparable(&raw.rows), comparable(&parquet.rows));
    let (only_raw, only_parquet) = differences(&raw_rows, &parquet_rows);
    let keys: Option<Vec<usize>> = order.keys.iter().map(|key| place_of(key, &raw.columns)).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    if only_raw.is_empty() && only_parquet.is_empty() {
        let Some(keys) = keys else { return CompareVerdict::Equal };
        let sequence = |rows: &[AnswerRow]| -> Vec<AnswerRow> {
            rows.iter().map(|row| keys.iter().filter_map(|at| row.get(*at).cloned()).collect()).collect()
        };
        // Rows with equal keys have no order among themselves.
        return if sequence(&raw_rows) == sequence(&parquet_rows) {
            CompareVerdict::Equal
        } else {
            CompareVerdict::OtherOrder
        };
    }
    if order.limited && raw_rows.len() == parquet_rows.len() {
        let Some(keys) = keys else {
            let why = "LIMIT takes any rows here: add an ORDER BY of columns of the answer".to_owned();
            return CompareVerdict::NotComparable { why };
        };
        let key = |row: &AnswerRow| -> AnswerRow { keys.iter().filter_map(|at| row.get(*at).cloned()).collect() };
        let last = raw_rows.last().map(&key);
        if last == parquet_rows.last().map(&key) {
            let before = |rows: &[AnswerRow]| -> Vec<AnswerRow> {
                rows.iter().filter(|row| Some(key(row)) != last).cloned().collect()
            };
            let (a, b) = (before(&raw_rows), before(&parquet_rows));
            let (more, fewer) = differences(&a, &b);
            if more.is_empty() && fewer.is_empty() {
                return CompareVerdict::EqualButTies { ties: (raw_rows.len() - a.len()) as u64 };
            }
        }
    }
    let first = |rows: &[&AnswerRow]| rows.iter().take(MAX_DIFFERENCES).map(|row| (*row).clone()).collect();
    CompareVerdict::Different {
        only_raw: first(&only_raw),
        only_parquet: first(&only_parquet),
        counts: (only_raw.len() as u64, only_parquet.len() as u64),
    }
}

/// Returns the rows that one side alone has, as often as it has more of them.
fn differences<'a>(a: &'a [AnswerRow], b: &'a [AnswerRow]) -> (Vec<&'a AnswerRow>, Vec<&'a AnswerRow>) {
    let sorted = |rows: &'a [AnswerRow]| {
        let mut rows: Vec<&AnswerRow> = rows.iter().collect();
        rows.sort_by(|a, b| compare_rows(a, b));
        rows
    };
    let (a, b) = (sorted(a), sorted(b));
    let (mut only_a, mut only_b, mut i, mut j) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (None, None) => return (only_a, only_b),
            (Some(row), None) => (only_a.push(*row), i += 1).1,
            (None, Some(row)) => (only_b.push(*row), j += 1).1,
            (Some(x), Some(y)) => match compare_rows(x, y) {
                Ordering::Less => (only_a.push(*x), i += 1).1,
                Ordering::Greater => (only_b.push(*y), j += 1).1,
                Ordering::Equal => (i, j) = (i + 1, j + 1),
            },
        }
    }
}

/// Returns which column of the answer an ORDER BY means: by number, or by name, after a table's or not.
fn place_of(key: &str, columns: &[String]) -> Option<usize> {
    if let Ok(number) = key.parse::<usize>() {
        return number.checked_sub(1).filter(|at| *at < columns.len());
    }
    let name = key.rsplit('.').next().unwrap_or(key).trim_matches('"');
    columns.iter().position(|column| column == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[(&str, i64)]) -> Answer {
        let side = CompareSide { rows: rows.len() as u64, seconds: 0.0, scan: Scan::default() };
        let rows = rows.iter().map(|(text, number)| vec![Value::Text((*text).into()), Value::Int(*number)]).collect();
        Answer { columns: vec!["a".into(), "n".into()], rows, side, too_many: false }
    }

    fn order(keys: &[&str], limited: bool) -> Order {
        Order { keys: keys.iter().map(ToString::to_string).collect(), ordered: !keys.is_empty(), limited }
    }

    #[test]
    fn rows_without_an_order_are_a_bag() {
        let any = order(&[], false);
        assert_eq!(judge(&answer(&[("x", 1), ("y", 2)]), &answer(&[("y", 2), ("x", 1)]), &any), CompareVerdict::Equal);
        let twice = judge(&answer(&[("x", 1), ("x", 1)]), &answer(&[("x", 1)]), &any);
        let CompareVerdict::Different { only_raw, only_parquet, counts } = twice else { panic!("{twice:?}") };
        assert_eq!((only_raw.len(), only_parquet.len(), counts), (1, 0, (1, 0)));
        assert!(!judge(&answer(&[("x", 1)]), &answer(&[("x", 2)]), &any).is_equal());
    }

    #[test]
    fn an_order_holds_but_for_ties() {
        let by_n = order(&["n"], false);
        let tied = judge(&answer(&[("x", 1), ("y", 1), ("z", 2)]), &answer(&[("y", 1), ("x", 1), ("z", 2)]), &by_n);
        assert_eq!(tied, CompareVerdict::Equal);
        let turned = judge(&answer(&[("x", 1), ("z", 2)]), &answer(&[("z", 2), ("x", 1)]), &by_n);
        assert_eq!(turned, CompareVerdict::OtherOrder);
        assert_eq!(
            judge(&answer(&[("x", 1)]), &answer(&[("x", 1)]), &order(&["2", "t.a"], false)),
            CompareVerdict::Equal
        );
    }

    #[test]
    fn ties_at_the_limit_are_either_choice() {
        let by_n = order(&["n"], true);
        let tied = judge(&answer(&[("x", 3), ("y", 1)]), &answer(&[("x", 3), ("z", 1)]), &by_n);
        assert_eq!(tied, CompareVerdict::EqualButTies { ties: 1 });
        assert!(!judge(&answer(&[("x", 3), ("y", 1)]), &answer(&[("w", 3), ("y", 1)]), &by_n).is_equal());
        assert!(!judge(&answer(&[("x", 3), ("y", 1)]), &answer(&[("x", 3), ("y", 2)]), &by_n).is_equal());
        let any = judge(&answer(&[("x", 1)]), &answer(&[("y", 1)]), &order(&[], true));
        assert!(matches!(any, CompareVerdict::NotComparable { .. }));
    }
}
