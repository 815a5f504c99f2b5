"""A run that cannot go on: the disk is full, a signal comes, the network goes away, credentials expire. It stops with exit
code 3, says that it is safe to run again, leaves nothing half made, and the next run puts all right. And a clock that is
wrong decides nothing."""

import contextlib
import ctypes.util
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time

import fire
import pytest
from conftest import LONG, convert_args, finish
from fire import DONE, KILLED, STOPPED, Stage, check, check_readers
from flowlogs import Folder
from proxy import Cut, Drop, Reply


def half_made(dest):
    """Files of DEST that are neither data nor what the ledger is made of."""
    return [name for name in dest.keys() if "/staging/" in name or "#" in name]


def stopped(result):
    """Asserts that a run stopped as it should."""
    assert result.code == STOPPED, result
    assert "panicked" not in result.said, result
    return result


# --- disk full ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a file system of so many MiB."""
    mounted = []

    def mount(mib):
        folder = tmp_path / "small"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a tmpfs: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("size", ["small files", "large file"])
def test_disk_full(start, convert, small_disk, tried, tmp_path, size):
    large = size == "large file"
    story = fire.on_disk(convert, tmp_path, large)
    disk = small_disk(24 if large else 2)
    rooms = [1, 7, 8.4, 9] if large else [n / 256 for n in (range(2, 140, 3) if LONG else range(2, 140, 17))]
    for number, room in enumerate(rooms):
        dest, ballast = Folder(disk / f"dest-{number}"), disk / "ballast"
        free = shutil.disk_usage(disk).free - int(room * (1 << 20))
        ballast.write_bytes(bytes(free))
        result = finish(start(*convert_args(story.source, dest, *story.args)), expect=(*DONE, STOPPED))
        tried.add("disk", f"disk full, {size}", fire.OUTCOMES[result.code])
        if result.code == STOPPED:
            assert "space" in result.err and "safe to run again" in result.err, result
        assert not half_made(dest)
        check_readers(story, dest)
        ballast.unlink()
        convert(story.source, dest, *story.args, expect=DONE)
        check(story, dest)
        shutil.rmtree(dest.path)


