#!/usr/bin/env python3
"""Do the schedules notice? Puts each bug of tests/planted into a copy of the sources, and plays schedules until one goes wrong.

A patch begins with a line that says what it breaks. Which seed found which bug is printed, a line each; docs/reliability.md has
the table. Ends with 1 if a bug is not found within the schedules of a usual run.

usage: scripts/planted_bugs.py [NAME...]     FLOWPARQUET_TEST_CASES is another number of schedules than 2,000
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tests" / "planted"
COPY = ROOT / "target" / "planted" / "source"
PASSED_OVER = {".git", "target", "__pycache__"}
TEST = "schedules::whatever_happens"


def texts():
    """All files of the sources, by path."""
    found = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        for name in names:
            path = Path(folder, name)
            found[path.relative_to(ROOT)] = path.read_bytes()
    return found


def hunks(patch):
    """What is to be replaced: (file, old text, new text)."""
    file, old, new = None, [], []
    for line in patch.splitlines(keepends=True) + ["@@"]:
        if line.startswith(("---", "+++", "@@", "#")):
            if old or new:
                yield file, "".join(old), "".join(new)
            old, new = [], []
            if line.startswith("+++ "):
                file = Path(line[4:].strip().removeprefix("b/"))
        else:
            if line[0] in " -":
                old.append(line[1:])
            if line[0] in " +":
                new.append(line[1:])


def broken(sources, patch):
    """The sources with a patch applied; it says what stands around a change, not where."""
    changed = dict(sources)
    for file, old, new in hunks(patch):
        text = changed[file].decode()
        if text.count(old) != 1:
            sys.exit(f"a hunk for {file} does not apply:\n{old}")
        changed[file] = text.replace(old, new).encode()
    return changed


def write(sources):
    """Makes the copy these sources. What is the same keeps its time, so that cargo builds little."""
    for path, content in sources.items():
        copy = COPY / path
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    for folder, _, names in os.walk(COPY / "src"):
        for name in names:
            path = Path(folder, name)
            if path.relative_to(COPY) not in sources:
                path.unlink()


def play():
    """Builds and plays; returns the seed that went wrong, if one did, and what went wrong."""
    env = {
        **os.environ,
        # Not one that other copies of the sources are built into: cargo would take theirs for ours.
        "CARGO_TARGET_DIR": os.environ.get("FLOWPARQUET_PLANTED_TARGET") or str(ROOT / "target" / "planted" / "built"),
        "CARGO_INCREMENTAL": "1",
        "RUST_BACKTRACE": "0",
        "FLOWPARQUET_TEST_SEED": "",
        "FLOWPARQUET_TEST_LONG": "",
    }
    # Dependencies are optimised, ours is not: it is built anew for every bug.
    ours = "profile.release.package.flowparquet"
    quick = ["--release", "--config", f"{ours}.opt-level=0", "--config", f"{ours}.codegen-units=64"]
    command = ["cargo", "test", *quick, "--locked", "--no-default-features", "--lib", TEST]
    ran = subprocess.run(command, cwd=COPY, env=env, capture_output=True, text=True, check=False)
    if "running 1 test" not in ran.stdout:
        sys.exit(ran.stderr)
    said = ran.stdout + ran.stderr
    seed = re.search(r"^seed (\d+):\n(.*)", said, re.MULTILINE)
    if not seed and ran.returncode != 0:
        sys.exit(said)
    return (int(seed[1]), seed[2]) if seed else (None, "")


def main():
    asked = sys.argv[1:] or sorted(path.stem for path in PATCHES.glob("*.patch"))
    sources, missed = texts(), []
    for name in asked:
        patch = (PATCHES / f"{name}.patch").read_text()
        write(broken(sources, patch))
        begun = time.monotonic()
        seed, wrong = play()
        found = f"seed {seed}" if seed is not None else "NOT FOUND"
        print(f"{name}: {found} ({time.monotonic() - begun:.0f} s): {wrong[:160]}", flush=True)
        if seed is None:
            missed.append(name)
    write(sources)
    if missed:
        sys.exit(f"not found: {', '.join(missed)}")


if __name__ == "__main__":
    main()
