import type { Server } from "node:http";
import { release } from "node:os";
import { dirname } from "node:path";
import type { Configuration } from "./config/configuration.ts";
import { parseAddress, parseFlags, type Flags } from "./config/flags.ts";
import { loadConfiguration } from "./config/load.ts";
import { RuntimeConnection } from "./connection.ts";
import { messageOf, type KubefenceError } from "./errors.ts";
import { Expectations, type Daemon } from "./handlers/daemon.ts";
import { isForGuestsOnly } from "./kata/rules.ts";
import { judgeKernelRelease } from "./launcher/kernel.ts";
import { configuredState } from "./node-state.ts";
import { NodeWatch } from "./node-watch.ts";
import { parseLevel } from "./observe/level.ts";
import { openLog, type Log } from "./observe/log.ts";
import type { NodeReadiness } from "./observe/node-readiness.ts";
import { noMetrics, type Metrics } from "./observe/metrics.ts";
import type { LauncherState } from "./policy/inputs.ts";
import { judgeRuntime } from "./policy/runtime.ts";
import { rm } from "./promised-fs.ts";
import { Reload } from "./reload.ts";
import { StateStore } from "./state/store.ts";
import { setV8Flags } from "./v8-flags.ts";
import { VERSION } from "./version.ts";

const NAME = "nono-nri";
const INDEX = "10";
/** What is in flight at SIGTERM gets this long; the limit holds for the whole shutdown. */
const SHUTDOWN_GRACE_MS = 600;
const SHUTDOWN_LIMIT_MS = 900;
/** By then the runtime has synchronized the plugin, and nothing waits for it. */
const AFTER_START_MS = 30;

/** Exit codes: 0 after SIGTERM, SIGINT or -h; 1 for a start that failed; 2 for wrong flags. */
const parsed = parseFlags(process.argv.slice(2));
if (parsed.kind === "flags") {
  start(parsed.flags).catch((error: unknown) => fail(messageOf(error)));
} else {
  process.stderr.write(parsed.text);
  process.exitCode = parsed.kind === "help" ? 0 : 2;
}

async function start(flags: Flags): Promise<void> {
  let stop: () => void = exitNow;
  // Until there is something to reload; without a listener SIGHUP would end the process.
  let reload: () => void = reloadNothing;
  process.on("SIGHUP", () => reload());
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop());

  const level = parseLevel(flags.logLevel);
  const configuration = loadFor(flags.config, judgeKernelRelease(release()));
  const log = openLog({ json: flags.json, level });
  const { metrics, page } = await openMetrics(flags.healthAddress);
  const daemon = createDaemon(configuration, log, metrics);
  const watch = new NodeWatch(daemon);
  await watch.start();

  const connection = new RuntimeConnection(daemon, identity(), (reason) => {
    log.flush();
    fail(`plugin exited: ${reason}`);
  });
  const health = await openHealth(flags.healthAddress, connection, page);
  const readiness = await openNodeReadiness(flags, daemon, connection);
  stop = () => {
    stop = () => undefined;
    log.info("nono-nri stopping");
    setTimeout(() => exit(log), SHUTDOWN_LIMIT_MS);
    watch.close();
    health?.close();
    void Promise.all([connection.close(SHUTDOWN_GRACE_MS).then(() => daemon.state.idle()), readiness?.close()]).finally(
      () => exit(log),
    );
  };
  // A defect outside the handlers: without the plugin, containers would start unsandboxed, so it stays.
  process.on("uncaughtException", (error) => log.error("unexpected error", { error: error.stack ?? error.message }));

  log.info("nono-nri starting", {
    config: flags.config,
    runtime_classes: configuration.runtimeClasses,
    default_profile: configuration.defaultProfile,
  });
  watch.report();
  const reloading = new Reload(flags.config, daemon, watch);
  reload = () => reloading.request();
  connection.start();
  readiness?.start();
  setTimeout(setV8Flags, AFTER_START_MS).unref();
}

