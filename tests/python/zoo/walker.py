"""Walks through a Parquet file byte by byte, by the format's own text and without a Parquet library, and says
everything that is not as the text, or the house, wants it. It returns the values too, so it is a reader of the zoo
itself.

The text: https://github.com/apache/parquet-format, README.md, Encodings.md, PageIndex.md, BloomFilter.md and the
comments of parquet.thrift. What only flowparquet promises (HOUSE) is checked unless a file of another writer is looked
at.

By hand: python -m zoo.walker FILE...
"""

import pathlib
import struct
import sys
import tomllib
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from . import checksum, splits, thrift
from .encodings import BYTE_ARRAY, INT32, INT64, Bloom, codes, delta, levels, plain
from .thrift import Broken

NAME = "walker"
MAGIC = b"PAR1"
# parquet.thrift: CompressionCodec, Encoding, PageType, FieldRepetitionType, ConvertedType.
CODECS = {0: None, 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd"}
PLAIN, PLAIN_DICTIONARY, RLE, DELTA_BINARY_PACKED, RLE_DICTIONARY = 0, 2, 3, 5, 8
DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = 0, 2, 3
OPTIONAL, UTF8 = 1, 0
UNORDERED, ASCENDING, DESCENDING = 0, 1, 2

# What flowparquet promises.
ROOT = "flow_log"
FAMILY_BEGINS, FAMILY_ENDS = ("srcaddr", "start"), ("end", "log_status")  # In a stripe, families of columns lie together.
MAX_PAGES_WITHOUT_INDEX = 2
MAX_BOUND_BYTES = 256
MAX_PAGE_BYTES = 2 << 20  # One page is 1 MiB at most, unless a single value is larger; levels and lengths come on top.
MAX_DICTIONARY_BYTES = 16 << 20
MAX_FALSE_POSITIVES = 0.1  # Bloom filters are made for 0.01; a hundred tries tell these apart.


def version():
    return "walker of this repository"


def missing():
    return None


@dataclass
class Page:
    """A data page: where it lies, and which of the chunk's rows and values are in it."""

    offset: int
    bytes: int
    encoding: int
    first_row: int
    rows: int
    values: slice
    unencoded: int = 0


@dataclass
class Chunk:
    """A column chunk, read: `distinct` values and, for each value that is not NULL, the number of its own."""

    name: str
    kind: int
    meta: object
    start: int
    end: int
    pages: list = field(default_factory=list)
    has_dictionary: bool = False
    defined: np.ndarray = None
    distinct: list = field(default_factory=list)
    codes: np.ndarray = None
    bounds: tuple = None
    index: object = None
    bloom: object = None
    complete: bool = False

    def of(self, page=None):
        """The distinct values of a page, or of all."""
        part = self.codes if page is None else self.codes[page.values]
        return [self.distinct[i] for i in np.unique(part)]

    def counts(self):
        """Value -> how many rows have it."""
        return {value: n for value, n in zip(self.distinct, np.bincount(self.codes).tolist()) if n}

    @property
    def nulls(self):
        return len(self.defined) - len(self.codes)


class Walk:
    """A file and what was found in it: `problems` are texts that begin with the rule's name."""

    def __init__(self, path, house=True):
        self.path, self.house = pathlib.Path(path), house
        self.problems, self.groups, self.rows, self.meta, self.names = [], [], 0, None, []
        self.data = memoryview(self.path.read_bytes())
        try:
            self.footer()
            for number in range(len(self.meta.row_groups)):
                self.groups.append(self.group(number))
            self.regions()
            self.whole_columns()
            self.splits()
        except (Broken, struct.error, UnicodeDecodeError) as error:
            self.say("broken", str(error))

    def say(self, rule, text):
        self.problems.append(f"{rule}: {text}")

    def want(self, holds, rule, text):
        if not holds:
            self.say(rule, text)
        return holds

    # --- footer and schema --------------------------------------------------------------------------------------------

    def footer(self):
        data, size = self.data, len(self.data)
        if size < 12 or data[:4] != MAGIC or data[-4:] != MAGIC:
            raise Broken("no PAR1 at the beginning and the end")
        length = struct.unpack_from("<I", data, size - 8)[0]
        self.footer_at = size - 8 - length
        if self.footer_at < 4:
            raise Broken(f"a footer of {length} bytes in a file of {size}")
        self.meta, end = thrift.read("FileMetaData", data[self.footer_at:size - 8])
        self.want(end == length, "footer", f"the metadata end after {end} of {length} bytes")
        self.want(self.meta.version in (1, 2), "footer", f"version {self.meta.version}")
        self.want(self.meta.created_by, "footer", "no created_by")
        rows = sum(group.num_rows for group in self.meta.row_groups)
        self.want(self.meta.num_rows == rows, "footer", f"{self.meta.num_rows} rows, row groups have {rows}")
        self.rows = rows
        # Ours have an index if a chunk of the file has more pages than these, and then all of their chunks do.
        stats = (s for group in self.meta.row_groups for c in group.columns for s in c.meta_data.encoding_stats or ())
        self.wants_page_index = self.house and any(s.page_type == DATA_PAGE and s.count > MAX_PAGES_WITHOUT_INDEX for s in stats)
        self.schema()

    def schema(self):
        root, *leaves = self.meta.schema
        self.want(root.num_children == len(leaves), "schema", f"{root.num_children} children of {len(leaves)}")
        self.want(root.type is None, "schema", "the root has a type")
        self.leaves = leaves
        self.names = [leaf.name for leaf in leaves]
        self.want(len(set(self.names)) == len(leaves), "schema", f"a column twice in {self.names}")
        orders = self.meta.column_orders or []
        self.want(len(orders) == len(leaves) and all("TYPE_ORDER" in order for order in orders), "schema",
                  "without an order for each column readers ignore the bounds of strings")
        for leaf in leaves:
            if leaf.num_children or leaf.type not in (INT32, INT64, BYTE_ARRAY) or leaf.repetition_type != OPTIONAL:
                raise Broken(f"schema: {leaf.name} is not a flat optional INT32, INT64 or BYTE_ARRAY")
            logical = leaf.logical_type or {}
            if leaf.type == BYTE_ARRAY:
                self.want(leaf.converted_type == UTF8 and "STRING" in logical, "schema", f"{leaf.name} is no UTF-8 string")
            elif logical or leaf.converted_type is not None:
                bits = 32 if leaf.type == INT32 else 64
                self.want(logical.get("INTEGER") == {"bit_width": bits, "is_signed": True}, "schema",
                          f"{leaf.name} is {logical}, converted type {leaf.converted_type}")
        if self.house:
            self.want(root.name == ROOT, "root-name", f"the schema's root is {root.name!r}")
            self.want(any(in_order(self.names, order) for order in aws_orders()), "aws-order",
                      f"the columns are not in AWS's order: {' '.join(self.names)}")

    # --- row groups and chunks ----------------------------------------------------------------------------------------

    def group(self, number):
        group, where = self.meta.row_groups[number], f"row group {number}"
        if len(group.columns) != len(self.leaves):
            raise Broken(f"{where} has {len(group.columns)} chunks, the schema {len(self.leaves)} columns")
        chunks = []
        for column, leaf in zip(group.columns, self.leaves):
            place = f"{where}, column {leaf.name}"
            meta = column.meta_data
            if meta.path_in_schema != [leaf.name] or meta.type != leaf.type:
                raise Broken(f"{place}: the chunk is of {meta.path_in_schema}, type {meta.type}")
            start = meta.data_page_offset
            if meta.dictionary_page_offset is not None:
                start = min(start, meta.dictionary_page_offset)
            chunk = Chunk(leaf.name, leaf.type, meta, start, start + meta.total_compressed_size)
            chunks.append(chunk)
            self.want(column.file_path is None, "chunk", f"{place}: lies in another file")
            self.want(meta.num_values == group.num_rows, "num-values",
                      f"{place}: {meta.num_values} values in {group.num_rows} rows")
            try:
                self.pages(chunk, group.num_rows, place)
                chunk.complete = True
            except (Broken, struct.error, zlib.error, pa.ArrowException, OSError) as error:
                self.say("broken", f"{place}: {error}")
                continue
            for check in (self.statistics, self.page_index, self.bloom_filter):
                try:
                    check(column, chunk, place)
                except (Broken, struct.error, UnicodeDecodeError) as error:
                    self.say("broken", f"{place}: {error}")
        self.group_sums(group, chunks, number)
        self.sorting(group, chunks, where)
        return chunks

    def group_sums(self, group, chunks, number):
        where = f"row group {number}"
        packed = sum(chunk.meta.total_compressed_size for chunk in chunks)
        unpacked = sum(chunk.meta.total_uncompressed_size for chunk in chunks)
        self.want(group.total_byte_size == unpacked, "sizes", f"{where}: total_byte_size {group.total_byte_size}, "
                  f"chunks {unpacked}")
        if group.total_compressed_size is not None:
            self.want(group.total_compressed_size == packed, "sizes", f"{where}: total_compressed_size "
                      f"{group.total_compressed_size}, chunks {packed}")
        self.want(group.ordinal in (None, number), "footer", f"{where} has the ordinal {group.ordinal}")
        self.want(group.num_rows > 0, "footer", f"{where} has no rows")
        first = min(chunk.start for chunk in chunks)
        if self.house or group.file_offset is not None:
            self.want(group.file_offset == first, "file-offset",
                      f"{where}: file_offset is {group.file_offset}, the first page lies at {first}")
        if self.house:
            order = sorted(range(len(chunks)), key=lambda i: chunks[i].start)
            if order != list(range(len(chunks))):
                self.say("chunk-order", f"{where}: chunks lie in the order {' '.join(chunks[i].name for i in order)}, "
                         f"the schema is {' '.join(self.names)}")
            else:
                for one, other in zip(chunks, chunks[1:]):
                    # In a stripe, chunks of the family's other row groups may lie between two families.
                    apart = other.name in FAMILY_BEGINS or one.name in FAMILY_ENDS
                    if not self.want(one.end == other.start or apart and one.end < other.start, "chunk-order",
                                     f"{where}: {one.name} ends at {one.end}, {other.name} begins at {other.start}"):
                        break

    def pages(self, chunk, num_rows, place):
        """Reads all pages of a chunk: its values, and whether its metadata are those of its pages."""
        meta, data = chunk.meta, self.data
        if not 4 <= chunk.start <= chunk.end <= self.footer_at:
            raise Broken(f"the chunk lies from {chunk.start} to {chunk.end} in {self.footer_at} bytes of data")
        if meta.codec not in CODECS:
            raise Broken(f"compression codec {meta.codec}")
        at, unpacked, row, taken = chunk.start, 0, 0, 0
        dictionary, defined, ints, strings, codings, levels_by = None, [], [], [], Counter(), set()
        numbers = {}  # string -> its place in chunk.distinct
        while at < chunk.end:
            header, body_at = thrift.read("PageHeader", data, at)
            end = body_at + header.compressed_page_size
            if end > chunk.end:
                raise Broken(f"the page at {at} reaches behind the end of its chunk")
            stored = data[body_at:end]
            self.crc(header, stored, f"{place}: page at {at}")
            body = bytes(unpack(meta.codec, stored, header.uncompressed_page_size))
            if len(body) != header.uncompressed_page_size:
                raise Broken(f"the page at {at} has {len(body)} bytes, not {header.uncompressed_page_size}")
            unpacked += body_at - at + len(body)
            if header.type == DICTIONARY_PAGE:
                if at != chunk.start or header.dictionary_page_header is None:
                    raise Broken(f"a dictionary page at {at}, not at the chunk's beginning")
                info = header.dictionary_page_header
                chunk.has_dictionary = True
                codings[DICTIONARY_PAGE, info.encoding] += 1
                if info.encoding not in (PLAIN, PLAIN_DICTIONARY):
                    raise Broken(f"a dictionary of encoding {info.encoding}")
                self.want(at == meta.dictionary_page_offset, "page-offset",
                          f"{place}: dictionary_page_offset is {meta.dictionary_page_offset}, the page lies at {at}")
                dictionary = plain(body, chunk.kind, info.num_values)
                if chunk.kind == BYTE_ARRAY:
                    numbers = {value: i for i, value in enumerate(dictionary)}
                    strings.extend(dictionary)
                self.dictionary(info, dictionary, body, place)
            elif header.type == DATA_PAGE and header.data_page_header is not None:
                info, where = header.data_page_header, f"{place}: page at {at}"
                if not chunk.pages:
                    self.want(at == meta.data_page_offset, "page-offset",
                              f"{place}: data_page_offset is {meta.data_page_offset}, the page lies at {at}")
                self.want(info.num_values > 0, "num-values", f"{where} has no values")
                self.want((info.definition_level_encoding, info.repetition_level_encoding) == (RLE, RLE), "levels",
                          f"{where}: levels of encodings {info.definition_level_encoding}, "
                          f"{info.repetition_level_encoding}")
                levels_by.add(info.definition_level_encoding)
                codings[DATA_PAGE, info.encoding] += 1
                there, values_at = levels(body, info.num_values)
                count, values = int(there.sum()), body[values_at:]
                if info.encoding in (RLE_DICTIONARY, PLAIN_DICTIONARY):
                    if dictionary is None:
                        raise Broken(f"the page at {at} has codes, and there is no dictionary")
                    found = codes(values, count, len(dictionary)).astype(np.int64)
                    if chunk.kind != BYTE_ARRAY:
                        found = dictionary[found]
                elif info.encoding == PLAIN:
                    found = plain(values, chunk.kind, count)
                    if chunk.kind == BYTE_ARRAY:
                        for value in found:
                            if value not in numbers:
                                numbers[value] = len(strings)
                                strings.append(value)
                        found = np.array([numbers[value] for value in found], np.int64)
                elif info.encoding == DELTA_BINARY_PACKED:
                    found = delta(values, chunk.kind, count)
                else:
                    raise Broken(f"the page at {at} has the encoding {info.encoding}")
                if self.house and len(body) > MAX_PAGE_BYTES:
                    self.want(count == 1, "page-size", f"{where} has {len(body)} bytes and {count} values")
                defined.append(there)
                ints.append(found)
                page = Page(at, end - at, info.encoding, row, info.num_values, slice(taken, taken + count))
                if chunk.kind == BYTE_ARRAY:
                    page.unencoded = sum(len(strings[i]) * n for i, n in enumerate(np.bincount(found)) if n)
                chunk.pages.append(page)
                row, taken = row + info.num_values, taken + count
            else:
                raise Broken(f"the page at {at} has the type {header.type}")
            at = end
        if at != chunk.end:
            raise Broken(f"the pages end at {at}, the chunk at {chunk.end}")
        chunk.defined = np.concatenate(defined) if defined else np.zeros(0, bool)
        self.want(row == num_rows, "num-values", f"{place}: pages have {row} values, the row group {num_rows} rows")
        joined = np.concatenate(ints) if ints else np.zeros(0, np.int64)
        if chunk.kind == BYTE_ARRAY:
            chunk.distinct, chunk.codes = strings, joined.astype(np.int64)
            for value in strings:
                try:
                    value.decode()
                except UnicodeDecodeError:
                    self.say("utf-8", f"{place}: {value[:40]!r} is not UTF-8")
        else:
            distinct, chunk.codes = np.unique(joined, return_inverse=True)
            chunk.distinct = distinct.tolist()
        self.want(meta.total_uncompressed_size == unpacked, "sizes",
                  f"{place}: total_uncompressed_size {meta.total_uncompressed_size}, pages with headers {unpacked}")
        self.want(meta.dictionary_page_offset is None or chunk.has_dictionary, "page-offset",
                  f"{place}: dictionary_page_offset {meta.dictionary_page_offset} and no dictionary there")
        used = {encoding for _, encoding in codings} | levels_by
        self.want(set(meta.encodings) == used, "encodings", f"{place}: {sorted(meta.encodings)}, pages {sorted(used)}")
        stats = meta.encoding_stats
        if stats is not None:
            said = Counter({(s.page_type, s.encoding): s.count for s in stats})
            self.want(said == codings and len(stats) == len(said), "encoding-stats",
                      f"{place}: encoding_stats {dict(said)}, pages {dict(codings)}")
        elif self.house:
            self.say("encoding-stats", f"{place}: there are none")
        self.size_statistics(chunk, place)

    def crc(self, header, stored, where):
        if header.crc is not None:
            found = zlib.crc32(stored)
            self.want(header.crc & 0xFFFFFFFF == found, "crc", f"{where}: crc {header.crc & 0xFFFFFFFF:08x}, "
                      f"the stored bytes have {found:08x}")
        elif self.house:
            self.say("crc", f"{where}: there is none")

    def dictionary(self, info, values, body, place):
        if self.house:
            self.want(len(body) <= MAX_DICTIONARY_BYTES or len(values) == 1, "page-size",
                      f"{place}: a dictionary of {len(body)} bytes")
        ascending = all(a < b for a, b in zip(values, values[1:])) if isinstance(values, list) else (
            bool((values[1:] > values[:-1]).all()))
        self.want(ascending or not info.is_sorted, "dictionary", f"{place}: is_sorted, and it is not")
        if not ascending:
            distinct = len(set(values if isinstance(values, list) else values.tolist()))
            self.want(distinct == len(values), "dictionary", f"{place}: {len(values)} values, {distinct} of them distinct")

    def size_statistics(self, chunk, place):
        sizes = chunk.meta.size_statistics
        if sizes is None:
            return
        if (said := sizes.unencoded_byte_array_data_bytes) is not None:
            found = sum(page.unencoded for page in chunk.pages)
            self.want(said == found and chunk.kind == BYTE_ARRAY, "size-statistics",
                      f"{place}: unencoded_byte_array_data_bytes {said}, values have {found}")
        if (said := sizes.definition_level_histogram):
            found = [chunk.nulls, len(chunk.codes)]
            self.want(said == found, "size-statistics", f"{place}: definition levels {said}, pages have {found}")

    # --- statistics and indexes ---------------------------------------------------------------------------------------

    def statistics(self, column, chunk, place):
        stats = chunk.meta.statistics
        if stats is None:
            self.want(not self.house, "statistics", f"{place}: there are none")
            return
        self.want(stats.null_count == chunk.nulls or (stats.null_count is None and not self.house), "null-count",
                  f"{place}: null_count {stats.null_count}, pages have {chunk.nulls}")
        if chunk.kind == BYTE_ARRAY:
            self.want(stats.min is None and stats.max is None, "statistics",
                      f"{place}: the old min and max of a string, whose order is not defined")
        low, high = stats.min_value, stats.max_value
        exact = (stats.is_min_value_exact, stats.is_max_value_exact)
        if (low is None) != (high is None):  # pyarrow writes such where one of them is too long.
            self.want(not self.house, "statistics", f"{place}: one bound only")
            return
        if low is None:
            if self.house:
                self.want(exact == (None, None), "exact", f"{place}: there is no bound, and it is said whether it is exact")
            return
        values = chunk.of()
        if not self.want(values, "bounds", f"{place}: bounds of no values"):
            return
        chunk.bounds = self.bounds(chunk.kind, low, high, min(values), max(values), place, exact)

    def bounds(self, kind, low, high, least, greatest, place, exact=None):
        """Checks two bounds, and returns them as values. `exact` is what is said of them, None where nothing can be
        said."""
        if kind != BYTE_ARRAY:
            size = 4 if kind == INT32 else 8
            if not self.want(len(low) == len(high) == size, "bounds", f"{place}: bounds of {len(low)} and {len(high)} bytes"):
                return None
            low, high = (int.from_bytes(bound, "little", signed=True) for bound in (low, high))
            if self.house:
                self.want((low, high) == (least, greatest), "bounds",
                          f"{place}: bounds {low} and {high}, values {least} to {greatest}")
        self.want(low <= least, "bounds", f"{place}: the least value {short(least)} lies below the bound {short(low)}")
        self.want(high >= greatest, "bounds", f"{place}: the greatest {short(greatest)} lies above the bound {short(high)}")
        for name, bound, value, said in zip(("least", "greatest"), (low, high), (least, greatest), exact or (None, None)):
            self.want(not said or bound == value, "exact",
                      f"{place}: the bound {short(bound)} is said to be the {name} value, which is {short(value)}")
            if self.house and exact:
                self.want(said is not False or bound != value, "exact",
                          f"{place}: the {name} value {short(value)} is its bound, and that is said to be inexact")
                self.want(said is not None or bound == value, "exact",
                          f"{place}: the bound {short(bound)} is not the {name} value, and that is not said")
            if kind == BYTE_ARRAY:
                self.string_bound(name, bound, value, place)
        return low, high

    def string_bound(self, name, bound, value, place):
        try:
            text = bound.decode()
        except UnicodeDecodeError:
            self.say("bounds", f"{place}: the {name} bound is not UTF-8: {bound[-8:]!r} at its end")
            return
        if not self.house:
            return
        cannot_rise = name == "greatest" and value[:MAX_BOUND_BYTES].decode(errors="ignore").strip("\U0010ffff") == ""
        if cannot_rise and bound == value:
            return
        self.want(len(bound) <= MAX_BOUND_BYTES, "bounds", f"{place}: the {name} bound has {len(bound)} bytes")
        if bound != value:
            kept = bound if name == "least" else text[:-1].encode()
            self.want(len(value) > MAX_BOUND_BYTES and value.startswith(kept), "bounds",
                      f"{place}: {short(bound)} is no shortened {short(value)}")
            # At least 256 bytes less what a character may have: a shorter one prunes less than it could.
            if not cannot_rise and "\U0010ffff" not in value[:MAX_BOUND_BYTES].decode(errors="ignore"):
                self.want(len(bound) > MAX_BOUND_BYTES - 8, "bounds", f"{place}: the {name} bound has {len(bound)} bytes only")

    def page_index(self, column, chunk, place):
        there = [column.offset_index_offset is not None, column.offset_index_length is not None]
        wanted = self.wants_page_index
        if self.house and not wanted:
            self.want(not any(there) and column.column_index_offset is None, "offset-index", f"{place}: there is a needless one")
        if not all(there):
            self.want(not any(there) and not wanted, "offset-index", f"{place}: there is none")
        else:
            self.offset_index(column, chunk, place)
        there = [column.column_index_offset is not None, column.column_index_length is not None]
        if not all(there):
            has_bounds = chunk.bounds is not None or not len(chunk.codes)
            self.want(not any(there) and not (wanted and has_bounds), "column-index", f"{place}: there is none")
        else:
            self.column_index(column, chunk, place)

    def region(self, structure, offset, length, place):
        if not 4 <= offset <= offset + length <= self.footer_at:
            raise Broken(f"{place}: {structure} from {offset} to {offset + length}")
        index, end = thrift.read(structure, self.data[offset:offset + length])
        self.want(end == length or structure == "BloomFilterHeader", "index", f"{place}: {structure} ends after {end} of "
                  f"{length} bytes")
        return index, end

    def offset_index(self, column, chunk, place):
        index, _ = self.region("OffsetIndex", column.offset_index_offset, column.offset_index_length, place)
        said = [(p.offset, p.compressed_page_size, p.first_row_index) for p in index.page_locations]
        found = [(page.offset, page.bytes, page.first_row) for page in chunk.pages]
        if said != found:
            differ = [pair for pair in zip(said, found) if pair[0] != pair[1]][:1] or [(len(said), len(found))]
            self.say("offset-index", f"{place}: (offset, size, first row) {differ[0][0]}, pages {differ[0][1]}")
        if (sizes := index.unencoded_byte_array_data_bytes) is not None:
            found = [page.unencoded for page in chunk.pages]
            self.want(sizes == found, "size-statistics", f"{place}: offset index {sizes[:5]}…, pages {found[:5]}…")

    def column_index(self, column, chunk, place):
        index, _ = self.region("ColumnIndex", column.column_index_offset, column.column_index_length, place)
        pages = chunk.pages
        lists = {"null_pages": index.null_pages, "min_values": index.min_values, "max_values": index.max_values}
        if self.house or index.null_counts is not None:
            lists["null_counts"] = index.null_counts or []
        if any(len(values) != len(pages) for values in lists.values()):
            self.say("column-index", f"{place}: {len(pages)} pages, " +
                     ", ".join(f"{len(values)} {name}" for name, values in lists.items()))
            return
        chunk.index = []
        for number, page in enumerate(pages):
            where, values = f"{place}: column index, page {number}", chunk.of(page)
            if index.null_counts is not None:
                nulls = page.rows - (page.values.stop - page.values.start)
                self.want(index.null_counts[number] == nulls, "null-count",
                          f"{where}: {index.null_counts[number]} NULLs, it has {nulls}")
            low, high, null = index.min_values[number], index.max_values[number], index.null_pages[number]
            bounds = None
            if self.want(null == (not values), "column-index", f"{where}: null_pages is {null}, it has {len(values)} values"):
                if null:
                    self.want(low == high == b"", "column-index", f"{where}: bounds of a page of NULLs")
                else:
                    bounds = self.bounds(chunk.kind, low, high, min(values), max(values), where)
            chunk.index.append(bounds)
        self.boundary_order(index.boundary_order, [b for b in chunk.index if b], place)
        if (said := index.definition_level_histograms) is not None:
            found = [n for page in pages for n in (page.rows - (page.values.stop - page.values.start),
                                                   page.values.stop - page.values.start)]
            self.want(said == found, "size-statistics", f"{place}: definition levels {said[:6]}…, pages {found[:6]}…")

    def boundary_order(self, order, bounds, place):
        if self.want(order in (UNORDERED, ASCENDING, DESCENDING), "boundary-order", f"{place}: {order}"):
            pairs = list(zip(bounds, bounds[1:]))
            up = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairs)
            down = all(a[0] >= b[0] and a[1] >= b[1] for a, b in pairs)
            holds = {UNORDERED: not self.house or not (up or down), ASCENDING: up, DESCENDING: down}[order]
            self.want(holds, "boundary-order", f"{place}: boundary_order {order}, bounds ascend: {up}, descend: {down}")

    def bloom_filter(self, column, chunk, place):
        meta = chunk.meta
        if meta.bloom_filter_offset is None:
            self.want(meta.bloom_filter_length is None, "bloom-filter", f"{place}: a length and no offset")
            return
        length = meta.bloom_filter_length
        self.want(length is not None or not self.house, "bloom-filter", f"{place}: an offset and no length")
        at = meta.bloom_filter_offset
        header, end = self.region("BloomFilterHeader", at, length or self.footer_at - at, place)
        known = "BLOCK" in header.algorithm and "XXHASH" in header.hash and "UNCOMPRESSED" in header.compression
        size = header.num_bytes
        if not known or size % 32 or size < 32 or size & size - 1 or (length is not None and end + size != length):
            self.say("bloom-filter", f"{place}: {header}, its header has {end} of {length} bytes")
            return
        chunk.bloom = Bloom(bytes(self.data[at + end:at + end + size]))
        lost = [value for value in chunk.of() if plain_bytes(chunk.kind, value) not in chunk.bloom]
        self.want(not lost, "bloom-filter", f"{place}: it lacks {len(lost)} values, such as {lost[:1]}")
        if self.house:
            absent = [b"absent %d" % i if chunk.kind == BYTE_ARRAY else plain_bytes(chunk.kind, (-1) ** i * (7919 * i + 13))
                      for i in range(100)]
            have = {plain_bytes(chunk.kind, value) for value in chunk.of()}
            hits = sum(value in chunk.bloom for value in absent if value not in have)
            self.want(hits <= 100 * MAX_FALSE_POSITIVES, "bloom-filter", f"{place}: it lets {hits} of 100 absent values pass")

    def sorting(self, group, chunks, where):
        columns = group.sorting_columns or []
        if not columns or not all(chunk.complete for chunk in chunks):
            return
        keys = []
        for column in columns:
            if not 0 <= column.column_idx < len(chunks):
                self.say("sorting", f"{where}: sorted by column {column.column_idx}")
                return
            chunk = chunks[column.column_idx]
            rank = {value: i for i, value in enumerate(sorted(chunk.distinct))}
            ranks = np.array([rank[value] for value in chunk.distinct] or [0], np.int64)
            key = np.full(len(chunk.defined), -1 if column.nulls_first else len(rank), np.int64)
            key[chunk.defined] = ranks[chunk.codes] if len(chunk.codes) else 0
            if column.descending:
                key[chunk.defined] = len(rank) - 1 - key[chunk.defined]
            keys.append(key.tolist())
        rows = list(zip(*keys))
        self.want(all(a <= b for a, b in zip(rows, rows[1:])), "sorting",
                  f"{where}: rows do not ascend by {', '.join(chunks[c.column_idx].name for c in columns)}")

    # --- the whole file -----------------------------------------------------------------------------------------------

    def regions(self):
        """Nothing overlaps, and between magic and footer there is nothing that nobody speaks of."""
        found = [(0, 4, "magic"), (self.footer_at, len(self.data), "footer")]
        for number, group in enumerate(self.meta.row_groups):
            for column, chunk in zip(group.columns, self.groups[number]):
                place = f"row group {number}, column {chunk.name}"
                found.append((chunk.start, chunk.end, f"{place}: chunk"))
                if chunk.meta.bloom_filter_offset is not None and chunk.meta.bloom_filter_length is not None:
                    at = chunk.meta.bloom_filter_offset
                    found.append((at, at + chunk.meta.bloom_filter_length, f"{place}: Bloom filter"))
                for name in ("column_index", "offset_index"):
                    at, length = column[name + "_offset"] if name + "_offset" in column else None, column.get(name + "_length")
                    if at is not None and length is not None:
                        found.append((at, at + length, f"{place}: {name}"))
        found.sort()
        for one, other in zip(found, found[1:]):
            self.want(one[1] <= other[0], "overlap", f"{one[2]} ends at {one[1]}, {other[2]} begins at {other[0]}")
            if self.house:
                self.want(one[1] >= other[0], "gap", f"{one[2]} ends at {one[1]}, {other[2]} begins at {other[0]}")
        if self.house:
            starts = [min(chunk.start for chunk in group) for group in self.groups]
            self.want(starts == sorted(starts), "chunk-order", "row groups do not lie in the order of the footer")

    def whole_columns(self):
        """DataFusion takes the bounds of those row groups that have some for the file's: all have them, or none has."""
        for number, name in enumerate(self.names):
            chunks = [group[number] for group in self.groups if group[number].complete]
            having = [bool(chunk.bounds) for chunk in chunks if len(chunk.codes)]
            self.want(all(having) or not any(having) or not self.house, "bounds-everywhere",
                      f"column {name}: {having.count(True)} of {len(having)} row groups with values have bounds")

    def splits(self):
        if not self.house:
            return
        for problem in splits.problems(self.meta, len(self.data)):
            self.say("split", problem)

    # --- as a reader --------------------------------------------------------------------------------------------------

    def chunks(self, name):
        if name not in self.names:
            raise KeyError(f"no column {name}; there are {self.names}")
        number = self.names.index(name)
        return [group[number] for group in self.groups]

    def column(self, name):
        counts = Counter()
        chunks = self.chunks(name)
        for chunk in chunks:
            counts.update(chunk.counts())
        return checksum.of_counts(counts, sum(chunk.nulls for chunk in chunks))

    def matching(self, question, pruned):
        """How many rows a filter finds; `pruned`: only in the pages that bounds, null counts and Bloom filters leave
        over."""
        total = 0
        for chunk in self.chunks(question["column"]):
            if not pruned:
                total += count_in(chunk, None, question)
                continue
            if excluded(question, chunk.bounds, chunk.meta.statistics and chunk.meta.statistics.null_count, chunk.defined):
                continue
            if question["op"] == "=" and chunk.bloom is not None:
                if plain_bytes(chunk.kind, encoded(question["value"])) not in chunk.bloom:
                    continue
            for number, page in enumerate(chunk.pages):
                bounds = chunk.index[number] if chunk.index else None
                if not (bounds and excluded(question, bounds, None, None)):
                    total += count_in(chunk, page, question)
        return total


