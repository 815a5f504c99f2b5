"""Runs statements of Athena's SQL on Trino and in `flowparquet query`, over the same files, and says where the answers differ.

    FLOWPARQUET_BIN=… target/venv/bin/python tests/python/athena_sql.py [--answers FILE] [--random N] [--seed N]
                                                       [--shrink] [PATTERN]

prints a block for each statement whose answers differ. PATTERN chooses statements by `topic:name` or text. With --answers,
Trino's answers are kept in that file, so that it is asked again only what is new; without anything new it is not started.
"""

import argparse
import base64
import collections
import contextlib
import dataclasses
import datetime
import decimal
import functools
import hashlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field

sys.path += [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[2] / "scripts")]

import athena_rows  # noqa: E402
import trino_server  # noqa: E402
from flowlogs import Folder  # noqa: E402

CORPUS = pathlib.Path(__file__).parent / "athena"
SCHEMA, TABLE = "network", "vpc_flow_logs"


# --- the corpus -------------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """A statement, or some that belong together: views come before the one that gives rows."""

    topic: str
    name: str
    sql: str
    differs: str = ""  # why the answers differ and stay so: words of docs/query.md
    refused: bool | None = False  # Trino refuses it, so that nobody takes a slip of the pen for a test
    query: object = None  # of a random statement: what it was made from
    unordered: bool = False  # its ORDER BY does not decide the place of every row

    @property
    def id(self):
        return f"{self.topic}:{self.name}"

    @property
    def statements(self):
        return split(self.sql)

    @property
    def ordered(self):
        return not self.unordered and has_order(self.statements[-1])


def corpus():
    """Every case below athena/. In the files a case is a block: its name in a comment, maybe `-- refused`, `-- any order` or
    `-- differs: WHY`, then what is run. Empty lines part blocks."""
    cases = []
    for file in sorted(CORPUS.glob("*.sql")):
        for block in re.split(r"\n\s*\n", file.read_text().strip()):
            lines = block.split("\n")
            comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
            sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
            if not sql:
                continue  # a remark on the file
            case = Case(file.stem, comments[0], sql)
            for comment in comments[1:]:
                if comment.startswith("differs:"):
                    case.differs = comment.removeprefix("differs:").strip()
                case.refused |= comment == "refused"
                case.unordered |= comment == "any order"
            cases.append(case)
    return cases


