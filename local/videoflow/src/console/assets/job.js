// A job: what failed first, the picture, the time chart, every state. The report is this page with its data inside.

import { badge, command, copyable, h, icon } from "./dom.js";
import { duration, fileName, money, plural, when } from "./format.js";
import { documentView, errorView, stateView } from "./details.js";
import { gantt } from "./gantt.js";
import { graph } from "./graph.js";
import { markdown } from "./markdown.js";
import { entries, executions, focus, newestOfMachines, passage } from "./story.js";
import { table } from "./table.js";

function cost(job) {
  const predicted = job?.predictedCostUsd ?? null, actual = job?.actualCostUsd ?? null;
  if (predicted === null) return actual === null ? null : money(actual);
  return actual === null ? `${money(predicted)} predicted` : `${money(actual)} of ${money(predicted)} predicted`;
}

/** The job in a few words. */
function heading(story) {
  const job = story.job, root = story.execution;
  const status = root?.status === "RUNNING" ? "RUNNING" : job?.status ?? root?.status;
  const facts = [
    ["Job", job?.jobId ?? root?.name], ["Source", job && `${job.source.bucket}/${job.source.key}`], ["Profile", job?.profile],
    ["Began", when(root?.startedAt ?? job?.createdAt)], ["Took", root ? duration(root.durationMs ?? Date.now() - Date.parse(root.startedAt)) : null],
    ["Worked", story.totals ? duration(story.totals.workedMs) : null], ["Waited, at no cost", story.totals ? duration(story.totals.waitedMs) : null],
    ["Cost", cost(job)],
    ["Quality", job?.qualityScore ?? null], ["Redrives", root?.redriveCount || null],
    ["States", story.totals ? `${plural(story.totals.states, "state")} in ${plural(story.totals.executions, "execution")}, ${plural(story.totals.retries, "retry", "retries")}` : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("header", { class: "title" },
    h("h1", { tabindex: "-1" }, fileName(job?.source.key ?? root?.name), " ", badge(status)),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value), name === "Job" && [" ", copyable(String(value))])))));
}

/** What failed first, before anything else. */
function cause(story, show, options, isPictured) {
  const found = story.rootCause;
  const job = story.job;
  if (!found && !job?.errorDetails) return null;
  const told = found ?? job.errorDetails;
  const path = found ? found.path : [told.state];
  const steps = path.map((state, at) => h("li", {}, state, at < path.length - 1 && h("span", { "aria-hidden": "true" }, " › ")));
  const redrive = options.redrive?.(story);
  return h("section", { class: "cause-card", "aria-labelledby": "cause-title" },
    h("h2", { id: "cause-title" }, icon("FAILED"), " What failed first"),
    h("ol", { class: "path", "aria-label": "Where" }, steps),
    errorView(told.error, told.cause),
    found?.runbook && h("div", { class: "runbook" }, h("h3", {}, "What to do"), markdown(found.runbook.text), h("p", { class: "quiet" }, `${found.runbook.source}, ${found.runbook.title}`)),
    found?.log && logView(found.log),
    documentView(`Input of ${told.state}`, told.input),
    found && documentView(`Output of ${told.state}`, found.output),
    h("div", { class: "tools" }, found && isPictured && h("button", { type: "button", onclick: () => show(`${found.machine} ${found.state}`) }, "Show it in the picture"), redrive));
}

function logView(log) {
  const lines = log.lines.map((one) => `${one.at ? `${one.at.slice(11, 23)}  ` : ""}${one.text}`).join("\n");
  return h("details", { open: log.lines.length > 0 && log.lines.length <= 12 }, h("summary", {}, `Log of ${log.function}, ${plural(log.lines.length, "line")}`),
    lines ? h("pre", { tabindex: "0", "aria-label": "Log" }, lines) : null, h("p", { class: "quiet" }, log.from));
}

/** Why parts of the story are missing. */
function missing(story) {
  if (story.isComplete !== false || !story.missing?.length) return null;
  return h("section", { class: "notice" }, h("h2", {}, "Not all of it is here"), h("ul", {}, story.missing.map((why) => h("li", {}, why))));
}

/** All states as a table: what the picture and the chart show, in words. */
function states(story, select) {
  const all = entries(story);
  const found = table({
    label: "States", height: 36, empty: "No state was entered.",
    columns: [
      { title: "State", width: "minmax(11rem, 2fr)", cell: ({ execution, state, depth }) => h("button", { type: "button", class: "plain", style: { paddingInlineStart: `${depth * 0.8}rem` }, onclick: () => select(execution.machine, state.name, state) }, icon(state.status), " ", state.name) },
      { title: "Machine", class: "wide-only", cell: ({ execution }) => execution.machine },
      { title: "Status", width: "8rem", cell: ({ state }) => state.status.toLowerCase() },
      { title: "Entered", width: "9rem", class: "wide-only", cell: ({ state }) => when(state.enteredAt) },
      { title: "Took", width: "6rem", class: "number", cell: ({ state }) => duration(state.durationMs) },
      { title: "Waited", width: "6rem", class: "number wide-only", cell: ({ state }) => (state.waitedMs ? duration(state.waitedMs) : "–") },
      { title: "Tries", width: "3.5rem", class: "number wide-only", cell: ({ state }) => String(state.attempts?.length || "–") },
      { title: "Error", class: "wide-only", cell: ({ state }) => state.error ?? "" },
    ],
  });
  found.set(all, all.length);
  return h("section", {}, h("h2", {}, `All states (${all.length})`), found.element);
}

