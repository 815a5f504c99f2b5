"""The measuring half of bench_queries.sh: the same day in many layouts, the same questions of each.

Every layout is what `flowparquet convert` makes with some options. Of each file models say what the questions need (model.py) and
what Trino reads for them (trino_reads.py); of some, engines are asked the questions themselves (asking.py), Trino of all. An answer
that differs from that of the raw text is a failure of the run, and so is a model that is far from Trino. Tables go to --out,
pictures to --pictures.
"""

import argparse
import glob
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field

import asking
import footer
import model
import pictures
import pyarrow.parquet as pq
import questions
import raw
import report
import store
import trino_reads

KI = 1024
# name, options of convert, engines that are asked ("all", or names)
EVERY = ("duckdb", "datafusion", "pyarrow", "spark")
LAYOUTS = [
    ("arrival", "--sort-by none", EVERY),
    ("time", "--sort-by start", ()),
    ("interface", "--sort-by interface_id,start", ()),
    ("source", f"--sort-by srcaddr,dstaddr,start --row-group-rows {128 * KI}", EVERY[:3]),
    ("destination", f"--sort-by dstaddr,srcaddr,start --row-group-rows {128 * KI}", ()),
    ("boxes", "", EVERY),  # the default
    *((f"boxes-{n}Ki", f"--row-group-rows {n * KI}", ()) for n in (8, 16, 64, 128)),
    ("boxes-pages-2Ki", f"--page-rows {2 * KI}", ("datafusion",)),
    ("boxes-bloom", "--bloom-filters srcaddr,dstaddr,interface_id", ("datafusion",)),
    *((f"boxes-zstd-{n}", f"--compression zstd:{n}", ()) for n in (3, 9, 15)),
    ("boxes-snappy", "--compression snappy", ()),
]
# Of the 24 addresses of each end, those that are asked about in the tutorial's form too: busy, middling and rare ones.
TUTORIALS = (0, 2, 5, 8, 11, 13, 17, 22)
# How far the model of Trino's reader may be from Trino.
TOLERANCE = 0.02


@dataclass
class Layout:
    name: str
    options: str
    asked: tuple
    folder: str  # below the store's root
    key: str
    cpu_seconds: float
    footer: footer.Footer
    # model: {question: (by groups, by pages, by bloom)}; points: [(end, class, address, rows, *the three)]
    model: dict = field(default_factory=dict)
    points: list = field(default_factory=list)
    trino: dict = field(default_factory=dict)  # {question: Reads}, of addresses too


@dataclass
class Day:
    name: str
    raw_bytes: int
    objects: list
    layouts: list
    questions: list
    addresses: list = field(default_factory=list)  # questions about those of `points`, in their order
    tutorials: list = field(default_factory=list)  # about some of them, in the tutorial's form
    places: dict = field(default_factory=dict)  # end: {address: (rows before it, its rows)} in the address's order
    runs: list = field(default_factory=list)    # (engine, layout, question, Run)
    wrong: list = field(default_factory=list)
    off: list = field(default_factory=list)     # where the model of Trino's reader is too far from Trino


