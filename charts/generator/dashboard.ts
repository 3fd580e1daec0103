/** The Grafana dashboard. A test holds its queries together with the metrics that the plugin has. */

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly type: "timeseries" | "stat";
  readonly unit: string;
  /** PromQL and legend. */
  readonly queries: readonly (readonly [string, string])[];
}

const selector = '{job=~"$job"}';

/** In reading order: what is wrong first, then what happens, then how fast. */
export const panels: readonly Panel[] = [
  {
    title: "Containers without a sandbox",
    description: "Containers of our classes that run without the launcher. Anything but 0 needs a look.",
    type: "stat",
    unit: "short",
    queries: [[`sum(kubefence_unsandboxed_containers${selector})`, ""]],
  },
  {
    title: "Nodes whose launcher is not ready",
    description: "Their sandboxed pods do not start.",
    type: "stat",
    unit: "short",
    queries: [[`count(kubefence_launcher_ready${selector} == 0) or vector(0)`, ""]],
  },
  {
    title: "Nodes with an older configuration",
    description: "The file could not be used when it was last read again; the log says why.",
    type: "stat",
    unit: "short",
    queries: [[`count(kubefence_configuration_ok${selector} == 0) or vector(0)`, ""]],
  },
  {
    title: "Refused containers",
    description: "By code; docs/reference/errors.md says what to do.",
    type: "timeseries",
    unit: "ops",
    queries: [[`sum by (reason) (rate(kubefence_decisions_total{job=~"$job", decision="refuse"}[5m]))`, "{{reason}}"]],
  },
  {
    title: "Decisions",
    description: "Sandboxed, refused, and containers of other classes.",
    type: "timeseries",
    unit: "ops",
    queries: [[`sum by (decision) (rate(kubefence_decisions_total${selector}[5m]))`, "{{decision}}"]],
  },
  {
    title: "Time to answer the runtime",
    description: "The runtime gives up after 2 s.",
    type: "timeseries",
    unit: "s",
    queries: [
      [`histogram_quantile(0.5, sum by (le) (rate(kubefence_handler_duration_seconds_bucket${selector}[5m])))`, "p50"],
      [`histogram_quantile(0.99, sum by (le) (rate(kubefence_handler_duration_seconds_bucket${selector}[5m])))`, "p99"],
    ],
  },
  {
    title: "Connections to the runtime after the first",
    description: "Each is a restart of the runtime, or a plugin that was thrown out.",
    type: "timeseries",
    unit: "ops",
    queries: [[`sum by (instance) (rate(kubefence_reconnects_total${selector}[5m]))`, "{{instance}}"]],
  },
  {
    title: "State records that failed",
    description: "The sandbox holds; the record on disk is missing or left over.",
    type: "timeseries",
    unit: "ops",
    queries: [[`sum by (operation) (rate(kubefence_state_failures_total${selector}[5m]))`, "{{operation}}"]],
  },
  {
    title: "Landlock ABI of the nodes",
    description: "docs/reference/requirements.md says what an older one lacks.",
    type: "timeseries",
    unit: "short",
    queries: [
      [`count by (abi) (count_values by (instance) ("abi", kubefence_landlock_abi${selector}))`, "ABI {{abi}}"],
    ],
  },
  {
    title: "Installed profiles",
    description: "Fewest and most on one node.",
    type: "timeseries",
    unit: "short",
    queries: [
      [`min(kubefence_profiles_installed${selector})`, "fewest"],
      [`max(kubefence_profiles_installed${selector})`, "most"],
    ],
  },
  {
    title: "Versions",
    description: "Nodes by version of the plugin.",
    type: "timeseries",
    unit: "short",
    queries: [[`count by (version) (kubefence_build_info${selector})`, "{{version}}"]],
  },
];

/** The dashboard as Grafana's provisioning reads it. */
export function dashboardJson(): string {
  const dashboard = {
    title: "Kubefence",
    uid: "kubefence",
    tags: ["kubefence", "security"],
    editable: true,
    schemaVersion: 39,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
        {
          name: "job",
          type: "query",
          datasource,
          query: "label_values(kubefence_build_info, job)",
          refresh: 2,
          includeAll: true,
          multi: true,
        },
      ],
    },
    panels: panels.map(panel),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasource = { type: "prometheus", uid: "${datasource}" };

function panel({ title, description, type, unit, queries }: Panel, index: number): object {
  return {
    id: index + 1,
    title,
    description,
    type,
    datasource,
    gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(([expr, legendFormat], query) => ({
      refId: String.fromCodePoint(65 + query),
      datasource,
      expr,
      legendFormat,
    })),
  };
}
