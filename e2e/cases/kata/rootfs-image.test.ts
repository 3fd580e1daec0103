import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeKataImage, policyFiles, rootfsOffset } from "../../kata/image.ts";
import { run } from "../../stack/command.ts";
import { cache, checkout } from "../../stack/directories.ts";

// kata/rootfs/build.sh, on a base of Debian packages and a guest image of our own: what the chart's init container finds.

const base = "localhost/kubefence/kata-rootfs-base";
const rootMegabytes = 16;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-kata-rootfs-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

// Long, for the first time makes the base.
const timeoutMs = 600_000;

test(
  "the image has the guest image with our policy where the original has it, and a cp to take it",
  { timeout: timeoutMs },
  async () => {
    const guest = join(directory, "guest.image");
    await makeKataImage(guest, { files: { ...policyFiles, "/sbin/init": { text: "" } }, rootMegabytes });
    const archive = join(directory, "image.tar");
    const environment = ["env", `KUBEFENCE_CACHE=${cache}`, "IMAGE_TOOL=buildah"];
    const packages = ["bash", "sed", "e2fsprogs", "fdisk", "busybox-static"];
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    await run("nice", [...environment, join(checkout, "images/base.sh"), base, architecture, ...packages]);
    const settings = [`BASE=${base}`, `GUEST_IMAGE=${guest}`, `ARCHIVE=${archive}`];
    const name = "localhost/kubefence/kata-rootfs-nono:test";
    await run("nice", [...environment, ...settings, join(checkout, "kata/rootfs/build.sh"), name]);

    const { root, config } = await unpack(archive);
    expect(readdirSync(root).toSorted()).toEqual(["bin", "injected.json", "kata-containers-confidential.image"]);
    expect(config).toMatchObject({ config: { Entrypoint: ["/bin/cp", "/kata-containers-confidential.image"] } });
    // As the chart runs it, with nothing else in its root.
    await run("chroot", [root, "/bin/cp", "/kata-containers-confidential.image", "/copied"]);
    const copied = join(root, "copied");
    const read = ["-R", "cat /etc/kata-opa/default-policy.rego", `${copied}?offset=${rootfsOffset}`];
    expect(await run("debugfs", read)).toBe(readFileSync(join(checkout, "kata/policy/policy.rego"), "utf8"));
    const digest = (await run("sha256sum", [copied])).slice(0, 64);
    expect(JSON.parse(readFileSync(join(root, "injected.json"), "utf8"))).toMatchObject({ sha256: digest });
  },
);

interface Unpacked {
  root: string;
  config: unknown;
}

/** The root and the configuration of an image of one layer. */
async function unpack(archive: string): Promise<Unpacked> {
  const layout = join(directory, "layout");
  const root = join(directory, "root");
  await run("mkdir", [layout, root]);
  await run("tar", ["-xf", archive, "-C", layout]);
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const index: { manifests: { digest: string }[] } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const manifest: { config: { digest: string }; layers: { digest: string }[] } = JSON.parse(
    readFileSync(blob(index.manifests[0]?.digest ?? ""), "utf8"),
  );
  for (const { digest } of manifest.layers) await run("tar", ["-xzf", blob(digest), "-C", root]);
  return { root, config: JSON.parse(readFileSync(blob(manifest.config.digest), "utf8")) };
}
