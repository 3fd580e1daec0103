import { describe, expect, it } from "vitest";
import { formatRules, landlockRestrictArgs, parseTrace } from "./launcher-rules.ts";

// Recorded with strace 6.1 from a program that adds four rules; the failed call is written by hand.
const trace = `landlock_create_ruleset(NULL, 0, 0x1) = 7
landlock_create_ruleset({handled_access_fs=0xffff, ...}, 24, 0) = 3<anon_inode:[landlock-ruleset]>
landlock_add_rule(3<anon_inode:[landlock-ruleset]>, 0x1, {allowed_access=0xd, parent_fd=4</usr>}, 0) = 0
landlock_add_rule(3<anon_inode:[landlock-ruleset]>, 0x1, {allowed_access=0x5, parent_fd=4</etc/hosts>}, 0) = 0
landlock_add_rule(3<anon_inode:[landlock-ruleset]>, 0x1, {allowed_access=0xffff, parent_fd=4</tmp>}, 0) = 0
landlock_add_rule(3<anon_inode:[landlock-ruleset]>, 0x1, {allowed_access=0xc006, parent_fd=4</dev/null>}, 0) = 0
landlock_add_rule(3<anon_inode:[landlock-ruleset]>, 0x1, {allowed_access=0, parent_fd=4</srv>}, 0) = -1 ENOMSG (No message of desired type)
landlock_restrict_self(3<anon_inode:[landlock-ruleset]>, 0x2) = 0
`;

describe("parseTrace", () => {
  it("reads rights and paths of the rules that were added", () => {
    expect(parseTrace(trace)).toEqual({
      handled: 0xffff,
      flags: 2,
      rules: [
        { access: 0xd, path: "/usr" },
        { access: 0x5, path: "/etc/hosts" },
        { access: 0xffff, path: "/tmp" },
        { access: 0xc006, path: "/dev/null" },
      ],
    });
  });

  it("refuses a trace without an enforced ruleset", () => {
    expect(() => parseTrace(trace.replace("0x2) = 0", "0x2) = -1 EPERM"))).toThrow(/no ruleset that was enforced/u);
  });
});

describe("the rules for the others", () => {
  it("is a list for reference.c", () => {
    expect(formatRules(parseTrace(trace))).toBe("ffff 1 2\nd /usr\n5 /etc/hosts\nffff /tmp\nc006 /dev/null\n");
  });

  it("is sorted into landlock-restrict's kinds", () => {
    expect(landlockRestrictArgs(parseTrace(trace)).join(" ")).toBe(
      "-ro /usr -rw /tmp -rofiles /etc/hosts -rwfiles /dev/null",
    );
  });
});
