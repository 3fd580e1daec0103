import { setTimeout as delay } from "node:timers/promises";
import type { CriClient } from "../stack/cri/client.ts";
import type { Container, Pod } from "../stack/kubelet/pod.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { describeDenials } from "./denials.ts";
import type { FirstProcesses } from "./first-processes.ts";
import { workloadImage } from "./image.ts";
import type { Request, Workload } from "./workloads.ts";

/** What came of a workload in one pod. */
export interface Observation {
  outcome: Outcome;
  /** What works, of the workload's requests. */
  works: string[];
  failed: string[];
  /** What the kernel denied, in order; absent when it could not be asked. */
  denials?: string[];
  /** Standard output and standard error, for a person who looks into a failed test. */
  log: string;
}

export type Outcome = "works" | "works in part" | "starts, does not answer" | "does not start";

/** Uid and gid of a user. */
export interface UserIds {
  runAsUser: number;
  runAsGroup: number;
}

/** What an observation needs to know of the node and of the image. */
export interface Surroundings {
  cri: CriClient;
  users: Map<string, UserIds>;
  processes: FirstProcesses;
  audit?: AuditTrail;
}

const startTimeoutMs = 20_000;

/** Starts the workload in a pod, asks it everything, and collects what it was denied. */
export async function observe(pod: Pod, workload: Workload, surroundings: Surroundings): Promise<Observation> {
  const { cri, users, processes, audit } = surroundings;
  const container = await pod.startContainer({
    name: workload.program,
    image: workloadImage.reference,
    ...workload.container,
    ...(workload.user !== undefined && users.get(workload.user)),
  });
  const pid = await processes.pid(container.id);
  const [first, ...further] = workload.requests;
  const running = await answeredInTime(cri, container, first);
  const works: string[] = running === "answered" ? [first.works] : [];
  const failed: string[] = running === "answered" ? [] : [first.works];
  for (const request of running === "answered" ? further : []) {
    ((await answered(container, request)) ? works : failed).push(request.works);
  }
  const denials = audit === undefined ? undefined : describeDenials(await audit.denials(pid));
  const { stdout, stderr } = container.output();
  return {
    outcome: running === "answered" ? (failed.length === 0 ? "works" : "works in part") : running,
    works,
    failed,
    ...(denials && { denials }),
    log: stdout + stderr,
  };
}

async function answeredInTime(
  cri: CriClient,
  container: Container,
  request: Request,
): Promise<"answered" | "starts, does not answer" | "does not start"> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (await answered(container, request)) {
      return "answered";
    }
    if ((await cri.containerStatus(container.id)).state === "CONTAINER_EXITED") {
      return "does not start";
    }
    await delay(50);
  }
  return "starts, does not answer";
}

async function answered(container: Container, request: Request): Promise<boolean> {
  try {
    return (await container.exec(...request.command)).stdout.includes(request.answer);
  } catch {
    return false; // it ended meanwhile
  }
}
