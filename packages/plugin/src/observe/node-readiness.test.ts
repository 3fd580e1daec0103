import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Log } from "./log.ts";
import { openNodeApi } from "./node-api.ts";
import { hasHandler, type NodeObject, nodePatch } from "./node-patch.ts";
import { NodeReadiness } from "./node-readiness.ts";
import { readSelfTestNote, type SelfTestNote } from "./self-test-note.ts";

const ready = { isReady: true, isLeft: false, landlockAbi: 7 };
const notReady = { isReady: false, isLeft: false, landlockAbi: 0 };

function nodeWith(labels: Record<string, string>, taints: { key: string; effect: string }[] = []): NodeObject {
  return { metadata: { resourceVersion: "1", labels }, spec: { taints } };
}

describe("patch", () => {
  const other = { key: "dedicated", effect: "NoExecute" };
  const ours = { key: "kubefence.io/not-ready", effect: "NoSchedule" };
  const labels = { "kubefence.io/ready": "true", "kubefence.io/landlock-abi": "7" };

  test("ready: labels come, the taint goes, what is not ours stays", () => {
    expect(nodePatch(nodeWith({ zone: "a" }, [other, ours]), ready, true)).toEqual({
      metadata: { resourceVersion: "1", labels },
      spec: { taints: [other] },
    });
  });

  test("not ready: labels go, the taint comes", () => {
    expect(nodePatch(nodeWith(labels, [other]), notReady, true)).toEqual({
      metadata: { resourceVersion: "1", labels: { "kubefence.io/ready": null, "kubefence.io/landlock-abi": null } },
      spec: { taints: [other, ours] },
    });
  });

  test("taken back: labels and taint go", () => {
    expect(nodePatch(nodeWith(labels, [other, ours]), { ...notReady, isLeft: true }, true)).toEqual({
      metadata: { resourceVersion: "1", labels: { "kubefence.io/ready": null, "kubefence.io/landlock-abi": null } },
      spec: { taints: [other] },
    });
  });

  test("nothing where the node says so already", () => {
    expect(nodePatch(nodeWith(labels, [other]), ready, true)).toBeUndefined();
    expect(nodePatch(nodeWith({}, [ours]), notReady, true)).toBeUndefined();
    expect(nodePatch({ metadata: { resourceVersion: "1" } }, notReady, false)).toBeUndefined();
  });

  test("without the startup taint, taints are not touched", () => {
    expect(nodePatch(nodeWith({}, [ours]), ready, false)).not.toHaveProperty("spec");
  });
});

const withHandlers = (...names: string[]): NodeObject => ({
  ...nodeWith({}),
  status: { runtimeHandlers: names.map((name) => ({ name })) },
});

describe("the runtime's handlers, as the kubelet says", () => {
  test.each([
    [[], ["nono-runc"], true],
    [["", "runc"], ["nono-runc"], false],
    [["", "runc", "nono-runc"], ["nono-runc", "kata-qemu"], true],
    [["", "runc", "kata-qemu"], ["nono-runc", "kata-qemu"], false],
    [["", "runc", "kata-qemu"], ["kata-qemu", "kata-clh"], true],
    [["", "runc"], ["kata-qemu", "kata-clh"], false],
  ])("%j for %j: %s", (loaded, handlers, isThere) => {
    expect(hasHandler(withHandlers(...loaded), handlers)).toBe(isThere);
  });

  test("an older kubelet says nothing", () => {
    expect(hasHandler(nodeWith({}), ["nono-runc"])).toBe(true);
  });
});

test("a note of a self-test counts for the boot that it was written in", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubefence-note-"));
  const [note, boot] = [join(folder, "note.json"), join(folder, "boot_id")];
  writeFileSync(boot, "one\n");
  expect(await readSelfTestNote(note, boot)).toBe("missing");
  for (const [text, says] of [
    ['{"version":1,"boot_id":"one"}', "proven"],
    ['{"version":1,"boot_id":"two"}', "missing"],
    ['{"version":1,"removed":true}', "removed"],
    ["{", "missing"],
    ["null", "missing"],
  ] as const) {
    writeFileSync(note, text);
    expect(await readSelfTestNote(note, boot)).toBe(says);
  }
  rmSync(folder, { recursive: true });
});

