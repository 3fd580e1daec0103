import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "smol-toml";
import { CriClient } from "../cri/client.ts";
import { checkout, runcRelease } from "../directories.ts";
import { importArchive } from "../images/import.ts";
import { pluginImage } from "../images/plugin-image.ts";
import type { Cluster } from "./cluster.ts";
import { nonoRuncPath } from "./containerd.ts";

/** The image's name in the original's kind values and in the raw manifests: `nono-nri:latest`. */
const imageReference = "docker.io/library/nono-nri:latest";
const release = "kubefence";

/** A values file written for the original: every key of it with its default. */
export const originalValues: string = join(checkout, "charts/tests/values/original-defaults.yaml");

/** What this cluster needs beside them; its node is configured by {@link prepareNode}. */
export const chartValues: object = {
  image: { repository: "nono-nri", tag: "latest", pullPolicy: "Never" },
  nodeSetup: { enabled: false },
};

/**
 * Does what node set-up does, by hand: nono-runc behind the handler, with a configuration of its own from the launcher and
 * the profiles. containerd's own configuration names it already.
 */
export async function prepareNode(cluster: Cluster): Promise<void> {
  const { directories, machine } = cluster;
  const build = join(checkout, "build");
  if (!existsSync(join(build, "nono-runc"))) {
    throw new Error(`no nono-runc in ${build}: run make build`);
  }
  const onNode = (path: string): string => join(directories.root, path);
  mkdirSync(onNode("/etc/nri/conf.d"), { recursive: true });
  writeFileSync(
    onNode("/etc/nri/conf.d/10-nono-nri.toml"),
    stringify({ runtime_classes: ["nono-runc"], default_profile: "default", nono_bin_path: "/opt/nono-nri/nono" }),
  );
  mkdirSync(join(onNode(nonoRuncPath), ".."), { recursive: true });
  copyFileSync(join(build, "nono-runc"), onNode(nonoRuncPath));
  chmodSync(onNode(nonoRuncPath), 0o755);
  const kubefence = (...args: string[]): Promise<string> =>
    machine.inside(process.execPath, join(build, "kubefence"), ...args);
  await kubefence("install-launcher", "--directory=/opt/nono-nri", `--release=${build}`);
  const runc = join(runcRelease().binaries, "runc");
  await kubefence("runtime-config", `--runtime=${runc}`, `--output=${nonoRuncPath}.json`);
  // It asks each handler's runtime once what that can do, such as user namespaces.
  await machine.restartService("containerd");
  await cluster.untilReady();
}

/** Brings the project's image, as it is built from this checkout, onto the node. */
export async function importPluginImage({ directories }: Cluster): Promise<void> {
  const image = await pluginImage(imageReference);
  const cri = await CriClient.connect(directories.containerdSocket);
  await importArchive(directories, cri, image);
  cri.close();
}

/** Installs or upgrades a chart, this checkout's by default, with the original's values, and waits until its pods are ready. */
export async function installChart(
  { kubectl }: Cluster,
  values: object = chartValues,
  chart = "charts/kubefence",
): Promise<void> {
  await kubectl.helm(
    [
      "upgrade",
      "--install",
      release,
      join(checkout, chart),
      "--namespace=kube-system",
      `--values=${originalValues}`,
      "--values=-",
      "--wait",
      "--timeout=300s",
    ],
    JSON.stringify(values),
  );
}

/** Removes the release and waits until its objects are gone. */
export async function uninstallChart({ kubectl }: Cluster): Promise<void> {
  await kubectl.helm(["uninstall", release, "--namespace=kube-system", "--wait", "--cascade=foreground"]);
}
