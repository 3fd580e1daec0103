/** The arguments of a launcher that is not ours, as the operator writes them down. */
export type Template = readonly string[];

/** Volumes of the pod; clean absolute paths. */
export interface TemplatePaths {
  readonly readWrite: readonly string[];
  readonly readOnly: readonly string[];
}

const PLACEHOLDER = /\{[^{}]*\}/g;
const KNOWN = new Set(["{profile}", "{rw}", "{ro}"]);

/** A placeholder that means nothing, or undefined. */
export function findUnknownPlaceholder(template: Template): string | undefined {
  return template.flatMap((argument) => argument.match(PLACEHOLDER) ?? []).find((found) => !KNOWN.has(found));
}

/** True if the template has a place for volumes of that kind. */
export function takes(template: Template, kind: "rw" | "ro"): boolean {
  return template.some((argument) => argument.includes(`{${kind}}`));
}

/**
 * The arguments. One with {rw} or {ro} is repeated for each path, and is gone without one. What a path or a name holds is
 * never looked at again.
 */
export function expand(template: Template, profile: string, paths: TemplatePaths): string[] {
  return template.flatMap((argument) => {
    const kind = argument.includes("{rw}") ? "rw" : argument.includes("{ro}") ? "ro" : undefined;
    if (kind === undefined) return [argument.replaceAll("{profile}", () => profile)];
    return (kind === "rw" ? paths.readWrite : paths.readOnly).map((path) =>
      argument.replaceAll(PLACEHOLDER, (found) => (found === "{profile}" ? profile : path)),
    );
  });
}

/** The arguments before the first placeholder: the same for every container. */
export function fixedPart(template: Template): Template {
  const first = template.findIndex((argument) => argument.search(PLACEHOLDER) !== -1);
  return first === -1 ? template : template.slice(0, first);
}
