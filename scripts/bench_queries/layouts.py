"""Row orders: where each row of a day goes, and where row groups begin.

In: columns as ranks (`Day.rank`): integers that compare as the column's values do, text as text, NULL first. Out: a
permutation of the rows and the boundaries of the row groups. Everything is numpy, because a day has millions of rows.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


class Day:
    """A converted day, in memory."""

    def __init__(self, table):
        self.table = table.combine_chunks()
        self.rows = table.num_rows
        self._ranks = {}

    def rank(self, name):
        """The column as places among its distinct values, ascending; NULL is 0 and the rest begin at 1."""
        if name not in self._ranks:
            column = self.table.column(name)
            column = column.chunk(0) if column.num_chunks else column.combine_chunks()
            coded = column.dictionary_encode()
            values = coded.dictionary
            place = np.empty(len(values), np.int32)
            # Bytes, not letters: that is how Parquet compares. UTF-8 sorts the same both ways.
            order = np.asarray(pa.compute.sort_indices(values))
            place[order] = np.arange(1, len(values) + 1, dtype=np.int32)
            codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            ranks = np.where(codes < 0, 0, place[codes])
            self._ranks[name] = ranks.astype(np.int32)
        return self._ranks[name]


def lexsorted(day, names, rows=None):
    """Rows (all, or these) in the order of the columns; equal rows stay as they arrived."""
    keys = [day.rank(n) if rows is None else day.rank(n)[rows] for n in reversed(names)]
    if not keys:
        return np.arange(day.rows) if rows is None else rows
    if len(keys) == 1:
        order = np.argsort(keys[0], kind="stable")
    else:
        order = np.lexsort(keys)
    return order if rows is None else rows[order]


def even_cuts(rows, most):
    """Boundaries of the fewest parts of at most `most` rows, as even as they can be."""
    parts = max(1, -(-rows // most))
    return np.linspace(0, rows, parts + 1).astype(np.int64)


def sorted_layout(day, names, group_rows):
    return lexsorted(day, names), even_cuts(day.rows, group_rows)


def spread_bits(v, step=2):
    out = np.zeros(len(v), np.uint64)
    for bit in range(20):
        out |= ((v >> np.uint64(bit)) & np.uint64(1)) << np.uint64(bit * step)
    return out


def weighted_place(rank):
    """Where in the sorted column a value's rows begin, as a fraction of all rows times 2^16."""
    counts = np.bincount(rank)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return (starts[rank].astype(np.float64) / len(rank) * 65536).astype(np.uint64)


def z_layout(day, group_rows, within=("srcaddr", "dstaddr", "start"), dims=("srcaddr", "dstaddr")):
    place = [weighted_place(day.rank(d)) for d in dims]
    z = np.zeros(day.rows, np.uint64)
    for i, p in enumerate(place):
        z |= spread_bits(p, len(dims)) << np.uint64(len(dims) - 1 - i)
    order = np.lexsort([day.rank(n) for n in reversed(within)] + [z])
    return order, even_cuts(day.rows, group_rows)


def cut_at_value(sorted_rank, wanted):
    """The place nearest to `wanted` where a value ends; None if there is none inside."""
    value = sorted_rank[wanted] if wanted < len(sorted_rank) else sorted_rank[-1]
    left = int(np.searchsorted(sorted_rank, value, "left"))
    right = int(np.searchsorted(sorted_rank, value, "right"))
    candidates = [c for c in (left, right) if 0 < c < len(sorted_rank)]
    return min(candidates, key=lambda c: abs(c - wanted)) if candidates else None


def kd_layout(day, group_rows, within=("srcaddr", "dstaddr", "start"), dims=("srcaddr", "dstaddr"), weights=None,
              choose="widest"):
    """Boxes: the rows are halved, again and again, at a value of the dimension in which the part is widest, until a
    part fits a row group. Width is counted in rows of the whole day that lie in the part's range, so that it says how likely a
    query for some row's address meets the part."""
    weights = weights or [1.0] * len(dims)
    ranks = [day.rank(d) for d in dims]
    cums = []
    for rank in ranks:
        counts = np.bincount(rank)
        cums.append(np.concatenate([[0], np.cumsum(counts)]))
    leaves = []

    def split(rows, depth):
        n = len(rows)
        parts = -(-n // group_rows)
        if parts <= 1:
            leaves.append(rows)
            return
        values = [rank[rows] for rank in ranks]
        widths = [w * (cum[v.max() + 1] - cum[v.min()]) for v, cum, w in zip(values, cums, weights)]
        if choose == "alternate":
            preferred = sorted(range(len(dims)), key=lambda d: (d - depth) % len(dims))
        else:
            preferred = sorted(range(len(dims)), key=lambda d: -widths[d])
        wanted = int(round(n * (parts // 2) / parts))
        for d in preferred:
            if values[d].min() == values[d].max():
                continue
            order = np.argsort(values[d], kind="stable")
            cut = cut_at_value(values[d][order], wanted)
            if cut is None:
                continue
            split(rows[order[:cut]], depth + 1)
            split(rows[order[cut:]], depth + 1)
            return
        # One value in every dimension: cut by the inner order.
        order = lexsorted(day, within, rows)
        for a, b in zip(even_cuts(n, group_rows)[:-1], even_cuts(n, group_rows)[1:]):
            leaves.append(order[a:b])

    split(np.arange(day.rows), 0)
    order = np.concatenate([lexsorted(day, within, leaf) for leaf in leaves])
    return order, np.concatenate([[0], np.cumsum([len(leaf) for leaf in leaves])])


@dataclass
class Writing:
    """How the bytes are written."""

    page_rows: int = 20_000
    codec: str = "zstd"
    level: int | None = 3
    dictionary: object = True  # all columns, or names
    encodings: dict | None = None
    bloom: dict | None = None
    sorting: tuple = ()


def write(day, order, cuts, path, how):
    table = day.table.take(pa.array(order))
    schema = table.schema
    with pq.ParquetWriter(
            path, schema, compression=how.codec, compression_level=how.level if how.codec == "zstd" else None,
            use_dictionary=how.dictionary, column_encoding=how.encodings, write_statistics=True, write_page_index=True,
            max_rows_per_page=how.page_rows, data_page_size=1 << 30, dictionary_pagesize_limit=1 << 30, store_schema=False,
            bloom_filter_options=how.bloom, write_batch_size=1024) as writer:
        for a, b in zip(cuts[:-1], cuts[1:]):
            part = table.slice(a, b - a)
            writer.write_table(part, row_group_size=max(1, int(b - a)))
