import { Event } from "@kubefence/nri";
import { FakeRuntime } from "@kubefence/nri/testing";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { fakeLauncher } from "./testing/fake-launcher.ts";
import { DaemonProcess, NodeFiles } from "./testing/process.ts";

// Each test starts the daemon as a runtime or a kubelet would; a busy machine takes its time for that.
const TIMEOUT_MS = 60_000;

async function failedStart(files: NodeFiles, ...args: string[]): Promise<string> {
  await using daemon = new DaemonProcess(["--config", files.configuration, ...args]);
  const exit = await daemon.exited;
  expect({ ...exit, stdout: daemon.stdout }).toEqual({ code: 1, signal: null, stdout: "" });
  return daemon.stderr;
}

describe("command line", { timeout: TIMEOUT_MS }, () => {
  test("an unknown flag: usage on stderr, exit 2", async () => {
    await using daemon = new DaemonProcess(["--bogus"]);
    expect(await daemon.exited).toEqual({ code: 2, signal: null });
    expect(daemon.stderr).toMatch(/^flag provided but not defined: -bogus\nUsage of 10-nono-nri:\n/);
    expect(daemon.stdout).toBe("");
  });

  test("-h: usage, exit 0", async () => {
    await using daemon = new DaemonProcess(["-h"]);
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(daemon.stderr).toMatch(/^Usage of 10-nono-nri:\n/);
  });
});

