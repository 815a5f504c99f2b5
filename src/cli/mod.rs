//! The command line: what people type and see. It stands on the rest of the library, which never sees it.

#[allow(rustdoc::broken_intra_doc_links, reason = "these are help texts: `[repeatable]` is no link")]
mod args;
mod command;
mod compact;
#[cfg(feature = "query")]
mod compare;
#[cfg(feature = "query")]
mod compare_page;
#[cfg(feature = "query")]
mod costs;
mod ddl;
mod demo;
mod doctor;
mod events;
mod fields;
mod folder;
mod generate;
mod heap;
mod job;
mod ledger;
mod like;
mod progress;
mod queries;
#[cfg(feature = "query")]
mod query;
#[cfg(feature = "query")]
#[allow(rustdoc::broken_intra_doc_links, reason = "these are help texts: `[repeatable]` is no link")]
mod query_args;
mod rejects;
mod screen;
mod settings;
mod show;
mod status;
mod store_args;
#[cfg(feature = "query")]
mod tune;
mod verify;
#[cfg(feature = "query")]
mod watch;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use crate::options::call_options;
use crate::store::{Io, Location, Store, StoreOptions};
use crate::{Error, ErrorKind, Result};
use clap::Parser;

use command::{Cli, Command};
use screen::{print, say, tell, to_json};
use settings::Side;
use store_args::{StoreArgs, WriteArgs};

/// How to build the program with SQL in it.
#[cfg(not(feature = "query"))]
const BUILD_WITH_SQL: &str = "build it with SQL, in the folder of the source: cargo build --release --locked";

/// Finished, but some input was rejected or skipped.
const EXIT_SOME_REJECTED: u8 = 1;

/// Wrong usage or configuration.
const EXIT_USAGE: u8 = 2;

/// Stopped on its way.
const EXIT_STOPPED: u8 = 3;

/// Parses the command line, runs it, prints what went wrong, and returns the exit code.
pub fn main() -> ExitCode {
    caught(typed, tell)
}

