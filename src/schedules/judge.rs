//! What must hold of a schedule: of each command when it ends, and of all that is there when a plain run followed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::case::{Command, Options};
use super::director::Stage;
use super::play::{Ended, Plainly};
use super::world::{Row, World, rows_of};
use crate::days::Days;
use crate::error::{ErrorKind, Result};
use crate::ledger::partition::PartitionBy;
use crate::missing::MissingOptions;
use crate::report::{Named, Report, Silent};
use crate::status::status;
use crate::store::turn_store::{Memory, keys, read, snapshot};
use crate::verify::{VerifyOptions, verify};

/// Judges how a command ended.
pub fn command(
    stage: &Stage,
    run: usize,
    command: &Command,
    ended: &std::result::Result<Result<Ended>, String>,
) -> Vec<String> {
    let disturbed = stage.disturbed.contains(&run);
    let wrong = match ended {
        Err(panic) => vec![panic.clone()],
        Ok(Err(e)) => {
            let text = e.to_string();
            // Nobody has converted anything before it, or others go on and on: that is no fault of the command.
            let expected = text.contains("nothing is converted here yet") || text.contains("five times in a row");
            let probed = text.contains("create-if-absent");
            // A read that fails, of the only object that is asked for, is a store that refuses everything.
            let stopped = matches!(e.kind(), ErrorKind::Stopped | ErrorKind::Refused) || probed;
            if expected || disturbed && stopped { Vec::new() } else { vec![text] }
        }
        Ok(Ok(_)) if disturbed || stage.readers.inexact => Vec::new(),
        Ok(Ok(Ended::Converted(report))) => stage
            .unknown
            .get(&run)
            .into_iter()
            .flatten()
            .filter(|object| !names(report, &stage.world.key(**object)))
            .map(|object| format!("it saw object {object}, which is neither in the table nor named"))
            .chain(report.files_in_doubt.iter().map(|doubt| format!("{doubt:?}")))
            .chain(report.not_merged.iter().map(|not| format!("{not:?}")))
            .collect(),
        Ok(Ok(Ended::Compacted(report))) => report.not_merged.iter().map(|not| format!("{not:?}")).collect(),
        Ok(Ok(Ended::Verified(found))) => {
            found.partitions.iter().flat_map(|found| &found.differing).map(|d| format!("it differs: {d:?}")).collect()
        }
    };
    wrong.into_iter().map(|why| format!("command {run} ({command:?}): {why}")).collect()
}

/// Returns whether a report names an object.
fn names(report: &Report, key: &str) -> bool {
    let named = report.objects_vanished.iter().chain(&report.rejects).chain(&report.objects_changed);
    named.chain(&report.unreadable).chain(&report.passed_over).any(|named| named.object.ends_with(key))
}

/// Returns the rows of every file that a query would read.
fn table(memory: &Memory) -> (BTreeMap<Row, Vec<String>>, Vec<String>) {
    let (mut rows, mut wrong): (BTreeMap<Row, Vec<String>>, Vec<String>) = Default::default();
    for key in files(memory) {
        match read(memory, &key).ok_or_else(|| "gone".to_owned()).and_then(rows_of) {
            Ok(found) => found.into_iter().for_each(|row| rows.entry(row).or_default().push(key.clone())),
            Err(why) => wrong.push(format!("{key} cannot be read: {why}")),
        }
    }
    (rows, wrong)
}

/// Returns what lies in the table besides our own folder.
fn files(memory: &Memory) -> Vec<String> {
    keys(memory, "table").into_iter().filter(|key| !key.starts_with("table/_flowparquet/")).collect()
}

/// Returns the rows that are there more than once.
pub fn no_row_twice(memory: &Memory) -> Vec<String> {
    let (rows, mut wrong) = table(memory);
    let twice = rows.iter().filter(|(_, files)| files.len() > 1);
    wrong.extend(twice.map(|(row, files)| format!("all runs ended, and {row:?} stands in {files:?}")));
    wrong
}

