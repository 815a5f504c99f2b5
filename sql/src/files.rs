//! A table of Parquet files, read by DataFusion through the reader that it was given.
//!
//! Of a file, the footer is read once for a statement, and then the column chunks that DataFusion asks for.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use crate::error::{Failure, Given};
use crate::meter::{Kept, Meter};
use crate::partitions::{self, Partitioned, table_schema};

/// Bytes that are read first of a file's end: most footers fit.
const TAIL_BYTES: u64 = 64 << 10;

/// A file of the table.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Place of its partition in [`Partitioned::partitions`].
    pub partition: usize,
    /// What its reader calls it.
    pub key: String,
    /// Its size.
    pub bytes: u64,
}

/// Reads files, on threads that may wait.
pub trait Files: std::fmt::Debug + Send + Sync {
    /// Returns these ranges of a file's bytes, in their order.
    ///
    /// # Errors
    /// When the file cannot be read there.
    fn read(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, Failure>;

    /// Returns by how many requests it reads them.
    fn requests(&self, ranges: &[Range<u64>]) -> u64;

    /// Returns the file's URL, which rows have in their column `"$path"`.
    fn url(&self, key: &str) -> String;
}

/// The table.
#[derive(Debug)]
pub struct FileTable {
    table: Arc<Partitioned>,
    files: Arc<Vec<DataFile>>,
    reader: Arc<dyn Files>,
    meter: Arc<Meter>,
    /// Whether page index and bloom filters are used besides the statistics of row groups.
    page_index: bool,
    /// Whether rows have the URL of their file behind all else.
    with_path: bool,
    schema: SchemaRef,
}

impl FileTable {
    /// Makes a table of these files.
    pub fn new(
        table: Partitioned,
        files: Vec<DataFile>,
        reader: Arc<dyn Files>,
        meter: Arc<Meter>,
        page_index: bool,
    ) -> Self {
        let schema = table_schema(&table);
        let (table, files) = (Arc::new(table), Arc::new(files));
        Self { table, files, reader, meter, page_index, with_path: false, schema }
    }

    /// Returns the same table with one more column, the URL of a row's file.
    pub fn with_path(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
            files: Arc::clone(&self.files),
            reader: Arc::clone(&self.reader),
            meter: Arc::clone(&self.meter),
            page_index: self.page_index,
            with_path: true,
            schema: partitions::with_path(&self.schema),
        }
    }

    /// Returns a file as the engine scans it.
    fn scanned(&self, file: &DataFile) -> PartitionedFile {
        let mut values = self.table.partitions[file.partition].clone();
        values.extend(self.with_path.then(|| self.reader.url(&file.key)));
        let mut scanned = PartitionedFile::new(String::new(), file.bytes)
            .with_partition_values(values.into_iter().map(|value| ScalarValue::Utf8View(Some(value))).collect())
            .with_extension(file.clone());
        // Its key stands in the extension, whole; this one is for people who read plans.
        scanned.object_meta.location = file.key.as_str().into();
        scanned
    }
}

#[async_trait::async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(partitions::pushdown(filters, &self.table.keys, TableProviderFilterPushDown::Inexact))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keep = partitions::keep(state, filters, &self.table)?;
        let kept: Vec<&DataFile> = self.files.iter().filter(|file| keep[file.partition]).collect();
        let read = keep.iter().filter(|keep| **keep).count() as u64;
        self.meter.scanned(
            Kept { kept: read, all: self.table.partitions.len() as u64 },
            Kept { kept: kept.len() as u64, all: self.files.len() as u64 },
        );
        let files: Vec<PartitionedFile> = kept.into_iter().map(|file| self.scanned(file)).collect();
        if files.is_empty() {
            // A scan of no files has no partition, which sorting and joining want.
            let schema = self.schema();
            return Ok(Arc::new(EmptyExec::new(match projection {
                Some(wanted) => Arc::new(schema.project(wanted)?),
                None => schema,
            })));
        }
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let mut options =
            TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..Default::default() };
        options.global.pruning = true;
        options.global.pushdown_filters = false;
        options.global.enable_page_index = self.page_index;
        options.global.bloom_filter_on_read = self.page_index;
        let mut keys = self.table.keys.clone();
        keys.extend(self.with_path.then_some(partitions::PATH));
        let schema = TableSchema::builder(partitions::row_schema(&self.table.columns))
            .with_table_partition_cols(partitions::partition_fields(&keys))
            .build();
        let readers =
            Readers { reader: Arc::clone(&self.reader), meter: Arc::clone(&self.meter), page_index: self.page_index };
        let source = ParquetSource::new(schema)
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        // The URL is never asked: files are read by `Readers`.
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit);
        Ok(DataSourceExec::from_data_source(config.build()))
    }
}

