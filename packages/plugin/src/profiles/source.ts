import type { Configuration } from "../config/configuration.ts";
import { profileOfTemplate } from "../policy/other-launcher.ts";
import type { InstalledProfiles } from "../policy/profile.ts";
import { InstalledProfileReader } from "./installed.ts";
import { readManifest } from "./manifest.ts";
import { readNonoProfile } from "./nono-profile.ts";

/** Where the node's profiles are, which depends on the configured launcher. */
export interface ProfileSource {
  /** Never throws. */
  read(): Promise<InstalledProfiles>;
}

/** The manifests of our launcher, nono's own profiles, or the templates of the configuration. */
export function openProfiles(configuration: Configuration, launcherDirectory: string, ownUid: number): ProfileSource {
  switch (configuration.launcher) {
    case "template": {
      const templates = [...configuration.launcherTemplate];
      const profiles = new Map(templates.map(([name, template]) => [name, profileOfTemplate(template)]));
      return { read: async () => profiles };
    }
    case "nono":
      return new InstalledProfileReader(launcherDirectory, ownUid, { read: readNonoProfile, builtIn: () => new Map() });
    default:
      // Inside the launcher are ours, which an operator who wants nono's has not chosen.
      return configuration.profileSet === "nono"
        ? new InstalledProfileReader(launcherDirectory, ownUid, { read: readManifest, builtIn: () => new Map() })
        : new InstalledProfileReader(launcherDirectory, ownUid);
  }
}
