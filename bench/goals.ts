/** What a figure should be at most. Benchmarks report goals and never fail over them. */
export interface Goal {
  readonly figure: string;
  readonly atMost: number;
  readonly words: string;
}

/** The project's goals by figure, all of them compared within one run. */
export const goals: readonly Goal[] = [
  { figure: "create_p50_ratio", atMost: 0.6, words: "at most 0.6 of the Go plugin's" },
  { figure: "create_p99_ratio", atMost: 0.6, words: "at most 0.6 of the Go plugin's" },
  { figure: "seccomp_added_us", atMost: 30, words: "at most 30 µs" },
  { figure: "private_mib_idle", atMost: 12, words: "at most 12 MiB" },
  { figure: "private_mib_after_10k", atMost: 18, words: "at most 18 MiB" },
  { figure: "resident_over_node_mib", atMost: 6, words: "at most 6 MiB over bare Node" },
  { figure: "start_over_node_ms", atMost: 40, words: "at most 40 ms over bare Node" },
  { figure: "launcher_over_c_ms", atMost: 0.5, words: "at most 0.5 ms over the C program" },
  { figure: "launcher_bytes", atMost: 1e6, words: "at most 1 MB" },
  { figure: "runtime_create_added_ms", atMost: 2, words: "at most 2 ms over runc alone" },
  { figure: "runtime_exec_added_ms", atMost: 2, words: "at most 2 ms over runc alone" },
];
