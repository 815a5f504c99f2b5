"""Table definitions, held against the tables that they define: other people's parsers take them, other people's engines
find by them the rows of the raw logs, and their projection lists what was converted and nothing else."""

import collections
import datetime
import gzip
import json
import os
import re
import shutil
from dataclasses import dataclass

import catalogs
import flowlogs
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from engines import athena_structure, split_statements
from flowlogs import Folder, data_keys
from projection import Projection

# Month ends, a leap day, the turn of a year, and the tutorial's day.
DAYS = ["2024-02-29", "2025-12-31", "2026-01-01", "2026-01-15", "2026-01-31", "2026-02-01"]
FEW = ["2026-01-15", "2026-01-31"]
OBJECTS, ROWS = 4, 200  # a day: the tutorial's 48 exchanges of 8 records want half of the rows at most
ACCOUNTS, REGIONS = ["111122223333", "444455556666"], ["us-east-1", "eu-central-1"]
MANY = [word for account in ACCOUNTS for word in ("--account", account)] + [w for r in REGIONS for w in ("--region", r)]

# What is converted: days, partitions, options of `generate`.
CASES = {
    "day": (DAYS, "day", []),
    "hour": (DAYS, "hour", []),
    "account-region-day": (FEW, "account-region-day", MANY),
    "account-region-hour": (FEW, "account-region-hour", MANY),
    "every-vpc-field": (FEW, "day", ["--schema-version", "11"]),
    "every-tgw-field": (FEW, "day", ["--log-type", "tgw"]),
}
FIELDS = {"every-vpc-field": 54, "every-tgw-field": 36}
KEYS = {
    "day": ["year", "month", "day"],
    "hour": ["year", "month", "day", "hour"],
    "account-region-day": ["aws_account_id", "aws_region", "year", "month", "day"],
    "account-region-hour": ["aws_account_id", "aws_region", "year", "month", "day", "hour"],
}

# How `ddl` is asked for definitions in Hive's words. A new form is a new line here.
FORMS = {
    "projected": [],
    "registered": ["--projection", "off"],
    "msck": ["--projection", "msck"],
}
ENGINES = ["hive", "spark"]

TABLE, BUCKET = "vpc_flow_logs", "s3://test-table/flow"  # the name is that of README's queries


@dataclass
class Case:
    """A converted table, the logs that it was made from, and how to ask for definitions of both."""

    name: str
    days: list
    partition_by: str
    source: Folder
    dest: Folder
    run: object

    @property
    def keys(self):
        return KEYS[self.partition_by]

    @property
    def fields(self):
        """The names in the logs' first lines, which are all the same."""
        first = {gzip.decompress(self.source.get(k)).decode().split("\n", 1)[0] for k in self.source.keys()}
        assert len(first) == 1, first
        return first.pop().split()

    def ddl(self, *args):
        """What `flowparquet ddl` prints, with the place on this disk instead of that on S3."""
        text = self.run("ddl", self.dest.uri, "--table", TABLE, "--location", BUCKET, *args).out
        assert BUCKET in text
        return text.replace(BUCKET, self.dest.url)

    def raw_ddl(self, *args):
        """The same for the table over the raw logs."""
        text = self.run("ddl", "--raw", self.source.uri, "--table", TABLE, "--location", BUCKET, *args).out
        assert BUCKET in text
        return text.replace(BUCKET, self.source.url)


def hive_type(field):
    """The type of a field by the list that the tests keep themselves."""
    return "int" if field in flowlogs.INT32 else "bigint" if field in flowlogs.INT64 else "string"


@pytest.fixture(scope="module")
def make_case(run, tmp_path_factory):
    """make_case(name): generated and converted at the first call."""
    made = {}

    def make(name):
        days, partition_by, options = CASES[name]
        path = tmp_path_factory.mktemp(name)
        source, dest = Folder(path / "source"), Folder(path / "dest")
        layout = "default-hourly" if "hour" in partition_by else "default"
        run("generate", source.uri, *[w for day in days for w in ("--day", day)], "--objects", OBJECTS, "--rows", ROWS,
            "--layout", layout, *options)
        run("convert", source.uri, dest.uri, "--all", "--partition-by", partition_by)
        return Case(name, days, partition_by, source, dest, run)

    return lambda name: made.get(name) or made.setdefault(name, make(name))


@pytest.fixture(params=CASES)
def case(request, make_case):
    return make_case(request.param)


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


# --- what is printed ------------------------------------------------------------------------------------------------------


def test_hive_parses_every_statement(case, form, engines):
    for args in ([], ["--database", "logs"], ["--no-comments"]):
        statements = split_statements(case.ddl(*FORMS[form], *args))
        assert statements
        for statement in statements:
            engines.hive_parses(statement)


