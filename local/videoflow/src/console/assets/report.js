// The report: a job's page with its data inside. Nothing is fetched, nothing can be changed.

import { h } from "./dom.js";
import { when } from "./format.js";
import { jobPage, redriveCommand } from "./job.js";

const data = JSON.parse(document.getElementById("data").textContent);

function openReport() {
  const { story, pictures, made, masked, where } = data;
  const job = story.job;
  const page = jobPage(story, pictures, {
    redrive: () => (job?.status === "FAILED" ? redriveCommand(job.jobId, where) : null),
    results: null,
  });
  const note = [`Made ${when(made)} by videoflow report.`, masked ? "File names, accounts, addresses and texts are masked." : "Names and texts are as they were: look before you pass it on.", "Secrets are always masked."].join(" ");
  document.querySelector("main").append(page.element, h("p", { class: "quiet" }, note));
}

openReport();
