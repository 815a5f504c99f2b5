"""ClickHouse, in the process (chdb): statistics, Bloom filters and page index on and off."""

import json

import pyarrow as pa

from . import checksum

NAME = "ClickHouse"
TYPES = {"int32": "Nullable(Int32)", "int64": "Nullable(Int64)", "string": "Nullable(String)"}
_PUSH = ("input_format_parquet_filter_push_down", "input_format_parquet_bloom_filter_push_down",
         "input_format_parquet_page_filter_push_down")
SETTINGS = {name: dict(zip(_PUSH, switches)) for name, switches in {
    "on": (1, 1, 1), "no page index": (1, 1, 0), "Bloom filters only": (0, 1, 0), "off": (0, 0, 0)}.items()}
_ALWAYS = {"use_hive_partitioning": 0, "max_query_size": 10_000_000, "max_threads": 2, "output_format_arrow_string_as_string": 1}


def version():
    import chdb
    return f"ClickHouse {chdb.engine_version} (chdb {chdb.__version__})"


def missing():
    try:
        import chdb  # noqa: F401
    except ImportError as error:
        return f"chdb: {error}; scripts/test.sh --readers installs scripts/requirements-clickhouse.txt"
    return None


def query(sql, settings=None, form="JSONCompact"):
    import chdb
    with_settings = ", ".join(f"{name} = {value}" for name, value in {**_ALWAYS, **(settings or {})}.items())
    return chdb.query(f"{sql} SETTINGS {with_settings}", form)


def rows(sql, settings=None):
    text = str(query(sql, {"output_format_json_quote_64bit_integers": 0, **(settings or {})}))
    return json.loads(text)["data"]


def literal(value):
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def answers(files, folder):
    return [checksum.guarded(answer, job) for job in files]


def answer(job, found):
    names, file = list(job["columns"]), f"file({literal(job['path'])}, Parquet)"
    types = {row[0]: row[1] for row in rows(f"DESCRIBE TABLE {file}")}
    if types != {name: TYPES[kind] for name, kind in job["columns"].items()}:
        raise AssertionError(f"columns {types}")
    found["rows"] = rows(f"SELECT count() FROM {file}")[0][0]
    packed = query(f"SELECT * FROM {file}", form="Arrow").bytes()
    whole = pa.ipc.open_file(pa.py_buffer(packed)).read_all()
    found["columns"] = {name: checksum.of_arrow(whole[name]) for name in names}
    ends = ", ".join(f"min(`{name}`), max(`{name}`)" for name in names)
    checksum.with_bounds(found["columns"], names, rows(f"SELECT {ends} FROM {file}")[0])
    for setting, switches in SETTINGS.items():
        found["filters"][setting] = counts(file, job["filters"], switches)


def counts(file, filters, switches):
    """One scan for each filter, several to a statement: a statement costs 10 ms before it reads anything."""
    found = []
    for at in range(0, len(filters), 20):
        parts = [f"(SELECT count() FROM {file} WHERE {checksum.sql_filter(q, literal)})" for q in filters[at:at + 20]]
        found += rows("SELECT " + ", ".join(f"{part} AS c{i}" for i, part in enumerate(parts)), switches)[0]
    return found
