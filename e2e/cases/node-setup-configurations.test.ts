import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { run } from "../stack/command.ts";
import { checkout, containerdRelease, nodeDirectories, runcRelease } from "../stack/directories.ts";

// The configurations that users have, through install and uninstall, judged by the real containerd's own parser. None of them runs.

const fixtures = join(checkout, "packages/cli/fixtures/containerd");
const is22 = containerdRelease().version.startsWith("2.2.");
const newer = ["default-2.3.7", "default-2.4.2"];
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith(".toml"))
  .map((file) => file.slice(0, -".toml".length));
const refused: Record<string, string> = {
  docker: "KF_NODE_CRI_DISABLED",
  "original-doubled": "KF_NODE_TOML",
  ...(is22 && Object.fromEntries(newer.map((name) => [name, "KF_NODE_RUNTIME_REFUSES"]))),
};

let folder = "";
beforeAll(() => {
  // Not below /tmp, where everybody may rename folders: the launcher's check refuses that.
  folder = `${nodeDirectories(nodeName).run}/configurations`;
  mkdirSync(folder, { recursive: true });
  for (const name of ["nono", "nono-runc", "profiles", "seccomp"]) {
    cpSync(join(checkout, "build", name), join(folder, "release", name), { recursive: true });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A place for one configuration; `command` runs there. */
function place(name: string, text: string): { main: string; command: (name: string) => ReturnType<typeof kubefence> } {
  const at = join(folder, name);
  mkdirSync(join(at, "etc"), { recursive: true });
  const main = join(at, "etc/config.toml");
  writeFileSync(main, text);
  writeFileSync(
    join(at, "plugin.toml"),
    `runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "${join(at, "nono-nri/nono")}"\n`,
  );
  return { main, command: (command) => kubefence(command, at, main) };
}

async function kubefence(command: string, at: string, main: string): Promise<{ failed: string; stdout: string }> {
  const { binaries } = containerdRelease();
  const options = {
    release: join(folder, "release"),
    "plugin-config": join(at, "plugin.toml"),
    program: join(at, "opt/nono-runc"),
    state: join(at, "state"),
    config: main,
    runtime: "containerd",
    "runtime-binary": join(binaries, "containerd"),
    "oci-runtime": join(runcRelease().binaries, "runc"),
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const program = join(checkout, "packages/cli/src/main.ts");
  return run(process.execPath, [program, "node", command, ...args]).then(
    (stdout) => ({ failed: "", stdout }),
    (error: unknown) => ({ failed: String(error), stdout: "" }),
  );
}

/** Paths of the product become paths of the place. */
function moved(text: string, at: string): string {
  return text
    .replaceAll(/(["'])\/etc\/containerd\//g, `$1${at}/etc/`)
    .replaceAll("/var/lib/rancher/k3s/agent/etc/containerd/", `${at}/etc/`);
}

describe.each(names)("%s", (name) => {
  // Two of them show that Windows' ends of lines stay; each takes seconds.
  const newlines = ["kind", "mixed"].includes(name) ? ["\n", "\r\n"] : ["\n"];
  test.each(newlines)("lines end with %j", async (newline) => {
    const at = `${name}${newline.length}`;
    // Imports of whole files have to be there, or containerd does not start.
    const text = moved(readFileSync(join(fixtures, `${name}.toml`), "utf8"), join(folder, at)).replaceAll(
      "\n",
      newline,
    );
    const { main, command } = place(at, text);
    writeFileSync(join(folder, at, "etc/a.toml"), "version = 3\n");
    const install = await command("install");
    if (refused[name] !== undefined) {
      expect(install.failed).toContain(refused[name]);
      expect(readFileSync(main, "utf8")).toBe(text);
      return;
    }
    expect(install.failed).toBe("");
    const dump = await run(join(containerdRelease().binaries, "containerd"), ["--config", main, "config", "dump"]);
    expect(dump.split("containerd.runtimes.nono-runc]")).toHaveLength(2);
    expect(dump).toContain(`BinaryName = '${join(folder, at, "opt/nono-runc")}'`);
    expect((await command("plan")).stdout).toContain("nothing to do\n");
    expect((await command("uninstall")).failed).toBe("");
    expect(readFileSync(main, "utf8")).toBe(text);
  });
});
