//! DuckDB: a view over the files themselves, which looks at the folders in every query
//! (<https://duckdb.org/docs/stable/data/partitioning/hive_partitioning>).

use super::definition::{Definition, Key, Projection, Storage, TableColumn};
use super::name::{column, identifier, literal};
use super::pattern::{Part, Pattern, Piece};
use super::types::{Dialect, SqlType};
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
    let columns = definition.columns.iter().map(|at| column(&at.name, '"'));
    let hive = definition.is_hive_style();
    let key = |key: &Key| if hive { column(&key.name, '"') } else { told(key, &definition.layout) };
    let selected: Result<Vec<String>> = columns.chain(definition.keys.iter().map(key)).collect();
    let keys = if hive {
        // Without types, DuckDB would make the number 1 of `01`.
        let key = |key: &Key| Ok(format!("{}: {}", literal(&key.name)?, key.sql_type.name(Dialect::DuckDb)));
        let types: Result<Vec<String>> = definition.keys.iter().map(key).collect();
        format!("hive_partitioning = true,\n  hive_types = {{{}}}", types?.join(", "))
    } else {
        "hive_partitioning = false,\n  filename = true".to_owned()
    };
    let files = glob(definition, "*.parquet")?;
    Ok((selected?, format!("FROM read_parquet(\n  {files},\n  {keys},\n  union_by_name = true\n)")))
}

/// Returns what is selected and from where, for records that are told apart by their place in a line.
///
/// As Hive reads them: nothing is a quote, what is missing at the end of a line is NULL, what is too much is ignored.
fn text(definition: &Definition) -> Result<(Vec<String>, String)> {
    let keys = definition.keys.iter().map(|key| told(key, &definition.layout));
    let selected: Result<Vec<String>> = definition.columns.iter().map(typed).chain(keys).collect();
    let fields: Result<Vec<String>> =
        definition.columns.iter().map(|at| Ok(format!("{}: 'varchar'", literal(&at.name)?))).collect();
    let options = [
        glob(definition, NOT_HIDDEN)?,
        format!("columns = {{{}}}", fields?.join(", ")),
        "auto_detect = false, header = false, skip = 1, delim = ' ', quote = '', escape = '', comment = ''".to_owned(),
        "null_padding = true, strict_mode = false, filename = true".to_owned(),
    ];
    let mut conditions = Vec::new();
    // The folders of other accounts and Regions are not of this table, as in the definitions for catalogs.
    for (key, projection) in definition.projections()? {
        if let Projection::Enum(values) = projection {
            let values: Result<Vec<String>> = values.iter().map(|value| literal(value)).collect();
            conditions.push(format!("{} IN ({})", value(key, &definition.layout)?, values?.join(", ")));
        }
    }
    let only = if conditions.is_empty() { String::new() } else { format!("\nWHERE {}", conditions.join("\n  AND ")) };
    Ok((selected?, format!("FROM read_csv(\n  {}\n){only}", options.join(",\n  "))))
}

/// Returns a column of text as its type; what is no number becomes NULL.
///
/// Of the column alone, without `nullif`, DuckDB 2.0 makes a cast that fails
/// (<https://github.com/duckdb/duckdb/issues/23818>).
fn typed(at: &TableColumn) -> Result<String> {
    let name = column(&at.name, '"')?;
    if at.sql_type.is_text() {
        return Ok(name);
    }
    Ok(format!("{} AS {name}", as_type(&format!("nullif({name}, '-')"), at.sql_type)))
}

/// Returns a key as its type, told from the folders above a file.
fn told(key: &Key, layout: &Pattern) -> Result<String> {
    let value = value(key, layout)?;
    let value = if key.sql_type.is_text() { value } else { as_type(&value, key.sql_type) };
    Ok(format!("{value} AS {}", column(&key.name, '"')?))
}

fn as_type(value: &str, sql_type: SqlType) -> String {
    format!("TRY_CAST({value} AS {})", sql_type.name(Dialect::DuckDb))
}

/// Returns the text of a key, told from the folders above a file.
fn value(key: &Key, layout: &Pattern) -> Result<String> {
    let folders = folders(layout);
    let untold = || Error::usage(format!("the folders do not tell the partition key {}", key.name));
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => literal(text),
        Piece::Part(part) => {
            let at = folders.iter().position(|(_, told)| *told == Some(*part)).ok_or_else(untold)?;
            // The name of the file is the last of them.
            let folder = format!("split_part(filename, '/', -{})", folders.len() - at);
            let before = folders[at].0.chars().count();
            Ok(if before == 0 { folder } else { format!("{folder}[{}:]", before + 1) })
        }
    };
    Ok(key.pattern.pieces().iter().map(piece).collect::<Result<Vec<_>>>()?.join(" || "))
}

/// Returns what stands in each folder of a layout before the part that it tells, and the part; last comes the file.
fn folders(layout: &Pattern) -> Vec<(String, Option<Part>)> {
    let mut folders = Vec::new();
    let mut folder = (String::new(), None);
    for piece in layout.pieces() {
        match piece {
            Piece::Part(part) => folder.1 = Some(*part),
            Piece::Text(text) => {
                let mut texts = text.split('/');
                folder.0.push_str(texts.next().unwrap_or_default());
                for text in texts {
                    folders.push(std::mem::replace(&mut folder, (text.to_owned(), None)));
                }
            }
        }
    }
    folders.push(folder);
    folders
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_keys() {
        let aws = Pattern::default().text("AWSLogs/").then(Part::Account).text("/vpcflowlogs/").then(Part::Region);
        let aws = aws.text("/year=").then(Part::Year).text("/");
        let told: Vec<(String, Option<Part>)> = folders(&aws);
        let told: Vec<(&str, Option<Part>)> = told.iter().map(|(before, part)| (before.as_str(), *part)).collect();
        let wanted = [
            ("AWSLogs", None),
            ("", Some(Part::Account)),
            ("vpcflowlogs", None),
            ("", Some(Part::Region)),
            ("year=", Some(Part::Year)),
            ("", None),
        ];
        assert_eq!(told, wanted);
        let of = |part| value(&Key::of_part(part), &aws);
        assert_eq!(of(Part::Account).unwrap(), "split_part(filename, '/', -5)");
        assert_eq!(of(Part::Year).unwrap(), "split_part(filename, '/', -2)[6:]");
        assert!(of(Part::Day).is_err(), "no folder says it");
    }

    #[test]
    fn patterns_fit_what_they_spell() {
        assert_eq!(spelled("/a [1]*/b?c/"), "/a [[]1][*]/b[?]c/");
    }
}
