import { afterAll, beforeAll, expect, vi } from "vitest";
import { ephemeralContainer, examples, type PodManifest, values } from "../../../charts/tests/admission-pods.ts";
import { test } from "../../cluster-fixtures.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { clusterUnderTest } from "../../stack/cluster/under-test.ts";

// The chart's admission policies on the real API server: each rule with a pod that it refuses and one that it admits.

const { kubectl } = clusterUnderTest();
const [namespace, other, free] = ["team-a", "team-b", "admission-free"];

beforeAll(async () => {
  for (const name of [namespace, other, free]) {
    await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name } }]);
    await vi.waitFor(() => kubectl.run(["get", "serviceaccount", "default", `--namespace=${name}`]), 30_000);
  }
  // A class that is not ours.
  await kubectl.apply([
    { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "runc" }, handler: "runc" },
  ]);
  await upgradeChart(kubectl, values);
  await inForce(namespace);
});
afterAll(async () => {
  await upgradeChart(kubectl);
  await kubectl.run(["delete", "namespace", namespace, other, free, "--wait=false"]);
  await kubectl.run(["delete", "runtimeclass", "runc"]);
});

/** The API server compiles a changed policy within a second or so. */
async function inForce(into: string): Promise<void> {
  await vi.waitFor(async () => expect(await ask(examples[0]?.refused, into)).toContain("RUNTIME_CLASS"), 30_000);
}

/** "admitted", or why not. Nothing is created. */
async function ask(pod: PodManifest | undefined, into: string): Promise<string> {
  const args = ["create", `--namespace=${into}`, "--dry-run=server", "--filename=-"];
  const { exitCode, stderr } = await kubectl.attempt(args, JSON.stringify(pod));
  return exitCode === 0 ? "admitted" : stderr;
}

test.for(examples.map((example, index) => [`${example.rule} ${index}`, example] as const))(
  "%s",
  async ([, { rule, refused, admitted }]) => {
    expect(await ask(refused, namespace)).toContain(`denied request: ${rule}: `);
    expect(await ask(admitted, namespace)).toBe("admitted");
    expect(await ask(refused, free)).toBe("admitted");
  },
);

test("profiles are allowed by namespace, and a pod without the annotation is judged by the default one", async () => {
  const workspace = examples.find(({ rule }) => rule === "PROFILE")?.admitted;
  expect(await ask(workspace, other)).toContain("may not use profile workspace; allowed are: default");
});

test("an update is judged where it changes what the rules look at", async ({ cluster }) => {
  const pod = { ...examples[0]?.admitted, metadata: { name: "admission-update" } };
  const inNamespace = `--namespace=${namespace}`;
  await cluster.kubectl.apply([pod], namespace);
  const annotate = (profile: string): string[] => [
    "annotate",
    inNamespace,
    "--overwrite",
    "pod/admission-update",
    `nono.sh/profile=${profile}`,
  ];
  expect((await kubectl.attempt(annotate("python-dev"))).stderr).toContain("PROFILE: ");
  await kubectl.run(annotate("workspace"));
  const debug = (isPrivileged: boolean): Promise<{ stderr: string; exitCode: number }> => {
    const patch = JSON.stringify({ spec: { ephemeralContainers: [ephemeralContainer(isPrivileged)] } });
    return kubectl.attempt([
      "patch",
      inNamespace,
      "pod/admission-update",
      "--subresource=ephemeralcontainers",
      `--patch=${patch}`,
    ]);
  };
  expect((await debug(true)).stderr).toContain("PRIVILEGED: ");
  expect(await debug(false)).toMatchObject({ exitCode: 0 });
});

test("a pod from before the policy can be labelled and finalized, and not changed into something else", async () => {
  const name = "admission-older";
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, finalizers: ["example.com/x"] },
    spec: { containers: [{ name: "main", image: "none.example/x" }] },
  };
  await kubectl.apply([pod], free);
  const inFree = `--namespace=${free}`;
  await upgradeChart(kubectl, {
    ...values,
    admissionPolicy: { ...values.admissionPolicy, namespaces: [namespace, other, free] },
  });
  await inForce(free);
  await kubectl.run(["label", inFree, "pod", name, "a=b"]);
  expect((await kubectl.attempt(["annotate", inFree, "pod", name, "a=b"])).stderr).toContain("RUNTIME_CLASS: ");
  await kubectl.run(["delete", inFree, "pod", name, "--wait=false", "--grace-period=0"]);
  await kubectl.run(["patch", inFree, "pod", name, "--type=merge", '--patch={"metadata":{"finalizers":null}}']);
});
