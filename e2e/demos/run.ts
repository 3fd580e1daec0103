import { spawn } from "node:child_process";
import { isAbsolute, join } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { clientsDirectory } from "../stack/cluster/clients.ts";
import type { Cluster } from "../stack/cluster/cluster.ts";
import { checkout } from "../stack/directories.ts";
import { namespacePath } from "../stack/network.ts";
import type { OutputEvent } from "./asciicast.ts";

/** How a script of contrib/ or deploy/ ended, and what it said when. */
export interface ScriptRun {
  exitCode: number;
  events: OutputEvent[];
  /** The events' text without colours. */
  stdout: string;
  stderr: string;
}

/** Runs a script of the checkout against the harness's cluster, as somebody would whose kubectl knows it under the context `kubefence`. */
export async function runScript(
  { directories }: Cluster,
  [script = "", ...args]: string[],
  environment: Record<string, string>,
  input = "",
): Promise<ScriptRun> {
  const started = Date.now();
  const child = spawn(
    "nsenter",
    [`--net=${namespacePath(directories)}`, isAbsolute(script) ? script : join(checkout, script), ...args],
    {
      env: {
        ...process.env,
        PATH: `${clientsDirectory(directories)}:${process.env["PATH"]}`,
        KUBECONFIG: directories.kubeconfig,
        CONTEXT: "kubefence",
        ...environment,
      },
      cwd: checkout,
      stdio: "pipe",
    },
  );
  const events: OutputEvent[] = [];
  child.stdout
    .setEncoding("utf8")
    .on("data", (data: string) => events.push({ seconds: (Date.now() - started) / 1000, data }));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  const [stderr, exitCode] = await Promise.all([text(child.stderr), exit]);
  return { exitCode, events, stdout: stripVTControlCharacters(events.map(({ data }) => data).join("")), stderr };
}
