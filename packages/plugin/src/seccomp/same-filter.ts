import { bytesOf, encode, LinuxSeccomp, writeLinuxSeccomp, type LinuxSeccompInit } from "@kubefence/nri";

/** True if the filter that came back from the runtime is the one that was sent. */
export function isSameFilter(sent: LinuxSeccompInit, returned: LinuxSeccompInit | undefined): boolean {
  if (returned === undefined) return false;
  const bytes = encode(writeLinuxSeccomp, sent);
  // Go writes fields in the order that we do, but nothing says that it must.
  const isUnchanged = returned instanceof LinuxSeccomp && bytesOf(returned).equals(bytes);
  return isUnchanged || encode(writeLinuxSeccomp, returned).equals(bytes);
}
