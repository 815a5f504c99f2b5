"""The ready queries: each is sound in Athena's SQL, needs exactly the columns it says, and runs (here in DuckDB) on generated
logs, with the answer that a plain reading of the raw rows gives."""

import collections
import datetime
import gzip
import ipaddress
import json

import duckdb
import pyarrow
import pytest
import sqlglot
from conftest import ROOT
from flowlogs import REGION, Folder, column, key, pack, text, value
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

DAYS = ["2026-01-14", "2026-01-15", "2026-01-16"]
PARTITION = {"year", "month", "day"}
PRIVATE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10"
OWN = PRIVATE + ",169.254.0.0/16,fc00::/7,fe80::/10"
SERVERS = ["34.160.111.145", "104.18.26.120"]


def ask(run, name, *args):
    return json.loads(run("queries", name, "--json", *args).out)


@pytest.fixture(scope="session")
def queries(run):
    """Every query by its name."""
    return {q["name"]: q for q in json.loads(run("queries", "--json").out)}


@pytest.fixture(scope="session")
def schema(run):
    """Every column of VPC Flow Logs with its type and version."""
    return {f["column"]: f for f in json.loads(run("fields", "--format", "json").out)}


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(p.stem for p in (ROOT / "src/athena/queries").glob("*.sql")))


def args_of(query, **settings):
    """Days, and a value for what must be set: the example."""
    settings = {p["name"]: p["example"] for p in query["parameters"] if "default" not in p} | settings
    days = [] if query["name"] == "local-time-view" else ["--from", DAYS[0], "--to", DAYS[-1]]
    if query["name"] == "local-day":
        days = ["--local-day", "2026-01-15", "--tz", "Asia/Tokyo"]
    return [*days, *(a for name, v in settings.items() for a in ("--set", f"{name}={v}"))]


# -- The statements themselves.


def test_is_one_statement_of_athena_that_reads_what_it_says(run, queries, schema, name):
    query = queries[name]
    statement, = sqlglot.parse(ask(run, name, *args_of(query))["sql"], read="athena")
    select = statement.expression if isinstance(statement, exp.Create) else statement
    types = {c: {"string": "varchar"}.get(f["type"], f["type"]) for c, f in schema.items()}
    table = types | dict.fromkeys(PARTITION, "varchar")
    # A column that no table has makes qualify fail. The view's star stands for every column, needed or not.
    qualified = qualify(select.copy(), schema={"vpc_flow_logs": table}, dialect="athena", expand_stars=select is statement)
    read = set()
    for scope in traverse_scope(qualified):
        tables = {alias for alias, source in scope.sources.items() if isinstance(source, exp.Table)}
        read |= {c.name for c in scope.columns if c.table in tables and not isinstance(c.this, exp.Star)}
    assert read - PARTITION == set(query["columns"])
    assert query["version"] == max(schema[c]["version"] for c in query["columns"])
    days = sqlglot.parse_one("year = '2026' AND month = '01'", read="athena")
    if name != "local-time-view":
        wheres = [w for w in statement.find_all(exp.Where) if days.this in w.flatten() or days.this in w.find_all(exp.EQ)]
        assert len(wheres) == 1, "partitions are named where the table is read"


def test_end_is_quoted_wherever_it_stands(run, queries, name):
    """sqlglot takes it bare, Athena does not (https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html)."""
    tokens = sqlglot.tokenize(ask(run, name, *args_of(queries[name]))["sql"], read="athena")
    opened = 0
    for token in tokens:
        word = token.text.upper() if token.token_type.name != "IDENTIFIER" else ""
        opened += (word == "CASE") - (word == "END")
        assert opened >= 0, f"a bare END that closes no CASE, line {token.line}"
    assert opened == 0


# -- What they answer.


