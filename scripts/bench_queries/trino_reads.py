"""What Trino reads of a Parquet file for a scan: bytes and requests, from the file alone, without Trino.

In: a `Footer`, a `Scan` (domains.py). Out: `Reads`. A model of the reader of Trino 476's Hive connector over S3 with its default
settings; scripts/bench_queries.sh --engines trino holds it against Trino itself. Its rules, in the order in which the reader goes;
a name in brackets is Trino's setting or class:

1. Small files. A file of up to 3 MiB [parquet.small-file-threshold] is read whole, by one request. Nothing else counts for it.
2. Splits. A file is cut into splits of 32 MiB [hive.max-initial-split-size]; the first 200 of a scan, over all of its files
   [hive.max-initial-splits], are that small, later ones have 64 MiB [hive.max-split-size]. What remains of a file is one split
   if it is not larger than that, two halves if it is not larger than twice that [HiveSplitSource]. Of two halves the first is the
   smaller one if they cannot be equal. Every split goes through rules 3 to 10 by itself.
3. Footer. The last 48 KiB are read; if the footer with its 8 bytes of length and magic is larger, it is read again, whole
   [MetadataReader]. This costs the same whether or not the split has a row group.
4. Row groups of a split. Those whose first column's chunk (first in the row group's list, the dictionary page included) begins in
   the split; if the row group says where it begins (RowGroup.file_offset), that too must lie in the split [ParquetMetadata.getBlocks].
5. Statistics. A row group is left out if for some column with a domain no value between minimum and maximum is in the domain and
   NULL is not in both. Missing bounds leave out nothing. A column is a *candidate* for rules 6 to 8 if its bounds are missing, or its
   domain lacks some of the values between its bounds, or the chunk has NULLs and the domain does not
   [TupleDomainParquetPredicate.getIndexLookupCandidates]. Without a candidate the row group is kept.
6. Page index [parquet.use-column-index]. If there is a domain and any chunk of the row group has both a column index and an offset
   index, the column indexes of all columns with domains are read, merged as in rule 10. The row group is left out if of some candidate
   no page has a value in the domain.
7. Bloom filters [parquet.use-bloom-filter]. For each candidate whose domain is a list of values (integers of intervals count as a list
   up to 1000 of them) and that has a filter: 64 bytes for its head and its bits, two requests. The row group is left out if no
   value may be in the filter; then no other filter is read.
8. Dictionaries. For each candidate all of whose data pages are codes into a dictionary (by encoding_stats, or without them by the
   encoding PLAIN_DICTIONARY): its dictionary page, one request. The row group is left out if no value of the dictionary is in the
   domain, and NULL not in both chunk and domain; then no other dictionary is read. A dictionary of more than 8,096 values leaves out nothing, but is read.
9. Ranges. Of a kept row group the chunks of the wanted columns, those of the WHERE included. With a page index as in rule 6 the offset
   indexes of the wanted columns are read, merged as in rule 10, and rows are left out whose page of some column with a domain has no
   value in it. If any are, only pages with rows that are left are read, those side by side as one range, and the dictionary page
   as another. (Trino then fails if a wanted column has no offset index: a row group must have one for all of its columns or for none.)
10. Merging. The ranges of all row groups of a split together: one of more than 8 MiB [parquet.max-buffer-size] is read by itself, in
   pieces of 8 MiB. The others are sorted by their beginning, and a range is joined to the one before it if it begins at most 1 MiB
   [parquet.max-merge-distance] after its end and both together have at most 8 MiB. A joined range is one request; its gaps are read too
   [AbstractParquetDataSource].

What the file does not say: Trino reads a range only when a row needs it. A range may remain unread if it holds no column of the WHERE
and no row of its row groups satisfies that. The model reads all of them.

Trino's own figure (physicalInputBytes) is what its GETs transfer but for two things. Splits in which no row group is kept are left
out with all that they read. And the last range of a split is left out if no row of it satisfies the WHERE, which the file does not say.
So `Reads.counted` is the first of these, and the figure may be lower by up to `Reads.unsure`.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field

from bloom import may_hold
from footer import Range, Thrift

KIB, MIB = 1 << 10, 1 << 20
SMALL_FILE_BYTES = 3 * MIB
INITIAL_SPLIT_BYTES, SPLIT_BYTES = 32 * MIB, 64 * MIB
INITIAL_SPLITS = 200
TAIL_BYTES = 48 * KIB
BLOOM_HEAD_BYTES = 64
MOST_DICTIONARY_VALUES = 8096
MERGE_DISTANCE_BYTES, BUFFER_BYTES = MIB, 8 * MIB


@dataclass
class Reads:
    """Bytes and GETs of a scan, by what they are for, and how many row groups it keeps."""

    row_groups: int = 0
    counted: int = 0  # bytes that Trino says it read, or less by up to `unsure`
    unsure: int = 0
    parts: Counter = field(default_factory=Counter)
    gets: Counter = field(default_factory=Counter)

    def add(self, part, ranges):
        self.parts[part] += sum(r.bytes for r in ranges)
        self.gets[part] += len(ranges)

    def __iadd__(self, other):
        self.row_groups += other.row_groups
        self.counted += other.counted
        self.unsure += other.unsure
        self.parts += other.parts
        self.gets += other.gets
        return self

    @property
    def bytes(self):
        return self.parts.total()

    @property
    def requests(self):
        return self.gets.total()


def reads(footers, scans):
    """What a statement reads of a table's files."""
    total = Reads()
    for scan in scans:
        before = 0
        for footer in footers:
            cut = splits(footer.bytes, max(0, INITIAL_SPLITS - before))
            before += len(cut)
            if any(domain.none for domain in scan.domains.values()):
                continue  # no row can satisfy it, and Trino knows
            for split in cut:
                total += _split(footer, split, scan)
    return total


