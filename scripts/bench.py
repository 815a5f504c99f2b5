"""The measuring half of bench.sh: runs each contender as a process of its own over each source folder, interleaved and
three times, checks that all outputs have the same rows, and prints a Markdown table of medians per folder.

  wall  from start to exit, with the contender's own start-up (the peers' Python and imports are in the last line)
  CPU   user + system of the process and its children
  peak  the largest resident set of one process

The contenders write one day, zstd, 14 typed columns, partitioned year/month/day. The peers are given what serves them:
the list of files, the types (no inference), no quoting, `-` as null in number columns only, and no order to keep.
"""

import argparse
import datetime
import glob
import importlib.metadata
import importlib.util
import multiprocessing
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 3
DAY = ("2026", "01", "15")
FIELDS = ("version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
          "log_status").split()
INT32 = ["version", "srcport", "dstport", "protocol"]
INT64 = ["packets", "bytes", "start", "end"]
STRINGS = [f for f in FIELDS if f not in INT32 + INT64]
CONTENDERS = ["flowparquet", "polars", "duckdb", "gunzip"]


def objects(source):
    return sorted(glob.glob(f"{glob.escape(source)}/**/*.log.gz", recursive=True))


# --- the contenders: each is run as `bench.py NAME SOURCE OUT` ------------------------------------------------------------

def polars(source, out):
    import polars as pl

    token = {f: f.replace("_", "-") for f in FIELDS}  # as the header has it
    types = {token[f]: pl.Int32 if f in INT32 else pl.Int64 if f in INT64 else pl.String for f in FIELDS}
    nulls = {f: "-" for f in INT32 + INT64}
    # Writing the one partition's file directly is faster than a partitioned sink.
    folder = pathlib.Path(out, *(f"{k}={v}" for k, v in zip(("year", "month", "day"), DAY)))
    folder.mkdir(parents=True)
    table = pl.scan_csv(objects(source), separator=" ", schema=types, null_values=nulls, quote_char=None)
    table = table.rename({t: f for f, t in token.items()})
    table.sink_parquet(folder / "part.parquet", compression="zstd", maintain_order=False)


def duckdb(source, out):
    import duckdb as db

    types = {f: "INTEGER" if f in INT32 else "BIGINT" if f in INT64 else "VARCHAR" for f in FIELDS}
    db.sql("SET preserve_insertion_order = false")
    db.sql(f"""
        COPY (
            SELECT *, '{DAY[0]}' AS year, '{DAY[1]}' AS month, '{DAY[2]}' AS day
            FROM read_csv({objects(source)}, delim = ' ', header = true, quote = '', escape = '', auto_detect = false,
                          nullstr = '-', force_not_null = {STRINGS}, columns = {types})
        ) TO '{out}' (FORMAT parquet, PARTITION_BY (year, month, day), COMPRESSION zstd)""")


def gunzip(source, out):
    with multiprocessing.Pool() as pool:
        pool.map(gunzip_one, objects(source), chunksize=4)


def gunzip_one(path):
    data = pathlib.Path(path).read_bytes()
    try:
        import deflate
        deflate.gzip_decompress(data)
    except ImportError:
        import zlib
        zlib.decompress(data, 31)


def gunzip_library():
    return "libdeflate" if importlib.util.find_spec("deflate") else "zlib"


# --- the driver -----------------------------------------------------------------------------------------------------------

def command(name, binary, source, out):
    if name == "flowparquet":
        return [binary, "convert", source, out, "--all"]
    return [sys.executable, __file__, name, source, out]


def measure(argv):
    """Runs a command: (wall seconds, CPU seconds, peak MiB)."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed with {process.returncode}: {' '.join(argv)}\n{said.decode(errors='replace')}")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def written(out):
    """Rows and megabytes of an output. (In a process of its own: Linux counts the memory of a parent at the time of a
    start into the child's peak, so this one stays small and imports nothing large before the last measurement.)"""
    done = subprocess.run([sys.executable, __file__, "rows", out], check=True, capture_output=True, text=True)
    return int(done.stdout), sum(os.path.getsize(f) for f in parquet_files(out)) / 1e6


def parquet_files(out):
    return [f for f in glob.glob(f"{glob.escape(out)}/**/*.parquet", recursive=True) if "_flowparquet" not in f]


def print_rows(out):
    import pyarrow.parquet

    print(sum(pyarrow.parquet.read_metadata(f).num_rows for f in parquet_files(out)))


def cpu_model():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def run_case(binary, source):
    out = str(pathlib.Path(source).parent / "out")
    for path in objects(source):  # into the page cache, so that the first contender does not pay for all
        with open(path, "rb") as file:
            while file.read(1 << 20):
                pass
    samples, sizes = {name: [] for name in CONTENDERS}, {}
    for _ in range(ROUNDS):
        for name in CONTENDERS:
            shutil.rmtree(out, ignore_errors=True)
            samples[name].append(measure(command(name, binary, source, out)))
            if name != "gunzip":
                sizes[name] = written(out)
    shutil.rmtree(out, ignore_errors=True)
    rows = {name: size[0] for name, size in sizes.items()}
    if len(set(rows.values())) != 1:
        sys.exit(f"the outputs of {source} do not have the same number of rows: {rows}")
    return {n: [statistics.median(column) for column in zip(*s)] for n, s in samples.items()}, sizes, rows["flowparquet"]


def print_case(source, medians, sizes, rows):
    count, size = len(objects(source)), sum(os.path.getsize(f) for f in objects(source)) / 1e6
    print(f"\n### {count:,} objects, {rows:,} rows, {size:.1f} MB of gzip\n")
    print("| | wall s | CPU s | peak MiB | output MB | wall / ours | CPU / ours | peak / ours | rows/s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    ours = medians["flowparquet"]
    for name, values in medians.items():
        wall, cpu, peak = values
        label = f"gunzip only ({gunzip_library()})" if name == "gunzip" else name
        output = f"{sizes[name][1]:.1f}" if name in sizes else "-"
        ratios = " | ".join(f"{v / o:.2f}" for v, o in zip(values, ours))
        print(f"| {label} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {output} | {ratios} | {rows / wall:,.0f} |")


def main():
    children = {"polars": polars, "duckdb": duckdb, "gunzip": gunzip, "rows": print_rows}
    if sys.argv[1] in children:
        return children[sys.argv[1]](*sys.argv[2:])
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("sources", nargs="+")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    cases = [(source, *run_case(args.binary, source)) for source in args.sources]
    print(f"{datetime.date.today()} · {os.cpu_count()} cores, {cpu_model()} · load before {load:.1f} · "
          f"median of {ROUNDS} interleaved runs")
    for case in cases:
        print_case(*case)
    imports = {n: measure([sys.executable, "-c", f"import {n}"])[0] for n in ("polars", "duckdb")}
    version = subprocess.run([args.binary, "--version"], capture_output=True, text=True).stdout.strip()
    peers = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in imports)
    print(f"\n{version}, {peers}; of their wall, Python and import: "
          + ", ".join(f"{n} {s:.2f} s" for n, s in imports.items()))


if __name__ == "__main__":
    main()
