#!/usr/bin/env bash
# Stands in for `kubectl` and `helm`, by the name that it is called with, where a case only looks at what they are asked. Helm's values from
# standard input are kept in STAND_IN/values.yaml.
set -euo pipefail
echo "${0##*/} $*" >>"$STAND_IN/log"
case " $* " in *' --values - '*) cat >"$STAND_IN/values.yaml" ;; esac
