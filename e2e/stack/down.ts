import { existsSync } from "node:fs";
import { nodeDirectories } from "./directories.ts";
import { TestNode } from "./node.ts";
import { upNodeName } from "./up.ts";

if (existsSync(nodeDirectories(upNodeName).run)) {
  await TestNode.cleanUp(upNodeName);
  console.log("The node is down.");
} else {
  console.log("No node is up.");
}
