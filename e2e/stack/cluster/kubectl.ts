import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

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

  async #run(program: "kubectl" | "helm", args: string[], input: string): Promise<Ended> {
    const [command = "", ...rest] = [
      ...this.#prefix,
      this.#programs[program],
      `--kubeconfig=${this.#kubeconfig}`,
      ...args,
    ];
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
