"""What is said of the layout of files holds in the files: row order, row groups, pages, encodings and Bloom filters are read
back by pyarrow, by DuckDB and from the bytes; and in every layout the whole question set has the answers of the raw text."""

import sys
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from flowlogs import Folder, data_keys

sys.path.append(str(ROOT / "scripts" / "bench_queries"))

import bloom  # noqa: E402
import footer  # noqa: E402
import model  # noqa: E402
import questions  # noqa: E402
import raw  # noqa: E402

ROWS, GROUP_ROWS, PAGE_ROWS = 36_000, 2_000, 500
SMALL = ["--row-group-rows", GROUP_ROWS, "--page-rows", PAGE_ROWS]
LAYOUTS = {
    "boxes": SMALL,
    "arrival": ["--sort-by", "none", *SMALL],
    "sorted": ["--sort-by", "dstport,start", *SMALL],
    "bloom": ["--bloom-filters", "srcaddr,dstport,bytes", *SMALL],
    "snappy": ["--compression", "snappy", *SMALL],
    "one-group": [],
}
VERSIONS = [2, 5]


@dataclass
class Written:
    path: str
    footer: footer.Footer
    table: pa.Table

    def groups(self):
        first = 0
        for rows in self.footer.rows:
            yield self.table.slice(first, rows)
            first += rows


@pytest.fixture(scope="session")
def days(run, convert, tmp_path_factory):
    """days(version): (the raw objects, {layout: Written})."""
    made = {}

    def day(version):
        if version not in made:
            path = tmp_path_factory.mktemp(f"layouts-v{version}")
            source = Folder(path / "raw")
            run("generate", source.path, "--day", questions.DAY, "--objects", "36", "--rows", ROWS // 36,
                "--schema-version", version)
            written = {}
            for name, options in LAYOUTS.items():
                dest = Folder(path / name)
                convert(source, dest, *options)
                file, = (str(dest.path / k) for k in data_keys(dest))
                written[name] = Written(file, footer.read(file), pq.read_table(file))
            made[version] = [str(source.path / k) for k in source.keys()], written
        return made[version]

    return day


@pytest.fixture
def day(days):
    return days(2)


def counts(table, name):
    return {c["values"]: c["counts"] for c in table[name].value_counts().to_pylist()}


def share(file, name):
    """What part of the rows a query for one of a column's values reads: (on average over all values, at most)."""
    values = [v.encode() for v in counts(file.table, name) if v != "-"]
    read = [sum(file.footer.rows[g] for g in model.surviving(file.footer, ("in", name, [v]))) / ROWS for v in values]
    return sum(read) / len(read), max(read)


# -- Row order and row groups.


def test_row_groups_are_boxes_that_rule_out_most_addresses_on_either_side(day):
    _, files = day
    for end in ("srcaddr", "dstaddr"):
        average, most = share(files["boxes"], end)
        assert average < 0.3 and most < 0.5, f"{end} reads {average:.2f} of the rows on average, {most:.2f} at most"
        assert share(files["arrival"], end)[0] > 0.95, "the generated day proves nothing: arrival order does as well"


def test_row_groups_and_pages_have_no_more_rows_than_said_and_not_needlessly_few(day):
    _, files = day
    for name in ("boxes", "arrival", "sorted", "bloom"):
        rows = files[name].footer.rows
        assert max(rows) <= GROUP_ROWS and sum(rows) == ROWS
        assert len(rows) <= 1.5 * ROWS / GROUP_ROWS, f"{name}: {sorted(rows)}"
        for group, chunks in zip(rows, files[name].footer.groups):
            for chunk in chunks.values():
                edges = [*chunk.pages.first_row, group]
                assert max(b - a for a, b in zip(edges, edges[1:])) <= PAGE_ROWS


def test_rows_of_a_box_are_sorted_by_source_then_destination(day):
    _, files = day
    for group in files["boxes"].groups():
        pairs = list(zip(group["srcaddr"].to_pylist(), group["dstaddr"].to_pylist()))
        assert pairs == sorted(pairs)


def test_sort_by_columns_orders_the_whole_file_and_its_footer_says_so(day):
    _, files = day
    keys = list(zip(*(files["sorted"].table[c].to_pylist() for c in ("dstport", "start"))))
    assert keys == sorted(keys, key=lambda k: [(v is not None, v) for v in k])
    assert any(k[0] is None for k in keys) and keys[0][0] is None
    metadata = pq.read_metadata(files["sorted"].path)
    names = metadata.schema.names
    for g in range(metadata.num_row_groups):
        said = metadata.row_group(g).sorting_columns
        assert [(names[s.column_index], s.descending, s.nulls_first) for s in said] == [
            ("dstport", False, True), ("start", False, True)]


def test_sorting_is_stable(day):
    _, files = day
    keys = [(name, "ascending", "at_start") for name in ("dstport", "start")]
    arrived = files["arrival"].table
    assert arrived.take(pc.sort_indices(arrived, keys)).equals(files["sorted"].table)


def test_sort_by_none_keeps_the_rows_as_they_came(day):
    objects, files = day
    arrived = duckdb.sql(f"""SELECT srcaddr, start FROM read_csv({sorted(objects)}, delim = ' ', header = true, quote = '',
        all_varchar = true, parallel = false)""").fetchall()
    table = files["arrival"].table
    assert arrived == list(zip(table["srcaddr"].to_pylist(), map(str, table["start"].to_pylist())))
    assert not files["arrival"].footer.sorting


@pytest.mark.parametrize("version", VERSIONS)
def test_every_layout_has_the_same_rows(days, version):
    _, files = days(version)
    wanted = in_one_order(files["arrival"].table)
    for name, file in files.items():
        assert in_one_order(file.table).equals(wanted), name


def in_one_order(table):
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in table.column_names]))


