/** What must hold for every input, however strange. */
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { ProfileError } from "../errors.ts";
import { builtinShelf } from "./builtin.ts";
import { compileProfile, formatManifest } from "./compile.ts";
import { profileKeys } from "./keys.ts";
import { Library } from "./library.ts";
import { parseManifest } from "./manifest.ts";

// Hundreds of runs each, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const compileJson = (json: unknown): string => {
  const files = { name: "files" as const, profiles: new Map([["p", { json, where: "p.json" }]]), groups: new Map() };
  return formatManifest(compileProfile("p", new Library([files, builtinShelf])).manifest);
};

/** The manifest, or the codes; anything else that is thrown fails the test. */
const outcome = (json: unknown): string => {
  try {
    return compileJson(json);
  } catch (error) {
    if (error instanceof ProfileError) return error.message;
    throw error;
  }
};

const someKey = fc.constantFrom(...Object.keys(profileKeys));
const oddPath = fc.oneof(
  fc.constantFrom("/", "/etc/shadow", "~", "~/.ssh", "$WORKDIR", "/a/*", "/b/", "/nono", "x", "$X/y", "/c/**"),
  fc.string({ maxLength: 6 }),
);
const oddPaths = fc.array(
  fc.oneof(oddPath, fc.record({ path: oddPath, when: fc.constantFrom("linux", "macos", "linux:x") })),
);
const soundPaths = fc.array(fc.constantFrom("/a", "/b", "/a/b", "~/x", "$WORKDIR/y", "/c/*", "/tmp"), { maxLength: 5 });
const port = fc.integer({ min: 1, max: 65535 });

/** Profiles that have the right shape; whether they compile depends on `paths`, `ports` and `bases`. */
const profile = (
  paths: fc.Arbitrary<unknown>,
  ports: fc.Arbitrary<number>,
  bases: readonly unknown[],
): fc.Arbitrary<object> => {
  const optional = { requiredKeys: [] };
  return fc.record(
    {
      extends: fc.constantFrom(...bases),
      groups: fc.record({ include: fc.constant(["home"]), exclude: fc.constant(["devices"]) }, optional),
      filesystem: fc.record(
        { allow: paths, read: paths, write: paths, deny: paths, read_file: fc.constant(["/f"]) },
        optional,
      ),
      workdir: fc.record({ access: fc.constantFrom("none", "read", "write", "readwrite") }),
      network: fc.record(
        { block: fc.boolean(), connect_port: fc.array(ports), listen_port: fc.array(ports) },
        optional,
      ),
      kubefence: fc.record(
        { exceptions: paths, volumes: fc.constantFrom("none", "read", "readwrite"), config_volumes: fc.boolean() },
        optional,
      ),
    },
    optional,
  );
};
const oddProfile = profile(oddPaths, fc.integer(), [null, "strict", "p", ["default", "api-client"], "nothing"]);
const soundProfile = profile(soundPaths, port, [null, "strict", "workspace", ["default", "api-client"]]);

test("arbitrary JSON compiles or ends in a coded error", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(outcome(json)).toMatch(/^(\{|KF_PROFILE_)/);
    }),
  );
});

test("a value of any kind under any key compiles or ends in a coded error", () => {
  fc.assert(
    fc.property(someKey, fc.jsonValue(), (key, value) => {
      const json = key.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
      expect(outcome(json)).toMatch(/^(\{|KF_PROFILE_)/);
    }),
    { numRuns: 300 },
  );
});

test("profiles with odd values compile or end in a coded error", () => {
  fc.assert(
    fc.property(oddProfile, (json) => {
      expect(outcome(json)).toMatch(/^(\{|KF_PROFILE_)/);
    }),
  );
});

test("sound profiles compile to a manifest that its reader accepts, sorted and without repetition", () => {
  fc.assert(
    fc.property(soundProfile, (json) => {
      const text = compileJson(json);
      const manifest = parseManifest(text);
      expect(formatManifest(manifest)).toBe(text);
      for (const paths of [manifest.filesystem.grants.map((grant) => grant.path), manifest.kubefence.exceptions]) {
        expect(paths).toEqual([...new Set(paths)].toSorted());
      }
    }),
  );
});

test("neither the order of keys nor that of entries changes a byte", () => {
  fc.assert(
    fc.property(soundProfile, fc.infiniteStream(fc.nat()), (json, random) => {
      expect(compileJson(shuffled(json, random))).toBe(compileJson(json));
    }),
  );
});

/** Equal JSON with keys in another order, and with the lists of paths turned around and doubled. */
function shuffled(json: unknown, random: Iterator<number>, key = ""): unknown {
  if (Array.isArray(json)) return key === "extends" ? json : [...json.toReversed(), ...json];
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .map(([name, value]) => ({ order: Number(random.next().value), name, value: shuffled(value, random, name) }))
      .toSorted((one, other) => one.order - other.order)
      .map(({ name, value }) => [name, value]),
  );
}
