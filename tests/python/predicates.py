"""Random predicates on a table, what they mean in plain Python, and what engines answer with pruning on and off.

A predicate is a tree of tuples: ("and"/"or", a, b), ("not", comparison), (op, column, value), ("between", column, low, high),
("in", column, values), ("null"/"not null", column). A row is column -> value without NULLs; AND, OR and NOT have SQL's three
values. A question is a predicate and the columns to show of the rows that it finds: an engine must give them all, as often as
they are there, and no other. Values are shown as text, None is NULL.
"""

import contextlib
import operator
import pathlib
import threading
from collections import Counter

import datafusion
import duckdb
import pyarrow as pa
import pyarrow.compute as pc

COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "<>": operator.ne}
ENDS = {"int32": ((-1 << 31), (1 << 31) - 1), "int64": ((-1 << 63), (1 << 63) - 1)}
WIDE = "\U0010ffff"


# --- making -------------------------------------------------------------------------------------------------------------


def questions(rng, rows, kinds, count):
    """Random questions about rows; `kinds` has the columns that may be asked for."""
    values = {name: sorted({row[name] for row in rows if name in row}) for name in kinds}
    # Columns without a single value are asked for too, but seldom.
    names = sorted(kinds, key=lambda name: (not values[name], name))
    weights = [4 if values[name] else 1 for name in names]
    made = []
    for _ in range(count):
        tree = _tree(rng, names, weights, values, kinds, rng.choice([0, 0, 1, 1, 2]))
        shown = sorted({*columns_of(tree), *rng.choices(names, k=3)})
        made.append((tree, shown))
    return made


def _tree(rng, names, weights, values, kinds, depth):
    if depth:
        sides = [_tree(rng, names, weights, values, kinds, rng.randrange(depth)) for _ in "ab"]
        return (rng.choice(["and", "or"]), *sides)
    name = rng.choices(names, weights)[0]
    one = lambda: _value(rng, values[name], kinds[name])  # noqa: E731
    form = rng.choice(["compare"] * 6 + ["between", "between", "in", "in", "null", "not null", "not"])
    if form == "between":
        low, high = one(), one()
        if rng.random() < 0.8:
            low, high = min(low, high), max(low, high)
        return ("between", name, low, high)
    if form == "in":
        return ("in", name, [one() for _ in range(rng.randint(1, 5))])
    if form in ("null", "not null"):
        return (form, name)
    comparison = (rng.choice(["=", "=", "=", "<", "<=", ">", ">=", "<>"]), name, one())
    return ("not", comparison) if form == "not" else comparison


