"""Table definitions, held against the tables that they define: other people's parsers take them, other people's engines
find by them every row of the logs, and their projection lists what is the table's and nothing else."""

import collections
import datetime
import functools
import gzip
import json
import os
import re
import shutil
from dataclasses import dataclass

import catalogs
import duckdb
import flowlogs
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from engines import athena_structure, split_statements
from flowlogs import V5, Folder, data_keys
from projection import Projection

# Month ends, a leap day, the turn of a year, and the tutorial's day.
DAYS = ["2024-02-29", "2025-12-31", "2026-01-01", "2026-01-15", "2026-01-31", "2026-02-01"]
FEW = ["2026-01-15", "2026-01-31"]
OBJECTS, ROWS = 2, 200  # of each flow log and day
ACCOUNTS, REGIONS = ["111122223333", "444455556666"], ["us-east-1", "eu-central-1"]
MANY = [word for account in ACCOUNTS for word in ("--account", account)] + [w for r in REGIONS for w in ("--region", r)]
OWN = ["end", "log-status", "srcaddr", "dstaddr", "version", "bytes", "dstport", "srcport", "protocol", "packets", "start"]

# What is converted: days, partitions, options of `generate`.
CASES = {
    "day": (DAYS, "day", []),
    "hour": (DAYS, "hour", ["--layout", "default-hourly"]),
    "account-region-day": (FEW, "account-region-day", MANY),
    "account-region-hour": (FEW, "account-region-hour", [*MANY, "--layout", "hive-hourly"]),
    "every-vpc-field": (FEW, "day", ["--schema-version", "11"]),
    "every-tgw-field": (FEW, "day", ["--log-type", "tgw"]),
    "own-order": (FEW, "day", ["--log-format", " ".join(f"${{{f}}}" for f in OWN), "--layout", "hive"]),
}
FIELDS = {"every-vpc-field": 54, "every-tgw-field": 36}
KEYS = {
    "day": ["year", "month", "day"],
    "hour": ["year", "month", "day", "hour"],
    "account-region-day": ["aws_account_id", "aws_region", "year", "month", "day"],
    "account-region-hour": ["aws_account_id", "aws_region", "year", "month", "day", "hour"],
}

# How `ddl` is asked: a new form is a new line here. Those in Hive's words first, of the converted table and the raw one.
PARQUET = {
    "parquet": [],
    "parquet-registered": ["--projection", "off"],
    "parquet-repaired": ["--projection", "msck"],
}
RAW = {
    "raw": [],
    "raw-registered": ["--projection", "off"],
}
HIVE = PARQUET | RAW
SPARK = {
    "parquet-spark": ["--format", "spark"],
    "parquet-spark-registered": ["--format", "spark", "--projection", "off"],
    "raw-spark": ["--format", "spark"],
}
DUCKDB = {
    "parquet-duckdb": ["--format", "duckdb"],
    "raw-duckdb": ["--format", "duckdb"],
}
FORMS = HIVE | SPARK | DUCKDB
PROJECTED = ["parquet", "raw"]

# Which engine reads which form. Forms that differ in how partitions become known, only, are tried on two tables.
READERS = [(form, engine) for engine, forms in {"hive": HIVE, "spark": HIVE | SPARK, "duckdb": DUCKDB}.items() for form in forms]
TWO = ["hour", "account-region-day"]
READ = [(case, form, engine) for case in CASES for form, engine in READERS
        if form in PROJECTED or engine == "duckdb" or case in TWO]

TABLE, BUCKET = "vpc_flow_logs", "s3://test-table/flow"  # the name is that of README's queries


@dataclass
class Case:
    """A converted table, the logs that it was made from, and definitions of both."""

    name: str
    days: list
    partition_by: str
    source: Folder
    dest: Folder
    run: object

    @property
    def keys(self):
        return KEYS[self.partition_by]

    @functools.cached_property
    def fields(self):
        """The names in the logs' first lines, which are all the same."""
        first = {self.lines(name)[0] for name in self.source.keys()}
        assert len(first) == 1, first
        return first.pop().split(" ")

    def lines(self, name):
        return gzip.decompress(self.source.get(name)).decode().splitlines()

    def columns(self, form):
        """[(name, type)]: a raw table's in the logs' order, for they are found by it, others in AWS's."""
        fields = sorted(self.fields, key=V5.index) if self.name == "own-order" and form not in RAW else self.fields
        return [(flowlogs.column(field), hive_type(field)) for field in fields]

    @functools.cached_property
    def rows(self):
        """The rows of the logs, plainly read: values as text in the logs' order, then the keys as the object's name says."""
        rows = []
        for name in self.source.keys():
            keys = tuple(says(name)[key] for key in self.keys)
            for line in self.lines(name)[1:]:
                values = [flowlogs.value(f, word) for f, word in zip(self.fields, line.split(" "), strict=True)]
                rows.append((*(None if v is None else str(v) for v in values), *keys))
        return sorted(rows, key=repr)

    def place(self, form):
        """Where the files are that a form defines."""
        return self.source if form.startswith("raw") else self.dest

    def files(self, form):
        place = self.place(form)
        return {f"{place.url}/{name}" for name in (place.keys() if place is self.source else data_keys(place))}

    def ddl(self, form, *args):
        """What `flowparquet ddl` prints, with the place on this disk instead of that on S3."""
        of = ["--raw", self.source.uri] if form.startswith("raw") else [self.dest.uri]
        text = self.run("ddl", *of, "--table", TABLE, "--location", BUCKET, *FORMS[form], *args).out
        assert BUCKET in text
        return text.replace(BUCKET, self.place(form).url)


