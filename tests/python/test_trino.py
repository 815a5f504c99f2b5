"""Trino, the engine behind Athena, on the tables as Athena sees them: known to a Glue catalog, their partitions not listed
anywhere but projected, their data on S3. The Parquet table gives the answers of the raw table, and those of the plain
reading of the text; what is not asked for is neither listed nor read."""

import dataclasses
import datetime
import gzip
import json
import re
import uuid
from dataclasses import dataclass

import duckdb
import pyarrow
import pytest
import statements
from conftest import ROOT
from engines import split_statements
from flowlogs import INT32, INT64, V2, V5, Bucket, column, key, make_rows, pack, text, value
from lake import Lake, table_input

pytestmark = pytest.mark.trino

# Ends of months and of a year, a leap day, the tutorial's day; 2026-01-03 and most others are missing.
DAYS = ["2024-02-28", "2024-02-29", "2024-03-01", "2025-11-30", "2025-12-01", "2025-12-30", "2025-12-31", "2026-01-01",
        "2026-01-02", "2026-01-15", "2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"]
TURN_OF_THE_YEAR = ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-15"]


@dataclass
class Case:
    """A kind of table: how it is partitioned, and the raw logs that it is made from."""

    partition_by: str
    layout: str  # of flowlogs.LAYOUTS; has an hour if the partitions have one
    days: list
    accounts: list
    regions: list


ONE = [["123456789012"], ["ap-northeast-1"]]
SEVERAL = [["111122223333", "000000000042"], ["us-east-1", "eu-central-1"]]
CASES = [
    Case("day", "default", DAYS, *ONE),
    Case("hour", "hourly", DAYS, *ONE),
    Case("account-region-day", "hive", TURN_OF_THE_YEAR, *SEVERAL),
    Case("account-region-hour", "hive-hourly", TURN_OF_THE_YEAR, *SEVERAL),
]


# --- tables -----------------------------------------------------------------------------------------------------------


def table_inputs(run, dest, source=None):
    """Glue's TableInput of the table in DEST; with a source, that of the raw table too."""
    parquet = table_input(run, dest.uri, place=dest)
    return (parquet, table_input(run, "--raw", source.uri, place=source)) if source else parquet


def lines(source, name):
    return gzip.decompress(source.get(name)).decode().splitlines()


def header(source):
    return lines(source, source.keys()[0])[0].split(" ")


@dataclass
class Tables:
    """The raw and the Parquet table over the same logs, and the same logs read plainly."""

    case: Case
    lake: Lake
    raw: str
    parquet: str
    columns: list  # the partition keys come last
    keys: list
    rows: list  # of tuples in the order of columns
    source: Bucket
    dest: Bucket

    def on(self, days):
        at = [self.columns.index(k) for k in ("year", "month", "day")]
        return [row for row in self.rows if "-".join(row[i] for i in at) in days]

    def select(self, table, where):
        names = ", ".join(f'"{c}"' for c in self.columns)
        return self.lake.rows(f"SELECT {names} FROM {table} WHERE {where}")


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.partition_by)
def tables(request, lake, run, convert):
    return make_tables(request.param, lake, run, convert)


def of_cases_with(word):
    """Marks a test as one of those cases only whose partitions have it."""
    cases = [case for case in CASES if word in case.partition_by]
    return pytest.mark.parametrize("tables", cases, ids=lambda case: case.partition_by, indirect=True)


@pytest.fixture(scope="module")
def by_day(lake, run, convert):
    return make_tables(CASES[0], lake, run, convert)


def make_tables(case, lake, run, convert):
    bucket = lake.s3.new_bucket()
    source, dest = lake.s3.place("raw", bucket, proxied=False), lake.s3.place("parquet", bucket, proxied=False)
    layout = "default-hourly" if case.layout == "hourly" else case.layout
    options = [("--day", d) for d in case.days] + [("--account", a) for a in case.accounts]
    options += [("--region", r) for r in case.regions]
    run("generate", source.uri, "--objects", "4", "--rows", "200", "--layout", layout, *sum(options, ()), *source.args,
        env=source.env)
    convert(source, dest, "--partition-by", case.partition_by)
    parquet, raw = table_inputs(run, dest, source)
    keys = [k["Name"] for k in parquet["PartitionKeys"]]
    columns = [c["Name"] for c in raw["StorageDescriptor"]["Columns"]] + keys
    return Tables(case, lake, lake.create(raw), lake.create(parquet), columns, keys, plain_rows(source, keys),
                  source, dest)


