"""Bytes that a question needs of a file, without an engine: from the footer alone. What Trino reads for it says trino_reads.py.

  groups   the chunks of the named columns in row groups that minima and maxima do not rule out
  pages    of those, the pages that the page index does not rule out, and the dictionaries in front of them
  bloom    as `groups`, without the row groups that Bloom filters rule out, and with the filters that were asked

A predicate is a tuple: ("in", column, [values]), ("range", column, low or None, high or None), ("and", ...), ("or", ...); None
is no predicate at all. Text is bytes. The footer itself is in none of the three; its size stands in the tables.
"""

from bisect import bisect_right

from bloom import may_hold


def admits(predicate, bounds, holds=lambda column, value: True):
    """May rows within these bounds satisfy it? bounds(column) gives (least, greatest), both None if there are only NULLs;
    None if nothing is known."""
    if predicate is None:
        return True
    kind = predicate[0]
    if kind == "and":
        return all(admits(p, bounds, holds) for p in predicate[1:])
    if kind == "or":
        return any(admits(p, bounds, holds) for p in predicate[1:])
    known = bounds(predicate[1])
    if known is None:
        return True
    least, greatest = known
    if least is None:
        return False  # only NULLs, which satisfy nothing
    if kind == "in":
        return any(least <= v <= greatest and holds(predicate[1], v) for v in predicate[2])
    low, high = predicate[2:]
    return (low is None or greatest >= low) and (high is None or least <= high)


def surviving(footer, predicate):
    """The row groups that must be read."""
    return [g for g, chunks in enumerate(footer.groups)
            if admits(predicate, lambda c, chunks=chunks: chunks[c].bounds)]


def by_groups(footer, columns, predicate):
    return sum(footer.groups[g][c].bytes for g in surviving(footer, predicate) for c in columns)


def by_pages(footer, columns, predicate):
    total = 0
    for g in surviving(footer, predicate):
        chunks = footer.groups[g]
        if not all(chunk.pages for chunk in chunks.values()):
            total += sum(chunks[c].bytes for c in columns)  # without an index
            continue
        # Spans of rows that no page boundary of any column cuts, by their first row.
        spans = sorted({row for chunk in chunks.values() for row in chunk.pages.first_row})
        kept = [row for row, keep in zip(spans, _kept(chunks, predicate, spans)) if keep]
        if kept:
            for c in columns:
                pages = chunks[c].pages
                read = {bisect_right(pages.first_row, row) - 1 for row in kept}
                total += sum(pages.bytes[p] for p in read) + chunks[c].dictionary_bytes
    return total


def _kept(chunks, predicate, spans):
    """Which of the spans the page index leaves."""
    if predicate is None:
        return [True] * len(spans)
    if predicate[0] in ("and", "or"):
        both = all if predicate[0] == "and" else any
        return [both(column) for column in zip(*(_kept(chunks, p, spans) for p in predicate[1:]))]
    pages = chunks[predicate[1]].pages
    if pages.least is None:
        return [True] * len(spans)
    keep = [admits(predicate, lambda _, p=p: p) for p in zip(pages.least, pages.greatest)]
    return [keep[bisect_right(pages.first_row, row) - 1] for row in spans]


def by_bloom(footer, columns, predicate):
    total = 0
    for g in surviving(footer, predicate):
        chunks, asked = footer.groups[g], set()

        def holds(column, value, chunks=chunks, asked=asked):
            if chunks[column].bloom:
                asked.add(column)
            return may_hold(footer.data, chunks[column], footer.types[column], value)

        if admits(predicate, lambda c, chunks=chunks: chunks[c].bounds, holds):
            total += sum(chunks[c].bytes for c in columns)
        total += sum(chunks[c].bloom.bytes for c in asked)
    return total
