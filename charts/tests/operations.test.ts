import { expect, test } from "vitest";
import { parseConfiguration } from "@kubefence/plugin/configuration-parser";
import { openPrometheusMetrics } from "../../packages/plugin/src/observe/prometheus.ts";
import { dashboardJson } from "../generator/dashboard.ts";
import { find, installed, type KubernetesObject, render } from "./helm.ts";

const everything = {
  kata: { enabled: true },
  runtimeClasses: { kataNono: { enabled: true } },
  nodeReadiness: { enabled: true },
  podMonitor: { enabled: true },
  dashboard: { enabled: true },
  admissionPolicy: { enabled: true, namespaces: ["team-a"] },
  openshift: { securityContextConstraints: true },
};

const pluginPod = (values: object): KubernetesObject =>
  find(render({ values }), "DaemonSet", "kubefence")["spec"].template;

test("configuration: what is set reaches the plugin, tables and numbers too", () => {
  const values = {
    config: {
      allowedProfiles: { "*": ["default"], "team-a": ["default", "workspace"] },
      minLandlockAbi: 6,
      execPolicyByNamespace: { "team-b": "deny" },
      invalidProfile: "refuse",
      stateDirectory: "/run/kubefence",
    },
  };
  const objects = render({ values });
  expect(parseConfiguration(find(objects, "ConfigMap", "kubefence-config")["data"]["10-nono-nri.toml"])).toMatchObject({
    allowedProfiles: new Map([
      ["*", ["default"]],
      ["team-a", ["default", "workspace"]],
    ]),
    minLandlockAbi: 6,
    execPolicyByNamespace: new Map([["team-b", "deny"]]),
    invalidProfile: "refuse",
    stateDirectory: "/run/kubefence",
  });
});

test("an empty table of allowed profiles is none: it would allow nothing", () => {
  const text = find(render(), "ConfigMap", "kubefence-config")["data"]["10-nono-nri.toml"];
  expect(parseConfiguration(text).allowedProfiles).toBeUndefined();
});

const sums = (values: object): string[] =>
  ["kubefence", "kubefence-node-setup"].map(
    (name) => find(render({ values }), "DaemonSet", name)["spec"].template.metadata.annotations["checksum/config"],
  );