/** The original looks at the kernel before it reads the file; it does not matter where all classes are of Kata. */
function loadFor(path: string, oldKernel: KubefenceError | undefined): Configuration {
  if (oldKernel === undefined) return load(path);
  let configuration: Configuration | undefined;
  try {
    configuration = load(path);
  } catch {
    // The kernel's error comes first.
  }
  if (configuration === undefined || !isForGuestsOnly(configuration)) throw oldKernel;
  return configuration;
}

function load(path: string): Configuration {
  try {
    return loadConfiguration(path);
  } catch (error) {
    throw new Error(`loading config: ${messageOf(error)}`, { cause: error });
  }
}

function createDaemon(configuration: Configuration, log: Log, metrics: Metrics): Daemon {
  const { name, index } = identity();
  const unchecked: LauncherState = {
    kind: "failed",
    refusal: { code: "LAUNCHER_PROBE_FAILED", what: "the launcher was not checked yet" },
  };
  return {
    node: {
      ...configuredState(configuration),
      // Until Configure and the first check, every container of our classes is refused.
      runtime: judgeRuntime("", "", ""),
      launcher: unchecked,
      guestLauncher: unchecked,
      profiles: new Map(),
      filterProblem: undefined,
    },
    launcherDirectory: configuration.nonoBinPath === "" ? "" : dirname(configuration.nonoBinPath),
    pluginName: `${index}-${name}`,
    expectations: new Expectations(),
    state: new StateStore(configuration.stateDirectory, {
      failed: (operation, containerId, error) => {
        metrics.stateFailed(operation);
        log.warn(`failed to ${operation} state metadata`, { container_id: containerId, error });
      },
    }),
    log,
    metrics,
  };
}

/** A runtime that launches the plugin says who it is. */
function identity(): { name: string; index: string } {
  return { name: process.env["NRI_PLUGIN_NAME"] || NAME, index: process.env["NRI_PLUGIN_IDX"] || INDEX };
}

async function openMetrics(address: string): Promise<{ metrics: Metrics; page: () => Promise<string> }> {
  if (address === "") return { metrics: noMetrics, page: async () => "" };
  // Loaded only when it is served: it is a third of the daemon's code.
  const { openPrometheusMetrics } = await import("./observe/prometheus.ts");
  const metrics = openPrometheusMetrics(VERSION);
  return { metrics, page: () => metrics.registry.metrics() };
}

async function openHealth(
  address: string,
  connection: RuntimeConnection,
  page: () => Promise<string>,
): Promise<Server | undefined> {
  if (address === "") return undefined;
  const { host, port } = parseAddress(address);
  const { startHealthServer } = await import("./observe/health.ts");
  return startHealthServer(host, port, { readiness: () => connection.readiness, metrics: page });
}

async function openNodeReadiness(
  { node, startupTaint, selfTestNote }: Flags,
  daemon: Daemon,
  connection: RuntimeConnection,
): Promise<NodeReadiness | undefined> {
  if (node === "") return undefined;
  const { NodeReadiness: Keeper, openNodeApi, readSelfTestNote } = await import("./observe/node-readiness.ts");
  return new Keeper(node, startupTaint, {
    api: openNodeApi(process.env),
    log: daemon.log,
    readiness: () => connection.readiness,
    isInCharge: () => connection.isInCharge,
    registrations: () => connection.registrations,
    handlers: () => daemon.node.configuration.runtimeClasses,
    selfTest: selfTestNote === "" ? undefined : () => readSelfTestNote(selfTestNote),
    forget: () => rm(selfTestNote, { force: true }),
    landlockAbi: () => (daemon.node.launcher.kind === "ready" ? daemon.node.launcher.abi : 0),
  });
}

function reloadNothing(): void {}

function exitNow(): never {
  process.exit(0);
}

function fail(reason: string): never {
  process.stderr.write(`nono-nri: ${reason}\n`);
  process.exit(1);
}

function exit(log: Log): never {
  log.flush();
  process.exit(0);
}
