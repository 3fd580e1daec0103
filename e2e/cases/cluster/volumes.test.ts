import { expect } from "vitest";
import { test, testOnOwnNode } from "../../cluster-fixtures.ts";
import { execute } from "../../stack/cluster/under-test.ts";

// Volumes of the kinds that pods have, each as docs/reference/profiles has it for `workspace` and `default`.

const shell = (script: string): string[] => ["sh", "-c", script];
const kinds = {
  emptyDir: { emptyDir: {} },
  memory: { emptyDir: { medium: "Memory" } },
  config: { configMap: { name: "volumes" } },
  secret: { secret: { secretName: "volumes" } },
  info: { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
  token: { projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
};
const spec = {
  volumes: Object.entries(kinds).map(([name, volume]) => ({ name: name.toLowerCase(), ...volume })),
};
const container = {
  volumeMounts: Object.keys(kinds).map((name) => ({ name: name.toLowerCase(), mountPath: `/volumes/${name}` })),
};
const objects = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "volumes" }, data: { key: "of the config map" } },
  { apiVersion: "v1", kind: "Secret", metadata: { name: "volumes" }, stringData: { key: "of the secret" } },
];

test.for([
  { profile: "workspace", data: { write: 0, read: 0 } },
  { profile: "default", data: { write: 1, read: 1 } },
])(
  "emptyDir, ConfigMap, Secret, downward API, token: profile $profile",
  async ({ profile, data }, { cluster, runPod }) => {
    await cluster.kubectl.apply(objects);
    const name = `volumes-${profile}`;
    await runPod({ name, runtimeClassName: "nono-runc", profile, spec, container });
    const exitCode = async (script: string): Promise<number> => (await execute(cluster, name, shell(script))).exitCode;
    for (const kind of ["emptyDir", "memory"]) {
      expect(await exitCode(`echo content >/volumes/${kind}/file`), kind).toBe(data.write);
      expect(await exitCode(`ls /volumes/${kind}`), kind).toBe(data.read);
    }
    expect((await execute(cluster, name, ["cat", "/volumes/config/key"])).stdout).toBe("of the config map");
    expect((await execute(cluster, name, ["cat", "/volumes/secret/key"])).stdout).toBe("of the secret");
    expect((await execute(cluster, name, ["cat", "/volumes/info/name"])).stdout).toBe(name);
    expect((await execute(cluster, name, ["cat", "/volumes/token/token"])).stderr).toContain("Permission denied");
  },
);

testOnOwnNode("a persistent volume claim keeps what a sandboxed pod wrote", async ({ cluster, own, runPod }) => {
  const capacity = { storage: "1Mi" };
  await own.machine.inside("mkdir", "-p", "/var/lib/volume");
  await cluster.kubectl.apply([
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "volumes" },
      spec: {
        capacity,
        accessModes: ["ReadWriteOnce"],
        storageClassName: "",
        local: { path: "/var/lib/volume" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "volumes" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "",
        volumeName: "volumes",
        resources: { requests: capacity },
      },
    },
  ]);
  const pod = {
    runtimeClassName: "nono-runc",
    profile: "workspace",
    spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "volumes" } }] },
    container: { volumeMounts: [{ name: "data", mountPath: "/data" }] },
  };
  await runPod({ name: "volumes-writer", ...pod });
  await execute(cluster, "volumes-writer", shell("echo kept >/data/file"));
  await cluster.kubectl.deletePod("volumes-writer");
  await runPod({ name: "volumes-reader", ...pod });
  expect((await execute(cluster, "volumes-reader", ["cat", "/data/file"])).stdout).toBe("kept\n");
});
