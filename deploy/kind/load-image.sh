#!/usr/bin/env bash
# Brings an image of the local docker onto the nodes of the kind cluster, and prints the name that it has there.
#
#   load-image.sh IMAGE     RUNTIME and CLUSTER_NAME: kind-cluster.sh
#   REGISTRY_NAME           nono-nri-registry; REGISTRY_PORT 5100: a registry of our own, from where CRI-O pulls
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/kind-cluster.sh
. deploy/kind/kind-cluster.sh
image=$1
if [ "$RUNTIME" = containerd ]; then
  kind load docker-image "$image" --name "$CLUSTER_NAME" >&2
  echo "$image"
  exit
fi

# kind loads images by containerd's own client.
REGISTRY_NAME=${REGISTRY_NAME:-nono-nri-registry}
REGISTRY_PORT=${REGISTRY_PORT:-5100}
name=$(repository_of "${image##*/}"):$(tag_of "$image")
if [ "$(docker inspect --format '{{.State.Running}}' "$REGISTRY_NAME" 2>/dev/null)" != true ]; then
  docker rm --force "$REGISTRY_NAME" >/dev/null 2>&1 || true
  docker run --detach --restart always --publish "127.0.0.1:$REGISTRY_PORT:5000" --name "$REGISTRY_NAME" registry:2 >&2
fi
docker network connect kind "$REGISTRY_NAME" 2>/dev/null || true # it may be there already
on_each_node sh -c '
  file=/etc/containers/registries.conf.d/50-$0.conf
  text="[[registry]]
location = \"$0:5000\"
insecure = true"
  [ "$(cat "$file" 2>/dev/null)" = "$text" ] || { mkdir -p "${file%/*}"; printf "%s\n" "$text" >"$file"; systemctl restart crio; }
' "$REGISTRY_NAME" >&2
docker tag "$image" "localhost:$REGISTRY_PORT/$name"
docker push --quiet "localhost:$REGISTRY_PORT/$name" >&2
on_each_node crictl pull "$REGISTRY_NAME:5000/$name" >&2
echo "$REGISTRY_NAME:5000/$name"
