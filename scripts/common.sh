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

# need_cargo: cargo is there and rustc is as new as Cargo.toml's rust-version asks.
need_cargo() {
    command -v cargo >/dev/null || fail "cargo is not installed; get Rust from https://rustup.rs"
    local want have
    want=$(sed -n 's/^rust-version *= *"\(.*\)".*/\1/p' Cargo.toml)
    have=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
    has_version "$have" "$want" || fail "rustc $have is too old, $want or newer is needed; try: rustup update stable"
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
# installed again, a changed first file (the base) makes the environment anew. Sets PYTHON to the environment's own.
VENV=$PWD/target/venv
venv() {
    local file sum stamp
    for file in "$@"; do
        sum=$(cksum <"scripts/$file")
        stamp=$VENV/.$file
        [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && "$VENV/bin/python" -c '' 2>/dev/null && continue
        echo "installing the Python packages of scripts/$file into target/venv" >&2
        [ "$file" != "$1" ] || quietly "$PYTHON" -m venv --clear "$VENV"
        quietly "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r "scripts/$file"
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
