"""Other people's readers: pyarrow and DuckDB read every output and find the names, types, rows, sums, nulls and partition
columns that the text has; the footer's statistics and the answers to pushed-down filters agree with the data."""

import json
import operator
import tomllib
import zlib

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, expected, read, records
from flowlogs import ACCOUNT, DAY, INT32, INT64, LAYOUTS, REGION, TGW, V2, V5, Folder, column, data_keys, key, make_rows
from flowlogs import pack, text

CUSTOM = ["srcaddr", "dstaddr", "bytes", "end", "start", "log-status", "pkt-srcaddr", "reject-reason", "brand-new-field"]
FORMATS = {
    "v2": [V2],
    "v5": [V5],
    "custom": [CUSTOM],
    "mixed": [V2, V5, CUSTOM],
    "transit-gateway": [TGW],
}
PARTITION = {"year": "2026", "month": "01", "day": "15"}


def put_day(source, formats, objects=6, rows=300, **where):
    """A day of objects that take turns with the formats: [(fields, rows)]."""
    written = []
    for i in range(objects):
        fields = formats[i % len(formats)]
        written.append((fields, make_rows(fields, rows, seed=i)))
        source.put(key(i, **where), pack(text(*written[-1])))
    return written


def union(formats):
    return list(dict.fromkeys(f for fields in formats for f in fields))


def all_expected(fields, written):
    return sorted((row for own, rows in written for row in expected(fields, rows, own)), key=repr)


def arrow_type(field):
    return pa.int32() if field in INT32 else pa.int64() if field in INT64 else pa.string()


def plain(arrow):
    """Dictionary-encoded and large strings are strings too."""
    arrow = arrow.value_type if pa.types.is_dictionary(arrow) else arrow
    return pa.string() if pa.types.is_large_string(arrow) or pa.types.is_string_view(arrow) else arrow


@pytest.fixture(scope="module", params=FORMATS, ids=str)
def day(request, convert, tmp_path_factory):
    """One converted day in each of the formats: (dest, fields, what was written)."""
    path = tmp_path_factory.mktemp(request.param)
    source, dest = Folder(path / "source"), Folder(path / "dest")
    written = put_day(source, FORMATS[request.param])
    convert(source, dest)
    return dest, union(FORMATS[request.param]), written


def test_pyarrow_reads_the_same_values(day):
    dest, fields, written = day
    table = read(dest)
    assert records(table, fields) == all_expected(fields, written)


def test_names_and_types(day):
    dest, fields, _ = day
    schema = read(dest).schema
    assert {n: plain(schema.field(n).type) for n in schema.names} == (
        {column(f): arrow_type(f) for f in fields} | {name: pa.string() for name in PARTITION})


def test_physical_types_are_those_that_aws_uses(day):
    dest, _, _ = day
    for name in data_keys(dest):
        schema = pq.ParquetFile(dest.path / name).schema
        for i in range(len(schema.names)):
            c = schema.column(i)
            kind = {"INT32": "NONE", "INT64": "NONE", "BYTE_ARRAY": "STRING"}
            assert kind.get(c.physical_type) == (c.logical_type.type if c.logical_type.type != "INT" else "NONE"), str(c)
            if c.logical_type.type == "INT":
                assert '"isSigned": true' in c.logical_type.to_json(), str(c)


def test_field_ids_are_those_of_the_schema_and_of_the_names_of_unknown_fields(day):
    dest, fields, _ = day
    listed = {f["column"]: f["id"] for name in ("vpc_flow", "transit_gateway_flow") if (name == "vpc_flow") == (fields != TGW)
              for f in tomllib.loads((ROOT / "schemas" / f"{name}.toml").read_text())["field"]}
    rule = json.loads((dest.path / "_flowparquet/table.json").read_text())["unknown_field_ids"]
    assert rule == "1024 + crc32(column) % 2^30"
    for name in data_keys(dest):
        schema = pq.read_schema(dest.path / name)
        for field in schema:
            unknown = 1024 + zlib.crc32(field.name.encode()) % 2**30
            assert field.metadata == {b"PARQUET:field_id": str(listed.get(field.name, unknown)).encode()}, field.name
    assert ("brand_new_field" in read(dest).column_names) == ("brand-new-field" in fields), "one of them is unknown"


def test_partition_columns(day):
    dest, _, _ = day
    assert all(k.startswith("year=2026/month=01/day=15/part-") for k in data_keys(dest)), dest.keys()
    table = read(dest)
    for name, value in PARTITION.items():
        assert table.column(name).unique().to_pylist() == [value]
    for name in data_keys(dest):
        assert not set(PARTITION) & set(pq.read_schema(dest.path / name).names)


