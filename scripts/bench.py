"""The measuring half of bench.sh: runs each contender as a process of its own, interleaved and several times, checks that
all outputs have the same rows, and prints Markdown tables of medians.

  wall   from start to exit, with the contender's own start-up (the peers' Python and imports are named below the table)
  CPU    user + system of the process and its children
  peak   the largest resident set of one process
  floor  CPU beside that of libdeflate unpacking the same objects and doing nothing else

What the peers are asked is in bench_peers.py, the S3 that is measured against in bench_s3.py.
"""

import argparse
import datetime
import glob
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

import bench_plot
import bench_s3

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "bench_peers.py"
FLOWPARQUET = {"flowparquet": [], "flowparquet, arrival order": ["--sort-by", "none"]}
OTHERS = {"Polars": "polars", "Polars, sorted": "polars_sorted", "DuckDB": "duckdb", "DuckDB, sorted": "duckdb_sorted"}
FLOOR = "gunzip only (libdeflate)"
# name: objects, rows of each, flow log version
CASES = {
    "v2 day": (288, 20_000, 2),
    "v5 day": (288, 20_000, 5),
    "small objects": (2_880, 500, 2),
    "big objects": (8, 650_000, 2),
    "one giant object": (1, 8_000_000, 2),
}
# Objects of 20,000 rows: 1 million to 60 million rows.
SCALES, LONG_SCALES = [50, 144, 288], [50, 144, 288, 1_000, 3_000]
MEMORY = "256MiB"
DELAYS_MS = [0, 20, 100]
# Times that each of the big objects is in the synthetic store; a whole day of a terabyte has it 8,000 times.
COPIES, LONG_COPIES = [1, 4, 16], [1, 4, 16, 64]
# Starts a command from a small process of its own: Linux counts the memory of a parent at the time of a start into the
# child's peak.
MEASURE = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}


