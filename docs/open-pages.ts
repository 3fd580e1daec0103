/**
 * Opens every page of the built site in a headless Chromium, in light and in dark, and fails if one logs an error, asks another
 * host for anything, or is wider than a phone. Pictures of some go to build/docs-pictures, to be looked at.
 *
 *   CHROMIUM=PATH     /usr/bin/chromium
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { serve } from "vitepress";

const root = join(import.meta.dirname, "..");
const pictures = join(root, "build", "docs-pictures");
const pictured =
  /^(?:index|guide\/.*|security|architecture|adr\/index|reference\/(?:attacks|errors|benchmarks))\.html$/;
const port = 4173;
const base = process.env["DOCS_BASE"] ?? "/kubefence/";

const faults: string[] = [];
const site = join(root, "build", "docs");
const html = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
mkdirSync(pictures, { recursive: true });
await serve({ root: import.meta.dirname, port, base });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

async function open(page: Page, name: string): Promise<void> {
  await page.goto(`http://localhost:${port}${base}${name.replace(/(?:index)?\.html$/, "")}`, { waitUntil: "load" });
  await page.locator("#app .VPContent, #app .NotFound").first().waitFor();
}

for (const scheme of ["light", "dark"] as const) {
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width: 1280, height: 900 } });
  let current = "";
  page.on("console", (message) => {
    if (message.type() === "error" && !current.startsWith("404")) faults.push(`${current}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${current}: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).hostname !== "localhost") faults.push(`${current}: asks ${request.url()}`);
  });
  for (const name of html) {
    current = name;
    if (scheme === "dark" && !pictured.test(name)) continue;
    await open(page, name);
    if (pictured.test(name))
      await page.screenshot({
        path: join(pictures, `${name.replaceAll("/", "-").replace(".html", "")}-${scheme}.png`),
        fullPage: true,
      });
  }
  await page.close();
}

const phone = await browser.newPage({ viewport: { width: 390, height: 844 } });
for (const name of html) {
  await open(phone, name);
  const width = Number(await phone.evaluate("document.documentElement.scrollWidth"));
  if (width > 390) faults.push(`${name}: ${width} pixels wide on a phone`);
}
await phone.screenshot({ path: join(pictures, "phone.png") });
await browser.close();
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${html.length} pages opened; pictures are in build/docs-pictures`);
process.exit(0); // VitePress's server has no end of its own