test("a new configuration is a new pod, of the plugin and of the set-up; another value is not", () => {
  const before = sums({});
  expect(before[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(sums({ podMonitor: { enabled: true } })).toEqual(before);
  for (const sum of sums({ config: { defaultProfile: "strict" } })) expect(before).not.toContain(sum);
});

const imageOf = (image: object): string => pluginPod({ image })["spec"].containers[0].image;

test("image: tag, appVersion, digest", () => {
  expect(imageOf({})).toBe("ghcr.io/kubefence/nono-nri-plugin:latest");
  expect(imageOf({ tag: "" })).toBe("ghcr.io/kubefence/nono-nri-plugin:0.1.0");
  const digest = `sha256:${"a".repeat(64)}`;
  expect(imageOf({ digest })).toBe(`ghcr.io/kubefence/nono-nri-plugin@${digest}`);
});

test("pods: what users expect to be able to set", () => {
  const { metadata, spec } = pluginPod({
    imagePullSecrets: [{ name: "registry" }],
    nodeSelector: { pool: "agents" },
    affinity: { nodeAffinity: {} },
    priorityClassName: "mine",
    podAnnotations: { a: "b" },
    podLabels: { team: "x" },
    extraEnv: [{ name: "NODE_OPTIONS", value: "--trace-warnings" }],
    log: { level: "debug", json: false },
    health: { port: 8080 },
    openshift: { seLinuxOptions: { type: "spc_t" } },
  });
  expect(metadata["annotations"]).toMatchObject({ a: "b" });
  expect(metadata["labels"]).toMatchObject({ team: "x" });
  expect(spec).toMatchObject({
    imagePullSecrets: [{ name: "registry" }],
    nodeSelector: { pool: "agents" },
    affinity: { nodeAffinity: {} },
    priorityClassName: "mine",
    securityContext: { seLinuxOptions: { type: "spc_t" } },
  });
  const [container] = spec.containers;
  expect(container.command).toEqual(
    expect.arrayContaining(["--health-address=:8080", "--log-level=debug", "--json=false"]),
  );
  expect(container.env).toEqual([{ name: "NODE_OPTIONS", value: "--trace-warnings" }]);
  expect(container.ports).toEqual([{ name: "health", containerPort: 8080 }]);
});

test("probes ask the plugin, and an update brings the new pod before the old one goes", () => {
  const { spec } = find(render(), "DaemonSet", "kubefence");
  const [container] = spec.template.spec.containers;
  const path = (probe: string): string => container[probe].httpGet.path;
  expect([path("startupProbe"), path("livenessProbe"), path("readinessProbe")]).toEqual([
    "/healthz",
    "/healthz",
    "/readyz",
  ]);
  expect(spec.updateStrategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
  // Surge needs free ports.
  expect(container.ports[0]).not.toHaveProperty("hostPort");
  expect(spec.template.spec.priorityClassName).toBe("system-node-critical");
});

const privileged = [
  "configure-containerd",
  "prove-sandbox",
  "unconfigure-node",
  "configure-kata",
  "kata-setup-complete",
  "unconfigure-kata",
];

test("only the set-up is privileged; nothing else may gain anything", () => {
  for (const object of render({ values: everything }).filter(({ kind }) => kind === "DaemonSet")) {
    const { initContainers = [], containers } = object["spec"].template.spec;
    for (const { name, securityContext } of [...initContainers, ...containers]) {
      if (privileged.includes(name)) continue;
      expect({ name, ...securityContext }).toEqual({
        name,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  }
});

test("without a value that needs it there is no right to anything", () => {
  const kinds = new Set(installed(render()).map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual(["ConfigMap", "DaemonSet", "RuntimeClass"]);
  for (const object of render().filter(({ kind }) => kind === "DaemonSet")) {
    expect(object["spec"].template.spec.automountServiceAccountToken).toBe(false);
  }
});

test("node readiness: rights on nodes, bound to the own one; classes follow the label", () => {
  const objects = render({
    values: { nodeReadiness: { enabled: true }, runtimeClasses: { kataNono: { enabled: true } } },
  });
  expect(find(objects, "ClusterRole", "kubefence-node-readiness")["rules"]).toEqual([
    { apiGroups: [""], resources: ["nodes"], verbs: ["get", "patch"] },
  ]);
  const { spec } = pluginPod({ nodeReadiness: { enabled: true, startupTaint: true } });
  expect(spec.automountServiceAccountToken).toBe(true);
  expect(spec.containers[0].command).toEqual(expect.arrayContaining(["--node=$(NODE_NAME)", "--startup-taint=true"]));
  expect(spec.containers[0].env).toEqual([
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ]);
  const policy = find(objects, "ValidatingAdmissionPolicy", "kubefence-node-readiness")["spec"];
  expect(policy.failurePolicy).toBe("Fail");
  expect(policy.matchConditions[0].expression).toContain('"system:serviceaccount:kube-system:kubefence"');
  const binding = find(objects, "ValidatingAdmissionPolicyBinding", "kubefence-node-readiness")["spec"];
  expect(binding).toEqual({ policyName: "kubefence-node-readiness", validationActions: ["Deny"] });
  for (const name of ["nono-runc", "kata-nono-sandbox"]) {
    expect(find(objects, "RuntimeClass", name)["scheduling"]).toEqual({
      nodeSelector: { "kubefence.io/ready": "true" },
    });
  }
  expect(find(render(), "RuntimeClass", "nono-runc")).not.toHaveProperty("scheduling");
});

test.each(["nodeReadiness", "admissionPolicy"])("%s needs a Kubernetes with admission policies", (name) => {
  const values = { [name]: { enabled: true, ...(name === "admissionPolicy" && { namespaces: ["a"] }) } };
  expect(() => render({ values, kubernetes: "1.29.0" })).toThrow("needs Kubernetes 1.30");
  expect(render({ values, kubernetes: "1.30.0" }).length).toBeGreaterThan(5);
});

const selectorOf = (admissionPolicy: object): unknown =>
  find(
    render({ values: { admissionPolicy: { enabled: true, ...admissionPolicy } } }),
    "ValidatingAdmissionPolicyBinding",
    "kubefence-pods",
  )["spec"].matchResources.namespaceSelector;

test("admission policy: namespaces by name or by label, and one of both", () => {
  expect(selectorOf({ namespaces: ["a", "b"] })).toEqual({
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["a", "b"] }],
  });
  const byLabel = { matchLabels: { sandbox: "required" } };
  expect(selectorOf({ namespaceSelector: byLabel })).toEqual(byLabel);
  expect(() => selectorOf({})).toThrow("name the namespaces");
  expect(() => selectorOf({ namespaces: ["a"], namespaceSelector: byLabel })).toThrow("name the namespaces");
});

test("PodMonitor: the plugin's pods and not those of the set-up", () => {
  const { spec } = find(render({ values: everything }), "PodMonitor", "kubefence");
  expect(spec.selector.matchExpressions).toEqual([{ key: "app.kubernetes.io/component", operator: "DoesNotExist" }]);
  expect(spec.podMetricsEndpoints[0]).toMatchObject({ port: "health", path: "/metrics", interval: "30s" });
});

test("dashboard: every metric that it asks for exists, with the labels that it uses, and every metric is on it", async () => {
  const rendered = find(render({ values: everything }), "ConfigMap", "kubefence-dashboard");
  expect(rendered.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
  expect(rendered["data"]["kubefence.json"]).toBe(dashboardJson());
  const queries: string[] = JSON.parse(dashboardJson()).panels.flatMap((panel: { targets: { expr: string }[] }) =>
    panel.targets.map(({ expr }) => expr),
  );
  const { registry } = openPrometheusMetrics("");
  const known = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  const asked = queries.flatMap((query) =>
    [...query.matchAll(/kubefence_\w+/g)].map(([name]) => name.replace(/_bucket$/, "")),
  );
  expect(known).toEqual(expect.arrayContaining(asked));
  // The total of what the gauge shows as of now.
  expect(known.filter((name) => !asked.includes(name))).toEqual(["kubefence_unsandboxed_total"]);
  const bySomeLabel = /^sum by \((?!le\b|instance\b)(\w+)\) \(rate\((\w+)/;
  const used = queries.flatMap((query) => [bySomeLabel.exec(query) ?? []].filter(({ length }) => length > 0));
  expect(used.length).toBeGreaterThan(2);
  for (const [, label, metric = ""] of used) {
    expect(registry.getSingleMetric(metric)).toMatchObject({ labelNames: expect.arrayContaining([label]) });
  }
});

test("helm test: a pod of our class, of no other", () => {
  const pod = find(render({ values: { config: { defaultProfile: "strict" } } }), "Pod", "kubefence-test");
  expect(pod.metadata.annotations).toMatchObject({ "helm.sh/hook": "test", "nono.sh/profile": "strict" });
  expect(pod["spec"].runtimeClassName).toBe("nono-runc");
  const kata = { runtimeClasses: { nonoRunc: { enabled: false }, kataNono: { enabled: true } } };
  expect(find(render({ values: kata }), "Pod", "kubefence-test")["spec"].runtimeClassName).toBe("kata-nono-sandbox");
  const none = render({ values: { runtimeClasses: { nonoRunc: { enabled: false } } } });
  expect(none.filter(({ kind }) => kind === "Pod")).toEqual([]);
});

test("helm test: no DaemonSet takes its pod for one of its own", () => {
  const objects = render({ values: everything });
  const { labels = {} } = find(objects, "Pod", "kubefence-test").metadata;
  const selectors = objects.filter(({ kind }) => kind === "DaemonSet").map(({ spec }) => spec.selector.matchLabels);
  expect(selectors).toHaveLength(4);
  for (const selector of selectors) expect(labels).not.toMatchObject(selector);
});

test("SecurityContextConstraints allow what the pods need", () => {
  const objects = render({ values: everything });
  const constraints = find(objects, "SecurityContextConstraints", "kubefence");
  expect(constraints["users"]).toEqual(["system:serviceaccount:kube-system:kubefence"]);
  for (const object of objects.filter(({ kind }) => kind === "DaemonSet")) {
    expect(object["spec"].template.spec.serviceAccountName).toBe("kubefence");
  }
  const alone = render({ values: { openshift: { securityContextConstraints: true }, nodeSetup: { enabled: false } } });
  expect(find(alone, "SecurityContextConstraints", "kubefence")["allowPrivilegedContainer"]).toBe(false);
});

test("helm uninstall: rights to look, and only while it runs; an upgrade makes none of it", () => {
  const objects = render();
  const hook = objects.filter(({ metadata }) => metadata.name === "kubefence-node-uninstall");
  expect(hook.map(({ kind }) => kind).toSorted()).toEqual([
    "DaemonSet",
    "Job",
    "Role",
    "RoleBinding",
    "ServiceAccount",
  ]);
  for (const { metadata } of hook) {
    expect(metadata.annotations).toMatchObject({
      "helm.sh/hook": "pre-delete",
      "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    });
  }
  expect(find(hook, "Role", "kubefence-node-uninstall")["rules"]).toEqual([
    { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["daemonsets"], resourceNames: ["kubefence-node-uninstall"], verbs: ["get"] },
  ]);
  const daemonSet = find(hook, "DaemonSet", "kubefence-node-uninstall")["spec"].template;
  const job = find(hook, "Job", "kubefence-node-uninstall")["spec"].template.spec;
  const [, selector] = /--selector=(.*)/.exec(job.containers[0].command.join("\n")) ?? [];
  const wanted = Object.fromEntries((selector ?? "").split(",").map((one) => one.split("=")));
  expect(daemonSet.metadata.labels).toMatchObject(wanted);
  expect(daemonSet.spec.automountServiceAccountToken).toBe(false);
  expect(job.containers[0].securityContext.capabilities).toEqual({ drop: ["ALL"] });
  for (const nodeSetup of [{ enabled: false }, { uninstall: { enabled: false } }]) {
    const names = render({ values: { nodeSetup } }).map(({ metadata }) => metadata.name);
    expect(names).not.toContain("kubefence-node-uninstall");
  }
});

const waits = (nodeSetup: object): boolean =>
  pluginPod({ nodeReadiness: { enabled: true }, nodeSetup })["spec"].containers[0].command.includes(
    "--self-test-note=/var/run/nono-nri/self-test.json",
  );

test("node commands: what is set reaches all of them, and force and the self-test only theirs", () => {
  const values = {
    containerdConfigPath: "/etc/k/config.toml",
    hostPaths: { nonoRuncDir: "/var/lib/x" },
    nodeSetup: { restart: "term", runtime: "containerd", uninstall: { force: true } },
    nodeReadiness: { enabled: true },
  };
  const commands = (name: string, more: object = {}): string[][] =>
    find(render({ values: { ...values, ...more } }), "DaemonSet", name)["spec"].template.spec.initContainers.map(
      ({ command }: { command: string[] }) => command,
    );
  const [install = [], prove = []] = commands("kubefence-node-setup");
  const [uninstall = []] = commands("kubefence-node-uninstall");
  for (const command of [install, prove, uninstall]) {
    expect(command).toEqual(
      expect.arrayContaining([
        "--root=/host",
        "--config=/etc/k/config.toml",
        "--program=/var/lib/x/nono-runc",
        "--restart=term",
        "--runtime=containerd",
      ]),
    );
  }
  expect(install).toContain("--self-test");
  expect(prove).toEqual(expect.arrayContaining(["check", "--self-test", "--note", "--until-ready=120"]));
  expect(uninstall).toContain("--force");
  expect([waits({}), waits({ selfTest: false }), waits({ enabled: false })]).toEqual([true, false, false]);
  expect(commands("kubefence-node-setup", { nodeSetup: { selfTest: false } })).toHaveLength(1);
});

const nodeSetupCommand = (nodeSetup: object): string[] =>
  find(render({ values: { nodeSetup } }), "DaemonSet", "kubefence-node-setup")["spec"].template.spec.initContainers[0]
    .command;

test("node set-up: which runtime, where a node has both", () => {
  expect(nodeSetupCommand({ runtime: "crio" })).toContain("--runtime=crio");
  expect(nodeSetupCommand({}).filter((argument) => argument.startsWith("--runtime"))).toEqual([]);
  expect(() => nodeSetupCommand({ runtime: "docker" })).toThrow("runtime");
});
