import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { run } from "../../stack/command.ts";
import { Cluster } from "../../stack/cluster/cluster.ts";
import { chartValues, importPluginImage, installChart, uninstallChart } from "../../stack/cluster/installation.ts";
import type { KubernetesObject } from "../../stack/cluster/kubectl.ts";
import { clusterName, pluginSelector, podObject } from "../../stack/cluster/under-test.ts";
import { checkout } from "../../stack/directories.ts";
import { images } from "../../stack/images/recipes.ts";

// An operator's own profiles by the chart's values, as docs/reference/profiles.md has them: they come, change and go, and a
// mistake changes nothing. A cluster of its own, whose node the chart sets up: both of its DaemonSets install profiles.

const namespace = "kube-system";
const values = {
  ...chartValues,
  helperImages: { busybox: images.busybox },
  nodeSetup: { restart: "term", uninstall: { timeoutSeconds: 60 } },
};
const page = readFileSync(join(checkout, "docs/reference/profiles.md"), "utf8");
const [, example = ""] = /```yaml\n(profiles:\n[^]*?)```/.exec(page) ?? [];
const { profiles }: { profiles: { nginx: object } } = parse(example);
/** In place of the built-in. */
const ownDefault = { extends: "default", filesystem: { deny: ["/etc/group"] } };

const soon = { timeout: 90_000, interval: 500 };
let cluster: Cluster;
let before: Record<string, string>;

beforeAll(async () => {
  cluster = await Cluster.start(`${clusterName}-profiles`, "bare");
  await importPluginImage(cluster);
  before = nodeFiles();
});
afterAll(() => cluster.stop());

/** What is below /opt on the node, with digests. */
function nodeFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  const add = (path: string): void => {
    const place = join(cluster.directories.root, path);
    const status = lstatSync(place, { throwIfNoEntry: false });
    if (status === undefined) return;
    files[path] = status.isFile() ? createHash("sha256").update(readFileSync(place)).digest("hex") : "";
    if (status.isDirectory()) for (const name of readdirSync(place)) add(join(path, name));
  };
  add("/opt");
  return files;
}

const installedProfiles = (): string[] =>
  readdirSync(join(cluster.directories.root, "opt/nono-nri/profiles")).filter((file) => file !== "by-digest");

async function install(more: object): Promise<void> {
  await installChart(cluster, { ...values, ...more });
  await rollOut();
}

/** Helm leaves out one pod of such a DaemonSet. */
async function rollOut(): Promise<void> {
  for (const name of ["kubefence", "kubefence-node-setup"]) {
    await cluster.kubectl.run(["rollout", "status", `daemonset/${name}`, "--timeout=180s", `--namespace=${namespace}`]);
  }
}

const folders = ["/var/lib/nginx", "/var/log/nginx"];

/** A pod of the page's profile, with something to write to, or of none. */
async function createPod(name: string, profile?: string): Promise<void> {
  const volumes = folders.map((_, index) => ({ name: `v${index}`, emptyDir: {} }));
  const volumeMounts = folders.map((mountPath, index) => ({ name: `v${index}`, mountPath }));
  const init = { name, runtimeClassName: "nono-runc", spec: { volumes }, container: { volumeMounts } };
  await cluster.kubectl.apply([podObject(images.busybox, profile === undefined ? init : { ...init, profile })]);
}

async function runPod(name: string, profile?: string): Promise<void> {
  await createPod(name, profile);
  await cluster.kubectl.wait(`pod/${name}`, "condition=Ready");
}

/** "" for what worked, else the reason. */
async function attempt(pod: string, ...command: string[]): Promise<string> {
  const { exitCode, stderr } = await cluster.kubectl.attempt(["exec", pod, "--", ...command]);
  if (exitCode === 0) return "";
  return stderr.includes("Permission denied") ? "denied" : stderr;
}

/** What the pod may write, of the two folders and a third that no profile grants. */
async function writable(pod: string): Promise<string[]> {
  return Promise.all([...folders, "/var/lib"].map((folder) => attempt(pod, "touch", `${folder}/file`)));
}

test("the page's example reaches the nodes, and one in a built-in's place", async () => {
  await install({ profiles: { ...profiles, default: ownDefault } });
  expect(installedProfiles()).toEqual(expect.arrayContaining(["nginx.json", "default.json", "workspace.json"]));
  await runPod("first", "nginx");
  expect(await writable("first")).toEqual(["", "", "denied"]);
  // It extends `default`, so the one in its place.
  expect(await attempt("first", "cat", "/etc/group")).toBe("denied");
  await runPod("plain");
  expect(await writable("plain")).toEqual(["denied", "denied", "denied"]);
  expect(await attempt("plain", "cat", "/etc/group")).toBe("denied");
  expect(await attempt("plain", "cat", "/etc/passwd")).toBe("");
});

