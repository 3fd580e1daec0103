/**
 * Our own QEMU configuration: Kata's, word for word, with its drop-ins, and a last drop-in of ours beside it. Kata's files are
 * never edited, so its other handlers stay as they are, and nothing of its comments can be lost. Pure.
 */
import { stringify } from "smol-toml";
import { basename, join } from "node:path";
import { textAt } from "../containerd/effective.ts";
import type { TomlTable } from "../toml/parse.ts";
import { type KataConfiguration, type KataFile, type KataFiles, readKata } from "./configuration.ts";
import { hypervisorAnnotation, kataConfigurationName, kataMark, type KataSettings } from "./settings.ts";

/** Files on the node that a guest starts from; undefined leaves Kata's own. */
export interface GuestFiles {
  readonly kernel: string | undefined;
  readonly image: string | undefined;
}

/** Where our configuration is. */
export function configurationPath({ directory }: KataSettings): string {
  return join(directory, kataConfigurationName);
}

/**
 * The files of our configuration: copies of `base`, and what is ours.
 * @throws {NodeError} KF_KATA_CONFIG where Kata could not read `base` either
 */
export function deriveConfiguration(base: KataFiles, settings: KataSettings, guest: GuestFiles): KataFiles {
  const folder = join(settings.directory, "config.d");
  const header = `${kataMark} from ${base.main.path}.\n# Ours is config.d/${ownName}; a change here is lost when Kata's file changes.\n`;
  return {
    main: { path: configurationPath(settings), text: header + base.main.text },
    dropIns: [
      // They keep their order, and ours is the last whatever they are called.
      ...base.dropIns.map(({ path, text }) => ({ path: join(folder, `50-${basename(path)}`), text })),
      { path: join(folder, ownName), text: ownText(readKata(base), settings, guest) },
    ],
  };
}

const ownName = "90-kubefence.toml";

function ownText(base: KataConfiguration, settings: KataSettings, guest: GuestFiles): string {
  const purpose = "# What a sandboxed pod's guest has differently from every other one of this node.\n";
  const values = { hypervisor: { qemu: hypervisorKeys(base, settings, guest) }, runtime: runtimeKeys(settings) };
  return `${kataMark}.\n${purpose}${stringify(values)}`.trimEnd() + "\n";
}

function runtimeKeys({ disableGuestSeccomp }: KataSettings): TomlTable {
  return { disable_guest_seccomp: disableGuestSeccomp };
}

function hypervisorKeys(
  { runtime, hypervisor }: KataConfiguration,
  settings: KataSettings,
  guest: GuestFiles,
): TomlTable {
  const keys: TomlTable = {};
  if (guest.kernel !== undefined) keys["kernel"] = guest.kernel;
  if (guest.image !== undefined) Object.assign(keys, imageKeys(hypervisor, guest.image, settings));
  if (settings.machineAccelerators !== "") keys["machine_accelerators"] = settings.machineAccelerators;
  // The Go runtime refuses a drop-in with a key that it does not know.
  if (settings.seccompSandbox !== "") {
    keys[runtime === "rust" ? "seccomp_sandbox" : "seccompsandbox"] = settings.seccompSandbox;
  }
  // Kata's default lets a pod's annotation set kernel_params, which can switch Landlock off.
  keys["enable_annotations"] = settings.annotations
    .filter((name) => name.startsWith(hypervisorAnnotation))
    .map((name) => name.slice(hypervisorAnnotation.length));
  return keys;
}

/** Another image also means: no initrd, which excludes an image, and another hash tree, or none: Kata's belongs to its image. */
function imageKeys(hypervisor: TomlTable, image: string, { kernelVerityParams }: KataSettings): TomlTable {
  const keys: TomlTable = { image };
  if (textAt(hypervisor, "initrd") !== "") keys["initrd"] = "";
  if (textAt(hypervisor, "kernel_verity_params") !== kernelVerityParams) {
    keys["kernel_verity_params"] = kernelVerityParams;
  }
  if (!["", "ext4"].includes(textAt(hypervisor, "rootfs_type"))) keys["rootfs_type"] = "ext4";
  return keys;
}

/** What an operator should know of these settings. */
export function settingsNotes({ seccompSandbox }: KataSettings): string[] {
  return seccompSandbox.split(",").includes("elevateprivileges=deny")
    ? [
        "seccompsandbox has elevateprivileges=deny, with which QEMU cannot become a daemon as Kata's Go runtime starts it: no pod will start",
      ]
    : [];
}

/** The files of a configuration in one list. */
export function filesOf({ main, dropIns }: KataFiles): KataFile[] {
  return [main, ...dropIns];
}
