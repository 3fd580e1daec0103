/** What `kubefence node kata` was asked for. */
import type { KataSettings } from "../../node/kata/settings.ts";
import type { NodeOptions } from "../options.ts";

export interface KataOptions extends Pick<NodeOptions, "choice" | "stateDirectory" | "restart" | "backTimeoutMs"> {
  readonly settings: KataSettings;
  /** A guest kernel with Landlock, in our own file system; undefined for none. */
  readonly kernel: string | undefined;
  /** A guest image with our policy, in our own file system; undefined for Kata's own. */
  readonly image: string | undefined;
  /** Version of Kata that the image was made for, where it is known. */
  readonly imageVersion: string | undefined;
  /** How long Kata may take to appear. */
  readonly kataTimeoutMs: number;
}
