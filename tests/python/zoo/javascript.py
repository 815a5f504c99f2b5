"""Readers hyparquet and parquet-wasm: js/read.mjs under Node, packages as pinned in js/package-lock.json."""

import fcntl
import hashlib
import json
import pathlib
import re
import shutil
import subprocess

from .golang import run

SOURCE = pathlib.Path(__file__).parent / "js"
BUILT = pathlib.Path(__file__).parents[3] / "target" / "readers" / "js"
NODE = 20


class NodeReader:
    """One library. Both share their packages and program."""

    def __init__(self, name, packages):
        self.NAME = name
        self.packages = packages

    def version(self):
        pinned = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))["dependencies"]
        return ", ".join(f"{name} {pinned[name]}" for name in self.packages)

    def missing(self):
        wanted = f"{self.NAME} needs Node {NODE} or newer: install it and have `node` and `npm` in the PATH"
        if not shutil.which("node") or not shutil.which("npm"):
            return wanted
        said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
        found = re.match(r"v(\d+)", said)
        return None if found and int(found[1]) >= NODE else f"{wanted}; found {said.strip()}"

    def build(self):
        """Installs the packages if their list has changed. The program has to lie beside them to find them."""
        BUILT.mkdir(parents=True, exist_ok=True)
        state = hashlib.sha256()
        for name in ["package.json", "package-lock.json"]:
            state.update((SOURCE / name).read_bytes())
        stamp = BUILT / "stamp"
        with open(BUILT / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text() != state.hexdigest():
                stamp.unlink(missing_ok=True)
                for name in ["package.json", "package-lock.json"]:
                    shutil.copy(SOURCE / name, BUILT)
                run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
                     "--cache", BUILT / "cache"], cwd=BUILT)
                stamp.write_text(state.hexdigest())
            program = (SOURCE / "read.mjs").read_bytes()
            if not (BUILT / "read.mjs").exists() or (BUILT / "read.mjs").read_bytes() != program:
                (BUILT / "read.mjs").write_bytes(program)

    def answers(self, files, folder):
        self.build()
        job = pathlib.Path(folder) / f"{self.NAME}.json"
        job.write_text(json.dumps({"files": [numbers_as_text(file) for file in files]}), encoding="utf-8")
        answers = [json.loads(line) for line in run(["node", BUILT / "read.mjs", self.NAME, job]).splitlines()]
        for answer in answers:
            for column in answer["columns"].values():
                column["sum"] = int(column["sum"])
        return answers


def numbers_as_text(file):
    """The file of a job with the constants of its filters as text: JSON in JavaScript has no int64."""
    filters = [filter | {"value": str(filter["value"])} if "value" in filter else filter for filter in file["filters"]]
    return file | {"filters": filters}


HYPARQUET = NodeReader("hyparquet", ["hyparquet", "hyparquet-compressors"])
PARQUET_WASM = NodeReader("parquet-wasm", ["parquet-wasm", "apache-arrow"])
READERS = [HYPARQUET, PARQUET_WASM]
