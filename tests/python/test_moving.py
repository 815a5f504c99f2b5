"""From a person's own table to one over Parquet: what `ddl --like` and `ddl --cutover` print is run by Spark on a real
metastore, beside the table that the person has, and both answer alike. Trino runs the cut-over in test_trino.py."""

import collections
import os
import re

import pytest
import sqlglot
from engines import athena_structure, split_statements
from flowlogs import Folder
from projection import Projection

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
DAYS = ["2025-12-31", "2026-01-01", "2026-01-15"]
EARLIER = "2024-02-29"  # of a year that the first conversion knows nothing of
OBJECTS, ROWS = 3, 150
BUCKET, LOGS = "s3://test-table/flow", "s3://YOUR-BUCKET/YOUR-LOGS"

# The default format as AWS's pages declare it, and as they did years ago.
AWS = """`version` int, `account_id` string, `interface_id` string, `srcaddr` string, `dstaddr` string, `srcport` int,
`dstport` int, `protocol` bigint, `packets` bigint, `bytes` bigint, `start` bigint, `end` bigint, `action` string,
`log_status` string"""
TUTORIAL = AWS.replace("`", "").replace("end ", "`end` ").replace("protocol bigint", "protocol int")
OLD = """version int, account string, interfaceid string, sourceaddress string, destinationaddress string, sourceport int,
destinationport int, protocol int, numpackets int, numbytes bigint, starttime int, endtime int, action string,
logstatus string"""
STRINGS = re.sub(r"\b(int|bigint)\b", "string", AWS).replace("`version` string", "`version` int")
OTHERS = """a int, b varchar(20), c string, d string, e string, f smallint, g int, h tinyint, i double, j decimal(20,0),
k bigint, l string, m string, n string, o string"""

# Name: columns, partition keys, the values of a day's partition, how DEST is partitioned, options of `ddl --like`.
THEIRS = {
    "tutorial": (TUTORIAL, "year string, month string, day string", "'{y}', '{m}', '{d}'", "day", []),
    "aws by date": (AWS, "`date` date", "'{y}-{m}-{d}'", "day", []),
    "aws by account": (AWS, "accid string, region string, day string", f"'{ACCOUNT}', '{REGION}', '{{y}}/{{m}}/{{d}}'",
                       "account-region-day", ["--key", "day=yyyy/MM/dd"]),
    "hyphens": (AWS.replace("protocol` bigint", "protocol` int"), "`aws-account-id` string, `aws-service` string, "
                "`aws-region` string, `year` string, `month` string, `day` string",
                f"'{ACCOUNT}', 'vpcflowlogs', '{REGION}', '{{y}}', '{{m}}', '{{d}}'", "account-region-day", []),
    "old names": (OLD, "dt string", "'{y}-{m}-{d}'", "day", ["--key", "dt=yyyy-MM-dd"]),
    "strings": (STRINGS, "year string, month string, day string", "'{y}', '{m}', '{d}'", "day", []),
    "numbers": (TUTORIAL, "year int, month int, day int", "{y}, {m}, {d}", "day", []),
    "by place": (OTHERS, "region string, `date` date", f"'{REGION}', '{{y}}-{{m}}-{{d}}'", "day", ["--source"]),
}


@pytest.fixture(scope="module")
def logs(run, tmp_path_factory):
    """logs(partition_by): the raw logs and a table of theirs."""
    source = Folder(tmp_path_factory.mktemp("moving") / "source")
    run("generate", source.uri, *[w for day in DAYS for w in ("--day", day)], "--objects", OBJECTS, "--rows", ROWS)
    made = {}

    def logs(partition_by):
        if partition_by not in made:
            made[partition_by] = Folder(source.path.parent / partition_by)
            run("convert", source.uri, made[partition_by].uri, "--all", "--partition-by", partition_by)
        return source, made[partition_by]

    return logs


