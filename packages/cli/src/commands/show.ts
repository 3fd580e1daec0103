/** kubefence profile show */
import { isPath, type SourceOptions } from "../files/sources.ts";
import { describeFile, describeName, formatDescribed } from "./describe.ts";
import { type Output, warningLines } from "./output.ts";

export interface ShowOptions extends SourceOptions {
  readonly dir: string;
  /** --dir was given, so it has to exist. */
  readonly dirGiven: boolean;
  readonly json?: boolean | undefined;
}

/** What a profile grants and keeps closed; with --json its manifest. */
export async function show(profile: string, options: ShowOptions): Promise<Output> {
  const described = isPath(profile)
    ? await describeFile(profile, options)
    : await describeName(profile, { path: options.dir, required: options.dirGiven }, options);
  const stderr = warningLines(described.name, described.warnings);
  return { stdout: options.json ? described.text : formatDescribed(described), stderr };
}
