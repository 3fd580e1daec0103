import { describe, expect, it } from "vitest";
import { parseParameters } from "./parameters.ts";

describe("parseParameters", () => {
  it("defaults to the numbers that the goals are stated for", () => {
    expect(parseParameters([])).toMatchObject({ requests: 5000, callers: 32, containers: 10_000, check: false });
  });

  it("takes parts and numbers", () => {
    expect(parseParameters(["--requests", "200", "--only", "start,memory"])).toMatchObject({
      requests: 200,
      only: ["start", "memory"],
    });
  });

  it.each([["--requests", "many"], ["--requests", "0"], ["--only", "everything"], ["--unknown"]])(
    "refuses %s %s with the usage",
    (...args) => {
      expect(() => parseParameters(args)).toThrow(/usage: node bench\/run.ts/u);
    },
  );
});