test("one that does not compile stops the rollout with its reason; the node keeps all that it has", async () => {
  const installed = nodeFiles();
  const wrong = { nginx: { extends: "workspace" }, bad: { extends: "no-such-base" } };
  await cluster.kubectl.helm(
    ["upgrade", "kubefence", join(checkout, "charts/kubefence"), `--namespace=${namespace}`, "--values=-"],
    JSON.stringify({ ...values, profiles: wrong }),
  );
  const reason =
    /KF_PROFILE_NOT_FOUND: \/profiles\/bad\.json: extends: there is no profile "no-such-base"; run kubefence profile list/;
  const said = async (selector: string): Promise<string> => {
    const pods = await cluster.kubectl.list("pods", selector, namespace);
    const statuses = pods.flatMap((pod) => pod["status"].initContainerStatuses ?? []);
    return JSON.stringify(statuses.map(({ state, lastState }: KubernetesObject) => [state, lastState])).replaceAll(
      '\\"',
      '"',
    );
  };
  await expect.poll(() => said(pluginSelector), soon).toMatch(reason);
  await expect.poll(() => said("app.kubernetes.io/component=node-setup"), soon).toMatch(reason);
  expect(nodeFiles()).toEqual(installed);
  const daemonSet = await cluster.kubectl.get("daemonset", "kubefence", namespace);
  expect(daemonSet["status"].numberAvailable).toBe(1);
  await runPod("meanwhile", "nginx");
  expect(await writable("meanwhile")).toEqual(["", "", "denied"]);
});

test("the page's command, with another text: new containers have it, running ones what they had", async () => {
  const [, commands = ""] = /```sh run-by=e2e\/cases\/cluster-own\/profiles[^\n]*\n([^]*?)```/.exec(page) ?? [];
  expect(commands).toMatch(/^helm upgrade .*--set-file profiles\.nginx=nginx\.json$/m);
  const directory = mkdtempSync(join(tmpdir(), "kubefence-profiles-"));
  try {
    symlinkSync(join(checkout, "charts"), join(directory, "charts"));
    writeFileSync(join(directory, "values.yaml"), JSON.stringify({ ...values, profiles: { default: ownDefault } }));
    const text = '{ // one folder, less\n  "extends": "default", "filesystem": { "allow": ["/var/lib/nginx"], } }\n';
    writeFileSync(join(directory, "nginx.json"), text);
    const client = `helm() { ${cluster.kubectl.commandLine([], "helm").join(" ")} "$@"; }\n`;
    await run("bash", ["--norc", "-euc", `cd ${directory}\n${client}${commands}`]);
  } finally {
    rmSync(directory, { recursive: true });
  }
  await rollOut();
  await runPod("second", "nginx");
  expect(await writable("second")).toEqual(["", "denied", "denied"]);
  expect(await writable("first")).toEqual(["", "", "denied"]);
});

test("taken out: gone from the node, for what runs it stays, and the built-in is back", async () => {
  const theirs = join(cluster.directories.root, "opt/nono-nri/profiles/theirs.json");
  writeFileSync(theirs, readFileSync(join(theirs, "../strict.json")));
  const stored = readFileSync(join(theirs, "../nginx.json"));
  await install({});
  expect(installedProfiles()).not.toContain("nginx.json");
  expect(installedProfiles()).not.toContain(".own.sha256");
  expect(installedProfiles()).toContain("theirs.json");
  rmSync(theirs);
  const digest = createHash("sha256").update(stored).digest("hex");
  expect(readFileSync(join(theirs, `../by-digest/${digest}.json`))).toEqual(stored);

  expect(await writable("first")).toEqual(["", "", "denied"]);
  expect(await writable("second")).toEqual(["", "denied", "denied"]);
  await createPod("third", "nginx");
  const events = (): Promise<string> => cluster.kubectl.run(["describe", "pod", "third"]);
  await expect.poll(events, soon).toContain("PROFILE_NOT_INSTALLED");
  await runPod("usual");
  expect(await attempt("usual", "cat", "/etc/group")).toBe("");
  expect(await attempt("plain", "cat", "/etc/group")).toBe("denied");
});

test("helm uninstall takes them along, and PATH shims", async () => {
  await install({ profiles, config: { pathShims: true } });
  expect(installedProfiles()).toContain("nginx.json");
  expect(nodeFiles()).toHaveProperty(["/opt/nono-nri/sh"]);
  for (const name of ["first", "second", "third", "plain", "usual", "meanwhile"]) await cluster.kubectl.deletePod(name);
  await uninstallChart(cluster);
  expect(nodeFiles()).toEqual(before);
});
