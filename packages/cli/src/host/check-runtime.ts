/** Rows of node check about the container runtime and the plugin. */
import { readFile, stat } from "node:fs/promises";
import { describeRuntime } from "@kubefence/nri";
import type { CheckRow } from "../node/check.ts";
import { type EffectiveConfiguration, tableAt, textAt } from "../node/containerd/effective.ts";
import { findBaseHandler, ourHandler } from "../node/containerd/handler.ts";
import { handlerName, type NodeSettings } from "../node/settings.ts";
import { loadedHandlers } from "./cri.ts";
import type { Host } from "./host.ts";
import { kubeletSetting } from "./kubelet.ts";
import { findProcesses } from "./processes.ts";
import type { FoundRuntime } from "./runtime.ts";
import { messageOf } from "../thrown.ts";

/** What a runtime says of itself, as at NRI's Configure. */
export function versionRows({ kind, version }: FoundRuntime): CheckRow[] {
  const runtimeName = kind === "crio" ? "cri-o" : kind;
  const { nriVersion } = describeRuntime({ runtimeName, runtimeVersion: version, nriVersion: "" });
  const showsSeccomp = kind === "containerd" && (nriVersion[0] > 0 || nriVersion[1] >= 12);
  return [
    { name: "container runtime", state: "ok", value: `${kind} ${version}, NRI ${nriVersion.join(".")}` },
    {
      name: "seccomp",
      state: "ok",
      value: showsSeccomp
        ? "the runtime shows plugins a pod's own profile"
        : "the runtime does not show plugins a pod's own profile: ours is stacked by the launcher",
    },
  ];
}

/** containerd's configuration as it is, and what runs. */
export async function containerdRows(
  host: Host,
  effective: EffectiveConfiguration,
  settings: NodeSettings,
): Promise<CheckRow[]> {
  const socket = textAt(effective.nri, "socket_path");
  const isEnabled = effective.nri["disable"] !== true && effective.nri["disable_connections"] !== true;
  const hasSocket = await stat(host.target(socket)).then(
    (status) => status.isSocket(),
    () => false,
  );
  const program = textAt(tableAt(ourHandler(effective) ?? {}, ["options"]), "BinaryName");
  return [
    {
      name: "NRI",
      state: isEnabled && hasSocket ? "ok" : "bad",
      value: isEnabled ? `${socket}${hasSocket ? "" : " is not there"}` : "disabled",
      fix: isEnabled && hasSocket ? undefined : "run kubefence node install, and see that containerd runs",
    },
    program === settings.program
      ? { name: "handler, configured", state: "ok", value: `${handlerName}: ${program}` }
      : {
          name: "handler, configured",
          state: "bad",
          value: program === "" ? `no ${handlerName} with a program of its own` : program,
          fix: "run kubefence node install",
        },
    await loadedRow(host, effective.socket, handlerName, loadFix),
    await cgroupRow(host, effective),
  ];
}

/** Whether the runtime that serves the CRI on this socket has loaded a handler; `fix` for one that it has not. */
export async function loadedRow(host: Host, socket: string, handler: string, fix: string): Promise<CheckRow> {
  const name = "handler, loaded";
  try {
    const loaded = await loadedHandlers(host.target(socket));
    if (loaded.some((one) => one.name === handler)) return { name, state: "ok", value: handler };
    return { name, state: "bad", value: `not ${handler}`, fix };
  } catch (error) {
    return { name, state: "bad", value: messageOf(error), fix: "start the container runtime" };
  }
}

/** How our handler gets loaded. */
export const loadFix = "run kubefence node install, or restart the container runtime";

function driverOf(isSystemd: unknown): string {
  return isSystemd === true ? "systemd" : "cgroupfs";
}

async function cgroupRow(host: Host, effective: EffectiveConfiguration): Promise<CheckRow> {
  const name = "cgroup driver";
  const base = effective.handlers.get(findBaseHandler(effective) ?? "") ?? {};
  const own = driverOf(tableAt(ourHandler(effective) ?? {}, ["options"])["SystemdCgroup"]);
  const node = driverOf(tableAt(base, ["options"])["SystemdCgroup"]);
  const asked = (await kubeletSetting(host, "cgroupDriver")) ?? node;
  if (own === node && node === asked) return { name, state: "ok", value: own };
  const value = `${handlerName}: ${own}, the node's handler: ${node}, kubelet: ${asked}`;
  const fix =
    own === node ? "give containerd's runc and the kubelet the same cgroup driver" : "run kubefence node install";
  return { name, state: own === node ? "warn" : "bad", value, fix };
}

/** The plugin: its process, and that something is connected to the socket of this runtime's NRI. */
export async function pluginRow(effective: EffectiveConfiguration): Promise<CheckRow> {
  const name = "plugin";
  const fix = "see why the plugin's pod does not run on this node; until it does, sandboxed pods are refused";
  // Node runs it, or the file itself does.
  const running = [...(await findProcesses("10-nono-nri")), ...(await findProcesses("node", "10-nono-nri"))];
  if (running.length === 0) return { name, state: "bad", value: "no process 10-nono-nri", fix };
  const socket = textAt(effective.nri, "socket_path");
  for (const { pid } of running) {
    if (await hasConnection(pid, socket)) return { name, state: "ok", value: `pid ${pid}, connected to ${socket}` };
  }
  return { name, state: "bad", value: `runs, and is not connected to ${socket}`, fix };
}

/**
 * Whether a process with this one's network namespace is connected to a unix socket. The kernel lists the runtime's end of a
 * connection under the socket's path in the namespace of whoever connected; state 03 is connected (unix(7), /proc/net/unix).
 */
async function hasConnection(pid: number, path: string): Promise<boolean> {
  const table = await readFile(`/proc/${pid}/net/unix`, "utf8").catch(() => "");
  return table.split("\n").some((line) => {
    const [, , , , , state, , bound] = line.trim().split(/\s+/);
    return state === "03" && bound === path;
  });
}
