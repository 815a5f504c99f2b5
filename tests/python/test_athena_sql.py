"""Trino, the engine behind Athena, judges `query`: the statements below athena/, the ready queries and random ones are run by
both over the same files. Both give the same rows and types, or both refuse.

By hand, with a block for each difference and Trino's answers kept: tests/python/athena_judge.py.
"""

import json
import os
import re

import athena_compare
import athena_random
import athena_sql
import pytest
from conftest import ROOT

CORPUS = athena_sql.corpus()
READY = sorted(file.stem for file in (ROOT / "src" / "athena" / "queries").glob("*.sql"))
RANDOM, IN_A_TEST = 500, 25
SEED = int(os.environ.get("FLOWPARQUET_TEST_SEED") or 0)
PAGE = (ROOT / "docs" / "query.md").read_text()


class Judge:
    """Both engines over one table."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs

    def difference(self, case):
        return athena_compare.difference(case, self.theirs.ask(case), self.ours.ask(case))

    def block(self, case):
        return athena_compare.block(case, self.theirs.ask(case), self.ours.ask(case))


@pytest.fixture(scope="session")
def judge(lake, binary, tmp_path_factory):
    ours = athena_sql.Ours(binary, tmp_path_factory.mktemp("corpus"))
    return Judge(ours, athena_sql.Theirs(lake, ours))


@pytest.fixture(scope="session")
def ready(judge):
    return {case.name: case for case in athena_sql.ready_queries(judge.ours)}


@pytest.mark.trino
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id.replace(" ", "_"))
def test_corpus(case, judge):
    why = judge.difference(case)
    if case.differs:
        assert why, f"{case.id}: the answers are the same now: take the remark away, and the line of docs/query.md"
        ours, theirs = judge.ours.ask(case), judge.theirs.ask(case)
        assert ours.error or theirs.error or ours.notes, f"{case.id}: query does not say that Athena answers otherwise"
    elif why:
        pytest.fail(judge.block(case), pytrace=False)


@pytest.mark.trino
@pytest.mark.parametrize("name", READY)
def test_ready_queries(name, judge, ready):
    if judge.difference(ready[name]):
        pytest.fail(judge.block(ready[name]), pytrace=False)


@pytest.mark.trino
@pytest.mark.parametrize("first", range(0, RANDOM, IN_A_TEST))
def test_random_statements(first, judge):
    """One failure tells of one kind of difference; the smallest statement that shows it is printed too."""
    cases = list(athena_random.cases(first + IN_A_TEST, SEED))[first:]
    differing = [case for case in cases if judge.difference(case)]
    if differing:
        case = differing[0]
        small = athena_random.shrink(case, lambda c: judge.difference(c).split(":")[0])
        names = ", ".join(case.name for case in differing)
        pytest.fail(f"{len(differing)} of {len(cases)} differ (seed and number: {names}), such as\n{judge.block(case)}\n"
                    f"in short\n{judge.block(small)}", pytrace=False)


@pytest.mark.trino
def test_compare_with_trino_agrees_and_disagrees(judge, tmp_path):
    """The statements that both answer alike: `compare --with` finds that out by itself."""
    place = judge.theirs.trino.url.replace("http://", "trino://") + f"/files/{athena_sql.SCHEMA}"
    cases = [case for case in CORPUS if len(case.statements) == 1 and not case.refused and not case.differs]
    cases = [case for case in cases if not re.match(r"EXECUTE|PREPARE|TABLE", case.sql, re.I) and '"$path"' not in case.sql]
    file = tmp_path / "statements.sql"
    file.write_text("".join(f"-- title: {case.id}\n{case.sql};\n" for case in cases))
    args = ["compare", judge.ours.source.path, judge.ours.dest.path, "--with", place, "--json"]
    ran = judge.ours.run(*args, "--file", file, expect=(0, 1), timeout=600)
    verdicts = {s["name"]: s["trino"] for s in json.loads(ran.out)["statements"]}
    assert len(verdicts) == len(cases) > 400
    unequal = {name: v for name, v in verdicts.items() if v["answers"] not in ("equal", "equal_but_ties")}
    # A LIMIT without an order takes any rows.
    assert not {name: v for name, v in unequal.items() if "LIMIT takes any rows" not in v.get("why", "")}
    other = "SELECT approx_percentile(bytes, 0.5) AS half FROM vpc_flow_logs WHERE day = '14'"
    ran = judge.ours.run(*args[:-1], other, expect=(1,))
    assert "Trino answers otherwise" in ran.out and "Athena may answer otherwise: approximate" in ran.out


# --- the corpus itself ------------------------------------------------------------------------------------------------


def test_the_corpus_is_as_large_as_it_says():
    assert len(CORPUS) >= 700
    assert len({case.id for case in CORPUS}) == len(CORPUS), "names come once"
    assert len({case.sql for case in CORPUS}) == len(CORPUS), "statements come once"


def test_a_difference_that_stays_is_a_line_of_the_page():
    lines = [re.sub(r"\s+", " ", line) for line in PAGE.split("\n")]
    for case in CORPUS:
        assert not case.differs or any(case.differs in line for line in lines), f"{case.id}: not in docs/query.md: {case.differs}"


def test_every_function_of_the_page_is_asked():
    """What docs/query.md says is there stands in the corpus, in some statement that Trino takes."""
    section = PAGE.split("## What of Athena's SQL there is")[1].split("\n## ")[0]
    named = set(re.findall(r"\b([a-z][a-z0-9_]*)(?=[`(])", section)) - {"day", "year"}
    asked = " ".join(case.sql.lower() for case in CORPUS if not case.refused)
    missing = {name for name in named if not re.search(rf"\b{name}\b", asked)}
    assert named and not missing


def test_random_statements_are_the_same_for_a_seed():
    one, other = ([case.sql for case in athena_random.cases(50, seed)] for seed in (7, 7))
    assert one == other and len(set(one)) == 50
    assert one != [case.sql for case in athena_random.cases(50, 8)]


# --- the judge itself: it must be able to say no ------------------------------------------------------------------------


NUMBER = athena_sql.Number


def answers(types, theirs, ours, sql="SELECT 1", **case):
    names = [f"c{at}" for at in range(len(types))]
    return athena_compare.difference(athena_sql.Case("judge", "case", sql, **case), athena_sql.Answer(names, types, theirs),
                                 athena_sql.Answer(names, [], ours))


@pytest.mark.parametrize("kind, theirs, ours", [
    ("bigint", 1, 1), ("double", 0.1, 0.1000000000000001), ("double", "NaN", "NaN"), ("double", "Infinity", "inf"),
    ("decimal(3, 1)", "1.0", NUMBER("1.0")), ("decimal(3, 1)", "1.0", "1.0"), ("decimal(3, 0)", "12", 12),
    ("timestamp(0)", "2026-01-15 00:00:00", "2026-01-15 00:00:00.000"), ("varchar", None, None),
    ("varbinary", "AP8=", "00 ff"), ("array(double)", [1.0, None], [1.0, None]), ("boolean", True, True),
    ("map(varchar, bigint)", {"a": 1}, athena_sql.Pairs([("a", 1)])),
    ('row("x y" bigint, b array(varchar))', [1, ["a"]], athena_sql.Pairs([("x y", 1), ("b", ["a"])])),
])
def test_what_is_the_same(kind, theirs, ours):
    assert not answers([kind], [[theirs]], [[ours]])


@pytest.mark.parametrize("kind, theirs, ours", [
    ("bigint", 1, 2), ("bigint", 1, 1.0), ("bigint", 1, "1"), ("bigint", 1, True), ("bigint", 0, None), ("varchar", "", None),
    ("double", 0.1, 0.100000001), ("double", 1.0, 1), ("decimal(2, 1)", "1.0", "1.00"), ("decimal(2, 1)", "1.0", NUMBER("1.00")),
    ("decimal(2, 1)", "1.0", 1), ("decimal(2, 1)", "1.0", NUMBER("1.1")),
    ("timestamp(3)", "2026-01-15 00:00:00.000", "2026-01-15 00:00:00.001"), ("boolean", True, 1), ("array(bigint)", [1], [1.0]),
    ("timestamp(3) with time zone", "2026-01-15 00:00:00.000 UTC", "2026-01-15 00:00:00.000"), ("array(bigint)", [1, 2], [2, 1]),
    ("map(varchar, bigint)", {"a": 1}, "{a: 1}"), ("varchar", "a", ["a"]),
])
def test_what_is_not(kind, theirs, ours):
    assert answers([kind], [[theirs]], [[ours]])


def test_order_counts_only_where_there_is_one():
    one, other = [[1], [2]], [[2], [1]]
    assert not answers(["bigint"], one, other, "SELECT x FROM t")
    assert not answers(["bigint"], one, other, "SELECT row_number() OVER (ORDER BY x) FROM t")
    assert answers(["bigint"], one, other, "SELECT x FROM t ORDER BY x")
    assert not answers(["bigint"], one, other, "SELECT x FROM t ORDER BY y", unordered=True)


def test_rows_without_an_order_find_each_other():
    """Fractions that are nearly equal stand in an order of their own; those that differ in the last digits are the same."""
    theirs, ours = [[10.0, "b"], [10.0000000372, "a"]], [[10.0000000372, "a"], [10.000000000000002, "b"]]
    assert not answers(["double", "varchar"], theirs, ours)
    assert answers(["double", "varchar"], theirs, [[10.0, "a"], [10.0000000372, "b"]])


def test_refusals():
    refused, broken, fine = athena_sql.Answer(error="no"), athena_sql.Answer(error="no", broken=True), athena_sql.Answer()
    case, expected = athena_sql.Case("judge", "case", "SELECT 1"), athena_sql.Case("judge", "case", "SELECT 1", refused=True)
    assert not athena_compare.difference(expected, refused, refused)
    assert athena_compare.difference(expected, refused, fine) == "only Trino refuses"
    assert athena_compare.difference(expected, refused, broken) == "ours broke"
    assert athena_compare.difference(case, fine, refused) == "only ours refuses"
    assert "not expected" in athena_compare.difference(case, refused, refused)
    assert "as is expected" in athena_compare.difference(expected, fine, fine)
