"""The engines: each runs one statement over one layout, from nothing known to the answer, and says what it read.

  DuckDB      by an fsspec file system that turns each of DuckDB's reads into one ranged GET: counted at the store (httpfs is an
              extension that only its makers' host has)
  DataFusion  by its own S3 client: counted at the store
  pyarrow     by its own S3 client, dataset scanner with filter and columns, no SQL: counted at the store
  Spark       on local files, as S3A is no part of the wheel: Hadoop's statistics of the file system: bytes only
  Trino       the table in a Glue catalog, as Athena has it: counted at the store, and by its own statistics of queries
Every run begins with a new connection, session or dataset, so that nothing is remembered, footers included.
"""

import datetime
import os
import shutil
import tempfile
import time

import datafusion
import duckdb
import fsspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from datafusion.object_store import AmazonS3
from raw import expression, summary
from store import BUCKET, Ranges, Run
from trino_engine import Trino

THREADS = 2


class Unable(Exception):
    """The engine cannot be asked this."""


def timed(store, run):
    store.reset()
    began = time.perf_counter()
    answer = run()
    return Run(answer, *store.count(), time.perf_counter() - began)


class Counted(fsspec.AbstractFileSystem):
    """Objects of the store as files without any buffer: a read is a request."""

    protocol = "counted"
    cachable = False

    def __init__(self, store, **kwargs):
        super().__init__(**kwargs)
        self.ranges = Ranges(store.endpoint)

    def info(self, path, **kwargs):
        path = self._strip_protocol(path)
        return {"name": path, "size": self.ranges.size(path), "type": "file"}

    def ls(self, path, detail=True, **kwargs):
        return [self.info(path)] if detail else [self._strip_protocol(path)]

    def glob(self, path, **kwargs):
        return [self._strip_protocol(path)]

    def exists(self, path, **kwargs):
        return True

    def modified(self, path):
        return datetime.datetime(2026, 1, 15, tzinfo=datetime.timezone.utc)

    def _open(self, path, mode="rb", **kwargs):
        return _Unbuffered(self.ranges, self._strip_protocol(path))

    def open(self, path, mode="rb", **kwargs):
        return self._open(path, mode)


class _Unbuffered:
    def __init__(self, ranges, key):
        self.ranges, self.key, self.at, self.size = ranges, key, 0, ranges.size(key)
        self.closed = False

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self):
        return self.at

    def read(self, length=-1):
        length = self.size - self.at if length < 0 else min(length, self.size - self.at)
        data = self.ranges.read(self.key, self.at, length) if length else b""
        self.at += len(data)
        return data

    def seekable(self):
        return True

    def readable(self):
        return True

    def flush(self):
        pass

    def close(self):
        self.closed = True


class DuckDB:
    name = "duckdb"
    scans = False
    metric = "ranged GETs at the store, one per read of DuckDB"

    def __init__(self, store):
        self.store = store

    def ask(self, question, layout):
        def run():
            with duckdb.connect(config={"threads": THREADS}) as db:
                db.register_filesystem(Counted(self.store))
                db.execute("SET enable_external_file_cache = false")
                db.execute(f"""CREATE VIEW vpc_flow_logs AS SELECT * FROM read_parquet(
                    ['counted://{layout.key}'], hive_partitioning = true, hive_types_autocast = false)""")
                return db.execute(question.sql("duckdb")).fetchall()

        return timed(self.store, run)

    def close(self):
        pass


class DataFusion:
    name = "datafusion"
    scans = False
    metric = "requests at the store"

    def __init__(self, store):
        self.store = store

    def ask(self, question, layout):
        def run():
            context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(THREADS))
            s3 = AmazonS3(bucket_name=BUCKET, region="us-east-1", access_key_id="a", secret_access_key="b",
                          endpoint=self.store.endpoint, allow_http=True)
            context.register_object_store("s3://", s3, None)
            context.register_parquet("vpc_flow_logs", f"s3://{BUCKET}/{layout.folder}/",
                                     table_partition_cols=[(c, pa.string()) for c in ("year", "month", "day")])
            batches = context.sql(question.sql("datafusion")).collect()
            return [tuple(r.values()) for b in batches for r in rows_of(b)]

        return timed(self.store, run)

    def close(self):
        pass


def rows_of(batch):
    names = [f"c{i}" for i in range(batch.num_columns)]  # names may repeat
    return batch.rename_columns(names).to_pylist()


class PyArrow:
    name = "pyarrow"
    scans = True  # the rows are what is compared, by `summary`
    metric = "requests at the store; rows that the filter leaves, without the statement's aggregation"

    def __init__(self, store):
        self.store = store

    def ask(self, question, layout):
        if not question.exact:
            raise Unable
        filter_ = expression(question.predicate)

        def run():
            s3 = pafs.S3FileSystem(anonymous=True, endpoint_override=self.store.endpoint, scheme="http", region="us-east-1")
            table = ds.dataset(f"{BUCKET}/{layout.key}", filesystem=s3, format="parquet").to_table(
                columns=question.columns, filter=filter_)
            return summary(table)

        return timed(self.store, run)

    def close(self):
        pass


class Spark:
    name = "spark"
    scans = False
    metric = "bytes by Hadoop's statistics of the local file system, which count no requests"

    def __init__(self, store):
        from pyspark.sql import SparkSession

        self.store = store
        self.tmp = tempfile.mkdtemp(prefix="spark-")
        for name in ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "HIVE_CONF_DIR", "YARN_CONF_DIR", "PYSPARK_SUBMIT_ARGS"):
            os.environ.pop(name, None)
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        settings = {
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "3g",
            "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={self.tmp}", "spark.local.dir": self.tmp,
            "spark.sql.warehouse.dir": f"{self.tmp}/warehouse", "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": str(THREADS),
            # The partition's values are text, as Athena has them.
            "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
            # Vectored reads of local files are in no statistics.
            "spark.hadoop.parquet.hadoop.vectored.io.enabled": "false",
        }
        builder = SparkSession.builder.master(f"local[{THREADS}]").appName("layouts")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")
        self.spark.range(1).count()  # what a first query alone pays for
        self.file_system = self.spark._jvm.org.apache.hadoop.fs.FileSystem

    def ask(self, question, layout):
        self.file_system.clearStatistics()
        began = time.perf_counter()
        self.spark.read.parquet(f"file://{self.store.root}/{layout.folder}").createOrReplaceTempView("vpc_flow_logs")
        answer = [tuple(r) for r in self.spark.sql(question.sql("spark")).collect()]
        seconds = time.perf_counter() - began
        read = sum(s.getBytesRead() for s in self.file_system.getAllStatistics() if s.getScheme() == "file")
        return Run(answer, read, None, seconds)

    def close(self):
        self.spark.stop()
        shutil.rmtree(self.tmp, ignore_errors=True)


ENGINES = {e.name: e for e in (DuckDB, DataFusion, PyArrow, Spark, Trino)}


def engine(name, store, binary):
    return Trino(store, binary) if name == Trino.name else ENGINES[name](store)
