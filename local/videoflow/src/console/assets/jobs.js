// The list of jobs, and one job as it goes on.

import { about, get } from "./api.js";
import { badge, h } from "./dom.js";
import { ago, fileName, money, shortId } from "./format.js";
import { jobPage, redriveCommand } from "./job.js";
import { resultsView } from "./results.js";
import { redriveButton } from "./failures.js";
import { table } from "./table.js";

const STATUSES = ["", "QUEUED", "PROCESSING", "AWAITING_REVIEW", "PUBLISHED", "FAILED", "FAILED_QC", "REJECTED", "DUPLICATE", "DELETED"];
/** Pause between two looks at a job that runs: on AWS each look reads its histories. */
const LOOK = about.isAws ? 8000 : 2000;

export async function jobsPage(signal) {
  const asked = { status: location.hash.split("/")[3] ?? "", profile: "", prefix: "" };
  let rows = [], next = null, round = 0;
  const list = table({
    label: "Jobs", height: 44, empty: "There is no such job.", more: () => next && load(false),
    columns: [
      { title: "Video", width: "minmax(9rem, 2fr)", cell: (job) => h("a", { href: `#/jobs/${job.jobId}` }, fileName(job.key)) },
      { title: "Status", width: "minmax(7rem, 11rem)", cell: (job) => badge(job.status) },
      { title: "Failed in", class: "wide-only", cell: (job) => (job.error ? `${job.state}: ${job.error}` : "") },
      { title: "Profile", width: "7rem", class: "wide-only", cell: (job) => job.profile },
      { title: "Cost", width: "5rem", class: "number wide-only", cell: (job) => money(job.actualCostUsd ?? job.predictedCostUsd) },
      { title: "Updated", width: "8rem", class: "number", cell: (job) => ago(job.updatedAt) },
      { title: "Job", width: "8rem", class: "wide-only", cell: (job) => h("code", {}, shortId(job.jobId)) },
    ],
  });
  const load = async (isNew) => {
    const mine = isNew ? ++round : round;
    const query = new URLSearchParams({ ...asked, ...(isNew || !next ? {} : { cursor: next }) });
    const page = await get(`/api/jobs?${query}`, signal);
    if (mine !== round) return;
    rows = isNew ? page.jobs : [...rows, ...page.jobs];
    next = page.next;
    list.set(rows, next ? undefined : rows.length);
  };
  let later = 0;
  const change = (name) => (event) => {
    asked[name] = event.target.value;
    clearTimeout(later);
    later = setTimeout(() => load(true), 200);
  };
  const option = (value, text) => h("option", { value, selected: asked.status === value }, text);
  const filters = h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
    h("label", {}, "Status ", h("select", { onchange: change("status") }, STATUSES.map((one) => option(one, one ? one.toLowerCase().replace("_", " ") : "all")))),
    h("label", {}, "Profile ", h("select", { onchange: change("profile") }, ["", ...about.profiles].map((one) => h("option", { value: one }, one || "all")))),
    h("label", {}, "Key begins with ", h("input", { type: "search", oninput: change("prefix"), autocomplete: "off", spellcheck: "false" })));
  await load(true);
  return h("div", { class: "jobs-page" }, h("div", { class: "bar-line" }, h("h1", {}, "Jobs"), filters), list.element);
}

let pictures = null;

/** A job that is not there yet: its upload is on the way. It is looked for again while one looks. */
function expected(id, signal) {
  setTimeout(() => { if (!signal.aborted) window.dispatchEvent(new HashChangeEvent("hashchange")); }, LOOK);
  return h("section", { class: "notice" }, h("h1", {}, shortId(id)), h("p", {}, "There is no such job, or not yet: after an upload it takes a moment. It is looked for again."));
}

export async function onePage(id, signal) {
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const asked = get(path, signal).catch((problem) => { if (problem.status === 404) return null; throw problem; });
  const [story, drawn] = await Promise.all([asked, pictures ?? get("/api/graph", signal)]);
  if (!story) return expected(id, signal);
  pictures = drawn;
  const redrive = (of) => {
    if (of.job?.status !== "FAILED") return null;
    return about.write ? redriveButton([of.job.jobId]) : redriveCommand(of.job.jobId, about.arguments);
  };
  const isPublished = story.job?.status === "PUBLISHED";
  const page = jobPage(story, drawn, { redrive, results: isPublished ? await resultsView(story.job.jobId, signal) : null });
  const isOpen = (of) => of.execution?.status === "RUNNING" || ["QUEUED", "PROCESSING", "AWAITING_REVIEW"].includes(of.job?.status);
  const look = async () => {
    if (signal.aborted) return;
    if (document.visibilityState === "visible") {
      const now = await get(path, signal).catch(() => null);
      if (now && !signal.aborted) {
        // With its first history, and with its results, the page has other parts.
        if (Boolean(now.execution) !== Boolean(story.execution) || now.job?.status === "PUBLISHED") {
          window.dispatchEvent(new HashChangeEvent("hashchange"));
          return;
        }
        page.update(now);
        if (!isOpen(now)) return;
      }
    }
    setTimeout(look, LOOK);
  };
  if (isOpen(story)) setTimeout(look, LOOK);
  return page.element;
}
