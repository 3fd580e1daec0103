import type { Configuration } from "../config/configuration.ts";
import { findAnnotationConflict } from "../kata/annotations.ts";
import type { KataRules } from "../kata/rules.ts";
import type { SeccompDelivery } from "../seccomp/delivery.ts";
import type { Decision, RefuseDecision, SandboxDecision, SkipDecision } from "./decision.ts";
import { findDuplicateVariable } from "./environment.ts";
import type { ContainerInput, LauncherState, PodInput, Refusal, RuntimeState } from "./inputs.ts";
import { findMountOverLauncher } from "./launcher-mount.ts";
import { readMounts } from "./mounts.ts";
import type { OtherLauncher } from "./other-launcher.ts";
import { chooseProfile, findProfile, type InstalledProfiles } from "./profile.ts";
import { findBarrier } from "./reach.ts";
import { volumeOptions } from "./volumes.ts";

/** Which Landlock a guest has shows in the guest: the launcher there refuses a profile that asks for more. */
const GUEST_ABI = Number.POSITIVE_INFINITY;

/** What a decision rests on besides pod and container: all of it in memory. */
export interface NodeState {
  readonly configuration: Configuration;
  readonly runtime: RuntimeState;
  readonly launcher: LauncherState;
  /** The same without this node's kernel, for guests with a kernel of their own. */
  readonly guestLauncher: LauncherState;
  readonly kata: KataRules;
  readonly profiles: InstalledProfiles;
  /** Undefined where the configuration names no seccomp policy. */
  readonly seccomp: SeccompDelivery | undefined;
  /** Why the launcher cannot add the policy's filter, or undefined. */
  readonly filterProblem: Refusal | undefined;
  /** Undefined for our own launcher. */
  readonly otherLauncher: OtherLauncher | undefined;
}

/** Why the pod is none of ours, or undefined if it is. Reads only the pod's runtime handler. */
export function matchRuntimeClass(
  pod: Pick<PodInput, "runtimeHandler">,
  configuration: Configuration,
): SkipDecision | undefined {
  const handler = pod.runtimeHandler;
  if (configuration.runtimeClasses.includes(handler)) return undefined;
  return { kind: "skip", reason: handler === "" ? "no_runtime_handler" : "runtime_class_not_matched" };
}

/** Decides about one container. Pure; a throw is a defect, and refuses. */
export function decide(pod: PodInput, container: ContainerInput, node: NodeState): Decision {
  const { configuration, runtime, profiles, seccomp } = node;
  const skip = matchRuntimeClass(pod, configuration);
  if (skip !== undefined) return skip;

  const choice = chooseProfile(pod, configuration);
  if (isRefusal(choice)) return refuse(choice, "");
  const { name, ignoredAnnotation } = choice;

  const isGuest = node.kata.classes.has(pod.runtimeHandler);
  const annotation = isGuest ? findAnnotationConflict(pod.annotations, node.kata) : undefined;
  if (annotation !== undefined) return refuse(annotation, name);
  const launcher = isGuest ? node.guestLauncher : node.launcher;
  if (runtime.refusal !== undefined) return refuse(runtime.refusal, name);
  if (launcher.kind === "failed") return refuse(launcher.refusal, name);
  const mounts = readMounts(container.mountSpans());
  const conflict =
    findMountOverLauncher(mounts) ?? findDuplicateVariable(container) ?? findBarrier(container, launcher.barriers);
  if (conflict !== undefined) return refuse(conflict, name);

  const profile = findProfile(name, pod, container, configuration, profiles, isGuest ? GUEST_ABI : launcher.abi);
  if (isRefusal(profile)) return refuse(profile, name);
  const volumes = volumeOptions(pod, mounts, profile, configuration.kubeletRoot);
  if (isRefusal(volumes)) return refuse(volumes, name);

  const options: string[] = hasOwnPidNamespace(container) ? [] : ["--scope-signals"];
  // Kata drops a container's filter where guest seccomp is off, its default, and says nothing; the launcher sees ours in force.
  const filter = isGuest
    ? undefined
    : seccomp?.adjustmentFor(container.linux?.seccompPolicy, runtime.takesSeccompErrno);
  if (seccomp !== undefined && filter === undefined) {
    if (node.filterProblem !== undefined) return refuse(node.filterProblem, name);
    options.push("--seccomp", seccomp.policy);
  }
  for (const path of volumes.readWrite) options.push("--rw", path);
  for (const path of volumes.readOnly) options.push("--ro", path);
  for (const path of volumes.except) options.push("--except", path);
  const decision: SandboxDecision = { kind: "sandbox", profile: name, options, seccomp: filter, ignoredAnnotation };
  if (node.otherLauncher === undefined) return decision;
  const other = node.otherLauncher.apply(decision, container.env, isGuest);
  return isRefusal(other) ? refuse(other, name) : other;
}

function isRefusal(value: object): value is Refusal {
  return "code" in value;
}

function refuse(refusal: Refusal, profile: string): RefuseDecision {
  return { ...refusal, kind: "refuse", profile };
}

/** Without one, the container's processes could signal others; the launcher then scopes signals. */
function hasOwnPidNamespace(container: ContainerInput): boolean {
  return container.linux?.namespaces.some(({ type, path }) => type === "pid" && path === "") === true;
}
