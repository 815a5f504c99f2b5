//! Several files of a partition -> one with the same rows: what `compact` does.
//!
//! One file alone is made anew in the same way, if an engine misreads it.
//!
//! In: a claim that replaces outputs and names no raw objects. Out: its file, its end in the ledger, and the replaced
//! files gone. Row by row, not row group by row group: small files have small row groups, which is what makes them slow,
//! and rows that are sorted are sorted again with those of the other files.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, StringViewArray, cast::AsArray};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaDataReader;
use rayon::ThreadPool;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::tally::Tally;
use crate::encode::file::{FileContent, FileWriter};
use crate::encode::layout::Layout;
use crate::encode::pages::rows_within;
use crate::encode::pieces::{Pieces, is_placed, rows_at_once, with_views};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::claim::{Claim, OutputOptions};
use crate::ledger::entry::{Outcome, OutputFile};
use crate::ledger::files::{FooterNote, LeftBehind};
use crate::ledger::partition::Partition;
use crate::ledger::partition_ledger::PartitionLedger;
use crate::ledger::stages::{Claimed, Ended, Written};
use crate::ledger::state::Output;
use crate::ledger::table::Table;
use crate::record::columns::Batch;
use crate::record::header::Column;
use crate::record::schema::ColumnType;
use crate::sort::run::{MAX_RUN_ROWS, batch_rows};
use crate::sort::writer::{ReadyRows, SortedFile};
use crate::source::limits::MAX_LINE_BYTES;
use crate::store::upload::{Upload, Uploaded, hex};

/// Rows that are read at once, at most.
const ROWS_PER_READ: usize = 8 << 10;

/// Values that are read at once, at most, of files with hundreds of columns.
const VALUES_PER_READ: usize = 1 << 20;

/// Bytes that the rows of batches may take for each thread, as they are while they are put in order; of a thread's memory
/// (`MIN_MEMORY_BYTES`) the rest is for sorted rows and for what is read. AWS's fields have a tenth of it.
const BATCH_BYTES_PER_THREAD: usize = 48 << 20;

/// Files up to this size are fetched in one request.
const WHOLE_FILE_BYTES: u64 = 32 << 20;

/// Bytes of a row group that are unpacked at once, at most: the memory of a merge. Files of flowparquet take far less.
const MAX_UNPACKED_BYTES: u64 = super::MEMORY_PER_MERGE;

/// A merge that cannot be made until a person does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotMerged {
    /// The partition, its folder below DEST.
    pub partition: String,
    /// URL of the file that stands in the way, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl NotMerged {
    /// Returns what keeps a partition's files from being merged.
    pub fn new(partition: &Partition, error: &Error) -> Self {
        Self { partition: partition.path(), file: error.place().map(str::to_owned), reason: error.in_a_line() }
    }

    /// Returns a line for people.
    pub fn explain(&self) -> String {
        let Self { partition, file, reason } = self;
        format!("not merged: {}: {reason}", file.as_ref().unwrap_or(partition))
    }
}

/// How a merge came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// Its file is there.
    Done,
    /// Another run finished it.
    ByAnother,
    /// It was given up: another run took what it merges.
    Abandoned(String),
    /// A file cannot be merged, and a person has to do something about it. It was given up, unless something else lies where
    /// its own file belongs.
    Refused(NotMerged),
}

