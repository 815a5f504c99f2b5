"""Thrift's compact protocol, which Parquet's footers and page headers are written in, and the names of Parquet's
structures.

The protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. The structures:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift. What is read is generic: a
structure becomes a dict of field number -> value; `named` gives names to the fields of a known structure and refuses
unknown ones.
"""

import struct


class Broken(Exception):
    """The bytes are not what the format's text allows."""


class Reader:
    """Reads values of the compact protocol from `data`, from `at` on."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        if self.at >= len(self.data):
            raise Broken(f"thrift: the bytes end at {self.at}")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 63:
                raise Broken(f"thrift: a varint of more than ten bytes at {self.at}")
        return value

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def binary(self):
        length = self.varint()
        if self.at + length > len(self.data):
            raise Broken(f"thrift: {length} bytes of a binary at {self.at} reach behind the end")
        self.at += length
        return bytes(self.data[self.at - length:self.at])

    def list(self):
        head = self.byte()
        size, kind = head >> 4, head & 15
        if size == 15:
            size = self.varint()
        return [self.value(kind, in_list=True) for _ in range(size)]

    def struct(self):
        fields, last = {}, 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            kind, delta = head & 15, head >> 4
            last = last + delta if delta else self.zigzag()
            if last in fields:
                raise Broken(f"thrift: field {last} twice at {self.at}")
            fields[last] = self.value(kind)

    def value(self, kind, in_list=False):
        if kind in (1, 2):  # In a list a boolean is a byte of its own.
            return self.byte() == 1 if in_list else kind == 1
        if kind == 3:
            return struct.unpack("b", bytes([self.byte()]))[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack("<d", self.data[self.at - 8:self.at])[0]
        if kind == 8:
            return self.binary()
        if kind in (9, 10):
            return self.list()
        if kind == 12:
            return self.struct()
        raise Broken(f"thrift: a value of type {kind} at {self.at}, which Parquet has not")


# Field number -> name, or (name, structure) or (name, [structure]). Text is decoded where the name is in TEXT.
STRUCTURES = {
    "FileMetaData": {1: "version", 2: ("schema", ["SchemaElement"]), 3: "num_rows", 4: ("row_groups", ["RowGroup"]),
                     5: ("key_value_metadata", ["KeyValue"]), 6: "created_by", 7: ("column_orders", ["ColumnOrder"])},
    "SchemaElement": {1: "type", 2: "type_length", 3: "repetition_type", 4: "name", 5: "num_children", 6: "converted_type",
                      7: "scale", 8: "precision", 9: "field_id", 10: ("logical_type", "LogicalType")},
    "LogicalType": {1: ("STRING", "Empty"), 2: ("MAP", "Empty"), 3: ("LIST", "Empty"), 4: ("ENUM", "Empty"), 5: "DECIMAL",
                    6: ("DATE", "Empty"), 7: "TIME", 8: "TIMESTAMP", 10: ("INTEGER", "IntType"), 11: ("UNKNOWN", "Empty"),
                    12: ("JSON", "Empty"), 13: ("BSON", "Empty"), 14: ("UUID", "Empty"), 15: ("FLOAT16", "Empty")},
    "IntType": {1: "bit_width", 2: "is_signed"},
    "Empty": {},
    "KeyValue": {1: "key", 2: "value"},
    "ColumnOrder": {1: ("TYPE_ORDER", "Empty"), 2: ("IEEE_754_TOTAL_ORDER", "Empty")},
    "RowGroup": {1: ("columns", ["ColumnChunk"]), 2: "total_byte_size", 3: "num_rows",
                 4: ("sorting_columns", ["SortingColumn"]), 5: "file_offset", 6: "total_compressed_size", 7: "ordinal"},
    "SortingColumn": {1: "column_idx", 2: "descending", 3: "nulls_first"},
    "ColumnChunk": {1: "file_path", 2: "file_offset", 3: ("meta_data", "ColumnMetaData"), 4: "offset_index_offset",
                    5: "offset_index_length", 6: "column_index_offset", 7: "column_index_length"},
    "ColumnMetaData": {1: "type", 2: "encodings", 3: "path_in_schema", 4: "codec", 5: "num_values",
                       6: "total_uncompressed_size", 7: "total_compressed_size", 8: ("key_value_metadata", ["KeyValue"]),
                       9: "data_page_offset", 10: "index_page_offset", 11: "dictionary_page_offset",
                       12: ("statistics", "Statistics"), 13: ("encoding_stats", ["PageEncodingStats"]),
                       14: "bloom_filter_offset", 15: "bloom_filter_length", 16: ("size_statistics", "SizeStatistics")},
    "Statistics": {1: "max", 2: "min", 3: "null_count", 4: "distinct_count", 5: "max_value", 6: "min_value",
                   7: "is_max_value_exact", 8: "is_min_value_exact", 9: "nan_count"},
    "PageEncodingStats": {1: "page_type", 2: "encoding", 3: "count"},
    "SizeStatistics": {1: "unencoded_byte_array_data_bytes", 2: "repetition_level_histogram",
                       3: "definition_level_histogram"},
    "PageHeader": {1: "type", 2: "uncompressed_page_size", 3: "compressed_page_size", 4: "crc",
                   5: ("data_page_header", "DataPageHeader"), 6: "index_page_header",
                   7: ("dictionary_page_header", "DictionaryPageHeader"), 8: ("data_page_header_v2", "DataPageHeaderV2")},
    "DataPageHeader": {1: "num_values", 2: "encoding", 3: "definition_level_encoding", 4: "repetition_level_encoding",
                       5: ("statistics", "Statistics")},
    "DictionaryPageHeader": {1: "num_values", 2: "encoding", 3: "is_sorted"},
    "DataPageHeaderV2": {1: "num_values", 2: "num_nulls", 3: "num_rows", 4: "encoding",
                         5: "definition_levels_byte_length", 6: "repetition_levels_byte_length", 7: "is_compressed",
                         8: ("statistics", "Statistics")},
    "OffsetIndex": {1: ("page_locations", ["PageLocation"]), 2: "unencoded_byte_array_data_bytes"},
    "PageLocation": {1: "offset", 2: "compressed_page_size", 3: "first_row_index"},
    "ColumnIndex": {1: "null_pages", 2: "min_values", 3: "max_values", 4: "boundary_order", 5: "null_counts",
                    6: "repetition_level_histograms", 7: "definition_level_histograms", 8: "nan_counts"},
    "BloomFilterHeader": {1: "num_bytes", 2: ("algorithm", "BloomFilterAlgorithm"), 3: ("hash", "BloomFilterHash"),
                          4: ("compression", "BloomFilterCompression")},
    "BloomFilterAlgorithm": {1: ("BLOCK", "Empty")},
    "BloomFilterHash": {1: ("XXHASH", "Empty")},
    "BloomFilterCompression": {1: ("UNCOMPRESSED", "Empty")},
}
TEXT = {"name", "created_by", "key", "path_in_schema"}
REQUIRED = {
    "FileMetaData": "version schema num_rows row_groups", "SchemaElement": "name", "RowGroup": "columns total_byte_size num_rows",
    "SortingColumn": "column_idx descending nulls_first", "ColumnChunk": "file_offset meta_data", "KeyValue": "key",
    "ColumnMetaData": "type encodings path_in_schema codec num_values total_uncompressed_size total_compressed_size "
                      "data_page_offset",
    "PageEncodingStats": "page_type encoding count", "PageHeader": "type uncompressed_page_size compressed_page_size",
    "DataPageHeader": "num_values encoding definition_level_encoding repetition_level_encoding",
    "DictionaryPageHeader": "num_values encoding", "OffsetIndex": "page_locations", "IntType": "bit_width is_signed",
    "PageLocation": "offset compressed_page_size first_row_index",
    "ColumnIndex": "null_pages min_values max_values boundary_order",
    "BloomFilterHeader": "num_bytes algorithm hash compression",
}


class Fields(dict):
    """A structure: its fields by name, as attributes too; one that is not there is None."""

    def __getattr__(self, name):
        return self.get(name)


def named(structure, fields):
    """Gives names to the fields of a structure."""
    names, out = STRUCTURES[structure], Fields()
    for number, value in fields.items():
        if number not in names:
            raise Broken(f"{structure} has no field {number}")
        name = names[number]
        if isinstance(name, tuple):
            name, inner = name
            value = [named(inner[0], v) for v in value] if isinstance(inner, list) else named(inner, value)
        elif name in TEXT:
            value = [v.decode() for v in value] if isinstance(value, list) else value.decode()
        out[name] = value
    if missing := [name for name in REQUIRED.get(structure, "").split() if name not in out]:
        raise Broken(f"{structure} lacks {', '.join(missing)}")
    return out


def read(structure, data, at=0):
    """Reads a structure: (its fields, where it ends)."""
    reader = Reader(data, at)
    return named(structure, reader.struct()), reader.at
