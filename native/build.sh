#!/bin/sh
# Builds the launcher and the OCI runtime wrapper, static, and leaves them at $KUBEFENCE_CACHE/bin/nono and nono-runc;
# beside them seccomp/NAME.bpf, the filter of each policy for that machine, and seccomp-probe, also as seccomp-actor.
# One argument: a Rust target. Prints the launcher's path.
set -eu
cd "$(dirname "$0")"
cache="${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}"
machine="$(uname -m)"
target="${1:-$machine-unknown-linux-musl}"
export CARGO_TARGET_DIR="$cache/cargo-target"

rustup target list --installed | grep -qx "$target" || rustup target add "$target"
cargo build --locked --release --target "$target" --package kubefence-launcher --bin nono \
  --package kubefence-runtime --bin nono-runc --package kubefence-shim --bin shim --package kubefence-seccomp-probe --bin seccomp-probe

# Installed by rename: a process that runs the old one keeps it.
bin="$cache/bin"
case "$target" in "$machine"-*) ;; *) bin="$cache/bin/$target" ;; esac
mkdir -p "$bin"
for program in nono nono-runc shim seccomp-probe; do
  install -m 0755 "$CARGO_TARGET_DIR/$target/release/$program" "$bin/.$program.$$"
  mv "$bin/.$program.$$" "$bin/$program"
done

ln -f "$bin/seccomp-probe" "$bin/seccomp-actor"

# The compiler runs here, whatever machine the filters are for.
host="$machine-unknown-linux-musl"
rustup target list --installed | grep -qx "$host" || rustup target add "$host"
cargo build --locked --quiet --release --target "$host" --package kubefence-seccomp --bin seccomp-compile
filters="$bin/.seccomp.$$"
mkdir -p "$filters" "$bin/seccomp"
"$CARGO_TARGET_DIR/$host/release/seccomp-compile" "${target%%-*}" "$filters" ../seccomp/generated/*.json
chmod 0644 "$filters"/*
mv "$filters"/* "$bin/seccomp/"
rmdir "$filters"
printf '%s\n' "$bin/nono"
