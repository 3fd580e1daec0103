import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindMount, installedProfile, mountsOf, podInput, volume } from "../testing/inputs.ts";
import type { InstalledProfile, MountInput } from "./inputs.ts";
import { isStrictlyUnder } from "./clean-path.ts";
import { volumeOptions, type VolumeOptions } from "./volumes.ts";

const workspace = installedProfile({ volumes: "readwrite" });
const none: VolumeOptions = { readWrite: [], readOnly: [], except: [] };

function options(mounts: readonly MountInput[], profile: InstalledProfile = workspace): VolumeOptions {
  const result = volumeOptions(podInput(), mountsOf(mounts), profile, "/var/lib/kubelet");
  if ("code" in result) throw new Error(result.what);
  return result;
}

function outcome(mounts: readonly MountInput[]): unknown {
  const result = volumeOptions(podInput(), mountsOf(mounts), workspace, "/var/lib/kubelet");
  return "code" in result ? result.code : result;
}

describe("volumes that hold the pod's data", () => {
  test.each(["empty-dir", "csi", "nfs", "local-volume", "aws-ebs", "portworx-volume"])("%s is writable", (plugin) => {
    expect(options([volume(plugin, "/data")])).toEqual({ ...none, readWrite: ["/data"] });
  });

  test("a mount that is read-only is granted for reading", () => {
    expect(options([volume("csi", "/data", ["rbind", "ro"])])).toEqual({ ...none, readOnly: ["/data"] });
  });

  test("a profile may grant them for reading, or not at all", () => {
    expect(options([volume("csi", "/data")], installedProfile({ volumes: "read" }))).toEqual({
      ...none,
      readOnly: ["/data"],
    });
    expect(options([volume("csi", "/data")], installedProfile({ volumes: "none" }))).toEqual(none);
  });
});

describe("configuration and tokens", () => {
  test.each(["configmap", "secret", "downward-api"])(
    "%s is readable where the profile has config_volumes",
    (plugin) => {
      expect(options([volume(plugin, "/conf")])).toEqual({ ...none, readOnly: ["/conf"] });
      expect(options([volume(plugin, "/conf")], installedProfile({ configVolumes: false }))).toEqual(none);
    },
  );

  test("a projected volume is excepted, because it may hold a token", () => {
    expect(options([volume("projected", "/tokens")])).toEqual({ ...none, except: ["/tokens"] });
  });

  test("one that an exception of the profile covers needs no option", () => {
    expect(options([volume("projected", "/var/run/secrets/kubernetes.io/serviceaccount")])).toEqual(none);
    expect(options([volume("projected", "/var/run/secrets")])).toEqual(none);
    expect(options([volume("projected", "/var/run/secretsX")])).toEqual({ ...none, except: ["/var/run/secretsX"] });
  });

  test("under projected_volumes it is readable", () => {
    const profile = installedProfile({ projectedVolumes: true });
    expect(options([volume("projected", "/tokens")], profile)).toEqual({ ...none, readOnly: ["/tokens"] });
  });
});

