/** JSON as profiles are written: comments and trailing commas as nono allows them, but no key twice. */
import { type Node, type ParseError, parseTree, printParseErrorCode, visit } from "jsonc-parser";
import { ProfileError, type ProfileErrorCode } from "../errors.ts";

/** Far deeper than any profile; the parser recurses, so its stack is protected before it starts. */
const maxDepth = 64;

/**
 * Reads `text`. `where` names the file in messages.
 * @throws {ProfileError} for anything that is not JSON, or has a key twice in one object.
 */
export function parseProfileJson(text: string, where: string): unknown {
  const fail = (code: ProfileErrorCode, offset: number, message: string): never => {
    throw new ProfileError([{ code, where: `${where}:${position(text, offset)}`, message }]);
  };
  checkDepth(text, (offset) => fail("KF_PROFILE_SYNTAX", offset, `nested more than ${maxDepth} deep`));
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const error = errors[0];
  if (error) return fail("KF_PROFILE_SYNTAX", error.offset, describe(error));
  if (!root) return fail("KF_PROFILE_SYNTAX", 0, "the file is empty");
  return toValue(root, fail);
}

function toValue(node: Node, fail: (code: ProfileErrorCode, offset: number, message: string) => never): unknown {
  if (node.type === "array") return (node.children ?? []).map((child) => toValue(child, fail));
  if (node.type !== "object") return node.value;
  const entries = new Map<string, unknown>();
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? [];
    const key: unknown = keyNode?.value;
    if (typeof key !== "string" || !valueNode)
      return fail("KF_PROFILE_SYNTAX", property.offset, "a key without a value");
    if (entries.has(key))
      return fail("KF_PROFILE_DUPLICATE_KEY", property.offset, `the key "${key}" stands here again`);
    if (key === "__proto__") return fail("KF_PROFILE_UNKNOWN_KEY", property.offset, `no profile has the key "${key}"`);
    entries.set(key, toValue(valueNode, fail));
  }
  return Object.fromEntries(entries);
}

function checkDepth(text: string, fail: (offset: number) => never): void {
  let depth = 0;
  const enter = (offset: number): void => {
    depth += 1;
    if (depth > maxDepth) fail(offset);
  };
  const leave = (): void => {
    depth -= 1;
  };
  visit(text, { onObjectBegin: enter, onArrayBegin: enter, onObjectEnd: leave, onArrayEnd: leave });
}

/** "ValueExpected" becomes "value expected". */
function describe(error: ParseError): string {
  return printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}

/** line:column, counted from 1. */
function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `${before.split("\n").length}:${offset - before.lastIndexOf("\n")}`;
}
