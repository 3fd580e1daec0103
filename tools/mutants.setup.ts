import * as fc from "fast-check";

// One counterexample says enough of a mutant: a search for the smallest takes minutes. The seed makes two counts alike.
fc.configureGlobal({ endOnFailure: true, seed: 1 });
