//! The steps that move a live table to Parquet without touching a query (`ddl --cutover`).
//!
//! In: the table of today, what DEST holds, what the raw logs look like, and the days that are converted. Out: ordered
//! [`Step`]s. Athena cannot rename a table of the Glue catalog, so the old name becomes a view, and raw logs get a table
//! under a new name. The view names the converted days: each day's rows come from one of the two tables, whatever
//! becomes of the nightly run; days that it does not name come from the raw logs, slower but complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::civil::Date;

use super::bridge::{self, Hints, Shown, header_note};
use super::definition::{Definition, Partitions, RawContents, Storage};
use super::held::Held;
use super::hive;
use super::like::{At, TheirColumn, Theirs};
use super::name::TableName;
use super::pattern::{Part, parts_of};
use super::types::Dialect;
use super::view::{Condition, DayKey, create_view, difference};
use crate::error::{Error, Result};
use crate::ledger::contents::Contents;
use crate::options::CUTOVER;
use crate::record::header::Column;

/// A step of a cut-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is for and what to expect.
    pub about: String,
    /// What is run, one after the other.
    pub statements: Vec<String>,
    /// Whether it is only there in case: it is printed, but commented out.
    pub in_case: bool,
}

/// What a cut-over starts from.
#[derive(Debug)]
pub struct Cutover<'a> {
    /// The table of today.
    pub theirs: &'a Theirs,
    /// What DEST holds.
    pub contents: &'a Contents,
    /// Where DEST is.
    pub location: &'a str,
    /// What the raw logs look like.
    pub raw: RawContents,
    /// Days whose objects are all converted, as ranges, ascending and apart from each other.
    pub converted: Vec<(Date, Date)>,
    /// What helps where their definition does not tell enough.
    pub hints: &'a Hints,
    /// What new tables are called, if not as theirs.
    pub table: Option<String>,
    /// Today, UTC.
    pub today: Date,
}

impl Theirs {
    /// Returns the table over raw logs that somebody has who took our definition of them.
    ///
    /// # Errors
    /// As [`hive::create_table`].
    pub fn of_raw(raw: &Definition) -> Result<Self> {
        let column = |name: &String, sql_type| TheirColumn {
            name: name.clone(),
            sql_type,
            comment: None,
            at: At { line: 0, column: 0 },
        };
        Ok(Self {
            name: raw.name.clone(),
            columns: raw.columns.iter().map(|at| column(&at.name, at.sql_type)).collect(),
            keys: raw.keys.iter().map(|key| column(&key.name, key.sql_type)).collect(),
            storage: Storage::Text,
            by_position: true,
            dash_is_null: false,
            location: None,
            is_assumed: true,
            places: BTreeMap::new(),
            notes: Vec::new(),
            properties: raw.properties()?.into_iter().collect(),
            text: hive::create_table(raw)?.trim_end().trim_end_matches(';').to_owned(),
            place: "the definition of SOURCE".to_owned(),
        })
    }
}

/// The two tables of a hybrid and what is made of them.
struct Hybrid {
    parquet: Definition,
    raw: Definition,
    last: Date,
    check: String,
    view: String,
    notes: Vec<String>,
    /// Those of them that are about whose logs they are, and may change with DEST.
    held: Vec<String>,
}

