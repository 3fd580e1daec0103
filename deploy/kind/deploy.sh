#!/usr/bin/env bash
# A kind cluster with Kubefence: kind makes the cluster, our chart does the rest. Further arguments go to `helm upgrade --install` of our chart.
#
#   RUNTIME, CLUSTER_NAME   which cluster: kind-cluster.sh. One of that name that is there already is used
#   IMAGE                   nono-nri:latest
#   SKIP_BUILD              true: IMAGE is in the local docker already, or is pulled by the nodes; else `make docker-build` makes it
#   KATA                    true (default): Kata Containers too, where the machine has /dev/kvm and /dev/vhost-vsock
#   KATA_VERSION            3.28.0
#   KATA_KERNEL_IMAGE       ghcr.io/OWNER/kata-kernel-landlock:$KATA_VERSION; one in the local docker is loaded, else nodes pull it
#   KATA_ROOTFS             true (default): the guest image with our policy, too
#   KATA_ROOTFS_IMAGE       ghcr.io/OWNER/kata-rootfs-nono:$KATA_VERSION-$NONO_VERSION; likewise
#   NONO_VERSION            v0.23.0, a part of that name
#   OWNER                   the owner of the checkout's GitHub repository, else kubefence
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/kind-cluster.sh
. deploy/kind/kind-cluster.sh
need kubectl https://kubernetes.io/docs/tasks/tools/
need helm https://helm.sh/docs/intro/install/
IMAGE=${IMAGE:-nono-nri:latest}
KATA=${KATA:-true}
KATA_VERSION=${KATA_VERSION:-3.28.0}
KATA_ROOTFS=${KATA_ROOTFS:-true}
NONO_VERSION=${NONO_VERSION:-v0.23.0}
owner=$(git config --get remote.origin.url | sed -nE 's#^.*github\.com[:/]([^/]+)/.*$#\L\1#p' || true)
OWNER=${OWNER:-${owner:-kubefence}}
KATA_KERNEL_IMAGE=${KATA_KERNEL_IMAGE:-ghcr.io/$OWNER/kata-kernel-landlock:$KATA_VERSION}
KATA_ROOTFS_IMAGE=${KATA_ROOTFS_IMAGE:-ghcr.io/$OWNER/kata-rootfs-nono:$KATA_VERSION-$NONO_VERSION}
for switch in KATA KATA_ROOTFS; do
  case ${!switch} in true | false) ;; *) fail "$switch=${!switch}: true or false" ;; esac
done
step() { printf '\n==> %s\n' "$1"; }
kubectl() { command kubectl --context "${CONTEXT:-kind-$CLUSTER_NAME}" "$@"; }
helm() { command helm --kube-context "${CONTEXT:-kind-$CLUSTER_NAME}" "$@"; }
load_if_local() { ! docker image inspect "$1" >/dev/null 2>&1 || deploy/kind/load-image.sh "$1" >/dev/null; }

if [ "$KATA" = true ]; then
  for device in ${KATA_DEVICES:-/dev/kvm /dev/vhost-vsock}; do
    # Not only there: a container may have the file and not the right. `<>` would make a file.
    if ! { [ -c "$device" ] && : <>"$device"; } 2>/dev/null; then
      echo "$device is not there or cannot be opened: without Kata Containers, runc only"
      KATA=false
      break
    fi
  done
fi

if kind get clusters 2>/dev/null | grep -Fqx "$CLUSTER_NAME"; then
  step "the cluster $CLUSTER_NAME is there"
else
  step "a kind cluster: $CLUSTER_NAME"
  kind create cluster --name "$CLUSTER_NAME" --config "deploy/kind/cluster-$RUNTIME.yaml"
fi

if [ "${SKIP_BUILD:-false}" != true ]; then
  step "the image $IMAGE"
  make docker-build IMAGE="$IMAGE"
