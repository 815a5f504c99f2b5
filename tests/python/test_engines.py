"""The judges themselves: what they must refuse they refuse, what they must see they see (engines.py, catalogs.py)."""

import gzip
import json
import os
import re
import shutil

import catalogs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogs import Refused
from engines import Rejected, athena_structure, split_statements
from py4j.protocol import Py4JJavaError

GOOD = """CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`flow` (
  `version` int COMMENT 'a; b, `-` and (c)',
  `start` bigint,
  `end` bigint
)
COMMENT 'of a test'
PARTITIONED BY (`day` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'storage.location.template' = 's3://bucket/flow/${day}/'
)"""


def test_hive_parses_what_is_right(engines):
    engines.hive_parses(GOOD)
    engines.hive_parses(GOOD.replace("ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '", "STORED AS PARQUET"))
    engines.hive_parses("MSCK REPAIR TABLE `logs`.`flow`")
    engines.hive_parses("ALTER TABLE `logs`.`flow` ADD IF NOT EXISTS\n  PARTITION (`day` = '01') LOCATION 's3://b/01/'\n"
                        "  PARTITION (`day` = '02') LOCATION 's3://b/02/'")


@pytest.mark.parametrize("right, wrong", [
    ("`start`", "start"), ("`end`", "end"), ("`day`", "date"), ("`version`", "account-id"), ("bigint,", "bigint"),
    ("bigint\n)", "bigint,\n)"), ("PARTITIONED BY", "PARTITION BY"), ("EXTERNAL TABLE", "EXTERNL TABLE"),
    ("COMMENT 'a; b", "COMMENT 'it's"), ("'1',", "'1'"), ("'${day}/'\n)", "'${day}/',\n)"), ("\n)", "\n);"),
    ("LOCATION 's3://bucket/flow/'\n", ""), ("bigint", "int64"),
])
def test_hive_refuses_what_is_wrong(engines, right, wrong):
    statement = GOOD.replace(right, wrong)
    if right == "LOCATION 's3://bucket/flow/'\n":  # is optional, but not behind the properties
        statement += "\nLOCATION 's3://bucket/flow/'"
    elif "${day}" in right:
        statement = GOOD.replace("${day}/'\n)", "${day}/',\n)")
    assert statement != GOOD
    with pytest.raises(Rejected):
        engines.hive_parses(statement)


def test_hive_says_what_it_did_not_like(engines):
    with pytest.raises(Rejected, match="line 4:2 cannot recognize input near 'end' 'bigint'"):
        engines.hive_parses(GOOD.replace("`end`", "end"))
    with pytest.raises(Rejected, match="cannot recognize input near 'SELEC'"):
        engines.hive("SELEC 1")


def test_sqlglot_names_the_parts():
    found = athena_structure(GOOD)
    assert (found.database, found.table, found.location) == ("logs", "flow", "s3://bucket/flow/")
    assert found.columns == [("version", "int"), ("start", "bigint"), ("end", "bigint")]
    assert found.comments == {"version": "a; b, `-` and (c)"} and found.table_comment == "of a test"
    assert (found.keys, found.delimiter, found.stored_as) == ([("day", "string")], " ", "")
    assert found.properties == {"skip.header.line.count": "1", "storage.location.template": "s3://bucket/flow/${day}/"}
    assert athena_structure("CREATE EXTERNAL TABLE t (a int) STORED AS PARQUET LOCATION 's3://b/'").stored_as == "PARQUET"


@pytest.mark.parametrize("statement", [
    "CREATE TABLE t (a int)", "CREATE VIEW v AS SELECT 1", GOOD.replace("'1',", "'1', 'skip.header.line.count' = '2',"),
    GOOD.replace("PARTITIONED BY", "CLUSTERED BY (`end`) INTO 4 BUCKETS PARTITIONED BY"),
])
def test_sqlglot_lets_no_other_statement_pass(statement):
    with pytest.raises(AssertionError):
        athena_structure(statement)


def test_statements_are_split():
    text = f"-- first\n\n{GOOD};\n\n-- second;\nMSCK REPAIR TABLE t;\n"
    assert split_statements(text) == [GOOD, "MSCK REPAIR TABLE t"]
    assert split_statements("-- nothing\n") == []
    for wrong in [GOOD, f"{GOOD}\n;\nMSCK", GOOD.replace("bigint,", "bigint,\n  -- a comment", 1) + ";", "A\n\nB;"]:
        with pytest.raises(AssertionError):
            split_statements(wrong)


