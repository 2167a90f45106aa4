// Figures and times as people read them.

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function count(number) {
  return NUMBER.format(number ?? 0);
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined || Number.isNaN(milliseconds)) return "–";
  const seconds = milliseconds / 1000;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const at = parts.findIndex(([, size]) => seconds >= size);
  const [[unit, size], [below, smaller]] = parts.slice(at, at + 2);
  const whole = Math.floor(seconds / size);
  const rest = Math.floor((seconds - whole * size) / smaller);
  return rest ? `${whole} ${unit} ${rest} ${below}` : `${whole} ${unit}`;
}

export function when(text) {
  const date = new Date(text);
  return text && !Number.isNaN(date.getTime()) ? TIME.format(date).replace(",", "") : "–";
}

/** How long ago, in one unit. */
export function ago(text, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(text)) / 1000));
  if (Number.isNaN(seconds)) return "–";
  const [unit, size] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].find(([, one]) => seconds >= one) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

export function money(dollars) {
  if (dollars === null || dollars === undefined) return "–";
  const digits = dollars !== 0 && Math.abs(dollars) < 1 ? 4 : 2;
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

export function fileName(key) {
  return (key ?? "").split("/").pop() || key || "–";
}

/** A job's id, short enough for a list. */
export function shortId(id) {
  return (id ?? "").replace(/^v-([0-9a-f]{8})[0-9a-f]+/, "v-$1…");
}

/** A value, or JSON text, as lines. */
export function pretty(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
