import { TestNode } from "./stack/node.ts";
import { pluginCommand } from "./stack/plugin/program.ts";

/** The node that all cases share. */
export const nodeName: string = process.env["KUBEFENCE_NODE"] || "e2e";

/** vitest's global set-up: one node for the whole suite. Returns the tear-down. */
export async function setup(): Promise<() => Promise<void>> {
  const node = await TestNode.start(nodeName);
  const { runtimeName, runtimeVersion } = await node.cri.version();
  console.log(`node ${nodeName}: ${runtimeName} ${runtimeVersion}, plugin ${pluginCommand().at(-1)}`);
  console.log(`logs in ${node.directories.logs}`);
  return () => node.stop();
}
