// A video that is dropped on the page, or chosen, becomes a job.

import { about, send } from "./api.js";
import { announce, h } from "./dom.js";

const list = h("ul", { class: "uploads" });
let profile = null;

async function upload(file) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
  const words = h("span", {}, "");
  const item = h("li", {}, file.name, " ", bar, " ", words);
  list.prepend(item);
  try {
    const query = new URLSearchParams({ name: file.name, profile: profile?.value ?? "" });
    const { jobId } = await send(`/api/uploads?${query}`, file, (part) => { bar.value = part; });
    bar.remove();
    words.replaceChildren("is uploaded: ", h("a", { href: `#/jobs/${jobId}` }, "its job"));
    announce(`${file.name} is uploaded`);
  } catch (problem) {
    bar.remove();
    words.replaceChildren(h("span", { role: "alert" }, problem.message));
  }
}

/** One after the other: they share the way. */
async function uploadAll(files) {
  for (const file of files) await upload(file);
}

/** Where one drops or chooses; nothing where the console only reads. */
export function dropPlace() {
  if (!about.write) return null;
  const input = h("input", { type: "file", accept: "video/*", multiple: true, class: "unseen", id: "file", onchange: () => { uploadAll([...input.files]); input.value = ""; } });
  profile ??= h("select", {}, about.profiles.map((one) => h("option", { value: one, selected: one === "default" }, one)));
  return h("section", { class: "drop", "aria-label": "Upload" }, h("p", {}, input, h("label", { class: "button", for: "file" }, "Choose a video"), " or drop one anywhere on this page"), h("label", {}, "Profile ", profile), list);
}

/** Files that are dropped anywhere are uploaded. */
export function acceptDrops() {
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!isFiles(event)) return;
    event.preventDefault();
    location.hash = "#/line";
    uploadAll([...event.dataTransfer.files]);
  });
}