@pytest.fixture(scope="session", params=[5, 11])
def logs(request, run, convert, tmp_path_factory):
    """Three generated days and a few rows more, converted: (raw rows as dicts, DuckDB with the view vpc_flow_logs)."""
    version = request.param
    path = tmp_path_factory.mktemp(f"queries-v{version}")
    source, dest = Folder(path / "raw"), Folder(path / "parquet")
    # Few windows a day, so that some interfaces are silent for long; the tutorial's day is among them.
    run("generate", source.path, "--from", DAYS[0], "--to", DAYS[-1], "--objects", "24", "--rows", "500",
        "--schema-version", version, "--region", REGION)
    fields = gzip.decompress(source.get(source.keys()[0])).decode().split("\n", 1)[0].split()
    source.put(key(3, day=DAYS[1]), pack(text(fields, exposed(fields))))
    convert(source, dest)
    rows = []
    for name in source.keys():
        header, *lines = gzip.decompress(source.get(name)).decode().splitlines()
        names = header.split()
        rows += [{column(f): value(f, t) for f, t in zip(names, line.split(" "), strict=True)} for line in lines]
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    folders = str(dest.path / "year=*" / "month=*" / "day=*" / "*.parquet")
    db.execute(f"""CREATE VIEW vpc_flow_logs AS SELECT * FROM read_parquet(
                   '{folders}', hive_partitioning = true, hive_types_autocast = false)""")
    return rows, db, version


def exposed(fields):
    """What generated logs do not have: SSH and RDP that is reached from the internet, IPv6 and UDP among it."""
    day = int(datetime.datetime.fromisoformat(DAYS[1] + "T00:00:00+00:00").timestamp())
    row = {"version": "2", "account-id": "123456789012", "interface-id": "eni-00000000000000e01", "srcaddr": "198.51.100.7",
           "dstaddr": "172.31.10.40", "srcport": "50000", "dstport": "22", "protocol": "6", "packets": "9", "bytes": "900",
           "start": str(day + 900), "end": str(day + 950), "action": "ACCEPT", "log-status": "OK"}
    rows = [row, row | {"dstport": "3389"}, row | {"dstport": "3389", "protocol": "17"}, row | {"action": "REJECT"},
            row | {"srcaddr": "2001:db8::7", "dstaddr": "2600:1f18::1"}, row | {"srcaddr": "fd00::7"},
            row | {"srcaddr": "100.64.1.1"}, row | {"srcaddr": "172.31.255.1"}, row | {"dstport": "23"}]
    return [[r.get(f, "-") for f in fields] for r in rows]


def to_duckdb(db, statement, rows):
    """Athena's SQL as DuckDB's. sqlglot knows both but for this: it drops the zone of from_unixtime, which in DuckDB is a
    naive time here, and DuckDB has no IP addresses: whether networks hold one is looked up in a table made in Python."""

    def substitute(node):
        if isinstance(node, exp.UnixToTime):
            zone = node.args.get("zone") or exp.Literal.string("UTC")
            return exp.func("timezone", zone, exp.func("to_timestamp", node.this))
        if isinstance(node, exp.Anonymous) and node.name.lower() == "any_match":
            networks, function = node.expressions
            nonlocal_networks.update(n.name for n in networks.expressions)
            address = function.find(exp.TryCast)
            assert function.sql("athena") == f"network -> CONTAINS(network, {address.sql('athena')})", function.sql("athena")
            assert address.to.sql("athena") == "IPADDRESS"
            lookup = exp.select("networks").from_("networks_of").where(
                exp.EQ(this=exp.column("address", "networks_of"), expression=address.this.copy()))
            return exp.func("list_has_any", networks.copy(), exp.Subquery(this=lookup))
        return node

    nonlocal_networks = set()
    tree = sqlglot.parse_one(statement, read="athena").transform(substitute)
    if nonlocal_networks:
        addresses = sorted({r[c] for r in rows for c in ("srcaddr", "dstaddr")} - {"-"})
        holding = [[n for n in sorted(nonlocal_networks) if holds(n, a)] for a in addresses]
        db.register("networks_of", pyarrow.table({"address": addresses, "networks": pyarrow.array(
            holding, pyarrow.list_(pyarrow.string()))}))
    return tree.sql(dialect="duckdb")


NETWORKS, ADDRESSES = {}, {}


def holds(network, address):
    network = NETWORKS.setdefault(network, ipaddress.ip_network(network))
    return ADDRESSES.setdefault(address, ipaddress.ip_address(address)) in network


def answer(run, logs, queries, name, *args, **settings):
    """The answer's column names and rows."""
    rows, db, _ = logs
    sql = ask(run, name, *args, *args_of(queries[name], **settings))["sql"]
    result = db.execute(to_duckdb(db, sql, rows))
    return [d[0] for d in result.description], result.fetchall()


def at(seconds, hours=0):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(hours=hours)


def total(rows, name):
    values = [r[name] for r in rows if r[name] is not None]
    return sum(values) if values else None