def words(sql):
    """The tokens of a statement: quoted ones are whole, comments are left out."""
    return [t for t in re.findall(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\w+|\s+|.""", sql, re.S) if not t.startswith("--")]


def split(sql):
    """The statements of a text."""
    parts = [""]
    for word in words(sql):
        if word == ";":
            parts.append("")
        else:
            parts[-1] += word
    return [part.strip() for part in parts if part.strip()]


def has_order(sql):
    """Whether the rows of the whole statement are ordered."""
    depth, outer = 0, []
    for word in words(sql):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word.strip():
            outer.append(word.upper())
    return ("ORDER", "BY") in zip(outer, outer[1:])


# --- both sides -------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """Names, Trino's types and rows as JSON has them; or an error."""

    names: list = field(default_factory=list)
    types: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    error: str = ""
    broken: bool = False  # not refused, but failed: a fault of the program


class Ours:
    """The table on the local disk, and the program that is asked."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.source, self.dest = Folder(self.folder / "raw"), Folder(self.folder / "parquet")
        athena_rows.make_source(self.source.path, self.run)
        self.run("convert", self.source.path, self.dest.path, "--all", "--partition-by", "account-region-day")

    def run(self, *args, env=None, stdin="", expect=(0,)):
        home = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        ran = subprocess.run([str(self.binary), *map(str, args)], input=stdin, capture_output=True, text=True, cwd=self.folder,
                             errors="replace", env=home | (env or {}), timeout=120)
        ran.out = ran.stdout
        if expect and ran.returncode not in expect:
            raise RuntimeError(f"{args}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return ran

    def ask(self, case):
        ran = self.run("query", self.dest.path, "--file", "-", "--output", "json", stdin=case.sql, expect=None)
        if ran.returncode:
            text = ran.stderr.strip()
            broken = ran.returncode != 2 or re.search("panicked|internal error|likely caused by a bug", text, re.I)
            return Answer(error=text, broken=bool(broken))
        # Names may come twice; objects within are maps and rows.
        lines = [json.loads(line, object_pairs_hook=Pairs, parse_float=Number) for line in ran.stdout.splitlines()]
        names = [name for name, _ in lines[0]] if lines else []
        return Answer(names, [], [[value for _, value in line] for line in lines])

    def fingerprint(self):
        """Of the raw logs; the table's files have names that the disk decides."""
        return hashlib.sha256(repr(sorted(self.source.fingerprints().items())).encode()).hexdigest()[:16]


class Pairs(list):
    """A JSON object."""


class Number(float):
    """A JSON number with a point or an exponent, and how it was written."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


class Theirs:
    """The same files in Trino, on its local disk: by S3 and Glue, which test_trino.py judges, statements take twice as long."""

    def __init__(self, lake, ours):
        self.trino = dataclasses.replace(lake.trino, catalog="files", schema=SCHEMA, prepared={})
        folder = f"corpus-{uuid.uuid4().hex[:8]}"
        shutil.copytree(ours.dest.path, self.trino.folder / folder)
        self.trino.rows(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self.trino.rows(f"DROP TABLE IF EXISTS {TABLE}")
        printed = ours.run("ddl", ours.dest.path, "--format", "trino", "--projection", "msck", "--database", SCHEMA,
                           "--table", TABLE).out
        for statement in printed.split(";\n"):
            if statement.strip():
                self.trino.rows(re.sub(r"'file://[^']*'", f"'local:///{folder}/'", statement))
        self.wait(60)

    def wait(self, seconds):
        """Until there is a worker for what reads a table: Trino answers a little earlier."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self.trino.rows(f"SELECT count(bytes) FROM {TABLE}")
            except trino_server.QueryFailed as error:
                if "NO_NODES_AVAILABLE" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def ask(self, case):
        views = []
        self.trino.prepared.clear()
        try:
            for sql in case.statements:
                # Nothing may change the table that the next statement asks.
                assert re.match(r"\(|(SELECT|WITH|VALUES|TABLE|CREATE|PREPARE|EXECUTE)\b", sql, re.I), case.id
                if made := re.match(r"CREATE\s+(?:OR\s+REPLACE\s+)?VIEW\s+([\w.\"]+)", sql, re.I):
                    views.append(made[1])
                answer = self.trino.query(sql)
        except trino_server.QueryFailed as error:
            return Answer(error=str(error).removesuffix("\n" + sql))
        finally:
            for view in views:
                with contextlib.suppress(trino_server.QueryFailed):
                    self.trino.rows(f"DROP VIEW IF EXISTS {view}")
        # As JSON has them; a decimal keeps its digits.
        rows = [[f"{v:f}" if isinstance(v, decimal.Decimal) else str(v) if isinstance(v, datetime.date) else v for v in row]
                for row in answer.rows]
        return Answer(answer.names, answer.types, rows)


# --- comparing --------------------------------------------------------------------------------------------------------


def difference(case, theirs, ours):
    """What differs, in a few words; nothing if the answers are the same."""
    if bool(theirs.error) != case.refused and case.refused is not None:
        return "Trino refuses it, which is not expected" if theirs.error else "Trino does not refuse it, as is expected"
    if ours.broken:
        return "ours broke"
    if theirs.error or ours.error:
        return "" if theirs.error and ours.error else "only Trino refuses" if theirs.error else "only ours refuses"
    if len(theirs.rows) != len(ours.rows):
        return "the number of rows differs"
    if not theirs.rows:
        return ""
    if len(theirs.types) != len(ours.names):
        return "the number of columns differs"
    for their, our in zip(theirs.names, ours.names):
        if their.lower() != our.lower():
            return f"a column is called {our}, not {their}"
    types = [parse_type(t) for t in theirs.types]
    one, other = [[canonical_theirs(t, v) for t, v in zip(types, row)] for row in theirs.rows], ours.rows
    other = [[canonical_ours(t, v) for t, v in zip(types, row)] for row in other]
    if not case.ordered:
        one, other = sorted(one, key=rough), sorted(other, key=rough)
    for row, (a, b) in enumerate(zip(one, other)):
        for column, (x, y) in enumerate(zip(a, b)):
            if not same(x, y):
                what = "the type" if type(x) is not type(y) and x is not None and y is not None else "a value"
                return f"{what} differs: row {row + 1}, {theirs.names[column]}: {shown(x)} in Trino, {shown(y)} here"
    return ""


@functools.cache
def parse_type(text):
    """`map(varchar, array(bigint))` -> ("map", [("varchar", []), ("array", [("bigint", [])])])."""
    if "(" not in text:
        return text, []
    name, rest = text.split("(", 1)
    inner, after = rest.rsplit(")", 1)
    if name not in ("array", "map", "row"):
        return name + after, []
    parts, depth = [""], 0
    for letter in inner:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    parts = [part.strip() for part in parts]
    if name == "row":
        parts = [re.sub(r'^("[^"]*"|\w+) (?=\w)', "", part) for part in parts]
    return name, [parse_type(part) for part in parts]


WHOLE = ("tinyint", "smallint", "integer", "bigint")
FRACTIONS = {"double": 1e-11, "real": 1e-6}  # Trino adds in another order


@dataclass
class Fraction:
    value: float
    within: float

    def __str__(self):
        return f"double {self.value!r}"


@dataclass
class Exact:
    """A decimal, with all its digits."""

    text: str

    def __str__(self):
        return f"decimal {self.text}"


def moment(text):
    """Athena shows milliseconds at least, Trino as many digits as the type has."""
    return re.sub(r"(\d\d:\d\d:\d\d)(?:\.(\d+))?", lambda m: f"{m[1]}.{(m[2] or '').rstrip('0').ljust(3, '0')}", text)


def canonical_theirs(kind, value):
    """A value of Trino's in a form that is compared."""
    name, inner = kind
    if value is None:
        return None
    if name in FRACTIONS:
        return Fraction(float(value), FRACTIONS[name])
    if name.startswith("decimal"):
        return Exact(value)
    if name.startswith("time"):
        return moment(value)
    if name == "varbinary":
        return base64.b64decode(value).hex()
    if name == "array":
        return [canonical_theirs(inner[0], v) for v in value]
    if name == "row":
        return [canonical_theirs(t, v) for t, v in zip(inner, value)]
    if name == "map":
        return {str(k): canonical_theirs(inner[1], v) for k, v in sorted(value.items())}
    return value


def canonical_ours(kind, value):
    """The same of a value of ours, if it has the kind that it should; otherwise the value as it is."""
    name, inner = kind
    if name in FRACTIONS:
        # JSON has no word for these.
        if isinstance(value, float) or value in ("NaN", "inf", "-inf", "Infinity", "-Infinity"):
            return Fraction(float(value), FRACTIONS[name])
    elif name.startswith("decimal") and type(value) in (Number, int):
        return Exact(value.text if isinstance(value, Number) else str(value))
    elif name.startswith("time") and isinstance(value, str):
        return moment(value)
    elif name == "varbinary" and isinstance(value, str):
        return value.replace(" ", "").lower()
    elif name == "array" and isinstance(value, list) and not isinstance(value, Pairs):
        return [canonical_ours(inner[0], v) for v in value]
    elif name == "row" and isinstance(value, list):
        value = [v for _, v in value] if isinstance(value, Pairs) else value
        return [canonical_ours(t, v) for t, v in zip(inner, value)] if len(value) == len(inner) else value
    elif name == "map" and isinstance(value, Pairs):
        return {k: canonical_ours(inner[1], v) for k, v in sorted(value)}
    return value


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, Fraction):
        return math.isclose(a.value, b.value, rel_tol=a.within) or (math.isnan(a.value) and math.isnan(b.value))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b


def shown(value):
    if isinstance(value, (Fraction, Exact)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) + "}"
    return "NULL" if value is None else repr(value)


def rough(row):
    """Sorts rows whose fractions may differ in their last digits; those that differ more have an order of their own."""
    def key(value, digits):
        if isinstance(value, Fraction):
            return f"{value.value:.{digits}e}"
        return "".join(key(v, digits) for v in value) if isinstance(value, list) else repr(value)
    return [key(value, digits) for digits in (8, 16) for value in row]


def block(case, why, theirs, ours):
    """What someone needs to mend a difference."""
    lines = [f"=== {case.id}: {why}", case.sql]
    if theirs.error:
        lines.append(f"Trino: {' '.join(theirs.error.split())}")
    else:
        lines.append("Trino: " + ", ".join(f"{n} {t}" for n, t in zip(theirs.names, theirs.types)))
        lines += rows_shown(theirs.rows)
    if ours.error:
        lines.append(f"here: {' '.join(ours.error.split())[:600]}")
    else:
        lines.append("here: " + ", ".join(ours.names)[:200])
        lines += rows_shown(ours.rows)
    return "\n".join(lines) + "\n"


def rows_shown(rows):
    shown = ["  " + json.dumps(as_written(row), ensure_ascii=False)[:300] for row in rows[:5]]
    return shown + ([f"  … {len(rows)} rows"] if len(rows) > 5 else [])


def as_written(value):
    """With the digits that decimals have."""
    if isinstance(value, list):
        return [as_written(v) for v in value]
    return value.text if isinstance(value, Number) else value


# --- by hand ----------------------------------------------------------------------------------------------------------


class Kept:
    """Trino's answers, kept in a file; Trino starts when something is not in it."""

    def __init__(self, path, ours, stack):
        self.path, self.ours, self.stack, self.theirs = path and pathlib.Path(path), ours, stack, None
        known = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}
        self.rows, self.answers = ours.fingerprint(), {}
        if known.get("rows") == self.rows:
            self.answers = known["answers"]

    def ask(self, case):
        if case.sql not in self.answers:
            if not self.theirs:
                from lake import open_lake
                self.theirs = Theirs(self.stack.enter_context(open_lake()), self.ours)
            answer = self.theirs.ask(case)
            self.answers[case.sql] = {"names": answer.names, "types": answer.types, "rows": answer.rows, "error": answer.error}
        return Answer(**self.answers[case.sql])

    def save(self):
        if self.path and self.theirs:
            self.path.write_text(json.dumps({"rows": self.rows, "answers": self.answers}))


