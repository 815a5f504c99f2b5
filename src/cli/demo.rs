//! `demo`: generate, convert, convert again, DDL, gain: the whole story in one command, without AWS.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::athena::cost::USD_PER_TIB;
use crate::athena::definition::Definition;
use crate::athena::hive::create_table;
use crate::athena::name::TableName;
use crate::convert::convert;
use crate::days::{Days, today};
use crate::generate::{GenerateOptions, TUTORIAL_DAY, generate_into};
use crate::ledger::table::Table;
use crate::report::{Report, Silent};
use crate::store::{Location, Store, StoreOptions};
use crate::{Error, Result};

use super::args::DemoArgs;
use super::screen::{say, tell};
use super::show::{Align, bytes, count, dollars, table};
use super::{folder, print, progress, settings};

/// Runs `flowparquet demo`.
pub fn run(args: &DemoArgs) -> Result<ExitCode> {
    let io = super::start_io()?;
    let (dir, temporary) = match args.dir.as_deref() {
        Some(given) => (empty(given)?, None),
        None => {
            let made = folder::temporary("flowparquet-demo-", None)?;
            (made.path().to_path_buf(), Some(made))
        }
    };
    let (raw_dir, table_dir) = (dir.join("raw"), dir.join("parquet"));
    let open = |path: &Path| Store::open(&Location::parse(&path.to_string_lossy())?, &StoreOptions::default(), &io);
    let (raw, dest) = (open(&raw_dir)?, Table::new(open(&table_dir)?));

    heading("1. A day of flow logs, as AWS delivers them");
    let sample =
        GenerateOptions { objects_per_day: args.objects, rows_per_object: args.rows, ..GenerateOptions::default() };
    let made = generate_into(&sample, &raw)?;
    print(&format!(
        "{} objects, {} rows, {} packed, below {}\n",
        count(made.objects),
        count(made.rows),
        bytes(made.gzip_bytes),
        raw_dir.display()
    ))?;

    heading("2. flowparquet convert raw parquet --day 2026-01-15");
    let shown = progress::of_kind(super::args::ProgressKind::Auto);
    let options = settings::defaults(Days::These([TUTORIAL_DAY].into()));
    let report = convert(&raw, &dest, &options, shown.as_ref())?;
    print(&format!("{} rows in {:.1} s\n", count(report.totals.rows_written), report.seconds))?;

    heading("3. The same again: what is converted is not read again");
    let again = convert(&raw, &dest, &options, &Silent)?;
    if !again.nothing_to_do() {
        return Err(Error::stopped("the second run found something to do")
            .help("this is a bug in flowparquet: please report it"));
    }
    print(&format!("nothing to do, found out in {:.3} s\n", again.seconds))?;

    heading("4. flowparquet ddl parquet --location s3://bucket/flow-parquet");
    if let Some(contents) = dest.contents()? {
        let name = TableName::new(None, "vpc_flow_logs")?;
        let mut definition = Definition::of_table(name, "s3://bucket/flow-parquet", &contents, today());
        definition.columns.iter_mut().for_each(|column| column.comment = None);
        print(&create_table(&definition)?)?;
    }

    heading("5. What was gained");
    let days = &options.wanted.days;
    let talkers = dest.scan_bytes(days, report.partition_by, &["srcaddr", "dstaddr", "bytes"])?;
    let rejects = dest.scan_bytes(days, report.partition_by, &["action"])?;
    print(&gain(&report, talkers, rejects))?;
    #[cfg(not(feature = "query"))]
    tell(
        "\nThis program has no SQL. To ask both sides the same questions, build it whole and run the demo again:\n\
         cargo build --release --locked (takes about ten minutes on two cores, adds query, compare and tune)\n",
    );
    #[cfg(feature = "query")]
    {
        heading("6. The same questions, asked of the raw logs and of Parquet");
        print(&compared(&raw, &dest, days)?)?;
    }
    tell("\n");
    say!("The files are in {}; the queries of the README run on them as they are.", dir.display());
    if let Some(made) = temporary {
        folder::keep(made);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the tutorial's two questions, and who was behind the NAT gateway, on both sides.
#[cfg(feature = "query")]
fn compared(raw: &Store, dest: &Table, days: &Days) -> Result<String> {
    use std::collections::BTreeMap;

    use crate::athena::predicate::{Selection, When};
    use crate::athena::queries::find;
    use crate::convert::one_per_processor;
    use crate::query::{QueryOptions, compare::compare, parse};

    let trace: BTreeMap<String, String> =
        [("address", "172.32.21.19"), ("gateway", "172.32.10.21,54.248.89.189"), ("server", "34.160.111.145")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let table = TableName::new(None, "vpc_flow_logs")?;
    let rows = Selection { when: When::Days(days.clone()), accounts: Vec::new(), regions: Vec::new() };
    let mut text = String::new();
    let asked = [("tutorial-instance", BTreeMap::new()), ("tutorial-nat", BTreeMap::new()), ("nat-trace-v2", trace)];
    for (name, set) in asked {
        if let Some(query) = find(name) {
            text.push_str(&format!("-- {name}\n{}", query.sql(&table, Some(&rows), &set)?));
        }
    }
    let options = QueryOptions {
        table: table.table().to_owned(),
        threads: one_per_processor(),
        memory_bytes: settings::default_memory(),
        page_index: false,
        spill_folder: None,
    };
    let place = "the demo's questions";
    let statements = parse(&text, &options.table, place)?;
    let comparison = compare((raw, dest), (&statements, place), days, &options, None, &mut |_| ())?;
    if !comparison.agrees() {
        return Err(Error::stopped("raw logs and Parquet answer otherwise")
            .help("this is a bug in flowparquet: please report it"));
    }
    let costs = super::costs::Costs { usd_per_tib: USD_PER_TIB, runs_per_day: 1.0 };
    Ok(super::compare::shown(&comparison, costs))
}

/// Returns the folder that was given to work in, which must be empty.
fn empty(given: &Path) -> Result<PathBuf> {
    let dir = given.to_path_buf();
    let failed = |e| Error::usage("cannot use this folder").at(dir.display()).because(e);
    std::fs::create_dir_all(&dir).map_err(failed)?;
    if std::fs::read_dir(&dir).map_err(failed)?.next().is_some() {
        return Err(Error::usage("the demo's folder is not empty")
            .at(dir.display())
            .help("give a new folder, or remove this one"));
    }
    Ok(dir)
}

fn gain(report: &Report, talkers: u64, rejects: u64) -> String {
    let totals = &report.totals;
    let mut rows = vec![["a query over this day", "raw text", "Parquet", "less"].map(str::to_owned).to_vec()];
    let mut line = |what: &str, parquet: u64| {
        let less = totals.packed_bytes as f64 / parquet.max(1) as f64;
        rows.push(vec![what.to_owned(), bytes(totals.packed_bytes), bytes(parquet), format!("{less:.1}x")]);
    };
    line("SELECT * (all columns)", totals.output_bytes);
    line("top talkers (srcaddr, dstaddr, bytes)", talkers);
    line("rejected flows, counted (action)", rejects);
    let scanned = table(&[Align::Left, Align::Right, Align::Right, Align::Right], &rows);
    format!("{scanned}\nAthena bills bytes scanned, at least 10 MB a query: {} for a tebibyte.\n", dollars(USD_PER_TIB))
}

fn heading(text: &str) {
    tell("\n");
    say!("== {text}");
}
