"""Real S3 over HTTP: paging, odd keys, multipart uploads, what is asked of the store and how often, and what is said when
it refuses."""

import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq
import pytest
from conftest import LONG, expected, read, records
from flowlogs import DAY, V2, Folder, data_keys, key, make_rows, pack, text
from proxy import Reply, Slow

ROWS = make_rows(V2, 40)
BODY = pack(text(V2, ROWS))


def put_all(place, bodies):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda item: place.put(*item), bodies.items()))


def test_bucket_to_bucket(s3, convert, tmp_path):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    source.put(key(), BODY)
    convert(source, dest)
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS)
    assert all(k.startswith(("year=2026/month=01/day=15/part-", "_flowparquet/")) for k in dest.keys()), dest.keys()
    assert not [k for k in dest.keys() if k.endswith("/")], "no folder markers"


@pytest.mark.parametrize("way", ["s3 to folder", "folder to s3"])
def test_s3_and_folder(s3, convert, tmp_path, way):
    folder = Folder(tmp_path / "folder")
    source, dest = (s3.place("raw"), folder) if way == "s3 to folder" else (folder, s3.place("out"))
    source.put(key(), BODY)
    convert(source, dest)
    assert records(read(dest, tmp_path / "copy"), V2) == expected(V2, ROWS)


def test_the_whole_bucket_as_source_and_dest(s3, convert, tmp_path):
    source, dest = s3.place("", s3.new_bucket()), s3.place("")
    source.put(key(), BODY)
    convert(source, dest)
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS)


def test_more_objects_than_a_page_of_a_listing(s3, convert, tmp_path):
    source, dest = s3.place("raw"), s3.place("out")
    rows = {key(i): make_rows(V2, 2, seed=i) for i in range(1_203)}
    put_all(source, {name: pack(text(V2, r)) for name, r in rows.items()})
    convert(source, dest, "--day", DAY)
    assert records(read(dest, tmp_path), V2) == expected(V2, [row for r in rows.values() for row in r])
    assert "nothing to do" in convert(source, dest, "--day", DAY).said.lower()


ODD = ["with space", "a+b", "per%20cent", "k=v/year=1999", "ünï/日本", "it's", '"quoted"', "a&b", "x~!*()@,;:$",
       "deep/er/and/deeper"]


@pytest.mark.parametrize("prefix", ODD)
def test_odd_characters_in_keys(s3, convert, tmp_path, prefix):
    source, dest = s3.place(""), s3.place(f"out {prefix}".replace("year=1999", "kept"))
    source.put(key(prefix=f"raw/{prefix}/"), BODY)
    source.prefix = "raw"
    convert(source, dest)
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS)
    source.prefix = f"raw/{prefix}"
    assert "nothing to do" in convert(source, dest).said.lower(), "named deeper, it is still the same objects"


FOLDER = key().rpartition("/")[0]
UNNAMEABLE = [f"{FOLDER}/../x.log.gz", f"{FOLDER}/./x.log.gz", f"{FOLDER}//x.log.gz", f"{FOLDER.rpartition('/')[0]}/../x.log.gz", "AWSLogs/../x.log.gz", f"{FOLDER}/a\x01b.log.gz",
              f"{FOLDER}/\x1b[2Jc.log.gz", "AWSLogs//x.log.gz", f"/{FOLDER}/x.log.gz", f"{FOLDER}/x.log.gz/"]


@pytest.mark.parametrize("odd", UNNAMEABLE)
def test_a_key_that_cannot_be_named_is_named_and_stops_nobody(s3, convert, tmp_path, odd):
    """Anybody who may write one object could stop the conversion of all others."""
    source, dest = s3.place("", s3.new_bucket()), s3.place("out")
    try:
        source.put(odd, BODY)
    except Exception as refused:  # noqa: BLE001  (by some servers, and by some of boto's own checks)
        pytest.skip(f"the server does not take this key: {refused}")
    source.put(key(), BODY)
    result = convert(source, dest, "--day", DAY, expect=1)
    assert "passed over: it" in result.err and "\x1b" not in result.err, result
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS)
    assert "nothing to do" in convert(source, dest, "--day", DAY, expect=1).said.lower()


