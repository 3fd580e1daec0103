/** What is changed on a node. */
import { z } from "zod";
import { absolutePath, kubernetesObject, mapOf, section, type Section } from "./section.ts";

export const hostPaths: Section = section("Directories of the node.", {
  nriSocket: absolutePath().default("/var/run/nri").describe("Directory of the NRI socket."),
  nonoHostDir: absolutePath()
    .default("/opt/nono-nri")
    .describe(
      "Where the launcher and the profiles are installed. For systems with a read-only `/opt`, for example `/var/lib/nono-nri`.",
    ),
  nonoRuncDir: absolutePath()
    .default("/opt/kubefence/bin")
    .describe("Where nono-runc and its configuration are installed; outside every directory that containers see."),
  kataDir: absolutePath()
    .default("/opt/kubefence/kata")
    .describe("Where the QEMU configuration of our Kata handler is put."),
  nriPlugins: absolutePath()
    .default("/opt/nri/plugins")
    .describe("Without effect: the original mounted it and used it for nothing."),
});

export const nodeSetup: Section = section(
  "Configuration of the node's container runtime: NRI, the handler `nono-runc` and the OCI runtime of that name.",
  {
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Without it the handler has to be configured by hand, and nothing but the plugin enforces: `kubectl exec` is not covered, " +
          "and a container that starts while the plugin is away is not sandboxed.",
      ),
    restart: z
      .enum(["systemd", "term", "none"])
      .default("systemd")
      .describe(
        "How the container runtime is restarted when its configuration has changed: by its systemd unit, by SIGTERM to a process that something starts again, or by you.",
      ),
    runtime: z
      .enum(["", "containerd", "crio"])
      .default("")
      .describe("Which container runtime to set up, for nodes that have both; empty means the one that runs."),
    selfTest: z
      .boolean()
      .default(true)
      .describe(
        "Start a container of the handler at the end, and put the old files back if it does not run. The node's label (`nodeReadiness`) then waits for one that ran. There is no such test for CRI-O: there it has to be `false` for a label to appear.",
      ),
    uninstall: section("What `helm uninstall` does on the nodes before it removes the release.", {
      enabled: z
        .boolean()
        .default(true)
        .describe(
          "Take node set-up back on each node. Nodes that were not reached, or on which sandboxed pods run, make `helm uninstall` fail; the log of Job `…-node-uninstall` names them.",
        ),
      force: z
        .boolean()
        .default(false)
        .describe("Also where sandboxed pods run: what they need stays until `kubefence node uninstall` is run again."),
      timeoutSeconds: z
        .int()
        .min(10)
        .max(3600)
        .default(240)
        .describe("How long to wait for the nodes; less than the `--timeout` of `helm uninstall`."),
    }),
    requirePlugin: z
      .boolean()
      .default(false)
      .describe(
        "Have the runtime refuse every container of the node while the plugin is away, those of other classes too. Pods that have to start before it " +
          'need the annotation `nono.sh/tolerate-missing-plugin: "true"`; ours have it.',
      ),
    nri: section("What the runtime's NRI section says; a default stands for what the node has.", {
      socketPath: absolutePath().default("/var/run/nri/nri.sock").describe("`socket_path`."),
      pluginPath: absolutePath().default("/opt/nri/plugins").describe("`plugin_path`."),
      configPath: absolutePath().default("/etc/nri/conf.d").describe("`plugin_config_path`."),
    }),
  },
);

export const containerdConfigPath: z.ZodType = absolutePath()
  .default("/etc/containerd/config.toml")
  .describe("containerd's main configuration file on the nodes; the default stands for the one that it runs with.");

export const nodeReadiness: Section = section(
  "Tells the scheduler which nodes sandbox. Gives the plugin's ServiceAccount a token, the right to read and patch nodes, and an admission policy that binds it to its own node (Kubernetes 1.30).",
  {
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Label a node `kubefence.io/ready=true`, and `kubefence.io/landlock-abi`, while its plugin is ready, and let our RuntimeClasses schedule to such nodes only.",
      ),
    startupTaint: z
      .boolean()
      .default(false)
      .describe(
        "Also keep the taint `kubefence.io/not-ready:NoSchedule` on a node while its plugin is not ready. Register nodes with it to close the gap at start.",
      ),
  },
);

