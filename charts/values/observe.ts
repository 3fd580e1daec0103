/** Logs, health, metrics. */
import { z } from "zod";
import { mapOf, section, type Section } from "./section.ts";

export const log: Section = section("The plugin's log.", {
  level: z
    .string()
    .regex(/^(debug|info|warn|error)([+-]\d+)?$/i)
    .default("info")
    .describe("Lowest level: debug, info, warn, error, with an optional offset such as `info+2`."),
  json: z.boolean().default(true).describe("JSON on stdout; `false` writes text to stderr."),
});

export const health: Section = section("Health and metrics of the plugin.", {
  port: z
    .int()
    .min(1)
    .max(65535)
    .default(9440)
    .describe("Port of `/healthz`, `/readyz` and `/metrics` on the pod's own address; the probes use it."),
});

export const podMonitor: Section = section("PodMonitor of the Prometheus operator.", {
  enabled: z.boolean().default(false).describe("Create it."),
  interval: z.string().default("30s").describe("Scrape interval."),
  labels: mapOf(z.string()).default({}).describe("Its labels, as your Prometheus selects them."),
});

export const dashboard: Section = section("Grafana dashboard in a ConfigMap.", {
  enabled: z.boolean().default(false).describe("Create it."),
  labels: mapOf(z.string())
    .default({ grafana_dashboard: "1" })
    .describe("Its labels, as your Grafana's sidecar selects them."),
  annotations: mapOf(z.string()).default({}).describe("Its annotations, for example a folder."),
});
