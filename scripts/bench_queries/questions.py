"""The fixed set of questions, each as one statement in Athena's SQL, as one for each engine, and as a predicate for the model.

The ready queries come from `flowparquet queries`; what people ask besides is written out below. Statements are turned into
other dialects by sqlglot and by `plain`, which replaces the little that engines do not share: times stay seconds, and
whether a network holds an address becomes a regular expression.
"""

import ipaddress
import json
import subprocess
from dataclasses import dataclass, field

import domains
import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino

DAY = "2026-01-15"
FIRST_SECOND = 1768435200  # of DAY, in UTC
PARTITION = ["year", "month", "day"]
TABLE = "vpc_flow_logs"
HOST, GATEWAY, SERVER = "172.32.21.19", "54.248.89.189", "34.160.111.145"  # of the tutorial, which every sample has

# name: settings, in the order of the report. AWS's sixteen are those whose name in AWS's template `aws` says.
READY = {
    "tutorial-instance": {}, "tutorial-nat": {},
    "accepted-tcp": {}, "admin-ports": {}, "from-address": {"address": HOST}, "ipv4-bytes": {}, "ipv6-bytes": {},
    "rejected-tcp": {}, "rejected": {}, "ssh-rdp": {}, "tcp-from-address": {"address": HOST}, "to-address": {"address": HOST},
    "top-instances": {}, "top-pairs-packet-level": {}, "top-pairs": {}, "top-subnets": {}, "top-talkers-packet-level": {},
    "top-talkers": {},
    "port-scans": {}, "ssh-rdp-exposure": {}, "coverage-by-hour": {}, "coverage-gaps": {},
    "nat-trace-v2": {"address": HOST, "gateway": f"172.32.10.21,{GATEWAY}", "server": SERVER},
    "nat-trace": {"address": HOST, "server": SERVER},
    "egress-by-path": {}, "egress-cost": {"usd-per-gb": "2:0.09,8:0.09,4:0.01,5:0.02"},
}
HOUR = f"start >= {FIRST_SECOND + 10 * 3600} AND start < {FIRST_SECOND + 11 * 3600}"
OWN = {
    "either-end": ("What did an address send and receive?", f"""
        SELECT srcaddr, dstaddr, dstport, action, count(*) AS flows, sum(bytes) AS bytes FROM t
        WHERE srcaddr = '{HOST}' OR dstaddr = '{HOST}'
        GROUP BY 1, 2, 3, 4 ORDER BY bytes DESC, srcaddr, dstaddr, dstport, action LIMIT 100"""),
    "interface": ("What passed an interface?", """
        SELECT srcaddr, dstaddr, action, count(*) AS flows, sum(bytes) AS bytes FROM t WHERE interface_id = '{interface}'
        GROUP BY 1, 2, 3 ORDER BY bytes DESC, srcaddr, dstaddr, action LIMIT 100"""),
    "hour": ("Who talked most between 10 and 11 o'clock?", f"""
        SELECT srcaddr, dstaddr, count(*) AS flows, sum(bytes) AS bytes FROM t WHERE {HOUR}
        GROUP BY 1, 2 ORDER BY bytes DESC, srcaddr, dstaddr LIMIT 100"""),
    "address-in-hour": ("What did an address send between 10 and 11 o'clock?", f"""
        SELECT dstaddr, dstport, action, count(*) AS flows, sum(bytes) AS bytes FROM t WHERE srcaddr = '{HOST}' AND {HOUR}
        GROUP BY 1, 2, 3 ORDER BY bytes DESC, dstaddr, dstport, action LIMIT 100"""),
    "ports": ("Which ports had the most traffic?", """
        SELECT dstport, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes FROM t
        WHERE dstport IS NOT NULL GROUP BY 1 ORDER BY bytes DESC, dstport LIMIT 100"""),
    "everything": ("All fields of what an address sent to a server", f"""
        SELECT * FROM t WHERE srcaddr = '{HOST}' AND dstaddr = '{SERVER}'"""),
}