describe(
  "start-up that fails: one plain line on stderr, exit 1, in the original's order",
  { timeout: TIMEOUT_MS },
  () => {
    test("log level, before the configuration is read", async () => {
      using files = new NodeFiles();
      rmSync(files.configuration);
      expect(await failedStart(files, "--log-level", "loud")).toBe(
        'nono-nri: invalid log level "loud": slog: level string "loud": unknown name\n',
      );
    });

    test("kernel, before the configuration is read", async () => {
      await using daemon = new DaemonProcess(["--config", "/missing"], {}, ["setarch", "--uname-2.6"]);
      expect(await daemon.exited).toEqual({ code: 1, signal: null });
      expect(daemon.stderr).toMatch(
        /^nono-nri: startup check failed: kernel 2\.6 is too old: nono-nri requires Linux 5\.13\+ for Landlock LSM support\n$/,
      );
    });

    test("configuration, before the launcher is looked at", async () => {
      using files = new NodeFiles();
      rmSync(files.launcher.nono);
      files.configure("bogus = 1");
      expect(await failedStart(files)).toMatch(
        /^nono-nri: loading config: parsing config: unknown key "bogus"; known are .*\n$/,
      );
      writeFileSync(files.configuration, "");
      expect(await failedStart(files)).toBe("nono-nri: loading config: config: runtime_classes must not be empty\n");
      rmSync(files.configuration);
      expect(await failedStart(files)).toMatch(/^nono-nri: loading config: reading config: ENOENT.*\n$/);
    });

    test("launcher: the original's texts as they were, the new ones with code and what to do", async () => {
      using files = new NodeFiles();
      chmodSync(files.launcher.nono, 0o644);
      expect(await failedStart(files)).toBe(`nono-nri: nono binary at ${files.launcher.nono} is not executable\n`);
      files.launcher.install(fakeLauncher("", 0, true));
      expect(await failedStart(files)).toMatch(
        /^nono-nri: LAUNCHER_NOT_STATIC: .*; install the static launcher of the release\n$/,
      );
      rmSync(files.launcher.nono);
      expect(await failedStart(files)).toMatch(/^nono-nri: nono binary not found at .*: ENOENT.*\n$/);
    });

    test("kernel without Landlock, or with less than min_landlock_abi", async () => {
      const off = '{"version":"0.1.0","landlock":{"abi":0,"errata":0,"denied_open":false},"kernel":"6.1.0"}\n';
      using files = new NodeFiles(fakeLauncher(off, 1));
      expect(await failedStart(files)).toMatch(/^nono-nri: LANDLOCK_OFF: .*; add landlock to the kernel's lsm= list/);
      files.launcher.install(fakeLauncher());
      files.configure("min_landlock_abi = 8");
      expect(await failedStart(files)).toMatch(/^nono-nri: LANDLOCK_ABI_TOO_LOW: .*ABI 7, and min_landlock_abi is 8; /);
    });

    test("health address", async () => {
      using files = new NodeFiles();
      expect(await failedStart(files, "--health-address", "9440")).toMatch(/^nono-nri: invalid health address "9440"/);
    });
  },
);

describe("running", { timeout: TIMEOUT_MS }, () => {
  test("registers, logs as the original, and ends at SIGTERM with 0, with what is in flight", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using daemon = new DaemonProcess(["--config", files.configuration]);
    const plugin = await runtime.nextPlugin();
    expect([plugin.index, plugin.name]).toEqual(["10", "nono-nri"]);
    const pod = { uid: "u", name: "web", namespace: "default", runtimeHandler: "nono-runc" };
    const answer = plugin.createContainer(pod, { id: "c1", args: ["true"], user: { uid: 0 } });
    expect((await answer).adjust?.args.slice(0, 4)).toEqual(["/nono/nono", "wrap", "--profile", "default"]);

    daemon.child.kill("SIGTERM");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(daemon.stderr).toBe("");
    expect(daemon.records("nono-nri starting")).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/),
        level: "INFO",
        msg: "nono-nri starting",
        config: files.configuration,
        runtime_classes: ["nono-runc"],
        default_profile: "default",
      },
    ]);
    expect(daemon.stdout).toContain('"pod":"web"');
    expect(existsSync(join(files.launcher.root, "state", "u", "c1", "metadata.json"))).toBe(true);
  });

  test("--json=false writes text to stderr; --log-level hides what is below", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using daemon = new DaemonProcess(["--config", files.configuration, "-json=false", "-log-level=WARN"]);
    await runtime.nextPlugin();
    await runtime.stop();
    await expect
      .poll(() => daemon.stderr, { timeout: 10_000 })
      .toMatch(/^time=\S+ level=WARN msg="connection to the runtime lost" error=/);
    daemon.child.kill("SIGINT");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(daemon.stdout).toBe("");
    expect(daemon.stderr).not.toContain("nono-nri starting");
  });

  test("no socket yet: waits, is not ready, and registers when there is one", async () => {
    using files = new NodeFiles();
    const port = 20_000 + (process.pid % 20_000);
    await using daemon = new DaemonProcess(["--config", files.configuration, "--health-address", `127.0.0.1:${port}`]);
    const ready = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
    await expect.poll(() => daemon.records("waiting for the runtime").length, { timeout: 20_000 }).toBe(1);
    expect(await ready()).toBe("registered: no\nsynchronized: no\nlauncher: yes\n");
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await runtime.nextPlugin();
    await expect.poll(ready, { timeout: 10_000 }).toBe("registered: yes\nsynchronized: yes\nlauncher: yes\n");
    expect(daemon.child.exitCode).toBeNull();
  });

  test("a launcher that goes bad is found off the create path: creates are refused until it is good again", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using daemon = new DaemonProcess(["--config", files.configuration]);
    const plugin = await runtime.nextPlugin();
    let attempts = 0;
    const attempt = async (): Promise<string> => {
      const container = { id: `c${++attempts}`, args: ["true"], user: { uid: 0 } };
      try {
        await plugin.createContainer({ uid: "u", runtimeHandler: "nono-runc" }, container);
        return "sandboxed";
      } catch (error) {
        return String(error);
      }
    };
    expect(await attempt()).toBe("sandboxed");
    renameSync(files.launcher.nono, `${files.launcher.nono}.away`);
    await expect.poll(attempt, { timeout: 20_000 }).toContain("LAUNCHER_MISSING");
    await expect.poll(() => daemon.records("launcher failed its check")).toHaveLength(1);
    renameSync(`${files.launcher.nono}.away`, files.launcher.nono);
    await expect.poll(attempt, { timeout: 20_000 }).toBe("sandboxed");
    rmSync(join(files.launcher.profiles, "default.json"));
    await expect.poll(attempt, { timeout: 20_000 }).toContain("PROFILE_NOT_INSTALLED");
    await expect.poll(() => daemon.records("launcher ready again")).toHaveLength(1);
  });

  test("a launcher's directory that is closed to others is warned about with the command that helps", async () => {
    using files = new NodeFiles();
    chmodSync(files.launcher.path, 0o700);
    await using daemon = new DaemonProcess(["--config", files.configuration]);
    await expect
      .poll(() => daemon.records("launcher closed to non-root containers"), { timeout: 20_000 })
      .toMatchObject([
        {
          level: "WARN",
          path: files.launcher.path,
          mode: "0700",
          action: `run on the node: chmod 0755 ${files.launcher.path}`,
        },
      ]);
  });

  test("design decision 11: what the kernel's Landlock lacks is one record", async () => {
    const old = '{"version":"0.1.0","landlock":{"abi":5,"errata":0,"denied_open":true},"kernel":"6.10.0"}\n';
    using files = new NodeFiles(fakeLauncher(old));
    await using daemon = new DaemonProcess(["--config", files.configuration]);
    await expect
      .poll(() => daemon.records("landlock"), { timeout: 20_000 })
      .toMatchObject([
        { level: "WARN", abi: 5, missing: [expect.stringContaining("ABI 6"), expect.stringContaining("ABI 7")] },
      ]);
  });

  test("without nono_bin_path it runs, and refuses every container of our class", async () => {
    using files = new NodeFiles();
    writeFileSync(
      files.configuration,
      `runtime_classes = ["kata-qemu"]\nvm_rootfs_classes = ["kata-qemu"]\ndefault_profile = "default"\nsocket_path = ${JSON.stringify(files.socket)}\n`,
    );
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using _daemon = new DaemonProcess(["--config", files.configuration]);
    const plugin = await runtime.nextPlugin();
    await expect(plugin.createContainer({ runtimeHandler: "kata-qemu" }, { id: "c" })).rejects.toThrow(
      /LAUNCHER_NOT_CONFIGURED: nono_bin_path is empty/,
    );
    expect((await plugin.createContainer({ runtimeHandler: "runc" }, { id: "c" })).adjust).toBeUndefined();
  });

  test("without Landlock of its own a node for guests only works; one for other classes too does not", async () => {
    const off = '{"version":"0.1.0","landlock":{"abi":0,"errata":0,"denied_open":false},"kernel":"5.4.0"}\n';
    using files = new NodeFiles(fakeLauncher(off, 1));
    const configure = (classes: string): void =>
      writeFileSync(
        files.configuration,
        `runtime_classes = ${classes}\ndefault_profile = "default"\nnono_bin_path = ${JSON.stringify(files.launcher.nono)}\nsocket_path = ${JSON.stringify(files.socket)}\nstate_directory = ${JSON.stringify(join(files.launcher.root, "state"))}\n`,
      );
    configure('["kata-nono-qemu", "nono-runc"]');
    expect(await failedStart(files)).toMatch(/^nono-nri: LANDLOCK_OFF: /);
    configure('["kata-nono-qemu"]');
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using daemon = new DaemonProcess(["--config", files.configuration], {}, ["setarch", "--uname-2.6"]);
    const plugin = await runtime.nextPlugin();
    const container = { id: "c", args: ["true"], user: { uid: 0 } };
    const answer = await plugin.createContainer({ uid: "u", runtimeHandler: "kata-nono-qemu" }, container);
    expect(answer.adjust?.args.slice(0, 4)).toEqual(["/nono/nono", "wrap", "--profile", "default"]);
    expect(daemon.records("landlock only in guests")).toMatchObject([
      { level: "WARN", error: expect.stringContaining("LANDLOCK_OFF") },
    ]);
    const policy = { "io.katacontainers.config.agent.policy": "cGFja2FnZSBhZ2VudF9wb2xpY3kK" };
    await expect(
      plugin.createContainer(
        { uid: "u", runtimeHandler: "kata-nono-qemu", annotations: policy },
        { ...container, id: "d" },
      ),
    ).rejects.toThrow(
      /KATA_POLICY_REFUSED: .*SHA-256 [0-9a-f]{64}, which is not among kata_policy_sha256; take the annotation away/,
    );
  });

  test("SIGHUP puts a changed configuration in force; one that cannot be used changes nothing and says so", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    const port = 40_000 + (process.pid % 20_000);
    await using daemon = new DaemonProcess(["--config", files.configuration, "--health-address", `127.0.0.1:${port}`]);
    const plugin = await runtime.nextPlugin();
    let creates = 0;
    const create = async (handler: string) => {
      const container = { id: `c${++creates}`, args: ["true"], user: { uid: 0 } };
      return (await plugin.createContainer({ uid: "u", runtimeHandler: handler }, container)).adjust;
    };
    const profile = async (handler: string): Promise<string | undefined> => (await create(handler))?.args[3];
    const metric = async (name: string): Promise<string | undefined> => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return page
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1);
    };
    const reload = async (message: string, count: number): Promise<Record<string, unknown> | undefined> => {
      daemon.child.kill("SIGHUP");
      await expect.poll(() => daemon.records(message), { timeout: 20_000 }).toHaveLength(count);
      return daemon.records(message).at(-1);
    };
    const write = (handlers: string, more: string): void => {
      files.configure(more);
      writeFileSync(files.configuration, readFileSync(files.configuration, "utf8").replace('["nono-runc"]', handlers));
    };
    expect((await create("nono-runc"))?.args).not.toContain("--seccomp");
    expect(await metric("kubefence_configuration_ok")).toBe("1");

    const failures: [more: string, text: RegExp][] = [
      ["bogus = 1", /CONFIG_UNPARSABLE: parsing config: unknown key "bogus"/],
      ['invalid_profile = "x"', /CONFIG_INVALID: config: invalid_profile "x"/],
      ["min_landlock_abi = 99", /LANDLOCK_ABI_TOO_LOW: .*ABI 7, and min_landlock_abi is 99/],
      ["path_shims = true", /SHIMS_UNUSABLE: .*\/shims .*; run on the node: chmod go-w .*\/shims$/],
    ];
    mkdirSync(join(files.launcher.nono, "../shims"));
    chmodSync(join(files.launcher.nono, "../shims"), 0o777);
    for (const [index, [more, text]] of failures.entries()) {
      write('["other"]', more);
      expect(await reload("configuration not reloaded", index + 1)).toMatchObject({
        level: "ERROR",
        config: files.configuration,
        error: expect.stringMatching(text),
      });
      expect(await metric("kubefence_configuration_ok")).toBe("0");
      expect([await profile("nono-runc"), await profile("other")]).toEqual(["default", undefined]);
    }

    write('["nono-runc", "other"]', 'seccomp_profile = "restricted"');
    expect(await reload("configuration reloaded", 1)).toMatchObject({
      level: "INFO",
      changed: ["runtime_classes", "seccomp_profile"],
    });
    expect(daemon.records("configuration needs a restart")).toEqual([]);
    expect(await metric("kubefence_configuration_ok")).toBe("1");
    expect((await create("other"))?.args).toContain("--seccomp");

    write('["other"]', 'kubelet_root = "/k"');
    writeFileSync(
      files.configuration,
      readFileSync(files.configuration, "utf8").replace(/state_directory = .*/, 'state_directory = "/run/other"'),
    );
    expect(await reload("configuration needs a restart", 1)).toMatchObject({
      level: "WARN",
      keys: ["state_directory"],
    });
    expect([await profile("nono-runc"), await profile("other")]).toEqual([undefined, "default"]);
    expect(daemon.child.exitCode).toBeNull();
  });

  test("NRI_PLUGIN_NAME and NRI_PLUGIN_IDX of a launching runtime are taken, also as owner of what it set", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    const env = { NRI_PLUGIN_NAME: "fence", NRI_PLUGIN_IDX: "42" };
    await using _daemon = new DaemonProcess(["--config", files.configuration], env);
    const plugin = await runtime.nextPlugin();
    expect([plugin.index, plugin.name]).toEqual(["42", "fence"]);
    const pod = { uid: "u", runtimeHandler: "nono-runc" };
    const container = { id: "c", args: ["true"], user: { uid: 0 } };
    await plugin.createContainer(pod, container);
    const owner = "42-fence";
    const compound = new Map([
      [2, { owners: { "/nono": owner } }],
      [6, { owners: { PATH: owner, NONO_PROFILE: owner } }],
    ]);
    const adjust = {
      args: "/nono/nono wrap --profile default --scope-signals -- true".split(" "),
      mounts: [
        { destination: "/nono", type: "bind", source: files.launcher.path, options: ["bind", "ro", "rprivate"] },
      ],
      env: [
        { key: "NONO_PROFILE", value: "default" },
        { key: "PATH", value: "/nono:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      ],
    };
    const owners = { owners: { c: { simple: new Map([[7, owner]]), compound } } };
    expect(await plugin.validateContainerAdjustment({ pod, container, adjust, owners })).toMatchObject({
      reject: false,
    });
  });

  test("a log that nobody reads never holds up a container, and tells what it dropped", async () => {
    using files = new NodeFiles();
    await using runtime = await FakeRuntime.start({ socketPath: files.socket });
    await using daemon = new DaemonProcess(["--config", files.configuration]);
    const plugin = await runtime.nextPlugin();
    daemon.child.stdout?.pause();
    const pod = { uid: "u", name: "n".repeat(60_000) };
    for (let index = 0; index < 60; index++) await plugin.stopContainer(pod, { id: `c${index}` });
    daemon.child.stdout?.resume();
    await expect.poll(() => daemon.records("log records dropped").length, { timeout: 20_000 }).toBe(1);
    expect(daemon.records("container-stopping").length).toBeGreaterThan(0);

    daemon.child.stdout?.destroy();
    await plugin.notify(Event.REMOVE_CONTAINER, pod, { id: "c1" });
    await sleep(100);
    expect((await plugin.createContainer(pod, { id: "c2" })).adjust).toBeUndefined();
    expect(daemon.child.exitCode).toBeNull();
  });
});
