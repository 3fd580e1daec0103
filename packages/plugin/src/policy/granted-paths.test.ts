import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bindMount, mountsOf } from "../testing/inputs.ts";
import { cleanPath, isStrictlyUnder } from "./clean-path.ts";
import { GrantedPaths } from "./granted-paths.ts";

const path = fc
  .array(fc.constantFrom("a", "ab", "b", "ä", "."), { maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`);

// 40 are more than are compared one by one.
test.each([4, 40])("property: up to %d grants are found at a mount and above it", (most) => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: most, minLength: most - 4 }), path, (granted, asked) => {
      const { paths } = mountsOf([...granted, asked].map((destination) => bindMount(destination, "/x")));
      const grants = new GrantedPaths(paths);
      for (const mount of granted.keys()) grants.add(mount);
      const clean = granted.map(cleanPath);
      const wanted = cleanPath(asked);
      expect(grants.size).toBe(granted.length);
      expect(grants.has(granted.length)).toBe(clean.includes(wanted));
      expect(grants.isAbove(granted.length)).toBe(clean.some((ancestor) => isStrictlyUnder(wanted, ancestor)));
    }),
  );
});
