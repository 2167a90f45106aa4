// The results of a published job: the video and its brief.

import { get } from "./api.js";
import { h } from "./dom.js";

/** Chapters of a brief that are listed. */
const CHAPTERS = 40;

function clock(milliseconds) {
  const seconds = Math.floor((milliseconds ?? 0) / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.slice(parts[0] ? 0 : 1).map((part) => String(part).padStart(2, "0")).join(":");
}

function words(statement) {
  return typeof statement === "string" ? statement : statement?.text ?? "";
}

export async function resultsView(job, signal) {
  const brief = await get(`/media/${job}/published/brief.json`, signal).catch(() => null);
  if (!brief) return null;
  const below = (place) => `/media/${job}/media/${place.split(`/media/${job}/`).pop()}`;
  const renditions = (brief.renditions ?? []).filter((one) => one.kind === "mp4" && one.height).sort((left, right) => left.height - right.height);
  const chosen = renditions.findLast((one) => one.height <= 720) ?? renditions[0];
  const source = chosen ? below(chosen.uri) : `/media/${job}/media/proxy.mp4`;
  const video = h("video", { controls: true, preload: "metadata", src: source, "aria-label": words(brief.title) });
  for (const { language, format } of brief.subtitles ?? []) {
    if (format === "vtt") video.append(h("track", { kind: "subtitles", srclang: language, label: language, src: `/media/${job}/published/subtitles/${language}.vtt` }));
  }
  const seek = (at) => { video.currentTime = at / 1000; video.play().catch(() => null); };
  const chapter = (one) => h("li", {}, h("button", { type: "button", class: "small", onclick: () => seek(one.startMs) }, clock(one.startMs)), " ", words(one.title));
  return h("section", { class: "results" }, h("div", { class: "frame" }, video),
    h("div", {}, h("h2", {}, words(brief.title)), h("p", {}, words(brief.summary)), h("ol", { class: "chapters" }, (brief.chapters ?? []).slice(0, CHAPTERS).map(chapter))));
}