class Bench:
    """The binary, the folder that input and output lie in, how often everything runs, and what was printed."""

    def __init__(self, args):
        self.binary, self.work, self.rounds, self.quick = args.binary, pathlib.Path(args.work), args.rounds, args.quick
        self.out = str(self.work / "out")
        self.said, self.scales = [], []

    def say(self, line=""):
        print(line, flush=True)
        self.said.append(line)

    def table(self, heading, rows):
        self.say("\n| " + " | ".join(heading) + " |")
        self.say("|---|" + "--:|" * (len(heading) - 1))
        for row in rows:
            self.say("| " + " | ".join(row) + " |")

    def source(self, objects, rows, version=2):
        """A folder of generated logs, in the page cache; made once."""
        if self.quick:
            # One or eight objects become smaller, many become fewer.
            objects, rows = (objects // 10, rows) if objects >= 10 else (objects, rows // 10)
        source = self.work / f"v{version}-{objects}x{rows}"
        done = source.with_suffix(".done")
        if not done.exists():
            shutil.rmtree(source, ignore_errors=True)
            run([self.binary, "generate", str(source), "--seed", "1", "--day", "2026-01-15", "--schema-version",
                 str(version), "--objects", str(objects), "--rows", str(rows)])
            done.touch()
        for path in objects_of(source):  # so that the first contender does not pay for all
            with open(path, "rb") as file:
                while file.read(1 << 20):
                    pass
        return str(source)

    def convert(self, source, *options):
        return [self.binary, "convert", source, self.out, "--all", "--progress", "none", *options]

    def measure(self, command, env=None, clear=True):
        """Runs a command: (wall seconds, CPU seconds, peak MiB)."""
        if clear:
            shutil.rmtree(self.out, ignore_errors=True)
        done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *map(str, command)], capture_output=True, text=True,
                              env=None if env is None else {"PATH": os.environ["PATH"], **env})
        code, wall, cpu, peak = json.loads(done.stdout)
        if code:
            sys.exit(f"failed with {code}: {' '.join(command)}\n{done.stderr}")
        unit = 1024 if sys.platform != "darwin" else 1024 * 1024
        return wall, cpu, peak / unit

    def medians(self, commands, **more):
        """Runs each of the commands in turn, `rounds` times; (wall, CPU, peak, output MB, files, rows) of each."""
        samples, outputs = {name: [] for name in commands}, {}
        for _ in range(self.rounds):
            for name, command in commands.items():
                samples[name].append(self.measure(command, **more))
                outputs[name] = self.output()
        shutil.rmtree(self.out, ignore_errors=True)
        return {n: [statistics.median(column) for column in zip(*s)] + list(outputs[n]) for n, s in samples.items()}

    def output(self):
        """Megabytes, files and rows of what was written."""
        files = [f for f in glob.glob(f"{glob.escape(self.out)}/**/*.parquet", recursive=True) if "_flowparquet" not in f]
        rows = int(run([sys.executable, PEERS, "rows", "", self.out])) if files else 0
        return sum(os.path.getsize(f) for f in files) / 1e6, len(files), rows

    # --- the tables ------------------------------------------------------------------------------------------------------

    def peers(self, name, objects, rows, version, others):
        source = self.source(objects, rows, version)
        commands = {n: self.convert(source, *options) for n, options in FLOWPARQUET.items()}
        for label, peer in {**others, FLOOR: "gunzip"}.items():
            commands[label] = [sys.executable, str(PEERS), peer, source, self.out]
        found = self.medians(commands)
        written = {label: values[5] for label, values in found.items() if label != FLOOR}
        if len(set(written.values())) != 1:
            sys.exit(f"the outputs of {source} do not have the same number of rows: {written}")
        packed, ours, floor = size_of(source), found["flowparquet"], found[FLOOR]
        count = len(objects_of(source))
        self.say(f"\n### {name}: {count:,} objects, {ours[5]:,} rows of version {version}, {packed:.1f} MB of gzip")
        line = lambda label, v: [  # noqa: E731
            label, f"{v[0]:.2f}", f"{v[1]:.2f}", f"{v[2]:.0f}", f"{v[3]:.1f}" if v[3] else "", f"{v[3] / packed:.2f}" if v[3] else "",
            f"{v[1] / floor[1]:.1f}", f"{v[0] / ours[0]:.2f}", f"{v[1] / ours[1]:.2f}"]
        self.table(["", "wall s", "CPU s", "peak MiB", "MB", "MB / gz", "CPU / floor", "wall / ours", "CPU / ours"],
                   [line(label, values) for label, values in found.items()])

    def memory(self):
        self.say(f"\n### --memory {MEMORY}")
        lines = []
        for name, case in CASES.items():
            source = self.source(*case)
            free, tight = self.medians({"free": self.convert(source),
                                        "tight": self.convert(source, "--memory", MEMORY)}).values()
            lines.append([name, f"{free[0]:.2f}", f"{tight[0]:.2f}", f"{free[2]:.0f}", f"{tight[2]:.0f}",
                          f"{free[3]:.1f}", f"{tight[3]:.1f}"])
        self.table(["", "wall s", f"with {MEMORY}", "peak MiB", f"with {MEMORY}", "MB", f"with {MEMORY}"], lines)

    def s3(self):
        self.say("\n### S3 over HTTP on loopback (scripts/bench_s3.py; it and the conversion share the cores)")
        lines = []
        for name in ("small objects", "v2 day"):
            source = pathlib.Path(self.source(*CASES[name]))
            local = self.medians({"": self.convert(str(source))})[""][0]
            for delay in DELAYS_MS:
                walls = []
                for _ in range(self.rounds):
                    server = bench_s3.Server(source.parent, delay / 1000)
                    walls.append(self.measure(
                        [self.binary, "convert", f"s3://{source.name}", "s3://table/flow", "--all", "--progress", "none",
                         "--endpoint-url", server.endpoint, "--allow-http"], env=KEYS)[0])
                    server.close()
                counts = " ".join(f"{kind} {count:,}" for kind, count in sorted(server.counts.items()))
                wall = statistics.median(walls)
                lines.append([name, str(delay), f"{wall:.2f}", f"{wall / local:.2f}", str(server.most_at_once), counts])
        self.table(["", "delay ms", "wall s", "wall / local disk", "most at once", "requests"], lines)

    def terabyte(self, all_copies):
        """What a day that is far larger than memory needs: bounded for its bytes, and something for each object."""
        self.say(f"\n### A day as large as one likes: S3 with copies of the big objects, --memory {MEMORY}")
        source, lines = pathlib.Path(self.source(*CASES["big objects"])), []
        for copies in all_copies:
            server = bench_s3.Server(source.parent, copies=copies)
            began = self.measure([self.binary, "convert", f"s3://{source.name}", "s3://table/flow", "--all", "--progress", "none",
                                  "--memory", MEMORY, "--endpoint-url", server.endpoint, "--allow-http"], env=KEYS)
            server.close()
            objects = copies * len(objects_of(source))
            lines.append([f"{objects:,}", f"{copies * size_of(source) / 1e3:.2f}", f"{began[0]:.1f}", f"{began[2]:.0f}"])
        self.table(["objects", "GB of gzip", "wall s", "peak MiB"], lines)
        source = pathlib.Path(self.source(2_880, 500))
        lines = []
        for copies in (1, 5, 35):
            server = bench_s3.Server(source.parent, copies=copies)
            planned = self.measure([self.binary, "plan", f"s3://{source.name}", "s3://table/flow", "--all", "--endpoint-url",
                                    server.endpoint, "--allow-http"], env=KEYS)
            server.close()
            lines.append([f"{copies * len(objects_of(source)):,}", f"{planned[0]:.2f}", f"{planned[2]:.0f}"])
        self.say("\nThe same of `plan` alone, which lists and reads nothing:")
        self.table(["objects", "wall s", "peak MiB"], lines)

    def threads(self):
        source = self.source(*CASES["v2 day"])
        counts = [n for n in (1, 2, 4, 8, 16) if n <= os.cpu_count()]
        found = self.medians({n: self.convert(source, "--threads", str(n)) for n in counts})
        self.say("\n### Threads: v2 day")
        one = found[1][0]
        # Amdahl: wall(n) = wall(1) * (serial + (1 - serial) / n)
        serial = lambda n, wall: f"{(wall / one - 1 / n) / (1 - 1 / n):.1%}" if n > 1 else ""  # noqa: E731
        self.table(["threads", "wall s", "CPU s", "times as fast", "serial part"],
                   [[str(n), f"{v[0]:.2f}", f"{v[1]:.2f}", f"{one / v[0]:.2f}", serial(n, v[0])] for n, v in found.items()])

    def scale(self, scales):
        self.say("\n### More rows: objects of 20,000 rows in one day")
        lines = []
        for objects in scales:
            v = self.medians({"": self.convert(self.source(objects, 20_000))})[""]
            self.scales.append((v[5] / 1e6, v[0], v[2]))
            lines.append([f"{v[5] / 1e6:.2f} M", f"{v[0]:.2f}", f"{v[1]:.2f}", f"{v[1] * 1e9 / v[5]:.0f}", f"{v[2]:.0f}", str(v[4])])
        self.table(["rows", "wall s", "CPU s", "CPU ns a row", "peak MiB", "files"], lines)

    def start(self):
        source = self.source(*CASES["v2 day"])
        self.measure(self.convert(source))
        commands = {
            "convert, nothing new": self.convert(source),
            "plan": [self.binary, "plan", source, self.out, "--all"],
            "ddl": [self.binary, "ddl", self.out, "--location", "s3://table/flow"],
            "--version": [self.binary, "--version"],
        }
        lines = []
        for name, command in commands.items():
            walls = sorted(self.measure(command, clear=False)[0] * 1000 for _ in range(10))
            lines.append([name, f"{walls[0]:.0f}", f"{statistics.median(walls):.0f}"])
        self.say("\n### Start to end without work (288 objects, all converted)")
        self.table(["", "least ms", "median ms"], lines)