# aws-account-id, and so on, or the plain folders.
PLACE = re.compile(r"AWSLogs/(?:aws-account-id=)?(?P<aws_account_id>\d+)/[^/]+/(?:aws-region=)?(?P<aws_region>[^/]+)/"
                   r"(?:year=)?(?P<year>\d+)/(?:month=)?(?P<month>\d+)/(?:day=)?(?P<day>\d+)/(?:(?:hour=)?(?P<hour>\d+)/)?")


def plain_rows(source, keys):
    """Every row of the raw logs, each followed by the partition keys that its object's folder names."""
    fields, rows = header(source), []
    for name in source.keys():
        place = PLACE.match(name)
        first, *rest = lines(source, name)
        assert first.split(" ") == fields
        for line in rest:
            rows.append(tuple(map(value, fields, line.split(" "))) + tuple(place[k] for k in keys))
    return rows


def in_order(rows):
    return sorted(rows, key=repr)


YMD = "concat(year, '-', month, '-', day)"


def any_of(days):
    parts = [d.split("-") for d in days]
    return "(" + " OR ".join(f"year = '{y}' AND month = '{m}' AND day = '{d}'" for y, m, d in parts) + ")"


def with_neighbours(days):
    """The days, those before and those after."""
    dates = {datetime.date.fromisoformat(d) + datetime.timedelta(n) for d in days for n in (-1, 0, 1)}
    return sorted(map(str, dates))


def days_of(names):
    """The days of keys and of prefixes, of raw logs and of tables."""
    return {"-".join(re.search(r"/(?:year=)?(\d+)/(?:month=)?(\d+)/(?:day=)?(\d+)/", n).groups()) for n in names}


# --- the rows ---------------------------------------------------------------------------------------------------------


def test_every_row_and_value_is_there_once(tables):
    where = any_of(tables.case.days)
    want = in_order(tables.rows)
    assert in_order(tables.select(tables.raw, where)) == want
    assert in_order(tables.select(tables.parquet, where)) == want


def test_sums_per_partition(tables):
    numbers = ["packets", "bytes", "start", "end"]
    at = [tables.columns.index(c) for c in numbers]
    keys = ", ".join(tables.keys)
    sums = ", ".join(f'sum("{c}"), count("{c}"), min("{c}"), max("{c}")' for c in numbers)
    partitions = {}
    for row in tables.rows:
        partitions.setdefault(row[-len(tables.keys):], []).append([row[i] for i in at])
    want = []
    for partition, rows in partitions.items():
        present = [[v for v in values if v is not None] for values in zip(*rows)]
        want.append((*partition, len(rows), *(f(v) for v in present for f in (sum, len, min, max))))
    for table in (tables.raw, tables.parquet):
        assert in_order(tables.lake.rows(
            f"SELECT {keys}, count(*), {sums} FROM {table} WHERE {any_of(with_neighbours(tables.case.days))} GROUP BY {keys}"
        )) == in_order(want)


@pytest.fixture(scope="module")
def files(lake):
    """Trino with the catalog that its own statements make tables in."""
    files = dataclasses.replace(lake.trino, catalog="files", schema="logs")
    files.rows("CREATE SCHEMA logs")
    return files


# Folders of raw logs of several accounts are found by no procedure.
@pytest.mark.parametrize("table, how", [("dest", "on"), ("dest", "off"), ("dest", "msck"), ("source", "on"), ("source", "off")])
def test_what_is_printed_for_trino(tables, files, run, table, how):
    """The statements of `ddl --format trino` run as they are, and find every row."""
    place, name = getattr(tables, table), f"t{uuid.uuid4().hex[:8]}"
    what = ["--raw", place.uri] if table == "source" else [place.uri]
    options = ["--format", "trino", "--projection", how, "--database", files.schema, "--table", name, *place.args]
    for statement in run("ddl", *what, *options, env=place.env).out.split(";\n"):
        if statement.strip():
            files.rows(statement)
    if how != "on":
        partitions = {row[-len(tables.keys):] for row in tables.rows}
        assert len(files.rows(f'SELECT * FROM "{name}$partitions"')) == len(partitions)
    names = ", ".join(f'"{c}"' for c in tables.columns)
    found = files.rows(f"SELECT {names} FROM {name} WHERE {any_of(tables.case.days)}")
    assert in_order(found) == in_order(tables.rows)