/// Runs a plain conversion and judges what is there then; and another one, which must change nothing.
pub fn after_a_plain_run(world: &World, plainly: &Plainly, disturbed: bool) -> Vec<String> {
    let memory = &plainly.memory;
    let report = match plainly.convert(Options::default()) {
        Ok(report) => report,
        Err(e) => return vec![format!("a plain run: {e}")],
    };
    let (rows, mut wrong) = table(memory);
    for (row, files) in rows.iter().filter(|(_, files)| files.len() > 1) {
        wrong.push(format!("{row:?} stands in {files:?}"));
    }
    let excused = match excused(world, plainly, &report) {
        Ok(excused) => excused,
        Err(e) => return vec![format!("the ledger: {e}")],
    };
    for object in (0..world.objects.len()).filter(|object| !excused.contains(object)) {
        wrong.extend(judge_object(world, object, &rows, &report));
    }
    if excused.is_empty() {
        wrong.extend(report.files_in_doubt.iter().map(|doubt| format!("in doubt: {doubt:?}")));
    }
    wrong.extend(report.not_merged.iter().map(|not| format!("{not:?}")));
    let ledger = judge_ledger(world, plainly, (&rows, &excused), disturbed);
    wrong.extend(ledger.unwrap_or_else(|e| vec![format!("the ledger: {e}")]));
    let before = snapshot(memory, "table");
    match plainly.convert(Options::default()) {
        Ok(again) if again.totals.rows_read + again.totals.files == 0 => {}
        Ok(again) => wrong.push(format!("a second plain run has something to do: {:?}", again.totals)),
        Err(e) => wrong.push(format!("a second plain run: {e}")),
    }
    let after = snapshot(memory, "table");
    let changed = before.iter().chain(&after).filter(|(key, _)| before.get(*key) != after.get(*key));
    let changed: BTreeSet<&String> = changed.map(|(key, _)| key).collect();
    if !changed.is_empty() {
        wrong.push(format!("a second plain run changes {changed:?}"));
    }
    wrong
}

/// Returns the objects of files that two runs wrote, one of them with damaged bytes, and that cannot be made again, since another object
/// of theirs is gone or unreadable by now. Nothing tells their rows any more: they are named, and a person has to look.
fn excused(world: &World, plainly: &Plainly, report: &Report) -> Result<BTreeSet<usize>> {
    let mut excused = BTreeSet::new();
    if report.files_in_doubt.is_empty() {
        return Ok(excused);
    }
    for (_, state) in plainly.table().load(&Days::All, PartitionBy::Day)? {
        for output in state.outputs() {
            let is_named = |doubt: &Named| doubt.object.ends_with(&format!("/{}", output.claim.output));
            let inputs = output.claim.work.inputs().iter().filter_map(|input| world.object_of(&input.key));
            let inputs: Vec<usize> = inputs.collect();
            let is_unreadable = |object: &usize| world.content(*object).is_none_or(|content| content.broken);
            if report.files_in_doubt.iter().any(is_named) && inputs.iter().any(is_unreadable) {
                excused.extend(inputs);
            }
        }
    }
    Ok(excused)
}

/// Judges the rows of an object: all of one version, once; of the one that it has now, if that can be.
fn judge_object(world: &World, object: usize, rows: &BTreeMap<Row, Vec<String>>, report: &Report) -> Option<String> {
    let mut found: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    for row in rows.keys().filter(|row| row.object == object) {
        found.entry(row.version).or_default().insert(row.row);
    }
    let readable = world.content(object).filter(|content| !content.broken);
    let now = world.now[object];
    if found.len() > 1 {
        return Some(format!("rows of several versions of object {object}: {found:?}"));
    }
    let Some((version, rows)) = found.pop_first() else {
        return readable.map(|_| format!("object {object} is not in the table"));
    };
    let wanted = world.objects[object].versions[version].rows;
    if rows.len() != wanted as usize {
        return Some(format!("object {object} has {wanted} rows, and in the table are {rows:?}"));
    }
    // The old rows may have to stay: then a person is told.
    let is_stuck = || report.objects_changed.iter().any(|named| named.object.ends_with(&world.key(object)));
    (readable.is_some() && now != Some(version) && !is_stuck())
        .then(|| format!("object {object} is version {now:?} now, the table has {version}, and nobody says so"))
}

