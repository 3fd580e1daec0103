/** What a handler with Kata behind it lacks of what ours has: rows for check. Pure. */
import type { KernelVerdict } from "../../kata/kernel.ts";
import type { CheckRow } from "../check.ts";
import { stringsAt, textAt } from "../containerd/effective.ts";
import type { TomlTable } from "../toml/parse.ts";
import type { KataConfiguration } from "./configuration.ts";
import { wideAnnotations } from "./handler.ts";

/** A handler as the node has it, with all of its files merged. */
export interface HandlerState {
  readonly name: string;
  /** Its table in the container runtime's configuration. */
  readonly table: TomlTable;
  readonly configuration: KataConfiguration;
  /** Undefined for a kernel of ours, whose digest is right. */
  readonly kernel: KernelVerdict | undefined;
  /** The guest image is ours: it has the policy. */
  readonly hasPolicy: boolean;
  /** False for CRI-O, which hands every annotation on. */
  readonly listsAnnotations: boolean;
}

const useOurs = "use the handler kata-nono-qemu: kubefence node kata install, and runtimeClasses.kataNono.handler";

/** Rows; a guest without Landlock starts no sandboxed container, everything else makes the sandbox less than it should be. */
export function handlerRows(handler: HandlerState): CheckRow[] {
  return [
    kernelRow(handler),
    policyRow(handler),
    seccompRow(handler),
    annotationsRow(handler),
    hostSeccompRow(handler),
  ];
}

function kernelRow({ kernel }: HandlerState): CheckRow {
  const name = "Landlock in the guest";
  if (kernel === undefined) return { name, state: "ok", value: "our guest kernel" };
  if (kernel.landlock === "in force") return { name, state: "ok", value: kernel.because };
  const value = kernel.landlock === "lacking" ? `none: ${kernel.because}` : `not known: ${kernel.because}`;
  const fix =
    "every sandboxed container would end with 125; use Kata 3.32.0 or later, or install our guest kernel (--kernel, kata.kernelImage)";
  return { name, state: "bad", value, fix };
}

function policyRow({ hasPolicy }: HandlerState): CheckRow {
  const name = "policy of the guest";
  if (hasPolicy) return { name, state: "ok", value: "in our guest image" };
  const value = "none of ours: the guest's agent lets kubectl exec, exec probes and hooks in, outside the sandbox";
  return { name, state: "warn", value, fix: useOurs };
}

function seccompRow({ configuration }: HandlerState): CheckRow {
  const name = "seccomp in the guest";
  // Kata's own default is to leave it off.
  if (configuration.settings["disable_guest_seccomp"] === false) {
    return { name, state: "ok", value: "the container's filter is passed on" };
  }
  const value = "off: Kata drops the container's filter; only what the launcher stacks is in force";
  return { name, state: "warn", value, fix: `${useOurs}, without --disable-guest-seccomp` };
}

function annotationsRow({ table, configuration, listsAnnotations }: HandlerState): CheckRow {
  const name = "annotations";
  const wide = wideAnnotations(table);
  const enabled = stringsAt(configuration.hypervisor, "enable_annotations");
  if (listsAnnotations && wide.length > 0) {
    return {
      name,
      state: "warn",
      value: `${wide.join(", ")} reach Kata from any pod; only the plugin refuses them`,
      fix: useOurs,
    };
  }
  const loose = enabled.filter((one) => !/^default_(max_)?(vcpus|memory)$/.test(one));
  if (loose.length === 0) return { name, state: "ok", value: `Kata takes ${enabled.join(", ") || "none"} of a pod` };
  return { name, state: "warn", value: `Kata takes ${loose.join(", ")} of any pod`, fix: useOurs };
}

function hostSeccompRow({ configuration }: HandlerState): CheckRow {
  const name = "seccomp of QEMU";
  const { runtime, hypervisor } = configuration;
  const value = textAt(hypervisor, runtime === "rust" ? "seccomp_sandbox" : "seccompsandbox");
  if (value === "") return { name, state: "warn", value: "off", fix: `${useOurs}, with --seccomp-sandbox` };
  if (!value.split(",").includes("elevateprivileges=deny")) return { name, state: "ok", value };
  return { name, state: "bad", value, fix: "take elevateprivileges=deny out: QEMU cannot become a daemon with it" };
}