def _value(rng, values, kind):
    """A value of the column, one near it, or any other one."""
    if kind == "string":
        have = rng.choice(values) if values else "x"
        near = [have, have, have, have[:-1], have + "!", have + WIDE, have[:60] + WIDE, have[: len(have) // 2], "", "-", "10.0.2.",
                have.upper(), WIDE, "it's", have[:-1] + chr(min(ord(have[-1]) + 1, 0xD7FF)), "ACCEPT"]
        return rng.choice(near)
    low, high = ENDS[kind]
    have = rng.choice(values) if values else 7
    near = [have, have, have, have + 1, have - 1, 0, -1, low, high, rng.randrange(0, high), have // 2]
    return min(max(rng.choice(near), low), high)


def columns_of(tree):
    return columns_of(tree[1]) | (columns_of(tree[2]) if len(tree) > 2 else set()) if tree[0] in ("and", "or", "not") else {tree[1]}


# --- plain Python -------------------------------------------------------------------------------------------------------


def holds(tree, row):
    """True, False, or None for unknown."""
    op, *rest = tree
    if op == "not":
        inner = holds(rest[0], row)
        return None if inner is None else not inner
    if op in ("and", "or"):
        both = [holds(side, row) for side in rest]
        stop = op == "or"
        return stop if stop in both else None if None in both else not stop
    value = row.get(rest[0])
    if op in ("null", "not null"):
        return (value is None) == (op == "null")
    if value is None:
        return None
    if op == "between":
        return rest[1] <= value <= rest[2]
    return value in rest[1] if op == "in" else COMPARE[op](value, rest[1])


def answer(question, rows):
    tree, shown = question
    return Counter(tuple(text(row.get(name)) for name in shown) for row in rows if holds(tree, row))


def text(value):
    return None if value is None else str(value)


# --- as SQL and for pyarrow ---------------------------------------------------------------------------------------------


def literal(value):
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def sql(tree, quote='"', literal=literal):
    op, *rest = tree
    inner = lambda side: sql(side, quote, literal)  # noqa: E731
    if op in ("and", "or"):
        return f"({inner(rest[0])} {op.upper()} {inner(rest[1])})"
    if op == "not":
        return f"NOT ({inner(rest[0])})"
    name = quote + rest[0] + quote
    if op in ("null", "not null"):
        return f"{name} IS {op.upper()}"
    if op == "between":
        return f"{name} BETWEEN {literal(rest[1])} AND {literal(rest[2])}"
    if op == "in":
        return f"{name} IN ({', '.join(map(literal, rest[1]))})"
    return f"{name} {op} {literal(rest[1])}"


def statement(asked, table, quote='"', literal=literal, cast="VARCHAR"):
    """One statement for all questions, so that they are planned once: each has a scan and a filter of its own."""
    width = max(len(shown) for _, shown in asked)
    parts = []
    for number, (tree, shown) in enumerate(asked):
        columns = [f"CAST({quote}{name}{quote} AS {cast}) AS c{i}" for i, name in enumerate(shown)]
        columns += [f"CAST(NULL AS {cast}) AS c{i}" for i in range(len(shown), width)]
        parts.append(f"SELECT {number} AS q, {', '.join(columns)} FROM {table} WHERE {sql(tree, quote, literal)}")
    return "\nUNION ALL\n".join(parts)


def sorted_out(asked, rows):
    """The rows of such a statement, question by question."""
    found = [Counter() for _ in asked]
    for number, *values in rows:
        found[number][tuple(values[: len(asked[number][1])])] += 1
    return found


ARROW = {"=": pc.equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal, "<>": pc.not_equal}


def expression(tree, column, types):
    """The predicate by pyarrow's functions: of `pc.field` an expression, of columns of a table a mask."""
    op, *rest = tree
    if op == "not":
        return pc.invert(expression(rest[0], column, types))
    if op in ("and", "or"):
        sides = [expression(side, column, types) for side in rest]
        return pc.and_kleene(*sides) if op == "and" else pc.or_kleene(*sides)
    have = column(rest[0])
    scalar = lambda value: pa.scalar(value, types[rest[0]])  # noqa: E731
    if op in ("null", "not null"):
        return pc.is_null(have) if op == "null" else pc.is_valid(have)
    if op == "between":
        return pc.and_kleene(pc.greater_equal(have, scalar(rest[1])), pc.less_equal(have, scalar(rest[2])))
    if op == "in":
        return pc.is_in(have, value_set=pa.array(rest[1], types[rest[0]]))
    return ARROW[op](have, scalar(rest[1]))


# --- engines ------------------------------------------------------------------------------------------------------------


def arrow_rows(table):
    columns = [table.column(name).to_pylist() for name in table.column_names]
    return zip(*columns)


def by_arrow(dest, dataset, table, asked):
    """pyarrow: filters that may skip row groups by their statistics, and masks on the table, which was read whole."""
    types = {f.name: f.type for f in table.schema}
    found = [dataset.to_table(columns=shown, filter=expression(tree, pc.field, types), use_threads=False) for tree, shown in asked]
    yield "pyarrow, statistics", [shown_rows(have) for have in found]
    yield "pyarrow, read whole", [shown_rows(table.select(shown).filter(expression(tree, table.column, types))) for tree, shown in asked]


def shown_rows(table):
    return Counter(tuple(text(value) for value in row) for row in arrow_rows(table))


OWN = threading.local()  # What a thread keeps of the engines: to start them takes longer than to ask.


def by_duckdb(dest, dataset, table, asked):
    """DuckDB: on the files, filters pushed into the scan; and on a table loaded without WHERE, nothing pushed."""
    if not hasattr(OWN, "duckdb"):
        OWN.duckdb = duckdb.connect(config={"threads": 1})
    db = OWN.duckdb
    scan = f"read_parquet([{', '.join(map(literal, dataset.files))}], hive_partitioning = true, hive_types_autocast = false, " \
           "union_by_name = true)"
    db.execute("SET parquet_metadata_cache = true")
    db.execute(f"CREATE OR REPLACE VIEW f AS FROM {scan}")
    db.execute("CREATE OR REPLACE TABLE t AS FROM f")
    for way, name, off in (("files", "f", ""), ("loaded", "t", "filter_pushdown,statistics_propagation")):
        db.execute(f"SET disabled_optimizers = '{off}'")
        yield f"DuckDB, {way}", sorted_out(asked, db.execute(statement(asked, name)).fetchall())
    db.execute("DROP VIEW f; DROP TABLE t; SET disabled_optimizers = ''")


_PARQUET = "datafusion.execution.parquet."
_SWITCHES = ("pruning", "enable_page_index", "bloom_filter_on_read", "pushdown_filters", "reorder_filters")
_STATISTICS = "datafusion.execution.collect_statistics"


def _context(value):
    switches = {_PARQUET + name: value for name in _SWITCHES}
    return {"datafusion.execution.target_partitions": "1", _STATISTICS: value, **switches}


def by_datafusion(dest, dataset, table, asked):
    """DataFusion: statistics of files, row groups and pages, Bloom filters and late columns, all on and all off."""
    keys = [(name, pa.string()) for name in table.column_names if name in KEYS]
    for way, value in (("pruning", "true"), ("off", "false")):
        if not hasattr(OWN, way):
            setattr(OWN, way, datafusion.SessionContext(datafusion.SessionConfig(_context(value))))
        engine = getattr(OWN, way)
        engine.deregister_table("t")
        engine.register_parquet("t", f"{dest}/", table_partition_cols=keys, schema=without(table.schema, keys))
        batches = engine.sql(statement(asked, "t")).collect()
        rows = [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns))]
        yield f"DataFusion, {way}", sorted_out(asked, rows)


