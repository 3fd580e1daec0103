#!/usr/bin/env bash
# Builds the image of a Kata guest kernel with Landlock, with docker, or with buildah where there is no docker daemon.
#
#   KATA_VERSION=3.28.0 kata/kernel/build.sh [NAME]     NAME is kata-kernel-landlock:$KATA_VERSION by default
#   KATA_SHA256=…  BASE=…  SOURCE=debian                kata/kernel/Dockerfile says what they are
#   ARCHIVE=FILE                                        also writes the image as an OCI archive
set -euo pipefail
cd "$(dirname "$0")/../.."
. images/tool.sh
KATA_VERSION=${KATA_VERSION:-3.28.0}
name=${1:-kata-kernel-landlock:$KATA_VERSION}
arguments=(--build-arg KATA_VERSION="$KATA_VERSION")
for argument in KATA_SHA256 BASE SOURCE; do
  [[ -z ${!argument:-} ]] || arguments+=(--build-arg "$argument=${!argument}")
done
image_build "$name" kata/kernel/Dockerfile kata/kernel "${arguments[@]}"
