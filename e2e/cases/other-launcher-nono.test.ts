import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { cache, checkout } from "../stack/directories.ts";
import { busyboxWith, images } from "../stack/images/recipes.ts";
import { replaceLauncher } from "../stack/plugin/launcher-directory.ts";
import { runProbe } from "../stack/probe.ts";

// launcher = "nono": upstream nono in our launcher's place, and what the image and the pod try with its environment.

const version = readFileSync(join(checkout, "NONO_VERSION"), "utf8").trim();
const nono = join(cache, `nono-${version}/bin/nono`);
const notRun = existsSync(nono) ? undefined : "not run: make nono-build";
if (notRun !== undefined) console.warn(`launcher = "nono" with nono ${version}: ${notRun}`);

const profile = {
  meta: { name: "default", version: "1.0.0" },
  filesystem: { read: ["/usr", "/bin", "/etc/passwd", "$HOME/readable"], allow: ["/data", "$TMPDIR"] },
};
const test = testWithPlugin({ launcher: "nono" }, (directories) => {
  if (notRun !== undefined) return;
  replaceLauncher(directories, nono, { default: profile, derived: { ...profile, extends: "default" } });
});
const everything = JSON.stringify({
  meta: { name: "default", version: "1.0.0" },
  filesystem: { allow: ["/etc", "/home"] },
});
const hostile = busyboxWith("hostile-home", [
  { path: "root/.config/nono/profiles/default.json", content: everything },
  { path: "evil/nono/profiles/default.json", content: everything },
  { path: "etc/readable/file", content: "x" },
]);

const closed = {
  "read:/etc/shadow": "EACCES",
  "create:/etc/planted": "EACCES",
  "read:/home/other/private": "EACCES",
  "read:/etc/readable/file": "EACCES",
  "list:/nono": "EACCES",
  "read:/etc/passwd": "ok",
  "create:/tmp/new": "ok",
};

const environments: Record<string, Record<string, string>> = {
  "nothing of its own": {},
  "another NONO_PROFILE": { NONO_PROFILE: "evil" },
  "a HOME and a configuration of its own": { HOME: "/etc", XDG_CONFIG_HOME: "/evil", XDG_STATE_HOME: "/etc" },
  "another TMPDIR": { TMPDIR: "/etc" },
};

describe.skipIf(notRun !== undefined)(`upstream nono ${version}`, () => {
  test.for(Object.entries(environments))(
    "with %s: the profile and no more",
    async ([, variables], { node, runSandboxedPod }) => {
      const image = await node.importImage(hostile);
      const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
      const answers = await runProbe(await runSandboxedPod({}), { image, env, operations: Object.keys(closed) });
      expect(answers).toEqual(closed);
    },
  );

  test("the command's output is its own, and what nono would obey has fixed values", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const env = [
      { name: "RUST_LOG", value: "debug" },
      { name: "TMPDIR", value: "/data" },
    ];
    const command = ["/bin/sh", "-c", "echo $HOME $NONO_PROFILE $TMPDIR-; pwd"];
    const done = await pod.complete({ name: "env", image: images.busybox, command, env });
    expect(done).toEqual({ exitCode: 0, stdout: "/nono/home default /tmp-\n/\n", stderr: "" });
  });

  test.for(["NONO_ALLOW", "NONO_TRUST_OVERRIDE"])("%s is refused", async (name, { runSandboxedPod }) => {
    const env = [{ name, value: "/etc" }];
    await expect(runProbe(await runSandboxedPod({}), { env, operations: [] })).rejects.toThrow(
      new RegExp(`LAUNCHER_CANNOT: .*${name}`),
    );
  });

  test("a profile that the image could finish is refused", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "derived" } });
    await expect(runProbe(pod, { operations: [] })).rejects.toThrow(/PROFILE_BROKEN: .*extends/);
  });
});