def grouped(rows, *by):
    """{values of `by`: rows}; `by` are column names or functions."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(b(row) if callable(b) else row[b] for b in by)].append(row)
    return groups


def volume(rows):
    return len(rows), total(rows, "packets"), total(rows, "bytes")


def seen(rows):
    return at(min(r["start"] for r in rows)), at(max(r["end"] for r in rows))


def volumes(rows, *by, times=False):
    return [(*k, *volume(g), *(seen(g) if times else ())) for k, g in grouped(rows, *by).items()]


def talkers(rows, source, destination):
    with_bytes = [r for r in rows if r["bytes"] is not None and r[source] != "-"]
    sent, received = grouped(with_bytes, source), grouped(with_bytes, destination)
    of = lambda group: total(group, "bytes") or 0  # noqa: E731
    return [(a, of(sent.get((a,), [])), of(received.get((a,), [])), of(sent.get((a,), [])) + of(received.get((a,), [])))
            for a in {k[0] for k in [*sent, *received]}]


def is_in(networks):
    return lambda address: any(holds(n, address) for n in networks.split(","))


def trace(rows, server, within, place, side, destination="dstaddr", source="srcaddr"):
    """Pairs of a private and a gateway flow: same server, port, protocol and way, close in time; the same volume first."""
    flows = []
    for r in rows:
        if r[destination] in server or r[source] in server:
            out = r[destination] in server
            flow = {"way": "out" if out else "back", "host": r["srcaddr" if out else "dstaddr"],
                    "host_port": r["srcport" if out else "dstport"], "server": r[destination if out else source],
                    "server_port": r["dstport" if out else "srcport"], "place": place(r)}
            flows.append(r | flow)
            flows[-1]["side"] = side(flows[-1])
    pairs = collections.defaultdict(set)
    keys = ("place", "way", "server", "server_port", "protocol")
    gateways = grouped([f for f in flows if f["side"] == "gateway"], *keys)
    for p in (f for f in flows if f["side"] == "private"):
        for g in gateways.get(tuple(p[k] for k in keys), []):
            if g["start"] <= p["end"] + within and g["end"] >= p["start"] - within:
                same = g["packets"] == p["packets"] and g["bytes"] == p["bytes"]
                flow = (p["start"], p["way"], p["host"], p["host_port"], p["server"], p["server_port"], p["packets"], p["bytes"])
                pairs[flow].add((not same, g["host"], g["host_port"], p["protocol"], same, id(p), id(g)))
    best = []
    for (start, way, host, port, server, server_port, packets, bytes_), found in pairs.items():
        rank = min(f[0] for f in found)
        best += [(at(start), way, host, port, f[1], f[2], server, server_port, f[3], packets, bytes_, f[4])
                 for f in found if f[0] == rank]
    return best


def of_host(pairs, address):
    return [p for p in pairs if address in (p[2], p[4])]


def accepted(r):
    return r["action"] == "ACCEPT"


def rejected(r):
    return r["action"] == "REJECT"


def client_server(r):
    here = r["dstport"] in (22, 3389)
    return (r["srcaddr"], r["dstaddr"], r["dstport"]) if here else (r["dstaddr"], r["srcaddr"], r["srcport"])


def admin_ports(rows):
    ports = {22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9090, 10000}
    rows = [r for r in rows if r["dstport"] in ports or r["srcport"] in ports]
    server = lambda r: r["dstaddr"] if r["dstport"] in ports else r["srcaddr"]  # noqa: E731
    port = lambda r: r["dstport"] if r["dstport"] in ports else r["srcport"]  # noqa: E731
    return [(s, sorted({port(r) for r in g}), len(g), total(g, "bytes")) for (s,), g in grouped(rows, server).items()]


def port_scans(rows):
    for (source,), g in grouped(filter(rejected, rows), "srcaddr").items():
        addresses, ports = len({r["dstaddr"] for r in g}), len({r["dstport"] for r in g})
        if max(addresses, ports) >= 10:
            yield (source, addresses, ports, len(g), total(g, "packets"), *seen(g))


def by_day(rows, mark):
    """Rows of the generated objects lie where their end lies; the few more end in the middle of a day."""
    rows = [r for r in rows if mark in r["srcaddr"]]
    end_day = lambda r: at(r["end"]).strftime("%Y-%m-%d")  # noqa: E731
    return [(*d.split("-"), *volume(g)) for (d,), g in grouped(rows, end_day).items()]


def tutorial_nat(rows):
    gateway = "54.248.89.189"
    rows = [r for r in rows if gateway in (r["srcaddr"], r["dstaddr"])]
    out = lambda r: r["srcaddr"] == gateway  # noqa: E731
    return volumes(rows, lambda r: "out" if out(r) else "back", lambda r: r["dstaddr"] if out(r) else r["srcaddr"],
                   lambda r: r["dstport"] if out(r) else r["srcport"])


PATHS = {1: "resource in the same VPC", 2: "internet gateway or gateway endpoint", 3: "virtual private gateway",
         4: "VPC peering in the Region", 5: "VPC peering to another Region", 6: "Local Zone or Wavelength Zone",
         7: "gateway endpoint", 8: "internet gateway", None: "not said"}


def egress(rows):
    return {path: g for (path,), g in grouped([r for r in rows if r["flow_direction"] == "egress"], "traffic_path").items()}


def egress_cost(rows):
    prices = {2: 0.09, 8: 0.09, 4: 0.01, 5: 0.02}
    for path, g in egress(rows).items():
        if path is not None:
            gb = total(g, "bytes") / 1e9
            yield path, PATHS[path], gb, gb * prices[path] if path in prices else None


def coverage(rows):
    for (interface, hour), g in grouped(rows, "interface_id", lambda r: r["start"] // 3600 * 3600).items():
        count = collections.Counter(r["log_status"] for r in g)
        yield (interface, at(hour), len(g), count["SKIPDATA"], count["NODATA"],
               round(100 * count["SKIPDATA"] / len(g), 2), round(100 * count["NODATA"] / len(g), 2))


def gaps(rows):
    for (interface,), g in grouped([r for r in rows if r["interface_id"] != "-"], "interface_id").items():
        covered = None
        for r in sorted(g, key=lambda r: r["start"]):
            if covered is not None and r["start"] - covered > 1200:
                yield interface, at(covered), at(r["start"]), (r["start"] - covered) // 300
            covered = max(covered or 0, r["end"])


def flows_once(rows):
    """A flow's largest record, whichever flow log wrote it."""
    flow = ("interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action", "start", "end")
    once = collections.defaultdict(list)
    for k, g in grouped([r for r in rows if r["bytes"] is not None], *flow).items():
        once[k[1:3]].append((max(r["packets"] for r in g), max(r["bytes"] for r in g), len(g)))
    return [(*pair, len(g), *(sum(values) for values in zip(*g))) for pair, g in once.items()]