def convert(binary, source, folder, options):
    """Converts unless that was done by this binary; CPU seconds."""
    stamp = folder.parent / (folder.name + ".seconds")
    if not stamp.exists() or stamp.stat().st_mtime < os.stat(binary).st_mtime:
        shutil.rmtree(folder, ignore_errors=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([binary, "convert", source, folder, "--all", "--progress", "none", *options.split()], check=True,
                       capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        stamp.write_text(f"{after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.2f}")
    return float(stamp.read_text())


def prepare(args, name, source, root):
    objects = sorted(glob.glob(f"{glob.escape(source)}/**/*.log.gz", recursive=True))
    day = Day(name, sum(map(os.path.getsize, objects)), objects, [], [])
    for layout, options, asked in LAYOUTS:
        if args.layouts and layout not in args.layouts:
            continue
        say(f"{name}: {layout} {options}")
        folder = root / name / layout
        seconds = convert(args.binary, source, folder, options)
        files = [f for f in folder.rglob("*.parquet") if "_flowparquet" not in f.parts]
        if len(files) != 1:
            sys.exit(f"{folder} has {len(files)} files where one was wanted: a day that is too big for one file")
        day.layouts.append(Layout(layout, options, asked, str(folder.relative_to(root)), str(files[0].relative_to(root)),
                                  seconds, footer.read(files[0])))
    schema = pq.read_schema(root / day.layouts[0].key)
    counts = {c: ranked(root / day.layouts[0].key, c) for c in ("srcaddr", "dstaddr", "interface_id")}
    interfaces = [v for v, _ in counts["interface_id"] if v != "-"]
    day.questions = questions.questions(args.binary, schema.names, interfaces[len(interfaces) // 2])
    for end in ("srcaddr", "dstaddr"):
        before, day.places[end] = 0, {}
        for value, rows in sorted(counts[end], key=lambda c: c[0].encode()):
            day.places[end][value.encode()] = (before, rows)
            before += rows
    for end in ("srcaddr", "dstaddr"):
        for rank, (kind, address, rows) in enumerate(chosen(counts[end])):
            who = f"{report.END[end]} {kind} {address}"
            day.addresses.append(questions.about(questions.EIGHT, f"{who} {rows} rows", end, address, schema.names))
            if rank in TUTORIALS:
                day.tutorials.append(questions.about(questions.TUTORIAL, f"tutorial {who}", end, address, schema.names))
    for layout in day.layouts:
        weigh(layout, day, counts)
    return day


def ranked(path, column):
    """(value, rows), the most frequent first."""
    counts = pq.read_table(path, columns=[column])[column].value_counts()
    return sorted(((c["values"], c["counts"]) for c in counts.to_pylist()), key=lambda c: (-c[1], c[0]))


def chosen(counts):
    """Addresses by their rank: the busiest, some of the middle, and some that were hardly seen."""
    addresses = [c for c in counts if c[0] != "-"]
    n = len(addresses)
    middle = [int(50 * (min(2_000, n // 4) / 50) ** (i / 7)) for i in range(8)] if n > 400 else range(8, 16)
    rare = [int(n * (0.1 + 0.9 * i / 8)) for i in range(8)]
    for kind, ranks in ("busy", range(8)), ("middling", middle), ("rare", rare):
        yield from ((kind, *addresses[min(r, n - 1)]) for r in ranks)


def weigh(layout, day, counts):
    def three(columns, predicate):
        f = layout.footer
        groups = model.by_groups(f, columns, predicate)
        return groups, model.by_pages(f, columns, predicate), model.by_bloom(f, columns, predicate) if f.bloom_bytes else groups

    layout.model = {q.name: three(q.columns, q.predicate) for q in day.questions}
    layout.points = [(end, kind, address, rows, *three(questions.POINT_COLUMNS, ("in", end, [address.encode()])))
                     for end in ("srcaddr", "dstaddr") for kind, address, rows in chosen(counts[end])]
    layout.trino = {q.name: trino_reads.reads([layout.footer], q.scans)
                    for q in day.questions + day.addresses + day.tutorials}


def ask(day, root, names, only, binary):
    """Every engine every question, and the raw text once. Trino is asked of every layout, and about addresses too."""
    wanted_of = {name: day.questions + (day.addresses + day.tutorials if name == "trino" else []) for name in names}
    wanted_of = {name: [q for q in asked if not only or q.name in only] for name, asked in wanted_of.items()}
    asked = list({q.name: q for asked in wanted_of.values() for q in asked}.values())
    schema = pq.read_schema(root / day.layouts[0].key)
    say(f"{day.name}: the raw text")
    text = raw.Raw(day.objects, schema)
    began = time.perf_counter()
    answers = {q.name: raw.comparable(text.ask(q)) for q in asked}
    scans = {q.name: raw.comparable(text.scan(q)) for name in names if asking.ENGINES[name].scans
             for q in wanted_of[name] if q.exact}
    text.close()
    say(f"{day.name}: answers in {time.perf_counter() - began:.0f} s")
    counting = store.Store(root)
    for name in names:
        layouts = [layout for layout in day.layouts if name in (*layout.asked, "trino")]
        if not layouts:
            continue
        engine = asking.engine(name, counting, binary)
        for layout in layouts:
            began = time.perf_counter()
            for question in wanted_of[name]:
                try:
                    run = engine.ask(question, layout)
                except asking.Unable:
                    continue
                wanted = (scans if engine.scans else answers)[question.name]
                if raw.comparable(run.answer) != wanted:
                    day.wrong.append(f"{day.name}: {name} on {layout.name}: {question.name} has another answer than the raw text")
                    say(day.wrong[-1])
                if name == "trino":
                    check_model(day, layout, question, run)
                run.answer = None
                day.runs.append((name, layout.name, question.name, run))
            say(f"{day.name}: {name} on {layout.name} in {time.perf_counter() - began:.0f} s")
        engine.close()
    counting.close()


def check_model(day, layout, question, run):
    model = layout.trino[question.name]
    in_bytes, _, in_own_account = report.off(model, run)  # a range that is not needed may be a GET of few bytes
    if max(in_bytes, in_own_account) > TOLERANCE:
        day.off.append(f"{day.name}: {question.name} on {layout.name}: Trino reads {run.bytes:,} bytes by {run.gets} GETs and counts "
                       f"{run.counted:,}; the model says {model.bytes:,} by {model.requests} and {model.counted:,}")
        say(day.off[-1])


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench_queries.sh")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="where layouts are kept")
    parser.add_argument("--out", type=pathlib.Path, help="writes FILE.md and FILE.csv")
    parser.add_argument("--pictures", type=pathlib.Path, help="writes the pictures of docs/layout.md into this folder")
    parser.add_argument("--engines", default=",".join(EVERY), help="which; none for the model alone")
    parser.add_argument("--layouts", default="", help="only these")
    parser.add_argument("--questions", default="", help="only these are asked of engines")
    parser.add_argument("days", nargs="+", metavar="NAME=SOURCE")
    args = parser.parse_args()
    args.layouts, args.questions = ([n for n in text.split(",") if n] for text in (args.layouts, args.questions))
    names = [n for n in args.engines.split(",") if n not in ("", "none")]
    load = os.getloadavg()[0]
    root = args.work.resolve()
    days = []
    for text in args.days:
        name, _, source = text.partition("=")
        day = prepare(args, name, source, root)
        if names:
            ask(day, root, names, args.questions, args.binary)
        days.append(day)
    tables = report.markdown(days, args.binary, load)
    if args.out:
        args.out.with_suffix(".md").write_text(tables)
        args.out.with_suffix(".csv").write_text(report.csv(days))
    print(tables)
    if args.pictures:
        pictures.draw(days[0], args.pictures)
    if wrong := [w for day in days for w in day.wrong + day.off]:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
