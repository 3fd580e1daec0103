import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "smol-toml";
import { run } from "../stack/command.ts";
import { checkout, containerdRelease } from "../stack/directories.ts";

// deploy/containerd-config.toml as containerd itself reads it. The Kubernetes manifests are tried on the cluster, and
// crio-nri.conf only parses: there is no CRI-O here.

test("the containerd snippet, imported as it says, gives the handler and NRI", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-snippet-"));
  try {
    const main = join(directory, "config.toml");
    writeFileSync(main, `version = 3\nimports = ["${checkout}/deploy/containerd-config.toml"]\n`);
    const dump = await run(join(containerdRelease().binaries, "containerd"), ["--config", main, "config", "dump"]);
    expect(parse(dump)).toMatchObject({
      plugins: {
        "io.containerd.nri.v1.nri": {
          disable: false,
          plugin_request_timeout: "2s",
          socket_path: "/var/run/nri/nri.sock",
        },
        "io.containerd.cri.v1.runtime": {
          containerd: {
            runtimes: {
              runc: { runtime_type: "io.containerd.runc.v2" },
              "nono-runc": {
                runtime_type: "io.containerd.runc.v2",
                pod_annotations: ["nono.sh/*"],
                options: { BinaryName: "/opt/kubefence/bin/nono-runc", SystemdCgroup: true },
              },
            },
          },
        },
      },
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
