import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// Nothing in the container's environment, and nothing that a variable points to, changes what is granted.

const test = testWithPlugin();

const everything = JSON.stringify({
  version: "0.1.0",
  filesystem: { grants: [{ path: "/", access: "readwrite" }] },
  network: { mode: "unrestricted" },
});
const generous = busyboxWith("generous", [
  { path: "root/.config/nono/profiles/default.json", content: everything },
  { path: "generous/nono/profiles/default.json", content: everything },
  { path: "generous/.config/nono/profiles/default.json", content: everything },
]);

const closed = {
  "read:/etc/shadow": "EACCES",
  "read:/home/other/private": "EACCES",
  "create:/etc/planted": "EACCES",
  "create:/usr/planted": "EACCES",
  "create:/world/planted": "EACCES",
  "list:/": "EACCES",
};

const attacks: Record<string, Record<string, string>> = {
  "NONO_ALLOW and its like": {
    NONO_ALLOW: "/etc,/usr,/home,/world",
    NONO_READ: "/",
    NONO_WRITE: "/world",
    NONO_PROFILES: "/generous/nono/profiles",
    NONO_CAP_FILE: "/generous/nono/profiles/default.json",
    NONO_TRUST_OVERRIDE: "1",
  },
  "a profile of the image through XDG_CONFIG_HOME": { XDG_CONFIG_HOME: "/generous" },
  "a profile of the image through HOME": { HOME: "/generous" },
  TMPDIR: { TMPDIR: "/etc", TMP: "/usr", TEMP: "/world" },
  "HOME at the places that are kept": { HOME: "/home/other", USER: "other", LOGNAME: "other" },
  "a profile of another name for the launcher": { NONO_PROFILE: "workspace" },
};

describe.each(Object.entries(attacks))("%s", (_, variables) => {
  test("changes nothing", async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(generous);
    const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
    expect(await runProbe(await runSandboxedPod({}), { image, env, operations: Object.keys(closed) })).toEqual(closed);
  });
});

test("the variables reach the command as they were", async ({ runSandboxedPod }) => {
  const answers = await runProbe(await runSandboxedPod({}), {
    operations: ["env:LD_PRELOAD", "env:TMPDIR", "env:NONO_ALLOW", "env:NONO_PROFILE"],
    env: [
      { name: "LD_PRELOAD", value: "/app/trace.so" },
      { name: "TMPDIR", value: "/data" },
      { name: "NONO_ALLOW", value: "/etc" },
      { name: "NONO_PROFILE", value: "workspace" },
    ],
  });
  expect(answers).toEqual({
    "env:LD_PRELOAD": "/app/trace.so",
    "env:TMPDIR": "/data",
    "env:NONO_ALLOW": "/etc",
    "env:NONO_PROFILE": "default",
  });
});

test("an empty PATH is taken as absent, so the current directory is not searched", async ({ runSandboxedPod }) => {
  const answers = await runProbe(await runSandboxedPod({}), {
    operations: ["env:PATH"],
    env: [{ name: "PATH", value: "" }],
  });
  expect(answers).toEqual({ "env:PATH": "/nono:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" });
});

test("a variable of ours given twice by the image refuses the container", async ({ node, runSandboxedPod }) => {
  const Env = ["NONO_PROFILE=default", "NONO_PROFILE=workspace"];
  const image = await node.importImage(busyboxWith("profile-twice", [], { Env }));
  await expect(runProbe(await runSandboxedPod({}), { image, operations: ["cwd"] })).rejects.toThrow(
    /ENV_DUPLICATE.*NONO_PROFILE/,
  );
});

test("PATH given twice by the image is one PATH for containerd, with ours in front", async ({
  node,
  runSandboxedPod,
}) => {
  const image = await node.importImage(
    busyboxWith("path-twice", [], { Env: ["PATH=/usr/bin:/bin", "PATH=/generous"] }),
  );
  const pod = await runSandboxedPod({});
  expect(await runProbe(pod, { image, operations: ["env:PATH"] })).toEqual({ "env:PATH": "/nono:/generous" });
  const container = await pod.createContainer({ name: "created", image, command: ["true"] });
  const { env } = (await container.runtimeSpec()).process;
  expect(env.filter((entry) => entry.startsWith("PATH="))).toEqual(["PATH=/nono:/generous"]);
});

test("a variable of ours given twice by the pod refuses the container", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const env = [
    { name: "NONO_PROFILE", value: "default" },
    { name: "NONO_PROFILE", value: "workspace" },
  ];
  await expect(runProbe(pod, { env, operations: ["env:NONO_PROFILE"] })).rejects.toThrow(/ENV_DUPLICATE.*NONO_PROFILE/);
});
