import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fakeLauncher, LauncherDirectory } from "../testing/fake-launcher.ts";
import { inspectLauncher } from "./inspect.ts";

const ownUid = process.geteuid?.() ?? 0;

async function inspectAfter(change: (directory: LauncherDirectory) => void, name = "nono"): Promise<unknown> {
  using directory = new LauncherDirectory();
  change(directory);
  return await inspectLauncher(`${directory.path}/${name}`, ownUid);
}

test("a launcher as it should be has no barriers", async () => {
  expect(await inspectAfter(() => undefined)).toEqual({ barriers: [], identity: expect.any(String) });
});

describe("the original's checks, in its order", () => {
  test("missing", async () => {
    expect(await inspectAfter(({ nono }) => rmSync(nono))).toMatchObject({
      code: "LAUNCHER_MISSING",
      what: expect.stringMatching(/^nono binary not found at \/.*\/nono: ENOENT/),
    });
  });

  test("symlink, whatever it points to", async () => {
    const found = await inspectAfter(({ nono }) => {
      renameSync(nono, `${nono}.real`);
      symlinkSync(`${nono}.real`, nono);
    });
    expect(found).toMatchObject({
      code: "LAUNCHER_SYMLINK",
      what: expect.stringMatching(/is a symlink: only regular files are accepted$/),
    });
  });

  test("no regular file", async () => {
    const found = await inspectAfter(({ nono }) => {
      rmSync(nono);
      mkdirSync(nono);
    });
    expect(found).toMatchObject({ code: "LAUNCHER_NOT_A_FILE", what: expect.stringMatching(/is not a regular file$/) });
  });

  test("not executable", async () => {
    const found = await inspectAfter(({ nono }) => chmodSync(nono, 0o644));
    expect(found).toMatchObject({ code: "LAUNCHER_NOT_EXECUTABLE", what: expect.stringMatching(/is not executable$/) });
  });
});

test("another name than nono", async () => {
  const found = await inspectAfter(({ nono, path }) => renameSync(nono, `${path}/launcher`), "launcher");
  expect(found).toMatchObject({ code: "LAUNCHER_NAME" });
});

test("a dynamically linked launcher", async () => {
  const found = await inspectAfter((directory) => directory.install(fakeLauncher("", 0, true)));
  expect(found).toMatchObject({ code: "LAUNCHER_NOT_STATIC", what: expect.stringContaining("dynamically linked") });
});

describe("who else could change it", () => {
  test.each([
    ["the file", ({ nono }: LauncherDirectory) => chmodSync(nono, 0o757), "nono-nri/nono"],
    ["its directory", ({ path }: LauncherDirectory) => chmodSync(path, 0o777), "nono-nri"],
    ["a directory above", ({ root }: LauncherDirectory) => chmodSync(root, 0o777), "kubefence-launcher-"],
    ["the profiles", ({ profiles }: LauncherDirectory) => chmodSync(profiles, 0o777), "nono-nri/profiles"],
  ])("%s is writable by others", async (_name, change, path) => {
    expect(await inspectAfter(change)).toMatchObject({
      code: "LAUNCHER_WRITABLE",
      what: expect.stringContaining(path),
    });
  });

  test.each([
    ["a directory above", ({ root }: LauncherDirectory) => root],
    ["the profiles", ({ profiles }: LauncherDirectory) => profiles],
  ])("%s is a link, whose mode says nothing", async (_name, placeOf) => {
    let place = "";
    let away = "";
    const found = await inspectAfter((directory) => {
      place = placeOf(directory);
      away = `${place}-away`;
      renameSync(place, away);
      symlinkSync(away, place);
    });
    // Before the directory is removed, which would leave what the link leads to.
    rmSync(away, { recursive: true, force: true });
    expect(found).toMatchObject({
      code: "LAUNCHER_SYMLINK",
      what: expect.stringContaining(`${place} is a symbolic link`),
      action: expect.stringContaining(`readlink -f ${place}`),
    });
  });

  test("a sticky directory above is as safe as /tmp", async () => {
    expect(await inspectAfter(({ root }) => chmodSync(root, 0o1777))).toMatchObject({ barriers: [] });
  });
});

describe("what is closed to other users", () => {
  test("is told with its mode; that the profiles folder may be missing is no matter", async () => {
    const found = await inspectAfter(({ path, nono, profiles }) => {
      chmodSync(path, 0o700);
      chmodSync(nono, 0o744);
      chmodSync(profiles, 0o700);
    });
    expect(found).toMatchObject({
      barriers: [
        { path: expect.stringMatching(/nono-nri$/), mode: 0o700, needed: 5 },
        { path: expect.stringMatching(/profiles$/), mode: 0o700, needed: 1 },
        { path: expect.stringMatching(/nono$/), mode: 0o744, needed: 1 },
      ],
    });
    expect(await inspectAfter(({ profiles }) => rmSync(profiles, { recursive: true }))).toMatchObject({ barriers: [] });
  });
});

test("a new file has another identity, the same file the same", async () => {
  using directory = new LauncherDirectory();
  const first = await inspectLauncher(directory.nono, ownUid);
  expect(await inspectLauncher(directory.nono, ownUid)).toEqual(first);
  directory.install(fakeLauncher("other"));
  expect(await inspectLauncher(directory.nono, ownUid)).not.toEqual(first);
});
