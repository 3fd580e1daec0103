import { existsSync } from "node:fs";
import { Cluster } from "./cluster.ts";
import { clusterDirectories } from "./directories.ts";
import { upClusterName } from "./up.ts";

if (existsSync(clusterDirectories(upClusterName).run)) {
  await Cluster.cleanUp(upClusterName);
  console.log("The cluster is down.");
} else {
  console.log("No cluster is up.");
}
