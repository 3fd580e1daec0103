/** What a refusal about a profile tells its reader; which profiles are refused is shown in decide.test.ts. */
import { describe, expect, test } from "vitest";
import { configuration, containerInput, installedProfile, podInput } from "../testing/inputs.ts";
import type { InstalledProfile, Refusal } from "./inputs.ts";
import { chooseProfile, findProfile, type InstalledProfiles } from "./profile.ts";

const both: InstalledProfiles = new Map([
  ["strict", installedProfile()],
  ["default", installedProfile()],
]);

function find(
  name: string,
  installed: InstalledProfiles,
  allowedProfiles?: ReadonlyMap<string, readonly string[]>,
): InstalledProfile | Refusal {
  return findProfile(name, podInput(), containerInput(), configuration({ allowedProfiles }), installed, 7);
}

describe("what to do instead", () => {
  const inAnnotation = "in the annotation nono.sh/profile";

  test("a profile that is not installed: those that are, sorted, or having it installed", () => {
    expect(find("other", both)).toEqual({
      code: "PROFILE_NOT_INSTALLED",
      what: 'profile "other" is not installed on this node',
      action: `use one of default, strict ${inAnnotation}, or have it installed`,
    });
    expect(find("other", new Map())).toMatchObject({ action: "no profile can be used here; have it installed" });
  });

  test("a profile that the namespace may not use: those that it may, or whom to ask", () => {
    expect(find("default", both, new Map([["team-a", ["strict", "gone"]]]))).toMatchObject({
      code: "PROFILE_NOT_ALLOWED",
      action: `use one of strict ${inAnnotation}, or ask the cluster's operator to allow it (allowed_profiles)`,
    });
  });

  test("a namespace that is not listed may use no profile, whatever its name", () => {
    expect(find("default", both, new Map())).toMatchObject({
      code: "PROFILE_NOT_ALLOWED",
      action: "no profile can be used here; ask the cluster's operator to allow it (allowed_profiles)",
    });
  });
});

test("of an annotation that is no name only the beginning is repeated", () => {
  const pod = podInput({ profile: "/".repeat(5000) });
  expect(chooseProfile(pod, configuration({ invalidProfile: "refuse" }))).toMatchObject({
    code: "PROFILE_NAME_INVALID",
    what: expect.stringContaining(`is "${"/".repeat(100)}", which does not match`),
  });
});
