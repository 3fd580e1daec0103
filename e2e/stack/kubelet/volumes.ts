import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
export function volumeMount(
  podDirectory: string,
  hostPath: string,
  containerName: string,
  mount: VolumeMount,
  index: number,
): Mount {
  const { mountPath, readOnly = false, subPath } = mount;
  if (subPath === undefined) {
    return { containerPath: mountPath, hostPath, readonly: readOnly };
  }
  // The kubelet bind-mounts the sub path here, safe from symlink races; a symlink tells the runtime as little and needs no mount.
  const link = join(podDirectory, "volume-subpaths", mount.name, containerName, String(index));
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync(join(hostPath, subPath), link);
  return { containerPath: mountPath, hostPath: link, readonly: readOnly };
}
