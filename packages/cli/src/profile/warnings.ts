/** What is allowed but deserves a second look. */
import type { Grant, Manifest, Network } from "./manifest.ts";
import { covers } from "./path.ts";

const programs =
  "/bin /sbin /lib /lib32 /lib64 /libx32 /etc /usr/bin /usr/sbin /usr/lib /usr/lib64 /usr/libexec /usr/local/bin /usr/local/lib".split(
    " ",
  );

/** One sentence each. `lifted` are exceptions that the profile took away. */
export function warningsFor(manifest: Manifest, lifted: readonly string[]): string[] {
  const { exceptions } = manifest.kubefence;
  return [
    ...manifest.filesystem.grants.flatMap((grant) => aboutGrant(grant, exceptions)),
    ...aboutNetwork(manifest.network),
    ...(lifted.length > 0 ? [`exceptions are lifted: ${lifted.join(" ")}`] : []),
  ];
}

function aboutNetwork({ mode, ports }: Network): string[] {
  if (mode === "blocked") return ["only unix sockets remain: the container has no DNS either"];
  if (!ports?.connect) return [];
  return ["rules for ports hold for TCP: UDP, and with it DNS, stays open; a NetworkPolicy closes it"];
}

function aboutGrant({ path, access }: Grant, exceptions: readonly string[]): string[] {
  const around = exceptions.find((exception) => covers(exception, path));
  if (around) return [`the grant of ${path} has no effect: the exception ${around} covers it`];
  if (path === "/") return [`/ is granted (${access}): everything but the exceptions`];
  if (["/home", "/root", "/home/*"].includes(path)) {
    return [`${path} holds the homes of other users too; $HOME is the one of the container's user`];
  }
  if (path === "/proc/self" || path.startsWith("/proc/self/")) {
    return [`${path} is that of the first process only; its children need /proc`];
  }
  const program = programs.find((place) => covers(place, path) || covers(path, place));
  if (access !== "read" && program) return [`${path} is writable, so programs or configuration can be replaced`];
  return [];
}
