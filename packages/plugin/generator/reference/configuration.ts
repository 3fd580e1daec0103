import { keys } from "../../src/config/keys.ts";
import { code, table } from "./table.ts";

export function configurationKeys(): string {
  return table(
    ["key", "type", "required", "default", "meaning"],
    Object.entries(keys).map(([name, { type, required, initial, help }]) => [
      code(name),
      type,
      required,
      required === "yes" || initial === undefined ? "" : code(JSON.stringify(initial)),
      help,
    ]),
  );
}
