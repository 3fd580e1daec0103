import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { keys } from "@kubefence/plugin/keys";
import { generatedFiles } from "../generator/files.ts";
import { valueName } from "../values/config.ts";
import { entriesOf } from "../values/section.ts";
import { values } from "../values/index.ts";
import { chart, find, helm, render } from "./helm.ts";

test("every generated file is what its generator writes (npm run generate -w charts)", () => {
  const stale = [...generatedFiles()].filter(([path, text]) => readFileSync(path, "utf8") !== text);
  expect(stale.map(([path]) => path)).toEqual([]);
});

test("helm lint finds nothing wrong", () => {
  expect(helm("lint", "--strict", chart)).toContain("0 chart(s) failed");
});

test("every key of the plugin's configuration has a value", () => {
  const config = entriesOf(values).find(({ name }) => name === "config");
  const names = config?.kind === "section" ? config.entries.map(({ name }) => name) : [];
  expect(names.toSorted()).toEqual(Object.keys(keys).map(valueName).toSorted());
});

describe("a values file with a mistake is refused, and the message says where", () => {
  test.each<[object, RegExp]>([
    [{ runtimeClases: {} }, /additional properties 'runtimeClases' not allowed/],
    [{ config: { default_profile: "x" } }, /at '\/config': additional properties 'default_profile' not allowed/],
    [{ config: { defaultProfile: "--help" } }, /at '\/config\/defaultProfile': '--help' does not match pattern/],
    [{ config: { runtimeClasses: [] } }, /at '\/config\/runtimeClasses': minItems/],
    [{ config: { runtimeClasses: "nono-runc" } }, /at '\/config\/runtimeClasses': got string, want array/],
    [{ config: { nonoBinPath: "/opt/nono-nri/launcher" } }, /at '\/config\/nonoBinPath': .* does not match pattern/],
    [{ config: { invalidProfile: "warn" } }, /at '\/config\/invalidProfile': value must be one of 'default', 'refuse'/],
    [
      { config: { execPolicyByNamespace: { a: "no" } } },
      /at '\/config\/execPolicyByNamespace\/a': value must be one of/,
    ],
    [{ config: { minLandlockAbi: 0 } }, /at '\/config\/minLandlockAbi': minimum: got 0, want 1/],
    [{ hostPaths: { nonoHostDir: "opt" } }, /at '\/hostPaths\/nonoHostDir': 'opt' does not match pattern/],
    [{ image: { digest: "sha256:short" } }, /at '\/image\/digest'/],
    [{ image: { pullPolicy: "always" } }, /at '\/image\/pullPolicy': value must be one of 'Always'/],
    [{ tolerations: [{ operator: "Exist" }] }, /at '\/tolerations\/0\/operator': value must be one of/],
    [{ resources: { limit: {} } }, /at '\/resources': additional properties 'limit' not allowed/],
    [{ admissionPolicy: { hostPathPrefixes: ["/"] } }, /at '\/admissionPolicy\/hostPathPrefixes\/0'/],
    [{ log: { level: "loud" } }, /at '\/log\/level'/],
  ])("%j", (wrong, message) => {
    expect(() => render({ values: wrong })).toThrow(message);
  });

  test("values that contradict each other", () => {
    const both = { hostPaths: { nonoHostDir: "/var/lib/a" }, config: { nonoBinPath: "/var/lib/b/nono" } };
    expect(() => render({ values: both })).toThrow("they must name the same directory");
    expect(() => render({ values: { config: { launcher: "nono" } } })).toThrow("nodeSetup.enabled is true");
    const other = {
      config: { launcher: "template", launcherTemplate: { web: ["-ro", "/usr"] } },
      nodeSetup: { enabled: false },
    };
    expect(() => render({ values: other })).not.toThrow();
  });
});

test("Helm's own `global` is accepted", () => {
  expect(render({ values: { global: { any: 1 } } })).toEqual(render());
});

describe("the launcher's directory is one, wherever it is set", () => {
  test.each<[object, string]>([
    [{}, "/opt/nono-nri"],
    [{ hostPaths: { nonoHostDir: "/var/lib/nono-nri/" } }, "/var/lib/nono-nri"],
    [{ config: { nonoBinPath: "/var/lib/x/nono" } }, "/var/lib/x"],
    [{ hostPaths: { nonoHostDir: "/var/lib/x" }, config: { nonoBinPath: "/var/lib/x/nono" } }, "/var/lib/x"],
  ])("%j", (changed, directory) => {
    const objects = render({ values: changed });
    const { spec } = find(objects, "DaemonSet", "kubefence")["spec"].template;
    expect(spec.volumes.find((volume: { name: string }) => volume.name === "nono-host-dir").hostPath.path).toBe(
      directory,
    );
    for (const { volumeMounts } of [...spec.initContainers, ...spec.containers]) {
      expect(volumeMounts.find((mount: { name: string }) => mount.name === "nono-host-dir").mountPath).toBe(directory);
    }
    expect(spec.initContainers[0].command).toContain(`--directory=${directory}`);
    expect(find(objects, "ConfigMap", "kubefence-config")["data"]["10-nono-nri.toml"]).toContain(
      `nono_bin_path = "${directory}/nono"`,
    );
  });
});

const named = ({ name }: { name: string }): boolean => name === "nri-socket";

describe("the NRI socket's directory", () => {
  test.each<[object, string, string]>([
    [{}, "/var/run/nri", "/var/run/nri"],
    // As the original: another directory of the node, seen at the usual place.
    [{ hostPaths: { nriSocket: "/run/k3s" } }, "/run/k3s", "/var/run/nri"],
    [{ config: { socketPath: "/var/run/nri/other.sock" } }, "/var/run/nri", "/var/run/nri"],
    // What could not work there does.
    [{ config: { socketPath: "/run/k3s/nri.sock" } }, "/run/k3s", "/run/k3s"],
    [{ hostPaths: { nriSocket: "/run/a" }, config: { socketPath: "/run/b/nri.sock" } }, "/run/a", "/run/b"],
  ])("%j", (changed, onNode, inPod) => {
    const { spec } = find(render({ values: changed }), "DaemonSet", "kubefence")["spec"].template;
    expect(spec.volumes.find(named).hostPath.path).toBe(onNode);
    expect(spec.containers[0].volumeMounts.find(named).mountPath).toBe(inPod);
  });
});
