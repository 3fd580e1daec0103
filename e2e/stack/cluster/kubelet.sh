#!/bin/sh
# Starts the kubelet where the sysctls that it insists on already have its values. They are the machine's, not the namespace's,
# and it would set them for good. Its volumes still reach the rest of the node.
#
#   kubelet.sh PROGRAM ARGS...
set -eu
if [ "${UNSHARED:-}" != yes ]; then
  export UNSHARED=yes
  exec unshare --mount --propagation unchanged "$0" "$@"
fi
mount --make-private /proc
for file in /var/lib/kubelet-sysctls/*; do
  mount --bind "$file" "/proc/sys/$(basename "$file" | tr . /)"
done
exec "$@"