class Theirs:
    """A table that a person has over the raw logs, in a database of its own."""

    def __init__(self, name, engines, source, tmp_path, projected=False):
        columns, keys, values, self.partition_by, self.options = THEIRS[name]
        self.database = "their_" + re.sub(r"\W", "_", f"{name}_{tmp_path.name}")
        self.sql = (f"CREATE EXTERNAL TABLE IF NOT EXISTS {self.database}.vpc_flow_logs (\n{columns}\n)\n"
                    f"PARTITIONED BY ({keys})\nROW FORMAT DELIMITED\nFIELDS TERMINATED BY ' '\n"
                    f"LOCATION '{source.url}/'\nTBLPROPERTIES (\"skip.header.line.count\"=\"1\"")
        projection = ", 'projection.enabled'='true'" if projected else ""
        self.sql += f"{projection})"
        self.file = tmp_path / "old.sql"
        self.file.write_text(f"-- the table of today\n{self.sql};\n")
        engines.spark_sql(f"CREATE DATABASE {self.database}")
        engines.spark_sql(self.sql)
        parsed = athena_structure(self.sql)
        self.columns, self.keys = ([name for name, _ in part] for part in (parsed.columns, parsed.keys))
        self.values = values
        for day in DAYS:
            y, m, d = day.split("-")
            folder = f"{source.url}/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{y}/{m}/{d}/"
            pairs = zip(self.keys, values.format(y=y, m=m, d=d).split(", "))
            engines.spark_sql(f"ALTER TABLE {self.database}.vpc_flow_logs ADD PARTITION "
                              f"({', '.join(f'`{k}` = {v}' for k, v in pairs)}) LOCATION '{folder}'")

    def on(self, day):
        """The condition for a day's partition."""
        y, m, d = day.split("-")
        pairs = zip(self.keys, self.values.format(y=y, m=m, d=d).split(", "))
        return " AND ".join(f"CAST(`{key}` AS string) = {value}" for key, value in pairs)

    def select(self, table="vpc_flow_logs", where=""):
        names = ", ".join(f"`{name}`" for name in [*self.columns, *self.keys])
        # Spark shows each object's header line as a row whose version, the first column, is NULL.
        return f"SELECT {names} FROM {self.database}.{table} WHERE `{self.columns[0]}` IS NOT NULL {where}"


def like(run, theirs, source, dest, *args):
    options = [*theirs.options, *([source.uri] if theirs.options == ["--source"] else [])]
    done = run("ddl", dest.uri, "--like", theirs.file, "--location", BUCKET, *options, *args)
    return split_statements(done.out.replace(BUCKET, dest.url))


@pytest.mark.parametrize("projection", [[], ["--projection", "off"]], ids=["found", "registered"])
@pytest.mark.parametrize("name", THEIRS)
def test_a_table_like_theirs_answers_like_theirs(name, projection, run, logs, engines, tmp_path):
    source, dest = logs(THEIRS[name][3])
    theirs = Theirs(name, engines, source, tmp_path)
    statements = like(run, theirs, source, dest, "--format", "spark", *projection)
    for statement in statements:
        engines.spark_sql(statement)
    want = engines.spark_sql(theirs.select())
    assert len(want) == len(DAYS) * OBJECTS * ROWS
    assert collections.Counter(engines.spark_sql(theirs.select("vpc_flow_logs_parquet"))) == collections.Counter(want)
    # Spark's views know no length of text.
    described = [[(row[0], re.sub(r"varchar\(\d+\)", "string", row[1])) for row in engines.spark_sql(f"DESCRIBE {theirs.database}.{table}")][
        :len(theirs.columns) + len(theirs.keys)] for table in ("vpc_flow_logs", "vpc_flow_logs_parquet")]
    assert described[0] == described[1], "names, types and order are theirs"
    # By a key, as their queries ask.
    value = next(row[-1] for row in want)
    value = value if isinstance(value, int) else f"'{value}'" if isinstance(value, str) else f"DATE '{value}'"
    where = f"AND `{theirs.keys[-1]}` = {value}"
    got, want = (engines.spark_sql(theirs.select(table, where)) for table in ("vpc_flow_logs_parquet", "vpc_flow_logs"))
    assert want and collections.Counter(got) == collections.Counter(want)


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize("name", THEIRS)
def test_athena_takes_what_is_printed(name, projected, run, logs, engines, tmp_path):
    """The table's statements by Hive's parser, the view, which is Trino's, by sqlglot."""
    source, dest = logs(THEIRS[name][3])
    theirs = Theirs(name, engines, source, tmp_path, projected)
    statements = like(run, theirs, source, dest)
    assert statements
    for statement in statements:
        if statement.startswith("CREATE OR REPLACE VIEW"):
            assert sqlglot.parse_one(statement, read="athena").kind == "VIEW"
        else:
            engines.hive_parses(statement)


def know_partitions(engines, table, years=("2025", "2026")):
    """Adds the projected partitions that exist: Spark does not project."""
    projected = Projection(table.keys, table.properties, table.location).partitions(year=list(years))
    there = " ".join(
        "PARTITION (" + ", ".join(f"`{key}` = '{value}'" for (key, _), value in zip(table.keys, values)) + f") LOCATION '{folder}'"
        for values, folder in projected if os.path.isdir(folder.removeprefix("file://")))
    engines.spark_sql(f"ALTER TABLE {table.database}.{table.table} ADD IF NOT EXISTS {there}")


# Steps of the cut-over, by what their statements begin with.
STEPS = ["CREATE EXTERNAL TABLE", "CREATE EXTERNAL TABLE", "SELECT", "DROP TABLE", "CREATE OR REPLACE VIEW"]


