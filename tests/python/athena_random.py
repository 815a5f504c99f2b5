"""Random statements of Athena's SQL over the table of athena_rows.py: typed, so that most are valid, and deterministic, so that
two engines must agree. The same seed gives the same statements.

What is ordered is ordered by all that is shown, and exact values come before sums of fractions, whose last digits depend on
the order of adding. What fails for one row alone (casts, division by zero) is left out: engines may or may not get to it.
"""

import copy
import random
import re
from dataclasses import dataclass, field

from athena_sql import Case

COLUMNS = {
    "integer": ["srcport", "dstport", "protocol", "tcp_flags", "traffic_path", "encryption_status"],
    "bigint": ["packets", "bytes", "start", '"end"'],
    "varchar": ["srcaddr", "dstaddr", "action", "log_status", "interface_id", "account_id", "day", "month", "instance_tag",
                "interface_tag", "flow_direction", "az_id", "vpc_id", "aws_region", "aws_account_id", "resource_id"],
}
NUMBERS = ["integer", "bigint", "decimal", "double"]

# What makes an expression of a type: a template, and the types of its parts. Types in small letters are of the table; `one`,
# `text`, … are literals of LITERALS.
FORMS = {
    "integer": """
        {} + {}|integer one
        {} - {}|integer one
        {} * {}|integer one
        -{}|integer
        {} % {}|integer one
        {} / {}|integer one
        abs({})|integer
        coalesce({}, {})|integer one
        nullif({}, {})|integer integer
        greatest({}, {})|integer integer
        least({}, {})|integer port
        if({}, {}, {})|boolean integer integer
        if({}, {})|boolean integer
        CASE WHEN {} THEN {} WHEN {} THEN {} END|boolean integer boolean one
        CASE {} WHEN {} THEN {} ELSE {} END|integer port integer one
        TRY_CAST({} AS integer)|varchar
        CAST({} AS integer)|boolean
        {}|port""",
    "bigint": """
        {} + {}|bigint integer
        {} - {}|bigint bigint
        {} / {}|bigint one
        {} % {}|bigint one
        {} * {}|bigint one
        abs({})|bigint
        -{}|bigint
        length({})|varchar
        strpos({}, {})|varchar text
        position({} IN {})|text varchar
        bitwise_xor({}, {})|integer bigint
        year({})|timestamp
        EXTRACT(DOW FROM {})|date
        greatest({}, {}, {})|bigint one bigint
        cardinality(split({}, {}))|varchar letter
        bitwise_and({}, {})|integer integer
        bitwise_or({}, {})|integer one
        coalesce({}, {})|bigint integer
        if({}, {}, {})|boolean bigint integer
        greatest({}, {})|bigint integer
        CASE WHEN {} THEN {} ELSE {} END|boolean bigint integer
        CAST({} AS bigint)|integer
        CAST({} AS bigint)|decimal
        CAST(round({}) AS bigint)|double
        floor({})|bigint
        round({}, -2)|bigint
        hour({})|zoned
        minute({})|timestamp
        day_of_week({})|date
        month({})|date
        date_diff('minute', {}, {})|timestamp timestamp
        date_diff('day', {}, {})|date date
        date_diff('hour', {}, {})|zoned zoned""",
    "decimal": """
        {} / {}|bigint scaled
        {} / {}|integer scaled
        {} * {}|integer fraction
        {} * {}|bigint fraction
        {} + {}|decimal fraction
        {} - {}|decimal integer
        {} % {}|decimal scaled
        abs({})|decimal
        -{}|decimal
        round({}, 1)|decimal
        round({})|decimal
        floor({})|decimal
        ceil({})|decimal
        CAST({} AS decimal(20, 2))|bigint
        CAST({} AS decimal(25, 1))|double
        coalesce({}, {})|decimal one
        coalesce({}, {})|decimal fraction
        if({}, {}, {})|boolean decimal fraction
        greatest({}, {})|decimal integer
        CASE WHEN {} THEN {} ELSE {} END|boolean decimal one
        100.0 * {} / nullif({}, 0)|integer bigint
        {}|fraction""",
    "double": """
        CAST({} AS double)|bigint
        CAST({} AS double)|decimal
        {} / {}|bigint float
        {} * {}|double float
        {} + {}|double integer
        sqrt(abs({}))|bigint
        round({}, 2)|double
        round({})|double
        floor({})|double
        ceil({})|double
        abs({})|double
        coalesce({}, {})|double one
        if({}, {}, {})|boolean double decimal
        to_unixtime({})|zoned
        TRY_CAST({} AS double)|varchar
        {} / nullif({}, 0)|double bigint""",
    "varchar": """
        {} || {}|varchar varchar
        concat({}, {}, {})|varchar text varchar
        substr({}, {})|varchar one
        substr({}, {}, {})|varchar one one
        upper({})|varchar
        lower({})|varchar
        reverse({})|varchar
        trim({})|varchar
        replace({}, {}, {})|varchar letter text
        split_part({}, {}, {})|varchar letter one
        element_at(split({}, {}), {})|varchar letter one
        lpad({}, {}, {})|varchar one letter
        coalesce({}, {})|varchar text
        nullif({}, {})|varchar dash
        greatest({}, {})|varchar varchar
        if({}, {}, {})|boolean varchar text
        CASE WHEN {} THEN {} ELSE {} END|boolean varchar text
        CASE {} WHEN {} THEN {} END|integer port varchar
        CAST({} AS varchar)|integer
        CAST({} AS varchar)|bigint
        CAST({} AS varchar)|decimal
        CAST({} AS varchar)|double
        CAST({} AS varchar)|boolean
        CAST({} AS varchar)|date
        CAST({} AS varchar)|timestamp
        CAST({} AS varchar)|zoned
        date_format({}, '%Y-%m-%d %H:%i')|zoned
        regexp_replace({}, '\\d+', '#')|varchar
        regexp_extract({}, '^\\w+')|varchar
        array_join(split({}, {}), {})|varchar letter text
        CAST(TRY_CAST({} AS ipaddress) AS varchar)|address
        concat_ws('/', {}, {})|varchar varchar
        to_hex(md5(to_utf8({})))|varchar
        element_at(map(ARRAY[6, 17], ARRAY['tcp', 'udp']), {})|integer
        array_join(transform(split({}, {}), x -> x || '!'), {})|varchar letter text
        rtrim(ltrim({}))|varchar
        format('%s:%s', {}, {})|varchar integer
        {}|text""",
    "boolean": """
        {} = {}|integer port
        {} <> {}|integer integer
        {} < {}|bigint integer
        {} >= {}|bigint bigint
        {} > {}|decimal one
        {} <= {}|decimal decimal
        {} > {}|double bigint
        {} = {}|varchar varchar
        {} <> {}|varchar dash
        {} > {}|varchar text
        {} LIKE {}|varchar pattern
        {} NOT LIKE {}|varchar pattern
        {} IN ({}, {})|integer port port
        {} IN ({}, {}, NULL)|integer port port
        {} NOT IN ({}, {})|varchar text dash
        {} BETWEEN {} AND {}|bigint integer bigint
        {} NOT BETWEEN {} AND {}|integer one port
        {} IS NULL|bigint
        {} IS NOT NULL|varchar
        {} IS DISTINCT FROM {}|integer integer
        {} AND {}|boolean boolean
        {} OR {}|boolean boolean
        NOT {}|boolean
        coalesce({}, false)|boolean
        regexp_like({}, '^[a-e1-3]')|varchar
        starts_with({}, {})|varchar letter
        contains('10.0.0.0/8', TRY_CAST({} AS ipaddress))|address
        contains(ARRAY[{}, {}], {})|port port integer
        any_match(split({}, {}), part -> length(part) > {})|varchar letter one
        {} < {}|zoned zoned
        {} >= {}|timestamp timestamp
        {} = {}|date date
        {} > {}|zoned moment""",
    "zoned": """
        from_unixtime({})|seconds
        from_unixtime({}) AT TIME ZONE {}|seconds zone
        from_unixtime({}, {})|seconds zone
        date_trunc({}, {})|unit zoned
        date_add({}, {}, {})|unit one zoned
        {} + INTERVAL '90' MINUTE|zoned
        {} - INTERVAL '1' DAY|zoned
        at_timezone({}, {})|zoned zone
        if({}, {})|boolean zoned""",
    "timestamp": """
        CAST({} AS timestamp)|zoned
        CAST({} AS timestamp)|date
        date_trunc({}, {})|unit timestamp
        date_add({}, {}, {})|unit one timestamp
        {} + INTERVAL '1' MONTH|timestamp
        date_parse(year || month || day, '%Y%m%d')|""",
    "date": """
        CAST({} AS date)|zoned
        CAST({} AS date)|timestamp
        date({})|zoned
        date_add('day', {}, {})|one date
        date_trunc('month', {})|date
        {} + INTERVAL '2' DAY|date
        CAST(concat(year, '-', month, '-', day) AS date)|
        last_day_of_month({})|date
        DATE '2026-01-15'|""",
    # Arrays with NULL in them have no order.
    "array": """
        split(coalesce({}, ''), {})|varchar letter
        ARRAY[coalesce({}, 0), {}]|integer one
        ARRAY[coalesce({}, '?'), {}]|varchar text
        array_sort(ARRAY[coalesce({}, 5), {}, {}])|bigint port one
        transform(ARRAY[{}, {}], x -> x + 1)|one port
        filter(split(coalesce({}, '-'), {}), x -> x <> '0')|varchar letter
        sequence(1, {})|one
        array_distinct(ARRAY[coalesce({}, 7), {}])|integer port
        concat(ARRAY[coalesce({}, 1)], ARRAY[{}])|bigint one
        slice(split(coalesce({}, ''), {}), 1, 2)|varchar letter""",
}
LITERALS = {
    "one": ["1", "2", "3", "7", "10"],
    "port": ["443", "22", "0", "53", "6", "17"],
    "fraction": ["0.5", "1.50", "2.0", "0.09", "10.25"],
    "scaled": ["2.0", "1024.0", "3.00", "60.0", "0.5"],
    "float": ["2e0", "1e3", "0.5e0", "3e0"],
    "text": ["'10.0.0.5'", "'ACCEPT'", "'a'", "''", "'ü'", "'x-y'"],
    "letter": ["'.'", "'-'", "','", "':'", "'0'"],
    "dash": ["'-'"],
    "pattern": ["'10.%'", "'%:%'", "'_C%'", "'%0_'", "'-'"],
    "seconds": ["start", '"end"', "start", "start - 3600"],
    "zone": ["'Asia/Tokyo'", "'UTC'", "'America/New_York'", "'Europe/Berlin'"],
    "unit": ["'hour'", "'day'", "'minute'"],
    "moment": ["TIMESTAMP '2026-01-15 12:00:00 UTC'", "TIMESTAMP '2026-01-15 21:00:00 Asia/Tokyo'"],
    "address": ["srcaddr", "dstaddr"],
}
AGGREGATES = """
    count(*)|
    count({})|any
    count(DISTINCT {})|exact
    count_if({})|boolean
    sum({})|integer
    sum({})|bigint
    sum({})|decimal
    avg({})|integer
    avg({})|bigint
    avg({})|decimal
    min({})|exact
    max({})|exact
    sum({}) FILTER (WHERE {})|bigint boolean
    count(*) FILTER (WHERE {})|boolean
    bool_or({})|boolean
    bool_and({})|boolean
    sum(if({}, {}, 0))|boolean bigint
    sum({}) * 100.0 / count(*)|integer
    round(sum({}) / 1024.0, 2)|bigint
    max({}) - min({})|integer integer
    array_agg({} ORDER BY {} DESC) FILTER (WHERE {} IS NOT NULL)|same same same
    array_agg(DISTINCT {} ORDER BY {}) FILTER (WHERE {} IS NOT NULL)|same same same
    listagg(action, ',') WITHIN GROUP (ORDER BY action)|
    stddev({})|integer
    max_by({}, {})|same same
    approx_percentile({} * 1e0, 1.0)|bigint"""
