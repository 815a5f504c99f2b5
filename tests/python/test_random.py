"""Random cases: raw objects of any shape, layouts, options, and steps (convert, late and changed objects, a killed run, compact,
--retry, --auto-compact, verify, status); then a plain convert. What the table holds must be what raw_text.py reads of the objects, each
row once, the rejected lines those that it rejects; and random predicates must find the same rows in plain Python and through every
engine, with pruning on and off.

A case follows from its seed alone, but for the moment at which a killed run dies. The seed of one that fails is printed; to replay it:

FLOWPARQUET_TEST_SEED=17 target/venv/bin/python -m pytest -q -c tests/python/pytest.ini tests/python/test_random.py

FLOWPARQUET_TEST_CASES is another number of cases than 200 (2,000 with FLOWPARQUET_TEST_LONG).
"""

import contextlib
import json
import os
import pathlib
import random
import shlex
import shutil
import subprocess
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import predicates
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import random_case
import raw_text
from conftest import LONG, finish
from fire import KILLED, OUTCOMES
from flowlogs import Folder, data_keys
from predicates import ENGINES, KEYS

SEED = os.environ.get("FLOWPARQUET_TEST_SEED")
CASES = int(os.environ.get("FLOWPARQUET_TEST_CASES") or (2_000 if LONG else 200))
PREDICATES = 25
SPARK_EVERY = 10  # of the long run's cases: it takes seconds
AT_ONCE = 2
TYPES = {"int32": pa.int32(), "int64": pa.int64(), "string": pa.string()}


class Bench:
    """A case on its way: its folders, and what was run."""

    def __init__(self, case, start, tmp, count):
        self.case, self.start, self.count = case, start, count
        self.source, self.dest = Folder(tmp / "source"), Folder(tmp / "dest")
        self.source.path.mkdir(parents=True)
        self.log, self.seconds, self.objects = [], 0.05, {}

    def run(self, name, args, kill=None):
        sources = [self.source.uri] if name in ("convert", "verify") else []
        args = [name, *sources, self.dest.uri, *map(str, args), *(self.case.fixed if name == "convert" else [])]
        self.log.append("flowparquet " + shlex.join(args))
        founded, begun = (self.dest.path / "_flowparquet/table.json").exists(), time.monotonic()
        process = self.start(*args)
        if kill is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(kill * self.seconds)
            process.kill()
        result = finish(process, None, 120)
        self.log.append(f"    exit code {result.code}")
        if kill is None:
            self.seconds = time.monotonic() - begun
        else:
            self.count[OUTCOMES.get(result.code, "nothing there")] += 1
        codes = (0, 1, *((KILLED,) if kill is not None else ()), *((2,) if name != "convert" and not founded else ()))
        assert result.code in codes, f"expected exit code {codes}\n{result}"
        self.count[name] += 1
        return result

    def put(self, objects):
        for key, body in objects.items():
            self.source.put(key, body)
            self.log.append(f"put {key} ({len(body)} bytes)")
        self.objects |= objects

    def all_days(self):
        return ["--all", *(["--assume-day", self.case.assume_day] if self.case.assume_day else [])]


class Expected:
    """What the raw objects, as they are now, make of a table."""

    def __init__(self, case, objects):
        self.rows, self.rejected, self.unreadable, self.undated, self.other = [], Counter(), set(), set(), set()
        self.empty = set()  # Files of 0 bytes: the first run that sees one names it, and no other.
        for key, body in objects.items():
            place = raw_text.place_of(key, case.partition_by, case.assume_day)
            if place is None:
                self.undated |= {key}
                continue
            try:
                read = raw_text.read(key, body, case.log_type, case.dash_as_null, case.log_format)
            except raw_text.Unreadable:
                (self.unreadable if body else self.empty).add(key)
                continue
            self.other |= {key} if read.other_type else set()
            self.rows += [row | place for row in read.rows]
            self.rejected.update((key, *line) for line in read.rejected)


