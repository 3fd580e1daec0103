/** Patterns of containerd's `imports` are Go's filepath.Match. */
import { expect, test } from "vitest";
import { loads } from "./imports.ts";

test.each([
  ["/etc/*.toml", "/etc/a.toml", true],
  ["/etc/*.toml", "/etc/.toml", true],
  ["/etc/*.toml", "/etc/atoml", false],
  ["/etc/*.toml", "/etc/a.toml.bak", false],
  ["/etc/*.toml", "/x/etc/a.toml", false],
  ["/etc/*.toml", "/etc/conf.d/a.toml", false],
  ["/etc/*.toml", "/etc/a\nb.toml", true],
  ["/etc/?/*", "/etc/a/b", true],
  ["/etc/?/*", "/etc/ab/b", false],
  ["/etc/a?*", "/etc/a/b", false],
  ["/etc/[a-c]*", "/etc/b.toml", true],
  ["/etc/[a-c]*", "/etc/d.toml", false],
  ["/etc/[^a]*", "/etc/b", true],
  ["/etc/[^a]*", "/etc/a", false],
  ["/etc[^a]*", "/etc/b", false],
  [String.raw`/etc/\**`, "/etc/*x", true],
  [String.raw`/etc/\**`, "/etc/xx", false],
  ["/etc/[a*", "/etc/[a", false],
  ["/etc/[z-a]*", "/etc/m", false],
  ["/etc/(a+b)*", "/etc/(a+b)c", true],
  // Without a star it is a path, not a pattern.
  ["/etc/a?", "/etc/ab", false],
  ["/etc/a?", "/etc/a?", true],
])("%j and %j: %s", (pattern, file, expected) => {
  expect(loads(["/other", pattern], file)).toBe(expected);
});
