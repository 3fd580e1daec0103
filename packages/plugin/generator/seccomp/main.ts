import { mkdirSync, writeFileSync } from "node:fs";
import { documentOf } from "./document.ts";
import { POLICY_NAMES, readTable } from "./table.ts";

const folder = new URL("../../../../seccomp/generated/", import.meta.url);

/** Writes seccomp/generated from seccomp/calls.tsv. */
export function generateSeccompPolicies(): void {
  const rows = readTable();
  mkdirSync(folder, { recursive: true });
  for (const policy of POLICY_NAMES) {
    writeFileSync(new URL(`${policy}.json`, folder), `${JSON.stringify(documentOf(policy, rows), undefined, 1)}\n`);
  }
}