@pytest.mark.long
def test_without_a_predicate(by_day):
    for table in (by_day.raw, by_day.parquet):
        assert by_day.lake.rows(f"SELECT count(*) FROM {table}") == [(len(by_day.rows),)]


def test_it_is_the_projection_that_finds_the_partitions(by_day):
    """The same definition without projection finds nothing: no partition is registered."""
    glue, database = by_day.lake.glue, by_day.lake.trino.schema
    table = glue.get_table(DatabaseName=database, Name=by_day.parquet)["Table"]
    kept = {k: table[k] for k in ("TableType", "PartitionKeys", "StorageDescriptor", "Parameters")}
    kept["Parameters"] = {**kept["Parameters"], "projection.enabled": "false"}
    assert by_day.lake.rows(f"SELECT count(*) FROM {by_day.lake.create(kept)}") == [(0,)]


# --- which days -------------------------------------------------------------------------------------------------------

# A predicate on keys, and the days that it means: no other folder may be listed, no other object read.
PREDICATES = {
    "a day": ("year = '2026' AND month = '01' AND day = '15'", ["2026-01-15"]),
    "a day that is missing": ("year = '2026' AND month = '01' AND day = '03'", ["2026-01-03"]),
    "no day of the calendar": ("year = '2026' AND month = '02' AND day = '30'", ["2026-02-30"]),
    "before the range": ("year = '2019'", []),
    "an end of a month": ("year = '2026' AND month = '01' AND day >= '30'", ["2026-01-30", "2026-01-31"]),
    "across the year": ("(year = '2025' AND month = '12' AND day >= '31') OR "
                        "(year = '2026' AND month = '01' AND day <= '02')", ["2025-12-31", "2026-01-01", "2026-01-02"]),
}

# The same on what is made of keys. Trino tries it on every projected partition that predicates on keys alone have left:
# half a second for the days of ten years, half a minute for their hours. MONTHS is such a predicate on keys alone.
MONTHS = "year IN ('2025', '2026') AND month IN ('01', '12')"
MADE = {
    "pairs": ("(year, month, day) IN (('2025', '12', '31'), ('2026', '01', '01'))", ["2025-12-31", "2026-01-01"]),
    "concat": ("concat(year, month, day) BETWEEN '20251231' AND '20260102'", ["2025-12-31", "2026-01-01", "2026-01-02"]),
    "||": ("year || '/' || month || '/' || day >= '2025/12/31' AND year || '/' || month || '/' || day < '2026/01/02'",
           ["2025-12-31", "2026-01-01"]),
    "a date": (f"TRY_CAST({YMD} AS date) = DATE '2026-01-15'", ["2026-01-15"]),
    "dates": (f"TRY_CAST({YMD} AS date) BETWEEN DATE '2025-12-31' AND DATE '2026-01-01'", ["2025-12-31", "2026-01-01"]),
    "numbers": ("CAST(year AS integer) = 2026 AND CAST(month AS integer) = 1 AND CAST(day AS integer) = 15",
                ["2026-01-15"]),
}


def predicate(tables, name):
    if name in PREDICATES:
        return PREDICATES[name]
    where, days = MADE[name]
    return where if tables.case.partition_by == "day" else f"{MONTHS} AND {where}", days


@pytest.mark.parametrize("name", PREDICATES | MADE)
def test_only_the_days_that_are_asked_for_are_looked_at(tables, name):
    where, days = predicate(tables, name)
    want = tables.on(days)
    at = tables.columns.index("bytes")
    for table in (tables.raw, tables.parquet):
        with tables.lake.watched() as asked:
            got = tables.lake.rows(f"SELECT count(*), count(bytes), sum(bytes) FROM {table} WHERE {where}")
        numbers = [row[at] for row in want if row[at] is not None]
        assert got == [(len(want), len(numbers), sum(numbers) if numbers else None)]
        assert days_of(asked.listed) == set(days)
        assert days_of(asked.read) == set(days) & set(tables.case.days)


