//! DuckDB: a view over the files themselves, which looks at the folders in every query
//! (<https://duckdb.org/docs/stable/data/partitioning/hive_partitioning>).

use super::definition::{Definition, Key, Projection, Storage, TableColumn};
use super::name::{column, identifier, literal};
use super::pattern::{Part, Pattern, Piece};
use super::types::Dialect;
use crate::error::{Error, Result};

/// Names of objects over which a raw table is: all but hidden ones.
const NOT_HIDDEN: &str = "[!._]*";

/// Returns the view, and the schema that it is in.
///
/// # Errors
/// A usage error for names that are none, and for accounts and Regions of which none is known.
pub fn statements(definition: &Definition) -> Result<Vec<String>> {
    let schema = definition.name.database().map(|name| identifier(name, '"')).transpose()?;
    let schema = schema.map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {schema};\n"));
    let (columns, source) = match definition.storage {
        Storage::Parquet => parquet(definition)?,
        Storage::Text => text(definition)?,
    };
    let name = definition.name.quoted_for(Dialect::DuckDb);
    let view = format!("CREATE OR REPLACE VIEW {name} AS\nSELECT\n  {}\n{source};\n", columns.join(",\n  "));
    Ok(schema.into_iter().chain([view]).collect())
}

/// Returns what is selected and from where, for files that know their columns.
fn parquet(definition: &Definition) -> Result<(Vec<String>, String)> {
    let columns: Result<Vec<String>> = definition.shown().map(|name| column(name, '"')).collect();
    // Without types, DuckDB would make the number 1 of `01`.
    let types: Vec<String> = definition
        .keys
        .iter()
        .map(|key| Ok(format!("{}: {}", literal(&key.name)?, key.sql_type.name(Dialect::DuckDb))))
        .collect::<Result<_>>()?;
    let source = format!(
        "FROM read_parquet(\n  {},\n  hive_partitioning = true,\n  hive_types = {{{}}},\n  union_by_name = true\n)",
        glob(definition, "*.parquet")?,
        types.join(", ")
    );
    Ok((columns?, source))
}

/// Returns what is selected and from where, for records that are told apart by their place in a line.
///
/// As Hive reads them: nothing is a quote, what is missing at the end of a line is NULL, what is too much is ignored.
fn text(definition: &Definition) -> Result<(Vec<String>, String)> {
    let selected = definition.columns.iter().map(typed).chain(
        definition
            .keys
            .iter()
            .map(|key| Ok(format!("{} AS {}", value(key, &definition.layout)?, column(&key.name, '"')?))),
    );
    let fields: Result<Vec<String>> =
        definition.columns.iter().map(|at| Ok(format!("{}: 'VARCHAR'", literal(&at.name)?))).collect();
    let options = [
        format!("columns = {{{}}}", fields?.join(", ")),
        "auto_detect = false, header = false, skip = 1, delim = ' ', quote = '', escape = '', comment = ''".to_owned(),
        "null_padding = true, strict_mode = false, filename = true".to_owned(),
    ];
    let mut source = format!("FROM read_csv(\n  {},\n  {}\n)", glob(definition, NOT_HIDDEN)?, options.join(",\n  "));
    // The folders of other accounts and Regions are not of this table, as in the definitions for catalogs.
    for (at, (key, projection)) in definition.projections()?.into_iter().enumerate() {
        if let Projection::Enum(values) = projection {
            let values: Result<Vec<String>> = values.iter().map(|value| literal(value)).collect();
            let word = if at == 0 { "\nWHERE" } else { "\n  AND" };
            source.push_str(&format!("{word} {} IN ({})", value(key, &definition.layout)?, values?.join(", ")));
        }
    }
    Ok((selected.collect::<Result<_>>()?, source))
}

/// Returns a column of text as its type; `-` is no number and becomes NULL.
fn typed(at: &TableColumn) -> Result<String> {
    let name = column(&at.name, '"')?;
    if at.sql_type.is_text() {
        return Ok(name);
    }
    Ok(format!("TRY_CAST({name} AS {}) AS {name}", at.sql_type.name(Dialect::DuckDb)))
}

/// Returns an expression for a key's value, told from the name of the file.
fn value(key: &Key, layout: &Pattern) -> Result<String> {
    let mut folders = String::from("/");
    for piece in layout.pieces() {
        match (piece, digits(piece)) {
            // The glob has let through only what is spelled so.
            (Piece::Text(text), _) => {
                folders.push_str(&text.replace(|c: char| !c.is_alphanumeric() && !"/=-_".contains(c), "."))
            }
            (Piece::Part(_), Some(digits)) => folders.push_str(&format!("([0-9]{{{digits}}})")),
            (Piece::Part(_), None) => folders.push_str("([^/]+)"),
        }
    }
    let folders = literal(&format!("{folders}[^/]+$"))?;
    let pieces = key.pattern.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => literal(text),
        Piece::Part(part) => {
            let group = layout
                .parts()
                .position(|at| at == *part)
                .map(|at| at + 1)
                .ok_or_else(|| Error::usage(format!("the folders do not tell the partition key {}", key.name)))?;
            Ok(format!("regexp_extract(filename, {folders}, {group})"))
        }
    });
    Ok(pieces.collect::<Result<Vec<_>>>()?.join(" || "))
}

/// Returns the files in the folders of partitions, as a pattern in quotes.
fn glob(definition: &Definition, files: &str) -> Result<String> {
    let mut glob = spelled(definition.location.strip_prefix("file://").unwrap_or(&definition.location));
    for piece in definition.layout.pieces() {
        glob.push_str(&match (piece, digits(piece)) {
            (Piece::Text(text), _) => spelled(text),
            // Folders that say what they are for need not be told from others.
            (Piece::Part(_), Some(digits)) if definition.storage == Storage::Text => "[0-9]".repeat(digits),
            (Piece::Part(_), _) => "*".to_owned(),
        });
    }
    literal(&(glob + files))
}

/// Returns a text as a pattern that only this text fits.
fn spelled(text: &str) -> String {
    text.chars().map(|c| if "*?[".contains(c) { format!("[{c}]") } else { c.to_string() }).collect()
}

/// Returns how many digits stand for a part, if nothing else can.
fn digits(piece: &Piece) -> Option<usize> {
    match piece {
        Piece::Part(Part::Year) => Some(4),
        Piece::Part(Part::Month | Part::Day | Part::Hour) => Some(2),
        Piece::Part(Part::Account | Part::Region) | Piece::Text(_) => None,
    }
}
