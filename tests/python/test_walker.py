"""The walker itself (zoo/walker.py): it reads what others write, and what is wrong with a file it says."""

import struct
import tempfile
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo import checksum, encodings, splits, thrift, walker
from zoo.thrift import Broken

TABLE = pa.table({
    "version": pa.array([2, None, 3] * 400, pa.int32()),
    "srcaddr": pa.array([f"10.0.{i % 7}.{i % 90}" if i % 5 else None for i in range(1200)]),
    "bytes": pa.array([(-1) ** i * i ** 5 for i in range(1200)], pa.int64()),
    "action": pa.array([None] * 1200, pa.string()),
})
OPTIONS = dict(row_group_size=500, data_page_size=700, write_page_index=True, write_page_checksum=True, use_dictionary=True)


def write(path, **options):
    pq.write_table(TABLE, path, **{**OPTIONS, **options})
    return path


def rules(path, house=False):
    return {problem.split(":")[0] for problem in walker.Walk(path, house).problems}


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("encoding", [
    {}, {"use_dictionary": False},
    {"use_dictionary": False, "column_encoding": {"bytes": "DELTA_BINARY_PACKED", "version": "DELTA_BINARY_PACKED"}},
    {"use_dictionary": ["srcaddr"], "sorting_columns": [pq.SortingColumn(0, nulls_first=True)]},
], ids=["dictionary", "plain", "delta", "sorted, which it is not"])
def test_what_pyarrow_writes_is_right_and_read(tmp_path, codec, encoding):
    walk = walker.Walk(write(tmp_path / "a.parquet", compression=codec, **encoding), house=False)
    assert walk.rows == 1200 and walk.names == TABLE.column_names
    for name in TABLE.column_names:
        assert walk.column(name) == checksum.of_arrow(TABLE[name]), name
    assert {p.split(":")[0] for p in walk.problems} == ({"sorting"} if "sorting_columns" in encoding else set())


def test_bloom_filters_of_pyarrow(tmp_path):
    options = {"bloom_filter_options": {"srcaddr": {"ndv": 100, "fpp": 0.01}, "bytes": {"ndv": 2000, "fpp": 0.01}}}
    walk = walker.Walk(write(tmp_path / "a.parquet", **options), house=False)
    assert not walk.problems
    assert sum(chunk.bloom is not None for group in walk.groups for chunk in group) == 6
    assert walk.matching({"column": "bytes", "op": "=", "value": 32}, pruned=True) == 1


def test_the_house_wants_more_than_the_format(tmp_path):
    found = rules(write(tmp_path / "a.parquet", write_page_checksum=False), house=True)
    assert {"root-name", "crc"} <= found and "encoding-stats" not in found, found


# --- hand-corrupted files ---------------------------------------------------------------------------------------------


def varint(n):
    out = b""
    while n >= 0x80:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


def write_thrift(fields):
    """The compact protocol, for footers that were changed: {number: (type, value)}."""
    out, last = b"", 0
    for number, (kind, value) in sorted(fields.items()):
        out += bytes([(number - last) << 4 | kind]) if number - last < 16 else bytes([kind]) + varint(number << 1)
        out += write_value(kind, value)
        last = number
    return out + b"\0"


def write_value(kind, value):
    if kind in (1, 2):
        return b""
    if kind in (4, 5, 6):
        return varint(value << 1 ^ value >> 63 if value >= 0 else (-value << 1) - 1)
    if kind == 8:
        return varint(len(value)) + value
    if kind == 9:
        element, values = value
        head = bytes([len(values) << 4 | element]) if len(values) < 15 else bytes([0xF0 | element]) + varint(len(values))
        return head + b"".join(write_value(element, v) if element not in (1, 2) else bytes([2 - v]) for v in values)
    return write_thrift(value)


