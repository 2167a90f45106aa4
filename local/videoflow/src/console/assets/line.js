// The assembly line: jobs move through the stations while one looks.

import { announce, badge, h, icon, s } from "./dom.js";
import { ago, count, fileName, money, plural, shortId, when } from "./format.js";
import { get } from "./api.js";
import { dropPlace } from "./upload.js";
import { table } from "./table.js";

/** Jobs of a station that are drawn; a number says how many more there are. */
const DRAWN = 18;
const GLYPHS = {
  waiting: "M6 3h12M6 21h12M7 3c0 6 10 6 10 18M17 3c0 6-10 6-10 18", sanitize: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  preprocess: "M4 6h16v12H4zM8 6v12M16 6v12M4 10h4M4 14h4M16 10h4M16 14h4", labels: "M3 12l9-9h8v8l-9 9zM16 8h.01",
  speech: "M12 3v11M8 7v5M16 7v5M4 9v2M20 9v2M6 16c3 4 9 4 12 0", meaning: "M9 18h6M10 21h4M8 14a6 6 0 1 1 8 0c-1 1-1 2-1 3H9c0-1 0-2-1-3z",
  merge: "M5 4c0 8 7 6 7 16M19 4c0 8-7 6-7 16M9 17l3 3 3-3", publish: "M12 16V4M7 9l5-5 5 5M5 16v4h14v-4",
};

function label(job) {
  return `${job.key ? fileName(job.key) : shortId(job.jobId)}, ${job.isHeld ? "awaits a review" : `since ${ago(job.since)}`}`;
}

function station(one) {
  const crates = one.jobs.slice(0, DRAWN).map((job) => h("a", { class: `crate${job.isHeld ? " held" : ""}`, href: `#/jobs/${job.jobId}`, "data-job": job.jobId, title: label(job), "aria-label": label(job) }));
  const more = one.count - crates.length;
  return h("section", { class: `station${one.count ? " busy" : ""}`, "data-station": one.id, "aria-label": `${one.title}: ${plural(one.count, "job")}` },
    h("h2", {}, s("svg", { class: "glyph", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: GLYPHS[one.id] ?? "" })), one.title),
    h("p", { class: "figure" }, count(one.count), one.isLeast && "+"),
    h("div", { class: "crates" }, crates, more > 0 && h("span", { class: "more" }, `+${count(more)}`)));
}

function sums(line) {
  const of = (status) => line.counts[status] ?? { count: 0 };
  const flying = of("PROCESSING").count + of("AWAITING_REVIEW").count;
  const figure = (number, words, tone, href) => h("li", {}, h("a", { href }, h("b", { class: tone }, number), " ", words));
  const told = (status) => `${count(of(status).count)}${of(status).isLeast ? "+" : ""}`;
  return h("ul", { class: "sums" },
    figure(count(flying), "in flight", "run", "#/jobs//PROCESSING"), figure(told("QUEUED"), "waiting", "off", "#/jobs//QUEUED"),
    of("AWAITING_REVIEW").count > 0 && figure(told("AWAITING_REVIEW"), "to review", "caught", "#/jobs//AWAITING_REVIEW"),
    figure(told("PUBLISHED"), "published", "ok", "#/jobs//PUBLISHED"), figure(told("FAILED"), "failed", "bad", "#/failures"), figure(told("REJECTED"), "rejected", "off", "#/jobs//REJECTED"));
}

/** Where each drawn job is, for the next picture. */
function places(root) {
  return new Map([...root.querySelectorAll("[data-job]")].map((element) => [`${element.dataset.job}`, { station: element.closest("[data-station]").dataset.station, box: element.getBoundingClientRect() }]));
}

/** Lets jobs that changed their station move there. */
function move(root, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const element of root.querySelectorAll("[data-job]")) {
    const was = before.get(element.dataset.job);
    const to = element.getBoundingClientRect();
    if (!was) {
      element.animate([{ opacity: 0, transform: "scale(.2)" }, { opacity: 1, transform: "none" }], { duration: 450, easing: "ease-out" });
    } else if (Math.abs(was.box.left - to.left) + Math.abs(was.box.top - to.top) > 2) {
      const by = `translate(${was.box.left - to.left}px, ${was.box.top - to.top}px)`;
      element.animate([{ transform: by }, { transform: "none" }], { duration: was.station === element.closest("[data-station]").dataset.station ? 300 : 900, easing: "cubic-bezier(.4,0,.2,1)" });
    }
  }
}

