/** Writes what this package generates: the built-in profiles' table, and the tables in docs/reference. */
import { generateBuiltInProfiles } from "./built-in-profiles.ts";

generateBuiltInProfiles();