@of_cases_with("account")
def test_keys_before_the_day_prune_too(tables):
    at = tables.columns.index("aws_account_id")
    account = tables.case.accounts[0]
    want = [row for row in tables.on(["2025-12-31"]) if row[at] == account]
    for table in (tables.raw, tables.parquet):
        with tables.lake.watched() as asked:
            got = tables.select(table, f"aws_account_id = '{account}' AND {any_of(['2025-12-31'])}")
        assert in_order(got) == in_order(want)
        assert asked.listed and all(account in prefix for prefix in asked.listed)


@of_cases_with("hour")
def test_an_hour(tables):
    for table in (tables.raw, tables.parquet):
        with tables.lake.watched() as asked:
            got = tables.select(table, f"{any_of(['2025-12-31'])} AND hour = '18'")
        assert in_order(got) == in_order(r for r in tables.on(["2025-12-31"]) if r[-1] == "18")
        assert len(asked.listed) == len(tables.case.accounts) * len(tables.case.regions)


# --- views ------------------------------------------------------------------------------------------------------------

# A column made of the partition keys, a predicate on it, and the days that it means.
VIEWS = {
    "text": ("concat(year, '/', month, '/', day)", "made = '2026/01/15'", ["2026-01-15"]),
    "text across the year": ("concat(year, '/', month, '/', day)", "made BETWEEN '2025/12/31' AND '2026/01/01'",
                             ["2025-12-31", "2026-01-01"]),
    "start of a text": ("concat(year, '/', month, '/', day)", "made LIKE '2026/01/0%'",
                        [f"2026-01-{d:02}" for d in range(1, 10)]),
    "date": (f"TRY_CAST({YMD} AS date)", "made = DATE '2026-01-15'", ["2026-01-15"]),
    "date across the year": (f"TRY_CAST({YMD} AS date)", "made BETWEEN DATE '2025-12-31' AND DATE '2026-01-01'",
                             ["2025-12-31", "2026-01-01"]),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_with_a_column_made_of_the_keys(by_day, name):
    made, where, days = VIEWS[name]
    for table in (by_day.raw, by_day.parquet):
        view = by_day.lake.view(f"SELECT *, {made} AS made FROM {table}")
        with by_day.lake.watched() as asked:
            assert in_order(by_day.select(view, where)) == in_order(by_day.on(days))
        assert days_of(asked.listed) == set(days)
        assert days_of(asked.read) == set(days) & set(by_day.case.days)


def test_cast_lists_days_that_no_calendar_has(by_day):
    """CAST fails for 30 February, where TRY_CAST says NULL: Trino then keeps that partition, and lists its empty folder."""
    view = by_day.lake.view(f"SELECT *, CAST({YMD} AS date) AS made FROM {by_day.parquet}")
    with by_day.lake.watched() as asked:
        assert in_order(by_day.select(view, "made = DATE '2026-01-15'")) == in_order(by_day.on(["2026-01-15"]))
    assert days_of(asked.read) == {"2026-01-15"}
    others = days_of(asked.listed) - {"2026-01-15"}
    assert "2026-02-30" in others
    for day in others:
        with pytest.raises(ValueError):
            datetime.date.fromisoformat(day)


def cutover(tables, last_day):
    """A view of the Parquet table up to a day, and of the raw table after it."""
    names = ", ".join(f'"{c}"' for c in tables.columns)
    return tables.lake.view(
        f"SELECT {names} FROM {tables.parquet} WHERE concat(year, month, day) <= '{last_day}' "
        f"UNION ALL SELECT {names} FROM {tables.raw} WHERE concat(year, month, day) > '{last_day}'")


def test_parquet_up_to_a_day_and_raw_after_it(tables):
    view = cutover(tables, "20251231")
    assert in_order(tables.select(view, any_of(tables.case.days))) == in_order(tables.rows)
    for name in ("a day", "before the range", "across the year", "concat", "dates"):
        where, days = predicate(tables, name)
        with tables.lake.watched() as asked:
            assert in_order(tables.select(view, where)) == in_order(tables.on(days)), name
        old = {d for d in days if d <= "2025-12-31"}
        assert days_of(p for p in asked.listed if p.startswith("parquet/")) == old, name
        assert days_of(p for p in asked.listed if p.startswith("raw/")) == set(days) - old, name
        assert days_of(asked.read) == set(days) & set(tables.case.days), name


# The table of AWS's own pages: other types, one key that is a whole date, registered by hand.
AWS_BY_DATE = """CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`{name}` (
`version` int, `account_id` string, `interface_id` string, `srcaddr` string, `dstaddr` string, `srcport` int,
`dstport` string, `protocol` bigint, `packets` bigint, `bytes` bigint, `start` bigint, `end` bigint, `action` string,
`log_status` string
)
PARTITIONED BY (`date` date)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ' '
LOCATION 's3://b/AWSLogs/1/vpcflowlogs/r/'
TBLPROPERTIES ("skip.header.line.count"="1");"""


def glue_of(statement):
    """The TableInput that Athena makes of one of our CREATE EXTERNAL TABLE statements."""
    text = "ROW FORMAT DELIMITED" in statement
    columns = [{"Name": n, "Type": t} for n, t in re.findall(r"^  `([\w-]+)` +(\w+),?$", statement, re.M)]
    keys = re.findall(r"`([\w-]+)` (\w+)", re.search(r"^PARTITIONED BY \((.*)\)$", statement, re.M)[1])
    library = ("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe" if text
               else "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
    return {
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in keys],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": re.search(r"^LOCATION '(.*)'$", statement, re.M)[1],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat" if text
            else "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat" if text
            else "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": library, "Parameters": {"field.delim": " "} if text else {}},
        },
        "Parameters": {"EXTERNAL": "TRUE", **dict(re.findall(r"^  '(.+)' = '(.*)',?$", statement, re.M))},
    }


