//! A Parquet table that answers the queries of a table that a person has today (`ddl --like`).
//!
//! In: [`Theirs`], what DEST holds, and, where names do not tell, the fields of the raw logs in order. Out: a
//! [`Definition`] with the same columns, types and keys; where the files do not have them so, a view in front of it.
//! Types of the definition are always those of the files: a wider one works in Athena and fails in Spark.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::definition::{Definition, Key, Partitions, Storage, TableColumn, described};
use super::like::{TheirColumn, Theirs};
use super::name::TableName;
use super::pattern::{Part, Pattern, Piece, parts_of};
use super::types::SqlType;
use super::view::{Expr, Select, key_expr};
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::options::{ACCOUNT, KEY, LOG_FORMAT, PARTITION_BY, PROJECTION, REGION, SOURCE};
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Names that AWS's documentation gave columns before it took those of the fields.
const OLD_NAMES: [(&str, &str); 11] = [
    ("account", "account_id"),
    ("interfaceid", "interface_id"),
    ("sourceaddress", "srcaddr"),
    ("destinationaddress", "dstaddr"),
    ("sourceport", "srcport"),
    ("destinationport", "dstport"),
    ("numpackets", "packets"),
    ("numbytes", "bytes"),
    ("starttime", "start"),
    ("endtime", "end"),
    ("logstatus", "log_status"),
];

/// Projected partitions beyond which a predicate on a key that a view makes costs seconds: Trino plans 19,000 in 1 to 3
/// seconds, 190,000 in 8 to 31 (docs/moving.md).
const SLOW_TO_PLAN: u64 = 50_000;

/// What helps where their definition alone does not tell enough.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Columns of the raw logs in the order of the fields: a raw table finds its columns by position.
    pub fields: Option<Vec<Column>>,
    /// Accounts and Regions that all logs are of.
    pub constants: BTreeMap<Part, String>,
    /// What keys hold, as a person said it.
    pub keys: BTreeMap<String, Pattern>,
    /// How partitions are to become known; as in their table if `None`.
    pub partitioning: Option<Partitions>,
}

/// A table like theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridged {
    /// The table over the files.
    pub table: Definition,
    /// What shows it as theirs, if the table alone does not.
    pub view: Option<(TableName, Select)>,
    /// What a person must know of differences.
    pub notes: Vec<String>,
}

/// One of their columns, and the field that it shows.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// Their column.
    pub theirs: &'a TheirColumn,
    /// The column in our files; `None` for one behind the last field of a record.
    pub ours: Option<Column>,
}

/// Returns a table like theirs: a definition under `name`, or a view under it and a table `name_files` below.
///
/// # Errors
/// A usage error that points at the column or key for which nothing in DEST answers.
pub fn bridge(
    theirs: &Theirs,
    contents: &Contents,
    location: &str,
    name: TableName,
    hints: &Hints,
    today: Date,
) -> Result<Bridged> {
    let mut notes = Vec::new();
    let shown = columns(theirs, contents, hints, &mut notes)?;
    let keys = keys(theirs, hints, &parts_of(contents.partition_by).collect::<Vec<_>>())?;
    let outputs = outputs(&shown, contents);
    let same_columns = outputs.iter().all(|(expr, name)| *expr == Expr::column(name));
    let mut table = Definition::of_table(name.clone(), location, contents, today);
    table.columns = declared(&shown, contents);
    let wanted = hints.partitioning.unwrap_or(if theirs.is_projected() {
        Partitions::Projected
    } else {
        Partitions::Registered
    });
    // Keys of their own, if our folders can be found by them.
    let own_keys = std::mem::replace(&mut table.keys, keys.clone());
    table.partitioning = wanted;
    let same_keys = match wanted {
        Partitions::Projected => table.template().is_some() && keys.iter().all(|key| key.sql_type == SqlType::String),
        Partitions::Repaired => keys == own_keys,
        Partitions::Registered => !keys.is_empty() && table.registered(None).is_ok(),
    };
    notes.extend(header_note(theirs));
    if same_columns && same_keys {
        return Ok(Bridged { table, view: None, notes });
    }
    table.name = name.with_suffix("_files")?;
    if !same_keys {
        table.keys = own_keys;
    }
    let select = select(&table, outputs, &keys, theirs)?;
    if table.partitioning == Partitions::Projected && !same_keys && table.projected_partitions()? > SLOW_TO_PLAN {
        notes.push(
            format!("keys that the view makes of others are tried on every projected partition, which are many here: queries by \
             such a key alone take seconds to plan; {PROJECTION} off avoids it")
                .to_owned(),
        );
    }
    notes.push(format!(
        "{name} is a view over {}: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena",
        table.name
    ));
    Ok(Bridged { table, view: Some((name, select)), notes })
}

