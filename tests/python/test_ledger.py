"""Nothing lost, nothing twice: a run that is killed at any write, a reply that is lost, two runs at once, late objects,
any number of threads."""

import hashlib
import time

import pytest
from conftest import LONG, convert_args, expected, finish, read, records
from flowlogs import DAY, V2, Folder, data_keys, key, make_rows, pack, text
from proxy import Drop

OBJECTS = 4
ROWS = {key(i): make_rows(V2, 50, seed=i) for i in range(OBJECTS)}
ALL = expected(V2, [row for rows in ROWS.values() for row in rows])
WRITES = ("PUT", "PUT_PART", "CREATE_MULTIPART", "COMPLETE_MULTIPART", "DELETE", "DELETE_MANY")


def fill(source):
    for name, rows in ROWS.items():
        source.put(name, pack(text(V2, rows)))


def places(s3, prefix="out"):
    return s3.place("raw"), s3.place(prefix)


def ledger_keys(dest):
    return [k for k in dest.keys() if k.startswith("_flowparquet/ledger/")]


def hashes(dest):
    return {k: hashlib.sha256(dest.get(k)).hexdigest() for k in data_keys(dest)}


def test_ledger_entries_are_numbered_and_json(folders, convert):
    source, dest = folders
    fill(source)
    convert(source, dest)
    entries = ledger_keys(dest)
    assert len(entries) >= 2 and all(k.endswith(".json") for k in entries), entries
    assert any(k.endswith("/00000001.json") for k in entries), entries


def undisturbed(s3, convert):
    """What one run does: how many writes, and which data files with which bytes."""
    source, dest = places(s3, "undisturbed")
    convert(source, dest, "--day", DAY)
    return sum(r.kind in WRITES for r in s3.proxy.requests), hashes(dest)


def stop_at(s3, start, convert, dest, number, after):
    """Kills a run at its write request `number`, before the server sees it or after; then runs again to the end."""
    source = s3.place("raw")
    writes, process = 0, None

    def hook(request):
        nonlocal writes
        if request.kind in WRITES:
            writes += 1
            if writes == number:
                if not after:
                    process.kill()
                return Drop(after)
            if writes > number:
                return Drop()  # the dead send nothing more

    s3.proxy.hook = hook
    process = start(*convert_args(source, dest, "--day", DAY), env=s3.env)
    if after:
        wait_until_answered(s3.proxy, number)
        process.kill()
    finish(process, expect=None)
    s3.proxy.hook = None
    assert writes >= number, "the run has fewer writes than the undisturbed one"


