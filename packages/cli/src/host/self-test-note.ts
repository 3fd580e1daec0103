/**
 * A note on the node that a container of the handler has run under the launcher since the last boot. The plugin waits for it
 * before it labels the node. In the plugin's state directory, which is mounted into its pod.
 */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { handlerName } from "../node/settings.ts";
import { owned, ownTemporaryOf, replaceFile } from "../files/durable.ts";
import type { PluginConfiguration } from "../runtime/compose.ts";
import type { Host } from "./host.ts";
import type { Change } from "./transaction.ts";

/** Where the note is, on the node. */
export function selfTestNotePath({ stateDirectory }: Pick<PluginConfiguration, "stateDirectory">): string {
  return join(stateDirectory, "self-test.json");
}

/** Nothing is proven from here on. */
export function withoutSelfTestNote(path: string): Change {
  return { path, content: undefined, owner: owned(0o644), ours: true };
}

/** Nothing will be proven again: the plugin takes off the node's labels and its taint, and then this. */
export async function withRemovalNote(host: Host, path: string): Promise<Change> {
  // Without a note nobody waits for one.
  if (!(await host.exists(path))) return withoutSelfTestNote(path);
  const content = Buffer.from(`${JSON.stringify({ version: 1, removed: true })}\n`);
  return { path, content, owner: owned(0o644), ours: true };
}

/** A container has run. */
export async function withSelfTestNote(path: string): Promise<Change> {
  return { path, content: await noteText(), owner: owned(0o644), ours: true };
}

/** Writes the note at once. Rejects with the error of the file system. */
export async function writeSelfTestNote(host: Host, path: string): Promise<void> {
  const place = host.path(path);
  await mkdir(dirname(place), { recursive: true, mode: 0o755 });
  await replaceFile(place, await noteText(), owned(0o644), ownTemporaryOf(place));
}

async function noteText(): Promise<Uint8Array> {
  // It is the same in every container of the node.
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  return Buffer.from(`${JSON.stringify({ version: 1, boot_id: boot, handler: handlerName })}\n`);
}
