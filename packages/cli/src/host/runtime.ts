/** Which container runtime a node has, and how it is started. */
import { isAbsolute, join } from "node:path";
import { judgeRuntime } from "@kubefence/plugin/runtime";
import { nodeError } from "../node/errors.ts";
import { type Host, programFolders } from "./host.ts";
import { findProcesses, type RuntimeProcess } from "./processes.ts";

export type RuntimeKind = "containerd" | "crio";

export interface RuntimeChoice {
  readonly runtime?: RuntimeKind | undefined;
  /** containerd's main file, or CRI-O's. */
  readonly config?: string | undefined;
  readonly binary?: string | undefined;
}

export interface FoundRuntime {
  readonly kind: RuntimeKind;
  readonly program: string;
  readonly version: string;
  readonly mainFile: string;
  /** Undefined where it does not run now. */
  readonly process: RuntimeProcess | undefined;
}

/** Where CRI-O serves the CRI unless it is told otherwise. */
export const crioSocket = "/var/run/crio/crio.sock";

const usualMainFiles = { containerd: "/etc/containerd/config.toml", crio: "/etc/crio/crio.conf" } as const;

/**
 * Finds the runtime: by the process that runs with the named or the usual configuration, else by the program.
 * @throws {NodeError} KF_NODE_RUNTIME_MISSING, KF_NODE_RUNTIME_TOO_OLD
 */
export async function findRuntime(host: Host, choice: RuntimeChoice): Promise<FoundRuntime> {
  await host.requireNodeProcesses();
  const kinds: RuntimeKind[] = choice.runtime === undefined ? ["containerd", "crio"] : [choice.runtime];
  for (const kind of kinds) {
    const found = await findOne(host, kind, choice);
    if (found !== undefined) return checkVersion(found);
  }
  const what = `no ${kinds.join(" or ")} runs, and no such program is on the node`;
  throw nodeError("KF_NODE_RUNTIME_MISSING", choice.config ?? "the node", what);
}

async function findOne(host: Host, kind: RuntimeKind, choice: RuntimeChoice): Promise<FoundRuntime | undefined> {
  const running = await findProcesses(kind);
  const mainFileOf = (process: RuntimeProcess): string => process.config ?? usualMainFiles[kind];
  const wanted = choice.config === undefined ? running : running.filter((one) => mainFileOf(one) === choice.config);
  if (wanted.length > 1 && choice.config === undefined) {
    const usual = wanted.filter((one) => mainFileOf(one) === usualMainFiles[kind]);
    if (usual.length !== 1) {
      const what = `${wanted.length} run: ${wanted.map((one) => `pid ${one.pid} with ${mainFileOf(one)}`).join(", ")}`;
      throw nodeError("KF_NODE_RUNTIME_MISSING", kind, what, { action: "say with --config which one Kubernetes uses" });
    }
    wanted.splice(0, wanted.length, ...usual);
  }
  const [process] = wanted;
  const program = choice.binary ?? process?.program ?? (await findProgram(host, kind, usualFolders));
  if (program === undefined) return undefined;
  const mainFile = choice.config ?? (process === undefined ? usualMainFiles[kind] : mainFileOf(process));
  return { kind, program, version: await versionOf(host, program), mainFile: resolve(mainFile), process };
}

const usualFolders = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/opt/bin"];

/** The first program of that name in these folders of the node. */
export async function findProgram(host: Host, name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    if (isAbsolute(folder) && (await host.exists(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

/** Absolute path of the runtime that a handler starts; `binaryName` is its option, empty for runc. @throws {NodeError} KF_NODE_BASE_HANDLER */
export async function findRealRuntime(host: Host, binaryName: string, searchPath: string): Promise<string> {
  const name = binaryName || "runc";
  const folders = [...searchPath.split(":"), ...programFolders];
  const found = isAbsolute(name) ? name : await findProgram(host, name, folders);
  if (found !== undefined && (await host.exists(found))) return found;
  throw nodeError("KF_NODE_BASE_HANDLER", name, "the runtime of the node's own handler is not there");
}

function resolve(path: string): string {
  return isAbsolute(path) ? path : join("/", path);
}

async function versionOf(host: Host, program: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(program, ["--version"]);
  const version = /(?:^|\s)v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (code === 0 && version !== undefined) return version;
  throw nodeError("KF_NODE_RUNTIME_MISSING", program, `--version does not say one: ${(stderr || stdout).trim()}`);
}

function checkVersion(found: FoundRuntime): FoundRuntime {
  const { refusal } = judgeRuntime(found.kind === "crio" ? "cri-o" : "containerd", found.version, "");
  if (refusal === undefined) return found;
  throw nodeError("KF_NODE_RUNTIME_TOO_OLD", found.program, `version ${found.version} ignores changes of the command`);
}