class DataFusion(Trino):
    """DataFusion's SQL, as far as these statements need it: NULLs sort as in PostgreSQL."""

    NULL_ORDERING = "nulls_are_large"


@dataclass
class Question:
    name: str
    asks: str
    athena: str
    columns: list
    predicate: object
    exact: bool  # the predicate is all that the WHERE says, so that a scanner alone gives the rows
    tree: object = field(repr=False, default=None)
    scans: list = field(default_factory=list)  # for Trino, which may read the table several times

    def sql(self, engine):
        dialect = {"duckdb": "duckdb", "spark": "spark", "trino": "trino", "datafusion": DataFusion}[engine]
        tree = self.tree.copy()
        if engine == "datafusion":
            tree = tree.transform(_count_if)
        return tree.sql(dialect=dialect)


def questions(binary, columns, interface):
    """Those that a table with these columns can answer."""
    found = []
    for name, settings in READY.items():
        args = [a for k, v in settings.items() for a in ("--set", f"{k}={v}")]
        said = json.loads(subprocess.run([binary, "queries", name, "--day", DAY, "--json", *args],
                                         check=True, capture_output=True, text=True).stdout)
        found.append((name, said["answers"], said["sql"]))
    for name, (asks, sql) in OWN.items():
        where = " AND ".join(f"{c} = '{v}'" for c, v in zip(PARTITION, DAY.split("-")))
        tree = sqlglot.parse_one(sql.replace("{interface}", interface), read="athena")
        tree.set("where", exp.Where(this=exp.and_(sqlglot.parse_one(where), exp.paren(tree.args["where"].this))))
        tree.find(exp.Table).set("this", exp.to_identifier(TABLE))
        found.append((name, asks, tree.sql(dialect="athena")))
    made = [question(name, asks, sql, columns) for name, asks, sql in found]
    return [q for q in made if q]


def question(name, asks, sql, columns):
    """None if the table lacks a column."""
    tree = plain(sqlglot.parse_one(sql, read="athena"))
    table = next(t for t in tree.find_all(exp.Table) if t.name == TABLE)
    select = table.parent_select
    if select.find(exp.Star) and not isinstance(select.find(exp.Star).parent, exp.Count):
        # With the star written out, every engine gives the columns in one order.
        read = list(columns)
        select.set("expressions", [exp.column(c, quoted=True) for c in columns])
    else:
        aliases = {a.alias for a in select.expressions if isinstance(a, exp.Alias)}
        ways = {"way"}
        read = []
        for column in select.find_all(exp.Column):
            c = column.name
            if c in columns and c not in read:
                read.append(c)
            elif c not in columns and c not in PARTITION and c not in aliases | ways:
                return None
    predicate, exact = to_predicate(select.args["where"].this)
    return Question(name, asks, sql, read, predicate, exact, tree, domains.scans(tree, columns, TABLE))


# What is asked of an address, by its end of a flow: all that a person looks at, and what the tutorial asks.
OTHER_END = {"srcaddr": ("dstaddr", "dstport"), "dstaddr": ("srcaddr", "srcport")}
POINT_COLUMNS = ["srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start"]
EIGHT = """SELECT count(*) AS flows, count(DISTINCT srcaddr) AS sources, count(DISTINCT dstaddr) AS destinations,
       sum(srcport) AS srcports, sum(dstport) AS dstports, sum(protocol) AS protocols, sum(packets) AS packets, sum(bytes) AS bytes,
       min(start) AS first_seen
FROM {table} WHERE {day} AND {end} = '{address}'"""
TUTORIAL = """SELECT {other}, {port}, count(*) AS flows, sum(bytes) AS bytes
FROM {table} WHERE {day} AND {end} = '{address}' GROUP BY {other}, {port} ORDER BY {other}, {port}"""


