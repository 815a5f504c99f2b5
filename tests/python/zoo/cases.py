"""The files of the zoo: about a hundred cases, each some raw flow log objects and how they are converted.

A case is cheap: a thousand rows or two, a few of 50,000 where a rule needs several row groups or splits. What it is for
stands in its variants, which are the lines of the table that test_zoo.py prints. All is seeded: a case is the same in
every run.
"""

import random
import tomllib
from dataclasses import dataclass
from itertools import permutations

import flowlogs
from flowlogs import INT32, INT64, TGW, V2, V5, Folder, data_keys, key, make_rows, pack, text

INT32_ENDS, INT64_ENDS = (-(1 << 31), (1 << 31) - 1), (-(1 << 63), (1 << 63) - 1)
CUSTOM = ["srcaddr", "dstaddr", "bytes", "end", "start", "log-status", "pkt-srcaddr", "reject-reason", "brand-new-field"]
SIX = ["srcaddr", "dstaddr", "srcport", "bytes", "version", "account-id"]  # issue 13: Spark read 0 of 20,000 rows
LAST = "\U0010ffff"  # the last character: it cannot be raised


@dataclass
class Case:
    """Raw objects, and the steps that make a DEST of them: ("put", {key: text}) or arguments of flowparquet."""

    name: str
    variants: set
    steps: list
    partition_by: str = "day"
    dash_as_null: bool = False
    focus: tuple = ()  # columns whose filters are always tried

    def make(self, folder, run):
        """Makes the table; returns (DEST, {key: text} of the objects as they are at the end)."""
        source, dest, objects = Folder(folder / "source"), Folder(folder / "dest"), {}
        for verb, what in self.steps:
            if verb == "put":
                for name, content in what.items():
                    source.put(name, pack(content))
                objects |= what
            elif verb == "convert":
                run("convert", source.uri, dest.uri, "--all", "--progress", "none", "--threads", "2", *what)
            else:
                run(verb, dest.uri, *what)
        return dest, objects

    def files(self, dest):
        return [str(dest.path / name) for name in data_keys(dest)]


CASES = []


def case(name, variants, objects, *options, focus=(), steps=None, partition_by="day"):
    """Registers a case. `objects` are texts in the order of their keys, or {key: text}."""
    if not isinstance(objects, dict):
        objects = {key(i): content for i, content in enumerate(objects)}
    options = [str(option) for option in options]
    if partition_by != "day":
        options += ["--partition-by", partition_by]
    steps = [("put", objects), ("convert", options), *(steps or [])]
    assert name not in {c.name for c in CASES}, name
    CASES.append(Case(name, {variants} if isinstance(variants, str) else set(variants), steps, partition_by,
                      "--dash-as-null" in options, tuple(flowlogs.column(f) for f in focus)))


# --- rows -------------------------------------------------------------------------------------------------------------


def fields_of(log_type, version=99):
    """The fields of a log type up to a version, in AWS's order."""
    with open(flowlogs.pathlib.Path(__file__).resolve().parents[3] / "schemas" / f"{log_type}.toml", "rb") as file:
        return [f["name"] for f in tomllib.load(file)["field"] if f["version"] <= version]


def log(fields, count, seed=0, **columns):
    """An object's text: lifelike rows, in which each field that flowlogs.make_rows leaves empty has some values too.
    `columns`: for a field (with _ for -) a list that is gone through again and again, or a function of random numbers
    and the row."""
    rng, rows = random.Random(f"zoo {seed}"), make_rows(fields, count, seed)
    columns = {name.replace("_", "-"): values for name, values in columns.items()}
    assert set(columns) <= set(fields), columns
    for at, name in enumerate(fields):
        if name in columns:
            values = columns[name]
            for i, row in enumerate(rows):
                row[at] = str(values(rng, i) if callable(values) else values[i % len(values)])
        elif rows and all(row[at] == "-" for row in rows):
            distinct = rng.choice([1, 3, 40])
            for row in rows:
                if rng.random() < 0.8:
                    number = rng.randrange(distinct)
                    row[at] = str(number) if name in INT32 or name in INT64 else f"{name}-{number:04}"
    return text(fields, rows)


