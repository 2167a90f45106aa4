// When what worked and what waited.

import { h, icon, look } from "./dom.js";
import { duration } from "./format.js";
import { rows } from "./story.js";

/** Stretches that lie closer than this part of the whole are drawn as one: a poll of hours has thousands. */
const FINEST = 1 / 1500;

function merged(stretches, from, span) {
  const found = [];
  for (const one of [...stretches].sort((left, right) => left.from - right.from)) {
    const before = found[found.length - 1];
    if (before && before.kind === one.kind && (one.from - before.to) / span < FINEST) before.to = Math.max(before.to, one.to);
    else found.push({ ...one });
  }
  return found.map((one) => ({ ...one, left: (one.from - from) / span, width: Math.max((one.to - one.from) / span, FINEST) }));
}

/** Places of about six lines, at round times. */
function ticks(span) {
  const sizes = [10, 50, 100, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 300000, 600000, 1800000, 3600000, 7200000, 21600000, 43200000, 86400000];
  const size = sizes.find((one) => span / one <= 6) ?? 86400000 * Math.ceil(span / 86400000 / 6);
  return Array.from({ length: Math.floor(span / size) + 1 }, (_, at) => at * size);
}

function total(stretches, kinds) {
  return stretches.filter((one) => kinds.includes(one.kind)).reduce((sum, one) => sum + one.to - one.from, 0);
}

function bars(row, from, span) {
  const worked = total(row.stretches, ["worked", "failed"]), waited = total(row.stretches, ["waited"]);
  const label = row.kind === "execution" ? duration(row.stretches[0].to - row.stretches[0].from)
    : [worked && `worked ${duration(worked)}`, waited && `waited ${duration(waited)}`].filter(Boolean).join(", ") || "its parts worked";
  const all = merged(row.stretches, from, span).map((one) => {
    const bar = h("i", { class: `bar ${one.kind} ${look(row.status).tone}` });
    Object.assign(bar.style, { left: `${one.left * 100}%`, width: `${one.width * 100}%` });
    return bar;
  });
  return h("span", { class: "track", title: `${row.name}: ${label}` }, ...all, h("span", { class: "unseen" }, label));
}

/** The chart. `select(machine, state)` is called for what is chosen; `open` names the machines whose states are shown. */
export function gantt(story, select, open) {
  const all = rows(story).filter((row) => row.stretches.length);
  const from = Math.min(...all.map((row) => row.stretches[0].from));
  const span = Math.max(1, Math.max(...all.flatMap((row) => row.stretches.map((one) => one.to))) - from);
  const axis = h("div", { class: "axis", "aria-hidden": "true" }, ticks(span).map((at) => h("span", { style: { left: `${(at / span) * 100}%` } }, at ? duration(at) : "0")));
  const body = h("div", { class: "rows" });
  const isOpen = new Set(open);
  const draw = () => {
    const shown = all.filter((row) => row.kind === "execution" || isOpen.has(row.execution.arn));
    body.replaceChildren(...shown.map((row) => {
      const isHead = row.kind === "execution";
      const act = isHead
        ? { "aria-expanded": String(isOpen.has(row.execution.arn)), onclick: () => { isOpen.has(row.execution.arn) ? isOpen.delete(row.execution.arn) : isOpen.add(row.execution.arn); draw(); } }
        : { onclick: () => select(row.execution.machine, row.name, row.states[row.states.length - 1]) };
      return h("div", { class: `row ${row.kind}` },
        h("button", { type: "button", class: "label", style: { paddingInlineStart: `${row.depth * 0.9 + 0.3}rem` }, ...act }, icon(row.status), h("span", {}, row.name), row.states?.length > 1 && h("small", {}, `×${row.states.length}`)),
        bars(row, from, span));
    }));
  };
  draw();
  const legend = h("p", { class: "legend" }, h("i", { class: "bar worked ok" }), "worked ", h("i", { class: "bar waited" }), "waited, at no cost ", h("i", { class: "bar delegated" }), "its parts worked ", h("i", { class: "bar failed bad" }), "failed");
  return h("div", { class: "gantt" }, legend, h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Time chart" }, h("div", { class: "chart" }, axis, body)));
}