def test_a_large_file_goes_up_in_parts(s3, convert, tmp_path):
    source, dest = s3.place("raw"), s3.place("out")
    rng = random.Random(1)
    number, total, count = rng.getrandbits, 0, 10
    for i in range(count):
        lines = []
        for _ in range(100_000):
            a, b = number(62), number(62)
            total += a
            lines.append(f"2 123456789012 eni-1 {number(32):x} {number(32):x} {number(16)} {number(16)} 6 {b} {a} "
                         f"{number(62)} {number(62)} ACCEPT OK\n")
        source.put(key(i), pack(text(V2, []) + "".join(lines)))
    convert(source, dest)
    assert s3.proxy.count("CREATE_MULTIPART", prefix="out/year=") >= 1
    assert s3.proxy.count("PUT_PART", prefix="out/year=") >= 2
    files = [dest.local(tmp_path) / k for k in data_keys(dest)]
    assert sum(pq.read_metadata(f).num_rows for f in files) == count * 100_000
    assert sum(sum(pq.read_table(f, columns=["bytes"])["bytes"].to_pylist()) for f in files) == total
    left = dest.client.list_multipart_uploads(Bucket=dest.name).get("Uploads", [])
    assert not left, "no unfinished upload stays behind"


def test_second_run_has_nothing_to_do_and_fetches_nothing(s3, convert):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    put_all(source, {key(i): BODY for i in range(20)})
    convert(source, dest, "--day", DAY)
    before = dest.keys()
    s3.proxy.clear()
    assert "nothing to do" in convert(source, dest, "--day", DAY).said.lower()
    assert s3.proxy.count("GET", source.name) == 0
    writes = [r for r in s3.proxy.requests if r.kind not in ("GET", "HEAD", "LIST")]
    assert not writes and dest.keys() == before


def test_plan_reads_and_writes_nothing(s3, run, convert):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    source.put(key(), BODY)
    run("plan", source.uri, dest.uri, "--day", DAY, *dest.args, env=s3.env)
    convert(source, dest, "--day", DAY, "--dry-run")
    assert {r.kind for r in s3.proxy.requests} <= {"GET", "HEAD", "LIST"} and dest.keys() == []


def test_only_what_is_new_is_fetched(s3, convert, tmp_path):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    put_all(source, {key(i): BODY for i in range(3)})
    convert(source, dest, "--day", DAY)
    source.put(key(7), BODY)
    s3.proxy.clear()
    convert(source, dest, "--day", DAY)
    assert {r.key for r in s3.proxy.of("GET", source.name)} == {f"raw/{key(7)}"}
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS * 4)


@pytest.mark.parametrize("layout", ["default", "hive", "hourly"])
def test_listing_grows_with_the_days_asked_not_with_the_archive(s3, run, layout):
    """Lists go down to the days that are asked, at a cost that neither a longer archive nor a neighbour's adds to."""

    def lists(years, days):
        source = s3.place("", s3.new_bucket())
        asked = [f"2026-01-{d:02}" for d in range(15, 15 + days)]
        archive = [f"{2026 - y}-{m:02}-{d:02}" for y in range(1, years + 1) for m in (1, 6) for d in range(1, 21)]
        put_all(source, {key(day=day, layout=layout, prefix="p/"): BODY for day in archive + asked})
        put_all(source, {f"p/other/{i:04}.txt": b"x" for i in range(years * 10)})
        s3.proxy.clear()
        run("plan", source.uri, s3.place("none").uri, *[a for d in asked for a in ("--day", d)],
            *source.args, env=s3.env)
        # Three of the neighbour's objects, however many there are: whether they are flow logs their content tells.
        assert s3.proxy.count("GET", source.name) <= days + 3, "a plan looks at headers at most"
        return s3.proxy.count("LIST", source.name)

    one_day, five_days = lists(1, 1), lists(1, 5)
    assert lists(10, 1) == one_day, "ten times the archive, no more requests"
    assert five_days <= 5 * one_day


# --- what the store refuses ---------------------------------------------------------------------------------------------


def test_no_such_bucket(s3, convert):
    source, dest = s3.place("raw", "no-such-bucket-here"), s3.place("out")
    said = convert(source, dest, expect=(2, 3)).err
    assert "no-such-bucket-here" in said and re.search("no such bucket|not exist|not found|NoSuchBucket", said, re.I)
    source, dest = s3.place("raw"), s3.place("out", "no-such-bucket-here")
    source.put(key(), BODY)
    assert "no-such-bucket-here" in convert(source, dest, expect=(2, 3)).err