def hive_type(field):
    """The type of a field by the list that the tests keep themselves."""
    return "int" if field in flowlogs.INT32 else "bigint" if field in flowlogs.INT64 else "string"


def says(file):
    """What a name says of a file's partition: a raw object's own name, or the folders of a Parquet file."""
    own = re.search(r"(\d{12})_\w+_([a-z0-9-]+)_fl-\w+_(\d{4})(\d\d)(\d\d)T(\d\d)\d\dZ_\w+\.log\.gz$", file)
    names = ["aws_account_id", "aws_region", "year", "month", "day", "hour"]
    return dict(zip(names, own.groups())) if own else dict(part.split("=") for part in file.split("/") if "=" in part)


@pytest.fixture(scope="module")
def make_case(run, tmp_path_factory):
    """make_case(name): generated and converted at the first call."""
    made = {}

    def make(name):
        days, partition_by, options = CASES[name]
        path = tmp_path_factory.mktemp(name)
        source, dest = Folder(path / "source"), Folder(path / "dest")
        run("generate", source.uri, *[w for day in days for w in ("--day", day)], "--objects", OBJECTS, "--rows", ROWS,
            *options)
        run("convert", source.uri, dest.uri, "--all", "--partition-by", partition_by)
        return Case(name, days, partition_by, source, dest, run)

    return lambda name: made.get(name) or made.setdefault(name, make(name))


@pytest.fixture(params=CASES)
def case(request, make_case):
    return make_case(request.param)


# --- what is printed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", HIVE)
def test_hive_parses_every_statement(case, form, engines):
    for args in ([], ["--database", "logs", "--no-comments"]):
        statements = split_statements(case.ddl(form, *args))
        assert statements
        for statement in statements:
            engines.hive_parses(statement)


@pytest.mark.parametrize("form", HIVE)
def test_the_definition_says_what_the_files_hold(case, form):
    found = athena_structure(split_statements(case.ddl(form, "--database", "logs"))[0])
    assert len(found.columns) == FIELDS.get(case.name, len(case.fields))
    assert found.columns == case.columns(form)
    assert set(found.comments) == {name for name, _ in found.columns}
    assert (found.database, found.table) == ("logs", TABLE)
    assert found.keys == [(key, "string") for key in case.keys]
    assert (found.stored_as, found.delimiter) == (("TEXTFILE", " ") if form in RAW else ("PARQUET", ""))
    assert found.location.startswith(case.place(form).url + "/") and found.location.endswith("/")


def test_the_types_are_those_of_the_footers(case):
    """Of every field and in the same order: Spark's reader widens nothing."""
    words = {"int32": "int", "int64": "bigint", "string": "string"}
    for name in data_keys(case.dest):
        schema = pq.read_schema(case.dest.path / name)
        found = [(field.name, words[str(getattr(field.type, "value_type", field.type))]) for field in schema]
        assert found == case.columns("parquet"), name


@pytest.mark.parametrize("form", HIVE)
def test_comments_can_be_left_out(case, form):
    assert athena_structure(split_statements(case.ddl(form, "--no-comments"))[0]).comments == {}


# --- what engines find ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def select(engines):
    """select(case, form, engine, query): rows. Before the first query the engine has run what is printed, in a database of
    its own; `{}` in the query is the table. Hive and Spark do not project: partitions that no statement adds are added as
    projected, and so everything else follows as it does in Athena."""
    made = set()
    run = {"hive": engines.hive, "spark": engines.spark_sql, "duckdb": lambda sql: duckdb.execute(sql).fetchall()}

    def select(case, form, engine, query):
        database, sql = re.sub(r"\W", "_", f"{case.name}_{form}_{engine}"), run[engine]
        if database not in made:
            made.add(database)
            sql(f"CREATE SCHEMA {database}")
            statements = split_statements(case.ddl(form, "--database", database))
            if form in HIVE:
                statements += add_partitions(athena_structure(statements[0]), {day[:4] for day in case.days})
            for statement in statements:
                sql(statement)
        return sql(query.format(f"{database}.{TABLE}"))

    return select


