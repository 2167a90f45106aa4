// Elements, made of values: text is always text, so nothing of a job can become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** An element: properties are attributes, `onX` listeners, `style` an object. */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

const ICONS = {
  SUCCEEDED: "M4 8.5l2.7 2.7L12 5.5",
  RUNNING: "M5.5 4l6 4-6 4z",
  FAILED: "M4.5 4.5l7 7m0-7l-7 7",
  CAUGHT: "M4 11V8a4 4 0 0 1 8 0m0 0l-2.2-2M12 8l1.8-2.4",
  ABORTED: "M5 5h6v6H5z",
  WAITING: "M5 3.5h6M5 12.5h6M5.5 3.5c0 3 5 3 5 9M10.5 3.5c0 3-5 3-5 9",
  OPEN: "M8 8h.01",
  RETRY: "M12 6.5A4.5 4.5 0 1 0 12.3 10M12.5 3.5v3.2H9.3",
};

/** What each status is shown by: colour class, icon and word. Colour never tells alone. */
const LOOKS = {
  SUCCEEDED: ["ok", "SUCCEEDED", "succeeded"], PUBLISHED: ["ok", "SUCCEEDED", "published"],
  RUNNING: ["run", "RUNNING", "running"], PROCESSING: ["run", "RUNNING", "processing"],
  FAILED: ["bad", "FAILED", "failed"], TIMED_OUT: ["bad", "FAILED", "timed out"], FAILED_QC: ["bad", "FAILED", "failed its quality check"],
  CAUGHT: ["caught", "CAUGHT", "failed, caught"], REJECTED: ["caught", "CAUGHT", "rejected"],
  ABORTED: ["off", "ABORTED", "stopped"], DELETED: ["off", "ABORTED", "deleted"],
  QUEUED: ["off", "WAITING", "waiting"], AWAITING_REVIEW: ["run", "WAITING", "awaiting review"],
  DUPLICATE: ["off", "CAUGHT", "duplicate"],
};

export function look(status) {
  const [tone, shape, word] = LOOKS[status] ?? ["none", "OPEN", status ? status.toLowerCase() : "not reached"];
  return { tone, shape, word };
}

/** The icon of a status, as SVG content of 16 by 16. */
export function shape(name) {
  return s("path", { d: ICONS[name] ?? ICONS.OPEN, class: "shape" });
}

export function icon(status) {
  return s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape(look(status).shape));
}

export function badge(status) {
  const { tone, word } = look(status);
  return h("span", { class: `badge ${tone}` }, icon(status), word);
}

/** A button that copies a text. */
export function copyable(text, label = "Copy") {
  const button = h("button", { type: "button", class: "small" }, label);
  button.addEventListener("click", async () => {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Select and copy it by hand";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
}

/** A command of the terminal, with a button that copies it. */
export function command(text) {
  return h("p", { class: "command" }, h("code", {}, text), copyable(text));
}

/** Says something to screen readers, without moving anything; the newest words win. */
export function announce(text) {
  const live = document.getElementById("live");
  if (live && live.textContent !== text) live.textContent = text;
}
