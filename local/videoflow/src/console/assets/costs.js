// What the jobs cost: predicted and paid, by day, by line of the bill, by profile.

import { get } from "./api.js";
import { h, s } from "./dom.js";
import { count, money, plural } from "./format.js";

const HEIGHT = 180, GAP = 12;

/** Bars of the days, predicted beside paid; the table below says the same. */
function chart(days) {
  const most = Math.max(...days.map((day) => Math.max(day.predictedUsd, day.actualUsd)), 1e-9);
  const bar = days.length > 12 ? 13 : 28;
  const size = (value) => (value / most) * HEIGHT;
  const bars = days.map((day, at) => {
    const x = at * (2 * bar + GAP);
    const [predicted, actual] = [size(day.predictedUsd), size(day.actualUsd)];
    return [s("rect", { class: "predicted", x, y: HEIGHT - predicted, width: bar, height: predicted, rx: 3 }), s("rect", { class: "actual", x: x + bar + 1, y: HEIGHT - actual, width: bar, height: actual, rx: 3 }),
      s("text", { x: x + bar, y: HEIGHT + 18, "text-anchor": "middle" }, day.day.slice(5))];
  });
  const width = days.length * (2 * bar + GAP);
  return h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Costs by day; the table says the same" },
    s("svg", { class: "days", viewBox: `-4 -8 ${width + 8} ${HEIGHT + 34}`, width: width + 8, height: HEIGHT + 34, "aria-hidden": "true" }, s("line", { x1: -4, x2: width, y1: HEIGHT, y2: HEIGHT }), bars));
}

function rows(titles, list, cells, caption) {
  return h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": caption }, h("table", { class: "large" }, h("caption", {}, caption), h("thead", {}, h("tr", {}, titles.map((title, at) => h("th", { scope: "col", class: at ? "number" : null }, title)))),
    h("tbody", {}, list.map((one) => h("tr", {}, cells(one).map((cell, at) => (at ? h("td", { class: "number" }, cell) : h("th", { scope: "row" }, cell))))))));
}

function drift(sums) {
  if (!sums.predictedOfKnownUsd) return "–";
  const percent = (sums.actualUsd / sums.predictedOfKnownUsd - 1) * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`;
}

export async function costsPage(signal) {
  const costs = await get("/api/costs", signal);
  const { total, days, profiles, lines, bills } = costs;
  const bill = lines.reduce((sum, line) => sum + line.usd, 0);
  const sums = (title, of) => [title, count(of.jobs), money(of.predictedUsd), money(of.actualUsd), drift(of)];
  const titles = (first) => [first, "Jobs", "Predicted", "Paid", "Paid against predicted"];
  return h("div", { class: "costs-page" }, h("h1", {}, "Costs"),
    h("p", { class: "quiet" }, `${plural(total.jobs, "job")} of the last 30 days. A prediction is made before the first paid call; what was paid is known at the end.`, !costs.isWhole && " There are more jobs than were added up."),
    h("ul", { class: "sums big" }, h("li", {}, h("b", {}, money(total.predictedUsd)), " predicted"), h("li", {}, h("b", {}, money(total.actualUsd)), " paid"), h("li", {}, h("b", {}, drift(total)), " paid against predicted")),
    days.length > 0 && h("section", {}, h("p", { class: "legend" }, h("i", { class: "bar predicted" }), "predicted ", h("i", { class: "bar actual" }), "paid"), chart(days), rows(titles("Day"), [...days].reverse(), (day) => sums(day.day, day), "By day")),
    lines.length > 0 && h("section", {}, rows(["Line of the bill", "Quantity", "Price", "Part"], lines, (line) => [`${line.service}, ${line.unit}`, count(Math.round(line.quantity * 100) / 100), money(line.usd), bill ? `${((line.usd / bill) * 100).toFixed(1)} %` : "–"], `By line, of the last ${plural(bills, "published job")}`)),
    profiles.length > 0 && h("section", {}, rows(titles("Profile"), profiles, (one) => sums(one.profile, one), "By profile")));
}
