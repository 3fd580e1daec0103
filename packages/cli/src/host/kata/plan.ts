/** Looks at a node with Kata and says what install would do. Reads only. */
import { dirname, join } from "node:path";
import { deriveConfiguration, filesOf, settingsNotes } from "../../node/kata/derive.ts";
import { kataCrioDropIn } from "../../node/kata/crio.ts";
import {
  chooseGuest,
  findImageMismatch,
  type GuestChoice,
  type GuestSource,
  isGuestFile,
} from "../../node/kata/guest.ts";
import { kataDropIn, kataObstacles } from "../../node/kata/handler.ts";
import { kataDropInName, kataHandlerName } from "../../node/kata/settings.ts";
import type { NodePlan, PlannedFile } from "../../node/plan.ts";
import { planContainerd } from "../containerd-plan.ts";
import { crioFolder, readCrioFiles, verifyCrio } from "../crio-plan.ts";
import { loadedHandlers } from "../cri.ts";
import { owned } from "../../files/durable.ts";
import type { Host } from "../host.ts";
import { describeText, different } from "../install-plan.ts";
import { crioSocket } from "../runtime.ts";
import type { RuntimeSetup } from "../setup.ts";
import { type Installed, readInstalledState } from "../state.ts";
import type { Change } from "../transaction.ts";
import { findKata, type FoundKata } from "./find.ts";
import { isThere, readSource } from "./guest-files.ts";
import type { KataOptions } from "./options.ts";

export interface KataPlan {
  readonly shown: NodePlan;
  readonly found: FoundKata;
  readonly setup: RuntimeSetup;
  readonly installed: Installed | undefined;
  readonly guest: GuestChoice;
  /** Kernel and image that have to be copied. */
  readonly missing: readonly GuestSource[];
  /** Our QEMU configuration as it shall be, and what differs from the node. */
  readonly configuration: readonly Change[];
  readonly configurationChanges: readonly Change[];
  readonly runtimeFiles: readonly Change[];
  /** Kernels, images and drop-ins of an earlier run that nothing names any more. */
  readonly stale: readonly Change[];
}

/** @throws {NodeError} what keeps even a plan from being made */
export async function planKata(host: Host, options: KataOptions): Promise<KataPlan> {
  const { settings, imageVersion } = options;
  const installed = await readInstalledState(host, options.stateDirectory);
  const found = await findKata(host, options);
  const kernel = await readSource(options.kernel, settings.shareDirectory, "kernel");
  const image = await readSource(options.image, settings.shareDirectory, "image");
  const guest = chooseGuest(found.kernel, kernel, image);
  const sources = [guest.kernel, guest.image].filter((source) => source !== undefined);

  const files = filesOf(
    deriveConfiguration(found.base, settings, { kernel: guest.kernel?.path, image: guest.image?.path }),
  );
  const configuration = files.map(({ path, text }) => ({ path, content: Buffer.from(text), owner: owned(0o644) }));
  const setup =
    found.runtime.kind === "crio" ? await crioSetup(host, found, options) : await containerdSetup(host, found, options);
  const there = await Promise.all(sources.map((source) => isThere(host, source)));
  const missing = sources.filter((_, index) => !there[index]);
  const configurationChanges = await different(host, configuration);
  const runtimeFiles = await different(host, setup.changes);
  const kept = new Set([...files, ...sources, ...setup.changes].map(({ path }) => path));
  const noted = (installed?.files ?? []).filter(({ part }) => part === "program").map(({ path }) => path);
  // A run that was killed while it copied has noted nothing.
  const left = (await host.list(settings.shareDirectory)).filter(isGuestFile);
  const known = new Set([...noted, ...left.map((name) => join(settings.shareDirectory, name))]);
  const stale = [...known]
    .filter((path) => !kept.has(path))
    .map((path) => ({ path, content: undefined, owner: owned(0o644) }));

  const mismatch = image && findImageMismatch(imageVersion, found.version, image.from);
  const problems = [...setup.problems, ...(mismatch === undefined ? [] : [mismatch])];
  const isLoaded = await loadedHandlers(host.target(setup.socket)).then(
    (handlers) => handlers.some(({ name }) => name === kataHandlerName),
    () => undefined,
  );
  const texts = [...configurationChanges, ...runtimeFiles, ...stale.filter(({ path }) => path.endsWith(".toml"))];
  const shown: NodePlan = {
    runtime: `${setup.description}\n${describeKata(found)}`,
    files: [
      ...missing.map((source) => describeSource(source, guest)),
      ...(await Promise.all(texts.map((change) => describeText(host, change, whatOf(change, setup))))),
      ...stale
        .filter(({ path }) => !path.endsWith(".toml"))
        .map(({ path }): PlannedFile => ({ path, action: "remove", what: "of an earlier release" })),
    ],
    restart:
      problems.length === 0 && found.runtime.process !== undefined && (runtimeFiles.length > 0 || isLoaded === false),
    problems,
    notes: [...setup.notes, ...guest.notes, ...settingsNotes(settings)],
  };
  return { shown, found, setup, installed, guest, missing, configuration, configurationChanges, runtimeFiles, stale };
}

function describeKata({ version, base, handler, configuration }: FoundKata): string {
  const name = configuration.runtime === "rust" ? "Rust" : "Go";
  return `Kata ${version ?? "of unknown version"} (${name} runtime), handler ${handler.name}, ${base.main.path}`;
}

function describeSource({ path }: GuestSource, { kernel }: GuestChoice): PlannedFile {
  return { path, action: "create", what: path === kernel?.path ? "guest kernel" : "guest image" };
}

function whatOf({ path }: Change, { found }: RuntimeSetup): string {
  return dirname(path) === dirname(found.mainFile) || path.includes("kubefence-kata")
    ? found.kind
    : "QEMU configuration";
}

async function containerdSetup(
  host: Host,
  { runtime, handler }: FoundKata,
  { settings }: KataOptions,
): Promise<RuntimeSetup> {
  return planContainerd(host, runtime, {
    name: kataDropInName,
    make: (effective, mainFile) => {
      const obstacles = kataObstacles(effective, handler, mainFile);
      return obstacles.length > 0 ? obstacles : kataDropIn(handler, settings);
    },
    notes: (_, { handlers }) =>
      handlers.has(kataHandlerName)
        ? [
            `a handler ${kataHandlerName} is configured already; the drop-in takes its place, and it is back after uninstall`,
          ]
        : [],
  });
}

async function crioSetup(
  host: Host,
  { runtime, handler }: FoundKata,
  { settings }: KataOptions,
): Promise<RuntimeSetup> {
  const folder = crioFolder(runtime);
  const dropIn = kataCrioDropIn(handler, settings, folder);
  // A file that is read after ours would win.
  const later = (await readCrioFiles(host, runtime)).find(
    ({ path, text }) => path > dropIn.path && text.includes(kataHandlerName),
  );
  const what = `it is read after ${dropIn.path} and has the handler ${kataHandlerName} too`;
  return {
    found: runtime,
    description: `CRI-O ${runtime.version}, ${folder}`,
    socket: crioSocket,
    baseProgram: "",
    baseHandler: "",
    changes: [{ path: dropIn.path, content: Buffer.from(dropIn.text), owner: owned(0o644) }],
    main: undefined,
    mainBefore: undefined,
    selfTest: undefined,
    problems: later === undefined ? [] : [{ code: "KF_NODE_OVERRIDDEN", where: later.path, what }],
    notes: ["CRI-O hands every annotation of a pod to Kata: enable_annotations and the plugin are what narrows them"],
    verify: (node) => verifyCrio(node, runtime),
  };
}