def splits(size, initial=INITIAL_SPLITS):
    """Rule 2: (begin, end) of each; `initial` of them may be small ones."""
    cut, at = [], 0
    while at < size:
        most = INITIAL_SPLIT_BYTES if len(cut) < initial else SPLIT_BYTES
        left = size - at
        take = left if left <= most else left // 2 if left <= 2 * most else most
        cut.append((at, at + take))
        at += take
    return cut


def _split(footer, split, scan):
    found = Reads()
    if footer.bytes <= SMALL_FILE_BYTES:
        found.add("footers", [Range(0, footer.bytes)])
        found.counted = found.bytes
        found.row_groups = len(_kept(footer, split, scan, Reads()))
        return found
    kept = _kept(footer, split, scan, found)
    found.row_groups = len(kept)
    ranges = []
    for chunks, rows, left in kept:
        for column in scan.columns:
            if column in chunks:
                ranges += _ranges(chunks[column], rows, left)
    joined = merged(ranges)
    found.add("data", joined)
    found.unsure = max(joined).bytes if joined else 0
    footers = [Range(footer.bytes - TAIL_BYTES, TAIL_BYTES)]
    if footer.footer_bytes > TAIL_BYTES:
        footers.append(Range(footer.bytes - footer.footer_bytes, footer.footer_bytes))
    found.add("footers", footers)
    found.counted = found.bytes if kept else 0
    return found


def _kept(footer, split, scan, found):
    """Rules 4 to 8: (chunks, number of rows, those that `_left` leaves) of the row groups that are kept."""
    kept = []
    for chunks, rows, said in zip(footer.groups, footer.rows, footer.offsets):
        at = next(iter(chunks.values())).at
        if not all(split[0] <= begin < split[1] for begin in (at, at if said is None else said)):
            continue
        domains = {c: scan.domains[c] for c in chunks if c in scan.domains}
        if not all(may_match(chunks[c], d) for c, d in domains.items()):
            continue
        candidates = {c: d for c, d in domains.items() if is_candidate(chunks[c], d)}
        indexed = domains and any(chunk.column_index and chunk.offset_index for chunk in chunks.values())
        if indexed:
            found.add("indexes", merged([chunks[c].column_index for c in domains if chunks[c].column_index]))
            if not all(_any_page(chunks[c], d) for c, d in candidates.items()):
                continue
        if not _bloom_filters(footer, chunks, candidates, found) or not _dictionaries(footer, chunks, candidates, found):
            continue
        left = None
        if indexed:
            wanted = [chunks[c] for c in scan.columns if c in chunks]
            found.add("indexes", merged([chunk.offset_index for chunk in wanted if chunk.offset_index]))
            left = _left(chunks, domains, rows)
        kept.append((chunks, rows, left))
    return kept