const resourceName = z.string().min(1);

export const runtimeClasses: Section = section("RuntimeClasses.", {
  nonoRunc: section("RuntimeClass `nono-runc`, handler `nono-runc`.", {
    enabled: z.boolean().default(true).describe("Create it."),
  }),
  kataNono: section("RuntimeClass `kata-nono-sandbox`.", {
    enabled: z.boolean().default(false).describe("Create it."),
    handler: resourceName
      .default("kata-qemu")
      .describe(
        "Its handler; added to `config.runtimeClasses`, and to `config.kataClasses` if its name does not begin with `kata`. With `kata.enabled` the default stands for `kata-nono-qemu`.",
      ),
    overhead: mapOf(z.string())
      .default({ cpu: "250m", memory: "160Mi" })
      .describe(
        "What a virtual machine takes beside its containers (`overhead.podFixed`), for the scheduler and quotas; the default is what kata-deploy gives `kata-qemu`. Empty means none.",
      ),
    nodeSelector: mapOf(z.string())
      .default({})
      .describe(
        'Nodes that its pods go to (`scheduling.nodeSelector`), beside `nodeReadiness`; with kata-deploy `katacontainers.io/kata-runtime: "true"`.',
      ),
    tolerations: z
      .array(kubernetesObject())
      .default([])
      .describe("Tolerations that its pods get (`scheduling.tolerations`)."),
  }),
});

export const kata: Section = section(
  "Kata Containers: the handler `kata-nono-qemu` with a QEMU configuration, guest kernel and guest image of its own.",
  {
    enabled: z.boolean().default(false).describe("Run the DaemonSet that sets Kata up."),
    kernelImage: z
      .string()
      .default("ghcr.io/kubefence/kata-kernel-landlock:3.28.0")
      .describe(
        "Image with `/vmlinux`, a guest kernel with Landlock, for a Kata whose own has none (before 3.32.0); empty for Kata's own.",
      ),
    rootfsImage: z
      .string()
      .default("ghcr.io/kubefence/kata-rootfs-nono:3.28.0-v0.23.0")
      .describe(
        "Image with `/kata-containers-confidential.image`, a guest image with the policy; empty for Kata's own, without it. " +
          "It belongs to one version of Kata: if the tag has one, a node with another is refused.",
      ),
    kernelVerityParams: z
      .string()
      .default("")
      .describe(
        "`kernel_verity_params` of a measured `rootfsImage`, as `kubefence kata image inject` prints them; empty for an image that is not measured.",
      ),
    shareDir: absolutePath()
      .default("/opt/kata/share/kata-containers")
      .describe("Where kernel and guest image are put, each under a name with its digest."),
    qemuConfigPath: absolutePath()
      .default("/opt/kata/share/defaults/kata-containers/runtimes/qemu/configuration-qemu.toml")
      .describe(
        "Kata's QEMU configuration, from which ours is derived; never written to. The default stands for that of the node's handler `kata-qemu`, or `kata-qemu-runtime-rs`.",
      ),
    timeoutSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(600)
      .describe("How long Kata may take to appear on a node; then the pod fails and says what is missing."),
    nodeSelector: mapOf(z.string())
      .default({})
      .describe(
        'Nodes that have Kata, beside `nodeSelector`; with kata-deploy `katacontainers.io/kata-runtime: "true"`.',
      ),
    reapply: z
      .boolean()
      .default(true)
      .describe(
        "Notice an upgrade of Kata, and set it up again. Needs a container that stays, privileged. Without it the pod only sleeps, and has to be restarted after an upgrade.",
      ),
    qemu: section("What our QEMU configuration has differently from Kata's.", {
      machineAccelerators: z.string().default("").describe("`machine_accelerators`, if not empty."),
      seccompSandbox: z
        .string()
        .default("on,obsolete=deny,spawn=deny,resourcecontrol=deny")
        .describe(
          "`seccompsandbox` (`seccomp_sandbox` of the Rust runtime), if not empty. `elevateprivileges=deny` breaks QEMU's daemonize: no pod starts.",
        ),
      disableGuestSeccomp: z.boolean().default(false).describe("`disable_guest_seccomp`, in `[runtime]`."),
    }),
  },
);
