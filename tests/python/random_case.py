"""A random case, all of it from one seed: raw objects and where they lie, the options of the table and of each run, and the steps
that are taken. What is right, raw_text.py says.
"""

import contextlib
import gzip
import random
from dataclasses import dataclass, field

import raw_text
from flowlogs import LAYOUTS, TGW, V2, V5
from raw_text import VPC, kind_of

DAYS = ["2026-01-14", "2026-01-15", "2026-01-16"]
ACCOUNTS = ["123456789012", "000000000042"]
REGIONS = ["eu-central-1", "us-gov-west-1"]
UNKNOWN = ["new-field", "Next_Field", "day", "hour", "aws-region", "x", "select", "tcp-flags-2"]
PARTITIONS = ["day", "day", "account-region-day", "hour", "account-region-hour"]
# What is called like something else is that: a flow log would be read, whatever its name.
NO_LOG = b'{"a": 1}\n'


@dataclass
class Step:
    """`put`: objects that come or change before it. `kill`: up to which part of a run's time it lives, None for its end."""

    name: str
    args: list
    put: dict = field(default_factory=dict)
    kill: float | None = None


@dataclass
class Case:
    seed: int
    log_type: str
    partition_by: str
    dash_as_null: bool
    log_format: list | None
    assume_day: str | None
    fixed: list  # options of every convert
    steps: list
    last: list  # options of the plain convert at the end


