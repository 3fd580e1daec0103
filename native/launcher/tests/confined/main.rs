//! The launcher as a program, in roots of its own, on this kernel: the short form of what
//! `e2e/cases/launcher-*.test.ts` show at length, for `cargo test` and as the judge of mutants. Needs root (mount
//! namespaces), a kernel with Landlock, and a static busybox: `cargo test -- --include-ignored`.

mod commands;
mod connections;
mod enter;
mod files;
mod recorded;
mod refusals;
mod root;
mod seccomp;
mod start;
mod surroundings;
