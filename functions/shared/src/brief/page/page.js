"use strict";
(() => {
  const video = document.getElementById("video");
  const poster = document.querySelector(".poster");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The page lies beside its media in one of two ways: try the other address when one fails.
  const other = (element, attribute) => {
    const address = element.dataset.other;
    if (!address) return false;
    delete element.dataset.other;
    element.setAttribute(attribute, address);
    return true;
  };
  all("img").forEach((image) => {
    const failed = () => other(image, "src") || image.remove();
    image.addEventListener("error", failed);
    if (image.complete && image.naturalWidth === 0 && image.getAttribute("src")) failed();
  });
  const exported = () => all("a[data-other]").forEach((link) => other(link, "href"));
  const sources = all("source", video);
  const first = document.querySelector(".chapters img");
  const still = () => { video.poster = first.src; };
  if (first) first.loading = "eager";
  if (first && first.complete && first.naturalWidth) still();
  else if (first) first.addEventListener("load", still);
  const missing = () => {
    if (first) poster.prepend(first.cloneNode());
    poster.hidden = false;
    video.hidden = true;
  };
  const loaded = () => { if (sources[1] && video.currentSrc === sources[1].src) exported(); };
  video.addEventListener("loadedmetadata", loaded);
  if (video.readyState > 0) loaded();
  const last = sources[sources.length - 1];
  if (last) {
    last.addEventListener("error", missing);
    // It may have failed before anyone listened.
    if (video.readyState === 0) video.load();
  } else missing();

  // Subtitles without a fetch: a page opened from a file may not fetch.
  const { language, cues } = JSON.parse(document.getElementById("cues").textContent);
  if (cues.length && video.addTextTrack) {
    const track = video.addTextTrack("captions", "Subtitles", language.split("-")[0]);
    cues.forEach(([start, end, text]) => track.addCue(new VTTCue(start / 1000, end / 1000, text)));
    track.mode = "showing";
  }

  const seek = (ms, play) => {
    video.currentTime = ms / 1000;
    if (play) video.play().catch(() => {});
    if (video.getBoundingClientRect().bottom < 0) video.scrollIntoView({ block: "start" });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-ms]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    seek(Number(link.dataset.ms), true);
  });
  const fromAddress = () => {
    const found = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (found) seek(Number(found[1]) * 1000, false);
  };
  window.addEventListener("hashchange", fromAddress);
  if (video.readyState > 0) fromAddress();
  else video.addEventListener("loadedmetadata", fromAddress, { once: true });

  // What is being said and shown now.
  const said = document.querySelector(".said");
  const timed = all("[data-end]").map((element) => ({
    element, start: Number(element.dataset.ms), end: Number(element.dataset.end), isNow: false,
  }));
  video.addEventListener("timeupdate", () => {
    const ms = video.currentTime * 1000;
    timed.forEach((one) => {
      const isNow = ms >= one.start && ms < one.end;
      if (isNow === one.isNow) return;
      one.isNow = isNow;
      one.element.classList.toggle("now", isNow);
      if (isNow && said && one.element.parentElement === said && !said.matches(":hover, :focus-within") && !video.paused) {
        said.scrollTop = one.element.offsetTop - said.clientHeight / 2;
      }
    });
  });

  const filter = document.getElementById("filter");
  if (filter) {
    filter.hidden = false;
    const lines = all("p", said).map((line) => ({ line, text: line.textContent.toLowerCase() }));
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      lines.forEach(({ line, text }) => { line.hidden = !text.includes(wanted); });
    });
  }

  all(".evidence").forEach((evidence) => {
    const button = evidence.querySelector("button");
    const tip = evidence.querySelector(".tip");
    const show = (isOpen) => {
      button.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) return;
      // Keep it within the window.
      tip.style.left = "0";
      const beyond = tip.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
      if (beyond > 0 && getComputedStyle(tip).position === "absolute") tip.style.left = `${-beyond}px`;
    };
    ["mouseenter", "focusin"].forEach((name) => evidence.addEventListener(name, () => show(true)));
    ["mouseleave", "focusout"].forEach((name) => evidence.addEventListener(name, () => show(false)));
    evidence.addEventListener("keydown", (event) => { if (event.key === "Escape") button.blur(); });
  });
})();
