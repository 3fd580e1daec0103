/** Where and how the pods of the DaemonSets run. */
import { z } from "zod";
import { kubernetesObject, mapOf, section, type Section } from "./section.ts";

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal", "Lt", "Gt"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

const quantities = mapOf(z.union([z.string(), z.number()]));

export const pods: Readonly<Record<string, z.ZodType>> = {
  tolerations: z
    .array(toleration)
    .default([{ operator: "Exists" }])
    .describe("Tolerations of all DaemonSets. The default runs them on every node, our startup taint included."),
  nodeSelector: mapOf(z.string()).default({}).describe("Node selector of all DaemonSets."),
  affinity: kubernetesObject().default({}).describe("Affinity of all DaemonSets."),
  priorityClassName: z
    .string()
    .default("system-node-critical")
    .describe(
      "Priority class of all DaemonSets; empty for none. Without one, a node short of memory may evict the plugin.",
    ),
  podAnnotations: mapOf(z.string()).default({}).describe("Annotations of the plugin's pods."),
  podLabels: mapOf(z.string()).default({}).describe("Labels of the plugin's pods."),
  updateStrategy: kubernetesObject()
    .default({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    .describe("Of the plugin's DaemonSet. With surge the new plugin is registered before the old one leaves."),
  resources: z
    .strictObject({
      requests: quantities.optional(),
      limits: quantities.optional(),
      claims: z.array(z.unknown()).optional(),
    })
    .default({ requests: { cpu: "50m", memory: "32Mi" }, limits: { cpu: "200m", memory: "128Mi" } })
    .describe("Resources of the plugin's container."),
  extraEnv: z
    .array(z.looseObject({ name: z.string() }))
    .default([])
    .describe("Further variables of the plugin's container, for example for Node."),
};

export const serviceAccount: Section = section("ServiceAccount of the plugin.", {
  create: z
    .boolean()
    .default(false)
    .describe("Create one, without a token in the pods. `nodeReadiness.enabled` creates it too."),
  annotations: mapOf(z.string()).default({}).describe("Its annotations."),
});

export const openshift: Section = section(
  "OpenShift and SELinux. Rendered and checked; not run on such a cluster yet.",
  {
    securityContextConstraints: z
      .boolean()
      .default(false)
      .describe("Create SecurityContextConstraints for the DaemonSets' ServiceAccount."),
    seLinuxOptions: mapOf(z.string())
      .default({})
      .describe(
        "SELinux options of the plugin's pods, for example `{type: spc_t}` where the policy denies the NRI socket.",
      ),
  },
);
