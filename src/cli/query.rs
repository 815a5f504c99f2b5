//! `query`: SQL over a converted table or raw logs; rows to standard output, what they cost to standard error.

use std::io::Read;
use std::process::ExitCode;

use crate::athena::cost::{MIN_BYTES, scan_usd};
use crate::athena::name::TableName;
use crate::convert::one_per_processor;
use crate::days::Days;
use crate::ledger::claim::DEFAULT_MAX_OBJECT_BYTES;
use crate::ledger::partition::PartitionBy;
use crate::ledger::settled::MAX_TURNS;
use crate::ledger::table::Table;
use crate::query::{
    AnswerRows, Kept, QueryOptions, Ran, RawOptions, Scan, Session, Statement, Value, needs_more_memory,
    on_large_stack, parse,
};
use crate::record::header::Header;
use crate::source::found::Wanted;
use crate::{Error, Result};

use super::query_args::{EngineArgs, QueryArgs, RowFormat, StatementArgs};
use super::screen::{say, to_json_line};
use super::show::{Align, bytes, count, dollars, plural, table};
use super::{EXIT_SOME_REJECTED, folder, open, open_raw, print, settings, watch};

/// Rows of a table that are held to find out how wide its columns are.
const MAX_ROWS_HELD: usize = 10_000;

/// Runs `flowparquet query`.
pub fn run(args: &QueryArgs) -> Result<ExitCode> {
    on_large_stack(|| query(args))?
}

fn query(args: &QueryArgs) -> Result<ExitCode> {
    let io = super::asking_io()?;
    let (text, place) = statements(&args.statements)?;
    let spilled = folder::for_a_query();
    let options = options(&args.statements, &args.engine, args.page_index, spilled.as_ref())?;
    // Before anything is read: what is no SQL is said at once.
    let statements = parse(&text, &options.table, &place)?;
    let days = settings::days(&args.days, |_| Ok(Days::All))?;
    let store = match args.raw {
        true => open_raw(&args.dest, &args.store, &io)?,
        false => open(&args.dest, &args.store, &io)?,
    };
    let table = Table::new(store.clone());
    let mut session = if args.raw {
        Session::over_raw(&store, &raw_options(args, days.clone())?, &options)?
    } else {
        Session::over_table(&table, &days, &options)?
    };
    if args.check && !checked(&session)? {
        return Ok(ExitCode::from(EXIT_SOME_REJECTED));
    }
    let reopen = |session: &Session| session.reopened(&table, &days, &options);
    watch::memory(options.memory_bytes, options.threads, &needs_more_memory());
    let mut left_out = false;
    for (at, statement) in statements.iter().enumerate() {
        let ran = answer(args, (&mut session, &reopen), (&statements, at), &place)?;
        if statement.is_view() {
            say!("the view is there for the statements behind it, in this run only");
            say_differences(statement);
            continue;
        }
        if args.explain {
            print(&explained(&ran, args.raw))?;
        }
        say!("{}", cost(&ran, args.engine.price_per_tb));
        say_differences(statement);
        let Scan { rejected_rows, rejected_objects, no_flow_logs, .. } = ran.scan;
        if no_flow_logs > 0 {
            say!("left alone as no flow log: {}", plural(no_flow_logs, "object"));
        }
        if rejected_rows + rejected_objects > 0 {
            left_out = true;
            say!(
                "left out as unreadable: {} and {}",
                plural(rejected_rows, "line"),
                plural(rejected_objects, "object")
            );
        }
    }
    Ok(if left_out { ExitCode::from(EXIT_SOME_REJECTED) } else { ExitCode::SUCCESS })
}

/// Says what Athena may answer otherwise.
fn say_differences(statement: &Statement) {
    for difference in statement.differences() {
        say!("note: {}", otherwise(difference));
    }
}

/// Returns that Athena may answer otherwise, and where.
pub fn otherwise(difference: &str) -> String {
    format!("Athena may answer otherwise: {difference} (docs/query.md)")
}

