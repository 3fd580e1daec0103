// Checks that every crate that native/ builds has a licence we may ship under Apache-2.0. Runs offline; advisories
// need the RustSec database, so they are looked up where `cargo audit` is installed and can reach it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

interface Crate {
  name: string;
  version: string;
  license: string | null;
}

const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

/** What crates say in a file of theirs instead of in a field: read there, by hand. */
const fromFile = new Map([["regorus 0.2.8", "MIT"]]);

/** True when an SPDX expression can be satisfied by what is allowed. Knows OR, AND and parentheses around them. */
function isAllowed(expression: string): boolean {
  const flat = expression.replaceAll("/", " OR ").replaceAll(/[()]/g, "");
  // In every expression that crates use, AND joins what all has to be allowed.
  return flat.split(" AND ").every((part) => part.split(" OR ").some((licence) => allowed.has(licence.trim())));
}

const manifest = join(import.meta.dirname, "../native/Cargo.toml");
const metadata = execFileSync("cargo", ["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest], {
  encoding: "utf8",
  maxBuffer: 64 << 20,
});
const { packages }: { packages: Crate[] } = JSON.parse(metadata);
const licenceOf = ({ name, version, license }: Crate): string | undefined =>
  license ?? fromFile.get(`${name} ${version}`);
const refused = packages.filter((crate) => !isAllowed(licenceOf(crate) ?? "missing"));
for (const { name, version, license } of refused) {
  console.error(`${name} ${version}: licence ${license ?? "missing"} is not in tools/check-rust-licences.ts`);
}
process.exitCode = refused.length > 0 ? 1 : 0;
