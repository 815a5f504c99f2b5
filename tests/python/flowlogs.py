"""Flow log objects as AWS writes them (formats, key names, gzip), the places that hold them (a folder, an S3 bucket), and
the plain reading of a record that the tests compare flowparquet's answer with."""

import datetime
import gzip
import hashlib
import pathlib
import random
import shutil
from dataclasses import dataclass, field

V2 = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
      "log-status").split()
V5 = V2 + ("vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
           "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path").split()
TGW = ("version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
       "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id "
       "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
       "log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded "
       "packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service").split()

# The number columns, written down here a second time on purpose: every other column, known or not, is a string.
INT32 = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path", "encryption-status"}
INT64 = {"packets", "bytes", "start", "end", "packets-lost-no-route", "packets-lost-blackhole",
         "packets-lost-mtu-exceeded", "packets-lost-ttl-expired"}

ACCOUNT, REGION, DAY = "123456789012", "eu-central-1", "2026-01-15"

_HIVE = "AWSLogs/aws-account-id={account}/{service}=vpcflowlogs/aws-region={region}/year={y}/month={m}/day={d}/"
LAYOUTS = {
    "default": "AWSLogs/{account}/vpcflowlogs/{region}/{y}/{m}/{d}/",
    "hourly": "AWSLogs/{account}/vpcflowlogs/{region}/{y}/{m}/{d}/{h}/",
    "hive": _HIVE.replace("{service}", "aws-service"),
    "hive-hourly": _HIVE.replace("{service}", "aws-service") + "hour={h}/",
    "tgw-hive": _HIVE.replace("{service}", "service"),
}


def column(name):
    """The name that a header's field has as a column."""
    return name.replace("-", "_")


def value(name, text):
    """What a field's text means in a table."""
    if name in INT32 or name in INT64:
        return None if text == "-" else int(text)
    return text


def key(number=0, layout="default", day=DAY, account=ACCOUNT, region=REGION, prefix=""):
    """The key of a day's object number `number`: objects are five minutes apart, and a thousand or more still fit a day."""
    y, m, d = day.split("-")
    minute = 5 * (number % 288)
    h, mi = f"{minute // 60:02}", f"{minute % 60:02}"
    folder = prefix + LAYOUTS[layout].format(account=account, region=region, y=y, m=m, d=d, h=h)
    return f"{folder}{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_{y}{m}{d}T{h}{mi}Z_{number:08x}.log.gz"


def text(fields, rows):
    """An object's text: the header and one line per row."""
    return "".join(" ".join(words) + "\n" for words in [fields, *rows])


def pack(content, level=1):
    return gzip.compress(content if isinstance(content, bytes) else content.encode(), level, mtime=0)


def make_rows(fields, count, seed=0, day=DAY):
    """Lifelike rows, the same for the same arguments; one in ten is a NODATA row, full of '-'."""
    rng = random.Random(f"{seed} {day}")
    midnight = int(datetime.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp())
    rows = []
    for _ in range(count):
        start = midnight + rng.randrange(86_400)
        row = {
            "version": "5" if len(fields) > 14 else "2", "account-id": rng.choice([ACCOUNT, "unknown", "000000000042"]),
            "interface-id": f"eni-{rng.randrange(40):017x}", "start": str(start), "end": str(start + rng.randrange(60)),
            "log-status": "NODATA", "resource-type": "TransitGateway", "tgw-id": "tgw-0123456789abcdef0",
            "vpc-id": f"vpc-{rng.randrange(3):017x}", "subnet-id": f"subnet-{rng.randrange(9):017x}",
        }
        if rng.random() > 0.1:
            row |= {
                "srcaddr": _address(rng), "dstaddr": _address(rng), "srcport": str(rng.randrange(65_536)),
                "dstport": rng.choice(["443", "22", "53"]), "protocol": rng.choice(["6", "17"]),
                "packets": str(rng.randrange(1, 10_000)), "bytes": str(rng.randrange(40, 10**rng.randrange(3, 13))),
                "action": rng.choice(["ACCEPT"] * 9 + ["REJECT"]), "log-status": "OK", "type": "IPv4",
                "tcp-flags": str(rng.choice([0, 2, 3, 18, 19])), "flow-direction": rng.choice(["ingress", "egress"]),
                "pkt-srcaddr": _address(rng), "pkt-dstaddr": _address(rng), "region": REGION, "az-id": "euc1-az2",
                "traffic-path": rng.choice(["-", "1", "8"]), "pkt-dst-aws-service": rng.choice(["-", "S3", "AMAZON"]),
            }
        rows.append([row.get(name, "-") for name in fields])
    return rows


def _address(rng):
    return f"10.0.{rng.randrange(4)}.{rng.randrange(256)}" if rng.random() < 0.9 else f"2001:db8::{rng.randrange(4096):x}"


@dataclass
class Folder:
    """A local directory as SOURCE or DEST."""

    path: pathlib.Path
    args: list = field(default_factory=list)
    env: dict = field(default_factory=dict)

    @property
    def uri(self):
        return str(self.path)

    @property
    def url(self):
        """As engines want it; Path.as_uri() would write %3D for the `=` of partitions."""
        return f"file://{self.path}"

    def put(self, name, body):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def get(self, name):
        return (self.path / name).read_bytes()

    def delete(self, name):
        (self.path / name).unlink()

    def keys(self):
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file())

    def fingerprints(self):
        """What each object holds, in short: equal for equal content only."""
        return {name: hashlib.sha256(self.get(name)).hexdigest() for name in self.keys()}

    def full(self, name):
        """The key as the ledger names it."""
        return str(self.path / name).removeprefix("/")

    def local(self, tmp):
        return self.path


@dataclass
class Bucket:
    """A prefix in an S3 bucket as SOURCE or DEST. `args` and `env` are what flowparquet needs to reach it."""

    client: object
    name: str
    prefix: str
    args: list
    env: dict

    @property
    def uri(self):
        return f"s3://{self.name}/{self.prefix}".rstrip("/")

    def full(self, name):
        """The key as the ledger names it."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def put(self, name, body):
        self.client.put_object(Bucket=self.name, Key=self.full(name), Body=body)

    def delete(self, name):
        self.client.delete_object(Bucket=self.name, Key=self._key(name))

    def get(self, name):
        return self.client.get_object(Bucket=self.name, Key=self.full(name))["Body"].read()

    def delete(self, name):
        self.client.delete_object(Bucket=self.name, Key=self.full(name))

    def keys(self):
        return sorted(self.fingerprints())

    def fingerprints(self):
        """What each object holds, in short: equal for equal content written in equal parts."""
        start = self.full("")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=start)
        return {o["Key"].removeprefix(start): o["ETag"] for page in pages for o in page.get("Contents", [])}

    def local(self, tmp):
        """A copy on disk, for readers that take files."""
        shutil.rmtree(tmp, ignore_errors=True)
        copy = Folder(tmp)
        tmp.mkdir(parents=True)
        for name in self.keys():
            copy.put(name, self.get(name))
        return tmp


def data_keys(place):
    """The Parquet files that readers of the table see."""
    return [k for k in place.keys() if k.endswith(".parquet") and not k.startswith("_flowparquet/")]
