"""Objects that are too large to be held: their text is read as a stream, whole or not at all (scripts/test.sh --long)."""

import subprocess
import sys

import duckdb
import pytest
from flowlogs import Folder

TYPES = ("{'version':'INTEGER','account-id':'VARCHAR','interface-id':'VARCHAR','srcaddr':'VARCHAR','dstaddr':'VARCHAR',"
         "'srcport':'INTEGER','dstport':'INTEGER','protocol':'INTEGER','packets':'BIGINT','bytes':'BIGINT',"
         "'start':'BIGINT','end':'BIGINT','action':'VARCHAR','log-status':'VARCHAR'}")
SUMS = ('select count(*), count(bytes), sum(bytes), sum(packets), sum(srcport), min("start"), max("end"), '
        "count(*) filter (where action = 'REJECT'), sum(hash(dstaddr) % 1000003) from ")


def one_object(run, tmp_path, rows):
    run("generate", tmp_path / "source", "--objects", "1", "--rows", str(rows))
    (path,) = (tmp_path / "source").rglob("*.gz")
    return path


def assert_same(path, dest):
    raw = f"(select * replace (coalesce(dstaddr, '-') as dstaddr) from read_csv('{path}', delim=' ', header=true, columns={TYPES}"
    nulls = ", nullstr='-'))"
    assert duckdb.sql(SUMS + raw + nulls).fetchall() == duckdb.sql(
        SUMS + f"read_parquet('{dest.path}/year*/**/*.parquet')").fetchall()


# 1.4 M rows are 160 MB of text, above what is held; 6.2 M are 150 MB packed, above what is fetched whole.
@pytest.mark.long
@pytest.mark.parametrize("rows", [1_400_000, 6_200_000])
def test_large_objects_arrive_whole(run, convert, tmp_path, rows):
    path = one_object(run, tmp_path, rows)
    options = {"free": [], "one": ["--memory", "512MiB", "--threads", "1"], "four": ["--memory", "512MiB", "--threads", "4"]}
    files = {}
    for name, options in options.items():
        dest = Folder(tmp_path / name)
        convert(Folder(tmp_path / "source"), dest, *options)
        assert_same(path, dest)
        files[name] = {p.name: p.read_bytes() for p in dest.path.rglob("*.parquet")}
    assert files["one"] == files["four"], "threads do not change the bytes"


@pytest.mark.long
def test_a_large_object_that_is_cut_off_gives_no_row_and_is_tried_again(run, convert, tmp_path):
    path = one_object(run, tmp_path, 6_200_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - (5 << 20)])
    source, dest = Folder(tmp_path / "source"), Folder(tmp_path / "dest")
    result = convert(source, dest, expect=1)
    assert "the gzip data is cut off after" in result.err
    assert not list(dest.path.rglob("*.parquet"))
    path.write_bytes(whole)
    convert(source, dest)
    assert_same(path, dest)


@pytest.mark.long
@pytest.mark.parametrize("threads", ["2", "16"])
def test_memory_stays_within_its_bound_however_much_there_is(binary, run, tmp_path, threads):
    """32 objects of 16 MB packed, half a gigabyte: more than any freed block that is kept."""
    path = one_object(run, tmp_path, 650_000)
    for copy in range(1, 32):
        path.with_name(path.name.replace(".log.gz", f"{copy:02x}.log.gz")).hardlink_to(path)
    # By a small process of its own: Linux counts the memory of a parent at the time of a start into the child's peak.
    measure = ("import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:]); _, status, usage = os.wait4(p.pid, 0); "
               "print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", measure, binary, "convert", tmp_path / "source", tmp_path / "dest", "--all",
                           "--memory", "256MiB", "--threads", threads], capture_output=True, text=True, check=True)
    code, peak_kib = map(int, done.stdout.split()[-2:])
    assert code == 0 and "20,800,000 rows" in done.stdout + done.stderr, done
    assert peak_kib <= (256 + 64) << 10