@pytest.fixture(scope="module")
def tables(engines, tmp_path_factory):
    """Database `judged`: `raw` (gzip text with a header, one NODATA row) and `parquet`, and where the latter lies."""
    folder = tmp_path_factory.mktemp("judged")
    raw, parquet = folder / "raw" / "day=01", folder / "parquet" / "day=01"
    raw.mkdir(parents=True)
    parquet.mkdir(parents=True)
    (raw / "a.log.gz").write_bytes(gzip.compress(b"version action bytes\n2 ACCEPT 40\n2 - -\n"))
    pq.write_table(pa.table({"version": pa.array([2, 2], pa.int32()), "action": ["ACCEPT", "-"],
                             "bytes": pa.array([40, None], pa.int64())}), parquet / "a.parquet")
    engines.hive("CREATE DATABASE judged")
    engines.hive("CREATE EXTERNAL TABLE judged.raw (version int, action string, bytes bigint) PARTITIONED BY (day string) "
                 f"ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION '{raw.parent.as_uri()}' "
                 "TBLPROPERTIES ('skip.header.line.count' = '1', 'template' = '${day}')")
    engines.hive("CREATE EXTERNAL TABLE judged.parquet (version int, action string, bytes bigint) "
                 f"PARTITIONED BY (day string) STORED AS PARQUET LOCATION '{parquet.parent.as_uri()}'")
    for name in ("raw", "parquet"):
        engines.hive(f"MSCK REPAIR TABLE judged.{name}")
    return parquet.parent


ROWS = [("2", "ACCEPT", "40", "01"), ("2", "-", None, "01")]


def test_hive_skips_the_header_and_spark_does_not(engines, tables):
    assert engines.hive("SELECT * FROM judged.raw") == ROWS == engines.hive("SELECT * FROM judged.parquet")
    want = [(2, "ACCEPT", 40, "01"), (2, "-", None, "01")]
    assert engines.spark_sql("SELECT * FROM judged.parquet") == want
    assert engines.spark_sql("SELECT * FROM judged.raw") == [(None, "action", None, "01"), *want]


def test_hive_filters_but_does_not_count(engines, tables):
    assert engines.hive("SELECT bytes, day FROM judged.parquet WHERE action = 'ACCEPT' AND day = '01'") == [("40", "01")]
    assert engines.hive("SELECT * FROM judged.parquet WHERE day = '02'") == []
    with pytest.raises(Rejected):
        engines.hive("SELECT count(*) FROM judged.raw")
    assert engines.spark_sql("SELECT count(*) FROM judged.parquet") == [(2,)]


@pytest.mark.parametrize("column, wrong", [("version", "string"), ("action", "bigint"), ("bytes", "int")])
def test_hive_refuses_a_type_that_is_not_the_files(engines, tables, column, wrong):
    engines.hive("DROP TABLE IF EXISTS judged.wrong")
    engines.hive(f"CREATE EXTERNAL TABLE judged.wrong ({column} {wrong}) PARTITIONED BY (day string) STORED AS PARQUET "
                 f"LOCATION '{tables.as_uri()}'")
    engines.hive("MSCK REPAIR TABLE judged.wrong")
    with pytest.raises((Rejected, Py4JJavaError)):
        engines.hive("SELECT * FROM judged.wrong")


def test_variables_stay_text(engines, tables):
    assert ("template", "${day}") in engines.hive("SHOW TBLPROPERTIES judged.raw")
    assert ("template", "${day}") in engines.spark_sql("SHOW TBLPROPERTIES judged.raw")
    assert engines.spark_sql("SELECT '${day}'") == [("${day}",)] and engines.hive("SELECT '${day}'") == [("${day}",)]


# --- the catalogs' tools --------------------------------------------------------------------------------------------------

