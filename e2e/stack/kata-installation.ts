import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout } from "./directories.ts";

/** A release of Kata whose QEMU configuration is among the fixtures. */
export type KataRelease = "3.20" | "3.28" | "3.32" | "runtime-rs-4.2";

/**
 * What kata-deploy leaves on a node, as far as set-up looks at it. Everything but the shim is as there: files, links, places. No
 * virtual machine can be started from it: the shim is a stand-in that only says its version, and says so in its name.
 */
export class KataInstallation {
  readonly root: string;
  readonly shim: string;
  /** The configuration that Kata's other handlers use. */
  readonly shared: string;
  readonly #prefix: string;

  /** `root` is where the node has Kata, `prefix` where we see the node's root. */
  constructor(root: string, prefix = "") {
    this.root = root;
    this.#prefix = prefix;
    this.shim = `${this.root}/bin/stand-in-for-containerd-shim-kata-v2`;
    this.shared = `${this.defaults}/runtimes/qemu/configuration-qemu.toml`;
  }

  get defaults(): string {
    return `${this.root}/share/defaults/kata-containers`;
  }

  get share(): string {
    return `${this.root}/share/kata-containers`;
  }

  /** Installs a release, or upgrades to it, as kata-deploy does: new files take the old ones' places. */
  install(release: KataRelease): void {
    const version = `${release.replace("runtime-rs-", "")}.0`;
    this.#put(
      this.shim,
      `#!/bin/sh\necho 'a stand-in, no shim of Kata: id: "io.containerd.kata.v2", version: ${version}'\n`,
    );
    chmodSync(this.#prefix + this.shim, 0o755);
    this.#put(this.shared, this.configuration(release));
    this.#put(
      `${dirname(this.shared)}/config.d/30-kernel-params.toml`,
      '[hypervisor.qemu]\nkernel_params = "agent.log=info"\n',
    );
    this.#put(`${this.share}/vmlinux-6.18.15-186`, `guest kernel of ${version}`);
    const link = `${this.#prefix}${this.defaults}/configuration-qemu.toml`;
    symlinkSync("runtimes/qemu/configuration-qemu.toml", `${link}.new`);
    renameSync(`${link}.new`, link);
  }

  /** The text of a release's configuration, with its paths on this node. */
  configuration(release: KataRelease): string {
    const file = join(checkout, `packages/cli/fixtures/kata/qemu-${release}.toml`);
    return readFileSync(file, "utf8").replaceAll("/opt/kata", this.root);
  }

  /** A table of containerd for Kata's own handler, as kata-deploy appends it. */
  handler(plugin: string): string {
    return `
[plugins.${plugin}.containerd.runtimes.kata-qemu]
  runtime_type = "io.containerd.kata-qemu.v2"
  runtime_path = "${this.shim}"
  privileged_without_host_devices = true
  pod_annotations = ["io.katacontainers.*"]
[plugins.${plugin}.containerd.runtimes.kata-qemu.options]
  ConfigPath = "${this.shared}"
`;
  }

  #put(onNode: string, text: string): void {
    const path = this.#prefix + onNode;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
