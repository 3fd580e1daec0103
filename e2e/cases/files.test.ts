import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// What a container may read and write under the profile default, on every kind of image, as every kind of user.

const test = testWithPlugin();

// Which of the two it is depends on what the kernel looks at first: the sandbox, the user, or the read-only mount.
const refused = expect.stringMatching(/^(EACCES|EROFS)$/);

const cases = (["busybox", "musl", "debian"] as const).flatMap((image) =>
  [0, 1000].flatMap((runAsUser) =>
    [false, true].map((readOnlyRootFilesystem) => ({ image, runAsUser, readOnlyRootFilesystem })),
  ),
);

describe.each(cases)(
  "$image as uid $runAsUser, read-only root $readOnlyRootFilesystem",
  ({ image, runAsUser, readOnlyRootFilesystem }) => {
    test("reads programs and configuration, writes temporary files, and nothing else", async ({ runSandboxedPod }) => {
      const operations = {
        "read:/etc/passwd": "ok",
        "read:/etc/hosts": "ok",
        "read:/proc/self/status": "ok",
        "exec:/usr/bin/probe": "ok",
        "exec:/nono/nono": "ok",
        "write:/dev/null": "ok",
        "create:/tmp/file": readOnlyRootFilesystem ? "EROFS" : "ok",
        "read:/etc/shadow": "EACCES",
        "read:/home/other/private": "EACCES",
        "read:/var/run/secrets/kubernetes.io/serviceaccount/token": "EACCES",
        "list:/": "EACCES",
        "list:/nono": "EACCES",
        "list:/nono/profiles": "EACCES",
        "create:/world/planted": refused,
        "create:/usr/planted": refused,
        "create:/etc/planted": refused,
        "mkdir:/planted": refused,
        "write:/etc/passwd": refused,
        "truncate:/etc/passwd": refused,
        "unlink:/etc/passwd": refused,
        "write:/nono/nono": refused,
        "unlink:/nono/nono": refused,
        "status:NoNewPrivs": "1",
      };
      const answers = await runProbe(await runSandboxedPod({}), {
        image: images[image],
        runAsUser,
        readOnlyRootFilesystem,
        operations: Object.keys(operations),
      });
      expect(answers).toEqual(operations);
    });
  },
);

describe.each([undefined, 0, 1000])("scratch as uid %s", (runAsUser) => {
  test("runs without any file of the image but its program", async ({ runSandboxedPod }) => {
    const operations = {
      "exec:/usr/bin/probe": "ok",
      "read:/etc/hosts": "ok",
      "read:/var/run/secrets/kubernetes.io/serviceaccount/token": "EACCES",
      "list:/": "EACCES",
      "list:/nono": "EACCES",
      "create:/usr/planted": "EACCES",
      "mkdir:/tmp": "EACCES",
      "status:NoNewPrivs": "1",
    };
    const answers = await runProbe(await runSandboxedPod({}), {
      image: images.scratch,
      ...(runAsUser !== undefined && { runAsUser }),
      operations: [...Object.keys(operations), "status:Uid"],
    });
    const uid = runAsUser ?? 65_532;
    expect(answers).toEqual({ ...operations, "status:Uid": `${uid}\t${uid}\t${uid}\t${uid}` });
  });
});
