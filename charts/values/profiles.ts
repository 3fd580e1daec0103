/** `profiles`: an operator's own, in the format that the compiler reads. */
import { profileSchema } from "@kubefence/cli/profile-schema";
import { z } from "zod";
import { profileName } from "./section.ts";

export const profiles: z.ZodType = z
  .record(z.string().regex(profileName), z.union([profileSchema, z.string().min(1)]))
  .default({})
  .describe(
    "Your own profiles: name to what a [profile's file](profile-format.md) holds, as YAML or, for `--set-file profiles.NAME=FILE`, as the file's text. " +
      "They are compiled on each node, beside the built-in ones or in place of one of the same name, and may extend both. One that does not compile stops the rollout: the nodes " +
      "keep what they have. One that is taken out is removed again; containers that have it keep it.",
  );
