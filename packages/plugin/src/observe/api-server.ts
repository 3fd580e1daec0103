/**
 * The API server as a pod reaches it: its service's address, the pod's token. Not Kubernetes' own client: that brings every kind of
 * object into a daemon whose memory is counted, for a GET and a PATCH.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TIMEOUT_MS = 10_000;
const MAXIMUM_BYTES = 4 * 1024 * 1024;

/**
 * Asks the API server; `path` begins with /api, a body is a JSON merge patch. Resolves to the answer's text; rejects with the API
 * server's own message.
 */
export type AskApiServer = (method: string, path: string, body?: object) => Promise<string>;

/** Throws if this is no pod of a cluster. `directory` holds `token` and `ca.crt`; the kubelet renews both. */
export function openApiServer(environment: NodeJS.ProcessEnv, directory: string = SERVICE_ACCOUNT): AskApiServer {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = Number(environment["KUBERNETES_SERVICE_PORT"]);
  if (!host || !port) throw new Error("KUBERNETES_SERVICE_HOST and _PORT are not set: this is no pod of a cluster");
  return (method, path, body) => send({ host, port, directory, method, path, body });
}

interface Call {
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  readonly method: string;
  readonly path: string;
  readonly body: object | undefined;
}

/** Resolves to the body of an answer with status 2xx; rejects with the API server's own message. */
function send({ host, port, directory, method, path, body }: Call): Promise<string> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const options = {
    host,
    port,
    path,
    method,
    ca: readFileSync(`${directory}/ca.crt`),
    agent: false,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      authorization: `Bearer ${readFileSync(`${directory}/token`, "utf8").trim()}`,
      accept: "application/json",
      ...(payload && { "content-type": "application/merge-patch+json", "content-length": payload.length }),
    },
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > MAXIMUM_BYTES) call.destroy(new Error(`the answer is larger than ${MAXIMUM_BYTES} bytes`));
      });
      response.on("error", reject);
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${status} ${messageIn(text)}`));
      });
    });
    call.on("error", reject);
    call.end(payload);
  });
}

function messageIn(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === "object" && status !== null && "message" in status) return String(status.message);
  } catch {
    // Not the API server's own answer.
  }
  return text.slice(0, 200);
}
