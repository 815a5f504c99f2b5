"""Trino, the engine behind Athena (scripts/trino_server.py): files on an S3 of loopback, read whole and in small
splits, with statistics, page index, Bloom filters and dictionaries in use or not. Only with FLOWPARQUET_TEST_TRINO=1:
it fetches 450 MB once.
"""

import itertools
import os
import pathlib
import urllib.request

import s3_servers
import trino_server
from conftest import boto
from trino_server import QueryFailed, _json

from . import checksum

NAME = "Trino"
TYPES = {"int32": "integer", "int64": "bigint", "string": "varchar"}
CATALOG, BUCKET = "files", "zoo"
# Files below this are read whole otherwise, so that no index is looked at.
_ALWAYS = {"parquet_small_file_threshold": "0B"}
SETTINGS = {
    "on": {"parquet_use_column_index": "true", "parquet_use_bloom_filter": "true"},
    "no page index": {"parquet_use_column_index": "false", "parquet_use_bloom_filter": "true"},
    "off": {"parquet_ignore_statistics": "true", "parquet_use_column_index": "false", "parquet_use_bloom_filter": "false"},
}
SPLITS = {"65536": "64kB", "1048576": "1MB"}
AT_ONCE = 10


def version():
    return f"Trino {trino_server.VERSION}"


def missing():
    if not os.environ.get("FLOWPARQUET_TEST_TRINO"):
        return "scripts/test.sh --readers --trino"
    try:
        trino_server.find_java()
    except s3_servers.Unavailable as reason:
        return str(reason)
    return None


class Session(trino_server.Trino):
    """A client that sends session properties of the catalog."""

    def ask(self, sql, **properties):
        properties = {**_ALWAYS, **properties}
        headers = {"X-Trino-User": "test", "X-Trino-Catalog": CATALOG, "X-Trino-Schema": BUCKET,
                   "X-Trino-Session": ",".join(f"{CATALOG}.{name}={value}" for name, value in properties.items())}
        reply, data = _json(urllib.request.Request(f"{self.url}/v1/statement", sql.encode(), headers)), []
        while True:
            if error := reply.get("error"):
                raise QueryFailed(f"{error['errorName']}: {error['message']}\n{sql[:500]}")
            data += reply.get("data") or []
            if "nextUri" not in reply:
                return data
            reply = _json(reply["nextUri"])


def answers(files, folder):
    with s3_servers.start("moto") as server, trino_server.start(server) as client:
        s3 = boto(server)
        s3.create_bucket(Bucket=BUCKET)
        session = Session(client.url)
        session.ask(f"CREATE SCHEMA {BUCKET} WITH (location = 's3://{BUCKET}/')")
        numbers = itertools.count()
        return [checksum.guarded(lambda job, found: answer(s3, session, f"t{next(numbers)}", job, found), job)
                for job in files]


def answer(s3, session, name, job, found):
    s3.put_object(Bucket=BUCKET, Key=f"{name}/part.parquet", Body=pathlib.Path(job["path"]).read_bytes())
    columns = ", ".join(f'"{column}" {TYPES[kind]}' for column, kind in job["columns"].items())
    session.ask(f"CREATE TABLE {name} ({columns}) WITH (external_location = 's3://{BUCKET}/{name}/', format = 'PARQUET')")
    try:
        found |= whole(session, name, job["columns"])
        found["splits"] = {size: whole(session, name, job["columns"], max_split_size=split, max_initial_split_size=split)
                           for size, split in SPLITS.items()}
        for setting, switches in SETTINGS.items():
            found["filters"][setting] = counts(session, name, job["filters"], switches)
    finally:
        session.ask(f"DROP TABLE {name}")


def whole(session, name, columns, **properties):
    parts = ["count(*)"]
    for column, kind in columns.items():
        text = f'"{column}"' if kind == "string" else f'CAST("{column}" AS varchar)'
        digest = f"from_big_endian_32(substr(md5(to_utf8({text})), 1, 4))"
        parts += [f'count("{column}")', f"coalesce(sum(bitwise_and(CAST({digest} AS bigint), 4294967295)), 0)",
                  f'min("{column}")', f'max("{column}")']
    row = session.ask(f"SELECT {', '.join(parts)} FROM {name}", **properties)[0]
    said = {"rows": row[0], "columns": {}}
    for at, column in enumerate(columns):
        values, total, low, high = row[4 * at + 1:4 * at + 5]
        said["columns"][column] = {"nulls": row[0] - values, "sum": total, "min": low, "max": high}
    return said


def counts(session, name, filters, switches):
    found = []
    for at in range(0, len(filters), AT_ONCE):
        parts = [f"(SELECT count(*) FROM {name} WHERE {checksum.sql_filter(q, checksum.sql_literal)})"
                 for q in filters[at:at + AT_ONCE]]
        found += session.ask(f"SELECT {', '.join(parts)}", **switches)[0]
    return found
