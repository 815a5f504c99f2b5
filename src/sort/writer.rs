//! The one way from sorted runs to a file, for `convert` and `compact`.
//!
//! In: [`ReadyRows`] in the order in which they came. Out: a file. Sorted rows wait as runs until all of a file's are there, or as
//! many as memory is meant for ([`Layout::sort_bytes`]); then they become row groups, which a pool encodes some ahead of
//! what is written. What comes out follows from the rows and the layout, never from threads or timing.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::channel;

use rayon::ThreadPool;

use super::rows::SortedRows;
use super::run::SortedRun;
use crate::encode::chunk::Coding;
use crate::encode::codec::Compression;
use crate::encode::column::{EncodedRowGroup, Encoders};
use crate::encode::file::{FileContent, FileWriter};
use crate::encode::layout::{Layout, SortBy};
use crate::error::{Error, Result};
use crate::record::columns::Batch;
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Rows on their way into a file.
#[derive(Debug)]
pub enum ReadyRows {
    /// In the order in which they came.
    RowGroup(Box<EncodedRowGroup>),
    /// To be put in order with others.
    Run(Box<SortedRun>),
}

impl ReadyRows {
    /// Returns the memory they take, in bytes.
    pub fn memory(&self) -> usize {
        match self {
            Self::RowGroup(group) => group.columns.iter().map(|chunk| chunk.bytes.len()).sum(),
            Self::Run(run) => run.memory(),
        }
    }

    /// Makes rows of a batch ready to be written in this layout.
    ///
    /// # Errors
    /// When encoding fails.
    pub fn of(batch: &Batch, layout: &Layout, encoders: &Encoders) -> Result<Self> {
        Ok(match &layout.sort_by {
            SortBy::Arrival => Self::RowGroup(Box::new(encoders.with(|encoder| encoder.row_group(batch))?)),
            sort_by => Self::Run(Box::new(SortedRun::of(batch, sort_by))),
        })
    }
}

/// A file in the making, and the runs that wait for it.
#[derive(Debug)]
pub struct SortedFile<W: Write> {
    file: FileWriter<W>,
    layout: Layout,
    encoders: Arc<Encoders>,
    runs: Vec<SortedRun>,
    /// Memory that they take, in bytes.
    runs_bytes: u64,
}

impl<W: Write> SortedFile<W> {
    /// Begins a file; writes nothing yet.
    pub fn new(out: W, log_type: LogType, compression: Compression, layout: &Layout) -> Self {
        Self {
            file: FileWriter::new(out, log_type, compression),
            layout: layout.clone(),
            encoders: Arc::new(Encoders::new(compression, layout)),
            runs: Vec::new(),
            runs_bytes: 0,
        }
    }

    /// Returns the encoders of this file, for rows that are made by others.
    pub fn encoders(&self) -> &Arc<Encoders> {
        &self.encoders
    }

    /// Says that the file has these columns: see [`FileWriter::declare`].
    ///
    /// # Errors
    /// As there.
    pub fn declare<'a>(&mut self, columns: impl IntoIterator<Item = &'a Column>) -> Result<()> {
        self.file.declare(columns)
    }

    /// Returns whether a column came too late: rows are taken for their columns only, and the file is to be given up.
    pub fn is_late(&self) -> bool {
        self.file.is_late()
    }

    /// Returns whether the file is to be given up: see [`FileWriter::is_full`].
    pub fn is_full(&self) -> bool {
        self.file.is_full()
    }

    /// Returns the columns of the file, in the order of the schema.
    pub fn columns(&self) -> &[Column] {
        self.file.columns()
    }

    /// Returns the rows that are written.
    pub fn rows(&self) -> u64 {
        self.file.rows()
    }

    /// Takes rows.
    ///
    /// # Errors
    /// When the writer fails; as [`FileWriter::declare`].
    pub fn append(&mut self, rows: ReadyRows, pool: &ThreadPool) -> Result<()> {
        match &rows {
            ReadyRows::Run(run) => self.file.declare(run.columns())?,
            ReadyRows::RowGroup(group) => self.file.declare(group.columns.iter().map(|chunk| &chunk.column))?,
        }
        match rows {
            _ if self.is_late() => Ok(()),
            ReadyRows::RowGroup(group) => self.file.append(*group),
            ReadyRows::Run(run) => {
                let bytes = run.memory() as u64;
                // What is sorted together follows from the rows alone, so that the file's bytes do.
                if !self.runs.is_empty() && self.runs_bytes + bytes > self.layout.sort_bytes {
                    self.write_runs(pool)?;
                }
                self.runs_bytes += bytes;
                self.runs.push(*run);
                Ok(())
            }
        }
    }

    /// Forgets the runs that wait: their rows are void.
    pub fn forget_runs(&mut self) {
        (self.runs, self.runs_bytes) = (Vec::new(), 0);
    }

    /// Puts the runs at hand in order and writes their row groups.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_runs(&mut self, pool: &ThreadPool) -> Result<()> {
        let runs = std::mem::take(&mut self.runs);
        self.runs_bytes = 0;
        self.file.begin_anew();
        let sorted = Arc::new(pool.install(|| SortedRows::new(runs, &self.layout))?);
        let codings: Arc<[Coding]> = pool.install(|| sorted.codings(&self.encoders))?.into();
        let (sender, receiver) = channel();
        let (mut begun, mut waiting) = (0, BTreeMap::new());
        for next in 0..sorted.groups() {
            while begun < sorted.groups().min(next + 2 * pool.current_num_threads()) {
                let (sorted, codings, sender) = (Arc::clone(&sorted), Arc::clone(&codings), sender.clone());
                let (group, encoders) = (begun, Arc::clone(&self.encoders));
                pool.spawn(move || {
                    let made = encoders.with(|encoder| sorted.row_group(group, &codings, encoder));
                    drop(sender.send((group, made)));
                });
                begun += 1;
            }
            while !waiting.contains_key(&next) {
                let (group, made) = receiver.recv().map_err(|e| Error::stopped("a worker died").because(e))?;
                waiting.insert(group, made?);
            }
            if let Some(group) = waiting.remove(&next) {
                self.file.append(group)?;
            }
        }
        Ok(())
    }

    /// Writes the footer, once all runs are written; `about` goes into it.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(self, about: &str) -> Result<(W, FileContent)> {
        self.file.finish(about)
    }

    /// Returns the writer of a file that is given up.
    pub fn into_inner(self) -> W {
        self.file.into_inner()
    }
}
