import type { Kubectl } from "./stack/cluster/kubectl.ts";
import { clusterUnderTest, foreignKubeconfig, pluginSelector } from "./stack/cluster/under-test.ts";

/** The RuntimeClass that the checks run. */
export const kataClass = "kata-nono-sandbox";

const guide = "docs/guide/kata.md says how to set it up";

/** vitest's global set-up: refuses a cluster on which no check could pass, and says what it lacks. */
export async function setup(): Promise<void> {
  if (foreignKubeconfig === undefined) throw new Error("name a cluster that has Kata: make kata-e2e KUBECONFIG=FILE");
  const { kubectl, namespace } = clusterUnderTest();
  if ((await kubectl.list("pods", pluginSelector, namespace)).length === 0) {
    throw new Error(
      `the cluster of ${foreignKubeconfig} has no pod ${pluginSelector} in ${namespace}: install the chart first; KUBEFENCE_E2E_NAMESPACE names another namespace`,
    );
  }
  const handler = await handlerOf(kubectl);
  const nodes = await kubectl.list("nodes");
  const lists = nodes.flatMap(({ status }) => status.runtimeHandlers ?? []);
  // Kubernetes before 1.30, and some runtimes, tell of none.
  if (lists.length > 0 && !lists.some(({ name }: { name: string }) => name === handler)) {
    throw new Error(
      `no node has loaded the handler ${handler} of RuntimeClass ${kataClass}: ${guide}, and kubefence node kata check what is wrong`,
    );
  }
  console.log(`cluster of ${foreignKubeconfig}: RuntimeClass ${kataClass}, handler ${handler}`);
}

/** The class's handler. Throws when there is no such class. */
export async function handlerOf(kubectl: Kubectl): Promise<string> {
  const { exitCode, stdout } = await kubectl.attempt([
    "get",
    "runtimeclass",
    kataClass,
    "--output=jsonpath={.handler}",
  ]);
  if (exitCode === 0) return stdout.trim();
  throw new Error(
    `there is no RuntimeClass ${kataClass}: install the chart with kata.enabled=true and runtimeClasses.kataNono.enabled=true; ${guide}`,
  );
}
