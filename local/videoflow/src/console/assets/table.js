// A table of which only what is seen exists: it takes as many rows as there are.

import { h } from "./dom.js";

/** Rows beyond the edges that exist all the same, so that scrolling shows no gap. */
const SPARE = 12;

/**
 * `columns` are { title, width, cell(row) }, `height` that of a row in pixels.
 * `more()` is called when the end comes near. Answers the element and `set(rows, total)`.
 */
export function table({ label, columns, height = 40, more, empty = "Nothing." }) {
  let rows = [], asked = false, begun = -1, ended = -1;
  const template = columns.map((column) => column.width ?? "minmax(0, 1fr)").join(" ");
  const line = (cells, properties, role) => h("div", { role: "row", class: "line", style: { gridTemplateColumns: template }, ...properties },
    columns.map((column, at) => h("div", { role, class: column.class ?? null, "data-title": column.title }, cells[at])));
  const space = h("div", { class: "space", role: "rowgroup" });
  const body = h("div", { class: "body" }, space);
  const head = h("div", { role: "rowgroup", class: "head" }, line(columns.map((column) => column.title), { "aria-rowindex": 1 }, "columnheader"));
  const nothing = h("p", { class: "quiet nothing" }, empty);
  const inner = h("div", { role: "table", "aria-label": label, class: "inner" }, head, body);
  const element = h("div", { class: "table", tabindex: "0", role: "region", "aria-label": `${label}: scrolls` }, inner, nothing);

  const draw = (isForced) => {
    const seen = Math.ceil((element.clientHeight || 600) / height);
    const from = Math.max(0, Math.floor(element.scrollTop / height) - SPARE);
    const to = Math.min(rows.length, from + seen + 2 * SPARE);
    if (!isForced && from === begun && to === ended) return;
    [begun, ended] = [from, to];
    const focused = space.contains(document.activeElement) ? document.activeElement.closest(".line")?.getAttribute("aria-rowindex") : null;
    space.replaceChildren(...rows.slice(from, to).map((row, at) =>
      line(columns.map((column) => column.cell(row)), { "aria-rowindex": from + at + 2, style: { gridTemplateColumns: template, height: `${height}px` } }, "cell")));
    space.style.transform = `translateY(${from * height}px)`;
    if (focused) space.querySelector(`[aria-rowindex="${focused}"] :is(a, button)`)?.focus({ preventScroll: true });
    if (more && !asked && to > rows.length - 3 * SPARE) {
      asked = true;
      more();
    }
  };
  element.addEventListener("scroll", () => requestAnimationFrame(() => draw(false)), { passive: true });
  return {
    element,
    set(now, total) {
      rows = now;
      asked = false;
      inner.setAttribute("aria-rowcount", total === undefined ? -1 : total + 1);
      body.style.height = `${rows.length * height}px`;
      nothing.hidden = rows.length > 0;
      requestAnimationFrame(() => draw(true));
    },
  };
}
