"""What every reader says of a column: how many rows are NULL, an order-free checksum of the others, least and greatest
value.

The checksum: the sum, over the rows that are not NULL, of the first four bytes (big-endian, unsigned) of the MD5 of the
value's text; UTF-8 of a string, decimal digits of a number.
"""

import functools
import hashlib
import operator

COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@functools.lru_cache(1 << 18)
def of_value(value):
    """The part of a sum that a value is; values are ints, strings or UTF-8 bytes."""
    text = value if isinstance(value, bytes) else str(value).encode()
    return int.from_bytes(hashlib.md5(text).digest()[:4], "big")


def of_counts(counts, nulls):
    """What a reader says of a column: `counts` is value -> number of rows."""
    total = sum(of_value(value) * count for value, count in counts.items())
    found = {"nulls": nulls, "sum": total}
    if counts:
        found["min"], found["max"] = (as_text(bound) for bound in (min(counts), max(counts)))
    return found


def as_text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def of_arrow(column):
    """The same of an Arrow array or chunked array: counted there, hashed here once per distinct value."""
    if column.type == "string_view":  # Of these, value_counts of pyarrow 26.0.1 counts NULL as an empty string.
        column = column.cast("string")
    counted = column.value_counts()
    chunks = counted.chunks if hasattr(counted, "chunks") else [counted]
    counts, nulls = {}, 0
    for chunk in chunks:
        for value, count in zip(chunk.field(0).to_pylist(), chunk.field(1).to_pylist()):
            if value is None:
                nulls += count
            else:
                counts[value] = counts.get(value, 0) + count
    return of_counts(counts, nulls)


def guarded(answer, job):
    """Calls `answer(job, found)`, which fills `found`; what goes wrong is its error, so that the other files are read
    too."""
    found = {"path": job["path"], "rows": 0, "columns": {}, "filters": {}, "error": None}
    try:
        answer(job, found)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a Rust library is no Exception
        found["error"] = f"{type(error).__name__}: {str(error)[:2000]}"
    return found


def sql_filter(question, value):
    """A WHERE clause; `value` writes a value as a literal."""
    column = '"' + question["column"] + '"'
    if question["op"] in ("is null", "is not null"):
        return f"{column} {question['op'].upper()}"
    return f"{column} {question['op']} {value(question['value'])}"


def sql_literal(value):
    """A number or a string as standard SQL has it."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def with_bounds(columns, names, row):
    """Puts what an engine says are min() and max() of the columns, in turn, into its answers."""
    for name, low, high in zip(names, row[::2], row[1::2]):
        columns[name] |= {"min": low, "max": high}