TEXT = "org.apache.hadoop.mapred.TextInputFormat"
TABLE_INPUT = {
    "Name": "flow", "TableType": "EXTERNAL_TABLE",
    "Parameters": {"EXTERNAL": "TRUE", "storage.location.template": "s3://bucket/flow/${day}/"},
    "PartitionKeys": [{"Name": "day", "Type": "string"}],
    "StorageDescriptor": {
        "Columns": [{"Name": "version", "Type": "int", "Comment": "a \"b\" %{c} \\d"}, {"Name": "end", "Type": "bigint"}],
        "Location": "s3://bucket/flow/", "InputFormat": TEXT, "NumberOfBuckets": -1, "Compressed": False,
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                      "Parameters": {"field.delim": " "}},
    },
}
TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {"Flow": {"Type": "AWS::Glue::Table", "Properties": {
        "CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": "logs", "TableInput": TABLE_INPUT}}},
}
TERRAFORM = r"""resource "aws_glue_catalog_table" "flow" {
  name          = "flow"
  database_name = "logs"
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL                    = "TRUE"
    "storage.location.template" = "s3://bucket/flow/$${day}/" # doubled, so that it stays text
  }

  partition_keys {
    name = "day"
    type = "string"
  }

  storage_descriptor {
    location          = "s3://bucket/flow/"
    input_format      = "org.apache.hadoop.mapred.TextInputFormat"
    number_of_buckets = -1
    compressed        = false

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
      parameters = {
        "field.delim" = " "
      }
    }

    columns {
      name    = "version"
      type    = "int"
      comment = "a \"b\" %%{c} \\d"
    }
    columns {
      name = "end"
      type = "bigint"
    }
  }
}
"""


def test_the_aws_cli_makes_a_table(glue, tmp_path):
    file = tmp_path / "table.json"
    file.write_text(json.dumps(TABLE_INPUT))
    assert catalogs.glue_roundtrip(glue.server, glue.database, file) == (glue.database, TABLE_INPUT)
    with pytest.raises(Refused, match="AlreadyExists"):
        catalogs.glue_roundtrip(glue.server, glue.database, file)


@pytest.mark.parametrize("right, wrong", [("Columns", "Colums"), ("false", '"no"'), ("-1", '"many"'), ('"Name": "flow",', "")])
def test_the_aws_cli_refuses_what_is_no_table_input(glue, tmp_path, right, wrong):
    file = tmp_path / "table.json"
    file.write_text(json.dumps(TABLE_INPUT).replace(right, wrong, 1))
    with pytest.raises(Refused, match="Parameter validation failed"):
        catalogs.aws(glue.server, "glue", "create-table", "--database-name", glue.database, "--table-input", f"file://{file}")


def test_cfn_lint_takes_a_template():
    assert catalogs.from_cloudformation(json.dumps(TEMPLATE)) == ("logs", TABLE_INPUT)


@pytest.mark.parametrize("right, wrong, words", [
    ("Columns", "Colums", "E3002.*'Columns'"), ("AWS::Glue::Table", "AWS::Glue::Tabel", "E3006.*AWS::Glue::Tabel"),
    ('"DatabaseName": "logs", ', "", "E3003.*'DatabaseName'"), ("false", '"no"', "E3012.*'boolean'"),
    ("AWS::AccountId", "Account", "E1020.*'Account'"),
])
def test_cfn_lint_refuses_what_is_wrong(right, wrong, words):
    with pytest.raises(Refused, match=words):
        catalogs.from_cloudformation(json.dumps(TEMPLATE).replace(right, wrong, 1))


def test_terraform_is_read():
    assert catalogs.from_terraform(TERRAFORM) == ("logs", TABLE_INPUT)


@pytest.mark.parametrize("right, wrong", [("$${day}", "${day}"), ("%%{c}", "%{c}"), ('"flow" {', '"flow" '), ("columns {", "columns {{")])
def test_wrong_terraform_is_refused(right, wrong):
    with pytest.raises(Refused):
        catalogs.from_terraform(TERRAFORM.replace(right, wrong, 1))


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
def test_terraform_itself_takes_the_same(tmp_path):
    plugins = os.environ.get("FLOWPARQUET_TERRAFORM_PLUGINS")
    catalogs.terraform_takes(TERRAFORM, tmp_path, plugins)
    with pytest.raises(Refused):
        catalogs.terraform_takes(TERRAFORM.replace("type = ", "type =  "), tmp_path)
    if plugins:
        with pytest.raises(Refused, match="Unsupported argument"):
            catalogs.terraform_takes(re.sub(r"input_format     ", "input_formats    ", TERRAFORM), tmp_path, plugins)
