//! Trino's Hive connector: `CREATE TABLE` with partition projection, and procedures where nothing is projected
//! (<https://trino.io/docs/current/connector/hive.html>).

use jiff::civil::Date;

use super::definition::{Definition, Partitions, Projection, Storage};
use super::hive::columns;
use super::name::{column, folder, literal};
use super::types::Dialect;
use crate::error::{Error, Result};
use crate::options::DATABASE;

/// Returns the table and what makes its partitions known, one statement after the other.
///
/// Partitions in folders that are named as Hive names them are found by a procedure that is always allowed; others are
/// registered one by one, from the day `since` on. With `since`, the table is taken to be there.
///
/// # Errors
/// A usage error for names that are none, for keys that cannot do what is asked of them, and for a procedure without
/// the name of a database.
pub fn statements(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    if since.is_none() {
        statements.push(create_table(definition)?);
    }
    if definition.partitioning != Partitions::Projected && !definition.keys.is_empty() {
        if definition.is_hive_style() {
            statements.push(call(definition, "sync_partition_metadata", &[("mode", "'ADD'".to_owned())])?);
        } else {
            statements.extend(register(definition, since)?);
        }
    }
    Ok(statements)
}

fn create_table(definition: &Definition) -> Result<String> {
    let mut properties = vec![("external_location", literal(folder(&definition.location)?)?)];
    match definition.storage {
        Storage::Parquet => properties.push(("format", "'PARQUET'".to_owned())),
        Storage::Text => properties.extend([
            ("format", "'TEXTFILE'".to_owned()),
            ("textfile_field_separator", "' '".to_owned()),
            ("skip_header_line_count", "1".to_owned()),
        ]),
    }
    let mut columns = columns(definition, Dialect::Trino)?;
    let mut keys: Vec<String> = definition
        .keys
        .iter()
        .map(|key| Ok(format!("  {} {}", column(&key.name, '"')?, key.sql_type.name(Dialect::Trino))))
        .collect::<Result<_>>()?;
    if !keys.is_empty() {
        properties.push(("partitioned_by", names(definition)?));
    }
    if definition.partitioning == Partitions::Projected {
        properties.push(("partition_projection_enabled", "true".to_owned()));
        let template = definition.location_template()?;
        properties.push(("partition_projection_location_template", literal(&template)?));
        for (key, (_, projection)) in keys.iter_mut().zip(definition.projections()?) {
            key.push_str(&format!(" WITH ({})", list(&projected(&projection)?, "partition_projection_", ", ")));
        }
    }
    columns.append(&mut keys);
    Ok(format!(
        "CREATE TABLE IF NOT EXISTS {} (\n{}\n)\nWITH (\n{}\n);\n",
        definition.name.quoted_for(Dialect::Trino),
        columns.join(",\n"),
        list(&properties, "  ", ",\n")
    ))
}

/// Returns the column properties that project a key.
fn projected(projection: &Projection) -> Result<Vec<(&'static str, String)>> {
    Ok(match projection {
        Projection::Integer { first, last, digits } => vec![
            ("type", "'INTEGER'".to_owned()),
            ("range", array([&first.to_string(), &last.to_string()])?),
            ("digits", digits.to_string()),
        ],
        Projection::Enum(values) => vec![("type", "'ENUM'".to_owned()), ("values", array(values)?)],
        Projection::Date { format, first, unit } => vec![
            ("type", "'DATE'".to_owned()),
            ("format", literal(format)?),
            ("range", array([first, Projection::NOW])?),
            ("interval", "1".to_owned()),
            ("interval_unit", literal(unit)?),
        ],
    })
}

/// Returns calls that register the partitions from a day on, one each.
fn register(definition: &Definition, since: Option<Date>) -> Result<Vec<String>> {
    let names = names(definition)?;
    let registered = definition.registered(since)?;
    let register = |(values, folder): &(Vec<String>, String)| {
        let partition = [
            ("partition_columns", names.clone()),
            ("partition_values", array(values)?),
            ("location", literal(folder)?),
        ];
        call(definition, "register_partition", &partition)
    };
    registered.iter().map(register).collect()
}

fn call(definition: &Definition, procedure: &str, arguments: &[(&str, String)]) -> Result<String> {
    let database = definition.name.database().ok_or_else(|| {
        Error::usage("a procedure of Trino has to be told the schema of the table").help(format!("give {DATABASE}"))
    })?;
    let table = [("schema_name", literal(database)?), ("table_name", literal(definition.name.table())?)];
    let arguments: Vec<String> =
        table.iter().chain(arguments).map(|(name, value)| format!("{name} => {value}")).collect();
    Ok(format!("CALL system.{procedure}({});\n", arguments.join(", ")))
}

/// Returns the names of the keys as an array.
fn names(definition: &Definition) -> Result<String> {
    array(definition.keys.iter().map(|key| &key.name))
}

fn array(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<String> {
    let texts: Result<Vec<String>> = texts.into_iter().map(|text| literal(text.as_ref())).collect();
    Ok(format!("ARRAY[{}]", texts?.join(", ")))
}

/// Returns `NAME = VALUE` of each, with something before each name and between two.
fn list(pairs: &[(&str, String)], before: &str, between: &str) -> String {
    pairs.iter().map(|(name, value)| format!("{before}{name} = {value}")).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_for_a_whole_date_is_projected() {
        let (format, first) = ("yyyy/MM/dd".to_owned(), "2026/01/15".to_owned());
        let date = projected(&Projection::Date { format, first, unit: "DAYS" }).unwrap();
        assert_eq!(
            list(&date, "", ", "),
            "type = 'DATE', format = 'yyyy/MM/dd', range = ARRAY['2026/01/15', 'NOW+1DAY'], interval = 1, interval_unit = 'DAYS'"
        );
    }
}
