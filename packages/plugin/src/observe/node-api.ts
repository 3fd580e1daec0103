/** The plugin's own Node in the API server. */
import { openApiServer } from "./api-server.ts";
import type { NodeObject } from "./node-patch.ts";

export interface NodeApi {
  read(name: string): Promise<NodeObject>;
  patch(name: string, patch: object): Promise<void>;
}

/** Throws if this is no pod of a cluster. */
export function openNodeApi(environment: NodeJS.ProcessEnv, directory?: string): NodeApi {
  const ask = openApiServer(environment, directory);
  return {
    read: async (name) => JSON.parse(await ask("GET", pathOf(name))),
    patch: async (name, patch) => {
      await ask("PATCH", pathOf(name), patch);
    },
  };
}

function pathOf(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}
