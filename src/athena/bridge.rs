//! A Parquet table that answers the queries of a table that a person has today (`ddl --like`).
//!
//! In: [`Theirs`], what DEST holds, and, where names do not tell, the fields of the raw logs in order. Out: a
//! [`Definition`] with the same columns, types and keys; where the files do not have them so, a view in front of it.
//! Types of the definition are always those of the files: a wider one works in Athena and fails in Spark.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::definition::{Definition, Key, Partitions, Storage, TableColumn, described};
use super::held::{Held, finer_parts};
pub use super::hints::Hints;
use super::lacking;
use super::like::{TheirColumn, Theirs};
use super::name::TableName;
use super::pattern::{Part, Pattern, parts_of};
use super::types::SqlType;
use super::view::{Expr, Select, key_expr};
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::options::{ACCOUNT, KEY, LOG_FORMAT, PARTITION_BY, PROJECTION, REGION, SINCE, SOURCE};
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Names that AWS's documentation gave columns before it took those of the fields; compared as [`plain`] has them.
const OLD_NAMES: [(&str, &str); 10] = [
    ("account", "accountid"),
    ("sourceaddress", "srcaddr"),
    ("destinationaddress", "dstaddr"),
    ("sourceport", "srcport"),
    ("destinationport", "dstport"),
    ("numpackets", "packets"),
    ("numbytes", "bytes"),
    ("starttime", "start"),
    ("endtime", "end"),
    ("protocolnumber", "protocol"),
];

/// The folder of flow logs among those of an account's services.
const SERVICE: &str = "vpcflowlogs";

/// Projected partitions beyond which a predicate on a key that a view makes costs seconds: Trino plans 19,000 in 1 to 3
/// seconds, 190,000 in 8 to 31 (docs/moving.md).
const SLOW_TO_PLAN: u64 = 50_000;

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
    let mut notes = theirs.notes.clone();
    let (held, keys) = held(theirs, hints, &parts_of(contents.partition_by).collect::<Vec<_>>())?;
    notes.extend(held.notes(&contents.partitions));
    notes.extend(lacking::notes(&held, theirs, contents, hints));
    let (all, contents) = (&contents.partitions, &held.of_contents(contents, theirs, hints)?);
    let shown = columns(theirs, contents, hints, &mut notes)?;
    let outputs = outputs(&shown, contents.dash_as_null, theirs.dash_is_null);
    let same_columns = outputs.iter().all(|(expr, name)| *expr == Expr::column(name));
    let mut table = Definition::of_table(name.clone(), location, contents, today);
    table.columns = declared(&shown, contents);
    // Days that come show by themselves, unless a person registers each of them today.
    let is_registered = !theirs.is_projected() && finer_parts(contents, &keys).is_empty();
    let usual = if is_registered { Partitions::Registered } else { Partitions::Projected };
    table.partitioning = hints.partitioning.unwrap_or(usual);
    held.narrow_table(&mut table, &keys, all, today);
    let conditions = held.conditions(&table, all, today)?;
    // Keys of their own, if our folders can be found by them.
    let own_keys = std::mem::replace(&mut table.keys, keys.clone());
    let same_keys = conditions.is_empty()
        && match table.partitioning {
            Partitions::Projected => {
                table.template().is_some() && keys.iter().all(|key| key.sql_type == SqlType::String)
            }
            Partitions::Repaired => keys == own_keys,
            Partitions::Registered => !keys.is_empty() && table.registered(None).is_ok(),
        };
    notes.extend(header_note(theirs));
    notes.extend(days_note(&table, theirs, is_registered));
    if same_columns && same_keys {
        return Ok(Bridged { table, view: None, notes });
    }
    table.name = name.with_suffix("_files")?;
    if !same_keys {
        table.keys = own_keys;
    }
    let select = Select { conditions, ..select(&table, outputs, &keys, theirs)? };
    if table.partitioning == Partitions::Projected
        && !same_keys
        && !keys.is_empty()
        && table.projected_partitions()? > SLOW_TO_PLAN
    {
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
        let expr = match (key.sql_type, expr) {
            // A text by itself is of the type of its length.
            (SqlType::String, expr @ Expr::Text(_)) => Expr::Cast(Box::new(expr), SqlType::String),
            (SqlType::String, expr) => expr,
            (other, expr) => Expr::TryCast(Box::new(expr), other),
        };
        all.push((expr, key.name.clone()));
    }
    Ok(Select { outputs: all, from: table.name.clone(), conditions: Vec::new() })
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
        let by_position = hints.fields.as_ref().filter(|_| theirs.by_position).map(|fields| fields.get(position));
        if !theirs.by_position && by_name.as_ref().is_none_or(|ours| ours.name != column.name) {
            notes.push(null_today(column, by_name.as_ref()));
            shown.push(Shown { theirs: column, ours: by_name });
            continue;
        }
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

