/** Makes build/kubefence. */
import { bundle } from "./bundle.ts";
import { bundleFile } from "./repository.ts";

await bundle(bundleFile);
