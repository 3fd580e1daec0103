#!/usr/bin/env bash
# Signs with cosign what was pushed (image.digest, chart.digest, the image's SBOM as an attestation) and what is to be attached
# to the release (SHA256SUMS). In a workflow the identity is the workflow's own, and the signature is in the public log.
#   COSIGN_KEY=FILE     a key instead, nothing logged: to try it out
#   PLAIN_HTTP=true     a registry on this machine
set -euo pipefail
cd "$(dirname "$0")/.."
. release/names.sh
cosign=$(release/tool.sh cosign)
cd build/release
arguments=(--yes)
[ -z "${COSIGN_KEY:-}" ] || arguments+=(--key "$COSIGN_KEY" --use-signing-config=false --tlog-upload=false)
insecure=()
[ "${PLAIN_HTTP:-false}" = false ] || insecure+=(--allow-http-registry)
if [ -f image.digest ]; then
  for name in nono-nri-plugin kubefence; do
    "$cosign" sign "${arguments[@]}" "${insecure[@]}" "$prefix/$name@$(<image.digest)"
    for list in image-*.spdx.json; do
      [ ! -f "$list" ] || "$cosign" attest "${arguments[@]}" "${insecure[@]}" --type spdxjson --predicate "$list" "$prefix/$name@$(<image.digest)"
    done
  done
fi
for part in kernel:kata-kernel-landlock rootfs:kata-rootfs-nono; do
  digest=kata-${part%%:*}.digest
  [ ! -f "$digest" ] || "$cosign" sign "${arguments[@]}" "${insecure[@]}" "$prefix/${part#*:}@$(<"$digest")"
done
[ ! -f chart.digest ] || "$cosign" sign "${arguments[@]}" "${insecure[@]}" "$prefix/charts/kubefence@$(<chart.digest)"
[ ! -f SHA256SUMS ] || "$cosign" sign-blob "${arguments[@]}" --bundle SHA256SUMS.sigstore.json SHA256SUMS
