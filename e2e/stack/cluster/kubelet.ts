/** Sysctls of the whole machine that the kubelet sets unless they have these values already. */
export const kubeletSysctls: Record<string, string> = {
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.keys.root_maxbytes": "25000000",
};

/** The kubelet's configuration file. `cgroup` is the parent of all pods. */
export function kubeletConfiguration(cgroup: string): string {
  return JSON.stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    // The API server is the only one that reaches it, and it is nobody's but the test's.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: cgroup,
    // The machine's hierarchies stay as they are; limits of containers hold all the same.
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    // A machine that is nearly full is no reason to evict, nor to remove images first.
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "20Mi", "imagefs.available": "20Mi" },
    // Images are imported, and cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    resolvConf: "",
    // Nobody answers there.
    clusterDNS: ["10.96.0.10"],
    // 110 pods of a test beside the plugin's.
    maxPods: 150,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
  });
}