def run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed with {done.returncode}: {' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def objects_of(source):
    return sorted(glob.glob(f"{glob.escape(str(source))}/**/*.log.gz", recursive=True))


def size_of(source):
    return sum(os.path.getsize(f) for f in objects_of(source)) / 1e6


def cpu_model():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    tables = ["peers", "memory", "threads", "scale", "start", "terabyte", "s3"]
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", action="append", choices=tables + list(CASES), default=[])
    args = parser.parse_args()
    bench = Bench(args)
    bench.say(f"{datetime.date.today()} · {os.cpu_count()} cores, {cpu_model()} · load before {os.getloadavg()[0]:.1f} · "
              f"medians of {args.rounds} interleaved runs" + (" · a tenth of the objects" if args.quick else ""))
    others = dict(OTHERS)
    if importlib.util.find_spec("chdb"):
        others["ClickHouse (chdb)"] = "clickhouse"
    wanted = lambda name: not args.only or name in args.only  # noqa: E731
    for name, case in CASES.items():
        # The giant object is there for threads and memory; peers say nothing new of it unless they are asked.
        if name in args.only or (wanted("peers") and name != "one giant object"):
            bench.peers(name, *case, others)
    many = {"scale": [LONG_SCALES if args.long else SCALES], "terabyte": [LONG_COPIES if args.long else COPIES]}
    for table in tables[1:]:
        if wanted(table):
            getattr(bench, table)(*many.get(table, []))
    imports = {n: bench.measure([sys.executable, "-c", f"import {n}"])[0] for n in ("polars", "duckdb")}
    versions = ", ".join([run([args.binary, "--version"]).strip()] + [f"{n} {importlib.metadata.version(n)}" for n in imports])
    bench.say(f"\n{versions}; of the peers' wall, Python and import: " + ", ".join(f"{n} {s:.2f} s" for n, s in imports.items())
              + f"; load after {os.getloadavg()[0]:.1f}")
    if args.out:
        out = pathlib.Path(args.out)
        if bench.scales:
            picture = out.with_name(f"{out.stem}-scale.svg")
            picture.write_text(bench_plot.scale(bench.scales))
            bench.said.append(f"\n![Time and memory over rows]({picture.name})")
        out.write_text("\n".join(bench.said) + "\n")


if __name__ == "__main__":
    main()
