// What happened in one state: times, tries, input, output, error.

import { badge, copyable, h } from "./dom.js";
import { duration, pretty, when } from "./format.js";

/** Characters of a document that are shown at once. */
const SHOWN = 20000;

/** A document with a title, closed at first. */
export function documentView(title, value, isOpen = false) {
  const text = pretty(value);
  if (!text) return h("p", { class: "quiet none" }, `${title}: none`);
  const pre = h("pre", { tabindex: "0", "aria-label": title }, text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more characters` : text);
  const all = text.length > SHOWN && h("button", { type: "button", class: "small", onclick: (event) => { pre.textContent = text; event.target.remove(); } }, "Show all");
  return h("details", { open: isOpen }, h("summary", {}, title), h("div", { class: "document" }, h("div", { class: "tools" }, all, copyable(text)), pre));
}

/** What a function said, out of the form that Lambda gives it. */
function message(cause) {
  try {
    const value = typeof cause === "string" ? JSON.parse(cause) : cause;
    return typeof value?.errorMessage === "string" ? value.errorMessage : null;
  } catch {
    return null;
  }
}

/** An error with its cause: in words where it has words, and whole. */
export function errorView(error, cause) {
  const text = pretty(cause);
  const said = message(cause);
  const isShort = text.length <= 300 && !text.includes("\n");
  const whole = said && Object.keys(typeof cause === "string" ? JSON.parse(cause) : cause).some((name) => !["errorType", "errorMessage"].includes(name)) && documentView("Cause, as it is", cause);
  return h("div", { class: "error" }, h("p", { class: "name" }, error || "no error name"),
    said ? [h("p", { class: "said" }, said), whole] : text && (isShort ? h("p", { class: "said" }, text) : h("pre", { tabindex: "0", "aria-label": "Cause" }, text)));
}

function attempts(state) {
  if ((state.attempts?.length ?? 0) < 2 && !state.attempts?.[0]?.error) return null;
  const row = (one) => h("tr", {}, h("td", {}, String(one.number)), h("td", {}, when(one.startedAt)),
    h("td", {}, one.endedAt ? duration(Date.parse(one.endedAt) - Date.parse(one.startedAt)) : "–"), h("td", {}, one.waitBeforeMs ? duration(one.waitBeforeMs) : "–"), h("td", {}, one.error ?? "no error"));
  return h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Tries" }, h("table", {}, h("caption", {}, `Tries: ${state.attempts.length}`),
    h("thead", {}, h("tr", {}, ["No.", "Began", "Took", "Waited before", "Error"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, state.attempts.map(row))));
}

/** Everything about a state, for the panel beside the picture. */
export function stateView(machine, state, times = 1) {
  const resource = state.attempts?.find((one) => one.resource)?.resource;
  const facts = [
    ["Machine", machine], ["Type", state.type], ["Entered", when(state.enteredAt)], ["Took", state.exitedAt ? duration(state.durationMs) : "still there"],
    state.waitedMs ? ["of it waited", duration(state.waitedMs)] : null, times > 1 ? ["Entered", `${times} times; this is the last`] : null, resource ? ["Calls", resource] : null,
  ].filter(Boolean);
  return [
    h("h3", {}, state.name, " ", badge(state.status)),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    (state.error || state.cause) && errorView(state.error, state.cause),
    attempts(state),
    documentView("Input", state.input),
    documentView("Output", state.output),
  ];
}