def may_match(chunk, domain):
    """Rule 5."""
    if chunk.bounds is None:
        return True
    has_nulls = chunk.nulls != 0
    return domain.nulls and has_nulls or chunk.least is not None and domain.overlaps(*chunk.bounds)


def is_candidate(chunk, domain):
    """Rule 5: may pages, filter or dictionary know better than the bounds?"""
    if chunk.bounds is None:
        return True
    if chunk.nulls != 0 and not domain.nulls:
        return True
    return chunk.least is not None and not domain.contains(*chunk.bounds)


def _any_page(chunk, domain):
    pages = chunk.pages
    return pages is None or pages.least is None or domain.nulls and chunk.nulls != 0 or any(
        least is not None and domain.overlaps(least, greatest) for least, greatest in zip(pages.least, pages.greatest))


def _bloom_filters(footer, chunks, candidates, found):
    """Rule 7: is the row group kept?"""
    for column, domain in candidates.items():
        chunk, values = chunks[column], domain.discrete()
        if chunk.bloom is None or values is None or domain.nulls:
            continue
        head = Thrift(footer.data, chunk.bloom.at)
        bits = head.struct()[1]
        found.add("filters", [Range(chunk.bloom.at, BLOOM_HEAD_BYTES), Range(head.at, bits)])
        if not any(may_hold(footer.data, chunk, footer.types[column], v) for v in values):
            return False
    return True


def _dictionaries(footer, chunks, candidates, found):
    """Rule 8: is the row group kept?"""
    for column, domain in candidates.items():
        chunk = chunks[column]
        if not chunk.only_dictionary:
            continue
        found.add("dictionaries", [Range(chunk.at, chunk.dictionary_bytes)])
        values = footer.dictionary(column, chunk)
        if len(values) <= MOST_DICTIONARY_VALUES and not (domain.nulls and chunk.nulls != 0) and not _any_of(values, domain):
            return False
    return True


def _any_of(values, domain):
    wanted = domain.discrete()
    return any(v in domain for v in values) if wanted is None else not values.isdisjoint(wanted)


def _left(chunks, domains, rows):
    """Rule 9: the rows [first, end) that no column with a domain rules out by its pages; None if all are left."""
    pages = {c: p for c in domains if (p := chunks[c].pages) and p.least is not None}
    cuts = sorted({row for p in pages.values() for row in p.first_row} | {rows})
    left = list(zip(cuts, cuts[1:]))
    for column, p in pages.items():
        domain = domains[column]
        keeps = [domain.nulls or least is not None and domain.overlaps(least, greatest)
                 for least, greatest in zip(p.least, p.greatest)]
        left = [span for span in left if keeps[bisect_right(p.first_row, span[0]) - 1]]
    return left if sum(end - first for first, end in left) < rows else None


def _ranges(chunk, rows, left):
    """Rule 9: what is read of a chunk."""
    pages, ranges = chunk.pages, []
    if left is None or pages is None:
        return [chunk.place]
    for at, size, first, end in zip(pages.offset, pages.bytes, pages.first_row, [*pages.first_row[1:], rows]):
        if any(first < e and f < end for f, e in left):
            if ranges and ranges[-1].at + ranges[-1].bytes == at:
                ranges[-1] = Range(ranges[-1].at, ranges[-1].bytes + size)
            else:
                ranges.append(Range(at, size))
    if ranges and chunk.dictionary_bytes:
        ranges.insert(0, Range(chunk.at, chunk.dictionary_bytes))
    return ranges


def merged(ranges):
    """Rule 10."""
    result = []
    for at, size in sorted(ranges):
        if size > BUFFER_BYTES:
            continue
        if result:
            last = result[-1]
            end = max(last.at + last.bytes, at + size)
            if end - last.at <= BUFFER_BYTES and at <= last.at + last.bytes + MERGE_DISTANCE_BYTES:
                result[-1] = Range(last.at, end - last.at)
                continue
        result.append(Range(at, size))
    for at, size in ranges:
        if size > BUFFER_BYTES:
            result += [Range(at + n, min(BUFFER_BYTES, size - n)) for n in range(0, size, BUFFER_BYTES)]
    return result
