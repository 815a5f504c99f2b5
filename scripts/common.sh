# shellcheck shell=bash
# Shared by the scripts beside it; source it, do not run it. Goes to the repository's root, offers the checks of what must
# be installed (one line and exit 2 for what is missing) and the Python environment under target/.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export CARGO_TARGET_DIR="$PWD/target"   # the scripts look for the binary there

fail() { # fail MESSAGE...: a prerequisite is missing
    echo "${0##*/}: $*" >&2
    exit 2
}

# has_version HAVE WANT: is version HAVE (1.95.0) at least WANT (1.94)?
has_version() {
    local have want
    IFS=. read -r -a have <<<"$1"
    IFS=. read -r -a want <<<"$2"
    ((have[0] > want[0] || (have[0] == want[0] && ${have[1]:-0} >= ${want[1]:-0})))
}

# need_cargo: cargo is there and rustc is as new as Cargo.toml's rust-version asks. Where rustup has other toolchains than the one
# that rust-toolchain.toml names, its default is taken: rustup would fetch the other one, or fail.
need_cargo() {
    command -v cargo >/dev/null || fail "cargo is not installed; get Rust from https://rustup.rs"
    local channel
    channel=$(sed -n 's/^channel *= *"\(.*\)".*/\1/p' rust-toolchain.toml)
    if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && quietly_true rustup toolchain list && ! rustup toolchain list | grep -q "^$channel"; then
        RUSTUP_TOOLCHAIN=$(rustup default | cut -d' ' -f1)
        export RUSTUP_TOOLCHAIN
    fi
    local want have
    want=$(sed -n 's/^rust-version *= *"\(.*\)".*/\1/p' Cargo.toml)
    have=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
    has_version "$have" "$want" || fail "rustc $have is too old, $want or newer is needed; try: rustup update stable"
}

# find_tool NAME VERSION: puts cargo-NAME on the PATH, built under target/tools where it is not installed. Not optimised: it takes two
# minutes of a processor so, and many with.
find_tool() {
    PATH=$PATH:$PWD/target/tools/bin
    ! quietly_true command -v "cargo-$1" || return 0
    echo "building cargo-$1 $2 under target/tools" >&2
    quietly_true env CARGO_TARGET_DIR=target/tools/build CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo install --locked --root target/tools "cargo-$1" --version "$2" || return
    rm -rf target/tools/build
}

# DENY_VERSION is the one that deny.toml is written for; the others make what a release has.
DENY_VERSION=0.20.2 AUDITABLE_VERSION=0.7.7 CYCLONEDX_VERSION=0.5.9

# quietly_true COMMAND...: whether it succeeds, without a word.
quietly_true() {
    "$@" >/dev/null 2>&1
}

# need_python: sets PYTHON to a Python that can make the environment. MIN_PYTHON is what the pinned packages ask for.
MIN_PYTHON=3.11
need_python() {
    local p have=""
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
        p=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        have=${have:-$p}
        if has_version "$p" "$MIN_PYTHON"; then
            "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
                fail "$PYTHON has no venv module; on Debian and Ubuntu: apt-get install python3-venv"
            return
        fi
    done
    [ -z "$have" ] || fail "python3 is $have, $MIN_PYTHON or newer is needed"
    fail "python3 is not installed; $MIN_PYTHON or newer is needed"
}

# find_java: exports JAVA_HOME, of a Java that the pinned pyspark runs on: the one of JAVA_HOME, of the PATH, or any other
# where Linux and macOS have them. MIN_JAVA is what Spark asks for, MAX_JAVA the newest that these tests have run with.
MIN_JAVA=17 MAX_JAVA=25
find_java() {
    local java said version
    for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java \
        /Library/Java/JavaVirtualMachines/*/Contents/Home/bin/java; do
        said=$("$java" -XshowSettings:properties -version 2>&1) || continue
        version=$(sed -n 's/^ *java\.specification\.version = //p' <<<"$said")
        if has_version "$version" $MIN_JAVA && has_version $MAX_JAVA "$version"; then
            JAVA_HOME=$(sed -n 's/^ *java\.home = //p' <<<"$said")
            export JAVA_HOME
            return
        fi
    done
    return 1
}

# need_java: as find_java, or an end with one line.
need_java() {
    find_java || fail "Java $MIN_JAVA to $MAX_JAVA is needed; on Debian and Ubuntu: apt-get install openjdk-17-jdk-headless"
}

# venv FILE...: makes target/venv with the packages of scripts/FILE..., unless they are there already. A changed file is
# installed again, a changed first file (the base) makes the environment anew. Sets PYTHON to the environment's own. What has no
# hash is not installed, nor what a package wants that is not listed; what is built is built by what the base lists.
VENV=$PWD/target/venv
venv() {
    local file sum stamp
    for file in "$@"; do
        sum=$(cksum <"scripts/$file")
        stamp=$VENV/.$file
        [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && "$VENV/bin/python" -c '' 2>/dev/null && continue
        echo "installing the Python packages of scripts/$file into target/venv" >&2
        [ "$file" != "$1" ] || quietly "$PYTHON" -m venv --clear "$VENV"
        quietly "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
            --require-hashes --no-deps --no-build-isolation -r "scripts/$file"
        echo "$sum" >"$stamp"
    done
    PYTHON=$VENV/bin/python
}

# quietly COMMAND...: its output is shown only when it fails.
quietly() {
    local out
    out=$("$@" 2>&1) || {
        echo "$out" >&2
        fail "failed: $*"
    }
}
