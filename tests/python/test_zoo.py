"""The zoo of readers (zoo/__init__.py): every reader finds in every file what the raw text says, whatever it skips by
statistics, page index, dictionaries and Bloom filters, and however it cuts the file.

FLOWPARQUET_TEST_READERS  not empty: all readers, all filters, all settings
FLOWPARQUET_TEST_TRINO    not empty: with that, Trino too
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from conftest import ROOT
from zoo import FULL, MOST_FILTERS, READERS, SHARE, checksum, expected, jvm, polars_, thrift, walker

MOST_SHOWN = 25  # failures of a reader that are told in full
QUICK_COLUMNS, QUICK_FILTERS = 3, 5  # filters of a file when time is short: so many columns, so many of each
SECONDS = 3600 if FULL else 600


@dataclass
class Made:
    """A case that was made: its files with their columns, by partition, and what must be in them."""

    case: object
    dest: object
    partitions: dict  # folder -> expected.Partition
    files: list  # [(folder, path, {column: type})]
    questions: dict  # folder -> filters


def columns_of(path):
    """Column -> type of a file, by its footer."""
    with open(path, "rb") as file:
        data = file.read()
    meta, _ = thrift.read("FileMetaData", data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    return {leaf.name: {1: "int32", 2: "int64", 6: "string"}[leaf.type] for leaf in meta.schema[1:]}


class Zoo:
    """All cases, made once, and the readers, each started in the background as soon as the files are there."""

    def __init__(self, folder, run, asked):
        self.folder, self.table, self.versions, self.skipped = folder, {}, {}, {}
        from zoo import cases  # Writes all raw text, in seconds: only where it is asked for.

        with ThreadPoolExecutor(2) as pool:
            self.made = list(pool.map(lambda pair: self.make(*pair, run), enumerate(cases.CASES)))
        self.turns, self.running, self.processes, self.over = threading.Semaphore(2), {}, [], False
        for module, quick in READERS.items():
            if module in asked and (quick or FULL):
                thread = threading.Thread(target=self.run, args=(module,), daemon=True)
                self.running[module] = thread
                thread.start()

    def make(self, number, case, run):
        dest, objects = case.make(self.folder / f"{number:03}", run)
        partitions = expected.read(case, objects)
        case.steps.clear()  # The text is not needed any more.
        files = []
        for path in case.files(dest):
            folder = os.path.dirname(os.path.relpath(path, dest.path))
            files.append((folder, path, columns_of(path)))
        some = () if FULL else (QUICK_COLUMNS, QUICK_FILTERS)
        questions = {folder: expected.filters(case, partition, list(partition.columns), *some)
                     for folder, partition in partitions.items()}
        return Made(case, dest, partitions, files, questions)

    def read_by(self, module):
        """The cases that a reader reads; of a slow one a share, with every variant in it."""
        share = SHARE.get(module, 1)
        chosen, seen = [], set()
        for number, made in enumerate(self.made):
            if number % share == 0 or not made.case.variants <= seen | self.common(share):
                chosen.append(made)
                seen |= made.case.variants
        return chosen

    def common(self, share):
        """The variants of every so-manieth case."""
        return set().union(*(made.case.variants for made in self.made[::share]))

    def job(self, module):
        files, tables = [], []
        for made in self.read_by(module):
            for folder, path, columns in made.files:
                questions = [q for q in some_of(made.questions[folder], module) if q["column"] in columns]
                files.append({"path": path, "columns": columns, "filters": questions})
            names = list(dict.fromkeys(name for p in made.partitions.values() for name in p.columns))
            if len(made.files) > 1 or FULL:
                tables.append({"dest": str(made.dest.path), "columns": names})
        return {"files": files, "tables": tables}

    def run(self, module):
        job, out = self.folder / f"{file_name(module)}.job.json", self.folder / f"{file_name(module)}.answers.json"
        job.write_text(json.dumps(self.job(module)))
        paths = os.pathsep.join([str(ROOT / "tests" / "python"), str(ROOT / "scripts")])
        with self.turns, open(self.folder / f"{file_name(module)}.log", "w") as log:
            if self.over:
                return
            process = subprocess.Popen([sys.executable, "-m", "zoo", module, str(job), str(out)], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths})
            self.processes.append(process)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                log.write(f"still running after {SECONDS} s\n")

    def stop(self):
        """Ends what is still running, after a failure that was not waited for."""
        self.over = True
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for thread in self.running.values():
            thread.join(30)

    def answers(self, module):
        """What a reader said: its answers by path, and those about whole tables."""
        self.running[module].join()
        out = self.folder / f"{file_name(module)}.answers.json"
        if not out.exists():
            log = (self.folder / f"{file_name(module)}.log").read_text(errors="replace")
            pytest.fail(f"the reader {module} did not get to its end:\n{log[-6000:]}", pytrace=False)
        said = json.loads(out.read_text())
        if said["missing"]:
            self.skipped[module] = said["missing"]
            pytest.skip(said["missing"])
        self.versions[module] = f"{said['version']}, {said['seconds']:.0f} s"
        return {answer["path"]: answer for answer in said["answers"]}, said.get("tables")

    def summary(self):
        """The table reader x variant: files that were read right, of how many."""
        variants = sorted({variant for made in self.made for variant in made.case.variants})
        yield f"{'files read right':36}" + "".join(f"{module.strip('_').split(':')[-1]:>13}" for module in self.table)
        for variant in [*variants, "all"]:
            line = f"{variant:36}"
            for module in self.table:
                right, total = self.table[module][variant]
                line += f"{right if right == total else f'{right} of {total}':>13}" if total else f"{'-':>13}"
            yield line
        yield ""
        yield from self.versions.values()
        yield from (f"not run: {module}: {reason}" for module, reason in self.skipped.items())


class Summary:
    """A plugin that prints the table at the end."""

    def __init__(self, zoo):
        self.zoo = zoo

    def pytest_terminal_summary(self, terminalreporter):
        if self.zoo.table:
            terminalreporter.section(f"the zoo of readers: {len(self.zoo.made)} cases, "
                                     f"{sum(len(made.files) for made in self.zoo.made)} files")
            for line in self.zoo.summary():
                terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def zoo(request, run, tmp_path_factory):
    asked = {item.callspec.params["module"] for item in request.session.items if item.name.startswith("test_reader[")}
    zoo = Zoo(tmp_path_factory.mktemp("zoo"), run, asked)
    request.config.pluginmanager.register(Summary(zoo))
    yield zoo
    zoo.stop()


def test_every_case_made_what_it_is_for(zoo):
    """Each partition has files, and these have the columns of the raw text; some cases must be as special as they say.
    """
    assert len(zoo.made) >= 100
    for made in zoo.made:
        names = defaultdict(set)
        for folder, _, columns in made.files:
            names[folder] |= set(columns)
        assert names.keys() == made.partitions.keys(), made.case.name
        for folder, partition in made.partitions.items():
            assert set(partition.columns) <= names[folder] <= set(partition.columns) | partition.maybe, made.case.name
    counts = {made.case.name: len(made.files) for made in zoo.made}
    assert counts["several files of a day"] > 1 and counts["files before a merge"] == 3, counts
    assert all(counts[made.case.name] == 1 for made in zoo.made if made.case.variants & {"merged files"}
               and made.case.name != "files before a merge"), counts


def test_files_are_as_special_as_they_should_be(zoo):
    """The cases reach what they are for: otherwise the readers are asked about nothing."""
    walks = {made.case.name: walker.Walk(made.files[0][1]) for made in zoo.made if made.case.name in SPECIAL}
    for name, holds in SPECIAL.items():
        assert holds(walks[name]), name


def chunks(walk, column):
    return [group[walk.names.index(column)] for group in walk.groups]


SPECIAL = {
    "dictionary in one row group, plain in another": lambda walk: all(
        len({chunk.has_dictionary for chunk in chunks(walk, column)}) == 2 for column in ("interface_tag", "bytes")),
    "steps that are even, and runs": lambda walk: any(page.encoding == walker.DELTA_BINARY_PACKED
                                                      for page in chunks(walk, "start")[0].pages),
    "many pages and row groups": lambda walk: len(walk.groups) > 5 and len(walk.groups[0][0].pages) > 5,
    "version in front after 50,000 rows without, in order of arrival": lambda walk: not len(chunks(walk, "version")[0].codes),
    # A file of several regions is in no order as a whole: of those that are, the footer says it.
    "sorted by start": lambda walk: walk.meta.row_groups[0].sorting_columns,
    "several sorted regions, sorted by columns": lambda walk: not walk.meta.row_groups[0].sorting_columns,
    "Bloom filters of all columns": lambda walk: all(chunk.bloom for chunk in walk.groups[0] if len(chunk.codes)),
    "pages of NULLs among others": lambda walk: {not len(chunk.of(page)) for chunk in chunks(walk, "bytes")
                                                 for page in chunk.pages} == {True, False},
    "a row group of NULLs among others": lambda walk: {not len(c.codes) for c in chunks(walk, "bytes")} == {True, False},
    "large dictionaries": lambda walk: len(chunks(walk, "interface_tag")[0].distinct) > 2000
    and chunks(walk, "interface_tag")[0].has_dictionary,
    "strings of 70,000 bytes, many": lambda walk: max(map(len, chunks(walk, "interface_tag")[0].distinct)) > 70_000,
}


@pytest.mark.parametrize("module", READERS)
def test_reader(zoo, module):
    if module not in zoo.running:
        zoo.skipped[module] = "scripts/test.sh --readers"
        pytest.skip("scripts/test.sh --readers")
    answers, tables = zoo.answers(module)
    wrong = []
    right = zoo.table.setdefault(module, defaultdict(lambda: [0, 0]))
    for made in zoo.read_by(module):
        found = list(compare(made, answers, module))
        wrong += [f"{made.case.name}: {text}" for text in found]
        for variant in [*made.case.variants, "all"]:
            right[variant][0] += 0 if found else len(made.files)
            right[variant][1] += len(made.files)
    if tables is not None:
        wrong += list(compare_tables(zoo.job(module)["tables"], tables, zoo))
    if wrong:
        shown = "\n".join(text[:1500] for text in wrong[:MOST_SHOWN])
        by_case = Counter(text.split(":")[0] for text in wrong)
        kinds = Counter(kind for answer in answers.values() for kind in kinds_of(answer["error"]))
        pytest.fail(f"{zoo.versions[module]}: {len(wrong)} answers are wrong, in {len(by_case)} cases\n{shown}\n"
                    f"errors by files: {', '.join(f'{kind} {n}' for kind, n in kinds.most_common(20)) or 'none'}\n"
                    f"again by hand: PYTHONPATH=tests/python:scripts {sys.executable} -m zoo {module} "
                    f"{zoo.folder / file_name(module)}.job.json", pytrace=False)


def kinds_of(error):
    """What an error begins with: the walker's rule, or the kind of exception."""
    return {line.split(":")[0] for line in (error or "").split("\n") if ":" in line and not line.startswith(" ")}


