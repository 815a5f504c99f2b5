//! Plays a schedule: a table is made, commands work on it at once, a plain conversion follows, and all of it is judged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::case::{Case, Command, DEST, Options, SOURCE};
use super::director::Stage;
use super::judge;
use super::readers::Readers;
use super::world::World;
use crate::compact::{CompactOptions, CompactReport, compact};
use crate::convert::{ConvertOptions, MIN_MEMORY_BYTES, convert};
use crate::days::Days;
use crate::encode::codec::Compression;
use crate::encode::layout::{Layout, SortBy};
use crate::error::Result;
use crate::ledger::claim::OutputOptions;
use crate::ledger::partition::PartitionBy;
use crate::ledger::table::Table;
use crate::report::{Report, Silent};
use crate::source::found::Wanted;
use crate::store::parallel::ONE_AFTER_THE_OTHER;
use crate::store::turn_store::{Memory, Plain};
use crate::store::turns::Turns;
use crate::store::{Io, Location, Store};
use crate::verify::outcome::Verification;
use crate::verify::{Extent, VerifyOptions, verify};

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    Converted(Box<Report>),
    Compacted(Box<CompactReport>),
    Verified(Box<Verification>),
}

/// What became of a schedule.
#[derive(Debug)]
pub struct Played {
    /// What must not be.
    pub wrong: Vec<String>,
    /// Its calls, a line each.
    pub trace: Vec<String>,
    /// How many commands met a fault.
    pub disturbed: usize,
}

/// Stores without turns.
pub struct Plainly {
    pub memory: Arc<Memory>,
    io: Io,
}

impl Plainly {
    fn store(&self, location: &str) -> Store {
        Store::of(Arc::new(Plain(Arc::clone(&self.memory))), &Location::parse(location).unwrap(), &self.io)
    }

    pub fn table(&self) -> Table {
        Table::new(self.store(DEST))
    }

    pub fn source(&self) -> Store {
        self.store(SOURCE)
    }

    pub fn convert(&self, options: Options) -> Result<Report> {
        convert(&self.source(), &self.table(), &convert_options(options), &Silent)
    }

    /// Converts a day without objects.
    fn convert_other_day(&self) -> Result<Report> {
        let wanted = Wanted::of(Days::These([jiff::civil::date(2026, 1, 9)].into()));
        let options = ConvertOptions { wanted, ..convert_options(Options::default()) };
        convert(&self.source(), &self.table(), &options, &Silent)
    }
}

fn convert_options(options: Options) -> ConvertOptions {
    let layout = Layout::sorted_by(if options.unsorted { SortBy::Arrival } else { SortBy::default() });
    ConvertOptions {
        partition_by: Some(PartitionBy::Day),
        target_file_bytes: if options.small_files { 1 } else { 1 << 20 },
        output: OutputOptions { compression: compression(options), layout, ..OutputOptions::default() },
        threads: 1,
        memory_bytes: MIN_MEMORY_BYTES,
        ..ConvertOptions::default()
    }
}

fn compression(options: Options) -> Compression {
    if options.compressed { Compression::Snappy } else { Compression::None }
}

impl Command {
    fn source(&self) -> &'static str {
        match self {
            Self::Convert { source, .. } | Self::Verify { source } => source,
            Self::Compact { .. } => SOURCE,
        }
    }

    fn run(&self, source: &Store, table: &Table) -> Result<Ended> {
        let wanted = Wanted::of(self.days());
        match self {
            Self::Convert { retry, auto_compact, options, .. } => {
                let options = ConvertOptions {
                    wanted,
                    retry_rejected: *retry,
                    auto_compact: auto_compact.then_some(1),
                    ..convert_options(*options)
                };
                Ok(Ended::Converted(Box::new(convert(source, table, &options, &Silent)?)))
            }
            Self::Compact { options, .. } => {
                let options = CompactOptions {
                    wanted,
                    min_age_seconds: 0,
                    target_file_bytes: 1 << 20,
                    compression: options.compressed.then_some(compression(*options)),
                    threads: 1,
                    memory_bytes: MIN_MEMORY_BYTES,
                    ..CompactOptions::default()
                };
                Ok(Ended::Compacted(Box::new(compact(table, &options)?)))
            }
            Self::Verify { .. } => {
                let options = VerifyOptions { wanted, extent: Extent::Footers, threads: 1, ..VerifyOptions::default() };
                Ok(Ended::Verified(Box::new(verify(source, table, &options, &Silent)?)))
            }
        }
    }
}

/// Runs a command on a thread of its own; an `Err` is a panic.
fn start(
    turns: &Arc<Turns<Stage>>,
    run: usize,
    command: &Command,
    io: &Io,
) -> std::thread::JoinHandle<std::result::Result<Result<Ended>, String>> {
    let location = |text: &str| Location::parse(text).unwrap();
    let source = turns.store(run, &location(command.source()), io);
    let dest = turns.store(run, &location(DEST), io);
    let (turns, command) = (Arc::clone(turns), command.clone());
    std::thread::spawn(move || {
        ONE_AFTER_THE_OTHER.set(true);
        turns.begin(run);
        let ended = catch_unwind(AssertUnwindSafe(|| command.run(&source, &Table::new(dest))));
        turns.end(run);
        ended.map_err(|panic| format!("panicked: {:?}", panic.downcast_ref::<String>()))
    })
}

/// Plays the schedule of a seed.
pub fn play(seed: u64, io: &Io) -> Played {
    let case = Case::of(seed);
    let memory = Arc::new(Memory::new());
    let plainly = Plainly { memory: Arc::clone(&memory), io: io.clone() };
    let mut world = World::new(&memory, &case.objects);
    let mut wrong = Vec::new();
    for (events, options) in &case.prelude {
        events.iter().for_each(|event| world.apply(*event));
        if let Err(e) = plainly.convert(*options) {
            wrong.push(format!("a plain run before all: {e}"));
        }
    }
    case.before.iter().for_each(|event| world.apply(*event));
    let turns = Turns::new(&memory, case.commands.len(), Stage::new(&case, world, Readers::new(&memory)));
    let runs: Vec<_> = case.commands.iter().enumerate().map(|(run, command)| start(&turns, run, command, io)).collect();
    if !turns.wait_for_all() {
        // Its threads are left to themselves: nothing ends them.
        return Played { wrong: vec!["a run does not go on".to_owned()], trace: turns.trace(), disturbed: 0 };
    }
    let ended: Vec<_> = runs.into_iter().map(|run| run.join().unwrap_or_else(|_| Err("died".to_owned()))).collect();
    let trace = turns.trace();
    let without_faults = turns.direct(|stage| stage.disturbed.is_empty());
    turns.direct(|stage| {
        for (run, ended) in ended.iter().enumerate() {
            wrong.extend(judge::command(stage, run, &case.commands[run], ended));
        }
        if without_faults {
            wrong.extend(judge::no_row_twice(&memory));
        }
    });
    turns.deliver();
    let disturbed = turns.direct(|stage| {
        stage.readers.look_at_all("when all is through");
        stage.let_all_happen();
        if case.other_day {
            match plainly.convert_other_day() {
                Ok(_) => stage.readers.look_after_a_run("after a run of another day"),
                Err(e) => wrong.push(format!("a run of another day: {e}")),
            }
        }
        wrong.append(&mut stage.readers.wrong);
        wrong.extend(judge::after_a_plain_run(&stage.world, &plainly, !without_faults));
        stage.disturbed.len()
    });
    Played { wrong, trace, disturbed }
}
