import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Kubectl, KubernetesObject } from "./kubectl.ts";

/**
 * Creates a pod at fixed intervals while something else happens, and returns their names. `podOf` makes the one after `index`
 * others; where it makes none, that interval passes without.
 */
export async function createPodsDuring(
  kubectl: Kubectl,
  intervalMs: number,
  podOf: (index: number) => KubernetesObject | undefined,
  during: () => Promise<void>,
): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-api-"));
  const socketPath = join(directory, "socket");
  // A process for each pod would be most of the load; the proxy's socket is outside the cluster's network namespace.
  const [command = "", ...args] = kubectl.commandLine(["proxy", `--unix-socket=${socketPath}`]);
  const proxy = spawn(command, args, { stdio: "ignore" });
  const ended = once(proxy, "exit");
  try {
    while (!existsSync(socketPath)) {
      if (proxy.exitCode !== null) throw new Error(`kubectl proxy ended with ${proxy.exitCode}`);
      await delay(20);
    }
    const names: string[] = [];
    const creations: Promise<void>[] = [];
    const timer = setInterval(() => {
      const pod = podOf(names.length);
      if (pod === undefined) return;
      names.push(pod.metadata.name);
      creations.push(createPod(socketPath, pod));
    }, intervalMs);
    try {
      await during();
    } finally {
      clearInterval(timer);
    }
    await Promise.all(creations);
    return names;
  } finally {
    proxy.kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

async function createPod(socketPath: string, pod: KubernetesObject): Promise<void> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace ?? "default"}/pods`;
  const sent = request({ socketPath, path, method: "POST", headers: { "content-type": "application/json" } });
  const answered = once(sent, "response");
  sent.end(JSON.stringify(pod));
  const [response] = await answered;
  const answer = await text(response);
  if (response.statusCode !== 201) {
    throw new Error(`the API server did not create ${pod.metadata.name}: ${answer}`);
  }
}
