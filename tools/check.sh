#!/usr/bin/env bash
# What `make check` runs: format, lint, types, and that every generated file is what its generator writes now.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { echo "==> $1"; shift; "$@"; }
step "format (TypeScript)" oxfmt --check .
step "lint (TypeScript)" oxlint --type-aware
step "types" tsc --noEmit
step "format (Rust)" cargo fmt --all --check --manifest-path native/Cargo.toml
step "lint (Rust)" cargo clippy --quiet --all-targets --manifest-path native/Cargo.toml -- -D warnings
step "licences (Rust)" node tools/check-rust-licences.ts
step "generated files" tools/generate.sh --check
