import { describe, expect, test } from "vitest";
import { configuration } from "../testing/inputs.ts";
import { keys } from "./keys.ts";
import { reloadedConfiguration } from "./reload.ts";

const current = configuration();

describe("a configuration that is read again", () => {
  test("nothing changed", () => {
    expect(reloadedConfiguration(current, configuration())).toEqual({
      configuration: current,
      changed: [],
      needRestart: [],
    });
  });

  test("what can change does, and is named as in the file", () => {
    const loaded = configuration({
      defaultProfile: "strict",
      allowedProfiles: new Map([["*", ["strict"]]]),
      kataPolicySha256: ["0a".repeat(32)],
      minLandlockAbi: 4,
    });
    const { configuration: merged, changed, needRestart } = reloadedConfiguration(current, loaded);
    expect(merged).toEqual(loaded);
    expect(changed.toSorted()).toEqual([
      "allowed_profiles",
      "default_profile",
      "kata_policy_sha256",
      "min_landlock_abi",
    ]);
    expect(changed.every((key) => Object.hasOwn(keys, key))).toBe(true);
    expect(needRestart).toEqual([]);
  });

  test("every member is a key of the file", () => {
    const paths = { nonoBinPath: "/opt/other/nono", socketPath: "/run/other.sock", stateDirectory: "/run/other" };
    const others = Object.keys(current).map((name) => ({ ...current, [name]: [name], ...(name in paths && paths) }));
    const named = others.flatMap((loaded) => {
      const { changed, needRestart } = reloadedConfiguration(current, loaded);
      return [...changed, ...needRestart];
    });
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(keys).toSorted());
  });

  test("a table in another order is the same", () => {
    const entries: [string, string[]][] = [
      ["x", ["a"]],
      ["y", ["b"]],
    ];
    const one = configuration({ allowedProfiles: new Map(entries) });
    const other = configuration({ allowedProfiles: new Map(entries.toReversed()) });
    expect(reloadedConfiguration(one, other).changed).toEqual([]);
  });

  test("what cannot change keeps its value and is said", () => {
    const loaded = configuration({
      nonoBinPath: "/opt/other/nono",
      socketPath: "/run/nri.sock",
      stateDirectory: "/run/state",
      launcher: "nono",
      defaultProfile: "strict",
    });
    const { configuration: merged, changed, needRestart } = reloadedConfiguration(current, loaded);
    expect(merged).toEqual({ ...current, defaultProfile: "strict" });
    expect(changed).toEqual(["default_profile"]);
    expect(needRestart).toEqual(["nono_bin_path", "socket_path", "state_directory", "launcher"]);
  });

  test("new values that contradict what cannot change are refused", () => {
    const guests = configuration({ nonoBinPath: "", runtimeClasses: ["kata"], vmRootfsClasses: ["kata"] });
    expect(() => reloadedConfiguration(guests, configuration())).toThrow("nono_bin_path must not be empty");
  });
});
