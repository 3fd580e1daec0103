import { mkdirSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { computeVector, type OptionVector } from "../src/testing/option-vectors.ts";

const output = new URL("../../../native/runtime/vectors/generated/container-options.json", import.meta.url);

/** The same cases in every run; another seed makes others. */
const seed = 20261122;
const count = 400;

const sources = [
  ..."empty-dir empty-dir csi csi configmap secret downward-api projected flocker"
    .split(" ")
    .map((plugin) => volume(plugin)),
  volume("empty-dir", "/"),
  volume("csi", "/../../../.."),
  "/var/lib/kubelet/pods/pod-uid/volume-subpaths/vol/web/0",
  "/var/lib/kubelet/pods/pod-uid/volumes",
  "/var/lib/kubelet/pods/pod-uid/etc-hosts",
  "/var/lib/kubelet/pods/pod-uid/etc-hosts/x",
  "/var/lib/kubelet/pods/pod-uid/containers/web/abc",
  "/var/lib/kubelet/pods/pod-uid/containers/web",
  "/var/lib/kubelet/pods/other/volumes/kubernetes.io~csi/vol",
  "/run/containerd/sandboxes/sandbox1/hosts",
  "/run/containerd/sandboxes/sandbox11/hosts",
  "/etc",
  "etc",
  "tmpfs",
];

function volume(plugin: string, rest = ""): string {
  return `/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~${plugin}/vol${rest}`;
}

const destination = fc.oneof(
  fc.constantFrom("/etc/hosts", "/etc/hostname", "/dev/shm", "/etc", "/dev", "/var/run/secrets/x", "/run/secrets"),
  fc
    .array(fc.constantFrom("a", "b", "..", ".", "", "var", "run", "secrets", "\u{1F600}", "\uFF5E"), { maxLength: 4 })
    .map((components) => `/${components.join("/")}`),
  fc.constantFrom("relative", "", "a/b/"),
);

const mount = fc.record({
  destination,
  type: fc.oneof({ weight: 8, arbitrary: fc.constant("bind") }, fc.constantFrom("", "tmpfs")),
  source: fc.constantFrom(...sources),
  options: fc.constantFrom(["rbind", "rprivate", "rw"], ["rbind", "rprivate", "ro"], ["bind"], [], ["ro"]),
});

const vector = fc.record({
  pod: fc.constant({ uid: "pod-uid", sandbox_id: "sandbox1" }),
  kubelet_root: fc.oneof({ weight: 19, arbitrary: fc.constant("/var/lib/kubelet") }, fc.constant("/srv/kubelet")),
  profile: fc.record({
    volumes: fc.constantFrom("none", "read", "readwrite", "readwrite"),
    config_volumes: fc.boolean(),
    projected_volumes: fc.boolean(),
    literal_exceptions: fc.constantFrom(["/var/run/secrets", "/run/secrets"], [], ["/a"]),
  }),
  mounts: fc.array(mount, { minLength: 1, maxLength: 7, size: "max" }),
});

/** Mounts that nobody thought of, with what the plugin makes of them: the OCI runtime wrapper has to agree. */
export function generateOptionVectors(): void {
  const cases = fc.sample(vector, { seed, numRuns: count }).map((chosen, index): OptionVector => {
    const named = { name: `generated ${index}`, ...chosen };
    return { ...named, expect: computeVector(named) };
  });
  mkdirSync(new URL(".", output), { recursive: true });
  writeFileSync(output, `[\n${cases.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
}
