import type { DenialRecord } from "./audit-record.ts";

// The kernel's names of rights (security/landlock/audit.c) in words that go before a path or a port.
const words: Record<string, string> = {
  "fs.execute": "execute",
  "fs.write_file": "write",
  "fs.read_file": "read",
  "fs.read_dir": "list",
  "fs.remove_dir": "remove a directory in",
  "fs.remove_file": "remove a file in",
  "fs.make_char": "make a character device in",
  "fs.make_dir": "make a directory in",
  "fs.make_reg": "make a file in",
  "fs.make_sock": "make a socket in",
  "fs.make_fifo": "make a pipe in",
  "fs.make_block": "make a block device in",
  "fs.make_sym": "make a symbolic link in",
  "fs.refer": "move or link a file of",
  "fs.truncate": "truncate",
  "fs.ioctl_dev": "ioctl on",
  "net.bind_tcp": "bind TCP port",
  "net.connect_tcp": "connect to TCP port",
  "scope.abstract_unix_socket": "connect to an abstract socket of",
  "scope.signal": "send a signal to",
};

/** Denials as a person reads them, each once, in the order of their first time; what differs from run to run is taken out. */
export function describeDenials(records: DenialRecord[]): string[] {
  const descriptions = records
    .filter((record) => !isProof(record))
    .map(({ blockers, target }) => `${blockers.map((right) => words[right] ?? right).join(" and ")} ${stable(target)}`);
  return [...new Set(descriptions)];
}

// At every start the launcher proves itself by a listing of /nono that must be denied.
function isProof({ blockers, target }: DenialRecord): boolean {
  return target === "/nono" && blockers.length === 1 && blockers[0] === "fs.read_dir";
}

function stable(target: string): string {
  return target
    .replace(/^\/sys\/fs\/cgroup\/.*/, "/sys/fs/cgroup") // its files have other names in cgroup v1 and v2
    .replace(/^\/proc\/\d+(?=\/|$)/, "/proc/<pid>")
    .replace(/\/\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+(?=\/|$)/, "");
}
