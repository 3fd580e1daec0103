/**
 * The first lines of the bundle: a shell script and a program in one. A runtime launches plugins without arguments and
 * without PATH, so Node is looked for beside the file and in the usual places. For JavaScript these lines are strings
 * with comments.
 */
export const header: string = [
  "#!/bin/sh",
  ...[
    'file=$0; [ -h "$file" ] && file=$(readlink -f "$file")',
    // The daemon has 12 MiB to itself, of which Node takes 8: memory that the start has used goes back to the kernel.
    "export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_TOP_PAD_=4096 MALLOC_MMAP_THRESHOLD_=32768",
    // Files are few and small: two threads for them start sooner than libuv's four, and the start waits for that.
    "export UV_THREADPOOL_SIZE=2",
    // A young generation of twice 2 MiB, and of twice 8 in a burst: with 1 MiB, one answer in forty waits 0.2 ms for a
    // collection, with 8 it can wait for the next pause (src/memory.ts). One thread beside the main one, where Node has four.
    'flags="--min-semi-space-size=2 --max-semi-space-size=8 --v8-pool-size=1"',
    'for node in "${file%/*}/node" /usr/local/bin/node /usr/bin/node node; do command -v "$node" >/dev/null && exec "$node" $flags "$file" "$@"; done',
    'echo "nono-nri: node was not found beside $file, in /usr/local/bin, /usr/bin or PATH" >&2; exit 1',
  ].map((line) => `":" //; ${line}`),
].join("\n");