/// Brings a claim that merges files to its end.
///
/// A file that is not what the ledger says stops its own merge and nothing else: the claim is abandoned, so that no later
/// run has to finish it.
///
/// # Errors
/// When the store fails.
pub fn finish_merge(ledger: &mut PartitionLedger<'_>, claimed: Claimed, pool: &ThreadPool) -> Result<Merged> {
    let begun = claimed.clone();
    let claimed = match ledger.find_written(claimed) {
        // What lies under its name is not the claim's: given up, the claim would have it deleted.
        Err(e) if e.kind() == ErrorKind::Usage => return Ok(Merged::Refused(NotMerged::new(ledger.partition(), &e))),
        Err(e) => return Err(e),
        Ok(LeftBehind::File(written, _)) => {
            return match tally_of_outputs(ledger, begun.claim()) {
                // The merged file may be the only sound copy of its rows, or may have its damage: nothing is deleted.
                Err(e) if e.kind() == ErrorKind::Usage => Ok(Merged::Refused(NotMerged::new(ledger.partition(), &e))),
                Err(e) => Err(e),
                // Whoever took one of them away has left us the only copy of its rows.
                Ok(None) => end(ledger, &written),
                Ok(Some(tally)) => match wrongly_made(ledger, begun.claim(), &tally)? {
                    None => end(ledger, &written),
                    Some(refused) => give_up(ledger, &begun, refused),
                },
            };
        }
        Ok(LeftBehind::EndedMeanwhile) => return Ok(Merged::ByAnother),
        Ok(LeftBehind::Nothing(claimed)) => claimed,
    };
    match merge(ledger, &claimed, pool) {
        // Another run will not mend it.
        Err(e) if e.kind() == ErrorKind::Usage => {
            let refused = NotMerged::new(ledger.partition(), &e);
            give_up(ledger, &claimed, refused)
        }
        Err(e) => Err(e),
        Ok(Merge::Made { outcome, uploaded, content, tally }) => match wrongly_made(ledger, claimed.claim(), &tally)? {
            None => end(ledger, &claimed.with_file(*outcome, uploaded, content)),
            Some(refused) => give_up(ledger, &claimed, refused),
        },
        Ok(Merge::Gone(lost, e)) => {
            let refused = NotMerged::new(ledger.partition(), &e);
            // Whoever finished it deleted what it read.
            if !ledger.abandon(&claimed, &refused.reason)? {
                return Ok(Merged::ByAnother);
            }
            let live = ledger.is_still_live(&lost)?;
            Ok(if live {
                Merged::Refused(refused)
            } else {
                Merged::Abandoned(format!("{} is gone", e.place().unwrap_or_default()))
            })
        }
    }
}

fn end(ledger: &mut PartitionLedger<'_>, written: &Written) -> Result<Merged> {
    Ok(match ledger.finish(written)? {
        Ended::Done => Merged::Done,
        Ended::DoneByAnother => Merged::ByAnother,
        Ended::AbandonedByAnother => Merged::Abandoned("another run gave it up".to_owned()),
        Ended::Contested => Merged::Refused(contested(ledger, written)),
    })
}

/// Gives a merge up; what it was to replace stays, and its own file goes, if it is there.
fn give_up(ledger: &mut PartitionLedger<'_>, claimed: &Claimed, refused: NotMerged) -> Result<Merged> {
    let abandoned = ledger.abandon(claimed, &refused.reason)?;
    Ok(if abandoned { Merged::Refused(refused) } else { Merged::ByAnother })
}

/// Reads a merge's file back, and returns what is to be said if its rows are not these: a bit may have flipped in memory, on the way
/// or on the disk, and what it is made of is still there.
fn wrongly_made(ledger: &PartitionLedger<'_>, claim: &Claim, rows: &Tally) -> Result<Option<NotMerged>> {
    let table = ledger.table();
    let key = table.output_key(ledger.partition(), claim);
    let (size, mut made) = (table.store().head(&key)?.map(|listed| listed.size), Tally::default());
    let why = match size.map_or(Ok(false), |size| add_up(&mut made, table, (&key, size), None)) {
        Ok(false) => Some("it is gone".to_owned()),
        Ok(true) => made.differs_from(rows),
        Err(e) if e.kind() == ErrorKind::Usage => Some(e.in_a_line()),
        Err(e) => return Err(e),
    };
    Ok(why.map(|why| {
        let error = Error::usage(format!("the merged file is not what it was made of: {why}"))
            .at(table.store().location().url_of(&key))
            .help("it is deleted, and the files that it was made of stay; if it happens again, check memory and disk of this machine");
        NotMerged::new(ledger.partition(), &error)
    }))
}

