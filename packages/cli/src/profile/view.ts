/** A manifest in words, for people: what it grants, what stays closed, volumes and network. */
import type { Access, Manifest, VolumeAccess } from "./manifest.ts";
import { homeSpellings } from "./path.ts";

export interface View {
  readonly grants: Readonly<Record<Access, readonly string[]>>;
  /** Exceptions outside homes. */
  readonly exceptions: readonly string[];
  /** Exceptions in homes, without the part that names the home. */
  readonly homeExceptions: readonly string[];
  readonly volumes: readonly (readonly [kind: string, access: string])[];
  readonly network: string;
}

/** Sorts a manifest into what a reader wants to know. */
export function viewManifest(manifest: Manifest): View {
  const { exceptions, ...kubefence } = manifest.kubefence;
  const closed = new Set(exceptions);
  // The compiler writes all spellings of a home; a manifest by hand may close one home only.
  const inHomes = exceptions.filter(
    (path) => path.startsWith("$HOME/") && homeSpellings(path).every((spelling) => closed.has(spelling)),
  );
  const spelled = new Set(inHomes.flatMap(homeSpellings));
  const having = (access: Access): string[] =>
    manifest.filesystem.grants.filter((grant) => grant.access === access).map((grant) => grant.path);
  return {
    grants: { read: having("read"), write: having("write"), readwrite: having("readwrite") },
    exceptions: exceptions.filter((path) => !spelled.has(path)),
    homeExceptions: inHomes.map((path) => path.slice("$HOME/".length)),
    volumes: [
      ["emptyDir, persistent volume claims", dataVolumes[kubefence.volumes]],
      ["ConfigMap, Secret, downward API", kubefence.config_volumes ? "read" : "only where a path above covers them"],
      ["projected (service-account tokens)", kubefence.projected_volumes ? "read" : "closed"],
      ["hostPath", "only where a path above covers it"],
    ],
    network: describeNetwork(manifest),
  };
}

const dataVolumes: Readonly<Record<VolumeAccess, string>> = {
  none: "only where a path above covers them",
  read: "read",
  readwrite: "read and write; read where the mount is read-only",
};

function describeNetwork({ network }: Manifest): string {
  const needs = "needs Landlock ABI 4, Linux 6.7";
  if (network.mode === "blocked") return `no sockets but unix ones; ${needs}`;
  if (!network.ports) return "not restricted";
  const { connect, bind } = network.ports;
  return `TCP connections to ${describePorts(connect)}, listeners on ${describePorts(bind)}; ${needs}`;
}

function describePorts(ports: readonly number[] | undefined): string {
  if (!ports) return "any port";
  return ports.length > 0 ? `only ${ports.join(", ")}` : "no port";
}

/** The view as text of at most 100 columns. */
export function formatView(view: View): string {
  const sections = [
    section("Read, list, execute", view.grants.read),
    section("Read, list, execute, write", view.grants.readwrite),
    section("Write", view.grants.write),
    section("Closed, whatever is granted above", view.exceptions),
    section("Closed in every home ($HOME, /root, /home/*)", view.homeExceptions),
    ["Volumes", ...view.volumes.map(([kind, access]) => `  ${kind.padEnd(36)}${access}`)],
    ["Network", `  ${view.network}`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function section(title: string, paths: readonly string[]): string[] {
  return paths.length > 0 ? [title, ...wrap(paths)] : [];
}

const columns = 100;

function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + word.length <= columns) lines[lines.length - 1] = `${last}  ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}
