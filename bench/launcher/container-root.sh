#!/bin/sh
# Makes a root like a container's from the machine's own programs and runs a command in it.
#
#   unshare --mount --pid --fork --net container-root.sh ROOT NONO_DIR BENCH_DIR COMMAND [ARGS]
#
# ROOT is an empty folder, NONO_DIR is seen as /nono (read-only), BENCH_DIR as /bench. All mounts end with the
# mount namespace; nothing is written outside of it.
set -eu
root=$1 nono=$2 bench=$3
shift 3
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$root"
for name in usr bin sbin lib lib32 lib64 libx32 etc opt srv var; do
  if [ -L "/$name" ]; then
    cp -P "/$name" "$root/$name"
  elif [ -d "/$name" ]; then
    mkdir "$root/$name"
    mount --bind -o ro "/$name" "$root/$name"
  fi
done
mkdir -p "$root/nono" "$root/bench" "$root/proc" "$root/sys" "$root/dev/pts" "$root/dev/shm" "$root/run" "$root/home" "$root/root"
mkdir -m 1777 "$root/tmp"
mount --bind -o ro "$nono" "$root/nono"
mount --bind "$bench" "$root/bench"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t devpts -o newinstance devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
exec chroot "$root" "$@"
