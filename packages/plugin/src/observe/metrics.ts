/** What the daemon counts. Without --health-address nothing is counted and prom-client is not loaded. */
export interface Metrics {
  /** `reason` is "" for inject, the reason of a skip, or the code of a refusal. */
  decided(decision: "inject" | "skip" | "refuse", reason: string): void;
  /** `handler` is the NRI event's name, `seconds` from the call to the answer. */
  answered(handler: string, seconds: number): void;
  reconnected(): void;
  /** Containers of our classes that were found running without the launcher at a synchronize. */
  foundUnsandboxed(count: number): void;
  stateFailed(operation: "write" | "remove"): void;
  /** Result of the launcher's last check; `abi` is 0 when it failed. */
  launcherChecked(abi: number): void;
  profilesRead(count: number): void;
  /** The configuration was read again; `ok` is false where it could not be used. */
  reloaded(ok: boolean): void;
}

export const noMetrics: Metrics = {
  decided: () => undefined,
  answered: () => undefined,
  reconnected: () => undefined,
  foundUnsandboxed: () => undefined,
  stateFailed: () => undefined,
  launcherChecked: () => undefined,
  profilesRead: () => undefined,
  reloaded: () => undefined,
};
