import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { KubefenceError, messageOf } from "../errors.ts";

/** What /readyz reports: each condition by name, and whether it holds. */
export type Readiness = Readonly<Record<string, boolean>>;

export interface HealthSources {
  readiness(): Readiness;
  /** The metrics page in Prometheus' text format. */
  metrics(): Promise<string>;
}

const TEXT = "text/plain; charset=utf-8";
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

/** Serves /healthz, /readyz and /metrics. Throws HEALTH_ADDRESS_INVALID if nothing can listen there. */
export function startHealthServer(host: string, port: number, sources: HealthSources): Promise<Server> {
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
    answer(request, sources).then(
      ([status, type, body]) => respond(response, status, type, body),
      (error: unknown) => respond(response, 500, TEXT, messageOf(error)),
    );
  });
  server.maxConnections = 32;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(
        new KubefenceError("HEALTH_ADDRESS_INVALID", `cannot listen on the health address: ${error.message}`, {
          cause: error,
        }),
      );
    });
    server.listen({ port, ...(host === "" ? {} : { host }) }, () => resolve(server.unref()));
  });
}

async function answer(request: IncomingMessage, sources: HealthSources): Promise<[number, string, string]> {
  if (request.method !== "GET" && request.method !== "HEAD") return [405, TEXT, "only GET\n"];
  const [path = ""] = (request.url ?? "").split("?");
  switch (path) {
    case "/healthz":
      return [200, TEXT, "ok\n"];
    case "/readyz": {
      const conditions = Object.entries(sources.readiness());
      const isReady = conditions.every(([, holds]) => holds);
      return [
        isReady ? 200 : 503,
        TEXT,
        conditions.map(([name, holds]) => `${name}: ${holds ? "yes" : "no"}\n`).join(""),
      ];
    }
    case "/metrics":
      return [200, METRICS, await sources.metrics()];
    default:
      return [404, TEXT, "/healthz, /readyz or /metrics\n"];
  }
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
