/** What a difference means for somebody who relies on nono's behaviour. */
export type Effect = "ours refuses more" | "ours allows more" | "another errno";

/** A known difference between our launcher and upstream nono, with its reason. */
export interface Difference {
  title: string;
  effect: Effect;
  /** Names of manifests; all when absent. */
  manifests?: string[];
  /** Matches operations, their words separated by blanks; see also `start`. */
  operations: RegExp;
  reason: string;
}

/** The operation that stands for whether the command is started at all; its answers are `ok` and `refused`. */
export const start = "start";

/** Answers by which a sandbox refuses. */
export const refusals: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EPROTONOSUPPORT", "EXDEV", "refused"]);

/** What it means that the launchers answer differently. */
export function effectOf(ours: string, nono: string): Effect {
  if (refusals.has(ours)) {
    return refusals.has(nono) ? "another errno" : "ours refuses more";
  }
  return refusals.has(nono) ? "ours allows more" : "another errno";
}

/** The known difference that explains an observed one. */
export function explanation(manifest: string, operation: string, ours: string, nono: string): Difference | undefined {
  return differences.find(
    (difference) =>
      difference.effect === effectOf(ours, nono) &&
      (difference.manifests?.includes(manifest) ?? true) &&
      difference.operations.test(operation.replaceAll("\t", " ")),
  );
}

const zone = String.raw`/tree/(none|read|read/inner|write|both|both/inner|both2)`;

