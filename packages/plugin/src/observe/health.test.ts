import type { Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { startHealthServer, type Readiness } from "./health.ts";
import { openPrometheusMetrics } from "./prometheus.ts";

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

function portOf(listening: Server | undefined): number {
  const address = listening?.address();
  if (typeof address !== "object" || address === null) throw new Error("the server does not listen");
  return address.port;
}

async function get(path: string, readiness: Readiness = {}, method = "GET"): Promise<{ status: number; text: string }> {
  const metrics = openPrometheusMetrics("1.2.3");
  metrics.decided("refuse", "PROFILE_NOT_INSTALLED");
  metrics.answered("CreateContainer", 0.0002);
  server = await startHealthServer("127.0.0.1", 0, {
    readiness: () => readiness,
    metrics: () => metrics.registry.metrics(),
  });
  const response = await fetch(`http://127.0.0.1:${portOf(server)}${path}`, { method });
  return { status: response.status, text: await response.text() };
}

test("/healthz says that the process answers", async () => {
  expect(await get("/healthz", { registered: false })).toEqual({ status: 200, text: "ok\n" });
});

test("/readyz wants every condition", async () => {
  expect(await get("/readyz", { registered: true, launcher: true })).toEqual({
    status: 200,
    text: "registered: yes\nlauncher: yes\n",
  });
  server?.close();
  expect(await get("/readyz?verbose", { registered: true, launcher: false })).toEqual({
    status: 503,
    text: "registered: yes\nlauncher: no\n",
  });
});

test("/metrics is Prometheus' text", async () => {
  const { status, text } = await get("/metrics");
  expect(status).toBe(200);
  expect(text).toContain('kubefence_decisions_total{decision="refuse",reason="PROFILE_NOT_INSTALLED"} 1');
  expect(text).toContain('kubefence_handler_duration_seconds_bucket{le="0.00025",handler="CreateContainer"} 1');
  expect(text).toContain(`kubefence_build_info{version="1.2.3",node="${process.version}"} 1`);
});

test("anything else is not found, and nothing is changed by it", async () => {
  expect(await get("/")).toMatchObject({ status: 404 });
  server?.close();
  expect(await get("/metrics", {}, "POST")).toMatchObject({ status: 405 });
});

test("an address that is taken is an error with its reason", async () => {
  await get("/healthz");
  const port = portOf(server);
  await expect(
    startHealthServer("127.0.0.1", port, { readiness: () => ({}), metrics: async () => "" }),
  ).rejects.toThrow(/cannot listen on the health address: .*EADDRINUSE/);
});
