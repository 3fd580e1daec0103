import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../stack/command.ts";

/** Directories that operations are tried in; each holds the same entries. What is granted on them is a manifest's affair. */
export const zones = [
  "/tree/none",
  "/tree/read",
  "/tree/read/inner",
  "/tree/write",
  "/tree/both",
  "/tree/both/inner",
  "/tree/both2",
] as const;

/** Entries of a zone that one operation each changes, so that no operation depends on another one's outcome. */
const ownFiles = [
  "append",
  "open-truncate",
  "read-truncate",
  "truncate",
  "ftruncate",
  "unlink",
  "rename-source",
  "link-source",
  "exchange-a",
  "exchange-b",
  "chmod",
  "chown",
  "utime",
  "setxattr",
] as const;

/** Pathname sockets that a process outside of the sandbox listens on. */
export const outsideSockets: string[] = zones.map((zone) => `${zone}/outside-socket`);

/** The entry of `zone` that an operation across zones takes to `other`, or finds there. */
export function crossing(zone: string, verb: string, other: string): string {
  return `${zone}/${verb}-${other.slice(1).replaceAll("/", "-")}`;
}

/** Pairs of different zones between which entries are moved. */
export const crossings: [string, string][] = zones.flatMap((from) =>
  zones.filter((to) => to !== from).map((to): [string, string] => [from, to]),
);

/** Programs of the world: where they are on the machine. */
export interface Programs {
  prober: string;
  outside: string;
  launcher: string;
}

/** Compiles the prober and what is outside of the sandbox into `directory`. */
export async function compilePrograms(directory: string, launcher: string): Promise<Programs> {
  const compile = async (name: string): Promise<string> => {
    const program = join(directory, name);
    const flags = ["-static", "-O1", "-s", "-Wall", "-Wextra", "-Werror"];
    await run("gcc", [...flags, "-o", program, join(import.meta.dirname, `${name}.c`)]);
    return program;
  };
  return { prober: await compile("prober"), outside: await compile("outside"), launcher };
}

/** Lays the world out below `root`: the zones, single files, devices, and the programs. */
export async function layOut(root: string, programs: Programs): Promise<void> {
  const directories = [
    "proc",
    "dev",
    "tmp",
    "mount-point",
    "etc",
    "programs",
    "outside",
    "nono/profiles",
    "upstream/home",
  ];
  for (const directory of [...directories, "tree/files", "tree/devices", "tree/empty"]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  install(programs.prober, join(root, "programs/prober"));
  install(programs.outside, join(root, "outside/outside"));
  install(programs.launcher, join(root, "nono/nono"));
  writeFileSync(join(root, "upstream/nono"), ""); // upstream's program is mounted here: it is 40 MB
  for (const zone of zones) {
    fillZone(root, zone, programs.prober);
  }
  for (const name of ["read", "write", "both", "none", "rename-source", "unlink"]) {
    writeFileSync(join(root, "tree/files", name), "x\n");
  }
  install(programs.prober, join(root, "tree/files/program"));
  symlinkSync("/tree/read", join(root, "tree/link-to-read"));
  symlinkSync("/tree/none/file", join(root, "tree/both/link-to-none"));
  symlinkSync("../../none/file", join(root, "tree/both/inner/link-to-none"));
  await makeDevices(root);
}

function fillZone(root: string, zone: string, program: string): void {
  const path = (name: string): string => join(root, zone, name);
  for (const directory of ["subdirectory", "empty", "rename-directory", "chdir"]) {
    mkdirSync(path(directory), { recursive: true });
  }
  for (const name of ["file", "subdirectory/file", ...ownFiles]) {
    writeFileSync(path(name), "x\n");
  }
  symlinkSync("file", path("link"));
  // A copy, not a link: a rule for a file is tied to the inode and would count for all its names.
  install(program, path("program"));
  for (const [from, to] of crossings.filter((pair) => pair[0] === zone)) {
    for (const verb of ["rename", "link", "exchange"]) {
      writeFileSync(join(root, crossing(from, verb, to)), "x\n");
    }
    mkdirSync(join(root, crossing(from, "rename-directory", to)));
  }
}

async function makeDevices(root: string): Promise<void> {
  const nodes: [string, number, number][] = [
    ["dev/null", 1, 3],
    ["dev/zero", 1, 5],
    ["dev/full", 1, 7],
    ["dev/random", 1, 8],
    ["dev/urandom", 1, 9],
    ["dev/tty", 5, 0],
    ["tree/devices/zero", 1, 5],
    ["tree/devices/full", 1, 7],
    ...zones.map((zone): [string, number, number] => [join(zone, "device"), 1, 5]),
  ];
  for (const [path, major, minor] of nodes) {
    await run("mknod", ["-m", "666", join(root, path), "c", String(major), String(minor)]);
  }
  await run(
    "mkfifo",
    zones.map((zone) => join(root, zone, "pipe")),
  );
}

function install(source: string, target: string): void {
  copyFileSync(source, target);
  chmodSync(target, 0o755);
}
