import { readFile } from "node:fs/promises";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/**
 * What node set-up says on its node: a sandboxed container ran since the boot; it has taken itself back, and nothing will run; or
 * nothing.
 */
export type SelfTestNote = "proven" | "removed" | "missing";

/** Reads the note. Never throws: one that cannot be read, or is of another boot, proves nothing. */
export async function readSelfTestNote(path: string, bootIdPath: string = BOOT_ID): Promise<SelfTestNote> {
  try {
    const [text, boot] = await Promise.all([readFile(path, "utf8"), readFile(bootIdPath, "utf8")]);
    const note: unknown = JSON.parse(text);
    if (typeof note !== "object" || note === null) return "missing";
    if ("removed" in note && note.removed === true) return "removed";
    return "boot_id" in note && note.boot_id === boot.trim() ? "proven" : "missing";
  } catch {
    return "missing";
  }
}
