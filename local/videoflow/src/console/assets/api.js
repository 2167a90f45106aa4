// Questions to the console's own server. The token is in a cookie that scripts cannot read.

/** What could not be had, in a sentence for the user. */
export class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The console does not answer. Is `videoflow console` still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(answer.detail ?? `The console answered ${response.status}.`, response.status);
  return answer;
}

export function get(path, signal) {
  return ask(path, { signal });
}

export function post(path, value) {
  return ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
}

/** Sends a file as it is; `progress(part)` from 0 to 1. */
export function send(path, file, progress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onerror = () => failed(new Problem("The upload broke off; nothing was kept."));
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* said below */ }
      if (request.status < 300) done(answer);
      else failed(new Problem(answer.detail ?? `The console answered ${request.status}.`));
    };
    request.send(file);
  });
}

/** Where the console looks, and what it may do. */
export const about = await get("/api/about").catch((problem) => ({ problem, write: false, arguments: "", profiles: [] }));
