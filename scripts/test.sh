#!/usr/bin/env bash
# Runs everything that CI runs, in its order, and stops at the first failure. Needs cargo, a C compiler and python3;
# fetches the rest into target/, and says at the end what it had to skip.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'END'
usage: scripts/test.sh [--readers] [--rgw] [--trino] [--long] [-h]

  --readers  also have every reader of the zoo read our files in every way that it can (those in Java, Go and JavaScript
             need maven, go and node; fetches 1.5 GB once)
  --rgw      also run the S3 tests against Ceph's RADOS Gateway (Debian only; fetches 70 MB once, up in about 15 s)
  --trino    also query the tables with Trino, the engine behind Athena, and hold query against it (Java 24 or newer;
             fetches 450 MB once)
  --long     also run the long tests: more random examples, larger data, more races
END
}

readers="" rgw="" trino="" long=""
for arg in "$@"; do
    case $arg in
    --readers) readers=1 ;;
    --rgw) rgw=1 ;;
    --trino) trino=1 ;;
    --long) long=1 ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
done

need_cargo
need_python
[ -z "$trino" ] || "$PYTHON" scripts/trino_server.py fetch   # so that it does not fail at the end
skipped=()

ends_with_its_jobs() { # for a function in the background: a signal to it takes what it started with it
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    trap 'exit 143' TERM
}
step() { # step HEADING COMMAND...: a failure says which step it was and ends the script
    echo
    echo "== $1 (at ${SECONDS} s)"
    shift
    # In the background, so that a signal to this script is acted on at once and takes the step with it.
    "$@" &
    if ! wait $!; then
        echo "== failed: $* (after ${SECONDS} s)" >&2
        exit 1
    fi
}

