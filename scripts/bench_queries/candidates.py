"""Row orders that `convert` does not have, beside those it has: what a day's file would weigh and what questions would read.

usage: candidates.py FILE RAW_BYTES [SHARE]      FILE: the day as converted, in any order; SHARE: of row groups that are encoded

This is what the default was chosen by, before it was written. Rows are put in order by numpy, as ranks: integers that compare as
the column's values do, text as text, NULL first. Row groups are encoded by pyarrow, each column as the smallest of dictionary,
PLAIN and DELTA_BINARY_PACKED, zstd level 3. Sizes are from a share of the row groups, what a question reads is exact in rows.
"""

import statistics
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

POINT_COLUMNS = ["srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start"]
HOUR_COLUMNS = ["srcaddr", "dstaddr", "bytes", "start"]
AGGREGATES = (["srcaddr", "dstaddr", "bytes"], ["srcaddr", "packets", "bytes"], ["dstport", "packets", "bytes"],
              ["interface_id", "srcport", "bytes"])
CHUNK_FOOTER_BYTES = 130  # what a column chunk adds to the footer
ADDRESSES = ("srcaddr", "dstaddr")
PAIRS = ("srcaddr", "dstaddr", "start")


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
            # Bytes, not letters: that is how Parquet compares, and pyarrow too.
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


def spread_bits(v, step):
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


# --- what an order is worth -----------------------------------------------------------------------------------------------

def bytes_of_a_row(day, order, cuts, share, chance):
    """{column: bytes}, from a share of the row groups."""
    groups = len(cuts) - 1
    some = np.sort(chance.choice(groups, max(min(groups, 6), int(groups * share)), replace=False))
    table = day.table.take(pa.array(np.concatenate([order[cuts[g]:cuts[g + 1]] for g in some])))
    sizes = {}
    for encoding in ("dictionary", "plain", "delta"):
        columns = [f.name for f in table.schema if encoding == "dictionary" or pa.types.is_integer(f.type)]
        part = table.select(columns)
        sink, first = pa.BufferOutputStream(), 0
        with pq.ParquetWriter(
                sink, part.schema, compression="zstd", compression_level=3, use_dictionary=encoding == "dictionary",
                column_encoding=dict.fromkeys(columns, "DELTA_BINARY_PACKED") if encoding == "delta" else None,
                max_rows_per_page=20_000, data_page_size=1 << 30, dictionary_pagesize_limit=1 << 30) as writer:
            for g in some:
                rows = int(cuts[g + 1] - cuts[g])
                writer.write_table(part.slice(first, rows), row_group_size=rows)
                first += rows
        metadata = pq.ParquetFile(sink.getvalue()).metadata
        for g in range(metadata.num_row_groups):
            for c in range(metadata.num_columns):
                chunk = metadata.row_group(g).column(c)
                sizes.setdefault((g, chunk.path_in_schema), []).append(chunk.total_compressed_size)
    total = dict.fromkeys(table.column_names, 0)
    for (_, column), found in sizes.items():
        total[column] += min(found)
    return {column: size / len(table) for column, size in total.items()}


def chosen(day, end):
    """Ranks of addresses: busy, middling, rare."""
    counts = np.bincount(day.rank(end))
    counts[day.rank(end)[day.table[end].index("-").as_py()]] = 0
    order, n = np.argsort(-counts, kind="stable"), int((counts > 0).sum())
    middle = np.geomspace(min(50, n // 8), min(2_000, n // 4), 8).astype(int)
    return [*order[:8], *order[middle], *order[np.linspace(n * 0.1, n - 1, 8).astype(int)]]


def judge(day, order, cuts, raw_bytes, share, chance):
    """The cells of a line."""
    width = bytes_of_a_row(day, order, cuts, share, chance)
    rows = np.diff(cuts)
    size = sum(width.values()) * day.rows + len(rows) * len(width) * CHUNK_FOOTER_BYTES

    def bounds(rank):
        ordered = rank[order]
        return np.minimum.reduceat(ordered, cuts[:-1]), np.maximum.reduceat(ordered, cuts[:-1])

    ratios = {}
    for end in ADDRESSES:
        least, greatest = bounds(day.rank(end))
        ratios[end] = [raw_bytes / max(1, rows[(least <= v) & (v <= greatest)].sum() * sum(width[c] for c in POINT_COLUMNS))
                       for v in chosen(day, end)]
    start = day.table["start"].combine_chunks().to_numpy()
    noon = int(np.median(start)) // 3600 * 3600
    least, greatest = bounds(start)
    hour = rows[(least < noon + 3600) & (greatest >= noon)].sum() * sum(width[c] for c in HOUR_COLUMNS)
    worst = min(raw_bytes / (day.rows * sum(width[c] for c in columns)) for columns in AGGREGATES)
    both = ratios["srcaddr"] + ratios["dstaddr"]
    return [str(len(rows)), f"{size / raw_bytes:.3f}",
            *(f"{statistics.median(v):.1f} / {min(v):.1f}" for v in (ratios["srcaddr"], ratios["dstaddr"], both)),
            f"{raw_bytes / hour:.1f}", f"{worst:.1f}"]


def orders(day):
    ki = 1024
    yield "as they arrived, 128 Ki rows", lambda: (np.arange(day.rows), even_cuts(day.rows, 128 * ki))
    for names in (PAIRS, ("dstaddr", "srcaddr", "start"), ("interface_id", "start")):
        yield f"sorted by {', '.join(names)}, 128 Ki", lambda n=names: sorted_layout(day, n, 128 * ki)
    for n in (32, 128):
        yield f"Z-curve, {n} Ki", lambda n=n: z_layout(day, n * ki)
    for n in (8, 16, 32, 64, 128):
        yield f"boxes, {n} Ki", lambda n=n: kd_layout(day, n * ki)
    yield "boxes, sides in turn, 32 Ki", lambda: kd_layout(day, 32 * ki, choose="alternate")
    for within in (("start",), ("srcaddr", "start"), ("srcaddr", "dstaddr", "srcport", "dstport", "start")):
        yield f"boxes, inside by {', '.join(within)}, 32 Ki", lambda w=within: kd_layout(day, 32 * ki, within=w)
    for weight in (0.05, 0.1, 0.15, 0.3):
        yield f"boxes, start with weight {weight}, 32 Ki", lambda w=weight: kd_layout(
            day, 32 * ki, dims=PAIRS, weights=[1, 1, w])
    yield "boxes, interface with weight 0.5, 32 Ki", lambda: kd_layout(
        day, 32 * ki, dims=(*ADDRESSES, "interface_id"), weights=[1, 1, 0.5])


def main():
    file, raw_bytes = sys.argv[1], int(sys.argv[2])
    share = float(sys.argv[3]) if len(sys.argv) > 3 else 0.25
    day = Day(pq.read_table(file))
    print("| order | row groups | file / raw | source: median / worst | destination | both | hour | worst aggregate |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, make in orders(day):
        cells = judge(day, *make(), raw_bytes, share, np.random.default_rng(0))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
