/** What `kubefence node` was asked for. */
import type { NodeSettings } from "../node/settings.ts";
import type { RuntimeChoice } from "./runtime.ts";

export interface NodeOptions {
  readonly settings: NodeSettings;
  readonly choice: RuntimeChoice;
  /** Folder of the release, in our own file system. */
  readonly release: string;
  /** Folders with further compiled profiles, in our own file system. */
  readonly profiles: readonly string[];
  /** The plugin's configuration, in our own file system. */
  readonly pluginConfig: string;
  /** nono-runc's log, on the node. */
  readonly log: string;
  /** runc or crun on the node; undefined for what the node's own handler starts. */
  readonly ociRuntime?: string | undefined;
  /** Where we keep journal, list and back-ups, on the node. */
  readonly stateDirectory: string;
  /** How the container runtime is restarted: by its systemd unit, by SIGTERM to a process that somebody starts again, not at all. */
  readonly restart: "systemd" | "term" | "none";
  /** Start a container of the handler after the set-up, and undo everything if that fails. */
  readonly selfTest: boolean;
  /** How long the runtime may take to come back; it reads all its containers first. */
  readonly backTimeoutMs: number;
}
