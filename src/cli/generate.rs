//! `generate`: sample flow logs into a folder or bucket.

use std::process::ExitCode;

use crate::Result;
use crate::days::Days;
use crate::generate::{GenerateOptions, Generated, TUTORIAL_DAY, generate_into};
use crate::record::schema::LogType;
use crate::store::Io;

use super::args::GenerateArgs;
use super::screen::say;
use super::{open, show};

/// Runs `flowparquet generate`.
pub fn run(args: &GenerateArgs) -> Result<ExitCode> {
    let log_type = LogType::from(args.log_type);
    let days = match (args.from, args.to) {
        (Some(from), Some(to)) => match Days::range(from, to)? {
            Days::These(days) => days.into_iter().collect(),
            Days::All => Vec::new(),
        },
        _ if args.day.is_empty() => vec![TUTORIAL_DAY],
        _ => args.day.clone(),
    };
    let options = match &args.log_format {
        Some(format) => GenerateOptions::of_format(log_type, format)?,
        None => GenerateOptions::of_version(log_type, args.schema_version)?,
    };
    let options = GenerateOptions {
        seed: args.seed,
        days,
        objects_per_day: args.objects,
        rows_per_object: args.rows,
        layout: args.layout,
        accounts: args.account.clone(),
        regions: args.region.clone(),
        ..options
    };
    let io = Io::start()?;
    let made = generate_into(&options, &open(&args.dir, &args.store, &io)?)?;
    let Generated { objects, rows, text_bytes, gzip_bytes } = made;
    say!(
        "{}, {}, {} of text, {} packed below {}",
        show::plural(objects, "object"),
        show::plural(rows, "row"),
        show::bytes(text_bytes),
        show::bytes(gzip_bytes),
        args.dir
    );
    Ok(ExitCode::SUCCESS)
}