/// Returns the `SELECT` that shows our table as theirs.
///
/// # Errors
/// A usage error that points at a key for which our table has no part.
pub fn select(table: &Definition, outputs: Vec<(Expr, String)>, keys: &[Key], theirs: &Theirs) -> Result<Select> {
    let mut all = outputs;
    for key in keys {
        if table.keys.contains(key) {
            all.push((Expr::column(&key.name), key.name.clone()));
            continue;
        }
        let expr = key_expr(&key.pattern, table).ok_or_else(|| missing_part(key, table, theirs))?;
        // Projected keys also make days that no calendar has, such as 30 February: for CAST these are an error, which
        // keeps engines from ruling their folders out.
        let expr = if key.sql_type == SqlType::String { expr } else { Expr::TryCast(Box::new(expr), key.sql_type) };
        all.push((expr, key.name.clone()));
    }
    Ok(Select { outputs: all, from: table.name.clone(), condition: None })
}

fn missing_part(key: &Key, table: &Definition, theirs: &Theirs) -> Error {
    let missing: Vec<&str> = key
        .pattern
        .parts()
        .filter(|part| !table.keys.iter().any(|ours| ours.pattern.only_part() == Some(*part)))
        .map(Part::column)
        .collect();
    let column = theirs.keys.iter().find(|column| column.name == key.name);
    let help = if missing.contains(&"hour") {
        format!("convert into another DEST with {PARTITION_BY} hour or account-region-hour")
    } else {
        format!(
            "convert into another DEST with {PARTITION_BY} account-region-day; or say with {ACCOUNT} and {REGION} whose logs these all are"
        )
    };
    Error::usage(format!("DEST is not partitioned by {}, which their key {} tells", missing.join(" and "), key.name))
        .at(column.map_or(theirs.place.clone(), |column| theirs.place_of(column)))
        .help(help)
}

/// Returns which field each of their columns shows.
///
/// # Errors
/// A usage error that points at a column of which nothing tells what it is.
pub fn columns<'a>(
    theirs: &'a Theirs,
    contents: &Contents,
    hints: &Hints,
    notes: &mut Vec<String>,
) -> Result<Vec<Shown<'a>>> {
    let mut shown = Vec::new();
    for (position, column) in theirs.columns.iter().enumerate() {
        let by_name = known(&column.name, contents);
        let by_position =
            hints.fields.as_ref().filter(|_| theirs.storage == Storage::Text).map(|fields| fields.get(position));
        let ours = match (by_name, by_position) {
            (Some(named), Some(Some(placed))) if named != *placed => {
                notes.push(format!(
                    "{} ({}) stands where the logs have {}, so that their raw table shows wrong values there; the Parquet table shows the right ones",
                    column.name, column.at, placed.name
                ));
                Some(named)
            }
            (Some(named), _) => Some(named),
            (None, Some(placed)) => placed.cloned(),
            (None, None) => {
                return Err(Error::usage(format!("no field of flow logs is called {}", column.name))
                    .at(theirs.place_of(column))
                    .help(format!("give {SOURCE} SOURCE or {LOG_FORMAT}: then its place among the columns tells which field it shows")));
            }
        };
        match &ours {
            None => notes.push(format!(
                "{} ({}) stands behind the last field of the logs and is always NULL",
                column.name, column.at
            )),
            Some(ours) if !contents.columns.contains(ours) => {
                notes
                    .push(format!("{} ({}) is NULL: none of the converted logs has the field", column.name, column.at));
            }
            Some(_) => {}
        }
        shown.push(Shown { theirs: column, ours });
    }
    let left: Vec<&str> = contents
        .columns
        .iter()
        .filter(|column| !shown.iter().any(|shown| shown.ours.as_ref() == Some(column)))
        .map(|column| column.name.as_str())
        .collect();
    if !left.is_empty() {
        notes.push(format!("left away, since their table does not have them: {}", left.join(", ")));
    }
    Ok(shown)
}

