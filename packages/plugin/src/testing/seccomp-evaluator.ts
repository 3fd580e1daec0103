import type { LinuxSeccompArgInit, LinuxSeccompInit, LinuxSyscallInit } from "@kubefence/nri";

/** A system call as a filter sees it. */
export interface SampleCall {
  /** OCI name. */
  readonly architecture: string;
  readonly name: string;
  readonly args: readonly bigint[];
}

/** socketcall's first argument for the calls that it carries: linux/net.h. */
const SOCKETCALLS: Readonly<Record<string, bigint>> = { socket: 1n, bind: 2n, connect: 3n, sendto: 11n };

/** libseccomp always has the machine's own. */
const NATIVE = "SCMP_ARCH_X86_64";
const HALF_SIZE = ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM"];

/**
 * What runc and libseccomp make of a filter: `SCMP_ACT_…`, with the errno behind a blank. Written down a second time, on
 * purpose, from runc's matchCall and libseccomp's sources: it shares nothing with what it tests.
 * Throws where a filter's rules for the call have different actions, which nobody should rely on.
 */
export function evaluate(filter: LinuxSeccompInit, call: SampleCall): string {
  const known = call.architecture === NATIVE || filter.architectures?.includes(call.architecture) === true;
  if (!known) return "SCMP_ACT_KILL_THREAD";
  const fallback = answer(filter.defaultAction ?? "", undefined);
  const rules = (filter.syscalls ?? []).filter((rule) => answerOf(rule) !== fallback);
  const own = rules.filter(({ names }) => names?.includes(call.name));
  const unconditional = own.find(({ args = [] }) => args.length === 0);
  const carrying =
    call.name === "socketcall" && call.architecture === "SCMP_ARCH_X86" && unconditional === undefined
      ? rules.flatMap((rule) => (rule.names ?? []).flatMap((name) => carriedRule(rule, name)))
      : [];
  const matching = [...own, ...carrying];
  const actions = new Set(matching.map(answerOf));
  if (actions.size > 1) throw new Error(`rules of ${call.name} disagree`);
  return matching.some((rule) => matches(rule, call)) ? ([...actions][0] ?? fallback) : fallback;
}

/** The rule for socketcall that libseccomp makes of one for a call that it carries: the first argument says which. */
function carriedRule(rule: LinuxSyscallInit, name: string): LinuxSyscallInit[] {
  const value = SOCKETCALLS[name];
  if (value === undefined) return [];
  const number: LinuxSeccompArgInit = { index: 0, op: "SCMP_CMP_EQ", value };
  const { args = [] } = rule;
  const alternatives = args.length === 0 ? [[]] : isOr(args) ? args.map((argument) => [argument]) : [args];
  return alternatives.map((alternative) => ({
    ...rule,
    args: [number, ...alternative.filter(({ index = 0 }) => index !== 0)],
  }));
}

function answerOf({ action = "", errnoRet }: LinuxSyscallInit): string {
  return answer(action, errnoRet?.value);
}

function answer(action: string, errno: number | undefined): string {
  if (action === "SCMP_ACT_KILL") return "SCMP_ACT_KILL_THREAD";
  return action === "SCMP_ACT_ERRNO" ? `${action} ${errno ?? 1}` : action;
}

function matches({ args = [] }: LinuxSyscallInit, call: SampleCall): boolean {
  const met = args.map((argument) => isMet(argument, call));
  return isOr(args) ? met.includes(true) : !met.includes(false);
}

/** runc: two conditions on one argument make each condition a rule of its own. */
function isOr(args: readonly LinuxSeccompArgInit[]): boolean {
  return new Set(args.map(({ index }) => index ?? 0)).size < args.length;
}

function isMet({ index = 0, op, value = 0n, valueTwo = 0n }: LinuxSeccompArgInit, call: SampleCall): boolean {
  const bits = HALF_SIZE.includes(call.architecture) ? 32 : 64;
  const seen = (number: bigint | number): bigint => BigInt.asUintN(bits, BigInt(number));
  const argument = seen(call.args[index] ?? 0n);
  switch (op) {
    case "SCMP_CMP_EQ":
      return argument === seen(value);
    case "SCMP_CMP_NE":
      return argument !== seen(value);
    case "SCMP_CMP_LT":
      return argument < seen(value);
    case "SCMP_CMP_LE":
      return argument <= seen(value);
    case "SCMP_CMP_GT":
      return argument > seen(value);
    case "SCMP_CMP_GE":
      return argument >= seen(value);
    case "SCMP_CMP_MASKED_EQ":
      return (argument & seen(value)) === seen(valueTwo);
    case undefined:
    default:
      throw new Error(`no operator: ${op}`);
  }
}
