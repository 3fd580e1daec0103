/** Our runtime handler and NRI's settings, as a node's containerd should have them. Pure. */
import { type NodeProblem } from "../errors.ts";
import {
  dropInMark,
  dropInName,
  handlerName,
  type NodeSettings,
  passedAnnotations,
  pluginName,
  tolerationAnnotation,
} from "../settings.ts";
import type { TomlTable, TomlValue } from "../toml/parse.ts";
import type { DropIn } from "./drop-in.ts";
import { type EffectiveConfiguration, isTable, stringsAt, tableAt, textAt } from "./effective.ts";

const runcType = "io.containerd.runc.v2";

/** The handler whose options ours gets: `runc`, else the default one where it is of runc's type. */
export function findBaseHandler({ handlers, defaultHandler }: EffectiveConfiguration): string | undefined {
  return ["runc", defaultHandler].find((name) => {
    const handler = handlers.get(name);
    return handler !== undefined && textAt(handler, "runtime_type") === runcType;
  });
}

/**
 * Our handler: all that the base handler has, nono-runc as its program, and the annotations that nono-runc reads.
 * What is empty or false there is left out: containerd's own default says the same.
 */
function handlerTable(base: TomlTable, settings: NodeSettings): TomlTable {
  const annotations = stringsAt(base, "pod_annotations").filter((name) => name !== passedAnnotations);
  return {
    ...withoutDefaults(base),
    pod_annotations: [...annotations, passedAnnotations],
    options: { ...withoutDefaults(tableAt(base, ["options"])), BinaryName: settings.program },
  };
}

/** The drop-in for a containerd that has `effective` without it; undefined when there is no handler to start from. */
export function nonoRuncDropIn(effective: EffectiveConfiguration, settings: NodeSettings): DropIn | undefined {
  const base = effective.handlers.get(findBaseHandler(effective) ?? "");
  if (base === undefined) return undefined;
  return {
    name: dropInName,
    header: `${dropInMark}, which overwrites it; kubefence node uninstall removes it.
# The handler has what the node's own handler for runc has, and nono-runc as its program.
`,
    handlerName,
    handler: handlerTable(base, settings),
    nri: nriTable(effective, settings),
  };
}

/** What has to change in NRI's table; empty where the node has all of it. */
function nriTable({ nri }: EffectiveConfiguration, settings: NodeSettings): TomlTable {
  const table: TomlTable = {};
  if (nri["disable"] === true) table["disable"] = false;
  if (nri["disable_connections"] === true) table["disable_connections"] = false;
  const { socketPath, pluginPath, configPath } = settings.nri;
  for (const [key, wanted] of [
    ["socket_path", socketPath],
    ["plugin_path", pluginPath],
    ["plugin_config_path", configPath],
  ] as const) {
    if (wanted !== undefined && wanted !== nri[key]) table[key] = wanted;
  }
  if (settings.requirePlugin) table["default_validator"] = validatorTable(tableAt(nri, ["default_validator"]));
  return table;
}

// A list of a later file replaces that of an earlier one, so ours has what is required already.
function validatorTable(current: TomlTable): TomlTable {
  const required = stringsAt(current, "required_plugins").filter((name) => name !== pluginName);
  return {
    enable: true,
    required_plugins: [...required, pluginName],
    tolerate_missing_plugins_annotation: textAt(current, "tolerate_missing_plugins_annotation") || tolerationAnnotation,
  };
}

/** A table of a dump without what containerd would have anyway, and without its tables. */
export function withoutDefaults(table: TomlTable): TomlTable {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => !isTable(value) && !isDefault(value)));
}

function isDefault(value: TomlValue): boolean {
  return value === "" || value === false || value === 0 || value === 0n || (Array.isArray(value) && value.length === 0);
}

/** Why no drop-in can make this containerd start our handler. */
export function findObstacles(effective: EffectiveConfiguration, mainFile: string): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const disabled = new Set(effective.disabledPlugins);
  // "cri" is how configurations of version 1 call it.
  const cri = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"].filter((name) => disabled.has(name));
  if (cri.length > 0) {
    const what = `disabled_plugins has ${cri.join(", ")}`;
    problems.push({ code: "KF_NODE_CRI_DISABLED", where: mainFile, what });
  } else if (findBaseHandler(effective) === undefined) {
    const what = `neither runc nor the default handler ${JSON.stringify(effective.defaultHandler)} has the runtime_type ${runcType}`;
    problems.push({ code: "KF_NODE_BASE_HANDLER", where: mainFile, what });
  }
  if (disabled.has("io.containerd.nri.v1.nri")) {
    const what = "disabled_plugins has io.containerd.nri.v1.nri";
    problems.push({ code: "KF_NODE_NRI_DISABLED", where: mainFile, what });
  }
  return problems;
}

/** The handler's table in a dump, where it has one. */
export function ourHandler(effective: EffectiveConfiguration): TomlTable | undefined {
  return effective.handlers.get(handlerName);
}
