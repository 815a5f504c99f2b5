//! The forms of a definition: what each takes for granted, how it is printed, and what has to be known beside it.

use jiff::civil::Date;

use super::definition::{Definition, Partitions, Storage};
use super::types::Dialect;
use super::{cloudformation, duckdb, glue, hive, spark, terraform, trino};
use crate::error::{Error, Result};
use crate::options::{FORMAT, LOCATION, PROJECTION, SINCE};

/// What a definition is printed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// `CREATE EXTERNAL TABLE`, as Athena and Hive take it.
    #[default]
    Athena,
    /// `TableInput` of Glue's `CreateTable`; partitions as lines for `BatchCreatePartition`.
    GlueJson,
    /// CloudFormation's template with an `AWS::Glue::Table`.
    Cloudformation,
    /// Terraform's `aws_glue_catalog_table`.
    Terraform,
    /// `CREATE TABLE` of Trino's Hive connector.
    Trino,
    /// `CREATE TABLE` of Spark SQL.
    Spark,
    /// A DuckDB view over the files.
    Duckdb,
}

impl Form {
    /// Returns whether what reads the table reads local disks too.
    pub fn reads_local_disks(self) -> bool {
        matches!(self, Self::Trino | Self::Spark | Self::Duckdb)
    }

    /// Returns a location that somebody typed, if it is one for this form.
    ///
    /// # Errors
    /// A usage error if it is none.
    pub fn location(self, typed: &str) -> Result<String> {
        let (schemes, wanted): (&[&str], &str) = if self.reads_local_disks() {
            (&["s3://", "s3a://", "file:///"], "s3://bucket/prefix or file:///path")
        } else {
            (&["s3://"], "s3://bucket/prefix")
        };
        let below = schemes.iter().find_map(|scheme| typed.strip_prefix(scheme));
        if below.is_some_and(|below| !below.is_empty() && !below.starts_with('/')) {
            return Ok(typed.to_owned());
        }
        Err(Error::usage(format!("{LOCATION} {typed} is not {wanted}")))
    }

    /// Returns the definition with partitions that become known as asked, or as is usual where this form is read.
    ///
    /// # Errors
    /// A usage error if they cannot.
    pub fn partitioned(self, definition: Definition, asked: Option<Partitions>) -> Result<Definition> {
        if self == Self::Duckdb && asked.is_some() {
            return Err(Error::usage("DuckDB knows of no partitions: it looks at the folders in every query")
                .help(format!("leave {PROJECTION} away")));
        }
        let usual = self.usual(definition.storage);
        match asked.or(usual) {
            Some(partitioning) => definition.known_by(partitioning),
            None => Ok(definition),
        }
    }

    /// Returns the definition in this form.
    ///
    /// # Errors
    /// A usage error for what this form cannot say.
    pub fn print(self, definition: &Definition, since: Option<Date>) -> Result<String> {
        if since.is_some() && definition.partitioning != Partitions::Registered {
            return Err(Error::usage(format!("{SINCE} registers partitions, but this table's are not registered"))
                .help(format!("add {PROJECTION} off, or leave {SINCE} away")));
        }
        if since.is_some() && matches!(self, Self::Cloudformation | Self::Terraform) {
            return Err(Error::usage(format!("{SINCE} registers partitions, but this form has the table only"))
                .help(format!("print them with {FORMAT} athena or {FORMAT} glue-json")));
        }
        let statements = match self {
            Self::Athena => hive::statements(definition, since),
            Self::GlueJson => glue::json(definition, since).map(|text| vec![text]),
            Self::Cloudformation => cloudformation::template(definition).map(|text| vec![text]),
            Self::Terraform => terraform::file(definition).map(|text| vec![text]),
            Self::Trino => trino::statements(definition, since),
            Self::Spark => spark::statements(definition, since),
            Self::Duckdb => duckdb::statements(definition),
        };
        Ok(statements?.join("\n"))
    }

    /// Returns what has to be done or known beside what is printed.
    pub fn note(self, definition: &Definition, since: Option<Date>) -> Option<String> {
        let by_hand = match (self, definition.storage, definition.partitioning) {
            (Self::Spark, Storage::Text, _) => {
                let version = definition.columns.iter().any(|column| column.name == "version");
                let out = if version { ": put WHERE version IS NOT NULL into queries" } else { "" };
                return Some(format!(
                    "Spark shows the first line of each object as a row of field names, whose numbers are NULL{out}"
                ));
            }
            (Self::Trino, _, Partitions::Registered) if !definition.is_hive_style() => {
                "Trino's catalog has to allow it: hive.allow-register-partition-procedure=true".to_owned()
            }
            (Self::GlueJson | Self::Cloudformation | Self::Terraform, _, Partitions::Registered) if since.is_none() => {
                format!(
                    "this is the table without partitions: print them with {SINCE} DAY, and {FORMAT} athena or glue-json"
                )
            }
            (Self::GlueJson | Self::Cloudformation | Self::Terraform, _, Partitions::Repaired) => {
                format!(
                    "this is the table without partitions: run {} in Athena",
                    hive::repair(&definition.name).trim_end()
                )
            }
            _ => return None,
        };
        (!definition.keys.is_empty()).then_some(by_hand)
    }

    /// Returns whether it is JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Self::GlueJson | Self::Cloudformation)
    }

    /// Returns the SQL that a view in front of the table is written in.
    ///
    /// # Errors
    /// A usage error if this form has tables only.
    pub fn view_dialect(self) -> Result<Dialect> {
        match self {
            Self::Athena | Self::Trino => Ok(Dialect::Trino),
            Self::Spark => Ok(Dialect::Spark),
            Self::GlueJson | Self::Cloudformation | Self::Terraform | Self::Duckdb => Err(Error::usage(
                "a table alone cannot answer for theirs: it needs a view in front, which this form cannot say",
            )
            .help(format!("print it with {FORMAT} athena, trino or spark"))),
        }
    }

    /// Returns how partitions become known where this form is read, if nothing else is said.
    pub fn usual(self, storage: Storage) -> Option<Partitions> {
        match (self, storage) {
            (Self::Spark, Storage::Parquet) => Some(Partitions::Repaired),
            (Self::Spark, Storage::Text) => Some(Partitions::Registered),
            _ => None,
        }
    }
}