def plain_log(fields, count, seed=0):
    """The same for large objects, made faster: few values, many rows."""
    rng = random.Random(f"plain {seed}")
    pool = []
    for row in make_rows(fields, 400, seed):
        pool.append(row)
    numbers = [i for i, name in enumerate(fields) if name in ("bytes", "packets", "srcport")]
    rows = []
    for _ in range(count):
        row = list(pool[int(rng.random() * 400)])
        if row[-1] != "-":
            for i in numbers:
                row[i] = str(int(rng.random() * 60_000))
        rows.append(row)
    return text(fields, rows)


def shuffled(fields, seed):
    fields = list(fields)
    random.Random(seed).shuffle(fields)
    return fields


# --- every log type and version ---------------------------------------------------------------------------------------

for version in range(2, 12):
    case(f"v{version}", "fields by version", [log(fields_of("vpc_flow", version), 600, s) for s in (0, 1)])
case("transit gateway", "Transit Gateway", [log(TGW, 600, s) for s in (0, 1)])
case("transit gateway, hive keys", "Transit Gateway",
     {key(i, "tgw-hive"): log(fields_of("transit_gateway_flow"), 500, i) for i in range(2)})

# --- headers in any order ---------------------------------------------------------------------------------------------

case("header srcaddr first, account-id last", "permuted header", [plain_log(SIX, 20_000)])
case("header version last", "permuted header", [plain_log(V2[1:] + V2[:1], 45_000)])
case("header version last, in order of arrival", "permuted header", [plain_log(V2[1:] + V2[:1], 45_000)],
     "--sort-by", "none", "--row-group-rows", 15_000)
case("header backwards", "permuted header", [log(V5[::-1], 1000)])
_OPTIONS = [["--sort-by", "none"], ["--compression", "snappy"], ["--row-group-rows", 300], ["--page-rows", 50],
            ["--bloom-filters", "srcaddr"], ["--sort-by", "dstaddr,bytes"]]
for seed in range(6):
    order = shuffled([V2, V5, fields_of("vpc_flow")][seed % 3], seed)
    case(f"header shuffled {seed}", "permuted header", [log(order, 900, seed)], *_OPTIONS[seed])
case("header another in each object", "permuted header",
     [log(shuffled(V2, seed), 300, seed) for seed in range(5)], "--row-group-rows", 400)
case("header another in each object, transit gateway", {"permuted header", "Transit Gateway"},
     [log(shuffled(TGW, seed), 300, seed) for seed in range(3)], "--sort-by", "none")

# --- columns that come late -------------------------------------------------------------------------------------------

FORMATS = {"v2": V2, "v5": V5, "custom": CUSTOM}
for number, names in enumerate(permutations(FORMATS)):
    case(f"formats {', '.join(names)}", "late columns", [log(FORMATS[name], 400, i) for i, name in enumerate(names)],
         *([] if number % 2 else ["--sort-by", "none", "--row-group-rows", 200]), focus=("brand-new-field", "vpc-id"))
_NEW = ["dstaddr", "zz-new", "srcaddr", "aa-new", "bytes"]
case("unknown fields late", "late columns", [log(V2, 500), log(_NEW, 300, 1)], focus=("zz-new", "aa-new"))
case("unknown fields late, small row groups", "late columns",
     [log(V2, 500), log(_NEW, 300, 1), log(["m-new", *V2], 300, 2)], "--sort-by", "none", "--row-group-rows", 100,
     "--page-rows", 30, focus=("zz-new", "m-new"))
case("no column in common", "late columns",
     [log(["srcaddr"], 200), log(["bytes", "start"], 200, 1), log(["version", "action"], 200, 2), log(["log-status"], 200, 3)],
     focus=("version", "log-status"))
case("no column in common, in order of arrival", "late columns",
     [log(["srcaddr"], 200), log(["bytes", "start"], 200, 1), log(["version", "action"], 200, 2), log(["log-status"], 200, 3)],
     "--sort-by", "none", "--row-group-rows", 150, focus=("version", "log-status"))
case("version in front after 50,000 rows without", "late columns", [plain_log(V2[1:], 50_000), log(V2, 1000, 1)],
     focus=("version",))
case("version in front after 50,000 rows without, in order of arrival", "late columns",
     [plain_log(V2[1:], 50_000), log(V2, 1000, 1)], "--sort-by", "none", "--row-group-rows", 20_000, focus=("version",))
case("another header within an object", "late columns",
     [log(V2, 300) + log(CUSTOM, 300, 1) + log(["tcp-flags", "srcaddr"], 200, 2)], "--row-group-rows", 250,
     focus=("tcp-flags",))
