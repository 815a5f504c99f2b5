"""What a Parquet file says of itself: sizes, minima and maxima of its column chunks and of their pages, and Bloom filters.

In: a file. Out: `Footer`. Read from the bytes themselves, in the format's own Thrift
(https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift), because no reader hands the page
index to Python. What is billed and what could be skipped is computed from this, without an engine, by model.py.
"""

import struct
from dataclasses import dataclass, field

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY = range(7)
ENCODINGS = {0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY",
             7: "DELTA_BYTE_ARRAY", 8: "RLE_DICTIONARY", 9: "BYTE_STREAM_SPLIT"}
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
    """The data pages of a column chunk, in order. `least` and `greatest` hold None where a page has only NULLs."""

    first_row: list
    bytes: list
    least: list
    greatest: list


@dataclass
class Chunk:
    """A column chunk. `bytes` is all that reading it costs; `dictionary_bytes` is its part that every page needs."""

    bytes: int
    encodings: list
    codec: str
    least: object
    greatest: object
    has_dictionary: bool
    dictionary_bytes: int = 0
    pages: Pages | None = None
    bloom: tuple | None = None  # offset, length


@dataclass
class Footer:
    """A file: `groups` has one dict of column name to Chunk for each row group."""

    bytes: int
    footer_bytes: int
    index_bytes: int
    bloom_bytes: int
    rows: list
    groups: list
    types: dict
    data: bytes = field(repr=False)
    sorting: list = field(default_factory=list)

    @property
    def columns(self):
        return list(self.types)


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
            chunk = Chunk(m[7], sorted({ENCODINGS[e] for e in m[2]}), CODECS[m[4]], _plain(kind, stats.get(6)),
                          _plain(kind, stats.get(5)), bool(m.get(11)))
            if 14 in m:
                length = m.get(15) or 0
                if not length:
                    head = Thrift(data, m[14])
                    length = head.struct()[1] + head.at - m[14]
                chunk.bloom = (m[14], length)
                bloom_bytes += length
            if 4 in column and 6 in column:
                index_bytes += column[5] + column[7]
                offsets = Thrift(data, column[4]).struct()[1]
                index = Thrift(data, column[6]).struct()
                empty = index[1]
                chunk.pages = Pages(
                    [o[3] for o in offsets], [o[2] for o in offsets],
                    [None if e else _plain(kind, v) for e, v in zip(empty, index[2])],
                    [None if e else _plain(kind, v) for e, v in zip(empty, index[3])])
                chunk.dictionary_bytes = m[7] - sum(chunk.pages.bytes)
            chunks[name] = chunk
        groups.append(chunks)
    names = list(types)
    sorting = [(names[s[1]], s[2]) for s in meta[4][0].get(4, [])] if meta[4] else []
    return Footer(len(data), size + 8, index_bytes, bloom_bytes, [g[3] for g in meta[4]], groups, types,
                  data, sorting)
