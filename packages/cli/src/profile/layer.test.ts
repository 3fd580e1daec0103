import { describe, expect, test } from "vitest";
import type { Problem } from "../errors.ts";
import { emptyLayer, readLayer, type Layer } from "./layer.ts";
import { Library, policyShelf } from "./library.ts";
import { checkProfile } from "./schema.ts";

const shelf = policyShelf("built-in", { groups: { tools: {}, others: {} }, profiles: {} });
const library = new Library([shelf]);

function read(profile: unknown): { layer: Layer; problems: Problem[] } {
  const problems: Problem[] = [];
  const layer = readLayer(checkProfile(profile, "p.json"), { where: "p.json", shelf, library, problems });
  return { layer, problems };
}

function messages(profile: unknown): string[] {
  return read(profile).problems.map(({ code, where, message }) => `${code}: ${where}: ${message}`);
}

function requests(profile: unknown): unknown {
  return Object.fromEntries(read(profile).layer.requests);
}

/** How a value of that length, two quotes included, is shown. */
function shown(length: number): string {
  const problem = read({ binary: "x".repeat(length - 2) }).layer.requests.get("binary");
  return /^binary = (.*) cannot be enforced/.exec(problem?.message ?? "")?.[1] ?? "";
}

test("a profile that says nothing is an empty layer", () => {
  expect(read({})).toEqual({ layer: { ...emptyLayer, description: undefined }, problems: [] });
  expect(read({ meta: { description: null } }).layer.description).toBeUndefined();
});

test("what a profile says, key by key", () => {
  const { layer, problems } = read({
    meta: { description: "d" },
    groups: { include: ["tools"], exclude: ["others"] },
    filesystem: { write: ["/w"], read_file: ["/f"], deny: ["/d"], bypass_protection: ["~/b"] },
    workdir: { access: "write" },
    network: { block: true, connect_port: [443], listen_port: [80], listen_port_range: [[8080, 8082]] },
    kubefence: {
      exceptions: ["~/e"],
      exceptions_remove: ["/r"],
      volumes: "read",
      config_volumes: false,
      projected_volumes: true,
    },
  });
  expect(problems).toEqual([]);
  expect({ ...layer, include: layer.include.map(({ id }) => id), exclude: layer.exclude.map(({ id }) => id) }).toEqual({
    description: "d",
    include: ["built-in:tools"],
    exclude: ["built-in:others"],
    grants: [
      { path: "/w", access: "write", file: false },
      { path: "/f", access: "read", file: true },
    ],
    bypass: [{ path: "$HOME/b", where: "p.json" }],
    workdir: "write",
    block: true,
    connectPorts: [443],
    bindPorts: [80, 8080, 8081, 8082],
    exceptions: ["/d", "$HOME/e", "/root/e", "/home/*/e"],
    removals: [{ entry: "/r", spellings: ["/r"], where: "p.json", used: false }],
    volumes: "read",
    configVolumes: false,
    projectedVolumes: true,
    requests: new Map(),
  });
});

describe("paths", () => {
  test.each(["filesystem.read", "filesystem.deny", "filesystem.bypass_protection", "kubefence.exceptions"])(
    "%s: a bad one is named, and left out",
    (key) => {
      const [block = "", name = ""] = key.split(".");
      const profile = { [block]: { [name]: ["relative", "/good"] } };
      expect(messages(profile)).toEqual([`KF_PROFILE_PATH: p.json: ${key}: relative is not absolute`]);
      const { grants, bypass, exceptions } = read(profile).layer;
      expect([...grants.map(({ path }) => path), ...bypass.map(({ path }) => path), ...exceptions]).toEqual(["/good"]);
    },
  );

  test("a key for single files takes no wildcard, one for directories does", () => {
    expect(messages({ filesystem: { read: ["/etc/*.d"] } })).toEqual([]);
    expect(messages({ filesystem: { read_file: ["/etc/*.d"] } })).toEqual([
      "KF_PROFILE_PATTERN: p.json: filesystem.read_file: /etc/*.d has a wildcard, but names one file",
    ]);
  });

  test.each([
    ["filesystem", "deny"],
    ["filesystem", "bypass_protection"],
    ["kubefence", "exceptions"],
    ["kubefence", "exceptions_remove"],
  ])("%s.%s speaks of exceptions: / is none", (block, name) => {
    expect(messages({ [block]: { [name]: ["/"] } })).toEqual([
      `KF_PROFILE_FORBIDDEN: p.json: ${block}.${name}: the exception / would close everything`,
    ]);
  });
});

