import { describe, expect, test } from "vitest";
import { AdjustmentBuilder } from "./adjustment.ts";
import { ContainerAdjustment, writeContainerAdjustment } from "./schema/generated/nri/adjustment.ts";
import { decode } from "./schema/view.ts";
import { encode } from "./schema/write.ts";

/** What a runtime reads. */
function sent(builder: AdjustmentBuilder): unknown {
  return decode(ContainerAdjustment, encode(writeContainerAdjustment, builder.build())).toJSON();
}

describe("AdjustmentBuilder", () => {
  test("nothing asked for is nothing sent", () => {
    expect(encode(writeContainerAdjustment, new AdjustmentBuilder().build())).toHaveLength(0);
  });

  test("args begin with the marker that takes over from earlier plugins", () => {
    expect(sent(new AdjustmentBuilder().setArgs(["a", "b"]))).toEqual({ args: ["", "a", "b"] });
  });

  test("additions", () => {
    const builder = new AdjustmentBuilder()
      .addAnnotation("a", "1")
      .addMount({ destination: "/m", source: "/s", type: "bind", options: ["ro"] })
      .addEnv("E", "v")
      .addHooks({ prestart: [{ path: "/one" }] })
      .addHooks({ prestart: [{ path: "/two" }], poststop: [{ path: "/three" }] })
      .addRlimit({ type: "RLIMIT_CORE", hard: 0n, soft: 0n })
      .addCdiDevice("vendor.com/gpu=0")
      .addDevice({ path: "/dev/x", type: "c", major: 1, minor: 2 })
      .addNamespace({ type: "network", path: "/proc/1/ns/net" })
      .addSysctl("net.core.somaxconn", "1")
      .addNetDevice("eth1", { name: "net0" });
    expect(sent(builder)).toEqual({
      annotations: { a: "1" },
      mounts: [{ destination: "/m", source: "/s", type: "bind", options: ["ro"] }],
      env: [{ key: "E", value: "v" }],
      hooks: { prestart: [{ path: "/one" }, { path: "/two" }], poststop: [{ path: "/three" }] },
      rlimits: [{ type: "RLIMIT_CORE" }],
      cdiDevices: [{ name: "vendor.com/gpu=0" }],
      linux: {
        devices: [{ path: "/dev/x", type: "c", major: "1", minor: "2" }],
        namespaces: [{ type: "network", path: "/proc/1/ns/net" }],
        sysctl: { "net.core.somaxconn": "1" },
        netDevices: { eth1: { name: "net0" } },
      },
    });
  });

  test("removals are the key with a dash", () => {
    const builder = new AdjustmentBuilder()
      .removeAnnotation("a")
      .removeMount("/m")
      .removeDevice("/dev/x")
      .removeNamespace("pid")
      .removeSysctl("s")
      .removeNetDevice("eth1");
    expect(sent(builder)).toEqual({
      annotations: { "-a": "" },
      mounts: [{ destination: "-/m" }],
      linux: {
        devices: [{ path: "-/dev/x" }],
        namespaces: [{ type: "-pid" }],
        sysctl: { "-s": "" },
        netDevices: { "-eth1": {} },
      },
    });
  });

  test("single values", () => {
    const builder = new AdjustmentBuilder()
      .setResources({ memory: { limit: { value: -1n } } })
      .setCgroupsPath("/c")
      .setOomScoreAdj(-500)
      .setSeccompPolicy({ defaultAction: "SCMP_ACT_ALLOW" })
      .setLinux({ ioPriority: { class: 2, priority: 4 }, scheduler: { policy: 3 } });
    expect(sent(builder)).toEqual({
      linux: {
        resources: { memory: { limit: { value: "-1" } } },
        cgroupsPath: "/c",
        oomScoreAdj: { value: "-500" },
        seccompPolicy: { defaultAction: "SCMP_ACT_ALLOW" },
        ioPriority: { class: 2, priority: 4 },
        scheduler: { policy: 3 },
      },
    });
  });
});
