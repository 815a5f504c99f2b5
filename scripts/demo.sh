#!/usr/bin/env bash
# The whole story in one command, without AWS: builds flowparquet and runs `flowparquet demo`.
# Builds without SQL, which is most of the build, unless the program that is there has it.
# Arguments are passed on: scripts/demo.sh [DIR] [options].
set -euo pipefail
start=$PWD
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
need_cargo
binary=$PWD/target/release/flowparquet
if "$binary" query --help >/dev/null 2>&1; then
    cargo build --release --locked
else
    [ -x "$binary" ] || echo "building flowparquet without SQL: some minutes the first time" >&2
    cargo build --release --locked -p flowparquet -p flowparquet-features --no-default-features --config scripts/demo.toml
fi
cd "$start"   # so that a relative DIR means what the user thinks
exec "$binary" demo "$@"
