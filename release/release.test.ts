/**
 * What the workflows run to publish, against a real registry on this machine: crane's own. Only the keyless part of the
 * signatures (an identity from the workflow, the public log) is not run; a key takes its place.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const checkout = join(import.meta.dirname, "..");
const cache = process.env["KUBEFENCE_CACHE"] ?? join(homedir(), ".cache/kubefence");
const folder = mkdtempSync(join(tmpdir(), "kubefence-release-"));
const output = join(folder, "build", "release");
let registry: ChildProcess;
let address = "";

const tool = (name: string): string => {
  const found = readdirSync(join(cache, "bin")).filter((entry) => entry.startsWith(`${name}-`));
  return join(cache, "bin", found.at(-1) ?? "", name);
};

/** A program in the copy of the checkout; stdout, or what it said on stderr as an error. */
function run(program: string, args: string[] = [], env: Record<string, string> = {}): string {
  return execFileSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, REGISTRY: address, OWNER: "Some-Owner", PLAIN_HTTP: "true", COSIGN_PASSWORD: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
}
const script = (name: string, env: Record<string, string> = {}): string => run(`release/${name}.sh`, [], env);

beforeAll(async () => {
  for (const part of ["release", "tools", "charts/kubefence", "packages/plugin/package.json", "NONO_VERSION"])
    cpSync(join(checkout, part), join(folder, part), { recursive: true });
  mkdirSync(output, { recursive: true });
  // To a file: nobody would read a pipe while a command runs, and the registry would stop when it is full.
  const log = join(folder, "registry.log");
  registry = spawn(tool("crane"), ["registry", "serve", "--address", "127.0.0.1:0"], {
    stdio: ["ignore", "ignore", openSync(log, "w")],
  });
  await vi.waitUntil(() => /port \d+\n/.test(readFileSync(log, "utf8")), { timeout: 30_000 });
  address = `127.0.0.1:${/port (\d+)/.exec(readFileSync(log, "utf8"))?.[1]}`;
  makeLayout();
}, 120_000);

afterAll(async () => {
  if (registry.kill()) await once(registry, "exit");
  rmSync(folder, { recursive: true, force: true });
});

const image = (name: string): string => `${address}/scratch/${name}`;

/** An image for two architectures, with a file for a layer: build/release/image as release/build-images.sh leaves it. */
function makeLayout(): void {
  writeFileSync(join(folder, "content"), "launcher");
  run("tar", ["-cf", "layer.tar", "content"]);
  for (const arch of ["amd64", "arm64"]) {
    run(tool("crane"), ["append", "--oci-empty-base", "-f", "layer.tar", "-t", image(arch)]);
    run(tool("crane"), ["mutate", image(arch), "--set-platform", `linux/${arch}`, "-t", image(arch)]);
  }
  run(tool("crane"), ["index", "append", "-m", image("amd64"), "-m", image("arm64"), "-t", image("both")]);
  run(tool("crane"), ["pull", "--format=oci", image("both"), "build/release/image"]);
}

test("a version is X.Y.Z and the sources'; anything else is refused before it reaches a command", () => {
  expect(script("version")).toBe("0.1.0\n");
  expect(script("version", { VERSION: "v0.1.0" })).toBe("0.1.0\n");
  expect(() => script("version", { VERSION: "0.2.0" })).toThrow("raise the sources first");
  for (const VERSION of ["1.2", "latest", "0.1.0; id", "$(id)", "../0.1.0"])
    expect(() => script("version", { VERSION })).toThrow("a version is X.Y.Z");
  expect(() => script("push-images", { OWNER: "", GITHUB_REPOSITORY_OWNER: "" })).toThrow("OWNER is empty");
});

