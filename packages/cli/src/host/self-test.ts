/**
 * A container of our handler, started and removed through the CRI: the pause image, which every node has. That it runs proves the
 * whole way: nono-runc refuses a container that does not start under the launcher, and the launcher ends with 125
 * unless the kernel denied it what has to be denied.
 */
import { randomUUID } from "node:crypto";
import { readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type EffectiveConfiguration, tableAt, textAt } from "../node/containerd/effective.ts";
import { findBaseHandler } from "../node/containerd/handler.ts";
import { handlerName } from "../node/settings.ts";
import { callCri, listSandboxes, readFields } from "./cri.ts";
import type { Host } from "./host.ts";
import { messageOf } from "../thrown.ts";

const startTimeoutMs = 60_000;
/** The launcher sets the sandbox up in a few milliseconds. */
const settleTimeoutMs = 10_000;
const pollMs = 50;
const cgroupPrefix = "/kubefence-self-test-";
const maxAttempts = 6;
const running = 1;

const { LengthDelimited: bytesField, Varint: numberField } = WireType;

export interface SelfTestOptions {
  /** Path on the node. */
  readonly socket: string;
  /** Reference of the pause image. */
  readonly image: string;
  readonly systemdCgroup: boolean;
}

/** What a self-test of this containerd needs. */
export function selfTestOf(effective: EffectiveConfiguration): SelfTestOptions {
  const images = tableAt(effective.values, ["plugins", "io.containerd.cri.v1.images", "pinned_images"]);
  const base = effective.handlers.get(findBaseHandler(effective) ?? "") ?? {};
  return {
    socket: effective.socket,
    image: textAt(images, "sandbox"),
    systemdCgroup: tableAt(base, ["options"])["SystemdCgroup"] === true,
  };
}

/**
 * True for the refusal that a container of ours meets while the plugin is not there yet: it shows that the runtime calls
 * nono-runc, and that nono-runc holds.
 */
export function isRefusedWithoutPlugin(failure: string): boolean {
  return failure.includes("UNSANDBOXED");
}

/** Undefined when the container ran; else what the runtime said. Leaves nothing behind. */
export async function selfTest(host: Host, options: SelfTestOptions): Promise<string | undefined> {
  const socket = host.target(options.socket);
  for (let attempt = 1; ; attempt += 1) {
    const { failure, wasStopped } = await runOnce(host, socket, options);
    if (!wasStopped) return failure;
    if (attempt === maxAttempts) return `something else stopped its pod sandbox ${attempt} times: ${failure}`;
  }
}

interface Attempt {
  readonly failure: string | undefined;
  /** The kubelet stops every sandbox that is none of its pods', every two seconds: no failure of ours. */
  readonly wasStopped: boolean;
}

async function runOnce(host: Host, socket: string, { image, systemdCgroup }: SelfTestOptions): Promise<Attempt> {
  const uid = randomUUID();
  const cgroupParent = `${cgroupPrefix}${uid}`;
  const pod = encodePod(uid, systemdCgroup ? "system.slice" : cgroupParent);
  let sandbox = "";
  try {
    const request = message((writer) => writer.tag(1, bytesField).bytes(pod).tag(2, bytesField).string(handlerName));
    sandbox = firstText(await callCri(socket, "RunPodSandbox", request, startTimeoutMs));
    const container = message((writer) =>
      writer
        .tag(1, bytesField)
        .string(sandbox)
        .tag(2, bytesField)
        .bytes(encodeContainer(image))
        .tag(3, bytesField)
        .bytes(pod),
    );
    const id = firstText(await callCri(socket, "CreateContainer", container, startTimeoutMs));
    await callCri(socket, "StartContainer", textMessage(id), startTimeoutMs);
    const failure = await untilSandboxed(socket, id);
    return { failure, wasStopped: failure !== undefined && !(await isReady(socket, sandbox)) };
  } catch (error) {
    return { failure: messageOf(error), wasStopped: sandbox !== "" && !(await isReady(socket, sandbox)) };
  } finally {
    if (sandbox !== "") {
      await callCri(socket, "StopPodSandbox", textMessage(sandbox), startTimeoutMs).catch(() => undefined);
      await callCri(socket, "RemovePodSandbox", textMessage(sandbox), startTimeoutMs).catch(() => undefined);
      await removeCgroup(host, cgroupParent);
    }
  }
}