describe("host paths and volumes of unknown kind", () => {
  const subpath = bindMount("/data/sub", "/var/lib/kubelet/pods/pod-uid/volume-subpaths/vol/web/0");

  test("are never granted", () => {
    expect(options([bindMount("/host", "/etc"), { ...subpath, destination: "/sub" }, volume("flocker", "/x")])).toEqual(
      none,
    );
  });

  test("are excepted where they lie under a volume that is granted", () => {
    const mounts = [
      volume("empty-dir", "/data"),
      subpath,
      bindMount("/data/host", "/etc"),
      bindMount("/database", "/etc"),
    ];
    expect(options(mounts)).toEqual({ ...none, readWrite: ["/data"], except: ["/data/host", "/data/sub"] });
  });

  const pod = "/var/lib/kubelet/pods/pod-uid";
  test.each([
    "/etc",
    `${pod}/volumes`,
    `${pod}/volumes/kubernetes.io~flocker/vol`,
    `${pod}/volumes/vendor.exampl~empty-dir/vol`,
    `${pod}/volumes/kubernetes.io~empty-dir`,
    `${pod}/volume-subpaths`,
    `${pod}/etc-hosts/more`,
    `${pod}/containers/web`,
    `${pod}/containers/web/abc/more`,
    `${pod}/plugins/x`,
    `${pod}/plugins`,
  ])("%s is one of these", (source) => {
    expect(options([bindMount("/data/x", source)])).toEqual(none);
    expect(options([volume("empty-dir", "/data"), bindMount("/data/x", source)])).toEqual({
      ...none,
      readWrite: ["/data"],
      except: ["/data/x"],
    });
    expect(options([volume("empty-dir", "/data"), bindMount("/other/data/x", source)])).toEqual({
      ...none,
      readWrite: ["/data"],
    });
  });

  test("need no exception under each other, nor a decision which of two lies at one place", () => {
    expect(options([bindMount("/srv", "/a"), bindMount("/srv/x", "/b"), subpath])).toEqual(none);
    expect(options([bindMount("/srv", "/a"), volume("flocker", "/srv")])).toEqual(none);
  });

  test("however deep, and under the root too", () => {
    const deep = [volume("empty-dir", "/a/b"), bindMount("/a/b/c/d", "/etc"), bindMount("/a/x/b/c", "/etc")];
    expect(options(deep)).toEqual({ ...none, readWrite: ["/a/b"], except: ["/a/b/c/d"] });
    const root = [volume("empty-dir", "/"), bindMount("/a", "/etc"), bindMount("/b/c", "/etc")];
    expect(options(root)).toEqual({ ...none, readWrite: ["/"], except: ["/a", "/b/c"] });
  });

  test("a subpath is never taken for a file that the runtime made", () => {
    const source = `${pod}/volume-subpaths/sandbox1/web/0`;
    expect(options([volume("empty-dir", "/etc"), bindMount("/etc/hosts", source)])).toMatchObject({
      except: ["/etc/hosts"],
    });
  });

  test("another pod's volume is a host path", () => {
    const foreign = bindMount("/data", "/var/lib/kubelet/pods/other-uid/volumes/kubernetes.io~empty-dir/vol");
    expect(options([foreign])).toEqual(none);
  });

  test.each([
    "/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~empty-dir",
    "/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~empty-dir/../../../..",
    "/var/lib/kubelet/pods/pod-uid/plugins/kubernetes.io~empty-dir/vol",
    "/var/lib/kubelet/pods/pod-uidX/volumes/kubernetes.io~empty-dir/vol",
    "/x/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~empty-dir/vol",
  ])("a source that only looks like a volume is none: %s", (source) => {
    expect(options([bindMount("/data", source)])).toEqual(none);
  });

  test("without a pod uid nothing is a volume of the pod", () => {
    const mount = bindMount("/data", "/var/lib/kubelet/pods//volumes/kubernetes.io~empty-dir/vol");
    expect(volumeOptions({ id: "s", uid: "" }, mountsOf([mount]), workspace, "/var/lib/kubelet")).toEqual(none);
  });
});

test("files of the kubelet and the runtime are no host paths, even under a volume", () => {
  const mounts = [
    volume("empty-dir", "/etc"),
    volume("empty-dir", "/dev"),
    bindMount("/etc/hosts", "/var/lib/kubelet/pods/pod-uid/etc-hosts"),
    bindMount("/dev/termination-log", "/var/lib/kubelet/pods/pod-uid/containers/web/abc"),
    bindMount("/etc/hostname", "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/sandbox1/hostname"),
    bindMount("/etc/resolv.conf", "/run/containers/storage/overlay-containers/sandbox1/userdata/resolv.conf"),
    bindMount("/dev/shm", "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/sandbox1/shm"),
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: [] },
  ];
  expect(options(mounts)).toEqual({ ...none, readWrite: ["/dev", "/etc"] });
  expect(options([volume("empty-dir", "/etc"), bindMount("/etc/hostname", "/srv/hostname")])).toEqual({
    ...none,
    readWrite: ["/etc"],
    except: ["/etc/hostname"],
  });
});

test("what a runtime without an id of the pod sandbox binds is a host path", () => {
  const mounts = [volume("empty-dir", "/etc"), bindMount("/etc/hosts", "/")];
  expect(volumeOptions({ id: "", uid: "pod-uid" }, mountsOf(mounts), workspace, "/var/lib/kubelet")).toMatchObject({
    except: ["/etc/hosts"],
  });
});

test("the runtime's own file of hosts is none", () => {
  const mounts = [volume("empty-dir", "/etc"), bindMount("/etc/hosts", "/run/sandboxes/sandbox1/hosts")];
  expect(options(mounts)).toEqual({ ...none, readWrite: ["/etc"] });
});

