#!/usr/bin/env python3
"""Times the engine side by side with aws-local-stepfunctions and writes docs/benchmarks.md.

    side_by_side.py VIDEOFLOW WORKLOADS_AND_PEER_FOLDER NODE_MODULES_FOLDER

Each workload is timed in turns: ours, theirs, ours, theirs, ours, theirs. What counts is the median of a side's medians;
the first runs of a process warm it up.
"""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROUNDS = 3
RUNS = 101
EXECUTIONS = 100_000
LIMIT_BYTES = 4 << 30
HERE = pathlib.Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "benchmarks.md"
PEER = "aws-local-stepfunctions"


def answer(*command):
    """The JSON object that a command prints."""
    return json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)


def line(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def has_jsonata(value):
    """Whether a definition, or a part of it, is in JSONata, which the peer lacks."""
    if isinstance(value, list):
        return any(map(has_jsonata, value))
    if isinstance(value, dict):
        return value.get("QueryLanguage") == "JSONata" or any(map(has_jsonata, value.values()))
    return False


def compare(videoflow, folder, modules, workload):
    """One row: name, states, our ms, their ms (None where the peer cannot run it)."""
    ours, theirs = [], []
    can_run = not has_jsonata(json.loads(workload.read_text())["definition"])
    for _ in range(ROUNDS):
        found = answer(videoflow, "asl", "bench", "--runs", RUNS, "--json", workload)
        ours.append(found["median_ms"])
        if can_run:
            peer = answer("node", folder / "peer.cjs", modules, workload, RUNS)
            if peer["status"] != "SUCCEEDED":
                sys.exit(f"{PEER} cannot run {workload}: {peer['status']}")
            theirs.append(peer["median_ms"])
    return found["name"], found["states"], statistics.median(ours), statistics.median(theirs) if theirs else None


def shown(row):
    name, states, ours, theirs = row
    peer = f"{theirs:.3f} | {theirs / ours:.0f}" if theirs else "no JSONata | "
    return f"| {name} | {states:,} | {ours:.4f} | {states / ours * 1000:,.0f} | {peer} |"


def page(rows, load, modules):
    version = json.loads((modules / PEER / "package.json").read_text())["version"]
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    return f"""# Benchmarks

`make bench` writes this page: {datetime.date.today()}, {machine}, {line(["rustc", "--version"]).split(" (")[0]}, release
profile; {PEER} {version} on node {node_version()}.

Timed is one execution of a definition that is compiled already, in process: `videoflow asl bench` with its whole history
built and kept, {PEER}, which keeps none. The sides take turns, {ROUNDS} times {RUNS} runs each; what counts is the
median of a side's medians.

| workload | states | videoflow, ms | states a second | {PEER}, ms | times as fast |
|---|---:|---:|---:|---:|---:|
{chr(10).join(map(shown, rows))}

{load["executions"]:,} executions of a workflow that starts a job and polls for it ten times (`local/asl/bench/poll.json`),
all at once on one virtual clock: {load["succeeded"]:,} succeed, {load["events"]:,} events of history are kept, in
{load["seconds"]:.1f} s and {load["peak_bytes"] / (1 << 30):.2f} GiB at most, {load["bytes_per_execution"] / 1024:.1f} KiB an execution.
"""


def node_version():
    return line(["node", "--version"]).removeprefix("v")


def main(videoflow, folder, modules):
    folder, modules = pathlib.Path(folder), pathlib.Path(modules)
    workloads = sorted((folder / "workloads").glob("*.json"))
    rows = [compare(videoflow, folder, modules, workload) for workload in workloads]
    poll = HERE / "poll.json"
    load = answer(videoflow, "asl", "bench", "--executions", EXECUTIONS, "--json", poll)
    text = page(rows, load, modules)
    PAGE.write_text(text)
    print(text)
    slow = [name for name, _, ours, theirs in rows if theirs and theirs < 2 * ours]
    if slow:
        sys.exit(f"less than twice as fast as {PEER}: {', '.join(slow)}")
    if load["succeeded"] != EXECUTIONS or load["peak_bytes"] > LIMIT_BYTES:
        sys.exit(f"{EXECUTIONS} executions at once must all succeed within {LIMIT_BYTES >> 30} GiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
