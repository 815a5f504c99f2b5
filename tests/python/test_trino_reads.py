"""The model of Trino's reader (scripts/bench_queries/trino_reads.py), rule by rule over footers that are made by hand; what it
takes for handed down of a statement; and, with --trino, what Trino reads of real files to the byte."""

import sys
from dataclasses import replace

import pytest
import sqlglot
from conftest import ROOT
from flowlogs import Folder, data_keys

sys.path.append(str(ROOT / "scripts" / "bench_queries"))

import footer  # noqa: E402
import model  # noqa: E402
import trino_reads  # noqa: E402
from domains import Domain, Scan, domains, scans  # noqa: E402
from footer import INT64, Chunk, Footer, Pages, Range  # noqa: E402
from trino_reads import KIB, MIB, reads, splits  # noqa: E402

COLUMNS = ("a", "b", "c")


# --- files ------------------------------------------------------------------------------------------------------------


def chunk(at, size, least=0, greatest=99, **more):
    """A chunk of 100 numbers."""
    given = {"encodings": ["PLAIN"], "codec": "UNCOMPRESSED", "values": 100, "nulls": 0, "dictionary_bytes": 0,
             "only_dictionary": False, **more}
    return Chunk(at, size, least=least, greatest=greatest, **given)


def file(*groups, size=20 * MIB, footer_bytes=10 * KIB, data=b"", **more):
    """A file of these row groups, each {column: Chunk} of 100 rows."""
    given = {"offsets": [None] * len(groups), **more}
    return Footer(size, footer_bytes, 0, 0, [100] * len(groups), list(groups), dict.fromkeys(COLUMNS, INT64), data, **given)


def group(at=4, size=1000, **of_a):
    """Three chunks side by side; `of_a` is said of the first."""
    return {"a": chunk(at, size, **of_a), "b": chunk(at + size, size), "c": chunk(at + 2 * size, size)}


def read(made, *columns, where=None):
    """What a scan of these columns reads; `where` is {column: Domain}."""
    return reads([made], [Scan(columns, where or {})])


def is_(*values):
    return {"a": Domain.of(values)}


# --- rules ------------------------------------------------------------------------------------------------------------


def test_small_files_are_read_whole():
    assert read(file(group(), size=3 * MIB), "a").parts == {"footers": 3 * MIB}
    assert read(file(group(), size=3 * MIB), "a").requests == 1
    assert read(file(group(), size=3 * MIB + 1), "a").parts == {"footers": 48 * KIB, "data": 1000}


@pytest.mark.parametrize("size,cut", [
    (20, [20]), (32, [32]), (33, [16.5, 16.5]), (64, [32, 32]), (65, [32, 16.5, 16.5]), (200, [32, 32, 32, 32, 32, 20, 20]),
])
def test_splits_have_32_mib_and_the_last_two_are_halves(size, cut):
    found = [end - begin for begin, end in splits(size * MIB)]
    assert found == [s * MIB for s in cut]


def test_of_two_halves_the_first_is_the_smaller_one():
    assert splits(64 * MIB - 1) == [(0, 32 * MIB - 1), (32 * MIB - 1, 64 * MIB - 1)]


def test_the_first_200_splits_of_a_scan_are_small():
    assert len(splits(250 * MIB, initial=2)) == 2 + 3
    many = [file(size=32 * MIB)] * 200 + [file(size=64 * MIB)]
    assert reads(many, [Scan((), {})]).requests == 201
    assert reads(many[1:], [Scan((), {})]).requests == 201
    assert reads([many[-1]] * 2, [Scan((), {})]).requests == 4


def test_every_split_reads_the_tail_and_a_longer_footer_once_more():
    assert read(file(group(), size=65 * MIB)).parts == {"footers": 3 * 48 * KIB}
    long = read(file(group(), size=65 * MIB, footer_bytes=100_000))
    assert long.parts == {"footers": 3 * (48 * KIB + 100_000)} and long.requests == 6
    assert read(file(group(), footer_bytes=48 * KIB)).requests == 1
    assert read(file(group(), footer_bytes=48 * KIB + 1)).requests == 2


def test_trinos_own_figure_lacks_splits_without_row_groups():
    found = read(file(group(), size=65 * MIB), "a")
    assert found.counted == 48 * KIB + 1000 and found.unsure == 1000 and found.bytes == 3 * 48 * KIB + 1000


