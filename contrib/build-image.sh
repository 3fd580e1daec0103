#!/usr/bin/env bash
# Builds the image of one demo, with docker, or with buildah where there is no docker daemon.
#
#   contrib/build-image.sh DEMO [NAME]   DEMO is a folder here; NAME is what its manifests have, by default
#   BASE=…                               what it stands on: by default an image with the language, see the Dockerfile. Where no
#                                        registry can be reached: images/base.sh NAME ARCH PACKAGE...
#   ARCHIVE=FILE                         also writes the image as an archive, for `kind load image-archive` or `ctr images import`
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=images/tool.sh
. ../images/tool.sh
demo=$1
[ -f "$demo/Dockerfile" ] || { echo "contrib/build-image.sh: $demo has no Dockerfile" >&2; exit 1; }
name=${2:-$(sed -n 's/^ *image: //p' "$demo/job-sandbox.yaml")}

arguments=()
[ -z "${BASE:-}" ] || arguments+=(--build-arg BASE="$BASE")
if tool_is_docker; then
  docker build "${arguments[@]}" --tag "$name" "$demo"
  [ -z "${ARCHIVE:-}" ] || docker save --output "$ARCHIVE" "$name"
else
  buildah bud --quiet --format oci "${arguments[@]}" --tag "$name" "$demo"
  # Uncompressed: it goes no further than this machine.
  [ -z "${ARCHIVE:-}" ] || { rm -f "$ARCHIVE"; buildah push --quiet --disable-compression "$name" "oci-archive:$ARCHIVE:$name"; }
  buildah rmi --prune >/dev/null # the image that had the name before
fi