def test_the_printed_cutover(lake, run, convert, tmp_path):
    """Steps of `ddl --cutover` as Athena would do them: the check finds no difference, the view has each row once, by the
    names, types and keys of the table of today, and a query of one day looks at that day on one side."""
    bucket = lake.s3.new_bucket()
    source, dest = lake.s3.place("raw", bucket, proxied=False), lake.s3.place("parquet", bucket, proxied=False)
    days = ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
    run("generate", source.uri, "--objects", "4", "--rows", "200", *sum([["--day", d] for d in days], []), *source.args,
        env=source.env)
    convert(source, dest, "--from", days[0], "--to", days[2])
    name = f"t{uuid.uuid4().hex[:8]}"
    file = tmp_path / "old.sql"
    file.write_text(AWS_BY_DATE.format(name=name))
    text = run("ddl", dest.uri, "--source", source.uri, "--like", file, "--cutover", *dest.args, env=dest.env).out
    steps = [s for s in re.split(r";\n|^--.*\n", text[:text.index("-- The way back")], flags=re.M) if s.strip()]
    parquet, raw, check, drop, view = (s.strip() for s in steps)
    assert drop == f"DROP TABLE `logs`.`{name}`"
    for suffix, statement in (("parquet", parquet), ("raw", raw)):
        lake.glue.create_table(DatabaseName="logs", TableInput={**glue_of(statement), "Name": f"{name}_{suffix}"})
    assert lake.rows(check) == []
    lake.rows(view)
    rows = [row[:-3] + (datetime.date.fromisoformat("-".join(row[-3:])),)
            for row in plain_rows(source, ["year", "month", "day"])]
    dstport = header(source).index("dstport")
    rows = [tuple(("-" if v is None else str(v)) if i == dstport else v for i, v in enumerate(row)) for row in rows]
    names = ", ".join(f'"{column(f)}"' for f in header(source))
    for wanted in days:
        with lake.watched() as asked:
            got = lake.rows(f'SELECT {names}, "date" FROM {name} WHERE "date" = DATE \'{wanted}\'')
        assert in_order(got) == in_order(row for row in rows if str(row[-1]) == wanted), wanted
        assert days_of(asked.read) == {wanted}
        assert {p.split("/")[0] for p in asked.read} == {"raw" if wanted == days[3] else "parquet"}
    # A row more on one side is seen by the check: here an object that came late.
    source.put(source.keys()[-1].replace("_fl-", "_fl-9"), source.get(source.keys()[-1]))
    late = lake.rows(check.replace("20260101", "20260102"))
    assert late and all(row[0] < 0 for row in late)


