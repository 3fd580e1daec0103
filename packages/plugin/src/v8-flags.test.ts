import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { V8_FLAGS } from "./v8-flags.ts";

/** V8 says nothing that a program could hear of a flag that it does not know. */
test.each(V8_FLAGS)("this Node knows %s", (flag) => {
  const { stderr, status } = spawnSync(process.execPath, [flag, "-e", "0"], { encoding: "utf8" });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
});

test("what was called some hundred times is optimized", () => {
  const program = `
    import { setV8Flags } from ${JSON.stringify(new URL("v8-flags.ts", import.meta.url).href)};
    import { setImmediate as turn } from "node:timers/promises";
    if (process.argv[1] === "set") setV8Flags();
    function answer(request) {
      return request.length + request[0];
    }
    for (let count = 0; count < 500; count++) {
      answer([count]);
      if (count % 10 === 0) await turn();
    }`;
  const optimizations = (...given: string[]): string => {
    const node = ["--trace-opt", "--no-warnings", "--input-type=module", "-e", program, ...given];
    return spawnSync(process.execPath, node, { encoding: "utf8" }).stdout;
  };
  const byTurbofan = /marking \S+ <JSFunction answer .*TURBOFAN/;
  expect(optimizations("set")).toMatch(byTurbofan);
  expect(optimizations()).not.toMatch(byTurbofan);
});