def about(form, name, end, address, columns):
    """A question about an address; `form` is EIGHT or TUTORIAL."""
    other, port = OTHER_END[end]
    day = " AND ".join(f"{c} = '{v}'" for c, v in zip(PARTITION, DAY.split("-")))
    sql = form.format(table=TABLE, day=day, end=end, address=address, other=other, port=port)
    return question(name, "What did an address do?", sql, columns)


# --- to what all engines share --------------------------------------------------------------------------------------------

def plain(tree):
    def replace(node):
        if isinstance(node, exp.UnixToTime):
            return node.this
        if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
            assert node.unit.name.lower() == "hour", node.sql()
            seconds = node.this.this  # of from_unixtime
            return exp.paren(exp.Sub(this=seconds.copy(), expression=exp.Mod(
                this=seconds.copy(), expression=exp.Literal.number(3600))))
        if isinstance(node, exp.Anonymous) and node.name.lower() == "any_match":
            networks, function = node.expressions
            address = function.find(exp.TryCast).this
            pattern = "|".join(network_pattern(n.name) for n in networks.expressions)
            return exp.RegexpLike(this=address.copy(), expression=exp.Literal.string(pattern))
        return node

    return tree.transform(replace)


def network_pattern(text):
    """A regular expression that finds the addresses of a network, as AWS writes them."""
    network = ipaddress.ip_network(text)
    if network.version == 4:
        octets, whole = network.network_address.packed, network.prefixlen // 8
        pattern = "^" + "".join(f"{o}[.]" for o in octets[:whole])
        if rest := network.prefixlen % 8:
            span = range(octets[whole], octets[whole] + (1 << (8 - rest)))
            pattern += "(" + "|".join(map(str, span)) + ")[.]"
        return pattern
    first = int.from_bytes(network.network_address.packed[:2])
    digits = sorted({f"{first + i:04x}"[:3] for i in range(1 << (16 - network.prefixlen))})
    assert network.prefixlen <= 12, f"{text} is narrower than what this turns into a pattern"
    return "^(" + "|".join(digits) + ")"


def _count_if(node):
    if isinstance(node, exp.CountIf):
        return exp.Sum(this=exp.Case().when(node.this.copy(), "1").else_("0"))
    return node


# --- to the model's predicates --------------------------------------------------------------------------------------------

def to_predicate(node):
    """(predicate, whether it says all): conjunctions and disjunctions of what minima and maxima can judge. The partition's
    own columns are left out, as the one day is all there is."""
    node = node.unnest()
    if isinstance(node, exp.And):
        parts = [to_predicate(n) for n in node.flatten()]
        kept = [p for p, _ in parts if p]
        exact = all(e for _, e in parts)
        return (kept[0] if len(kept) == 1 else ("and", *kept) if kept else None), exact
    if isinstance(node, exp.Or):
        parts = [to_predicate(n) for n in node.flatten()]
        if all(p for p, _ in parts):
            return ("or", *(p for p, _ in parts)), all(e for _, e in parts)
        return None, False
    columns = [c.name for c in node.find_all(exp.Column)]
    if len(columns) == 1 and columns[0] in PARTITION:
        return None, True
    if len(columns) == 1 and isinstance(node.this, exp.Column):
        if isinstance(node, exp.In) and node.expressions:
            return ("in", columns[0], [literal(v) for v in node.expressions]), True
        if isinstance(node, exp.Between):
            return ("range", columns[0], literal(node.args["low"]), literal(node.args["high"])), True
        if isinstance(getattr(node, "expression", None), exp.Literal):
            value = literal(node.expression)
            if isinstance(node, exp.EQ):
                return ("in", columns[0], [value]), True
            if isinstance(node, (exp.GT, exp.GTE)):
                return ("range", columns[0], value + isinstance(node, exp.GT), None), True
            if isinstance(node, (exp.LT, exp.LTE)):
                return ("range", columns[0], None, value - isinstance(node, exp.LT)), True
    return None, False


def literal(node):
    return node.name.encode() if node.is_string else int(node.name)
