import { crossing, crossings, zones } from "./world.ts";

/** Operations that the prober tries, words separated by tabs, in this order. Every one works in a world without a sandbox. */
export const operations: string[] = [
  ...zones.flatMap(zoneOperations),
  ...crossings.flatMap(([from, to]) => crossingOperations(from, to)),
  ...fileOperations(),
  ...lookups(),
  ...processOperations(),
  ...networkOperations(),
].map((words) => words.join("\t"));

type Words = string[];

function zoneOperations(zone: string): Words[] {
  return [
    ["open-read", `${zone}/file`],
    ["open-read", `${zone}/subdirectory/file`],
    ["open-read", `${zone}/link`],
    ["open-read", zone],
    ["open-write", `${zone}/file`],
    ["open-read-write", `${zone}/file`],
    ["open-append", `${zone}/append`],
    ["open-truncate", `${zone}/open-truncate`],
    ["open-read-truncate", `${zone}/read-truncate`],
    ["open-path", `${zone}/file`],
    ["open-openat2", `${zone}/file`],
    ["truncate", `${zone}/truncate`],
    ["ftruncate", `${zone}/ftruncate`],
    ["list", zone],
    ["list", `${zone}/subdirectory`],
    ["create", `${zone}/created`],
    ["create", `${zone}/subdirectory/created`],
    ["create-unnamed", zone],
    ["mkdir", `${zone}/made`],
    ["rmdir", `${zone}/empty`],
    ["unlink", `${zone}/unlink`],
    ["symlink", `${zone}/symlink`, "file"],
    ["readlink", `${zone}/link`],
    ["link", `${zone}/link-source`, `${zone}/link-target`],
    ["rename", `${zone}/rename-source`, `${zone}/rename-target`],
    ["rename", `${zone}/rename-directory`, `${zone}/subdirectory/renamed-directory`],
    ["exchange", `${zone}/exchange-a`, `${zone}/exchange-b`],
    ["mknod-regular", `${zone}/made-regular`],
    ["mknod-fifo", `${zone}/made-fifo`],
    ["mknod-socket", `${zone}/made-socket`],
    ["mknod-character", `${zone}/made-character`],
    ["mknod-block", `${zone}/made-block`],
    ["open-read-write", `${zone}/pipe`],
    ["open-read", `${zone}/device`],
    ["ioctl", `${zone}/device`],
    ["bind-unix", `${zone}/made-bound-socket`],
    ["connect-unix", `${zone}/outside-socket`],
    ["execute", `${zone}/program`],
    ["execute-descriptor", `${zone}/program`],
    ["chmod", `${zone}/chmod`],
    ["chown", `${zone}/chown`],
    ["utime", `${zone}/utime`],
    ["setxattr", `${zone}/setxattr`],
    ["stat", `${zone}/file`],
    ["statfs", zone],
    ["access-read", `${zone}/file`],
    ["chdir", `${zone}/chdir`],
  ];
}

function crossingOperations(from: string, to: string): Words[] {
  return [
    ["rename", crossing(from, "rename", to), `${to}/renamed-from-${from.slice(1).replaceAll("/", "-")}`],
    ["rename", crossing(from, "rename-directory", to), `${to}/moved-from-${from.slice(1).replaceAll("/", "-")}`],
    ["link", crossing(from, "link", to), `${to}/linked-from-${from.slice(1).replaceAll("/", "-")}`],
    ["exchange", crossing(from, "exchange", to), crossing(to, "exchange", from)],
  ];
}

function fileOperations(): Words[] {
  const files = ["read", "write", "both", "none"].map((name) => `/tree/files/${name}`);
  return [
    ...files.flatMap((file) => [
      ["open-read", file],
      ["open-write", file],
      ["open-read-write", file],
      ["open-truncate", file],
      ["open-read-truncate", file],
      ["truncate", file],
      ["chmod", file],
    ]),
    ["execute", "/tree/files/program"],
    ["list", "/tree/files"],
    ["create", "/tree/files/created"],
    ["unlink", "/tree/files/unlink"],
    ["rename", "/tree/files/rename-source", "/tree/files/rename-target"],
    ["list", "/tree"],
    ["list", "/tree/empty"],
    ["mkdir", "/tree/empty/made"],
    ["rmdir", "/tree/empty/made"],
  ];
}

function lookups(): Words[] {
  const devices = ["/dev/null", "/dev/zero", "/dev/full", "/tree/devices/zero", "/tree/devices/full"];
  return [
    ...devices.flatMap((device) => [
      ["open-read", device],
      ["open-write", device],
      ["ioctl", device],
    ]),
    ["list", "/dev"],
    ["mknod-character", "/dev/made-character"],
    ["open-read", "/tree/both/link-to-none"],
    ["open-write", "/tree/both/link-to-none"],
    ["open-read", "/tree/both/inner/link-to-none"],
    ["open-read", "/tree/link-to-read/file"],
    ["open-read", "/tree/both/../none/file"],
    ["open-read", "/tree/read/subdirectory/../file"],
    ["open-read", "/proc/self/root/tree/none/file"],
    ["open-read", "/proc/self/root/tree/read/file"],
    ["open-read", "/proc/self/cwd/tree/read/file"],
    ["open-handle", "/tree/both/file"],
    ["open-handle", "/tree/none/file"],
    ["open-read", "/proc/self/status"],
    ["open-read", "/proc/1/status"],
    ["open-read", "/proc/1/environ"],
    ["open-read", "/proc/self/mem"],
    ["open-write", "/proc/self/comm"],
    ["open-write", "/proc/self/oom_score_adj"],
    ["list", "/proc"],
    ["list", "/proc/self/fd"],
    ["list", "/"],
    ["list", "/tmp"],
    ["list", "/nono"],
    ["list", "/nono/profiles"],
    ["open-read", "/nono/profiles/differential.json"],
    ["open-read", "/nono/nono"],
    ["open-write", "/nono/nono"],
    ["create", "/nono/created"],
    ["execute", "/nono/nono"],
    ["execute", "/programs/prober"],
    ["open-read", "/etc/passwd"],
    ["create", "/created"],
    ["mkdir", "/made"],
    ["create", "/tmp/created"],
    ["chdir", "/tree/none"],
  ];
}

function processOperations(): Words[] {
  return [
    ["signal", "1", "0"],
    ["signal", "1", "10"],
    ["signal-parent", "0"],
    ["signal-self", "0"],
    ["signal-child", "0"],
    ["signal-child", "15"],
    ["trace", "1"],
    ["bind-mount", "/tree/both/subdirectory", "/mount-point"],
    ["unmount", "/mount-point"],
  ];
}

function networkOperations(): Words[] {
  const ports = ["7001", "7002", "7003"];
  return [
    ...ports.flatMap((port) => [
      ["connect-tcp", port],
      ["connect-tcp6", port],
      ["connect-fast-open", port],
      ["connect-mptcp", port],
    ]),
    ...["7101", "7102", "7103"].flatMap((port) => [
      ["bind-tcp", port],
      ["bind-tcp6", port],
      ["bind-udp", port],
      ["bind-mptcp", port],
    ]),
    ["bind-tcp", "0"],
    ["listen-unbound"],
    ["raw-socket"],
    ["netlink-socket"],
    ["connect-udp", "7001"],
    ["send-udp", "7001"],
    ["connect-unix", "@outside"],
    ["bind-unix", "@inside"],
    ["connect-own-abstract"],
  ];
}
