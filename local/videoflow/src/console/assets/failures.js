// Failures, one row a cause; and how to redrive what it met.

import { about, get, post } from "./api.js";
import { announce, command, h, icon } from "./dom.js";
import { ago, fileName, money, plural, pretty, shortId, when } from "./format.js";

/** A button that redrives jobs, after a second look at what that means. */
export function redriveButton(jobs) {
  const place = h("div", { class: "redrive" });
  const ask = h("button", { type: "button", class: "strong", onclick: confirm }, jobs.length > 1 ? `Redrive ${plural(jobs.length, "job")}` : "Redrive");
  async function confirm() {
    place.replaceChildren(h("span", {}, "Looking what would run again…"));
    try {
      const plan = await post("/api/redrive/plan", { jobIds: jobs });
      const refused = plan.jobs.filter((one) => one.way === "refused");
      const able = jobs.length - refused.length;
      const again = [...new Set(plan.jobs.flatMap((one) => one.runs ?? []))];
      const unknown = plan.jobs.some((one) => one.way !== "refused" && one.costUsd === null);
      place.replaceChildren(
        able > 0 && h("p", {}, h("strong", {}, "Is the cause mended? "), `${again.join(", ")} ${again.length === 1 ? "runs" : "run"} again, for ${money(plan.costUsd)} at most${unknown ? ", and what jobs without a plan cost" : ""}. What had succeeded is not paid for again.`) || "",
        refused.length > 0 && h("ul", { class: "quiet" }, refused.slice(0, 10).map((one) => h("li", {}, `${shortId(one.jobId)}: ${one.why}`))) || "",
        able > 0 && h("button", { type: "button", class: "strong", onclick: run }, able > 1 ? `Redrive ${able} now` : "Redrive now") || "", " ", h("button", { type: "button", onclick: () => place.replaceChildren(ask) }, "Not now"));
      place.querySelector("button").focus();
    } catch (problem) {
      place.replaceChildren(h("span", { role: "alert" }, problem.message), " ", ask);
    }
  }
  async function run() {
    place.replaceChildren(h("span", {}, "Redriving…"));
    try {
      const { results } = await post("/api/redrive", { jobIds: jobs });
      const refused = results.filter((one) => one.problem);
      const words = `${plural(results.length - refused.length, "job")} redriven${refused.length ? `, ${refused.length} not` : ""}.`;
      announce(words);
      // The job's page shows it at work, as soon as it is.
      if (jobs.length === 1 && !refused.length) setTimeout(() => window.dispatchEvent(new HashChangeEvent("hashchange")), 2000);
      place.replaceChildren(h("span", {}, words), h("ul", {}, refused.slice(0, 20).map((one) => h("li", {}, h("a", { href: `#/jobs/${one.jobId}` }, shortId(one.jobId)), `: ${one.problem}`))));
    } catch (problem) {
      place.replaceChildren(h("span", { role: "alert" }, problem.message), " ", ask);
    }
  }
  place.append(ask);
  return place;
}

function group(one) {
  const ids = one.jobs.map((job) => job.jobId);
  const act = !one.isRedrivable ? h("p", { class: "quiet" }, "A redrive would fail again: this is the quality check's verdict.")
    : about.write ? redriveButton(ids)
      : command(`videoflow redrive ${ids.length > 3 ? `${ids.slice(0, 3).join(" ")} …` : ids.join(" ")} ${about.arguments}`.trim());
  const cause = pretty(one.cause);
  return h("li", { class: "cause-card failure" },
    h("h2", {}, icon("FAILED"), h("span", { class: "name" }, one.error || "no error was recorded"), h("span", { class: "badge bad" }, plural(one.count, "job"))),
    h("p", {}, one.state ? ["in ", h("strong", {}, one.state), ", "] : null, one.count > 1 ? `first ${when(one.first)}, last ${ago(one.last)}` : ago(one.last)),
    cause && h("pre", { tabindex: "0", "aria-label": `Cause of ${one.error}` }, cause),
    h("details", {}, h("summary", {}, one.count > one.jobs.length ? `The last ${one.jobs.length} of ${plural(one.count, "job")}` : plural(one.count, "job")),
      h("ul", { class: "columns" }, one.jobs.map((job) => h("li", {}, h("a", { href: `#/jobs/${job.jobId}` }, fileName(job.key)), " ", h("span", { class: "quiet" }, shortId(job.jobId)))))),
    h("div", { class: "tools" }, act));
}

export async function failuresPage(signal) {
  const { groups, isWhole } = await get("/api/failures", signal);
  const all = groups.reduce((sum, one) => sum + one.count, 0);
  return h("div", { class: "failures-page" }, h("h1", {}, "Failures"),
    h("p", { class: "quiet" }, all ? `${plural(all, "job")} failed, for ${plural(groups.length, "reason")}.` : "No job has failed.", !isWhole && " Older ones are left out."),
    h("ul", { class: "cards" }, groups.map(group)));
}