/// Says of a column that Parquet files do not have under this name what it is today.
fn null_today(column: &TheirColumn, ours: Option<&Column>) -> String {
    let here = ours.map_or("it is NULL here too".to_owned(), |ours| format!("here it shows {}", ours.name));
    format!(
        "{} ({}) is no name of a field: Parquet finds columns by name, so that over files that AWS delivers it is always NULL today; {here}",
        column.name, column.at
    )
}

/// Returns the column of this name, in our files or in any version of flow logs; if there is none, of one that differs in
/// case, `_` and `-` only, or that AWS called so once.
fn known(name: &str, contents: &Contents) -> Option<Column> {
    let types = [contents.log_type].into_iter().chain(LogType::ALL);
    let fields = types.into_iter().flat_map(|log_type| &log_type.schema().fields);
    let fields = fields.map(|field| Column { name: field.column.clone(), column_type: field.column_type });
    let all: Vec<Column> = contents.columns.iter().cloned().chain(fields).collect();
    let exact = all.iter().find(|column| column.name == name).cloned();
    exact.or_else(|| {
        let name = plain(name);
        let name = OLD_NAMES.iter().find(|(old, _)| *old == name).map_or(&*name, |(_, new)| new);
        all.into_iter().find(|column| plain(&column.name) == name)
    })
}

/// Returns a name without what people write in one way or another: `_`, `-` and case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase()
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

