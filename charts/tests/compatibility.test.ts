import { expect, test } from "vitest";
import { parseConfiguration } from "@kubefence/plugin/configuration-parser";
import { find, installed, type KubernetesObject, render, renderNotes } from "./helm.ts";

const namesOf = (objects: readonly KubernetesObject[]): string[] =>
  objects.map(({ kind, metadata }) => `${metadata.namespace ?? "-"} ${kind} ${metadata.name}`).toSorted();

test("the original's values.yaml renders what no values render", () => {
  expect(render({ files: ["original-defaults.yaml"] })).toEqual(render());
});

test("the original's objects have their names, in the namespace of the values", () => {
  const objects = installed(render({ values: { namespace: "security" } }));
  expect(namesOf(objects)).toEqual([
    "- RuntimeClass nono-runc",
    "security ConfigMap kubefence-config",
    "security DaemonSet kubefence",
    "security DaemonSet kubefence-node-setup",
  ]);
});

test("kind deployment of the original", () => {
  const objects = render({ files: ["original-kind.yaml"] });
  expect(find(objects, "RuntimeClass", "kata-nono-sandbox")["handler"]).toBe("kata-nono-qemu");
  expect(configurationOf(objects)).toMatchObject({
    runtimeClasses: ["nono-runc", "kata-qemu", "kata-nono-qemu"],
    vmRootfsClasses: ["kata-nono-qemu"],
    nonoBinPath: "/opt/nono-nri/nono",
  });
});

test("Kata installation of the original", () => {
  const objects = render({ files: ["original-kata.yaml"], release: "any" });
  expect(namesOf(installed(objects))).toEqual([
    "- RuntimeClass kata-nono-sandbox",
    "security ConfigMap sandbox-config",
    "security DaemonSet sandbox",
    "security DaemonSet sandbox-kata-setup",
  ]);
  expect(configurationOf(objects, "sandbox")).toMatchObject({
    runtimeClasses: ["kata-nono-qemu"],
    nonoBinPath: "",
    defaultProfile: "claude-code",
    seccompProfile: "runtime-default",
  });
  const setUp = find(objects, "DaemonSet", "sandbox-kata-setup")["spec"].template.spec;
  expect(setUp.initContainers.map((container: { name: string }) => container.name)).toEqual([
    "wait-for-kata",
    "install-kata-kernel",
    "install-kata-rootfs",
    "configure-kata",
  ]);
  expect(setUp.initContainers[3].command).toEqual(
    expect.arrayContaining([
      "--machine-accelerators=kernel_irqchip=split",
      "--seccomp-sandbox=",
      "--disable-guest-seccomp=true",
    ]),
  );
  expect(setUp).not.toHaveProperty("tolerations");
  expect(find(objects, "DaemonSet", "sandbox")["spec"].template.spec.containers[0].image).toMatch(/:0\.6$/);
});

test("installation of the original with other paths", () => {
  const objects = render({ files: ["original-paths.yaml"] });
  expect(find(objects, "ServiceAccount", "kubefence")["automountServiceAccountToken"]).toBe(false);
  const plugin = find(objects, "DaemonSet", "kubefence")["spec"].template.spec;
  expect(plugin.serviceAccountName).toBe("kubefence");
  expect(hostPathOf(plugin, "nri-socket")).toBe("/run/k3s/nri");
  expect(mountPathOf(plugin, "nri-socket")).toBe("/var/run/nri");
  const setUp = find(objects, "DaemonSet", "kubefence-node-setup")["spec"].template.spec;
  expect(setUp.initContainers[0].command).toEqual(
    expect.arrayContaining([
      "--nri-socket=/run/k3s/nri/nri.sock",
      "--config=/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
    ]),
  );
});

const labels = { "app.kubernetes.io/name": "kubefence", "app.kubernetes.io/instance": "kubefence" };

test("selectors are the original's, which no upgrade could change", () => {
  const objects = render({ values: { kata: { enabled: true } } });
  for (const [name, component] of [
    ["kubefence", undefined],
    ["kubefence-node-setup", "node-setup"],
    ["kubefence-kata-setup", "kata-setup"],
  ] as const) {
    const expected = component === undefined ? labels : { ...labels, "app.kubernetes.io/component": component };
    const { spec, metadata } = find(objects, "DaemonSet", name);
    expect(spec.selector).toEqual({ matchLabels: expected });
    expect(spec.template.metadata.labels).toEqual(expected);
    expect(metadata.labels).toMatchObject(expected);
  }
});

