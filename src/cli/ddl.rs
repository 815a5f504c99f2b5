//! `ddl`: the Athena definition of a converted table, from its ledger.

use std::process::ExitCode;

use flowparquet::athena::ddl::{TableModel, create_table};
use flowparquet::days::Days;
use flowparquet::store::Io;
use flowparquet::table::commit::Table;
use flowparquet::table::file::sort_columns;
use flowparquet::{Error, Result};

use super::args::Ddl;
use super::{open, print};

/// Location that is printed for a table on the local disk.
const PLACEHOLDER: &str = "s3://YOUR-BUCKET/YOUR-PREFIX";

/// Runs `flowparquet ddl`.
pub fn run(args: &Ddl) -> Result<ExitCode> {
    let io = Io::start()?;
    let table = Table::new(open(&args.dest, &args.store, &io)?);
    let location = match &args.location {
        Some(location) if location.starts_with("s3://") => location.trim_end_matches('/').to_owned(),
        Some(location) => {
            return Err(Error::usage(format!("--location {location} is not s3://bucket/prefix")));
        }
        None if table.store().location().is_local() => {
            eprintln!(
                "note: DEST is on the local disk; put its s3:// location in place of {PLACEHOLDER}, or give --location"
            );
            PLACEHOLDER.to_owned()
        }
        None => table.store().location().to_string(),
    };
    let mut model = model(&table, location)?;
    model.table.clone_from(&args.table);
    model.database.clone_from(&args.database);
    model.comments = !args.no_comments;
    print(&create_table(&model)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the definition of a table as its ledger has it.
pub fn model(table: &Table, location: String) -> Result<TableModel> {
    let nothing = || {
        Error::usage("nothing is converted here yet")
            .at(table.store().location())
            .help("run `flowparquet convert SOURCE DEST` first, or check DEST")
    };
    let info = table.info()?.ok_or_else(nothing)?;
    let mut partitions = Vec::new();
    let mut columns = Vec::new();
    for (partition, state) in table.load(&Days::All, info.partition_by)? {
        for file in state.finished().filter_map(|(_, done)| done.file.as_ref()) {
            for column in &file.columns {
                if !columns.contains(column) {
                    columns.push(column.clone());
                }
            }
            if partitions.last() != Some(&partition) {
                partitions.push(partition.clone());
            }
        }
    }
    if partitions.is_empty() {
        return Err(nothing());
    }
    sort_columns(&mut columns, info.log_type);
    Ok(TableModel {
        database: None,
        table: "vpc_flow_logs".to_owned(),
        log_type: info.log_type,
        columns,
        partition_by: info.partition_by,
        partitions,
        location,
        comments: true,
    })
}
