/** Fails when src/schema/generated is not what `npm run generate` would write. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GENERATED = join("src", "schema", "generated");
const scratch = mkdtempSync(join(tmpdir(), "nri-generate-"));
try {
  execFileSync("buf", ["generate", "--output", scratch], { stdio: ["ignore", "inherit", "inherit"] });
  const wanted = contents(join(scratch, GENERATED));
  const present = contents(GENERATED);
  const names = new Set([...wanted.keys(), ...present.keys()]);
  const stale = [...names].filter((name) => wanted.get(name) !== present.get(name));
  if (stale.length > 0) {
    console.error(`${GENERATED} is not up to date (${stale.join(", ")}); run: npm run generate -w packages/nri`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true });
}

function contents(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(directory.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
