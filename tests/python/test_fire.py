"""Nothing lost, nothing twice, under fire: a fault at every request of a run, kill -9 at any moment, many writers at once.
Each disturbed run is followed by a plain one, and then all is as if nothing had happened (see fire.py)."""

import contextlib
import json
import random
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import fire
import pytest
from conftest import LONG, convert_args, finish, read, records
from fire import DONE, KILLED, OUTCOMES, STOPPED, Stage, check, check_readers, kill
from flowlogs import V2, Folder
from proxy import Cut, Drop, Reply, Twice

AT_ONCE = 4  # disturbed runs side by side: they wait more than they work


def slow(seconds):
    """The request takes so long on its way, and is done all the same."""

    def fault(_):
        time.sleep(seconds)

    return fault


def answer(action):
    return lambda _: action


SLOW_DOWN = Reply(503, "SlowDown", "Please reduce your request rate.")
CONFLICT = Reply(409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation.")
FAILED = Reply(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
FAULTS = {
    "dropped before": answer(Drop()),
    "reply lost": answer(Drop(after=True)),
    "cut in mid request": answer(Cut(sent=10)),
    "cut in mid reply": answer(Cut(received=10)),
    "503": answer(SLOW_DOWN),
    "500": answer(Reply(500)),
    "409": answer(CONFLICT),
    "412": answer(FAILED),
    "503 after the work": answer(Reply(503, "SlowDown", after=True)),
    "500 after the work": answer(Reply(500, after=True)),
    "412 after the work": answer(Reply(412, "PreconditionFailed", after=True)),
    "delivered twice": answer(Twice()),
    "slow": slow(0.3),
    "slower than the timeout": slow(3),
    "killed before": kill(after=False),
    "killed after": kill(after=True),
}
TIMEOUT = {"AWS_TIMEOUT": "1s"}


@pytest.mark.s3
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("story", fire.STORIES, indirect=True)
def test_fault_at_any_request(s3_stories, story, start, tried, fault):
    """Whatever happens to a request: the run goes on, or stops and says so; the next one ends as if nothing had."""
    long_wait = fault == "slower than the timeout"
    most = None if LONG else 1 if long_wait else 2

    def disturb(step):
        number = story.steps.index(step)
        with Stage(s3_stories, story, f"{fault} {number}", start) as stage:
            result = stage.run(FAULTS[fault], step, expect=(*DONE, STOPPED, KILLED), env=TIMEOUT if long_wait else None)
            assert stage.reached, "the step was not reached"
            assert "panicked" not in result.said, result
            check_readers(story, stage.dest)
            stage.run()
            check(story, stage.dest)
            return result.code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tries = {step: pool.submit(disturb, step) for step in fire.sample(story.steps, list(FAULTS).index(fault), most)}
    failed = {}
    for step, one in tries.items():
        if error := one.exception():
            failed[step] = f"{type(error).__name__}: {error}"
        else:
            tried.add(s3_stories.server.kind, fault, OUTCOMES[one.result()])
    assert not failed, "\n".join(f"{fault} at {step}: {error}" for step, error in failed.items())


# --- kill -9 at any moment ----------------------------------------------------------------------------------------------


def timed(action):
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def kills(start_run, seconds, rng):
    """Starts and kills runs, one after the other, each at a random moment of the time that one takes; a run that is
    faster ends by itself."""
    ended = []
    for _ in range(rng.choice([1, 1, 2, 4])):
        process = start_run()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, seconds))
        process.kill()
        ended.append(finish(process, (*DONE, KILLED)).code)
    return ended


@pytest.mark.s3
@pytest.mark.parametrize("story", ["going-on", "replacing"], indirect=True)
def test_killed_at_any_moment_on_s3(s3_stories, story, start, tried):
    with Stage(s3_stories, story, "timed", start) as stage:
        seconds = timed(stage.run)
    for case in range(100 if LONG else 6):
        rng = random.Random(case)
        with Stage(s3_stories, story, f"killed {case}", start) as stage:
            for code in kills(stage.begin, seconds, rng):
                tried.add(s3_stories.server.kind, f"kill -9 at any moment, {story.name}", OUTCOMES[code])
            stage.proxy.wait_idle()
            check_readers(story, stage.dest)
            stage.run()
            check(story, stage.dest)


@pytest.mark.parametrize("merging", [False, True], ids=["converting", "replacing"])
def test_killed_at_any_moment_on_disk(start, convert, tried, tmp_path, merging):
    story = fire.on_disk(convert, tmp_path, merging=merging)
    args = lambda dest: convert_args(story.source, dest, *story.args)  # noqa: E731

    def begun(name):
        dest = Folder(tmp_path / name)
        story.begin(dest)
        return dest

    timed_dests = [begun(f"timed-{i}") for i in range(3)]
    seconds = min(timed(lambda: convert(story.source, dest, *story.args, expect=DONE)) for dest in timed_dests)
    for case in range(300 if LONG else 20):
        dest = begun(f"dest-{case}")
        for code in kills(lambda: start(*args(dest)), seconds, random.Random(case)):
            tried.add("disk", f"kill -9 at any moment, {'replacing' if merging else 'converting'}", OUTCOMES[code])
        check_readers(story, dest)
        convert(story.source, dest, *story.args, expect=DONE)
        check(story, dest)
        shutil.rmtree(dest.path)


# --- many writers -------------------------------------------------------------------------------------------------------


def pauses(process, rng, seconds):
    """Stops a process for a while, now and then, until it ends."""
    while process.poll() is None:
        time.sleep(rng.uniform(0, seconds))
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGSTOP)
            time.sleep(rng.uniform(0, seconds))
            process.send_signal(signal.SIGCONT)


