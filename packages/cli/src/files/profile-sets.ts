/** The sets of profiles that a release brings. */

/** Where a release has the profiles of each set. */
export const profileFolders: Readonly<Record<"kubefence" | "nono", string>> = {
  kubefence: "profiles",
  nono: "profiles-nono",
};

/** The folder of the plugin's profile_set. */
export function profileFolderOf(profileSet: string): string {
  return profileSet === "nono" ? profileFolders.nono : profileFolders.kubefence;
}
