//! Hive SQL, in which Athena takes definitions: `CREATE EXTERNAL TABLE`, `ALTER TABLE ADD PARTITION`, `MSCK`.
//!
//! In: a [`Definition`]. Out: statements without comments inside, every identifier in backticks, `;` behind each.

use std::fmt::Write;

use jiff::civil::Date;

use super::definition::{Definition, Partitions, Storage};
use super::name::{TableName, column, literal};
use crate::error::Result;

/// Partitions that one `ALTER TABLE ADD PARTITION` names: a statement may have 262,144 bytes
/// (<https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>), and a partition needs 300 at most.
const PARTITIONS_PER_STATEMENT: usize = 100;

/// Returns the table and what makes its partitions known, one statement after the other.
///
/// With `since`, the table is taken to be there, and only partitions from that day on are registered.
///
/// # Errors
/// A usage error for names that are none and for keys that cannot do what is asked of them.
pub fn statements(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    if since.is_none() {
        statements.push(create_table(definition)?);
    }
    match definition.partitioning {
        Partitions::Projected => {}
        Partitions::Registered => statements.extend(add_partitions(definition, since)?),
        Partitions::Repaired => statements.push(repair(&definition.name)),
    }
    Ok(statements)
}

/// Returns the `CREATE EXTERNAL TABLE` statement.
///
/// # Errors
/// As [`statements`].
pub fn create_table(definition: &Definition) -> Result<String> {
    let mut sql = String::new();
    line(&mut sql, format_args!("CREATE EXTERNAL TABLE IF NOT EXISTS {} (", definition.name.for_ddl()));
    line(&mut sql, format_args!("{}", columns(definition)?));
    line(&mut sql, format_args!(")"));
    if !definition.keys.is_empty() {
        line(&mut sql, format_args!("PARTITIONED BY ({})", keys(definition)?.join(", ")));
    }
    line(&mut sql, format_args!("{}", storage(definition.storage)));
    line(&mut sql, format_args!("LOCATION {}", literal(&definition.location)?));
    line(&mut sql, format_args!("{};", properties(definition)?));
    Ok(sql)
}

/// Returns the columns, a line each.
pub(super) fn columns(definition: &Definition) -> Result<String> {
    let width = definition.columns.iter().map(|column| column.name.len()).max().unwrap_or_default() + 2;
    let lines: Result<Vec<String>> = definition
        .columns
        .iter()
        .map(|at| {
            let comment = at.comment.as_ref().map_or(String::new(), |text| format!(" COMMENT '{}'", harmless(text)));
            Ok(format!("  {:width$} {}{comment}", column(&at.name, '`')?, at.sql_type))
        })
        .collect();
    Ok(lines?.join(",\n"))
}

fn keys(definition: &Definition) -> Result<Vec<String>> {
    definition.keys.iter().map(|key| Ok(format!("{} {}", column(&key.name, '`')?, key.sql_type))).collect()
}

fn storage(storage: Storage) -> &'static str {
    match storage {
        Storage::Parquet => "STORED AS PARQUET",
        Storage::Text => "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '\nSTORED AS TEXTFILE",
    }
}

fn properties(definition: &Definition) -> Result<String> {
    let properties: Result<Vec<String>> = definition
        .properties()?
        .iter()
        .map(|(name, value)| Ok(format!("  {} = {}", literal(name)?, literal(value)?)))
        .collect();
    Ok(format!("TBLPROPERTIES (\n{}\n)", properties?.join(",\n")))
}

/// Returns statements that register the partitions from a day on, and again harmlessly.
///
/// # Errors
/// As [`Definition::registered`].
pub fn add_partitions(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    let names: Result<Vec<String>> = definition.keys.iter().map(|key| column(&key.name, '`')).collect();
    let names = names?;
    let mut statements = Vec::new();
    for batch in definition.registered(since)?.chunks(PARTITIONS_PER_STATEMENT) {
        let mut sql = format!("ALTER TABLE {} ADD IF NOT EXISTS", definition.name.for_ddl());
        for (values, folder) in batch {
            let pairs: Result<Vec<String>> =
                names.iter().zip(values).map(|(name, value)| Ok(format!("{name} = {}", literal(value)?))).collect();
            // Into a string: cannot fail.
            let _ = write!(sql, "\n  PARTITION ({}) LOCATION {}", pairs?.join(", "), literal(folder)?);
        }
        statements.push(sql + ";\n");
    }
    Ok(statements)
}

/// Returns the statement that finds partitions by their folders' names.
pub fn repair(name: &TableName) -> String {
    format!("MSCK REPAIR TABLE {};\n", name.for_ddl())
}

/// Returns a comment that cannot leave its quotes in any engine.
pub(super) fn harmless(comment: &str) -> String {
    // A semicolon would end the statement for programs that split texts at them.
    let comment = comment.replace(';', ",");
    comment.chars().filter(|c| !matches!(c, '\'' | '"' | '\\') && !c.is_control()).collect()
}

fn line(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Into a string: cannot fail.
    let _ = writeln!(sql, "{text}");
}
