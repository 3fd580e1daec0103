import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect } from "vitest";
import { parse } from "yaml";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { runScript, type ScriptRun } from "../../demos/run.ts";
import { expectRegion } from "../../reference-page.ts";
import { run } from "../../stack/command.ts";
import type { Cluster } from "../../stack/cluster/cluster.ts";
import { programs } from "../../stack/cluster/clients.ts";
import { installChart } from "../../stack/cluster/installation.ts";
import { clusterUnderTest } from "../../stack/cluster/under-test.ts";
import { checkout } from "../../stack/directories.ts";

// deploy/kind: the scripts with stand-ins for kind and docker (e2e/kind), which write down what they are asked; what they end in, the
// chart and the cases, runs for real on our cluster. With Kata and with CRI-O kubectl and helm are stand-ins, too.

const { own: cluster, image } = clusterUnderTest();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubefence-kind-"));
  mkdirSync(join(folder, "bin"));
  standIn("kind", "kind-stand-in.sh");
  standIn("docker", "docker-stand-in.sh");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  if (cluster !== undefined) await installChart(cluster);
});

function standIn(program: string, file: string): void {
  symlinkSync(join(checkout, "e2e/kind", file), join(folder, "bin", program));
}

function write(name: string, ...lines: string[]): void {
  writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(""));
}

/** What the stand-ins were asked, as a program and its arguments. */
function asked(program = ""): string[] {
  const lines = readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  return lines.filter((line) => line.startsWith(`${program} `) || program === "");
}

/** The values that helm got, once the real Helm has found them valid. */
async function valuesOfHelm(): Promise<unknown> {
  const file = join(folder, "values.yaml");
  await run(programs().helm, ["template", "kubefence", join(checkout, "charts/kubefence"), "--values", file]);
  return parse(readFileSync(file, "utf8"));
}

function askedOfHelm(chart: string): string {
  return asked("helm").find((line) => line.includes(` ${chart}`)) ?? "";
}

function script(own: Cluster, command: string[], environment: Record<string, string> = {}): Promise<ScriptRun> {
  const path = [join(folder, "bin"), join(programs().helm, ".."), join(programs().kubectl, ".."), process.env["PATH"]];
  return runScript(own, command, { STAND_IN: folder, PATH: path.join(":"), OWNER: "somebody", ...environment });
}

const deploy = "deploy/kind/deploy.sh";
const prebuilt = { SKIP_BUILD: "true" };

describe("deploy.sh, with kind and docker as stand-ins", () => {
  test("without Kata's devices it says so, and installs the chart for runc", async ({ own }) => {
    write("images", "nono-nri:latest");
    // What is another on our cluster than on kind's: who configures the node, and that nothing pulls.
    const ours = ["--set", "nodeSetup.enabled=false", "--set", "image.pullPolicy=Never"];
    const devices = { KATA_DEVICES: join(folder, "no-kvm") };
    const ended = await script(own, [deploy, ...ours], { ...prebuilt, ...devices });
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ exitCode: 0 });
    expect(ended.stdout).toContain("no-kvm is not there or cannot be opened: without Kata Containers, runc only");
    expect(ended.stdout).toContain('daemon set "kubefence" successfully rolled out');
    expect(asked()).toEqual([
      "kind get clusters",
      "kind create cluster --name nono-containerd --config deploy/kind/cluster-containerd.yaml",
      "docker image inspect nono-nri:latest",
      "kind load docker-image nono-nri:latest --name nono-containerd",
    ]);
    const installed = JSON.parse(
      await own.kubectl.helm(["get", "values", "kubefence", "--namespace=kube-system", "--output=json"]),
    );
    expect(installed).toMatchObject({
      image: { repository: "nono-nri", tag: "latest" },
      config: { runtimeClasses: ["nono-runc"], vmRootfsClasses: [] },
      runtimeClasses: { kataNono: { enabled: false } },
      kata: { enabled: false },
    });
  });

  test("a cluster that is there is used; a chart that does not become ready is an error with what its pods say", async ({
    own,
  }) => {
    write("clusters", "nono-containerd");
    const missing = ["--set", "nodeSetup.enabled=false", "--set", "image.pullPolicy=Never", "--timeout", "20s"];
    const ended = await script(own, [deploy, ...missing], {
      ...prebuilt,
      KATA: "false",
      IMAGE: "10.0.0.1:5000/absent:1",
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^kubefence-\w+ .* Init:ErrImageNeverPull /m);
    expect(ended.stderr.trim().split("\n").at(-1)).toBe(
      "deploy.sh: the chart is not ready; what its pods say is above",
    );
    expect(asked("kind")).toEqual(["kind get clusters"]);
    await installChart(own);
  });

  test.for([
    { RUNTIME: "docker", says: "RUNTIME=docker: containerd or crio" },
    { KATA: "yes", says: "KATA=yes: true or false" },
  ])("$says", async ({ says, ...environment }, { own }) => {
    const ended = await script(own, [deploy], { ...prebuilt, ...environment });
    expect(ended).toMatchObject({ exitCode: 1, stderr: `deploy.sh: ${says}\n` });
  });
});