#[derive(Debug)]
struct Readers {
    reader: Arc<dyn Files>,
    meter: Arc<Meter>,
    page_index: bool,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let missing = || datafusion::common::internal_datafusion_err!("a file without a key");
        let file = file.extension::<DataFile>().cloned().ok_or_else(missing)?;
        let (reader, meter) = (Arc::clone(&self.reader), Arc::clone(&self.meter));
        Ok(Box::new(FileReader { reader, meter, file, page_index: self.page_index }))
    }
}

/// Reads a file; calls wait on threads that may.
struct FileReader {
    reader: Arc<dyn Files>,
    meter: Arc<Meter>,
    file: DataFile,
    page_index: bool,
}

impl FileReader {
    fn read(&self, ranges: Vec<Range<u64>>) -> BoxFuture<'static, Result<Vec<Bytes>, ParquetError>> {
        let (reader, key) = (Arc::clone(&self.reader), self.file.key.clone());
        self.meter.data(ranges.iter().map(|range| range.end - range.start).sum(), reader.requests(&ranges));
        let meter = Arc::clone(&self.meter);
        blocking(move || reader.read(&key, &ranges).map_err(|failure| meter.fail(failure))).boxed()
    }
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = self.read(vec![range]);
        async move { Ok(read.await?.into_iter().next().unwrap_or_default()) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        self.read(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let footer = self.meter.footer(&self.file.key);
        let (reader, file, meter) = (Arc::clone(&self.reader), self.file.clone(), Arc::clone(&self.meter));
        let page_index = self.page_index;
        async move {
            let load = || {
                blocking(move || Ok(metadata(reader.as_ref(), &file, &meter, page_index)))
                    .map(|read| read?.map(Arc::new))
            };
            footer.get_or_try_init(load).await.map(Arc::clone)
        }
        .boxed()
    }
}

/// Reads a footer, and with it the page index if that is wanted.
fn metadata(
    files: &dyn Files,
    file: &DataFile,
    meter: &Meter,
    page_index: bool,
) -> Result<ParquetMetaData, ParquetError> {
    let policy = if page_index { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let mut reader = ParquetMetaDataReader::new().with_page_index_policy(policy);
    let mut tail = TAIL_BYTES.min(file.bytes);
    loop {
        let end = file.bytes - tail..file.bytes;
        let read = files.read(&file.key, std::slice::from_ref(&end));
        let read = read.map_err(|failure| external(meter.fail(failure)))?.pop().unwrap_or_default();
        meter.footer_piece(read.len() as u64);
        match reader.try_parse_sized(&read, file.bytes) {
            Ok(()) => return reader.finish(),
            // The position in the file from whose end on there is enough.
            Err(ParquetError::NeedMoreData(needed)) if (needed as u64) > tail && (needed as u64) <= file.bytes => {
                tail = needed as u64;
            }
            Err(e) => return Err(e),
        }
    }
}

fn external(failure: Failure) -> ParquetError {
    ParquetError::External(Box::new(Given(failure)))
}

async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, ParquetError> {
    let called = tokio::task::spawn_blocking(call).await;
    called.map_err(|e| ParquetError::External(Box::new(e)))?.map_err(external)
}
