/** What a profile's name looks like, as users read it in messages. */
export const PROFILE_NAME_PATTERN = "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$";
/** The pod annotation that chooses a profile. */
export const PROFILE_ANNOTATION = "nono.sh/profile";

const pattern = new RegExp(PROFILE_NAME_PATTERN);

/** True for a well-formed name. JavaScript's `$` without the flag m matches at the very end only: no trailing newline. */
export function isProfileName(name: string): boolean {
  return pattern.test(name);
}
