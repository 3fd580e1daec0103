import type { Socket } from "node:net";
import { messageOf } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { Announcement, type AnnouncementListener } from "./announcement.ts";
import { takeOver } from "./take-over.ts";

/** In the state directory, which all instances of a node share. */
const DIRECTORY = ".instances";
/** An older instance that is well needs a few milliseconds; the runtime waits for us meanwhile, 2 s at most. */
const RETIRE_LIMIT_MS = 800;

/**
 * One instance after the other, while a rolling update has two of them on a node: the runtime merges what plugins answer,
 * and two that set the same command keep every container from being created. The newest answers; the others are silent
 * as long as it lives.
 */
export class Succession {
  readonly #directory: string;
  readonly #log: Log;
  readonly #announcement: Announcement;
  /** Connections to older instances: they come back when these close. */
  #predecessors: readonly Socket[] = [];

  constructor(stateDirectory: string, log: Log, listener: AnnouncementListener) {
    this.#directory = `${stateDirectory}/${DIRECTORY}`;
    this.#log = log;
    this.#announcement = new Announcement(this.#directory, listener);
  }

  /**
   * To be called while the runtime synchronizes this instance: no container is created meanwhile, so none falls between
   * the older instance and this one. Never rejects: an instance that cannot be reached is logged.
   */
  async takeOver(): Promise<void> {
    const { predecessors, silent } = await takeOver(this.#directory, this.#announcement.path, RETIRE_LIMIT_MS);
    for (const socket of this.#predecessors) socket.destroy();
    this.#predecessors = predecessors;
    if (predecessors.length > 0) this.#log.info("took over", { instances: predecessors.length - silent });
    if (silent > 0) this.#log.warn("older instance does not retire", { instances: silent });
    try {
      await this.#announcement.open();
    } catch (error) {
      this.#log.warn("newer instances cannot take over", { error: messageOf(error) });
    }
  }

  /** Lets older instances come back, and removes the socket. */
  async close(): Promise<void> {
    for (const socket of this.#predecessors) socket.destroy();
    await this.#announcement.close();
  }
}