case("an object without rows", "late columns", [log(V5, 0), log(V2, 300), log(["srcaddr", "zz-never"], 0)])

# --- compression ------------------------------------------------------------------------------------------------------

for codec in ("zstd:1", "zstd:9", "zstd:19", "snappy", "gzip", "none"):
    case(f"compression {codec}", f"compression {codec.split(':')[0]}", [log(V5, 900, s) for s in (0, 1)],
         "--compression", codec, "--page-rows", 500)
for codec in ("snappy", "gzip", "none"):
    case(f"compression {codec}, late columns", {f"compression {codec}", "late columns"},
         [log(CUSTOM, 400), log(V5, 400, 1)], "--compression", codec, "--row-group-rows", 300, "--sort-by", "none")

# --- order of rows ----------------------------------------------------------------------------------------------------

for order in ("addresses", "none", "start", "interface_id,start", "bytes", "srcaddr,dstaddr,start,end", "action,bytes",
              "log_status"):
    kind = order if order in ("addresses", "none") else "columns"
    case(f"sorted by {order}", f"sorted by {kind}", [log(V2, 700, s) for s in range(3)], "--sort-by", order,
         "--row-group-rows", 500, "--page-rows", 128, focus=tuple(order.replace("_", "-").split(",")))
case("sorted by a late column", {"sorted by columns", "late columns"}, [log(V2, 500), log(CUSTOM, 500, 1)],
     "--sort-by", "reject_reason,bytes", "--row-group-rows", 300, focus=("reject-reason", "brand-new-field"))
case("sorted by strings of all lengths", {"sorted by columns", "long strings"},
     [log(["interface-tag", "bytes"], 600, interface_tag=lambda r, i: "x" * r.randrange(1, 400) + str(i))],
     "--sort-by", "interface_tag", "--row-group-rows", 200, "--page-rows", 60, focus=("interface-tag",))

# --- pages and row groups ---------------------------------------------------------------------------------------------

for rows in (1, 7, 100, 1024, 1 << 20):
    case(f"pages of {rows} rows", "pages small and large", [log(V2, 60 if rows == 1 else 900)], "--page-rows", rows)
for rows in (1, 10, 999, 1 << 20):
    case(f"row groups of {rows} rows", "row groups small and large", [log(V2, 20 if rows == 1 else 1500)],
         "--row-group-rows", rows, *([] if rows > 10 else ["--sort-by", "none"]))
case("pages larger than row groups", "row groups small and large", [log(V5, 1000)], "--row-group-rows", 64,
     "--page-rows", 1000)
case("many pages and row groups", "pages small and large", [plain_log(V2, 50_000)], "--row-group-rows", 8192,
     "--page-rows", 1000)
case("many pages and row groups, in order of arrival", "pages small and large", [plain_log(V2, 50_000, 7)],
     "--sort-by", "none", "--row-group-rows", 8192, "--page-rows", 500, "--compression", "snappy")

# --- Bloom filters ----------------------------------------------------------------------------------------------------

case("Bloom filters of addresses", "Bloom filters", [log(V2, 900, s) for s in (0, 1)], "--bloom-filters",
     "srcaddr,dstaddr", "--row-group-rows", 400, focus=("srcaddr", "dstaddr"))
case("Bloom filters of numbers", "Bloom filters", [log(V2, 900, s) for s in (0, 1)], "--bloom-filters",
     "bytes,srcport,start", "--sort-by", "none", "--row-group-rows", 400, focus=("bytes", "srcport"))
case("Bloom filters of all columns", "Bloom filters", [log(V5, 600)], "--bloom-filters",
     ",".join(map(flowlogs.column, V5)), "--compression", "none", focus=("vpc-id", "tcp-flags"))
case("Bloom filters of a late column", {"Bloom filters", "late columns"}, [log(V2, 500), log(CUSTOM, 500, 1)],
     "--bloom-filters", "reject_reason,srcaddr", "--sort-by", "none", "--row-group-rows", 250, focus=("reject-reason",))
case("Bloom filters of long strings", {"Bloom filters", "long strings"},
     [log(["interface-tag", "bytes"], 500, interface_tag=lambda r, i: "t" * r.choice([3, 255, 257, 900]) + str(i % 60))],
     "--bloom-filters", "interface_tag", "--row-group-rows", 200, focus=("interface-tag",))