ADDED = ("avg(", "stddev(")  # in an order of their own on each side
# Parts of one day or a few; the extremes of 2024 are left out, where every sum is refused.
DAYS = ["year = '2026' AND month = '01' AND day = '15'", "year = '2026' AND month = '01' AND day = '16'",
        "year = '2026' AND month = '01' AND day IN ('15', '16')", "year = '2026' AND day BETWEEN '16' AND '28'",
        "year = '2026' AND month = '02'", "year = '2025'", "concat(year, month, day) >= '20260115'",
        "year = '2026' AND day = '15' AND aws_region = 'us-east-1'"]
# Statements that must be refused, for what is wrong in them alone.
WRONG = ["day = {}|port", "{} = {}|integer text", "{} > {}|bigint varchar", "{} LIKE '1%'|integer", "{} = {}|date text",
         "upper({}) = 'A'|bigint", "{} IN ('a', 1)|varchar", "{} > TIMESTAMP '2026-01-15 00:00:00'|bigint", "{}|integer",
         "no_such_column = {}|one", "no_such_function({}) = 1|integer", "length({}) > 1|integer", "{} + {} = 1|varchar one",
         "sum({}) > 1|integer", "end > {}|one"]


@dataclass
class Expr:
    """An expression: a template of its parts."""

    type: str
    template: str
    parts: list = field(default_factory=list)

    def __str__(self):
        return self.template.format(*(part.inner() for part in self.parts)) if self.parts else self.template

    def inner(self):
        """Within another: in parentheses, unless it is a name, a literal or a call."""
        text = str(self)
        return text if re.fullmatch(r'[\w."]+|\'[^\']*\'|\w+\([^()]*\)', text) else f"({text})"