def compare(made, answers, module):
    """Yields what a reader's answers about the files of a case have wrong."""
    for folder, partition in made.partitions.items():
        files = [(path, columns, answers.get(path)) for where, path, columns in made.files if where == folder]
        place = ", ".join(path for path, _, _ in files)
        errors = [f"{path}: {answer['error'] if answer else 'no answer'}" for path, _, answer in files
                  if not answer or answer["error"]]
        if errors:
            yield from errors
            if any(not answer or not answer.get("columns") for _, _, answer in files):
                continue
        yield from (f"{place}: {text}" for text in wrong_columns(partition, files, lambda answer: answer))
        for size in dict.fromkeys(size for _, _, answer in files for size in answer.get("splits") or {}):
            whole = [(path, columns, answer) for path, columns, answer in files if size in (answer.get("splits") or {})]
            if len(whole) == len(files):
                yield from (f"{place}: splits of {size}: {text}"
                            for text in wrong_columns(partition, files, lambda answer: answer["splits"][size]))
        for setting in dict.fromkeys(setting for _, _, answer in files for setting in answer.get("filters") or {}):
            yield from (f"{place}: filters, {setting}: {text}"
                        for text in wrong_filters(partition, some_of(made.questions[folder], module), files, setting))


def wrong_columns(partition, files, part):
    rows = [part(answer)["rows"] for _, _, answer in files]
    if sum(rows) != partition.rows:
        yield f"wanted {partition.rows} rows, got {sum(rows)}"
    for name in partition.columns:
        wanted, got = partition.column(name), {"nulls": 0, "sum": 0}
        ends = {"min": [], "max": []}
        for (_, columns, answer), count in zip(files, rows):
            said = part(answer)["columns"].get(name) if name in columns else {"nulls": count, "sum": 0}
            if said is None:
                yield f"column {name}: no answer"
                return
            got["nulls"] += said["nulls"]
            got["sum"] += said["sum"]
            for end, values in ends.items():
                if said.get(end) is not None:
                    values.append(said[end])
        for end, best in (("min", min), ("max", max)):
            if ends[end]:
                got[end] = best(ends[end])
        differ = [k for k in got if got[k] != wanted.get(k)]
        if differ:
            yield f"column {name}: wanted " + ", ".join(f"{k} {short(wanted.get(k))}, got {short(got[k])}" for k in differ)


