/** What V8 is told once the plugin runs; the flags are V8's own (`node --v8-options`). */
export const V8_FLAGS: readonly string[] = [
  // By default the optimizing compilers wait for 400 and 3,000 calls of a function, and take a processor from the answers
  // until some 3,000 containers were created; this way until some hundred.
  "--invocation-count-for-maglev=100",
  "--invocation-count-for-turbofan=200",
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
