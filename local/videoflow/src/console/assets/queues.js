// The queues: what waits in them, and what nobody could handle.

import { about, get } from "./api.js";
import { announce, command, h } from "./dom.js";
import { ago, count, plural, shortId } from "./format.js";

/** Messages that are shown. */
const SHOWN = 200;
const PAUSE = about.isAws ? 15000 : 3000;

function depth(value) {
  return value === null || value === undefined ? "–" : count(value);
}

function row(queue) {
  const dead = queue.deadLetters?.waiting ?? 0;
  const isBad = queue.name === "failed-videos" ? queue.depth.waiting > 0 : dead > 0;
  return h("tr", { class: isBad ? "bad-row" : null },
    h("th", { scope: "row" }, queue.name, h("span", { class: "quiet what" }, queue.what)),
    h("td", { class: "number" }, depth(queue.depth.waiting)), h("td", { class: "number" }, depth(queue.depth.inWork)), h("td", { class: "number" }, depth(queue.depth.delayed)),
    h("td", { class: "number" }, queue.deadLetters ? h("span", { class: dead ? "badge bad" : null }, depth(dead)) : "–"));
}

/** What lies there and why; asked for by hand, because SQS counts each look as a receive. */
function letters(signal) {
  const found = h("div", {});
  const look = async (event) => {
    event.target.disabled = true;
    try {
      const { queues } = await get("/api/letters", signal);
      const all = queues.flatMap((queue) => queue.letters);
      found.replaceChildren(h("ul", { class: "cards" }, all.slice(0, SHOWN).map((one) => h("li", { class: "letter" },
        h("p", {}, h("strong", {}, one.queue), `, ${one.what}`, one.jobId && [" ", h("a", { href: `#/jobs/${one.jobId}` }, shortId(one.jobId))]), h("p", {}, one.why), h("p", { class: "quiet" }, `${ago(new Date(one.sentMs).toISOString())}, received ${one.receives} times`)))),
      h("p", { class: "quiet" }, all.length > SHOWN ? `${count(all.length - SHOWN)} more` : `${plural(all.length, "message")}`));
      announce(plural(all.length, "message"));
    } catch (problem) {
      found.replaceChildren(h("p", { role: "alert" }, problem.message));
    }
    event.target.disabled = false;
  };
  return [h("button", { type: "button", onclick: look }, "See what lies there"), found];
}

export async function queuesPage(signal) {
  const body = h("tbody", {});
  const advice = h("div", {});
  const draw = ({ queues }) => {
    body.replaceChildren(...queues.map(row));
    const dead = queues.some((queue) => queue.deadLetters?.waiting > 0 || (queue.name === "failed-videos" && queue.depth.waiting > 0));
    advice.replaceChildren(dead ? h("section", { class: "notice" }, h("h2", {}, "Messages wait for somebody"), h("p", {}, "They say why they were not handled; send them back, or drop them:"), command(`videoflow dlq ${about.arguments}`.trim())) : h("p", { class: "quiet" }, "No dead letters."));
  };
  draw(await get("/api/queues", signal));
  const again = setInterval(() => document.visibilityState === "visible" && get("/api/queues", signal).then(draw, () => null), PAUSE);
  signal.addEventListener("abort", () => clearInterval(again));
  return h("div", { class: "queues-page" }, h("h1", {}, "Queues"),
    h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Queues" }, h("table", { class: "large" }, h("caption", { class: "unseen" }, "Depths of the queues"), h("thead", {}, h("tr", {}, ["Queue", "Waiting", "In work", "Delayed", "Dead letters"].map((title, at) => h("th", { scope: "col", class: at ? "number" : null }, title)))), body)), advice, h("section", { class: "letters" }, letters(signal)));
}
