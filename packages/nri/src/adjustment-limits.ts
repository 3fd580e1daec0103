/** Adjustments that a runtime of some age ignores, or crashes on. They fail closed here instead. */
import { NriError } from "./errors.ts";
import { isAtLeast, type Version } from "./runtime-version.ts";
import type { ContainerAdjustmentInit } from "./schema/generated/nri/adjustment.ts";

/** Throws ARGS_UNSUPPORTED or SECCOMP_ERRNO_UNSUPPORTED; nothing is checked before the runtime is known. */
export function checkAdjustment(adjust: ContainerAdjustmentInit, nriVersion: Version | undefined): void {
  if (nriVersion === undefined) return;
  if ((adjust.args?.length ?? 0) > 0 && !isAtLeast(nriVersion, [0, 10, 0])) {
    throw new NriError("ARGS_UNSUPPORTED", `NRI ${nriVersion.join(".")} ignores a change of args`);
  }
  const rules = adjust.linux?.seccompPolicy?.syscalls;
  // https://github.com/containerd/nri: a nil pointer before 0.12 when a rule has an errno of its own.
  if (rules?.some((rule) => rule.errnoRet !== undefined) === true && !isAtLeast(nriVersion, [0, 12, 0])) {
    throw new NriError(
      "SECCOMP_ERRNO_UNSUPPORTED",
      `NRI ${nriVersion.join(".")} crashes on errnoRet in a seccomp rule`,
    );
  }
}
