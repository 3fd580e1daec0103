import { expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { installChart, uninstallChart } from "../../stack/cluster/installation.ts";
import { containerId, ociConfiguration } from "../../stack/cluster/under-test.ts";

test("a pod without our class has the OCI configuration that it has without Kubefence", async ({ runPod, own }) => {
  const configuration = async (): Promise<string> => {
    const pod = await runPod({ name: "untouched" });
    const id = containerId(pod);
    const oci = ociConfiguration(own, id);
    // The kubelet has the API server's variables in any order.
    oci.process.env.sort();
    const text = JSON.stringify(oci, undefined, 1);
    await own.kubectl.deletePod("untouched");
    return withoutIdentity(text, id, String(pod.metadata.uid));
  };
  const withKubefence = await configuration();
  await uninstallChart(own);
  try {
    expect(withKubefence).toBe(await configuration());
  } finally {
    await installChart(own);
  }
});

/** Replaces what differs from pod to pod: ids, the pause container's pid, the volume of the token. */
function withoutIdentity(text: string, id: string, podUid: string): string {
  const sandbox = /"io\.kubernetes\.cri\.sandbox-id": "([0-9a-f]{64})"/.exec(text)?.[1] ?? "";
  return text
    .replaceAll(id, "CONTAINER")
    .replaceAll(sandbox, "SANDBOX")
    .replaceAll(podUid, "POD")
    .replaceAll(/\/proc\/\d+\/ns/g, "/proc/PID/ns")
    .replaceAll(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access")
    .replaceAll(/(containers\/main\/)[0-9a-f]{8}/g, "$1TERMINATION");
}
