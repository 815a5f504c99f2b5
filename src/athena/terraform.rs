//! Terraform: the Glue table as a resource of the AWS provider
//! (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/glue_catalog_table>).
//!
//! In: a [`Definition`]. Out: HCL, written as `terraform fmt` writes it.

use super::definition::Definition;
use super::glue::{GlueColumn, StorageDescriptor, TableInput};
use crate::error::Result;

/// Returns a file with the resource, and a variable for the database if the definition names none.
///
/// # Errors
/// A usage error for names that are none and for keys that cannot do what is asked of them.
pub fn file(definition: &Definition) -> Result<String> {
    let table = TableInput::of(definition)?;
    let mut file = Hcl::default();
    let database = match definition.name.database() {
        Some(database) => quoted(database),
        None => {
            file.block("variable \"database_name\"", |file| {
                file.values(&[
                    ("description", quoted("Database of the Glue catalog, which must be there")),
                    ("type", "string".to_owned()),
                ]);
            });
            "var.database_name".to_owned()
        }
    };
    // A label must not begin with a digit, as a table's name may.
    let digit = table.name.starts_with(|c: char| c.is_ascii_digit());
    let label = format!("{}{}", if digit { "table_" } else { "" }, table.name);
    file.block(&format!("resource \"aws_glue_catalog_table\" {}", quoted(&label)), |file| {
        file.values(&[
            ("name", quoted(&table.name)),
            ("database_name", database),
            ("table_type", quoted(table.table_type)),
        ]);
        file.map("parameters", table.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        table.partition_keys.iter().for_each(|key| file.column("partition_keys", key));
        file.block("storage_descriptor", |file| storage(file, &table.storage_descriptor));
    });
    Ok(file.text)
}

fn storage(file: &mut Hcl, storage: &StorageDescriptor) {
    file.values(&[
        ("location", quoted(&storage.location)),
        ("input_format", quoted(storage.input_format)),
        ("output_format", quoted(storage.output_format)),
        ("compressed", storage.compressed.to_string()),
        ("number_of_buckets", storage.number_of_buckets.to_string()),
        ("stored_as_sub_directories", storage.stored_as_sub_directories.to_string()),
    ]);
    file.block("ser_de_info", |file| {
        file.values(&[("serialization_library", quoted(storage.serde_info.serialization_library))]);
        file.map("parameters", storage.serde_info.parameters.iter().map(|(name, value)| (*name, *value)));
    });
    storage.columns.iter().for_each(|column| file.column("columns", column));
}

/// Text that grows, with how deep in blocks its end is.
#[derive(Default)]
struct Hcl {
    text: String,
    depth: usize,
}

impl Hcl {
    fn line(&mut self, line: &str) {
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// An empty line before anything that is not the first of its block.
    fn apart(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// Arguments, one below the other, with their `=` too.
    fn values(&mut self, values: &[(&str, String)]) {
        let width = values.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in values {
            self.line(&format!("{name:width$} = {value}"));
        }
    }

    fn map<'a>(&mut self, name: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) {
        self.apart();
        self.line(&format!("{name} = {{"));
        self.depth += 1;
        let entries: Vec<(String, String)> = entries.map(|(name, value)| (quoted(name), quoted(value))).collect();
        self.values(&entries.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>());
        self.depth -= 1;
        self.line("}");
    }

    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.apart();
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    fn column(&mut self, head: &str, column: &GlueColumn) {
        let mut values = vec![("name", quoted(&column.name)), ("type", quoted(&column.sql_type))];
        values.extend(column.comment.as_ref().map(|comment| ("comment", quoted(comment))));
        self.block(head, |file| file.values(&values));
    }
}

/// Returns a text in quotes, in which nothing is evaluated: `${year}` stays `${year}`
/// (<https://developer.hashicorp.com/terraform/language/expressions/strings>).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '{' if quoted.ends_with(['$', '%']) => {
                // One `$` or `%` more, however many there are.
                quoted.extend(quoted.chars().next_back());
                quoted.push('{');
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, wanted) in [
            ("year=${year}/", r#""year=$${year}/""#),
            ("%{for}", r#""%%{for}""#),
            ("$${x}", r#""$$${x}""#),
            ("$", r#""$""#),
            ("\"", r#""\"""#),
            ("a\\\nb", r#""a\\\u000ab""#),
        ] {
            assert_eq!(quoted(text), wanted);
        }
    }
}
