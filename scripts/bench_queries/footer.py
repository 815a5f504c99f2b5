"""What a Parquet file says of itself: sizes, minima and maxima of its column chunks and of their pages, and Bloom filters.

In: a file. Out: `Footer`. Read from the bytes themselves, in the format's own Thrift
(https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift), because no reader hands the page
index to Python. What is billed and what could be skipped is computed from this, without an engine, by model.py.
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY = range(7)
ENCODINGS = {0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY",
             7: "DELTA_BYTE_ARRAY", 8: "RLE_DICTIONARY", 9: "BYTE_STREAM_SPLIT"}
PLAIN_DICTIONARY, RLE, BIT_PACKED, RLE_DICTIONARY = 2, 3, 4, 8
DICTIONARY_ENCODINGS = {PLAIN_DICTIONARY, RLE_DICTIONARY}
DICTIONARY_PAGE, DATA_PAGES = 2, {0, 3}  # types of pages
CODECS = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"]


class Thrift:
    """A reader of Thrift's compact protocol: a struct becomes a dict of field number to value."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def varint(self):
        result = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def zigzag(self):
        n = self.varint()
        return (n >> 1) ^ -(n & 1)

    def value(self, kind):
        if kind in (1, 2):  # in a list, a boolean is a byte of its own
            self.at += 1
            return self.data[self.at - 1] == 1
        if kind == 3:
            self.at += 1
            return self.data[self.at - 1]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        if kind == 8:
            size = self.varint()
            self.at += size
            return bytes(self.data[self.at - size:self.at])
        if kind in (9, 10):
            head = self.data[self.at]
            self.at += 1
            count = head >> 4 if head >> 4 != 15 else self.varint()
            return [self.value(head & 15) for _ in range(count)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"Thrift type {kind} is in no Parquet footer")

    def struct(self):
        result, number = {}, 0
        while head := self.data[self.at]:
            self.at += 1
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            kind = head & 15
            result[number] = kind == 1 if kind in (1, 2) else self.value(kind)
        self.at += 1
        return result


@dataclass
class Pages:
    """The data pages of a column chunk, in order. `least` and `greatest` hold None where a page has only NULLs, and are None
    themselves if there is no column index."""

    first_row: list
    bytes: list
    least: list
    greatest: list
    offset: list


class Range(NamedTuple):
    """Bytes of a file."""

    at: int
    bytes: int


@dataclass
class Chunk:
    """A column chunk. `bytes` is all that reading it costs; `dictionary_bytes` is its part that every page needs."""

    at: int
    bytes: int
    encodings: list
    codec: str
    least: object
    greatest: object
    values: int
    nulls: int | None  # None: not said
    dictionary_bytes: int
    only_dictionary: bool  # all of its data pages are said to be codes into a dictionary
    pages: Pages | None = None
    column_index: Range | None = None
    offset_index: Range | None = None
    bloom: Range | None = None

    @property
    def place(self):
        return Range(self.at, self.bytes)

    @property
    def has_dictionary(self):
        return self.dictionary_bytes > 0

    @property
    def bounds(self):
        """(least, greatest), (None, None) if there are only NULLs, None if nothing is said."""
        if self.least is None and self.nulls != self.values:
            return None
        return self.least, self.greatest


@dataclass
class Footer:
    """A file: `groups` has one dict of column name to Chunk for each row group, in the order of the schema."""

    bytes: int
    footer_bytes: int
    index_bytes: int
    bloom_bytes: int
    rows: list
    groups: list
    types: dict
    data: bytes = field(repr=False)
    offsets: list  # of row groups, where each says itself that it begins; None if it does not
    sorting: list = field(default_factory=list)
    dictionaries: dict = field(default_factory=dict, repr=False)  # that were read: {where: values}

    @property
    def columns(self):
        return list(self.types)

    def dictionary(self, column, chunk):
        """The set of values in the dictionary page of one of the column's chunks."""
        if chunk.at not in self.dictionaries:
            self.dictionaries[chunk.at] = _dictionary(self.data, chunk, self.types[column])
        return self.dictionaries[chunk.at]


