/** What a Node object says about the sandbox, and how to change it. Pure. */

const READY_LABEL = "kubefence.io/ready";
const ABI_LABEL = "kubefence.io/landlock-abi";
const NOT_READY_TAINT = "kubefence.io/not-ready";

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** The part of a Node that matters here. */
export interface NodeObject {
  readonly metadata: { readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly taints?: readonly Taint[] };
  readonly status?: { readonly runtimeHandlers?: readonly { readonly name?: string }[] };
}

/** The handler that node set-up brings. */
const OWN_HANDLER = "nono-runc";

/**
 * Whether the node's runtime has loaded the handler of our pods, as its kubelet says; true where that says nothing (before
 * Kubernetes 1.30). `handlers` are the configured ones: without ours any of them will do, for not every node has all.
 */
export function hasHandler({ status }: NodeObject, handlers: readonly string[]): boolean {
  const loaded = status?.runtimeHandlers;
  if (loaded === undefined || loaded.length === 0) return true;
  const wanted = handlers.includes(OWN_HANDLER) ? [OWN_HANDLER] : handlers;
  return loaded.some(({ name }) => wanted.includes(name ?? ""));
}

/** What the node should say. `landlockAbi` is 0 while it is not ready. */
export interface NodeState {
  readonly isReady: boolean;
  /** Node set-up was taken back: a taint would stay for ever. */
  readonly isLeft: boolean;
  readonly landlockAbi: number;
}

/**
 * A JSON merge patch (RFC 7386) that makes `node` say `state`; undefined if it does already. It names the version that was
 * read, because a list of taints can only be replaced as a whole. Without `taints` they are left alone.
 */
export function nodePatch(node: NodeObject, state: NodeState, taints: boolean): object | undefined {
  const wanted = {
    [READY_LABEL]: state.isReady ? "true" : null,
    [ABI_LABEL]: state.isReady ? String(state.landlockAbi) : null,
  };
  const labels = node.metadata.labels ?? {};
  const changed = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => (labels[name] ?? null) !== value),
  );
  const spec = taints ? taintPatch(node.spec?.taints ?? [], state.isReady || state.isLeft) : undefined;
  if (Object.keys(changed).length === 0 && spec === undefined) return undefined;
  return { metadata: { resourceVersion: node.metadata.resourceVersion, labels: changed }, ...(spec && { spec }) };
}

function taintPatch(taints: readonly Taint[], isOpen: boolean): { taints: Taint[] } | undefined {
  const others = taints.filter(({ key }) => key !== NOT_READY_TAINT);
  if (isOpen) return others.length === taints.length ? undefined : { taints: others };
  const isThere = taints.some(({ key, effect }) => key === NOT_READY_TAINT && effect === "NoSchedule");
  return isThere ? undefined : { taints: [...others, { key: NOT_READY_TAINT, effect: "NoSchedule" }] };
}