def play(bench):
    """The steps of a case, and what must hold behind them."""
    case = bench.case
    for step in case.steps:
        bench.put(step.put)
        bench.run(step.name, step.args, step.kill)
    report = bench.dest.path.parent / "report.json"
    last = bench.run("convert", ["--all", *case.last, "--report", report])
    want = Expected(case, bench.objects)
    named = {reject["object"].split(bench.source.uri[1:] + "/", 1)[1] for reject in json.loads(report.read_text())["rejects"] if "line" not in reject}
    named -= want.empty
    assert named == want.unreadable, differences("objects rejected by the last run", Counter(named), Counter(want.unreadable))
    assert last.code == 1 or not want.unreadable, f"objects were rejected, and the exit code is 0: {want.unreadable}\n{last}"
    assert last.code == 0 or want.unreadable or want.undated or want.rejected or want.other or want.empty, f"nothing is wrong, and the exit code is 1\n{last}"
    check_rejects(bench, want)
    check_rows(bench, want)
    verify = bench.run("verify", bench.all_days())
    if want.unreadable or want.undated or want.empty:
        assert "differs" not in verify.out.split(), str(verify)
    else:
        assert verify.code == 0, str(verify)
    if case.seed % 2:
        return
    bench.run("status", ["--all"])
    files = {name: bench.dest.get(name) for name in data_keys(bench.dest)}
    bench.run("convert", ["--all"])
    assert files == {name: bench.dest.get(name) for name in data_keys(bench.dest)}, "a run with nothing to do changed files"


def check_rejects(bench, want):
    out = bench.run("rejects", ["--all", "--json"]).out
    lines, objects, other = Counter(), set(), set()
    for line in out.splitlines():
        entry = json.loads(line)
        key = entry["object"].split(bench.source.uri + "/", 1)[-1]
        if entry["kind"] == "row":
            text = bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()
            lines[key, entry["line"], entry["byte"], text] += 1
        elif entry["kind"] == "object":
            objects.add(key)
        else:
            other.add(key)
    assert lines == want.rejected, differences("rejected lines", lines, want.rejected)
    for what, have, wanted in (("rejected objects", objects - want.empty, want.unreadable), ("of another log type", other, want.other)):
        assert have == wanted, differences(what, Counter(have), Counter(wanted))
    bench.count["rejected lines"] += lines.total()


def check_rows(bench, want):
    """The whole table by pyarrow, and random questions about it by all engines."""
    files = [str(bench.dest.path / name) for name in data_keys(bench.dest)]
    if not files:
        assert not want.rows, f"no file, but {len(want.rows)} rows"
        return
    dataset = open_dataset(bench.dest, files)
    table = dataset.to_table()
    for column in table.schema:
        assert column.type == TYPES[raw_text.kind_of(column.name)], column
    names = table.column_names
    have = Counter(frozenset((n, v) for n, v in zip(names, row) if v is not None) for row in predicates.arrow_rows(table))
    wanted = Counter(frozenset(row.items()) for row in want.rows)
    assert have == wanted, differences("rows", have, wanted)
    bench.count["rows"] += table.num_rows
    kinds = {name: raw_text.kind_of(name) for name in names}
    asked = predicates.questions(random.Random(f"questions {bench.case.seed}"), want.rows, kinds, PREDICATES)
    right = [predicates.answer(question, want.rows) for question in asked]
    for engine in bench.engines:
        for way, answers in engine(bench.dest.path, dataset, table, asked):
            for question, answer, wanted in zip(asked, answers, right, strict=True):
                assert answer == wanted, differences(f"{way}: {predicates.sql(question[0])}, of {question[1]}", answer, wanted)
    bench.count["predicates"] += len(asked)
    bench.count["that find rows"] += sum(bool(found) for found in right)


def open_dataset(dest, files):
    keys = [key for key in KEYS if f"/{key}=" in files[0].removeprefix(str(dest.path))]
    partitioning = ds.partitioning(pa.schema([(key, pa.string()) for key in keys]), flavor="hive")
    schemas = [ds.dataset(file).schema for file in files]
    schema = pa.unify_schemas([*schemas, partitioning.schema])
    return ds.dataset(files, schema=schema, partitioning=partitioning, partition_base_dir=str(dest.path))


def differences(what, have, want):
    def few(counter):
        return "".join(f"\n    {count} x {sorted(one, key=repr) if isinstance(one, frozenset) else one!r}"[:1500]
                       for one, count in list(counter.items())[:5]) or " none"

    more, less = have - want, want - have
    return f"{what}: {have.total()}, expected {want.total()}; too many:{few(more)}\n  too few:{few(less)}"


def attempt(seed, start, tmp, engines=ENGINES, kind=Bench):
    """Plays a case; returns what was counted, and what went wrong, if anything did."""
    count = Counter(cases=1)
    folder = tmp / f"case-{seed}"
    bench = kind(random_case.make(seed), start, folder, count)
    bench.engines = engines
    try:
        play(bench)
    except (Exception, pytest.fail.Exception) as error:
        log = "\n".join(bench.log)
        return count, f"== seed {seed}, in {folder}\n{log}\n{''.join(traceback.format_exception(error, limit=-3))}"[:20_000]
    shutil.rmtree(folder)
    return count, None