def test_a_row_group_belongs_to_the_split_in_which_its_first_chunk_begins():
    begins_late = {"a": chunk(40 * MIB, 10), "b": chunk(4, 10)}
    begins_early = {"a": chunk(4, 10), "b": chunk(40 * MIB, 10)}
    size = 60 * MIB
    for made in (begins_late, begins_early):
        found = read(file(made, size=size), "b")
        assert found.row_groups == 1 and found.parts["data"] == 10
    # Both of what it says itself and where it begins must lie in a split.
    assert read(file(begins_late, size=size, offsets=[40 * MIB]), "b").row_groups == 1
    assert read(file(begins_late, size=size, offsets=[4]), "b").row_groups == 0


def test_row_groups_are_left_out_by_their_bounds():
    made = file(group(4, least=0, greatest=9), group(4 * MIB, least=10, greatest=19))
    for where, kept in ((is_(9), 1), (is_(10), 1), (is_(9, 10), 2), (is_(20), 0), ({"a": Domain.between(None, 10)}, 1),
                        ({"a": ~Domain.of([3])}, 2), ({"a": Domain((), True)}, 0), ({}, 2)):
        assert read(made, "a", where=where).row_groups == kept, where
    nulls = file(group(least=0, greatest=9, nulls=3))
    assert read(nulls, "a", where={"a": Domain((), True)}).row_groups == 1
    only_nulls = file(group(least=None, greatest=None, nulls=100))
    assert read(only_nulls, "a", where=is_(1)).row_groups == 0
    unknown = file(group(least=None, greatest=None))
    assert read(unknown, "a", where=is_(1)).row_groups == 1


def test_a_domain_that_no_value_is_in_reads_nothing():
    assert read(file(group()), "a", where={"a": Domain(())}).requests == 0


def indexed(at=1000, pages=((0, 49), (50, 99)), **more):
    """A row group whose chunks have pages of 50 rows and 400 bytes, and indexes at the end of the file."""
    made = group(at, 800, **more)
    made["a"].at = at - made["a"].dictionary_bytes
    for n, c in enumerate(made.values()):
        first = c.at + c.dictionary_bytes
        c.pages = Pages([0, 50], [400, 400], [p[0] for p in pages], [p[1] for p in pages], [first, first + 400])
        c.column_index, c.offset_index = Range(19 * MIB + 100 * n, 60), Range(19 * MIB + 1000 + 10 * n, 10)
    return made


def test_a_where_reads_the_page_index_and_only_pages_that_may_match():
    found = read(file(indexed()), "a", "c", where=is_(10))
    # Two GETs of the index: the column index of a, the offset indexes of a and c with the gap between them.
    assert found.parts["indexes"] == 60 + 30 and found.gets["indexes"] == 2
    # Both first pages are one range: less than 1 MiB apart.
    assert found.parts["data"] == 1600 + 400 and found.gets["data"] == 1
    assert read(file(indexed()), "a", "c").parts["indexes"] == 0
    assert read(file(indexed()), "a", where={"a": Domain.between(0)}).parts["indexes"] == 60 + 10
    both = {"a": Domain.of([10]), "b": Domain.of([20])}
    assert read(file(indexed()), "a", "b", where=both).parts["indexes"] == 160 + 20


def test_a_row_group_whose_pages_cannot_match_is_left_out():
    made = indexed(pages=((0, 9), (50, 99)))
    found = read(file(made), "a", where=is_(30))
    assert found.row_groups == 0 and found.parts == {"footers": 48 * KIB, "indexes": 60}
    # Column by column: no page has both, which only shows when rows are chosen.
    made["b"].pages.least, made["b"].pages.greatest = [50, 0], [99, 9]
    found = read(file(made), "a", "b", where={"a": Domain.of([5]), "b": Domain.of([5])})
    assert found.row_groups == 1 and found.parts["data"] == 0


def test_pages_bring_their_dictionary_with_them():
    made = indexed(dictionary_bytes=100)
    first, second = (read(file(made), "a", where=is_(v)) for v in (10, 60))
    assert first.parts["data"] == 500 and second.parts["data"] == 900, "the gap between dictionary and page is read"
    assert second.gets["data"] == 1


