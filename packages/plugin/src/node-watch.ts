import type { Configuration } from "./config/configuration.ts";
import { explain, KubefenceError, type RefusalCode } from "./errors.ts";
import type { Daemon } from "./handlers/daemon.ts";
import { isForGuestsOnly } from "./kata/rules.ts";
import {
  checkLauncher,
  guestLauncherState,
  launcherState,
  refusalOf,
  type CheckedLauncher,
  type LauncherCheck,
} from "./launcher/check.ts";
import { inspectFilterFile } from "./launcher/filter-file.ts";
import { lacksBelow } from "./launcher/landlock.ts";
import { inspectShims } from "./launcher/shims.ts";
import { watchDirectories, type DirectoryWatch } from "./launcher/watch.ts";
import type { LauncherState, Refusal } from "./policy/inputs.ts";
import { configuredState } from "./node-state.ts";
import { openingCommand } from "./policy/reach.ts";
import { openProfiles, type ProfileSource } from "./profiles/source.ts";

const INTERVAL_MS = 30_000;

/** The original's refusals, which have no action of their own, are printed as it did; others with their code and what to do. */
const BARE_MESSAGES: readonly RefusalCode[] = [
  "LAUNCHER_MISSING",
  "LAUNCHER_SYMLINK",
  "LAUNCHER_NOT_A_FILE",
  "LAUNCHER_NOT_EXECUTABLE",
];

/** What a look at the node has brought. */
interface Found extends Pick<Daemon["node"], "guestLauncher" | "launcher" | "profiles" | "filterProblem"> {
  readonly checked: LauncherCheck;
}

