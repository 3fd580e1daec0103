/** Rows of tables that begin with an error code get it as their anchor: reference/errors#PROFILE_NOT_INSTALLED. */
import type { MarkdownRenderer } from "vitepress";

export function codeAnchors(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("code-anchors", ({ tokens }) => {
    const seen = new Set<string>();
    tokens.forEach((token, index) => {
      const [cell, inline] = tokens.slice(index + 1, index + 3);
      if (token.type !== "tr_open" || cell?.type !== "td_open" || inline?.children?.length !== 1) return;
      const [code] = inline.children;
      // The same code of two programs: the first one on the page has the anchor.
      if (code?.type !== "code_inline" || !/^[A-Z][A-Z_]+$/.test(code.content) || seen.has(code.content)) return;
      seen.add(code.content);
      token.attrSet("id", code.content);
    });
  });
}
