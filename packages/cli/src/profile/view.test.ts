import { describe, expect, test } from "vitest";
import type { KubefenceSettings, Manifest, Network } from "./manifest.ts";
import { formatView, viewManifest } from "./view.ts";

const settings = { exceptions: [], volumes: "none", config_volumes: false, projected_volumes: false } as const;
const bare: Manifest = {
  version: "0.1.0",
  filesystem: { grants: [] },
  network: { mode: "unrestricted" },
  kubefence: settings,
};

function withExceptions(...exceptions: readonly string[]): Manifest {
  return { ...bare, kubefence: { ...settings, exceptions } };
}

test("a manifest reads as sections; what it has nothing of is left out", () => {
  const manifest: Manifest = {
    ...bare,
    filesystem: {
      grants: [
        { path: "/usr", access: "read" },
        { path: "/tmp", access: "readwrite" },
        { path: "/bin", access: "read" },
      ],
    },
    kubefence: { ...settings, exceptions: ["$HOME/.ssh", "/etc/shadow", "/home/*/.ssh", "/root/.ssh"] },
  };
  expect(formatView(viewManifest(manifest))).toBe(`Read, list, execute
  /usr  /bin

Read, list, execute, write
  /tmp

Closed, whatever is granted above
  /etc/shadow

Closed in every home ($HOME, /root, /home/*)
  .ssh

Volumes
  emptyDir, persistent volume claims  only where a path above covers them
  ConfigMap, Secret, downward API     only where a path above covers them
  projected (service-account tokens)  closed
  hostPath                            only where a path above covers it

Network
  not restricted
`);
});

test("a path that may be written only is not said to be readable", () => {
  const grants = [{ path: "/out", access: "write" }] as const;
  const text = formatView(viewManifest({ ...bare, filesystem: { grants } }));
  expect(text).toMatch(/^Write\n {2}\/out\n\nVolumes\n/);
});

describe("exceptions in homes", () => {
  test("are said to be in every home only where all three spellings are closed", () => {
    const view = viewManifest(
      withExceptions("$HOME/.token", "/root/.token", "$HOME/.ssh", "/root/.ssh", "/home/*/.ssh"),
    );
    expect(view.homeExceptions).toEqual([".ssh"]);
    expect(view.exceptions).toEqual(["$HOME/.token", "/root/.token"]);
  });

  test("a name that only begins like one is another", () => {
    const view = viewManifest(withExceptions("$HOMEWORK/x", "/root/.ssh", "/home/a/.ssh"));
    expect(view).toMatchObject({ homeExceptions: [], exceptions: ["$HOMEWORK/x", "/root/.ssh", "/home/a/.ssh"] });
  });
});

test.each([
  ["none", "only where a path above covers them"],
  ["read", "read"],
  ["readwrite", "read and write; read where the mount is read-only"],
] as const)("volumes %j: %s", (volumes, access) => {
  const view = viewManifest({ ...bare, kubefence: { ...settings, volumes } });
  expect(view.volumes[0]).toEqual(["emptyDir, persistent volume claims", access]);
});

/** What is said of data, configuration and projected volumes. */
function accessWith(changes: Partial<KubefenceSettings>): string[] {
  const { volumes } = viewManifest({ ...bare, kubefence: { ...settings, ...changes } });
  return volumes.slice(0, 3).map(([, access]) => access);
}

test("configuration and tokens are told apart", () => {
  const none = "only where a path above covers them";
  expect(accessWith({ config_volumes: true })).toEqual([none, "read", "closed"]);
  expect(accessWith({ projected_volumes: true })).toEqual([none, none, "read"]);
});

const needs = "needs Landlock ABI 4, Linux 6.7";

test.each<[Network, string]>([
  [{ mode: "blocked" }, `no sockets but unix ones; ${needs}`],
  [{ mode: "blocked", ports: { connect: [443] } }, `no sockets but unix ones; ${needs}`],
  [{ mode: "unrestricted" }, "not restricted"],
  [
    { mode: "unrestricted", ports: { connect: [53, 443] } },
    `TCP connections to only 53, 443, listeners on any port; ${needs}`,
  ],
  [
    { mode: "unrestricted", ports: { connect: [], bind: [8080] } },
    `TCP connections to no port, listeners on only 8080; ${needs}`,
  ],
])("network %j", (network, words) => {
  expect(viewManifest({ ...bare, network }).network).toBe(words);
});

/** The lines of the first section. */
function linesOf(exceptions: readonly string[]): string[] {
  const [section = ""] = formatView(viewManifest(withExceptions(...exceptions))).split("\n\n");
  return section.split("\n").slice(1);
}

describe("long lists", () => {
  test("are broken between paths at 100 columns", () => {
    // Two blanks, 48 characters, two blanks, 48 characters.
    const [fits, over] = [`/${"a".repeat(47)}`, `/${"b".repeat(48)}`];
    expect(linesOf([fits, fits])).toEqual([`  ${fits}  ${fits}`]);
    expect(linesOf([fits, over])).toEqual([`  ${fits}`, `  ${over}`]);
  });

  test("a path that is longer than a line is never cut", () => {
    const long = `/${"a".repeat(120)}`;
    expect(linesOf(["/x", long, "/y"])).toEqual(["  /x", `  ${long}`, "  /y"]);
  });
});
