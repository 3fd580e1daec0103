#!/usr/bin/env bash
# What `make check` runs: format, lint, types, and that every generated file is what its generator writes now.
# The two languages side by side; what the second has to say comes when the first is done.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { echo "==> $1"; shift; "$@"; }
locked() { cargo metadata --quiet --locked --format-version 1 --manifest-path "$1" >/dev/null; }
rust() {
  step "format (Rust)" cargo fmt --all --check --manifest-path native/Cargo.toml &&
    step "lint (Rust)" cargo clippy --quiet --all-targets --manifest-path native/Cargo.toml -- -D warnings &&
    step "lock file of the fuzz targets" locked native/fuzz/Cargo.toml &&
    step "licences (Rust)" node tools/check-rust-licences.ts
}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
rust >"$said" 2>&1 &
rust_id=$!
finish() { rust_status=0; wait "$rust_id" || rust_status=$?; cat "$said"; return "$rust_status"; }
trap 'finish || true; rm -f "$said"' EXIT # also when a step below fails: both halves say what they have to
step "format (TypeScript)" oxfmt --check .
step "lint (TypeScript)" oxlint --type-aware
step "types" tsc --noEmit
trap 'rm -f "$said"' EXIT
finish
step "generated files" tools/generate.sh --check