/** The jobs at the stations, once each, with all stations they are at: the table below the line. */
function flights(line) {
  const found = new Map();
  for (const one of line.stations.filter((other) => other.machine)) {
    for (const job of one.jobs) {
      const known = found.get(job.jobId);
      found.set(job.jobId, { ...job, stations: [...(known?.stations ?? []), one.title] });
    }
  }
  return [...found.values()].sort((left, right) => (left.since < right.since ? -1 : 1));
}

function tell(before, line) {
  if (!before) return;
  const known = new Set(before.lately.map((job) => `${job.jobId} ${job.status}`));
  const ended = line.lately.filter((job) => !known.has(`${job.jobId} ${job.status}`));
  if (ended.length) announce(ended.slice(0, 3).map((job) => `${fileName(job.key)}: ${job.status.toLowerCase()}`).join(". "));
}

export async function linePage(signal) {
  const belt = h("div", { class: "belt" });
  const head = h("div", { class: "sums-place" });
  const flying = table({
    label: "Jobs in flight", height: 40, empty: "Nothing is in flight.",
    columns: [
      { title: "Video", width: "minmax(8rem, 2fr)", cell: (job) => h("a", { href: `#/jobs/${job.jobId}` }, job.key ? fileName(job.key) : shortId(job.jobId)) },
      { title: "Station", cell: (job) => job.stations.join(", ") + (job.isHeld ? ", awaits a review" : "") },
      { title: "There for", width: "7rem", class: "number", cell: (job) => ago(job.since).replace(/ ago$/, "") },
    ],
  });
  const lately = table({
    label: "Jobs that ended lately", height: 40, empty: "Nothing has ended yet.",
    columns: [
      { title: "Video", width: "minmax(8rem, 2fr)", cell: (job) => h("a", { href: `#/jobs/${job.jobId}` }, fileName(job.key)) },
      { title: "Ended as", width: "minmax(6.5rem, auto)", cell: (job) => badge(job.status) },
      { title: "Error", class: "wide-only", cell: (job) => job.error ?? "" },
      { title: "Cost", width: "4.5rem", class: "number wide-only", cell: (job) => money(job.actualCostUsd ?? job.predictedCostUsd) },
      { title: "When", width: "8.5rem", class: "number wide-only", cell: (job) => when(job.updatedAt) },
    ],
  });
  let shown = null;
  const draw = (line) => {
    const before = shown ? places(belt) : new Map();
    const focused = belt.contains(document.activeElement) ? document.activeElement.dataset.job : null;
    const [waiting, sanitize, preprocess, labels, speech, meaning, merge, publish] = line.stations.map(station);
    belt.replaceChildren(waiting, sanitize, preprocess, h("div", { class: "lanes" }, labels, speech, meaning), merge, publish);
    if (focused) belt.querySelector(`[data-job="${focused}"]`)?.focus();
    if (shown) move(belt, before);
    head.replaceChildren(sums(line));
    const all = flights(line);
    flying.set(all, all.length);
    lately.set(line.lately, line.lately.length);
    tell(shown, line);
    shown = line;
  };
  draw(await get("/api/line", signal));
  const source = new EventSource("/api/events");
  const stale = h("p", { class: "notice", hidden: true });
  source.addEventListener("line", (event) => { stale.hidden = true; draw(JSON.parse(event.data)); });
  source.addEventListener("problem", (event) => { stale.hidden = false; stale.textContent = `The line may be old: ${event.data}`; });
  source.onerror = () => { stale.hidden = false; stale.textContent = "The line may be old: the console does not answer. It is asked again."; };
  signal.addEventListener("abort", () => source.close());
  return h("div", { class: "line-page" }, h("div", { class: "bar-line" }, h("h1", {}, "The line"), head), stale, belt, dropPlace(),
    h("div", { class: "two" }, h("section", {}, h("h2", {}, icon("RUNNING"), "In flight"), flying.element), h("section", {}, h("h2", {}, icon("SUCCEEDED"), "Ended lately"), lately.element)));
}
