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
    ["$WORKDIR", "$WORKDIR"],
    ["$HOME/nono", "$HOME/nono"],
    ["/home/$UID/$UID", "/home/$UID/$UID"],
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

  test.each<[string, PathUse, string, string?]>([
    [`/${"ä".repeat(2048)}`, "grant", "a path of more than 4095 bytes", "shorten it"],
    ["/a\nb", "grant", '"/a\\nb" has characters that no path may have'],
    ["~root/x", "grant", "~root/x names another user's home, which cannot be looked up"],
    ["/a/$HOME", "grant", "$HOME in /a/$HOME is not the first component"],
    ["$HOME$HOME", "grant", "$HOME in $HOME$HOME is not the first component"],
    ["$HOME.d/x", "grant", "$HOME in $HOME.d/x is not the first component"],
    ["/a/$UIDX", "grant", "/a/$UIDX has the unknown variable $UIDX"],
    ["/a/$", "grant", "/a/$ has the unknown variable $"],
    [
      "$XDG_RUNTIME_DIR/x",
      "grant",
      "$XDG_RUNTIME_DIR/x has the unknown variable $XDG_RUNTIME_DIR",
      "it has no default; write /run/user/$UID",
    ],
    [
      "$NONO_PACKAGES",
      "grant",
      "$NONO_PACKAGES has the unknown variable $NONO_PACKAGES",
      "nono's own directories do not exist in containers; remove the path",
    ],
    ["", "grant", "the empty path is not absolute", "remove it"],
    ["etc/ssl", "grant", "etc/ssl is not absolute", "write $WORKDIR/etc/ssl if the working directory is meant"],
    ["./a/./b", "grant", "./a/./b is not absolute", "write $WORKDIR/a/./b if the working directory is meant"],
    ["x$HOME", "grant", "$HOME in x$HOME is not the first component"],
    ["x/$UID", "grant", "x/$UID is not absolute", "write $WORKDIR/x/$UID if the working directory is meant"],
    ["/etc/../root", "grant", "/etc/../root climbs with .."],
    ["/var/**", "grant", "/var/** has the wildcard **", "a directory is always meant with everything in it"],
    ["/var/key?.pem", "grant", "/var/key?.pem has one of ? [ ], which are no wildcards here"],
    ["/etc/*.d", "file", "/etc/*.d has a wildcard, but names one file", "use read, write or allow for patterns"],
    ["/nono/x", "grant", "/nono/x reaches into /nono, where the launcher and the profiles are"],
    ["/nono", "exception", "/nono covers /nono, and the launcher there must run under every profile"],
    ["//", "exception", "the exception / would close everything", "leave the grants out instead"],
  ])("%j for a %s: %s", (text, use, message, hint) => {
    const parsed = parsePath(text, use);
    expect("message" in parsed && [parsed.message, parsed.hint]).toEqual([message, hint]);
  });

  test("the longest path that the kernel takes is taken", () => {
    const longest = `/${"a".repeat(4094)}`;
    expect(grant(longest)).toBe(longest);
    expect(grant(`${longest}a`)).toBe("KF_PROFILE_PATH");
  });

  test("a key for single files takes no wildcard", () => {
    expect(grant("/etc/*.conf", "file")).toBe("KF_PROFILE_PATTERN");
    expect(grant("/etc/my.conf", "file")).toBe("/etc/my.conf");
  });

  test("an exception may not close everything, nor the launcher", () => {
    expect(grant("/", "exception")).toBe("KF_PROFILE_FORBIDDEN");
    expect(grant("/nono/nono", "exception")).toBe("KF_PROFILE_FORBIDDEN");
    expect(grant("/etc", "exception")).toBe("/etc");
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
    ["/", "/"],
    ["/a*", "/a"],
    ["/*a", "/xa"],
    ["/a*b", "/ab"],
    ["/*b*", "/b"],
    ["/*ab*ab*", "/abab"],
    ["/a*b*c", "/abc"],
    ["/a/*/c", "/a/b/c/d"],
    ["/a/*/c/", "//a/b/c"],
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
    ["/a*a", "/a"],
    ["/*ab*ab*", "/ab"],
    ["/a*bc*c", "/abc"],
    ["/*b*", "/a"],
    ["/a*", "/ba"],
    ["/*a", "/ab"],
    ["/a*b*c", "/acb"],
    ["/a/b", "/a"],
    ["/a/b", "/a/c"],
    ["/b/b", "/a/b"],
  ])("%s does not cover %s", (pattern, path) => {
    expect(covers(pattern, path)).toBe(false);
  });
});
