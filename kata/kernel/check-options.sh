#!/bin/sh
# Compares a kernel's configuration with what was asked for: olddefconfig drops what it cannot have, and says nothing.
#
#   kata/kernel/check-options.sh CONFIG FRAGMENT...
#
# Names every option that differs, and wants landlock as the first word of CONFIG_LSM. Exit code: 0 all there, 1 something
# is lost, 2 wrong usage or a file that is none.
set -eu

fail() { echo "check-options.sh: $*" >&2; exit 2; }

[ $# -ge 2 ] || fail "usage: check-options.sh CONFIG FRAGMENT..."
for file in "$@"; do [ -r "$file" ] || fail "$file: cannot be read"; done
config=$1
shift
grep -q '^CONFIG_' "$config" || fail "$config: has no options; is it a kernel's .config?"

# A file that nobody understands must not count as one that asks for nothing.
unknown=$(grep -hv -e '^[[:space:]]*$' -e '^#' -e '^CONFIG_[A-Za-z0-9_]*=.' "$@" || true)
[ -z "$unknown" ] || fail "no line of a fragment: $unknown"
wanted=$(sed -n -e '/^CONFIG_[A-Za-z0-9_]*=/p' -e '/^# CONFIG_[A-Za-z0-9_]* is not set$/p' "$@")
[ -n "$wanted" ] || fail "$*: asks for nothing"

lost=$(printf '%s\n' "$wanted" | while IFS= read -r line; do
  name=$(printf '%s\n' "$line" | sed 's/^# //; s/[= ].*//')
  now=$(grep -e "^$name=" "$config" || true)
  case $line in
    '# '*) [ -z "$now" ] || echo "$name: wanted off, is ${now#*=}" ;;
    *=n) [ -z "$now" ] || echo "$name: wanted off, is ${now#*=}" ;;
    *) [ "$now" = "$line" ] || { now=${now#*=}; echo "$name: wanted ${line#*=}, is ${now:-not set}"; } ;;
  esac
done)
first=$(sed -n 's/^CONFIG_LSM="\([^,"]*\).*/\1/p' "$config")
[ "$first" = landlock ] || lost="$lost
CONFIG_LSM: wanted landlock first, is $(sed -n 's/^CONFIG_LSM=//p' "$config" | grep . || echo not set)"

[ -z "$lost" ] || { printf '%s\n' "$lost" | sed '/^$/d'; exit 1; }
