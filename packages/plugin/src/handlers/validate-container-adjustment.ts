import { findLostAdjustment, type AdjustmentOwners, type MergedAdjustment } from "../adjust/verify.ts";
import { explain } from "../errors.ts";
import { matchRuntimeClass } from "../policy/decide.ts";
import type { Answering, Daemon } from "./daemon.ts";

interface ValidationInput {
  readonly pod?: { readonly name: string; readonly namespace: string; readonly runtimeHandler: string } | undefined;
  readonly container?: { readonly id: string } | undefined;
  readonly adjust?: MergedAdjustment | undefined;
  readonly owners?: { readonly owners: ReadonlyMap<string, AdjustmentOwners> } | undefined;
}

/**
 * Rejects a container of our classes whose adjustment, after all plugins, is not the one that we answered with.
 * A container that we never answered for (our answer came too late, or never) is rejected too.
 */
export function validateContainerAdjustment(
  daemon: Daemon,
  request: ValidationInput,
  call: Answering,
): { reject: boolean; reason?: string } {
  const { pod, container } = request;
  if (pod !== undefined && matchRuntimeClass(pod, daemon.node.configuration) !== undefined) return { reject: false };

  const containerId = container?.id ?? "";
  const expected = daemon.expectations.get(containerId);
  daemon.expectations.delete(containerId);
  const lost =
    expected === undefined
      ? "the plugin did not answer for this container"
      : findLostAdjustment(expected, request.adjust, request.owners?.owners.get(containerId), daemon.pluginName);
  if (lost === undefined) return { reject: false };

  const reason = `kubefence refused the container: ${explain("ADJUSTMENT_LOST", `its sandbox is not in what the runtime would start: ${lost}`)}`;
  const who = { container_id: containerId, namespace: pod?.namespace ?? "", pod: pod?.name ?? "" };
  call.afterReply(() => {
    daemon.metrics.decided("refuse", "ADJUSTMENT_LOST");
    daemon.log.warn("rejected", { decision: "refuse", reason: "ADJUSTMENT_LOST", ...who, error: reason });
  });
  return { reject: true, reason };
}
