/** Writes what this package generates: the built-in profiles' table, the tables in docs/reference, and test vectors. */
import { generateBuiltInProfiles } from "./built-in-profiles.ts";
import { generateOptionVectors } from "./option-vectors.ts";
import { writePages } from "./reference/pages.ts";

generateBuiltInProfiles();
generateOptionVectors();
await writePages();
