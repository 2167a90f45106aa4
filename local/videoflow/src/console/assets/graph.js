// The picture of the workflows, and what happened in it. Places come from the server; this draws and lets one walk.

import { h, s, look, shape } from "./dom.js";
import { chain, newestOfMachines, passage } from "./story.js";

const STEP = 1.25;

/** A smooth line through points: straight down where it leaves and enters. */
function line(points) {
  const [[x, y], ...rest] = points;
  let path = `M${x} ${y}`;
  let [px, py] = [x, y];
  for (const [nx, ny] of rest) {
    const half = (ny - py) / 2;
    path += `C${px} ${py + half} ${nx} ${ny - half} ${nx} ${ny}`;
    [px, py] = [nx, ny];
  }
  return path;
}

/** What is known of a state: how it stands, and what a screen reader is told. */
function facts(node, passages, onChain) {
  const entry = passages.get(node.machine)?.states.get(node.state);
  const status = entry?.state.status ?? null;
  const parts = [node.state, node.type, look(status).word];
  if (entry?.times > 1) parts.push(`entered ${entry.times} times`);
  if (entry?.retries) parts.push(`${entry.retries} retries`);
  if (onChain.has(`${node.machine} ${node.state}`)) parts.push("on the way to the root cause");
  return { entry, status, label: parts.join(", "), note: [entry?.times > 1 && `×${entry.times}`, entry?.retries && `↻${entry.retries}`].filter(Boolean).join(" ") };
}

function box(node, known, isCause, handlers) {
  const { tone, shape: mark } = look(known.status);
  const width = node.w, height = node.h, middle = node.isGroup ? 21 : height / 2;
  const kind = node.type === "Choice" ? "choice" : node.type === "Wait" ? "wait" : "plain";
  return s("g", {
    class: `node ${tone} ${kind}${node.isGroup ? " group" : ""}${isCause ? " cause" : ""}`, transform: `translate(${node.x} ${node.y})`,
    role: "button", tabindex: "-1", "aria-label": known.label, "data-key": `${node.machine} ${node.state}`, ...handlers,
  },
    s("rect", { width, height, rx: kind === "choice" ? height / 2 : kind === "wait" ? 2 : 9, class: "box" }),
    s("svg", { x: 10, y: middle - 9, width: 18, height: 18, viewBox: "0 0 16 16" }, s("circle", { cx: 8, cy: 8, r: 7.5, class: "disc" }), shape(mark)),
    s("text", { x: 36, y: middle, "dominant-baseline": "central" }, node.state),
    node.child && !node.isGroup && s("text", { x: width - 10, y: middle, "text-anchor": "end", "dominant-baseline": "central", class: "more" }, "⊞"),
    node.isGroup && node.child && s("text", { x: width - 12, y: middle, "text-anchor": "end", "dominant-baseline": "central", class: "more" }, node.child),
    known.note && s("g", { class: "note", transform: `translate(${width - 6} ${0})` }, s("rect", { x: -8 * known.note.length - 10, y: -9, width: 8 * known.note.length + 10, height: 18, rx: 9 }), s("text", { x: -4 * known.note.length - 5, y: 0, "text-anchor": "middle", "dominant-baseline": "central" }, known.note)));
}

/** The nearest box in a direction: what the arrow keys go to. */
function neighbour(nodes, from, key) {
  const at = (node) => [node.x + (node.isGroup ? 0 : node.w / 2), node.y + (node.isGroup ? 0 : node.h / 2)];
  const [x, y] = at(from);
  let best = null, least = Infinity;
  for (const node of nodes) {
    const [nx, ny] = at(node), dx = nx - x, dy = ny - y;
    const [along, across] = { ArrowDown: [dy, dx], ArrowUp: [-dy, dx], ArrowRight: [dx, dy], ArrowLeft: [-dx, dy] }[key];
    const far = along + 2 * Math.abs(across);
    if (along > 1 && far < least) [best, least] = [node, far];
  }
  return best;
}

/**
 * Draws a picture with a story. `select(node)` is called for what is chosen.
 * Answers the element, `show(key)` to bring a state into view, and `update(story)`.
 */
