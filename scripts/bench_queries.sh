#!/usr/bin/env bash
# Measures what questions read of a day in many layouts: row order, row groups, pages, Bloom filters, compression. By the
# footer alone, and by DuckDB, DataFusion, pyarrow, Spark and Trino, whose answers must be those of the raw text. Generates its
# days under target/bench/queries/; what is measured and how is in bench_queries/ beside it.
set -euo pipefail
start=$PWD
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'END'
usage: scripts/bench_queries.sh [--quick] [--out NAME] [--pictures DIR] [--engines LIST] [--layouts LIST]
                                [--questions LIST] [DAY...]

  --quick           a tenth of the objects
  --out NAME        write NAME.md and NAME.csv too
  --pictures DIR    draw the pictures of docs/layout.md, of the first day
  --engines LIST    of duckdb,datafusion,pyarrow,spark,trino; none: only what the footers say (default: all but Trino).
                    Trino, which needs Java 24 or newer and fetches 450 MB once, is asked of every layout, about addresses
                    too; its bytes must be those that the model of its reader says
  --layouts LIST    only these, such as arrival,boxes (default: all)
  --questions LIST  only these are asked of engines, such as hour,to-address (default: all)
  DAY               v2, v5: the day in that version of flow logs (default: both)
END
}

quick="" args=() days=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --out | --pictures)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        [[ $2 = /* ]] && args+=("$1" "$2") || args+=("$1" "$start/$2")
        shift
        ;;
    --engines | --layouts | --questions)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        args+=("$1" "$2")
        shift
        ;;
    v[0-9]*) days+=("$1") ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

need_cargo
need_python
case " ${args[*]-} " in
*" --engines "*spark*) need_java ;;
*" --engines "*) ;;
*) need_java ;;
esac
cargo build --release --locked
venv requirements.txt requirements-engines.txt requirements-queries.txt

binary=target/release/flowparquet
objects=288
[ -z "$quick" ] || objects=28
work=target/bench/queries/$objects-objects
sources=()
for day in "${days[@]-}"; do
    [ -n "$day" ] || continue
    sources+=("$day")
done
[ ${#sources[@]} -gt 0 ] || sources=(v2 v5)
for i in "${!sources[@]}"; do
    day=${sources[$i]}
    raw=$work/$day/raw
    if [ ! -e "$raw.done" ]; then
        rm -rf "$raw"
        "$binary" generate "$raw" --seed 1 --day 2026-01-15 --objects "$objects" --rows 20000 --schema-version "${day#v}" >&2
        touch "$raw.done"
    fi
    sources[i]=$day=$raw
done

case " ${args[*]-} " in
*" --engines "*trino*) "$PYTHON" scripts/trino_server.py fetch ;;
esac
"$PYTHON" scripts/bench_queries --binary "$binary" --work "$work" "${args[@]+"${args[@]}"}" "${sources[@]}"
