//! Raw logs as a table: objects of the asked days, read whole, decoded, and handed on as columns.
//!
//! Answers are those of the raw table in Athena: `-` stays in strings and is NULL in numbers, partitions come from the
//! keys. Lines that fit no row and objects that do not read to their end are left out and counted, as `convert` does.
//! Each reader holds one object packed and its text, or a piece of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder, UInt32Array,
    new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};

use super::meter::{Kept, Meter};
use super::prune;
use crate::error::Error;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::decode::ObjectDecoder;
use crate::record::header::Column;
use crate::source::reader::{ObjectEnded, ObjectReader, Rules, Sink};
use crate::store::{Listed, Store};

/// Rows that are handed on at once.
const BATCH_ROWS: usize = 8_192;

/// Most text of an object that is held at once; the text of a larger one is read in pieces of this size.
pub const MAX_TEXT_BYTES: usize = 64 << 20;

/// The table.
#[derive(Debug)]
pub struct RawTable {
    objects: Arc<ScanQueue>,
    by: PartitionBy,
    schema: SchemaRef,
}

/// What all readers of the table share.
#[derive(Debug)]
struct ScanQueue {
    store: Store,
    rules: Rules,
    columns: Vec<Column>,
    partitions: Vec<Partition>,
    /// Objects with the places of their partitions.
    objects: Vec<(usize, Listed)>,
    meter: Arc<Meter>,
}

impl RawTable {
    /// Makes a table of these objects; each stands with the place of its partition.
    pub fn new(
        (columns, by): (Vec<Column>, PartitionBy),
        (partitions, objects): (Vec<Partition>, Vec<(usize, Listed)>),
        (store, rules): (Store, Rules),
        meter: Arc<Meter>,
    ) -> Self {
        let schema = prune::table_schema(&columns, by);
        Self { objects: Arc::new(ScanQueue { store, rules, columns, partitions, objects, meter }), by, schema }
    }
}

#[async_trait::async_trait]
impl TableProvider for RawTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(prune::pushdown(filters, self.by, TableProviderFilterPushDown::Unsupported))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let shared = &self.objects;
        let keep = prune::keep(state, filters, self.by, &shared.partitions)?;
        let places = shared.objects.iter().enumerate().filter(|(_, (partition, _))| keep[*partition]);
        let kept: Vec<usize> = places.map(|(at, _)| at).collect();
        let partitions = keep.iter().filter(|keep| **keep).count() as u64;
        shared.meter.scanned(
            Kept { kept: partitions, all: shared.partitions.len() as u64 },
            Kept { kept: kept.len() as u64, all: shared.objects.len() as u64 },
        );
        // Athena reads and bills text whole, whatever of it a query needs.
        shared.meter.data(kept.iter().map(|at| shared.objects[*at].1.size).sum(), kept.len() as u64);
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&wanted)?);
        let readers = state.config().target_partitions().min(kept.len()).max(1);
        let queue = Arc::new((kept, AtomicUsize::new(0)));
        let reader = || -> Arc<dyn PartitionStream> {
            let (objects, wanted) = (Arc::clone(shared), wanted.clone());
            Arc::new(RawReader { objects, queue: Arc::clone(&queue), wanted, schema: Arc::clone(&schema) })
        };
        let readers = (0..readers).map(|_| reader()).collect();
        Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(&schema), readers, None, [], false, limit)?))
    }
}

/// Takes one object after the other from the queue.
#[derive(Debug)]
struct RawReader {
    objects: Arc<ScanQueue>,
    /// Places of the objects, and the next one to read.
    queue: Arc<(Vec<usize>, AtomicUsize)>,
    /// Places of the wanted columns: of the text's, and behind them of the partition's.
    wanted: Vec<usize>,
    schema: SchemaRef,
}

impl PartitionStream for RawReader {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        // Two batches wait at most: readers are not to run ahead of who computes.
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 2);
        let (sender, objects, queue) = (stream.tx(), Arc::clone(&self.objects), Arc::clone(&self.queue));
        let (wanted, schema) = (self.wanted.clone(), Arc::clone(&self.schema));
        stream.spawn_blocking(move || {
            let mut work = RawWork { objects: &objects, wanted: &wanted, schema: &schema, batch: Batch::default() };
            let mut reader = ObjectReader::default();
            loop {
                let next = queue.1.fetch_add(1, Ordering::Relaxed);
                let Some(at) = queue.0.get(next) else { return Ok(()) };
                let mut gone = false;
                work.object(&mut reader, *at, &mut |rows| {
                    gone = sender.blocking_send(Ok(rows)).is_err();
                    !gone
                })?;
                // Nobody wants any more: a LIMIT is reached, or the query failed elsewhere.
                if gone {
                    return Ok(());
                }
            }
        });
        stream.build()
    }
}

