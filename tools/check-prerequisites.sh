#!/usr/bin/env bash
# Names what is missing on this machine and the command that installs it.
set -euo pipefail
missing=0
need() { # program, what it is for, the command that installs it
  command -v "$1" >/dev/null || { echo "missing: $1 ($2). Install it: $3" >&2; missing=1; }
}
need node "runs npm; any version from 18 on, the project brings its own Node 24" "apt-get install nodejs npm"
need npm "installs the JavaScript packages" "apt-get install npm"
need go "builds containerd, runc and CNI plugins; 1.21 or later fetches its own toolchain" "apt-get install golang-go (Debian 13), or see https://go.dev/doc/install"
need rustup "provides Rust and its musl target" "apt-get install rustup && rustup default stable (Debian 13), or see https://rustup.rs"
need apt-get "installs Debian packages" "use Debian or Ubuntu, or install by hand what tools/install-debian-packages.sh lists"
[ "$missing" = 0 ]
for target in x86_64-unknown-linux-musl; do
  # The toolchain that builds native/ decides, not the default one of the user.
  (cd native && rustup target list --installed | grep -qx "$target") || (cd native && rustup target add "$target")
done