/// Holds the files against the ledger; says which are others, and of how many it does not know.
fn checked(session: &Session) -> Result<bool> {
    let (damaged, unknown) = session.check()?;
    for url in &damaged {
        say!("damaged: its SHA-256 is not that of the ledger: somebody replaced it or its bytes are damaged");
        say!("  at {url}");
    }
    if !damaged.is_empty() {
        say!("nothing was asked: restore it from a version or backup; docs/operating.md says how to make it again");
    }
    if unknown > 0 {
        say!("warning: the ledger has no SHA-256 of {}: run compact to make them anew", plural(unknown, "file"));
    }
    Ok(damaged.is_empty())
}

/// Opens the session of a table anew, if there is a table.
type Reopen<'a> = dyn Fn(&Session) -> Result<Option<Session>> + 'a;

/// Runs a statement and prints its rows; again, over the files that are there by then, if another run replaced some before
/// any of it was printed.
fn answer(
    args: &QueryArgs,
    (session, reopen): (&mut Session, &Reopen<'_>),
    (statements, at): (&[Statement], usize),
    place: &str,
) -> Result<Ran> {
    let mut turns = 1;
    loop {
        let mut shown = RowPrinter::new(if args.explain { None } else { Some(args.output) });
        let ran = session.run(&statements[at], place, &mut |rows| shown.take(rows));
        let failed = match ran {
            Ok(ran) => {
                shown.end()?;
                return Ok(ran);
            }
            Err(failed) => failed,
        };
        if args.raw || shown.printed || turns == MAX_TURNS {
            return Err(failed);
        }
        turns += 1;
        *session = reopen(session)?.ok_or(failed)?;
        for view in statements[..at].iter().filter(|statement| statement.is_view()) {
            session.run(view, place, &mut |_| Ok(()))?;
        }
    }
}

/// Returns the text of the statements, and what to call it.
pub fn statements(args: &StatementArgs) -> Result<(String, String)> {
    let Some(file) = &args.file else { return Ok((args.sql.clone().unwrap_or_default(), "SQL".to_owned())) };
    let failed = |e| Error::usage("cannot read the statements").at(file.display()).because(e);
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok((text, "standard input".to_owned()));
    }
    Ok((std::fs::read_to_string(file).map_err(failed)?, file.display().to_string()))
}

/// Returns how statements are run.
pub fn options(
    statements: &StatementArgs,
    engine: &EngineArgs,
    page_index: bool,
    spilled: Option<&tempfile::TempDir>,
) -> Result<QueryOptions> {
    if engine.threads == Some(0) {
        return Err(Error::usage("--threads must be at least 1"));
    }
    Ok(QueryOptions {
        table: TableName::parse(&statements.table)?.table().to_owned(),
        threads: engine.threads.unwrap_or_else(one_per_processor),
        memory_bytes: engine.memory.unwrap_or_else(settings::default_memory),
        page_index,
        spill_folder: spilled.map(|folder| folder.path().to_path_buf()),
    })
}

fn raw_options(args: &QueryArgs, days: Days) -> Result<RawOptions> {
    let logs = &args.logs;
    let log_format = logs.log_format.as_deref().map(Header::from_option).transpose()?;
    Ok(RawOptions {
        wanted: Wanted {
            accounts: logs.account.clone(),
            regions: logs.region.clone(),
            assume_day: logs.assume_day,
            source_layout: logs.source_layout.clone(),
            ..Wanted::of(days)
        },
        partition_by: logs.partition_by.map_or_else(PartitionBy::default, Into::into),
        log_format,
        max_object_bytes: logs.max_object_bytes.unwrap_or(DEFAULT_MAX_OBJECT_BYTES),
        all: false,
    })
}

/// Prints rows as they come.
struct RowPrinter {
    output: Option<RowFormat>,
    /// Of a table, the rows so far and the sides its columns stand at; afterwards, that they are printed.
    held: Option<(Vec<Align>, Vec<Vec<String>>)>,
    begun: bool,
    /// Of CSV, the line of names, until there is a row or none comes.
    names: String,
    /// Whether some of it is out.
    printed: bool,
}

impl RowPrinter {
    fn new(output: Option<RowFormat>) -> Self {
        Self { output, held: None, begun: false, names: String::new(), printed: false }
    }

