/** What the built-in profiles promise, whatever else changes in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { profilesDirectory } from "../../generator/repository.ts";
import { builtinNames, builtinShelf } from "./builtin.ts";
import { type Compiled, compileProfile } from "./compile.ts";
import { parseProfileJson } from "./json.ts";
import { Library } from "./library.ts";
import type { Access } from "./manifest.ts";
import { covers } from "./path.ts";

const library = new Library([builtinShelf]);
const compiled = new Map(builtinNames.map((name) => [name, compileProfile(name, library)]));
const compile = (name: string): Compiled => compiled.get(name) ?? compileProfile(name, library);
const granted = (name: string, access: Access): string[] =>
  compile(name)
    .manifest.filesystem.grants.filter((grant) => grant.access === access)
    .map((grant) => grant.path);
const isClosed = (name: string, path: string): boolean =>
  compile(name).manifest.kubefence.exceptions.some((exception) => covers(exception, path));

const libraries = ["/lib", "/lib32", "/lib64", "/libx32"];

test("the set is complete, in the directory and in the program", () => {
  const files = readdirSync(profilesDirectory).filter((file) => file.endsWith(".json") && file !== "groups.json");
  expect(files.map((file) => file.replace(".json", "")).toSorted()).toEqual(builtinNames.toSorted());
  expect(builtinNames).toEqual([
    "default",
    "workspace",
    "strict",
    "api-client",
    "python-dev",
    "node-dev",
    "go-dev",
    "rust-dev",
    "java-dev",
    "claude-code",
    "codex",
    "opencode",
    "openclaw",
    "swival",
  ]);
});

test.each(["groups", ...builtinNames])("the source of %s has no key twice", (name) => {
  const file = join(profilesDirectory, `${name}.json`);
  expect(parseProfileJson(readFileSync(file, "utf8"), file)).toBeTypeOf("object");
});

describe.each(builtinNames)("%s", (name) => {
  test("has a description and nothing to warn about", () => {
    expect(compile(name).description).toBeTypeOf("string");
    expect(compile(name).warnings).toEqual([]);
  });

  test.each([
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/ssl/private/key.pem",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ed25519_key",

    "$HOME/.ssh/id_rsa",
    "/root/.ssh/id_rsa",
    "/home/a/.ssh/id_rsa",
    "$HOME/.aws/credentials",
    "$HOME/.kube/config",
    "$HOME/.docker/config.json",
    "/home/a/.netrc",
    "/root/.git-credentials",
    "$HOME/.config/gcloud/credentials.db",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/var/run/docker.sock",
    "/dev/mem",
    "/dev/sda1",
  ])("%s is closed", (path) => {
    expect(isClosed(name, path)).toBe(true);
  });

  test("a service-account token is closed, but for api-client", () => {
    const token = "/run/secrets/kubernetes.io/serviceaccount/token";
    expect([token, `/var${token}`].map((path) => isClosed(name, path))).toEqual(Array(2).fill(name !== "api-client"));
    expect(compile(name).manifest.kubefence.projected_volumes).toBe(name === "api-client");
  });

  test.each(["/etc/ssh/ssh_host_rsa_key.pub", "/etc/passwd", "/etc/ssl/certs", "/etc/resolv.conf", "/usr/bin/env"])(
    "%s is not closed",
    (path) => {
      expect(isClosed(name, path)).toBe(false);
    },
  );

  test("grants no home but the user's, nothing of /, and no write into programs and settings", () => {
    const { grants } = compile(name).manifest.filesystem;
    const bad = ["/", "/home", "/root", "/mnt", "/media", "/nono"];
    expect(grants.filter(({ path }) => bad.some((place) => path === place || path.startsWith(`${place}/x`)))).toEqual(
      [],
    );
    const writable = grants.filter(({ access }) => access !== "read").map(({ path }) => path);
    const programs = ["/usr/bin/x", "/usr/lib/x", "/usr/local/bin/x", "/usr/local/lib/x", "/bin/x", "/lib/x", "/etc/x"];
    expect(writable.filter((path) => programs.some((program) => covers(path, program)))).toEqual([]);
    expect(writable.filter((path) => /^\/(proc|sys|run|var\/(?!tmp))/.test(path))).toEqual([]);
  });
});

test("default reads what ordinary images need and writes temporary files and devices", () => {
  expect(granted("default", "read")).toEqual(
    expect.arrayContaining([
      "/bin",
      "/sbin",
      ...libraries,
      "/usr",
      "/etc",
      "/opt",
      "/srv",
      "/app",
      "/var",
      "/run",
      "/proc",
      "/sys",
      "$WORKDIR",
      "$HOME",
    ]),
  );
  expect(granted("default", "readwrite")).toEqual(["/dev", "/dev/shm", "/tmp", "/var/tmp"]);
  expect(compile("default").manifest.kubefence).toMatchObject({ volumes: "none", config_volumes: true });
});

test("workspace is default with a writable working directory and volumes", () => {
  const { exceptions, ...settings } = compile("workspace").manifest.kubefence;
  expect(settings).toEqual({ volumes: "readwrite", config_volumes: true, projected_volumes: false });
  expect(exceptions).toEqual(compile("default").manifest.kubefence.exceptions);
  expect(granted("workspace", "readwrite")).toEqual(["$WORKDIR", ...granted("default", "readwrite")]);
  expect(granted("workspace", "read")).toEqual(granted("default", "read").filter((path) => path !== "$WORKDIR"));
});

test("strict is exactly this", () => {
  const { filesystem, kubefence, network } = compile("strict").manifest;
  expect(granted("strict", "read")).toEqual(
    ["$WORKDIR", "/bin", "/sbin", ...libraries, "/usr", "/etc", "/proc"].toSorted(),
  );
  const devices = ["full", "null", "ptmx", "pts", "random", "tty", "urandom", "zero"];
  expect(granted("strict", "readwrite")).toEqual(devices.map((device) => `/dev/${device}`));
  expect(filesystem.grants.some((grant) => grant.access === "write")).toBe(false);
  expect(kubefence).toMatchObject({ volumes: "none", config_volumes: false, projected_volumes: false });
  expect(kubefence.exceptions).toEqual(compile("default").manifest.kubefence.exceptions);
  expect(network).toEqual({ mode: "unrestricted" });
});

test("api-client is default with the token", () => {
  expect(compile("api-client").manifest.filesystem).toEqual(compile("default").manifest.filesystem);
  const { exceptions } = compile("default").manifest.kubefence;
  const tokens = ["/run/secrets", "/var/run/secrets"];
  expect(compile("api-client").manifest.kubefence.exceptions).toEqual(
    exceptions.filter((path) => !tokens.includes(path)),
  );
});

test.each(builtinNames.slice(4))("%s is workspace with a writable home", (name) => {
  const writable = granted(name, "readwrite");
  expect(writable).toEqual(expect.arrayContaining([...granted("workspace", "readwrite"), "$HOME"]));
  expect(compile(name).manifest.kubefence).toEqual(compile("workspace").manifest.kubefence);
});