def test_pages_side_by_side_are_one_range_that_is_not_torn_by_joining():
    a, b = chunk(int(1.5 * MIB) + 4, 9 * MIB), chunk(4, MIB)
    for c, sizes, bounds in ((a, [4 * MIB, 4 * MIB, MIB], [(0, 9), (0, 9), (90, 99)]), (b, [MIB], [(0, 99)])):
        begins = [c.at + sum(sizes[:n]) for n in range(len(sizes))]
        c.pages = Pages([0, 30, 60][:len(sizes)], sizes, [p[0] for p in bounds], [p[1] for p in bounds], begins)
        c.column_index, c.offset_index = Range(19 * MIB, 60), Range(19 * MIB, 10)
    found = read(file({"a": a, "b": b}), "a", "b", where=is_(5))
    assert found.parts["data"] == 9 * MIB and found.gets["data"] == 2, "the gap between them would make it more than 8 MiB"


def test_row_groups_without_an_index_are_read_whole():
    made = indexed()
    for c in made.values():
        c.pages = c.column_index = c.offset_index = None
    assert read(file(made), "a", where=is_(10)).parts == {"footers": 48 * KIB, "data": 800}


def dictionary_of(values, at=4):
    """A plain dictionary page of numbers, and the file's bytes before and with it."""
    plain = b"".join(v.to_bytes(8, "little") for v in values)

    def zigzag(n):
        n, out = 2 * n, b""
        while n >= 128:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    head = b"\x15\x04" + b"\x15" + zigzag(len(plain)) + b"\x15" + zigzag(len(plain))
    head += b"\x4c\x15" + zigzag(len(values)) + b"\x15\x00\x00\x00"
    return bytes(at) + head + plain, len(head + plain)


def test_row_groups_are_left_out_by_their_dictionary():
    data, size = dictionary_of([1, 5, 50])
    made = group(size=10_000, dictionary_bytes=size, only_dictionary=True)
    for where, kept in (is_(5), 1), (is_(7, 50), 1), (is_(7), 0), ({"a": Domain.between(6, 50)}, 0), ({"a": Domain.between(6, 51)}, 1):
        found = read(file(made, data=data), "a", where=where)
        assert found.row_groups == kept and found.parts["dictionaries"] == size and found.gets["dictionaries"] == 1, where
    made["a"].only_dictionary = False
    found = read(file(made, data=data), "a", where=is_(7))
    assert found.row_groups == 1 and not found.gets["dictionaries"]


def test_a_dictionary_is_not_looked_at_where_the_bounds_say_it_all():
    data, size = dictionary_of([1, 5, 50])
    made = group(size=10_000, dictionary_bytes=size, only_dictionary=True, least=1, greatest=50)
    assert not read(file(made, data=data), "a", where={"a": Domain.between(0, 51)}).gets["dictionaries"]
    made["a"].nulls = 1
    assert read(file(made, data=data), "a", where={"a": Domain.between(0, 51)}).gets["dictionaries"] == 1


def test_a_long_dictionary_is_read_and_leaves_out_nothing():
    for count, kept in (8096, 0), (8097, 1):
        data, size = dictionary_of(range(0, 2 * count, 2))
        made = group(size=100_000, dictionary_bytes=size, only_dictionary=True, least=0, greatest=2 * count)
        found = read(file(made, data=data), "a", where=is_(7))
        assert found.row_groups == kept and found.parts["dictionaries"] == size


def test_what_is_only_dictionary_is_said_by_encoding_stats_or_the_old_name():
    rle, plain, dictionary = footer.RLE, 0, footer.RLE_DICTIONARY
    page = {"dictionary": lambda e: {1: footer.DICTIONARY_PAGE, 2: e, 3: 1}, "data": lambda e: {1: 0, 2: e, 3: 2}}
    said = [page["dictionary"](plain), page["data"](dictionary)]
    assert footer._only_dictionary({2: [plain, rle, dictionary], 13: said})
    assert not footer._only_dictionary({2: [plain, rle, dictionary], 13: [*said, page["data"](plain)]})
    assert not footer._only_dictionary({2: [plain, rle], 13: [page["data"](plain)]})
    assert not footer._only_dictionary({2: [rle, dictionary], 13: [page["data"](dictionary)]}), "there must be a dictionary"
    assert not footer._only_dictionary({2: [plain, rle, dictionary]})
    assert footer._only_dictionary({2: [rle, footer.PLAIN_DICTIONARY]})
    assert not footer._only_dictionary({2: [plain, rle, footer.PLAIN_DICTIONARY]})


