#!/usr/bin/env python3
"""Writes the hashes into scripts/requirements*.txt: of every file that pip may choose for a pinned version, so that what the
tests install is what was there when the version was chosen.

After a version was changed: `python3 scripts/requirements_hashes.py`, then look at the difference. Asks the package index that
pip is configured with, and says which hashes of a version that stayed have changed: that is not to happen (exit code 1).
`--check` asks nobody and says which lines have no hash.
"""

import argparse
import json
import os
import re
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")
# What stands in a list: a pinned package, its hashes behind it.
LINE = re.compile(r"^([A-Za-z0-9._-]+==[^\s\\]+)((?: *\\\n +--hash=\S+)*)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def pip(*args):
    return subprocess.run([sys.executable, "-m", "pip", *args], capture_output=True, text=True).stdout.strip()


def index_url():
    """The index that pip asks."""
    configured = os.environ.get("PIP_INDEX_URL") or pip("config", "get", "global.index-url")
    if configured:
        return configured.rstrip("/")
    from pip._internal.models.index import PyPI

    return PyPI.simple_url.rstrip("/")


def normal(name):
    """A name as the index has it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Index:
    def __init__(self):
        self.url = index_url()
        cert = os.environ.get("PIP_CERT") or pip("config", "get", "global.cert")
        self.tls = ssl.create_default_context(cafile=cert or None)

    def hashes(self, name, version):
        """SHA-256 of every file of a version: wheels for all machines, and the source (PEP 691)."""
        request = urllib.request.Request(
            f"{self.url}/{normal(name)}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
        )
        with urllib.request.urlopen(request, context=self.tls, timeout=180) as answer:
            files = json.load(answer)["files"]
        found = {file["hashes"]["sha256"] for file in files if self.is_of(file["filename"], name, version)}
        if not found:
            sys.exit(f"{name} {version} has no files")
        return sorted(found)

    @staticmethod
    def is_of(filename, name, version):
        """Whether a file is of this version, by its name (PEP 427, PEP 625)."""
        stem = re.sub(r"\.(whl|tar\.gz|zip)$", "", filename)
        if stem == filename:
            return False
        parts = stem.split("-")
        if filename.endswith(".whl"):
            return normal(parts[0]) == normal(name) and parts[1] == version
        return normal(stem) == normal(f"{name}-{version}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="only say which lines have no hash")
    args = parser.parse_args()
    lists = sorted(Path(__file__).parent.glob("requirements*.txt"))
    if args.check:
        bare = [f"{path.name}: {pin}" for path in lists for pin, hashes in LINE.findall(path.read_text()) if not hashes]
        sys.exit("\n".join(["without hashes, see scripts/requirements_hashes.py:", *bare]) if bare else 0)
    index, known, changed = Index(), {}, []
    for path in lists:

        def hashed(line, path=path):
            pin, before = line[1], set(HASH.findall(line[2]))
            if pin not in known:
                known[pin] = index.hashes(**PINNED.match(pin).groupdict())
            if before - set(known[pin]):
                changed.append(f"{path.name}: {pin} had other files before")
            return " \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in known[pin])])

        path.write_text(LINE.sub(hashed, path.read_text()))
    sys.exit("\n".join(changed) if changed else 0)


if __name__ == "__main__":
    main()
