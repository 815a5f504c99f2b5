"""Runs to disturb, and what must be true when they are over, however they were disturbed: the rows, keys and bytes of an
undisturbed run, and a ledger that counts every object once.

A story is a run on a DEST that holds something already, so that it has all that a run can meet: a claim without a file,
a file without its done, objects that are gone, late or do not read to their end, rows that do not fit.
"""

import base64
import json
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

from conftest import convert_args, expected, finish, read, records
from flowlogs import V2, Folder, data_keys, key, make_rows, pack, text
from proxy import Drop, Proxy

DAYS = [f"2026-01-{day}" for day in range(11, 17)]
DONE_BEFORE, CLAIMED, WRITTEN, FRESH, ABANDONED, STRAY = DAYS
ROWS = 30  # of an object
SMALL_FILES = ("--target-file-size", "768")  # two objects a file, about
DONE, STOPPED, KILLED = (0, 1), 3, -9  # 1: some input was rejected
OUTCOMES = {0: "went on", 1: "went on", STOPPED: "stopped", KILLED: "killed"}


def partition(day):
    return "year={}/month={}/day={}".format(*day.split("-"))


def object_of(day, number, rows=ROWS, bad=False, filler=0):
    """A day's object with its rows; `bad` = one line more that does not fit; `filler` = bytes more in each row, in a field
    that no log type knows."""
    rows = make_rows(V2, rows, seed=number, day=day)
    fields, lines = V2, rows
    if filler:
        noise = random.Random(number)
        fields = [*V2, "filler"]
        lines = [[*row, base64.b64encode(noise.randbytes(filler * 3 // 4)).decode()] for row in rows]
    return key(number, day=day), rows, pack(text(fields, lines) + ("not a record\n" if bad else ""))


@dataclass
class Story:
    """A run, and what is known of it: see `undisturbed`."""

    name: str
    source: object
    args: list = ("--all",)
    before: dict = field(default_factory=dict)  # what DEST holds
    objects: dict = field(default_factory=dict)  # those whose rows are to be in the table -> their rows
    want: dict = field(default_factory=dict)  # key -> fingerprint of each file, data and rejects
    between: dict = field(default_factory=dict)  # the same of files that come and go within the run
    steps: list = field(default_factory=list)  # what an undisturbed run asks of the store; see `step_of`

    def put(self, day, number, **how):
        name, rows, body = object_of(day, number, **how)
        self.source.put(name, body)
        self.objects[name] = rows

    def remove(self, day, number):
        name = key(number, day=day)
        self.source.delete(name)
        del self.objects[name]

    def rows(self):
        return expected(V2, [row for rows in self.objects.values() for row in rows])

    def begin(self, dest):
        """Makes DEST what it is before the run."""
        for name, body in self.before.items():
            dest.put(name, body)


def files(place):
    """What a run leaves besides its ledger, with fingerprints: data and rejects, and whatever else lies about."""
    own = ("_flowparquet/table.json", "_flowparquet/ledger/", "_flowparquet/probe-", "_flowparquet/staging/")
    half_made = re.compile(r"_flowparquet/replacing/.*#\d+")  # on disk, by a run that was killed
    marks = place.fingerprints().items()
    return {name: mark for name, mark in marks if not name.startswith(own) and not half_made.fullmatch(name)}


def check(story, dest):
    """Exactly the files of an undisturbed run, nothing beside them, and a ledger that says the same."""
    assert files(dest) == story.want
    check_ledger(dest, story.source, story.objects)


def check_readers(story, dest):
    """What readers see in mid run: every file whole, as it will be, or not at all."""
    for name, mark in files(dest).items():
        if name not in story.before and "/replacing/" not in name:
            assert mark in (story.want.get(name), story.between.get(name)), f"{name} is not what it will be"


def yet_to_do(story):
    """Rows and objects that are not recorded as done before the run."""
    entries = [json.loads(body) for name, body in story.before.items() if "/ledger/" in name]
    rows = sum(entry["rows"] for entry in entries if entry["entry"] == "done")
    return len(story.rows()) - rows, len(story.objects) - rows // ROWS


def ledger(dest):
    """The entries of each partition, by number."""
    partitions = {}
    for name in dest.keys():
        if found := re.fullmatch(r"_flowparquet/ledger/(.*)/(\d{8})\.json", name):
            partitions.setdefault(found[1], {})[int(found[2])] = json.loads(dest.get(name))
    return partitions


def check_ledger(dest, source, objects):
    """Every object counts once, no claim is open, nothing was replaced twice, and every file in a partition's folder is a
    live output."""
    counted, outputs = Counter(), set()
    for partition, entries in ledger(dest).items():
        assert list(entries) == list(range(1, len(entries) + 1)), f"{partition}: {list(entries)}"
        claims, done = {}, {}
        for number, entry in entries.items():
            if entry["entry"] in ("claim", "replace"):
                claims[number] = entry
            elif entry["entry"] == "abandon":
                claims.pop(entry["claim"], None)
            elif entry["entry"] == "done" and entry["claim"] in claims:
                done[entry["claim"]] = (claims.pop(entry["claim"]), entry)
        assert not claims, f"{partition}: {list(claims)} are not finished"
        replaced = Counter(number for claim, _ in done.values() for number in claim.get("replaces", ()))
        assert set(replaced.values()) <= {1}, f"{partition}: {replaced}"

        def objects_of(number):
            claim, end = done[number]
            left = {o["key"] for o in end.get("rejected_objects", [])}
            if "inputs" in claim:
                return [i["key"] for i in claim["inputs"] if i["key"] not in left]
            return [key for merged in claim["replaces"] for key in objects_of(merged)]

        for number, (claim, end) in done.items():
            if number not in replaced:
                counted.update(objects_of(number))
                if "file" in end:
                    outputs.add(f"{partition}/{claim['output']}")
    assert counted == Counter(source.full(name) for name in objects)
    assert outputs == set(data_keys(dest))


# --- the store's requests ---------------------------------------------------------------------------------------------


class Steps:
    """Gives every request of a run a name that it has in every run, whatever the order of the partitions."""

    def __init__(self, source, dest):
        self.prefixes, self.seen, self.lock = {"raw": source.full(""), "dest": dest.full("")}, Counter(), threading.Lock()

    def name(self, request):
        path = request.key or request.query.get("prefix", "")
        for place, prefix in self.prefixes.items():
            if (path + "/").startswith(prefix):
                path = f"{place}/{path.removeprefix(prefix)}"
                break
        path = re.sub("/probe-[0-9a-f]+", "/probe", path)
        step = " ".join([request.kind, path, *(f"part {n}" for k, n in request.query.items() if k == "partNumber")])
        with self.lock:
            self.seen[step] += 1
            return f"{step} #{self.seen[step]}"


def role(step):
    """What sort of request a step is: faults at steps of one role are alike."""
    kind, path = step.split()[:2]
    sorts = {"raw/": "log", "/ledger": "ledger", "/rejects/": "rejects", "/probe": "probe", "/replacing/": "note", "table.json": "table.json",
             ".parquet": "file"}
    return f"{kind} {next((name for part, name in sorts.items() if part in path), 'folder')}"


def sample(steps, turn, most):
    """Some of the steps, other roles at each turn; all of them if `most` is None."""
    shuffled = random.Random(turn).sample(steps, len(steps))
    if most is None:
        return shuffled
    one_each = list({role(step): step for step in sorted(shuffled, key=role)}.values())
    return [one_each[(turn * most + i) % len(one_each)] for i in range(min(most, len(one_each)))]


class Stage:
    """A DEST of a story on S3, reached through a proxy of its own."""

    def __init__(self, s3, story, name, start):
        self.story, self.start, self.proxy = story, start, Proxy(s3.server.endpoint)
        self.dest = s3.place(f"{story.name}/{name}")
        self.dest.args = s3.args(self.proxy.endpoint)
        story.begin(self.dest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.close()

    def begin(self, fault=None, at=None, then=None, env=None):
        """Starts a run; `fault`, a function of the process, gives the proxy's answer to the step `at` (a step's name or a
        function that says whether it is the one), and `then` is the answer to all that come after it."""
        is_it = at if callable(at) else lambda step: step == at
        steps, begun = Steps(self.story.source, self.dest), threading.Event()
        self.steps, self.reached = [], None

        def hook(request):
            step = steps.name(request)
            self.steps.append(step)
            if self.reached:
                return then
            if is_it(step):
                begun.wait()
                self.reached = step
                return fault(process)

        self.proxy.hook = hook
        process = self.start(*convert_args(self.story.source, self.dest, *self.story.args),
                             env={**self.story.source.env, **(env or {})})
        begun.set()
        return process

    def end(self, process, expect=DONE):
        """Waits for the run, and until nothing that it sent is under way any more."""
        result = finish(process, expect)
        self.proxy.wait_idle()
        self.proxy.hook = None
        return result

    def run(self, *disturbed, expect=DONE, **how):
        return self.end(self.begin(*disturbed, **how), expect)


def kill(after):
    """The fault that kills the process before a request reaches the server, or after the server has done it."""
    return lambda process: Drop(after, then=process.kill)


def undisturbed(s3, story, start, tmp):
    """Runs a story in peace and notes what comes of it; the rows are compared with those of the logs here, once."""
    with Stage(s3, story, "undisturbed", start) as stage:
        stage.run()
        story.steps = stage.steps
        story.want = files(stage.dest)
        assert records(read(stage.dest, tmp / story.name), V2) == story.rows()
        check(story, stage.dest)
    return story


# --- stories ----------------------------------------------------------------------------------------------------------


def founding(s3, start, tmp):
    """The first run on an empty DEST: probe, table.json, one file, a rejected row."""
    story = Story("founding", s3.place("founding/raw"))
    story.put(FRESH, 0)
    story.put(FRESH, 1, bad=True)
    return undisturbed(s3, story, start, tmp)


def parts(s3, start, tmp):
    """A file so large that it goes up in parts."""
    story = Story("parts", s3.place("parts/raw"), ["--all", "--compression", "none"])
    story.put(FRESH, 0, rows=900, filler=10_000)
    return undisturbed(s3, story, start, tmp)


def going_on(s3, start, tmp):
    """A run that meets all that others may have left behind, and a day of its own."""
    story = Story("going-on", s3.place("going-on/raw"))
    with Stage(s3, story, "before", start) as stage:

        def day_is(day, stopped_at=None):
            story.args = ["--day", day, *SMALL_FILES]
            if stopped_at:
                stage.run(kill(after=False), stopped_at, expect=KILLED)
                assert stage.reached, (day, stage.steps)
            else:
                stage.run()

        def file(step):
            return step.startswith("PUT dest/year=")

        def done(step):
            return step.startswith("PUT dest/_flowparquet/ledger/") and step.endswith("/00000002.json #1")

        for day in (DONE_BEFORE, CLAIMED, WRITTEN, ABANDONED, STRAY):
            story.put(day, 0, bad=day == DONE_BEFORE)
            story.put(day, 1)
        day_is(DONE_BEFORE)
        story.put(DONE_BEFORE, 7)  # late
        day_is(WRITTEN, stopped_at=done)
        for day in (CLAIMED, ABANDONED, STRAY):
            day_is(day, stopped_at=file)
        for day in (ABANDONED, STRAY):
            story.remove(day, 0)
        day_is(STRAY)
        given_up = ledger(stage.dest)[partition(STRAY)][1]["output"]
        stage.dest.put(f"{partition(STRAY)}/{given_up}", b"by a writer that was thought dead")
        story.before = {name: stage.dest.get(name) for name in stage.dest.keys()}
    for number in range(6):
        story.put(FRESH, number, bad=number == 2)
    name, _, body = object_of(FRESH, 6)
    story.source.put(name, body[:-20])  # does not read to its end
    story.args = ["--all", *SMALL_FILES]
    return undisturbed(s3, story, start, tmp)


def replacing(s3, start, tmp):
    """A run that makes a file again, because an object of it changed, and merges the files of two days."""
    story = Story("replacing", s3.place("replacing/raw"))
    with Stage(s3, story, "before", start) as stage:
        make_again(story, stage.run)
        story.before = {name: stage.dest.get(name) for name in stage.dest.keys()}
    change(story)
    with Stage(s3, story, "between", start) as stage:
        stage.run()
        story.between = files(stage.dest)
    story.args = ["--all", "--auto-compact", "1"]
    return undisturbed(s3, story, start, tmp)


def make_again(story, run):
    """Objects of two days, each in a file of its own."""
    for number in range(3):
        for day in (DONE_BEFORE, WRITTEN):
            story.put(day, number, bad=number == 1)
        run()


def change(story):
    """One of these objects changes, and one comes late."""
    story.put(WRITTEN, 1, rows=ROWS + 10)
    story.put(DONE_BEFORE, 4)


STORIES = {"founding": founding, "going-on": going_on, "parts": parts, "replacing": replacing}


def on_disk(convert, tmp, large=False, merging=False):
    """Some days of several files each, on the local disk; or one large file; or files of two days to be replaced."""
    story = Story("on disk", Folder(tmp / "raw"), ["--all", *(("--compression", "none") if large else SMALL_FILES)])
    dest = Folder(tmp / "undisturbed")
    if merging:
        story.args = ["--all"]
        make_again(story, lambda: convert(story.source, dest, *story.args, expect=DONE))
        story.before = {name: dest.get(name) for name in dest.keys()}
        change(story)
        convert(story.source, dest, *story.args, expect=DONE)
        story.between, story.args = files(dest), ["--all", "--auto-compact", "1"]
    elif large:
        story.put(FRESH, 0, rows=900, filler=10_000)
    for day in () if large or merging else DAYS:
        for number in range(4):
            story.put(day, number, bad=number == 1)
    convert(story.source, dest, *story.args, expect=DONE)
    story.want = files(dest)
    assert records(read(dest), V2) == story.rows()
    check(story, dest)
    return story
