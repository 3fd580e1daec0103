import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Expectations, type Answering, type Daemon } from "../handlers/daemon.ts";
import type { Attributes } from "../observe/format.ts";
import type { LevelName } from "../observe/level.ts";
import type { Log } from "../observe/log.ts";
import { noMetrics, type Metrics } from "../observe/metrics.ts";
import type { NodeState } from "../policy/decide.ts";
import { StateStore } from "../state/store.ts";
import { nodeState } from "./inputs.ts";

export interface LogRecord {
  readonly level: LevelName;
  readonly message: string;
  readonly attributes: Attributes;
}

/** A daemon with a state directory of its own, whose log and decisions a test can read. */
export class TestDaemon implements Daemon, Disposable {
  readonly node: Daemon["node"];
  readonly launcherDirectory = "/opt/nono-nri";
  readonly pluginName = "10-nono-nri";
  readonly expectations: Expectations = new Expectations();
  readonly stateDirectory: string = mkdtempSync(join(tmpdir(), "kubefence-daemon-"));
  readonly state: StateStore = new StateStore(this.stateDirectory, {
    failed: (operation, containerId, error) => this.log.warn("state", { operation, containerId, error }),
  });
  readonly records: LogRecord[] = [];
  readonly decisions: string[] = [];
  readonly log: Log = {
    info: (message, attributes = {}) => void this.records.push({ level: "INFO", message, attributes }),
    warn: (message, attributes = {}) => void this.records.push({ level: "WARN", message, attributes }),
    error: (message, attributes = {}) => void this.records.push({ level: "ERROR", message, attributes }),
    flush: () => undefined,
  };
  readonly metrics: Metrics = {
    ...noMetrics,
    decided: (decision, reason) => void this.decisions.push(`${decision} ${reason}`.trim()),
    foundUnsandboxed: (count) => void this.decisions.push(`unsandboxed ${count}`),
    reconnected: () => void this.decisions.push("reconnected"),
  };

  constructor(node: Partial<NodeState> = {}) {
    const state = nodeState(node);
    this.node = { ...state, configuration: { ...state.configuration, stateDirectory: this.stateDirectory } };
  }

  /** The records with that message. */
  logged(message: string): LogRecord[] {
    return this.records.filter((record) => record.message === message);
  }

  [Symbol.dispose](): void {
    rmSync(this.stateDirectory, { recursive: true, force: true });
  }
}

/** A call whose answer leaves when the test says so. */
export class TestCall implements Answering {
  readonly tasks: (() => void)[] = [];

  afterReply(task: () => void): void {
    this.tasks.push(task);
  }

  /** The answer has left. */
  answered(): void {
    for (const task of this.tasks.splice(0)) task();
  }
}
