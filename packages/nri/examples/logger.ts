/**
 * Prints one line of JSON for everything that happens to pods and containers on the node.
 *
 *   node logger.ts        or set NRI_SOCKET to use another socket than /var/run/nri/nri.sock
 */
import { type Container, NriPlugin, type PodSandbox } from "@kubefence/nri";

function log(event: string, pod: PodSandbox, container?: Container): void {
  const { id, namespace, name } = pod;
  const of = container && { id: container.id, name: container.name, args: container.args };
  console.log(JSON.stringify({ event, pod: { id, namespace, name }, container: of }));
}

const { NRI_SOCKET } = process.env;
const plugin = new NriPlugin({
  name: "logger",
  index: "90",
  ...(NRI_SOCKET === undefined ? {} : { socketPath: NRI_SOCKET }),
  handlers: {
    synchronize(pods, containers) {
      console.log(JSON.stringify({ event: "synchronize", pods: pods.length, containers: containers.length }));
    },
    runPodSandbox: (pod) => log("runPodSandbox", pod),
    stopPodSandbox: (pod) => log("stopPodSandbox", pod),
    removePodSandbox: (pod) => log("removePodSandbox", pod),
    // Every container of the node waits for this answer, so the line is written after it.
    createContainer: (pod, container, call) => call.afterReply(() => log("createContainer", pod, container)),
    startContainer: (pod, container) => log("startContainer", pod, container),
    stopContainer: (pod, container) => log("stopContainer", pod, container),
    removeContainer: (pod, container) => log("removeContainer", pod, container),
  },
});
plugin.on("configured", ({ name, version }) => console.log(JSON.stringify({ event: "configured", name, version })));
plugin.on("error", (error) => console.error(`${error.code}: ${error.message}; ${error.hint}`));
plugin.start();
process.once("SIGTERM", () => void plugin.close());