    fn take(&mut self, rows: AnswerRows) -> Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        match self.output {
            None => Ok(()),
            Some(RowFormat::Table) => {
                let (_, lines) = self.held.get_or_insert_with(|| {
                    let align = rows.numbers.iter().map(|number| if *number { Align::Right } else { Align::Left });
                    (align.collect(), vec![rows.columns.to_vec()])
                });
                lines.extend(rows.rows.iter().map(|row| row.iter().map(Value::to_string).collect()));
                if lines.len() > MAX_ROWS_HELD { self.flush() } else { Ok(()) }
            }
            Some(RowFormat::Csv) => {
                if first && !rows.columns.is_empty() {
                    push_csv(&mut self.names, rows.columns.iter().map(|name| Some(name.as_str())));
                }
                if rows.rows.is_empty() {
                    return Ok(());
                }
                let mut text = std::mem::take(&mut self.names);
                for row in &rows.rows {
                    let cells: Vec<Option<String>> =
                        row.iter().map(|value| (*value != Value::Null).then(|| value.to_string())).collect();
                    push_csv(&mut text, cells.iter().map(Option::as_deref));
                }
                self.printed = true;
                print(&text)
            }
            Some(RowFormat::Json) => {
                let mut text = String::new();
                for row in &rows.rows {
                    let cells = rows.columns.iter().zip(row);
                    let cells: Result<Vec<String>> =
                        cells.map(|(name, value)| Ok(format!("{}:{}", json(name)?, json(value)?))).collect();
                    text.push_str(&format!("{{{}}}\n", cells?.join(",")));
                }
                self.printed |= !text.is_empty();
                print(&text)
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        let Some((align, lines)) = &mut self.held else { return Ok(()) };
        let lines = std::mem::take(lines);
        self.printed = true;
        print(&table(align, &lines))
    }

    fn end(&mut self) -> Result<()> {
        if !self.names.is_empty() {
            return print(&self.names);
        }
        self.flush()
    }
}

/// Returns a name or a value as JSON.
fn json(value: &impl serde::Serialize) -> Result<String> {
    to_json_line(value).map(|line| line.trim_end().to_owned())
}

/// Adds a line of CSV (RFC 4180): NULL is nothing, an empty text is `""`.
fn push_csv<'a>(text: &mut String, cells: impl Iterator<Item = Option<&'a str>>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        match cell {
            None => {}
            Some(cell) if cell.is_empty() || cell.contains(['"', ',', '\n', '\r']) => {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            }
            Some(cell) => text.push_str(cell),
        }
    }
    text.push('\n');
}

/// Returns what a statement took, in a line.
fn cost(ran: &Ran, usd_per_tib: f64) -> String {
    let Ran { rows, seconds, scan, .. } = ran;
    let least = if scan.bytes < MIN_BYTES { " (10 MB, the least)" } else { "" };
    format!(
        "{} in {seconds:.2} s; {} scanned, {}; Athena would charge {}{least}",
        plural(*rows, "row"),
        bytes(scan.bytes),
        plural(scan.requests, "request"),
        dollars(scan_usd(scan.bytes, usd_per_tib)),
    )
}

/// Returns what was read of what there is, and the plan.
fn explained(ran: &Ran, raw: bool) -> String {
    let scan = &ran.scan;
    let of = |what: &str, Kept { kept, all }: Kept| {
        vec![what.to_owned(), count(kept), count(all), format!("{:.1} %", kept as f64 * 100.0 / all.max(1) as f64)]
    };
    let mut rows = vec![["", "read", "of", ""].map(str::to_owned).to_vec(), of("partitions", scan.partitions)];
    rows.push(of(if raw { "objects" } else { "files" }, scan.files));
    if !raw {
        rows.push(of("row groups of these files", scan.row_groups));
    }
    if scan.pages.all > 0 {
        rows.push(of("pages by the page index", scan.pages));
    }
    let table = table(&[Align::Left, Align::Right, Align::Right, Align::Right], &rows);
    let footers = if raw { String::new() } else { format!("footers and indexes: {}\n", bytes(scan.footer_bytes)) };
    let data = if raw { "whole objects" } else { "column chunks" };
    format!("{table}{data}: {}\n{footers}\n{}", bytes(scan.bytes), ran.plan)
}
