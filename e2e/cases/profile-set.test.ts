import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { run } from "../stack/command.ts";
import { checkout, type NodeDirectories } from "../stack/directories.ts";
import { configurationFile } from "../stack/plugin/process.ts";
import { runProbe } from "../stack/probe.ts";

// profile_set = "nono": the profiles of nono's own data, which the build has compiled, in the place of ours.

const test = testWithPlugin({ profile_set: "nono" }, installNonoProfiles);
let said = "";

async function installNonoProfiles(directories: NodeDirectories): Promise<void> {
  said = await run(join(checkout, "build/kubefence"), [
    "install-launcher",
    `--directory=${directories.launcher}`,
    `--release=${join(checkout, "build")}`,
    `--config=${configurationFile(directories)}`,
    "--runtime-config=/nonexistent/nono-runc.json",
  ]);
}

const operations = ["create:/tmp/new", "list:/tmp", "list:/usr/bin", "list:/home", "create:/etc/new", "list:/nono"];

test("ours are gone, and nono's default confines", async ({ runSandboxedPod }) => {
  expect(await runProbe(await runSandboxedPod({}), { operations })).toEqual({
    "create:/tmp/new": "ok",
    "list:/tmp": "EACCES",
    "list:/usr/bin": "probe",
    "list:/home": "EACCES",
    "create:/etc/new": "EACCES",
    "list:/nono": "EACCES",
  });
  expect(said).toContain('workspace.json: removed, not in profile_set = "nono"');
});

test("linux-host-compat may also read /tmp", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "linux-host-compat" } });
  expect(await runProbe(pod, { operations })).toMatchObject({ "list:/tmp": "new", "list:/home": "EACCES" });
});

test("a profile of ours is refused", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "workspace" } });
  await expect(runProbe(pod, { operations })).rejects.toThrow(
    /PROFILE_NOT_INSTALLED: .*use one of default, linux-host-compat/,
  );
});
