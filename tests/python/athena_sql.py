"""Statements of Athena's SQL, and the two who run them over the same files: Trino and `flowparquet query`."""

import contextlib
import dataclasses
import datetime
import decimal
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field

import athena_rows
import trino_server
from flowlogs import Folder

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


# --- both sides -------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """Names, Trino's types and rows as JSON has them; or an error."""

    names: list = field(default_factory=list)
    types: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    error: str = ""
    broken: bool = False  # not refused, but failed: a fault of the program
    notes: list = field(default_factory=list)  # what Athena may answer otherwise


class Ours:
    """The table on the local disk, and the program that is asked."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.source, self.dest = Folder(self.folder / "raw"), Folder(self.folder / "parquet")
        athena_rows.make_source(self.source.path, self.run)
        self.run("convert", self.source.path, self.dest.path, "--all", "--partition-by", "account-region-day")

    def run(self, *args, env=None, stdin="", expect=(0,), timeout=120):
        home = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        ran = subprocess.run([str(self.binary), *map(str, args)], input=stdin, capture_output=True, text=True, cwd=self.folder,
                             errors="replace", env=home | (env or {}), timeout=timeout)
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
        notes = re.findall(r"Athena may answer otherwise: (.*) \(docs/query.md\)", ran.stderr)
        return Answer(names, [], [[value for _, value in line] for line in lines], notes=notes)

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