def test_duckdb_reads_the_same(day):
    dest, fields, written = day
    rows = all_expected(fields, written)
    names = sql(f"DESCRIBE SELECT * {scan(dest)}")
    sql_type = {pa.int32(): "INTEGER", pa.int64(): "BIGINT", pa.string(): "VARCHAR"}
    assert {n[0]: n[1] for n in names} == (
        {column(f): sql_type[arrow_type(f)] for f in fields} | {name: "VARCHAR" for name in PARTITION})
    for i, field in enumerate(fields):
        values = [row[i] for row in rows]
        present = [v for v in values if v is not None]
        c = quote(field)
        want = (len(values), len(present), min(present, default=None), max(present, default=None))
        assert sql(f"SELECT count(*), count({c}), min({c}), max({c}) {scan(dest)}") == [want], field
        if field in INT32 | INT64:
            assert sql(f"SELECT sum({c}) {scan(dest)}") == [(sum(present) if present else None,)], field


def test_duckdb_filters_agree_with_the_rows(day):
    """Filters are pushed down into statistics, page index, dictionaries and bloom filters: they must hide nothing."""
    dest, fields, written = day
    rows = all_expected(fields, written)
    for i, field in enumerate(fields):
        values = sorted({row[i] for row in rows if row[i] is not None})
        if not values:
            continue
        c, lowest, middle, highest = quote(field), values[0], values[len(values) // 2], values[-1]
        absent = 123456 if isinstance(lowest, int) else "no such value"
        filters = [
            ("=", middle, operator.eq), ("=", lowest, operator.eq), ("=", highest, operator.eq),
            ("=", absent, operator.eq), ("<", middle, operator.lt), (">=", middle, operator.ge),
            ("<>", middle, operator.ne),
        ]
        for sign, value, holds in filters:
            want = sum(r[i] is not None and holds(r[i], value) for r in rows)
            assert sql(f"SELECT count(*) {scan(dest)} WHERE {c} {sign} ?", [value]) == [(want,)], (field, sign, value)
        nulls = sum(r[i] is None for r in rows)
        assert sql(f"SELECT count(*) {scan(dest)} WHERE {c} IS NULL") == [(nulls,)], field


def test_statistics_are_those_of_the_data(day):
    dest, _, _ = day
    for name in data_keys(dest):
        check_statistics(dest.path / name)


def check_statistics(path):
    file = pq.ParquetFile(path)
    for g in range(file.num_row_groups):
        group, table = file.metadata.row_group(g), file.read_row_group(g)
        assert group.num_rows == table.num_rows
        for i, name in enumerate(table.column_names):
            chunk, values = group.column(i), table.column(name)
            stats = chunk.statistics
            assert stats is not None and chunk.has_column_index == chunk.has_offset_index, (path.name, g, name)
            assert stats.null_count == values.null_count, (path.name, g, name)
            if values.null_count == len(values):
                continue
            low, high = pc.min(values).as_py(), pc.max(values).as_py()
            if max(len(str(low)), len(str(high))) > 60:  # a writer may cut long strings: then they are bounds
                assert stats.min <= low and stats.max >= high, (path.name, g, name)
            else:
                assert (stats.min, stats.max) == (low, high), (path.name, g, name)


def test_dash_is_null_only_in_number_columns(folders, convert):
    source, dest = folders
    source.put(key(), pack(text(V2, [["-"] * 14, ["2"] + ["-"] * 13])))
    convert(source, dest)
    table = read(dest)
    for field in V2:
        want = [None, None] if field in INT32 | INT64 else ["-", "-"]
        want = [None, 2] if field == "version" else want
        assert sorted(table.column(column(field)).to_pylist(), key=repr) == sorted(want, key=repr), field


def test_dash_as_null(folders, convert):
    source, dest = folders
    source.put(key(), pack(text(V2, [["-"] * 14])))
    convert(source, dest, "--dash-as-null")
    assert all(read(dest).column(column(field)).to_pylist() == [None] for field in V2)


def test_largest_numbers(folders, convert):
    source, dest = folders
    rows = [["2147483647" if f in INT32 else "9223372036854775807" if f in INT64 else "x" for f in V2],
            ["0" if f in INT32 | INT64 else "x" for f in V2]]
    source.put(key(), pack(text(V2, rows)))
    convert(source, dest)
    assert records(read(dest), V2) == expected(V2, rows)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("prefix", ["", "team/a b/"], ids=["plain", "prefixed"])
def test_layouts(folders, convert, layout, prefix):
    source, dest = folders
    fields = TGW if layout == "tgw-hive" else V2
    written = put_day(source, [fields], rows=20, layout=layout, prefix=prefix)
    convert(source, dest)
    assert records(read(dest), fields) == all_expected(fields, written)


def test_accounts_and_regions_become_partitions(folders, convert):
    source, dest = folders
    where = [(ACCOUNT, REGION), (ACCOUNT, "us-gov-west-1"), ("000000000042", REGION)]
    want = {}
    for i, (account, region) in enumerate(where):
        rows = make_rows(V2, 50, seed=i)
        want[account, region] = expected(V2, rows)
        source.put(key(i, account=account, region=region), pack(text(V2, rows)))
    convert(source, dest, expect=2)
    assert data_keys(dest) == [], "a day of several accounts is refused when partitioned by day"
    convert(source, dest, "--partition-by", "account-region-day")
    table = read(dest)
    for (account, region), rows in want.items():
        here = (pc.field("aws_account_id") == account) & (pc.field("aws_region") == region)
        assert records(table.filter(here), V2) == rows
    assert table.num_rows == 150
    path = f"aws_account_id={ACCOUNT}/aws_region={REGION}/year=2026/month=01/day=15/part-"
    assert any(k.startswith(path) for k in data_keys(dest))


@pytest.mark.parametrize("layout", ["default", "hourly", "hive-hourly"])
def test_hour_partitions(folders, convert, layout):
    source, dest = folders
    written = {f"{i // 12:02}": make_rows(V2, 10, seed=i) for i in (0, 12, 276)}
    for i, rows in zip((0, 12, 276), written.values()):
        source.put(key(i, layout), pack(text(V2, rows)))
    convert(source, dest, "--partition-by", "hour")
    table = read(dest)
    for hour, rows in written.items():
        assert records(table.filter(pc.field("hour") == hour), V2) == expected(V2, rows), hour


def test_several_days(folders, convert):
    source, dest = folders
    days = ["2025-12-31", "2026-01-01", "2026-01-02", "2024-02-29"]
    for day in days:
        source.put(key(day=day), pack(text(V2, make_rows(V2, 30, day=day))))
    convert(source, dest, "--from", "2025-12-31", "--to", "2026-01-01")
    assert len(data_keys(dest)) == 2
    convert(source, dest, "--day", "2024-02-29", "--day", "2026-01-02")
    table = read(dest)
    for day in days:
        y, m, d = day.split("-")
        here = (pc.field("year") == y) & (pc.field("month") == m) & (pc.field("day") == d)
        assert records(table.filter(here), V2) == expected(V2, make_rows(V2, 30, day=day)), day


@pytest.mark.parametrize("codec", ["zstd", "snappy"])
def test_compression(folders, convert, codec):
    source, dest = folders
    written = put_day(source, [V2], objects=2, rows=50)
    convert(source, dest, "--compression", codec)
    assert records(read(dest), V2) == all_expected(V2, written)
    chunk = pq.read_metadata(dest.path / data_keys(dest)[0]).row_group(0).column(0)
    assert chunk.compression == codec.upper()


def test_many_pages_agree(folders, convert):
    """Enough rows for many pages, and row groups where these are small: the sums and the statistics still hold."""
    source, dest = folders
    days = [make_rows(V2, 25_000, seed=i) for i in range(4)]
    for i, rows in enumerate(days):
        source.put(key(i), pack(text(V2, rows)))
    convert(source, dest)

    def total(field):
        words = (row[V2.index(field)] for rows in days for row in rows)
        return sum(int(word) for word in words if word != "-")

    want = (100_000, total("bytes"), total("packets"))
    assert sql(f"SELECT count(*), sum(bytes), sum(packets) {scan(dest)}") == [want]
    for name in data_keys(dest):
        check_statistics(dest.path / name)


def sql(query, parameters=()):
    return duckdb.execute(query, parameters).fetchall()


def scan(dest):
    """A FROM clause of DuckDB for the whole table, partition columns as text."""
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in PARTITION)
    files = [str(dest.path / k) for k in data_keys(dest)]
    return f"FROM read_parquet({files}, hive_partitioning = true, hive_types = {{{types}}}, union_by_name = true)"


def quote(field):
    return f'"{column(field)}"'
