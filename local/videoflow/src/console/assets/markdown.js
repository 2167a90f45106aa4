// The little of Markdown that the runbook uses: paragraphs, lists, code, bold, links (as text: a report goes nowhere).

import { h } from "./dom.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)/g;

function inline(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(at, match.index));
    if (match[1] !== undefined) parts.push(h("code", {}, match[1]));
    else if (match[2] !== undefined) parts.push(h("strong", {}, match[2]));
    else parts.push(match[3]);
    at = match.index + match[0].length;
  }
  return [...parts, text.slice(at)];
}

export function markdown(text) {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim());
  return h("div", { class: "markdown" }, blocks.map((block) => {
    if (/^```/.test(block)) return h("pre", { tabindex: "0", "aria-label": "Example" }, block.replace(/^```.*\n?|\n?```$/g, ""));
    if (/^\s*([-*]|\d+\.)\s/.test(block)) {
      const items = block.split(/\n(?=\s*(?:[-*]|\d+\.)\s)/).map((item) => h("li", {}, inline(item.replace(/^\s*([-*]|\d+\.)\s+/, "").replace(/\n\s*/g, " "))));
      return h(/^\s*\d/.test(block) ? "ol" : "ul", {}, items);
    }
    return h("p", {}, inline(block.replace(/^#+\s*/, "").replace(/\n/g, " ")));
  }));
}