/// Returns what the rows of the files come to that a claim merges; nothing if one of them is gone.
///
/// # Errors
/// When the store fails; a usage error that names the first that is not the ledger's.
fn tally_of_outputs(ledger: &PartitionLedger<'_>, claim: &Claim) -> Result<Option<Tally>> {
    let (table, mut tally, mut damaged) = (ledger.table(), Tally::default(), None);
    for output in ledger.state().replaced(claim) {
        let Some(file) = &output.done.file else { continue };
        let key = table.output_key(ledger.partition(), &output.claim);
        let added = match checked(table, &key, file) {
            Ok(Some(whole)) => add_up(&mut tally, table, (&key, file.bytes), whole.as_ref()),
            Ok(None) => Ok(false),
            Err(e) => Err(e),
        };
        match added {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            // Whether another one is gone counts more.
            Err(e) if e.kind() == ErrorKind::Usage => {
                damaged.get_or_insert(e.at(table.store().location().url_of(&key)));
            }
            Err(e) => return Err(e),
        }
    }
    damaged.map_or(Ok(Some(tally)), Err)
}

/// Adds the rows of a file, whose content may be at hand; returns false if it is gone, or goes while it is read.
fn add_up(tally: &mut Tally, table: &Table, (key, size): (&str, u64), whole: Option<&Bytes>) -> Result<bool> {
    let read = each_batch(table, key, size, whole, &mut |batch, columns| {
        tally.add(batch, columns);
        Ok(())
    });
    match read {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::Stopped && table.store().head(key)?.is_none() => Ok(false),
        Err(e) => Err(e),
    }
}

/// Has all rows of a file visited, batch by batch, with their columns; `whole` is its content, if that is at hand.
fn each_batch(
    table: &Table,
    key: &str,
    size: u64,
    whole: Option<&Bytes>,
    visit: &mut dyn FnMut(&RecordBatch, &[Column]) -> Result<()>,
) -> Result<()> {
    let metadata = match whole {
        Some(content) => ParquetMetaDataReader::new().parse_and_finish(content).ok().filter(is_placed),
        None => table.metadata(key, size)?,
    };
    let metadata = metadata.ok_or_else(|| another("it is no readable Parquet"))?;
    let columns = Table::columns_of(&metadata);
    let footer = with_views(Arc::new(metadata)).map_err(|e| unreadable(&e))?;
    let most = (VALUES_PER_READ / columns.len().max(1)).clamp(1, ROWS_PER_READ);
    for (number, group) in footer.metadata().row_groups().iter().enumerate() {
        let pieces = match whole {
            Some(content) => Pieces::whole(content.clone()),
            None => Pieces::of_row_group(size, group, |ranges| table.store().get_ranges(key, ranges))?,
        };
        let rows = rows_within(&pieces, group, rows_at_once(group, most), MAX_UNPACKED_BYTES)
            .map_err(|why| another(&format!("row group {number} is not read: {why}")))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(pieces, footer.clone());
        let reader = reader.with_row_groups(vec![number]).with_batch_size(rows).build();
        for batch in reader.map_err(|e| unreadable(&e))? {
            visit(&batch.map_err(|e| unreadable(&e))?, &columns)?;
        }
    }
    Ok(())
}

/// A merge whose end is not recorded yet.
enum Merge {
    /// Its file is visible.
    Made { outcome: Box<Outcome>, uploaded: Uploaded, content: FileContent, tally: Tally },
    /// There is no file: that of this claim, which it merges, is gone.
    Gone(Box<Claim>, Error),
}

/// Makes the file.
fn merge(ledger: &PartitionLedger<'_>, claimed: &Claimed, pool: &ThreadPool) -> Result<Merge> {
    let (state, claim) = (ledger.state(), claimed.claim());
    let outputs: Vec<&Output> = state.replaced(claim).collect();
    let mut rejects = ledger.begin_rejects(claimed);
    let columns = outputs.iter().filter_map(|output| output.done.file.as_ref()).flat_map(|file| &file.columns);
    let mut merger = Merger::new(ledger.begin_file(claimed)?, claim, columns, pool)?;
    let gone = match fill(ledger, &outputs, &mut merger, &mut rejects) {
        Ok(None) => None,
        Ok(Some((lost, e))) => Some(Ok(Merge::Gone(Box::new(lost), e))),
        Err(e) => Some(Err(e)),
    };
    if let Some(stopped) = gone {
        merger.file.into_inner().abort();
        rejects.abort();
        return stopped;
    }
    if rejects.bytes() > 0 {
        rejects.finish()?;
    }
    let outcome = sum(outputs.iter().map(|output| &output.done.outcome));
    let objects = outputs.iter().map(|output| state.inputs_of(output.number).len() as u64).sum();
    let about = FooterNote::new(claim, objects, &outcome).to_json()?;
    let tally = std::mem::take(&mut merger.tally);
    let (upload, content) = merger.finish(outcome.rows, &about)?;
    Ok(Merge::Made { outcome: Box::new(outcome), uploaded: upload.finish()?, content, tally })
}

