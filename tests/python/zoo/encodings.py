"""Parquet's encodings, read strictly by the format's text
(https://parquet.apache.org/docs/file-format/data-pages/encodings/): what a lenient reader would pass over (padding that
is not zero, bytes left over, a code behind the dictionary's end) is said.

In: the bytes of a page's body. Out: numpy arrays of integers, lists of byte strings.
"""

import struct

import numpy as np

from .thrift import Broken, Reader

INT32, INT64, BYTE_ARRAY = 1, 2, 6  # parquet.thrift, Type
BITS = {INT32: 32, INT64: 64}


def unpack(data, width, count):
    """The first `count` numbers of `width` bits each, least significant bit first; the bits behind them must be 0."""
    if width == 0:
        return np.zeros(count, np.uint64)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    if bits[count * width:].any():
        raise Broken("padding of packed bits is not 0")
    if width == 1:
        return bits[:count].astype(np.uint64)
    wide = np.zeros((count, 64), np.uint8)
    wide[:, :width] = bits[:count * width].reshape(count, width)
    return np.packbits(wide, axis=1, bitorder="little").view("<u8").reshape(count)


def hybrid(data, width, count, at=0):
    """RLE and bit-packed runs: (the numbers, where they end). All runs but a last packed one must fit `count`."""
    reader, parts, have = Reader(data, at), [], 0
    while have < count:
        head = reader.varint()
        if head & 1:
            values = (head >> 1) * 8
            if values == 0:
                raise Broken("a packed run of no groups")
            used = min(values, count - have)
            if values - used > 7:
                raise Broken(f"a packed run is {values - used} values too long")
            size = (head >> 1) * width
            if reader.at + size > len(data):
                raise Broken("a packed run reaches behind the end of its page")
            parts.append(unpack(data[reader.at:reader.at + size], width, used))
            reader.at += size
        else:
            used, size = head >> 1, (width + 7) // 8
            if used == 0 or have + used > count:
                raise Broken(f"a run of {used} values where {count - have} are left")
            if reader.at + size > len(data):
                raise Broken("a run reaches behind the end of its page")
            value = int.from_bytes(data[reader.at:reader.at + size], "little")
            if value >> width:
                raise Broken(f"a run of {value}, which has more than {width} bits")
            parts.append(np.full(used, value, np.uint64))
            reader.at += size
        have += used
    return (np.concatenate(parts) if parts else np.zeros(0, np.uint64)), reader.at


def levels(body, rows):
    """The definition levels of a v1 page of optional values: (which rows have a value, where the values begin)."""
    if len(body) < 4:
        raise Broken("a page too short for the length of its levels")
    length = struct.unpack_from("<I", body)[0]
    if 4 + length > len(body):
        raise Broken(f"levels of {length} bytes in a page of {len(body)}")
    defined, end = hybrid(body[4:4 + length], 1, rows)
    if end != length:
        raise Broken(f"levels end after {end} of their {length} bytes")
    return defined.astype(bool), 4 + length


def plain(body, kind, count):
    """PLAIN values, which must fill the body."""
    if kind in BITS:
        size = BITS[kind] // 8
        if len(body) != count * size:
            raise Broken(f"{len(body)} bytes for {count} PLAIN values of {size}")
        return np.frombuffer(body, f"<i{size}")
    values, at, length_of = [], 0, struct.Struct("<I").unpack_from
    for _ in range(count):
        if at + 4 > len(body):
            raise Broken("PLAIN strings reach behind the end of their page")
        end = at + 4 + length_of(body, at)[0]
        values.append(body[at + 4:end])
        at = end
    if at != len(body):
        raise Broken(f"PLAIN strings end at byte {at} of {len(body)}")
    return values


def codes(body, count, distinct):
    """RLE_DICTIONARY: the width in a byte, then codes below `distinct`, which must fill the body."""
    if not body:
        if count:
            raise Broken("a page of codes is empty")
        return np.zeros(0, np.uint64)
    width = body[0]
    if width > 32:
        raise Broken(f"codes of {width} bits")
    found, end = hybrid(body, width, count, 1)
    if end != len(body):
        raise Broken(f"codes end at byte {end} of {len(body)}")
    if count and int(found.max()) >= distinct:
        raise Broken(f"code {int(found.max())} in a dictionary of {distinct}")
    return found


