import { isProfileName, PROFILE_NAME_PATTERN } from "../policy/profile-name.ts";
import { findUnknownPlaceholder } from "../policy/template.ts";
import type { Configuration } from "./configuration.ts";

/** What is wrong with the keys launcher, launcher_template and launcher_variables, or undefined. */
export function checkLauncherForm(configuration: Configuration): string | undefined {
  const { launcher, launcherTemplate, launcherVariables, pathShims } = configuration;
  if (!["kubefence", "nono", "template"].includes(launcher)) {
    return `launcher ${JSON.stringify(launcher)} is invalid: must be "kubefence", "nono" or "template"`;
  }
  if (pathShims && launcher !== "kubefence") {
    return `path_shims = true needs launcher = "kubefence", and it is ${JSON.stringify(launcher)}`;
  }
  if (launcher !== "template") {
    if (launcherTemplate.size > 0) return `launcher_template is given, and launcher is ${JSON.stringify(launcher)}`;
    if (launcherVariables.length > 0) return `launcher_variables is given, and launcher is ${JSON.stringify(launcher)}`;
    return undefined;
  }
  if (launcherTemplate.size === 0) return 'launcher_template must not be empty with launcher = "template"';
  return findWrongTemplate(launcherTemplate) ?? findWrongVariable(launcherVariables);
}

function findWrongTemplate(templates: Configuration["launcherTemplate"]): string | undefined {
  for (const [name, template] of templates) {
    const key = `launcher_template.${JSON.stringify(name)}`;
    if (!isProfileName(name)) return `${key}: the name must match ${PROFILE_NAME_PATTERN}`;
    if (template.length === 0) return `${key} is empty: the launcher would restrict nothing`;
    const unknown = findUnknownPlaceholder(template);
    if (unknown !== undefined) return `${key} has ${JSON.stringify(unknown)}: known are {profile}, {rw} and {ro}`;
    const wrong = template.find((argument) => argument.includes("\0"));
    if (wrong !== undefined) return `${key} has ${JSON.stringify(wrong)}: no argument holds a NUL`;
  }
  return undefined;
}

function findWrongVariable(patterns: readonly string[]): string | undefined {
  for (const pattern of patterns) {
    if (!/^[^=*\0]+\*?$/.test(pattern))
      return `launcher_variables has ${JSON.stringify(pattern)}: must be NAME or PREFIX*`;
    if (["PATH", "NONO_PROFILE"].includes(pattern)) {
      return `launcher_variables has ${JSON.stringify(pattern)}, which every sandboxed container is given`;
    }
  }
  return undefined;
}
