import { describe, expect, test } from "vitest";
import type { LauncherAdjustment } from "../adjust/adjustment.ts";
import type { AdjustmentOwners } from "../adjust/verify.ts";
import { TestCall, TestDaemon } from "../testing/daemon.ts";
import { containerInput, podInput } from "../testing/inputs.ts";
import { createContainer } from "./create-container.ts";
import { validateContainerAdjustment } from "./validate-container-adjustment.ts";

function ownersOf(plugin: string): { owners: ReadonlyMap<string, AdjustmentOwners> } {
  const fields = {
    simple: new Map([[7, plugin]]),
    compound: new Map([
      [2, { owners: new Map([["/nono", plugin]]) }],
      [
        6,
        {
          owners: new Map([
            ["PATH", plugin],
            ["NONO_PROFILE", plugin],
          ]),
        },
      ],
    ]),
  };
  return { owners: new Map([["container1", fields]]) };
}

function createdBy(daemon: TestDaemon): LauncherAdjustment {
  const answer = createContainer(daemon, podInput(), containerInput(), new TestCall());
  if (answer === undefined) throw new Error("the container was skipped");
  return answer.adjust;
}

const pod = podInput();
const container = { id: "container1" };

describe("validation", () => {
  test("accepts what we answered, once", () => {
    using daemon = new TestDaemon();
    const adjust = createdBy(daemon);
    const request = { pod, container, adjust, owners: ownersOf("10-nono-nri") };
    expect(validateContainerAdjustment(daemon, request, new TestCall())).toEqual({ reject: false });
    expect(daemon.expectations.size).toBe(0);
    expect(validateContainerAdjustment(daemon, request, new TestCall())).toMatchObject({ reject: true });
  });

  test("rejects a container of our class that we did not answer for", () => {
    using daemon = new TestDaemon();
    const call = new TestCall();
    const request = { pod, container, adjust: { args: [], mounts: [], env: [] }, owners: undefined };
    expect(validateContainerAdjustment(daemon, request, call)).toEqual({
      reject: true,
      reason: expect.stringMatching(
        /^kubefence refused the container: ADJUSTMENT_LOST: .*did not answer for this container; look for/,
      ),
    });
    call.answered();
    expect(daemon.logged("rejected")).toMatchObject([
      { level: "WARN", attributes: { pod: "web", reason: "ADJUSTMENT_LOST" } },
    ]);
    expect(daemon.decisions).toEqual(["refuse ADJUSTMENT_LOST"]);
  });

  test("rejects what another plugin undid", () => {
    using daemon = new TestDaemon();
    const adjust = { ...createdBy(daemon), args: ["nginx"] };
    const answer = validateContainerAdjustment(
      daemon,
      { pod, container, adjust, owners: ownersOf("10-nono-nri") },
      new TestCall(),
    );
    expect(answer).toMatchObject({ reject: true, reason: expect.stringContaining('begins with ["nginx"]') });
  });

  test("does not look at pods of other classes", () => {
    using daemon = new TestDaemon();
    const request = { pod: podInput({ runtimeHandler: "runc" }), container, adjust: undefined, owners: undefined };
    expect(validateContainerAdjustment(daemon, request, new TestCall())).toEqual({ reject: false });
  });

  test("rejects a request that does not name the pod", () => {
    using daemon = new TestDaemon();
    expect(validateContainerAdjustment(daemon, {}, new TestCall())).toMatchObject({ reject: true });
  });
});
