/** What instances of the plugin on one node say to each other, one line each, over a socket of the older one. */

/** A newer instance is about to answer for containers: close your connection to the runtime. */
export const RETIRE = "retire\n";
/** It is closed, and the runtime has seen that. */
export const RETIRED = "retired\n";
/** Longer than any line. */
export const MAX_LINE_BYTES = 64;

/** Ends the name of an instance's socket. */
export const SOCKET_SUFFIX = ".sock";