# --- NULL -------------------------------------------------------------------------------------------------------------

case("dash as NULL", "dash as NULL", [log(V2, 900, s) for s in (0, 1)], "--dash-as-null", focus=("action", "srcaddr"))
case("dash as NULL, all fields", "dash as NULL", [log(fields_of("vpc_flow"), 500)], "--dash-as-null",
     "--row-group-rows", 200, focus=("instance-id",))
case("dash as NULL, late columns", {"dash as NULL", "late columns"}, [log(V2, 400), log(V5, 400, 1), log(CUSTOM, 400, 2)],
     "--dash-as-null", "--sort-by", "none", "--row-group-rows", 250, focus=("brand-new-field",))
_NODATA = [["2", "123456789012", "eni-1", *["-"] * 7, "1768435200", "1768435260", "-", "NODATA"]] * 700
case("only NODATA rows", "all NULL", [text(V2, _NODATA)], focus=("srcaddr", "bytes"))
case("only NODATA rows, dash as NULL", {"all NULL", "dash as NULL"}, [text(V2, _NODATA)], "--dash-as-null",
     "--row-group-rows", 256, "--page-rows", 100, focus=("srcaddr", "bytes"))
case("every cell NULL", {"all NULL", "dash as NULL"}, [text(V2, [["-"] * 14] * 500)], "--dash-as-null")
case("a row group of NULLs among others", "all NULL",
     [log(V2, 300), text(V2, [["-"] * 14] * 300), log(V2, 300, 1)], "--dash-as-null", "--sort-by", "none",
     "--row-group-rows", 300, focus=("bytes", "action"))