/** Undefined once the launcher has become the container's command; else why that does not come about. */
async function untilSandboxed(socket: string, id: string): Promise<string | undefined> {
  const request = message((writer) => writer.tag(1, bytesField).string(id).tag(2, numberField).bool(true));
  for (const end = Date.now() + settleTimeoutMs; Date.now() < end; await delay(pollMs)) {
    const { state, exitCode, pid } = readStatus(await callCri(socket, "ContainerStatus", request));
    if (state !== running) return `the container ended at once with exit code ${exitCode}`;
    if (await isSandboxed(pid)) return undefined;
  }
  return `the launcher has not become the container's command within ${settleTimeoutMs / 1000} s`;
}

/** The launcher sets no_new_privs when it restricts itself, proves that, and only then becomes the command. */
async function isSandboxed(pid: number): Promise<boolean> {
  const [status, command] = await Promise.all(
    ["status", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")),
  );
  const isLauncher = command === undefined || command === "" || command.startsWith("/nono/nono\0");
  return !isLauncher && /^NoNewPrivs:\s*1$/m.test(status ?? "");
}

/** What the runtime leaves of the parent that it was given; systemd's own slices stay. */
async function removeCgroup(host: Host, cgroupParent: string): Promise<void> {
  const root = "/sys/fs/cgroup";
  // One hierarchy, or one for each controller.
  for (const hierarchy of ["", ...(await host.list(root))]) {
    await rmdir(host.path(join(root, hierarchy, cgroupParent))).catch(() => undefined);
  }
}

/** False for a sandbox that was stopped or removed; one of which nothing is known may be ready. */
async function isReady(socket: string, sandbox: string): Promise<boolean> {
  const list = await listSandboxes(socket).catch(() => undefined);
  return list === undefined || list.some(({ id, isReady: ready }) => id === sandbox && ready);
}

const networkOfNode = 2;
const ownPids = 1;

// Field numbers are those of k8s.io/cri-api, runtime/v1/api.proto.
function encodePod(uid: string, cgroupParent: string): Uint8Array {
  const metadata = message((writer) =>
    writer
      .tag(1, bytesField)
      .string("kubefence-self-test")
      .tag(2, bytesField)
      .string(uid)
      .tag(3, bytesField)
      .string("kubefence-self-test"),
  );
  // The node's network, so that no address has to be found; systemd's driver takes slices only.
  const linux = message((writer) =>
    writer.tag(1, bytesField).string(cgroupParent).tag(2, bytesField).bytes(securityContext(1)),
  );
  return message((writer) => writer.tag(1, bytesField).bytes(metadata).tag(8, bytesField).bytes(linux));
}

function encodeContainer(image: string): Uint8Array {
  const metadata = message((writer) => writer.tag(1, bytesField).string("self-test"));
  const linux = message((writer) => writer.tag(2, bytesField).bytes(securityContext(3)));
  return message((writer) =>
    writer
      .tag(1, bytesField)
      .bytes(metadata)
      .tag(2, bytesField)
      .bytes(textMessage(image))
      .tag(15, bytesField)
      .bytes(linux),
  );
}

/** `field` is where the namespace options are. */
function securityContext(field: number): Uint8Array {
  const namespaces = message((writer) =>
    writer.tag(1, numberField).int32(networkOfNode).tag(2, numberField).int32(ownPids),
  );
  return message((writer) => writer.tag(field, bytesField).bytes(namespaces));
}

function message(write: (writer: BinaryWriter) => BinaryWriter): Uint8Array {
  return write(new BinaryWriter()).finish();
}

/** A message whose field 1 is a text. */
function textMessage(text: string): Uint8Array {
  return message((writer) => writer.tag(1, bytesField).string(text));
}

function firstText(bytes: Uint8Array): string {
  let text = "";
  readFields(bytes, (field, reader) => field === 1 && ((text = reader.string()), true));
  return text;
}

function readStatus(bytes: Uint8Array): { state: number; exitCode: number; pid: number } {
  const status = { state: 0, exitCode: 0, pid: 0 };
  readFields(bytes, (field, reader) => {
    if (field === 2) status.pid = pidIn(reader.bytes()) ?? status.pid;
    else if (field !== 1) return false;
    else {
      readFields(reader.bytes(), (inner, innerReader) => {
        if (inner === 3) status.state = innerReader.int32();
        else if (inner === 7) status.exitCode = innerReader.int32();
        else return false;
        return true;
      });
    }
    return true;
  });
  return status;
}

/** The pid in an entry of `info`, which containerd fills with JSON where it is asked to be verbose. */
function pidIn(entry: Uint8Array): number | undefined {
  let text = "";
  readFields(entry, (field, reader) => field === 2 && ((text = reader.string()), true));
  const pid = /"pid":\s*(\d+)/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