def test_the_definition_says_what_the_files_hold(case, form):
    """Every field in the logs' order, with the types of the footers: Spark's readers widen nothing, Hive's nothing but
    what is luck."""
    found = athena_structure(split_statements(case.ddl("--database", "logs", *FORMS[form]))[0])
    want = [(flowlogs.column(field), hive_type(field)) for field in case.fields]
    assert len(want) == FIELDS.get(case.name, len(want))
    assert found.columns == want
    assert set(found.comments) == {name for name, _ in want}
    words = {"int32": "int", "int64": "bigint", "string": "string"}
    for name in data_keys(case.dest):
        schema = pq.read_schema(case.dest.path / name)
        assert [(f.name, words[str(getattr(f.type, "value_type", f.type))]) for f in schema] == want, name
    assert (found.database, found.table) == ("logs", TABLE)
    assert found.keys == [(key, "string") for key in case.keys]
    assert (found.stored_as, found.delimiter) == ("PARQUET", "")
    assert found.location == case.dest.url + "/"


def test_comments_can_be_left_out(case, form):
    assert athena_structure(split_statements(case.ddl(*FORMS[form], "--no-comments"))[0]).comments == {}


# --- what engines find ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(engines):
    """database(case, form, engine): the name of a database with one table, which that engine made at the first call as
    the printed statements say. Neither engine projects: partitions that no statement adds are added as projected."""
    made = set()

    def database(case, form, engine):
        name = re.sub(r"\W", "_", f"{case.name}_{form}_{engine}")
        if name not in made:
            made.add(name)
            sql = runner(engines, engine)
            sql(f"CREATE DATABASE {name}")
            args = ["--database", name]
            statements = split_statements(case.raw_ddl(*args) if form == "raw" else case.ddl(*args, *FORMS[form]))
            for statement in [*statements, *add_partitions(athena_structure(statements[0]))]:
                sql(statement)
        return name

    return database


def runner(engines, engine):
    return {"hive": engines.hive, "spark": engines.spark_sql}[engine]


def add_partitions(definition):
    """The statement that adds the projected partitions that exist, if the table is projected."""
    if definition.properties.get("projection.enabled") != "true":
        return
    projected = Projection(definition.keys, definition.properties, definition.location).partitions()
    there = [(values, folder) for values, folder in projected if os.path.isdir(folder.removeprefix("file://"))]
    yield f"ALTER TABLE `{definition.database}`.`{definition.table}` ADD IF NOT EXISTS " + " ".join(
        "PARTITION (" + ", ".join(f"`{key}` = '{value}'" for (key, _), value in zip(definition.keys, values))
        + f") LOCATION '{folder}'" for values, folder in there)


@pytest.mark.parametrize("case", ["day", "account-region-hour"], indirect=True)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_folders_are_found_by_repair(case, engine, engines):
    """For the engines that do not project: the folders are named as Hive names them, and those of the ledger are hidden."""
    sql, name = runner(engines, engine), re.sub(r"\W", "_", f"{case.name}_repaired_{engine}")
    sql(f"CREATE DATABASE {name}")
    sql(split_statements(case.ddl("--database", name))[0])
    sql(f"MSCK REPAIR TABLE {name}.{TABLE}")
    want = {(os.path.dirname(key),) for key in data_keys(case.dest)}
    assert sorted(sql(f"SHOW PARTITIONS {name}.{TABLE}")) == sorted(want)


def rows_of(engines, engine, database, case):
    """Every row, values as text: fields in the logs' order, then the keys."""
    names = ", ".join(f"`{name}`" for name in [*map(flowlogs.column, case.fields), *case.keys])
    rows = runner(engines, engine)(f"SELECT {names} FROM {database}.{TABLE}")
    return sorted((tuple(None if v is None else str(v) for v in row) for row in rows), key=repr)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_rows_are_those_of_the_raw_table(case, form, engine, engines, database):
    """Hive honours the raw table's skip.header.line.count. Spark does not and shows each object's first line as a row of
    names and NULLs, for numbers: exactly those are taken out."""
    rows = rows_of(engines, engine, database(case, form, engine), case)
    raw = rows_of(engines, engine, database(case, "raw", engine), case)
    if engine == "spark":
        first_line = tuple(None if hive_type(field) != "string" else field for field in case.fields)
        headers = [row for row in raw if row[:len(first_line)] == first_line]
        assert len(headers) == len(case.source.keys())
        raw = [row for row in raw if row[:len(first_line)] != first_line]
    assert len(rows) == len(raw) == len(case.source.keys()) * ROWS
    for i, name in enumerate([*case.fields, *case.keys]):  # first by column: that says more when it fails
        assert collections.Counter(row[i] for row in rows) == collections.Counter(row[i] for row in raw), name
    assert rows == raw


def test_the_rows_of_each_partition_are_those_of_the_raw_table(case, form, engines, database):
    # Of the raw table's rows only headers, see above, have no version.
    keys = ", ".join(f"`{key}`" for key in case.keys)
    count = f"SELECT {keys}, count(*) FROM {{}}.{TABLE} WHERE version IS NOT NULL GROUP BY {keys} ORDER BY {keys}"
    rows, raw = (engines.spark_sql(count.format(database(case, f, "spark"))) for f in (form, "raw"))
    assert rows == raw
    at = [case.keys.index(key) for key in ("year", "month", "day")]
    assert sorted({"-".join(row[i] for i in at) for row in rows}) == case.days


