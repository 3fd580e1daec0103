/** Rows of node check about the kernel and the system. */
import { release } from "node:os";
import { lacksBelow } from "@kubefence/plugin/landlock";
import { type ProbeResult } from "@kubefence/plugin/probe";
import type { CheckRow } from "../node/check.ts";
import type { Host } from "./host.ts";

/** `probe` is what the launcher found out, or why it could not. */
export async function kernelRows(host: Host, probe: ProbeResult | { code: string; what: string }): Promise<CheckRow[]> {
  const [major = 0, minor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  const isNew = major > 5 || (major === 5 && minor >= 13);
  const modules = (await host.readShort("/sys/kernel/security/lsm")).trim();
  const row = { name: "security modules", value: modules || "not to be seen: securityfs is not mounted" };
  return [
    {
      name: "kernel",
      state: isNew ? "ok" : "bad",
      value: release(),
      fix: isNew ? undefined : "use Linux 5.13 or later",
    },
    landlockRow(probe),
    modules === "" || modules.split(",").includes("landlock")
      ? { ...row, state: "ok" }
      : { ...row, state: "bad", fix: "add landlock to the kernel's lsm= list and reboot" },
    await selinuxRow(host),
  ];
}

function landlockRow(probe: ProbeResult | { code: string; what: string }): CheckRow {
  const name = "Landlock";
  if ("code" in probe) {
    return {
      name,
      state: "bad",
      value: `${probe.code}: ${probe.what}`,
      fix: "see the code in docs/reference/errors.md",
    };
  }
  const lacks = lacksBelow(probe.abi);
  const value = `ABI ${probe.abi}, errata ${probe.errata}; a denied open was denied`;
  if (lacks.length === 0) return { name, state: "ok", value };
  return { name, state: "warn", value, fix: `a newer kernel would bring: ${lacks.join("; ")}` };
}

async function selinuxRow(host: Host): Promise<CheckRow> {
  const enforcing = (await host.readShort("/sys/fs/selinux/enforce")).trim();
  if (enforcing !== "1")
    return { name: "SELinux", state: "ok", value: enforcing === "0" ? "permissive" : "not in force" };
  return {
    name: "SELinux",
    state: "warn",
    value: "enforcing",
    fix: "allow the plugin's pod to connect to NRI's socket, and containers to execute the launcher's directory",
  };
}
