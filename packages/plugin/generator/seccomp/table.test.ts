import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { POLICY_NAMES } from "../../src/seccomp/document.ts";
import { parseAlternatives, type Alternative } from "./cell.ts";
import { documentOf } from "./document.ts";
import { parseTable, readTable } from "./table.ts";

const rows = readTable();
const byCall = new Map(rows.map((row) => [row.call, row]));

/** Lists of others: the original's against moby's default profile cd3bed8 (2026-06). */
function fixture(name: string): string[][] {
  const text = readFileSync(new URL(`fixtures/${name}.tsv`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"));
}

const original = fixture("runtime-default");
const mobyOnly = fixture("moby-only");
const MOBY_COLUMN = { original: 6, mobyOnly: 2 };
const moby: [call: string, cell: string][] = [
  ...original.map((cells): [string, string] => [cells[0] ?? "", cells[MOBY_COLUMN.original] ?? ""]),
  ...mobyOnly.map((cells): [string, string] => [cells[0] ?? "", cells[MOBY_COLUMN.mobyOnly] ?? ""]),
];

/** Of what moby has there only for other architectures than ours, nothing remains. */
const OTHER_ARCHITECTURES = /^(?:not-)?arch (?:s390\|s390x|ppc64le|riscv64)/;

/** What moby says of a call, in the words of our table. */
function mobyCell(text: string): string {
  if (text === "allow (unconditional)") return "allow";
  if (text === "absent (denied)") return "deny";
  const terms = text.split("; ").filter((term) => !OTHER_ARCHITECTURES.test(term));
  const capabilities = terms.flatMap((term) => /^if CAP_(\w+)$/.exec(term)?.[1] ?? []);
  const alternatives = terms.flatMap((term) => {
    if (term.startsWith("if CAP_")) return [];
    return `allow if ${term}`
      .replace(/^allow if SCMP_ACT_ERRNO errno=38, unless CAP_(\w+)$/, "ENOSYS if no cap $1")
      .replace(/^allow if unless CAP_SYS_ADMIN, not-arch s390\|s390x, \((.*)\) == 0$/, "allow if $1 == 0")
      .replace(/kernel>=/, "kernel ")
      .replace(/arch amd64\|x32(?:\|x86)?$/, "arch x86_64,x86,x32")
      .replace(/arch arm\|arm64$/, "arch aarch64,arm");
  });
  if (capabilities.length > 0) alternatives.push(`allow if cap ${capabilities.join(" or ")}`);
  return alternatives.length === 0 ? "deny" : alternatives.join("; ");
}

function sorted(alternatives: readonly Alternative[]): string[] {
  return alternatives
    .map((each) => JSON.stringify(each, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)))
    .toSorted();
}

describe("runtime-default is moby's default profile", () => {
  // moby allowed families above 40 by `arg0 > 40` then, and names them since v0.2.4, as we do.
  test.each(moby.filter(([call]) => call !== "socket"))("%s: %s", (call, cell) => {
    expect(sorted(byCall.get(call)?.policies["runtime-default"] ?? [])).toEqual(
      sorted(parseAlternatives(mobyCell(cell))),
    );
  });

  test("socket: families up to AF_MCTP but AF_ALG and AF_VSOCK, compared with all bits", () => {
    expect(byCall.get("socket")?.policies["runtime-default"]).toEqual(
      parseAlternatives("allow if arg0 < 38; allow if arg0 == 39; allow if arg0 in 41-45"),
    );
  });

  test("what moby does not know is refused", () => {
    const known = new Set(moby.map(([call]) => call));
    const extra = rows.filter(({ call }) => !known.has(call));
    expect(extra.map(({ call }) => call)).toEqual([
      "add_key",
      "kexec_file_load",
      "kexec_load",
      "keyctl",
      "open_tree_attr",
      "request_key",
      "userfaultfd",
    ]);
    for (const { policies, reason } of extra) {
      expect(policies["runtime-default"]).toEqual([]);
      expect(reason).not.toBe("-");
    }
  });
});

describe("the original's lists", () => {
  test.each([
    ["original-runtime-default", 3, 333],
    ["original-restricted", 4, 327],
  ] as const)("%s", (policy, column, count) => {
    const allowed = original.filter((cells) => cells[column] === "SCMP_ACT_ALLOW").map(([call]) => call);
    expect(allowed).toHaveLength(count);
    const { rules, architectures } = documentOf(policy, rows);
    expect(rules).toEqual([
      { names: allowed.toSorted((left = "", right = "") => (left < right ? -1 : 1)), action: "allow" },
    ]);
    expect(architectures["x86_64"]).toEqual(["x86_64"]);
  });
});

describe("restricted", () => {
  test.each(
    (
      "io_uring_setup io_uring_enter io_uring_register ptrace seccomp pidfd_getfd process_madvise keyctl userfaultfd " +
      "bpf mount kexec_load init_module setns unshare process_vm_readv process_vm_writev kcmp perf_event_open"
    ).split(" "),
  )("refuses %s whatever the capabilities", (call) => {
    expect(byCall.get(call)?.policies.restricted).toEqual([]);
    expect(byCall.get(call)?.reason).not.toBe("-");
  });

  test.each(["clone3", "socketcall"])("answers ENOSYS to %s, whose arguments no filter sees", (call) => {
    expect(byCall.get(call)?.policies.restricted).toEqual(parseAlternatives("ENOSYS"));
  });

  const tightened = rows.filter(
    ({ policies }) => sorted(policies.restricted).join() !== sorted(policies["runtime-default"]).join(),
  );
  test.each(tightened.map(({ call, reason }) => [call, reason]))(
    "the table says why it tightens %s",
    (_call, reason) => {
      expect(reason).toMatch(/(?:^|\. )restricted: \w/);
    },
  );
});

test("where moby or the original knows a call that we leave out, the table says why", () => {
  const refused = moby.filter(([call]) => byCall.get(call)?.policies["runtime-default"].length === 0);
  expect(refused).toHaveLength(15);
  expect(refused.filter(([call]) => byCall.get(call)?.reason === "-")).toEqual([]);
});

test("rules of one call that disagree exclude each other", () => {
  const disagreeing = rows.flatMap(({ call, policies }) =>
    POLICY_NAMES.filter((policy) => new Set(policies[policy].map(({ errno }) => errno)).size > 1).map(
      (policy) => `${policy} ${call}`,
    ),
  );
  expect(disagreeing).toEqual(["runtime-default clone3"]);
});

describe("what is no table", () => {
  const header = ["call", ...POLICY_NAMES, "reason"].join("\t");
  test.each([
    ["another header", "call\treason\n"],
    ["a missing cell", `${header}\nread\tallow\tsame\tallow\tallow\n`],
    ["a call twice", `${header}\n${"read\tallow\tsame\tallow\tallow\t-\n".repeat(2)}`],
    ["an unknown action", `${header}\nread\tEACCES\tsame\tallow\tallow\t-\n`],
    ["an unknown condition", `${header}\nread\tallow if root\tsame\tallow\tallow\t-\n`],
    ["one argument twice", `${header}\nread\tallow if arg0 > 1 and arg0 < 3\tsame\tallow\tallow\t-\n`],
  ])("%s", (_what, text) => {
    expect(() => parseTable(text)).toThrow("seccomp/calls.tsv");
  });
});