@pytest.mark.parametrize("how", ["error", "signal"])
def test_file_size_limit(start, convert, tried, tmp_path, how):
    """The same without a disk of our own: no file can be larger than so many bytes."""
    story = fire.on_disk(convert, tmp_path)
    for limit in range(0, 6_000, 100 if LONG else 1_000):
        dest = Folder(tmp_path / f"dest-{limit}")
        # Python ignores SIGXFSZ, and a child inherits that unless it is told otherwise.
        process = start(*convert_args(story.source, dest, *story.args), restore_signals=how == "signal",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        code = finish(process, expect=(*DONE, STOPPED, -signal.SIGXFSZ)).code
        assert (code == -signal.SIGXFSZ) <= (how == "signal")
        tried.add("disk", f"file size limit, {how}", fire.OUTCOMES.get(code, "killed"))
        assert how == "signal" or not half_made(dest)
        check_readers(story, dest)
        convert(story.source, dest, *story.args, expect=DONE)
        check(story, dest)


# --- signals ------------------------------------------------------------------------------------------------------------

SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
SECONDS_TO_STOP = 5  # on a busy machine; it is a tenth of a second on an idle one


class Hang:
    """A fault: the request hangs until `end` is called; `wait` waits until it does."""

    def __init__(self):
        self.begun, self.ended = threading.Event(), threading.Event()

    def __call__(self, _):
        self.begun.set()
        self.ended.wait(60)
        return Drop()

    def signal(self, process, number):
        """Sends the signal while the request hangs; returns how the run ended, which must be soon."""
        assert self.begun.wait(60), "the request was never sent"
        time.sleep(0.2)  # others of the same moment have their answer
        process.send_signal(number)
        begun = time.monotonic()
        try:
            result = finish(process, expect=STOPPED, timeout=SECONDS_TO_STOP)
        finally:
            self.ended.set()
        assert time.monotonic() - begun < SECONDS_TO_STOP
        assert "signal" in result.err and "safe to run again" in result.err, result
        return result


@pytest.mark.s3
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("story", fire.STORIES, indirect=True)
def test_signal_while_a_request_hangs(s3_stories, story, start, tried, name):
    one_each = list({fire.role(step): step for step in story.steps}.values())
    steps = one_each if LONG else random.Random(name).sample(one_each, 3)
    steps += [step for step in story.steps if step.startswith("PUT_PART") and step not in steps]
    for number, step in enumerate(steps):
        with Stage(s3_stories, story, f"{name} {number}", start) as stage:
            hang = Hang()
            process = stage.begin(hang, step)
            hang.signal(process, SIGNALS[name])
            stage.proxy.wait_idle()
            tried.add(s3_stories.server.kind, name, "stopped")
            uploads = stage.dest.client.list_multipart_uploads(Bucket=stage.dest.name).get("Uploads", [])
            assert not [u for u in uploads if u["Key"].startswith(stage.dest.full(""))], step
            check_readers(story, stage.dest)
            stage.run()
            check(story, stage.dest)



# --- the network, and credentials ---------------------------------------------------------------------------------------


@pytest.mark.s3
@pytest.mark.parametrize("story", ["going-on", "parts"], indirect=True)
def test_network_lost_in_mid_upload(s3_stories, story, start, tried):
    """A body breaks off, and nothing comes through any more."""
    uploads = [step for step in story.steps if step.startswith("PUT_PART") or "PUT dest/year=" in step]
    for number, step in enumerate(uploads if LONG else uploads[-2:]):
        with Stage(s3_stories, story, f"network {number}", start) as stage:
            # Without it, it is tried for minutes.
            result = stage.run(lambda _: Cut(sent=1000), step, then=Drop(), expect=STOPPED, env={"AWS_MAX_ATTEMPTS": "5"})
            assert "safe to run again" in stopped(result).err, result
            tried.add(s3_stories.server.kind, "network lost in mid upload", "stopped")
            check_readers(story, stage.dest)
            stage.run()
            check(story, stage.dest)


@pytest.mark.s3
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("story", ["going-on"], indirect=True)
def test_credentials_expire(s3_stories, story, start, tried, status):
    """From some request on, none is accepted."""
    expired = Reply(status, "ExpiredToken", "The provided token has expired.")
    one_each = list({fire.role(step): step for step in story.steps}.values())
    for number, step in enumerate(story.steps if LONG else one_each[status == 403 :: 2]):
        with Stage(s3_stories, story, f"expired {status} {number}", start) as stage:
            # Another run would not get any further before they are renewed.
            result = stage.run(lambda _: expired, step, then=expired, expect=2)
            assert "credentials" in result.err and "panicked" not in result.said, result
            tried.add(s3_stories.server.kind, f"credentials expired, {status}", "stopped")
            check_readers(story, stage.dest)
            stage.run()
            check(story, stage.dest)


# --- the clock ----------------------------------------------------------------------------------------------------------

CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, now);
    const char *days = getenv("CLOCK_DAYS");
    if (id == CLOCK_REALTIME && days) now->tv_sec += atol(days) * 86400;
    return result;
}
"""


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    """clock(days): the environment in which a program's clock is wrong by so many days."""
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "clock.so", folder / "clock.c", "-ldl"], check=True)
    return lambda days: {"LD_PRELOAD": str(folder / "clock.so"), "CLOCK_DAYS": str(days)}


@pytest.mark.skipif(not ctypes.util.find_library("c"), reason="needs a C library that can be preloaded")
def test_clock_moved(start, convert, clock, tried, tmp_path):
    """A killed run and those after it live in different years."""
    story = fire.on_disk(convert, tmp_path)
    args = lambda dest: convert_args(story.source, dest, *story.args)  # noqa: E731
    for case in range(40 if LONG else 6):
        rng, dest = random.Random(case), Folder(tmp_path / f"dest-{case}")
        years = []
        for days in rng.choice([(-900, 900), (900, -900), (3, -3), (-3, 0)]):
            process = start(*args(dest), env=clock(days))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.01, 0.08))
            process.kill()
            code = finish(process, (*DONE, KILLED)).code
            tried.add("disk", "clock moved", fire.OUTCOMES[code])
        check_readers(story, dest)
        finish(start(*args(dest), env=clock(rng.choice([-400, 0, 400]))), DONE)
        check(story, dest)
    whole = Folder(tmp_path / "whole")
    finish(start(*args(whole), env=clock(900)), DONE)
    years = {entry["time"][:4] for entries in fire.ledger(whole).values() for entry in entries.values()}
    assert str(time.gmtime(time.time() + 900 * 86_400).tm_year) in years, "the clock was moved at all"


@pytest.mark.parametrize("then", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
def test_times_of_entries_and_files_decide_nothing(start, convert, tmp_path, then):
    story = fire.on_disk(convert, tmp_path)
    dest = Folder(tmp_path / "undisturbed")
    last = max(name for name in dest.keys() if "/ledger/" in name)
    (dest.path / last).unlink()  # as if killed before it
    for name in dest.keys():
        if "/ledger/" in name:
            dest.put(name, json.dumps({**json.loads(dest.get(name)), "time": then}).encode())
        os.utime(dest.path / name, (0, 0) if then < "2" else (3e9, 3e9))
    convert(story.source, dest, *story.args, expect=DONE)
    check(story, dest)
