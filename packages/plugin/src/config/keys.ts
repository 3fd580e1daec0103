/** Keys of the configuration file. */
export type KeyName =
  | "runtime_classes"
  | "default_profile"
  | "nono_bin_path"
  | "seccomp_profile"
  | "socket_path"
  | "vm_rootfs_classes"
  | "invalid_profile"
  | "allowed_profiles"
  | "min_landlock_abi"
  | "kubelet_root"
  | "state_directory"
  | "path_shims"
  | "profile_set"
  | "launcher"
  | "launcher_template"
  | "launcher_variables"
  | "exec_policy"
  | "exec_policy_by_namespace"
  | "kata_classes"
  | "kata_annotations"
  | "kata_policy_sha256";

/** A key's TOML type, and its value when it is absent. Required keys start with an empty value that validation refuses. */
type KeyValue =
  | { readonly type: "string"; readonly initial: string }
  | { readonly type: "string[]"; readonly initial: readonly string[] }
  | { readonly type: "bool"; readonly initial: boolean }
  | { readonly type: "integer"; readonly initial: number }
  | { readonly type: "table of string"; readonly initial: undefined }
  | { readonly type: "table of string[]"; readonly initial: undefined };

export type KeyDefinition = KeyValue & {
  readonly required: "yes" | "no" | "unless every class is in `vm_rootfs_classes`";
  /** One or two sentences for docs/reference/configuration.md. */
  readonly help: string;
};

/**
 * Every key of the configuration file, in the order of the reference page. The first six are the original's
 * and keep their meaning; the others only add.
 */