def add_partitions(definition, years):
    """The statement that adds the projected partitions of those years that exist, if the table is projected."""
    if definition.properties.get("projection.enabled") != "true":
        return []
    projected = Projection(definition.keys, definition.properties, definition.location).partitions(year=years)
    there = [(values, folder) for values, folder in projected if os.path.isdir(folder.removeprefix("file://"))]
    return [f"ALTER TABLE `{definition.database}`.`{definition.table}` ADD " + " ".join(
        "PARTITION (" + ", ".join(f"`{key}` = '{value}'" for (key, _), value in zip(definition.keys, values))
        + f") LOCATION '{folder}'" for values, folder in there)]


@pytest.mark.parametrize("case, form, engine", READ, indirect=["case"])
def test_every_row_is_there_once(case, form, engine, select):
    """Spark does not honour skip.header.line.count: of a raw table it shows each object's first line too, as a row of
    names, and of NULLs where numbers should be. Exactly those are taken out."""
    quote = '"' if engine == "duckdb" else "`"
    names = [*map(flowlogs.column, case.fields), *case.keys]
    rows = select(case, form, engine, f"SELECT {', '.join(quote + name + quote for name in names)} FROM {{}}")
    rows = sorted((tuple(None if v is None else str(v) for v in row) for row in rows), key=repr)
    if engine == "spark" and form.startswith("raw"):
        first_line = tuple(None if hive_type(field) != "string" else field for field in case.fields)
        headers = [row for row in rows if row[:len(first_line)] == first_line]
        assert len(headers) == len(case.source.keys())
        rows = [row for row in rows if row[:len(first_line)] != first_line]
    want = case.rows
    assert len(rows) == len(want) == len(case.source.keys()) * ROWS
    for i, name in enumerate(names):  # column by column: that says more when it fails
        assert collections.Counter(row[i] for row in rows) == collections.Counter(row[i] for row in want), name
    assert rows == want


def test_each_partition_has_as_many_rows_as_the_logs(case, select):
    keys = ", ".join(f"`{key}`" for key in case.keys)
    # Of the raw table's rows only headers, see above, have no version.
    query = f"SELECT {keys}, count(*) FROM {{}} WHERE version IS NOT NULL GROUP BY {keys} ORDER BY {keys}"
    rows = select(case, "parquet", "spark", query)
    assert rows == select(case, "raw", "spark", query)
    assert sorted({"-".join(dict(zip(case.keys, row))[key] for key in ("year", "month", "day")) for row in rows}) == case.days


def tutorial():
    """The queries in README and docs/queries.md."""
    pages = "".join((ROOT / page).read_text() for page in ("README.md", "docs/queries.md"))
    blocks = re.findall(r"```sql\n(.*?)```", pages, re.S)
    found = [s for block in blocks for s in split_statements(block) if s.startswith("SELECT") and f"FROM {TABLE}\n" in s]
    assert len(found) >= 3
    return found


def test_the_tutorials_queries_have_the_same_answers(case, select):
    for query in tutorial():
        query = query.replace(f"FROM {TABLE}\n", "FROM {}\n")
        answer = sorted(select(case, "parquet", "spark", query))
        assert answer == sorted(select(case, "raw", "spark", query)), query
        there = {row[0] for row in answer}
        assert there == (set() if "tgw" in case.name else {"34.160.111.145", "104.18.26.120"}), query


# --- what Athena lists ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=PROJECTED)
def projected(request, case):
    """(case, form, definition) with projection."""
    return case, request.param, athena_structure(split_statements(case.ddl(request.param, "--database", "logs"))[0])


def project(definition, **more):
    return Projection(definition.keys, definition.properties, definition.location, **more)


def test_every_file_is_listed_once_and_nothing_else_is(projected):
    """Athena reads all that lies below a listed folder, so every file's folders are looked for, up to the root."""
    case, form, definition = projected
    files = case.files(form)
    listed = collections.defaultdict(list)
    for values, folder in project(definition).partitions():
        listed[folder].append(values)
    whole = {f"file://{file}" for file in case.dest.path.parent.rglob("*") if file.is_file()}
    assert files < whole, "the logs, the table and its ledger"
    days = set()
    for file in whole:
        parts = file.split("/")
        partitions = [values for i in range(1, len(parts)) for values in listed["/".join(parts[:i]) + "/"]]
        assert len(partitions) == (1 if file in files else 0), (file, partitions)
        for values in partitions:
            has = dict(zip(case.keys, values))
            assert has.items() <= says(file).items(), file
            days.add(f"{has['year']}-{has['month']}-{has['day']}")
    assert sorted(days) == case.days