/// Returns the column of this name, in our files or in any version of flow logs.
fn known(name: &str, contents: &Contents) -> Option<Column> {
    let name = OLD_NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new);
    let ours = contents.columns.iter().find(|column| column.name == name).cloned();
    ours.or_else(|| {
        let types = [contents.log_type].into_iter().chain(LogType::ALL);
        let fields = types.into_iter().flat_map(|log_type| &log_type.schema().fields);
        let mut found = fields.filter(|field| field.column == name);
        found.next().map(|field| Column { name: field.column.clone(), column_type: field.column_type })
    })
}

/// Returns the columns of our table: those of theirs, under the files' names and types.
pub fn declared(shown: &[Shown<'_>], contents: &Contents) -> Vec<TableColumn> {
    let mut columns: Vec<TableColumn> = Vec::new();
    for shown in shown {
        let Some(ours) = &shown.ours else { continue };
        if columns.iter().all(|column| column.name != ours.name) {
            let described = described(std::slice::from_ref(ours), contents.log_type);
            let comment = shown.theirs.comment.clone();
            columns.extend(
                described
                    .into_iter()
                    .map(|column| TableColumn { comment: comment.clone().or(column.comment), ..column }),
            );
        }
    }
    columns
}

/// Returns how our columns are shown as theirs.
pub fn outputs(shown: &[Shown<'_>], contents: &Contents) -> Vec<(Expr, String)> {
    shown
        .iter()
        .map(|shown| {
            let expr = shown.ours.as_ref().map_or(Expr::Null(shown.theirs.sql_type), |ours| {
                converted(
                    Expr::column(&ours.name),
                    ours.column_type.into(),
                    shown.theirs.sql_type,
                    contents.dash_as_null,
                )
            });
            (expr, shown.theirs.name.clone())
        })
        .collect()
}

/// Returns a value of our files as their table shows it, where text is all there is: `-` where a number is missing.
fn converted(value: Expr, ours: SqlType, theirs: SqlType, dash_as_null: bool) -> Expr {
    let value = if ours.is_text() && dash_as_null { Expr::OrDash(Box::new(value)) } else { value };
    match (ours, theirs) {
        _ if ours == theirs => value,
        (_, SqlType::String) => Expr::OrDash(Box::new(Expr::Cast(Box::new(value), SqlType::String))),
        (_, SqlType::Varchar(_)) if ours.is_text() => Expr::Cast(Box::new(value), theirs),
        (_, SqlType::Varchar(_)) => {
            let text = Expr::OrDash(Box::new(Expr::Cast(Box::new(value), SqlType::String)));
            Expr::Cast(Box::new(text), theirs)
        }
        (SqlType::Int, SqlType::Bigint | SqlType::Double | SqlType::Float)
        | (SqlType::Bigint, SqlType::Double | SqlType::Float) => Expr::Cast(Box::new(value), theirs),
        _ => Expr::TryCast(Box::new(value), theirs),
    }
}

/// Returns their keys, and what each holds. Parts that a table does not have, `parts` being those it has, are put in as
/// text where all logs have the same.
///
/// # Errors
/// A usage error that points at a key of which nothing tells what it holds.
pub fn keys(theirs: &Theirs, hints: &Hints, parts: &[Part]) -> Result<Vec<Key>> {
    let names: Vec<&str> = theirs.keys.iter().map(|key| key.name.as_str()).collect();
    theirs
        .keys
        .iter()
        .map(|key| {
            let said = hints.keys.get(&key.name).cloned();
            let pattern = said.or_else(|| date_of(theirs, key)).or_else(|| by_name(&key.name, &names));
            let pattern = pattern.ok_or_else(|| {
                Error::usage(format!("what the partition key {} holds cannot be told from its name", key.name))
                    .at(theirs.place_of(key))
                    .help(format!("say it: {KEY} {0}=account, {KEY} {0}=region or {KEY} {0}=yyyy/MM/dd", key.name))
            })?;
            let filled = pattern.pieces().iter().fold(Pattern::default(), |filled, piece| match piece {
                Piece::Text(text) => filled.text(text),
                Piece::Part(part) => match hints.constants.get(part).filter(|_| !parts.contains(part)) {
                    Some(value) => filled.text(value),
                    None => filled.then(*part),
                },
            });
            Ok(Key { name: key.name.clone(), sql_type: key.sql_type, pattern: filled })
        })
        .collect()
}

/// Returns the pattern of a key that holds a whole date, if its projection or type tells.
fn date_of(theirs: &Theirs, key: &TheirColumn) -> Option<Pattern> {
    let format = theirs.date_format(&key.name).or((key.sql_type == SqlType::Date).then_some("yyyy-MM-dd"));
    Pattern::from_java(format?)
}

/// Returns the pattern of a key by its name, if it is one of those that are in use.
fn by_name(name: &str, all: &[&str]) -> Option<Pattern> {
    let part = match name.replace('-', "_").as_str() {
        "accid" | "acc_id" | "account" | "accountid" | "account_id" | "aws_account" | "aws_account_id" => Part::Account,
        "region" | "aws_region" | "region_code" | "regionname" => Part::Region,
        "year" | "yyyy" => Part::Year,
        "month" | "mm" => Part::Month,
        // A day of the month only where year and month stand beside it; alone it may be any form of a date.
        "day" | "dd" if all.iter().any(|other| ["month", "mm"].contains(other)) => Part::Day,
        "hour" | "hh" => Part::Hour,
        "aws_service" | "service" => return Some(Pattern::default().text("vpcflowlogs")),
        _ => return None,
    };
    Some(Pattern::part(part))
}

/// Says that their raw table shows header lines as rows, if it does.
pub fn header_note(theirs: &Theirs) -> Option<String> {
    let shows = theirs.storage == Storage::Text && !theirs.skips_header();
    shows.then(|| {
        "their raw table shows the header line of every object as a row (its version is NULL); the Parquet table has \
         none: count(*) and GROUP BY action are smaller by these rows, all else is equal"
            .to_owned()
    })
}

/// Reads what a person says of a key: `account`, `region`, `hour`, or a date format.
///
/// # Errors
/// A message for the person who typed it.
pub fn parse_key(text: &str) -> std::result::Result<(String, Pattern), String> {
    let wrong = || "write it as NAME=account, NAME=region or NAME=yyyy/MM/dd".to_owned();
    let (name, holds) = text.split_once('=').ok_or_else(wrong)?;
    let pattern = match holds {
        "account" => Pattern::part(Part::Account),
        "region" => Pattern::part(Part::Region),
        _ => Pattern::from_java(holds).ok_or_else(wrong)?,
    };
    Ok((name.to_lowercase(), pattern))
}

/// Returns the parts that are the same for everything in these partitions, and so need no key.
pub fn constants(partitions: &[crate::ledger::partition::Partition]) -> BTreeMap<Part, String> {
    let one = |part: Part| {
        let mut values = partitions.iter().map(|partition| part.of(partition));
        let first = values.next().flatten().filter(|first| !first.is_empty())?;
        values.all(|value| value.as_ref() == Some(&first)).then_some((part, first))
    };
    [Part::Account, Part::Region].into_iter().filter_map(one).collect()
}
