import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { landlockRestrictRelease } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import { replaceLauncher } from "../stack/plugin/launcher-directory.ts";
import { runProbe } from "../stack/probe.ts";

// launcher = "template", with go-landlock's landlock-restrict as the launcher.

const template = "-ro /usr /bin /etc /proc {ro} -rw /tmp /dev {rw} --".split(" ");
const test = testWithPlugin(
  {
    launcher: "template",
    launcher_template: { default: template, plain: template.filter((part) => !part.startsWith("{")) },
  },
  (directories) => replaceLauncher(directories, join(landlockRestrictRelease().binaries, "landlock-restrict")),
);

const volumes = [
  { name: "data", kind: "emptyDir" as const },
  { name: "settings", kind: "configMap" as const, files: { key: "value" } },
];
const volumeMounts = [
  { name: "data", mountPath: "/data" },
  { name: "settings", mountPath: "/settings" },
];
const operations = [
  "create:/data/new",
  "read:/settings/key",
  "create:/tmp/new",
  "list:/nono",
  "list:/home",
  "read:/etc/passwd",
];

test("the kernel confines the command, and the volumes stand in the template", async ({ runSandboxedPod }) => {
  const answers = await runProbe(await runSandboxedPod({ volumes }), { operations, volumeMounts });
  expect(answers).toEqual({
    "create:/data/new": "ok",
    "read:/settings/key": "ok",
    "create:/tmp/new": "ok",
    "list:/nono": "EACCES",
    "list:/home": "EACCES",
    "read:/etc/passwd": "ok",
  });
});

test("a template without a place for volumes grants none", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ volumes, annotations: { "nono.sh/profile": "plain" } });
  expect(await runProbe(pod, { operations, volumeMounts })).toMatchObject({
    "create:/data/new": "EACCES",
    "read:/settings/key": "EACCES",
    "create:/tmp/new": "ok",
  });
});

test("the runtime got the template, filled", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ volumes });
  const created = await pod.createContainer({
    name: "created",
    image: images.busybox,
    command: ["sleep", "600"],
    volumeMounts,
  });
  expect((await created.runtimeSpec()).process.args).toEqual(
    "/nono/nono -ro /usr /bin /etc /proc /settings -rw /tmp /dev /data -- sleep 600".split(" "),
  );
});

test("what the launcher cannot do is refused, and so is a profile without a template", async ({ runSandboxedPod }) => {
  const shared = await runSandboxedPod({ hostPid: true });
  await expect(runProbe(shared, { operations: [] })).rejects.toThrow(/LAUNCHER_CANNOT: .*pid namespace/);
  const other = await runSandboxedPod({ annotations: { "nono.sh/profile": "workspace" } });
  await expect(runProbe(other, { operations: [] })).rejects.toThrow(
    /PROFILE_NOT_INSTALLED: .*use one of default, plain/,
  );
});
