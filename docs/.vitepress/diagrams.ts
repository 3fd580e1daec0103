/** Mermaid blocks become SVG when the site is built, in the colours of the theme; the reader's browser runs no code for it. */
import { renderMermaidSVG } from "beautiful-mermaid";

/** The block as HTML for a Vue template. */
export function renderDiagram(source: string): string {
  const svg = renderMermaidSVG(source, { transparent: true, font: "inherit" })
    .replace(/^\s*@import .*$/m, "") // a font from somebody's server
    .replace(
      /style="--bg:[^"]*"/,
      'style="--bg:var(--vp-c-bg);--fg:var(--vp-c-text-1);--accent:var(--vp-c-brand-1);--line:var(--vp-c-text-3);--border:var(--vp-c-text-3);--surface:var(--vp-c-bg-soft)"',
    );
  // v-html, because a template may hold no <style>, and braces in it would be expressions.
  const attribute = JSON.stringify(svg).replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<div class="diagram" role="img" v-html="${attribute}"></div>\n`;
}
