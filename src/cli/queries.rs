//! `queries`: the library of ready queries; lists them, or prints one for a table and days.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::athena::name::TableName;
use crate::athena::predicate::{Selection, When};
use crate::athena::queries::{self, Query};
use crate::days::{Days, LocalDay};
use crate::ledger::table::Table;
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::{Error, Result};
use serde::Serialize;

use super::args::{DayArgs, QueriesArgs};
use super::screen::{print_statements, say};
use super::show::{Align, table};
use super::{open, print, settings, to_json};

/// A query with its statement, as JSON has it.
#[derive(Serialize)]
struct Ready<'a> {
    #[serde(flatten)]
    query: &'a Query,
    sql: &'a str,
}

/// Runs `flowparquet queries`.
pub fn run(args: &QueriesArgs) -> Result<ExitCode> {
    let Some(query) = args.name.as_deref().and_then(queries::find) else {
        print(&if args.json { to_json(&queries::all())? } else { list() })?;
        return Ok(ExitCode::SUCCESS);
    };
    let rows = rows(args, query)?;
    if let Some(have) = columns(args)? {
        check(query, rows.as_ref(), &have)?;
    }
    let mut set = BTreeMap::new();
    for (name, value) in &args.set {
        if set.insert(name.clone(), value.clone()).is_some() {
            return Err(Error::usage(format!("--set {name} is given twice")));
        }
    }
    let sql = query.sql(&TableName::parse(&args.table)?, rows.as_ref(), &set)?;
    if args.json {
        print(&to_json(&Ready { query, sql: &sql })?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for parameter in &query.parameters {
        let value = set.get(parameter.name).map_or(parameter.example, String::as_str);
        say!("set: {}={value} ({})", parameter.name, parameter.description);
    }
    if !query.note.is_empty() {
        say!("note: {}", query.note);
    }
    // Whoever runs it (`query`, `compare`, Athena's history) shows it by this name.
    print_statements(&format!("-- title: {}\n{sql}", query.name))?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let mut rows = vec![["query", "since", "what it is", "columns it needs"].map(str::to_owned).to_vec()];
    rows.extend(queries::all().iter().map(|query| {
        vec![query.name.to_owned(), query.version.to_string(), query.title.to_owned(), query.columns.join(" ")]
    }));
    table(&[Align::Left, Align::Right, Align::Left, Align::Left], &rows)
}

/// Returns the rows that were selected: of the last complete day if nothing was, none for a query that is not about days.
fn rows(args: &QueriesArgs, query: &Query) -> Result<Option<Selection>> {
    let days = settings::days(&args.days, |today| Days::lookback(today, 1))?;
    let when = match &args.days {
        DayArgs { local_day: Some(local), tz: Some(zone), .. } => When::Local(LocalDay::new(*local, zone)?),
        _ => When::Days(days),
    };
    let DayArgs { day, from, to: _, yesterday, all, local_day, tz: _ } = &args.days;
    let selects = !day.is_empty() || from.is_some() || *yesterday || *all || local_day.is_some();
    let selects = selects || !args.account.is_empty() || !args.region.is_empty();
    let rows = Selection { when, accounts: args.account.clone(), regions: args.region.clone() };
    Ok((query.is_of_days() || selects).then_some(rows))
}

/// What a table has, and what it is called in a message.
struct Have {
    columns: Vec<String>,
    what: String,
    log_type: LogType,
}

/// Returns the columns of the table that is asked about, if one is.
fn columns(args: &QueriesArgs) -> Result<Option<Have>> {
    if let Some(dest) = &args.dest {
        let io = super::reading_io()?;
        let converted = Table::new(open(dest, &args.store, &io)?);
        let contents = converted.contents()?.ok_or_else(|| {
            Error::usage("nothing is converted here yet").at(dest).help("check --dest, or leave it away")
        })?;
        let keys = contents.partition_by.columns();
        let selected = [("--account", "aws_account_id", &args.account), ("--region", "aws_region", &args.region)];
        let lacks = |(_, key, values): &(_, &str, &Vec<String>)| !values.is_empty() && !keys.contains(key);
        if let Some((flag, key, _)) = selected.into_iter().find(lacks) {
            return Err(Error::usage(format!("{flag} needs a table partitioned by {key}"))
                .at(dest)
                .help(format!("this one is partitioned by {}", keys.join(", "))));
        }
        let columns = contents.columns.into_iter().map(|column| column.name).collect();
        return Ok(Some(Have { columns, what: format!("the table {dest}"), log_type: contents.log_type }));
    }
    if let Some(version) = args.schema_version {
        let fields = LogType::Vpc.schema().fields.iter().filter(|field| field.version <= version);
        let columns = fields.map(|field| field.column.clone()).collect();
        return Ok(Some(Have { columns, what: format!("flow log version {version}"), log_type: LogType::Vpc }));
    }
    let Some(format) = &args.log_format else { return Ok(None) };
    let header = Header::from_option(format)?;
    let log_type = header.log_type().unwrap_or(LogType::Vpc);
    let columns = header.columns.into_iter().map(|column| column.name).collect();
    Ok(Some(Have { columns, what: "this format".to_owned(), log_type }))
}

/// Refuses a query that needs columns which the table does not have.
fn check(query: &Query, rows: Option<&Selection>, have: &Have) -> Result<()> {
    let missing = query.missing(rows.map(|rows| &rows.when), &have.columns);
    let Some(version) = missing.iter().map(|field| field.version).max() else { return Ok(()) };
    let columns: Vec<&str> = missing.iter().map(|field| field.column.as_str()).collect();
    let fields: Vec<String> = missing.iter().map(|field| format!("${{{}}}", field.name)).collect();
    let refused = Error::usage(format!(
        "query {} needs columns that {} does not have: {}",
        query.name,
        have.what,
        columns.join(", ")
    ));
    let known = &have.log_type.schema().fields;
    if missing.iter().any(|field| known.iter().all(|of_type| of_type.name != field.name)) {
        return Err(refused.help("it asks about VPC Flow Logs; Transit Gateway Flow Logs have no such fields"));
    }
    Err(refused.help(format!(
        "flow log version {version} brings them; the fields of a flow log cannot be changed, so create a new one \
             whose --log-format has {} too, and convert its objects into the same table",
        fields.join(" ")
    )))
}
