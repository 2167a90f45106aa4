// What a job's story says, asked in the ways of the page: by machine, by state, by time.

/** All executions, each with what it lies below; parents first. */
export function executions(story) {
  const found = [];
  const add = (execution, depth, parent) => {
    found.push({ execution, depth, parent });
    for (const child of execution.children ?? []) add(child, depth + 1, execution);
  };
  if (story.execution) add(story.execution, 0, null);
  return found;
}

/** The newest execution of each machine: what the picture shows. */
export function newestOfMachines(story) {
  const newest = new Map();
  for (const { execution } of executions(story)) {
    const known = newest.get(execution.machine);
    if (!known || (execution.startedAt ?? "") >= (known.startedAt ?? "")) newest.set(execution.machine, execution);
  }
  return newest;
}

/** How an execution went through its states: by name the last entry and their number, and the ways that were taken. */
export function passage(execution) {
  const states = new Map();
  const ways = new Set();
  const last = new Map();
  for (const state of execution?.states ?? []) {
    const known = states.get(state.name);
    states.set(state.name, {
      state,
      times: (known?.times ?? 0) + 1,
      retries: (known?.retries ?? 0) + Math.max(0, (state.attempts?.length ?? 0) - 1),
    });
    const lane = `${state.within ?? ""}/${state.branch ?? ""}/${state.iteration ?? ""}`;
    if (last.has(lane)) ways.add(`${last.get(lane)} ${state.name}`);
    last.set(lane, state.name);
  }
  return { states, ways };
}

/** Where the root cause lies: machine and state; the machine that runs, if nothing failed. */
export function focus(story) {
  if (story.rootCause) return { machine: story.rootCause.machine, state: story.rootCause.state };
  const running = executions(story).filter(({ execution }) => execution.status === "RUNNING").pop()?.execution;
  const state = running?.states?.findLast((one) => one.status === "RUNNING");
  return running ? { machine: running.machine, state: state?.name ?? null } : null;
}

/** States that lead to the root cause: `machine state`. */
export function chain(story) {
  const found = new Set();
  const cause = story.rootCause;
  const walk = (execution) => {
    if (execution.arn === cause.executionArn) {
      found.add(`${execution.machine} ${cause.state}`);
      return true;
    }
    for (const child of execution.children ?? []) {
      if (walk(child)) {
        found.add(`${execution.machine} ${child.startedBy}`);
        return true;
      }
    }
    return false;
  };
  if (cause && story.execution) walk(story.execution);
  return found;
}

/** Rows of the time chart: each execution, and below it each of its states once, with all of its stretches. */
export function rows(story, now = Date.now()) {
  const found = [];
  for (const { execution, depth } of executions(story)) {
    const starts = Date.parse(execution.startedAt);
    const ends = execution.stoppedAt ? Date.parse(execution.stoppedAt) : now;
    found.push({ kind: "execution", depth, execution, name: execution.machine, status: execution.status, stretches: [{ from: starts, to: ends, kind: "whole" }] });
    const byName = new Map();
    for (const state of execution.states ?? []) {
      if (!byName.has(state.name)) byName.set(state.name, { kind: "state", depth: depth + 1, execution, name: state.name, status: state.status, states: [], stretches: [] });
      const row = byName.get(state.name);
      row.status = state.status;
      row.states.push(state);
      row.stretches.push(...stretches(state, now));
    }
    found.push(...byName.values());
  }
  return found;
}

/** When a state worked and when it waited. */
function stretches(state, now) {
  const from = Date.parse(state.enteredAt);
  const to = state.exitedAt ? Date.parse(state.exitedAt) : now;
  if (state.type === "Wait") return [{ from, to, kind: "waited" }];
  if (state.childArns?.length || state.type === "Parallel" || state.type === "Map") return [{ from, to, kind: "delegated" }];
  const attempts = (state.attempts ?? []).filter((one) => one.startedAt);
  if (attempts.length < 2) return [{ from, to, kind: state.status === "FAILED" ? "failed" : "worked" }];
  const found = [];
  let at = from;
  for (const attempt of attempts) {
    const starts = Date.parse(attempt.startedAt);
    const ends = attempt.endedAt ? Date.parse(attempt.endedAt) : to;
    if (starts > at) found.push({ from: at, to: starts, kind: "waited" });
    found.push({ from: starts, to: ends, kind: attempt.error ? "failed" : "worked" });
    at = Math.max(at, ends);
  }
  return found;
}

/** Every state that was entered, in order: the rows of the table. */
export function entries(story) {
  return executions(story).flatMap(({ execution, depth }) => (execution.states ?? []).map((state) => ({ execution, depth, state })));
}
