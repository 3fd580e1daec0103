/** Every value of the chart, in the order of values.yaml. Names and defaults of the original's values are promises. */
import { z } from "zod";
import { admissionPolicy } from "./admission.ts";
import { config } from "./config.ts";
import { helperImages, image, imagePullSecrets } from "./image.ts";
import { containerdConfigPath, hostPaths, kata, nodeReadiness, nodeSetup, runtimeClasses } from "./node.ts";
import { dashboard, health, log, podMonitor } from "./observe.ts";
import { openshift, pods, serviceAccount } from "./pods.ts";
import { profiles } from "./profiles.ts";
import { section, type Section } from "./section.ts";

export const values: Section = section("Values of the chart kubefence.", {
  namespace: z
    .string()
    .min(1)
    .default("kube-system")
    .describe("Namespace of all objects. As in the original, the release's own namespace does not count."),
  nameOverride: z.string().default("").describe("Takes the chart's name's place in object names and labels."),
  fullnameOverride: z.string().default("").describe("Takes the place of `<release>-<chart>` in object names."),
  image,
  imagePullSecrets,
  serviceAccount,
  config,
  profiles,
  hostPaths,
  runtimeClasses,
  nodeSetup,
  containerdConfigPath,
  nodeReadiness,
  ...pods,
  log,
  health,
  podMonitor,
  dashboard,
  admissionPolicy,
  openshift,
  helperImages,
  kata,
});