describe("deploy.sh, with kubectl and helm as stand-ins, too", () => {
  beforeEach(() => {
    standIn("kubectl", "client-stand-in.sh");
    standIn("helm", "client-stand-in.sh");
  });

  test("Kata and its guest image are the default", async ({ own }) => {
    write("images", "nono-nri:latest", "ghcr.io/somebody/kata-kernel-landlock:3.28.0");
    const ended = await script(own, [deploy], { ...prebuilt, KATA_DEVICES: "/dev/null" });
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    expect(askedOfHelm("oci://ghcr.io/kata-containers/kata-deploy-charts/kata-deploy")).toContain("--version 3.28.0");
    expect(asked("docker")).toEqual([
      "docker image inspect nono-nri:latest",
      "docker exec nono-containerd-control-plane mount -o remount,size=16g /dev/shm",
      "docker image inspect ghcr.io/somebody/kata-kernel-landlock:3.28.0",
      "docker image inspect ghcr.io/somebody/kata-rootfs-nono:3.28.0-v0.23.0",
    ]);
    // Only what the local docker has is loaded; nodes pull the rest.
    expect(asked("kind").filter((line) => line.includes("load"))).toEqual([
      "kind load docker-image nono-nri:latest --name nono-containerd",
      "kind load docker-image ghcr.io/somebody/kata-kernel-landlock:3.28.0 --name nono-containerd",
    ]);
    expect(await valuesOfHelm()).toEqual({
      image: { repository: "nono-nri", tag: "latest" },
      nodeSetup: { runtime: "containerd" },
      config: { runtimeClasses: ["nono-runc", "kata-qemu", "kata-nono-qemu"], vmRootfsClasses: ["kata-nono-qemu"] },
      runtimeClasses: { kataNono: { enabled: true, handler: "kata-nono-qemu" } },
      kata: {
        enabled: true,
        kernelImage: "ghcr.io/somebody/kata-kernel-landlock:3.28.0",
        rootfsImage: "ghcr.io/somebody/kata-rootfs-nono:3.28.0-v0.23.0",
        qemu: { machineAccelerators: "kernel_irqchip=split" },
      },
    });
  });

  test.for([
    ["https://github.com/Acme/kubefence.git", "acme"],
    ["git@github.com:acme/kubefence", "acme"],
    ["/srv/git/kubefence", "kubefence"],
  ] as const)("images of the owner of %s are those of %s", async ([url, owner], { own }) => {
    const remote = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "remote.origin.url", GIT_CONFIG_VALUE_0: url };
    const ended = await script(own, [deploy], { ...prebuilt, KATA_DEVICES: "/dev/null", OWNER: "", ...remote });
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    expect(await valuesOfHelm()).toMatchObject({
      kata: { kernelImage: `ghcr.io/${owner}/kata-kernel-landlock:3.28.0` },
    });
  });

  test("Kata without the guest image", async ({ own }) => {
    const environment = { ...prebuilt, KATA_DEVICES: "/dev/null", KATA_ROOTFS: "false", KATA_VERSION: "3.32.0" };
    const ended = await script(own, [deploy], { ...environment, KATA_KERNEL_IMAGE: "registry.example/kernel:1" });
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    expect(await valuesOfHelm()).toMatchObject({
      config: { runtimeClasses: ["nono-runc", "kata-qemu"], vmRootfsClasses: [] },
      runtimeClasses: { kataNono: { enabled: true, handler: "kata-qemu" } },
      kata: { enabled: true, kernelImage: "registry.example/kernel:1", rootfsImage: "" },
    });
  });

  test("CRI-O: it gets the NRI socket, and its images through a registry", async ({ own }) => {
    write("images", "10.0.0.1:5000/nono-nri:2");
    const environment = { ...prebuilt, RUNTIME: "crio", KATA: "false", IMAGE: "10.0.0.1:5000/nono-nri:2" };
    const ended = await script(own, [deploy], environment);
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    const [registry, ...commands] = asked("docker").filter((line) => /run|push|pull|crio/.test(line));
    expect(registry).toBe(
      "docker run --detach --restart always --publish 127.0.0.1:5100:5000 --name nono-nri-registry registry:2",
    );
    expect(commands.map((line) => line.replaceAll(/sh -c.*(registries\.conf\.d|nri\.v1\.nri).*/g, "$1"))).toEqual([
      "docker exec nono-crio-control-plane registries.conf.d",
      "docker push --quiet localhost:5100/nono-nri:2",
      "docker exec nono-crio-control-plane crictl pull nono-nri-registry:5000/nono-nri:2",
      "docker exec nono-crio-control-plane nri.v1.nri",
    ]);
    expect(await valuesOfHelm()).toMatchObject({
      image: { repository: "nono-nri-registry:5000/nono-nri", tag: "2" },
      nodeSetup: { runtime: "crio" },
    });
  });
});