test.each([
  ["kubefence", {}, "kubefence", "kubefence"],
  ["prod-kubefence", {}, "prod-kubefence", "kubefence"],
  ["prod", {}, "prod-kubefence", "kubefence"],
  ["prod", { nameOverride: "fence" }, "prod-fence", "fence"],
  ["prod", { fullnameOverride: "wall" }, "wall", "kubefence"],
  ["prod", { nameOverride: `${"x".repeat(62)}-` }, `prod-${"x".repeat(58)}`, "x".repeat(62)],
])("release %s with %j is called %s", (release, values, fullname, name) => {
  const object = find(render({ release, values }), "DaemonSet", fullname);
  expect(object.metadata.labels).toMatchObject({
    "app.kubernetes.io/name": name,
    "app.kubernetes.io/instance": release,
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": "kubefence-0.1.0",
  });
});

test("the plugin's container is the original's", () => {
  const { spec } = find(render(), "DaemonSet", "kubefence")["spec"].template;
  const [container] = spec.containers;
  expect(container.command.slice(0, 3)).toEqual([
    "/usr/local/bin/10-nono-nri",
    "--config",
    "/etc/nri/conf.d/10-nono-nri.toml",
  ]);
  expect(container.resources).toEqual({
    requests: { cpu: "50m", memory: "32Mi" },
    limits: { cpu: "200m", memory: "128Mi" },
  });
  expect(spec.automountServiceAccountToken).toBe(false);
  expect(spec.serviceAccountName).toBe("default");
  expect(spec.tolerations).toEqual([{ operator: "Exists" }]);
  expect(spec.initContainers.map((init: { name: string }) => init.name)).toEqual(["install-nono"]);
  expect(
    container.volumeMounts.map((mount: { name: string; mountPath: string; readOnly?: boolean }) => [
      mount.name,
      mount.mountPath,
      mount.readOnly ?? false,
    ]),
  ).toEqual([
    ["nri-socket", "/var/run/nri", true],
    ["nono-host-dir", "/opt/nono-nri", true],
    ["nri-config", "/etc/nri/conf.d", true],
    ["nono-state", "/var/run/nono-nri", false],
  ]);
  expect(hostPathOf(spec, "nono-state")).toBe("/var/run/nono-nri");
});

test("a RuntimeClass that promises a sandbox has its handler on the plugin's list", () => {
  const values = { runtimeClasses: { kataNono: { enabled: true } } };
  expect(configurationOf(render({ values })).runtimeClasses).toEqual(["nono-runc", "kata-qemu"]);
  expect(renderNotes({ values })).toContain("config.runtimeClasses was extended by kata-qemu");
  expect(renderNotes()).not.toContain("extended");
});

test("values without an effect are accepted and named", () => {
  const notes = renderNotes({ values: { helperImages: { alpine: "x" }, hostPaths: { nriPlugins: "/x" } } });
  expect(notes).toContain("helperImages.alpine has no effect");
  expect(notes).toContain("hostPaths.nriPlugins has no effect");
});

test("NOTES: where it runs, how to look, how to opt in", () => {
  const notes = renderNotes({ values: { namespace: "security", nodeSetup: { enabled: false } } });
  for (const text of [
    "namespace security",
    "kubectl -n security get configmap kubefence-config",
    "kubectl -n security get daemonset kubefence",
    "kubectl -n security logs -f -l 'app.kubernetes.io/name=kubefence,app.kubernetes.io/instance=kubefence,",
    "runtimeClassName: nono-runc",
    "kubectl exec and exec probes are not sandboxed",
  ]) {
    expect(notes).toContain(text);
  }
});

interface PodSpec {
  volumes: { name: string; hostPath?: { path: string } }[];
  containers: { volumeMounts: { name: string; mountPath: string }[] }[];
}

function hostPathOf(spec: PodSpec, name: string): string | undefined {
  return spec.volumes.find((volume) => volume.name === name)?.hostPath?.path;
}

function mountPathOf(spec: PodSpec, name: string): string | undefined {
  return spec.containers[0]?.volumeMounts.find((mount) => mount.name === name)?.mountPath;
}

function configurationOf(
  objects: readonly KubernetesObject[],
  fullname = "kubefence",
): ReturnType<typeof parseConfiguration> {
  return parseConfiguration(find(objects, "ConfigMap", `${fullname}-config`)["data"]["10-nono-nri.toml"]);
}