describe("what counts are bind mounts", () => {
  test.each([
    ["bind", [], true],
    ["none", ["bind"], true],
    ["", ["rbind", "ro"], true],
    ["tmpfs", ["size=1m"], false],
  ])("%s %j: %s", (type, mountOptions, counts) => {
    const mounted = { ...volume("configmap", "/conf"), type, options: mountOptions };
    expect(options([mounted])).toEqual({ ...none, readOnly: counts ? ["/conf"] : [] });
    const host = { ...bindMount("/data/host", "/etc"), type, options: mountOptions };
    expect(options([volume("empty-dir", "/data"), host]).except).toEqual(counts ? ["/data/host"] : []);
  });
});

test("a source is cleaned before it is looked at", () => {
  const source = "/var/lib//kubelet/pods/pod-uid/./volumes/x/../kubernetes.io~empty-dir/vol";
  expect(options([bindMount("/data", source)])).toEqual({ ...none, readWrite: ["/data"] });
});

test("the kubelet's directory is the configured one", () => {
  const mount = bindMount("/data", "/data/kubelet/pods/pod-uid/volumes/kubernetes.io~csi/pv/mount");
  expect(options([mount])).toEqual(none);
  expect(volumeOptions(podInput(), mountsOf([mount]), workspace, "/data/kubelet")).toEqual({
    ...none,
    readWrite: ["/data"],
  });
});

test("two mounts at one place are refused where only one of them is granted", () => {
  const mounts = [volume("empty-dir", "/data"), bindMount("/data/", "/etc")];
  expect(outcome(mounts)).toBe("MOUNT_AMBIGUOUS");
  expect(outcome(mounts.toReversed())).toBe("MOUNT_AMBIGUOUS");
  expect(volumeOptions(podInput(), mountsOf(mounts), workspace, "/var/lib/kubelet")).toMatchObject({
    what: 'two mounts of different kinds lie at "/data"',
  });
  expect(options([volume("empty-dir", "/data"), volume("csi", "//data")])).toEqual({ ...none, readWrite: ["/data"] });
});

test("paths are cleaned and sorted by their bytes", () => {
  const mounts = ["/b/", "/a//x", "/\u{1F600}", "/\uFF5E", "/a/./x"].map((destination) =>
    volume("empty-dir", destination),
  );
  // U+FF5E comes before U+1F600 in UTF-8 and after its surrogates in UTF-16.
  expect(options(mounts).readWrite).toEqual(["/a/x", "/b", "/\uFF5E", "/\u{1F600}"]);
});

describe("properties", () => {
  const plugins = ["empty-dir", "configmap", "projected", "csi", "flocker"];
  const destination = fc.array(fc.constantFrom("a", "b", "..", ".", "run", "secrets", "var"), { maxLength: 4 });
  const mount = fc.oneof(
    fc
      .tuple(fc.constantFrom(...plugins), destination, fc.boolean())
      .map(([plugin, path, readOnly]) => volume(plugin, `/${path.join("/")}`, readOnly ? ["bind", "ro"] : ["bind"])),
    fc
      .tuple(fc.constantFrom("/etc", "/var/lib/kubelet/pods/other/volumes/kubernetes.io~csi/v"), destination)
      .map(([source, path]) => bindMount(`/${path.join("/")}`, source)),
  );

  test("a grant is never for a host path, and none is left reachable under a grant", () => {
    fc.assert(
      fc.property(fc.array(mount, { maxLength: 8 }), (mounts) => {
        const result = volumeOptions(podInput(), mountsOf(mounts), workspace, "/var/lib/kubelet");
        if ("code" in result) return;
        const granted = [...result.readWrite, ...result.readOnly];
        expect(new Set(granted).size).toBe(granted.length);
        for (const { source, destination: path } of mounts) {
          if (source.startsWith("/var/lib/kubelet/pods/pod-uid/volumes/")) continue;
          const clean = options([volume("empty-dir", path)]).readWrite[0] ?? "";
          expect(granted).not.toContain(clean);
          const isReachable = granted.some((ancestor) => isStrictlyUnder(clean, ancestor));
          expect(!isReachable || result.except.includes(clean)).toBe(true);
        }
      }),
    );
  });

  test("the order of the mounts changes nothing", () => {
    fc.assert(
      fc.property(fc.array(mount, { maxLength: 8 }), (mounts) => {
        expect(outcome(mounts.toReversed())).toEqual(outcome(mounts));
      }),
    );
  });
});
