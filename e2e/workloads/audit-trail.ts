import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "../stack/command.ts";
import { type DenialRecord, parseAuditRecord } from "./audit-record.ts";

/**
 * The kernel's audit records, read by audit-trail.c over netlink while a test runs. Auditing is switched on for that time
 * and set back afterwards, also when this process dies.
 */
export class AuditTrail {
  readonly #reader: ChildProcessWithoutNullStreams;
  readonly #denials: DenialRecord[] = [];
  readonly #domains = new Map<number, Set<string>>();
  readonly #marks = new Map<string, () => void>();

  private constructor(reader: ChildProcessWithoutNullStreams) {
    this.#reader = reader;
  }

  /** Starts reading; `directory` takes the compiled reader. Returns the reason where the kernel or the user's rights do not allow it. */
  static async start(directory: string): Promise<AuditTrail | { unavailable: string }> {
    const program = join(directory, "audit-trail");
    await run("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, join(import.meta.dirname, "audit-trail.c")]);
    const reader = spawn(program, { stdio: "pipe" });
    const trail = new AuditTrail(reader);
    let complaint = "";
    reader.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    const started = new Promise<boolean>((resolve) => {
      createInterface({ input: reader.stdout }).on("line", (line) => {
        resolve(true);
        trail.#take(line);
      });
      reader.on("close", () => resolve(false)).on("error", () => resolve(false));
    });
    return (await started) ? trail : { unavailable: complaint.trim() || "the reader of audit records does not start" };
  }

  /** What the process `pid`, which restricted itself, and its children were denied, in the order of the records. */
  async denials(pid: number): Promise<DenialRecord[]> {
    await this.#upToNow();
    const domains = this.#domains.get(pid);
    return this.#denials.filter(({ domain }) => domains?.has(domain));
  }

  async stop(): Promise<void> {
    const closed = once(this.#reader, "close");
    this.#reader.stdin.end();
    await closed;
  }

  // Everything recorded so far comes out before a record of our own.
  async #upToNow(): Promise<void> {
    const token = randomUUID();
    await new Promise<void>((resolve, reject) => {
      this.#marks.set(token, resolve);
      this.#reader.once("close", () => reject(new Error("the reader of audit records ended")));
      this.#reader.stdin.write(`${token}\n`);
    });
  }

  #take(line: string): void {
    const token = /msg='([-0-9a-f]{36})'/.exec(line)?.[1];
    if (token !== undefined) {
      this.#marks.get(token)?.();
      this.#marks.delete(token);
      return;
    }
    const record = parseAuditRecord(line);
    if (record?.kind === "denial") {
      this.#denials.push(record);
    } else if (record !== undefined) {
      this.#domains.set(record.pid, (this.#domains.get(record.pid) ?? new Set()).add(record.domain));
    }
  }
}
