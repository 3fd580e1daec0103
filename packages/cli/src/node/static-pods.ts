/** Static pods that containerd would refuse while the plugin is away. Pure but for the YAML parser. */
import { parseAllDocuments } from "yaml";
import type { NodeProblem } from "./errors.ts";
import { tolerationAnnotation } from "./settings.ts";

/** Problems of these manifests (path and text) once a plugin is required: pods without the toleration. */
export function findIntolerant(manifests: ReadonlyMap<string, string>): NodeProblem[] {
  return [...manifests].flatMap(([path, text]) =>
    parseAllDocuments(text).flatMap((document): NodeProblem[] => {
      const pod: unknown = document.errors.length === 0 ? document.toJS() : undefined;
      if (pod === null) return [];
      if (annotation(pod) === "true") return [];
      const what = `the static pod has no annotation ${tolerationAnnotation}: "true", so it would not start while the plugin is away`;
      return [{ code: "KF_NODE_STATIC_PODS", where: path, what }];
    }),
  );
}

function annotation(pod: unknown): unknown {
  return memberOf(memberOf(memberOf(pod, "metadata"), "annotations"), tolerationAnnotation);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