def tutorial():
    """The queries in README."""
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    found = [s for block in blocks for s in split_statements(block) if s.startswith("SELECT") and f"FROM {TABLE}\n" in s]
    assert len(found) >= 3
    return found


def test_the_tutorials_queries_have_the_same_answers(case, form, engines, database):
    for query in tutorial():
        answers = []
        for f in (form, "raw"):
            engines.spark_sql(f"USE {database(case, f, 'spark')}")
            answers.append(sorted(engines.spark_sql(query)))
        assert answers[0] == answers[1], query
        there = {row[0] for row in answers[0]}
        assert there == (set() if "tgw" in case.name else {"34.160.111.145", "104.18.26.120"}), query


# --- what Athena lists ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=[*(name for name, args in FORMS.items() if "--projection" not in args), "raw"])
def projected(request, case):
    """(case, definition, the files that are the table's) of every definition with projection."""
    raw = request.param == "raw"
    args = ["--database", "logs"]
    text = case.raw_ddl(*args) if raw else case.ddl(*args, *FORMS[request.param])
    place, files = (case.source, case.source.keys()) if raw else (case.dest, data_keys(case.dest))
    return case, athena_structure(split_statements(text)[0]), {f"{place.url}/{name}" for name in files}


def project(definition, **more):
    return Projection(definition.keys, definition.properties, definition.location, **more)


def test_every_file_is_listed_once_and_nothing_else_is(projected):
    """Athena reads all that lies below a listed folder, so every file's folders are looked for, up to the root."""
    case, definition, files = projected
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


def says(file):
    """What a name says of a file's partition: a raw object's own name, or the folders of a Parquet file."""
    own = re.search(r"/(\d{12})_\w+_([a-z0-9-]+)_fl-\w+_(\d{4})(\d\d)(\d\d)T(\d\d)\d\dZ_", file)
    names = ["aws_account_id", "aws_region", "year", "month", "day", "hour"]
    return dict(zip(names, own.groups())) if own else dict(part.split("=") for part in file.split("/") if "=" in part)


def test_a_query_of_one_day_lists_that_day_only(projected):
    case, definition, _ = projected
    year, month, day = case.days[0].split("-")
    others = (len(ACCOUNTS) * len(REGIONS) if "aws_region" in case.keys else 1) * (24 if "hour" in case.keys else 1)
    assert project(definition).count(year=year, month=month, day=day) == others


@pytest.mark.parametrize("ahead", [0, 1, 366, 4 * 365])
def test_days_to_come_are_listed_when_they_come(projected, ahead):
    """A range that has ended gives zero rows and no error: a definition has to hold for years."""
    case, definition, _ = projected
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(days=ahead)
    values = {"aws_account_id": ACCOUNTS[0], "aws_region": REGIONS[0], "year": f"{now:%Y}", "month": f"{now:%m}",
              "day": f"{now:%d}", "hour": f"{now:%H}"}
    assert tuple(values[key] for key in case.keys) in project(definition, now=now)


# --- without Athena: Glue's catalog ---------------------------------------------------------------------------------------


def hive_table_input(case, database, engines):
    """The TableInput that the printed DDL amounts to, as Hive's catalog has it; but Hive cuts a location's last slash."""
    found = engines.table_input(database(case, "projected", "hive"), TABLE)
    found["StorageDescriptor"]["Location"] += "/"
    assert found["StorageDescriptor"]["Location"].replace("file:/", "file:///") == case.dest.url + "/"
    found["StorageDescriptor"]["Location"] = case.dest.url + "/"
    return found


def glue_json(case):
    return json.loads(case.ddl("--database", "logs", "--format", "glue-json"))


@pytest.mark.parametrize("case", ["account-region-hour", "every-vpc-field"], indirect=True)
def test_the_aws_cli_makes_the_table(case, glue, tmp_path):
    table_input = glue_json(case)
    file = tmp_path / "table.json"
    file.write_text(json.dumps(table_input))
    assert catalogs.glue_roundtrip(glue.server, glue.database, file) == (glue.database, table_input)


def test_glue_json_is_what_hive_makes_of_the_ddl(case, database, engines):
    assert glue_json(case) == hive_table_input(case, database, engines)


def test_cloudformation_has_the_same_table(case):
    text = case.ddl("--database", "logs", "--format", "cloudformation")
    assert catalogs.from_cloudformation(text) == ("logs", glue_json(case))


def test_terraform_has_the_same_table(case):
    text = case.ddl("--database", "logs", "--format", "terraform")
    assert catalogs.from_terraform(text) == ("logs", glue_json(case))


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
def test_terraform_itself_takes_it(case, tmp_path):
    text = case.ddl("--database", "logs", "--format", "terraform")
    catalogs.terraform_takes(text, tmp_path, os.environ.get("FLOWPARQUET_TERRAFORM_PLUGINS"))
