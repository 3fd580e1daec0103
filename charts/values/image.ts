/** Images, and who may pull them. */
import { z } from "zod";
import { section, type Section } from "./section.ts";

const pullPolicy = z.enum(["Always", "IfNotPresent", "Never"]);

export const image: Section = section("The image of plugin, command line, launcher and nono-runc.", {
  repository: z.string().min(1).default("ghcr.io/kubefence/nono-nri-plugin").describe("Repository."),
  tag: z
    .union([z.string(), z.number()])
    .default("latest")
    .describe(
      "Tag; empty means the chart's appVersion. `latest` is the original's default: pin a version or a digest.",
    ),
  digest: z
    .string()
    .regex(/^$|^sha256:[0-9a-f]{64}$/)
    .default("")
    .describe("Digest, `sha256:…`; takes the tag's place."),
  pullPolicy: pullPolicy.default("IfNotPresent").describe("Pull policy."),
});

export const imagePullSecrets: z.ZodType = z
  .array(z.strictObject({ name: z.string() }))
  .default([])
  .describe("Pull secrets of all pods: `[{name: …}]`.");

export const helperImages: Section = section("Images of containers that wait or sleep.", {
  alpine: z.string().default("alpine:3.20").describe("Without effect: what it ran is done by the plugin's image."),
  busybox: z.string().default("busybox:1.37.0-uclibc").describe("Sleeps after a set-up; needs `sh` and `sleep`."),
});