/// Copies rows and rejects; returns the claim of a file that is gone, if one is.
fn fill(
    ledger: &PartitionLedger<'_>,
    outputs: &[&Output],
    merger: &mut Merger<'_>,
    rejects: &mut Upload,
) -> Result<Option<(Claim, Error)>> {
    let (table, partition) = (ledger.table(), ledger.partition());
    for output in outputs {
        let key = table.rejects_key(partition, &output.claim);
        // People may delete rejects. But whoever finished this merge deleted them too, and then what is written here without
        // them would take the place of what has them.
        if !copy_rejects(table, &key, rejects)?
            && output.done.outcome.rejected_rows > 0
            && !ledger.is_still_live(&output.claim)?
        {
            return Ok(Some((output.claim.clone(), gone(&table.store().location().url_of(&key)))));
        }
        let Some(file) = &output.done.file else { continue };
        let key = table.output_key(partition, &output.claim);
        let place = table.store().location().url_of(&key);
        let rows = output.done.outcome.rows;
        match append_file(table, &key, file, rows, merger) {
            Ok(true) => {}
            Ok(false) => return Ok(Some((output.claim.clone(), gone(&place)))),
            Err(e) => return Err(e.at(&place)),
        }
    }
    Ok(None)
}

/// Appends a rejects object, and returns whether it is there: gzip members one behind the other are a gzip file.
fn copy_rejects(table: &Table, key: &str, rejects: &mut Upload) -> Result<bool> {
    let failed = |e| Error::stopped("cannot keep rejects").at(table.store().location().url_of(key)).because(e);
    match table.store().get_within(key, WHOLE_FILE_BYTES)? {
        None => Ok(false),
        Some(Ok(packed)) => rejects.write_all(&packed).map(|()| true).map_err(failed),
        Some(Err(_)) => {
            let Some(listed) = table.store().head(key)? else { return Ok(false) };
            let Some(mut reader) = table.store().read_own_in_pieces(&listed)? else { return Ok(false) };
            std::io::copy(&mut reader, rejects).map(|_| true).map_err(failed)
        }
    }
}