export function graph(picture, story, select) {
  const scroller = h("div", { class: "graph", role: "group", "aria-label": "Workflow. Arrow keys go from state to state, Enter shows one." });
  const groups = picture.nodes.filter((node) => node.isGroup);
  const nodes = [...groups, ...picture.nodes.filter((node) => !node.isGroup)];
  const elements = new Map();
  let scale = 1, current = null;

  const svg = s("svg", { viewBox: `-12 -14 ${picture.width + 24} ${picture.height + 28}` });
  const zoom = (to) => {
    scale = Math.min(2, Math.max(0.2, to));
    svg.setAttribute("width", (picture.width + 24) * scale);
    svg.setAttribute("height", (picture.height + 28) * scale);
  };
  const focusOn = (node, isShown = true) => {
    for (const element of elements.values()) element.setAttribute("tabindex", "-1");
    const element = elements.get(`${node.machine} ${node.state}`);
    element.setAttribute("tabindex", "0");
    current = node;
    if (isShown) element.focus();
  };
  const choose = (node) => {
    svg.querySelector(".chosen")?.classList.remove("chosen");
    elements.get(`${node.machine} ${node.state}`).classList.add("chosen");
    focusOn(node, false);
    select(node);
  };
  const handlers = (node) => ({
    onclick: () => choose(node),
    onkeydown: (event) => {
      if (event.key === "Enter" || event.key === " ") choose(node);
      else if (event.key.startsWith("Arrow")) {
        const next = neighbour(nodes, node, event.key);
        if (next) focusOn(next);
      } else return;
      event.preventDefault();
    },
  });

  const update = (of) => {
    const newest = newestOfMachines(of);
    const passages = new Map([...newest].map(([machine, execution]) => [machine, passage(execution)]));
    const onChain = chain(of);
    const had = document.activeElement?.getAttribute?.("data-key");
    const chosen = svg.querySelector(".chosen")?.getAttribute("data-key");
    elements.clear();
    const draw = (node) => {
      const element = box(node, facts(node, passages, onChain), onChain.has(`${node.machine} ${node.state}`), handlers(node));
      elements.set(`${node.machine} ${node.state}`, element);
      return element;
    };
    const frames = groups.map(draw);
    const edges = picture.edges.map((edge) => {
      const isTaken = passages.get(edge.machine)?.ways.has(`${edge.from} ${edge.to}`);
      return s("path", { d: line(edge.points), class: `edge ${edge.kind}${isTaken ? " taken" : ""}`, "marker-end": isTaken ? "url(#arrow-taken)" : "url(#arrow)" });
    });
    const marker = (id) => s("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, s("path", { d: "M0 0L8 4L0 8z" }));
    svg.replaceChildren(s("defs", {}, marker("arrow"), marker("arrow-taken")), ...frames, s("g", { "aria-hidden": "true" }, ...edges), ...nodes.filter((node) => !node.isGroup).map(draw));
    const first = current ?? nodes.find((node) => onChain.has(`${node.machine} ${node.state}`) && !node.isGroup) ?? nodes[0];
    if (first) focusOn(first, false);
    if (chosen) elements.get(chosen)?.classList.add("chosen");
    if (had) elements.get(had)?.focus({ preventScroll: true });
  };

  const show = (key) => {
    const node = nodes.find((one) => `${one.machine} ${one.state}` === key);
    if (!node) return false;
    choose(node);
    scroller.scrollTo({ left: (node.x + node.w / 2) * scale - scroller.clientWidth / 2, top: node.y * scale - scroller.clientHeight / 3 });
    return true;
  };
  const fit = () => zoom(Math.min(1, (scroller.clientWidth - 2) / (picture.width + 24)));
  const button = (text, label, onclick) => h("button", { type: "button", class: "small", "aria-label": label, onclick }, text);
  const tools = h("div", { class: "tools" }, button("−", "Smaller", () => zoom(scale / STEP)), button("+", "Larger", () => zoom(scale * STEP)), button("Fit", "Fit the width", fit));
  drag(scroller);
  scroller.append(svg);
  update(story);
  zoom(1);
  return { element: h("div", { class: "picture" }, tools, scroller), show, update, fit };
}

/** The mouse may take hold of the picture and move it. */
function drag(scroller) {
  let held = null;
  scroller.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.target.closest(".node:not(.group)")) held = [event.clientX, event.clientY, scroller.scrollLeft, scroller.scrollTop];
  });
  window.addEventListener("pointermove", (event) => {
    if (held) scroller.scrollTo(held[2] - event.clientX + held[0], held[3] - event.clientY + held[1]);
  });
  window.addEventListener("pointerup", () => { held = null; });
}
