/** Kata's own handler, and ours that is made of it, in the terms of a containerd. Pure. */
import { type EffectiveConfiguration, stringsAt, tableAt, textAt } from "../containerd/effective.ts";
import type { DropIn } from "../containerd/drop-in.ts";
import { withoutDefaults } from "../containerd/handler.ts";
import { nodeError, type NodeProblem } from "../errors.ts";
import type { TomlTable } from "../toml/parse.ts";
import { configurationPath } from "./derive.ts";
import { kataDropInName, kataHandlerName, kataMark, type KataSettings } from "./settings.ts";

/** A handler that starts Kata with QEMU. */
export interface KataHandler {
  readonly name: string;
  /** The shim, undefined where the runtime finds it on its PATH. */
  readonly shim: string | undefined;
  /** Kata's configuration, undefined for the one that Kata takes by itself. */
  readonly configuration: string | undefined;
  readonly table: TomlTable;
}

/** In this order: the Go runtime's, as the original expects; the Rust one's, which Kata 4 installs. */
const ownHandlers = ["kata-qemu", "kata-qemu-runtime-rs", "kata"];

/**
 * The handler that ours is made of: the one with that configuration, else one of Kata's own by name. `read` gets from a
 * table what this runtime calls shim and configuration.
 */
export function findKataHandler(
  tables: ReadonlyMap<string, TomlTable>,
  qemuConfig: string | undefined,
  read: (table: TomlTable) => Pick<KataHandler, "shim" | "configuration">,
): KataHandler | undefined {
  const handlers = [...tables]
    .filter(([name]) => name !== kataHandlerName)
    .map(([name, table]): KataHandler => ({ name, table, ...read(table) }));
  const wanted = handlers.find(({ configuration }) => configuration !== undefined && configuration === qemuConfig);
  if (wanted !== undefined) return wanted;
  return ownHandlers.map((own) => handlers.find(({ name }) => name === own)).find((handler) => handler !== undefined);
}

/** As containerd has it. */
export function readContainerdTable(table: TomlTable): Pick<KataHandler, "shim" | "configuration"> {
  return {
    shim: textAt(table, "runtime_path") || undefined,
    configuration: textAt(tableAt(table, ["options"]), "ConfigPath") || undefined,
  };
}

/** The drop-in for a containerd that has `handler`. */
export function kataDropIn({ name, table }: KataHandler, settings: KataSettings): DropIn {
  const { container_annotations: _, ...kept } = withoutDefaults(table);
  return {
    name: kataDropInName,
    header: `${kataMark}, which overwrites it; kubefence node kata uninstall removes it.
# The handler has what ${name} has, our QEMU configuration, and of a pod's annotations only those that are named here.
`,
    handlerName: kataHandlerName,
    handler: {
      ...kept,
      privileged_without_host_devices: true,
      pod_annotations: [...settings.annotations],
      options: { ...withoutDefaults(tableAt(table, ["options"])), ConfigPath: configurationPath(settings) },
    },
    nri: {},
  };
}

/** Why no drop-in can make this containerd start our handler. */
export function kataObstacles(
  { disabledPlugins }: EffectiveConfiguration,
  handler: KataHandler | undefined,
  mainFile: string,
): NodeProblem[] {
  const cri = disabledPlugins.filter((name) =>
    ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"].includes(name),
  );
  if (cri.length > 0) {
    return [{ code: "KF_NODE_CRI_DISABLED", where: mainFile, what: `disabled_plugins has ${cri.join(", ")}` }];
  }
  return handler === undefined ? [...missingKata(mainFile).problems] : [];
}

/** No handler of Kata's. */
export function missingKata(where: string): ReturnType<typeof nodeError> {
  return nodeError("KF_KATA_MISSING", where, `it has no handler ${ownHandlers.slice(0, 2).join(" or ")}`);
}

const kataAnnotations = "io.katacontainers.";

/**
 * Patterns of a handler's annotations that let a pod's author set more of Kata than its size. They are Go's path.Match, so
 * `*` ends at a slash only, and Kata's names have none: `io.*` and `*` take them all.
 */
export function wideAnnotations(table: TomlTable): string[] {
  return [...stringsAt(table, "pod_annotations"), ...stringsAt(table, "container_annotations")].filter((pattern) => {
    const [literal = ""] = pattern.split(/[*?[\\]/, 1);
    return pattern.includes("*") && (literal.startsWith(kataAnnotations) || kataAnnotations.startsWith(literal));
  });
}
