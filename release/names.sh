# shellcheck shell=bash disable=SC2034
# Sourced: where things are published. OWNER is the one name that a fork changes; in a workflow it is the repository's owner.
owner=${OWNER:-${GITHUB_REPOSITORY_OWNER:-}}
[ -n "$owner" ] || { echo "OWNER is empty: whose names in the registry?" >&2; exit 1; }
registry=${REGISTRY:-ghcr.io}
prefix=$registry/${owner,,}
