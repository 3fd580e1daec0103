import { join } from "node:path";
import { checkout } from "../directories.ts";
import type { Kubectl } from "./kubectl.ts";

/** Changes these values of the installed chart, everything else as at its installation, and waits until the plugin is ready. */
export async function upgradeChart(kubectl: Kubectl, values: object = {}): Promise<void> {
  const [release, chart] = ["kubefence", join(checkout, "charts/kubefence")];
  const installed = (await kubectl.helm(["history", release, "--namespace=kube-system", "--output=json"])).trim();
  const [first]: { revision: number }[] = JSON.parse(installed);
  const before = await kubectl.helm([
    "get",
    "values",
    release,
    "--namespace=kube-system",
    `--revision=${first?.revision}`,
    "--output=json",
  ]);
  const merged = { ...JSON.parse(before), ...values };
  await kubectl.helm(
    ["upgrade", release, chart, "--namespace=kube-system", "--reset-values", "--values=-", "--wait", "--timeout=300s"],
    JSON.stringify(merged),
  );
}
