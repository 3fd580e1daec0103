/** How a runtime is restarted. systemd is a fake: the machine of the tests has none. The rest is e2e. */
import { createServer, type Http2Server } from "node:http2";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ended, Host } from "./host.ts";
import type { NodeOptions } from "./options.ts";
import type { FoundRuntime } from "./runtime.ts";
import { chooseRestart, untilBack } from "./service.ts";

class FakeSystemdHost extends Host {
  readonly calls: string[] = [];
  readonly #answer: Ended;

  constructor(answer: Ended) {
    super("/");
    this.#answer = answer;
  }

  override run(program: string, args: readonly string[]): Promise<Ended> {
    this.calls.push([program, ...args].join(" "));
    return Promise.resolve(this.#answer);
  }
}

const options = (restart: NodeOptions["restart"]): NodeOptions => ({
  settings: { program: "/p", nri: {}, requirePlugin: false },
  choice: {},
  release: "/r",
  profiles: [],
  pluginConfig: "/c",
  log: "/l",
  stateDirectory: "/s",
  restart,
  selfTest: false,
  backTimeoutMs: 1000,
});
const found = (unit: string | undefined): FoundRuntime => ({
  kind: "containerd",
  program: "/usr/bin/containerd",
  version: "2.3.7",
  mainFile: "/etc/containerd/config.toml",
  process: { pid: 7, program: "/usr/bin/containerd", config: undefined, searchPath: "", unit },
});

describe("restart", () => {
  test.each(["containerd.service", "k3s.service"])("by the unit that the process belongs to: %s", async (unit) => {
    const host = new FakeSystemdHost({ code: 0, stdout: "", stderr: "" });
    await chooseRestart(found(unit), options("systemd"))(host);
    expect(host.calls).toEqual([`systemctl reset-failed ${unit}`, `systemctl restart ${unit}`]);
  });

  test("systemd's error is the message", async () => {
    const host = new FakeSystemdHost({ code: 1, stdout: "", stderr: "Job for containerd.service failed\n" });
    await expect(chooseRestart(found("containerd.service"), options("systemd"))(host)).rejects.toMatchObject({
      code: "KF_NODE_RESTART",
      message: expect.stringContaining("containerd.service: Job for containerd.service failed"),
    });
  });

  test.each([
    ["systemd", undefined, "belongs to no systemd unit"],
    ["none", "containerd.service", "--restart none was given"],
  ] as const)("%s of a process in %s is refused before anything is changed", (how, unit, message) => {
    expect(() => chooseRestart(found(unit), options(how))).toThrow(message);
  });

  test("of a runtime that does not run is nothing", async () => {
    const host = new FakeSystemdHost({ code: 1, stdout: "", stderr: "" });
    await chooseRestart({ ...found(undefined), process: undefined }, options("systemd"))(host);
    expect(host.calls).toEqual([]);
  });
});

describe("waiting for the CRI", () => {
  let folder = "";
  let server: Http2Server | undefined;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kubefence-cri-"))));
  afterEach(async () => {
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  /** A fake runtime that answers each call with these bytes and this status. */
  async function fakeRuntime(body: Buffer, status: string, message = ""): Promise<string> {
    const socket = join(folder, "s");
    server = createServer();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": message }));
      stream.end(body);
    });
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    return socket;
  }
  /** StatusResponse with runtime handlers "" and "runc": field 3, in it field 1. */
  const twoHandlers = Buffer.from([0, 0, 0, 0, 10, 0x1a, 0, 0x1a, 6, 0x0a, 4, ...Buffer.from("runc")]);

  test("the handlers that it has are looked at", async () => {
    const socket = await fakeRuntime(twoHandlers, "0");
    await untilBack(new Host("/"), socket, (handlers) => handlers.includes("runc"), 5000);
    await expect(untilBack(new Host("/"), socket, (handlers) => handlers.includes("x"), 300)).rejects.toMatchObject({
      code: "KF_NODE_RESTART",
      message: expect.stringContaining('its handlers are "", runc'),
    });
  });

  test.each<[string, Buffer, string, string]>([
    ["an error", Buffer.alloc(0), "14", "not%20yet"],
    ["half a message", twoHandlers.subarray(0, 8), "0", ""],
    ["a message that is no protobuf", Buffer.from([0, 0, 0, 0, 2, 0x1a, 0x7f]), "0", ""],
  ])("%s is no answer", async (_what, body, status, message) => {
    const socket = await fakeRuntime(body, status, message);
    await expect(untilBack(new Host("/"), socket, () => true, 300)).rejects.toMatchObject({ code: "KF_NODE_RESTART" });
  });

  test("nor is a socket that is not there", async () => {
    await expect(untilBack(new Host("/"), join(folder, "none"), () => true, 300)).rejects.toMatchObject({
      code: "KF_NODE_RESTART",
      message: expect.stringContaining("ENOENT"),
    });
  });
});