finish() {
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086  # one word per process
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

python_packages=(requirements.txt requirements-engines.txt requirements-readers.txt ${readers:+requirements-clickhouse.txt})
# What later steps need of others. What fails here is tried again where it is needed, and said there.
prepare() {
    ends_with_its_jobs
    venv "${python_packages[@]}" &
    wait $! || true
    find_tool deny "$DENY_VERSION" &
    wait $! || true
}
# Beside what is compiled first: crates that wait for each other leave a processor free for a while.
mkdir -p target
prepare >target/prepare.log 2>&1 &
prepared=$!

if cargo fmt --version >/dev/null 2>&1; then
    step "format" cargo fmt --check
else
    skipped+=("format: rustup component add rustfmt")
fi

# Lints, binary, documentation and tests share one profile and one set of compiled dependencies. So clippy stands in for rustc,
# as in `cargo clippy`, but in a build: `cargo clippy` would check every dependency besides, DataFusion for minutes. What it
# compiles of our own is thrown away, hence no optimisation and nothing that links.
lints() { # lints OPTION...: of cargo build, what to look at
    RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS="-Dwarnings__CLIPPY_HACKERY__-Clinker=true__CLIPPY_HACKERY__" \
        cargo build --release --locked "$@" \
        --config profile.release.package.flowparquet.opt-level=0 --config profile.release.package.flowparquet.codegen-units=16 \
        --config profile.release.package.flowparquet-sql.opt-level=0
}
clippy=""
if cargo clippy --version >/dev/null 2>&1; then
    clippy=1
    step "lints" lints --all-targets
else
    skipped+=("lints, small program, fuzz targets and benchmarks: rustup component add clippy")
fi

step "binary and Rust tests" cargo test --release --locked --no-run
wait $prepared || true
cat target/prepare.log

# Every lock file, as it is: licences, sources, bans, and known vulnerabilities where their list can be fetched.
checks=()
if find_tool deny "$DENY_VERSION"; then
    checks=(bans licenses sources)
    if quietly_true timeout 120 cargo deny --manifest-path Cargo.toml fetch db; then
        checks+=(advisories)
    else
        skipped+=("known vulnerabilities of dependencies: their list, github.com/RustSec/advisory-db, is out of reach")
    fi
else
    skipped+=("dependencies: cargo install --locked cargo-deny --version $DENY_VERSION")
fi

export FLOWPARQUET_TEST_LONG=$long
[ -z "$long" ] || export FLOWPARQUET_TEST_FUZZ_SECONDS=600
[ -z "$long" ] || step "bugs put in on purpose" "$PYTHON" scripts/planted_bugs.py

command -v valgrind >/dev/null || skipped+=("instruction counts: apt-get install valgrind")

venv "${python_packages[@]}"
# Those Java runtimes that the Python package registry has lack a module that Spark asks for.
if ! find_java; then
    export FLOWPARQUET_TEST_NO_JAVA=1
    skipped+=("what Spark and Hive judge, for want of Java $MIN_JAVA to $MAX_JAVA: apt-get install openjdk-17-jdk-headless")
fi
pytest=("$PYTHON" -m pytest -q -c tests/python/pytest.ini tests/python)
# Tests of S3 and of engines wait as much as they compute, so all run beside each other and beside what compiles; what they print
# comes one after the other.
disturbed="test_fire or test_stops"
engines="test_definitions or test_engines or test_moving or test_statements or test_zoo"   # share one Spark and one Hive
titled() { # titled TITLE COMMAND...: stops the job that runs it if it fails
    echo
    echo "$1:"
    shift
    "$@" &
    wait $! || exit
}
dependencies() {
    local lock
    while read -r lock; do
        cargo deny --log-level error --locked --workspace --manifest-path "$(dirname "$lock")/Cargo.toml" check "${checks[@]}" || return
    done < <(git ls-files '*Cargo.lock')
}
# What scripts/demo.sh compiled must be what the whole program and its tests are made of: the same crates with the same features.
features() {
    local of_demo of_all
    of_demo=$(crates normal,build -p flowparquet -p flowparquet-features --no-default-features)
    of_all=$(crates normal,build,dev -p flowparquet)
    if comm -23 <(echo "$of_demo") <(echo "$of_all") | grep -Ev '^(flowparquet|$)'; then
        echo "these crates would be compiled twice: give scripts/features/Cargo.toml the features that the whole program asks of them" >&2
        return 1
    fi
}
crates() { # crates EDGES OPTION...: of cargo tree: each crate with its features
    cargo tree --locked --prefix none -f '{p}|{f}' -e "$@" | sed 's/ (\*)$//' | LC_ALL=C sort -u
}
compiled() { # what is only compiled, and what is read
    ends_with_its_jobs
    titled "Features of crates that are shared" features
    [ ${#checks[@]} = 0 ] || titled "Dependencies" dependencies
    titled "Documentation" env RUSTDOC="$PWD/scripts/rustdoc_lints.sh" cargo test --release --locked --doc
    # With scripts/features, so that dependencies are those that were compiled for the whole program. Nothing links,
    # so an archive of nothing stands for LLVM's fuzzer.
    printf '!<arch>\n' >target/libnofuzzer.a
    export CUSTOM_LIBFUZZER_PATH=$PWD/target/libnofuzzer.a
    [ -z "$clippy" ] || titled "Small program, fuzz targets and benchmarks" \
        lints --workspace --exclude flowparquet-sql --no-default-features --lib --bins --bench stages
}
machine() { # what asks no server and no engine
    ends_with_its_jobs
    titled "Rust tests" cargo test --release --locked --tests -- --skip fuzz_corpus:: ${long:+--include-ignored}
    titled "The protocol's model" cargo test --release --manifest-path tests/model/Cargo.toml --target-dir target/model --locked
    ! command -v valgrind >/dev/null || titled "Instruction counts" "$PYTHON" scripts/instructions.py
}
fuzzing() {
    ends_with_its_jobs
    titled "Fuzzing" cargo test --release --locked --test tests fuzz_corpus::
}
black_box() {
    ends_with_its_jobs
    export FLOWPARQUET_TEST_S3=moto
    local job jobs=() failed=""
    # In two halves, each with a server of its own.
    "${pytest[@]}" -m s3 -k "$disturbed" >target/s3-disturbed.log 2>&1 &
    jobs+=($!)
    "${pytest[@]}" -m s3 -k "not ($disturbed)" >target/s3-tests.log 2>&1 &
    jobs+=($!)
    machine >target/machine-tests.log 2>&1 &
    jobs+=($!)
    fuzzing >target/fuzzing.log 2>&1 &
    jobs+=($!)
    compiled >target/compiled.log 2>&1 &
    jobs+=($!)
    "${pytest[@]}" -m "not s3" -k "not ($engines)" >target/local-tests.log 2>&1 &
    jobs+=($!)
    "${pytest[@]}" -m "not s3" -k "$engines" &
    jobs+=($!)
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    echo
    echo "Black-box tests without engines:"
    cat target/local-tests.log target/compiled.log target/machine-tests.log target/fuzzing.log
    echo
    echo "S3 by moto:"
    cat target/s3-tests.log target/s3-disturbed.log
    [ -z "$failed" ]
}
step "Rust tests, black-box tests, S3 by moto, definitions by Hive and Spark, the protocol's model, instruction counts" black_box
[ -z "$readers" ] || step "every reader, in every way" env FLOWPARQUET_TEST_READERS=1 ${trino:+FLOWPARQUET_TEST_TRINO=1} \
    "${pytest[@]}" -k "zoo"
[ -z "$rgw" ] || step "S3 tests by Ceph RGW" env FLOWPARQUET_TEST_S3=rgw "${pytest[@]}" -m s3
[ -z "$trino" ] || step "Athena's SQL by Trino" env FLOWPARQUET_TEST_TRINO=1 "${pytest[@]}" -m trino

echo
for s in "${skipped[@]+"${skipped[@]}"}"; do echo "skipped $s"; done
echo "== all passed in ${SECONDS} s"
