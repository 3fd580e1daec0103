import type { MountInput } from "../policy/inputs.ts";
import { volumeOptions } from "../policy/volumes.ts";
import { installedProfile, mountsOf, podInput } from "./inputs.ts";

/** A case of native/runtime/vectors: mounts of a container, and the options of the launcher that follow from them. */
export interface OptionVector {
  readonly name: string;
  readonly pod: { readonly uid: string; readonly sandbox_id: string };
  readonly kubelet_root: string;
  readonly profile: {
    readonly volumes: "none" | "read" | "readwrite";
    readonly config_volumes: boolean;
    readonly projected_volumes: boolean;
    readonly literal_exceptions: readonly string[];
  };
  readonly mounts: readonly MountInput[];
  readonly expect: OptionVectorResult;
}

/** The paths of the options, or the code of the refusal. */
export type OptionVectorResult =
  | {
      readonly read_write: readonly string[];
      readonly read_only: readonly string[];
      readonly except: readonly string[];
    }
  | { readonly refused: string };

/** What the plugin makes of a vector's mounts. */
export function computeVector(vector: Omit<OptionVector, "expect">): OptionVectorResult {
  const { pod, profile, mounts } = vector;
  const result = volumeOptions(
    podInput({ id: pod.sandbox_id, uid: pod.uid }),
    mountsOf(mounts),
    installedProfile({
      volumes: profile.volumes,
      configVolumes: profile.config_volumes,
      projectedVolumes: profile.projected_volumes,
      literalExceptions: profile.literal_exceptions,
    }),
    vector.kubelet_root,
  );
  if ("code" in result) return { refused: result.code };
  return { read_write: result.readWrite, read_only: result.readOnly, except: result.except };
}
