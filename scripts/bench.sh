#!/usr/bin/env bash
# Measures `flowparquet convert` against Polars and DuckDB doing the same job, and against gunzip of the same objects and
# nothing else. Generates its input under target/bench/; what is measured and how is in bench.py beside it.
set -euo pipefail
start=$PWD
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'END'
usage: scripts/bench.sh [--quick] [--out FILE]

  --quick     a tenth of the objects
  --out FILE  write the tables (Markdown) to FILE too
END
}

quick="" out=""
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --out)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        [[ $2 = /* ]] && out=$2 || out=$start/$2
        shift
        ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

need_cargo
need_python
cargo build --release --locked
venv requirements.txt requirements-bench.txt

binary=target/release/flowparquet
sources=()
for case in 288x20000 2880x500; do
    objects=${case%x*} rows=${case#*x}
    [ -z "$quick" ] || objects=$((objects / 10))
    dir=target/bench/$objects-objects-x-$rows-rows
    if [ ! "$dir.done" -nt "$binary" ]; then
        rm -rf "$dir"
        "$binary" generate "$dir" --seed 1 --day 2026-01-15 --objects "$objects" --rows "$rows" >&2
        touch "$dir.done"
    fi
    sources+=("$dir")
done

report() { "$PYTHON" scripts/bench.py --binary "$binary" "${sources[@]}"; }
if [ -n "$out" ]; then report | tee "$out"; else report; fi
