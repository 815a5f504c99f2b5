"""The raw text, read plainly, and answers in a form in which they can be compared."""

import duckdb
import pyarrow as pa
import pyarrow.compute
from questions import DAY
from sqlglot import exp

TYPES = {"int32": "INTEGER", "int64": "BIGINT"}


def value_of(field):
    """In number columns `-` is NULL, in text it is text."""
    kind = TYPES.get(str(field.type))
    return f"""CAST(nullif("{field.name}", '-') AS {kind})""" if kind else f'"{field.name}"'


def summary(table):
    """Rows, and of each column its sum or its distinct values' count: what is compared where rows are too many."""
    result = [("rows", table.num_rows)]
    for name in sorted(table.column_names):
        column, compute = table.column(name), pa.compute
        text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        result.append((name, compute.count_distinct(column).as_py() if text else compute.sum(column).as_py() or 0))
    return result


def expression(predicate):
    """A predicate of a question in pyarrow's words."""
    if predicate is None:
        return None
    kind = predicate[0]
    if kind in ("and", "or"):
        first, *rest = (expression(p) for p in predicate[1:])
        for e in rest:
            first = first & e if kind == "and" else first | e
        return first
    column = pa.compute.field(predicate[1])
    if kind == "in":
        return column.isin([v.decode() if isinstance(v, bytes) else v for v in predicate[2]])
    low, high = predicate[2:]
    return column <= high if low is None else column >= low if high is None else (column >= low) & (column <= high)


class Raw:
    """The objects of a day as a table of DuckDB's own; `schema` is that of the Parquet file, in the order of the header."""

    def __init__(self, objects, schema):
        self.db = duckdb.connect(config={"threads": 2})
        read = ", ".join(f"""{value_of(field)} AS "{field.name}\"""" for field in schema)
        columns = {field.name: "VARCHAR" for field in schema}
        self.db.execute(f"""CREATE TABLE vpc_flow_logs AS
            SELECT {read}, '{DAY[:4]}' AS year, '{DAY[5:7]}' AS month, '{DAY[8:]}' AS day
            FROM read_csv({objects}, delim = ' ', header = true, quote = '', escape = '', auto_detect = false,
                          nullstr = '\\N', columns = {columns})""")

    def ask(self, question):
        return self.db.execute(question.sql("duckdb")).fetchall()

    def close(self):
        self.db.close()

    def scan(self, question):
        table = next(t for t in question.tree.find_all(exp.Table) if t.name == "vpc_flow_logs")
        where = table.parent_select.args["where"].sql(dialect="duckdb")
        names = ", ".join(f'"{c}"' for c in question.columns)
        return summary(self.db.sql(f"SELECT {names} FROM vpc_flow_logs {where}").to_arrow_table())


def comparable(rows):
    """Rows in an order of their own, with numbers as far as engines agree on them."""
    return sorted((tuple(_value(v) for v in row) for row in rows), key=repr)


def _value(value):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return tuple(_value(v) for v in value)
    if isinstance(value, str):
        return value
    number = float(value)
    return int(number) if number == int(number) and abs(number) < 2**53 else float(f"{number:.9g}")