def count_in(chunk, page, question):
    op = question["op"]
    values = len(chunk.codes) if page is None else page.values.stop - page.values.start
    if op == "is not null":
        return values
    if op == "is null":
        return (len(chunk.defined) if page is None else page.rows) - values
    value, compare = encoded(question["value"]), checksum.COMPARE[op]
    holds = np.fromiter((compare(found, value) for found in chunk.distinct), bool, len(chunk.distinct))
    return int(holds[chunk.codes if page is None else chunk.codes[page.values]].sum())


def excluded(question, bounds, null_count, defined):
    """Whether bounds or the count of NULLs say that no row of a chunk or page can match."""
    op = question["op"]
    if defined is not None and null_count is not None:
        if op == "is null":
            return null_count == 0
        if null_count == len(defined):
            return True
    if bounds is None or op in ("is null", "is not null"):
        return False
    value, (low, high) = encoded(question["value"]), bounds
    return {"=": not low <= value <= high, "<": low >= value, "<=": low > value, ">": high <= value,
            ">=": high < value}[op]


def encoded(value):
    return value.encode() if isinstance(value, str) else value


def plain_bytes(kind, value):
    """A value as a Bloom filter hashes it: as PLAIN has it, strings without their length."""
    return value if kind == BYTE_ARRAY else value.to_bytes(4 if kind == INT32 else 8, "little", signed=True)


