/** The captured conversation of two Go programs, with our plugin in the Go plugin's place. */
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { NriError } from "./errors.ts";
import { MUX_HEADER_BYTES } from "./mux.ts";
import { NriPlugin } from "./plugin.ts";
import type { ContainerAdjustmentInit } from "./schema/generated/nri/adjustment.ts";
import type { Container } from "./schema/generated/nri/container.ts";
import { RegisterPluginRequest, UpdateContainersRequest } from "./schema/generated/nri/service.ts";
import { Request } from "./schema/generated/ttrpc/envelope.ts";
import { asBuffer, decode } from "./schema/view.ts";
import { captured, capturedFrames } from "./testing/captured-frames.ts";
import { type Frame, RawPeer } from "./testing/raw-peer.ts";
import { MESSAGE_HEADER_BYTES } from "./ttrpc/codec.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** What the captured plugin "10-guard" did. */
const guard: ContainerAdjustmentInit = {
  annotations: { "guard.example/policy": "strict" },
  mounts: [{ destination: "/.guard", type: "bind", source: "/opt/guard", options: ["bind", "ro", "nosuid", "nodev"] }],
  env: [{ key: "GUARD_POLICY", value: "strict" }],
  linux: {
    seccompPolicy: {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrno: { value: 1 },
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [
        { names: ["read", "write", "openat", "close", "execve", "exit_group"], action: "SCMP_ACT_ALLOW" },
        {
          names: ["clone"],
          action: "SCMP_ACT_ALLOW",
          args: [{ value: 2114060288n, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
    },
  },
};

const nothing = (): void => undefined;

interface Replay {
  peer: RawPeer;
  plugin: NriPlugin;
  created: Container[];
  synchronized: Promise<unknown>;
}

async function startGuard(): Promise<Replay> {
  const peer = await RawPeer.start();
  open.push(peer);
  const created: Container[] = [];
  const plugin = new NriPlugin(
    {
      name: "guard",
      index: "10",
      socketPath: peer.socketPath,
      reconnect: false,
      handlers: {
        runPodSandbox: nothing,
        stopPodSandbox: nothing,
        removeContainer: nothing,
        validateContainerAdjustment: nothing,
        createContainer(_pod, container) {
          created.push(container);
          if (created.length === 2) throw new NriError("REFUSED", "guard: policy rejected container", { status: 2 });
          const args = ["", "/.guard/run", "--policy", "/.guard/policy.json", "--", ...container.args];
          return { adjust: { ...guard, args } };
        },
      },
    },
    {},
  );
  open.push(plugin);
  const synchronized = new Promise((resolve) => plugin.on("synchronized", () => resolve(undefined)));
  plugin.start();
  return { peer, plugin, created, synchronized };
}

/** Requests of the runtime on connection 1 and its answer to RegisterPlugin, in the order of the capture. */
const FROM_RUNTIME = [2, 3, 5, 7, 9, 11, 13, 17, 19];
const FROM_PLUGIN = [4, 6, 8, 10, 12, 14, 18, 20];

function wire(frame: Frame): string {
  const header = Buffer.alloc(MUX_HEADER_BYTES);
  header.writeUInt32BE(frame.connection, 0);
  header.writeUInt32BE(frame.payload.length, 4);
  return Buffer.concat([header, frame.payload]).toString("hex");
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex");
}

function requestOf(frame: Buffer): Request {
  return decode(Request, asBuffer(frame.subarray(MUX_HEADER_BYTES + MESSAGE_HEADER_BYTES)));
}

describe("the captured conversation", () => {
  test("frame by frame: every answer has the bytes of the Go plugin's", async () => {
    const { peer, created } = await startGuard();
    await peer.frames(1);
    await peer.send(...captured(2, 3));
    let answers = 2;
    for (const number of FROM_RUNTIME.slice(2)) {
      await peer.frames(answers);
      await peer.send(...captured(number));
      answers += 1;
    }
    const [registration, ...frames] = await peer.frames(1 + FROM_PLUGIN.length);
    expect(registration?.connection).toBe(2);
    expect(frames.map(wire)).toEqual(captured(...FROM_PLUGIN).map(hex));
    expect(created).toHaveLength(2);
  });

  test("cut anywhere, all at once: the same answers", async () => {
    const stream = Buffer.concat(captured(...FROM_RUNTIME));
    const cuts = fc.array(fc.nat(stream.length), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const { peer, plugin } = await startGuard();
        await peer.frames(1);
        const edges = [0, ...at.toSorted((a, b) => a - b), stream.length];
        await peer.send(...edges.slice(1).map((end, index) => stream.subarray(edges[index], end)));
        const [, ...frames] = await peer.frames(1 + FROM_PLUGIN.length);
        expect(frames.map(wire)).toEqual(captured(...FROM_PLUGIN).map(hex));
        await plugin.close();
        await peer.close();
        open.length = 0;
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("byte by byte", async () => {
    const { peer } = await startGuard();
    await peer.frames(1);
    const stream = Buffer.concat(captured(2, 3, 5));
    await peer.send(...Array.from(stream, (byte) => Buffer.from([byte])));
    const [, ...frames] = await peer.frames(3);
    expect(frames.map(wire)).toEqual(captured(4, 6).map(hex));
  });

  test("what the plugin calls, but for time-outs, is what the Go plugin called", async () => {
    const { peer, plugin, synchronized } = await startGuard();
    await peer.frames(1);
    await peer.send(...captured(2, 3, 5));
    await synchronized;
    const id = decode(UpdateContainersRequest, asBuffer(requestOf(captured(15)[0] ?? Buffer.alloc(0)).payload))
      .update[0]?.containerId;
    const limit = { value: 268435456n };
    const failed = plugin.updateContainers([{ containerId: id, linux: { resources: { memory: { limit } } } }]);
    const frames = await peer.frames(4);
    const [register, update] = frames
      .filter((frame) => frame.connection === 2)
      .map((frame) => Buffer.from(wire(frame), "hex"));
    const [capturedRegister, capturedUpdate] = captured(1, 15);
    for (const [ours, theirs] of [
      [register, capturedRegister],
      [update, capturedUpdate],
    ]) {
      const [sent, wanted] = [requestOf(ours ?? Buffer.alloc(0)), requestOf(theirs ?? Buffer.alloc(0))];
      expect([sent.service, sent.method, hex(asBuffer(sent.payload))]).toEqual([
        wanted.service,
        wanted.method,
        hex(asBuffer(wanted.payload)),
      ]);
    }
    await peer.send(...captured(16));
    expect(await failed).toEqual([]);
  });

  test("the numbers of the capture are decoded exactly", () => {
    const [register, configure] = captured(1, 3).map(requestOf);
    expect(register?.timeoutNano).toBe(4999637633n);
    expect(configure?.timeoutNano).toBe(1999960907n);
    expect(decode(RegisterPluginRequest, asBuffer(register?.payload ?? Buffer.alloc(0))).toJSON()).toEqual({
      pluginName: "guard",
      pluginIdx: "10",
      nriVersion: "v0.12.5",
    });
    expect(capturedFrames).toHaveLength(24);
  });

  test("the container of the capture, whole", async () => {
    const { peer, created } = await startGuard();
    await peer.frames(1);
    await peer.send(...captured(2, 3, 5, 7, 9));
    await peer.frames(5);
    expect(JSON.parse(JSON.stringify(created[0]))).toMatchObject({
      name: "app",
      args: ["/usr/local/bin/node", "--enable-source-maps", "/srv/app/server.js", "--port=8080"],
      env: ["SERVICE_00_PORT_8080_TCP_ADDR=10.96.0.0", "SERVICE_01_PORT_8080_TCP_ADDR=10.96.1.3"],
      linux: {
        namespaces: [
          { type: "pid" },
          { type: "ipc", path: "/proc/4242/ns/ipc" },
          { type: "uts", path: "/proc/4242/ns/uts" },
          { type: "mount" },
          { type: "network", path: "/proc/4242/ns/net" },
          { type: "cgroup" },
        ],
        resources: {
          memory: { limit: { value: "536870912" }, swap: { value: "536870912" } },
          hugepageLimits: [{ pageSize: "2MB" }],
          unified: { "memory.oom.group": "1", "memory.swap.max": "0" },
          pids: { limit: "1024" },
        },
        oomScoreAdj: { value: "939" },
        seccompProfile: {},
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: "1048576", soft: "1024" }],
      user: { uid: 1000, gid: 1000, additionalGids: [10, 20] },
      image: { name: "registry.example/app:1.2.3", digest: "sha256:0f1e2d3c", configDigest: "sha256:aabbccdd" },
    });
  });
});
