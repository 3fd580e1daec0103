#!/usr/bin/env bash
# Installs the npm packages, and with them the Node that everything else runs on.
set -euo pipefail
ours=node_modules/.bin/node

install() {
  # Not `npm ci`: it insists on lock entries for platforms that a registry mirror need not carry.
  npm install --no-save --no-progress --no-audit --no-fund --loglevel=error
  # npm 9 (Debian 12) makes no link for a program that two packages have, one for each machine, even though it installs only one.
  ln -sfn "../node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node" "$ours"
}

used=$(node --version)
install
# On an older Node npm passes over optional packages that want a newer one, without a word: the native parts of vitest, oxlint
# and oxfmt are such. So once more on ours.
if [ "$used" != "$("$ours" --version)" ]; then
  PATH=$PWD/node_modules/.bin:$PATH NODE_NO_WARNINGS=1 install
fi
