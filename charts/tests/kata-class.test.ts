/** RuntimeClass kata-nono-sandbox, and what of it reaches the plugin. */
import { parseConfiguration } from "@kubefence/plugin/configuration-parser";
import { HARMLESS_KATA_ANNOTATIONS } from "@kubefence/plugin/kata-annotations";
import { expect, test } from "vitest";
import { find, type KubernetesObject, render } from "./helm.ts";

const kata = (values: object, others: object = {}): KubernetesObject[] =>
  render({ values: { runtimeClasses: { kataNono: { enabled: true, ...values } }, ...others } });
const classOf = (values: object, others?: object): KubernetesObject =>
  find(kata(values, others), "RuntimeClass", "kata-nono-sandbox");
const configurationOf = (objects: KubernetesObject[]): ReturnType<typeof parseConfiguration> =>
  parseConfiguration(find(objects, "ConfigMap", "kubefence-config")["data"]["10-nono-nri.toml"]);

const admitted = (config: object): unknown => {
  const values = { config, admissionPolicy: { enabled: true, namespaces: ["team-a"] } };
  const { variables } = find(render({ values }), "ValidatingAdmissionPolicy", "kubefence-pods")["spec"];
  const { expression } = variables.find(({ name }: { name: string }) => name === "kataAnnotations");
  return JSON.parse(expression);
};

test("it has the overhead of a virtual machine, unless told otherwise", () => {
  expect(classOf({})["overhead"]).toEqual({ podFixed: { cpu: "250m", memory: "160Mi" } });
  expect(classOf({ overhead: { memory: "1Gi" } })["overhead"]).toEqual({ podFixed: { cpu: "250m", memory: "1Gi" } });
  expect(classOf({ overhead: { cpu: null, memory: null } })["overhead"]).toBeUndefined();
});

test("its pods go to the nodes that are named, and to those that are ready if nodes say so", () => {
  expect(classOf({})["scheduling"]).toBeUndefined();
  const nodeSelector = { "katacontainers.io/kata-runtime": "true" };
  expect(classOf({ nodeSelector })["scheduling"]).toEqual({ nodeSelector });
  const tolerations = [{ key: "kata", operator: "Exists" }];
  expect(classOf({ nodeSelector, tolerations }, { nodeReadiness: { enabled: true } })["scheduling"]).toEqual({
    nodeSelector: { ...nodeSelector, "kubefence.io/ready": "true" },
    tolerations,
  });
});

test("enabling it is enough for its handler to be sandboxed, and for the plugin to know that Kata is behind it", () => {
  expect(configurationOf(kata({}))).toMatchObject({ runtimeClasses: ["nono-runc", "kata-qemu"], kataClasses: [] });
  expect(configurationOf(kata({ handler: "enclave" }))).toMatchObject({
    runtimeClasses: ["nono-runc", "enclave"],
    kataClasses: ["enclave"],
  });
});

test("the operator's lists reach the plugin; what it would refuse, the schema does", () => {
  const config = {
    kataAnnotations: ["io.katacontainers.config.hypervisor.hot_plug_vfio"],
    kataPolicySha256: ["0123456789abcdef".repeat(4)],
  };
  expect(configurationOf(render({ values: { config } }))).toMatchObject(config);
  expect(() => render({ values: { config: { kataPolicySha256: ["ABC"] } } })).toThrow(/kataPolicySha256/);
  expect(() => render({ values: { config: { kataAnnotations: ["nono.sh/profile"] } } })).toThrow(/kataAnnotations/);
});

test("the admission policy admits the annotations that the plugin does", () => {
  expect(admitted({})).toEqual(HARMLESS_KATA_ANNOTATIONS);
  const config = { kataAnnotations: ["io.katacontainers.x"], kataPolicySha256: ["0".repeat(64)] };
  expect(admitted(config)).toEqual([
    ...HARMLESS_KATA_ANNOTATIONS,
    "io.katacontainers.config.agent.policy",
    "io.katacontainers.config.hypervisor.cc_init_data",
    "io.katacontainers.x",
  ]);
});