case("pages of NULLs among others", "all NULL",
     [text(V2, [row if i // 100 % 2 else ["-"] * 14 for i, row in enumerate(make_rows(V2, 1000))])],
     "--dash-as-null", "--sort-by", "none", "--page-rows", 50, focus=("bytes", "srcaddr"))
case("one row", "one row", [log(V2, 1)])
case("one row, all fields", "one row", [log(fields_of("vpc_flow"), 1)], "--bloom-filters", "srcaddr,bytes")
case("one row, one column", "one row", [log(["srcaddr"], 1)], "--compression", "none")
case("one row, NULL", {"one row", "all NULL"}, [text(["bytes", "srcaddr"], [["-", "-"]])], "--dash-as-null")
case("numbers only", "one column or few", [log(["bytes", "start", "end", "srcport"], 900)])
case("one column", "one column or few", [log(["srcaddr"], 900)])

# --- numbers ----------------------------------------------------------------------------------------------------------

NUMBERS = ["srcport", "dstport", "packets", "bytes", "start", "end", "srcaddr"]
case("extremes", "extremes of int32 and int64",
     [log(NUMBERS, 700, srcport=INT32_ENDS, dstport=[0, *INT32_ENDS, -1, "-"], packets=[*INT64_ENDS, "-"],
          bytes=[0, *INT64_ENDS, -1, 1], start=[INT64_ENDS[0], INT64_ENDS[0] + 1])], focus=("srcport", "bytes"))
case("extremes, in order of arrival", "extremes of int32 and int64",
     [log(NUMBERS, 700, srcport=lambda r, i: r.randrange(INT32_ENDS[0], INT32_ENDS[1] + 1), dstport=INT32_ENDS,
          packets=lambda r, i: r.randrange(INT64_ENDS[0], INT64_ENDS[1] + 1), bytes=INT64_ENDS,
          start=lambda r, i: INT64_ENDS[0] + i, end=lambda r, i: INT64_ENDS[1] - i)],
     "--sort-by", "none", "--page-rows", 99, "--row-group-rows", 300, focus=("packets", "srcport"))
case("extremes, sorted", {"extremes of int32 and int64", "sorted by columns"},
     [log(NUMBERS, 900, bytes=lambda r, i: r.randrange(INT64_ENDS[0], INT64_ENDS[1] + 1),
          srcport=lambda r, i: r.randrange(INT32_ENDS[0], INT32_ENDS[1] + 1))],
     "--sort-by", "bytes,srcport", "--row-group-rows", 300, "--page-rows", 77, focus=("bytes", "srcport"))
case("extremes far apart in one page", "extremes of int32 and int64",
     [log(["bytes", "srcport"], 400, bytes=lambda r, i: INT64_ENDS[i % 97 == 0], srcport=lambda r, i: INT32_ENDS[i % 89 == 0])],
     "--sort-by", "none", "--bloom-filters", "bytes,srcport", focus=("bytes", "srcport"))
case("negative numbers", "extremes of int32 and int64",
     [log(NUMBERS, 900, srcport=lambda r, i: -i, bytes=lambda r, i: -1 - i * 10 ** 6, packets=lambda r, i: i - 450)],
     "--row-group-rows", 300, focus=("srcport", "packets"))
case("steps that are even, and runs", "extremes of int32 and int64",
     [log(NUMBERS, 2000, start=lambda r, i: 1_768_435_200 + 60 * i, bytes=lambda r, i: i // 500, packets=[7],
          srcport=lambda r, i: i, dstport=lambda r, i: 443 if i < 1999 else 80)],
     "--sort-by", "start", "--page-rows", 129, focus=("start", "dstport"))

# --- strings ----------------------------------------------------------------------------------------------------------

TAGS = ["interface-tag", "instance-tag", "srcaddr", "bytes"]
UNUSUAL = ["é", "ß", "日本語", "🦀", "a\u0301", "\u00a0", "\ufeff", "\u2028", LAST, "\ue000", "\ud7ff", "\u007f", "Ω≈ç√",
           "ab" + LAST, "\U00010000", "\uffff", "ı", "ﬁ"]
ODD = ["''", '""', '"', "\\", "\\N", "NULL", "null", "None", "nan", "0", "-0", "--", "-1", "true", ",", ";", "\t", "%", "_", "%_",
       "${x}", "{}", "[]", "#", "\x01", "=", "a=b/c", "..", "'--"]
case("non-ASCII", "non-ASCII",
     [log(TAGS, 800, interface_tag=UNUSUAL, instance_tag=lambda r, i: r.choice(UNUSUAL) + str(i))],
     "--row-group-rows", 300, focus=("interface-tag", "instance-tag"))
case("non-ASCII, sorted", {"non-ASCII", "sorted by columns"},
     [log(TAGS, 800, interface_tag=lambda r, i: "".join(r.choices(UNUSUAL, k=3)))], "--sort-by", "interface_tag",
     "--row-group-rows", 300, "--page-rows", 50, "--bloom-filters", "interface_tag", focus=("interface-tag",))
case("odd strings", "odd strings",
     [log(TAGS, 800, interface_tag=ODD, instance_tag=lambda r, i: r.choice(ODD) + r.choice(ODD))],
     "--row-group-rows", 300, focus=("interface-tag", "instance-tag"))
LENGTHS = [200, 255, 256, 257, 258, 300, 1000]
case("strings of all lengths", "long strings",
     [log(TAGS, 900, interface_tag=lambda r, i: "p" * LENGTHS[i % 7] + str(i % 40),
          instance_tag=lambda r, i: "q" * (i % 300 + 1))],
     "--row-group-rows", 300, "--page-rows", 100, focus=("interface-tag", "instance-tag"))
case("strings of 70,000 bytes", "long strings",
     [log(TAGS, 40, interface_tag=lambda r, i: "v" * 70_000 + str(i), instance_tag=["zeta", "y" * 70_000])],
     focus=("interface-tag", "instance-tag"))
case("strings of 70,000 bytes, many", "long strings",
     [log(TAGS, 120, interface_tag=lambda r, i: f"{i % 50:04}" + "v" * 70_000, instance_tag=["a", "b"])],
     "--sort-by", "none", "--row-group-rows", 60, "--compression", "snappy", focus=("interface-tag",))
case("a long string in one row group", "long strings",
     [log(TAGS, 1000, interface_tag=lambda r, i: "m" * 300 if i == 450 else "zeta" if i == 950 else f"a{i % 9}",
          instance_tag=lambda r, i: "zeta" if i == 30 else "b" * 400 if i == 999 else "alpha")],
     "--sort-by", "none", "--row-group-rows", 100, focus=("interface-tag", "instance-tag"))
case("a long string in one row group, small pages", "long strings",
     [log(TAGS, 1000, interface_tag=lambda r, i: "m" * 300 if i == 450 else "zeta" if i == 950 else f"a{i % 9}",
          instance_tag=lambda r, i: "c" * 256 if i % 2 else "c" * 256 + str(i))],
     "--sort-by", "none", "--row-group-rows", 400, "--page-rows", 20, "--compression", "none",
     focus=("interface-tag", "instance-tag"))
_CUT = [mark * n for mark in ("é", "日", "🦀") for n in (64, 85, 86, 128, 129)]
_CUT += ["x" * n + mark + "tail" * 9 for n in range(250, 258) for mark in ("é", "日", "🦀", "\ud7ff", "\u007f")]
case("characters of several bytes at byte 256", {"long strings", "non-ASCII"},
     [log(TAGS, 600, interface_tag=_CUT, instance_tag=lambda r, i: _CUT[i // 30 % len(_CUT)])],
     "--sort-by", "none", "--row-group-rows", 60, "--page-rows", 30, focus=("interface-tag", "instance-tag"))
_ENDS = [LAST * 64, LAST * 65, LAST * 100, "x" * 252 + LAST, "x" * 252 + LAST + "y", "x" * 200 + LAST * 20, "\ud7ff" * 90,
         "x" * 255 + "\u007f" + "z", "x" * 254 + "\u07ff" + "z", "x" * 253 + "\uffff" + "z", "\U0010fffe" * 70, "a"]
case("strings of the last character", {"long strings", "non-ASCII"},
     [log(TAGS, 600, interface_tag=_ENDS, instance_tag=lambda r, i: _ENDS[i // 50 % len(_ENDS)])],
     "--sort-by", "none", "--row-group-rows", 50, "--page-rows", 25, focus=("interface-tag", "instance-tag"))
case("only strings that cannot be raised", {"long strings", "non-ASCII"},
     [log(TAGS, 300, interface_tag=[LAST * 70, LAST * 90], instance_tag=lambda r, i: [LAST * 70, "a", "b"][i // 100])],
     "--sort-by", "none", "--row-group-rows", 100, focus=("interface-tag", "instance-tag"))
for codec in ("gzip", "none"):
    case(f"long strings, {codec}", {"long strings", f"compression {codec}"},
         [log(TAGS, 500, interface_tag=lambda r, i: "".join(r.choices("abcdef", k=r.choice([10, 400, 2000]))))],
         "--compression", codec, "--row-group-rows", 200, focus=("interface-tag",))
case("long strings late", {"long strings", "late columns"},
     [log(V2, 400), log([*V2, "interface-tag"], 300, 1, interface_tag=lambda r, i: "L" * 300 + str(i % 30))],
     "--row-group-rows", 150, "--sort-by", "none", focus=("interface-tag",))
case("long strings, dash as NULL", {"long strings", "dash as NULL"},
     [log(TAGS, 500, interface_tag=lambda r, i: "-" if i % 3 else "N" * (250 + i % 20))], "--dash-as-null",
     "--row-group-rows", 100, "--page-rows", 10, focus=("interface-tag",))

# --- encodings --------------------------------------------------------------------------------------------------------

case("dictionary in one row group, plain in another", "encodings that change",
     [log(TAGS, 1000, interface_tag=["one", "two"], bytes=[5, 6]),
      log(TAGS, 1000, 1, interface_tag=lambda r, i: f"{r.randrange(1 << 60):016x}", bytes=lambda r, i: r.randrange(1 << 62)),
      log(TAGS, 1000, 2, interface_tag=["one"], bytes=[7])],
     "--sort-by", "none", "--row-group-rows", 1000, focus=("interface-tag", "bytes"))
case("dictionary in one row group, plain in another, small pages", "encodings that change",
     [log(TAGS, 2400, interface_tag=lambda r, i: f"{r.randrange(1 << 60):016x}" if i // 600 % 2 else f"v{i % 7}",
          bytes=lambda r, i: r.randrange(1 << 62) if i // 600 % 2 else i // 10)],
     "--sort-by", "none", "--row-group-rows", 600, "--page-rows", 64, "--compression", "snappy",
     focus=("interface-tag", "bytes"))
case("large dictionaries", "encodings that change",
     [log(TAGS, 6000, interface_tag=lambda r, i: f"id-{r.randrange(2500):06}-{'x' * 60}",
          bytes=lambda r, i: r.randrange(3000) ** 5)],
     "--page-rows", 900, focus=("interface-tag", "bytes"))

# --- memory: a file of several sorted regions -------------------------------------------------------------------------

# A file is cut into regions between units of 3 MiB of packed text, where their rows together take more than 16 MiB at
# least. So the first object packs badly, and the second unpacks to much.


def _regions(*more):
    addresses = {"srcaddr": lambda r, i: f"10.0.{r.randrange(200)}.{r.randrange(200)}"}
    return [log(TAGS, 5200, interface_tag=lambda r, i: r.randbytes(650).hex(), **addresses),
            log([*TAGS, *more], 5600, 1, interface_tag=lambda r, i: f"{r.randrange(1 << 40):010x}" + "w" * 2000, **addresses)]


case("several sorted regions", {"several sorted regions", "long strings"}, _regions(), "--memory", "128MiB",
     "--row-group-rows", 3000, focus=("srcaddr", "interface-tag"))
case("several sorted regions, late columns", {"several sorted regions", "late columns"}, _regions("version", "zz-new"),
     "--memory", "128MiB", "--row-group-rows", 3000, focus=("version", "zz-new"))
case("several sorted regions, sorted by columns", {"several sorted regions", "sorted by columns"}, _regions(),
     "--memory", "128MiB", "--sort-by", "srcaddr,bytes", "--row-group-rows", 3000, "--compression", "zstd:1",
     focus=("srcaddr", "bytes"))

# --- partitions, files, merges ----------------------------------------------------------------------------------------

_HOURS = (0, 3, 12, 276)
case("hour partitions", "partitions and files", {key(i, "hourly"): log(V2, 200, i) for i in _HOURS}, partition_by="hour")
case("hour partitions, formats mixed", {"partitions and files", "late columns"},
     {key(i, "hive-hourly"): log(f, 200, i) for i, f in zip(_HOURS, (V2, CUSTOM, V5, V2))}, "--sort-by", "none",
     partition_by="hour", focus=("brand-new-field",))
case("accounts and Regions", "partitions and files",
     {key(i, "hive", account=a, region=r): log(V2, 200, i) for i, (a, r) in enumerate(
         [("123456789012", "eu-central-1"), ("000000000042", "us-east-1"), ("123456789012", "us-east-1")])},
     partition_by="account-region-day")
case("several days", "partitions and files",
     {key(0, day=day): log(V5, 200, day) for day in ("2025-12-31", "2026-01-01", "2024-02-29")})
case("several files of a day", "partitions and files", [log([V2, V5, CUSTOM][i % 3], 1500, i) for i in range(6)],
     "--target-file-size", "32KiB", focus=("brand-new-field",))
_COMPACT = ("compact", ["--all", "--min-age", "0s"])


def _night(number, *texts):
    return [("put", {key(100 * number + i): content for i, content in enumerate(texts)}), ("convert", [])]


case("merged files", "merged files", [log(V2, 400)],
     steps=[*_night(1, log(V2, 300, 1)), *_night(2, log(V2, 300, 2)), _COMPACT])
case("merged files, formats mixed", {"merged files", "late columns"}, [log(CUSTOM, 400)],
     steps=[*_night(1, log(V5, 300, 1)), *_night(2, log(V2[::-1], 300, 2)), _COMPACT], focus=("brand-new-field", "vpc-id"))
case("merged files, long strings", {"merged files", "long strings"},
     [log(TAGS, 300, interface_tag=["zeta", "b" * 300])],
     steps=[*_night(1, log(TAGS, 300, 1, interface_tag=lambda r, i: "k" * 256 + str(i % 50))),
            *_night(2, log(TAGS, 300, 2, instance_tag=[LAST * 70, "🦀" * 65])), _COMPACT],
     focus=("interface-tag", "instance-tag"))
case("merged files, snappy", {"merged files", "compression snappy"}, [log(V5, 300)],
     steps=[*_night(1, log(V5, 300, 1)), ("compact", [*_COMPACT[1], "--compression", "snappy"])])
case("files before a merge", "merged files", [log(CUSTOM, 400)],
     steps=[*_night(1, log(V5, 300, 1)), *_night(2, log(V2[::-1], 300, 2))], focus=("brand-new-field", "vpc-id"))
case("a changed object", "replaced files", [log(V2, 300), log(V2, 300, 1)],
     steps=[("put", {key(1): log(V2, 350, 9)}), ("convert", [])])
case("a changed object of another format", {"replaced files", "late columns"}, [log(V2, 300), log(V5, 300, 1)],
     steps=[("put", {key(0): log(CUSTOM, 350, 9)}), ("convert", [])], focus=("brand-new-field",))
