#!/usr/bin/env bash
# Builds what a release has into target/dist: the program, with the list of its dependencies inside (`cargo audit bin` reads it), the
# same list as a software bill of materials (CycloneDX), and checksums. Holds both lists against Cargo.lock.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

need_cargo
need_python
find_tool auditable "$AUDITABLE_VERSION" || fail "cargo-auditable cannot be built: cargo install --locked cargo-auditable --version $AUDITABLE_VERSION"
find_tool cyclonedx "$CYCLONEDX_VERSION" || fail "cargo-cyclonedx cannot be built: cargo install --locked cargo-cyclonedx --version $CYCLONEDX_VERSION"

cargo auditable build --release --locked --bin flowparquet
dist=target/dist
rm -rf $dist
mkdir -p $dist
cp target/release/flowparquet $dist/
# One file beside each Cargo.toml of the workspace: only the program's is wanted.
quietly cargo cyclonedx --format json --spec-version 1.5 --target "$(rustc -vV | sed -n 's/^host: //p')" --override-filename sbom.cdx
mv sbom.cdx.json $dist/flowparquet.cdx.json
rm -f sql/sbom.cdx.json benches/sbom.cdx.json tests/fuzz/sbom.cdx.json
"$PYTHON" scripts/release_check.py $dist
(cd $dist && sha256sum flowparquet flowparquet.cdx.json >SHA256SUMS)
echo "in $dist:"
cat $dist/SHA256SUMS
