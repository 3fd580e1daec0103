import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "smol-toml";
import { parseAllDocuments } from "yaml";
import { parseConfiguration } from "@kubefence/plugin/configuration-parser";
import { find, type KubernetesObject, render } from "./helm.ts";

const directory = new URL("../../deploy/", import.meta.url);
const textOf = (file: string): string => readFileSync(new URL(file, directory), "utf8");
const objectOf = (file: string): KubernetesObject => {
  const [document] = parseAllDocuments(textOf(file));
  return document?.toJS();
};

const runtimeClasses = readdirSync(directory).filter((file) => file.startsWith("runtimeclass-"));

test("the example lists every handler that the RuntimeClasses name", () => {
  const {
    runtimeClasses: listed,
    defaultProfile,
    seccompProfile,
  } = parseConfiguration(textOf("10-nono-nri.toml.example"));
  expect(runtimeClasses).toHaveLength(3);
  expect(listed).toEqual(expect.arrayContaining(runtimeClasses.map((file) => objectOf(file)["handler"])));
  expect([defaultProfile, seccompProfile]).toEqual(["default", "restricted"]);
});

test("the documented sed finds the image, twice", () => {
  const lines = textOf("daemonset.yaml").split("\n");
  expect(lines.filter((line) => line.trim() === "image: nono-nri:latest")).toHaveLength(2);
});

test("names and labels are the original's", () => {
  const { metadata, spec } = objectOf("daemonset.yaml");
  expect(metadata).toMatchObject({ name: "nono-nri", namespace: "kube-system", labels: { app: "nono-nri" } });
  expect(spec.selector.matchLabels).toEqual({ app: "nono-nri" });
  const pod = objectOf("test-pod.yaml");
  expect(pod.metadata).toMatchObject({ name: "nono-test", namespace: "default" });
  expect(pod["spec"]).toMatchObject({ runtimeClassName: "kata-nono-sandbox", restartPolicy: "Never" });
});

test("the DaemonSet is the chart's, but for the image, the configuration's place and the limits", () => {
  const ours = objectOf("daemonset.yaml")["spec"];
  const { spec: charts } = find(render({ values: { image: { repository: "nono-nri" } } }), "DaemonSet", "kubefence");
  const [init] = charts.template.spec.initContainers;
  const [container] = charts.template.spec.containers;
  const { resources: _, ...unlimited } = container;
  expect(ours.updateStrategy).toEqual(charts.updateStrategy);
  expect(ours.template.spec.initContainers).toEqual([
    { ...init, command: init.command.filter((argument: string) => !argument.startsWith("--runtime-config")) },
  ]);
  expect(ours.template.spec.containers).toEqual([
    { ...unlimited, command: container.command.filter((argument: string) => !argument.startsWith("--log-level")) },
  ]);
});

test("the snippets are TOML and name our handler", () => {
  expect(parse(textOf("containerd-config.toml"))).toMatchObject({
    plugins: {
      "io.containerd.nri.v1.nri": { disable: false, socket_path: "/var/run/nri/nri.sock" },
      "io.containerd.cri.v1.runtime": { containerd: { runtimes: { "nono-runc": { pod_annotations: ["nono.sh/*"] } } } },
    },
  });
  expect(parse(textOf("crio-nri.conf"))).toMatchObject({
    crio: { nri: { enable_nri: true }, runtime: { runtimes: { "nono-runc": {} } } },
  });
});
