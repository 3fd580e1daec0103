#!/usr/bin/env bash
# Builds the image of Kata's confidential guest image with a policy, with docker, or with buildah where there is no docker daemon.
# `make build` first: it runs our command line.
#
#   KATA_VERSION=3.28.0 KATA_SHA256=… kata/rootfs/build.sh [NAME]   NAME is kata-rootfs-nono:$KATA_VERSION by default
#   GUEST_IMAGE=FILE                                  takes this guest image, and downloads nothing
#   POLICY=FILE                                       the policy (kata/policy/policy.rego)
#   KERNEL_VERITY_PARAMS=…                            of that guest image, where the configuration that uses it has them
#   NONO=FILE                                         also puts a launcher at /nono/nono of the guest, where it serves nothing
#   BASE=…                                            kata/rootfs/Dockerfile says what it must have
#   ARCHIVE=FILE                                      also writes the image as an OCI archive
set -euo pipefail
cd "$(dirname "$0")/../.."
. images/tool.sh
KATA_VERSION=${KATA_VERSION:-3.28.0}
name=${1:-kata-rootfs-nono:$KATA_VERSION}
policy=${POLICY:-kata/policy/policy.rego}
node=node_modules/node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node
[[ -f $policy ]] || { echo "kata/rootfs/build.sh: $policy: there is no such policy; name one with POLICY=" >&2; exit 1; }
[[ -f build/kubefence && -x $node ]] || { echo "kata/rootfs/build.sh: build/kubefence is missing: run make build" >&2; exit 1; }
[[ -n ${GUEST_IMAGE:-} || -n ${KATA_SHA256:-} ]] || { echo "kata/rootfs/build.sh: name KATA_SHA256, the digest of the release's archive, or GUEST_IMAGE" >&2; exit 1; }

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp kata/rootfs/make-image.sh build/kubefence "$node" "$context/"
cp "$policy" "$context/policy.rego"
[[ -z ${GUEST_IMAGE:-} ]] || cp --reflink=auto "$GUEST_IMAGE" "$context/guest.image"
[[ -z ${NONO:-} ]] || cp "$NONO" "$context/nono"
[[ -z ${KERNEL_VERITY_PARAMS:-} ]] || printf %s "$KERNEL_VERITY_PARAMS" >"$context/kernel-verity-params"
arguments=(--build-arg KATA_VERSION="$KATA_VERSION")
for argument in KATA_SHA256 BASE; do
  [[ -z ${!argument:-} ]] || arguments+=(--build-arg "$argument=${!argument}")
done
image_build "$name" kata/rootfs/Dockerfile "$context" "${arguments[@]}"
