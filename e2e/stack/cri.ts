import { parseArgs } from "node:util";
import { images } from "./images/recipes.ts";
import { TestNode } from "./node.ts";
import { upNodeName } from "./up.ts";

// What crictl would do on the node that `make stack-up` started.

const usage = `Usage: cri.ts COMMAND
  run [--plain] [--profile NAME] [--user UID] IMAGE COMMAND [ARGS]   run a container to its end (images: ${Object.keys(images).join(" ")})
  start [--plain] [--profile NAME] [--user UID] IMAGE COMMAND [ARGS] leave it running
  ps                                                                list containers
  exec CONTAINER COMMAND [ARGS]                                     run a command in a container, as an exec probe does
  rm                                                                remove all pods`;

const [command, ...rest] = process.argv.slice(2);
const node = await TestNode.connect(upNodeName);
try {
  process.exitCode = await perform(command ?? "", rest);
} finally {
  node.disconnect();
}

async function perform(verb: string, args: string[]): Promise<number> {
  switch (verb) {
    case "run":
      return runContainer(args, false);
    case "start":
      return runContainer(args, true);
    case "ps":
      for (const { id, metadata, state } of await node.cri.containers()) {
        console.log(`${id.slice(0, 13)}  ${state.replace("CONTAINER_", "").toLowerCase().padEnd(8)} ${metadata.name}`);
      }
      return 0;
    case "exec":
      return executeIn(args);
    case "rm":
      await node.cri.removeAllPods();
      return 0;
    default:
      console.error(usage);
      return 2;
  }
}

async function runContainer(args: string[], stay: boolean): Promise<number> {
  const end = args.findIndex((arg) => arg in images);
  const image = args[end];
  if (image === undefined || !(image in images)) {
    console.error(usage);
    return 2;
  }
  const { values } = parseArgs({
    args: args.slice(0, end),
    options: { plain: { type: "boolean" }, profile: { type: "string" }, user: { type: "string" } },
  });
  const pod = await node.runPod({
    name: `${image}-${process.pid}`,
    ...(values.plain !== true && { runtimeHandler: "nono-runc" }),
    ...(values.profile !== undefined && { annotations: { "nono.sh/profile": values.profile } }),
  });
  try {
    const container = await pod.startContainer({
      name: image,
      image: `localhost/kubefence/${image}:1`,
      command: args.slice(end + 1),
      ...(values.user !== undefined && { runAsUser: Number(values.user) }),
    });
    if (stay) {
      console.log(container.id);
      return 0;
    }
    const { exitCode, stdout, stderr } = await container.exit();
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    return exitCode;
  } finally {
    if (!stay) {
      await pod.remove();
    }
  }
}

async function executeIn([prefix, ...args]: string[]): Promise<number> {
  const container = (await node.cri.containers()).find(({ id }) => prefix !== undefined && id.startsWith(prefix));
  if (container === undefined) {
    console.error(`no container ${prefix}`);
    return 1;
  }
  const { exitCode, stdout, stderr } = await node.cri.execSync(container.id, args);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return exitCode;
}
