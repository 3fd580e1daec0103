#!/usr/bin/env bash
# Publishes Kata's guest kernel with Landlock, or its guest image with our policy, unless what is published was made of the same:
#
#   release/publish-kata.sh kernel     REGISTRY/OWNER/kata-kernel-landlock:KATA and :latest
#   release/publish-kata.sh rootfs     REGISTRY/OWNER/kata-rootfs-nono:KATA-NONO and :latest
#
# Without these the tag is the one that the chart names (kata.kernelImage, kata.rootfsImage in charts/kubefence/values.yaml):
#   KATA_VERSION=…                     X.Y.Z, or "newest": asks Kata's repository; only 3.28.0 or newer moves :latest
#   NONO_VERSION=…                     rootfs: the second part of its tag
#   KATA_SHA256=…                      rootfs: of Kata's archive; else what GitHub recorded when it was uploaded
#   FORCE_REBUILD=true                 also if nothing changed
set -euo pipefail
cd "$(dirname "$0")/.."
. release/names.sh
fail() { echo "release/publish-kata.sh: $*" >&2; exit 1; }
named_by_chart() { sed -n "s|^ *$1: .*:\([^:]*\)\$|\1|p" charts/kubefence/values.yaml; }
kata=${KATA_VERSION:-$(named_by_chart kernelImage)}
if [ "$kata" = newest ]; then
  kata=$(git ls-remote --tags --refs https://github.com/kata-containers/kata-containers | sed -n 's,.*refs/tags/\([0-9]*\.[0-9]*\.[0-9]*\)$,\1,p' | sort -V | tail -n 1)
fi
[[ $kata =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "KATA_VERSION is $(printf %q "$kata"): a version is X.Y.Z"
of_chart=$(named_by_chart rootfsImage)
nono=${NONO_VERSION:-${of_chart#*-}}
[[ $nono =~ ^[0-9A-Za-z.-]+$ ]] || fail "NONO_VERSION is $(printf %q "$nono"): letters, digits, . and -"
case ${1:-} in
  kernel) name=$prefix/kata-kernel-landlock tag=$kata sources=(kata/kernel images/tool.sh) ;;
  rootfs) name=$prefix/kata-rootfs-nono tag=$kata-$nono sources=(kata/rootfs kata/policy packages/cli/src/kata images/tool.sh) ;;
  *) fail "kernel or rootfs" ;;
esac
crane=$(release/tool.sh crane)

# A tag that exists says nothing: a changed fragment or policy has the same one. So the image carries what it was made of.
inputs=$( (echo "$kata" "$nono"; find "${sources[@]}" -type f ! -path '*/test/*' -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -d' ' -f1)
published=$("$crane" config "$name:$tag" 2>/dev/null | sed -n 's/.*"io\.kubefence\.inputs":"\([0-9a-f]*\)".*/\1/p') || true
if [ "$published" = "$inputs" ] && [ "${FORCE_REBUILD:-false}" != true ]; then
  echo "$name:$tag is made of the same: nothing to do"
  exit 0
fi

if [ "$1" = rootfs ] && [ -z "${KATA_SHA256:-}" ]; then
  KATA_SHA256=$(gh api "repos/kata-containers/kata-containers/releases/tags/$kata" --jq '.assets[] | select(.name | test("^kata-static-[0-9.]+-amd64\\.tar\\.(zst|xz)$")) | .digest' | head -n 1)
  KATA_SHA256=${KATA_SHA256#sha256:}
  [[ $KATA_SHA256 =~ ^[0-9a-f]{64}$ ]] || fail "Kata $kata: GitHub names no digest of its archive; set KATA_SHA256"
  export KATA_SHA256
fi
mkdir -p build/release
layout=$(mktemp -d)
trap 'rm -rf "$layout"' EXIT
IMAGE_TOOL=buildah KATA_VERSION=$kata ARCHIVE=$layout/archive.tar "kata/$1/build.sh" "localhost/kubefence/kata-$1"
mkdir "$layout/image"
tar --extract --directory "$layout/image" --file "$layout/archive.tar"
"$crane" push "$layout/image" "$name:$tag" >/dev/null
"$crane" mutate "$name:$tag" --label "io.kubefence.inputs=$inputs" --tag "$name:$tag" >/dev/null
"$crane" digest "$name:$tag" >"build/release/kata-$1.digest"
[ "$(printf '3.28.0\n%s\n' "$kata" | sort -V | tail -n 1)" != "$kata" ] || "$crane" tag "$name:$tag" latest >/dev/null
echo "$name:$tag $(<"build/release/kata-$1.digest")"
