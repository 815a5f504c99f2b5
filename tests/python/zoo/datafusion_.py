"""DataFusion, the engine of `query`, here the library of its Python package: statistics of files, row groups, pages and
Bloom filters on and off, filters pushed into the scan, files cut into byte ranges."""

import datafusion
import pyarrow as pa

from . import FULL, checksum

NAME = "DataFusion"
TYPES = {"int32": pa.int32(), "int64": pa.int64(), "string": pa.string()}

_PARQUET = "datafusion.execution.parquet."
_OFF = {f"{_PARQUET}{name}": "false" for name in ("pruning", "enable_page_index", "bloom_filter_on_read", "pushdown_filters")}
_ALL = {f"{_PARQUET}{name}": "true" for name in ("pruning", "enable_page_index", "bloom_filter_on_read")}
_PUSH = {f"{_PARQUET}pushdown_filters": "true", f"{_PARQUET}reorder_filters": "true"}
_STATISTICS = "datafusion.execution.collect_statistics"
_RANGES = {"datafusion.optimizer.repartition_file_scans": "true", "datafusion.optimizer.repartition_file_min_size": "1"}
SETTINGS = {
    "default": {},
    "pushed down": {**_ALL, **_PUSH},
    "no statistics of files": {_STATISTICS: "false", **_ALL},
    "row groups only": {f"{_PARQUET}enable_page_index": "false", f"{_PARQUET}bloom_filter_on_read": "false"},
    "off": {_STATISTICS: "false", **_OFF},
    "byte ranges": {**_ALL, **_PUSH, **_RANGES, "datafusion.execution.target_partitions": "7"},
}
PARTS = (2, 3, 7, 16)  # into which a whole file is cut
QUICK = ("default", "off", "byte ranges")


def version():
    return f"DataFusion {datafusion.__version__}"


def missing():
    return None


def context(settings):
    config = datafusion.SessionConfig({"datafusion.execution.target_partitions": "2", **settings})
    return datafusion.SessionContext(config)


def answers(files, folder):
    contexts = {name: context(SETTINGS[name]) for name in (SETTINGS if FULL else QUICK)}
    parts = PARTS if FULL else PARTS[2:3]
    cutting = {n: context({**_RANGES, "datafusion.execution.target_partitions": str(n)}) for n in parts}
    return [checksum.guarded(lambda job, found: answer(contexts, cutting, job, found), job) for job in files]


def answer(contexts, cutting, job, found):
    names = list(job["columns"])
    for engine in [*contexts.values(), *cutting.values()]:
        engine.deregister_table("f")
        engine.register_parquet("f", job["path"])
    default = contexts["default"]
    whole = rows(default, "SELECT * FROM f")
    types = {field.name: plain(field.type) for field in whole.schema}
    if types != {name: TYPES[kind] for name, kind in job["columns"].items()}:
        raise AssertionError(f"columns {types}")
    found["rows"] = one(default, "SELECT count(*) FROM f")
    found["columns"] = {name: checksum.of_arrow(whole[name]) for name in names}
    ends = ", ".join(f'min("{name}"), max("{name}")' for name in names)
    row = [column[0].as_py() for column in rows(default, f"SELECT {ends} FROM f").columns]
    checksum.with_bounds(found["columns"], names, row)
    for setting, engine in contexts.items():
        found["filters"][setting] = [
            one(engine, f"SELECT count(*) FROM f WHERE {checksum.sql_filter(question, checksum.sql_literal)}")
            for question in job["filters"]]
    found["splits"] = {}
    for parts, engine in cutting.items():
        part = rows(engine, "SELECT * FROM f")
        found["splits"][f"a {parts}th of the file"] = {
            "rows": part.num_rows, "columns": {name: checksum.of_arrow(part[name]) for name in names}}


def rows(engine, sql):
    frame = engine.sql(sql)
    batches = frame.collect()  # Their schema says of constants that they are never NULL, the frame's does not.
    return pa.Table.from_batches(batches, schema=batches[0].schema if batches else frame.schema())


def one(engine, sql):
    return rows(engine, sql).column(0)[0].as_py()


def plain(arrow):
    return pa.string() if pa.types.is_string_view(arrow) or pa.types.is_large_string(arrow) else arrow


def table(dest, columns):
    """Each folder of files at once: DataFusion takes the statistics of all files together."""
    found = {"rows": 0, "columns": {}}
    # Version 55 finds wrong minima and maxima by its dynamic filters, now and then, where a file lacks the column; of anybody's
    # files, pyarrow's too.
    engine = context({"datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown": "false"})
    for folder in sorted({path.parent for path in dest.rglob("part-*.parquet")}):
        engine.deregister_table("t")
        engine.register_parquet("t", f"{folder}/")
        whole = rows(engine, "SELECT * FROM t")
        found["rows"] += whole.num_rows
        for name in columns:
            nulls = {"nulls": whole.num_rows, "sum": 0}
            new = checksum.of_arrow(whole[name]) if name in whole.column_names else nulls
            have = found["columns"].setdefault(name, {"nulls": 0, "sum": 0})
            have["nulls"], have["sum"] = have["nulls"] + new["nulls"], have["sum"] + new["sum"]
            if name in whole.column_names:
                ends = rows(engine, f'SELECT min("{name}") AS a, max("{name}") AS b FROM t').to_pylist()[0]
                for end, best in (("min", min), ("max", max)):
                    value = ends["a" if end == "min" else "b"]
                    if value is not None:
                        have[end] = best(have[end], value) if end in have else value
    return found
