/** kubefence kata image inject */
import { inject, type Injection, policyPath } from "../kata/image/inject.ts";
import { type Output, UsageError } from "./output.ts";

export interface InjectFlags {
  readonly output: string;
  readonly policy?: string;
  readonly nono?: string;
  readonly file: readonly string[];
  readonly kernelVerityParams?: string;
  readonly json?: boolean;
}

/**
 * Puts files into a raw Kata image.
 * @throws {UsageError} | {KataImageError}
 */
export async function injectIntoImage(image: string, flags: InjectFlags): Promise<Output> {
  const injections = [
    ...(flags.policy === undefined ? [] : [{ from: flags.policy, to: policyPath, mode: 0o644 }]),
    ...(flags.nono === undefined ? [] : [{ from: flags.nono, to: "/nono/nono", mode: 0o755 }]),
    ...flags.file.map(readFileFlag),
  ];
  if (injections.length === 0) throw new UsageError("nothing to put in: use --policy, --nono or --file");
  const { output, kernelVerityParams: kernelVerityParameters } = flags;
  const result = await inject({ image, output, injections, kernelVerityParameters });
  if (flags.json) return { stdout: `${JSON.stringify({ output, ...result }, null, 2)}\n` };
  const lines = [
    ...result.files.map(({ path, size, sha256 }) => `${path}: ${size} bytes, sha256 ${sha256}, read back`),
    `${output}: sha256 ${result.sha256}`,
    ...(typeof result.verity === "object" ? [`kernel_verity_params = "${result.verity.kernelVerityParameters}"`] : []),
  ];
  const stderr =
    result.verity === "not renewed"
      ? `warning: ${output}: its dm-verity hashes no longer fit: leave kernel_verity_params empty in the configuration that uses it, or run again with --kernel-verity-params\n`
      : "";
  return { stdout: `${lines.join("\n")}\n`, stderr };
}

function readFileFlag(text: string): Injection {
  const at = text.lastIndexOf(":");
  if (at < 1) throw new UsageError(`--file ${text}: must be FROM:TO`);
  return { from: text.slice(0, at), to: text.slice(at + 1), mode: 0o644 };
}
