import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildTrial } from "../bare-root/binaries.ts";
import { type Manifest, manifestOf } from "../bare-root/manifest.ts";
import { BareRoot } from "../bare-root/root.ts";

// TCP ports, abstract sockets and signals: what crosses the sandbox other than through files.

let root: BareRoot;
let server: Server;
let port: number;
let outside: ChildProcess;
const socketName = `kubefence-${process.pid}`;

beforeAll(async () => {
  root = await BareRoot.create();
  // What is sent must be read, or the connection stays.
  server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("a TCP server has an address");
  }
  port = address.port;
  outside = spawn(await buildTrial(), ["abstract-listen", socketName], { stdio: ["ignore", "pipe", "inherit"] });
  if (outside.stdout !== null) {
    await once(createInterface(outside.stdout), "line");
  }
  root.profile("test", manifestOf([]));
});

afterAll(async () => {
  outside.kill();
  server.close();
  await once(server, "close");
  root.remove();
});

/** What a program in the sandbox gets for a connection to, and a socket on, this port. */
async function tcp(network: Manifest["network"], at: number): Promise<string[]> {
  root.profile("network", { ...manifestOf([]), ...(network === undefined ? {} : { network }) });
  const answers = [];
  for (const what of ["connect", "bind"]) {
    const value = String(what === "connect" ? at : 0);
    answers.push((await root.run({ profile: "network", command: ["trial", what, value] })).stdout.trim());
  }
  return answers;
}

/** Family, type and protocol of kinds of socket that this kernel has, SMC apart. */
const sockets = {
  unix: "1,1,0",
  netlink: "16,3,0",
  tcp: "2,1,6",
  tcp6: "10,1,0",
  udp: "2,2,0",
  mptcp: "2,1,262",
  smc: "2,1,256",
  raw: "2,3,6",
  packet: "17,3,0",
};

/** What a program in the sandbox gets for one attempt. */
async function attempt(rules: Manifest["network"], what: string, value: string | number): Promise<string> {
  root.profile("network", { ...manifestOf([]), ...(rules === undefined ? {} : { network: rules }) });
  return (await root.run({ profile: "network", command: ["trial", what, String(value)] })).stdout.trim();
}

test("without rules TCP is free", async () => {
  expect(await tcp(undefined, port)).toEqual(["ok", "ok"]);
  expect(await tcp({ mode: "unrestricted" }, port)).toEqual(["ok", "ok"]);
});

test("blocked means no connection and no port, and no socket but unix ones", async () => {
  expect(await tcp({ mode: "blocked" }, port)).toEqual(["EPERM", "EPERM"]);
  expect(await attempt({ mode: "blocked" }, "fast-open", port)).toBe("EPERM");
  for (const [name, numbers] of Object.entries(sockets)) {
    expect(await attempt({ mode: "blocked" }, "socket", numbers), name).toBe(name === "unix" ? "ok" : "EPERM");
  }
});

test("a list of ports restricts its own direction", async () => {
  expect(await tcp({ ports: { connect: [port] } }, port)).toEqual(["ok", "ok"]);
  expect(await tcp({ ports: { connect: [port ^ 1] } }, port)).toEqual(["EACCES", "ok"]);
  expect(await tcp({ ports: { connect: [] } }, port)).toEqual(["EACCES", "ok"]);
  expect(await tcp({ ports: { bind: [port] } }, port)).toEqual(["ok", "EACCES"]);
});

test("a connection that is made by sending is refused where connecting is restricted", async () => {
  expect(await attempt(undefined, "fast-open", port)).toBe("ok");
  expect(await attempt({ ports: { bind: [] } }, "fast-open", port)).toBe("ok");
  expect(await attempt({ ports: { connect: [] } }, "fast-open", port)).toBe("EACCES");
});

test("a list of ports leaves no socket that carries TCP past it", async () => {
  const passing = ["unix", "netlink", "tcp", "udp", "tcp6"];
  const answers: Record<string, string> = {
    mptcp: "EPROTONOSUPPORT",
    smc: "EPROTONOSUPPORT",
    raw: "EPERM",
    packet: "EPERM",
  };
  for (const ports of [{ connect: [port] }, { bind: [port] }]) {
    for (const [name, numbers] of Object.entries(sockets)) {
      expect(await attempt({ ports }, "socket", numbers), name).toBe(passing.includes(name) ? "ok" : answers[name]);
    }
  }
});

test("io_uring is not there under network rules", async () => {
  expect(await attempt(undefined, "io-uring", 0)).toBe("EFAULT");
  expect(await attempt({ ports: { bind: [] } }, "io-uring", 0)).toBe("ENOSYS");
});

test("where a seccomp profile only pretends to take the filter, nothing starts", async () => {
  root.profile("network", { ...manifestOf([]), network: { mode: "blocked" } });
  const around = ["/bin/trial", "answer", "prctl", "0", "--"];
  const { status, stderr } = await root.run({ around, profile: "network", command: ["true"] });
  expect(status).toBe(125);
  expect(stderr).toMatch(/^nono: (NO_NEW_PRIVILEGES|SOCKET_FILTER): /);
});

test("abstract sockets of the outside are out of reach, the sandbox's own are not", async () => {
  const connect = ["trial", "abstract-connect", socketName];
  expect((await root.runPlain({ command: ["/bin/trial", "abstract-connect", socketName] })).stdout).toBe("ok\n");
  expect((await root.run({ command: connect })).stdout).toBe("EPERM\n");
  const own = `own-${process.pid}`;
  const untilConnected = `until trial abstract-connect ${own} | grep ok; do sleep 0.1; done`;
  const line = `trial abstract-listen ${own} & ${untilConnected}; kill $!`;
  expect((await root.run({ command: ["sh", "-c", line] })).stdout).toBe("listening\nok\n");
});

test("signals reach the outside unless they are scoped, and the sandbox's own children always", async () => {
  const signal = ["trial", "signal", String(outside.pid)];
  expect((await root.run({ command: signal })).stdout).toBe("ok\n");
  expect((await root.run({ options: ["--scope-signals"], command: signal })).stdout).toBe("EPERM\n");
  const own = "sleep 5 & trial signal $!; kill $!";
  expect((await root.run({ options: ["--scope-signals"], command: ["sh", "-c", own] })).stdout).toBe("ok\n");
});
