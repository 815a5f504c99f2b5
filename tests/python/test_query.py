"""`query` and `compare` on real S3 over HTTP: what is asked of the store is what they say."""

import csv
import io
import json
import re

import duckdb
from flowlogs import DAY, V2, data_keys, key, make_rows, pack, text

ROWS = make_rows(V2, 400)
SQL = "SELECT srcaddr, count(*) AS flows, sum(bytes) AS bytes FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr"


def table_of(s3, convert):
    source, dest = s3.place("raw"), s3.place("out")
    for number in range(3):
        source.put(key(number), pack(text(V2, ROWS[number * 100:number * 100 + 100])))
    convert(source, dest, "--day", DAY)
    return source, dest


def test_query_reads_what_it_says(s3, convert, run):
    source, dest = table_of(s3, convert)
    s3.proxy.clear()
    ran = run("query", dest.uri, SQL, "--output", "csv", *dest.args, env=dest.env)
    data = data_keys(dest)
    reads = [r for r in s3.proxy.requests if r.kind == "GET" and any(r.key.endswith(name) for name in data)]
    assert f" scanned, {len(reads)} request" in ran.err, ran
    assert {r.kind for r in s3.proxy.requests} <= {"GET", "HEAD", "LIST"}, "nothing is written"
    s3.proxy.clear()
    raw = run("query", source.uri, SQL, "--raw", "--day", DAY, "--output", "csv", *source.args, env=source.env)
    assert re.search(r" scanned, 3 requests;", raw.err), raw
    rows = lambda out: sorted(csv.reader(io.StringIO(out)))  # noqa: E731
    assert rows(ran.out) == rows(raw.out) and len(rows(ran.out)) > 2


def test_compare_agrees_and_duckdb_too(s3, convert, run, tmp_path):
    source, dest = table_of(s3, convert)
    ran = run("compare", source.uri, dest.uri, SQL, "--json", *dest.args, env=dest.env)
    compared = json.loads(ran.out)["statements"][0]
    assert compared["verdict"]["answers"] == "equal" and compared["raw"]["requests"] == 3, ran
    file = tmp_path / "part.parquet"
    file.write_bytes(s3.client.get_object(Bucket=s3.bucket, Key=f"out/{data_keys(dest)[0]}")["Body"].read())
    wanted = duckdb.sql(f"SELECT count(DISTINCT srcaddr) FROM '{file}'").fetchall()[0][0]
    assert compared["parquet"]["rows"] == wanted


def test_what_the_store_refuses_is_said(s3, run):
    place = s3.place("nothing", "no-such-bucket-here")
    ran = run("query", place.uri, SQL, *place.args, env=place.env, expect=2)
    assert "there is no such bucket" in ran.err, ran
