"""What the tables must say, by an independent reading of the raw text: nothing here knows flowparquet, nor Parquet.

In: a case and the objects that it was made from. Out: per partition the columns with all their values counted; from
these the checksums, the filters of a job and their answers.
"""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field

import flowlogs
from flowlogs import INT32, INT64

from . import checksum

MOST_FILTERED, MOST_OF_A_COLUMN = 6, 14  # columns of a file that get filters, and how many each

_NAME = re.compile(r"/(?P<account>\d+)_vpcflowlogs_(?P<region>[a-z0-9-]+)_fl-[0-9a-f]+_"
                   r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)T(?P<h>\d\d)\d\dZ_[0-9a-f]+\.log\.gz$")
_FOLDERS = {
    "day": "year={y}/month={m}/day={d}",
    "hour": "year={y}/month={m}/day={d}/hour={h}",
    "account-region-day": "aws_account_id={account}/aws_region={region}/year={y}/month={m}/day={d}",
}


@dataclass
class Column:
    """All values of a column in a partition."""

    kind: str
    counts: Counter = field(default_factory=Counter)  # value -> rows; None where it is NULL

    def answer(self, rows):
        """`rows`: of the partition; those of objects without the column are NULL."""
        counts = {value: n for value, n in self.counts.items() if value is not None}
        return checksum.of_counts(counts, rows - sum(counts.values()))

    def matching(self, question, rows):
        op, have = question["op"], {v: n for v, n in self.counts.items() if v is not None}
        if op == "is null":
            return rows - sum(have.values())
        if op == "is not null":
            return sum(have.values())
        # Strings in the order of their bytes: Python's own, by code points, is the same.
        return sum(n for v, n in have.items() if checksum.COMPARE[op](v, question["value"]))


@dataclass
class Partition:
    """What a partition's files hold together."""

    rows: int = 0
    columns: dict = field(default_factory=dict)
    maybe: set = field(default_factory=set)  # columns that only objects without rows name
    known: dict = field(default_factory=dict)  # what was computed before

    def column(self, name):
        """What a reader must say of a column."""
        if name not in self.known:
            self.known[name] = self.columns[name].answer(self.rows)
        return self.known[name]

    def matching(self, question):
        """How many rows a filter must find."""
        text = json.dumps(question)
        if text not in self.known:
            self.known[text] = self.columns[question["column"]].matching(question, self.rows)
        return self.known[text]


def read(case, objects):
    """Partition folder -> Partition, of {key: text}."""
    found = {}
    for name, content in objects.items():
        folder = _FOLDERS[case.partition_by].format(**_NAME.search("/" + name).groupdict())
        partition = found.setdefault(folder, Partition())
        for fields, rows in formats(content):
            if not rows:
                partition.maybe |= {flowlogs.column(f) for f in fields}
            partition.rows += len(rows)
            for at, name_of in enumerate(fields if rows else ()):
                column = partition.columns.setdefault(flowlogs.column(name_of), Column(kind(name_of)))
                for word, count in Counter(row[at] for row in rows).items():
                    value = None if case.dash_as_null and word == "-" else flowlogs.value(name_of, word)
                    column.counts[value] += count
    return {folder: partition for folder, partition in found.items() if partition.rows}


def formats(content):
    """The rows of an object by header: [(fields, rows)]. A line whose first word is a field's name is a header."""
    found = []
    for line in content.split("\n"):
        words = line.split(" ")
        if line and (not found or words[0] in _FIELDS):
            found.append((words, []))
        elif line:
            found[-1][1].append(words)
    return found


_FIELDS = {*flowlogs.V5, *flowlogs.TGW}


def kind(name):
    return "int32" if name in INT32 else "int64" if name in INT64 else "string"


# --- filters ----------------------------------------------------------------------------------------------------------


def filters(case, partition, columns, most=MOST_FILTERED, a_column=MOST_OF_A_COLUMN):
    """The filters of a job over a partition's file that has these columns: on the columns that the case is about first,
    then on others, of every type; `a_column` at most of each, drawn by the case's name."""
    rng = random.Random(case.name)
    names = [name for name in columns if name in partition.columns]
    rng.shuffle(names)
    by_kind = {}
    for name in names:
        by_kind.setdefault(partition.columns[name].kind, []).append(name)
    turns = [group[i] for i in range(len(names)) for group in by_kind.values() if i < len(group)]
    chosen = list(dict.fromkeys([*(name for name in case.focus if name in names), *turns]))[:most]
    out = []
    for name in chosen:
        made = [{"column": name, **question} for question in questions(partition.columns[name], rng)]
        made = list({json.dumps(question): question for question in made}.values())
        out += made if len(made) <= a_column else rng.sample(made, a_column)
    return out


def questions(column, rng):
    """Filters on a column: values that are there, absent ones between, below and above, bounds, ranges, NULL."""
    yield {"op": "is null"}
    yield {"op": "is not null"}
    values = sorted(value for value in column.counts if value is not None)
    if not values:
        yield {"op": "=", "value": "no" if column.kind == "string" else 1}
        return
    least, middle, greatest = values[0], values[len(values) // 2], values[-1]
    for value in dict.fromkeys([least, middle, greatest, rng.choice(values)]):
        yield {"op": "=", "value": value}
    for op in ("<", "<=", ">", ">="):
        yield {"op": op, "value": middle}
    yield {"op": "<", "value": least}
    yield {"op": "<=", "value": least}
    yield {"op": ">", "value": greatest}
    yield {"op": ">=", "value": greatest}
    if column.kind == "string":
        yield from _around_string(values, middle, greatest, rng)
    else:
        low, high = (-(1 << 31), (1 << 31) - 1) if column.kind == "int32" else (-(1 << 63), (1 << 63) - 1)
        if least > low:
            yield {"op": "=", "value": least - 1}
            yield {"op": "<=", "value": least - 1}
        if greatest < high:
            yield {"op": "=", "value": greatest + 1}
            yield {"op": ">=", "value": greatest + 1}
        absent = (middle + 1, middle - 1, (least + greatest) // 2)
        for value in [v for v in absent if least < v < greatest and v not in column.counts][:1]:
            yield {"op": "=", "value": value}
            yield {"op": "<", "value": value}


def _around_string(values, middle, greatest, rng):
    here = set(values)
    for value in (middle + "!", greatest + "!", values[0][:-1], "\U0010ffff\U0010ffff"):
        if value not in here:
            yield {"op": "=", "value": value}
    yield {"op": ">=", "value": greatest + "!"}
    yield {"op": "<=", "value": values[0][:-1]}
    if long := [value for value in values if len(value.encode()) > 256]:
        for value in dict.fromkeys([long[0], long[-1], rng.choice(long)]):
            prefix = value.encode()[:256].decode(errors="ignore")
            for question in ((value, "="), (value, ">"), (value, "<="), (prefix, "="), (prefix, ">"), (prefix, "<="),
                             (prefix[:-1] + "\U0010ffff", "<"), (prefix[:-1] + "\U0010ffff", "=")):
                yield {"op": question[1], "value": question[0]}
