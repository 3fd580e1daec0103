import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { containerdRelease } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import type { LogRecord } from "../stack/plugin/log.ts";

// Users' dashboards and the original's end-to-end checks read these records: names and order are a promise.

const test = testWithPlugin();

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$/);

test("start-up names configuration, classes and default profile, and later the runtime", async ({ plugin, node }) => {
  const starting = await plugin.log.find({ msg: "nono-nri starting" });
  expectRecord(starting, {
    level: "INFO",
    config: `${node.directories.run}/10-nono-nri.toml`,
    runtime_classes: ["nono-runc"],
    default_profile: "default",
  });
  const lines = plugin.log.records().map((record) => JSON.stringify(record));
  expect(lines.some((line) => line.includes("containerd") && line.includes(`v${containerdRelease().version}`))).toBe(
    true,
  );
});

test("injected, container-stopping and container-removed", async ({ plugin, runSandboxedPod }) => {
  const pod = await runSandboxedPod({
    name: "logged",
    namespace: "team",
    annotations: { "nono.sh/profile": "workspace" },
  });
  const container = await pod.startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
  const injected = await plugin.log.find({ msg: "injected", container_id: container.id });
  expectRecord(injected, {
    level: "INFO",
    decision: "inject",
    container_id: container.id,
    namespace: "team",
    pod: "logged",
    profile: "workspace",
    runtime_handler: "nono-runc",
  });
  await container.stop();
  const lifeCycle = { level: "INFO", container_id: container.id, pod: "logged", namespace: "team" };
  expectRecord(await plugin.log.find({ msg: "container-stopping", container_id: container.id }), lifeCycle);
  await container.remove();
  expectRecord(await plugin.log.find({ msg: "container-removed", container_id: container.id }), lifeCycle);
});

test("skip", async ({ plugin, runPod }) => {
  const pod = await runPod({ name: "not-ours", namespace: "team" });
  const container = await pod.createContainer({ name: "main", image: images.busybox, command: ["true"] });
  expectRecord(await plugin.log.find({ msg: "skip", container_id: container.id }), {
    level: "INFO",
    decision: "skip",
    reason: "no_runtime_handler",
    container_id: container.id,
    namespace: "team",
    pod: "not-ours",
    profile: "",
    runtime_handler: "",
  });
});

test("an annotation that is no profile name falls back to the default, with a warning", async ({
  plugin,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({ name: "misspelt", annotations: { "nono.sh/profile": "../etc" } });
  const container = await pod.createContainer({ name: "main", image: images.busybox, command: ["true"] });
  expect(await plugin.log.find({ msg: "injected", container_id: container.id })).toMatchObject({ profile: "default" });
  const warnings = plugin.log.records().filter(({ level }) => level === "WARN");
  expect(warnings.filter((record) => record["pod"] === "misspelt").map((record) => JSON.stringify(record))).toEqual([
    expect.stringContaining("../etc"),
  ]);
});

// The keys in their order: time, level, msg, then the attributes.
function expectRecord(record: LogRecord, expected: Record<string, unknown>): void {
  const { level, ...attributes } = expected;
  expect(record).toMatchObject({ time, level, ...attributes });
  expect(Object.keys(record)).toEqual(["time", "level", "msg", ...Object.keys(attributes)]);
}