test("both names and all tags of the image have one digest, for two architectures", () => {
  script("push-images");
  const digest = readFileSync(join(output, "image.digest"), "utf8").trim();
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  for (const name of ["nono-nri-plugin", "kubefence"]) {
    const reference = `${address}/some-owner/${name}`;
    expect(run(tool("crane"), ["ls", reference]).trim().split("\n").toSorted()).toEqual(["0.1", "0.1.0", "latest"]);
    for (const tag of ["0.1", "0.1.0", "latest"])
      expect(run(tool("crane"), ["digest", `${reference}:${tag}`]).trim()).toBe(digest);
  }
  const { manifests }: { manifests: { platform: { architecture: string } }[] } = JSON.parse(
    run(tool("crane"), ["manifest", `${address}/some-owner/kubefence:latest`]),
  );
  expect(manifests.map(({ platform }) => platform.architecture)).toEqual(["amd64", "arm64"]);
  script("push-images", { TAGS: "nono-0.81.0" });
  expect(run(tool("crane"), ["ls", `${address}/some-owner/kubefence`])).toContain("nono-0.81.0");
});

test("the chart has the version that it is published as, and that image tag", () => {
  for (const [asked, version] of [
    ["", "0.1.0"],
    ["v0.1.0", "0.1.0"],
    ["0.0.0-0123abc", "0.0.0-0123abc"],
  ] as const) {
    script("push-chart", { CHART_VERSION: asked });
    const from = `oci://${address}/some-owner/charts/kubefence`;
    const shown = run(tool("helm"), ["show", "chart", from, "--version", version, "--plain-http"]);
    expect(shown).toContain(`version: ${version}\n`);
    expect(shown).toMatch(new RegExp(`appVersion: "?${version}"?\n`));
    expect(readFileSync(join(output, "chart.digest"), "utf8")).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  }
  expect(() => script("push-chart", { CHART_VERSION: "$(id)" })).toThrow("a version is X.Y.Z");
});

test("Kata's kernel is built where its parts changed, and not where only the tag is there", () => {
  const reference = `${address}/some-owner/kata-kernel-landlock`;
  mkdirSync(join(folder, "kata", "kernel"), { recursive: true });
  mkdirSync(join(folder, "images"), { recursive: true });
  // Stands in for the build: the archive that it leaves, as buildah writes it.
  const standIn = `#!/bin/sh\ntar -cf "$ARCHIVE" -C build/release/image .\necho built >>built.log\n`;
  writeFileSync(join(folder, "kata", "kernel", "build.sh"), standIn, { mode: 0o755 });
  writeFileSync(join(folder, "images", "tool.sh"), "");
  const fragment = join(folder, "kata", "kernel", "landlock.conf");
  const publish = (env: Record<string, string> = {}): number => {
    run("release/publish-kata.sh", ["kernel"], env);
    return readFileSync(join(folder, "built.log"), "utf8").split("\n").length - 1;
  };
  writeFileSync(fragment, "CONFIG_SECURITY_LANDLOCK=y\n");
  expect(publish()).toBe(1);
  expect(run(tool("crane"), ["ls", reference]).split("\n")).toEqual(expect.arrayContaining(["3.28.0", "latest"]));
  expect(publish()).toBe(1);
  expect(publish({ FORCE_REBUILD: "true" })).toBe(2);
  writeFileSync(fragment, "CONFIG_SECURITY_LANDLOCK=y\nCONFIG_AUDIT=y\n");
  expect(publish()).toBe(3);
  expect(publish({ KATA_VERSION: "3.10.0" })).toBe(4);
  expect(readFileSync(join(output, "kata-kernel.digest"), "utf8")).not.toBe(
    run(tool("crane"), ["digest", `${reference}:latest`]),
  );
  expect(() => publish({ KATA_VERSION: "3.28.0$(id)" })).toThrow("a version is X.Y.Z");
});