def test_bloom_filters_take_two_requests(monkeypatch):
    head = b"\x15\x80\x02\x1c\x1c\x00\x00\x1c\x1c\x00\x00\x1c\x1c\x00\x00\x00"  # 128 bytes of bits
    made = group(at=4000, bloom=Range(4, len(head) + 128))
    data = bytes(4) + head + bytes(128)
    found = read(file(made, data=data), "a", where=is_(7))
    assert found.row_groups == 0 and found.parts["filters"] == 64 + 128 and found.gets["filters"] == 2
    full = bytes(4) + head + b"\xff" * 128
    assert read(file(made, data=full), "a", where=is_(7)).row_groups == 1
    # An interval of up to 1000 numbers is looked up number by number.
    for high, asked in (1000, 2), (1001, 0):
        wide = file({**made, "a": replace(made["a"], greatest=5000)}, data=full)
        assert read(wide, "a", where={"a": Domain.between(0, high)}).gets["filters"] == asked


def at(*places):
    return [Range(a, n) for a, n in places]


@pytest.mark.parametrize("ranges,joined", [
    ([(0, 10), (20, 10)], [(0, 30)]),
    ([(20, 10), (0, 10)], [(0, 30)]),
    ([(0, 10), (10 + MIB, 10)], [(0, 20 + MIB)]),
    ([(0, 10), (11 + MIB, 10)], [(0, 10), (11 + MIB, 10)]),
    ([(0, 4 * MIB), (4 * MIB, 4 * MIB)], [(0, 8 * MIB)]),
    ([(0, 4 * MIB), (4 * MIB, 4 * MIB + 1)], [(0, 4 * MIB), (4 * MIB, 4 * MIB + 1)]),
    ([(0, 8 * MIB)], [(0, 8 * MIB)]),
    ([(0, 17 * MIB)], [(0, 8 * MIB), (8 * MIB, 8 * MIB), (16 * MIB, MIB)]),
    ([(0, 10), (10, 9 * MIB), (9 * MIB + 20, 10)], [(0, 10), (9 * MIB + 20, 10), (10, 8 * MIB), (10 + 8 * MIB, MIB)]),
    ([], []),
])
def test_ranges_that_lie_close_are_one(ranges, joined):
    assert trino_reads.merged(at(*ranges)) == at(*joined)


def test_ranges_of_different_splits_are_not_joined():
    made = file(group(16 * MIB - 3000), group(16 * MIB + 4), size=32 * MIB)
    assert read(made, "a").gets["data"] == 1
    cut = file(*made.groups, group(33 * MIB), size=33 * MIB)
    assert [s for s in splits(cut.bytes)][0][1] == int(16.5 * MIB)
    parts = file(group(int(16.5 * MIB) - 3000), group(int(16.5 * MIB) + 4), size=33 * MIB)
    assert read(parts, "a").gets["data"] == 2


def test_bounds_that_are_not_there_leave_out_nothing_by_chunks_either():
    unknown = file(group(least=None, greatest=None))
    assert model.by_groups(unknown, ["a"], ("in", "a", [1])) == 1000
    assert model.by_pages(unknown, ["a"], ("in", "a", [1])) == 1000
    assert model.by_groups(file(group(least=None, greatest=None, nulls=100)), ["a"], ("in", "a", [1])) == 0


# --- what is handed down ----------------------------------------------------------------------------------------------

ALL = (None, None)


