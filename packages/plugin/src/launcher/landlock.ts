/** What a kernel below the named Landlock ABI cannot do, and what that means for us. */
const FEATURES: readonly { readonly abi: number; readonly kernel: string; readonly lack: string }[] = [
  { abi: 2, kernel: "5.19", lack: "renaming and linking files across directories is always denied" },
  { abi: 3, kernel: "6.2", lack: "truncation is refused by the launcher's seccomp filter instead of by Landlock" },
  { abi: 4, kernel: "6.7", lack: "profiles with TCP rules are refused" },
  { abi: 5, kernel: "6.10", lack: "ioctl on devices is not restricted" },
  { abi: 6, kernel: "6.12", lack: "signals and abstract unix sockets are not scoped to the container" },
  { abi: 7, kernel: "6.15", lack: "denials are not in the kernel's audit log" },
];

/** What this node lacks, one sentence each; empty with the newest ABI that we use. */
export function lacksBelow(abi: number): string[] {
  return FEATURES.filter((feature) => abi < feature.abi).map(
    (feature) => `${feature.lack} (Landlock ABI ${feature.abi})`,
  );
}

/** The same for the reference page. */
export { FEATURES as LANDLOCK_FEATURES };
