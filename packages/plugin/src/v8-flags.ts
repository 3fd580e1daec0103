/** What V8 is told once the plugin runs; the flags are V8's own (`node --v8-options`). */
export const V8_FLAGS: readonly string[] = [
  // By default Maglev, the compiler that makes the first fast code, waits for 400 calls of a function, and for 500 more
  // whenever the function met something new: it then takes a processor from the answers of a burst that is well under way.
  "--invocation-count-for-maglev=50",
  "--minimum-invocations-after-ic-update=10",
  // All functions of an answer are due together then, and each waits with 30 KB, which the thread that compiles would give
  // back only when it has nothing left to compile: 6 MiB more by then, and malloc keeps them.
  "--no-maglev-destroy-on-background",
  // --v8-options names this as the default, but without the flag a create takes longer and the compilers less memory
  // (Node 24.21; why was not found): TurboFan, whose code leaves half the garbage, seems to come later then.
  "--invocation-count-for-turbofan=3000",
  // The young generation begins with 2 MiB and stays there on a quiet node. The first burst has it grow to 8 MiB at once,
  // not in two steps of which the second takes twice as many containers.
  "--semi-space-growth-factor=8",
];

/** For after the start, when nobody waits: the module of Node that sets them takes 2 ms to load. */
export function setV8Flags(): void {
  setFlags(V8_FLAGS);
}

/** On the command line they would keep Node from using its code cache, which takes longer. */
export function setFlags(flags: readonly string[]): void {
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of flags) setFlagsFromString(flag);
}