def delta(body, kind, count):
    """DELTA_BINARY_PACKED values, which must fill the body."""
    bits = BITS.get(kind)
    if not bits:
        raise Broken("DELTA_BINARY_PACKED strings")
    reader = Reader(body)
    block, miniblocks, total, first = reader.varint(), reader.varint(), reader.varint(), reader.zigzag()
    if block == 0 or block % 128 or miniblocks == 0 or block % miniblocks or block // miniblocks % 32:
        raise Broken(f"delta: a block of {block} values in {miniblocks} miniblocks")
    if total != count:
        raise Broken(f"delta: {total} values where the levels have {count}")
    if not -(1 << bits - 1) <= first < 1 << bits - 1:
        raise Broken(f"delta: the first value {first} has more than {bits} bits")
    each, deltas, left = block // miniblocks, [], max(count - 1, 0)
    while left:
        least = reader.zigzag()
        if not -(1 << bits - 1) <= least < 1 << bits - 1:
            raise Broken(f"delta: the least difference {least} has more than {bits} bits")
        widths = body[reader.at:reader.at + miniblocks]
        if len(widths) < miniblocks:
            raise Broken("delta: the widths reach behind the end of the page")
        reader.at += miniblocks
        for width in widths:
            if left == 0:
                if width:
                    raise Broken(f"delta: width {width} of a miniblock that is not there")
                continue
            if width > bits:
                raise Broken(f"delta: differences of {width} bits in a column of {bits}")
            size, used = each * width // 8, min(each, left)
            if reader.at + size > len(body):
                raise Broken("delta: a miniblock reaches behind the end of its page")
            above = unpack(body[reader.at:reader.at + size], width, used)
            reader.at += size
            deltas.append(above + np.uint64(least % (1 << 64)))
            left -= used
    if reader.at != len(body):
        raise Broken(f"delta: values end at byte {reader.at} of {len(body)}")
    if count == 0:
        return np.zeros(0, f"<i{bits // 8}")
    steps = np.concatenate([np.array([first % (1 << 64)], np.uint64), *deltas])
    sums = np.cumsum(steps, dtype=np.uint64)  # Wraps around, as the format has it.
    return sums.astype(np.uint32).view(np.int32) if bits == 32 else sums.view(np.int64)


# --- Bloom filters ----------------------------------------------------------------------------------------------------

_M = (1 << 64) - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _rotate(x, r):
    return (x << r | x >> 64 - r) & _M


def _round(acc, lane):
    return _rotate(acc + lane * _P2 & _M, 31) * _P1 & _M


def xxh64(data):
    """XXH64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), the hash of Bloom filters."""
    at, size = 0, len(data)
    if size >= 32:
        lanes = [_P1 + _P2 & _M, _P2, 0, -_P1 & _M]
        while at + 32 <= size:
            lanes = [_round(acc, lane) for acc, lane in zip(lanes, struct.unpack_from("<4Q", data, at))]
            at += 32
        acc = sum(_rotate(lane, r) for lane, r in zip(lanes, (1, 7, 12, 18))) & _M
        for lane in lanes:
            acc = ((acc ^ _round(0, lane)) * _P1 + _P4) & _M
    else:
        acc = _P5
    acc = acc + size & _M
    while at + 8 <= size:
        acc = (_rotate(acc ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * _P1 + _P4) & _M
        at += 8
    if at + 4 <= size:
        acc = (_rotate(acc ^ struct.unpack_from("<I", data, at)[0] * _P1 & _M, 23) * _P2 + _P3) & _M
        at += 4
    for byte in data[at:]:
        acc = _rotate(acc ^ byte * _P5 & _M, 11) * _P1 & _M
    acc = (acc ^ acc >> 33) * _P2 & _M
    acc = (acc ^ acc >> 29) * _P3 & _M
    return acc ^ acc >> 32


_SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)


class Bloom:
    """A split block Bloom filter: https://parquet.apache.org/docs/file-format/bloomfilter/."""

    def __init__(self, bits):
        self.words = struct.unpack(f"<{len(bits) // 4}I", bits)
        self.blocks = len(bits) // 32

    def __contains__(self, plain_bytes):
        digest = xxh64(plain_bytes)
        block, key = (digest >> 32) * self.blocks >> 32, digest & 0xFFFFFFFF
        return all(self.words[block * 8 + i] >> ((key * salt & 0xFFFFFFFF) >> 27) & 1 for i, salt in enumerate(_SALT))
