/** Where things are in the repository. */
import { fileURLToPath } from "node:url";

const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const profilesDirectory: string = inRepository("profiles");
export const manifestsDirectory: string = inRepository("profiles/generated");
export const referenceDirectory: string = inRepository("docs/reference");
export const bundleFile: string = inRepository("build/kubefence");
export const agentPolicyFile: string = inRepository("kata/policy/policy.rego");
export const agentPolicyModule: string = inRepository("packages/cli/src/kata/policy/generated/agent-policy.ts");
