#!/bin/sh
# Adds fragments to the .config of a Linux source tree, puts landlock in front of CONFIG_LSM, and makes sure that all of it
# is still there when Kconfig is done. ARCH as for Linux's own make.
#
#   kata/kernel/configure.sh SOURCE FRAGMENT...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "usage: configure.sh SOURCE FRAGMENT..." >&2; exit 2; }
source=$1
shift
[ -f "$source/.config" ] || { echo "configure.sh: $source/.config: is not there; configure the kernel first" >&2; exit 2; }
quietly() { log=$("$@" 2>&1) || { printf '%s\n' "$log" >&2; exit 1; }; }

cat "$@" >>"$source/.config" # of two lines of one option, the last one counts
quietly make -C "$source" olddefconfig

# `scripts/config --state LSM` would print "undef" where there is none.
modules=$(sed -n 's/^CONFIG_LSM="\(.*\)"$/\1/p' "$source/.config" | tr ',' '\n' | grep -vx -e landlock -e '' | paste -sd, -)
"$source/scripts/config" --file "$source/.config" --set-str LSM "landlock${modules:+,$modules}"
quietly make -C "$source" olddefconfig
"$here/check-options.sh" "$source/.config" "$@" || {
  echo "configure.sh: the options above did not survive: this kernel cannot have them with the rest of its configuration" >&2
  exit 1
}