def make(seed):
    return Maker(seed).case()


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(f"flowparquet {seed}")
        self.seed = seed
        self.numbers = iter(range(10_000))
        self.objects = {}

    def chance(self, p):
        return self.rng.random() < p

    def case(self):
        rng = self.rng
        self.log_type = "tgw" if self.chance(0.12) else "vpc"
        self.foreign = self.chance(0.15)
        self.partition_by = rng.choice(PARTITIONS)
        self.days = rng.sample(DAYS, rng.choice([1, 1, 2, 3]))
        self.accounts = rng.sample(ACCOUNTS, rng.choice([1, 1, 2]))
        self.regions = rng.sample(REGIONS, rng.choice([1, 1, 2]))
        self.layouts = rng.sample([*LAYOUTS, "copy", "copy hive", "flat"], rng.choice([1, 1, 2, 3]))
        self.prefix = rng.choice(["", "", "logs/", "a b/c=d/"])
        self.log_format = self.header() if self.chance(0.2) else None
        self.formats = [self.header() for _ in range(rng.choice([1, 1, 2, 3]))]
        self.assume_day = rng.choice(DAYS) if self.partition_by == "day" and self.chance(0.15) else None
        if self.assume_day:
            self.prefix = "logs/"  # Beside AWSLogs/, text without a date is a stranger's.
        self.strings = self.pool()
        merge = "account" not in self.partition_by
        dash = self.chance(0.25)
        fixed = ["--partition-by", self.partition_by, *(["--dash-as-null"] if dash else []), *(["--merge"] if merge else [])]
        if self.log_type == "tgw" or self.foreign or self.log_format or self.chance(0.5):
            fixed += ["--log-type", self.log_type]
        if self.log_format:
            names = " ".join("${" + name + "}" for name in self.log_format)
            fixed += ["--log-format", names]
        if self.assume_day:
            fixed += ["--assume-day", self.assume_day]
        steps = [self.step(first=n == 0) for n in range(rng.choice([1, 2, 3, 4]))]
        last = self.options() + (["--retry"] if self.chance(0.2) else [])
        return Case(self.seed, self.log_type, self.partition_by, dash, self.log_format, self.assume_day, fixed, steps, last)

    # --- steps and options ----------------------------------------------------------------------------------------------

    def step(self, first):
        rng = self.rng
        name = "convert" if first else rng.choice(["convert"] * 6 + ["compact"] * 3 + ["verify", "status"])
        put = {}
        if first:
            put = dict(self.new() for _ in range(rng.randint(1, 6)))
        elif self.chance(0.6):
            put = dict(self.new() for _ in range(rng.randint(0, 3)))
            for key in rng.sample(sorted(self.objects), min(len(self.objects), rng.choice([0, 0, 1, 2]))):
                put[key] = self.changed(key)
        self.objects |= put
        kill = rng.uniform(0, 1.3) if name in ("convert", "compact") and self.chance(0.3) else None
        days = rng.choice([["--all"], ["--all"], [w for d in rng.sample(DAYS, 2) for w in ("--day", d)], ["--day", rng.choice(self.days)]])
        if name == "convert":
            args = [*days, *self.options(), *(["--retry"] if self.chance(0.2) else [])]
        elif name == "compact":
            args = [*days, "--min-age", "0m", "--threads", "1", "--target-file-size", rng.choice(["1KiB", "20KiB", "192MiB"])]
            args += ["--compression", self.codec()] if self.chance(0.3) else []
        else:
            args = days
        return Step(name, args, put, kill)

    def codec(self):
        return self.rng.choice(["zstd", "zstd:3", "snappy", "gzip", "none"])

    def options(self):
        rng, found = self.rng, ["--threads", "1"]
        number = [n for n in self.formats[0] if kind_of(n.lower().replace("-", "_")) != "string"]
        orders = ["addresses", "addresses", "none", "start", "srcaddr,dstport", "bytes,srcaddr", *(n.lower().replace("-", "_") for n in number[:1])]
        if self.chance(0.6):
            found += ["--sort-by", rng.choice(orders)]
        if self.chance(0.6):
            found += ["--row-group-rows", str(rng.choice([5, 7, 20, 20, 64] if self.chance(0.93) else [1, 2]))]
        if self.chance(0.6):
            found += ["--page-rows", str(rng.choice([1, 2, 5, 13, 40]))]
        if self.chance(0.4):
            found += ["--bloom-filters", ",".join(rng.sample(["srcaddr", "dstaddr", "interface_id", "srcport", "bytes", "version"], 2))]
        if self.chance(0.6):
            found += ["--compression", self.codec()]
        if self.chance(0.4):
            found += ["--target-file-size", rng.choice(["100", "700", "4KiB", "1MiB"])]
        if self.chance(0.25):
            found += ["--auto-compact", str(rng.choice([1, 2, 4]))]
        return found

    # --- objects --------------------------------------------------------------------------------------------------------

    def header(self):
        rng = self.rng
        all_of = TGW if self.log_type == "tgw" else VPC
        # Seldom all fields: what engines take for a case grows with its columns.
        names = list(rng.choice([V2, V2, V2, V5, V5[:21], V5[:25]]) if self.log_type == "vpc" and self.chance(0.4) else
                     all_of if self.chance(0.04) else rng.sample(all_of, rng.randint(2, 12)))
        if self.chance(0.4):
            rng.shuffle(names)
        for unknown in rng.sample(UNKNOWN, rng.choice([0, 0, 0, 1, 2])):
            names.insert(rng.randint(0, len(names)), unknown)
        if self.chance(0.05):
            names = [n.upper() if self.chance(0.1) else n.replace("-", "_") if self.chance(0.1) else n for n in names]
        return names

    def pool(self):
        """Strings of the case: few, so that they come again; some long ones with one beginning."""
        rng = self.rng
        long = rng.choice(["l", "é", "\U0010ffff", "\ud7ff"]) * rng.choice([30, 63, 64, 65, 200, 300])
        pool = ["-", "10.0.0.1", "10.0.0.10", "10.0.2.7", "2001:db8::1", "ACCEPT", "REJECT", "OK", "NODATA", "unknown", "it's", "\\", "%", '"',
                "é", "日本", "\U0001f600", "\U0010ffff", "\u00a0", "a\tb", "bytes", long + "a", long + "b", long, "0", "00", "-1"]
        return rng.sample(pool, rng.randint(3, len(pool)))

    def token(self, name):
        rng, kind = self.rng, kind_of(name.lower().replace("-", "_"))
        if self.chance(0.1):
            return "-"
        if kind == "string":
            if "addr" in name and self.chance(0.7):
                return f"10.0.{rng.randrange(3)}.{rng.randrange(20)}"
            return rng.choice(self.strings)
        most = (1 << 31) - 1 if kind == "int32" else (1 << 63) - 1
        return str(rng.choice([0, 1, 2, 443, most, -most - 1, -5, rng.randrange(100), rng.randrange(100), rng.randrange(most)]))

    def line(self, names):
        """A record; now and then a line that must be rejected, or looks like a header and is none."""
        rng = self.rng
        if self.chance(0.08):  # as AWS writes them: nothing but who, when and that there is nothing
            kept = {"version": "2", "account-id": "123456789012", "interface-id": "eni-1", "start": "1768435200", "end": "1768435260",
                    "log-status": rng.choice(["NODATA", "SKIPDATA"])}
            return " ".join(kept.get(name, "-") for name in names).encode()
        words = [self.token(name).encode() for name in names]
        if self.chance(0.06):
            at = rng.randrange(len(words))
            odd = rng.choice(["short", "long", "text", "range", "bytes", "plus", "words", "zeros", "twice", "cr"])
            if odd == "short":
                del words[at]
            elif odd == "long":
                words.insert(at, b"x")
            elif odd == "twice":
                words = [b"version", b"version"]
            elif odd == "words":
                words = [rng.choice([b"type", b"eni-1", b"ACCEPT"]) for _ in words]
            else:
                bad = {"text": b"x1", "range": rng.choice([b"2147483648", b"9223372036854775808", b"-2147483649"]),
                       "bytes": rng.choice([b"\xff", b"\xed\xa0\x80", b"\xc0\xaf"]), "plus": b"+5", "zeros": b"0007", "cr": b"a\rb"}
                words[at] = bad[odd]
        blank = rng.choice([b" ", b" ", b" ", b" ", b"  "])
        line = blank.join(words)
        return b" " + line + b"  " if self.chance(0.03) else line

    def body(self, gz):
        rng = self.rng
        names = rng.choice(self.formats) if self.chance(0.8) else self.header()
        if self.foreign and self.chance(0.4):
            names = V5 if self.log_type == "tgw" else TGW
        lines = [" ".join(names).encode()]
        if self.log_format and self.chance(0.5):
            names, lines = self.log_format, []
        if self.chance(0.03):
            lines = rng.choice([[], [b"not a header"], [b"version srcaddr version"], [b"", b" "]])
        if self.chance(0.03):
            lines.insert(0, b"")
        for _ in range(rng.choice([0, 1, rng.randint(2, 20), rng.randint(2, 20), rng.randint(20, 60)])):
            if self.chance(0.03):
                lines.append(rng.choice([b"", b"  ", b" \r"]))
            if self.chance(0.02):
                names = rng.choice([names, names, self.header(), ["x-first", *names[:5]]])
                lines.append(" ".join(names).encode())
            lines.append(self.line(names))
        newline = rng.choice([b"\n", b"\n", b"\n", b"\r\n"])
        content = newline.join(lines) + rng.choice([newline, newline, newline, b"", newline * 2])
        return self.damaged(self.packed(content)) if gz else content

    def packed(self, content):
        cuts = sorted(self.rng.randint(0, len(content)) for _ in range(self.rng.choice([0, 0, 0, 1, 3])))
        pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)])]
        return b"".join(gzip.compress(piece, self.rng.choice([0, 1, 6]), mtime=0) for piece in pieces)

    def damaged(self, body):
        rng = self.rng
        if self.chance(0.92):
            return body + (b"\0" * rng.choice([1, 512]) if self.chance(0.03) else b"")
        how = rng.choice(["cut", "cut", "flip", "behind", "empty", "plain", "bytes"])
        if how == "cut":
            return body[: rng.randrange(1, len(body))]
        if how == "flip":
            at = rng.randrange(10, len(body))
            return body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :]
        return {
            "behind": body + rng.choice([b"x", b"\0\0x", body[:9]]),
            "empty": gzip.compress(b""),
            "plain": b"version srcaddr\n2 a\n",
            "bytes": bytes([rng.randrange(256), rng.randrange(128, 256)]) + body,
        }[how]

    def new(self):
        rng, number = self.rng, next(self.numbers)
        day, account, region = rng.choice(self.days), rng.choice(self.accounts), rng.choice(self.regions)
        layout, hour = rng.choice(self.layouts), rng.randrange(24)
        if self.log_type == "tgw" and layout == "hive" and self.chance(0.5):
            layout = "tgw-hive"
        y, m, d = day.split("-")
        name = f"{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_{y}{m}{d}T{hour:02}{5 * (number % 12):02}Z_{number:08x}"
        suffix = rng.choice([".log.gz"] * 6 + [".gz", ".log", ".txt"])
        folder_day = rng.choice(DAYS) if layout.startswith("copy") and self.chance(0.3) else day
        y, m, d = folder_day.split("-")
        if layout in LAYOUTS:
            folder = self.prefix + LAYOUTS[layout].format(account=account, region=region, y=y, m=m, d=d, h=f"{hour:02}")
        else:
            folder = {"copy": f"{self.prefix}{y}/{m}/{d}/", "copy hive": f"{self.prefix}year={y}/month={m}/day={d}/", "flat": self.prefix}[layout]
        if self.partition_by == "day" and layout.startswith("copy") and self.chance(0.2):
            name = f"renamed-{number}"
        if self.assume_day and self.chance(0.3):
            folder, name = "", f"undated-{number}"
        if self.chance(0.02):
            name, suffix = rng.choice([("_" + name, suffix), (name, ".parquet"), (name, ".json")])
        return folder + name + suffix, NO_LOG if suffix == ".json" else self.body(suffix.endswith(".gz"))

    def changed(self, key):
        """What an object holds later. It can be read: else the old rows would have to stay, if they were ever converted."""
        while not key.endswith(".json"):
            body = self.body(key.endswith(".gz"))
            with contextlib.suppress(raw_text.Unreadable):
                if not raw_text.read(key, body, self.log_type, log_format=self.log_format).other_type:
                    return body
        return NO_LOG