/// Looks whether the files of a merge are those of the ledger, byte by byte; returns the first that is not.
///
/// # Errors
/// When the store fails.
pub fn first_damaged(ledger: &PartitionLedger<'_>, outputs: &[&Output]) -> Result<Option<NotMerged>> {
    let (table, partition) = (ledger.table(), ledger.partition());
    for output in outputs {
        let Some(file) = &output.done.file else { continue };
        let key = table.output_key(partition, &output.claim);
        match checked(table, &key, file) {
            Ok(Some(_)) => {}
            // Another run may have merged it meanwhile.
            Ok(None) if !ledger.is_still_live(&output.claim)? => {}
            Ok(None) => return Ok(Some(NotMerged::new(partition, &gone(&table.store().location().url_of(&key))))),
            Err(e) if e.kind() == ErrorKind::Usage => {
                let place = table.store().location().url_of(&key);
                return Ok(Some(NotMerged::new(partition, &e.at(place))));
            }
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

/// Reads a file to its end, and holds it against size and SHA-256 of the ledger: its pages say themselves whether they are
/// damaged, but not those of older versions, nor any footer. Returns nothing if it is gone; its content if it is small.
fn checked(table: &Table, key: &str, file: &OutputFile) -> Result<Option<Option<Bytes>>> {
    let not_as_large = |size: u64| another(&format!("it has {size} bytes, not {}", file.bytes));
    let (content, hash) = if file.bytes <= WHOLE_FILE_BYTES {
        match table.store().get_within(key, file.bytes)? {
            None => return Ok(None),
            Some(Ok(content)) if content.len() as u64 == file.bytes => {
                let hash = hex(&Sha256::digest(&content));
                (Some(content), hash)
            }
            Some(Ok(content)) => return Err(not_as_large(content.len() as u64)),
            Some(Err(size)) => return Err(not_as_large(size)),
        }
    } else {
        let Some(listed) = table.store().head(key)? else { return Ok(None) };
        if listed.size != file.bytes {
            return Err(not_as_large(listed.size));
        }
        let Some((_, hash)) = table.hash(&listed)? else { return Ok(None) };
        (None, hash)
    };
    match &file.sha256 {
        Some(recorded) if *recorded != hash => Err(another("its SHA-256 is another one")),
        _ => Ok(Some(content)),
    }
}

/// Copies the rows of a file, held whole if it is small, else row group by row group; returns false if it is gone.
fn append_file(table: &Table, key: &str, file: &OutputFile, rows: u64, merger: &mut Merger<'_>) -> Result<bool> {
    let size = file.bytes;
    let Some(whole) = checked(table, key, file)? else { return Ok(false) };
    let mut read = 0;
    let copied = each_batch(table, key, size, whole.as_ref(), &mut |batch, columns| {
        if columns != file.columns {
            return Err(another("its columns are others"));
        }
        merger.tally.add(batch, columns);
        read += merger.append(batch, columns)?;
        Ok(())
    });
    match copied {
        Err(e) if e.kind() == ErrorKind::Stopped && table.store().head(key)?.is_none() => return Ok(false),
        copied => copied?,
    }
    if read != rows {
        return Err(another(&format!("it has {read} rows, not {rows}")));
    }
    Ok(true)
}

/// Returns the error of a file that is not what the ledger says.
fn another(why: &str) -> Error {
    Error::usage(format!("this file is not the one that the ledger speaks of: {why}"))
        .help(
            "somebody replaced it or its bytes are damaged: restore it from a version or backup; if there is none and the raw \
             logs are there, docs/operating.md says how to make it again",
        )
}

/// Returns the error of a file that the ledger names and that is not there.
fn gone(place: &str) -> Error {
    Error::usage("this file is gone, and with it rows that the ledger counts").at(place).help(
        "somebody deleted it: restore it from a version or backup; if there is none and the raw logs are there, \
         docs/operating.md says how to make it again",
    )
}

/// Returns what is to be said of a file that another run recorded with other bytes.
pub(super) fn contested(ledger: &PartitionLedger<'_>, written: &Written) -> NotMerged {
    let table = ledger.table();
    let error = Error::usage("another run made this file at the same time, and its bytes are others")
        .at(table.store().location().url_of(&table.output_key(ledger.partition(), written.claim())))
        .help("one of the two read or wrote damaged bytes: run verify, which says whether what lies there is right");
    NotMerged::new(ledger.partition(), &error)
}

fn unreadable(e: &dyn std::error::Error) -> Error {
    another(&format!("it is no readable Parquet ({e})"))
}

/// Returns the outcomes of several claims as that of one. Objects that gave no row stay where they were recorded.
fn sum<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Outcome {
    let mut total = Outcome { nodata_rows: Some(0), skipdata_rows: Some(0), ..Outcome::default() };
    for outcome in outcomes {
        total.rows += outcome.rows;
        total.rejected_rows += outcome.rejected_rows;
        total.text_bytes += outcome.text_bytes;
        total.other_type_rows += outcome.other_type_rows;
        total.unknown_fields.extend(outcome.unknown_fields.iter().cloned());
        total.nodata_rows = outcome.add_to(total.nodata_rows, outcome.nodata_rows);
        total.skipdata_rows = outcome.add_to(total.skipdata_rows, outcome.skipdata_rows);
    }
    total.unknown_fields.sort();
    total.unknown_fields.dedup();
    total
}

/// A file in the making, and rows on their way to it.
struct Merger<'a> {
    file: SortedFile<Upload>,
    layout: Layout,
    batch: Batch,
    pool: &'a ThreadPool,
    /// What the rows come to that were read.
    tally: Tally,
    /// Batches that the pool makes ready to be written, in order, and the memory that each takes meanwhile, in bytes.
    made: VecDeque<(usize, Receiver<Result<ReadyRows>>)>,
}

impl<'a> Merger<'a> {
    /// Begins a file of these columns.
    fn new<'c>(
        upload: Upload,
        claim: &Claim,
        columns: impl Iterator<Item = &'c Column>,
        pool: &'a ThreadPool,
    ) -> Result<Self> {
        let OutputOptions { compression, layout, .. } = &claim.options;
        let mut file = SortedFile::new(upload, claim.log_type, *compression, layout);
        file.declare(columns)?;
        Ok(Self {
            file,
            layout: layout.clone(),
            batch: Batch::default(),
            pool,
            tally: Tally::default(),
            made: VecDeque::new(),
        })
    }

    /// Returns the most rows that are held decoded.
    fn batch_rows(&self) -> usize {
        batch_rows(&self.layout, self.file.columns().len()).min(MAX_RUN_ROWS)
    }

    /// Appends rows; returns how many. A batch ends before the first row that may not fit.
    fn append(&mut self, rows: &RecordBatch, columns: &[Column]) -> Result<u64> {
        let (count, strings) =
            (rows.num_rows(), rows.columns().iter().filter_map(|values| values.as_string_view_opt()));
        let lengths = || strings.clone().flat_map(StringViewArray::lengths).map(|bytes| bytes as usize);
        if let Some(bytes) = lengths().find(|bytes| *bytes > MAX_LINE_BYTES) {
            return Err(another(&format!("it has a value of {bytes} bytes, and no line of logs is as long")));
        }
        let bytes = lengths().sum();
        if !self.batch.has_room(bytes, count * strings.count()) {
            if count > 1 {
                let first = self.append(&rows.slice(0, count / 2), columns)?;
                return Ok(first + self.append(&rows.slice(count / 2, count - count / 2), columns)?);
            }
            self.end_batch()?;
        }
        for (column, values) in columns.iter().zip(rows.columns()) {
            self.append_column(column, values.as_ref());
        }
        self.batch.grow(rows.num_rows());
        if self.batch.rows() >= self.batch_rows() {
            self.end_batch()?;
        }
        Ok(rows.num_rows() as u64)
    }

    fn append_column(&mut self, column: &Column, values: &dyn Array) {
        match column.column_type {
            ColumnType::Int => self.batch.append_ints(column, values.as_primitive::<Int32Type>().iter()),
            ColumnType::Bigint => self.batch.append_bigints(column, values.as_primitive::<Int64Type>().iter()),
            ColumnType::String => {
                let values = values.as_string_view();
                self.batch.append_strings(column, values.iter().map(|value| value.map(str::as_bytes)));
            }
        }
    }

    /// Hands the rows at hand to the pool; waits if it has as many batches as threads already.
    fn end_batch(&mut self) -> Result<()> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        if self.made.len() >= self.pool.current_num_threads() {
            self.take()?;
        }
        let batch = std::mem::take(&mut self.batch);
        let bytes = batch.memory();
        let (layout, encoders) = (self.layout.clone(), Arc::clone(self.file.encoders()));
        let (sender, receiver) = channel();
        self.pool.spawn(move || drop(sender.send(ReadyRows::of(&batch, &layout, &encoders))));
        self.made.push_back((bytes, receiver));
        // As many bytes again may come together before the next one.
        let most = BATCH_BYTES_PER_THREAD * self.pool.current_num_threads();
        while bytes + self.made.iter().map(|(bytes, _)| bytes).sum::<usize>() > most && !self.made.is_empty() {
            self.take()?;
        }
        Ok(())
    }

    /// Waits for the oldest batch, and appends it.
    fn take(&mut self) -> Result<()> {
        let Some((_, made)) = self.made.pop_front() else { return Ok(()) };
        let rows = made.recv().map_err(|e| Error::stopped("a worker died").because(e))??;
        self.file.append(rows, self.pool)
    }

    fn end_file(&mut self) -> Result<()> {
        self.end_batch()?;
        while !self.made.is_empty() {
            self.take()?;
        }
        self.file.write_runs(self.pool)
    }

    fn finish(mut self, rows: u64, about: &str) -> Result<(Upload, FileContent)> {
        let ended = self.end_file();
        if ended.is_ok() && self.file.rows() == rows {
            return self.file.finish(about);
        }
        let (has, full) = (self.file.rows(), self.file.is_full());
        self.file.into_inner().abort();
        ended?;
        if full {
            return Err(FileWriter::<Upload>::too_many());
        }
        Err(Error::stopped(format!("a merged file has {has} rows, those it is made of have {rows}"))
            .help("this is a bug in flowparquet: nothing of this file was written; please report it"))
    }
}
