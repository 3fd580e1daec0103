import type { Configuration } from "./config/configuration.ts";
import { kataRules } from "./kata/rules.ts";
import type { NodeState } from "./policy/decide.ts";
import { openOtherLauncher } from "./policy/other-launcher.ts";
import { openSeccomp } from "./seccomp/open.ts";

/** What of the node's state follows from the configuration alone. */
export type ConfiguredState = Pick<NodeState, "configuration" | "kata" | "seccomp" | "otherLauncher">;

/** Made once for a configuration, not for a create. `last` is what was in force until now. */
export function configuredState(configuration: Configuration, last?: ConfiguredState): ConfiguredState {
  const isSamePolicy = last?.configuration.seccompProfile === configuration.seccompProfile;
  return {
    configuration,
    kata: kataRules(configuration),
    // What it has worked out for containers so far stays true.
    seccomp: isSamePolicy ? last.seccomp : openSeccomp(configuration.seccompProfile),
    otherLauncher: openOtherLauncher(configuration),
  };
}
