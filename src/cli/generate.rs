//! `generate`: sample flow logs into a folder or bucket.

use std::process::ExitCode;

use crate::days::Days;
use crate::generate::{GenerateOptions, Generated, GeneratedObject, generate};
use crate::record::schema::LogType;
use crate::store::{Io, Store};
use crate::{Error, Result};
use jiff::civil::{Date, date};

use super::args::Generate;
use super::screen::say;
use super::{open, settings, show};

/// The day of the tutorial whose flows the generator always includes.
pub const TUTORIAL_DAY: Date = date(2026, 1, 15);

/// Runs `flowparquet generate`.
pub fn run(args: &Generate) -> Result<ExitCode> {
    let log_type = LogType::from(args.log_type);
    let days = match (args.from, args.to) {
        (Some(from), Some(to)) => match Days::range(from, to)? {
            Days::These(days) => days.into_iter().collect(),
            Days::All => Vec::new(),
        },
        _ if args.day.is_empty() => vec![TUTORIAL_DAY],
        _ => args.day.clone(),
    };
    let options = options(log_type, args.schema_version, args.log_format.as_deref(), days)?;
    let options = GenerateOptions {
        seed: args.seed,
        objects_per_day: args.objects,
        rows_per_object: args.rows,
        layout: args.layout,
        accounts: args.account.clone(),
        regions: args.region.clone(),
        ..options
    };
    let io = Io::start()?;
    let made = into_store(&options, &open(&args.dir, &args.store, &io)?)?;
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

/// Returns options for these fields, with one account and Region.
pub fn options(log_type: LogType, version: u8, log_format: Option<&str>, days: Vec<Date>) -> Result<GenerateOptions> {
    let schema = log_type.schema();
    let fields = match log_format {
        Some(format) => settings::log_format(format)?.names,
        // Every Transit Gateway flow log has all fields unless told otherwise.
        None if log_type == LogType::Tgw => schema.names_up_to(u8::MAX),
        None => schema.names_up_to(version),
    };
    let versioned = log_format.is_none() && log_type == LogType::Vpc;
    if versioned && !(2..=schema.versions().last().copied().unwrap_or(2)).contains(&version) {
        return Err(Error::usage(format!("there is no flow log version {version}")).help("versions are 2 to 11"));
    }
    let version = fields.iter().filter_map(|name| schema.field(name)).map(|field| field.version).max().unwrap_or(2);
    Ok(GenerateOptions {
        seed: 1,
        days,
        objects_per_day: 288,
        rows_per_object: 1_000,
        fields,
        version,
        layout: crate::generate::KeyLayout::Default,
        accounts: vec!["123456789012".to_owned()],
        regions: vec!["ap-northeast-1".to_owned()],
        transit_gateway: log_type == LogType::Tgw,
    })
}

/// Writes every object of these options below a store's location.
pub fn into_store(options: &GenerateOptions, store: &Store) -> Result<Generated> {
    generate(options, &|object: GeneratedObject| {
        let key = store.location().key(&object.key);
        store.put(&key, object.gzip)
    })
}
