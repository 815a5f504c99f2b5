//! The same statements over raw logs and over the table that was made of them: equal answers, and what either costs.
//!
//! In: SOURCE, DEST, statements. Out: a [`Comparison`]. Both sides have the same rows to answer from: the raw objects
//! whose rows the ledger says are in the table. What lies in SOURCE besides is counted and left out.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::trino::{Trino, TrinoRows, alike};
use super::{Live, Order, QueryOptions, Ran, RawOptions, Scan, Session, Statement, Value, live};

use crate::days::Days;
use crate::error::{Error, Result};
use crate::ledger::partition::Partition;
use crate::ledger::table::Table;
use crate::options::DASH_AS_NULL;
use crate::record::header::Header;
use crate::source::discover::discover;
use crate::source::found::Wanted;
use crate::store::{Listed, Store};

/// Version of the JSON that `compare --json` prints; keys may be added without a new one.
pub const COMPARISON_VERSION: u32 = 1;

/// Most rows of an answer that are compared; both answers are held.
pub const MAX_ROWS_COMPARED: usize = 1_000_000;

/// Rows that differ which are kept, of each side.
const MAX_DIFFERENCES: usize = 10;

/// What came of it all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// [`COMPARISON_VERSION`].
    pub version: u32,
    /// SOURCE.
    pub source: String,
    /// DEST.
    pub dest: String,
    /// The UTC days that were compared, ascending: those that are converted.
    pub days: Vec<String>,
    /// Raw objects that both sides answer from.
    pub objects: u64,
    /// What was left out and why.
    pub notes: Vec<String>,
    /// The Trino server that was asked too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The statements, in their order.
    pub statements: Vec<Compared>,
}

impl Comparison {
    /// Returns whether every answer is the same.
    pub fn agrees(&self) -> bool {
        self.statements.iter().all(Compared::agrees)
    }
}

/// A statement on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Its text.
    pub sql: String,
    /// Names of the columns of the answer.
    pub columns: Vec<String>,
    /// Over the raw logs.
    pub raw: CompareSide,
    /// Over the table.
    pub parquet: CompareSide,
    /// What the answers are to each other.
    pub verdict: CompareVerdict,
    /// What Athena may answer otherwise than both, a sentence each.
    pub differences: Vec<&'static str>,
    /// What Trino answers to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trino: Option<Witness>,
}

impl Compared {
    /// Returns whether all answers are the same.
    pub fn agrees(&self) -> bool {
        self.verdict.is_equal() && self.trino.as_ref().is_none_or(|trino| trino.verdict.is_equal())
    }
}

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

/// Runs the statements on both sides, and on a Trino server that has the table; `begin` is told of each.
///
/// # Errors
/// A usage error if nothing is converted, SOURCE is not where the table's rows come from, or a statement cannot be run.
pub fn compare(
    (source, table): (&Store, &Table),
    (statements, place): (&[Statement], &str),
    days: &Days,
    options: &QueryOptions,
    with: Option<&Trino>,
    begin: &mut dyn FnMut(&Statement),
) -> Result<Comparison> {
    let live = live(table, days)?;
    let (objects, notes) = common(source, table, &live)?;
    let converted: BTreeSet<Date> = live.partitions.iter().map(|partition| partition.day).collect();
    // Trino's table has all days: it is asked for those that are compared.
    let mut around = Around { table: options.table.clone(), days: None, views: Vec::new() };
    if !matches!(days, Days::All) {
        around.days = Some(converted.iter().copied().collect());
    }
    let mut comparison = Comparison {
        version: COMPARISON_VERSION,
        source: source.location().to_string(),
        dest: table.store().location().to_string(),
        days: converted.iter().map(ToString::to_string).collect(),
        objects: objects.values().map(|objects| objects.len() as u64).sum(),
        notes,
        with: with.map(|trino| trino.place().to_string()),
        statements: Vec::new(),
    };
    let wanted = Wanted::default();
    let log_format = live.log_format.as_deref().and_then(|format| Header::from_log_format(format).ok());
    let raw =
        RawOptions { wanted, partition_by: live.by, log_format, max_object_bytes: live.max_object_bytes, all: true };
    let columns = (live.columns.clone(), live.by);
    let raw = Session::over_objects(source, columns, objects, (live.log_type, &raw), options)?;
    let parquet = Session::over_live(table, live, options)?;
    let mut of_views: BTreeSet<&'static str> = BTreeSet::new();
    for statement in statements {
        begin(statement);
        if statement.is_view() {
            raw.run(statement, place, &mut |_| Ok(()))?;
            parquet.run(statement, place, &mut |_| Ok(()))?;
            of_views.extend(statement.differences());
            around.views.extend(statement.view.clone());
            continue;
        }
        let of_raw = Answer::of(&raw, statement, place)?;
        let of_parquet = Answer::of(&parquet, statement, place)?;
        let verdict = judge(&of_raw, &of_parquet, &statement.order);
        let trino = with.map(|trino| witness(trino, &around, statement, &of_parquet)).transpose()?;
        let differences = of_views.iter().chain(statement.differences()).copied().collect::<BTreeSet<_>>();
        comparison.statements.push(Compared {
            name: statement.name.clone(),
            sql: statement.text.clone(),
            columns: of_raw.columns,
            raw: of_raw.side,
            parquet: of_parquet.side,
            verdict,
            differences: differences.into_iter().collect(),
            trino,
        });
    }
    Ok(comparison)
}

