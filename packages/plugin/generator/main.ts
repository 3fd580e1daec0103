/** Writes what this package generates: the built-in profiles' table, the seccomp policies, the tables in docs/reference, and test vectors. */
import { generateBuiltInProfiles } from "./built-in-profiles.ts";
import { generateOptionVectors } from "./option-vectors.ts";
import { generateSeccompPolicies } from "./seccomp/main.ts";
import { writePages } from "./reference/pages.ts";

generateBuiltInProfiles();
generateOptionVectors();
generateSeccompPolicies();
await writePages();
