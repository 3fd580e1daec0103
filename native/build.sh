#!/bin/sh
# Builds the launcher, static, and leaves it at $KUBEFENCE_CACHE/bin/nono. One argument: a Rust target.
set -eu
cd "$(dirname "$0")"
cache="${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}"
machine="$(uname -m)"
target="${1:-$machine-unknown-linux-musl}"
export CARGO_TARGET_DIR="$cache/cargo-target"

rustup target list --installed | grep -qx "$target" || rustup target add "$target"
cargo build --locked --release --target "$target" --package kubefence-launcher --bin nono

# Installed by rename: a process that runs the old one keeps it.
bin="$cache/bin"
case "$target" in "$machine"-*) ;; *) bin="$cache/bin/$target" ;; esac
mkdir -p "$bin"
install -m 0755 "$CARGO_TARGET_DIR/$target/release/nono" "$bin/.nono.$$"
mv "$bin/.nono.$$" "$bin/nono"
printf '%s\n' "$bin/nono"
