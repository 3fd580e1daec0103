/** The lines that a failed command leaves on stderr. */
import { describeProblem, InstallError, manifestErrors, ProfileError, RuntimeConfigError } from "../errors.ts";
import { KataImageError } from "../kata/image/errors.ts";
import { KataPolicyError } from "../kata/policy/errors.ts";
import { describeNodeProblem, NodeError } from "../node/errors.ts";
import { ManifestError } from "../profile/manifest.ts";
import { UsageError } from "./output.ts";

/** One line per problem: `kubefence: CODE: where: what and why; what to do`. */
export function describeFailure(error: unknown): { readonly text: string; readonly usage: boolean } {
  if (error instanceof UsageError) return { text: `kubefence: ${error.message}\n`, usage: true };
  if (error instanceof ProfileError) {
    return { text: error.problems.map((problem) => `kubefence: ${describeProblem(problem)}\n`).join(""), usage: false };
  }
  if (error instanceof ManifestError) {
    return { text: `kubefence: ${error.code}: ${error.message}; ${manifestErrors[error.code].action}\n`, usage: false };
  }
  if (error instanceof NodeError) {
    const lines = error.problems.map((problem) => `kubefence: ${describeNodeProblem(problem)}\n`);
    return { text: lines.join(""), usage: false };
  }
  const isPlain = [RuntimeConfigError, InstallError, KataImageError, KataPolicyError].some(
    (kind) => error instanceof kind,
  );
  if (isPlain && error instanceof Error) return { text: `kubefence: ${error.message}\n`, usage: false };
  // A defect of ours: the stack is what we need to find it.
  return { text: `kubefence: unexpected: ${error instanceof Error ? error.stack : String(error)}\n`, usage: false };
}
