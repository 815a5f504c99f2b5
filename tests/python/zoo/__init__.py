"""The zoo of readers: other people's Parquet readers judge the files that flowparquet writes.

cases.py makes about a hundred files; expected.py reads their raw text independently; each reader says what it finds in
a file: rows, an order-free checksum of every column (checksum.py), rows that filters find with statistics, page index,
dictionaries and Bloom filters on and off. test_zoo.py compares. walker.py is a reader of our own, which holds every
byte against the format's text; splits.py has the rules by which engines cut files.

A reader is a module with
    NAME                        as in the table
    version() -> str            "parquet-go 0.25.1"
    missing() -> str | None     what is not here and how to get it, in one line
    answers(files, folder)      job["files"] -> answers, in order; `folder` is scratch space
    table(dest, columns)        optional: the rows and columns of a whole DEST
A job: {"files": [{"path", "columns": {name: "int32" | "int64" | "string"}, "filters": [{"column", "op", "value"}]}],
"tables": [{"dest", "columns"}]}. An answer: {"path", "rows", "columns": {name: {"nulls", "sum", "min", "max"}},
"filters": {setting: [rows]}, "splits": {size: {"rows", "columns"}}, "error"}; min, max and splits are optional.

By hand, with the job of a failure: PYTHONPATH=tests/python:scripts target/venv/bin/python -m zoo READER JOB
"""

import importlib
import os

FULL = bool(os.environ.get("FLOWPARQUET_TEST_READERS"))

# Reader -> whether it always runs; the others run with scripts/test.sh --readers. "MODULE:NAME" is one of a module's
# READERS. The slowest stand first.
READERS = {
    "spark": True, "walker": True, "datafusion_": True, "polars_": True, "duck": True, "arrow": True,
    "jvm": False, "clickhouse": False, "golang:parquet-go": False, "golang:arrow-go": False, "javascript:hyparquet": False,
    "javascript:parquet-wasm": False, "trino": False,
}
# Of slow readers, every how many-th case is read, and how many filters of a file are asked: always, and with --readers.
SHARE = {"trino": 4} if FULL else {"spark": 4}
MOST_FILTERS = {"trino": 24, "clickhouse": 24, "javascript:hyparquet": 40}


def reader(name):
    module, _, part = name.partition(":")
    found = importlib.import_module(f"zoo.{module}")
    return next(one for one in found.READERS if one.NAME == part) if part else found