def ready_queries(ours):
    """Those that `flowparquet queries` prints."""
    cases = []
    for query in json.loads(ours.run("queries", "--json").out):
        name = query["name"]
        settings = {p["name"]: p["example"] for p in query["parameters"] if p.get("default") is None}
        if any(p["name"] == "limit" for p in query["parameters"]):
            settings["limit"] = 100_000  # rows that tie at a limit may be any of them
        words = [word for item in settings.items() for word in ("--set", "=".join(map(str, item)))]
        if name == "local-day":
            words += ["--local-day", "2026-01-15", "--tz", "Asia/Tokyo"]
        elif name != "local-time-view":
            words += ["--from", "2026-01-14", "--to", "2026-01-16"]
        sql = ours.run("queries", name, *words).out.strip()
        if name == "local-time-view":
            sql += ("\nSELECT local_day, count(*) AS flows, min(local_start) AS first, max(local_end) AS last"
                    "\nFROM vpc_flow_logs_local WHERE year = '2026' AND month = '01' GROUP BY 1 ORDER BY 1")
        cases.append(Case("ready", name, sql, unordered=True))
    return cases


def main():
    import athena_random  # which takes Case from here

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--answers", metavar="FILE")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="as many random statements too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrink", action="store_true", help="print a smaller one for each random statement that differs")
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    binary = pathlib.Path(os.environ.get("FLOWPARQUET_BIN") or "target/release/flowparquet").resolve()
    with tempfile.TemporaryDirectory(prefix="athena-") as folder, contextlib.ExitStack() as stack:
        ours = Ours(binary, folder)
        kept = Kept(args.answers, ours, stack)
        cases = corpus() + ready_queries(ours)
        cases += athena_random.cases(args.random, args.seed)
        cases = [c for c in cases if re.search(args.pattern, c.id) or args.pattern in c.sql]
        counts, differing, kinds = collections.Counter(), collections.Counter(), collections.Counter()
        for case in cases:
            theirs, answer = kept.ask(case), ours.ask(case)
            why = difference(case, theirs, answer)
            counts[case.topic] += 1
            if why and not case.differs:
                differing[case.topic] += 1
                kinds[why.split(":")[0]] += 1
                if case.query and args.shrink:
                    case = athena_random.shrink(case, lambda c: difference(c, kept.ask(c), ours.ask(c)).split(":")[0])
                    theirs, answer = kept.ask(case), ours.ask(case)
                    why = difference(case, theirs, answer)
                print(block(case, why, theirs, answer), flush=True)
            elif case.differs and not why:
                print(f"=== {case.id}: the answers are the same now\n")
        kept.save()
        print(f"{sum(differing.values())} of {sum(counts.values())} statements differ: "
              + ", ".join(f"{topic} {differing[topic]}/{counts[topic]}" for topic in counts))
        print(", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    sys.exit(bool(differing))


if __name__ == "__main__":
    sys.modules["athena_sql"] = sys.modules["__main__"]  # one Case for all
    main()