def without(schema, keys):
    return pa.schema([f for f in schema if f.name not in dict(keys)])


KEYS = ("aws_account_id", "aws_region", "year", "month", "day", "hour")
ENGINES = [by_arrow, by_duckdb, by_datafusion]


SPARK_SWITCHES = ("spark.sql.parquet.filterPushdown", "spark.sql.parquet.recordLevelFilter.enabled", "parquet.filter.stats.enabled",
                  "parquet.filter.dictionary.enabled", "parquet.filter.columnindex.enabled", "parquet.filter.bloom.enabled")


def by_spark(spark):
    """Spark: parquet-mr's and its own ways to prune, all on and all off. Its session is one, so only one case asks at a time."""
    lock = threading.Lock()

    def ask(dest, dataset, table, asked):
        folders = sorted({str(pathlib.Path(file).parent) for file in dataset.files})
        settings = {"spark.sql.sources.partitionColumnTypeInference.enabled": "false", "spark.sql.caseSensitive": "true"}
        for way, value in (("pruning", "true"), ("off", "false")):
            with lock, contextlib.ExitStack() as stack:
                for name, setting in {**settings, **dict.fromkeys(SPARK_SWITCHES, value)}.items():
                    spark.conf.set(name, setting)
                    stack.callback(spark.conf.unset, name)
                frame = spark.read.option("basePath", str(dest)).option("mergeSchema", "true").parquet(*folders)
                frame.createOrReplaceTempView("random_case")
                rows = spark.sql(statement(asked, "random_case", "`", spark_literal, "STRING")).collect()
            yield f"Spark, {way}", sorted_out(asked, [tuple(row) for row in rows])

    return ask


def spark_literal(value):
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value) if value != -1 << 63 else "(-9223372036854775807L - 1L)"
