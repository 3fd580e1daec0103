/** The DaemonSet that sets Kata up: every value of the original's `kata` has an effect, and which handler the class gets. */
import { expect, test } from "vitest";
import { parseConfiguration } from "@kubefence/plugin/configuration-parser";
import { buildProgram } from "../../packages/cli/src/program.ts";
import { find, type KubernetesObject, render, renderNotes } from "./helm.ts";

interface Container {
  name: string;
  image: string;
  command: string[];
  args?: string[];
  securityContext: { privileged?: boolean };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}

interface PodSpec {
  initContainers: Container[];
  containers: Container[];
  nodeSelector?: object;
}

const withKata = (kata: object = {}, others: object = {}): object => ({ kata: { enabled: true, ...kata }, ...others });

function podOf(values: object): PodSpec {
  return find(render({ values }), "DaemonSet", "kubefence-kata-setup")["spec"].template.spec;
}

function container({ initContainers, containers }: PodSpec, name: string): Container {
  const found = [...initContainers, ...containers].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

/** Flags of what sets Kata up; both containers have the same. */
function flagsOf(values: object): string[] {
  const pod = podOf(values);
  const { command } = container(pod, "configure-kata");
  expect(container(pod, "kata-setup-complete").command).toEqual(command);
  return command.slice(4);
}

test("the original's containers, in its order", () => {
  const pod = podOf(withKata());
  expect(pod.initContainers.map(({ name }) => name)).toEqual([
    "wait-for-kata",
    "install-kata-kernel",
    "install-kata-rootfs",
    "configure-kata",
  ]);
  expect(pod.containers.map(({ name }) => name)).toEqual(["kata-setup-complete"]);
});

test("kernel and image come out of their images, which see nothing of the node", () => {
  const pod = podOf(withKata());
  expect(container(pod, "install-kata-kernel")).toMatchObject({
    image: "ghcr.io/kubefence/kata-kernel-landlock:3.28.0",
    command: ["/bin/cp", "/vmlinux", "/staging/vmlinux"],
    volumeMounts: [{ name: "staging", mountPath: "/staging" }],
  });
  expect(container(pod, "install-kata-rootfs")).toMatchObject({
    image: "ghcr.io/kubefence/kata-rootfs-nono:3.28.0-v0.23.0",
    command: ["/bin/cp", "/kata-containers-confidential.image", "/staging/kata-containers-confidential.image"],
    volumeMounts: [{ name: "staging", mountPath: "/staging" }],
  });
  const none = podOf(withKata({ kernelImage: "", rootfsImage: "" }));
  expect(none.initContainers.map(({ name }) => name)).toEqual(["wait-for-kata", "configure-kata"]);
  const flags = flagsOf(withKata({ kernelImage: "", rootfsImage: "" })).join(" ");
  expect(flags).not.toMatch(/--kernel|--image/);
});

test.each<[object, string[]]>([
  [
    {},
    ["--root=/host", "--kata-timeout=600", "--kernel=/staging/vmlinux", "--image-version=3.28.0", "--restart=systemd"],
  ],
  [{ shareDir: "/srv/kata" }, ["--share-directory=/srv/kata"]],
  [{ qemuConfigPath: "/etc/kata-containers/q.toml" }, ["--qemu-config=/etc/kata-containers/q.toml"]],
  [{ rootfsImage: "registry:5000/rootfs:v4.2.1-x" }, ["--image-version=4.2.1"]],
  [{ kernelVerityParams: "root_hash=1" }, ["--kernel-verity-params=root_hash=1"]],
  [{ timeoutSeconds: 30 }, ["--kata-timeout=30"]],
  [{ qemu: { machineAccelerators: "kernel_irqchip=split" } }, ["--machine-accelerators=kernel_irqchip=split"]],
  [{}, ["--seccomp-sandbox=on,obsolete=deny,spawn=deny,resourcecontrol=deny", "--disable-guest-seccomp=false"]],
  [{ qemu: { seccompSandbox: "", disableGuestSeccomp: true } }, ["--seccomp-sandbox=", "--disable-guest-seccomp=true"]],
])("kata: %j", (kata, flags) => {
  expect(flagsOf(withKata(kata))).toEqual(expect.arrayContaining(flags));
});

test("a default stands for what the node has; a tag without a version says none", () => {
  const flags = flagsOf(withKata({ rootfsImage: "registry:5000/rootfs:latest" })).join(" ");
  expect(flags).not.toMatch(/--qemu-config|--config|--runtime|--image-version|--annotation/);
});

test("paths and ways of the node's set-up hold here too", () => {
  const values = withKata(
    {},
    {
      containerdConfigPath: "/srv/containerd.toml",
      nodeSetup: { restart: "term", runtime: "containerd" },
      hostPaths: { kataDir: "/var/lib/kubefence/kata-config" },
    },
  );
  expect(flagsOf(values)).toEqual(
    expect.arrayContaining([
      "--config=/srv/containerd.toml",
      "--restart=term",
      "--runtime=containerd",
      "--directory=/var/lib/kubefence/kata-config",
    ]),
  );
});

test("annotations that the plugin admits reach Kata, by name", () => {
  const one = "io.katacontainers.config.hypervisor.hot_plug_vfio";
  expect(flagsOf(withKata({}, { config: { kataAnnotations: [one] } }))).toContain(`--annotation=${one}`);
  const listed = { config: { kataPolicySha256: ["ab".repeat(32)] } };
  expect(flagsOf(withKata({}, listed)).filter((flag) => flag.startsWith("--annotation="))).toEqual([
    "--annotation=io.katacontainers.config.agent.policy",
    "--annotation=io.katacontainers.config.hypervisor.cc_init_data",
  ]);
});

test("every flag is one that the command has", async () => {
  const values = withKata(
    { qemuConfigPath: "/q" },
    {
      config: { kataAnnotations: ["io.katacontainers.x"] },
      containerdConfigPath: "/c",
      nodeSetup: { runtime: "crio" },
    },
  );
  const pod = podOf(values);
  const program = buildProgram("test", () => undefined);
  const kata = program.commands
    .find((command) => command.name() === "node")
    ?.commands.find((command) => command.name() === "kata");
  const hook: PodSpec = find(render({ values }), "DaemonSet", "kubefence-node-uninstall")["spec"].template.spec;
  for (const { command, args = [] } of [...pod.initContainers, ...pod.containers, ...hook.initContainers.slice(0, 1)]) {
    if (command[0] !== "/usr/local/bin/kubefence") continue;
    const found = kata?.commands.find((one) => one.name() === command[3]);
    const { unknown, operands } = found?.parseOptions([...command.slice(4), ...args]) ?? {
      unknown: ["?"],
      operands: [],
    };
    expect({ unknown, operands }).toEqual({ unknown: [], operands: [] });
  }
});

const hookOf = (values: object): Container[] =>
  find(render({ values }), "DaemonSet", "kubefence-node-uninstall")["spec"].template.spec.initContainers;

test("helm uninstall takes it back, before the node's set-up if that is there", () => {
  const names = (values: object): string[] => hookOf(values).map(({ name }) => name);
  expect(names(withKata())).toEqual(["unconfigure-kata", "unconfigure-node"]);
  expect(names(withKata({}, { nodeSetup: { enabled: false } }))).toEqual(["unconfigure-kata"]);
  expect(names({})).toEqual(["unconfigure-node"]);
  const others = {
    containerdConfigPath: "/c",
    nodeSetup: { restart: "term", runtime: "crio", uninstall: { force: true } },
  };
  expect(hookOf(withKata({}, others))[0]?.command.slice(1)).toEqual([
    "node",
    "kata",
    "uninstall",
    "--root=/host",
    "--restart=term",
    "--runtime=crio",
    "--config=/c",
    "--force",
  ]);
});

test("rights: what waits may only read, what works on the node is privileged", () => {
  const pod = podOf(withKata());
  expect(container(pod, "wait-for-kata").volumeMounts).toEqual([{ name: "host", mountPath: "/host", readOnly: true }]);
  const privileged = [...pod.initContainers, ...pod.containers].filter(
    ({ securityContext }) => securityContext.privileged,
  );
  expect(privileged.map(({ name }) => name)).toEqual(["configure-kata", "kata-setup-complete"]);
  expect(container(pod, "kata-setup-complete").args).toEqual(["--watch=30"]);
  const { image, securityContext } = container(podOf(withKata({ reapply: false })), "kata-setup-complete");
  expect({ image, securityContext }).toEqual({
    image: "busybox:1.37.0-uclibc",
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  });
});

test("its nodes: those of all DaemonSets, narrowed to the ones with Kata", () => {
  const kata = { nodeSelector: { "katacontainers.io/kata-runtime": "true" } };
  expect(podOf(withKata(kata, { nodeSelector: { pool: "agents" } })).nodeSelector).toEqual({
    "katacontainers.io/kata-runtime": "true",
    pool: "agents",
  });
  const plugin: KubernetesObject = find(render({ values: withKata(kata) }), "DaemonSet", "kubefence");
  expect(plugin["spec"].template.spec).not.toHaveProperty("nodeSelector");
});

const classWith = (kata: object, kataNono: object): object => ({
  kata,
  runtimeClasses: { kataNono: { enabled: true, ...kataNono } },
});

test.each<[string, object, string, RegExp]>([
  [
    "set-up, and the handler left as it is",
    classWith({ enabled: true }, {}),
    "kata-nono-qemu",
    /has the handler kata-nono-qemu, because runtimeClasses\.kataNono\.handler is left at "kata-qemu"/,
  ],
  [
    "set-up, and ours by name",
    classWith({ enabled: true }, { handler: "kata-nono-qemu" }),
    "kata-nono-qemu",
    /has the handler kata-nono-qemu\.\n/,
  ],
  [
    "set-up, and another handler",
    classWith({ enabled: true }, { handler: "kata-clh" }),
    "kata-clh",
    /keeps the handler kata-clh that you chose/,
  ],
  ["no set-up", classWith({ enabled: false }, {}), "kata-qemu", /config\.runtimeClasses was extended by kata-qemu/],
])(
  "RuntimeClass kata-nono-sandbox with %s: %s is its handler, and the plugin sandboxes it",
  (_, values, handler, note) => {
    const objects = render({ values });
    expect(find(objects, "RuntimeClass", "kata-nono-sandbox")["handler"]).toBe(handler);
    const configuration = parseConfiguration(
      find(objects, "ConfigMap", "kubefence-config")["data"]["10-nono-nri.toml"],
    );
    expect(configuration.runtimeClasses).toEqual(["nono-runc", handler]);
    expect(`${renderNotes({ values })}\n`).toMatch(note);
  },
);
