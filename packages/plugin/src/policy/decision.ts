import type { SeccompAdjustment } from "../seccomp/delivery.ts";
import type { Refusal } from "./inputs.ts";
import type { OtherCommandLine } from "./other-launcher.ts";

/** What becomes of a container. */
export type Decision = SkipDecision | SandboxDecision | RefuseDecision;

export interface SkipDecision {
  readonly kind: "skip";
  readonly reason: "no_runtime_handler" | "runtime_class_not_matched";
}

export interface SandboxDecision {
  readonly kind: "sandbox";
  readonly profile: string;
  /** The launcher's own options, in canonical order. */
  readonly options: readonly string[];
  /** The container's whole seccomp filter from now on, or undefined where its own one stays. */
  readonly seccomp?: SeccompAdjustment;
  /** The annotation's value where it is no profile name and the default profile is used instead. */
  readonly ignoredAnnotation: string | undefined;
  /** Set where the configured launcher is not ours; `options` is empty then. */
  readonly other?: OtherCommandLine;
}

export interface RefuseDecision extends Refusal {
  readonly kind: "refuse";
  /** The profile that was asked for, or "" where none was chosen yet. */
  readonly profile: string;
}