# -- Bytes.


def test_encodings_are_those_that_the_content_asks_for(day):
    _, files = day
    metadata = pq.read_metadata(files["one-group"].path)
    encodings = {metadata.row_group(0).column(c).path_in_schema: set(metadata.row_group(0).column(c).encodings)
                 for c in range(metadata.num_columns)}
    assert "DELTA_BINARY_PACKED" in encodings["start"] and "RLE_DICTIONARY" not in encodings["start"]
    assert "RLE_DICTIONARY" not in encodings["bytes"] | encodings["srcport"]
    for name in ("srcaddr", "dstaddr", "interface_id", "action", "log_status", "protocol"):
        assert "RLE_DICTIONARY" in encodings[name], name
    assert set().union(*encodings.values()) <= {"PLAIN", "RLE", "RLE_DICTIONARY", "DELTA_BINARY_PACKED"}


def test_pages_are_of_version_1(day):
    _, files = day
    for file in files.values():
        metadata = pq.read_metadata(file.path)
        for g in range(metadata.num_row_groups):
            for c in range(metadata.num_columns):
                header = footer.Thrift(file.footer.data, metadata.row_group(g).column(c).data_page_offset).struct()
                assert header[1] == 0, "DATA_PAGE, not DATA_PAGE_V2"


def test_codec_is_the_one_asked_for(day):
    _, files = day
    for name, codec in ("boxes", "ZSTD"), ("snappy", "SNAPPY"):
        assert {c.codec for g in files[name].footer.groups for c in g.values()} == {codec}


def test_minima_and_maxima_are_those_of_the_rows_down_to_the_page(day):
    _, files = day
    for name in ("boxes", "sorted"):
        file = files[name]
        for group, chunks in zip(file.groups(), file.footer.groups):
            for column, chunk in chunks.items():
                values = [v.encode() if isinstance(v, str) else v for v in group[column].to_pylist()]
                edges = [*chunk.pages.first_row, len(values)]
                spans = [(0, len(values), chunk.least, chunk.greatest),
                         *zip(edges, edges[1:], chunk.pages.least, chunk.pages.greatest)]
                for first, end, least, greatest in spans:
                    known = [v for v in values[first:end] if v is not None]
                    assert (least, greatest) == ((min(known), max(known)) if known else (None, None)), column


def test_bloom_filters_hold_every_value_and_few_others(day):
    _, files = day
    file = files["bloom"]
    for chunks in file.footer.groups:
        assert {c for c, chunk in chunks.items() if chunk.bloom} == {"srcaddr", "dstport", "bytes"}
    assert not any(chunk.bloom for chunks in files["boxes"].footer.groups for chunk in chunks.values())
    strangers = {"srcaddr": [f"192.0.2.{i}".encode() for i in range(256)], "dstport": range(-300, -1), "bytes": range(-300, -1)}
    for column, others in strangers.items():
        kind, wrong = file.footer.types[column], 0
        for group, chunks in zip(file.groups(), file.footer.groups):
            for value in set(group[column].to_pylist()) - {None}:
                value = value.encode() if isinstance(value, str) else value
                assert bloom.may_hold(file.footer.data, chunks[column], kind, value)
            wrong += sum(bloom.may_hold(file.footer.data, chunks[column], kind, v) for v in others)
        assert wrong < 0.05 * len(others) * len(file.footer.groups), f"{column}: {wrong} false positives"


def test_duckdb_uses_the_bloom_filters_as_we_do(days):
    _, files = days(2)
    file = files["bloom"]
    for column, value in ("srcaddr", "172.32.21.19"), ("srcaddr", "192.0.2.1"), ("dstport", 443), ("bytes", -5):
        said = duckdb.execute("SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe(?, ?, ?) ORDER BY 1",
                              [file.path, column, value]).fetchall()
        plain = value.encode() if isinstance(value, str) else value
        ours = [(g, not bloom.may_hold(file.footer.data, chunks[column], file.footer.types[column], plain))
                for g, chunks in enumerate(file.footer.groups)]
        assert said == ours, (column, value)


# -- Answers.


@pytest.mark.parametrize("version", VERSIONS)
def test_all_questions_have_the_answers_of_the_raw_text_in_every_layout(binary, days, version):
    objects, files = days(version)
    schema = pq.read_schema(files["boxes"].path)
    interface = max(counts(files["boxes"].table, "interface_id").items(), key=lambda c: c[1])[0]
    asked = questions.questions(binary, schema.names, interface)
    assert len(asked) >= {2: 20, 5: 30}[version]
    text = raw.Raw(objects, schema)
    wanted = {q.name: raw.comparable(text.ask(q)) for q in asked}
    assert sum(map(bool, wanted.values())) >= len(asked) - 2, "nearly every question finds something"
    for name, file in files.items():
        with duckdb.connect() as db:
            db.execute(f"""CREATE VIEW vpc_flow_logs AS SELECT * FROM read_parquet(
                ['{file.path}'], hive_partitioning = true, hive_types_autocast = false)""")
            for q in asked:
                assert raw.comparable(db.execute(q.sql("duckdb")).fetchall()) == wanted[q.name], f"{q.name} on {name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_model_leaves_out_holds_no_row_of_the_answer(binary, days, version):
    """For every question that is a filter and nothing else: its rows lie in the row groups that survive."""
    _, files = days(version)
    names = files["boxes"].table.column_names
    asked = [q for q in questions.questions(binary, names, "eni-none") if q.exact and q.predicate]
    assert len(asked) >= 10
    for file in files.values():
        for q in asked:
            kept = set(model.surviving(file.footer, q.predicate))
            for g, group in enumerate(file.groups()):
                if g not in kept:
                    assert not group.filter(raw.expression(q.predicate)).num_rows, q.name
