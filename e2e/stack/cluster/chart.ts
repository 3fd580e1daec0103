import { join } from "node:path";
import { checkout } from "../directories.ts";
import type { Kubectl } from "./kubectl.ts";

const release = "kubefence";
let before: Promise<object> | undefined;

/**
 * Changes these values of the installed chart, everything else as it was when this was first called, and waits until the plugin is
 * ready. Not from Helm's history: it keeps ten revisions, so that the oldest one there may be any test's.
 */
export async function upgradeChart(kubectl: Kubectl, values: object = {}): Promise<void> {
  before ??= currentValues(kubectl);
  const merged = { ...(await before), ...values };
  const chart = join(checkout, "charts/kubefence");
  await kubectl.helm(
    ["upgrade", release, chart, "--namespace=kube-system", "--reset-values", "--values=-", "--wait", "--timeout=300s"],
    JSON.stringify(merged),
  );
}

async function currentValues(kubectl: Kubectl): Promise<object> {
  const values: object | null = JSON.parse(
    await kubectl.helm(["get", "values", release, "--namespace=kube-system", "--output=json"]),
  );
  return values ?? {};
}
