import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { runProbe } from "../stack/probe.ts";

const test = testWithPlugin();

describe.each([
  { runtimeHandler: "", reason: "no_runtime_handler" },
  { runtimeHandler: "runc", reason: "runtime_class_not_matched" },
])("a pod with the handler '$runtimeHandler'", ({ runtimeHandler, reason }) => {
  test("is left alone", async ({ plugin, runPod }) => {
    const pod = await runPod({ name: `skipped-${reason}`, namespace: "team", runtimeHandler });
    const answers = await runProbe(pod, {
      operations: ["content:/etc/shadow", "list:/nono", "env:NONO_PROFILE", "env:PATH", "status:NoNewPrivs"],
    });
    expect(answers).toEqual({
      "content:/etc/shadow": "root:*:20000:0:99999:7:::",
      "list:/nono": "ENOENT",
      "env:NONO_PROFILE": "absent",
      "env:PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "status:NoNewPrivs": "0",
    });
    const record = await plugin.log.find({ msg: "skip", pod: `skipped-${reason}` });
    expect(record).toMatchObject({
      level: "INFO",
      decision: "skip",
      reason,
      container_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      namespace: "team",
      profile: "",
      runtime_handler: runtimeHandler,
    });
    expect(existsSync(join(plugin.stateDirectory, pod.uid))).toBe(false);
  });
});
