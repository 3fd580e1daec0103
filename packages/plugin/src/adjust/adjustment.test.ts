import { describe, expect, test } from "vitest";
import { containerInput } from "../testing/inputs.ts";
import { adjustmentFor } from "./adjustment.ts";

const decision = { kind: "sandbox", profile: "default", options: [], ignoredAnnotation: undefined } as const;

describe("the adjustment is the original's", () => {
  test("field by field", () => {
    expect(adjustmentFor(decision, containerInput(), "/opt/nono-nri")).toEqual({
      args: ["/nono/nono", "wrap", "--profile", "default", "--", "nginx", "-g", "daemon off;"],
      mounts: [{ destination: "/nono", type: "bind", source: "/opt/nono-nri", options: ["bind", "ro", "rprivate"] }],
      env: [
        { key: "-NONO_PROFILE", value: "" },
        { key: "NONO_PROFILE", value: "default" },
        { key: "-PATH", value: "" },
        { key: "PATH", value: "/nono:/usr/bin:/bin" },
      ],
    });
  });

  test("an empty command line gives the five elements", () => {
    expect(adjustmentFor(decision, containerInput({ args: [] }), "/opt/nono-nri").args).toEqual([
      "/nono/nono",
      "wrap",
      "--profile",
      "default",
      "--",
    ]);
  });

  test("options stand between the profile and the two dashes; the command is never read", () => {
    const withOptions = { ...decision, options: ["--rw", "/data"] };
    const container = containerInput({ args: ["--", "--profile", "workspace"] });
    expect(adjustmentFor(withOptions, container, "/opt/nono-nri").args).toEqual(
      "/nono/nono wrap --profile default --rw /data -- -- --profile workspace".split(" "),
    );
  });
});