# --- tables that people have -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(lake, run):
    """The logs and tables that tests/statements lie over."""
    bucket = lake.s3.new_bucket()
    return statements.make_lake(run, lambda name: lake.s3.place(name, bucket, proxied=False))


def glue_by_hive(engines, sql, local, url):
    """The TableInput that Hive's metastore makes of a statement, whose table lies in a local folder there, at a URL here."""
    engines.spark_sql("DROP DATABASE IF EXISTS flow CASCADE")
    engines.spark_sql("CREATE DATABASE flow")
    engines.spark_sql(sql)
    name = re.search(r"`?flow`?[.]`?([\w-]+)", sql)[1]
    made = json.loads(json.dumps(engines.table_input("flow", name)).replace(local, url))
    made["Parameters"] = {key: value for key, value in made["Parameters"].items() if not key.startswith("spark.sql.")}
    return few_folders(made)


def few_folders(table):
    """The table with a projection of the days that there are, and some more: without a predicate each folder is listed."""
    properties = table["Parameters"]
    for key in [key["Name"] for key in table["PartitionKeys"] if key["Type"] == "string"]:
        name, value = f"projection.{key}.range", properties.get(f"projection.{key}.range", "")
        values = {"1,12": "01,02,12", "01,12": "01,02,12", "1,31": "14,15,30,31", "01,31": "14,15,30,31",
                  "0,23": "00,01", "00,23": "00,01"}.get(value)
        if values:
            for setting in ("range", "digits", "interval"):
                properties.pop(f"projection.{key}.{setting}", None)
            properties |= {f"projection.{key}.type": "enum", f"projection.{key}.values": values}
        elif re.fullmatch(r"20\d\d,20\d\d", value):
            first, last = value.split(",")
            properties[name] = f"{first},{min(last, '2026')}"
        elif value:
            first, last = value.split(",")
            first = "2025/12/30" if first.startswith("NOW") else first
            whole = first.count("/") >= 2
            first = max(first, "2025/12/30" + "/00" * (first.count("/") == 3)) if whole else first
            properties[name] = f"{first},{last.replace('NOW', '2026/01/16' + '/00' * (first.count('/') == 3)) if whole else last}"
    if "storage.location.template" in properties:
        properties["storage.location.template"] = properties["storage.location.template"].rstrip("/") + "/"
    return table