/** Every known difference. The first that fits explains an observation. */
export const differences: Difference[] = [
  {
    title: "The launcher can be started inside the sandbox",
    effect: "ours allows more",
    operations: /^(open-read|execute) \/nono\/nono$/,
    reason:
      "A process that is sent into the container later starts under /nono/nono too. It holds no secret, and a sandbox started inside a sandbox only narrows. The directory /nono is not listed under either.",
  },
  {
    title: "No device files are made",
    effect: "ours refuses more",
    operations: /^mknod-(character|block) /,
    reason:
      "nono's write includes making character and block devices. No program in a container needs it, and a device file made by root is a way around every path, so ours never grants it.",
  },
  {
    title: "Device requests outside /dev",
    effect: "ours allows more",
    operations: new RegExp(String.raw`^ioctl (${zone}/device|/tree/devices/(zero|full))$`),
    reason:
      "With a grant to write, nono gives ioctl on device files that are granted by name and below /dev; ours gives it wherever writing is granted. Nobody in the sandbox can make a device file, so this is about one that the runtime or a volume brought along and whose opening the container's device cgroup allows.",
  },
  {
    title: "UDP under lists of ports",
    effect: "ours allows more",
    manifests: ["ports", "ports-connect", "ports-bind"],
    operations: /^(bind-udp|connect-udp|send-udp) /,
    reason:
      "The lists are about TCP. nono's program lets no UDP socket be made, which also cuts DNS; the library nono alone does not. Ours refuses UDP in mode blocked only: use a NetworkPolicy to limit where data can go.",
  },
  {
    title: "Netlink sockets under lists of ports",
    effect: "ours allows more",
    manifests: ["ports", "ports-connect", "ports-bind"],
    operations: /^netlink-socket$/,
    reason:
      "Programs ask the kernel for their addresses and routes through them, resolvers of C libraries among them. They carry no data out.",
  },
  {
    title: "A list of ports restricts only what it is about",
    effect: "ours allows more",
    manifests: ["ports-connect"],
    operations: /^bind-tcp6? \d+$/,
    reason:
      "With mode unrestricted, an absent list means no limit: a profile that limits where a server may connect to does not stop it from listening. nono lets one list refuse everything of the other kind. Name both lists to restrict both.",
  },
  {
    title: "A list of ports restricts only what it is about (connecting)",
    effect: "ours allows more",
    manifests: ["ports-bind"],
    operations: /^connect-tcp6? \d+$/,
    reason: "As above.",
  },
  {
    title: "TCP Fast Open under lists of ports",
    effect: "ours refuses more",
    manifests: ["ports", "ports-connect"],
    operations: /^connect-fast-open \d+$/,
    reason:
      "sendto(2) with MSG_FASTOPEN connects, and Landlock does not check it: under nono a program reaches any port that way. A filter does not see the port, so ours refuses such a send to every one; programs take connect(2) then.",
  },
  {
    title: "Ports listed under mode blocked",
    effect: "ours refuses more",
    manifests: ["blocked-but-ports"],
    operations: /^start$/,
    reason: "Blocked means none, so the manifest contradicts itself; nono allows the listed ports.",
  },
  {
    title: "MPTCP under lists of ports",
    effect: "another errno",
    manifests: ["ports", "ports-connect", "ports-bind"],
    operations: /^(connect|bind)-mptcp \d+$/,
    reason:
      "A kernel without MPTCP answers EPROTONOSUPPORT, upon which programs take TCP; EPERM, nono's, is a refusal to some.",
  },
  {
    title: "Signals in a process namespace of the container's own",
    effect: "ours allows more",
    manifests: ["own-processes"],
    operations: /^signal(-parent)? /,
    reason:
      "The namespace already keeps signals inside the container, and programs that supervise each other need them between the container's first process and one sent into it. Where the namespace is shared with others, the plugin gives --scope-signals and the answers are nono's.",
  },
  {
    title: "A manifest cannot lift the limits on signals and abstract sockets",
    effect: "ours refuses more",
    manifests: ["process-allow-all"],
    operations: /^(signal(-parent)? |connect-unix @)/,
    reason: "Abstract sockets are always scoped, and signals by the plugin's option only. The member is accepted.",
  },
  {
    title: "Denied paths are enforced",
    effect: "ours refuses more",
    manifests: ["deny"],
    operations: new RegExp(String.raw`^\S+ (/tree/both(/|$| )|.* /tree/both/)`),
    reason:
      "nono's filesystem.deny has no effect on Linux. Ours grants the entries of /tree/both one by one without the denied one. A directory granted that way can be listed, but nothing is made, renamed or removed directly in it.",
  },
  {
    title: "Denied paths are enforced (errno)",
    effect: "another errno",
    manifests: ["deny"],
    operations: /^(rename|link|exchange) .*\/tree\/both\//,
    reason: "As above: a right that is missing answers EACCES before the move across directories is weighed (EXDEV).",
  },
  {
    title: "A grant of a path that is not there",
    effect: "ours allows more",
    manifests: ["missing"],
    operations: /^start$/,
    reason:
      "Profiles are written for many images. Ours skips the grant, which allows nothing; nono refuses to start. Everything else was compared with the grant left out for nono.",
  },
  {
    title: "A grant that takes a file for a directory, or the other way round",
    effect: "ours allows more",
    manifests: ["file-as-directory", "directory-as-file"],
    operations: /^start$/,
    reason:
      "Ours grants what is there: on a file only the rights that files have. nono refuses to start. Everything else was compared with the right type for nono.",
  },
  {
    title: "A grant of /",
    effect: "ours allows more",
    manifests: ["root"],
    operations: /^start$/,
    reason:
      "nono refuses it, because it would cover its own state directory. Ours grants every entry of / but /nono. Everything else was compared with nono granting those entries by name.",
  },
  {
    title: "Paths that are not clean",
    effect: "ours refuses more",
    manifests: ["unclean"],
    operations: /^start$/,
    reason: "A manifest is compiled, so its paths are clean; nono resolves .. at start.",
  },
  {
    title: "Members that the launcher cannot enforce",
    effect: "ours refuses more",
    manifests: ["no-dns"],
    operations: /^start$/,
    reason: "dns: false needs more than Landlock. nono accepts the member and resolves names all the same.",
  },
];