class Typed(thrift.Reader):
    """Reads fields with their types, so that they can be written again."""

    def struct(self):
        fields, last = {}, 0
        while head := self.byte():
            kind, delta = head & 15, head >> 4
            last = last + delta if delta else self.zigzag()
            fields[last] = (kind, self.value(kind))
        return fields

    def list(self):
        head = self.byte()
        size, kind = head >> 4, head & 15
        size = self.varint() if size == 15 else size
        return kind, [self.value(kind, in_list=True) for _ in range(size)]


def change(path, edit):
    """Rewrites a file's footer after `edit` has changed its fields."""
    data = path.read_bytes()
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = Typed(data[-8 - length:-8]).struct()
    edit(footer)
    packed = write_thrift(footer)
    path.write_bytes(data[:-8 - length] + packed + struct.pack("<I", len(packed)) + b"PAR1")
    return path


def group(footer, number=0):
    return footer[4][1][1][number]


def column(footer, number, of=0):
    return group(footer, of)[1][1][1][number]


def meta(footer, number, of=0):
    return column(footer, number, of)[3][1]


def put(fields, number, value):
    fields[number] = (fields[number][0], value)


def add(fields, number, more):
    put(fields, number, fields[number][1] + more)


def first_of(fields, number, value):
    kind, values = fields[number][1]
    values[0] = value
    put(fields, number, (kind, values))


def swap_chunks(footer):
    """As the program once did: the chunks of a row group in another order than the schema's."""
    for of in range(3):
        chunks = group(footer, of)[1][1][1]
        for number, name in ((0, b"version"), (2, b"bytes")):
            assert chunks[number][3][1][3][1][1] == [name]
    schema = footer[2][1][1]
    schema[1], schema[3] = schema[3], schema[1]
    for of in range(3):
        chunks = group(footer, of)[1][1][1]
        chunks[0], chunks[2] = chunks[2], chunks[0]


EDITS = {
    "chunk-order": (swap_chunks, True),
    "footer": (lambda f: add(f, 3, 1), False),
    "sizes": (lambda f: add(group(f), 2, 1), False),
    "file-offset": (lambda f: add(group(f), 5, 1), False),
    "num-values": (lambda f: add(meta(f, 0), 5, 1), False),
    "encodings": (lambda f: put(meta(f, 0), 2, (5, [0, 3])), False),
    "encoding-stats": (lambda f: put(meta(f, 0)[13][1][1][0], 3, 9), False),
    "page-offset": (lambda f: add(meta(f, 0), 9, 1), False),
    "null-count": (lambda f: add(meta(f, 1)[12][1], 3, 1), False),
    "bounds": (lambda f: put(meta(f, 1)[12][1], 6, b"10.0.1"), False),
    "exact": (lambda f: put(meta(f, 1)[12][1], 6, b"1"), False),
    "overlap": (lambda f: add(column(f, 0), 4, -3), False),
    "schema": (lambda f: f.pop(7), False),
    "aws-order": (swap_chunks, True),
}


@pytest.mark.parametrize("rule", EDITS)
def test_a_wrong_footer_is_seen(tmp_path, rule):
    edit, house = EDITS[rule]
    path = write(tmp_path / "a.parquet")
    assert rule not in rules(change(path, lambda footer: None), house), "an unchanged footer"
    change(path, edit)
    assert rule in rules(path, house)


def test_bytes_that_nobody_speaks_of_are_seen(tmp_path):
    path = write(tmp_path / "a.parquet")
    assert "gap" not in rules(path, house=True)
    data = path.read_bytes()
    at = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
    path.write_bytes(data[:at] + b"\0" * 4 + data[at:])
    assert "gap" in rules(path, house=True) and not rules(path)


def page_at(path, number=0, of=0):
    """The first page of a chunk: where its header, body and end are."""
    walk = walker.Walk(path, house=False)
    at = walk.groups[of][number].start
    header, body = thrift.read("PageHeader", walk.data, at)
    return at, body, body + header.compressed_page_size