def together(start, story, dest, writers, rng, tmp_path, tried, where):
    """Runs several writers on one DEST at once; the extra work is what they did for claims of each other."""
    reports = [tmp_path / f"report-{writer}.json" for writer in range(writers)]
    args = convert_args(story.source, dest, *story.args)
    running = [start(*args, "--report", report, env={**story.source.env, **dest.env}) for report in reports]
    seeds = [random.Random(rng.random()) for _ in running]
    pausing = [threading.Thread(target=pauses, args=(process, seed, 0.1)) for process, seed in zip(running, seeds)]
    for thread in pausing:
        thread.start()
    codes = [finish(process, (*DONE, STOPPED)).code for process in running]
    for thread in pausing:
        thread.join()
    check_readers(story, dest)
    what = f"{writers} writers at once{', replacing' if story.between else ''}"
    for code in codes:
        tried.add(where, what, OUTCOMES[code])
    return [json.loads(report.read_text())["totals"] for report in reports if report.exists()], codes


def check_writers(story, totals, codes, claims):
    """Every row and object counts in one report; what several did, they did for a claim that one of them had recorded.
    Returns how many files were made once more than was needed."""
    rows, objects = (sum(total[name] for total in totals) for name in ("rows_written", "objects"))
    new_rows, new_objects = fire.yet_to_do(story)
    assert (rows, objects) == (new_rows, new_objects) or STOPPED in codes and rows <= new_rows
    extra = sum(total["finished_by_others"] for total in totals)
    assert extra <= claims * (len(codes) - 1), "a writer finishes a claim once at most"
    return extra


def race(start, convert, story, dest, writers, case, tmp_path, tried, where):
    totals, codes = together(start, story, dest, writers, random.Random(case), tmp_path, tried, where)
    convert(story.source, dest, *story.args, expect=DONE)
    fire.check_ledger(dest, story.source, story.objects)
    assert not [name for name in dest.keys() if "/replacing/" in name]
    assert records(read(dest, tmp_path / "read"), V2) == story.rows()
    for report in tmp_path.glob("report-*.json"):
        report.unlink()
    if story.between:
        return  # What one writer made another one replaced, and counted again.
    claims = sum(entry["entry"] == "claim" for entries in fire.ledger(dest).values() for entry in entries.values())
    extra = check_writers(story, totals, codes, claims)
    tried.add(where, f"{writers} writers at once", "files", claims)
    tried.add(where, f"{writers} writers at once", "of them made once more", extra)


WRITERS = [2, 3, 5, 8]


@pytest.mark.parametrize("merging", [False, True], ids=["converting", "replacing"])
def test_many_writers_on_disk(start, convert, tried, tmp_path, merging):
    story = fire.on_disk(convert, tmp_path, merging=merging)
    for case in range(40 if LONG else 6):
        dest = Folder(tmp_path / f"dest-{case}")
        story.begin(dest)
        race(start, convert, story, dest, WRITERS[case % len(WRITERS)], case, tmp_path, tried, "disk")


def hesitate(seed):
    """A hook under which some writes take their time."""
    rng = random.Random(seed)

    def hook(request):
        if request.method == "PUT":
            time.sleep(rng.choice([0, 0, 0, 0.05, 0.3]))

    return hook


@pytest.mark.s3
@pytest.mark.parametrize("story", ["founding", "going-on", "replacing"], indirect=True)
def test_many_writers_on_s3(s3_stories, story, start, convert, tried, tmp_path):
    if s3_stories.server.kind == "moto":
        pytest.skip("moto's create-if-absent is not atomic: scripts/test.sh --rgw")
    for case in range(20 if LONG else 4):
        with Stage(s3_stories, story, f"race {case}", start) as stage:
            stage.proxy.hook = hesitate(case)
            race(start, convert, story, stage.dest, WRITERS[case % len(WRITERS)], case, tmp_path, tried,
                 s3_stories.server.kind)


@pytest.mark.s3
def test_an_object_that_another_writer_rejected_is_not_rejected_again(s3_stories, start, run):
    """A writer learns of the other's entries when it records its own: what it planned before is out of date."""
    story = fire.Story("rejected-once", s3_stories.place("rejected-once/raw"), ["--all", *fire.SMALL_FILES])
    for number in range(2):
        story.put(fire.FRESH, number)
    name, _, body = fire.object_of(fire.FRESH, 2)
    story.source.put(name, body[:-20])  # does not read to its end
    with Stage(s3_stories, story, "slow", start) as stage:
        direct = s3_stories.place("rejected-once/slow", proxied=False)
        args = convert_args(story.source, direct, *story.args)

        def overtaken(_):
            finish(start(*args, env=story.source.env), DONE)

        files = []

        def last_but_one(step):
            files.extend([step] if step.startswith("PUT dest/year=") else [])
            return len(files) == 2

        stage.run(overtaken, last_but_one)
        assert stage.reached
        claims = [entry for entry in fire.ledger(stage.dest)[fire.partition(fire.FRESH)].values()
                  if entry["entry"] == "claim" and story.source.full(name) in [i["key"] for i in entry["inputs"]]]
        assert len(claims) == 1, claims
        rejects = run("rejects", direct.uri, *direct.args, env=story.source.env, expect=1)
        assert "0 lines and 1 object rejected" in rejects.err, rejects
        assert f"  at {story.source.uri}/{name}\n" in rejects.out, rejects
        fire.check_ledger(stage.dest, story.source, story.objects)
