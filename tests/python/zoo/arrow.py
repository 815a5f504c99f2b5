"""pyarrow: whole files with and without threads, page checksums verified, and datasets with filters pushed into row
groups."""

import operator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from . import checksum

NAME = "pyarrow"
TYPES = {"int32": pa.int32(), "int64": pa.int64(), "string": pa.string()}
COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def version():
    return f"pyarrow {pa.__version__}"


def missing():
    return None


def answers(files, folder):
    return [checksum.guarded(answer, job) for job in files]


def answer(job, found):
    path = job["path"]
    table = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True).read(use_threads=True)
    again = pq.read_table(path, use_threads=False, memory_map=False, pre_buffer=False, page_checksum_verification=True)
    if again.column_names != table.column_names or not again.equals(table):
        raise AssertionError("with and without threads and buffers the tables differ")
    types = {name: table.schema.field(name).type for name in table.column_names}
    if types != {name: TYPES[kind] for name, kind in job["columns"].items()}:
        raise AssertionError(f"columns {types}")
    found["rows"] = table.num_rows
    found["columns"] = {name: checksum.of_arrow(table[name]) for name in job["columns"]}
    dataset = ds.dataset(path, format="parquet")
    memory = ds.dataset(table)
    for setting, source in (("statistics", dataset), ("off", memory)):
        found["filters"][setting] = [source.count_rows(filter=expression(q)) for q in job["filters"]]


def expression(question):
    column = pc.field(question["column"])
    if question["op"] == "is null":
        return column.is_null()
    if question["op"] == "is not null":
        return column.is_valid()
    return COMPARE[question["op"]](column, pc.scalar(question["value"]))


def table(dest, columns):
    """The whole DEST as a dataset with Hive partitions, which passes over _flowparquet/."""
    dataset = ds.dataset(str(dest), partitioning="hive", format="parquet")
    schema = pa.unify_schemas([dataset.schema, *(fragment.physical_schema for fragment in dataset.get_fragments())])
    whole = ds.dataset(str(dest), schema=schema, partitioning=dataset.partitioning, format="parquet").to_table()
    return {"rows": whole.num_rows, "columns": {name: checksum.of_arrow(whole[name]) for name in columns}}