impl Cutover<'_> {
    /// Returns the steps that put a view in the old table's place: converted days from Parquet, all others raw.
    ///
    /// # Errors
    /// As [`bridge::bridge`], and if no day is converted or raw logs do not lie in folders of days.
    pub fn hybrid(&self) -> Result<(Vec<Step>, Vec<String>)> {
        let Hybrid { parquet, raw, last, check, view, notes, .. } = self.both()?;
        let name = &self.theirs.name;
        let new = "under a new name. No query sees it yet. If there is a table or view of that name, drop that first.";
        let steps = vec![
            step(&format!("The Parquet table, {new}"), vec![hive::create_new_table(&parquet)?]),
            step(&format!("The raw logs, {new}"), vec![hive::create_new_table(&raw)?]),
            step(
                &format!("Check: {last} must be the same in both. Expected: no row. Stop here if there is one."),
                vec![check],
            ),
            step(
                "Take the old definition away; no object is touched. From here to the next statement queries fail.",
                vec![format!("DROP TABLE {};\n", name.for_ddl())],
            ),
            step(
                &format!(
                    "The old name again: converted days from Parquet, all others from the raw logs, no row from both. When more \
                 days are converted: {CUTOVER}=view prints what is to be run then."
                ),
                vec![view],
            ),
            self.way_back(&format!("DROP VIEW {};\n", name.for_select()))?,
        ];
        Ok((steps, notes))
    }

    /// Returns what is run after the steps of [`Cutover::hybrid`], whenever more days are converted.
    ///
    /// # Errors
    /// As [`Cutover::hybrid`].
    pub fn view(&self) -> Result<(Vec<Step>, Vec<String>)> {
        let Hybrid { parquet, raw, view, held, .. } = self.both()?;
        let steps = vec![
            // First: a day that the view takes from a table which does not list it is in neither.
            step(
                "Both tables list the years, accounts and Regions that there are now.",
                vec![hive::set_projection(&parquet)?, hive::set_projection(&raw)?],
            ),
            step("The view names the days that are converted now; it replaces the old one at once.", vec![view]),
        ];
        Ok((steps, held))
    }

    fn both(&self) -> Result<Hybrid> {
        let mut notes = self.theirs.notes.clone();
        let parts: Vec<Part> = parts_of(self.contents.partition_by).collect();
        let (held, keys) = bridge::held(self.theirs, self.hints, &parts)?;
        let of_held = held.notes(&self.contents.partitions);
        notes.extend(of_held.iter().cloned());
        let contents = &held.of_contents(self.contents, self.theirs, self.hints)?;
        let shown = bridge::columns(self.theirs, contents, self.hints, &mut notes)?;
        notes.extend(header_note(self.theirs));
        let parquet = self.parquet_table(contents, &shown, &held)?;
        let raw = self.raw_table(self.beside("_raw")?, &held)?;
        let to_null = self.theirs.dash_is_null;
        let ours = bridge::outputs(&shown, contents.dash_as_null, to_null);
        let mut ours = bridge::select(&parquet, ours, &keys, self.theirs)?;
        let raw_parts: Vec<Part> = raw.layout.parts().collect();
        let (_, raw_keys) = bridge::held(self.theirs, self.hints, &raw_parts)?;
        // Raw text has `-` as it stands, whatever the files have in its place.
        let theirs = bridge::outputs(&self.of_raw(&shown), false, to_null);
        let mut theirs = bridge::select(&raw, theirs, &raw_keys, self.theirs)?;
        let day_of = |table: &Definition| {
            DayKey::of(table).ok_or_else(|| Error::usage("the raw logs do not lie in folders of year, month and day"))
        };
        let (parquet_day, raw_day) = (day_of(&parquet)?, day_of(&raw)?);
        let converted = self.converted_days(contents)?;
        let last = converted.last().map_or(self.today, |(_, last)| *last);
        let of_ours = held.conditions(&parquet, &self.contents.partitions, self.today)?;
        let of_theirs = held.conditions(&raw, &self.raw.partitions, self.today)?;
        let with = |condition: Condition, others: &[Condition]| [&[condition], others].concat();
        ours.conditions = with(Condition::In(parquet_day.clone(), vec![(last, last)]), &of_ours);
        theirs.conditions = with(Condition::In(raw_day.clone(), vec![(last, last)]), &of_theirs);
        let check = difference(&ours, &theirs, Dialect::Trino)?;
        ours.conditions = with(Condition::In(parquet_day, converted.clone()), &of_ours);
        theirs.conditions = with(Condition::NotIn(raw_day, converted), &of_theirs);
        let view = create_view(&self.theirs.name, &[ours, theirs], Dialect::Trino)?;
        Ok(Hybrid { parquet, raw, last, check, view, notes, held: of_held })
    }

    /// Returns the days that are converted and in their table, as ranges.
    fn converted_days(&self, contents: &Contents) -> Result<Vec<(Date, Date)>> {
        let days: BTreeSet<Date> = contents.partitions.iter().map(|partition| partition.day).collect();
        let is_converted = |day: &Date| self.converted.iter().any(|(first, last)| (*first..=*last).contains(day));
        let converted = ranges(days.into_iter().filter(is_converted));
        if converted.is_empty() {
            return Err(Error::usage("no day is converted completely yet").help("run `flowparquet convert` first"));
        }
        Ok(converted)
    }

    /// Returns the table over DEST.
    fn parquet_table(&self, contents: &Contents, shown: &[Shown<'_>], held: &Held) -> Result<Definition> {
        let mut parquet = Definition::of_table(self.beside("_parquet")?, self.location, contents, self.today);
        held.narrow_years(&mut parquet, &self.contents.partitions, self.today);
        // With the columns of theirs that no file has yet: the view names them.
        let more = bridge::declared(shown, contents);
        let known: Vec<String> = parquet.columns.iter().map(|column| column.name.clone()).collect();
        parquet.columns.extend(more.into_iter().filter(|column| !known.contains(&column.name)));
        parquet.leave_comments_out();
        Ok(parquet)
    }

    /// Returns the name of a new table beside theirs.
    fn beside(&self, suffix: &str) -> Result<TableName> {
        let base = self.table.as_deref().unwrap_or(self.theirs.name.table());
        self.theirs.name.beside(None, &format!("{base}{suffix}"))
    }

    /// Returns what their columns show of the raw logs: nothing, where these do not have the field.
    fn of_raw<'a>(&self, shown: &[Shown<'a>]) -> Vec<Shown<'a>> {
        let in_raw = |column: &Column| self.raw.columns.iter().find(|raw| raw.name == column.name).cloned();
        shown.iter().map(|shown| Shown { theirs: shown.theirs, ours: shown.ours.as_ref().and_then(in_raw) }).collect()
    }

    /// Returns the steps that put the Parquet table alone in the old table's place.
    ///
    /// # Errors
    /// As [`bridge::bridge`].
    pub fn replace(&self) -> Result<(Vec<Step>, Vec<String>)> {
        let name = self.theirs.name.clone();
        let bridged = bridge::bridge(self.theirs, self.contents, self.location, name.clone(), self.hints, self.today)?;
        let mut steps = Vec::new();
        let mut statements = vec![hive::create_new_table(&bridged.table)?];
        statements.extend(hive::make_known(&bridged.table, None)?);
        let drop = format!("DROP TABLE {};\n", name.for_ddl());
        let drop_new = if let Some((view, select)) = &bridged.view {
            steps.push(step(
                "The Parquet table, under a new name. No query sees it yet.",
                std::mem::take(&mut statements),
            ));
            statements.push(create_view(view, std::slice::from_ref(select), Dialect::Trino)?);
            format!("DROP VIEW {};\n", name.for_select())
        } else {
            drop.clone()
        };
        steps.push(step(
            "Take the old definition away; no object is touched. From here to the next statement queries fail.",
            vec![drop],
        ));
        steps.push(step(
            "The old name again, over Parquet alone: days that are not converted yet are not in it.",
            statements,
        ));
        steps.push(self.way_back(&drop_new)?);
        Ok((steps, bridged.notes))
    }

    /// Returns the raw logs by the columns that they have, whatever their table says of them: text has no names, so that one
    /// column more or less would shift all others. The keys are our own: these can be computed.
    fn raw_table(&self, name: TableName, held: &Held) -> Result<Definition> {
        let mut raw = Definition::of_raw(name, held.of_raw(self.raw.clone())?, self.today);
        held.narrow_years(&mut raw, &self.raw.partitions, self.today);
        raw.leave_comments_out();
        Ok(raw)
    }

    fn way_back(&self, drop: &str) -> Result<Step> {
        let mut about = "The way back, at any time: the table as it was.".to_owned();
        let mut statements = vec![drop.to_owned(), format!("{};\n", self.theirs.text)];
        if !self.theirs.is_projected() && !self.theirs.keys.is_empty() {
            // Their partitions were registered by hand, and registrations go with the table.
            let raw_parts: Vec<Part> = self.raw.layout.parts().collect();
            let (held, keys) = bridge::held(self.theirs, self.hints, &raw_parts)?;
            let mut table = self.raw_table(self.theirs.name.clone(), &held)?;
            table.keys = keys;
            table.partitioning = Partitions::Registered;
            match hive::add_partitions(&table, None).ok().filter(|_| self.theirs.storage == Storage::Text) {
                Some(added) => statements.extend(added),
                None => about.push_str(
                    " Its partitions go with it, and where they lie cannot be told: note what SHOW PARTITIONS says before \
                     it is dropped, and add them again.",
                ),
            }
        }
        Ok(Step { about, statements, in_case: true })
    }
}

fn step(about: &str, statements: Vec<String>) -> Step {
    Step { about: about.to_owned(), statements, in_case: false }
}

/// Returns the steps as one text; comments stand between statements, never inside.
pub fn script(steps: &[Step]) -> String {
    let mut text = String::new();
    for (at, step) in steps.iter().enumerate() {
        let heading = if step.in_case || steps.len() == 1 { String::new() } else { format!("Step {}. ", at + 1) };
        // Into a string: cannot fail.
        let _ = writeln!(text, "-- {heading}{}\n", step.about);
        for statement in &step.statements {
            // A line of a comment must end where every reader of SQL sees its end.
            for line in statement.replace('\r', "\n").lines() {
                let _ = if step.in_case { writeln!(text, "-- {line}") } else { writeln!(text, "{line}") };
            }
            text.push('\n');
        }
    }
    text.trim_end().to_owned() + "\n"
}

/// Returns days as ranges, ascending and apart from each other.
pub fn ranges(days: impl IntoIterator<Item = Date>) -> Vec<(Date, Date)> {
    let mut ranges: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            Some((_, last)) if last.tomorrow().is_ok_and(|next| next == day) => *last = day,
            _ => ranges.push((day, day)),
        }
    }
    ranges
}