describe("conditions", () => {
  test("an entry without one counts, in either form; one whose condition fails does not", () => {
    const { layer, problems } = read({
      groups: { include: [{ name: "tools" }, { name: "others", when: "macos" }] },
      filesystem: { read: [{ path: "/a" }, { path: "/b", when: "windows" }, { path: "/c", when: "linux" }, "/d"] },
    });
    expect(problems).toEqual([]);
    expect(layer.include.map(({ id }) => id)).toEqual(["built-in:tools"]);
    expect(layer.grants.map(({ path }) => path)).toEqual(["/a", "/c", "/d"]);
  });

  test("one that cannot be decided is an error, and grants nothing", () => {
    const profile = {
      groups: { exclude: [{ name: "tools", when: "linux:debian" }] },
      filesystem: { read: [{ path: "/a", when: ["macos", "linux:debian"] }] },
    };
    expect(messages(profile)).toEqual([
      'KF_PROFILE_WHEN: p.json: filesystem.read: the condition ["macos","linux:debian"] cannot be decided',
      'KF_PROFILE_WHEN: p.json: groups.exclude: the condition "linux:debian" cannot be decided',
    ]);
    expect(read(profile).layer).toMatchObject({ exclude: [], grants: [] });
  });
});

describe("ranges of ports", () => {
  test.each([
    [[80, 80], 1],
    [[1, 1024], 1024],
    [[64512, 65535], 1024],
  ])("%j are %d", (range, count) => {
    const { layer, problems } = read({ network: { listen_port_range: [range] } });
    expect(problems).toEqual([]);
    expect([layer.bindPorts.length, layer.bindPorts[0], layer.bindPorts.at(-1)]).toEqual([count, ...range]);
  });

  test.each([
    [80, 79],
    [1, 1025],
  ])("%d to %d is none", (from, to) => {
    const { layer, problems } = read({ network: { listen_port_range: [[from, to]] } });
    expect(problems).toEqual([
      {
        code: "KF_PROFILE_PORT",
        where: "p.json",
        message: `network.listen_port_range: ${from} to ${to} is no range of 1 to 1024 ports`,
        hint: "list the ports that are needed",
      },
    ]);
    expect(layer.bindPorts).toEqual([]);
  });
});

describe("requests that cannot be met", () => {
  test("are kept with what to do; what holds anyway takes an inherited one back", () => {
    expect(requests({ security: { signal_mode: "allow_all" }, linux: { sandbox_policy: "landlock" } })).toEqual({
      "security.signal_mode": {
        code: "KF_PROFILE_UNSUPPORTED",
        where: "p.json",
        message:
          'security.signal_mode = "allow_all" cannot be enforced: signals stay in the container: by its pid namespace, or by Landlock where the pod shares one',
        hint: "leave it out",
      },
      "linux.sandbox_policy": null,
    });
    expect(requests({ security: { signal_mode: null } })).toEqual({});
    expect(requests({ security: { signal_mode: ["isolated"] } })).toHaveProperty(["security.signal_mode", "code"]);
  });

  test("asking for nothing takes one back only where nono says so", () => {
    expect(requests({ network: { network_profile: null, credentials: [] } })).toEqual({
      "network.network_profile": null,
      "network.credentials": null,
    });
    for (const nothing of [null, [], {}, false, ""]) expect(requests({ hooks: nothing })).toEqual({});
    expect(requests({ diagnostics: null, filesystem: { read: [] } })).toEqual({});
    expect(requests({ environment: null })).toEqual({});
  });

  test("a long value is shortened to 120 characters", () => {
    expect(shown(120)).toBe(`"${"x".repeat(118)}"`);
    expect(shown(121)).toBe(`"${"x".repeat(118)}…`);
  });
});
