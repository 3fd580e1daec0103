/** One manifest that both launchers enforce. */
export interface ManifestCase {
  name: string;
  /** What it is there for. */
  about: string;
  grants: Grant[];
  network?: object;
  /** Further members of `filesystem` and of the manifest. */
  deny?: string[];
  process?: object;
  /** The same in a form that upstream accepts, where it refuses `grants`: operations are compared under these. */
  upstreamGrants?: Grant[];
  /** Our launcher's own options; by default those of a container whose process namespace is not its own. */
  options?: string[];
}

interface Grant {
  path: string;
  access: "read" | "write" | "readwrite";
  type?: "file" | "directory";
}

// The prober itself and the device that it uses when it starts a program.
const programs: Grant = { path: "/programs", access: "read" };
const nullDevice: Grant = { path: "/dev/null", access: "readwrite", type: "file" };
const mix: Grant[] = [
  { path: "/tree/read", access: "read" },
  { path: "/tree/write", access: "write" },
  { path: "/tree/both", access: "readwrite" },
  { path: "/tree/both2", access: "readwrite" },
];

export const manifestCases: ManifestCase[] = [
  { name: "programs-only", about: "nothing but the program itself", grants: [] },
  {
    name: "read",
    about: "read grants only",
    grants: [
      { path: "/tree/read", access: "read" },
      { path: "/etc", access: "read" },
    ],
  },
  { name: "mix", about: "read, write and both side by side", grants: mix },
  {
    name: "nested",
    about: "a grant inside another, wider and narrower",
    grants: [
      { path: "/tree", access: "read" },
      { path: "/tree/read/inner", access: "write" },
      { path: "/tree/both", access: "readwrite" },
      { path: "/tree/both/inner", access: "read" },
    ],
  },
  {
    name: "whole-tree",
    about: "one wide grant for reading and writing",
    grants: [{ path: "/tree", access: "readwrite" }],
  },
  {
    name: "files",
    about: "grants of single files",
    grants: [
      { path: "/tree/files/read", access: "read", type: "file" },
      { path: "/tree/files/write", access: "write", type: "file" },
      { path: "/tree/files/both", access: "readwrite", type: "file" },
      { path: "/tree/files/program", access: "read", type: "file" },
      { path: "/tree/read/pipe", access: "readwrite", type: "file" },
      { path: "/tree/devices/zero", access: "readwrite", type: "file" },
      { path: "/tree/devices/full", access: "read", type: "file" },
    ],
  },
  {
    name: "devices",
    about: "/dev and /proc, and devices elsewhere",
    grants: [
      { path: "/dev", access: "readwrite" },
      { path: "/proc", access: "read" },
      { path: "/tree/devices", access: "readwrite" },
    ],
  },
  {
    name: "symlink",
    about: "a grant whose path is a symbolic link",
    grants: [{ path: "/tree/link-to-read", access: "read" }],
  },
  { name: "network-blocked", about: "no TCP", grants: mix, network: { mode: "blocked" } },
  {
    name: "ports",
    about: "some ports to connect to and to bind",
    grants: [],
    network: { mode: "unrestricted", ports: { connect: [7001, 7002], bind: [7101] } },
  },
  {
    name: "ports-connect",
    about: "ports to connect to, none named for binding",
    grants: [],
    network: { mode: "unrestricted", ports: { connect: [7001] } },
  },
  {
    name: "ports-bind",
    about: "ports to bind, none named for connecting",
    grants: [],
    network: { mode: "unrestricted", ports: { bind: [7101, 7102] } },
  },
  {
    name: "blocked-but-ports",
    about: "network blocked, ports listed all the same",
    grants: [],
    network: { mode: "blocked", ports: { connect: [7001], bind: [7101] } },
  },
  {
    name: "own-processes",
    about: "a container with a process namespace of its own: the plugin sends no --scope-signals",
    grants: [],
    options: [],
  },
  {
    name: "process-allow-all",
    about: "the manifest asks for no limits on signals and sockets",
    grants: [],
    process: { signal_mode: "allow_all", ipc_mode: "full", process_info_mode: "allow_all" },
  },
  {
    name: "both-ways",
    about: "the same path granted twice, for reading and for writing",
    grants: [
      { path: "/tree/both", access: "read" },
      { path: "/tree/both", access: "write" },
    ],
  },
  { name: "deny", about: "a path denied inside a grant", grants: mix, deny: ["/tree/both/inner"] },
  {
    name: "missing",
    about: "a grant of a path that is not there",
    grants: [...mix, { path: "/absent", access: "read" }],
    upstreamGrants: mix,
  },
  {
    name: "file-as-directory",
    about: "a file granted as a directory",
    grants: [{ path: "/tree/files/read", access: "read" }],
    upstreamGrants: [{ path: "/tree/files/read", access: "read", type: "file" }],
  },
  {
    name: "directory-as-file",
    about: "a directory granted as a file",
    grants: [{ path: "/tree/read", access: "read", type: "file" }],
    upstreamGrants: [{ path: "/tree/read", access: "read" }],
  },
  {
    name: "root",
    about: "a grant of /",
    grants: [{ path: "/", access: "readwrite" }],
    upstreamGrants: ["/dev", "/etc", "/mount-point", "/outside", "/proc", "/tmp", "/tree"].map((path): Grant => ({
      path,
      access: "readwrite",
    })),
  },
  { name: "unclean", about: "a path with ..", grants: [{ path: "/tree/both/../read", access: "read" }] },
  { name: "no-dns", about: "no name resolution", grants: [], network: { mode: "unrestricted", dns: false } },
  {
    name: "proxy",
    about: "network through a proxy that filters by domain",
    grants: [],
    network: { mode: "proxy", allow_domains: ["example.org"] },
  },
];

/** The manifest as JSON. */
export function manifestText({ grants, network, deny, process }: ManifestCase): string {
  return JSON.stringify({
    version: "0.1.0",
    filesystem: { grants: [programs, nullDevice, ...grants], ...(deny && { deny: deny.map((path) => ({ path })) }) },
    ...(network && { network }),
    ...(process && { process }),
  });
}