def _plain(kind, data):
    if data is None:
        return None
    if kind == INT32:
        return struct.unpack("<i", data)[0]
    if kind == INT64:
        return struct.unpack("<q", data)[0]
    return bytes(data)


def read(path):
    """Reads the footer and the page index of a file whose columns are flat."""
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<I", data[-8:-4])[0]
    meta = Thrift(data, len(data) - 8 - size).struct()
    leaves = meta[2][1:]
    types = {leaf[4].decode(): leaf[1] for leaf in leaves}
    groups, index_bytes, bloom_bytes = [], 0, 0
    for group in meta[4]:
        chunks = {}
        for column in group[1]:
            m = column[3]
            name, kind, stats = m[3][0].decode(), m[1], m.get(12, {})
            dictionary = m.get(11) or 0
            chunk = Chunk(dictionary or m[9], m[7], sorted({ENCODINGS[e] for e in m[2]}), CODECS[m[4]], _plain(kind, stats.get(6)),
                          _plain(kind, stats.get(5)), m[5], stats.get(3), m[9] - dictionary if dictionary else 0,
                          _only_dictionary(m))
            if 14 in m:
                chunk.bloom = Range(m[14], m.get(15) or _bloom_bytes(data, m[14]))
                bloom_bytes += chunk.bloom.bytes
            if 4 in column:
                chunk.offset_index = Range(column[4], column[5])
            if 6 in column:
                chunk.column_index = Range(column[6], column[7])
            index_bytes += sum(r.bytes for r in (chunk.column_index, chunk.offset_index) if r)
            if chunk.offset_index:
                places = Thrift(data, column[4]).struct()[1]
                least = greatest = None
                if chunk.column_index:
                    index = Thrift(data, column[6]).struct()
                    least, greatest = ([None if empty else _plain(kind, v) for empty, v in zip(index[1], index[side])]
                                       for side in (2, 3))
                chunk.pages = Pages([p[3] for p in places], [p[2] for p in places], least, greatest, [p[1] for p in places])
            chunks[name] = chunk
        groups.append(chunks)
    names = list(types)
    sorting = [(names[s[1]], s[2]) for s in meta[4][0].get(4, [])] if meta[4] else []
    return Footer(len(data), size + 8, index_bytes, bloom_bytes, [g[3] for g in meta[4]], groups, types,
                  data, [g.get(5) for g in meta[4]], sorting)


def _dictionary(data, chunk, kind):
    head = Thrift(data, chunk.at)
    page = head.struct()
    plain = data[head.at:head.at + page[3]]
    if chunk.codec != "UNCOMPRESSED":
        plain = pyarrow.Codec(chunk.codec.lower()).decompress(plain, page[2]).to_pybytes()
    if kind in (INT32, INT64):
        return set(struct.unpack(f"<{page[7][1]}{'i' if kind == INT32 else 'q'}", plain))
    values, at = set(), 0
    while at < len(plain):
        size = struct.unpack_from("<I", plain, at)[0]
        values.add(plain[at + 4:at + 4 + size])
        at += 4 + size
    return values


def _bloom_bytes(data, at):
    head = Thrift(data, at)
    return head.struct()[1] + head.at - at


def _only_dictionary(m):
    """By `encoding_stats`; without them, by the name that says it of all pages."""
    if 13 in m:
        pages = {s[2] for s in m[13] if s[1] in DATA_PAGES}
        return any(s[1] == DICTIONARY_PAGE for s in m[13]) and pages <= DICTIONARY_ENCODINGS
    return PLAIN_DICTIONARY in m[2] and set(m[2]) <= {PLAIN_DICTIONARY, RLE, BIT_PACKED}
