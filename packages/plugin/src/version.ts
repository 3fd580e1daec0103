import manifest from "../package.json" with { type: "json" };

/** The release, as /metrics and the log tell it. */
export const VERSION: string = manifest.version;