/// What stands around a statement where the table has more days, and no views of ours.
struct Around {
    table: String,
    /// The days that are compared, if they are not all.
    days: Option<Vec<Date>>,
    /// Names and queries of the views before it.
    views: Vec<(String, String)>,
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
fn witness(trino: &Trino, around: &Around, statement: &Statement, parquet: &Answer) -> Result<Witness> {
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

/// Objects by their partitions.
type ObjectsByPartition = BTreeMap<Partition, Vec<Listed>>;

/// Returns the objects that both sides answer from, and what is left out.
fn common(source: &Store, table: &Table, live: &Live) -> Result<(ObjectsByPartition, Vec<String>)> {
    let days = Days::These(live.partitions.iter().map(|partition| partition.day).collect());
    let wanted = Wanted::of(days);
    let found = discover(source, &wanted)?;
    let mut there: BTreeMap<&str, &Listed> =
        found.objects.iter().chain(&found.other_days).map(|object| (&*object.object.key, &object.object)).collect();
    let root = source.location().root();
    let (mut objects, mut gone, mut changed) = (ObjectsByPartition::new(), 0_u64, 0_u64);
    for (partition, of, input) in &live.objects {
        match there.remove(&*input.key).filter(|_| *of == root) {
            Some(listed) => {
                changed += u64::from(input.etag.is_some() && listed.etag != input.etag || listed.size != input.size);
                objects.entry(partition.clone()).or_default().push(listed.clone());
            }
            None => gone += 1,
        }
    }
    if objects.is_empty() {
        return Err(Error::usage("SOURCE has none of the raw objects that DEST was converted from")
            .at(source.location())
            .help(format!("`flowparquet ledger {}` names them", table.store().location())));
    }
    let of_days: u64 = live.objects.len() as u64;
    let mut notes = Vec::new();
    if gone > 0 {
        notes.push(format!(
            "{gone} of {of_days} converted objects are not in SOURCE: answers will differ by their rows"
        ));
    }
    if changed > 0 {
        notes.push(format!("{changed} objects changed after they were converted: run convert, or answers may differ"));
    }
    if !there.is_empty() {
        notes.push(format!("{} objects of these days are not converted, and left out on both sides", there.len()));
    }
    if live.dash_as_null {
        notes.push(format!("the table has NULL where raw logs have `-` ({DASH_AS_NULL}): answers may differ by that"));
    }
    Ok((objects, notes))
}

struct Answer {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    side: CompareSide,
    too_many: bool,
}

impl Answer {
    fn of(session: &Session, statement: &Statement, place: &str) -> Result<Self> {
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

type AnswerRow = Vec<Value>;

fn compare_rows(a: &AnswerRow, b: &AnswerRow) -> Ordering {
    let unequal = a.iter().zip(b).map(|(a, b)| a.compare(b)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn judge(raw: &Answer, parquet: &Answer, order: &Order) -> CompareVerdict {
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
