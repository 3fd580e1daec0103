import { readFileSync, realpathSync } from "node:fs";
import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { compile, digestFiles, layer, sources, users } from "../stack/images/parts.ts";
import { images, type ImageRecipe } from "../stack/images/recipes.ts";
import type { RootfsEntry } from "../stack/images/rootfs.ts";
import { parseProbe } from "../stack/probe.ts";

// The image's dynamic loader never gets to run before the sandbox does: the launcher needs none.

const test = testWithPlugin();

const loader = "/lib64/ld-linux-x86-64.so.2";
const libc = "/lib/x86_64-linux-gnu/libc.so.6";

// The glibc of this machine, a program that needs it, and a library that runs in every program with a loader.
function glibcImage(name: string, entries: RootfsEntry[]): ImageRecipe {
  return {
    reference: `localhost/kubefence/${name}:1`,
    configuration: { Cmd: ["/usr/bin/probe"] },
    key: () => digestFiles(import.meta.filename, `${sources}/preloaded.c`, realpathSync(libc)),
    layers: async (directory) => [
      await layer(directory, [
        ...users,
        { path: loader, content: readFileSync(realpathSync(loader)), mode: 0o755 },
        { path: "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", symlink: loader },
        { path: libc, content: readFileSync(realpathSync(libc)), mode: 0o755 },
        { path: "usr/bin/probe", content: await compile(directory, "probe", "glibc"), mode: 0o755 },
        { path: "usr/lib/preloaded.so", content: await compile(directory, "preloaded", "library"), mode: 0o755 },
        ...entries,
      ]),
    ],
  };
}

const plain = glibcImage("glibc", []);
const preloading = glibcImage("glibc-preloading", [{ path: "etc/ld.so.preload", content: "/usr/lib/preloaded.so\n" }]);

describe.each([
  { attack: "/etc/ld.so.preload of the image", recipe: preloading, env: [] },
  { attack: "LD_PRELOAD", recipe: plain, env: [{ name: "LD_PRELOAD", value: "/usr/lib/preloaded.so" }] },
  { attack: "LD_AUDIT", recipe: plain, env: [{ name: "LD_AUDIT", value: "/usr/lib/preloaded.so" }] },
])("$attack", ({ recipe, env }) => {
  test("works without the sandbox", async ({ node, runPod }) => {
    const image = await node.importImage(recipe);
    const { stdout } = await (
      await runPod({})
    ).complete({ name: "open", image, env, command: ["/usr/bin/probe", "cwd"] });
    expect(parseProbe(stdout)).toMatchObject({ "preloaded:/usr/bin/probe": "ok" });
  });

  test("runs in the command only, which is confined", async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(recipe);
    const { exitCode, stdout } = await (
      await runSandboxedPod({})
    ).complete({ name: "sandboxed", image, env, command: ["/usr/bin/probe", "cwd"] });
    expect(exitCode).toBe(0);
    expect(parseProbe(stdout)).toEqual({ "preloaded:/usr/bin/probe": "EACCES", cwd: "/" });
  });
});

test("a library path of the pod's own does not reach the launcher", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ volumes: [{ name: "libraries", kind: "emptyDir" }] });
  const { exitCode, stdout, stderr } = await pod.complete({
    name: "main",
    image: images.debian,
    env: [
      { name: "LD_LIBRARY_PATH", value: "/libraries" },
      { name: "GLIBC_TUNABLES", value: "glibc.malloc.check=3" },
    ],
    volumeMounts: [{ name: "libraries", mountPath: "/libraries" }],
    command: ["sh", "-c", "echo $LD_LIBRARY_PATH; cat /etc/shadow"],
  });
  expect(exitCode).not.toBe(0);
  expect({ stdout, stderr }).toEqual({ stdout: "/libraries\n", stderr: "cat: /etc/shadow: Permission denied\n" });
});
