"""Random records: text -> gzip -> convert -> pyarrow gives the same values, whatever of what the text format allows the
objects do (any header, unknown names, blank runs, CRLF, several gzip members, repeated headers, no last newline, ...)."""

import gzip
import shutil
from dataclasses import dataclass

import pyarrow.parquet as pq
from conftest import LONG, expected, read, records
from flowlogs import INT32, INT64, V5, Folder, column, data_keys, key
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

KNOWN = V5 + ["encryption-status", "reject-reason", "instance-tag", "next-hop-az-id"]
TAKEN = {column(f) for f in KNOWN} | {"aws_account_id", "aws_region", "year", "month", "day", "hour", "date"}

unknown_names = st.from_regex(r"[a-z]{2}[a-z0-9]{0,6}(-[a-z0-9]{1,4})?", fullmatch=True).filter(
    lambda name: column(name) not in TAKEN)
headers = st.tuples(
    st.lists(st.sampled_from(KNOWN), min_size=2, max_size=12, unique=True),
    st.lists(unknown_names, max_size=2, unique_by=column),
).flatmap(lambda names: st.permutations(names[0] + names[1]))

# Any token: letters, marks, numbers, punctuation and symbols of any script, no blanks and no control characters.
tokens = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
words = st.one_of(st.just("-"), st.sampled_from(["ACCEPT", "REJECT", "10.0.0.1", "2001:db8::1", "unknown"]), tokens)
int32s = st.one_of(st.just("-"), st.sampled_from(["0", "65535", str(2**31 - 1)]), st.integers(0, 2**31 - 1).map(str))
int64s = st.one_of(st.just("-"), st.sampled_from(["0", str(2**31), str(2**63 - 1)]), st.integers(0, 2**63 - 1).map(str))


@dataclass
class Object:
    """One object: its records, and its bytes."""

    fields: list
    rows: list
    body: bytes


@st.composite
def objects(draw):
    fields = draw(headers)
    columns = [int32s if f in INT32 else int64s if f in INT64 else words for f in fields]
    rows = draw(st.lists(st.tuples(*columns).map(list).filter(lambda row: row != fields), max_size=25))
    blank = draw(st.sampled_from([" ", " ", "  ", "    "]))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = [(" ", fields)] + [(blank, row) for row in rows]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(1, len(lines))), draw(st.sampled_from([(" ", fields), (" ", [])])))
    content = newline.join(separator.join(line) for separator, line in lines)
    content = (content + draw(st.sampled_from([newline, newline, "", newline * 2]))).encode()
    # Several gzip members, cut anywhere, even within a character.
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=3)))
    pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)])]
    return Object(fields, rows, b"".join(gzip.compress(piece, 1) for piece in pieces))


@settings(max_examples=600 if LONG else 60, deadline=None, print_blob=True, database=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(objects(), min_size=1, max_size=4), st.sampled_from(["addresses", "none", "start", "srcaddr,dstport"]))
def check(convert, path, day, order):
    source, dest = Folder(path / "source"), Folder(path / "dest")
    for folder in (source, dest):
        shutil.rmtree(folder.path, ignore_errors=True)
    for i, one in enumerate(day):
        source.put(key(i), one.body)
        note(f"{key(i)}: {gzip.decompress(one.body)!r}")
    convert(source, dest, "--sort-by", order)
    rows = sum(len(one.rows) for one in day)
    if not rows:
        assert sum(pq.read_metadata(dest.path / k).num_rows for k in data_keys(dest)) == 0
        return
    table = read(dest)
    # A field of two objects may be absent from an object that has no rows; the table need not have its column then.
    fields = list(dict.fromkeys(f for one in day for f in one.fields if column(f) in table.column_names))
    assert {f for one in day if one.rows for f in one.fields} <= set(fields)
    want = sorted((row for one in day for row in expected(fields, one.rows, one.fields)), key=repr)
    assert records(table, fields) == want
    assert table.num_rows == rows
    for name in data_keys(dest):
        check_order(dest.path / name, [one for one in day if one.rows], order)


def check_order(path, day, order):
    """A file is sorted as its footer says; if it is not to be sorted, its rows stand as the inputs have them, by key."""
    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    for g in range(file.num_row_groups):
        by = file.metadata.row_group(g).sorting_columns
        if by:
            rows = file.read_row_group(g).to_pylist()
            # numbers by value, strings by their UTF-8 bytes, nulls at the end that the footer says
            for s in reversed(by):
                name = names[s.column_index]
                present = [r for r in rows if r[name] is not None]
                nulls = [r for r in rows if r[name] is None]
                present.sort(key=lambda r: r[name].encode() if isinstance(r[name], str) else r[name],
                             reverse=s.descending)
                rows = nulls + present if s.nulls_first else present + nulls
            got = file.read_row_group(g).to_pylist()
            keys = [names[s.column_index] for s in by]
            assert [[r[k] for k in keys] for r in got] == [[r[k] for k in keys] for r in rows]
            continue
        if file.num_row_groups == 1 and all(one.fields == day[0].fields for one in day):
            fields = day[0].fields
            got = list(zip(*(file.read().column(column(f)).to_pylist() for f in fields)))
            assert sorted(got, key=repr) == sorted((r for o in day for r in expected(fields, o.rows)), key=repr)
            if order == "none":
                assert got == [r for o in day for r in in_order(fields, o.rows)]


def in_order(fields, rows):
    return [expected(fields, [row])[0] for row in rows]


def test_random_records_come_back(convert, tmp_path):
    check(convert, tmp_path)
