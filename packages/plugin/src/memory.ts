import { setFlagsFromString } from "node:v8";

// The daemon has 12 MiB to itself, Node's own 8 included. These two cost a new container's answer nothing that can be
// measured: collect the old generation early, and leave out the middle one of three compilers, whose work takes
// megabytes. Given on the command line they would cost more than they save: Node's code cache is for the default flags.
setFlagsFromString("--optimize-for-size");
setFlagsFromString("--no-maglev");
