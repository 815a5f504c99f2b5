//! Converts raw flow logs and prints the definition of the table, for Athena.
//!
//! `cargo run --example convert -- SOURCE DEST`, where both are folders or `s3://bucket/prefix`. Without arguments it
//! makes sample logs in a temporary folder, and converts these.

use std::process::ExitCode;

use flowparquet::{
    ConvertOptions, DefineOptions, GenerateOptions, Io, Location, Result, Silent, Store, StoreOptions, Table, convert,
    define, generate_into,
};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let done = match (args.next(), args.next()) {
        (Some(source), Some(dest)) => run(&source, &dest, false),
        (None, _) => {
            let folder = std::env::temp_dir().join(format!("flowparquet-example-{}", std::process::id()));
            let inside = |name: &str| folder.join(name).to_string_lossy().into_owned();
            run(&inside("raw"), &inside("table"), true)
        }
        (Some(_), None) => {
            eprintln!("usage: convert SOURCE DEST");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(source: &str, dest: &str, sample: bool) -> Result<()> {
    // Credentials and Region of S3 come from the AWS_* variables; StoreOptions has the rest.
    let io = Io::start()?;
    let open = |place: &str| Store::open(&Location::parse(place)?, &StoreOptions::default(), &io);
    let (source, table) = (open(source)?, Table::new(open(dest)?));

    if sample {
        let mut day = GenerateOptions::default();
        day.rows_per_object = 100;
        generate_into(&day, &source)?;
    }

    // All there is; what was converted before is not read again.
    let report = convert(&source, &table, &ConvertOptions::default(), &Silent)?;
    eprintln!("{} rows written, {} rejected", report.totals.rows_written, report.totals.rejected_rows);
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }

    if let Some(defined) = define(&table, &DefineOptions::default())? {
        for note in &defined.notes {
            eprintln!("note: {note}");
        }
        print!("{}", defined.text);
    }
    Ok(())
}
