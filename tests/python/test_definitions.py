"""Table definitions, held against the tables that they define: other people's parsers take them, other people's engines
find by them the rows of the raw logs, and their projection lists what was converted and nothing else."""

import collections
import datetime
import itertools
import json
import re
from dataclasses import dataclass

import catalogs
import flowlogs
import pyarrow.parquet as pq
import pytest
from conftest import PARTITION_COLUMNS, ROOT
from engines import athena_structure, split_statements
from flowlogs import Folder
from projection import Projection

# Month ends, a leap day, the turn of a year, and the tutorial's day.
DAYS = ["2024-02-29", "2025-12-31", "2026-01-01", "2026-01-15", "2026-01-31", "2026-02-01"]
TUTORIAL = "2026-01-15"
FEW = [TUTORIAL, "2026-01-31"]
ACCOUNTS, REGIONS = ["111122223333", "444455556666"], ["us-east-1", "eu-central-1"]
MANY = [a for name, values in (("--account", ACCOUNTS), ("--region", REGIONS)) for v in values for a in (name, v)]
# The tutorial's 48 exchanges, of 8 records each, want half of the day's rows at most.
OBJECTS, ROWS = 4, 200

# What is converted: (days, partitions, options of `generate`).
CASES = {
    "day": (DAYS, "day", []),
    "hour": (DAYS, "hour", []),
    "account-region-day": (FEW, "account-region-day", MANY),
    "account-region-hour": (FEW, "account-region-hour", MANY),
    "every-vpc-field": (FEW, "day", ["--schema-version", "11"]),
    "every-tgw-field": (FEW, "day", ["--log-type", "tgw"]),
}
FIELDS = {"every-vpc-field": 54, "every-tgw-field": 36}

# How `ddl` is asked for Hive's words: a new form is a new line.
FORMS = {
    "projected": [],
    "without-comments": ["--no-comments"],
}
BUCKET = "s3://test-table/flow"

later = pytest.mark.skip(reason="`ddl` has no --format yet")


@dataclass
class Case:
    """A converted table, the logs that it was made from, and how to ask for definitions of both."""

    name: str
    days: list
    partition_by: str
    source: Folder
    dest: Folder
    run: object

    def ddl(self, *args, location=True):
        """What `flowparquet ddl` prints; `location`: with the places on this disk instead of those on S3."""
        text = self.run("ddl", self.dest.uri, "--table", "vpc_flow_logs", "--location", BUCKET, *args).out
        assert BUCKET in text
        return text.replace(BUCKET, self.dest.path.as_uri()) if location else text

    @property
    def header(self):
        """The fields of the logs, which all have the same."""
        import gzip

        headers = {gzip.decompress(self.source.get(k)).split(b"\n", 1)[0].decode() for k in self.source.keys()}
        (header,) = headers
        return header.split()

    def raw_ddl(self, database):
        """The definition of the table over the raw logs."""
        columns = ",\n".join(f"  `{flowlogs.column(f)}` {hive_type(f)}" for f in self.header)
        keys = [name for name, _ in athena_structure(split_statements(self.ddl())[0]).keys]
        place = {"account": "${aws_account_id}", "region": "${aws_region}", "y": "${year}", "m": "${month}",
                 "d": "${day}", "h": "${hour}"}
        if "aws_region" not in keys:
            place |= dict(zip(("account", "region"), re.match(r"AWSLogs/(\d+)/[a-z]+/([a-z0-9-]+)/", self.source.keys()[0]).groups()))
        layout = flowlogs.LAYOUTS["hourly" if "hour" in keys else "default"]
        root = self.source.path.as_uri() + "/"
        numbers = {"year": "2024,2030", "month": "1,12", "day": "1,31", "hour": "0,23"}
        properties = {"skip.header.line.count": "1", "projection.enabled": "true",
                      "storage.location.template": root + layout.format(**place)}
        for key in keys:
            if key in numbers:
                properties |= {f"projection.{key}.type": "integer", f"projection.{key}.range": numbers[key],
                               f"projection.{key}.digits": "4" if key == "year" else "2"}
            else:
                values = ACCOUNTS if key == "aws_account_id" else REGIONS
                properties |= {f"projection.{key}.type": "enum", f"projection.{key}.values": ",".join(values)}
        listed = ",\n".join(f"  '{name}' = '{value}'" for name, value in properties.items())
        return (f"CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`.`vpc_flow_logs` (\n{columns}\n)\n"
                f"PARTITIONED BY ({', '.join(f'`{key}` string' for key in keys)})\n"
                f"ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '\nLOCATION '{root}'\nTBLPROPERTIES (\n{listed}\n);\n")


def hive_type(name):
    """The type of a field, by the list that the tests keep themselves."""
    return "int" if name in flowlogs.INT32 else "bigint" if name in flowlogs.INT64 else "string"