def wrong_filters(partition, questions, files, setting):
    counts = Counter()
    for path, columns, answer in files:
        own = [q for q in questions if q["column"] in columns]
        found = (answer.get("filters") or {}).get(setting)
        if found is None or len(found) != len(own):
            yield f"{path}: {len(own)} filters, {found and len(found)} answers"
            return
        for question, count in zip(own, found):
            counts[json.dumps(question)] += count
        for question in questions:
            if question["column"] not in columns and question["op"] == "is null":
                counts[json.dumps(question)] += answer["rows"]
    for question in questions:
        wanted = partition.matching(question)
        got = counts[json.dumps(question)]
        if got != wanted:
            value = "" if "value" not in question else f" {short(question['value'])}"
            yield f"{question['column']} {question['op']}{value}: wanted {wanted} rows, got {got}"


def compare_tables(asked, said, zoo):
    by_dest = {str(made.dest.path): made for made in zoo.made}
    for job, answer in zip(asked, said, strict=True):
        made = by_dest[job["dest"]]
        place = f"{made.case.name}: the table {job['dest']}"
        if answer["error"]:
            yield f"{place}: {answer['error']}"
            continue
        whole = expected.Partition(sum(p.rows for p in made.partitions.values()))
        for partition in made.partitions.values():
            for name, column in partition.columns.items():
                whole.columns.setdefault(name, expected.Column(column.kind)).counts.update(column.counts)
        yield from (f"{place}: {text}"
                    for text in wrong_columns(whole, [(place, set(whole.columns), answer)], lambda found: found))


