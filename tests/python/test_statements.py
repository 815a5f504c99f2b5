"""Tables that people have, in the forms they have them (tests/statements): over a DEST of several accounts and Regions, what `ddl --like` and
`ddl --cutover` print shows the rows of the old table, and no others, under its names and types. By Spark here, by Trino in
test_trino.py."""

import os
import re

import pytest
import sqlglot
from engines import athena_structure, split_statements
from flowlogs import Folder
from projection import Projection
from statements import ROWS, compared, make_lake

BUCKET, LOGS = "s3://test-table/flow", "s3://YOUR-BUCKET/YOUR-LOGS"

# One of each kind; --long has Spark compare all.
SOME = {"projected-account-region-date", "projected-since", "projected-account-in-one-region", "registered-region-day",
        "registered-months", "plain-of-one", "plain-of-month", "null-defined", "wide-types", "regex"}
STATEMENTS = [pytest.param(s, id=s.name, marks=[] if s.name in SOME else [pytest.mark.long]) for s in compared()]


@pytest.fixture(scope="module")
def lake(run, tmp_path_factory, engines):
    folder = tmp_path_factory.mktemp("statements")
    # Athena looks into folders below a partition's; Spark only if it is told to.
    engines.spark_sql("SET mapreduce.input.fileinputformat.input.dir.recursive=true")
    yield make_lake(run, lambda name: Folder(folder / name))
    engines.spark_sql("RESET mapreduce.input.fileinputformat.input.dir.recursive")


def register(engines, name, keys, partitions):
    """Adds those partitions whose folders are there: Spark does not project."""
    there = [f"PARTITION ({', '.join(f'`{key}` = {value}' for key, value in zip(keys, values))}) LOCATION '{folder}'"
             for values, folder in partitions if os.path.isdir(re.sub("^file:/+", "/", folder))]
    engines.spark_sql(f"ALTER TABLE {name} ADD IF NOT EXISTS {' '.join(there)}")


def quoted(partitions):
    return [([f"'{value}'" for value in values], folder) for values, folder in partitions]


class Old:
    """The table of today, as Spark has it."""

    def __init__(self, statement, source, engines):
        self.engines, self.statement = engines, statement
        self.database = "s_" + re.sub(r"\W", "_", statement.name)
        self.name = f"{self.database}.{statement.table}"
        engines.spark_sql(f"DROP DATABASE IF EXISTS {self.database} CASCADE")
        engines.spark_sql(f"CREATE DATABASE {self.database}")
        sql = statement.for_hive(self.database, source.url)
        engines.spark_sql(sql)
        table = engines.table_input(self.database, statement.table)
        self.columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
        self.keys = [key["Name"] for key in table["PartitionKeys"]]
        properties = table["Parameters"]
        if properties.get("projection.enabled", "").lower() == "true":
            keys = [(key["Name"], "string") for key in table["PartitionKeys"]]
            partitions = quoted(statement.projected(keys, properties, table["StorageDescriptor"]["Location"]))
        else:
            partitions = [(values, f"{source.url}/{folder}") for values, folder in statement.registered(source.keys())]
        if self.keys:
            register(engines, self.name, self.keys, partitions)
        self.described = self.describe(self.name)
        self.rows = self.select(self.name)
        # Other than Athena, Spark shows header lines: a row whose first number is NULL, or whose text is the field's name.
        holds = [key for key in source.keys() if statement.holds(key)]
        assert len(self.rows) == len(holds) * ROWS, "the test's own table is not what it should be"

    def select(self, table):
        names = ", ".join(f"`{name}`" for name in [*self.columns, *self.keys])
        first = f"`{self.columns[0]}`"
        where = f"{first} IS NOT NULL AND CAST({first} AS string) <> 'version'"
        return sorted(self.engines.spark_sql(f"SELECT {names} FROM {table} WHERE {where}"), key=repr)

    def describe(self, table):
        # Spark's views know no length of text, and unlike Athena it keeps the case of names.
        wanted = len(self.columns) + len(self.keys)
        return [(row[0].lower(), re.sub(r"varchar\(\d+\)", "string", row[1])) for row in self.engines.spark_sql(f"DESCRIBE {table}")][:wanted]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_spark_finds_the_rows_of_the_old_table(statement, run, lake, engines, tmp_path):
    sources, dests = lake
    source = sources[statement.logs]
    dest = dests[statement.logs, statement.said("dest", {"hourly": "account-region-hour"}.get(statement.logs, "account-region-day"))]
    old = Old(statement, source, engines)
    file = tmp_path / "old.sql"
    file.write_text(statement.named(old.database))
    options = [dest.uri, "--like", file, "--location", BUCKET, *statement.options(source.uri)]
    text = run("ddl", *options, "--format", "spark").out
    for sql in split_statements(text.replace(BUCKET, dest.url)):
        engines.spark_sql(sql)
    new = re.findall(r"CREATE (?:OR REPLACE VIEW|TABLE IF NOT EXISTS) `\w+`\.`(\w+)`", text)[-1]
    assert old.select(f"{old.database}.{new}") == old.rows
    assert old.describe(f"{old.database}.{new}") == old.described, "names, types and order are theirs"
    # The cut-over makes tables of the same names.
    for kind, table in re.findall(r"CREATE (?:OR REPLACE )?(TABLE|VIEW) (?:IF NOT EXISTS )?`\w+`\.`(\w+)`", text):
        engines.spark_sql(f"DROP {kind} {old.database}.{table}")

    more = [] if "--source" in options else ["--source", source.uri]
    text = run("ddl", *options, *more, "--cutover").out
    parquet, raw, check, _, view = split_statements(text.replace(BUCKET, dest.url).replace(LOGS, source.url))
    for sql in (parquet, raw):
        engines.spark_sql(sql)
        made = athena_structure(sql)
        projected = Projection(made.keys, made.properties, made.location).partitions(year=["2025", "2026"])
        register(engines, f"{made.database}.{made.table}", [key for key, _ in made.keys], quoted(projected))
    differences = engines.spark_sql(sqlglot.transpile(check, read="trino", write="spark")[0])
    assert all(row[1] in (None, "-", "version") for row in differences), "but for header lines, both are equal"
    engines.spark_sql(f"DROP TABLE {old.name}")
    # Spark takes no hyphens in the name of a view.
    engines.spark_sql(sqlglot.transpile(view.replace("vpc-flow-logs", "vpc_flow_logs"), read="trino", write="spark")[0])
    assert old.select(old.name) == old.rows
    assert old.describe(old.name) == old.described
