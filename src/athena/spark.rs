//! Spark SQL: the Parquet table as a table of Spark's own, the raw table as one of Hive's; partitions registered in both.
//!
//! Spark computes no partitions from a table's properties
//! (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html>), and it replaces `${...}` in statements.

use jiff::civil::Date;

use super::definition::{Definition, Partitions, Storage};
use super::hive;
use super::name::{folder, literal};
use super::types::Dialect;
use crate::error::{Error, Result};
use crate::options::PROJECTION;

/// Returns the table and what makes its partitions known, one statement after the other.
///
/// With `since`, the table is taken to be there, and only partitions from that day on are registered.
///
/// # Errors
/// A usage error for projected partitions, for names that are none, and for texts in which Spark would replace something.
pub fn statements(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    if definition.partitioning == Partitions::Projected {
        return Err(Error::usage("Spark knows no partition projection")
            .help(format!("leave {PROJECTION} away, or register the partitions with {PROJECTION} off or msck")));
    }
    let statements = match definition.storage {
        Storage::Text => hive::statements(definition, since)?,
        Storage::Parquet => {
            let create = since.is_none().then(|| create_table(definition)).transpose()?;
            create.into_iter().chain(hive::make_known(definition, since)?).collect()
        }
    };
    if statements.iter().any(|statement| statement.contains("${")) {
        return Err(Error::usage("Spark would replace ${...} in this definition").help("choose another location"));
    }
    Ok(statements)
}

/// Returns the statement for a table that Spark reads with its own Parquet reader.
fn create_table(definition: &Definition) -> Result<String> {
    Ok(format!(
        "CREATE TABLE IF NOT EXISTS {} (\n{}\n)\nUSING PARQUET\nPARTITIONED BY ({})\nLOCATION {};\n",
        definition.name.for_ddl(),
        hive::columns(definition, Dialect::Spark)?.join(",\n"),
        hive::keys(definition)?.join(", "),
        literal(folder(&definition.location)?)?
    ))
}
