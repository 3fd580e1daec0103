import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { computeVector, type OptionVector } from "./option-vectors.ts";

// The OCI runtime wrapper computes the same options in Rust; its tests read the same vectors.

const vectors: readonly OptionVector[] = JSON.parse(
  readFileSync(new URL("../../../../native/runtime/vectors/container-options.json", import.meta.url), "utf8"),
);

test.each(vectors)("$name", (vector) => {
  expect(computeVector(vector)).toEqual(vector.expect);
});