def wait_until_answered(proxy, number):
    """Waits until the server has answered the write request `number`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answered = [r.status for r in proxy.requests if r.kind in WRITES][:number]
        if len(answered) == number and answered[-1]:
            return
        time.sleep(0.005)
    pytest.fail(f"write {number} was never answered")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_write(s3, start, convert, tmp_path, after):
    """Every write of a run is the last one that the server sees, once; readers then see all or nothing of the day, and
    the next run ends with exactly the rows and the files of an undisturbed one."""
    fill(s3.place("raw"))
    writes, want = undisturbed(s3, convert)
    assert writes >= 3, "claim, file, done at least"
    for number in range(1, writes + 1):
        source, dest = places(s3, f"out-{number}")
        s3.proxy.clear()
        stop_at(s3, start, convert, dest, number, after)
        if seen := data_keys(dest):
            assert records(read(dest, tmp_path / f"{number}-between"), V2) == ALL, seen
        convert(source, dest, "--day", DAY)
        assert records(read(dest, tmp_path / f"{number}-after"), V2) == ALL, f"killed at write {number}"
        assert len(data_keys(dest)) == len(want)
        assert sorted(hashes(dest).values()) == sorted(want.values()), f"killed at write {number}"
        assert "nothing to do" in convert(source, dest, "--day", DAY).said.lower()


def test_late_objects_after_a_kill(s3, start, convert, tmp_path):
    """Killed after the claim, and objects arrive before the next run: each row once, the old claim as recorded."""
    fill(s3.place("raw"))
    writes, _ = undisturbed(s3, convert)
    late = make_rows(V2, 30, seed=99)
    for number in range(1, writes + 1):
        source, dest = places(s3, f"out-{number}")
        s3.proxy.clear()
        stop_at(s3, start, convert, dest, number, after=True)
        source.put(key(100 + number), pack(text(V2, late)))
        convert(source, dest, "--day", DAY)
        assert records(read(dest, tmp_path / str(number)), V2) == sorted(ALL + expected(V2, late) * number, key=repr)


def test_lost_replies(s3, convert, tmp_path):
    """The server does what it is told and the reply is lost: a retry finds its own write there, and that is no error."""
    fill(s3.place("raw"))
    writes, want = undisturbed(s3, convert)
    for number in range(1, writes + 1):
        source, dest = places(s3, f"out-{number}")
        seen = 0

        def hook(request):
            nonlocal seen
            if request.kind in WRITES:
                seen += 1
                return Drop(after=True) if seen == number else None

        s3.proxy.hook = hook
        convert(source, dest, "--day", DAY, expect=(0, 3))
        s3.proxy.hook = None
        convert(source, dest, "--day", DAY)
        assert records(read(dest, tmp_path / str(number)), V2) == ALL, f"reply {number} lost"
        assert sorted(hashes(dest).values()) == sorted(want.values())


def race(start, source, dest, runners):
    args = convert_args(source, dest, "--day", DAY)
    running = [start(*args, env={**source.env, **dest.env}) for _ in range(runners)]
    for process in running:
        finish(process, expect=(0, 3))


@pytest.mark.parametrize("runners", [2, 4])
def test_runs_at_once_on_disk(start, convert, tmp_path, runners):
    source = Folder(tmp_path / "source")
    fill(source)
    for attempt in range(20 if LONG else 5):
        dest = Folder(tmp_path / f"dest-{attempt}")
        race(start, source, dest, runners)
        convert(source, dest, "--day", DAY)
        assert records(read(dest), V2) == ALL, dest.keys()


def test_runs_at_once_on_s3(s3, start, convert, tmp_path):
    if s3.server.kind == "moto":
        pytest.skip("moto's create-if-absent is not atomic")
    fill(s3.place("raw"))
    for attempt in range(20 if LONG else 5):
        source, dest = places(s3, f"out-{attempt}")
        race(start, source, dest, 4)
        convert(source, dest, "--day", DAY)
        assert records(read(dest, tmp_path / str(attempt)), V2) == ALL, dest.keys()


@pytest.mark.parametrize("rows", [50, 20_000])
def test_same_bytes_at_any_number_of_threads(convert, tmp_path, rows):
    source = Folder(tmp_path / "source")
    for i in range(8):
        source.put(key(i), pack(text(V2, make_rows(V2, rows, seed=i))))
    results = {}
    for threads in (1, 2, 8):
        dest = Folder(tmp_path / "dest")
        convert(source, dest, "--threads", str(threads))
        results[threads] = hashes(dest)
        dest.path.rename(tmp_path / f"dest-{threads}")
    assert results[1] and results[1] == results[2] == results[8]


def test_late_objects_become_another_file(folders, convert):
    source, dest = folders
    fill(source)
    convert(source, dest, "--day", DAY)
    first = hashes(dest)
    late = make_rows(V2, 30, seed=99)
    source.put(key(200), pack(text(V2, late)))
    convert(source, dest, "--day", DAY)
    assert first.items() <= hashes(dest).items(), "what was there is untouched"
    assert records(read(dest), V2) == sorted(ALL + expected(V2, late), key=repr)


def test_ledger_survives_the_loss_of_the_raw_logs(folders, convert):
    source, dest = folders
    fill(source)
    convert(source, dest, "--day", DAY)
    before = hashes(dest)
    for name in ROWS:
        (source.path / name).unlink()
    convert(source, dest, "--day", DAY, expect=None)
    assert hashes(dest) == before
