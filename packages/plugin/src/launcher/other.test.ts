import { describe, expect, test } from "vitest";
import { fakeLauncher, LauncherDirectory } from "../testing/fake-launcher.ts";
import { probeOther } from "./other.ts";

async function probe(form: string, answer: string, ours: Buffer = fakeLauncher()): Promise<unknown> {
  using other = new LauncherDirectory(fakeLauncher(answer));
  using own = new LauncherDirectory(ours);
  return await probeOther(other.nono, form, 1, own.nono);
}

describe("a launcher that is not ours", () => {
  test("has upstream's version and the kernel's ABI", async () => {
    expect(await probe("nono", "nono 0.81.0\n")).toMatchObject({ version: "nono 0.81.0", abi: 7 });
    expect(await probe("template", "")).toMatchObject({ version: "template", abi: 7 });
  });

  test.each(["nono 0.1.0 (Kubefence launcher)\n", "landrun 0.1.17\n", ""])(
    "%j is not nono's answer",
    async (answer) => {
      expect(await probe("nono", answer)).toMatchObject({ code: "LAUNCHER_PROBE_FAILED" });
    },
  );

  test("without ours nothing is known of the kernel", async () => {
    expect(await probe("nono", "nono 0.81.0\n", Buffer.from("x"))).toMatchObject({ code: "LAUNCHER_PROBE_FAILED" });
  });
});
