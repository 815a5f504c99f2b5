//! The same statements over raw logs and over the table that was made of them: equal answers, and what either costs.
//!
//! In: SOURCE, DEST, statements. Out: a [`Comparison`]. Both sides have the same rows to answer from: the raw objects
//! whose rows the ledger says are in the table. What lies in SOURCE besides is counted and left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::answers::{Answer, CompareSide, CompareVerdict, judge};
use super::trino::Trino;
use super::witness::{Around, Witness, witness};
use super::{Live, QueryOptions, RawOptions, Session, Statement, live};

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
