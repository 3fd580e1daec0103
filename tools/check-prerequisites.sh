#!/usr/bin/env bash
# Names what is missing on this machine, or too old, and the command that installs it.
set -euo pipefail
missing=0
need() { # program, what it is for, the command that installs it
  command -v "$1" >/dev/null || { echo "missing: $1 ($2). Install it: $3" >&2; missing=1; }
}
need_version() { # program, the oldest that will do, where to get it, the command that prints its version
  local version
  version=$("${@:4}" 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1) || true
  [[ $(printf '%s\n' "$2" "$version" | sort -V | head -n 1) == "$2" ]] ||
    { echo "too old: $1 ${version:-of unknown version} ($(command -v "$1")); $2 or later is needed. Install it: $3" >&2; missing=1; }
}
go_from="apt-get install golang-go (Debian 13, Ubuntu 24.04), or see https://go.dev/doc/install"
need node "runs npm; any version from 18 on, the project brings its own Node 24" "apt-get install nodejs npm"
need npm "installs the JavaScript packages" "apt-get install npm"
need go "builds containerd, runc and CNI plugins; 1.21 or later fetches its own toolchain" "$go_from"
need rustup "provides Rust and its musl target" "apt-get install rustup && rustup default stable (Debian 13), or see https://rustup.rs"
need apt-get "installs Debian packages" "use Debian or Ubuntu, or install by hand what tools/install-debian-packages.sh lists"
! command -v node >/dev/null || need_version node 18.0 "see https://nodejs.org/en/download" node --version
# Asked outside the checkout, so that no go.mod picks another; Debian 12 has 1.19, which cannot read our go.mod files.
! command -v go >/dev/null || need_version go 1.21 "$go_from" env -C / GOTOOLCHAIN=local go version
[ "$missing" = 0 ]
target=$(uname -m)-unknown-linux-musl
# The toolchain that builds native/ decides, not the default one of the user.
(cd native && rustup target list --installed | grep -qx "$target") || (cd native && rustup target add "$target")