def test_a_flipped_bit_of_a_page_is_seen(tmp_path):
    path = write(tmp_path / "a.parquet", compression="none")
    for number in range(3):
        _, body, end = page_at(path, number)
        for at in (body, (body + end) // 2, end - 1):
            data = bytearray(path.read_bytes())
            data[at] ^= 4
            other = tmp_path / "b.parquet"
            other.write_bytes(data)
            assert "crc" in rules(other), (number, at)


def test_a_flipped_bit_of_a_bloom_filter_or_an_index_is_seen(tmp_path):
    path = write(tmp_path / "a.parquet", bloom_filter_options={"srcaddr": {"ndv": 100, "fpp": 0.01}})
    walk = walker.Walk(path, house=False)
    chunk, raw = walk.groups[0][1], walk.meta.row_groups[0].columns[1]
    at = chunk.meta.bloom_filter_offset
    header, end = thrift.read("BloomFilterHeader", walk.data, at)
    data = bytearray(path.read_bytes())
    data[end:end + header.num_bytes] = bytes(header.num_bytes)
    (tmp_path / "b.parquet").write_bytes(data)
    assert rules(tmp_path / "b.parquet") == {"bloom-filter"}
    for offset, length in ((raw.offset_index_offset, raw.offset_index_length),
                           (raw.column_index_offset, raw.column_index_length)):
        seen = set()
        for at in range(offset, offset + length - 1):
            data = bytearray(path.read_bytes())
            data[at] ^= 1
            (tmp_path / "b.parquet").write_bytes(data)
            seen.add(bool(walker.Walk(tmp_path / "b.parquet", house=False).problems))
        assert True in seen


@pytest.mark.parametrize("cut", [0, 3, 11, 200, -1, -4, -9])
def test_a_cut_file_is_broken(tmp_path, cut):
    path = write(tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:cut])
    assert rules(path) == {"broken"}


# --- encodings --------------------------------------------------------------------------------------------------------


def test_hybrid_runs_must_fit():
    assert encodings.hybrid(b"\x10\x01", 1, 8)[0].tolist() == [1] * 8
    assert encodings.hybrid(b"\x03\xaa", 1, 8)[0].tolist() == [0, 1] * 4
    for broken in (b"\x12\x01", b"\x10\x02", b"\x05\xaa\x00", b"\x03\xaa", b"\x01", b"\x00\x01", b"\x10"):
        with pytest.raises(Broken):
            encodings.hybrid(broken, 1, 8 if broken != b"\x03\xaa" else 5)


def test_levels_must_fill_what_they_say():
    defined, at = encodings.levels(b"\x02\0\0\0\x10\x01rest", 8)
    assert defined.all() and at == 6
    for broken in (b"\x03\0\0\0\x10\x01r", b"\x02\0\0\0\x12\x01", b"\x09\0\0\0\x10\x01", b"\x01"):
        with pytest.raises(Broken):
            encodings.levels(broken, 8)


def test_codes_must_be_in_the_dictionary():
    assert encodings.codes(b"\x02\x08\x03", 4, 4).tolist() == [3] * 4
    for broken, distinct in ((b"\x02\x08\x03", 3), (b"\x02\x08\x03\0", 4), (b"\x21\x08\x03", 4), (b"", 4), (b"\x02\x0a\x03", 4)):
        with pytest.raises(Broken):
            encodings.codes(broken, 4, distinct)


DELTA = bytes([128, 1, 4, 5, 2]) + bytes([1, 2, 0, 0, 0]) + bytes([0b11100100] + [0] * 7)  # 1, then steps of -1, 0, 1, 2 above


def test_delta_blocks_must_be_legal():
    assert encodings.delta(DELTA, encodings.INT64, 5).tolist() == [1, 0, 0, 1, 3]
    assert encodings.delta(DELTA, encodings.INT32, 5).dtype == np.int32
    block_of_96, of_3_miniblocks = bytes([96]) + DELTA[2:], DELTA[:2] + bytes([3]) + DELTA[3:]
    width_of_none = DELTA[:7] + b"\1" + DELTA[8:]
    padding = DELTA[:11] + b"\1" + DELTA[12:]
    for broken in (block_of_96, of_3_miniblocks, width_of_none, padding, DELTA + b"\0", DELTA[:-1], DELTA[:4] + b"\2" * 9):
        with pytest.raises(Broken):
            encodings.delta(broken, encodings.INT64, 5)
    with pytest.raises(Broken):
        encodings.delta(DELTA, encodings.INT64, 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-9, 9)), min_size=1, max_size=400), st.booleans())
