"""DuckDB: whole files, min() and max(), and filters with and without pushing them into the scan."""

import duckdb

from . import checksum

NAME = "DuckDB"
TYPES = {"int32": "INTEGER", "int64": "BIGINT", "string": "VARCHAR"}
SETTINGS = {"on": "", "off": "filter_pushdown,statistics_propagation"}


def version():
    return f"DuckDB {duckdb.__version__}"


def missing():
    return None


def answers(files, folder):
    with duckdb.connect(config={"threads": 2}) as database:
        return [checksum.guarded(lambda job, found: answer(database, job, found), job) for job in files]


def answer(database, job, found):
    names = list(job["columns"])
    database.execute("SET disabled_optimizers = ''")
    file = checksum.sql_literal(job["path"])
    database.execute(f"CREATE OR REPLACE VIEW f AS FROM read_parquet({file}, hive_partitioning = false)")
    types = {row[0]: row[1] for row in database.execute("DESCRIBE f").fetchall()}
    if types != {name: TYPES[kind] for name, kind in job["columns"].items()}:
        raise AssertionError(f"columns {types}")
    found["rows"] = database.execute("SELECT count(*) FROM f").fetchone()[0]
    whole = database.execute("FROM f").to_arrow_table()
    found["columns"] = {name: checksum.of_arrow(whole[name]) for name in names}
    ends = ", ".join(f'min("{name}"), max("{name}")' for name in names)
    checksum.with_bounds(found["columns"], names, database.execute(f"SELECT {ends} FROM f").fetchone())
    for setting, disabled in SETTINGS.items():
        database.execute(f"SET disabled_optimizers = '{disabled}'")
        found["filters"][setting] = [count(database, question) for question in job["filters"]]


def count(database, question):
    # One statement a filter, so that it is pushed into the scan.
    where = checksum.sql_filter(question, lambda value: "?")
    values = [question["value"]] if "value" in question else []
    return database.execute(f"SELECT count(*) FROM f WHERE {where}", values).fetchone()[0]


def table(dest, columns):
    """The whole DEST: files of several formats by name."""
    with duckdb.connect(config={"threads": 2}) as database:
        pattern = checksum.sql_literal(f"{dest}/**/*.parquet")
        scan = f"FROM read_parquet({pattern}, hive_partitioning = true, union_by_name = true)"
        whole = database.execute(scan).to_arrow_table()
        return {"rows": whole.num_rows, "columns": {name: checksum.of_arrow(whole[name]) for name in columns}}
