//! A converted table: the Parquet files that the ledger names, read by DataFusion through our own store.
//!
//! Files come from the ledger and not from a listing: what it does not name is not part of the table. Of a file, the
//! footer is read once for a statement, and then the column chunks that DataFusion asks for.

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
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use sha2::{Digest, Sha256};

use super::meter::{Kept, Meter};
use super::prune;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::record::header::Column;
use crate::store::Store;
use crate::store::ranges::near;
use crate::store::upload::hex;

/// Bytes that are read first of a file's end: most footers fit.
const TAIL_BYTES: u64 = 64 << 10;

/// Bytes that are hashed at once.
const PIECE_BYTES: usize = 8 << 20;

/// A file of the table.
#[derive(Debug, Clone)]
pub struct QueryFile {
    /// Place of its partition in [`FileTable::partitions`].
    pub partition: usize,
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 by the ledger, if that is known.
    pub sha256: Option<String>,
}

/// Returns the URLs of those files whose bytes are not those of the ledger.
///
/// # Errors
/// When the store fails.
pub fn damaged<'a>(store: &Store, files: impl Iterator<Item = &'a QueryFile>) -> crate::Result<Vec<String>> {
    let mut damaged = Vec::new();
    for file in files {
        let Some(recorded) = &file.sha256 else { continue };
        let mut hash = Sha256::new();
        for begin in (0..file.bytes).step_by(PIECE_BYTES) {
            let end = file.bytes.min(begin + PIECE_BYTES as u64);
            hash.update(store.get_range(&file.key, begin..end)?);
        }
        if *recorded != hex(&hash.finalize()) {
            damaged.push(store.location().url_of(&file.key));
        }
    }
    Ok(damaged)
}

/// The table.
#[derive(Debug)]
pub struct FileTable {
    /// Columns of the files together.
    pub columns: Vec<Column>,
    /// How it is partitioned.
    pub by: PartitionBy,
    /// Partitions with files.
    pub partitions: Vec<Partition>,
    /// The files.
    pub files: Vec<QueryFile>,
    /// The store of the files.
    pub store: Store,
    /// Counts what is read.
    pub meter: Arc<Meter>,
    /// Whether page index and bloom filters are used besides the statistics of row groups.
    pub page_index: bool,
    schema: SchemaRef,
}

impl FileTable {
    /// Makes a table of these files.
    pub fn new(
        (columns, by): (Vec<Column>, PartitionBy),
        (partitions, files): (Vec<Partition>, Vec<QueryFile>),
        store: Store,
        meter: Arc<Meter>,
        page_index: bool,
    ) -> Self {
        let schema = prune::table_schema(&columns, by);
        Self { columns, by, partitions, files, store, meter, page_index, schema }
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
        Ok(prune::pushdown(filters, self.by, TableProviderFilterPushDown::Inexact))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keep = prune::keep(state, filters, self.by, &self.partitions)?;
        let kept: Vec<&QueryFile> = self.files.iter().filter(|file| keep[file.partition]).collect();
        let partitions = keep.iter().filter(|keep| **keep).count() as u64;
        self.meter.scanned(
            Kept { kept: partitions, all: self.partitions.len() as u64 },
            Kept { kept: kept.len() as u64, all: self.files.len() as u64 },
        );
        let files = kept.into_iter().map(|file| {
            let values = prune::values(&self.partitions[file.partition]);
            let mut scanned = PartitionedFile::new(String::new(), file.bytes)
                .with_partition_values(values.into_iter().map(|value| ScalarValue::Utf8View(Some(value))).collect())
                .with_extension(file.clone());
            // Its key stands in the extension, whole; this one is for people who read plans.
            scanned.object_meta.location = file.key.as_str().into();
            scanned
        });
        let groups = FileGroup::new(files.collect()).split_files(state.config().target_partitions());
        let mut options =
            TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..Default::default() };
        options.global.pruning = true;
        options.global.pushdown_filters = false;
        options.global.enable_page_index = self.page_index;
        options.global.bloom_filter_on_read = self.page_index;
        let schema = TableSchema::builder(prune::file_schema(&self.columns))
            .with_table_partition_cols(prune::partition_fields(self.by))
            .build();
        let readers =
            Readers { store: self.store.clone(), meter: Arc::clone(&self.meter), page_index: self.page_index };
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
    store: Store,
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
        let file = file.extension::<QueryFile>().cloned().ok_or_else(missing)?;
        let (store, meter) = (self.store.clone(), Arc::clone(&self.meter));
        Ok(Box::new(FileReader { store, meter, file, page_index: self.page_index }))
    }
}

/// Reads a file; calls of the store wait on threads that may.
struct FileReader {
    store: Store,
    meter: Arc<Meter>,
    file: QueryFile,
    page_index: bool,
}

impl FileReader {
    fn read(&self, ranges: Vec<Range<u64>>) -> BoxFuture<'static, Result<Vec<Bytes>, ParquetError>> {
        let (store, key) = (self.store.clone(), self.file.key.clone());
        self.meter.data(ranges.iter().map(|range| range.end - range.start).sum(), near(&ranges).len() as u64);
        blocking(move || store.get_ranges(&key, &ranges)).boxed()
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
        let (store, file, meter) = (self.store.clone(), self.file.clone(), Arc::clone(&self.meter));
        let page_index = self.page_index;
        async move {
            let load =
                || blocking(move || Ok(metadata(&store, &file, &meter, page_index))).map(|read| read?.map(Arc::new));
            footer.get_or_try_init(load).await.map(Arc::clone)
        }
        .boxed()
    }
}

/// Reads a footer, and with it the page index if that is wanted.
fn metadata(store: &Store, file: &QueryFile, meter: &Meter, page_index: bool) -> Result<ParquetMetaData, ParquetError> {
    let policy = if page_index { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let mut reader = ParquetMetaDataReader::new().with_page_index_policy(policy);
    let mut tail = TAIL_BYTES.min(file.bytes);
    loop {
        let read = store.get_range(&file.key, file.bytes - tail..file.bytes).map_err(external)?;
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

fn external(error: crate::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> crate::Result<T> + Send + 'static,
) -> Result<T, ParquetError> {
    let called = tokio::task::spawn_blocking(call).await;
    called.map_err(|e| ParquetError::External(Box::new(e)))?.map_err(external)
}
