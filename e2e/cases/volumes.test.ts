import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import type { Volume, VolumeMount } from "../stack/kubelet/pod-spec.ts";
import { runProbe } from "../stack/probe.ts";

// Which volumes of a pod a profile opens. Denials are the sandbox's: every file here is readable for all.

const test = testWithPlugin();

const hostDirectory = mkdtempSync(join(tmpdir(), "kubefence-host-path-"));
writeFileSync(join(hostDirectory, "file"), "content\n");
chmodSync(hostDirectory, 0o777);
afterAll(() => rmSync(hostDirectory, { recursive: true }));

const files = { file: "content\n" };
const volumes: Volume[] = [
  { name: "scratch", kind: "emptyDir" },
  { name: "claim", kind: "persistentVolumeClaim" },
  { name: "partial", kind: "persistentVolumeClaim" },
  { name: "settings", kind: "configMap", files },
  { name: "password", kind: "secret", files },
  { name: "labels", kind: "downwardAPI", files },
  { name: "mixed", kind: "projected", files },
  { name: "host", kind: "hostPath", path: hostDirectory },
];
const volumeMounts: VolumeMount[] = [
  { name: "scratch", mountPath: "/volumes/scratch" },
  { name: "claim", mountPath: "/volumes/claim" },
  { name: "claim", mountPath: "/volumes/claim-read-only", readOnly: true },
  { name: "partial", mountPath: "/volumes/part", subPath: "part" },
  { name: "settings", mountPath: "/volumes/settings", readOnly: true },
  { name: "password", mountPath: "/volumes/password", readOnly: true },
  { name: "labels", mountPath: "/volumes/labels", readOnly: true },
  { name: "mixed", mountPath: "/volumes/mixed", readOnly: true },
  { name: "host", mountPath: "/volumes/host" },
];

const denied = {
  "create:/volumes/scratch/new": "EACCES",
  "list:/volumes/scratch": "EACCES",
  "create:/volumes/claim/new": "EACCES",
  "read:/volumes/claim-read-only/file": "EACCES",
  "create:/volumes/claim-read-only/other": "EROFS",
  "read:/volumes/part/file": "EACCES",
  "read:/volumes/settings/file": "EACCES",
  "read:/volumes/password/file": "EACCES",
  "read:/volumes/labels/file": "EACCES",
  "read:/volumes/mixed/file": "EACCES",
  "read:/var/run/secrets/kubernetes.io/serviceaccount/token": "EACCES",
  "read:/volumes/host/file": "EACCES",
  "create:/volumes/host/new": "EACCES",
};
const settings = {
  "read:/volumes/settings/file": "ok",
  "read:/volumes/password/file": "ok",
  "read:/volumes/labels/file": "ok",
};
const expected = {
  strict: denied,
  default: { ...denied, ...settings },
  "api-client": {
    ...denied,
    ...settings,
    "read:/volumes/mixed/file": "ok",
    "read:/var/run/secrets/kubernetes.io/serviceaccount/token": "ok",
  },
  workspace: {
    ...denied,
    ...settings,
    "create:/volumes/scratch/new": "ok",
    "list:/volumes/scratch": "new",
    "create:/volumes/claim/new": "ok",
    "read:/volumes/claim-read-only/file": "ok",
    "create:/volumes/claim-read-only/other": "EROFS",
  },
};

describe.each(Object.entries(expected))("under the profile %s", (profile, answers) => {
  test("volumes are open as its page says", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": profile }, volumes });
    writeFileSync(join(pod.volumePath("claim"), "file"), "content\n");
    mkdirSync(join(pod.volumePath("partial"), "part"));
    writeFileSync(join(pod.volumePath("partial"), "part/file"), "content\n");
    expect(await runProbe(pod, { operations: Object.keys(answers), volumeMounts })).toEqual(answers);
  });
});

test("a grant of a volume does not reach into what is mounted below it", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "workspace" }, volumes });
  const answers = await runProbe(pod, {
    operations: [
      "list:/volumes/scratch",
      "read:/volumes/scratch/host/file",
      "create:/volumes/scratch/host/new",
      "read:/volumes/scratch/mixed/file",
    ],
    volumeMounts: [
      { name: "scratch", mountPath: "/volumes/scratch" },
      { name: "host", mountPath: "/volumes/scratch/host" },
      { name: "mixed", mountPath: "/volumes/scratch/mixed", readOnly: true },
    ],
  });
  expect(answers).toEqual({
    "list:/volumes/scratch": "mixed,host",
    "read:/volumes/scratch/host/file": "EACCES",
    "create:/volumes/scratch/host/new": "EACCES",
    "read:/volumes/scratch/mixed/file": "EACCES",
  });
});
