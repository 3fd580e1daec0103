/** The small pure parts: platforms, static pods, what a plan and a check look like, errors. */
import { describe, expect, test } from "vitest";
import { formatCheck, reportOf } from "./check.ts";
import { describeNodeProblem, NodeError, nodeError, nodeErrors } from "./errors.ts";
import { formatPlan, isDone, type NodePlan, planJson } from "./plan.ts";
import { distributionOf, findReadOnly } from "./platforms.ts";
import { findIntolerant } from "./static-pods.ts";

describe("platforms", () => {
  test.each([
    ["/etc/containerd/config.toml", "containerd"],
    ["/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "k3s"],
    ["/var/lib/rancher/rke2/agent/etc/containerd/config.toml", "rke2"],
    ["/etc/k0s/containerd.toml", "k0s"],
    ["/var/snap/microk8s/current/args/containerd.toml", "MicroK8s"],
  ])("%s is of %s", (mainFile, name) => {
    expect(distributionOf(mainFile).name).toBe(name);
  });

  test.each([
    ["ID=talos\n", "/etc/cri/containerd.toml", "20-customization.part"],
    ['NAME=x\nID="bottlerocket"\n', "/etc/containerd/config.toml", "variant"],
    ["ID=flatcar\n", "/usr/share/containerd/config.toml", "containerd.service.d"],
    ["ID=cos\n", "/etc/containerd/config.toml", "lost at each boot"],
  ])("%j: what to do by hand", (osRelease, mainFile, advice) => {
    const id = /talos|bottlerocket|flatcar|cos/.exec(osRelease)?.[0];
    expect(findReadOnly(osRelease, mainFile, false)).toEqual({
      code: "KF_NODE_BY_HAND",
      where: mainFile,
      what: `the system is ${id}, which keeps its own files`,
      action: expect.stringContaining(advice),
    });
  });

  test("others are left alone, unless their folder is read-only", () => {
    expect(findReadOnly("ID=debian\n", "/etc/containerd/config.toml", false)).toBeUndefined();
    expect(findReadOnly("ID=flatcar\n", "/etc/containerd/config.toml", false)).toBeUndefined();
    expect(findReadOnly("VARIANT_ID=cos\nID=debian\n", "/etc/containerd/config.toml", false)).toBeUndefined();
    expect(findReadOnly("", "/etc/containerd/config.toml", false)).toBeUndefined();
    expect(findReadOnly("ID=nixos\n", "/etc/containerd/config.toml", true)).toEqual({
      code: "KF_NODE_BY_HAND",
      where: "/etc/containerd/config.toml",
      what: "it lies on a read-only file system",
      action: "make it writable, or bring the lines into the system's image",
    });
  });
});

function pod(annotations: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n${annotations}spec: {}\n`;
}

describe("static pods", () => {
  const tolerant = pod('  annotations:\n    nono.sh/tolerate-missing-plugin: "true"\n');

  test("those without the toleration are named", () => {
    const manifests = new Map([
      ["/m/etcd.yaml", pod("")],
      ["/m/api.yaml", tolerant],
      ["/m/both.yaml", `---\n${tolerant}---\n${pod("")}`],
      ["/m/pod.json", '{"metadata": {"annotations": {"nono.sh/tolerate-missing-plugin": "true"}}}'],
      ["/m/not-yaml.yaml", "{"],
      ["/m/boolean.yaml", pod("  annotations:\n    nono.sh/tolerate-missing-plugin: true\n")],
      ["/m/tolerant-but-broken.yaml", `${tolerant}x: [\n`],
      ["/m/bare.yaml", "metadata: null\n"],
      ["/m/only-separators.yaml", "---\n---\n"],
      ["/m/empty.yaml", ""],
    ]);
    expect(findIntolerant(new Map([["/m/etcd.yaml", pod("")]]))).toEqual([
      {
        code: "KF_NODE_STATIC_PODS",
        where: "/m/etcd.yaml",
        what: expect.stringContaining('no annotation nono.sh/tolerate-missing-plugin: "true", so it would not start'),
      },
    ]);
    expect(findIntolerant(manifests).map(({ where }) => where)).toEqual([
      "/m/etcd.yaml",
      "/m/both.yaml",
      "/m/not-yaml.yaml",
      "/m/boolean.yaml",
      "/m/tolerant-but-broken.yaml",
      "/m/bare.yaml",
    ]);
  });
});

describe("a plan", () => {
  const plan: NodePlan = {
    runtime: "containerd 2.3.7, /m",
    files: [
      { path: "/l/profiles/a.json", action: "create", what: "profile" },
      { path: "/l/profiles/b.json", action: "create", what: "profile" },
      { path: "/l/nono", action: "replace", what: "program" },
      { path: "/m", action: "replace", what: "containerd", before: "a\nb\n", after: "a\nimports\nb\n" },
    ],
    restart: true,
    problems: [],
    notes: ["look"],
  };

  test("reads as files, their differences, the restart", () => {
    expect(formatPlan(plan)).toBe(`containerd 2.3.7, /m
note: look
create  /l/profiles/*.json  (2 profiles)
replace /l/nono  (program)
replace /m  (containerd)
restart the container runtime; running containers go on

--- /m
+++ /m
@@ -1,2 +1,3 @@
 a
+imports
 b
`);
  });

  const differences = (file: NodePlan["files"][number]): string =>
    formatPlan({ ...plan, files: [file], restart: false, notes: [] })
      .split("\n")
      .slice(3)
      .join("\n");

  test("a file that is made has no before, one that goes no after; two lines stand around a change", () => {
    const made = { path: "/m", action: "create", what: "w", after: "a\n" } as const;
    expect(differences(made)).toBe("--- /dev/null\n+++ /m\n@@ -0,0 +1,1 @@\n+a\n");
    const gone = { path: "/m", action: "remove", what: "w", before: "a\n" } as const;
    expect(differences(gone)).toBe("--- /m\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
    const before = "1\n2\n3\n4\n5\n6\n7\n";
    const changed = { path: "/m", action: "replace", what: "w", before, after: before.replace("4", "x") } as const;
    expect(differences(changed)).toBe("--- /m\n+++ /m\n@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+x\n 5\n 6\n");
  });

  test("with a file, or a restart, is not done", () => {
    expect(isDone({ ...plan, restart: false })).toBe(false);
    expect(isDone({ ...plan, files: [] })).toBe(false);
  });

  test("that is done says so; JSON has all of it", () => {
    const done: NodePlan = { ...plan, files: [], restart: false, notes: [] };
    expect(formatPlan(done)).toBe("containerd 2.3.7, /m\nnothing to do\n");
    expect([isDone(done), isDone(plan)]).toEqual([true, false]);
    const problem = { code: "KF_NODE_TOML", where: "/m", what: "w" } as const;
    expect(JSON.parse(planJson({ ...plan, problems: [problem] }))).toMatchObject({
      done: false,
      files: plan.files,
      problems: [{ code: "KF_NODE_TOML", message: expect.stringContaining("KF_NODE_TOML: /m: w; add by hand") }],
    });
  });
});

test("a check is ready when nothing is bad, and has labels when a container has proved it", () => {
  const ok = { name: "kernel", state: "ok", value: "6.18" } as const;
  const warn = { name: "Landlock", state: "warn", value: "ABI 5", fix: "newer" } as const;
  expect(formatCheck(reportOf([ok, warn], 5))).toBe(
    "ok    kernel    6.18\nwarn  Landlock  ABI 5\n                → newer\nready for sandboxed pods\n",
  );
  const proof = { name: "self-test", state: "ok", value: "ran" } as const;
  const labels = { "kubefence.io/ready": "true", "kubefence.io/landlock-abi": "5" };
  expect(reportOf([ok, warn, proof], 5)).toMatchObject({ ready: true, labels });
  // Without the proof, or with something bad beside it, there are none.
  expect(reportOf([ok, warn], 5)).toMatchObject({ ready: true, labels: {} });
  expect(reportOf([ok, warn], 5).labels).toEqual({});
  expect(reportOf([ok, { ...proof, state: "warn" }], 5).labels).toEqual({});
  expect(reportOf([ok, proof], undefined).labels).toEqual({});
  const bad = reportOf([{ ...warn, state: "bad" }, proof], 5);
  expect(bad).toEqual({ ready: false, labels: {}, rows: bad.rows });
  expect(formatCheck(bad)).toContain("\nNOT ready for sandboxed pods\n");
});

test("an error is one line, with lines to add below it", () => {
  const problem = { code: "KF_NODE_TOML", where: "/m", what: "line 3: no", lines: "a = 1\n\nb = 2\n" } as const;
  expect(describeNodeProblem(problem)).toBe(
    `KF_NODE_TOML: /m: line 3: no; ${nodeErrors.KF_NODE_TOML.action}\n    a = 1\n\n    b = 2`,
  );
});

test("an error has all its problems, the first one's code, and its cause", () => {
  const first = { code: "KF_NODE_TOML", where: "/m", what: "a" } as const;
  const second = { code: "KF_NODE_READ", where: "/n", what: "b", action: "c" } as const;
  const cause = new Error("why");
  const error = new NodeError([first, second], { cause });
  expect(error).toMatchObject({ name: "NodeError", code: "KF_NODE_TOML", problems: [first, second], cause });
  expect(error.message).toBe(`${describeNodeProblem(first)}\nKF_NODE_READ: /n: b; c`);
  expect(nodeError("KF_NODE_READ", "/n", "b", { action: "c", cause })).toMatchObject({ problems: [second], cause });
});