def test_delta_of_pyarrow_reads_back(values, narrow):
    values = [v % (1 << 32) - (1 << 31) for v in values] if narrow else values
    sink = pa.BufferOutputStream()
    table = pa.table({"bytes": pa.array(values, pa.int32() if narrow else pa.int64())})
    pq.write_table(table, sink, use_dictionary=False, column_encoding={"bytes": "DELTA_BINARY_PACKED"})
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(sink.getvalue())
        file.flush()
        walk = walker.Walk(file.name, house=False)
    assert not walk.problems
    assert walk.column("bytes") == checksum.of_arrow(table["bytes"])


def test_xxh64():
    """The test values of the hash's own repository, and of Parquet's Bloom filters."""
    assert encodings.xxh64(b"") == 0xEF46DB3751D8E999
    assert encodings.xxh64(b"a") == 0xD24EC4F1A98C6E5B
    assert encodings.xxh64(b"Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1


# --- bounds and splits ------------------------------------------------------------------------------------------------


def bound_rules(low, high, least, greatest, exact):
    walk = walker.Walk.__new__(walker.Walk)
    walk.problems, walk.house = [], True
    walk.bounds(encodings.BYTE_ARRAY, low, high, least, greatest, "here", exact)
    return {problem.split(":")[0] for problem in walk.problems}


def test_shortened_bounds():
    value = b"a" * 300
    low, high = value[:256], value[:255] + b"b"
    assert not bound_rules(low, high, value, value, (False, False))
    assert not bound_rules(b"a", b"b", b"a", b"b", (None, None)) and not bound_rules(b"a", b"b", b"a", b"b", (True, True))
    euro = ("é" * 200).encode()
    assert not bound_rules(euro[:256], ("é" * 127 + "ê").encode(), euro, euro, (False, False))
    for wrong in ((low, high, value, value, (True, False)), (low, high, value, value, (None, None)),
                  (value, value, value, value, (True, True)), (low, low, value, value, (False, False)),
                  (low, value[:200] + b"b", value, value, (False, False)), (b"a", b"b", b"a", b"b", (False, True)),
                  (b"b", b"c", b"a", b"c", (None, None)), (euro[:255], euro[:255] + b"\xff", euro, euro, (False, False))):
        assert bound_rules(*wrong), wrong
    top = ("\U0010ffff" * 70).encode()
    assert not bound_rules(top[:256], top, top, top, (False, True)), "what cannot be raised stays whole"


def test_split_rules(tmp_path):
    walk = walker.Walk(write(tmp_path / "a.parquet"), house=False)
    size = len(walk.data)
    assert not list(splits.problems(walk.meta, size))
    for rule in splits.RULES.values():
        for split in (1, 7, 1000, 4096, size - 1, size, 10 * size):
            parts = splits.assigned(walk.meta.row_groups, rule, size, split)
            assert sorted(i for part in parts for i in part) == [0, 1, 2]
    # What issue 13 found: the first column of the schema lies late.
    group = walk.meta.row_groups[2]
    group.columns[0], group.columns[-1] = group.columns[-1], group.columns[0]
    group.columns[0].meta_data["data_page_offset"] = size - 100
    group.columns[0].meta_data.pop("dictionary_page_offset", None)
    found = list(splits.problems(walk.meta, size))
    assert any("parquet-mr" in line and "row group 2" in line for line in found), found


def test_crc_is_that_of_the_format():
    assert zlib.crc32(b"123456789") == 0xCBF43926  # CRC-32/ISO-HDLC, as GZip has it