@pytest.fixture
def fast(tmp_path):
    """A folder in memory, if there is one: cases are many small files. What failed is moved to where pytest keeps it."""
    memory = pathlib.Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="flowparquet-") as folder:
        yield pathlib.Path(folder)
        for kept in pathlib.Path(folder).glob("case-*"):
            shutil.move(kept, tmp_path / kept.name)


def test_random_cases(start, fast, tmp_path, tried, capsys, request):
    seeds = [int(SEED)] if SEED else range(CASES)
    spark = []
    if LONG and not os.environ.get("FLOWPARQUET_TEST_NO_JAVA"):
        spark = [predicates.by_spark(request.getfixturevalue("engines").spark)]
    engines = lambda seed: [*ENGINES, *(spark if SEED or seed % SPARK_EVERY == 0 else ())]  # noqa: E731
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda seed: attempt(seed, start, fast, engines(seed)), seeds))
    count = sum((counted for counted, _ in results), Counter())
    for outcome in ("went on", "killed"):
        tried.add("disk", "kill -9 at any moment, random cases", outcome, count[outcome])
    with capsys.disabled():
        print("\nrandom cases:", ", ".join(f"{number} {what}" for what, number in count.items()))
    failed = [(seed, failure) for seed, (_, failure) in zip(seeds, results) if failure]
    if failed:
        again = "target/venv/bin/python -m pytest -q -c tests/python/pytest.ini tests/python/test_random.py"
        commands = "".join(f"\nFLOWPARQUET_TEST_SEED={seed} {again}" for seed, _ in failed)
        pytest.fail(f"{len(failed)} of {len(seeds)} cases failed. Their folders are moved to {tmp_path}. Each alone:{commands}\n\n" + "\n".join(f for _, f in failed[:5]), False)


# --- does the tester notice? --------------------------------------------------------------------------------------------


class Broken(Bench):
    """A program that makes a mistake: something happens to the table behind its last run."""

    def run(self, name, args, kill=None):
        result = super().run(name, args, kill)
        if "--report" in args and (files := data_keys(self.dest)):
            self.harm(self.dest.path / files[0])
        return result


class TwiceThere(Broken):
    def harm(self, file):
        shutil.copy(file, file.with_name("part-000000000000000000000000.parquet"))


class Lost(Broken):
    def harm(self, file):
        file.unlink()


class OneValue(Broken):
    """The first string of a file is another one; statistics agree with it."""

    def harm(self, file):
        table = pq.read_table(file, partitioning=None)
        at = next((i for i, f in enumerate(table.schema) if f.type == pa.string() and table.num_rows), None)
        if at is not None:
            values = table.column(at).to_pylist()
            changed = pa.array([(values[0] or "") + "x", *values[1:]], pa.string())
            pq.write_table(table.set_column(at, table.schema.field(at), changed), file)


def fewer_rows(reads):
    """A reading that misses the last row of an object."""

    def read(*args, **more):
        found = reads(*args, **more)
        return found if not found.rows else raw_text.Read(found.rows[:-1], found.rejected, found.columns, found.other_type)

    return read


def other_sql(sql):
    """An engine that takes <= for <, as one does that skips by an upper bound that is not excluded."""
    return lambda *args: sql(*args).replace("<=", "<")


def prunes_too_much(engine):
    """An engine that skips a row that a question is about, in one of its ways."""

    def ask(*args):
        for n, (way, answers) in enumerate(engine(*args)):
            if n == 0 and (found := next((answer for answer in answers if answer), None)):
                found.subtract([next(iter(found))])
            yield way, [+answer for answer in answers]

    return ask


MISTAKES = {
    "rows twice": {"kind": TwiceThere}, "rows lost": {"kind": Lost}, "a value changed": {"kind": OneValue},
    "a row dropped from the expected ones": {"patch": (raw_text, "read", fewer_rows)},
    "a predicate is another one": {"patch": (predicates, "sql", other_sql)},
    **{f"{engine.__name__[3:]} skips a row": {"engines": [prunes_too_much(engine)]} for engine in ENGINES},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tester_notices(start, fast, monkeypatch, mistake):
    how = dict(MISTAKES[mistake])
    if patch := how.pop("patch", None):
        module, name, change = patch
        monkeypatch.setattr(module, name, change(getattr(module, name)))
    failure = next(filter(None, (attempt(seed, start, fast / "on purpose", **how)[1] for seed in range(20))), "not noticed")
    assert "too many" in failure or "no file, but" in failure, failure
