import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import type { Mount } from "../cri/messages.ts";
import type { Volume, VolumeMount } from "./pod-spec.ts";

// Directory names below pods/<uid>/volumes, as the kubelet writes them: the plugin's name with ~ for /.
const pluginDirectory = {
  emptyDir: "kubernetes.io~empty-dir",
  persistentVolumeClaim: "kubernetes.io~csi",
  configMap: "kubernetes.io~configmap",
  secret: "kubernetes.io~secret",
  downwardAPI: "kubernetes.io~downward-api",
  projected: "kubernetes.io~projected",
} as const;

/** Makes a volume's directory under the pod's directory and returns the host path that a container mounts. */
export function prepareVolume(podDirectory: string, volume: Volume): string {
  if (volume.kind === "hostPath") {
    return volume.path;
  }
  const directory = join(podDirectory, "volumes", pluginDirectory[volume.kind], volume.name);
  mkdirSync(directory, { recursive: true });
  if ("files" in volume) {
    writeAtomically(directory, volume.files);
    return directory;
  }
  // A CSI volume is mounted on a directory below the volume's own.
  const data = volume.kind === "emptyDir" ? directory : join(directory, "mount");
  mkdirSync(data, { recursive: true });
  chmodSync(data, 0o777);
  return data;
}

// The kubelet's atomic writer: files in a dated directory, `..data` pointing to it, and one symlink a file.
function writeAtomically(directory: string, files: Record<string, string>): void {
  const dated = "..2026_11_22_10_00_00.1234567890";
  mkdirSync(join(directory, dated));
  symlinkSync(dated, join(directory, "..data"));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, dated, name), content, { mode: 0o644 });
    symlinkSync(join("..data", name), join(directory, name));
  }
}

/** The CRI mount of a volume; a subPath is a bind of its own under volume-subpaths, which hides the volume's kind. */
export async function volumeMount(
  podDirectory: string,
  hostPath: string,
  containerName: string,
  mount: VolumeMount,
  index: number,
): Promise<Mount> {
  const { mountPath, readOnly = false, subPath } = mount;
  if (subPath === undefined) {
    return { containerPath: mountPath, hostPath, readonly: readOnly };
  }
  const bound = join(podDirectory, "volume-subpaths", mount.name, containerName, String(index));
  const source = join(hostPath, subPath);
  if (statSync(source).isDirectory()) {
    mkdirSync(bound, { recursive: true });
  } else {
    mkdirSync(join(bound, ".."), { recursive: true });
    writeFileSync(bound, "");
  }
  await run("mount", ["--bind", source, bound]);
  return { containerPath: mountPath, hostPath: bound, readonly: readOnly };
}

/** Unmounts the pod's sub paths. */
export async function unmountSubPaths(podDirectory: string): Promise<void> {
  const directory = join(podDirectory, "volume-subpaths");
  if (existsSync(directory)) {
    // <volume>/<container>/<index>
    const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
      (path) => path.split("/").length === 3,
    );
    for (const path of paths) {
      await run("umount", [join(directory, path)]);
    }
  }
}
