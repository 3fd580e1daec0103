/** What the kubelet's configuration file says. Reads only. */
import { parse } from "yaml";
import type { Host } from "./host.ts";

/** A text of the kubelet's; undefined where it has none. A file that is no YAML has none: the kubelet does not start with it either. */
export async function kubeletSetting(host: Host, key: "cgroupDriver" | "staticPodPath"): Promise<string | undefined> {
  const settings = new Map(Object.entries(parseOrNothing(await host.readShort("/var/lib/kubelet/config.yaml"))));
  const value = settings.get(key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseOrNothing(text: string): object {
  try {
    const document: unknown = parse(text);
    return typeof document === "object" && document !== null ? document : {};
  } catch {
    return {};
  }
}