def unpack(codec, stored, size):
    name = CODECS[codec]
    if name is None:
        return stored
    if name == "gzip":
        stream = zlib.decompressobj(31)
        body = stream.decompress(stored) + stream.flush()
        if not stream.eof or stream.unused_data:
            raise Broken("a page is not one whole gzip member")
        return body
    return pa.decompress(pa.py_buffer(stored), decompressed_size=size, codec=name)


def short(value):
    if isinstance(value, bytes) and len(value) > 60:
        return f"{value[:30]!r}…{value[-12:]!r} ({len(value)} bytes)"
    return repr(value)


def aws_orders():
    """The columns in AWS's order, of each log type."""
    if not _ORDERS:
        for file in sorted((pathlib.Path(__file__).resolve().parents[3] / "schemas").glob("*.toml")):
            _ORDERS.append([entry["column"] for entry in tomllib.loads(file.read_text())["field"]])
    return _ORDERS


_ORDERS = []


def in_order(names, order):
    """Whether columns stand in AWS's order, those that AWS has not behind them by name."""
    place = {name: number for number, name in enumerate(order)}
    key = [(place.get(name, len(order)), "" if name in place else name) for name in names]
    return key == sorted(key)


def walk(path, house=True):
    """Walks through a file; its `problems` are empty if all is right."""
    return Walk(path, house)


