import { readFileSync } from "node:fs";
import { KubefenceError, messageOf } from "../errors.ts";
import { cleanPath } from "../policy/clean-path.ts";
import { checkConfiguration } from "./checks.ts";
import type { Configuration } from "./configuration.ts";
import { parseConfiguration } from "./parse.ts";

/** Reads, parses and checks the configuration file. Throws CONFIG_UNREADABLE, CONFIG_UNPARSABLE or CONFIG_INVALID. */
export function loadConfiguration(path: string): Configuration {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    throw new KubefenceError(
      isEncoding ? "CONFIG_UNPARSABLE" : "CONFIG_UNREADABLE",
      isEncoding ? `parsing config: ${path} is not UTF-8` : `reading config: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const configuration = parseConfiguration(text);
  checkConfiguration(configuration);
  return {
    ...configuration,
    nonoBinPath: configuration.nonoBinPath === "" ? "" : cleanPath(configuration.nonoBinPath),
    kubeletRoot: cleanPath(configuration.kubeletRoot),
    stateDirectory: cleanPath(configuration.stateDirectory),
  };
}