@pytest.mark.parametrize("where,wanted", [
    ("a = 1", {"a": Domain.of([1])}),
    ("1 = a", {"a": Domain.of([1])}),
    ("a = -1", {"a": Domain.of([-1])}),
    ("5 > a", {"a": Domain(((None, 5),))}),
    ("a IN (3, 1)", {"a": Domain(((1, 2), (3, 4)))}),
    ("a <> 1", {"a": Domain(((None, 1), (2, None)))}),
    ("NOT a IN (1, 3)", {"a": Domain(((None, 1), (2, 3), (4, None)))}),
    ("a > 1 AND a <= 5", {"a": Domain(((2, 6),))}),
    ("a BETWEEN 1 AND 5", {"a": Domain(((1, 6),))}),
    ("a BETWEEN 5 AND 1", {"a": Domain(())}),
    ("a = 1 AND a = 2", {"a": Domain(())}),
    ("a IS NULL", {"a": Domain((), True)}),
    ("a IS NOT NULL", {"a": Domain((ALL,))}),
    ("NOT a IS NULL", {"a": Domain((ALL,))}),
    ("a = 1 OR a IS NULL", {"a": Domain(((1, 2),), True)}),
    ("a = 1 OR a > 5", {"a": Domain(((1, 2), (6, None)))}),
    ("a = 1 OR b = 1", {}),
    ("(a = 1 AND b = 2) OR (a = 3 AND c = 4)", {"a": Domain.of([1, 3])}),
    ("(a = 1 OR b = 1) AND c = 2", {"c": Domain.of([2])}),
    ("a = 'x' AND year = '2026' AND day = '15'", {"a": Domain.of([b"x"])}),
    ("a <> '-'", {"a": Domain(((None, b"-"), (b"-\0", None)))}),
    ("a LIKE '10.0.%'", {"a": Domain(((b"10.0.", b"10.0/"),))}),
    ("a LIKE '10'", {"a": Domain.of([b"10"])}),
    ("a LIKE '%:%'", {}),
    ("a LIKE '1_3'", {"a": Domain(((b"1", b"2"),))}),
    ("a = b", {}),
    ("lower(a) = 'x'", {}),
    ("NOT (a = 1 AND b = 2)", {}),
    ("d = 1", {}),
])
def test_what_a_where_hands_down(where, wanted):
    tree = sqlglot.parse_one(f"SELECT a FROM t WHERE {where}", read="athena")
    assert domains(tree.args["where"].this, COLUMNS) == wanted


def test_a_domain_has_the_values_that_it_says():
    some = Domain(((None, 3), (5, 6), (8, None)))
    assert [v for v in range(10) if v in some] == [0, 1, 2, 5, 8, 9]
    assert [v for v in range(10) if v in ~some] == [3, 4, 6, 7]
    assert some.contains(8, 99) and not some.contains(5, 8) and some.overlaps(6, 8) and not some.overlaps(6, 7)
    assert Domain(((1, 4),)).discrete() == [1, 2, 3] and some.discrete() is None
    assert Domain(((b"a", b"b"),)).discrete() is None and Domain.of([b"a"]).discrete() == [b"a"]


def columns_of(sql):
    return [(scan.columns, scan.domains) for scan in scans(sqlglot.parse_one(sql, read="athena"), COLUMNS, "t")]


def test_each_mention_of_the_table_is_a_scan():
    one = Domain.of([1])
    assert columns_of("SELECT c, a FROM t") == [(("a", "c"), {})]
    assert columns_of("SELECT * FROM t WHERE a = 1") == [(COLUMNS, {"a": one})]
    assert columns_of("SELECT count(*) FROM t WHERE year = '2026'") == [((), {})]
    assert columns_of("SELECT b FROM t WHERE a = 1 UNION ALL SELECT c FROM t") == [(("a", "b"), {"a": one}), (("c",), {})]
    twice = "WITH x AS (SELECT a, b FROM t WHERE a = 1) SELECT l.b FROM x AS l JOIN x AS r ON l.b = r.b"
    assert columns_of(twice) == 2 * [(("a", "b"), {"a": one})]
    nested = f"WITH y AS ({twice}) SELECT count(*) FROM y"
    assert columns_of(nested) == 2 * [(("a", "b"), {"a": one})]
    assert columns_of("SELECT a FROM (SELECT a, b FROM t WHERE b = 1)") == [(("a", "b"), {"b": one})]


# --- Trino itself -----------------------------------------------------------------------------------------------------

