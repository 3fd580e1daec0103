/** Which guest kernel and guest image a node's sandboxed pods start from. Pure. */
import type { KernelVerdict } from "../../kata/kernel.ts";
import { nodeError, type NodeProblem } from "../errors.ts";

/** A kernel or an image of ours, by its content. */
export interface GuestSource {
  /** In our own file system. */
  readonly from: string;
  readonly sha256: string;
  /** Where it goes on the node: a name of its own for each content, so that no guest ever sees one change. */
  readonly path: string;
}

/** The original's names, with the beginning of the digest in them. */
const names = { kernel: ["vmlinux-landlock-", ".container"], image: ["kata-confidential-nono-", ".image"] } as const;

export type GuestPart = keyof typeof names;

/** Path of a kernel or image with that content. */
export function guestPath(shareDirectory: string, part: GuestPart, sha256: string): string {
  const [before, after] = names[part];
  return `${shareDirectory}/${before}${sha256.slice(0, 16)}${after}`;
}

const ownNames =
  /^(?:vmlinux-landlock-[0-9a-f]{16}\.container|kata-confidential-nono-[0-9a-f]{16}\.image|\.(?:vmlinux-landlock|kata-confidential-nono)-.*\.kubefence-new)$/;

/** Whether a file has a name of ours, copied to its end or not: what a killed run has left is known by it. */
export function isGuestFile(name: string): boolean {
  return ownNames.test(name);
}

export interface GuestChoice {
  readonly kernel: GuestSource | undefined;
  readonly image: GuestSource | undefined;
  readonly notes: readonly string[];
}

/** Kata's own kernel stays where it has Landlock; ours is for those that lack it. */
export function chooseGuest(
  verdict: KernelVerdict,
  kernel: GuestSource | undefined,
  image: GuestSource | undefined,
): GuestChoice {
  const notes: string[] = [];
  if (verdict.landlock === "in force") {
    if (kernel !== undefined) notes.push(`Kata's own guest kernel has Landlock, so it stays: ${verdict.because}`);
    return { kernel: undefined, image, notes };
  }
  if (kernel === undefined) {
    notes.push(
      `no sandboxed pod will start: Kata's guest kernel ${verdict.landlock === "lacking" ? "has no Landlock" : "may have no Landlock"} (${verdict.because}), and no other is given with --kernel`,
    );
  }
  return { kernel, image, notes };
}

/** The guest image holds Kata's agent, which belongs to one version of Kata. */
export function findImageMismatch(
  imageVersion: string | undefined,
  kataVersion: string | undefined,
  image: string,
): NodeProblem | undefined {
  const [wanted, there] = [imageVersion, kataVersion].map((version) => /^v?(\d+\.\d+)\./.exec(version ?? "")?.[1]);
  if (wanted === undefined || there === undefined || wanted === there) return undefined;
  const what = `the guest image is of Kata ${imageVersion}, and this node has ${kataVersion}`;
  const action =
    "give the image that was made for this version (kata.rootfsImage), or none, and Kata's own is used without the policy";
  return nodeError("KF_KATA_IMAGE", image, what, { action }).problems[0];
}

/** Kata's version in what its shim says of itself; undefined where it says none. */
export function parseKataVersion(text: string): string | undefined {
  return /\bversion:?\s+"?v?(\d+\.\d+\.\d+[^\s,"]*)/i.exec(text)?.[1];
}
