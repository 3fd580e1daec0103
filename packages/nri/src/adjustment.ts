/** Puts an adjustment together, with the markers that NRI expects. */
import type {
  ContainerAdjustmentInit,
  KeyValueInit,
  LinuxContainerAdjustmentInit,
} from "./schema/generated/nri/adjustment.ts";
import type { HooksInit, MountInit, POSIXRlimitInit } from "./schema/generated/nri/container.ts";
import type {
  LinuxDeviceInit,
  LinuxNamespaceInit,
  LinuxNetDeviceInit,
  LinuxSeccompInit,
} from "./schema/generated/nri/linux.ts";
import type { LinuxResourcesInit } from "./schema/generated/nri/resources.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Collects changes and gives them as one ContainerAdjustmentInit. "remove" writes NRI's removal marker, a leading "-";
 * so names that begin with "-" cannot be expressed. To take over what an earlier plugin set, remove it and add it.
 */
export class AdjustmentBuilder {
  readonly #annotations = new Map<string, string>();
  readonly #mounts: MountInit[] = [];
  readonly #env: KeyValueInit[] = [];
  readonly #hooks: Mutable<HooksInit> = {};
  readonly #rlimits: POSIXRlimitInit[] = [];
  readonly #cdiDevices: { name: string }[] = [];
  readonly #devices: LinuxDeviceInit[] = [];
  readonly #namespaces: LinuxNamespaceInit[] = [];
  readonly #sysctl = new Map<string, string>();
  readonly #netDevices = new Map<string, LinuxNetDeviceInit>();
  readonly #linux: Mutable<LinuxContainerAdjustmentInit> = {};
  #args: readonly string[] | undefined;

  addAnnotation(key: string, value: string): this {
    this.#annotations.set(key, value);
    return this;
  }

  removeAnnotation(key: string): this {
    this.#annotations.set(removed(key), "");
    return this;
  }

  /** Replaces a mount at the same destination. */
  addMount(mount: MountInit): this {
    this.#mounts.push(mount);
    return this;
  }

  removeMount(destination: string): this {
    this.#mounts.push({ destination: removed(destination) });
    return this;
  }

  /** Sets a variable, replacing one of the same name. */
  addEnv(name: string, value: string): this {
    this.#env.push({ key: name, value });
    return this;
  }

  /**
   * Leaves the variable empty. Every released runtime loses the removal of a variable of the original container, so an
   * empty value is the most that can be had; the marker also takes over what an earlier plugin set.
   */
  removeEnv(name: string): this {
    this.#env.push({ key: removed(name) }, { key: name, value: "" });
    return this;
  }

  /** Replaces the command line, also where an earlier plugin did. NRI 0.10 or later; refused below. */
  setArgs(args: readonly string[]): this {
    this.#args = ["", ...args];
    return this;
  }

  /** Appends; hooks of all plugins run. */
  addHooks(hooks: HooksInit): this {
    for (const kind of HOOK_KINDS) {
      const added = hooks[kind];
      if (added !== undefined) this.#hooks[kind] = [...(this.#hooks[kind] ?? []), ...added];
    }
    return this;
  }

  /** Appends: a limit of the same type that the container has already stays beside it. */
  addRlimit(rlimit: POSIXRlimitInit): this {
    this.#rlimits.push(rlimit);
    return this;
  }

  /** A fully qualified CDI name: vendor.com/class=device. */
  addCdiDevice(name: string): this {
    this.#cdiDevices.push({ name });
    return this;
  }

  /** Replaces a device at the same path, and allows it in the device cgroup. */
  addDevice(device: LinuxDeviceInit): this {
    this.#devices.push(device);
    return this;
  }

  /** Only undoes what an earlier plugin added: runtimes lose the removal of a device of the original container. */
  removeDevice(path: string): this {
    this.#devices.push({ path: removed(path) });
    return this;
  }

  /** Replaces the namespace of the same type; an empty path means a new one. */
  addNamespace(namespace: LinuxNamespaceInit): this {
    this.#namespaces.push(namespace);
    return this;
  }

  removeNamespace(type: string): this {
    this.#namespaces.push({ type: removed(type) });
    return this;
  }

  addSysctl(key: string, value: string): this {
    this.#sysctl.set(key, value);
    return this;
  }

  /** NRI 0.12.3 or later; before, the removal is lost. */
  removeSysctl(key: string): this {
    this.#sysctl.set(removed(key), "");
    return this;
  }

  /** Moves a network device of the host into the container. */
  addNetDevice(hostName: string, device: LinuxNetDeviceInit): this {
    this.#netDevices.set(hostName, device);
    return this;
  }

  removeNetDevice(hostName: string): this {
    this.#netDevices.set(removed(hostName), {});
    return this;
  }

  /** At creation the runtime applies of memory only the limit. */
  setResources(resources: LinuxResourcesInit): this {
    this.#linux.resources = resources;
    return this;
  }

  setCgroupsPath(path: string): this {
    this.#linux.cgroupsPath = path;
    return this;
  }

  setOomScoreAdj(value: number): this {
    this.#linux.oomScoreAdj = { value };
    return this;
  }

  /**
   * Replaces the whole filter of the container. No runtime applies defaultErrno, and with NRI before 0.12 a rule with an
   * errnoRet is refused here because it would crash the runtime.
   */
  setSeccompPolicy(policy: LinuxSeccompInit): this {
    this.#linux.seccompPolicy = policy;
    return this;
  }

  /** Single values that have no verb here: ioPriority, scheduler, rdt, memoryPolicy. */
  setLinux(settings: Pick<LinuxContainerAdjustmentInit, "ioPriority" | "scheduler" | "rdt" | "memoryPolicy">): this {
    Object.assign(this.#linux, settings);
    return this;
  }

  build(): ContainerAdjustmentInit {
    const linux = {
      ...this.#linux,
      devices: some(this.#devices),
      namespaces: some(this.#namespaces),
      sysctl: someEntries(this.#sysctl),
      netDevices: someEntries(this.#netDevices),
    };
    return {
      annotations: someEntries(this.#annotations),
      mounts: some(this.#mounts),
      env: some(this.#env),
      hooks: isSet(this.#hooks) ? this.#hooks : undefined,
      linux: isSet(linux) ? linux : undefined,
      rlimits: some(this.#rlimits),
      cdiDevices: some(this.#cdiDevices),
      args: this.#args,
    };
  }
}

const HOOK_KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] as const;

function removed(key: string): string {
  return `-${key}`;
}

function some<T>(items: T[]): T[] | undefined {
  return items.length > 0 ? items : undefined;
}

function someEntries<T>(map: Map<string, T>): Map<string, T> | undefined {
  return map.size > 0 ? map : undefined;
}

function isSet(message: object): boolean {
  return Object.values(message).some((value) => value !== undefined);
}