@pytest.mark.parametrize("kind", ["LIST", "GET", "PUT"])
def test_no_permission(s3, convert, kind):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    source.put(key(), BODY)
    s3.proxy.hook = lambda r: Reply(403, "AccessDenied", "Access Denied") if r.kind == kind else None
    result = convert(source, dest, "--day", DAY, expect=2)
    assert re.search("denied|permission|forbidden|not allowed", result.err, re.I), result
    assert "s3://" in result.err or source.name in result.err or dest.name in result.err, result
    assert data_keys(dest) == []
    s3.proxy.hook = None
    convert(source, dest, "--day", DAY)
    assert len(data_keys(dest)) == 1


def test_wrong_secret(s3, run):
    if s3.server.kind == "moto":
        pytest.skip("moto checks no signatures")
    source = s3.place("raw")
    env = s3.env | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    result = run("convert", source.uri, s3.place("out").uri, "--all", *source.args, env=env, expect=(2, 3))
    assert re.search("signature|denied|permission|forbidden|credential|403", result.err, re.I), result


def strip_if_none_match(request):
    for name in list(request.headers):
        if name.lower() == "if-none-match":
            del request.headers[name]


def test_a_store_that_ignores_create_if_absent_is_refused(s3, convert, tmp_path):
    if s3.server.kind == "rgw":
        pytest.skip("the signature covers the header")
    source, dest = s3.place("raw"), s3.place("out")
    source.put(key(), BODY)
    s3.proxy.hook = strip_if_none_match
    said = convert(source, dest, expect=2).err
    assert "create-if-absent" in said and "--single-writer" in said
    assert dest.keys() == [], "nothing is converted, nothing claimed, and the probe is gone"
    convert(source, dest, "--single-writer")
    assert json.loads(dest.get("_flowparquet/table.json"))["single_writer"]
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS)
    assert "nothing to do" in convert(source, dest, "--single-writer").said.lower()


@pytest.mark.parametrize("kind", ["LIST", "GET", "PUT"])
def test_slow_down_is_waited_out(s3, convert, tmp_path, kind):
    source, dest = s3.place("raw"), s3.place("out")
    put_all(source, {key(i): BODY for i in range(5)})
    refused = set()

    def once_each(request):
        if request.kind == kind and request.key not in refused:
            refused.add(request.key)
            return Reply(503, "SlowDown", "Please reduce your request rate.")

    s3.proxy.hook = once_each
    convert(source, dest, "--day", DAY)
    assert refused
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS * 5)


def test_slow_down_that_lasts_is_waited_out_and_said(s3, run, tmp_path):
    """Not the three seconds of eight retries: minutes. And all requests are fewer meanwhile."""
    source, dest = s3.place("raw"), s3.place("out")
    put_all(source, {key(i): BODY for i in range(20)})
    begun, seconds = time.monotonic(), 90 if LONG else 9

    def until_then(_):
        return Reply(503, "SlowDown", "Please reduce your request rate.") if time.monotonic() < begun + seconds else None

    s3.proxy.hook = until_then
    result = run("convert", source.uri, dest.uri, "--day", DAY, "--report", "-", *dest.args, env=s3.env)
    report = json.loads(result.out)
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS * 20)
    assert report["source_requests"]["retried"] + report["dest_requests"]["retried"] > 3
    assert "warning: the store does not keep up (503 Service Unavailable)" in result.err, result


@pytest.mark.long
def test_bytes_that_come_slowly_are_waited_for(s3, run, tmp_path):
    """Longer than the 30 seconds that object_store has for a request, and than two minutes in which it is tried again."""
    source, dest = s3.place("raw"), s3.place("out")
    put_all(source, {key(i): pack(text(V2, make_rows(V2, 4000, seed=i))) for i in range(2)})

    def slow(request):
        body = request.kind == "GET" and "AWSLogs" in request.key or request.kind == "PUT" and "/year=" in f"/{request.key}"
        return Slow(150) if body and "_flowparquet" not in request.key else None

    s3.proxy.hook = slow
    result = run("convert", source.uri, dest.uri, "--day", DAY, "--report", "-", *dest.args, env=s3.env, timeout=900)
    report = json.loads(result.out)
    assert report["totals"]["rows_written"] == 8000
    assert report["source_requests"]["retried"] + report["dest_requests"]["retried"] == 0, result


