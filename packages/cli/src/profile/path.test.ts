import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { covers, homeSpellings, parsePath, type PathUse } from "./path.ts";

const grant = (text: string, use: PathUse = "grant"): string => {
  const parsed = parsePath(text, use);
  return "path" in parsed ? parsed.path : parsed.code;
};

describe("parsePath", () => {
  test.each([
    ["/etc", "/etc"],
    ["/", "/"],
    ["//etc/./ssl//", "/etc/ssl"],
    ["~", "$HOME"],
    ["~/.cache", "$HOME/.cache"],
    ["$HOME", "$HOME"],
    ["$HOME/", "$HOME"],
    ["$WORKDIR/build", "$WORKDIR/build"],
    ["$TMPDIR", "/tmp"],
    ["$TMPDIR/x", "/tmp/x"],
    ["$XDG_CONFIG_HOME/app", "$HOME/.config/app"],
    ["$XDG_CACHE_HOME", "$HOME/.cache"],
    ["$XDG_DATA_HOME", "$HOME/.local/share"],
    ["$XDG_STATE_HOME", "$HOME/.local/state"],
    ["/run/user/$UID/bus", "/run/user/$UID/bus"],
    ["/tmp/a-$UID.sock", "/tmp/a-$UID.sock"],
    ["/home/*/.ssh", "/home/*/.ssh"],
    ["/opt/a b", "/opt/a b"],
    ["/nonolith", "/nonolith"],
  ])("%s becomes %s", (text, path) => {
    expect(grant(text)).toBe(path);
  });

  test.each([
    ["", "KF_PROFILE_PATH"],
    ["etc", "KF_PROFILE_PATH"],
    ["./a", "KF_PROFILE_PATH"],
    ["**/.env", "KF_PROFILE_PATH"],
    ["$UID/x", "KF_PROFILE_PATH"],
    ["/etc/../root", "KF_PROFILE_PATH"],
    ["/a\nb", "KF_PROFILE_PATH"],
    ["/a\u0085b", "KF_PROFILE_PATH"],
    ["/a\u0000", "KF_PROFILE_PATH"],
    ["/\ud800", "KF_PROFILE_PATH"],
    [`/${"ä".repeat(2048)}`, "KF_PROFILE_PATH"],
    ["~root/x", "KF_PROFILE_VARIABLE"],
    ["/a/$HOME", "KF_PROFILE_VARIABLE"],
    ["$HOMEX", "KF_PROFILE_VARIABLE"],
    ["$HOME.d/x", "KF_PROFILE_VARIABLE"],
    ["/a/$UIDX", "KF_PROFILE_VARIABLE"],
    ["${HOME}/x", "KF_PROFILE_VARIABLE"],
    ["/a/$", "KF_PROFILE_VARIABLE"],
    ["$XDG_RUNTIME_DIR/x", "KF_PROFILE_VARIABLE"],
    ["$NONO_CONFIG/x", "KF_PROFILE_VARIABLE"],
    ["/var/**", "KF_PROFILE_PATTERN"],
    ["/var/key?.pem", "KF_PROFILE_PATTERN"],
    ["/var/[ab]", "KF_PROFILE_PATTERN"],
    ["/nono", "KF_PROFILE_FORBIDDEN"],
    ["/nono/profiles", "KF_PROFILE_FORBIDDEN"],
    ["/*", "KF_PROFILE_FORBIDDEN"],
    ["/n*o", "KF_PROFILE_FORBIDDEN"],
    ["/*/profiles", "KF_PROFILE_FORBIDDEN"],
  ])("%j is refused with %s", (text, code) => {
    expect(grant(text)).toBe(code);
  });

  test("a key for single files takes no wildcard", () => {
    expect(grant("/etc/*.conf", "file")).toBe("KF_PROFILE_PATTERN");
  });

  test("an exception may not close everything, nor the launcher", () => {
    expect(grant("/", "exception")).toBe("KF_PROFILE_FORBIDDEN");
    expect(grant("/nono/nono", "exception")).toBe("KF_PROFILE_FORBIDDEN");
    expect(grant("/", "grant")).toBe("/");
  });

  test("what is accepted is clean, and accepted again as it is", () => {
    const piece = fc.oneof(
      fc.constantFrom("/", "//", ".", "..", "~", "$HOME", "$WORKDIR", "$UID", "$TMPDIR", "*", "nono", "etc", "$", "ä"),
      fc.string({ maxLength: 4 }),
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, fc.constantFrom<PathUse>("grant", "file", "exception"), (input, use) => {
        const parsed = parsePath(input, use);
        if (!("path" in parsed)) return;
        expect(parsed.path).toMatch(/^(\/|\$HOME(\/|$)|\$WORKDIR(\/|$))/);
        expect(parsed.path).not.toMatch(/\/\/|\/\.(\/|$)|\/\.\.(\/|$)|.\/$|\p{Cc}/u);
        expect(covers("/nono", parsed.path) || covers(parsed.path === "/" ? "/x" : parsed.path, "/nono")).toBe(false);
        expect(parsePath(parsed.path, use)).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

test("homeSpellings spells a home in three ways and leaves other paths alone", () => {
  expect(homeSpellings("$HOME/.ssh")).toEqual(["$HOME/.ssh", "/root/.ssh", "/home/*/.ssh"]);
  expect(homeSpellings("$HOME")).toEqual(["$HOME", "/root", "/home/*"]);
  expect(homeSpellings("/etc")).toEqual(["/etc"]);
  expect(homeSpellings("$HOMEX")).toEqual(["$HOMEX"]);
});

describe("covers", () => {
  test.each([
    ["/etc", "/etc"],
    ["/etc", "/etc/ssl/private"],
    ["/", "/etc"],
    ["/home/*", "/home/a/.ssh"],
    ["/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_rsa_key"],
    ["/home/*", "/home/*"],
    ["$HOME", "$HOME/.ssh"],
    ["/a/*b*c", "/a/xbybzc"],
  ])("%s covers %s", (pattern, path) => {
    expect(covers(pattern, path)).toBe(true);
  });

  test.each([
    ["/etc/ssl", "/etc"],
    ["/etc", "/etcetera"],
    ["/home/*/.ssh", "/home/a"],
    ["/home/a", "/home/*"],
    ["/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_key"],
    ["/a/*b*c", "/a/xcb"],
    ["$HOME", "/root"],
    ["/", "$HOME"],
  ])("%s does not cover %s", (pattern, path) => {
    expect(covers(pattern, path)).toBe(false);
  });
});
