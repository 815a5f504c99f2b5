#!/usr/bin/env bash
# The whole story in one command, without AWS: builds flowparquet and runs `flowparquet demo`.
# Arguments are passed on: scripts/demo.sh [DIR] [options].
set -euo pipefail
start=$PWD
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
need_cargo
cargo build --release --locked
binary=$PWD/target/release/flowparquet
cd "$start"   # so that a relative DIR means what the user thinks
exec "$binary" demo "$@"