/// Runs something; what fails inside is said as every other error is. Nothing is half visible then: a run that stops anywhere is
/// gone on with by the next one.
fn caught(run: impl FnOnce() -> ExitCode, say: fn(&str)) -> ExitCode {
    panic::set_hook(Box::new(move |inside| {
        let payload = inside.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given");
        // Of a dependency the name is enough: where it lies on this machine helps nobody.
        let place = inside.location().map(ToString::to_string).unwrap_or_default();
        let place =
            place.split_once("/registry/src/").and_then(|(_, rest)| Some(rest.split_once('/')?.1)).unwrap_or(&place);
        let error = Error::stopped(format!("a part of the program failed: {text}"))
            .at(place)
            .help("this is a bug in flowparquet, please report it; nothing is half visible, it is safe to run again");
        say(&format!("error: {error}\n"));
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(run));
    ended.unwrap_or_else(|_| ExitCode::from(EXIT_STOPPED))
}

fn typed() -> ExitCode {
    let Cli { command, verbose, log_output } = match Cli::try_parse() {
        Ok(typed) => typed,
        Err(said) if said.use_stderr() => {
            tell(&said.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
        Err(help) => return print(&help.to_string()).map_or(ExitCode::from(EXIT_STOPPED), |()| ExitCode::SUCCESS),
    };
    call_options(|name| format!("--{}", name.replace('_', "-")));
    heap::keep_within(command.memory().unwrap_or_else(settings::default_memory));
    let result = events::start(verbose, log_output).and_then(|()| run(command));
    result.unwrap_or_else(|error| {
        tell(&format!("error: {error}\n"));
        ExitCode::from(match error.kind() {
            ErrorKind::Usage | ErrorKind::Damaged | ErrorKind::Refused => EXIT_USAGE,
            ErrorKind::Stopped => EXIT_STOPPED,
        })
    })
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Convert(args) => job::convert(&args),
        Command::Plan(args) => job::plan(&args),
        Command::Ddl(args) if args.like.is_asked() => like::run(&args),
        Command::Ddl(args) => ddl::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Rejects(args) => rejects::run(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Queries(args) => queries::run(&args),
        #[cfg(feature = "query")]
        Command::Query(args) => query::run(&args),
        #[cfg(feature = "query")]
        Command::Compare(args) => compare::run(&args),
        #[cfg(feature = "query")]
        Command::Tune(args) => tune::run(&args),
        #[cfg(not(feature = "query"))]
        Command::NeedsSql { .. } => {
            Err(Error::usage("query, compare and tune are not in this program: it was built without SQL")
                .help(BUILD_WITH_SQL))
        }
        Command::Doctor(args) => doctor::run(&args),
        Command::IamPolicy(args) => doctor::policy(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Demo(args) => demo::run(&args),
    }
}

/// Starts I/O; a person hears of a store that does not keep up.
fn reading_io() -> Result<Io> {
    let io = Io::start()?;
    io.tell_of_retries(|line| say!("warning: {line}"));
    Ok(io)
}

/// Starts I/O for a command that writes: a signal stops it between two requests, a second one at once.
fn start_io() -> Result<Io> {
    let io = reading_io()?;
    io.stop_on_signals(|before| {
        if before > 0 {
            folder::remove_all();
            std::process::exit(i32::from(EXIT_STOPPED));
        }
        say!("stopping; once more stops at once, and is safe too");
    })?;
    Ok(io)
}

/// Starts I/O for a command that only asks, and holds in temporary files what memory does not: a signal ends it at once, and
/// leaves none of them.
#[cfg(feature = "query")]
fn asking_io() -> Result<Io> {
    let io = reading_io()?;
    io.stop_on_signals(|_| {
        folder::remove_all();
        std::process::exit(i32::from(EXIT_STOPPED));
    })?;
    Ok(io)
}

/// Returns what is said of a DEST without a table.
fn nothing_here(dest: &str) -> Error {
    let help = match bucket_without_scheme(dest) {
        Some(url) => format!("there is no such folder; if it is a bucket, write {url}"),
        None => "run `flowparquet convert SOURCE DEST` first, or check DEST".to_owned(),
    };
    Error::usage("nothing is converted here yet").at(dest).help(help)
}

/// Opens the place of raw logs that a person typed: it must be there.
fn open_source(location: &str, args: &StoreArgs, io: &Io) -> Result<Store> {
    if let Some(url) = bucket_without_scheme(location) {
        let help = format!("if it is a bucket, write {url}; else check its spelling");
        return Err(Error::usage("there is no such folder").at(location).help(help));
    }
    open_raw(location, args, io)
}

/// Opens the place of raw logs that a person typed, whether anything is there or not.
fn open_raw(location: &str, args: &StoreArgs, io: &Io) -> Result<Store> {
    Store::open(&Location::parse(location)?, &settings::store_options(args, Side::Source), io)
}

/// Returns the URL of a bucket that somebody may have meant by a relative path to nothing.
fn bucket_without_scheme(location: &str) -> Option<String> {
    let url = format!("s3://{location}");
    let is_relative = !location.starts_with(['/', '.']) && !location.contains(':');
    let may_be = is_relative && Location::parse(&url).is_ok() && !std::path::Path::new(location).exists();
    may_be.then_some(url)
}

/// Opens the place of a table that a person typed, to write to it.
fn open_to_write(location: &str, (store, write): (&StoreArgs, &WriteArgs), io: &Io) -> Result<Store> {
    let options = StoreOptions { write: settings::write_options(write), ..settings::store_options(store, Side::Dest) };
    Store::open(&Location::parse(location)?, &options, io)
}

/// Opens the place of a table that a person typed.
fn open(location: &str, args: &StoreArgs, io: &Io) -> Result<Store> {
    Store::open(&Location::parse(location)?, &settings::store_options(args, Side::Dest), io)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_fails_inside_is_a_stop_like_any_other() {
        static SAID: Mutex<String> = Mutex::new(String::new());
        let say = |text: &str| SAID.lock().unwrap().push_str(text);
        let before = panic::take_hook();
        let ended = caught(|| panic!("a test asked for it"), say);
        panic::set_hook(before);
        assert_eq!(format!("{ended:?}"), format!("{:?}", ExitCode::from(EXIT_STOPPED)));
        assert!(
            SAID.lock().unwrap().starts_with("error: a part of the program failed: a test asked for it\n  at src/cli/")
        );
        assert_eq!(format!("{:?}", caught(|| ExitCode::SUCCESS, say)), format!("{:?}", ExitCode::SUCCESS));
        drop(panic::take_hook());
    }
}
