/** Writes what this package generates: the built-in profiles' table, and test vectors for the OCI runtime wrapper. */
import { generateBuiltInProfiles } from "./built-in-profiles.ts";
import { generateOptionVectors } from "./option-vectors.ts";

generateBuiltInProfiles();
generateOptionVectors();
