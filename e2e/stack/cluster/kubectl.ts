import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { run } from "../command.ts";

/** How a program ended. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** An API object as far as cases look into it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- the API's objects, read by tests
  [field: string]: any;
}

/** The clients of a cluster: kubectl, and helm with the same kubeconfig. */
export class Kubectl {
  readonly #programs: { kubectl: string; helm: string };
  readonly #kubeconfig: string;
  /** Goes before each command: enters the network namespace that the API server is in. */
  readonly #prefix: string[];

  constructor(programs: { kubectl: string; helm: string }, kubeconfig: string, prefix: string[] = []) {
    this.#programs = programs;
    this.#kubeconfig = kubeconfig;
    this.#prefix = prefix;
  }

  /** Runs kubectl to its end, however it ends. */
  attempt(args: string[], input = ""): Promise<Ended> {
    return this.#run("kubectl", args, input);
  }

  /** Runs kubectl and returns its standard output; throws what it says when it fails. */
  async run(args: string[], input = ""): Promise<string> {
    return succeeded("kubectl", args, await this.attempt(args, input));
  }

  /** Runs helm and returns its standard output; throws what it says when it fails. */
  async helm(args: string[], input = ""): Promise<string> {
    return succeeded("helm", args, await this.#run("helm", args, input));
  }

  /** One object. */
  async get(kind: string, name: string, namespace = "default"): Promise<KubernetesObject> {
    return JSON.parse(await this.run(["get", kind, name, `--namespace=${namespace}`, "--output=json"]));
  }

  /** All objects of a kind in a namespace that a label selector picks. */
  async list(kind: string, selector = "", namespace = "default"): Promise<KubernetesObject[]> {
    const args = ["get", kind, `--selector=${selector}`, `--namespace=${namespace}`, "--output=json"];
    return JSON.parse(await this.run(args)).items;
  }

  /** Creates or changes objects; YAML as it is, or objects. */
  async apply(objects: string | object[], namespace = "default"): Promise<void> {
    const input =
      typeof objects === "string" ? objects : JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    await this.run(["apply", `--namespace=${namespace}`, "--filename=-"], input);
  }

  /** Waits for a condition, such as `condition=Ready` of `pod/name`; throws after `timeoutSeconds`. */
  async wait(what: string, condition: string, timeoutSeconds = 120, namespace = "default"): Promise<void> {
    await this.run(["wait", what, `--for=${condition}`, `--timeout=${timeoutSeconds}s`, `--namespace=${namespace}`]);
  }

  /** Deletes a pod and waits until it is gone; one that is not there is no error. */
  async deletePod(name: string, namespace = "default"): Promise<void> {
    await this.run(["delete", "pod", name, `--namespace=${namespace}`, "--grace-period=1", "--ignore-not-found"]);
  }

  /** The whole command line of kubectl, for a caller that runs it in a way of its own. */
  commandLine(args: string[], program: "kubectl" | "helm" = "kubectl"): string[] {
    return [...this.#prefix, this.#programs[program], `--kubeconfig=${this.#kubeconfig}`, ...args];
  }

  /** Fetches a page of a pod or service through `kubectl port-forward`, from where kubectl runs. */
  async throughPortForward(target: string, port: number, path: string): Promise<string> {
    const [command = "", ...rest] = this.commandLine(["port-forward", target, `:${port}`]);
    const forward = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const local = await new Promise<string>((resolve, reject) => {
        forward.once("error", reject);
        forward.once("close", (code) => reject(new Error(`kubectl port-forward ended with ${code}`)));
        forward.stdout.on("data", (data: Buffer) => {
          const announced = /127\.0\.0\.1:(\d+)/.exec(data.toString())?.[1];
          if (announced !== undefined) resolve(announced);
        });
      });
      const fetch = `fetch("http://127.0.0.1:${local}${path}").then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
      return await run(this.#prefix[0] ?? process.execPath, [
        ...(this.#prefix.length > 0 ? [...this.#prefix.slice(1), process.execPath] : []),
        "--eval",
        fetch,
      ]);
    } finally {
      forward.kill();
    }
  }

  async #run(program: "kubectl" | "helm", args: string[], input: string): Promise<Ended> {
    const [command = "", ...rest] = this.commandLine(args, program);
    const child = spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    // A program that ends without reading is no error of ours.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { exitCode, stdout, stderr };
  }
}

function succeeded(program: string, args: string[], { exitCode, stdout, stderr }: Ended): string {
  if (exitCode !== 0) {
    throw new Error(`${program} ${args.join(" ")} failed with ${exitCode}: ${stderr || stdout}`);
  }
  return stdout;
}