@pytest.mark.parametrize("name", ["tutorial", "aws by date", "old names"])
def test_the_cutover_takes_each_day_from_one_side(name, run, engines, tmp_path):
    source, dest = Folder(tmp_path / "source"), Folder(tmp_path / "dest")

    def day_comes(day):
        run("generate", source.uri, "--day", day, "--objects", OBJECTS, "--rows", ROWS)

    for day in DAYS:
        day_comes(day)
    run("convert", source.uri, dest.uri, "--from", DAYS[0], "--to", DAYS[1])
    theirs = Theirs(name, engines, source, tmp_path)
    before = engines.spark_sql(theirs.select())

    def cutover(*args):
        text = run("ddl", dest.uri, "--source", source.uri, "--like", theirs.file, "--location", BUCKET, *theirs.options,
                   *args).out
        return split_statements(text.replace(BUCKET, dest.url).replace(LOGS, source.url))

    statements = cutover("--cutover")
    assert [next(s for s in STEPS if statement.startswith(s)) for statement in statements] == STEPS
    parquet, raw, check, drop, view = statements
    for statement in (parquet, raw):
        engines.hive_parses(statement)
        engines.spark_sql(statement)
        know_partitions(engines, athena_structure(statement))
    # The check finds nothing but what Spark, other than Athena, shows of the raw table: header lines.
    differences = engines.spark_sql(sqlglot.transpile(check, read="trino", write="spark")[0])
    assert {row[1] for row in differences} == {None} and sum(row[0] for row in differences) == -OBJECTS
    engines.spark_sql(drop)
    engines.spark_sql(sqlglot.transpile(view, read="trino", write="spark")[0])
    assert collections.Counter(engines.spark_sql(theirs.select())) == collections.Counter(before)
    # It is the converted days that come from Parquet: their raw logs are not missed.
    for key in source.keys():
        if any(day.replace("-", "/") in key for day in DAYS[:2]):
            (source.path / key).unlink()
    assert collections.Counter(engines.spark_sql(theirs.select())) == collections.Counter(before)
    # The next day is converted, and one of a year before all others: the view printed anew takes both from Parquet.
    run("convert", source.uri, dest.uri, "--day", DAYS[2])
    run("generate", source.uri, "--day", EARLIER, "--objects", OBJECTS, "--rows", ROWS)
    run("convert", source.uri, dest.uri, "--day", EARLIER)
    *grown, view = cutover("--cutover=view")
    for statement, old in zip(grown, (parquet, raw), strict=True):
        engines.hive_parses(statement)
        engines.spark_sql(statement)
        table = athena_structure(old)
        table.properties |= dict(engines.spark_sql(f"SHOW TBLPROPERTIES {table.database}.{table.table}"))
        know_partitions(engines, table, ["2024"])
    know_partitions(engines, athena_structure(parquet))
    engines.spark_sql(sqlglot.transpile(view, read="trino", write="spark")[0])
    earlier = engines.spark_sql(theirs.select(where=f"AND {theirs.on(EARLIER)}"))
    assert len(earlier) == OBJECTS * ROWS, "each row of it once"
    for key in source.keys():
        (source.path / key).unlink()
    rest = f"AND NOT ({theirs.on(EARLIER)})"
    assert collections.Counter(engines.spark_sql(theirs.select(where=rest))) == collections.Counter(before)


@pytest.mark.parametrize("name", ["tutorial", "aws by date"])
def test_replacing_the_table_keeps_its_answers(name, run, logs, engines, tmp_path):
    source, dest = logs("day")
    theirs = Theirs(name, engines, source, tmp_path)
    before = engines.spark_sql(theirs.select())
    text = run("ddl", dest.uri, "--source", source.uri, "--like", theirs.file, "--location", BUCKET, "--cutover=replace").out
    for statement in split_statements(text.replace(BUCKET, dest.url)):
        if statement.startswith("CREATE OR REPLACE VIEW"):
            statement = sqlglot.transpile(statement, read="trino", write="spark")[0]
        else:
            engines.hive_parses(statement)
        engines.spark_sql(statement)
    assert collections.Counter(engines.spark_sql(theirs.select())) == collections.Counter(before)
    # And back, by what is printed for that.
    back = "\n".join(line.removeprefix("-- ") for line in text[text.index("-- The way back"):].splitlines()[1:])
    for statement in split_statements(back.replace(LOGS, source.url) + "\n"):
        if statement.startswith("DROP VIEW"):
            statement = statement.replace('"', "`")
        engines.spark_sql(statement)
    assert collections.Counter(engines.spark_sql(theirs.select())) == collections.Counter(before)
