#!/usr/bin/env bash
# Measures `flowparquet convert` against Polars and DuckDB doing the same job, against gunzip of the same objects and
# nothing else, under little memory, over S3, with one thread and several, and with more rows. Generates its input under
# target/bench/; what is measured and how is in bench.py beside it.
set -euo pipefail
start=$PWD
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'END'
usage: scripts/bench.sh [--quick] [--long] [--rounds N] [--clickhouse] [--only WHAT]... [--out FILE]

  --quick       a tenth of the objects
  --long        also 20 and 60 million rows, and 8 GB from a synthetic store
  --rounds N    run everything N times (3), tables have medians
  --clickhouse  also against ClickHouse (chdb; fetches 150 MB once)
  --only WHAT   peers, memory, threads, scale, start, terabyte, s3, or one of the cases: "v2 day", "v5 day",
                "small objects", "big objects", "one giant object"; may be given several times
  --out FILE    write the tables to FILE instead of benches/results/DATE.md (with --quick or --only: nowhere)
END
}

quick="" clickhouse="" out="" part=""
args=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) args+=(--quick) quick=1 ;;
    --long) args+=(--long) ;;
    --clickhouse) clickhouse=1 ;;
    --rounds | --only)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        [ "$1" != --only ] || part=1
        args+=("$1" "$2")
        shift
        ;;
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
venv requirements.txt requirements-bench.txt ${clickhouse:+requirements-clickhouse.txt}
[ -n "$out$quick$part" ] || out=benches/results/$(date +%F).md

mkdir -p target/bench
exec "$PYTHON" scripts/bench.py --binary target/release/flowparquet --work target/bench ${out:+--out "$out"} \
    "${args[@]+"${args[@]}"}"
