import { formatUtc } from "../observe/utc.ts";

/** One sandboxed container, as operators find it on the node. */
export interface SandboxRecord {
  readonly containerId: string;
  readonly podUid: string;
  readonly pod: string;
  readonly namespace: string;
  readonly profile: string;
}

/** The file's content: the original's five fields in their order, time (ms since 1970) in UTC and whole seconds, no newline. */
export function formatRecord(record: SandboxRecord, nowMs: number): string {
  return JSON.stringify({
    container_id: record.containerId,
    pod: record.pod,
    namespace: record.namespace,
    profile: record.profile,
    timestamp: `${formatUtc(Math.floor(nowMs / 1000))}Z`,
  });
}

/** Throws for an id that could leave the state directory. */
export function checkComponent(id: string): string {
  if (id === "" || id === "." || id === ".." || /[/\\\0]/.test(id)) {
    throw new Error(`invalid path component ${JSON.stringify(id)}`);
  }
  return id;
}
