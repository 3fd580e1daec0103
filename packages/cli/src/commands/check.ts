/** kubefence profile check */
import type { SourceOptions } from "../files/sources.ts";
import { describeFile, formatDescribed } from "./describe.ts";
import { type Output, warningLines } from "./output.ts";

/** Validates each file, a profile or a manifest, and says what it grants. */
export async function check(files: readonly string[], options: SourceOptions): Promise<Output> {
  const outputs: string[] = [];
  const warnings: string[] = [];
  const failures: unknown[] = [];
  for (const file of files) {
    try {
      const described = await describeFile(file, options);
      outputs.push(`${file}: valid\n\n${formatDescribed(described)}`);
      warnings.push(warningLines(file, described.warnings));
    } catch (error) {
      failures.push(error);
    }
  }
  return { stdout: outputs.join("\n"), stderr: warnings.join(""), failures };
}
