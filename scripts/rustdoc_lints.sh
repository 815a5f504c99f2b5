#!/usr/bin/env bash
# Stands in for rustdoc when cargo tests the examples of the documentation (RUSTDOC=... cargo test --doc): writes the
# documentation instead, private items too, and fails for what rustdoc warns of, as a broken link. Against what was compiled
# for the program, that is: `cargo doc` would first check every dependency once more, DataFusion for minutes.
set -euo pipefail
args=()
while (($#)); do
    case $1 in
    --test) ;;
    --test-run-directory) shift ;;
    *) args+=("$1") ;;
    esac
    shift
done
exec rustdoc "${args[@]}" --document-private-items -D warnings --out-dir "$CARGO_TARGET_DIR/doc"