/// Returns how columns of a table are shown as theirs: `dash_as_null` if `-` is NULL in its texts, `to_null` if it is in theirs.
pub fn outputs(shown: &[Shown<'_>], dash_as_null: bool, to_null: bool) -> Vec<(Expr, String)> {
    shown
        .iter()
        .map(|shown| {
            let theirs = shown.theirs.sql_type;
            let expr = shown.ours.as_ref().map_or(Expr::Null(theirs), |ours| {
                let (value, ours) = (Expr::column(&ours.name), ours.column_type.into());
                if to_null {
                    without_dash(value, ours, theirs, dash_as_null)
                } else {
                    converted(value, ours, theirs, dash_as_null)
                }
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
        (_, SqlType::Varchar(_)) if !ours.is_text() => {
            let text = Expr::OrDash(Box::new(Expr::Cast(Box::new(value), SqlType::String)));
            Expr::Cast(Box::new(text), theirs)
        }
        _ => cast(value, ours, theirs),
    }
}

/// Returns the same where `-` is NULL in their table whatever a column's type.
fn without_dash(value: Expr, ours: SqlType, theirs: SqlType, dash_as_null: bool) -> Expr {
    let value = if ours.is_text() && !dash_as_null { Expr::NoDash(Box::new(value)) } else { value };
    match (ours, theirs) {
        _ if ours == theirs => value,
        (_, SqlType::String) => Expr::Cast(Box::new(value), SqlType::String),
        (_, SqlType::Varchar(_)) if !ours.is_text() => {
            Expr::Cast(Box::new(Expr::Cast(Box::new(value), SqlType::String)), theirs)
        }
        _ => cast(value, ours, theirs),
    }
}

fn cast(value: Expr, ours: SqlType, theirs: SqlType) -> Expr {
    match (ours, theirs) {
        (_, SqlType::Varchar(_)) if ours.is_text() => Expr::Cast(Box::new(value), theirs),
        (SqlType::Int, SqlType::Bigint | SqlType::Double | SqlType::Float)
        | (SqlType::Bigint, SqlType::Double | SqlType::Float) => Expr::Cast(Box::new(value), theirs),
        _ => Expr::TryCast(Box::new(value), theirs),
    }
}

/// Returns what their table holds, and its keys. Parts that a table does not have, `parts` being those it has, are put into keys
/// as text where all logs have the same.
///
/// # Errors
/// A usage error that points at a key of which nothing tells what it holds, and as [`Held::of`].
pub fn held(theirs: &Theirs, hints: &Hints, parts: &[Part]) -> Result<(Held, Vec<Key>)> {
    let keys = keys(theirs, hints)?;
    let held = Held::of(theirs, &keys, hints)?;
    let mut values = hints.constants.clone();
    values.extend(held.constants().into_iter().filter(|(part, _)| matches!(part, Part::Account | Part::Region)));
    values.retain(|part, _| !parts.contains(part));
    let keys = keys.into_iter().map(|key| Key { pattern: key.pattern.filled(&values), ..key }).collect();
    Ok((held, keys))
}

/// Returns their keys, and what each holds.
///
/// # Errors
/// A usage error that points at a key of which nothing tells what it holds.
pub fn keys(theirs: &Theirs, hints: &Hints) -> Result<Vec<Key>> {
    let names: Vec<&str> = theirs.keys.iter().map(|key| key.name.as_str()).collect();
    theirs
        .keys
        .iter()
        .map(|key| {
            let pattern = hints.keys.get(&key.name).cloned();
            let pattern = pattern.or_else(|| date_of(theirs, key));
            let pattern = pattern.or_else(|| hints.lies.placed.get(&key.name).cloned());
            let pattern = pattern.or_else(|| by_name(&key.name, &names)).or_else(|| constant_of(theirs, key));
            let pattern = pattern.ok_or_else(|| {
                Error::usage(format!("what the partition key {} holds cannot be told from its name", key.name))
                    .at(theirs.place_of(key))
                    .help(format!("say it: {KEY} {0}=account, {KEY} {0}=region or {KEY} {0}=yyyy/MM/dd", key.name))
            })?;
            Ok(Key { name: key.name.clone(), sql_type: key.sql_type, pattern })
        })
        .collect()
}

/// Returns the pattern of a key that has one value only.
fn constant_of(theirs: &Theirs, key: &TheirColumn) -> Option<Pattern> {
    let said = |what: &str| theirs.projection(&key.name, what).map(str::trim);
    let value = match said("type")?.to_ascii_lowercase().as_str() {
        "enum" => said("values").filter(|values| !values.contains(','))?,
        "integer" => {
            let (first, last) = said("range")?.split_once(',')?;
            Some(first.trim()).filter(|first| *first == last.trim())?
        }
        _ => return None,
    };
    Some(Pattern::default().text(value))
}

/// Returns the pattern of a key that holds a whole date, if its projection or type tells.
fn date_of(theirs: &Theirs, key: &TheirColumn) -> Option<Pattern> {
    let format = theirs.projection(&key.name, "format").or((key.sql_type == SqlType::Date).then_some("yyyy-MM-dd"));
    Pattern::from_java(format.or_else(|| listed(theirs, key))?)
}

/// Returns the format of the dates that the projection of a key lists, or gives as a number, if they are some.
fn listed(theirs: &Theirs, key: &TheirColumn) -> Option<&'static str> {
    const FORMATS: [&str; 6] = ["yyyy/MM/dd", "yyyy-MM-dd", "yyyyMMdd", "yyyy/MM", "yyyy-MM", "yyyyMM"];
    let values = theirs.projected_values(&key.name)?;
    let is_of = |format: &str| {
        let pattern = Pattern::from_java(format);
        let all = |pattern: Pattern| values.split(',').all(|value| pattern.first_day(value.trim()).is_some());
        pattern.is_some_and(all)
    };
    FORMATS.into_iter().find(|format| is_of(format))
}

/// Returns the pattern of a key by its name, if it is one of those that are in use.
fn by_name(name: &str, all: &[&str]) -> Option<Pattern> {
    let part = match plain(name).as_str() {
        "accid" | "acct" | "acctid" | "account" | "accountid" | "accountnumber" | "awsaccount" | "awsaccountid" => {
            Part::Account
        }
        "region" | "awsregion" | "regioncode" | "regionname" => Part::Region,
        "year" | "yyyy" => Part::Year,
        "month" | "mm" => Part::Month,
        // A day of the month only where year and month stand beside it; alone it may be any form of a date.
        "day" | "dd" if all.iter().any(|other| ["month", "mm"].contains(other)) => Part::Day,
        "hour" | "hh" => Part::Hour,
        "awsservice" | "service" => return Some(Pattern::default().text(SERVICE)),
        _ => return None,
    };
    Some(Pattern::part(part))
}

/// Says of a table that days which come are not in it before somebody says so, where theirs shows them by itself.
fn days_note(table: &Definition, theirs: &Theirs, is_registered: bool) -> Option<String> {
    let by_hand = match table.partitioning {
        Partitions::Projected => return None,
        Partitions::Registered => format!("with {SINCE} DAY, which registers"),
        Partitions::Repaired => "and run MSCK REPAIR TABLE of what is printed, which finds".to_owned(),
    };
    let is_needed = !is_registered && (theirs.is_projected() || theirs.keys.is_empty());
    is_needed.then(|| {
        format!("their table shows new days by itself, this one does not: print it again after each conversion {by_hand} them")
    })
}

/// Says that their raw table shows header lines as rows, if it does.
pub fn header_note(theirs: &Theirs) -> Option<String> {
    if let Some(lines @ 2..) = theirs.skipped_lines() {
        return Some(format!(
            "their raw table skips {lines} lines of every object, its header line and {} of flow logs, which the Parquet table has",
            lines - 1
        ));
    }
    let shows = theirs.storage == Storage::Text && !theirs.skips_header();
    shows.then(|| {
        "their raw table shows the header line of every object as a row (its version is NULL); the Parquet table has \
         none: count(*) and GROUP BY action are smaller by these rows, all else is equal"
            .to_owned()
    })
}

/// Reads what a person says of a key: `account`, `region`, `service`, or a date format.
///
/// # Errors
/// A message for the person who typed it.
pub fn parse_key(text: &str) -> std::result::Result<(String, Pattern), String> {
    let wrong = || "write it as NAME=account, NAME=region, NAME=service or NAME=yyyy/MM/dd".to_owned();
    let (name, holds) = text.split_once('=').ok_or_else(wrong)?;
    let pattern = match holds {
        "account" => Pattern::part(Part::Account),
        "region" => Pattern::part(Part::Region),
        "service" => Pattern::default().text(SERVICE),
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
