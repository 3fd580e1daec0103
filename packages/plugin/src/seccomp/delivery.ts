import { bytesOf, decode, LinuxSeccomp, preencoded, writeLinuxSeccomp, type LinuxSeccompInit } from "@kubefence/nri";
import type { PolicyName } from "./document.ts";
import { intersect, type Filter } from "./filter.ts";
import { toMessage } from "./message.ts";
import { readShownFilter } from "./shown.ts";

/** How our policy reaches one container: as its whole filter (`policy`), or, undefined, through the launcher. */
export type SeccompAdjustment = LinuxSeccompInit | undefined;

interface Known {
  readonly shown: Buffer;
  readonly policy: SeccompAdjustment;
}

/** A node has few filters: the runtime's default for a few sets of capabilities, and the files of profiles. */
const MAXIMUM_KNOWN = 16;

/** The node's seccomp policy, ready for the create path. */
export class SeccompDelivery {
  readonly policy: PolicyName;
  readonly #ours: Filter;
  /** The last used first. */
  readonly #known: Known[] = [];

  constructor(policy: PolicyName, ours: Filter) {
    this.policy = policy;
    this.#ours = ours;
  }

  /**
   * The container's own filter and ours in one, or undefined where that is not shown (unconfined, privileged, older
   * runtimes), cannot be written down, or needs an errno that the runtime would crash on: the launcher stacks it then.
   */
  adjustmentFor(shown: LinuxSeccomp | undefined, runtimeTakesErrno: boolean): SeccompAdjustment {
    if (shown === undefined) return undefined;
    const policy = this.#intersectionWith(shown);
    const hasErrno = policy?.syscalls?.some(({ errnoRet }) => errnoRet !== undefined) === true;
    return hasErrno && !runtimeTakesErrno ? undefined : policy;
  }

  #intersectionWith(shown: LinuxSeccomp): SeccompAdjustment {
    const bytes = bytesOf(shown);
    const at = this.#known.findIndex((known) => known.shown.equals(bytes));
    const [found] = at === -1 ? [] : this.#known.splice(at, 1);
    const known = found ?? this.#compute(Buffer.from(bytes));
    this.#known.unshift(known);
    if (this.#known.length > MAXIMUM_KNOWN) this.#known.pop();
    return known.policy;
  }

  /** Works on a copy: what is kept must not hold on to the message that the filter came in. */
  #compute(shown: Buffer): Known {
    const theirs = readShownFilter(decode(LinuxSeccomp, shown));
    const both = theirs && intersect(this.#ours, theirs);
    return { shown, policy: both && preencoded(writeLinuxSeccomp, toMessage(both)) };
  }
}