export const keys: Readonly<Record<KeyName, KeyDefinition>> = {
  runtime_classes: {
    type: "string[]",
    initial: [],
    required: "yes",
    help: 'Runtime handlers whose pods are sandboxed. Compared exactly; `""` means pods without a handler.',
  },
  default_profile: {
    type: "string",
    initial: "",
    required: "yes",
    help: "Profile of pods without the annotation `nono.sh/profile`.",
  },
  nono_bin_path: {
    type: "string",
    initial: "",
    required: "unless every class is in `vm_rootfs_classes`",
    help:
      "Absolute path of the launcher on the node. Its directory is mounted read-only at `/nono` in every sandboxed container, " +
      "so it must be a directory of its own; system directories are refused. While it is empty, every container of our classes is refused.",
  },
  seccomp_profile: {
    type: "string",
    initial: "",
    required: "no",
    help:
      'Seccomp policy that is added to what each sandboxed container has, which it can only tighten: `"runtime-default"`, `"restricted"`, or with ' +
      'the lists of the original program `"original-runtime-default"`, `"original-restricted"`. `""` adds nothing. See [seccomp](seccomp.md).',
  },
  socket_path: {
    type: "string",
    initial: "",
    required: "no",
    help: "The runtime's NRI socket; empty means `/var/run/nri/nri.sock`.",
  },
  vm_rootfs_classes: {
    type: "string[]",
    initial: [],
    required: "no",
    help: "Classes for which `nono_bin_path` may be empty: classes of [Kata](kata.md). While it is empty, their containers are refused like all others.",
  },
  invalid_profile: {
    type: "string",
    initial: "default",
    required: "no",
    help:
      'What happens to a pod whose annotation is no profile name at all: `"default"` uses `default_profile` and logs a warning, ' +
      '`"refuse"` refuses the container.',
  },
  allowed_profiles: {
    type: "table of string[]",
    initial: undefined,
    required: "no",
    help:
      'Which profiles each namespace may use: namespace to list of names; `"*"` stands for namespaces without an entry. ' +
      'With the table present, a namespace that has neither an entry nor `"*"` may use none. Without the table every installed profile may be used.',
  },
  min_landlock_abi: {
    type: "integer",
    initial: 1,
    required: "no",
    help: "Lowest Landlock ABI of the kernel to work with. Below it the plugin does not start.",
  },
  kubelet_root: {
    type: "string",
    initial: "/var/lib/kubelet",
    required: "no",
    help: "The kubelet's `--root-dir`: tells the pod's volumes from host paths.",
  },
  state_directory: {
    type: "string",
    initial: "/var/run/nono-nri",
    required: "no",
    help: "Where the records `<pod uid>/<container id>/metadata.json` of sandboxed containers are kept. Instances of the plugin on one node find each other in its `.instances`, so all need the same directory.",
  },
  path_shims: {
    type: "bool",
    initial: false,
    required: "no",
    help:
      "`sh bash ash dash python3 python node ruby perl` beside the launcher, so first on the containers' `PATH`: what is sent into a container by one of these names " +
      "starts under the launcher, with the node's default profile. Of use where the handler has no [nono-runc](nono-runc.md). " +
      "`kubefence install-launcher` puts them there or takes them away; the plugin refuses to start while they do not fit. See [PATH shims](shims.md).",
  },
  profile_set: {
    type: "string",
    initial: "kubefence",
    required: "no",
    help:
      'Which profiles `kubefence install-launcher` and `kubefence node install` put on the node: `"kubefence"`, [ours](profiles.md), or `"nono"`, ' +
      "nono's own built-in ones, compiled; [which these are](profiles.md#nonos-own).",
  },
  launcher: {
    type: "string",
    initial: "kubefence",
    required: "no",
    help:
      'What the file `nono_bin_path` is: `"kubefence"`, our launcher; `"nono"`, upstream nono; `"template"`, any program that restricts ' +
      "itself and then becomes the command it is given. [Other launchers](launchers.md) says what the last two cannot do; containers that need it are refused.",
  },
  launcher_template: {
    type: "table of string[]",
    initial: undefined,
    required: "no",
    help:
      'With `launcher = "template"`: profile name to the arguments between the launcher and the command. `{profile}` stands for the name; an argument with ' +
      "`{rw}` or `{ro}` is repeated for each volume of the pod that may be written, or read. The names are the profiles that pods can use.",
  },
  launcher_variables: {
    type: "string[]",
    initial: [],
    required: "no",
    help: 'With `launcher = "template"`: variables that the launcher obeys; `NAME` or `PREFIX*`. A container that has one is refused: NRI cannot take a variable away.',
  },
  exec_policy: {
    type: "string",
    initial: "sandbox",
    required: "no",
    help:
      'What happens to processes that are sent into a running container (`kubectl exec`, exec probes, hooks): `"sandbox"` starts ' +
      'them under the launcher, `"deny"` refuses them, `"allow"` starts them without a sandbox and logs each. The plugin only checks ' +
      "the value; [nono-runc](nono-runc.md) applies it once `kubefence runtime-config` has handed it on.",
  },
  exec_policy_by_namespace: {
    type: "table of string",
    initial: undefined,
    required: "no",
    help: "The same for single namespaces: namespace to value.",
  },
  kata_classes: {
    type: "string[]",
    initial: [],
    required: "no",
    help:
      "Entries of `runtime_classes` behind which Kata Containers stands, beyond those whose name begins with `kata` and those in " +
      "`vm_rootfs_classes`. Their pods may not have [annotations that weaken the guest](kata.md#annotations).",
  },
  kata_annotations: {
    type: "string[]",
    initial: [],
    required: "no",
    help: "Further `io.katacontainers.…` annotations that pods of Kata classes may have. Compared exactly; whatever they change is your responsibility.",
  },
  kata_policy_sha256: {
    type: "string[]",
    initial: [],
    required: "no",
    help:
      "SHA-256, in lower-case hexadecimal, of the policies that pods of Kata classes may bring in `io.katacontainers.config.agent.policy`, and of the " +
      "initdata in `io.katacontainers.config.hypervisor.cc_init_data`: of what the annotation holds, base64-decoded.",
  },
};
