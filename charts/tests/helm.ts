/** Renders the chart with the real Helm. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const chart: string = fileURLToPath(new URL("../kubefence", import.meta.url));
const cache = process.env["KUBEFENCE_CACHE"] ?? join(homedir(), ".cache/kubefence");
const program = join(cache, "bin/helm-3.22.0/helm");

/** As far as tests look into it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: any; // eslint-disable-line typescript/no-explicit-any
}

export interface Render {
  /** Values as `--set-json` takes them. */
  readonly values?: object;
  /** Files in charts/tests/values. */
  readonly files?: readonly string[];
  readonly release?: string;
  readonly kubernetes?: string;
}

/** Every object, those of `helm test` and `helm uninstall` included. Throws what Helm says. */
export function render(options: Render = {}): KubernetesObject[] {
  const text = run("template", options);
  return objectsOf(text);
}

/** Those that an installation makes. */
export function installed(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] === undefined);
}

/**
 * What the user reads after the installation. `helm template` does not print it, so the text is rendered as an object of a
 * copy of the chart.
 */
export function renderNotes(options: Render = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-chart-"));
  try {
    cpSync(chart, directory, { recursive: true });
    cpSync(join(chart, "templates/NOTES.txt"), join(directory, "notes.txt"));
    const template = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: notes }\ndata: { text: {{ tpl (.Files.Get "notes.txt") . | toJson }} }\n`;
    writeFileSync(join(directory, "templates/notes.yaml"), template);
    return find(
      objectsOf(run("template", options, directory, "--show-only=templates/notes.yaml")),
      "ConfigMap",
      "notes",
    )["data"].text;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function objectsOf(text: string): KubernetesObject[] {
  const documents = parseAllDocuments(text).map((document): KubernetesObject | null => document.toJS());
  return documents.filter((object) => object !== null);
}

/** The one object of that kind and name. */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(
      `${found.length} objects ${kind}/${name}; there are ${objects.map((object) => `${object.kind}/${object.metadata.name}`).join(", ")}`,
    );
  }
  return found[0];
}

/** Runs `helm` with arguments as they are, for example to lint. */
export function helm(...args: string[]): string {
  requireHelm();
  return execFileSync(program, args, { encoding: "utf8" });
}

function run(command: string, options: Render, directory = chart, ...more: string[]): string {
  requireHelm();
  const { values = {}, files = [], release = "kubefence", kubernetes } = options;
  const args = [
    command,
    release,
    directory,
    "--namespace=kube-system",
    ...more,
    ...(kubernetes === undefined ? [] : [`--kube-version=${kubernetes}`]),
    ...files.map((file) => `--values=${fileURLToPath(new URL(`values/${file}`, import.meta.url))}`),
    "--values=-",
  ];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", input: JSON.stringify(values) });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function requireHelm(): void {
  if (!existsSync(program)) throw new Error(`${program} is missing: run tools/build.sh helm`);
}
