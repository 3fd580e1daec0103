import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What must not grow while containers come and go. */
export interface Sample {
  /** The process's own, without what it maps from files. */
  memoryKiB: number;
  descriptors: number;
  /** Records of containers in the plugin's state directory. */
  records: number;
}

/** Reads a sample of the plugin's process and its state directory. */
export function takeSample(pid: number, stateDirectory: string): Sample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    memoryKiB: Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    records: readdirSync(stateDirectory).reduce((sum, pod) => sum + readdirSync(join(stateDirectory, pod)).length, 0),
  };
}

/** Growth that is no leak: garbage that waits for its collection, a descriptor of a call under way. */
const slack: Sample = { memoryKiB: 8 * 1024, descriptors: 4, records: 0 };

/** What grew: the lowest of the last quarter is above the highest of the second, and by more than noise. Empty when flat. */
export function growth(samples: Sample[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  const second = samples.slice(quarter, 2 * quarter);
  const last = samples.slice(-quarter);
  return (["memoryKiB", "descriptors", "records"] as const).flatMap((key) => {
    const before = Math.max(...second.map((sample) => sample[key]));
    const after = Math.min(...last.map((sample) => sample[key]));
    return after > before + slack[key] ? [`${key}: at most ${before} early, at least ${after} late`] : [];
  });
}