def test_a_query_of_one_day_lists_that_day_only(projected):
    case, _, definition = projected
    year, month, day = case.days[0].split("-")
    others = (len(ACCOUNTS) * len(REGIONS) if "aws_region" in case.keys else 1) * (24 if "hour" in case.keys else 1)
    assert project(definition).count(year=year, month=month, day=day) == others


@pytest.mark.parametrize("ahead", [0, 1, 366, 4 * 365])
def test_days_to_come_are_listed_when_they_come(projected, ahead):
    """A range that has ended gives zero rows and no error: a definition has to hold for years."""
    case, _, definition = projected
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(days=ahead)
    values = {"aws_account_id": ACCOUNTS[0], "aws_region": REGIONS[0], "year": f"{now:%Y}", "month": f"{now:%m}",
              "day": f"{now:%d}", "hour": f"{now:%H}"}
    assert tuple(values[key] for key in case.keys) in project(definition, now=now)


# --- without Athena: Glue's catalog ---------------------------------------------------------------------------------------


def glue_json(case, form):
    """The TableInput that is printed."""
    return json.loads(case.ddl(form, "--format", "glue-json"))


@pytest.mark.parametrize("form", PROJECTED)
def test_the_table_input_is_what_hive_makes_of_the_ddl(case, form, select, engines):
    printed = glue_json(case, form)
    select(case, form, "hive", "DESCRIBE {}")
    kept = engines.table_input(re.sub(r"\W", "_", f"{case.name}_{form}_hive"), TABLE)
    # Hive writes file:/a for file:///a/, in this place only.
    location = kept["StorageDescriptor"]
    location["Location"] = location["Location"].replace("file:", "file://") + "/"
    assert printed == kept


@pytest.mark.parametrize("case, form", [("account-region-hour", "parquet"), ("every-vpc-field", "raw")], indirect=["case"])
def test_the_aws_cli_makes_the_table(case, form, glue, tmp_path):
    file = tmp_path / "table.json"
    file.write_text(case.ddl(form, "--format", "glue-json"))
    assert catalogs.glue_roundtrip(glue.server, glue.database, file) == (glue.database, glue_json(case, form))


@pytest.mark.parametrize("case", ["account-region-hour"], indirect=True)
def test_the_aws_cli_registers_the_partitions(case, glue, tmp_path):
    file = tmp_path / "input.json"
    file.write_text(case.ddl("parquet-registered", "--format", "glue-json"))
    catalogs.glue_roundtrip(glue.server, glue.database, file)
    printed = case.ddl("parquet-registered", "--format", "glue-json", "--since", case.days[0])
    for call in printed.splitlines():
        file.write_text(call)
        answer = catalogs.aws(glue.server, "glue", "batch-create-partition", "--database-name", glue.database,
                              "--table-name", TABLE, "--partition-input-list", f"file://{file}")
        assert not (answer or {}).get("Errors"), answer
    found = catalogs.aws(glue.server, "glue", "get-partitions", "--database-name", glue.database, "--table-name", TABLE)
    found = {p["StorageDescriptor"]["Location"]: p["Values"] for p in found["Partitions"]}
    want = {os.path.dirname(file) + "/" for file in case.files("parquet")}
    assert found == {folder: [says(folder)[key] for key in case.keys] for folder in want}


@pytest.mark.parametrize("case", ["account-region-hour", "every-vpc-field", "every-tgw-field"], indirect=True)
@pytest.mark.parametrize("form", PROJECTED)
def test_cloudformation_has_the_same_table(case, form):
    text = case.ddl(form, "--database", "logs", "--format", "cloudformation")
    assert catalogs.from_cloudformation(text) == ("logs", glue_json(case, form))


@pytest.mark.parametrize("case", ["account-region-hour", "every-vpc-field", "every-tgw-field"], indirect=True)
@pytest.mark.parametrize("form", PROJECTED)
def test_terraform_has_the_same_table(case, form):
    text = case.ddl(form, "--database", "logs", "--format", "terraform")
    assert catalogs.from_terraform(text) == ("logs", glue_json(case, form))


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
@pytest.mark.parametrize("case, form", [("account-region-hour", "parquet"), ("every-vpc-field", "raw")], indirect=["case"])
@pytest.mark.parametrize("args", [[], ["--database", "logs"]], ids=["variable", "literal"])
def test_terraform_itself_takes_it(case, form, args, tmp_path):
    text = case.ddl(form, *args, "--format", "terraform")
    catalogs.terraform_takes(text, tmp_path, os.environ.get("FLOWPARQUET_TERRAFORM_PLUGINS"))