/** The panel beside the picture. */
function panel() {
  const element = h("aside", { class: "panel", "aria-label": "The chosen state", "aria-live": "polite", tabindex: "-1" });
  const hint = () => element.replaceChildren(h("p", { class: "quiet" }, "Choose a state to see its input, output, tries and times."));
  hint();
  return { element, hint, set: (...parts) => element.replaceChildren(...parts.flat().filter(Boolean)) };
}

/** Switches between the pictures: `all`, `none`, or one machine that is open. */
function views(story, pictures, body, select) {
  let shown = null, name = null;
  const names = ["", ...Object.keys(pictures).filter((one) => one !== "" && one !== "all"), "all"];
  const titles = { "": "Overview", all: "Everything" };
  const choice = h("select", { id: "view" }, names.map((one) => h("option", { value: one }, titles[one] ?? one)));
  const show = (to) => {
    const picture = pictures[to];
    if (!picture) return;
    name = to;
    choice.value = to;
    shown = graph(picture, story, select);
    body.replaceChildren(shown.element);
    if (to === "") requestAnimationFrame(() => shown.fit());
  };
  choice.addEventListener("change", () => show(choice.value));
  return {
    choice: h("label", { class: "choice", for: "view" }, "Picture ", choice),
    show,
    reveal: (key) => {
      const [machine] = key.split(" ");
      if (!shown?.show(key)) {
        show(names.includes(machine) ? machine : "all");
        shown?.show(key);
      }
    },
    update: (to) => shown?.update(to),
    open: (machine) => name !== "all" && name !== machine && names.includes(machine) && show(machine),
  };
}

/**
 * The page of a job.
 * `pictures` by their names; `options`: `redrive(story)` (an element or null), `results` (an element or null).
 */
export function jobPage(story, pictures, options) {
  let current = story;
  const side = panel();
  const body = h("div", { class: "stage" });
  const select = (machine, name, state) => {
    const execution = newestOfMachines(current).get(machine);
    const known = passage(execution).states.get(name);
    const chosen = state ?? known?.state;
    // A state that was stopped has no error of its own: why it was is the execution's.
    const why = current.rootCause;
    const isCause = chosen && !chosen.error && why?.executionArn === execution?.arn && why.state === name;
    if (chosen) side.set(stateView(machine, isCause ? { ...chosen, error: why.error, cause: why.cause } : chosen, known?.times));
    else side.set(h("h3", {}, name), h("p", { class: "quiet" }, "This state was not reached."));
  };
  const chosen = (node) => {
    select(node.machine, node.state);
    if (node.child && !node.isGroup) side.element.append(h("button", { type: "button", onclick: () => pictured.open(node.child) }, `Look into ${node.child}`));
  };
  const pictured = views(current, pictures, body, chosen);
  const selectRow = (machine, name, state) => {
    if (isPictured) pictured.reveal(`${machine} ${name}`);
    select(machine, name, state);
    side.element.scrollIntoView({ block: "nearest" });
  };
  const at = focus(story);
  const unfolded = executions(story).filter(({ execution }) => execution.machine === at?.machine).map(({ execution }) => execution.arn);
  // An execution of a machine that is not in the picture has its chart and its table.
  const isPictured = story.execution && pictures.all.nodes.some((node) => node.machine === story.execution.machine);
  const dynamic = h("div", { class: "dynamic" });
  const lower = h("div", { class: "dynamic" });
  const fill = () => {
    dynamic.replaceChildren(...[heading(current), cause(current, pictured.reveal, options, isPictured), missing(current)].filter(Boolean));
    lower.replaceChildren(...(current.execution ? [
      h("section", {}, h("h2", {}, "What waited and what worked"), gantt(current, selectRow, unfolded)),
      states(current, selectRow),
    ] : [h("p", { class: "quiet" }, "There is no history to show.")]));
  };
  fill();
  const page = h("div", { class: "job" }, dynamic, options.results,
    isPictured && h("section", { class: "workflow" }, h("div", { class: "bar-line" }, h("h2", {}, "The way through the workflows"), pictured.choice), h("div", { class: "split" }, body, side.element)),
    lower, !isPictured && side.element);
  if (isPictured) {
    const first = at && at.machine !== "process-video" ? at.machine : "";
    pictured.show(first in pictures ? first : "");
    // Once it is in the document and has its sizes.
    if (story.rootCause) requestAnimationFrame(() => pictured.reveal(`${at.machine} ${at.state}`));
  }
  return { element: page, update: (to) => { current = to; pictured.update(to); fill(); } };
}

/** How to redrive where the page may not. */
export function redriveCommand(job, where) {
  return command(`videoflow redrive ${job}${where ? ` ${where}` : ""}`);
}
