#!/usr/bin/env bash
# Pushes an image that images/build.sh or contrib/build-image.sh has made, with the tool that made it. With buildah the project's images
# have a store of their own (tool.sh), so that `buildah push` does not find them.
#
#   images/push.sh NAME [ARGUMENT...]   ARGUMENTs go to docker push or buildah push, for example --tls-verify=false
set -euo pipefail
cd "$(dirname "$0")/.."
. images/tool.sh
name=$1
shift
if tool_is_docker; then
  docker push "$@" "$name"
else
  buildah push "$@" "$name"
fi
