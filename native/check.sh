#!/bin/sh
# Format, lints, unit tests, and a build for the other architecture. No root, no network once built.
set -eu
cd "$(dirname "$0")"
export CARGO_TARGET_DIR="${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/cargo-target"

cargo fmt --check
cargo clippy --locked --all-targets --quiet -- --deny warnings
cargo test --locked --quiet
./build.sh
./build.sh aarch64-unknown-linux-musl
