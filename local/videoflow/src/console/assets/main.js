// Which page is shown, by the address; and the keys that lead from one to the other.

import { about } from "./api.js";
import { announce, h } from "./dom.js";
import { costsPage } from "./costs.js";
import { failuresPage } from "./failures.js";
import { jobsPage, onePage } from "./jobs.js";
import { linePage } from "./line.js";
import { queuesPage } from "./queues.js";
import { acceptDrops } from "./upload.js";

const PAGES = { line: linePage, jobs: jobsPage, failures: failuresPage, queues: queuesPage, costs: costsPage };
const TITLES = { line: "The line", jobs: "Jobs", failures: "Failures", queues: "Queues", costs: "Costs" };
const main = document.getElementById("main");
let leave = null;

/** Shows a problem until the next page, or until it is over (null). */
export function tellProblem(problem) {
  const place = document.getElementById("problem");
  place.textContent = problem?.message ?? "";
  place.hidden = !problem;
}

async function show() {
  const [, name = "line", id] = location.hash.split("/");
  const page = name in PAGES ? name : "line";
  leave?.abort();
  leave = new AbortController();
  const { signal } = leave;
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  tellProblem(about.problem);
  main.setAttribute("aria-busy", "true");
  if (!main.dataset.begun) main.replaceChildren(h("p", { class: "quiet" }, "One moment…"));
  try {
    const make = page === "jobs" && id ? onePage(decodeURIComponent(id), signal) : PAGES[page](signal);
    const element = await make;
    if (signal.aborted) return;
    main.replaceChildren(element);
    document.title = `${element.querySelector("h1")?.textContent.trim() ?? TITLES[page]} – VideoFlow`;
    window.scrollTo(0, 0);
    if (main.dataset.begun) main.focus({ preventScroll: true });
    main.dataset.begun = "yes";
    announce(`${id ? "Job" : TITLES[page]} is shown`);
  } catch (problem) {
    if (signal.aborted) return;
    main.replaceChildren(h("section", { class: "notice" }, h("h1", {}, "This cannot be shown"), h("p", {}, problem.message), h("button", { type: "button", onclick: show }, "Try again")));
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

function place() {
  const what = document.getElementById("place");
  what.replaceChildren(h("span", {}, [about.environment, about.place].filter(Boolean).join(" · ")), h("span", { class: `badge ${about.write ? "caught" : "off"}` }, about.write ? "may write" : "reads only"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
  const page = Object.keys(PAGES)[Number(event.key) - 1];
  if (page) location.hash = `#/${page}`;
  if (event.key === "/" && document.querySelector("[type=search]")) {
    event.preventDefault();
    document.querySelector("[type=search]").focus();
  }
});
// The token has done its work: the cookie has it now, and the history of the browser should not.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);
window.addEventListener("hashchange", show);
place();
if (about.write) acceptDrops(about.profiles);
show();
