"""Readers parquet-go and arrow-go: Go programs built from go/ under target/readers/go, pinned by go.mod and go.sum."""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).parent / "go"
BUILT = pathlib.Path(__file__).parents[3] / "target" / "readers" / "go"


class GoReader:
    """One library; its program is built with a tag of its own, so that one does not wait for what the other needs."""

    def __init__(self, name, module, go):
        self.NAME = name
        self.module = module
        self.go = go
        self.program = BUILT / name

    def version(self):
        found = re.search(rf"{re.escape(self.module)} v(\S+)", (SOURCE / "go.mod").read_text(encoding="utf-8"))
        return f"{self.NAME} {found[1]}"

    def missing(self):
        wanted = f"{self.NAME} needs Go {self.go[0]}.{self.go[1]} or newer: install it and have `go` in the PATH"
        if not shutil.which("go"):
            return wanted
        said = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout
        found = re.match(r"go(\d+)\.(\d+)", said)
        if not found or tuple(map(int, found.groups())) < self.go:
            return f"{wanted}; found {said.strip()}"
        return None

    def build(self):
        """Builds the program if its sources have changed since the last time."""
        BUILT.mkdir(parents=True, exist_ok=True)
        state = hashlib.sha256(subprocess.run(["go", "env", "GOVERSION"], capture_output=True, check=True).stdout)
        for path in sorted(SOURCE.iterdir()):
            state.update(path.read_bytes())
        stamp = BUILT / f"{self.NAME}.stamp"
        with open(BUILT / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.program.exists() and stamp.exists() and stamp.read_text() == state.hexdigest():
                return
            # Caches lie under target/ unless somebody has said where. Files of the module cache are read-only by
            # default, which would make a target/ that rm cannot remove.
            caches = {"GOMODCACHE": str(BUILT / "modules"), "GOCACHE": str(BUILT / "cache")}
            surroundings = caches | os.environ | {"GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false"}
            run(["go", "build", "-tags", self.NAME.replace("-", ""), "-o", self.program, "."],
                cwd=SOURCE, env=surroundings)
            stamp.write_text(state.hexdigest())

    def answers(self, files, folder):
        self.build()
        job = pathlib.Path(folder) / f"{self.NAME}.json"
        job.write_text(json.dumps({"files": files}), encoding="utf-8")
        return [json.loads(line) for line in run([self.program, job]).splitlines()]


def run(command, **options):
    """Runs a command and gives what it printed; shows all of it if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-4000:]}\n"
                           f"{done.stderr[-4000:]}")
    return done.stdout


PARQUET_GO = GoReader("parquet-go", "github.com/parquet-go/parquet-go", (1, 25))
ARROW_GO = GoReader("arrow-go", "github.com/apache/arrow-go/v18", (1, 25))
READERS = [PARQUET_GO, ARROW_GO]