@dataclass
class Query:
    """A SELECT: what it shows, of what, and how it is ordered: by all that is shown."""

    source: object  # text, or a Query
    items: list
    where: list = field(default_factory=list)
    aggregates: list = field(default_factory=list)
    having: list = field(default_factory=list)
    directions: list = field(default_factory=list)  # none: no order
    distinct: bool = False
    limit: int = 0
    set_operation: str = ""
    other: object = None
    joined: str = ""
    sets: str = ""

    def __str__(self):
        shown = self.items + self.aggregates
        text = "SELECT " + ("DISTINCT " if self.distinct else "")
        text += ", ".join(f"{expr} AS c{at}" for at, expr in enumerate(shown, 1))
        text += f" FROM ({self.source}) AS s" if isinstance(self.source, Query) else f" FROM {self.source}"
        text += self.joined
        if self.where:
            text += " WHERE " + " AND ".join(expr.inner() if isinstance(expr, Expr) else expr for expr in self.where)
        if self.aggregates and self.items:
            text += " GROUP BY " + (self.sets or ", ".join(map(str, range(1, len(self.items) + 1))))
        if self.having:
            text += " HAVING " + " AND ".join(map(str, self.having))
        if self.other:
            text += f" {self.set_operation} {self.other}"
        if self.directions:
            # Exact values first.
            places = sorted(range(len(shown)), key=lambda at: str(shown[at]).startswith(ADDED))
            text += " ORDER BY " + ", ".join(f"{at + 1}{self.directions[at % len(self.directions)]}" for at in places)
        if self.limit and self.directions:
            text += f" LIMIT {self.limit}"
        return text


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.columns = COLUMNS
        self.forms = {kind: [line.strip().rsplit("|", 1) for line in lines.strip().split("\n")] for kind, lines in FORMS.items()}
        self.aggregates = [line.strip().rsplit("|", 1) for line in AGGREGATES.strip().split("\n")]

    def literal(self, kind):
        return Expr(kind, self.rng.choice(LITERALS[kind]))

    def expr(self, kind, depth):
        rng = self.rng
        if kind in LITERALS:
            return self.literal(kind)
        if kind in self.columns and (depth <= 0 or rng.random() < 0.3):
            return Expr(kind, rng.choice(self.columns[kind]))
        if kind == "boolean" and depth > 0 and self.columns is COLUMNS and rng.random() < 0.05:
            return self.among()
        forms = self.forms[kind]
        if depth <= 0:  # the shallowest ones there are
            forms = [form for form in forms if all(part in LITERALS or part in self.columns for part in form[1].split())]
        return self.of(kind, rng.choice(forms), depth)

    def of(self, kind, form, depth):
        template, types = form
        return Expr(kind, template, [self.expr(part, depth - 1) for part in types.split()])

    def aggregate(self, depth):
        template, types = self.rng.choice(self.aggregates)
        exact = self.expr(self.rng.choice(["integer", "bigint", "varchar", "date", "decimal"]), depth)
        while re.fullmatch(r"[-\d.]+|'[^']*'", str(exact)):  # array_agg does not order by a literal here
            exact = self.expr(self.rng.choice(["integer", "bigint", "varchar"]), depth)
        column = Expr("varchar", self.rng.choice(self.columns["varchar"]))
        parts = []
        for part in types.split():
            if part in ("any", "exact"):
                parts.append(self.expr(self.rng.choice(["integer", "bigint", "varchar", "decimal", "zoned", "date"]), depth))
            else:
                parts.append({"same": exact, "column": column}.get(part) or self.expr(part, depth))
        return Expr("aggregate", template, parts)

    def any(self, depth):
        kinds = ["integer", "bigint", "decimal", "double", "varchar", "boolean", "zoned", "timestamp", "date", "array"]
        return self.expr(self.rng.choice(kinds), depth)

    def where(self):
        days = [self.rng.choice(DAYS)]
        return days + [self.expr("boolean", self.rng.choice([0, 1, 2])) for _ in range(self.rng.choice([0, 0, 0, 0, 1, 1, 2]))]

    def directions(self, chance=0.8):
        ways = ["", "", " DESC", " DESC", " ASC", " DESC NULLS FIRST", " NULLS FIRST", " DESC NULLS LAST"]
        return [self.rng.choice(ways) for _ in range(6)] if self.rng.random() < chance else []

    def plain(self):
        items = [self.any(3) for _ in range(self.rng.randrange(1, 5))]
        return Query("vpc_flow_logs", items, self.where(), directions=self.directions(), distinct=self.rng.random() < 0.3,
                     limit=self.rng.choice([0, 0, 5, 20]))

    def grouped(self):
        rng = self.rng
        kinds = ["integer", "bigint", "varchar", "boolean", "date", "zoned", "decimal", "varchar", "integer"]
        items = [self.expr(rng.choice(kinds), 1) for _ in range(rng.randrange(0, 4))]
        aggregates = [self.aggregate(2) for _ in range(rng.randrange(1, 5))]
        having = [Expr("boolean", "count(*) > {}", [self.literal("one")])] if items and rng.random() < 0.3 else []
        return Query("vpc_flow_logs", items, self.where(), aggregates, having, self.directions(), limit=rng.choice([0, 0, 5]))

    def nested(self):
        """Over a grouped one, by the names and types of what it shows."""
        kinds = ["integer", "varchar", "bigint"]
        inner = Query("vpc_flow_logs", [self.expr(kind, 1) for kind in kinds], self.where(),
                      [Expr("bigint", "count(*)"), Expr("bigint", "sum({})", [self.expr("bigint", 1)])])
        outer = self.over({"integer": ["c1"], "varchar": ["c2"], "bigint": ["c3", "c4", "c5"]})
        kind = self.rng.random()
        if kind < 0.3:
            sets = self.rng.choice(["ROLLUP (c1, c2)", "CUBE (c1, c2)", "GROUPING SETS ((c1, c2), (c2), ())", "ROLLUP (c2, c1)"])
            items = [Expr("integer", "c1"), Expr("varchar", "c2")]
            fixed = self.rng.choice([[], [], ["c1 = 6"], ["c2 = 'ACCEPT'"]])
            return Query(inner, items, fixed, [Expr("bigint", "grouping(c1, c2)"), outer.over_aggregate()],
                         directions=self.directions(), sets=sets)
        if kind < 0.6:
            return Query(inner, [outer.plainer() for _ in range(3)], [outer.expr("boolean", 1)], directions=self.directions())
        return Query(inner, [outer.plainer()], [], [outer.over_aggregate() for _ in range(2)], directions=self.directions())

    def over(self, columns):
        other = copy.copy(self)
        other.columns = columns
        names = ("seconds", "address")
        date = [["DATE '2026-01-15'", ""]]
        other.forms = {kind: [form for form in forms if not set(form[1].split()) & {*names, "zoned", "timestamp", "date"}
                              and "year" not in form[0]] for kind, forms in self.forms.items()} | {"date": date}
        return other

    def plainer(self):
        return self.expr(self.rng.choice(["integer", "bigint", "decimal", "double", "varchar", "boolean", "array"]), 2)

    def over_aggregate(self):
        template, types = self.rng.choice(["count(*)|", "sum({})|bigint", "max({})|varchar", "avg({})|decimal", "min({})|integer",
                                           "count_if({})|boolean", "avg({})|bigint"]).split("|")
        return Expr("aggregate", template, [self.expr(part, 1) for part in types.split()])

    def windowed(self):
        """Over rows that are ordered by all they have, so that equal ones may change places."""
        rng = self.rng
        inner = Query("vpc_flow_logs", [self.expr("integer", 1), self.expr("varchar", 0), self.expr("bigint", 1)], self.where())
        way = [rng.choice(["", " DESC", " DESC NULLS FIRST", " NULLS FIRST"]) for _ in range(3)]
        order = f"ORDER BY c3{way[0]}, c2{way[1]}, c1{way[2]}"
        partition = rng.choice(["", "PARTITION BY c1 ", "PARTITION BY c2 ", "PARTITION BY c1, c2 "])
        loose = f"{partition}ORDER BY {rng.choice(['c1', 'c2', 'c3'])}{way[0]}"
        forms = [f"row_number() OVER ({partition}{order})", f"rank() OVER ({loose})", f"dense_rank() OVER ({loose})",
                 f"sum(c3) OVER ({loose})", f"count(c1) OVER ({partition.strip()})", f"lag(c3) OVER ({partition}{order})",
                 f"lead(c2, 2) OVER ({partition}{order})", f"first_value(c3) OVER ({partition}{order})",
                 f"last_value(c1) OVER ({partition}{order} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
                 f"sum(c1) OVER ({partition}{order} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)", f"max(c3) OVER ({loose})",
                 f"c3 * 100.0 / nullif(sum(c3) OVER ({partition.strip()}), 0)", f"percent_rank() OVER ({loose})",
                 f"ntile(4) OVER ({partition}{order})",
                 f"lag(c1, 1, 0) OVER ({partition}{order})", f"cume_dist() OVER ({loose})",
                 f"nth_value(c2, 2) OVER ({partition}{order})", f"avg(c1) OVER ({partition}{order} ROWS 3 PRECEDING)"]
        items = [Expr("integer", "c1"), Expr("varchar", "c2"), Expr("bigint", "c3")]
        return Query(inner, items + [Expr("window", form) for form in rng.sample(forms, rng.randrange(1, 4))],
                     directions=self.directions())

    def set_operation(self):
        operation = self.rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
        # Numbers of both sides may have other types; where rows of the first side are shown, that is a difference of the page.
        mixed = operation.startswith("UNION")
        kinds = ["integer", "bigint", "varchar", "date", *(["decimal"] if mixed else [])]
        kinds = [self.rng.choice(kinds) for _ in range(self.rng.randrange(1, 3))]
        others = [self.rng.choice(NUMBERS[:3]) if mixed and kind in NUMBERS else kind for kind in kinds]
        one, other = (Query("vpc_flow_logs", [self.expr(kind, 1) for kind in side], self.where()) for side in (kinds, others))
        one.set_operation = operation
        one.other, one.directions, one.limit = other, self.directions(), self.rng.choice([0, 10])
        return one

    def join(self):
        rng = self.rng
        key = rng.choice(["srcaddr", "dstport", "protocol", "interface_id", "action", "bytes", "tcp_flags"])
        side = [f"(SELECT {key} AS k, {expr} AS v FROM vpc_flow_logs WHERE {rng.choice(DAYS[:2])} AND {condition.inner()})"
                for expr, condition in ((self.expr("bigint", 1), self.expr("boolean", 1)) for _ in range(2))]
        how = rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        extra = rng.choice(["", "", " AND a.v < b.v", " AND a.v <> b.v"])
        return Query(f"{side[0]} AS a", [Expr("key", rng.choice(["a.k", "b.k", "coalesce(a.k, b.k)"]))], [],
                     [Expr("aggregate", text) for text in rng.sample(
                         ["count(*)", "count(a.v)", "sum(b.v)", "max(a.v)", "min(b.v)", "count(DISTINCT b.v)"], 3)],
                     directions=self.directions(), joined=f" {how} {side[1]} AS b ON a.k = b.k{extra}")

    def with_subquery(self):
        rng = self.rng
        query = self.plain() if rng.random() < 0.5 else self.grouped()
        key = rng.choice(["srcaddr", "dstaddr", "interface_id"])
        inner = f"vpc_flow_logs WHERE {rng.choice(DAYS[:4])} AND {self.expr('boolean', 1).inner()}"
        query.where.append(rng.choice([
            f"{key} IN (SELECT {rng.choice(['srcaddr', 'dstaddr'])} FROM {inner})", f"{key} NOT IN (SELECT srcaddr FROM {inner})",
            f"bytes > (SELECT avg(bytes) FROM {inner})", f"dstport = (SELECT max(dstport) FROM {inner})",
            f"EXISTS (SELECT 1 FROM {inner} AND bytes > 1000)", f"bytes = ANY (SELECT bytes FROM {inner})"]))
        return query

    def among(self):
        """A condition that asks a subquery, which may know the row."""
        rng = self.rng
        kind = rng.choice(["integer", "bigint", "varchar", "varchar"])
        one, other = rng.sample(self.columns[kind], 2)
        inner = f"FROM vpc_flow_logs AS b WHERE {rng.choice(DAYS[:4])}"
        more = rng.choice(["", f" AND b.{other} IS NOT NULL", " AND b.action = 'REJECT'", " AND b.bytes < 0"])
        tied = rng.choice(["", "", " AND b.action = vpc_flow_logs.action", " AND b.protocol = vpc_flow_logs.tcp_flags"])
        return Expr("boolean", rng.choice([f"{one} IN (SELECT b.{other} {inner}{more}{tied})",
                                           f"{one} NOT IN (SELECT b.{other} {inner}{more}{tied})",
                                           f"EXISTS (SELECT 1 {inner}{more} AND b.{other} = vpc_flow_logs.{one})",
                                           f"NOT EXISTS (SELECT 1 {inner}{more})"]))

    def of_groups(self):
        """Groups that are joined, or whose arrays are taken apart: what is one row there is many here."""
        rng = self.rng
        key, other = rng.sample(["srcaddr", "dstaddr", "interface_id", "action", "log_status"], 2)
        # What is one value below a join is not above it.
        other, fixed = rng.choice([(other, ""), (other, ""), ("'z'", ""), ("action", " AND action = 'ACCEPT'")])
        distinct = f"(SELECT DISTINCT {key} AS k, {other} AS o FROM vpc_flow_logs WHERE {rng.choice(DAYS[:2])}{fixed})"
        items = [Expr("varchar", "g.k"), Expr("bigint", "g.n"), Expr("bigint", "g.v")]
        value = self.expr("bigint", 1)
        groups = f"(SELECT {key} AS k, count(*) AS n, max({value}) AS v FROM vpc_flow_logs WHERE {rng.choice(DAYS[:2])} GROUP BY {key})"
        if rng.random() < 0.5:
            how = rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
            source, joined = f"{groups} AS g", f" {how} {distinct} AS d ON g.k = d.{rng.choice('ko')}"
            items.append(Expr("varchar", "d.o"))
        else:
            array = self.expr(rng.choice(["integer", "varchar"]), 0)
            groups = groups.replace("max(", f"array_agg(DISTINCT {array}) AS a, max(", 1)
            how = rng.choice(["CROSS JOIN UNNEST(g.a) AS u(x)", "LEFT JOIN UNNEST(g.a) AS u(x) ON TRUE"])
            source, joined = f"{groups} AS g", f" {how}"
            items.append(Expr("any", "u.x"))
        rng.shuffle(items)
        if rng.random() < 0.3:
            return Query(source, items[:2], [], [Expr("bigint", "count(*)"), Expr("bigint", "max(g.n)")], directions=self.directions(),
                         joined=joined)
        return Query(source, items, directions=self.directions(0.9), distinct=rng.random() < 0.3, limit=rng.choice([0, 5, 20]),
                     joined=joined)

    def wrong(self):
        query = self.plain() if self.rng.random() < 0.7 else self.grouped()
        template, types = self.rng.choice(WRONG).rsplit("|", 1)
        query.where.append(Expr("boolean", template, [self.expr(part, 0) for part in types.split()]))
        return query

    def query(self):
        makers = [self.plain] * 6 + [self.grouped] * 6 + [self.nested] * 2 + [self.windowed] * 3 + [self.set_operation] * 2
        makers += [self.of_groups] * 3 + [self.join] * 2 + [self.with_subquery] * 2 + [self.wrong] * 2
        return self.rng.choice(makers)()


