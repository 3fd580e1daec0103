import { isStricter, sameAction, type Action } from "./action.ts";
import { isWhole, meet, whole, type Behaviour } from "./behaviour.ts";
import { fitsInHalf } from "./condition.ts";
import { MULTIPLEXERS } from "./multiplexers.ts";
import { isTree } from "./tree.ts";

/** A filter as the OCI runtime specification has it, call by call. */
export interface Filter {
  /** What calls get that have no entry. */
  readonly fallback: Action;
  /** OCI names. The machine's own architecture is meant too where it is missing. */
  readonly architectures: readonly string[];
  readonly flags: readonly string[];
  readonly calls: ReadonlyMap<string, Behaviour>;
}

/**
 * The filter that allows a call exactly if both do. Of two refusals the stricter counts. Undefined if runc could not be
 * told so.
 */
export function intersect(ours: Filter, theirs: Filter): Filter | undefined {
  // A list of allowed calls in place of one of forbidden calls would lack what the node's libseccomp does not know.
  if (isStricter(ours.fallback, theirs.fallback)) return undefined;
  const { fallback } = theirs;
  const architectures = theirs.architectures.filter((name) => ours.architectures.includes(name));
  const [ourFallback, theirFallback] = [whole(ours.fallback), whole(fallback)];
  const calls = new Map<string, Behaviour>();
  for (const name of new Set([...ours.calls.keys(), ...theirs.calls.keys()])) {
    const met = meet(ours.calls.get(name) ?? ourFallback, theirs.calls.get(name) ?? theirFallback, fallback);
    if (met === undefined) return undefined;
    if (isWhole(met)) {
      if (!sameAction(met.inside, fallback)) calls.set(name, met);
    } else {
      if (!isExpressible(met)) return undefined;
      calls.set(name, met);
    }
  }
  const hasMultiplexers = architectures.includes("SCMP_ARCH_X86");
  if (hasMultiplexers && !(knowsMultiplexers(theirs.calls) && knowsMultiplexers(calls))) return undefined;
  return { fallback, architectures, flags: theirs.flags, calls };
}

/** True if each has a rule of its own, or there is nothing from which libseccomp would make one. */
function knowsMultiplexers(calls: Filter["calls"]): boolean {
  return MULTIPLEXERS.every(({ name, carried }) => calls.has(name) || !carried.some((call) => calls.has(call)));
}

function isExpressible({ alternatives }: Behaviour): boolean {
  return isTree(alternatives) && alternatives.every((conjunction) => [...conjunction.values()].every(fitsInHalf));
}
