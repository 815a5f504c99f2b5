"""Holds the two lists of dependencies that a release has against Cargo.lock: the one inside the program and the bill of materials.

In: a folder with `flowparquet` and `flowparquet.cdx.json`. Out: how many packages there are; a failure names what differs. The
list inside is JSON packed by zlib, in the section `.dep-v0` (https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md).
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zlib

ROOT = pathlib.Path(__file__).parent.parent


def inside(program):
    """Returns name and version of each package that the program was built of, those for its build left out."""
    with tempfile.TemporaryDirectory() as folder:
        section = pathlib.Path(folder) / "section"
        dump = ["objcopy", "--dump-section", f".dep-v0={section}", program, str(pathlib.Path(folder) / "copy")]
        subprocess.run(dump, check=True)
        packages = json.loads(zlib.decompress(section.read_bytes()))["packages"]
    return {(package["name"], package["version"]) for package in packages if package.get("kind", "runtime") == "runtime"}


def listed(bill):
    """Returns name and version of each component of a bill of materials, and the program's own."""
    bill = json.loads(bill.read_text())
    components = [bill["metadata"]["component"], *bill["components"]]
    return {(component["name"], component["version"]) for component in components}


def main():
    dist = pathlib.Path(sys.argv[1])
    locked = {(package["name"], package["version"]) for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    program, bill = inside(dist / "flowparquet"), listed(dist / "flowparquet.cdx.json")
    for what, wrong in [
        ("in the program and not in Cargo.lock", program - locked),
        ("in the bill of materials and not in Cargo.lock", bill - locked),
        ("in the program and not in the bill of materials", program - bill),
    ]:
        if wrong:
            sys.exit(f"{what}: {sorted(wrong)}")
    if len(program) < 100:
        sys.exit(f"the program says that it has {len(program)} packages, and has more")
    print(f"{len(program)} packages in the program, {len(bill)} in the bill of materials, which names those of the build too")


if __name__ == "__main__":
    main()
