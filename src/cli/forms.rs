//! `ddl --format`: what each form takes for granted, how it is printed, and what has to be known beside it.

use crate::athena::definition::{Definition, Partitions, Storage};
use crate::athena::{cloudformation, duckdb, glue, hive, spark, terraform, trino};
use crate::{Error, Result};
use jiff::civil::Date;

use super::args::{Form, ProjectionArg};
use super::screen::harmless_json;

impl Form {
    /// Returns whether what reads the table reads local disks too.
    pub fn reads_local_disks(self) -> bool {
        matches!(self, Self::Trino | Self::Spark | Self::Duckdb)
    }

    /// Returns `--location`, if it is one for this form.
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
        Err(Error::usage(format!("--location {typed} is not {wanted}")))
    }

    /// Returns the definition with partitions that become known as asked, or as is usual where this form is read.
    ///
    /// # Errors
    /// A usage error if they cannot.
    pub fn partitioned(self, definition: Definition, asked: Option<ProjectionArg>) -> Result<Definition> {
        if self == Self::Duckdb && asked.is_some() {
            return Err(Error::usage("DuckDB knows of no partitions: it looks at the folders in every query")
                .help("leave --projection away"));
        }
        let usual = match (self, definition.storage) {
            (Self::Spark, Storage::Parquet) => Some(Partitions::Repaired),
            (Self::Spark, Storage::Text) => Some(Partitions::Registered),
            _ => None,
        };
        match asked.map(Into::into).or(usual) {
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
            return Err(Error::usage("--since registers partitions, but this table's are not registered")
                .help("add --projection off, or leave --since away"));
        }
        if since.is_some() && matches!(self, Self::Cloudformation | Self::Terraform) {
            return Err(Error::usage("--since registers partitions, but this form has the table only")
                .help("print them with --format athena or --format glue-json"));
        }
        let statements = match self {
            Self::Athena => hive::statements(definition, since),
            Self::GlueJson => glue::json(definition, since).map(|text| vec![harmless_json(&text).into_owned()]),
            Self::Cloudformation => {
                cloudformation::template(definition).map(|text| vec![harmless_json(&text).into_owned()])
            }
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
                "this is the table without partitions: print them with --since DAY, and --format athena or glue-json"
                    .to_owned()
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
}

impl From<ProjectionArg> for Partitions {
    fn from(arg: ProjectionArg) -> Self {
        match arg {
            ProjectionArg::On => Self::Projected,
            ProjectionArg::Off => Self::Registered,
            ProjectionArg::Msck => Self::Repaired,
        }
    }
}
