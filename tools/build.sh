#!/usr/bin/env bash
# Builds programs of the real container stack from the Go modules in this folder.
#
#   tools/build.sh NAME...      NAME is a folder here (containerd-2.3 runc cni ...), or "containerd": the one that
#                               CONTAINERD picks (2.3.7 by default; 2.2.x means the newest 2.2 that we build)
#   tools/build.sh --version NAME    prints the version that the folder builds
#
# Binaries go to ${KUBEFENCE_CACHE:-~/.cache/kubefence}/bin/<family>-<version>/. A folder is built again only when its
# go.mod, its go.sum or the build settings below change.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}
export GOTOOLCHAIN=${KUBEFENCE_GOTOOLCHAIN:-auto} # Go 1.21 and later fetch the toolchain that go.mod names

die() { echo "tools/build.sh: $*" >&2; exit 1; }

# Sets main_module, tags, cgo and ldflags of one folder.
settings() {
  cgo=0 tags='' ldflags='-s -w'
  case $1 in
    containerd-*)
      main_module=github.com/containerd/containerd/v2
      tags='no_btrfs no_devmapper no_zfs' ;;
    runc)
      main_module=github.com/opencontainers/runc
      cgo=1 tags=seccomp ;;
    cni) main_module=github.com/containernetworking/plugins ;;
    helm) main_module=helm.sh/helm/v3 ;;
    landlock-restrict) main_module=github.com/landlock-lsm/go-landlock ;;
    kubernetes) main_module=k8s.io/kubernetes ;;
    actionlint) main_module=github.com/rhysd/actionlint ;;
    cosign) main_module=github.com/sigstore/cosign/v3 ;;
    crane) main_module=github.com/google/go-containerregistry ;;
    syft) main_module=github.com/anchore/syft ;;
    *) die "unknown program family '$1': no build settings for it" ;;
  esac
  version=$(awk -v module="$main_module" '{ sub(/^require /, "") } $1 == module { sub(/^v/, "", $2); print $2 }' "$tools/$1/go.mod")
  [[ -n $version ]] || die "$1/go.mod does not require $main_module"
  # Without it containerd calls itself "2.3.7+unknown", in NRI's Configure too.
  [[ $1 == containerd-* ]] && ldflags+=" -X $main_module/version.Version=v$version"
  # Without them `helm template` takes the cluster for Kubernetes 1.20.
  if [[ $1 == helm ]]; then
    local kubernetes
    kubernetes=$(awk '$1 == "k8s.io/client-go" { split($2, part, "."); print part[2] }' "$tools/$1/go.mod")
    ldflags+=" -X $main_module/internal/version.version=v$version"
    ldflags+=" -X $main_module/pkg/chartutil.k8sVersionMajor=1 -X $main_module/pkg/chartutil.k8sVersionMinor=$kubernetes"
    ldflags+=" -X $main_module/pkg/lint/rules.k8sVersionMajor=1 -X $main_module/pkg/lint/rules.k8sVersionMinor=$kubernetes"
  fi
  # Without them every component calls itself v0.0.0-master, and the kubelet's node object says so.
  if [[ $1 == kubernetes ]]; then
    local major minor
    IFS=. read -r major minor _ <<<"$version"
    ldflags+=" -X k8s.io/component-base/version.gitVersion=v$version"
    ldflags+=" -X k8s.io/component-base/version.gitMajor=$major -X k8s.io/component-base/version.gitMinor=$minor"
  fi
  family=${1%%-*}
  return 0
}

# Reads `go build -v` (one line a package) and reports every 100 packages, or what went wrong.
show_progress() {
  awk -v label="$1" '
    /^[a-zA-Z0-9_.\/-]+$/ { if (++count % 100 == 0) printf "  %s: %d packages compiled\n", label, count; fflush(); next }
    !/^go: downloading/ { print "  " $0 }'
}

# The folder that builds containerd $CONTAINERD.
containerd_folder() {
  local wanted=${CONTAINERD:-2.3.7} name
  name=containerd-$(cut -d. -f1,2 <<<"$wanted")
  [[ -f $tools/$name/go.mod ]] || die "CONTAINERD=$wanted: no folder tools/$name"
  settings "$name"
  [[ $wanted == "$version" || $wanted == *.x ]] || die "CONTAINERD=$wanted: tools/$name builds $version"
  echo "$name"
}

build() {
  local name=$1 main_module version family tags cgo ldflags out stamp
  [[ -f $tools/$name/go.mod ]] || die "no such folder: tools/$name (there are: $(cd "$tools" && echo */go.mod | sed 's,/go.mod,,g'))"
  settings "$name"
  out=$cache/bin/$family-$version
  stamp=$( (cat "$tools/$name/go.mod" "$tools/$name/go.sum"; echo "$cgo|$tags|$ldflags|cri.proto") | sha256sum | cut -d' ' -f1)
  if [[ -f $out/.stamp && $(<"$out/.stamp") == "$stamp" ]]; then
    echo "$family $version: already built"
    return
  fi
  command -v go >/dev/null || die "Go is missing: install Go 1.21 or later, for example 'apt-get install golang-go' from backports"
  if ((cgo)); then
    pkg-config --exists libseccomp || die "libseccomp-dev is missing: run tools/install-debian-packages.sh"
  fi
  echo "$family $version: building (minutes when the Go build cache is cold)"
  local staging started=$SECONDS
  mkdir -p "$cache/bin"
  staging=$(mktemp -d "$cache/bin/.building.XXXXXX")
  trap 'rm -rf "$staging"' RETURN EXIT
  (cd "$tools/$name" && CGO_ENABLED=$cgo GOWORK=off nice go build -v -mod=readonly -buildvcs=false -trimpath -tags "$tags" -ldflags "$ldflags" \
    -o "$staging/" tool 2>&1) | show_progress "$family $version"
  if [[ $family == containerd ]]; then # the CRI's schema, for the client of the end-to-end tests
    install -m 0644 "$(cd "$tools/$name" && go list -m -f '{{.Dir}}' k8s.io/cri-api)/pkg/apis/runtime/v1/api.proto" "$staging/cri.proto"
  fi
  # Go names a program after the last element of its import path, which for etcd is `server`.
  [[ $family != kubernetes ]] || mv "$staging/server" "$staging/etcd"
  echo "$stamp" > "$staging/.stamp"
  chmod 0755 "$staging"
  rm -rf "$out"
  mv "$staging" "$out"
  trap - RETURN EXIT
  echo "$family $version: built in $((SECONDS - started)) s -> $out"
}

(($# > 0)) || die "usage: tools/build.sh NAME... (there are: $(cd "$tools" && echo */go.mod | sed 's,/go.mod,,g'))"
if [[ $1 == --version ]]; then
  settings "$2"
  echo "$version"
  exit
fi
for name in "$@"; do
  [[ $name != containerd ]] || name=$(containerd_folder)
  build "$name"
done
