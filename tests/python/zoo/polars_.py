"""Polars: scans of files with statistics on and off, by row groups and columns in parallel, and by its streaming
engine; and of a whole DEST."""

import operator
import pathlib

import polars as pl

from . import checksum

NAME = "Polars"
TYPES = {"int32": pl.Int32, "int64": pl.Int64, "string": pl.String}
COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
# Setting -> (of the scan, of collecting).
SETTINGS = {
    "statistics": ({}, {}),
    "no statistics": ({"use_statistics": False}, {}),
    "prefiltered": ({"parallel": "prefiltered"}, {}),
    "streaming": ({"low_memory": True}, {"engine": "streaming"}),
}


def version():
    return f"Polars {pl.__version__}"


def missing():
    return None


def answers(files, folder):
    return [checksum.guarded(answer, job) for job in files]


def answer(job, found):
    path, names = job["path"], list(job["columns"])
    scan = pl.scan_parquet(path)
    schema = dict(scan.collect_schema())
    if schema != {name: TYPES[kind] for name, kind in job["columns"].items()}:
        raise AssertionError(f"columns {schema}")
    whole = scan.collect()
    found["rows"] = scan.select(pl.len()).collect().item()
    found["columns"] = of_frame(whole, names)
    ends = [end.name.suffix(which) for name in names
            for which, end in ((" min", pl.col(name).min()), (" max", pl.col(name).max()))]
    checksum.with_bounds(found["columns"], names, scan.select(ends).collect().row(0))
    for setting, (scanning, collecting) in SETTINGS.items():
        source = pl.scan_parquet(path, **scanning)
        found["filters"][setting] = [source.filter(expression(q)).select(pl.len()).collect(**collecting).item()
                                     for q in job["filters"]]


def of_frame(frame, names):
    return {name: checksum.of_arrow(frame[name].to_arrow()) for name in names if name in frame.columns}


def expression(question):
    column = pl.col(question["column"])
    if question["op"] == "is null":
        return column.is_null()
    if question["op"] == "is not null":
        return column.is_not_null()
    return COMPARE[question["op"]](column, pl.lit(question["value"]))


def table(dest, columns):
    """The whole DEST, by a pattern: a bare folder is refused, since _flowparquet/ beside the partitions holds other
    files. Files of several formats need the schema of all: without, Polars takes the first file's, and passes over what
    others have more."""
    schema = {}
    for path in sorted(dest.rglob("part-*.parquet")):
        schema |= pl.read_parquet_schema(path)
    frame = pl.scan_parquet(f"{dest}/**/*.parquet", hive_partitioning=True, schema=schema,
                            missing_columns="insert").collect()
    return {"rows": frame.height, "columns": of_frame(frame, columns)}


def folder_scan(dest):
    """What a scan of the bare folder says: None, or the error's text."""
    try:
        pl.scan_parquet(pathlib.Path(dest), hive_partitioning=True).collect()
        return None
    except Exception as error:  # noqa: BLE001 - what it says is wanted
        return f"{type(error).__name__}: {error}"
