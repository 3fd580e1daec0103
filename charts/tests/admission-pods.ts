/** For each rule of the admission policy a pod that it refuses and one that it admits. The API server is asked about all of them. */

/** As far as the rules look into it. */
export interface PodManifest {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface RuleExample {
  /** As the message begins. */
  readonly rule: string;
  readonly refused: PodManifest;
  readonly admitted: PodManifest;
}

/** Values of the chart that the examples are for. */
export const values: { readonly config: object; readonly admissionPolicy: object } = {
  config: {
    allowedProfiles: { "*": ["default"], "team-a": ["default", "workspace"] },
    kataAnnotations: ["io.katacontainers.config.hypervisor.hot_plug_vfio"],
  },
  admissionPolicy: { enabled: true, namespaces: ["team-a", "team-b"], hostPathPrefixes: ["/srv/data"] },
};

const container = { name: "main", image: "registry.example/app:1" };

function pod(spec: object = {}, annotations: Record<string, string> = {}): PodManifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "example", annotations },
    spec: { runtimeClassName: "nono-runc", containers: [container], ...spec },
  };
}

const hostPath = (path: string): object => ({ volumes: [{ name: "host", hostPath: { path } }] });
const privileged = (isPrivileged: boolean): object => ({ ...container, securityContext: { privileged: isPrivileged } });

/** What is refused and what admitted in namespace team-a. */
export const examples: readonly RuleExample[] = [
  { rule: "RUNTIME_CLASS", refused: pod({ runtimeClassName: undefined }), admitted: pod() },
  { rule: "RUNTIME_CLASS", refused: pod({ runtimeClassName: "runc" }), admitted: pod() },
  {
    rule: "PROFILE_NAME",
    refused: pod({}, { "nono.sh/profile": "../default" }),
    admitted: pod({}, { "nono.sh/profile": "default" }),
  },
  {
    rule: "PROFILE",
    refused: pod({}, { "nono.sh/profile": "python-dev" }),
    admitted: pod({}, { "nono.sh/profile": "workspace" }),
  },
  { rule: "HOST_PATH", refused: pod(hostPath("/")), admitted: pod({ volumes: [{ name: "a", emptyDir: {} }] }) },
  { rule: "HOST_PATH", refused: pod(hostPath("/var/run/nri")), admitted: pod(hostPath("/srv/data")) },
  { rule: "HOST_PATH", refused: pod(hostPath("/srv/database")), admitted: pod(hostPath("/srv/data/team-a")) },
  { rule: "HOST_PATH", refused: pod(hostPath("/srv/data//x")), admitted: pod(hostPath("/srv/data/x..y")) },
  {
    rule: "PRIVILEGED",
    refused: pod({ containers: [container, { ...privileged(true), name: "second" }] }),
    admitted: pod({ containers: [privileged(false)] }),
  },
  {
    rule: "PRIVILEGED",
    refused: pod({ initContainers: [{ ...privileged(true), name: "init" }] }),
    admitted: pod({ initContainers: [{ ...privileged(false), name: "init" }] }),
  },
  { rule: "HOST_PID", refused: pod({ hostPID: true }), admitted: pod({ hostPID: false }) },
  { rule: "HOST_IPC", refused: pod({ hostIPC: true }), admitted: pod({ hostIPC: false }) },
  {
    rule: "TOLERATION",
    refused: pod({}, { "nono.sh/tolerate-missing-plugin": "true" }),
    admitted: pod({}, { "nono.sh/other": "true" }),
  },
  {
    rule: "KATA_CONFIG",
    refused: pod({}, { "io.katacontainers.config.agent.policy": "cGFja2FnZQ==" }),
    admitted: pod({}, { "io.katacontainers.config.hypervisor.default_vcpus": "2" }),
  },
  {
    rule: "KATA_CONFIG",
    refused: pod({}, { "io.katacontainers.config_path": "/etc/x" }),
    admitted: pod({}, { "io.katacontainers.config.hypervisor.hot_plug_vfio": "root-port" }),
  },
  {
    rule: "KATA_CONFIG",
    refused: pod({}, { "io.katacontainers.config.runtime.disable_guest_seccomp": "true" }),
    admitted: pod({}, { "io.katacontainers.config.runtime.disable_guest_seccomp": "false" }),
  },
];

/** An ephemeral container as `kubectl debug` adds it. */
export const ephemeralContainer = (isPrivileged: boolean): object => ({
  ...privileged(isPrivileged),
  name: "debugger",
});