fi
if docker image inspect "$IMAGE" >/dev/null 2>&1; then
  IMAGE=$(deploy/kind/load-image.sh "$IMAGE" | tail -n 1)
fi

if [ "$RUNTIME" = crio ]; then
  step "CRI-O takes the NRI socket, which the node's idle containerd has"
  on_each_node sh -c '
    grep -q io.containerd.nri.v1.nri /etc/containerd/config.toml && exit
    printf "\n[plugins.\"io.containerd.nri.v1.nri\"]\n  disable = true\n" >>/etc/containerd/config.toml
    systemctl restart containerd && systemctl restart crio'
  kubectl wait nodes --all --for condition=Ready --timeout 120s
fi

if [ "$KATA" = true ]; then
  step "Kata Containers $KATA_VERSION"
  helm upgrade --install kata-deploy oci://ghcr.io/kata-containers/kata-deploy-charts/kata-deploy --version "$KATA_VERSION" \
    --namespace kube-system --values deploy/kind/kata-values.yaml --wait --timeout 10m
  kubectl --namespace kube-system rollout status daemonset/kata-deploy --timeout 300s
  # The memory of virtual machines lies there, and a container has 64 MiB.
  on_each_node mount -o remount,size=16g /dev/shm
  load_if_local "$KATA_KERNEL_IMAGE"
  [ "$KATA_ROOTFS" = false ] || load_if_local "$KATA_ROOTFS_IMAGE"
fi

step "the chart"
[ "$KATA" = true ] || KATA_ROOTFS=false
handler=kata-qemu handlers=nono-runc vm_rootfs_classes=""
if [ "$KATA" = true ]; then handlers+=,kata-qemu; fi
if [ "$KATA_ROOTFS" = true ]; then
  handler=kata-nono-qemu handlers+=,kata-nono-qemu vm_rootfs_classes=kata-nono-qemu
else
  KATA_ROOTFS_IMAGE=""
fi
# A pod that does not start has no log, which is no reason to say less of the others.
show_why() {
  kubectl --namespace kube-system get pods --output wide || true
  kubectl --namespace kube-system describe pods --selector app.kubernetes.io/name=kubefence | tail -n 40 || true
  kubectl --namespace kube-system logs --selector app.kubernetes.io/name=kubefence --all-containers --prefix --tail 20 || true
} >&2
install_chart() {
  helm upgrade --install kubefence charts/kubefence --namespace kube-system --wait --timeout 10m --values - "$@" <<VALUES
image: { repository: "$(repository_of "$IMAGE")", tag: "$(tag_of "$IMAGE")" }
nodeSetup: { runtime: $RUNTIME }
config: { runtimeClasses: [$handlers], vmRootfsClasses: [$vm_rootfs_classes] }
runtimeClasses: { kataNono: { enabled: $KATA, handler: $handler } }
kata:
  enabled: $KATA
  kernelImage: "$KATA_KERNEL_IMAGE"
  rootfsImage: "$KATA_ROOTFS_IMAGE"
  qemu: { machineAccelerators: "kernel_irqchip=split" }
VALUES
}
install_chart "$@" || { show_why; fail "the chart is not ready; what its pods say is above"; }
kubectl --namespace kube-system rollout status daemonset/kubefence --timeout 120s || { show_why; fail "the plugin is not ready"; }

cat <<END

The cluster is ready: kubectl --context kind-$CLUSTER_NAME get pods --all-namespaces
Test it:              RUNTIME=$RUNTIME CLUSTER_NAME=$CLUSTER_NAME make kind-test
See a demo:           RUNTIME=$RUNTIME CLUSTER_NAME=$CLUSTER_NAME RUNTIME_CLASS=$([ "$KATA" = true ] && echo kata-nono-sandbox || echo nono-runc) contrib/python-dev/demo.sh
Take it down:         RUNTIME=$RUNTIME CLUSTER_NAME=$CLUSTER_NAME make kind-down
END