describe("e2e.sh and down.sh", () => {
  const cases = { CASES: "cluster/original-checks", KUBEFENCE_E2E_IMAGE: image };

  test("e2e.sh runs the cases on the cluster and prints a line for each", async ({ own }) => {
    write("clusters", "nono-containerd");
    write("kubeconfig", readFileSync(own.directories.kubeconfig, "utf8"));
    const ended = await script(own, ["deploy/kind/e2e.sh"], cases);
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    expect(ended.stderr).toContain("no RuntimeClass kata-nono-sandbox: without the cases in virtual machines");
    expect(ended.stdout).toMatch(/^✓ original-checks: checks 12 to 15/m);
    expect(ended.stdout).toMatch(/^Results: (\d+)\/\1 passed, \d+ not run$/m);
  });

  test("where no case can run it fails", async ({ own }) => {
    write("clusters", "nono-containerd");
    write("kubeconfig", readFileSync(own.directories.kubeconfig, "utf8"));
    const ended = await script(own, ["deploy/kind/e2e.sh"], { ...cases, KUBEFENCE_E2E_NAMESPACE: "default" });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/has no pod app\.kubernetes\.io\/name=kubefence/);
    expect(ended.stdout).toContain("Results: 0/0 passed");
  });

  test("down.sh deletes the cluster, and CRI-O's registry", async ({ own }) => {
    write("clusters", "nono-crio");
    expect(await script(own, ["deploy/kind/down.sh"], { RUNTIME: "crio" })).toMatchObject({ exitCode: 0 });
    expect(asked()).toEqual(["kind delete cluster --name nono-crio", "docker rm --force nono-nri-registry"]);
  });
});

test("README says how many cases there are", async () => {
  const list = ["vitest", "list", "--project=cluster", "--json"];
  const listed = await run("env", ["KUBEFENCE_E2E_KUBECONFIG=/nowhere", "npx", ...list]);
  const cases: { file: string }[] = JSON.parse(listed);
  const files = Map.groupBy(cases, ({ file }) => file.replace(/^.*\//, "").replace(/\.test\.ts$/, ""));
  const each = [...files].map(([name, { length }]) => `${name} ${length}`).toSorted();
  const text = `${cases.length} cases: ${each.join(", ")}. \`original-checks\` has the original's checks 1 to 16.`;
  expectRegion("deploy/kind/README.md", "cases", text);
});

test("make kind-e2e takes the cluster down when it fails, and fails", async ({ own }) => {
  const ended = await script(own, ["/usr/bin/make", "kind-e2e", "KATA=maybe"]);
  expect(ended.exitCode).not.toBe(0);
  expect(ended.stderr).toContain("KATA=maybe: true or false");
  expect(asked()).toEqual(["kind delete cluster --name nono-containerd"]);
});

test("shellcheck has nothing to say about the scripts", async () => {
  const scripts = ["deploy/kind", "contrib", "e2e/kind"].map((path) => join(checkout, path));
  const found = (await run("find", [...scripts, "-name", "*.sh"])).trim().split("\n");
  expect(found.length).toBeGreaterThan(12);
  await run("shellcheck", ["--external-sources", `--source-path=${checkout}`, ...found]);
});
