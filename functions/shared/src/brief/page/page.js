"use strict";
(() => {
  document.documentElement.classList.add("js");
  const video = document.getElementById("video");
  const frame = document.querySelector(".frame");
  const poster = document.querySelector(".poster");
  const status = document.getElementById("status");
  const timeline = document.getElementById("timeline");
  const said = document.querySelector(".said");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clock = (ms) => {
    const seconds = Math.floor(ms / 1000);
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const two = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  };

  // The page lies beside its media in one of two ways: as published, or as exported. Its address tells which.
  const isExported = !/\/published\/[^/]+\/[^/]*$/.test(location.pathname);
  const address = (element) => (isExported ? element.dataset.other : element.dataset.src);
  if (isExported) all("a[data-other]").forEach((link) => link.setAttribute("href", link.dataset.other));
  all("img[data-src]").forEach((image) => { image.src = address(image); });
  const first = document.querySelector(".chapters img");
  const still = () => { if (first.naturalWidth) video.poster = first.src; };
  if (first) {
    first.loading = "eager";
    first.addEventListener("load", still);
    still();
  }
  let isMissing = false;
  const missing = () => {
    isMissing = true;
    if (first) poster.prepend(first.cloneNode());
    poster.hidden = false;
    video.hidden = true;
  };
  video.addEventListener("error", missing);
  if (video.dataset.src) video.src = address(video);
  else missing();

  // Subtitles without a fetch: a page opened from a file may not fetch.
  const { language, cues } = JSON.parse(document.getElementById("cues").textContent);
  if (cues.length && video.addTextTrack && window.VTTCue) {
    const track = video.addTextTrack("captions", "Subtitles", language.split("-")[0]);
    cues.forEach(([start, end, text]) => track.addCue(new VTTCue(start / 1000, end / 1000, text)));
    track.mode = "showing";
  }

  // What is said and shown at a time: lists in the order of time, of which one is current.
  const listed = (elements, found) => {
    const starts = elements.map((element) => Number(element.dataset.ms));
    let now = -1;
    return (ms) => {
      let [low, high] = [0, starts.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle] <= ms) low = middle + 1; else high = middle;
      }
      const next = low && ms < Number(elements[low - 1].dataset.end) ? low - 1 : -1;
      if (next === now) return;
      if (now >= 0) { elements[now].classList.remove("now"); elements[now].removeAttribute("aria-current"); }
      if (next >= 0) { elements[next].classList.add("now"); elements[next].setAttribute("aria-current", "true"); }
      now = next;
      if (next >= 0 && found) found(elements[next]);
    };
  };
  const centred = (line) => {
    said.scrollTop += line.getBoundingClientRect().top - said.getBoundingClientRect().top - said.clientHeight / 2;
  };
  const follow = (line) => { if (!said.matches(":hover, :focus-within") && !video.paused) centred(line); };
  const lines = said ? all("p", said) : [];
  const shows = [
    listed(all(".chapters li[data-end]")),
    listed(all(".timeline .chapter a")),
    listed(lines, follow),
  ];
  const head = timeline.querySelector(".head");
  const duration = Number(timeline.dataset.duration);
  const bars = timeline.querySelector("svg");
  const place = (element, ms) => {
    if (!bars) return;
    const [outer, inner] = [timeline.getBoundingClientRect(), bars.getBoundingClientRect()];
    element.style.left = `${inner.left - outer.left + inner.width * Math.min(1, ms / duration)}px`;
  };
  const show = () => {
    const ms = video.currentTime * 1000;
    shows.forEach((one) => one(ms));
    head.hidden = !bars;
    place(head, ms);
  };
  video.addEventListener("timeupdate", show);
  video.addEventListener("seeking", show);
  window.addEventListener("resize", show);

  const seek = (ms, play) => {
    if (isMissing) {
      // Without a video the line that is said then is what can be shown.
      const line = lines.filter((one) => Number(one.dataset.ms) <= ms).pop();
      shows.forEach((one) => one(ms));
      if (line) centred(line);
      return;
    }
    video.currentTime = ms / 1000;
    if (play) video.play().catch(() => {});
    status.textContent = `Playing from ${clock(ms)}`;
    if (frame.getBoundingClientRect().bottom < 80) frame.scrollIntoView({ block: "start" });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-ms]");
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      history.replaceState(null, "", link.getAttribute("href"));
      seek(Number(link.dataset.ms), true);
      return;
    }
    const line = !event.target.closest("a, button") && event.target.closest(".said p");
    if (line && getSelection().isCollapsed) seek(Number(line.dataset.ms), true);
  });
  const fromAddress = () => {
    const found = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (found) seek(Number(found[1]) * 1000, false);
  };
  window.addEventListener("hashchange", fromAddress);
  if (video.readyState > 0) fromAddress();
  else video.addEventListener("loadedmetadata", fromAddress, { once: true });

  // Rows of bars: arrows go from bar to bar, a click anywhere seeks, and pointing shows what is there.
  const peek = timeline.querySelector(".peek");
  const [image, words] = [peek.querySelector("img"), peek.querySelector("span")];
  const { first: number, count } = timeline.dataset;
  const stills = address(timeline);
  image.addEventListener("error", () => { image.hidden = true; });
  const peeked = (ms, text) => {
    if (stills) {
      const index = Math.min(Number(count) - 1, Math.floor(ms * Number(count) / duration));
      const name = `${stills}.${String(Number(number) + index).padStart(7, "0")}.jpg`;
      if (image.getAttribute("src") !== name) { image.hidden = false; image.src = name; }
    } else image.hidden = true;
    words.textContent = text;
    peek.hidden = false;
    place(peek, ms);
    const { left, right } = peek.getBoundingClientRect();
    const shift = Math.max(0, 4 - left) - Math.max(0, right + 4 - document.documentElement.clientWidth);
    peek.style.left = `${parseFloat(peek.style.left) + shift}px`;
  };
  const pointed = (event, svg) => {
    const { left, width } = svg.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width)) * duration;
  };
  all("svg", timeline).forEach((svg) => {
    const stops = all("a", svg);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && stops[stops.indexOf(document.activeElement) + step];
      if (!next) return;
      event.preventDefault();
      stops.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
      next.focus();
    });
    svg.addEventListener("click", (event) => { if (!event.target.closest("a")) seek(pointed(event, svg), true); });
    svg.addEventListener("pointermove", (event) => {
      const ms = pointed(event, svg);
      const bar = event.target.closest("a");
      peeked(ms, bar ? bar.getAttribute("aria-label") : clock(ms));
    });
    svg.addEventListener("pointerleave", () => { peek.hidden = true; });
    svg.addEventListener("focusin", () => {
      const bar = document.activeElement;
      if (bar.matches(":focus-visible")) peeked(Number(bar.dataset.ms), bar.getAttribute("aria-label"));
    });
    svg.addEventListener("focusout", () => { peek.hidden = true; });
  });

  const find = document.getElementById("find");
  if (find) {
    find.parentElement.hidden = false;
    const found = document.getElementById("found");
    const texts = lines.map((line) => line.textContent.toLowerCase());
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      let count = 0;
      const ranges = [];
      lines.forEach((line, index) => {
        line.hidden = !texts[index].includes(wanted);
        if (line.hidden || !wanted) return;
        count += 1;
        const node = line.lastElementChild.firstChild;
        const text = node ? node.data.toLowerCase() : "";
        for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, Math.min(at + wanted.length, node.length));
          ranges.push(range);
        }
      });
      found.textContent = wanted ? `${count} ${count === 1 ? "line" : "lines"}` : "";
      if (window.Highlight && CSS.highlights) CSS.highlights.set("found", new Highlight(...ranges));
    });
  }

  // Evidence opens by pointing, by the keyboard and by a tap, stays while it is pointed at, and closes by Escape.
  let open = null;
  const close = () => {
    if (!open) return;
    open.classList.remove("open");
    open.querySelector("button").setAttribute("aria-expanded", "false");
    open = null;
  };
  const unfold = (evidence) => {
    if (open === evidence) return;
    close();
    open = evidence;
    evidence.classList.add("open");
    evidence.querySelector("button").setAttribute("aria-expanded", "true");
    const tip = evidence.querySelector(".tip");
    if (getComputedStyle(tip).position !== "absolute") return;
    tip.style.left = "0";
    const { left, right } = tip.getBoundingClientRect();
    const beyond = right + 12 - document.documentElement.clientWidth;
    tip.style.left = `${beyond > 0 ? -Math.min(beyond, left - 12) : Math.max(0, 12 - left)}px`;
  };
  all(".evidence").forEach((evidence) => {
    const button = evidence.querySelector("button");
    evidence.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") unfold(evidence); });
    evidence.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && !evidence.contains(document.activeElement)) close();
    });
    button.addEventListener("focus", () => { if (button.matches(":focus-visible")) unfold(evidence); });
    button.addEventListener("click", () => unfold(evidence));
    evidence.addEventListener("focusout", (event) => { if (open === evidence && !evidence.contains(event.relatedTarget)) close(); });
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("pointerdown", (event) => { if (open && !open.contains(event.target)) close(); });
})();
