"""Parquet's split block Bloom filters, read: xxHash64 of a value, and whether a filter may hold it
(https://github.com/apache/parquet-format/blob/master/BloomFilter.md)."""

import struct

from footer import INT32, INT64, Thrift

MASK64 = (1 << 64) - 1
P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                      2870177450012600261)
SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)


def _rotate(x, r):
    return ((x << r) | (x >> (64 - r))) & MASK64


def _round(state, lane):
    return _rotate((state + lane * P2) & MASK64, 31) * P1 & MASK64


def xxh64(data):
    at, size = 0, len(data)
    if size >= 32:
        v = [(P1 + P2) & MASK64, P2, 0, (-P1) & MASK64]
        while at <= size - 32:
            v = [_round(s, lane) for s, lane in zip(v, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(_rotate(s, r) for s, r in zip(v, (1, 7, 12, 18))) & MASK64
        for s in v:
            h = ((h ^ _round(0, s)) * P1 + P4) & MASK64
    else:
        h = P5
    h = (h + size) & MASK64
    while at + 8 <= size:
        h = (_rotate(h ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4) & MASK64
        at += 8
    if at + 4 <= size:
        h = (_rotate(h ^ (struct.unpack_from("<I", data, at)[0] * P1 & MASK64), 23) * P2 + P3) & MASK64
        at += 4
    for byte in data[at:]:
        h = _rotate(h ^ (byte * P5 & MASK64), 11) * P1 & MASK64
    h = (h ^ (h >> 33)) * P2 & MASK64
    h = (h ^ (h >> 29)) * P3 & MASK64
    return h ^ (h >> 32)


def may_hold(data, chunk, kind, value):
    """May the column chunk of the file `data` hold the value? True if it has no filter."""
    if chunk.bloom is None:
        return True
    head = Thrift(data, chunk.bloom.at)
    size = head.struct()[1]
    bits = memoryview(data)[head.at:head.at + size]
    plain = value if isinstance(value, bytes) else struct.pack({INT32: "<i", INT64: "<q"}[kind], value)
    h = xxh64(plain)
    block = ((h >> 32) * (size // 32)) >> 32
    words = struct.unpack_from("<8I", bits, block * 32)
    low = h & 0xFFFFFFFF
    return all(word >> ((low * salt & 0xFFFFFFFF) >> 27) & 1 for word, salt in zip(words, SALT))
