#!/bin/sh
# The first process of a cluster's node: gives the node files of its own under the usual paths, then starts its services and
# starts each again that ends. Runs in new mount and pid namespaces: whatever happens in here is gone when it ends.
#
#   init.sh ROOT IMAGES LOGS     ROOT: the node's files; IMAGES, LOGS: what outlives it, containerd's root and /var/log
set -eu
root=$1 images=$2 logs=$3

# Volumes that the kubelet mounts are seen by containerd and the pods; nothing goes to the machine.
mount --make-rshared /
mount --bind "$images" "$root/var/lib/containerd"
mount --bind "$logs" "$root/var/log"
# /run last: it hides the directory that the others come from.
for directory in /etc /opt /var/lib /var/log /run; do
  mount --rbind "$root$directory" "$directory"
done

# A service is a directory with an executable `run`; it is not started while there is a file `down`.
supervise() {
  cd "$1"
  while :; do
    if [ ! -e down ]; then
      ./run >>"/var/log/${1##*/}.log" 2>&1 &
      echo $! >pid
      wait $! || true
      rm -f pid
    fi
    sleep 0.1
  done
}
for service in /run/services/*; do
  supervise "$service" &
done
# Also reaps what the services leave behind.
while :; do
  wait
  sleep 1
done
