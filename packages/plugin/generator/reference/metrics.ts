import { openPrometheusMetrics } from "../../src/observe/prometheus.ts";
import { code, table } from "./table.ts";

/** From the live registry, so that a metric cannot be missing here. */
export async function metricsTable(): Promise<string> {
  const { registry } = openPrometheusMetrics("");
  const metrics = await registry.getMetricsAsJSON();
  return table(
    ["metric", "type", "labels", "meaning"],
    metrics.map(({ name, type, help }) => {
      const metric: unknown = registry.getSingleMetric(name);
      const labels = hasLabels(metric) ? metric.labelNames : [];
      return [code(name), String(type), labels.map(code).join(", "), help];
    }),
  );
}

function hasLabels(metric: unknown): metric is { labelNames: string[] } {
  return typeof metric === "object" && metric !== null && "labelNames" in metric;
}