struct RawWork<'a> {
    objects: &'a ScanQueue,
    wanted: &'a [usize],
    schema: &'a SchemaRef,
    batch: Batch,
}

impl RawWork<'_> {
    /// Reads an object and emits its rows, until `emit` says that they are not wanted any more.
    fn object(
        &mut self,
        reader: &mut ObjectReader,
        at: usize,
        emit: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<()> {
        let ScanQueue { store, rules, meter, objects, .. } = self.objects;
        let (partition, listed) = &objects[at];
        let packed = store.get(&listed.key).map_err(external)?.ok_or_else(|| {
            external(
                Error::stopped("an object is gone that was listed a moment ago")
                    .at(store.location().url_of(&listed.key))
                    .help("somebody deletes raw logs: run again"),
            )
        })?;
        let mut rows = ObjectRows { work: self, partition: *partition, emit };
        let object = (packed.as_ref(), listed.key.ends_with(".gz"));
        match reader.whole(rules, object, &BTreeSet::new(), &mut rows).map_err(external)? {
            ObjectEnded::Read { decoder, .. } => {
                meter.left_out(decoder.other_type_rows().map_or(0, |(lines, _)| lines), 0);
            }
            ObjectEnded::Enough => {}
            ObjectEnded::Rejected { .. } | ObjectEnded::OtherType(_) => meter.left_out(0, 1),
        }
        Ok(())
    }

    /// Returns the wanted columns of the rows at hand.
    fn columns(&self, partition: usize) -> Result<RecordBatch> {
        let rows = self.batch.rows();
        let known = &self.objects.columns;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.wanted.len());
        for (at, field) in self.wanted.iter().zip(self.schema.fields()) {
            arrays.push(match known.get(*at) {
                Some(column) => match self.batch.columns().iter().find(|data| data.column == *column) {
                    Some(data) => array(data)?,
                    None => new_null_array(field.data_type(), rows),
                },
                None => {
                    let values = prune::values(&self.objects.partitions[partition]);
                    let value = values.get(at - known.len()).map_or("", String::as_str);
                    Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(value, rows)))
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(self.schema), arrays, &options)?)
    }
}

/// Emits the rows of an object.
struct ObjectRows<'w, 'a, 'e> {
    work: &'w mut RawWork<'a>,
    partition: usize,
    emit: &'e mut dyn FnMut(RecordBatch) -> bool,
}

impl Sink for ObjectRows<'_, '_, '_> {
    fn text(&mut self, decoder: &mut ObjectDecoder, text: &[u8], mut from: usize) -> crate::Result<bool> {
        let work = &mut *self.work;
        let mut rejects = Vec::new();
        while from < text.len() {
            work.batch.clear();
            // The decoder returns early where the format changes or strings are long: what came before is handed on, too small
            // or not.
            let done = decoder.decode(text, from, &mut work.batch, BATCH_ROWS, &mut rejects);
            from += done.bytes;
            work.objects.meter.left_out(done.rejected, 0);
            rejects.clear();
            if work.batch.rows() > 0 {
                let columns = work.columns(self.partition);
                let columns = columns.map_err(|e| Error::stopped("the rows of an object fit no columns").because(e))?;
                if !(self.emit)(columns) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn array(data: &ColumnData) -> Result<ArrayRef> {
    let nulls = |rows: usize| {
        (!data.nulls.is_empty()).then(|| {
            let mut valid = vec![true; rows];
            data.nulls.iter().for_each(|row| valid[*row as usize] = false);
            NullBuffer::from(valid)
        })
    };
    Ok(match &data.values {
        Values::Int(values) => Arc::new(Int32Array::new(values.clone().into(), nulls(values.len()))),
        Values::Bigint(values) => Arc::new(Int64Array::new(values.clone().into(), nulls(values.len()))),
        Values::String { codes, dictionary } if dictionary.is_empty() => {
            new_null_array(&arrow::datatypes::DataType::Utf8View, codes.len())
        }
        Values::String { codes, dictionary } => {
            let mut values = StringViewBuilder::with_capacity(dictionary.len());
            for code in 0..dictionary.len() as u32 {
                // Lines that are not UTF-8 are rejected before.
                values.append_value(String::from_utf8_lossy(dictionary.value(code)));
            }
            let values: ArrayRef = Arc::new(values.finish());
            let codes = UInt32Array::new(codes.clone().into(), nulls(codes.len()));
            take(&values, &codes, None)?
        }
    })
}
