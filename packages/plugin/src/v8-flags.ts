/** What V8 is told once the plugin runs; the flags are V8's own (`node --v8-options`). */
export const V8_FLAGS: readonly string[] = [
  // V8's optimizing compilers wait for some hundred or thousand calls of a function, and for 500 more whenever it met something
  // new: they are at work for the first 3,000 creates of a burst, on a processor that the answers need. With what is
  // rehearsed in the burst's pauses (rehearsals.ts), TurboFan alone is done before the 1,000th. For Maglev, the other one,
  // 200 functions would wait at once with 30 KB each, which malloc keeps: 5 MiB more at rest.
  "--no-maglev",
  "--invocation-count-for-turbofan=100",
  "--minimum-invocations-after-ic-update=50",
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
