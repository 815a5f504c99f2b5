//! A CloudFormation template with one table of the Glue catalog
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-table.html>).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::definition::Definition;
use super::glue::{TableInput, pretty};
use crate::error::{Error, Result};
use crate::options::FORMAT;

/// What CloudFormation replaces in any text of a template; `${year}` it leaves alone outside of `Fn::Sub`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
const DYNAMIC_REFERENCE: &str = "{{resolve:";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    #[serde(rename = "AWSTemplateFormatVersion")]
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
    resources: BTreeMap<String, TableResource>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableResource {
    #[serde(rename = "Type")]
    resource_type: &'static str,
    properties: Properties,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    catalog_id: Value,
    database_name: Value,
    table_input: TableInput,
}

/// Returns the template. Its one parameter is the database, if the definition names none.
///
/// # Errors
/// A usage error for names that are none, for keys that cannot do what is asked of them, and for texts in which
/// CloudFormation would replace something.
pub fn template(definition: &Definition) -> Result<String> {
    let database = definition.name.database();
    let of_any =
        json!({ "DatabaseName": { "Type": "String", "Description": "Database of the table; it must be there" } });
    let table = TableResource {
        resource_type: "AWS::Glue::Table",
        properties: Properties {
            catalog_id: json!({ "Ref": "AWS::AccountId" }),
            database_name: database.map_or_else(|| json!({ "Ref": "DatabaseName" }), Value::from),
            table_input: TableInput::of(definition)?,
        },
    };
    let text = pretty(&Template {
        version: "2010-09-09",
        parameters: database.is_none().then_some(of_any),
        resources: BTreeMap::from([(logical_id(definition.name.table()), table)]),
    })?;
    if text.contains(DYNAMIC_REFERENCE) {
        return Err(Error::usage(format!(
            "CloudFormation would replace {DYNAMIC_REFERENCE}...}}}} in this definition"
        ))
        .help(format!("choose another location, or another {FORMAT}")));
    }
    Ok(text)
}

/// Returns the name of a table's resource, of letters and digits only: `TableVpcFlowLogs`.
fn logical_id(table: &str) -> String {
    let word = |word: &str| word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect();
    std::iter::once("table").chain(table.split('_')).map(word).collect::<Vec<String>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_ids_are_alphanumeric() {
        assert_eq!(logical_id("vpc_flow_logs"), "TableVpcFlowLogs");
        assert_eq!(logical_id("__1st"), "Table1st");
        assert_eq!(logical_id("_"), "Table");
    }
}
