import { TestNode } from "./node.ts";
import { PluginProcess } from "./plugin/process.ts";

/** The node that `make stack-up` leaves running. */
export const upNodeName = "up";

if (import.meta.main) {
  const node = await TestNode.start(upNodeName);
  const plugin = await PluginProcess.start(node.directories);
  const { runtimeName, runtimeVersion } = await node.cri.version();
  node.disconnect();
  console.log(`
The node is up: ${runtimeName} ${runtimeVersion}, plugin with pid ${plugin.pid}.

  npx node e2e/stack/cri.ts run debian cat /etc/shadow           a sandboxed container
  npx node e2e/stack/cri.ts run --plain debian cat /etc/shadow   the same without our RuntimeClass
  npx node e2e/stack/cri.ts ps                                   what runs
  npx node e2e/stack/cri.ts                                      all commands

Logs of containerd and the plugin: ${node.directories.logs}
Stop it with: make stack-down`);
}
