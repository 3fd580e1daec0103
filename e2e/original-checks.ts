import { expect } from "vitest";
import { test } from "./cluster-fixtures.ts";
import {
  containerId,
  execute,
  ociConfiguration,
  pluginRecords,
  type OciConfiguration,
} from "./stack/cluster/under-test.ts";

/**
 * Registers the checks 1 to 16 of the original's own end-to-end test, by the same commands and conditions, for a plugin
 * whose pods `selector` picks.
 */
export function testOriginalChecks(selector: string): void {
  test("checks 1 to 3: the plugin's pod is there, runs, and is connected to the runtime", async ({ cluster }) => {
    const { kubectl, namespace } = cluster;
    const pods = await kubectl.list("pods", selector, namespace);
    expect(pods.length).toBeGreaterThan(0);
    expect(pods[0]?.["status"].phase).toBe("Running");
    const log = await kubectl.run(["logs", `pod/${pods[0]?.metadata.name}`, `--namespace=${namespace}`]);
    expect(log).toMatch(/containerd|v2|cri-o/);
  });

  test("checks 4 to 11 and 16: a pod of our class", async ({ cluster, runPod }) => {
    const { kubectl, namespace, own } = cluster;
    const name = "nono-e2e-sandboxed";
    const pod = await runPod({
      name,
      runtimeClassName: "nono-runc",
      profile: "default",
      container: { command: ["sleep", "infinity"] },
    });
    expect((await execute(cluster, name, ["cat", "/proc/1/cmdline"])).stdout).toContain("sleep");
    expect(await execute(cluster, name, ["test", "-x", "/nono/nono"])).toMatchObject({ exitCode: 0 });
    expect(await pluginRecords(cluster, name, selector)).not.toEqual([]);

    const id = containerId(pod);
    const records = async (): Promise<string> => {
      const [plugin] = await kubectl.list("pods", selector, namespace);
      const script = "cat /var/run/nono-nri/*/*/metadata.json 2>/dev/null; true";
      return kubectl.run([
        "exec",
        `pod/${plugin?.metadata.name}`,
        `--namespace=${namespace}`,
        "--",
        "sh",
        "-c",
        script,
      ]);
    };
    const record = (await records()).split("\n").find((line) => line.includes(id)) ?? (await records());
    expect(record).toContain(id);
    expect(record.replaceAll(/:\s+/g, ":")).toContain('"profile":"default"');

    if (own !== undefined) {
      const { process, mounts }: OciConfiguration = ociConfiguration(own, id);
      expect(process.args[0]).toContain("/nono/nono");
      expect(process.args).toContain("--");
      expect(mounts.map(({ destination }) => destination)).toContain("/nono");
    }

    await kubectl.deletePod(name);
    await expect.poll(records, { timeout: 30_000, interval: 1000 }).not.toContain(id);
  });

  test("checks 12 to 15: a pod without a class", async ({ cluster, runPod }) => {
    const name = "nono-e2e-plain";
    await runPod({ name, container: { command: ["sleep", "infinity"] } });
    const { stdout } = await execute(cluster, name, ["cat", "/proc/1/cmdline"]);
    expect(stdout).toBe("sleep\0infinity\0");
    expect((await execute(cluster, name, ["test", "-e", "/nono"])).exitCode).toBe(1);
    expect(await pluginRecords(cluster, name, selector)).toMatchObject([{ msg: "skip" }]);
  });
}