LAYOUTS = {
    "boxes": ["--row-group-rows", 4096],
    "arrival": ["--sort-by", "none", "--row-group-rows", 50_000],
    "pages": ["--page-rows", 1000, "--row-group-rows", 16_384],
    "bloom": ["--bloom-filters", "srcaddr,dstport", "--row-group-rows", 8192],
    "one-group": ["--sort-by", "srcaddr", "--row-group-rows", 1_000_000],
    "hours": ["--sort-by", "start", "--partition-by", "day", "--target-file-size", "4MiB"],
}
OBJECTS, ROWS = 30, 20_000
DAY = "year = '2026' AND month = '01' AND day = '15'"
STATEMENTS = [
    "SELECT count(*) FROM {t} WHERE {day}",
    "SELECT action, count(*) FROM {t} WHERE {day} GROUP BY 1",
    "SELECT dstaddr, sum(bytes) FROM {t} WHERE {day} AND srcaddr = '172.32.21.19' GROUP BY 1",
    "SELECT count(DISTINCT dstaddr), sum(bytes) FROM {t} WHERE {day} AND srcaddr = '9.9.9.9'",
    "SELECT count(DISTINCT srcaddr), sum(bytes), max(\"end\") FROM {t} WHERE {day} AND srcaddr LIKE '10.20.%'",
    "SELECT sum(packets) FROM {t} WHERE {day} AND dstport IN (22, 3389) AND action = 'REJECT'",
    "SELECT sum(packets) FROM {t} WHERE {day} AND dstport BETWEEN 20 AND 25",
    "SELECT sum(packets) FROM {t} WHERE {day} AND dstport IS NULL",
    "SELECT srcaddr, sum(bytes) FROM {t} WHERE {day} AND NOT dstport IS NULL GROUP BY 1",
    "SELECT sum(bytes), min(srcport) FROM {t} WHERE {day} AND start >= 1768471200 AND start < 1768474800",
    "SELECT sum(bytes), min(srcport) FROM {t} WHERE {day} AND (srcaddr = '172.32.21.19' OR dstaddr = '172.32.21.19')",
    "SELECT sum(bytes) FROM {t} WHERE {day} AND srcaddr = '172.32.21.19' UNION ALL "
    "SELECT sum(bytes) FROM {t} WHERE {day} AND dstaddr = '172.32.21.19' AND srcaddr <> '172.32.21.19'",
    "SELECT sum(bytes) FROM {t} WHERE {day} AND start > 1868471200",
    "SELECT sum(bytes) FROM {t} WHERE {day} AND dstport = 1 AND dstport = 2",
]
# Of a row group without a row that satisfies the WHERE Trino leaves ranges unread that are far from the columns of the WHERE. Only
# large row groups have such ranges; in small ones all columns lie within a megabyte.
LAZY = ("one-group", "'9.9.9.9'")
SPLITTING = {"max_initial_split_size": "1MB", "max_split_size": "2MB"}


@pytest.fixture(scope="module")
def lake_of_layouts(run, convert, binary, tmp_path_factory):
    """(ask, {layout: Footers}) over a day that was converted in each of LAYOUTS."""
    from store import Store
    from trino_engine import Trino

    root = tmp_path_factory.mktemp("trino-reads")
    source = Folder(root / "raw")
    run("generate", source.path, "--day", "2026-01-15", "--objects", OBJECTS, "--rows", ROWS)
    footers = {}
    for name, options in LAYOUTS.items():
        dest = Folder(root / name)
        convert(source, dest, *options)
        footers[name] = [footer.read(dest.path / key) for key in data_keys(dest)]
    counting = Store(root)
    engine = Trino(counting, binary, heap="1500m")
    yield engine, footers
    engine.close()
    counting.close()


@pytest.mark.trino
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("small", [False, True], ids=["", "small splits"])
def test_trino_reads_what_the_model_says(lake_of_layouts, monkeypatch, layout, small):
    engine, footers = lake_of_layouts
    engine.client.properties = SPLITTING if small else {}
    if small:
        monkeypatch.setattr(trino_reads, "INITIAL_SPLIT_BYTES", MIB)
        monkeypatch.setattr(trino_reads, "SPLIT_BYTES", 2 * MIB)
    columns = footers[layout][0].columns
    wrong = []
    for statement in STATEMENTS:
        sql = statement.format(t="vpc_flow_logs", day=DAY)
        found = engine.query(sql, layout)
        said = reads(footers[layout], scans(sqlglot.parse_one(sql, read="athena"), columns))
        if layout == LAZY[0] and LAZY[1] in sql:
            if not 0 < found.bytes < said.bytes:
                wrong.append(f"{sql}\n  Trino reads {found.bytes:,} bytes, the model says at most {said.bytes:,}")
            continue
        if (found.bytes, found.gets) != (said.bytes, said.requests):
            wrong.append(f"{sql}\n  Trino {found.bytes:,} bytes in {found.gets} GETs, the model {said.bytes:,} in {said.requests} "
                         f"{dict(said.parts)}")
        if not said.counted - said.unsure <= found.counted <= said.counted:
            wrong.append(f"{sql}\n  physical input is {found.counted:,}, the model says {said.counted:,} or {said.unsure:,} less")
    assert not wrong, "\n".join(wrong)
