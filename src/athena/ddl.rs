//! The Athena definition of a converted table.
//!
//! In: what the table has ([`TableModel`]: columns, partitions, location). Out: one `CREATE EXTERNAL TABLE` that Athena
//! accepts: every identifier in backticks, types exactly those in the files, partition keys as strings, partition
//! projection with a template that names every key and ends in `/`. No comments inside the statement.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::LogType;
use crate::table::partition::{Partition, PartitionBy};

use super::name::{TableName, identifier, literal};

/// Years that the projected range goes on behind the last converted one: values outside a range give zero rows
/// without an error, and a year more costs one listing only for queries without a predicate on it.
pub const YEARS_AHEAD: i16 = 10;

/// What a definition is made from.
#[derive(Debug, Clone)]
pub struct TableModel {
    /// Database, if it is to be named.
    pub database: Option<String>,
    /// Table.
    pub table: String,
    /// Log type, whose descriptions become column comments.
    pub log_type: LogType,
    /// Columns of all files together, in AWS's order.
    pub columns: Vec<Column>,
    /// How the table is partitioned.
    pub partition_by: PartitionBy,
    /// The partitions that are there.
    pub partitions: Vec<Partition>,
    /// `s3://bucket/prefix` of the table, without a trailing slash.
    pub location: String,
    /// Whether columns get comments.
    pub comments: bool,
}

/// Returns the `CREATE EXTERNAL TABLE` statement.
///
/// # Errors
/// A usage error for names that are none.
pub fn create_table(model: &TableModel) -> Result<String> {
    let mut sql = String::new();
    let table = TableName::new(model.database.as_deref(), &model.table)?.for_ddl();
    line(&mut sql, format_args!("CREATE EXTERNAL TABLE IF NOT EXISTS {table} ("));
    let width = model.columns.iter().map(|column| column.name.len()).max().unwrap_or_default() + 2;
    for (at, column) in model.columns.iter().enumerate() {
        let name = identifier(&column.name, '`')?;
        let comment = comment(model, column);
        let comma = if at + 1 < model.columns.len() { "," } else { "" };
        line(&mut sql, format_args!("  {name:width$} {}{comment}{comma}", column.column_type));
    }
    let keys: Vec<String> = model.partition_by.columns().iter().map(|key| format!("`{key}` string")).collect();
    line(&mut sql, format_args!(")"));
    line(&mut sql, format_args!("PARTITIONED BY ({})", keys.join(", ")));
    line(&mut sql, format_args!("STORED AS PARQUET"));
    line(&mut sql, format_args!("LOCATION {}", literal(&format!("{}/", model.location))?));
    line(&mut sql, format_args!("TBLPROPERTIES ("));
    let properties = properties(model)?;
    for (at, (name, value)) in properties.iter().enumerate() {
        let comma = if at + 1 < properties.len() { "," } else { "" };
        line(&mut sql, format_args!("  {} = {}{comma}", literal(name)?, literal(value)?));
    }
    line(&mut sql, format_args!(");"));
    Ok(sql)
}

fn line(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Into a string: cannot fail.
    let _ = writeln!(sql, "{text}");
}

fn comment(model: &TableModel, column: &Column) -> String {
    let fields = &model.log_type.schema().fields;
    match fields.iter().find(|field| field.column == column.name) {
        Some(field) if model.comments => format!(" COMMENT '{}'", field.description.replace('\'', "")),
        _ => String::new(),
    }
}

/// Returns the table's properties: projection of every partition key.
fn properties(model: &TableModel) -> Result<Vec<(String, String)>> {
    let mut properties =
        vec![("classification".to_owned(), "parquet".to_owned()), ("projection.enabled".to_owned(), "true".to_owned())];
    let mut template = model.location.clone();
    for key in model.partition_by.columns() {
        let mut put = |what: &str, value: String| properties.push((format!("projection.{key}.{what}"), value));
        let mut integer = |range: String, digits: u8| {
            put("type", "integer".to_owned());
            put("range", range);
            put("digits", digits.to_string());
        };
        match key {
            "year" => integer(year_range(model), 4),
            "month" => integer("1,12".to_owned(), 2),
            "day" => integer("1,31".to_owned(), 2),
            "hour" => integer("0,23".to_owned(), 2),
            _ => {
                put("type", "enum".to_owned());
                put("values", values(model, key)?);
            }
        }
        // Into a string: cannot fail.
        let _ = write!(template, "/{key}=${{{key}}}");
    }
    properties.push(("storage.location.template".to_owned(), template + "/"));
    Ok(properties)
}

fn year_range(model: &TableModel) -> String {
    let years = model.partitions.iter().map(|partition| partition.day.year());
    let now = crate::days::today().year();
    let first = years.clone().min().unwrap_or(now);
    let last = years.max().unwrap_or(now).max(now);
    format!("{first},{}", last + YEARS_AHEAD)
}

fn values(model: &TableModel, key: &str) -> Result<String> {
    let pairs = model.partitions.iter().filter_map(|partition| partition.account_region.as_ref());
    let values: BTreeSet<&str> =
        pairs.map(|(account, region)| if key == "aws_region" { region.as_str() } else { account.as_str() }).collect();
    if values.is_empty() {
        return Err(Error::usage(format!("nothing is converted yet, so the values of {key} are not known"))
            .help("convert at least one day first"));
    }
    Ok(values.into_iter().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::ColumnType;

    fn model(by: PartitionBy, partitions: &[&str]) -> TableModel {
        TableModel {
            database: Some("logs".into()),
            table: "vpc_flow_logs".into(),
            log_type: LogType::Vpc,
            columns: vec![
                Column { name: "srcaddr".into(), column_type: ColumnType::String },
                Column { name: "end".into(), column_type: ColumnType::Bigint },
                Column { name: "new_field".into(), column_type: ColumnType::String },
            ],
            partition_by: by,
            partitions: partitions.iter().map(|path| Partition::parse(path).unwrap()).collect(),
            location: "s3://bucket/flow".into(),
            comments: false,
        }
    }

    #[test]
    fn names_every_key_in_template_and_projection() {
        let path = "aws_account_id=111122223333/aws_region=us-east-1/year=2024/month=01/day=15/hour=05";
        let sql = create_table(&model(PartitionBy::AccountRegionHour, &[path])).unwrap();
        assert!(sql.contains("'s3://bucket/flow/aws_account_id=${aws_account_id}/aws_region=${aws_region}/year=${year}/month=${month}/day=${day}/hour=${hour}/'"), "{sql}");
        for key in PartitionBy::AccountRegionHour.columns() {
            assert!(sql.contains(&format!("'projection.{key}.type' = ")), "{key}");
        }
        assert!(sql.contains("'projection.aws_account_id.values' = '111122223333'"));
        assert!(sql.contains("`end`       bigint,"), "{sql}");
        assert!(create_table(&model(PartitionBy::AccountRegionDay, &[])).is_err(), "no accounts known");
    }

    #[test]
    fn nothing_leaves_its_place() {
        let day = ["year=2026/month=01/day=15"];
        for bad in ["a`b", "a b", "a;b", "a\nb", "A", "", "a*/", "a'b", "é"] {
            let model = TableModel { table: bad.into(), ..model(PartitionBy::Day, &day) };
            assert!(create_table(&model).is_err(), "{bad:?}");
        }
        for bad in ["s3://b/'x", "s3://b/x\n", "s3://b/;x", "s3://b/\\"] {
            let model = TableModel { location: bad.into(), ..model(PartitionBy::Day, &day) };
            assert!(create_table(&model).is_err(), "{bad:?}");
        }
    }
}