@pytest.mark.parametrize("statement", [s for s in statements.compared() if s.said("trino") != "no"], ids=lambda s: s.name)
def test_tables_that_people_have(statement, people, lake, engines, run, tmp_path):
    """Old and new show the same rows under the same names and types, by `--like` and by `--cutover`."""
    sources, dests = people
    source = sources[statement.logs]
    usual = "account-region-hour" if statement.logs == "hourly" else "account-region-day"
    dest = dests[statement.logs, statement.said("dest", usual)]
    place, local = source.uri, f"file:{tmp_path}/logs"
    database = f"d{uuid.uuid4().hex[:8]}"
    lake.glue.create_database(DatabaseInput={"Name": database})
    trino = dataclasses.replace(lake.trino, schema=database)

    old = glue_by_hive(engines, statement.for_hive("flow", local), local, place)
    # Spark takes no hyphens.
    name = old["Name"] = re.search(r"`?flow`?[.]`?([\w-]+)", statement.text[statement.text.index("CREATE EXTERNAL"):])[1]
    lake.glue.create_table(DatabaseName=database, TableInput=old)
    for values, folder in statement.registered(source.keys()):
        lake.glue.create_partition(DatabaseName=database, TableName=name, PartitionInput={
            "Values": [value.strip("'") for value in values],
            "StorageDescriptor": old["StorageDescriptor"] | {"Location": f"{place}/{folder}"}})
    columns = [c["Name"] for c in old["StorageDescriptor"]["Columns"]]
    keys = [k["Name"] for k in old["PartitionKeys"]]
    names = ", ".join(f'"{c}"' for c in [*columns, *keys])
    where = f"CAST(\"{columns[0]}\" AS varchar) <> 'version'"  # of tables that do not skip header lines
    if statement.said("injected"):
        key, values = statement.said("injected").split("=")
        where += f" AND {key} IN ({', '.join(repr(v) for v in values.split(','))})"

    def answer(table):
        got = trino.query(f'SELECT {names} FROM "{table}" WHERE {where}')
        return in_order(got.rows), got.types

    want = answer(name)
    assert len(want[0]) == sum(statement.holds(key) for key in source.keys()) * statements.ROWS, "the test's own table"

    def create(sql):
        """Does what Athena does with a statement that was printed."""
        if not sql.startswith("CREATE EXTERNAL"):
            if sql.startswith("ALTER TABLE"):
                return register(sql)
            return trino.rows(sql.replace('"flow".', f'"{database}".'))
        table = few_folders(glue_of(re.sub(r" +IF NOT EXISTS", "", sql)))
        table["Name"] = re.search(r"TABLE (?:`flow`[.])?`(.+?)`", sql.replace("IF NOT EXISTS ", ""))[1]
        return lake.glue.create_table(DatabaseName=database, TableInput=table)

    def register(sql):
        table = re.search(r"^ALTER TABLE `flow`[.]`(\w+)`", sql)[1]
        storage = lake.glue.get_table(DatabaseName=database, Name=table)["Table"]["StorageDescriptor"]
        for pairs, folder in re.findall(r"PARTITION \((.*?)\) LOCATION '(.*?)'", sql):
            lake.glue.create_partition(DatabaseName=database, TableName=table, PartitionInput={
                "Values": [pair.split(" = ")[1].strip("'") for pair in pairs.split(", ")],
                "StorageDescriptor": storage | {"Location": folder}})

    file = tmp_path / "old.sql"
    file.write_text(statement.text)
    options = [dest.uri, "--like", file, "--no-comments", *statement.options(source.uri), *dest.args]
    text = run("ddl", *options, env=dest.env).out
    for sql in split_statements(text):
        create(sql)
    new = re.findall(r'CREATE (?:OR REPLACE VIEW|EXTERNAL TABLE IF NOT EXISTS) [`"]flow[`"][.][`"](\w+)[`"]', text)[-1]
    assert answer(new) == want
    for kind, table in re.findall(r'CREATE (?:OR REPLACE )?(VIEW|EXTERNAL TABLE) (?:IF NOT EXISTS )?[`"]flow[`"][.][`"](\w+)[`"]', text):
        lake.glue.delete_table(DatabaseName=database, Name=table)

    more = [] if "--source" in options else ["--source", source.uri]
    text = run("ddl", *options, *more, "--cutover", env=dest.env).out
    parquet, raw, check, _, view = split_statements(text)
    create(parquet)
    create(raw)
    assert trino.rows(check.replace('"flow".', f'"{database}".')) == []
    lake.glue.delete_table(DatabaseName=database, Name=name)
    create(view)
    assert answer(name) == want


# --- queries that people have -----------------------------------------------------------------------------------------

READY_QUERIES = sorted(file.stem for file in (ROOT / "src" / "athena" / "queries").glob("*.sql"))


@pytest.fixture(scope="module")
def every_field(lake, run, convert):
    """The raw and the Parquet table of the tutorial's day and its neighbours, with all fields there are."""
    bucket = lake.s3.new_bucket()
    source, dest = lake.s3.place("raw", bucket, proxied=False), lake.s3.place("parquet", bucket, proxied=False)
    run("generate", source.uri, "--objects", "8", "--rows", "400", "--from", "2026-01-14", "--to", "2026-01-15",
        "--schema-version", "11", *source.args, env=source.env)
    convert(source, dest)
    parquet, raw = table_inputs(run, dest, source)
    return lake.create(raw), lake.create(parquet)


@pytest.mark.parametrize("name", READY_QUERIES)
def test_ready_queries(name, every_field, lake, run):
    """What `flowparquet queries` prints is Athena's SQL, and the Parquet table answers it as the raw one does."""
    answers = []
    for table in every_field:
        made = {"view": f"v{uuid.uuid4().hex[:8]}"} if name == "local-time-view" else {}
        words = [word for name_value in settings(run, name, **made) for word in ("--set", name_value)]
        if name == "local-day":
            days = ["--local-day", "2026-01-15", "--tz", "Asia/Tokyo"]
        else:  # A view is of all days.
            days = [] if made else ["--from", "2026-01-14", "--to", "2026-01-15"]
        sql = run("queries", name, "--table", f"logs.{table}", *days, *words).out.strip().removesuffix(";")
        answer = lake.rows(sql)
        if made:
            answer = lake.rows(f"""SELECT local_day, count(*), min(local_start), max(local_end) FROM {made['view']}
                                   WHERE year = '2026' AND month = '01' AND day IN ('14', '15') GROUP BY 1""")
        answers.append(in_order(answer))
    raw, parquet = answers
    assert parquet == raw


