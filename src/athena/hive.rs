//! Hive SQL, in which Athena takes definitions: `CREATE EXTERNAL TABLE`, `ALTER TABLE ADD PARTITION`, `MSCK`.
//!
//! In: a `Definition`. Out: statements without comments inside, every identifier in backticks, `;` behind each.

use std::fmt::Write;

use jiff::civil::Date;

use super::definition::{Definition, Key, Partitions, Storage, TableColumn};
use super::name::{TableName, column, folder, literal};
use super::types::Dialect;
use crate::error::{Error, Result};

/// Partitions that one `ALTER TABLE ADD PARTITION` names: a statement may have 262,144 bytes
/// (<https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>), and a partition needs 300 at most.
const PARTITIONS_PER_STATEMENT: usize = 100;

/// Longest comment of a column in the Glue catalog
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html>).
const MAX_COMMENT_BYTES: usize = 255;

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
    statements.extend(make_known(definition, since)?);
    Ok(statements)
}

/// Returns what makes the partitions of a table known that is there, if anything has to.
///
/// # Errors
/// As [`Definition::registered`].
pub(super) fn make_known(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    match definition.partitioning {
        Partitions::Projected => Ok(Vec::new()),
        Partitions::Registered => add_partitions(definition, since),
        Partitions::Repaired => Ok(vec![repair(&definition.name)]),
    }
}

/// Returns the `CREATE EXTERNAL TABLE` statement, which leaves a table of that name alone if there is one.
///
/// # Errors
/// As [`statements`].
pub fn create_table(definition: &Definition) -> Result<String> {
    create(definition, "IF NOT EXISTS ")
}

/// Returns the `CREATE EXTERNAL TABLE` statement that fails if there is a table of that name, whatever its columns.
///
/// # Errors
/// As [`statements`].
pub fn create_new_table(definition: &Definition) -> Result<String> {
    create(definition, "")
}

fn create(definition: &Definition, condition: &str) -> Result<String> {
    let mut sql = String::new();
    line(&mut sql, format_args!("CREATE EXTERNAL TABLE {condition}{} (", definition.name.for_ddl()));
    line(&mut sql, format_args!("{}", columns(definition, Dialect::Hive)?.join(",\n")));
    line(&mut sql, format_args!(")"));
    if !definition.keys.is_empty() {
        line(&mut sql, format_args!("PARTITIONED BY ({})", keys(definition)?.join(", ")));
    }
    line(&mut sql, format_args!("{}", storage(definition.storage)));
    line(&mut sql, format_args!("LOCATION {}", literal(folder(&definition.location)?)?));
    line(&mut sql, format_args!("{};", properties(&definition.properties()?)?));
    Ok(sql)
}

/// Returns the columns as a dialect declares them, a line each.
///
/// # Errors
/// A usage error for names that are none.
pub(super) fn columns(definition: &Definition, dialect: Dialect) -> Result<Vec<String>> {
    let width = definition.columns.iter().map(|column| column.name.len()).max().unwrap_or_default() + 2;
    let line = |at: &TableColumn| {
        let comment = at.comment.as_ref().map_or(String::new(), |text| format!(" COMMENT '{}'", harmless(text)));
        Ok(format!("  {:width$} {}{comment}", column(&at.name, dialect.quote())?, at.sql_type.name(dialect)))
    };
    definition.columns.iter().map(line).collect()
}

/// Returns the partition keys with their types.
///
/// # Errors
/// As [`columns`].
pub(super) fn keys(definition: &Definition) -> Result<Vec<String>> {
    definition.keys.iter().map(|key| Ok(format!("{} {}", column(&key.name, '`')?, key.sql_type))).collect()
}

fn storage(storage: Storage) -> &'static str {
    match storage {
        Storage::Parquet => "STORED AS PARQUET",
        Storage::Text => "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '\nSTORED AS TEXTFILE",
    }
}

fn properties(properties: &[(String, String)]) -> Result<String> {
    let properties: Result<Vec<String>> =
        properties.iter().map(|(name, value)| Ok(format!("  {} = {}", literal(name)?, literal(value)?))).collect();
    Ok(format!("TBLPROPERTIES (\n{}\n)", properties?.join(",\n")))
}

/// Returns the statement that has a projected table list what is there now, whatever it was made with.
///
/// # Errors
/// As `Definition::projections`.
pub fn set_projection(definition: &Definition) -> Result<String> {
    let projection: Vec<_> =
        definition.properties()?.into_iter().filter(|(name, _)| name.starts_with("projection.")).collect();
    Ok(format!("ALTER TABLE {} SET {};\n", definition.name.for_ddl(), properties(&projection)?))
}

/// Returns statements that register the partitions from a day on, and again harmlessly.
///
/// # Errors
/// As `Definition::registered`.
pub fn add_partitions(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    // Texts and dates are quoted, numbers are not
    // (<https://docs.aws.amazon.com/athena/latest/ug/alter-table-add-partition.html>).
    let pair = |(key, value): (&Key, &String)| {
        let value = if key.sql_type.is_integer() { plain_number(value)?.to_owned() } else { literal(value)? };
        Ok(format!("{} = {value}", column(&key.name, '`')?))
    };
    let mut statements = Vec::new();
    for batch in definition.registered(since)?.chunks(PARTITIONS_PER_STATEMENT) {
        let mut sql = format!("ALTER TABLE {} ADD IF NOT EXISTS", definition.name.for_ddl());
        for (values, folder) in batch {
            let pairs: Result<Vec<String>> = definition.keys.iter().zip(values).map(pair).collect();
            // Into a string: cannot fail.
            let _ = write!(sql, "\n  PARTITION ({}) LOCATION {}", pairs?.join(", "), literal(folder)?);
        }
        statements.push(sql + ";\n");
    }
    Ok(statements)
}

/// Refuses what is no whole number.
fn plain_number(value: &str) -> Result<&str> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(value);
    }
    Err(Error::usage(format!("{value:?} is no value of a key that is a number")).help("declare the key as string"))
}

/// Returns the statement that finds partitions by their folders' names.
pub fn repair(name: &TableName) -> String {
    format!("MSCK REPAIR TABLE {};\n", name.for_ddl())
}

/// Returns a comment that cannot leave its quotes in any engine, cut to what the Glue catalog takes.
pub(super) fn harmless(comment: &str) -> String {
    // A semicolon would end the statement for programs that split texts at them.
    let comment = comment.replace(';', ",");
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= MAX_COMMENT_BYTES
    };
    comment.chars().filter(|c| !matches!(c, '\'' | '"' | '\\') && !c.is_control()).take_while(fits).collect()
}

fn line(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Into a string: cannot fail.
    let _ = writeln!(sql, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_leave_no_quotes_and_fit_the_catalog() {
        assert_eq!(harmless("a 'b' \"c\\ d; e\nf"), "a b c d, ef");
        let long = "é".repeat(200);
        assert_eq!(harmless(&long), "é".repeat(127), "254 bytes: half a letter is none");
    }
}
