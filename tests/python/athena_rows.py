"""The table that the corpus of Athena's SQL asks: small, made by hand, with the values on which engines differ.

Days are partitions with a purpose of their own:
    2024-02-29  extremes: numbers whose sums and products do not fit, negative ones; most statements leave it out
    2025-12-31  objects of version 2: all later fields are NULL (numbers) or NULL (texts), as the file lacks them
    2026-01-14  generated logs, for the ready queries
    2026-01-15  two accounts and two Regions; every kind of row
    2026-01-16  a few rows that meet others of the day before
    2026-02-28  NODATA and SKIPDATA alone: no number but start and end
"""

import datetime
import json
import random

from flowlogs import V2, Folder, key, pack, text

ACCOUNTS = ["123456789012", "000000000042"]
REGIONS = ["eu-central-1", "us-east-1"]
EXTREME, OLD, GENERATED, DAY, NEXT, EMPTY = DAYS = [
    "2024-02-29", "2025-12-31", "2026-01-14", "2026-01-15", "2026-01-16", "2026-02-28"]

ADDRESSES = ["10.0.0.5", "10.0.1.7", "10.20.20.41", "172.32.21.19", "172.31.16.9", "192.168.4.4", "54.248.89.189",
             "34.160.111.145", "104.18.26.120", "203.0.113.12", "9.9.9.9", "2001:db8::1", "2600:1f18::a", "fd00::7", "-"]
# Percent-encoded, as AWS has them; and what parts texts, what JSON is, and letters of two, three and four bytes.
TAGS = ["web%20server", "a,b,,c", "Z%C3%BCrich", "Zürich", "日本", "🙂x", "ÄÖÜ-äöüß", '{"team":"net","n":3,"list":[1,2]}',
        "AbC", "abc", "_x%", "10", "9", "007", "1e3", "4.50", "true", "2026-01-15", "2026-01-15T05:06:07Z", "-"]


def midnight(day):
    return int(datetime.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp())


def make_source(folder, run):
    """Writes the raw logs below a folder; `run` runs flowparquet."""
    source = Folder(folder)
    fields = [field["name"] for field in json.loads(run("fields", "--format", "json").out)]
    run("generate", source.path, "--day", GENERATED, "--objects", "4", "--rows", "100", "--schema-version", "11",
        "--account", ACCOUNTS[0], "--region", REGIONS[0])

    def put(names, rows, day, account=0, region=0):
        name = key(7, day=day, account=ACCOUNTS[account], region=REGIONS[region])
        source.put(name, pack(text(names, [[str(row.get(n, "-")) for n in names] for row in rows])))

    put(fields, extremes(EXTREME), EXTREME)
    put(V2, flows(OLD, 60), OLD)
    put(fields, flows(DAY, 120) + by_hand(DAY), DAY)
    put(fields, flows(DAY, 40, region=1), DAY, region=1)
    put(fields, flows(DAY, 40, account=1), DAY, account=1)
    put(fields, flows(NEXT, 30), NEXT)
    put(fields, silent(EMPTY), EMPTY, account=1)
    return source


def silent(day):
    """Rows of interfaces without traffic, and of lost records."""
    begin = midnight(day)
    return [{"version": 11, "account-id": ACCOUNTS[0], "interface-id": f"eni-{number % 3:017x}", "start": begin + 300 * number,
             "end": begin + 300 * number + 60, "log-status": "SKIPDATA" if number % 4 == 3 else "NODATA",
             "vpc-id": "vpc-00000000000000001"} for number in range(8)]