def some_of(questions, module):
    """The filters that a reader is asked."""
    return questions[::-(-len(questions) // MOST_FILTERS.get(module, len(questions) or 1)) or 1]


def file_name(module):
    return module.replace(":", "-")


def short(value):
    text = repr(value)
    return text if len(text) < 100 else f"{text[:50]}…{text[-20:]} ({len(value)} characters)"


def spoil(answer, place, by):
    """Adds to a number deep in an answer."""
    for key in place[:-1]:
        answer = answer[key]
    answer[place[-1]] += by


@pytest.mark.parametrize("place, by, words", [
    ((), 0, []), (("rows",), -1, ["wanted 3 rows, got 2"]),
    (("columns", "bytes", "nulls"), 1, ["column bytes: wanted nulls 1, got 2"]),
    (("columns", "srcaddr", "sum"), 1, ["column srcaddr: wanted sum"]),
    (("columns", "srcaddr", "max"), "!", ["column srcaddr: wanted max 'b', got 'b!'"]),
    (("filters", "on", 0), 1, ["filters, on: bytes is null: wanted 1 rows, got 2"]),
    (("splits", "9", "rows"), -3, ["splits of 9: wanted 3 rows, got 0"]),
])
def test_a_wrong_answer_is_told(place, by, words):
    columns = {"srcaddr": expected.Column("string", Counter({"a": 2, "b": 1})),
               "bytes": expected.Column("int64", Counter({7: 2, None: 1}))}
    partition = expected.Partition(3, columns)
    questions = [{"column": "bytes", "op": "is null"}, {"column": "srcaddr", "op": ">", "value": "a"}]
    made = Made(None, None, {"day": partition}, [("day", "p", {"srcaddr": "string", "bytes": "int64"})], {"day": questions})
    part = {"rows": 3, "columns": {name: dict(partition.column(name)) for name in columns}}
    answer = {"path": "p", **part, "error": None, "filters": {"on": [1, 1]},
              "splits": {"9": {"rows": 3, "columns": part["columns"]}}}
    if place:
        spoil(answer, place, by)
    found = list(compare(made, {"p": answer}, "duck"))
    assert bool(found) == bool(words) and all(any(word in text for text in found) for word in words), found


@pytest.mark.skipif(not FULL, reason="scripts/test.sh --readers")
def test_parquet_cli_has_no_complaints(zoo):
    """check-stats, column-index and bloom-filter of parquet-mr's own tool, with values that Bloom filters must have."""
    if reason := jvm.missing():
        pytest.skip(reason)
    blooms = {}
    for made in zoo.made:
        for _, path, _ in made.files:
            if "Bloom filters" in made.case.variants:
                blooms[path] = {chunk.name: some_values(chunk) for chunk in walker.Walk(path).groups[0] if chunk.bloom}
    found = jvm.cli_complaints([path for made in zoo.made for _, path, _ in made.files], blooms)
    names = {path: made.case.name for made in zoo.made for _, path, _ in made.files}
    wrong = [f"{names[path]}: {path}: {line}" for path, lines in found.items() for line in lines
             if not (names[path] in WITHOUT_BOUNDS and line.endswith((" NONE", " have no bounds")))]
    assert not wrong, f"{len(wrong)} complaints\n" + "\n".join(text[:500] for text in wrong[:MOST_SHOWN])


# A column has bounds in all row groups or in none: none if one has a long string that cannot be raised.
WITHOUT_BOUNDS = {"strings of the last character", "only strings that cannot be raised", "merged files, long strings"}


def some_values(chunk):
    return [checksum.as_text(value) for value in chunk.distinct[:20]]


def test_polars_says_what_a_bare_folder_is(zoo):
    """Polars wants a pattern: beside the partitions lie _flowparquet/'s JSON files, which it would take for Parquet."""
    said = polars_.folder_scan(zoo.made[0].dest.path)
    assert said is not None, "it reads a bare DEST now: say so in the docs"
