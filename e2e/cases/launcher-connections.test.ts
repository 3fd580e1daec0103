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
  server = createServer().listen(0, "127.0.0.1");
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

test("without rules TCP is free", async () => {
  expect(await tcp(undefined, port)).toEqual(["ok", "ok"]);
  expect(await tcp({ mode: "unrestricted" }, port)).toEqual(["ok", "ok"]);
});

test("blocked means no connection and no port", async () => {
  expect(await tcp({ mode: "blocked" }, port)).toEqual(["EACCES", "EACCES"]);
});

test("a list of ports restricts its own direction", async () => {
  expect(await tcp({ ports: { connect: [port] } }, port)).toEqual(["ok", "ok"]);
  expect(await tcp({ ports: { connect: [port ^ 1] } }, port)).toEqual(["EACCES", "ok"]);
  expect(await tcp({ ports: { connect: [] } }, port)).toEqual(["EACCES", "ok"]);
  expect(await tcp({ ports: { bind: [port] } }, port)).toEqual(["ok", "EACCES"]);
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
