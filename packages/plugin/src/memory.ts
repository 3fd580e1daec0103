import { setFlagsFromString } from "node:v8";

// The daemon has 12 MiB to itself, Node's own 8 included: collect the old generation early, and leave out the last of
// three compilers, whose work takes megabytes and, on the main thread, held up answers for 3 ms. Given on the command
// line they would cost more than they save: Node's code cache is for the default flags.
setFlagsFromString("--optimize-for-size");
setFlagsFromString("--no-turbofan");