/** Stands in for the API server: one node, and a way to fail. */
class FakeApiServer {
  readonly requests: string[] = [];
  node = nodeWith({});
  failure = 0;
  #server: ReturnType<typeof createServer> | undefined;

  async start(directory: string): Promise<void> {
    const file = (name: string): Buffer => readFileSync(join(directory, name));
    this.#server = createServer({ key: file("key.pem"), cert: file("ca.crt") }, (request, response) => {
      void this.#answer(request).then(([status, body]) => response.writeHead(status).end(JSON.stringify(body)));
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
  }

  async #answer(request: IncomingMessage): Promise<[number, object]> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    this.requests.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`.trim());
    if (this.failure > 0) return [this.failure, { message: "no" }];
    return [200, this.node];
  }

  get environment(): NodeJS.ProcessEnv {
    const address = this.#server?.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
  }

  stop(): void {
    this.#server?.close();
  }
}

const record = (): ReturnType<typeof vi.fn<Log["info"]>> => vi.fn<Log["info"]>();

describe("against an API server", () => {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-node-api-"));
  const server = new FakeApiServer();
  beforeAll(async () => {
    execFileSync(
      "openssl",
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout ${directory}/key.pem -out ${directory}/ca.crt`.split(
        " ",
      ),
      { stdio: "ignore" },
    );
    writeFileSync(join(directory, "token"), "secret\n");
    await server.start(directory);
  });
  afterAll(() => {
    server.stop();
    rmSync(directory, { recursive: true });
  });

  const log = { info: record(), warn: record(), error: record(), flush: (): void => undefined };
  let conditions: Record<string, boolean> = {};
  let [inCharge, registrations] = [true, 1];
  let handlers: readonly string[];
  let note: SelfTestNote = "proven";
  const forget = vi.fn<() => Promise<void>>(async () => undefined);
  let keeper: NodeReadiness;
  beforeEach(() => {
    vi.clearAllMocks();
    vi.setSystemTime(0);
    server.requests.length = 0;
    server.failure = 0;
    conditions = { registered: true, launcher: true };
    server.node = nodeWith({});
    [inCharge, registrations, handlers, note] = [true, 1, ["nono-runc"], "proven"];
    keeper = new NodeReadiness("worker 1", false, {
      api: openNodeApi(server.environment, directory),
      log,
      readiness: () => conditions,
      isInCharge: () => inCharge,
      registrations: () => registrations,
      handlers: () => handlers,
      selfTest: async () => note,
      forget,
      landlockAbi: () => 7,
    });
  });

  test("reads, patches, says so; asks again only when something changed, or after minutes", async () => {
    await keeper.check();
    await keeper.check();
    expect(server.requests).toEqual([
      "GET /api/v1/nodes/worker%201 Bearer secret",
      'PATCH /api/v1/nodes/worker%201 Bearer secret {"metadata":{"resourceVersion":"1","labels":{"kubefence.io/ready":"true","kubefence.io/landlock-abi":"7"}}}',
    ]);
    expect(log.info).toHaveBeenCalledExactlyOnceWith("node ready", { node: "worker 1", landlock_abi: 7 });
    // Once more when the kubelet has written the node's status, then seldom.
    vi.setSystemTime(16_000);
    await keeper.check();
    await keeper.check();
    expect(server.requests).toHaveLength(4);
    vi.setSystemTime(6 * 60_000);
    await keeper.check();
    expect(server.requests).toHaveLength(6);
    conditions = { registered: false, launcher: true };
    await keeper.check();
    expect(log.warn).toHaveBeenCalledExactlyOnceWith("node not ready", { node: "worker 1", missing: ["registered"] });
  });

  test("a plugin that has just started leaves the node to the one before it, for a while", async () => {
    conditions = { registered: false };
    await keeper.check();
    expect(server.requests).toEqual([]);
    server.node = nodeWith({ "kubefence.io/ready": "true" });
    vi.setSystemTime(31_000);
    await keeper.check();
    server.node = nodeWith({});
    expect(server.requests.at(-1)).toContain('{"kubefence.io/ready":null}');
  });

  test("a runtime that comes back without the handler, and one that gets it", async () => {
    await keeper.check();
    registrations = 2;
    server.node = {
      ...nodeWith({ "kubefence.io/ready": "true", "kubefence.io/landlock-abi": "7" }),
      status: { runtimeHandlers: [{ name: "runc" }] },
    };
    await keeper.check();
    expect(server.requests.at(-1)).toContain('{"kubefence.io/ready":null,"kubefence.io/landlock-abi":null}');
    expect(log.warn).toHaveBeenCalledExactlyOnceWith("node not ready", { node: "worker 1", missing: ["handler"] });
    server.node = { ...nodeWith({}), status: { runtimeHandlers: [{ name: "runc" }, { name: "nono-runc" }] } };
    vi.setSystemTime(16_000);
    await keeper.check();
    expect(server.requests.at(-1)).toContain('"kubefence.io/ready":"true"');
  });

  test("a reload that names other handlers counts at once", async () => {
    server.node = { ...nodeWith({}), status: { runtimeHandlers: [{ name: "runc" }, { name: "kata-qemu" }] } };
    await keeper.check();
    expect(log.warn).toHaveBeenCalledExactlyOnceWith("node not ready", { node: "worker 1", missing: ["handler"] });
    handlers = ["kata-qemu"];
    await keeper.check();
    expect(server.requests.at(-1)).toContain('"kubefence.io/ready":"true"');
  });

  test("without a self-test the node is not ready; nothing is changed at the end", async () => {
    note = "missing";
    vi.setSystemTime(31_000);
    await keeper.check();
    expect(log.warn).toHaveBeenCalledExactlyOnceWith("node not ready", { node: "worker 1", missing: ["self-test"] });
    note = "proven";
    await keeper.check();
    expect(server.requests.at(-1)).toContain('"kubefence.io/ready":"true"');
    const before = server.requests.length;
    await keeper.close();
    note = "missing";
    await keeper.close();
    expect(server.requests).toHaveLength(before);
  });

  test("a set-up that was taken back takes the labels off, at the latest at the end, and is forgotten then", async () => {
    await keeper.check();
    server.node = nodeWith({ "kubefence.io/ready": "true", "kubefence.io/landlock-abi": "7" });
    note = "removed";
    server.failure = 500;
    await keeper.close();
    expect(forget).not.toHaveBeenCalled();
    server.failure = 0;
    vi.setSystemTime(60_000);
    await keeper.close();
    expect(server.requests.at(-1)).toContain('{"kubefence.io/ready":null,"kubefence.io/landlock-abi":null}');
    expect(forget).toHaveBeenCalledOnce();
  });

  test("an instance that a newer one has replaced does not speak for the node", async () => {
    await keeper.check();
    const before = server.requests.length;
    inCharge = false;
    conditions = { registered: false, launcher: true };
    await keeper.check();
    expect(server.requests).toHaveLength(before);
  });

  test("an API server that refuses: logged once, tried again later", async () => {
    server.failure = 403;
    await keeper.check();
    await keeper.check();
    expect(server.requests).toHaveLength(1);
    vi.setSystemTime(5000);
    await keeper.check();
    expect(server.requests).toHaveLength(2);
    const error = "GET /api/v1/nodes/worker%201: 403 no";
    expect(log.warn).toHaveBeenCalledExactlyOnceWith("node not updated", { node: "worker 1", error });
    server.failure = 0;
    vi.setSystemTime(60_000);
    await keeper.check();
    expect(log.info).toHaveBeenCalledOnce();
  });

  test("another certificate is not trusted", async () => {
    const foreign = mkdtempSync(join(tmpdir(), "kubefence-node-api-"));
    execFileSync("cp", ["/etc/ssl/certs/ca-certificates.crt", join(foreign, "ca.crt")]);
    writeFileSync(join(foreign, "token"), "secret");
    const call = openNodeApi(server.environment, foreign).read("x");
    await expect(call).rejects.toThrow(/self-signed|unable to verify/);
    expect(server.requests).toEqual([]);
    rmSync(foreign, { recursive: true });
  });
});

test("outside a cluster there is no API server", () => {
  expect(() => openNodeApi({})).toThrow("this is no pod of a cluster");
});