/// Judges what the ledger says, and whether anything is there that it does not speak of.
fn judge_ledger(
    world: &World,
    plainly: &Plainly,
    (rows, excused): (&BTreeMap<Row, Vec<String>>, &BTreeSet<usize>),
    disturbed: bool,
) -> Result<Vec<String>> {
    let (memory, table) = (&plainly.memory, plainly.table());
    let mut wrong = Vec::new();
    let mut wanted = BTreeSet::new();
    let (mut rejects, mut litter) = (BTreeSet::new(), BTreeSet::new());
    for (partition, state) in table.load(&Days::All, PartitionBy::Day)? {
        wrong.extend(state.unfinished().map(|(number, _)| format!("claim {number} of {partition} is not finished")));
        for output in state.outputs() {
            if output.done.file.is_some() {
                wanted.insert(table.output_key(&partition, &output.claim));
            }
            rejects.insert(table.rejects_key(&partition, &output.claim));
        }
        // Of a run that died, or whose request came late, between rejects and file: nobody reads them.
        litter.extend(state.leftovers().filter(|_| disturbed).map(|claim| table.rejects_key(&partition, claim)));
    }
    let there: BTreeSet<String> = files(memory).into_iter().collect();
    if there != wanted {
        wrong.push(format!("files {there:?}, and by the ledger {wanted:?}"));
    }
    wrong.extend(keys(memory, "table/_flowparquet/replacing").into_iter().map(|note| format!("{note} is left")));
    let mut lines: BTreeMap<(String, u64), u64> = BTreeMap::new();
    for key in keys(memory, "table/_flowparquet/rejects") {
        if litter.contains(&key) {
            continue;
        }
        if !rejects.contains(&key) {
            wrong.push(format!("{key} is left"));
        }
        let mut text = String::new();
        let packed = read(memory, &key).unwrap_or_default();
        if flate2::read::MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).is_err() {
            wrong.push(format!("{key} cannot be read"));
        }
        for line in text.lines() {
            let reject: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            if reject["kind"] == "row" {
                let object = reject["object"].as_str().unwrap_or_default().to_owned();
                *lines.entry((object, reject["line"].as_u64().unwrap_or_default())).or_default() += 1;
            }
        }
    }
    wrong.extend(lines.iter().filter(|(_, times)| **times > 1).map(|(line, _)| format!("{line:?} is rejected twice")));
    for object in (0..world.objects.len()).filter(|object| !excused.contains(object)) {
        let Some(row) = rows.keys().find(|row| row.object == object) else { continue };
        let (key, wanted) = (world.key(object), world.objects[object].versions[row.version].rejects);
        let kept = lines.keys().filter(|(object, _)| *object == key).count();
        if kept != wanted as usize {
            wrong.push(format!("of object {object} {wanted} lines are rejected, and {kept} are kept"));
        }
    }
    // They name what is in doubt too.
    if excused.is_empty() {
        wrong.extend(judge_by_readers(plainly)?);
    }
    Ok(wrong)
}

/// Has `verify` and `status` say that all is well.
fn judge_by_readers(plainly: &Plainly) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let table = plainly.table();
    if table.info()?.is_none() {
        return Ok(wrong); // There never was an object.
    }
    let options = VerifyOptions { record: false, threads: 1, ..VerifyOptions::default() };
    for found in verify(&plainly.source(), &table, &options, &Silent)?.partitions {
        if !(found.differing.is_empty() && found.unknown_files.is_empty() && found.unfinished.is_empty()) {
            wrong.push(format!("verify: {found:?}"));
        }
    }
    let Some(status) = status(&table, (&Days::All, &MissingOptions::default()), None, crate::days::minute_now())?
    else {
        return Ok(wrong);
    };
    let unwell = |day: &&crate::status::DayStatus| day.unfinished + day.differing + day.misread_files > 0;
    wrong.extend(status.days.values().filter(unwell).map(|day| format!("status: {day:?}")));
    wrong.extend(status.replacing.iter().map(|partition| format!("status: {partition} is being replaced")));
    Ok(wrong)
}