/** Keeps what the node has installed in memory: creates are answered from the last result. */
export class NodeWatch {
  readonly #daemon: Daemon;
  #profiles: ProfileSource;
  #launcher: CheckedLauncher | undefined;
  /** Set on a node for guests only whose own kernel would not do. */
  #kernelRefusal: Refusal | undefined;
  #lastFailure = "";
  #lastFilterProblem = "";
  #watch: DirectoryWatch | undefined;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.#profiles = this.#openProfiles(daemon.node.configuration);
  }

  #openProfiles(configuration: Configuration): ProfileSource {
    return openProfiles(configuration, this.#daemon.launcherDirectory, process.geteuid?.() ?? 0);
  }

  /** The first check. Throws what is wrong with the launcher, unless none is configured: then creates are refused. */
  async start(): Promise<void> {
    const refusal = await this.#check();
    if (refusal !== undefined && refusal.code !== "LAUNCHER_NOT_CONFIGURED") {
      const text =
        BARE_MESSAGES.includes(refusal.code) && refusal.action === undefined
          ? refusal.what
          : explain(refusal.code, refusal.what, refusal.action);
      throw new KubefenceError(refusal.code, text);
    }
    if (this.#daemon.node.configuration.nonoBinPath === "") return;
    const { launcherDirectory } = this.#daemon;
    this.#watch = watchDirectories(
      [
        launcherDirectory,
        `${launcherDirectory}/profiles`,
        `${launcherDirectory}/seccomp`,
        `${launcherDirectory}/shims`,
      ],
      INTERVAL_MS,
      async () => {
        await this.#check();
      },
    );
  }

  /** Logs what was found, once, after the start. */
  report(): void {
    const { log, node } = this.#daemon;
    const launcher = node.guestLauncher;
    if (launcher.kind === "failed") return;
    if (this.#launcher !== undefined) {
      const { abi, errata, kernel, version } = this.#launcher.probe;
      const missing = lacksBelow(abi);
      log[missing.length === 0 ? "info" : "warn"]("landlock", { abi, errata, kernel, launcher: version, missing });
    } else if (this.#kernelRefusal !== undefined) {
      const { code, what } = this.#kernelRefusal;
      log.warn("landlock only in guests", {
        error: explain(code, what, "all runtime_classes are of Kata, so it does not matter"),
      });
    }
    for (const barrier of launcher.barriers) {
      const mode = barrier.mode.toString(8).padStart(4, "0");
      log.warn("launcher closed to non-root containers", { path: barrier.path, mode, action: openingCommand(barrier) });
    }
    log.info("profiles", { names: [...node.profiles.keys()].toSorted() });
  }

  /** Not every container needs the file, so its want is no failure of the start. */
  #reportFilter(problem: Refusal | undefined): void {
    const failure = problem === undefined ? "" : explain(problem.code, problem.what, problem.action);
    if (failure !== this.#lastFilterProblem && failure !== "") {
      this.#daemon.log.error("seccomp filter cannot be stacked", { error: failure });
    }
    this.#lastFilterProblem = failure;
  }

  close(): void {
    this.#watch?.close();
  }

  /**
   * Checks the node under another configuration and puts that in force, both at once for the create path. Throws, and
   * changes nothing, if containers that start now would all be refused under it.
   */
  async adopt(configuration: Configuration): Promise<void> {
    const { node } = this.#daemon;
    const profiles = this.#openProfiles(configuration);
    const found = await this.#look(configuration, profiles, undefined);
    if (found.launcher.kind === "failed" && node.launcher.kind === "ready") {
      const { code, what, action } = found.launcher.refusal;
      throw new KubefenceError(code, what, { action });
    }
    this.#profiles = profiles;
    Object.assign(node, configuredState(configuration, node));
    this.#take(found);
  }

  async #check(): Promise<Refusal | undefined> {
    const { node } = this.#daemon;
    const { configuration } = node;
    const found = await this.#look(configuration, this.#profiles, this.#launcher);
    // Another configuration was put in force meanwhile, and the node checked under it.
    if (node.configuration !== configuration) return undefined;
    return this.#take(found);
  }

  /** Reads what the node has; changes nothing. */
  async #look(
    configuration: Configuration,
    profiles: ProfileSource,
    last: CheckedLauncher | undefined,
  ): Promise<Found> {
    const { nonoBinPath, minLandlockAbi, seccompProfile, launcher } = configuration;
    const uid = process.geteuid?.() ?? 0;
    const { launcherDirectory } = this.#daemon;
    const isInstalled = nonoBinPath !== "";
    const needsFilter = isInstalled && seccompProfile !== "" && launcher === "kubefence";
    // At once, because the start waits for it: the probe is a process of its own.
    const [checked, shims, installed, filterProblem] = await Promise.all([
      checkLauncher(nonoBinPath, minLandlockAbi, last, launcher),
      configuration.pathShims && isInstalled ? inspectShims(launcherDirectory, configuration, uid) : undefined,
      isInstalled ? profiles.read() : new Map(),
      needsFilter ? inspectFilterFile(launcherDirectory, seccompProfile, uid) : undefined,
    ]);
    const withoutShims: LauncherState | undefined = shims && { kind: "failed", refusal: shims };
    const guestLauncher = withoutShims ?? guestLauncherState(checked);
    return {
      checked,
      guestLauncher,
      launcher: isForGuestsOnly(configuration) ? guestLauncher : (withoutShims ?? launcherState(checked)),
      profiles: installed,
      filterProblem,
    };
  }

  /** What was found is what creates are answered from now on. Returns why they are refused, or undefined. */
  #take({ checked, guestLauncher, launcher, profiles, filterProblem }: Found): Refusal | undefined {
    const { node, metrics, log } = this.#daemon;
    this.#launcher = "probe" in checked ? checked : undefined;
    Object.assign(node, { guestLauncher, launcher, profiles, filterProblem });
    metrics.launcherChecked(node.launcher.kind === "ready" ? node.launcher.abi : 0);
    metrics.profilesRead(node.profiles.size);

    const refusal = node.launcher.kind === "failed" ? node.launcher.refusal : undefined;
    this.#kernelRefusal = refusal === undefined ? refusalOf(checked) : undefined;
    this.#reportFilter(node.filterProblem);
    const failure = refusal === undefined ? "" : explain(refusal.code, refusal.what, refusal.action);
    if (failure !== this.#lastFailure && this.#watch !== undefined) {
      if (failure === "") log.info("launcher ready again");
      else log.error("launcher failed its check", { error: failure });
    }
    this.#lastFailure = failure;
    return refusal;
  }
}