test("by default Kata's images have the tags that the chart names", () => {
  mkdirSync(join(folder, "kata", "rootfs"), { recursive: true });
  // Stands in for the build, as above.
  const standIn = `#!/bin/sh\ntar -cf "$ARCHIVE" -C build/release/image .\n`;
  writeFileSync(join(folder, "kata", "rootfs", "build.sh"), standIn, { mode: 0o755 });
  for (const empty of ["kata/policy", "packages/cli/src/kata"]) mkdirSync(join(folder, empty), { recursive: true });
  const values = readFileSync(join(folder, "charts", "kubefence", "values.yaml"), "utf8");
  const [, kernel = ""] = /^ *kernelImage: .*:(.+)$/m.exec(values) ?? [];
  const [, rootfs = ""] = /^ *rootfsImage: .*:(.+)$/m.exec(values) ?? [];
  expect([kernel, rootfs]).not.toContain("");
  run("release/publish-kata.sh", ["kernel"]);
  run("release/publish-kata.sh", ["rootfs"], { KATA_SHA256: "0".repeat(64) });
  const tagsOf = (name: string): string[] => run(tool("crane"), ["ls", `${address}/some-owner/${name}`]).split("\n");
  expect(tagsOf("kata-kernel-landlock")).toContain(kernel);
  expect(tagsOf("kata-rootfs-nono")).toContain(rootfs);
});

test("upstream nono is built in the version that was asked for, else in the one that our tests know", () => {
  const known = readFileSync(join(folder, "NONO_VERSION"), "utf8").trim();
  for (const version of [known, "9.8.7"]) {
    // Stands in for a program that was built before.
    mkdirSync(join(folder, "cache", `nono-${version}`, "bin"), { recursive: true });
    writeFileSync(join(folder, "cache", `nono-${version}`, "bin", "nono"), "", { mode: 0o755 });
  }
  const build = (NONO_VERSION: string): string =>
    run("tools/nono-build.sh", [], { KUBEFENCE_CACHE: join(folder, "cache"), NONO_VERSION });
  expect(build("")).toBe(`${join(folder, "cache", `nono-${known}`, "bin", "nono")}\n`);
  for (const asked of ["9.8.7", "v9.8.7"])
    expect(build(asked)).toBe(`${join(folder, "cache", "nono-9.8.7", "bin", "nono")}\n`);
  expect(() => build("9.8.7; id")).toThrow("a version is X.Y.Z");
});

test("image, chart, bill of materials and checksums are signed, and a change is noticed", () => {
  script("push-images");
  script("push-chart");
  writeFileSync(join(output, "image-amd64.spdx.json"), JSON.stringify({ spdxVersion: "SPDX-2.3" }));
  script("checksums");
  run(tool("cosign"), ["generate-key-pair"]);
  script("sign", { COSIGN_KEY: join(folder, "cosign.key") });
  const key = ["--key", "cosign.pub", "--insecure-ignore-tlog", "--private-infrastructure"];
  const digest = readFileSync(join(output, "image.digest"), "utf8").trim();
  const chart = readFileSync(join(output, "chart.digest"), "utf8").trim();
  for (const name of [
    "kata-kernel-landlock:3.10.0",
    `nono-nri-plugin@${digest}`,
    "kubefence:0.1",
    `charts/kubefence@${chart}`,
  ])
    run(tool("cosign"), ["verify", ...key, "--allow-http-registry", `${address}/some-owner/${name}`]);
  run(tool("cosign"), [
    "verify-attestation",
    ...key,
    "--type=spdxjson",
    "--allow-http-registry",
    `${address}/some-owner/kubefence@${digest}`,
  ]);
  const sums = ["verify-blob", ...key, "--bundle", "SHA256SUMS.sigstore.json", "SHA256SUMS"];
  const verify = (): string =>
    execFileSync(
      tool("cosign"),
      sums.map((arg) => arg.replace("cosign.pub", join(folder, "cosign.pub"))),
      { cwd: output, stdio: "pipe", encoding: "utf8" },
    );
  verify();
  expect(readFileSync(join(output, "SHA256SUMS"), "utf8")).toMatch(/^[0-9a-f]{64} {2}image-amd64\.spdx\.json\n/m);
  writeFileSync(join(output, "SHA256SUMS"), "00  image-amd64.spdx.json\n");
  expect(verify).toThrow("Command failed");
}, 120_000);
