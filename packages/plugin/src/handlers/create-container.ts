import { NriError } from "@kubefence/nri";
import { adjustmentFor, type LauncherAdjustment } from "../adjust/adjustment.ts";
import type { ExpectedAdjustment } from "../adjust/verify.ts";
import { explain, messageOf } from "../errors.ts";
import { decide } from "../policy/decide.ts";
import type { Decision } from "../policy/decision.ts";
import type { ContainerInput, PodInput } from "../policy/inputs.ts";
import type { OtherCommandLine } from "../policy/other-launcher.ts";
import type { Answering, Daemon } from "./daemon.ts";

/**
 * Decides about a container and answers at once, from memory. Record, state and metrics follow when the answer has left.
 * Throws an NriError for a refusal: the runtime then fails the container, and kubelet shows the text.
 */
export function createContainer(
  daemon: Daemon,
  pod: PodInput,
  container: ContainerInput,
  call: Answering,
): { adjust: LauncherAdjustment } | undefined {
  const { decision, adjust } = answerFor(daemon, pod, container);
  call.afterReply(() => observe(daemon, decision, container.id, pod));
  if (decision.kind === "refuse") throw new NriError("REFUSED", refusalText(decision));
  return adjust && { adjust };
}

function answerFor(
  daemon: Daemon,
  pod: PodInput,
  container: ContainerInput,
): { decision: Decision; adjust?: LauncherAdjustment } {
  try {
    const decision = decide(pod, container, daemon.node);
    if (decision.kind !== "sandbox") return { decision };
    const adjust = adjustmentFor(decision, container, daemon.launcherDirectory);
    const path = adjust.env.find(({ key }) => key === "PATH")?.value ?? "";
    daemon.expectations.add(container.id, {
      prefix: adjust.args.slice(0, adjust.args.length - container.args.length),
      profile: decision.profile,
      path,
      launcherDirectory: daemon.launcherDirectory,
      seccomp: decision.seccomp,
      ...(decision.other !== undefined && expectedOf(decision.other, daemon)),
    });
    return { decision, adjust };
  } catch (error) {
    // Whatever it was, the container must not start unsandboxed.
    return {
      decision: { kind: "refuse", code: "INTERNAL", what: `the plugin failed: ${messageOf(error)}`, profile: "" },
    };
  }
}

function expectedOf({ set }: OtherCommandLine, { node }: Daemon): Pick<ExpectedAdjustment, "other"> {
  return { other: { set, obeys: (name) => node.otherLauncher?.obeys(name) === true } };
}

function refusalText(refusal: Extract<Decision, { kind: "refuse" }>): string {
  return `kubefence refused the container: ${explain(refusal.code, refusal.what, refusal.action)}`;
}

function observe(daemon: Daemon, decision: Decision, containerId: string, pod: PodInput): void {
  const { log, metrics, state } = daemon;
  const { uid: podUid, name, namespace, runtimeHandler } = pod;
  const who = { container_id: containerId, namespace, pod: name };
  switch (decision.kind) {
    case "skip":
      metrics.decided("skip", decision.reason);
      log.info("skip", {
        decision: "skip",
        reason: decision.reason,
        ...who,
        profile: "",
        runtime_handler: runtimeHandler,
      });
      return;
    case "refuse":
      metrics.decided("refuse", decision.code);
      log.warn("refused", {
        decision: "refuse",
        reason: decision.code,
        ...who,
        profile: decision.profile,
        runtime_handler: runtimeHandler,
        error: refusalText(decision),
      });
      return;
    case "sandbox":
      metrics.decided("inject", "");
      state.write({ containerId, podUid, pod: name, namespace, profile: decision.profile });
      if (decision.ignoredAnnotation !== undefined) {
        const annotation = decision.ignoredAnnotation.slice(0, 100);
        log.warn("invalid profile annotation", { annotation, profile: decision.profile, ...who });
      }
      log.info("injected", { decision: "inject", ...who, profile: decision.profile, runtime_handler: runtimeHandler });
  }
}
