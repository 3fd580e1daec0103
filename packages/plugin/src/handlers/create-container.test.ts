import { NriError } from "@kubefence/nri";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TestCall, TestDaemon } from "../testing/daemon.ts";
import { bindMount, configuration, containerInput, podInput } from "../testing/inputs.ts";
import { createContainer } from "./create-container.ts";

function refusalOf(daemon: TestDaemon, call: TestCall, ...[pod, container]: [object?, object?]): NriError {
  try {
    createContainer(daemon, podInput(pod), containerInput(container), call);
  } catch (error) {
    if (error instanceof NriError) return error;
    throw error;
  }
  throw new Error("the container was not refused");
}

const who = { container_id: "container1", namespace: "team-a", pod: "web" };

describe("a container of our class", () => {
  test("is sandboxed, and everything else follows when the answer has left", async () => {
    using daemon = new TestDaemon();
    const call = new TestCall();
    const answer = createContainer(daemon, podInput(), containerInput(), call);
    expect(answer?.adjust.args.slice(0, 5)).toEqual(["/nono/nono", "wrap", "--profile", "default", "--"]);
    await daemon.state.idle();
    expect(daemon.records).toEqual([]);
    expect(existsSync(join(daemon.stateDirectory, "pod-uid"))).toBe(false);

    call.answered();
    await daemon.state.idle();
    expect(daemon.records).toEqual([
      {
        level: "INFO",
        message: "injected",
        attributes: { decision: "inject", ...who, profile: "default", runtime_handler: "nono-runc" },
      },
    ]);
    const record: unknown = JSON.parse(
      readFileSync(join(daemon.stateDirectory, "pod-uid", "container1", "metadata.json"), "utf8"),
    );
    expect(record).toMatchObject({ container_id: "container1", pod: "web", namespace: "team-a", profile: "default" });
    expect(daemon.decisions).toEqual(["inject"]);
  });

  test("an answer that never left makes no record and no log", async () => {
    using daemon = new TestDaemon();
    createContainer(daemon, podInput(), containerInput(), new TestCall());
    await daemon.state.idle();
    expect(daemon.records).toEqual([]);
    expect(daemon.decisions).toEqual([]);
    expect(existsSync(join(daemon.stateDirectory, "pod-uid"))).toBe(false);
  });

  test("with an annotation that is no name is warned about", () => {
    using daemon = new TestDaemon();
    const call = new TestCall();
    createContainer(daemon, podInput({ profile: `-${"x".repeat(200)}` }), containerInput(), call);
    call.answered();
    expect(daemon.records[0]).toEqual({
      level: "WARN",
      message: "invalid profile annotation",
      attributes: { annotation: `-${"x".repeat(99)}`, profile: "default", ...who },
    });
  });
});

test("a container of another class is skipped with its reason", () => {
  using daemon = new TestDaemon();
  const call = new TestCall();
  expect(createContainer(daemon, podInput({ runtimeHandler: "runc" }), containerInput(), call)).toBeUndefined();
  call.answered();
  expect(daemon.records).toEqual([
    {
      level: "INFO",
      message: "skip",
      attributes: {
        decision: "skip",
        reason: "runtime_class_not_matched",
        ...who,
        profile: "",
        runtime_handler: "runc",
      },
    },
  ]);
  expect(Object.keys(daemon.records[0]?.attributes ?? {})).toEqual(
    "decision reason container_id namespace pod profile runtime_handler".split(" "),
  );
  expect(daemon.decisions).toEqual(["skip runtime_class_not_matched"]);
});

describe("a refusal", () => {
  test("is PERMISSION_DENIED, with what, why and what to do", () => {
    using daemon = new TestDaemon();
    const error = refusalOf(daemon, new TestCall(), {}, { mounts: [bindMount("/nono/", "/evil")] });
    expect(error.status).toBe(7);
    expect(error.message).toBe(
      'kubefence refused the container: MOUNT_OVER_LAUNCHER: a volume is mounted at "/nono/": /nono and everything above and under it ' +
        "belongs to the sandbox's launcher; choose another mountPath",
    );
  });

  test("is logged when it has left, leaves no state and no expectation", async () => {
    using daemon = new TestDaemon({ configuration: configuration({ invalidProfile: "refuse" }) });
    const call = new TestCall();
    const error = refusalOf(daemon, call, { annotations: new Map([["nono.sh/profile", "a b"]]) });
    call.answered();
    await daemon.state.idle();
    expect(daemon.records).toEqual([
      {
        level: "WARN",
        message: "refused",
        attributes: {
          decision: "refuse",
          reason: "PROFILE_NAME_INVALID",
          ...who,
          profile: "",
          runtime_handler: "nono-runc",
          error: error.message,
        },
      },
    ]);
    expect(daemon.decisions).toEqual(["refuse PROFILE_NAME_INVALID"]);
    expect(existsSync(join(daemon.stateDirectory, "pod-uid"))).toBe(false);
    expect(daemon.expectations.size).toBe(0);
  });

  test("is what any defect becomes", () => {
    using daemon = new TestDaemon();
    const error = refusalOf(daemon, new TestCall(), {}, { mountSpans: defect });
    expect(error.message).toContain("INTERNAL: the plugin failed: mounts cannot be read");
  });
});

function defect(): never {
  throw new TypeError("mounts cannot be read");
}

test("memory stays flat over containers that never come to validation", () => {
  using daemon = new TestDaemon();
  for (let index = 0; index < 10_000; index++) {
    createContainer(daemon, podInput(), containerInput({ id: `container${index}` }), new TestCall());
  }
  expect(daemon.expectations.size).toBeLessThanOrEqual(16);
  expect(daemon.expectations.get("container9999")).toBeDefined();
});
