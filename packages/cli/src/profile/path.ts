/**
 * Paths as profiles spell them, turned into what a manifest may hold: absolute and clean, or beginning with $HOME or
 * $WORKDIR; $UID anywhere; `*` within one component. Nothing is resolved: the launcher does that inside the container.
 */
import type { ProfileErrorCode } from "../errors.ts";

/** Longest path that the kernel takes (PATH_MAX without the final NUL), in bytes. */
const maxPathBytes = 4095;

/** What begins a path and stands for a place. Values that begin with $HOME are the defaults of the XDG specification. */
const leadingVariables: ReadonlyMap<string, string> = new Map([
  ["HOME", "$HOME"],
  ["WORKDIR", "$WORKDIR"],
  // Nothing of the container's environment is read, so TMPDIR is what it is when unset.
  ["TMPDIR", "/tmp"],
  ["XDG_CONFIG_HOME", "$HOME/.config"],
  ["XDG_CACHE_HOME", "$HOME/.cache"],
  ["XDG_DATA_HOME", "$HOME/.local/share"],
  ["XDG_STATE_HOME", "$HOME/.local/state"],
]);

const variableHints: ReadonlyMap<string, string> = new Map([
  ["XDG_RUNTIME_DIR", "it has no default; write /run/user/$UID"],
  ["NONO_CONFIG", "nono's own directories do not exist in containers; remove the path"],
  ["NONO_PACKAGES", "nono's own directories do not exist in containers; remove the path"],
]);

/** A path for a manifest, or what is wrong with the text. */
export type ParsedPath =
  | { readonly path: string }
  | { readonly code: ProfileErrorCode; readonly message: string; readonly hint?: string | undefined };

/** How a path is used: files may not have wildcards in nono's format, and the places that are refused differ. */
export type PathUse = "grant" | "file" | "exception";

/** Reads one path of a profile. */
export function parsePath(text: string, use: PathUse): ParsedPath {
  if (new TextEncoder().encode(text).length > maxPathBytes) {
    return { code: "KF_PROFILE_PATH", message: `a path of more than ${maxPathBytes} bytes`, hint: "shorten it" };
  }
  // Control characters would break the one line of a message; a lone surrogate has no bytes in UTF-8.
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) {
    return { code: "KF_PROFILE_PATH", message: `${JSON.stringify(text)} has characters that no path may have` };
  }
  const replaced = replaceVariables(text);
  if ("code" in replaced) return replaced;
  const cleaned = clean(replaced.path, text);
  if ("code" in cleaned) return cleaned;
  return checkWildcards(cleaned.path, text, use) ?? checkPlace(cleaned.path, text, use) ?? cleaned;
}

function replaceVariables(text: string): ParsedPath {
  const tilde = /^~([^/]*)/.exec(text);
  if (tilde && tilde[1] !== "") {
    return { code: "KF_PROFILE_VARIABLE", message: `${text} names another user's home, which cannot be looked up` };
  }
  const spelled = tilde ? `$HOME${text.slice(1)}` : text;
  for (const match of spelled.matchAll(/\$([A-Za-z0-9_]*)/g)) {
    const name = match[1] ?? "";
    if (name === "UID") continue;
    const atStart = match.index === 0 && /^(\/|$)/.test(spelled.slice(match[0].length));
    if (leadingVariables.has(name) && atStart) continue;
    const message = leadingVariables.has(name)
      ? `$${name} in ${text} is not the first component`
      : `${text} has the unknown variable $${name}`;
    return { code: "KF_PROFILE_VARIABLE", message, hint: variableHints.get(name) };
  }
  const first = /^\$([A-Z_]+)/.exec(spelled);
  const value = first && leadingVariables.get(first[1] ?? "");
  return { path: first && value ? value + spelled.slice(first[0].length) : spelled };
}

function clean(path: string, text: string): ParsedPath {
  if (!/^(\/|\$HOME(\/|$)|\$WORKDIR(\/|$))/.test(path)) {
    return {
      code: "KF_PROFILE_PATH",
      message: `${text === "" ? "the empty path" : text} is not absolute`,
      hint: text === "" ? "remove it" : `write $WORKDIR/${text.replace(/^\.\//, "")} if the working directory is meant`,
    };
  }
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) return { code: "KF_PROFILE_PATH", message: `${text} climbs with ..` };
  return { path: path.startsWith("/") ? `/${components.join("/")}` : components.join("/") };
}

function checkWildcards(path: string, text: string, use: PathUse): ParsedPath | undefined {
  const code = "KF_PROFILE_PATTERN";
  if (path.includes("**")) {
    return { code, message: `${text} has the wildcard **`, hint: "a directory is always meant with everything in it" };
  }
  // nono refuses these too. Taken literally, an exception for `key?.pem` would silently protect nothing.
  if (/[?[\]]/.test(path)) return { code, message: `${text} has one of ? [ ], which are no wildcards here` };
  if (use === "file" && path.includes("*")) {
    return {
      code,
      message: `${text} has a wildcard, but names one file`,
      hint: "use read, write or allow for patterns",
    };
  }
  return undefined;
}

function checkPlace(path: string, text: string, use: PathUse): ParsedPath | undefined {
  const code = "KF_PROFILE_FORBIDDEN";
  const first = /^\/([^/]+)/.exec(path)?.[1];
  if (first !== undefined && matchesComponent(first, "nono")) {
    const message =
      use === "exception"
        ? `${text} covers /nono, and the launcher there must run under every profile`
        : `${text} reaches into /nono, where the launcher and the profiles are`;
    return { code, message };
  }
  if (use === "exception" && path === "/") {
    return { code, message: "the exception / would close everything", hint: "leave the grants out instead" };
  }
  return undefined;
}

/** The spellings of a path below a home: this user's, root's, everybody's. Other paths stand for themselves. */
export function homeSpellings(path: string): readonly string[] {
  if (path !== "$HOME" && !path.startsWith("$HOME/")) return [path];
  const rest = path.slice("$HOME".length);
  return [path, `/root${rest}`, `/home/*${rest}`];
}

/** True when `pattern` matches `path` itself or a directory above it. A `*` in `path` matches only `*` or more. */
export function covers(pattern: string, path: string): boolean {
  const above = pattern.split("/").filter(Boolean);
  const below = path.split("/").filter(Boolean);
  const rooted = pattern.startsWith("/") === path.startsWith("/");
  return rooted && above.length <= below.length && above.every((part, at) => matchesComponent(part, below[at] ?? ""));
}

function matchesComponent(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === name;
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > name.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}
