import { MINIMUM_KERNEL } from "../../src/launcher/kernel.ts";
import { LANDLOCK_FEATURES } from "../../src/launcher/landlock.ts";
import { formatVersion, MINIMUM_NRI_VERSION, RUNTIME_REQUIREMENTS } from "../../src/policy/runtime.ts";
import { keys } from "../../src/config/keys.ts";
import { table } from "./table.ts";

export function requirementsTable(): string {
  const runtimes = RUNTIME_REQUIREMENTS.map(({ name, minimum }) => [
    name,
    `${formatVersion(minimum)} or later`,
    "at Configure; the plugin registers all the same and refuses every container of its classes",
  ]);
  return table(
    ["what", "needed", "checked"],
    [
      ["Linux", `${MINIMUM_KERNEL.join(".")} or later`, "at start, by `uname`"],
      [
        "Landlock",
        `enabled in the kernel, ABI ${String(keys.min_landlock_abi.initial)} or later (\`min_landlock_abi\`)`,
        "at start and every minute, by the launcher's self-test",
      ],
      ...runtimes,
      [
        "another runtime",
        `NRI ${formatVersion(MINIMUM_NRI_VERSION)} or later, and it says so at Configure`,
        "at Configure, as above",
      ],
    ],
  );
}

export function abiTable(): string {
  return table(
    ["Landlock ABI", "Linux", "below it"],
    LANDLOCK_FEATURES.map(({ abi, kernel, lack }) => [String(abi), kernel, lack]),
  );
}