def answers(files, folder):
    """As a reader of the zoo. What it does not like is its `error`."""
    return [answer(job) for job in files]


def answer(job):
    found = {"path": job["path"], "rows": 0, "columns": {}, "filters": {}, "error": None}
    try:
        file = Walk(job["path"])
        found["rows"] = file.rows
        found["schema"] = file.names
        if file.names != list(job["columns"]):
            file.say("schema", f"columns {file.names}, wanted {list(job['columns'])}")
        wanted = {"int32": INT32, "int64": INT64, "string": BYTE_ARRAY}
        types = {leaf.name: leaf.type for leaf in file.leaves}
        for name, kind in job["columns"].items():
            if types.get(name) != wanted[kind]:
                file.say("schema", f"column {name} has the type {types.get(name)}, wanted {kind}")
        found["columns"] = {name: file.column(name) for name in job["columns"]}
        for setting, pruned in (("all pages", False), ("pruned", True)):
            found["filters"][setting] = [file.matching(question, pruned) for question in job["filters"]]
        found["error"] = summary(file.problems)
    except Exception as error:  # noqa: BLE001 - the other files must be read too
        found["error"] = f"{type(error).__name__}: {error}"
    return found


def summary(problems):
    """A few problems of each rule, in one text; None if there is none."""
    by_rule = defaultdict(list)
    for problem in problems:
        by_rule[problem.split(":")[0]].append(problem)
    return "\n".join(line for found in by_rule.values()
                     for line in (found[:2] + [f"... and {len(found) - 2} more of that rule"] * (len(found) > 2))) or None


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(path, summary(Walk(path).problems) or "all is right", sep="\n")
