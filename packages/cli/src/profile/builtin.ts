/** The profiles and groups that ship with Kubefence, from profiles/ of the repository. */
import apiClient from "../../../../profiles/api-client.json" with { type: "json" };
import claudeCode from "../../../../profiles/claude-code.json" with { type: "json" };
import codex from "../../../../profiles/codex.json" with { type: "json" };
import defaultProfile from "../../../../profiles/default.json" with { type: "json" };
import goDev from "../../../../profiles/go-dev.json" with { type: "json" };
import groups from "../../../../profiles/groups.json" with { type: "json" };
import javaDev from "../../../../profiles/java-dev.json" with { type: "json" };
import nodeDev from "../../../../profiles/node-dev.json" with { type: "json" };
import openclaw from "../../../../profiles/openclaw.json" with { type: "json" };
import opencode from "../../../../profiles/opencode.json" with { type: "json" };
import pythonDev from "../../../../profiles/python-dev.json" with { type: "json" };
import rustDev from "../../../../profiles/rust-dev.json" with { type: "json" };
import strict from "../../../../profiles/strict.json" with { type: "json" };
import swival from "../../../../profiles/swival.json" with { type: "json" };
import workspace from "../../../../profiles/workspace.json" with { type: "json" };
import { policyShelf, type Shelf } from "./library.ts";
import { checkPolicy } from "./schema.ts";

/** In the order in which they are shown. */
const profiles = {
  default: defaultProfile,
  workspace,
  strict,
  "api-client": apiClient,
  "python-dev": pythonDev,
  "node-dev": nodeDev,
  "go-dev": goDev,
  "rust-dev": rustDev,
  "java-dev": javaDev,
  "claude-code": claudeCode,
  codex,
  opencode,
  openclaw,
  swival,
};

/** Names of the built-in profiles. */
export const builtinNames: readonly string[] = Object.keys(profiles);

export const builtinShelf: Shelf = policyShelf(
  "built-in",
  checkPolicy({ ...groups, profiles }, "profiles/groups.json"),
);