def settings(run, name, **made):
    """NAME=VALUE for the parameters that have no default, and for those in `made`."""
    known = {query["name"]: query for query in json.loads(run("queries", "--json").out)}[name]["parameters"]
    wanted = {p["name"]: p["example"] for p in known if p.get("default") is None} | made
    return [f"{key}={value}" for key, value in wanted.items()]


def tutorial_queries():
    """The SELECTs of README and docs/queries.md."""
    pages = "".join((ROOT / page).read_text() for page in ("README.md", "docs/queries.md"))
    blocks = re.findall(r"```sql\n(.*?)```", pages, re.S)
    statements = [s.strip() for block in blocks for s in block.split(";")]
    return [s for s in statements if re.match(r"SELECT\b.*\bFROM vpc_flow_logs\b", s, re.S)]


def test_tutorial_queries(by_day):
    """The answers of the raw table, of the Parquet table and of DuckDB on the text."""
    queries = tutorial_queries()
    assert len(queries) >= 3
    types = [pyarrow.int32() if f in INT32 else pyarrow.int64() if f in INT64 else pyarrow.string()
             for f in (c.replace("_", "-") for c in by_day.columns)]
    arrays = [pyarrow.array(values, kind) for values, kind in zip(zip(*by_day.rows), types)]
    database = duckdb.connect()
    database.register("vpc_flow_logs", pyarrow.table(arrays, by_day.columns))
    for query in queries:
        want = database.execute(query).fetchall()
        assert want
        for table in (by_day.raw, by_day.parquet):
            assert by_day.lake.rows(query.replace("vpc_flow_logs", table)) == want, query


# --- the files --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(lake, run, convert):
    """A table of objects of two formats, most fields '-' in one row of ten: (table, fields, rows)."""
    bucket = lake.s3.new_bucket()
    source, dest = lake.s3.place("raw", bucket, proxied=False), lake.s3.place("parquet", bucket, proxied=False)
    fields = [*V5, "brand-new-field"]
    rows = []
    for number in range(6):
        own = V2 if number % 2 else fields
        texts = make_rows(own, 300, seed=number)
        source.put(key(number), pack(text(own, texts)))
        rows += [tuple(value(f, t[own.index(f)]) if f in own else None for f in fields) for t in texts]
    convert(source, dest)
    return lake.create(table_inputs(run, dest)), fields, rows


WHERE = PREDICATES["a day"][0]


def test_a_field_that_a_file_lacks_is_null(lake, mixed):
    table, fields, rows = mixed
    names = ", ".join(f'"{column(f)}"' for f in fields)
    assert in_order(lake.rows(f"SELECT {names} FROM {table} WHERE {WHERE}")) == in_order(rows)


def test_filters_agree_with_the_rows(lake, mixed):
    """Filters are pushed down into statistics, page index, dictionaries and bloom filters: they must hide nothing."""
    table, fields, rows = mixed
    for at, field in enumerate(fields):
        values = [row[at] for row in rows]
        present = sorted(v for v in values if v is not None)
        lowest, middle, highest = present[0], present[len(present) // 2], present[-1]
        absent = 123456 if isinstance(lowest, int) else "no such value"
        c = f'"{column(field)}"'
        cases = {f"{c} IS NULL": len(values) - len(present)}
        for v in (lowest, middle, highest, absent):
            cases[f"{c} = {v!r}"] = present.count(v)
        cases[f"{c} < {middle!r}"] = sum(v < middle for v in present)
        cases[f"{c} >= {middle!r}"] = sum(v >= middle for v in present)
        cases[f"{c} <> {middle!r}"] = sum(v != middle for v in present)
        parts = [f"SELECT {i}, count(*) FROM {table} WHERE {WHERE} AND {f}" for i, f in enumerate(cases)]
        got = lake.rows(" UNION ALL ".join(parts))
        assert sorted(got) == list(enumerate(cases.values())), (field, list(cases))
