"""Counts the instructions of small conversions and compares them with what is written in benches/instructions.json: a
figure that does not depend on how busy the machine is, so that a change that makes every row dearer is seen.

  scripts/instructions.py           fails if a case takes more than TOLERANCE above its figure
  scripts/instructions.py --bless   writes the figures of this build; the difference belongs into the commit

The count is valgrind's, of one thread, start-up and footer included. It changes a little with the version of rustc (which
is written down too) and where a processor has no AVX2, since libraries choose their code by that.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benches" / "instructions.json"
TOLERANCE = 0.04
OBJECTS, ROWS = 4, 5_000
# name: what generate is told, what convert is told
CASES = {
    "v2": (["--schema-version", "2"], []),
    "v2, arrival order": (["--schema-version", "2"], ["--sort-by", "none"]),
    "v5": (["--schema-version", "5"], []),
    "v5, arrival order": (["--schema-version", "5"], ["--sort-by", "none"]),
}


def count(binary, work, how_generated, how_converted):
    """Returns the instructions of one conversion."""
    raw, table = work / "raw", work / "table"
    for folder in (raw, table):
        shutil.rmtree(folder, ignore_errors=True)
    quietly([binary, "generate", raw, "--seed", "1", "--objects", OBJECTS, "--rows", ROWS, *how_generated])
    said = quietly(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "convert", raw, table, "--all",
                    "--threads", "1", "--progress", "none", *how_converted])
    if f"{OBJECTS * ROWS:,} rows" not in said:
        sys.exit(f"not all rows were converted:\n{said}")
    return int(re.search(r"Collected : (\d+)", said).group(1))


def quietly(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=900)
    if done.returncode:
        sys.exit(f"failed with {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "target" / "release" / "flowparquet", type=pathlib.Path)
    parser.add_argument("--bless", action="store_true", help="write the figures instead of comparing with them")
    args = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed; on Debian and Ubuntu: apt-get install valgrind")
    work = ROOT / "target" / "instructions"
    work.mkdir(parents=True, exist_ok=True)
    counts = {name: count(args.binary.resolve(), work, *how) for name, how in CASES.items()}
    shutil.rmtree(work)
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    if args.bless:
        FIGURES.write_text(json.dumps({"rustc": rustc, "instructions": counts}, indent=2) + "\n")
    known = json.loads(FIGURES.read_text())
    dearer = []
    for name, found in counts.items():
        wanted = known["instructions"].get(name)
        if wanted is None:
            sys.exit(f"benches/instructions.json has no figure for {name!r}: scripts/instructions.py --bless")
        change = found / wanted - 1
        print(f"{name:20} {found:>14,} instructions, {found / (OBJECTS * ROWS):>7,.0f} a row, {change:+.1%}")
        if change > TOLERANCE:
            dearer.append(name)
        elif change < -TOLERANCE:
            print(f"  fewer than before: scripts/instructions.py --bless keeps the gain")
    if dearer:
        sys.exit(f"more than {TOLERANCE:.0%} dearer than in benches/instructions.json (rustc {known['rustc']}, here {rustc}): "
                 f"{', '.join(dearer)}\nif that is meant, or comes with another rustc: scripts/instructions.py --bless")


if __name__ == "__main__":
    main()
