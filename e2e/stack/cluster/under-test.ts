import { readFileSync } from "node:fs";
import { join } from "node:path";
import { images } from "../images/recipes.ts";
import { programs } from "./clients.ts";
import { Cluster } from "./cluster.ts";
import { type Ended, Kubectl, type KubernetesObject } from "./kubectl.ts";

/** Selects the plugin's pods, as the original's test does. */
export const pluginSelector = "app.kubernetes.io/name=kubefence,!app.kubernetes.io/component";

/** What the cases run against: the cluster that the harness starts, or somebody's, with Kubefence installed. */
export interface ClusterUnderTest {
  readonly kubectl: Kubectl;
  /** An image with a shell, on every node. */
  readonly image: string;
  /** Namespace of the plugin. */
  readonly namespace: string;
  /** The harness's own; undefined for somebody's. */
  readonly own: Cluster | undefined;
}

/** Name of the harness's cluster. */
export const clusterName: string = `${process.env["KUBEFENCE_NODE"] || "e2e"}-cluster`;

/** The kubeconfig of somebody's cluster, if the cases are to run against that: `make e2e KUBECONFIG=…`. */
export const foreignKubeconfig: string | undefined = process.env["KUBEFENCE_E2E_KUBECONFIG"] || undefined;

/** The cluster that the set-up has made ready. */
export function clusterUnderTest(): ClusterUnderTest {
  const namespace = process.env["KUBEFENCE_E2E_NAMESPACE"] || "kube-system";
  if (foreignKubeconfig !== undefined) {
    const image = process.env["KUBEFENCE_E2E_IMAGE"] || "busybox:1.37";
    return { kubectl: new Kubectl(programs(), foreignKubeconfig), image, namespace, own: undefined };
  }
  const own = Cluster.of(clusterName);
  return { kubectl: own.kubectl, image: images.busybox, namespace, own };
}

/** A pod as cases write it; `spec` and `container` join or replace what is usual. */
export interface PodInit {
  name: string;
  runtimeClassName?: string;
  /** The annotation nono.sh/profile. */
  profile?: string;
  annotations?: Record<string, string>;
  spec?: object;
  container?: object;
}

/** The pod's object: one container `main` that sleeps. */
export function podObject(image: string, init: PodInit): KubernetesObject {
  const profile = init.profile === undefined ? {} : { "nono.sh/profile": init.profile };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: init.name, annotations: { ...init.annotations, ...profile } },
    spec: {
      ...(init.runtimeClassName === undefined ? {} : { runtimeClassName: init.runtimeClassName }),
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: "main", image, imagePullPolicy: "IfNotPresent", command: ["sleep", "infinity"], ...init.container },
      ],
      ...init.spec,
    },
  };
}

/** Runs a command in a pod's container, however it ends. */
export function execute(
  { kubectl }: ClusterUnderTest,
  pod: string,
  command: string[],
  container = "main",
): Promise<Ended> {
  return kubectl.attempt(["exec", pod, `--container=${container}`, "--", ...command]);
}

/** Records of the plugin's pods that name this pod, oldest first; of pods that are gone too on the harness's own node. */
export async function pluginRecords(
  { kubectl, namespace }: ClusterUnderTest,
  pod: string,
  selector: string = pluginSelector,
): Promise<Record<string, unknown>[]> {
  const log = await kubectl.run(["logs", `--selector=${selector}`, `--namespace=${namespace}`, "--tail=-1"]);
  return log
    .split("\n")
    .filter((line) => line.includes(`"pod":"${pod}"`))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

/** Id of a pod's container, without the runtime's name. */
export function containerId(pod: KubernetesObject, container = "main"): string {
  const status = pod["status"].containerStatuses.find(({ name }: { name: string }) => name === container);
  return String(status.containerID).replace(/^.*:\/\//, "");
}

/** A container's OCI configuration, read from the harness's node. */
export function ociConfiguration(own: Cluster, id: string): OciConfiguration {
  const bundle = join(own.directories.root, "run/containerd/io.containerd.runtime.v2.task/k8s.io", id);
  return JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
}

/** As far as cases look into it. */
export interface OciConfiguration {
  process: { args: string[]; env: string[] };
  mounts: { destination: string; source: string; options: string[] }[];
}
