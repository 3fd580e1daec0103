# shellcheck shell=bash
# Sourced: which tool builds images here, docker or buildah, and where buildah keeps them.
cache=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}
# Works as root without a daemon, without user namespaces, and on any file system.
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
storage=$cache/buildah
buildah() { command buildah --root "$storage" --runroot "$storage/run" "$@"; }

tool_is_docker() {
  case ${IMAGE_TOOL:-} in
    docker) return 0 ;;
    buildah) return 1 ;;
    '') docker info >/dev/null 2>&1 && return 0 ;;
    *) echo "IMAGE_TOOL=$IMAGE_TOOL: docker or buildah" >&2; exit 1 ;;
  esac
  command -v buildah >/dev/null || { echo "neither a docker daemon nor buildah is here. Install one: apt-get install buildah" >&2; exit 1; }
  return 1
}

# Builds an image for this machine, and writes it to ARCHIVE where that is set: image_build NAME DOCKERFILE CONTEXT [ARGUMENT...]
image_build() {
  name=$1 dockerfile=$2 context=$3
  shift 3
  if tool_is_docker; then
    docker build "$@" --tag "$name" --file "$dockerfile" "$context"
    [ -z "${ARCHIVE:-}" ] || docker save --output "$ARCHIVE" "$name"
  else
    buildah bud --format oci "$@" --tag "$name" --file "$dockerfile" "$context"
    [ -z "${ARCHIVE:-}" ] || { rm -f "$ARCHIVE"; buildah push --quiet "$name" "oci-archive:$ARCHIVE:$name"; }
  fi
}