@pytest.mark.long
def test_ten_thousand_objects(s3, convert, tmp_path):
    source, dest = s3.place("raw"), s3.place("out")
    put_all(source, {key(i): BODY for i in range(10_000)})
    convert(source, dest, "--day", DAY)
    assert records(read(dest, tmp_path), V2) == expected(V2, ROWS * 10_000)


def test_verify_finds_what_differs_and_sends_few_requests(s3, run, convert):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    put_all(source, {key(i): pack(text(V2, make_rows(V2, 30, seed=i))) for i in range(40)})
    convert(source, dest, "--day", DAY)
    s3.proxy.clear()
    verify = ["verify", source.uri, dest.uri, "--day", DAY, "--json", "--no-record", *dest.args]
    agreed = json.loads(run(*verify, env=s3.env).out)
    assert agreed["agrees"] and agreed["rows_read"] == 40 * 30
    assert s3.proxy.count("GET", source.name) == 40, "every object is read once"
    assert {r.kind for r in s3.proxy.requests} <= {"GET", "HEAD", "LIST"}
    s3.proxy.clear()
    assert json.loads(run(*verify, "--footers-only", env=s3.env).out)["agrees"]
    assert s3.proxy.count("GET", source.name) == 0
    # A late object, one that is gone, and one that is another one now.
    source.put(key(50), BODY)
    assert json.loads(run(*verify, env=s3.env, expect=1).out)["partitions"][0]["not_converted"]["count"] == 1
    source.delete(key(50))
    source.delete(key(3))
    [partition] = json.loads(run(*verify, env=s3.env).out)["partitions"]
    assert (partition["gone"]["count"], partition["files_compared"], partition["verdict"]) == (1, 0, "agrees")
    source.put(key(4), BODY)
    [partition] = json.loads(run(*verify, env=s3.env, expect=1).out)["partitions"]
    assert partition["changed"]["first"][0]["object"].endswith(key(4))


def test_slips_of_the_keyboard(s3, run, convert):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    source.put(key(), BODY)
    convert(source, dest, "--day", DAY)
    bucket = source.name

    def refused(typed, said, *args, to=dest.uri, command="convert"):
        ran = run(command, typed, to, "--day", DAY, *args, *source.args, env=s3.env, expect=2)
        assert said in ran.err, ran

    # One object; the beginning of a name that is no folder; SOURCE and DEST swapped.
    one = f"{source.uri}/{key()}"
    refused(one, f"SOURCE is one object, and must be a folder\n  at {one}\n  help: give its folder, {one.rpartition('/')[0]}, ")
    refused(f"{source.uri}/AWSL", "nothing lies below SOURCE")
    for command in ("convert", "plan"):
        refused(dest.uri, f"SOURCE is a table that flowparquet made\n  at {dest.uri}\n", to=source.uri, command=command)
    # Other spellings of the same place.
    https = f"https://{bucket}.s3.us-east-1.amazonaws.com/raw"
    for spelling in [f"S3://{bucket}/raw", f"arn:aws:s3:::{bucket}/raw", https]:
        refused(spelling, f"is no location\n  help: write s3://{bucket}/raw\n")
    refused(f"{bucket}/raw", f"if it is a bucket, write s3://{bucket}/raw")
    refused(source.uri, "SOURCE has no flow logs of account 999999999999", "--account", "999999999999")
    refused(source.uri, "SOURCE has no flow logs of Region mars-north-1", "--region", "mars-north-1")


def test_a_layout_and_copies(s3, convert):
    """A moved bucket has the same names, sizes and ETags; a layout lists its folders only."""
    source, moved, dest = s3.place("raw", s3.new_bucket()), s3.place("raw", s3.new_bucket()), s3.place("out")
    body = pack(text(V2, make_rows(V2, 200)))
    assert len(body) > 1024
    for place in (source, moved):
        place.put("exports/us-east-1/2026-01-15/part-0", body)
        place.put(key(), BODY)
    layout = ["--source-layout", "exports/{region}/{yyyy}-{MM}-{dd}/", "--day", DAY]
    assert '"objects": 1' in convert(source, dest, *layout, "--report", "-").out
    convert(source, dest, "--day", DAY, "--merge", expect=0)
    for options, name in ((layout, "exports/us-east-1/2026-01-15/part-0"), (["--day", DAY], key())):
        ran = convert(moved, dest, *options, "--merge", "--report", "-", expect=1)
        assert "it is a copy of an object that is converted already" in ran.err and name in ran.err, ran
        assert json.loads(ran.out)["totals"]["objects"] == 0