def flows(day, count, account=0, region=0):
    """Rows of few values, so that groups have several rows, joins meet and numbers tie; some are NODATA and SKIPDATA."""
    rng = random.Random(f"{day} {account} {region}")
    rows = []
    for _ in range(count):
        start = midnight(day) + rng.randrange(24) * 3600 + rng.choice([0, 1, 59, 60, 1799, 3599])
        row = {"version": 11, "account-id": rng.choice([ACCOUNTS[account], ACCOUNTS[account], "unknown"]),
               "interface-id": f"eni-{rng.randrange(4):017x}", "start": start,
               "end": start + rng.choice([0, 1, 30, 59, 60, 600]), "log-status": "OK",
               "vpc-id": f"vpc-{rng.randrange(2):017x}", "subnet-id": f"subnet-{rng.randrange(3):017x}"}
        kind = rng.random()
        if kind < 0.12:
            rows.append(row | {"log-status": "NODATA" if kind < 0.08 else "SKIPDATA"})
            continue
        packets = rng.choice([0, 1, 1, 2, 3, 7, 10, 100, 1437])
        sent = packets * rng.choice([40, 52, 576, 1500, 4375])
        src, dst = rng.choice(ADDRESSES), rng.choice(ADDRESSES)
        protocol = rng.choice([6, 6, 6, 17, 1, 58])
        row |= {"srcaddr": src, "dstaddr": dst, "protocol": protocol, "packets": packets,
                # Rejects by Block Public Access say no bytes.
                "bytes": rng.choice([sent, sent, sent, sent, "-"]),
                "srcport": rng.choice([0, 1024, 40000, 65535]) if protocol in (6, 17) else 0,
                "dstport": rng.choice([22, 53, 80, 443, 443, 3389]) if protocol in (6, 17) else 0,
                "action": rng.choice(["ACCEPT", "ACCEPT", "ACCEPT", "REJECT"]),
                "instance-id": f"i-{rng.randrange(3):017x}", "tcp-flags": rng.choice([0, 1, 2, 3, 4, 18, 19]),
                "type": "IPv6" if ":" in src + dst else "IPv4", "pkt-srcaddr": src, "pkt-dstaddr": rng.choice(ADDRESSES),
                "region": REGIONS[region], "az-id": rng.choice(["euc1-az1", "euc1-az2", "-"]),
                "pkt-dst-aws-service": rng.choice(["-", "S3", "AMAZON", "EC2"]),
                "flow-direction": (way := rng.choice(["ingress", "egress"])),
                "traffic-path": rng.choice([1, 2, 5, 8, "-"]) if way == "egress" else "-",
                "encryption-status": rng.choice([0, 1, "-"]),
                "instance-tag": rng.choice(TAGS), "interface-tag": rng.choice(TAGS),
                "next-hop-az-id": rng.choice(["euc1-az1", "euc1-az2", "-"])}
        rows.append(row)
    return rows


def by_hand(day):
    """One row for each tag; bytes of which quotients and roundings are known to differ between engines."""
    begin = midnight(day)
    sizes = [4375262, 10, 15, 25, 1, 3, 1048576, 1073741824, 5000000000, 999999999999, 0, 7, 50, 100, 150, 250, 12345, 1000,
             64, 2147483648]
    rows = []
    for number, (tag, sent) in enumerate(zip(TAGS, sizes, strict=True)):
        start = begin + 3600 * number + 61
        rows.append({
            "version": 11, "account-id": ACCOUNTS[0], "interface-id": "eni-00000000000000abc", "srcaddr": ADDRESSES[number % 14],
            "dstaddr": "172.32.21.19", "srcport": 50000 + number, "dstport": 443, "protocol": 6, "packets": number, "bytes": sent,
            "start": start, "end": start + number, "action": "ACCEPT", "log-status": "OK", "vpc-id": "vpc-00000000000000abc",
            "subnet-id": "subnet-00000000000000abc", "instance-id": "-", "tcp-flags": number, "type": "IPv4",
            "region": REGIONS[0], "az-id": "euc1-az3", "flow-direction": "egress", "traffic-path": 1 + number % 8,
            "instance-tag": tag, "interface-tag": TAGS[-1 - number], "resource-id": "nat-1" if number % 2 else "-"})
    return rows


def extremes(day):
    """The ends of the number types, and what lies beside zero."""
    begin = midnight(day)
    numbers = [(2147483647, 9223372036854775807), (-2147483648, -9223372036854775808), (0, 0), (1, -1), (-1, 1),
               (65535, 9007199254740993), (255, 4611686018427387904), (2, 4611686018427387904)]
    return [{"version": 11, "account-id": ACCOUNTS[0], "interface-id": f"eni-{number:017x}", "srcaddr": "255.255.255.255",
             "dstaddr": "::ffff:10.0.0.1" if number % 2 else "::", "srcport": small, "dstport": -small if small > 0 else 7,
             "protocol": 6, "packets": large if large > 0 else 1, "bytes": large, "start": begin + number,
             "end": begin + number + 1, "action": "ACCEPT", "log-status": "OK", "tcp-flags": small,
             "instance-tag": TAGS[number]} for number, (small, large) in enumerate(numbers)]
