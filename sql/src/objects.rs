//! A table of raw objects: each is read whole by the reader that was given, and handed on as columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{RecordBatch, StringViewArray};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};

use crate::error::{Failure, Given};
use crate::meter::{Kept, Meter};
use crate::partitions::{self, Partitioned, table_schema};

/// A raw object of the table.
#[derive(Debug, Clone, Copy)]
pub struct DataObject {
    /// Place of its partition in [`Partitioned::partitions`].
    pub partition: usize,
    /// Its size.
    pub bytes: u64,
}

/// Reads raw objects.
pub trait Objects: std::fmt::Debug + Send + Sync {
    /// Returns what reads one object after the other, on a thread of its own: rows with these columns of
    /// [`table_schema`], by their places, which have this schema.
    fn reader<'a>(&'a self, columns: &'a [usize], schema: &'a SchemaRef) -> Box<dyn ObjectReader + 'a>;

    /// Returns the URL of the object at this place of those that the table was opened with: rows have it in their column
    /// `"$path"`.
    fn url(&self, at: usize) -> String;
}

/// Takes rows of an object; returns false if no more are wanted.
pub type Emit<'a> = dyn FnMut(RecordBatch) -> bool + 'a;

/// Reads raw objects one after the other.
pub trait ObjectReader {
    /// Reads the object at this place of those that the table was opened with, and emits its rows.
    ///
    /// # Errors
    /// When it cannot be read, which ends the statement. What of it is no row is left out.
    fn read(&mut self, at: usize, emit: &mut Emit<'_>) -> Result<LeftOut, Failure>;
}

/// What of a raw object is no row.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeftOut {
    /// Lines.
    pub rows: u64,
    /// Whole objects: 1 if this one does not read to its end, or is of another log type.
    pub objects: u64,
    /// Objects that are no flow logs: 1 if this one is none, which is no news.
    pub no_flow_logs: u64,
}

/// The table.
#[derive(Debug)]
pub struct ObjectTable {
    table: Arc<Partitioned>,
    objects: Arc<Vec<DataObject>>,
    reader: Arc<dyn Objects>,
    meter: Arc<Meter>,
    schema: SchemaRef,
    /// Place of the column that has the URL of a row's object, if there is one.
    path: Option<usize>,
}

impl ObjectTable {
    /// Makes a table of these objects.
    pub fn new(table: Partitioned, objects: Vec<DataObject>, reader: Arc<dyn Objects>, meter: Arc<Meter>) -> Self {
        let schema = table_schema(&table);
        Self { table: Arc::new(table), objects: Arc::new(objects), reader, meter, schema, path: None }
    }

    /// Returns the same table with one more column, the URL of a row's object.
    pub fn with_path(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
            objects: Arc::clone(&self.objects),
            reader: Arc::clone(&self.reader),
            meter: Arc::clone(&self.meter),
            schema: partitions::with_path(&self.schema),
            path: Some(self.schema.fields().len()),
        }
    }
}

#[async_trait::async_trait]
impl TableProvider for ObjectTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(partitions::pushdown(filters, &self.table.keys, TableProviderFilterPushDown::Unsupported))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keep = partitions::keep(state, filters, &self.table)?;
        let places = self.objects.iter().enumerate().filter(|(_, object)| keep[object.partition]);
        let kept: Vec<usize> = places.map(|(at, _)| at).collect();
        let read = keep.iter().filter(|keep| **keep).count() as u64;
        self.meter.scanned(
            Kept { kept: read, all: self.table.partitions.len() as u64 },
            Kept { kept: kept.len() as u64, all: self.objects.len() as u64 },
        );
        // Athena reads and bills text whole, whatever of it a query needs.
        self.meter.data(kept.iter().map(|at| self.objects[*at].bytes).sum(), kept.len() as u64);
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&wanted)?);
        let path = self.path.and_then(|path| wanted.iter().position(|at| *at == path));
        let wanted: Vec<usize> = wanted.into_iter().filter(|at| Some(*at) != self.path).collect();
        let read = Arc::new(self.schema.project(&wanted)?);
        let readers = state.config().target_partitions().min(kept.len()).max(1);
        let queue = Arc::new((kept, AtomicUsize::new(0)));
        let stream = || -> Arc<dyn PartitionStream> {
            Arc::new(ObjectStream {
                reader: Arc::clone(&self.reader),
                meter: Arc::clone(&self.meter),
                queue: Arc::clone(&queue),
                wanted: wanted.clone(),
                read: Arc::clone(&read),
                path,
                schema: Arc::clone(&schema),
            })
        };
        let streams = (0..readers).map(|_| stream()).collect();
        Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(&schema), streams, None, [], false, limit)?))
    }
}

/// Takes one object after the other from the queue.
#[derive(Debug)]
struct ObjectStream {
    reader: Arc<dyn Objects>,
    meter: Arc<Meter>,
    /// Places of the objects, and the next one to read.
    queue: Arc<(Vec<usize>, AtomicUsize)>,
    /// Places of the wanted columns that the reader knows.
    wanted: Vec<usize>,
    /// Their schema.
    read: SchemaRef,
    /// Place of the object's URL among all that are wanted.
    path: Option<usize>,
    /// The schema of all.
    schema: SchemaRef,
}

/// Puts the URL of their object into rows, at a place.
fn with_url(rows: &RecordBatch, place: usize, url: &str, schema: &SchemaRef) -> Result<RecordBatch> {
    let urls = StringViewArray::from_iter_values(std::iter::repeat_n(url, rows.num_rows()));
    let mut columns = rows.columns().to_vec();
    columns.insert(place, Arc::new(urls));
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

impl PartitionStream for ObjectStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        // Two batches wait at most: readers are not to run ahead of who computes.
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 2);
        let (sender, objects, queue) = (stream.tx(), Arc::clone(&self.reader), Arc::clone(&self.queue));
        let (wanted, read, meter) = (self.wanted.clone(), Arc::clone(&self.read), Arc::clone(&self.meter));
        let (path, schema) = (self.path, Arc::clone(&self.schema));
        stream.spawn_blocking(move || {
            let mut reader = objects.reader(&wanted, &read);
            loop {
                let next = queue.1.fetch_add(1, Ordering::Relaxed);
                let Some(at) = queue.0.get(next) else { return Ok(()) };
                let mut gone = false;
                let url = path.map(|place| (place, objects.url(*at)));
                let mut emit = |rows: RecordBatch| {
                    let rows = match &url {
                        Some((place, url)) => with_url(&rows, *place, url, &schema),
                        None => Ok(rows),
                    };
                    gone = sender.blocking_send(rows).is_err();
                    !gone
                };
                let left_out = reader.read(*at, &mut emit);
                meter.left_out(left_out.map_err(|e| DataFusionError::External(Box::new(Given(e))))?);
                // Nobody wants any more: a LIMIT is reached, or the query failed elsewhere.
                if gone {
                    return Ok(());
                }
            }
        });
        stream.build()
    }
}