def cases(count, seed=0):
    """Statements; each has a seed of its own, by which it is made again alone."""
    for number in range(count):
        query = Maker(f"{seed} {number}").query()
        # Whether Trino refuses it is Trino's to say.
        yield Case("random", f"{seed}-{number}", str(query), refused=None, query=query)


# --- smaller ----------------------------------------------------------------------------------------------------------


def shrink(case, differs, tries=150):
    """A smaller statement for which `differs` still says what it said of the first: the kind of difference stays."""
    query, wanted = case.query, differs(case)
    found = True
    while found and tries > 0:
        found = False
        for smaller in candidates(query):
            tries -= 1
            attempt = Case(case.topic, case.name, str(smaller), refused=None)
            if differs(attempt) == wanted:
                query, found = smaller, True
                break
            if tries <= 0:
                break
    return Case(case.topic, case.name, str(query), refused=None)


def candidates(query):
    """Queries that lack a part of it, large parts first."""
    for name, nothing in (("other", None), ("limit", 0), ("directions", []), ("distinct", False), ("having", [])):
        if getattr(query, name):
            yield changed(query, **{name: nothing})
    if isinstance(query.source, Query):
        for smaller in candidates(query.source):
            if len(smaller.items) + len(smaller.aggregates) == len(query.source.items) + len(query.source.aggregates):
                yield changed(query, source=smaller)
    for name in ("aggregates", "items", "where"):
        parts = getattr(query, name)
        for at in range(len(parts)):
            if name == "where" and at == 0 or len(query.items) + len(query.aggregates) == 1 and name != "where":
                continue
            yield changed(query, **{name: parts[:at] + parts[at + 1:]})
    for name in ("aggregates", "items", "where"):
        parts = getattr(query, name)
        for at, part in enumerate(parts):
            for smaller in simpler(part) if isinstance(part, Expr) else []:
                yield changed(query, **{name: parts[:at] + [smaller] + parts[at + 1:]})


def changed(query, **changes):
    other = copy.copy(query)
    other.__dict__.update(changes)
    return other


def simpler(expr):
    """Expressions of its type within it, and itself with simpler parts."""
    yield from within(expr, expr.type)
    for at, part in enumerate(expr.parts):
        if part.parts and part.type in COLUMNS:
            yield Expr(expr.type, expr.template, expr.parts[:at] + [Expr(part.type, COLUMNS[part.type][0])] + expr.parts[at + 1:])
        for smaller in simpler(part):
            yield Expr(expr.type, expr.template, expr.parts[:at] + [smaller] + expr.parts[at + 1:])


def within(expr, kind):
    for part in expr.parts:
        if part.type == kind:
            yield part
        else:
            yield from within(part, kind)
