import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** Metrics in a registry of their own. docs/reference/metrics.md is generated from it. */
export interface PrometheusMetrics extends Metrics {
  readonly registry: Registry;
}

const HANDLER_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2];

export function openPrometheusMetrics(version: string): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  const decisions = new Counter({
    name: "kubefence_decisions_total",
    help: "Containers by decision (inject, skip, refuse) and reason (of a skip, or the code of a refusal).",
    labelNames: ["decision", "reason"],
    registers,
  });
  const handlerSeconds = new Histogram({
    name: "kubefence_handler_duration_seconds",
    help: "Time from a call of the runtime to its answer, by NRI event.",
    labelNames: ["handler"],
    buckets: HANDLER_BUCKETS_SECONDS,
    registers,
  });
  const reconnects = new Counter({
    name: "kubefence_reconnects_total",
    help: "Connections to the runtime after the first.",
    registers,
  });
  const unsandboxed = new Counter({
    name: "kubefence_unsandboxed_total",
    help: "Containers of our classes found running without the launcher; counted again at each synchronize.",
    registers,
  });
  const unsandboxedNow = new Gauge({
    name: "kubefence_unsandboxed_containers",
    help: "The same, as of the last synchronize.",
    registers,
  });
  const stateFailures = new Counter({
    name: "kubefence_state_failures_total",
    help: "State records that could not be written or removed.",
    labelNames: ["operation"],
    registers,
  });
  const launcherReady = new Gauge({
    name: "kubefence_launcher_ready",
    help: "1 if the last check and self-test of the launcher passed, else 0.",
    registers,
  });
  const landlockAbi = new Gauge({
    name: "kubefence_landlock_abi",
    help: "Landlock ABI of the kernel as the launcher's self-test found it; 0 if it failed.",
    registers,
  });
  const profiles = new Gauge({
    name: "kubefence_profiles_installed",
    help: "Profiles that pods of this node can name.",
    registers,
  });
  const configurationOk = new Gauge({
    name: "kubefence_configuration_ok",
    help: "0 if the configuration file could not be used when it was last read again, so that an older one is in force; else 1.",
    registers,
  });
  configurationOk.set(1);
  new Gauge({
    name: "kubefence_build_info",
    help: "Always 1; version of the plugin and of Node.",
    labelNames: ["version", "node"],
    registers,
  })
    .labels(version, process.version)
    .set(1);
  return {
    registry,
    decided: (decision, reason) => decisions.labels(decision, reason).inc(),
    answered: (handler, seconds) => handlerSeconds.labels(handler).observe(seconds),
    reconnected: () => reconnects.inc(),
    foundUnsandboxed: (count) => {
      unsandboxed.inc(count);
      unsandboxedNow.set(count);
    },
    stateFailed: (operation) => stateFailures.labels(operation).inc(),
    launcherChecked: (abi) => {
      launcherReady.set(abi > 0 ? 1 : 0);
      landlockAbi.set(abi);
    },
    profilesRead: (count) => profiles.set(count),
    reloaded: (ok) => configurationOk.set(ok ? 1 : 0),
  };
}
