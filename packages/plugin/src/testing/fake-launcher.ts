import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a working launcher answers to --probe. */
export const PROBE_ANSWER =
  '{"version":"0.1.0","landlock":{"abi":7,"errata":0,"denied_open":true},"kernel":"6.18.0"}\n';

const BASE = 0x400000;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PT_LOAD = 1;
const PT_INTERP = 3;

/**
 * A static program, smaller than any compiler makes it, that prints a text and ends: it stands in for the launcher where
 * a test decides what its self-test says. With `interpreter`, its headers name a dynamic loader.
 */
export function fakeLauncher(output: string = PROBE_ANSWER, exitCode = 0, interpreter = false): Buffer {
  const text = Buffer.from(output);
  const headers = HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
  const code = process.arch === "arm64" ? arm64Code(text.length, exitCode) : x64Code(text.length, exitCode);
  const file = Buffer.concat([Buffer.alloc(headers), code, text]);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(process.arch === "arm64" ? 183 : 62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(BASE + headers), 24);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(interpreter ? 2 : 1, 56);
  writeSegment(file, HEADER_BYTES, PT_LOAD);
  if (interpreter) writeSegment(file, HEADER_BYTES + PROGRAM_HEADER_BYTES, PT_INTERP);
  return file;
}

function writeSegment(file: Buffer, at: number, type: number): void {
  file.writeUInt32LE(type, at);
  file.writeUInt32LE(5, at + 4); // readable, executable
  file.writeBigUInt64LE(BigInt(BASE), at + 16);
  file.writeBigUInt64LE(BigInt(BASE), at + 24);
  file.writeBigUInt64LE(BigInt(file.length), at + 32);
  file.writeBigUInt64LE(BigInt(file.length), at + 40);
  file.writeBigUInt64LE(0x1000n, at + 48);
}

/** write(1, text, length); exit(code), with the text right behind. */
function x64Code(length: number, exitCode: number): Buffer {
  const code = Buffer.from(
    "b801000000 bf01000000 488d3500000000 ba00000000 0f05 b83c000000 bf00000000 0f05".replaceAll(" ", ""),
    "hex",
  );
  code.writeUInt32LE(code.length - 17, 13);
  code.writeUInt32LE(length, 18);
  code.writeUInt32LE(exitCode, 30);
  return code;
}

function arm64Code(length: number, exitCode: number): Buffer {
  const distance = 7 * 4;
  const instructions = [
    0xd2800020, // mov x0, 1
    0x10000001 | ((distance >> 2) << 5), // adr x1, text
    0xd2800002 | (length << 5),
    0xd2800808, // mov x8, write
    0xd4000001,
    0xd2800000 | (exitCode << 5),
    0xd2800ba8, // mov x8, exit
    0xd4000001,
  ];
  const code = Buffer.alloc(instructions.length * 4);
  for (const [index, instruction] of instructions.entries()) code.writeUInt32LE(instruction >>> 0, index * 4);
  return code;
}

/** A launcher's directory as it is on a node, in a temporary folder that goes away with it. */
export class LauncherDirectory implements Disposable {
  readonly root: string = mkdtempSync(join(tmpdir(), "kubefence-launcher-"));
  readonly path: string = join(this.root, "nono-nri");
  readonly nono: string = join(this.path, "nono");
  readonly profiles: string = join(this.path, "profiles");

  constructor(launcher: Buffer = fakeLauncher()) {
    mkdirSync(this.profiles, { recursive: true, mode: 0o755 });
    this.install(launcher);
    this.installProfile("default", { version: "0.1.0" });
  }

  install(launcher: Buffer): void {
    rmSync(this.nono, { force: true });
    writeFileSync(this.nono, launcher, { mode: 0o755 });
  }

  installProfile(name: string, manifest: unknown): void {
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    writeFileSync(join(this.profiles, `${name}.json`), text, { mode: 0o644 });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
