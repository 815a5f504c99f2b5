//! `fields`: the schema table, for people, machines and the README.

use std::process::ExitCode;

use crate::record::schema::{Field, LogType};
use crate::{Error, Result};

use super::args::{FieldFormat, FieldsArgs};
use super::screen::push_line;
use super::show::{Align, table};
use super::{print, to_json};

/// Runs `flowparquet fields`.
pub fn run(args: &FieldsArgs) -> Result<ExitCode> {
    let log_type = LogType::from(args.log_type);
    let schema = log_type.schema();
    let versions = schema.versions();
    if let Some(version) = args.version
        && !(2..=versions.last().copied().unwrap_or(2)).contains(&version)
    {
        let known: Vec<String> = versions.iter().map(ToString::to_string).collect();
        return Err(Error::usage(format!("{} have no version {version}", schema.title))
            .help(format!("versions that brought fields: {}", known.join(", "))));
    }
    let fields: Vec<&Field> = schema.fields.iter().filter(|f| args.version.is_none_or(|v| f.version <= v)).collect();
    print(&match args.format {
        FieldFormat::Table => as_table(&fields),
        FieldFormat::Json => to_json(&fields)?,
        FieldFormat::Markdown => as_markdown(&fields),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn as_table(fields: &[&Field]) -> String {
    let mut rows = vec![["field", "column", "type", "since", "meaning"].map(str::to_owned).to_vec()];
    rows.extend(fields.iter().map(|f| {
        vec![f.name.clone(), f.column.clone(), f.column_type.to_string(), f.version.to_string(), f.description.clone()]
    }));
    table(&[Align::Left, Align::Left, Align::Left, Align::Right, Align::Left], &rows)
}

fn as_markdown(fields: &[&Field]) -> String {
    let mut text = "| Field | Column | Type | Since | Meaning |\n|---|---|---|---|---|\n".to_owned();
    for f in fields {
        push_line!(text, "| {} | `{}` | {} | {} | {} |", f.name, f.column, f.column_type, f.version, f.description);
    }
    text
}
