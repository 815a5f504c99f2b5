"""Whether two answers are the same: rows, types and names, or both refuse."""

import base64
import functools
import math
import re
from dataclasses import dataclass

from athena_sql import Number, Pairs


def difference(case, theirs, ours):
    """What differs, in a few words; nothing if the answers are the same."""
    if bool(theirs.error) != case.refused and case.refused is not None:
        return "Trino refuses it, which is not expected" if theirs.error else "Trino does not refuse it, as is expected"
    if ours.broken:
        return "ours broke"
    if theirs.error or ours.error:
        return "" if theirs.error and ours.error else "only Trino refuses" if theirs.error else "only ours refuses"
    if len(theirs.rows) != len(ours.rows):
        return f"the number of rows differs: {len(theirs.rows)} in Trino, {len(ours.rows)} here"
    if not theirs.rows:
        return ""
    if len(theirs.types) != len(ours.names):
        return f"the number of columns differs: {len(theirs.types)} in Trino, {len(ours.names)} here"
    for their, our in zip(theirs.names, ours.names):
        if their.lower() != our.lower():
            return f"a name differs: {their} in Trino, {our} here"
    for number, (one, other) in enumerate(zip(*paired(case, theirs, ours)), 1):
        for name, x, y in zip(theirs.names, one, other):
            if not same(x, y):
                what = "the type" if type(x) is not type(y) and x is not None and y is not None else "a value"
                return f"{what} differs: row {number}, {name}: {shown(x)} in Trino, {shown(y)} here"
    return ""


def paired(case, theirs, ours):
    """The rows of both sides in a form that is compared, in one order."""
    types = [parse_type(t) for t in theirs.types]
    one = [[canonical_theirs(t, v) for t, v in zip(types, row)] for row in theirs.rows]
    other = [[canonical_ours(t, v) for t, v in zip(types, row)] for row in ours.rows]
    return (one, other) if case.ordered else (sorted(one, key=rough), sorted(other, key=rough))


def block(case, theirs, ours):
    """What someone needs to mend a difference; the rows begin where they differ."""
    lines = [f"=== {case.id}: {difference(case, theirs, ours)}", case.sql]
    one, other = paired(case, theirs, ours) if theirs.types and not ours.error else (theirs.rows, ours.rows)
    first = next((at for at, (a, b) in enumerate(zip(one, other)) if not all(map(same, a, b))), 0)
    named = ", ".join(f"{name} {kind}" for name, kind in zip(theirs.names, theirs.types))
    lines += [f"Trino: {' '.join(theirs.error.split()) or named}"] + some(one, first)
    lines += [f"here: {' '.join(ours.error.split())[:600] or ', '.join(ours.names)[:200]}"] + some(other, first)
    return "\n".join(lines) + "\n"


def some(rows, first):
    lines = ["  " + ", ".join(map(shown, row))[:300] for row in rows[first:first + 5]]
    return lines + ([f"  … {len(rows)} rows"] if len(rows) > 5 else [])


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
    elif name.startswith("decimal") and type(value) in (Number, int, str):
        # A number with all its digits, or a text: most readers of JSON make doubles of numbers.
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
