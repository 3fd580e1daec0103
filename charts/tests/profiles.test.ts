import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readProfileFolder } from "../../packages/cli/src/files/profile-file.ts";
import { find, type KubernetesObject, render } from "./helm.ts";

const nginx = {
  extends: ["base", "default"],
  filesystem: { allow: ["/var/lib/nginx", { path: "/var/log/nginx", when: "linux" }] },
  network: { listen_port: [80, 443], network_profile: null },
};
const base = '{ // comment\n  "filesystem": { "read": ["/srv/<a>&\\"b\\"", "$HOME/.cache"], },\n}\n';
const values = { profiles: { nginx, base } };
const daemonSets = ["kubefence", "kubefence-node-setup"];

const podOf = (objects: readonly KubernetesObject[], name: string): KubernetesObject =>
  find(objects, "DaemonSet", name)["spec"].template;

test("what the compiler finds in the volume is what the values say", async () => {
  const data: Record<string, string> = find(render({ values }), "ConfigMap", "kubefence-profiles")["data"];
  expect(JSON.parse(data["nginx.json"] ?? "")).toEqual(nginx);
  expect(data["base.json"]).toBe(base);
  const folder = mkdtempSync(join(tmpdir(), "kubefence-chart-profiles-"));
  try {
    for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), text);
    const compiled = await readProfileFolder(folder);
    expect([...compiled.keys()]).toEqual(["base", "nginx"]);
    const { filesystem, network } = compiled.get("nginx")?.manifest ?? {};
    const paths = filesystem?.grants.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["/var/lib/nginx", "/var/log/nginx", '/srv/<a>&"b"', "/usr"]));
    expect(network).toEqual({ mode: "unrestricted", ports: { bind: [80, 443] } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the demo's profile as a value", () => {
  const text = readFileSync(new URL("../../contrib/ai-agent/ai-agent.json", import.meta.url), "utf8");
  const byText = render({ values: { profiles: { "ai-agent": text } } });
  expect(find(byText, "ConfigMap", "kubefence-profiles")["data"]).toEqual({ "ai-agent.json": text });
  const byObject = render({ values: { profiles: { "ai-agent": JSON.parse(text) } } });
  const data: Record<string, string> = find(byObject, "ConfigMap", "kubefence-profiles")["data"];
  expect(JSON.parse(data["ai-agent.json"] ?? "")).toEqual(JSON.parse(text));
});

test.each(daemonSets)("%s: the container that installs gets them", (name) => {
  const { spec } = podOf(render({ values, release: "kubefence" }), name);
  const [install, ...others] = [...spec.initContainers, ...spec.containers];
  expect(install.command).toContain("--profiles=/profiles");
  expect(install.terminationMessagePolicy).toBe("FallbackToLogsOnError");
  expect(install.volumeMounts).toContainEqual({ name: "profiles", mountPath: "/profiles", readOnly: true });
  expect(JSON.stringify(others)).not.toContain("/profiles");
  expect(spec.volumes).toContainEqual({ name: "profiles", configMap: { name: "kubefence-profiles" } });
});

test.each(daemonSets)("%s: another profile is a new pod, none is nothing", (name) => {
  const sum = (changed: object): string =>
    podOf(render({ values: changed }), name).metadata.annotations?.["checksum/profiles"] ?? "none";
  const sums = [{}, values, { profiles: { nginx } }, { profiles: { nginx, base: `${base}\n` } }].map(sum);
  expect(sums[0]).toBe("none");
  expect(sums[1]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(sums).size).toBe(sums.length);
  const without = render({ values: { profiles: {} } });
  expect(without).toEqual(render());
  expect(JSON.stringify(podOf(without, name))).not.toContain("/profiles");
  expect(without.map(({ metadata }) => metadata.name)).not.toContain("kubefence-profiles");
});

describe("a mistake is refused before anything is changed, and the message says where", () => {
  test.each<[object, RegExp]>([
    [{ "-x": {} }, /'-x' does not match pattern/],
    [{ "a.json": {} }, /'a\.json' does not match pattern/],
    [{ a: { filesystm: {} } }, /at '\/profiles\/a': additional properties 'filesystm' not allowed/],
    [{ a: { filesystem: { alow: [] } } }, /at '\/profiles\/a\/filesystem': additional properties 'alow' not allowed/],
    [{ a: { network: { listen_port: ["80"] } } }, /at '\/profiles\/a\/network\/listen_port\/0': got string/],
    [{ a: "" }, /at '\/profiles\/a': minLength/],
    [{ a: [] }, /at '\/profiles\/a'/],
  ])("%j", (profiles, message) => {
    expect(() => render({ values: { profiles } })).toThrow(message);
  });

  test("profiles for a launcher that does not read them", () => {
    const config = { launcher: "nono" };
    const other = { config, nodeSetup: { enabled: false } };
    expect(() => render({ values: { ...other, ...values } })).toThrow("config.launcher is nono");
    expect(() => render({ values: other })).not.toThrow();
  });
});
