/** Traces of the original Kubefence in a containerd configuration, and what becomes of them. Pure. */
import { handlerName, passedAnnotations } from "../settings.ts";
import type { EffectiveConfiguration } from "./effective.ts";
import { stringsAt, tableAt, textAt } from "./effective.ts";

/** Notes for an operator. `effective` is the node's configuration without our drop-in. */
export function describeOriginal(
  mainText: string | undefined,
  { handlers, nri }: EffectiveConfiguration,
  isInstalled: boolean,
): string[] {
  const notes: string[] = [];
  const handler = handlers.get(handlerName);
  if (handler !== undefined) {
    const binary = textAt(tableAt(handler, ["options"]), "BinaryName") || "runc";
    const passes = stringsAt(handler, "pod_annotations").includes(passedAnnotations);
    notes.push(
      `a handler ${handlerName} is configured already (program ${binary}${passes ? "" : ", no annotations"}); the drop-in takes its place, and it is back after uninstall`,
    );
  }
  const line = lineOf(
    mainText,
    /^[ \t]*\[plugins\.["']io\.containerd\.grpc\.v1\.cri["']\.containerd\.runtimes\.nono-runc\]/m,
  );
  if (handler === undefined && line !== undefined) {
    notes.push(`line ${line} has a handler ${handlerName} that this containerd does not read; it may be removed`);
  }
  if (!isInstalled && nri["disable"] === true) notes.push("NRI is disabled on this node; the drop-in enables it");
  return notes;
}

function lineOf(text: string | undefined, expression: RegExp): number | undefined {
  const index = text?.search(expression) ?? -1;
  return index === -1 ? undefined : (text ?? "").slice(0, index).split("\n").length;
}
