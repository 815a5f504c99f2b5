"""Runs one reader over a job: python -m zoo READER JOB [ANSWERS]. A process of its own, so that libraries that bring
the same code in different versions do not meet, and a crash is an answer too."""

import json
import pathlib
import sys
import tempfile
import time

from zoo import reader


def main():
    module, job, *out = sys.argv[1:]
    job, began = json.loads(pathlib.Path(job).read_text()), time.monotonic()
    module = reader(module)
    said = {"missing": module.missing()}
    if not said["missing"]:
        said["version"] = module.version()
        with tempfile.TemporaryDirectory() as folder:
            said["answers"] = list(module.answers(job["files"], pathlib.Path(folder)))
        if hasattr(module, "table"):
            said["tables"] = [table(module, **asked) for asked in job.get("tables", [])]
    said["seconds"] = time.monotonic() - began
    if out:
        pathlib.Path(out[0]).write_text(json.dumps(said))
    else:
        for answer in said.get("answers", []):
            print(json.dumps(answer))
        print(json.dumps({name: value for name, value in said.items() if name not in ("answers",)}))


def table(module, dest, columns):
    try:
        return {"error": None, **module.table(pathlib.Path(dest), columns)}
    except Exception as error:  # noqa: BLE001 - the other tables must be read too
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