LOCAL_DAY = ("interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "action", "log_status")
TOKYO_HOURS = 9


def local_day(rows):
    first = int(datetime.datetime.fromisoformat("2026-01-15T00:00:00+09:00").timestamp())
    for r in rows:
        if first <= r["start"] < first + 86_400:
            yield at(r["start"], TOKYO_HOURS), at(r["end"], TOKYO_HOURS), *(r[c] for c in LOCAL_DAY)


def top(by):
    return lambda rows: volumes([r for r in rows if r["bytes"] is not None and "-" not in (r[c] for c in by)], *by)


# What each query answers, from the raw rows, for the examples of what must be set.
ANSWERS = {
    "accepted-tcp": lambda rows: volumes([r for r in rows if accepted(r) and r["protocol"] == 6],
                                         "srcaddr", "dstaddr", "dstport", times=True),
    "admin-ports": admin_ports,
    "coverage-by-hour": coverage,
    "coverage-gaps": gaps,
    "cross-az": lambda rows: [
        (a, b, *volume(g), total(g, "bytes") / 1e9) for (a, b), g in grouped(
            [r for r in rows if r["flow_direction"] == "egress"], "az_id", "next_hop_az_id").items() if "-" not in (a, b) and a != b],
    "egress-by-path": lambda rows: [(p, PATHS[p], *volume(g), total(g, "bytes") / 1e9) for p, g in egress(rows).items()],
    "egress-cost": egress_cost,
    "flows-once": flows_once,
    "from-address": lambda rows: volumes([r for r in rows if r["srcaddr"] == "172.32.21.19"],
                                         "dstaddr", "dstport", "protocol", "action", times=True),
    "ipv4-bytes": lambda rows: by_day(rows, "."),
    "ipv6-bytes": lambda rows: by_day(rows, ":"),
    "local-day": local_day,
    "nat-trace": lambda rows: of_host(trace(
        rows, SERVERS[:1], 600, lambda r: r["interface_id"],
        lambda f: "private" if f["srcaddr"] != f["pkt_srcaddr"] or f["dstaddr"] != f["pkt_dstaddr"] else "gateway",
        "pkt_dstaddr", "pkt_srcaddr"), "172.32.21.19"),
    "nat-trace-v2": lambda rows: of_host(trace(
        rows, SERVERS[:1], 600, lambda r: None,
        lambda f: "gateway" if {"172.32.10.21", "54.248.89.189"} & {f["srcaddr"], f["dstaddr"]} else "private"),
        "172.32.21.19"),
    "port-scans": port_scans,
    "rejected": lambda rows: volumes(filter(rejected, rows), "srcaddr", "dstaddr", "dstport", "protocol", times=True),
    "rejected-tcp": lambda rows: volumes([r for r in rows if rejected(r) and r["protocol"] == 6],
                                         "srcaddr", "dstaddr", "dstport", times=True),
    "ssh-rdp": lambda rows: [
        (*k, action, *volume(g), *seen(g)) for (k, action), g in grouped(
            [r for r in rows if {22, 3389} & {r["srcport"], r["dstport"]}], client_server, "action").items()],
    "ssh-rdp-exposure": lambda rows: volumes(
        [r for r in rows if accepted(r) and r["interface_id"] != "-" and r["dstport"] in (22, 3389) and not is_in(OWN)(r["srcaddr"])],
        "interface_id", "dstaddr", "dstport", "srcaddr", times=True),
    "tcp-from-address": lambda rows: volumes([r for r in rows if r["srcaddr"] == "172.32.21.19" and r["protocol"] == 6],
                                             "dstaddr", "dstport", "action", times=True),
    "to-address": lambda rows: volumes([r for r in rows if r["dstaddr"] == "172.32.21.19"],
                                       "srcaddr", "dstport", "protocol", "action", times=True),
    "top-instances": top(["instance_id"]),
    "top-pairs": top(["srcaddr", "dstaddr"]),
    "top-pairs-packet-level": top(["pkt_srcaddr", "pkt_dstaddr"]),
    "top-subnets": top(["subnet_id"]),
    "top-talkers": lambda rows: talkers(rows, "srcaddr", "dstaddr"),
    "top-talkers-packet-level": lambda rows: talkers(rows, "pkt_srcaddr", "pkt_dstaddr"),
    "tutorial-instance": lambda rows: volumes(
        [r for r in rows if r["srcaddr"] == "172.32.21.19" and r["dstport"] == 443 and r["protocol"] == 6
         and r["dstaddr"] in SERVERS], "dstaddr"),
    "tutorial-nat": tutorial_nat,
}


def plain(rows):
    """Rows without their order, and doubles without their last digits."""
    return sorted([tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in rows], key=repr)


def test_every_query_has_an_answer_here(queries):
    assert set(queries) - set(ANSWERS) == {"local-time-view", "nat-trace-regional"}, "the tests below have those"


def test_answers_what_the_raw_rows_say(run, logs, queries, name):
    rows, _, version = logs
    query = queries[name]
    if name not in ANSWERS or query["version"] > version:
        return
    has_limit = any(p["name"] == "limit" for p in query["parameters"])
    _, found = answer(run, logs, queries, name, **({"limit": 1_000_000} if has_limit else {}))
    assert plain(found) == plain(ANSWERS[name](rows))
    assert found, "nothing to compare: the logs have no such rows"
    if has_limit:
        few = min(5, len(found) - 1)
        assert answer(run, logs, queries, name, limit=few)[1] == found[:few], "ties are broken the same way every time"


def test_columns_have_names(run, logs, queries, name):
    if name not in ANSWERS or queries[name]["version"] > logs[2]:
        return
    names, _ = answer(run, logs, queries, name)
    assert len(set(names)) == len(names) and all(n.isidentifier() for n in names)


def test_exposure_with_public_ranges_of_our_own(run, logs, queries):
    rows, _, _ = logs
    own = OWN + ",172.32.0.0/16"
    _, found = answer(run, logs, queries, "ssh-rdp-exposure", own=own)
    assert sorted(r[:5] for r in found) == [
        ("eni-00000000000000e01", "172.31.10.40", 22, "198.51.100.7", 1),
        ("eni-00000000000000e01", "172.31.10.40", 3389, "198.51.100.7", 2),
        ("eni-00000000000000e01", "2600:1f18::1", 22, "2001:db8::7", 1)]


def test_a_nat_gateway_is_followed_both_ways(run, logs, queries):
    """Every flow of the tutorial's instance is found under the gateway's public address, and from there back again."""
    rows, _, _ = logs
    for server in SERVERS:
        ends = ("172.32.21.19", server)
        sent = [r for r in rows if r["pkt_srcaddr"] in ends and r["pkt_dstaddr"] in ends
                and "172.32.10.21" in (r["srcaddr"], r["dstaddr"])]
        assert sent
        columns, found = answer(run, logs, queries, "nat-trace", address="172.32.21.19", server=server)
        found = [dict(zip(columns, row)) for row in found]
        public = [f for f in found if f["gateway_address"] == "54.248.89.189"]
        assert all(f["same_volume"] for f in public)
        assert {(f["way"], f["packets"], f["bytes"]) for f in public} == {
            ("out" if r["srcaddr"] == ends[0] else "back", r["packets"], r["bytes"]) for r in sent}
        one = public[0]
        columns, back = answer(run, logs, queries, "nat-trace", address="54.248.89.189", server=server)
        back = [dict(zip(columns, row)) for row in back]
        assert one in back
        assert {f["private_address"] for f in back if f["gateway_port"] == one["gateway_port"]} == {"172.32.21.19"}


def test_a_regional_nat_gateway_is_followed_both_ways(run, logs, queries):
    rows, _, version = logs
    if version < 9:
        return
    is_private = is_in(PRIVATE)
    behind = [r for r in rows if r["resource_id"] != "-" and is_private(r["srcaddr"])]
    server = collections.Counter(r["dstaddr"] for r in behind).most_common(1)[0][0]
    host = next(r["srcaddr"] for r in behind if r["dstaddr"] == server)
    pairs = trace([r for r in rows if r["resource_id"] != "-"], [server], 600, lambda r: r["resource_id"],
                  lambda f: "private" if is_private(f["host"]) else "gateway")
    for address in (host, "18.97.44.203"):
        _, found = answer(run, logs, queries, "nat-trace-regional", address=address, server=server)
        assert found and plain(found) == plain(of_host(pairs, address))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Asia/Kolkata", "America/Los_Angeles", "Europe/London"])
def test_a_local_day_has_all_its_rows(run, logs, queries, zone):
    """Some begin in the last minutes of a UTC day and so lie in the next partition; none is forgotten, none is too much."""
    rows, db, _ = logs
    first, = db.execute("SELECT epoch(timezone(?, TIMESTAMP '2026-01-15'))", [zone]).fetchone()
    for name in ("ipv4-bytes", "rejected"):
        sql = ask(run, name, "--local-day", "2026-01-15", "--tz", zone)["sql"]
        flows = f"SELECT sum(flows) FROM ({to_duckdb(db, sql.replace('LIMIT 100;', ''), rows).rstrip(';')})"
        wanted = [r for r in rows if first <= r["start"] < first + 86_400]
        wanted = [r for r in wanted if (rejected(r) if name == "rejected" else "." in r["srcaddr"])]
        assert db.execute(flows).fetchall() == [(len(wanted),)]


def test_the_view_has_local_times(run, logs, queries):
    rows, db, _ = logs
    sql = ask(run, "local-time-view", "--set", "zone=Asia/Tokyo", "--set", "view=in_tokyo")["sql"]
    db.execute(to_duckdb(db, sql, rows))
    found = db.execute("""SELECT start, "end", local_start, local_end, local_day, day FROM in_tokyo
                          WHERE year = '2026' AND month = '01' AND day IN ('14', '15', '16')""").fetchall()
    assert len(found) == len(rows)
    for start, end, local_start, local_end, local_day, day in found:
        assert (local_start, local_end) == (at(start, TOKYO_HOURS), at(end, TOKYO_HOURS))
        assert local_day == local_start.date() and day in ("14", "15", "16")


# -- Which table can answer it.


def test_says_which_columns_a_table_lacks(run, queries, schema, name):
    query = queries[name]
    args = args_of(query)
    for version in (2, 5, 11):
        lacks = [c for c in query["columns"] if schema[c]["version"] > version]
        result = run("queries", name, "--schema-version", version, *args, expect=2 if lacks else 0)
        if lacks:
            assert f"query {name} needs columns that flow log version {version} does not have: {', '.join(lacks)}\n" in result.err
            assert all(f"${{{schema[c]['name']}}}" in result.err for c in lacks), result.err
    fields = " ".join(f"${{{schema[c]['name']}}}" for c in query["columns"])
    run("queries", name, "--log-format", fields, *args, expect=2 if name == "local-day" and "start" not in fields else 0)
